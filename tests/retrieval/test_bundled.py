"""What a fresh clone holds is real, whole and small: checked against the files by plain pandas, not by our readers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retrieval import bundling
from retrieval.bundled import PIXELS, SURVEY
from retrieval.store import Store
from tools.context import Context
from tools.survey_verbs import count_points

ROOT = Path(__file__).parents[2]
SOIL_MODULE = "lucas/lucas_points_2015_2018.parquet"
HARMONISED = "lucas_2018_copernicus/lucas_2018_harmonised_16k.csv.gz"


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    return pd.read_parquet(SURVEY)


def test_nothing_bundled_is_synthetic_and_all_of_it_is_attributed(demo_store: Store) -> None:
    datasets = demo_store.datasets()
    assert {d.kind for d in datasets} == {"survey", "pixels", "statistics", "regions", "places"}
    assert not any(d.synthetic for d in datasets)
    assert all(d.attribution and d.licence for d in datasets)


def test_the_bundled_survey_is_one_visit_a_point_and_year(visits: pd.DataFrame) -> None:
    assert len(visits) == 42_974
    assert not visits.duplicated(["point_id", "year"]).any()
    assert visits.groupby("year").size().to_dict() == {2015: 21_859, 2018: 21_115}


def test_the_bundled_survey_is_the_two_sources_and_nothing_else(visits: pd.DataFrame, shared_data: Path) -> None:
    core = pd.read_parquet(shared_data / SOIL_MODULE)
    more = pd.read_csv(shared_data / HARMONISED, low_memory=False)
    seen = pd.concat([core[["point_id", "year", "lc1", "lu1"]], more[["point_id", "year", "lc1", "lu1"]]])
    seen = seen.drop_duplicates(["point_id", "year"]).set_index(["point_id", "year"]).sort_index()
    ours = visits.set_index(["point_id", "year"]).sort_index()
    assert (ours["lc1"] == seen["lc1"].str.upper()).all()
    assert (ours["lu1"] == seen["lu1"]).all()
    assert ours["photos"].notna().sum() == len(more) == 16_259


def test_heights_that_are_none_are_left_out(visits: pd.DataFrame) -> None:
    assert visits["elevation"].max() == 2_108
    assert visits["elevation"].min() == -55


@pytest.mark.parametrize(
    ("region", "column", "code"),
    [
        ("nuts:FRJ1", "nuts2", "FRJ1"),
        ("nuts:ES42", "nuts2", "ES42"),
        ("nuts:ITG1", "nuts2", "ITG1"),
        ("iso:FR-34", "nuts3", "FRJ13"),
    ],
)
@pytest.mark.parametrize("land_cover", ["B82", "B81", "C10"])
def test_counts_are_those_of_pandas(
    demo_store: Store, visits: pd.DataFrame, region: str, column: str, code: str, land_cover: str
) -> None:
    for year in (2015, 2018):
        mine = count_points(Context.open(demo_store), regions=[region], land_cover=[land_cover], years=[year])
        there = visits[(visits[column] == code) & (visits["year"] == year)]
        assert mine.value == (there["lc1"] == land_cover).sum()


def test_the_bundled_pixels_are_openly_licensed_ones_with_a_year_each() -> None:
    pixels = pd.read_parquet(PIXELS)
    assert set(pixels["source"]) == {
        "2018_EU_LUCAS", "2021_BE_LPIS-Flanders", "2022_FRA_LPIS_POLY_110", "2023_FRA_LPIS_POLY_110",
        "worldcereal_stack_belgium",
    }  # fmt: skip
    assert not pixels.duplicated(["location", "year"]).any()
    assert {len(bands) for bands in pixels["bands"]} == {120}
    assert (pixels["masked_months"].map(len) < 12).all()


def test_the_square_kilometre_of_liege_is_ten_metre_cells_of_the_european_grid() -> None:
    cells = pd.read_parquet(PIXELS).query("source == 'worldcereal_stack_belgium'")
    corner = cells["location"].str.extract(r"CRS3035RES10mN(\d+)E(\d+)").astype(int).to_numpy()
    assert (corner % 10 == 0).all()
    assert abs(len(cells) - 10_000) < 200
    bands = np.stack(cells["bands"].to_list()).reshape(len(cells), 12, 10)
    assert (bands[:, :, 7] == 65_535).all()  # no B8A in the source
    assert 3_500 < np.median(bands[:, 7, 6]) < 4_500  # June, near infrared: 0.39 of the light


def test_all_that_is_bundled_stays_under_25_megabytes() -> None:
    assert sum(size for _, size in bundling.sizes()) < 25_000_000


def test_every_large_file_is_in_a_part_and_the_documents_give_the_sizes() -> None:
    parts = {file for part in bundling.PARTS for top in ROOT.glob(part) for file in (top, *top.rglob("*"))}
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    product = [ROOT / name for name in listed.split("\0") if name.startswith(("retrieval", "tools", "agent", "page"))]
    assert [file for file in product if file.stat().st_size > 100_000 and file not in parts] == []
    told = dict(
        re.findall(r"^\| `(\S+)` \| ([\d.]+) \|", (ROOT / "docs" / "store.md").read_text(encoding="utf-8"), re.M)
    )
    assert {part: float(told[part]) for part, _ in bundling.sizes()} == pytest.approx(
        {part: size / 1e6 for part, size in bundling.sizes()}, abs=0.2
    )
