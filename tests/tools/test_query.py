"""The typed query: its form, what it refuses, and that no filter is ever dropped. Small worlds counted by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import BadArgument, LandaskError, NoRecords, NotPublished
from retrieval.query import Column, Condition, Expression, Filter, Fold, Group, Order, Query, Ref
from retrieval.sources import SOURCES
from retrieval.statistics_files import read_statistics
from retrieval.store import Store
from tests import tiny
from tools.compile import compile_query
from tools.context import Context
from tools.query import answer, filled
from tools.result import Result

POINTS, SURVEYED, SHARE = Column("points", "points"), Column("surveyed", "surveyed"), Column("share", "share")
Y2018, Y2022 = Filter("year", "in", (2018,)), Filter("year", "in", (2022,))
VINES = Filter("land_cover", "in", ("B82",))


@pytest.fixture(scope="session")
def context(built_stores: Path) -> Iterator[Context]:
    """The tiny world with elevations: its row number in tens of metres, recorded in 2018 only."""
    path = built_stores / "tiny_high.duckdb"
    if not path.exists():
        tiny.write(path, elevated=True)
    with Store.open(path) as store:
        yield Context.open(store)


def survey(*where: Filter, **rest: object) -> Query:
    return Query("survey", (POINTS,), where, **rest)  # ty: ignore[invalid-argument-type]


def rows_of(query: Query, context: Context) -> dict[object, object]:
    table = answer(query, context).table
    assert table
    key = next(i for i, name in enumerate(table.columns) if name != "rank")
    at = table.columns.index(query.headline.name if query.headline else "points")
    return {row[key]: row[at] for row in table.rows}


# --- what it answers -------------------------------------------------------------------------------------------------


def test_points_are_counted_beside_all_that_were_looked_at(context: Context) -> None:
    result = answer(Query("survey", (POINTS, SURVEYED), (VINES, Y2018)), context)
    assert result.table
    assert result.table.rows == ((6, 30),)


def test_a_share_of_points_is_of_what_was_looked_at_in_its_own_row_place_and_column(context: Context) -> None:
    share = Column("share_of_points", "share_of_points")
    alone = answer(Query("survey", (share,), (VINES, Y2018)), context)
    assert alone.value == 20.0  # 6 of 30
    assert alone.table
    assert alone.table.columns == ("share_of_points",), "what it was worked out of is no column"
    by_region = Query("survey", (POINTS, SURVEYED), (VINES, Y2018), (Group("region", "nuts2"),))
    counted = answer(by_region, context).table
    assert counted
    at = [counted.columns.index(name) for name in ("region_id", "points", "surveyed")]
    wanted = {row[at[0]]: round(100 * row[at[1]] / row[at[2]], 1) for row in counted.rows}
    assert rows_of(replace(by_region, columns=(share,)), context) == wanted
    above = replace(by_region, columns=(share,), having=(Condition("share_of_points", ">", 15),))
    assert rows_of(above, context) == {region: value for region, value in wanted.items() if value > 15}
    use, cover = Group("land_use", "1"), Filter("land_cover", "in", ("E00",))
    shares = rows_of(Query("survey", (share,), (cover, Y2018), (use,)), context)
    farmed, looked = answer(survey(cover, Filter("land_use", "in", ("U100",)), Y2018), context).value, 30
    assert shares["U100"] == round(100 * farmed / looked, 1)  # ty: ignore[unsupported-operator]


def test_rows_by_region_count_each_and_keep_a_zero(context: Context) -> None:
    maize = Filter("land_cover", "in", ("B16",))
    by_region = Query("survey", (POINTS,), (maize, Y2022), (Group("region", "nuts2"),))
    assert rows_of(by_region, context) == {"nuts:FRJ1": 3, "nuts:FRJ2": 4}
    assert rows_of(replace(by_region, where=(maize, Y2018)), context) == {"nuts:FRJ1": 0, "nuts:FRJ2": 0}


def test_cover_and_use_narrow_together(context: Context) -> None:
    farmed = Filter("land_use", "in", ("U111",))
    assert answer(survey(farmed, Y2018), context).value == 18
    assert answer(survey(farmed, Filter("land_cover", "in", ("E00",)), Y2018), context).value == 6


def test_a_class_without_another(context: Context) -> None:
    crops = Filter("land_cover", "in", ("B00",))
    assert answer(survey(crops, Y2018), context).value == 12
    assert answer(survey(crops, Filter("land_cover", "not_in", ("B11",)), Y2018), context).value == 6


def test_a_place_left_out_of_its_parent(context: Context) -> None:
    france, herault = Filter("region", "in", ("country:FR",)), Filter("region", "not_in", ("iso:FR-34",))
    assert answer(survey(VINES, Y2018, france), context).value == 6
    assert answer(survey(VINES, Y2018, france, herault), context).value == 4


def test_overlapping_regions_count_a_point_once(context: Context) -> None:
    both = Filter("region", "in", ("nuts:FRJ1", "iso:FR-34"))
    assert answer(survey(VINES, Y2018, both), context).value == 3


def test_two_filters_on_places_hold_together(context: Context) -> None:
    """Not as alternatives: what lies in one of each."""
    france, west = Filter("region", "in", ("country:FR",)), Filter("region", "in", ("nuts:FRJ1",))
    both = Filter("region", "in", ("nuts:FRJ1", "nuts:FRJ2"))
    for one, other, points in ((france, west, 3), (west, france, 3), (both, west, 3), (france, both, 6)):
        assert answer(survey(VINES, Y2018, one, other), context).value == points
    rows = survey(VINES, Y2018, both, west, rows=(Group("region", "nuts2"),))
    assert rows_of(rows, context) == {"nuts:FRJ1": 3}
    published = Query("published", (SHARE,), (france, west, VINES, Y2022))
    assert answer(published, context).value == answer(replace(published, where=published.where[1:]), context).value
    with pytest.raises(BadArgument, match="no land in common"):
        answer(survey(VINES, Y2018, west, Filter("region", "in", ("nuts:FRJ2",))), context)


def test_columns_with_years_of_their_own_give_the_change(context: Context) -> None:
    columns = (
        Column("before", "points", (Y2018,)),
        Column("after", "points", (Y2022,)),
        Column("change", "", (), Expression("difference", "after", "before")),
    )
    result = answer(Query("survey", columns, (VINES,)), context)
    assert result.table
    assert result.table.rows == ((6, 5, -1),)
    assert result.value == -1


def test_a_part_of_a_whole(context: Context) -> None:
    columns = (
        Column("there", "points", (Filter("region", "in", ("nuts:FRJ1",)),)),
        Column("everywhere", "points", (Filter("region", "in", ("country:FR",)),)),
        Column("share", "", (), Expression("percent", "there", "everywhere")),
    )
    assert answer(Query("survey", columns, (VINES, Y2018)), context).value == 50.0


def test_a_column_without_a_place_is_of_everywhere_whatever_the_others_name(context: Context) -> None:
    """Not of the place beside it: 3 of 6 vineyard points, never 3 of 3."""
    west, west_not = Filter("region", "in", ("nuts:FRJ1",)), Filter("region", "not_in", ("nuts:FRJ1",))
    columns = (Column("there", "points", (west,)), Column("elsewhere", "points", (west_not,)), POINTS, SURVEYED)
    table = answer(Query("survey", columns, (VINES, Y2018)), context).table
    assert table
    assert table.rows == ((3, 3, 6, 30),)
    beside = (Column("there", "points", (west,)), Column("moved", "points"))
    kept = Query("survey", beside, (VINES, Y2018, Filter("region", "in", ("country:FR",))))
    told = answer(kept, context).table
    assert told
    assert told.rows == ((3, 6),), "the place of the whole query holds where a column has none"


def test_published_figures_are_of_no_place_that_was_not_named(context: Context) -> None:
    columns = (Column("there", "share", (Filter("region", "in", ("nuts:FRJ1",)),)), SHARE)
    with pytest.raises(BadArgument, match="published needs a place: name one for each column"):
        answer(Query("published", columns, (VINES, Y2022)), context)


def test_a_region_without_any_is_not_among_those_with_most(context: Context) -> None:
    maize = survey(Filter("land_cover", "in", ("B16",)), Y2018, rows=(Group("region", "nuts2"),), limit=1)
    most = answer(replace(maize, order=(Order("points"),)), context)
    assert most.table is not None
    assert most.table.rows == ()
    fewest = replace(maize, order=(Order("points", "fewest"),))
    assert rows_of(fewest, context) == {"nuts:FRJ1": 0, "nuts:FRJ2": 0}


def test_what_points_became(context: Context) -> None:
    pair = (Filter("year_from", "in", (2018,)), Filter("year_to", "in", (2022,)))
    wheat = Filter("land_cover_from", "in", ("B11",))
    became = Query("revisits", (POINTS,), (*pair, wheat), (Group("land_cover_to", "3"),))
    assert rows_of(became, context) == {"B16": 6}
    stayed = Filter("land_cover_to", "in", ("B11",))
    assert answer(replace(became, where=(*pair, wheat, stayed), rows=()), context).value == 0


def test_the_highest_point_and_the_northernmost(context: Context) -> None:
    highest = Query("survey", (), (Y2018,), (Group("point"),), order=(Order("elevation"),), limit=1)
    result = answer(highest, context)
    assert result.value == 40
    assert len(result.table or ()) == 6  # six points of row 2308 share it
    assert "tied_rows" in [key for key, _ in result.caveats]


def test_elevation_above_and_its_mean(context: Context) -> None:
    above = Filter("elevation", "above", (20,))
    assert answer(survey(Y2018, above), context).value == 12
    mean = Query("survey", (Column("mean", "mean_elevation"),), (Y2018, VINES))
    assert answer(mean, context).value == 0.0


def test_elevation_of_a_year_without_any_is_refused_not_zero(context: Context) -> None:
    with pytest.raises(NoRecords, match="elevation in 2022"):
        answer(survey(Y2022, Filter("elevation", "above", (20,))), context)


def test_rows_are_kept_by_a_condition_and_folded_to_one_number(context: Context) -> None:
    regions = survey(VINES, Y2018, rows=(Group("region", "nuts2"),), having=(Condition("points", ">=", 3),))
    assert answer(replace(regions, fold=Fold("count")), context).value == 2
    assert answer(replace(regions, fold=Fold("sum", "points")), context).value == 6
    assert answer(replace(regions, having=(Condition("points", ">", 3),), fold=Fold("count")), context).value == 0


def test_ties_with_the_last_one_kept_are_told(context: Context) -> None:
    first = survey(VINES, Y2018, rows=(Group("region", "nuts2"),), order=(Order("points"),), limit=1)
    result = answer(first, context)
    assert len(result.table or ()) == 2
    assert "tied_rows" in [key for key, _ in result.caveats]


def test_members_may_overlap(context: Context) -> None:
    members = Group("land_cover", members=(("B11",), ("B00",)))
    both = Query("survey", (POINTS, SURVEYED), (Y2018,), (members,))
    result = answer(both, context)
    assert result.table
    assert [row[0::2] for row in result.table.rows] == [("B00", 12), ("B11", 6)]
    assert result.table.column("surveyed") == [30, 30]


def test_published_shares_parents_are_never_added_to_their_children(context: Context) -> None:
    wood = Query(
        "published", (SHARE,), (Filter("region", "in", ("country:FR",)), Filter("land_cover", "in", ("C00",)), Y2018)
    )
    assert answer(wood, context).value == 33.1
    with_parts = replace(wood, where=(*wood.where[:1], Filter("land_cover", "in", ("C00", "C10")), Y2018))
    assert answer(with_parts, context).value == 33.1


def test_published_class_taken_from_its_parent(context: Context) -> None:
    place = (Filter("region", "in", ("country:FR",)), Y2018)
    crops, cereals = Filter("land_cover", "in", ("B00",)), Filter("land_cover", "in", ("B10",))
    rest = Query("published", (SHARE,), (*place, crops, Filter("land_cover", "not_in", ("B10",))))
    each = [answer(Query("published", (SHARE,), (*place, one)), context).value for one in (crops, cereals)]
    assert answer(rest, context).value == pytest.approx(each[0] - each[1])


AREA = Column("km2", "km2")


def vines_in(*regions: str, year: int = 2022) -> tuple[Filter, ...]:
    return Filter("region", "in", regions), Filter("land_cover", "in", ("B82",)), Filter("year", "in", (year,))


def test_a_published_area_has_its_interval(context: Context) -> None:
    result = answer(Query("published", (AREA,), vines_in("nuts:FRJ1")), context)
    assert (round(result.value), result.interval, result.level) == (2_737, (2_434.0, 3_072.0), 0.95)
    assert result.facts["uncertainty"]["reliability"] == "good"
    assert result.table
    assert result.table.columns == ("km2", "km2_status", "km2_low", "km2_high")


def test_a_sum_of_classes_has_the_root_of_the_sum_of_squares(context: Context) -> None:
    place = (Filter("region", "in", ("country:FR",)), Y2022)

    def of(*codes: str) -> Result:
        return answer(Query("published", (SHARE,), (*place, Filter("land_cover", "in", codes))), context)

    each, whole = [of("B11"), of("B12")], of("B11", "B12")
    errors = [one.facts["uncertainty"]["se"] for one in each]
    assert whole.facts["uncertainty"]["se"] == pytest.approx(sum(e * e for e in errors) ** 0.5, abs=2e-4)


def test_a_change_has_the_error_of_both_years_without_that_of_their_common_grid(context: Context) -> None:
    grass = (Filter("region", "in", ("country:FR",)), Filter("land_cover", "in", ("E00",)))
    years = [Column(f"y{y}", "share", (Filter("year", "in", (y,)),)) for y in (2009, 2015)]
    less = Column("change", expression=Expression("difference", "y2015", "y2009"))
    result = answer(Query("published", (*years, less), grass), context)
    figures = {
        r["year"]: r["value"] * r["cv"] / 100
        for r in read_statistics().to_pylist()
        if (r["code"], r["land_cover"]) == ("FR", "E00") and r["year"] in (2009, 2015)
    }
    se = sum(e * e for e in figures.values()) ** 0.5
    assert result.facts["uncertainty"]["se"] == pytest.approx(se, rel=0.05)
    assert result.interval == pytest.approx((result.value - 1.96 * se, result.value + 1.96 * se), abs=0.06)
    assert result.facts["uncertainty"]["minimum_detectable"] == pytest.approx(2.8 * se, rel=0.05)


def test_no_change_is_given_across_a_break_of_the_surveys_method(context: Context) -> None:
    """Permanent crops were told in another way from 2018 on; of woodland a change is a change."""
    years = [Column(f"y{y}", "share", (Filter("year", "in", (y,)),)) for y in (2015, 2022)]
    change = Column("change", expression=Expression("difference", "y2022", "y2015"))
    where = vines_in("country:FR")[:2]
    vines = answer(Query("published", (*years, change), where), context)
    assert vines.value is None
    assert vines.interval is None
    assert "method_changed" in dict(vines.caveats)
    wood = answer(Query("published", (*years, change), (where[0], Filter("land_cover", "in", ("C00",)))), context)
    assert wood.value is not None
    assert "method_changed" not in dict(wood.caveats)
    ranked = Query("published", (*years, change), where[1:], (Group("region", "nuts2"),), order=(Order("change"),))
    assert set(rows_of(ranked, context).values()) == {None}


def test_a_ratio_of_two_regions_has_an_interval_and_a_part_of_all_rows_none(context: Context) -> None:
    sides = [Column(name, "km2", vines_in(id)[:1]) for name, id in (("a", "nuts:FRJ1"), ("b", "country:FR"))]
    ratio = Column("ratio", expression=Expression("ratio", "b", "a"))
    result = answer(Query("published", (*sides, ratio), vines_in("country:FR")[1:]), context)
    low, high = result.interval or (0.0, 0.0)
    assert low < result.value < high
    assert low * high == pytest.approx(result.value**2, rel=0.01)
    part = Column("part", expression=Expression("part", "km2"))
    rows = Group("region", members=(("nuts:FRJ1",), ("country:FR",)))
    assert answer(Query("published", (AREA, part), vines_in("country:FR")[1:], (rows,)), context).interval is None


def test_those_that_an_earlier_query_found(context: Context) -> None:
    first = answer(survey(Filter("land_cover", "in", ("B16",)), Y2022, rows=(Group("region", "nuts2"),),
                          having=(Condition("points", ">", 3),)), context)  # fmt: skip
    inside = survey(VINES, Y2018, Filter("region", "in", Ref(1)))
    outside = survey(VINES, Y2018, Filter("region", "in", ("country:FR",)), Filter("region", "not_in", Ref(1)))
    assert answer(filled(inside, [first]), context).value == 3
    assert answer(filled(outside, [first]), context).value == 3


# --- no filter is dropped --------------------------------------------------------------------------------------------

NARROWING = {
    "region": Filter("region", "in", ("nuts:FRJ1",)),
    "land_cover": VINES,
    "land_use": Filter("land_use", "in", ("U120",)),
    "elevation": Filter("elevation", "above", (25,)),
    "lon": Filter("lon", "above", (tiny.TO_LONLAT.transform(3_805_000, 2_304_000)[0],)),
    "lat": Filter("lat", "below", (tiny.TO_LONLAT.transform(3_805_000, 2_303_000)[1],)),
    "position": Filter("position", "near", (*tiny.TO_LONLAT.transform(3_800_000, 2_300_000), 3)),
    "month": Filter("month", "in", (5,)),
    "point": Filter("point", "in", (38002300,)),
}
SHAPES = {
    "one number": Query("survey", (POINTS,), (Y2018,)),
    "by region": Query("survey", (POINTS,), (Y2018,), (Group("region", "nuts2"),)),
    "by class": Query("survey", (POINTS,), (Y2018,), (Group("land_cover", "3"),)),
    "by use": Query("survey", (POINTS,), (Y2018,), (Group("land_use", "3"),)),
    "by members": Query("survey", (POINTS,), (Y2018,), (Group("land_cover", members=(("A00",), ("B00",), ("E00",))),)),
    "by year": Query("survey", (POINTS,), (), (Group("year"),)),
    "by month": Query("survey", (POINTS,), (Y2018,), (Group("month"),)),
    "points": Query("survey", (), (Y2018,), (Group("point"),)),
    "two columns": Query("survey", (POINTS, Column("vines", "points", (VINES,))), (Y2018,)),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NARROWING)
def test_every_filter_changes_the_answer_of_every_shape(name: str, shape: str, context: Context) -> None:
    plain, narrowing = SHAPES[shape], NARROWING[name]
    if shape == "by year" and name in ("elevation",):
        plain = replace(plain, where=(Y2018,))
    narrowed = replace(plain, where=(*plain.where, narrowing))
    one, other = answer(plain, context), answer(narrowed, context)
    assert one.table is not None
    assert other.table is not None
    assert one.table.rows != other.table.rows, f"{name} was dropped"


@pytest.mark.parametrize("op", ["not_in", "not_near", "below"])
def test_what_is_left_out_and_what_is_kept_make_the_whole(op: str, context: Context) -> None:
    pairs = {
        "not_in": [NARROWING[n] for n in ("land_cover", "land_use", "region", "point")],
        "not_near": [NARROWING["position"]],
        "below": [Filter("elevation", "above", (25,)), Filter("lon", "above", (3.2,))],
    }[op]
    whole = answer(survey(Y2018), context).value
    for kept in pairs:
        out = replace(kept, op=op)  # ty: ignore[invalid-argument-type]
        assert answer(survey(Y2018, kept), context).value + answer(survey(Y2018, out), context).value == whole


# --- what it refuses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (Query("weather", (POINTS,)), "no source 'weather'; there are survey"),
        (Query("survey", (Column("x", "price"),)), "no measure 'price'"),
        (survey(Filter("colour", "in", ("red",)), Y2018), "no dimension 'colour'"),
        (survey(Y2018, rows=(Group("land_cover", "9"),)), "no level of land_cover '9'"),
        (survey(), "points is not added up over year"),
        (survey(Filter("year", "in", (2018, 2022))), "points is not added up over year"),
        (Query("published", (SHARE,), (VINES, Y2018)), "published needs a place"),
        (survey(Y2018, limit=3), "a limit needs an order"),
        (survey(Y2018, order=(Order("area"),)), "no column 'area'"),
        (survey(Y2018, fold=Fold("count")), "a fold makes one number of several rows"),
        (survey(Y2018, Filter("elevation", "in", ("x' OR 1=1",))), "elevation takes numbers"),
        (survey(Y2018, Filter("region", "in", Ref(1))), "refers to an earlier result"),
        (Query("survey", (Column("d", "", (), Expression("difference", "a", "b")),), (Y2018,)), "is made of 'a'"),
    ],
)  # fmt: skip
def test_it_is_refused_by_the_name_of_what_does_not_exist(query: Query, said: str, context: Context) -> None:
    with pytest.raises(BadArgument, match=said.replace("(", r"\(")):
        compile_query(query, context)


def test_a_class_the_table_does_not_have_names_the_one_above(context: Context) -> None:
    fine = Query(
        "published", (SHARE,), (Filter("region", "in", ("country:FR",)), Filter("land_cover", "in", ("G11",)), Y2018)
    )
    with pytest.raises(NotPublished) as refused:
        compile_query(fine, context)
    assert refused.value.instead == ("G00",)


# --- its form --------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["points", "a", "b", "region", "land_cover", "year", "x"])
VALUES = st.lists(st.text(max_size=5) | st.integers(0, 9), min_size=1, max_size=3).map(tuple)
FILTERS = st.one_of(
    st.builds(Filter, NAMES, st.sampled_from(["in", "not_in"]), VALUES),
    st.builds(Filter, NAMES, st.just("between"), st.tuples(st.none() | st.integers(0, 9), st.integers(0, 9))),
    st.builds(Filter, NAMES, st.just("in"), st.builds(Ref, st.integers(1, 3))),
)


def tuples(of: st.SearchStrategy, most: int) -> st.SearchStrategy:
    return st.lists(of, max_size=most).map(tuple)


COLUMNS = st.lists(st.builds(Column, NAMES, NAMES, tuples(FILTERS, 2)), max_size=3, unique_by=lambda c: c.name)
QUERIES = st.builds(
    Query,
    source=NAMES,
    columns=COLUMNS.map(tuple),
    where=tuples(FILTERS, 3),
    rows=tuples(st.builds(Group, NAMES, st.sampled_from(["", "1", "nuts2"])), 2),
    having=tuples(st.builds(Condition, NAMES, st.sampled_from(["<", ">=", "<>"]), st.integers(-5, 5)), 2),
    order=tuples(st.builds(Order, NAMES, st.sampled_from(["most", "fewest"])), 1),
    limit=st.none() | st.integers(1, 50),
    fold=st.none() | st.builds(Fold, st.just("count")) | st.builds(Fold, st.just("mean"), NAMES),
    lead=NAMES,
)


@given(QUERIES)
def test_a_query_is_the_same_after_a_trip_through_json(query: Query) -> None:
    assert Query.from_json(json.loads(json.dumps(query.to_json()))) == query


KEYS = st.sampled_from(["source", "columns", "where", "rows", "dimension", "op", "values", "limit", "fold", "name"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


def reading_of(value: object) -> str:
    """Return what reading a value as a query comes to, in a line."""
    try:
        return f"a query of {Query.from_json(value).source!r}"
    except BadArgument as error:
        return str(error)


@given(JSON)
def test_what_is_no_query_is_refused_in_a_line(value: object) -> None:
    line = reading_of(value)
    assert line
    assert "\n" not in line


@given(QUERIES)
def test_a_query_compiles_or_is_refused(context: Context, query: Query) -> None:
    with suppress(LandaskError):
        compile_query(query, context)


def test_compiled_text_is_one_select_over_the_sources_table_without_a_value_in_it(context: Context) -> None:
    tables = {source.relation for source in SOURCES.values()}
    for shape in SHAPES.values():
        for narrowing in NARROWING.values():
            if shape.rows == (Group("year"),) and narrowing.dimension == "elevation":
                continue
            compiled = compile_query(replace(shape, where=(*shape.where, narrowing)), context)
            (statement,) = sqlglot.parse(compiled.sql.replace("$", ":"), dialect="duckdb")
            assert statement
            assert isinstance(statement, sqlglot.exp.Select)
            assert {t.name for t in statement.find_all(sqlglot.exp.Table)} <= tables
            literals = {str(one.this) for one in statement.find_all(sqlglot.exp.Literal)}
            assert not literals & {str(v) for v in compiled.parameters.values()} - {"1", "2", "3"}
