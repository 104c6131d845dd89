"""Questions of several parts: where they are cut, what each knows of the one before, what is left out with a word."""

from __future__ import annotations

import pytest

from agent.parts import parts_of


@pytest.mark.parametrize(
    ("language", "question", "parts"),
    [
        ("en", "how much of Bavaria was cropland in 2018? What share was it in 2012?", 2),
        ("en", "how many vineyard points are in Sicily. Then show them on a map.", 2),
        ("en", "how many points, and by how much did it change?", 2),
        ("en", "show vineyards in Burgundy and tell me how many there are", 2),
        ("en", "how many vineyard points are in Sicily? Thank you very much.", 1),
        ("en", "how many vineyard points are there in Spain and Portugal?", 1),
        ("en", "where is wheat in Bosnia and Herzegovina", 1),
        ("fr", "Combien de points de vigne en Gironde, puis quelle part de l'Aquitaine ?", 2),
        ("de", "Wie viel von Bayern war 2018 Ackerland? Und in welchem Jahr am meisten?", 2),
        ("es", "¿Cuántos puntos de olivar hay en Jaén y cómo ha cambiado desde 2015?", 2),
        ("it", "Quanti punti di vigneto ci sono in Toscana, e poi mostrali sulla mappa", 2),
        ("nl", "Hoeveel procent is grasland, en hoe is dat sinds 2009 veranderd?", 2),
        ("pl", "Ile punktów kukurydzy jest w Mazowieckiem i jak się to zmieniło od 2015?", 2),
        ("pt", "Quantos pontos de vinha há no Alentejo e onde estão?", 2),
    ],
)
def test_a_question_is_cut_where_another_is_opened(language: str, question: str, parts: int) -> None:
    assert len(parts_of(question, language)) == parts


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
