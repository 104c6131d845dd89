"""What may be said of figures with an error: differences, ratios, ranks, words, breaks of method."""

from __future__ import annotations

import pytest

from tools import uncertainty


def test_a_difference_is_told_only_where_nothing_lies_outside_its_interval():
    apart = uncertainty.apart(-0.7, [0.4994, 0.682])
    assert apart
    assert (round(apart.se, 3), round(apart.low, 2), round(apart.high, 2)) == (0.845, -2.36, 0.96)
    assert not apart.told
    assert round(apart.least, 2) == 2.37
    far = uncertainty.apart(-2.4, [0.4994, 0.682])
    assert far
    assert far.told
    assert uncertainty.apart(1.0, [0.5, None]) is None


@pytest.mark.parametrize(
    ("cv", "word"),
    [(10, "good"), (10.1, "usable"), (30, "usable"), (50, "low"), (51, "order_of_magnitude"), (None, None)],
)
def test_reliability_is_a_word_for_the_coefficient_of_variation(cv, word):
    assert uncertainty.reliability(cv) == word


def test_figures_far_apart_keep_their_rank_and_equal_ones_share_theirs():
    far = uncertainty.rank_ranges([30.0, 20.0, 10.0], [0.5, 0.5, 0.5])
    assert far == [(1, 1), (2, 2), (3, 3)]
    near = uncertainty.rank_ranges([30.0, 29.9, 10.0], [1.0, 1.0, 1.0])
    assert near == [(1, 2), (1, 2), (3, 3)]
    assert uncertainty.rank_ranges([1.0, 30.0, 20.0], [0.1, None, 0.1], most=False) == [(1, 1), None, (2, 2)]


@pytest.mark.parametrize(
    ("codes", "country", "years", "expected"),
    [
        (["B81"], "ES", (2015, 2018), (2015, 2018)),
        (["B82"], "FR", (2018, 2022), (2018, 2022)),
        (["E00"], "ES", (2012, 2022), (2015, 2018)),
        (["E00"], "DE", (2015, 2018), None),
        (["E00"], "ES", (2018, 2022), None),
        (["B11"], "FR", (2018, 2022), None),
        (["C00"], "ES", (2009, 2015), None),
    ],
)
def test_a_break_of_method_forbids_some_changes(codes, country, years, expected):
    assert uncertainty.broken(codes, country, *years) == expected


def test_a_break_of_method_that_forbids_no_change_is_still_known():
    assert uncertainty.edition_break(["E00"], 2015, 2018) == (2015, 2018)
    assert uncertainty.edition_break(["B11"], 2015, 2022) == (2018, 2022)
    assert uncertainty.edition_break(["A00"], 2009, 2022) is None


def test_percentages_have_no_digit_finer_than_half_their_error():
    assert (uncertainty.decimals(0.13), uncertainty.decimals(0.045)) == (1, 2)
