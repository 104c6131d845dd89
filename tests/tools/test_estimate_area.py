"""Areas that Eurostat does not publish, from the bundled points calibrated to its main classes."""

from __future__ import annotations

import numpy as np
import pytest

from agent.render import caveats_of, refusal_of, render
from retrieval.errors import BadArgument, NoRecords, NoSuchYear, TooFine
from retrieval.store import Store
from tools import composition
from tools.context import Context
from tools.estimate_area import estimate_area


@pytest.fixture(scope="module")
def world(demo_store: Store) -> Context:
    return Context.open(demo_store)


@pytest.mark.parametrize(
    ("arguments", "value", "interval"),
    [  # published by nobody; from the soil points alone: 23.6 (17.9 to 30.3), 27.6 (22.5 to 33.5), 24.5 (18.1 to 32.4)
        ({"land_cover": ["B82"], "above": 500}, 23.6, (17.9, 30.3)),
        ({"land_cover": ["B81"], "above": 500}, 27.6, (22.5, 33.5)),
        ({"land_cover": ["D00"], "land_use": ["U110"]}, 24.5, (18.1, 32.4)),
        ({"land_cover": ["E00"], "land_use": ["U410", "U420"]}, 7.6, (5.7, 10.1)),
    ],
)
def test_parts_of_classes_in_the_union(world, arguments, value, interval):
    result = estimate_area(world, **arguments)
    assert result.value == pytest.approx(value, abs=1.5)
    assert result.interval == pytest.approx(interval, abs=2.5)
    assert (result.unit, result.level, result.years) == ("% of the class", 0.95, (2018,))
    assert {"estimate_not_official", "untested_split"} <= {key for key, _ in result.caveats}
    assert "not official" in render([result], "en", world)


def test_a_part_and_its_rest_are_the_whole(world):
    farmed = estimate_area(world, land_cover=["E00"], regions=["country:FR"], land_use=["U110"])
    rest = estimate_area(world, land_cover=["E00"], regions=["country:FR"], exclude=["U110"])
    assert farmed.value + rest.value == pytest.approx(100, abs=0.11)
    assert farmed.facts["points"] + rest.facts["points"] == farmed.facts["of_points"] == rest.facts["of_points"]


def test_a_class_without_a_figure_is_shrunk_to_its_country(world):
    result = estimate_area(world, land_cover=["B82"], regions=["nuts:FRJ1"], year=2015)
    low, high = result.interval or (0.0, 0.0)
    assert low < result.value < high
    assert result.facts["uncertainty"]["estimator"] == "calibrated_eb"
    assert result.facts["tested_error"] == composition.tested_error("nuts2", "B") < 1.4
    assert "permanent_crops_before_2022" in {key for key, _ in result.caveats}
    assert all(caveats_of([result], (), "en", world))


def test_a_published_figure_is_told_as_published(world):
    result = estimate_area(world, land_cover=["B82"], regions=["nuts:FRJ1"], year=2018)
    assert (result.tool, result.value) == ("official_share", 2.3)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"land_cover": ["A10"], "land_use": ["U370"]}, NoRecords),
        ({"land_cover": ["F00"], "land_use": ["U420"]}, NoRecords),
        ({"land_cover": ["E00"], "land_use": ["U370"]}, NoRecords),
        ({"land_cover": ["B82"], "above": 500, "year": 2015}, NoRecords),
        ({"land_cover": ["B82"], "above": 500, "year": 2022}, NoSuchYear),
        ({"land_cover": ["B82"], "regions": ["nuts:ES61"], "above": 500}, TooFine),
        ({"land_cover": ["B82"], "above": 500, "below": 400}, BadArgument),
        ({"land_cover": ["B82"], "regions": ["country:FR", "country:IT"], "above": 500}, BadArgument),
    ],
)
def test_what_the_points_cannot_say_is_refused(world, arguments, error):
    with pytest.raises(error) as refused:
        estimate_area(world, **arguments)
    assert refusal_of(refused.value, "en", world)


def test_shrinking_lies_between_the_points_and_the_country():
    alone = composition.shrunk(6, 10, 0.1, 0.0001, 0.5, 0.0, 1.0)
    half = composition.shrunk(6, 10, 0.1, 10.0, 0.5, 0.0, 1.0)
    all_prior = composition.shrunk(0, 0, 0.1, 10.0, 0.5, 0.0, 1.0)
    assert (round(alone.value, 3), round(half.value, 3), round(all_prior.value, 3)) == (0.3, 0.175, 0.05)


def test_regions_alike_shrink_more_than_regions_apart():
    n, prior = np.full(40, 20.0), np.full(40, 0.5)
    alike = composition.concentration(np.full(40, 10.0), n, prior)
    apart = composition.concentration(np.repeat([0.0, 20.0], 20), n, prior)
    assert alike > 100
    assert apart < 1


def test_every_tested_class_has_its_factor_and_no_other():
    assert composition.factor_of("nuts2", "B", 5) >= 1
    assert composition.factor_of("nuts2", "B", 4) is None
    assert composition.factor_of("nuts2", "D", 500) is None
    assert composition.factor_of("country", "A", 500) is None
