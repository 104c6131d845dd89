"""A result in few tokens, for a model or a client: its size and unit, the header once, the cells asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import islice
from typing import Any

from retrieval.query import Query
from tools.result import Result

MOST_ROWS = 40
"""Rows shown; how many more there are is said."""
MOST_POINTS = 8
"""Single points shown: a map is what they are for."""
LONGEST_CELL = 60
"""Characters of one cell."""


def digest_of(name: str, result: Result, most: int = MOST_ROWS) -> str:
    """Return a result as its name, headline and rows: at most `most` rows, true counts.

    `name` is what the result is called in its conversation (`res1`).
    """
    rows = len(result.table) if result.table else 0
    total = result.facts.get("found", rows) if result.tool == "query" else rows
    head = f"{name}: {total} row{'' if total == 1 else 's'}"
    if result.value is not None:
        head += f"; headline {result.value}{f' {result.unit}' if result.unit else ''}"
    if result.years:
        head += f"; years {', '.join(map(str, result.years))}"
    if not result.table or not rows:
        return head + "; nothing found"
    of_points = result.features is not None and "lon" in result.table.columns
    return "\n".join([head, csv_of(result, min(most, MOST_POINTS) if of_points else most)])


def csv_of(result: Result, most: int = MOST_ROWS) -> str:
    """Return the first rows of a result's table as CSV, a last line saying how many more there are.

    A figure of low reliability carries a `u`, as in Eurostat's own tables; an empty cell is not published.
    """
    if result.table is None:
        return ""
    columns = shown_columns(result)
    rows = [
        [cell(row[c]) + ("u" if row.get(f"{c}_status") == "low_reliability" else "") for c in columns]
        for row in islice(result.table.dicts(), most)
    ]
    return rows_of(columns, rows, most, len(result.table))


def shown_columns(result: Result) -> list[str]:
    """Return the columns of a result that were asked for: of a query its keys and columns, else all of them."""
    assert result.table is not None
    there = list(result.table.columns)
    if result.tool != "query":
        return [c for c in there if not c.endswith(("_low", "_high", "_se")) and c not in ("flag", "status", "dataset")]
    asked = Query.from_json(result.arguments)
    if any(g.dimension == "point" for g in asked.rows):
        return [c for c in there if c not in ("dataset", "observed") and not c.endswith("_name")]
    keys = [k for g in asked.rows for k in (f"{g.dimension}_id", g.dimension, f"{g.dimension}_name")]
    kept = [*keys, *(c.name for c in asked.columns), *([asked.fold.op] if asked.fold else [])]
    return [c for c in there if c in kept] or there


def cell(value: Any) -> str:
    """Return a cell short: whole numbers without a point, decimals as the store gives them, long texts cut."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else str(value)
    return str(value)[:LONGEST_CELL]


def rows_of(header: Sequence[str], rows: Sequence[Sequence[Any]], most: int = MOST_ROWS, of: int | None = None) -> str:
    """Return rows of plain values as CSV with a header; `of` is how many there are in all."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(v) for v in row] for row in rows[:most])
    more = (len(rows) if of is None else of) - min(most, len(rows))
    return out.getvalue().rstrip("\n") + (f"\n… {more} more" if more > 0 else "")
