"""What a refusal offers instead: the same tool calls with another place, year or land cover. Runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

from retrieval.errors import DataError, LandaskError, NoSuchYear, NotPublished, TooFine
from tools.context import Context
from tools.plan import Plan, Step, plan_from_json
from tools.registry import TOOLS

Steps = list[dict[str, Any]]
MOST_CLASSES = 4
"""Land covers that are offered where one has no published figure."""


def offers_of(error: LandaskError, steps: Sequence[Mapping[str, Any]], context: Context) -> list[tuple[str, Steps]]:
    """Return what a refusal offers: label → the tool calls it would be, none where the question had come to none."""
    match error:
        case TooFine():
            named = [region for name in error.containing if (region := _region(name, context))]
            return _made([(r.name, lambda one, r=r: _with_place(one, r.id)) for r in named], steps)
        case NoSuchYear():
            return _made([(str(y), lambda one, y=y: _with_year(one, y)) for y in error.near], steps)
        case NotPublished():
            found: list[tuple[str, Callable[[Mapping[str, Any]], dict[str, Any] | None]]] = []
            for word in error.instead[:MOST_CLASSES]:
                if word.isdigit():
                    found.append((word, lambda one, y=int(word): _with_year(one, y)))
                elif word in context.nomenclature.classes:
                    label = context.nomenclature.label(word, context.language)
                    found.append((f"{label} ({word})", lambda one, code=word: _with_class(one, code)))
            return _made(found, steps)
    return []


def plan_of_offer(steps: Any, areas: Mapping[str, Any]) -> Plan:
    """Return the plan of an offer that was taken.

    Raises:
        BadArgument: it is none; anybody may have written the conversation.
    """
    plan = plan_from_json({"steps": steps, "areas": dict(areas)})
    optional = [bool(step.get("optional")) for step in steps]
    made = tuple(Step(s.tool, s.arguments, optional=o) for s, o in zip(plan.steps, optional, strict=True))
    wanted = {id for step in made for key in ("regions", "within") for id in step.arguments.get(key, ())}
    return Plan(made, areas={id: area for id, area in plan.areas.items() if id in wanted})


def to_json(steps: Sequence[Step]) -> Steps:
    """Return the tool calls of a plan as JSON, second witnesses marked."""
    return [{**step.to_json(), **({"optional": True} if step.optional else {})} for step in steps]


def _made(
    changes: Sequence[tuple[str, Callable[[Mapping[str, Any]], dict[str, Any] | None]]],
    steps: Sequence[Mapping[str, Any]],
) -> list[tuple[str, Steps]]:
    found = []
    for label, changed in changes:
        new = [(step, changed(step)) for step in steps]
        if new and all(given is not None for _, given in new):
            found.append((label, [{**step, "arguments": given} for step, given in new]))
    return found


def _region(name: str, context: Context) -> Any:
    try:
        return context.region(name)
    except (DataError, LandaskError):
        return None


def _parameters(tool: str) -> Mapping[str, Any]:
    return signature(TOOLS[tool]).parameters


def _with_place(step: Mapping[str, Any], id: str) -> dict[str, Any] | None:
    """Return a tool call's arguments of another place, None where it takes none."""
    given, names = dict(step["arguments"]), _parameters(step["tool"])
    if step["tool"] == "query":
        return _with_filter(given, "region", [id], gone=("region", "position"))
    name = next((n for n in ("within", "regions") if n in given), "regions")
    kept = {n: v for n, v in given.items() if n not in ("regions", "within", "near")}
    return {**kept, name: [id]} if name in names else None


def _with_year(step: Mapping[str, Any], year: int) -> dict[str, Any] | None:
    """Return a tool call's arguments of another year, None where it takes none or two."""
    given, names = dict(step["arguments"]), _parameters(step["tool"])
    if step["tool"] == "query":
        return _with_filter(given, "year", [year], gone=("year",))
    name = next((n for n in ("years", "year") if n in names), "")
    kept = {n: v for n, v in given.items() if n not in ("years", "year", "year_from", "year_to")}
    return {**kept, name: [year] if name == "years" else year} if name and "year_from" not in given else None


def _with_class(step: Mapping[str, Any], code: str) -> dict[str, Any] | None:
    """Return a tool call's arguments of another land cover, None where it takes none."""
    given = dict(step["arguments"])
    if step["tool"] == "query":
        return _with_filter(given, "land_cover", [code], gone=("land_cover", "land_use"))
    kept = {n: v for n, v in given.items() if n not in ("land_cover", "land_use")}
    return {**kept, "land_cover": [code]} if "land_cover" in _parameters(step["tool"]) else None


def _with_filter(
    query: dict[str, Any], dimension: str, values: list[Any], gone: Sequence[str]
) -> dict[str, Any] | None:
    """Return a typed query with a filter in place of others; None where its columns or rows have such of their own."""
    rows = [group.get("dimension") for group in query.get("rows", [])]
    own = [f.get("dimension") for column in query.get("columns", []) for f in column.get("where", [])]
    if {*gone} & {*rows, *own}:
        return None
    kept = [f for f in query.get("where", []) if f.get("dimension") not in gone]
    return {**query, "where": [*kept, {"dimension": dimension, "op": "in", "values": values}]}
