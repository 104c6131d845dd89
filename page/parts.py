"""The page's own parts on Gradio's HTML component: map, conversation, table. Their behaviour is `static/page.js`."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr

HEAD = (
    '<link rel="stylesheet" href="files/maplibre/maplibre-gl.css">'
    '<script src="files/maplibre/maplibre-gl.js"></script>'
    '<script src="files/page.js"></script>'
)

EARLY = ", ".join(f"<files/{name}>; rel=preload; as=script" for name in ("maplibre/maplibre-gl.js", "page.js"))
"""Header of the page: the browser fetches `HEAD`'s scripts at once, not when all of Gradio's own have come."""


def script(call: str) -> str:
    """JavaScript that calls a function of `page.js`, once that has come.

    The browser fetches `HEAD` while the page's first events run; one that finds no `landask` yet would fail unheard.
    """
    wait = "while (!window.landask) await new Promise((again) => setTimeout(again, 50));"
    return f"async () => {{ {wait} landask.{call}(); }}"


def languages(value: str, known: Mapping[str, str], label: str) -> gr.HTML:
    """The list of the page's languages, code → name; value: the code of the one it speaks."""
    options = "".join(f'<option value="{code}" lang="{code}">{escape(name)}</option>' for code, name in known.items())
    select = f'<select aria-label="{escape(label)}">{options}</select>'
    return part("language", value, select, "landask.language(element, props, trigger, watch);")


def conversation(value: str) -> gr.HTML:
    """The conversation; its `click` carries `act`, `turn` and `value` of the button pressed in it."""
    return part("chat", value, "${value}", "landask.chat(element, props, trigger, watch);")


def map_view(value: Any) -> gr.HTML:
    """The map; `select` carries a clicked feature, `input` a region drawn or picked. Value: `Drawing.to_json`."""
    return part("map", value, '<div class="la-slot"></div>', "landask.map(element, props, trigger, watch);")


def explore() -> gr.HTML:
    """One share over the years: slider, line, ranked bars. Fed by the map's value, in the browser."""
    return part("explore", "", '<div class="la-explore"></div>', "landask.explore(element);")


def talk_list(value: Any) -> gr.HTML:
    """The conversations this browser keeps; `click` carries `act` and the conversation. Value: `talks_value`."""
    return part("talks", value, '<div class="la-slot"></div>', "landask.talks(element, props, trigger, watch);")


def board() -> gr.HTML:
    """The board of pinned answers over the page; `click` carries the board the browser keeps."""
    return part("board", "", "${value}", "landask.board(element, trigger);")


def plan_form() -> gr.HTML:
    """A composed question as a form; `click` carries, by dimension, how it is asked for and the text there."""
    return part("plan-form", "", "${value}", "landask.form(element, trigger);")


def chosen_area(value: str) -> gr.HTML:
    """The line that says which region "this region" is; the map shows its outline."""
    return part("chosen", value, '${value}<div class="la-slot"></div>', "landask.chosen(element, watch);")


def rows(value: str) -> gr.HTML:
    """The table, its rows linked to the map."""
    return part("rows", value, "${value}", "landask.table(element);")


def part(name: str, value: Any, template: str, script: str) -> gr.HTML:
    """One part: its HTML, and the function of `page.js` that brings it to life."""
    return gr.HTML(
        value,
        html_template=template,
        js_on_load=script,
        head=HEAD,
        elem_id=name,
        apply_default_css=False,
        padding=False,
    )
