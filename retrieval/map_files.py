"""The one door through which a map file comes in, whoever brings it. Opens no map in this process.

A file is read by a child process (`retrieval.map_child`) that has no network, writes nothing, reads no other file, and
ends at its limits of CPU, time and memory. What comes back is features in longitude and latitude, or `BadFile` with
one line. Say what a file is by its bytes with `retrieval.file_kinds`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.errors import BadFile
from retrieval.map_child import EVERY_DRIVER, GEOMETRY, Limits

if TYPE_CHECKING:
    import geopandas
    import pyarrow as pa

__all__ = ["OWN", "STRANGER", "Limits", "MapFile", "read_map_area", "read_map_file", "shapefile_zipped"]

STRANGER = Limits(cpu_s=5, wall_s=20, memory_mb=1_500, features=2_000, corners=200_000, unpacked_mb=100)
"""For a file that comes over the page."""
OWN = Limits(cpu_s=600, wall_s=1_200, memory_mb=12_000, features=None, corners=None, unpacked_mb=2_000)
"""For a file that the person at the command line names: as large as Europe's communes."""
MOST_REPLY = 4 << 30
"""Bytes of features taken from the child."""
_ROOT = Path(__file__).resolve().parents[1]
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
_QUIET = {
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "PROJ_NETWORK": "OFF",
    "GDAL_HTTP_PROXY": "127.0.0.1:1",
    "GDAL_HTTPS_PROXY": "127.0.0.1:1",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    "GDAL_DRIVER_PATH": "disable",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
}


@dataclass(frozen=True)
class MapFile:
    """The features of one file."""

    form: str
    """`GeoJSON`, `GPKG`, `ESRI Shapefile`, `GeoParquet`, …"""
    features: geopandas.GeoDataFrame
    """Properties and geometry: EPSG:4326, longitude first, two dimensions; None where a feature has no geometry. Where
    `crs` is None the coordinates are as the file has them."""
    crs: str | None
    """What the file said its coordinates are in: `EPSG:n` or a name; None where it said nothing."""
    layer: str
    notes: tuple[str, ...]
    """What was done to make it readable, to be told."""


def read_map_file(path: Path, limits: Limits = OWN, shown: str = "") -> MapFile:
    """Return the features of a map file: GeoJSON (also a feature a line), GeoPackage, shapefile, GeoParquet, ….

    Args:
        path: a file; a shapefile is a zip, or a `.shp` with its other parts beside it.
        limits: what reading it may cost; `STRANGER` for a file that came over the network.
        shown: what errors call the file; its path if empty.

    Raises:
        BadFile: It is no such file, not whole, beyond the limits, or in coordinates that are not known.
    """
    return _map_file(_read(path, limits, None, shown or str(path)))


def read_map_area(path: Path, limits: Limits = STRANGER, shown: str = "", tolerance: float = 0.0005) -> MapFile:
    """Return all polygons of a map file as one feature without properties, valid, maybe empty.

    Args:
        path: as for `read_map_file`.
        limits: as for `read_map_file`.
        shown: as for `read_map_file`.
        tolerance: degrees by which an area of very many corners is simplified.

    Raises:
        BadFile: As `read_map_file`; or it holds no polygon, or one that crosses itself beyond repair.
    """
    return _map_file(_read(path, limits, tolerance, shown or str(path)))


def _map_file(table: pa.Table) -> MapFile:
    facts = json.loads(table.schema.metadata[b"facts"])
    return MapFile(facts["form"], _frame(table), facts["crs"], facts["layer"], tuple(facts["notes"]))


def _read(path: Path, limits: Limits, dissolve: float | None, shown: str) -> pa.Table:
    import pyarrow as pa

    if not path.is_file():
        raise BadFile(f"{shown}: no such file")
    try:
        content = _shapefile_beside(path) if path.suffix.lower() == ".shp" else None
        code, reply = _child(path, content, limits, json.dumps(dissolve))
    except OSError as error:
        raise BadFile(f"{shown}: cannot be read: {error.strerror or error}") from error
    if code == 2:
        raise BadFile(f"{shown}: {_one_line(reply)}")
    if code != 0:
        raise BadFile(f"{shown}: cannot be read in {limits.cpu_s} s and {limits.memory_mb:,} MB; simplify it")
    try:
        with pa.ipc.open_stream(reply) as stream:
            table = stream.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise BadFile(f"{shown}: cannot be read") from error
    return table


def _child(path: Path, content: bytes | None, limits: Limits, dissolve: str) -> tuple[int, bytes]:
    """Run the reader on a file, or on bytes; return its exit code (negative where it was ended) and its reply."""
    start = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from retrieval.map_child import main; main()"
    command = [sys.executable, "-I", "-B", "-c", start, json.dumps(asdict(limits)), dissolve]
    with path.open("rb") as file:
        process = subprocess.Popen(
            command,
            stdin=file if content is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=os.sep,
        )
    timer = threading.Timer(limits.wall_s, process.kill)
    timer.start()
    try:
        if content is not None and process.stdin:
            threading.Thread(target=_feed, args=(process.stdin, content), daemon=True).start()
        reply = process.stdout.read(MOST_REPLY) if process.stdout else b""
        if len(reply) == MOST_REPLY:
            process.kill()
        return process.wait(), reply
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _feed(pipe: Any, content: bytes) -> None:
    try:
        with pipe:
            pipe.write(content)
    except OSError:
        pass  # the child had seen enough


def _environment() -> dict[str, str]:
    """Return the child's environment: no token and no setting of this one's, all drivers' names for it to skip."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, **_QUIET, EVERY_DRIVER: _drivers()}


@cache
def _drivers() -> str:
    """Return the names of all vector drivers of this GDAL."""
    import pyogrio

    return ",".join(pyogrio.list_drivers())


def _shapefile_beside(path: Path) -> bytes:
    """Return a `.shp` and the parts beside it as one zip."""
    import io
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for part in sorted(path.parent.glob(f"{_escaped(path.stem)}.*")):
            if part.suffix.lower() in (".shp", ".shx", ".dbf", ".prj", ".cpg") and part.is_file():
                archive.write(part, f"{path.stem}{part.suffix.lower()}")
    return target.getvalue()


def shapefile_zipped(path: Path, folder: Path) -> Path:
    """Write a `.shp` and the parts beside it into one zip in a folder, so that they stay together; return it."""
    content = _shapefile_beside(path)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{path.stem}.zip"
    fresh = target.with_name(f"{target.name}.new")
    fresh.write_bytes(content)
    fresh.replace(target)
    return target


def _escaped(name: str) -> str:
    import glob

    return glob.escape(name)


def _frame(table: pa.Table) -> geopandas.GeoDataFrame:
    import geopandas
    import shapely

    shapes = shapely.from_wkb(table[GEOMETRY].to_numpy(zero_copy_only=False))
    properties = table.drop_columns([GEOMETRY]).to_pandas()
    if "geometry" in properties.columns:
        properties = properties.rename(columns={"geometry": "geometry_property"})
    return geopandas.GeoDataFrame(properties, geometry=shapes, crs=4326)


def _one_line(reply: bytes) -> str:
    text = " ".join(reply.decode(errors="replace").split())
    return "".join(letter if letter.isprintable() else "�" for letter in text)[:400]
