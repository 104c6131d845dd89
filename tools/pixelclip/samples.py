"""Labelled real pixel years read from the WorldCereal extracts, and their split by place. Needs pandas and pyproj.

The long table (one row a pixel and month) is the main set; the ten-day table of western France is read as a second
one. Each pixel's label becomes a LUCAS code where the source's own label says one; others stay unlabelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

SCORED: tuple[str, ...] = (
    "A", "B11", "B13", "B16", "B21", "B22", "B31", "B32", "B5", "B7", "B81", "B82", "C", "D", "E20",
)  # fmt: skip
"""The fifteen classes of the baseline table: those of `lucas_like` with ten pixels or more, without water."""

FROM_LUCAS_LIKE = {"B5x": "B5", "B7x": "B7"}

FROM_CROP_LABEL: dict[str, str] = {
    "grassland_with_tree_shrub": "E10", "not_cultivated_fallow": "U112", "tomato": "B42", "beans": "B41",
    "vegetables_fruits": "B43", "artichoke": "B43", "cabbage": "B43", "carrots_daucus": "B23", "alliums": "B43",
    "pumpkin_squash_gourd": "B43", "watermelon": "B43", "melon": "B43", "cauliflower_broccoli": "B43",
    "onion_shallot": "B43", "spinach": "B43", "zucchini_courgette": "B43", "chard": "B43",
    "herb_spice_medicinal_crops": "B37", "basil": "B37", "anise_aniseed": "B37", "fennel": "B37",
    "flower_crops": "B44", "flax_hemp": "B35", "hemp": "B35", "unspecified_sorghum": "B19", "root_vegetables": "B23",
    "reed": "H10", "longterm_meadows": "E20", "temporary_meadows": "E20", "maize": "B16",
    "grain_maize_corn_popcorn": "B16", "winter_common_soft_wheat": "B11", "spring_common_soft_wheat": "B11",
    "spelt": "B11", "winter_durum_hard_wheat": "B12", "spring_durum_hard_wheat": "B12", "winter_common_barley": "B13",
    "spring_common_barley": "B13", "winter_triticale": "B18", "spring_triticale": "B18", "winter_common_rye": "B14",
    "winter_common_oats": "B15", "spring_common_oats": "B15", "sunflower": "B31", "winter_rapeseed_rape": "B32",
    "spring_rapeseed_rape": "B32", "soy_soybeans": "B33", "vineyards_wine_vine_rebland_grapes": "B82",
    "fodder_mixtures": "B5", "alfalfa_lucerne": "B5", "clover": "B5", "fruit_nuts": "B7", "nuts": "B7", "pears": "B7",
    "early_fava_beans": "B41", "spring_peas": "B41", "lentils": "B41", "buckwheat": "B19", "winter_linseed_oil": "B35",
    "spring_linseed_oil": "B35", "potatoes": "B21", "strawberries": "B45", "nurseries": "B83",
}  # fmt: skip
"""WorldCereal's crop label → LUCAS code, where it says one plainly."""


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

    def __len__(self) -> int:
        return len(self.years)

    def take(self, at: NDArray) -> Samples:
        """Return the samples at these positions or where this mask is True."""
        return Samples(*(getattr(self, name)[at] for name in self.__dataclass_fields__))


def read_europe(path: str | Path) -> Samples:
    """Return the 1,401 European pixels of `pixels_monthly_europe.parquet`, one calendar year each."""
    import pandas as pd

    table = _read_parquet(path, ("sample_id", "file", "period_start", "lon", "lat", "lucas_like", *COLUMNS))
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


def joined(parts: Sequence[Samples]) -> Samples:
    """Return several sets as one."""
    names = Samples.__dataclass_fields__
    return Samples(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def blocks(samples: Samples, size_km: float = BLOCK_KM) -> NDArray[np.str_]:
    """Return each sample's square block on the EPSG:3035 grid, such as `84_42`."""
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(samples.lon, samples.lat)
    column, row = np.floor(np.array([x, y]) / (size_km * 1000)).astype(int)
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
    like = first["lucas_like"]
    like = "" if like is None or like != like else str(like)
    crop = first.get("crop_label")
    code = FROM_LUCAS_LIKE.get(like, like) or FROM_CROP_LABEL.get(crop if isinstance(crop, str) else "", "")
    return {
        "grid": grid, "id": str(first["sample_id"]), "source": str(first["file"]), "lon": float(first["lon"]),
        "lat": float(first["lat"]), "year": int(best), "land_cover": code,
    }  # fmt: skip


def _samples(rows: list[dict[str, Any]]) -> Samples:
    grid = np.stack([row["grid"] for row in rows]).astype(np.float32)
    years = read_years(grid, check_order=False)
    gaps = years.masked[:, :, None] | years.missing_bands[:, None, :]
    column = lambda name: np.array([row[name] for row in rows])  # noqa: E731
    samples = Samples(
        years.values, gaps, *(column(name) for name in ("id", "source", "lon", "lat", "year", "land_cover"))
    )
    return samples.take(years.usable)


__all__ = ["SCORED", "Samples", "block_folds", "blocks", "in_corsica", "joined", "read_dekads", "read_europe"]
