"""A conversation as the page keeps it: turns, and the form the browser stores. Does not ask."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agent.answer import Answer, Step
from retrieval.deal_files import ID as DEALS
from retrieval.foreign import plain_fault
from retrieval.statistics import DATASET_ID
from tools.result import Provenance

MOST_TURNS, LONGEST_NAME = 60, 60


@dataclass(frozen=True)
class Turn:
    """One question and what came of it; `answer` is missing while it runs and after it was stopped or stored."""

    question: str
    status: str = "running"
    """`running`, `stopped`, or an answer's status."""
    text: str = ""
    choices: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    plan: Mapping[str, Any] | None = None
    selection: Mapping[str, Any] | None = None
    seconds: float = 0.0
    router: str = ""
    language: str = ""
    key: str = ""
    """Where the answer lies on the shelf; empty for a turn read back from the browser."""
    agreed: str = ""
    """What asking again in other words came to."""
    witnesses: tuple[str, ...] = ()
    """Who speaks in the answer: `statistics`, `survey`, `pixels`, in its order."""
    following: tuple[str, ...] = ()
    """Questions that go on from here."""
    offer: int = 0
    """Minutes that the answer takes as a job in the background, where it is refused for being long."""
    job: str = ""
    """The job that makes it."""
    seen_as: str = ""
    """`map`, `table` or `chart`, where it only asks to see the answer before so: no card repeats that answer."""
    of: str = ""
    """The question of the answer that is seen so."""

    @property
    def subject(self) -> str:
        """The question that its answer is of."""
        return self.of or self.question


@dataclass(frozen=True)
class Talk:
    """A conversation with its name and the agent's own memory of it."""

    id: str = field(default_factory=lambda: secrets.token_hex(6))
    name: str = ""
    turns: tuple[Turn, ...] = ()
    memory: Any = None
    """What the agent remembers, as plain JSON values."""

    def add(self, turn: Turn) -> Talk:
        """This conversation with one more turn, named after its first question."""
        name = self.name or turn.question.strip()[:LONGEST_NAME]
        return replace(self, name=name, turns=(*self.turns, turn)[-MOST_TURNS:])

    def with_last(self, turn: Turn) -> Talk:
        """This conversation with its last turn replaced."""
        return replace(self, turns=(*self.turns[:-1], turn))

    def with_turn(self, at: int, turn: Turn) -> Talk:
        """This conversation with one turn replaced."""
        return replace(self, turns=(*self.turns[:at], turn, *self.turns[at + 1 :]))

    def placeless(self) -> Talk:
        """This conversation without memory of any place: "this region" means none until one is chosen or named."""
        spoken = ("language", "turns")
        return replace(self, memory={k: v for k, v in (self.memory or {}).items() if k in spoken} or None)

    def to_json(self) -> dict[str, Any]:
        """What the browser keeps: words and plans, no rows."""
        return {
            "id": self.id,
            "name": self.name,
            "turns": [turn_json(turn) for turn in self.turns],
            "memory": self.memory,
        }


def answered(turn: Turn, answer: Answer, key: str, following: tuple[str, ...] = ()) -> Turn:
    """The turn with its answer, and the questions that go on from it."""
    return replace(
        turn,
        status=answer.status,
        text=answer.text,
        choices=answer.choices,
        caveats=answer.caveats,
        steps=answer.steps,
        plan=answer.plan,
        seconds=answer.seconds,
        router=answer.router,
        language=answer.language,
        key=key,
        witnesses=witnesses_of(answer),
        following=following,
        offer=answer.job,
        job="",
    )


def witnesses_of(answer: Answer) -> tuple[str, ...]:
    """Who speaks in an answer, each once: the statistic, the surveyor, the satellite, the registry of deals."""
    return tuple(dict.fromkeys(witness_of(result.provenance) for result in answer.results))


def witness_of(made: Provenance) -> str:
    """Who says a result: a model reads pixels; shares are published; deals are registered; all else surveyors saw."""
    if made.model:
        return "pixels"
    if made.dataset == DEALS:
        return "deals"
    return "statistics" if made.dataset == DATASET_ID else "survey"


SEEN_AS = ("map", "table", "chart")
WITNESSES = ("statistics", "survey", "pixels", "deals")
STORED = (
    "question", "status", "text", "choices", "caveats", "plan", "selection", "seconds", "router", "language",
    "witnesses", "following", "offer", "job", "seen_as", "of",
)  # fmt: skip


def turn_json(turn: Turn) -> dict[str, Any]:
    """A turn as the browser keeps it."""
    return {name: getattr(turn, name) for name in STORED}


def read_talk(value: Any) -> Talk | None:
    """A conversation from what a browser kept; None for what is none, for anyone can write there."""
    if plain_fault(value):
        return None
    if not (isinstance(value, dict) and isinstance(value.get("id"), str) and isinstance(value.get("turns"), list)):
        return None
    turns = tuple(read_turn(turn) for turn in value["turns"][-MOST_TURNS:] if isinstance(turn, dict))
    name, memory = str(value.get("name", ""))[:LONGEST_NAME], value.get("memory")
    return Talk(value["id"][:32], name, turns, memory if isinstance(memory, dict) else None)


def read_turn(value: Mapping[str, Any]) -> Turn:
    """A turn from what a browser kept; a question that was running then is shown as stopped."""
    status = str(value.get("status", "stopped"))
    plan, selection, seconds = value.get("plan"), value.get("selection"), value.get("seconds")
    return Turn(
        question=str(value.get("question", "")),
        status="stopped" if status == "running" else status,
        text=str(value.get("text", "")),
        choices=texts_of(value.get("choices")),
        caveats=texts_of(value.get("caveats")),
        plan=plan if isinstance(plan, dict) else None,
        selection=selection if isinstance(selection, dict) else None,
        seconds=float(seconds) if isinstance(seconds, float) or (isinstance(seconds, int) and seconds < 10**9) else 0.0,
        router=str(value.get("router", "")),
        language=str(value.get("language", "")),
        witnesses=tuple(each for each in texts_of(value.get("witnesses")) if each in WITNESSES),
        following=texts_of(value.get("following"))[:3],
        offer=value["offer"] if isinstance(value.get("offer"), int) and 0 < value["offer"] < 10**6 else 0,
        job=str(value.get("job", ""))[:32],
        seen_as=value["seen_as"] if value.get("seen_as") in SEEN_AS else "",
        of=str(value.get("of", "")),
    )


def texts_of(value: Any) -> tuple[str, ...]:
    """The texts of a stored list; none where it is none."""
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
