"""Questions for a part of a class's area by use or elevation: heard by their words, planned as one estimate.

"How much grassland in France is not farmed", "what part of Italy's vineyards lies above 500 m". Questions for points,
places or change are left to the other rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from agent.frame import Frame
from tools.composition import DEFENSIBLE
from tools.plan import Step

ELEVATION: Mapping[str, tuple[str, str, str]] = {
    "en": ("above|over|higher than", "below|under|lower than", "lies?|lie|is|are|grows?|found|situated"),
    "de": ("über|oberhalb von|höher als", "unter|unterhalb von|tiefer als", "liegt|liegen|ist|sind"),
    "fr": (
        "au-dessus de|à plus de",
        "au-dessous de|en dessous de|à moins de",
        "se trouv(?:e|ent)|est|sont|située?s?",
    ),
    "es": ("por encima de|a más de", "por debajo de|a menos de", "está|están|se encuentran?|situad[oa]s?"),
    "it": ("sopra i|sopra|oltre i|al di sopra di", "sotto i|sotto|al di sotto di", "si trovano?|sta|stanno|è|sono"),
    "pt": ("acima d[eo]s?|a mais de", "abaixo d[eo]s?|a menos de", "ficam?|está|estão|situad[oa]s?|se encontram?"),
    "nl": ("boven de|boven|hoger dan", "onder de|onder|lager dan", "ligt|liggen|is|zijn"),
    "pl": ("powyżej|ponad|wyżej niż", "poniżej|niżej niż", "leży|leżą|znajdują? się|jest|są|położon\\w+"),
}
"""Language → above, below, and the verbs that may stand before."""

USES: Mapping[str, tuple[str, str]] = {
    "en": (
        "not farmed|unfarmed|not used (?:for|by) farming|without agricultural use",
        "unused|not used",
    ),
    "de": ("nicht (?:bewirtschaftet|landwirtschaftlich genutzt)", "ungenutzt\\w*|nicht genutzt"),
    "fr": ("non exploitée?s?|sans usage agricole", "inutilisée?s?|non utilisée?s?"),
    "es": ("no (?:explotad[oa]s?|cultivad[oa]s?)|sin uso agrícola", "sin usar|no utilizad[oa]s?"),
    "it": (
        "non (?:(?:è|sono|viene|vengono) )?coltivat[oaie]|senza uso agricolo|non (?:(?:è|sono) )?"
        "(?:usat|utilizzat)[oaie] (?:in|dall'|per l')\\s?agricoltura",
        "inutilizzat[oaie]|non (?:(?:è|sono) )?(?:usat|utilizzat)[oaie]",
    ),
    "pt": (
        "não (?:(?:é|são|está|estão) )?(?:cultivad[oa]s?|explorad[oa]s?|(?:usad|utilizad)[oa]s? (?:n|pel|para )"
        "a agricultura)|sem uso agrícola",
        "sem uso|não (?:(?:é|são) )?(?:usad|utilizad)[oa]s?",
    ),
    "nl": ("niet (?:door|voor|in) de landbouw gebruikt|zonder agrarisch gebruik", "ongebruikte?|niet gebruikt"),
    "pl": (
        "nie (?:jest|są) (?:użytkowan|wykorzystywan|używan)\\w+ (?:rolniczo|w rolnictwie)|bez użytku rolniczego",
        "nieużytkowan\\w*|nieużywan\\w*|nie (?:jest|są) (?:użytkowan|używan|wykorzystywan)\\w+",
    ),
}
"""Language → not in agricultural use, in no use."""

SHARES: Mapping[str, str] = {
    "en": "how much|what (?:part|share|proportion|percentage|fraction)|how large a (?:part|share)|percent",
    "de": "wie ?viel|welcher (?:Teil|Anteil)|prozent",
    "fr": "combien|quelle? (?:part|proportion|pourcentage)|pour ?cent",
    "es": "cuánt[oa]s?|qué (?:parte|proporción|porcentaje)|por ciento",
    "it": "quant[oaie]|che (?:parte|quota|percentuale)|quale (?:parte|quota|percentuale)|per cento",
    "pt": "quant[oa]s?|(?:que|qual) (?:é )?(?:a )?(?:parte|proporção|percentagem|porcentagem)|por cento",
    "nl": "hoeveel|welk (?:deel|aandeel|percentage)|procent",
    "pl": "ile|jaka (?:część|proporcja)|jaki (?:udział|odsetek|procent)|procent",
}
POINTS = re.compile(
    r"\b(?:points?|records?|surveyed|Punkte?n?|puntos?|pontos?|punti|punten|punkt\w*|point)\b", re.IGNORECASE
)
NUMBER = r"(\d{1,3}(?:[ .,’]\d{3})+|\d+)\s*(?:m|metres|meters|mètres|metros|metri|Meter|metrów|meter)\b\.?"


@dataclass(frozen=True)
class Part:
    """What is asked of a class: in which use, above or below which elevation, metres."""

    rest: str
    """The question without these words."""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def step(self, frame: Frame) -> Step | None:
        """Return the estimate of a frame's class; None where it is of none that points can be calibrated for."""
        if not frame.land_cover or frame.near or frame.spot or len(frame.regions) > 1:
            return None
        if not {code[0] for code in frame.land_cover} <= set(DEFENSIBLE):
            return None
        year = {"year": frame.years[0]} if len(frame.years) == 1 else {}
        given = {"land_cover": list(frame.land_cover), "regions": list(frame.regions), **year, **self.arguments}
        return Step("estimate_area", {name: value for name, value in given.items() if value != []})


@lru_cache(maxsize=16)
def patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """Return a language's patterns: above, below, not farmed, in no use, asked for a share."""
    above, below, verbs = ELEVATION.get(language, ELEVATION["en"])
    shares = SHARES.get(language, SHARES["en"])
    of_height = [rf"(?:\b(?:{verbs})\s+)?\b(?:{words})\s+{NUMBER}" for words in (above, below)]
    of_use = [rf"(?:\b(?:{verbs})\s+)?\b(?:{words})\b" for words in USES.get(language, USES["en"])]
    return tuple(re.compile(p, re.IGNORECASE) for p in (*of_height, *of_use, rf"\b(?:{shares})"))


def part_in(question: str, language: str) -> Part | None:
    """Return the part of a class a question asks for, None where it asks for none or not for a share."""
    if language not in ELEVATION or POINTS.search(question):
        return None
    above, below, not_farmed, unused, shares = patterns(language)
    if not shares.search(question):
        return None
    arguments: dict[str, Any] = {}
    rest = question
    for name, pattern in (("above", above), ("below", below)):
        if found := pattern.search(rest):
            arguments[name] = float(re.sub(r"\D", "", found[1]))
            rest = rest[: found.start()] + rest[found.end() :]
    for pattern, use in ((not_farmed, {"exclude": ["U110"]}), (unused, {"land_use": ["U410", "U420"]})):
        if found := pattern.search(rest):
            arguments |= use
            rest = rest[: found.start()] + rest[found.end() :]
            break
    return Part(" ".join(rest.split()), arguments) if arguments else None
