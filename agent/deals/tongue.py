"""In which language a question about land deals is asked, where its small words do not tell. Reads no meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from agent import lexicon
from agent.deals.words import leaves_of
from agent.words import FOLDER, fillers
from retrieval.deal_words import WORDS, fold, languages
from retrieval.kept import kept
from retrieval.types import LANGUAGES, Language

CLEARER = 3
"""Letters that another language must read more of than the one that was detected."""
BEGINNING = 5
"""Letters that tell whether a language may have a word at all."""
WORD = r"[^\W_]+"
FILLERS = FOLDER / "fillers.txt"


def language_of(question: str, detected: Language) -> Language:
    """Return the language in which most letters of a question are known, the detected one where none knows more.

    Another is taken only where the question speaks of deals in it: one of the land keeps the language it was found in.
    Only languages that may have more of its words are read: the words of all take seconds to load.
    """
    if detected not in languages():
        return detected
    text = question[:2000]
    if all(leaf.entries or leaf.filler or leaf.number is not None for leaf in leaves_of(text, detected)):
        return detected
    least = _read(text, detected) + CLEARER
    likely = (language for language in languages() if language != detected and _may_read(text, language) >= least)
    best = max(likely, key=lambda language: _read(text, language), default=detected)
    clearly = best != detected and _read(text, best) >= least and _speaks_of_deals(text, best)
    return next((one for one in LANGUAGES if one == best), detected) if clearly else detected


@lru_cache(maxsize=256)
def _read(text: str, language: str) -> int:
    """Return how many letters stand in words of the language; names, which are words of all, are left out."""
    return sum(len(leaf.text) for leaf in leaves_of(text, language)
               if (leaf.entries and not leaf.is_place) or leaf.filler)  # fmt: skip


def _may_read(text: str, language: str) -> int:
    """Return how many letters stand in words that begin as one of the language does."""
    of = _beginnings()[language]
    return sum(len(word) for word in re.findall(WORD, fold(text)) if not of.isdisjoint(_begun(word)))


def _begun(word: str) -> set[str]:
    """Return how a word begins, a short one less an ending of its own."""
    return {word[:BEGINNING], word[: BEGINNING - 1] if len(word) <= BEGINNING + 1 else word[:BEGINNING]}


@lru_cache(maxsize=1)
def _beginnings() -> Mapping[str, frozenset[str]]:
    """Return language → how the words of its files begin, and the small words that all share."""
    files = {one: [WORDS / f"{one}.toml", lexicon.FOLDER / f"{one}.toml"] for one in languages()}

    def made() -> dict[str, list[str]]:
        texts = {one: "\n".join(file.read_text(encoding="utf-8") for file in of) for one, of in files.items()}
        said = {one: set(re.findall(WORD, fold(" ".join(re.findall('"(.+?)"', text))))) for one, text in texts.items()}
        return {one: sorted({begun for word in said[one] | fillers() for begun in _begun(word)}) for one in said}

    tables = kept("deal-tongues", [Path(__file__), FILLERS, *(file for of in files.values() for file in of)], made)
    return {one: frozenset(table) for one, table in tables.items()}


def _speaks_of_deals(text: str, language: str) -> bool:
    leaves = leaves_of(text, language)
    asked = any(leaf.says("ask", "deal", "land_of_deals", "investor", "invests", "investment") for leaf in leaves)
    return asked or any(
        leaf.says("measure", "production", "contract", "intended")
        or any(leaf.says(name) for name in ("negotiation", "nature", "investor_kind"))
        for leaf in leaves
    )
