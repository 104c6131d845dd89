"""Standard errors and intervals, held against figures worked out elsewhere."""

from __future__ import annotations

import pytest

from retrieval.store import Store
from tools.estimation import logit_interval, published_error

ANDALUSIA = (0.003, 42.7, 87_600.0)
PUBLISHED = {
    "Andalusia's vineyards in 2022": (*ANDALUSIA, (110, 627)),
    "Languedoc-Roussillon's in 2018": (0.023, 26.2, 27_643.0, (371, 1_082)),
    "Languedoc-Roussillon's in 2022": (0.099, 4.7, 27_643.0, (2_434, 3_072)),
    "Rheinhessen-Pfalz's in 2022": (0.080, 2.0, 6_852.0, (464, 646)),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_share_becomes_an_interval_in_square_kilometres(name):
    share, cv, area, (low, high) = PUBLISHED[name]
    se = published_error(share, cv, area)
    assert se
    assert [end * area for end in logit_interval(share, se)] == pytest.approx([low, high], abs=1)


def test_without_the_grid_phase_it_is_narrower():
    share, cv, area = ANDALUSIA
    se = published_error(share, cv)
    assert se
    assert [end * area for end in logit_interval(share, se)] == pytest.approx([114, 606], abs=1)


def test_rounding_is_added_where_it_widens_the_interval_by_more_than_three_percent():
    spain = (0.005, 5.6, 498_502.0)  # vineyards 2015: 0.5 % may be 0.45 to 0.55
    exact, rounded = published_error(*spain, rounding=0.0), published_error(*spain)
    assert exact
    assert rounded
    assert [end * spain[2] for end in logit_interval(0.005, exact)] == pytest.approx([2_178, 2_852], abs=1)
    assert rounded**2 == pytest.approx(exact**2 + 0.001**2 / 12)
    assert published_error(*ANDALUSIA) == published_error(*ANDALUSIA, rounding=0.0)


@pytest.mark.parametrize(
    ("share", "cv", "flag"), [(0.0, 20.0, ""), (1.0, 1.0, ""), (0.1, None, ""), (0.1, 100.0, "u"), (0.1, 20.0, "n")]
)
def test_some_figures_have_no_interval(share, cv, flag):
    assert published_error(share, cv, 1_000.0, flag) is None


def test_the_store_and_python_agree_on_every_published_share(demo_store: Store):
    sql = """
        SELECT value, cv, flag, se, area_km2, share_low(value, se) AS low, share_high(value, se) AS high
        FROM statistics JOIN region_areas USING (code)
        WHERE unit = 'PC' AND NOT (code = 'EU' AND statistics.year = 2022)
    """
    rows = demo_store._run(sql, {}).rows
    assert len(rows) > 60_000
    for value, cv, flag, se, area, low, high in rows:
        ours = published_error(value / 100, cv, area, flag)
        assert (ours is None) == (se is None)
        if ours:
            assert 100 * ours == pytest.approx(se, rel=1e-9)
            assert [100 * end for end in logit_interval(value / 100, ours)] == pytest.approx([low, high], rel=1e-9)
