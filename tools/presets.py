"""Every verb that asks a table is a preset: its arguments are a typed query. Runs nothing and reads no store.

A verb leaves the year open; the answer says which it was, so that its query can be made from a result (`query_of`) and
then edited by any dimension of its source (`retrieval/query_schema.py`). Verbs that ask no table have no query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from retrieval.query import MOST_KM, Column, Expression, Filter, Group, Order, Query

MEASURES = {"%": "share", "km2": "km2", "ha": "ha"}
"""Unit of published figures → the measure in it."""
WHOLE = {"group:EU", "group:EU28", "group:europe"}
"""Groups within which every surveyed country is ranked, whatever the year."""
POINTS, SURVEYED = Column("points", "points"), Column("surveyed", "surveyed")

Arguments = Mapping[str, Any]
Years = tuple[int, ...]


def query_of(tool: str, arguments: Arguments, years: Sequence[int] = ()) -> Query | None:
    """Return the typed query that a verb's arguments mean, None where the verb asks no table.

    Args:
        tool: the verb's name.
        arguments: its arguments with regions and classes as ids and codes, as a result has them.
        years: those of its answer, for a verb whose arguments name none.
    """
    preset = PRESETS.get(tool)
    return preset(arguments, tuple(arguments.get("years") or years)) if preset else None


def _place(given: Arguments, name: str = "regions") -> tuple[Filter, ...]:
    ids = tuple(given.get(name) or ())
    near = given.get("near")
    found = (Filter("region", "in", ids),) if ids else ()
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
    part, theme = Column("percent", expression=Expression("percent", "points", "surveyed")), given.get("theme")
    where = (*_place(given), *_classes(given), _year(*years))
    named = given.get("land_cover") or given.get("land_use")
    rows = () if named else (Group(theme or "land_cover", "1"),)
    return Query("survey", (POINTS, SURVEYED, part), where, rows)


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
    where = (_near(given["lon"], given["lat"], MOST_KM), *_classes(given), _year(*years))
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
    rows, place = ((_members(ids),), ()) if len(ids) > 1 else ((), (Filter("region", "in", ids),))
    return Query("published", columns, (*place, *_classes(given)), rows)


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
