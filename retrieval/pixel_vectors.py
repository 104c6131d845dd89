"""Writes a model's vectors into a store, a batch at a time, skipping what is there. Does not compute them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from retrieval.errors import StoreError
from retrieval.store import read_query
from retrieval.types import Table

Embed = Callable[[Table], Sequence[bytes | None]]
"""Rows of `pixels_without_vectors` → their float16 vectors, None where a pixel cannot be read."""


def fill_vectors(
    path: Path, model: str, embed: Embed, batch: int = 4096, progress: Callable[[int], None] | None = None
) -> int:
    """Give every pixel year of a store its vector of a model and return how many were new.

    Each batch is written before the next is read: a killed run goes on where it stopped. The store must not be open
    elsewhere.

    Raises:
        StoreError: there is no store, or another process has it open.
    """
    import pyarrow as pa

    if not path.is_file():
        raise StoreError(f"no store at {path}; make one with `python -m retrieval build --store {path}`")
    try:
        connection = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise StoreError(f"the store {path} is in use; close what reads it and try again") from error
    written = 0
    try:
        while rows := _next(connection, model, batch):
            vectors = embed(rows)
            fresh = pa.table(
                {
                    "location": rows.column("location"),
                    "year": rows.column("year"),
                    "model": [model] * len(rows),
                    "vector": pa.array([vector or b"" for vector in vectors], pa.binary()),
                }
            )
            connection.register("fresh", fresh)
            connection.execute("INSERT INTO embeddings SELECT location, year, model, vector FROM fresh")
            connection.unregister("fresh")
            written += len(rows)
            if progress:
                progress(written)
        connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise StoreError(f"the store {path} cannot be written: {str(error).splitlines()[0]}") from error
    finally:
        connection.close()
    return written


def _next(connection: Any, model: str, batch: int) -> Table | None:
    sql = read_query("pixels_without_vectors")
    cursor = connection.execute(sql, {"model": model, "limit": batch})
    columns = tuple(column[0] for column in cursor.description)
    rows = tuple(cursor.fetchall())
    return Table(columns, rows, sql, {"model": model, "limit": batch}) if rows else None
