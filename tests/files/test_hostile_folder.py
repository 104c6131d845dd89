"""The folder of hostile files, beside the real data: each is read as its README says, or refused in one line."""

from __future__ import annotations

import pytest

from agent.cases import read_cases
from retrieval.errors import InputError
from retrieval.kinds import unpacked
from retrieval.readers import read_pixels, read_survey
from retrieval.region_files import read_regions
from retrieval.statistics_files import read_statistics
from tests.conftest import shared_data_folder

FOLDER = shared_data_folder().parent / "hostile"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no folder of hostile files beside the real data"),
]

TWO_YEARS = {"two_years_same_name.zip", "points_two_years.csv"}
REFUSED = {
    "survey": {
        "2018_a.csv.bz2", "2018_a.csv.xz", "2018_empty.csv", "2018_gpsew_unsigned.csv", "2018_headonly.csv",
        "2018_latin1_used.csv", "2018_pos-1.csv", "2018_pos0.csv", "2018_ragged.csv", "2018_sciid.csv",
        "2018_thew_num.csv", "2018_utf16.csv", "arrow.arrow", "points_2018.xlsx", "points_nodate.csv",
    },
    "stats": {"dup.csv"},
    "pixels": {"nullmonth.parquet", "reflectance01.parquet", "swapped.parquet"},
    "batch": {"latin1.csv", "utf16.csv", "x.txt"},
}  # fmt: skip
AREAS_KM2 = {
    "code_nom_own.geojson": (2_689.0, 800.1), "lau.geojson": (2_689.0,), "nuts_nullgeom.geojson": (2_689.0,),
    "nuts_stat_levl.geojson": (2_689.0,), "nuts_nolevl.geojson": (2_689.0,), "unclosed.geojson": (2_689.0,),
    "ok.geoparquet": (2_689.0,), "folder.zip": (2_689.0, 800.1), "gc.geojson": (2_689.0,),
    "points_first.gpkg": (2_689.0,), "nan.geojson": (), "noshx.zip": (), "latlon_swapped.geojson": (),
    "two_layers.gpkg": (), "two_shp.zip": (),
}  # fmt: skip
"""File → the areas of its regions; none where it is refused."""


def files(kind: str) -> list[str]:
    return sorted(file.name for file in (FOLDER / kind).iterdir()) if FOLDER.is_dir() else []


def rows(kind: str, name: str) -> int | None:
    """Return how many rows are read of a file, or None where it is refused."""
    file = FOLDER / kind / name
    try:
        if kind == "batch":
            return len(list(read_cases(file)))
        if kind == "stats":
            return read_statistics(file).num_rows
        if kind == "pixels":
            return len(read_pixels(file).rows)
        with unpacked([file], "lucas") as tables:
            return sum(len(read_survey(table).records) for table in tables)
    except InputError as error:
        said = str(error)
    assert said.isprintable()
    return None


@pytest.mark.parametrize("name", files("survey"))
def test_a_survey_file_has_its_visits_or_is_refused(name: str) -> None:
    assert rows("survey", name) == (None if name in REFUSED["survey"] else 160 if name in TWO_YEARS else 80)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in ("stats", "pixels", "batch") for name in files(kind)]
)
def test_another_file_is_read_or_refused(kind: str, name: str) -> None:
    found = rows(kind, name)
    assert (found is None) == (name in REFUSED[kind])
    assert found is None or found > 0


@pytest.mark.parametrize("name", AREAS_KM2)
def test_a_region_file_has_its_areas_or_is_refused(name: str) -> None:
    file = FOLDER / "regions" / name
    if not AREAS_KM2[name]:
        with pytest.raises(InputError) as caught:
            read_regions(file)
        assert str(caught.value).isprintable()
        return
    assert tuple(round(row["area_km2"], 1) for row in read_regions(file).regions) == AREAS_KM2[name]
