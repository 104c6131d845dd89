"""Thirty questions whose answers carry an interval, or say why not; gold by the formulas from the published columns."""

from __future__ import annotations

from math import exp, log, sqrt

import pytest

from agent.answer import Answer
from agent.ask import ask
from retrieval.statistics_files import read_region_areas, read_statistics
from retrieval.store import Store
from tools.context import Context

Z, GRID_KM2, ROUNDING = 1.959964, 4.0, 0.1**2 / 12 / 1e4
FIGURES = {(r["code"], r["land_cover"], r["year"]): (r["value"], r["cv"]) for r in read_statistics().to_pylist()}
AREAS = {(r["code"], r["year"]): r["area_km2"] for r in read_region_areas().to_pylist()}


@pytest.fixture(scope="module")
def context(demo_store: Store) -> Context:
    return Context.open(demo_store)


def asked(question: str, context: Context) -> Answer:
    return ask(question, context, router="builtin", debug=True)


def area_of(code: str) -> float:
    return next(km2 for (own, _), km2 in sorted(AREAS.items(), key=lambda one: -one[0][1]) if own == code)


def error_of(code: str, cover: str, year: int) -> tuple[float, float]:
    """Share and standard error as fractions: Eurostat's coefficient, the 2 km grid, rounding where it counts."""
    percent, cv = FIGURES[code, cover, year]
    share = percent / 100
    variance = (cv / 100 * share) ** 2 + share * (1 - share) / (area_of(code) / GRID_KM2)
    return share, sqrt(variance + (ROUNDING if variance / 16 < ROUNDING else 0))


def interval_of(code: str, cover: str, year: int) -> tuple[float, float]:
    """The 95 % interval of a share on the logit scale."""
    share, se = error_of(code, cover, year)
    middle, half = log(share / (1 - share)), Z * se / (share * (1 - share))
    return 1 / (1 + exp(half - middle)), 1 / (1 + exp(-half - middle))


SHARES = [
    ("How much of Bavaria was grassland in 2022?", "DE2", "E00", 2022),
    ("What share of Austria was artificial land in 2018?", "AT", "A00", 2018),
    ("How much of Languedoc-Roussillon was vineyard in 2018?", "FRJ1", "B82", 2018),
    ("What percentage of Andalusia was covered by olive groves in 2022?", "ES61", "B81", 2022),
    ("Wie viel Prozent von Bayern waren 2018 Wald?", "DE2", "C00", 2018),
    ("Quelle part de l'Alsace était en vigne en 2022 ?", "FRF1", "B82", 2022),
    ("¿Qué porcentaje de Galicia era bosque en 2022?", "ES11", "C00", 2022),
    ("Che quota della Toscana era vigneto nel 2022?", "ITI1", "B82", 2022),
    ("How sure is the share of cropland in Denmark in 2018?", "DK", "B00", 2018),
    ("What is the confidence interval for wetland in Estonia in 2022?", "EE", "H00", 2022),
    ("share of water in Finland 2022 with its margin of error", "FI", "G00", 2022),
    ("How much of Romania was common wheat in 2018?", "RO", "B11", 2018),
]


@pytest.mark.parametrize(("question", "code", "cover", "year"), SHARES)
def test_a_share_is_told_with_its_interval(question: str, code: str, cover: str, year: int, context: Context) -> None:
    [result] = [one for one in asked(question, context).results if one.tool == "official_share"]
    assert (result.value, result.level) == (FIGURES[code, cover, year][0], 0.95)
    assert result.interval == pytest.approx([100 * end for end in interval_of(code, cover, year)], abs=0.06)
    assert result.facts["uncertainty"]["source_se"] == "Eurostat CVA"


AREA_OF = [
    ("How many km² of vineyards were there in Andalusia in 2022?", "ES61", "B82", 2022, (263, 110, 627)),
    ("vineyards of Languedoc-Roussillon in 2022 in km2", "FRJ1", "B82", 2022, (2737, 2434, 3072)),
    ("How many km² of Languedoc-Roussillon were vineyard in 2018?", "FRJ1", "B82", 2018, (636, 371, 1082)),
    ("How many km2 of vineyard in Rheinhessen-Pfalz in 2022?", "DEB3", "B82", 2022, (548, 464, 646)),
    ("How many km² of Spain were vineyard in 2015?", "ES", "B82", 2015, (2493, 2090, 2972)),
]  # fmt: skip


@pytest.mark.parametrize(("question", "code", "cover", "year", "told"), AREA_OF)
def test_an_area_is_told_with_its_interval(
    question: str, code: str, cover: str, year: int, told: tuple[int, int, int], context: Context
) -> None:
    [result] = [one for one in asked(question, context).results if one.tool == "official_share"]
    assert result.unit == "km2"
    assert [result.value, *(result.interval or ())] == pytest.approx(told, abs=1 + told[0] * 1e-3)
    ends = [area_of(code) * end for end in interval_of(code, cover, year)]
    assert [*(result.interval or ())] == pytest.approx(ends, rel=3e-3)


CHANGES = [
    ("Did grassland shrink in Bavaria between 2015 and 2018?", "DE2", "E00", "no detectable change"),
    ("Has artificial land in the Netherlands grown between 2015 and 2018?", "NL", "A00", ""),
    ("How did cropland change in Denmark from 2015 to 2018?", "DK", "B00", ""),
]


@pytest.mark.parametrize(("question", "code", "cover", "said"), CHANGES)
def test_a_change_is_told_with_what_could_have_been_seen(
    question: str, code: str, cover: str, said: str, context: Context
) -> None:
    answer = asked(question, context)
    [result] = [one for one in answer.results if one.tool == "change_official"]
    first, last = (FIGURES[code, cover, year] for year in (2015, 2018))
    errors = [value / 100 * cv / 100 for value, cv in (first, last)]
    se = 100 * sqrt(sum(error**2 for error in errors))
    difference = last[0] - first[0]
    low, high = result.interval or (0, 0)
    assert (low, high) == pytest.approx((difference - Z * se, difference + Z * se), abs=0.12)
    assert said in answer.text
    assert ("no detectable change" in answer.text) is (low < 0 < high)


@pytest.mark.parametrize(
    "question",
    ["Did olive groves grow in Spain from 2015 to 2018?", "How did vineyards change in Italy between 2015 and 2018?"],
)
def test_editions_that_cannot_be_compared_are_not(question: str, context: Context) -> None:
    assert "cannot be compared" in asked(question, context).text


@pytest.mark.parametrize(("question", "begins", "limit"), [
    ("Which three countries lost most grassland between 2015 and 2018?", "Among those whose two years can be", 3),
    ("In welchen drei Ländern ist das Grünland zwischen 2015 und 2018 am stärksten zurückgegangen?", "Unter denen", 3),
    ("Quels sont les trois pays qui ont perdu le plus de prairies entre 2015 et 2018 ?", "Parmi ceux dont", 3),
])  # fmt: skip
def test_a_ranking_by_change_names_those_whose_years_cannot_be_compared(
    question: str, begins: str, limit: int, context: Context
) -> None:
    answer = asked(question, context)
    rows = list(answer.results[0].table.dicts())
    ranked, apart = ([row for row in rows if (row["rank"] is not None) is known] for known in (True, False))
    assert answer.text.startswith(begins)
    assert [row["rank"] for row in ranked] == [1, 2, 3][:limit]
    assert {row["region_id"] for row in apart} == {"country:PT", "country:ES", "country:EL", "country:IT"}
    assert all(row["after"] - row["before"] <= ranked[-1]["change"] for row in apart)
    assert all(row["region"] in answer.text for row in apart)


def test_countries_that_lost_more_than_so_many_points_are_kept(context: Context) -> None:
    answer = asked(
        "In which countries did cropland shrink by more than 3 percentage points from 2015 to 2022?", context
    )
    changes = [row["change"] for row in answer.results[0].table.dicts()]
    assert changes
    assert all(change < -3 for change in changes)
    counted = asked(
        "In how many countries did woodland grow by at least 2 percentage points from 2015 to 2022?", context
    )
    assert counted.text.startswith("9 countries")


def test_regions_whose_intervals_overlap_cannot_be_told_apart(context: Context) -> None:
    for question, codes, cover, year in (
        ("Is there more vineyard in ES61 or ES51 in 2022?", ("ES61", "ES51"), "B82", 2022),
        ("Compare grassland in Bavaria and Baden-Württemberg in 2022", ("DE2", "DE1"), "E00", 2022),
        ("Is there more woodland in Carinthia or Styria in 2018?", ("AT21", "AT22"), "C00", 2018),
    ):
        answer = asked(question, context)
        (a, se_a), (b, se_b) = (error_of(code, cover, year) for code in codes)
        apart = abs(a - b) > Z * sqrt(se_a**2 + se_b**2)
        assert ("cannot be told apart" in answer.text) is not apart, answer.text


def test_a_rank_is_told_as_far_as_it_is_known(context: Context) -> None:
    text = asked("Which German region has the most vineyard?", context).text
    assert "keeps this rank" in text
    ranking = asked("Which regions of Spain have the largest share of grassland in 2022?", context)
    assert "lies between rank" in ranking.text or "keeps this rank" in ranking.text


@pytest.mark.parametrize(
    "question",
    [
        "How much of the commune of Beaune is vineyard in 2022?",
        "How much unused artificial land is there in France?",
        "What part of Italy's water lies above 500 m?",
    ],
)
def test_what_the_data_cannot_carry_is_refused(question: str, context: Context) -> None:
    answer = asked(question, context)
    assert answer.status != "answered" or not any(result.interval for result in answer.results)


@pytest.mark.parametrize(
    "question",
    ["What does this interval mean?", "Was bedeutet diese Spanne?", "Que signifie cet intervalle ?"],
)
def test_an_interval_is_explained_in_two_sentences(question: str, context: Context) -> None:
    answer = asked(question, context)
    assert [result.tool for result in answer.results] == ["explain_interval"]
    assert "95" in answer.text
    assert "100" in answer.text
