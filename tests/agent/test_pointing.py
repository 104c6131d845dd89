"""Follow-ups that point at what was asked before: "those", "the two", "and below?"; counted by pandas."""

from __future__ import annotations

import pytest

from agent.ask import ask
from agent.conversation import Conversation
from tools.context import Context

pytestmark = pytest.mark.real


def talked(turns: list[str], real: Context) -> list[str]:
    talk = Conversation()
    return [ask(turn, real, router="builtin", conversation=talk, debug=True).text for turn in turns]


COUNTED = [
    (["How many maize points in Hungary in 2018?", "How many of these were maize in 2015 too?", "same for Romania"],
     [51, 20, 20]),
    (["Combien de points de tournesol en France en 2015 ?",
      "Parmi ceux-là, combien étaient du blé trois ans plus tard ?"],
     [78, 28]),
    (["How many sunflower points in Bulgaria in 2018?", "what were those in 2015?", "and how many of them were wheat?"],
     [84, 33, 33]),
    (["What happened by 2018 to the Spanish points that were cropland in 2015?",
      "How many of them ended up as grassland?", "No, I meant in Portugal."], [1441, 120, 11]),
    (["How many olive points above 300 m in Greece in 2018", "and below?", "and without Crete?"], [17, 70, 60]),
    (["How many points were surveyed in Austria in 2018?", "how many of them are woodland?"], [449, 210]),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "counts"), COUNTED)
def test_points_are_narrowed_further_or_looked_at_in_another_year(
    turns: list[str], counts: list[int], real: Context
) -> None:
    talk = Conversation()
    answers = [ask(turn, real, router="builtin", conversation=talk, debug=True) for turn in turns]
    values = [a.results[0].value if a.results[0].value is not None else a.results[0].table.rows[0][1] for a in answers]
    assert values == counts


TOGETHER = [
    (["Which Italian regions have most rice points in 2018?", "How many is that in total?"],
     "Piedmont and Lombardy, 2018, rice (B17): 7 "),
    (["How many olive points in Spain, Italy and Greece in 2018?", "in total?"],
     "Spain, Italy and Greece, 2018, olive groves (B81): 417 "),
    (["How many wheat points are there per country in 2018?", "How many is that altogether?"],
     "2018, wheat (B11, B12): 1,789 "),
    (["Woodland share in Spain and Portugal?", "and both together?"],
     "Spain and Portugal, 2022, woodland (C00): 35.1 %"),
    (["Share of woodland in Croatia in 2022", "And Slovenia?", "How much more is that?"], "More: Slovenia 61.3 %"),
    (["Waldanteil in Kroatien 2022", "Und in Slowenien?", "Wie groß ist der Unterschied?"], "Mehr: Slowenien 61,3 %"),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "told"), TOGETHER)
def test_the_rows_before_are_taken_as_one_or_the_last_two_apart(turns: list[str], told: str, real: Context) -> None:
    assert talked(turns, real)[-1].startswith(told)


def test_the_rows_before_are_kept_by_a_condition_and_asked_about_another_class(real: Context) -> None:
    turns = ["Which countries have the most vineyard points?", "How many of them have more than 20?",
             "And olive groves in those countries?"]  # fmt: skip
    _, kept, others = talked(turns, real)
    assert kept.startswith("3 regions: Spain 113 points; France 59 points; Italy 81 points")
    told = ("Spain 231 points", "Italy 99 points", "France 4 points")
    assert [others.index(one) for one in told] == sorted(map(others.index, told))


def test_the_change_is_the_one_between_the_years_asked_about(real: Context) -> None:
    polish = ["Ile procent Polski zajmowały lasy w 2022 roku?", "A w 2009?", "O ile punktów się to zmieniło?"]
    english = ["What part of Sweden was wooded in 2022?", "Now the same for 2018.", "So how much did it change?"]
    assert "+5 punktów procentowych (od +4,1 do +5,9)" in talked(polish, real)[-1]
    assert "no detectable change: −0.7 percentage points (from −3.2 to +1.8" in talked(english, real)[-1]


def test_one_of_the_last_two_is_found_by_another_class_or_place(real: Context) -> None:
    finnish = ["Montako kuusikkopistettä Suomessa oli 2018?", "Entä mäntyä?", "Kumpi oli yleisempi Ruotsissa?"]
    polish = ["Ile procent Polski zajmowały lasy w 2022 roku?", "A w Niemczech?",
              "Które z tych dwóch państw miało więcej gruntów pod uprawami w 2022 roku?"]  # fmt: skip
    assert talked(finnish, real)[-1].startswith("Enemmän: mäntymetsä (C22) 430 pistettä; kuusimetsä (C21) 316")
    assert talked(polish, real)[-1].startswith("Więcej: Polska 32,5 %")


def test_a_ranking_is_asked_on(real: Context) -> None:
    turns = ["Which country has the most grassland?", "and the second?", "how much does it have in hectares?"]
    second, area = talked(turns, real)[1:]
    assert second.startswith("Netherlands: 33.4 % (32.4–34.4), number 2 of 27")
    assert area.startswith("Netherlands, 2022, grassland (E00): area 1,248,859 ha")


def test_a_place_is_found_in_the_ranking_before(real: Context) -> None:
    turns = ["Which five EU countries had the largest cropland share in 2022?", "Where does France come?",
             "What about built-up land instead?", "Name the top three for that.",
             "How does the first of those compare with its own figure of 2012?"]  # fmt: skip
    _, rank, _, three, moved = talked(turns, real)
    assert rank.startswith("France: 27.3 % (26.9–27.7), number 11 of 27 countries")
    assert three.startswith("Most: Malta 25.9 %")
    assert "Malta" in moved
    assert "2012: 23.8 %" in moved


def test_those_that_are_not_there_are_not_passed_over(real: Context) -> None:
    turns = ["Which regions of Italy have more than 50 vineyard points?", "which of these have olive groves too?"]
    none, those = talked(turns, real)
    assert none.startswith("None")
    assert "“of these”" in those


def test_there_are_the_rows_before(real: Context) -> None:
    turns = ["Which NUTS 2 regions of Spain have the most olive points?", "only the first three",
             "what is the mean elevation of those?", "what about grassland there?"]  # fmt: skip
    heights, grass = talked(turns, real)[2:]
    assert heights.startswith("Most: Castile-La Mancha ")
    assert heights.count(" points)") == 3
    assert "Andalusia" in grass
    assert "Galicia" not in grass


def test_more_than_then_is_answered_with_yes_or_no(real: Context) -> None:
    turns = ["How much woodland does Austria have?", "Is that more than in 2009?", "By how much?",
             "And compared with Slovenia?"]  # fmt: skip
    _, more, margin, beside = talked(turns, real)
    assert more.startswith("Yes: ")
    assert "+2.7 percentage points (from +1.4 to +4.0)" in margin
    assert beside.startswith("More: Austria +2.7")


def test_a_year_without_elevations_is_refused_in_the_language_of_the_question(real: Context) -> None:
    said = ask("Wie viele Maispunkte gibt es 2015 oberhalb von 300 m in Polen?", real, router="builtin")
    assert (said.status, said.text) == ("refused", "2015 wurden keine Höhen erhoben; 2018 hat sie.")


ASKED_ON = [
    (["How has built-up land in Spain changed since 2009?", "which region grew most?"],
     "Largest increase: Balearic Islands +6.4 percentage points"),
    (["How much of Slovenia is forest?", "And what about the EU as a whole?", "So Slovenia is how many times the EU?"],
     "2022, woodland (C00): ratio 1.5 times (1.47–1.53)"),
    (["Number of rapeseed points per country in 2018", "leave out Germany", "only those with at least 40"],
     "Most: France 137 points; then Poland 59 points; Czechia 45 points (2018, rapeseed (B32)"),
    (["Welke drie provincies van Nederland hebben het meeste grasland?", "en welke het minste?",
      "hoeveel procent is dat?"],
     "Flevoland, 2022, grasland (E00): 7,2 %"),
    (["How many vineyard points in Italy in 2018?", "which is the highest?"], "Elevation 967 m: point 40942518"),
    (["Combien de maïs en France en 2022 ?", "et de combien a-t-il changé depuis 2009 ?"],
     "France, maïs (B16) : évolution −1,6 point de pourcentage (de −1,9 à −1,3)"),
    (["How many points did surveyors visit in Greece in 2018?", "how many in 2015?",
      "how many were visited in both years?"],
     "Greece, 2015–2018: 552 points"),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "beginning"), ASKED_ON)
def test_what_a_follow_up_leaves_out_is_that_of_the_query_before(
    turns: list[str], beginning: str, real: Context
) -> None:
    assert talked(turns, real)[-1].startswith(beginning)


def test_provinces_stand_in_where_the_store_has_no_nuts_3(real: Context) -> None:
    said = ask(
        "En qué provincias de España hay más de 25 puntos de olivar en 2018?", real, router="builtin", debug=True
    )
    assert [region.name for region in said.results[0].regions] == ["Jaén", "Granada", "Córdoba"]


def test_an_article_points_at_nothing_and_a_whole_question_keeps_no_condition(real: Context) -> None:
    german = ["Wie viele Weinbergpunkte gibt es in Rheinland-Pfalz?", "welche davon über 200 m?",
              "Wie hoch ist der Waldanteil in Thüringen?"]  # fmt: skip
    french = ["Où sont les vignes en Alsace ?", "lesquelles sont au-dessus de 300 m ?",
              "Quelle est la part de forêt en Lorraine ?"]  # fmt: skip
    assert "Wald (C00): 33 %" in talked(german, real)[-1]
    assert "(C00) : 40,8 %" in talked(french, real)[-1]


def test_those_of_a_question_that_was_asked_back_are_none(real: Context) -> None:
    assert "“of those”" in talked(["Where are orchards in Limburg?", "which of those are above 100 m?"], real)[-1]


def test_another_class_is_asked_of_the_same_rows(real: Context) -> None:
    turns = ["Which EU countries lost the most farmland between 2009 and 2022?", "and gained the most forest?"]
    ranked = ["Which regions of Poland have the most grassland?", "top 5 of those"]
    assert talked(turns, real)[-1].startswith("Largest increase: Spain +9.5 percentage points")
    assert talked(ranked, real)[-1].count(" %") == 5
