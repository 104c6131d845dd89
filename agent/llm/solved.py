"""Solved questions like the one asked, with their plans: examples for a model that was not trained for this.

They are the wordings the embedded model learned from; evaluation's questions are none of them (a test holds that).
"""

from __future__ import annotations

import json
from functools import lru_cache

from agent.examples import grams, nearest, pattern_of, weighed
from agent.llm.wordings import CLASSES, REGIONS, SLOT, Wording, reply_of, wordings_of
from agent.understand import Understanding

NUMBERS = {"year": 2015, "year2": 2018, "n": 3, "km": 20}
"""What the slots of a number show in an example."""


def solved(reading: Understanding, most: int) -> list[str]:
    """Return the most similar wordings in the question's language, marked, each with its plan."""
    wordings, weights, vectors = indexed(reading.language)
    found = nearest(grams(pattern_of(reading)), weights, vectors)
    return [shown(wordings[at]) for at in found[:most]]


def shown(wording: Wording) -> str:
    """Return a wording with labels in its slots, and its plan."""
    labels = labels_for(wording)
    question = SLOT.sub(lambda slot: str(labels[slot[1]]), wording.text)
    return f"{question} -> {json.dumps(reply_of(wording, labels), separators=(',', ':'))}"


def labels_for(wording: Wording) -> dict[str, str | int]:
    """Return a label or a number for each slot, numbered as they stand."""
    labels: dict[str, str | int] = {}
    for slot in wording.slots:
        kind = "R" if slot in REGIONS else "C" if slot in CLASSES else "P"
        before = sum(1 for label in labels.values() if str(label).startswith(kind))
        labels[slot] = NUMBERS.get(slot) or f"{kind}{before + 1}"
    return labels


@lru_cache(maxsize=8)
def indexed(language: str) -> tuple[tuple[Wording, ...], dict[str, float], tuple[dict[str, float], ...]]:
    """Return a language's wordings, each gram's weight, and the wordings as unit vectors."""
    wordings = wordings_of(language)
    weights, vectors = weighed([grams(placeheld(wording)) for wording in wordings])
    return wordings, weights, vectors


def placeheld(wording: Wording) -> str:
    """Return a wording with the placeholders of `pattern_of` in its slots."""

    def held(slot: str) -> str:
        if slot in (*REGIONS, "town"):
            return "<place>"
        return "<class>" if slot in CLASSES else "<year>" if slot.startswith("year") else str(NUMBERS[slot])

    return SLOT.sub(lambda slot: held(slot[1]), wording.text)
