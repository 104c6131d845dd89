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
    LANGUAGES,
    LEVELS,
    NAME_COLUMNS,
    REGION_COLUMNS,
    RegionSet,
    area_km2,
    canonical,
    code_id,
    equal_area,
    files_digest,
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
    "equal_area",
    "french_regions",
    "is_checked",
    "merge_regions",
    "normalise",
    "nuts_regions",
    "overlap",
    "read_regions",
    "read_rows",
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
    files = [*sorted((DATA / "regions").glob("*.csv")), DATA / "natural_earth" / "admin1_europe_10m.parquet"]
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


BORDER_M = 2_000
"""Half the width of the strips along borders that the second measure of `outlines.csv` leaves out: 1:20 million, the
scale of the NUTS polygons compared with, draws a border no better than to some km. Even the official outlines of
France, IGN's departments dissolved to regions, agree with them by 0.90 to 0.97 only."""


def is_checked(row: Mapping[str, str]) -> bool:
    """Is a dissolved outline near enough to NUTS 2016: by 0.95 in all, or by 0.95 away from the border?"""
    everywhere, beyond_border = float(row["iou"]), float(row["iou_beyond_border"])
    return everywhere >= 0.95 or (everywhere >= 0.7 and beyond_border >= 0.95)


def _dissolved(subdivisions: Sequence[_Subdivision]) -> dict[str, tuple[BaseGeometry, str]]:
    """Return code → outline and what is to be said of it, for the countries and NUTS regions that pass the check."""
    whole: dict[str, list[BaseGeometry]] = defaultdict(list)
    for subdivision in subdivisions:
        for code in {subdivision.country, subdivision.nuts1, subdivision.nuts2} - {""}:
            whole[code].append(subdivision.outline)
    outlines = {
        row["code"]: (shapely.union_all(whole[row["code"]]), f"agrees with NUTS 2016 1:20m by {row['iou']}")
        for row in read_rows("outlines")
        if is_checked(row)
    }
    pieces = {code_id(code): shape for code, (shape, _) in outlines.items()} | {s.id: s.outline for s in subdivisions}
    for row in read_rows("nuts"):
        parts = row["parts"].split()
        if parts and all(part in pieces for part in parts):
            outlines[row["code"]] = (shapely.union_all([pieces[part] for part in parts]), "joined from its parts")
    return outlines


def _code_rows(outlines: Mapping[str, tuple[BaseGeometry, str]]) -> Iterator[dict[str, Any]]:
    for row in read_rows("nuts"):
        outline, agreement = outlines.get(row["code"], (None, "no outline"))
        yield region_row(
            code_id(row["code"]),
            row["name"],
            row["level"],
            row["country"],
            row["parent"] or None,
            outline,
            {**NATURAL_EARTH, "vintage": f"{NATURAL_EARTH['vintage']}; {agreement}"},
        )


def _group_rows() -> Iterator[dict[str, Any]]:
    for row in read_rows("groups"):
        parent = f"country:{row['country']}" if row["country"] else None
        yield region_row(row["id"], row["name"], "group", row["country"], parent, None, NATURAL_EARTH)


def _subdivision_rows(subdivisions: Sequence[_Subdivision]) -> Iterator[dict[str, Any]]:
    for one in subdivisions:
        parent = code_id(one.nuts2 or one.nuts1 or one.country)
        yield region_row(one.id, one.name, "subdivision", one.country, parent, one.outline, NATURAL_EARTH)


_TERRITORY_CODES = {"GR": "EL", "GB": "UK"}
_NO_TERRITORY = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AX"}


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


def _nuts3_codes(code: str) -> list[str]:
    """Return a NUTS 3 code and its form before 2016: French departments kept their last digit, FR813 is FRJ13."""
    older = [row["old_code"] + code[-1] for row in read_rows("vintages") if row["code"] == code[:-1]] if code else []
    return [code, *(old for old in older if old.startswith("FR") and len(old) == 5)] if code else []


def _bare(name: str) -> str:
    """Return a name without the word for its kind: `Bezirk Larnaka` is Larnaka."""
    short = re.sub(r"^(?:d[eiao]|del|della|du|des|van) ", "", _GENERIC.sub("", name).strip())
    return short if len(short) > 2 else name


def _same_by_code(regions: Sequence[Mapping[str, Any]], subdivisions: Sequence[_Subdivision]) -> dict[str, str]:
    """Return id → preferred id, where a parent has one child only or the code lists say so."""
    pairs = [(code_id(row["code"]), code_id(row["same_as"])) for row in read_rows("nuts") if row["same_as"]]
    pairs += [
        (code_id(row["code"]), row["parts"]) for row in read_rows("nuts") if row["parts"] and " " not in row["parts"]
    ]
    pairs.append(("group:EU27_2020", "group:EU"))  # the members of 2022 under two codes
    for key in ("nuts1", "nuts2"):
        inside: dict[str, list[_Subdivision]] = defaultdict(list)
        for one in subdivisions:
            inside[getattr(one, key)].append(one)
        pairs += [(children[0].id, code_id(code)) for code, children in inside.items() if code and len(children) == 1]
    return canonical(pairs, {row["id"]: row["level"] for row in regions})


def coverage() -> list[dict[str, Any]]:
    """Return by country how many subdivisions are placed in NUTS, and how many NUTS regions have an outline by them."""
    outlines = {row["code"] for row in read_rows("outlines") if is_checked(row)}
    outlines |= {row["code"] for row in read_rows("nuts") if row["parts"]}
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
            "nuts1_drawn": sum(code in outlines for code in codes["nuts1"]),
            "nuts2": len(codes["nuts2"]),
            "nuts2_drawn": sum(code in outlines for code in codes["nuts2"]),
            "changed_borders": sum(code in later for code in codes["nuts2"]),
            "country_drawn": country in outlines,
        })  # fmt: skip
    return rows
