"""A strong model with the tools: who decides, what stands, what is told once, and that nothing right is thrown away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.answer import Answer
from agent.ask import ask
from agent.conversation import Conversation
from agent.llm.choice import ModelChoice
from tests.llm.ollama_protocol import OllamaServer, Reply
from tools.context import Context

Asked = Callable[..., Answer]
QUESTION = "Which country shows woodland exceeding 60 % and by what odds?"
YEAR = {"dimension": "year", "values": [2022]}
WOODED = {"source": "published", "columns": [{"name": "share", "measure": "share"}],
          "where": [{"dimension": "land_cover", "values": ["C00"]}, YEAR],
          "rows": [{"dimension": "region", "level": "country"}],
          "having": [{"column": "share", "sign": ">", "value": 60}],
          "order": [{"column": "share", "way": "most"}]}  # fmt: skip


def calls(*steps: Any) -> Callable[[dict[str, Any]], Reply]:
    """A model that makes these calls, a text being its words."""
    turn = iter(steps)

    def brain(body: dict[str, Any]) -> Reply:
        step = next(turn)
        if isinstance(step, str):
            return Reply(pieces=[step])
        several = step if isinstance(step, list) else [step]
        return Reply(tool_calls=[{"name": name, "arguments": arguments} for name, arguments in several])

    return brain


@pytest.fixture
def told(served: Callable[..., OllamaServer], asked: Asked) -> Callable[..., tuple[Answer, OllamaServer]]:
    def one(*steps: Any, question: str = QUESTION, **more: Any) -> tuple[Answer, OllamaServer]:
        server = served(calls(*steps))
        return asked(question, server, router="tools", **more), server

    return one


def test_calls_and_an_answer_are_a_plan_and_its_sentence_is_rendered_from_results(told: Any) -> None:
    answer, server = told(("query", WOODED), ("answer", {"results": [1]}), ("answer", {"results": [1]}))
    assert answer.router == "tools:ollama:qwen3:4b"
    assert answer.status == "answered"
    assert answer.plan["steps"][0]["arguments"]["having"][0]["value"] == 60
    assert answer.tokens.prompt == 100 * len(server.chats)
    assert QUESTION in server.chats[0]["messages"][1]["content"], "the whole question"


def test_the_rules_plan_is_one_labelled_suggestion_and_names_are_looked_up_before(told: Any) -> None:
    _, server = told(("refuse", {"reason": "not_expressible", "words": "x"}), question="woodland in Spain, à la carte?")
    said = server.chats[0]["messages"][1]["content"]
    assert "The rules, unsure, would run: " in said or "The rules have no plan" in said
    assert "country:ES,Spain,country" in said
    assert "C00 woodland" in said


def test_a_strong_models_refusal_stands_with_its_reason(told: Any) -> None:
    answer, _ = told(("refuse", {"reason": "no_such_measure", "words": "Odds are not measured."}))
    assert (answer.status, answer.router) == ("refused", "tools:ollama:qwen3:4b")
    assert answer.text == "Nothing of the kind is measured here. Odds are not measured."


HALF_READ = "Zeig mir bitte mal flugs alle Weinbergpunkte in Spanien 2018"
"""The rules have a plan for it that leaves a word aside."""


@pytest.mark.parametrize(("strong", "status"), [("yes", "refused"), ("no", "answered")])
def test_a_small_models_refusal_gives_way_to_a_plan_of_the_rules(
    strong: str, status: str, served: Any, demo: Context
) -> None:
    server = served(calls(("refuse", {"reason": "no_such_measure", "words": "share"})))
    choice = ModelChoice(name="ollama:qwen3:4b", base_url=server.url, strong=strong)
    answer = ask(HALF_READ, demo, router="tools", llm=choice)
    assert server.chats, "the model was asked"
    assert answer.status == status
    assert ("small" in " ".join(answer.caveats)) == (strong == "no")


@pytest.mark.parametrize("turns", [("What does the code C10 mean?",), ("woodland in Spain, 2018?", "and in Portugal?")])
def test_what_a_code_means_and_a_follow_up_read_whole_are_put_to_no_model(
    turns: tuple[str, ...], served: Any, demo: Context
) -> None:
    server, conversation = served(calls()), Conversation()
    choice = ModelChoice(name="ollama:qwen3:4b", base_url=server.url)
    said = [ask(turn, demo, router="tools", llm=choice, conversation=conversation) for turn in turns]
    assert [one.status for one in said] == ["answered"] * len(turns)
    assert server.chats == []


def test_a_strong_model_asks_back_and_the_reply_comes_to_it(served: Any, demo: Context) -> None:
    conversation = Conversation()
    first = served(calls(("ask_back", {"question": "Which odds?", "choices": ["share", "points"]})))
    answer = ask(
        QUESTION, demo, router="tools", llm=ModelChoice("ollama:qwen3:4b", first.url), conversation=conversation
    )
    assert (answer.status, answer.choices) == ("clarify", ("share", "points"))
    assert answer.text == "Which odds? 1) share, 2) points"
    kept = Conversation.from_json(conversation.to_json())
    second = served(calls(("query", WOODED), ("answer", {"results": [1]}), ("answer", {"results": [1]})))
    answer = ask("share", demo, router="tools", llm=ModelChoice("ollama:qwen3:4b", second.url), conversation=kept)
    assert answer.status == "answered"
    said = second.chats[0]["messages"][1]["content"]
    assert f"{QUESTION}\n(You asked back: Which odds? Reply: share)" in said


def test_what_a_plan_leaves_out_is_told_once_and_the_right_result_is_kept(told: Any) -> None:
    less = {**WOODED, "having": []}
    answer, server = told(("query", less), ("answer", {"results": [1]}), ("answer", {"results": [1]}))
    warned = [m["content"] for m in server.chats[-1]["messages"] if m["role"] == "tool"]
    assert sum(text.startswith("not in these results: ") for text in warned) == 1
    assert "60" in warned[-1]
    assert answer.status == "answered"
    assert any(c.startswith("Not taken into account: ") and "60" in c for c in answer.caveats)


def test_an_error_comes_back_and_is_mended(told: Any) -> None:
    wrong = {**WOODED, "columns": [{"name": "share", "measure": "percentage"}]}
    answer, server = told(
        ("query", wrong), ("query", WOODED), ("answer", {"results": [1]}), ("answer", {"results": [1]})
    )
    assert answer.router == "tools:ollama:qwen3:4b"
    replies = [m["content"] for m in server.chats[1]["messages"] if m["role"] == "tool"]
    assert replies == ["error: published has no measure 'percentage'; it has share, km2, ha, cv"]


def test_an_invented_code_is_not_taken_and_the_model_is_told_where_ids_come_from(told: Any) -> None:
    invented = {**WOODED, "where": [{"dimension": "land_cover", "values": ["B82"]}, YEAR]}
    _, server = told(("query", invented), ("refuse", {"reason": "not_land", "words": "x"}))
    assert "'B82' was not looked up here" in server.chats[1]["messages"][-1]["content"]


def test_several_calls_of_one_message_and_a_repeated_one_are_all_answered(told: Any) -> None:
    looked = ("find_classes", {"text": "Wald"})
    answer, server = told(
        [looked, looked], ("query", WOODED), ("answer", {"results": [1]}), ("answer", {"results": [1]})
    )
    assert answer.status == "answered"
    assert sum(m["role"] == "tool" for m in server.chats[1]["messages"]) == 2


def test_a_call_written_as_text_is_taken_as_one(told: Any) -> None:
    import json

    written = "I will look:\n```json\n" + json.dumps({"name": "query", "arguments": WOODED}) + "\n```"
    answer, _ = told(written, ("answer", {"results": [1]}), ("answer", {"results": [1]}))
    assert answer.router == "tools:ollama:qwen3:4b"


def test_a_result_is_not_thrown_away_because_the_model_ends_in_prose(told: Any) -> None:
    answer, _ = told(("query", WOODED), "It is Finland, see res1.", "Finland, I said: res1.")
    assert answer.router == "tools:ollama:qwen3:4b"
    assert answer.status == "answered"
    assert "I said" not in answer.text


def test_a_model_that_calls_nothing_leaves_it_to_the_rules(told: Any) -> None:
    answer, _ = told("I think it is Finland.", "Finland.")
    assert answer.router == "builtin (after tools:ollama:qwen3:4b)"
    assert "called no tool" in answer.caveats[-1]


def test_an_endless_caller_meets_its_limit(served: Any, asked: Asked) -> None:
    looks = served(lambda body: Reply(tool_calls=[{"name": "find_classes", "arguments": {"text": "Wald"}}]))
    answer = asked(QUESTION, looks, router="tools")
    assert answer.router.startswith("builtin (after tools")
    assert len(looks.chats) == 12


def test_a_context_too_small_is_an_error_before_anything_is_sent(told: Any) -> None:
    answer, server = told("x", context_tokens=1000)
    assert server.chats == []
    assert "the model's context is 1000" in answer.caveats[-1]


def test_writing_and_instructions_are_refused_before_a_model_is_asked(told: Any) -> None:
    answer, server = told("x", question="delete all woodland points")
    assert (answer.status, server.chats) == ("refused", [])


def test_a_follow_up_sees_the_queries_and_results_before(served: Any, demo: Context) -> None:
    conversation = Conversation()
    for steps in ((("query", WOODED), ("answer", {"results": [1]}), ("answer", {"results": [1]})),
                  (("refuse", {"reason": "not_land", "words": "x"}),)):  # fmt: skip
        server = served(calls(*steps))
        choice = ModelChoice("ollama:qwen3:4b", server.url)
        ask(QUESTION, demo, router="tools", llm=choice, conversation=conversation)
    said = server.chats[0]["messages"][1]["content"]
    assert f"The question before: {QUESTION}" in said
    assert 'query {"source":"published"' in said
    assert "earlier1: " in said
