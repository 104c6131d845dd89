"""Questions whose order tells the query: each condition at its own class, places side by side by class, both ends.

`fill.py` makes one table of constraints, whatever their order; here it matters what stands at what. Each function
returns the queries of one shape, None where the constraints have another. Words have been left behind here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from agent.reading.fill import FULL_TABLE, UNIT_MEASURE, Constraints, is_general
from agent.reading.held import years_left_out
from agent.reading.mentions import Item
from agent.reading.named import Classes, Unfit, is_main
from agent.reading.read import Reading, compared
from agent.understand import POINT_COMPOUND
from retrieval.errors import AmbiguousClass, AmbiguousRegion
from retrieval.query import Column, Condition, Expression, Filter, Fold, Group, Order, Query, Ref
from retrieval.statistics import PUBLISHED_CLASSES
from retrieval.types import Region
from tools.context import Context
from tools.plan import MOST_STEPS
from tools.query import answer

Shape = Callable[[Constraints], tuple[Query, ...] | None]
REVISITED = (Column("points", "points"), Column("revisited", "revisited"))


def shaped(
    reading: Reading,
    context: Context,
    selection: Sequence[str],
    settled: Mapping[str, Any],
    *,
    several: bool = False,
) -> tuple[Query, ...] | None:
    """Return the queries of the first shape that the constraints have, None where they have none of these.

    None too where a name is several things: what answers without a shape asks which. `several`: of clauses that each
    ask, whose shapes answer all of them.
    """
    for shape in OF_CLAUSES if several else SHAPES:
        try:
            if found := shape(Constraints(reading, context, selection, settled)):
                return found
        except Unfit:
            continue
        except (AmbiguousRegion, AmbiguousClass):
            return None
    return None


# --- each condition at its own class ----------------------------------------------------------------------------------


def conditions_of(c: Constraints) -> list[tuple[Item, tuple[str, Any, str], Classes]]:
    """Return every condition with the class it is about, the nearest one: "over 1 % vines but under 1 % olives"."""
    free = [i for i in c.reading.items if i.type == "CLASS"]
    found = []
    for item in c.reading.items:
        if item.type == "COUNTED":
            found.append((item, item.value[0], c.codes(item.value[1])))
        elif item.type == "NONE":
            found.append((item, ("=", 0.0, "points"), c.codes(item.value[1])))
        elif item.type in ("HAVING", "COUNT") and free:
            nearest = min(free, key=lambda k: _gap(k, item))
            free.remove(nearest)
            found.append((nearest, item.value, c.codes(nearest.value)))
    return found


def _gap(one: Item, other: Item) -> int:
    """Words between two constraints."""
    return max(other.start - one.end, one.start - other.end, 0)


def each_under_its_condition(c: Constraints) -> tuple[Query, ...] | None:
    """Rows that meet a condition on each of several classes; one without a condition is asked about in them."""
    told = conditions_of(c)
    held = {id(item) for item, _, _ in told}
    rest = [i for i in c.reading.items if i.type == "CLASS" and id(i) not in held]
    if not c.level or not told or len(told) + len(rest) < 2 or c.less or c.reading.has("MORETHAN", "DIFF"):
        return None
    moved = c.reading.has("SPAN", "SINCEYEAR") and c.reading.has("UP", "DOWN", "CHANGE", "LOST", "GAINED")
    moved = moved and len(rest) == 1 and not {"points"} & c.measures and c.all_published()
    apart = dated_apart(c, [item for item, _, _ in told], rest)
    if (c.dated() and not (moved or apart)) or c.reading.has("EACHCLASS", *REVISITING[:3], "TWICE", "LEFTFOR"):
        return None
    if c.reading.has("STAT") and (len(rest) != 1 or c.of_height()):
        return None
    if not moved and c.reading.has(*REVISITING):
        return None
    if not rest and len({k.codes for _, _, k in told}) < 2:
        return None
    units = {unit in UNIT_MEASURE for _, (_, _, unit), _ in told}
    if len(units) > 1:
        return None  # points of one class and a share of another are told by two sources
    areal = units == {True}
    c.source = "published" if areal else "survey"
    name = c.measure() if areal else "points"
    columns, having = [], []
    for n, (_, (sign, number, _), classes) in enumerate(told, 1):
        columns.append(Column(f"of_{n}", name, c.class_filters([classes])))
        having += [replace(one, column=f"of_{n}") for one in as_conditions(sign, number)]
    rows, order = (Group("region", c.level),), (Order("of_1"),)
    dated = (Filter("year", "in", apart[:1]),) if apart else c.dated_filter()
    where = (*c.place_filters(), *dated, *c.other_filters())
    if len(told) == 1:
        columns = [replace(columns[0], name=name, where=())]
        having = [replace(one, column=name) for one in having]
        where, order = (*where, *c.class_filters([told[0][2]])), (Order(name),)
    counted = "how_many" in c.asks and not rest
    first = Query(c.source, tuple(columns), where, rows, tuple(having), () if counted else order)
    if not rest:
        return (first,)
    if moved:
        found = answer(first, c.context).regions
        c.classes, c.level, c.measures = [c.codes(rest[0].value)], "", c.measures - {"share"}
        c.places, c.source = [c.context.named(r.id) for r in found], "published"
        return (first, replace(c.changed(), having=())) if found else (first,)
    mixed = units == {True} and c.says_points
    if c.reading.has("SUP", "RANK") and any(i.type == "HAVING" for i in c.reading.items) and not mixed:
        return None
    if not apart and areal and c.says_points and not {*c.years()} & {*c.context.store.years()}:
        apart = c.years()  # the condition's alone: points are those of the latest survey
    if apart:
        c.reading = replace(
            c.reading, items=tuple(i for i in c.reading.items if i.type != "YEAR" or i.value != apart[0])
        )
    return first, of_those_rows(c, [c.codes(i.value) for i in rest], Filter("region", "in", Ref(1)))


def dated_apart(c: Constraints, told: Sequence[Item], rest: Sequence[Item]) -> tuple[int, ...]:
    """The year of the conditions and the year of what is asked of the places that meet them, where both are named:
    "where woodland exceeds 50 % in 2022, how many cropland points were there in 2018"."""
    years = [i for i in c.reading.items if i.type == "YEAR"]
    if len(years) != 2 or years[0].value == years[1].value or len(rest) != 1 or c.reading.has("SPAN", "SINCEYEAR"):
        return ()
    first, second = sorted((told[0], rest[0]), key=lambda i: i.start)
    if years[0].start > second.start or years[1].start < first.start:
        return ()
    both = years[0].value, years[1].value
    return both if first is told[0] else both[::-1]


def as_conditions(sign: Any, number: Any) -> list[Condition]:
    """A sign and its number, or both ends of a range."""
    if sign == "between":
        return [Condition("", ">=", float(number[0])), Condition("", "<=", float(number[1]))]
    return [Condition("", sign, float(number))]


def first_that_meet(c: Constraints) -> tuple[Query, ...] | None:
    """Of the first so many in one thing those that meet a condition on another: "which of the ten countries with most
    grassland have more than 500 woodland points"."""
    told, named = conditions_of(c), [i for i in c.reading.items if i.type == "CLASS"]
    ranks = [(i, i.value[0], i.value[1]) for i in c.reading.items if i.type == "RANK" and i.value[1]]
    many = [n for n, _ in c.reading.all("MANY")]
    sups = [i for i in c.reading.items if i.type == "SUP"]
    ranks = ranks or [(i, i.value, many[0]) for i in sups if many]
    if len(told) != 1 or len(ranks) != 1 or not c.level or c.less or not {"which", "how_many"} & c.asks:
        return None
    rest = [i for i in named if i is not told[0][0]]
    rank, way, number = ranks[0]
    if len(rest) != 1 or c.reading.has("DIFF", "MORETHAN", "STAT", "SPAN", "SINCEYEAR", *REVISITING):
        return None
    if _gap(rank, rest[0]) > _gap(rank, told[0][0]):
        return None
    apart = dated_apart(c, [told[0][0]], rest)
    if len(c.years()) > 1 and not apart:
        return None
    then, first_year = apart or (None, None)
    sign, limit, unit = told[0][1]
    areal = unit in UNIT_MEASURE
    c.classes = [c.codes(rest[0].value)]
    counted = any(i.type == "MEASURE" and i.value == "points" and i.start == rest[0].end for i in c.reading.items)
    counted = counted or bool(POINT_COMPOUND.search(rest[0].value.text))
    c.source = "survey" if counted or not c.all_published() else "published"
    name, rows = {"published": "share", "survey": "points"}[c.source], (Group("region", c.level),)
    dated = (Filter("year", "in", (first_year,)),) if first_year else c.dated_filter()
    first = Query(c.source, (Column(name, name),), (*c.place_filters(), *dated, *c.class_filters(c.classes)), rows,
                  order=(Order(name, way),), limit=number)  # fmt: skip
    source, head = ("published", UNIT_MEASURE[unit]) if areal else ("survey", "points")
    c.source = source
    dated = (Filter("year", "in", (then,)),) if then else c.dated_filter()
    having = tuple(replace(one, column=head) for one in as_conditions(sign, limit))
    inside = (Filter("region", "in", Ref(1)), *dated, *c.class_filters([told[0][2]]))
    order = () if "how_many" in c.asks else (Order(head),)
    return first, Query(source, (Column(head, head),), inside, rows, having, order)


def of_those_rows(c: Constraints, classes: Sequence[Classes], inside: Filter) -> Query:
    """What is asked of the rows that another query found: a row each, one number where "how many" is asked."""
    counted = "points" in c.measures or "how_many" in c.asks
    classes = [*dict.fromkeys(classes)]
    c.classes = [*classes]
    c.source = "published" if c.all_published() and not counted else "survey"
    places = c.place_filters() if inside.op == "not_in" else ()
    where = (*places, inside, *c.dated_filter(), *c.other_filters())
    total = "how_many" in c.asks or inside.op == "not_in"
    columns = c.columns()
    if len(classes) > 1 and not c.joined():
        columns = tuple(Column(f"of_{n}", columns[0].name, c.class_filters([k])) for n, k in enumerate(classes, 1))
    else:
        where = (*where, *c.class_filters(classes))
    if total:
        return Query(c.source, columns, where)
    rows = (Group("region", c.level),)
    if means := c.reading.all("STAT"):
        return Query(c.source, columns, where, rows, fold=Fold(means[0], columns[0].name))
    order, limit = c.ranking(columns[0].name) or (Order(columns[0].name), None)
    return Query(c.source, columns, where, rows, order=(order,), limit=limit)


def without_the_first(c: Constraints) -> tuple[Query, ...] | None:
    """A place less those that are first in it: "leaving out its two regions richest in vines"."""
    ranks = [i for i in c.reading.items if i.type == "NOTRANK"]
    named = [i for i in c.reading.items if i.type == "CLASS"]
    if len(ranks) != 1 or not named or not c.places:
        return None
    way, number, level, _ = ranks[0].value
    c.level = "nuts2" if level == "region" else level
    behind = [i for i in named if i.start >= ranks[0].end] or named[:1]
    asked = [i for i in named if i.start < ranks[0].start] or behind
    c.source = "survey" if "points" in c.measures or "how_many" in c.asks else c.source
    classes = [c.codes(behind[0].value)]
    columns = c.columns()
    where = (*c.place_filters(), *c.dated_filter(), *c.class_filters(classes))
    order = (Order(columns[0].name, way),)
    first = Query(c.source, columns, where, (Group("region", c.level),), (), order, number or 1)
    return first, of_those_rows(c, [c.codes(i.value) for i in asked], Filter("region", "not_in", Ref(1)))


def without_those_that_meet(c: Constraints) -> tuple[Query, ...] | None:
    """A place less its regions that meet a condition: "leaving out every region that had more than 250 of them"."""
    levels, told = c.reading.all("NOTROWS"), c.reading.all("COUNT", "HAVING", "BARE")
    if len(levels) != 1:
        return None
    if len(told) != 1 or len({*c.classes}) != 1 or not c.places or c.less or c.dated() or c.level:
        raise Unfit("less which rows?")
    sign, number, unit = told[0]
    areal = unit in UNIT_MEASURE
    c.source = "published" if areal else "survey"
    head = UNIT_MEASURE[unit] if areal else "points"
    c.level = c.level_there("nuts2" if levels[0] == "region" else levels[0])
    having = tuple(replace(one, column=head) for one in as_conditions(sign, number))
    where = (*c.place_filters(), *c.dated_filter(), *c.class_filters())
    met = Query(c.source, (Column(head, head),), where, (Group("region", c.level),), having, (Order(head),))
    c.measures -= {"share"} if c.says_points else set()
    return met, of_those_rows(c, c.classes, Filter("region", "not_in", Ref(1)))


def of_the_first(c: Constraints) -> tuple[Query, ...] | None:
    """What is asked of those first in another thing: "grassland in the region with the most maize"."""
    items = [i for i in c.reading.items if i.type in ("CLASS", "LEVEL", "INSIDE", "SUP", "RANK", "RANKOF")]
    kinds = [i.type for i in items]
    crops = [i for i in c.reading.items if i.type == "RANKCLASS" and i.value[2] == "crops" and i.value[1] is None]
    if crops and kinds == ["CLASS"] and c.level and (many := c.reading.all("MANY")):
        columns, rows = c.columns(), (Group("region", c.level),)
        shared = (*c.place_filters(), *c.dated_filter())
        of_crops = (*shared, Filter("land_cover", "in", ("B00",)))
        first = Query(c.source, columns, of_crops, rows, (), (Order(columns[0].name, crops[0].value[0]),), many[0][0])
        then = (Filter("region", "in", Ref(1)), *c.dated_filter(), *c.class_filters())
        return first, Query(c.source, columns, then, rows, order=(Order(columns[0].name),))
    ends = [i.value for i in items if i.type == "SUP"] if "RANKOF" in kinds else []
    if [k for k in kinds if k != "SUP" or not ends] in (["RANKOF", "CLASS"], ["CLASS", "RANKOF"]):
        rank = items[kinds.index("RANKOF")]
        asked = items[kinds.index("CLASS")]
        way, number, level, place, cover = rank.value
        ranking = c.codes(cover)
        c.level = "nuts2" if level == "region" else level
        c.places += [c.region(place)] if place is not None else []
    else:
        leading = kinds[:1] == ["CLASS"] and kinds[-1:] == ["CLASS"] and len([k for k in kinds if k == "CLASS"]) == 2
        ranks = [i for i in items if i.type in ("SUP", "RANK")]
        if not leading or len(ranks) != 1 or kinds.count("LEVEL") + kinds.count("INSIDE") + kinds.count("RANK") != 1:
            return None
        asked, rank = items[0], ranks[0]
        ranking = c.codes(items[-1].value)
        way, number = rank.value[:2] if rank.type == "RANK" else (rank.value, None)
    number = number or next((n for n, _ in c.reading.all("MANY")), None)
    if not c.level or c.reading.has("DIFF", "MORETHAN", "HAVING", "COUNT", "COUNTED") or c.dated():
        return None
    if c.codes(asked.value) == ranking:
        return None
    columns = c.columns()
    where = (*c.place_filters(), *c.dated_filter(), *c.class_filters([ranking]))
    rows = (Group("region", c.level),)
    share = asks_share_of(c, asked)
    first = Query(c.source, columns, where, rows, (), (Order(columns[0].name, way),), number or 1)
    if share:
        c.source, c.measures = "published", {"share"}
        columns = c.columns()
    then = (Filter("region", "in", Ref(1)), *c.dated_filter(), *c.class_filters([c.codes(asked.value)]))
    if (number or 1) == 1 or ("how_many" in c.asks and c.source == "survey"):
        return first, Query(c.source, columns, then)
    return first, Query(c.source, columns, then, rows, order=(Order(columns[0].name, (ends or ["most"])[0]),))


def asks_share_of(c: Constraints, asked: Item) -> bool:
    """Whether a share of one class is asked beside points of another: "the grassland share of the country with most
    barley points"."""
    if not {"share", "points"} <= c.measures:
        return False
    shares = [i for i in c.reading.items if i.type == "MEASURE" and i.value == "share"]
    named = [i for i in c.reading.items if i.type in ("CLASS", "RANKOF")]
    codes = c.codes(asked.value).codes
    near = min(named, key=lambda k: _gap(k, shares[0]), default=None)
    points = [i for i in c.reading.items if i.type == "MEASURE" and i.value == "points"]
    others = [k for k in named if any(k.end == i.start for i in points)]
    near = asked if others and asked not in others else near  # "… with most olive points have, in percent"
    return near is asked and all(code in PUBLISHED_CLASSES for code in codes)


def there_at_all(c: Constraints) -> tuple[Query, ...] | None:
    """How many rows have anything of a class, or which have several: "in how many countries were olives found"."""
    if not c.level or not c.classes or c.less or c.dated() or c.reading.has(*COUNTING, *REVISITING):
        return None
    items = [i for i in c.reading.items if i.type in ("ASK", "LEVEL", "INSIDE", "CLASS")]
    of_rows = [
        b for a, b in pairwise(items) if a.type == "ASK" and a.value == "how_many" and b.type in ("LEVEL", "INSIDE")
    ]
    if "points" in c.measures and [i.value for i in items if i.type == "ASK"] == ["how_many"]:
        of_rows = []  # "number of EU countries' vineyard points"
    if of_rows:
        return (beside_one_another(c, [], fold=True),)
    kinds = [(i.type, i.value if i.type == "ASK" else "") for i in items]
    which = ([("ASK", "which"), (k, ""), *is_, ("CLASS", "")] for k in ("LEVEL", "INSIDE") for is_ in ([], IS))
    if kinds in which and not c.measures - {"points"} and not c.reading.has("OR", "EACH", "TOGETHER"):
        return (beside_one_another(c, []),)
    beside = [b.start - a.end for a, b in pairwise(i for i in items if i.type == "CLASS")]
    joined = beside and all(0 < gap < 4 for gap in beside) and not c.measures
    joined = joined and not c.reading.has("OR", "EACH", "TOGETHER")
    named = [i for i in c.reading.items if i.type == "CLASS"]
    linked = len(named) == 2 and any(i.type in ("ALSO", "BOTH") and i.start < named[1].start for i in c.reading.items)
    rows_first = c.reading.items[0].type in ("LEVEL", "INSIDE") or "which" in c.asks
    joined = joined or (linked and rows_first and not c.measures - {"points"})
    either = any(i.type == "OR" for i in c.reading.said.items)
    if joined and not either and not {"how_many", "how_much", "compare", "where"} & {*c.asks}:
        return (beside_one_another(c, []),)
    if joined and not either and c.reading.has("BOTH"):
        return (beside_one_another(c, []),)
    return None


def beside_one_another(c: Constraints, less: Sequence[Classes], *, fold: bool = False) -> Query:
    """Rows where some points of each class were seen, and none of others."""
    c.source = "survey"
    order: tuple[Order, ...]
    if len(c.classes) + len(less) == 1:
        kept = Condition("points", ">" if c.classes else "=", 0)
        where = (*c.place_filters(), *c.dated_filter(), *c.class_filters([*c.classes, *less]), *c.other_filters())
        order = () if fold or less else (Order("points"),)
        return Query("survey", c.columns(), where, (Group("region", c.level),), (kept,), order)
    wanted = [Column(f"with_{n}", "points", c.class_filters([k])) for n, k in enumerate(c.classes, 1)]
    lacking = [Column(f"without_{n}", "points", c.class_filters([k])) for n, k in enumerate(less, 1)]
    having = [Condition(col.name, ">", 0) for col in wanted] + [Condition(col.name, "=", 0) for col in lacking]
    where = (*c.place_filters(), *c.dated_filter(), *c.other_filters())
    order = () if fold or not wanted else (Order(wanted[0].name),)
    return Query("survey", (*wanted, *lacking), where, (Group("region", c.level),), tuple(having), order)


def none_there(c: Constraints) -> tuple[Query, ...] | None:
    """Rows of places that hold nothing of a class: "how many regions of France have no vineyards"."""
    none = [c.codes(k) for _, k in c.reading.all("NONE")]
    others = tuple(t for t in COUNTING if t != "NONE")
    if not c.level or not (c.less or none) or c.classes or c.reading.has(*others, *REVISITING) or c.dated():
        return None
    if "share" in c.measures or not {"which", "how_many", "show", "what"} & {*c.asks}:
        return None
    less, c.less = [*c.less, *none], []
    return (beside_one_another(c, less, fold=True),)


IS = [("ASK", "is")]
COUNTING = (
    "SUP", "RANK", "RANKED", "NTH", "RANKNTH", "HAVING", "COUNT", "COUNTED", "NONE", "STAT", "DIFF", "END", "MORETHAN",
)  # fmt: skip
REVISITING = ("FATE", "FATESPLIT", "BECAME", "LOST", "GAINED", "STAYED", "TWICE", "LEFTFOR", "CHANGE", "UP", "DOWN")


# --- places side by side, a row for each class -----------------------------------------------------------------------


def classes_of_places(c: Constraints) -> tuple[Query, ...] | None:
    """Classes in which two places differ most, that several places share, or that one has and another lacks."""
    themes = [theme for what, theme in c.reading.all("SPLIT") if what == "classes"]
    themes += [theme for _, _, theme in c.reading.all("RANKCLASS")] + list(c.reading.all("CLASSES"))
    grown = any(i.type == "GROWS" for i in c.reading.said.items) and {"what", "which"} & c.asks
    grown = grown or (
        c.reading.has("BOTH") and not c.reading.has("DIFF") and {k.codes for k in c.classes} == {("B00",)}
    )
    grown = grown or (bool(apart_from(c)) and {k.codes for k in c.classes} == {("B00",)})
    themes += ["crops"] if grown and not themes and not [k for k in c.classes if k.codes != ("B00",)] else []
    own = [k for k in c.classes if k.codes != ("B00",)]
    apart = apart_from(c)
    pairs = pairwise(c.reading.items)
    asked = [
        b for a, b in pairs if a.type == "ASK" and a.value == "which" and b.type == "CLASS" and is_general(b.value)
    ]
    kinds = [i.value for i in c.reading.items if i.type == "CLASS" and c.codes(i.value) in own]
    of_kind = bool(kinds) and is_general(kinds[0]) and themes in (["land_cover"], ["classes"])
    whole = own[0] if len(own) == 1 and ((asked and not themes) or of_kind) else None
    themes, own = ([own[0].theme], []) if whole else (themes, own)
    if not themes or own or c.level or len(c.places) + len(apart) < 2 or c.dated() or c.reading.has(*REVISITING[:-3]):
        return None
    crops = "crops" in themes
    differ = c.reading.has("DIFF")
    if not differ and not apart and not c.reading.has("BOTH"):
        return None
    if differ and not c.reading.has("SUP", "RANKCLASS", "SPLIT") and not {"which", "where"} & c.asks:
        return None  # "the difference in crops between Greece and Italy" is one of cropland
    points = c.says_points or not differ
    c.source = "survey" if points or "land_use" in themes else "published"
    measure = "points" if c.source == "survey" else "share"
    name = "land_use" if "land_use" in themes else "land_cover"
    of_crops = (Filter("land_cover", "in", ("B00",)),) if crops else ()
    of_crops = c.class_filters([whole]) if whole else of_crops
    columns = [Column(f"in_{n}", measure, (Filter("region", "in", (r.id,)),)) for n, r in enumerate(c.places, 1)]
    if differ and points and "share" in c.measures:
        return (apart_in_shares(c, columns, name),)
    lacking = [Column(f"not_in_{n}", measure, (Filter("region", "in", (r.id,)),)) for n, r in enumerate(apart, 1)]
    where = (*c.dated_filter(), *of_crops, *c.other_filters())
    fine = crops or whole or name == "land_use" or (not differ and not c.reading.has("RANKCLASS"))
    rows = (Group(name, "3" if fine else "1"),)
    if differ and len(columns) == 2:
        columns.append(Column("gap", "", (), Expression("gap", "in_1", "in_2")))
        most = next((n for _, n, _ in c.reading.all("RANKCLASS") if n), next(iter(c.reading.all("FIRST")), None))
        return (Query(c.source, tuple(columns), where, rows, (), (Order("gap"),), most),)
    having = [Condition(col.name, ">", 0) for col in columns] + [Condition(col.name, "=", 0) for col in lacking]
    return (Query(c.source, (*columns, *lacking), where, rows, tuple(having), (Order(columns[0].name),)),)


def apart_in_shares(c: Constraints, counts: Sequence[Column], name: str) -> Query:
    """The classes whose part of all points differs most between two places.

    Raises:
        Unfit: there are not two.
    """
    if len(counts) != 2:
        raise Unfit("apart from what?")
    every, shares = (
        [replace(one, name=f"{name_}_{n}", measure=measure) for n, one in enumerate(counts, 1)]
        for name_, measure in (("all", "surveyed"), ("share", "share_of_points"))
    )
    gap = Column("gap", "", (), Expression("gap", "share_1", "share_2"))
    where = (*c.dated_filter(), *c.other_filters())
    return Query("survey", (*counts, *every, *shares, gap), where, (Group(name, "1"),), order=(Order("gap"),))


def apart_from(c: Constraints) -> list[Region]:
    """The places left out that lie in none of those asked about."""
    return [g for g in c.gone if all(c.nested(g, p) is None for p in c.places)]


# --- years, parts, ends ----------------------------------------------------------------------------------------------


def year_of_the_most(c: Constraints) -> tuple[Query, ...] | None:
    """Rows by year, the one with most or least first."""
    ways: list[Any] = [
        *c.reading.all("SUP"),
        *("most" if s == "most" else "fewest" for s in c.reading.all("STAT") if s != "mean"),
    ]
    ways += [i.value[1] for i in c.reading.items if i.type == "END" and i.value[0] == "elevation"]
    ways += [way for way, number, theme in c.reading.all("RANKCLASS") if not number and theme == "land_cover"]
    each = len(c.places) > 1 and c.reading.has("EACH")
    if "when" not in c.asks or not ways or c.level or not (c.classes or c.less) or (len(c.places) > 1 and not each):
        return None
    c.source = "survey" if c.says_points or c.of_points or not c.all_published() else "published"
    since = next(iter(c.reading.all("SINCEYEAR")), None)
    years = tuple(y for y in c.table_years() if since is None or y >= since)
    places = c.place_filters() or ((Filter("region", "in", ("group:EU",)),) if c.source == "published" else ())
    dated = (Filter("year", "in", years),) if since else ()
    columns = c.columns()
    if len({k.codes for k in c.classes}) > 1 and not c.less and not c.reading.has("TOGETHER") and not each:
        shared = (*places, *dated, *c.other_filters())
        of_each = dict.fromkeys(c.class_filters([k]) for k in c.classes)
        order = (Order(columns[0].name, ways[0]),)
        return tuple(Query(c.source, columns, (*shared, *k), (Group("year"),), order=order) for k in of_each)
    where = (*dated, *c.class_filters(), *c.other_filters())
    apart = [(Filter("region", "in", (r.id,)),) for r in c.places] if each else [places]
    order = (Order(columns[0].name, ways[0]),)
    return tuple(Query(c.source, columns, (*one, *where), (Group("year"),), order=order) for one in apart)


def years_that(c: Constraints) -> tuple[Query, ...] | None:
    """The years that meet a condition, all of them where a class grew or shrank: "in which years was it over 5 %"."""
    limits = c.reading.has("HAVING", "COUNT")
    if "when" not in c.asks or len(c.classes) != 1 or len(c.places) > 1 or c.level or c.years():
        return None
    if limits == c.reading.has("UP", "DOWN") or c.reading.has("SUP", "STAT", "SINCEYEAR", "SPAN", "CHANGE", "END"):
        return None
    c.source = "survey" if c.says_points or c.of_points or not c.all_published() else "published"
    columns = c.columns()
    having = tuple(replace(one, column=columns[0].name) for one in c.conditions())
    where = (*c.place_filters(), *c.class_filters(), *c.other_filters())
    return (Query(c.source, columns, where, (Group("year"),), having),)


def parts_of_the_whole(c: Constraints) -> tuple[Query, ...] | None:
    """The part that each place holds of the whole: "how are Portugal's vineyards distributed over its regions"."""
    spread = any(i.type == "CLASSES" and i.value == "land_cover" for i in c.reading.items) or c.reading.has("TOGETHER")
    if not (c.level and "share" in c.measures and spread and len(c.classes) == 1 and c.places):
        return None
    if c.reading.has(*COUNTING, *REVISITING) or c.dated():
        return None
    points = c.says_points or not c.all_published()
    c.source, name = ("survey", "points") if points else ("published", "km2")
    columns = (Column(name, name), Column("part", "", (), Expression("part", name)))
    where = (*c.place_filters(), *c.dated_filter(), *c.class_filters(), *c.other_filters())
    return (Query(c.source, columns, where, (Group("region", c.level),), order=(Order("part"),)),)


def numbers_of_rows(c: Constraints) -> list[int]:
    """How many rows are asked for, by each word that says it: "the three …", "the top five"."""
    ranks, many = c.reading.all("RANK"), c.reading.all("MANY")
    return [*(r[1] for r in ranks if r[1]), *(n for n, _ in many), *c.reading.all("FIRST")]


def both_ends(c: Constraints) -> tuple[Query, ...] | None:
    """The first and the last of one ranking of places."""
    ways = list(dict.fromkeys([*c.reading.all("SUP"), *(r[0] for r in c.reading.all("RANK"))]))
    if len(ways) != 2 or not c.level or len({*c.classes}) != 1 or c.reading.has("DIFF", *REVISITING) or c.dated():
        return None
    if sum(i.type == "ASK" and i.value in ("which", "what") for i in c.reading.items) > c.reading.has("LAST"):
        return None  # each end is a question, of rankings that tell how sure a place in them is
    columns = c.columns()
    where = (*(c.place_filters()), *c.dated_filter(), *c.class_filters(), *c.other_filters())
    rows, many = (Group("region", c.level),), (numbers_of_rows(c) or [1])[0]
    return tuple(Query(c.source, columns, where, rows, (), (Order(columns[0].name, way),), many) for way in ways)


def ends_apart(c: Constraints) -> tuple[Query, ...] | None:
    """The first and the last of one ranking of places, and how far apart they are: "the gap between the most and the
    least wooded region"."""
    ways = list(dict.fromkeys([*c.reading.all("SUP"), *(r[0] for r in c.reading.all("RANK"))]))
    if len(ways) != 2 or not c.level or len(c.classes) != 1 or c.reading.has(*REVISITING) or c.dated():
        return None
    if c.reading.all("DIFF") != ["difference"] or numbers_of_rows(c) or c.less:
        return None
    columns, rows = c.columns(), (Group("region", c.level),)
    shared = (*c.dated_filter(), *c.class_filters(), *c.other_filters())
    ranked = [Query(c.source, columns, (*c.place_filters(), *shared), rows, (), (Order(columns[0].name, way),), 1)
              for way in ways]  # fmt: skip
    found = [answer(one, c.context).regions[:1] for one in ranked]
    if not all(found):
        raise Unfit("no end")
    sides = [Column(n, columns[0].measure, (Filter("region", "in", (place[0].id,)),))
             for n, place in zip("ab", found, strict=True)]  # fmt: skip
    gap = Column("difference", "", (), Expression("difference", "a", "b"))
    return (*ranked, Query(c.source, (*sides, gap), shared))


def circles_side_by_side(c: Constraints) -> tuple[Query, ...] | None:
    """The points of a class in each of two circles, and how many more: "within 50 km of Debrecen or of Szeged"."""
    circles = c.reading.all("NEARS")
    compared = c.reading.has("DIFF", "SUP", "UP", "DOWN", "MORE") or "compare" in c.asks
    if len(circles) != 1 or len(circles[0]) != 2 or not compared or len(c.classes) != 1 or c.level or c.dated():
        return None
    if c.reading.has("RANK", "RANKCLASS", "SPAN", "STAT", *REVISITING[:-2]) or c.measures - {"points", "pp"}:
        return None
    c.source = "survey"
    spots = [(c.spot(area), km) for _, km, area in circles[0]]
    sides = [Column(n, "points", (Filter("position", "near", (*spot.lonlat, km, spot.name)),))
             for n, (spot, km) in zip("ab", spots, strict=True)]  # fmt: skip
    gap = Column("difference", "", (), Expression("difference", "a", "b"))
    return (Query("survey", (*sides, gap), (*c.place_filters(), *c.dated_filter(), *c.class_filters())),)


def mean_beside_the_whole(c: Constraints) -> tuple[Query, ...] | None:
    """The mean over a place's regions, beside the whole, or the regions that lie above or below it."""
    if {*c.reading.all("STAT")} != {"mean"} or not c.level or c.of_height() or len({*c.classes}) != 1 or not c.places:
        return None
    rows = (Group("region", c.level),)
    columns = c.columns() if c.measure() == "share_of_points" else c.columns()[:1]
    where = (*c.place_filters(), *c.dated_filter(), *c.class_filters(), *c.other_filters())
    mean = Query(c.source, columns, where, rows, fold=Fold("mean", columns[0].name))
    stat = next(i for i in c.reading.items if i.type == "STAT")
    signs = [i for i in c.reading.said.items if i.type == "CMP" and i.value in "<>" and 0 <= stat.start - i.end < 3]
    if signs and c.asks & {"which", "show", "what"}:
        value = answer(mean, c.context).value
        if not isinstance(value, int | float):
            raise Unfit("no mean")
        kept = (Condition(columns[0].name, signs[0].value, float(value)),)
        return mean, Query(c.source, columns, where, rows, kept, (Order(columns[0].name),))
    areas = [
        *c.reading.all("PLACE"),
        *(a for a, _ in c.reading.all("INSIDE")),
        *(a for _, a in c.reading.all("THANPLACE")),
    ]
    named = [r.id for area in areas for r in area.regions]
    signs = any(i.type in ("CMP", "THAN", "COMPARED") for i in c.reading.said.items)
    national = c.reading.has("DIFF", "TOGETHER") and "country" in c.reading.all("LEVEL")
    whole = len(named) > len({*named}) or ("is" in c.asks and signs) or national
    if "compare" in c.asks or whole:
        return mean, Query(c.source, columns, where)
    return None


def beyond_one_of_them(c: Constraints) -> tuple[Query, ...] | None:
    """The places that have more, or less, of each class than another place: "more woodland than Latvia"."""
    than = c.reading.all("THANPLACE")
    named = [i for i in c.reading.items if i.type == "CLASS"]
    if c.reading.has("STAT") and "is" in c.asks:
        return None
    if len(than) != 1 or not named or not c.level or c.dated() or c.less:
        return None
    if c.reading.has("HAVING", "COUNT", "DIFF", *(t for t in COUNTING if t != "STAT"), *REVISITING):
        return None
    signs = [i.value for i in sorted(compared(c.reading.said), key=lambda i: i.start)]
    signs = signs if len(signs) == len(named) else [than[0][0]] * len(named)
    c.source = "survey" if c.of_points or "points" in c.measures or not c.all_published() else "published"
    name, dated = c.measure(), (Filter("year", "in", (c.year(),)),)
    columns = tuple(Column(f"of_{n}", name, c.class_filters([c.codes(i.value)])) for n, i in enumerate(named, 1))
    shared = (*dated, *c.other_filters())
    if len(named) == 1:
        columns, shared = (Column(name, name),), (*shared, *columns[0].where)
    there = Query(c.source, columns, (Filter("region", "in", (c.region(than[0][1]).id,)), *shared))
    table = answer(there, c.context).table
    values = [row[column.name] for row in table.dicts() for column in columns] if table else []
    if len(values) != len(columns) or not all(isinstance(value, int | float) for value in values):
        raise Unfit("nothing to compare with")
    having = tuple(Condition(*one) for one in zip((k.name for k in columns), signs, map(float, values), strict=True))
    order = () if "how_many" in c.asks else (Order(columns[0].name),)
    rows = (Group("region", c.level),)
    return there, Query(c.source, columns, (*c.place_filters(), *shared), rows, having, order)


def side_by_side(c: Constraints) -> tuple[Query, ...] | None:
    """Points of two places or of two classes, the one with more first, with the margin."""
    more = c.reading.has("SUP", "UP", "DOWN")
    if not more or c.level or c.dated() or c.less or c.reading.has("RANK", "MORETHAN", "DIFF", "STAT", "DIM", "HAVING"):
        return None
    if c.reading.has(*REVISITING[:-3], "SPLIT", "RANKCLASS", "COUNT", "COUNTED", "NEAREST", "END"):
        return None
    way = "fewest" if c.reading.has("DOWN") or "fewest" in c.reading.all("SUP") else "most"
    points = c.says_points
    where = (*c.dated_filter(), *c.other_filters())
    if c.asks_yes_or_no() and c.has_two_sides() and c.reading.has("UP", "DOWN"):
        c.source = "survey" if points else c.source
        return (c.compared(verdict=True),)
    if points and len(c.places) > 1 and len(c.classes) == 1:
        c.source = "survey"
        rows = (Group("region", members=tuple((r.id,) for r in c.places)),)
        query = Query("survey", c.columns(), (*where, *c.class_filters()), rows, order=(Order("points", way),))
        return (query,)
    if len(c.places) == 1 and len(c.classes) > 1 and len({k.theme for k in c.classes}) == 1:
        asked = {"which", "is", "what"} & {*c.asks}
        if not asked or c.inside_of(*c.classes[:2]):
            return None
        rows = (Group(c.classes[0].theme, members=tuple(k.codes for k in c.classes)),)
        columns = c.columns()
        return (Query(c.source, columns, (*c.place_filters(), *where), rows, order=(Order(columns[0].name, way),)),)
    return None


def witnesses(c: Constraints) -> tuple[Query, ...] | None:
    """The published figure and the surveyed points of the same, each for itself."""
    said = {*c.reading.all("WITNESS")}
    beside = "compare" in c.asks or c.reading.has("BOTH") or "how_many" in c.asks
    both = {"published", "survey"} <= said or ("published" in said and c.says_points and beside)
    both = both or ("published" in said and c.says_points and c.reading.all("MEASURE").count("share") > 1)
    both = both or (c.says_points and c.measures & {"share", "area"} and {"compare", "how_many"} <= c.asks)
    if not both or len({k.codes for k in c.classes}) != 1 or c.less or c.dated() or not c.all_published():
        return None
    if c.reading.has(*COUNTING, *REVISITING, "LIMIT", "NEAR", "RANKCLASS") or c.splits("classes") or c.splits("month"):
        return None
    rows: tuple[Group, ...] = (Group("region", c.level),) if c.level else ()
    if len(c.places) > 1 and not rows:
        rows = (Group("region", members=tuple((r.id,) for r in c.places)),)
    queries = []
    for source in ("published", "survey"):
        c.source = source
        if source == "survey" and "how_many" in c.asks:
            c.measures.discard("share")  # of land, which the published figure tells
        columns = c.columns()
        places = () if rows and rows[0].members else c.place_filters()
        where = (*places, *c.dated_filter(), *c.class_filters())
        queries.append(Query(source, columns, where, rows, order=(Order(columns[0].name),) if rows else ()))
    return tuple(queries)


def sorted_points(c: Constraints) -> tuple[Query, ...] | None:
    """The points of a class in the order of how high, or how far north or east, they lie."""
    measured, others = c.reading.all("DIM"), ("SPLIT", "STAT", "CLASSES", "LEVEL", "INSIDE", *REVISITING)
    if not c.reading.has("RANKED") or len(measured) != 1 or "points" not in c.measures or len(c.classes) != 1:
        return None
    if c.dated() or c.reading.has(*others):
        return None
    return (replace(c.listed(), order=(Order(measured[0]),)),)


def over_the_years(c: Constraints) -> tuple[Query, ...] | None:
    """Every year of several classes of several places."""
    if c.then_and_later():
        return None
    if len(c.classes) == 1 and len(c.classes[0].codes) > 1 and is_main(c.classes[0]):
        c.classes = [Classes(c.classes[0].theme, (code,)) for code in c.classes[0].codes]  # "woodland and shrubland"
    years = c.years()
    evolved = c.reading.has("CHANGE") and len(c.classes) > 1 and not c.reading.has("CLASSES", "SUP", "MANY", "SPAN")
    trend = (
        c.reading.has("TREND", "TWICE")
        or evolved
        or len(years) > 1
        or (c.reading.has("SPAN") and c.reading.has("EACH"))
    )
    groups = [r for r in c.places if r.level == "group"]
    several = len(c.classes) > 1 or len(c.places) > 1 or bool(c.level) or bool(groups and c.reading.has("EACH"))
    if not trend or not several or not c.classes or c.less or c.reading.has(*COUNTING):
        return None
    if c.reading.has("FATE", "FATESPLIT", "BECAME", "LOST", "GAINED", "STAYED", "UP", "DOWN", "LEFTFOR"):
        return None
    if c.reading.has("CHANGE") and not evolved:
        return None
    alone = len(c.classes) == 1 and not c.level and not groups
    points = c.says_points or c.reading.has("TWICE") or c.of_points
    if alone and not points and not c.reading.has("TREND"):
        return None  # the statistic's own time series
    c.source = "survey" if points or not c.all_published() else "published"
    spans = [y for span in c.reading.all("SPAN") for y in span]
    dated = (Filter("year", "in", years),) if len(years) > 1 else ()
    dated = dated or ((Filter("year", "in", tuple(spans)),) if spans else ())
    rows: list[Group] = []
    places = c.place_filters()
    if c.level:
        rows.append(Group("region", c.level))
    elif len(c.places) > 1:
        rows.append(Group("region", members=tuple((r.id,) for r in c.places)))
        places = ()
    if len(c.classes) > 1:
        if len({k.theme for k in c.classes}) > 1:
            return None
        rows.append(Group(c.classes[0].theme, members=tuple(k.codes for k in c.classes)))
    classes = () if len(c.classes) > 1 else c.class_filters()
    columns = c.columns()
    return (Query(c.source, columns, (*places, *dated, *classes, *c.other_filters()), (*rows, Group("year"))),)


# --- what became of what ---------------------------------------------------------------------------------------------


def revisit(c: Constraints) -> tuple[tuple[int, int], tuple[Filter, ...]]:
    """The two surveys and the filters of points visited in both.

    Raises:
        Unfit: there are no two surveys.
    """
    surveys = c.context.store.years()
    if len(surveys) < 2:
        raise Unfit("one survey")
    spans = c.reading.all("SPAN")
    named = sorted({*c.years(), *c.reading.all("SINCEYEAR"), *years_left_out(c.reading)})
    pair = spans[0] if spans else (named[0], named[1]) if len(named) == 2 else (surveys[-2], surveys[-1])
    if not {*pair} <= {*surveys}:
        raise Unfit("no such surveys")
    dated = (Filter("year_from", "in", (pair[0],)), Filter("year_to", "in", (pair[1],)))
    return pair, (*c.place_filters(), *dated, *(f for f in c.other_filters() if f.dimension != "month"))


def fated_in_rows(c: Constraints) -> tuple[Query, ...] | None:
    """Points of one class in one year and of another in the next, by place: "by country"."""
    if not c.level or c.source != "revisits" or not c.then_and_later() or c.reading.has(*COUNTING):
        return None
    return (c.fate(),)


def left_for_others(c: Constraints) -> tuple[Query, ...] | None:
    """Points of a class that are of any other now."""
    gone = years_left_out(c.reading)
    later = len(gone) == 1 and len(c.years()) == 1 and gone[0] > c.years()[0] and len(c.classes) == 1
    left = c.reading.all("LEFTFOR")
    if len(left) != 1 and not later:
        return None
    classes = c.classes[0] if later else c.codes(left[0])
    _, where = revisit(c)
    theme, codes = classes.theme, classes.codes
    kept = (Filter(f"{theme}_from", "in", codes), Filter(f"{theme}_to", "not_in", codes))
    return (pointed_at(c, Query("revisits", REVISITED, (*where, *kept))),)


def pointed_at(c: Constraints, query: Query) -> Query:
    """A query of points as the points themselves, where a map, a list or where they are is asked."""
    if {"where", "show"} & {*c.asks} or asks_which_points(c.reading):
        return replace(query, rows=(Group("point"),), columns=(), order=(), limit=None, having=())
    return query


def asks_which_points(reading: Reading) -> bool:
    """Whether points are what is asked for: "which points", "points that turned into …"."""
    items = reading.items
    at = next((n for n, i in enumerate(items) if i.type == "MEASURE" and i.value == "points"), None)
    if at is None or any(i.type == "ASK" and i.value in ("how_many", "what") for i in items):
        return False
    return at == 0 or (items[at - 1].type == "ASK" and items[at - 1].value == "which")


def changed_points(c: Constraints) -> tuple[Query, ...] | None:
    """Points that changed, were of a class before or are of one now: listed; or from what to what, in a table."""
    if c.level or c.reading.has("DIFF", "RANK", "HAVING", "COUNT", "COUNTED", "TREND"):
        return None
    moved = c.reading.has("FATE", "LOST", "GAINED", "CHANGE")
    if not c.classes and any(i.type == "TABLE" for i in c.reading.said.items):
        return None  # "the full from-to table of main classes"
    listing = {"where", "show"} & {*c.asks} or asks_which_points(c.reading)
    pointed = "where" in c.asks or any((i.type, i.value) == ("MEASURE", "points") for i in c.reading.said.items)
    if moved and listing and pointed and not {"share", "pp", "area", "ha"} & c.measures:
        if not c.classes and not c.reading.has("FATE"):
            _, where = revisit(c)
            changed = Filter("changed_main", "in", ("changed",))
            return (Query("revisits", (), (*where, changed), (Group("point"),)),)
        if c.reading.has("CHANGE") and not c.reading.has("FATE", "LOST", "GAINED"):
            return None
        if c.reading.has("GAINED") and "where" in c.asks and c.reading.items and came_from(c):
            return None
        c.source = "revisits"
        query = c.fate()
        return (replace(query, rows=(Group("point"),), columns=(), order=(), limit=None, having=()),)
    return None


def came_from(c: Constraints) -> bool:
    """Whether what points were before is asked, not where they lie: "where did new wheat come from"."""
    return c.reading.has("ORIGIN") or any(str(i.value) == "act.data" for i in c.reading.said.items)


def table_of_changes(c: Constraints) -> tuple[Query, ...] | None:
    """From which main class to which, of all points that changed."""
    of_classes = c.reading.has("CLASSES", "RANKCLASS") or ("classes", "land_cover") in c.reading.all("SPLIT")
    of_classes = of_classes or (c.reading.has("SUP") and c.reading.years <= {*c.context.store.years()})
    pairs = pairwise(c.reading.items)
    which = any(a.type == "ASK" and a.value == "which" and b.type == "CHANGE" for a, b in pairs)
    pooled = which and c.reading.has("RANK") and not c.places  # "which move was most frequent across all countries"
    of_classes = of_classes or pooled
    c.level = "" if pooled else c.level
    if not (c.reading.has("CHANGE") and of_classes) or c.classes or c.level or {"where"} & {*c.asks}:
        return None
    if len(c.places) > 1 or c.reading.has("DIFF", "UP", "DOWN") or c.measures & {"share", "pp", "area"}:
        return None
    c.source = "revisits"
    query = c.transitions()
    if any(i.type == "TABLE" for i in c.reading.said.items):  # what stayed stands in a whole table too
        return (replace(query, where=tuple(f for f in query.where if f.dimension != "changed_main"), limit=FULL_TABLE),)
    return (replace(query, limit=FULL_TABLE if "show" in c.asks else query.limit),)


def kept_lost_gained(c: Constraints) -> tuple[Query, ...] | None:
    """Points of a class that stayed, were lost and were gained, a row for each place."""
    kinds = [name for name in ("STAYED", "LOST", "GAINED") if c.reading.has(name)]
    if len(kinds) < 2 or not c.level or len({*c.classes}) != 1 or c.reading.has(*COUNTING):
        return None
    _, where = revisit(c)
    own = c.classes[0]
    before, after = f"{own.theme}_from", f"{own.theme}_to"
    sides = {
        "STAYED": (Filter(before, "in", own.codes), Filter(after, "in", own.codes)),
        "LOST": (Filter(before, "in", own.codes), Filter(after, "not_in", own.codes)),
        "GAINED": (Filter(before, "not_in", own.codes), Filter(after, "in", own.codes)),
    }
    columns = tuple(Column(name.lower(), "points", sides[name]) for name in kinds)
    return (Query("revisits", columns, where, (Group("region", c.level),), order=(Order(columns[0].name),)),)


def not_then(c: Constraints) -> tuple[Query, ...] | None:
    """Points that were not of a class in one year and are in a later one, which does not name it again: "that were no
    vines in 2015 and are in 2018"."""
    items = [i for i in c.reading.items if i.type in ("NOTCLASS", "YEAR", "ASK")]
    kinds = [i.type for i in items if i.type != "ASK"]
    years = [i for i in items if i.type == "YEAR"]
    if kinds != ["NOTCLASS", "YEAR", "YEAR"] or c.classes or c.level or len(c.less) != 1 or not c.says_points:
        return None
    again = any(i.type == "ASK" and years[0].end <= i.start < years[1].start for i in items)
    if not again or years[0].value >= years[1].value:
        raise Unfit("not of a class in which of two years?")
    gone, c.less = c.less[0], []
    _, where = revisit(c)
    kept = (Filter(f"{gone.theme}_from", "not_in", gone.codes), Filter(f"{gone.theme}_to", "in", gone.codes))
    return (pointed_at(c, Query("revisits", REVISITED, (*where, *kept))),)


def of_the_other_year(c: Constraints) -> tuple[Query, ...] | None:
    """What points of one year were or became in the other: "what had the vine points of 2018 been in 2015"."""
    named = [i for i in c.reading.items if i.type in ("CLASS", "YEAR")]
    kinds = [i.type for i in named]
    what = any(i.type == "ASK" and i.value in ("what", "which") for i in c.reading.items[:2])
    if c.level or c.reading.has(*COUNTING, *REVISITING) or "compare" in c.asks:
        return None
    if "points" not in c.measures and not c.reading.has("BECAMEOF"):
        return None
    years = [i.value for i in named if i.type == "YEAR"]
    surveys = c.context.store.years()
    if len(years) != 2 or years[0] == years[1] or not {*years} <= {*surveys}:
        return None
    _, where = revisit(c)
    first = min(years)

    def side(year: int, classes: Classes) -> Filter:
        return Filter(f"{classes.theme}_{'from' if year == first else 'to'}", "in", classes.codes)

    if c.reading.has("BECAMEOF") and len(c.classes) == 1:
        fine = not all(code.endswith("00") for code in c.classes[0].codes)
        rows = (Group(f"{c.classes[0].theme}_to", "3" if fine else "1"),)
        before = Filter(f"{c.classes[0].theme}_from", "in", c.classes[0].codes)
        return (Query("revisits", REVISITED, (*where, before), rows, order=(Order("points"),)),)
    if kinds in (["CLASS", "YEAR", "YEAR"], ["YEAR", "CLASS", "YEAR"]) and what:
        own = c.codes(named[kinds.index("CLASS")].value)
        then, now = (years[1], years[0]) if kinds[0] == "CLASS" else years
        fine = not all(code.endswith("00") for code in own.codes)
        rows = (Group(f"{own.theme}_{'from' if then == first else 'to'}", "3" if fine else "1"),)
        return (Query("revisits", REVISITED, (*where, side(now, own)), rows, order=(Order("points"),)),)
    if kinds in (["CLASS", "YEAR"] * 2, ["YEAR", "CLASS"] * 2):
        told = [i for i in named if i.type == "CLASS"]
        until = told[0].start if kinds[0] == "CLASS" else told[1].start
        if not any(i.type == "ASK" and i.value == "is" and i.start < until for i in c.reading.items):
            return None
        both = [side(year, c.codes(k.value)) for k, year in zip(told, years, strict=True)]
        return (pointed_at(c, Query("revisits", REVISITED, (*where, *both))),)
    return None


def what_happened(c: Constraints) -> tuple[Query, ...] | None:
    """What points of a class became between two years, with how many were kept, lost and gained: "what happened to the
    apple points between 2015 and 2018"."""
    years, spans = c.context.store.years(), [{*span} for span in c.reading.all("SPAN")]
    others = ("LOST", "GAINED", "STAYED", "CHANGE", "CLASS", "RANK", "SUP", "YEAR", "TWICE")
    if c.source != "revisits" or not c.reading.has("FATE") or c.reading.has(*others) or c.level or c.less:
        return None
    if len(spans) != 1 or not spans[0] <= {*years} or c.other_filters():
        return None
    before, after = c.sides()
    if before is None or after is not None:
        return None
    table, c.classes = c.fate(), [before]
    return (*c.revisited(), table)


def part_that_stayed(c: Constraints) -> tuple[Query, ...] | None:
    """The percentage of a class's points that are of it again, of those visited again."""
    named = c.classes
    same = len(named) in (1, 2) and len({k.codes for k in named}) == 1
    again = c.reading.has("STAYED") or (c.reading.has("TWICE") and len(named) == 2)
    if not same or not again or "share" not in c.measures or not c.says_points or c.level:
        return None
    _, where = revisit(c)
    own = named[0]
    before = Filter(f"{own.theme}_from", "in", own.codes)
    columns = (
        Column("part", "points", (Filter(f"{own.theme}_to", "in", own.codes),)),
        Column("whole", "points"),
        Column("share_of", "", (), Expression("percent", "part", "whole")),
    )
    return (Query("revisits", columns, (*where, before)),)


def heights_side_by_side(c: Constraints) -> tuple[Query, ...] | None:
    """A statistic of heights for each of several places, or for each class within one."""
    if not c.of_height() or not c.reading.has("STAT") or c.level or c.reading.has("LIMIT"):
        return None
    if "difference" in c.reading.all("DIFF"):
        return None
    each = c.reading.all("EACHCLASS")
    c.source = "survey"
    columns = (*c.of_heights(), Column("points", "points"))
    kind = [i.value for i in c.reading.items if i.type == "CLASS"]
    of_kind = len(kind) == 1 and is_general(kind[0]) and c.classes[0].theme == "land_cover"
    if (themes := themes_asked(c)) and (not c.classes or of_kind) and len(c.places) < 2:
        fine = "2" if of_kind and kind[0].match.codes[0].endswith("00") else "3"
        level = fine if themes == {"crops"} or of_kind else "1"
        rows = (Group("land_use" if themes == {"land_use"} else "land_cover", level),)
        crops = c.class_filters() or ((Filter("land_cover", "in", ("B00",)),) if themes == {"crops"} else ())
        shared = (*c.place_filters(), *c.dated_filter(), *crops, *c.other_filters())
        ways = list(dict.fromkeys([*(w for w, _, _ in c.reading.all("RANKCLASS")), *c.reading.all("SUP")]))
        order = tuple(Order(columns[0].name, way) for way in ways[:1] or ["most"])
        return (Query("survey", columns, shared, rows, (Condition("points", ">", 0),), order),)
    where = (*c.dated_filter(), *c.class_filters(), *c.other_filters())
    order = (Order(columns[0].name),)
    kept = (Condition("points", ">", 0),)
    if len(each) == 1 and len(c.classes) == 1 and is_general(each[0]):
        rows = (Group(c.classes[0].theme, "3"),)
        return (Query("survey", columns, (*c.place_filters(), *where), rows, kept, order),)
    if len(c.places) > 1 and len({k.codes for k in c.classes}) < 2:
        rows = (Group("region", members=tuple((r.id,) for r in c.places)),)
        return (Query("survey", columns, where, rows, (), order),)
    own = [k for k in c.classes if not any((c.inside_of(o, k) or (None, None))[1] == k for o in c.classes if o != k)]
    once = len(c.reading.all("DIM")) < 2  # asked twice, each is told by itself
    if once and len(c.places) < 2 and len({*own}) > 1 and len({k.theme for k in own}) == 1 and not c.less:
        rows = (Group(own[0].theme, members=tuple(dict.fromkeys(k.codes for k in own))),)
        shared = (*c.place_filters(), *c.dated_filter(), *c.other_filters())
        return (Query("survey", columns, shared, rows, (), order),)
    return None


def themes_asked(c: Constraints) -> set[str]:
    """Of what classes rows are asked for: "which land cover class has the lowest mean elevation"."""
    named = [theme for what, theme in c.reading.all("SPLIT") if what == "classes"]
    return {*named, *(theme for _, _, theme in c.reading.all("RANKCLASS")), *c.reading.all("CLASSES")}


def first_class_of_each(c: Constraints) -> tuple[Query, ...] | None:
    """The most or least seen class of each of a place's regions: "top crop per NUTS 2 region of Romania"."""
    themes, ways = themes_asked(c), [*c.reading.all("SUP"), *(w for w, n, _ in c.reading.all("RANKCLASS") if not n)]
    split = c.reading.has("SPLIT", "SPLITIN") and c.level and len(c.places) == 1
    if len(themes) != 1 or not ways or not split or c.reading.has(*COUNTING[4:], *REVISITING) or c.dated() or c.less:
        return None
    regions = c.context.gazetteer.children(c.places[0].id, c.level)
    if not 0 < len(regions) <= MOST_STEPS:
        return None
    theme, *_ = themes
    c.source = "survey"
    crops = (Filter("land_cover", "in", ("B00",)),) if theme == "crops" else c.class_filters()
    rows = (Group("land_use" if theme == "land_use" else "land_cover", "1" if theme == "land_cover" else "3"),)
    shared, order = (*c.dated_filter(), *crops, *c.other_filters()), (Order("points", ways[0]),)
    inside = ((Filter("region", "in", (region.id,)),) for region in regions)
    return tuple(Query("survey", c.columns(), (*one, *shared), rows, order=order, limit=1) for one in inside)


def at_the_top(c: Constraints) -> tuple[Query, ...] | None:
    """The highest or lowest point of a class, where the word may mean the most: "where is the highest potato field"."""
    ends = {(i.start, i.end): i.value for i in c.reading.made if i.type == "END" and i.value[0] == "elevation"}
    sups = [i for i in c.reading.items if i.type == "SUP" and (i.start, i.end) in ends]
    inside = (
        bool(c.level) and "points" in c.measures and any(i.type == "ASK" and i.value == "is" for i in c.reading.items)
    )
    kinds = [i.type for i in c.reading.items if i.type not in ("ASK", "YEAR")]
    plain = kinds[:2] == ["SUP", "CLASS"] and set(kinds[2:]) <= {"PLACE"} and c.asks <= {"where", "what", "show", "is"}
    ranks = [i for i in c.reading.items if i.type == "RANK" and "points" in c.measures]
    named = next((i for i in c.reading.items if i.type == "CLASS"), None)
    if ranks and named and (end := next((v for (_, e), v in ends.items() if e == named.start), None)):
        c.source, c.level, c.places = "survey", "", [c.region(i.value[3]) for i in ranks if i.value[3]] or c.places
        return (Query("survey", (), c.base(), (Group("point"),), order=(Order(end[0], end[1]),), limit=1),)
    if c.reading.has("STAT"):
        return None  # "the highest mean elevation" is of regions
    asked = "where" in c.asks or inside or plain or asks_which_points(c.reading) or which_of_points(c.reading)
    if (
        len(sups) != 1
        or not asked
        or (c.level and not inside)
        or len(c.classes) != 1
        or c.measures - {"points"}
        or len(c.places) > 1
    ):
        return None
    c.source = "survey"
    column, way = ends[sups[0].start, sups[0].end]
    return (Query("survey", (), c.base(), (Group("point"),), order=(Order(column, way),), limit=1),)


EXTREMES = {
    ("elevation", "most"): "greatest_elevation",
    ("elevation", "fewest"): "least_elevation",
    ("lat", "most"): "greatest_lat",
    ("lat", "fewest"): "least_lat",
    ("lon", "most"): "greatest_lon",
    ("lon", "fewest"): "least_lon",
}
"""The end that is asked for → the measure of the survey that tells it for several places or classes."""


def ends_side_by_side(c: Constraints) -> tuple[Query, ...] | None:
    """The highest or northernmost point of each of several places or classes, with their difference where it is asked:
    "how much farther north does maize go in Denmark than in Germany"."""
    ends = [i for i in c.reading.items if i.type in ("END", "ENDOF")]
    ways = {i.value if i.type == "END" else i.value[0] for i in ends}
    if len(ways) != 1 or c.reading.has("STAT", "HAVING", "COUNT", "COUNTED", *REVISITING[:-2]) or c.less:
        return None
    (dimension, way) = ways.pop()
    measure = EXTREMES[dimension, way]
    c.source = "survey"
    dated = (*c.dated_filter(), *c.other_filters())
    differ = c.reading.has("DIFF") or "how_much" in c.asks
    own = [c.codes(i.value[1]) for i in ends if i.type == "ENDOF" and i.value[1]]
    rest = [c.codes(i.value) for i in c.reading.items if i.type == "CLASS"]
    order = (Order(measure, "fewest" if measure.startswith("least") else "most"),)
    columns = (Column(measure, measure), Column("points", "points"))
    if len(ends) == 2 and len(own) + bool(rest) == 2 and len(c.places) < 2 and not c.level:
        sides = [c.class_filters([k]) for k in own] if len(own) == 2 else [c.class_filters(rest), c.class_filters(own)]
        shared = (*c.place_filters(), *dated)
        top = Query("survey", (), (*shared, *sides[0]), (Group("point"),), order=(Order(dimension, way),), limit=1)
        return top, far_apart(measure, sides, shared)
    classes = c.class_filters([*own, *rest])
    if len(c.places) == 2 and differ and not c.level:
        sides = [(Filter("region", "in", (r.id,)),) for r in c.places]
        return (far_apart(measure, sides, (*classes, *dated)),)
    if len(c.places) > 1 and c.reading.has("EACH", "BOTH", "DIFF", "SUP") and not c.level:
        rows = (Group("region", members=tuple((r.id,) for r in c.places)),)
        return (Query("survey", columns, (*classes, *dated), rows, order=order),)
    if c.level and c.reading.has("SPLIT", "SPLITIN") and not c.splits("classes"):
        kept, many = (Condition("points", ">", 0),), c.ranking(measure)
        where = (*c.place_filters(), *classes, *dated)
        rows = (Group("region", c.level),)
        return (Query("survey", columns, where, rows, kept, order, many[1] if many else None),)
    return None


def around_the_end(c: Constraints) -> tuple[Query, ...] | None:
    """The highest or northernmost point of a class, and what lies within a distance of it: all classes there, points or
    how many of a class."""
    if not c.reading.has("AROUND") or c.reading.has(*COUNTING[:-2], *REVISITING) or c.dated() or c.less:
        return None
    end = next(i for i in c.reading.items if i.type in ("END", "ENDOF"))
    named = [i for i in c.reading.items if i.type == "CLASS"]
    own = end.value[1] if end.type == "ENDOF" else None
    beside = min(named, key=lambda i: _gap(i, end), default=None) if own is None else None
    cover = own or (beside.value if beside else None)
    if cover is None:
        return None
    column, way = end.value[0] if end.type == "ENDOF" else end.value
    c.source = "survey"
    dated = c.dated_filter()
    where = (*c.place_filters(), *dated, *c.class_filters([c.codes(cover)]), *c.other_filters())
    top = Query("survey", (), where, (Group("point"),), order=(Order(column, way),), limit=1)
    table = answer(top, c.context).table
    if table is None or not table.rows:
        return (top,)
    asked = [c.codes(i.value) for i in named if i is not beside]
    of_classes = not asked and (themes_asked(c) or "what" in c.asks) and not {"show", "how_many"} & c.asks
    found: list[Query] = [top]
    for row in list(table.dicts())[:MOST_ENDS]:
        circle = Filter("position", "near", (row["lon"], row["lat"], c.reading.all("AROUND")[0], str(row["point_id"])))
        inside = (*dated, *c.class_filters(asked), circle)
        if of_classes:
            name = "land_use" if themes_asked(c) == {"land_use"} else "land_cover"
            found.append(Query("survey", c.columns(), inside, (Group(name, "3"),), order=(Order("points"),)))
        elif "how_many" in c.asks:
            found.append(Query("survey", c.columns(), inside))
        else:
            found.append(Query("survey", (), inside, (Group("point"),)))
    return tuple(found)


MOST_ENDS = 3
"""Points that lie equally high, whose surroundings are told each."""


def far_apart(measure: str, sides: Sequence[tuple[Filter, ...]], shared: tuple[Filter, ...]) -> Query:
    """One measure of two places or classes and how far it is apart."""
    columns = [Column(name, measure, own) for name, own in zip("ab", sides, strict=True)]
    apart = Column("difference", "", (), Expression("difference", "a", "b"))
    return Query("survey", (*columns, apart), shared)


def which_of_points(reading: Reading) -> bool:
    """Whether one of a class's points is asked for: "which maize point"."""
    kinds = [(i.type, i.value if i.type in ("ASK", "MEASURE") else "") for i in reading.items[:3]]
    return kinds == [("ASK", "which"), ("CLASS", ""), ("MEASURE", "points")]


def all_but(c: Constraints) -> tuple[Query, ...] | None:
    """A place less some classes: "what share of Cyprus is not cropland", "how many non-woodland points"."""
    if not c.less or not c.places or c.level or c.dated() or c.reading.has(*COUNTING, *REVISITING, "NEAR", "SPLIT"):
        return None
    areal = c.measures & {"share", "area", "ha"} or "how_much" in c.asks
    if c.classes and (not c.less_is_part() or areal):
        return None
    c.source = "published" if areal and "points" not in c.measures else "survey"
    if c.classes and not {"how_many"} & c.asks and ("points" not in c.measures or {"show", "where"} & c.asks):
        return None
    if len(c.places) > 1 and areal:
        return None
    return (Query(c.source, c.columns(), c.base()),)


def new_and_before(c: Constraints) -> tuple[Query, ...] | None:
    """What points of a class were before, those gained where they are called new: "where did new wheat come from"."""
    gone, there = years_left_out(c.reading), c.years()
    later = len(gone) == 1 == len(there) and gone[0] < there[0] and bool({"what", "which"} & c.asks)
    gained = (later or c.reading.has("GAINED", "ORIGIN")) and len(c.classes) == 1
    if (
        not gained
        or not (later or came_from(c))
        or c.level
        or len(c.places) > 1
        or c.reading.has("LOST", "STAYED", "DIFF")
    ):
        return None
    if any(k.codes != c.classes[0].codes for k in c.less):
        return None
    _, where = revisit(c)
    theme, codes = c.classes[0].theme, c.classes[0].codes
    kept = [Filter(f"{theme}_to", "in", codes)]
    kept += [Filter(f"{theme}_from", "not_in", codes)] if later or c.less or c.reading.has("GAINED") else []
    rows = (Group(f"{theme}_from", "1" if "land_cover" in themes_asked(c) else "3"),)
    few = [*numbers_of_rows(c), *([2] if c.reading.has("BOTH") and c.reading.has("SUP") else [])]
    return (Query("revisits", REVISITED, (*where, *kept), rows, (), (Order("points"),), few[0] if few else None),)


def part_of_another(c: Constraints) -> tuple[Query, ...] | None:
    """One of two classes, or of two places, as a percentage of the one that holds it."""
    if c.reading.has("SINCEYEAR", "TREND", *COUNTING, *REVISITING) or c.less:
        return None
    two = len({*c.classes}) == 2
    if not (two or (len(c.places) == 2 and len(c.classes) == 1)) or (c.level and not (two and "share" in c.measures)):
        return None
    if "how_much" in c.asks and "points" in c.measures:
        c.source = "survey"
    part = c.part_of_whole()
    return (part,) if part else None


def members_of_the_whole(c: Constraints) -> tuple[Query, ...] | None:
    """The part that several places hold of one they lie in, each or together: "Sweden's part of the EU's"."""
    part = "share" in c.measures or ("how_much" in c.asks and c.reading.has("EACH", "TOGETHER", "BOTH"))
    if len(c.classes) != 1 or len(c.places) < 3 or not part or c.level or c.less:
        return None
    if c.dated() or c.reading.has(*COUNTING, *REVISITING):
        return None
    whole = next((w for w in c.places if all(p is w or c.holds(w, p) for p in c.places)), None)
    if whole is None:
        return None
    inner = tuple(p.id for p in c.places if p is not whole)
    points = c.says_points or not c.all_published()
    c.source, name = ("survey", "points") if points else ("published", "km2")
    pooled = c.reading.has("TOGETHER", "BOTH", "ALSO") and "each" not in c.reading.all("EACH")
    own = [(Filter("region", "in", ids),) for ids in ([inner] if pooled else [(i,) for i in inner])]
    parts = [Column(f"part_{n}", name, where) for n, where in enumerate(own, 1)]
    shares = [
        Column(f"share_of_{n}", "", (), Expression("percent", col.name, "whole")) for n, col in enumerate(parts, 1)
    ]
    columns = (*parts, Column("whole", name, (Filter("region", "in", (whole.id,)),)), *shares)
    return (Query(c.source, columns, (*c.dated_filter(), *c.class_filters(), *c.other_filters())),)


def there_in_one_year_only(c: Constraints) -> tuple[Query, ...] | None:
    """Classes, or places with a class, found in one year and not in another: "crops seen in 2018 but not in 2015"."""
    there, gone = c.years(), years_left_out(c.reading)
    split = [theme for what, theme in c.reading.all("SPLIT") if what == "classes"] + list(c.reading.all("CLASSES"))
    if len(there) != 1 or len(gone) != 1 or not (split or (c.level and c.classes)):
        return None
    if c.reading.has(*COUNTING, *REVISITING):
        raise Unfit("two years of one condition")
    points = {*there, *gone} <= set(c.context.store.years())
    c.source = "survey" if points else "published"
    measure = "points" if points else "share"
    columns = [
        Column(name, measure, (Filter("year", "in", years),)) for name, years in (("in", there), ("not_in", gone))
    ]
    own = [k for k in c.classes if k.codes != ("B00",)]
    crops = "crops" in split or len(own) < len(c.classes)
    limits = c.class_filters(own) if own else (Filter("land_cover", "in", ("B00",)),) if crops else ()
    rows = Group("region", c.level) if c.level else Group("land_use" if "land_use" in split else "land_cover", "3")
    having = (Condition("in", ">", 0), Condition("not_in", "=", 0))
    where = (*c.place_filters(), *limits, *c.other_filters())
    return (Query(c.source, tuple(columns), where, (rows,), having, (Order("in"),)),)


def each_of_a_group(c: Constraints) -> tuple[Query, ...] | None:
    """A row for each country of a group: "compare the Benelux countries", "the points of each Baltic state"."""
    apart = "compare" in c.asks or "each" in c.reading.all("EACH")
    if not apart or c.level != "country" or [r.level for r in c.places] != ["group"] or len(c.classes) != 1:
        return None
    if c.less or c.dated() or c.reading.has(*COUNTING, *REVISITING, "SPLIT", "RANKCLASS"):
        return None
    columns = c.columns()
    return (Query(c.source, columns, c.base(), (Group("region", "country"),), order=(Order(columns[0].name),)),)


def rows_of_places(c: Constraints) -> tuple[Query, ...] | None:
    """A class by a level of places, where nothing else is asked: "rye in Poland by region"."""
    if not c.level or not c.reading.has("SPLIT", "SPLITIN") or c.splits("classes") or len(c.classes) != 1 or c.less:
        return None
    if c.reading.has(*COUNTING, *REVISITING, "CLASSES", "OR") or c.dated() or c.measures or c.asks - {"show", "where"}:
        return None
    columns, limit = c.columns(), next(iter(c.reading.all("FIRST")), None)
    rows = (Group("region", c.level),)
    return (Query(c.source, columns, c.base(), rows, order=(Order(columns[0].name),), limit=limit),)


def rows_of_main_classes(c: Constraints) -> tuple[Query, ...] | None:
    """Points by main class, where "main" is no superlative: "the Hungarian points of 2015 by main class"."""
    themes = {theme for _, _, theme in c.reading.all("RANKCLASS")}
    if themes != {"land_cover"} or not c.reading.has("EACH") or not c.says_points or c.level or c.less:
        return None
    if c.classes or c.dated() or c.reading.has("DIFF", "STAT", *REVISITING) or len(c.places) > 1:
        return None
    return (replace(c.by_class("land_cover"), limit=None),)


def where_it_moved(c: Constraints) -> tuple[Query, ...] | None:
    """Countries by how much a class grew or shrank, where no level is named: "where has built-up land grown most"."""
    moved = c.reading.has("UP", "DOWN", "LOST", "GAINED") and c.reading.has("SUP")
    dated = c.reading.has("SPAN", "SINCEYEAR")
    if not (moved and dated and "where" in c.asks) or c.level or len(c.classes) != 1 or "points" in c.measures:
        return None
    if any(r.level != "group" for r in c.places) or len(c.places) > 1 or not c.all_published():
        return None
    c.source, c.level = "published", "country"
    return (c.changed(),)


def asks_whether(c: Constraints) -> bool:
    """Whether a question opens with what asks for yes or no, and asks nothing else."""
    order = [(i.type, i.value if i.type == "ASK" else "") for i in c.reading.items]
    counts = order.index(("ASK", "how_many")) if "how_many" in c.asks else len(order)
    behind = all(kind in ("ASK", "MEASURE") for kind, _ in order[counts:])  # "did they find …? How many points?"
    return order[:1] == [("ASK", "is")] and behind and c.asks <= {"is", "how_many"}


def nothing_there(c: Constraints) -> tuple[Query, ...] | None:
    """Yes or no to "does Malta have no forest": its figure beside nought."""
    if not asks_whether(c) or c.classes or len(c.less) != 1 or len(c.places) != 1 or c.level or c.dated():
        return None
    c.classes, c.less = c.less, []
    c.source = "published" if c.all_published() and "points" not in c.measures else "survey"
    columns = c.columns()
    return (Query(c.source, columns, c.base(), (), (Condition(columns[0].name, "=", 0),)),)


def pooled_by_or(c: Constraints) -> tuple[Query, ...] | None:
    """Several classes as one: "points with either rye, oats or barley", "wheat, barley and maize together"."""
    either = any(i.type == "OR" for i in c.reading.said.items) or c.reading.has("TOGETHER")
    points = "how_many" in c.asks and "points" in c.measures
    areal = "how_much" in c.asks or c.measures & {"share", "area", "ha"}
    areal = areal or (c.reading.has("TOGETHER") and "how_many" not in c.asks)
    areal = areal and "points" not in c.measures and c.all_published()
    if not either or not (points or areal) or len(c.classes) < 2 or c.level or not c.places:
        return None
    if c.reading.has(*COUNTING, *REVISITING, "SPLIT", "EACH") or c.dated() or c.less or {"compare", "which"} & c.asks:
        return None
    if len({k.theme for k in c.classes}) > 1 or len(c.places) > 1:
        return None
    c.source = "survey" if points else "published"
    return (Query(c.source, c.columns(), c.base()),)


def in_the_other_survey(c: Constraints) -> tuple[Query, ...] | None:
    """What points of a class of one year were in the other: "what was there in 2015 where maize stood in 2018"."""
    years = [i for i in c.reading.items if i.type == "YEAR"]
    named = [i for i in c.reading.items if i.type == "CLASS"]
    both = sorted({i.value for i in years})
    open_ = c.asks & {"what", "which"} or c.reading.has("CLASSES", "SPLIT", "RANKCLASS")
    if (
        both != [*c.context.store.years()]
        or len(both) != 2
        or len(named) != 1
        or not open_
        or "points" not in c.measures
    ):
        return None
    grows = {(i.start, i.end) for i in c.reading.said.items if i.type == "GROWS"}
    moved = [i for i in c.reading.items if i.type in ("DOWN", "CHANGE", "DIFF", "LEVEL", "TREND", *REVISITING)]
    if any((i.start, i.end) not in grows for i in moved) or {"how_many", "compare"} & c.asks:
        return None
    own = min(years, key=lambda y: _gap(y, named[0])).value
    of, (theme, codes) = c.codes(named[0].value), (c.classes[0].theme, c.classes[0].codes)
    here, there = ("from", "to") if own == both[0] else ("to", "from")
    where = (*c.place_filters(), Filter("year_from", "in", (both[0],)), Filter("year_to", "in", (both[1],)))
    columns = (Column("points", "points"), Column("revisited", "revisited"))
    rows = (Group(f"{theme}_{there}", "3" if len(of.codes[0]) > 1 and not of.codes[0].endswith("00") else "1"),)
    own_class = Filter(f"{theme}_{here}", "in", codes)
    return (Query("revisits", columns, (*where, own_class), rows, order=(Order("points"),)),)


def first_in_both(c: Constraints) -> tuple[Query, ...] | None:
    """The places among the first so many of each of two rankings: "in the top five both for maize and for wheat"."""
    many = numbers_of_rows(c)
    if not c.reading.has("BOTH") or len({*many}) != 1 or not c.level or len({*c.classes}) != 2 or c.less or c.dated():
        return None
    if c.reading.has("DIFF", "HAVING", "COUNT", "COUNTED", "STAT", "MORETHAN", "NTH", *REVISITING):
        return None
    way = next(iter([*c.reading.all("SUP"), *(r[0] for r in c.reading.all("RANK"))]), "most")
    name, rows, shared = c.columns()[0].name, (Group("region", c.level),), (*c.place_filters(), *c.dated_filter())
    first, second = (
        Query(c.source, c.columns(), (*shared, *c.class_filters([k])), rows, (), (Order(name, way),), many[0])
        for k in c.classes
    )
    columns = tuple(Column(f"of_{n}", name, c.class_filters([k])) for n, k in enumerate(c.classes, 1))
    inside = (Filter("region", "in", Ref(1)), Filter("region", "in", Ref(2)))
    return first, second, Query(c.source, columns, (*inside, *shared), rows, order=(Order("of_1", way),))


BESIDE_SEEN = {"ASK", "MEASURE", "WITNESS", "CLASS", "PLACE", "YEAR", "LIMIT", "LATEST", "GROWS"}
"""Types of a question on whether something was seen."""


def seen_at_all(c: Constraints) -> tuple[Query, ...] | None:
    """Yes or no to whether the survey met a class: "did the surveyors come across any cotton in France"."""
    if not asks_whether(c) or not {i.type for i in c.reading.items} <= BESIDE_SEEN or c.measures - {"points"}:
        return None
    if not c.says_points or len(c.classes) != 1 or len(c.places) > 1 or len(c.years()) > 1:
        return None
    if "published" in c.reading.all("WITNESS"):
        return None
    c.source = "survey"
    return (Query("survey", c.columns(), c.base(), (), (Condition("points", ">", 0),)),)


SHAPES: tuple[Shape, ...] = (
    first_in_both,
    seen_at_all,
    in_the_other_survey,
    around_the_end,
    beyond_one_of_them,
    ends_side_by_side,
    first_class_of_each,
    part_of_another,
    members_of_the_whole,
    there_in_one_year_only,
    nothing_there,
    rows_of_main_classes,
    where_it_moved,
    all_but,
    new_and_before,
    each_of_a_group,
    rows_of_places,
    pooled_by_or,
    without_the_first,
    without_those_that_meet,
    first_that_meet,
    each_under_its_condition,
    fated_in_rows,
    left_for_others,
    what_happened,
    part_that_stayed,
    kept_lost_gained,
    changed_points,
    table_of_changes,
    not_then,
    of_the_other_year,
    witnesses,
    classes_of_places,
    year_of_the_most,
    years_that,
    heights_side_by_side,
    at_the_top,
    none_there,
    there_at_all,
    both_ends,
    ends_apart,
    circles_side_by_side,
    mean_beside_the_whole,
    parts_of_the_whole,
    over_the_years,
    sorted_points,
    of_the_first,
    side_by_side,
)
OF_CLAUSES: tuple[Shape, ...] = (
    mean_beside_the_whole,
    seen_at_all,
    first_that_meet,
    kept_lost_gained,
    around_the_end,
    ends_side_by_side,
    each_under_its_condition,
    witnesses,
)
"""Shapes that answer every clause: "in the regions where woodland exceeds 40 %, how much has … grown"."""
