"""Calls that cannot hang, replies that must end, prompts that must fit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx
import pytest
from langchain_core.messages import SystemMessage

from agent.llm.connection import Breakable
from agent.llm.errors import ContextOverflow, ModelFailed
from agent.llm.guard import fits, guarded, refuse_endless
from retrieval.deadline import Cancelled
from tests.llm.ollama_protocol import OllamaServer, script


def test_work_that_is_done_in_time_returns_its_value_or_its_error() -> None:
    assert guarded(lambda: 7, seconds=5) == 7
    with pytest.raises(KeyError):
        guarded(lambda: {}["x"], seconds=5)


def test_work_that_takes_too_long_is_given_up_and_told_so() -> None:
    left, told = threading.Event(), []
    with pytest.raises(ModelFailed, match=r"within 0\.1 s"):
        guarded(lambda: left.wait(5), seconds=0.1, give_up=told.append)
    left.set()
    assert len(told) == 1


def test_a_stop_ends_the_wait_at_once() -> None:
    left, cancel = threading.Event(), threading.Event()
    cancel.set()
    start = time.perf_counter()
    with pytest.raises(Cancelled):
        guarded(lambda: left.wait(5), seconds=5, cancel=cancel)
    left.set()
    assert time.perf_counter() - start < 2


def test_a_connection_that_was_broken_off_opens_no_other(served: Callable[..., OllamaServer]) -> None:
    server = served(script("late"))
    transport = Breakable()
    transport.shut()
    with httpx.Client(transport=transport) as client, pytest.raises(httpx.TransportError):
        client.get(f"{server.url}/api/version")


@pytest.mark.parametrize("text", [" " * 300, "ab" * 200, "\n\t" * 150, '{"a": 1}' * 60, "x" * 7000])
def test_a_reply_without_end_is_stopped(text: str) -> None:
    with pytest.raises(ModelFailed):
        refuse_endless(text)


def test_a_long_plan_is_not_taken_for_an_endless_reply() -> None:
    step = '{"operation": "count_points", "regions": ["R%d"], "classes": ["C1"], "years": [20%02d], "limit": %d}'
    refuse_endless("[" + ", ".join(step % (n, n, n * 7) for n in range(10)) + "]")


def test_a_prompt_and_its_reply_must_fit_together() -> None:
    fits([SystemMessage("x" * 240)], 118, 10)
    with pytest.raises(ContextOverflow, match="context is 110"):
        fits([SystemMessage("x" * 240)], 110, 10)
