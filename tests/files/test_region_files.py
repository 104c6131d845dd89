"""Map files in the shapes people have them: the same regions by every door, or one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from agent.__main__ import read_selection
from agent.areas import selected_area
from page.uploads import region_from_file
from retrieval.errors import InputError
from retrieval.kinds import gather, kind_of
from retrieval.region_files import read_regions
from retrieval.region_rows import RegionSet, area_km2
from tests.files.makers import zipped

A = shapely.box(3.0, 43.4, 3.6, 43.9)
B = shapely.box(4.0, 44.0, 4.3, 44.3)
A_KM2, B_KM2 = 2_689.0, 800.1


def feature(shape: shapely.Geometry | None, **properties: object) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shape)) if shape is not None else None
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: dict[str, Any], **more: object) -> str:
    return json.dumps({"type": "FeatureCollection", **more, "features": list(features)})


def written(tmp_path: Path, text: str, name: str = "own.geojson") -> Path:
    file = tmp_path / name
    file.write_bytes(text.encode())
    return file


def regions(tmp_path: Path, *features: dict[str, Any]) -> RegionSet:
    return read_regions(written(tmp_path, collection(*features)))


def told(read: RegionSet) -> list[tuple[str, str, float]]:
    return [(row["id"].split("-")[0], row["name"], round(row["area_km2"], 1)) for row in read.regions]


SHAPES = {
    "a BOM": "\ufeff" + collection(feature(A)),
    "a feature without an outline": collection(feature(None), feature(A)),
    "a point beside it": collection(feature(A), feature(shapely.Point(3, 43.5))),
    "a collection": collection(feature(shapely.GeometryCollection([A, shapely.Point(3, 43.5)]))),
    "a geometry alone": shapely.to_geojson(A),
    "not closed": shapely.to_geojson(A).replace("[3.6,43.4]]]", "[3.6,43.41]]]"),
    "a named CRS": collection(
        feature(A), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_area_is_the_same_by_every_door(tmp_path: Path, shape: str) -> None:
    file = written(tmp_path, SHAPES[shape])
    assert sum(row["area_km2"] for row in read_regions(file).regions) == pytest.approx(A_KM2, rel=0.02)
    _, outline = selected_area(read_selection(file))
    assert area_km2(shapely.geometry.shape(outline)) == pytest.approx(A_KM2, rel=0.02)
    assert kind_of(file) == "regions"
    assert region_from_file(file, "own.geojson", 10**6).km2 == pytest.approx(A_KM2, rel=0.02)


WRONG = {
    "latitude first": (
        shapely.to_geojson(shapely.box(43.4, 3.0, 43.9, 3.6)),
        "latitude seems to come before longitude",
    ),
    "a coordinate that is none": (collection(feature(A)).replace("43.9", "NaN"), "no coordinate"),
    "points alone": (collection(feature(shapely.Point(3, 43)), feature(shapely.Point(4, 43))), "polygon"),
    "nothing": (collection(), "no|empty"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_area_is_one_line_by_every_door(tmp_path: Path, what: str) -> None:
    text, said = WRONG[what]
    file = written(tmp_path, text)
    for door in (read_regions, lambda path: selected_area(read_selection(path)), upload):
        with pytest.raises(InputError, match=said) as caught:
            door(file)
        assert str(caught.value).isprintable()


def upload(file: Path) -> Any:
    return region_from_file(file, file.name, 10**6)


def test_an_area_outside_the_survey_is_no_region_of_a_store(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="outside"):
        regions(tmp_path, feature(shapely.box(-75, 40, -74, 41)))


def test_areas_of_ones_own_stay_so_under_columns_of_frances(tmp_path: Path) -> None:
    read = regions(tmp_path, feature(A, code=34, nom="Ma parcelle nord"), feature(B, code="12", nom="Ma parcelle sud"))
    assert told(read) == [("aoi:ma", "Ma parcelle nord", A_KM2), ("aoi:ma", "Ma parcelle sud", B_KM2)]
    assert read.licence == "the user's own"
    french = regions(tmp_path, feature(A, code="34", nom="Hérault"), feature(B, code="12", nom="Aveyron"))
    assert [row["id"] for row in french.regions] == ["iso:FR-34", "iso:FR-12"]


def test_two_areas_of_one_name_are_told_apart(tmp_path: Path) -> None:
    read = regions(tmp_path, feature(A, name="Zone"), feature(B, name="Zone"))
    assert [row["name"] for row in read.regions] == ["Zone", "Zone (2)"]


def test_nuts_needs_no_level_and_takes_codes_of_any_spelling_and_vintage(tmp_path: Path) -> None:
    read = regions(
        tmp_path,
        feature(A, NUTS_ID="frj13", NAME_LATN=None),
        feature(B, NUTS_ID="GR43", NUTS_NAME="ΚΡΗΤΗ", NAME_LATN="KRITI"),
        feature(B, NUTS_ID="FR824", NUTS_NAME="VAR"),
        feature(None, NUTS_ID="FRJ11"),
        feature(B, NUTS_ID="FRJ13172"),
    )
    assert [(row["id"], row["level"], row["name"], row["parent"]) for row in read.regions] == [
        ("nuts:FRJ13", "nuts3", "FRJ13", "nuts:FRJ1"),
        ("nuts:EL43", "nuts2", "Kriti", "nuts:EL4"),
        ("nuts:FRL04", "nuts3", "Var", "nuts:FRL0"),
    ]
    assert read.notes == (
        "1 features without an outline were left out",
        "1 features whose code is none of NUTS (FRJ13172) were left out",
    )


def test_communes_are_read_from_geojson(tmp_path: Path) -> None:
    read = regions(tmp_path, feature(A, LAU_ID="34172", LAU_NAME="Montpellier", CNTR_CODE="FR"))
    assert told(read) == [("commune:34172", "Montpellier", A_KM2)]


def test_maps_and_tables_of_a_zip_are_gathered_together(tmp_path: Path) -> None:
    table = "unit,landcover,geo,TIME_PERIOD,OBS_VALUE\nPC,B82,FR,2022,1.5\n"
    members = {"maps/own.geojson": collection(feature(A)), "t.csv": table, "READ ME.txt": "hello, you"}
    archive, lines = zipped(tmp_path / "all.zip", members), []
    found = gather([archive], tmp_path / "unpacked", lines.append)
    assert [kind for kind, _ in found] == ["regions", "statistics"]
    assert found[0][1] == archive
    assert told(read_regions(archive))[0][2] == A_KM2
    assert [line.split(":")[0] for line in lines] == ["left out of all.zip"]


def test_geojson_in_utf_16_is_a_map_by_every_door_and_a_table_in_it_is_none(tmp_path: Path) -> None:
    wide = tmp_path / "wide.geojson"
    wide.write_text(collection(feature(A)), encoding="utf-16")
    assert kind_of(wide) == "regions"
    assert told(read_regions(wide)) == [("aoi:wide", "wide", A_KM2)]
    table = tmp_path / "wide.csv"
    table.write_text("point_id,year\n", encoding="utf-16")
    with pytest.raises(InputError, match="UTF-16"):
        kind_of(table)
