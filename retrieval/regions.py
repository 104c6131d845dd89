"""Named regions and where their outlines come from: the bundled set, and files a person brings. Answers no questions.

Four kinds of source give a `RegionSet`: the bundled one (countries and NUTS regions, outlines dissolved from Natural
Earth's subdivisions by a concordance), GISCO's NUTS files, the French administrative files, and a person's own area.
`merge_regions` makes one set of several and says which ids are the same land. Questions go through `gazetteer.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from retrieval.errors import BadFile
from retrieval.region_files import aoi_regions, french_regions, nuts_regions, read_regions
from retrieval.region_rows import (
    COUNTRIES,
    DATA,
    EUROSTAT_CODE,
    LANGUAGES,
    LEVELS,
    NAME_COLUMNS,
    REGION_COLUMNS,
    SAME_LAND,
    RegionSet,
    area_km2,
    canonical,
    code_id,
    equal_area,
    files_digest,
    lonlat,
    merge_regions,
    name_row,
    normalise,
    overlap,
    read_rows,
    region_row,
    without_repeats,
)

__all__ = [
    "COUNTRIES",
    "LANGUAGES",
    "LEVELS",
    "NAME_COLUMNS",
    "REGION_COLUMNS",
    "RegionSet",
    "aoi_regions",
    "area_km2",
    "bundled_regions",
    "code_id",
    "coverage",
    "dissolved_outlines",
    "equal_area",
    "french_regions",
    "merge_regions",
    "normalise",
    "nuts_regions",
    "overlap",
    "read_regions",
    "read_rows",
    "without_outline",
]

# --- the bundled set -----------------------------------------------------------------------------------------------

NATURAL_EARTH = {
    "id": "natural_earth",
    "title": "Natural Earth subdivisions, and NUTS regions dissolved from them",
    "vintage": "Natural Earth 1:10m",
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
    files = [*sorted((DATA / "regions").glob("*.csv")), *sorted((DATA / "natural_earth").glob("*_10m.parquet"))]
    return RegionSet(
        source=NATURAL_EARTH["id"],
        title=NATURAL_EARTH["title"],
        version=NATURAL_EARTH["vintage"],
        licence=NATURAL_EARTH["licence"],
        attribution=NATURAL_EARTH["attribution"],
        sha256=files_digest(files),
        regions=tuple({**row, "same_as": same.get(row["id"], row["id"])} for row in regions),
        names=without_repeats(names, {row["id"] for row in regions}),
    )


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


AGREEMENT = 0.95
"""The intersection over union with NUTS 2016, in EPSG:3035, from which a dissolved outline is one."""

GENERALISED_M = 3_000
"""Corners of less than the square of this many metres are left out, borders kept in common, as in the NUTS polygons at
1:20 million the outlines are held against. Of 0.5 to 7 km, the finest at which nearly as many agree as at any."""


def dissolved_outlines() -> dict[str, BaseGeometry]:
    """Return code → outline, EPSG:4326, of all the concordance places, whether it agrees with NUTS 2016 or not."""
    return _dissolved(_subdivisions())


def _dissolved(subdivisions: Sequence[_Subdivision]) -> dict[str, BaseGeometry]:
    pieces: dict[frozenset[str], list[BaseGeometry]] = defaultdict(list)
    for one in subdivisions:
        pieces[_codes_of(one.id, one.country, one.nuts1, one.nuts2)].append(one.outline)
    for code, outline in _lands_apart():
        pieces[_codes_of("", code[:2], code[:3], code)].append(outline)
    joined = [equal_area(shapely.union_all(shapes)) for shapes in pieces.values()]
    generalised = shapely.coverage_simplify(joined, GENERALISED_M)
    inside: dict[str, list[BaseGeometry]] = defaultdict(list)
    for codes, shape in zip(pieces, generalised, strict=True):
        for code in codes:
            inside[code].append(shape)
    return {code: lonlat(shapely.union_all(shapes)) for code, shapes in inside.items()}


def _codes_of(identifier: str, country: str, nuts1: str, nuts2: str) -> frozenset[str]:
    """Return the codes a subdivision is part of, those of other NUTS versions among them."""
    own = {country, nuts1, nuts2} - {""}
    parts = {identifier, *map(code_id, own)}
    return frozenset(own | {row["code"] for row in read_rows("nuts") if parts & set(row["parts"].split())})


def _lands_apart() -> list[tuple[str, BaseGeometry]]:
    """Return NUTS 2 code and outline of what Natural Earth has among its countries instead of the subdivisions."""
    import pyarrow.parquet as pq

    rows = pq.read_table(DATA / "natural_earth" / "lands_apart_10m.parquet").to_pylist()
    return [(row["code"], shapely.from_wkb(row["geometry"])) for row in rows]


def without_outline() -> tuple[str, ...]:
    """Return the codes without a bundled outline: too far from NUTS 2016, not in it, or not in the concordance."""
    drawn = {row["code"] for row in read_rows("outlines") if float(row["iou"]) >= AGREEMENT}
    return tuple(row["code"] for row in read_rows("nuts") if row["code"] not in drawn)


def _code_rows(outlines: Mapping[str, BaseGeometry]) -> Iterator[dict[str, Any]]:
    bare = set(without_outline())
    agreement = {row["code"]: f"agrees with NUTS 2016 1:20m by {row['iou']}" for row in read_rows("outlines")}
    for row in read_rows("nuts"):
        code = row["code"]
        outline, said = (None, "no outline") if code in bare else (outlines[code], agreement[code])
        yield region_row(
            code_id(code),
            row["name"],
            row["level"],
            row["country"],
            row["parent"] or None,
            outline,
            {**NATURAL_EARTH, "vintage": f"{NATURAL_EARTH['vintage']}; {said}"},
        )


def _group_rows() -> Iterator[dict[str, Any]]:
    for row in read_rows("groups"):
        parent = f"country:{row['country']}" if row["country"] else None
        yield region_row(row["id"], row["name"], "group", row["country"], parent, None, NATURAL_EARTH)


def _subdivision_rows(subdivisions: Sequence[_Subdivision]) -> Iterator[dict[str, Any]]:
    for one in subdivisions:
        parent = code_id(one.nuts2 or one.nuts1 or one.country)
        yield region_row(one.id, one.name, "subdivision", one.country, parent, one.outline, NATURAL_EARTH)


_NO_TERRITORY = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AX"}


def _territories(language: str) -> dict[str, str]:
    """Return region id → name of every country of the world in a language, by Unicode CLDR."""
    from babel import Locale

    names = {code: name for code, name in Locale(language).territories.items() if re.fullmatch("[A-Z]{2}", code)}
    codes = {code: EUROSTAT_CODE.get(code, code) for code in names if code not in _NO_TERRITORY}
    return {("country:" if own in COUNTRIES else "foreign:") + own: names[code] for code, own in codes.items()}


def _foreign_rows() -> Iterator[dict[str, Any]]:
    for identifier, name in _territories("en").items():
        if identifier.startswith("foreign:"):
            yield region_row(identifier, name, "foreign", identifier[8:], None, None, NATURAL_EARTH)
    others = {row["id"]: row["name"] for row in reversed(read_rows("names")) if row["id"].startswith("foreign:X-")}
    for identifier, name in others.items():
        yield region_row(identifier, name, "foreign", "", None, None, NATURAL_EARTH)


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
            seen[one.country, normalise(_bare(name))].add(one.id)
    for one in subdivisions:
        yield name_row(one.id, one.name, "", "official")
        for code in (one.id.removeprefix("iso:"), *_nuts3_codes(one.nuts3)):
            yield name_row(one.id, code, "", "code")
        for language, name in one.names:
            if len(seen[one.country, normalise(_bare(name))]) > 1:
                continue  # Natural Earth gives the larger region's name to several of its parts
            yield name_row(one.id, _bare(name), language, "exonym")
            if _bare(name) != name and name[:1].isupper():
                yield name_row(one.id, name, language, "alias")


def _own_names(one: _Subdivision) -> set[str]:
    return {normalise(name) for name in (one.name, *(_bare(name) for _, name in one.names))}


def _nuts3_codes(code: str) -> list[str]:
    """Return a NUTS 3 code and its form before 2016: French departments kept their last digit, FR813 is FRJ13."""
    older = [row["old_code"] + code[-1] for row in read_rows("vintages") if row["code"] == code[:-1]] if code else []
    return [code, *(old for old in older if old.startswith("FR") and len(old) == 5)] if code else []


def _bare(name: str) -> str:
    """Return a name without the word for its kind: `Bezirk Larnaka` is Larnaka."""
    short = re.sub(r"^(?:d[eiao]|del|della|du|des|van) ", "", _GENERIC.sub("", name).strip())
    return short if len(short) > 2 else name


def _same_by_code(regions: Sequence[Mapping[str, Any]], subdivisions: Sequence[_Subdivision]) -> dict[str, str]:
    """Return id → preferred id: by the code lists, or where a child is the whole parent or, of its name, most of it."""
    pairs = [(code_id(row["code"]), code_id(row["same_as"])) for row in read_rows("nuts") if row["same_as"]]
    pairs += [
        (code_id(row["code"]), row["parts"]) for row in read_rows("nuts") if row["parts"] and " " not in row["parts"]
    ]
    listed: dict[str, set[str]] = defaultdict(set)
    for name in _listed_names():
        listed[name["region_id"]].add(name["norm"])
    pairs.append(("group:EU27_2020", "group:EU"))  # the members of 2022 under two codes
    for key in ("nuts1", "nuts2"):
        inside: dict[str, list[_Subdivision]] = defaultdict(list)
        for one in subdivisions:
            inside[getattr(one, key)].append(one)
        for code, children in inside.items():
            largest = max(children, key=lambda one: one.outline.area)
            bears_the_name = bool(_own_names(largest) & listed[code_id(code)]) if code else False
            most_of_it = largest.outline.area >= SAME_LAND * sum(one.outline.area for one in children)
            if code and (len(children) == 1 or (bears_the_name and most_of_it)):
                pairs.append((largest.id, code_id(code)))
    return canonical(pairs, {row["id"]: row["level"] for row in regions})


def coverage() -> list[dict[str, Any]]:
    """Return by country how many subdivisions are placed in NUTS, and how many NUTS regions have an outline by them."""
    bare = set(without_outline())
    later = {row["code"] for row in read_rows("successors")} | {row["old_code"] for row in read_rows("successors")}
    rows = []
    for country in COUNTRIES:
        placed = [row for row in read_rows("concordance") if row["country"] == country]
        codes = {level: [r["code"] for r in read_rows("nuts") if r["country"] == country and r["level"] == level]
                 for level in ("nuts1", "nuts2")}  # fmt: skip
        rows.append({
            "country": country,
            "subdivisions": len(placed),
            "in_one_nuts2": sum(bool(row["nuts2"]) for row in placed),
            "nuts1": len(codes["nuts1"]),
            "nuts1_drawn": sum(code not in bare for code in codes["nuts1"]),
            "nuts2": len(codes["nuts2"]),
            "nuts2_drawn": sum(code not in bare for code in codes["nuts2"]),
            "changed_borders": sum(code in later for code in codes["nuts2"]),
            "country_drawn": country not in bare,
        })  # fmt: skip
    return rows
