"""The schema and the form of a query offer what the compiler takes, and nothing it does not know."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from retrieval.errors import BadArgument
from retrieval.query import Column, Condition, Expression, Filter, Fold, Group, Order, Query, Ref
from retrieval.query_schema import described, fields_of, query_schema, with_filter
from retrieval.sources import SOURCES

POINTS = Column("points", "points")
Y2018 = Filter("year", "in", (2018,))
VALID = [
    Query("survey", (POINTS,), (Y2018, Filter("elevation", "above", (700,)))),
    Query("survey", (POINTS,), (Y2018, Filter("position", "near", (3.9, 43.6, 30, "Montpellier")))),
    Query("survey", (POINTS,), (Y2018, Filter("elevation", "between", (None, 200)))),
    Query("survey", (POINTS,), (Y2018, Filter("region", "not_in", Ref(1)))),
    Query("survey", (), (Y2018,), (Group("point"),), order=(Order("lat"),), limit=1),
    Query("survey", (POINTS,), (Y2018,), (Group("land_cover", members=(("B82",), ("B81", "B83"))),)),
    Query("survey", (POINTS,), (Y2018,), (Group("region", "nuts2"),), (Condition("points", ">=", 20),),
          fold=Fold("count")),
    Query("published", (Column("a", "share", (Y2018,)), Column("b", "share", (Filter("year", "in", (2009,)),)),
                        Column("c", "", (), Expression("difference", "a", "b"))), rows=(Group("region", "country"),)),
    Query("deals", (Column("n", "deals"),), (Filter("crop", "in", ("OPL",)),), (Group("country"),), lead="GH"),
]  # fmt: skip
FALSE = [
    {"source": "weather"},
    {"source": "survey", "columns": [{"name": "x", "measure": "price"}]},
    {"source": "survey", "where": [{"dimension": "colour", "values": ["red"]}]},
    {"source": "survey", "where": [{"dimension": "elevation", "op": "near", "values": [1, 2, 3]}]},
    {"source": "survey", "where": [{"dimension": "elevation", "values": ["high"]}]},
    {"source": "survey", "where": [{"dimension": "elevation", "op": "above", "values": [1, 2]}]},
    {"source": "survey", "rows": [{"dimension": "land_cover", "level": "9"}]},
    {"source": "survey", "rows": [{"dimension": "region"}]},
    {"source": "survey", "columns": [{"name": "x", "expression": {"op": "part", "left": "a", "right": "b"}}]},
    {"source": "survey", "limit": 0},
    {"source": "survey", "sql": "DROP TABLE records"},
]


def is_valid(value: object, schema: dict[str, object]) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize("query", VALID, ids=range(len(VALID)))
def test_a_query_is_valid_under_the_schema_of_all_sources_and_of_its_own(query: Query) -> None:
    value = json.loads(json.dumps(query.to_json()))
    assert is_valid(value, query_schema())
    assert is_valid(value, query_schema([query.source]))
    assert not is_valid(value, query_schema(name for name in SOURCES if name != query.source))


@pytest.mark.parametrize("value", FALSE, ids=range(len(FALSE)))
def test_what_no_source_knows_is_not_valid(value: dict[str, object]) -> None:
    assert not is_valid(value, query_schema())


def test_a_question_of_its_own_names_and_no_others() -> None:
    schema = query_schema(["survey"], {"region": ["nuts:FRJ1"], "land_cover": ["B82"], "year": [2018], "land_use": ()})
    where = [{"dimension": "region", "values": ["nuts:FRJ1"]}, {"dimension": "land_cover", "values": ["B82"]}]
    assert is_valid({"source": "survey", "where": where}, schema)
    assert not is_valid({"source": "survey", "where": [{"dimension": "region", "values": ["nuts:FRJ2"]}]}, schema)
    assert not is_valid({"source": "survey", "where": [{"dimension": "land_use", "values": ["U111"]}]}, schema)
    assert len(json.dumps(schema, separators=(",", ":"))) < 7_000


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_described_with_every_name_it_has(name: str) -> None:
    told = described(SOURCES[name])
    assert all(each in told for each in (*SOURCES[name].measures, *SOURCES[name].dimensions))


def test_the_form_has_a_field_for_each_dimension_and_shows_what_is_set() -> None:
    query = Query("survey", (POINTS,), (Y2018, Filter("elevation", "above", (700,))), (Group("region", "nuts2"),))
    fields = {field.dimension: field for field in fields_of(query, {"year": (2015, 2018)})}
    assert [*fields] == [*SOURCES["survey"].dimensions]
    assert fields["year"].choices == (2015, 2018)
    assert fields["month"].choices == tuple(range(1, 13))
    assert (fields["elevation"].unit, fields["elevation"].now) == ("m", (Filter("elevation", "above", (700,)),))
    assert (fields["region"].level, fields["lat"].level) == ("nuts2", None)


def test_a_field_sets_changes_and_clears_its_filter_and_no_other() -> None:
    query = Query("survey", (POINTS,), (Y2018, Filter("elevation", "above", (700,)), Filter("lat", "above", (50,))))
    higher = with_filter(query, "elevation", "above", [900])
    assert higher == replace(query, where=(Y2018, Filter("elevation", "above", (900,)), query.where[2]))
    assert with_filter(query, "elevation") == replace(query, where=(Y2018, query.where[2]))
    assert with_filter(query, "month", "in", [5]).where[-1] == Filter("month", "in", (5,))
    with pytest.raises(BadArgument, match="no dimension 'colour'"):
        with_filter(query, "colour", "in", ["red"])
