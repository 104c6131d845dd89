"""What may be asked of a source, told from its record: a JSON schema for models and programs, fields for a form.

Both are made of the same tables the compiler checks against, so that what they offer is what it takes. Neither knows a
source by name, and neither reads a store: which regions, classes and years there are is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from retrieval.errors import BadArgument
from retrieval.query import (
    MOST_PARTS,
    MOST_ROWS,
    MOST_VALUES,
    Arithmetic,
    Filter,
    Folding,
    Op,
    Query,
    Sign,
    Value,
    Way,
)
from retrieval.sources import SOURCES, Dimension, Source, source_of
from retrieval.sources.kinds import NUMERIC, ops_of
from retrieval.types import NUTS_LEVELS as PLACE_LEVELS

NAME = "^[A-Za-z_][A-Za-z0-9_]{0,39}$"
"""The name of a column."""
MONTHS = tuple(range(1, 13))
ALL_LEVELS = (*PLACE_LEVELS, "subdivision")
"""Levels of regions whose points can be counted: provinces and departments stand in where a store has no NUTS 3."""

Schema = dict[str, Any]
Values = Mapping[str, Sequence[Value]]
"""Dimension → the only values it may be asked for: of a question's own regions, classes and years."""


# --- the schema -----------------------------------------------------------------------------------------------------


def query_schema(sources: Iterable[str] = (), values: Values | None = None) -> Schema:
    """Return the JSON schema (2020-12) of a query, one alternative a source.

    Whatever `Query.from_json` reads and the compiler takes is valid under it; of what is valid, the compiler may still
    refuse what means nothing (points added up over years).

    Args:
        sources: the names of those that may be asked; none means all.
        values: dimension → the values that may be named, such as the region ids and class codes found in a question.
            A dimension that stands there with no values is left out of the schema.

    Raises:
        BadArgument: there is no source of a name.
    """
    chosen = [source_of(name) for name in sources] or list(SOURCES.values())
    each = [_of_source(one, values or {}) for one in chosen]
    whole = each[0] if len(each) == 1 else {"anyOf": each}
    filters = {f"{one.name}_filter": _filters(one, values or {}) for one in chosen}
    return {**whole, "$defs": {**_shared(), **filters}}


def _shared() -> Schema:
    """What the alternatives have in common, each told once."""
    name, number = {"$ref": "#/$defs/name"}, {"type": "number"}
    two = [op for op in get_args(Arithmetic) if op != "part"]
    sides = _object({"op": {"enum": two}, "left": name, "right": name}, "op", "left", "right")
    part = _object({"op": {"const": "part"}, "left": name}, "op", "left")
    condition = {"column": name, "sign": _enum(Sign), "value": number}
    circle = {"type": "array", "prefixItems": [number, number, number, {"type": "string"}], "minItems": 3}
    return {
        "name": {"type": "string", "pattern": NAME},
        "computed": _object({"name": name, "expression": {"anyOf": [sides, part]}}, "name", "expression"),
        "condition": _object(condition, *condition),
        "order": _object({"column": name, "way": _enum(Way)}, "column"),
        "fold": _object({"op": _enum(Folding), "column": name}, "op"),
        "earlier": _object({"query": {"type": "integer", "minimum": 1}}, "query"),
        "between": {"type": "array", "items": {"type": ["number", "null"]}, "minItems": 2, "maxItems": 2},
        "end": {"type": "array", "items": number, "minItems": 1, "maxItems": 1},
        "circle": {**circle, "maxItems": 4},
    }


def _of_source(source: Source, values: Values) -> Schema:
    name, where = {"$ref": "#/$defs/name"}, _list({"$ref": f"#/$defs/{source.name}_filter"})
    measured = _object({"name": name, "measure": {"enum": list(source.measures)}, "where": where}, "name", "measure")
    return _object(
        {
            "source": {"const": source.name},
            "columns": _list({"anyOf": [measured, {"$ref": "#/$defs/computed"}]}),
            "where": where,
            "rows": _list({"anyOf": _alike(_there(source, values), values, _groups)}),
            "having": _list({"$ref": "#/$defs/condition"}),
            "order": _list({"$ref": "#/$defs/order"}),
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
            "fold": {"$ref": "#/$defs/fold"},
            "lead": {"type": "string", "maxLength": 200},
        },
        "source",
    )


def _filters(source: Source, values: Values) -> Schema:
    return {"anyOf": _alike(_there(source, values), values, _filter)}


def _there(source: Source, values: Values) -> list[Dimension]:
    return [d for d in source.dimensions.values() if d.name not in values or values[d.name]]


def _alike(
    dimensions: Iterable[Dimension], values: Values, forms: Callable[[Dimension, Sequence[Value]], list[Schema]]
) -> list[Schema]:
    """Return the forms of some dimensions, those that are asked for alike told once."""
    found: dict[str, tuple[Schema, list[str]]] = {}
    for each in dimensions:
        for form in forms(each, values.get(each.name, ())):
            found.setdefault(repr(form), (form, []))[1].append(each.name)
    return [_object({"dimension": {"enum": names}, **form}, "dimension", *(n for n in form if not _usual(n, form[n])))
            for form, names in found.values()]  # fmt: skip


def _usual(name: str, form: Schema) -> bool:
    """Whether a part may be left out: `in` is what is meant where no comparison stands."""
    return name == "op" and "in" in form["enum"]


def _filter(of: Dimension, values: Sequence[Value]) -> list[Schema]:
    """The filters one dimension takes: lists of values or the members an earlier query found, ends, or a circle."""
    listed = {"anyOf": [_list(_value(of, values), 1, MOST_VALUES), {"$ref": "#/$defs/earlier"}]}
    form = {"in": listed, "not_in": listed, "near": "circle", "not_near": "circle", "above": "end", "below": "end"}
    alike: dict[str, list[Op]] = {}
    for op in ops_of(of):
        alike.setdefault(repr(form.get(op, op)), []).append(op)
    named = [(ops, form.get(ops[0], ops[0])) for ops in alike.values()]
    return [{"op": {"enum": ops}, "values": f if isinstance(f, dict) else {"$ref": f"#/$defs/{f}"}} for ops, f in named]


def _value(of: Dimension, values: Sequence[Value]) -> Schema:
    """One value of a dimension, from a closed list where there is one."""
    if known := [*(values or choices_of(of))]:
        return {"enum": known}
    return {"type": "number" if of.kind in NUMERIC else "string"}


def choices_of(of: Dimension) -> tuple[Value, ...]:
    """Return the values of a dimension where its record lists them."""
    return (*of.parents, *of.codes) if of.codes else (MONTHS if of.kind == "month" else ())


def _groups(of: Dimension, values: Sequence[Value]) -> list[Schema]:
    """What rows may be by a dimension: a level of it, named members, or each of its values."""
    if of.kind in ("position", "outline"):
        return []
    if of.kind == "point":
        return [{}]
    found: list[Schema] = [{"members": _list(_list(_value(of, values), 1, MOST_VALUES), 1, MOST_VALUES)}]
    if levels := levels_of(of):
        found.append({"level": {"enum": list(levels)}})
    return found if of.kind in ("place", "number") else [*found, {}]


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(items: Schema, least: int = 0, most: int = MOST_PARTS) -> Schema:
    return {"type": "array", "items": items, "maxItems": most, **({"minItems": least} if least else {})}


def _enum(literal: Any) -> Schema:
    return {"enum": list(get_args(literal))}


# --- in words -------------------------------------------------------------------------------------------------------


def described(source: Source) -> str:
    """Return what a source holds in three lines, for a model's prompt: measures with units, dimensions with kinds."""
    measures = "; ".join(
        f"{m.name}{f' ({m.unit})' if m.unit else ''}" + (f", one {' and one '.join(m.one)} a row" if m.one else "")
        for m in source.measures.values()
    )
    dimensions = "; ".join(_told(d) for d in source.dimensions.values())
    return f"{source.name}: {source.about}\n  measures: {measures}\n  dimensions: {dimensions}"


def _told(of: Dimension) -> str:
    levels = f", levels {' '.join(levels_of(of))}" if levels_of(of) else ""
    return f"{of.name} ({of.kind}{f' in {of.unit}' if of.unit else ''}{levels})"


def levels_of(of: Dimension) -> tuple[str, ...]:
    """Return the levels that rows by a dimension may be of."""
    if of.kind != "place":
        return tuple(of.levels)
    return PLACE_LEVELS if of.stored else ALL_LEVELS


# --- the form -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """One field of the form that edits a query: a dimension of its source and what is set there now."""

    dimension: str
    kind: str
    """That of the dimension (`retrieval.sources.kinds.Kind`): what control suits it."""
    ops: tuple[Op, ...]
    unit: str
    domain: tuple[float, float] | None
    """The least and the greatest value, None where there is no bound."""
    choices: tuple[Value, ...]
    """The values there are, where they are a short closed list; else empty."""
    levels: tuple[str, ...]
    """What rows may be by, where the dimension has levels."""
    now: tuple[Filter, ...] = ()
    """The query's own filters on it."""
    level: str | None = None
    """The level, or '' for each value or named members, that the query's rows are by; None where they are not."""


def fields_of(query: Query, values: Values | None = None) -> tuple[Field, ...]:
    """Return a field for each dimension of a query's source, in the order of its record.

    Args:
        query: what the form shows.
        values: dimension → the values there are, where the store knows them (`{"year": (2015, 2018)}`).

    Raises:
        BadArgument: there is no such source.
    """
    known = values or {}
    return tuple(
        Field(
            dimension=d.name,
            kind=d.kind,
            ops=ops_of(d),
            unit=d.unit,
            domain=d.domain,
            choices=tuple(known.get(d.name, choices_of(d))),
            levels=levels_of(d),
            now=query.filters(d.name),
            level=group.level if (group := query.group(d.name)) else None,
        )
        for d in source_of(query.source).dimensions.values()
    )


def with_filter(query: Query, dimension: str, op: Op = "in", values: Sequence[Value | None] = ()) -> Query:
    """Return the query with this as its only filter on a dimension; without values, with none.

    Raises:
        BadArgument: the source has no such dimension, or the filter is none that can be asked.
    """
    if dimension not in source_of(query.source).dimensions:
        raise BadArgument(f"{query.source} has no dimension {dimension!r}")
    kept = tuple(f for f in query.where if f.dimension != dimension)
    if not values:
        return replace(query, where=kept)
    at = next((i for i, f in enumerate(query.where) if f.dimension == dimension), len(kept))
    asked = {"dimension": dimension, "op": op, "values": list(values)}
    (added,) = Query.from_json({"source": query.source, "where": [asked]}).where
    return replace(query, where=(*kept[:at], added, *kept[at:]))
