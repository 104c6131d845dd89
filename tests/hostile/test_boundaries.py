"""Values from outside, of every wrong type at every place: each is taken or refused in a line, none is a traceback."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.areas import selected_area
from agent.ask import ask, run_plan
from agent.cases import read_cases
from agent.conversation import Conversation
from agent.threads import Threads
from page.share import link_of, read_link
from page.talk import read_talk
from retrieval.errors import BadArgument, BadFile, LandaskError
from retrieval.foreign import MOST_DEPTH, arguments, checked, plain_fault, read_json, record
from tests.hostile.fuzz import GOOD_PLANS, odd_values, tampered
from tools.context import Context
from tools.plan import plan_from_json
from tools.registry import TOOLS

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


# --- JSON ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[" * 200_000, "nested deeper"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "nested deeper"),
        (b'"\\ud800"', "half a character"),
        (b'{"\\udfff": 1}', "half a character"),
        (b"NaN", "no JSON number"),
        (b"[-Infinity]", "no JSON number"),
        (b"1e999", "too large to write"),
        (b"9" * 5_000, "not JSON"),
        (b"9" * 40, "too many digits"),
        (b"\xff\xfe", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b"", "not JSON"),
        (b"[1] [2]", "not JSON"),
        (b" " * 5_000_001, "larger than"),
    ],
)
def test_json_that_later_code_could_stumble_over_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(BadArgument, match=why) as refused:
        read_json(content, "it")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_sound_json_is_read_with_its_mark_and_to_its_depth() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": [1, "\\u00e9"]}', "it") == {"a": [1, "é"]}
    nested: Any = 1
    for _ in range(MOST_DEPTH - 1):
        nested = [nested]
    assert read_json(json.dumps(nested), "it") == nested
    assert plain_fault([nested]) != ""


# --- types ---------------------------------------------------------------------------------------------------------


class Place(TypedDict):
    lon: float
    lat: float


@dataclass(frozen=True)
class Small:
    name: str
    sizes: tuple[int, ...] = ()
    way: Literal["up", "down"] = "up"
    at: Place | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    both: tuple[int, int] | None = None
    inner: Small | None = None


def test_a_record_is_read_as_its_types_say() -> None:
    read = record(Small, {"name": "a", "sizes": [1, 2], "both": [1, 2], "inner": {"name": "b"}, "x": 1}, "it")
    assert read == Small("a", (1, 2), both=(1, 2), inner=Small("b"))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "it is a list, not an object"),
        ({}, "it lacks 'name'"),
        ({"name": 5}, "it.name is the number 5, not text"),
        ({"name": "a", "sizes": "12"}, "it.sizes is the text '12', not a list"),
        ({"name": "a", "sizes": [1, True]}, r"it.sizes\[1\] is true, not a whole number"),
        ({"name": "a", "sizes": [1e308]}, r"it.sizes\[0\] is the number 1e\+308"),
        ({"name": "a", "sizes": [2**60]}, "not a whole number"),
        ({"name": "a", "way": "left"}, "it is one of up, down"),
        ({"name": "a", "way": []}, "it.way is a list"),
        ({"name": "a", "at": {"lon": 3}}, "it.at lacks 'lat'"),
        ({"name": "a", "at": {"lon": "3", "lat": 4}}, "it.at.lon is the text '3', not a number"),
        ({"name": "a", "both": [1]}, "it.both has 1 members, not 2"),
        ({"name": "a", "inner": {"name": None}}, "it.inner.name is null, not text"),
    ],
)
def test_a_record_of_other_types_is_refused_where_it_differs(value: Any, why: str) -> None:
    with pytest.raises(BadArgument, match=why):
        record(Small, value, "it")


def test_an_object_of_arguments_is_held_against_the_function() -> None:
    def tool(context: Any, *, land_cover: list[str], year: int | None = None) -> None: ...

    arguments(tool, {"land_cover": ["B"], "year": None}, "step 1")
    for wrong in ({}, {"land_cover": "B"}, {"land_cover": ["B"], "age": 1}, {"land_cover": ["B"], "year": "x"}, 5):
        with pytest.raises(BadArgument, match="step 1"):
            arguments(tool, wrong, "step 1")
    assert checked([1], tuple[float, ...], "it") == (1,)


# --- plans ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def context(demo_store: Any) -> Context:
    return Context.open(demo_store)


@pytest.mark.parametrize("at", range(len(GOOD_PLANS)))
def test_plans_tampered_with_are_run_or_refused(at: int, context: Context) -> None:
    for plan in tampered(GOOD_PLANS[at], most=25, seed=at):
        survives(lambda plan=plan: run_plan(plan_from_json(plan), context))


@QUICK
@given(tool=st.sampled_from(sorted(TOOLS)), drawn=st.data())
def test_plans_of_any_values_are_run_or_refused(tool: str, drawn: Any) -> None:
    import inspect

    names = [name for name in inspect.signature(TOOLS[tool]).parameters if name != "context"]
    chosen = drawn.draw(st.dictionaries(st.sampled_from([*names, "x"]), odd_values(), max_size=4))
    survives(lambda: plan_from_json({"steps": [{"tool": tool, "arguments": chosen}]}))


@QUICK
@given(plan=odd_values())
def test_anything_else_is_no_plan(plan: Any) -> None:
    survives(lambda: plan_from_json(plan))
    survives(lambda: plan_from_json({"steps": [plan], "areas": plan}))


def survives(work: Callable[[], Any]) -> None:
    """Do it, or have it refused in a line by an error that is an answer."""
    told = ""
    try:
        work()
    except LandaskError as error:
        told = str(error)
    assert "\n" not in told


# --- conversations, selections, links, talks -----------------------------------------------------------------------


@QUICK
@given(name=st.sampled_from(list(Conversation().to_json())), value=odd_values(), inner=st.booleans())
def test_a_conversation_of_any_values_is_read_or_refused(name: str, value: Any, inner: bool) -> None:
    state = {name: {"operation": value, "years": value, "near": value}} if inner else {name: value}
    survives(lambda: Conversation.from_json(state))


@pytest.mark.parametrize(
    "state",
    [
        {"pending": {}}, {"turns": "abc"}, {"frame": {"years": 5}}, {"before": []}, {"areas": {"aoi:x": 5}},
        {"pending": {"kind": "region", "question": "q", "words": "w", "choices": ["a"], "values": []}},
        {"pending": {"kind": "class", "question": "q", "words": "w", "choices": ["a"], "values": [5]}},
        {"pending": {"kind": "x", "question": "q", "words": "w", "choices": [], "values": []}},
        {"frame": {"near": {"lon": 3}}}, {"language": "xx"},
    ],
)  # fmt: skip
def test_the_conversations_that_broke_the_api_are_refused_or_harmless(state: Any, context: Context) -> None:
    def follow() -> None:
        conversation = Conversation.from_json(state)
        assert ask("and in Alsace?", context, router="builtin", conversation=conversation).status != "error"

    survives(follow)


@QUICK
@given(value=odd_values(), drawn=st.data())
def test_a_selection_of_any_values_is_taken_or_refused(value: Any, drawn: Any) -> None:
    kind = drawn.draw(
        st.sampled_from(["Feature", "FeatureCollection", "Polygon", "MultiPolygon", "GeometryCollection"])
    )
    member = drawn.draw(st.sampled_from(["features", "geometry", "properties", "coordinates", "geometries"]))
    survives(lambda: selected_area({"type": kind, member: value}))
    survives(lambda: selected_area(value))


def test_a_text_nested_without_end_is_no_selection() -> None:
    with pytest.raises(LandaskError, match="nested"):
        selected_area("[" * 200_000)


@pytest.mark.parametrize(
    "held",
    [
        {"q": "x", "p": {"steps": [{"tool": "count_points", "arguments": {}}]}, "s": 5},
        {"q": 5, "p": {"steps": []}},
        {"q": "x", "p": {"steps": [{"tool": [], "arguments": {}}]}},
        {"q": "x", "p": {"steps": [{"tool": "rank_official", "arguments": {"year": 1e308}}]}},
        [], 5, "x", {}, {"q": "x"}, {"q": "\ud800", "p": {}},
    ],
)  # fmt: skip
def test_a_link_that_holds_something_else_says_so(held: Any) -> None:
    packed = base64.urlsafe_b64encode(zlib.compress(json.dumps(held).encode())).decode()
    with pytest.raises(BadArgument, match="this link holds no answer"):
        read_link(packed)


def test_a_link_cut_short_swollen_or_nested_says_so() -> None:
    link = link_of("q", {"steps": [{"tool": "describe_data", "arguments": {}}]})
    assert link
    text = link.partition("=")[2]
    assert read_link(text)[0] == "q"
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * 50_000_000, 9)).decode()[:8_000]
    deep = base64.urlsafe_b64encode(zlib.compress(b"[" * 150_000, 9)).decode()
    for broken in (text[:-9], text[3:], "", "%%%", "é", bomb, deep, "A" * 20_000):
        with pytest.raises(BadArgument, match="this link holds no answer"):
            read_link(broken)


@QUICK
@given(value=odd_values())
def test_what_a_browser_kept_is_read_or_left_out(value: Any) -> None:
    turn = dict.fromkeys(("question", "caveats", "choices", "plan", "seconds", "selection", "status"), value)
    turn["witnesses"] = value
    for stored in (value, {"id": "a", "turns": [turn], "memory": value, "name": value}):
        talk = read_talk(stored)
        if talk:
            json.dumps(talk.to_json())


def test_a_kept_conversation_that_was_damaged_is_named_and_can_be_deleted(tmp_path: Path) -> None:
    import sqlite3

    threads = Threads(tmp_path / "c.sqlite")
    for state in ("{bad", "[]", '{"pending": {}}', "[" * 100_000, "5"):
        threads.save("one", Conversation())
        with sqlite3.connect(threads.path) as file:
            file.execute("UPDATE threads SET state = ?", (state,))
        file.close()
        with pytest.raises(BadFile, match="cannot be read"):
            threads.load("one")
        threads.delete("one")
    assert threads.every() == []


def test_a_poisoned_line_is_a_fault_of_its_own_and_the_others_are_cases(tmp_path: Path) -> None:
    lines = [
        '{"id": "a", "question": "\\ud800 Sweden"}',
        "[" * 200_000,
        "{",
        "5",
        '{"question": 5}',
        '{"question": "x"}',
    ]
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(lines))
    cases = list(read_cases(file))
    assert [bool(case.fault) for case in cases] == [True] * 5 + [False]
    assert all(case.fault.startswith("line ") for case in cases[:5])


def test_remembered_years_of_other_types_are_refused() -> None:
    for years in (5, ["2018"], [[2018]], {"2018": 1}):
        with pytest.raises(BadArgument, match="frame"):
            Conversation.from_json({"frame": {"years": years}})


def test_steps_and_queries_of_other_types_are_refused() -> None:
    for wrong in (
        {"steps": [{}]},
        {"steps": [{"tool": 5, "arguments": {}}]},
        {"queries": [{}]},
        {"past": [{"source": 5}]},
    ):
        with pytest.raises(BadArgument):
            Conversation.from_json(wrong)
