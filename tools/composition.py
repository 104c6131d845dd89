"""What the main classes are made of, from points whose chances of being drawn are not known. Pure functions.

The soil module visits mostly farmland, so its points say nothing of how much land is what. Within one main class of one
country they may stand for it: calibrated to Eurostat's main classes they say how cropland, grassland and, coarsely,
woodland and shrubland are made up. `python -m evals estimation --holdout` tests it by holding out published sub-classes
and makes the factors that widen the intervals. Of artificial, bare, water and wetland they say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from retrieval.estimated_points import held_out
from tools.estimation import GRID_KM2, Estimate, Interval, collapsed, logit_interval, ratio_domain

if TYPE_CHECKING:
    from tools.estimation import Codes, Numbers

DEFENSIBLE = ("B", "C", "D", "E")
REGIONAL = ("B", "C", "E")
"""Main classes whose sub-classes are told below the country."""
USES = ("U11", "U12", "U4")
"""Uses that the calibration carries: agriculture, forestry, none. Others are 2 to 3 points off."""

LEAST_SHRUNK = 5
LEAST_DIRECT = 30
"""Points of the main class in a region, or of the class, from which on it is told, shrunk or by itself."""

Level = Literal["country", "nuts2"]


@dataclass(frozen=True)
class Composed:
    """A share, 0 to 1, with its interval and what it rests on."""

    value: float
    se: float
    interval: Interval
    n: int
    positives: int
    factor: float


def tested_error(level: Level, main: str) -> float:
    """Return the root mean square error in percentage points on published sub-classes of a main class."""
    tested = held_out()["rmse"]
    return tested[level].get(main, tested["country"][main])


def factor_of(level: Level, main: str, points: int) -> float | None:
    """Return by how much the interval of a main class's part is widened; None where none was tested."""
    steps = held_out()["factors"][level].get(main, [])
    return next((factor for least, factor in reversed(steps) if points >= least), None)


def concentration(n_k: Numbers, n_m: Numbers, prior: Numbers) -> float:
    """Return K = 1/ρ − 1 of the beta-binomial, ρ by moments over regions: how alike the regions of a country are.

    ρ = [Σ(θ−π)² − Σπ(1−π)/n] / Σπ(1−π)(1−1/n), between 0.002 and 0.9; regions with few points are left out.
    """
    kept = (n_m >= LEAST_SHRUNK) & (prior > 0) & (prior < 1)
    if not kept.any():
        return 1 / 0.002 - 1
    n, pi, theta = n_m[kept], prior[kept], n_k[kept] / n_m[kept]
    spread = pi * (1 - pi)
    rho = (np.sum((theta - pi) ** 2) - np.sum(spread / n)) / max(float(np.sum(spread * (1 - 1 / n))), 1e-12)
    return 1 / float(np.clip(rho, 0.002, 0.9)) - 1


def shrunk(n_k: int, n_m: int, prior: float, k: float, main: float, main_se: float, factor: float) -> Composed:
    """Return the share of a class in a region: that of its main class, `main`, times the part shrunk to `prior`.

    θ = (n_k + Kπ)/(n_m + K); SE² = P²θ(1−θ)/(n_m + K + 1) + θ²·SE²(P).
    """
    theta = (n_k + k * prior) / (n_m + k)
    se = float(np.sqrt(main**2 * theta * (1 - theta) / (n_m + k + 1) + (theta * main_se) ** 2))
    value = min(max(main * theta, 1e-6), 1 - 1e-6)
    return Composed(main * theta, se, logit_interval(value, factor * se), n_m, n_k, factor)


def part_of(has: Numbers, whole: Numbers, stratum: Codes, area_km2: Numbers, factor: float) -> Composed | None:
    """Return what part of a class's area `has` something: a ratio over country × main class as strata.

    `has`, `whole`: (n,) 0 or 1; `stratum`: (n,) codes of country and main class; `area_km2`: (H,) published areas of
    these. None where no point is of the class.
    """
    if not whole.any():
        return None
    codes, size = collapsed(stratum, area_km2 / GRID_KM2)
    found: Estimate = ratio_domain(has * whole, whole, codes, size)
    positives, n = int((has * whole).sum()), int(whole.sum())
    inside = min(max(found.value, 0.5 / n), 1 - 0.5 / n)
    se = max(found.se, float(np.sqrt(inside * (1 - inside) / n)))
    return Composed(found.value, se, logit_interval(inside, factor * se), n, positives, factor)


def mains_of(land_cover: Iterable[str]) -> set[str]:
    """Return the first letters of classes."""
    return {code[0] for code in land_cover}


def refused_use(land_use: Sequence[str]) -> tuple[str, ...]:
    """Return the uses asked for that the calibration does not carry."""
    return tuple(code for code in land_use if not code.startswith(USES))
