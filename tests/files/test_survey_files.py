"""Survey files in the shapes people have them: read as the good one, or refused in one line that says why."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from retrieval.catalog import descriptor
from retrieval.errors import BadFile
from retrieval.kinds import kind_of, unpacked
from retrieval.readers import Survey, read_survey
from tests.files.makers import COVERS, Row, frame, renamed, visits, with_each, written, zipped


def read(file: Path, content: str | bytes) -> Survey:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_survey(file)


def covers(survey: Survey) -> dict[str, int]:
    return survey.records["lc1"].value_counts().to_dict()


def told(survey: Survey) -> dict[str, int]:
    return {one.check: one.rows for one in survey.findings if one.rows}


GOOD = dict.fromkeys(COVERS, 10)

TEXTS: dict[str, Callable[[list[Row]], str]] = {
    "comma": written,
    "semicolon": lambda rows: written(rows, ";"),
    "tab": lambda rows: written(rows, "\t"),
    "bar": lambda rows: written(rows, "|"),
    "CR": lambda rows: written(rows, end="\r"),
    "CRLF": lambda rows: written(rows, end="\r\n"),
    "all quoted": lambda rows: written(rows, quoting=csv.QUOTE_ALL),
    "BOM": lambda rows: "\ufeff" + written(rows),
    "Excel's line": lambda rows: "sep=;\n" + written(rows, ";"),
    "a remark": lambda rows: "# LUCAS 2018, extract\n" + written(rows),
    "a title": lambda rows: "LUCAS 2018\n\n" + written(rows),
    "lower case": lambda rows: written(renamed(rows, str.lower)),
    "gaps in names": lambda rows: written(renamed(rows, lambda name: f" {name.replace('_', ' ').title()} ")),
    "row names of R": lambda rows: "\n".join(
        line if at == 0 else f'"{at}",{line}' for at, line in enumerate(written(rows).splitlines())
    ),
    "an index of pandas": lambda rows: written([{"": str(at), **row} for at, row in enumerate(rows)]),
    "empty last cells": lambda rows: "\n".join(
        line if at == 0 else f"{line}," for at, line in enumerate(written(rows).splitlines())
    ),
    "a remark over two lines": lambda rows: written([{**row, "REMARK": "first line\nsecond, line"} for row in rows]),
    "decimal commas": lambda rows: written(
        with_each(with_each(rows, "TH_LAT", lambda c: c.replace(".", ",")), "TH_LONG", lambda c: c.replace(".", ",")),
        ";",
    ),
    "thousands in ids": lambda rows: written(with_each(rows, "POINT_ID", lambda c: f"{int(c):,}")),
    "fractions in ids": lambda rows: written(with_each(rows, "POINT_ID", lambda c: f"{c}.0")),
    "fractions in codes": lambda rows: written(with_each(rows, "LC2", lambda c: "8.0")),
    "lower-case codes": lambda rows: written(with_each(rows, "LC1", lambda c: f" {c.lower()} ")),
    "gaps in codes": lambda rows: written(with_each(rows, "LC1", lambda c: f"{c[0]} {c[1:]}")),
    "labels behind codes": lambda rows: written(with_each(rows, "LC1", lambda c: f"{c} - Some label")),
    "labels after a colon": lambda rows: written(with_each(rows, "LU1", lambda c: f"{c}: Agriculture")),
    "lower-case regions": lambda rows: written(with_each(rows, "NUTS2", str.lower)),
    "dates of databases": lambda rows: written(
        with_each(rows, "SURVEY_DATE", lambda c: f"20{c[6:]}-{c[3:5]}-{c[:2]} 00:00:00")
    ),
    "dates of the web": lambda rows: written(
        with_each(rows, "SURVEY_DATE", lambda c: f"20{c[6:]}-{c[3:5]}-{c[:2]}T10:15:30.250Z")
    ),
    "American dates": lambda rows: written(with_each(rows, "SURVEY_DATE", lambda c: f"{c[3:5]}/{c[:2]}/{c[6:]}")),
    "German dates": lambda rows: written(with_each(rows, "SURVEY_DATE", lambda c: c.replace("/", "."))),
}


@pytest.mark.parametrize("shape", TEXTS)
def test_every_way_of_writing_the_same_table_reads_as_the_same_records(tmp_path: Path, shape: str) -> None:
    survey = read(tmp_path / "points.csv", TEXTS[shape](visits()))
    good = read(tmp_path / "good.csv", written(visits()))
    pd.testing.assert_frame_equal(survey.records, good.records, check_dtype=False)
    assert (covers(survey), told(survey)) == (GOOD, {})


@pytest.mark.parametrize("name", ["points_2018.csv", "points_2018.CSV.GZ", "points", "points_2018.txt"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_a_file_is_stands_in_its_bytes_and_not_in_its_name(tmp_path: Path, name: str, packed: bool) -> None:
    text = written(visits()).encode()
    survey = read(tmp_path / name, gzip.compress(text) if packed else text)
    assert covers(survey) == GOOD
    assert kind_of(tmp_path / name) == "lucas"


@pytest.mark.parametrize("name", ["points.parquet", "points.parq", "UPPER.PARQUET", "points.csv"])
@pytest.mark.parametrize(
    "form",
    [
        lambda rows: rows,
        lambda rows: rows.set_index("POINT_ID"),
        lambda rows: rows.astype({"LC1": "category", "POINT_ID": str}),
        lambda rows: rows.assign(OBS_TYPE=1.0, LC2=np.where(rows.index > 3, 8.0, np.nan)),
        lambda rows: rows.assign(SURVEY_DATE=pd.Timestamp("2018-07-05", tz="UTC")),
        lambda rows: rows.assign(SURVEY_DATE=pd.Timestamp("2018-07-05").date()),
    ],
)
def test_parquet_of_every_origin_reads_the_same(tmp_path: Path, name: str, form) -> None:
    form(frame(visits())).to_parquet(tmp_path / name)
    survey = read_survey(tmp_path / name)
    assert (covers(survey), told(survey)) == (GOOD, {})
    assert survey.records["obs_date"].notna().all()
    assert set(survey.records["obs_type"]) == {"In situ < 100 m"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bz2.compress(written(visits()).encode()), "is a bzip2 file; unpack it"),
        (lzma.compress(written(visits()).encode()), "is an xz file; unpack it"),
        (written(visits()).encode("utf-16"), "UTF-16; save it as UTF-8"),
        (gzip.compress(gzip.compress(b"a,b", mtime=0), mtime=0), "is a gzip file that holds"),
        (gzip.compress(written(visits()).encode(), mtime=0)[:-30], "cannot be read"),
        (b"%PDF-1.7 ...", "is a PDF document"),
        (b"<html><body>503</body></html>", "is a web page; download the table itself"),
        (b"\x00\x01\x02\x03" * 99, "is a binary file"),
        (b"", "is empty; it has no column"),
        (written(visits()).encode().replace(b"C10", b"C1\xe9"), "UTF-?8"),
        (written(visits()) + "1,2\n", "cannot be read"),
        (written([{"a\x1b[31m": "1", "b": "2" * 99, "c": "3"}]), "fit no known survey"),
        (written(visits(LC1="vineyard")), r"no usable land cover in 40 of 40 rows: VINEYARD \(lc1\)"),
        (written(with_each(visits(), "SURVEY_DATE", lambda c: "last summer")), "no survey year"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_printable_line(tmp_path: Path, content, said: str) -> None:
    with pytest.raises(BadFile, match=said) as caught:
        read(tmp_path / "points.csv", content)
    assert str(caught.value).isprintable()


def test_an_arrow_file_is_named_for_what_it_is(tmp_path: Path) -> None:
    pyarrow.feather.write_feather(pa.Table.from_pandas(frame(visits())), tmp_path / "points.parquet")
    with pytest.raises(BadFile, match="is an Arrow"):
        read_survey(tmp_path / "points.parquet")


def test_greece_and_the_united_kingdom_go_by_eurostats_codes(tmp_path: Path) -> None:
    survey = read(tmp_path / "points.csv", written(visits(NUTS0="GR", NUTS1="GR6", NUTS2="gr65", NUTS3="GB653")))
    assert survey.records[["nuts0", "nuts1", "nuts2", "nuts3"]].iloc[0].tolist() == ["EL", "EL6", "EL65", "UK653"]


@pytest.mark.parametrize("nothing", ["88.888888", "8888", "-9999", "NA", "", "NaN"])
def test_placeholders_are_nothing_in_every_column(tmp_path: Path, nothing: str) -> None:
    rows = visits()
    rows[3] |= dict.fromkeys(
        ["TH_LAT", "TH_LONG", "GPS_ALTITUDE", "SURVEY_DATE", "LC1", "LC2", "LU1", "NUTS2"], nothing
    )
    survey = read(tmp_path / "points.csv", written(rows))
    row = survey.records.iloc[3]
    assert row[["elevation", "obs_date", "lc1", "lc2", "lu1", "nuts2"]].isna().all()
    assert (row["x"], row["y"]) == (3_806_000, 2_300_000)
    assert told(survey) == {"position": 1, "lc1: missing": 1}


def test_one_degree_west_and_one_metre_below_the_sea_are_no_placeholders(tmp_path: Path) -> None:
    survey = read(tmp_path / "points.csv", written(with_each(visits(), "GPS_ALTITUDE", lambda c: "-1")))
    assert (survey.records["elevation"] == -1).all()


def test_two_surveys_in_one_table_are_told_apart_by_their_dates(tmp_path: Path) -> None:
    survey = read(tmp_path / "points_2018.csv", written([*visits(2015), *visits(2018)]))
    assert survey.records.groupby("year").size().to_dict() == {2015: 40, 2018: 40}


def test_visits_of_the_next_winter_are_of_the_survey(tmp_path: Path) -> None:
    rows = visits()
    for row in rows[:10]:
        row["SURVEY_DATE"] = "12/01/19"
    assert read(tmp_path / "points.csv", written(rows)).dataset.years == (2018,)


def test_a_name_of_two_years_says_none(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="its name says 2015, 2018"):
        read(tmp_path / "points_2015_2018.csv", written(visits(SURVEY_DATE="")))


def test_dates_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    rows = visits()
    rows[0]["SURVEY_DATE"] = "5th of July"
    assert told(read(tmp_path / "points.csv", written(rows))) == {"observation date": 1}


def test_the_digest_in_a_kept_files_name_says_no_year(tmp_path: Path) -> None:
    survey = read(tmp_path / "points.ab2015cd0123.csv", written(visits(2018)))
    assert survey.dataset.years == (2018,)


def test_tables_of_one_name_in_a_zip_are_both_read(tmp_path: Path) -> None:
    members = {f"{year}/points.csv": written(visits(year)) for year in (2015, 2018)}
    archive = zipped(tmp_path / "both.zip", members | {"__MACOSX/2015/._points.csv": b"\0\5\x16\7", "README.txt": "hi"})
    with unpacked([archive], "lucas") as tables:
        surveys = [read_survey(table) for table in tables]
    assert sorted(year for survey in surveys for year in survey.dataset.years) == [2015, 2018]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "it is empty"),
        ({"a.pdf": b"%PDF-1.7"}, "holds nothing that is read: a.pdf"),
        ({"inner.zip": b"PK\3\4"}, "unpack it, it holds the archive inner.zip"),
        ({"table.csv": "a,b\n1,2\n"}, "holds nothing that is read: table.csv is no file that is known"),
    ],
)
def test_a_zip_without_records_says_what_is_in_it(tmp_path: Path, members, said: str) -> None:
    with pytest.raises(BadFile, match=said), unpacked([zipped(tmp_path / "a.zip", members)], "lucas"):
        pass


def test_the_table_of_the_topsoil_module_is_read(tmp_path: Path) -> None:
    text = (
        "Depth,POINTID,pH_CaCl2,NUTS_0,NUTS_2,TH_LAT,TH_LONG,SURVEY_DATE,Elev,LC,LU,LC1_Desc\n"
        "0-20 cm,37822294,6.4,FR,FRJ1,43.539208184,3.338376249,24-06-18,30,B82,U111,Vineyards\n"
    )
    survey = read(tmp_path / "LUCAS-SOIL-2018.csv", text)
    (row,) = survey.records[["point_id", "year", "lc1", "lu1", "nuts2"]].itertuples(index=False, name=None)
    assert row == (37822294, 2018, "B82", "U111", "FRJ1")
    assert not descriptor(survey.dataset.id).representative
