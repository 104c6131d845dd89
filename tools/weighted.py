"""Areas from a survey whose points have sampling weights: design-based, with the grid's own error. Pure functions.

A point weighs N'_h/n_h, the points of the 2 km grid that it stands for; so the weights of a stratum add up to N'_h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tools.estimation import (
    Estimate,
    Interval,
    collapsed,
    count_interval,
    kish_effect,
    ratio_domain,
    two_phase,
)

if TYPE_CHECKING:
    from tools.estimation import Codes, Numbers

LEAST = 30
"""Points of a region, or of a class, from which on it is told."""


@dataclass(frozen=True)
class Weighted:
    """A share, 0 to 1, with its interval and what it rests on."""

    value: float
    se: float
    interval: Interval
    n: int
    positives: int
    n_effective: float
    estimator: str
    """`two_phase` where strata lie in the region whole, `ratio_domain` where it cuts them or is a class."""


def share_of(has: Numbers, inside: Numbers, stratum: Sequence[str], weight: Numbers) -> Weighted | None:
    """Return what part of a domain `has` something; None for fewer points than are told.

    `has`, `inside`: (n,) 0 or 1, of all points of the strata that the domain touches; `weight`: (n,) grid points.
    """
    n, positives = int(inside.sum()), int((has * inside).sum())
    if n < LEAST:
        return None
    names, codes = np.unique(np.asarray(stratum, dtype=str), return_inverse=True)
    codes = codes.astype(np.int64)
    size = np.bincount(codes, weights=weight, minlength=len(names)).astype(float)
    whole = np.bincount(codes, weights=inside, minlength=len(names)) == np.bincount(codes, minlength=len(names))
    if bool(whole.all()):
        estimator, found = "two_phase", _two_phase(has, codes, size)
    else:
        estimator, found = "ratio_domain", _of_domain(has, inside, codes, size, weight)
    kept = inside > 0
    effect = kish_effect(weight[kept])
    interval = count_interval(found, positives, effect)
    spread = found.value * (1 - found.value)
    effective = spread / found.variance if found.variance > 0 and spread > 0 else n / effect
    return Weighted(found.value, found.se, interval, n, positives, effective, estimator)


def _two_phase(has: Numbers, codes: Codes, size: Numbers) -> Estimate:
    codes, size = collapsed(codes, size)
    return two_phase(has, codes, size)


def _of_domain(has: Numbers, inside: Numbers, codes: Codes, size: Numbers, weight: Numbers) -> Estimate:
    """Return a ratio over the domain's points, the grid's own variance added: p(1 − p)/(N' − 1)."""
    codes, size = collapsed(codes, size)
    found = ratio_domain(has * inside, inside, codes, size)
    points = float(np.sum(weight * inside))
    return Estimate(
        found.value, found.variance + found.value * (1 - found.value) / max(points - 1, 1), int(inside.sum())
    )
