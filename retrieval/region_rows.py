"""The rows of named regions and their names, and how several sources become one set. Does not read region files."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from retrieval.types import LANGUAGES as LANGUAGES
from retrieval.types import LonLat
from retrieval.word_forms import normalise

if TYPE_CHECKING:
    import pyproj

DATA = Path(__file__).parent / "data"
COUNTRIES = tuple("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK UK".split())  # noqa: SIM905
"""Eurostat codes of the countries LUCAS has visited."""

EUROSTAT_CODE = {"GR": "EL", "GB": "UK"}
"""ISO 3166's code of a country → Eurostat's, where they differ."""

SURVEYED = (-12.0, 34.0, 35.0, 72.0)
"""West, south, east, north: LUCAS visits neither the Azores, Madeira and the Canaries nor lands overseas."""

LEVELS = ("group", "country", "nuts2", "nuts1", "nuts3", "subdivision", "commune", "aoi", "foreign")
"""In the order of preference among ids of the same land: the ids the statistics know come first.

`foreign` regions lie outside the survey: known by name, so that a question about them is refused with the reason.
"""

REGION_COLUMNS = (
    "id", "name", "level", "country", "parent", "source", "vintage", "licence",
    "area_km2", "west", "south", "east", "north", "same_as", "wkb",
)  # fmt: skip
NAME_COLUMNS = ("region_id", "name", "norm", "language", "kind")


@dataclass(frozen=True)
class RegionSet:
    """Regions of one source with their names, as rows of the store's tables.

    `regions` rows have `REGION_COLUMNS`, `wkb` being the outline in EPSG:4326 (longitude first) or None; `names` rows
    have `NAME_COLUMNS`.
    """

    source: str
    title: str
    version: str
    licence: str
    attribution: str
    sha256: str
    regions: tuple[dict[str, Any], ...]
    names: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = field(default=())
    """What was repaired or left out while reading, a sentence each."""

    def __len__(self) -> int:
        return len(self.regions)


def region_row(
    identifier: str,
    name: str,
    level: str,
    country: str,
    parent: str | None,
    outline: BaseGeometry | None,
    source: Mapping[str, str],
) -> dict[str, Any]:
    """Return one row of `regions`; bounds and the area (EPSG:3035) come from the outline."""
    bounds = outline.bounds if outline is not None else (None, None, None, None)
    return {
        "id": identifier, "name": name, "level": level, "country": country, "parent": parent,
        "source": source["id"], "vintage": source["vintage"], "licence": source["licence"],
        "area_km2": round(area_km2(outline), 3) if outline is not None else None,
        "west": bounds[0], "south": bounds[1], "east": bounds[2], "north": bounds[3],
        "same_as": identifier, "wkb": shapely.to_wkb(outline) if outline is not None else None,
    }  # fmt: skip


def name_row(region_id: str, name: str, language: str, kind: str) -> dict[str, Any]:
    """Return one row of `region_names`."""
    return {"region_id": region_id, "name": name, "norm": normalise(name), "language": language, "kind": kind}


@lru_cache(maxsize=1)
def _to_equal_area() -> pyproj.Transformer:
    import pyproj

    return pyproj.Transformer.from_crs(4326, 3035, always_xy=True)


def equal_area(outline: BaseGeometry) -> BaseGeometry:
    """Return the outline in EPSG:3035 metres."""
    return shapely.transform(outline, lambda xy: np.column_stack(_to_equal_area().transform(xy[:, 0], xy[:, 1])))


def lonlat(outline: BaseGeometry) -> BaseGeometry:
    """Return an outline in EPSG:3035 metres in degrees, EPSG:4326, longitude first."""
    back = _to_equal_area()
    return shapely.transform(
        outline, lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1], direction="INVERSE"))
    )


def area_km2(outline: BaseGeometry) -> float:
    """Return the area of an outline in square kilometres, by EPSG:3035."""
    return equal_area(outline).area / 1e6


@lru_cache(maxsize=16)
def read_rows(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a CSV in `retrieval/data/regions/`."""
    with (DATA / "regions" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@lru_cache(maxsize=1)
def markers() -> Mapping[str, LonLat]:
    """Return region id → lon, lat of a spot inside it, for the NUTS regions and countries without a bundled outline."""
    return {code_id(row["code"]): (float(row["lon"]), float(row["lat"])) for row in read_rows("markers")}


def code_id(code: str) -> str:
    """Return the region id of a Eurostat geography code: country, NUTS region or aggregate.

    >>> code_id("FR"), code_id("FRJ1"), code_id("EU27_2020")
    ('country:FR', 'nuts:FRJ1', 'group:EU27_2020')
    """
    if code in COUNTRIES:
        return f"country:{code}"
    return f"group:{code}" if code.startswith("EU") else f"nuts:{code}"


def eurostat_code(text: str) -> str:
    """Return a country or region code as Eurostat spells it.

    >>> eurostat_code("gr65"), eurostat_code(" UKM "), eurostat_code("FR J1")
    ('EL65', 'UKM', 'FRJ1')
    """
    code = "".join(text.split()).upper()
    return EUROSTAT_CODE.get(code[:2], code[:2]) + code[2:]


def files_digest(files: Iterable[Path]) -> str:
    """Return one SHA-256 over the contents of files in the given order."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def without_repeats(names: Sequence[dict[str, Any]], known: set[str]) -> tuple[dict[str, Any], ...]:
    """Return the names of known regions, each once a language, without those listed as wrong for their region."""
    wrong = {(row["region_id"], row["norm"]) for row in names if row["kind"] == "wrong"}
    kept: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in names:
        if row["region_id"] in known and row["norm"] and (row["region_id"], row["norm"]) not in wrong:
            kept.setdefault((row["region_id"], row["norm"], row["language"]), row)
    return tuple(kept.values())


def canonical(pairs: Iterable[tuple[str, str]], levels: Mapping[str, str]) -> dict[str, str]:
    """Return id → the preferred id of all that are, by these pairs, the same land."""
    group: dict[str, set[str]] = {}
    for a, b in pairs:
        if a in levels and b in levels:
            joined = group.get(a, {a}) | group.get(b, {b})
            for member in joined:
                group[member] = joined
    return {i: min(same, key=lambda m: (LEVELS.index(levels[m]), len(m), m)) for i, same in group.items()}


# --- several sources as one ----------------------------------------------------------------------------------------

SAME_LAND = 0.8
"""Intersection over union from which two outlines of one name and country are the same land."""


def merge_regions(sets: Sequence[RegionSet]) -> RegionSet:
    """Return one set of several; under the same id a later set gives the outline, an earlier one keeps the name.

    Of one source in several scales the finest outline stays, whichever came last.

    Ids that stand for the same land get one preferred id in `same_as`: by the code lists, or because name and country
    are the same and the outlines nearly so.
    """
    rows: dict[str, dict[str, Any]] = {}
    names: list[dict[str, Any]] = []
    for one in sets:
        names += one.names
        for row in one.regions:
            earlier = rows.get(row["id"])
            keep_old = earlier is not None and _is_finer(earlier, row)
            if not keep_old:
                known = earlier or {}
                name, parent = known.get("name") or row["name"], row["parent"] or known.get("parent")
                rows[row["id"]] = {**row, "name": name, "parent": parent}
    pairs = [(row["id"], row["same_as"]) for one in sets for row in one.regions if row["same_as"] != row["id"]]
    pairs += _same_by_place(rows)
    levels = {i: row["level"] for i, row in rows.items()}
    preferred = canonical(pairs, levels)
    unmet = {i: row for i, row in rows.items() if preferred.get(i, i) == i}  # what codes joined needs no comparing
    same = canonical([*pairs, *_same_by_shape(unmet, names)], levels)
    last = sets[-1]
    return RegionSet(
        source=last.source,
        title=last.title,
        version=last.version,
        licence=last.licence,
        attribution=" | ".join(dict.fromkeys(one.attribution for one in sets)),
        sha256=last.sha256,
        regions=tuple({**row, "same_as": same.get(i, i)} for i, row in rows.items()),
        names=without_repeats(names, set(rows)),
        notes=tuple(note for one in sets for note in one.notes),
    )


def _is_finer(earlier: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Say whether an outline stays: the other set has none, or the same one with fewer corners."""
    if earlier["wkb"] is None or row["wkb"] is None:
        return earlier["wkb"] is not None
    same = earlier["source"] == row["source"]
    return same and len(earlier["wkb"]) > len(row["wkb"])


def _same_by_place(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Pairs of NUTS 3 regions with the subdivision, or the only NUTS 2 region around, that they are."""
    for row in read_rows("concordance"):
        if row["nuts3"]:
            yield row["id"], f"nuts:{row['nuts3']}"
    children: dict[str, list[str]] = defaultdict(list)
    for identifier, row in rows.items():
        if row["level"] == "nuts3" and row["parent"]:
            children[row["parent"]].append(identifier)
    yield from ((only[0], parent) for parent, only in children.items() if len(only) == 1)


def _same_by_shape(rows: Mapping[str, Mapping[str, Any]], names: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of regions with a name and a country in common whose outlines nearly agree, but for those that changed."""
    changed = {frozenset((code_id(row["old_code"]), code_id(row["code"]))) for row in read_rows("successors")}
    bearers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name in names:
        row = rows.get(name["region_id"])
        if row is not None and row["wkb"] is not None and row["country"] and name["kind"] != "code":
            bearers[row["country"], name["norm"]].add(row["id"])
    pairs = {(a, b) for ids in bearers.values() for a in ids for b in ids if a < b}
    pairs = {pair for pair in pairs if frozenset(pair) not in changed}
    return [(a, b) for a, b in sorted(pairs) if _nearly_one(rows[a], rows[b])]


def _nearly_one(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    smaller, larger = sorted((a["area_km2"], b["area_km2"]))
    if smaller < SAME_LAND * larger:
        return False
    boxes = [shapely.box(row["west"], row["south"], row["east"], row["north"]) for row in (a, b)]
    if not boxes[0].intersects(boxes[1]):
        return False
    return overlap(shapely.from_wkb(a["wkb"]), shapely.from_wkb(b["wkb"])) >= SAME_LAND


def overlap(a: BaseGeometry, b: BaseGeometry) -> float:
    """Return intersection over union of two outlines in EPSG:4326, measured in EPSG:3035."""
    one, other = equal_area(a), equal_area(b)
    union = one.union(other).area
    return one.intersection(other).area / union if union else 0.0
