"""Composed questions with the calls of a capable model, replayed without one: every call valid, the headline the same.

`oracle.jsonl` was written by hand against the real prompts and the bundled store; a reply is the calls of one message.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage

from agent.ask import ask
from agent.conversation import Conversation
from agent.llm import tools_router
from agent.llm.models import OpenModel
from agent.llm.tools_router import ToolsRouter
from agent.surface.digest import digest_of
from agent.surface.session import Session
from agent.surface.tools import specs
from tests.tokens import tokens
from tools.context import Context

ORACLE = [json.loads(line) for line in (Path(__file__).parent / "oracle.jsonl").read_text("utf-8").splitlines()]
A_QUESTION, A_RESULT = 2_500, 800
"""Tokens of o200k: what a model reads of a question before its first call; a result of 27 rows and 6 columns."""


class Replayed:
    """A chat model that gives kept replies, and keeps what it is told."""

    def __init__(self, replies: list[list[list[Any]]]) -> None:
        self.replies, self.messages, self.tools = iter(replies), list[BaseMessage](), list[Any]()

    def bind_tools(self, tools: list[Any]) -> Replayed:
        self.tools = tools
        return self

    def said(self, chat: Any, messages: list[BaseMessage]) -> AIMessage:
        self.messages = list(messages)
        calls = [{"name": n, "args": a, "id": f"c{at}"} for at, (n, a) in enumerate(next(self.replies))]
        return AIMessage("", tool_calls=calls)


def replayed(turns: list[dict[str, Any]], context: Context, patch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """Each turn's answer, with the model it was told by."""
    conversation = Conversation()
    for turn in turns:
        model = Replayed(turn["replies"])
        patch.setattr(tools_router, "gather", model.said)
        opened = OpenModel("oracle", model, 100_000, 1_000, lambda: None)  # ty: ignore[invalid-argument-type]
        router = ToolsRouter(lambda opened=opened: opened, "oracle", always=True)
        yield ask(turn["question"], context, router=router, conversation=conversation, debug=True), model


def test_there_are_sixty_or_more_and_a_quarter_is_not_in_english() -> None:
    assert len(ORACLE) >= 60
    assert len({case["turns"][0]["question"] for case in ORACLE}) == len(ORACLE)


@pytest.mark.parametrize("case", ORACLE, ids=lambda case: case["id"])
def test_every_call_is_still_valid_and_the_headline_the_same(
    case: dict[str, Any], demo: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn, (answer, model) in zip(case["turns"], replayed(case["turns"], demo, monkeypatch), strict=True):
        told = [str(m.content) for m in model.messages if m.type == "tool"]
        assert not [t for t in told if t.startswith(("error", "not in these results"))]
        assert answer.router == "tools:oracle"
        assert answer.status == turn["status"]
        if answer.status == "answered":
            assert [[r.value, r.unit] for r in answer.results] == turn["headline"]
        tools = json.dumps(model.tools, ensure_ascii=False, separators=(",", ":"))
        before = [str(m.content) for m in model.messages[:2]]
        assert sum(tokens(text) for text in (*before, tools)) <= A_QUESTION


def test_a_result_of_27_rows_and_6_columns_is_within_its_budget(demo: Context) -> None:
    client = Session(demo, grounds=None)
    years = [2009, 2012, 2015, 2018]
    columns = [{"name": f"y{y}", "measure": "share", "where": [{"dimension": "year", "values": [y]}]} for y in years]
    wood = {"dimension": "land_cover", "values": ["C00"]}
    rows = [{"dimension": "region", "level": "country"}]
    client.call("query", {"source": "published", "columns": columns, "where": [wood], "rows": rows})
    text = digest_of("res1", client.results[0], 27)
    assert text.split("\n")[1].count(",") == 5
    assert tokens(text) <= A_RESULT


def test_the_tools_are_told_in_fewer_tokens_than_their_whole_schema(demo: Context) -> None:
    tools = json.dumps([s.function() for s in specs(demo)], ensure_ascii=False, separators=(",", ":"))
    assert tokens(tools) <= 1_700
