"""What intervals cost: a published share with and without its own, and a regional estimate at the full survey's size.

Prints medians and ratios; a ratio holds on a loaded machine too, as both sides are timed in turn.

    python benchmarks/bench_intervals.py [--store PATH]
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from retrieval.store import Store, default_store_path
from tools import uncertainty
from tools.context import Context
from tools.estimation import greg, two_phase
from tools.published_verbs import official_share

ROUNDS = 40
POINTS, STRATA, CELLS, REGIONS = 340_000, 2_100, 10_000_000, 300


def main() -> None:
    """Time both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=default_store_path())
    context = Context.open(Store.open(parser.parse_args().store))
    share(context)
    regional()


def share(context: Context) -> None:
    """A share with its interval, and the same with every interval and error left out."""

    def ask() -> None:
        official_share(context, regions=["nuts:DE2"], land_cover=["E00"], years=[2022])

    told = {name: getattr(uncertainty, name) for name in ("share_interval", "variation", "told")}

    nothing: dict[str, Callable[..., object]] = dict.fromkeys(told, lambda *_, **__: None)
    nothing["told"] = lambda *_, **__: {}

    def bare() -> None:
        for name, function in nothing.items():
            setattr(uncertainty, name, function)
        try:
            ask()
        finally:
            for name, function in told.items():
                setattr(uncertainty, name, function)

    ask()
    bare()
    with_interval, without = alternately(ask, bare)
    print(f"official share: {1000 * with_interval:.2f} ms CPU with its interval, {1000 * without:.2f} without; "
          f"ratio {with_interval / without:.2f}")  # fmt: skip


def regional() -> None:
    """A regional two-phase and a map-assisted estimate over 340,000 points and 10 million scores."""
    random = np.random.default_rng(1)
    stratum = random.integers(0, STRATA, POINTS)
    size = (np.bincount(stratum, minlength=STRATA) * 3.0).astype(np.float64)
    y = (random.random(POINTS) < 0.2).astype(float)
    score = y * 0.5 + random.random(POINTS) * 0.5
    cells, region = random.random(CELLS, dtype=np.float32), random.integers(0, REGIONS, CELLS, dtype=np.int16)
    begun, spent = perf_counter(), process_time()
    means = np.bincount(region, weights=cells, minlength=REGIONS) / np.bincount(region, minlength=REGIONS)
    plain = two_phase(y, stratum, size)
    found = greg(y, np.column_stack([np.ones(POINTS), score]), np.array([1.0, float(means[0])]), stratum, size)
    assert plain.se > 0
    assert found.se > 0
    print(f"regional estimate, {POINTS:,} points and {CELLS:,} scores: {process_time() - spent:.2f} s CPU, "
          f"{perf_counter() - begun:.2f} s wall")  # fmt: skip


def alternately(one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Return the medians of two functions timed in turn, CPU seconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for function, kept in zip((one, other), times, strict=True):
            begun = process_time()
            function()
            kept.append(process_time() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


if __name__ == "__main__":
    main()
