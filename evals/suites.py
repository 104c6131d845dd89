"""Every suite by name: what it measures and how. A new suite is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals import classes, places, questions
from evals.record import Case, Outcome, Row
from evals.world import World


@dataclass(frozen=True)
class Suite:
    """One thing that is measured."""

    name: str
    cases: Callable[[World], list[Case]]
    measure: Callable[[Case, World], Outcome]
    stages: tuple[str, ...]
    headline: str
    """The stage a person looks at first."""
    uses_router: bool = False
    """Whether router and language model matter."""
    tables: Callable[[Sequence[Row], World], Mapping[str, Any]] = lambda rows, world: {}
    """Figures that are not rates of rows."""


SUITES: dict[str, Suite] = {
    "questions": Suite("questions", questions.cases, questions.measure, questions.STAGES, "result", uses_router=True),
    "places": Suite("places", places.cases, places.measure, places.STAGES, "linked"),
    "classes": Suite("classes", classes.cases, classes.measure, classes.STAGES, "right"),
}
