"""Runs are kept, read, compared and told; what was not measured is never a pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evals.__main__ import main
from evals.compare import as_text, compare
from evals.maps import country_at
from evals.record import Case, Outcome, Row, Run, consistency, counted, flapping, majority, read_run, row_of
from evals.report import page, scoreboard
from retrieval.errors import BadArgument, BadFile


def rows(right: str, trial: int = 1) -> list[Row]:
    made = []
    for at, mark in enumerate(right):
        case = Case(
            f"r{at:02d}",
            {"question": at},
            language="en" if at % 2 else "fr",
            region="FR",
            kind="k",
            group=f"g{at // 5}",
        )
        made.append(row_of(case, Outcome({"result": int(mark == "1")}, 0.1, covered=mark != "-"), trial))
    return made


def run(right: str, router: str = "builtin") -> Run:
    about = {"date": "2026-01-01", "machine": "m", "samples": "s"}
    return Run("questions", {"router": router, "headline": "result", "of": len(right)}, about, tuple(rows(right)))


def test_rows_that_were_not_measured_are_counted_and_never_pass():
    assert counted(rows("11-0"), "result") == (2, 4)


def test_of_three_trials_two_decide_and_the_row_flaps():
    trials = [*rows("10"), *rows("11", 2), *rows("00", 3)]
    assert [row.stages["result"] for row in majority(trials)] == [1, 0]
    assert flapping(trials, "result") == ("r00", "r01")


def test_wordings_of_one_question_are_right_throughout_or_not():
    assert consistency(rows("111110000010101"), "result") == (1, 1, 3)


def test_a_run_is_read_as_it_was_written(tmp_path: Path):
    kept = run("1011")
    assert read_run(kept.save(tmp_path)) == kept
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BadFile):
        read_run(tmp_path / "other.json")


def test_a_better_run_is_called_better_and_chance_is_not():
    found = compare(run("0" * 40 + "1" * 40), run("1" * 80, "schema"))
    assert [change.verdict for change in found.stages] == ["better"]
    assert found.stages[0].difference.value == 0.5
    assert "better at result: +50.0 points" in as_text(found)
    assert compare(run("10" * 40), run("01" * 40)).stages[0].verdict == "no difference shown"


def test_a_changed_or_missing_sample_is_no_pair():
    first, second = run("1111"), run("111")
    changed = replace(second, rows=(replace(second.rows[0], hash="x"), *second.rows[1:]))
    assert compare(first, changed).uncovered == ("r00", "r03")
    with pytest.raises(BadArgument):
        compare(first, replace(second, suite="places"))


def test_the_board_tells_rates_failures_and_steadiness():
    board = scoreboard([run("1110111111")], "Words.")
    assert "9 / 10" in board
    assert "`r03`" in board
    assert "1 of 2 right throughout" in board
    assert "Words." in board
    assert page([run("11100")], board).startswith("<!doctype html>")


def test_wrong_use_is_one_line_and_exit_code_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["run", "nonsense"]) == 2
    assert main(["report", "--log-dir", str(tmp_path)]) == 2
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_a_position_lies_in_its_country():
    assert country_at([2.35, 12.5, 23.7, -30.0], [48.86, 41.9, 38.0, 45.0]) == ["FR", "IT", "EL", ""]
