"""Questions in 24 languages by eleven authors who knew only the users and the data: is the last answer right, in the
language asked? Gold is by plain pandas (`evals.gold.strangers_gold`; of the others', `how` tells what was
reckoned; every other of them is held out). Does not compute gold and mends nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from evals.record import SAMPLES, Case, Outcome, Row, counted, majority, read_lines
from evals.statistics import wilson
from evals.world import World, answers

FILES = (
    "strangers", "strangers_second", "strangers_third", "strangers_fourth", "strangers_fifth", "strangers_eighth",
    "strangers_ninth", "strangers_tenth", "strangers_eleventh", "strangers_twelfth", "strangers_thirteenth",
    "strangers_fourteenth", "strangers_fifteenth", "strangers_sixteenth", "strangers_seventeenth",
)  # fmt: skip
FIRST = SAMPLES / "strangers_first.json"
"""What was wrong when these questions were asked for the first time, kept for good."""
STAGES = ("status", "result", "language")
NEEDS_RECORDS = "no real survey records at hand: the gold is theirs"
NUMBER = re.compile(r"\d+(?:[   ’']\d{3}(?!\d))*(?:[.,]\d+)*")
YES_NO: Mapping[str, tuple[str, str]] = {
    "bg": ("да", "не"), "cs": ("ano", "ne"), "da": ("ja", "nej"), "de": ("ja", "nein"), "el": ("ναι", "όχι"),
    "en": ("yes", "no"), "es": ("sí", "no"), "et": ("jah", "ei"), "fi": ("kyllä", "ei"), "fr": ("oui", "non"),
    "ga": ("is ea", "ní hea"), "hr": ("da", "ne"), "hu": ("igen", "nem"), "it": ("sì", "no"), "lt": ("taip", "ne"),
    "lv": ("jā", "nē"), "mt": ("iva", "le"), "nl": ("ja", "nee"), "pl": ("tak", "nie"), "pt": ("sim", "não"),
    "ro": ("da", "nu"), "sk": ("áno", "nie"), "sl": ("da", "ne"), "sv": ("ja", "nej"),
}  # fmt: skip


def cases(world: World) -> list[Case]:
    """Return every question, with its language and kind."""
    return [
        Case(line["id"], line, language=line["language"], kind=line["kind"], split=line.get("split", "dev"))
        for name in FILES
        for line in read_lines(SAMPLES / f"{name}.jsonl")
    ]


def measure(case: Case, world: World) -> Outcome:
    """Ask one conversation and judge its last answer."""
    if not world.real:
        return Outcome(dict.fromkeys(STAGES), detail={"why": NEEDS_RECORDS}, covered=False)
    bundled = case.sample.get("store") == "bundled"  # whose gold is counted on the records that are bundled
    said = answers(list(case.sample["turns"]), world.bundled if bundled else world.context, world.setting)
    last, wanted = said[-1], case.sample["expected"]
    status = wanted.get("status", "answered")
    fits = last["status"] in (("refused", "clarify") if status == "refused" else (status, wanted.get("or", status)))
    stages = {
        "status": int(fits),
        "result": int(fits and all(checks(last, wanted, case.language))),
        "language": int(last["language"] == case.language),
    }
    detail = {"question": " / ".join(case.sample["turns"])[:200], "said": last["text"][:300], "wanted": wanted}
    return Outcome(stages, last["seconds"], None, detail | {"status": last["status"]})


def checks(answer: Mapping[str, Any], wanted: Mapping[str, Any], language: str) -> Iterator[bool]:
    """Yield what a right answer must hold: each number, each place and none besides, the words, the verdict."""
    text, results = answer["text"], answer["results"]
    if answer["status"] != "answered" or wanted.get("status") == "refused":
        return
    tools = {one["tool"] for one in results}
    yield "profile_region" not in tools
    told = [*numbers_in(text), *(signed for one in results for n in _cells(one) for signed in (n, abs(n)))]
    readings = [wanted.get("numbers", ()), *wanted.get("else", ())]
    yield any(all(_near(number, told, wanted.get("slack", 0.0)) for number in numbers) for numbers in readings)
    shown = {str(r["id"]).partition(":")[2] for one in results for r in one["regions"]}
    rows = {str(c).partition(":")[2] for one in results for row in _table(one) for c in row if _is_id(c)}
    yield {*wanted.get("places", ())} <= (shown | rows)
    if wanted.get("whole"):
        yield not (rows or shown) - {*wanted["places"], "UK"}
    if "tool" in wanted:
        yield wanted["tool"] in tools
    yield all(word.lower() in text.lower() for word in wanted.get("words", ()))
    yield "any" not in wanted or any(word.lower() in text.lower() for word in wanted["any"])
    if "verdict" in wanted:
        word = YES_NO[language][0 if wanted["verdict"] == "yes" else 1]
        yield text.lower().startswith(word)


def numbers_in(text: str) -> list[float]:
    """Return every number of a text, each in all the ways its signs can be read: 1.234 is 1.234 and 1234."""
    found: list[float] = []
    for match in NUMBER.finditer(text):
        plain = re.sub(r"[   ’']", "", match.group())
        found.append(float(re.sub(r"[.,]", "", plain)))
        whole, _, part = plain.replace(",", ".").rpartition(".")
        if whole:
            found.append(float(f"{whole.replace('.', '')}.{part}"))
    return found


def _near(wanted: float, told: Sequence[float], slack: float) -> bool:
    """Whether a number is told; a decrease with its sign, which tables keep where a text says "a decrease of 3.4"."""
    if wanted == 0:
        return True  # said in words as often as in figures
    slack = max(slack, 0.51 if float(wanted).is_integer() and wanted > 100 else 0.06)
    return any(abs(wanted - one) <= slack for one in told)


def _cells(result: Mapping[str, Any]) -> Iterator[float]:
    for row in _table(result):
        yield from (float(c) for c in row if isinstance(c, int | float) and not isinstance(c, bool))


def _table(result: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    return (result.get("table") or {}).get("rows", ())


def _is_id(cell: Any) -> bool:
    return isinstance(cell, str) and cell.startswith(("country:", "nuts:"))


def tables(rows: Sequence[Row], world: World) -> dict[str, Any]:
    """Return the rates by kind and by language, of the first run and of this one, with Wilson intervals."""
    own = majority(rows)
    return {
        "By kind": list(_rates(own, "kind")),
        "By language": list(_rates(own, "language")),
    }


def _rates(rows: Sequence[Row], by: str) -> Iterator[dict[str, Any]]:
    wrong = set(json.loads(FIRST.read_text(encoding="utf-8"))["wrong"])
    values: Iterable[str] = dict.fromkeys(sorted(getattr(row, by) for row in rows))
    for value in (*values, ""):
        group = [row for row in rows if value in ("", getattr(row, by))]
        first, now = sum(row.id not in wrong for row in group), counted(group, "result")[0]
        yield {
            by: value or "all",
            "asked": len(group),
            "first run": _told(first, len(group)),
            "now": _told(now, len(group)),
        }


def _told(right: int, of: int) -> str:
    rate = wilson(right, of)
    return f"{right}: {100 * rate.value:.0f} % [{100 * rate.low:.0f}, {100 * rate.high:.0f}]"
