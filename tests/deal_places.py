"""A gazetteer for tests of land deals: every country of the world by name, without outlines, and one town."""

from __future__ import annotations

from retrieval.deal_terms import countries
from retrieval.places import PlaceSet
from retrieval.region_rows import RegionSet, name_row, region_row


def world() -> RegionSet:
    """Return the countries of the world but France, which the tiny world has."""
    source = {"id": "tiny_world", "vintage": "1", "licence": "CC0"}
    kept = [one for one in countries() if one.place != "country:FR"]
    rows = [region_row(one.place, one.name, one.place.split(":")[0], one.place.split(":")[1], None, None, source)
            for one in kept]  # fmt: skip
    names = [name_row(one.place, one.name, "en", "official") for one in kept]
    return RegionSet("tiny_world", "Tiny world", "1", "CC0", "Nobody", "3" * 64, tuple(rows), tuple(names))


def town() -> PlaceSet:
    """Return Brăila, and no other town."""
    place = {"id": "town:1", "name": "Brăila", "lon": 27.97, "lat": 45.27, "country": "RO", "population": 180_000,
             "source": "t"}  # fmt: skip
    name = {"place_id": "town:1", "name": "Brăila", "norm": "braila", "language": ""}
    return PlaceSet("t", "Town", "1", "CC0", "Nobody", "2" * 64, (place,), (name,))
