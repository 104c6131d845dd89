"""How often one person may ask. Keeps no log: only the times of the last minute."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable


class Limiter:
    """At most `per_minute` questions of one person in any minute. Safe between threads.

    Args:
        per_minute: 0 for no limit.
        clock: seconds; a test gives its own.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute, self.clock = per_minute, clock
        self._asked: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def wait(self, person: str) -> float:
        """Return 0 and count the question, or the seconds until the person may ask again."""
        if not self.per_minute:
            return 0.0
        now = self.clock()
        with self._lock:
            self._forget(now)
            asked = self._asked[person]
            if len(asked) >= self.per_minute:
                return 60.0 - (now - asked[0])
            asked.append(now)
            return 0.0

    def blocked(self, person: str) -> float:
        """Return the seconds until the person may try again, 0 where they may now; counts nothing."""
        if not self.per_minute:
            return 0.0
        now = self.clock()
        with self._lock:
            self._forget(now)
            asked = self._asked.get(person)
            return 60.0 - (now - asked[0]) if asked and len(asked) >= self.per_minute else 0.0

    def _forget(self, now: float) -> None:
        for person, asked in list(self._asked.items()):
            while asked and now - asked[0] >= 60.0:
                asked.popleft()
            if not asked:
                del self._asked[person]
