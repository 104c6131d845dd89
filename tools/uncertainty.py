"""What is known of the error of published figures, and what may be said with it. Pure functions; words nothing.

A figure is a share in percent with its standard error in percentage points, or several of them taken together. The
error is that of sampling: it leaves out differences of definition and classes not recognised.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tools.estimation import LEVEL, Interval, Z, least_detectable, logit_interval

Reliability = Literal["good", "usable", "low", "order_of_magnitude"]

RELIABLE: tuple[tuple[float, Reliability], ...] = ((10, "good"), (30, "usable"), (50, "low"))
"""Coefficient of variation in percent up to which a figure is called so; above it tells only the order of magnitude."""

RANK_DRAWS = 2_000
"""Surveys imagined to find between which ranks a region lies (Goldstein and Spiegelhalter 1996)."""

PERMANENT_CROPS = ("B7", "B8")
GRASS_BREAK_COUNTRIES = ("ES", "IT", "EL", "PT")
"""Where the grassland of 2018 is another than that of 2015: 5 to 8 points less, with no such change at the points."""

BREAKS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (2015, 2018, ("C", "D", "E", "F", "B7", "B8")),
    (2018, 2022, ("B1", "B2", "B3", "B4", "B5", "B7", "B8")),
)
"""Last survey of one edition, first of the next, and beginnings of the classes that were told in another way since."""


@dataclass(frozen=True)
class Apart:
    """How far two figures are apart, second less first, and whether the survey can tell them apart at all."""

    value: float
    se: float
    low: float
    high: float
    least: float
    """The least difference that four of five such surveys would have seen."""

    @property
    def told(self) -> bool:
        """Whether nothing at all lies outside the interval."""
        return not self.low <= 0 <= self.high


def apart(value: float, errors: Sequence[float | None], correlation: float = 0.0) -> Apart | None:
    """Return a difference of two figures with its error; None where one of them has none."""
    one, other = errors
    if one is None or other is None:
        return None
    se = math.sqrt(one * one + other * other - 2 * correlation * one * other)
    return Apart(value, se, value - Z * se, value + Z * se, least_detectable(se))


def exclusive(one: float, other: float) -> float:
    """Return the correlation of two shares, 0 to 1, of classes that exclude each other: what one gains another loses.

    That of a multinomial sample, −√(p₁p₂ / ((1 − p₁)(1 − p₂))); `EXCLUSIVE` of `tools/compile.py` is the same in SQL.
    """
    rest = (1 - one) * (1 - other)
    return -min(math.sqrt(one * other / rest), 1.0) if rest > 0 else -1.0


def share_interval(percent: float, se: float | None) -> Interval | None:
    """Return the ends in percent of a share's interval; None where it has no error."""
    if se is None or not 0 < percent < 100:
        return None
    low, high = logit_interval(percent / 100, se / 100)
    return 100 * low, 100 * high


def decimals(se: float) -> int:
    """Return how many decimals of a percentage its standard error can carry: no digit finer than half of it."""
    return 1 if se >= 0.1 else 2


def readable(number: float, se: float) -> float:
    """Return an end of an interval with the digits its error can carry; the macro `readable` of `schema.sql`."""
    return round(number, 0 if abs(number) >= 100 else decimals(se) if se >= 0.01 else 3)


def supported(number: float, low: float, high: float) -> float:
    """Return a number with no digit finer than half its standard error, told by the ends of its interval.

    >>> supported(17057.7, 11465, 25250), supported(263.4, 110, 627)
    (17000, 260)
    """
    half = (high - low) / (4 * Z)
    if half <= 0:
        return number
    digits = -math.floor(math.log10(half))
    return round(number, digits) if digits > 0 else int(round(number, digits))


def supported_cells(rows: Iterable[Mapping[str, Any]], margin: float | None = None) -> set[float]:
    """Return what the sentences of rows with intervals may say in place of their cells."""
    found: set[float] = set()
    for row in rows:
        numbers = [v for v in (*row.values(), margin) if isinstance(v, int | float) and not isinstance(v, bool)]
        for name in row:
            low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
            if low is not None and high is not None:
                found |= {supported(number, low, high) for number in numbers}
    return found


def variation(percent: float | None, se: float | None) -> float | None:
    """Return the coefficient of variation in percent."""
    return round(100 * se / percent, 1) if se is not None and percent else None


def reliability(cv: float | None) -> Reliability | None:
    """Return the word for a coefficient of variation in percent; None where there is none."""
    if cv is None:
        return None
    return next((word for limit, word in RELIABLE if cv <= limit), "order_of_magnitude")


def rank_ranges(
    values: Sequence[float], errors: Sequence[float | None], most: bool = True, first: int | None = None
) -> list[tuple[int, int] | None]:
    """Return between which ranks the `first` figures (all) lie, 19 times in 20, were the survey made again.

    None for one without an error; figures without one take part as if they were exact.
    """
    import numpy as np

    known = np.array([e or 0.0 for e in errors], dtype=np.float32)
    draws = np.random.default_rng(0).standard_normal((RANK_DRAWS, len(values)), dtype=np.float32)
    drawn = (np.array(values, dtype=np.float32) + draws * known) * (1 if most else -1)
    ranges: list[tuple[int, int] | None] = []
    for at in range(len(values) if first is None else first):
        ranks = 1 + np.count_nonzero(drawn > drawn[:, at : at + 1], axis=1)
        low, high = np.percentile(ranks, (2.5, 97.5), method="nearest")
        ranges.append((int(low), int(high)) if errors[at] is not None else None)
    return ranges


def broken(land_cover: Sequence[str], country: str, first: int, last: int) -> tuple[int, int] | None:
    """Return the break of the survey's method between two years that makes a change of these classes no change.

    Permanent crops across 2015|2018 and 2018|2022 anywhere; grassland across 2015|2018 in four southern countries.
    """
    for before, after, begins in BREAKS:
        if first <= before and last >= after:
            crops = any(c.startswith(PERMANENT_CROPS) for c in land_cover)
            grass = country in GRASS_BREAK_COUNTRIES and any(c.startswith("E") for c in land_cover)
            if crops or (grass and "E" in begins):
                return before, after
    return None


def edition_break(land_cover: Sequence[str], first: int, last: int) -> tuple[int, int] | None:
    """Return the first break of method between two years that touches one of these classes at all."""
    return next(
        (
            (before, after)
            for before, after, begins in BREAKS
            if first <= before and last >= after and any(c.startswith(begins) for c in land_cover)
        ),
        None,
    )


def undercounted(land_cover: Sequence[str], year: int) -> bool:
    """Whether a figure is of permanent crops before 2022, a third to two thirds of what farm statistics count."""
    return year < 2022 and any(c.startswith(PERMANENT_CROPS) for c in land_cover)


def told(
    estimator: str, percent: float | None, se: float | None, published_cv: float | None, minimum: float | None = None
) -> dict[str, Any]:
    """Return what a result says of its error, for programs: `facts["uncertainty"]`."""
    cv = variation(percent, se)
    every = {
        "estimator": estimator if se is not None else "none",
        "se": None if se is None else round(se, 4),
        "cv": cv,
        "published_cv": published_cv,
        "level": LEVEL,
        "source_se": "Eurostat CVA" if se is not None else None,
        "phases": ["grid", "survey"] if se is not None else [],
        "includes": ["sampling"] if se is not None else [],
        "excludes": ["definition", "classification"],
        "reliability": reliability(cv),
    }
    return every if minimum is None else every | {"minimum_detectable": round(minimum, 2)}
