"""Reads the pixel years of a store tile by tile, as columns: millions of cells never become Python rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from retrieval.errors import StoreError
from retrieval.store import read_query
from retrieval.types import BBox

MISSING = 65535

EVERYWHERE: BBox = (-180.0, -90.0, 180.0, 90.0)


def pixel_places(path: Path, box: BBox = EVERYWHERE) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Return name, longitude and latitude of every location of a store that has a pixel year.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    where = "WHERE lon BETWEEN $west AND $east AND lat BETWEEN $south AND $north"
    rows = _arrow(path, f"SELECT DISTINCT location, lon, lat FROM pixels {where}", box)
    return rows["location"].to_pylist(), rows["lon"].to_numpy(), rows["lat"].to_numpy()


def tile_pixels(
    path: Path, box: BBox, year: int | None
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64], NDArray[np.uint16], NDArray[np.int64]]:
    """Return names, longitudes, latitudes, bands (N, 12, 10) and first months (1 to 12) of the pixels in a box.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    rows = _arrow(path, read_query("pixels_tile"), box, year=year)
    flat = [chunk.flatten().fill_null(MISSING).to_numpy() for chunk in rows["bands"].chunks]
    values = np.concatenate(flat or [np.zeros(0, np.uint16)]).reshape(-1, 12, 10)
    lon, lat, month = (rows[name].to_numpy() for name in ("lon", "lat", "first_month"))
    return rows["location"].to_pylist(), lon, lat, values, month


def _arrow(path: Path, sql: str, box: BBox, **more: object) -> pa.Table:
    if not path.is_file():
        raise StoreError(f"no store at {path}; make one with `python -m retrieval build --store {path}`")
    west, south, east, north = box
    values = {"west": west, "south": south, "east": east, "north": north, **more}
    try:
        with duckdb.connect(str(path), read_only=True, config={"threads": 1}) as connection:
            return connection.execute(sql, values).to_arrow_table()
    except duckdb.Error as error:
        raise StoreError(f"the store {path} cannot be read: {str(error).splitlines()[0]}") from error
