"""The closed words of questions, by language: what narrows, groups, orders or asks. Knows no place, class or rule.

`agent/lexicon/<language>.toml` holds the same sections and keys in each language: `[comparison] above = ["over", …]`.
Phrases are written as people write them. `{a/b}` spells out forms ("region{/s}" is region and regions) and a `*` at the
end of a word stands for its rest ("shrink*", "chráněn* oblast*"). Case and accents are folded here; German, Danish and
Swedish letters are read in their two-letter spelling too ("groesste"). A phrase may stand under several keys, as French
"plus de" is both more than and most: which of them is meant is for the reader of the whole question to say.

Sections: comparison, range, negation, conjunction, unit, direction, dimension, level, superlative, ordinal, number,
fraction, each, measure, ask, time, month, season, change, witness, deixis, edit, act, classifier (beside the satellite
only), classes, topic (what people ask and these data do not hold), write (orders that are not obeyed), function (words
that change nothing; `sown` those that do beside a month, which is that of the visit; `cultivated` means cropland where
no class is named).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from agent.words import fold
from retrieval.nomenclature import spell_out

FOLDER = Path(__file__).parent / "lexicon"
TOKEN = re.compile(r"[^\W_]+|[%°&]")
LONGEST = 8
"""Words in the longest phrase looked for."""
SPELLINGS: Mapping[str, Mapping[str, str]] = {
    "de": {"ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue"},
    "da": {"å": "aa", "ø": "oe", "æ": "ae"},
    "sv": {"å": "aa", "ä": "ae", "ö": "oe"},
}
"""Language → letter → how it is written where the keyboard lacks it."""


class Token(NamedTuple):
    """One word or sign of a text: `text[start:end]`, folded."""

    start: int
    end: int
    norm: str


class Leaf(NamedTuple):
    """A phrase of the lexicon in a text: `text[start:end]` is one of the phrases of `key`."""

    start: int
    end: int
    key: str
    """Section and name, 'comparison.above'."""


class _Phrases(NamedTuple):
    exact: Mapping[tuple[str, ...], tuple[str, ...]]
    """Folded words → keys."""
    stems: Mapping[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]
    """The words before the last → the beginnings of the last, with their keys."""
    loose: Mapping[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]
    """The first letters of phrases with a word before the last that is only a beginning → their words, with keys."""
    longest: int


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the languages that have a file."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@lru_cache(maxsize=32)
def lexicon(language: str) -> Mapping[str, tuple[str, ...]]:
    """Return 'section.name' → phrases, folded and spelled out; `*` ends a phrase that is only a beginning.

    Raises:
        FileNotFoundError: no file of this language.
    """
    sections = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {
        f"{section}.{name}": tuple(dict.fromkeys(form for phrase in phrases for form in _forms(phrase, language)))
        for section, keys in sections.items()
        for name, phrases in keys.items()
    }


@lru_cache(maxsize=32)
def written(language: str) -> frozenset[str]:
    """Return the phrases of one word of a language as they are written, with their accents."""
    sections = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    phrases = (phrase for keys in sections.values() for words in keys.values() for phrase in words)
    return frozenset(form.lower() for phrase in phrases if " " not in phrase for form in spell_out(phrase))


def tokens(text: str) -> list[Token]:
    """Return the words and the signs %, ° and & of a text, folded: no case, no accents, length kept."""
    flat = fold(text)
    return [Token(m.start(), m.end(), m.group()) for m in TOKEN.finditer(flat)]


def leaves(text: str, language: str) -> list[Leaf]:
    """Return every phrase of the lexicon in a text, overlapping ones too, by their start, longest first."""
    return list(_leaves(text, language))


@lru_cache(maxsize=64)
def _leaves(text: str, language: str) -> list[Leaf]:
    known, found = _phrases(language), tokens(text)
    leaves = []
    for at, first in enumerate(found):
        for size in range(min(known.longest, len(found) - at), 0, -1):
            words = tuple(token.norm for token in found[at : at + size])
            end = found[at + size - 1].end
            keys = _keys(words, known)
            if size == 1 and len(first.norm) <= SHORT:
                keys = iter([key for key in keys if _is_written(text[first.start : end], key, language)])
            leaves += [Leaf(first.start, end, key) for key in keys]
    return leaves


FIRST_LETTERS = 2
"""Letters by which phrases of beginnings are looked for."""


def _like(words: tuple[str, ...], known: _Phrases) -> Iterator[str]:
    """The keys of phrases of which a word before the last is only a beginning: "chráněné oblasti"."""
    for phrase, keys in known.loose.get(words[0][:FIRST_LETTERS], ()):
        if len(phrase) == len(words) and all(map(_begins_so, words, phrase)):
            yield from keys


def _begins_so(word: str, stem: str) -> bool:
    return word.startswith(stem[:-1]) if stem.endswith("*") else word == stem


SHORT = 4
"""Letters up to which a word is read with its accents, where it has any: French "la" is not "là", "mają" not "maja"."""


def _is_written(word: str, key: str, language: str) -> bool:
    """Whether a short word stands under a key as it is written, or in no list of the language so."""
    word = word.lower()
    return word in surfaces(language)[key] or word not in written(language)


@lru_cache(maxsize=32)
def surfaces(language: str) -> Mapping[str, frozenset[str]]:
    """Return 'section.name' → its phrases as they are written, with their accents."""
    sections = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {
        f"{section}.{name}": frozenset(form.lower() for phrase in phrases for form in spell_out(phrase))
        for section, keys in sections.items()
        for name, phrases in keys.items()
    }


def _keys(words: tuple[str, ...], known: _Phrases) -> Iterator[str]:
    yield from known.exact.get(words, ())
    for stem, keys in known.stems.get(words[:-1], ()):
        if words[-1].startswith(stem):
            yield from keys
    if len(words) > 1:
        yield from _like(words, known)


def _forms(phrase: str, language: str) -> Iterator[str]:
    """The folded spellings of a phrase."""
    for form in spell_out(phrase):
        for spelling in _spellings(form, language):
            yield " ".join(token.norm + "*" * spelling.startswith("*", token.end) for token in tokens(spelling))


def _spellings(form: str, language: str) -> Iterator[str]:
    """As written, and with the two-letter spellings of the language's own letters."""
    letters = {letter: two for letter, two in SPELLINGS.get(language, {}).items() if letter in form.lower()}
    for choice in product(*(((letter, letter), (letter, two)) for letter, two in letters.items())):
        spelled = form.lower()
        for letter, two in choice:
            spelled = spelled.replace(letter, two)
        yield spelled


@lru_cache(maxsize=32)
def _phrases(language: str) -> _Phrases:
    exact: dict[tuple[str, ...], list[str]] = {}
    stems: dict[tuple[str, ...], dict[str, list[str]]] = {}
    loose: dict[str, dict[tuple[str, ...], list[str]]] = {}
    for key, phrases in lexicon(language).items():
        for phrase in phrases:
            words = tuple(phrase.removesuffix("*").split())
            if "*" in phrase[:-1]:
                first = words[0].removesuffix("*")[:FIRST_LETTERS]
                loose.setdefault(first, {}).setdefault(tuple(phrase.split()), []).append(key)
            elif phrase.endswith("*"):
                stems.setdefault(words[:-1], {}).setdefault(words[-1], []).append(key)
            else:
                exact.setdefault(words, []).append(key)
    inner = [words for found in loose.values() for words in found]
    longest = min(LONGEST, max(map(len, (*exact, *((*before, "") for before in stems), *inner))))
    return _Phrases(
        {words: tuple(dict.fromkeys(keys)) for words, keys in exact.items()},
        {before: tuple((stem, tuple(keys)) for stem, keys in ends.items()) for before, ends in stems.items()},
        {first: tuple((words, tuple(keys)) for words, keys in found.items()) for first, found in loose.items()},
        longest,
    )
