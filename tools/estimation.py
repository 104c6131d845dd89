"""Estimates of shares and areas with their sampling error: pure functions of numbers. Reads nothing, words nothing.

Shares are 0 to 1 here (percent is the table's), areas km². Symbols as in the literature: W_h = N'_h/N' the part of the
grid in stratum h, n_h the points surveyed there, y the answer of a point. The rules and what was measured of them stand
in `docs/estimation.md`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Codes = NDArray[np.int64]

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


# --- from points of a probability sample -----------------------------------------------------------------------------
# y: (n,) the answer of each point, 0 or 1 (or any number); stratum: (n,) codes 0 … H−1; size: (H,) grid points N'_h.


@dataclass(frozen=True)
class Estimate:
    """A mean with its variance, and of how many points."""

    value: float
    variance: float
    n: int

    @property
    def se(self) -> float:
        """The standard error."""
        return math.sqrt(max(self.variance, 0.0))


def collapsed(stratum: Codes, size: Numbers, group: Codes | None = None) -> tuple[Codes, Numbers]:
    """Return strata and sizes with every stratum of fewer than two points joined to the largest of its group.

    `group`: (H,) the region a stratum lies in, one for all by default. Never dropped: its land would be.
    """
    import numpy as np

    counts = np.bincount(stratum, minlength=len(size))
    group = np.zeros(len(size), dtype=np.int64) if group is None else group
    target = np.arange(len(size))
    for lonely in np.flatnonzero(counts < 2):
        others = np.flatnonzero((group == group[lonely]) & (counts >= 2))
        others = others if len(others) else np.flatnonzero(counts >= 2)
        if len(others):
            target[lonely] = others[np.argmax(size[others])]
    kept, renumbered = np.unique(target, return_inverse=True)
    sizes = np.bincount(renumbered, weights=size, minlength=len(kept)).astype(float)
    return renumbered[stratum], sizes


def stratified(y: Numbers, stratum: Codes, size: Numbers) -> Estimate:
    """Return the mean of a stratified sample: Σ W_h ȳ_h, V = Σ W_h² (1 − n_h/N'_h) s_h²/n_h (Cochran 1977, 5.9)."""
    import numpy as np

    weight = size / size.sum()
    n, mean, variance = _by_stratum(y, stratum, len(size))
    terms = weight**2 * (1 - n / size) * variance / n
    return Estimate(float(weight @ mean), float(np.nansum(terms)), len(y))


def _by_stratum(y: Numbers, stratum: Codes, strata: int) -> tuple[Numbers, Numbers, Numbers]:
    """Return count, mean and variance s² of each stratum; every one has two points at least."""
    import numpy as np

    n = np.bincount(stratum, minlength=strata).astype(float)
    mean = np.bincount(stratum, weights=y, minlength=strata) / n
    square = np.bincount(stratum, weights=(y - mean[stratum]) ** 2, minlength=strata)
    return n, mean, square / np.maximum(n - 1, 1)


def ratio_domain(y: Numbers, domain: Numbers, stratum: Codes, size: Numbers) -> Estimate:
    """Return the mean within a domain that the strata do not respect: ŷ_d/ẑ_d, linearised (Cochran 1977, 5A.12)."""
    of_domain = stratified(domain, stratum, size).value
    ratio = stratified(y * domain, stratum, size).value / of_domain
    return Estimate(ratio, stratified(domain * (y - ratio) / of_domain, stratum, size).variance, int(domain.sum()))


def two_phase(y: Numbers, stratum: Codes, size: Numbers, *, simple: bool = False) -> Estimate:
    """Return the mean over the land when the N' grid points are themselves a sample of it (Cochran 1977, 12.2).

    V = Σ ((N'_h − 1)/N') W_h s_h²/n_h + (1/N') Σ W_h (ȳ_h − ȳ)², for the grid as a simple random sample (R's
    `twophase(method = "full")`). `simple`, of shares: the survey's variance plus p(1−p)/(N'−1). On a systematic grid
    both are rather too large.
    """
    import numpy as np

    survey, total = stratified(y, stratum, size), size.sum()
    if simple:
        of_grid = survey.value * (1 - survey.value) / (total - 1)
        return Estimate(survey.value, survey.variance + of_grid, survey.n)
    n, mean, variance = _by_stratum(y, stratum, len(size))
    weight = size / total
    within = np.sum((size - 1) / total * weight * variance / n)
    between = np.sum(weight * (mean - survey.value) ** 2) / total
    return Estimate(survey.value, float(within + between), survey.n)


def greg(y: Numbers, x: Numbers, known: Numbers, stratum: Codes, size: Numbers) -> Estimate:
    """Return the generalised regression estimate of a mean (Särndal et al. 1992, 6; R's `calibrate`).

    `x`: (n, k) auxiliaries with a constant among them; `known`: (k,) their means over the whole grid. V is the
    stratified variance of g_i e_i: the regression's residuals, weighted as the calibrated weights are.
    """
    import numpy as np

    weight = (size / np.bincount(stratum, minlength=len(size)))[stratum] / size.sum()
    inverse = np.linalg.pinv((x * weight[:, None]).T @ x)
    g = 1 + x @ inverse @ (known - weight @ x)
    slope = inverse @ ((x * weight[:, None]).T @ y)
    return Estimate(float((weight * g) @ y), stratified(g * (y - x @ slope), stratum, size).variance, len(y))


def post_stratified(y: Numbers, post: Codes, post_share: Numbers, stratum: Codes, size: Numbers) -> Estimate:
    """Return the mean with the shares of post-strata, (G,) over the whole grid, known."""
    import numpy as np

    return greg(y, np.eye(len(post_share))[post], post_share, stratum, size)


def difference(y: Numbers, score: Numbers, mean_score: float, stratum: Codes, size: Numbers) -> Estimate:
    """Return the mean score corrected by the sample's mean error; wider than without where the score is poor."""
    error = stratified(y - score, stratum, size)
    return Estimate(mean_score + error.value, error.variance, error.n)


def map_stratified(y: Numbers, mapped: Codes, share: Numbers) -> Estimate:
    """Return the mean after stratifying by a hard map, (K,) the classes' shares of the land (Olofsson et al. 2014).

    A stratum all or none of whose points are positive is taken as (k + ½)/(n + 1): a perfect map is not a certain one.
    """
    import numpy as np

    n, mean, _ = _by_stratum(y, mapped, len(share))
    careful = np.where((mean == 0) | (mean == 1), (mean * n + 0.5) / (n + 1), mean)
    variance = float(np.sum(share**2 * careful * (1 - careful) / np.maximum(n - 1, 1)))
    return Estimate(float(share @ mean), variance, len(y))


EXPECTED_POSITIVES = 50
LEAST_R2 = 0.02


def is_assisted(n: int, mean_score: float, r2: float) -> bool:
    """Whether a score may assist the estimate: decided before the answers are looked at.

    At 2 to 6 expected positives the interval covers 73 to 82 %, at 20 93, at 60 94.7. Choosing by the positives seen
    makes a bias of −9 %.
    """
    return n * mean_score >= EXPECTED_POSITIVES and r2 > LEAST_R2


@dataclass(frozen=True)
class Sample:
    """One survey of a grid: which point, its answer, its stratum."""

    point: Codes
    y: Numbers
    stratum: Codes


def change(first: Sample, second: Sample, size: Numbers) -> Estimate:
    """Return the change between two surveys of one grid that share points: V₁ + V₂ − 2C (Särndal et al. 1992, 9.9).

    In a stratum with m common points C = S₁₂ (m/(n₁n₂) − 1/N').
    """
    import numpy as np

    before, after = (stratified(one.y, one.stratum, size) for one in (first, second))
    _, at, to = np.intersect1d(first.point, second.point, return_indices=True)
    h, y1, y2 = first.stratum[at], first.y[at], second.y[to]
    m = np.bincount(h, minlength=len(size)).astype(float)
    sums = [np.bincount(h, weights=w, minlength=len(size)) for w in (y1, y2, y1 * y2)]
    together_ = (sums[2] - sums[0] * sums[1] / np.maximum(m, 1)) / np.maximum(m - 1, 1)
    n1, n2 = (np.bincount(one.stratum, minlength=len(size)) for one in (first, second))
    covariance = (size / size.sum()) ** 2 * together_ * (m / (n1 * n2) - 1 / size)
    variance = before.variance + after.variance - 2 * float(np.sum(np.where(m > 1, covariance, 0.0)))
    return Estimate(after.value - before.value, variance, len(at))


# --- intervals of counts -------------------------------------------------------------------------------------------

FEW = 10
"""Positives below which an interval is exact (Clopper and Pearson) on the effective size, not Wilson's."""
FEW_FREEDOM = 60
LEAST_SHARE = 0.005


def effective_size(estimate: Estimate, kish: float = 1.0, freedom: int | None = None) -> float:
    """Return n* = p(1−p)/V, the simple random sample as exact; 2n at most. With nothing seen: n over Kish's effect.

    Few degrees of `freedom` (points less strata, below 60) make it smaller, by (t_{n−1}/t_df)².
    """
    p = estimate.value
    if not 0 < p < 1 or estimate.variance <= 0:
        return estimate.n / kish
    size = min(p * (1 - p) / estimate.variance, 2.0 * estimate.n)
    return size if freedom is None else size * (student(estimate.n - 1) / student(freedom)) ** 2


def student(freedom: float) -> float:
    """Return the 97.5 % point of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def kish_effect(weight: Numbers) -> float:
    """Return n Σw²/(Σw)²: by how much unequal weights blow up a variance."""
    return float(len(weight) * (weight**2).sum() / weight.sum() ** 2)


def wilson(p: float, n: float, z: float = Z) -> Interval:
    """Return Wilson's interval (1927) of a share of `n` points, also a fraction of them."""
    centre, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max((centre - half) / (1 + z * z / n), 0.0), min((centre + half) / (1 + z * z / n), 1.0)


def clopper_pearson(p: float, n: float, level: float = LEVEL) -> Interval:
    """Return the exact interval (1934) of a share of `n` points, also a fraction of them (Korn and Graubard 1998)."""
    from scipy.special import betaincinv

    k, tail = p * n, (1 - level) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k > 0 else 0.0
    return low, float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0


def count_interval(estimate: Estimate, positives: int, kish: float = 1.0, freedom: int | None = None) -> Interval:
    """Return the interval of a share estimated from points: Wilson on the effective size, exact where few were seen.

    Never Wald: it covers 30 to 91 % of rare classes.
    """
    few = freedom if freedom is not None and freedom < FEW_FREEDOM else None
    n, p = effective_size(estimate, kish, few), min(max(estimate.value, 0.0), 1.0)
    exact = positives < FEW or p < LEAST_SHARE
    low, high = clopper_pearson(p, n) if exact else wilson(p, n)
    return (0.0, high) if positives == 0 else (low, high)


# --- maps held against a sample --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MapAccuracy:
    """Areas as a reference sample corrects them, and a map's accuracy, each with its standard error.

    (K,) by class; NaN where the map, or the reference, has no point of it.
    """

    share: Numbers
    """Of the land, as corrected; the errors of areas and of the whole have no correction for a finite population."""
    share_se: Numbers
    users: Numbers
    """Of what the map calls so, the part that is."""
    users_se: Numbers
    producers: Numbers
    """Of what is so, the part that the map calls so."""
    producers_se: Numbers
    overall: float
    overall_se: float
    proportions: Numbers
    """(K, K) the error matrix as shares of the land: rows the map's classes, columns the reference's."""


ENDLESS = 1e15
"""Units of a map, as many as never run out: Olofsson's formulas have no correction for a finite population."""


def map_accuracy(mapped: Codes, reference: Codes, stratum: Codes, share: Numbers, classes: int) -> MapAccuracy:
    """Return adjusted shares and accuracies from a stratified sample of a map.

    `mapped`, `reference`: (n,) class of each point by the map and in truth, 0 … K−1; `stratum`: (n,) where it was
    drawn; `share`: (H,) the strata's shares of the land, each with two points at least. Where strata are the map's
    classes these are the formulas of Olofsson et al. 2014 (4 to 7, 9, 10), else those of Stehman 2014: ratios of means.
    """
    import numpy as np

    size = share / share.sum() * ENDLESS
    none = Estimate(float("nan"), float("nan"), 0)

    def of(y: Numbers) -> Estimate:
        return stratified(y, stratum, size)

    def within(domain: Numbers) -> Estimate:
        return ratio_domain((mapped == reference).astype(float), domain, stratum, size) if domain.any() else none

    is_mapped = [(mapped == k).astype(float) for k in range(classes)]
    is_so = [(reference == k).astype(float) for k in range(classes)]
    shares, users, producers = map(of, is_so), map(within, is_mapped), map(within, is_so)
    columns = [
        np.array([(one.value, one.se) for one in each]).reshape(classes, 2) for each in (shares, users, producers)
    ]
    whole = of((mapped == reference).astype(float))
    cells = np.array([[of(row * column).value for column in is_so] for row in is_mapped]).reshape(classes, classes)
    ends = [part for each in columns for part in each.T]
    return MapAccuracy(*ends, whole.value, whole.se, cells)
