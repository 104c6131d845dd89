"""Ranges of numbers: whether a number lies in one, and whether several exclude one another. Knows no words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

from retrieval.query import HOLDS, Filter, Ref, Sign


def meets(sign: str, value: float, limits: Sequence[float]) -> bool:
    """Whether a number is above, below or between others."""
    return limits[0] <= value <= limits[-1] if sign == "between" else HOLDS[cast(Sign, sign)](value, limits[0])


def apart(limits: Sequence[Filter]) -> bool:
    """Whether ranges of one dimension exclude one another, their ends aside."""
    spans = sorted(ends_of(one) for one in limits)
    return all(low[1] <= high[0] for low, high in pairwise(spans))


def ends_of(one: Filter) -> tuple[float, float]:
    """The ends of a range."""
    values = [] if isinstance(one.values, Ref) else [None if v is None else float(v) for v in one.values]
    low = values[0] if one.op in ("above", "between") else None
    high = values[-1] if one.op in ("below", "between") else None
    return (-math.inf if low is None else low), (math.inf if high is None else high)
