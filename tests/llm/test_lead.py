"""Which cell a model's answer is about: by id or key and by column, and what is told where there is no such cell."""

from __future__ import annotations

from calendar import month_name
from typing import Any

import pytest

from agent.render import render
from agent.surface.session import Session
from retrieval.query import Query
from tools.context import Context
from tools.query import answer

OLIVES = [{"dimension": "year", "values": [2018]}, {"dimension": "land_cover", "values": ["B81"]}]
COUNTRIES = [{"dimension": "region", "level": "country"}]
POINTS = {"name": "points", "measure": "points"}
WHOLE = {"source": "survey", "where": OLIVES, "columns": [POINTS]}
PART = {**WHOLE, "rows": COUNTRIES, "order": [{"column": "points", "way": "most"}],
        "columns": [POINTS, {"name": "part", "expression": {"op": "part", "left": "points"}}]}  # fmt: skip
MONTHS = {**WHOLE, "rows": [{"dimension": "month"}], "order": [{"column": "points"}]}


def led(demo: Context, query: dict[str, Any], lead: Any) -> Any:
    session = Session(demo, grounds=None)
    session.call("query", query)
    told = session.call("answer", {"results": [1], "lead": lead})
    taken = getattr(session.outcome, "results", session.results)
    return taken[0].value, told


def test_a_row_is_named_by_its_id_and_a_column_by_its_name_whatever_the_rows_are_sorted_by(demo: Context) -> None:
    spain, all_of_them = led(demo, PART, {"row": "country:ES"})[0], led(demo, WHOLE, None)[0]
    part, _ = led(demo, PART, {"row": "country:ES", "column": "part"})
    assert spain == 241
    assert part == pytest.approx(100 * spain / all_of_them, abs=0.05)


def test_the_column_of_the_rows_themselves_may_be_asked_about(demo: Context) -> None:
    assert led(demo, PART, {"row": "country:IT", "column": "region"}) == (102, "answered")
    assert led(demo, MONTHS, {"column": "month"})[1] == "answered"


@pytest.mark.parametrize(
    ("rows", "row", "told"),
    [
        ({"dimension": "month"}, "9", "September: 744 points, number 1 of 7 months"),
        ({"dimension": "land_cover", "level": "1"}, "C00", "Woodland (C00): 1,685 points, number 1 of"),
    ],
)
def test_a_row_that_is_no_place_is_told_by_its_name(rows: Any, row: str, told: str, demo: Context) -> None:
    where = [{"dimension": "year", "values": [2018]}, {"dimension": "region", "values": ["country:SE"]}]
    query = {**WHOLE, "where": where, "rows": [rows], "order": [{"column": "points"}], "lead": row}
    assert render([answer(Query.from_json(query), demo)], "en", demo).startswith(told)


def test_a_row_is_not_taken_for_another_whose_figure_reads_like_its_key(demo: Context) -> None:
    """August comes first with five Greek olive points: month 5 is May all the same."""
    where = [*OLIVES, {"dimension": "region", "values": ["country:EL"]}]
    query = {**MONTHS, "where": where, "order": [{"column": "points", "way": "fewest"}]}
    rows = answer(Query.from_json(query), demo).table
    assert rows is not None
    counts = {row["month"]: row["points"] for row in rows.dicts()}
    twins = [month for month in counts if month in set(counts.values()) - {counts[month]}]
    assert twins
    for month in twins:
        told = render([answer(Query.from_json({**query, "lead": str(month)}), demo)], "en", demo)
        assert told.startswith(f"{month_name[month]}: {counts[month]} points")


@pytest.mark.parametrize(
    ("lead", "told"),
    [
        ({"row": 1}, "no row '1'; row is a text, one of country:ES, country:IT"),
        ({"row": "country:XX"}, "no row 'country:XX'"),
        ({"column": "area"}, "no column 'area'; there are points, part"),
        ("country:ES", "lead is {row, column} of a query's result"),
    ],
)
def test_a_cell_that_is_not_there_is_an_error_that_says_which_are(demo: Context, lead: Any, told: str) -> None:
    assert told in led(demo, PART, lead)[1]


def test_the_first_few_by_one_column_are_not_sorted_anew_by_another(demo: Context) -> None:
    assert "ask anew, sorted by part" in led(demo, {**PART, "limit": 3}, {"column": "part"})[1]


def test_a_number_of_the_question_counts_with_either_sign(demo: Context) -> None:
    """A fall by more than 3 is a change below −3; a limit that nobody named is to be left out."""
    session = Session(demo)
    assert session.grounds
    session.grounds.hear("In which countries did cropland fall by more than 3 points from 2009 to 2022?", demo)
    session.call("find_classes", {"text": "cropland"})
    before, after = ({"name": n, "measure": "share", "where": [{"dimension": "year", "values": [y]}]}
                     for n, y in (("before", 2009), ("after", 2022)))  # fmt: skip
    change = {"name": "change", "expression": {"op": "difference", "left": "after", "right": "before"}}
    fell = {"source": "published", "columns": [before, after, change], "rows": COUNTRIES,
            "where": [{"dimension": "land_cover", "values": ["B00"]}],
            "having": [{"column": "change", "sign": "<", "value": -3}]}  # fmt: skip
    assert session.call("query", fell).startswith("res1: ")
    unsaid = [{"column": "change", "sign": "<", "value": -3.77}]
    assert "stands neither" in session.call("query", {**fell, "having": unsaid})
    limited = session.call("query", {**fell, "order": [{"column": "change", "way": "fewest"}], "limit": 77})
    assert "leave it out: all rows come back" in limited


def test_levels_that_are_not_there_are_answered_with_those_that_are(demo: Context) -> None:
    session, there = Session(demo, grounds=None), "country, nuts1, nuts2, subdivision"
    told = session.call("find_places", {"level": "nuts3", "within": "country:CZ"})
    assert told == f"no regions of level nuts3 in country:CZ; there are {there}"
    spain = {"dimension": "region", "values": ["country:ES"]}
    asked = {**WHOLE, "where": [*OLIVES, spain], "rows": [{"dimension": "region", "level": "nuts3"}]}
    assert f"but of {there}" in session.call("query", asked)
