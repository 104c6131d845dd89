"""Cells: 10 m squares of the European grid (EPSG:3035) that pixels are asked for. Does not read rasters.

Everything that wants pixels is cells: a survey point is the cell it lies in, a region or a drawn area the cells whose
centres lie inside, all of them or every so many metres. Cells are handled in blocks aligned to the same grid, so that
two areas that overlap ask for the same blocks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from retrieval.errors import BadArgument, BadGeometry
from retrieval.types import BBox

STEP = 10
"""Metres a cell measures."""

DENSE_BLOCK = 5120
"""Metres: 512 cells, some 10 MB a band and year of acquisitions; the block of full coverage."""
SPARSE_BLOCK = 102_400
"""Metres: about a Sentinel-2 tile, so that a file is opened once for all points in it."""
MOST_CELLS = 512 * 512
"""Cells in one block at most, which bounds the memory."""

MOST_AREA_KM2 = 2_000_000
MOST_WANTED = 30_000_000
"""Cells of one request: 3,000 km² of full coverage, half a gigabyte of positions; 7 GB of pixels."""

_STRIPE = 1 << 22


@dataclass(frozen=True)
class Cells:
    """Cells by their south-west corners, EPSG:3035 metres, multiples of ten."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    ids: tuple[int, ...] | None = None
    """Survey point of each cell, where the cells stand for points."""

    def __len__(self) -> int:
        return len(self.x)

    def take(self, at: NDArray) -> Cells:
        """Return some of the cells."""
        ids = tuple(self.ids[i] for i in at) if self.ids is not None else None
        return Cells(self.x[at], self.y[at], ids)

    def names(self) -> list[str]:
        """Return what each is called: its point id, or its name in the European grid."""
        if self.ids is not None:
            return [str(identifier) for identifier in self.ids]
        return [f"CRS3035RES10mN{y}E{x}" for x, y in zip(self.x, self.y, strict=True)]

    def lonlat(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the centres, longitude and latitude in degrees."""
        return _transformer(3035, 4326).transform(self.x + STEP / 2, self.y + STEP / 2)

    def bbox(self) -> BBox:
        """Return west, south, east, north in degrees of all the cells."""
        lon, lat = self.lonlat()
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    def digest(self) -> str:
        """Return a name that two equal sets of cells share."""
        total = hashlib.sha256(np.ascontiguousarray(self.x).tobytes())
        total.update(np.ascontiguousarray(self.y).tobytes())
        total.update(repr(self.ids).encode() if self.ids else b"")
        return total.hexdigest()


def cells_of_points(point_ids: Sequence[int], x: Sequence[float], y: Sequence[float]) -> Cells:
    """Return the cell each point lies in; `x`, `y` in EPSG:3035 metres."""
    return Cells(_down(np.asarray(x, float)), _down(np.asarray(y, float)), tuple(int(p) for p in point_ids))


def cells_within(outline: BaseGeometry, every_m: int = STEP) -> Cells:
    """Return the cells with centres inside an outline (EPSG:3035), one every `every_m` metres of the European grid."""
    if every_m < STEP or every_m % STEP:
        raise BadArgument(f"--every takes a multiple of {STEP} metres, not {every_m}")
    if outline.is_empty or outline.area <= 0:
        raise BadGeometry("the area is empty")
    if outline.area / 1e6 > MOST_AREA_KM2:
        raise BadGeometry(f"the area has {outline.area / 1e6:.0f} km²; at most {MOST_AREA_KM2} km² are fetched at once")
    wanted = outline.area / every_m**2
    if wanted > MOST_WANTED:
        enough = int(np.ceil((outline.area / MOST_WANTED) ** 0.5 / STEP)) * STEP
        raise BadArgument(
            f"{wanted / 1e6:.0f} million pixels are too many for one request; sample it with --every {enough} or more"
        )
    shapely.prepare(outline)
    west, south, east, north = outline.bounds
    columns = np.arange(_first(west, every_m), east, every_m, dtype=np.int64)
    rows = np.arange(_first(south, every_m), north, every_m, dtype=np.int64)
    found = [_inside(outline, columns, part) for part in _stripes(rows, len(columns))]
    x = np.concatenate([f[0] for f in found]) if found else np.empty(0, np.int64)
    y = np.concatenate([f[1] for f in found]) if found else np.empty(0, np.int64)
    if not len(x):
        return _middle(outline)
    return Cells(x, y)


def blocks(cells: Cells, size_m: int | None = None) -> Iterator[tuple[str, Cells]]:
    """Yield the cells block by block, each with its name: `E3930N3095`, kilometres of its south-west corner.

    A block that is a tile wide where the cells are sparse, and 5.12 km where they are dense; one with more than
    `MOST_CELLS` comes in parts.
    """
    size = size_m or (SPARSE_BLOCK if _is_sparse(cells) else DENSE_BLOCK)
    corner = np.stack((cells.x // size, cells.y // size), axis=1)
    kinds, which = np.unique(corner, axis=0, return_inverse=True)
    order = np.argsort(which.reshape(-1), kind="stable")
    bounds = np.searchsorted(which.reshape(-1)[order], np.arange(len(kinds) + 1))
    for number, (column, row) in enumerate(kinds):
        members = order[bounds[number] : bounds[number + 1]]
        parts = -(-len(members) // MOST_CELLS)
        for part, at in enumerate(np.array_split(members, parts)):
            name = f"E{column * size // 10}N{row * size // 10}"
            yield (f"{name}-{part + 1}" if parts > 1 else name), cells.take(at)


def _is_sparse(cells: Cells) -> bool:
    size = DENSE_BLOCK
    places = len(np.unique(np.stack((cells.x // size, cells.y // size), axis=1), axis=0))
    return len(cells) / places < 4096  # under a sixty-fourth of a full block


def _inside(outline: BaseGeometry, columns: NDArray, rows: NDArray) -> tuple[NDArray, NDArray]:
    x, y = (a.reshape(-1) for a in np.meshgrid(columns, rows))
    inside = shapely.contains_xy(outline, x + STEP / 2, y + STEP / 2)
    return x[inside], y[inside]


def _stripes(rows: NDArray, width: int) -> Iterator[NDArray]:
    height = max(1, _STRIPE // max(1, width))
    for start in range(0, len(rows), height):
        yield rows[start : start + height]


def _middle(outline: BaseGeometry) -> Cells:
    """An area smaller than a cell still has the one its inner point lies in."""
    point = outline.representative_point()
    return Cells(_down(np.array([point.x])), _down(np.array([point.y])))


def _down(metres: NDArray[np.float64]) -> NDArray[np.int64]:
    return (np.floor(metres / STEP) * STEP).astype(np.int64)


def _first(low: float, every: int) -> int:
    return int(np.floor(low / every)) * every


@lru_cache(maxsize=64)
def _transformer(source: int | str, target: int | str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def to_crs(cells: Cells, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the cells' centres in another coordinate system, easting and northing."""
    return _transformer(3035, crs).transform(cells.x + STEP / 2, cells.y + STEP / 2)
