"""Whole questions in eight languages, answered end to end and judged stage by stage. Does not compute gold.

Four sample files, each with gold by pandas: the survey's records, the published figures, variants (paraphrases,
misspellings, other names, follow-ups, twins, unanswerable, adversarial, several steps), and those of another author.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

from evals.record import SAMPLES, Case, Outcome, Row, counted, majority, read_lines
from evals.scorers import STAGES, score_question, unsupported_numbers
from evals.statistics import wilson
from evals.world import Setting, World, answers
from retrieval.errors import LandaskError
from retrieval.nomenclature import Nomenclature
from tools.registry import TOOLS

FILES = ("survey", "statistics", "questions", "unseen")
DIGITS = re.compile(r"\d+(?:[.,]\d+)?")
CLASS_KEYS = ("land_cover", "land_use", "exclude")
NUMBER_KEYS = ("year", "year_from", "year_to", "limit")
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
    detail |= {"wanted": wanted_status(case.sample), "router": last["router"], "plan": steps_of(last)}
    if not world.setting.deterministic:
        detail |= {"invented": invented(turns, said, world), "left_aside": left_aside(last)}
    return Outcome(stages, last["seconds"], sum(tokens) if tokens else None, detail)


def wanted_status(sample: Mapping[str, Any]) -> str:
    """Return what a right answer is: `answered`, `clarify` or `refused`; `either` where several are."""
    if "results" in sample:
        return "answered"
    if "expected" in sample:
        return str(sample["expected"]["status"])
    return str(sample["gold"].get("status", "either")) if sample["asked"]["what"] == "status" else "answered"


def steps_of(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the tool calls of an answer's plan."""
    return (answer.get("plan") or {}).get("steps", [])


def invented(turns: Sequence[str], said: Sequence[Mapping[str, Any]], world: World) -> list[str]:
    """Return what of a conversation's last answer comes out of nowhere: codes, regions, years and numbers.

    A code or region that does not exist; a year or a number of the plan that is not in the words asked, and that the
    rules, asked the same, do not use either; a number of the text that stands in no result.
    """
    last, book = said[-1], Nomenclature.load()
    by_rules = [step for answer in answers(list(turns), world.context, Setting()) for step in steps_of(answer)]
    known = {float(n.replace(",", ".")) for n in DIGITS.findall(" ".join(turns))} | _numbers(by_rules)
    found = [f"number {n:g}" for n in sorted(_numbers(steps_of(last)) - known)]
    for step in steps_of(last):
        own = step["arguments"]
        found += [f"class {c}" for key in CLASS_KEYS for c in own.get(key, ()) if c not in book.classes]
        found += [f"region {r}" for key in ("regions", "within") for r in own.get(key, ()) if not _exists(r, world)]
    return found + ([f"in the text {n}" for n in unsupported_numbers(last)] if last["status"] == "answered" else [])


def left_aside(answer: Mapping[str, Any]) -> str:
    """Return why the model's plan was not taken, '' where it was."""
    return answer["caveats"][-1][-200:] if answer["caveats"] and "builtin (after" in answer["router"] else ""


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


def _numbers(steps: Iterable[Mapping[str, Any]]) -> set[float]:
    """Return the years and other numbers of some calls; positions are the gazetteer's, defaults the tools'."""
    found: set[float] = set()
    for step in steps:
        own = step["arguments"]
        usual = signature(TOOLS[step["tool"]]).parameters
        given = [n for key in NUMBER_KEYS if (n := own.get(key)) != (usual[key].default if key in usual else None)]
        given += [(own.get("near") or {}).get("km"), *own.get("years", ())]
        found |= {float(n) for n in given if n is not None}
    return found


def _exists(region: str, world: World) -> bool:
    if region.startswith("@") or region in world.context.areas:
        return True
    try:
        return world.context.region(region).id == region
    except LandaskError:
        return False


def _classes(asked: Mapping[str, Any]) -> list[str]:
    return [*asked.get("lc", ()), *asked.get("lu", ()), *asked.get("land_cover", ())]


def _flat(codes: Any) -> list[str]:
    return [c for one in codes for c in ([one] if isinstance(one, str) else one)]
