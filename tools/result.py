"""What every tool returns: one plan step's answer with its provenance. Does not render text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import shapely

from retrieval.query import Query
from retrieval.types import Dataset, Region, Table
from tools.presets import query_of

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


Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Told:
    """One query and its rows, which have the columns that are told: what a sentence is made of."""

    query: Query
    rows: Rows
    facts: Mapping[str, Any] = field(default_factory=dict)
    """`margin` (`_low`, `_high`, `_none`) of the first over the second, `change`, `lead`, `found`, `between` (ranks),
    `of_all`: whether each row tells of how many it is."""
    about: Query | None = None
    """The query whose conditions are told in place of its own."""


def placed(rows: Rows, by: str) -> list[Mapping[str, Any]]:
    """Return rows in the order of a column, the largest first, each with its place; what has no figure comes last."""
    in_order = sorted(rows, key=lambda row: (row[by] is None, -(row[by] or 0)))
    values = [row[by] for row in in_order]
    return [{**row, "rank": values.index(row[by]) + 1} for row in in_order]


@dataclass(frozen=True)
class Result:
    """One tool call's outcome."""

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
    """What is known besides: of the error (`uncertainty`), for a map (`legend`), the places asked about (`places`),
    and what the sentence of an operation is made of."""
    caveats: tuple[Caveat, ...] = ()
    """Keys with their slots, worded per language by `agent/render.py`."""
    told: tuple[Told, ...] = ()
    """What there is to say of what was read from tables; an operation has none and is told by its facts."""

    @property
    def query(self) -> Query | None:
        """The typed query that it answers, to be laid over by a follow-up; None where no table was asked."""
        return query_of(self.tool, self.arguments, self.years)

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
