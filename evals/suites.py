"""Every suite by name: what it measures and how. A new suite is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals import (
    classes,
    distortion,
    landmatrix,
    pixels,
    places,
    qualifiers,
    questions,
    robustness,
    strangers,
    strategies,
)
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
    is_study: bool = False
    """Many light rows about one model (`--llm`): kept without inspect-ai's log."""
    default_model: str = ""
    """What a study measures where no `--llm` is given."""
    tables: Callable[[Sequence[Row], World], Mapping[str, Any]] = lambda rows, world: {}
    """Figures that are not rates of rows."""


SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite(
            "questions",
            questions.cases,
            questions.measure,
            questions.STAGES,
            "result",
            uses_router=True,
            tables=questions.tables,
        ),
        Suite(
            "strangers",
            strangers.cases,
            strangers.measure,
            strangers.STAGES,
            "result",
            uses_router=True,
            tables=strangers.tables,
        ),
        Suite(
            "qualifiers",
            qualifiers.cases,
            qualifiers.measure,
            qualifiers.STAGES,
            "told",
            uses_router=True,
            tables=qualifiers.tables,
        ),
        Suite("places", places.cases, places.measure, places.STAGES, "linked"),
        Suite("classes", classes.cases, classes.measure, classes.STAGES, "right", tables=classes.tables),
        Suite("robustness", robustness.cases, robustness.measure, robustness.STAGES, "holds", uses_router=True),
        Suite("strategies", strategies.cases, strategies.measure, strategies.STAGES, "result", uses_router=True),
        Suite(
            "landmatrix",
            landmatrix.cases,
            landmatrix.measure,
            landmatrix.STAGES,
            "result",
            uses_router=True,
            tables=landmatrix.tables,
        ),
        Suite(
            "classifier",
            pixels.cases,
            pixels.measure,
            pixels.STAGES,
            "top1",
            is_study=True,
            default_model="landask-pixels",
            tables=pixels.tables,
        ),
        Suite(
            "distortion",
            distortion.cases,
            distortion.measure,
            distortion.STAGES,
            "neighbour",
            is_study=True,
            default_model="e5",
            tables=distortion.tables,
        ),
    )
}
