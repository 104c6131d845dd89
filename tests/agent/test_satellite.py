"""Questions of the satellite: what it sees, which it is, how well it does; its words are never mapped as land cover."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from agent.conversation import Conversation
from agent.render import FEWEST_COMPARED, agreement
from agent.router import Builtin
from agent.voice import Voice
from retrieval.errors import NotUnderstood
from retrieval.types import LANGUAGES
from tools.compare_with_survey import compare_with_survey
from tools.context import Context

QUESTIONS = tomllib.loads((Path(__file__).parent / "satellite_questions.toml").read_text(encoding="utf-8"))
STEPS = {
    "seen": ("profile_pixels", {"regions": ["nuts:FRM0"]}),
    "accuracy": ("describe_data", {"about": "accuracy", "land_cover": ["B81"]}),
    "encoder": ("describe_data", {"about": "encoder"}),
    "input": ("describe_data", {"about": "input"}),
    "confusions": ("describe_data", {"about": "confusions", "land_cover": ["B82"]}),
}


def steps(question: str, context: Context, language: str = "en"):
    plan = Builtin().plan(question, context.in_language(language), Conversation())
    return [(step.tool, dict(step.arguments)) for step in plan.steps]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_asks_what_the_satellite_sees_which_it_is_and_how_well_it_does(language, demo):
    for kind, step in STEPS.items():
        assert steps(QUESTIONS[language][kind], demo, language) == [step], QUESTIONS[language][kind]


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("which loss function does the model use?", "loss"),
        ("what number plate does the satellite see in Corsica?", "plate"),
        ("which galaxy classifies the pixels of Corsica?", "galaxy"),
        ("quel astronaute utilise le satellite ?", "astronaute"),
        ("welcher Astronaut nutzt den Satelliten?", "Astronaut"),
    ],
)
def test_words_of_a_question_that_asks_what_are_never_mapped_as_land_cover(question, word, demo, asked):
    answer = asked(question)
    assert answer.status in ("refused", "clarify")
    assert word in answer.text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("where is lavender in Corsica according to the satellite?", "lavender"),
        ("which pixels are “christmas trees” in Corsica?", "christmas trees"),
        ("where does the satellite see heliports in Corsica?", "heliports"),
    ],
)
def test_words_that_stand_where_a_class_would_are_mapped(question, text, demo):
    assert steps(question, demo) == [("classify_area", {"text": text, "regions": ["nuts:FRM0"]})]


def test_a_place_without_an_outline_is_looked_at_in_a_circle_that_is_told(asked):
    answer = asked("what does the satellite see near Aléria?")
    [result] = answer.results
    assert result.tool == "profile_pixels"
    assert sum(result.table.column("pixels")) == result.value > 0
    assert "within 20 km of Aléria" in answer.caveats[0]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("where is vineyard in Corsica according to the satellite in 2019?", "no satellite pixels of 2019"),
        ("wo ist Wein auf Korsika laut Satellit im Jahr 2019?", "keine Satellitenpixel von 2019"),
        ("Var finns vingård på Korsika enligt satelliten 2019?", "inga satellitpixlar från 2019"),
    ],
)
def test_a_missing_year_is_told_with_the_years_of_the_place(question, told, asked):
    answer = asked(question)
    assert answer.status == "refused"
    assert told in answer.text
    assert "2022" in answer.text
    assert "2018" not in answer.text, "which only another place has"


def test_how_far_the_map_just_shown_can_be_trusted_is_told_of_its_class_and_place(asked):
    talk = Conversation()
    asked("where is vineyard in Corsica according to the satellite?", talk)
    answer = asked("how far can I trust this pixel map?", talk)
    assert [r.tool for r in answer.results] == ["describe_data", "compare_with_survey"]
    assert all(r.land_cover == ("B82",) for r in answer.results)
    assert "vineyards" in answer.text
    assert [r.arguments for r in asked("which classes does it confuse with fruit trees?", talk).results] == [
        {"about": "confusions", "land_cover": ["B70"]}
    ]


def test_a_class_is_mapped_in_a_language_without_rules_of_its_own(demo):
    asked = "Hvor er der vinmarker på Korsika ifølge satellitten?"
    assert steps(asked, demo, "da") == [("classify_area", {"land_cover": ["B82"], "regions": ["nuts:FRM0"]})]


def test_what_lies_beyond_the_satellite_is_left_to_others(demo):
    for question in ("which licence do the satellite data have?", "which years does the satellite cover?"):
        [(tool, arguments)] = steps(question, demo)
        assert tool == "describe_data"
        assert arguments["about"] in ("licence", "years")
    with pytest.raises(NotUnderstood):
        steps("what does the satellite see over 500 m in Corsica?", demo)


def test_a_class_named_after_the_accuracy_is_asked_about_the_same(asked):
    talk = Conversation()
    asked("How accurate is the satellite classifier?", talk)
    assert "for vineyards" in asked("and for vineyards?", talk).text
    assert [step.tool for step in asked("and where is vineyard in Corsica?", talk).results][:1] == ["find_points"]


def test_terms_and_training_asked_together_are_both_told_each_source_once(asked):
    text = asked("What licence do the satellite predictions have, and what was the model trained on?").text
    assert "CC BY 4.0" in text
    assert "labelled pixels" in text
    assert text.splitlines()[-1].count("satellite classifier") == 1


def test_agreement_is_asked_of_a_circle_too(demo):
    [(tool, arguments)] = steps("Do the satellite and the survey agree near Liège?", demo)
    assert (tool, arguments["near"]["name"]) == ("compare_with_survey", "Liège")


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_handful_of_pixels_no_rate_of_agreement_is_told(language, demo):
    whole = compare_with_survey(demo, regions=["nuts:FRM0"], land_cover=["B82"])
    few = replace(whole, facts={**whole.facts, "pixels": FEWEST_COMPARED - 1})
    told = {one.facts["pixels"]: agreement(one, Voice(language), demo) for one in (whole, few)}
    assert "%" in told[whole.facts["pixels"]]
    assert "%" not in told[19]
    assert "(19)" in told[19]


@pytest.mark.parametrize(
    ("language", "question"),
    [
        (
            "en",
            "Put the published share, the surveyed points and the satellite's count of vineyards in Corsica together.",
        ),
        ("de", "Weinberge auf Korsika laut Eurostat, laut Erhebung und laut Satellit?"),
    ],
)
def test_each_witness_named_beside_the_published_figures_says_what_it_has(language, question, demo):
    told = [tool for tool, _ in steps(question, demo, language)]
    assert told == ["official_share", "count_points", "classify_area"]
