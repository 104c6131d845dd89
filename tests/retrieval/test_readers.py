from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest

from retrieval.errors import BadFile
from retrieval.readers import MISSING, Finding, Survey, grid_position, read_pixels, read_survey

TO_LONLAT = pyproj.Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True)
POINTS = (38002300, 38022300, 38042300)
MICRODATA = "POINT_ID,NUTS0,NUTS1,NUTS2,NUTS3,TH_LAT,TH_LONG,SURVEY_DATE,GPS_ALTITUDE,OBS_TYPE,LC1,LC2,LU1,LU2"


def position(point_id: int) -> tuple[float, float]:
    return TO_LONLAT.transform(point_id // 10_000 * 1000, point_id % 10_000 * 1000)


def write_microdata(file: Path, *changes: dict[str, object], header: str = MICRODATA) -> Path:
    """Write one row a point, each with its own changes."""
    lines = [header]
    for point, change in zip(POINTS, (*changes, {}, {}, {}), strict=False):
        lon, lat = position(point)
        row = {
            "POINT_ID": point, "NUTS0": "FR", "NUTS1": "FRJ", "NUTS2": "FRJ1", "NUTS3": "FRJ13", "TH_LAT": lat,
            "TH_LONG": lon, "SURVEY_DATE": "21/09/18", "GPS_ALTITUDE": 55, "OBS_TYPE": 1, "LC1": "B82", "LC2": "8",
            "LU1": "U111", "LU2": "8",
        } | change  # fmt: skip
        lines.append(",".join(str(value) for value in row.values()))
    file.write_text("\n".join(lines) + "\n")
    return file


def finding(survey: Survey, check: str) -> Finding:
    return next(one for one in survey.findings if one.check == check)


def test_the_id_names_the_grid_point_in_kilometres() -> None:
    x, y = grid_position(np.array([35262736]))
    assert (x[0], y[0]) == (3_526_000, 2_736_000)


def test_microdata_of_one_year_take_the_year_from_their_dates(tmp_path: Path) -> None:
    survey = read_survey(write_microdata(tmp_path / "EU.csv"))
    first = survey.records.iloc[0]
    assert survey.dataset.id == "lucas_microdata"
    assert survey.dataset.years == (2018,)
    assert (first["point_id"], first["year"], first["lc1"], first["lu1"]) == (38002300, 2018, "B82", "U111")
    assert first["obs_date"] == pd.Timestamp(2018, 9, 21)
    assert first["obs_type"] == "In situ < 100 m"
    assert pd.isna(first["lc2"])  # 8 means not relevant
    assert first["elevation"] == 55


def test_the_year_in_the_file_name_counts_before_the_dates(tmp_path: Path) -> None:
    assert read_survey(write_microdata(tmp_path / "EU_2015_20200225.csv")).dataset.years == (2015,)


def test_microdata_without_any_year_are_refused(tmp_path: Path) -> None:
    undated = {"SURVEY_DATE": ""}
    with pytest.raises(BadFile, match="put the year into the file name"):
        read_survey(write_microdata(tmp_path / "EU.csv", undated, undated, undated))


def test_the_columns_of_2022_have_other_names(tmp_path: Path) -> None:
    header = (
        "POINT_ID,POINT_NUTS0,POINT_NUTS1,POINT_NUTS2,POINT_NUTS3,POINT_LAT,POINT_LONG,SURVEY_DATE,"
        "SURVEY_GPS_ALTITUDE,SURVEY_OBS_TYPE,SURVEY_LC1,SURVEY_LC2,SURVEY_LU1,SURVEY_LU2"
    )
    dated = {"SURVEY_DATE": "03/06/2022"}
    survey = read_survey(write_microdata(tmp_path / "EU_LUCAS_2022.csv", dated, dated, dated, header=header))
    assert survey.dataset.id == "lucas_microdata_2022"
    assert survey.dataset.years == (2022,)
    assert survey.records["nuts2"].tolist() == ["FRJ1"] * 3


def test_semicolons_and_lower_case_columns_are_read_too(tmp_path: Path) -> None:
    file = write_microdata(tmp_path / "EU_2018.csv")
    file.write_text(file.read_text().replace(",", ";").replace("POINT_ID", "point_id"))
    assert len(read_survey(file).records) == 3


def test_a_hemisphere_column_gives_longitude_its_sign(tmp_path: Path) -> None:
    file = tmp_path / "EU_2009.csv"
    lon, lat = position(31603628)
    assert lon < 0
    file.write_text(f"POINT_ID,TH_LAT,TH_LONG,TH_EW,LC1,LU1\n31603628,{lat},{-lon},W,D10,U420\n")
    assert read_survey(file).records["lon"].iloc[0] == pytest.approx(lon)


def test_swapped_axes_are_refused_with_the_row_numbers(tmp_path: Path) -> None:
    lon, lat = position(POINTS[1])
    file = write_microdata(tmp_path / "EU_2018.csv", {}, {"TH_LAT": lon, "TH_LONG": lat})
    with pytest.raises(BadFile, match=r"swapped in 1 of 3 rows: rows 2;"):
        read_survey(file)


def test_axes_swapped_throughout_can_be_said_to_be_so(tmp_path: Path) -> None:
    changes = [dict(zip(("TH_LAT", "TH_LONG"), position(point), strict=True)) for point in POINTS]
    file = write_microdata(tmp_path / "EU_2018.csv", *changes)
    with pytest.raises(BadFile, match="--swapped"):
        read_survey(file)
    assert len(read_survey(file, swapped=True).records) == 3


def test_positions_in_another_system_are_refused(tmp_path: Path) -> None:
    changes = [{"TH_LAT": point % 10_000 * 1000, "TH_LONG": point // 10_000 * 1000} for point in POINTS]
    with pytest.raises(BadFile, match="wrong coordinate system"):
        read_survey(write_microdata(tmp_path / "EU_2018.csv", *changes))


def test_one_row_in_many_off_its_grid_point_is_dropped_and_reported(tmp_path: Path) -> None:
    ids = [38002300 + 2 * k for k in range(200)]
    rows = [
        f"{point},{position(point)[1] + 0.01 * (k == 7)},{position(point)[0]},B11,U111" for k, point in enumerate(ids)
    ]
    file = tmp_path / "EU_2018.csv"
    file.write_text("POINT_ID,TH_LAT,TH_LONG,LC1,LU1\n" + "\n".join(rows))
    survey = read_survey(file)
    found = finding(survey, "id against position")
    assert (found.rows, found.action, found.examples) == (1, "dropped", (str(ids[7]),))
    assert len(survey.records) == 199


def test_a_missing_position_is_taken_from_the_id(tmp_path: Path) -> None:
    survey = read_survey(write_microdata(tmp_path / "EU_2018.csv", {"TH_LAT": "", "TH_LONG": ""}))
    assert finding(survey, "position").rows == 1
    first = survey.records.iloc[0]
    assert (first["lon"], first["lat"]) == pytest.approx(position(POINTS[0]))


def write_many(file: Path, codes: list[str]) -> Path:
    """Write a row for each land cover, two kilometres apart."""
    ids = [38002300 + 2 * k for k in range(len(codes))]
    rows = [
        f"{point},{position(point)[1]},{position(point)[0]},{code},U111" for point, code in zip(ids, codes, strict=True)
    ]
    file.write_text("POINT_ID,TH_LAT,TH_LONG,LC1,LU1\n" + "\n".join(rows))
    return file


def test_what_is_no_code_becomes_null_and_an_unknown_code_is_kept_and_told(tmp_path: Path) -> None:
    survey = read_survey(write_many(tmp_path / "EU_2018.csv", ["vineyard", "B99", "bx1", *["B82"] * 97]))
    assert survey.records["lc1"].fillna("null").tolist()[:4] == ["null", "B99", "BX1", "B82"]
    assert finding(survey, "lc1: form").examples == ("VINEYARD",)
    assert finding(survey, "lc1: code").examples == ("B99",)


def test_a_file_with_other_words_for_codes_in_over_one_row_in_a_hundred_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"no usable land cover in 2 of 100 rows: VINEYARD, WOOD \(lc1\)"):
        read_survey(write_many(tmp_path / "EU_2018.csv", ["vineyard", "wood", *["B82"] * 98]))


def test_the_first_of_two_visits_in_a_year_is_kept(tmp_path: Path) -> None:
    file = write_microdata(tmp_path / "EU_2018.csv")
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, lines[1].replace("B82", "B11")]))
    survey = read_survey(file)
    assert len(survey.records) == 3
    assert survey.records.set_index("point_id")["lc1"][POINTS[0]] == "B82"
    assert finding(survey, "duplicate visits").examples == (f"{POINTS[0]} 2018",)


def test_rows_without_an_id_are_dropped_and_reported(tmp_path: Path) -> None:
    survey = read_survey(write_microdata(tmp_path / "EU_2018.csv", {"POINT_ID": "none"}))
    assert (finding(survey, "id and year").rows, len(survey.records)) == (1, 2)


@pytest.mark.parametrize("name", ["survey.csv", "survey.parquet"])
def test_a_missing_file_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadFile, match="no file"):
        read_survey(tmp_path / name)


def test_a_corrupt_parquet_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "survey.parquet"
    file.write_bytes(b"PAR1" + b"\x00" * 500)
    with pytest.raises(BadFile, match="cannot be read") as caught:
        read_survey(file)
    assert "\n" not in str(caught.value)


def test_a_csv_of_something_else_is_refused_with_the_forms_that_are_read(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("house,price\n1,2\n")
    with pytest.raises(BadFile, match="fit no known survey dataset"):
        read_survey(file)


def test_a_csv_with_broken_rows_is_refused(tmp_path: Path) -> None:
    file = write_microdata(tmp_path / "EU_2018.csv")
    file.write_text(file.read_text() + "1,2,3\n")
    with pytest.raises(BadFile, match="cannot be read"):
        read_survey(file)


def test_a_file_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "EU_2018.csv"
    file.write_text("POINT_ID,TH_LAT,TH_LONG,LC1,LU1\n")
    with pytest.raises(BadFile):
        read_survey(file)


# --- real files ----------------------------------------------------------------------------------------------------


@pytest.mark.real
def test_the_real_extract_passes_every_check(shared_data: Path) -> None:
    survey = read_survey(shared_data / "lucas" / "lucas_points_2015_2018.parquet")
    assert survey.records.groupby("year").size().to_dict() == {2015: 21_859, 2018: 18_984}
    # Eight rows carry their NUTS codes one level off: country, nothing, NUTS 1, NUTS 2.
    assert {one.check: one.rows for one in survey.findings if one.rows} == {
        "nuts1: level": 8, "nuts2: level": 8, "nuts3: level": 8,
    }  # fmt: skip
    assert ((survey.records["year"] == 2018) & (survey.records["lc1"] == "B82")).sum() == 297


@pytest.mark.real
def test_the_harmonised_schema_is_read_with_its_photos(shared_data: Path) -> None:
    survey = read_survey(shared_data / "lucas" / "lucas_harmonised_full_schema_sample.csv")
    records = survey.records.set_index("point_id")
    assert survey.dataset.id == "lucas_harmonised"
    assert survey.dataset.years == (2006, 2009, 2015, 2018)
    assert records.loc[31603628, "lc1"] == "D10"
    assert records.loc[31603628, "lon"] == pytest.approx(-8.108423)
    assert records.loc[47282098, "photos"][0].endswith("47282098P.jpg")
    assert records.loc[47282098, "obs_date"] == pd.Timestamp(2009, 7, 2)


@pytest.mark.real
def test_abruzzo_keeps_ids_of_its_own_that_meet_no_lucas_id(shared_data: Path) -> None:
    survey = read_survey(shared_data / "lucas" / "lucas_abruzzo_2012.parquet")
    assert len(survey.records) == 2_699
    assert (survey.records["point_id"] < 0).all()
    assert (survey.records["lc1"] == "B82").sum() == 77


@pytest.mark.real
def test_the_swapped_label_table_is_detected(shared_data: Path) -> None:
    file = shared_data / "timesenclip_labels" / "sample_rows.csv"
    with pytest.raises(BadFile, match="swapped in 12 of 12 rows"):
        read_survey(file)
    survey = read_survey(file, swapped=True)
    assert survey.records.set_index("point_id")["lc1"][55082360] == "B31"  # sunflower


@pytest.mark.real
def test_real_pixels_become_calendar_years_where_there_is_one(shared_data: Path) -> None:
    pixels = read_pixels(shared_data / "s2_pixels" / "pixels_monthly_europe.parquet").rows
    corsica = pixels[pixels["source"] == "2022_FRA_LPIS_POLY_110"]
    assert set(corsica["first_month"]) == {pd.Timestamp(2022, 1, 1)}
    assert set(corsica["year"]) == {2022}
    assert all(missing == ["B8A"] for missing in corsica["missing_bands"])
    flanders = pixels[(pixels["source"] == "2018_BE_LPIS-Flanders") & (pixels["year"] == 2018)]
    assert pd.Timestamp(2017, 11, 1) in set(flanders["first_month"])  # starts on 27 October: November's
    assert (pixels["point_id"].notna()).sum() == 48
    assert set(pixels.loc[pixels["source_label"] == "maize", "lc_label"]) == {"B16"}


# --- pixels --------------------------------------------------------------------------------------------------------


def write_series(file: Path, first: str, months: int, lon: float = 9.0, lat: float = 42.0) -> Path:
    start = pd.date_range(first, periods=months, freq=pd.DateOffset(months=1))
    rows = pd.DataFrame({"sample_id": "p1", "source": "test", "lat": lat, "lon": lon, "period_start": start})
    for at, band in enumerate(("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")):
        rows[band] = (np.arange(months) * 100 + at + 1).astype("uint16")
    rows["lc_label"], rows["crop_label"], rows["lucas_like"], rows["lucas_point_id"] = "x", "vine", "B82", 38002300
    rows.to_parquet(file)
    return file


def test_a_pixel_year_is_month_major_in_the_order_of_bands(tmp_path: Path) -> None:
    row = read_pixels(write_series(tmp_path / "p.parquet", "2021-10-01", 15)).rows.iloc[0]
    assert (row["first_month"], row["year"]) == (pd.Timestamp(2022, 1, 1), 2022)
    bands = np.asarray(row["bands"]).reshape(12, 10)
    assert bands[0].tolist() == [301, 302, 303, 304, 305, 306, 307, 308, 309, 310]  # October 2021 is month 0
    assert bands[11, 0] == 1401
    assert (row["lc_label"], row["point_id"], row["missing_bands"]) == ("B82", 38002300, [])


def test_of_a_long_series_the_latest_full_calendar_year_is_taken(tmp_path: Path) -> None:
    row = read_pixels(write_series(tmp_path / "p.parquet", "2020-06-01", 24)).rows.iloc[0]
    assert (row["first_month"], row["year"]) == (pd.Timestamp(2021, 1, 1), 2021)
    assert np.asarray(row["bands"])[0] == 701  # June 2020 is month 0, January 2021 month 7


def test_months_without_a_value_are_masked(tmp_path: Path) -> None:
    file = write_series(tmp_path / "p.parquet", "2021-01-01", 12)
    rows = pd.read_parquet(file)
    rows.loc[3, [name for name in rows if name.startswith("B")]] = 0
    rows.to_parquet(file)
    row = read_pixels(file).rows.iloc[0]
    assert row["masked_months"].tolist() == [3]
    assert set(np.asarray(row["bands"]).reshape(12, 10)[3]) == {MISSING}


def test_a_series_shorter_than_a_year_is_dropped_and_reported(tmp_path: Path) -> None:
    rows = pd.concat(
        [
            pd.read_parquet(write_series(tmp_path / "a.parquet", "2021-01-01", 12)),
            pd.read_parquet(write_series(tmp_path / "b.parquet", "2021-01-01", 7)).assign(sample_id="p2"),
        ]
    )
    rows.to_parquet(tmp_path / "both.parquet")
    pixels = read_pixels(tmp_path / "both.parquet")
    assert pixels.rows["location"].tolist() == ["p1"]
    assert next(one for one in pixels.findings if one.check == "year").examples == ("p2",)


def test_swapped_pixel_positions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="swapped"):
        read_pixels(write_series(tmp_path / "p.parquet", "2021-01-01", 12, lon=50.9, lat=2.6))


def test_a_table_of_the_stores_own_form_is_taken_as_it_is(tmp_path: Path) -> None:
    first = read_pixels(write_series(tmp_path / "p.parquet", "2021-01-01", 12))
    first.rows.to_parquet(tmp_path / "own.parquet")
    again = read_pixels(tmp_path / "own.parquet")
    assert again.dataset.id == "sentinel2_pixels"
    assert np.asarray(again.rows["bands"].iloc[0]).tolist() == np.asarray(first.rows["bands"].iloc[0]).tolist()
