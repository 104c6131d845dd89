from __future__ import annotations

import re

import pytest

from agent.render import refusal_of
from agent.voice import Voice, own_texts
from retrieval.errors import NoRecords
from retrieval.types import LANGUAGES, PAGE_LANGUAGES
from tools.context import Context

SECTIONS = ("phrase", "source", "say", "caveat", "refusal", "fact")


def slots(of: str) -> dict[tuple[str, str], set[str]]:
    every = own_texts(of)
    return {(s, k): set(re.findall(r"{(\w+)}", v)) for s in SECTIONS for k, v in every[s].items()}


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_every_language_of_the_page_has_every_text_with_the_same_slots(language: str) -> None:
    assert slots(language) == slots("en")


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one not in PAGE_LANGUAGES])
def test_the_other_languages_have_the_same_lines_as_one_another_with_english_slots(language: str) -> None:
    english, mine = slots("en"), slots(language)
    assert mine == {key: english[key] for key in slots("bg")}
    missing = {key for section, key in english if (section, key) not in mine}
    assert missing == SAID_BY_OTHER_TOOLS


SAID_BY_OTHER_TOOLS = {
    "explain", "explain_surveyed", "published_prior", "seen_in_training", "masked_months", "no_weights", "no_whole_map",
    "no_close", "no_records", "no_published_prior", "part_missing", "no_pixel_of_point", "no_clear_month",
    "bad_argument", "bad_geometry",
}  # fmt: skip
"""Lines of one pixel, and those that name a file or a part of the program."""


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert Voice("en").number(18984) == "18,984"
    assert Voice("de").number(9.5) == "9,5"
    assert Voice("fr").number(0.1) == "0,1"


@pytest.mark.parametrize(
    ("error", "language", "text"),
    [
        (NoRecords("second survey", "…", "no_second_survey", years="2015"), "it", "Anni di indagine qui: 2015."),
        (NoRecords("point 12", "…", "no_point", point="12"), "pl", "W tych danych nie ma punktu 12."),
        (NoRecords("satellite pixels", "…", "no_pixels"), "de", "Von diesem Ort gibt es hier keine Satellitenpixel"),
        (NoRecords("outline of Baden", "…", "no_outline", region="Baden"), "es", "No se conoce el contorno de Baden."),
    ],
)
def test_what_is_not_held_is_said_in_the_language_of_the_question(
    error: NoRecords, language: str, text: str, demo: Context
) -> None:
    assert text in refusal_of(error, language, demo)
