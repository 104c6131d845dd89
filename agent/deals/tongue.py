"""In which language a question about land deals is asked, where its small words do not tell. Reads no meaning."""

from __future__ import annotations

from functools import lru_cache

from agent.deals.leaves import leaves_of
from retrieval.deal_words import languages
from retrieval.types import LANGUAGES, Language

CLEARER = 3
"""Letters that another language must read more of than the one that was detected."""


def language_of(question: str, detected: Language) -> Language:
    """Return the language in which most letters of a question are known, the detected one where none knows more.

    Another is taken only where the question speaks of deals in it: one of the land keeps the language it was found in.
    """
    if detected not in languages():
        return detected
    text = question[:2000]
    if all(leaf.entries or leaf.filler or leaf.number is not None for leaf in leaves_of(text, detected)):
        return detected
    found = {language: _read(text, language) for language in languages()}
    best = max(found, key=lambda language: found[language])
    clearly = found[best] >= found.get(detected, 0) + CLEARER and _speaks_of_deals(text, best)
    return next((one for one in LANGUAGES if one == best), detected) if clearly else detected


@lru_cache(maxsize=256)
def _read(text: str, language: str) -> int:
    """Return how many letters stand in words of the language; names, which are words of all, are left out."""
    return sum(len(leaf.text) for leaf in leaves_of(text, language)
               if (leaf.entries and not leaf.is_place) or leaf.filler)  # fmt: skip


def _speaks_of_deals(text: str, language: str) -> bool:
    leaves = leaves_of(text, language)
    asked = any(leaf.says("ask", "deal", "land_of_deals", "investor", "invests", "investment") for leaf in leaves)
    return asked or any(
        leaf.says("measure", "production", "contract", "intended")
        or any(leaf.says(name) for name in ("negotiation", "nature", "investor_kind"))
        for leaf in leaves
    )
