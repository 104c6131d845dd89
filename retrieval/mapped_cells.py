"""Puts a classifier's map into a store as one more source of queries: its cells, in every region they lie in.

The store must not be open elsewhere. A map that is added again takes the place of its earlier cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import shapely
from numpy.typing import NDArray

from retrieval.errors import StoreError
from retrieval.membership import within_each
from retrieval.store import extension_settings, load_spatial
from retrieval.types import Dataset

TABLE = """CREATE TABLE IF NOT EXISTS mapped_cells (
    region_id VARCHAR, cell BIGINT, year SMALLINT, lon DOUBLE, lat DOUBLE, land_cover VARCHAR,
    probability UTINYINT, margin UTINYINT, far BOOLEAN, dataset VARCHAR
)"""
"""`cell`: easting / 10 · 10⁶ + northing / 10 of its south-west corner, EPSG:3035. `region_id` '' is everywhere."""

SORTED = """CREATE OR REPLACE TABLE mapped_cells AS SELECT * FROM mapped_cells
ORDER BY region_id, year, ST_Hilbert(lon, lat,
    {'min_x': -32.0, 'min_y': 27.0, 'max_x': 46.0, 'max_y': 72.0}::BOX_2D)"""

Columns = dict[str, NDArray]
"""`cell`, `lon`, `lat`, `land_cover` (codes), `probability`, `margin`, `far`: one tile's cells."""


def add_cells(path: Path, tiles: Iterator[Columns], year: int, dataset: Dataset) -> int:
    """Add a map's cells and return how many there are.

    Raises:
        StoreError: there is no store, it is open elsewhere, or it cannot be written.
    """
    if not path.is_file():
        raise StoreError(f"no store at {path}; make one with `python -m retrieval build --store {path}`")
    try:
        connection = duckdb.connect(str(path), config=extension_settings())
    except duckdb.Error as error:
        raise StoreError(f"the store {path} is in use; close what reads it and try again") from error
    count = 0
    try:
        load_spatial(connection)
        connection.execute("BEGIN")
        connection.execute(TABLE)
        connection.execute("DELETE FROM mapped_cells WHERE dataset = ?", [dataset.id])
        connection.execute("DELETE FROM datasets WHERE id = ?", [dataset.id])
        outlines = _outlines(connection)
        for tile in tiles:
            count += len(tile["cell"])
            _insert(connection, tile, year, dataset.id, outlines)
        connection.execute(SORTED)
        west, south, east, north = dataset.bbox or (None,) * 4
        connection.execute(
            "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [dataset.id, dataset.title, dataset.version, dataset.licence, dataset.attribution, dataset.sha256, count,
             [year], west, south, east, north, dataset.synthetic, "predictions"],
        )  # fmt: skip
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise StoreError(f"the store {path} cannot be written: {str(error).splitlines()[0]}") from error
    finally:
        connection.close()
    return count


def _outlines(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, shapely.Geometry]]:
    """Return id and outline of every region, each land once."""
    rows = connection.execute(
        "SELECT id, ST_AsWKB(geom) FROM regions WHERE geom IS NOT NULL AND coalesce(same_as, id) = id"
    ).fetchall()
    shapes = shapely.from_wkb([bytes(row[1]) for row in rows])
    return [(row[0], shape) for row, shape in zip(rows, shapes, strict=True)]


def _insert(
    connection: duckdb.DuckDBPyConnection,
    tile: Columns,
    year: int,
    dataset: str,
    outlines: list[tuple[str, shapely.Geometry]],
) -> None:
    import pyarrow as pa

    order = np.argsort(tile["lon"], kind="stable")
    own = {name: values[order] for name, values in tile.items()}
    lonlat = np.stack([own["lon"], own["lat"]], axis=1)
    if not len(lonlat):
        return
    box = shapely.box(*lonlat.min(axis=0), *lonlat.max(axis=0))
    near = [(id, shape) for id, shape in outlines if shapely.intersects(shape, box)]
    inside = within_each(lonlat, [shape for _, shape in near])
    rows = [("", np.arange(len(lonlat))), *((id, at) for (id, _), at in zip(near, inside, strict=True))]
    for region, at in rows:
        if not len(at):
            continue
        fresh = pa.table({name: pa.array(values[at]) for name, values in own.items()})
        connection.register("fresh", fresh)
        connection.execute(
            """INSERT INTO mapped_cells SELECT $region, cell, $year, lon, lat, land_cover, probability, margin, far,
            $dataset FROM fresh""",
            {"region": region, "year": year, "dataset": dataset},
        )
        connection.unregister("fresh")
