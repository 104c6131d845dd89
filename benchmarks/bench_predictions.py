"""Queries over ten million mapped cells: one region in how long? python -m benchmarks.bench_predictions [CELLS]

The cells are made up (a square of Europe cut into 400 regions, each cell in its region, in its country and everywhere)
and written by the sort that a map is added with. Measured is the query alone, the store opened before, best of seven.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import duckdb

from retrieval.mapped_cells import SORTED, TABLE
from retrieval.store import extension_settings, load_spatial

MADE = """INSERT INTO mapped_cells
SELECT unnest(['', 'country:' || (r // 40)::VARCHAR, 'nuts:' || r::VARCHAR]), (4e11 + i)::BIGINT, 2022,
    5 + (i % 20) * 0.5 + random() * 0.5, 40 + (i // 20 % 20) * 0.5 + random() * 0.5,
    list_element(['A00', 'B11', 'B16', 'B82', 'C00', 'E20'], 1 + (hash(i) % 6)::INTEGER),
    (30 + hash(i + 1) % 70)::UTINYINT, (hash(i + 2) % 60)::UTINYINT, hash(i) % 50 = 0, 'made'
FROM (SELECT i, i % 400 AS r FROM range($cells) AS t(i))"""

OF = "FROM mapped_cells WHERE year = 2022 AND region_id = "
QUERIES = {
    "vineyard in one region": f"SELECT count(*) {OF} 'nuts:17' AND land_cover = 'B82'",
    "classes of one region": f"SELECT land_cover, count(*), avg(probability) {OF} 'nuts:17' GROUP BY 1",
    "classes of one country (40 regions)": f"SELECT land_cover, count(*) {OF} 'country:3' GROUP BY 1",
    "classes everywhere": f"SELECT land_cover, count(*) {OF} '' GROUP BY 1",
}


def main(cells: int = 10_000_000) -> None:
    """Make the table, then time the queries."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.duckdb"
        with duckdb.connect(str(path), config=extension_settings()) as connection:
            load_spatial(connection)
            connection.execute(TABLE)
            connection.execute(MADE, {"cells": cells})
            connection.execute(SORTED)
            connection.execute("CHECKPOINT")
        print(f"{cells:,} cells, {3 * cells:,} rows, {path.stat().st_size / 1e6:,.0f} MB")
        with duckdb.connect(str(path), read_only=True, config={"threads": 2}) as connection:
            for name, sql in QUERIES.items():
                best = min(timed(connection, sql) for _ in range(7))
                print(f"{name:40} {1000 * best:8.1f} ms")


def timed(connection: duckdb.DuckDBPyConnection, sql: str) -> float:
    """Return the seconds a query took."""
    start = time.perf_counter()
    connection.execute(sql).fetchall()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
