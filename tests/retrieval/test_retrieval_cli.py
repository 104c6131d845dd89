from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval import ingest
from retrieval.__main__ import main
from retrieval.ingest import Contents, Progress, Sources
from retrieval.store import Store
from tests import tiny

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Sources]:
    """What builds were asked for; they read the tiny world."""
    seen: list[Sources] = []

    def read(sources: Sources, progress: Progress) -> Contents:
        seen.append(sources)
        return Contents(None, (tiny.regions(),), None, (tiny.survey(),))

    monkeypatch.setattr(ingest, "read", read)
    return seen


def test_build_makes_a_store_and_says_what_is_in_it(
    tmp_path: Path, asked: list[Sources], capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "s.duckdb"
    assert main(["build", "--store", str(store)]) == 0
    said = capsys.readouterr().out
    assert "tiny_survey: 54 rows, 2018–2022" in said
    with Store.open(store) as opened:
        assert opened.years() == (2018, 2022)


def test_every_source_option_reaches_the_build(tmp_path: Path, asked: list[Sources]) -> None:
    arguments = ["--lucas", "a", "--lucas", "b", "--regions", "c", "--pixels", "d", "--statistics", "e", "--swapped"]
    assert main(["build", "--store", str(tmp_path / "s"), "--quiet", *arguments]) == 0
    assert asked == [
        Sources((Path("a"), Path("b")), (Path("c"),), (Path("d"),), (Path("e"),), swapped=True, bundled=True)
    ]


def test_status_shows_every_finding_on_request(
    tmp_path: Path, asked: list[Sources], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["build", "--store", str(tmp_path / "s"), "--quiet"])
    assert main(["status", "--store", str(tmp_path / "s"), "--quality"]) == 0
    assert "region at level country: 0 none needed; recorded 25; within 5" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_ends_the_status_quietly(tiny_store: Store) -> None:
    ear, mouth = os.pipe()
    os.close(ear)
    command = [sys.executable, "-m", "retrieval", "status", "--store", str(tiny_store.path)]
    ended = subprocess.run(command, stdout=mouth, stderr=subprocess.PIPE, cwd=ROOT, timeout=60)
    os.close(mouth)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_status_of_no_store_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--store", str(tmp_path / "none")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "python -m retrieval build" in said.err


def test_a_bad_file_is_one_line_and_exit_code_2_and_the_store_stays(
    tmp_path: Path, asked: list[Sources], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, junk = tmp_path / "s", tmp_path / "junk.csv"
    main(["build", "--store", str(store), "--quiet"])
    before = store.read_bytes()
    monkeypatch.undo()
    junk.write_text("no,such,columns\n1,2,3\n")
    assert main(["build", "--store", str(store), "--quiet", "--lucas", str(junk)]) == 2
    assert "fit no known survey dataset" in capsys.readouterr().err
    assert store.read_bytes() == before


def test_a_second_build_is_told_that_one_is_running(
    tmp_path: Path, asked: list[Sources], capsys: pytest.CaptureFixture[str]
) -> None:
    with ingest._lock(tmp_path / "s", 0):
        assert main(["build", "--store", str(tmp_path / "s"), "--quiet"]) == 2
    assert "another build" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["build", "--help"], ["status", "--help"]])
def test_help_is_there(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    assert "usage: python -m retrieval" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["plant"], ["build", "--no-such"]])
def test_bad_usage_is_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


def test_the_module_runs_from_the_shell(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "retrieval", "status", "--store", str(tmp_path / "none")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_store_may_be_named_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANDASK_STORE", str(tmp_path / "elsewhere"))
    assert main(["status"]) == 2
    assert "elsewhere" in capsys.readouterr().err
