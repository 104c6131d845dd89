"""What a pixel year is: ten bands, twelve months, its normalisation, and the input that is refused.

A year is (12, 10): calendar months January first, bands in storage order, surface reflectance × 10 000.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import BadArgument

BANDS: tuple[str, ...] = ("B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B11", "B12")
"""Sentinel-2 bands in storage order."""

MONTHS = 12

LOW = np.array([67.0, 122.0, 93.27, 158.5, 160.77, 174.27, 162.27, 149.0, 84.5, 66.27], np.float32)
HIGH = np.array([2089.0, 2598.45, 3214.5, 3620.45, 4033.61, 4613.0, 4825.45, 4945.72, 5140.84, 4414.45], np.float32)
"""TimeSenCLIP's table: x' = (x − low) / high, clamped to 0..1. The divisor is `high`, not `high − low`."""

MISSING = 65535
BRIGHTEST = 20_000
"""Above it nothing on the ground reflects: such values, like 0 and 65535, are missing."""

WRONG_ORDERS: dict[str, tuple[int, ...]] = {
    "B4, B3, B2 first (red first)": (2, 1, 0, 3, 4, 5, 6, 7, 8, 9),
    "the four 10 m bands first (B2, B3, B4, B8, B5, …)": (0, 1, 2, 6, 3, 4, 5, 7, 8, 9),
    "red first and the four 10 m bands first": (2, 1, 0, 6, 3, 4, 5, 7, 8, 9),
    "sorted as text (B11, B12, B2, …, B8A)": (8, 9, 0, 1, 2, 3, 4, 5, 6, 7),
    "reversed (B12 first)": (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
    "B12 before B11": (0, 1, 2, 3, 4, 5, 6, 7, 9, 8),
}
"""Orders met in the wild: position → the band that stands there."""


@dataclass(frozen=True)
class Years:
    """Pixel years ready for a model, with what had to be filled."""

    values: NDArray[np.float32]
    """(N, 12, 10) reflectance × 10 000, no gaps where `usable`."""
    masked: NDArray[np.bool_]
    """(N, 12): months without an observation, filled with the year's median."""
    missing_bands: NDArray[np.bool_]
    """(N, 10): bands absent all year; B8A is filled from B8, others make the pixel unusable."""
    usable: NDArray[np.bool_]
    """(N,): False for a pixel with no clear month or without a band that cannot be filled; its values are 0."""

    def __len__(self) -> int:
        return len(self.values)


def read_years(values: ArrayLike, *, check_order: bool = True, masked: ArrayLike | None = None) -> Years:
    """Return pixel years checked and filled.

    Args:
        values: (N, 12, 10) or (12, 10) reflectance × 10 000; NaN, 0 and 65535 are missing.
        check_order: Also ask whether the bands stand in another order than `BANDS`.
        masked: (N, 12), months already known to have been filled.

    Raises:
        BadArgument: not twelve months of ten bands, reflectance 0..1 instead of × 10 000, or bands in another order.
    """
    years = _as_years(values)
    missing = ~np.isfinite(years) | (years <= 0) | (years >= BRIGHTEST)
    _check_scale(years, missing)
    years = np.where(missing, np.float32(np.nan), years)
    missing_bands = missing.all(axis=1)
    years[:, :, 7] = np.where(missing_bands[:, None, 7], years[:, :, 6], years[:, :, 7])  # B8A stands beside B8
    empty = np.isnan(years).any(axis=2)
    usable = ~np.delete(missing_bands, 7, axis=1).any(axis=1)
    years[usable] = _filled(years[usable])
    years[~usable] = 0
    if check_order:
        check_band_order(years[usable])
    known = np.zeros_like(empty) if masked is None else np.asarray(masked, bool).reshape(empty.shape)
    return Years(years, empty | known, missing_bands, usable)


def normalise(years: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return reflectance × 10 000 as TimeSenCLIP feeds it: (x − low) / high, clamped to 0..1."""
    return np.clip((years - LOW) / HIGH, 0, 1)


def to_calendar(values: NDArray, first_month: int) -> NDArray:
    """Turn (…, 12, bands) that starts in `first_month` (1 to 12) so that January comes first."""
    return np.roll(values, first_month - 1, axis=-2)


def check_band_order(years: NDArray[np.float32]) -> None:
    """Refuse years whose bands fit another order much better than `BANDS`. Silent when there are too few to tell.

    Each pixel's mean spectrum is compared, by log-likelihood, with how band pairs relate over 1,401 real pixels.
    """
    if len(years) < 20:
        return
    means, precision = _spectra()
    spectrum = np.log(np.maximum(years, 1)).mean(axis=1)  # (N, 10)
    distance = {"": _distance(spectrum, means, precision)}
    for name, order in WRONG_ORDERS.items():
        restored = np.empty_like(spectrum)
        restored[:, list(order)] = spectrum
        distance[name] = _distance(restored, means[:1], precision)
    best = min(distance, key=distance.__getitem__)
    if best and distance[""] > 2 * distance[best] and distance[""] > 25:
        raise BadArgument(f"the bands look {best}; expected {', '.join(BANDS)}")


def _as_years(values: ArrayLike) -> NDArray[np.float32]:
    years = np.array(values, np.float32)
    if years.ndim == 2:
        years = years[None]
    if years.ndim != 3:
        raise BadArgument(f"pixel years must be (pixels, 12 months, 10 bands), not {years.shape}")
    if years.shape[1:] == (len(BANDS), MONTHS):
        raise BadArgument("pixel years stand as (pixels, bands, months); expected (pixels, months, bands)")
    if years.shape[2] != len(BANDS):
        raise BadArgument(f"{years.shape[2]} bands; all ten are needed: {', '.join(BANDS)} (missing ones as NaN)")
    if years.shape[1] != MONTHS:
        raise BadArgument(f"{years.shape[1]} months; all twelve are needed, January first (missing ones as NaN)")
    return years


def _check_scale(years: NDArray[np.float32], missing: NDArray[np.bool_]) -> None:
    measured = years[~missing]
    if measured.size and np.quantile(measured, 0.99) <= 2:
        raise BadArgument("the reflectances lie in 0..1; expected × 10 000 (multiply by 10 000)")
    if measured.size == 0 and np.isfinite(years).any() and (years < 0).mean() > 0.5:
        raise BadArgument("the reflectances are negative; expected surface reflectance × 10 000")


def _filled(years: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(years):
        return years
    median = np.nanmedian(years, axis=1, keepdims=True)
    return np.where(np.isnan(years), median, years).astype(np.float32)


def _distance(spectrum: NDArray, means: NDArray, precision: NDArray) -> float:
    """The typical squared distance of spectra to the nearest mean."""
    off = spectrum[:, None] - means[None]
    return float(np.median(np.einsum("nki,ij,nkj->nk", off, precision, off).min(axis=1)))


@lru_cache(maxsize=1)
def _spectra() -> tuple[NDArray, NDArray]:
    """Means and inverse covariance of log mean spectra, from `weights/spectra.json`: land first, then what is unlike
    it (water, roofs, plastic, rock, sand), so that a picture of nothing but water is not taken for a wrong order."""
    data = json.loads((Path(__file__).parent / "weights" / "spectra.json").read_text(encoding="utf-8"))
    return np.array([data["mean"], *data["others"]]), np.linalg.inv(np.array(data["covariance"]))
