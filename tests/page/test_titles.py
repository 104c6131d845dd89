"""What datasets are called in the 24 languages: in each its own words, where there are some."""

from __future__ import annotations

import tomllib

import pytest

from agent.ask import ask
from page.asking import World
from page.view import head_html
from retrieval.catalog import TITLES, descriptors, title_in
from retrieval.store import Store
from retrieval.types import LANGUAGES
from tools.context import Context

KNOWN = tomllib.loads(TITLES.read_text(encoding="utf-8"))


def test_every_title_is_in_all_languages_and_of_a_dataset_that_is_known() -> None:
    for titles in KNOWN.values():
        assert {*titles, "en"} == {*LANGUAGES}
    assert {*KNOWN} - {"natural_earth", "geonames"} <= {one.id for one in descriptors()}


def test_what_has_no_title_in_a_language_is_called_by_its_own() -> None:
    assert title_in("fr", "lucas_points", "LUCAS survey records") == "Relevés de l’enquête LUCAS (points du module sol)"
    assert title_in("fr", "somebody_elses", "My points") == "My points"
    assert title_in("en", "lucas_points", "LUCAS survey records") == "LUCAS survey records"


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_dataset_of_a_fresh_clone_is_called_in_english_in_another_language(language: str, demo_store: Store) -> None:
    titles = [dataset.title for dataset in demo_store.datasets()]
    about = head_html(World(Context.open(demo_store), None, "builtin"), language)  # type: ignore[arg-type]
    assert [title for title in titles if title in about] == []


def test_the_data_are_told_by_their_names_in_the_questions_language(demo_store: Store) -> None:
    answer = ask("Welche Daten gibt es?", Context.open(demo_store), router="builtin")
    table = answer.results[0].table
    assert table
    assert "Orte aus GeoNames" in table.column("title")
    assert "Aufzeichnungen der LUCAS-Erhebung 2015 und 2018 (Punkte des Bodenmoduls)" in answer.text
