"""How people word questions: files of wordings with slots, by plan and language. Fills no slot.

A section's header is its plan: `[rank_points order=fewest]` is one step that takes whatever slots a wording has,
`[rank_points country class > compare_years ranked class year]` is two, each with the slots it takes; `ranked` stands
for the regions the first step finds.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from agent.llm.operations import MOST_STEPS, OPERATIONS, RANKED
from retrieval.errors import BadFile
from retrieval.types import PAGE_LANGUAGES

FOLDER = Path(__file__).parent / "questions"
SLOT = re.compile(r"\{(\w+)\}")
REGIONS = ("place", "place2", "place3", "country")
CLASSES = ("class", "class2", "not_class")
YEARS = ("year", "year2")
SLOTS = (*REGIONS, *CLASSES, *YEARS, "town", "n", "km")
TESTED_PART = 20
"""One wording in this many is never trained on, but measured."""


@dataclass(frozen=True)
class PlannedStep:
    """One step of a section's plan."""

    operation: str
    order: str = "most"
    slots: tuple[str, ...] | None = None
    """The slots it takes, `ranked` among them; None for all of a wording's."""


@dataclass(frozen=True)
class Wording:
    """One way to ask for one plan."""

    language: str
    text: str
    steps: tuple[PlannedStep, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots of the text, in its order."""
        return tuple(dict.fromkeys(SLOT.findall(self.text)))

    @property
    def is_tested(self) -> bool:
        """Whether this wording is kept out of training, decided by its text alone."""
        return zlib.crc32(self.text.encode()) % TESTED_PART == 0


def read_wordings() -> list[Wording]:
    """Return every wording of every language.

    Raises:
        BadFile: a header or a slot nobody knows; the message names file and line.
    """
    return [wording for language in PAGE_LANGUAGES for wording in wordings_of(language)]


@lru_cache(maxsize=8)
def wordings_of(language: str) -> tuple[Wording, ...]:
    """Return the wordings of one language, read once."""
    return tuple(read_file(FOLDER / f"{language}.txt", language))


def read_file(file: Path, language: str) -> Iterator[Wording]:
    """Yield the wordings of one file.

    Raises:
        BadFile: it cannot be read.
    """
    steps: tuple[PlannedStep, ...] = ()
    for at, raw in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            steps = steps_of_header(line[1:-1], f"{file.name}:{at}")
            continue
        wording = Wording(language, line, steps)
        if unknown := [slot for slot in wording.slots if slot not in SLOTS] or ([] if steps else ["no section"]):
            raise BadFile(f"{file.name}:{at}: {unknown[0]!r}; slots are {', '.join(SLOTS)}, below a section's header")
        yield wording


def steps_of_header(header: str, where: str) -> tuple[PlannedStep, ...]:
    """Return the steps a header names.

    Raises:
        BadFile: an operation or a slot nobody knows.
    """
    parts = [part.split() for part in header.split(">")]
    steps = []
    for operation, *words in parts:
        order = next((w.removeprefix("order=") for w in words if w.startswith("order=")), "most")
        slots = tuple(w for w in words if not w.startswith("order="))
        if operation not in OPERATIONS or any(s not in (*SLOTS, "ranked") for s in slots):
            raise BadFile(f"{where}: no such plan [{header}]; operations are {', '.join(OPERATIONS)}")
        steps.append(PlannedStep(operation, order, slots if len(parts) > 1 else None))
    if not 1 <= len(steps) <= MOST_STEPS:
        raise BadFile(f"{where}: a plan has 1 to {MOST_STEPS} steps, not {len(steps)}")
    return tuple(steps)


def reply_of(wording: Wording, labels: Mapping[str, str | int]) -> dict[str, Any]:
    """Return the plan of a wording whose slots became these labels and numbers, as a model should write it."""
    return {"steps": [step_of(step, wording, labels) for step in wording.steps]}


def step_of(step: PlannedStep, wording: Wording, labels: Mapping[str, str | int]) -> dict[str, Any]:
    """Return one step; lists with nothing in them are left out."""
    if step.operation == "refuse":
        return {"operation": "refuse"}
    slots = wording.slots if step.slots is None else [s for s in step.slots if s == "ranked" or s in labels]
    written: dict[str, Any] = {
        "operation": step.operation,
        "regions": [RANKED if s == "ranked" else labels[s] for s in slots if s in (*REGIONS, "ranked")],
        "classes": [labels[s] for s in slots if s in ("class", "class2")],
        "years": sorted(int(labels[s]) for s in slots if s in YEARS),
        "exclude": [labels[s] for s in slots if s == "not_class"],
        "order": step.order if step.order == "fewest" else [],
        "place": next((labels[s] for s in slots if s == "town"), []),
        "km": next((labels[s] for s in slots if s == "km"), []),
    }
    return {key: value for key, value in written.items() if value != []}
