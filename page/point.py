"""A clicked point: what surveyors saw there over the years, and what the model says and why. Asks by plan, no words."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from babel.numbers import format_decimal

from agent.answer import Answer
from page.charts import Chart, Value, chart_html
from page.chat import without_codes
from page.map import credit_of
from page.table import tables_html
from tools.registry import TOOLS

WITNESSES = ("point_history", "explain_point")
MONTHS = tuple(float(month) for month in range(1, 13))
Words = Mapping[str, str]


def point_plans(point_id: str, encoder: str = "") -> list[dict[str, Any]]:
    """One plan for each witness there is, so that one who has nothing to say does not silence the other.

    `encoder`: the one that coloured the point, where the plan of its map names one.
    """
    seen_by = {"explain_point": {"encoder": encoder} if encoder else {}}
    return [
        {"steps": [{"tool": tool, "arguments": {"point_id": point_id, **seen_by.get(tool, {})}}]}
        for tool in WITNESSES
        if tool in TOOLS
    ]


def place_of(point_id: str, lonlat: tuple[float, float], words: Words, language: str) -> str:
    """How a point is called: by the survey's number; a pixel, whose name is a machine's, by its place, to some 10 m."""
    if point_id.isdecimal():
        return point_id
    lon, lat = (format_decimal(degrees, format="0.0000", locale=language) for degrees in lonlat)
    return f"{words['column_lat']} {lat}, {words['column_lon']} {lon}"


def point_html(answers: list[Answer], point_id: str, words: Words, language: str, called: str = "") -> str:
    """What each witness says of the point; `called`: what stands in place of its id."""
    answers = [a for a in answers if a.status == "answered"] or answers[:1]
    called = called or point_id
    parts = [f"<h2>{escape(words['column_point_id'])} {escape(called)}</h2>"]
    for answer in answers:
        text = without_codes(answer.text).replace(point_id, called)
        lines = "<br>".join(escape(line) for line in text.splitlines())
        caveats = "".join(f"<li>{escape(caveat.replace(point_id, called))}</li>" for caveat in answer.caveats)
        parts.append(f"<p>{lines}</p>{f'<ul class=la-caveats>{caveats}</ul>' if caveats else ''}")
        if answer.results:
            parts.append(tables_html(answer, words, language))
    return f'<div class="la-point">{"".join(parts)}</div>'


def curve_html(answers: list[Answer], words: Words, language: str) -> str:
    """The pixel's year beside the usual year of its class, where the model's account has one."""
    for answer in answers:
        for result in answer.results:
            curves = result.facts.get("curves")
            if isinstance(curves, Mapping) and curves:
                return chart_html(curve_chart(curves, words, language, credit_of(result.provenance)))
    return ""


def curve_chart(curves: Mapping[str, Any], words: Words, language: str, source: str) -> Chart:
    """Lines over the twelve months; a masked month is a gap."""
    lines = {
        str(name): tuple(Value("", value, x=month) for month, value in zip(MONTHS, values, strict=False))
        for name, values in curves.items()
    }
    return Chart(words["curve"], words["month"], source, lines=lines, ticks=MONTHS, language=language)
