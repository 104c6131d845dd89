"""Areas from microdata with sampling weights: the truth of an invented land, from file to answer."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyproj
import pytest

from agent.render import caveats_of, render
from retrieval.errors import BadFile, NoRecords, TooFine
from retrieval.ingest import Contents, write_store
from retrieval.kinds import kind_of
from retrieval.readers import read_survey
from retrieval.statistics_files import read_statistics_file
from retrieval.store import Store
from retrieval.weight_files import read_weights
from tests import tiny
from tools.context import Context
from tools.estimate_area import estimate_area
from tools.estimation import two_phase
from tools.weighted import share_of

SIDE, YEAR = 60, 2022
RATES = {"1": 0.5, "2": 0.2}
"""Stratum → the part of its grid points that is visited: arable land more often."""


@pytest.fixture(scope="module")
def grid() -> pd.DataFrame:
    """A 2 km grid of 120 × 120 km of Languedoc whose land cover is known everywhere."""
    rng = np.random.default_rng(3)
    east, north = (axis.ravel() for axis in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    arable = rng.random(SIDE**2) < 0.35
    vineyard = np.where(arable, rng.random(SIDE**2) < 0.4, rng.random(SIDE**2) < 0.02)
    roads = ~vineyard & (rng.random(SIDE**2) < 0.15)
    cover = np.select([vineyard, roads, arable], ["B82", "A21", "B11"], "C10")
    use = np.where(roads & (rng.random(SIDE**2) < 0.8), "U312", np.where(rng.random(SIDE**2) < 0.1, "U410", "U111"))
    point = (3680 + 2 * east) * 10_000 + 2190 + 2 * north
    return pd.DataFrame({"POINT_ID": point, "lc": cover, "lu": use, "STRATUM_LUCAS": np.where(arable, "1", "2")})


@pytest.fixture(scope="module")
def files(grid: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files as Eurostat hands them out: visits, and the sample with weights."""
    rng = np.random.default_rng(8)
    rate = grid["STRATUM_LUCAS"].map(RATES)
    visited = grid[rng.random(len(grid)) < rate].copy()
    per_stratum = grid["STRATUM_LUCAS"].value_counts() / visited["STRATUM_LUCAS"].value_counts()
    visited["WGT_LUCAS"] = visited["STRATUM_LUCAS"].map(per_stratum)
    folder = tmp_path_factory.mktemp("weights")
    to_degrees = pyproj.Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(visited["POINT_ID"] // 10_000 * 1000, visited["POINT_ID"] % 10_000 * 1000)
    records = pd.DataFrame({
        "POINT_ID": visited["POINT_ID"], "POINT_LAT": lat, "POINT_LONG": lon, "SURVEY_DATE": "15/06/22",
        "SURVEY_LC1": visited["lc"], "SURVEY_LU1": visited["lu"], "SURVEY_OBS_TYPE": 1, "POINT_NUTS0": "FR",
        "POINT_NUTS1": "FRJ", "POINT_NUTS2": "FRJ1", "POINT_NUTS3": "FRJ13",
    })  # fmt: skip
    records.to_csv(folder / "EU_LUCAS_2022.csv", index=False)
    visited[["POINT_ID", "STRATUM_LUCAS", "WGT_LUCAS"]].to_csv(folder / "sample_LUCAS_2022.csv", index=False)
    return folder / "EU_LUCAS_2022.csv", folder / "sample_LUCAS_2022.csv"


def context_of(path: Path, survey: Path, weights: Path | None) -> Context:
    given = [read_weights(weights)] if weights else []
    contents = Contents(read_statistics_file(), [tiny.regions()], surveys=[read_survey(survey)], weights=given)
    write_store(path, contents)
    return Context.open(Store.open(path))


@pytest.fixture(scope="module")
def world(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Context:
    return context_of(tmp_path_factory.mktemp("weighted") / "s.duckdb", *files)


REGION = "nuts:FRJ1"

VISITS_OF_2022 = """
POINT_ID POINT_NUTS0 POINT_NUTS1 POINT_NUTS2 POINT_NUTS3 POINT_LAT POINT_LONG POINT_ALTITUDE POINT_SOIL POINT_EX_ANTE
PI_EXTENSION POINT_COPERNICUS POINT_EROSION POINT_SOIL_BULK_0_10 POINT_SOIL_BULK_10_20 POINT_SOIL_BULK_20_30
POINT_SOIL_BIO POINT_LF SURVEY_DATE SURVEY_OBS_TYPE SURVEY_GPS_PROJ SURVEY_GPS_ALTITUDE SURVEY_GPS_PREC SURVEY_OBS_DIST
SURVEY_OBS_DIRECT SURVEY_PARCEL_AREA_HA SURVEY_LC1 SURVEY_LC1_SPEC SURVEY_LC1_PERC SURVEY_LC2 SURVEY_LC2_SPEC
SURVEY_LC2_PERC SURVEY_TREE_HEIGHT_SURVEY SURVEY_TREE_HEIGHT_MATURITY SURVEY_FEATURE_WIDTH SURVEY_LU1 SURVEY_LU1_TYPE
SURVEY_LU1_PERC SURVEY_LU2 SURVEY_LU2_TYPE SURVEY_LU2_PERC SURVEY_GRAZING SURVEY_SPECIAL_STATUS
SURVEY_LC_LU_SPECIAL_REMARK SURVEY_INSPIRE_PLCC1 SURVEY_WM SURVEY_SOIL_STD_TAKEN
"""
"""The beginning of the columns of EU_LUCAS_2022.csv, in their order."""
SAMPLE_OF_2022 = ["ID", "X_LAEA", "Y_LAEA", "NUTS0_16", "NUTS2_16", "STR18", "STRATUM", "WEIGHTS", "SURVEY_LC1"]
"""Columns of sample_LUCAS_2022.csv as R wrote it first, its row numbers without a name."""


@pytest.mark.parametrize(
    ("arguments", "of", "has"),
    [
        ({"land_cover": ["B82"], "land_use": ["U410"]}, "B82", ("lu", "U410")),
        ({"land_cover": ["A00"], "land_use": ["U312"]}, "A21", ("lu", "U312")),
        ({"land_cover": ["C00"], "exclude": ["U111"]}, "C10", ("lu", "U410")),
    ],
)
def test_a_part_of_any_class_is_estimated_with_its_interval(
    arguments: dict, of: str, has: tuple[str, str], grid: pd.DataFrame, world: Context
) -> None:
    result = estimate_area(world, regions=[REGION], year=YEAR, **arguments)
    truth = 100 * (grid[grid["lc"] == of][has[0]] == has[1]).mean()
    low, high = result.interval or (0.0, 0.0)
    assert low <= truth <= high
    assert result.facts["uncertainty"]["source_se"] == "microdata"
    assert result.facts["uncertainty"]["phases"] == ["grid", "survey"]
    assert "sampling weights" in " ".join(caveats_of([result], (), "en", world))
    assert "not official" in render([result], "en", world)


def test_points_are_never_told_by_their_number_alone(grid: pd.DataFrame, world: Context) -> None:
    records = world.store.query("weighted_points", year=YEAR)
    rows = pd.DataFrame(records.dicts())
    truth, counted = (grid["lc"] == "B82").mean(), (rows["lc1"] == "B82").mean()
    has = (rows["lc1"] == "B82").to_numpy(float)
    found = share_of(has, np.ones(len(rows)), list(rows["stratum"]), rows["weight"].to_numpy(float))
    assert found
    assert found.interval[0] <= truth <= found.interval[1]
    assert counted > found.interval[1]
    assert found.estimator == "two_phase"
    codes = (rows["stratum"] == "2").to_numpy().astype(np.int64)
    size = np.bincount(codes, weights=rows["weight"]).astype(float)
    assert (found.value, found.se) == pytest.approx((two_phase(has, codes, size).value, two_phase(has, codes, size).se))


def test_a_domain_that_cuts_strata_is_a_ratio(world: Context) -> None:
    rows = pd.DataFrame(world.store.query("weighted_points", year=YEAR).dicts())
    half = np.arange(len(rows)) < len(rows) / 2
    has = (rows["lc1"] == "B82").to_numpy(float)
    found = share_of(has, half.astype(float), list(rows["stratum"]), rows["weight"].to_numpy(float))
    assert found
    assert found.estimator == "ratio_domain"
    weight = rows["weight"][half]
    assert found.value == pytest.approx((weight * has[half]).sum() / weight.sum())


def test_fewer_than_thirty_points_are_refused(world: Context) -> None:
    with pytest.raises(TooFine):
        estimate_area(world, land_cover=["A22"], land_use=["U410"], regions=[REGION], year=YEAR)


def test_the_file_is_known_by_its_columns_and_must_name_its_year(files: tuple[Path, Path], tmp_path: Path) -> None:
    assert kind_of(files[1]) == "weights"
    unnamed = tmp_path / "sample.csv"
    unnamed.write_bytes(files[1].read_bytes())
    with pytest.raises(BadFile, match="year"):
        read_weights(unnamed)
    (tmp_path / "s_2022.csv").write_text("POINT_ID,WGT_LUCAS,STRATUM_LUCAS\n1,0.5,1\n")
    with pytest.raises(BadFile, match="1 or more"):
        read_weights(tmp_path / "s_2022.csv")


def test_files_in_the_columns_of_2022_give_the_same_estimate(
    files: tuple[Path, Path], world: Context, tmp_path: Path
) -> None:
    plain, weights = pd.read_csv(files[0], dtype=str), pd.read_csv(files[1], dtype=str)
    wide = {name: plain.get(name, "8" if "LC2" in name or "LU2" in name else "") for name in VISITS_OF_2022.split()}
    visits = pd.DataFrame(wide).assign(SURVEY_LC1=plain["SURVEY_LC1"].str.lower(), SURVEY_GPS_PROJ="N.R.")
    unseen = visits.head(3).assign(POINT_ID=["36812191", "36832191", "36852193"], SURVEY_LC1="8", SURVEY_LU1="8")
    unseen = unseen.assign(POINT_LAT="", POINT_LONG="", SURVEY_OBS_TYPE="4")
    pd.concat([visits, unseen]).to_csv(tmp_path / "EU_LUCAS_2022.csv", index=False)
    told = dict(zip(("ID", "STRATUM", "WEIGHTS"), ("POINT_ID", "STRATUM_LUCAS", "WGT_LUCAS"), strict=True))
    sample = pd.DataFrame({name: weights[told[name]] if name in told else "NA" for name in SAMPLE_OF_2022})
    sample.index += 1
    sample.to_csv(tmp_path / "sample_LUCAS_2022.csv", index_label="")
    assert kind_of(tmp_path / "sample_LUCAS_2022.csv") == "weights"
    assert kind_of(tmp_path / "EU_LUCAS_2022.csv") == "lucas"
    again = context_of(tmp_path / "s.duckdb", tmp_path / "EU_LUCAS_2022.csv", tmp_path / "sample_LUCAS_2022.csv")
    first, second = (
        estimate_area(one, land_cover=["A00"], land_use=["U312"], regions=[REGION], year=YEAR) for one in (world, again)
    )
    assert first.table
    assert second.table
    assert second.table.rows == first.table.rows
    assert second.facts["uncertainty"]["source_se"] == "microdata"
    assert second.facts["uncertainty"]["se"] == first.facts["uncertainty"]["se"]


def test_a_store_made_before_there_were_weights_is_asked_as_before(files: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    context_of(path, files[0], None).store.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE survey_weights")
    old = Context.open(Store.open(path))
    assert estimate_area(old, land_cover=["E10"], regions=["country:FR"], year=YEAR).tool == "official_share"
    with pytest.raises(NoRecords):
        estimate_area(old, land_cover=["A00"], land_use=["U312"], regions=[REGION], year=YEAR)
