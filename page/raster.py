"""Very many points as one picture: a PNG in the map's projection. Does not choose colours."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor

WIDEST = 4096
"""Pixels on the longer side at most: what every graphics card takes as one texture."""


class Coloured(Protocol):
    """Anything with a colour: a legend's mark."""

    @property
    def colour(self) -> str: ...  # noqa: D102


Corners = tuple[tuple[float, float], ...]


def mercator(lat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Latitude in degrees to EPSG:3857 northing in units of the Earth's radius."""
    return np.log(np.tan(np.pi / 4 + np.radians(np.clip(lat, -85, 85)) / 2))


def spacing(values: npt.NDArray[np.float64]) -> float:
    """The usual step between neighbouring different values of one axis."""
    steps = np.diff(np.unique(np.round(values, 7)))
    return float(np.median(steps)) if len(steps) else 1e-3


def picture(features: Sequence[Mapping[str, Any]], marks: Sequence[Coloured]) -> tuple[bytes, Corners]:
    """Return points as a PNG, one cell a point, and its corners as lon/lat from the north-west, clockwise.

    Where two points fall into one cell the later one is seen. What holds no point is transparent, not zero.
    """
    lonlat = np.array([f["geometry"]["coordinates"][:2] for f in features], dtype=np.float64)
    mark = np.array([f["properties"]["_m"] for f in features])
    lon, north = lonlat[:, 0], mercator(lonlat[:, 1])
    area = max(np.ptp(lon), 1e-6) * max(np.degrees(np.ptp(north)), 1e-6)
    cell = max(math.sqrt(area / len(features)), np.ptp(lon) / WIDEST, np.degrees(np.ptp(north)) / WIDEST, 1e-7)
    west, top = lon.min() - cell / 2, north.max() + np.radians(cell) / 2
    column = ((lon - west) / cell).astype(int)
    row = ((top - north) / np.radians(cell)).astype(int)
    width, height = int(column.max()) + 1, int(row.max()) + 1
    palette = np.array([ImageColor.getcolor(m.colour, "RGBA") for m in marks], dtype=np.uint8)
    pixels = np.zeros((height, width, 4), dtype=np.uint8)
    pixels[row, column] = palette[mark]
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(out, format="PNG")
    east, bottom = west + width * cell, top - height * np.radians(cell)
    south_lat, north_lat = (float(np.degrees(2 * np.arctan(np.exp(y)) - np.pi / 2)) for y in (bottom, top))
    return out.getvalue(), ((west, north_lat), (east, north_lat), (east, south_lat), (west, south_lat))
