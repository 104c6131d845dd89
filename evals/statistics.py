"""How sure a rate or a difference is: intervals, paired tests, corrections. Knows nothing of what was measured.

Rows that belong together (paraphrases of one question, questions of one region) are resampled and flipped together:
they are not independent. Every random procedure takes a seed and gives the same figure again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054
RESAMPLES = 2000
SEED = 20220101


@dataclass(frozen=True)
class Interval:
    """A figure and where it may lie."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def wilson(passes: int, of: int, z: float = Z95) -> Interval:
    """Return a rate with Wilson's interval, which holds also near 0 and 1; all is open where nothing was counted."""
    if of == 0:
        return Interval(math.nan, 0.0, 1.0)
    rate = passes / of
    middle = (rate + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(rate * (1 - rate) / of + z * z / (4 * of * of))
    return Interval(rate, max(0.0, middle - half), min(1.0, middle + half))


def cluster_bootstrap(
    values: Sequence[float],
    clusters: Sequence[Hashable],
    statistic: Callable[[NDArray[np.float64]], float] | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Interval:
    """Return a mean (or another statistic) with its 95 % percentile interval, whole clusters drawn with replacement."""
    numbers = np.asarray(values, float)
    if len(numbers) == 0:
        return Interval(math.nan, math.nan, math.nan)
    of = statistic or (lambda drawn: float(drawn.mean()))
    groups = list(_positions(clusters).values())
    rng = np.random.default_rng(seed)
    drawn = [
        of(numbers[np.concatenate([groups[at] for at in rng.integers(len(groups), size=len(groups))])])
        for _ in range(resamples)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(of(numbers), float(low), float(high))


def mcnemar(lost: int, gained: int) -> float:
    """Return the exact two-sided p of as uneven a split of the rows on which two runs disagree."""
    disagreeing = lost + gained
    if disagreeing == 0:
        return 1.0
    fewer = min(lost, gained)
    tail = sum(math.comb(disagreeing, k) for k in range(fewer + 1)) / 2**disagreeing
    return min(1.0, 2 * tail)


def permutation(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    resamples: int = 10_000,
    seed: int = SEED,
) -> float:
    """Return the p of as large a mean difference of pairs if the two runs' names were swapped at random by cluster."""
    difference = np.asarray(second, float) - np.asarray(first, float)
    if len(difference) == 0:
        return 1.0
    groups = _positions(clusters if clusters is not None else range(len(difference)))
    sums = np.array([difference[at].sum() for at in groups.values()])
    sums = sums[sums != 0]
    if len(sums) == 0:
        return 1.0
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(resamples, len(sums)))
    as_large = np.abs(signs @ sums) >= abs(sums.sum()) - 1e-12
    return float((as_large.sum() + 1) / (resamples + 1))


def spread_test(
    values: Sequence[float],
    labels: Sequence[Hashable],
    clusters: Sequence[Hashable],
    resamples: int = 2000,
    seed: int = SEED,
) -> float:
    """Return the p of as uneven rates between labels (languages, countries) if labels were dealt to clusters at random.

    The statistic is the sum over labels of n · (rate − overall rate)². A cluster counts under its first row's label.
    """
    numbers, groups = np.asarray(values, float), list(_positions(clusters).values())
    if len(groups) < 2 or len(set(labels)) < 2:
        return 1.0
    names = {name: at for at, name in enumerate(dict.fromkeys(labels))}
    label = np.array([names[labels[group[0]]] for group in groups])
    sums = np.array([numbers[group].sum() for group in groups])
    sizes = np.array([len(group) for group in groups], float)
    overall = numbers.mean()

    def uneven(dealt: NDArray[np.int64]) -> float:
        right, n = (np.bincount(dealt, w, minlength=len(names)) for w in (sums, sizes))
        rate = np.divide(right, n, out=np.full(len(names), overall), where=n > 0)
        return float((n * (rate - overall) ** 2).sum())

    rng, seen = np.random.default_rng(seed), uneven(label)
    as_uneven = sum(uneven(rng.permutation(label)) >= seen - 1e-12 for _ in range(resamples))
    return (as_uneven + 1) / (resamples + 1)


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """Return p values corrected by Holm for how many were looked at, in the given order."""
    corrected: dict[str, float] = {}
    running = 0.0
    for at, name in enumerate(sorted(chances, key=lambda key: chances[key])):
        running = max(running, min(1.0, (len(chances) - at) * chances[name]))
        corrected[name] = running
    return {name: corrected[name] for name in chances}


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile, NaN of nothing."""
    return float(np.quantile(np.asarray(values, float), share)) if len(values) else math.nan


def _positions(clusters: Sequence[Hashable] | range) -> dict[Hashable, NDArray[np.int64]]:
    """Return the positions of each cluster's rows."""
    found: dict[Hashable, list[int]] = {}
    for at, cluster in enumerate(clusters):
        found.setdefault(cluster, []).append(at)
    return {cluster: np.array(at) for cluster, at in found.items()}
