"""The estimators of point samples, equal to R's `survey` and the literature's examples. Ninety points, three strata."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tools import estimation
from tools.estimation import Estimate, Sample

POINT = np.arange(90)
STRATUM = np.repeat([0, 1, 2], [40, 30, 20])
SIZE = np.array([120.0, 60.0, 200.0])
"""Grid points of the three strata: 380."""
Y = (np.array([3, 6, 2])[STRATUM] > (POINT * 7) % 10).astype(float)
SCORE = np.round(0.6 * Y + 0.05 * ((POINT * 3) % 7), 3)
DOMAIN = (POINT % 3 == 0).astype(float)
POST = ((POINT * 5) % 4 < 2).astype(int)

FROZEN = {  # by R 4.2.2, survey 4.1.1
    "stratified": (0.29473684210526, 0.050602105585679),
    "domain": (0.24590163934426, 0.060078245541758),
    "post": (0.29411627472938, 0.051567984747196),
    "greg": (0.36203653071531, 0.02034776121222),
    "beta": (0.19864927719336, 0.40634416622855),
    "logit": (0.20483555256764, 0.40404600056355),
    "full": (0.29473684210526, 0.05574577657117),
    "simple": (0.29473684210526, 0.055758720628661),
}


def ours() -> dict[str, tuple[float, float]]:
    mean = estimation.stratified(Y, STRATUM, SIZE)
    every = {
        "stratified": mean,
        "domain": estimation.ratio_domain(Y, DOMAIN, STRATUM, SIZE),
        "post": estimation.post_stratified(Y, POST, np.array([150, 230]) / 380, STRATUM, SIZE),
        "greg": estimation.greg(Y, np.column_stack([np.ones(90), SCORE]), np.array([1, 0.37]), STRATUM, SIZE),
        "full": estimation.two_phase(Y, STRATUM, SIZE),
        "simple": estimation.two_phase(Y, STRATUM, SIZE, simple=True),
    }
    freedom = 90 - 3
    size = estimation.effective_size(mean, freedom=freedom)
    return {name: (one.value, one.se) for name, one in every.items()} | {
        "beta": estimation.clopper_pearson(mean.value, size),
        "logit": estimation.logit_interval(mean.value, mean.se, estimation.student(freedom)),
    }


@pytest.mark.parametrize("name", FROZEN)
def test_an_estimator_equals_rs_survey(name):
    assert ours()[name] == pytest.approx(FROZEN[name], rel=1e-9)


def test_rs_survey_still_says_so(tmp_path):
    if not shutil.which("Rscript"):
        pytest.skip("no R: apt-get install --no-install-recommends r-cran-survey")
    header = "h,y,s,d,g,N"
    rows = np.column_stack([STRATUM, Y, SCORE, DOMAIN, POST, SIZE[STRATUM]])
    np.savetxt(tmp_path / "cases.csv", rows, delimiter=",", header=header, comments="", fmt="%.15g")
    script = Path(__file__).with_name("survey_cases.R")
    run = subprocess.run(["Rscript", script, tmp_path / "cases.csv"], capture_output=True, text=True, check=False)
    if "there is no package called" in run.stderr:
        pytest.skip("R without its package survey")
    said = {name: tuple(map(float, numbers)) for name, *numbers in (line.split() for line in run.stdout.splitlines())}
    assert said.keys() == FROZEN.keys()
    for name, pair in ours().items():
        assert pair == pytest.approx(said[name], rel=1e-9)


def test_svy_still_says_so():
    svy, polars = pytest.importorskip("svy"), pytest.importorskip("polars")
    weight = (SIZE / np.bincount(STRATUM))[STRATUM]
    rows = polars.DataFrame({"h": STRATUM, "y": Y, "d": DOMAIN.astype(int), "w": weight, "N": SIZE[STRATUM]})
    estimation_of = svy.Sample(rows, svy.Design(stratum="h", wgt="w", pop_size="N")).estimation
    said = {"stratified": estimation_of.mean("y").estimates[0], "domain": estimation_of.mean("y", by="d").estimates[1]}
    for name, one in said.items():
        assert (one.est, one.se) == pytest.approx(ours()[name], rel=1e-9)
    for method in ("logit", "beta"):
        one = estimation_of.prop("y", ci_method=method).estimates[1]
        assert (one.lci, one.uci) == pytest.approx(ours()[method], rel=1e-9)


def test_a_difference_estimate_is_the_mean_score_and_the_mean_error():
    found = estimation.difference(Y, SCORE, 0.37, STRATUM, SIZE)
    error = estimation.stratified(Y - SCORE, STRATUM, SIZE)
    assert (found.value, found.variance) == (0.37 + error.value, error.variance)


def test_a_stratum_of_one_point_is_joined_to_the_largest_of_its_region():
    stratum, size = estimation.collapsed(
        np.array([0, 0, 1, 2, 2, 3, 3]), np.array([10.0, 40, 50, 20]), np.array([0, 0, 0, 1])
    )
    assert stratum.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert size.tolist() == [10, 90, 20]


def test_a_change_with_common_points_is_known_better_than_one_without():
    first = Sample(POINT, Y, STRATUM)
    same = estimation.change(first, first, SIZE)
    assert (same.value, same.variance) == (0.0, pytest.approx(0.0, abs=1e-15))
    apart = estimation.change(first, Sample(POINT + 1_000, Y, STRATUM), SIZE)
    assert apart.variance == pytest.approx(2 * estimation.stratified(Y, STRATUM, SIZE).variance)


def test_wilson_and_the_exact_interval_of_textbooks():
    assert estimation.wilson(0.1, 100) == pytest.approx((0.05523, 0.17437), abs=1e-5)
    assert estimation.clopper_pearson(0.1, 100) == pytest.approx((0.04900, 0.17622), abs=1e-5)
    assert estimation.clopper_pearson(0.0, 50) == pytest.approx((0.0, 0.07112), abs=1e-5)


def test_statsmodels_has_the_same_intervals_of_fractional_sizes():
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for p, n in ((0.013, 812.7), (0.37, 51.3)):
        assert estimation.wilson(p, n) == pytest.approx(
            proportion.proportion_confint(p * n, n, 0.05, "wilson"), rel=1e-9
        )
        exact = proportion.proportion_confint(p * n, n, 0.05, "beta")
        assert estimation.clopper_pearson(p, n) == pytest.approx(exact, rel=1e-9)


def test_few_points_ask_for_an_exact_interval_and_none_for_a_lower_end_of_nothing():
    few = Estimate(0.05, 0.05 * 0.95 / 100, 100)
    assert estimation.count_interval(few, 5) == estimation.clopper_pearson(0.05, 100)
    assert estimation.count_interval(few, 10) == estimation.wilson(0.05, 100)
    low, high = estimation.count_interval(Estimate(0.0, 0.0, 100), 0, kish=2.0)
    assert (low, round(high, 4)) == (0.0, 0.0711)
    assert estimation.kish_effect(np.array([1.0, 1.0, 2.0])) == pytest.approx(3 * 6 / 16)


def test_a_score_assists_only_where_enough_positives_are_expected_whatever_was_seen():
    assert estimation.is_assisted(1_000, 0.06, 0.5)
    assert not estimation.is_assisted(1_000, 0.04, 0.5)
    assert not estimation.is_assisted(1_000, 0.06, 0.01)


def test_a_perfect_map_is_not_a_certain_one():
    mapped = np.repeat([0, 1], [50, 50])
    found = estimation.map_stratified(mapped.astype(float), mapped, np.array([0.8, 0.2]))
    assert found.value == 0.2
    assert found.variance > 0


def test_the_example_of_olofsson_and_others_2014():
    counts = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]], dtype=float)
    share = np.array([0.02, 0.015, 0.32, 0.645])  # deforestation, forest gain, stable forest, stable non-forest
    points = counts.astype(int).ravel()
    mapped, reference = (np.repeat(axis.ravel(), points) for axis in np.indices(counts.shape))
    found = estimation.map_accuracy(mapped, reference, mapped, share, 4)
    hectares = 10_000_000 * 0.09
    assert found.share[0] * hectares == pytest.approx(21_158, abs=1)
    assert 1.96 * found.share_se[0] * hectares == pytest.approx(6_158, abs=1)
    assert np.round(found.users, 2).tolist() == [0.88, 0.73, 0.93, 0.96]
    assert np.round(1.96 * found.users_se, 2).tolist() == [0.07, 0.1, 0.04, 0.02]
    assert np.round(found.producers, 2).tolist() == [0.75, 0.85, 0.93, 0.96]
    assert 1.96 * found.producers_se[0] == pytest.approx(0.21, abs=0.005)
    by_hand = (
        0.015**2 * 0.1528**2 * 0.7333 * 0.2667 / 74 + 0.8472**2 * 0.645**2 * (1 / 325) * (324 / 325) / 324
    ) ** 0.5
    assert found.producers_se[1] == pytest.approx(by_hand / 0.012985, rel=1e-3)
    assert (round(found.overall, 2), round(1.96 * found.overall_se, 2)) == (0.95, 0.02)


def test_a_regional_estimate_over_all_points_takes_less_than_a_second():
    import time

    random = np.random.default_rng(1)
    stratum = np.sort(random.integers(0, 2_100, 340_000))
    y = (random.random(340_000) < 0.1).astype(float)
    size = np.bincount(stratum, minlength=2_100) * 3.0
    start = time.perf_counter()
    estimation.two_phase(y, stratum, size)
    assert time.perf_counter() - start < 1
