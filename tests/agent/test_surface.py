"""The tools a model and a client work with: look-ups, grounding, digests, and how a conversation ends."""

from __future__ import annotations

from typing import Any

import pytest

from agent.surface.digest import digest_of
from agent.surface.session import AskedBack, Chosen, Refusal, Session
from agent.surface.tools import by_name
from tools.context import Context

VINES = {"dimension": "land_cover", "values": ["B82"]}
Y2018 = {"dimension": "year", "values": [2018]}
POINTS = [{"name": "points", "measure": "points"}]
COUNTRIES = [{"dimension": "region", "level": "country"}]


@pytest.fixture(scope="module")
def world(demo_store: Any) -> Context:
    return Context.open(demo_store)


@pytest.fixture
def session(world: Context) -> Session:
    opened = Session(world)
    assert opened.grounds
    opened.grounds.hear("the five regions with most vines in 2018, over 12.5 %", world)
    return opened


def count(session: Session, **more: Any) -> str:
    return session.call("query", {"source": "survey", "columns": POINTS, "where": [VINES, Y2018], **more})


def test_a_code_may_be_used_once_a_look_up_told_it(session: Session) -> None:
    assert "'B82' was not looked up here; ask find_classes" in count(session)
    assert "B82,vineyards" in session.call("find_classes", {"text": "vines"})
    assert count(session).startswith("res1: 1 row")


def test_a_place_a_result_told_may_be_used_next(session: Session) -> None:
    session.call("find_classes", {"text": "vines"})
    inside = {"dimension": "region", "values": ["country:ES"]}
    assert "'country:ES' was not looked up" in count(session, where=[VINES, Y2018, inside])
    count(session, rows=COUNTRIES, order=[{"column": "points", "way": "most"}], limit=5)
    assert count(session, where=[VINES, Y2018, inside]).startswith("res2: 1 row")


@pytest.mark.parametrize(("limit", "told"), [(5, "res1"), (7, "stands neither in the question nor in a reply")])
def test_numbers_come_from_the_question_in_figures_or_words(limit: int, told: str, session: Session) -> None:
    session.call("find_classes", {"text": "vines"})
    assert told in count(session, rows=COUNTRIES, order=[{"column": "points", "way": "most"}], limit=limit)


def test_years_come_from_the_question_or_from_what_exists(session: Session) -> None:
    session.call("find_classes", {"text": "vines"})
    wanted = [VINES, {"dimension": "year", "values": [2015]}]
    assert "what_exists tells the years" in count(session, where=wanted)
    session.call("what_exists", {"source": "survey"})
    assert count(session, where=wanted).startswith("res1")


def test_a_year_that_a_source_does_not_have_is_an_error_that_names_its_years(world: Context) -> None:
    reply = count(Session(world, grounds=None), where=[VINES, {"dimension": "year", "values": [2020]}])
    assert reply == "error: survey has no 2020; its years are 2015, 2018"


def test_an_outside_client_brings_ids_of_its_own_and_what_does_not_exist_is_named(world: Context) -> None:
    client = Session(world, grounds=None)
    assert count(client).startswith("res1")
    assert "error" in count(client, where=[{"dimension": "land_cover", "values": ["B99"]}, Y2018])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Limburg", ("nuts:BE22,Limburg,nuts2,nuts:BE2", "nuts:NL42")),
        ("Benelux", ("members of group:benelux: country:BE country:NL country:LU",)),
        ("Skåne", ("iso:SE-M,Skåne,subdivision,nuts:SE22,no",)),
        ("Lake Constance", ("lakes, rivers, valleys and mountains are not in the gazetteer",)),
        ("Lake Balaton", ("lakes, rivers, valleys and mountains are not in the gazetteer",)),
        ("Montpellier", ("town Montpellier (FR) at lon 3.87635, lat 43.61093",)),
        ("Ελλάδα", ("country:EL",)),
    ],
)
def test_places_are_looked_up_with_level_members_and_the_region_around(
    text: str, told: tuple[str, ...], session: Session
) -> None:
    reply = session.call("find_places", {"text": text})
    assert all(part in reply for part in told), reply


def test_the_regions_of_a_level_inside_a_place_are_listed(session: Session) -> None:
    reply = session.call("find_places", {"level": "nuts1", "within": "group:benelux"})
    assert reply.count("\n") == 8
    assert "nuts:BE2,Flanders,nuts1,country:BE,yes" in reply


@pytest.mark.parametrize("text", ["Wald", "skog", "δάσος", "bosco", "woodland", "erdő"])
def test_classes_are_looked_up_in_any_language(text: str, session: Session) -> None:
    assert "C00,woodland,land_cover" in session.call("find_classes", {"text": text})


def test_what_exists_tells_years_measures_licences_and_what_is_missing(session: Session) -> None:
    reply = session.call("what_exists", {})
    for part in ("published", "2009, 2012, 2015, 2018, 2022", "share (%)", "CC BY 4.0", "not in the data: people"):
        assert part in reply, part


def test_a_digest_has_its_header_once_forty_rows_and_the_true_count(world: Context) -> None:
    client = Session(world, grounds=None)
    wanted = {"source": "published", "columns": [{"name": "share", "measure": "share"}],
              "where": [{"dimension": "land_cover", "values": ["C00"]}, {"dimension": "year", "values": [2022]}],
              "rows": [{"dimension": "region", "level": "nuts2"}]}  # fmt: skip
    lines = client.call("query", wanted).split("\n")
    total = len(client.results[0].table or ())
    assert lines[0] == f"res1: {total} rows; years 2022"
    assert lines[1] == "region_id,region,share"
    assert len(lines) == 2 + 40 + 1
    assert lines[-1] == f"… {total - 40} more"
    assert len(digest_of("res1", client.results[0], 3).split("\n")) == 2 + 3 + 1


def test_revisited_points_are_listed_with_what_they_were_and_became(world: Context) -> None:
    client = Session(world, grounds=None)
    where = [{"dimension": "land_cover_from", "values": ["C00"]}, {"dimension": "region", "values": ["country:PT"]}]
    reply = client.call("points", {"where": where, "changed": {"from": 2015, "to": 2018}})
    assert "lc_from" in reply.split("\n")[1]
    matrix = client.call("transitions", {"regions": ["country:PT"], "land_cover_from": ["C00"]})
    assert matrix.split("\n")[1].startswith("land_cover_from,land_cover_from_name,land_cover_to")
    assert client.call("nearest", {"lon": 4.0, "lat": 44.0, "land_cover": ["B82"], "limit": 2}).startswith(
        "res3: 2 rows"
    )


def test_what_a_result_leaves_out_is_told_once_and_then_taken(world: Context) -> None:
    session = Session(world, grounds=None, missing=lambda results: ["Spain"])
    count(session)
    assert "not in these results: Spain" in session.call("answer", {"results": [1]})
    assert session.outcome is None
    session.call("answer", {"results": [1]})
    assert isinstance(session.outcome, Chosen)
    assert session.outcome.left_out == ("Spain",)


def test_an_answer_leads_with_the_row_and_column_it_names(world: Context) -> None:
    client = Session(world, grounds=None)
    columns = [*POINTS, {"name": "surveyed", "measure": "surveyed"}]
    count(client, columns=columns, rows=COUNTRIES)
    assert "no row" in client.call("answer", {"results": [1], "lead": {"row": "country:XX"}})
    client.call("answer", {"results": [1], "lead": {"row": "country:FR", "column": "surveyed"}})
    assert isinstance(client.outcome, Chosen)
    assert client.outcome.results[0].value == 2997


def test_asking_back_and_refusing_end_it_with_plain_words(session: Session) -> None:
    session.call("ask_back", {"question": "Which <b>Limburg</b>?", "choices": ["Belgium", "Netherlands"]})
    assert session.outcome == AskedBack("Which b Limburg /b ?", ("Belgium", "Netherlands"))
    assert "no reason" in session.call("refuse", {"reason": "because", "words": "x"})
    session.call("refuse", {"reason": "not_land", "words": "owners"})
    assert session.outcome == Refusal("not_land", "owners")


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("drop", {}, "no tool 'drop'"),
        ("query", [], "are an object"),
        ("query", {"source": "survey", "sql": "x"}, "query has no 'sql'"),
        ("find_classes", {}, "needs 'text'"),
        ("find_places", {"level": "galaxy"}, "no level 'galaxy'"),
        ("answer", {"results": [3]}, "there is no result [3]"),
        ("points", {"where": [VINES], "changed": {"from": 2015}}, "changed is"),
    ],
)
def test_a_call_that_cannot_be_made_says_what_can(name: str, arguments: Any, told: str, session: Session) -> None:
    assert told in session.call(name, arguments)


def test_every_tool_has_a_description_and_takes_only_what_it_names(world: Context) -> None:
    for spec in by_name(world).values():
        assert spec.description
        assert hasattr(Session, f"_{spec.name}")
