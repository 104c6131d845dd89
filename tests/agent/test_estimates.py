"""Questions for a part of a class by use or elevation become one estimate."""

from __future__ import annotations

import pytest

from agent.ask import ask
from agent.estimates import part_in
from retrieval.store import Store
from tools.context import Context


@pytest.fixture(scope="module")
def world(demo_store: Store) -> Context:
    return Context.open(demo_store)


@pytest.mark.parametrize(
    ("question", "language", "rest", "arguments"),
    [
        ("How much of the vineyard area in Italy lies above 500 m?", "en", "How much of the vineyard area in Italy ?",
         {"above": 500.0}),
        ("What part of olive groves in Spain is below 1,200 metres", "en", "What part of olive groves in Spain",
         {"below": 1200.0}),
        ("how much unused grassland is there in France", "en", "how much grassland is there in France",
         {"land_use": ["U410", "U420"]}),
        ("How much grassland is not farmed?", "en", "How much grassland ?", {"exclude": ["U110"]}),
        ("Welcher Anteil der Reben in Italien liegt über 500 m?", "de", "Welcher Anteil der Reben in Italien ?",
         {"above": 500.0}),
        ("Quelle part des vignes d'Italie se trouve au-dessus de 500 m ?", "fr", "Quelle part des vignes d'Italie ?",
         {"above": 500.0}),
    ],
)  # fmt: skip
def test_the_part_is_heard_and_the_rest_left_to_be_read(question, language, rest, arguments):
    part = part_in(question, language)
    assert part
    assert (part.rest, part.arguments) == (rest, arguments)


@pytest.mark.parametrize(
    "question",
    [
        "How many points of vineyard lie above 500 m in Italy?",
        "Where is vineyard above 500 m?",
        "How much of France is woodland?",
    ],
)
def test_other_questions_are_left_alone(question):
    assert part_in(question, "en") is None


@pytest.mark.parametrize(
    ("question", "codes", "words"),
    [
        ("How much of the vineyard area in Italy lies above 500 m?", ("B82",), "above 500 m"),
        ("how much unused grassland is there in France", ("E00",), "not official"),
        ("How much grassland in the EU is not farmed?", ("E00",), "not used for"),
    ],
)
def test_a_question_is_answered_by_an_estimate_that_says_so(world, question, codes, words):
    answer = ask(question, world, router="builtin", debug=True)
    assert answer.status == "answered"
    [result] = answer.results
    assert (result.tool, result.land_cover, result.level) == ("estimate_area", codes, 0.95)
    assert words in answer.text
    assert result.interval


def test_a_part_of_what_cannot_be_estimated_is_not_estimated(world):
    answer = ask("How much unused wetland is there in France?", world, router="builtin", debug=True)
    assert "estimate_area" not in [result.tool for result in answer.results]
