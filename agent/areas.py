"""Areas a person draws: GeoJSON made into a region of the conversation. Does not touch the store."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agent.voice import Voice
from retrieval.errors import BadGeometry
from retrieval.foreign import plain_fault, read_json
from retrieval.outlines import is_latitude_first, mended
from retrieval.types import Region
from tools.context import Context

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MOST_CORNERS = 20_000
LONGEST_NAME = 60
NOT_IN_A_NAME = re.compile(r"[^\w .,'’()/&+-]+")
"""What a name that somebody gave an area may not bring into a sentence."""
KNOWN_REGION = re.compile(r"(country|nuts|iso|commune|group):[\w-]+")
"""Ids of the store's own regions: a selected feature that carries one is that region, not its drawn outline."""


def area_id(geometry: Mapping[str, Any], name: str = "selection") -> str:
    """Return `aoi:<name>-<hash8>` of a GeoJSON geometry."""
    digest = hashlib.sha256(json.dumps(geometry, sort_keys=True).encode()).hexdigest()[:8]
    return f"aoi:{name}-{digest}"


def selected_area(selection: Any) -> tuple[str, dict[str, Any]]:
    """Return id and geometry of a selection: a GeoJSON geometry, Feature or FeatureCollection, or its text.

    Raises:
        BadGeometry: it is none, or cannot serve as a region.
    """
    if isinstance(selection, str):
        selection = read_json(selection, "the selection", error=BadGeometry)
    elif fault := plain_fault(selection):
        raise BadGeometry(f"the selection {fault}")
    outline = longitude_first(checked_outline(_geometry(selection)))
    plain = json.loads(json.dumps(outline.__geo_interface__))
    name = _name(selection)
    return _region_id(selection) or area_id(plain), {**plain, "name": name} if name else plain


def _name(selection: Mapping[str, Any]) -> str:
    """Return what one selected feature is called; '' where its name only tells how it came about (`drawn`)."""
    features = selection.get("features") or [selection]
    properties = features[0].get("properties") if len(features) == 1 else None
    if not isinstance(properties, Mapping) or properties.get("drawn"):
        return ""
    return called(properties.get("name"))


def called(name: Any) -> str:
    """Return a name as it may stand in a sentence.

    >>> called("my valley\n(2)"), called("<b>; drop"), called(None)
    ('my valley (2)', 'b drop', '')
    """
    return " ".join(NOT_IN_A_NAME.sub(" ", name).split())[:LONGEST_NAME].strip() if isinstance(name, str) else ""


def _region_id(selection: Mapping[str, Any]) -> str | None:
    """Return the id of the region that one selected feature says it is."""
    features = selection.get("features") or [selection]
    properties = features[0].get("properties") if len(features) == 1 else None
    named = str(properties.get("id", "")) if isinstance(properties, Mapping) else ""
    return named if KNOWN_REGION.fullmatch(named) else None


def _geometry(selection: Any) -> Mapping[str, Any]:
    if not isinstance(selection, Mapping):
        raise BadGeometry("the selection is not a GeoJSON object")
    match selection.get("type"):
        case "Feature":
            return _geometry(selection.get("geometry"))
        case "FeatureCollection":
            features = selection.get("features") or []
            if not isinstance(features, list):
                raise BadGeometry("the selection's features are no list")
            if not features:
                raise BadGeometry("the selection holds no feature")
            if len(features) == 1:
                return _geometry(features[0])
            areas = [_geometry(f) for f in features if _is_area(f)]
            if not areas:
                raise BadGeometry("the selection holds no polygon: points and lines are no region")
            return {"type": "GeometryCollection", "geometries": areas}
        case "Polygon" | "MultiPolygon" | "GeometryCollection":
            return selection
        case other:
            raise BadGeometry(f"the selection is a {other}; draw a polygon")


def _is_area(feature: Any) -> bool:
    shape = feature.get("geometry") if isinstance(feature, Mapping) and feature.get("type") == "Feature" else feature
    return isinstance(shape, Mapping) and shape.get("type") in ("Polygon", "MultiPolygon", "GeometryCollection")


def checked_outline(geometry: Mapping[str, Any]) -> BaseGeometry:
    """Return the polygon of a GeoJSON geometry, mended where that is safe.

    Raises:
        BadGeometry: empty, not in degrees, over the antimeridian, too detailed, or beyond repair.
    """
    import shapely

    try:
        outline = shapely.geometry.shape(geometry)
    except Exception as error:  # the edge: shapely raises a dozen kinds for what is no geometry
        raise BadGeometry("the selection's coordinates cannot be read") from error
    if outline.is_empty:
        raise BadGeometry("the selected area is empty")
    if shapely.get_num_coordinates(outline) > MOST_CORNERS:
        raise BadGeometry(f"the selected area has over {MOST_CORNERS} corners; simplify it first")
    west, south, east, north = outline.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise BadGeometry("the selection is not in degrees (EPSG:4326, longitude first)")
    if east - west > 180:
        raise BadGeometry("the selection runs over the antimeridian; draw it on one side")
    merged = mended(outline)
    if merged.is_empty or merged.area == 0:
        raise BadGeometry("the selected area has no surface")
    return merged


def longitude_first(outline: BaseGeometry) -> BaseGeometry:
    """Return an outline that someone wrote down, unless its axes seem to be exchanged; one drawn on a map's are not.

    Raises:
        BadGeometry: it lies outside the survey, and inside it with its axes exchanged.
    """
    if is_latitude_first(outline):
        raise BadGeometry("the selection: latitude seems to come before longitude; longitude must come first")
    return outline


def with_areas(context: Context, areas: Mapping[str, Any]) -> Context:
    """Return the context knowing these drawn areas: id → GeoJSON geometry, with the `name` somebody gave it.

    One without a name is called what the context's language calls it: "the selected area".
    """
    for id, geometry in areas.items():
        if id in context.areas or KNOWN_REGION.fullmatch(id):
            continue
        outline = longitude_first(checked_outline(geometry))
        west, south, east, north = outline.bounds
        box = f"{west:g}, {south:g}, {east:g}, {north:g}"
        drawn = Voice(context.language).say("drawn") if id.startswith("aoi:selection") else box
        name = called(geometry.get("name")) or drawn
        region = Region(
            id, name, "aoi", "", None, (west, south, east, north), None, "user", "as drawn", "the user's own"
        )
        context = context.with_area(region, outline)
    return context
