"""Solved example questions, and how alike a question is to them. Picks an operation; never a place, class or number."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from agent.understand import Understanding
from agent.words import flatten

FILE = Path(__file__).parent / "examples.jsonl"
ALIKE = 0.42
"""Cosine likeness from which an example's operation is taken; below, the question is not understood."""


@lru_cache(maxsize=1)
def pool() -> tuple[dict[str, Any], ...]:
    """Return the examples: `question` with <place>, <class> and <year> in it, `language`, `operation`."""
    return tuple(json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines() if line.strip())


def pattern_of(reading: Understanding) -> str:
    """Return a question as the pool's are written: its places, classes and years as placeholders."""
    text = list(reading.question)
    marks = [(a.start, a.end, "<place>") for a in reading.areas] + [(c.start, c.end, "<class>") for c in reading.covers]
    for start, end, mark in sorted(marks, reverse=True):
        text[start:end] = [mark]
    words = "".join(text)
    for year in reading.years:
        words = words.replace(str(year), "<year>")
    return words


def grams(text: str) -> Counter[str]:
    """Return the character 3- to 5-grams of a text's words, placeholders counted whole."""
    found: Counter[str] = Counter()
    for raw in text.split():
        if raw.startswith("<"):
            found[raw.rstrip("?.,!")] += 1
            continue
        word = f" {flatten(raw).strip()} "
        for size in (3, 4, 5):
            for at in range(len(word) - size + 1):
                found[word[at : at + size]] += 1
    return found


@lru_cache(maxsize=1)
def index() -> tuple[dict[str, float], tuple[dict[str, float], ...]]:
    """Return each gram's weight, and the pool as unit vectors."""
    return weighed([grams(example["question"]) for example in pool()])


def weighed(counted: Sequence[Counter[str]]) -> tuple[dict[str, float], tuple[dict[str, float], ...]]:
    """Return each gram's weight among some texts, and the texts as unit vectors."""
    documents: Counter[str] = Counter(gram for c in counted for gram in c)
    weights = {gram: math.log((1 + len(counted)) / (1 + n)) + 1 for gram, n in documents.items()}
    return weights, tuple(unit(c, weights) for c in counted)


def unit(counted: Counter[str], weights: dict[str, float]) -> dict[str, float]:
    """Return tf-idf weights of length one."""
    vector = {gram: n * weights[gram] for gram, n in counted.items() if gram in weights}
    length = math.sqrt(sum(v * v for v in vector.values())) or 1.0
    return {gram: v / length for gram, v in vector.items()}


def nearest(asked: Counter[str], weights: dict[str, float], vectors: Sequence[dict[str, float]]) -> list[int]:
    """Return which of some texts are most like one, the most similar first."""
    vector = unit(asked, weights)
    scores = [sum(v * other.get(gram, 0.0) for gram, v in vector.items()) for other in vectors]
    return sorted(range(len(vectors)), key=lambda at: -scores[at])


def similar(reading: Understanding, most: int = 3) -> list[tuple[float, dict[str, Any]]]:
    """Return the most similar examples with their likeness, the question's language preferred."""
    weights, vectors = index()
    asked = unit(grams(pattern_of(reading)), weights)
    scored = []
    for example, vector in zip(pool(), vectors, strict=True):
        likeness = sum(v * vector.get(gram, 0.0) for gram, v in asked.items())
        if ("<place>" in example["question"] and not reading.areas) or (
            "<class>" in example["question"] and not reading.covers
        ):
            likeness /= 2
        scored.append((likeness * (1.0 if example["language"] == reading.language else 0.8), example))
    return sorted(scored, key=lambda item: -item[0])[:most]


def likeliest(reading: Understanding, among: Sequence[str] = ()) -> str:
    """Return the operation of the most similar example, '' where none is similar enough or it is not among these."""
    found = similar(reading, 1)
    if not found or found[0][0] < ALIKE:
        return ""
    operation = found[0][1]["operation"]
    return operation if not among or operation in among else ""
