"""Answers made in the background, one after another: started, told how far they are, stopped, held. Plans nothing."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.answer import Answer
from page.asking import Patience
from retrieval.deadline import Cancelled
from retrieval.errors import LandaskError

log = logging.getLogger(__name__)

MOST_JOBS = 40
"""Jobs held, those that are over among them; the oldest that is over goes first."""
MOST_WAITING = 8
Work = Callable[[Patience], Answer]


@dataclass
class Job:
    """One answer on its way."""

    work: Work
    status: Literal["waiting", "running", "done", "refused", "failed", "stopped"] = "waiting"
    done: int = 0
    """Pixels read."""
    of: int = 0
    answer: Answer | None = None
    text: str = ""
    """Why there is no answer; of a bug the code that finds it in the log."""
    began: float = 0.0
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        """Whether nothing more is to come of it."""
        return self.status not in ("waiting", "running")

    def told(self, done: int, of: int) -> None:
        """Note how far it is.

        Raises:
            Cancelled: it was stopped.
        """
        if self.cancel.is_set():
            raise Cancelled
        self.done, self.of = done, of

    def run(self) -> None:
        """Do the work, unless it was stopped while it waited."""
        self.began = time.monotonic()
        try:
            self.told(0, 0)
            self.status = "running"
            self.answer = self.work(self.told)
            self.told(self.of, self.of)
            self.status = "done"
        except Cancelled:
            self.status = "stopped"
        except LandaskError as error:
            self.status, self.text = "refused", str(error)
        except Exception:  # the edge: a bug becomes a code for the person and a traceback for the log
            code = secrets.token_hex(4)
            log.exception("a job failed, code %s", code)
            self.status, self.text = "failed", code

    def to_json(self) -> dict[str, Any]:
        """How far it is, and the seconds still to go, null where they cannot be told."""
        left = (time.monotonic() - self.began) / self.done * (self.of - self.done) if self.done else None
        return {"status": self.status, "done": self.done, "of": self.of, "left": None if left is None else round(left)}


class Jobs:
    """The jobs by keys nobody can guess; one runs at a time. Safe between threads."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def start(self, work: Work) -> str:
        """Begin a job as soon as those before it are over, and return its key; '' where too many wait."""
        job, key = Job(work), secrets.token_urlsafe(18)
        with self._lock:
            if sum(not each.over for each in self._jobs.values()) > MOST_WAITING:
                return ""
            self._jobs[key] = job
            over = [each for each, held in self._jobs.items() if held.over]
            for each in over[: max(0, len(self._jobs) - MOST_JOBS)]:
                del self._jobs[each]
        threading.Thread(target=self._run, args=(job,), name="job", daemon=True).start()
        return key

    def get(self, key: str) -> Job | None:
        """The job of a key, None where it was never begun here or is held no more."""
        with self._lock:
            return self._jobs.get(key)

    def stop(self, key: str) -> None:
        """Let a job go."""
        if job := self.get(key):
            job.cancel.set()

    def end(self) -> None:
        """Let all go: the page is being ended."""
        with self._lock:
            for job in self._jobs.values():
                job.cancel.set()

    def _run(self, job: Job) -> None:
        with self._turn:
            job.run()
