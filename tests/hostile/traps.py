"""What a hostile file could set off, made to be seen: a listener that must hear nothing, hostile files themselves."""

from __future__ import annotations

import io
import json
import socket
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SQUARE = [[3.0, 43.0], [4.0, 43.0], [4.0, 44.0], [3.0, 44.0], [3.0, 43.0]]


class Listener:
    """Listens on loopback; remembers what was said to it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(0.5)
                try:
                    self.heard.append(caller.recv(200) or b"(connected)")
                    caller.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                except OSError:
                    self.heard.append(b"(connected)")

    def close(self) -> None:
        # On Linux closing a socket does not wake a thread that waits on it; a caller does.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(2)


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()


def geojson(**more: object) -> bytes:
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
    return json.dumps({"type": "FeatureCollection", "features": [feature], **more}).encode()


def vrt(source: str, more: str = "", layer: str = "x") -> bytes:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="{layer}"><SrcDataSource>{source}</SrcDataSource>{more}'
        "<GeometryType>wkbPolygon</GeometryType></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


def geopackage(folder: Path, *statements: str, view: str = "") -> bytes:
    """A GeoPackage of one square, `plot`; `view` puts a view in the layer's place; then the statements are run."""
    import geopandas
    import shapely

    file = folder / "made.gpkg"
    file.unlink(missing_ok=True)
    geopandas.GeoDataFrame({"n": [1]}, geometry=[shapely.box(3, 43, 4, 44)], crs=4326).to_file(file, layer="plot")
    with sqlite3.connect(file) as database:
        database.create_function("ST_IsEmpty", 1, lambda _: 0)
        for name in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            database.create_function(name, 1, lambda _: 3.0)
        if view:
            database.execute("ALTER TABLE plot RENAME TO plot_behind")
            for table in ("gpkg_contents", "gpkg_geometry_columns"):
                database.execute(f"UPDATE {table} SET table_name = 'plot'")
            database.execute(f"CREATE VIEW plot AS {view}")
        for statement in statements:
            database.execute(statement)
    database.close()
    return file.read_bytes()


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def shapefile(folder: Path) -> dict[str, bytes]:
    """The parts of a shapefile of one square, by ending."""
    import geopandas
    import shapely

    geopandas.GeoDataFrame({"n": [1]}, geometry=[shapely.box(3, 43, 4, 44)], crs=4326).to_file(folder / "made.shp")
    return {part.suffix: part.read_bytes() for part in folder.glob("made.*") if part.suffix != ".gpkg"}
