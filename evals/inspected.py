"""A suite as an inspect-ai task: its log, retries and viewer around our own measuring. Judges nothing itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.scorer import SampleScore, Score, Target, metric, scorer
from inspect_ai.solver import TaskState, solver

from evals.record import Case, Row
from evals.suites import Suite
from evals.world import World


@metric
def rate() -> Any:
    """Share of passes among the rows that a stage is asked of."""

    def of(scores: list[SampleScore]) -> float:
        asked = [value for score in scores if not math.isnan(value := score.score.as_float())]
        return sum(asked) / len(asked) if asked else math.nan

    return of


@scorer(metrics={"*": [rate()]})
def stages() -> Any:
    """Every stage as its own number; NaN where it is not asked, 0 throughout where the row could not be measured."""

    async def score(state: TaskState, target: Target) -> Score:
        row: Mapping[str, Any] = state.metadata["row"]
        passed = {stage: math.nan if value is None else float(value) for stage, value in row["stages"].items()}
        if not row["covered"]:
            passed = dict.fromkeys(passed, 0.0)
        return Score(value=dict(passed), answer=state.output.completion[:200], metadata=dict(row["detail"]))

    return score


def under_inspect(
    suite: Suite, cases: list[Case], world: World, trials: int, log_dir: Path, measure: Callable[[Case, int], Row]
) -> list[Row]:
    """Return the rows of an inspect-ai evaluation of the suite, one sample at a time and with no model of its own.

    `measure` gives the row of a case and trial.

    Raises:
        RuntimeError: the evaluation itself failed: a bug.
    """
    by_id = {case.id: case for case in cases}
    rows: list[Row] = []

    @solver
    def ours() -> Any:
        """Ask our own agent, in the process."""

        async def solve(state: TaskState, generate: Any) -> TaskState:
            case = by_id[str(state.sample_id)]
            row = measure(case, state.epoch)
            rows.append(row)
            state.output.completion = str(row.detail.get("said") or row.detail.get("linked") or "")
            state.metadata["row"] = {"stages": row.stages, "detail": row.detail, "covered": row.covered}
            return state

        return solve

    samples = [Sample(id=case.id, input=_input(case), target=_target(case), metadata=_facets(case)) for case in cases]
    logs = evaluate(
        Task(dataset=samples, solver=ours(), scorer=stages(), name=suite.name),
        model="none/none", log_dir=str(log_dir), max_samples=1, epochs=trials, display="none", log_format="eval",
        fail_on_error=True, metadata={"router": world.setting.router, "llm": world.setting.llm},
    )  # fmt: skip
    if logs[0].status != "success":
        raise RuntimeError(f"the evaluation ended with {logs[0].status}: {logs[0].error and logs[0].error.message}")
    order = {case.id: at for at, case in enumerate(cases)}
    return sorted(rows, key=lambda row: (row.trial, order[row.id]))


def _input(case: Case) -> str:
    sample = case.sample
    return str(sample.get("question") or " / ".join(sample.get("turns", [])) or sample.get("text") or case.id)


def _target(case: Case) -> str:
    wanted = case.sample.get("gold") or case.sample.get("expected") or ""
    return str(wanted)[:2000]


def _facets(case: Case) -> dict[str, Any]:
    return {"language": case.language, "region": case.region, "kind": case.kind, "group": case.group}
