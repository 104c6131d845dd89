"""Kept tables are made once, made anew when what they are made of changes, and never a condition for an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.kept import MOST_KEPT, kept


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "landask" / "tables"


def test_a_table_is_made_once_and_anew_when_a_source_changes(cache: Path, tmp_path: Path) -> None:
    source, made = tmp_path / "words.txt", []

    def make() -> dict[str, int]:
        made.append(1)
        return {"été": len(made)}

    source.write_text("a")
    assert [kept("t", [source, "1.0"], make) for _ in range(3)] == [{"été": 1}] * 3
    source.write_text("b")
    assert kept("t", [source, "1.0"], make) == {"été": 2}
    assert kept("t", [source, "1.1"], make) == {"été": 3}


def test_two_versions_side_by_side_keep_theirs_and_the_oldest_go(cache: Path) -> None:
    made: list[int] = []
    for version in (1, 2, 1, 2):
        kept("t", [str(version)], lambda version=version: made.append(version))
    assert made == [1, 2]
    for version in range(3, 3 + MOST_KEPT):
        kept("t", [str(version)], lambda: 0)
    assert len(list(cache.iterdir())) == MOST_KEPT


@pytest.mark.parametrize("spoilt", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_spoilt_table_is_made_anew(cache: Path, spoilt: bytes) -> None:
    kept("t", ["x"], lambda: [1])
    (file,) = cache.iterdir()
    file.write_bytes(spoilt)
    assert kept("t", ["x"], lambda: [2]) == [2]
    assert json.loads(file.read_bytes()) == [2]


def test_without_a_place_to_keep_it_a_table_is_made_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert kept("t", ["x"], lambda: [1]) == [1]
