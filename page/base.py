"""Makes the base map of `page/static/base.geojson` from Natural Earth's countries. Not needed to serve the page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import geopandas
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


def righted(russia: BaseGeometry) -> BaseGeometry:
    """Russia as it is: where it was cut at the antimeridian, land and sea come exchanged between two latitudes.

    West of Russia and north of 60° whatever it holds is such a band; its edges are straight.
    """
    west, east = (shapely.intersection(russia, shapely.LineString([(x, 60), (x, 80)])) for x in (21.0, 26.0))
    bands = [
        shapely.Polygon([(x, low) for x, low, _ in ends] + [(x, high) for x, _, high in reversed(ends)])
        for one, two in zip(shapely.get_parts(west), shapely.get_parts(east), strict=True)
        for ends in [[(x, along(x, one, two, 1), along(x, one, two, 3)) for x in (WINDOW[0], WINDOW[2])]]
    ]
    return russia.symmetric_difference(shapely.union_all(bands))


def along(x: float, west: BaseGeometry, east: BaseGeometry, bound: int) -> float:
    """The latitude at a longitude of a straight edge that passes both cuts."""
    return float(west.bounds[bound] + (east.bounds[bound] - west.bounds[bound]) * (x - 21.0) / 5.0)


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
    whole = [(name, righted(shape) if name == "Russia" else shape) for name, shape in frame[COLUMNS].values]
    inside = [(name, polygons(shape.intersection(shapely.box(*WINDOW)))) for name, shape in whole]
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
