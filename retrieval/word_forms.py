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
from itertools import filterfalse, islice, product
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent / "data" / "regions" / "words.toml"
ORDINARY_FILE = Path(__file__).parent / "data" / "ordinary.txt"
"""Everyday words of questions by language; kept by hand."""
ENDINGS_FILE = FILE.parent.parent / "endings.toml"
SHORTEST_STEM = 3
"""Letters that stay when endings are taken off."""
GLUED = frozenset({"et", "fi", "hu"})
"""Languages in which endings follow one another: plural, case, owner."""
MOST_ENDINGS = 3
MOST_FORMS = 240
"""Combinations of word forms tried for a name of several words."""
_ASCII_WORDS = re.compile(r"[a-z0-9]+")
_WORDS = re.compile(r"[^\W_]+")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h"})


def normalise(text: str) -> str:
    """Return a name as it is compared: lower case, no accents, punctuation as single spaces. Keeps every alphabet.

    >>> normalise("Provence-Alpes-Côte d’Azur")
    'provence alpes cote d azur'
    """
    if text.isascii():  # the same, about four times as fast: most town names
        return " ".join(_ASCII_WORDS.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return " ".join(_WORDS.findall("".join(filterfalse(unicodedata.combining, plain))))


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


def is_everyday(norm: str, language: str | None) -> bool:
    """Is this normalised word one that people use to ask, in the language, or in any where none is known?"""
    return any(norm in _everyday(one) for one in ((language,) if language else _ordinary()))


@lru_cache(maxsize=32)
def _everyday(language: str) -> frozenset[str]:
    return frozenset(map(normalise, _ordinary().get(language, "").split()))


@lru_cache(maxsize=1)
def _ordinary() -> Mapping[str, str]:
    lines = ORDINARY_FILE.read_text(encoding="utf-8").splitlines()
    return dict(line.split(" = ", 1) for line in lines if not line.startswith("#"))


def stem(norm: str, language: str | None) -> str:
    """Return a folded word without its longest ending: what most of its forms have in common.

    >>> stem("vinicich", "cs") == stem("vinice", "cs"), stem("erdokben", "hu") == stem("erdo", "hu")
    (True, True)
    """
    return stems(norm, language)[-1]


def stems(norm: str, language: str | None) -> tuple[str, ...]:
    """Return what may stay of a folded word when its endings are taken off, the word itself first, the shortest last.

    Two words are forms of one where these meet.

    >>> "padur" in stems("padurile", "ro"), "padur" in stems("padure", "ro")
    (True, True)
    """
    return _stems(norm, language) if language and has_endings(language) else (norm,)


def has_endings(language: str | None) -> bool:
    """Are the endings of the language known?"""
    return language in _endings().ends


class _Endings(NamedTuple):
    ends: Mapping[str, frozenset[str]]
    """Language → endings."""
    lengths: Mapping[str, tuple[int, ...]]
    """Language → how many letters they have, the most first."""
    last: Mapping[str, tuple[tuple[str, str], ...]]
    """Language → letters at a stem's end, and what they become."""
    first: Mapping[str, tuple[tuple[str, str], ...]]
    """Language → changed beginnings, and the plain ones."""


@lru_cache(maxsize=50_000)
def _stems(norm: str, language: str) -> tuple[str, ...]:
    lists = _endings()
    found = {norm: None}
    for mutated, plain in lists.first.get(language, ()):
        if norm.startswith(mutated) and len(norm) > len(mutated) + 1:
            found[plain + norm[len(mutated) :]] = None
            break
    layer = list(found)
    ends, lengths = lists.ends[language], lists.lengths[language]
    for _ in range(MOST_ENDINGS if language in GLUED else 1):
        layer = [
            word[:-length]
            for word in layer
            for length in lengths
            if len(word) - length >= SHORTEST_STEM and word[-length:] in ends
        ]
        found.update(dict.fromkeys(layer))
    for word in tuple(found):
        for one, other in lists.last.get(language, ()):
            if word.endswith(one) and len(word) >= SHORTEST_STEM:
                found[word[: -len(one)] + other] = None
    return tuple(sorted(found, key=lambda word: -len(word)))


@lru_cache(maxsize=1)
def _endings() -> _Endings:
    lists = tomllib.loads(ENDINGS_FILE.read_text(encoding="utf-8"))
    ends = {language: frozenset(normalise(end) for end in text.split()) for language, text in lists["endings"].items()}
    lengths = {language: tuple(sorted({*map(len, of)}, reverse=True)) for language, of in ends.items()}
    last, first = (
        {
            language: tuple((pair.split()[0], pair.split()[1]) for pair in pairs)
            for language, pairs in lists[name].items()
        }
        for name in ("last", "first")
    )
    return _Endings(ends, lengths, last, first)


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
