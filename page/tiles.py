"""The bundled base map's tiles, vector and relief, each read from one MBTiles file. Makes none: `page/base.py` does."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

BASE_TILES = Path(__file__).parent / "static" / "base.mbtiles"
RELIEF_TILES = BASE_TILES.with_name("relief.mbtiles")


class Tiles:
    """Tiles of one MBTiles file, opened read-only. Safe between threads."""

    def __init__(self, file: Path = BASE_TILES) -> None:
        self._lock = threading.Lock()
        self._file = sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """A tile's bytes (vector tiles gzip-packed), or None where the map has none; `y` counts from the north."""
        if not 0 <= zoom < 30:
            return None
        at = (zoom, x, (1 << zoom) - 1 - y)  # MBTiles counts rows from the south
        with self._lock:
            row = self._file.execute(
                "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?", at
            ).fetchone()
        return row[0] if row else None
