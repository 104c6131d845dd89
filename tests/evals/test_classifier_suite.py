"""The classifier suite's own parts: rough biogeographical regions, scores that are kept, and reliability by hand."""

import csv

import numpy as np
import pytest

from evals.bioregions import REGIONS, _boxes, bioregion_at
from evals.classifier import FOLDS, FoldTable, Kept, calibration, figures, left_out_groups, reliability, sure_levels
from tools.pixelclip.zeroshot import fit_temperature, softmax

KNOWN = ("A", "B11", "B13", "C", "E20")

COUNTRIES = {
    "Bulgaria": "BG", "Finland": "FI", "Italy": "IT", "Austria": "AT", "Greece": "EL", "Spain": "ES", "France": "FR",
    "Sweden": "SE",
}  # fmt: skip


@pytest.mark.parametrize(
    ("country", "lon", "lat", "region"),
    [
        ("FR", 9.1, 42.2, "Mediterranean"),  # Corsica
        ("FR", -1.7, 48.1, "Atlantic"),  # Rennes
        ("FR", 6.9, 45.9, "Alpine"),  # Chamonix
        ("BE", 3.7, 51.0, "Atlantic"),  # Ghent
        ("BE", 5.7, 50.0, "Continental"),  # Bastogne
        ("LV", 24.1, 56.9, "Boreal"),  # Riga
        ("HU", 19.0, 47.5, "Pannonian"),  # Budapest
        ("RO", 28.6, 44.2, "Black Sea"),  # Constanta
        ("PT", -25.7, 37.7, "Macaronesian"),  # the Azores
        ("TR", 32.9, 39.9, "Anatolian"),  # Ankara
        ("US", -100.0, 40.0, "Outside Europe"),
    ],
)
def test_places_everyone_can_look_up_lie_in_their_region(country, lon, lat, region):
    assert bioregion_at(country, lon, lat) == region


def test_there_are_twelve_regions_and_no_others():
    assert len(REGIONS) == 12
    assert {region for boxes in _boxes().values() for region, _ in boxes} <= set(REGIONS)


@pytest.mark.real
def test_the_survey_points_published_with_their_region_lie_in_it(shared_data):
    with (shared_data / "timesenclip_labels" / "sample_rows.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):  # its columns lat and lon are swapped
            country = COUNTRIES[row["nuts_label"]]
            assert bioregion_at(country, float(row["lat"]), float(row["lon"])) == row["bioregion_class"]


def test_scores_are_made_once_and_read_the_second_time(tmp_path):
    made = []

    def make():
        made.append(1)
        return np.arange(6.0).reshape(2, 3)

    first, second = (Kept(tmp_path / "runs").scores("fold-0", make) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(made) == 1
    assert not list(tmp_path.rglob("*.part"))


def test_reliability_bins_hold_every_pixel_and_follow_accuracy():
    rng = np.random.default_rng(0)
    table = FoldTable(KNOWN)
    for fold in range(FOLDS):
        truth = rng.integers(0, len(KNOWN), 400)
        table.truth[fold] = truth
        score = np.eye(len(KNOWN))[truth] * 0.3 + rng.normal(0, 0.2, (400, len(KNOWN)))
        scale = fit_temperature(score, truth)
        table.scores.setdefault("m", {})[fold] = softmax(scale * score)
    bins = reliability(table, "m")
    assert sum(b["pixels"] for b in bins) == 2000
    assert all(abs(b["confidence"] - b["right"]) < 0.12 for b in bins if b["pixels"] > 150)
    row = table.row("m", list(range(FOLDS)))
    assert row["accuracy"] <= row["top 5"] <= 1
    assert 0 < row["mean F1"] < 1
    assert row["mean recall-vs-area"] > 0.5
    [line] = calibration(table, "m")
    assert line["ECE"] < 0.05
    assert line["Brier skill"] > 0.2


def test_levels_add_the_chances_of_the_classes_below():
    scores = np.array([[0.0, 0.3, 0.3, 0.4, 0.0]])  # wheat 0.3, barley 0.3, woodland 0.4
    found = figures(np.array([1]), scores, KNOWN)
    assert found["accuracy"] == 0
    assert found["level 1"] == found["level 2"] == 1


def test_the_lead_of_a_method_over_itself_is_none():
    table = FoldTable(KNOWN)
    truth = np.array([0, 1, 2, 3, 4, 0])
    for fold in range(FOLDS):
        table.truth[fold], table.block[fold] = truth, np.array(list("aabbcc"))
        table.scores.setdefault("m", {})[fold] = np.eye(5)[truth]
        table.scores.setdefault("worse", {})[fold] = np.eye(5)[np.zeros(6, int)]
    every = list(range(FOLDS))
    assert table.against("m", "m", every)["accuracy"] == "+0.0 [+0.0, +0.0]"
    assert table.against("m", "worse", every)["accuracy"].startswith("+66.7 [")


def test_a_level_is_reported_as_deep_as_it_is_sure():
    table = FoldTable(KNOWN)
    for fold in range(FOLDS):
        table.truth[fold] = np.array([1, 2, 3])
        table.scores.setdefault("m", {})[fold] = np.array(
            [[0, 0.6, 0.2, 0.2, 0], [0, 0.4, 0.4, 0.2, 0], [0.3, 0.1, 0.1, 0.3, 0.2]]
        )
    lines = {line["reported"]: line for line in sure_levels(table, "m")}
    assert (lines["level 3"]["pixels"], lines["level 3"]["right"]) == (5, 1.0)
    assert (lines["level 2"]["pixels"], lines["level 2"]["right"]) == (5, 1.0)
    assert lines["not even level 1"]["pixels"] == 5


def test_every_class_is_left_out_once():
    groups = left_out_groups(("A", "B11", "B13", "C", "D", "E20", "G"))
    assert sorted(code for group in groups for code in group) == ["A", "B11", "B13", "C", "D", "E20", "G"]
    assert max(map(len, groups)) == 3
