"""What one answer looks like in each part of the page. Knows no Gradio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import Any

from agent.answer import Answer
from agent.areas import selected_area
from page.asking import World
from page.charts import Chart, chart_html, charts_of
from page.chosen import Chosen
from page.exports import offers
from page.ground import Look, looks_of
from page.how import how_html
from page.indicator import Indicator, everywhere, indicators_of
from page.map import Drawing, Names, drawing_of, outline_credit, welcome_drawing
from page.packet import citation
from page.shelf import Held
from page.table import tables_html
from page.words import own_words, words
from retrieval.catalog import title_in
from retrieval.errors import LandaskError
from retrieval.gazetteer import Gazetteer
from retrieval.statistics import DATASET_ID
from tools.context import Context
from tools.registry import TOOLS
from tools.result import Result

WELCOME_CLASS = "C00"
EXAMPLES = ("survey_1", "statistics_1", "statistics_3", "statistics_2", "pixels_1", "survey_2")
"""The example questions in the order they are offered."""
OUTLINE_DETAIL = 0.005
"""Degrees: outlines drawn on the page are simplified to about 500 m."""


@dataclass(frozen=True)
class View:
    """The right-hand side of the page for one answer."""

    map: Mapping[str, Any]
    table: str
    chart: str
    how: str
    take: str
    first_tab: str = "table"
    """Where the answer is best looked at first."""


def names_of(
    context: Context,
    language: str,
    areas: Mapping[str, Any] | None = None,
    called: Mapping[str, str] | None = None,
) -> Names:
    """Names and outlines as the drawing needs them.

    Args:
        context: the regions the data knows.
        language: of the page.
        areas: id → GeoJSON geometry of the areas that only this answer knows: those a person drew.
        called: id → what the person calls such an area.
    """
    context = context.in_language(language)
    own = {**{id: shape.__geo_interface__ for id, (_, shape) in context.areas.items()}, **(areas or {})}

    def label(code: str) -> str:
        return context.nomenclature.label(code.split("+"), language)

    def outlines(ids: Sequence[str]) -> Mapping[str, Any]:
        known = [id for id in ids if id not in own]
        found = outlines_of(context.gazetteer, tuple(known)) if known else ()
        drawn = [{"type": "Feature", "id": id, "properties": {}, "geometry": own[id]} for id in ids if id in own]
        return {"type": "FeatureCollection", "features": [*found, *drawn]}

    def credits(ids: Sequence[str]) -> list[str]:
        regions = (context.gazetteer.region(id) for id in ids if id not in own)
        return list(dict.fromkeys(outline_credit(region) for region in regions))

    found: dict[int, list[Indicator]] = {}

    def shares(result: Result) -> list[Indicator]:  # both map and charts ask
        if id(result) not in found:
            found[id(result)] = indicators_of(result, context)
        return found[id(result)]

    def looks(pixels: Sequence[Mapping[str, Any]]) -> list[Look]:
        return looks_of(pixels, context.store)

    return Names(label, outlines, words(language), language, called or {}, credits, shares, looks)


@lru_cache(maxsize=64)
def outlines_of(gazetteer: Gazetteer, ids: tuple[str, ...]) -> Sequence[Mapping[str, Any]]:
    """The regions as GeoJSON features; those of one answer are often those of the next."""
    return tuple(gazetteer.geojson(ids, OUTLINE_DETAIL)["features"])


def draw(
    answer: Answer, context: Context, language: str, selection: Mapping[str, Any] | None = None
) -> tuple[Drawing, tuple[Chart, ...]]:
    """The map and the charts of an answer in the page's language; `selection`: the region it was asked about."""
    names = names_of(context, language, (answer.plan or {}).get("areas"), called(selection))
    return drawing_of(answer, names), tuple(charts_of(answer, names))


def called(selection: Mapping[str, Any] | None) -> dict[str, str]:
    """The id of a chosen region that only the person knows, and their name for it."""
    name = str(((selection or {}).get("properties") or {}).get("name") or "")
    return {selected_area(selection)[0]: name} if name else {}


def view_of(held: Held, key: str, language: str, online: Mapping[str, str] | None) -> View:
    """Return everything beside the conversation for one answer."""
    said = words(language)
    chart = "".join(chart_html(chart, said["chart_copy"], said["copied_text"]) for chart in held.charts)
    return View(
        map=held.drawing.to_json(key, said, online),
        table=tables_html(held.answer, said, language, regions_drawn(held.drawing)),
        chart=chart or empty(said["no_chart"]),
        how=how_html(held.answer, said, language),
        take=take_html(held, key, said),
        first_tab=first_tab(held, chart),
    )


def regions_drawn(drawing: Drawing) -> set[str]:
    """Ids of the regions whose shares the map shows."""
    return {str(f["properties"]["region"]) for la in drawing.layers if la.indicator for f in la.features}


def first_tab(held: Held, chart: str) -> str:
    """The look around where a share is asked about; else the chart, if not of a share that waits; else the table."""
    shares = [layer.on for layer in held.drawing.layers if layer.indicator]
    if any(shares):
        return "explore"
    return "chart" if chart and not shares else "table"


def welcome_map(context: Context, language: str) -> Drawing:
    """The map before any question: the share of woodland in Europe's regions; a bare one where none is published."""
    published = next((d for d in context.store.datasets() if d.id == DATASET_ID), None)
    try:
        indicator = everywhere(context, WELCOME_CLASS, "nuts2") if published else None
    except LandaskError:
        indicator = None
    if indicator is None or published is None:
        return Drawing()
    return welcome_drawing(indicator, published.attribution, names_of(context, language))


def empty_view(language: str, online: Mapping[str, str] | None, welcome: Drawing | None = None, key: str = "") -> View:
    """The right-hand side before any answer; `welcome` is held under `key`."""
    said = words(language)
    return View(
        map=(welcome or Drawing()).to_json(key, said, online),
        table=empty(said["no_table"]),
        chart=empty(said["no_chart"]),
        how=empty(said["no_how"]),
        take=empty(said["no_take"]),
    )


def empty(text: str) -> str:
    """A line that says what will stand here."""
    return f'<p class="la-empty">{escape(text)}</p>'


def take_html(held: Held, key: str, said: Mapping[str, str]) -> str:
    """The downloads this answer offers, and how to cite it."""
    made = datetime.fromtimestamp(held.made, UTC).date().isoformat()
    cited = f"“{held.question}” landask, {made}.\n{citation(held.answer.results).strip()}"
    links = "".join(
        f'<li><a class="la-button" download href="take/{key}/{name}">{escape(said["take_" + kind])}</a></li>'
        for kind, name in offers(held)
    )
    return (
        f'<p>{escape(said["take_help"])}</p><ul class="la-take">{links}</ul>'
        f'<p class="la-source">{escape(said["take_packet_help"])}</p>'
        f'<h2 class="la-cite">{escape(said["cite_title"])} <button type="button" class="la-button" '
        f'data-text="{escape(cited)}" data-done="{escape(said["copied_text"])}">{escape(said["cite"])}</button></h2>'
        f'<pre tabindex="0" role="region" aria-label="{escape(said["cite_title"])}">{escape(cited)}</pre>'
    )


def chosen_feature(chosen: Chosen | None) -> Mapping[str, Any] | None:
    """The chosen region as the agent takes a selection."""
    return chosen.feature if chosen else None


def head_html(world: World, language: str) -> str:
    """Name, promise and, folded, the data with their licences."""
    said = words(language)
    shown = [d for d in world.context.store.datasets() if d.kind in ("survey", "statistics", "pixels")]
    years = sorted({year for d in shown if d.kind == "survey" for year in d.years})
    lines = [said["data_line"].format(data=f"{title_in(language, d.id, d.title)} ({d.licence})") for d in shown]
    lines += [said["years_line"].format(years=", ".join(map(str, years)))] if years else []
    lines.append(said["router_line"].format(router=said.get("router_" + world.router, world.router)))
    about = "".join(f"<li>{escape(line[:1].upper() + line[1:])}</li>" for line in lines)
    about = f'<details class="la-about"><summary>{escape(said["about"])}</summary><ul>{about}</ul></details>'
    return (
        f'<header class="la-head"><h1>{escape(said["title"])}</h1><p class="la-tagline">{escape(said["tagline"])}</p>'
        f"{about}</header>"
    )


def examples_of(world: World, language: str) -> list[str]:
    """Questions the loaded data can answer, by the kinds of data there are."""
    kinds = {d.kind for d in world.context.store.datasets() if d.rows}
    if "classify_area" not in TOOLS:
        kinds.discard("pixels")
    said = own_words(language)
    names = [f"example_{name}" for name in EXAMPLES if name.split("_")[0] in kinds]
    return [said[name] for name in names if name in said]
