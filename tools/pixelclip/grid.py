"""The 10 m cells of the European grid (EPSG:3035) that pixels stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CELL = 10
"""Metres."""

_NAME = re.compile(r"CRS3035RES10mN(\d+)E(\d+)")


def cell_corners(location: Sequence[str], lon: NDArray, lat: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the south-west corners, EPSG:3035 metres: from a cell's own name, else where the position falls."""
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(lon, lat)
    column, row = (np.floor(np.asarray(v) / CELL).astype(np.int64) * CELL for v in (x, y))
    for at, name in enumerate(location):
        if match := _NAME.fullmatch(name):
            row[at], column[at] = int(match[1]), int(match[2])
    return column, row
