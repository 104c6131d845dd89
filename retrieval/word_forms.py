"""How places' names change inside a sentence, and which words are no places there. Knows no place itself.

Polish, and a little German and Dutch, decline names: `w Andaluzji` is Andaluzja, `Bayerns` is Bayern. `base_forms`
gives what a word may be a form of; whether such a name exists is for the gazetteer to look up. The words themselves
stand in `data/regions/words.toml`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product
from pathlib import Path

FILE = Path(__file__).parent / "data" / "regions" / "words.toml"
ORDINARY_FILE = Path(__file__).parent / "data" / "ordinary.txt"
"""Everyday words of questions by language; `agent/llm/training/ordinary.py` makes it."""
MOST_FORMS = 240
"""Combinations of word forms tried for a name of several words."""
_ASCII_WORDS = re.compile(r"[a-z0-9]+")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h"})


def normalise(text: str) -> str:
    """Return a name as it is compared: lower case, no accents, punctuation as single spaces. Keeps every alphabet.

    >>> normalise("Provence-Alpes-Côte d’Azur")
    'provence alpes cote d azur'
    """
    if text.isascii():  # the same, about four times as fast: most town names
        return " ".join(_ASCII_WORDS.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(letters.split())


@dataclass(frozen=True)
class Words:
    """Normalised words of the eight languages by what they tell of a place's name beside them."""

    prepositions: frozenset[str]
    """A place's name often follows."""
    near: frozenset[str]
    """After these a town may be meant even where it is written small."""
    nearness: frozenset[str]
    """Say a distance by themselves: `near`, `km`, `autour`."""
    never_alone: frozenset[str]
    """Never taken for a place by themselves, however written: `Sur`, `Nord`."""
    common: frozenset[str]
    """Places that are other words as well: taken for one only with a capital inside a sentence."""
    land: frozenset[str]
    """Of land cover and use: never read as a misspelt place or a small town."""
    links: frozenset[str]
    """May stand between a kind word or a country and a name."""
    hints: Mapping[str, frozenset[str]]
    """`province`, `region`, `country` → words for that kind."""

    def is_ordinary(self, word: str) -> bool:
        """Is it an everyday word or one for land cover, whatever places are called so?"""
        return word in self.common or word in self.land


@lru_cache(maxsize=1)
def words() -> Words:
    """Return the lists of `words.toml`."""
    lists = _read()
    plain = {name: frozenset(text.split()) for name, text in lists.items() if isinstance(text, str)}
    return Words(**plain, hints={kind: frozenset(text.split()) for kind, text in lists["hints"].items()})


@lru_cache(maxsize=1)
def _ordinary() -> Mapping[str, frozenset[str]]:
    lines = ORDINARY_FILE.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" = ", 1) for line in lines if not line.startswith("#"))
    return {language: frozenset(normalise(word) for word in found.split()) for language, found in pairs}


def is_everyday(norm: str, language: str | None) -> bool:
    """Is this normalised word one that people use to ask, in the language, or in any where none is known?"""
    lists = _ordinary()
    return norm in lists[language] if language else any(norm in found for found in lists.values())


def base_forms(norm: str) -> Iterator[str]:
    """Yield the names, normalised, that a normalised text may be a declined form of.

    >>> "andaluzja" in base_forms("andaluzji"), "bayern" in base_forms("bayerns")
    (True, True)
    """
    forms = [(word, *_bases(word)) for word in norm.split()]
    yield from (text for choice in islice(product(*forms), MOST_FORMS) if (text := " ".join(choice)) != norm)


@lru_cache(maxsize=4096)
def _bases(word: str) -> tuple[str, ...]:
    endings, irregular = _polish()
    found = [irregular[word]] if word in irregular else []
    if len(word) > 3:
        found += [word[: -len(end)] + base for end, bases in endings if word.endswith(end) for base in bases]
        found += [word[:-1]] if word.endswith(("s", "n")) else []  # Bayerns, Niederlanden
        found += [word[:-2]] if word.endswith("es") else []
    return tuple(dict.fromkeys(form for form in found if len(form) > 2 and form != word))


@lru_cache(maxsize=1)
def _polish() -> tuple[tuple[tuple[str, tuple[str, ...]], ...], dict[str, str]]:
    lists = _read()
    endings = (
        (end, tuple("" if base == "-" else base for base in text.split())) for end, text in lists["polish"].items()
    )
    return tuple(endings), lists["irregular"]


@lru_cache(maxsize=1)
def _read() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
