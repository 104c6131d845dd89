"""What stands behind "than", "out of" and "but not": places compared with one of their kind, parts of wholes, years."""

from __future__ import annotations

import pytest

from agent.ask import ask
from agent.conversation import Conversation
from tools.context import Context

pytestmark = pytest.mark.real

THAN = [
    ("Which countries have more woodland than Latvia?", {"FI", "SE", "SI", "EE"}),
    ("Welche Länder haben mehr Wald als Lettland?", {"FI", "SE", "SI", "EE"}),
    ("Quels pays ont plus de forêts que la Lettonie ?", {"FI", "SE", "SI", "EE"}),
    ("Które kraje mają więcej lasów niż Łotwa?", {"FI", "SE", "SI", "EE"}),
    ("Missä maissa on enemmän metsää kuin Latviassa?", {"FI", "SE", "SI", "EE"}),
    ("Mely országokban van több erdő, mint Lettországban?", {"FI", "SE", "SI", "EE"}),
    ("Quali paesi hanno meno boschi dei Paesi Bassi?", {"IE", "MT"}),
    ("Which regions of Spain have a higher share of vineyards than Catalonia?", {"ES23", "ES42", "ES62"}),
    ("Which countries have more vineyard points than Portugal in 2018?", {"ES", "IT", "FR"}),
    (
        "Kurās ES valstīs mežu īpatsvars ir lielāks nekā Latvijā, bet aramzemes īpatsvars mazāks?",
        {"FI", "SE", "SI", "EE"},
    ),
]


@pytest.mark.parametrize(("question", "places"), THAN)
def test_places_that_have_more_than_another(question: str, places: set[str], real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert told.status == "answered"
    first, rows = told.results
    assert len(first.regions) == 1
    assert {region.id.partition(":")[2] for region in rows.regions} <= {*places}
    assert rows.regions


def test_two_places_are_compared_with_each_other(real: Context) -> None:
    told = ask("Is woodland in Latvia larger than in Estonia?", real, router="builtin", debug=True)
    assert "Estonia" in told.text
    assert "Latvia" in told.text


def test_rows_of_a_place_s_own_kind_are_never_asked_in_it(real: Context) -> None:
    told = ask("Which countries have woodland like Latvia?", real, router="builtin", debug=True)
    assert [r.name for result in told.results for r in result.regions] != ["Latvia"]


WHOLES = [
    ("What fraction of the EU's total wetland area lies in Sweden, Finland and Ireland taken together?", "74.4 %"),
    ("share of points in Lower Austria that are vineyard, out of all its cropland points, 2015 and 2018", "2015"),
    (
        "Is it true that Germany has less grassland now than in 2012?",
        "Yes: Germany, grassland (E00): change −2 percent",
    ),
    ("In which years was the share of woodland in Sweden above 63 %?", "2012: 64.7 %"),
    ("the second largest crop in Spain in 2018", "Olive groves (B81): 3.1 %"),
    ("What is the third most common crop in Hungary in 2022?", "Sunflower (B31): 7 %"),
    ("third most common crop in Hungary at the 2022 survey?", "Sunflower (B31): 7 %"),
    ("Which regions of France had sunflower points in 2018 but not in 2015?", "Burgundy 1 point"),
    ("what is the second crop of Piedmont?", "Common wheat (B11): 3.9 %"),
    ("vineyard points in Italy sorted by elevation", "Elevation 967 m"),
    ("Kolik je lesa v Česku?", "36,7 %"),
    ("Kiek miško yra Lietuvoje?", "37,7 %"),
    ("In the Polish regions where woodland covers over 35 %, what is the average share of cropland?", "Subcarpathia"),
]


@pytest.mark.parametrize(("question", "told"), WHOLES)
def test_parts_years_and_places_in_an_order(question: str, told: str, real: Context) -> None:
    answer = ask(question, real, router="builtin", debug=True)
    assert answer.status == "answered"
    assert told in answer.text


def test_the_mean_of_another_class_in_the_places_of_a_condition(real: Context) -> None:
    question = "In the Polish regions where woodland covers over 35 %, what is the average share of cropland?"
    first, second = ask(question, real, router="builtin", debug=True).results
    assert {r.id for r in second.regions} == {r.id for r in first.regions}
    assert isinstance(second.value, float)


def test_points_of_one_year_that_were_another_class_in_the_next(real: Context) -> None:
    question = "How many of the sunflower points of 2015 in Bulgaria were wheat in 2018?"
    (table,) = ask(question, real, router="builtin", debug=True).results
    assert table.arguments["source"] == "revisits"


def test_an_order_that_no_rule_holds_is_refused(real: Context) -> None:
    told = ask("In the region of Italy with the most rice, what is the second crop?", real, router="builtin")
    assert (told.status, "the second" in told.text) == ("refused", True)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Which departments of France have more than 20 % vineyards?", "departments"),
        ("vineyard share by department in France", "department"),
        ("what percent of Danish cropland points from 2009 were still cropland at every later visit?", "2009"),
        ("De los puntos que en 2009 eran matorral en Andalucía, ¿en qué se habían convertido en 2018?", "2009"),
    ],
)
def test_a_level_or_a_year_that_is_not_there_is_refused(question: str, named: str, real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert told.status == "refused"
    assert named in told.text


def test_states_of_austria_are_nuts_2_and_both_left_out_are(real: Context) -> None:
    question = "Österreichische Bundesländer, in denen Wald mehr als die Hälfte ausmacht, Tirol und Kärnten ausgenommen"
    (table,) = ask(question, real, router="builtin", debug=True).results
    assert [r.id for r in table.regions] == ["nuts:AT22"]


def test_areas_are_said_without_digits_that_mean_nothing(real: Context) -> None:
    told = ask("Колко квадратни километра гори имаше в България през 2022 г.?", real, router="builtin", debug=True)
    assert "49 615 км²" in told.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        (["CV of the artificial land share in Malta in 2018?", "And Luxembourg's?"], "7.4 %"),
        (["Jaki był udział terenów podmokłych w Polsce w 2015?", "A w 2018?"], "2018, mokradła (H00): 0,8 %"),
        (["Top five countries by olive groves 2022."], "Cyprus 3.4 % (2.7–4.2) (2022"),
        (["Common wheat plus barley in Hungary in 2018: what is the combined share and its margin?"], "8.9 % (8–9.9"),
        (
            ["Did bare land in Spain really increase between 2018 and 2022 or is that just noise?"],
            "larger than sampling error",
        ),
        (
            ["In which of the survey years was Latvia's grassland share at its lowest, and what was it?"],
            "Least: 2022: 19.7 %",
        ),
    ],
)
def test_sums_of_classes_the_first_of_many_and_whose_place_are_read(turns: list[str], told: str, real: Context) -> None:
    talk = Conversation()
    assert told in [ask(turn, real, router="builtin", conversation=talk, debug=True).text for turn in turns][-1]


def test_points_that_went_from_one_class_to_another_are_those_visited_twice(real: Context) -> None:
    question = "How many German points went from cropland in 2015 to grassland in 2018?"
    (table,) = ask(question, real, router="builtin", debug=True).results
    assert (table.arguments["source"], table.value) == ("revisits", 20)
