"""An answer as files: CSV, GeoJSON, GeoParquet, GeoTIFF, PNG, JSON, packet. Each names its source."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from page.shelf import Held
from tools.result import Result

FILES = {
    "csv": "table.csv",
    "geojson": "map.geojson",
    "geoparquet": "map.parquet",
    "geotiff": "map.tif",
    "png": "map.png",
    "json": "answer.json",
    "packet": "answer.zip",
}
TYPES = {
    "table.csv": "text/csv; charset=utf-8",
    "map.geojson": "application/geo+json",
    "map.parquet": "application/vnd.apache.parquet",
    "map.tif": "image/tiff",
    "map.png": "image/png",
    "answer.json": "application/json",
    "answer.zip": "application/zip",
}


def offers(held: Held) -> list[tuple[str, str]]:
    """Kinds and file names an answer can be taken away as."""
    kinds = ["packet"]
    if any(result.table is not None for result in held.answer.results):
        kinds.append("csv")
    if drawn(held):
        kinds += ["geojson"]
    kinds.append("json")
    return [(kind, FILES[kind]) for kind in kinds]


def drawn(held: Held) -> list[Result]:
    """Results that have something on the map."""
    return [result for result in held.answer.results if (result.features or {}).get("features")]


def source_line(result: Result) -> str:
    """Dataset, version, attribution, licence and, where it is so, the word synthetic."""
    made = result.provenance
    parts = [made.dataset, made.version, made.attribution, made.licence, "synthetic" if made.synthetic else ""]
    return " · ".join(part for part in parts if part)


def csv_bytes(results: Iterable[Result]) -> bytes:
    """Every table, one under the other, each row with its source; UTF-8 with the mark spreadsheets look for."""
    out = io.StringIO()
    writer = csv.writer(out)
    for at, result in enumerate(r for r in results if r.table is not None):
        if at:
            writer.writerow([])
        table = result.table
        assert table is not None
        writer.writerow([*table.columns, "source"])
        writer.writerows([*map(defused, row), source_line(result)] for row in table.rows)
    return ("\ufeff" + out.getvalue()).encode()


def defused(value: Any) -> Any:
    """A text no spreadsheet takes for a formula."""
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def geojson_of(result: Result) -> dict[str, Any]:
    """A result's features with their source as foreign members (RFC 7946, 6.1)."""
    made = result.provenance
    features = (result.features or {}).get("features", [])
    return {
        "type": "FeatureCollection",
        "source": source_line(result),
        "licence": made.licence,
        "synthetic": made.synthetic,
        "features": [clean(feature) for feature in features],
    }


def clean(feature: Mapping[str, Any]) -> dict[str, Any]:
    """A feature without the page's own marks."""
    properties = {k: v for k, v in feature["properties"].items() if not k.startswith("_")}
    return {"type": "Feature", "geometry": feature["geometry"], "properties": properties}


def file_of(held: Held, name: str) -> bytes | None:
    """Return one file of an answer, or None where the answer has no such file."""
    if name not in {file for _, file in offers(held)}:
        return None
    if name == "table.csv":
        return csv_bytes(held.answer.results)
    if name == "map.geojson":
        collections = [geojson_of(result) for result in drawn(held)]
        features = [f for each in collections for f in each["features"]]
        return json.dumps({**collections[0], "features": features}, ensure_ascii=False, default=str).encode()
    if name == "answer.json":
        return json.dumps(held.answer.to_json(), ensure_ascii=False, indent=1, default=str).encode()
    return None
