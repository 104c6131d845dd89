"""Values of cells out of one raster file, local or remote. Does not combine files.

Nearest neighbour, computed exactly: the centre of each cell is carried into the file's own coordinate system and the
pixel it falls in is read. Where it falls is worked out once for all files on the same grid, and of a file only the
blocks that are needed are read, at full resolution: overviews are never touched, so a file may lack them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from retrieval.errors import SourceError
from retrieval.fetch.grid import Cells, to_crs

OPTIONS: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_CACHEMAX": 64,  # MB
    "GDAL_HTTP_MAX_RETRY": 5,
    "GDAL_HTTP_RETRY_DELAY": 1,
    "GDAL_HTTP_RETRY_CODES": "408,429,500,502,503,504",
    "GDAL_HTTP_CONNECTTIMEOUT": 20,
    "GDAL_HTTP_TIMEOUT": 120,
    "GDAL_HTTP_LOW_SPEED_TIME": 30,
    "GDAL_HTTP_LOW_SPEED_LIMIT": 1000,
    "GDAL_INGESTED_BYTES_AT_OPEN": 32_768,
    "GDAL_NUM_THREADS": 1,
}
"""GDAL's patience and thrift; proxies come from the environment (HTTPS_PROXY) as for every other download."""

FIRST_WAIT_S = 0.5
"""Before a file is tried a second time; doubles. GDAL has by then tried the request itself several times."""

BLOCKWISE = 16
"""Read block by block where the cells fill less than a sixteenth of their bounding window."""


class Unreadable(Exception):
    """This one file is missing or broken; the others may serve."""


@dataclass(frozen=True)
class _Places:
    """Where cells fall in a grid: `at` are the positions among the cells, `rows` and `columns` in the file."""

    at: NDArray[np.intp]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


class CellReader:
    """Reads the same cells from many files. Safe to share between threads."""

    def __init__(self, cells: Cells, tries: int = 4, sleep: Callable[[float], None] = time.sleep) -> None:
        self.cells = cells
        self._tries, self._sleep = tries, sleep
        self._places: dict[tuple, _Places] = {}
        self._lock = Lock()

    def read(self, address: str) -> NDArray:
        """Return one value a cell, 0 where the file does not reach.

        Raises:
            Unreadable: The file is not there, or broken.
            SourceError: The source cannot be reached at all.
        """
        failed = 0
        while True:
            try:
                # A fragment is not sent; it keeps GDAL from remembering that the last attempt failed.
                return self._read(f"{address}#{failed}" if failed and address.startswith("http") else address)
            except RasterioError as error:
                reason = " ".join(f"{error} {error.__cause__ or ''}".split()) or type(error).__name__
                failed += 1
                if _is_final(reason):
                    raise Unreadable(reason) from error
                if failed >= self._tries:
                    if _is_connection(reason):
                        raise SourceError(f"the source cannot be reached: {reason.partition('?')[0]}") from error
                    raise Unreadable(reason) from error
                self._sleep(FIRST_WAIT_S * 2 ** (failed - 1))

    def _read(self, address: str) -> NDArray:
        with rasterio.open(address) as file:
            values = np.zeros(len(self.cells), file.dtypes[0])
            places = self._find(file)
            if not places.at.size:
                return values
            top, left = places.rows.min(), places.columns.min()
            height, width = places.rows.max() - top + 1, places.columns.max() - left + 1
            if height * width <= BLOCKWISE * places.at.size or height * width <= 65_536:
                part = file.read(1, window=((top, top + height), (left, left + width)))
                values[places.at] = part[places.rows - top, places.columns - left]
            else:
                _read_blockwise(file, places, values)
            return values

    def _find(self, file: rasterio.DatasetReader) -> _Places:
        key = (file.crs.to_wkt() if file.crs else "", tuple(file.transform), file.shape)
        with self._lock:
            if key not in self._places:
                self._places[key] = _locate(self.cells, file)
            return self._places[key]


def blocks_touched(file: rasterio.DatasetReader, cells: Cells) -> int:
    """Return how many of a file's internal blocks the cells lie in."""
    places = _locate(cells, file)
    height, width = file.block_shapes[0]
    return len(np.unique(np.stack((places.rows // height, places.columns // width), axis=1), axis=0))


@contextmanager
def remote_options(**more: Any) -> Generator[None]:
    """Have GDAL behave well towards a remote source, in this thread."""
    session = more.pop("session", None)
    with rasterio.Env(session, **OPTIONS, **more):
        yield


def enter_remote_options(more: Mapping[str, Any]) -> None:
    """Have GDAL behave well in this thread for the rest of its life."""
    rasterio.Env(more.get("session"), **OPTIONS, **{k: v for k, v in more.items() if k != "session"}).__enter__()


def _locate(cells: Cells, file: rasterio.DatasetReader) -> _Places:
    if file.crs is None:
        raise RasterioError("not recognized: the file has no coordinate system")
    x, y = to_crs(cells, file.crs.to_wkt())
    to_pixel = ~file.transform
    columns = np.floor(to_pixel.a * x + to_pixel.b * y + to_pixel.c).astype(np.intp)
    rows = np.floor(to_pixel.d * x + to_pixel.e * y + to_pixel.f).astype(np.intp)
    at = np.flatnonzero((rows >= 0) & (columns >= 0) & (rows < file.height) & (columns < file.width))
    return _Places(at, rows[at], columns[at])


def _read_blockwise(file: rasterio.DatasetReader, places: _Places, values: NDArray) -> None:
    height, width = file.block_shapes[0]
    block = (places.rows // height) * (-(-file.width // width)) + places.columns // width
    order = np.argsort(block, kind="stable")
    starts = np.flatnonzero(np.diff(block[order], prepend=-1))
    for members in np.split(order, starts[1:]):
        rows, columns = places.rows[members], places.columns[members]
        top, left = rows.min(), columns.min()
        window = ((top, rows.max() + 1), (left, columns.max() + 1))
        values[places.at[members]] = file.read(1, window=window)[rows - top, columns - left]


def _is_final(reason: str) -> bool:
    """Tell a file that is missing or broken from a source that is having a bad moment."""
    signs = ("404", "403", "410", "not recognized", "not supported", "does not exist", "No such file")
    return any(sign in reason for sign in signs)


def _is_connection(reason: str) -> bool:
    signs = ("CURL", "curl", "HTTP response code: 5", "HTTP response code: 4", "resolve host", "timed out", "refused")
    return any(sign in reason for sign in signs)
