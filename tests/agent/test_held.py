"""No place, class or year that was read is left out of the queries: asked of each year, or left to another reading."""

from __future__ import annotations

import pytest

from agent.ask import ask
from agent.conversation import Conversation
from agent.reading.held import dropped, in_each_year
from agent.reading.read import read
from retrieval.query import Column, Filter, Query
from tools.context import Context

pytestmark = pytest.mark.real

POINTS = Column("points", "points")
RYE, Y2018 = Filter("land_cover", "in", ("B14",)), Filter("year", "in", (2018,))
QUESTION = "rye points in Spain in 2015 and 2018"


def test_a_query_of_one_of_two_years_becomes_rows_of_both(real: Context) -> None:
    spain = Filter("region", "in", ("country:ES",))
    (both,) = in_each_year([Query("survey", (POINTS,), (spain, RYE, Y2018))], read(QUESTION, "en", real))
    assert [g.dimension for g in both.rows] == ["year"]
    assert both.filters("year") == (Filter("year", "in", (2015, 2018)),)
    assert dropped([both], read(QUESTION, "en", real), real) == []


@pytest.mark.parametrize(
    ("where", "gone"),
    [
        ((RYE, Y2018), ["2015", "Spain"]),
        ((Filter("region", "in", ("country:ES",)), Y2018), ["2015", "rye"]),
        ((Filter("region", "in", ("country:PT",)), RYE, Filter("year", "in", (2015, 2018))), ["Spain"]),
    ],
)
def test_what_a_query_says_nothing_of_is_named(where: tuple[Filter, ...], gone: list[str], real: Context) -> None:
    assert dropped([Query("survey", (POINTS,), where)], read(QUESTION, "en", real), real) == gone


def test_a_ranking_of_two_years_is_one_of_each(real: Context) -> None:
    question = "Which three countries had most rye points in 2015 and in 2018, without Poland?"
    first, second = ask(question, real, router="builtin", debug=True).text.splitlines()[:2]
    assert "without Poland, 2015" in first
    assert "without Poland, 2018" in second


def test_a_year_that_has_no_elevations_is_not_left_out(real: Context) -> None:
    told = ask("number of points above 500 m in Austria for 2018 and 2015", real, router="builtin", debug=True)
    assert (told.status, told.text) == ("refused", "No elevations were recorded in 2015; 2018 has them.")


CV = [
    ("What is the coefficient of variation of vineyards in France in 2015?", "coefficient of variation 5.4 %"),
    ("CV of grassland in Bavaria in 2018 and in 2022", "2018: 3.1 %; 2022: 0.9 %"),
    ("Variationskoeffizient der Rebflächen in Frankreich 2015", "Variationskoeffizient 5,4 %"),
    ("Quel est le coefficient de variation des vignes en France en 2015 ?", "coefficient de variation 5,4"),
    ("Jaki jest współczynnik zmienności dla winnic we Francji w 2015?", "współczynnik zmienności 5,4 %"),
    ("Mikä on viinitarhojen variaatiokerroin Ranskassa 2015?", "variaatiokerroin 5,4"),
]


@pytest.mark.parametrize(("question", "told"), CV)
def test_the_published_coefficient_of_variation_is_a_measure(question: str, told: str, real: Context) -> None:
    answer = ask(question, real, router="builtin", debug=True)
    assert answer.status == "answered"
    assert told in answer.text


DONE = [
    ("How much forest was cut down in Sweden in 2018?", "cut"),
    ("How much forest was felled in Sweden in 2018?", "felled"),
    ("Combien de forêts ont été coupées en Suède en 2018 ?", "coupées"),
    ("¿Cuántos olivos fueron arrancados en España en 2018?", "arrancados"),
    ("Quanti boschi sono stati bruciati in Sicilia nel 2018?", "bruciati"),
]


@pytest.mark.parametrize(("question", "word"), DONE)
def test_what_was_done_to_a_class_is_not_answered_by_how_much_of_it_there_is(
    question: str, word: str, real: Context
) -> None:
    answer = ask(question, real, router="builtin", debug=True)
    assert answer.status == "refused"
    assert word in answer.text


@pytest.mark.parametrize(
    "turns",
    [
        ("How many irrigated maize points in Italy in 2018?", "and in Spain?"),
        ("Show me bare land above 1500 m in the Alps", "the same for Spain"),
        ("Wie viele Maispunkte gibt es in Atlantis 2018?", "und in Spanien?"),
    ],
)
def test_a_question_that_goes_on_from_one_without_an_answer_is_asked_what_of(
    turns: tuple[str, str], real: Context
) -> None:
    talk = Conversation()
    first, second = (ask(turn, real, router="builtin", conversation=talk, debug=True) for turn in turns)
    assert (first.status, second.status) == ("refused", "clarify")


def test_a_noun_before_the_verb_that_ends_a_question_is_not_dropped(real: Context) -> None:
    question = "Wie viele Grünlandpunkte in Schleswig-Holstein wurden 2018 mit Glyphosat behandelt?"
    answer = ask(question, real, router="builtin", debug=True)
    assert answer.status == "refused"
    assert "Glyphosat" in answer.text


def test_years_later_goes_on_from_any_count(real: Context) -> None:
    talk = Conversation()
    turns = ("How many vineyard points were there in Tuscany in 2015?", "and three years later?")
    told = [ask(turn, real, router="builtin", conversation=talk, debug=True) for turn in turns]
    assert [answer.results[0].value for answer in told] == [12, 11]


def test_territory_is_no_level_of_regions(real: Context) -> None:
    question = "Aký podiel územia Slovenska pokrývali v roku 2022 listnaté lesy?"
    assert "27,8 %" in ask(question, real, router="builtin", debug=True).text


@pytest.mark.parametrize(
    ("question", "years"),
    [
        ("How many maize points are there in Bavaria, but not in 2015?", [2018]),
        ("maize points in Bavaria, not 2015 but 2018", [2018]),
        ("Wie viele Maispunkte gibt es in Bayern außer 2018?", [2015]),
        ("Combien de points de vigne en France, sauf en 2015 ?", [2018]),
        ("¿Cuántos puntos de olivo hay en España, excepto en 2018?", [2015]),
        ("Woodland share of Sweden in every survey but 2018", [2009, 2012, 2015, 2022]),
        ("Woodland share of Sweden except in 2009 and 2012", [2015, 2018, 2022]),
    ],
)
def test_years_left_out_are_not_the_years_told_of(question: str, years: list[int], real: Context) -> None:
    (told,) = ask(question, real, router="builtin", debug=True).results
    filters = told.arguments.get("where", [{"dimension": "year", "values": told.arguments.get("years")}])
    assert [list(f["values"]) for f in filters if f["dimension"] == "year"] == [years]


def test_a_year_left_out_of_a_comparison_leaves_one_of_each_other(real: Context) -> None:
    question = "Compare grassland in Ireland and France, all years but 2009 and 2012"
    heads = ask(question, real, router="builtin", debug=True).text.splitlines()[:3]
    assert [y for head in heads for y in ("2009", "2012", "2015", "2018", "2022") if y in head] == [
        "2015",
        "2018",
        "2022",
    ]


@pytest.mark.parametrize(
    ("question", "circle"),
    [
        ("vineyard points near Florence above 100 m", "elevation above 100 m, within 20 km of Florence"),
        ("Where does durum wheat grow near Foggia above 100 m?", "elevation above 100 m, within 20 km of Foggia"),
    ],
)
def test_a_place_near_which_stands_beside_another_condition(question: str, circle: str, real: Context) -> None:
    assert circle in ask(question, real, router="builtin", debug=True).text


def test_near_a_region_beside_a_condition_is_refused(real: Context) -> None:
    assert ask("maize points near Bavaria above 300 m", real, router="builtin", debug=True).status == "refused"


@pytest.mark.parametrize(
    ("question", "points"),
    [
        ("Where is maize grown above 300 m in Bavaria?", "21 points"),
        ("Wo wächst Mais in Bayern über 300 m?", "21 Punkte"),
        ("Gdzie rośnie kukurydza we Włoszech powyżej 300 m?", "15 punktów"),
        ("Hol terem a kukorica Olaszországban 300 m felett?", "15 pont"),
    ],
)
def test_a_plant_that_grows_somewhere_is_no_change(question: str, points: str, real: Context) -> None:
    assert ask(question, real, router="builtin", debug=True).text.startswith(points)


def test_woodland_that_has_grown_is_a_change(real: Context) -> None:
    assert "no detectable change" in ask("Has woodland in Sweden grown since 2009?", real, router="builtin").text
