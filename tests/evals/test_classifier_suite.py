"""The classifier suite's own parts: rough biogeographical regions, scores that are kept, and reliability by hand."""

import csv

import numpy as np
import pytest

from evals.bioregions import REGIONS, _boxes, bioregion_at
from evals.classifier import FOLDS, FoldTable, Kept, reliability
from tools.pixelclip.samples import SCORED

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
    table = FoldTable()
    for fold in range(FOLDS):
        truth = rng.integers(0, len(SCORED), 400)
        table.truth[fold] = truth
        table.scores.setdefault("m", {})[fold] = np.eye(len(SCORED))[truth] * 0.3 + rng.normal(
            0, 0.2, (400, len(SCORED))
        )
    bins = reliability(table, "m")
    assert sum(b["pixels"] for b in bins) == 2000
    assert all(abs(b["confidence"] - b["right"]) < 0.12 for b in bins if b["pixels"] > 150)
    row = table.row("m", range(FOLDS))
    assert row["accuracy"] <= row["top 5"] <= 1
    assert 0 < row["mean F1"] < 1
    assert row["mean recall-vs-area"] > 0.5
