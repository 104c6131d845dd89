"""Survey and map together: what the interval promises, when the map is left out, and the tool on an invented land."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from retrieval.errors import NoRecords
from retrieval.types import Table
from tools import area_from_map as tool
from tools.area_from_map import area_from_map
from tools.assisted import Assisted, assisted_share, cross_fitted
from tools.pixelclip.at_hand import SHIPPED

CELLS, POINTS = 4_000, 500


def land(share: float, quality: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The truth of every cell, and a map's score of it; `quality` 0 knows nothing, 1 all."""
    random = np.random.default_rng(seed)
    truth = (random.random(CELLS) < share).astype(float)
    return truth, quality * truth + (1 - quality) * random.normal(0, 0.5, CELLS)


def surveyed(truth: np.ndarray, score: np.ndarray, random: np.random.Generator) -> Assisted:
    at = random.choice(CELLS, POINTS, replace=False)
    found = assisted_share(truth[at], score[at, None], score[:, None], ["1"] * POINTS, np.full(POINTS, CELLS / POINTS))
    assert found
    return found


@pytest.mark.parametrize(("quality", "least", "most"), [(0.35, 0.7, 1.0), (0.6, 0.4, 0.75)])
def test_the_interval_holds_and_a_good_map_narrows_it(quality: float, least: float, most: float) -> None:
    truth, score = land(0.3, quality)
    random = np.random.default_rng(2)
    found = [surveyed(truth, score, random) for _ in range(300)]
    assert all(one.estimate for one in found)
    held = np.mean([one.interval[0] <= truth.mean() <= one.interval[1] for one in found])
    width = np.mean([one.se / one.design.se for one in found])
    assert held >= 0.93
    assert least <= width <= most
    assert np.mean([one.value for one in found]) == pytest.approx(truth.mean(), rel=0.02)


def test_a_map_that_knows_nothing_is_left_out() -> None:
    truth, score = land(0.3, 0.0)
    found = [surveyed(truth, score, np.random.default_rng(seed)) for seed in range(40)]
    assert np.mean([one.estimate is None for one in found]) >= 0.9
    assert all(one.interval == one.design.interval for one in found if not one.estimate)


def test_a_rare_class_is_told_by_the_survey_alone() -> None:
    truth, score = land(0.05, 0.6)
    found = surveyed(truth, score, np.random.default_rng(4))
    assert found.expected < 50
    assert found.estimate is None


def test_scores_that_learnt_their_points_by_heart_do_not_deceive() -> None:
    random = np.random.default_rng(5)
    y, noise = (random.random(200) < 0.4).astype(float), random.normal(size=(200, 120))
    fitted = np.column_stack([np.ones(200), noise])
    by_heart = 1 - np.sum((y - fitted @ np.linalg.lstsq(fitted, y, rcond=None)[0]) ** 2) / np.sum((y - y.mean()) ** 2)
    _, _, r2 = cross_fitted(y, noise, random.normal(size=(500, 120)))
    assert by_heart > 0.5
    assert r2 < 0.02


def test_which_way_is_taken_does_not_hang_on_what_the_survey_did_not_see() -> None:
    truth, score = land(0.3, 0.35)
    at = np.random.default_rng(6).choice(CELLS, POINTS, replace=False)
    other = truth.copy()
    unseen = np.setdiff1d(np.arange(CELLS), at)
    other[unseen] = np.random.default_rng(7).permutation(other[unseen])
    strata, weight = ["1"] * POINTS, np.full(POINTS, 8.0)
    ways = [assisted_share(t[at], score[at, None], score[:, None], strata, weight) for t in (truth, other)]
    assert ways[0] == ways[1]


# ---- the tool ------------------------------------------------------------------------------------------------------


@dataclass
class Cells:
    """The pixels of an area, as `tools.satellite.pixels_of` returns them."""

    rows: Table
    vectors: np.ndarray
    usable: np.ndarray


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A region of 200 km² per hundred cells, every second cell visited, and a map that is fairly right."""
    truth, score = land(0.3, 0.5)
    region = SimpleNamespace(id="nuts:FRJ1", name="Languedoc-Roussillon", area_km2=CELLS * 4.0, level="nuts2")
    visits = [
        {"point_id": at, "lc1": "B82" if truth[at] else "C10", "stratum": "1", "weight": 2.0}
        for at in range(0, CELLS, 2)
    ]
    words = SimpleNamespace(score=lambda vectors, asked: (vectors[:, 0], None), ask_classes=lambda codes: codes)
    rows = Table(("point_id",), tuple((at,) for at in range(CELLS)), "", {})
    cells = Cells(rows, score[:, None], np.ones(CELLS, dtype=bool))
    monkeypatch.setattr(tool.official, "classes", lambda context, codes: tuple(codes))
    monkeypatch.setattr(tool.official, "regions_of", lambda context, ids: (region,))
    monkeypatch.setattr(tool.official, "label", lambda context, code: "vineyards")
    monkeypatch.setattr(tool, "weighted_years", lambda context: (2022,))
    monkeypatch.setattr(tool, "pixels_of", lambda context, regions, year: cells)
    monkeypatch.setattr(tool, "model_of", lambda context: None)
    monkeypatch.setattr(tool, "outline_of", lambda context, regions: None)
    monkeypatch.setattr(tool, "lies_in", lambda context, row, region: True)
    monkeypatch.setattr(tool, "satellite_provenance", lambda context, table: None)
    monkeypatch.setattr("tools.pixelclip.known.words_of", lambda model: words)
    store = SimpleNamespace(query=lambda name, year: SimpleNamespace(dicts=lambda: visits))
    nomenclature = SimpleNamespace(leaves=lambda codes: tuple(codes))
    context = SimpleNamespace(store=store, nomenclature=nomenclature, encoder=SHIPPED)
    context.asking = lambda encoder: context
    return SimpleNamespace(context=context, cells=cells, truth=truth)


def test_both_estimates_stand_side_by_side(world: Any) -> None:
    result = area_from_map(world.context, land_cover=["B82"], regions=["nuts:FRJ1"], year=2022)
    assert [row["estimator"] for row in result.table.dicts()] == ["greg", "survey_alone"]
    low, high = result.interval or (0.0, 0.0)
    assert low <= 100 * world.truth.mean() <= high
    told = result.facts["uncertainty"]
    assert told["expected_positives"] > 50
    assert told["r2_cv"] > 0.02
    alone = list(result.table.dicts())[1]
    assert high - low < alone["high"] - alone["low"]


def test_a_map_with_holes_is_refused_with_the_command_that_fills_them(world: Any) -> None:
    world.cells.usable[: CELLS // 2] = False
    with pytest.raises(NoRecords, match="every cell") as refused:
        area_from_map(world.context, land_cover=["B82"], regions=["nuts:FRJ1"], year=2022)
    assert refused.value.slots["cells"] == CELLS // 2
    assert refused.value.slots["wanted"] == CELLS
    fetch = "python -m retrieval fetch pixels --region nuts:FRJ1 --every 2000 --year 2022"
    assert refused.value.slots["fetch"] == fetch


def test_a_year_without_weights_is_refused_with_all_that_is_missing(world: Any) -> None:
    with pytest.raises(NoRecords, match="weights") as refused:
        area_from_map(world.context, land_cover=["B82"], regions=["nuts:FRJ1"], year=2018)
    assert "--weights sample_LUCAS_2018.csv" in str(refused.value)
    assert "--every 2000 --year 2018" in str(refused.value)


def test_cells_between_the_grids_and_cells_there_twice_are_not_the_grids_mean(world: Any) -> None:
    whole = area_from_map(world.context, land_cover=["B82"], regions=["nuts:FRJ1"], year=2022)
    between = [(None, "CRS3035RES10mN3100010E3960000")] * CELLS
    again = [(at, "") for at in range(0, CELLS, 2)]
    rows = [(at, "") for at in range(CELLS)] + between + again
    wide = np.concatenate([world.cells.vectors, np.full((CELLS, 1), 9.0, np.float32), world.cells.vectors[::2]])
    world.cells.rows, world.cells.vectors = Table(("point_id", "location"), tuple(rows), "", {}), wide
    world.cells.usable = np.ones(len(wide), dtype=bool)
    assert area_from_map(world.context, land_cover=["B82"], regions=["nuts:FRJ1"], year=2022).value == whole.value


def test_a_cell_on_the_surveys_grid_is_its_point_without_being_told(world: Any) -> None:
    assert tool.grid_point("CRS3035RES10mN3100000E3960000") == 39603100
    assert tool.grid_point("CRS3035RES10mN3101000E3960000") is None
    assert tool.grid_point("39603100") is None
