"""What counts as a pixel's year, and what is refused."""

import numpy as np
import pytest

from retrieval.errors import BadArgument
from tools.pixelclip.bands import BANDS, HIGH, LOW, WRONG_ORDERS, normalise, read_years, to_calendar
from tools.pixelclip.recipe import simulated, simulated_classes


@pytest.fixture(scope="module")
def years() -> np.ndarray:
    return np.concatenate([simulated([code], 4, seed=1) for code in ("B11", "B16", "C10", "E20", "A10", "B82", "D20")])


def test_the_table_is_applied_as_published():
    x = np.zeros((1, 12, 10), np.float32) + LOW + HIGH / 2
    np.testing.assert_allclose(normalise(x), 0.5, atol=1e-6)
    assert normalise(np.full((1, 12, 10), 1e6, np.float32)).max() == 1
    assert normalise(np.zeros((1, 12, 10), np.float32)).min() == 0


def test_a_missing_month_gets_the_median_of_the_year_and_is_reported(years):
    gap = years.copy()
    gap[0, 3] = np.nan
    read = read_years(gap)
    np.testing.assert_allclose(read.values[0, 3], np.median(np.delete(years[0], 3, axis=0), axis=0))
    assert read.masked[0].tolist() == [False] * 3 + [True] + [False] * 8
    assert read.usable.all()


@pytest.mark.parametrize("nothing", [np.nan, 0, 65535])
def test_nan_zero_and_65535_are_all_missing(years, nothing):
    gap = years.copy()
    gap[2, 7, 4] = nothing
    assert read_years(gap).masked[2, 7]


def test_an_all_cloud_year_is_not_usable_and_does_not_spoil_the_others(years):
    gap = years.copy()
    gap[5] = np.nan
    read = read_years(gap)
    assert not read.usable[5]
    assert read.usable.sum() == len(years) - 1
    np.testing.assert_array_equal(read.values[4], years[4])


def test_a_missing_b8a_is_taken_from_b8_and_another_missing_band_makes_the_pixel_unusable(years):
    gap = years.copy()
    gap[0, :, 7] = np.nan
    gap[1, :, 9] = np.nan
    read = read_years(gap)
    np.testing.assert_array_equal(read.values[0, :, 7], years[0, :, 6])
    assert read.usable[:2].tolist() == [True, False]
    assert read.missing_bands[1].tolist() == [False] * 9 + [True]


def test_reflectance_from_0_to_1_is_refused(years):
    with pytest.raises(BadArgument, match="multiply by 10 000"):
        read_years(years / 10_000)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 12, 9), "9 bands"),
        ((3, 11, 10), "11 months"),
        ((3, 10, 12), r"expected \(pixels, months, bands\)"),
        ((4,), "pixel years"),
    ],
)
def test_other_shapes_are_refused_with_what_is_wrong(shape, message):
    with pytest.raises(BadArgument, match=message):
        read_years(np.ones(shape))


@pytest.mark.parametrize("name", WRONG_ORDERS)
def test_bands_in_another_order_are_recognised(years, name):
    shuffled = years[:, :, list(WRONG_ORDERS[name])]
    with pytest.raises(BadArgument, match="the bands look") as refused:
        read_years(shuffled)
    assert name in str(refused.value)


def test_the_right_order_is_never_refused_for_any_single_land_cover():
    for code in simulated_classes():
        read_years(simulated([code], 25, seed=3))


def test_a_year_that_starts_in_october_is_turned_to_january():
    year = np.repeat(np.arange(10, 22)[:, None] % 12, 10, axis=1)  # October = 10 … September = 21 % 12 = 9
    turned = to_calendar(year, 10)
    assert turned[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0]


def test_simulated_years_are_the_same_for_a_seed_and_differ_by_land_cover():
    np.testing.assert_array_equal(simulated(["B82"], 3, 7), simulated(["B82"], 3, 7))
    assert not np.allclose(simulated(["B82"], 3, 7), simulated(["B82"], 3, 8))
    ndvi = lambda y: (y[..., 6] - y[..., 2]) / (y[..., 6] + y[..., 2])  # noqa: E731
    maize, wheat = ndvi(simulated(["B16"], 20, 0)).mean(axis=0), ndvi(simulated(["B11"], 20, 0)).mean(axis=0)
    assert maize[7] > wheat[7]  # August: maize stands, wheat is stubble
    assert wheat[3] > maize[3]  # April
    assert len(BANDS) == 10
