"""Region files people upload: GeoJSON, GeoPackage, zipped shapefile. Reads one and deletes it; trusts none of it."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import shapely

from page.chosen import Chosen, from_geometry
from retrieval.errors import BadFile, BadGeometry

ENDINGS = (".geojson", ".json", ".gpkg", ".zip")
MOST_FEATURES = 2_000
MOST_CORNERS = 200_000
MOST_UNPACKED = 100 * 1024 * 1024
"""Bytes a zip may unpack to."""
SHAPEFILE = {".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".xml", ".qmd", ".fix"}


def region_from_file(file: Path, name: str, most_bytes: int) -> Chosen:
    """Return the region of an uploaded file, all its polygons together, and delete the file.

    Args:
        file: where the upload lies.
        name: what the person called it; used for its ending and shown.
        most_bytes: larger files are refused.

    Raises:
        BadFile: it is none of the three forms, too large, or has no polygons.
        BadGeometry: its polygons cannot serve as a region.
    """
    shown = Path(name).name[:60]
    try:
        if file.stat().st_size > most_bytes:
            raise BadFile(f"{shown} is larger than {most_bytes // 1024 // 1024} MB")
        ending = Path(name).suffix.lower()
        if ending not in ENDINGS:
            raise BadFile(f"{shown} is no GeoJSON (.geojson), GeoPackage (.gpkg) or zipped shapefile (.zip)")
        with tempfile.TemporaryDirectory(prefix="landask-") as folder:
            shape = polygons_of(readable(file, ending, Path(folder), shown), shown)
    finally:
        file.unlink(missing_ok=True)
    return from_geometry(json.loads(shapely.to_geojson(shape)), shown)


def readable(file: Path, ending: str, folder: Path, shown: str) -> Path:
    """Return the file GDAL is to open: a copy under its own ending, or the shapefile of a zip, unpacked."""
    if ending != ".zip":
        copy = folder / f"region{ending}"
        shutil.copyfile(file, copy)
        return copy
    return unpacked(file, folder, shown)


def unpacked(file: Path, folder: Path, shown: str) -> Path:
    """Unpack a shapefile's parts under names of our own and return the `.shp`.

    Raises:
        BadFile: no zip, not exactly one shapefile, or one that swells.
    """
    if not zipfile.is_zipfile(file):
        raise BadFile(f"{shown} is no zip file")
    with zipfile.ZipFile(file) as archive:
        parts = [part for part in archive.infolist() if Path(part.filename).suffix.lower() in SHAPEFILE]
        shapes = [part for part in parts if part.filename.lower().endswith(".shp")]
        if len(shapes) != 1:
            raise BadFile(f"{shown} holds {len(shapes)} shapefiles; one is needed")
        if sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise BadFile(f"{shown} unpacks to more than {MOST_UNPACKED // 1024 // 1024} MB")
        stem = Path(shapes[0].filename).stem
        for part in parts:
            if Path(part.filename).stem == stem:
                unpack_one(archive, part, folder / f"region{Path(part.filename).suffix.lower()}", shown)
    return folder / "region.shp"


def unpack_one(archive: zipfile.ZipFile, part: zipfile.ZipInfo, target: Path, shown: str) -> None:
    """Unpack one part, counting bytes: what a zip says of its sizes is not believed."""
    left = MOST_UNPACKED
    try:
        with archive.open(part) as source, target.open("wb") as out:
            while block := source.read(1 << 20):
                left -= len(block)
                if left < 0:
                    raise BadFile(f"{shown} unpacks to more than {MOST_UNPACKED // 1024 // 1024} MB")
                out.write(block)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise BadFile(f"{shown} cannot be unpacked") from error


def polygons_of(file: Path, shown: str) -> Any:
    """Return all polygons of a file as one geometry, EPSG:4326.

    Raises:
        BadFile: unreadable, too many features or corners, no coordinate system, no polygon.
        BadGeometry: its coordinates cannot be brought to degrees.
    """
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError
    from pyproj.exceptions import ProjError

    try:
        frame = pyogrio.read_dataframe(file, max_features=MOST_FEATURES + 1, columns=[])
    except (DataSourceError, DataLayerError, ValueError, RuntimeError) as error:
        raise BadFile(f"{shown} cannot be read as a map file") from error
    if len(frame) > MOST_FEATURES:
        raise BadFile(f"{shown} holds more than {MOST_FEATURES} features; upload the region alone")
    if "geometry" not in frame.columns or not len(frame):
        raise BadFile(f"{shown} holds no feature with a geometry")
    if frame.crs is None:
        raise BadFile(f"{shown} does not say its coordinate system (.prj is missing)")
    if int(shapely.get_num_coordinates(frame.geometry.values).sum()) > MOST_CORNERS:
        raise BadFile(f"{shown} has more than {MOST_CORNERS:,} corners; simplify it first")
    try:
        degrees = frame.to_crs(4326).geometry
    except ProjError as error:
        raise BadGeometry(f"the coordinates of {shown} cannot be brought to degrees") from error
    shapes = [s for s in degrees if s is not None and s.geom_type in ("Polygon", "MultiPolygon")]
    if not shapes:
        raise BadFile(f"{shown} holds no polygon: points and lines are no region")
    merged = shapely.union_all(shapely.make_valid(shapes))
    # A page needs no detail below 50 m, and the agent takes 20,000 corners.
    return shapely.simplify(merged, 0.0005) if shapely.get_num_coordinates(merged) > 5_000 else merged
