"""When the question now running must end. Asked for at every query and every costly step; ends nothing itself."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Event

from retrieval.errors import QueryLimit

WATCH = "watch"
"""Name of threads that end questions and import nothing."""


class Cancelled(Exception):
    """The asker stopped the question."""


@dataclass(frozen=True)
class Deadline:
    """The end of one question."""

    seconds: float
    """How long it may take, all steps together."""
    ends: float
    """Time of the monotonic clock."""
    cancel: Event | None
    """Set by whoever no longer wants the answer."""

    def left(self) -> float:
        """Return the seconds that are left, 0 where none are."""
        return max(0.0, self.ends - time.monotonic())

    def over(self) -> bool:
        """Whether the time is over, or the question was stopped."""
        return self.left() == 0 or bool(self.cancel and self.cancel.is_set())

    def limit(self) -> QueryLimit:
        """Return the error of a question that ran too long."""
        return QueryLimit(f"the question took more than {self.seconds:g} s; ask about fewer regions or years")


_now: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def until(seconds: float, cancel: Event | None = None) -> Generator[Deadline]:
    """Give what runs inside so many seconds, in this thread."""
    deadline = Deadline(seconds, time.monotonic() + seconds, cancel)
    token = _now.set(deadline)
    try:
        yield deadline
    finally:
        _now.reset(token)


def check() -> None:
    """Go on, or end here because the question's time is over or nobody wants the answer.

    Raises:
        QueryLimit: it is.
    """
    deadline = _now.get()
    if deadline and deadline.over():
        raise deadline.limit()
