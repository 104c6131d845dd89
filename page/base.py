"""Makes the base map of `page/static/base.geojson` from Natural Earth's countries. Not needed to serve the page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import geopandas
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

WINDOW = (-32.0, 26.0, 46.0, 73.0)
"""West, south, east, north in degrees: the surveyed countries and what lies around them."""
TOLERANCE = 0.02  # degrees, about 2 km: below one screen pixel at the zooms where the base map is all there is

CRACK = 0.01  # degrees, about 1 km on either side
COLUMNS = ["name", "geometry"]


def polygons(shape: BaseGeometry) -> BaseGeometry:
    """Only the polygons of a cut shape: cutting at the window's edge may leave lines and points."""
    return shapely.union_all([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])


def unwrapped(shape: BaseGeometry) -> BaseGeometry:
    """A shape that runs over the antimeridian (Russia): its far east beyond 180 instead of a line round the globe."""

    def eastward(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack([np.where(xy[:, 0] < 0, xy[:, 0] + 360, xy[:, 0]), xy[:, 1]])

    parts = [
        shapely.transform(part, eastward) if part.bounds[2] - part.bounds[0] > 180 else part
        for part in shapely.get_parts(shape)
    ]
    return shapely.union_all([shapely.make_valid(part) for part in parts])


def closed(shape: BaseGeometry) -> BaseGeometry:
    """The shape without cracks narrower than 2 km, as where Russia was cut at the antimeridian's latitudes."""
    return shape.buffer(CRACK, join_style="mitre").buffer(-CRACK, join_style="mitre")


def label_at(shape: BaseGeometry) -> list[float]:
    """Where the country's name is written: inside its largest part. Longitude, latitude."""
    point = shapely.maximum_inscribed_circle(max(shapely.get_parts(shape), key=lambda part: part.area)).coords[0]
    return [round(value, 2) for value in point]


def rounded(shape: BaseGeometry) -> dict[str, object]:
    """GeoJSON with three decimals, about 100 m."""
    return json.loads(shapely.to_geojson(shapely.transform(shape, lambda xy: xy.round(3))))


def base_map(countries: Path) -> dict[str, object]:
    """The countries inside `WINDOW`, simplified together so that no crack opens between neighbours."""
    frame = geopandas.read_parquet(countries)
    inside = [
        (name, polygons(unwrapped(shape).intersection(shapely.box(*WINDOW)))) for name, shape in frame[COLUMNS].values
    ]
    inside = [(name, shape) for name, shape in inside if not shape.is_empty]
    shapes = shapely.coverage_simplify([shape for _, shape in inside], TOLERANCE)
    shapes = [closed(shape) if name == "Russia" else shape for (name, _), shape in zip(inside, shapes, strict=True)]
    largest_first = sorted(zip(inside, shapes, strict=True), key=lambda each: -each[1].area)
    features = [
        {"type": "Feature", "properties": {"name": name, "at": label_at(shape)}, "geometry": rounded(shape)}
        for (name, _), shape in largest_first
    ]
    return {"type": "FeatureCollection", "attribution": "Made with Natural Earth", "features": features}


if __name__ == "__main__":
    source, target = sys.argv[1:3]
    Path(target).write_text(json.dumps(base_map(Path(source)), separators=(",", ":")), encoding="utf-8")
