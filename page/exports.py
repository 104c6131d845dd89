"""An answer as files: CSV, GeoJSON, GeoParquet, GeoTIFF, PNG, JSON, packet. Each names its source."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from agent.export import defused
from page.charts import svg_file
from page.packet import packet
from page.picture import map_png
from page.shelf import Held
from tools.result import Result

FILES = {
    "packet": "answer.zip",
    "csv": "table.csv",
    "geojson": "map.geojson",
    "geoparquet": "map.parquet",
    "geotiff": "map.tif",
    "png": "map.png",
    "svg": "chart.svg",
    "json": "answer.json",
}
TYPES = {
    "answer.zip": "application/zip",
    "table.csv": "text/csv; charset=utf-8",
    "map.geojson": "application/geo+json",
    "map.parquet": "application/vnd.apache.parquet",
    "map.tif": "image/tiff",
    "map.png": "image/png",
    "chart.svg": "image/svg+xml",
    "answer.json": "application/json",
}
MOST_CELLS = 25_000_000
"""Cells of a GeoTIFF; a map of scattered points is made coarser until it fits."""


def offers(held: Held) -> list[tuple[str, str]]:
    """Kinds and file names an answer can be taken away as."""
    has = {
        "packet": True,
        "csv": any(result.table is not None for result in held.answer.results),
        "geojson": bool(drawn(held)),
        "geoparquet": bool(drawn(held)),
        "geotiff": bool(scored(held)),
        "png": bool(held.drawing.layers),
        "svg": bool(held.charts),
        "json": True,
    }
    return [(kind, FILES[kind]) for kind, there in has.items() if there]


def file_of(held: Held, name: str) -> bytes | None:
    """Return one file of an answer, or None where the answer has no such file."""
    makers: Mapping[str, Callable[[Held], bytes]] = {
        "answer.zip": packet_bytes,
        "table.csv": lambda held: csv_bytes(held.answer.results),
        "map.geojson": lambda held: geojson_bytes(drawn(held)),
        "map.parquet": lambda held: geoparquet_bytes(drawn(held)),
        "map.tif": lambda held: geotiff_bytes(scored(held)[0]),
        "map.png": lambda held: map_png(held.drawing.showing(), held.question),
        "chart.svg": lambda held: svg_file(held.charts),
        "answer.json": answer_bytes,
    }
    there = {file for _, file in offers(held)}
    return makers[name](held) if name in there else None


def packet_bytes(held: Held) -> bytes:
    """Every other file of the answer and what is needed to make it again, as one zip."""
    files = {name: file_of(held, name) for kind, name in offers(held) if kind != "packet"}
    return packet(held, {name: content for name, content in files.items() if content is not None})


def drawn(held: Held) -> list[Result]:
    """Results that have something on the map."""
    return [result for result in held.answer.results if (result.features or {}).get("features")]


def scored(held: Held) -> list[Result]:
    """Results whose points carry a score: the classifier's maps."""
    return [result for result in drawn(held) if has_score(features_of(result)[0])]


def has_score(feature: Mapping[str, Any]) -> bool:
    """Whether a feature is a point with a number to put into a raster."""
    return feature["geometry"]["type"] == "Point" and isinstance(feature["properties"].get("score"), int | float)


def features_of(result: Result) -> list[dict[str, Any]]:
    """A result's features."""
    return list((result.features or {}).get("features", ()))


def source_line(result: Result) -> str:
    """Dataset, version, attribution and licence; and what the outlines of its regions ask to be named."""
    made = result.provenance
    parts = [made.dataset, made.version, made.attribution, made.licence, *result.notices]
    return " · ".join(part for part in parts if part)


def csv_bytes(results: Iterable[Result]) -> bytes:
    """Every table, one under the other, each row with its source; UTF-8 with the mark spreadsheets look for."""
    out = io.StringIO()
    writer = csv.writer(out)
    for at, result in enumerate(r for r in results if r.table is not None):
        if at:
            writer.writerow([])
        columns, rows = (result.table.columns, result.table.rows) if result.table else ((), ())
        writer.writerow([*columns, "source"])
        writer.writerows([*map(defused, row), source_line(result)] for row in rows)
    return ("\ufeff" + out.getvalue()).encode()


def geojson_bytes(results: list[Result]) -> bytes:
    """All features with their source as foreign members (RFC 7946, 6.1) and in each feature."""
    whole = {
        "type": "FeatureCollection",
        "source": "; ".join(dict.fromkeys(map(source_line, results))),
        "features": [sourced(feature, result) for result in results for feature in features_of(result)],
    }
    return json.dumps(whole, ensure_ascii=False, default=str).encode()


def sourced(feature: Mapping[str, Any], result: Result) -> dict[str, Any]:
    """A feature that says where it is from."""
    properties = {**feature["properties"], "source": source_line(result)}
    return {"type": "Feature", "geometry": feature["geometry"], "properties": properties}


def geoparquet_bytes(results: list[Result]) -> bytes:
    """All features as GeoParquet, EPSG:4326, the source as a column."""
    import geopandas

    features = [sourced(feature, result) for result in results for feature in features_of(result)]
    frame = geopandas.GeoDataFrame.from_features(features, crs=4326)
    for column in frame.columns:
        if column != "geometry" and frame[column].map(type).nunique() > 1 and frame[column].dtype == object:
            frame[column] = frame[column].map(lambda value: None if value is None else str(value))
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


def geotiff_bytes(result: Result) -> bytes:
    """The scores of a classifier's map as a GeoTIFF, EPSG:3035, NaN where no point lies."""
    import rasterio
    from affine import Affine
    from pyproj import Transformer

    features = [f for f in features_of(result) if has_score(f)]
    lonlat = np.array([f["geometry"]["coordinates"][:2] for f in features])
    score = np.array([f["properties"]["score"] for f in features], dtype="float32")
    x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(lonlat[:, 0], lonlat[:, 1])
    cell = cell_size(np.asarray(x), np.asarray(y))
    west, north = np.floor(x.min() / cell) * cell, np.ceil(y.max() / cell + 1e-9) * cell
    column, row = ((x - west) // cell).astype(int), ((north - y) // cell).astype(int)
    grid = np.full((row.max() + 1, column.max() + 1), np.nan, dtype="float32")
    grid[row, column] = score
    made = result.provenance
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=grid.shape[0], width=grid.shape[1], count=1, dtype="float32", crs="EPSG:3035",
            nodata=float("nan"), transform=Affine(cell, 0, west, 0, -cell, north), compress="deflate",
        ) as raster:  # fmt: skip
            raster.write(grid, 1)
            raster.set_band_description(1, "score")
            raster.update_tags(source=source_line(result), model=made.model or "")
        return memory.read()


def cell_size(x: Any, y: Any) -> float:
    """The spacing of points in metres, in whole 10 m; wider where the raster would grow too large."""
    steps = [np.diff(np.unique(np.round(axis, -1))) for axis in (x, y)]
    usual = min((float(np.median(step)) for step in steps if len(step)), default=10.0)
    area = (np.ptp(x) + usual) * (np.ptp(y) + usual)
    return float(max(round(max(usual, (area / MOST_CELLS) ** 0.5) / 10) * 10, 10))


def answer_bytes(held: Held) -> bytes:
    """The whole answer as the JSON of its contract."""
    return json.dumps(held.answer.to_json(), ensure_ascii=False, indent=1, default=str).encode()
