"""Questions of several parts: where they are cut, what each knows of the one before, what is left out with a word."""

from __future__ import annotations

import pytest

from agent.render import render
from retrieval.query import Column, Filter, Query
from tools.context import Context
from tools.query import answer


@pytest.mark.parametrize(
    ("question", "tools"),
    [
        ("how many cropland points are in Bavaria in 2018, and by how much did cropland change there since 2009?",
         ["count_points", "change_official"]),
        ("¿Cuántos puntos de olivar hay en Jaén y cómo ha cambiado desde 2015?", ["count_points", "compare_years"]),
        ("which 3 regions of Italy have the most olive grove points, how did each change, and where are they?",
         ["rank_points", "compare_years", "compare_years", "compare_years", "find_points"]),
    ],
)  # fmt: skip
def test_each_part_is_a_step_that_knows_the_one_before(asked, question: str, tools: list[str]) -> None:
    answer = asked(question)
    assert [result.tool for result in answer.results] == tools


def test_a_forecast_in_a_later_part_is_refused(asked) -> None:
    answer = asked("which three regions of Spain have the most vineyard points, and how will each change by 2050?")
    assert (answer.status, answer.results) == ("refused", ())


def test_a_part_without_an_answer_is_named_beside_the_others(asked) -> None:
    answer = asked("compare olive groves in Puglia and Andalusia, and show where the classifier disagrees")
    assert answer.results[0].tool == "compare_official"
    assert any(caveat.startswith("Another part of the question could not be answered") for caveat in answer.caveats)


@pytest.mark.parametrize(
    "question",
    [
        "which country has the largest cropland share and how large was it in 2009",
        "which country has the largest cropland share, and what was it in 2009?",
        "quel pays a la plus grande part de terres cultivées et quelle était-elle en 2009 ?",
        "¿qué país tiene la mayor proporción de cultivos y cuál era en 2009?",
        "quale paese ha la quota più grande di colture e quanto era nel 2009?",
    ],
)
def test_what_is_said_of_the_first_is_about_the_first_alone(asked, question: str) -> None:
    ranking, share = asked(question).results
    assert [r.id for r in ranking.regions] == [r.id for r in share.regions] == ["country:DK"]
    assert (ranking.tool, share.tool, share.years) == ("rank_official", "official_share", (2009,))


def test_who_leads_in_another_year_is_ranked_again(asked) -> None:
    answer = asked("which country has the most forest, and which country had the most in 2009?")
    assert [(result.tool, result.years) for result in answer.results] == [
        ("rank_official", (2022,)),
        ("rank_official", (2009,)),
    ]


@pytest.mark.parametrize(
    "question",
    [
        "Which country has the highest and which the lowest share of woodland?",
        "Which country has the most woodland and which has the least?",
        "Welches Land hat den größten und welches den kleinsten Waldanteil?",
        "¿Qué país tiene la mayor y cuál la menor proporción de bosque?",
        "Quel pays a la plus grande part de forêt et lequel la plus petite ?",
    ],
)
def test_both_ends_of_a_ranking_are_two_rankings(asked, question: str) -> None:
    first, last = asked(question).results
    assert [result.tool for result in (first, last)] == ["rank_official", "rank_official"]
    assert [region.id for region in first.regions] == ["country:FI"]
    assert [region.id for region in last.regions] == ["country:MT"]


def test_two_rankings_of_two_classes_are_not_two_ends_of_one(asked) -> None:
    first, last = asked("Which region of Italy has the most olive groves and which the least vineyard?").results
    assert [result.land_cover for result in (first, last)] == [("B81",), ("B82",)]


@pytest.mark.parametrize(
    ("question", "years"),
    [
        ("how many wheat points are in Kent and how many in Essex in 2015?", [(2015,), (2015,)]),
        ("how much of Austria is cropland in 2015, and how many wheat points are there?", [(2015,), (2015,)]),
        ("Wie viel Prozent von Tirol sind Wald, und wie viel Grünland? Bitte von 2015.", [(2015,), (2015,)]),
    ],
)
def test_a_year_said_of_one_part_is_said_of_the_others(asked, question: str, years: list) -> None:
    assert [result.years for result in asked(question).results][:2] == years


def test_today_is_not_the_year_of_the_part_before(asked) -> None:
    answer = asked("how much of Denmark was cropland in 2015, and how much is it today?")
    assert [r.years for r in answer.results if r.tool == "official_share"] == [(2015,), (2022,)]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Is there more grassland than cropland in Ireland, and by how much?", "en"),
        ("Hat Estland zwischen 2009 und 2022 Wald dazugewonnen? Um wie viele Prozentpunkte?", "de"),
        ("In Sardegna c'è più bosco o più arbusteto? Di quanto?", "it"),
    ],
)
def test_by_how_much_is_of_the_question_before(asked, question: str, language: str) -> None:
    answer = asked(question)
    assert answer.status == "answered"
    assert answer.language == language
    assert len([result for result in answer.results if result.tool != "count_points"]) <= 2


def test_how_many_in_the_next_place_are_points_too(asked) -> None:
    answer = asked("Combien de points de blé dans l'Aisne et combien dans la Somme en 2015 ?")
    assert [(result.tool, result.years) for result in answer.results] == [("count_points", (2015,))] * 2


def test_a_later_part_without_a_survey_leaves_the_first_answered(asked) -> None:
    answer = asked("how many vineyard points are in Tuscany, and how many were there in 2012?")
    assert [result.tool for result in answer.results] == ["count_points"]
    assert any("There was no survey in 2012" in caveat for caveat in answer.caveats)


def test_a_sentence_that_asks_nothing_names_no_class(asked) -> None:
    answer = asked("I write about the beet industry. How many sugar beet points are in Picardy?")
    assert [(result.land_cover, result.land_use) for result in answer.results] == [(("B22",), ())]


def test_a_place_in_a_sentence_of_its_own_is_not_where_the_first_one_looks(asked) -> None:
    answer = asked("Which two countries have most shrubland and which two least? And how much has Portugal?")
    assert [len(r.regions) for r in answer.results[:2]] == [2, 2]
    assert [region.id for region in answer.results[2].regions] == ["country:PT"]


def test_each_of_the_ranked_may_be_asked_in_a_sentence_of_its_own(asked) -> None:
    question = (
        "Which two regions of Italy have most vineyard points? For each of them, how many vineyard points are there?"
    )
    ranking, *counts = asked(question).results
    assert ranking.tool == "rank_points"
    assert [count.regions[0].id for count in counts] == [region.id for region in ranking.regions]


@pytest.mark.parametrize(
    "question",
    [
        "How much woodland is there in Sweden in 2018, and how did cropland change in Poland between 2009 and 2022?",
        "Wie viel Wald gibt es in Schweden, und wie hat sich das Ackerland in Polen zwischen 2009 und 2022 verändert?",
        "Quanto bosco c'è in Svezia nel 2018 e come sono cambiate le colture in Polonia tra il 2009 e il 2022?",
    ],
)
def test_a_figure_here_and_a_change_there_are_no_one_table(asked, question: str) -> None:
    told = [(result.tool, [region.id for region in result.regions]) for result in asked(question).results]
    assert told == [("official_share", ["country:SE"]), ("change_official", ["country:PL"])]


def test_what_an_unknown_word_leaves_out_is_named(asked) -> None:
    answer = asked("Could you count Spanish grassland points of 2015 without the twice-mown ones?")
    assert (answer.status, answer.results) == ("refused", ())
    assert "mown" in answer.text


def test_how_many_remain_once_a_class_is_left_out_is_a_count(asked) -> None:
    answer = asked("Romania in 2018: cereal points, but please leave maize out of it. How many remain?")
    assert [(result.tool, result.arguments["exclude"]) for result in answer.results] == [("count_points", ["B16"])]


@pytest.mark.parametrize(("measure", "told"), [("points", True), ("mean_lat", False)])
def test_which_of_two_classes_there_is_most_of_is_said_of_queries_too(demo: Context, measure: str, told: bool) -> None:
    """Of how much there is, not of how far north it lies."""
    asked = [
        Query("survey", (Column("n", measure),), tuple(Filter(d, "in", v) for d, v in where))
        for where in (
            (("region", ("country:IT",)), ("year", (2018,)), ("land_cover", (code,))) for code in ("B81", "B82")
        )
    ]
    results = [answer(query, demo) for query in asked]
    text = render(results, "en", demo)
    most = max(results, key=lambda result: result.value).land_cover[0]
    name = {"B81": "olive groves (B81)", "B82": "vineyards (B82)"}[most]
    assert (f"Most: {name}." in text) == told, text
