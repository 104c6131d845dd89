"""Yes or no by the mood of a sentence, in 24 languages; what asks for the thing itself gets no yes and no no."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.ask import ask
from agent.voice import Voice
from tools.context import Context

ROWS = [
    line.split("|")
    for line in (Path(__file__).parent / "whether.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
"""What is asked, the verdict, the language and the question."""


def begins(text: str, verdict: str, language: str) -> bool:
    """Whether an answer begins with the verdict of its language and a colon."""
    rest = text.removeprefix(Voice(language).say(verdict))
    return rest != text and rest.lstrip().startswith(":")


@pytest.mark.parametrize(
    ("verdict", "language", "question"),
    [row[1:] for row in ROWS],
    ids=[f"{row[2]}-{row[0]}-{n}" for n, row in enumerate(ROWS)],
)
def test_a_sentence_that_asks_yes_or_no_is_answered_so(
    verdict: str, language: str, question: str, demo: Context
) -> None:
    answer = ask(question, demo, router="builtin", debug=True)
    assert answer.status == "answered", answer.text
    told = [key for key in ("yes", "no") if begins(answer.text, key, language)]
    assert told == ([verdict] if verdict != "-" else []), answer.text


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("Are there vineyards in Denmark?", "Yes"),
        ("Are there survey points with vineyards in Denmark?", "No"),
        ("Are there regions in Italy with over 60 % woodland?", "Yes"),
        ("Are there regions in Italy with over 90 % woodland?", "No"),
        ("Is Bavaria the federal state with the largest share of woodland in 2022?", "No"),
        ("Did maize points in Italy increase between 2015 and 2018?", "No"),
        ("Were there fewer maize points in Italy in 2018 than in 2015?", "Yes"),
        ("Was there less maize in Italy in 2015 than in 2022?", "No"),
    ],
)
def test_yes_or_no_of_what_is_there_of_rows_of_ranks_and_of_years(question: str, verdict: str, demo: Context) -> None:
    assert begins(ask(question, demo, router="builtin", debug=True).text, verdict.lower(), "en")


@pytest.mark.parametrize(
    "question", ["Is there more maize or wheat in Italy?", "Which is larger, maize or wheat in Italy?"]
)
def test_which_of_two_is_asked_with_or(question: str, demo: Context) -> None:
    assert ask(question, demo, router="builtin", debug=True).text.startswith("More:")


def test_the_bottom_three_are_those_with_least(demo: Context) -> None:
    told = ask("Bottom 3 countries by woodland share 2022", demo, router="builtin", debug=True)
    assert [region.id for region in told.results[0].regions] == ["country:MT", "country:IE", "country:NL"]
