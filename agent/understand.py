"""What a question is made of before it is read: sentences, orders, places and classes settled against one another, and
positions. Plans nothing; every finding keeps its words.

Positions are those of the question; matching happens on `flatten(question)`, which has the same length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agent.lexicon import languages, lexicon
from agent.words import concept, country_adjectives, flatten, fold
from retrieval.nomenclature import ABROAD_COST, ClassMatch, ClassMention, Nomenclature
from retrieval.types import PAGE_LANGUAGES, BBox, LonLat, Place, Region

LONGEST_QUESTION = 2_000
"""Characters; longer texts are refused before anything reads them."""
NEAR_KM = 20.0
"""Radius of "near" where none is given; the answer states it."""
TOWN_KM = 10.0
"""Radius of "in <town>", whose territory is not known; the answer states it."""
POINT_COMPOUND = re.compile(
    r"(?:punkt(?:e|en|es|er|erna|erne|et|i|id|ide|y|ów|ach)?|punt(?:en)?|pont(?:ok|ot|okat|ja|jai|ban)?|piste\w*)$"
    r"|^(?:puncte\w*|punti|puntos|points|pontos|punkt\w*) |\bpoints?$|\bbod(?:y|ů|ech|ov|och)?$"
)
"""German and Dutch write "Rapspunkte", "wijngaardpunten", as Danish, Swedish, Hungarian, Finnish and Estonian do;
Polish and Czech have an adjective, "punkty zbożowe"."""
SHARE_COMPOUND = re.compile(
    r"(?:anteil(?:e|en|s)?|quote|aandeel|percentage|andel(?:en|ar|e|ene|arna)?|osuu[sdtk]\w*|osakaalu?|arány\w*)$"
)
"""… and "Waldanteil", "bosaandeel" …"""
AREA_COMPOUND = re.compile(
    r"(?:fl[äa]che|areal|oppervlakte|areaal|\barea|\bsurface)$|^(?:superfic\w+|surface|área|powierzchnia) "
)
"""… and, of one area, "Rebfläche", "bosareaal"."""


@dataclass(frozen=True)
class Area:
    """A region or a place named in the question."""

    start: int
    end: int
    text: str
    candidates: tuple[Region | Place, ...]
    foreign: bool = False
    exact: bool = True

    @property
    def regions(self) -> tuple[Region, ...]:
        """The candidates that are areas."""
        return tuple(c for c in self.candidates if isinstance(c, Region))

    @property
    def places(self) -> tuple[Place, ...]:
        """The candidates that are spots."""
        return tuple(c for c in self.candidates if isinstance(c, Place))


@dataclass(frozen=True)
class Cover:
    """A land cover or land use named in the question."""

    start: int
    end: int
    text: str
    choices: tuple[ClassMatch, ...]
    negated: bool = False
    exact: bool = True
    """False where a misspelling was read."""
    cost: float = 0.0
    """What the reading costs, as the nomenclature says: nothing for words as they are listed."""

    @property
    def match(self) -> ClassMatch:
        """The first reading."""
        return self.choices[0]


SENTENCE = re.compile(r".+?(?:[.!?;\n]*[!?;\n]+(?=\s|$)|\.+(?=\s+[^\Wa-zà-öø-ÿ]|\s+\W|\s*$)|$)", re.DOTALL)
"""A sentence; a full stop that a small letter follows ends none: Danish "pr. hektar", Polish "2018 r. w Polsce"."""
DATED = re.compile(r"(?<!\w)\d{4} \w{1,2}\.$")


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text; none ends at "2015 m."."""
    found: list[str] = []
    for piece in SENTENCE.findall(text):
        if found and DATED.search(found[-1]):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def without_orders(question: str) -> tuple[str, str]:
    """Return the question with sentences that give orders made blank, letter for letter, and these sentences.

    Only beside a sentence that asks something: an order alone is refused.
    """
    sentences = list(SENTENCE.finditer(question))
    told = [m for m in sentences if "?" not in m.group() and is_order(m.group())]
    if not told or not any("?" in m.group() for m in sentences):
        return question, ""
    for found in told:
        question = question[: found.start()] + " " * len(found.group()) + question[found.end() :]
    return question, " ".join(found.group().strip() for found in told)


def is_order(sentence: str) -> bool:
    """Return whether a sentence tells the answerer to act otherwise, in whatever language."""
    return any(hit("orders", flatten(sentence), language) for language in PAGE_LANGUAGES)


def spans_of(name: str, text: str, language: str) -> list[re.Match[str]]:
    """Return where a concept's phrases stand in the text."""
    found = concept(language, name)
    return list(found.finditer(text)) if found else []


def hit(name: str, text: str, language: str) -> bool:
    """Return whether a concept's phrase stands in the text, in the question's language."""
    found = concept(language, name)
    return bool(found and found.search(text))


def mask(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return `text` with these spans as a placeholder that no phrase matches."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = "\x00" * (end - start)
    return "".join(letters)


# places against classes


def settle(
    question: str,
    flat: str,
    language: str,
    areas: Sequence[Area],
    mentions: Sequence[ClassMention],
    codes: Sequence[Cover] = (),
) -> tuple[list[Area], list[Cover]]:
    """Return places and classes without overlaps: the longest wins; of equals, grammar decides."""
    kept_areas = [a for a in areas if not is_closed_word(question, a, language)]
    phrases = [m.span() for name in ("classes", "profile", "describe") for m in spans_of(name, flat, language)]
    everyday, grammar = function_words(language), grammar_words(language)
    believed = [m for m in mentions if m.exact or not any(m.start < e and s < m.end for s, e in phrases)]
    believed = [m for m in believed if fold(m.text) not in everyday or (m.exact and m.cost == 0)]
    believed = [m for m in believed if m.exact or fold(m.text) not in grammar]
    if any(m.exact and m.cost < ABROAD_COST for m in believed):
        believed = [m for m in believed if m.exact]  # beside a class that was named a misspelling is none
    kept_covers = [Cover(m.start, m.end, m.text, m.choices, exact=m.exact, cost=m.cost) for m in believed]
    kept_covers += [c for c in codes if all(c.end <= k.start or k.end <= c.start for k in (*kept_covers, *areas))]
    for area in areas:
        for cover in [c for c in kept_covers if c.start < area.end and area.start < c.end]:
            if place_wins(question, flat, language, area, cover):
                kept_covers.remove(cover)
            elif area in kept_areas:
                kept_areas.remove(area)
    return kept_areas, kept_covers


def is_closed_word(question: str, area: Area, language: str) -> bool:
    """Whether a name at the beginning, or written small, is a closed word: Irish "Cad" is "what", not Chad."""
    told = area.start > 0 and question[area.start].isupper()
    return not told and " " not in area.text and fold(area.text) in closed_words(language)


QUOTED = re.compile(r"[\"“„«»]([^\"”“«»]{2,80})[\"”“«»]")
"""Words in quotation marks, of whatever language."""

OF_PLACES = ("direction", "level", "topic", "witness", "edit", "act", "write", "classifier")
"""Sections of the lexicon whose words may be names too (Nord)."""


@lru_cache(maxsize=32)
def closed_words(language: str) -> frozenset[str]:
    """Return the single words of a language that ask, order, compare or change nothing, folded."""
    if language not in languages():
        return frozenset()
    every = lexicon(language).items()
    keys = [words for key, words in every if key.split(".")[0] not in OF_PLACES or key == "edit.only"]
    return frozenset(w for words in keys for w in words if " " not in w)


GRAMMAR = ("ask", "classifier", "comparison", "conjunction", "deixis", "each", "negation", "ordinal", "range", "time")
"""Sections of the lexicon whose words name nothing: French "cela" is no misspelt rye."""


@lru_cache(maxsize=32)
def grammar_words(language: str) -> frozenset[str]:
    """Return the single words of a language that only point, ask, join and compare, folded."""
    every = lexicon(language).items() if language in languages() else ()
    return frozenset(w for key, words in every if key.split(".")[0] in GRAMMAR for w in words if " " not in w)


@lru_cache(maxsize=32)
def function_words(language: str) -> frozenset[str]:
    """Return the everyday words of a language, folded: no misspelling is read into one."""
    return frozenset(lexicon(language)["function.words"]) if language in languages() else frozenset()


CLASS_CODE = re.compile(r"\b(?:[A-Ha-h]\d{2}|[Uu][1-4]\d{2}|BX[12])\b")


def named_codes(question: str, nomenclature: Nomenclature) -> list[Cover]:
    """Return the classes named by their code: "points of U111"."""
    found = []
    for match in CLASS_CODE.finditer(question):
        code = match.group().upper()
        if code in nomenclature.classes:
            theme = nomenclature.theme([code])
            reading = ClassMatch(theme, (code,), match.group(), f"the code {code} of the code book")
            found.append(Cover(match.start(), match.end(), match.group(), (reading,)))
    return found


def place_wins(question: str, flat: str, language: str, area: Area, cover: Cover) -> bool:
    """Return whether words that may be a place and a class are the place."""
    if not area.exact:
        return False
    lengths = (area.end - area.start, cover.end - cover.start)
    if lengths[0] != lengths[1]:
        return lengths[0] > lengths[1]
    if not question[area.start].isupper():
        return False
    before = flat[: area.start].split()
    if cover.cost and language not in PLACE_PREPOSITIONS:
        return bool(before)  # Estonian "Poolas" is in Poland, no form of "põõsas"
    return bool(before) and before[-1] in PLACE_PREPOSITIONS.get(language, ())


PLACE_PREPOSITIONS: Mapping[str, frozenset[str]] = {
    "en": frozenset(["in", "near", "around", "of", "from", "at"]),
    "fr": frozenset(["a", "en", "dans", "au", "aux", "de", "d", "pres", "autour", "du"]),
    "de": frozenset(["in", "im", "bei", "um", "nach", "von", "nahe"]),
    "es": frozenset(["en", "de", "a", "cerca"]),
    "it": frozenset(["a", "in", "nel", "nella", "di", "vicino", "da"]),
    "pt": frozenset(["em", "no", "na", "de", "do", "da", "a"]),
    "nl": frozenset(["in", "bij", "van", "nabij", "rond"]),
    "pl": frozenset(["w", "we", "z", "ze", "kolo", "do", "od"]),
}


# numbers


POINT_ID = re.compile(r"(?<!\d)\d{8}(?!\d)|(?<=point |punkt |punto |ponto )\d{7}(?!\d)", re.IGNORECASE)


def find_point_id(question: str) -> str | None:
    """Return a LUCAS point id: eight digits."""
    found = POINT_ID.search(question)
    return found.group() if found else None


BOX = re.compile(r"(?:bbox|box|\[|\()\D{0,12}?" + r"[,;\s]+".join([r"(-?\d{1,3}(?:\.\d+)?)"] * 4))


def find_bbox(question: str) -> tuple[BBox | None, tuple[int, int] | None]:
    """Return "bbox west,south,east,north" in degrees."""
    found = BOX.search(question.lower())
    if not found:
        return None, None
    west, south, east, north = (float(v) for v in found.groups())
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        return None, None
    return (west, south, east, north), found.span()


COMPASS = {
    "east": {"e": (), "o": ("de", "nl"), "ö": ("sv",), "ø": ("da",), "k": ("hu",), "v": ("cs", "sk", "sl"),
             "α": ("el",), "и": ("bg",), "i": ("hr",)},
    "west": {"w": (), "o": ("es", "fr", "it", "pt"), "v": ("da", "sv"), "z": ("cs", "hr", "sk", "sl"), "δ": ("el",),
             "з": ("bg",)},
    "north": {"n": (), "s": ("cs", "hr", "sk", "sl"), "β": ("el",), "с": ("bg",), "é": ("hu",)},
}  # fmt: skip
"""Side → its letter beside a number of degrees → the languages that write it so, () for any."""
SIGNED = r"(-?\d{1,2}(?:[.,]\d+)?)\s*°?\s*([^\W\d_])\s*[,;/]?\s*(-?\d{1,3}(?:[.,]\d+)?)\s*°?\s*([^\W\d_])(?!\w)"
BARE = r"(-?\d{1,3}\.\d+)\s*°?\s*[,;/]?\s*(-?\d{1,3}\.\d+)\s*°?(?![\w.]\d|\w)"


def find_lonlat(question: str, language: str = "en") -> tuple[LonLat | None, tuple[int, int] | None]:
    """Return a position: "43.6 N 3.9 E", "45,07 N 7,69 E", or "43.61, 3.87" where both numbers have decimals.

    A letter is read as its language writes it: "O" is east in German and west in French. Without letters the order is
    latitude, longitude, as people write it, unless only the other lies in Europe.
    """
    for found in re.finditer(rf"(?<![\w.,-]){SIGNED}", question.lower()):
        first, one, second, other = found.groups()
        sides = {side_of(one, language): first, side_of(other, language): second}
        north, east = (number(sides[side]) if side in sides else None for side in ("north", "east"))
        east = -number(sides["west"]) if "west" in sides else east
        if north is not None and east is not None and -90 <= north <= 90 and -180 <= east <= 180:
            return (east, north), found.span()
    for found in re.finditer(rf"(?<![\w.]){BARE}", question.lower()):
        a, b = (float(part) for part in found.groups())
        if not (34 <= a <= 72 and -32 <= b <= 46) and 34 <= b <= 72 and -32 <= a <= 46:
            a, b = b, a
        if -90 <= a <= 90 and -180 <= b <= 180:
            return (b, a), found.span()
    return None, None


def number(text: str) -> float:
    """Return a number with a point or a comma before its decimals."""
    return float(text.replace(",", "."))


def side_of(letter: str, language: str) -> str:
    """Return `north`, `east` or `west`, '' for a letter that is none in a language."""
    own = [side for side, letters in COMPASS.items() if language in letters.get(letter, ())]
    return (own or [side for side, letters in COMPASS.items() if letters.get(letter) == ()] or [""])[0]


# levels, units, countries


LEVEL_COUNTRY = {
    "DE": re.compile(r"\b(?:bundeslander\w*|bundesland|lander)\b"),
    "FR": re.compile(r"\bdepartement\w*\b"),
    "ES": re.compile(r"\b(?:comunidad\w* autonoma\w*|autonomous communit\w+)\b"),
    "PL": re.compile(r"\b(?:wojewodztw\w*|voivodeship\w*|voivodie\w*)\b"),
    "NL": re.compile(r"\bprovincies?\b"),
}
"""Words for a level of region that one country has."""
PROVINCES_ARE_NUTS2 = ("NL", "BE")
STATES_ARE_NUTS2 = ("AT",)


def find_country(masked: str) -> str | None:
    """Return the country whose adjective, or whose own word for its regions, stands in the question."""
    return next((code for code, found in country_adjectives().items() if found.search(masked)), None)


def implied_country(masked: str, language: str) -> str | None:
    """Return the country that alone has the kind of region named: Bundesländer, départements."""
    for code, found in LEVEL_COUNTRY.items():
        only_there = {"DE": language != "de" or "bundesl" in masked, "NL": language == "nl"}.get(code, True)
        if only_there and found.search(masked):
            return code
    return None
