"""Words to LUCAS codes, by language and level: read, offered where unsure, refused where meaningless."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from evals.record import SAMPLES, Case, Outcome, Row, Stages, counted, most_common, read_lines
from evals.world import World
from retrieval.errors import AmbiguousClass, UnknownClass
from retrieval.nomenclature import Nomenclature

STAGES = ("right", "codes", "level", "asked", "offered", "refused")


def cases(world: World) -> list[Case]:
    """Return every class sample."""
    return [
        Case(
            line["id"], line, language=line["lang"] or "", kind=line["kind"],
            group="+".join(line["expected"]) if isinstance(line["expected"], list) else "",
            split={"test": "held_out"}.get(line.get("split", ""), "dev"),
            classes=tuple(line["expected"]) if isinstance(line["expected"], list) else (),
        )
        for line in read_lines(SAMPLES / "classes.jsonl")
    ]  # fmt: skip


def measure(case: Case, world: World) -> Outcome:
    """Parse the words and judge what they were read as."""
    sample, book = case.sample, Nomenclature.load()
    start = perf_counter()
    codes, offered = parsed(book, sample["text"], sample["lang"])
    seconds = perf_counter() - start
    wanted = sample["expected"]
    stages: Stages = dict.fromkeys(STAGES)
    if isinstance(wanted, list):
        right = codes == wanted
        stages |= {"codes": int(right), "level": int(_levels(codes) == _levels(wanted))}
    elif sample.get("offer"):  # a description: its class is offered, or read outright
        said = offered if isinstance(codes, str) else codes
        stages["offered"] = int(bool(set(sample["offer"]) & set(said)))
    elif wanted == "ask":
        stages["asked"] = int(codes == "ask")
    else:
        stages["refused"] = int(codes == "unknown")
    stages["right"] = int(all(value != 0 for value in stages.values()))
    detail: dict[str, Any] = {"text": sample["text"], "wanted": wanted, "read": codes, "offered": offered}
    return Outcome(stages, seconds, None, detail)


def tables(rows: Sequence[Row], world: World) -> dict[str, Any]:
    """Return how many texts are read as their codes, by language and by the level of the code meant."""
    levels = sorted({len(code.rstrip("0")) for row in rows for code in row.classes})
    lines = []
    for language in most_common(rows, "language"):
        own = [row for row in rows if row.language == language]
        of_level = {level: [r for r in own if any(len(c.rstrip("0")) == level for c in r.classes)] for level in levels}
        counts = {level: counted(found, "codes") for level, found in of_level.items()}
        told = {f"level {level}": f"{passes} of {of}" if of else "–" for level, (passes, of) in counts.items()}
        lines.append({"language": language, **told})
    return {"By language and level of the code meant": lines}


def parsed(book: Nomenclature, text: str, language: str | None) -> tuple[list[str] | str, list[str]]:
    """Return the codes of some words, or `ask` with what was offered, or `unknown`."""
    try:
        return list(book.parse(text, language).codes), []
    except AmbiguousClass as error:
        groups = {frozenset(group.codes): f"@{group.id}" for group in book.groups.values()}
        whole = [groups[frozenset(codes)] for codes in error.codes if frozenset(codes) in groups]
        return "ask", whole + [code for codes in error.codes for code in codes]
    except UnknownClass:
        return "unknown", []


def _levels(codes: list[str] | str) -> set[int] | None:
    """Return the depth of codes in the nomenclature: B00 is 1, B80 is 2, B82 is 3."""
    return None if isinstance(codes, str) else {len(code.rstrip("0")) for code in codes}
