"""Cuts a question of several parts into its questions: at ends of sentences and at joining words before an opener."""

from __future__ import annotations

import re

from agent.understand import find_years, hit, sentences_of
from agent.words import flatten

MOST_PARTS = 4
AMOUNTS = ("count", "howmuch", "share")
ASKING = ("where", "show", *AMOUNTS, "which", "compare", "change", "rankwords", "nearest", "profile", "each")
TIMES = ("latest", "earliest", "allyears", "since", "change")
"""What says a time of its own, or asks over time."""
JOINERS = {
    "en": "and then|and also|and|then|also", "fr": "et puis|et ensuite|et|puis|ensuite",
    "de": "und dann|und danach|und|dann|danach", "es": "y luego|y después|y despues|y|luego|después",
    "it": "e poi|e|poi", "pt": "e depois|e|depois", "nl": "en daarna|en dan|en|daarna|dan",
    "pl": "a następnie|i następnie|a potem|i|oraz|a|następnie|potem",
}  # fmt: skip
LEADS = {
    "en": r"tell me(?: also)?|i would like to know|for each(?: of (?:the\w*|those)(?: \w+)?)?|by|in|of|for|on|to|from",
    "fr": r"(?:dis|dites)-moi(?: aussi)?|je voudrais savoir|pour chac\w+(?: d'\w+)?|de|en|dans|pour|à|a|depuis",
    "de": r"sage? mir(?: auch)?|sagen sie mir(?: auch)?|für jede\w*(?: davon)?|in|um|von|für|mit|auf|seit",
    "es": r"d[ií](?:game|me)(?: también)?|quisiera saber|para cada un[oa]|de|en|para|por|a|desde",
    "it": r"(?:dimmi|mi dica)(?: anche)?|vorrei sapere(?: anche)?|per (?:ognun|ciascun)[oa]|di|in|per|a|da|su",
    "pt": r"(?:diga|diz)-me(?: também)?|gostava de saber|para cada um\w*|de|em|para|por|a|desde",
    "nl": r"vertel me(?: ook)?|ik wil ook weten|voor elk\w*(?: daarvan)?|in|van|voor|met|op|sinds",
    "pl": r"(?:powiedz|proszę podać)(?: też)?|dla każde\w+(?: z nich)?|w|we|o|na|od|z|dla",
}
"""What may stand before the opener: "tell me", "for each of them", a preposition."""
OPENERS = {
    "en": "how|where|which|what|show|list|count|map|has|have|did|compare|is there|are there",
    "fr": "combien|ou|où|quel|quelle|quels|quelles|montre|montrez|comment|compare|comparez|est-ce que|lequel|laquelle",
    "de": "wie|wieviel|wieviele|wo|welche|welcher|welches|welchem|welchen|zeige|zeig|was|vergleiche|hat|gibt",
    "es": "cuanto|cuantos|cuantas|cuánto|cuánta|cuántos|cuántas|donde|dónde|que|qué|cual|cuál|cuales|cuáles|como|cómo"
    r"|muestra\w*|muéstra\w*|compara",
    "it": r"quanto|quanti|quante|quanta|dove|quali|quale|qual|come|com|mostra\w*|confronta",
    "pt": r"quanto|quanta|quantos|quantas|onde|que|quais|qual|como|mostra\w*|compara",
    "nl": "hoeveel|waar|welke|welk|hoe|toon|wat|vergelijk",
    "pl": "ile|gdzie|ktore|które|którym|której|jak|jaka|jaki|jakie|pokaz|pokaż|porownaj|porównaj",
}


BY_HOW_MUCH = {
    "en": "by how (?:much|many percentage points)|what is the difference",
    "fr": "de combien(?: de points(?: de pourcentage)?)?|quelle est la différence|quelle différence",
    "de": "um wie ?viele?(?: prozentpunkte?)?|wie gro(?:ß|ss) ist der unterschied",
    "es": r"(?:por|en) cu[aá]nto(?:s puntos(?: porcentuales)?)?|cu[aá]l es la diferencia",
    "it": r"di quant[oi](?: punti(?: percentuali)?)?|(?:che|qual è la) differenza(?: c'è)?",
    "pt": "(?:em|por) quanto(?:s pontos(?: percentuais)?)?|qual é a diferença",
    "nl": "hoeveel (?:scheelt dat|procentpunten?)|met hoeveel",
    "pl": "o ile(?: punktów procentowych)?|z jaką przewagą|jaka jest różnica",
}
"""What asks for the size of a difference that the question before is about."""


def parts_of(question: str, language: str) -> list[str]:
    """Return the questions in a question: "how many … and how did each change …" is two.

    A part that asks nothing ("please", "in 2018") stays with the one before it, and so does "by how much?".
    """
    of = language if language in OPENERS else "en"
    opener = rf"(?:(?:{LEADS[of]}),?\s+){{0,3}}(?:{OPENERS[of]})\b"
    joiner = rf"(?:{JOINERS[of]})\s+"
    after_sentence = rf"(?:(?<=[?!;])|(?<=[^\W\d][.]))\s+(?=(?:{joiner})?{opener})"
    cut = re.compile(rf"{after_sentence}|(?:,?\s+{joiner}|,\s+)(?={opener})", re.IGNORECASE)
    difference = re.compile(rf"(?:{joiner})?(?:{BY_HOW_MUCH[of]})\s*(?:[?!.]|$)", re.IGNORECASE)
    lead = re.compile(rf"(?:{joiner})?(?:{LEADS[of]})", re.IGNORECASE)
    parts: list[str] = []
    led = ""
    for piece in filter(None, map(str.strip, cut.split(question))):
        if lead.fullmatch(piece):
            led = f"{piece}, "
            continue
        alone = asks(piece, of) or (piece.endswith("?") and bool(parts) and parts[-1].endswith("?"))
        if parts and (not alone or not asks(parts[-1], of) or difference.match(piece)):
            parts[-1] += f" {piece}"
        else:
            parts.append(led + piece)
        led = ""
    return with_years(parts, of) if 1 < len(parts) <= MOST_PARTS else [question]


def with_years(parts: list[str], language: str) -> list[str]:
    """Return the parts, the year said of one said of the others that leave it out: "how many in X and in Y in 2015".

    A part takes the year of the part before it; one of an amount that of an amount behind it; all of them that of a
    closing sentence that asks nothing ("data from 2015, please").
    """
    said = [single_year(part, language) for part in parts]
    *_, closing = sentences_of(parts[-1])
    of_all = "" if asks(closing, language) else single_year(closing, language)
    for at, part in enumerate(parts):
        timed = any(hit(name, flatten(part), language) for name in TIMES) or find_years(*read_of(part, language))[0]
        if said[at] or timed:
            continue
        behind = (said[j] for j in range(at + 1, len(parts)) if said[j] and alike(part, parts[j], language))
        year = (said[at - 1] if at else "") or of_all or next(behind, "")
        if year:
            said[at], parts[at] = year, f"{part} {year}"
    return parts


def single_year(part: str, language: str) -> str:
    """Return the one year a part names, '' where it names none, several, or what began then."""
    years, since, span = find_years(*read_of(part, language))
    return str(years[0]) if len(years) == 1 and since is None and span is None else ""


def read_of(part: str, language: str) -> tuple[str, str, str]:
    """Return a part as `find_years` takes it."""
    return part, flatten(part), language


def alike(one: str, other: str, language: str) -> bool:
    """Return whether two parts ask for an amount here and there: "and how many were there in 2012" names no place."""
    amounts = all(any(hit(name, flatten(part), language) for name in AMOUNTS) for part in (one, other))
    return amounts and any(word[:1].isupper() for word in other.split()[1:])


def asks(part: str, language: str) -> bool:
    """Return whether a part asks something."""
    return any(hit(name, flatten(part), language) for name in ASKING)
