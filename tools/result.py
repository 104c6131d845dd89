"""What every tool returns: one plan step's answer with its provenance. Does not render text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import shapely

from retrieval.types import Dataset, Region, Table

Caveat = tuple[str, Mapping[str, Any]]
"""A caveat's key and the slots of its sentence."""


@dataclass(frozen=True)
class Provenance:
    """Where a result came from, enough to make it again."""

    dataset: str
    version: str
    licence: str
    sql: str | None
    parameters: Mapping[str, Any]
    row_count: int
    synthetic: bool
    model: str | None = None
    sha256: str | None = None
    """SHA-256 of the dataset's source file."""
    attribution: str = ""

    @classmethod
    def of(cls, datasets: Sequence[Dataset], table: Table) -> Provenance:
        """Return where rows came from: the datasets they stand in and the query that brought them."""
        return cls(
            dataset=" + ".join(d.id for d in datasets) or "none",
            version=" + ".join(d.version for d in datasets),
            licence=" + ".join(dict.fromkeys(d.licence for d in datasets)) or "none",
            sql=table.sql,
            parameters=readable(table.parameters),
            row_count=len(table),
            synthetic=any(d.synthetic for d in datasets),
            sha256=datasets[0].sha256 if len(datasets) == 1 else None,
            attribution="; ".join(dict.fromkeys(d.attribution for d in datasets)),
        )


def readable(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return query parameters as JSON values: an outline as WKT."""
    return {
        name: shapely.to_wkt(shapely.from_wkb(value), rounding_precision=-1) if isinstance(value, bytes) else value
        for name, value in parameters.items()
    }


@dataclass(frozen=True)
class Result:
    """One tool call's outcome. `facts` are the named cells the sentence is rendered from."""

    tool: str
    arguments: Mapping[str, Any]
    """The plan step with names resolved to ids and codes: replayable."""
    provenance: Provenance
    regions: tuple[Region, ...] = ()
    land_cover: tuple[str, ...] = ()
    land_use: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    value: float | int | str | None = None
    unit: str | None = None
    interval: tuple[float, float] | None = None
    level: float | None = None
    table: Table | None = None
    features: Mapping[str, Any] | None = None
    """GeoJSON FeatureCollection, RFC 7946, lon/lat."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Slot name → value, only values that also stand in `value`, `interval`, `table`, `regions` or `years`."""
    caveats: tuple[Caveat, ...] = ()
    """Keys with their slots, worded per language by `agent/render.py`."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What must be named wherever the outlines of the result's regions are drawn or handed on."""
        return tuple(dict.fromkeys(r.licence for r in self.regions if r.licence and r.licence.startswith("©")))

    def to_json(self) -> dict[str, Any]:
        """The contract's form of a result."""
        return {
            "tool": self.tool,
            "arguments": dict(self.arguments),
            "regions": [{"id": r.id, "name": r.name} for r in self.regions],
            "land_cover": list(self.land_cover),
            "land_use": list(self.land_use),
            "years": list(self.years),
            "value": self.value,
            "unit": self.unit,
            "interval": list(self.interval) if self.interval else None,
            "level": self.level,
            "table": (
                {"columns": list(self.table.columns), "rows": [list(r) for r in self.table.rows]}
                if self.table
                else None
            ),
            "features": self.features,
            "facts": json.loads(json.dumps(self.facts, default=str)),
            "provenance": asdict(self.provenance),
        }


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON: equal results have equal digests."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
