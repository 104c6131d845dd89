"""Intervals and tests of the evals, against hand calculation and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evals.statistics import cluster_bootstrap, holm, mcnemar, permutation, quantile, spread_test, wilson


@pytest.mark.parametrize(("passes", "of"), [(0, 10), (10, 10), (3, 7), (496, 500)])
def test_wilson_is_scipys(passes, of):
    ours, theirs = wilson(passes, of), stats.binomtest(passes, of).proportion_ci(method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_nothing_counted_says_nothing():
    assert math.isnan(wilson(0, 0).value)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert math.isnan(quantile([], 0.5))


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (1, 9), (5, 5), (12, 2)])
def test_mcnemar_is_the_binomial_test_of_the_rows_that_differ(lost, gained):
    wanted = stats.binomtest(lost, lost + gained).pvalue if lost + gained else 1.0
    assert mcnemar(lost, gained) == pytest.approx(wanted)


def test_holm_multiplies_the_smallest_by_all_and_never_goes_down():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})


def test_clusters_widen_the_interval():
    values = [1.0] * 50 + [0.0] * 50
    alone = cluster_bootstrap(values, range(100))
    together = cluster_bootstrap(values, [at // 10 for at in range(100)])
    assert together.high - together.low > 1.5 * (alone.high - alone.low)
    assert alone == cluster_bootstrap(values, range(100))


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(100):
        found = cluster_bootstrap(rng.random(60) < 0.7, range(60), resamples=300)
        hits += found.low <= 0.7 <= found.high
    assert 88 <= hits <= 99


def test_swapping_whole_clusters_knows_that_rows_hang_together():
    first, second = [0.0] * 10, [1.0] * 10
    assert permutation(first, second) < 0.01
    assert permutation(first, second, ["one"] * 10) == 1.0
    assert permutation(first, first) == 1.0


def test_a_language_that_fails_is_seen_and_noise_is_not():
    values = [1.0] * 60 + [0.0] * 20
    labels = ["en"] * 60 + ["pl"] * 20
    assert spread_test(values, labels, list(range(80)), resamples=300) < 0.01
    mixed = [float(at % 4 > 0) for at in range(80)]
    assert spread_test(mixed, labels, list(range(80)), resamples=300) > 0.5
    assert spread_test(mixed, ["en"] * 80, list(range(80))) == 1.0
