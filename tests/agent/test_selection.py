"""A selection on the map: a drawn outline is an area of its own, one of the store's regions is that region."""

import pytest

from agent.areas import selected_area
from agent.ask import ask, run_plan
from agent.conversation import Conversation
from retrieval.errors import BadGeometry
from tools.context import Context
from tools.plan import plan_from_json

SQUARE = {"type": "Polygon", "coordinates": [[[8, 48], [9, 48], [9, 49], [8, 49], [8, 48]]]}


def feature(**properties):
    return {"type": "Feature", "properties": properties, "geometry": SQUARE}


def test_a_drawn_outline_gets_an_id_of_its_own():
    assert selected_area(SQUARE)[0].startswith("aoi:selection-")
    assert selected_area(feature(id="my field"))[0].startswith("aoi:selection-")


def test_a_written_outline_with_its_axes_exchanged_is_refused():
    exchanged = [[lat, lon] for lon, lat in [[2, 43], [3, 43], [3, 44], [2, 44], [2, 43]]]
    with pytest.raises(BadGeometry, match="latitude seems to come before longitude"):
        selected_area({"type": "Polygon", "coordinates": [exchanged]})


def test_a_clicked_region_is_that_region_wherever_it_stands():
    assert selected_area(feature(id="nuts:DE2"))[0] == "nuts:DE2"
    assert selected_area({"type": "FeatureCollection", "features": [feature(id="country:SE")]})[0] == "country:SE"


def test_a_clicked_region_is_answered_with_its_published_figure(demo_store):
    answer = ask(
        "how much of this region was woodland in 2018", Context.open(demo_store), selection=feature(id="country:SE")
    )
    assert (answer.results[0].value, answer.results[0].regions[0].id) == (62.4, "country:SE")


def test_a_region_that_is_not_in_the_store_is_refused_by_its_id(demo_store):
    answer = ask("how much of this region is woodland", Context.open(demo_store), selection=feature(id="nuts:XX9"))
    assert answer.status == "refused"
    assert "nuts:XX9" in answer.text


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("how much cropland in this region", "The selected area has no published figure"),
        ("Wie viel Wald gibt es in dieser Region?", "Für das ausgewählte Gebiet ist keine eigene Zahl"),
    ],
)
def test_a_drawn_area_without_a_figure_offers_the_region_its_middle_lies_in(question: str, told: str, demo) -> None:
    ring = [[3.2, 43.3], [3.9, 43.3], [3.9, 43.8], [3.2, 43.8], [3.2, 43.3]]
    talk = Conversation()
    refused = ask(
        question, demo, router="builtin", selection={"type": "Polygon", "coordinates": [ring]}, conversation=talk
    )
    assert refused.text.startswith(told)
    assert refused.choices == ("Languedoc-Roussillon",)
    assert ask("1", demo, router="builtin", conversation=talk).status == "answered"


DRAWN = {"type": "Polygon", "coordinates": [[[3.2, 43.3], [3.9, 43.3], [3.9, 43.8], [3.2, 43.8], [3.2, 43.3]]]}


@pytest.mark.parametrize(
    "before",
    [
        "How much of Spain is vineyard in 2018?",
        "Which regions of Spain have the largest share of vineyard?",
        "How did vineyard change in Spain between 2009 and 2018?",
        "What is the land cover of Spain?",
        "Rank the NUTS 2 regions of Spain by vineyard points in 2018",
        "share of woodland points in Spain by region in 2018",
    ],
)
@pytest.mark.parametrize(
    "asked",
    ["Where is vineyard in this region?", "Où y a-t-il des vignes dans cette région ?", "Wo sind hier Weinberge?"],
)
def test_where_in_a_drawn_area_means_the_points_whatever_was_asked_before(
    before: str, asked: str, demo: Context
) -> None:
    talk = Conversation()
    ask(before, demo, router="builtin", conversation=talk)
    points = ask(asked, demo, router="builtin", conversation=talk, selection=DRAWN).results
    alone = ask(asked, demo, router="builtin", selection=DRAWN).results
    assert [r.tool for r in points] == ["find_points"]
    assert points[0].table == alone[0].table


def test_where_is_it_behind_a_share_finds_its_points_in_its_place(demo: Context) -> None:
    talk = Conversation()
    ask("How much of Spain is vineyard in 2018?", demo, router="builtin", conversation=talk)
    found = ask("Where is it?", demo, router="builtin", conversation=talk).results[0]
    assert (found.tool, [r.id for r in found.regions], found.land_cover) == ("find_points", ["country:ES"], ("B82",))


@pytest.mark.parametrize(
    ("properties", "asked", "told"),
    [
        ({"name": "My valley"}, "Where is vineyard in this region?", "My valley, 2018, vineyards"),
        ({"name": "Mein Tal"}, "Wo sind Weinberge in diesem Gebiet?", "Mein Tal, 2018, "),
        (
            {"name": "drawn by hand 2", "drawn": "drawn"},
            "Wo sind Weinberge in diesem Gebiet?",
            "Das ausgewählte Gebiet",
        ),
        ({}, "Où y a-t-il des vignes dans cette région ?", "La zone sélectionnée"),
        ({"name": 7}, "Where is vineyard in this region?", "The selected area"),
    ],
)
def test_an_area_is_called_as_its_owner_calls_it_else_in_the_questions_language(
    properties: dict[str, object], asked: str, told: str, demo: Context
) -> None:
    talk = Conversation()
    drawn = {"type": "Feature", "properties": properties, "geometry": DRAWN}
    answer = ask(asked, demo, router="builtin", selection=drawn, conversation=talk)
    assert answer.text.startswith(told)
    assert answer.plan
    assert run_plan(plan_from_json(answer.plan), demo, answer.language).text == answer.text


def test_the_area_chosen_last_is_meant_though_another_was_chosen_between(demo: Context) -> None:
    talk = Conversation()
    other = {"type": "Polygon", "coordinates": [[[-1, 44], [0, 44], [0, 45], [-1, 45], [-1, 44]]]}
    first, _, again = (
        ask("Where is vineyard in this region?", demo, router="builtin", selection=chosen, conversation=talk)
        for chosen in (DRAWN, other, DRAWN)
    )
    assert again.results[0].regions == first.results[0].regions
