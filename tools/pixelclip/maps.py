"""Whole maps: every cell of an area classified, tile by tile, as cloud-optimised GeoTIFFs with their uncertainty.

A tile is written whole or not at all, with a note beside it that holds its hash; a job that was killed goes on with the
tiles that have no note. One tile knows nothing of another, so the same function runs in this process, in several, or on
several machines (`scale.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from retrieval.errors import BadArgument
from retrieval.types import Dataset
from tools.pixelclip.cells import SIDE, TILE, CellSource, Tile
from tools.pixelclip.compact import DIM, compact_of
from tools.pixelclip.grid import CELL
from tools.pixelclip.interface import Encoder
from tools.pixelclip.known import Words, parents, to_official
from tools.pixelclip.shipped import load

NOTHING = 255
"""No pixel there, or one that could not be read."""

BANDS = ("land_cover", "probability", "margin", "sure_land_cover", "far_from_training")
"""Class by its number; its chance and its lead over the next, percent; the deepest class likelier than a half by its
number, 0 where none is; 1 where the year is unlike all training years."""

TILE_COST = 5_000
"""Cells whose classification costs what reading and writing a tile does."""


@dataclass(frozen=True)
class MapJob:
    """What is mapped, with what, into which folder."""

    source: CellSource
    out: Path
    weights: Path | None = None
    """None: the shipped model."""
    tower: str | None = None
    """Text tower of weights that name none."""
    per_class: bool = False
    """A further band for the chance of every class."""
    compact: bool = False
    """Beside each tile its vectors in 64 bytes a cell, for words asked later (`ask_map`)."""
    words: tuple[str, ...] = ()
    """Free words or official codes, each a band of scores in a file of its own beside the tile's."""
    synthetic: bool = False
    attribution: str = ""

    def key(self) -> dict[str, Any]:
        """Return what a tile's content depends on."""
        model = encoder_of(self.weights, self.tower)
        return {
            "source": self.source.to_json(),
            "model": model.model_id,
            "model_sha256": model.sha256,
            "per_class": self.per_class,
            "words": list(self.words),
            **({"compact": True} if self.compact else {}),
        }


@dataclass(frozen=True)
class Progress:
    """How far a job is."""

    tiles: int
    done: int
    cells: int
    """Cells of this run, those of earlier ones not counted."""
    seconds: float
    left: float
    """Seconds still to go, by the tiles that are left and their cells."""

    def __str__(self) -> str:
        rate = self.cells / self.seconds if self.seconds else 0.0
        minutes = f"about {self.left / 60:.0f} min" if self.left >= 90 else f"about {self.left:.0f} s"
        return f"tile {self.done} of {self.tiles}, {self.cells:,} cells, {rate:,.0f} a second, {minutes} left"


Say = Callable[[Progress], None]
Runner = Callable[[MapJob, Sequence[Tile]], Iterable[dict[str, Any]]]


@lru_cache(maxsize=2)
def encoder_of(weights: Path | None, tower: str | None) -> Encoder:
    """Return the encoder of a file, the shipped one for None."""
    from tools.pixelclip.encoders import open_encoder

    return load() if weights is None else open_encoder(weights, tower)


def make_map(job: MapJob, run: Runner | None = None, say: Say | None = None) -> Path:
    """Write every tile that is not there yet, then the manifest and a mosaic, and return the manifest.

    Raises:
        BadArgument: the folder holds another map.
        LandaskError: a tile cannot be read; those written stay.
    """
    _check_folder(job)
    tiles = job.source.tiles()
    todo = [tile for tile in tiles if not is_done(job.out, tile)]
    start, cells, spent, waiting = time.monotonic(), 0, 0, sum(tile.cells + TILE_COST for tile in todo)
    done = len(tiles) - len(todo)
    for note in (run or one_after_another)(job, todo):
        work = note["cells"] + TILE_COST
        done, cells, spent, waiting = done + 1, cells + note["cells"], spent + work, waiting - work
        if say:
            seconds = time.monotonic() - start
            say(Progress(len(tiles), done, cells, seconds, seconds / spent * max(waiting, 0)))
    return _finish(job, tiles)


def one_after_another(job: MapJob, tiles: Sequence[Tile]) -> Iterable[dict[str, Any]]:
    """Map tiles in this process."""
    for tile in tiles:
        yield map_tile(job, tile)


def is_done(out: Path, tile: Tile) -> bool:
    """Return whether a tile was written whole."""
    note, raster = _note_of(out, tile), _raster_of(out, tile)
    if not (note.is_file() and raster.is_file()):
        return False
    return json.loads(note.read_text(encoding="utf-8"))["bytes"] == raster.stat().st_size


def note_of(out: Path, tile: Tile) -> dict[str, Any]:
    """Return the note of a finished tile."""
    return json.loads(_note_of(out, tile).read_text(encoding="utf-8"))


def map_tile(job: MapJob, tile: Tile) -> dict[str, Any]:
    """Classify one tile, write it, and return its note."""
    start = time.monotonic()
    model = encoder_of(job.weights, job.tower)
    words = Words(model)
    cells = job.source.read(tile)
    vectors, far = cells.seen_by(model)
    chance, usable = words.classify(vectors), cells.usable
    row, column = SIDE - 1 - (cells.y - tile.y) // CELL, (cells.x - tile.x) // CELL
    layers = _layers(words, chance, far)
    if job.per_class:
        layers |= {to_official(code): _percent(chance[:, at]) for at, code in enumerate(words.known)}
    raster = np.full((len(layers), SIDE, SIDE), NOTHING, np.uint8)
    for at, values in enumerate(layers.values()):
        raster[at, row[usable], column[usable]] = values[usable]
    tags = _tags(job, model, words)
    path = _raster_of(job.out, tile)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, tile, raster, list(layers), NOTHING, tags)
    if job.compact:
        packed = np.zeros((SIDE, SIDE, DIM), np.int8)
        packed[row[usable], column[usable]] = compact_of(model).pack(vectors[usable])
        _save_array(_vectors_of(job.out, tile), packed)
    if job.words:
        scores = np.full((len(job.words), SIDE, SIDE), np.nan, np.float32)
        for at, text in enumerate(job.words):
            scores[at, row[usable], column[usable]] = _score(words, vectors, text)[usable]
        _write(path.with_name(f"{tile.name}-scores.tif"), tile, scores, list(job.words), float("nan"), tags)
    said = np.bincount(layers["land_cover"][usable], minlength=len(words.known) + 1)
    note = {
        "name": tile.name,
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "cells": len(cells),
        "usable": int(usable.sum()),
        "far": None if far is None else int(far[usable].sum()),
        "by_class": {to_official(code): int(said[at + 1]) for at, code in enumerate(words.known) if said[at + 1]},
        "seconds": round(time.monotonic() - start, 2),
    }
    _write_text(_note_of(job.out, tile), json.dumps(note))
    return note


def ask_map(out: Path, text: str, weights: Path | None = None, tower: str | None = None) -> tuple[Path, int, float]:
    """Score words over a finished map's packed vectors, no pixel read or embedded again.

    Args:
        out: The map's folder, made with its vectors (`MapJob.compact`).
        text: Free words.
        weights: The model it was made with; None: the shipped one.
        tower: Text tower of weights that name none.

    Returns:
        A mosaic of cosines, the cells scored, and the seconds the products took.

    Raises:
        BadArgument: the folder holds no such map, or one of another model.
    """
    note = out / "manifest.json"
    if not note.is_file():
        raise BadArgument(f"{out} holds no finished map")
    manifest, model = json.loads(note.read_text(encoding="utf-8")), encoder_of(weights, tower)
    job = manifest["job"]
    if not job.get("compact"):
        raise BadArgument(f"{out} was made without its vectors: predict --save DIR --compact keeps them")
    if job["model_sha256"] != model.sha256:
        raise BadArgument(f"{out} was made with {job['model']}: name it with --weights")
    form, vector = compact_of(model), model.texts([text])[0]
    tiles = [_tile_named(one["name"], one["cells"]) for one in manifest["tiles"]]
    spent, count = 0.0, 0
    for tile in tiles:
        packed = torch.from_numpy(np.load(_vectors_of(out, tile), allow_pickle=False).reshape(-1, DIM))
        start = time.perf_counter()
        score = form.scores(packed, vector)
        spent, there = spent + time.perf_counter() - start, packed.any(dim=1).numpy()
        count += int(there.sum())
        values = np.where(there, score, np.nan).astype(np.float32).reshape(1, SIDE, SIDE)
        _write(_asked_of(out, tile), tile, values, [text], float("nan"), {"model": model.model_id, "text": text})
    _write_mosaic(out / "asked.vrt", out, tiles, "-asked", "Float32", "nan")
    return out / "asked.vrt", count, spent


def cells_of(out: Path, manifest: dict[str, Any]) -> Iterator[dict[str, NDArray]]:
    """Yield each tile's cells of a finished map: name, place in degrees, class, its chance and lead, far or not."""
    import rasterio
    from pyproj import Transformer

    code = np.array([""] * 256, dtype=object)
    for name, number in manifest["land_cover_numbers"].items():
        code[number] = name
    degrees = Transformer.from_crs(3035, 4326, always_xy=True)
    has_far = "far_from_training" in manifest["bands"]
    for note in manifest["tiles"]:
        tile = _tile_named(note["name"], note["cells"])
        with rasterio.open(_raster_of(out, tile)) as file:
            cover, chance, margin = (file.read(band) for band in (1, 2, 3))
            far = file.read(5) if has_far else np.zeros_like(cover)
        row, column = np.nonzero(cover != NOTHING)
        x, y = tile.x + column * CELL, tile.y + (SIDE - 1 - row) * CELL
        lon, lat = degrees.transform(x + CELL / 2, y + CELL / 2)
        yield {
            "cell": (x // CELL) * 1_000_000 + y // CELL, "lon": lon, "lat": lat, "land_cover": code[cover[row, column]],
            "probability": chance[row, column], "margin": margin[row, column], "far": far[row, column] == 1,
        }  # fmt: skip


def map_dataset(out: Path, manifest: dict[str, Any], year: int) -> Dataset:
    """Return what a finished map is as a dataset of a store."""
    corners = [_tile_named(note["name"], 0).box() for note in manifest["tiles"]]
    west, south, east, north = np.array(corners).T
    key = hashlib.sha256((out / "manifest.json").read_bytes()).hexdigest()
    return Dataset(
        id=f"map-{out.resolve().name}-{year}",
        title=f"Land cover map by {manifest['job']['model']}",
        version=str(year),
        licence="that of the pixels it was made of",
        attribution=manifest["source"],
        sha256=key,
        rows=manifest["usable"],
        years=(year,),
        bbox=(float(west.min()), float(south.min()), float(east.max()), float(north.max())),
        synthetic=bool(manifest["synthetic"]),
        kind="predictions",
    )


def _tile_named(name: str, cells: int) -> Tile:
    x, y = name.removeprefix("E").split("N")
    return Tile(int(x), int(y), cells)


def _save_array(path: Path, values: NDArray) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        np.save(file, values)
    part.replace(path)


def _vectors_of(out: Path, tile: Tile) -> Path:
    return out / "tiles" / f"{tile.name}-vectors.npy"


def _asked_of(out: Path, tile: Tile) -> Path:
    return out / "tiles" / f"{tile.name}-asked.tif"


def _layers(words: Words, chance: NDArray[np.float64], far: NDArray[np.bool_] | None) -> dict[str, NDArray[np.uint8]]:
    ordered = np.sort(chance, axis=1)
    numbers = sure_numbers(words)
    sure = np.array([numbers.get(code, 0) if code else 0 for code in words.deepest(chance)], np.uint8)
    layers = {
        "land_cover": (chance.argmax(axis=1) + 1).astype(np.uint8),
        "probability": _percent(ordered[:, -1]),
        "margin": _percent(ordered[:, -1] - ordered[:, -2]),
        "sure_land_cover": sure,
    }
    return layers if far is None else layers | {"far_from_training": far.astype(np.uint8)}


def sure_numbers(words: Words) -> dict[str, int]:
    """Return model code → number of every class that can be sure: the known ones first, then those above them."""
    above = sorted({up for code in words.known for up in parents(code)} - set(words.known))
    return {code: at + 1 for at, code in enumerate((*words.known, *above))}


def _score(words: Words, vectors: NDArray[np.float32], text: str) -> NDArray[np.float64]:
    official = text.upper()
    known = {to_official(code) for code in sure_numbers(words)}
    asked = words.ask_classes([official]) if official in known else words.ask_text(text)
    return words.score(vectors, asked)[0]


def _percent(share: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(np.round(share * 100), 0, 100).astype(np.uint8)


def _tags(job: MapJob, model: Encoder, words: Words) -> dict[str, str]:
    numbers = {str(number): to_official(code) for code, number in sure_numbers(words).items()}
    return {
        "model": f"{model.model_id} (sha256 {model.sha256[:12]})",
        "land_cover_numbers": json.dumps(numbers),
        "calibrated": str(model.calibrated).lower(),
        "synthetic": str(job.synthetic).lower(),
        "source": job.attribution,
    }


def _write(path: Path, tile: Tile, values: NDArray, names: Sequence[str], nothing: float, tags: dict[str, str]) -> None:
    import rasterio

    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    profile = {
        "driver": "COG",
        "compress": "deflate",
        "height": SIDE,
        "width": SIDE,
        "count": len(values),
        "dtype": values.dtype.name,
        "crs": "EPSG:3035",
        "nodata": nothing,
        "transform": rasterio.Affine(CELL, 0, tile.x, 0, -CELL, tile.y + TILE),
    }
    with rasterio.open(part, "w", **profile) as raster:
        raster.write(values)
        for at, name in enumerate(names, 1):
            raster.set_band_description(at, name)
        raster.update_tags(**tags)
    part.replace(path)


def _check_folder(job: MapJob) -> None:
    note, key = job.out / "job.json", job.key()
    if note.is_file():
        if json.loads(note.read_text(encoding="utf-8")) != key:
            raise BadArgument(f"{job.out} holds another map (other pixels, model or options): give another folder")
        return
    if job.out.exists() and any(job.out.iterdir()):
        raise BadArgument(f"{job.out} is not empty and holds no map: give another folder")
    job.out.mkdir(parents=True, exist_ok=True)
    _write_text(note, json.dumps(key, indent=1, ensure_ascii=False))


def _finish(job: MapJob, tiles: Sequence[Tile]) -> Path:
    notes = [note_of(job.out, tile) for tile in tiles]
    words = Words(encoder_of(job.weights, job.tower))
    by_class: dict[str, int] = {}
    for note in notes:
        for code, cells in note["by_class"].items():
            by_class[code] = by_class.get(code, 0) + cells
    manifest = {
        "job": job.key(),
        "bands": list(BANDS if notes[0]["far"] is not None else BANDS[:-1]),
        "land_cover_numbers": {to_official(c): n for c, n in sure_numbers(words).items()},
        "cells": sum(note["cells"] for note in notes),
        "usable": sum(note["usable"] for note in notes),
        "cells_by_class": dict(sorted(by_class.items())),
        "synthetic": job.synthetic,
        "source": job.attribution,
        "tiles": notes,
    }
    for half in (job.out / "tiles").glob(".*.part"):
        half.unlink(missing_ok=True)  # what a killed worker had begun
    _write_mosaic(job.out / "map.vrt", job.out, tiles)
    path = job.out / "manifest.json"
    _write_text(path, json.dumps(manifest, indent=1, ensure_ascii=False))
    return path


def _write_mosaic(
    path: Path, out: Path, tiles: Sequence[Tile], ending: str = "", kind: str = "Byte", nothing: str = str(NOTHING)
) -> None:
    """Write all tiles as one virtual raster, which GDAL and QGIS open."""
    import rasterio

    with rasterio.open(out / "tiles" / f"{tiles[0].name}{ending}.tif") as first:
        names, wkt = first.descriptions, first.crs.to_wkt()
    west, south = min(t.x for t in tiles), min(t.y for t in tiles)
    east, north = max(t.x for t in tiles) + TILE, max(t.y for t in tiles) + TILE
    bands = []
    for band, name in enumerate(names, 1):
        parts = "".join(
            f'<SimpleSource><SourceFilename relativeToVRT="1">tiles/{tile.name}{ending}.tif</SourceFilename>'
            f"<SourceBand>{band}</SourceBand>"
            f'<SrcRect xOff="0" yOff="0" xSize="{SIDE}" ySize="{SIDE}"/>'
            f'<DstRect xOff="{(tile.x - west) // CELL}" yOff="{(north - tile.y - TILE) // CELL}" '
            f'xSize="{SIDE}" ySize="{SIDE}"/></SimpleSource>'
            for tile in tiles
        )
        bands.append(
            f'<VRTRasterBand dataType="{kind}" band="{band}"><Description>{name}</Description>'
            f"<NoDataValue>{nothing}</NoDataValue>{parts}</VRTRasterBand>"
        )
    size = f'rasterXSize="{(east - west) // CELL}" rasterYSize="{(north - south) // CELL}"'
    at = f"<GeoTransform>{west}, {CELL}, 0, {north}, 0, {-CELL}</GeoTransform>"
    _write_text(path, f"<VRTDataset {size}><SRS>{_escaped(wkt)}</SRS>{at}{''.join(bands)}</VRTDataset>")


def _escaped(text: str) -> str:
    from xml.sax.saxutils import escape

    return escape(text)


def _write_text(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _raster_of(out: Path, tile: Tile) -> Path:
    return out / "tiles" / f"{tile.name}.tif"


def _note_of(out: Path, tile: Tile) -> Path:
    return out / "tiles" / f"{tile.name}.json"
