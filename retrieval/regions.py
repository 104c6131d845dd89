"""Named regions, their names and where their outlines come from: rows ready for the store. Does not answer questions.

Four kinds of source give a `RegionSet`: the bundled one (countries and NUTS regions, outlines dissolved from Natural
Earth's subdivisions by a concordance), GISCO's NUTS files, the French administrative files, and a person's own area.
`merge_regions` makes one set of several and says which ids are the same land. Questions go through `gazetteer.py`.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from retrieval.errors import BadFile

DATA = Path(__file__).parent / "data"
COUNTRIES = tuple("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK UK".split())
"""Eurostat codes of the countries LUCAS has visited."""

LANGUAGES = ("en", "fr", "de", "es", "it", "pt", "nl", "pl")

LEVELS = ("group", "country", "nuts2", "nuts1", "nuts3", "subdivision", "commune", "aoi", "foreign")
"""In the order of preference among ids of the same land: the ids the statistics know come first.

`foreign` regions lie outside the survey: known by name, so that a question about them is refused with the reason.
"""

REGION_COLUMNS = (
    "id", "name", "level", "country", "parent", "source", "vintage", "licence",
    "area_km2", "west", "south", "east", "north", "same_as", "wkb",
)  # fmt: skip
NAME_COLUMNS = ("region_id", "name", "norm", "language", "kind")

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h"})


def normalise(text: str) -> str:
    """Return a name as it is compared: lower case, no accents, punctuation as single spaces. Keeps every alphabet.

    >>> normalise("Provence-Alpes-Côte d’Azur")
    'provence alpes cote d azur'
    """
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(letters.split())


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
    return pyproj.Transformer.from_crs(4326, 3035, always_xy=True)


def equal_area(outline: BaseGeometry) -> BaseGeometry:
    """Return the outline in EPSG:3035 metres."""
    return shapely.transform(outline, lambda xy: np.column_stack(_to_equal_area().transform(xy[:, 0], xy[:, 1])))


def area_km2(outline: BaseGeometry) -> float:
    """Return the area of an outline in square kilometres, by EPSG:3035."""
    return equal_area(outline).area / 1e6


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV in `retrieval/data/regions/`."""
    with (DATA / "regions" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- the bundled set -----------------------------------------------------------------------------------------------

NATURAL_EARTH = {
    "id": "natural_earth",
    "title": "Natural Earth subdivisions, and NUTS regions dissolved from them",
    "vintage": "Natural Earth 1:10m; NUTS 2016/2021",
    "licence": "public domain",
    "attribution": "Made with Natural Earth. Names: Natural Earth, Eurostat",
}


def bundled_regions() -> RegionSet:
    """Return countries, NUTS 1 and 2 regions and Natural Earth's subdivisions, with names in many languages."""
    subdivisions = _subdivisions()
    outlines = _dissolved(subdivisions)
    regions = [*_group_rows(), *_code_rows(outlines), *_subdivision_rows(subdivisions), *_foreign_rows()]
    names = [*_listed_names(), *_territory_names(), *_subdivision_names(subdivisions)]
    same = _same_by_code(regions, subdivisions)
    files = [*sorted((DATA / "regions").glob("*.csv")), DATA / "natural_earth" / "admin1_europe_10m.parquet"]
    return RegionSet(
        source=NATURAL_EARTH["id"],
        title=NATURAL_EARTH["title"],
        version=NATURAL_EARTH["vintage"],
        licence=NATURAL_EARTH["licence"],
        attribution=NATURAL_EARTH["attribution"],
        sha256=files_digest(files),
        regions=tuple({**row, "same_as": same.get(row["id"], row["id"])} for row in regions),
        names=_without_repeats(names, {row["id"] for row in regions}),
    )


def files_digest(files: Iterable[Path]) -> str:
    """Return one SHA-256 over the contents of files in the given order."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


@dataclass(frozen=True)
class _Subdivision:
    """A Natural Earth subdivision with its place in NUTS, several polygons of one ISO code joined."""

    id: str
    name: str
    country: str
    nuts1: str
    nuts2: str
    nuts3: str
    names: tuple[tuple[str, str], ...]
    outline: BaseGeometry


def _subdivisions() -> list[_Subdivision]:
    import pyarrow.parquet as pq

    file = DATA / "natural_earth" / "admin1_europe_10m.parquet"
    if not file.is_file():
        raise BadFile(f"{file.name} is missing from the checkout: restore it with git")
    columns = {row["ne_id"]: row for row in pq.read_table(file).to_pylist()}
    together: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_rows("concordance"):
        together[row["id"]].append(row)
    return [_subdivision(identifier, rows, columns) for identifier, rows in together.items()]


def _subdivision(identifier: str, rows: list[dict[str, str]], columns: Mapping[int, dict[str, Any]]) -> _Subdivision:
    parts = [columns[int(row["ne_id"])] for row in rows]
    outline = shapely.union_all([shapely.from_wkb(part["geometry"]) for part in parts])
    first = rows[0]
    found = {
        (key[5:] if key[5:] not in ("local", "zht") else "", part[key])
        for part in parts
        for key in part
        if key.startswith("name_") and key != "name_alt" and isinstance(part[key], str)
    }
    return _Subdivision(
        identifier, first["name"], first["country"], first["nuts1"], first["nuts2"], first["nuts3"],
        tuple(sorted(found)), outline,
    )  # fmt: skip


def _dissolved(subdivisions: Sequence[_Subdivision]) -> dict[str, BaseGeometry]:
    """Return the outlines of countries and NUTS regions that pass the check recorded in `outlines.csv`."""
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    for subdivision in subdivisions:
        for code in {subdivision.country, subdivision.nuts1, subdivision.nuts2} - {""}:
            parts[code].append(subdivision.outline)
    good = {row["code"] for row in read_rows("outlines") if row["outline"] == "yes"}
    return {code: shapely.union_all(shapes) for code, shapes in parts.items() if code in good}


def _code_rows(outlines: Mapping[str, BaseGeometry]) -> Iterator[dict[str, Any]]:
    for row in read_rows("nuts"):
        code = row["code"]
        yield region_row(
            code_id(code), row["name"], row["level"], row["country"], row["parent"] or None,
            outlines.get(code), NATURAL_EARTH,
        )  # fmt: skip


def code_id(code: str) -> str:
    """Return the region id of a Eurostat geography code: country, NUTS region or aggregate.

    >>> code_id("FR"), code_id("FRJ1"), code_id("EU27_2020")
    ('country:FR', 'nuts:FRJ1', 'group:EU27_2020')
    """
    if code in COUNTRIES:
        return f"country:{code}"
    return f"group:{code}" if code.startswith("EU") else f"nuts:{code}"


def _group_rows() -> Iterator[dict[str, Any]]:
    for row in read_rows("groups"):
        yield region_row(row["id"], row["name"], "group", "", None, None, NATURAL_EARTH)


def _subdivision_rows(subdivisions: Sequence[_Subdivision]) -> Iterator[dict[str, Any]]:
    for one in subdivisions:
        parent = code_id(one.nuts2 or one.nuts1 or one.country)
        yield region_row(one.id, one.name, "subdivision", one.country, parent, one.outline, NATURAL_EARTH)


_TERRITORY_CODES = {"GR": "EL", "GB": "UK"}
_NO_TERRITORY = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}


def _territories(language: str) -> dict[str, str]:
    """Return region id → name of every country of the world in a language, by Unicode CLDR."""
    from babel import Locale

    names = {code: name for code, name in Locale(language).territories.items() if re.fullmatch("[A-Z]{2}", code)}
    codes = {code: _TERRITORY_CODES.get(code, code) for code in names if code not in _NO_TERRITORY}
    return {("country:" if own in COUNTRIES else "foreign:") + own: names[code] for code, own in codes.items()}


def _foreign_rows() -> Iterator[dict[str, Any]]:
    for identifier, name in _territories("en").items():
        if identifier.startswith("foreign:"):
            yield region_row(identifier, name, "foreign", identifier[8:], None, None, NATURAL_EARTH)


def _territory_names() -> Iterator[dict[str, Any]]:
    for language in LANGUAGES:
        for identifier, name in _territories(language).items():
            yield name_row(identifier, name, language, "exonym")


def _listed_names() -> Iterator[dict[str, Any]]:
    """The names written down by hand: official, exonyms, old, everyday; and every code as a name."""
    for row in read_rows("nuts"):
        yield name_row(code_id(row["code"]), row["name"], "", "official")
        yield name_row(code_id(row["code"]), row["code"], "", "code")
    for row in read_rows("names"):
        yield name_row(row["id"], row["name"], row["language"], row["kind"])
    for row in read_rows("vintages"):
        yield name_row(code_id(row["code"]), row["old_code"], "", "code")
    for row in read_rows("groups"):
        yield name_row(row["id"], row["name"], "en", "official")


_GENERIC = re.compile(
    r"^(?:bezirk|gemeinde|d[ée]partement|departamento|provinz|provincie|prowincja|provincia|prov[ií]ncia|okręg|gmina|"
    r"wojew[óo]dztwo|municipalidad|commune|comt[ée]|condado|contea|komitat|kreis|county|powiat|żupania|gespanschaft|"
    r"judet|distrito|district|distretto|grafschaft|graafschap|hrabstwo|region|regi[oó]n|régione?|obwód)"
    r"(?:\s+(?:de la|de los|du|des|del|della|di|de|do|da|van|of))?(?:\s+|\s*d['’])"
    r"|\s+(?:county|voivodeship|province|district|region|municipality|oblast|kraj|novads|gemeente|megye)$",
    re.IGNORECASE,
)


def _subdivision_names(subdivisions: Sequence[_Subdivision]) -> Iterator[dict[str, Any]]:
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in subdivisions:
        for _, name in one.names:
            seen[one.country, normalise(name)].add(one.id)
    for one in subdivisions:
        yield name_row(one.id, one.name, "", "official")
        yield name_row(one.id, one.id.removeprefix("iso:"), "", "code")
        for language, name in one.names:
            if len(seen[one.country, normalise(name)]) > 1:
                continue  # Natural Earth gives the larger region's name to several of its parts
            yield name_row(one.id, name, language, "exonym")
            short = _GENERIC.sub("", name).strip()
            if short != name and len(short) > 2:
                yield name_row(one.id, short, language, "exonym")


def _without_repeats(names: Iterable[dict[str, Any]], known: set[str]) -> tuple[dict[str, Any], ...]:
    kept: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in names:
        if row["region_id"] in known and row["norm"]:
            kept.setdefault((row["region_id"], row["norm"], row["language"]), row)
    return tuple(kept.values())


def _same_by_code(regions: Sequence[Mapping[str, Any]], subdivisions: Sequence[_Subdivision]) -> dict[str, str]:
    """Return id → preferred id, where a parent has one child only or the code lists say so."""
    pairs = [(code_id(row["code"]), code_id(row["same_as"])) for row in read_rows("nuts") if row["same_as"]]
    for key in ("nuts1", "nuts2"):
        inside: dict[str, list[_Subdivision]] = defaultdict(list)
        for one in subdivisions:
            inside[getattr(one, key)].append(one)
        pairs += [(children[0].id, code_id(code)) for code, children in inside.items() if code and len(children) == 1]
    return canonical(pairs, {row["id"]: row["level"] for row in regions})


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
    """Return one set of several; a later set's outline takes the place of an earlier one's under the same id.

    Ids that stand for the same land get one preferred id in `same_as`: by the code lists, or because name and country
    are the same and the outlines nearly so.
    """
    rows: dict[str, dict[str, Any]] = {}
    names: list[dict[str, Any]] = []
    for one in sets:
        names += one.names
        for row in one.regions:
            earlier = rows.get(row["id"])
            keep_old = earlier is not None and earlier["wkb"] is not None and row["wkb"] is None
            if not keep_old:
                rows[row["id"]] = {**row, "parent": row["parent"] or (earlier or {}).get("parent")}
    pairs = [(row["id"], row["same_as"]) for one in sets for row in one.regions if row["same_as"] != row["id"]]
    same = canonical([*pairs, *_same_by_shape(rows, names)], {i: row["level"] for i, row in rows.items()})
    last = sets[-1]
    return RegionSet(
        source=last.source,
        title=last.title,
        version=last.version,
        licence=last.licence,
        attribution=" | ".join(dict.fromkeys(one.attribution for one in sets)),
        sha256=last.sha256,
        regions=tuple({**row, "same_as": same.get(i, i)} for i, row in rows.items()),
        names=_without_repeats(names, set(rows)),
        notes=tuple(note for one in sets for note in one.notes),
    )


def _same_by_shape(
    rows: Mapping[str, Mapping[str, Any]], names: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Pairs of regions of different sources with a name and a country in common whose outlines nearly agree."""
    bearers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name in names:
        row = rows.get(name["region_id"])
        if row is not None and row["wkb"] is not None and row["country"] and name["kind"] != "code":
            bearers[row["country"], name["norm"]].add(row["id"])
    tried: set[tuple[str, str]] = set()
    for ids in bearers.values():
        for a in ids:
            for b in ids:
                if a < b and (a, b) not in tried and rows[a]["source"] != rows[b]["source"]:
                    tried.add((a, b))
                    if overlap(shapely.from_wkb(rows[a]["wkb"]), shapely.from_wkb(rows[b]["wkb"])) >= SAME_LAND:
                        yield a, b


def overlap(a: BaseGeometry, b: BaseGeometry) -> float:
    """Return intersection over union of two outlines in EPSG:4326, measured in EPSG:3035."""
    one, other = equal_area(a), equal_area(b)
    union = one.union(other).area
    return one.intersection(other).area / union if union else 0.0
