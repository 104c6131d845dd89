"""A question with labels in the place of its regions, classes and towns: how the embedded model reads one.

The model never sees a name, so a place or class it was not trained on is no harder than another one. Plans nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from agent.llm.candidates import Candidates

SYSTEM = "Plan."
"""Said in training and in use alike; what to do is in the adapter's weights."""


@dataclass(frozen=True)
class Mark:
    """Words of the question, and the labels that stand for them."""

    start: int
    end: int
    labels: tuple[str, ...]


def marks_of(found: Candidates) -> list[Mark]:
    """Return where the question names what was found, in order; words with no label left out."""
    of_region = {region.id: label for label, region in found.regions.items()}
    of_codes = {codes: label for label, codes in found.classes.items()}
    of_spot = {str(spot["name"]).casefold(): label for label, spot in found.places.items()}
    marks = []
    for area in found.reading.areas:
        regions = [of_region[r.id] for r in area.regions if r.id in of_region][:1]
        named = [area.text, *(one.name for one in area.candidates)]
        spots = [of_spot[name.casefold()] for name in named if name.casefold() in of_spot][:1]
        marks.append(Mark(area.start, area.end, (*regions, *spots)))
    for cover in found.reading.covers:
        classes = [of_codes[m.codes] for m in cover.choices if m.codes in of_codes][:1]
        marks.append(Mark(cover.start, cover.end, tuple(classes)))
    return sorted((mark for mark in marks if mark.labels), key=lambda mark: mark.start)


def marked(found: Candidates) -> str:
    """Return the question with labels for names: "how many C1 points in R1"; a town that is a region too is R1|P1."""
    text, at = "", 0
    for mark in marks_of(found):
        text += found.reading.question[at : mark.start] + "|".join(mark.labels)
        at = mark.end
    return " ".join((text + found.reading.question[at:]).split())


def marked_prompt(found: Candidates) -> list[BaseMessage]:
    """Return the messages of one question: marked, and below it all that may stand in the plan."""
    years = [str(year) for year in found.years]
    numbers = [f"{number:g}" for number in found.numbers if str(int(number)) not in years]
    offered = " ".join([*found.regions, *found.classes, *found.places, *years, *numbers])
    return [SystemMessage(SYSTEM), HumanMessage(f"{marked(found)}\n{offered}".strip())]
