"""Monthly compositing: small worlds by hand, and the two Flemish patches where they are present."""

import os
from pathlib import Path

import numpy as np
import pytest

from retrieval.composite import MASKED_SCL, monthly_composite, nan_median, upstream_composite
from tools.pixelclip.bands import normalise


def world(values, scl, months):
    """One band, one pixel: a list of values becomes (A, 1, 1, 1)."""
    return (
        np.array(values, np.uint16).reshape(-1, 1, 1, 1),
        np.array(scl, np.uint8).reshape(-1, 1, 1),
        np.array(months),
    )


def test_the_median_of_a_month_leaves_clouds_out():
    composite, masked = monthly_composite(*world([100, 9000, 300, 500], [4, 9, 4, 4], [1, 1, 1, 1]))
    assert composite[0, 0, 0, 0] == 300
    assert not masked[0, 0, 0]


def test_a_month_with_only_clouds_gets_the_median_of_the_year_and_is_reported():
    composite, masked = monthly_composite(*world([100, 300, 9000], [4, 5, 8], [1, 2, 3]))
    assert composite[2, 0, 0, 0] == 200
    assert masked[:, 0, 0].tolist() == [False, False] + [True] * 10


def test_upstreams_way_lets_clouds_darken_a_month_and_its_network_sees_the_same():
    composite, masked = upstream_composite(*world([100, 9000, 9000, 300, 500], [4, 9, 10, 4, 8], [1, 1, 1, 2, 2]))
    assert composite[:3, 0, 0, 0].tolist() == [1, 400, 100]  # January's median is 0, written 1; March's is the year's
    assert masked[:, 0, 0].tolist() == [False, False] + [True] * 10
    years = np.zeros((1, 12, 10), np.float32)
    np.testing.assert_array_equal(normalise(years), normalise(years + 1))


def test_a_pixel_that_was_never_clear_is_nan_and_masked_all_year():
    composite, masked = monthly_composite(*world([9000, 9000], [9, 10], [1, 2]))
    assert np.isnan(composite).all()
    assert masked.all()


def test_zero_and_fill_values_never_enter_a_median():
    composite, _ = monthly_composite(*world([0, 65535, 400], [4, 4, 4], [6, 6, 6]))
    assert composite[5, 0, 0, 0] == 400


def test_the_median_agrees_with_numpy_where_numpy_has_one():
    values = np.random.default_rng(0).normal(size=(9, 4, 5)).astype(np.float32)
    values[np.random.default_rng(1).random(values.shape) < 0.4] = np.nan
    values[0] = 1.0
    np.testing.assert_allclose(nan_median(values), np.nanmedian(values, axis=0), rtol=1e-6)


def test_the_order_of_acquisitions_does_not_matter():
    rng = np.random.default_rng(2)
    reflectance = rng.integers(1, 5000, (20, 3, 4, 4), dtype=np.uint16)
    scl = rng.choice([3, 4, 5, 9], (20, 4, 4))
    months = rng.integers(1, 13, 20)
    order = rng.permutation(20)
    straight, _ = monthly_composite(reflectance, scl, months)
    shuffled, _ = monthly_composite(reflectance[order], scl[order], months[order])
    np.testing.assert_array_equal(straight, shuffled)


@pytest.mark.parametrize("scl_shape", [(2, 2, 2), (3, 4, 4)])
def test_a_scene_classification_on_another_grid_is_refused(scl_shape):
    with pytest.raises(ValueError, match="scl must be"):
        monthly_composite(np.ones((2, 1, 4, 4), np.uint16), np.ones(scl_shape, np.uint8), [1, 2])


def test_months_outside_the_calendar_are_refused():
    with pytest.raises(ValueError, match="1 to 12"):
        monthly_composite(*world([1], [4], [0]))


def patches() -> Path:
    root = Path(os.environ.get("LANDASK_SHARED_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
    return root / "s2_patches_belgium"


@pytest.mark.real
@pytest.mark.parametrize(
    ("patch", "first", "last"),
    [
        ("00002806639B424A_32631_2017-08-01_2018-11-30", "2017-12-01", "2018-11-30"),
        ("0000280849BAC91C_32631_2018-08-01_2019-11-30", "2018-12-01", "2019-11-30"),
    ],
)
def test_flemish_patches_become_a_plausible_year(patch, first, last):
    if not patches().is_dir():
        pytest.skip("real patches are absent: s2_patches_belgium")
    xarray = pytest.importorskip("xarray")
    fine = xarray.open_dataset(patches() / f"S2_L2A_10m_{patch}.nc", engine="h5netcdf", mask_and_scale=False)
    coarse = xarray.open_dataset(patches() / f"S2_L2A_20m_{patch}.nc", engine="h5netcdf", mask_and_scale=False)
    fine, coarse = fine.sel(timestamp=slice(first, last)), coarse.sel(timestamp=slice(first, last))
    np.testing.assert_array_equal(fine.timestamp.values, coarse.timestamp.values)
    ten = np.stack([fine[b].values for b in ("B02", "B03", "B04", "B08")], axis=1)
    twenty = np.stack([coarse[b].values for b in ("B05", "B06", "B07", "B8A", "B11", "B12")], axis=1)
    twenty = twenty.repeat(2, axis=2).repeat(2, axis=3)
    stack = np.concatenate([ten[:, :3], twenty[:, :3], ten[:, 3:], twenty[:, 3:]], axis=1).astype(np.uint16)
    scl = coarse["SCL"].values.repeat(2, axis=1).repeat(2, axis=2).astype(np.uint8)
    months = fine["timestamp"].dt.month.values

    composite, masked = monthly_composite(stack, scl, months)

    assert composite.shape == (12, 10, 64, 64)
    assert np.isfinite(composite).all()
    # independently, for a sample of pixels: numpy's own median of what is clear
    at = np.random.default_rng(0).integers(0, 64, (40, 2))
    for row, column in at:
        clear = ~np.isin(scl[:, row, column], MASKED_SCL)
        for month in range(1, 13):
            values = stack[clear & (months == month), :, row, column]
            expected = np.median(values if len(values) else stack[clear, :, row, column], axis=0)
            np.testing.assert_allclose(composite[month - 1, :, row, column], expected)
            assert masked[month - 1, row, column] == (len(values) == 0)
    # a cloudy scene is bright in the blue: with the mask the year's worst blue falls
    raw = np.stack(
        [np.median(stack[months == m, 0], axis=0) if (months == m).any() else stack[0, 0] for m in range(1, 13)]
    )
    assert np.percentile(composite[:, 0], 99) < np.percentile(raw, 99)
    assert 0 <= masked.mean() < 0.5
