from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from retrieval.region_rows import DATA
from retrieval.regions import (
    COUNTRIES,
    LANGUAGES,
    RegionSet,
    area_km2,
    bundled_regions,
    code_id,
    equal_area,
    is_checked,
    merge_regions,
    normalise,
    read_regions,
    read_rows,
)

SURVEYED = shapely.box(-12, 34, 35, 72)


@pytest.fixture(scope="module")
def bundled() -> RegionSet:
    return bundled_regions()


@pytest.fixture(scope="module")
def rows(bundled: RegionSet) -> dict[str, dict]:
    return {row["id"]: row for row in bundled.regions}


@pytest.fixture(scope="module")
def names(bundled: RegionSet) -> dict[str, dict[str, set[str]]]:
    """Region id → language → names, names of the same land together under the preferred id."""
    preferred = {row["id"]: row["same_as"] for row in bundled.regions}
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name in bundled.names:
        if name["kind"] != "code":
            found[preferred[name["region_id"]]][name["language"]].add(name["name"])
            found[name["region_id"]][name["language"]].add(name["name"])
    return found


def table_codes() -> set[str]:
    table = pq.read_table(DATA / "official_shares" / "shares.parquet", columns=["code"])
    return set(table["code"].to_pylist())


def known_ids(rows: dict[str, dict]) -> dict[str, str]:
    recoded = {row["old_code"]: code_id(row["code"]) for row in read_rows("vintages")}
    return {code: recoded.get(code, code_id(code)) for code in table_codes()}


def test_every_code_of_the_official_table_is_a_region(rows: dict[str, dict]) -> None:
    ids = known_ids(rows)
    assert len(ids) == 401
    assert {code for code, identifier in ids.items() if identifier not in rows} == set()


def test_every_code_of_the_official_table_has_a_national_and_an_english_name(rows, names) -> None:
    without = {
        code
        for code, identifier in known_ids(rows).items()
        if not (
            names[rows[identifier]["same_as"]]["en"] or names[identifier]["en"] or is_same_in_english(identifier, rows)
        )
        or not rows[identifier]["name"]
    }
    assert without == set()


def is_same_in_english(identifier: str, rows: dict[str, dict]) -> bool:
    """Names that have no other form in English: the national one is it."""
    return rows[identifier]["level"] in ("nuts1", "nuts2") and rows[identifier]["name"].isascii()


def test_countries_are_named_in_every_language(names) -> None:
    for country in COUNTRIES:
        for language in LANGUAGES:
            assert names[f"country:{country}"][language], (country, language)


def test_the_same_land_under_several_codes_has_one_preferred_id(rows) -> None:
    assert rows["nuts:LU00"]["same_as"] == rows["nuts:LU0"]["same_as"] == "country:LU"
    assert rows["iso:DE-BY"]["same_as"] == "nuts:DE2"
    assert rows["nuts:DE4"]["same_as"] == rows["iso:DE-BB"]["same_as"] == "nuts:DE40"
    assert rows["iso:AT-9"]["same_as"] == "nuts:AT13"


def test_regions_whose_borders_changed_are_not_the_same_land(rows) -> None:
    for changed in read_rows("successors"):
        new, old = rows.get(code_id(changed["code"])), rows.get(code_id(changed["old_code"]))
        assert new is None or old is None or new["same_as"] != old["same_as"], changed


def test_recoded_regions_name_regions_that_exist(rows) -> None:
    for row in read_rows("vintages"):
        assert code_id(row["code"]) in rows


def test_parents_exist_and_lead_to_the_country(rows) -> None:
    for row in rows.values():
        seen = []
        while row["parent"]:
            seen.append(row["id"])
            assert len(seen) < 6
            row = rows[row["parent"]]
        assert row["level"] in ("country", "group", "foreign"), seen


def test_group_members_exist(rows) -> None:
    for group in read_rows("groups"):
        assert all(member in rows for member in group["members"].split()), group["id"]


def test_outlines_are_valid_polygons_in_longitude_and_latitude(bundled: RegionSet) -> None:
    shapes = shapely.from_wkb(np.array([row["wkb"] for row in bundled.regions if row["wkb"]]))
    assert shapely.is_valid(shapes).all()
    assert set(shapely.get_type_id(shapes)) <= {3, 6}
    assert SURVEYED.buffer(2).contains(shapely.box(*shapely.total_bounds(shapes)))


def test_areas_agree_with_the_ellipsoid(rows) -> None:
    outline = shapely.from_wkb(rows["iso:FR-34"]["wkb"])
    square_metres, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(outline))
    assert area_km2(outline) == pytest.approx(abs(square_metres) / 1e6, rel=2e-4)
    assert rows["iso:FR-34"]["area_km2"] == pytest.approx(6_224, rel=0.02)  # INSEE


def test_merging_a_set_with_itself_changes_nothing(bundled: RegionSet) -> None:
    merged = merge_regions([bundled, bundled])
    assert len(merged) == len(bundled)
    assert len(merged.names) == len(bundled.names)


def test_names_are_compared_without_case_accents_and_punctuation() -> None:
    assert normalise("Provence-Alpes-Côte d’Azur") == normalise("PROVENCE ALPES COTE D'AZUR")
    assert normalise("Łódź") == "lodz"
    assert normalise("Gießen") == "giessen"
    assert normalise("Κρήτη") == "κρητη"
    every = "".join(map(chr, range(128)))
    assert normalise(every) == normalise(f"{every}\u0301")  # the short way of plain letters is the long way
    assert normalise("🍇🍇") == ""


# --- against real outlines -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nuts(shared_data: Path) -> geopandas.GeoSeries:
    table = geopandas.read_parquet(shared_data / "nuts_2016" / "nuts_2016_20m.parquet").set_index("nuts_id")
    return table.geometry.intersection(SURVEYED).to_crs(3035)


def agreement(ours: shapely.Geometry, theirs: shapely.Geometry) -> tuple[float, float]:
    """Intersection over union; and the same without strips of up to 4 km along the border."""
    union = ours.union(theirs).area
    apart = ours.symmetric_difference(theirs).buffer(-2000).buffer(2000).area
    return ours.intersection(theirs).area / union, 1 - apart / union


@pytest.mark.real
@pytest.mark.slow
def test_dissolved_outlines_agree_with_nuts_2016_or_are_listed_as_none(rows, nuts) -> None:
    recorded = {row["code"]: row for row in read_rows("outlines")}
    drawn = {row["id"].split(":")[1]: row for row in rows.values() if row["wkb"] and row["id"][:4] in ("nuts", "coun")}
    joined = {row["code"] for row in read_rows("nuts") if row["parts"]}
    assert drawn.keys() <= recorded.keys() | joined
    for code in sorted(drawn.keys() - joined):
        everywhere, beyond_border = agreement(equal_area(shapely.from_wkb(drawn[code]["wkb"])), nuts[code])
        assert everywhere >= 0.95 or (everywhere >= 0.7 and beyond_border >= 0.95), code
        assert everywhere == pytest.approx(float(recorded[code]["iou"]), abs=0.01), code
    assert all(code in drawn for code, row in recorded.items() if is_checked(row))
    assert all(rows[code_id(c)]["wkb"] is None for c, row in recorded.items() if not is_checked(row))


@pytest.mark.real
def test_the_official_french_outlines_themselves_reach_095_in_part_only(shared_data: Path, nuts) -> None:
    """Why the check looks away from the border too: the NUTS polygons are drawn for 1:20 million."""
    departments = geopandas.read_file(shared_data / "france_admin" / "departements.geojson").to_crs(3035)
    inside = {row["id"]: row["nuts2"] for row in read_rows("concordance") if row["country"] == "FR"}
    regions = departments.dissolve(by=[inside[f"iso:FR-{code}"] for code in departments["code"]]).geometry
    reached = {code: agreement(shape, nuts[code]) for code, shape in regions.items()}
    below = {code for code, (everywhere, _) in reached.items() if everywhere < 0.95}
    assert len(reached) == 22
    assert below == {"FR10", "FRD1", "FRD2", "FRE1", "FRF1", "FRH0", "FRM0"}
    assert all(beyond_border > 0.95 for _, beyond_border in reached.values())


@pytest.mark.real
def test_coverage_of_the_concordance_is_counted_by_country(capsys) -> None:
    from retrieval.regions import coverage

    counted = {row["country"]: row for row in coverage()}
    assert set(counted) == set(COUNTRIES)
    assert counted["FR"]["nuts2"] == counted["FR"]["nuts2_drawn"] == 22
    assert counted["IT"]["nuts2_drawn"] == 21
    assert counted["PT"]["nuts2_drawn"] == 1  # the Algarve: districts cross the other borders
    assert sum(row["subdivisions"] for row in counted.values()) == len(read_rows("concordance"))


@pytest.mark.real
def test_an_ingested_nuts_file_takes_over_outlines_and_keeps_everyday_names(
    bundled: RegionSet, shared_data: Path
) -> None:
    nuts = read_regions(shared_data / "nuts_2016" / "nuts_2016_20m.parquet")
    merged = {row["id"]: row for row in merge_regions([bundled, nuts]).regions}
    assert merged["nuts:FRJ"]["source"] == "nuts_2016"
    assert merged["nuts:FRJ"]["name"] == "Occitanie"
    assert merged["iso:FR-34"]["same_as"] == "nuts:FRJ13"
    assert merged["nuts:LU000"]["same_as"] == "country:LU"
    assert merged["nuts:AT130"]["same_as"] == "nuts:AT13"
