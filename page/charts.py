"""Charts of a result: bars, a line over the years, change, with intervals where there are some. Computes no figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from agent.answer import Answer
from page.colours import CATEGORIES, CHANGE, MAIN_CLASSES
from page.map import Names, credit_of, heading, title_of
from retrieval.types import Table
from tools.result import Result
from tools.uncertainty import edition_break

VALUES = ("change", "share", "value", "percent_of_points", "percent", "area_km2", "points", "f1", "count")
NAMES = ("region", "region_name", "class_name", "name", "land_cover_name", "land_cover", "class", "what")
LOW, HIGH = ("low", "lower", "ci_low"), ("high", "upper", "ci_high")
MOST_BARS = 40


def chart_of(answer: Answer, names: Names) -> go.Figure | None:
    """Return a chart of the first result that has something to compare, or None."""
    for result in answer.results:
        figure = chart_of_result(result, names)
        if figure is not None:
            return figure
    return None


def chart_of_result(result: Result, names: Names) -> go.Figure | None:
    """Return a chart of one result, or None where a table of records or one number says it all."""
    table = result.table
    if table is None or len(table) < 2 or {"point_id", "location"} & set(table.columns):
        return None
    value = first(VALUES, table.columns, numeric_columns(table))
    if value is None:
        return None
    name = telling(table)
    years = sorted({str(y) for y in table.column("year")}) if "year" in table.columns else []
    if len(years) > 1:
        figure = lines(table, value, name)
    elif name:
        figure = bars(table, value, name)
    else:
        return None
    return finished(figure, result, value, names)


def telling(table: Table) -> str | None:
    """The column whose texts tell the rows apart; where none does, the first that names anything."""
    there = [column for column in NAMES if column in table.columns]
    return next((column for column in there if len(set(table.column(column))) > 1), there[0] if there else None)


def first(wanted: Sequence[str], there: Sequence[str], among: Sequence[str] | None = None) -> str | None:
    """The first wanted column that is there."""
    return next((c for c in wanted if c in there and (among is None or c in among)), None)


def numeric_columns(table: Table) -> list[str]:
    """Columns that hold a number somewhere and never text."""
    columns = []
    for column in table.columns:
        values = [v for v in table.column(column) if v is not None]
        if values and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
            columns.append(column)
    return columns


def lines(table: Table, value: str, name: str | None) -> go.Figure:
    """A line for each region or class over the survey years, in the band of its interval.

    A gap where nothing is published, and where the survey's method changed.
    """
    figure = go.Figure()
    series = list(dict.fromkeys(str(row[name]) if name else "" for row in table.dicts()))
    for at, each in enumerate(series[: len(CATEGORIES)]):
        rows = sorted((r for r in table.dicts() if not name or str(r[name]) == each), key=lambda r: r["year"])
        stretches = unbroken(rows)
        for stretch in stretches:
            add_band(figure, stretch, value, table.columns, CATEGORIES[at])
        rows = [row for stretch in stretches for row in (*stretch, gap_after(stretch, value))][:-1]
        figure.add_scatter(
            x=[r["year"] for r in rows],
            y=[r[value] for r in rows],
            error_y=whiskers(rows, value, table.columns),
            name=each,
            mode="lines+markers",
            connectgaps=False,
            marker={"color": CATEGORIES[at], "size": 9, "symbol": at},
            line={"color": CATEGORIES[at]},
        )
    figure.update_xaxes(tickvals=sorted({row["year"] for row in table.dicts()}))
    return figure


def unbroken(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Rows of one series in stretches of years that were surveyed in one way."""
    stretches: list[list[Mapping[str, Any]]] = []
    for row in rows:
        codes = str(row.get("land_cover", "")).split("+")
        if not stretches or edition_break(codes, int(stretches[-1][-1]["year"]), int(row["year"])):
            stretches.append([])
        stretches[-1].append(row)
    return stretches


def gap_after(stretch: Sequence[Mapping[str, Any]], value: str) -> Mapping[str, Any]:
    """A row without a figure: the line stops there."""
    return {**stretch[-1], value: None}


def add_band(
    figure: go.Figure, rows: Sequence[Mapping[str, Any]], value: str, columns: Sequence[str], colour: str
) -> None:
    """The intervals of some years as a band behind their line."""
    low, high = first((f"{value}_low", *LOW), columns), first((f"{value}_high", *HIGH), columns)
    if low is None or high is None:
        return
    known = [r for r in rows if r[low] is not None and r[high] is not None]
    if len(known) < 2:
        return
    figure.add_scatter(
        x=[r["year"] for r in (*known, *reversed(known))],
        y=[*(r[high] for r in known), *(r[low] for r in reversed(known))],
        fill="toself",
        fillcolor=colour,
        opacity=0.15,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )


def bars(table: Table, value: str, name: str) -> go.Figure:
    """A bar for each row, in the table's order from above; dots with their intervals where there are some."""
    rows = list(table.dicts())[:MOST_BARS]
    colours = [bar_colour(row, name) for row in rows]
    figure = go.Figure()
    error = whiskers(rows, value, table.columns)
    of_rows = {
        "y": [str(row[name]) for row in rows],
        "x": [row[value] for row in rows],
        "error_x": error,
        "orientation": "h",
    }
    if error and any(reach is not None for reach in error["array"]):
        figure.add_scatter(**of_rows, mode="markers", marker={"color": colours, "size": 9})
    else:
        figure.add_bar(**of_rows, marker={"color": colours})
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def bar_colour(row: Mapping[str, Any], name: str) -> str:
    """Change and main classes in their own colours, all else alike."""
    if name.startswith(("land_cover", "class")):
        code = str(row.get("land_cover") or row.get("class") or "")
        return MAIN_CLASSES.get(code[:1], CATEGORIES[0])
    return CHANGE.get(str(row[name]), CATEGORIES[0])


def whiskers(rows: Sequence[Mapping[str, Any]], value: str, columns: Sequence[str]) -> dict[str, Any] | None:
    """Plotly's error bars from the interval's columns, where the table has them."""
    low, high = first((f"{value}_low", *LOW), columns), first((f"{value}_high", *HIGH), columns)
    if not low or not high:
        return None

    def reach(end: str) -> list[float | None]:
        return [None if r[value] is None or r[end] is None else abs(r[end] - r[value]) for r in rows]

    return {"type": "data", "symmetric": False, "array": reach(high), "arrayminus": reach(low), "color": "#555555"}


def unit_in(result: Result, value: str, names: Names) -> str:
    """The axis: the unit the rows state, else the result's, else the column's heading."""
    table = result.table
    rows = set(table.column("unit")) if table and "unit" in table.columns and value == "value" else set()
    unit = next(iter(rows)) if len(rows) == 1 else result.unit
    if value in ("percent_of_points", "points", "f1"):
        return heading(value, names.words)
    return names.words.get(f"unit_{unit}", unit or heading(value, names.words))


def finished(figure: go.Figure, result: Result, value: str, names: Names) -> go.Figure:
    """The figure with its title, axis and source; transparent, so that it fits light and dark."""
    made = result.provenance
    unit = unit_in(result, value, names)
    source = credit_of(made)
    if made.synthetic:
        source += f" · {names.words['synthetic']}"
    if result.table and any(row.get("low") is not None for row in result.table.dicts()):
        source += f" · {names.words['whiskers']}"
    across = figure.data[0].orientation == "h"
    axis = figure.update_xaxes if across else figure.update_yaxes
    axis(title_text=unit)
    figure.update_layout(
        title={"text": title_of(result, names), "font": {"size": 15}},
        showlegend=sum(trace.showlegend is not False for trace in figure.data) > 1,
        margin={"l": 10, "r": 10, "t": 45, "b": 80},
        height=max(320, 60 + 22 * len(figure.data[0].y)) if across else 360,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": "#7a7f87"},
        annotations=[
            {
                "text": source,
                "xref": "paper",
                "yref": "paper",
                "x": 0,
                "yshift": -62,
                "yanchor": "bottom",
                "y": 0,
                "showarrow": False,
                "font": {"size": 10},
            }
        ],
    )
    figure.update_xaxes(gridcolor="rgba(128,128,128,.25)")
    figure.update_yaxes(gridcolor="rgba(128,128,128,.25)")
    return figure
