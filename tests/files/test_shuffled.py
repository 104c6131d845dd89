"""New hostile files are made of good ones, and each ends as one of two: read, or refused in one printable line.

`python -m tests.files.test_shuffled 2000` runs as many more.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from agent.cases import read_cases
from retrieval.errors import InputError
from retrieval.kinds import Kind, kind_of, unpacked
from retrieval.readers import YEARS, read_pixels, read_survey
from retrieval.statistics_files import read_statistics_file
from tests.files.makers import Row, hostile_table, visits

SEEDS = 60
"""Files of each kind in the suite."""

STATISTICS: list[Row] = [
    {"unit": unit, "landcover": cover, "geo": geo, "TIME_PERIOD": str(year), "OBS_VALUE": value, "OBS_FLAG": flag}
    for unit, value in (("PC", "1.5"), ("KM2", "95.2"), ("CVA", "12.1"))
    for cover, flag in (("B82", "u"), ("C00", ""), ("TOTAL", ""))
    for geo in ("FR", "FRJ1", "EL")
    for year in (2018, 2022)
]
QUESTIONS: list[Row] = [
    {"id": str(at), "question": f"how much of Spain, in 20{at}, was cropland?"} for at in range(10, 20)
]
PIXELS: list[Row] = [
    {"sample_id": f"p{at}", "source": "s", "lat": "43.5", "lon": f"3.0{at}", "period_start": f"2018-{month:02d}-01"}
    | dict.fromkeys(["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"], str(100 * month))
    for at in range(3)
    for month in range(1, 13)
]  # fmt: skip


def check_survey(file: Path) -> None:
    """A survey that is read has an id, a year, a position and a land cover or none in every row."""
    with unpacked([file], "lucas") as tables:
        for table in tables:
            records = read_survey(table).records
            assert len(records)
            assert records[["point_id", "year", "lon", "lat", "x", "y"]].notna().all(axis=None)
            assert records["year"].isin(YEARS).all()
            assert not records.duplicated(["point_id", "year"]).any()
            assert records["lc1"].dropna().str.fullmatch(r"[A-H][\dX]\d(_PI)?|B\d0-\d0_PI|U\d{3}").all()


def check_statistics(file: Path) -> None:
    """Figures that are read are shares, areas or coefficients of variation, each once."""
    with unpacked([file], "statistics") as tables:
        for table in tables:
            shares = read_statistics_file(table).shares.to_pandas()
            assert (shares["value"] >= 0).all()
            assert not shares.duplicated(["code", "land_cover", "year", "unit"]).any()


def check_pixels(file: Path) -> None:
    """Pixels that are read lie in Europe and have something in their year."""
    with unpacked([file], "pixels") as tables:
        for table in tables:
            rows = read_pixels(table).rows
            assert len(rows)
            assert rows["lon"].between(-32, 46).all()
            assert all((bands < 65535).any() for bands in rows["bands"])


def check_questions(file: Path) -> None:
    """No case without a question or a fault that names its line."""
    cases = list(read_cases(file))
    assert cases
    assert all(case.turns or "line" in case.fault for case in cases)


def check_kind(file: Path) -> None:
    """A recogniser that names a kind names one of those there are."""
    assert kind_of(file) in Kind.__args__


CHECKS = {
    "survey": (visits(), check_survey),
    "statistics": (STATISTICS, check_statistics),
    "pixels": (PIXELS, check_pixels),
    "questions": (QUESTIONS, check_questions),
    "kind": (visits(), check_kind),
}


def outcome(what: str, seed: int, folder: Path) -> str:
    """Return `read`, or the one line with which the file of a seed was refused."""
    rows, check = CHECKS[what]
    file = hostile_table(seed, rows, folder)
    try:
        check(file)
    except InputError as error:
        said = str(error)
    else:
        return "read"
    assert said
    assert said.isprintable(), ascii(said)
    return said


@pytest.mark.parametrize("what", CHECKS)
def test_a_shuffled_file_is_read_or_refused_in_one_line(tmp_path: Path, what: str) -> None:
    outcomes = []
    for seed in range(SEEDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            outcomes.append(outcome(what, seed, folder))
        except Exception as error:
            raise AssertionError(f"{what}, seed {seed}") from error
    assert 0 < outcomes.count("read") < SEEDS


def main() -> int:
    """Run many more seeds and say which of them break the rule."""
    warnings.simplefilter("error")
    broken = 0
    for what in CHECKS:
        told: dict[str, int] = {"read": 0, "refused": 0}
        for seed in range(SEEDS, SEEDS + int(sys.argv[1])):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    told["read" if outcome(what, seed, Path(folder)) == "read" else "refused"] += 1
                except Exception as error:
                    broken += 1
                    print(f"{what}, seed {seed}: {type(error).__name__}: {str(error)[:150]!r}")
        print(what, told)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
