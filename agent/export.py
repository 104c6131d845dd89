"""An answer written to files: JSON, the plan to replay, and for each result GeoJSON, CSV, GeoParquet and a PNG map."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.answer import Answer
from agent.maps import png_map, scene_of
from agent.render import source_of
from agent.voice import Voice
from tools.context import Context
from tools.result import Result


def save(answer: Answer, folder: Path, context: Context) -> list[Path]:
    """Write everything of an answer into a folder and return the files, the map last."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [write_json(folder / "answer.json", answer.to_json())]
    if answer.plan:
        written.append(write_json(folder / "plan.json", {**answer.plan, "language": answer.language}))
    for at, result in enumerate(answer.results, 1):
        stem = f"{at}-{result.tool}"
        source = source_line(result, answer.language)
        if result.table:
            written.append(write_csv(folder / f"{stem}.csv", result, source))
        if result.features and result.features["features"]:
            written.append(write_json(folder / f"{stem}.geojson", with_source(result, source)))
            written.append(write_geoparquet(folder / f"{stem}.parquet", result, source))
        scene = scene_of(result, context, first_line(answer, at - 1), source)
        if scene:
            with whole(folder / f"{stem}.png") as fresh:
                png_map(scene, fresh)
            written.append(folder / f"{stem}.png")
    return written


def first_line(answer: Answer, at: int) -> str:
    """Return the sentence of one result, cut for a title."""
    lines = answer.text.splitlines()
    line = lines[at] if at < len(lines) else answer.text
    return line if len(line) <= 100 else line[:97] + "…"


def source_line(result: Result, language: str) -> str:
    """Return where a result comes from, in a line for a caption or a column."""
    of = result.provenance
    name = source_of(result, Voice(language))
    parts = (name, f"{of.dataset}, {of.version}", of.licence, of.attribution, *result.notices)
    return "; ".join(part for part in parts if part)


def write_json(file: Path, value: Any) -> Path:
    """Write JSON, readable and with a newline at its end."""
    text = json.dumps(value, ensure_ascii=False, indent=1, default=str)
    with whole(file) as fresh:
        fresh.write_text(text + "\n", encoding="utf-8")
    return file


@contextmanager
def whole(file: Path) -> Generator[Path]:
    """Give a name beside a file to write to; it takes the file's place once it is whole, and is gone otherwise."""
    fresh = file.with_name(f".new-{os.getpid()}-{file.name}")  # the same ending: libraries tell the form by it
    try:
        yield fresh
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def write_csv(file: Path, result: Result, source: str) -> Path:
    """Write a result's table, its source in the last column."""
    assert result.table is not None
    with whole(file) as fresh, fresh.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow([*result.table.columns, "source"])
        writer.writerows([*map(defused, row), source] for row in result.table.rows)
    return file


def defused(value: Any) -> Any:
    """Return a cell as it may stand in a CSV: text that a spreadsheet would take for a formula gets an apostrophe."""
    formula = isinstance(value, str) and value.lstrip("\t\r\n ")[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if formula else value


def with_source(result: Result, source: str) -> Mapping[str, Any]:
    """Return the features with their source as a foreign member (RFC 7946, 6.1)."""
    assert result.features is not None
    return {**result.features, "source": source}


def write_geoparquet(file: Path, result: Result, source: str) -> Path:
    """Write the features as GeoParquet, EPSG:4326."""
    import geopandas

    assert result.features is not None
    frame = geopandas.GeoDataFrame.from_features(result.features["features"], crs="EPSG:4326")
    frame["source"] = source
    with whole(file) as fresh:
        frame.to_parquet(fresh, index=False)
    return file
