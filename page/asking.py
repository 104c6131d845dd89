"""One question on its way: runs beside the page, hands over steps as they come, can be stopped. Plans nothing."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from agent.answer import Answer, Step
from retrieval.errors import LandaskError
from tools.context import Context

log = logging.getLogger(__name__)

OnStep = Callable[[Step], None]
Patience = Callable[[int, int], None]
"""Told how many pixels of how many are read; what it raises ends the job."""


class Asker(Protocol):
    """What the page needs of the agent."""

    def ask(
        self,
        question: str,
        *,
        memory: Any,
        selection: Mapping[str, Any] | None,
        on_step: OnStep,
        cancel: threading.Event,
        encoder: str = "",
    ) -> tuple[Answer, Any]:
        """Answer a question; also the conversation's new memory, as plain JSON values.

        `encoder`: the satellite's, by its name at hand; '' is the one that answers by default.
        """
        ...

    def replay(
        self,
        plan: Mapping[str, Any],
        *,
        question: str,
        selection: Mapping[str, Any] | None,
        language: str,
        patience: Patience | None = None,
    ) -> Answer:
        """Run a plan again, with no model; with `patience` as a job that takes as long as it takes.

        Raises:
            LandaskError: it cannot be run.
        """
        ...


@dataclass(frozen=True)
class World:
    """What the page speaks for: the data and the agent. Built in `app.py` and in tests."""

    context: Context
    asker: Asker
    router: str = "builtin"


class Stopped(Exception):
    """The person pressed stop."""


class Abandoned(Exception):
    """The person went to another conversation, `instead`: nobody waits for this answer any more."""

    def __init__(self, instead: Any) -> None:
        super().__init__()
        self.instead = instead


class Failed(Exception):
    """A bug while answering; `code` finds it in the log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Asking:
    """A question being answered in a thread of its own."""

    def __init__(self, work: Callable[[OnStep, threading.Event], tuple[Answer, Any]]) -> None:
        self._said: queue.Queue[Any] = queue.Queue()
        self._next: list[Any] = []
        self._cancel = threading.Event()
        self._work = work
        self._left: Abandoned | None = None
        self.memory: Any = None
        self._thread = threading.Thread(target=self._run, name="asking", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the answer go: the page hears of it at once, the thread ends at its next step."""
        self._cancel.set()
        self._said.put(Stopped())

    def abandon(self, instead: Any) -> None:
        """Let the answer go; `instead` is what the page shows now."""
        self._left = Abandoned(instead)
        self._cancel.set()
        self._said.put(self._left)

    def still_asked(self) -> None:
        """See that nobody left, also not since the answer came: drawing it takes a while.

        Raises:
            Abandoned: somebody did.
        """
        if self._left:
            raise self._left

    def said(self) -> Iterator[Step | Answer]:
        """Each step, then the answer.

        Raises:
            Stopped: somebody stopped it.
            Abandoned: somebody left it.
            LandaskError: it cannot be answered, and the message says why.
            Failed: a bug, which was logged.
        """
        while True:
            said = self._next.pop() if self._next else self._said.get()
            if isinstance(said, Exception):
                raise said
            yield said
            if isinstance(said, Answer):
                self.still_asked()
                return

    def says_more_in(self, seconds: float) -> bool:
        """Wait for what is said next, so long at most; whether something is."""
        if not self._next:
            with suppress(queue.Empty):
                self._next.append(self._said.get(timeout=seconds))
        return bool(self._next)

    def _run(self) -> None:
        try:
            answer, self.memory = self._work(self._said.put, self._cancel)
        except LandaskError as error:
            self._said.put(error)
        except Exception:  # the edge: a bug becomes a code for the person and a traceback for the log
            if self._cancel.is_set():
                return
            code = secrets.token_hex(4)
            log.exception("question failed, code %s", code)
            self._said.put(Failed(code))
        else:
            self._said.put(answer)
