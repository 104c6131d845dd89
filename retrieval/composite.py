"""Turns the acquisitions of a year into twelve monthly composites. Does not fetch, resample or scale.

What differs from TimeSenCLIP's own compositing, on purpose: there, masked values become 0 and enter the median;
here they become NaN and do not. Kept from it: the median, and the year's median for a month with nothing clear.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

MONTHS = 12

MASKED_SCL: tuple[int, ...] = (0, 1, 3, 8, 9, 10, 11)
"""Sen2Cor classes that are not the ground: no data, saturated, cloud shadow, cloud (medium, high), cirrus, snow."""

UPSTREAM_CLOUDY = 9
"""Sen2Cor's class from which TimeSenCLIP's preparation sets a value to 0: cloud of high probability, cirrus, snow."""

NO_DATA: tuple[int, ...] = (0, 65535)
"""Reflectances that mean "not measured" in the files read here."""


def monthly_composite(
    reflectance: NDArray[np.uint16],
    scl: NDArray[np.integer],
    months: ArrayLike,
    masked: tuple[int, ...] = MASKED_SCL,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the median of the clear values in each calendar month, and which months had none.

    `reflectance` (A, C, H, W) holds surface reflectance × 10 000 of A acquisitions, `scl` (A, H, W) their scene
    classification on the same grid, `months` (A,) their calendar months, 1 to 12. The composite (12, C, H, W) is
    float32, January first. A month without a clear acquisition gets the median of all clear values of the pixel's
    year and is True in the mask (12, H, W); a pixel that was never clear is NaN in every month, all months masked.
    """
    reflectance, scl, months = np.asarray(reflectance), np.asarray(scl), np.asarray(months)
    _check(reflectance, scl, months)
    clear = ~np.isin(scl, masked)  # (A, H, W)
    _, bands, height, width = reflectance.shape
    composite = np.full((MONTHS, bands, height, width), np.nan, np.float32)
    seen = np.zeros((MONTHS, height, width), bool)
    for month in range(1, MONTHS + 1):
        at = np.flatnonzero(months == month)
        values = _clear_values(reflectance[at], clear[at])
        composite[month - 1] = nan_median(values)
        seen[month - 1] = np.isfinite(values).any(axis=(0, 1)) if at.size else False
    gaps = np.isnan(composite)  # a band can miss where the others do not
    rows, columns = np.nonzero(gaps.any(axis=(0, 1)))
    if rows.size:
        year = nan_median(_clear_values(reflectance[:, :, rows, columns], clear[:, rows, columns]))  # (C, P)
        part = composite[:, :, rows, columns]
        composite[:, :, rows, columns] = np.where(np.isnan(part), year[None], part)
    return composite, ~seen


def upstream_composite(
    reflectance: NDArray[np.uint16], scl: NDArray[np.integer], months: ArrayLike
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return monthly medians as TimeSenCLIP's own preparation makes them, for its released weights.

    Arguments and result as of `monthly_composite`. Clouds, cirrus and snow (SCL of 9 or more) become 0 and enter the
    median: a month that is mostly cloudy has the median 0, dark to the network. It is written as 1, which the network's
    normalisation takes to the same 0, because 0 stands for "not measured" here. A month without an acquisition gets the
    year's median.
    """
    reflectance, scl, months = np.asarray(reflectance), np.asarray(scl), np.asarray(months)
    _check(reflectance, scl, months)
    seen = np.where(np.isin(reflectance, NO_DATA[1:]), 0, reflectance).astype(np.float32)
    seen = np.where((scl >= UPSTREAM_CLOUDY)[:, None], np.float32(0), seen)
    composite = np.empty((MONTHS, *reflectance.shape[1:]), np.float32)
    masked = np.zeros((MONTHS, *reflectance.shape[2:]), bool)
    whole = nan_median(seen)
    for month in range(1, MONTHS + 1):
        at = np.flatnonzero(months == month)
        composite[month - 1] = nan_median(seen[at]) if at.size else whole
        masked[month - 1] = not at.size
    return np.maximum(composite, 1), masked


COMPOSITES = {"clear": monthly_composite, "upstream": upstream_composite}
"""Way → how acquisitions become months."""


def nan_median(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median along the first axis, NaN left out; NaN where there is nothing.

    The same as `numpy.nanmedian`, without its warning for empty columns and many times faster on tall stacks.
    """
    if values.shape[0] == 0:
        return np.full(values.shape[1:], np.nan, np.float32)
    ordered = np.sort(values, axis=0)  # NaN last
    count = np.isfinite(ordered).sum(axis=0)
    low = np.maximum(count - 1, 0) // 2
    high = count // 2
    high = np.minimum(high, np.maximum(count - 1, 0))
    pair = [np.take_along_axis(ordered, index[None], axis=0)[0] for index in (low, high)]
    return ((pair[0] + pair[1]) / 2).astype(np.float32)


def _clear_values(reflectance: NDArray[np.integer], clear: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(A, C, …) with everything that is not a clear, measured value set to NaN."""
    measured = ~np.isin(reflectance, NO_DATA)
    return np.where(measured & clear[:, None], reflectance.astype(np.float32), np.float32(np.nan))


def _check(reflectance: NDArray, scl: NDArray, months: NDArray) -> None:
    if reflectance.ndim != 4:
        raise ValueError(f"reflectance must be (acquisitions, bands, height, width), not {reflectance.shape}")
    expected = (reflectance.shape[0], *reflectance.shape[2:])
    if scl.shape != expected:
        raise ValueError(
            f"scl must be {expected} like the reflectance, not {scl.shape}: resample 20 m SCL to 10 m first"
        )
    if months.shape != expected[:1]:
        raise ValueError(f"months must have one entry per acquisition ({expected[0]}), not {months.shape}")
    if months.size and not ((months >= 1) & (months <= MONTHS)).all():
        raise ValueError("months must be calendar months, 1 to 12")
