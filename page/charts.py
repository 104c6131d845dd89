"""Charts of a result as SVG: ranked bars, lines over the years, a pixel's year. Computes no figure.

Drawn with the page's own colours (`page.css`), so that they fit light and dark; `svg_file` makes one that stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from agent.answer import Answer
from page.colours import CATEGORIES, CHANGE, MAIN_CLASSES
from page.map import Names, credit_of, heading, round_step, title_of, unit_of_share, what_of
from page.numbers import number
from retrieval.types import Table
from tools.result import Result
from tools.uncertainty import edition_break

VALUES = ("change", "share", "value", "percent_of_points", "percent", "area_km2", "points", "f1", "count")
NAMES = ("region", "region_name", "class_name", "name", "land_cover_name", "land_cover", "class", "what")
LOW, HIGH = ("low", "lower", "ci_low"), ("high", "upper", "ci_high")
MOST_BARS = 40
WIDTH, ROW, LABEL = 640, 22, 200
"""Pixels: the chart, one bar with its gap, the room for names left of the bars."""
LEAST_WHISKER = 2.0
"""Pixels: an interval that would be drawn narrower is not drawn."""


@dataclass(frozen=True)
class Value:
    """One figure of a chart; None where none is published."""

    name: str
    y: float | None
    low: float | None = None
    high: float | None = None
    x: float = 0.0
    """The year, of a line."""
    broken: bool = False
    """Whether it was told in another way than the figure before: no line joins the two."""
    colour: str = CATEGORIES[0]


@dataclass(frozen=True)
class Chart:
    """One chart: bars, or lines of several series."""

    title: str
    unit: str
    source: str
    bars: tuple[Value, ...] = ()
    lines: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    ticks: tuple[float, ...] = ()
    """Where the axis of lines is labelled."""
    language: str = "en"
    beside: bool = False
    """Whether it shows more than was asked: the survey years of one figure."""


def charts_of(answer: Answer, names: Names) -> list[Chart]:
    """A chart of each result that has something to compare; of one published share, its survey years."""
    found = [chart_of(result, names) or over_years(result, names) for result in answer.results]
    return [chart for chart in found if chart]


def over_years(result: Result, names: Names) -> Chart | None:
    """The share that one figure is of, over the survey years; None where it is of none, or of one year."""
    indicators = names.indicators(result)
    if len(indicators) != 1 or result.unit == "percentage points":
        return None
    [indicator] = indicators
    breaks, lines = indicator.breaks(), dict[str, tuple[Value, ...]]()
    for id in indicator.asked:
        member = indicator.members[id]
        known = [(year, figure) for year in indicator.years if (figure := member.figure(year)).value is not None]
        before = [indicator.years[0], *(year for year, _ in known)]
        lines[member.name] = tuple(
            Value("", told.value, told.low, told.high, float(year), any(last < at <= year for at in breaks))
            for last, (year, told) in zip(before, known, strict=False)
        )
    years = sorted({int(value.x) for line in lines.values() for value in line})
    if len(years) < 2:
        return None
    title = f"{what_of(indicator, names)}, {years[0]}–{years[-1]}"
    source, ticks = credit_of(result.provenance), tuple(map(float, years))
    if any(value.low is not None for line in lines.values() for value in line):
        source += f" · {names.words['whiskers']}"
    return Chart(title, unit_of_share(indicator, names), source, (), lines, ticks, names.language, beside=True)


def chart_of(result: Result, names: Names) -> Chart | None:
    """Return a chart of one result, or None where a table of records or one number says it all."""
    table = result.table
    if table is None or len(table) < 2 or {"point_id", "location"} & set(table.columns):
        return None
    value = first(VALUES, table.columns, numeric_columns(table))
    if value is None:
        return None
    name = telling(table)
    years = sorted({int(y) for y in table.column("year") if y}) if "year" in table.columns else []
    base = Chart(
        title_of(result, names), unit_in(result, value, names), source_in(result, names), language=names.language
    )
    rows = list(table.dicts())
    if len(years) > 1:
        return replace(base, lines=series(rows, value, name), ticks=tuple(map(float, years)))
    if name is None:
        return None
    bars = tuple(value_of(row, value, str(row[name]), bar_colour(row, name)) for row in rows[:MOST_BARS])
    return replace(base, bars=bars)


def value_of(row: Mapping[str, Any], value: str, name: str, colour: str = CATEGORIES[0]) -> Value:
    """A row as a figure of a chart, with its interval where the row has one."""
    ends = ((f"{value}_low", *LOW), (f"{value}_high", *HIGH))
    low, high = (next((row[c] for c in columns if row.get(c) is not None), None) for columns in ends)
    return Value(name, row[value], low, high, float(row.get("year") or 0), colour=colour)


def series(rows: Sequence[Mapping[str, Any]], value: str, name: str | None) -> dict[str, tuple[Value, ...]]:
    """A line for each region or class over the survey years, interrupted where the survey's method changed."""
    found: dict[str, list[Value]] = {}
    for row in sorted(rows, key=lambda row: int(row["year"] or 0)):
        line = found.setdefault(str(row[name]) if name else "", [])
        codes, this = str(row.get("land_cover", "")).split("+"), value_of(row, value, "")
        changed = bool(line) and edition_break(codes, int(line[-1].x), int(this.x)) is not None
        line.append(replace(this, broken=changed))
    order = dict.fromkeys(str(row[name]) if name else "" for row in rows)
    return {title: tuple(found[title]) for title in list(order)[: len(CATEGORIES)]}


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


def bar_colour(row: Mapping[str, Any], name: str) -> str:
    """Change and main classes in their own colours, all else alike."""
    if name.startswith(("land_cover", "class")):
        code = str(row.get("land_cover") or row.get("class") or "")
        return MAIN_CLASSES.get(code[:1], CATEGORIES[0])
    return CHANGE.get(str(row[name]), CATEGORIES[0])


def unit_in(result: Result, value: str, names: Names) -> str:
    """The axis: the unit the rows state, else the result's, else the column's heading."""
    table = result.table
    rows = set(table.column("unit")) if table and "unit" in table.columns and value == "value" else set()
    unit = next(iter(rows)) if len(rows) == 1 else result.unit
    if value in ("percent_of_points", "points", "f1"):
        return heading(value, names.words)
    return names.words.get(f"unit_{unit}", unit or heading(value, names.words))


def source_in(result: Result, names: Names) -> str:
    """Whose figures they are, and what the intervals are where there are any."""
    source = credit_of(result.provenance)
    if result.table and any(row.get("low") is not None for row in result.table.dicts()):
        source += f" · {names.words['whiskers']}"
    return source


# ---- drawing ---------------------------------------------------------------------------------------------------


def chart_html(chart: Chart, copy: str = "", copied: str = "") -> str:
    """A chart with its title, unit and source; `copy` names the button that copies it as a picture."""
    drawn = bars_svg(chart) if chart.bars else lines_svg(chart)
    button = (
        f' <button type="button" class="la-deed" data-chart data-done="{escape(copied)}">{escape(copy)}</button>'
        if copy
        else ""
    )
    return (
        f'<figure class="la-chart"><figcaption><b>{escape(chart.title)}</b> <span>{escape(chart.unit)}</span>{button}'
        f'</figcaption>{drawn}<p class="la-source">{escape(chart.source)}</p></figure>'
    )


def svg(inside: str, height: float, label: str) -> str:
    """An SVG of the charts' width that shrinks with its box."""
    return (
        f'<svg class="la-svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}" role="img" '
        f'aria-label="{escape(label)}" xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )


def bars_svg(chart: Chart) -> str:
    """Horizontal bars from zero, each with its name and its figure; dots where there are intervals to be seen."""
    known = [v for bar in chart.bars for v in (bar.y, bar.high, bar.low) if v is not None]
    least, most = min([0.0, *known]), max([0.0, *known])
    room = WIDTH - LABEL - 70
    scale = room / ((most - least) or 1.0)
    zero = LABEL - least * scale
    parts = []
    for at, bar in enumerate(chart.bars):
        y = at * ROW + 4
        parts.append(text(LABEL - 8, y + 12, short(bar.name, 30), "end", title=bar.name))
        if bar.y is None:
            parts.append(text(zero + 4, y + 12, "–"))
            continue
        end = zero + bar.y * scale
        reach = whisker_across(bar, zero, scale, y + (ROW - 7) / 2)
        parts.append(
            f'<circle cx="{end:.1f}" cy="{y + (ROW - 7) / 2}" r="4.5" fill="{bar.colour}"/>'
            if reach
            else f'<rect x="{min(zero, end):.1f}" y="{y}" width="{max(abs(end - zero), 0.5):.1f}" height="{ROW - 7}" '
            f'fill="{bar.colour}"/>'
        )
        parts += reach
        beyond = max(end, zero + (bar.high or bar.y) * scale) if bar.y >= 0 else zero
        parts.append(text(beyond + 5, y + 12, number(bar.y, chart.language)))
    parts.append(f'<line class="la-axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{len(chart.bars) * ROW}"/>')
    return svg("".join(parts), len(chart.bars) * ROW + 4, f"{chart.title}, {chart.unit}")


def whisker_across(bar: Value, zero: float, scale: float, y: float) -> list[str]:
    """The interval of a bar, where it is wide enough to be seen."""
    if bar.low is None or bar.high is None or (bar.high - bar.low) * scale < 2 * LEAST_WHISKER:
        return []
    one, two = zero + bar.low * scale, zero + bar.high * scale
    return [
        f'<path class="la-whisker" d="M{one:.1f} {y}H{two:.1f}M{one:.1f} {y - 3}v6M{two:.1f} {y - 3}v6"/>',
    ]


def lines_svg(chart: Chart, height: float = 260) -> str:
    """Lines over the years from zero; a gap where nothing is published, the figure beside each end."""
    every = [v for line in chart.lines.values() for v in line]
    known = [n for v in every for n in (v.y, v.low, v.high) if n is not None]
    if not known:
        return ""
    step = round_step((max([0.0, *known]) - min([0.0, *known])) / 4)
    least, most = step * (min([0.0, *known]) // step), step * -(-max([0.0, *known]) // step)
    left, right, top, bottom = 46.0, WIDTH - 150.0, 10.0, height - 26.0
    first_x, last_x = min(v.x for v in every), max(v.x for v in every)

    def place(x: float, y: float) -> tuple[float, float]:
        across = left + (right - left) * ((x - first_x) / ((last_x - first_x) or 1.0))
        return across, bottom - (bottom - top) * ((y - least) / ((most - least) or 1.0))

    parts, level = [], least
    while level <= most + step / 100:
        y = place(first_x, level)[1]
        parts.append(f'<line class="la-grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(left - 6, y + 4, number(round(level, 10), chart.language), "end"))
        level += step
    parts += [text(place(x, least)[0], height - 8, f"{x:g}", "middle") for x in chart.ticks]
    ends = {name: last for name, line in chart.lines.items() if (last := end_of(line))}
    beside = apart({name: place(*end)[1] for name, end in ends.items()}, bottom)
    for at, (name, line) in enumerate(chart.lines.items()):
        parts += line_parts(chart, name, line, CATEGORIES[at % len(CATEGORIES)], place)
        if name in ends:
            x, figure = place(*ends[name])[0], number(ends[name][1], chart.language)
            parts.append(text(x + 9, beside[name] + 4, f"{short(name, 16)} {figure}".strip(), title=name))
    return svg("".join(parts), height, f"{chart.title}, {chart.unit}")


def end_of(line: Sequence[Value]) -> tuple[float, float] | None:
    """The last year with a figure, and the figure."""
    return next(((v.x, v.y) for v in reversed(line) if v.y is not None), None)


def apart(wanted: Mapping[str, float], lowest: float, gap: float = 13.0) -> dict[str, float]:
    """Where names beside the ends of their lines stand: from the highest down, none upon another, none below the chart.

    >>> apart({"A": 30, "B": 28, "C": 99}, 100)
    {'B': 28, 'A': 41.0, 'C': 99}
    >>> apart({"A": 98, "B": 99}, 100)
    {'A': 87.0, 'B': 100}
    """
    order = sorted(wanted, key=lambda name: wanted[name])
    found: dict[str, float] = {}
    for before, name in zip([None, *order], order, strict=False):
        found[name] = max(wanted[name], found[before] + gap) if before is not None else wanted[name]
    for name in reversed(order):
        found[name] = min(found[name], lowest)
        lowest = found[name] - gap
    return found


def line_parts(chart: Chart, name: str, line: Sequence[Value], colour: str, place: Any) -> list[str]:
    """One line with its dots and intervals."""
    parts, path, pen = [], "", "M"
    for value in line:
        if value.y is None:
            pen = "M"
            continue
        x, y = place(value.x, value.y)
        pen = "M" if value.broken else pen
        path, pen = path + f"{pen}{x:.1f} {y:.1f}", "L"
        if value.low is not None and value.high is not None:
            low, high = place(value.x, value.low)[1], place(value.x, value.high)[1]
            if low - high >= 2 * LEAST_WHISKER:
                parts.append(f'<path class="la-whisker" d="M{x:.1f} {low:.1f}V{high:.1f}"/>')
        label = f"{name} {value.x:g}: {number(value.y, chart.language)}".strip()
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{escape(label)}</title></circle>')
    return [*bands(line, colour, place), f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *parts]


def bands(line: Sequence[Value], colour: str, place: Any) -> list[str]:
    """The intervals of years that can be joined, as a band behind their line."""
    found, stretch = [], list[tuple[float, float, float]]()
    for value in (*line, Value("", None)):
        if (value.low is None or value.high is None or value.broken) and len(stretch) > 1:
            there = [place(x, high) for x, _, high in stretch]
            back = [place(x, low) for x, low, _ in reversed(stretch)]
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*there, *back))
            found.append(f'<polygon points="{points}" fill="{colour}" opacity=".15"/>')
        if value.low is None or value.high is None or value.broken:
            stretch = []
        if value.low is not None and value.high is not None:
            stretch.append((value.x, value.low, value.high))
    return found


def text(x: float, y: float, words: str, anchor: str = "start", title: str = "") -> str:
    """Words at a place of the chart."""
    more = f"<title>{escape(title)}</title>" if title else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}{more}</text>'


def short(name: str, most: int) -> str:
    """A name that fits its place."""
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def svg_file(charts: Sequence[Chart]) -> bytes:
    """The charts as one SVG file, one under the other, each with its title and source."""
    style = (
        "<style>text{font:12px system-ui,sans-serif;fill:#1f2933}.la-grid{stroke:#d0d4d9}.la-axis{stroke:#6b7280}"
        ".la-whisker{stroke:#1f2933;fill:none}</style>"
    )
    inside, top = "", 0.0
    for chart in charts:
        drawn = bars_svg(chart) if chart.bars else lines_svg(chart) or svg("", 0, "")
        height = float(drawn.split('height="', 1)[1].split('"', 1)[0])
        figure = drawn.split(">", 1)[1].rsplit("</svg>", 1)[0]
        inside += (
            f'<g transform="translate(0 {top:g})">{text(4, 16, f"{chart.title}, {chart.unit}")}'
            f'<g transform="translate(0 26)">{figure}</g>{text(4, height + 44, chart.source)}</g>'
        )
        top += height + 54
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return svg(style + ground + inside, top, "; ".join(chart.title for chart in charts)).encode()
