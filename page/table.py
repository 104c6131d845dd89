"""The table beside the map, as HTML: the same rows for those who do not see the map. Escapes every cell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from agent.answer import Answer
from agent.voice import strings
from page.map import doubt_of, heading, of_asked
from page.numbers import cell, number
from retrieval.nomenclature import Nomenclature
from retrieval.types import Table
from tools.result import Result

MOST_ROWS = 300
"""Rows put on the page; the download has all of them."""
TOLD = (
    "rank", "deal_id", "country", "size_ha", "intentions", "crops", "investors", "investor", "investor_country",
    "place", "crop", "animal", "mineral", "intention", "nature", "negotiation", "implementation", "deals", "hectares",
    "point_id", "lat", "lon", "region", "name", "class_name", "what", "land_cover_name", "land_use_name", "year",
    "change", "value", "low", "high", "share", "share_low", "share_high", "km2", "km2_low", "km2_high", "ha", "ha_low",
    "ha_high", "pixels", "points", "surveyed", "percent_of_points",
    "score", "probability", "observed", "classified", "agrees", "similarity", "km", "note", "title", "years", "rows",
    "licence",
)  # fmt: skip
"""Columns a reader looks at, as far as they tell the rows apart; the others are shown on demand and in the download."""
MOST_TOLD = 5
POSITION = ("lat", "lon")
"""What a reader calls a pixel by: its own name is the machine's."""
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


def tables_html(answer: Answer, words: Words, language: str, regions: Collection[str] = ()) -> str:
    """Return every result's table; `regions` are the ids the map draws by themselves (see `page.indicator`)."""
    parts = [table_html(result, words, language, regions) for result in answer.results if result.table is not None]
    return "".join(parts) or f'<p class="la-empty">{escape(words["no_table"])}</p>'


def table_html(result: Result, words: Words, language: str, regions: Collection[str] = ()) -> str:
    """Return one result's table with its caption, headings to sort by and rows that know their map feature."""
    if result.table is None:
        return ""
    links: list[int | str | None] = [*feature_links(result)]
    if regions and "region_id" in result.table.columns:
        links = [id if id in regions else None for id in map(str, result.table.column("region_id"))]
    table = with_note(result.table, words)
    told = told_columns(table)
    caption = words.get("tool_" + result.tool, result.tool)
    more = ""
    if len(table) > MOST_ROWS:
        more = words["table_more"].format(shown=number(MOST_ROWS, language), all=number(len(table), language))
        more = f'<p class="la-more">{escape(more)}</p>'
    title = escape(words["all_columns"])
    every = f'<button type="button" class="la-deed" data-columns aria-pressed="false">{title}</button>'
    every = every if len(told) < len(table.columns) else ""
    headings = own_headings(result, language)
    return (
        f'<div class="la-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="la-table"><caption>{escape(caption)} {every}</caption>{head(table, told, words, headings)}'
        f"<tbody>{''.join(body(table, told, links, words, language))}</tbody></table></div>{more}"
    )


def with_note(table: Table, words: Words) -> Table:
    """The table with what flags and status say, in words, where they say anything."""
    if not {"flag", "status"} & set(table.columns):
        return table
    notes = [note_of(row, words) for row in table.dicts()]
    if not any(notes):
        return table
    return Table((*table.columns, "note"), tuple((*row, note) for row, note in zip(table.rows, notes, strict=True)))


def note_of(row: Mapping[str, Any], words: Words) -> str:
    """What a reader must know of a figure."""
    status = str(row.get("status") or "")
    if row.get("value") is None and status:
        return words["not_significant" if status == "not_significant" else "no_data"]
    doubt = {"lines": "low_reliability", "dots": "magnitude_only"}.get(doubt_of(row))
    return words[doubt] if doubt else ""


def told_columns(table: Table) -> list[int]:
    """Places of the few columns shown at first: those that name a row and say its figure, and are not all alike."""
    places = {name.partition(" ")[0]: at for at, name in enumerate(table.columns)}
    always = {*FIGURES, "land_cover_name", "land_use_name"} if "point_id" in places else set(FIGURES)
    hidden = {*(() if "location" in places else POSITION), *(("probability",) if "score" in places else ())}
    there = [name for name in TOLD if name in places and name not in hidden]
    told = [name for name in there if len(table) < 2 or name in always or varies(table, name)]
    figures = [*(name for name in told if name in FIGURES), *own_figures(table, places)]
    chosen = [name for name in told if name not in FIGURES][: MOST_TOLD - min(len(figures), 3)] + figures[:3]
    kept = sorted((places[name] for name in chosen[:MOST_TOLD]), key=lambda at: order_of(table.columns[at]))
    return kept or list(range(min(len(table.columns), MOST_TOLD)))


FIGURES = (
    "size_ha",
    "deals",
    "hectares",
    "change",
    "value",
    "low",
    "high",
    "share",
    "share_low",
    "share_high",
    "km2",
    "km2_low",
    "km2_high",
    "ha",
    "ha_low",
    "ha_high",
    "pixels",
    "points",
    "percent_of_points",
    "score",
    "probability",
)


def order_of(column: str) -> int:
    """A column's place among those shown; figures that a question made of its own come last."""
    name = column.partition(" ")[0]
    return TOLD.index(name) if name in TOLD else len(TOLD)


NO_FIGURES = frozenset(
    (*TOLD, *POSITION, "cv", "elevation", "sure", "precision", "recall", "f1", "rank_from", "rank_to", "total_km2")
)


def own_figures(table: Table, places: Mapping[str, int]) -> list[str]:
    """The columns of numbers that a question made of its own, without the ends of their intervals."""
    own = (name for name in places if name not in NO_FIGURES and not name.endswith(("_low", "_high")))
    return [name for name in own if numbers(row[places[name]] for row in table.rows)]


CLASSED = ("land_cover", "land_use")


def own_headings(result: Result, language: str) -> dict[str, str]:
    """Column of a composed question -> what it holds: its measure, of which classes and year where it is of some."""
    said, book = strings(language), Nomenclature.load()
    named = {"difference": said["say"]["difference"], "ratio": said["say"]["ratio"], "percent": "%"}
    found: dict[str, str] = {}
    for column in result.arguments.get("columns") or ():
        measure, expression = column.get("measure"), column.get("expression")
        if expression:
            found[column["name"]] = said["measure"].get(column["name"]) or named.get(expression["op"], column["name"])
        elif measure in said["measure"]:
            where = column.get("where") or ()
            years = [str(year) for one in where if one["dimension"] == "year" for year in one["values"]]
            classes = [book.label(one["values"], language) for one in where if one["dimension"] in CLASSED]
            found[column["name"]] = ", ".join([said["measure"][measure], *classes, *years])
    return {name: text[:1].upper() + text[1:] for name, text in found.items()}


def numbers(values: Iterable[Any]) -> bool:
    """Whether there are values and all are numbers."""
    there = [value for value in values if value is not None]
    return bool(there) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in there)


def varies(table: Table, column: str) -> bool:
    """Whether a column tells rows apart."""
    return len({str(value) for value in table.column(column)}) > 1


def head(table: Table, told: Sequence[int], words: Words, own: Mapping[str, str]) -> str:
    """Headings, each a button that sorts; the unit stands with the figure's; `own` are those of a composed question."""
    units = set(table.column("unit")) if "unit" in table.columns else set()
    unit = f" ({next(iter(units))})" if len(units) == 1 and next(iter(units)) else ""
    cells = ""
    for at in in_order(table, told):
        name = table.columns[at]
        shown = heading(of_asked(name, table.columns) + (unit if name in ("value", "low", "high") else ""), words)
        base, _, end = name.rpartition("_")
        if f"column_{name}" not in words:
            shown = own.get(name) or (f"{own[base]}: {heading(end, words)}" if base in own else shown)
        cells += (
            f'<th scope="col" aria-sort="none"{look(at, told)}>'
            f'<button type="button" data-sort>{escape(shown)}</button></th>'
        )
    return f"<thead><tr>{cells}</tr></thead>"


def in_order(table: Table, told: Sequence[int]) -> list[int]:
    """The columns shown at first, then the others."""
    return [*told, *(at for at in range(len(table.columns)) if at not in told)]


def look(at: int, told: Sequence[int], *classes: str) -> str:
    """The classes of a cell: those not told at first wait."""
    names = [*classes, *(() if at in told else ("la-extra",))]
    return f' class="{" ".join(names)}"' if names else ""


def body(
    table: Table, told: Sequence[int], links: Sequence[int | str | None], words: Words, language: str
) -> list[str]:
    """Rows; one that is on the map can be pointed at and focused."""
    rows, order = [], in_order(table, told)
    for row, link in zip(table.rows[:MOST_ROWS], links, strict=False):
        on_map = f' data-f="{link}" tabindex="0"' if link is not None else ""
        cells = "".join(td(row[at], table.columns[at], at, told, words, language) for at in order)
        rows.append(f"<tr{on_map}>{cells}</tr>")
    return rows


def td(value: Any, column: str, at: int, told: Sequence[int], words: Words, language: str) -> str:
    """One cell; numbers carry their plain value for sorting, words of the machine are said in the page's."""
    if isinstance(value, bool) or column == "status":
        shown = words.get(f"cell_{str(value).lower()}", str(value))
        return f"<td{look(at, told)}>{escape(shown)}</td>"
    plain = isinstance(value, int | float)
    sort = f' data-v="{value}"' if plain else ""
    classes = look(at, told, "la-number") if plain else look(at, told)
    return f"<td{classes}{sort}>{escape(cell(value, column, language))}</td>"


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
