"""A typed query becomes one SELECT with bound parameters: the only place where SQL text is put together.

Names must stand in the source's record, fragments come from that record, and every value of the query is bound as
`$pN`. What would be added up wrongly is refused before there is any SQL.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import shapely

from retrieval import statistics as published
from retrieval.errors import BadArgument, NoRecords, NotPublished
from retrieval.query import MOST_ROWS, Column, Expression, Filter, Group, Query
from retrieval.query_schema import levels_of
from retrieval.sources import Dimension, Measure, Source, source_of
from retrieval.sources.kinds import NUMERIC, ops_of
from retrieval.types import Region
from tools.context import Context
from tools.estimation import Z

SIGNS = {"<": "<", "<=": "<=", "=": "=", ">=": ">=", ">": ">", "<>": "<>"}
ARITHMETIC = {
    "difference": "round({left} - {right}, {digits})",
    "gap": "round(abs({left} - {right}), {digits})",
    "sum": "round({left} + {right}, {digits})",
    "ratio": "round({left}::DOUBLE / nullif({right}, 0), 2)",
    "percent": "round(100.0 * {left} / nullif({right}, 0), 1)",
    "part": "round(100.0 * {left} / nullif(sum({left}) OVER (), 0), 1)",
}
"""Expressions are rounded to the digits of what they are made of, a percentage to one decimal, a ratio to two."""
RELATIVE = """"{name}" * sqrt(({left}_se / "{left}") ** 2 + ({right}_se / "{right}") ** 2
    + 2 * {exclusive} * {left}_se * {right}_se / ("{left}" * "{right}"))"""
ERRORS = {
    "difference": "sqrt({left}_{se} ** 2 + {right}_{se} ** 2 + 2 * {exclusive} * {left}_{se} * {right}_{se})",
    "sum": "sqrt({left}_se ** 2 + {right}_se ** 2)",
    "ratio": RELATIVE,
    "percent": RELATIVE,
}
"""The standard error of an expression of columns that are independent or exclude each other; of a sum of such, and of a
part and its whole, it is rather too large. A part of all rows has none."""
EXCLUSIVE = (
    """least(sqrt("{left}" * "{right}" / nullif(({left}_whole - "{left}") * ({right}_whole - "{right}"), 0)), 1)"""
)
"""How far what one class gains another of the same land loses: `uncertainty.exclusive`, less its sign."""
PLAIN_END = 'readable("{name}" + {z} * {name}_se, {name}_se)'
LOG_END = 'CASE WHEN "{name}" > 0 THEN readable("{name}" * exp({z} * {name}_se / "{name}"), {name}_se) END'
FOLDS = {
    "sum": "round(sum({0}), 3)",
    "mean": "round(avg({0}), 2)",
    "least": "min({0})",
    "most": "max({0})",
}
POINT = "point"


@dataclass(frozen=True)
class Compiled:
    """One SELECT and its parameters, with what its columns are."""

    query: Query
    source: Source
    sql: str
    parameters: Mapping[str, Any]
    keys: tuple[str, ...]
    """Result columns that say what a row stands for, one a grouping (of points: those of the source)."""


def compile_query(query: Query, context: Context, *, aside: bool = False) -> Compiled:
    """Return the one SELECT of a query; `aside`: with all that its source tells beside a figure.

    Raises:
        BadArgument: it names something the source does not have, or adds up what must not be added up.
        UnknownRegion, UnknownClass, NotPublished: a value that does not exist.
    """
    source = source_of(query.source)
    check(query, source)
    return _Compiler(query, source, context, aside).compiled()


# --- what is refused before there is any SQL ------------------------------------------------------------------------


def check(query: Query, source: Source) -> None:
    """Refuse a query by the first name in it that does not exist, and sums that mean nothing.

    Raises:
        BadArgument: the message names the fault and what there is instead.
    """
    if query.references():
        raise BadArgument("the query refers to an earlier result; it must be filled in first")
    for one in chain(query.where, *(c.where for c in query.columns)):
        _check_filter(one, source)
    for group in query.rows:
        _check_group(group, source)
    of_points = is_of_points(query)
    if of_points and len(query.rows) > 1:
        raise BadArgument("rows of single points stand alone")
    if not of_points and not query.columns:
        raise BadArgument(f"no column: {source.name} has the measures {', '.join(source.measures)}")
    seen = set(source.points) | {"km"} if of_points else set()
    for column in query.columns:
        _check_column(column, query, source, seen)
        seen.add(column.name)
    for name in (*(c.column for c in query.having), *(o.column for o in query.order)):
        if name not in seen:
            raise BadArgument(f"no column {name!r} to compare or sort by; there are {', '.join(sorted(seen))}")
    if query.fold and query.fold.column and query.fold.column not in seen:
        raise BadArgument(f"no column {query.fold.column!r} to fold; there are {', '.join(sorted(seen))}")
    if query.limit and not query.order:
        raise BadArgument("a limit needs an order: the first of what?")
    if query.fold and not query.rows:
        raise BadArgument("a fold makes one number of several rows, and the query has none")


def is_of_points(query: Query) -> bool:
    """Whether each row is a single survey location."""
    return any(g.dimension == POINT for g in query.rows)


def _named(things: Mapping[str, Any], name: str, kind: str, source: Source) -> Any:
    if name not in things:
        raise BadArgument(f"{source.name} has no {kind} {name!r}; it has {', '.join(things)}")
    return things[name]


def _check_filter(one: Filter, source: Source) -> None:
    of: Dimension = _named(source.dimensions, one.dimension, "dimension", source)
    allowed = ops_of(of)
    if one.op not in allowed:
        raise BadArgument(f"{one.dimension} cannot be asked with {one.op!r}; it takes {', '.join(allowed)}")
    numeric = of.kind in NUMERIC
    for value in one.listed[: 3 if of.kind == "position" else None]:
        if numeric == isinstance(value, str):
            raise BadArgument(f"{one.dimension} takes {'numbers' if numeric else 'words'}, not {value!r}")


def _check_group(group: Group, source: Source) -> None:
    of: Dimension = _named(source.dimensions, group.dimension, "dimension", source)
    if of.kind == "position":
        raise BadArgument("a position cannot be grouped by; group by point or by region")
    if group.level and group.members:
        raise BadArgument(f"rows by {group.dimension} are either a level or named members")
    if of.kind == "class" and group.level:
        _named(of.levels, group.level, f"level of {group.dimension}", source)
    if of.kind not in ("class", "place") and group.level:
        raise BadArgument(f"{group.dimension} has no levels")
    if of.kind == "number" and not group.members:
        raise BadArgument(f"{group.dimension} is a number: group it by members, or filter it")
    if of.kind == "place" and not group.level and not group.members:
        raise BadArgument("rows by region are of a level (country, nuts1, nuts2, nuts3) or of named members")


def _check_column(column: Column, query: Query, source: Source, before: set[str]) -> None:
    if column.expression:
        of: Expression = column.expression
        for name in (of.left, of.right) if of.right else (of.left,):
            if name not in before:
                raise BadArgument(f"column {column.name!r} is made of {name!r}, which no column before it is called")
        return
    if is_of_points(query):
        raise BadArgument("rows of single points carry the point's own columns, not measures")
    measure: Measure = _named(source.measures, column.measure, "measure", source)
    if column.name in source.dimensions:
        raise BadArgument(f"a column cannot be called {column.name!r}: that is a dimension")
    grouped = {g.dimension for g in query.rows}
    own_place = any(source.dimensions[f.dimension].kind == "place" for f in column.where)
    if own_place and any(source.dimensions[d].kind == "place" for d in grouped):
        raise BadArgument("a column with a place of its own cannot stand in rows by place")
    for dimension in measure.one:
        own = [f for f in column.where if f.dimension == dimension] or list(query.filters(dimension))
        fixed = any(f.op == "in" and len(f.listed) == 1 for f in own)
        if not fixed and dimension not in grouped:
            raise BadArgument(f"{measure.name} is not added up over {dimension}: name one, or split by it")


# --- the text ----------------------------------------------------------------------------------------------------


@dataclass
class _Text:
    """One SELECT in the making."""

    columns: list[str] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    groups: int = 0


class _Compiler:
    """Turns one checked query into text, binding each value as it goes."""

    def __init__(self, query: Query, source: Source, context: Context, aside: bool) -> None:
        self.query, self.source, self.context, self.aside = query, source, context, aside
        self.parameters: dict[str, Any] = {}
        self.text = _Text()
        replaced = {f.dimension for c in query.columns for f in c.where}
        self.shared = [f for f in query.where if f.dimension not in replaced]
        self.moved = [f for f in query.where if f.dimension in replaced]
        self.places = next((d.name for d in source.dimensions.values() if d.kind == "place"), "")
        stored = {d.name for d in source.dimensions.values() if d.stored and d.kind == "class"}
        self.stored_frame = [f for f in self.shared if f.dimension in stored]
        """Filters on classes with rows of their own, which all columns share: every region has a row of each class,
        so they can be asked for in WHERE and no region is lost."""

    def compiled(self) -> Compiled:
        """Return the whole."""
        if is_of_points(self.query):
            return self._of_points()
        for group in self.query.rows:
            self._group(group)
        self._frame()
        cells = list(chain.from_iterable(self._cells(c) for c in self.query.columns if c.measure))
        body = self._select([*self.text.columns, *cells])
        if self.text.groups:
            body += f"\nGROUP BY {', '.join(str(n + 1) for n in range(self.text.groups))}"
        keys = tuple(g.dimension for g in self.query.rows)
        return self._finished(body, keys)

    def _select(self, columns: Sequence[str]) -> str:
        joined = "".join(f"\n{join}" for join in self.text.joins)
        where = f"\nWHERE {' AND '.join(self.text.where)}" if self.text.where else ""
        return f"SELECT {', '.join(columns)}\nFROM {self._relation()}{joined}{where}"

    def bind(self, value: Any) -> str:
        """Return the name a value is bound to."""
        if isinstance(value, list | tuple):
            value = list(value)
        for name, bound in self.parameters.items():
            if type(bound) is type(value) and bound == value:
                return f"${name}"
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def _any_of(self, sql: str, values: Sequence[Any]) -> str:
        if len(values) == 1:
            return f"{sql} = {self.bind(values[0])}"
        return f"{sql} IN (SELECT unnest({self.bind(list(values))}))"

    # --- where: the frame ---

    def _relation(self) -> str:
        """The relation; each thing counted once where the places asked for may overlap."""
        pooled = self._pool()
        if pooled is None or not self.source.one_row_per or not self._overlap(pooled):
            return self.source.relation
        key = ", ".join(self.source.one_row_per)
        inside = self._any_of(self._place_sql, pooled)
        first = f" ORDER BY {self.source.first}" if self.source.first else ""
        return f"(SELECT DISTINCT ON ({key}) * FROM {self.source.relation} WHERE {inside}{first})"

    @property
    def _place_sql(self) -> str:
        return self.source.dimensions[self.places].sql

    def _pool(self) -> list[str] | None:
        """The region ids taken as one place, None where there are none or rows by place."""
        if not self.places or self.query.group(self.places):
            return None
        filters = [f for f in self.shared if f.dimension == self.places]
        ids = self._common([ids for f in filters if f.op == "in" and (ids := self._regions(f))])
        gone = [id for f in filters if f.op == "not_in" for id in self._regions(f)]
        if ids and gone and self.source.dimensions[self.places].stored:
            ids = self._without(ids, gone)
        return ids or None

    def _common(self, places: Sequence[list[str]]) -> list[str]:
        """What lies in one of each of several lists of regions: these are nested or apart, so the smaller of each pair.

        Raises:
            BadArgument: the lists have no land in common.
        """
        if len(places) < 2:
            return [id for ids in places for id in ids]
        kept = [id for at, ids in enumerate(places) for id in ids
                if all(self._is_inside(id, other) for n, other in enumerate(places) if n != at)]  # fmt: skip
        if not kept:
            raise BadArgument(f"{' and '.join(', '.join(ids[:3]) for ids in places)} have no land in common")
        return list(dict.fromkeys(kept))

    def _is_inside(self, id: str, others: Sequence[str]) -> bool:
        level = self.context.gazetteer.region(id).level
        return id in others or any(
            id == r.id for other in others for r in self.context.gazetteer.children(other, level)
        )

    def _without(self, ids: Sequence[str], gone: Sequence[str]) -> list[str]:
        """Of regions with figures of their own: the parts that stay when some parts are left out, at their level."""
        gazetteer = self.context.gazetteer
        levels = {gazetteer.region(id).level for id in gone}
        if len(levels) != 1:
            raise BadArgument("what is left out must be of one level: countries, or regions of one NUTS level")
        level = levels.pop()
        parts = [r.id for id in ids for r in self._parts(id, level)]
        kept = [id for id in dict.fromkeys(parts) if id not in gone]
        if len(kept) == len(parts):
            raise BadArgument(f"{', '.join(gone)} is no part of {', '.join(ids)} and cannot be left out of it")
        return kept

    def _parts(self, id: str, level: str) -> list[Region]:
        gazetteer = self.context.gazetteer
        members = [gazetteer.region(member) for member in gazetteer.members(id)]
        return members if all(m.level == level for m in members) else gazetteer.children(id, level)

    def _overlap(self, ids: Sequence[str]) -> bool:
        """Whether regions may share land: members of one group do not, nor do countries."""
        if len(ids) < 2:
            return False
        levels = {id.partition(":")[0] for id in ids}
        return levels != {"country"} and not self._siblings(ids)

    def _siblings(self, ids: Sequence[str]) -> bool:
        """Whether all are NUTS regions of one level, which tile their countries."""
        return all(id.startswith("nuts:") for id in ids) and len({len(id) for id in ids}) == 1

    def _frame(self) -> None:
        """Put what holds for every column into WHERE."""
        for one in self.shared:
            if self.source.dimensions[one.dimension].focus or self._told_by_rows(one):
                continue
            self.text.where.append(self._condition(one))
        self._where_to_look()

    def _told_by_rows(self, one: Filter) -> bool:
        """A place asked for is told by the rows themselves where each row is a place inside it."""
        of = self.source.dimensions[one.dimension]
        return of.kind == "place" and bool(self.query.group(one.dimension)) and not self._drawn(one)

    def _where_to_look(self) -> None:
        """Where no place is named the rows of everywhere are read; where columns name places, all of theirs."""
        if not self.places or self.query.group(self.places):
            return
        if self._places_apart:
            named = list(dict.fromkeys(id for c in self.query.columns for id in self._named_by(c)))
            looked = [self._any_of(self._place_sql, named)] if named else []
            looked += [self._everywhere()] if any(self._looks_everywhere(c) for c in self.query.columns) else []
            self.text.where.append(f"({' OR '.join(looked)})")
        elif self._pool() is None:
            self.text.where.append(self._everywhere())

    def _everywhere(self) -> str:
        """Return the SQL of the rows that stand for everywhere.

        Raises:
            BadArgument: the source has figures of named places alone.
        """
        if not self.source.everywhere:
            raise BadArgument(f"{self.source.name} needs a place: name one for each column, or split by region")
        return self.source.everywhere

    @property
    def _places_apart(self) -> bool:
        """Whether columns name places of their own."""
        return any(f.dimension == self.places for c in self.query.columns for f in c.where)

    def _named_by(self, column: Column) -> list[str]:
        """Return the ids of the regions a column looks into: its own, else those of the whole query."""
        own = [f for f in column.where if f.dimension == self.places]
        own = own or [f for f in self.moved if f.dimension == self.places]
        return [id for f in own if f.op == "in" for id in self._regions(f)]

    def _looks_everywhere(self, column: Column) -> bool:
        """Whether a column names no region, or only where not to look, beside columns that name some."""
        return bool(column.measure) and not self._named_by(column)

    # --- filters ---

    def _condition(self, one: Filter) -> str:
        """Return the SQL of one filter."""
        of = self.source.dimensions[one.dimension]
        if of.sparse:
            self._need_recorded(of)
        if of.inside:
            test = self._covered(one) if of.kind == "outline" else self._near(replace(one, op="near"), of)
            held = of.inside.format(test=test)
            return f"NOT ({held})" if one.op.startswith("not_") else held
        if one.op in ("near", "not_near"):
            return self._near(one, of)
        if of.kind == "place":
            return self._in_place(one, of)
        values = self._values(one, of)
        if of.many and one.op in ("in", "not_in"):
            held = f"coalesce(list_has_any({of.sql}, {self.bind(values)}), false)"
            return f"NOT {held}" if one.op == "not_in" else held
        if of.many:
            return f"coalesce(len(list_filter({of.sql}, x -> {self._compared('x', one.op, values)})) > 0, false)"
        if one.op == "not_in":
            return f"NOT coalesce({self._any_of(of.sql, values)}, false)"
        return self._any_of(of.sql, values) if one.op == "in" else self._compared(of.sql, one.op, values)

    def _compared(self, sql: str, op: str, values: Sequence[Any]) -> str:
        """A number above, below or between some ends, which belong to what is between."""
        if op in ("above", "below"):
            return f"{sql} {'>' if op == 'above' else '<'} {self.bind(values[0])}"
        ends = zip((">=", "<="), values, strict=True)
        return " AND ".join(f"{sql} {sign} {self.bind(end)}" for sign, end in ends if end is not None) or "true"

    def _values(self, one: Filter, of: Dimension) -> list[Any]:
        """The values with parents taken apart: classes by the code book."""
        values = list(one.listed)
        if of.parents:
            values = list(dict.fromkeys(v for value in values for v in of.parents.get(str(value), (value,))))
        if of.codes and (unknown := [v for v in values if v not in of.codes]):
            raise BadArgument(f"no {of.name} {unknown[0]!r}; there are {', '.join((*of.parents, *of.codes))}")
        if of.kind != "class" or of.stored:
            return values
        known = [self.context.nomenclature.get(str(v)).code for v in values]
        return sorted({*self.context.nomenclature.leaves(known), *known})

    def _near(self, one: Filter, of: Dimension) -> str:
        """A circle, and a box around it that lets most rows be passed over."""
        lon, lat, km = one.listed[:3]
        names = {"$lon": self.bind(float(lon or 0)), "$lat": self.bind(float(lat or 0))}
        distance = of.sql.replace("$lon", names["$lon"]).replace("$lat", names["$lat"])
        circle = f"{distance} <= {self.bind(float(km or 0))}"
        if one.op == "not_near":
            return f"NOT ({circle})"
        west, south, east, north = box_around(float(lon or 0), float(lat or 0), float(km or 0))
        return f"{self._boxed(west, south, east, north)} AND {circle}"

    def _boxed(self, west: float, south: float, east: float, north: float) -> str:
        bounds = [self.bind(end) for end in (west, east, south, north)]
        return "lon BETWEEN {} AND {} AND lat BETWEEN {} AND {}".format(*bounds)

    def _in_place(self, one: Filter, of: Dimension) -> str:
        drawn = [str(v) for v in one.listed if str(v) in self.context.areas]
        if drawn:
            return self._in_outlines(one, drawn)
        if one.op == "in":
            pooled = self._pool() if one in self.shared else None
            if pooled and self.source.one_row_per and self._overlap(pooled):
                return "true"  # told by the relation itself
            return self._any_of(of.sql, pooled or self._regions(one))
        if of.stored and self._pool():
            return "true"  # told by the parts that stay
        if of.stored:
            return f"NOT {self._any_of(of.sql, self._regions(one))}"
        key = ", ".join(self.source.one_row_per)
        inside = self._any_of(of.sql, self._regions(one))
        return f"({key}) NOT IN (SELECT ({key}) FROM {self.source.relation} WHERE {inside})"

    def _in_outlines(self, one: Filter, drawn: Sequence[str]) -> str:
        """Drawn areas: by their outlines, EPSG:4326."""
        if len(drawn) != len(one.listed):
            raise BadArgument("a drawn area and a named region cannot be alternatives in one filter")
        if "lon" not in self.source.dimensions:
            raise BadArgument(f"{self.source.name} knows no single positions, so no drawn area can be asked of it")
        inside = " OR ".join(self._covers(self.context.areas[id][1]) for id in drawn)
        return f"({inside})" if one.op == "in" else f"NOT ({inside})"

    def _covered(self, one: Filter) -> str:
        """Areas of this conversation, as a test on the longitude and latitude of parts."""
        if unknown := [v for v in one.listed if str(v) not in self.context.areas]:
            raise BadArgument(f"{unknown[0]!r} is no area drawn in this conversation")
        return f"({' OR '.join(self._covers(self.context.areas[str(v)][1]) for v in one.listed)})"

    def _covers(self, outline: Any) -> str:
        box = self._boxed(*(float(v) for v in outline.bounds))
        return f"({box} AND ST_Covers(ST_GeomFromWKB({self.bind(shapely.to_wkb(outline))}), ST_Point(lon, lat)))"

    def _drawn(self, one: Filter) -> bool:
        return any(str(v) in self.context.areas for v in one.listed)

    def _regions(self, one: Filter) -> list[str]:
        """The ids to look rows up by: groups taken apart, drawn areas left out."""
        return self._ids(str(v) for v in one.listed if str(v) not in self.context.areas)

    def _ids(self, values: Iterable[str]) -> list[str]:
        found: list[str] = []
        for value in values:
            region = self.context.gazetteer.region(value)
            stored = self.source.dimensions[self.places].stored and region.id in self._with_rows
            found += [region.id] if stored else self.context.gazetteer.members(region.id)
        return list(dict.fromkeys(found))

    @property
    def _with_rows(self) -> frozenset[str]:
        """Groups that have rows of their own among published figures."""
        return frozenset(f"group:{code}" for code in (*published.EU_GROUPS, "europe"))

    def _need_recorded(self, of: Dimension) -> None:
        """Refuse a dimension that the years asked about do not have: not the same as zero."""
        has = self.context.store.recorded(of.name)
        for one in chain(self.query.where, *(c.where for c in self.query.columns)):
            if self.source.dimensions[one.dimension].kind == "year" and one.op == "in":
                for year in one.listed:
                    if year not in has:
                        raise NoRecords(
                            f"{of.name} in {year}",
                            f"recorded in {', '.join(map(str, has)) or 'no year'}",
                            "no_elevation" if of.name == "elevation" else "",
                            year=year,
                        )

    # --- rows ---

    def _group(self, group: Group) -> None:
        of = self.source.dimensions[group.dimension]
        self.text.groups += 1
        if of.sparse:
            self._need_recorded(of)
        if of.kind == "place":
            self._by_place(group, of)
        elif of.many:
            self._by_parts(group, of)
        elif group.members:
            self._by_members(group, of)
        else:
            sql = of.levels[group.level] if group.level else of.sql
            if of.stored:
                self._stored_level(group, of)
                sql = of.sql
            self.text.columns.append(f"{sql} AS {group.dimension}")

    def _by_place(self, group: Group, of: Dimension) -> None:
        """One row a region: those of a level inside the places asked for, or the named members."""
        labels, ids = self._members_of(group)
        if not ids:
            there = [level for level in levels_of(of) if self._at_level(replace(group, level=level))]
            raise BadArgument(
                f"there are no regions of level {group.level!r} there, but of {', '.join(there) or 'none'}"
            )
        asked = f"SELECT unnest({self.bind(labels)}) AS region, unnest({self.bind(ids)}) AS asked_id"
        self.text.joins.append(f"JOIN ({asked}) AS asked ON asked.asked_id = {of.sql}")
        self.text.columns.append(f"asked.region AS {group.dimension}")
        if group.level and self.source.listed:
            self.text.where.append(self.source.listed)

    def _members_of(self, group: Group) -> tuple[list[str], list[str]]:
        if group.members:
            pairs = [("+".join(map(str, m)), id) for m in group.members for id in self._ids(map(str, m))]
        else:
            pairs = [(id, id) for id in self._at_level(group)]
        left_out = set(self._left_out(group.dimension))
        kept = [pair for pair in dict.fromkeys(pairs) if pair[1] not in left_out]  # a member named twice counts once
        return [label for label, _ in kept], [id for _, id in kept]

    def _at_level(self, group: Group) -> list[str]:
        """The regions of a level inside each place asked for; all of the level where none is."""
        gazetteer = self.context.gazetteer
        named = [f for f in self.query.filters(group.dimension) if f.op == "in" and not self._drawn(f)]
        asked = self._common([[self.context.gazetteer.region(str(id)).id for id in f.listed] for f in named])
        if not asked:
            former = gazetteer.former_ids(group.level) if self.source.listed else ()
            return [*gazetteer.ids_at_level(group.level), *former]
        found: list[str] = []
        for id in asked:
            region = gazetteer.region(id)
            found += [region.id] if region.level == group.level else [r.id for r in gazetteer.children(id, group.level)]
            found += gazetteer.former_ids(group.level, id) if self.source.listed else ()
        return list(dict.fromkeys(found))

    def _left_out(self, dimension: str) -> list[str]:
        """Regions excluded by name, each with all that lies in it at the level of the rows."""
        group = self.query.group(dimension)
        found: list[str] = []
        for one in self.query.filters(dimension):
            if one.op == "not_in" and not self._drawn(one):
                for id in self._regions(one):
                    level = group.level if group else ""
                    below = self.context.gazetteer.children(id, level) if level else []
                    found += [id, *(r.id for r in below)]
        return found

    def _by_parts(self, group: Group, of: Dimension) -> None:
        """One row a value of a list; where values are asked for or named, only those."""
        name = f"of_{group.dimension}"
        self.text.joins.append(f"CROSS JOIN unnest({of.sql}) AS {name}(part)")
        self.text.columns.append(f"{name}.part AS {group.dimension}")
        if members := tuple(value for member in group.members for value in member):
            self.text.where.append(self._any_of(f"{name}.part", self._values(Filter(of.name, "in", members), of)))
        for one in self.query.filters(group.dimension):
            test = self._any_of(f"{name}.part", self._values(one, of))
            self.text.where.append(f"NOT {test}" if one.op == "not_in" else test)

    def _by_members(self, group: Group, of: Dimension) -> None:
        """Named members, which may overlap; what is none of them stays for the denominator as a row without a name."""
        labels: list[str] = []
        codes: list[Any] = []
        first: list[bool] = []
        for member in group.members:
            for value in self._values(Filter(group.dimension, "in", member), of):
                first.append(value not in codes)
                labels.append("+".join(map(str, member)))
                codes.append(value)
        name = f"of_{group.dimension}"
        asked = f"SELECT unnest({self.bind(labels)}) AS member, unnest({self.bind(codes)}) AS asked_code"
        asked += f", unnest({self.bind(first)}) AS counted"
        join = "JOIN" if of.stored else "LEFT JOIN"  # of stored parents there is no denominator among their rows
        self.text.joins.append(f"{join} ({asked}) AS {name} ON {name}.asked_code = {of.sql}")
        self.text.columns.append(f"{name}.member AS {group.dimension}")

    def _stored_level(self, group: Group, of: Dimension) -> None:
        """Of published classes the rows of one level are those codes themselves."""
        codes = [c for c in published.PUBLISHED_CLASSES if level_of_class(c) == (group.level or "1")]
        for one in self.query.filters(group.dimension):
            named = [self._class(v) for v in one.listed]
            codes = [c for c in codes if any(is_within(c, v) for v in named) == (one.op == "in")]
            if cut := [v for v in named if one.op == "not_in" and any(is_within(v, c) for c in codes)]:
                raise BadArgument(
                    f"{', '.join(cut)} is a part of a row and cannot be left out of it; ask a finer level"
                )
        self.text.where.append(self._any_of(of.sql, codes))

    # --- cells ---

    def _cells(self, column: Column) -> list[str]:
        """The SQL of a column: its measure over what its filters leave, and where it has them its status and ends."""
        measure = self.source.measures[column.measure]
        for name in measure.needs:
            self._need_recorded(self.source.dimensions[name])
        if measure.made_of:
            sides = (replace(column, name=f"{column.name}_{name}", measure=name) for name in measure.made_of)
            return [cell for side in sides for cell in self._cells(side)]
        own, sign = self._narrowing(column, measure)
        clause = f" FILTER (WHERE {' AND '.join(own)})" if own else ""
        slots = {"filter": clause, "sign": sign}
        if measure.parts:
            kept = {n: sql for n, sql in measure.parts.items() if self.aside or n not in measure.aside}
            return [f"{sql.format(**slots)} AS {column.name}_{name}" for name, sql in kept.items()]
        amount = self._over_classes(measure.sql.format(**slots), measure)
        return [f"{amount} AS {column.name}", *self._beside(column, measure, slots)]

    def _worked_out(self) -> list[str]:
        """The columns whose measures are worked out of parts."""
        found = []
        for column in self.query.columns:
            measure = self.source.measures[column.measure] if column.measure else None
            if measure and measure.worked_out_of:
                slots = {name: f"{column.name}_{name}" for name in measure.worked_out_of}
                found += [f"{measure.sql.format(**slots)} AS {column.name}", *self._beside(column, measure, slots)]
        return found

    def _beside(self, column: Column, measure: Measure, slots: Mapping[str, str]) -> list[str]:
        """How a figure stands, its ends and its errors, where it has them."""
        beside = {"status": measure.status, "low": measure.low, "high": measure.high}
        if measure.se:
            beside |= {"se": measure.se, "change_se": measure.change_se, "whole": measure.whole}
        return [f"{sql.format(**slots)} AS {column.name}_{name}" for name, sql in beside.items() if sql]

    def _over_classes(self, sql: str, measure: Measure) -> str:
        """What was looked at in all is the same for each class that rows are split into."""
        split = [g for g in self.query.rows if self.source.dimensions[g.dimension].focus]
        if measure.narrowed or not split:
            return sql
        if counted := [f"coalesce(of_{g.dimension}.counted, true)" for g in split if g.members]:
            only = " AND ".join(counted)
            sql = sql[:-1] + f" AND {only})" if "FILTER" in sql else f"{sql} FILTER (WHERE {only})"
        outer = [self.text.columns[at].split(" AS ")[0] for at, g in enumerate(self.query.rows)
                 if not self.source.dimensions[g.dimension].focus]  # fmt: skip
        over = f"PARTITION BY {', '.join(outer)}" if outer else ""
        return f"sum({sql}) OVER ({over})"

    def _narrowing(self, column: Column, measure: Measure) -> tuple[list[str], str]:
        """The conditions of one column, and the sign of summands where a stored class is taken from its parent."""
        own = {f.dimension for f in column.where}
        filters = [*column.where, *(f for f in self.moved if f.dimension not in own)]
        filters += [f for f in self.shared if self.source.dimensions[f.dimension].focus]
        stored, plain = [], []
        for one in filters:
            of = self.source.dimensions[one.dimension]
            if of.focus and not measure.narrowed:
                continue
            if of.stored and of.kind == "class" and (group := self.query.group(one.dimension)) and not group.members:
                continue  # told by the rows
            (stored if of.stored and of.kind == "class" else plain).append(one)
        conditions = [self._condition(f) for f in plain]
        if self._places_apart and not self.query.group(self.places) and self._looks_everywhere(column):
            conditions.append(self._everywhere())
        if not stored:
            return conditions, ""
        codes, less = self._published(stored)
        sql = self.source.dimensions[stored[0].dimension].sql
        told = self._one_of(sql, [*codes, *less])
        if stored != self.stored_frame:
            conditions.append(told)
        elif (framed := self._any_of(sql, [*codes, *less])) not in self.text.where:
            self.text.where.append(framed)
        sign = f"CASE WHEN {self._one_of(sql, less)} THEN -1 ELSE 1 END * " if less else ""
        return conditions, sign

    def _one_of(self, sql: str, values: Sequence[Any]) -> str:
        """The same as `_any_of` within an aggregate, where a subquery would be joined once for each."""
        if len(values) == 1:
            return f"{sql} = {self.bind(values[0])}"
        return f"list_contains({self.bind(list(values))}, {sql})"

    def _published(self, filters: Sequence[Filter]) -> tuple[list[str], list[str]]:
        """The fewest published classes that say what is asked, and those to be taken away from them.

        Raises:
            NotPublished: the table has no such class.
        """
        wanted = common_classes([[self._class(v) for v in f.listed] for f in filters if f.op == "in"])
        less = [self._class(v) for f in filters if f.op == "not_in" for v in f.listed]
        codes = list(published.fold(wanted)) if wanted else list(published.MAIN_CLASSES)
        gone = list(published.fold(less)) if less else []
        outside = [c for c in gone if not any(c == w or c in below(w) for w in codes)]
        if outside and wanted:
            raise BadArgument(f"{', '.join(outside)} is no part of {', '.join(codes)} and cannot be left out of it")
        codes, gone = [c for c in codes if c not in gone], [c for c in gone if c not in codes]
        if not codes:
            raise BadArgument("no class is left: everything asked for is left out as well")
        return codes, gone

    def _class(self, value: Any) -> str:
        code = {"BX1": "B10-50_PI", "BX2": "B70-80_PI"}.get(str(value), str(value))
        if code not in published.PUBLISHED_CLASSES:
            self.context.nomenclature.get(code)
            above = published.published_parent(code)
            raise NotPublished(code, "any region", None, (above,) if above else ())
        return code

    # --- points ---

    def _of_points(self) -> Compiled:
        """Single locations: every filter narrows, there is no denominator."""
        for one in self.query.where:
            if not self._told_by_rows(one):
                self.text.where.append(self._condition(one))
        self._where_to_look()
        columns = [f"{sql} AS {name}" for name, sql in self.source.points.items()]
        near = next((f for f in self.query.where if f.op == "near"), None)
        if near and not self.source.dimensions[near.dimension].inside:
            of = self.source.dimensions[near.dimension]
            lon, lat = near.listed[:2]
            distance = of.sql.replace("$lon", self.bind(float(lon or 0))).replace("$lat", self.bind(float(lat or 0)))
            columns.append(f"round({distance}, 3) AS km")
        keys = (*self.source.points, *(("km",) if columns[-1].endswith(" AS km") else ()))
        return self._finished(self._select([*columns, "count(*) OVER () AS found"]), keys)

    # --- the end: expressions, conditions, order, limit, fold ---

    def _finished(self, body: str, keys: tuple[str, ...]) -> Compiled:
        query = self.query
        columns = ["*", *(f"{self._expression(c)} AS {c.name}" for c in query.columns if c.expression)]
        named = [f"{g.dimension} IS NOT NULL" for g in query.rows if g.dimension != POINT]
        sql = body
        for column in filter(None, (", ".join(self._worked_out()), *self._intervals())):
            sql = f"SELECT *, {column}\nFROM (\n{sql}\n)"
        for column in columns[1:]:
            sql = f"SELECT *, {column}\nFROM (\n{sql}\n)"
        for column in self._intervals_of_expressions():
            sql = f"SELECT *, {column}\nFROM (\n{sql}\n)"
        if query.rows:
            held = [*named, *(self._held(c.column, c.sign, c.value) for c in query.having), *self._something()]
            where = f"\nWHERE {' AND '.join(held)}" if held else ""
            sql = f"SELECT {self._ranked()}\nFROM (\n{sql}\n){where}{self._limit()}"
            sql += f"\nORDER BY {', '.join([*self._sorting(), *self._by_key(keys)])}"
            sql += f"\nLIMIT {self.bind(MOST_ROWS)}"
        if query.fold:
            of = f'"{query.fold.column}"' if query.fold.column else ""
            counted = f'count("{self._may_lack()}")' if self._may_lack() else "count(*)"
            folded = counted if query.fold.op == "count" else FOLDS[query.fold.op].format(of)
            sql = f"SELECT {folded} AS {query.fold.op}, {counted} AS rows\nFROM (\n{sql}\n)"
        return Compiled(query, self.source, sql, self.parameters, keys)

    def _may_lack(self) -> str:
        """The leading column, where its source has rows without a figure: those are not counted."""
        head = self.query.headline
        measures = [self.source.measures[c.measure] for c in self.query.columns if c.measure]
        return head.name if head and any(m.status for m in measures) else ""

    def _expression(self, column: Column) -> str:
        of = column.expression or Expression("sum", "", "")
        return ARITHMETIC[of.op].format(left=f'"{of.left}"', right=f'"{of.right}"', digits=self._digits(of))

    def _has_error(self, name: str) -> bool:
        """Whether a column has a standard error: by its measure, or both sides of its expression."""
        if is_of_points(self.query):
            return False
        column = self.query.column(name)
        if column.measure:
            return bool(self.source.measures[column.measure].se)
        of = column.expression
        return of is not None and of.op in ERRORS and self._has_error(of.left) and self._has_error(of.right)

    def _intervals(self) -> list[str]:
        """The ends of every measure with a standard error, within nothing and its whole."""
        names = [c.name for c in self.query.columns if c.measure and self._has_error(c.name)]
        text = 'CASE WHEN "{0}" > 0 AND "{0}" < {0}_whole THEN {digit}({0}_whole * share_{1}(100 * "{0}" / {0}_whole, '
        text += "100 * {0}_se / {0}_whole) / 100, {0}_se) END AS {0}_{1}"
        return [", ".join(text.format(f"{name}", end, digit="readable") for end in ("low", "high")) for name in names]

    def _intervals_of_expressions(self) -> list[str]:
        """The standard error of every expression of columns that have one, and then its ends."""
        found = []
        for column in self.query.columns:
            of = column.expression
            if of and self._has_error(column.name):
                kind = "change_se" if self._is_change(of) else "se"
                sides = {"left": of.left, "right": of.right}
                shared = EXCLUSIVE.format(**sides) if self._exclude_each_other(of) else "0"
                slots = {**sides, "name": column.name, "se": kind, "exclusive": shared}
                found.append(ERRORS[of.op].format(**slots) + f" AS {column.name}_se")
                ends = (LOG_END if of.op in ("ratio", "percent") else PLAIN_END).format(name=column.name, z="{z}")
                found.append(f"{ends.format(z=-Z)} AS {column.name}_low, {ends.format(z=Z)} AS {column.name}_high")
        return found

    def _is_change(self, of: Expression) -> bool:
        """Whether a difference is of one measure in two years, all else being equal."""
        left, right = (self.query.column(name) for name in (of.left, of.right))
        other = set(left.where) ^ set(right.where)
        of_year = all(self.source.dimensions[f.dimension].kind == "year" for f in other)
        return of.op == "difference" and bool(left.measure) and left.measure == right.measure and of_year

    def _exclude_each_other(self, of: Expression) -> bool:
        """Whether the sides are one measure of the same land in classes that have nothing in common."""
        left, right = (self.query.column(name) for name in (of.left, of.right))
        other = {f.dimension for f in set(left.where) ^ set(right.where)}
        if not left.measure or left.measure != right.measure or len(other) != 1:
            return False
        [name] = other
        if self.source.dimensions[name].kind != "class":
            return False
        sides = [[str(v) for f in side.where if f.dimension == name and f.op == "in" for v in f.listed]
                 for side in (left, right)]  # fmt: skip
        return all(sides) and not any(is_within(a, b) or is_within(b, a) for a in sides[0] for b in sides[1])

    def _digits(self, of: Expression) -> int:
        """The decimals of what an expression is made of."""
        if is_of_points(self.query):
            return 3
        sides = [self.query.column(name) for name in (of.left, of.right) if name]
        return max((self.source.measures[c.measure].digits if c.measure else 1) for c in sides)

    def _held(self, column: str, sign: str, value: float) -> str:
        return f'"{column}" {SIGNS[sign]} {self.bind(value)}'

    def _something(self) -> list[str]:
        """Rows by class show only classes that are there; in rows by place a zero is an answer."""
        split = [g for g in self.query.rows if self.source.dimensions[g.dimension].focus and not g.members]
        narrowed = [c.name for c in self.query.columns if c.measure and self.source.measures[c.measure].narrowed]
        something = " OR ".join(f'"{name}" > 0' for name in narrowed)
        return [f"({something})"] if split and narrowed else []

    def _ranked(self) -> str:
        if not self.query.order or is_of_points(self.query):
            return "*"
        return f"rank() OVER (ORDER BY {self._sorting()[0]}) AS rank, *"

    def _sorting(self) -> list[str]:
        ways = {"most": "DESC", "fewest": "ASC"}
        return [f'"{o.column}" {ways[o.way]} NULLS LAST' for o in self.query.order]

    def _by_key(self, keys: Sequence[str]) -> list[str]:
        shown = [k for k in keys if k in ("point_id", "year") or not is_of_points(self.query)]
        return [f'"{k}"' for k in shown]

    def _limit(self) -> str:
        """Ties with the last one kept are never cut off; what has no number, or nothing, is not among the most."""
        if not self.query.limit:
            return ""
        first, place = self.query.order[0], f"rank() OVER (ORDER BY {self._sorting()[0]})"
        counted = first.way == "most" and any(c.name == first.column and c.measure for c in self.query.columns)
        some = f'"{first.column}" <> 0' if counted else f'"{first.column}" IS NOT NULL'
        return f"\nQUALIFY {place} <= {self.bind(self.query.limit)} AND {some}"


# --- small facts ----------------------------------------------------------------------------------------------------


def below(code: str) -> tuple[str, ...]:
    """Return every published class beneath one."""
    direct = published.parts(code)
    return (*direct, *(c for part in direct for c in below(part)))


def is_within(code: str, other: str) -> bool:
    """Whether a published class is another one or a part of it."""
    return code == other or code in below(other)


def common_classes(several: Sequence[Sequence[str]]) -> list[str]:
    """Return what several lists of published classes have in common: these are nested or apart.

    Raises:
        BadArgument: the lists have no class in common.
    """
    if len(several) < 2:
        return [code for codes in several for code in codes]
    kept = [code for at, codes in enumerate(several) for code in codes
            if all(any(is_within(code, o) for o in other) for n, other in enumerate(several) if n != at)]  # fmt: skip
    if not kept:
        raise BadArgument(f"{' and '.join(', '.join(codes) for codes in several)} have nothing in common")
    return list(dict.fromkeys(kept))


def level_of_class(code: str) -> str:
    """Return the level of a published class: main class, group or class."""
    return (
        "1"
        if code in published.MAIN_CLASSES
        else "2"
        if published.published_parent(code) in published.MAIN_CLASSES
        else "3"
    )


def box_around(lon: float, lat: float, km: float) -> tuple[float, float, float, float]:
    """Return west, south, east, north in degrees of a box that surely holds the circle."""
    dlat = km / 110.5  # a degree of latitude is 110.6 km at the least
    dlon = km / (110.5 * max(math.cos(math.radians(min(abs(lat) + dlat, 89.0))), 0.01))
    return lon - dlon, lat - dlat, lon + dlon, lat + dlat
