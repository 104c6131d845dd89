"""A clicked point: what surveyors saw there over the years, and what the model says and why. Asks by plan, no words."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import plotly.graph_objects as go

from agent.answer import Answer
from page.colours import CATEGORIES
from page.table import tables_html
from tools.registry import TOOLS

WITNESSES = ("point_history", "explain_point")
MONTHS = tuple(range(1, 13))
Words = Mapping[str, str]


def point_plans(point_id: str) -> list[dict[str, Any]]:
    """One plan for each witness there is, so that one who has nothing to say does not silence the other."""
    return [{"steps": [{"tool": tool, "arguments": {"point_id": point_id}}]} for tool in WITNESSES if tool in TOOLS]


def point_html(answers: list[Answer], point_id: str, words: Words, language: str) -> str:
    """What each witness says of the point."""
    answers = [a for a in answers if a.status == "answered"] or answers[:1]
    parts = [f"<h3>{escape(words['column_point_id'])} {escape(point_id)}</h3>"]
    for answer in answers:
        lines = "<br>".join(escape(line) for line in answer.text.splitlines())
        caveats = "".join(f"<li>{escape(caveat)}</li>" for caveat in answer.caveats)
        parts.append(f"<p>{lines}</p>{f'<ul class=la-caveats>{caveats}</ul>' if caveats else ''}")
        if answer.results:
            parts.append(tables_html(answer, words, language))
    return f'<div class="la-point">{"".join(parts)}</div>'


def curve_of(answers: list[Answer], words: Words) -> go.Figure | None:
    """The pixel's year beside the usual year of its class, where the model's account has one."""
    for answer in answers:
        for result in answer.results:
            curves = result.facts.get("curves")
            if isinstance(curves, Mapping) and curves:
                return curve_figure(curves, words)
    return None


def curve_figure(curves: Mapping[str, Any], words: Words) -> go.Figure:
    """Lines over the twelve months; a masked month is a gap."""
    figure = go.Figure()
    for at, (name, values) in enumerate(curves.items()):
        colour = CATEGORIES[at % len(CATEGORIES)]
        line = {"color": colour, "dash": "solid" if at == 0 else "dash"}
        figure.add_scatter(x=MONTHS, y=list(values), name=str(name), mode="lines+markers", line=line, connectgaps=False)
    figure.update_layout(
        title={"text": words["curve"], "font": {"size": 15}},
        height=320,
        margin={"l": 10, "r": 10, "t": 45, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": "#7a7f87"},
    )
    figure.update_xaxes(tickvals=MONTHS, title_text=words["month"], gridcolor="rgba(128,128,128,.25)")
    figure.update_yaxes(gridcolor="rgba(128,128,128,.25)")
    return figure
