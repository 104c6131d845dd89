"""Which of the eight languages a question is in, by its small words. Made for short texts full of place names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import lru_cache

from agent.words import flatten, words
from retrieval.nomenclature import Nomenclature, spell_out
from retrieval.types import LANGUAGES, Language

LETTERS = {
    "de": "äöüß",
    "fr": "êèàùçœîôûë",
    "es": "ñ¿¡áíóú",
    "it": "èòìù",
    "pt": "ãõçáâêóé",
    "pl": "łąęśźżćń",
    "nl": "ëïĳ",
}
_CLASS_WORDS: dict[int, dict[str, Counter[str]]] = {}
WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, dict[str, float]]:
    """Return word → language → weight: words of few languages weigh more than those of many."""
    weights: dict[str, dict[str, float]] = {}
    for language in LANGUAGES:
        of = words(language)
        for stop in of["stop"]:
            weights.setdefault(stop, {})[language] = 1.0
        for phrases in (*of["concepts"].values(), *of["topics"].values(), of["numbers"]):
            for phrase in phrases:
                for word in phrase.split():
                    if len(word) > 2 and "*" not in word:
                        weights.setdefault(word, {}).setdefault(language, 0.6)
    for per_language in weights.values():
        share = 1 / len(per_language)
        for language in per_language:
            per_language[language] *= share
    return weights


def class_words(nomenclature: Nomenclature) -> dict[str, Counter[str]]:
    """Return each word of the classes' names → the languages using it."""
    key = id(nomenclature)
    if key not in _CLASS_WORDS:
        _CLASS_WORDS[key] = _class_words(nomenclature)
    return _CLASS_WORDS[key]


def _class_words(nomenclature: Nomenclature) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for land_class in nomenclature.classes.values():
        for language, patterns in land_class.names.items():
            for name in (form for pattern in patterns for form in spell_out(pattern)):
                for word in flatten(name).split():
                    if len(word) > 3:
                        found.setdefault(word, Counter())[language] = 1
    return found


def detect(question: str, nomenclature: Nomenclature | None = None, default: Language = "en") -> Language:
    """Return the language of a question, `default` where nothing tells.

    Args:
        question: what was asked.
        nomenclature: its class names count as words of their languages.
        default: the conversation's language; it also wins a tie.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    known, found = vocabulary(), WORD.findall(question.lower()[:2000])
    for word in found:
        for language, weight in known.get(word, known.get(flatten(word), {})).items():
            scores[language] += weight
    if nomenclature and not clear(scores):
        classes = class_words(nomenclature)
        for word in found:
            if used := classes.get(flatten(word)):
                for language in used:
                    scores[language] += 0.8 / len(used)
    for language, letters in LETTERS.items():
        scores[language] += min(0.3, 0.1 * sum(question.lower().count(letter) for letter in letters))
    best = max(scores.values(), default=0.0)
    if best < 0.2:
        return default
    if scores[default] >= best - 1e-9:
        return default
    return max(LANGUAGES, key=lambda language: scores[language])


def clear(scores: Mapping[str, float]) -> bool:
    """Return whether the small words alone tell the language."""
    ranked = sorted(scores.values(), reverse=True)
    return bool(ranked) and ranked[0] >= 1.5 and (len(ranked) == 1 or ranked[0] >= 2 * ranked[1])
