"""Sentinel-1 backscatter of the labelled pixels, month by month, from the sources' own files. Needs pandas.

Digital numbers there are WorldCereal's: dB = 20 · log10(number) − 83; 0 and 65535 are no data.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.pixelclip.samples import Samples

WIDE = ("SAR-VV", "SAR-VH")
LONG = ("S1-SIGMA0-VV", "S1-SIGMA0-VH")
STEPS = 24
NO_DATA = (0, 65535)


def with_radar(samples: Samples, raw: Path) -> Samples:
    """Return samples with the Sentinel-1 months found for them in a folder of the sources' files."""
    radar = np.full((len(samples), 12, 2), np.nan, np.float32)
    for source in np.unique(samples.source):
        path = raw / f"{source}.parquet"
        if path.is_file():
            rows = np.flatnonzero(samples.source == source)
            radar[rows] = _read(path, samples, rows)
    return replace(samples, radar=radar)


def decibel(number: NDArray) -> NDArray[np.float32]:
    """Return backscatter in dB of WorldCereal's digital numbers, NaN for no data."""
    number = np.asarray(number, np.float64)
    gone = np.isin(number, NO_DATA) | ~np.isfinite(number)
    return np.where(gone, np.nan, 20 * np.log10(np.where(gone, 1, number)) - 83).astype(np.float32)


def _read(path: Path, samples: Samples, rows: NDArray) -> NDArray[np.float32]:
    import pandas as pd

    table = pd.read_parquet(path)
    return _long(table, samples, rows) if LONG[0] in table.columns else _wide(table, samples, rows)


def _long(table: Any, samples: Samples, rows: NDArray) -> NDArray[np.float32]:
    """One row a pixel and time step: medians by calendar month."""
    import pandas as pd

    out, at = np.full((len(rows), 12, 2), np.nan, np.float32), {id: k for k, id in enumerate(samples.ids[rows])}
    month = (pd.to_datetime(table["timestamp"]) + pd.Timedelta(days=15)).dt.month
    values = table[list(LONG)].astype(float).where(lambda v: ~v.isin(NO_DATA))
    for (id, step), row in values.groupby([table["sample_id"], month]).median().iterrows():  # type: ignore[misc]
        if id in at:
            out[at[id], step - 1] = decibel(row.to_numpy())
    return out


def _wide(table: Any, samples: Samples, rows: NDArray) -> NDArray[np.float32]:
    """One row a pixel, columns `SAR-VV-ts<k>-<res>m`, k months after `start_date`; matched by position."""
    import pandas as pd

    waiting = defaultdict(list)
    for k in np.argsort(samples.ids[rows], kind="stable"):
        waiting[round(samples.lon[rows[k]], 6), round(samples.lat[rows[k]], 6)].append(k)
    out = np.full((len(rows), 12, 2), np.nan, np.float32)
    first = pd.to_datetime(table["start_date"]).dt.month.to_numpy() - 1
    names = [[[f"{b}-ts{s}-{r}" for r in ("20m", "100m")] for s in range(STEPS)] for b in WIDE]
    months = np.stack([np.stack([_either(table, pair) for pair in band], axis=1) for band in names], axis=2)
    for row, (lon, lat) in enumerate(zip(table["lon"], table["lat"], strict=True)):
        if own := waiting.get((round(lon, 6), round(lat, 6))):
            k = own.pop(0)
            for month in range(12):
                steps = months[row, (month - first[row]) % 12 :: 12]
                for band in range(2):
                    if (seen := steps[:, band][np.isfinite(steps[:, band])]).size:
                        out[k, month, band] = np.median(seen)
    return out


def _either(table: Any, names: list[str]) -> NDArray[np.float32]:
    """The first of two columns that holds a value, in dB."""
    out = np.full(len(table), np.nan, np.float32)
    for name in names:
        if name in table.columns:
            values = decibel(table[name].astype(float).to_numpy())
            out = np.where(np.isnan(out), values, out)
    return out
