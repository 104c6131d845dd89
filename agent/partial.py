"""Names said in part: "Baden" stands in Baden-Württemberg and in Baden-Baden, and is neither. Chooses nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

from agent.lexicon import Token
from agent.understand import Area
from agent.words import flatten, fold
from retrieval.errors import AmbiguousRegion, DataError, OutOfCoverage, UnknownRegion
from retrieval.types import Place, Region
from tools.context import Context

LEVELS = ("country", "nuts1", "nuts2", "subdivision")
"""Levels whose official names are known by one of their words; those below by several ("Trás-os-Montes")."""
MOST = 8
"""Names that may be meant by a part of them; a word that stands in more ("West", "Northern") is no name."""
CLOSE = 5
"""Names given where there are too many."""
MOST_NAMES = 20_000
"""Names whose plain words are kept: those of every region, in a few languages."""
PREPOSITIONS = Path(__file__).parent / "reading" / "prepositions.toml"
LOCAL = ""
"""No language: names as the statistics write them."""


def names_with(words: str, context: Context) -> tuple[Region, ...]:
    """Return the regions whose official name, here or in the asker's language, holds these as whole words."""
    wanted = f" {plain(words)} "
    gazetteer, found = context.gazetteer, dict[str, Region]()
    if len(wanted) < 6:
        return ()
    several_words = " " in wanted.strip()
    for level in (*LEVELS, "nuts3") if several_words else LEVELS:
        for language in (context.language, LOCAL):
            for region in gazetteer.at_level(level, language):
                if wanted in f" {plain(region.name)} ":
                    same = gazetteer.find(region.name, context.language) or [region]
                    one = next((r for r in same if r.country == region.country), region)
                    found.setdefault(one.id, one)
    return tuple(found.values())


@lru_cache(maxsize=MOST_NAMES)
def plain(name: str) -> str:
    """Return a name's words without accents, case and hyphens."""
    return " ".join(flatten(name).split())


def whole(area: Area, context: Context) -> Area:
    """Return the area with everything its words may mean, where they are only a part of names.

    A region's exact name is what it is; a town's too, where there is one town of this name.

    Raises:
        UnknownRegion: they are a part of too many.
    """
    if area.exact and (area.regions or not area.places or area.foreign):
        return area
    if area.exact and len(area.places) == 1 and plain(area.places[0].name) == plain(area.text):
        return area
    regions = names_with(area.text, context)
    if len(regions) > MOST and not area.exact:
        raise UnknownRegion(area.text, [region.name for region in regions[:CLOSE]])
    if not 0 < len(regions) <= MOST:
        return area
    towns: list[Region | Place] = [p for p in area.places if f" {plain(area.text)} " in f" {plain(p.name)} "]
    return Area(area.start, area.end, area.text, (*regions, *towns), exact=False)


LONGEST_NAME = 4
"""Words of the longest name that is looked up."""


def named_inside(question: str, every: Sequence[Token], known: Collection[int], context: Context) -> tuple[Area, ...]:
    """Return the places that capitalised words behind "in" may be which no list has as they stand.

    Args:
        question: what is asked.
        every: its words.
        known: where words stand that are read as something else.
        context: where places are looked up.
    """
    found: list[Area] = []
    leads = inside(context.language)
    n = 1
    while n < len(every):
        first, before = every[n], every[n - 1]
        if n in known or not question[first.start].isupper() or before.norm not in leads:
            n += 1
            continue
        last = n
        while last + 1 < len(every) and last - n < LONGEST_NAME - 1 and _goes_on(question, every, last, known):
            last += 1
        text = question[first.start : every[last].end]
        if candidates := meant(text, context):
            found.append(Area(first.start, every[last].end, text, candidates, exact=False))
        n = last + 1
    return tuple(found)


def _goes_on(question: str, every: Sequence[Token], last: int, known: Collection[int]) -> bool:
    """Whether the next word is of the same name: capitalised too, only a space or hyphen between."""
    gap = question[every[last].end : every[last + 1].start]
    return last + 1 not in known and gap in (" ", "-") and question[every[last + 1].start].isupper()


def meant(text: str, context: Context) -> tuple[Region | Place, ...]:
    """Return what an unknown name may be: names it is a part of, a region misspelt, a town; nothing where none is.

    A town is one of just this name: "the Alps" are not Alp in Catalonia.
    """
    if 0 < len(parts := names_with(text, context)) <= MOST:
        return parts
    try:
        return (context.gazetteer.resolve(text, context.language),)
    except AmbiguousRegion as error:
        return tuple(context.gazetteer.region(id, context.language) for id in error.ids)
    except OutOfCoverage:
        return ()
    except UnknownRegion:
        pass
    try:
        town = context.gazetteer.place(text)
    except (DataError, AmbiguousRegion):
        return ()
    return (town,) if plain(town.name) == plain(text) else ()


def inside(language: str) -> frozenset[str]:
    """Return the words of a language behind which a capitalised name is a place, folded."""
    return _before_places("inside", language)


def beside(language: str) -> frozenset[str]:
    """Return the words of a language that mean near only before a town, folded: "bei Siena"."""
    return _before_places("beside", language)


@lru_cache(maxsize=64)
def _before_places(section: str, language: str) -> frozenset[str]:
    return frozenset(fold(word) for word in tables()[section].get(language, ()))


@lru_cache(maxsize=1)
def tables() -> dict[str, dict[str, list[str]]]:
    """Return the tables of words and endings that stand before places, or narrow what stands beside them."""
    return tomllib.loads(PREPOSITIONS.read_text(encoding="utf-8"))
