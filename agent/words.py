"""The phrases each language asks in, read from `agent/words/<language>.toml`. Decides nothing by itself."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from retrieval.types import PAGE_LANGUAGES

FOLDER = Path(__file__).parent / "words"
SPECIAL = dict(zip("ßłøđœæ’‘²ıςħ", "slodoa''2iσh", strict=True))


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    if letter in SPECIAL:
        return SPECIAL[letter]
    lower = letter.lower()
    if lower in SPECIAL:
        return SPECIAL[lower]
    base = unicodedata.normalize("NFD", lower)[:1]
    return base if base else letter


def fold(text: str) -> str:
    """Return `text` without case and accents, letter for letter: the length stays, so positions do too."""
    return "".join(map(_fold_letter, text))


def flatten(text: str) -> str:
    """Return `fold(text)` with everything but letters and digits as a space."""
    return "".join(c if c.isalnum() else " " for c in fold(text))


@lru_cache(maxsize=32)
def words(language: str) -> dict[str, Any]:
    """Return one language's phrases: `stop`, `concepts`, `numbers`; those of English where it has none."""
    known = language if language in PAGE_LANGUAGES else "en"
    return tomllib.loads((FOLDER / f"{known}.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def fillers() -> frozenset[str]:
    """Return small words and verbs of all languages that change nothing of what is asked, folded."""
    return frozenset((FOLDER / "fillers.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1024)
def concept(language: str, name: str) -> re.Pattern[str] | None:
    """Return the pattern of one concept's phrases, to be searched in flattened text."""
    return pattern(tuple(words(language)["concepts"].get(name, ())))


@lru_cache(maxsize=1)
def country_adjectives() -> dict[str, re.Pattern[str]]:
    """Return Eurostat country code → pattern of its adjectives in all languages."""
    table = tomllib.loads((FOLDER / "countries.toml").read_text(encoding="utf-8"))
    return {code: compiled for code, stems in table.items() if (compiled := pattern(tuple(stems)))}


def pattern(phrases: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return one pattern matching any of the phrases as whole words, the longest first."""
    if not phrases:
        return None
    ordered = sorted(phrases, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(_phrase, ordered)) + r")(?!\w)")


def _phrase(phrase: str) -> str:
    parts = []
    for word in phrase.split():
        if word == "*":
            parts.append(r"\w+")
        else:
            kept = fold(word).replace("*", "\0").replace("..", "\1")
            parts.append(re.escape(kept).replace("ss", "ss?").replace("\0", r"\w*").replace("\1", r"\d\d"))
    return r"\s+".join(parts)
