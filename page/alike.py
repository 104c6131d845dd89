"""The percentage an answer tells of a region, asked of all regions like it in every survey year. Draws nothing.

A share of survey points, a class as part of another, a region's part of its country's: the answer's own question goes
to the store once more, with a row for each region and year in place of the region and year asked about.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from page.figure import Figure, Regional, doubt
from retrieval.query import Column, Filter, Group, Query
from retrieval.query_schema import levels_of
from retrieval.sources import source_of
from tools import official, uncertainty
from tools.compile import compile_query
from tools.context import Context
from tools.estimation import Z
from tools.presets import OF_SURVEYED, POINTS, SURVEYED
from tools.result import Result

FEWEST_POINTS = 20
"""Survey points of which a percentage is told; of fewer the map says that they are too few."""
CLASSES = ("land_cover", "land_use")
TOLD = {"region", "year", *CLASSES}
"""Dimensions a title can tell; a question with another condition is shown as it is answered."""


@dataclass(frozen=True)
class Share:
    """A percentage that can be asked of any region."""

    query: Query
    """Its headline is the percentage; it names no place and no year."""
    what: str
    """What is counted, in words."""
    codes: tuple[str, ...]
    regions: tuple[str, ...]
    """Ids of the regions asked about."""
    of: str = ""
    """What is a hundred percent, in words; empty where it is the area or all points."""
    whole: tuple[str, ...] = ()
    """Ids of the regions whose sum is a hundred percent, where each region is told as a part of them."""

    @property
    def of_points(self) -> bool:
        """Whether it counts points, which no area follows from."""
        return self.query.source == "survey"

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels of regions it can be asked of."""
        return levels_of(source_of(self.query.source).dimensions["region"])


def shares_of(result: Result, context: Context) -> list[Share]:
    """Return the percentages a result tells of regions, those of several classes apart; none where it tells none."""
    match result.tool:
        case "share_points":
            return of_points(result, context)
        case "official_share":
            found = of_rest(result, context)
        case "query":
            found = of_query(result, context)
        case _:
            return []
    return [found] if found else []


def of_rest(result: Result, context: Context) -> Share | None:
    """The published share of a class without some of its parts."""
    names = list(dict.fromkeys(str(code) for code in result.table.column("land_cover"))) if result.table else []
    if len(names) != 1 or result.unit != "%":
        return None
    whole, *gone = names[0].split("−")
    where = (Filter("land_cover", "in", tuple(whole.split("+"))), Filter("land_cover", "not_in", tuple(gone)))
    query = Query("published", (Column("share", "share"),), where if gone else where[:1])
    return Share(query, words_of(query.where, context), (whole,), tuple(r.id for r in result.regions))


def of_points(result: Result, context: Context) -> list[Share]:
    """The percentage of an area's points: of the classes named together, else of each class of the table."""
    if result.arguments.get("near") or not result.table:
        return []
    theme = str(result.arguments.get("theme", "land_cover"))
    named: dict[str, tuple[str, ...]] = {name: tuple(result.arguments.get(name) or ()) for name in CLASSES}
    each = [dict[str, tuple[str, ...]]({theme: (str(code),)}) for code in result.table.column(theme)]
    asked = [named] if any(named.values()) else each
    regions = tuple(region.id for region in result.regions)
    found = []
    for classes in asked:
        where = tuple(Filter(name, "in", codes) for name, codes in classes.items() if codes)
        query = Query("survey", (POINTS, SURVEYED, OF_SURVEYED), where)
        codes = tuple(code for codes in classes.values() for code in codes)
        found.append(Share(query, words_of(where, context), codes, regions))
    return found


def of_query(result: Result, context: Context) -> Share | None:
    """The percentage a composed question tells; None where it tells none that a title could name."""
    query = Query.from_json(result.arguments)
    head, by = query.headline, query.group("region")
    if head is None or query.fold or result.unit not in ("%", "% of points") or query.references():
        return None
    if not {f.dimension for f in query.every_filter} <= TOLD or not {g.dimension for g in query.rows} <= {
        "region",
        "year",
    }:
        return None
    if any(f.dimension == "year" for column in query.columns for f in column.where):
        return None  # a change is told by the share that changed
    parts = columns_of(query, head)
    if not parts or any(source_of(query.source).measures[part.measure].concept == "error" for part in parts):
        return None
    left, right = parts[0], parts[-1]
    mine, theirs = (placed(column, query) for column in (left, right))
    if any(id.startswith("aoi:") for id in (*mine, *theirs)):
        return None  # of a drawn area, which no other region is like
    whole = theirs if mine != theirs else ()
    regions = tuple(str(id) for id in result.table.column("region_id")) if by and result.table else mine
    if any("+" in id for id in regions) or not regions:
        return None
    bare = tuple(replace(c, where=without(c.where, "region")) for c in dict.fromkeys((*parts, head)))
    asked = Query(query.source, bare, without(query.where, "region", "year"))
    told, hundred = classed(left, query), classed(right, query)
    of = ", ".join(context.named(id).name for id in whole)
    if told != hundred:
        of = ", ".join(filter(None, (words_of(hundred, context), of)))
    codes = tuple(str(code) for f in told if f.op == "in" for code in f.listed)
    return Share(asked, words_of(told, context), codes, tuple(dict.fromkeys(regions)), of, whole)


def columns_of(query: Query, head: Column) -> tuple[Column, ...]:
    """The measures a percentage is made of: the share itself, or part and whole; none where it is made otherwise."""
    if head.measure:
        sides = source_of(query.source).measures[head.measure].made_of
        return tuple(Column(name, name, head.where) for name in sides) or (head,)
    sides = head.expression
    if sides is None or sides.op != "percent":
        return ()
    found = (query.column(sides.left), query.column(sides.right))
    return found if all(column.measure for column in found) else ()


def without(filters: Sequence[Filter], *dimensions: str) -> tuple[Filter, ...]:
    """The filters on other dimensions."""
    return tuple(f for f in filters if f.dimension not in dimensions)


def held(column: Column, query: Query, *dimensions: str) -> tuple[Filter, ...]:
    """The filters that hold of a column: a dimension's own take the place of the query's."""
    own = {f.dimension for f in column.where}
    every = (*column.where, *(f for f in query.where if f.dimension not in own))
    return tuple(f for f in every if f.dimension in dimensions)


def placed(column: Column, query: Query) -> tuple[str, ...]:
    """Ids of the regions a column is about."""
    return tuple(str(id) for f in held(column, query, "region") if f.op == "in" for id in f.listed)


def classed(column: Column, query: Query) -> tuple[Filter, ...]:
    """The classes a column is about; of all points none."""
    narrowed = source_of(query.source).measures[column.measure].narrowed
    return held(column, query, *CLASSES) if narrowed else ()


def words_of(filters: Sequence[Filter], context: Context) -> str:
    """Classes in words, with those left out."""
    named = []
    for name in CLASSES:
        of_theme = [f for f in filters if f.dimension == name]
        kept = "+".join(str(code) for f in of_theme if f.op == "in" for code in f.listed)
        gone = "−".join(str(code) for f in of_theme if f.op == "not_in" for code in f.listed)
        named += [official.label(context, "−".join(filter(None, (kept, gone))))] if kept else []
    return ", ".join(named)


@lru_cache(maxsize=48)
def figures_of(asked: Regional[Share]) -> Mapping[str, Mapping[int, Figure]]:
    """Return region → year → figure; where nothing is published there is none.

    Raises:
        LandaskError: one of the places has no such figures.
    """
    share, rows = asked.what, (Group("region", asked.level), Group("year"))
    if share.whole:
        return parts_of_a_whole(asked, rows)
    inside = (Filter("region", "in", asked.within),) if asked.within else ()
    found: dict[str, dict[int, Figure]] = {}
    for row in told(asked, replace(share.query, where=(*share.query.where, *inside), rows=rows)):
        if figure := figure_of(row, share):
            found.setdefault(str(row["region"]), {})[int(row["year"])] = figure
    return found


def parts_of_a_whole(asked: Regional[Share], rows: tuple[Group, ...]) -> Mapping[str, Mapping[int, Figure]]:
    """Each region's part of all of the whole's regions together."""
    share = asked.what
    left, right, head = share.query.columns
    inside = (*share.query.where, Filter("region", "in", share.whole))
    ask = replace(share.query, where=inside)
    wholes = {row["year"]: row for row in told(asked, replace(ask, columns=(right,), rows=rows[1:]))}
    found: dict[str, dict[int, Figure]] = {}
    for row in told(asked, replace(ask, columns=(left,), rows=rows)):
        both = {**wholes[row["year"]], **row}
        if figure := figure_of(both | percent_of(both, left.name, right.name, head.name), share):
            found.setdefault(str(row["region"]), {})[int(row["year"])] = figure
    return found


def percent_of(row: Mapping[str, Any], left: str, right: str, name: str) -> dict[str, Any]:
    """A part in percent of its whole, with error and interval as `tools.compile` makes them of columns of one row."""
    part, whole = row[left], row[right]
    if part is None or not whole:
        return {name: None}
    value, errors = round(100 * part / whole, 1), (row.get(f"{left}_se"), row.get(f"{right}_se"))
    if not part or None in errors:
        return {name: value}
    spread = math.hypot(errors[0] / part, errors[1] / whole)
    ends = (uncertainty.readable(value * math.exp(way * Z * spread), value * spread) for way in (-1, 1))
    return {name: value, f"{name}_se": value * spread} | dict(zip((f"{name}_low", f"{name}_high"), ends, strict=True))


def told(asked: Regional[Share], query: Query) -> list[dict[str, Any]]:
    """The rows of a query."""
    compiled = compile_query(query, asked.context)
    return list(asked.context.store.run(compiled.sql, compiled.parameters).dicts())


def figure_of(row: Mapping[str, Any], share: Share) -> Figure | None:
    """A row's percentage as it is drawn; None where nothing is published."""
    *parts, head = (column.name for column in share.query.columns)
    value, statuses = row[head], {row.get(f"{name}_status") for name in (*parts, head)}
    if share.of_points:
        return Figure(value) if row[parts[-1]] >= FEWEST_POINTS else Figure(None, "too_few")
    if value is None:
        return next((Figure(None, drawn) for told, drawn in GAPS.items() if told in statuses), None)
    unsure = doubt(uncertainty.variation(value, row.get(f"{head}_se")), flagged="low_reliability" in statuses)
    return Figure(value, "published" if value else "zero", unsure, row.get(f"{head}_low"), row.get(f"{head}_high"))


GAPS = {"not_significant": "not_significant", "too_few_points": "too_few"}
"""How a figure stands that is none → how it is drawn."""
