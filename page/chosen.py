"""The region a person drew, clicked or uploaded: "this region" of their next question. Checks it, keeps nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import shapely
from pyproj import Geod

from agent.areas import checked_outline
from page.numbers import area
from retrieval.errors import BadGeometry
from retrieval.region_rows import markers
from retrieval.types import Region
from tools.context import Context
from tools.official_maps import DISC_ALONE_KM, disc

MOST_KM2 = 60_000_000
"""A view of all Europe with the seas around it; a larger region was drawn by mistake."""


@dataclass(frozen=True)
class Chosen:
    """A region to ask about."""

    name: str
    feature: Mapping[str, Any]
    """GeoJSON Feature, EPSG:4326 lon/lat; `properties.id` where it is a region the data knows."""
    km2: float | None
    """Area on the ellipsoid; None where the geometry only marks where the region is."""


def from_geometry(geometry: Mapping[str, Any], name: str, region: str = "", drawn: str = "") -> Chosen:
    """Return a checked region; `drawn`: how it came about, where its name tells just that: no answer calls it so.

    Raises:
        BadGeometry: it cannot serve as one.
    """
    outline = checked_outline(geometry)
    km2 = abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.force_2d(outline))[0]) / 1e6
    if km2 > MOST_KM2:
        raise BadGeometry(f"the region covers {km2:,.0f} km²: larger than any view of Europe")
    plain = json.loads(shapely.to_geojson(shapely.force_2d(outline)))
    properties = {"name": name} | ({"id": region} if region else {}) | ({"drawn": drawn} if drawn else {})
    return Chosen(name, {"type": "Feature", "properties": properties, "geometry": plain}, km2)


def from_region(context: Context, region: str) -> Chosen:
    """Return a region the gazetteer knows, by its id.

    Raises:
        BadGeometry: neither an outline nor a spot in it is known.
        UnknownRegion: there is none of this id.
    """
    known = context.gazetteer.region(region)
    outline = context.gazetteer.outline(region)
    if outline is None and known.id in markers():
        mark = disc(markers()[known.id], DISC_ALONE_KM)
        return replace(from_geometry(mark, known.name, known.id), km2=None)
    if outline is None:
        raise BadGeometry(f"no outline of {known.name} is known")
    # A page needs no detail below 50 m, and a link to share has little room.
    plain = json.loads(shapely.to_geojson(shapely.simplify(outline, 0.0005)))
    return from_geometry(plain, known.name, known.id)


def chosen_html(chosen: Chosen | None, said: Mapping[str, str], language: str, instead: Region | None = None) -> str:
    """The line that says which region "this region" is; `instead` is offered where it is too small for the survey."""
    if chosen is None:
        return f'<p class="la-chosen">{escape(said["selection_none"])}</p>'
    name = said["selection"].format(name=chosen.name)
    size = f" ({area(chosen.km2, language)})" if chosen.km2 else ""
    kept = json.dumps({"name": chosen.name, "km2": chosen.km2, **chosen.feature}, separators=(",", ":"))
    small = ""
    if instead:
        offer = escape(said["selection_instead"].format(name=instead.name))
        small = (
            f'<p class="la-small">{escape(said["selection_small"])} '
            f'<button type="button" class="la-button" data-use="{escape(instead.id)}">{offer}</button></p>'
        )
    return (
        f'<p class="la-chosen la-set" role="status" data-kept="{escape(kept)}"><b>{escape(name)}</b>{escape(size)}</p>'
        f"{small}"
    )
