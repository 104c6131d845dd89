"""The last two selections of a conversation beside one another: "compare them", as if they had been named together.

What they differ in alone (a class, a place, a year) is what is compared; selections that differ in more are of nothing
in common, and are not. Reads no words: only what the chart made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.reading.named import Unfit
from agent.reading.pointing import change_of, in_rows, names_only, points_with, values, without
from agent.reading.read import Reading
from retrieval.query import Column, Expression, Filter, Query
from tools.presets import query_of

CLASSES = ("land_cover", "land_use")
OF_A_VERB = ("region", "year", *CLASSES)
"""Dimensions that the comparison of two survey years holds."""
MORE_SAID = ("ONE", "ORD", "SUP", "DIFF", "HERE")
"""Types beside which more is asked than a comparison."""


def compared(reading: Reading, past: Sequence[Query]) -> tuple[Query, ...] | None:
    """Return the queries of "compare them", None where it is not that or where the last answer's own rows are meant.

    Raises:
        Unfit: the last two selections have nothing in common.
    """
    if "compare" not in reading.all("ASK") or not names_only(reading) or reading.has(*MORE_SAID) or len(past) < 2:
        return None
    before, last = past[-2], past[-1]
    apart = differ_in(before, last)
    if apart and apart <= {*CLASSES}:
        return before, last
    if apart == {"region"} and last.group("land_cover"):
        both = tuple(dict.fromkeys((*values(before, "region"), *values(last, "region"))))
        return (replace(last, where=(Filter("region", "in", both), *without(last, "region"))),)
    if apart == {"year"}:
        pair = sorted({*values(before, "year"), *values(last, "year")})
        return (moved(last, pair[0], pair[-1]),) if len(pair) == 2 else None
    if apart == {"region", "year"}:
        return (each_in_its_year(past),)
    if apart == {"region"}:
        return None
    if in_rows(last).rows:
        return None
    raise Unfit("nothing in common")


def differ_in(one: Query, other: Query) -> set[str]:
    """Return the dimensions that two queries ask of different values, none where they differ in more than filters."""
    names = {f.dimension for q in (one, other) for f in q.where}
    apart = {name for name in names if one.filters(name) != other.filters(name)}
    return apart if replace(one, where=()) == replace(other, where=()) else set()


def moved(base: Query, first: int, last: int) -> Query:
    """Return a figure of two years as its change: of survey points as lost and gained.

    Raises:
        Unfit: it has none.
    """
    plain = {f.dimension for f in base.where if f.op == "in"} <= {*OF_A_VERB} and len(base.where) > 1
    if base.source == "survey" and not base.rows and plain and all(f.op == "in" for f in base.where):
        given = {"regions": values(base, "region"), **{name: values(base, name) for name in CLASSES}}
        query = query_of("compare_years", {**given, "year_from": first, "year_to": last}, (first, last))
    else:
        query = change_of(base, (first, last))
    if query is None:
        raise Unfit("no change of this")
    return query


def of_both_years(reading: Reading, past: Sequence[Query]) -> Query | None:
    """Return "which of the two is higher?" after a figure of one place and year and one of another place and year."""
    both = reading.has("BOTH") or points_with(reading, "BOTH")
    asked = {"which", "what"} & {*reading.all("ASK")} and reading.has("SUP", "MORE", "DIFF")
    if not (both and asked and names_only(reading)) or len(past) < 2 or any(q.rows for q in past[-2:]):
        return None
    return each_in_its_year(past) if differ_in(*past[-2:]) == {"region", "year"} else None


def each_in_its_year(past: Sequence[Query]) -> Query:
    """Return the last two figures, of other places and years, as two columns with their difference.

    Raises:
        Unfit: they are rows, or no figures.
    """
    two = past[-2:]
    heads = [c for q in two for c in q.columns[:1] if c.measure]
    if any(q.rows for q in two) or len(heads) != len(two):
        raise Unfit("no two figures")
    names = ("first", "second")
    sides = tuple(
        Column(name, head.measure, (*q.filters("region"), *q.filters("year")))
        for name, head, q in zip(names, heads, two, strict=True)
    )
    less = Column("difference", expression=Expression("difference", *names))
    return Query(two[-1].source, (*sides, less), without(two[-1], "region", "year"))
