"""The answer and its parts: the JSON contract as types. Does not make answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tools.result import Result

Status = Literal["answered", "clarify", "refused", "error"]


@dataclass(frozen=True)
class Step:
    """One thing that was done, as a person may read it."""

    name: str
    seconds: float
    detail: str


@dataclass(frozen=True)
class Tokens:
    """Language-model tokens spent on one answer."""

    prompt: int
    completion: int


@dataclass(frozen=True)
class Answer:
    """What a question came to. `to_json` is the contract of `docs/answer.schema.json`."""

    status: Status
    text: str
    router: str
    seconds: float
    choices: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()
    caveats: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    tokens: Tokens | None = None
    language: str = "en"
    plan: dict[str, Any] | None = None
    """The plan to replay: `{"steps": [{"tool", "arguments"}]}`."""
    job: int = 0
    """Minutes that its plan takes in the background, where it asks for more pixels than one answer reads; else 0."""

    def to_json(self) -> dict[str, Any]:
        """The contract's form of an answer."""
        return {
            "status": self.status,
            "text": self.text,
            "choices": list(self.choices),
            "results": [r.to_json() for r in self.results],
            "caveats": list(self.caveats),
            "steps": [{"name": s.name, "seconds": s.seconds, "detail": s.detail} for s in self.steps],
            "router": self.router,
            "seconds": self.seconds,
            "tokens": ({"prompt": self.tokens.prompt, "completion": self.tokens.completion} if self.tokens else None),
            "language": self.language,
            "plan": self.plan,
        }
