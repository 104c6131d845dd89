"""The strings of answers: one file a language, the same keys, slots and plural forms in each."""

import re
import tomllib

import pytest
from babel import Locale

from agent.voice import STRINGS, Voice, languages
from retrieval.types import LANGUAGES

SLOT = re.compile(r"\{\w+\}")


def strings(language):
    return tomllib.loads((STRINGS / f"{language}.toml").read_text(encoding="utf-8"))


def test_there_are_strings_in_every_official_language():
    assert set(languages()) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_keys_and_slots_of_english(language):
    mine, english = strings(language), strings("en")
    assert {s: list(mine[s]) for s in mine} == {s: list(english[s]) for s in english}
    for section in ("measure", "filter", "say"):
        for key, text in mine[section].items():
            assert set(SLOT.findall(text)) == set(SLOT.findall(english[section][key])), (section, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_counted_nouns_have_the_plural_forms_of_their_language(language):
    forms = {Locale.parse(language).plural_form(number) for number in range(1, 30)} | {"other"}
    for section, key in (("unit", "points"), ("rows", "country"), ("rows", "year")):
        assert forms <= set(strings(language)[section][key]), (section, key)


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("cs", 1, "1 bod"),
        ("cs", 3, "3 body"),
        ("cs", 5, "5 bodů"),
        ("sl", 2, "2 točki"),
        ("pl", 1, "1 punkt"),
        ("pl", 3, "3 punkty"),
        ("pl", 25, "25 punktów"),
        ("lt", 21, "21 taškas"),
        ("lt", 10, "10 taškų"),
        ("lv", 11, "11 punktu"),
        ("ro", 25, "25 de puncte"),
        ("hu", 5, "5 pont"),
        ("fi", 2, "2 pistettä"),
        ("ga", 8, "8 bpointe"),
        ("mt", 3, "3 punti"),
    ],
)
def test_points_are_counted_in(language, number, said):
    assert Voice(language).counted(number, "unit", "points") == said
