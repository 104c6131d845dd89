"""A follow-up that is a question of its own but for its class, place or years: these are the query's before.

"Which region grew most?" after built-up land in Spain since 2009 asks for another table of the same subject.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent.reading.edit import LONGEST_EDIT
from agent.reading.mentions import Item
from agent.reading.pointing import MOVED, values, years_of, years_of_change
from agent.reading.read import Reading
from agent.understand import Area, Cover
from retrieval.nomenclature import ClassMatch
from retrieval.query import Query
from retrieval.types import NUTS_LEVELS, Region
from tools.context import Context

OF_ITS_OWN = (
    "RANK",
    "SUP",
    "UP",
    "DOWN",
    "CHANGE",
    "LOST",
    "GAINED",
    "STAYED",
    "DIFF",
    "STAT",
    "END",
    "ENDOF",
    "NONE",
    "SPLIT",
)
"""Types of constraints that ask for a table of their own."""
COARSE = ("group", *NUTS_LEVELS)
"""Levels of places, each finer than the one before."""


def completed(reading: Reading, base: Query, context: Context) -> Reading | None:
    """Return a follow-up with what it leaves out of the query before, None where it is no such follow-up."""
    codes = {theme: values(base, theme) for theme in ("land_cover", "land_use")}
    subject = [(theme, own) for theme, own in codes.items() if own]
    if reading.has("COUNTED", "RANKCLASS", "MORETHAN", "BACK") or not reading.has(*OF_ITS_OWN):
        return None
    if reading.has("CLASS"):
        return in_the_same_rows(reading, base)
    if len(subject) != 1 or len(reading.said.tokens) > LONGEST_EDIT or not reading.whole:
        return None
    end = len(reading.said.tokens)
    theme, own = subject[0]
    items = [Item(end, end, "CLASS", cover_of(theme, own, context))]
    if not reading.has("PLACE", "INSIDE", "SPLITIN", "HERE"):
        items += [Item(end, end, "PLACE", area_of(region)) for region in places_of(reading, base, context)]
    group = base.group("region")
    side = reading.has("UP", "DOWN", "LOST", "GAINED", "SUP")
    if (
        group is not None
        and group.level
        and side
        and not reading.has("DIFF", "PLACE", "LEVEL", "RANK", "MANY", "INSIDE", "SPLIT")
    ):
        items.append(Item(end, end, "LEVEL", group.level))
    if not reading.has("YEAR", "SPAN", "SINCEYEAR"):
        items += dated_as(base, end, moved=reading.has(*MOVED))
    if base.source == "survey" and not reading.has("MEASURE", "WITNESS"):
        items.append(Item(end, end, "MEASURE", "points"))
    return replace(reading, items=(*(height_of(i, reading, base) for i in reading.items), *items))


def in_the_same_rows(reading: Reading, base: Query) -> Reading | None:
    """Return a follow-up about another class in the rows and years of a query: "and gained the most forest?"."""
    group, end = base.group("region"), len(reading.said.tokens)
    moved = reading.has("UP", "DOWN", "LOST", "GAINED") and years_of_change(base)
    if group is None or not group.level or not moved or reading.has("PLACE", "LEVEL", "RANK", "MANY", "INSIDE"):
        return None
    dated = () if reading.has("YEAR", "SPAN", "SINCEYEAR") else dated_as(base, end, moved=True)
    return replace(reading, items=(*reading.items, Item(end, end, "LEVEL", group.level), *dated))


def height_of(item: Item, reading: Reading, base: Query) -> Item:
    """Return "the highest" of points counted as the highest point; of shares it stays the largest."""
    of_points = base.source == "survey" and not base.rows and not reading.has("LEVEL", "RANK", "MANY")
    ends = [i for i in reading.made if i.type == "END" and (i.start, i.end) == (item.start, item.end)]
    return ends[0] if item.type == "SUP" and of_points and ends else item


def cover_of(theme: Any, codes: tuple[str, ...], context: Context) -> Cover:
    """Return codes as a class that was named."""
    label = context.nomenclature.label(codes, context.language)
    return Cover(0, 0, label, (ClassMatch(theme, codes, label, label),))


def area_of(region: Region) -> Area:
    """Return a region as a place that was named."""
    return Area(0, 0, region.name, (region,))


def places_of(reading: Reading, base: Query, context: Context) -> list[Region]:
    """Return the places of a query that a follow-up's rows lie in: one of their own level is not what they are of."""
    named = [context.named(str(id)) for id in values(base, "region")]
    levels = [*reading.all("LEVEL"), *(r[2] for r in reading.all("RANK")), *(lv for _, lv in reading.all("MANY"))]
    asked = "nuts2" if levels[:1] == ["region"] else next(iter(levels), "")
    if asked not in COARSE:
        return named
    return [r for r in named if r.level in COARSE and COARSE.index(r.level) < COARSE.index(asked)]


def dated_as(base: Query, end: int, *, moved: bool) -> list[Item]:
    """Return the year or the two years of a query as if they had been named; `moved`: for a change."""
    if pair := years_of_change(base):
        return [Item(end, end, "SPAN", pair)]
    if moved:
        return []  # from the first year there is to the last
    years = years_of(base)
    return [Item(end, end, "YEAR", years[0])] if len(years) == 1 else []
