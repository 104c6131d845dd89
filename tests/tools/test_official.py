"""The tools over the published figures, against the bundled table."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import shapely

from retrieval.errors import BadArgument, NoSuchYear, NotPublished, OutOfCoverage, TooFine, UnknownRegion
from retrieval.published_cells import settle
from retrieval.query import Column, Expression, Filter, Fold, Group, Query
from retrieval.statistics import MAIN_CLASSES, PARTS_TOLERANCE, PUBLISHED_CLASSES
from retrieval.statistics_files import read_region_areas, read_statistics
from retrieval.store import Store, extension_settings, load_spatial
from retrieval.types import Region
from tools import official, official_maps
from tools.context import Context
from tools.published_verbs import change_official, compare_official, official_share, profile_region, rank_official
from tools.query import answer
from tools.result import Result


@pytest.fixture(scope="module")
def world(demo_store: Store) -> Context:
    return Context.open(demo_store)


@pytest.fixture(scope="module")
def published() -> dict[tuple[str, str, int], tuple[float, str]]:
    """Code, class and year → value and flag, straight from the bundled file."""
    return {(r["code"], r["land_cover"], r["year"]): (r["value"], r["flag"]) for r in read_statistics().to_pylist()}


def keys(result: Result) -> set[str]:
    return {key for key, _ in result.caveats}


def slots(result: Result, key: str) -> dict:
    return next(dict(slots) for name, slots in result.caveats if name == key)


def column(result: Result, name: str) -> list:
    assert result.table
    return result.table.column(name)


# ── shares and areas ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_swedens_woodland_in_2018_is_the_published_figure_with_its_source(world):
    result = official_share(world, land_cover=["C00"], regions=["country:SE"], years=[2018])
    assert (result.value, result.unit, result.years) == (62.4, "%", (2018,))
    assert (result.interval, result.level) == ((59.9, 64.8), 0.95)  # cv 2.0 and a grid of 111,856 points
    source = result.provenance
    assert (source.dataset, source.licence, source.synthetic) == ("lan_lcv_ovw", "CC BY 4.0", False)
    assert source.sql
    assert "FROM published_cells" in source.sql
    assert ["country:SE"] in source.parameters.values()
    assert len(source.sha256 or "") == 64
    assert "Eurostat" in source.attribution


def test_any_published_cell_is_given_as_it_is(world, published):
    picked = random.Random(4).sample(sorted(k for k in published if len(k[0]) == 2 and k[0] != "EU"), 60)
    for code, land_cover, year in picked:
        value, flag = published[code, land_cover, year]
        result = official_share(world, land_cover=[land_cover], regions=[f"country:{code}"], years=[year])
        assert column(result, "flag") == [flag]
        assert result.value == (None if flag == "n" else value), (code, land_cover, year)


def test_without_a_year_the_latest_published_one_answers(world):
    assert official_share(world, land_cover=["C00"], regions=["country:SE"]).years == (2022,)
    kingdom = official_share(world, land_cover=["C00"], regions=["country:UK"])
    assert kingdom.years == (2018,)


def test_an_area_is_share_times_total_area_and_says_so_with_its_rounding(world):
    areas = {row["code"]: row["area_km2"] for row in read_region_areas().to_pylist()}
    result = official_share(world, land_cover=["C00"], regions=["country:SE"], years=[2018], unit="km2")
    assert result.value == round(0.624 * areas["SE"])
    computed = slots(result, "computed_area")
    assert computed["share_rounding_km2"] == round(0.0005 * areas["SE"])
    assert computed["low"] == round(0.6235 * areas["SE"])
    assert computed["high"] == round(0.6245 * areas["SE"])
    hectares = official_share(world, land_cover=["C00"], regions=["country:SE"], years=[2018], unit="ha")
    assert hectares.value == pytest.approx(100 * 0.624 * areas["SE"], abs=1)


def test_several_classes_are_added_up_and_said_to_be(world, published):
    result = official_share(world, land_cover=["B11", "B12"], regions=["country:FR"], years=[2022])
    assert result.value == round(published["FR", "B11", 2022][0] + published["FR", "B12", 2022][0], 1)
    assert "computed_sum" in keys(result)
    each = [official_share(world, land_cover=[c], regions=["country:FR"], years=[2022]) for c in ("B11", "B12")]
    errors = [one.facts["uncertainty"]["se"] for one in each]
    assert result.facts["uncertainty"]["se"] == pytest.approx(sum(e * e for e in errors) ** 0.5, abs=2e-4)
    assert result.interval[0] < result.value < result.interval[1]


def test_a_part_that_is_not_published_is_named(world):
    result = official_share(world, land_cover=["B11", "B12"], regions=["country:SE"], years=[2022])
    assert slots(result, "incomplete_sum")["land_cover"] == "durum wheat"


def test_all_parts_of_a_class_are_the_class(world):
    parts = official_share(world, land_cover=["C10", "C20", "C30"], regions=["country:SE"], years=[2018])
    assert parts.land_cover == ("C00",)
    assert parts.value == 62.4


def test_a_class_left_out_is_taken_off(world, published):
    result = official_share(world, land_cover=["B00"], exclude=["B80"], regions=["country:ES"], years=[2022])
    assert result.value == round(published["ES", "B00", 2022][0] - published["ES", "B80", 2022][0], 1)
    assert "computed_sum" in keys(result)


def test_classes_people_have_one_word_for_are_called_by_it_in_what_is_said_beside_a_figure(world):
    arable = ["B10", "B10-50_PI", "B20", "B30", "B40", "B50"]
    result = official_share(world, land_cover=arable, regions=["country:FR"], years=[2022])
    assert slots(result, "computed_sum")["land_cover"] == "arable land"
    less = official_share(
        world, land_cover=["B00"], exclude=["B70", "B70-80_PI", "B80"], regions=["country:FR"], years=[2022]
    )
    assert slots(less, "computed_sum")["land_cover"] == "cropland − permanent crops"


def test_the_map_has_the_region_with_value_class_and_status(world):
    result = official_share(world, land_cover=["C00"], regions=["country:SE"], years=[2018])
    assert result.features
    [feature] = result.features["features"]
    assert feature["properties"]["value"] == 62.4
    assert feature["properties"]["status"] == "published"
    assert feature["properties"]["class_break"] == 0
    assert feature["geometry"]["type"] == "MultiPolygon"


@pytest.fixture(scope="module")
def small(demo_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The bundled store with five figures of Luxembourg alone, 1,000 km² large."""
    yield from cut(
        demo_store,
        tmp_path_factory.mktemp("small") / "store.duckdb",
        "DELETE FROM statistics",
        "INSERT INTO statistics (code, land_cover, year, unit, value, flag) VALUES ('LU', 'C00', 2022, 'KM2', 250, ''),"
        " ('LU', 'E00', 2022, 'PC', 9.9, ''), ('LU', 'B11', 2022, 'PC', 4.0, 'u'), ('LU', 'B13', 2022, 'PC', 0.0, 'n')",
        "INSERT INTO statistics (code, land_cover, year, unit, value, flag) VALUES ('BE', 'B12', 2022, 'PC', 1.0, '')",
        "UPDATE region_areas SET area_km2 = 1000 WHERE code = 'LU'",
    )


def cut(store: Store, path: Path, *changes: str) -> Iterator[Context]:
    """A copy of a store whose table of figures is changed and settled anew."""
    shutil.copy(store.path, path)
    with duckdb.connect(str(path), config=extension_settings()) as connection:
        load_spatial(connection)
        for change in ("DELETE FROM published_cells", *changes):
            connection.execute(change)
        settle(connection)
    with Store.open(path) as opened:
        yield Context.open(opened)


def cell(context: Context, *land_cover: str) -> official.Cell:
    """A figure of Luxembourg in 2022."""
    region = context.named("country:LU")
    return official.cells(context, [region], land_cover).get(region, 2022)


def test_a_published_area_is_taken_as_it_is_and_its_share_is_computed(small):
    woodland, grassland = cell(small, "C00"), cell(small, "E00")
    assert (woodland.percent, woodland.percent_computed) == (25.0, True)
    assert (woodland.km2, woodland.km2_computed) == (250.0, False)
    assert (grassland.km2, grassland.km2_computed) == (99.0, True)


def test_a_sum_is_at_least_its_published_parts(small):
    found = cell(small, "B11", "B12", "B13")
    assert (found.percent, found.flag, found.missing) == (4.0, "u", ("B12", "B13"))


# ── flags and gaps ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_low_reliability_is_said_beside_the_number(world):
    result = official_share(world, land_cover=["H00"], regions=["nuts:DE50"], years=[2018])
    assert (result.value, column(result, "flag")) == (3.6, ["u"])
    assert slots(result, "low_reliability")["region"] == "Bremen"


def test_a_figure_that_is_not_significant_is_no_number(world):
    result = official_share(world, land_cover=["H00"], regions=["nuts:FR10"], years=[2022])
    assert result.value is None
    assert column(result, "status") == ["not_significant"]
    assert "not_significant" in keys(result)


def test_a_main_class_without_a_row_is_about_zero(world):
    result = official_share(world, land_cover=["H00"], regions=["nuts:ES23"], years=[2022])
    assert result.value == 0
    assert "about_zero" in keys(result)


@pytest.fixture(scope="module")
def extract(demo_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The bundled store with three figures alone: what somebody cut out of Eurostat's data browser."""
    yield from cut(
        demo_store,
        tmp_path_factory.mktemp("extract") / "store.duckdb",
        "DELETE FROM statistics WHERE (code, land_cover, year) NOT IN "
        "(('FR', 'A00', 2018), ('FR', 'B00', 2018), ('ES', 'B82', 2018))",
    )


def test_a_class_left_out_of_an_extract_is_not_about_zero(extract):
    assert official_share(extract, land_cover=["B00"], regions=["country:FR"], years=[2018]).value == 29.9
    with pytest.raises(NotPublished):
        official_share(extract, land_cover=["C00"], regions=["country:FR"], years=[2018])
    with pytest.raises(NotPublished):
        official_share(extract, land_cover=["C00"], regions=["country:ES"], years=[2018])
    text = "SELECT region_id, land_cover, status FROM published_cells WHERE status <> 'not_published' ORDER BY ALL"
    settled = extract.store.run(text, {}).rows
    here = ("country:ES", "country:FR")
    assert [row for row in settled if row[0] in here] == [
        ("country:ES", "B82", "published"),
        ("country:FR", "A00", "published"),
        ("country:FR", "B00", "published"),
    ]


def test_a_class_in_an_extract_without_its_main_class_is_its_figure(extract):
    assert official_share(extract, land_cover=["B82"], regions=["country:ES"], years=[2018]).value > 0


def test_any_other_class_without_a_row_is_refused_with_what_is_published(world):
    with pytest.raises(NotPublished) as refused:
        official_share(world, land_cover=["B82"], regions=["country:SE"], years=[2022])
    assert refused.value.instead == ("B00",)  # B80 is not significant there
    with pytest.raises(NotPublished) as refused:
        official_share(world, land_cover=["B82"], regions=["nuts:FRJ1"], years=[2015])
    assert refused.value.instead == ("B00", "2018", "2022", "country")


def test_a_class_the_table_lacks_names_its_parent(world):
    with pytest.raises(NotPublished) as refused:
        official_share(world, land_cover=["G11"], regions=["country:SE"])
    assert refused.value.instead == ("G00",)


def test_single_crops_of_2018_carry_the_unnamed_share(world, published):
    result = official_share(world, land_cover=["B81"], regions=["country:ES"], years=[2018])
    assert slots(result, "crop_break_2018")["percent"] == published["ES", "B70-80_PI", 2018][0] == 4.7
    assert "crop_break_2018" not in keys(official_share(world, land_cover=["B81"], regions=["country:ES"]))
    assert not keys(official_share(world, land_cover=["B00"], regions=["country:RO"], years=[2018]))


def test_sub_classes_that_do_not_add_up_are_told_of(world, published):
    result = official_share(world, land_cover=["C10"], regions=["nuts:RO31"], years=[2022])
    told = slots(result, "parts_do_not_sum")
    assert told["whole"] == published["RO31", "C00", 2022][0]
    assert told["sum"] > told["whole"]


def test_a_sum_of_sub_classes_that_miss_their_whole_is_told_of_too(world, published):
    arable = ["B10", "B20", "B30", "B40", "B50", "BX1"]
    result = official_share(world, land_cover=arable, regions=["nuts:DEE0"], years=[2022])
    told = slots(result, "parts_do_not_sum")
    assert told["whole"] == published["DEE0", "B00", 2022][0] == 37.0
    assert told["sum"] == 32.1


# ── vintages, aggregates, places ─────────────────────────────────────────────────────────────────────────────────────


def test_a_region_of_two_vintages_is_one_series_and_says_its_codes(world, published):
    result = official_share(world, land_cover=["C00"], regions=["nuts:FRJ1"], years=[2015, 2018])
    assert column(result, "code") == ["FR81", "FRJ1"]
    assert column(result, "value") == [published["FR81", "C00", 2015][0], published["FRJ1", "C00", 2018][0]]
    assert slots(result, "vintage")["codes"] == "FR81: 2015; FRJ1: 2018"


def test_the_old_code_is_the_same_region(world):
    old = official_share(world, land_cover=["C00"], regions=["nuts:FR81"], years=[2018])
    assert column(old, "code") == ["FRJ1"]


def test_crops_of_a_region_that_is_both_levels_come_from_the_level_that_has_them(world, published):
    result = official_share(world, land_cover=["B11"], regions=["nuts:DE40"], years=[2009])
    assert column(result, "code") == ["DE4"]
    assert result.value == published["DE4", "B11", 2009][0]


def test_a_redrawn_region_says_the_area_before_and_now(world):
    result = official_share(world, land_cover=["C00"], regions=["nuts:NL35"], years=[2018])
    told = slots(result, "boundary_shift")
    assert (told["code"], told["area_km2"], told["now_km2"]) == ("NL31", 1449, 1560)


def test_the_code_before_a_redrawing_is_asked_as_the_region_of_today(world, published):
    result = official_share(world, land_cover=["C00"], regions=["nuts:NL31"])
    assert (result.years, result.value) == ((2022,), published["NL35", "C00", 2022][0])
    assert "boundary_shift" not in keys(result)


def test_a_dissolved_region_is_its_parts_together(world, published):
    areas = {row["code"]: row["area_km2"] for row in read_region_areas().to_pylist()}
    before = official_share(world, land_cover=["C00"], regions=["nuts:PT17"], years=[2018])
    since = official_share(world, land_cover=["C00"], regions=["nuts:PT17"], years=[2022])
    assert before.value == published["PT17", "C00", 2018][0]
    weighted = sum(published[c, "C00", 2022][0] * areas[c] for c in ("PT1A", "PT1B")) / (areas["PT1A"] + areas["PT1B"])
    assert since.value == round(weighted, 1)
    assert slots(since, "computed_group")["codes"] == "PT1A+PT1B"


@pytest.mark.parametrize(
    ("year", "code", "key"),
    [
        (2022, "EU", "eu_members_27"),
        (2018, "EU27_2020", "eu_members_27"),
        (2012, "EU27_2007", "eu_membership"),
        (2009, "EU_V", "eu_membership"),
    ],
)
def test_the_union_of_each_year_says_its_members(world, published, year, code, key):
    result = official_share(world, land_cover=["C00"], regions=["group:EU"], years=[year])
    assert result.value == published[code, "C00", year][0]
    assert key in keys(result)


def test_a_group_without_an_aggregate_is_weighted_by_area(world, published):
    areas = {row["code"]: row["area_km2"] for row in read_region_areas().to_pylist()}
    result = official_share(world, land_cover=["E00"], regions=["group:benelux"], years=[2018])
    members = ("BE", "NL", "LU")
    weighted = sum(published[c, "E00", 2018][0] * areas[c] for c in members) / sum(areas[c] for c in members)
    assert result.value == round(weighted, 1)
    assert "computed_group" in keys(result)


def test_a_group_of_regions_is_weighted_by_area_and_ranked_by_its_members(world, published):
    areas = {row["code"]: row["area_km2"] for row in read_region_areas().to_pylist()}
    members = ("DE24", "DE25", "DE26")
    result = official_share(world, land_cover=["C00"], regions=["group:franconia"], years=[2022])
    weighted = sum(published[c, "C00", 2022][0] * areas[c] for c in members) / sum(areas[c] for c in members)
    assert result.value == round(weighted, 1)
    ranked = rank_official(world, land_cover=["C00"], within=["group:franconia"])
    assert set(column(ranked, "code")) == set(members)
    countries = rank_official(world, land_cover=["C00"], level="country", within=["group:baltic"])
    assert set(column(countries, "code")) == {"EE", "LV", "LT"}


def test_a_group_outside_the_table_is_refused_by_its_own_name(world):
    with pytest.raises(TooFine, match=r"^England"):
        official_share(world, land_cover=["C00"], regions=["group:england"], years=[2018])


def test_a_place_below_nuts_2_is_offered_its_region(world):
    with pytest.raises(TooFine) as refused:
        official_share(world, land_cover=["B82"], regions=["iso:FR-34"])
    assert refused.value.containing == ("Languedoc-Roussillon",)


def test_a_drawn_area_is_offered_the_region_its_middle_lies_in(world):
    drawn = Region("aoi:field-12345678", "field", "aoi", "", None, (3.5, 43.5, 3.6, 43.6), 90.0, "drawn", "", "")
    with_field = world.with_area(drawn, shapely.box(3.5, 43.5, 3.6, 43.6))
    with pytest.raises(TooFine) as refused:
        official_share(with_field, land_cover=["B82"], regions=[drawn.id])
    assert refused.value.containing == ("Languedoc-Roussillon",)


def test_parts_of_the_united_kingdom_are_offered_the_country(world):
    with pytest.raises(TooFine) as refused:
        official_share(world, land_cover=["C00"], regions=["nuts:UKI"], years=[2018])
    assert refused.value.containing == ("United Kingdom",)


def test_the_united_kingdom_ends_in_2018(world):
    with pytest.raises(NotPublished) as refused:
        official_share(world, land_cover=["C00"], regions=["country:UK"], years=[2022])
    assert refused.value.instead == ("2009", "2012", "2015", "2018")


def test_a_place_outside_the_table_is_refused(world):
    with pytest.raises((OutOfCoverage, UnknownRegion)):
        official_share(world, land_cover=["C00"], regions=["Norway"])


@pytest.mark.parametrize(("year", "near"), [(2017, (2015, 2018)), (2006, (2009, 2012)), (2030, (2018, 2022))])
def test_a_year_without_a_survey_names_the_nearest_two(world, year, near):
    with pytest.raises(NoSuchYear) as refused:
        official_share(world, land_cover=["C00"], regions=["country:SE"], years=[year])
    assert refused.value.near == near


def test_arguments_outside_their_domain_are_refused(world):
    with pytest.raises(BadArgument):
        official_share(world, land_cover=["C00"], regions=["country:SE"], unit="acres")  # ty: ignore
    with pytest.raises(BadArgument):
        official_share(world, land_cover=[], regions=["country:SE"])
    with pytest.raises(BadArgument):
        compare_official(world, land_cover=["C00"], regions=["country:SE"])
    with pytest.raises(BadArgument):
        change_official(world, land_cover=["C00"], regions=["country:SE"], year_from=2018, year_to=2009)
    with pytest.raises(BadArgument):
        rank_official(world, land_cover=["C00"], level="nuts3")  # ty: ignore
    with pytest.raises(BadArgument):
        rank_official(world, land_cover=["C00"], within=["nuts:FRJ1"])


# ── held against figures Eurostat published elsewhere ────────────────────────────────────────────────────────────────


def reference(shared_data: Path, name: str) -> list[dict[str, str]]:
    with (shared_data / "reference_stats" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_unions_shares_of_2018_are_those_of_statistics_explained(world, shared_data):
    codes = {"woodland": "C00", "cropland": "B00", "grassland": "E00", "shrubland": "D00", "artificial": "A00"}
    for row in reference(shared_data, "eurostat_land_cover_shares_eu_2018"):
        result = official_share(world, land_cover=[codes[row["landcover"]]], regions=["group:EU"], years=[2018])
        assert result.value == float(row["pct_of_area"])


def test_the_largest_vineyards_are_those_of_the_vine_statistics(world, shared_data):
    rows = reference(shared_data, "eurostat_vineyard_area_ha")
    countries = sorted((r for r in rows if r["level"] == "country"), key=lambda r: -int(r["vineyard_area_ha"]))
    ranked = rank_official(world, land_cover=["B82"], level="country", unit="ha", limit=3)
    assert column(ranked, "code") == [r["geo"] for r in countries[:3]]
    for row in (r for r in rows if r["level"] == "NUTS2"):
        code = row["geo"].partition("(")[2].rstrip(")")
        share = official_share(world, land_cover=["B82"], regions=[f"nuts:{code}"], years=[2022], unit="ha")
        assert share.value == pytest.approx(int(row["vineyard_area_ha"]), rel=0.4), code  # few points in a region


# ── ranking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_spanish_olive_regions_are_ranked_and_the_unranked_counted(world):
    result = rank_official(world, land_cover=["B81"], within=["country:ES"], limit=3)
    assert column(result, "code") == ["ES61", "ES43", "ES42"]
    assert column(result, "value") == [21.0, 7.1, 5.2]
    assert result.years == (2022,)
    assert slots(result, "unranked_not_significant") == {"count": 1, "region": "Galicia", "year": 2022}
    assert slots(result, "unranked_not_published")["count"] == 2


def test_any_ranking_is_the_order_of_the_file(world, published):
    for land_cover in random.Random(4).sample(PUBLISHED_CLASSES, 12):
        rows = sorted(
            (v for (code, lc, year), (v, flag) in published.items()
             if lc == land_cover and year == 2022 and len(code) == 2 and code != "EU" and flag != "n"),
            reverse=True,
        )  # fmt: skip
        if rows:
            result = rank_official(world, land_cover=[land_cover], level="country", year=2022, limit=40)
            assert column(result, "value") == rows, land_cover


def test_equal_figures_share_their_place_and_none_is_cut_off(world):
    result = rank_official(world, land_cover=["H00"], within=["country:ES"], order="fewest", limit=1)
    assert set(column(result, "rank")) == {1}
    assert len(column(result, "rank")) > 1
    assert "ties" in keys(result)


def test_regions_inside_a_region_are_found_under_their_old_codes(world):
    result = rank_official(world, land_cover=["C00"], within=["nuts:FRK"], year=2015)
    assert set(column(result, "code")) == {"FR71", "FR72"}


def test_regions_of_a_level_and_a_year_are_those_of_that_years_vintage(world):
    france = rank_official(world, land_cover=["C00"], within=["country:FR"], year=2015, limit=40)
    assert {code[:3] for code in column(france, "code")} == {"FR1", "FR2", "FR3", "FR4", "FR5", "FR6", "FR7", "FR8"}


def test_the_map_of_a_ranking_tells_zero_from_not_published(world):
    result = rank_official(world, land_cover=["B82"], within=["country:PL"], level="nuts2")
    assert result.features
    drawn = {f["properties"]["code"]: f["properties"]["status"] for f in result.features["features"]}
    assert set(drawn.values()) <= {"published", "zero", "not_significant", "not_published"}
    zero = rank_official(world, land_cover=["H00"], within=["country:ES"])
    assert zero.features
    assert "zero" in {f["properties"]["status"] for f in zero.features["features"]}


def test_a_subdivision_that_is_a_statistical_region_holds_its_regions(world):
    result = rank_official(world, land_cover=["C00"], within=["iso:DE-BY"], year=2022, limit=40)
    assert {code[:3] for code in column(result, "code")} == {"DE2"}
    assert len(column(result, "code")) == 7


def test_a_country_that_is_one_region_says_so(world):
    result = rank_official(world, land_cover=["C00"], within=["country:LU"])
    assert "one_region_country" in keys(result)


def test_a_country_that_was_one_region_stands_in_the_list_of_its_level(world, published):
    ranked = rank_official(world, land_cover=["C00"], within=["country:LT"], year=2015)
    assert column(ranked, "code") == ["LT00"]
    assert column(ranked, "value") == [published["LT00", "C00", 2015][0]]
    assert set(column(rank_official(world, land_cover=["C00"], within=["country:LT"]), "code")) == {"LT01", "LT02"}


def test_a_class_is_left_out_of_what_it_is_a_part_of_alone(world):
    with pytest.raises(BadArgument, match="no part of G00"):
        official_share(world, land_cover=["G00"], exclude=["C10"], regions=["country:FI"])


def test_the_united_kingdom_stands_among_countries_until_2018(world):
    before = rank_official(world, land_cover=["E00"], level="country", within=["group:EU"], year=2018, limit=40)
    after = rank_official(world, land_cover=["E00"], level="country", within=["group:EU"], year=2022, limit=40)
    assert "UK" in column(before, "code")
    assert "uk_until_2018" in keys(before)
    assert "UK" not in column(after, "code")


def test_classes_of_countries_only_are_not_ranked_by_region(world):
    with pytest.raises(NotPublished) as refused:
        rank_official(world, land_cover=["C21"], level="nuts2")
    assert refused.value.instead == ("country",)
    with pytest.raises(NotPublished) as refused:
        rank_official(world, land_cover=["B82"], level="nuts2", year=2015)
    assert refused.value.instead == ("2018", "2022", "nuts1", "country")


def test_the_suspect_figure_is_not_ranked(world):
    result = rank_official(world, land_cover=["C00"], level="nuts2", year=2009)
    assert "FI20" not in column(result, "code")
    assert "suspect" in keys(result)


# ── comparing and change ─────────────────────────────────────────────────────────────────────────────────────────────


def test_two_regions_are_compared_in_their_latest_common_year(world, published):
    result = compare_official(world, land_cover=["C00"], regions=["country:FR", "country:UK"])
    assert result.years == (2018,)
    assert result.value == round(published["FR", "C00", 2018][0] - published["UK", "C00", 2018][0], 1)
    assert result.unit == "percentage points"
    assert result.told[0].rows[0]["region"] == "France"
    assert "uk_until_2018" in keys(result)


def test_a_difference_within_the_rounding_is_none(world):
    result = compare_official(world, land_cover=["B82"], regions=["country:ES", "country:PT"], years=[2022])
    assert result.value == -0.1
    assert result.told[0].facts["margin_none"]
    assert "rounding" in keys(result)


def test_bavarias_cropland_shrank_and_its_series_is_whole(world, published):
    result = change_official(world, land_cover=["B00"], regions=["nuts:DE2"], year_from=2009)
    assert result.value == round(published["DE2", "B00", 2022][0] - published["DE2", "B00", 2009][0], 1) == -4.5
    assert result.told[0].rows[0]["change_none"] is False
    assert [c.name for c in result.told[0].query.columns] == ["2009", "2012", "2015", "2018", "2022", "change"]


def test_a_change_within_the_rounding_is_none(world):
    result = change_official(world, land_cover=["A00"], regions=["country:IT"], year_from=2009, year_to=2018)
    assert result.value == 0.0
    assert result.told[0].rows[0]["change_none"]
    assert "rounding" in keys(result)


def test_a_change_of_the_union_is_between_years_of_one_membership(world, published):
    since = change_official(world, land_cover=["C00"], regions=["group:EU"], year_from=2009)
    assert since.years == (2009, 2018)
    assert since.value == round(published["EU_V", "C00", 2018][0] - published["EU_V", "C00", 2009][0], 1)
    whole = change_official(world, land_cover=["C00"], regions=["group:EU"])
    assert (whole.years, whole.value) == ((2015, 2022), 1.8)
    mixed = change_official(world, land_cover=["C00"], regions=["group:EU"], year_from=2009, year_to=2022)
    assert mixed.value is None
    assert "not_comparable" in keys(mixed)


def test_no_change_is_given_across_a_redrawn_border(world):
    result = change_official(world, land_cover=["C00"], regions=["nuts:NL35"])
    assert result.value is None
    assert "not_comparable" in keys(result)


def test_a_change_from_a_year_that_is_not_published_names_those_that_are(world):
    with pytest.raises(NotPublished) as refused:
        change_official(world, land_cover=["C00"], regions=["country:RO"], year_from=2009)
    assert refused.value.instead == ("2012", "2015", "2018", "2022")


# ── profile ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_profile_has_the_eight_main_classes_largest_first(world):
    result = profile_region(world, regions=["country:SE"], year=2018)
    assert set(column(result, "land_cover")) == set(MAIN_CLASSES)
    assert column(result, "value") == sorted(column(result, "value"), reverse=True)
    assert "main_classes_do_not_sum" not in keys(result)


def test_a_profile_that_does_not_add_up_says_by_how_much(world):
    result = profile_region(world, regions=["nuts:DE50"], year=2018)
    assert slots(result, "main_classes_do_not_sum") == {"region": "Bremen", "year": 2018, "sum": 93.5, "whole": 100.0}


def test_a_class_is_broken_down_into_its_parts(world, published):
    result = profile_region(world, regions=["country:FR"], land_cover=["B00"], year=2018)
    assert result.told[0].rows[0]["land_cover"] == "B10"
    assert sum(column(result, "value")) == pytest.approx(published["FR", "B00", 2018][0], abs=PARTS_TOLERANCE)
    assert "parts_do_not_sum" not in keys(result)


# ── the same figures asked by a query ───────────────────────────────────────────────────────────────────────────────

SHARE = Column("share", "share")
Y2018, Y2022 = Filter("year", "in", (2018,)), Filter("year", "in", (2022,))
WOODLAND, WHEAT = Filter("land_cover", "in", ("C00",)), Filter("land_cover", "in", ("B11", "B12"))


def test_a_sum_names_the_class_that_is_not_published(world: Context) -> None:
    result = answer(Query("published", (SHARE,), (Filter("region", "in", ("country:SE",)), Y2022, WHEAT)), world)
    assert result.value == 1.0
    assert ("incomplete_sum", {"land_cover": "durum wheat"}) in result.caveats


def test_several_regions_have_no_figure_together_where_one_has_none(world: Context) -> None:
    vines = Filter("land_cover", "in", ("B82",))
    both = Filter("region", "in", ("country:SE", "country:FR"))
    result = answer(Query("published", (SHARE,), (both, Y2018, vines)), world)
    assert result.table.column("share_status") == ["not_published"]
    assert result.value is None


def test_a_list_of_a_level_names_who_has_no_figure_and_counts_those_that_have(world: Context) -> None:
    vines, countries = Filter("land_cover", "in", ("B82",)), (Group("region", "country"),)
    listed = answer(Query("published", (SHARE,), (Y2018, vines), countries), world)
    [slots] = [slots for key, slots in listed.caveats if key == "not_published"]
    assert slots["region"].startswith("Belgium, Denmark")
    counted = answer(Query("published", (SHARE,), (Y2018, vines), countries, fold=Fold("count")), world)
    assert counted.value == sum(share is not None for share in listed.table.column("share"))


def test_no_change_is_given_between_two_memberships_of_the_union_or_across_a_redrawn_border(world: Context) -> None:
    years = [Column(f"y{y}", "share", (Filter("year", "in", (y,)),)) for y in (2009, 2022)]
    less = Column("change", expression=Expression("difference", "y2022", "y2009"))
    for region, first, last in (("group:EU", "EU_V", "EU"), ("nuts:NL35", "NL31", "NL35")):
        where = (Filter("region", "in", (region,)), WOODLAND)
        result = answer(Query("published", (*years, less), where), world)
        assert result.value is None
        [slots] = [slots for key, slots in result.caveats if key == "not_comparable"]
        assert (slots["first"], slots["last"]) == (first, last)


# ── every tool ───────────────────────────────────────────────────────────────────────────────────────────────────────

EVERY = [
    (official_share, {"land_cover": ["C00"], "regions": ["country:SE"], "years": [2018]}),
    (rank_official, {"land_cover": ["B81"], "within": ["country:ES"]}),
    (compare_official, {"land_cover": ["B82"], "regions": ["country:FR", "country:IT"]}),
    (change_official, {"land_cover": ["B00"], "regions": ["nuts:DE2"], "year_from": 2009}),
    (profile_region, {"regions": ["country:FR"], "year": 2022}),
]


@pytest.mark.parametrize(("tool", "arguments"), EVERY)
def test_a_result_can_be_replayed_from_its_arguments(world, tool, arguments):
    first = tool(world, **arguments)
    again = tool(world, **first.arguments)
    assert again.to_json() == first.to_json()
    assert again.caveats == first.caveats


@pytest.mark.parametrize(("tool", "arguments"), EVERY)
def test_a_result_names_classes_and_regions_in_the_asked_language(world, tool, arguments):
    french = world.in_language("fr")
    result = tool(french, **arguments)
    for row in result.table.dicts():
        assert row["land_cover_name"] == world.nomenclature.label([row["land_cover"]], "fr")
    for region in result.regions:
        assert region.name == french.region(region.id).name


# ── legend ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_breaks_are_round_cover_every_value_and_say_how_many_fall_in_each():
    legend = official_maps.legend([1.2, 8.0, 15.5, 22.0, 31.0], "%")
    assert legend == {"breaks": [0, 10, 20, 30, 40], "unit": "%", "method": "equal", "counts": [2, 1, 1, 1]}


def test_skewed_values_get_quantiles():
    values = [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.5, 0.6, 30.0]
    legend = official_maps.legend(values, "%")
    assert legend["method"] == "quantile"
    assert sum(legend["counts"]) == len(values)
    assert max(legend["counts"]) <= 4


@pytest.mark.parametrize("values", [[], [None], [0.0], [5.0, 5.0], [-3.1], [0.1, 0.2]])
def test_breaks_of_few_or_equal_values_still_hold_them(values):
    legend = official_maps.legend(values, "%")
    known = [v for v in values if v is not None]
    assert sum(legend["counts"]) == len(known)
    for value in known:
        assert legend["breaks"][0] <= value <= legend["breaks"][-1]


def test_the_last_class_is_closed():
    assert official_maps.class_break(40.0, [0, 20, 40]) == 1
    assert official_maps.class_break(20.0, [0, 20, 40]) == 1
    assert official_maps.class_break(None, [0, 20, 40]) is None


# ── sampling error ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("region", "year", "value", "interval", "word"),
    [
        ("nuts:ES61", 2022, 263, (110, 627), "low"),
        ("nuts:FRJ1", 2018, 636, (371, 1_082), "usable"),
        ("nuts:FRJ1", 2022, 2_737, (2_434, 3_072), "good"),
        ("nuts:DEB3", 2022, 548, (464, 646), "good"),
    ],
)
def test_an_area_of_vineyards_has_its_interval(world, region, year, value, interval, word):
    result = official_share(world, land_cover=["B82"], regions=[region], years=[year], unit="km2")
    assert (result.value, result.interval, result.level) == (value, interval, 0.95)
    assert (column(result, "low"), column(result, "high")) == ([interval[0]], [interval[1]])
    assert column(result, "reliability") == [result.facts["uncertainty"]["reliability"]] == [word]


def test_the_unions_interval_of_2022_is_that_of_its_countries_together(world):
    result = official_share(world, land_cover=["B82"], regions=["group:EU"], years=[2022])
    assert result.facts["uncertainty"]["published_cv"] == 5.6
    assert result.facts["uncertainty"]["cv"] == 2.5


def test_where_no_sampling_error_is_published_it_is_said_and_no_interval_given(world, published):
    code, land_cover, year = next(
        (r["code"], r["land_cover"], r["year"])
        for r in read_statistics().to_pylist()
        if r["cv"] is None and r["value"] > 0 and r["flag"] != "n" and r["year"] == 2022 and len(r["code"]) == 4
    )
    result = official_share(world, land_cover=[land_cover], regions=[f"nuts:{code}"], years=[year])
    assert result.value == published[code, land_cover, year][0]
    assert (result.interval, result.level, result.facts["uncertainty"]["estimator"]) == (None, None, "none")
    assert "no_interval" in keys(result)


def test_bavarias_grassland_did_not_change_detectably(world):
    result = change_official(world, land_cover=["E00"], regions=["nuts:DE2"], year_from=2015, year_to=2018)
    [told] = result.told[0].rows
    assert (result.value, result.interval, told["change_least"]) == (-0.7, (-2.4, 1.0), 2.4)
    assert result.facts["uncertainty"]["se"] == pytest.approx(0.845, abs=0.01)
    assert told["change_none"]
    assert dict(slots(result, "edition_break"))["last"] == "2018"


@pytest.mark.parametrize(
    ("land_cover", "region", "first", "last"),
    [("B81", "country:ES", 2015, 2018), ("E00", "country:IT", 2015, 2018), ("B82", "nuts:FRJ1", 2018, 2022)],
)
def test_no_change_is_given_across_a_change_of_method(world, land_cover, region, first, last):
    result = change_official(world, land_cover=[land_cover], regions=[region], year_from=first, year_to=last)
    assert (result.value, result.interval, result.told[0].rows[0]["change"]) == (None, None, None)
    assert "method_changed" in keys(result)
    assert all(row["low"] < row["value"] < row["high"] for row in result.table.dicts())


def test_two_regions_whose_difference_may_be_nothing_cannot_be_told_apart(world):
    result = compare_official(world, land_cover=["B82"], regions=["nuts:ES51", "nuts:ES52"], years=[2022])
    low, high = result.interval or (0.0, 0.0)
    assert low < 0 < high
    assert result.told[0].facts["margin_none"]
    clear = compare_official(world, land_cover=["B82"], regions=["nuts:ES61", "nuts:ES51"], years=[2022])
    assert (clear.told[0].facts["margin_none"], clear.told[0].rows[0]["region"]) == (False, "Catalonia")


def test_a_ranking_says_between_which_ranks_a_region_may_lie(world):
    result = rank_official(world, land_cover=["C00"], level="nuts2", within=["country:ES"], year=2018, limit=20)
    for place, low, high in zip(*(column(result, name) for name in ("rank", "rank_from", "rank_to")), strict=True):
        assert 1 <= low <= place + 2
        assert place - 2 <= high <= len(column(result, "rank"))
    assert any(low < high for low, high in zip(column(result, "rank_from"), column(result, "rank_to"), strict=True))


def test_permanent_crops_before_2022_say_what_their_sampling_error_leaves_out(world):
    before = official_share(world, land_cover=["B82"], regions=["country:ES"], years=[2015])
    assert "permanent_crops_before_2022" in keys(before)
    assert before.interval == (0.42, 0.6)
    assert "permanent_crops_before_2022" not in keys(
        official_share(world, land_cover=["B82"], regions=["country:ES"], years=[2022])
    )
