"""The real agent, made to wait or to fail where a question says so, so that stopping and bugs can be tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event
from time import monotonic, sleep
from typing import Any

from agent.answer import Answer, Step
from app import Agent
from page.asking import OnStep


class Patient(Agent):
    """The agent; "slow" in a question makes it take a minute unless stopped, "bug" makes it fail."""

    def ask(
        self,
        question: str,
        *,
        memory: Any,
        selection: Mapping[str, Any] | None,
        on_step: OnStep,
        cancel: Event,
        encoder: str = "",
    ) -> tuple[Answer, Any]:
        for at in range(240 if "slow" in question else 0):
            on_step(Step("plan", 0.1, f"part {at}"))
            if cancel.wait(0.25):
                raise RuntimeError("cancelled")
        if "bug" in question:
            raise RuntimeError("/secret/path")
        return super().ask(
            question, memory=memory, selection=selection, on_step=on_step, cancel=cancel, encoder=encoder
        )


def waited_for(ready: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it is not, after so many seconds.
    """
    end = monotonic() + seconds
    while not ready():
        assert monotonic() < end, "waited for in vain"
        sleep(0.02)
