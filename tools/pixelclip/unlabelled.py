"""Pixel years of which nobody says what grows there: what the student learns from. Needs pandas and xarray.

None of them is a pixel of the labelled European set: western France 2023, pixels of the rest of the world, two square
kilometres of eastern Belgium and two patches of Flanders.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.composite import monthly_composite
from retrieval.errors import NoRecords
from tools.pixelclip.bands import read_years
from tools.pixelclip.samples import COLUMNS, read_dekads

EUROPE = (-11.0, 34.0, 35.0, 71.0)
"""West, south, east, north of the labelled set, EPSG:4326: pixels inside are left to it."""

CLEAR = 4
"""Sen2Cor's class of vegetation, for stacks that come without a scene classification: their clouds are already out."""


def read_unlabelled(shared: Path) -> dict[str, NDArray[np.float32]]:
    """Return source → (N, 12, 10) complete years, reflectance × 10 000.

    Raises:
        NoRecords: the folder holds none of the sources.
    """
    raw, found = shared / "s2_pixels" / "raw", {}
    if (path := raw / "fra_west_2023_dekad.parquet").is_file():
        found["western France"] = read_dekads(path).years
    world = [
        _wide(path) for name in ("wc_global_500px", "wc_mixed_500px") if (path := raw / f"{name}.parquet").is_file()
    ]
    if world:
        found["world"] = np.concatenate(world)
    for path in sorted((shared / "s2_stack_belgium").glob("worldcereal_*inputs*.nc")):
        found[path.stem] = _stack(path)
    for path in sorted((shared / "s2_patches_belgium").glob("S2_L2A_10m_*.nc")):
        found[path.stem] = _patch(path, path.with_name(path.name.replace("_10m_", "_20m_")))
    if not found:
        raise NoRecords("unlabelled pixel years", f"none of their files is in {shared}")
    return found


def _wide(path: Path) -> NDArray[np.float32]:
    """One row a pixel, columns `OPTICAL-<band>-ts<k>-<res>m`, k months after `start_date`."""
    import pandas as pd

    table = pd.read_parquet(path)
    west, south, east, north = EUROPE
    inside = table["lon"].between(west, east) & table["lat"].between(south, north)
    table = table[~inside]
    start = pd.to_datetime(table["start_date"]).dt.month.to_numpy()
    grid = np.full((len(table), 12, len(COLUMNS)), np.nan, np.float32)
    for at, band in enumerate(COLUMNS):
        for step in range(12):
            for column in (name for name in table.columns if name.startswith(f"OPTICAL-{band}-ts{step}-")):
                grid[np.arange(len(table)), (start - 1 + step) % 12, at] = table[column].to_numpy(float)
    return _complete(grid)


def _stack(path: Path) -> NDArray[np.float32]:
    """Monthly squares without B8A."""
    with _opened(path) as data:
        name = (lambda band: f"S2-L2A-{band}") if "S2-L2A-B02" in data else (lambda band: band.replace("B0", "B"))
        shape = data[name("B02")].shape
        bands = [data[name(b)].values if name(b) in data else np.zeros(shape, np.uint16) for b in COLUMNS]
        months = data["t"].dt.month.values
    composite, _ = monthly_composite(np.stack(bands, axis=1), np.full(shape, CLEAR), months)
    return _complete(_as_pixels(composite))


def _patch(fine: Path, coarse: Path) -> NDArray[np.float32]:
    """Acquisitions at 10 m and at 20 m, the latter with their scene classification."""
    with _opened(fine) as at10, _opened(coarse) as at20:
        doubled = lambda values: values.repeat(2, axis=1).repeat(2, axis=2)  # noqa: E731
        bands = [at10[b].values if b in at10 else doubled(at20[b].values) for b in COLUMNS]
        months, scl = at10["timestamp"].dt.month.values, doubled(at20["SCL"].values)
    composite, _ = monthly_composite(np.stack(bands, axis=1), scl, months)
    return _complete(_as_pixels(composite))


def _opened(path: Path) -> Any:
    import xarray as xr

    return xr.open_dataset(path, mask_and_scale=False)


def _as_pixels(composite: NDArray[np.float32]) -> NDArray[np.float32]:
    """(12, C, H, W) → (H·W, 12, C)."""
    return composite.transpose(2, 3, 0, 1).reshape(-1, 12, len(COLUMNS))


def _complete(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    grid = np.where((grid > 0) & (grid < 16_000), grid, np.nan)
    years = read_years(grid, check_order=False)
    return years.values[years.usable].astype(np.float32)
