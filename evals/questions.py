"""Whole questions in eight languages, answered end to end and judged stage by stage. Does not compute gold.

Four sample files, each with gold by pandas: the survey's records, the published figures, variants (paraphrases,
misspellings, other names, follow-ups, twins, unanswerable, adversarial, several steps), and those of another author.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evals.record import SAMPLES, Case, Outcome, Row, counted, majority, read_lines
from evals.scorers import STAGES, score_question
from evals.statistics import wilson
from evals.world import World, answers

FILES = ("survey", "statistics", "questions", "unseen")
NEEDS_RECORDS = "no real survey records at hand: the gold is theirs"


def cases(world: World) -> list[Case]:
    """Return every question."""
    return [case_of(line, name) for name in FILES for line in read_lines(SAMPLES / f"{name}.jsonl")]


def case_of(line: Mapping[str, Any], source: str) -> Case:
    """Return the case of one line."""
    asked = [part for step in line.get("results", [line]) for part in _parts(step)]
    return Case(
        line["id"],
        line,
        language=line["language"],
        region=country_of(asked),
        kind=line.get("kind") or kind_of(source, asked[0]),
        group=line.get("group") or "",
        split="held_out" if line["split"] == "held_out" else "dev",
        classes=tuple(sorted({code for part in asked for code in _classes(part)})),
    )


def kind_of(source: str, asked: Mapping[str, Any]) -> str:
    """Return what a question asks for: `survey:count`, `published:share`, `published:refuse`."""
    return f"{'survey' if source == 'survey' else 'published'}:{asked.get('what') or asked.get('kind')}"


def country_of(asked: Iterable[Mapping[str, Any]]) -> str:
    """Return the country the parts of a question are about, '' where there is none or several."""
    codes = [c for p in asked for c in [*p.get("nuts", ()), *_flat(p.get("codes", ())), *p.get("within", ())]]
    countries = {c[:2] for c in codes if c}
    return countries.pop() if len(countries) == 1 else ""


def measure(case: Case, world: World) -> Outcome:
    """Ask one question and judge the last answer."""
    steps = case.sample.get("results", [case.sample])
    if any("gold" in step for step in steps) and not world.real:
        return Outcome(dict.fromkeys(STAGES), detail={"why": NEEDS_RECORDS}, covered=False)
    turns = list(case.sample.get("turns") or [case.sample["question"]])
    said = answers(turns, world.context, world.setting)
    last = said[-1]
    stages, detail = score_question(case.sample, last)
    tokens = [t["prompt"] + t["completion"] for a in said if (t := a["tokens"])]
    detail |= {"question": " / ".join(turns), "said": last["text"][:300], "status": last["status"]}
    detail |= {"router": last["router"], "plan": (last.get("plan") or {}).get("steps", [])}
    return Outcome(stages, last["seconds"], sum(tokens) if tokens else None, detail)


def tables(rows: Sequence[Row], world: World) -> dict[str, Any]:
    """Return how many questions of each set and split are right."""
    sets = {line["id"]: line.get("set", name) for name in FILES for line in read_lines(SAMPLES / f"{name}.jsonl")}
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in majority(rows):
        groups.setdefault((sets[row.id], row.split), []).append(row)
    return {"By set": [{"set": name, "split": split, **_told(own)} for (name, split), own in groups.items()]}


def _told(rows: Sequence[Row]) -> dict[str, Any]:
    passes, of = counted(rows, "result")
    rate = wilson(passes, of)
    return {"right": f"{passes} of {of}", "%": f"{100 * rate.value:.1f} [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"}


def _parts(step: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what a line or one of its steps asks for, with its parts."""
    asked = step.get("asked") or step.get("ask") or {}
    return [asked, *asked.get("parts", [])]


def _classes(asked: Mapping[str, Any]) -> list[str]:
    return [*asked.get("lc", ()), *asked.get("lu", ()), *asked.get("land_cover", ())]


def _flat(codes: Any) -> list[str]:
    return [c for one in codes for c in ([one] if isinstance(one, str) else one)]
