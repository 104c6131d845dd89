"""The indicators of distortion, on a model whose picture of the world is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evals import distortion
from evals.distortion import all_cities, chosen, codes_of, correlation, distortion_index
from evals.running import run_suite
from evals.suites import SUITES
from evals.world import Setting, World


class Globe:
    """A model that knows where every city lies: its vectors are positions on the sphere."""

    name, pooling, chats = "globe", "none", False

    def encode(self, names):
        known = {city.name: city for city in all_cities()}
        made = []
        for name in names:
            lon, lat = np.radians([known[name].lon, known[name].lat]) if name in known else (0.0, 0.0)
            made.append([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
        return np.array(made, np.float32)

    def tokens(self, name):
        return len(name.split())

    def country(self, prompt):
        raise NotImplementedError


@pytest.fixture
def globe(monkeypatch):
    monkeypatch.setattr(distortion, "world_model", lambda name: Globe())
    monkeypatch.setattr(distortion, "_STUDIES", {})


def test_a_globe_has_near_neighbours_and_follows_distance(globe, tmp_path: Path):
    world = World(tmp_path, None, Setting(limit=1200))
    run = run_suite(SUITES["distortion"], world)
    right = [row.stages["neighbour"] for row in run.rows]
    assert np.mean(right) > 0.6
    found = distortion.study(world)
    assert correlation(found, "South America")["Spearman ρ"] > 0.6  # names borne by several cities have one vector
    assert run.tables["By continent"]


def test_the_index_of_a_model_that_knows_nothing_is_one_over_distance(globe, tmp_path: Path):
    found = distortion.study(World(tmp_path, None, Setting(limit=900)))
    found.vectors = np.ones_like(found.vectors) / np.sqrt(3)
    index = distortion_index(found)
    assert all(0.5 <= value <= 1 for value in index.values())
    assert index["DE"] > index["NZ"]


def test_a_sample_holds_what_the_indicators_need():
    some = chosen(900)
    assert len({city.country for city in some}) == len({city.country for city in all_cities()})
    assert 850 <= len(some) <= 1000


@pytest.mark.parametrize(
    ("said", "code"), [("The Netherlands", "NL"), ("Deutschland", "DE"), ("USA", "US"), ("Côte d’Ivoire", "CI")]
)
def test_a_country_goes_by_many_names(said, code):
    assert code in codes_of(said)
