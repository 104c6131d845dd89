"""Questions with a condition that the data do not have: is it named, or was it dropped? Counted with its price.

A condition is dropped in silence where the question is answered and neither text nor caveats say the word; it is said
where a caveat names it; else the question is refused or asked back. The price is measured beside it: questions of
`strangers.jsonl` that have an answer and were refused or asked back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.record import SAMPLES, Case, Outcome, Row, majority, read_lines
from evals.statistics import wilson
from evals.world import World, answers

STAGES = ("told", "needed")


def cases(world: World) -> list[Case]:
    """Return the questions with a condition, and those that have an answer."""
    conditions = [
        Case(line["id"], line, language=line["language"], kind="condition")
        for line in read_lines(SAMPLES / "qualifiers.jsonl")
    ]
    plain = [line for line in read_lines(SAMPLES / "strangers.jsonl") if "status" not in line["expected"]]
    return conditions + [Case(line["id"], line, language=line["language"], kind="plain") for line in plain]


def measure(case: Case, world: World) -> Outcome:
    """Ask one question: was its condition told, or was it answered as it should?"""
    turns = list(case.sample.get("turns") or [case.sample["question"]])
    last = answers(turns, world.context, world.setting)[-1]
    answered = last["status"] == "answered"
    said = any("“" in caveat or "»" in caveat for caveat in last["caveats"])
    told = int(not answered or said) if case.kind == "condition" else None
    needed = int(answered) if case.kind == "plain" else None
    detail = {"question": " / ".join(turns)[:160], "said": last["text"][:160], "status": last["status"]}
    return Outcome({"told": told, "needed": needed}, last["seconds"], None, detail)


def tables(rows: Any, world: World) -> Mapping[str, Any]:
    """Return both rates, with intervals."""
    own: list[Row] = majority(rows)
    dropped = [row for row in own if row.stages["told"] == 0]
    without = [row for row in own if row.stages["needed"] == 0]
    conditions = [row for row in own if row.stages["told"] is not None]
    plain = [row for row in own if row.stages["needed"] is not None]
    lines = (("dropped in silence", dropped, conditions), ("asked or refused without need", without, plain))
    return {"Conditions": [_line(name, some, every) for name, some, every in lines]}


def _line(name: str, some: list[Row], every: list[Row]) -> dict[str, str]:
    rate = wilson(len(some), len(every))
    return {
        "what": name,
        "rows": f"{len(some)} of {len(every)}",
        "%": f"{100 * rate.value:.1f} [{100 * rate.low:.1f}, {100 * rate.high:.1f}]",
    }
