"""The values that pass between modules: regions, places, tables, dataset stamps. No behaviour beyond their own form.

Coordinates are longitude first, EPSG:4326, unless the name says otherwise (`x`, `y`: EPSG:3035 metres).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

LonLat = tuple[float, float]
"""Longitude, latitude in degrees, EPSG:4326."""

BBox = tuple[float, float, float, float]
"""West, south, east, north in degrees, EPSG:4326."""

Language = Literal[
    "en", "fr", "de", "es", "it", "pt", "nl", "pl", "bg", "cs", "da", "el",
    "et", "fi", "ga", "hr", "hu", "lt", "lv", "mt", "ro", "sk", "sl", "sv",
]  # fmt: skip
PAGE_LANGUAGES: tuple[Language, ...] = ("en", "fr", "de", "es", "it", "pt", "nl", "pl")
"""The languages in which the page and the fixed texts of answers are written; the others have them in English."""
LANGUAGES: tuple[Language, ...] = (
    *PAGE_LANGUAGES,
    *("bg", "cs", "da", "el", "et", "fi", "ga", "hr", "hu", "lt", "lv", "mt", "ro", "sk", "sl", "sv"),
)
"""The official languages of the EU: those in which a question is read."""

Theme = Literal["land_cover", "land_use"]
DataTopic = Literal[
    "years", "levels", "licence", "citation", "method", "nuts", "themes", "accuracy", "confusions", "encoder", "input"
]
"""What can be told about the data themselves."""

AreaUnit = Literal["%", "km2", "ha"]
"""What published figures are given in: percent of a region's area, or area."""
NUTS_LEVELS = ("country", "nuts1", "nuts2", "nuts3")
"""The levels of Eurostat's regions, the largest first."""
PUBLISHED_LEVELS = NUTS_LEVELS[:3]
"""Those that land cover is published for."""


@dataclass(frozen=True)
class Region:
    """A named area of the Earth."""

    id: str
    """`country:FR`, `nuts:FRJ1`, `iso:FR-34`, `commune:34172`, `aoi:<name>-<hash>`; with Eurostat's codes (EL, UK)."""
    name: str
    """The name shown, in the language it was asked for where known."""
    level: str
    """`group` (EU), `country`, `nuts1`, `nuts2`, `nuts3`, `subdivision`, `commune`, `aoi`."""
    country: str
    """Eurostat country code, or '' for a group or an AOI."""
    parent: str | None
    """Id of the containing region one level up."""
    bbox: BBox | None
    """None where no outline is known: answered in words and table only."""
    area_km2: float | None
    """From the outline in EPSG:3035."""
    source: str
    """Dataset id of the outline (`natural_earth`, `nuts_2016`, …), for the provenance line."""
    vintage: str
    licence: str


@dataclass(frozen=True)
class Place:
    """A town or another named spot, used by `near` and `within … km of`; never an area."""

    id: str
    name: str
    lonlat: LonLat
    country: str
    population: int | None
    source: str


@dataclass(frozen=True)
class Table:
    """What one named query returned, with all that is needed to run it again."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    sql: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def dicts(self) -> Iterator[dict[str, Any]]:
        """Each row as column → value."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    def column(self, name: str) -> list[Any]:
        """One column's values in row order."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


@dataclass(frozen=True)
class Dataset:
    """A dataset as it stands in a store: what was loaded, in which version, under which licence."""

    id: str
    title: str
    version: str
    licence: str
    attribution: str
    sha256: str
    rows: int
    years: tuple[int, ...]
    bbox: BBox | None
    synthetic: bool
    kind: str
    """`survey`, `statistics`, `vine_areas`, `deals`, `survey_weights`, `regions`, `places`, `pixels`, `predictions`."""
