"""Constraints become typed queries: which rows, which columns. Words have been left behind here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

from agent.reading.chart import is_general, is_town
from agent.reading.mentions import Item, lies_in
from agent.reading.named import (
    AREAL,
    EVERYWHERE,
    Classes,
    Named,
    Unfit,
    is_main,
)
from agent.reading.ranges import apart
from agent.reading.read import Reading
from agent.understand import (
    POINT_COMPOUND,
    Cover,
)
from agent.words import flatten
from retrieval.errors import (
    NotPublished,
)
from retrieval.query import (
    MOST_KM,
    Arithmetic,
    Column,
    Condition,
    Expression,
    Filter,
    Fold,
    Group,
    Order,
    Query,
    Ref,
    Sign,
)
from retrieval.types import Region
from tools.context import Context
from tools.presets import OF_SURVEYED, POINTS, SURVEYED, query_of
from tools.query import answer

UNIT_MEASURE = {"%": "share", "ha": "ha", "km2": "km2"}
STAT_MEASURE = {
    ("elevation", "mean"): "mean_elevation",
    ("elevation", "least"): "least_elevation",
    ("elevation", "most"): "greatest_elevation",
    ("lat", "mean"): "mean_lat",
    ("lon", "mean"): "mean_lon",
}
"""Dimension and statistic → the measure of the survey; the end of a latitude is a point, not a measure."""
PERCENT = ("part", "whole", "share_of")
"""Columns of a percentage."""
ASKING_FIRST = ("how_many", "how_much", "which", "what")
FEW_ROWS = 10
"""Rows of a ranking that names no number."""
FULL_TABLE = 100
"""Rows of one that is asked for as a ranking, or of a table that is asked for as a whole."""


def reading_splits(reading: Reading) -> bool:
    """Whether rows of something other than years are asked for."""
    return reading.has(
        "SPLIT", "RANKCLASS", "BYMONTH", "END", "ENDOF", "STAT", "FATE", "CHANGE", "LOST", "GAINED", "HERE"
    )


def asked_of_the_first(order: Sequence[Item], rank: Item) -> bool:
    """Whether one thing is asked of the first in another: "how much grassland has the country with most cropland"."""
    asked = [
        i for i in order if i.type == "ASK" and i.value in ("what", "how_much", "how_many") and i.start < rank.start
    ]
    named = [i for i in order if i.type == "CLASS" and i.start < rank.start]
    return bool(asked) and len(named) == 1 and asked[0].start < named[0].start


def sided_words(reading: Reading) -> str:
    """Return UP or DOWN where only one of them is said."""
    said = [name for name, types in (("UP", ("UP", "GAINED")), ("DOWN", ("DOWN", "LOST"))) if reading.has(*types)]
    return said[0] if len(said) == 1 else ""


def lies_there(reading: Reading) -> bool:
    """Whether the part of a class's points that lies in a place is asked for: "what share of olive points is in Spain";
    not "what share of the points in Spain is olives"."""
    items = [i for i in reading.items if i.type in ("MEASURE", "CLASS", "PLACE", "ASK")]
    order = [(i.type, i.value if i.type in ("MEASURE", "ASK") else "") for i in items]
    named = [n for n, (kind, _) in enumerate(order) if kind == "CLASS"]
    if len(named) != 1 or reading.has("LEVEL", "RANK", "SUP", "INSIDE", "SPLIT", "LIMIT", "NEAR", "HAVING"):
        return False
    at, points = named[0], ("MEASURE", "points")
    if order.count(points) > 1:
        return False  # "among all points in …"
    of_points = order[at + 1 : at + 2] == [points] or bool(POINT_COMPOUND.search(items[at].value.text))
    led = order[:at][-1:] in (
        [("MEASURE", "share")],
        [("ASK", "how_much")] if order.count(("MEASURE", "share")) else [],
    )
    return of_points and led and [kind for kind, _ in order[at + 1 :]].count("PLACE") == 1 == len(reading.all("PLACE"))


BESIDE_MEASURE: Mapping[str, tuple[Column, ...]] = {
    "points": (SURVEYED,),
    "share_of_points": (POINTS, SURVEYED),
    "cells": (Column("mapped", "mapped"),),
}
"""Measure → what stands beside it: what was looked at, and how many were found there."""
PLURAL_WHICH = frozenset({"quels", "quelles"})
"""Where a noun has one form for one and several ("pays"), the word for "which" tells."""


def before_and_after(measure: str, pair: tuple[int, int], own: tuple[Filter, ...] = ()) -> tuple[Column, ...]:
    """Return a measure in two years, with filters of its own, and its change from the first to the second."""
    sides = zip(("before", "after"), pair, strict=True)
    dated = (Column(name, measure, (*own, Filter("year", "in", (year,)))) for name, year in sides)
    return (*dated, Column("change", "", (), Expression("difference", "after", "before")))


OPPOSITE: Mapping[Sign, Sign] = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


def opposite(limit: Condition) -> Condition:
    """Return the condition on a loss as one on a change: "shrank by more than 3" is below -3."""
    return replace(limit, sign=OPPOSITE.get(limit.sign, limit.sign), value=-limit.value)


def of_the_whole(measure: str, part: tuple[Filter, ...], whole: tuple[Filter, ...]) -> tuple[Column, ...]:
    """Return a measure of a part and of a whole, by filters of their own, and the one as a percentage of the other."""
    sides = (Column("part", measure, part), Column("whole", measure, whole))
    return (*sides, Column("share_of", "", (), Expression("percent", "part", "whole")))


def in_proportion(change: Query) -> Query:
    """Return a change between two years as the later figure's ratio to the earlier, ranked by it."""
    columns = (*change.columns, Column("ratio", "", (), Expression("ratio", "after", "before")))
    order = tuple(replace(one, column="ratio") if one.column == "change" else one for one in change.order)
    return replace(change, columns=columns, order=order)


def queries(
    reading: Reading, context: Context, selection: Sequence[str] = (), settled: Mapping[str, Any] | None = None
) -> tuple[Query, ...]:
    """Return the typed queries a reading comes to, the one that answers last; a second witness is not among them.

    Args:
        reading: a question's constraints.
        context: the world it is asked of.
        selection: ids of the areas that "here" means.
        settled: words → the region id or class codes that the asker chose among several.

    Raises:
        Unfit: no query is made of these constraints.
        AmbiguousRegion, AmbiguousClass: a name is several things.
    """
    return Constraints(reading, context, selection, settled or {}).queries()


class Constraints(Named):
    """The query that the constraints of one reading make."""

    # --- the shapes ---

    def queries(self) -> tuple[Query, ...]:
        """Return the queries."""
        has = self.reading.has
        self.refuse_one_class_twice()
        if has("POSITION") and not has("NEAREST"):
            raise Unfit("a single position")
        if set(self.classes) & {*self.less} and not self.no_longer():
            raise Unfit("a class without itself")
        if self.denies_what_is_not_there():
            raise Unfit("a class without what it holds nothing of")
        if self.source == "published" and not self.classes and not self.less and (self.level or not self.places):
            raise Unfit("a share of what?")
        if has("NTH") and has("CLASSES") and not (self.level or self.classes):
            return (self.by_class(self.reading.all("CLASSES")[0]),)
        asked = has("HAVING", "COUNT", "CHANGE", "UP", "DOWN", "DIFF", "TREND", "STAT", "SUP", "RANK", "LOST", "GAINED")
        if self.source == "published" and not (self.classes or self.less or self.splits("classes") or has("RANKCLASS")):
            amount = self.asks & {"how_much", "how_many", "where"} and not has("CLASSES")
            if asked or amount or not self.places or len(set(self.years())) > 1:
                raise Unfit("a share of what?")
            return (self.by_class("land_cover"),)
        if has("STAT") and not self.of_height() and not self.level:
            raise Unfit("a mean over what?")
        if has("TREND") and not self.changes() and not self.level and len(self.places) > 1:
            raise Unfit("years of several places")
        bare = not (self.classes or self.less or self.level or self.years() or self.other_filters())
        bare = bare and not has("NOTYEAR", "NOTPLACE") and not reading_splits(self.reading)
        if self.source == "survey" and bare and "points" in self.measures:
            every = Query("survey", (SURVEYED,), self.place_filters())
            return (*([every] if has("TOGETHER") else []), replace(every, rows=(Group("year"),)))
        uses_only = bool(self.classes) and all(k.theme == "land_use" for k in self.classes) and bool(self.places)
        amount = "how_much" in self.asks or self.measures & {"area", "ha"}
        if uses_only and amount and self.source == "survey" and not (self.says_points or self.other_filters()):
            raise NotPublished("+".join(self.classes[0].codes), self.places[0].name, None, ())
        if steps := self.two_steps():
            return steps
        if has("AROUND", "ORIGIN"):
            raise Unfit("around the end of what, from what?")
        if has("OTHERSIDE"):
            raise Unfit("the other side of what?")
        if has("REVERSE"):
            raise Unfit("the other way of what?")
        if has("TWICE") and self.source != "revisits":
            raise Unfit("only points visited in both years")
        if has("NEAREST"):
            return (self.nearest(),)
        if bands := self.in_bands():
            return (bands,)
        both_ways = sum(has(t) for t in ("LOST", "GAINED", "STAYED")) > 1
        if self.classes and not self.level and not has("FATE", "FATESPLIT", "DIFF", "NOTCLASS"):
            sided = self.asks_yes_or_no() and bool(sided_words(self.reading))
            moved = self.source == "survey" and self.changes() and not (self.other_filters() or sided)
            if (self.source == "revisits" and both_ways) or (moved and not has("BECAME")):
                return tuple(self.revisited())
        if self.source == "revisits":
            return (self.fate() if self.classes or self.less or has("FATE", "FATESPLIT") else self.transitions(),)
        if has("CHANGE") and has("CLASSES", "RANKCLASS") and not self.classes:
            return (self.transitions(),)
        if (has("END") or has("ENDOF")) and not has("STAT"):
            return self.at_the_ends()
        if has("RANKCLASS") and not self.level and not self.classes_beside_others():
            return (self.by_class(self.reading.all("RANKCLASS")[0][2]),)
        if which := self.which_of():
            return (self.within_class(*which),)
        if has("EACHONE"):
            return (self.one_for_each(),)
        if whole := self.part_of_whole():
            return (whole,)
        if has("UP", "DOWN") and self.has_two_sides() and not self.dated() and not has("DIFF"):
            return (self.compared(verdict=self.asks_yes_or_no()),)
        if one := self.one_of_two():
            return (one,)
        if has("DIFF") and self.of_height() and len(self.classes) == 2:
            return (self.compared(self.reading.all("DIFF")[0]),)
        if self.of_height() and not has("HAVING", "COUNT", "COUNTED"):
            return (self.of_elevation(),)
        if has("MORETHAN") and not has("DIFF"):
            return (self.by_place(),)
        if has("DIFF"):
            return tuple(self.compared(op) for op in dict.fromkeys(self.reading.all("DIFF")))
        if has("RELATIVE") and (not self.changes() or has("DIFF")):
            raise Unfit("in proportion to what?")
        if (themes := self.splits("classes")) and self.pair() and has("UP", "DOWN", "CHANGE") and not self.level:
            return (self.classes_that_moved(themes[0][1]),)
        if self.move_apart():
            return self.of_each_class(self.changed)
        if self.changes():
            absolute = (self.changed(),) if not has("RELATIVE") or {"ha", "area"} & self.measures else ()
            return (*absolute, in_proportion(self.changed())) if has("RELATIVE") else absolute
        if "when" in self.asks and has("SUP"):
            return (self.by_year(),)
        if self.is_one_total():
            self.level = ""
            return tuple(self.each_number())
        said = [i for i in self.within("RANK", "SUP", "FIRST") if i.type == "SUP"]
        runs_into = {i for i in said for o in said if lies_in(i, o) or i.start < o.start < i.end < o.end}
        ends = dict.fromkeys(i.value for i in said if i not in runs_into)  # "la plus petite"
        if len(ends) > 1 and self.level and len(self.classes) == 1:
            one, many = self.by_place(), [*(n for n, _ in self.reading.all("MANY")), *self.reading.all("FIRST"), 1]
            return tuple(replace(one, order=(replace(one.order[0], way=way),), limit=many[0]) for way in ends)
        if self.level or has("NONE"):
            return (self.by_place(),)
        if self.splits("month") or has("BYMONTH"):
            return (self.table((Group("month"),)),)
        if themes := self.splits("classes"):
            return (self.by_class(themes[0][1]),)
        if has("NEAR") and "crops" in self.reading.all("CLASSES") and not has("CLASS"):
            return (self.by_class("crops"),)  # "what is grown near Pécs"
        if has("EACHCLASS"):
            return (self.each_class(),)
        if len({k.codes for k in self.classes}) > 1 and len(self.places) > 1 and "compare" in self.asks:
            return self.of_each_class(self.each_place)
        if self.classes_beside_others():
            return (self.each_class(),)
        if len(self.years()) > 1 and len(self.places) < 2:
            return (self.by_year(),)
        if "where" in self.asks and not self.sided() and not has("RANKED"):
            return (self.listed(),)
        if has("SUP") and len(self.places) < 2 and not {"where", "is"} & self.asks:
            raise Unfit("the most of what?")
        pooled = has("TOGETHER") and len(self.classes) < 2  # else the classes are, "one figure for each of the three"
        apart = len(self.places) > 1 and "each" in self.reading.all("EACH") and not pooled
        if apart or self.sided() or (len(self.places) > 1 and self.source == "published" and not has("TOGETHER")):
            return (self.each_place(),)
        if self.shows_points():
            return (self.listed(),)
        return tuple(self.each_number())

    def of_each_class(self, query: Callable[[], Query]) -> tuple[Query, ...]:
        """What is asked of several classes, of each on its own."""
        found = []
        for k in tuple(self.classes):
            self.classes = [k]
            found.append(query())
        return tuple(found)

    def each_number(self) -> Iterator[Query]:
        """A number; of several classes one each, and of points of several places, unless they are taken together."""
        counted, sized = (
            {"how_many"} & self.asks,
            {"how_many", "how_much"} & self.asks or {"area", "ha"} & self.measures,
        )
        asked = {"survey": counted, "published": sized if "share" not in self.measures else set()}.get(self.source)
        apart = bool(asked) and not self.reading.has("TOGETHER", "HAVING")
        classes = [[k] for k in self.classes] if apart and len({k.theme for k in self.classes}) == 1 else [self.classes]
        order = "".join(i.type[0] for i in self.reading.items if i.type in ("CLASS", "PLACE"))
        if len(classes) > 1 and len(self.places) > 1 and order in ("CPCP", "PCPC", "CPCPCP", "PCPCPC"):
            raise Unfit("each class in its own place")
        places = [[r] for r in self.places] if apart and self.places else [self.places]
        for self.classes, self.places in product(classes, places):
            yield self.one_number()

    def revisited(self) -> Iterator[Query]:
        """What the points visited in both years gained, lost and kept of a class, of each place."""
        years = self.context.store.years()
        if len(years) < 2 or self.less or self.other_filters():
            raise Unfit("one survey")
        first, last = self.pair() or (years[-2], years[-1])
        given = {k.theme: k.codes for k in self.classes} | {"year_from": first, "year_to": last}
        for regions in [(r.id,) for r in self.places] or [()]:
            if (query := query_of("compare_years", {**given, "regions": regions})) is not None:
                yield query

    def shows_points(self) -> bool:
        """Whether points of a class are to be seen: nothing is counted, measured or compared."""
        counted = self.reading.has("HAVING", "COUNT", "COUNTED", "SUP", "RANKED", "UNSURE", "TOGETHER", "CV")
        amounts = self.asks & {"how_many", "how_much", "compare", "when"} or self.measures - {"points"}
        return self.source == "survey" and bool(self.classes or self.less) and not (counted or amounts)

    def two_steps(self) -> tuple[Query, ...] | None:
        """Those that are first in one thing, asked about another: "the region with most vines: how much woodland"."""
        order = [i for i in self.reading.items if i.type in ("RANK", "SUP", "CLASS", "ASK", "LEVEL", "CLASSES")]
        ranks = [i for i in order if i.type == "RANK"] or [i for i in order if i.type == "SUP"]
        asked = [i for i in order if i.type == "CLASS"]
        if among := self.among():
            return among
        if not self.level or not ranks or self.reading.has("DIFF", "MORETHAN", "HAVING") or "compare" in self.asks:
            return None
        first = next((c for c in asked if c.start >= ranks[0].end), None)
        rest = [c for c in asked if c is not first]
        of_classes = self.reading.has("CLASSES") and len(asked) == 1
        if first is None or not (len(rest) == 1 or of_classes):
            return None
        if rest and self.codes(rest[0].value) == self.codes(first.value):
            return None
        between = [i for i in order if i.type == "ASK" and i.value != "show" and i.start > ranks[0].start]
        sups = [i for i in order if i.type in ("RANK", "SUP")]
        if not between and len(sups) < 2 and not asked_of_the_first(order, ranks[0]):
            return None
        all_classes, self.classes = self.classes, [self.codes(first.value)]
        many = next((n for n, _ in self.reading.all("MANY")), None)
        number = (ranks[0].value[1] if ranks[0].type == "RANK" else None) or many or 1
        way = ranks[0].value[0] if ranks[0].type == "RANK" else ranks[0].value
        columns = self.columns()
        ranking = Query(self.source, columns, self.base(), (Group("region", self.level),),
                        order=(Order(columns[0].name, way),), limit=number)  # fmt: skip
        self.classes = [self.codes(rest[0].value)] if rest else []
        found = tuple(r.id for r in answer(ranking, self.context).regions)
        dated = (Filter("year", "in", (self.year(),)),)
        if of_classes:
            each = (Query(self.source, columns, (Filter("region", "in", (id,)), *dated), (Group("land_cover", "1"),),
                          order=(Order(columns[0].name),), limit=1) for id in found)  # fmt: skip
            return (ranking, *each)
        if rest and self.changes() and self.reading.has("SPAN", "SINCEYEAR"):
            self.places, self.level = [self.context.named(id) for id in found], ""
            return ranking, self.changed()
        self.classes, then = all_classes, self.class_filters(self.classes)
        rows = (Group("region", self.level),)
        inside = Filter("region", "in", Ref(1))
        if (asked_last := self.asked_behind(first, rest)) is not None:
            kept = tuple(f for f in asked_last.where if f.dimension != "region")
            return ranking, replace(asked_last, where=(inside, *kept))
        return ranking, Query(self.source, columns, (inside, *dated, *then), rows, order=(Order(columns[0].name),))

    def asked_behind(self, first: Item, rest: Sequence[Item]) -> Query | None:
        """The ranking that is asked for of those first in one thing: "among the five …, which has least woodland"."""
        asked = [i.start for i in self.reading.items if i.type == "ASK" and i.start >= first.end]
        later = tuple(i for i in self.reading.items if asked and i.start >= asked[0])
        if not rest or rest[0] not in later or not any(i.type == "SUP" for i in later):
            return None
        dated = tuple(i for i in self.reading.items if i.type in ("YEAR", "LATEST", "EARLIEST") and i not in later)
        level = Item(first.start, first.start, "LEVEL", self.level)
        own = replace(self.reading, items=(level, *dated, *later))
        asked_of = Constraints(own, self.context, self.selection, self.settled)
        if self.source == "survey" and not own.has("MEASURE", "WITNESS"):
            asked_of.source = "survey"  # those with most points of one class, and of another
        return asked_of.by_place()

    def in_bands(self) -> Query | None:
        """A count for each of several ranges that exclude one another: below 500 m, 500 to 1000 m, above 1000 m."""
        limits = self.reading.all("LIMIT")
        if len(limits) < 2 or len({f.dimension for f in limits}) > 1 or not apart(limits):
            return None
        name, base = self.measure(), (*self.place_filters(), *self.dated_filter(), *self.class_filters())
        rest = tuple(f for f in self.other_filters() if f not in limits)
        columns = [Column(f"band_{n}", name, (band,)) for n, band in enumerate(limits, 1)]
        rows = (Group("region", self.level),) if self.level else ()
        order = (Order(columns[0].name),) if rows else ()
        return Query(self.source, tuple(columns), (*base, *rest), rows, order=order)

    def dated_filter(self) -> tuple[Filter, ...]:
        """The one year."""
        return (Filter("year", "in", (self.year(),)),)

    def nearest(self) -> Query:
        """The point nearest to a place, or farthest from it."""
        named = self.reading.all("PLACE", "POSITION")
        towns = [a for a in named if is_town(a)]
        around = [a for a in named if a not in towns] if len(towns) == 1 else []
        spots = [self.spot(a) for a in named if a not in around]
        if len(spots) != 1 or self.level or self.reading.has("NEAR", "HERE"):
            raise Unfit("nearest to what?")
        way = self.reading.all("NEAREST")[0]
        self.source, self.places = "survey", [self.region(a) for a in around]
        circle = Filter("position", "near", (*spots[0].lonlat, MOST_KM, spots[0].name))
        return Query("survey", (), (*self.base(), circle), (Group("point"),), order=(Order("km", way),), limit=1)

    def which_of(self) -> tuple[int | None, Classes] | None:
        """The class whose parts are ranked, and how many of them: "which two cereals are most common"."""
        if self.level or not self.reading.has("SUP", "RANKED", "NTH"):
            return None
        if numbered := self.reading.all("NUMCLASS"):
            return numbered[0][0], self.codes(numbered[0][1])
        items = self.reading.items
        asked = [b.value for a, b in pairwise(items) if a.type == "ASK" and a.value == "which" and b.type == "CLASS"]
        asked += [b.value for a, b in pairwise(items) if a.type == "NTH" and b.type == "CLASS"]
        ends = [n for n, i in enumerate(items[:-1]) if i.type == "SUP" and items[n + 1].type == "CLASS" and n]
        before = {n: items[n - 1] for n in ends}  # "what are the most common cereals", "the two most common cereals"
        asked += [items[n + 1].value for n, i in before.items() if (i.type, i.value) == ("ASK", "what")]
        both = [b.value for a, b in pairwise(items) if a.type == "BOTH" and b.type == "CLASS"]
        both += [items[n + 1].value for n, i in before.items() if i.type == "BOTH"]
        number = 2 if both and not asked else None
        asked = asked or both
        return (number, self.codes(asked[0])) if len(asked) == 1 and is_general(asked[0]) else None

    def within_class(self, number: int | None, whole: Classes) -> Query:
        """The classes that one is made of, ranked."""
        if len(self.classes) > 1:
            raise Unfit("parts of which class?")
        main = [code for code in whole.codes if code.endswith("00")]
        nth = self.reading.all("NTH")
        crops = "crops" in self.reading.all("CLASSES") or (nth and whole.codes == ("B00",))
        level = "2" if len(main) == len(whole.codes) and not crops else "3"
        query = self.table((Group(whole.theme, level),))
        way, place = nth[0] if nth else (next(iter(self.reading.all("SUP")), "most"), None)
        query = replace(query, order=(Order(query.columns[0].name, way),), limit=place or number or FEW_ROWS)
        return self.led_by_the_nth(query, whole.theme) if nth else query

    def one_for_each(self) -> Query:
        """How many of one class there are for each of another: "how many maize points per wheat point"."""
        each = [self.codes(c) for c in self.reading.all("EACHONE")]
        leading = [i.type for i in self.reading.items if i.type in ("EACHONE", "CLASS")][:1] == ["EACHONE"]
        if len(each) != 1 or len(self.classes) != 1 or self.level:
            raise Unfit("of what for each of what?")
        both = (
            (each[0], self.classes[0]) if leading else (self.classes[0], each[0])
        )  # "by what factor do barley points"
        sides = zip("ab", both, strict=True)
        columns = [Column(n, self.measure(), self.class_filters([k])) for n, k in sides]
        columns.append(Column("ratio", "", (), Expression("ratio", "a", "b")))
        return Query(self.source, tuple(columns), (*self.place_filters(), *self.dated_filter(), *self.other_filters()))

    def is_one_total(self) -> bool:
        """Whether points of all places of a level are counted together: "across all countries, how many points"."""
        rows = self.reading.has(
            "SPLIT", "SPLITIN", "INSIDE", "RANK", "RANKNTH", "NTH", "SUP", "RANKED", "MANY", "NONE", "BYMONTH"
        ) or (len(self.places) > 1 and "each" in self.reading.all("EACH") and not self.reading.has("TOGETHER"))
        kept = self.reading.has("HAVING", "COUNT", "COUNTED", "STAT")
        sided = ("compare" in self.asks and len(self.places) > 1) or "which" in self.asks
        return "how_many" in self.asks and "points" in self.measures and not rows and not kept and not sided

    def dated(self) -> bool:
        """Whether a change over time is spoken of: a span, two years, a trend."""
        return self.reading.has("SPAN", "SINCEYEAR", "TREND", "CHANGE") or len(self.years()) > 1

    def part_of_whole(self) -> Query | None:
        """A class as a share of another, a place's part of the whole it lies in."""
        if not self.asks_part() or self.reading.has("HAVING", "DIFF"):
            return None
        classes = list(dict.fromkeys(self.classes))
        name = "points" if self.source == "survey" else "km2" if len(self.places) == 2 and len(classes) < 2 else "share"
        if under := self.under_a_condition():
            own, shared = [under, ()], (*self.place_filters(), *self.class_filters())
            columns = of_the_whole(name, *own)
            rows = (Group("region", self.level),) if self.level else ()
            order = (Order("share_of"),) if rows else ()
            return Query(self.source, tuple(columns), (*shared, *self.dated_filter()), rows, order=order)
        if self.source == "survey" and len(self.places) == 1 and lies_there(self.reading):
            own = [(Filter("region", "in", (self.places[0].id,)),), (Filter("region", "in", (EVERYWHERE,)),)]
            shared = self.class_filters()
        elif self.source == "survey" and len(self.classes) == 1 and self.in_one_pool() and not self.level:
            return Query("survey", (POINTS, SURVEYED, OF_SURVEYED), self.base())
        elif len(self.places) == 2 and len(self.classes) == 1 and not self.level:
            beside = "compare" in self.asks or self.reading.has("UP", "DOWN")  # "below the EU average"
            inner, outer = (None if beside else self.nested(*self.places)) or (None, None)
            if not inner or not outer:
                return None
            own = [(Filter("region", "in", (r.id,)),) for r in (inner, outer)]
            shared = self.class_filters()
        elif len(classes) == 2 and "compare" not in self.asks and not self.joined():
            inside = self.inside_of(*classes)
            if inside is None:
                return None
            part, whole = inside
            both = [part] if part.theme == whole.theme else [part, whole]
            own = [self.class_filters(both), self.class_filters([whole])]
            shared = self.place_filters() if len(self.places) < 2 else ()
        else:
            return None
        columns = of_the_whole(name, *own)
        dated = (Filter("year", "in", (self.year(),)),)
        rows = (Group("region", self.level),) if self.level else ()
        if not rows and len(classes) == 2 and len(self.places) > 1:
            rows = (Group("region", members=tuple((r.id,) for r in self.places)),)
        order = (Order("share_of"),) if rows else ()
        return Query(self.source, tuple(columns), (*shared, *dated, *self.other_filters()), rows, order=order)

    def in_one_pool(self) -> bool:
        """Whether one place is named, or several that are taken together."""
        inside = any(self.nested(one, other) for one, other in pairwise(self.places))
        return len(self.places) < 2 or (self.reading.has("TOGETHER") and not inside)

    def asks_part(self) -> bool:
        """Whether a part of something is asked: a share, or "how much" of a class or place that holds the other."""
        if not (self.classes or self.less):
            return False
        if "share" in self.measures:
            return True
        if "how_much" not in self.asks or self.reading.has("UP", "DOWN", "MORETHAN", "AND"):
            return False
        held = [self.nested(*self.places) is not None] if len(self.places) == 2 and len(self.classes) == 1 else []
        classes = list(dict.fromkeys(self.classes))
        held += [self.inside_of(*classes) is not None] if len(classes) == 2 and not self.joined() else []
        return any(held)

    def under_a_condition(self) -> tuple[Filter, ...]:
        """What part of a class's points is asked for, where it stands behind the class: "of vineyard points, what share
        lies above 500 m"; not "what share of the points above 500 m"."""
        named = [i for i in self.reading.items if i.type == "CLASS"]
        limits = [i for i in self.reading.items if i.type in ("LIMIT", "NEAR", "MONTHS")]
        pooled = len(named) == 1 or self.reading.has("TOGETHER") or self.joined()
        if self.source != "survey" or not named or not pooled or not limits or len(self.places) > 1:
            return ()
        return self.other_filters() if named[-1].end <= min(i.start for i in limits) else ()

    def joined(self) -> bool:
        """Whether "and" stands between the two classes: they are one pool."""
        named = [i for i in self.reading.items if i.type == "CLASS"]
        between_ = range(named[0].end, named[-1].start) if len(named) == 2 else range(0)
        return any(i.type == "AND" and i.start in between_ for i in self.reading.said.items) and len(between_) < 3

    def nested(self, one: Region, other: Region) -> tuple[Region, Region] | None:
        """The smaller and the larger of two places, where one lies in the other."""
        for inner, outer in ((one, other), (other, one)):
            if outer.level == "group" and inner.id in self.context.gazetteer.members(outer.id):
                return inner, outer
            if outer.id == EVERYWHERE and inner.id != outer.id:
                return inner, outer
            above = self.context.gazetteer.containing(inner.id, outer.level)
            if above and above.id == outer.id and inner.id != outer.id:
                return inner, outer
        return None

    def holds(self, outer: Region, inner: Region) -> bool:
        """Whether a place lies in another."""
        found = self.nested(inner, outer)
        return found is not None and found[1].id == outer.id

    def inside_of(self, one: Classes, other: Classes) -> tuple[Classes, Classes] | None:
        """The part and the whole of two classes: the child and its parent; of a cover and a use the first is whole."""
        leaves = self.context.nomenclature.leaves
        if one.theme != other.theme:
            return (other, one) if self.source == "survey" else None
        first, second = {*leaves(one.codes)}, {*leaves(other.codes)}
        if first < second:
            return one, other
        return (other, one) if second < first else None

    def among(self) -> tuple[Query, ...] | None:
        """Those that meet a condition on one class, ranked by another: "among countries with over 30 % cropland"."""
        limits = [i for i in self.reading.items if i.type == "HAVING"]
        named = [i for i in self.reading.items if i.type == "CLASS"]
        ranks = [i for i in self.reading.items if i.type in ("SUP", "RANK")]
        if not (self.level and len(limits) == 1 and len(named) == 2 and ranks):
            return None
        near = min(named, key=lambda c: abs(c.start - limits[0].start))
        if abs(near.start - ranks[0].start) < abs(named[named[0] is near].start - ranks[0].start):
            return None
        rows, dated = (Group("region", self.level),), (Filter("year", "in", (self.year(),)),)
        self.classes = [self.codes(near.value)]
        columns = self.columns()
        first = Query(self.source, columns, self.base(), rows, self.conditions(), (Order(columns[0].name),))
        self.classes = [self.codes(next(c for c in named if c is not near).value)]
        order, limit = self.ranking(columns[0].name) or (Order(columns[0].name), FEW_ROWS)
        inside = (Filter("region", "in", Ref(1)), *dated, *self.class_filters())
        return first, Query(self.source, columns, inside, rows, order=(order,), limit=limit)

    def by_year(self) -> Query:
        """Rows by year, of the years named; ranked where the year of most or least is asked."""
        if "when" in self.asks and self.reading.has("SUP"):
            union = (Filter("region", "in", ("group:EU",)),) if self.source == "published" else ()
            where = (*(self.place_filters() or union), *self.class_filters(), *self.other_filters())
            columns = self.columns()
            order = (Order(columns[0].name, self.reading.all("SUP")[0]),)
            return Query(self.source, columns, where, (Group("year"),), order=order)
        dated = (Filter("year", "in", self.years()),)
        places = self.place_filters() or (
            (Filter("region", "in", ("group:EU",)),) if self.source == "published" else ()
        )
        where = (*places, *dated, *self.class_filters(), *self.other_filters())
        return Query(self.source, self.columns(), where, (Group("year"),))

    def each_place(self) -> Query:
        """Rows of named places."""
        rows = (Group("region", members=tuple((r.id,) for r in self.places)),)
        where = (Filter("year", "in", (self.year(),)), *self.class_filters(), *self.other_filters())
        return Query(self.source, self.columns(), where, rows, order=(Order(self.columns()[0].name),))

    def one_of_two(self) -> Query | None:
        """Rows of two places that "or" stands between, the one with more first, with the margin."""
        has, named = self.reading.has, self.reading.all("PLACE")
        if len(named) != 2 or len(self.places) != 2 or len(self.classes) != 1 or self.level or self.dated():
            return None
        more = has("SUP", "UP", "DOWN", "MORE") or "difference" in self.reading.all("DIFF")
        if not self.either("PLACE") or not more or self.less or self.of_height() or "ratio" in self.reading.all("DIFF"):
            return None
        if has("HAVING", "COUNT", "COUNTED", "STAT", "END", "ENDOF", "RANKCLASS", "CLASSES", "FATE", "LOST", "GAINED"):
            return None
        rows = self.each_place()
        less = has("DOWN") or "fewest" in self.reading.all("SUP")
        return replace(rows, order=(replace(rows.order[0], way="fewest" if less else "most"),))

    def changes(self) -> bool:
        """Whether a change between two years is asked for."""
        dated = self.reading.has("SPAN", "SINCEYEAR")
        moved = self.reading.has("CHANGE", "LOST", "GAINED") or (self.reading.has("TREND") and dated)
        if moved or (self.reading.has("UP", "DOWN") and len(self.classes) < 2):
            return self.pair() is not None
        return False

    def move_apart(self) -> bool:
        """Whether a change over a span is asked of several classes, each on its own: "did cropland shrink and woodland
        grow"."""
        several = self.source == "published" and len({k.codes for k in self.classes}) > 1 and not self.level
        over = self.changes() or (self.reading.has("SPAN", "SINCEYEAR") and self.reading.has("UP", "DOWN"))
        return several and over and self.pair() is not None and not self.reading.has("TOGETHER", "RELATIVE")

    def classes_beside_others(self) -> bool:
        """Whether several classes are to be told apart: compared, or "or"."""
        rivals = (self.reading.has("SUP", "RANKCLASS") or self.either("CLASS")) and len(self.places) < 2
        rivals = rivals and "where" not in self.asks and not self.reading.has("DIFF")
        return len(self.classes) > 1 and len(self.places) < 2 and ("compare" in self.asks or rivals)

    def measure(self) -> str:
        """The measure of the source."""
        if self.source == "predictions":
            return "cells"
        if self.source not in AREAL:
            return "share_of_points" if self.source == "survey" and self.of_share() else "points"
        if "cv" in self.measures and self.ranks_by_cv():
            return "cv"
        units = [UNIT_MEASURE[u] for _, _, u in self.reading.all("HAVING") if u in UNIT_MEASURE]
        if units:
            return units[0]
        if "ha" in self.measures:
            return "ha"
        if not (self.classes or self.less or any(i.type == "UNIT" for i in self.reading.said.items)):
            return "share"  # "what is it made of, by area"
        unit = {i.value for i in self.reading.said.items if i.type == "UNIT"} & {"km2", "%", "pp"}
        in_km2 = unit == {"km2"} or "share" not in self.measures
        return "km2" if "area" in self.measures and in_km2 else "share"

    def of_share(self) -> bool:
        """Whether a share of what was looked at is asked for, or is what rows must meet."""
        units = {unit for _, _, unit in self.reading.all("HAVING")}
        return "%" in units if units else "share" in self.measures

    def ranks_by_cv(self) -> bool:
        """Whether rows are ranked or kept by the coefficient of variation; else it stands beside the figure."""
        return self.reading.has("SUP", "RANK", "HAVING", "NTH", "RANKNTH", "STAT") or not (
            {"share", "area", "ha"} & self.measures or "how_much" in self.asks
        )

    def base(self, *, year: bool = True) -> tuple[Filter, ...]:
        """All filters of the question."""
        dated = (Filter("year", "in", (self.year(),)),) if year else ()
        places = self.place_filters()
        if self.source == "published" and not places and not self.level:
            places = (Filter("region", "in", ("group:EU",)),)
        return (*places, *dated, *self.class_filters(), *self.other_filters())

    def columns(self) -> tuple[Column, ...]:
        """The measure, and beside points what was looked at."""
        name = self.measure()
        looked = BESIDE_MEASURE.get(name, ())
        looked = (Column("cv", "cv"),) if "cv" in self.measures and name != "cv" else looked
        return (Column(name, name), *looked)

    def one_number(self) -> Query:
        """No rows."""
        if self.reading.has("HAVING", "COUNT", "COUNTED"):
            return replace(Query(self.source, self.columns(), self.base()), having=self.conditions())
        return Query(self.source, self.columns(), self.base())

    def table(self, rows: tuple[Group, ...]) -> Query:
        """One row a member."""
        return Query(self.source, self.columns(), self.base(), rows)

    def conditions(self) -> tuple[Condition, ...]:
        """What rows must meet."""
        found: list[Condition] = []
        every = [*self.reading.all("HAVING", "COUNT", "BARE"), *(c for c, _ in self.reading.all("COUNTED"))]
        for sign, number, unit in every:
            column = "points" if unit in ("points", "") else "change" if unit == "pp" else self.measure()
            if sign == "between":
                found += [Condition(column, ">=", number[0]), Condition(column, "<=", number[1])]
            else:
                found.append(Condition(column, sign, number))
        return tuple(found)

    def by_place(self) -> Query:
        """Rows by a level of places: counted, ranked, kept by a condition, or how many there are."""
        if more := self.reading.all("MORETHAN"):
            return self.more_than(*more[0])
        none = self.reading.all("NONE")
        self.classes += [self.codes(k) for _, k in none] if not self.classes else []
        if (self.less and not self.less_is_part()) or self.both_there():
            return self.with_and_without()
        columns, conditions = self.columns(), self.conditions()
        if none and len(none) == 1 and len(self.classes) > 1:
            raise Unfit("with and without")
        if none:
            conditions = (Condition(columns[0].name, "=", 0),)
        first = self.reading.has("RANKED", "RANK") or (self.reading.has("SUP") and self.asks_yes_or_no())
        asked = [r for r in self.places if r.level == self.level and first]
        if len(asked) > 1 and not conditions and not none:
            return self.each_place()
        self.places = [r for r in self.places if r not in asked]
        query = Query(self.source, columns, self.base(), (Group("region", self.level),), conditions)
        if len(asked) == 1 and not conditions:
            order = Order(columns[0].name, (self.reading.all("SUP") or ["most"])[0])
            return replace(query, order=(order,), lead=asked[0].id)
        ranked = self.ranking(columns[0].name)
        if ranked:
            query = replace(query, order=(ranked[0],), limit=ranked[1])
            if self.reading.has("NTH", "RANKNTH"):
                found = answer(query, self.context).regions
                return replace(query, limit=None, lead=found[-1].id) if found else query
        elif not none:
            query = replace(query, order=(Order(columns[0].name),))
        if not conditions and "where" not in self.asks and self.asks & {"which"} and not ranked:
            query = replace(query, having=(Condition(columns[0].name, ">", 0),))
        if self.reading.has("STAT"):
            return replace(query, order=(), limit=None, fold=Fold(self.reading.all("STAT")[0], columns[0].name))
        if "how_many" in self.asks and (conditions or none):
            return replace(query, order=())
        return query

    def less_is_part(self) -> bool:
        """Whether every class left out lies in one asked for."""
        leaves = self.context.nomenclature.leaves
        whole = {c for k in self.classes for c in leaves(k.codes)} or None
        return whole is None or all({*leaves(k.codes)} <= whole for k in self.less)

    def both_there(self) -> bool:
        """Whether each of several classes must be there: "which countries have olives and rice"."""
        counted = self.reading.has("SUP", "RANK", "RANKED", "NTH", "RANKNTH", "HAVING", "COUNT", "COUNTED", "TOGETHER")
        asked = "which" in self.asks or self.reading.has("BOTH")
        return len(self.classes) > 1 and asked and not counted and not self.reading.has("NONE")

    def with_and_without(self) -> Query:
        """Rows that have some classes and lack others."""
        name = self.measure()
        less, self.less = self.less, []
        wanted = [Column(f"with_{n}", name, self.class_filters([k])) for n, k in enumerate(self.classes, 1)]
        lacking = [Column(f"without_{n}", name, self.class_filters([k])) for n, k in enumerate(less, 1)]
        having = [Condition(c.name, ">", 0) for c in wanted] + [Condition(c.name, "=", 0) for c in lacking]
        if self.source == "published" and lacking:
            self.source, name = "survey", "points"
            wanted = [replace(c, measure=name) for c in wanted]
            lacking = [replace(c, measure=name) for c in lacking]
        where = (*self.place_filters(), Filter("year", "in", (self.year(),)), *self.other_filters())
        rows = (Group("region", self.level),)
        order = (Order(wanted[0].name),) if wanted else ()
        return Query(self.source, (*wanted, *lacking), where, rows, tuple(having), order)

    def more_than(self, one: Cover, sign: Sign, other: Cover) -> Query:
        """Rows where there is more of one class than of another."""
        name = self.measure()
        sides = [Column(n, name, self.class_filters([self.codes(c)])) for n, c in (("a", one), ("b", other))]
        columns = (*sides, Column("difference", "", (), Expression("difference", "a", "b")))
        where = (*self.place_filters(), Filter("year", "in", (self.year(),)), *self.other_filters())
        having = (Condition("difference", sign, 0),)
        rows = (Group("region", self.level),) if self.level else ()
        way = "most" if sign == ">" else "fewest"
        order = (Order("difference", way),) if rows and "how_many" not in self.asks else ()
        return Query(self.source, columns, where, rows, having, order)

    def ranking(self, column: str) -> tuple[Order, int | None] | None:
        """The order and how many rows are wanted."""
        if ranks := self.reading.all("RANKCLASS"):
            return Order(column, ranks[0][0]), ranks[0][1] or FEW_ROWS
        if ranks := self.reading.all("RANK"):
            way, number, _, _ = ranks[0]
            whole = any(i.type == "RANKED" for i in self.within("RANK"))  # a ranking is of all
            first = next(iter(self.reading.all("FIRST")), None)
            number = number or first or (1 if self.asks_for_one() else FULL_TABLE if whole else FEW_ROWS)
            return Order(column, way), number
        if nth := self.reading.all("RANKNTH", "NTH"):
            return Order(column, nth[0][0]), nth[0][1]
        many = [*(n for n, _ in self.reading.all("MANY")), *self.reading.all("FIRST")]
        if sups := self.reading.all("SUP"):
            return Order(column, sups[0]), (many or [FEW_ROWS])[0]
        first = self.reading.has("FIRST", "LOST", "GAINED", "UP", "DOWN")
        return (Order(column), many[0]) if many and first else None

    def within(self, *types: str) -> list[Item]:
        """Everything said in the words of constraints of these types."""
        spans = [(i.start, i.end) for i in self.reading.items if i.type in types]
        return [i for i in self.reading.said.items if any(s <= i.start and i.end <= e for s, e in spans)]

    def asks_for_one(self) -> bool:
        """Whether the one place that is first is asked for: "which country has most", not "which countries"."""
        one = any(i.type == "ONELEVEL" for i in self.within("RANK"))
        several = {flatten(self.reading.said.words(i)) for i in self.reading.items if i.type == "ASK"} & PLURAL_WHICH
        return one and not several and "which" in self.asks and not self.reading.composed and not self.changes()

    def by_class(self, theme: str) -> Query:
        """Rows by class."""
        if self.classes and self.reading.has("RANKCLASS") and theme == "crops":
            self.classes = [k for k in self.classes if k.codes != ("B00",)]
        level = "1" if theme == "land_cover" and not self.classes else "3"
        name = "land_use" if theme == "land_use" else "land_cover"
        if theme == "crops" and not self.classes:
            self.classes.append(Classes("land_cover", ("B00",)))
        if name == "land_use" and self.source == "published":
            self.source = "survey"
        query = self.table((Group(name, level),))
        ranked = self.ranking(query.columns[0].name)
        order, limit = ranked or (Order(query.columns[0].name), None)
        query = replace(query, order=(order,), limit=limit)
        return self.led_by_the_nth(query, name) if self.reading.has("NTH") else query

    def classes_that_moved(self, theme: str) -> Query:
        """Classes by how much they changed between two years: "which land cover increased most"."""
        pair, rows = self.pair() or (0, 0), self.by_class(theme)
        name, down = rows.columns[0].measure, self.reading.has("DOWN")
        columns = before_and_after(name, pair)
        where = tuple(f for f in rows.where if f.dimension != "year")
        sided = (Condition("change", "<" if down else ">", 0),) if self.reading.has("UP", "DOWN") else ()
        return replace(
            rows, columns=columns, where=where, having=sided, order=(Order("change", "fewest" if down else "most"),)
        )

    def led_by_the_nth(self, query: Query, name: str) -> Query:
        """A ranking of classes led by its last row, the third of "the third most common crop"."""
        table = answer(query, self.context).table
        codes = [row[name] for row in table.dicts()] if table else []
        return replace(query, limit=None, lead=str(codes[-1])) if len(codes) == query.limit else query

    def each_class(self) -> Query:
        """Rows of named classes."""
        theme = self.classes[0].theme
        rows = (Group(theme, members=tuple(dict.fromkeys(k.codes for k in self.classes if k.theme == theme))),)
        dated = (Filter("year", "in", (self.year(),)),)
        query = Query(self.source, self.columns(), (*self.place_filters(), *dated, *self.other_filters()), rows)
        return replace(query, order=(Order(query.columns[0].name),))

    def listed(self) -> Query:
        """The points themselves."""
        self.source = "survey"
        return Query("survey", (), self.base(), (Group("point"),))

    def at_the_ends(self) -> tuple[Query, ...]:
        """The point at each end that is asked for: the highest, the northernmost."""
        self.source = "survey"
        ends = dict.fromkeys([*self.reading.all("END"), *(e for e, _ in self.reading.all("ENDOF"))])
        many, base = next(iter(self.reading.all("FIRST")), 1), self.base()
        return tuple(
            Query("survey", (), base, (Group("point"),), order=(Order(column, way),), limit=many)
            for column, way in ends
        )

    def of_elevation(self) -> Query:
        """Mean, least or greatest elevation."""
        self.source = "survey"
        columns = (*self.of_heights(), Column("points", "points"))
        head = columns[0].name
        rows = (Group("region", self.level),) if self.level else ()
        if not rows and len(self.classes) > 1:
            rows = (Group("land_cover", members=tuple(dict.fromkeys(k.codes for k in self.classes))),)
            filters = (*self.place_filters(), Filter("year", "in", (self.year(),)), *self.other_filters())
            return Query("survey", columns, filters, rows, order=(Order(head),))
        query = Query("survey", columns, self.base(), rows)
        if not rows:
            return query
        by = "points" if "points" in self.measures and self.reading.has("RANK", "MANY") else head
        ranked = self.ranking(by) or (Order(by), None)
        kept = (Condition("points", ">", 0),)
        return replace(query, having=kept, order=(ranked[0],), limit=ranked[1])

    def of_heights(self) -> tuple[Column, ...]:
        """The measure of elevation or position that is asked for; without a statistic the mean and both ends."""
        dimension = self.reading.all("DIM")[0]
        if not (self.places or self.classes or self.reading.has("SUP", "RANK", "SPLIT", "LEVEL", "MEASURE", "NEAR")):
            raise Unfit("how high is what?")
        if stats := self.statistics(dimension):
            names = [STAT_MEASURE.get((dimension, stat), "") for stat in stats]
            if not all(names):
                raise Unfit("the end of a latitude is a point")
            if len(names) > 1:
                return tuple(Column(name, name) for name in names)
            return (Column("elevation_m" if dimension == "elevation" else names[0], names[0]),)
        return tuple(Column(name, name) for (of, _), name in STAT_MEASURE.items() if of == dimension)

    def statistics(self, dimension: str) -> tuple[str, ...]:
        """The statistics asked for, each once; ends too where they stand in one list: "lowest, highest and mean"."""
        items = [i for i in self.reading.items if i.type in ("STAT", "END")]
        listed = {i.start for i in self.reading.said.items if i.type == "AND"}
        in_a_list = any(n in listed for one, other in pairwise(items) for n in range(one.end, other.start))
        told = [i.value for i in items if i.type == "STAT"]
        several = len([i for i in items if i.type == "STAT" or i.value[0] == dimension]) > 1
        if told and (in_a_list or (several and self.reading.has("SUP"))):
            ways = {"most": "most", "fewest": "least"}
            told = [i.value if i.type == "STAT" else ways[i.value[1]] for i in items
                    if i.type == "STAT" or i.value[0] == dimension]  # fmt: skip
        return tuple(dict.fromkeys([*told, *self.ends_of_height()]))

    def ends_of_height(self) -> list[str]:
        """The least or greatest height that is asked beside the mean of one place and class."""
        alone = len(self.places) < 2 and len(self.classes) < 2 and not self.level and self.reading.has("STAT")
        ends = {"most": "most", "fewest": "least"}
        return [ends[way] for way in self.reading.all("SUP")] if alone else []

    def compared(self, op: Arithmetic = "difference", *, verdict: bool = False) -> Query:
        """Difference or ratio of two places, classes or years; asked with yes or no, whether it is more or less."""
        name = self.of_heights()[0].measure if self.of_height() else self.measure()
        every = next(iter(self.reading.all("SPAN")), self.years())
        if len(self.classes) == 2 and len(every) == 2 and len(self.places) < 2 and not self.level:
            sides = [("a", self.class_filters(self.classes[:1])), ("b", self.class_filters(self.classes[1:]))]
            rows, shared = (Group("year"),), (*self.place_filters(), Filter("year", "in", every))
        elif self.level and len(self.classes) == 2:
            sides = [("a", self.class_filters(self.classes[:1])), ("b", self.class_filters(self.classes[1:]))]
            rows, shared = (Group("region", self.level),), (*self.place_filters(), Filter("year", "in", (self.year(),)))
        elif len(self.classes) == 2 and len(self.places) <= 1:
            sides = [("a", self.class_filters(self.classes[:1])), ("b", self.class_filters(self.classes[1:]))]
            rows, shared = (), (*self.place_filters(), Filter("year", "in", (self.year(),)))
        elif len(self.classes) == 2:
            sides = [("a", self.class_filters(self.classes[:1])), ("b", self.class_filters(self.classes[1:]))]
            members = Group("region", members=tuple((r.id,) for r in self.places))
            rows, shared = (members,), (Filter("year", "in", (self.year(),)),)
        elif len(self.places) > 2 and len(self.classes) == 1 and self.reading.has("SPAN", "SINCEYEAR") and self.pair():
            return self.changed()
        elif len(self.places) == 2 and len(self.classes) == 1:
            sides = [(n, (Filter("region", "in", (r.id,)),)) for n, r in zip("ab", self.places, strict=True)]
            rows, shared = (), (Filter("year", "in", (self.year(),)), *self.class_filters())
        elif len(self.places) >= 2 and len(self.classes) == 1:
            return self.each_place()
        elif (
            (pair := self.pair())
            and len(self.classes) == 1
            and (self.reading.has("SPAN", "SINCEYEAR") or len(self.years()) == 2)
        ):
            return self.changed(pair)
        else:
            raise Unfit("no two sides")
        if sides[0][1] == sides[1][1]:
            raise Unfit("twice the same")
        if op == "ratio" and self.is_as_many_as():
            sides = [("a", sides[1][1]), ("b", sides[0][1])]
        columns = [Column(n, name, own) for n, own in sides]
        columns.append(Column(op, "", (), Expression(op, "a", "b")))
        query = Query(self.source, tuple(columns), (*shared, *self.other_filters()), rows)
        if verdict and not rows:
            return replace(query, having=(Condition(op, "<" if self.reading.has("DOWN") else ">", 0),))
        return replace(query, order=(Order(op),)) if rows and not query.group("year") else query

    def is_as_many_as(self) -> bool:
        """Whether the second of two places is asked how many times it has the first's: "as many as Spain did Italy"."""
        named = [i for i in self.reading.items if i.type in ("DIFF", "PLACE", "ASK") and i.value not in ASKING_FIRST]
        places = [i.start for i in named if i.type == "PLACE"]
        than = any(i.type in ("THANWORD", "COMPARED", "THAN") and i.start > places[0] for i in self.reading.said.items)
        return [i.type for i in named][:4] == ["DIFF", "PLACE", "ASK", "PLACE"] and not than

    def has_two_sides(self) -> bool:
        """Whether two places of a class, or two classes asked about with yes or no, stand side by side."""
        of_classes = len(self.places) < 2 and len({k.codes for k in self.classes}) == 2
        of_classes = of_classes and self.asks_yes_or_no() and not self.either("CLASS")
        return not self.level and ((len(self.places) == 2 and bool(self.classes)) or of_classes)

    def asks_yes_or_no(self) -> bool:
        """Whether yes or no is asked, not how much or which."""
        return (
            "is" in self.asks and not self.either("PLACE") and not self.asks & {"how_much", "how_many", "what", "which"}
        )

    def changed(self, pair: tuple[int, int] | None = None) -> Query:
        """The change between two years, of one place or of each of many."""
        first, last = pair or self.pair() or (0, 0)
        name = self.measure()
        columns = before_and_after(name, (first, last))
        down = self.reading.has("DOWN", "LOST")
        if not self.classes:
            raise Unfit("a change of what?")
        if not self.level:
            verdict = sided_words(self.reading) if self.asks_yes_or_no() and not self.reading.has("DIFF") else ""
            kept = (Condition("change", "<" if verdict == "DOWN" else ">", 0),) if verdict else ()
            where = (*(self.place_filters() or (Filter("region", "in", ("group:EU",)),)), *self.class_filters())
            where += self.other_filters()
            if len(self.places) > 1:
                rows = (Group("region", members=tuple((r.id,) for r in self.places)),)
                order = (Order("change", "fewest" if down else "most"),)
                return Query(self.source, columns, (*self.class_filters(), *self.other_filters()), rows, order=order)
            return Query(self.source, columns, where, having=kept)
        where = (*self.place_filters(), *self.class_filters(), *self.other_filters())
        ranked = self.ranking("change")
        order, limit = ranked or (Order("change"), None)
        order = replace(order, way="fewest") if down and order.way == "most" else order
        counted = "how_many" in self.asks and not ranked
        sided = self.reading.has("UP", "DOWN", "LOST", "GAINED") and not self.reading.has("CHANGE")
        if sided and self.source == "published":
            self.refuse_untold(Query(self.source, columns, where, (Group("region", self.level),)), first)
        having = (Condition("change", "<" if down else ">", 0),) if sided else ()
        limits = self.conditions()
        small = any(one.sign in ("<", "<=") for one in limits)  # "shrank by less than 3"
        limits = tuple(opposite(one) if down and one.column == "change" else one for one in limits)
        rows = (Group("region", self.level),)
        return Query(
            self.source,
            columns,
            where,
            rows,
            (*limits, *(having if small or not limits else ())),
            () if counted else (order,),
            limit,
        )

    def refuse_untold(self, rows: Query, year: int) -> None:
        """Refuse a condition on rows most of which have no figure: it would be told as met by none of them.

        Raises:
            NotPublished: with the main class instead.
        """
        result = answer(rows, self.context)
        every = len(result.table.rows) if result.table else 0
        if 2 * result.facts.get("known", every) >= every:
            return
        codes = [c for k in self.classes for c in k.codes]
        mains = {f"{c[0]}00" for c in codes} - {*codes}
        places = ", ".join(r.name for r in self.places) or "any region"
        raise NotPublished("+".join(codes), places, year, (*sorted(mains), "country"))

    def fate(self) -> Query:
        """What points became, where they came from, how many stayed."""
        years = self.context.store.years()
        if len(years) < 2:
            raise Unfit("one survey")
        span = self.pair() or (years[-2], years[-1])
        where = [*self.place_filters(), Filter("year_from", "in", (span[0],)), Filter("year_to", "in", (span[1],))]
        where += [f for f in self.other_filters() if f.dimension != "month"]
        columns = (Column("points", "points"), Column("revisited", "revisited"))
        before, after = self.sides()
        replaced = bool(before and after and set(before.codes) != set(after.codes))
        split: Group | None = None
        if before:
            where.append(Filter(f"{before.theme}_from", "in", before.codes))
        if after:
            where.append(Filter(f"{after.theme}_to", "in", after.codes))
        if before and after and replaced and before.theme == after.theme:
            where.append(Filter(f"{before.theme}_to", "not_in", before.codes))
            split = Group(f"{after.theme}_to", "3") if {"which", "what"} & self.asks and not self.level else None
        if before and not after:
            lost = self.reading.has("LOST") or self.no_longer()
            stayed = self.reading.has("STAYED") and not self.reading.has("FATE")
            if stayed:
                where.append(Filter(f"{before.theme}_to", "in", before.codes))
            if lost:
                where.append(Filter(f"{before.theme}_to", "not_in", before.codes))
            if not stayed and not self.level and not (lost and "how_many" in self.asks):
                fine = self.reading.has("FATESPLIT") or lost or not is_main(before)
                split = Group(f"{before.theme}_to", "3" if fine else "1")
        elif after and not before:
            where.append(Filter(f"{after.theme}_from", "not_in", after.codes))
            split = None if self.level else Group(f"{after.theme}_from", "1")
        elif not before:
            raise Unfit("what became of what?")
        if self.level:
            split = Group("region", self.level)
        query = Query("revisits", columns, tuple(where), (split,) if split else ())
        if not split:
            return query
        ranked = self.ranking("points")
        order, limit = ranked or (Order("points"), None)
        having = (Condition("points", ">", 0),) if split.dimension == "region" else ()
        return replace(query, order=(order,), limit=limit, having=having)

    def transitions(self) -> Query:
        """From which main class to which, of all points whose class changed."""
        years = self.context.store.years()
        if len(years) < 2:
            raise Unfit("one survey")
        span = self.pair() or (years[-2], years[-1])
        dated = (Filter("year_from", "in", (span[0],)), Filter("year_to", "in", (span[1],)))
        columns = (Column("points", "points"), Column("revisited", "revisited"))
        where = (*self.place_filters(), *dated, Filter("changed_main", "in", ("changed",)))
        rows = (Group("land_cover_from", "1"), Group("land_cover_to", "1"))
        return Query("revisits", columns, where, rows, order=(Order("points"),), limit=FEW_ROWS)

    def asks_what_of(self) -> bool:
        """Whether what points became is asked: "cosa sono diventati i punti coltivati", not "what became cropland"."""
        fate = next(i for i in self.reading.items if i.type == "FATE")
        inside = [i for i in self.reading.said.items if fate.start <= i.start and i.end <= fate.end]
        verb = max((i.end for i in inside if i.type == "BECAME"), default=fate.end)
        named = min((i.start for i in inside if i.type == "CLASS" and i.start >= verb), default=verb)
        asked = any(i.type == "ASK" and i.value == "what" and i.start < fate.start for i in self.reading.items)
        return asked and named > verb

    def sides(self) -> tuple[Classes | None, Classes | None]:
        """The classes before and after."""
        if both := self.then_and_later():
            return both
        if fates := self.reading.all("FATE"):
            before, after = fates[0]
            if not before and after and self.asks_what_of():
                before, after = after, None
            if (
                self.reading.has("STAYED") and self.classes
            ):  # "how many stayed, how many became cropland": all it became
                return self.classes[0], None
            earlier = before or next(iter(self.reading.all("CLASS")), None) if after else before
            fate = next(i for i in self.reading.items if i.type == "FATE")
            named = [i for i in self.reading.items if i.type == "CLASS"]
            if before and not after and named and named[0].start < fate.start:
                earlier, after = named[0].value, before  # Dutch "graslandpunten … die akker geworden zijn"
            if before and not after and named and named[-1].start > fate.start:
                after = named[-1].value
            if after and not before and named and named[0].start > fate.start:
                earlier, after = after, named[0].value  # Italian "punti a prato … diventati seminativo"
            into = any(i.type == "INTO" for i in self.reading.said.items)
            if after and not earlier and (into or self.is_dated_first() or self.became_points()):
                earlier, after = after, None  # "what became of the maize points of 2015 by 2018"
            return (self.codes(earlier) if earlier else None), (self.codes(after) if after else None)
        if fates := self.reading.all("FATESPLIT"):
            return self.codes(fates[0][0]), None
        if not self.classes:
            return None, None
        became = [i.start for i in self.reading.items if i.type == "BECAME"]
        named = [i for i in self.reading.items if i.type == "CLASS"]
        of_it = self.reading.has("BECAMEOF") or "of" in self.reading.all("BECAME")
        if of_it and len(named) == 1 and not self.reading.has("LOST", "GAINED"):
            return self.codes(named[0].value), None  # "what became of …"
        if became and named:
            after = [i for i in named if i.start > became[0]]
            asked = any(i.type == "ASK" and i.value == "what" and i.start < became[0] for i in self.reading.items)
            into = any(i.type == "INTO" for i in self.reading.said.items)
            points = [i.start for i in self.reading.items if i.type == "MEASURE" and i.value == "points"]
            of_points = any(became[0] < at < i.start for at in points for i in named)
            if (asked or into or of_points) and len(named) == 1:
                return self.codes(named[0].value), None  # "what became of the points that were …"
            earlier = [i for i in named if i.start < became[0]]
            return (self.codes(earlier[0].value) if earlier else None), (self.codes(after[0].value) if after else None)
        if self.reading.has("GAINED") and not self.reading.has("LOST"):
            return None, self.classes[0]
        return self.classes[0], None
