"""Estimates of shares and areas with their sampling error: pure functions of numbers. Reads nothing, words nothing.

Shares are 0 to 1 here (percent is the table's), areas km². Symbols as in the literature: W_h = N'_h/N' the part of the
grid in stratum h, n_h the points surveyed there, y the answer of a point. The rules and what was measured of them stand
in `docs/estimation.md`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

LEVEL = 0.95
Z = 1.959963984540054
"""The standard normal's 97.5 % point."""

GRID_KM2 = 4.0
"""Land that one point of the survey's first phase, the 2 km grid, stands for."""

ROUNDING = 0.001
"""The width of the last published digit, as a share: 0.3 % is 0.25 to 0.35."""

ROUNDING_TELLS = 1 / 16
"""The part of a variance from which on rounding is added to it: below, it widens an interval by less than 3 %."""

DETECTABLE = 2.8
"""Standard errors of a change that is seen in four of five surveys: 1.96 + 0.84."""

Interval = tuple[float, float]


def published_error(
    share: float, cv: float | None, area_km2: float | None = None, flag: str = "", rounding: float = ROUNDING
) -> float | None:
    """Return the standard error of a published share: survey, grid and rounding.

    `cv` is in percent of the share. Eurostat publishes it as if the 2 km grid were the whole land; with `area_km2` the
    grid's own sampling is added, p(1−p)/(A/4 km²), without it left out. None where there is no interval to give: no
    coefficient of variation or one of 100 and more, a share of nothing or everything, a figure flagged `n`.
    The same rule in SQL: `share_se` of `retrieval/schema.sql`.
    """
    if cv is None or cv >= 100 or not 0 < share < 1 or "n" in flag:
        return None
    variance = (cv / 100 * share) ** 2 + (grid_variance(share, area_km2) if area_km2 else 0.0)
    digit = rounding**2 / 12
    return math.sqrt(variance + digit if digit > variance * ROUNDING_TELLS else variance)


def grid_variance(share: float, area_km2: float) -> float:
    """Return the variance of a share over the first phase, a point for 4 km²."""
    return share * (1 - share) / (area_km2 / GRID_KM2)


def logit_interval(share: float, se: float, z: float = Z) -> Interval:
    """Return the ends of an interval symmetric on the logit: always between nothing and everything."""
    odds, half = (1 - share) / share, z * se / (share * (1 - share))
    return 1 / (1 + odds * math.exp(half)), 1 / (1 + odds * math.exp(-half))


def together(errors: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """Return the standard error of a weighted sum of independent figures."""
    return math.sqrt(sum((w * e) ** 2 for w, e in zip(weights or [1.0] * len(errors), errors, strict=True)))


def least_detectable(se: float) -> float:
    """Return the least change that four of five surveys as exact as these would have seen."""
    return DETECTABLE * se
