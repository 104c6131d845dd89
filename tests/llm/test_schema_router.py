"""The form a small model fills in: every one of them is a query, and what a reply leaves out is not answered."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.answer import Answer
from agent.conversation import Conversation
from agent.llm.errors import BadPlan
from agent.llm.form import MEASURES, form_schema, query_of
from agent.llm.offer import offer_of
from agent.llm.replies import first_object
from retrieval.errors import DataError
from tests.llm.ollama_protocol import OllamaServer, Reply, script
from tools.compile import compile_query
from tools.context import Context

Served = Callable[..., OllamaServer]
Asked = Callable[..., Answer]
QUESTION = "woodland exceeding 40 %: tick the countries"
FORM = {"source": "published", "measure": "share", "rows": "country", "places": [], "classes": ["C1"], "years": [],
        "column": "value", "having": ">", "number": 40, "order": "most", "answer": "rows"}  # fmt: skip
RICH = ("Which 5 regions of Italy and France not within 30 km of Rome had over 20 % vineyards, olive groves or "
        "forestry in 2018, above 700 m, without Sicily?")  # fmt: skip


def drawn(schema: dict[str, Any], chance: random.Random) -> Any:
    """A random value under a schema."""
    if "anyOf" in schema:
        return drawn(chance.choice(schema["anyOf"][:-1]), chance)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if schema["type"] == "array":
        most = min(schema["maxItems"], 3)
        return chance.sample(schema["items"]["enum"], chance.randint(0, most)) if most else []
    return {name: drawn(part, chance) for name, part in schema["properties"].items()}


@pytest.mark.parametrize("question", [RICH, "Benelux, Bavaria and Limburg: woodland without conifers", "hello"])
def test_every_form_under_the_schema_is_a_query_that_compiles(question: str, demo: Context) -> None:
    offer, chance = offer_of(question, demo, Conversation()), random.Random(3)
    schema = form_schema(offer)
    for _ in range(60):
        asked = query_of(drawn(schema, chance), offer, demo)
        with suppress(DataError):  # what the data does not have is said; that is no fault of the form
            compile_query(asked, demo)


def test_the_form_offers_only_what_was_looked_up(demo: Context) -> None:
    offer = offer_of(RICH, demo, Conversation())
    assert {"country:IT", "country:FR"} <= {*offer.places.values()}
    assert {("B82",), ("B81",), ("U120",)} <= {*offer.classes.values()}
    assert {5.0, 20.0, 30.0, 700.0} <= {*offer.numbers}
    assert 2018 not in offer.numbers
    text = json.dumps(form_schema(offer))
    assert "country:" not in text
    assert '"B82"' not in text


def hostile() -> st.SearchStrategy[Any]:
    """What a server that holds nothing to a schema may bring."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FORM, "near", "km", "x"]), inner),
        max_leaves=12,
    )


@given(st.dictionaries(st.sampled_from([*FORM, "without", "near", "km", "side", "elevation", "limit"]), hostile()))
@settings(max_examples=25, deadline=None)
def test_nothing_a_hostile_reply_names_comes_into_a_query(form: dict[str, Any]) -> None:
    context, offer = WORLD["context"], WORLD["offer"]
    try:
        asked = query_of({**FORM, **form}, offer, context)
    except BadPlan:
        return
    named = json.dumps(asked.to_json())
    assert "country:" not in named
    assert {f.values for f in asked.where if f.dimension == "land_cover"} <= {("C00",)}


WORLD: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def world(demo: Context) -> None:
    WORLD.update(context=demo, offer=offer_of(QUESTION, demo, Conversation()))


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '```json\n{"a": 1}\n```',
        '<think>maybe {"b": 2}?</think>\n{"a": 1}',
        'Sure! Here it is:\n\n{"a": 1} and {"b": 2}',
        '}}} {"a": 1,}',
        '{"broken": {"a": 1}',
        '\ufeff{ "a": 1 }\n\n\n',
    ],
)
def test_the_first_whole_object_of_a_reply_is_taken(text: str) -> None:
    assert first_object(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "no object here", "[1, 2]", "<think>{", '{"a": '])
def test_a_reply_without_an_object_has_none(text: str) -> None:
    assert first_object(text) is None


def test_a_form_answers_what_the_rules_have_no_plan_for(served: Served, asked: Asked) -> None:
    server = served(script(f"Here:\n```json\n{json.dumps(FORM)}\n```"))
    answer = asked(QUESTION, server)
    assert answer.router == "schema:ollama:qwen3:4b"
    assert answer.tokens is not None
    assert answer.results[0].table
    assert min(answer.results[0].table.column("value")) > 40
    assert set(MEASURES) >= {f["properties"]["source"].get("const") for f in server.chats[0]["format"]["anyOf"][:-1]}


def test_a_faulty_form_goes_back_once_with_the_fault(served: Served, asked: Asked) -> None:
    server = served(script({**FORM, "classes": ["C9"]}, FORM))
    answer = asked(QUESTION, server)
    assert answer.router == "schema:ollama:qwen3:4b"
    assert "C9" in server.chats[1]["messages"][-1]["content"]


def test_a_form_that_leaves_out_what_the_question_names_is_not_answered(served: Served, asked: Asked) -> None:
    server = served(script(FORM))
    answer = asked("woodland exceeding 40 %: tick the landlocked regions of Spain", server)
    assert answer.router.startswith("builtin (after schema")
    assert "leaves out what the question names: Spain" in answer.caveats[-1]
    assert answer.status == "refused"


def test_a_small_models_refusal_and_the_whole_question_are_its_own(served: Served, asked: Asked) -> None:
    server = served(script({"source": "none", "why": "no such thing"}))
    answer = asked(QUESTION, server)
    assert answer.status == "refused"
    assert answer.router == "schema:ollama:qwen3:4b"
    assert QUESTION in server.chats[0]["messages"][1]["content"]


def test_an_empty_reply_leaves_one_line_and_the_rules_answer(served: Served, asked: Asked) -> None:
    answer = asked(QUESTION, served(script(Reply(pieces=[""]))))
    assert "the model's reply is empty" in answer.caveats[-1]
