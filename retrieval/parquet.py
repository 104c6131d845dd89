"""Reads the bundled Parquet files by DuckDB, so that a fresh clone needs no Arrow to answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from retrieval.errors import BadFile

if TYPE_CHECKING:
    import pandas as pd


def frame(file: Path) -> pd.DataFrame:
    """Return a bundled file as a data frame."""
    with duckdb.connect() as connection:
        return _selected(connection, file).df()


def rows(file: Path) -> list[dict[str, Any]]:
    """Return a bundled file as one mapping a row."""
    with duckdb.connect() as connection:
        found = _selected(connection, file)
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def _selected(connection: duckdb.DuckDBPyConnection, file: Path) -> duckdb.DuckDBPyRelation:
    if not file.is_file():
        raise BadFile(f"{file.name} is missing from the checkout: restore it with git")
    return connection.read_parquet(str(file))
