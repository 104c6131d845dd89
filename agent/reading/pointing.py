"""What "those", "the two", "it" and "that" point at: the rows or the points of the query before, or the last two.

Each function returns the query that a follow-up comes to where it points that way, None where it does not. Reads no
words: only what the chart made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent.reading.fill import FEW_ROWS, STAT_MEASURE, Constraints, before_and_after, of_the_whole
from agent.reading.mentions import Item
from agent.reading.named import Classes, Unfit
from agent.reading.read import Reading
from retrieval.errors import NotUnderstood
from retrieval.query import Column, Condition, Expression, Filter, Group, Order, Query, Way
from retrieval.sources import source_of
from tools.context import Context
from tools.query import answer

POINTS = (Column("points", "points"), Column("surveyed", "surveyed"))
MOVED = ("CHANGE", "UP", "DOWN", "DIFF", "LOST", "GAINED")
THINGS = ("region", "land_cover", "land_use", "year")
OPPOSITE = {"<": ("below", "<="), ">": ("above", ">="), "<=": ("below", "<="), ">=": ("above", ">=")}
NAMING = (
    "PLACE", "CLASS", "YEAR", "SPAN", "SINCEYEAR", "LIMIT", "HAVING", "COUNT", "COUNTED", "BARE", "NEAR", "LEVEL",
    "SPLIT", "RANK", "MANY", "INSIDE", "SPLITIN", "NOTPLACE", "NOTCLASS", "POINT", "MONTHS",
)  # fmt: skip
"""Types of constraints that name something of their own."""
SHORTEST_THOSE = 3
"""Letters of a word that can mean "those" by itself: French "en", Danish "de" and Polish "te" have other work."""
PARTITIVES = ("en", "ne")
"""French and Italian "of it", of what is counted: "combien en avait-il"."""
LONGEST_ARTICLE = 5
"""Letters from which on a word before a class is no article of it: "their cropland", "those vines"."""
MOST_POINTED = 60
"""Rows that "those" can mean; more is a level of its own."""


def pointed(reading: Reading, past: Sequence[Query], said: Constraints, context: Context) -> Query | None:
    """Return the query that a follow-up comes to which points at something of the queries before, None if it does not.

    Args:
        reading: the follow-up.
        past: the queries of the conversation, the last one last.
        said: its constraints.
        context: the world it is asked of.

    Raises:
        Unfit: it points at what is not there.
    """
    base = past[-1]
    return (
        in_all(reading, past, context)
        or moved_between(reading, past)
        or than_that(reading, base, said)
        or of_the_two(reading, past, said)
        or in_both_years(reading, past, said)
        or part_of(reading, past, said)
        or part_of_around(reading, base, said)
        or flipped(reading, base)
        or of_the_next(reading, base, context)
        or of_the_named(reading, base, said)
        or of_those_places(reading, base, said, context)
        or of_those_points(reading, base, said)
    )


# --- what words point, and whether anything else is named ------------------------------------------------------------


def points_with(reading: Reading, *types: str) -> bool:
    """Whether a word of these types stands in the question that no constraint took."""
    return bool(untaken(reading, *types))


def untaken(reading: Reading, *types: str) -> list[Item]:
    """Return the words of these types that no constraint took."""
    taken = {n for i in reading.items for n in range(i.start, i.end)}
    return [i for i in reading.said.items if i.type in types and i.start not in taken]


def those_said(reading: Reading, shortest: int) -> list[Item]:
    """Return what says "those": phrases, words of so many letters, and what stands behind "how many"."""
    tokens = reading.said.tokens
    every = [i for i in untaken(reading, "THOSE") if i.end > i.start + 1 or tokens[i.start].norm not in PARTITIVES]
    counted = {i.end for i in reading.items if i.value == "how_many"}
    return [i for i in every if i.end > i.start + 1 or i.start in counted or len(tokens[i.start].norm) >= shortest]


def points_at_those(reading: Reading, same: bool, *, here: bool = False) -> bool:
    """Whether "those" or "those five" is said, as more than the article of a class that was not asked about before.

    `here`: "there" counts too, where no drawn area is meant by it.
    """
    if reading.has("THOSEN") or (here and reading.has("HERE")):
        return True
    named = {i.start for i in reading.items if i.type in ("CLASS", "COUNTED")}
    return any(
        same or i.end not in named or len(reading.said.tokens[i.start].norm) >= LONGEST_ARTICLE
        for i in those_said(reading, SHORTEST_THOSE)
    )


def words_pointing(reading: Reading) -> str:
    """Return the question's own words that point at what was asked before."""
    pointing = [reading.said.words(i) for i in reading.said.items if i.type in ("THOSE", "THAT", "HERE")]
    return max(pointing, key=len, default="")


def ends_in(reading: Reading, *types: str) -> bool:
    """Whether the last word of the question is of one of these types."""
    last = len(reading.said.tokens)
    return any(i.type in types and i.end == last for i in reading.said.items)


def points_strongly(reading: Reading) -> bool:
    """Whether a follow-up points at what was asked before by more than a word that may be an article.

    Beside a class and a place, which make a question whole, only a longer word or the last one does.
    """
    if reading.has("BOTH", "ONE", "HERE", "TWICE") or points_with(reading, "BOTH"):
        return True
    whole = reading.has("CLASS") and reading.has("PLACE")
    if points_with(reading, "THAT") and (not whole or ends_in(reading, "THAT")):
        return True
    return bool(those_said(reading, SHORTEST_THOSE + 1 if whole else SHORTEST_THOSE))


def names_only(reading: Reading, *types: str) -> bool:
    """Whether nothing is named but what is of these types."""
    return not reading.has(*(t for t in NAMING if t not in types))


def values(query: Query, dimension: str) -> tuple[Any, ...]:
    """Return the values that a query's own filters ask for on a dimension."""
    return tuple(v for f in query.filters(dimension) if f.op == "in" for v in f.listed)


def without(query: Query, *dimensions: str) -> tuple[Filter, ...]:
    """Return a query's filters less those on some dimensions."""
    return tuple(f for f in query.where if f.dimension not in dimensions)


# --- all the rows before ---------------------------------------------------------------------------------------------


def joined(queries: Sequence[Query]) -> Query:
    """Return the queries of one answer as one of a row a place or class, where they differ in that alone; else the
    last."""
    last = queries[-1]
    for name in ("region", "land_cover", "land_use"):
        alike = all(replace(q, where=without(q, name)) == replace(last, where=without(last, name)) for q in queries)
        members = [values(q, name) for q in queries]
        if len(queries) > 1 and alike and not last.rows and last.columns and all(members):
            order = (Order((last.headline or last.columns[0]).name),) if name == "region" else ()
            return replace(last, where=without(last, name), rows=(Group(name, members=tuple(members)),), order=order)
    return last


def in_all(reading: Reading, past: Sequence[Query], context: Context) -> Query | None:
    """The rows before taken as one: "how many is that in total?" after several places or classes.

    Raises:
        Unfit: their figures do not add up.
    """
    base = in_rows(past[-1])
    other = reading.has("SUP", "STAT", "ONE", "ORD", "NTH", "END", "HERE", *MOVED)
    if not reading.has("TOGETHER") or other or not names_only(reading) or len(base.rows) != 1 or not base.columns:
        return None
    (group,) = base.rows
    if group.dimension not in ("region", "land_cover", "land_use", "month") or any(c.expression for c in base.columns):
        raise Unfit("no sum of these")
    whole = replace(base, rows=(), order=(), limit=None, having=(), lead="", fold=None)
    if group.dimension == "month":
        return whole
    told = tuple(v for member in group.members for v in member)
    if not told and (base.limit or base.having):
        if group.dimension != "region":
            raise Unfit("the classes of a ranking")
        told = tuple(rows_of(base, context))
    if not told:
        return whole
    return replace(whole, where=(*without(whole, group.dimension), Filter(group.dimension, "in", told)))


# --- the last two ----------------------------------------------------------------------------------------------------


def moved_between(reading: Reading, past: Sequence[Query]) -> Query | None:
    """The change between the years asked about last: "so how much did it change?" after 2022 and then 2018."""
    years, named = years_of(past[-1]), reading.all("YEAR")
    above = any(i.type == "CMP" for i in reading.said.items) or reading.has("MORE")
    if reading.has("SUP", "ORD", "TREND", "FATE") or not names_only(reading, "YEAR"):
        return None
    if len(named) == 1 and len(years) == 1 and (above or reading.has(*MOVED)):
        years = (*years, *named)  # "is that more than in 2009?"
    elif named or not reading.has(*MOVED):
        return None
    elif len(years) == 1 and len(past) > 1 and without(past[-2], "year") == without(past[-1], "year"):
        years = (*years, *years_of(past[-2]))
    if is_change(past[-1]) and not named:
        return past[-1]  # "by how much?"
    if len({*years}) != 2:
        return None
    changed = change_of(past[-1], (min(years), max(years)))
    verdict = "is" in reading.all("ASK") and not {"how_much", "how_many", "what", "which"} & {*reading.all("ASK")}
    if changed is None or changed.rows or not verdict or reading.has("CHANGE", "DIFF"):
        return changed
    less = lower(reading) or any(i.type == "CMP" and "<" in i.value for i in reading.said.items)
    return replace(changed, having=(Condition("change", "<" if less else ">", 0),))


def years_of(query: Query) -> tuple[int, ...]:
    """Return the years of a query's filters."""
    return tuple(dict.fromkeys(values(query, "year")))


def change_of(base: Query, pair: tuple[int, int]) -> Query | None:
    """Return a query's figure in two years and their difference, for each of its rows but years."""
    if [g.dimension for g in base.rows] == ["point"]:
        base = replace(base, rows=(), columns=POINTS)
    head = next((c for c in base.columns if c.measure), None)
    if base.source not in ("survey", "published") or head is None or any(c.expression for c in base.columns):
        return None
    own = tuple(f for f in head.where if f.dimension != "year")
    columns = before_and_after(head.measure, pair, own)
    rows = tuple(g for g in base.rows if g.dimension != "year")
    order = (Order("change"),) if rows else ()
    where = without(base, "year")
    return replace(
        base, columns=columns, where=where, rows=rows, having=(), order=order, limit=None, fold=None, lead=""
    )


def than_that(reading: Reading, base: Query, said: Constraints) -> Query | None:
    """The figure before beside that of another place or class: "is that more than in Portugal?".

    Raises:
        Unfit: it is no one figure.
    """
    if not reading.has("THANTHAT"):
        return None
    name = "region" if said.places else said.classes[0].theme
    other = (said.places[0].id,) if said.places else said.classes[0].codes
    mine = values(base, name)
    if not mine or base.rows or base.source not in ("survey", "published") or is_change(base):
        raise Unfit("no one figure")
    dated = (Filter("year", "in", said.years()),) if said.years() else base.filters("year")
    where = (*without(base, name, "year"), *dated)
    columns = plain_columns(base)
    return Query(base.source, columns, where, (Group(name, members=(mine, other)),), order=(Order(columns[0].name),))


def of_the_two(reading: Reading, past: Sequence[Query], said: Constraints) -> Query | None:
    """The last two places, classes or years beside each other, in what the follow-up asks of them."""
    asks = reading.all("ASK")
    beside = "compare" in asks and names_only(reading)
    asked = beside or reading.has("SUP", "MORE", "UP", "DOWN", "DIFF", "LOST", "GAINED", "CHANGE")
    both = (
        reading.has("BOTH")
        or points_with(reading, "BOTH")
        or 2 in [*reading.all("THOSEN"), *(n for n, _ in reading.all("MANY"))]
    )
    rowed = in_rows(past[-1]).rows  # "which of them" is of these
    there = "where" in asks and reading.has("SUP") and names_only(reading)  # "where is there most?"
    one_of_them = beside or there or ({"which", "what"} & {*asks} and asked and not (rowed and those_said(reading, 1)))
    if any(n > 2 for n, _ in reading.all("MANY")):
        return None
    if both and {"show", "where"} & {*asks} and names_only(reading) and (two := two_of("region", past)):
        shown = Filter("region", "in", tuple(id for member in two for id in member))
        return replace(in_rows(past[-1]), columns=(), where=(*without(past[-1], "region"), shown),
                       rows=(Group("point"),), order=(), limit=None)  # fmt: skip
    if both and "compare" in asks and names_only(reading, "PLACE") and said.places:
        third = tuple((r.id,) for r in said.places)
        if two := two_of("region", past):
            base = in_rows(past[-1])
            order = (Order(plain_columns(base)[0].name),)
            where = without(base, "region")
            return Query(
                base.source, plain_columns(base), where, (Group("region", members=(*two, *third)),), order=order
            )
    only = ("CLASS", "YEAR", "SPAN", "SINCEYEAR", "PLACE", *(("LEVEL", "MANY") if both else ()))
    apart = reading.has("DIFF") and names_only(reading)  # "how much more is that?"
    if not (both or one_of_them or apart) or not names_only(reading, *only):
        return None
    taken = {"land_cover": "CLASS", "land_use": "CLASS", "region": "PLACE", "year": "YEAR"}
    pairs = [(name, two_of(name, past)) for name in THINGS if not reading.has(taken[name])]
    name, two = next(((n, t) for n, t in pairs if t), ("", ()))
    if not name:
        return None
    base = in_rows(past[-1])
    if base.source == "revisits" and any(column.where for column in base.columns):
        return None  # its classes stand in its columns, which would be lost
    if said.asks_published and base.source == "survey":
        base = of_shares(base)
    where = (*without(base, name), *said.place_filters(), *said.class_filters())
    dated = (Filter("year", "in", said.years()),) if said.years() else ()
    where = tuple({f.dimension: f for f in (*where, *dated)}.values())
    columns = plain_columns(base)
    way: Way = "fewest" if lower(reading) else "most"
    order = (Order(columns[0].name, way),)
    rows = (Group(name, members=two),)
    order = () if "how_many" in asks and not apart and not reading.has("SUP", "MORE", "UP", "DOWN") else order
    query = Query(base.source, columns, where, rows, order=order)
    moved = reading.has("SPAN", "SINCEYEAR", "LOST", "GAINED", "CHANGE") or (is_change(base) and not said.years())
    if not moved:
        return query
    pair = said.pair() if reading.has("SPAN", "SINCEYEAR") or len(said.years()) == 2 else years_of_change(base)
    changed = change_of(query, pair or said.pair() or (0, 0))
    return replace(changed, order=(Order("change", way),)) if changed else None


def of_shares(base: Query) -> Query:
    """Return a query of surveyed points as one of published shares.

    Raises:
        Unfit: it has conditions that the statistic has no place for.
    """
    if any(f.dimension not in source_of("published").dimensions for f in base.where):
        raise Unfit("not of this source")
    return replace(base, source="published", columns=(Column("share", "share"),), having=())


def in_both_years(reading: Reading, past: Sequence[Query], said: Constraints) -> Query | None:
    """The points visited in both years asked about, of the same class in both: "how many were visited in both?"."""
    both = reading.has("BOTH", "TWICE") or points_with(reading, "BOTH")
    years = two_of("year", past)
    if not (both and "how_many" in said.asks and names_only(reading) and years and past[-1].source == "survey"):
        return None
    pair = sorted(int(year) for (year,) in years)
    where = [Filter("year_from", "in", (pair[0],)), Filter("year_to", "in", (pair[1],))]
    for f in without(past[-1], "year"):
        sides = ("_from", "_to") if f.dimension in ("land_cover", "land_use") else ("",)
        where += [replace(f, dimension=f"{f.dimension}{side}") for side in sides]
    if any(f.dimension not in source_of("revisits").dimensions for f in where):
        return None
    return Query("revisits", (Column("points", "points"), Column("revisited", "revisited")), tuple(where))


def lower(reading: Reading) -> bool:
    """Whether the one with less is asked for."""
    return reading.has("DOWN", "LOST") or "fewest" in reading.all("SUP")


def is_change(query: Query) -> bool:
    """Whether a query tells a change between two years."""
    return years_of_change(query) is not None


def years_of_change(query: Query) -> tuple[int, int] | None:
    """Return the two years whose difference a query tells."""
    years = {v for c in query.columns for f in c.where if f.dimension == "year" for v in f.listed}
    return (min(years), max(years)) if len(years) == 2 else None


def in_rows(base: Query) -> Query:
    """Return a query whose columns differ in one place, class or year as one with a row for each."""
    sides = [c for c in base.columns if c.measure]
    apart = [{f.dimension: f for f in c.where} for c in sides]
    names = {name for one in apart for name in one}
    if base.rows or len(sides) < 2 or len(names) != 1 or len({c.measure for c in sides}) != 1 or is_change(base):
        return base
    (name,) = names
    if name not in THINGS or any(name not in one or one[name].op != "in" for one in apart):
        return base
    rows = (Group(name, members=tuple(one[name].listed for one in apart)),)
    columns = plain_columns(base)
    return replace(base, columns=columns, rows=rows, having=(), order=(Order(columns[0].name),), lead="")


def plain_columns(base: Query) -> tuple[Column, ...]:
    """Return the measure of a query without filters of its own, and beside points what was looked at."""
    if base.source == "survey":
        return POINTS
    head = next((c for c in base.columns if c.measure), Column("share", "share"))
    return (Column(head.measure, head.measure),)


def two_of(name: str, past: Sequence[Query]) -> tuple[tuple[Any, ...], ...]:
    """Return the last members of a dimension: the named rows of the last query, else one each of the last two."""
    group = in_rows(past[-1]).group(name)
    if group is not None and group.members:
        return group.members if 2 <= len(group.members) <= MOST_POINTED else ()
    found: dict[tuple[Any, ...], None] = {}
    for query in reversed(past):
        sides = [f for c in query.columns for f in c.where if f.dimension == name and f.op == "in"]
        for member in (values(query, name), *(f.listed for f in sides)):
            if member and not query.group(name):
                found[tuple(member)] = None
        if len(found) >= 2:
            break
    return tuple(reversed(list(found)[:2])) if len(found) >= 2 else ()


# --- a part of what was asked before ----------------------------------------------------------------------------------


IN_PERCENT = "INPERCENT"
"""The type of words that ask for what was told before as a percentage of something."""


def part_of_around(reading: Reading, base: Query, said: Constraints) -> Query | None:
    """The figure before in percent of the same of what its place lies in: "and as a percentage of all the woodland in
    the Netherlands?" after Gelderland's."""
    asked = any(i.type == IN_PERCENT for i in reading.said.items) and names_only(reading, "PLACE", "CLASS", "YEAR")
    own = [said.context.named(str(id)) for id in values(base, "region")]
    if not asked or len(own) != 1 or len(said.places) != 1 or base.rows or base.source not in MEASURED:
        return None
    (inner,), (outer,) = own, said.places
    if inner.id == outer.id or not said.holds(outer, inner):
        return None
    if any({*k.codes} != {*values(base, k.theme)} for k in said.classes) or any(c.expression for c in base.columns):
        return None
    shared = without(base, "region", *(["year"] if said.years() else []))
    dated = (Filter("year", "in", said.years()),) if said.years() else ()
    own = ((Filter("region", "in", (region.id,)),) for region in (inner, outer))
    return Query(base.source, of_the_whole(MEASURED[base.source], *own), (*shared, *dated))


MEASURED = {"survey": "points", "published": "km2"}
"""Source → the measure of which a part is a percentage of the whole."""


def part_of(reading: Reading, past: Sequence[Query], said: Constraints) -> Query | None:
    """What was counted before, in percent of a wider count: "what share of all Spanish maize points is that?"."""
    base = past[-1]
    counted = base.columns and base.columns[0].measure == "points" and not base.rows
    if not (counted and "share" in said.measures and points_with(reading, "THAT", "THOSE")):
        return None
    if not names_only(reading, "PLACE", "CLASS", "YEAR"):
        return None
    if base.source == "survey" and reading.has("PLACE", "CLASS") and not ends_in(reading, "THAT", "THOSE"):
        return None  # German "der Waldanteil in Thüringen": an article
    plain = {f.dimension for f in base.where} <= {"region", "land_cover", "year"}
    if names_only(reading) and plain and "points" not in said.measures:
        return None  # the statistic has the share of the area
    if any(k.codes and not set(k.codes) >= set(values(base, k.theme)) for k in said.classes):
        return None
    looked = "revisited" if base.source == "revisits" else "surveyed"
    if base.source == "revisits" and not names_only(reading):
        return of_all_before(base, said)
    if base.source == "revisits" and len(past) > 1 and (narrow := side_added(base, past[-2])) is not None:
        shared = tuple(f for f in base.where if f != narrow)
        columns = (Column("part", "points", (narrow,)), Column("whole", "points"),
                   Column("percent", "", (), Expression("percent", "part", "whole")))  # fmt: skip
        return Query("revisits", columns, shared)
    if names_only(reading):
        columns = (Column("points", "points"), Column(looked, looked),
                   Column("percent", "", (), Expression("percent", "points", looked)))  # fmt: skip
        return Query(base.source, columns, base.where)
    dated = (Filter("year", "in", said.years()),) if said.years() else base.filters("year")
    wide = (*(said.place_filters() or base.filters("region")), *said.class_filters(), *dated)
    shared = tuple(f for f in base.where if f in wide)
    columns = (
        Column("part", "points", tuple(f for f in base.where if f not in shared)),
        Column("whole", "points", tuple(f for f in wide if f not in shared)),
        Column("percent", "", (), Expression("percent", "part", "whole")),
    )
    return Query(base.source, columns, shared)


def of_all_before(base: Query, said: Constraints) -> Query | None:
    """Points that went from one class to another, in percent of all that were of the first: "what share of the cropland
    points of 2015 is that?"."""
    sides = [f for f in base.where if f.dimension.endswith("_from") and f.dimension != "year_from"]
    there = not said.places or tuple(r.id for r in said.places) == values(base, "region")
    same = [k.codes for k in said.classes] == [f.listed for f in sides] and there
    if not same or said.years() not in ((), values(base, "year_from")):
        return None
    after = tuple(f for f in base.where if f.dimension.endswith("_to") and f.dimension != "year_to")
    columns = (Column("part", "points", after), Column("whole", "points"),
               Column("percent", "", (), Expression("percent", "part", "whole")))  # fmt: skip
    return Query("revisits", columns, tuple(f for f in base.where if f not in after))


def side_added(base: Query, before: Query) -> Filter | None:
    """Return the filter on a class that a query of revisited points has beside the one it was asked of before."""
    sides = [f for f in base.where if f.dimension.endswith(("_from", "_to")) and f.dimension.startswith("land_")]
    old = {tuple(values(before, theme)) for theme in ("land_cover", "land_use")} - {()}
    new = [f for f in sides if f.op == "in" and f.listed not in old]
    return new[0] if len(sides) == 2 and len(new) == 1 else None


def flipped(reading: Reading, base: Query) -> Query | None:
    """The other side of the condition before: "and below?" after "above 300 m"."""
    signs = [i.value for i in reading.said.items if i.type == "CMP"]
    if len(signs) != 1 or not names_only(reading) or reading.has("SUP", "NUM", "QTY", *MOVED):
        return None
    op, sign = OPPOSITE.get(signs[0], ("", ""))
    limits = [f for f in base.where if f.op in ("above", "below")]
    if len(limits) == 1 and limits[0].op != op and op:
        number = float(limits[0].listed[0])
        ends = (None, number) if op == "below" else (number, None)
        where = tuple(replace(f, op="between", values=ends) if f == limits[0] else f for f in base.where)
        return replace(base, where=where)
    if len(base.having) == 1 and sign and base.having[0].sign[0] != sign[0]:
        return replace(base, having=(replace(base.having[0], sign=sign),))
    return None


# --- those -----------------------------------------------------------------------------------------------------------


def ranked(base: Query) -> bool:
    """Whether a query ranks places."""
    return len(base.rows) == 1 and base.rows[0].dimension == "region" and bool(base.order) and not base.fold


def of_the_next(reading: Reading, base: Query, context: Context) -> Query | None:
    """The one at a rank of the ranking before: "and the second?", "and the second most?"."""
    ranks = reading.all("ORD", *(("ONE",) if base.limit in (1, FEW_ROWS) else ()))
    group = base.rows[0] if len(base.rows) == 1 and base.order and not base.fold else None
    group = group if group is not None and group.dimension in ("region", "land_cover", "land_use") else None
    same_end = group is not None and {*reading.all("SUP")} <= {base.order[0].way}
    alone = names_only(reading) and not reading.has("NUM", "MEASURE", *MOVED)
    if group is None or not (ranks and alone and same_end) or ranks[0] < 2:
        return None
    whole = replace(base, limit=max(ranks[0], base.limit or 0), lead="")
    table = answer(whole, context).table if group.dimension != "region" else None
    found = [str(row[group.dimension]) for row in table.dicts()] if table else rows_of(whole, context)
    if len(found) < ranks[0]:
        raise Unfit("no such row")
    return replace(base, limit=None, lead=found[ranks[0] - 1])


def of_the_named(reading: Reading, base: Query, said: Constraints) -> Query | None:
    """The rank of a place in the ranking before: "where does France come?"."""
    asked = "where" in said.asks or reading.has("RANKED")
    if not (asked and ranked(base) and names_only(reading, "PLACE") and len(said.places) == 1):
        return None
    group, place = base.rows[0], said.places[0]
    there = group.level == place.level or (place.id,) in group.members
    return replace(base, limit=None, lead=place.id) if there and not said.measures else None


def rows_of(query: Query, context: Context) -> list[str]:
    """Return the ids of the places that a query's rows stand for, in their order."""
    result = answer(query, context)
    return [region.id for region in result.regions] if result.table and result.table.rows else []


def of_those_places(reading: Reading, base: Query, said: Constraints, context: Context) -> Query | None:
    """The rows before, asked about another thing or kept by a condition: "which of those have over 20 % woodland?"."""
    if not base.rows or base.rows[0].dimension != "region" or len(base.rows) > 1 or base.fold:
        return None
    same = {k.codes for k in said.classes} <= {values(base, k.theme) for k in said.classes}
    elsewhere = reading.has("PLACE", "SPLITIN", "INSIDE", "NEAR", "FATE", "STAYED", "ONE", "ORD")
    also = reading.has("ALSO", "HAVING") and "which" in said.asks and not reading.has("LEVEL", "RANK", "SPLIT")
    if elsewhere or not (also or points_at_those(reading, same, here=not said.selection)):
        return None
    number = next(iter(reading.all("THOSEN")), None)
    found = rows_of(base, context)[:number]
    if not 0 < len(found) <= MOST_POINTED or (number and len(found) < number):
        raise NotUnderstood((), f"unread:{words_pointing(reading)}")
    query = replace(base, lead="", limit=None)
    moved = reading.has("SPAN", "SINCEYEAR", "CHANGE", "UP", "DOWN", "LOST", "GAINED", "DIFF")
    if is_change(base) and len(said.years()) == 1 and not moved:  # "and how much do those countries have in 2022?"
        query = replace(query, columns=plain_columns(base), having=())
    of_height = reading.has("STAT") and "elevation" in reading.all("DIM")
    if reading.has("STAT") and not of_height:
        raise Unfit("a mean of what?")
    if of_height:
        height = Column("elevation_m", STAT_MEASURE["elevation", reading.all("STAT")[0]])
        query = replace(query, source="survey", columns=(height, POINTS[0]), order=(Order("elevation_m"),))
    elif reading.has("LIMIT", "MONTHS") or ("points" in said.measures and base.source == "published"):
        query = replace(query, source="survey", columns=POINTS, order=(Order("points"),))
    dated = (Filter("year", "in", said.years()),) if len(said.years()) == 1 else ()
    new = (*said.class_filters(), *dated, *said.other_filters())
    if any(f.dimension not in source_of(query.source).dimensions for f in new):
        raise Unfit("not of this source")
    gone = {"region", *(f.dimension for f in new)}
    where = (*without(query, *gone), *new)
    name = (query.headline or query.columns[0]).name
    way: Way = "fewest" if lower(reading) else "most"
    kept: tuple[Condition, ...] = ()
    if reading.has("HAVING", "COUNT", "COUNTED", "BARE"):
        kept = tuple(replace(c, column=name) for c in said.conditions())
    if (reading.has("TOGETHER") or (of_height and says_points(reading))) and not kept:
        return replace(query, where=(Filter("region", "in", tuple(found)), *where), rows=(), order=(), having=())
    if said.asks == {"where", "is"} and query.source == "survey" and not kept and not is_change(base):
        where = (Filter("region", "in", tuple(found)), *where)
        return replace(query, where=where, columns=(), rows=(Group("point"),), order=(), having=())
    order = () if "how_many" in said.asks and kept else (Order(name, way),)
    rows = (Group("region", members=tuple((id,) for id in found)),)
    most = [*reading.all("FIRST"), *(n for n, _ in reading.all("MANY"))]
    query = replace(query, where=where, rows=rows, having=kept, order=order, limit=next(iter(most), None))
    if reading.has("SPAN", "SINCEYEAR", "CHANGE", "UP", "DOWN", "LOST", "GAINED") and (pair := said.pair()):
        changed = change_of(query, pair)
        if changed is None:
            raise Unfit("no change of this")
        query = replace(changed, order=(Order("change", way),), limit=query.limit)
    return query


def says_points(reading: Reading) -> bool:
    """Whether "those points" is said, not "those countries"."""
    points = [i for i in reading.said.items if i.type == "MEASURE" and i.value == "points"]
    those = [i for i in reading.said.items if i.type == "THOSE"]
    return any(t.start <= p.start <= t.end for t in those for p in points)


def of_those_points(reading: Reading, base: Query, said: Constraints) -> Query | None:
    """The points before, narrowed further, or what they were in another year: "how many of these were wheat then"."""
    if base.source == "revisits":
        return of_those_revisited(reading, base, said)
    counted = base.source == "survey" and (not base.rows or base.rows[0].dimension == "point")
    if not counted or any(c.expression for c in base.columns) or reading.has("NEAR", "RANK", "COMPARE"):
        return None
    own = {theme: values(base, theme) for theme in ("land_cover", "land_use")}
    if reading.has("NEAREST") and points_at_those(reading, same=True) and not said.classes:
        spot = said.nearest()
        return replace(spot, where=(*without(base, "position"), *spot.filters("position")))
    same = all(set(k.codes) == set(own[k.theme]) for k in said.classes)
    if reading.has("PLACE") or not points_at_those(reading, same):
        return None
    now, then = years_of(base), said.shifted(years_of(base)) or said.years()
    named = said.classes or [Classes(theme, codes) for theme, codes in own.items() if codes][:1]
    asks_what = bool({"what", "which"} & said.asks) and not said.classes and not reading.has("STAYED")
    if len(now) == 1 and len(then) == 1 and now != then and named:
        return then_were(base, now[0], then[0], None if asks_what else named[0], said)
    leaves = said.context.nomenclature.leaves
    for k in said.classes:
        if own[k.theme] and not {*leaves(k.codes)} <= {*leaves(own[k.theme])}:
            raise Unfit("those were of another class")
    new = (*said.class_filters(), *said.other_filters())
    if not new:
        return None
    gone = {f.dimension for f in new if f.op == "in"}
    where = (*without(base, *gone), *new)
    if base.rows and "how_many" not in said.asks and not said.level:
        return replace(base, where=where)
    rows = (Group("region", said.level),) if said.level else ()
    order = (Order("points"),) if rows else ()
    return Query("survey", POINTS, where, rows, order=order)


def of_those_revisited(reading: Reading, base: Query, said: Constraints) -> Query | None:
    """One of the classes that points were before or became: "how many of them were wheat?"."""
    group = base.rows[0] if len(base.rows) == 1 else None
    side = group.dimension if group and group.dimension.rpartition("_")[0] in ("land_cover", "land_use") else ""
    named = [*said.classes, *(said.codes(after) for _, after in reading.all("FATE") if after)]
    fits = side and len(named) == 1 and named[0].theme == side.rpartition("_")[0]
    if not fits or not points_at_those(reading, same=True) or not names_only(reading, "CLASS"):
        return None
    where = (*without(base, side), Filter(side, "in", named[0].codes))
    return replace(base, where=where, rows=(), order=(), limit=None)


def then_were(base: Query, now: int, then: int, other: Classes | None, said: Constraints) -> Query | None:
    """Return how many of a query's points were of a class in another year, or of which they were."""
    first, last = min(now, then), max(now, then)
    here, there = ("from", "to") if now == first else ("to", "from")
    kept: list[Filter] = []
    for f in without(base, "year"):
        if f.dimension in ("land_cover", "land_use"):
            kept.append(replace(f, dimension=f"{f.dimension}_{here}"))
        elif f.dimension in source_of("revisits").dimensions:
            kept.append(f)
        else:
            return None
    where = [*kept, Filter("year_from", "in", (first,)), Filter("year_to", "in", (last,)), *said.other_filters()]
    columns = (Column("points", "points"), Column("revisited", "revisited"))
    if other is None:
        theme = "land_use" if not base.filters("land_cover") else "land_cover"
        return Query("revisits", columns, tuple(where), (Group(f"{theme}_{there}", "3"),), order=(Order("points"),))
    where.append(Filter(f"{other.theme}_{there}", "in", other.codes))
    return Query("revisits", columns, tuple(where))
