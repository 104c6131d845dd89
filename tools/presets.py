"""Every verb that asks a table is a preset: its arguments are a typed query. Runs nothing and reads no store.

A verb leaves the year open; the answer says which it was, so that its query can be made from a result (`query_of`) and
then edited by any dimension of its source (`retrieval/query_schema.py`). Verbs that ask no table have no query. The
other way (`verb_of`) the same functions tell which verb a query is: the one that fills it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from retrieval.query import MOST_KM, Column, Condition, Expression, Filter, Group, Order, Query, Sign

MEASURES = {"%": "share", "km2": "km2", "ha": "ha"}
"""Unit of published figures → the measure in it."""
WHOLE = {"group:EU", "group:EU28", "group:europe"}
"""Groups within which every surveyed country is ranked, whatever the year."""
EXPECTED: Mapping[str, Sign] = {"more": ">", "less": "<"}
"""Which change a yes or no is about → its sign."""
POINTS, SURVEYED = Column("points", "points"), Column("surveyed", "surveyed")
OF_SURVEYED = Column("percent", expression=Expression("percent", "points", "surveyed"))
"""The percentage that points are of those visited."""

Arguments = Mapping[str, Any]
Years = tuple[int, ...]


def query_of(tool: str, arguments: Arguments, years: Sequence[int] = ()) -> Query | None:
    """Return the typed query that a verb's arguments mean, None where the verb asks no table.

    Args:
        tool: the verb's name.
        arguments: its arguments with regions and classes as ids and codes, as a result has them.
        years: those of its answer, for a verb whose arguments name none.
    """
    if tool == "query":
        return Query.from_json(arguments)
    return preset(tool, arguments, years) if tool in PRESETS else None


def preset(verb: str, arguments: Arguments, years: Sequence[int]) -> Query:
    """Return the typed query of a verb that asks a table; arguments and years as in `query_of`."""
    return PRESETS[verb](arguments, tuple(arguments.get("years") or years))


def verb_of(query: Query) -> tuple[str, dict[str, Any]] | None:
    """Return the verb that fills a typed query, with its arguments; None where no verb asks exactly that.

    The query filled is the same up to the names of its columns and the order of its filters.
    """
    query = _two_sides(query)
    given, years = _given(query)
    for tool, fill in PRESETS.items():
        heard = _Heard(given)
        try:
            same = _plain(fill(heard, years)) == _plain(query)
        except (KeyError, ValueError):  # it wants an argument that the query has none for
            continue
        if same:
            dated = heard.names & {"year", "year_from", "year_to"} or {"years"}
            return tool, {name: given[name] for name in given if name in heard.names | dated}
    return None


def _two_sides(query: Query) -> Query:
    """Two published figures in the order of their size as two columns with their difference; else the query itself."""
    members = [m for g in query.rows if g.dimension == "region" for m in g.members]
    one = query.source == "published" and len(query.columns) == 1 == len(query.rows) and len(members) == 2
    if not one or [o.way for o in query.order] != ["most"] or query.lead:
        return query
    sides = [replace(query.columns[0], name=n, where=(Filter("region", "in", m),))
             for n, m in zip(("first", "second"), members, strict=True)]  # fmt: skip
    less = Column("difference", expression=Expression("difference", "first", "second"))
    return replace(query, columns=(*sides, less), rows=(), order=())


class _Heard(dict[str, Any]):
    """Arguments that remember which of them a preset asked for."""

    def __init__(self, given: Arguments) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, key: Any, default: Any = None, /) -> Any:
        self.names.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.names.add(key)
        return super().__getitem__(key)


def _given(query: Query) -> tuple[dict[str, Any], Years]:
    """Every argument that a query has something for, by the names that verbs know it by; and its years."""
    found: dict[str, Any] = {}
    every = query.every_filter
    members = [v for g in query.rows if g.dimension == "region" for member in g.members for v in member]
    sides = [v for f in every if f.dimension == "region" and f.op == "in" for v in f.listed]
    found["regions"] = found["within"] = list(dict.fromkeys([*members, *sides]))
    for f in every:
        theme = f.dimension.removesuffix("_from").removesuffix("_to")
        if theme in ("land_cover", "land_use"):
            name = theme if f.op == "in" else "exclude"
            found[name] = [*dict.fromkeys((*found.get(name, ()), *f.listed))]
        elif f.dimension == "position" and f.op == "near":
            lon, lat, km, *called = f.listed
            found |= {"lon": lon, "lat": lat, "name": "".join(called)}
            found["near"] = {"lon": lon, "lat": lat, "km": km, "name": "".join(called)}
    years = [int(v) for f in every if f.dimension.startswith("year") for v in f.listed]
    years = sorted(dict.fromkeys(years))
    if years:
        found |= {"years": years, "year": years[-1], "year_from": years[0], "year_to": years[-1]}
    for group in query.rows:
        if group.dimension == "region" and group.level:
            found["level"] = group.level
        elif group.dimension in ("land_cover", "land_use"):
            found |= {"theme": group.dimension, **({"by": "classes"} if group.level == "3" else {})}
    units = [unit for unit, measure in MEASURES.items() for c in query.columns if c.measure == measure]
    found |= {"unit": units[0]} if units else {}
    found |= {"order": query.order[0].way} if query.order else {}
    found |= {"limit": query.limit} if query.limit else {}
    expected = [name for name, sign in EXPECTED.items() for c in query.having if c.sign == sign]
    found |= {"expect": expected[0]} if expected else {}
    return {name: value for name, value in found.items() if value not in ([], "")}, tuple(years)


def _plain(query: Query) -> tuple[Any, ...]:
    """A query less what its columns are called and the order its filters stand in."""
    place = {c.name: n for n, c in enumerate(query.columns)}

    def filters(where: Sequence[Filter]) -> frozenset[Any]:
        return frozenset((f.dimension, f.op, frozenset(f.listed) if f.op == "in" else f.values) for f in where)

    columns = [
        (c.measure, filters(c.where), e and (e.op, place[e.left], place.get(e.right)))
        for c in query.columns
        for e in (c.expression,)
    ]
    order = [(place.get(o.column, o.column), o.way) for o in query.order]
    rest = replace(query, columns=(), where=(), order=())
    whole = query.source == "published" and any(g.level == "country" for g in query.rows)
    where = [f for f in query.where if not (whole and f.dimension == "region" and {*f.listed} <= WHOLE)]
    return rest, tuple(columns), filters(where), tuple(order)


def _inside(given: Arguments, name: str = "regions") -> tuple[Filter, ...]:
    ids = tuple(given.get(name) or ())
    return (Filter("region", "in", ids),) if ids else ()


def _place(given: Arguments, name: str = "regions") -> tuple[Filter, ...]:
    near, found = given.get("near"), _inside(given, name)
    return (*found, _near(near["lon"], near["lat"], near["km"], near["name"])) if near else found


def _near(*values: Any) -> Filter:
    return Filter("position", "near", values)


def _classes(given: Arguments, side: str = "") -> tuple[Filter, ...]:
    """Classes asked for and left out; codes of land use begin with U."""
    gone = given.get("exclude") or ()
    uses, covers = (tuple(c for c in gone if c.startswith("U") == of_use) for of_use in (True, False))
    every = (
        ("land_cover", "in", tuple(given.get("land_cover") or ())),
        ("land_use", "in", tuple(given.get("land_use") or ())),
        ("land_cover", "not_in", covers),
        ("land_use", "not_in", uses),
    )
    return tuple(Filter(f"{name}{side}", op, codes) for name, op, codes in every if codes)


def _year(*years: int, name: str = "year") -> Filter:
    return Filter(name, "in", years)


def _members(ids: Sequence[str], dimension: str = "region") -> Group:
    return Group(dimension, members=tuple((id,) for id in ids))


def _by_year(years: Years) -> tuple[Group, ...]:
    return (Group("year"),) if len(years) > 1 else ()


# --- the survey ------------------------------------------------------------------------------------------------------


def _count(given: Arguments, years: Years) -> Query:
    where = (*_place(given), *_classes(given), _year(*years))
    return Query("survey", (POINTS, SURVEYED), where, _by_year(years))


def _find(given: Arguments, years: Years) -> Query:
    return Query("survey", (), (*_place(given), *_classes(given), _year(*years)), (Group("point"),))


def _share(given: Arguments, years: Years) -> Query:
    theme = given.get("theme")
    where = (*_place(given), *_classes(given), _year(*years))
    named = given.get("land_cover") or given.get("land_use")
    rows = () if named else (Group(theme or "land_cover", "1"),)
    return Query("survey", (POINTS, SURVEYED, OF_SURVEYED), where, rows)


def _rank(given: Arguments, years: Years) -> Query:
    by_class = given.get("by") == "classes"
    rows = Group(given.get("theme", "land_cover"), "3") if by_class else Group("region", given.get("level", "nuts2"))
    where = (*_place(given, "within"), *_classes(given), _year(*years))
    order = (Order("points", given.get("order", "most")),)
    return Query("survey", (POINTS, SURVEYED), where, (rows,), order=order, limit=given.get("limit", 10))


def _beside(given: Arguments, years: Years) -> Query:
    rows = (_members(given["regions"]), *_by_year(years))
    order = () if len(years) > 1 else (Order("points"),)
    return Query("survey", (POINTS, SURVEYED), (*_classes(given), _year(*years)), rows, order=order)


def _revisits(given: Arguments, years: Years) -> Query:
    first, last = given.get("year_from") or min(years), given.get("year_to") or max(years)
    before, after = _classes(given, "_from"), _classes(given, "_to")
    columns = (
        Column("before", "points", before),
        Column("after", "points", after),
        Column("stayed", "points", (*before, *after)),
        Column("revisited", "revisited"),
        Column("lost", expression=Expression("difference", "before", "stayed")),
        Column("gained", expression=Expression("difference", "after", "stayed")),
        Column("net", expression=Expression("difference", "after", "before")),
    )
    return Query("revisits", columns, (*_place(given), _year(first, name="year_from"), _year(last, name="year_to")))


def _nearest(given: Arguments, years: Years) -> Query:
    called = (given["name"],) if given.get("name") else ()
    where = (*_inside(given), _near(given["lon"], given["lat"], MOST_KM, *called), *_classes(given), _year(*years))
    return Query("survey", (), where, (Group("point"),), order=(Order("km", "fewest"),), limit=given.get("limit", 10))


# --- published figures -----------------------------------------------------------------------------------------------


def _measure(given: Arguments, name: str = "value", *where: Filter) -> Column:
    return Column(name, MEASURES[given.get("unit", "%")], where)


def _regions(given: Arguments) -> tuple[str, ...]:
    return tuple(given.get("regions") or ("group:EU",))


def _official(given: Arguments, years: Years) -> Query:
    ids = _regions(given)
    rows = (*((_members(ids),) if len(ids) > 1 else ()), *_by_year(years))
    place = () if len(ids) > 1 else (Filter("region", "in", ids),)
    return Query("published", (_measure(given),), (*place, *_classes(given), _year(*years)), rows)


def _rank_official(given: Arguments, years: Years) -> Query:
    rows, order = (Group("region", given.get("level", "nuts2")),), (Order("value", given.get("order", "most")),)
    place = () if {*given.get("within", ())} & WHOLE else _place(given, "within")
    where = (*place, *_classes(given), _year(given.get("year") or max(years)))
    return Query("published", (_measure(given),), where, rows, order=order, limit=given.get("limit", 10))


def _compare_official(given: Arguments, years: Years) -> Query:
    a, b, *_ = ids = _regions(given)
    where = (*_classes(given), _year(max(years)))
    if len(ids) > 2:
        return Query("published", (_measure(given),), where, (_members(ids),), order=(Order("value"),))
    sides = tuple(_measure(given, name, Filter("region", "in", (id,))) for name, id in (("first", a), ("second", b)))
    less = Column("difference", expression=Expression("difference", "first", "second"))
    return Query("published", (*sides, less), where)


def _change(given: Arguments, years: Years) -> Query:
    ends = (("first", given.get("year_from") or min(years)), ("last", given.get("year_to") or max(years)))
    change = Column("change", expression=Expression("difference", "last", "first"))
    columns = (*(_measure(given, name, _year(year)) for name, year in ends), change)
    ids = _regions(given)
    kept = (Condition("change", EXPECTED[given["expect"]], 0),) if given.get("expect") else ()
    if len(ids) > 1:
        return Query("published", columns, _classes(given), (_members(ids),), kept)
    return Query("published", columns, (Filter("region", "in", ids), *_classes(given)), (), kept)


def _profile(given: Arguments, years: Years) -> Query:
    within = given.get("land_cover") or ()
    level = "1" if not within else "2" if within[0].endswith("00") else "3"
    where = (Filter("region", "in", _regions(given)), *_classes(given), _year(given.get("year") or max(years)))
    return Query("published", (_measure(given),), where, (Group("land_cover", level),), order=(Order("value"),))


PRESETS: Mapping[str, Callable[[Arguments, Years], Query]] = {
    "find_points": _find,
    "count_points": _count,
    "share_points": _share,
    "rank_points": _rank,
    "compare_regions": _beside,
    "compare_years": _revisits,
    "nearest_records": _nearest,
    "official_share": _official,
    "rank_official": _rank_official,
    "compare_official": _compare_official,
    "change_official": _change,
    "profile_region": _profile,
}
"""Verb → the query it fills."""
