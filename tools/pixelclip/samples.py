"""Labelled real pixel years read from the WorldCereal extracts, and their split by place. Needs pandas and pyproj.

The long table (one row a pixel and month) is the main set; the ten-day table of western France is read as a second
one. Each pixel's label becomes a LUCAS code where the source's own label says one (`labels.csv`);
others stay unlabelled.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import BadFile
from tools.pixelclip.bands import BANDS, read_years

COLUMNS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
BLOCK_KM = 50
CORSICA = (8.4, 41.2, 9.7, 43.1)
"""West, south, east, north of the island, EPSG:4326."""

LABELS = Path(__file__).parent / "labels.csv"
"""Each source label and the LUCAS class it says plainly; empty, with the reason, where it says none."""

FOLDS_FILE = Path(__file__).parent / "folds.csv"
"""Block → place fold: settled once, so that figures stay comparable when labels are mended."""

FROM_LUCAS_LIKE = {"B5x": "B5", "B7x": "B7"}

GREEN = 0.3
"""NDVI above which a pixel is no water."""

UNTOLD = ("", "unknown")
"""Crop labels that say nothing: there the set's own land cover counts."""


@dataclass(frozen=True)
class Samples:
    """Pixel years with place and label."""

    years: NDArray[np.float32]
    """(N, 12, 10), filled, reflectance × 10 000."""
    gaps: NDArray[np.bool_]
    """(N, 12, 10): months and bands that were filled."""
    ids: NDArray[np.str_]
    source: NDArray[np.str_]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    year: NDArray[np.int64]
    land_cover: NDArray[np.str_]
    """LUCAS code, '' where unlabelled."""
    told: NDArray[np.str_]
    """The source's own label."""
    radar: NDArray[np.float32]
    """(N, 12, 2): Sentinel-1 VV and VH in dB, NaN where not given (`radar.py` reads them)."""

    def __len__(self) -> int:
        return len(self.years)

    def take(self, at: NDArray) -> Samples:
        """Return the samples at these positions or where this mask is True."""
        return Samples(*(getattr(self, name)[at] for name in self.__dataclass_fields__))


def read_europe(path: str | Path) -> Samples:
    """Return the 1,401 European pixels of `pixels_monthly_europe.parquet`, one calendar year each."""
    import pandas as pd

    needed = ("sample_id", "file", "period_start", "lon", "lat", "lucas_like", "crop_label", *COLUMNS)
    table = _read_parquet(path, needed)
    middle = pd.to_datetime(table["period_start"]) + pd.Timedelta(days=15)  # composites start on any day of a month
    rows = [_one_year(group, middle.loc[group.index]) for _, group in table.groupby("sample_id", sort=True)]
    return _samples(rows)


def read_dekads(path: str | Path) -> Samples:
    """Return the pixels of `fra_west_2023_dekad.parquet`: ten-day steps of 2023 → monthly medians."""
    import pandas as pd

    table = _read_parquet(path, ("sample_id", "timestamp", "lon", "lat", "ewoc_code", "S2-L2A-B02"))
    legend = pd.read_csv(Path(path).parent.parent / "ewoc_legend.csv").set_index("ewoc_code")["label_full"]
    table = table.rename(columns={f"S2-L2A-{band}": band for band in COLUMNS})
    table["crop_label"] = table["ewoc_code"].map(legend)
    table["file"], table["lucas_like"] = Path(path).stem, None
    middle = pd.to_datetime(table["timestamp"]) + pd.Timedelta(days=5)
    keep = middle.dt.year == 2023
    table, middle = table[keep].copy(), middle[keep]
    rows = [_one_year(group, middle.loc[group.index]) for _, group in table.groupby("sample_id", sort=True)]
    return _samples(rows)


@lru_cache(maxsize=1)
def read_labels() -> dict[str, str]:
    """Return source label → LUCAS code, '' where the label names no one class."""
    with LABELS.open(encoding="utf-8") as file:
        return {row["crop_label"]: row["land_cover"] for row in csv.DictReader(file)}


@lru_cache(maxsize=1)
def settled_folds() -> dict[str, int]:
    """Return block → place fold, 0 to 4; other blocks are always in training."""
    with FOLDS_FILE.open(encoding="utf-8") as file:
        return {row["block"]: int(row["fold"]) for row in csv.DictReader(file)}


def fold_of(samples: Samples) -> NDArray[np.int64]:
    """Return each sample's settled place fold, −1 for blocks that are always in training."""
    folds = settled_folds()
    return np.array([folds.get(str(block), -1) for block in blocks(samples)], np.int64)


def joined(parts: Sequence[Samples]) -> Samples:
    """Return several sets as one."""
    names = Samples.__dataclass_fields__
    return Samples(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def blocks(
    samples: Samples, size_km: float = BLOCK_KM, turned: float = 0.0, shift: tuple[float, float] = (0.0, 0.0)
) -> NDArray[np.str_]:
    """Return each sample's square block, such as `84_42`, on the EPSG:3035 grid.

    Args:
        samples: The samples.
        size_km: A block's side.
        turned: Radians by which the grid is turned first, for partitions other than the reported one.
        shift: Metres it is moved by then.
    """
    return blocks_of(samples.lon, samples.lat, size_km, turned, shift)


def blocks_of(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    size_km: float = BLOCK_KM,
    turned: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.str_]:
    """Return the square block of each place in degrees, as `blocks` does of samples."""
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(lon, lat)
    cos, sin = np.cos(turned), np.sin(turned)
    grid = np.array([cos * x - sin * y + shift[0], sin * x + cos * y + shift[1]])
    column, row = np.floor(grid / (size_km * 1000)).astype(int)
    return np.array([f"{c}_{r}" for c, r in zip(column, row, strict=True)])


def block_folds(block: NDArray[np.str_], count: int = 5) -> dict[str, int]:
    """Return block → fold: the largest blocks first, each into the fold that is smallest so far."""
    names, sizes = np.unique(block, return_counts=True)
    totals, fold = np.zeros(count), {}
    for at in np.argsort(-sizes, kind="stable"):
        smallest = int(totals.argmin())
        fold[str(names[at])] = smallest
        totals[smallest] += sizes[at]
    return fold


def in_corsica(samples: Samples) -> NDArray[np.bool_]:
    """Return which samples lie on the island."""
    west, south, east, north = CORSICA
    return (samples.lon > west) & (samples.lon < east) & (samples.lat > south) & (samples.lat < north)


def _read_parquet(path: str | Path, needed: Sequence[str]) -> Any:
    import pandas as pd

    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise BadFile(f"{path} cannot be read as a table of pixels: {str(error).splitlines()[0]}") from error
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise BadFile(f"{path} lacks the columns {', '.join(missing)}")
    return table


def _one_year(group: Any, middle: Any) -> dict[str, Any]:
    """One pixel's best calendar year: the one with most months, twelve rows of ten bands, NaN where nothing is."""
    values = group[list(COLUMNS)].to_numpy(float, na_value=np.nan)
    values[(values <= 0) | (values >= 16_000)] = np.nan
    months, years = middle.dt.month.to_numpy(), middle.dt.year.to_numpy()
    best = years[0]
    if len(np.unique(months)) < len(months):  # more than a year: one calendar year of it
        seen = {int(year): len(np.unique(months[years == year])) for year in np.unique(years)}
        best = max(seen, key=seen.__getitem__)
        keep = years == best
        values, months = values[keep], months[keep]
    else:
        best = int(np.median(years))
    grid = np.full((12, len(BANDS)), np.nan)
    for month in range(1, 13):
        rows = values[months == month]
        if len(rows):
            measured = np.isfinite(rows).any(axis=0)
            grid[month - 1, measured] = np.nanmedian(rows[:, measured], axis=0)
    first = group.iloc[0]
    like, crop = (str(value) if isinstance(value, str) else "" for value in (first["lucas_like"], first["crop_label"]))
    code = FROM_LUCAS_LIKE.get(like, like) if crop in UNTOLD else read_labels().get(crop, "")
    if code == "G" and _is_green(grid):
        code = ""
    return {
        "grid": grid, "id": str(first["sample_id"]), "source": str(first["file"]), "lon": float(first["lon"]),
        "lat": float(first["lat"]), "year": int(best), "land_cover": code, "told": crop or like,
    }  # fmt: skip


def _is_green(grid: NDArray) -> bool:
    """Whether a year's median NDVI is that of plants: the Flemish pixels labelled open water are meadows and trees."""
    red, infrared = np.nanmedian(grid[:, 2]), np.nanmedian(grid[:, 6])
    return bool((infrared - red) / (infrared + red) > GREEN)


def _samples(rows: list[dict[str, Any]]) -> Samples:
    grid = np.stack([row["grid"] for row in rows]).astype(np.float32)
    years = read_years(grid, check_order=False)
    gaps = years.masked[:, :, None] | years.missing_bands[:, None, :]
    column = lambda name: np.array([row[name] for row in rows])  # noqa: E731
    named = (column(name) for name in ("id", "source", "lon", "lat", "year", "land_cover", "told"))
    samples = Samples(years.values, gaps, *named, np.full((len(rows), 12, 2), np.nan, np.float32))
    return samples.take(years.usable)
