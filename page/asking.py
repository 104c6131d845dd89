"""One question on its way: runs beside the page, hands over steps as they come, can be stopped. Plans nothing."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agent.answer import Answer, Step
from tools.context import Context

log = logging.getLogger(__name__)

OnStep = Callable[[Step], None]


class Asker(Protocol):
    """What the page needs of the agent. Returns the answer and the conversation's new memory."""

    def ask(
        self, question: str, *, memory: Any, selection: Mapping[str, Any] | None, on_step: OnStep
    ) -> tuple[Answer, Any]:
        """Answer a question."""
        ...

    def replay(
        self, plan: Mapping[str, Any], *, question: str, selection: Mapping[str, Any] | None, on_step: OnStep
    ) -> tuple[Answer, Any]:
        """Run a plan again, with no model."""
        ...


@dataclass(frozen=True)
class World:
    """What the page speaks for: the data and the agent. Built in `app.py` and in tests."""

    context: Context
    asker: Asker
    router: str = "builtin"


class Stopped(Exception):
    """The person pressed stop. Raised inside the question's own thread at its next step."""


class Failed(Exception):
    """A bug while answering; `code` finds it in the log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Asking:
    """A question being answered in a thread of its own."""

    def __init__(self, work: Callable[[OnStep], tuple[Answer, Any]]) -> None:
        self._said: queue.Queue[Any] = queue.Queue()
        self._stop = threading.Event()
        self._work = work
        self.memory: Any = None
        self._thread = threading.Thread(target=self._run, name="asking", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the answer go: the page hears of it at once, the thread ends at its next step."""
        self._stop.set()
        self._said.put(Stopped())

    def said(self) -> Iterator[Step | Answer]:
        """Each step, then the answer.

        Raises:
            Stopped: somebody stopped it.
            Failed: a bug, which was logged.
        """
        while True:
            said = self._said.get()
            if isinstance(said, Exception):
                raise said
            yield said
            if isinstance(said, Answer):
                return

    def _on_step(self, step: Step) -> None:
        if self._stop.is_set():
            raise Stopped
        self._said.put(step)

    def _run(self) -> None:
        try:
            answer, self.memory = self._work(self._on_step)
        except Stopped:
            return
        except Exception:  # the edge: a bug becomes a code for the person and a traceback for the log
            code = secrets.token_hex(4)
            log.exception("question failed, code %s", code)
            self._said.put(Failed(code))
        else:
            self._said.put(answer)
