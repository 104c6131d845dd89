"""The words of land deals, one file a language: what each code is called, and what people say for it. Decides nothing.

`retrieval/data/landmatrix/words/<language>.toml` holds for each code its name, then other words for it, separated by
`|`; a `*` stands for the rest of a word. `[filler]` are single words that change nothing, `[void]` phrases that do not,
`[singular]` what one deal is called: "the biggest deal" is one. Words are compared by their stems, so that plurals and
case endings need no entry of their own. Countries have their names in every language from Unicode CLDR.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from retrieval import word_forms
from retrieval.deal_terms import FOLDER, countries, terms, world_regions
from retrieval.errors import UnknownRegion
from retrieval.types import Region

WORDS = FOLDER / "words"
FIELDS = ("crop", "animal", "mineral", "intention", "group", "negotiation", "implementation", "nature",
          "investor_kind", "former_cover", "former_use", "former_owner", "impact", "water_source", "community_reaction",
          "community_consultation", "flag")  # fmt: skip
PLACES = ("world", "country", "ambiguous")
GRAMMAR = ("ask", "axis", "role", "measure", "compare", "negation", "unit", "near", "link", "not_here", "void")
BIOMASS = ("BIOFUELS", "BIOMASS_ENERGY_GENERATION", "BIOMASS_ENERGY_PRODUCTION")
"""What "biomass" alone may be: three purposes of two groups."""
SHORTEST_BEGINNING = 4
"""Letters of a word that is read as a beginning where endings follow one another: Finnish, Estonian, Hungarian."""
SIGNS = r"[^\W_]+|[%&<>]=?|km²|(?<![^\W\d_])[–-](?![^\W\d_])"
"""Words and signs; a hyphen inside a word only parts it in two."""
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "fr": ("es", "e", "s", "x"),
    "es": ("es", "as", "os", "s", "a", "o", "e"),
    "pt": ("es", "as", "os", "s", "a", "o", "e"),
    "it": ("che", "chi", "a", "e", "i", "o"),
    "de": ("ern", "en", "er", "es", "em", "e", "n", "s"),
    "nl": ("en", "es", "s", "e"),
    "pl": ("iami", "ami", "iach", "ach", "owie", "owi", "ego", "emu", "ymi", "imi", "iej", "iem", "ych", "ich", "ow",
           "om", "em", "ej", "ie", "ia", "iu", "a", "e", "i", "o", "u", "y"),
}  # fmt: skip
"""Endings taken off a word of four letters and more before it is compared, longest first; three letters stay."""


class Token(NamedTuple):
    """One word, sign or number of a text: `text[start:end]`."""

    start: int
    end: int
    norm: str
    stem: str


@dataclass(frozen=True)
class Entry:
    """What some words may be: a value of a field, or a word of grammar."""

    section: str
    """`crop`, `world`, `ask` …"""
    value: str
    """Its code or key."""


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """Return a word without case and accents."""
    special = {"ß": "ss", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "œ": "oe", "æ": "ae", "²": "2"}
    bare = "".join(special.get(c, c) for c in word.lower())
    return "".join(c for c in unicodedata.normalize("NFD", bare) if not unicodedata.combining(c))


def _singular(norm: str) -> str:
    """Return an English word without its plural."""
    if norm.endswith("ies") and len(norm) > 4:
        return norm[:-3] + "y"
    if norm.endswith(("sses", "shes", "ches", "xes", "zes", "oes")):
        return norm[:-2]
    return norm[:-1] if norm.endswith("s") and not norm.endswith(("ss", "us", "is")) else norm


@lru_cache(maxsize=16384)
def stem(norm: str, language: str) -> str:
    """Return a folded word less the ending that its number or case gives it.

    >>> stem("deals", "en"), stem("countries", "en") == stem("country", "en"), stem("gas", "en")
    ('deal', True, 'gas')
    """
    if len(norm) < 4:
        return norm
    if language == "en":
        return _singular(norm)
    if language in word_forms.GLUED:
        return norm
    if language not in ENDINGS:
        return word_forms.stem(norm, language)
    for ending in ENDINGS[language]:
        if norm.endswith(ending) and len(norm) - len(ending) >= 3 and not (ending == "s" and norm.endswith("ss")):
            return norm[: -len(ending)]
    return norm


def tokens(text: str, language: str) -> list[Token]:
    """Return the words and signs of a text."""
    return [
        Token(m.start(), m.end(), norm, stem(norm, language))
        for m in re.finditer(SIGNS, text)
        if (norm := fold(m.group()))
    ]


PATTERNS: Mapping[str, str] = {
    "ha": "{n} ha", "count": "{what}: {deals}.", "counted": "{what}: {n} ({axis}).", "rows": "{what}, {by}: {list}.",
    "rows_entry": "{name}: {deals}, {ha}", "sum": "{what}: {ha} {measure}, {deals}{unknown}.",
    "share": "{what}: {percent} % ({n} / {all}): {part}.", "deal_is": "{id}, {country}: {facts}.",
    "from_year": "≥ {year}", "to_year": "≤ {year}", "after_year": "> {year}", "before_year": "< {year}",
    "in_year": "{year}", "years": "{a}–{b}", "size_min": "≥ {n} ha", "size_max": "≤ {n} ha",
    "dated": "{what}, {when}: {list}.", "size_over": "> {n} ha", "size_under": "< {n} ha",
    "export": "{version}; {filter}.",
}  # fmt: skip
"""Lines that need no words: where a language says nothing of its own."""


@lru_cache(maxsize=32)
def words(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return section → code → words, of a language that has a file, else of English."""
    file = WORDS / f"{language}.toml"
    found = tomllib.loads((file if file.is_file() else WORDS / "en.toml").read_text(encoding="utf-8"))
    return {**found, "say": {**PATTERNS, **found["say"]}}


def languages() -> tuple[str, ...]:
    """Return the languages that have a file."""
    return tuple(sorted(file.stem for file in WORDS.glob("*.toml")))


@lru_cache(maxsize=65536)
def label(field: str, code: str, language: str) -> str:
    """Return what a code is called: in the language, else as the export prints it."""
    of = words(language)
    named = of.get(field, {}).get(code) or of["group"].get(code)
    if named:
        return named.split("|")[0]
    term = terms().get(field, {}).get(code)
    return term.label if term else code


@lru_cache(maxsize=4096)
def place_name(place: str, language: str) -> str:
    """Return what a country or region of the world is called; the id of anything else."""
    from babel import Locale

    of = words(language)
    if place in of["world"]:
        return of["world"][place].split("|")[0]
    letters = _letters().get(place) or (place.removeprefix("m49:") if place in world_regions() else "")
    if not letters:
        return place
    if letters in of["country"]:
        return of["country"][letters].split("|")[0]
    return Locale(language).territories.get(letters, place)


def world_region(identifier: str, language: str) -> Region:
    """Return a region of the world, `world:035`, as a region: it has a name and no outline.

    Raises:
        UnknownRegion: M49 has none of this number.
    """
    place = f"m49:{identifier.partition(':')[2]}"
    if place not in world_regions():
        raise UnknownRegion(identifier)
    name = place_name(place, language)
    return Region(identifier, name, "foreign", "", None, None, None, "un_m49", "", "facts")


@lru_cache(maxsize=1)
def _letters() -> Mapping[str, str]:
    return {one.place: one.alpha2 for one in countries()}


@dataclass(frozen=True)
class Lexicon:
    """Every phrase of a language: by the stems of its words."""

    exact: Mapping[tuple[str, ...], tuple[Entry, ...]]
    open: Mapping[tuple[str, ...], tuple[tuple[str, Entry], ...]]
    """The words before the last → beginnings of the last, with what they are."""
    longest: int
    filler: frozenset[str]
    """Stems of words that change nothing."""
    small: frozenset[str] = frozenset()
    """Those words as they are written, less those that are a phrase too: never taken for another word's stem."""

    def found(self, stems: Sequence[str]) -> tuple[Entry, ...]:
        """Return what these words may be."""
        key = tuple(stems)
        begun = (entry for start, entry in self.open.get(key[:-1], ()) if key[-1].startswith(start))
        return tuple(dict.fromkeys((*self.exact.get(key, ()), *begun)))


@lru_cache(maxsize=32)
def lexicon(language: str) -> Lexicon:
    """Return the phrases of a language."""
    exact: dict[tuple[str, ...], list[Entry]] = {}
    begun: dict[tuple[str, ...], list[tuple[str, Entry]]] = {}
    alone: set[str] = set()

    def add(phrase: str, entry: Entry) -> None:
        found = tokens(phrase.removesuffix("*"), language)
        if not found:
            return
        key = tuple(token.stem for token in found)
        if len(found) == 1:
            alone.add(found[0].norm)
        glued = (
            language in word_forms.GLUED and entry.section not in PLACES and len(found[-1].norm) >= SHORTEST_BEGINNING
        )
        if phrase.endswith("*") or glued:
            begun.setdefault(key[:-1], []).append((found[-1].norm, entry))
        elif entry not in exact.setdefault(key, []):
            exact[key].append(entry)

    of = words(language)
    for section in (*FIELDS, *PLACES, *GRAMMAR):
        for code, several in of.get(section, {}).items():
            for phrase in several.split("|"):
                add(phrase.split(" (")[0].strip(), Entry(section, code))
    for entry, name in _country_names(language):
        add(name, entry)
    longest = max(map(len, (*exact, *((*key, "") for key in begun))))
    filler = [token for several in of["filler"].values() for token in tokens(several, language)]
    small = {token.norm for token in filler} - alone
    return Lexicon({k: tuple(v) for k, v in exact.items()}, {k: tuple(v) for k, v in begun.items()}, longest,
                   frozenset(token.stem for token in filler), frozenset(small))  # fmt: skip


@lru_cache(maxsize=64)
def single_stems(section: str, value: str, language: str) -> frozenset[str]:
    """Return the stems of the single words that are a value of a section."""
    entry = Entry(section, value)
    exact = lexicon(language).exact.items()
    return frozenset(key[0] for key, entries in exact if len(key) == 1 and entry in entries)


@lru_cache(maxsize=4096)
def country_begun(norm: str, language: str) -> tuple[Entry, ...]:
    """Return the country whose name a folded word begins with: "Ghánában", "Ghanassa"."""
    named = ((fold(name), entry) for entry, name in _country_names(language))
    begun = [(len(name), entry) for name, entry in named if len(name) >= SHORTEST_BEGINNING and norm.startswith(name)]
    return (max(begun, key=lambda one: one[0])[1],) if begun else ()


def _country_names(language: str) -> list[tuple[Entry, str]]:
    """Return the names of countries and world regions by CLDR, in the language and in English, and the export's own."""
    from babel import Locale

    found: list[tuple[Entry, str]] = []
    told = {phrase for several in words(language)["ambiguous"].values() for phrase in several.lower().split("|")}
    for spoken in dict.fromkeys((language, "en")):
        names: Mapping[str, Any] = Locale(spoken).territories
        for one in countries():
            entry = Entry("country", one.alpha2)
            every = (names.get(one.alpha2, ""), *(one.other_names if spoken == "en" else ()))
            bare = (re.sub(r"\s*\(.*?\)|^[a-zħċżġ]{1,2}[ -]", "", name) for name in every if name)  # "an Rómáin"
            found += [(entry, name) for name in (*every, *bare) if name and name.lower() not in told]
        for place in world_regions():
            if name := names.get(place.removeprefix("m49:")):
                found.append((Entry("world", place), name))
    return found
