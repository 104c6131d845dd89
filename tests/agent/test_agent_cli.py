from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.__main__ import main
from retrieval.store import Store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(demo_store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run one command on the demo store: exit code, stdout, stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def command(name: str, *arguments: str) -> tuple[int, str, str]:
        code = main([name, *arguments, "--store", str(demo_store.path)])
        out = capsys.readouterr()
        return code, out.out, out.err

    return command


def test_a_person_gets_the_sentence_a_small_table_and_a_map(run) -> None:
    code, out, _ = run("ask", "where is vineyard in Hérault?")
    assert code == 0
    assert "vineyards (B82)" in out
    assert "point_id" in out
    map_file = Path(out.strip().splitlines()[-1].removeprefix("map: "))
    assert map_file.read_text(encoding="utf-8").startswith("<svg")
    assert "LUCAS" in map_file.read_text(encoding="utf-8")


def test_json_is_one_object(run) -> None:
    code, out, _ = run("ask", "how much of Sweden was woodland in 2018", "--json")
    assert code == 0
    assert json.loads(out)["results"][0]["value"] == 62.4


@pytest.mark.parametrize(
    ("question", "expected"), [("vineyards in Tuscany", 0), ("vineyards in Limburg", 0), ("where is soya in Brazil", 3)]
)
def test_exit_codes_tell_answers_from_refusals(run, question: str, expected: int) -> None:
    assert run("ask", question)[0] == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "  "),
        ("ask", "vineyards here", "--selection", "nowhere.geojson"),
        ("batch", "nowhere.jsonl", "--out", "out.jsonl"),
        ("replay", "nowhere.json"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "text", ["{", '{"type": "Point", "coordinates": [1, 2]}', '{"type": "Polygon", "coordinates": []}']
)
def test_a_bad_selection_is_bad_input(run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "area.geojson"
    file.write_text(text, encoding="utf-8")
    code, _, err = run("ask", "vineyards in this region", "--selection", str(file))
    assert (code, err.count("\n")) == (2, 1)


def test_a_missing_store_is_bad_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["ask", "vineyards in Tuscany", "--store", str(tmp_path / "none.duckdb")]) == 2
    assert "no store at" in capsys.readouterr().err


def test_save_writes_everything_and_the_plan_replays_to_the_same_bytes(run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    code, _, _ = run("ask", "where is vineyard in Hérault?", "--save", str(folder))
    assert code == 0
    names = {file.name for file in folder.iterdir()}
    stem = "1-find_points"
    assert {f"{stem}.geojson", f"{stem}.csv", f"{stem}.parquet", f"{stem}.png", "plan.json", "answer.json"} <= names
    features = json.loads((folder / f"{stem}.geojson").read_text())
    assert "LUCAS" in features["source"]
    with (folder / f"{stem}.csv").open(encoding="utf-8") as file:
        assert all("LUCAS" in row["source"] for row in csv.DictReader(file))
    first, second = (run("replay", str(folder / "plan.json"))[1] for _ in range(2))
    assert first == second
    answer = json.loads((folder / "answer.json").read_text())
    assert json.loads(first)["results"] == answer["results"]
    assert json.loads(first)["text"] == answer["text"]


def test_euro_geographics_is_named_wherever_its_outline_is_drawn_or_exported(
    real_store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    question = ("ask", "where is vineyard in Languedoc-Roussillon?", "--store", str(real_store.path))
    assert main([*question]) == 0
    drawing = Path(capsys.readouterr().out.strip().splitlines()[-1].removeprefix("map: "))
    assert main([*question, "--save", str(tmp_path / "out")]) == 0
    exported = tmp_path / "out" / "1-find_points.geojson"
    for file in (drawing, exported):
        assert "EuroGeographics" in file.read_text(encoding="utf-8"), file


def test_a_batch_goes_on_where_it_stopped_and_over_bad_lines(run, tmp_path: Path) -> None:
    file, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        json.dumps({"id": "a", "question": "how much of Sweden was woodland in 2018"}),
        "{not json",
        json.dumps({"id": "b", "turns": ["how many vineyard points in Tuscany", "and in Umbria?"]}),
        json.dumps({"id": "c", "question": "where is soya in Brazil"}),
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    code, _, err = run("batch", str(file), "--out", str(out), "--jobs", "2", "--quiet")
    assert code == 0
    assert "1 in lines that could not be read" in err
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [w["id"] for w in written] == ["a", "line-2", "b", "c"]
    assert [w["turns"][-1]["answer"]["status"] for w in written] == ["answered", "error", "answered", "refused"]
    assert len(written[2]["turns"]) == 2

    whole = out.read_bytes()
    out.write_bytes(whole[: whole.index(b"\n") + 20])  # stopped in the middle of the second line
    assert run("batch", str(file), "--out", str(out), "--quiet")[0] == 0
    again = [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert again == ["a", "line-2", "b", "c"]


def test_a_csv_is_a_batch_too(run, tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    file.write_text('id,question\n1,"vineyards in Tuscany, 2018"\n2,Wo liegt Wald in Tirol?\n', encoding="utf-8")
    assert run("batch", str(file), "--out", str(out), "--quiet")[0] == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2


def test_an_output_that_is_no_batch_is_left_alone(run, tmp_path: Path) -> None:
    file, out = tmp_path / "in.jsonl", tmp_path / "notes.txt"
    file.write_text(json.dumps({"id": "a", "question": "vineyards in Tuscany"}), encoding="utf-8")
    out.write_text("my notes\n", encoding="utf-8")
    assert run("batch", str(file), "--out", str(out), "--quiet")[0] == 2
    assert out.read_text(encoding="utf-8") == "my notes\n"


def test_chat_remembers(run, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO("how many vineyard points in Tuscany?\nand in Umbria?\n/quit\n"))
    code, out, _ = run("chat")
    assert code == 0
    assert out.index("Tuscany") < out.index("Umbria")


def test_the_command_imports_nothing_heavy_for_a_plain_answer(demo_store: Store) -> None:
    script = (
        "import sys; from agent.__main__ import main; "
        f"main(['ask', 'where is vineyard in Tuscany', '--json', '--store', {str(demo_store.path)!r}]); "
        "heavy = {'pandas', 'geopandas', 'matplotlib', 'torch', 'langchain', 'gradio'} & {*sys.modules}; "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
