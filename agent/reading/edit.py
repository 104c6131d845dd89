"""A follow-up is the same constraints laid over the query before: what it names replaces its own dimension only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.reading.fill import Constraints, Unfit
from agent.reading.read import Reading
from retrieval.query import Column, Filter, Group, Order, Query, Ref
from retrieval.sources import source_of
from tools.compile import is_of_points
from tools.context import Context

LONGEST_EDIT = 14
"""Words of the longest follow-up; more is a question of its own."""
POINTS = (Column("points", "points"), Column("surveyed", "surveyed"))


def edits(reading: Reading) -> bool:
    """Whether a reading may only be an edit: short, and not a whole question of a class with its own place or rows."""
    whole = reading.has("CLASS") and reading.has("PLACE", "HERE", "LEVEL", "SPLIT", "RANK", "MANY", "INSIDE", "SPLITIN")
    return len(reading.said.tokens) <= LONGEST_EDIT and not whole


def edited(
    reading: Reading,
    base: Query,
    context: Context,
    selection: Sequence[str] = (),
    settled: Mapping[str, Any] | None = None,
) -> Query:
    """Return the query before with a follow-up's constraints laid over it.

    Raises:
        Unfit: the follow-up says nothing that can be laid over it.
        AmbiguousRegion, AmbiguousClass: a name is several things.
    """
    said = Constraints(reading, context, selection, settled or {})
    new = (*said.place_filters(), *said.class_filters(), *said.other_filters(), *_dated(said))
    if any(f.dimension not in source_of(base.source).dimensions for f in new):
        base = of_points(base, context)
    if any(f.dimension not in source_of(base.source).dimensions for f in new):
        raise Unfit("not of this source")
    result = replace(base, where=laid_over(base.where, new), lead="")
    result = _with_rows(result, said, reading)
    if result == base:
        raise Unfit("nothing was changed")
    return result


def _dated(said: Constraints) -> tuple[Filter, ...]:
    years = said.years()
    return (Filter("year", "in", years),) if len(years) == 1 else ()


def laid_over(old: Sequence[Filter], new: Sequence[Filter]) -> tuple[Filter, ...]:
    """Return the old filters with the new ones: each takes the place of the one on its dimension; exclusions add up."""
    kept = [f for f in old if not any(_replaces(n, f) for n in new)]
    return (*kept, *(n for n in new if n not in kept))


def _replaces(new: Filter, old: Filter) -> bool:
    return new.dimension == old.dimension and (new.op != "not_in" or old.op == "not_in")


def of_points(base: Query, context: Context) -> Query:
    """Return a query of published figures as one of surveyed points, of the latest survey."""
    if base.source != "published":
        return base
    years = context.store.years()
    asked = [v for f in base.filters("year") if f.op == "in" and not isinstance(f.values, Ref) for v in f.values]
    year = asked[0] if asked and asked[0] in years else years[-1]
    where = tuple(f for f in base.where if f.dimension != "year")
    if any(c.where or c.expression for c in base.columns):
        raise Unfit("columns of its own")
    order = tuple(Order("points", o.way) for o in base.order)
    return replace(
        base, source="survey", columns=POINTS, where=(*where, Filter("year", "in", (year,))), order=order, having=()
    )


def _with_rows(query: Query, said: Constraints, reading: Reading) -> Query:
    """Return the query with other rows, order, conditions or none, where the follow-up says so."""
    name = query.columns[0].name if query.columns else "points"
    if said.level or said.splits("classes") or said.splits("month"):
        rows = Group("region", said.level) if said.level else Group("month")
        if themes := said.splits("classes"):
            rows = Group("land_use" if themes[0][1] == "land_use" else "land_cover", "3")
        columns = query.columns or POINTS
        ordered = () if rows.dimension == "month" else (Order(columns[0].name),)
        query = replace(query, rows=(rows,), columns=columns, order=ordered, limit=None, fold=None, having=())
        name = columns[0].name
    elif "how_many" in said.asks and is_of_points(query):
        query = replace(query, rows=(), columns=POINTS, order=(), limit=None)
    if query.rows and not is_of_points(query) and (ranked := said.ranking(name)):
        query = replace(query, order=(ranked[0],), limit=ranked[1])
    if reading.has("HAVING", "COUNT", "COUNTED"):
        query = replace(query, having=tuple(replace(c, column=name) for c in said.conditions()))
    return query
