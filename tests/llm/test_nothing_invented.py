"""Whatever a model writes, no place, code, year or number that retrieval did not find comes into a plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from agent.conversation import Conversation
from agent.llm.candidates import Candidates, candidates_of
from agent.llm.errors import BadPlan, Declined
from agent.llm.grounding import grounded
from agent.llm.planner import attempt, checked
from agent.llm.schema_router import OPERATIONS, RANKED, read_plan
from agent.router import Builtin
from agent.understand import understand
from retrieval.errors import LandaskError
from tools.context import Context
from tools.plan import Plan
from tools.registry import TOOLS

QUESTION = "compare vineyard and olive groves in Spain and Portugal in 2018, within 30 km, the first 5"
REGIONS = {"country:ES", "country:PT"}
CODES = {"B81", "B82"}
NUMBERS = {2018, 5, 30}

FOREIGN: list[Any] = [
    "country:FR", "nuts:ES42", "France", "Texas", "R9", "C9", "P9", "A11", "U370", "B80", "@7", "", None, -1, 0, 7, 99,
    1999, 2050, 3.5, 1e300, True, "'; DROP TABLE records; --", {"id": "country:FR"}, ["R1"], "R1 ", "r1", "²",
    "２０１８", 10**400, float("nan"), float("inf"),
]  # fmt: skip
FINE: list[Any] = ["R1", "R2", "C1", "C2", RANKED, 2018, 5, 30]

values = st.one_of(st.sampled_from(FINE), st.sampled_from(FOREIGN), st.text(max_size=8), st.integers())
lists = st.one_of(st.lists(values, max_size=4), values)
names = (
    "regions",
    "classes",
    "exclude",
    "years",
    "level",
    "unit",
    "order",
    "place",
    "km",
    "limit",
    "point_id",
    "words",
)
steps = st.builds(
    lambda operation, more: {"operation": operation, **more},
    st.one_of(st.sampled_from(list(OPERATIONS)), values),
    st.dictionaries(st.sampled_from(names), lists, max_size=8),
)
good = st.fixed_dictionaries(
    {
        "operation": st.sampled_from(list(OPERATIONS)),
        "regions": st.just(["R1", "R2"]),
        "classes": st.just(["C1", "C2"]),
        "years": st.just([2018]),
    },
    optional={
        "level": st.sampled_from(["nuts2", "nuts3", "planet"]),
        "limit": st.sampled_from([5, 5, 30, 99, -1, 10**400]),
        "unit": st.sampled_from(["ha", "%", "acres"]),
        "order": st.sampled_from(["fewest", "most", "DROP"]),
        "exclude": st.sampled_from([["C1"], [], ["A11"]]),
        "point_id": values,
        "words": values,
    },
)
replies = st.one_of(
    st.lists(good, min_size=1, max_size=2), st.lists(st.one_of(steps, good), min_size=1, max_size=4)
).map(lambda found: {"steps": found})
ARGUMENTS = (
    "regions", "within", "land_cover", "land_use", "exclude", "years", "year", "year_from", "limit", "level", "near",
    "place", "km", "text", "point_id", "lon", "name", "context", "sql",
)  # fmt: skip


def world_of(demo: Context) -> Candidates:
    reading = understand(QUESTION, demo.gazetteer, demo.nomenclature, language="en")
    return candidates_of(reading, attempt(Builtin(), QUESTION, demo, Conversation()), demo, Conversation())


@pytest.fixture(scope="session")
def found(demo: Context) -> Candidates:
    return world_of(demo)


def numbers_of(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for item in value.values():
            yield from numbers_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from numbers_of(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def holds_nothing_foreign(plan: Plan, allowed: set[float]) -> None:
    for step in plan.steps:
        assert step.tool in TOOLS
        arguments = dict(step.arguments)
        for key in ("regions", "within"):
            assert {*arguments.pop(key, ())} <= REGIONS | {RANKED}, step
        for key in ("land_cover", "land_use", "exclude"):
            assert {*arguments.pop(key, ())} <= CODES, step
        for key in ("level", "unit", "order", "by", "theme"):
            assert (
                str(arguments.pop(key, "")) in "country nuts1 nuts2 nuts3 % km2 ha most fewest regions classes land_use"
            )
        assert {*numbers_of(arguments)} <= NUMBERS | allowed, step
        assert "DROP" not in json.dumps(arguments)


def test_the_candidates_are_what_the_question_names(found: Candidates) -> None:
    assert {r.id for r in found.regions.values()} == REGIONS
    assert {c for codes in found.classes.values() for c in codes} == CODES
    assert found.years == (2018,)
    assert {*found.numbers} == {30.0, 5.0}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(reply=replies)
def test_no_reply_of_a_hostile_model_brings_anything_in(reply: Any, found: Candidates, demo: Context) -> None:
    published = {year for d in demo.store.datasets() for year in d.years}
    try:
        plan = checked(read_plan(json.dumps(reply), found, demo, Conversation()))
    except (BadPlan, Declined):
        return
    except LandaskError as error:
        raise AssertionError(f"not a fault the model can mend: {error!r}") from error
    event("a plan")
    spots = {spot[axis] for spot in found.places.values() for axis in ("lon", "lat")}
    holds_nothing_foreign(plan, published | spots)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(text=st.one_of(st.text(max_size=200), st.recursive(values, lambda c: st.lists(c, max_size=3)).map(json.dumps)))
def test_no_text_at_all_breaks_the_reading(text: str, found: Candidates, demo: Context) -> None:
    with pytest.raises((BadPlan, Declined)):
        checked(read_plan(text, found, demo, Conversation()))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    tool=st.sampled_from(list(TOOLS)),
    written=st.dictionaries(
        st.sampled_from(ARGUMENTS),
        lists,
        max_size=6,
    ),
)
def test_no_tool_call_of_a_hostile_model_brings_anything_in(tool: str, written: Any, found: Candidates) -> None:
    try:
        arguments = grounded(TOOLS[tool], written, found, ())
    except BadPlan:
        return
    for key in ("regions", "within"):
        assert {*arguments.pop(key, ())} <= REGIONS
    for key in ("land_cover", "land_use", "exclude"):
        assert {*arguments.pop(key, ())} <= CODES
    assert {*numbers_of(arguments)} <= NUMBERS
    for key in ("text", "point_id"):
        assert arguments.get(key, "").lower() in QUESTION.lower()
