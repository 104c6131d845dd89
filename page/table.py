"""The table beside the map, as HTML: the same rows for those who do not see the map. Escapes every cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from agent.answer import Answer
from page.map import heading
from page.numbers import cell
from retrieval.types import Table
from tools.result import Result

MOST_ROWS = 300
"""Rows put on the page; the download has all of them."""
FOLDED = ("region_id", "code", "unit", "lon", "lat", "land_use_name", "observed")
"""Columns left to the download where others on the page say the same."""
LINKS = (
    ("point_id", "year"),
    ("location", "year"),
    ("point_id",),
    ("region_id",),
    ("id",),
    ("code",),
    ("region",),
    ("name",),
)
"""Columns by which a row and a feature are the same thing, best first."""

Words = Mapping[str, str]


def tables_html(answer: Answer, words: Words, language: str) -> str:
    """Return every result's table."""
    parts = [table_html(result, words, language) for result in answer.results if result.table is not None]
    return "".join(parts) or f'<p class="la-empty">{escape(words["no_table"])}</p>'


def table_html(result: Result, words: Words, language: str) -> str:
    """Return one result's table with its caption, headings to sort by and rows that know their map feature."""
    table = result.table
    if table is None:
        return ""
    links = feature_links(result)
    table = folded(table)
    caption = words.get("tool_" + result.tool, result.tool)
    if result.provenance.synthetic:
        caption += f" · {words['synthetic']}"
    more = ""
    if len(table) > MOST_ROWS:
        more = f'<p class="la-more">{escape(words["table_more"].format(shown=MOST_ROWS, all=len(table)))}</p>'
    frame = f'<div class="la-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
    return (
        f'{more}{frame}<table class="la-table">'
        f"<caption>{escape(caption)}</caption>{head(table, words)}"
        f"<tbody>{''.join(body(table, links, language))}</tbody></table></div>"
    )


def folded(table: Table) -> Table:
    """The table without columns a reader of the page does not miss; the unit goes into the heading of the value."""
    named = {"region", "land_cover_name", "point_id"} & set(table.columns)
    kept = [at for at, column in enumerate(table.columns) if not (named and column in FOLDED)]
    units = set(table.column("unit")) if "unit" in table.columns and len(table) else set()
    unit = f" ({next(iter(units))})" if len(units) == 1 else ""
    names = [table.columns[at] + (unit if table.columns[at] in ("value", "low", "high") else "") for at in kept]
    return Table(tuple(names), tuple(tuple(row[at] for at in kept) for row in table.rows))


def head(table: Table, words: Words) -> str:
    """Headings, each a button that sorts."""
    names = [escape(heading(name, words)) for name in table.columns]
    cells = "".join(
        f'<th scope="col" aria-sort="none"><button type="button" data-sort="{at}">{name}</button></th>'
        for at, name in enumerate(names)
    )
    return f"<thead><tr>{cells}</tr></thead>"


def body(table: Table, links: Sequence[int | None], language: str) -> list[str]:
    """Rows; one that is on the map can be pointed at and focused."""
    rows = []
    for row, link in zip(table.rows[:MOST_ROWS], links, strict=False):
        on_map = f' data-f="{link}" tabindex="0"' if link is not None else ""
        rows.append(f"<tr{on_map}>{''.join(map(td, row, table.columns, [language] * len(row)))}</tr>")
    return rows


def td(value: Any, column: str, language: str) -> str:
    """One cell; numbers carry their plain value for sorting."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    sort = f' class="la-number" data-v="{value}"' if plain else ""
    return f"<td{sort}>{escape(cell(value, column, language))}</td>"


def feature_links(result: Result) -> list[int | None]:
    """For each row the number of its map feature, or None."""
    table = result.table
    features = list((result.features or {}).get("features", ()))
    if table is None or not features:
        return [None] * len(table or ())
    for columns in LINKS:
        if not set(columns) <= set(table.columns):
            continue
        known = {identity(f, columns): at for at, f in enumerate(features)}
        links = [known.get(tuple(str(row[c]) for c in columns)) for row in table.dicts()]
        if any(link is not None for link in links):
            return links
    return list(range(len(features))) if len(features) == len(table) else [None] * len(table)


def identity(feature: Mapping[str, Any], columns: Sequence[str]) -> tuple[str, ...]:
    """What names a feature in these columns; a region's id may stand under several names."""
    properties = {"region": feature["properties"].get("name"), **feature["properties"]}
    region = feature.get("id") or properties.get("region_id") or properties.get("id")
    return tuple(str(region if c in ("id", "region_id") else properties.get(c)) for c in columns)
