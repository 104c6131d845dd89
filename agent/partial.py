"""Names said in part: "Baden" stands in Baden-Württemberg and in Baden-Baden, and is neither. Chooses nothing."""

from __future__ import annotations

from functools import lru_cache

from agent.understand import Area
from agent.words import flatten
from retrieval.errors import UnknownRegion
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
