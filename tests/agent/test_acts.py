"""Questions that ask for no table, and follow-ups that edit the last query."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.conversation import Conversation

DEFINED = [
    line.split("|")
    for line in (Path(__file__).parent / "definitions.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
"""A class, a language and a question that asks what belongs to the class."""


@pytest.mark.parametrize(("code", "question"), [(code, question) for code, _, question in DEFINED])
def test_what_belongs_to_a_class_is_its_definition(asked, code: str, question: str) -> None:
    answer = asked(question)
    assert answer.status == "answered", answer.text
    assert [result.arguments for result in answer.results] == [{"codes": [code]}]


@pytest.mark.parametrize(
    ("question", "codes"),
    [
        ("What counts as vineyards?", ["B82"]),
        ("What's the difference between B81 and B82?", ["B81", "B82"]),
        ("Was zählt als Strauchland?", ["D00"]),
        ("Qu'est-ce qui est compté comme zone humide ?", ["H00"]),
        ("Co se počítá jako mokřady", ["H00"]),
        ("Cad is brí leis an gcód B82?", ["B82"]),
        ("Τι θεωρείται θαμνώδης έκταση;", ["D00"]),
    ],
)
def test_what_a_class_is_is_said_from_the_code_book(asked, question: str, codes: list[str]) -> None:
    answer = asked(question)
    assert answer.status == "answered"
    assert [result.arguments for result in answer.results] == [{"codes": codes}]
    assert all(code in answer.text for code in codes)


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("Which years of survey data do you have?", "years"),
        ("Za které roky máte data?", "years"),
        ("In which years was the survey done?", "years"),
        ("Which years do the published land cover shares cover?", "years"),
        (
            "Could you tell me which years each of your two sources covers, the field survey and the published shares?",
            "years",
        ),
        ("How should I cite these figures?", "citation"),
        ("Quelle est la licence de ces données ?", "licence"),
        ("¿Con qué nivel de detalle regional trabajáis?", "levels"),
        ("how were these numbers measured?", "method"),
        ("what is NUTS2?", "nuts"),
        ("What is the difference between land cover and land use?", "themes"),
        ("Che differenza c'è tra copertura del suolo e uso del suolo nei dati LUCAS?", "themes"),
        ("What is LUCAS?", "method"),
        ("Why do the point counts and the Eurostat percentages differ?", "method"),
        ("Onder welke licentie mag ik deze kaarten in een krantenartikel gebruiken?", "licence"),
    ],
)
def test_what_is_asked_of_the_data_is_said_from_the_catalog(asked, question: str, about: str) -> None:
    answer = asked(question)
    assert [result.arguments for result in answer.results] == [{"about": about}]
    assert answer.status == "answered"


def test_a_count_of_a_class_is_no_definition(asked) -> None:
    assert asked("How many vineyard points count as organic?").results == ()
    assert asked("How many vineyard points are in Tuscany?").results[0].tool != "define_class"


def said(asked, *turns: str) -> list[str]:
    conversation = Conversation()
    return [asked(turn, conversation).text.splitlines()[0] for turn in turns]


def test_doubt_looks_the_same_up_again_and_thanks_are_answered(asked) -> None:
    first, again, why, thanks = said(
        asked, "How many vineyard points above 100 m in Italy in 2018?", "are you sure?", "why?", "thanks a lot!"
    )
    assert again == "Looked up again, with the same result."
    assert why.startswith("The data say what was seen")
    assert thanks == "You are welcome."
    assert first.startswith("Italy")


def test_doubt_without_a_question_before_says_so(asked) -> None:
    assert said(asked, "are you sure?") == ["There is no question before this one."]


def test_a_ranking_is_edited_step_by_step(asked) -> None:
    ranking = "Number of vineyard points by country in 2018"
    whole, less, three, one, before = said(
        asked, ranking, "leave out Spain", "just the first three", "the second one", "the year before"
    )
    assert "Spain" in whole
    assert "Spain" not in less.split("(")[0]
    assert three.split("(")[0].count("point") == 3
    assert one.startswith("France, 2018")
    assert before.startswith("France, 2015")


def test_a_condition_is_dropped_and_the_last_two_are_compared(asked) -> None:
    question = "How many olive grove points above 300 m in Spain in 2018?"
    first, dropped, other, both, back = said(
        asked, question, "drop the elevation", "and in Italy?", "compare the last two", "back to the one before"
    )
    assert "elevation" in first
    assert "elevation" not in dropped
    assert both.startswith("More: Spain")
    assert "Italy" in both
    assert back == other


def test_what_follows_on_this_region_has_no_place_of_its_own(asked) -> None:
    conversation = Conversation()
    assert asked("How much woodland is in this region?", conversation).status == "clarify"
    assert asked("and in 2015?", conversation).status == "clarify"


def test_a_place_that_is_not_known_is_never_replaced_by_the_one_before(asked) -> None:
    conversation = Conversation()
    asked("How much of Ireland was grassland in 2018?", conversation)
    assert asked("and in Xyzland?", conversation).status == "refused"


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        ("Which years and which countries do you have point data for?", ["years", "levels"]),
        ("How should I cite a map from this tool, and may I redistribute it?", ["licence", "citation"]),
    ],
)
def test_two_things_asked_of_the_data_are_both_told(asked, question: str, topics: list[str]) -> None:
    assert [result.arguments["about"] for result in asked(question).results] == topics


def test_a_name_that_goes_on_into_a_parenthesis_is_no_aside(asked) -> None:
    answer = asked("In Norte, Algarve and Centro (Portugal), what was the official shrubland percentage in 2018?")
    assert "Centro (Portugal) 19.7 %" in answer.text


def test_what_a_class_never_holds_is_not_left_out_of_it(asked) -> None:
    answer = asked("What fraction of the Dutch grassland area, in per cent, had no trees or shrubs in 2022?")
    assert answer.status == "refused"
