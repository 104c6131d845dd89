"""Region files people upload: GeoJSON, GeoPackage, zipped shapefile. Reads one and deletes it; trusts none of it."""

from __future__ import annotations

import json
from pathlib import Path

import shapely

from agent.areas import longitude_first
from page.chosen import Chosen, from_geometry
from retrieval.errors import BadFile
from retrieval.map_files import STRANGER, read_map_area


def region_from_file(file: Path, name: str, most_bytes: int) -> Chosen:
    """Return the region of an uploaded file, all its polygons together, and delete the file.

    What the file is follows from its bytes alone; it is read in a process of its own.

    Args:
        file: where the upload lies.
        name: what the person called it; shown.
        most_bytes: larger files are refused.

    Raises:
        BadFile: it is no map that is read, too large, in no known coordinates, or has no polygons.
        BadGeometry: its polygons cannot serve as a region.
    """
    shown = Path(name).name[:60]
    try:
        if file.stat().st_size > most_bytes:
            raise BadFile(f"{shown} is larger than {most_bytes // 1024 // 1024} MB")
        read = read_map_area(file, STRANGER, shown)
    finally:
        file.unlink(missing_ok=True)
    west, south, east, north = read.features.total_bounds
    if read.crs is None and not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadFile(f"{shown} does not say its coordinate system, and its numbers are no degrees (.prj is missing)")
    outline = longitude_first(read.features.geometry.iloc[0])
    return from_geometry(json.loads(shapely.to_geojson(outline)), Path(shown).stem)
