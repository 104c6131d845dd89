"""Asking needs little; what needs more says so, and brings it where somebody at the keyboard asked."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.render import refusal_of
from retrieval import parts
from retrieval.errors import NoRecords
from retrieval.store import Store
from tools import run
from tools.context import Context

ROOT = Path(__file__).resolve().parents[1]

ONLY_THE_BASE = f"""
import sys
HEAVY = {sorted(module for part in parts.PARTS.values() for module in part.modules)!r}
class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HEAVY:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Bare())
"""
"""A Python that has what `make ask` installs, and nothing else."""


def bare(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ONLY_THE_BASE + script], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_base_answers_where_how_many_how_much_and_which(demo_store: Store) -> None:
    done = bare(
        "from agent.__main__ import main\n"
        "for question in ('where is vineyard in Hérault?', 'how many olive points in Sicily', "
        "'how much of Sweden was woodland in 2018', 'which Spanish regions have the largest share of olive groves'):\n"
        f"    assert main(['ask', question, '--router', 'builtin', '--store', {str(demo_store.path)!r}]) == 0\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Source: ") == 4


def test_the_base_reads_all_that_is_bundled() -> None:
    done = bare(
        "from retrieval import bundled, ingest, places, regions, statistics_files\n"
        "print(len(bundled.bundled_survey().records), len(bundled.bundled_pixels().rows), "
        "len(statistics_files.bundled_statistics().shares), len(places.towns()), len(regions.dissolved_outlines()))\n"
    )
    assert done.stdout.split() == ["42974", "11070", "62467", "66964", "418"], done.stderr


def test_every_part_is_an_extra_and_no_package_of_one_is_in_the_base() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(parts.PARTS) - {"test"} <= set(project["optional-dependencies"])
    named = {one.partition(">")[0].partition("=")[0].replace("-", "_") for one in project["dependencies"]}
    assert not named & {module for part in parts.PARTS.values() for module in part.modules}


def test_a_missing_package_names_its_part() -> None:
    assert parts.part_of(ModuleNotFoundError("no torch", name="torch.nn")) == "pixels"
    assert parts.part_of(ModuleNotFoundError("no arrow", name="pyarrow")) == "files"
    assert parts.part_of(ModuleNotFoundError("no such", name="tols")) is None


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one tool lack PyTorch until it has been brought."""

    def tool(context: Context, **arguments: Any) -> Any:
        if not arguments.pop("there", []):
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return "answered"

    monkeypatch.setitem(run.TOOLS, "classify_area", tool)


def test_a_page_says_in_a_sentence_which_part_is_missing(demo_store: Store, without_torch: None) -> None:
    context = Context.open(demo_store)
    with pytest.raises(NoRecords) as caught:
        run.call("classify_area", {}, context)
    for language, words in (("en", "not installed on this computer"), ("fr", "pas installée sur cet ordinateur")):
        said = refusal_of(caught.value, language, context)
        assert words in said
        assert "torch" in said
        assert "python -m" not in said


def test_a_command_brings_the_part_and_asks_again(demo_store: Store, without_torch: None) -> None:
    brought: list[str] = []
    there: list[str] = []
    context = replace(Context.open(demo_store), bring=lambda part: (brought.append(part), there.append(part)))
    assert run.call("classify_area", {"there": there}, context) == "answered"
    assert brought == ["pixels"]


def test_what_cannot_be_brought_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failed:
        returncode, stderr = 1, "error: no route to the registry\nmore\n"

    monkeypatch.setattr(parts, "is_there", lambda name: False)
    monkeypatch.setattr(parts.subprocess, "run", lambda *args, **more: Failed())
    assert parts.main(["pixels"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "bringing the satellite classifier (PyTorch and others), once: about 1.4 GB …"
    assert said[1].startswith(
        "error: the satellite classifier (PyTorch and others) could not be brought: error: no route"
    )
