"""What a question says: its places, classes, years, numbers and wishes. Plans nothing; every finding keeps its words.

Positions are those of the question; matching happens on `flatten(question)`, which has the same length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from agent.language import detect
from agent.lexicon import languages, lexicon
from agent.words import concept, concept_names, country_adjectives, fillers, flatten, fold, numerals, topic, words
from retrieval.errors import NotUnderstood
from retrieval.gazetteer import Gazetteer
from retrieval.nomenclature import ABROAD_COST, ClassMatch, ClassMention, Nomenclature
from retrieval.types import PAGE_LANGUAGES, BBox, Language, LonLat, Place, Region
from retrieval.word_forms import is_everyday

LONGEST_QUESTION = 2_000
"""Characters; longer texts are refused before anything reads them."""
NEAR_KM = 20.0
"""Radius of "near" where none is given; the answer states it."""
TOWN_KM = 10.0
"""Radius of "in <town>", whose territory is not known; the answer states it."""
POINT_COMPOUND = re.compile(
    r"(?:punkt(?:e|en|es|er|erna|erne|et|i|id|ide)?|punt(?:en)?|pont(?:ok|ot|okat|ja|jai|ban)?|piste\w*)$"
    r"|^(?:puncte\w*|punti|puntos|points|pontos) |\bpoints?$"
)
"""German and Dutch write "Rapspunkte", "wijngaardpunten", as Danish, Swedish, Hungarian, Finnish and Estonian do."""
SHARE_COMPOUND = re.compile(
    r"(?:anteil(?:e|en|s)?|quote|aandeel|percentage|andel(?:en|ar|e|ene|arna)?|osuu[sdtk]\w*|osakaalu?|arány\w*)$"
)
"""… and "Waldanteil", "bosaandeel" …"""
AREA_COMPOUND = re.compile(
    r"(?:fl[äa]che|areal|oppervlakte|areaal|\barea|\bsurface)$|^(?:superfic\w+|surface|área|powierzchnia) "
)
"""… and, of one area, "Rebfläche", "bosareaal"."""
KM_OF = {"km": 1.0, "m": 0.001, "mi": 1.609344}

USE_WORDS = re.compile(
    r"\b(land use|landnutzung|nutzung|utilisation|usages? du sol|usos? del suelo|us[oi] del suolo|usos? do solo|"
    r"landgebruik|bodemgebruik|grondgebruik|uzytkowani\w+)\b"
)


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


@dataclass(frozen=True)
class Understanding:
    """A question taken apart."""

    question: str
    language: Language
    flat: str
    areas: tuple[Area, ...] = ()
    covers: tuple[Cover, ...] = ()
    years: tuple[int, ...] = ()
    since: int | None = None
    """The first year of an open span ("since 2009")."""
    span: tuple[int, int] | None = None
    """A closed span ("between 2015 and 2018")."""
    limit: int | None = None
    km: float | None = None
    bbox: BBox | None = None
    lonlat: LonLat | None = None
    point_id: str | None = None
    level: str | None = None
    unit: str | None = None
    """`%`, `km2` or `ha`, where the question names it."""
    country: str | None = None
    """Eurostat code of a country named by its adjective ("Spanish regions")."""
    implied: str | None = None
    """Code of the country that alone has the kind of region named ("Bundesländer"), where no place is named."""
    concepts: frozenset[str] = frozenset()
    topics: tuple[str, ...] = ()
    masked: str = ""
    """The flattened question without its places and classes."""
    orders: str = ""
    """Sentences that told the answerer to act otherwise; they are not read."""

    def has(self, *names: str) -> bool:
        """Return whether any of these concepts is in the question."""
        return any(name in self.concepts for name in names)

    @property
    def wanted(self) -> tuple[Cover, ...]:
        """The classes asked for."""
        return tuple(c for c in self.covers if not c.negated)

    @property
    def excluded(self) -> tuple[Cover, ...]:
        """The classes left out."""
        return tuple(c for c in self.covers if c.negated)

    @property
    def findings(self) -> tuple[str, ...]:
        """What was understood, in the question's own words, for a refusal."""
        found = [c.text for c in self.covers] + [a.text for a in self.areas] + [str(y) for y in self.years]
        return tuple(dict.fromkeys(found))

    @property
    def about_use(self) -> bool:
        """Whether the question says land use."""
        return bool(USE_WORDS.search(self.flat))

    @cached_property
    def empty(self) -> bool:
        """Whether nothing at all was found."""
        return not (self.areas or self.covers or self.years or self.concepts or self.point_id or self.lonlat)


def understand(
    question: str,
    gazetteer: Gazetteer,
    nomenclature: Nomenclature,
    *,
    language: Language | None = None,
    default: Language = "en",
) -> Understanding:
    """Take a question apart.

    Args:
        question: what was asked, in any of the eight languages.
        gazetteer: finds its places.
        nomenclature: finds its classes.
        language: the question's language where it is known.
        default: the language where nothing tells, the conversation's.

    Raises:
        NotUnderstood: empty, without letters, or too long.
    """
    checked(question)
    question, orders = without_orders(question)
    tongue = language or detect(question, nomenclature, default)
    flat = flatten(question)
    here = concept(tongue, "here")
    spans = [m.span() for m in here.finditer(flat)] if here else []
    areas, covers = settle(
        question,
        flat,
        tongue,
        [Area(m.start, m.end, m.text, tuple(m.candidates), m.kind == "foreign", m.exact)
         for m in gazetteer.mentions(question, tongue)
         if not any(m.start < end and start < m.end for start, end in spans)],
        nomenclature.mentions(question, tongue),
        named_codes(question, nomenclature),
    )  # fmt: skip
    asides = [m.span() for name in ("newtopic", "pctpoints") for m in spans_of(name, flat, tongue)]
    masked = mask(flat, [*((a.start, a.end) for a in areas), *((c.start, c.end) for c in covers), *asides])
    numbers = mask(flat, [*((a.start, a.end) for a in areas), *asides])
    asked = without_or(masked, question) if tongue == "fr" else masked
    found = frozenset(name for name in concept_names() if hit(name, asked, tongue))
    found |= {name for name in ("classes", "crops") if hit(name, numbers, tongue)}
    found |= {"share"} if hit("pctpoints", flat, tongue) else set()
    found |= compounds_say([c.text.lower() for c in covers]) - ({"area"} if found & {"where", "show"} else set())
    point_id = find_point_id(question)
    km, km_span = find_km(question, areas)
    bbox, box_span = find_bbox(question)
    lonlat, lonlat_span = (None, None) if bbox else find_lonlat(question, tongue)
    rest = mask(numbers, [s for s in (km_span, box_span, lonlat_span) if s])
    rest = rest if point_id is None else rest.replace(point_id, " " * len(point_id))
    years, since, span = find_years(question, rest, tongue)
    levels = mask(flat, [(a.start, a.end) for a in areas if not is_group(a)] + [(c.start, c.end) for c in covers])
    found = found | level_concepts(levels, tongue)
    country = find_country(masked)
    return Understanding(
        question=question,
        language=tongue,
        flat=flat,
        areas=tuple(areas),
        covers=tuple(negate(covers, masked, tongue)),
        years=years,
        since=since,
        span=span,
        limit=find_limit(NUTS_LEVEL.sub(" ", mask(rest, [(c.start, c.end) for c in covers])), tongue),
        km=km,
        bbox=bbox,
        lonlat=lonlat,
        point_id=point_id,
        level=level_inside(find_level(levels, tongue), country or only_country(areas), found),
        unit=find_unit(masked, question, tongue) or ("%" if "share" in found else None),
        country=country,
        implied=implied_country(masked, tongue),
        concepts=found,
        topics=topics_of(masked, tongue),
        masked=masked,
        orders=orders,
    )


OR = re.compile(r"(?<=\x00)\s+ou\s+(?=(?:\w+\s+){0,3}\x00)")
"""French "ou" between two places or classes."""


def without_or(masked: str, question: str) -> str:
    """Return the text without the French "or", which folded is "where" too."""
    return OR.sub(lambda m: m.group() if "ù" in question[m.start() : m.end()] else " " * len(m.group()), masked)


def compounds_say(texts: Sequence[str]) -> set[str]:
    """Return the concepts that compound nouns carry beside their class."""
    said = (("points", POINT_COMPOUND), ("share", SHARE_COMPOUND), ("area", AREA_COMPOUND))
    return {name for name, ending in said for text in texts if ending.search(text)}


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


def checked(question: str) -> None:
    """Refuse what cannot be a question.

    Raises:
        NotUnderstood: it is empty, too long, or holds no letter.
    """
    if len(question) > LONGEST_QUESTION:
        raise NotUnderstood((), f"too_long:{len(question)}:{LONGEST_QUESTION}")
    if not any(c.isalnum() for c in question):
        raise NotUnderstood((), "no_words")


def spans_of(name: str, text: str, language: str) -> list[re.Match[str]]:
    """Return where a concept's phrases stand in the text."""
    found = concept(language, name)
    return list(found.finditer(text)) if found else []


def hit(name: str, text: str, language: str) -> bool:
    """Return whether a concept's phrase stands in the text, in the question's language."""
    found = concept(language, name)
    return bool(found and found.search(text))


def topics_of(text: str, language: str) -> tuple[str, ...]:
    """Return the topics of the text that the data does not speak of; "best estimate" is not of what is best."""
    idiom = concept(language, "idiom")
    plain = idiom.sub(" ", text) if idiom else text
    return tuple(name for name in words(language)["topics"] if (found := topic(language, name)) and found.search(plain))


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


def known_phrase(word: str, language: str) -> bool:
    """Return whether a word alone is one of the language's phrases."""
    return any(
        (found := concept(language, name)) is not None and found.fullmatch(word)
        for name in words(language)["concepts"]
    )  # fmt: skip


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


def negate(covers: Sequence[Cover], masked: str, language: str) -> list[Cover]:
    """Return the classes, those after "except", "ohne", "sauf" … marked as left out."""
    found = concept(language, "negation")
    marked: list[Cover] = []
    previous_end = 0
    for cover in sorted(covers, key=lambda c: c.start):
        between = masked[previous_end : cover.start]
        hits = list(found.finditer(between)) if found else []
        after_negation = bool(hits) and len(between[hits[-1].end() :].split()) <= 3
        chained = bool(marked) and marked[-1].negated and not between.replace("\x00", "x").strip(" ").count("x")
        chained = chained and between.split() in ([], *([w] for w in JOINERS))
        negated = after_negation or chained
        marked.append(Cover(cover.start, cover.end, cover.text, cover.choices, negated))
        previous_end = cover.end
    if marked and all(c.negated for c in marked):
        first = marked[0]
        kept_land = re.search(LAND_WORDS, masked[: first.start])
        if not kept_land:
            return [Cover(c.start, c.end, c.text, c.choices) for c in marked]
    return marked


JOINERS = ("and", "or", "et", "ou", "und", "oder", "y", "o", "e", "ed", "en", "of", "i", "oraz", "lub")
LAND_WORDS = (
    r"\b(crops?|land|cover\w*|points?|everything|cultures?|punkte?\w*|alles|cultivos?|puntos|pontos|punti|punten|"
    r"punkty|punktow|tout\w*|todo|tudo|tutto|wszystko)\b"
)


# numbers


YEAR = re.compile(r"(?<![\w.,])(?:19|20|21)\d\d(?![\w]|[.,]\d)")
SHORT_YEAR = re.compile(r"['’‘](0\d|1\d|2\d)(?!\w)")
RANGE = re.compile(r"(?<!\d)((?:19|20)\d\d)\s*(?:-|–|—|/)\s*((?:19|20)\d\d)(?!\d)")
BETWEEN = re.compile(
    r"(?:between|from|entre|de|zwischen|von|vom|tra|fra|dal|da|tussen|van|miedzy|od|desde|del?)\s+((?:19|20)\d\d)\s+"
    r"(?:and|to|until|et|a|und|bis|y|hasta|e|al|ate|en|tot|do|i)\s+(?:la\s+|el\s+|nel\s+)?((?:19|20)\d\d)"
)


def find_years(question: str, flat: str, language: str) -> tuple[tuple[int, ...], int | None, tuple[int, int] | None]:
    """Return the years named, the year of "since …", and a span "between … and …"."""
    shorts = [(m.start(), 2000 + int(m.group(1))) for m in SHORT_YEAR.finditer(question)]
    named = [(m.start(), int(m.group())) for m in YEAR.finditer(flat)]
    years = tuple(dict.fromkeys(y for _, y in sorted(named + shorts)))
    text = fold(question)
    if found := (RANGE.search(text) or BETWEEN.search(flat)):
        first, last = sorted((int(found.group(1)), int(found.group(2))))
        if first != last:
            return years, None, (first, last)
    if len(years) == 1:
        first = min(named + shorts)
        if stands_before("since", first[0], flat, language) or runs_on(first[0], flat, language):
            return years, years[0], None
    return years, None, None


THE_YEAR = re.compile(r" (?:year|annee|jahr|ano|anno|jaar|roku|rok)$")


def stands_before(name: str, at: int, flat: str, language: str) -> bool:
    """Return whether a concept's phrase leads to the year at a position, "the year" between them at most."""
    before = THE_YEAR.sub("", flat[:at].rstrip())
    return any(m.end() >= len(before) - 5 for m in spans_of(name, before, language))


def runs_on(at: int, flat: str, language: str) -> bool:
    """Return whether the year at a position opens a span: "from 2015 on", "from 2015" of a change.

    Records "from 2015" are those of 2015.
    """
    if not stands_before("fromyear", at, flat, language):
        return False
    onward = concept(language, "onward")
    after = re.sub(r"^\w+\s+", "", flat[at:])
    return bool(onward and onward.match(after)) or any(hit(name, flat, language) for name in ("change", "moved"))


NUTS_LEVEL = re.compile(r"\bnuts\s*\d\b")


def find_limit(rest: str, language: str) -> int | None:
    """Return "five" of "the five largest", 3 of "top 3": a small number that is no year."""
    numbers = [(m.start(), int(m.group())) for m in re.finditer(r"(?<!\w)\d{1,3}(?!\w)", rest)]
    of = words(language)["numbers"]
    if named := numerals(language):
        numbers += [
            (m.start(), of[key]) for m in named.finditer(rest) for key in of if fold(key) == m.group() and of[key] > 1
        ]
    numbers = [(at, n) for at, n in sorted(numbers) if 1 <= n <= 1000]
    return numbers[0][1] if numbers else None


DISTANCE = re.compile(
    r"(?<![\w.,])(\d{1,4}(?:[.,]\d{1,3})?)\s*(?:-\s*)?"
    r"(km|kms|kilom\w+|quil\w+|chilom\w+|mi|miles?|meilen|m|met(?:er|re)s?|metros|metri|metrow|metry|metres)(?![\w²2])"
)


def find_km(question: str, areas: Sequence[Area]) -> tuple[float | None, tuple[int, int] | None]:
    """Return the radius in km of "within 30 km of …" and where it stands."""
    text = fold(question)
    for found in DISTANCE.finditer(text):
        after = text[found.end() :].lstrip()
        if after[:1] in ("²", "2") or re.match(r"(square|carre|quadrat|cuadrad|vierkant|kwadrat)", after):
            continue
        word = found.group(2)
        unit = "mi" if word.startswith("mi") or word == "meilen" else "m" if word.startswith("m") else "km"
        if word == "m" and re.fullmatch(r"(?:19|20)\d\d", found.group(1)):
            return None, None  # Lithuanian "2015 m.": the year
        return round(float(found.group(1).replace(",", ".")) * KM_OF[unit], 3), found.span()
    return None, None


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


def level_concepts(masked: str, language: str) -> frozenset[str]:
    """Return which level words stand in the question."""
    return frozenset(name for name in ("level0", "level1", "level2", "level3") if hit(name, masked, language))


def find_level(masked: str, language: str) -> str | None:
    """Return the level of region asked for by its word: the most special one named."""
    for name, level in (("level3", "nuts3"), ("level1", "nuts1"), ("level2", "nuts2"), ("level0", "country")):
        if hit(name, masked, language):
            return level
    return None


def is_group(area: Area) -> bool:
    """Return whether an area is several countries or regions: "EU countries" says its members' level too."""
    return bool(area.candidates) and all(r.level == "group" for r in area.regions) and not area.places


def only_country(areas: Sequence[Area]) -> str | None:
    """Return the code of the one country that is all the question names."""
    regions = [r for a in areas for r in a.regions]
    return regions[0].country if len(areas) == len(regions) == 1 and regions[0].level == "country" else None


FEDERAL = ("DE", "UK")
"""Countries whose states or countries are NUTS 1 regions; those of Austria are NUTS 2."""


def level_inside(level: str | None, country: str | None, found: frozenset[str]) -> str | None:
    """Return the level; the "states" of one country that are to be ranked are its regions."""
    if level != "country" or not country or not found & {"most", "least", "rankwords"}:
        return level
    return "nuts1" if country in FEDERAL else "nuts2"


def find_unit(masked: str, question: str, language: str) -> str | None:
    """Return the unit named: hectares, square kilometres or percent."""
    in_ha = re.search(r"\d\s*ha\b|\b(?:in|en|em|w) ha\b|\bha\?$|\(ha\)", question.lower())
    if in_ha or re.search(r"\b(hectar\w*|hektar\w*|ettar\w*|acres?|acreage)\b", masked):
        return "ha"
    if re.search(
        r"\b(km2|km carre\w*|sq km|square kilo\w*|quadratkilo\w*|kilomet\w* (carre|cuadrad|quadrad)\w*|"
        r"quilomet\w* quadrad\w*|chilomet\w* quadrat\w*|vierkante kilo\w*|kilometr\w* kwadrat\w*)\b",
        masked,
    ):
        return "km2"
    if "%" in question or hit("share", masked, language):
        return "%"
    return None


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


def explained(reading: Understanding) -> str:
    """Return the flattened question with every known word made blank, letter for letter."""
    text = reading.masked
    for name in words(reading.language)["concepts"]:
        if found := concept(reading.language, name):
            text = found.sub(lambda m: " " * len(m.group()), text)
    stop = {flatten(w) for w in words(reading.language)["stop"]} | fillers() | set(words(reading.language)["numbers"])

    def blank(word: re.Match[str]) -> str:
        known = word.group() in stop or is_everyday(word.group(), reading.language)
        return " " * len(word.group()) if known else word.group()

    return re.sub(r"[^\W_]+", blank, text.replace("\x00", " "))
