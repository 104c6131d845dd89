"""Outlines made valid at a price that is known before it is paid. The one place where a geometry is repaired."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from retrieval import deadline
from retrieval.errors import BadGeometry

PAIRS_A_CORNER = 8
"""Pairs of edges with meeting boxes that a real outline has, for each of its corners."""
MOST_PAIRS = 200_000
"""Pairs beyond those: a star of 400 corners has about as many, and takes half a second to repair."""
_AT_ONCE = 2_000_000
"""Pairs looked for at one time, at most: bounds the memory."""


def mended(shape: BaseGeometry) -> BaseGeometry:
    """Return only the polygons of a shape, valid: as it is where it is valid, repaired otherwise; maybe empty.

    What a ring encloses is kept and what two rings enclose is counted once (OGC's structure, as `ST_MakeValid` with
    `method=structure`).

    Raises:
        BadGeometry: Its edges cross one another so often that a repair would take seconds.
    """
    deadline.check()
    if shape.is_empty:
        return shape
    if not shape.is_valid:
        if crosses_beyond_repair(shape):
            raise BadGeometry("the outline crosses itself too often to be repaired; draw it without crossings")
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    return shapely.union_all([part for part in _flat(shape) if part.geom_type == "Polygon"])


def is_latitude_first(shape: BaseGeometry) -> bool:
    """Return whether a shape lies outside the survey as it is, and inside it with its two axes exchanged."""
    from retrieval.region_rows import SURVEYED

    west, south, east, north = shape.bounds
    surveyed = shapely.box(*SURVEYED)
    return not shape.intersects(surveyed) and shapely.box(south, west, north, east).intersects(surveyed)


def crosses_beyond_repair(shape: BaseGeometry) -> bool:
    """Whether more edges meet than can be sorted out in a second: counted by boxes, and given up early."""
    edges = _edges(shape)
    if len(edges) < 2:
        return False
    most = PAIRS_A_CORNER * len(edges) + MOST_PAIRS
    tree = shapely.STRtree(edges)
    step = max(1, _AT_ONCE // len(edges))
    found = 0
    for start in range(0, len(edges), step):
        found += tree.query(edges[start : start + step]).shape[1]
        if found > most:
            return True
    return False


def _edges(shape: BaseGeometry) -> np.ndarray:
    """Return every edge of a shape's rings as a line of two points, (E,)."""
    rings = shapely.get_rings([part for part in _flat(shape) if part.geom_type == "Polygon"])
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    pairs = np.stack([corners[:-1][same], corners[1:][same]], axis=1)  # (E, 2, 2)
    return shapely.linestrings(pairs) if len(pairs) else np.empty(0, dtype=object)


def _flat(shape: BaseGeometry) -> list[BaseGeometry]:
    """Return the single geometries of a shape, however deep collections lie in collections."""
    parts = list(shapely.get_parts(shape))
    while any(hasattr(part, "geoms") for part in parts):
        parts = list(shapely.get_parts(parts))
    return parts
