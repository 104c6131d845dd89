from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from retrieval.region_rows import DATA, region_row
from retrieval.regions import (
    COUNTRIES,
    LANGUAGES,
    RegionSet,
    area_km2,
    bundled_regions,
    code_id,
    coverage,
    dissolved_outlines,
    equal_area,
    merge_regions,
    normalise,
    read_regions,
    read_rows,
    without_outline,
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


def agreement(ours: shapely.Geometry, theirs: shapely.Geometry) -> float:
    """Intersection over union of two outlines in EPSG:3035."""
    return ours.intersection(theirs).area / ours.union(theirs).area


def counterpart(code: str, nuts: geopandas.GeoSeries) -> shapely.Geometry | None:
    """Return the NUTS 2016 polygon of a code, of one of another version that of its parts; None where there is none."""
    if code in nuts.index:
        return nuts[code]
    nuts3 = {row["id"]: row["nuts3"] for row in read_rows("concordance")}
    parts = next(row["parts"] for row in read_rows("nuts") if row["code"] == code).split()
    codes = [nuts3.get(part) or part.removeprefix("nuts:") for part in parts]
    return shapely.union_all([nuts[c] for c in codes]) if codes and set(codes) <= set(nuts.index) else None


@pytest.mark.real
@pytest.mark.slow
def test_the_agreement_of_every_outline_with_nuts_2016_is_the_one_stated(nuts) -> None:
    shapes = dissolved_outlines()
    measured = {
        code: agreement(equal_area(shape), theirs)
        for code, shape in shapes.items()
        if (theirs := counterpart(code, nuts)) is not None
    }
    stated = {row["code"]: row["iou"] for row in read_rows("outlines")}
    assert set(stated) == set(shapes)
    assert measured == pytest.approx({code: float(iou) for code, iou in stated.items() if iou}, abs=0.0011)
    assert len(measured) == 407
    assert np.median(list(measured.values())) > 0.92


def test_every_code_of_the_official_table_has_an_outline(rows) -> None:
    ids = known_ids(rows).values()
    drawn = {rows[identifier]["same_as"] for identifier in rows if rows[identifier]["wkb"]}
    groups = {row["id"] for row in read_rows("groups")}
    assert {i for i in ids if i not in groups and rows[i]["same_as"] not in drawn} == set()
    assert without_outline() == ("UKM2", "UKM3")


def test_regions_of_one_level_do_not_overlap_and_cover_their_country(rows) -> None:
    for country, level in (("DE", "nuts2"), ("PL", "nuts2"), ("ES", "nuts2"), ("FR", "nuts2")):
        apart = [
            shapely.from_wkb(row["wkb"])
            for row in rows.values()
            if (row["country"], row["level"]) == (country, level) and row["wkb"]
        ]
        whole = shapely.from_wkb(rows[f"country:{country}"]["wkb"])
        assert sum(shape.area for shape in apart) == pytest.approx(whole.area, rel=2e-3)
        assert shapely.union_all(apart).area == pytest.approx(whole.area, rel=2e-3)


def test_regions_meet_the_coast_of_their_subdivisions(rows) -> None:
    for region, parts in (("nuts:FRM0", ("iso:FR-2A", "iso:FR-2B")), ("nuts:ITG1", ()), ("country:IE", ())):
        inside = parts or [i for i, row in rows.items() if row["parent"] == region and row["level"] == "subdivision"]
        apart = shapely.union_all([shapely.from_wkb(rows[i]["wkb"]) for i in inside])
        whole = shapely.from_wkb(rows[region]["wkb"])
        assert not inside or whole.symmetric_difference(apart).area < 1e-6


def test_the_agreement_of_every_region_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "regions.md").read_text(encoding="utf-8")
    stated = {row["code"]: row["iou"] or "–" for row in read_rows("outlines")}
    for row in read_rows("nuts"):
        assert f"{row['code']} {stated.get(row['code'], 'none')} " in page


@pytest.mark.real
def test_the_official_french_outlines_themselves_reach_095_in_part_only(shared_data: Path, nuts) -> None:
    """What the bound costs: the NUTS polygons are drawn for 1:20 million, a corner every 15 km."""
    departments = geopandas.read_file(shared_data / "france_admin" / "departements.geojson").to_crs(3035)
    inside = {row["id"]: row["nuts2"] for row in read_rows("concordance") if row["country"] == "FR"}
    regions = departments.dissolve(by=[inside[f"iso:FR-{code}"] for code in departments["code"]]).geometry
    reached = {code: agreement(shape, nuts[code]) for code, shape in regions.items()}
    below = {code for code, iou in reached.items() if iou < 0.95}
    assert len(reached) == 22
    assert below == {"FR10", "FRD1", "FRD2", "FRE1", "FRF1", "FRH0", "FRM0"}


def test_coverage_of_the_concordance_is_counted_by_country() -> None:
    counted = {row["country"]: row for row in coverage()}
    assert set(counted) == set(COUNTRIES)
    assert (counted["FR"]["nuts2_drawn"], counted["FR"]["nuts2"]) == (22, 22)
    assert counted["PT"]["in_one_nuts2"] < counted["PT"]["subdivisions"]  # districts cross the borders of regions
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


def test_of_one_version_in_several_scales_the_finest_outline_stays() -> None:
    fine, coarse = (
        RegionSet("nuts_2021", "NUTS", "2021", "©", "©", "0" * 64, (_circle(corners),), ()) for corners in (64, 8)
    )
    for order in ((fine, coarse), (coarse, fine)):
        assert merge_regions(order).regions[0]["wkb"] == fine.regions[0]["wkb"]


def _circle(corners: int) -> dict[str, Any]:
    source = {"id": "nuts_2021", "vintage": "2021", "licence": "©"}
    outline = shapely.Point(4, 44).buffer(1, quad_segs=corners // 4)
    return region_row("nuts:FRJ1", "Languedoc-Roussillon", "nuts2", "FR", None, outline, source)
