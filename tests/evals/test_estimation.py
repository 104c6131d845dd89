"""The hold-out and the coverage tables: their bounds, and that the factors in use are those of the hold-out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evals import coverage, estimation
from evals.record import read_run
from evals.report import scoreboard
from retrieval.estimated_points import FACTORS
from tools.estimation import Estimate


@pytest.fixture(scope="module")
def held_out():
    return estimation.holdout(estimation.POINTS)


def test_the_factors_in_use_are_those_of_the_hold_out(held_out):
    rows, factors = held_out
    kept = json.loads(FACTORS.read_text(encoding="utf-8"))
    assert kept["factors"] == factors
    assert kept["rmse"] == {lv: {r["class"]: r["rmse"] for r in rows if r["level"] == lv} for lv in factors}


@pytest.mark.parametrize(("main", "most"), [("B", 1.4), ("C", 4.0), ("E", 1.6)])
def test_regional_sub_classes_are_found_back_within_bounds(held_out, main, most):
    [row] = [r for r in held_out[0] if (r["level"], r["class"]) == ("nuts2", main)]
    assert row["rmse"] <= most
    assert row["rmse"] < row["rmse_points"] / 2
    assert 0.93 <= row["left_out_coverage"] <= 0.97


def test_a_factor_covers_as_many_cells_as_it_says():
    needs = np.array([0.5, 1.2, 0.9, 2.0] * 25)
    assert estimation.factor_for(needs, 0.75) == 1.2
    assert estimation.factor_for(np.full(10, 0.3)) == 1.0


def test_random_designs_hold_and_the_textbook_interval_fails_for_rare_classes():
    counts = estimation.pd.Series({"rare": 9, "common": 500})
    found = list(coverage.simple_random(counts, 2_699, 300, np.random.default_rng(1)))
    for positive in counts:
        of_class = [(often, inside) for truth, often, inside in found if truth == positive / 2_699]
        total = sum(often for often, _ in of_class)
        share = {m: sum(o * i[m] for o, i in of_class) / total for m in coverage.METHODS}
        assert 0.93 <= share["ours"] <= 1
        assert share["Wald"] < (0.75 if positive == 9 else 0.97)


def test_a_change_is_covered_with_its_covariance_and_too_well_without():
    [common, _] = coverage.changes(surveys=300, total=8_000, n=800)
    assert 92 <= common["with covariance"] <= 98
    assert common["as if independent"] > common["with covariance"]


def test_the_grid_taken_for_the_land_covers_too_little_where_it_is_patchy():
    patchy = [row for row in coverage.grids(draws=2, side=24) if row["land"].startswith("patchy")]
    assert np.mean([row["both phases"] for row in patchy]) > np.mean([row["survey only"] for row in patchy])


def test_every_method_holds_a_truth_in_its_middle():
    assert all(coverage.held(0.3, Estimate(0.3, 0.001, 200), 60).values())


def test_tables_measured_one_after_the_other_are_kept_in_one_run_and_told_by_the_scoreboard(tmp_path):
    points = tmp_path / "points.parquet"
    points.write_bytes(b"points")
    estimation.keep({"Published to one decimal, %": [{"published": "ES", "with rounding": 95.4}]}, tmp_path, points)
    estimation.keep({"Published sub-classes held out": [{"level": "nuts2", "cells": 3}]}, tmp_path, points)
    board = scoreboard([read_run(tmp_path / "estimation.json")])
    assert "| ES | 95.4 |" in board
    assert "| nuts2 | 3 |" in board


def test_a_share_published_to_one_decimal_needs_the_variance_of_its_rounding():
    rows = {row["published"]: row for row in coverage.rounded(surveys=2_000)}
    spain = rows["ES, vineyards, 2015"]
    assert 94 <= spain["with rounding"] <= 97
    assert spain["without"] < 90
    assert all(94 <= row["with rounding"] <= 97 for row in rows.values())


@pytest.mark.real
def test_on_every_cell_of_a_real_place_the_estimate_is_right_where_the_map_s_own_count_is_not(shared_data):
    folder = shared_data / "s2_stack_belgium"
    for row in coverage.square(folder, surveys=40):
        assert abs(row["estimate, mean %"] - row["truth %"]) < 1.5
        assert abs(row["map's own count %"] - row["truth %"]) > 10
        assert row["coverage"] >= 87.5  # 35 of 40
        assert row["width"] < 0.9


def test_rare_classes_are_held_by_expected_count_and_a_map_helps_only_the_others() -> None:
    rows = {row["expected positives"]: row for row in coverage.rare(surveys=60)}
    assert set(rows) == set(coverage.RARE)
    assert all(row["ours"] >= 93.5 for row in rows.values())
    assert rows[2]["Wald"] < 90 < rows[60]["Wald"]
    assert [row["regression is taken"] for row in rows.values()] == ["no"] * 4 + ["yes"]
