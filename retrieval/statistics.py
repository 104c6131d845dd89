"""What Eurostat's land-cover table (LAN_LCV_OVW) means: its classes, codes of several vintages, flags and gaps.

Pure knowledge of the table, no query: files are read by `retrieval/statistics_files.py`, settled by region in
`retrieval/published_cells.py`, asked by `tools/published_verbs.py`. Every constant here is checked against the figures
themselves in `tests/retrieval`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal

from retrieval.statistics_files import (
    ATTRIBUTION,
    DATASET_ID,
    LICENCE,
    UNITS,
    StatisticsFile,
    read_region_areas,
    read_statistics,
    read_statistics_file,
)

__all__ = [
    "ATTRIBUTION",
    "DATASET_ID",
    "LICENCE",
    "UNITS",
    "StatisticsFile",
    "read_region_areas",
    "read_statistics",
    "read_statistics_file",
]

Status = Literal["published", "low_reliability", "not_significant", "about_zero", "not_published"]
"""How a cell stands: `about_zero` is a main class without a row where the others make the whole, `not_published` any
other without one."""

MAIN_CLASSES = ("A00", "B00", "C00", "D00", "E00", "F00", "G00", "H00")
"""Artificial, cropland, woodland, shrubland, grassland, bare land, water, wetland: together the whole region."""

SHARE_ROUNDING = 0.05
"""Half of the last published digit, in percent of a region's area: a share of 62.4 is 62.35 to 62.45."""

NO_CHANGE = 0.1
"""Percentage points: two rounded shares that differ by no more may be the same share."""

PARTS_TOLERANCE = 0.4
"""Percentage points by which eight rounded parts may miss their whole through rounding alone."""

UNNAMED_CROPS = {"B10-50_PI": ("B1", "B2", "B3", "B4", "B5"), "B70-80_PI": ("B7", "B8")}
"""Cropland seen only on photographs, its crop not named, and the classes that are too low by as much."""

CROP_BREAK_YEAR = 2018
"""The year in which unnamed crops are many; 2022 names them all."""

_PUBLISHED = """
A00 A10 A11 A12 A13 A20 A21 A22 A30
B00 B10 B11 B12 B13 B14 B15 B16 B17 B18 B19 B20 B21 B22 B23 B30 B31 B32 B33 B34 B35 B36 B37 B40 B41 B42 B43 B44 B45
B50 B51 B52 B53 B54 B55 B70 B71 B72 B73 B74 B75 B76 B77 B80 B81 B82 B83 B84 B00_PI B10-50_PI B70-80_PI
C00 C10 C20 C21 C22 C23 C30 C31 C32 C33 D00 D10 D20 E00 E10 E20 E30 F00 F10 F20 F30 F40 G00
H00 H10 H11 H12 H20 H21 H22 H23
"""
PUBLISHED_CLASSES: tuple[str, ...] = tuple(_PUBLISHED.split())
"""All 91 classes of the table."""

_SAME_LAND = """
BE1 BE10 | CY CY0 CY00 | CZ CZ0 | DE3 DE30 | DE4 DE40 | DE5 DE50 | DE6 DE60 | DE8 DE80 | DEC DEC0 | DEE DEE0
DEF DEF0 | DEG DEG0 | DK DK0 | EE EE0 EE00 | EL3 EL30 | ES3 ES30 | EU EU27_2020 | FI2 FI20 | FR1 FR10
FRB0 FRB FR24 | FRC1 FR26 | FRC2 FR43 | FRD1 FR25 | FRD2 FR23 | FRE1 FR30 FR3 | FRE2 FR22 | FRF1 FR42 | FRF2 FR21
FRF3 FR41 | FRG0 FRG FR51 | FRH0 FRH FR52 | FRI1 FR61 | FRI2 FR63 | FRI3 FR53 | FRJ1 FR81 | FRJ2 FR62 | FRK FR7
FRK1 FR72 | FRK2 FR71 | FRL0 FRL FR82 | FRM0 FRM FR83 | HR HR0 | HU1 HU10 | IE IE0 | LT LT0 LT00 | LU LU0 LU00
LV LV0 LV00 | MT MT0 MT00 | PL71 PL11 | PL9 PL12 | PL72 PL33 | PL81 PL31 | PL82 PL32 | PL84 PL34 | PT PT1
SI SI0 | SK SK0
"""
SAME_LAND: tuple[tuple[str, ...], ...] = tuple(tuple(group.split()) for group in re.split(r"[|\n]", _SAME_LAND.strip()))
"""Codes of the same land: renamed by a new NUTS vintage (FR81 → FRJ1) or repeated level by level (DE3, DE30)."""

SHIFTED = {"NL35": "NL31", "NL36": "NL33", "PT19": "PT16", "PT1C": "PT18"}
"""Regions redrawn in 2022 under the same name → the code before. Near each other, but not the same land."""

DISSOLVED: Mapping[str, tuple[str, ...]] = {
    "HR04": ("HR02", "HR05", "HR06"),
    "PT17": ("PT1A", "PT1B"),
    "HU10": ("HU11", "HU12"),
    "LT00": ("LT01", "LT02"),
    "PL12": ("PL91", "PL92"),
}
"""Regions that were split: the code before → the codes since. No figure of a part exists for the years before; since
then the whole is its parts together."""

ONE_REGION_COUNTRIES = {
    "nuts1": ("CY", "CZ", "DK", "EE", "HR", "IE", "LT", "LU", "LV", "MT", "PT", "SI", "SK", "UK"),
    "nuts2": ("CY", "EE", "LU", "LV", "MT", "UK"),
}
"""Countries that are one region of a level: their row is repeated there (the United Kingdom has none below itself)."""

EU_GROUPS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "EU27_2020": (("EU27_2020", "EU"), "the 27 member states since 2020"),
    "EU": (("EU27_2020", "EU"), "the 27 member states since 2020"),
    "EU28": (("EU28",), "28 member states, with Croatia and the United Kingdom"),
    "EU27_2007": (("EU27_2007",), "27 member states, with the United Kingdom, without Croatia"),
    "EU_V": (("EU_V",), "the 23 member states surveyed in 2009: without Bulgaria, Cyprus, Malta, Romania, Croatia"),
}
"""EU aggregate → the codes that carry it, and its membership. `EU` carries 2022 only, when it had these 27 members."""

OTHER_EU = ("EU28", "EU27_2007", "EU_V")
"""Aggregates of another membership that stand in, said so, for years without a figure of the present 27."""

SUSPECT: frozenset[tuple[str, int]] = frozenset({("FI2", 2009), ("FI20", 2009)})
"""Region and year whose figures cannot be: Åland's woodland stands at 97.6 % in 2009 and at 77.7 % in 2012."""

UK_LAST_YEAR = 2018


def main_class(land_cover: str) -> str:
    """Return the main class a class belongs to: `B82` → `B00`."""
    return f"{land_cover[0]}00"


def parent(land_cover: str) -> str | None:
    """Return the class one step up, published or not: `B82` → `B80` → `B00` → None. Unnamed crops lie under B00."""
    if land_cover in MAIN_CLASSES:
        return None
    if "_" in land_cover or land_cover[2:] == "0":
        return main_class(land_cover)
    return f"{land_cover[:2]}0"


def published_parent(land_cover: str) -> str | None:
    """Return the nearest class above that the table has: `G11` → `G00`; None for what lies in no main class."""
    above = parent(land_cover) if re.fullmatch(r"[A-H]\w\w.*", land_cover) else None
    while above and above not in PUBLISHED_CLASSES:
        above = parent(above)
    return above


@lru_cache(maxsize=256)
def parts(land_cover: str) -> tuple[str, ...]:
    """Return the classes directly below one, as far as the table has them: `B80` → B81 … B84."""
    return tuple(c for c in PUBLISHED_CLASSES if parent(c) == land_cover and c != "B00_PI")


def fold(codes: Iterable[str]) -> tuple[str, ...]:
    """Return the fewest published classes that say the same: B81 … B84 become B80, codes under a listed one go."""
    left = set(codes)
    for whole in sorted((c for c in PUBLISHED_CLASSES if parts(c)), key=lambda c: c.endswith("00")):
        named = {c for c in parts(whole) if not c.endswith("_PI")}
        if named and named <= left:
            left = (left - named) | {whole}
    return tuple(sorted(c for c in left if not any(above in left for above in _above(c))))


def unnamed_crops(land_cover: str) -> str | None:
    """Return the class of unnamed crops that this crop may hide in: `B81` → `B70-80_PI`; None for what is no crop."""
    for unnamed, crops in UNNAMED_CROPS.items():
        if land_cover[:2] in crops and not land_cover.endswith("_PI"):
            return unnamed
    return None


@lru_cache(maxsize=1024)
def series_codes(code: str) -> tuple[str, ...]:
    """Return all codes under which one region stands in the table, its own first, then the newest.

    A redrawn region is asked by its present code; the one before comes last, for the years that have no other.
    """
    if code in EU_GROUPS:
        return EU_GROUPS[code][0]
    if redrawn := next((new for new, old in SHIFTED.items() if old == code), None):
        return series_codes(redrawn)
    group = next((group for group in SAME_LAND if code in group), (code,))
    shifted = tuple(old for new, old in SHIFTED.items() if new in group)
    return (code, *(c for c in group if c != code), *shifted)


def is_shifted(code: str, published_code: str) -> bool:
    """Whether a figure published under another code speaks of a redrawn region, not of the same land."""
    return SHIFTED.get(code) == published_code


def members_of(code: str) -> str:
    """Return a short name of an aggregate's membership: `27`, `28`, `27 (2007)`, `23`; of any other code itself."""
    return {"EU": "27", "EU27_2020": "27", "EU28": "28", "EU27_2007": "27 (2007)", "EU_V": "23"}.get(code, code)


def land_of(code: str) -> str:
    """Return what land a code speaks of where that is not today's region: the Union's members, a region before it was
    redrawn; figures of two lands are no change."""
    return members_of(code) if code.startswith("EU") else code if code in SHIFTED.values() else ""


def is_renamed(code: str, published_code: str) -> bool:
    """Whether the code is of another NUTS vintage: FR81 for FRJ1, but not DE3 for DE30, which differ in level only."""
    short, long = sorted((code, published_code), key=len)
    return not long.startswith(short)


def level_of(code: str) -> str:
    """Return the level of a code as it is written: group, country, nuts1, nuts2 or nuts3."""
    if code.startswith("EU"):
        return "group"
    return {2: "country", 3: "nuts1", 4: "nuts2"}.get(len(code), "nuts3")


WHOLE = 98.0
"""Percent: main classes that add up to so much leave nothing for those without a row; so in `published_cells.sql`, too.

Roundings take 0.4 points at most; in the whole table only Bremen in 2018 adds up to less, and has all its classes.
"""


def status(flag: str | None) -> Status:
    """Return how a cell that has a row stands, from its flag."""
    if "n" in (flag or ""):
        return "not_significant"
    return "low_reliability" if "u" in (flag or "") else "published"


def _above(land_cover: str) -> Iterable[str]:
    above = parent(land_cover)
    while above:
        yield above
        above = parent(above)
