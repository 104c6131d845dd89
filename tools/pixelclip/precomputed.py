"""Yearly embeddings that others computed and published, read as they are published: no network, no twelve months.

AlphaEarth Foundations (Google; CC BY 4.0): cloud-optimised GeoTIFFs in UTM, 64 bands of int8, −128 is masked; a value v
stands for sign(v) · (v / 127.5)². TESSERA (Cambridge; GeoTessera): `grid_LON_LAT.npy` of int8 (H, W, 128) with
`grid_LON_LAT_scales.npy` of float32 (H, W) or (H, W, 128), the product of both; its place is that of the land mask
`grid_LON_LAT.tiff`, beside it or in a folder of masks; or a GeoTIFF of 128 float bands, as GeoTessera exports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import BadFile

MASKED = -128
MASKS = ("", "landmasks", "global_0.1_degree_tiff_all")
"""Folders, beside a tile or above it, where its land mask may lie."""


@dataclass(frozen=True)
class Form:
    """A kind of published embeddings."""

    name: str
    dim: int
    attribution: str


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form(
            "alphaearth",
            64,
            "The AlphaEarth Foundations Satellite Embedding dataset is produced by Google and Google DeepMind.",
        ),
        Form("tessera", 128, "TESSERA embeddings, University of Cambridge"),
    )
}


@dataclass(frozen=True)
class Embeddings:
    """One file of embeddings and where its pixels lie."""

    path: str
    form: Form
    crs: Any
    transform: Any
    """Affine, (column, row) of a pixel's corner → metres."""
    height: int
    width: int
    is_quantised: bool

    def read(self, row: NDArray[np.int64], column: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return (N, dim) features of pixels inside the file, and which of them hold anything."""
        if not len(row):
            return np.zeros((0, self.form.dim), np.float32), np.zeros(0, bool)
        top, left = int(row.min()), int(column.min())
        bottom, right = int(row.max()) + 1, int(column.max()) + 1
        part = self._part(top, bottom, left, right)
        values = part[row - top, column - left]
        there = np.isfinite(values).all(axis=1) & (values != 0).any(axis=1)
        return np.where(there[:, None], values, 0).astype(np.float32), there

    def at(self, lon: NDArray, lat: NDArray) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return (N, dim) features at places in degrees; False where a place lies outside or on masked pixels."""
        from pyproj import Transformer

        x, y = Transformer.from_crs(4326, self.crs, always_xy=True).transform(np.asarray(lon), np.asarray(lat))
        row, column = self.position(np.asarray(x), np.asarray(y))
        inside = (row >= 0) & (row < self.height) & (column >= 0) & (column < self.width)
        out, there = np.zeros((len(row), self.form.dim), np.float32), inside.copy()
        out[inside], there[inside] = self.read(row[inside], column[inside])
        return out, there

    def corners(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (x, y) of the file's four corners in its own CRS."""
        t, column = self.transform, np.array([0, self.width, 0, self.width])
        row = np.array([0, 0, self.height, self.height])
        return t.a * column + t.b * row + t.c, t.d * column + t.e * row + t.f

    def position(self, x: NDArray, y: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (row, column) of positions in the file's own CRS, which may lie outside of it."""
        inverse = ~self.transform
        column, row = inverse.a * x + inverse.b * y + inverse.c, inverse.d * x + inverse.e * y + inverse.f
        return np.floor(row).astype(np.int64), np.floor(column).astype(np.int64)

    def _part(self, top: int, bottom: int, left: int, right: int) -> NDArray[np.float32]:
        """(rows, columns, dim) of a window, NaN where masked."""
        if self.path.endswith(".npy"):
            whole = np.load(self.path, mmap_mode="r", allow_pickle=False)
            scale = np.load(_scales_of(Path(self.path)), mmap_mode="r", allow_pickle=False)
            value, factor = (np.asarray(one[top:bottom, left:right], np.float32) for one in (whole, scale))
            return value * (factor[..., None] if factor.ndim == 2 else factor)
        import rasterio

        with rasterio.open(self.path) as file:
            part = file.read(window=((top, bottom), (left, right))).transpose(1, 2, 0)
        if not self.is_quantised:
            return part.astype(np.float32)
        value = part.astype(np.float32)
        native = np.sign(value) * (value / 127.5) ** 2
        return np.where(part == MASKED, np.float32(np.nan), native)


@lru_cache(maxsize=16)
def open_embeddings(path: str) -> Embeddings:
    """Return a file of embeddings, told by its own bytes.

    Raises:
        BadFile: it is in neither published form.
    """
    return _of_arrays(Path(path)) if path.endswith(".npy") else _of_raster(Path(path))


def _of_arrays(path: Path) -> Embeddings:
    import rasterio

    try:
        shape = np.load(path, mmap_mode="r", allow_pickle=False).shape
        scale = np.load(_scales_of(path), mmap_mode="r", allow_pickle=False).shape
    except (OSError, ValueError) as error:
        raise BadFile(f"{path} is no array of embeddings with its scales: {str(error).splitlines()[0]}") from error
    form = FORMS["tessera"]
    if len(shape) != 3 or shape[2] != form.dim or scale[:2] != shape[:2]:
        raise BadFile(f"{path} holds {shape} with scales {scale}; TESSERA's are (H, W, {form.dim}) and (H, W)")
    mask = _mask_of(path)
    with rasterio.open(mask) as file:
        if (file.height, file.width) != shape[:2]:
            raise BadFile(f"{mask} has {file.height} × {file.width} pixels, {path.name} {shape[0]} × {shape[1]}")
        return Embeddings(str(path), form, file.crs, file.transform, *shape[:2], True)


def _of_raster(path: Path) -> Embeddings:
    import rasterio

    try:
        with rasterio.open(path) as file:
            types, count = set(file.dtypes), file.count
            found = Embeddings(str(path), FORMS["alphaearth"], file.crs, file.transform, file.height, file.width, True)
    except rasterio.errors.RasterioError as error:
        raise BadFile(f"{path} cannot be read as a raster: {str(error).splitlines()[0]}") from error
    if count == 64 and types == {"int8"}:
        return found
    form = next((form for form in FORMS.values() if form.dim == count), None)
    if form is None or not types <= {"float32", "float64", "float16"}:
        named = "64 bands of int8 (AlphaEarth), or 64 or 128 float bands"
        raise BadFile(f"{path} holds {count} bands of {', '.join(sorted(types))}; {named} are read")
    return Embeddings(str(path), form, found.crs, found.transform, found.height, found.width, False)


def _scales_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}_scales.npy")


def _mask_of(path: Path) -> Path:
    name = path.stem
    folders = [parent / folder for parent in path.parents[:4] for folder in MASKS]
    for folder in folders:
        for ending in (".tiff", ".tif"):
            if (found := folder / f"{name}{ending}").is_file():
                return found
    raise BadFile(f"{path.name} comes without its land mask {name}.tiff: where it lies is not known")
