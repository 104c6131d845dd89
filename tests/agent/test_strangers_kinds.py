"""Kinds that strangers said and nobody had thought of, each in several languages: all come to one answer."""

from __future__ import annotations

import pytest

from agent.ask import ask
from tools.context import Context

NOT_THE_SAME = [
    "How many Irish points whose main land cover class was not the same in 2018 as in 2015 are there?",
    "Wie viele Punkte in Irland, deren Hauptklasse der Bodenbedeckung 2018 nicht dieselbe war wie 2015, gibt es?",
    "Combien de points irlandais dont la classe principale d'occupation n'était pas la même en 2018 qu'en 2015 ?",
    "¿Cuántos puntos irlandeses cuya clase principal de cobertura no era la misma en 2018 que en 2015 hay?",
    "Hvor mange irske punkter, hvis hovedklasse ikke var den samme i 2018 som i 2015?",
    "Hány olyan írországi pont van, amelynek a főosztálya 2018-ban nem volt ugyanaz, mint 2015-ben?",
    "Ile jest irlandzkich punktów, których główna klasa w 2018 roku nie była taka sama jak w 2015?",
    "Câte puncte irlandeze a căror clasă principală nu era aceeași în 2018 și în 2015?",
    "Πόσα ιρλανδικά σημεία των οποίων η κύρια κατηγορία δεν ήταν η ίδια το 2018 και το 2015;",
    "Kiek Airijos taškų, kurių pagrindinė klasė nebuvo ta pati 2018 m. ir 2015 m.?",
]


@pytest.mark.parametrize("question", NOT_THE_SAME)
def test_a_class_that_was_not_the_same_has_changed(question: str, demo: Context) -> None:
    told = ask(question, demo, router="builtin", debug=True)
    table = told.results[-1].table
    assert table is not None
    assert sum(row["points"] for row in table.dicts()) == 11


EXCEEDED = [
    "In welchen Ländern überstieg der veröffentlichte Waldanteil 2018 55 %?",
    "Dans quels pays la part publiée des forêts dépassait-elle 55 % en 2018 ?",
    "In welke landen overschreed het gepubliceerde bosaandeel in 2018 55 %?",
    "I vilka länder översteg den publicerade skogsandelen 55 % 2018?",
    "Millistes riikides ületas avaldatud metsa osakaal 2018. aastal 55 %?",
    "Mely országokban haladta meg az erdő közzétett aránya az 55 %-ot 2018-ban?",
    "W których krajach opublikowany udział lasów przekroczył 55 % w 2018 roku?",
    "Cé na tíortha inar sháraigh an sciar foilsithe coillearnaí 55 % in 2018?",
]


@pytest.mark.parametrize("question", EXCEEDED)
def test_a_verb_that_compares_may_stand_apart_from_its_number(question: str, demo: Context) -> None:
    told = ask(question, demo, router="builtin", debug=True)
    assert {r.id for r in told.results[0].regions} == {"country:FI", "country:SI", "country:SE", "country:EE"}


def test_the_top_of_so_many_percent_is_no_number_of_rows(demo: Context) -> None:
    told = ask(
        "In which countries did the published woodland share top 55 % in 2018?", demo, router="builtin", debug=True
    )
    assert told.status == "refused"


ADJECTIVES = [
    ("Combien de points bretons de maïs en 2018 ?", "nuts:FRH0", 42),
    ("Wie viele bayerische Maispunkte gibt es 2018?", "nuts:DE2", 40),
    ("¿Cuántos puntos andaluces de olivar hay en 2018?", "nuts:ES61", 156),
    ("Quanti punti toscani di vigneto nel 2018?", "nuts:ITI1", 11),
    ("Hoeveel Vlaamse maïspunten zijn er in 2018?", "nuts:BE2", 18),
    ("Hány bajor kukoricapont van 2018-ban?", "nuts:DE2", 40),
]


@pytest.mark.parametrize(("question", "place", "points"), ADJECTIVES)
def test_a_region_is_named_by_its_adjective(question: str, place: str, points: int, demo: Context) -> None:
    result = ask(question, demo, router="builtin", debug=True).results[0]
    assert ([region.id for region in result.regions], result.value) == ([place], points)


IN_METRES = [
    "How high is the highest vineyard point of 2018 in Italy, in metres?",
    "Wie hoch liegt der höchste Weinbergpunkt von 2018 in Italien, in Metern?",
    "À quelle altitude se trouve le point de vigne le plus haut d'Italie en 2018, en mètres ?",
    "Mikä on Italian korkeimman viinitarhapisteen korkeus metreinä vuonna 2018?",
    "Milyen magasan van Olaszország legmagasabb szőlőpontja 2018-ban, méterben?",
    "Jaká je nadmořská výška nejvyššího bodu vinice v Itálii v roce 2018 v metrech?",
    "Koks yra aukščiausio vynuogyno taško Italijoje aukštis 2018 m., metrais?",
]


@pytest.mark.parametrize("question", IN_METRES)
def test_a_height_may_be_asked_in_metres(question: str, demo: Context) -> None:
    assert ask(question, demo, router="builtin", debug=True).results[0].value == 967


def test_a_distance_from_a_survey_point_is_a_circle_around_where_it_lies(demo: Context) -> None:
    question = "Look at survey point 30802052. How many points visited in 2018 lie within 28 km of it?"
    assert ask(question, demo, router="builtin", debug=True).results[0].value == 31


def test_what_points_were_before_holds_those_that_stayed_unless_they_are_new(demo: Context) -> None:
    every = ask("Where did Poland's 2018 rapeseed come from?", demo, router="builtin", debug=True)
    new = ask("Where did new rapeseed in Poland come from?", demo, router="builtin", debug=True)
    both = [{row["land_cover_from"]: row["points"] for row in told.results[0].table.dicts()} for told in (every, new)]
    assert both[0].pop("B32") == 12
    assert both[0] == both[1]


FARTHER = [
    "How many vineyard points of 2018 lie within 75 km of Bordeaux, and how many farther away than that?",
    "Wie viele Weinpunkte von 2018 liegen höchstens 75 km von Bordeaux, und wie viele weiter weg?",
    "Combien de points de vigne à moins de 75 km de Bordeaux en 2018, et combien plus loin ?",
    "¿Cuántos puntos de viña hay a menos de 75 km de Burdeos en 2018 y cuántos más lejos?",
    "Quanti punti di vigna entro 75 km da Bordeaux nel 2018 e quanti più lontano?",
    "Hoeveel wijngaardpunten liggen binnen 75 km van Bordeaux in 2018, en hoeveel verder weg?",
    "Hur många vingårdspunkter ligger inom 75 km från Bordeaux 2018, och hur många längre bort?",
    "Ile punktów winnic leży do 75 km od Bordeaux w 2018 roku, a ile dalej niż to?",
    "Kolik bodů vinic leží do 75 km od Bordeaux v roce 2018 a kolik dál než to?",
    "Hány szőlőpont van Bordeaux-tól 75 km-en belül 2018-ban, és hány távolabb?",
]


@pytest.mark.parametrize("question", FARTHER)
def test_how_many_lie_farther_away_is_what_lies_outside_the_circle(question: str, demo: Context) -> None:
    assert [r.value for r in ask(question, demo, router="builtin", debug=True).results] == [12, 303]


AHEAD = [
    "Um wie viele Punkte lag in Polen 2018 der Roggen vor der Gerste?",
    "O ile punktów żyto wyprzedza jęczmień w Polsce w 2018 roku?",
    "Di quanti punti la segale supera l'orzo in Polonia nel 2018?",
]


@pytest.mark.parametrize("question", AHEAD)
def test_by_how_many_points_one_class_is_ahead_of_another_counts_points(question: str, demo: Context) -> None:
    assert ask(question, demo, router="builtin", debug=True).results[0].value == 43


def test_regions_that_meet_a_condition_are_left_out_of_a_sum(demo: Context) -> None:
    question = (
        "Sweden's woodland points in 2018, leaving out every NUTS 2 region that had more than 250 of them: how many?"
    )
    met, rest = ask(question, demo, router="builtin", debug=True).results
    assert all(row["points"] > 250 for row in met.table.dicts())
    assert rest.value == 573


def test_a_part_of_a_class_is_left_out(demo: Context) -> None:
    question = "Finnish woodland in the 2018 survey, minus the broadleaved part. How many points is that?"
    assert ask(question, demo, router="builtin", debug=True).results[0].value == 883


def test_other_points_around_a_point_are_without_it(demo: Context) -> None:
    every = "How many points visited in 2018 lie within 30 km of survey point 41742978?"
    others = "Around survey point 41742978, how many other points visited in 2018 lie within 30 km?"
    assert [ask(one, demo, router="builtin", debug=True).results[0].value for one in (every, others)] == [9, 8]


RISES = [
    "Rank Spain's NUTS 2 regions by how much woodland rose from 2015 to 2022; I need the five biggest rises.",
    "Where did woodland grow most between 2015 and 2022? Rank Spain's NUTS 2 regions by change, five at the top.",
]


@pytest.mark.parametrize("question", RISES)
def test_the_five_biggest_rises_are_five_rows(question: str, demo: Context) -> None:
    assert len(ask(question, demo, router="builtin", debug=True).results[-1].table.rows) == 5
