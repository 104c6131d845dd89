"""Whether queries hold the places, classes and years that a question names: what they do not hold would be dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from agent.reading.mentions import Item
from agent.reading.named import years_held
from agent.reading.read import Reading
from agent.understand import Area, Cover
from retrieval.query import Filter, Group, Query
from retrieval.types import Region
from tools.context import Context
from tools.presets import POINTS, SURVEYED

EVERYWHERE = ("group:europe", "group:EU")
"""What a query without a place is about already."""


def in_other_years(asked: Sequence[Query], reading: Reading, context: Context) -> tuple[Query, ...]:
    """Return queries that name no year as asked of all but those left out: a row a year, points of any, or one each."""
    gone = years_left_out(reading)
    if not gone or years_named(reading) or any(q.references() or _columns_dated(q) for q in asked):
        return tuple(asked)
    found: list[Query] = []
    for query in asked:
        years = tuple(year for year in years_held(query.source, context) if year not in gone)
        if query.source == "revisits" or not years:
            return tuple(asked)
        if not query.rows and not query.having:
            found.append(replace(_dated(query, years), rows=(Group("year"),)))
        elif any(query.group(name) for name in ("point", "year")):
            found.append(_dated(query, years))
        else:
            found += [_dated(query, (year,)) for year in years]
    return tuple(found)


def in_each_year(asked: Sequence[Query], reading: Reading) -> tuple[Query, ...]:
    """Return queries of one of several years that are named as asked of each: a row a year, or a query a year."""
    years = years_named(reading)
    dated = [f for q in asked for f in q.where if f.dimension == "year" and f.op == "in"]
    whole = len(dated) == len(asked) and all(len(f.listed) == 1 and f.listed[0] in years for f in dated)
    if len(years) < 2 or not whole or any(q.references() or _years_apart(q) for q in asked):
        return tuple(asked)
    if len(asked) == 1 and not asked[0].rows and not asked[0].having:
        return (replace(_dated(asked[0], years), rows=(Group("year"),)),)
    if len({f.listed for f in dated}) > 1:
        return tuple(asked)
    return tuple(_dated(q, (year,)) for year in years for q in asked)


def over_the_years(asked: Sequence[Query], reading: Reading, context: Context) -> tuple[Query, ...]:
    """Return queries of one year that a question asks over time as a row a year: "the trend of …", "in all years"."""
    plain = not any(q.having or q.order or q.fold or q.lead or q.references() for q in asked)
    if not reading.has("TREND") or not plain or years_named(reading) or any(spans_years(q) for q in asked):
        return tuple(asked)
    return tuple(_by_year(_dated(q, years_held(q.source, context)), where="where" in reading.all("ASK")) for q in asked)


def _by_year(query: Query, *, where: bool) -> Query:
    """Return a query as a row a year; single points are counted, or where they lie is asked of any year."""
    if not query.group("point"):
        return replace(query, rows=(*query.rows, Group("year")))
    return query if where else replace(query, columns=(POINTS, SURVEYED), rows=(Group("year"),))


def spans_years(query: Query) -> bool:
    """Whether a query tells of several years, or of what became of points between them."""
    dated = any(f.dimension == "year" and f.op == "in" and len(f.listed) > 1 for f in query.where)
    return query.source == "revisits" or dated or _years_apart(query)


def years_named(reading: Reading) -> tuple[int, ...]:
    """Return the years that are named, alone or as the ends of a span."""
    return tuple(dict.fromkeys([*reading.all("YEAR"), *(year for span in reading.all("SPAN") for year in span)]))


def years_left_out(reading: Reading) -> tuple[int, ...]:
    """Return the years that are not to be told of: "except in 2018"."""
    return tuple(year for years in reading.all("NOTYEAR") for year in years)


def _years_apart(query: Query) -> bool:
    return _columns_dated(query) or query.group("year") is not None


def _columns_dated(query: Query) -> bool:
    return any(f.dimension == "year" for c in query.columns for f in c.where)


def _dated(query: Query, years: tuple[int, ...]) -> Query:
    kept = tuple(f for f in query.where if f.dimension != "year")
    return replace(query, where=(*kept, Filter("year", "in", years)))


def dropped(asked: Sequence[Query], reading: Reading, context: Context) -> list[str]:
    """Return the places, classes and years of a question that its queries say nothing of."""
    told = json.dumps([query.to_json() for query in asked])
    gone = [str(year) for year in years_named(reading) if f"{year}" not in told]
    gone += [str(year) for year in reading.all("SINCEYEAR") if f"{year}" not in told]
    gone += [str(year) for year in years_left_out(reading) if any(_is_about(q, year) for q in asked)]
    gone += [cover.text for cover in classes_left_out(reading, told, context)]
    gone += [area.text for _, area in reading.all("THANPLACE") if not _has_place(area, told, context)]
    if reading.has("RANKED"):
        gone += [name for name in reading.all("DIM") if f'"{name}"' not in told and f'_{name}"' not in told]
    gone += _places_of_their_own(asked, reading, context)
    gone += _places_in_order(asked, reading) + _kinds_of_class(asked, reading)
    gone += _heights(reading, told)
    gone += [reading.said.words(i) for i in reading.items if i.type in TOLD and not TOLD[i.type](i, asked)]
    apart = reading.has("NEAREST", "SIZED")  # where the distance begins, where the places of a size lie
    places = [] if apart else reading.all("PLACE")
    held = [r for area in places for r in area.regions if f'"{r.id}"' in told]
    return gone + [a.text for a in places if not (_has_place(a, told, context) or _around(a, held, context))]


def classes_left_out(reading: Reading, told: str, context: Context) -> list[Cover]:
    """Return the classes a question names, alone or in a condition or change, that what is told of it does not hold."""
    named = list(reading.all("CLASS"))
    named += [value[4] for value in reading.all("RANKOF")]
    named += [value[1] for value in reading.all("COUNTED", "NUMCLASS", "NONE")]
    named += [cover for value in reading.all("FATE") for cover in value if isinstance(cover, Cover)]
    return [cover for cover in named if not _has_class(cover, told, context)]


def _is_about(query: Query, year: int) -> bool:
    """Whether a query tells of a year, as one of any year does; not where points have left a class by then, nor where
    a column alone is of it."""
    if any(f.dimension == "year" and f.listed == (year,) for c in query.columns for f in c.where):
        return False
    years = [f for f in query.where if f.dimension == "year" and f.op == "in"]
    return query.source != "revisits" and (not years or any(year in f.listed for f in years))


def _places_of_their_own(asked: Sequence[Query], reading: Reading, context: Context) -> list[str]:
    """Return the one place that rows of its own kind were asked in: the countries of Latvia are no rows."""
    named = {r.id: area.text for area in reading.all("PLACE") for r in area.regions}
    found = []
    for query in asked:
        group, limits = query.group("region"), [f for f in query.filters("region") if f.op == "in"]
        if group and not group.members and len(limits) == 1 and len(limits[0].listed) == 1:
            one = str(limits[0].listed[0])
            found += [named[one]] if one in named and context.named(one).level == group.level else []
    return found


def _heights(reading: Reading, told: str) -> list[str]:
    """Return "mean elevation" where no query tells of a height or position."""
    asked = reading.has("DIM") and reading.has("STAT") and "share" not in reading.all("MEASURE")
    return [] if not asked or any(f'"{name}' in told or f"_{name}" in told for name in HEIGHTS) else reading.all("DIM")


HEIGHTS = ("elevation", "lat", "lon")


def _held_against(asked: Sequence[Query]) -> bool:
    """Whether anything is put in an order, kept by a condition, or reckoned from other numbers."""
    return any(q.order or q.having or q.lead or any(c.expression for c in q.columns) for q in asked)


def _ordered(_: Item, asked: Sequence[Query]) -> bool:
    return any(q.order or q.lead for q in asked)


def _over_time(_: Item, asked: Sequence[Query]) -> bool:
    return any(spans_years(q) for q in asked)


def _moved(item: Item, asked: Sequence[Query]) -> bool:
    return _over_time(item, asked) or _held_against(asked)


def _of_revisits(_: Item, asked: Sequence[Query]) -> bool:
    return any(q.source == "revisits" for q in asked)


def _kept(_: Item, asked: Sequence[Query]) -> bool:
    return any(q.having for q in asked)


def _limited(item: Item, asked: Sequence[Query]) -> bool:
    return any(f.dimension == item.value.dimension for q in asked for f in q.every_filter)


def _near(_: Item, asked: Sequence[Query]) -> bool:
    return any(f.op in ("near", "not_near") for q in asked for f in q.every_filter)


def _of_witness(item: Item, asked: Sequence[Query]) -> bool:
    return item.value != "published" or any(q.source == "published" for q in asked)


def _measured(item: Item, asked: Sequence[Query]) -> bool:
    """Whether a share that is asked for is told: by its measure, beside an area, or as a percentage of columns."""
    measures = {c.measure for q in asked for c in q.columns}
    parts = {c.expression.op for q in asked for c in q.columns if c.expression}
    return item.value != "share" or bool(measures & SHARES or parts & {"percent", "part"})


SHARES = {"share", "share_of_points", "km2", "ha", "cv"}
TOLD: Mapping[str, Callable[[Item, Sequence[Query]], bool]] = {
    "TREND": _over_time, "CHANGE": _moved, "UP": _moved, "LOST": _over_time, "GAINED": _over_time,
    "FATE": _of_revisits, "STAYED": _of_revisits, "TWICE": _of_revisits,
    "RANK": _ordered, "ENDOF": _ordered, "HAVING": _kept, "COUNTED": _kept, "LIMIT": _limited, "NEAR": _near,
    "WITNESS": _of_witness, "MEASURE": _measured,
}  # fmt: skip
"""Type of constraint → whether queries tell what it asks; what they do not tell would be dropped in silence."""


def _places_in_order(asked: Sequence[Query], reading: Reading) -> list[str]:
    """Return "the second" where no query tells of a place in an order."""
    limits = {q.limit for q in asked}
    led = any(q.lead or any(column.expression for column in q.columns) for q in asked)  # or how far apart they are
    places = [*reading.all("ORD", "ONE"), *(value[1] for value in reading.all("NTH", "RANKNTH"))]
    ranks = [value[1] for value in reading.all("RANK", "RANKOF") if value[1]]
    first = [str(n) for n in (*reading.all("FIRST"), *ranks) if n not in limits and asked]  # "the top five"
    return first if led else first + [str(n) for n in places if n > 1 and n not in limits]


def _kinds_of_class(asked: Sequence[Query], reading: Reading) -> list[str]:
    """Return "the most crops" where no query has rows of classes, nor a class of its own for them."""
    rows = any(g.dimension.startswith(("land_cover", "land_use")) for q in asked for g in q.rows)
    named = sum(1 for k in ("CLASS", "COUNTED", "EACHCLASS") if reading.has(k))
    return [] if rows or not named else [theme for _, _, theme in reading.all("RANKCLASS") if theme == "crops"]


def _has_class(cover: Cover, told: str, context: Context) -> bool:
    book = context.nomenclature
    codes = [code for match in cover.choices for code in match.codes]
    near = {*codes, *book.leaves(codes), *(p for code in codes if (p := book.get(code).parent))}
    return any(f'"{code}' in told for code in near)


def _has_place(area: Area, told: str, context: Context) -> bool:
    if any(not isinstance(one, Region) for one in area.candidates):
        return '"near"' in told or '"not_near"' in told or any(f'"{r.id}"' in told for r in area.regions)
    ids = [id for r in area.regions for id in (r.id, *context.gazetteer.members(r.id))]
    parts = [context.gazetteer.children(r.id, level) for r in area.regions for level in ("nuts1", "nuts2")]
    if any(every and all(f'"{r.id}"' in told for r in every) for every in parts):
        return True  # each of its regions by itself
    return area.foreign or any(id in EVERYWHERE or f'"{id}"' in told for id in ids)


def _around(area: Area, held: Sequence[Region], context: Context) -> bool:
    """Whether a place only says where another lies: Germany in "Munich, Germany"."""
    return any(f"country:{one.country}" == r.id or r.id == one.parent for one in held for r in area.regions if r != one)
