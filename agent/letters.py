"""The question in a letter: of many sentences those that ask for something the data may hold. Plans nothing."""

from __future__ import annotations

from agent.lexicon import languages, leaves
from agent.reading.read import read
from agent.understand import sentences_of
from tools.context import Context

LETTER = 300
"""Characters from which a text of several sentences is read as a letter."""
LONGEST_LETTER = 10_000
MOST_ASKED = 3
"""Sentences of a letter that are answered together."""
ASKING = ("how_many", "how_much", "which", "where", "what", "show", "compare", "when")


def asked_in(text: str, context: Context) -> str:
    """Return the sentences of a letter that ask for a land cover, in their order; a text that is no letter as it is.

    Those with a question mark are taken before those that only say what is wanted. Where no sentence names a land
    cover the whole text is returned: what is missing in it is for the reader to ask.
    """
    sentences = [s.strip() for s in sentences_of(text[:LONGEST_LETTER]) if any(c.isalpha() for c in s)]
    if len(text) < LETTER or len(sentences) < 3 or context.language not in languages():
        return text
    asking = [s for s in sentences if "?" in s or ";" in s or _asks(s, context.language)]
    named = [s for s in asking if context.nomenclature.mentions(s, context.language)]
    marked = [s for s in named if s.rstrip().endswith(("?", ";"))]
    return " ".join((marked or named)[:MOST_ASKED]) or text


def without_opening(question: str, context: Context) -> str:
    """Return the question less a sentence before it that asks nothing: "I write about the beet industry. How many …".

    Kept where what follows names no place or no class of its own.
    """
    first, *others = sentences_of(question) or [""]
    rest = "".join(others)
    told = first.rstrip().endswith(".") and context.language in languages()
    if not others or not told or any(leaf.key.startswith("ask.") for leaf in leaves(first, context.language)):
        return question
    reading = read(rest, context.language, context) if any(c.isalnum() for c in rest) else None
    return rest if reading and reading.has("CLASS") and reading.has("PLACE") else question


def _asks(sentence: str, language: str) -> bool:
    return any(leaf.key.removeprefix("ask.") in ASKING for leaf in leaves(sentence, language))
