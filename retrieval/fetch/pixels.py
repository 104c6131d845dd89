"""A year of Sentinel-2 for a set of cells: searched, masked, composited month by month, written block by block.

Bounded in memory: one band of one block at a time. Resumable: each finished block is a Parquet file of its own, and
the list of scenes is frozen when a job starts, so that a job taken up again gives what it would have given at once.
What is written is the store's `pixels` table. Does not talk to the store.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from retrieval.composite import COMPOSITES, MASKED_SCL
from retrieval.errors import SourceError
from retrieval.fetch.cache import write_atomically
from retrieval.fetch.grid import Cells, blocks
from retrieval.fetch.raster import CellReader, Unreadable, blocks_touched, enter_remote_options, remote_options
from retrieval.fetch.secrets import Secrets, shown
from retrieval.fetch.sources import BANDS, StacSource
from retrieval.fetch.stac import Scene, Sign, search

log = logging.getLogger(__name__)

MONTHS = 12
MISSING = 65_535
VERSION = "1"
"""Of what this module computes; another version starts its jobs anew."""

MOST_LEFT_OUT = 0.2
"""Where more than this part of the scenes cannot be read, the source is at fault, not the scenes."""

STRIPE = 16_384
"""Cells composited at once: bounds the working memory of the median."""

SCHEMA = pa.schema(
    [
        ("location", pa.string()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("year", pa.int16()),
        ("point_id", pa.int32()),
        ("lc_label", pa.string()),
        ("bands", pa.list_(pa.uint16(), MONTHS * len(BANDS))),
        ("masked_months", pa.list_(pa.uint8())),
        ("missing_bands", pa.list_(pa.string())),
        ("first_month", pa.date32()),
        ("source", pa.string()),
        ("source_label", pa.string()),
    ]
)


@dataclass(frozen=True)
class Request:
    """Which cells, which year, from where."""

    cells: Cells
    first_month: date
    """The first of a month; the year is the twelve months from it."""
    source: StacSource
    composite: Literal["clear", "upstream"] = "clear"
    """`clear`: medians of clear values; `upstream`: as TimeSenCLIP's preparation makes them (`retrieval.composite`)."""

    @property
    def year(self) -> int:
        """The calendar year most of the months lie in."""
        return (self.first_month + timedelta(days=182)).year

    @property
    def last_day(self) -> date:
        """The last day of the twelfth month."""
        return self.first_month.replace(year=self.first_month.year + 1) - timedelta(days=1)

    def digest(self) -> str:
        """Return what tells this job from others."""
        parts = [VERSION, self.source.url, self.source.collection, str(self.first_month), self.cells.digest()]
        parts += [] if self.composite == "clear" else [self.composite]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Estimate:
    """What a job will take, before it begins."""

    cells: int
    blocks: int
    scenes: int
    without_scl: int
    most_bytes: int | None
    """Bytes read from the source if no scene is cloudy all over a block; None where it cannot be told."""


@dataclass
class Outcome:
    """What a job came to."""

    file: Path
    rows: int
    never_clear: int
    """Cells without one clear observation: left out."""
    scenes: int
    left_out: dict[str, str] = field(default_factory=dict)
    """Scene → why it could not be used."""
    empty_months: list[int] = field(default_factory=list)
    """Calendar months without any scene."""
    seconds: float = 0.0


OnBlock = Callable[[int, int, float], None]
"""Called after each block with the blocks done, the blocks there are, and the seconds still to go."""


class Job:
    """One request in a folder of its own, which is all that a later run needs to go on."""

    def __init__(self, request: Request, folder: Path, secrets: Secrets, sign: Sign, workers: int = 8) -> None:
        self.request, self.secrets, self._sign, self._workers = request, secrets, sign, workers
        self.folder = folder / f"{request.year}-{request.digest()}"
        self._broken: dict[str, str] = {}

    @property
    def file(self) -> Path:
        """Where the finished pixels lie."""
        return self.folder / "pixels.parquet"

    def scenes(self) -> list[Scene]:
        """Return the scenes of this job: searched once, then always the same."""
        note = self.folder / "scenes.json"
        if note.is_file():
            return [_scene(entry) for entry in json.loads(note.read_text(encoding="utf-8"))]
        request = self.request
        found = search(request.source, request.cells.bbox(), request.first_month, request.last_day)
        found = [scene for scene in found if _in_year(scene, request)]
        if not found:
            raise SourceError(
                f"{request.source.name} has no scenes here from {request.first_month} to {request.last_day}"
            )
        write_atomically(note, json.dumps([asdict(scene) for scene in found]).encode())
        return found

    def estimate(self) -> Estimate:
        """Return what is to be read, from the headers of one scene of each tile."""
        scenes, cells = self.scenes(), self.request.cells
        usable = [scene for scene in scenes if scene.scl]
        first = {scene.tile: scene for scene in reversed(usable)}
        counts = {tile: sum(scene.tile == tile for scene in usable) for tile in first}
        try:
            with self._options():
                most = int(sum(counts[tile] * self._scene_bytes(scene) for tile, scene in first.items()))
        except (RasterioError, httpx.HTTPError) as error:
            log.warning("the size cannot be told beforehand: %s", self.secrets.clean(str(error)))
            most = None
        return Estimate(len(cells), len(list(blocks(cells))), len(scenes), len(scenes) - len(usable), most)

    def run(self, on_block: OnBlock = lambda done, of, left: None) -> Outcome:
        """Do what is not done yet and return the whole.

        Raises:
            SourceError: The source failed for good, or the disk is full. What is done is kept.
        """
        began = time.monotonic()
        try:
            return self._run(on_block, began)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise SourceError(
                    f"no room for the pixels in {self.folder.parent}: make room or name another folder (--cache), then "
                    "run the same command again; finished blocks are kept"
                ) from error
            raise

    def _run(self, on_block: OnBlock, began: float) -> Outcome:
        scenes = self.scenes()
        parts = list(blocks(self.request.cells))
        done = [self._part(name) for name, _ in parts]
        todo = [(name, cells) for name, cells in parts if not _is_whole(self._part(name))]
        if todo:
            with self._options(), self._pool() as pool:
                for number, (name, cells) in enumerate(todo):
                    self._write_block(name, cells, scenes, pool)
                    pace = (time.monotonic() - began) / (number + 1)
                    on_block(len(parts) - len(todo) + number + 1, len(parts), pace * (len(todo) - number - 1))
        rows = _join(done, self.file, self._metadata())
        present = {scene.month for scene in scenes if scene.scl}
        return Outcome(
            file=self.file,
            rows=rows,
            never_clear=len(self.request.cells) - rows,
            scenes=len(scenes),
            left_out=self._left_out(scenes, done),
            empty_months=[m for m in _months(self.request.first_month) if m not in present],
            seconds=time.monotonic() - began,
        )

    def _write_block(self, name: str, cells: Cells, scenes: Sequence[Scene], pool: ThreadPoolExecutor) -> None:
        here = [scene for scene in scenes if scene.scl and _overlaps(scene, cells)]
        reader = CellReader(cells)
        days = self._classified(here, reader, pool)
        if len(self._broken) > MOST_LEFT_OUT * max(5, len(scenes)):
            reason = next(iter(self._broken.values()))
            raise SourceError(
                f"{len(self._broken)} scenes cannot be read, the first: {reason}; finished blocks are kept"
            )
        bands, masked = self._composite(days, reader, len(cells), pool)
        table = _table(self.request, cells, bands, masked, _source_name(self.request.source))
        _write_parquet(table, self._part(name), {"left_out": json.dumps(self._broken)})

    def _classified(self, scenes: list[Scene], reader: CellReader, pool: ThreadPoolExecutor) -> list[_Day]:
        """Read the scene classifications and keep the days that have anything clear to offer."""
        read = list(pool.map(lambda scene: self._read(reader, scene, scene.scl or ""), scenes))
        days: dict[tuple[str, int], _Day] = {}
        for scene, scl in zip(scenes, read, strict=True):
            if scl is None or not scl.any():
                continue
            day = days.setdefault((scene.day, scene.shift), _Day(scene.day, scene.shift, np.zeros(len(scl), np.uint8)))
            day.scenes.append(scene)
            day.scl = np.where(day.scl == 0, scl, day.scl).astype(np.uint8)
        every = self.request.composite == "upstream"  # there clouds count, as 0
        return [day for _, day in sorted(days.items()) if every or not np.isin(day.scl, MASKED_SCL).all()]

    def _composite(
        self, days: list[_Day], reader: CellReader, size: int, pool: ThreadPoolExecutor
    ) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
        """Return medians (12, C, N) and the months without a clear observation (12, N), in the order of the request."""
        order = [month - 1 for month in _months(self.request.first_month)]
        bands = np.full((MONTHS, len(BANDS), size), MISSING, np.uint16)
        masked = np.ones((MONTHS, size), bool)
        if not days:
            return bands, masked
        scl = np.stack([day.scl for day in days])  # (A, N)
        months = np.array([day.month for day in days])
        for number in range(len(BANDS)):
            stack = self._stack(days, number, reader, pool)  # (A, N)
            for start in range(0, size, STRIPE):
                at = slice(start, start + STRIPE)
                values, gaps = COMPOSITES[self.request.composite](stack[:, None, None, at], scl[:, None, at], months)
                bands[:, number, at] = _rounded(values[order, 0, 0])
                masked[:, at] &= gaps[order, 0]
        return bands, masked

    def _stack(self, days: list[_Day], number: int, reader: CellReader, pool: ThreadPoolExecutor) -> NDArray[np.uint16]:
        tasks = [(row, scene) for row, day in enumerate(days) for scene in day.scenes]
        read = pool.map(lambda task: self._read(reader, task[1], task[1].bands[number]), tasks)
        stack = np.zeros((len(days), len(reader.cells)), np.uint16)
        for (row, _), values in zip(tasks, read, strict=True):
            if values is not None:
                shifted = _shifted(values, days[row].shift)
                stack[row] = np.where(stack[row] == 0, shifted, stack[row])
        return stack

    def _read(self, reader: CellReader, scene: Scene, address: str) -> NDArray | None:
        if scene.id in self._broken:
            return None
        try:
            return reader.read(self._sign(address))
        except Unreadable as error:
            self._broken[scene.id] = self.secrets.clean(str(error))[:200]
            log.warning("scene %s is left out: %s", scene.id, self._broken[scene.id])
            return None

    def _part(self, name: str) -> Path:
        return self.folder / "blocks" / f"{name}.parquet"

    def _metadata(self) -> dict[str, str]:
        request = self.request
        return {
            "landask_pixels": VERSION,
            "source": _source_name(request.source),
            "first_month": str(request.first_month),
            "bands": " ".join(BANDS),
            "processing": "SCL mask, monthly median, reflectance x 10000, baseline offset removed, nearest neighbour",
        }

    def _left_out(self, scenes: Sequence[Scene], parts: Sequence[Path]) -> dict[str, str]:
        known = {scene.id: "no scene classification (SCL)" for scene in scenes if not scene.scl}
        for part in parts:
            noted = (pq.read_schema(part).metadata or {}).get(b"left_out", b"{}")
            known |= json.loads(noted)
        return known

    def _scene_bytes(self, scene: Scene) -> float:
        """Bytes the needed blocks of one scene's files take, from block counts and the files' sizes."""
        total, seen = 0.0, {}
        for address in (*scene.bands, scene.scl or ""):
            path = self._sign(address)
            with rasterio.open(path) as file:
                key = (file.shape, tuple(file.transform))
                touched = seen.setdefault(key, blocks_touched(file, self.request.cells))
                height, width = file.block_shapes[0]
                share = min(1.0, touched * height * width / (file.height * file.width))
                whole = _length(path) or file.height * file.width * 1.5
                total += min(whole, 32_768 + share * whole)
        return total

    @contextlib.contextmanager
    def _options(self) -> Generator[None]:
        with remote_options(**self._session()):
            yield

    def _session(self) -> dict[str, Any]:
        source = self.request.source
        if source.sign != "s3":
            return {}
        from rasterio.session import AWSSession

        session = AWSSession(
            aws_access_key_id=self.secrets.require("CDSE_S3_ACCESS_KEY", source.name),
            aws_secret_access_key=self.secrets.require("CDSE_S3_SECRET_KEY", source.name),
            endpoint_url=source.endpoint,
        )
        return {"session": session, "AWS_VIRTUAL_HOSTING": "FALSE"}

    @contextlib.contextmanager
    def _pool(self) -> Generator[ThreadPoolExecutor]:
        """Threads that each have GDAL's options for as long as they live."""
        session = self._session()
        pool = ThreadPoolExecutor(self._workers, "pixels", initializer=enter_remote_options, initargs=(session,))
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@dataclass
class _Day:
    """One solar day: the tiles of a pass, joined."""

    day: str
    shift: int
    scl: NDArray[np.uint8]
    scenes: list[Scene] = field(default_factory=list)

    @property
    def month(self) -> int:
        return int(self.day[5:7])


def _months(first: date) -> list[int]:
    return [(first.month - 1 + k) % MONTHS + 1 for k in range(MONTHS)]


def _in_year(scene: Scene, request: Request) -> bool:
    return str(request.first_month) <= scene.day <= str(request.last_day)


def _overlaps(scene: Scene, cells: Cells) -> bool:
    if scene.bbox is None:
        return True
    west, south, east, north = cells.bbox()
    return not (scene.bbox[0] > east or scene.bbox[2] < west or scene.bbox[1] > north or scene.bbox[3] < south)


def _shifted(values: NDArray, shift: int) -> NDArray[np.uint16]:
    """Take the baseline's offset out; what was measured stays at least 1, since 0 means not measured."""
    if not shift:
        return values.astype(np.uint16)
    moved = np.maximum(values.astype(np.int32) + shift, 1)
    return np.where(values == 0, 0, moved).astype(np.uint16)


def _rounded(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    return np.where(np.isnan(values), MISSING, np.rint(np.nan_to_num(values))).astype(np.uint16)


def _source_name(source: StacSource) -> str:
    return f"{source.collection} from {shown(source.url)}"


def _table(request: Request, cells: Cells, bands: NDArray, masked: NDArray, source: str) -> pa.Table:
    kept = np.flatnonzero(~(bands == MISSING).all(axis=(0, 1)))
    cells, bands, masked = cells.take(kept), bands[:, :, kept], masked[:, kept]
    size = len(kept)
    lon, lat = cells.lonlat() if size else (np.empty(0), np.empty(0))
    flat = np.ascontiguousarray(bands.transpose(2, 0, 1)).reshape(-1)  # (N, 12, C): month-major
    at, month = np.nonzero(masked.T)
    offsets = np.searchsorted(at, np.arange(size + 1)).astype(np.int32)
    return pa.table(
        {
            "location": pa.array(cells.names(), pa.string()),
            "lon": lon,
            "lat": lat,
            "year": pa.array(np.full(size, request.year), pa.int16()),
            "point_id": pa.array(cells.ids if cells.ids is not None else [None] * size, pa.int32()),
            "lc_label": pa.nulls(size, pa.string()),
            "bands": pa.FixedSizeListArray.from_arrays(pa.array(flat, pa.uint16()), MONTHS * len(BANDS)),
            "masked_months": pa.ListArray.from_arrays(pa.array(offsets), pa.array(month, pa.uint8())),
            "missing_bands": pa.array([[]] * size, pa.list_(pa.string())),
            "first_month": pa.array([request.first_month] * size, pa.date32()),
            "source": pa.array([source] * size, pa.string()),
            "source_label": pa.nulls(size, pa.string()),
        },
        schema=SCHEMA,
    )


def _write_parquet(table: pa.Table, path: Path, metadata: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    try:
        pq.write_table(table.replace_schema_metadata(metadata), fresh, compression="zstd")
        _settle(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _settle(fresh: Path, path: Path) -> None:
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)


def _join(parts: Sequence[Path], path: Path, metadata: dict[str, str]) -> int:
    """Write all blocks into one file, one at a time, and return its rows."""
    if _is_whole(path):
        return pq.read_metadata(path).num_rows
    fresh = path.with_name(f"{path.name}.new")
    rows = 0
    try:
        with pq.ParquetWriter(fresh, SCHEMA.with_metadata(metadata), compression="zstd") as writer:
            for part in parts:
                table = pq.read_table(part).cast(SCHEMA).replace_schema_metadata(metadata)
                writer.write_table(table)
                rows += table.num_rows
        _settle(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    return rows


def _is_whole(path: Path) -> bool:
    """Files get their name when they are whole; the look inside is for what a failing disk may do."""
    if not path.is_file():
        return False
    try:
        pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return False
    return True


def _scene(entry: dict[str, Any]) -> Scene:
    values = dict(entry)
    values["bands"] = tuple(values["bands"])
    values["bbox"] = tuple(values["bbox"]) if values["bbox"] else None
    return Scene(**values)


def _length(address: str) -> int | None:
    if not address.startswith(("http://", "https://")):
        return None
    answer = httpx.head(address, follow_redirects=True, timeout=20)
    length = answer.headers.get("content-length", "")
    return int(length) if answer.is_success and length.isdigit() else None
