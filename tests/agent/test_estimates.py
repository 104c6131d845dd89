"""Questions for a part of a class by use or elevation become one estimate."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from agent.ask import ask
from agent.conversation import Conversation
from agent.router import Builtin
from retrieval.errors import NotUnderstood
from retrieval.store import Store
from tools.context import Context


@pytest.fixture(scope="module")
def world(demo_store: Store) -> Context:
    return Context.open(demo_store)


def estimated(question: str, language: str, world: Context) -> list[dict]:
    plan = Builtin().plan(question, replace(world, language=language), Conversation())
    return [dict(step.arguments) for step in plan.steps if step.tool == "estimate_area"]


@pytest.mark.parametrize(
    ("question", "language", "arguments"),
    [
        ("How much of the vineyard area in Italy lies above 500 m?", "en",
         {"land_cover": ["B82"], "regions": ["country:IT"], "above": 500.0}),
        ("What part of olive groves in Spain is below 1,200 metres", "en",
         {"land_cover": ["B81"], "regions": ["country:ES"], "below": 1200.0}),
        ("how much unused grassland is there in France", "en",
         {"land_cover": ["E00"], "regions": ["country:FR"], "land_use": ["U410", "U420"]}),
        ("How much grassland is not farmed?", "en", {"land_cover": ["E00"], "exclude": ["U110"]}),
        ("Welcher Anteil der Reben in Italien liegt über 500 m?", "de",
         {"land_cover": ["B82"], "regions": ["country:IT"], "above": 500.0}),
        ("Quelle part des vignes d'Italie se trouve au-dessus de 500 m ?", "fr",
         {"land_cover": ["B82"], "regions": ["country:IT"], "above": 500.0}),
        ("How much of the vineyard area in Italy lies between 200 and 500 m?", "en",
         {"land_cover": ["B82"], "regions": ["country:IT"], "above": 200.0, "below": 500.0}),
    ],
)  # fmt: skip
def test_a_part_is_heard_with_all_that_the_question_names(world, question, language, arguments):
    assert estimated(question, language, world) == [arguments]


NOT_FARMED = {
    "bg": "Каква част от пасищата в Австрия не се обработва?",
    "cs": "Jaký podíl luk v Rakousku není obhospodařován?",
    "da": "Hvor stor en andel af græsarealerne i Østrig dyrkes ikke?",
    "el": "Ποιο ποσοστό των λιβαδιών στην Αυστρία δεν καλλιεργείται;",
    "et": "Kui suurt osa Austria rohumaast ei harita?",
    "fi": "Kuinka suuri osa Itävallan nurmesta on viljelemätöntä?",
    "hr": "Koliki udio travnjaka u Austriji nije obrađen?",
    "hu": "Ausztria gyepterületének mekkora hányada nem művelt?",
    "lt": "Kokia pievų dalis Austrijoje nedirbama?",
    "lv": "Kāda daļa zālāju Austrijā netiek apstrādāta?",
    "mt": "X'sehem tal-mergħat fl-Awstrija mhux maħdum?",
    "nl": "Welk deel van het grasland in Oostenrijk wordt niet voor de landbouw gebruikt?",
    "pt": "Que percentagem dos prados da Áustria não é cultivada?",
    "ro": "Ce parte din pajiștile Austriei nu este cultivată?",
    "sk": "Aký podiel lúk v Rakúsku nie je obhospodarovaný?",
    "sl": "Kolikšen delež travinja v Avstriji ni obdelan?",
    "sv": "Hur stor del av gräsmarken i Österrike brukas inte?",
}


@pytest.mark.parametrize("language", NOT_FARMED)
def test_what_is_not_farmed_is_asked_in_other_languages(world, language):
    expected = {"land_cover": ["E00"], "regions": ["country:AT"], "exclude": ["U110"]}
    assert estimated(NOT_FARMED[language], language, world) == [expected]


@pytest.mark.parametrize(
    "question",
    [
        "How many points of vineyard lie above 500 m in Italy?",
        "Where is vineyard above 500 m?",
        "How much of France is woodland?",
        "How much steep grassland in France is not farmed?",
    ],
)
def test_other_questions_are_left_alone(world, question):
    with suppress(NotUnderstood):
        assert estimated(question, "en", world) == []


def test_a_short_follow_up_is_of_the_same_estimate(world):
    talk = Conversation()
    ask("How much grassland in France is not farmed?", world, conversation=talk)
    spain = ask("and in Spain?", world, conversation=talk).results[0]
    above = ask("and above 500 m?", world, conversation=talk).results[0]
    assert (spain.tool, spain.arguments["regions"], spain.arguments["exclude"]) == (
        "estimate_area", ["country:ES"], ["U110"])  # fmt: skip
    assert (above.tool, above.arguments["above"], above.arguments["exclude"]) == ("estimate_area", 500.0, ["U110"])


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


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("how much maize in Flanders by the satellite, with the survey to correct it", "en"),
        ("How much of Flanders is maize by survey and satellite map, 2022?", "en"),
        ("Wie viel von Flandern ist Mais nach Erhebung und Satellitenkarte, 2022?", "de"),
        ("Quelle part de la Flandre est maïs selon enquête et carte satellite, 2022 ?", "fr"),
        ("¿Cuánto de Flandes es maíz según encuesta y satélite juntos, 2022?", "es"),
        ("Hoeveel van Vlaanderen is maïs volgens de satelliet, gecorrigeerd met de enquête?", "nl"),
    ],
)
def test_survey_and_satellite_together_are_one_estimate_refused_without_weights(world, question, language):
    plan = Builtin().plan(question, replace(world, language=language), Conversation())
    assert [step.tool for step in plan.steps] == ["area_from_map"]
    assert plan.steps[0].arguments["land_cover"] == ["B16"]
    answer = ask(question, world)
    assert answer.status == "refused"
    assert "--weights" in answer.text
    assert "fetch pixels" in answer.text


@pytest.mark.parametrize(
    ("question", "language", "unit"),
    [
        ("how many hectares of grassland in France lie above 1000 m", "en", "ha"),
        ("wie viele Hektar Grünland über 1000 m gibt es in Österreich", "de", "ha"),
        ("combien d'hectares de prairies au-dessus de 1000 m y a-t-il en France en 2018", "fr", "ha"),
        ("ile hektarów łąk powyżej 1000 m jest w Austrii", "pl", "ha"),
        ("kuinka monta hehtaaria metsää on yli 1000 m korkeudessa Itävallassa", "fi", "ha"),
        ("estimated from survey points, how much of Italy was vineyard in 2018", "en", "%"),
        ("Wie viel Weinbau hatte Spanien 2015, aus Erhebungspunkten geschätzt", "de", "%"),
    ],
)
def test_land_that_no_table_has_is_estimated_with_its_interval(world, question, language, unit):
    [result] = ask(question, world).results
    assert (result.tool, result.arguments["source"], result.unit) == ("query", "estimates", unit)
    assert result.interval
    assert result.interval[0] < float(result.value or 0) < result.interval[1]


def test_an_estimated_change_is_refused(world):
    question = "by how much did the area of vineyards in Spain estimated from survey points change from 2015 to 2018"
    assert ask(question, world).status == "refused"


def test_points_above_an_elevation_stay_points(world):
    [result] = ask("how many points with grassland in France lie above 1000 m", world).results
    assert result.arguments.get("source", "survey") == "survey"
    assert result.unit == "points"


@pytest.mark.parametrize(
    ("question", "tool", "regions"),
    [
        ("compare the area of grassland above 1000 m in France and Italy", "query", {"country:FR", "country:IT"}),
        ("which country has the largest area of woodland above 1000 m", "query", None),
        ("did the area of olive groves in Spain change from 2015 to 2018", "change_official", {"country:ES"}),
    ],
)
def test_the_area_of_a_class_is_a_measure_and_no_level_of_places(world, question, tool, regions):
    result = ask(question, world).results[0]
    assert result.tool == tool
    assert regions is None or {r.id for r in result.regions} == regions
    assert regions or all(r.id.startswith("country:") for r in result.regions)


@pytest.mark.parametrize(
    ("question", "language", "prior"),
    [
        ("where is vineyard in Corsica according to the satellite", "en", None),
        (
            "where is vineyard in Corsica according to the satellite, weighted by the published shares",
            "en",
            "published",
        ),
        ("wo ist Wein in Korsika laut Satellit, gewichtet mit den veröffentlichten Anteilen", "de", "published"),
        ("où est la vigne en Corse selon le satellite, pondéré par les parts publiées", "fr", "published"),
        ("dove sono i vigneti in Corsica secondo il satellite, pesati con le quote pubblicate", "it", "published"),
        ("gdzie na Korsyce są winnice według satelity, ważone opublikowanymi udziałami", "pl", "published"),
    ],
)
def test_the_satellite_is_weighed_by_published_shares_where_that_is_said(world, question, language, prior):
    plan = Builtin().plan(question, replace(world, language=language), Conversation())
    [step] = plan.steps
    assert step.tool == "classify_area"
    assert step.arguments.get("prior") == prior
    assert not [note for note in plan.notes if note[0] == "left_aside"]
