"""Named regions and where their outlines come from: the bundled set, and files a person brings. Answers no questions.

Four kinds of source give a `RegionSet`: the bundled one (countries and NUTS regions, outlines dissolved from Natural
Earth's subdivisions by a concordance), GISCO's NUTS files, the French administrative files, and a person's own area.
`merge_regions` makes one set of several and says which ids are the same land. Questions go through `gazetteer.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from retrieval import parquet
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
    "CUTS",
    "LANGUAGES",
    "LEVELS",
    "NAME_COLUMNS",
    "REGION_COLUMNS",
    "RegionSet",
    "Subdivision",
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
    "subdivisions",
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
    drawn = subdivisions()
    regions = [*_group_rows(), *_code_rows(_dissolved(drawn)), *_subdivision_rows(drawn), *_foreign_rows()]
    names = [*_listed_names(), *_territory_names(), *_subdivision_names(drawn)]
    same = _same_by_code(regions, drawn)
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
class Subdivision:
    """A Natural Earth subdivision with its place in NUTS, several polygons of one ISO code joined."""

    id: str
    name: str
    country: str
    nuts1: str
    nuts2: str
    nuts3: str
    names: tuple[tuple[str, str], ...]
    outline: BaseGeometry


def subdivisions() -> list[Subdivision]:
    """Return Natural Earth's subdivisions as the concordance places them."""
    columns = {row["ne_id"]: row for row in parquet.rows(DATA / "natural_earth" / "admin1_europe_10m.parquet")}
    together: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in read_rows("concordance"):
        together[row["id"]].append(row)
    return [_subdivision(identifier, rows, columns) for identifier, rows in together.items()]


def _subdivision(identifier: str, rows: list[dict[str, str]], columns: Mapping[int, dict[str, Any]]) -> Subdivision:
    parts = [columns[int(row["ne_id"])] for row in rows]
    outline = shapely.union_all([shapely.from_wkb(part["geometry"]) for part in parts])
    first = rows[0]
    found = {
        (key[5:] if key[5:] not in ("local", "zht") else "", part[key])
        for part in parts
        for key in part
        if key.startswith("name_") and key != "name_alt" and isinstance(part[key], str)
    }
    return Subdivision(
        identifier, first["name"], first["country"], first["nuts1"], first["nuts2"], first["nuts3"],
        tuple(sorted(found)), outline,
    )  # fmt: skip


CUTS = DATA / "natural_earth" / "cuts.parquet"

DRAWN_AS = {"NL35": "NL31", "NL36": "NL33"}
"""Codes drawn in the borders of another: Utrecht and Zuid-Holland before Vijfheerenlanden (146 km²) moved in 2019."""


def dissolved_outlines() -> dict[str, BaseGeometry]:
    """Return code → outline, EPSG:4326, of all the concordance places, as finely as Natural Earth draws them."""
    return _dissolved(subdivisions())


def _dissolved(subdivisions: Sequence[Subdivision]) -> dict[str, BaseGeometry]:
    together: dict[frozenset[str], list[BaseGeometry]] = defaultdict(list)
    for codes, outline in _pieces(subdivisions):
        together[codes].append(outline)
    inside: dict[str, list[BaseGeometry]] = defaultdict(list)
    for codes, shapes in together.items():
        joined = shapely.union_all(shapes)
        for code in codes:
            inside[code].append(joined)
    outlines = {code: shapely.union_all(shapes) for code, shapes in inside.items()}
    return outlines | {code: outlines[other] for code, other in DRAWN_AS.items()}


def _pieces(subdivisions: Sequence[Subdivision]) -> Iterator[tuple[frozenset[str], BaseGeometry]]:
    """Yield the codes and outline of every subdivision, or of its pieces where it holds several NUTS 2 regions."""
    pieces = _cuts()
    whole = _codes_by_part()
    for one in subdivisions:
        for nuts2, outline in pieces.get(one.id, [((one.nuts2,), one.outline)]):
            yield _codes_of(one.id, {one.country, one.nuts1, *nuts2} - {""}, whole), outline
    for code, outline in _lands_apart():
        yield _codes_of("", {code[:2], code[:3], code}, whole), outline


def _codes_by_part() -> dict[str, set[str]]:
    """Return region id → the codes of other NUTS versions that the region is listed as a part of."""
    whole: dict[str, set[str]] = defaultdict(set)
    for row in read_rows("nuts"):
        for part in row["parts"].split():
            whole[part].add(row["code"])
    return whole


def _codes_of(identifier: str, own: Set[str], whole: Mapping[str, Set[str]]) -> frozenset[str]:
    """Return the codes a piece of land is part of, those of other NUTS versions among them."""
    return frozenset(own).union(*(whole.get(part, ()) for part in (identifier, *map(code_id, own))))


def _cuts() -> dict[str, list[tuple[tuple[str, ...], BaseGeometry]]]:
    """Return subdivision → the NUTS 2 codes and outline of its pieces (see `bundling.cuts`)."""
    pieces: dict[str, list[tuple[tuple[str, ...], BaseGeometry]]] = defaultdict(list)
    for row in parquet.rows(CUTS):
        pieces[row["id"]].append((tuple(row["codes"].split()), shapely.from_wkb(row["geometry"])))
    return pieces


def _lands_apart() -> list[tuple[str, BaseGeometry]]:
    """Return NUTS 2 code and outline of what Natural Earth has among its countries instead of the subdivisions."""
    rows = parquet.rows(DATA / "natural_earth" / "lands_apart_10m.parquet")
    return [(row["code"], shapely.from_wkb(row["geometry"])) for row in rows]


def without_outline() -> tuple[str, ...]:
    """Return the codes without a bundled outline: two of NUTS 2013 in Scotland that no table has figures of."""
    drawn = {row["code"] for row in read_rows("outlines")}
    return tuple(row["code"] for row in read_rows("nuts") if row["code"] not in drawn)


def _code_rows(outlines: Mapping[str, BaseGeometry]) -> Iterator[dict[str, Any]]:
    agreement = {row["code"]: row["iou"] for row in read_rows("outlines")}
    for row in read_rows("nuts"):
        code = row["code"]
        iou = agreement.get(code)
        said = f"agrees with NUTS 2016 1:20m by {iou}" if iou else "not compared with NUTS"
        yield region_row(
            code_id(code),
            row["name"],
            row["level"],
            row["country"],
            row["parent"] or None,
            outlines.get(code),
            {**NATURAL_EARTH, "vintage": f"{NATURAL_EARTH['vintage']}; {said if code in outlines else 'no outline'}"},
        )


def _group_rows() -> Iterator[dict[str, Any]]:
    for row in read_rows("groups"):
        parent = f"country:{row['country']}" if row["country"] else None
        yield region_row(row["id"], row["name"], "group", row["country"], parent, None, NATURAL_EARTH)


def _subdivision_rows(subdivisions: Sequence[Subdivision]) -> Iterator[dict[str, Any]]:
    for one in subdivisions:
        parent = code_id(one.nuts2 or one.nuts1 or one.country)
        yield region_row(one.id, one.name, "subdivision", one.country, parent, one.outline, NATURAL_EARTH)


ARTICLES = {"ga": re.compile(r"^(an |na )t?-?"), "mt": re.compile(r"^(i?[lrstxzdnċżl]-)", re.IGNORECASE)}
"""The articles that begin names in languages that have them in the middle of a sentence too."""
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
            yield from _with_and_without_article(identifier, name, language, "exonym")


def _with_and_without_article(identifier: str, name: str, language: str, kind: str) -> Iterator[dict[str, Any]]:
    """A name, and what follows its article where that merges with a preposition: "an Chorsaic", "sa Chorsaic"."""
    yield name_row(identifier, name, language, kind)
    if language in ARTICLES and (bare := ARTICLES[language].sub("", name)) != name:
        yield name_row(identifier, bare, language, "alias")


def _listed_names() -> Iterator[dict[str, Any]]:
    """The names written down by hand: official, exonyms, old, everyday; and every code as a name."""
    for row in read_rows("nuts"):
        yield name_row(code_id(row["code"]), row["name"], "", "official")
        yield name_row(code_id(row["code"]), row["code"], "", "code")
    for row in read_rows("names"):
        yield from _with_and_without_article(row["id"], row["name"], row["language"], row["kind"])
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


def _subdivision_names(subdivisions: Sequence[Subdivision]) -> Iterator[dict[str, Any]]:
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    bare = {name: _bare(name) for one in subdivisions for _, name in one.names}
    same = {name: normalise(short) for name, short in bare.items()}
    for one in subdivisions:
        for _, name in one.names:
            seen[one.country, same[name]].add(one.id)
    for one in subdivisions:
        yield name_row(one.id, one.name, "", "official")
        for code in (one.id.removeprefix("iso:"), *_nuts3_codes(one.nuts3)):
            yield name_row(one.id, code, "", "code")
        for language, name in one.names:
            if len(seen[one.country, same[name]]) > 1:
                continue  # Natural Earth gives the larger region's name to several of its parts
            yield name_row(one.id, bare[name], language, "exonym")
            if bare[name] != name and name[:1].isupper():
                yield name_row(one.id, name, language, "alias")


def _own_names(one: Subdivision) -> set[str]:
    return {normalise(name) for name in (one.name, *(_bare(name) for _, name in one.names))}


def _nuts3_codes(code: str) -> list[str]:
    """Return a NUTS 3 code and its form before 2016: French departments kept their last digit, FR813 is FRJ13."""
    older = [row["old_code"] + code[-1] for row in read_rows("vintages") if row["code"] == code[:-1]] if code else []
    return [code, *(old for old in older if old.startswith("FR") and len(old) == 5)] if code else []


def _bare(name: str) -> str:
    """Return a name without the word for its kind: `Bezirk Larnaka` is Larnaka."""
    short = re.sub(r"^(?:d[eiao]|del|della|du|des|van) ", "", _GENERIC.sub("", name).strip())
    return short if len(short) > 2 else name


def _same_by_code(regions: Sequence[Mapping[str, Any]], subdivisions: Sequence[Subdivision]) -> dict[str, str]:
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
        inside: dict[str, list[Subdivision]] = defaultdict(list)
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
