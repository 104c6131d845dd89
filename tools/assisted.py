"""Areas from a survey and a map of the same land: the map narrows what the survey says, the survey corrects the map.

A generalised regression estimate on scores that no point was fitted with (cross-fitting: Breidt and Opsomer 2017),
beside the estimate that the survey gives alone. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tools.estimation import Estimate, Interval, collapsed, greg, is_assisted, logit_interval
from tools.weighted import Weighted, share_of

if TYPE_CHECKING:
    from tools.estimation import Numbers

FOLDS = 5
RIDGE = 1e-3


@dataclass(frozen=True)
class Assisted:
    """A share of a region by its survey alone and, where the map may help, by both."""

    design: Weighted
    estimate: Estimate | None
    """None where the map may not help: too few expected positives, or scores that tell nothing."""
    interval: Interval
    """Of `estimate`, else of `design`."""
    r2: float
    """Of the scores on points they were not fitted with."""
    expected: float
    """Positives that the map expects among the points: known before the survey is looked at."""

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.estimate.value if self.estimate else self.design.value

    @property
    def se(self) -> float:
        """Its standard error."""
        return self.estimate.se if self.estimate else self.design.se


def cross_fitted(y: Numbers, of_points: Numbers, of_cells: Numbers, seed: int = 0) -> tuple[Numbers, float, float]:
    """Return scores of points by models that did not see them, the mean score over all cells, and R² on those points.

    `y`: (n,) 0 or 1; `of_points`: (n, k), `of_cells`: (N, k) what the map says, one or several scores.
    """
    random = np.random.default_rng(seed)
    fold = random.permutation(len(y)) % FOLDS
    scores, naive, means = np.zeros(len(y)), np.zeros(len(y)), []
    points = np.column_stack([np.ones(len(y)), of_points])
    cells = np.column_stack([np.ones(len(of_cells)), of_cells]).mean(axis=0)
    for each in range(FOLDS):
        seen, held = points[fold != each], fold == each
        penalty = RIDGE * len(seen) * np.diag([0.0, *np.ones(seen.shape[1] - 1)])
        slope = np.linalg.lstsq(seen.T @ seen + penalty, seen.T @ y[fold != each], rcond=None)[0]
        scores[held], naive[held] = points[held] @ slope, y[fold != each].mean()
        means.append(float(cells @ slope))
    around = float(np.sum((y - naive) ** 2))
    r2 = 1 - float(np.sum((y - scores) ** 2)) / around if around > 0 else 0.0
    return scores, float(np.mean(means)), r2


def assisted_share(
    y: Numbers, of_points: Numbers, of_cells: Numbers, stratum: Sequence[str], weight: Numbers
) -> Assisted | None:
    """Return the share of a region by survey and map; None for fewer points than are told.

    `y`: (n,) 0 or 1 at the region's points; `of_points`: (n, k), `of_cells`: (N, k) the map's scores there and on every
    cell of the region; `weight`: (n,) grid points that each stands for. The grid is itself a sample of the land: what
    the map leaves unexplained of it is added, p(1 − p)(1 − R²)/(N' − 1).
    """
    design = share_of(y, np.ones(len(y)), stratum, weight)
    if design is None:
        return None
    scores, mean, r2 = cross_fitted(y, of_points, of_cells)
    expected = len(y) * min(max(mean, 0.0), 1.0)
    if not is_assisted(len(y), min(max(mean, 0.0), 1.0), r2):
        return Assisted(design, None, design.interval, r2, expected)
    names, codes = np.unique(np.asarray(stratum, dtype=str), return_inverse=True)
    size = np.bincount(codes, weights=weight, minlength=len(names)).astype(float)
    codes, size = collapsed(codes.astype(np.int64), size)
    found = greg(y, np.column_stack([np.ones(len(y)), scores]), np.array([1.0, mean]), codes, size)
    inside = min(max(found.value, 0.5 / len(y)), 1 - 0.5 / len(y))
    of_grid = inside * (1 - inside) * (1 - max(r2, 0.0)) / max(float(size.sum()) - 1, 1)
    estimate = Estimate(found.value, found.variance + of_grid, len(y))
    return Assisted(design, estimate, logit_interval(inside, estimate.se), r2, expected)
