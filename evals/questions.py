"""Whole questions in eight languages, answered end to end and judged stage by stage. Does not compute gold.

Three sample files, each with gold by pandas: the survey's records, the published figures, and variants (paraphrases,
misspellings, other names, follow-ups, twins, unanswerable, adversarial, several steps).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.record import SAMPLES, Case, Outcome, read_lines
from evals.scorers import STAGES, score_question
from evals.world import World, answers

FILES = ("survey", "statistics", "questions")
NEEDS_RECORDS = "no real survey records at hand: the gold is theirs"


def cases(world: World) -> list[Case]:
    """Return every question."""
    return [case_of(line, name) for name in FILES for line in read_lines(SAMPLES / f"{name}.jsonl")]


def case_of(line: Mapping[str, Any], source: str) -> Case:
    """Return the case of one line."""
    asked = line.get("asked") or line.get("ask") or {}
    return Case(
        line["id"],
        line,
        language=line["language"],
        region=country_of(asked),
        kind=line.get("kind") or kind_of(source, asked),
        group=line.get("group") or "",
        split="held_out" if line["split"] == "held_out" else "dev",
        classes=tuple(sorted({c for p in [asked, *asked.get("parts", [])] for c in _classes(p)})),
    )


def kind_of(source: str, asked: Mapping[str, Any]) -> str:
    """Return what a question asks for: `survey:count`, `published:share`, `published:refuse`."""
    return f"{'survey' if source == 'survey' else 'published'}:{asked.get('what') or asked.get('kind')}"


def country_of(asked: Mapping[str, Any]) -> str:
    """Return the country a question is about, '' where there is none or several."""
    codes = [c for p in [asked, *asked.get("parts", [])] for c in [*p.get("nuts", ()), *_flat(p.get("codes", ()))]]
    countries = {c[:2] for c in [*codes, *asked.get("within", ())] if c}
    return countries.pop() if len(countries) == 1 else ""


def measure(case: Case, world: World) -> Outcome:
    """Ask one question and judge the last answer."""
    if "gold" in case.sample and not world.real:
        return Outcome(dict.fromkeys(STAGES), detail={"why": NEEDS_RECORDS}, covered=False)
    turns = list(case.sample.get("turns") or [case.sample["question"]])
    said = answers(turns, world.context, world.setting)
    last = said[-1]
    stages, detail = score_question(case.sample, last)
    tokens = [t["prompt"] + t["completion"] for a in said if (t := a["tokens"])]
    detail |= {"question": " / ".join(turns), "said": last["text"][:300], "status": last["status"]}
    detail |= {"router": last["router"], "plan": (last.get("plan") or {}).get("steps", [])}
    return Outcome(stages, last["seconds"], sum(tokens) if tokens else None, detail)


def _classes(asked: Mapping[str, Any]) -> list[str]:
    return [*asked.get("lc", ()), *asked.get("lu", ()), *asked.get("land_cover", ())]


def _flat(codes: Any) -> list[str]:
    return [c for one in codes for c in ([one] if isinstance(one, str) else one)]
