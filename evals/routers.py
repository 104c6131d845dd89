"""What planned the questions, side by side: one line a run, each row set beside the rules on the same rows.

Reads kept runs of `questions` and `strategies`; measures nothing. A run with a model seldom holds all rows, so the
builtin router's figures on just those rows stand beside its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals.record import Row, Run, majority
from evals.statistics import quantile, wilson

PLAN = ("scope", "operation", "place", "class", "year")
ROW_SETS = {
    "single step: right plan": ("single step", "plan"),
    "single step: right result": ("single step", "result"),
    "several steps: right result": ("several steps", "result"),
    "follow-ups: right result": ("follow-ups", "result"),
    "refused rightly": ("unanswerable", "result"),
    "asked rightly": ("ambiguous", "result"),
}
"""Column → which rows, and what of them."""


def compared(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return a line for each run in which something planned the questions; [] where there is only the rules' own."""
    planned = [run for run in runs if run.suite in ("questions", "strategies")]
    rules = {row.id: row for run in planned if is_rules(run) for row in majority(run.rows)}
    if all(is_rules(run) for run in planned):
        return []
    return [line_of(run, rules) for run in sorted(planned, key=lambda run: not is_rules(run))]


def is_rules(run: Run) -> bool:
    """Whether the rules alone planned a run of all questions."""
    return run.suite == "questions" and run.setting.get("router") == "builtin" and not run.setting.get("rows")


def line_of(run: Run, rules: Mapping[str, Row]) -> dict[str, Any]:
    """Return one run's line; `rules` are the builtin router's rows by id."""
    rows = [row for row in majority(run.rows) if row.covered]
    own = [row for row in rows if not str(row.detail.get("router", "")).startswith("builtin")]
    line: dict[str, Any] = {"run": run.name, "rows": len(rows)}
    for column, (row_set, what) in ROW_SETS.items():
        judge: Callable[[Row], bool | None] = plan_is_right if what == "plan" else is_right
        line[column] = rate_beside(
            [row for row in rows if set_of(row) == row_set], judge, {} if is_rules(run) else rules
        )
    seconds, tokens = [row.seconds for row in rows], [row.tokens for row in rows if row.tokens is not None]
    return line | {
        "own plan": "–" if is_rules(run) else f"{len(own)}, right {sum(bool(is_right(row)) for row in own)}",
        "invented": "–" if is_rules(run) else sum(len(row.detail.get("invented", ())) for row in rows),
        "seconds p50 / p95": f"{quantile(seconds, 0.5):.2f} / {quantile(seconds, 0.95):.2f}",
        "tokens p50": f"{quantile(tokens, 0.5):.0f}" if tokens else "–",
    }


def set_of(row: Row) -> str:
    """Return which set of questions a row is of, '' where several answers would be right."""
    wanted = str(row.detail.get("wanted", ""))
    if wanted == "answered":
        return {"several_steps": "several steps", "follow_up": "follow-ups"}.get(row.kind, "single step")
    return {"refused": "unanswerable", "clarify": "ambiguous"}.get(wanted, "")


def is_right(row: Row) -> bool | None:
    """Whether the whole answer is right."""
    value = row.stages.get("result")
    return None if value is None else bool(value)


def plan_is_right(row: Row) -> bool:
    """Whether operation, place, class and year are right, whatever came out."""
    return all(row.stages.get(stage) != 0 for stage in PLAN)


def rate_beside(rows: Sequence[Row], judge: Callable[[Row], bool | None], rules: Mapping[str, Row]) -> str:
    """Return `9 of 10, 90 % [60, 98]; rules 8`, – of no rows; rows the rules were not asked are left out of theirs."""
    known = [(row, bool(value)) for row in rows if (value := judge(row)) is not None]
    if not known:
        return "–"
    passes = sum(value for _, value in known)
    rate = wilson(passes, len(known))
    told = f"{passes} of {len(known)}, {100 * rate.value:.0f} % [{100 * rate.low:.0f}, {100 * rate.high:.0f}]"
    same = [other for row, _ in known if (other := rules.get(row.id)) is not None and other.hash == row.hash]
    if not same:
        return told
    beside = f"rules {sum(bool(judge(row)) for row in same)}"
    return f"{told}; {beside}" + (f" of {len(same)}" if len(same) < len(known) else "")
