from __future__ import annotations

import re

import pytest

from agent.render import Voice, texts
from retrieval.types import LANGUAGES

SECTIONS = ("phrase", "source", "say", "caveat", "refusal")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_slots(language: str) -> None:
    def slots(of: str) -> dict[tuple[str, str], set[str]]:
        return {(s, k): set(re.findall(r"{(\w+)}", v)) for s in SECTIONS for k, v in texts(of)[s].items()}

    assert slots(language) == slots("en")


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert Voice("en").number(18984) == "18,984"
    assert Voice("de").number(9.5) == "9,5"
    assert Voice("fr").number(0.1) == "0,1"


def test_polish_counts_in_three_forms() -> None:
    voice = Voice("pl")
    assert [voice.plural("point", n) for n in (1, 3, 25)] == ["zbadany punkt", "zbadane punkty", "zbadanych punktów"]
