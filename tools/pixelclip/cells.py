"""Where a map's cells come from: a store's pixel years, or a file of monthly rasters. Cells are 10 m of EPSG:3035.

A source says which tiles hold anything and reads one tile; it does not classify. Both can be sent to another process.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from retrieval.composite import monthly_composite
from retrieval.errors import BadArgument, BadFile, NoRecords
from retrieval.pixel_tiles import EVERYWHERE, pixel_places, tile_pixels
from retrieval.types import BBox
from tools.pixelclip.bands import Years, read_years, to_calendar
from tools.pixelclip.grid import CELL, cell_corners
from tools.pixelclip.interface import Encoder
from tools.pixelclip.precomputed import open_embeddings
from tools.pixelclip.samples import COLUMNS

TILE = 5120
"""Metres: 512 × 512 cells, aligned to the origin of the grid as the blocks that pixels are fetched by are."""

SIDE = TILE // CELL

CLEAR = 4
"""Sen2Cor's class of vegetation, for rasters whose clouds are already out."""


@dataclass(frozen=True, order=True)
class Tile:
    """A square of the European grid by its south-west corner, EPSG:3035 metres."""

    x: int
    y: int
    cells: int = 0
    """How many of its cells hold a pixel, as far as that is known beforehand."""

    @property
    def name(self) -> str:
        """As the European grid names cells: `E3950400N3112960`."""
        return f"E{self.x}N{self.y}"

    def box(self) -> BBox:
        """Return a box in degrees that holds the tile."""
        edge = np.linspace(0, TILE, 9)
        x = np.concatenate([self.x + edge, self.x + edge, np.full(9, self.x), np.full(9, self.x + TILE)])
        y = np.concatenate([np.full(9, self.y), np.full(9, self.y + TILE), self.y + edge, self.y + edge])
        lon, lat = _degrees().transform(x, y)
        return float(lon.min()) - 1e-4, float(lat.min()) - 1e-4, float(lon.max()) + 1e-4, float(lat.max()) + 1e-4


@dataclass(frozen=True)
class CellYears:
    """Cells by their south-west corners, EPSG:3035 metres, with their pixel years."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    years: Years
    radar: NDArray[np.float32] | None = None
    """(N, 12, 2) VV and VH in dB, NaN where missing."""

    def __len__(self) -> int:
        return len(self.x)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) which cells hold anything."""
        return self.years.usable

    def seen_by(self, model: Encoder) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
        """Return a model's vectors of the cells, and which are far from what it was taught on, None where unknown."""
        return model.examine(self.years, radar=self.radar)


@dataclass(frozen=True)
class CellFeatures:
    """Cells by their south-west corners, EPSG:3035 metres, with embeddings that others computed."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    features: NDArray[np.float32]
    usable: NDArray[np.bool_]
    form: str

    def __len__(self) -> int:
        return len(self.x)

    def seen_by(self, model: Encoder) -> tuple[NDArray[np.float32], None]:
        """Return a model's vectors of the cells.

        Raises:
            BadArgument: the model has no head for these embeddings.
        """
        from tools.pixelclip.headed import Headed

        if not isinstance(model, Headed) or model.backbone.name != self.form:
            raise BadArgument(
                f"{self.form} embeddings need a head for them: python -m tools.pixelclip head --embeddings FILE "
                f"--places LABELS.csv --out HEAD.safetensors, then predict --weights HEAD.safetensors"
            )
        vectors = model.of_features(self.features)
        return np.where(self.usable[:, None], vectors, 0), None


class CellSource(Protocol):
    """Tiles of pixel years."""

    def tiles(self) -> list[Tile]:
        """Return the tiles that hold anything, in order."""
        ...

    def read(self, tile: Tile) -> CellYears | CellFeatures:
        """Return a tile's cells."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return what identifies the pixels, for the manifest."""
        ...


def raster_cells(path: str) -> CellSource:
    """Return the cells of a file: monthly bands (NetCDF), or embeddings (GeoTIFF, NPY)."""
    return EmbeddingCells(path) if path.endswith((".tif", ".tiff", ".npy")) else RasterCells(path)


@dataclass(frozen=True)
class StoreCells:
    """The pixels of a store, inside an outline or all."""

    store: str
    year: int | None = None
    """None: each place's latest."""
    outline: bytes | None = None
    """WKB, EPSG:4326."""
    about: str = ""
    """Datasets and their versions."""

    def tiles(self) -> list[Tile]:
        """Return the tiles of its locations."""
        shape = shapely.from_wkb(self.outline) if self.outline else None
        box: BBox = tuple(shape.bounds) if shape is not None else EVERYWHERE  # type: ignore[assignment]
        name, lon, lat = pixel_places(Path(self.store), box)
        if shape is not None:
            keep = shapely.intersects_xy(shape, lon, lat)
            name, lon, lat = [n for n, k in zip(name, keep, strict=True) if k], lon[keep], lat[keep]
        if not len(name):
            way_out = "fetch some with `python -m retrieval fetch pixels …` and build the store with --pixels"
            raise NoRecords("satellite pixels there", way_out, "no_pixels")
        return _counted(*cell_corners(name, lon, lat))

    def read(self, tile: Tile) -> CellYears:
        """Return the cells of a tile, January first."""
        name, lon, lat, bands, month = tile_pixels(Path(self.store), tile.box(), self.year)
        x, y = cell_corners(name, lon, lat)
        keep = _inside(tile, x, y)
        if self.outline:
            keep &= shapely.intersects_xy(shapely.from_wkb(self.outline), lon, lat)
        x, y, years, month = x[keep], y[keep], bands[keep].astype(np.float32), month[keep]
        for first in np.unique(month[month != 1]):
            years[month == first] = to_calendar(years[month == first], int(first))
        return CellYears(x, y, read_years(years, check_order=False))

    def to_json(self) -> dict[str, Any]:
        """Return the store and what of it is read."""
        cut = shapely.to_wkt(shapely.from_wkb(self.outline), rounding_precision=5) if self.outline else None
        return {"store": Path(self.store).name, "datasets": self.about, "year": self.year, "outline": cut}


@dataclass(frozen=True)
class RasterCells:
    """A NetCDF file of rasters by time: Sentinel-2 bands, and Sentinel-1 where it is there. Nearest cell counts."""

    path: str

    def tiles(self) -> list[Tile]:
        """Return the tiles its raster lies in."""
        x, y, _ = self._cells
        return _counted(x, y)

    def read(self, tile: Tile) -> CellYears:
        """Return the cells of a tile."""
        x, y, source = self._cells
        keep = _inside(tile, x, y)
        at = source[keep]
        years, radar = _raster(self.path)[:2]
        return CellYears(
            x[keep], y[keep], read_years(years[at], check_order=False), None if radar is None else radar[at]
        )

    def to_json(self) -> dict[str, Any]:
        """Return the file."""
        return {"raster": Path(self.path).name}

    @property
    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Cells whose centre lies in the raster, and the raster's nearest position of each."""
        _, _, east, north, crs = _raster(self.path)
        return cells_over(east, north, crs)


@dataclass(frozen=True)
class EmbeddingCells:
    """A file of published yearly embeddings (`precomputed.py`). The pixel that holds a cell's centre counts."""

    path: str

    def tiles(self) -> list[Tile]:
        """Return the tiles its raster lies in, with about how many of their cells it covers."""
        opened = open_embeddings(self.path)
        x, y = Transformer.from_crs(opened.crs, 3035, always_xy=True).transform(*opened.corners())
        axes = [np.arange(v.min() // TILE * TILE - TILE, v.max() + TILE, TILE, dtype=np.int64) for v in (x, y)]
        found = []
        for tile in (Tile(int(a), int(b)) for a in axes[0] for b in axes[1]):
            step = np.unique(np.concatenate([[0, SIDE - 1], np.arange(0, SIDE, 8)])) * CELL
            rim, inner = np.arange(0, TILE, CELL), [axis.ravel() for axis in np.meshgrid(step, step)]
            still = np.zeros_like(rim)
            on_rim = (
                np.concatenate([still, still + TILE - CELL, rim, rim]),
                np.concatenate([rim, rim, still, still + TILE - CELL]),
            )
            share = self._inside(tile.x + inner[0], tile.y + inner[1])[0].mean()
            if share or self._inside(tile.x + on_rim[0], tile.y + on_rim[1])[0].any():
                found.append(Tile(tile.x, tile.y, round(share * SIDE * SIDE)))
        return sorted(found)

    def read(self, tile: Tile) -> CellFeatures:
        """Return the cells of a tile; no more of the file is read."""
        steps = np.arange(0, TILE, CELL, dtype=np.int64)
        x, y = (axis.ravel() for axis in np.meshgrid(tile.x + steps, tile.y + steps))
        keep, row, column = self._inside(x, y)
        opened = open_embeddings(self.path)
        features, usable = opened.read(row[keep], column[keep])
        return CellFeatures(x[keep], y[keep], features, usable, opened.form.name)

    def to_json(self) -> dict[str, Any]:
        """Return the file and its form."""
        return {"embeddings": Path(self.path).name, "form": open_embeddings(self.path).form.name}

    def _inside(self, x: NDArray, y: NDArray) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
        """Return which cells' centres lie in the raster, and the row and column of each."""
        opened = open_embeddings(self.path)
        there = Transformer.from_crs(3035, opened.crs, always_xy=True).transform(x + CELL / 2, y + CELL / 2)
        row, column = opened.position(*there)
        return (row >= 0) & (row < opened.height) & (column >= 0) & (column < opened.width), row, column


def cells_over(
    east: NDArray, north: NDArray, crs: Any
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the cells whose centre lies in a raster of pixel centres, and the raster's nearest position of each."""
    step_x, step_y = (abs(float(axis[1] - axis[0])) for axis in (east, north))
    across = Transformer.from_crs(crs, 3035, always_xy=True)
    corner = [across.transform(a, b) for a in (east[0], east[-1]) for b in (north[0], north[-1])]
    low, high = np.min(corner, axis=0) - 2 * CELL, np.max(corner, axis=0) + 2 * CELL
    x, y = np.meshgrid(*(np.arange(a // CELL * CELL, b, CELL) for a, b in zip(low, high, strict=True)))
    x, y = x.ravel().astype(np.int64), y.ravel().astype(np.int64)
    there = Transformer.from_crs(3035, crs, always_xy=True).transform(x + CELL / 2, y + CELL / 2)
    column = np.round((there[0] - east[0]) / (east[1] - east[0])).astype(int)
    row = np.round((there[1] - north[0]) / (north[1] - north[0])).astype(int)
    off_x = np.abs(there[0] - east[np.clip(column, 0, len(east) - 1)]) <= step_x / 2
    off_y = np.abs(there[1] - north[np.clip(row, 0, len(north) - 1)]) <= step_y / 2
    keep = off_x & off_y & (column >= 0) & (column < len(east)) & (row >= 0) & (row < len(north))
    return x[keep], y[keep], (row * len(east) + column)[keep]


@lru_cache(maxsize=2)
def _raster(path: str) -> tuple[NDArray, NDArray | None, NDArray, NDArray, Any]:
    """Return years (H·W, 12, 10), radar (H·W, 12, 2) or None, eastings, northings and the CRS."""
    import xarray as xr
    from pyproj import CRS

    from tools.pixelclip.radar import decibel

    try:
        with xr.open_dataset(path, mask_and_scale=False) as data:
            names = [next((n for n in _names(b) if n in data), None) for b in COLUMNS]
            if sum(name is None for name in names) > 1:
                lost = ", ".join(b for b, n in zip(COLUMNS, names, strict=True) if n is None)
                raise BadFile(f"{path} lacks Sentinel-2 bands: {lost}")
            shape = data[next(n for n in names if n)].shape
            bands = np.stack([data[n].values if n else np.zeros(shape, np.uint16) for n in names], axis=1)
            months = data["t"].dt.month.values
            east, north = data["x"].values.astype(float), data["y"].values.astype(float)
            crs = CRS.from_wkt(str(next(v.attrs["crs_wkt"] for v in data.variables.values() if "crs_wkt" in v.attrs)))
            both = [next((n for n in (f"S1-SIGMA0-{p}", p) if n in data), None) for p in ("VV", "VH")]
            radar = np.stack([data[n].values for n in both], axis=-1) if all(both) else None
    except (OSError, ValueError, KeyError, StopIteration, AttributeError) as error:
        raise BadFile(
            f"{path} is no raster of monthly bands: variables B02 …, axes t, x, y and a CRS are needed"
        ) from error
    composite, _ = monthly_composite(bands, np.full((len(months), *shape[1:]), CLEAR), months)
    years = composite.transpose(2, 3, 0, 1).reshape(-1, 12, len(COLUMNS))
    seen = None
    if radar is not None:
        value = decibel(radar)
        by_month = [
            _median(value[months == m]) if (months == m).any() else np.full(value.shape[1:], np.nan)
            for m in range(1, 13)
        ]
        seen = np.stack(by_month, axis=2).reshape(-1, 12, 2).astype(np.float32)
    return years, seen, east, north, crs


def _names(band: str) -> tuple[str, ...]:
    return f"S2-L2A-{band}", band, band.replace("B0", "B")


def _median(values: NDArray) -> NDArray:
    from retrieval.composite import nan_median

    return nan_median(values.astype(np.float32))


def _inside(tile: Tile, x: NDArray, y: NDArray) -> NDArray[np.bool_]:
    return (x >= tile.x) & (x < tile.x + TILE) & (y >= tile.y) & (y < tile.y + TILE)


def _counted(x: NDArray[np.int64], y: NDArray[np.int64]) -> list[Tile]:
    count = Counter(zip((x // TILE * TILE).tolist(), (y // TILE * TILE).tolist(), strict=True))
    return sorted(Tile(a, b, cells) for (a, b), cells in count.items())


@lru_cache(maxsize=1)
def _degrees() -> Transformer:
    return Transformer.from_crs(3035, 4326, always_xy=True)
