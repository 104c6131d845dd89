"""Published figures as a choropleth: class breaks a reader can check, and regions' outlines bearing their figure."""

from __future__ import annotations

import bisect
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import shapely

from retrieval.region_rows import markers
from retrieval.store import Store
from retrieval.types import LonLat
from tools.context import Context
from tools.official import Cell
from tools.uncertainty import reliability

SIMPLIFY_DEG = 0.01
"""Outlines are drawn to about 1 km: the map is of regions, not of their shores."""

_KEPT: WeakKeyDictionary[Store, dict[str, dict[str, Any] | None]] = WeakKeyDictionary()


def legend(values: Iterable[float | None], unit: str) -> dict[str, Any]:
    """Return class breaks for a choropleth: round and evenly spaced, or quantiles where those would hide most regions.

    `breaks` has one more entry than there are classes and covers every value; `counts` are the regions in each class,
    so that a reader sees what the colours do.
    """
    known = sorted(v for v in values if v is not None)
    if not known:
        return {"breaks": [], "unit": unit, "method": "none", "counts": []}
    breaks, method = _even_breaks(known), "equal"
    if len(known) >= 8 and max(_counts(known, breaks)) > 0.6 * len(known):
        quantiles = _quantile_breaks(known)
        if len(quantiles) > 2:
            breaks, method = quantiles, "quantile"
    return {"breaks": breaks, "unit": unit, "method": method, "counts": _counts(known, breaks)}


def class_break(value: float | None, breaks: Sequence[float]) -> int | None:
    """Return the index of a value's class: breaks[i] ≤ value < breaks[i + 1], the last class closed."""
    if value is None or len(breaks) < 2:
        return None
    return min(max(bisect.bisect_right(breaks, value) - 1, 0), len(breaks) - 2)


def _counts(values: Sequence[float], breaks: Sequence[float]) -> list[int]:
    counts = [0] * max(len(breaks) - 1, 0)
    for value in values:
        counts[class_break(value, breaks) or 0] += 1
    return counts


def _even_breaks(values: Sequence[float]) -> list[float]:
    low, high = values[0], values[-1]
    span = (high - low) or abs(high) or 1.0
    rough = span / 5
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(s * magnitude for s in (1, 2, 2.5, 5, 10) if s * magnitude >= rough - 1e-12)
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    digits = max(0, 2 - math.floor(math.log10(step)))
    return [round(i * step, digits) for i in range(first, last + 1)]


def _quantile_breaks(values: Sequence[float]) -> list[float]:
    inner = [values[round(q * (len(values) - 1))] for q in (0.2, 0.4, 0.6, 0.8)]
    return list(dict.fromkeys([values[0], *inner, values[-1]]))


def outlines(context: Context, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return region ids with their simplified outlines as GeoJSON geometries; regions without one are left out.

    Kept for as long as the store is open: a map of every NUTS 2 region is asked for again and again.
    """
    kept = _KEPT.setdefault(context.store, {})
    of_region = {id: context.gazetteer.members(id) for id in ids}
    if missing := sorted({m for each in of_region.values() for m in each} - kept.keys()):
        found = dict(context.store.query("gazetteer_outlines", ids=missing).rows)
        shapes = shapely.simplify(shapely.from_wkb([bytes(w) for w in found.values()]), SIMPLIFY_DEG)
        shapes = shapely.transform(shapes, lambda lonlat: lonlat.round(4))
        drawn = [json.loads(text) for text in shapely.to_geojson(shapes)]
        kept |= dict.fromkeys(missing) | dict(zip(found, drawn, strict=True))
    parts = {id: [g for m in each if (g := kept[m])] for id, each in of_region.items()}
    return {id: _one_geometry(each) for id, each in parts.items() if each}


def _one_geometry(geometries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if len(geometries) == 1:
        return geometries[0]
    polygons = [
        p for g in geometries for p in (g["coordinates"] if g["type"] == "MultiPolygon" else [g["coordinates"]])
    ]
    return {"type": "MultiPolygon", "coordinates": polygons}


def choropleth(context: Context, cells: Sequence[Cell], unit: str, breaks: Sequence[float]) -> dict[str, Any]:
    """Return the regions with value, class, flag and status as properties (RFC 7946, lon/lat).

    `status`: published (with `flag` u: hatched), zero, not_significant or not_published. A region without an outline
    is a marker: a point somewhere inside it. One of which neither is known is left out here and stays in the table.
    """
    by_id = {c.region.id: c for c in cells}
    drawn = outlines(context, list(by_id))
    spots = {id: {"type": "Point", "coordinates": list(markers()[id])} for id in by_id if id in markers()}
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": place, "properties": _drawn_as(cell, unit, breaks)}
            for id, cell in by_id.items()
            if (place := drawn.get(id) or spots.get(id))
        ],
    }


def is_marker(feature: Mapping[str, Any]) -> bool:
    """Does this feature bear the figure of a region that has no outline?"""
    return (feature.get("geometry") or {}).get("type") == "Point" and "class_break" in feature["properties"]


def with_discs(features: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the features as they are drawn: markers as discs, of one size and small against the map."""
    places = [shapely.geometry.shape(f["geometry"]) for f in features if f.get("geometry")]
    west, south, east, north = shapely.total_bounds(places) if places else (0.0, 0.0, 0.0, 0.0)
    km = min(max(2.0 * max(east - west, north - south), 8.0), 40.0) if len(places) > 1 else DISC_ALONE_KM
    return [{**f, "geometry": disc(f["geometry"]["coordinates"], km)} if is_marker(f) else f for f in features]


DISC_ALONE_KM = 20.0
"""Radius of a marker that stands alone, on a map of its country."""


def disc(lonlat: LonLat, km: float) -> dict[str, Any]:
    """Return a circle on the ellipsoid as a GeoJSON polygon of 72 corners, lon/lat."""
    from pyproj import Geod

    turns = [5.0 * at for at in range(73)]
    lon, lat, _ = Geod(ellps="WGS84").fwd([lonlat[0]] * 73, [lonlat[1]] * 73, turns, [km * 1000.0] * 73)
    return {"type": "Polygon", "coordinates": [[[round(x, 5), round(y, 5)] for x, y in zip(lon, lat, strict=True)]]}


def _drawn_as(cell: Cell, unit: str, breaks: Sequence[float]) -> dict[str, Any]:
    value, ends = cell.value(unit), cell.interval(unit)
    return {
        "id": cell.region.id,
        "name": cell.region.name,
        "value": value,
        "unit": unit,
        "class_break": class_break(value, breaks),
        "flag": cell.flag,
        "low": ends[0] if ends else None,
        "high": ends[1] if ends else None,
        "cv": cell.cv,
        "reliability": reliability(cell.cv),
        "status": map_status(cell),
        "code": cell.code,
        "land_cover": cell.land_cover,
        "year": cell.year,
    }


def map_status(cell: Cell) -> str:
    """Return how a region is drawn: a figure, zero, not significant, or not published."""
    if cell.status in ("published", "low_reliability"):
        return "published" if cell.percent else "zero"
    return "zero" if cell.status == "about_zero" else cell.status
