"""The survey's tools on the world of `tests/tiny.py`, every number counted by hand."""

import pytest

from retrieval.errors import BadArgument, NoRecords, NoSuchYear, UnknownRegion
from tests import tiny
from tools.context import Context
from tools.describe_data import describe_data
from tools.point_history import point_history
from tools.survey import checked_near
from tools.survey_verbs import (
    compare_regions,
    compare_years,
    count_points,
    find_points,
    nearest_records,
    rank_points,
    share_points,
)


@pytest.fixture(scope="module")
def world(tiny_store):
    return Context.open(tiny_store)


def test_where_lists_the_points_of_the_class_in_the_region_in_the_latest_year(world):
    result = find_points(world, regions=["nuts:FRJ1"], land_cover=["B82"])
    assert result.value == 3
    assert result.years == (2022,)
    assert [row["point_id"] for row in result.table.dicts()] == ["38002300", "38022300", "38042300"]


def test_features_are_geojson_points_longitude_first(world):
    feature = find_points(world, regions=["iso:FR-34"], land_cover=["B82"]).features["features"][0]
    lon, lat = feature["geometry"]["coordinates"]
    assert (lon, lat) == pytest.approx(tiny.TO_LONLAT.transform(3_800_000, 2_300_000))
    assert feature["properties"]["land_cover"] == "B82"


def test_a_parent_class_counts_its_children(world):
    cropland = count_points(world, regions=["country:FR"], land_cover=["B00"], years=[2018])
    assert cropland.value == 12  # the rows 2300 (B82) and 2302 (B11)


def test_an_excluded_class_is_left_out(world):
    other = count_points(world, regions=["country:FR"], land_cover=["B00"], exclude=["B82"], years=[2018])
    assert other.value == 6


def test_land_use_and_land_cover_are_asked_for_together(world):
    assert count_points(world, land_cover=["E00"], land_use=["U110"], years=[2018]).value == 6
    assert count_points(world, land_cover=["E00"], land_use=["U370"], years=[2018]).value == 0


def test_several_years_are_a_row_each_and_no_single_value(world):
    result = count_points(world, regions=["country:FR"], land_cover=["B82"], years=[2018, 2022])
    assert result.value is None
    assert result.table.rows == ((2018, 6, 30), (2022, 5, 24))


def test_points_without_a_recorded_code_are_counted_by_the_outline(world):
    assert count_points(world, regions=["nuts:FRJ2"], land_cover=["B82"], years=[2018]).value == 3


def test_two_regions_are_counted_together_and_a_point_in_both_once(world):
    both = count_points(world, regions=["nuts:FRJ1", "iso:FR-34"], land_cover=["B82"], years=[2018])
    assert both.value == 3


def test_a_limit_shortens_the_list_and_never_the_count(world):
    result = find_points(world, land_cover=["B82"], years=[2018], limit=2)
    assert (result.value, len(result.table)) == (6, 2)
    assert ("truncated", {"shown": 2, "points": 6}) in result.caveats


def test_within_a_radius_only_the_points_inside_the_circle(world):
    lon, lat = tiny.TO_LONLAT.transform(3_800_000, 2_300_000)
    near = {"lon": lon, "lat": lat, "km": 2.5, "name": "corner"}
    assert {row["point_id"] for row in find_points(world, near=near, years=[2018]).table.dicts()} == {
        "38002300",
        "38022300",
        "38002302",
    }


def test_a_drawn_area_is_asked_like_a_region(world):
    import shapely

    outline = tiny.block(3799, 2299, 3801, 2309)
    region = world.region("iso:FR-34")
    drawn = type(region)(**{**region.__dict__, "id": "aoi:west-1", "name": "west", "level": "aoi"})
    inside = world.with_area(drawn, outline)
    assert count_points(inside, regions=["aoi:west-1"], years=[2018]).value == 5
    bound = find_points(inside, regions=["aoi:west-1"], years=[2018]).provenance.parameters.values()
    assert any(isinstance(one, str) and shapely.from_wkt(one).equals(outline) for one in bound)


def test_shares_are_of_points_and_say_so(world):
    result = share_points(world, regions=["country:FR"], land_cover=["B82"], years=[2018])
    assert (result.value, result.unit) == (20.0, "% of points")
    assert ("points_not_area", {}) in result.caveats


def test_the_main_classes_of_a_region_add_up(world):
    rows = list(share_points(world, regions=["country:FR"], years=[2018]).table.dicts())
    assert {row["land_cover"]: row["points"] for row in rows} == {"A00": 6, "B00": 12, "C00": 6, "E00": 6}


def test_regions_are_ranked_and_ties_share_their_place(world):
    result = rank_points(world, land_cover=["B82"], level="nuts2", within=["country:FR"], years=[2018])
    assert [(row["rank"], row["points"]) for row in result.table.dicts()] == [(1, 3), (1, 3)]
    latest = rank_points(world, land_cover=["B82"], level="nuts2", years=[2022], limit=1)
    assert [row["region_id"] for row in latest.table.dicts()] == ["nuts:FRJ1"]


def test_classes_are_ranked_within_a_parent(world):
    result = rank_points(world, by="classes", within=["country:FR"], land_cover=["B00"], years=[2022])
    assert [(row["class"], row["points"]) for row in result.table.dicts()] == [("B16", 7), ("B82", 5)]


def test_no_filter_of_a_ranking_is_dropped(world):
    """Near a place, without a class, and of a cover among the uses: each changes the ranking."""
    lon, lat = tiny.TO_LONLAT.transform(3_800_000, 2_300_000)
    near = {"lon": lon, "lat": lat, "km": 2.5, "name": "corner"}

    def ranked(**arguments):
        result = rank_points(world, within=["country:FR"], years=[2018], **arguments)
        return {row.get("class", row.get("region_id")): row["points"] for row in result.table.dicts()}

    assert ranked(near=near) == {"nuts:FRJ1": 3}
    assert ranked(by="classes", near=near) == {"B82": 2, "B11": 1}
    assert ranked(by="classes", land_cover=["B00"]) == {"B11": 6, "B82": 6}
    assert ranked(by="classes", land_cover=["B00"], exclude=["B82"]) == {"B11": 6}
    assert ranked(by="classes", theme="land_use", land_cover=["E00"]) == {"U111": 6}
    assert ranked(land_cover=["B00"], exclude=["B82"]) == {"nuts:FRJ1": 3, "nuts:FRJ2": 3}


def test_change_is_counted_on_revisited_points_alone(world):
    result = compare_years(world, regions=["country:FR"], land_cover=["B82"])
    [told] = result.told[0].rows
    assert (told["stayed"], told["lost"], told["gained"], told["revisited"]) == (5, 1, 0, 24)
    assert result.value == -1
    lost = [f["properties"] for f in result.features["features"] if f["properties"]["change"] == "lost"]
    assert [(p["point_id"], p["land_cover_to"]) for p in lost] == [("38102300", "B16")]


def test_regions_stand_side_by_side(world):
    result = compare_regions(world, regions=["nuts:FRJ1", "nuts:FRJ2"], land_cover=["B82"])
    assert [(row["region_id"], row["points"], row["surveyed"]) for row in result.table.dicts()] == [
        ("nuts:FRJ1", 3, 12),
        ("nuts:FRJ2", 2, 12),
    ]


def test_the_nearest_record_comes_first_with_its_distance(world):
    lon, lat = tiny.TO_LONLAT.transform(3_800_000, 2_303_000)
    result = nearest_records(world, lon=lon, lat=lat, land_cover=["B82"], years=[2018], limit=1)
    assert result.value == pytest.approx(3.0, rel=0.01)
    assert result.table.rows[0][0] == "38002300"


def test_a_point_tells_its_visits(world):
    result = point_history(world, point_id="38102300")
    assert [(row["year"], row["land_cover"]) for row in result.table.dicts()] == [(2018, "B82"), (2022, "B16")]


def test_the_data_describes_itself(world):
    assert {row["kind"] for row in describe_data(world).table.dicts()} >= {"survey", "statistics", "regions"}


@pytest.mark.parametrize("tool", [find_points, count_points, share_points])
def test_a_year_without_a_survey_names_the_nearest_ones(world, tool):
    with pytest.raises(NoSuchYear, match="2018, 2022"):
        tool(world, land_cover=["B82"], years=[2020])


def test_an_unknown_region_is_refused_by_name(world):
    with pytest.raises(UnknownRegion, match="Atlantis"):
        find_points(world, regions=["Atlantis"], land_cover=["B82"])


def test_a_class_nobody_saw_is_a_zero_not_an_error(world):
    assert find_points(world, regions=["country:FR"], land_cover=["B81"]).value == 0


def test_a_point_that_is_not_there_is_refused(world):
    with pytest.raises(NoRecords, match="12345678"):
        point_history(world, point_id="12345678")


@pytest.mark.parametrize("point_id", ["", "abc", "123456789", "1; drop table points"])
def test_what_is_no_point_id_is_refused(world, point_id):
    with pytest.raises(BadArgument, match="no LUCAS point id"):
        point_history(world, point_id=point_id)


@pytest.mark.parametrize("near", [{"lon": 300, "lat": 0, "km": 5}, {"lon": 3, "lat": 43, "km": 0}])
def test_an_impossible_circle_is_refused(near):
    with pytest.raises(BadArgument):
        checked_near(near)


def test_a_comparison_needs_two_regions(world):
    with pytest.raises(BadArgument, match="two regions"):
        compare_regions(world, regions=["nuts:FRJ1"], land_cover=["B82"])


def test_every_result_is_replayable(world):
    first = rank_points(world, land_cover=["B82"], level="nuts2", within=["country:FR"])
    again = rank_points(world, **first.arguments)
    assert again.to_json() == first.to_json()


@pytest.mark.real
@pytest.mark.parametrize(("region", "points"), [("ES42", 57), ("FRJ1", 25), ("ES23", 12), ("ITG1", 12)])
def test_real_vineyard_points_of_2018_by_recorded_region(real_store, region, points):
    result = find_points(Context.open(real_store), regions=[f"nuts:{region}"], land_cover=["B82"], years=[2018])
    assert result.value == points
    assert not result.provenance.synthetic
    assert "soil_sample" in {key for key, _ in result.caveats}


@pytest.mark.real
def test_duckdb_and_pandas_agree_on_every_class_of_every_region(real_store, shared_data):
    import pandas as pd

    records = pd.read_parquet(shared_data / "lucas" / "lucas_points_2015_2018.parquet")
    expected = records[records.year == 2018].groupby(["nuts2", "lc1"]).size()
    world = Context.open(real_store)
    for nuts2 in ("ES61", "FRJ1", "ITF4", "SE33", "PL91"):
        ranked = rank_points(world, by="classes", within=[f"nuts:{nuts2}"], years=[2018], limit=1000)
        assert {row["class"]: row["points"] for row in ranked.table.dicts()} == expected[nuts2].to_dict()
        assert count_points(world, regions=[f"nuts:{nuts2}"], years=[2018]).value == expected[nuts2].sum()


def test_a_region_without_an_outline_says_that_points_cannot_be_placed_in_it(demo_store):
    result = count_points(Context.open(demo_store), regions=["nuts:UKM2"], land_cover=["B82"])
    assert result.value == 0
    assert "unplaced" in {key for key, _ in result.caveats}
