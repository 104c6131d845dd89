"""A composed question as a form with a field for each dimension of its source, and the plan a changed form means."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from agent.voice import strings
from page.map import heading
from page.planner import class_name, each_of, named_region, region_name
from retrieval.errors import BadArgument
from retrieval.query import Filter, Query, Ref, Value
from retrieval.query_schema import Field, fields_of, with_filter
from retrieval.sources.kinds import NUMERIC
from tools.context import Context

Words = Mapping[str, str]
SIGNS = {"in": "=", "not_in": "≠", "between": "…", "above": ">", "below": "<", "near": "≤ km", "not_near": "> km"}
"""How a field may be asked for, as signs that need no translation."""
DRAWN = "outline"
"""Areas are drawn on the map, not typed."""


def query_of(plan: Mapping[str, Any]) -> Query | None:
    """The composed query of a plan's first step; None where the step is another tool.

    Raises:
        BadArgument: it is no query.
    """
    step = plan["steps"][0] if plan.get("steps") else {}
    return Query.from_json(step["arguments"]) if step.get("tool") == "query" else None


def form_html(query: Query, context: Context, words: Words, language: str) -> str:
    """The form: a line for each dimension, what is set there now, and how it may be set."""
    known = {"year": context.store.years()} if query.source == "survey" else {}
    lines = "".join(
        field_html(field, context, words, language) for field in fields_of(query, known) if field.kind != DRAWN
    )
    run = f'<button type="button" class="la-button la-run" data-form>{escape(words["plan_run"])}</button>'
    return f'<div class="la-form">{lines}</div>{run}'


def field_html(field: Field, context: Context, words: Words, language: str) -> str:
    """One dimension: its name, how it is asked for, and its values in words."""
    op, text = shown(field, context, language)
    name = escape(named(field.dimension, words, language))
    signs = "".join(
        f'<option value="{each}"{" selected" if each == op else ""}>{escape(SIGNS.get(each, each))}</option>'
        for each in field.ops
    )
    choices = "".join(f'<option value="{escape(str(choice))}">' for choice in field.choices)
    id = f"field-{field.dimension}"
    listed = f'<datalist id="{id}-list">{choices}</datalist>' if choices else ""
    unit = f" ({escape(field.unit)})" if field.unit else ""
    return (
        f'<label for="{id}">{name}{unit}</label>'
        f'<select data-op="{field.dimension}" aria-label="{name}">{signs}</select>'
        f'<input id="{id}" data-dimension="{field.dimension}" value="{escape(text)}" list="{id}-list">{listed}'
    )


COLUMNS = {"size": "size_ha", "deal": "deal_id"}
"""Dimension -> the column that has its name in words."""
ENDS = {"from": "low", "to": "high"}
CONDITIONS = {"position": "near"}


def named(dimension: str, words: Words, language: str) -> str:
    """What a dimension is called, as headings or answers call it.

    >>> from page.words import words
    >>> named("month", words("de"), "de"), named("elevation", words("pl"), "pl"), named("year", words("en"), "en")
    ('Monat', 'Wysokość', 'Year')
    """
    base, _, end = dimension.rpartition("_")
    if end in ENDS:
        return f"{heading(base, words)}: {heading(ENDS[end], words)}"
    dimension = COLUMNS.get(dimension, dimension)
    if f"column_{dimension}" in words:
        return heading(dimension, words)
    said = strings(language)
    row, condition = said["rows"].get(dimension, {}), said["filter"].get(CONDITIONS.get(dimension, dimension), "")
    text = row.get("one") or said["measure"].get(dimension) or condition.format(x="", km="…", place="…").strip(" :")
    text = text or heading(dimension, words)
    return text[:1].upper() + text[1:]


def shown(field: Field, context: Context, language: str) -> tuple[str, str]:
    """How a field stands now: its operator, and its values in words, separated by semicolons."""
    if not field.now or isinstance(field.now[0].values, Ref):
        return field.ops[0], ""
    return field.now[0].op, values_text(field.now[0], field.kind, context, language)


def values_text(asked: Filter, kind: str, context: Context, language: str) -> str:
    """The values of a filter as a person may edit them."""
    values = () if isinstance(asked.values, Ref) else asked.values
    match kind:
        case "place":
            return "; ".join(region_name(str(value), context, language) for value in values)
        case "class":
            return "; ".join(class_name(str(value), context, language) for value in values)
    return "; ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)


def changed(query: Query, form: Mapping[str, Any], context: Context, language: str) -> Query:
    """The query with those fields set anew that a person changed.

    Raises:
        BadArgument: a value that cannot be one of its dimension.
        DataError, Ambiguous: a name that is not one thing.
    """
    for field in fields_of(query):
        told = form.get(field.dimension)
        if not isinstance(told, Mapping):
            continue
        op, text = str(told.get("op") or field.ops[0]), str(told.get("text") or "").strip()
        before = shown(field, context, language)
        if (op, text) == before or (not text and not before[1]):
            continue
        asked = next((each for each in field.ops if each == op), None)
        if asked is None:
            raise BadArgument(f"{field.dimension} cannot be asked for by {op!r}")
        query = with_filter(query, field.dimension, asked, values_of(text, field, context, language))
    return query


def values_of(text: str, field: Field, context: Context, language: str) -> list[Value]:
    """The values of a field's text: ids of places, codes of classes, numbers, or words as they are.

    Raises:
        BadArgument: a text where a number belongs.
        DataError, Ambiguous: a name that is not one thing.
    """
    if not text:
        return []
    if field.kind == "place":
        return list(each_of(text, lambda name: named_region(name, context, language)))
    if field.kind == "class":
        matches = each_of(text, lambda name: context.nomenclature.parse(name, language))
        return [code for match in matches for code in match.codes]
    parts = [part.strip() for part in text.replace(",", ";").split(";") if part.strip()]
    if field.kind not in NUMERIC:
        return list(parts)
    try:
        return [int(part) if part.lstrip("-").isdigit() else float(part) for part in parts]
    except ValueError:
        raise BadArgument(f"{text!r} are no numbers for {field.dimension}") from None
