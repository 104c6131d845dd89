"""Answers kept for a while under keys nobody can guess: the map, the downloads and the point view read them."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.answer import Answer
from page.charts import Chart
from page.map import Drawing


@dataclass(frozen=True)
class Held:
    """One answer with what was drawn of it."""

    question: str
    answer: Answer
    drawing: Drawing
    charts: tuple[Chart, ...] = ()
    """What is compared in it, drawn."""
    selection: Mapping[str, Any] | None = None
    """GeoJSON of "this region", where the question had one."""
    made: float = field(default_factory=time.time)


class Shelf:
    """The newest answers, by key. Safe between threads.

    Args:
        most: how many answers are held.
        most_rows: how many table rows and features in all; the oldest answers go first.
    """

    def __init__(self, most: int = 500, most_rows: int = 2_000_000) -> None:
        self.most, self.most_rows = most, most_rows
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._rows = 0
        self._lock = threading.Lock()

    def put(self, held: Held) -> str:
        """Keep an answer and return its key."""
        return self.keep(secrets.token_urlsafe(18), held)

    def keep(self, key: str, held: Held) -> str:
        """Keep an answer under a key of its own, which is returned; one that is held there stays."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return key
            self._held[key] = held
            self._rows += weight(held)
            while len(self._held) > 1 and (len(self._held) > self.most or self._rows > self.most_rows):
                self._rows -= weight(self._held.popitem(last=False)[1])
        return key

    def get(self, key: str) -> Held | None:
        """The answer of a key, or None where it was never held or had to go."""
        with self._lock:
            held = self._held.get(key)
            if held:
                self._held.move_to_end(key)
            return held

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            self._held.clear()
            self._rows = 0


def weight(held: Held) -> int:
    """Rows and features an answer keeps in memory."""
    return sum(len(r.table or ()) + len((r.features or {}).get("features", ())) for r in held.answer.results) + 1
