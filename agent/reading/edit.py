"""A follow-up is the same constraints laid over the query before: what it names replaces its own dimension only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.reading.beside import of_both_years
from agent.reading.fill import PERCENT, UNIT_MEASURE, Constraints
from agent.reading.named import Unfit
from agent.reading.pointing import (
    IN_PERCENT,
    POINTS,
    change_of,
    in_rows,
    is_change,
    names_only,
    of_shares,
    pointed,
    points_strongly,
    points_with,
    ranked,
    rows_of,
    those_said,
    values,
    without,
    years_of,
)
from agent.reading.read import Reading
from retrieval.errors import NotUnderstood
from retrieval.query import Column, Filter, Group, Order, Query, Way
from retrieval.sources import source_of
from retrieval.types import NUTS_LEVELS
from tools.compile import is_of_points
from tools.context import Context

LONGEST_EDIT = 14
"""Words of the longest follow-up; more is a question of its own."""
LONGEST_POINTING = 24
"""… of one that points at what was asked before: "how many of those …"."""
SPLIT = ("LEVEL", "SPLIT", "RANK", "MANY", "INSIDE", "SPLITIN")
MADE_ANEW = ("MORETHAN", "FATE", "FATESPLIT", "STAYED", "LOST", "GAINED", "BECAME", "NONE", "END", "ENDOF", "STAT")
"""Constraints that make another query, not an edit of the one before."""


def edits(reading: Reading) -> bool:
    """Whether a reading may only be an edit: short, and not a whole question of a class with its own place or rows."""
    if points_strongly(reading) and len(reading.said.tokens) <= LONGEST_POINTING:
        return True
    whole = reading.has("CLASS") and reading.has("PLACE", "HERE", *SPLIT) and not reading.has("ALSO", "ONE", "SHIFT")
    whole = whole and not any(i.type == IN_PERCENT for i in reading.said.items)
    return len(reading.said.tokens) <= LONGEST_EDIT and not whole and not reading.has(*MADE_ANEW)


def edited(
    reading: Reading,
    past: Sequence[Query],
    context: Context,
    selection: Sequence[str] = (),
    settled: Mapping[str, Any] | None = None,
) -> Query:
    """Return the query before with a follow-up's constraints laid over it.

    Args:
        reading: the follow-up.
        past: the queries of the conversation, the last one last.
        context: the world it is asked of.
        selection: ids of the areas that "here" means.
        settled: words → what the asker chose among several meanings.

    Raises:
        Unfit: the follow-up says nothing that can be laid over it.
        AmbiguousRegion, AmbiguousClass: a name is several things.
    """
    reading = of_its_own_place(reading)
    reading, asked = of_a_year(reading), reading
    said = Constraints(reading, context, selection, {**as_before(reading, past[-1], context), **(settled or {})})
    names_nothing = not reading.has("PLACE", "CLASS", "YEAR", "LIMIT", "HAVING", *SPLIT)
    if reading.has("BACK") and names_nothing and len(past) > 1:
        return past[-2]
    if (apart := of_both_years(reading, past)) is not None:
        return apart
    if asked is reading and (found := pointed(reading, past, said, context)) is not None:
        return found
    beside = "compare" in said.asks and names_only(reading, "YEAR") and not reading.has("ONE", "ORD")
    pair = sorted({*said.years(), *years_of(past[-1])})
    if beside and said.years() and len(pair) == 2 and (changed := change_of(past[-1], (pair[0], pair[1]))) is not None:
        return changed  # "and with 2009 next to it"
    base = of_the_one(past[-1], reading, context)
    moved = reading.has("LOST", "GAINED", "UP", "DOWN", "CHANGE") and not is_change(base)
    if is_change(base) and said.level and not base.rows:
        raise Unfit("a ranking of changes is a question of its own")
    if moved or reading.has("DIFF", "STAT", "END"):
        raise Unfit("nothing is pointed at, or another table is asked for")
    base = without_dropped(base, reading)
    years = {*said.years(), *years_of(base)} if reading.has("ONE") and "compare" in said.asks else set()
    if len(years) == 2 and (changed := change_of(base, (min(years), max(years)))) is not None:
        return changed  # "how does the first compare with its own figure of 2012?"
    base = of_the_witness(base, reading, context)
    if (
        is_of_points(base)
        and base.source == "survey"
        and said.level
        and reading.has("SUP", "RANK")
        and not said.measures
    ):
        base = of_shares(base)  # "which regions have most" after a map of points
    if said.level and not said.places:
        base = around_rows(base, said.level, context)
    if (
        base.source == "published"
        and "points" in said.measures
        and "how_many" in said.asks
        and not reading.has("UP", "DOWN")
    ):
        base = of_points(base, context)
    if "share" in said.measures and "points" not in said.measures and (counts(base) or lists_points(base)):
        base = of_shares(replace(base, rows=()))  # "what percentage is that?"
    if asks_for_points(said, reading):
        base = points_of(base, context, drawn=reading.has("HERE"))
    if said.asks == {"show"} and counts(base) and len(reading.items) == 1:
        return replace(base, rows=(Group("point"),), columns=())
    base = among_the_regions(base, reading, context)
    if (turned := turned_round(base, reading)) is not None:
        return turned
    if (other := of_the_part(base, said)) is not None:
        return other
    base = of_a_row(base, said, reading)
    if reading.has("ALSO") or said.measures or said.places:
        base = in_rows(base)
    before = values(base, "region")
    if "compare" in said.asks and len(said.places) == 1 == len(before) and not base.rows:
        sides = tuple((id,) for id in (before[0], said.places[0].id))
        order = () if is_of_points(base) else (Order((base.headline or base.columns[0]).name),)
        return replace(base, where=without(base, "region"), rows=(Group("region", members=sides),), order=order)
    if said.places and (group := base.group("region")) and group.members:
        named = tuple((r.id,) for r in said.places)
        members = tuple(dict.fromkeys((*group.members, *named))) if reading.has("ALSO") else named
        base = replace(base, rows=(Group("region", members=members),) if len(members) > 1 else (), lead="")
        said.places = said.places if len(members) == 1 else []
    circles = tuple(
        replace(f, values=(*f.listed[:2], km, *f.listed[3:]))
        for km in reading.all("RADIUS")
        for f in base.filters("position")
    )
    new = (*said.place_filters(), *said.class_filters(), *said.other_filters(), *_dated(said, base, reading), *circles)
    if any(f.dimension not in source_of(base.source).dimensions for f in new):
        base = of_points(base, context)
    if any(f.dimension not in source_of(base.source).dimensions for f in new):
        raise Unfit("not of this source")
    adds = reading.has("ALSO") and said.asks != {"is"}  # not "are there vineyards there too?"
    laid = added(base.where, new) if adds else laid_over(base.where, new)
    result = replace(base, where=laid, lead="", rows=members_of(base, laid))
    result = _with_rows(_in_unit(result, said), said, reading)
    again = "how_many" in said.asks or (said.measures and points_with(reading, "THAT"))
    if result == past[-1] and not again:
        raise Unfit("nothing was changed")
    return result


def of_a_row(base: Query, said: Constraints, reading: Reading) -> Query:
    """Return a ranking of places as the figure of one of them that a follow-up names: "and how much has Portugal?"."""
    group = base.group("region")
    one = group is not None and len(base.rows) == 1 and len(said.places) == 1 and said.places[0].level == group.level
    if not one or base.fold or reading.has("ALSO", "SUP", "RANK", "LEVEL", "RANKED", *SPLIT) or is_change(base):
        return base
    return replace(base, rows=(), order=(), limit=None, having=(), lead="")


def of_its_own_place(reading: Reading) -> Reading:
    """Return "what share of the region is that?" as a question of the place before: it asks for no rows."""
    own = reading.all("LEVEL") and points_with(reading, "THAT") and "share" in reading.all("MEASURE")
    if not own or not {i.type for i in reading.items} <= {"ASK", "MEASURE", "LEVEL"} or "which" in reading.all("ASK"):
        return reading
    return replace(reading, items=tuple(i for i in reading.items if i.type != "LEVEL"))


def of_a_year(reading: Reading) -> Reading:
    """Return a follow-up with "only those from 2015" as what is of that year: no change is asked for."""
    starts = {i.start for i in reading.said.items if i.type == "FROM"}
    only = reading.has("SINCEYEAR") and not reading.has("CHANGE", "UP", "DOWN", "LOST", "GAINED", "TREND", "ASK")
    if not only or not those_said(reading, 1):
        return reading
    dated = (replace(i, type="YEAR") if i.type == "SINCEYEAR" and i.start in starts else i for i in reading.items)
    return replace(reading, items=tuple(dated))


def counts(base: Query) -> bool:
    """Whether a query is one number of surveyed points."""
    return base.source == "survey" and not (base.rows or base.having or base.fold)


def lists_points(base: Query) -> bool:
    """Whether a query lists surveyed points, each by itself."""
    return base.source == "survey" and [group.dimension for group in base.rows] == ["point"] and not base.limit


def among_the_regions(base: Query, reading: Reading, context: Context) -> Query:
    """Return a figure of one place as the ranking of the regions in it, where "which has the most?" follows on it.

    Raises:
        NotUnderstood: it has no such regions.
    """
    named = values(base, "region")
    tops = {(i.start, i.end) for i in reading.items if i.type == "SUP"}
    tops -= {(i.start, i.end) for i in reading.made if i.type == "END"}  # the highest point
    asked = reading.all("ASK") and {*reading.all("ASK")} <= {"which", "what", "is", "where"} and tops
    if not asked or not names_only(reading) or reading.has("MEASURE", "CLASSES", "RANKCLASS", "BOTH"):
        return base
    if base.rows or len(named) != 1 or base.source not in ("survey", "published"):
        return base
    place = context.named(str(named[0]))
    if {r.id for r in context.gazetteer.children(place.id, "nuts2")} <= {place.id}:
        raise NotUnderstood((), f"no_parts:{place.name}:nuts2")
    name = (base.headline or base.columns[0]).name if base.columns else "points"
    way: Way = "fewest" if "fewest" in reading.all("SUP") else "most"
    return replace(base, columns=base.columns or POINTS, rows=(Group("region", "nuts2"),), order=(Order(name, way),))


def as_before(reading: Reading, base: Query, context: Context) -> dict[str, Any]:
    """Return the names of several regions as the one of the level asked about before: Luxembourg's, after Malta's."""
    levels = {context.named(str(id)).level for id in values(base, "region")}
    named = {area.text: [r.id for r in area.regions if r.level in levels] for area in reading.all("PLACE")}
    return {text: found[0] for text, found in named.items() if len(found) == 1}


def around_rows(base: Query, level: str, context: Context) -> Query:
    """Return a query asked of regions of their own level as one of the country around them."""
    named = [context.named(str(id)) for id in values(base, "region")]
    if level not in NUTS_LEVELS[1:] or base.rows or not named or any(r.level in ("group", "country") for r in named):
        return base
    if any(r.level in NUTS_LEVELS and NUTS_LEVELS.index(r.level) < NUTS_LEVELS.index(level) for r in named):
        return base
    countries = dict.fromkeys(f"country:{r.country}" for r in named if r.country)
    return (
        replace(base, where=laid_over(base.where, (Filter("region", "in", tuple(countries)),))) if countries else base
    )


def of_the_witness(base: Query, reading: Reading, context: Context) -> Query:
    """Return a query asked of the other witness, where a follow-up names only that: "and the survey points?"."""
    said = {*reading.all("WITNESS")}
    if said == {"survey"} and base.source == "published":
        return of_points(base, context)
    return of_shares(base) if said == {"published"} and base.source == "survey" else base


def turned_round(base: Query, reading: Reading) -> Query | None:
    """Return a ranking from its other end: "sort it the other way round"."""
    if not (reading.has("REVERSE") and base.order and names_only(reading)):
        return None
    first = base.order[0]
    return replace(base, order=(replace(first, way="fewest" if first.way == "most" else "most"), *base.order[1:]))


def of_the_part(base: Query, said: Constraints) -> Query | None:
    """Return a percentage of another part of the same whole: "and in Apulia?" after Sicily's of Italy's vines.

    Raises:
        Unfit: what is named is no part of it.
    """
    names = [c.name for c in base.columns]
    if names != list(PERCENT) or base.rows or said.less or said.gone:
        return None
    part, whole, share = base.columns
    new = {f.dimension: f for f in (*said.place_filters(), *said.class_filters())}
    mine = {f.dimension for f in part.where}
    if not new.keys() & mine:
        return None
    if not new.keys() <= mine or said.other_filters():
        raise Unfit("another whole")
    context = said.context
    for f in new.values():
        around = [str(v) for w in (*whole.where, *base.where) if w.dimension == f.dimension for v in w.listed]
        if f.dimension == "region":
            held = len(around) == 1 and all(said.nested(r, context.named(around[0])) for r in said.places)
        else:
            leaves = context.nomenclature.leaves
            held = {*leaves([str(v) for v in f.listed])} <= {*leaves(around)}
        if around and not held:
            raise Unfit("no part of it")
    kept = tuple(new.get(f.dimension, f) for f in part.where)
    where = tuple(f for f in base.where if f.dimension != "year" or not said.years())
    dated = (Filter("year", "in", said.years()),) if len(said.years()) == 1 else ()
    return replace(base, columns=(replace(part, where=kept), whole, share), where=(*where, *dated))


def without_dropped(base: Query, reading: Reading) -> Query:
    """Return a query less the conditions that the follow-up takes away."""
    gone = {*reading.all("DROP")}
    return replace(base, where=tuple(f for f in base.where if f.dimension not in gone)) if gone else base


def of_the_one(base: Query, reading: Reading, context: Context) -> Query:
    """Return a query of the place that stood at the rank the follow-up points at: "the second one".

    Raises:
        Unfit: the rows before are no places, or there are fewer.
    """
    wanted = reading.all("ONE") or ([] if reading.has("NUM", "SUP", "LEVEL") else reading.all("ORD"))
    if (
        not wanted
        and points_with(reading, "THAT")
        and ranked(base)
        and not reading.has("PLACE", "SUP", "FIRST", *SPLIT)
    ):
        wanted = [1]  # "how much does it have in km²?"
        if base.lead:
            where = laid_over(base.where, (Filter("region", "in", (base.lead,)),))
            return replace(base, where=where, rows=(), order=(), limit=None, having=(), lead="")
    if not wanted:
        return base
    if not base.rows or base.rows[0].dimension != "region" or len(base.rows) > 1:
        raise Unfit("no row to point at")
    found = rows_of(base, context)
    if not 1 <= wanted[0] <= len(found):
        raise Unfit("no such row")
    where = laid_over(base.where, (Filter("region", "in", (found[wanted[0] - 1],)),))
    return replace(base, where=where, rows=(), order=(), limit=None, having=(), lead="")


def _dated(said: Constraints, base: Query, reading: Reading) -> tuple[Filter, ...]:
    years = said.years()
    if reading.has("SHIFT", "LATER"):
        now = values(base, "year")
        if not (years := said.shifted(now, base.source)):
            raise Unfit("no such survey")
    return (Filter("year", "in", years),) if len(years) == 1 or (years and reading.has("ALSO")) else ()


def laid_over(old: Sequence[Filter], new: Sequence[Filter]) -> tuple[Filter, ...]:
    """Return the old filters with the new ones: each takes the place of the one on its dimension; exclusions add up."""
    kept = [f for f in old if not any(_replaces(n, f) for n in new)]
    return (*kept, *(n for n in new if n not in kept))


def added(old: Sequence[Filter], new: Sequence[Filter]) -> tuple[Filter, ...]:
    """Return the old filters with the values of the new ones beside theirs: "add Italy", "also in 2015"."""
    joined = []
    for one in old:
        more = [v for n in new if n.dimension == one.dimension and n.op == one.op == "in" for v in n.listed]
        joined.append(replace(one, values=tuple(dict.fromkeys((*one.listed, *more)))) if more else one)
    there = {(f.dimension, f.op) for f in old}
    kept = [n for n in new if (n.dimension, n.op) not in there or (n.op == "not_in" and n not in joined)]
    return (*joined, *kept)


def members_of(base: Query, laid: Sequence[Filter]) -> tuple[Group, ...]:
    """Return the rows, one a value, where a filter that had one value has several now: the places added stand apart."""
    if base.rows:
        return base.rows
    for dimension in ("region", "land_cover", "land_use", "year"):
        before = values(base, dimension)
        now = [v for f in laid if f.dimension == dimension and f.op == "in" for v in f.listed]
        if before and {*before} < {*now} and not is_of_points(base):
            return (Group("year"),) if dimension == "year" else (Group(dimension, members=tuple((v,) for v in now)),)
    return base.rows


def _replaces(new: Filter, old: Filter) -> bool:
    return new.dimension == old.dimension and (new.op != "not_in" or old.op == "not_in")


def of_points(base: Query, context: Context, columns: tuple[Column, ...] = POINTS) -> Query:
    """Return a query of published figures as one of surveyed points, of the latest survey."""
    if base.source != "published":
        return base
    years = context.store.years()
    asked = values(base, "year")
    year = asked[0] if asked and asked[0] in years else years[-1]
    where = tuple(f for f in base.where if f.dimension != "year")
    if any(c.where or c.expression for c in base.columns):
        raise Unfit("columns of its own")
    order = tuple(Order("points", o.way) for o in base.order)
    return replace(
        base, source="survey", columns=columns, where=(*where, Filter("year", "in", (year,))), order=order, having=()
    )


NOT_OF_POINTS = ("SUP", "RANK", "UP", "DOWN", "CHANGE", "LEVEL", "SPLIT", "MANY", "FIRST", "HAVING", "WITNESS")
"""Constraints that make of "where" a question for regions, or for a witness's own figure: "where is it highest?"."""


def asks_for_points(said: Constraints, reading: Reading) -> bool:
    """Whether a follow-up asks where something is, which only points tell: "and where is that?"."""
    return "where" in said.asks and not said.measures and not reading.has(*NOT_OF_POINTS)


def points_of(base: Query, context: Context, *, drawn: bool) -> Query:
    """Return the points of what published figures are of, each by itself: their class and place, the latest survey; and
    those behind surveyed rows of regions, where a `drawn` area is asked of, which holds no such rows.

    Raises:
        Unfit: a figure of its own place or class, as a part of a whole is.
    """
    surveyed = base.source == "survey" and drawn and base.group("region") is not None
    if base.source != "published" and not surveyed:
        return base
    if any(f.dimension != "year" for c in base.columns for f in c.where):
        raise Unfit("columns of its own")
    bare = replace(base, columns=(), rows=(Group("point"),), having=(), order=(), limit=None, fold=None, lead="")
    return bare if surveyed else of_points(bare, context, columns=())


def _in_unit(query: Query, said: Constraints) -> Query:
    """Return a query of published figures in the unit the follow-up names: "in hectares", "as a percentage"."""
    names = {"area": "km2", "ha": "ha", "share": "share"}
    wanted = next((name for unit, name in names.items() if unit in said.measures), None)
    if query.source != "published" or wanted is None:
        return query
    columns = tuple(replace(c, measure=wanted) if c.measure in UNIT_MEASURE.values() else c for c in query.columns)
    return replace(query, columns=columns, having=())


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
    elif "where" in said.asks and query.source == "survey" and not query.rows:
        query = replace(query, rows=(Group("point"),), columns=(), order=(), limit=None)
    elif "how_many" in said.asks and is_of_points(query):
        query = replace(query, rows=(), columns=POINTS, order=(), limit=None)
    if query.rows and not is_of_points(query) and (ranked := said.ranking(name)):
        query = replace(query, order=(ranked[0],), limit=ranked[1])
    if query.rows and not query.columns and reading.has("FIRST", "HAVING", "COUNT", "COUNTED", "BARE"):
        raise Unfit("points themselves have no figure to rank")
    if query.rows and (first := reading.all("FIRST")):
        query = replace(query, order=query.order or (Order(name),), limit=first[0])
    if reading.has("HAVING", "COUNT", "COUNTED", "BARE"):
        query = replace(query, having=tuple(replace(c, column=name) for c in said.conditions()), limit=None)
        if "how_many" in said.asks and query.rows and query.rows[0].dimension == "region":
            query = replace(query, order=())
    return query
