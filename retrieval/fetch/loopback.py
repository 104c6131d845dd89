"""A real small web server on this machine that plays the public sources, and misbehaves on demand.

For tests, benchmarks and trying things out without the network. It serves files with ranges, validators and a STAC
API, counts what it gave away, and commits each of the faults a download has to survive.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray

from retrieval.fetch.sources import StacSource

Body = bytes | Path


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request."""

    status: int | None = None
    """Answer with this state and nothing else."""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Close the connection after so many bytes of the body."""
    drip: tuple[int, float] | None = None
    """Send so many bytes, then wait so many seconds, again and again."""
    body: bytes | None = None
    """Send this in place of the file, with state 200."""
    kind: str | None = None
    """Content type of `body`."""
    length: int | None = None
    """Claim this length instead of the real one."""
    forget_range: bool = False
    """Send the whole file although a part was asked for."""


@dataclass
class Served:
    """One request as it was answered."""

    path: str
    query: str
    headers: dict[str, str]
    status: int
    sent: int


class Loopback:
    """The server's state: files, routes, faults to come, and the log."""

    def __init__(self) -> None:
        self.files: dict[str, Body] = {}
        self.routes: dict[str, Callable[[Mapping[str, Any]], Any]] = {}
        """Path → function of the parameters (query or JSON body) that returns something for JSON."""
        self.raw: dict[str, Callable[[str], Any]] = {}
        """Path → function of the query string as it was sent, where a repeated parameter matters."""
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        """Path → faults, one a request until they are used up."""
        self.every: dict[str, Fault] = {}
        """Path → a fault that never ends."""
        self.tokens: dict[str, str] = {}
        """Path prefix → query that must be part of the request."""
        self.log: list[Served] = []
        self.validators = True
        self.latency_s = 0.0
        self.url = ""
        self.lock = threading.Lock()

    def sent(self, prefix: str = "/") -> int:
        """Return the bytes given away below a path."""
        return sum(entry.sent for entry in self.log if entry.path.startswith(prefix))

    def asked(self, prefix: str = "/") -> list[Served]:
        """Return the requests below a path, without HEAD."""
        return [entry for entry in self.log if entry.path.startswith(prefix)]

    def next_fault(self, path: str) -> Fault | None:
        """Take the next fault that is due for a path."""
        with self.lock:
            if self.faults.get(path):
                return self.faults[path].pop(0)
        return self.every.get(path)


@contextmanager
def serve() -> Generator[Loopback]:
    """Run a server on a free port of this machine for as long as the context lasts."""
    world = Loopback()
    handler = type("Handler", (_Handler,), {"world": world})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    world.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    world: Loopback
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        self._answer(with_body=True, posted=json.loads(self.rfile.read(length) or b"{}"))

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the log is kept in `world.log`."""

    def _answer(self, with_body: bool, posted: Mapping[str, Any] | None = None) -> None:
        parts = urlsplit(self.path)
        world = self.world
        if world.latency_s:
            time.sleep(world.latency_s)
        fault = world.next_fault(parts.path) if with_body else None
        needed = next((token for prefix, token in world.tokens.items() if parts.path.startswith(prefix)), None)
        with suppress(BrokenPipeError, ConnectionResetError):
            if needed is not None and needed not in parts.query:
                self._send(403, b"", {}, with_body)
            elif fault and fault.status:
                self._send(fault.status, b"", dict(fault.headers), with_body)
            elif fault and fault.body is not None:
                self._send(200, fault.body, {"Content-Type": fault.kind or "application/octet-stream"}, with_body)
            elif parts.path in world.raw:
                data = json.dumps(world.raw[parts.path](parts.query)).encode()
                self._send(200, data, {"Content-Type": "application/json"}, with_body)
            elif parts.path in world.routes:
                given = posted or {name: values[-1] for name, values in parse_qs(parts.query).items()}
                data = json.dumps(world.routes[parts.path](given)).encode()
                self._send(200, data, {"Content-Type": "application/json"}, with_body)
            elif self._file() is not None:
                self._send_file(self._file() or b"", fault, with_body)
            else:
                self._send(404, b"", {}, with_body)

    def _file(self) -> bytes | None:
        """The file of the whole target with its query, or of its path."""
        found = self.world.files.get(self.path, self.world.files.get(urlsplit(self.path).path))
        return found.read_bytes() if isinstance(found, Path) else found

    def _send_file(self, data: bytes, fault: Fault | None, with_body: bool) -> None:
        etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
        headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        if self.world.validators:
            headers["ETag"] = etag
        if self.world.validators and self.headers.get("if-none-match") == etag:
            self._send(304, b"", headers, with_body)
            return
        span = self._span(len(data), etag)
        if span is None or (fault and fault.forget_range):
            self._send(200, data, headers, with_body, fault)
        elif span[0] >= len(data):
            self._send(416, b"", {"Content-Range": f"bytes */{len(data)}"}, with_body)
        else:
            headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{len(data)}"
            self._send(206, data[span[0] : span[1]], headers, with_body, fault)

    def _span(self, size: int, etag: str) -> tuple[int, int] | None:
        asked = self.headers.get("range", "")
        guard = self.headers.get("if-range")
        if not asked.startswith("bytes=") or "," in asked or (guard and guard != etag):
            return None
        first, _, last = asked.removeprefix("bytes=").partition("-")
        if not first:
            return max(0, size - int(last)), size
        return int(first), min(size, int(last) + 1) if last else size

    def _send(
        self, status: int, data: bytes, headers: dict[str, str], with_body: bool, fault: Fault | None = None
    ) -> None:
        length = fault.length if fault and fault.length is not None else len(data)
        asked = {name.lower(): value for name, value in self.headers.items()}
        entry = Served(urlsplit(self.path).path, urlsplit(self.path).query, asked, status, 0)
        self.world.log.append(entry)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if with_body:
            self._write(data, entry, fault)

    def _write(self, data: bytes, entry: Served, fault: Fault | None) -> None:
        if fault and fault.drip:
            size, wait = fault.drip
            self.close_connection = True
            for start in range(0, len(data), size):
                self.wfile.write(data[start : start + size])
                self.wfile.flush()
                entry.sent += size
                time.sleep(wait)
            return
        if fault and fault.cut_after is not None:
            data = data[: fault.cut_after]
            self.close_connection = True
        if fault and fault.length is not None:
            self.close_connection = True
        entry.sent += len(data)
        self.wfile.write(data)


# --- a STAC API over scenes --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Acquisition:
    """One scene to be put up: reflectances and classification on their own grids."""

    id: str
    taken: str
    """UTC, ISO 8601 with Z."""
    epsg: int
    west: float
    north: float
    """Upper left corner in metres of `epsg`, the same for 10 m and 20 m."""
    bands: Mapping[str, NDArray[np.uint16]]
    """Band → values; a band with half as many rows as the largest is at 20 m."""
    scl: NDArray[np.uint8] | None
    baseline: str = "02.14"
    tile: str = "31UDS"
    properties: Mapping[str, Any] = field(default_factory=dict)


def as_cog(values: NDArray, epsg: int, west: float, north: float, step: float, overviews: bool = True) -> bytes:
    """Return an array as a cloud-optimised GeoTIFF: headers first, blocks of 128 pixels, overviews where larger."""
    import rasterio
    from rasterio.io import MemoryFile

    small = max(values.shape) <= 128  # one block: a plain file has the same layout, and is made much faster
    form = {"driver": "GTiff"} if small else {"driver": "COG", "blocksize": 128, "overviews": _overviews(overviews)}
    with MemoryFile() as memory:
        with memory.open(
            width=values.shape[1], height=values.shape[0], count=1, dtype=values.dtype, nodata=0, compress="deflate",
            crs=rasterio.CRS.from_epsg(epsg), transform=rasterio.Affine(step, 0, west, 0, -step, north), **form,
        ) as file:  # fmt: skip
            file.write(values, 1)
        return bytes(memory.getbuffer())


def _overviews(wanted: bool) -> str:
    return "AUTO" if wanted else "NONE"


def put_up(world: Loopback, source: StacSource, scenes: Sequence[Acquisition], overviews: bool = True) -> StacSource:
    """Put scenes on a server behind a STAC API of their own, named as `source` names things; return that source."""
    items = [_put_scene(world, source, scene, overviews) for scene in scenes]
    root = f"/stac/{source.name}"
    base = f"{world.url}{root}"
    conforms = ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"]
    world.routes[root] = lambda given: {
        "type": "Catalog", "id": source.name, "stac_version": "1.0.0", "description": "loopback",
        "conformsTo": conforms,
        "links": [
            {"rel": "self", "href": base, "type": "application/json"},
            {"rel": "root", "href": base, "type": "application/json"},
            {"rel": "search", "href": f"{base}/search", "type": "application/geo+json", "method": "POST"},
        ],
    }  # fmt: skip
    world.routes[f"{root}/search"] = lambda given: _search(items, given, f"{base}/search")
    return StacSource(
        name=source.name, url=base, collection=source.collection, bands=source.bands, scl=source.scl,
        sign=source.sign, token=f"{world.url}/token" if source.sign == "sas" else "",
    )  # fmt: skip


def _put_scene(world: Loopback, source: StacSource, scene: Acquisition, overviews: bool) -> dict[str, Any]:
    from rasterio.warp import transform_bounds

    height, width = max((v.shape for v in scene.bands.values()), key=lambda shape: shape[0])
    assets: dict[str, Any] = {}
    named: dict[str, NDArray] = dict(zip(source.bands, scene.bands.values(), strict=True))
    if scene.scl is not None:
        named[source.scl] = scene.scl
    for name, values in named.items():
        step = 10.0 * height / values.shape[0]
        path = f"/cog/{source.name}/{scene.id}/{name}.tif"
        world.files[path] = as_cog(values, scene.epsg, scene.west, scene.north, step, overviews)
        assets[name] = {
            "href": f"{world.url}{path}",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "roles": ["data"],
            "raster:bands": [{"nodata": 0, "data_type": str(values.dtype), "spatial_resolution": step}],
            "proj:shape": list(values.shape),
            "proj:transform": [step, 0, scene.west, 0, -step, scene.north],
        }
    south, east = scene.north - 10 * height, scene.west + 10 * width
    bbox = list(transform_bounds(f"EPSG:{scene.epsg}", "EPSG:4326", scene.west, south, east, scene.north))
    w, s, e, n = bbox
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": scene.id, "collection": source.collection,
        "stac_extensions": [
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
        ],
        "geometry": {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]},
        "bbox": bbox,
        "properties": {
            "datetime": scene.taken, "proj:epsg": scene.epsg, "grid:code": f"MGRS-{scene.tile}",
            "s2:processing_baseline": scene.baseline, **scene.properties,
        },
        "links": [], "assets": assets,
    }  # fmt: skip


def _search(items: Sequence[Mapping[str, Any]], given: Mapping[str, Any], address: str) -> dict[str, Any]:
    bbox = given.get("bbox", [-180, -90, 180, 90])
    west, south, east, north = (float(v) for v in (bbox.split(",") if isinstance(bbox, str) else bbox))
    first, _, last = str(given.get("datetime", "0/9")).partition("/")
    found = [
        item
        for item in items
        if not (item["bbox"][0] > east or item["bbox"][2] < west or item["bbox"][1] > north or item["bbox"][3] < south)
        and first <= item["properties"]["datetime"] <= last
    ]
    limit, start = int(given.get("limit", 100)), int(given.get("token", 0))
    links = []
    if start + limit < len(found):
        body = {**given, "token": start + limit}
        links = [{"rel": "next", "href": address, "method": "POST", "body": body, "type": "application/geo+json"}]
    return {"type": "FeatureCollection", "features": found[start : start + limit], "links": links}


# --- the two Flemish patches -------------------------------------------------------------------------------------

PATCH_BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")


def flemish_patch(folder: Path, name: str) -> list[Acquisition]:
    """Return every acquisition of one patch of `s2_patches_belgium`: `00002806639B424A` or `0000280849BAC91C`."""
    import xarray

    ten = xarray.open_dataset(next(folder.glob(f"S2_L2A_10m_{name}*.nc")), engine="h5netcdf", mask_and_scale=False)
    twenty = xarray.open_dataset(next(folder.glob(f"S2_L2A_20m_{name}*.nc")), engine="h5netcdf", mask_and_scale=False)
    with ten, twenty:
        values = {band: (ten if band in ten else twenty)[band].values for band in PATCH_BANDS}
        scl = twenty["SCL"].values.astype(np.uint8)
        west, north = float(ten.x[0]) - 5, float(ten.y[0]) + 5
        times = ten.timestamp.values.astype("datetime64[s]")
        tile = str(ten.attrs.get("tile", "31UDS"))
    return [
        Acquisition(
            id=f"S2_{tile}_{name[-4:]}_{str(taken).replace('-', '').replace(':', '')}",
            taken=f"{taken}Z",
            epsg=32631,
            west=west,
            north=north,
            bands={band: values[band][number] for band in PATCH_BANDS},
            scl=scl[number],
            tile=tile,
        )
        for number, taken in enumerate(times)
    ]
