"""The child that reads a map file a stranger may have made: bytes on stdin, features on stdout. Trusts nothing.

Started by `retrieval.map_files` alone. GDAL picks a driver by what it finds in a file, and some drivers load libraries,
open other files and ask other hosts, because the file says so. So the form is told here by the first bytes; GeoJSON is
read without GDAL; for the other forms GDAL knows one driver, the form's own; and the process has given up writing, the
network and all other files before it looks at the first byte.

Reply: exit code 0 and an Arrow stream (properties, and a last column of WKB), or exit code 2 and one line of UTF-8.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

GEOMETRY = "__geometry__"
"""Name of the column of WKB in the reply."""
FORMS = "GeoJSON, a GeoPackage, a zipped shapefile or GeoParquet"
DRIVERS = {"geopackage": "GPKG", "shapefile": "ESRI Shapefile", "flatgeobuf": "FlatGeobuf", "kml": "KML"}
"""Form → the one GDAL driver that may open it."""
EVERY_DRIVER = "LANDASK_GDAL_DRIVERS"
"""Variable of the child's environment: the names of all drivers this GDAL has."""
MANY_CORNERS = 5_000
"""An area of more is simplified where that is asked for."""
MOST_COLUMNS = 2_000
MOST_MEMBERS = 10_000
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NAMED_CRS = re.compile(r"(?:urn:(?:ogc|x-ogc):def:crs:)?(EPSG|OGC)(?::[\w.]*)?:(\w+)", re.IGNORECASE)


class Refused(Exception):
    """Why a file cannot be read: one line, to stand after the file's name and a colon."""


@dataclass(frozen=True)
class Limits:
    """What reading one file may cost."""

    cpu_s: int
    wall_s: float
    memory_mb: int
    features: int | None
    corners: int | None
    unpacked_mb: int
    """MB an archive may unpack to."""


@dataclass
class Read:
    """Features as they were read."""

    form: str
    columns: Mapping[str, Sequence[Any]]
    """Property → a value for each feature."""
    shapes: Any
    """(N,) shapely geometries in `crs`, None where a feature has none."""
    crs: str | None
    """What the file says its coordinates are in: `EPSG:n` or WKT; None where it says nothing."""
    layer: str = ""
    notes: list[str] = field(default_factory=list)


def main() -> None:
    """Read stdin, write the reply."""
    from retrieval.confined import confine

    limits, dissolve = Limits(**json.loads(sys.argv[1])), json.loads(sys.argv[2])
    confine(limits.cpu_s, limits.memory_mb, _own_files())
    try:
        reply = _reply(sys.stdin.buffer.read(), limits, dissolve)
    except Refused as error:
        _refuse(str(error))
    except RecursionError:
        _refuse("it is nested too deep")
    except MemoryError:
        _refuse("it needs too much memory to read; simplify it")
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        lines = str(error).strip().splitlines()
        _refuse(f"cannot be read: {lines[0] if lines else type(error).__name__}")
    sys.stdout.buffer.write(reply)
    sys.stdout.buffer.flush()
    os._exit(0)


def _refuse(line: str) -> None:
    sys.stdout.buffer.write(line[:400].encode(errors="replace"))
    sys.stdout.buffer.flush()
    os._exit(2)


def _own_files() -> list[str | Path]:
    """Return what Python and the libraries read of themselves, and no more."""
    own = [Path(__file__).parent, *(Path(folder) for folder in sys.path if folder), sys.prefix, sys.base_prefix]
    own = [folder for folder in own if folder != Path(__file__).parents[1]]
    return [*own, "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom"]


def _reply(content: bytes, limits: Limits, dissolve: float | None) -> bytes:
    read = read_features(content, limits)
    _check(read, limits)
    shapes = _in_degrees(read)
    if dissolve is not None:
        read.columns, shapes = {}, [_dissolved(shapes, dissolve)]
    return _arrow(read, shapes)


# --- the forms -----------------------------------------------------------------------------------------------------


def read_features(content: bytes, limits: Limits) -> Read:
    """Return the features of a file, by what its bytes are.

    Raises:
        Refused: It is none of the forms, or not whole.
    """
    from retrieval.file_kinds import kind_of_bytes

    kind = kind_of_bytes(content)
    if kind.name != "parquet":
        sys.meta_path.insert(0, _Unneeded())
    match kind.name:
        case "geojson" | "json" | "utf-16":
            return _geojson(content)
        case "geopackage":
            return _gdal(content, "geopackage", limits, _geopackage_layer(content))
        case "flatgeobuf" | "kml":
            return _gdal(content, kind.name, limits)
        case "zip" | "kmz":
            return _zipped(content, limits)
        case "parquet":
            return _geoparquet(content)
        case "text":
            return _table(content)
        case "shapefile":
            raise Refused(f"is {kind.says} without its other parts; bring .shp, .shx, .dbf and .prj together in a zip")
    raise Refused(f"cannot be read as a map: it is {kind.says}; bring {FORMS}")


class _Unneeded:
    """Says that pandas is not there: no form but GeoParquet needs it, and it takes a second to import."""

    def find_spec(self, name: str, *_: Any) -> None:
        """Refuse pandas and GeoPandas; leave the rest to the other finders."""
        if name in ("pandas", "geopandas"):
            raise ModuleNotFoundError(name, name=name)


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"is not in UTF-8 (byte {error.start:,}); save it as UTF-8") from error


def _geojson(content: bytes) -> Read:
    text = _text(content)
    reader = _GeoJson()
    try:
        values = [reader.load(text)]
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise Refused(f"cannot be read: not whole JSON: {error.msg} at character {error.pos:,}") from error
        values = [reader.load(line) for line in text.replace("\x1e", "\n").split("\n") if line.strip()]
    features = [feature for value in values for feature in _features(value)]
    names = list(dict.fromkeys(key for properties, _ in features for key in properties))
    columns = {name: [properties.get(name) for properties, _ in features] for name in names}
    crs = _named_crs(values[0]) if isinstance(values[0], Mapping) else "EPSG:4326"
    return Read("GeoJSON", columns, [shape for _, shape in features], crs, notes=reader.notes)


class _GeoJson:
    """Reads JSON, turning each geometry into a shape as soon as it is complete, which keeps the memory small."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def load(self, text: str) -> Any:
        """Return the value, geometries made shapes."""
        return json.loads(text, object_hook=self._shaped, parse_constant=_no_number)

    def _shaped(self, value: dict[str, Any]) -> Any:
        import shapely

        kind = value.get("type")
        if kind == "GeometryCollection" and isinstance(value.get("geometries"), list):
            parts = value["geometries"]
            if not all(isinstance(part, shapely.Geometry) for part in parts):
                raise Refused("cannot be read: a GeometryCollection holds something else than geometries")
            return shapely.GeometryCollection(parts)
        if isinstance(kind, str) and "coordinates" in value and kind in _KINDS:
            try:
                self._look(kind, value["coordinates"])
                return shapely.geometry.shape(value)
            except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError) as error:
                raise Refused(f"cannot be read: the coordinates of a {kind} are not as GeoJSON has them") from error
        return value

    def _look(self, kind: str, coordinates: Any) -> None:
        polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
        if any(ring and ring[0] != ring[-1] for rings in polygons for ring in rings):
            self.notes.append("an outline that was not closed was closed")


_KINDS = frozenset(("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"))


def _no_number(name: str) -> float:
    raise Refused(f"cannot be read: {name} is no coordinate and no JSON number")


def _features(value: Any) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Yield properties and shape of each feature of a GeoJSON value."""
    import shapely

    if isinstance(value, shapely.Geometry):
        yield {}, value
        return
    if not isinstance(value, Mapping):
        raise Refused("cannot be read: it is JSON, but no GeoJSON object")
    if value.get("type") == "FeatureCollection":
        features = value.get("features")
        if not isinstance(features, list):
            raise Refused("cannot be read: a FeatureCollection without features")
        for feature in features:
            yield from _features(feature)
        return
    if value.get("type") != "Feature":
        raise Refused("cannot be read: it is JSON, but no GeoJSON: no Feature, no geometry")
    shape, properties = value.get("geometry"), value.get("properties")
    if shape is not None and not isinstance(shape, shapely.Geometry):
        raise Refused("cannot be read: a Feature's geometry is none that GeoJSON knows")
    if properties is not None and not isinstance(properties, Mapping):
        raise Refused("cannot be read: a Feature's properties are no JSON object")
    yield dict(properties or {}), shape


def _named_crs(value: Mapping[str, Any]) -> str:
    """Return the CRS a GeoJSON names, of EPSG's or OGC's; longitude and latitude where it names none.

    Raises:
        Refused: It is written any other way: nothing a file points to is ever asked for.
    """
    crs = value.get("crs")
    if crs is None:
        return "EPSG:4326"
    properties = crs.get("properties") if isinstance(crs, Mapping) and crs.get("type") == "name" else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    found = _NAMED_CRS.fullmatch(name.strip()) if isinstance(name, str) else None
    if found and found[1].upper() == "OGC" and found[2].upper() in ("CRS84", "CRS84H"):
        return "EPSG:4326"
    if found and found[1].upper() == "EPSG" and found[2].isdigit():
        return f"EPSG:{int(found[2])}"
    said = f"{name[:60]!r}" if isinstance(name, str) else "no name that is known"
    raise Refused(f"says its coordinate system in a way that is not taken ({said}); name it as EPSG:4326")


def _geopackage_layer(content: bytes) -> str:
    """Return the layer with polygons, a table and nothing that computes what it holds."""
    import sqlite3

    with sqlite3.connect(":memory:") as database:
        try:
            database.deserialize(content)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA query_only = ON")
            made = dict(database.execute("SELECT lower(name), type || ' ' || coalesce(sql, '') FROM sqlite_master"))
            for name, sql in made.items():
                if name.startswith("gpkg_") and sql.startswith("view"):
                    raise Refused(f"cannot be read: its table {name} is a view, which is not taken")
            layers = database.execute(
                "SELECT c.table_name, upper(coalesce(g.geometry_type_name, '')) FROM gpkg_contents c "
                "LEFT JOIN gpkg_geometry_columns g ON lower(g.table_name) = lower(c.table_name) "
                "WHERE c.data_type = 'features' LIMIT 1000"
            ).fetchall()
            plain = [(name, kind) for name, kind in layers if _is_plain_table(database, made, str(name))]
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise Refused(f"cannot be read: not a whole GeoPackage: {error}") from error
    if not plain:
        views = "; views and computed tables are not taken" if layers else ""
        raise Refused(f"holds no layer of features{views}")
    areas = [name for name, kind in plain if kind in ("POLYGON", "MULTIPOLYGON", "CURVEPOLYGON", "MULTISURFACE")]
    maybe = areas or [name for name, kind in plain if kind in ("GEOMETRY", "GEOMETRYCOLLECTION", "")]
    fitting = maybe or [name for name, _ in plain]
    if len(fitting) > 1:
        raise Refused(f"holds several layers ({', '.join(map(str, fitting[:8]))}); save the one that is meant alone")
    return str(fitting[0])


def _is_plain_table(database: Any, made: Mapping[str, str], name: str) -> bool:
    sql = made.get(name.lower(), "")
    if not sql.startswith("table") or re.match(r"table\s+create\s+virtual", sql, re.IGNORECASE):
        return False
    computed = database.execute("SELECT count(*) FROM pragma_table_xinfo(?) WHERE hidden > 1", (name,)).fetchone()
    return computed[0] == 0


def _gdal(content: bytes, form: str, limits: Limits, layer: str | None = None) -> Read:
    """Read by GDAL, which knows no driver but this form's: it learns so from the environment, when it is loaded."""
    import numpy as np
    import shapely

    pyogrio = _pyogrio(DRIVERS[form])
    most = None if limits.features is None else limits.features + 1
    try:
        meta, _, shapes, values = pyogrio.raw.read(content, layer=layer, max_features=most)
    except (ValueError, RuntimeError, OSError) as error:
        raise Refused(f"cannot be read as {_article(form)} file: {_plain(error)}") from error
    columns = {str(name): _listed(column) for name, column in zip(meta["fields"], values, strict=True)}
    count = len(next(iter(columns.values()), [])) if shapes is None else len(shapes)
    geometry = np.full(count, None) if shapes is None else shapely.from_wkb(shapes)
    return Read(DRIVERS[form], columns, geometry, meta["crs"], layer or "")


def _pyogrio(driver: str) -> Any:
    """Import pyogrio with all drivers but one switched off."""
    skipped = ",".join(name for name in os.environ.get(EVERY_DRIVER, "").split(",") if name != driver)
    os.environ.update(OGR_SKIP=skipped, GDAL_SKIP=skipped)
    import pyogrio
    import pyogrio.raw

    left = sorted(set(pyogrio.list_drivers()) - {driver})
    if left:
        raise Refused(f"cannot be read here: GDAL's driver {left[0]} could not be switched off")
    return pyogrio


def _plain(error: Exception) -> str:
    """Return a library's message without the name a file has in memory."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return re.sub(r"'?/vsi\S+", "it", line)[:160]


def _article(form: str) -> str:
    return f"a {DRIVERS[form]}".replace("a ESRI", "an ESRI")


def _listed(column: Any) -> list[Any]:
    if column.dtype.kind == "M":
        return [None if text == "NaT" else text for text in column.astype(str)]
    return column.tolist()


def _zipped(content: bytes, limits: Limits) -> Read:
    """Read the one map of a zip: a shapefile's parts together, or a file of another form."""
    import lzma
    import zlib

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _members(archive)
            stems = sorted({_stem(name) for name in parts if name.lower().endswith(".shp")})
            if len(stems) > 1:
                shown = ", ".join(PurePosixPath(stem).name for stem in stems[:8])
                raise Refused(f"holds {len(stems)} shapefiles ({shown}); one is needed")
            if stems:
                mine = {_suffix(name): name for name in parts if _stem(name) == stems[0] and _suffix(name) in _PARTS}
                left = limits.unpacked_mb << 20
                unpacked = {}
                for suffix, name in mine.items():
                    unpacked[suffix] = _unpacked(archive, parts[name], left, limits)
                    left -= len(unpacked[suffix])
                return _shapefile(unpacked, PurePosixPath(stems[0]).name, limits)
            maps = [
                name for name in parts if _suffix(name) in (".geojson", ".json", ".gpkg", ".kml", ".fgb", ".parquet")
            ]
            if len(maps) != 1:
                raise Refused(f"holds {len(maps)} files that could be a map; one is needed: {FORMS}")
            inner = _unpacked(archive, parts[maps[0]], limits.unpacked_mb << 20, limits)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError) as error:
        raise Refused("cannot be unpacked: it is no whole zip file") from error
    except (RuntimeError, ValueError) as error:  # encrypted, or names no system knows
        raise Refused(f"cannot be unpacked: {_plain(error)}") from error
    if inner.startswith(b"PK"):
        raise Refused("holds an archive in an archive; unpack it once")
    return read_features(inner, limits)


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the members that count: no folders, nothing a system left beside the files."""
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise Refused(f"holds {len(members):,} members; at most {MOST_MEMBERS:,} are taken")
    named = {member.filename: member for member in members if not member.is_dir()}
    return {
        name: member
        for name, member in named.items()
        if not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith(".")
    }


def _stem(name: str) -> str:
    return name[: -len(_suffix(name))] if _suffix(name) else name


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int, limits: Limits) -> bytes:
    """Unpack one member, counting: what a zip says of its sizes is not believed."""
    with archive.open(member) as source:
        content = source.read(most + 1)
    if len(content) > most:
        raise Refused(f"unpacks to more than {limits.unpacked_mb:,} MB")
    return content


def _shapefile(parts: Mapping[str, bytes], name: str, limits: Limits) -> Read:
    """Read a shapefile's parts under names of our own."""
    import struct

    if len(parts.get(".shp", b"")) < 100 or struct.unpack(">i", parts[".shp"][:4])[0] != 9994:
        raise Refused("cannot be read: its .shp is no shapefile")
    if ".shx" not in parts:
        raise Refused("lacks the shapefile's .shx; bring .shp, .shx, .dbf and .prj together")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for suffix, content in parts.items():
            archive.writestr(f"region{suffix}", content)
    read = _gdal(target.getvalue(), "shapefile", limits)
    read.layer = name
    return read


def _geoparquet(content: bytes) -> Read:
    import geopandas

    try:
        table = geopandas.read_parquet(io.BytesIO(content))
    except ValueError as error:
        raise Refused(f"cannot be read as GeoParquet: {_plain(error)}") from error
    crs = table.crs
    columns = {str(name): table[name].tolist() for name in table.columns if name != table.geometry.name}
    return Read("GeoParquet", columns, table.geometry.to_numpy(), None if crs is None else crs.to_wkt())


def _table(content: bytes) -> Read:
    """Read a table in text with a column of WKT, in longitude and latitude."""
    import csv

    import shapely

    csv.field_size_limit(1 << 28)
    text = _text(content)
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    fields = list(rows.fieldnames or ())
    shaped = [name for name in fields if name.lower() in ("wkt", "geom", "geometry", "the_geom", "wkt_geom")]
    if not shaped:
        raise Refused(f"cannot be read as a map: it is a text file without outlines; bring {FORMS}")
    values = list(rows)
    try:
        shapes = shapely.from_wkt([row[shaped[0]] or None for row in values])
    except shapely.errors.ShapelyError as error:
        raise Refused(f"cannot be read: its column {shaped[0]!r} is not WKT") from error
    columns = {name: [row.get(name) for row in values] for name in fields if name != shaped[0]}
    return Read("CSV", columns, shapes, None)


# --- what comes of them --------------------------------------------------------------------------------------------


def _check(read: Read, limits: Limits) -> None:
    import numpy as np
    import shapely

    shapes = np.asarray([*read.shapes, None], dtype=object)[:-1]
    read.shapes = shapes
    if limits.features is not None and len(shapes) > limits.features:
        raise Refused(f"holds more than {limits.features} features; bring the region alone")
    if len(read.columns) > MOST_COLUMNS:
        raise Refused(f"has {len(read.columns):,} properties; at most {MOST_COLUMNS:,} are taken")
    if limits.corners is not None and int(shapely.get_num_coordinates(shapes).sum()) > limits.corners:
        raise Refused(f"has more than {limits.corners:,} corners; simplify it first")
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise Refused("cannot be read: a coordinate is no number")


def _in_degrees(read: Read) -> Any:
    """Return the shapes in EPSG:4326, longitude first; as they are where the file says no CRS."""
    import numpy as np
    import pyproj
    import shapely

    if read.crs is None or read.crs in ("EPSG:4326", "OGC:CRS84"):
        return shapely.force_2d(read.shapes)
    try:
        source = pyproj.CRS.from_user_input(read.crs)
        if source.is_bound or not (source.is_geographic or source.is_projected or source.is_compound):
            raise Refused("is in a coordinate system that is not on a map")
        carry = pyproj.Transformer.from_crs(source.to_2d(), 4326, always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise Refused(f"names a coordinate system that is not known ({read.crs[:40]})") from error
    code = source.to_epsg()
    read.crs = f"EPSG:{code}" if code else f"{source.name[:80]}"
    moved = shapely.transform(
        shapely.force_2d(read.shapes), lambda xy: np.column_stack(carry.transform(xy[:, 0], xy[:, 1]))
    )
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise Refused("has coordinates that cannot be brought to degrees")
    return moved


def _dissolved(shapes: Any, tolerance: float) -> Any:
    """Return all polygons as one; one of many corners is simplified by `tolerance` degrees."""
    import shapely

    from retrieval.errors import BadGeometry
    from retrieval.outlines import mended

    areas = [s for s in shapes if s is not None and s.geom_type in ("Polygon", "MultiPolygon", "GeometryCollection")]
    if not any(shape is not None for shape in shapes):
        raise Refused("holds no feature with a geometry")
    if not areas:
        raise Refused("holds no polygon: points and lines are no region")
    try:
        merged = shapely.union_all([mended(area) for area in areas])
    except BadGeometry as error:
        raise Refused(str(error)) from error
    return shapely.simplify(merged, tolerance) if shapely.get_num_coordinates(merged) > MANY_CORNERS else merged


def _arrow(read: Read, shapes: Any) -> bytes:
    """Return the reply's Arrow stream."""
    import pyarrow as pa
    import shapely

    columns = {name: _column(values) for name, values in read.columns.items() if name != GEOMETRY}
    columns[GEOMETRY] = pa.array(list(shapely.to_wkb(shapes)), pa.binary())
    facts = {"form": read.form, "crs": read.crs, "layer": read.layer, "notes": list(dict.fromkeys(read.notes))}
    table = pa.table(columns).replace_schema_metadata({"facts": json.dumps(facts)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _column(values: Sequence[Any]) -> Any:
    """Return one property of every feature: numbers, truths or texts; anything else, or a mixture, as text."""
    import pyarrow as pa

    plain = [value if value is None or isinstance(value, (str, int, float)) else _said(value) for value in values]
    kinds = {type(value) for value in plain if value is not None}
    if kinds <= {int, float} or len(kinds) == 1:
        try:
            return pa.array([float(v) if v is not None and kinds == {int, float} else v for v in plain])
        except (pa.ArrowException, OverflowError, UnicodeError):
            pass
    texts = [None if v is None else str(v).encode(errors="replace").decode() for v in plain]
    return pa.array(texts, pa.string())


def _said(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return str(value)
