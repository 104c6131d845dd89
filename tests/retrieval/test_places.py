from __future__ import annotations

import pytest

from retrieval.places import PLACE_COLUMNS, PLACE_NAME_COLUMNS, PlaceSet, towns
from retrieval.regions import COUNTRIES


@pytest.fixture(scope="module")
def places() -> PlaceSet:
    return towns()


def test_towns_and_their_names_are_rows_of_the_stores_tables(places: PlaceSet) -> None:
    assert len(places) > 60_000
    assert set(places.places[0]) == set(PLACE_COLUMNS)
    assert set(places.names[0]) == set(PLACE_NAME_COLUMNS)
    assert {name["place_id"] for name in places.names} == {place["id"] for place in places.places}


def test_every_surveyed_country_has_towns_under_eurostats_code(places: PlaceSet) -> None:
    codes = {place["country"] for place in places.places}
    assert set(COUNTRIES) <= codes
    assert not {"GR", "GB"} & codes


def test_a_town_lies_where_it_lies_longitude_first(places: PlaceSet) -> None:
    siena = next(place for place in places.places if place["name"] == "Siena" and place["country"] == "IT")
    assert siena["lon"] == pytest.approx(11.33, abs=0.02)
    assert siena["lat"] == pytest.approx(43.32, abs=0.02)
    assert siena["population"] > 40_000


def test_large_towns_have_the_names_neighbours_give_them(places: PlaceSet) -> None:
    munich = next(place["id"] for place in places.places if place["name"] == "Munich")
    names = {name["norm"] for name in places.names if name["place_id"] == munich}
    assert {"munich", "munchen", "monachium", "monaco di baviera"} <= names
    assert "muc" not in names


def test_islands_the_survey_does_not_visit_have_no_surveyed_country(places: PlaceSet) -> None:
    las_palmas = next(place for place in places.places if place["name"].startswith("Las Palmas"))
    assert las_palmas["country"] == ""
