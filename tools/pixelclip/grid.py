"""A classifier's map as 10 m cells of the European grid (EPSG:3035), and as COG, GeoParquet and GeoJSON files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import BadArgument
from tools.result import Result

CELL = 10
"""Metres."""

MOST_CELLS = 60_000_000
"""Cells of one raster; a wider one gets larger cells."""

_NAME = re.compile(r"CRS3035RES10mN(\d+)E(\d+)")


def cell_corners(location: list[str], lon: NDArray, lat: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the south-west corners, EPSG:3035 metres: from a cell's own name, else where the position falls."""
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(lon, lat)
    column, row = (np.floor(np.asarray(v) / CELL).astype(np.int64) * CELL for v in (x, y))
    for at, name in enumerate(location):
        if match := _NAME.fullmatch(name):
            row[at], column[at] = int(match[1]), int(match[2])
    return column, row


def write_geotiff(path: Path, x: NDArray, y: NDArray, score: NDArray, tags: dict[str, str]) -> Path:
    """Write scores as a cloud-optimised GeoTIFF, float32, NaN where there is no pixel.

    Cells are 10 m; where the area is too wide for that they grow to a multiple of 10 m that fits, and hold the
    greatest score inside them.
    """
    import rasterio

    if not len(x):
        raise BadArgument("no pixels to write")
    cell = CELL
    while (np.ptp(x) // cell + 1) * (np.ptp(y) // cell + 1) > MOST_CELLS:
        cell *= 2
    west, south = x.min() // cell * cell, y.min() // cell * cell
    column, row = (x - west) // cell, (y - south) // cell
    grid = np.full((int(row.max()) + 1, int(column.max()) + 1), -np.inf, np.float32)
    np.maximum.at(grid, (row, column), score.astype(np.float32))
    grid = np.where(np.isinf(grid), np.nan, grid)[::-1]
    profile = {
        "driver": "COG",
        "compress": "deflate",
        "height": grid.shape[0],
        "width": grid.shape[1],
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:3035",
        "nodata": float("nan"),
        "transform": rasterio.Affine(cell, 0, west, 0, -cell, south + grid.shape[0] * cell),
    }
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(grid, 1)
        raster.set_band_description(1, "score")
        raster.update_tags(cell_metres=str(cell), **tags)
    return path


def save_map(result: Result, folder: Path) -> list[Path]:
    """Write a classify_area result as GeoJSON, GeoParquet (points) and GeoTIFF (cells), and return the files."""
    import geopandas

    if result.table is None or not len(result.table):
        raise BadArgument("the map holds no pixel")
    folder.mkdir(parents=True, exist_ok=True)
    stem = "classify_area"
    table = result.table
    source = f"{result.provenance.dataset}; {result.provenance.attribution}; model {result.provenance.model}"
    features: dict[str, Any] = {**(result.features or {}), "source": source}
    geojson = folder / f"{stem}.geojson"
    geojson.write_text(json.dumps(features, ensure_ascii=False, default=str), encoding="utf-8")
    lon, lat = (np.array(table.column(name), float) for name in ("lon", "lat"))
    rows = [{k: v for k, v in row.items() if k not in ("lon", "lat")} | {"source": source} for row in table.dicts()]
    frame = geopandas.GeoDataFrame(rows, geometry=geopandas.points_from_xy(lon, lat), crs=4326)
    parquet = folder / f"{stem}.parquet"
    frame.to_parquet(parquet)
    x, y = cell_corners([str(name) for name in table.column("location")], lon, lat)
    tags = {"source": source}
    return [geojson, parquet, write_geotiff(folder / f"{stem}.tif", x, y, np.array(table.column("score")), tags)]
