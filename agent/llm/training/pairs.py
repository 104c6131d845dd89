"""Pairs of question and plan: a wording's slots filled with real names, read by the same retrieval as in use.

What the model learns is the mark of a name, never the name: a pair is kept where retrieval found every name that was
put in. Evaluation's questions play no part, and a third of the regions and classes is held back from training.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agent.conversation import Conversation
from agent.llm.candidates import Candidates, candidates_of
from agent.llm.marked import marked_prompt, marks_of
from agent.llm.planner import attempt
from agent.llm.wordings import CLASSES, REGIONS, SLOT, YEARS, Wording, reply_of
from agent.router import Builtin, is_settled, refuse_what_is_not_ours
from agent.understand import understand
from retrieval.errors import DataError, LandaskError
from retrieval.region_rows import COUNTRIES
from retrieval.types import Region
from tools.context import Context

SURVEYS = (2006, 2009, 2012, 2015, 2018, 2022)
COUNTS = (2, 3, 4, 5, 6, 8, 10)
RADII = (5, 10, 15, 20, 25, 30, 40, 50)
REGION_LEVELS = ("nuts2", "nuts2", "nuts2", "nuts1", "country", "country")
"""Levels a place is drawn from, as often as listed."""
HELD_BACK = 3
"""One region and one class in this many is never in a training question."""
TOWNS = 600
"""The largest towns of the survey's countries that questions name."""
MOST_TRIES = 8
"""Fillings of a wording that are tried for one pair."""


@dataclass(frozen=True)
class Pair:
    """What the model is asked and what it should write."""

    language: str
    system: str
    asked: str
    reply: str
    plan: str
    """The operations, for the count by kind."""
    is_tested: bool


def pairs_of(wordings: Iterable[Wording], each: int, context: Context, seed: int) -> Iterator[Pair]:
    """Yield up to `each` pairs of every wording; the same seed gives the same pairs."""
    names = Names(context)
    for wording in wordings:
        chance = random.Random(f"{seed} {wording.language} {wording.text}")
        made: set[str] = set()
        for _ in range(each):
            for _ in range(MOST_TRIES):
                pair = pair_of(wording, names, context.in_language(wording.language), chance)
                if pair is not None and pair.asked not in made:
                    made.add(pair.asked)
                    yield pair
                    break


def is_held_back(identifier: str) -> bool:
    """Return whether a region or class is kept out of training questions, decided by its id alone."""
    return zlib.crc32(identifier.encode()) % HELD_BACK == 0


@dataclass(frozen=True)
class Names:
    """Names that may fill a slot."""

    context: Context

    @cached_property
    def towns(self) -> list[str]:
        """Names of large towns."""
        from retrieval.places import towns

        surveyed = [p["name"] for p in towns().places if p["country"] in COUNTRIES]
        return surveyed[:TOWNS]

    def region(self, level: str, language: str, chance: random.Random) -> str:
        """Return a region's name."""
        there = [r for r in self.regions(level, language) if not is_held_back(r.id)]
        return chance.choice(there).name

    def regions(self, level: str, language: str) -> Sequence[Region]:
        """Return the regions of a level, read once a language."""
        key = (level, language)
        if key not in self._regions:
            self._regions[key] = self.context.gazetteer.at_level(level, language)
        return self._regions[key]

    @cached_property
    def _regions(self) -> dict[tuple[str, str], list[Region]]:
        return {}

    def land_class(self, language: str, chance: random.Random) -> str:
        """Return a class's name, one of seven a land use."""
        book = self.context.nomenclature
        prefix = "U" if chance.random() < 1 / 7 else "ABCDEFGH"
        code = chance.choice([c for c in book.classes if c[0] in prefix and not is_held_back(c)])
        return book.label(code, language)

    def filled(self, slots: Sequence[str], language: str, chance: random.Random) -> dict[str, str]:
        """Return a name or number for each slot, years in order of time."""
        early, late = sorted(chance.sample(SURVEYS, 2))
        both = "year2" in slots
        values: dict[str, str] = {}
        for slot in slots:
            if slot == "country":
                values[slot] = self.region("country", language, chance)
            elif slot in REGIONS:
                values[slot] = self.region(chance.choice(REGION_LEVELS), language, chance)
            elif slot in CLASSES:
                values[slot] = self.land_class(language, chance)
            elif slot in YEARS:
                values[slot] = str(late if slot == "year2" or (not both and chance.random() < 0.5) else early)
            else:
                one_of: dict[str, Sequence[Any]] = {"town": self.towns, "n": COUNTS, "km": RADII}
                values[slot] = str(chance.choice(one_of[slot]))
        return values


def pair_of(wording: Wording, names: Names, context: Context, chance: random.Random) -> Pair | None:
    """Return one pair of a wording, None where retrieval does not find what was put in or settles the question."""
    values = names.filled(wording.slots, wording.language, chance)
    question, spans = fill(wording.text, values)
    question = worn(question, chance)
    found = read(question, context)
    if found is None:
        return None
    labels = labels_of(spans, values, found)
    if labels is None:
        return None
    system, asked = (str(message.content) for message in marked_prompt(found))
    reply = json.dumps(reply_of(wording, labels), separators=(",", ":"))
    plan = " > ".join(step.operation for step in wording.steps)
    return Pair(wording.language, system, asked, reply, plan, wording.is_tested)


def fill(text: str, values: dict[str, str]) -> tuple[str, dict[str, tuple[int, int]]]:
    """Return a wording with its slots filled, and where each slot's words stand."""
    question, at, spans = "", 0, {}
    for slot in SLOT.finditer(text):
        question += text[at : slot.start()]
        spans.setdefault(slot[1], (len(question), len(question) + len(values[slot[1]])))
        question += values[slot[1]]
        at = slot.end()
    return question + text[at:], spans


def worn(question: str, chance: random.Random) -> str:
    """Return a question as it is typed: now and then in small letters, or without its last mark; no place moves."""
    if chance.random() < 0.12:
        question = question.lower()
    return question.rstrip("?.! ") if chance.random() < 0.2 else question


def read(question: str, context: Context) -> Candidates | None:
    """Return what retrieval finds, None where it answers the question with a refusal or a question of its own."""
    conversation = Conversation()
    rules = attempt(Builtin(), question, context, conversation)
    if isinstance(rules, LandaskError) and is_settled(rules):
        return None
    reading = understand(question, context.gazetteer, context.nomenclature, language=context.language)  # ty: ignore[invalid-argument-type]
    try:
        refuse_what_is_not_ours(reading)
    except DataError:
        return None
    return candidates_of(reading, rules, context, conversation)


def labels_of(
    spans: dict[str, tuple[int, int]], values: dict[str, str], found: Candidates
) -> dict[str, str | int] | None:
    """Return the label of each slot, None where one was not found where it was put."""
    labels: dict[str, str | int] = {}
    marks = marks_of(found)
    for slot, (start, end) in spans.items():
        if slot in YEARS:
            if int(values[slot]) not in found.years:
                return None
            labels[slot] = int(values[slot])
        elif slot in ("n", "km"):
            labels[slot] = int(values[slot])
        else:
            kind = "P" if slot == "town" else "C" if slot in CLASSES else "R"
            inside = [m for m in marks if m.start < end and start < m.end]
            if len(inside) != 1 or not (fitting := [label for label in inside[0].labels if label[0] == kind]):
                return None
            labels[slot] = fitting[0]
    return labels if len({*labels.values()}) == len(labels) else None
