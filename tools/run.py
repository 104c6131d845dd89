"""Runs the steps of a plan: one tool call each, or one a region, with what earlier results found filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from retrieval.errors import BadArgument
from retrieval.parts import part_of
from retrieval.query import Query
from tools.context import Context
from tools.plan import MOST_STEPS, Step
from tools.query import filled as filled_query
from tools.registry import TOOLS
from tools.result import Result


def call(tool: str, arguments: dict[str, Any], context: Context) -> Result:
    """Call one tool by name.

    Raises:
        BadArgument: there is no such tool.
    """
    if tool not in TOOLS:
        raise BadArgument(f"no tool {tool!r}; there are {', '.join(TOOLS)}")
    try:
        return TOOLS[tool](context, **arguments)
    except ModuleNotFoundError as error:
        if (part := part_of(error)) is None:
            raise
        context.bring(part)
        return TOOLS[tool](context, **arguments)


def calls_of(step: Step, results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return the arguments of a step's calls: one, or one a region."""
    if step.tool == "query":
        return [filled_query(Query.from_json(step.arguments), results).to_json()]
    arguments = filled(step.arguments, results)
    if not step.each:
        return [arguments]
    return [{**arguments, "regions": [id]} for id in arguments.get("regions", ())[:MOST_STEPS]]


def filled(arguments: Any, results: Sequence[Result]) -> dict[str, Any]:
    """Return a step's arguments with `@n` replaced by the regions of result n.

    Raises:
        BadArgument: there is no result n yet.
    """
    every = dict(arguments)
    for key in ("regions", "within"):
        values = every.get(key)
        if not isinstance(values, list | tuple):
            continue
        ids: list[str] = []
        for value in values:
            match = re.fullmatch(r"@(\d+)", str(value))
            if not match:
                ids.append(value)
            elif 1 <= int(match.group(1)) <= len(results):
                ids += [r.id for r in results[int(match.group(1)) - 1].regions]
            else:
                raise BadArgument(f"{value} stands for no earlier result")
        every[key] = list(dict.fromkeys(ids))
    return every


def detail_of_result(result: Result) -> str:
    """Return a result in a line."""
    value = f"{result.value} {result.unit or ''}".strip() if result.value is not None else ""
    return f"{value}{', ' if value else ''}{result.provenance.row_count} rows of {result.provenance.dataset}"
