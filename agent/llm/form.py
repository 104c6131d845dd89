"""A typed query as a short form, for small models: each field is one of a few words, every filled form is a query.

The labels (`R1`, `C2`, `P1`), years and numbers were looked up before; expressions are templates. What a field says
that the others leave no room for (a difference of years with one year) falls back to the plain value. Asks no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.llm.errors import BadPlan
from agent.surface.lookups import is_inside
from retrieval.query import Column, Condition, Expression, Filter, Fold, Group, Order, Query, Sign
from retrieval.query_schema import PLACE_LEVELS
from retrieval.sources import SOURCES
from retrieval.types import NUTS_LEVELS
from tools.context import Context

EUROPE = "group:EU"
MOST_CHOSEN = 8
PLACE_ROWS = ("country", "nuts1", "nuts2", "nuts3", "places")
ROWS: Mapping[str, tuple[str, ...]] = {
    "published": ("one", *PLACE_ROWS, "land_cover", "classes", "year"),
    "survey": ("one", *PLACE_ROWS, "land_cover", "land_use", "classes", "year", "month", "points"),
    "revisits": ("one", *PLACE_ROWS, "became", "points"),
}
"""What a row may stand for, by source; `one` is one number, `places` and `classes` those named."""
MEASURES: Mapping[str, tuple[str, ...]] = {
    "published": ("share", "km2", "ha"),
    "survey": ("points", "percent", "mean_elevation"),
    "revisits": ("points",),
}
COLUMNS = ("value", "each year", "change", "each class", "class difference", "class ratio", "part of all rows")
"""Templates: what is counted, side by side for each year or class, or as one expression of two of these."""
ANSWERS = ("rows", "how many rows", "sum", "mean")
FOLDS = {"how many rows": "count", "sum": "sum", "mean": "mean"}
SIGNS: tuple[Sign, ...] = (">", ">=", "<", "<=")

Codes = tuple[str, ...]


@dataclass(frozen=True)
class Offer:
    """What was looked up for one question: label → thing. The label is what a model writes; the thing is ours."""

    places: Mapping[str, str] = field(default_factory=dict)
    """Label → region id."""
    classes: Mapping[str, Codes] = field(default_factory=dict)
    towns: Mapping[str, tuple[float, float, str]] = field(default_factory=dict)
    """Label → longitude, latitude, name."""
    numbers: tuple[float, ...] = ()
    years: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Source → the years it has and those the question names."""
    levels: tuple[str, ...] = PLACE_LEVELS
    """Levels of places of which the store has regions."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Label → name, for the prompt."""
    book: tuple[str, ...] = ()
    """Lines that are the same for every question."""

    def lines(self) -> list[str]:
        """What is offered, a line each."""
        return [f"{label} = {name}" for label, name in self.names.items()]


def form_schema(offer: Offer) -> dict[str, Any]:
    """Return the JSON schema of a filled form: one alternative a source, and one that nothing answers."""
    refuse = closed({"source": {"const": "none"}, "why": {"type": "string", "maxLength": 80}})
    return {"anyOf": [*(closed(fields_of(source, offer)) for source in offer.years), refuse]}


def fields_of(source: str, offer: Offer) -> dict[str, Any]:
    """Return the fields of one source's form."""
    fields: dict[str, Any] = {
        "source": {"const": source},
        "measure": {"enum": list(MEASURES[source])},
        "rows": {"enum": [r for r in ROWS[source] if r not in PLACE_LEVELS or r in offer.levels]},
        "places": several([*offer.places]),
        "classes": several([*offer.classes]),
        "years": several([*offer.years[source]]),
    }
    if offer.places or offer.classes:
        fields["without"] = several([*offer.places, *offer.classes])
    if offer.towns and source != "published":
        fields |= {"near": {"enum": ["none", *offer.towns]}, "side": {"enum": ["inside", "outside"]}}
    fields["column"] = {"enum": list(COLUMNS if source != "revisits" else ("value", "part of all rows"))}
    if offer.numbers:
        numbers = list(offer.numbers)
        fields |= {"having": {"enum": ["none", *SIGNS]}, "number": {"enum": numbers}}
        if source != "published":
            fields |= {"elevation": {"enum": ["none", "above", "below"]}}
        if offer.towns and source != "published":
            fields["km"] = {"enum": numbers}
        if whole := [int(n) for n in numbers if n == int(n) and n >= 1]:
            fields["limit"] = {"enum": [0, *whole]}
    fields |= {"order": {"enum": ["none", "most", "fewest"]}, "answer": {"enum": list(ANSWERS)}}
    return fields


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object of just these properties, all of them, in this order."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def several(names: Sequence[Any]) -> dict[str, Any]:
    """Return the schema of a list of some names; with none, of the empty list alone."""
    if not names:
        return {"type": "array", "items": {"enum": ["none"]}, "maxItems": 0}
    return {"type": "array", "items": {"enum": list(names)}, "maxItems": min(len(names), MOST_CHOSEN)}


def query_of(form: Mapping[str, Any], offer: Offer, context: Context) -> Query:
    """Return the query a filled form means.

    Raises:
        BadPlan: a field holds what was not offered: a server that does not hold a model to the schema.
    """
    return _Reader(form, offer, context).query()


class _Reader:
    """Reads one form, each field held against what was offered."""

    def __init__(self, form: Mapping[str, Any], offer: Offer, context: Context) -> None:
        self.form, self.offer, self.context = form, offer, context
        self.source = self.one("source", (*offer.years,), "")
        self.measure = self.one("measure", MEASURES[self.source], MEASURES[self.source][0])
        self.rows = self.one("rows", ROWS[self.source], "one")
        self.column = self.one("column", COLUMNS, "value")
        self.places = [offer.places[label] for label in self.many("places", offer.places)]
        self.classes = [offer.classes[label] for label in self.many("classes", offer.classes)]
        self.years = self.many("years", offer.years[self.source])

    def one(self, name: str, choices: Sequence[Any], usual: Any) -> Any:
        """Return a field that is one of a few things."""
        value = self.form.get(name, usual)
        if value not in choices:
            raise BadPlan(f"{name} is one of {', '.join(map(str, choices))}, not {str(value)[:40]!r}")
        return value

    def many(self, name: str, choices: Any) -> list[Any]:
        """Return a field that is a list of what was offered, each once."""
        value = self.form.get(name) or []
        if not isinstance(value, list):
            raise BadPlan(f"{name} is a list")
        if unknown := [v for v in value if isinstance(v, list | dict) or v not in choices]:
            raise BadPlan(f"{name} has {str(unknown[0])[:40]!r}, which is not among {', '.join(map(str, choices))}")
        return list(dict.fromkeys(value))

    def query(self) -> Query:
        """Return the query."""
        rows = self.groups()
        of_points = self.rows == "points"
        columns = () if of_points else self.columns()
        head = columns[-1].name if columns and columns[-1].expression else columns[0].name if columns else ""
        way = self.one("order", ("none", "most", "fewest"), "none")
        limit = self.form.get("limit") or 0
        fold = FOLDS.get(self.one("answer", ANSWERS, "rows"), "") if rows and not of_points else ""
        if of_points:
            return Query(self.source, (), tuple(self.filters()), rows)
        if limit and way == "none":
            way = "most"
        return Query(
            self.source,
            columns,
            tuple(self.filters()),
            rows,
            having=self.having(head),
            order=(Order(head, way),) if way != "none" and rows and not fold else (),
            limit=int(self.number("limit")) if limit and rows and not fold else None,
            fold=Fold(fold, "" if fold == "count" else head) if fold else None,  # ty: ignore[invalid-argument-type]
        )

    def number(self, name: str) -> float:
        """Return a field that is a number of the question."""
        value = self.form.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value not in self.offer.numbers:
            raise BadPlan(f"{name} {str(value)[:20]} is not in the question")
        return float(value)

    def having(self, head: str) -> tuple[Condition, ...]:
        sign = self.one("having", ("none", *SIGNS), "none")
        if sign == "none":
            return ()
        return (Condition(head, sign, self.number("number")),)

    # --- rows ---

    def groups(self) -> tuple[Group, ...]:
        """Return what a row stands for."""
        cover = "land_cover_from" if self.source == "revisits" else "land_cover"
        match self.rows:
            case "one":
                return ()
            case "places" if self.places:
                return (Group("region", members=tuple((id,) for id in self.places)),)
            case "places":
                return (Group("region", "country"),)
            case "country" | "nuts1" | "nuts2" | "nuts3" if self.is_below_the_places():
                return (Group("region", self.rows),)
            case "country" | "nuts1" | "nuts2" | "nuts3":
                return (Group("region", members=tuple((id,) for id in self.places)),)
            case "classes" if self.classes and not self.split_by_class() and len(self.themes()) == 1:
                return (Group(self.themes()[0] if self.source != "revisits" else cover, members=tuple(self.classes)),)
            case "classes" | "land_cover":
                return () if self.split_by_class() else (Group(cover, "1"),)
            case "land_use":
                return () if self.split_by_class() else (Group("land_use", "2"),)
            case "became":
                return (Group("land_cover_to", "1"),)
            case "points":
                return (Group("point"),)
            case "year":
                return () if self.split_by_year() else (Group("year"),)
        return (Group("month"),)

    def is_below_the_places(self) -> bool:
        """Whether the places chosen hold regions of the level that rows are to be of."""
        levels = ("group", *NUTS_LEVELS)
        own = [self.context.named(id).level for id in self.places]
        return all(level in levels and levels.index(level) < levels.index(self.rows) for level in own)

    def split_by_class(self) -> bool:
        """Whether columns, not rows, stand for classes."""
        return self.column in ("each class", "class difference", "class ratio") and len(self.classes) > 1

    def split_by_year(self) -> bool:
        """Whether columns, not rows, stand for years."""
        return self.column in ("each year", "change") and len(self.two_years()) > 1

    def two_years(self) -> list[int]:
        """Return the years chosen, both ends where a change is asked for; with fewer than two, those there are."""
        there = sorted(self.years) if len(self.years) > 1 else sorted({*self.offer.years[self.source]})
        return [there[0], there[-1]] if self.column == "change" and len(there) > 1 else there

    def themes(self) -> list[str]:
        """Return the themes of the classes chosen that the source knows."""
        return list(dict.fromkeys(t for codes in self.classes if self.has(t := self.context.nomenclature.theme(codes))))

    # --- filters ---

    def filters(self) -> list[Filter]:
        """Return the query's own filters."""
        return [*self.where_filters(), *self.when(), *self.what(), *self.around()]

    def where_filters(self) -> list[Filter]:
        left = self.many("without", (*self.offer.places, *self.offer.classes))
        gone = tuple(self.offer.places[label] for label in left if label in self.offer.places)
        by_place = any(g.dimension == "region" and g.members for g in self.groups())
        found = [Filter("region", "in", tuple(self.places))] if self.places and not by_place else []
        needed = self.source == "published" and not self.places and self.rows not in PLACE_ROWS
        found += [Filter("region", "in", (EUROPE,))] if needed else []
        gone = tuple(id for id in gone if self.can_be_left_out(id))
        gone = tuple(id for id in gone if self.context.named(id).level == self.context.named(gone[0]).level)
        return [*found, *([Filter("region", "not_in", gone)] if gone else [])]

    def can_be_left_out(self, id: str) -> bool:
        """Whether a place is none of those chosen and, of regions with figures of their own, a part of one of them."""
        if id in self.places or any(g.members for g in self.groups() if g.dimension == "region"):
            return False
        if self.source != "published" or self.rows in PLACE_ROWS:
            return True
        place = self.context.named(id)
        return any(is_inside(self.context, place, around) for around in self.places or (EUROPE,))

    def when(self) -> list[Filter]:
        there = sorted(self.offer.years[self.source])
        if self.source == "revisits":
            ends = [*self.years, *there][:2] if len(self.years) > 1 else [there[0], there[-1]]
            first, last = min(ends), max(ends)
            return [Filter("year_from", "in", (first,)), Filter("year_to", "in", (last,))]
        if self.rows == "year" and not self.split_by_year():
            return [Filter("year", "in", tuple(self.years))] if self.years else []
        if self.split_by_year():
            return []
        return [Filter("year", "in", (self.years[-1] if self.years else there[-1],))]

    def what(self) -> list[Filter]:
        left = self.many("without", (*self.offer.places, *self.offer.classes))
        gone = [code for label in left if label in self.offer.classes for code in self.offer.classes[label]]
        filters = [] if self.split_by_class() else self.of(self.classes)
        by_rows = {g.dimension for g in self.groups() if g.members}
        filters = [f for f in filters if f.dimension not in by_rows]
        chosen = {c for codes in self.classes for c in codes}
        below = {*self.context.nomenclature.leaves(chosen)} if chosen else set()
        kept = [c for c in gone if c not in chosen and (self.source != "published" or c in below)]
        themes = {self.context.nomenclature.theme((code,)) for code in kept}
        return [*filters, *(self.left_out(theme, kept) for theme in sorted(themes) if self.has(theme))]

    def left_out(self, theme: str, codes: Sequence[str]) -> Filter:
        of = self.context.nomenclature.theme
        name = theme if self.source != "revisits" else f"{theme}_from"
        return Filter(name, "not_in", tuple(c for c in codes if of((c,)) == theme))

    def has(self, theme: str) -> bool:
        """Whether the source knows a theme."""
        names = SOURCES[self.source].dimensions
        return theme in names or f"{theme}_from" in names

    def of(self, groups: Sequence[Codes]) -> list[Filter]:
        """Return the filters of some classes: those of one theme are alternatives, of two hold together."""
        book = self.context.nomenclature
        found = []
        for theme in ("land_cover", "land_use"):
            codes = tuple(dict.fromkeys(c for group in groups if book.theme(group) == theme for c in group))
            if codes and self.has(theme):
                found.append(Filter(theme if self.source != "revisits" else f"{theme}_from", "in", codes))
        return found

    def around(self) -> list[Filter]:
        if self.source == "published":
            return []
        found = []
        label = self.one("near", ("none", *self.offer.towns), "none")
        if label != "none" and self.offer.numbers:
            lon, lat, name = self.offer.towns[label]
            op = "near" if self.one("side", ("inside", "outside"), "inside") == "inside" else "not_near"
            found.append(Filter("position", op, (lon, lat, min(max(self.number("km"), 0.001), 1000.0), name)))
        height = self.one("elevation", ("none", "above", "below"), "none")
        if height != "none":
            found.append(Filter("elevation", height, (self.number("number"),)))
        return found

    # --- columns ---

    def columns(self) -> tuple[Column, ...]:
        """Return the columns of the template."""
        if self.split_by_year():
            ends = self.two_years()
            each = [self.counted(f"y{year}", (Filter("year", "in", (year,)),)) for year in ends]
            flat = [c for columns in each for c in columns]
            if self.column == "change":
                change = Expression("difference", each[-1][-1].name, each[0][-1].name)
                return (*flat, Column("change", expression=change))
            return tuple(flat)
        if self.split_by_class():
            each = [self.counted(f"c{at}", tuple(self.of([codes]))) for at, codes in enumerate(self.classes[:4], 1)]
            flat = [c for columns in each for c in columns]
            first, second = each[0][-1].name, each[1][-1].name
            if self.column == "class difference":
                return (*flat, Column("difference", expression=Expression("difference", first, second)))
            if self.column == "class ratio":
                return (*flat, Column("ratio", expression=Expression("ratio", first, second)))
            return tuple(flat)
        plain = self.counted(self.measure if self.measure not in ("share", "points") else "value")
        if self.column == "part of all rows" and self.groups():
            return (*plain, Column("part", expression=Expression("part", plain[-1].name)))
        return tuple(plain)

    def counted(self, name: str, where: tuple[Filter, ...] = ()) -> list[Column]:
        """Return the columns of the measure: a percentage of points is made of two."""
        if self.measure != "percent":
            return [Column(name, self.measure, where)]
        looked = tuple(f for f in where if f.dimension == "year")
        return [
            Column(f"{name}_points", "points", where),
            Column(f"{name}_surveyed", "surveyed", looked),
            Column(name, expression=Expression("percent", f"{name}_points", f"{name}_surveyed")),
        ]
