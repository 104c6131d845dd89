"""Cuts a question of several parts into its questions: at ends of sentences and at joining words before an opener."""

from __future__ import annotations

import re

from agent.understand import hit
from agent.words import flatten

MOST_PARTS = 4
ASKING = ("where", "show", "count", "howmuch", "share", "which", "compare", "change", "rankwords", "nearest", "profile")
JOINERS = {
    "en": "and then|and also|and|then|also", "fr": "et puis|et ensuite|et|puis|ensuite",
    "de": "und dann|und danach|und|dann|danach", "es": "y luego|y después|y despues|y|luego|después",
    "it": "e poi|e|poi", "pt": "e depois|e|depois", "nl": "en daarna|en dan|en|daarna|dan",
    "pl": "a następnie|i następnie|a potem|i|oraz|a|następnie|potem",
}  # fmt: skip
LEADS = {
    "en": "tell me|by|in|of|for|on|to|from", "fr": "dis-moi|dites-moi|de|en|dans|pour|à|a|depuis",
    "de": "sag mir|sage mir|in|um|von|für|mit|auf|seit", "es": "dime|de|en|para|por|a|desde",
    "it": "dimmi|di|in|per|a|da|su", "pt": "diz-me|de|em|para|por|a|desde",
    "nl": "vertel me|in|van|voor|met|op|sinds", "pl": "powiedz|w|we|o|na|od|z|dla",
}  # fmt: skip
OPENERS = {
    "en": "how|where|which|what|show|list|count|map|has|have|did|compare|is there|are there",
    "fr": "combien|ou|où|quel|quelle|quels|quelles|montre|montrez|comment|compare|comparez",
    "de": "wie|wieviel|wieviele|wo|welche|welcher|welches|welchem|welchen|zeige|zeig|was|vergleiche|hat|gibt",
    "es": "cuanto|cuantos|cuantas|cuánto|cuánta|cuántos|cuántas|donde|dónde|que|qué|cual|cuál|cuales|cuáles|como|cómo"
    r"|muestra\w*|muéstra\w*|compara",
    "it": r"quanto|quanti|quante|quanta|dove|quali|quale|qual|come|mostra\w*|confronta",
    "pt": r"quanto|quanta|quantos|quantas|onde|que|quais|qual|como|mostra\w*|compara",
    "nl": "hoeveel|waar|welke|welk|hoe|toon|wat|vergelijk",
    "pl": "ile|gdzie|ktore|które|którym|której|jak|jaka|jaki|jakie|pokaz|pokaż|porownaj|porównaj",
}


def parts_of(question: str, language: str) -> list[str]:
    """Return the questions in a question: "how many … and how did each change …" is two.

    A part that asks nothing ("please", "in 2018") stays with the one before it.
    """
    of = language if language in OPENERS else "en"
    opener = rf"(?:(?:{LEADS[of]})\s+)?(?:{OPENERS[of]})\b"
    joiner = rf"(?:{JOINERS[of]})\s+"
    after_sentence = rf"(?:(?<=[?!;])|(?<=[^\W\d][.]))\s+(?=(?:{joiner})?{opener})"
    cut = re.compile(rf"{after_sentence}|(?:,?\s+{joiner}|,\s+)(?={opener})", re.IGNORECASE)
    parts: list[str] = []
    for piece in filter(None, map(str.strip, cut.split(question))):
        if parts and not (asks(piece, language) and asks(parts[-1], language)):
            parts[-1] += f" {piece}"
        else:
            parts.append(piece)
    return parts if 1 < len(parts) <= MOST_PARTS else [question]


def asks(part: str, language: str) -> bool:
    """Return whether a part asks something."""
    return any(hit(name, flatten(part), language) for name in ASKING)
