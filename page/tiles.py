"""The bundled base map's tiles, vector and relief, each read from one PMTiles file. Makes none: `page/base.py` does."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pmtiles.reader import MmapSource
from pmtiles.tile import Entry, deserialize_directory, deserialize_header, find_tile, zxy_to_tileid

BASE_TILES = Path(__file__).parent / "static" / "base.pmtiles"
RELIEF_TILES = BASE_TILES.with_name("relief.pmtiles")
HEADER_BYTES = 127


class Tiles:
    """Tiles of one PMTiles file, mapped into memory; its directories are unpacked once. Safe between threads."""

    def __init__(self, file: Path = BASE_TILES) -> None:
        with file.open("rb") as opened:
            self._bytes = MmapSource(opened)
        self._header = deserialize_header(self._bytes(0, HEADER_BYTES))
        self._directory = lru_cache(self._unpacked)

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """A tile's bytes (vector tiles gzip-packed), or None where the map has none; `y` counts from the north."""
        if not (0 <= zoom <= self._header["max_zoom"] and 0 <= x < 1 << zoom and 0 <= y < 1 << zoom):
            return None
        wanted, at, long = zxy_to_tileid(zoom, x, y), self._header["root_offset"], self._header["root_length"]
        while (found := find_tile(self._directory(at, long), wanted)) is not None and found.run_length == 0:
            at, long = self._header["leaf_directory_offset"] + found.offset, found.length
        return self._bytes(self._header["tile_data_offset"] + found.offset, found.length) if found else None

    def _unpacked(self, at: int, long: int) -> list[Entry]:
        return deserialize_directory(self._bytes(at, long))
