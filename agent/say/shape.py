"""What there is to say of a result: a typed query, its rows, and what was found out about them.

A result of the typed query is one shape. A verb's result is the query it is a preset of (`tools/presets.py`), with its
cells as the rows of that query: so one renderer says both. Words nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from retrieval.query import MOST_KM, Column, Expression, Filter, Order, Query
from tools.presets import MEASURES, WHOLE, query_of
from tools.result import Result

Rows = Sequence[Mapping[str, Any]]
COUNTED = ("stayed", "lost", "gained")
FATES = ("net", *COUNTED)
"""Columns of points visited twice, called by their names; all but the first are numbers of points."""


@dataclass(frozen=True)
class Shape:
    """One query and its rows, which have the columns that are told."""

    query: Query
    rows: Rows
    facts: Mapping[str, Any] = field(default_factory=dict)
    """`margin` (`_low`, `_high`, `_none`) of the first over the second, `change`, `lead`, `found`, `between` (ranks),
    `of_all`: whether each row tells of how many it is."""
    about: Query | None = None
    """The query whose conditions are told in place of its own."""


def shapes_of(result: Result) -> list[Shape]:
    """Return what there is to say of a result, none where it is no table's."""
    make = SHAPES.get(result.tool)
    return list(make(result)) if make else []


def table_of(result: Result) -> list[dict[str, Any]]:
    """Return the table's rows."""
    return list(result.table.dicts()) if result.table else []


def asked_of(result: Result, tool: str = "") -> Query:
    """Return the query of a verb's result; `tool`: as another verb of the same arguments would ask."""
    asked = query_of(tool or result.tool, result.arguments, result.years)
    assert asked is not None
    return asked


def placed(rows: Iterable[Mapping[str, Any]], by: str) -> list[Mapping[str, Any]]:
    """Return rows in the order of a column, the largest first, each with its place; what has no figure comes last."""
    in_order = sorted(rows, key=lambda row: (row[by] is None, -(row[by] or 0)))
    values = [row[by] for row in in_order]
    return [{**row, "rank": values.index(row[by]) + 1} for row in in_order]


# --- the survey ------------------------------------------------------------------------------------------------------


def queried(result: Result) -> Iterable[Shape]:
    """A typed query: what it says itself."""
    yield Shape(Query.from_json(result.arguments), table_of(result), result.facts)


def counted(result: Result) -> Iterable[Shape]:
    """Points by year, with those visited where a class was looked for."""
    asked = asked_of(result, "count_points")
    named = any(f.dimension in ("land_cover", "land_use") for f in asked.where)
    yield Shape(asked if named else replace(asked, columns=asked.columns[:1]), result.facts["counts"])


def shared(result: Result) -> Iterable[Shape]:
    """Percent of the points: of the classes named together, or of each main class."""
    facts = result.facts
    whole = {"points": facts["points"], "surveyed": facts["surveyed"], "percent": result.value}
    named = facts["points"] is not None or not facts["surveyed"]
    parts = [{**row, "percent": row["percent_of_points"], "surveyed": facts["surveyed"]} for row in table_of(result)]
    asked = asked_of(result)
    yield Shape(replace(asked, rows=()) if named else asked, [whole] if named else parts)


def ranked(result: Result) -> Iterable[Shape]:
    """Regions or classes in the order of their points."""
    asked = asked_of(result)
    by = asked.rows[0].dimension
    rows = [{by: row["class"], f"{by}_name": row["class_name"], **row} if "class" in row else row
            for row in table_of(result)]  # fmt: skip
    yield Shape(replace(asked, columns=asked.columns[:1]), rows)


def beside(result: Result) -> Iterable[Shape]:
    """Regions beside one another by their points; of one year which has more."""
    asked, rows = asked_of(result), table_of(result)
    facts = {"margin": result.facts["ahead"], "of_all": True}
    yield Shape(asked, placed(rows, "points") if asked.order else rows, facts)


def revisited(result: Result) -> Iterable[Shape]:
    """What points visited twice gained and lost; and all points of both years."""
    asked, about = asked_of(result), asked_of(result, "count_points")
    yield Shape(asked, [{name: result.facts[name] for name in (*FATES, "revisited")}], about=about)
    yield Shape(about, result.facts["counts"])


def closest(result: Result) -> Iterable[Shape]:
    """The record closest to a spot, which has a name."""
    asked, rows = asked_of(result), table_of(result)
    name = result.facts["name"]
    spot = Filter("position", "near", (result.arguments["lon"], result.arguments["lat"], MOST_KM, name))
    others = (f for f in asked.where if f.dimension != "position")
    yield Shape(replace(asked, where=(spot, *others)), rows, {"found": len(rows)})


# --- published figures -----------------------------------------------------------------------------------------------


def figure(cell: Mapping[str, Any], unit: str, name: str = "value") -> dict[str, Any]:
    """Return a published figure as the cells of a column: it, the ends of its interval, and its status."""
    value = "percent" if unit == "%" else unit
    suffix = "" if unit == "%" else f"_{unit}"
    ends = {f"{name}_{end}": cell[f"{end}{suffix}"] for end in ("low", "high")}
    return {name: cell[value], **ends, f"{name}_status": cell["status"]}


def row_of(cell: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """Return one published figure as a row of its query; an area with its share."""
    names = {name: cell[name] for name in ("region_id", "region", "land_cover", "year")}
    share = {} if unit == "%" else figure(cell, "%", "share")
    return {**names, "land_cover_name": cell["label"], **share, **figure(cell, unit)}


def published(result: Result) -> Iterable[Shape]:
    """Figures of regions and years; one area with its share."""
    asked, unit = asked_of(result), result.facts["unit"]
    rows = [row_of(cell, unit) for cell in result.facts["cells"]]
    if unit != "%" and len(rows) == 1:
        asked = replace(asked, columns=(*asked.columns, Column("share", MEASURES["%"])))
    yield Shape(asked, rows)


def compared(result: Result) -> Iterable[Shape]:
    """Regions beside one another; of one year which has more, by how much, or that it cannot be told."""
    facts, asked = result.facts, asked_of(result, "official_share")
    rows: Rows = [row_of(cell, facts["unit"]) for cell in facts["cells"]]
    if len(asked.rows) > 1:
        yield Shape(asked, rows)
        return
    told = facts["told"] is False or (facts["no_difference"] and len(rows) == 2)
    margin = {"margin": facts["ahead"], "margin_low": facts["low"], "margin_high": facts["high"], "margin_none": told}
    yield Shape(replace(asked, order=(Order("value"),)), placed(rows, "value"), margin)


def changed(result: Result) -> Iterable[Shape]:
    """The change of each region, its first and last year and those between."""
    unit = result.facts["unit"]
    for change in result.facts["changes"]:
        years = [cell["year"] for cell in change["series"]]
        measure = MEASURES[unit]
        columns = [Column(str(year), measure, (Filter("year", "in", (year,)),)) for year in years]
        difference = Column("change", expression=Expression("difference", str(years[-1]), str(years[0])))
        where = (Filter("region", "in", (change["region_id"],)), *asked_of(result).filters("land_cover"))
        row = {key: value for cell in change["series"] for key, value in figure(cell, unit, str(cell["year"])).items()}
        row |= {f"change_{end}": change[end] for end in ("low", "high", "least")}
        row |= {"change": change["change"], "change_none": change["no_change"]}
        kept = asked_of(result).having
        yield Shape(Query("published", (*columns, difference), where, having=kept), [row])


def in_order(result: Result) -> Iterable[Shape]:
    """Regions in the order of their figures, and between which ranks the first may lie."""
    facts = result.facts
    rows = [{**row_of(cell, facts["unit"]), "rank": cell["rank"]} for cell in facts["ranking"]]
    between = None if facts["first_is_tied"] else facts["first_between"]
    asked, within = asked_of(result), tuple(result.arguments.get("within", ()))
    about = replace(asked, where=(Filter("region", "in", within), *asked.where)) if {*within} & WHOLE else asked
    yield Shape(asked, rows, {"between": between}, about)


def profiled(result: Result) -> Iterable[Shape]:
    """The classes of each region, the largest first."""
    for profile in result.facts["profiles"]:
        rows = placed((row_of(cell, result.facts["unit"]) for cell in profile["classes"]), "value")
        own = {"region": (profile["region_id"],), "year": (profile["year"],)}
        asked = asked_of(result)
        where = tuple(replace(f, values=own.get(f.dimension, f.values)) for f in asked.where)
        yield Shape(replace(asked, where=where), rows)


SHAPES: Mapping[str, Callable[[Result], Iterable[Shape]]] = {
    "query": queried,
    "find_points": counted,
    "count_points": counted,
    "share_points": shared,
    "rank_points": ranked,
    "compare_regions": beside,
    "compare_years": revisited,
    "nearest_records": closest,
    "official_share": published,
    "compare_official": compared,
    "change_official": changed,
    "rank_official": in_order,
    "profile_region": profiled,
}
"""What asks a table → what there is to say of its results."""
