"""What may be said of figures with an error: differences, ratios, ranks, words, breaks of method."""

from __future__ import annotations

import math

import numpy as np
import pytest

from retrieval.query import Column, Expression, Filter, Query
from retrieval.store import Store
from tools import uncertainty
from tools.context import Context
from tools.query import answer


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


def test_classes_that_exclude_each_other_are_apart_with_more_error_than_independent_ones():
    """Surveys of 500 points on land of 45 % and 35 %: the difference of 10 points is held as often as is promised."""
    seen = np.random.default_rng(1).multinomial(500, [0.45, 0.35, 0.2], size=4_000) / 500
    held = {"exclusive": 0, "independent": 0}
    for one, other, _ in seen:
        errors = [math.sqrt(p * (1 - p) / 500) for p in (one, other)]
        for way, shared in (("exclusive", uncertainty.exclusive(one, other)), ("independent", 0.0)):
            apart = uncertainty.apart(one - other, errors, shared)
            assert apart
            held[way] += apart.low <= 0.1 <= apart.high
    assert 0.94 <= held["exclusive"] / len(seen) <= 0.96
    assert held["independent"] / len(seen) < 0.88
    assert uncertainty.exclusive(0.5, 0.5) == -1


def difference(*sides: tuple[str, str], op: str = "difference") -> Query:
    """Two classes, each in a region, in 2022."""
    columns = [Column(name, "share", (Filter("region", "in", (region,)), Filter("land_cover", "in", (code,))))
               for name, (region, code) in zip("ab", sides, strict=True)]  # fmt: skip
    return Query(
        "published", (*columns, Column(op, "", (), Expression(op, "a", "b"))), (Filter("year", "in", (2022,)),)
    )


@pytest.mark.real
def test_the_query_takes_classes_of_one_land_as_exclusive_and_those_of_two_as_independent(real_store: Store) -> None:
    real = Context.open(real_store)
    found = {}
    for name, sides in (("one", (("country:FR", "C00"), ("country:FR", "B00"))),
                        ("two", (("country:FR", "C00"), ("country:DE", "B00"))),
                        ("part", (("country:FR", "B82"), ("country:FR", "B00")))):  # fmt: skip
        result = answer(difference(*sides), real)
        errors = [answer(Query("published", (Column("share", "share"),), (Filter("region", "in", (region,)),
                  Filter("land_cover", "in", (code,)), Filter("year", "in", (2022,)))), real).facts["uncertainty"]["se"]
                  for region, code in sides]  # fmt: skip
        found[name] = (result.facts["uncertainty"]["se"], errors)
    for name, shared in (("one", uncertainty.exclusive(0.337, 0.273)), ("two", 0.0), ("part", 0.0)):
        se, errors = found[name]
        apart = uncertainty.apart(0.0, errors, shared)
        assert apart
        assert se == pytest.approx(apart.se, rel=0.01)


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
