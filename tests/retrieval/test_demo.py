from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from retrieval.demo import LAND_USE, _changed, _quotas, _Shares, simulated_pixels
from retrieval.nomenclature import Nomenclature
from retrieval.readers import MISSING
from retrieval.seasons import SPECTRA, look_of
from retrieval.statistics_files import read_statistics
from retrieval.store import Store


@pytest.fixture(scope="module")
def records(demo_store: Store) -> pd.DataFrame:
    with demo_store._connection.cursor() as cursor:
        return cursor.execute("SELECT * FROM records JOIN points USING (point_id)").df()


@pytest.fixture(scope="module")
def pixels(demo_store: Store) -> pd.DataFrame:
    with demo_store._connection.cursor() as cursor:
        return cursor.execute("SELECT * FROM pixels").df()


def test_everything_of_the_demo_says_that_it_is_synthetic(demo_store: Store, records: pd.DataFrame) -> None:
    made = [d for d in demo_store.datasets() if d.kind in ("survey", "pixels")]
    assert [d.id for d in made] == ["demo_survey", "demo_pixels"]
    assert all(d.synthetic and "synthetic" in d.title.lower() for d in made)
    assert set(records["obs_type"]) == {"Synthetic"}
    assert not any(d.synthetic for d in demo_store.datasets() if d.kind not in ("survey", "pixels"))


def test_points_stand_on_the_two_kilometre_grid(records: pd.DataFrame) -> None:
    assert (records["x"] % 2000 == 0).all()
    assert (records["y"] % 2000 == 0).all()
    assert (records["point_id"] == records["x"] // 1000 * 10_000 + records["y"] // 1000).all()


def test_the_sample_spans_the_surveyed_countries(records: pd.DataFrame) -> None:
    assert records["point_id"].nunique() > 40_000
    assert len(set(records["nuts0"])) >= 26
    assert sorted(set(records["year"])) == [2015, 2018, 2022]


@pytest.mark.parametrize("country", ["SE", "ES", "FR", "DE", "PL", "IT"])
@pytest.mark.parametrize("year", [2018, 2022])
def test_a_countrys_main_classes_follow_the_published_shares(records: pd.DataFrame, country: str, year: int) -> None:
    published = read_statistics().to_pandas()
    published = published[(published["code"] == country) & (published["year"] == year) & (published["unit"] == "PC")]
    published = published.set_index("land_cover")["value"]
    drawn = records[(records["nuts0"] == country) & (records["year"] == year)]
    for main in "ABCDE":
        share = 100 * drawn["lc1"].str.startswith(main).mean()
        assert share == pytest.approx(published[f"{main}00"], abs=2.0), main


def test_every_code_is_in_the_code_book_at_record_level(records: pd.DataFrame) -> None:
    classes = Nomenclature.load().classes
    for column in ("lc1", "lu1"):
        codes = set(records[column])
        assert codes <= set(classes)
        assert not [code for code in codes if code.endswith("00")]


def test_land_use_is_consistent_with_land_cover(records: pd.DataFrame) -> None:
    for prefix, uses in LAND_USE.items():
        longer = tuple(other for other in LAND_USE if other != prefix and other.startswith(prefix))
        rows = records[records["lc1"].str.startswith(prefix) & ~records["lc1"].str.startswith(longer)]
        assert set(rows["lu1"]) <= set(uses), prefix


def test_woodland_stays_and_crops_rotate(records: pd.DataFrame) -> None:
    two = records[records["year"].isin([2018, 2022])].pivot(index="point_id", columns="year", values="lc1").dropna()
    wood, arable = two[two[2018].str.startswith("C")], two[two[2018].str.match("B[1-5]")]
    assert wood[2022].str.startswith("C").mean() > 0.9
    assert (arable[2018] == arable[2022]).mean() < 0.5


def test_herault_has_vineyards_to_show(demo_store: Store) -> None:
    with demo_store._connection.cursor() as cursor:
        ((count,),) = cursor.execute(
            """SELECT count(*) FROM point_regions JOIN records USING (point_id)
            WHERE region_id = 'iso:FR-34' AND lc1 = 'B82' AND year = 2022"""
        ).fetchall()
    assert count >= 3


def test_quotas_are_whole_numbers_nearest_to_the_shares() -> None:
    random = np.random.default_rng(0)
    drawn = _quotas({"B11": 0.5, "C10": 0.3, "E20": 0.2}, 10, random)
    assert sorted(drawn) == ["B11"] * 5 + ["C10"] * 3 + ["E20"] * 2
    assert len(_quotas({"B11": 1 / 3, "C10": 1 / 3, "E20": 1 / 3}, 10, random)) == 10


def test_a_change_of_quotas_moves_no_more_points_than_it_must() -> None:
    before = np.array(["C10"] * 6 + ["E20"] * 4, dtype=object)
    after = _changed(before, np.array(["C10"] * 5 + ["E20"] * 5, dtype=object), np.random.default_rng(0))
    assert sorted(after) == ["C10"] * 5 + ["E20"] * 5
    assert (before != after).sum() == 1


def test_a_class_published_for_the_country_alone_is_split_as_there() -> None:
    shares = _Shares({("XX", 2018): {"C00": 100.0}, ("X", 2018): {"C10": 30.0, "C20": 10.0}}, {
        "": ("C00",), "C00": ("C10", "C20"),
    }, {})  # fmt: skip
    assert shares.distribution(["X", "XX"], 2018) == {"C10": 0.75, "C20": 0.25}


def test_every_class_has_a_look() -> None:
    classes = Nomenclature.load().classes
    leaves = [code for code, one in classes.items() if one.theme == "land_cover" and not one.children]
    for code in leaves:
        if not code.endswith("_PI") and code[:1] in "ABCDEFGH" and not code.startswith(("BX", "G3", "G4", "G5")):
            assert look_of(code), code
    assert all(len(values) == 10 for values in SPECTRA.values())


def year_of(code: str, lat: float = 46.0, count: int = 200) -> np.ndarray:
    """Return the mean year (12, 10) of many simulated pixels, cloud left out."""
    bands, masked = simulated_pixels([code] * count, np.full(count, lat), np.random.default_rng(3))
    values = np.where(masked[:, :, None], np.nan, bands.astype(float))
    return np.nanmean(values, axis=0)


def ndvi(year: np.ndarray) -> np.ndarray:
    return (year[:, 6] - year[:, 2]) / (year[:, 6] + year[:, 2])


def test_the_seasons_are_those_of_the_crops() -> None:
    assert ndvi(year_of("B16")).argmax() in (6, 7)  # maize: July, August
    assert ndvi(year_of("B11")).argmax() in (3, 4, 5)  # winter wheat: April to June
    assert ndvi(year_of("B32")).argmax() in (2, 3, 4)  # rape earlier than wheat
    assert ndvi(year_of("B11"))[7] < ndvi(year_of("B16"))[7]  # August: stubble beside green maize


def test_needles_stay_green_and_leaves_do_not() -> None:
    pine, beech = ndvi(year_of("C20")), ndvi(year_of("C10"))
    assert np.ptp(pine) < 0.15
    assert np.ptp(beech) > 0.3


def test_vines_cover_less_of_their_soil_than_woods() -> None:
    assert ndvi(year_of("B82")).max() < ndvi(year_of("C10")).max()


def test_water_is_dark_in_the_infrared() -> None:
    water = year_of("G11")
    assert (water[:, 6] < water[:, 1]).all()


def test_masked_months_hold_no_value_and_others_do(pixels: pd.DataFrame) -> None:
    for row in pixels.head(300).itertuples():
        year = np.asarray(row.bands).reshape(12, 10)
        masked = np.isin(np.arange(12), row.masked_months)
        assert (year[masked] == MISSING).all()
        assert (year[~masked] < MISSING).all()


def test_pixels_stand_at_points_of_their_class(pixels: pd.DataFrame, records: pd.DataFrame) -> None:
    latest = records[records["year"] == 2022].set_index("point_id")["lc1"]
    assert (latest.loc[pixels["point_id"]].to_numpy() == pixels["lc_label"].to_numpy()).all()
    assert pixels["lc_label"].value_counts().max() <= 160
