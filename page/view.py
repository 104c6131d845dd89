"""What one answer looks like in each part of the page. Knows no Gradio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from agent.answer import Answer
from page.charts import chart_of
from page.exports import offers
from page.how import how_html
from page.map import Drawing, Names, drawing_of
from page.shelf import Held
from page.table import tables_html
from page.words import words
from tools.context import Context

OUTLINE_DETAIL = 0.005
"""Degrees: outlines drawn on the page are simplified to about 500 m."""


@dataclass(frozen=True)
class View:
    """The right-hand side of the page for one answer."""

    map: Mapping[str, Any]
    table: str
    chart: go.Figure | None
    how: str
    take: str


def names_of(context: Context, language: str) -> Names:
    """Names and outlines as the drawing needs them, from the context."""

    def label(code: str) -> str:
        return context.nomenclature.label([code], language)

    def outlines(ids: Sequence[str]) -> Mapping[str, Any]:
        known = [id for id in ids if id not in context.areas]
        return context.gazetteer.geojson(known, OUTLINE_DETAIL) if known else {"features": []}

    return Names(label=label, outlines=outlines, words=words(language), language=language)


def draw(answer: Answer, context: Context, language: str) -> Drawing:
    """What the map shows for an answer, in the page's language."""
    return drawing_of(answer, names_of(context, language))


def view_of(held: Held, key: str, context: Context, language: str, online: Mapping[str, str] | None) -> View:
    """Return everything beside the conversation for one answer."""
    said = words(language)
    return View(
        map=held.drawing.to_json(key, said, online),
        table=tables_html(held.answer, said, language),
        chart=chart_of(held.answer, names_of(context, language)),
        how=how_html(held.answer, said, language),
        take=take_html(held, key, said),
    )


def empty_view(language: str, online: Mapping[str, str] | None) -> View:
    """The right-hand side before any answer."""
    said = words(language)
    return View(
        map=Drawing().to_json("", said, online),
        table=empty(said["no_table"]),
        chart=None,
        how=empty(said["no_how"]),
        take=empty(said["no_take"]),
    )


def empty(text: str) -> str:
    """A line that says what will stand here."""
    return f'<p class="la-empty">{escape(text)}</p>'


def take_html(held: Held, key: str, said: Mapping[str, str]) -> str:
    """The downloads this answer offers."""
    links = "".join(
        f'<li><a class="la-button" download href="take/{key}/{name}">{escape(said["take_" + kind])}</a></li>'
        for kind, name in offers(held)
    )
    return (
        f'<p>{escape(said["take_help"])}</p><ul class="la-take">{links}</ul>'
        f'<p class="la-source">{escape(said["take_packet_help"])}</p>'
    )
