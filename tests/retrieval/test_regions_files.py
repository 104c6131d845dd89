from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from retrieval import region_files
from retrieval.errors import BadFile, BadGeometry, OutOfCoverage
from retrieval.region_files import nice_case, nuts_vintage
from retrieval.regions import aoi_regions, french_regions, nuts_regions, read_regions

SQUARE = shapely.box(3, 43, 4, 44)


def geojson(*shapes: shapely.Geometry, names: tuple[str, ...] = ()) -> dict[str, Any]:
    features = [
        {"type": "Feature", "properties": {"name": name} if name else {}, "geometry": shapely.geometry.mapping(shape)}
        for shape, name in zip(shapes, names or ("",) * len(shapes), strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def written(folder: Path, value: dict[str, Any], name: str = "area.geojson") -> Path:
    path = folder / name
    path.write_text(json.dumps(value))
    return path


# --- areas of one's own ----------------------------------------------------------------------------------------------


def test_a_drawn_area_becomes_a_region_with_a_stable_id() -> None:
    first, second = (aoi_regions(geojson(SQUARE), name="this region") for _ in range(2))
    (row,) = first.regions
    assert row["id"].startswith("aoi:this-region-")
    assert row["id"] == second.regions[0]["id"]
    assert (row["west"], row["south"], row["east"], row["north"]) == (3, 43, 4, 44)
    assert row["area_km2"] == pytest.approx(9_000, rel=0.01)


def test_a_bare_geometry_and_a_feature_are_taken_too() -> None:
    feature = geojson(SQUARE)["features"][0]
    assert (
        aoi_regions(feature, name="a").regions[0]["id"] == aoi_regions(feature["geometry"], name="a").regions[0]["id"]
    )


def test_several_unnamed_features_are_one_area_and_named_ones_a_region_each(tmp_path: Path) -> None:
    two = (SQUARE, shapely.box(5, 43, 6, 44))
    assert len(read_regions(written(tmp_path, geojson(*two)))) == 1
    named = read_regions(written(tmp_path, geojson(*two, names=("Aude basin", "Orb basin"))))
    assert [row["name"] for row in named.regions] == ["Aude basin", "Orb basin"]


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".parquet", ".shp.zip"])
def test_an_area_is_the_same_from_every_format_and_crs(tmp_path: Path, suffix: str) -> None:
    table = geopandas.GeoDataFrame({"label": ["x"]}, geometry=[SQUARE.segmentize(0.01)], crs=4326)
    path = tmp_path / f"area{suffix}"
    if suffix == ".parquet":
        table.to_crs(3035).to_parquet(path)
    elif suffix == ".shp.zip":
        table.to_crs(3035).to_file(tmp_path / "area.shp")
        with zipfile.ZipFile(path, "w") as archive:
            for part in tmp_path.glob("area.*"):
                if part != path:
                    archive.write(part, part.name)
    else:
        (table if suffix == ".geojson" else table.to_crs(3035)).to_file(path)
    (row,) = read_regions(path).regions
    assert row["area_km2"] == pytest.approx(9_000, rel=0.01)
    assert row["west"] == pytest.approx(3, abs=1e-5)


def test_a_self_crossing_outline_is_repaired_and_that_is_said() -> None:
    bow_tie = shapely.Polygon([(3, 43), (4, 44), (4, 43), (3, 44)])
    area = aoi_regions(geojson(bow_tie), name="bow tie")
    assert area.regions[0]["area_km2"] == pytest.approx(4_500, rel=0.01)
    assert any("repaired" in note for note in area.notes)


def test_an_outline_crossing_itself_into_nothing_is_refused() -> None:
    line = shapely.Polygon([(3, 43), (4, 44), (3, 43), (3, 43)])
    with pytest.raises(BadGeometry, match="no area"):
        aoi_regions(geojson(line), name="line")


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (shapely.Polygon(), "no area in it"),
        (shapely.Point(3, 43), "a region is a polygon"),
        (shapely.LineString([(3, 43), (4, 44)]), "a region is a polygon"),
        (shapely.box(-179, 43, 179, 44), "antimeridian"),
        (shapely.box(3_000_000, 2_000_000, 3_100_000, 2_100_000), "not longitude and latitude"),
        (shapely.box(43, 3, 44, 4), "latitude seems to come before longitude"),
    ],
)
def test_what_cannot_be_a_region_is_refused_with_the_reason(shape: shapely.Geometry, why: str) -> None:
    with pytest.raises(BadGeometry, match=why):
        aoi_regions(geojson(shape), name="drawn")


def test_an_area_outside_europe_is_outside_the_data() -> None:
    with pytest.raises(OutOfCoverage, match="outside the data"):
        aoi_regions(geojson(shapely.box(-60, -10, -50, 0)), name="Amazonia")


def test_an_empty_collection_and_no_geojson_are_refused() -> None:
    with pytest.raises(BadGeometry, match="no area in it"):
        aoi_regions({"type": "FeatureCollection", "features": []}, name="none")
    with pytest.raises(BadGeometry, match="not GeoJSON"):
        aoi_regions({"type": "Polygon", "coordinates": "here"}, name="none")
    with pytest.raises(BadGeometry, match="without features"):
        aoi_regions({"type": "FeatureCollection"}, name="none")


def test_too_many_vertices_and_too_large_a_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_files, "MOST_VERTICES", 10)
    with pytest.raises(BadGeometry, match="vertices, at most 10"):
        aoi_regions(geojson(SQUARE.segmentize(0.1)), name="fine")
    monkeypatch.setattr(region_files, "LARGEST_FILE", 100)
    with pytest.raises(BadGeometry, match="MB are taken"):
        aoi_regions(written(tmp_path, geojson(SQUARE)))
    with pytest.raises(BadGeometry, match="MB are taken"):
        read_regions(written(tmp_path, geojson(SQUARE)))


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"type": "FeatureCollection"'])
def test_a_broken_file_is_one_clear_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.geojson"
    path.write_text(text)
    with pytest.raises(BadFile) as told:
        read_regions(path)
    assert "\n" not in str(told.value)
    assert "broken.geojson" in str(told.value)


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"gone\.parquet"):
        read_regions(tmp_path / "gone.parquet")


# --- NUTS and France -------------------------------------------------------------------------------------------------


@pytest.fixture
def nuts_file(tmp_path: Path) -> Callable[..., Path]:
    def write(*codes: str, names: tuple[str, ...] = ()) -> Path:
        levels = [len(code) - 2 for code in codes]
        columns = {"NUTS_ID": codes, "LEVL_CODE": levels, "NAME_LATN": names or codes}
        table = geopandas.GeoDataFrame(columns, geometry=[SQUARE] * len(codes), crs=4326)
        path = tmp_path / "nuts.geojson"
        table.to_file(path)
        return path

    return write


def test_nuts_codes_of_an_older_vintage_become_the_present_region(nuts_file: Callable[..., Path]) -> None:
    old = nuts_regions(nuts_file("FR81", "FR82", "EL51", names=("LANGUEDOC-ROUSSILLON", "PACA", "X")))
    assert old.version == "NUTS 2013"
    assert {row["id"] for row in old.regions} >= {"nuts:FRJ1", "nuts:FRL0"}
    codes = {name["name"] for name in old.names if name["region_id"] == "nuts:FRJ1" and name["kind"] == "code"}
    assert codes == {"FRJ1", "FR81"}


def test_nuts_countries_outside_the_survey_are_left_out(nuts_file: Callable[..., Path]) -> None:
    assert {row["id"] for row in nuts_regions(nuts_file("NO", "CH", "TR1", "FR")).regions} == {"country:FR"}


def test_a_file_without_nuts_columns_or_regions_is_refused(nuts_file: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="nuts_id"):
        nuts_regions(written(tmp_path, geojson(SQUARE), "plain.geojson"))
    with pytest.raises(BadFile, match="no NUTS region"):
        nuts_regions(nuts_file("NO", "CH"))


@pytest.mark.parametrize(
    ("codes", "year"),
    [
        (("FRJ1", "HR04"), "2016"),
        (("FRJ1", "HR02"), "2021"),
        (("NL35", "HR02"), "2024"),
        (("FR81", "EL51"), "2013"),
        (("ITD3", "FR81"), "2006"),
    ],
)
def test_the_nuts_version_is_told_by_codes_only_it_has(codes: tuple[str, ...], year: str) -> None:
    assert nuts_vintage(codes) == year


@pytest.mark.parametrize(
    ("capitals", "written_so"),
    [
        ("BADEN-WÜRTTEMBERG", "Baden-Württemberg"),
        ("PROVENCE-ALPES-CÔTE D’AZUR", "Provence-Alpes-Côte d'Azur"),
        ("PAYS DE LA LOIRE", "Pays de la Loire"),
        ("Castilla y León", "Castilla y León"),
        ("YORKSHIRE AND THE HUMBER", "Yorkshire and the Humber"),
    ],
)
def test_names_in_capitals_are_written_as_in_a_sentence(capitals: str, written_so: str) -> None:
    assert nice_case(capitals) == written_so


@pytest.mark.real
def test_nuts_2016_is_read_without_lands_overseas(shared_data: Path) -> None:
    nuts = read_regions(shared_data / "nuts_2016" / "nuts_2016_20m.parquet")
    rows = {row["id"]: row for row in nuts.regions}
    assert nuts.version == "NUTS 2016"
    assert "non-commercial" in nuts.licence
    assert rows["country:FR"]["west"] > -6
    assert "nuts:FRY1" not in rows
    assert any("overseas" in note for note in nuts.notes)


@pytest.mark.real
def test_french_files_give_regions_departments_and_communes(shared_data: Path) -> None:
    folder = shared_data / "france_admin"
    regions = french_regions([folder / "regions.geojson"])
    assert {row["id"]: row["same_as"] for row in regions.regions}["iso:FR-OCC"] == "nuts:FRJ"
    departments = {row["id"]: row["name"] for row in french_regions([folder / "departements.geojson"]).regions}
    assert departments["iso:FR-34"] == "Hérault"
    assert departments["iso:FR-11"] == "Aude"
    communes = {row["id"]: row for row in read_regions(folder / "communes-34-herault.geojson").regions}
    assert communes["commune:34172"]["name"] == "Montpellier"
    assert communes["commune:34172"]["parent"] == "iso:FR-34"


@pytest.mark.real
def test_nuts_3_regions_get_the_names_other_languages_give_them(shared_data: Path) -> None:
    nuts = read_regions(shared_data / "nuts_2016" / "nuts_2016_20m.parquet")
    names = {name["name"] for name in nuts.names if name["region_id"] == "nuts:ES615"}
    assert {"Huelva", "Huelva Province"} <= names
