"""Map files made to run, read, write or fetch something: each is refused, and nothing of it was done."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from retrieval import map_child
from retrieval.errors import BadFile
from retrieval.map_files import OWN, STRANGER, read_map_area, read_map_file
from tests.hostile.traps import Listener, geojson, geopackage, listening, shapefile, vrt, zipped

ROOT = Path(__file__).parents[2]
MOST_COST = 2.0
"""What refusing one file may cost: times the CPU of reading an honest one, as both start the same child."""


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as one:
        yield one


@pytest.fixture(scope="module")
def honest_cost(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds of CPU of reading one honest square, child and all: of the second reading, with all files in memory."""
    file = tmp_path_factory.mktemp("honest") / "region.geoparquet"
    gpd.GeoDataFrame(geometry=[shapely.box(3, 43, 4, 44)], crs=4326).to_parquet(file)
    read_map_area(file, STRANGER)
    before = spent()
    read_map_area(file, STRANGER)
    return spent() - before


def duckdb_library() -> str:
    import _duckdb

    return str(_duckdb.__file__)


Trick = Callable[[Listener, Path], bytes]
"""Makes a file of a listener's address and the marker that would prove it worked."""


def adbc(_: Listener, marker: Path) -> bytes:
    options = f'<OOI key="ADBC_DRIVER">{duckdb_library()}</OOI>'
    copy = f"COPY (SELECT 1 AS a) TO '{marker}'"
    options += f'<OOI key="PRELUDE_STATEMENTS">{copy}</OOI><OOI key="SQL">{copy}</OOI>'
    return vrt("ADBC:", f"<OpenOptions>{options}</OpenOptions>")


def adbc_in_geopackage_name(_: Listener, marker: Path) -> bytes:
    return vrt(f"ADBC:{marker}", f'<OpenOptions><OOI key="ADBC_DRIVER">{duckdb_library()}</OOI></OpenOptions>')


def passwords(_: Listener, __: Path) -> bytes:
    sql = "SELECT unicode(substr(field_1, 1, 1)) AS y, 3.0 AS x FROM passwd"
    return vrt("CSV:/etc/passwd", f'<SrcSQL dialect="SQLITE">{sql}</SrcSQL>')


TRICKS: dict[str, Trick] = {
    "a VRT that loads a library": adbc,
    "a VRT that names a database": adbc_in_geopackage_name,
    "a VRT that reads the passwords": passwords,
    "a VRT that asks a host": lambda to, _: vrt(f"/vsicurl/{to.url}/x.geojson"),
    "a VRT that streams from a host": lambda to, _: vrt(f"/vsicurl_streaming/{to.url}/x.gpkg"),
    "a VRT after a line of text": lambda to, _: b"\n\n" + vrt(f"/vsicurl/{to.url}/x"),
    "a pipeline": lambda to, _: json.dumps(
        {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline read /vsicurl/{to.url}/x ! write out"}
    ).encode(),
    "a WFS": lambda to, _: f"<OGRWFSDataSource><URL>{to.url}/wfs</URL></OGRWFSDataSource>".encode(),
    "GML with a schema elsewhere": lambda to, _: (
        f'<?xml version="1.0"?><ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x {to.url}/x.xsd"/>'
    ).encode(),
    "KML with an entity": lambda to, _: (
        f'<!DOCTYPE kml [<!ENTITY e SYSTEM "{to.url}/e">]><kml xmlns="http://www.opengis.net/kml/2.2">'
        "<Document><name>&e;</name></Document></kml>"
    ).encode(),
    "KML that laughs": lambda _, __: (
        "<!DOCTYPE kml ["
        + "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(1, 10))
        + '<!ENTITY l1 "lol">]><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>&l10;</name></Document></kml>'
    ).encode(),
    "KML that links": lambda to, _: (
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link><href>{to.url}/a.kml</href></Link>'
        "</NetworkLink></kml>"
    ).encode(),
    "a CRS that is a link": lambda to, _: geojson(
        crs={"type": "link", "properties": {"href": f"{to.url}/crs.wkt", "type": "ogcwkt"}}
    ),
    "a CRS named by an address": lambda to, _: geojson(crs={"type": "name", "properties": {"name": f"{to.url}/crs"}}),
    "a CRS named by a file": lambda _, __: geojson(crs={"type": "name", "properties": {"name": "/etc/passwd"}}),
    "a CRS that is not known": lambda _, __: geojson(crs={"type": "name", "properties": {"name": "EPSG:999999"}}),
    "a CRS that is a number": lambda _, __: geojson(crs=4326),
    "an ESRI file": lambda to, _: json.dumps(
        {"objectIdFieldName": "id", "geometryType": "esriGeometryPolygon", "features": [], "url": to.url}
    ).encode(),
    "TopoJSON": lambda _, __: b'{"type": "Topology", "objects": {}, "arcs": []}',
    "JSON a hundred thousand deep": lambda _, __: b'{"type":"Polygon","coordinates":' + b"[" * 100_000,
    "coordinates that are no numbers": lambda _, __: json.dumps(
        {"type": "Polygon", "coordinates": [[["a", 1]]]}
    ).encode(),
    "NaN": lambda _, __: b'{"type":"Polygon","coordinates":[[[NaN,43],[4,43],[4,44],[NaN,43]]]}',
    "infinity in figures": lambda _, __: b'{"type":"Polygon","coordinates":[[[1e999,43],[4,43],[4,44],[1e999,43]]]}',
    "a web page": lambda to, _: f'<html><img src="{to.url}/x.png"></html>'.encode(),
    "an archive in an archive": lambda _, __: zipped({"a.geojson": zipped({"b.geojson": geojson()})}),
    "a shapefile that is a VRT": lambda to, _: zipped(dict.fromkeys(("a.shp", "a.shx", "a.dbf"), vrt(to.url))),
    "a map in a zip that is a VRT": lambda to, _: zipped({"doc.kml": vrt(f"/vsicurl/{to.url}/x")}),
    "a zip that swells": lambda _, __: zipped({"a.shp": b"\0" * (101 << 20)}),
    "a zip cut short": lambda _, __: zipped({"a.geojson": geojson() * 50})[:200],
    "a zip of nothing": lambda _, __: zipped({}),
    "a pickle": lambda _, __: b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins",
    "a program": lambda _, __: b"\x7fELF" + bytes(100),
    "nothing": lambda _, __: b"",
    "SQLite that is no GeoPackage": lambda _, __: b"SQLite format 3\0" + bytes(4000),
    "half a GeoParquet": lambda _, __: b"PAR1" + bytes(500) + b"PAR1",
}


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("name", ["region.geojson"])
def test_a_trick_is_refused_in_a_line_and_does_nothing(
    trick: str, name: str, listener: Listener, tmp_path: Path, honest_cost: float
) -> None:
    marker = tmp_path / "marker"
    file = tmp_path / name
    file.write_bytes(TRICKS[trick](listener, marker))
    before = spent()
    with pytest.raises(BadFile) as refused:
        read_map_area(file, STRANGER, name)
    assert spent() - before < MOST_COST * honest_cost
    assert "\n" not in str(refused.value)
    assert str(tmp_path) not in str(refused.value)
    assert listener.heard == []
    assert not marker.exists()


@pytest.mark.parametrize("trick", ["a VRT that loads a library", "a VRT that asks a host", "a CRS that is a link"])
def test_the_tricks_do_work_on_a_reader_without_a_guard(trick: str, tmp_path: Path) -> None:
    marker, file = tmp_path / "marker", tmp_path / "region.geojson"
    with listening() as own:
        file.write_bytes(TRICKS[trick](own, marker))
        read = f"import pyogrio; pyogrio.read_dataframe({str(file)!r})"
        subprocess.run([sys.executable, "-c", read], capture_output=True, timeout=60, check=False)
        assert own.heard or marker.exists()


GEOPACKAGES: dict[str, dict[str, object]] = {
    "a layer that is an endless view": {
        "view": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n AS fid, n AS geom FROM c"
    },
    "a layer that is a view of 900 MB": {"view": "SELECT 1 AS fid, zeroblob(900000000) AS geom"},
    "a catalogue that is a view": {
        "statements": (
            "ALTER TABLE gpkg_contents RENAME TO contents_behind",
            "CREATE VIEW gpkg_contents AS SELECT * FROM contents_behind",
        )
    },
    "a computed column": {"statements": ("ALTER TABLE plot ADD COLUMN z AS (zeroblob(900000000))",)},
}


@pytest.mark.parametrize("trick", GEOPACKAGES)
def test_a_geopackage_that_computes_what_it_holds_is_refused(trick: str, tmp_path: Path, honest_cost: float) -> None:
    asked = GEOPACKAGES[trick]
    file = tmp_path / "region.gpkg"
    file.write_bytes(geopackage(tmp_path, *asked.get("statements", ()), view=str(asked.get("view", ""))))  # type: ignore[misc]
    before = spent()
    with pytest.raises(BadFile, match=r"view|computed"):
        read_map_area(file)
    assert spent() - before < MOST_COST * honest_cost


def test_a_prj_that_points_elsewhere_is_refused_or_read_without_it(listener: Listener, tmp_path: Path) -> None:
    parts = shapefile(tmp_path)
    shift = f'EXTENSION["PROJ4","+proj=longlat +nadgrids={listener.url}/grid.gsb +no_defs"]'
    parts[".prj"] = (
        'GEOGCS["x",DATUM["d",SPHEROID["s",6378137,298.25]],PRIMEM["g",0],UNIT["degree",0.0174532925199433],'
        + shift
        + "]"
    ).encode()
    file = tmp_path / "region.zip"
    file.write_bytes(zipped({f"a{ending}": content for ending, content in parts.items()}))
    with pytest.raises(BadFile, match="coordinate"):
        read_map_area(file)
    assert listener.heard == []


def test_good_files_of_every_form_are_read(tmp_path: Path) -> None:
    import geopandas

    frame = geopandas.GeoDataFrame({"name": ["Plot"]}, geometry=[shapely.box(3, 43, 4, 44)], crs=4326)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_crs(3035).to_file(tmp_path / "a.fgb", driver="FlatGeobuf")
    made = {
        "a.geojson": geojson(crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}),
        "named-wrongly.txt": geojson(),
        "a.gpkg": geopackage(tmp_path),
        "a.zip": zipped({f"in/a{ending}": content for ending, content in shapefile(tmp_path).items()}),
        "b.zip": zipped({"in/a.geojson": geojson()}, zipfile.ZIP_LZMA),
    }
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    for name in (*made, "a.parquet", "a.fgb"):
        read = read_map_file(tmp_path / name, STRANGER)
        assert read.features.geometry.iloc[0].symmetric_difference(shapely.box(3, 43, 4, 44)).area < 1e-6, name
        assert read.features.crs == "EPSG:4326"


def test_properties_of_any_kind_come_as_columns(tmp_path: Path) -> None:
    kinds: list[object] = [1, "a", None, 2.5, True, [1, {"a": 2}], {"b": [3]}, 10**30]
    features = [
        {"type": "Feature", "properties": {"mixed": value, "n": n}, "geometry": None} for n, value in enumerate(kinds)
    ]
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    read = read_map_file(file)
    assert read.features["n"].tolist() == list(range(len(kinds)))
    assert read.features["mixed"].tolist()[5] == '[1, {"a": 2}]'
    assert read.features.geometry.isna().all()


def test_a_star_that_crosses_itself_is_done_or_refused_within_its_price(tmp_path: Path) -> None:
    for corners in (300, 20_000, 190_000):
        points = np.random.default_rng(1).random((corners, 2)) + np.array([4, 44])
        file = tmp_path / "star.geojson"
        file.write_text(json.dumps({"type": "Polygon", "coordinates": [[*points.tolist(), points[0].tolist()]]}))
        before = spent()
        if corners == 300:
            assert read_map_area(file, STRANGER).features.geometry.iloc[0].is_valid
        else:
            with pytest.raises(BadFile, match=r"crosses itself|cannot be read in"):
                read_map_area(file, STRANGER)
        assert spent() - before < STRANGER.cpu_s + 1


def test_the_child_cannot_write_connect_or_read_other_files(listener: Listener, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    tries = f"""
import sys, socket
sys.path.insert(0, {str(ROOT)!r})
from retrieval.confined import confine
from retrieval.map_child import _own_files
confine(5, 1000, _own_files())
done = []
try:
    with open({str(tmp_path / "marker")!r}, "w") as file:
        file.write("here")
    done.append("wrote")
except OSError:
    pass
try:
    socket.create_connection(("127.0.0.1", {listener.port}), 2)
    done.append("connected")
except OSError:
    pass
try:
    done.append(open({str(secret)!r}).read())
except OSError:
    pass
import json, sqlite3, shapely, pyproj
print(",".join(done) or "nothing")
"""
    heard = len(listener.heard)
    told = subprocess.run([sys.executable, "-I", "-c", tries], capture_output=True, text=True, timeout=60, check=False)
    done = set(told.stdout.strip().split(","))
    assert told.returncode == 0, told.stderr
    assert "wrote" not in done
    assert not (tmp_path / "marker").exists() or not (tmp_path / "marker").read_bytes()
    if landlocked():
        assert done == {"nothing"}
        assert len(listener.heard) == heard


def test_the_child_gets_none_of_this_process_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    from retrieval.map_files import _environment

    monkeypatch.setenv("CDSE_SECRET", "hidden")
    monkeypatch.setenv("GDAL_DRIVER_PATH", "/tmp/evil")
    environment = _environment()
    assert "hidden" not in environment.values()
    assert environment["GDAL_DRIVER_PATH"] == "disable"
    assert "ADBC" in environment[map_child.EVERY_DRIVER]


def test_a_pipe_and_a_folder_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.geojson")
    for path in (tmp_path / "pipe.geojson", tmp_path, Path("/dev/zero")):
        with pytest.raises(BadFile, match="no such file"):
            read_map_file(path, OWN)


def landlocked() -> bool:
    import ctypes

    return sys.platform == "linux" and ctypes.CDLL(None).syscall(444, None, 0, 1) >= 4


def spent() -> float:
    """Seconds of CPU of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
