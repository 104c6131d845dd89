"""What an event of the page tells beside the page's values: typed, for anyone can send one. Does nothing with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, TypeVar

import gradio as gr

from retrieval.foreign import checked

Kind = TypeVar("Kind", bound=Mapping[str, Any])


class Clicked(TypedDict, total=False):
    """A click on the map."""

    key: str
    feature: int | None
    """Which feature of the drawing; None beside all."""
    point_id: str | int | None
    lon: float
    lat: float


class Drawn(TypedDict, total=False):
    """A region drawn, moved, taken from the view, or picked by its id."""

    kind: str
    id: str | None
    name: str | None
    geometry: dict[str, Any] | None
    """GeoJSON, EPSG:4326 lon/lat."""


class Pressed(TypedDict, total=False):
    """A button of the list of conversations."""

    act: str
    talk: Any
    name: str


class Boarded(TypedDict, total=False):
    """The board as the browser keeps it."""

    board: Any


class Said(TypedDict):
    """A button in the conversation."""

    act: str
    turn: int
    value: str


Form = dict[str, Any]
"""Field of a plan's form → its operator and text."""


def told(event: gr.EventData, kind: type[Kind]) -> Kind:
    """Return what an event tells.

    Raises:
        BadArgument: it is no event of this kind.
    """
    return checked(event._data, kind, "the event")
