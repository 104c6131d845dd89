"""What Land Matrix calls things: its enumerations, its country numbers and the regions of the world. Reads no deals.

Codes and labels stand in `retrieval/data/landmatrix/terms.csv`, countries with their UN numbers and M49 regions in
`countries.csv`. A place is `country:RO` inside the survey, `foreign:UA` outside, `m49:035` for a region of the world.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "landmatrix"

REGION_NUMBERS = {"m49:002": 2, "m49:009": 9, "m49:021": 21, "m49:142": 142, "m49:150": 150, "m49:419": 419}
"""The six regions by which Land Matrix itself filters → its number. It calls all of Europe "Eastern Europe"."""

DEFAULT_FILTER = "the site's default filter"
"""Said in an export's version where every deal passes it: then the others were left out by it, most likely."""

WIDER = {
    "m49:202": ("011", "014", "017", "018"),
    "m49:419": ("029", "013", "005"),
    "m49:019": ("021", "029", "013", "005"),
    "m49:003": ("021", "029", "013"),
    "m49:002": ("015", "011", "014", "017", "018"),
    "m49:142": ("143", "030", "035", "034", "145"),
    "m49:150": ("151", "154", "039", "155"),
    "m49:009": ("053", "054", "057", "061"),
}
"""Regions made of M49's smallest ones: Africa, sub-Saharan Africa, Latin America and the Caribbean, Asia …"""

ANSWERS: Mapping[str, str] = {
    "carbon_offset": "carbon offset project", "conflict": "presence of land conflicts",
    "displacement": "displacement of people", "contract_farming": "contract farming", "jobs": "jobs created (total)",
    "local_jobs": "jobs created (domestic)", "export": "has export", "domestic_use": "has domestic use",
    "processing": "in country processing of produce", "water_extraction": "water extraction envisaged",
    "irrigation": "use of irrigation infrastructure",
}  # fmt: skip
"""What a deal says Yes, No or Unknown to: our column → the export's."""

PARENTS = ("AGRICULTURE", "FORESTRY", "RENEWABLES", "OTHER_PURPOSES", "INTENDED", "CONCLUDED", "FAILED", "EXPIRED")
"""Groups of intentions and of negotiation states: asked for, they stand for every code below them."""


@dataclass(frozen=True)
class Term:
    """One value of an enumeration."""

    field: str
    """`intention`, `crop`, `animal`, `mineral`, `nature`, `negotiation`, `implementation` …"""
    code: str
    parent: str
    label: str
    """As the export prints it."""


@dataclass(frozen=True)
class Country:
    """A country of the world as Land Matrix numbers it."""

    number: int
    """ISO 3166-1 numeric."""
    alpha2: str
    place: str
    region: int
    """Land Matrix' region: 2, 9, 21, 142, 150 or 419."""
    subregion: str
    """M49's smallest region."""
    name: str
    other_names: tuple[str, ...]


def plain(text: str) -> str:
    """Return a label or name without case, accents and punctuation: what two spellings of one thing share."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^\w]+", " ", "".join(c for c in bare if not unicodedata.combining(c))).strip()


@lru_cache(maxsize=1)
def terms() -> Mapping[str, Mapping[str, Term]]:
    """Return field → code → term, in the order of the source."""
    found: dict[str, dict[str, Term]] = {}
    with (FOLDER / "terms.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["field"], {})[row["code"]] = Term(**row)
    return found


@lru_cache(maxsize=1)
def countries() -> tuple[Country, ...]:
    """Return every country, by its two letters."""
    with (FOLDER / "countries.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Country(
                number=int(row["number"]),
                alpha2=row["alpha2"],
                place=row["place"],
                region=int(row["region"]),
                subregion=row["subregion"],
                name=row["name"],
                other_names=tuple(filter(None, row["other_names"].split("|"))),
            )
            for row in csv.DictReader(file)
        )


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, Country]:
    return {plain(name): one for one in countries() for name in (one.name, *one.other_names)}


@lru_cache(maxsize=1)
def by_place() -> Mapping[str, Country]:
    """Return place id → country."""
    return {one.place: one for one in countries()}


@lru_cache(maxsize=1)
def by_number() -> Mapping[int, Country]:
    """Return UN number → country."""
    return {one.number: one for one in countries()}


def country_named(name: str) -> Country | None:
    """Return the country that the export calls so, whichever of its spellings; None for one that is not known."""
    return _by_name().get(plain(name))


@lru_cache(maxsize=1)
def world_regions() -> Mapping[str, tuple[str, ...]]:
    """Return region of the world → the places of its countries."""
    smallest: dict[str, list[str]] = {}
    for one in countries():
        smallest.setdefault(one.subregion, []).append(one.place)
    found = {f"m49:{code}": tuple(places) for code, places in smallest.items()}
    return found | {id: tuple(p for part in parts for p in smallest[part]) for id, parts in WIDER.items()}


def places_of(country: Country) -> list[str]:
    """Return the country and every region of the world it lies in: what a deal there may be asked by."""
    return [country.place, *(region for region, members in world_regions().items() if country.place in members)]


def expanded(field: str, codes: Iterable[str]) -> tuple[str, ...]:
    """Return codes with each group replaced by the codes below it, in the order of the source.

    >>> expanded("negotiation", ["FAILED"])
    ('NEGOTIATIONS_FAILED', 'CONTRACT_CANCELED')
    """
    wanted = set(codes)
    return tuple(code for code, term in terms().get(field, {}).items() if code in wanted or term.parent in wanted)


@lru_cache(maxsize=32)
def _labels(field: str) -> Mapping[str, str]:
    return {plain(term.label): code for code, term in terms()[field].items()}


def code_of(field: str, label: str) -> str | None:
    """Return the code of one label, whatever its case; None for one that the enumeration lacks."""
    known = _labels(field)
    return known.get(plain(label)) or (label if label in terms()[field] else None)


def codes_in(field: str, text: str) -> tuple[list[str], list[str]]:
    """Return the codes of "label, label" and the pieces that are none; a label may itself hold a comma.

    >>> codes_in("crop", "Corn (Maize), Soya Beans, Moon cheese")
    (['CRN', 'SOY'], ['Moon cheese'])
    """
    pieces = [piece.strip() for piece in text.split(", ") if piece.strip()]
    codes: list[str] = []
    unknown: list[str] = []
    at = 0
    while at < len(pieces):
        for end in range(len(pieces), at, -1):  # the longest label first
            if code := code_of(field, ", ".join(pieces[at:end])):
                codes.append(code)
                at = end
                break
        else:
            unknown.append(pieces[at])
            at += 1
    return codes, unknown
