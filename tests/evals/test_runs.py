"""Runs are kept, read, compared and told; what was not measured is never a pass."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from evals.__main__ import main
from evals.compare import as_text, compare
from evals.maps import _countries, country_at
from evals.progress import Progress
from evals.record import Case, Outcome, Row, Run, consistency, counted, flapping, majority, read_run, row_of
from evals.report import page, scoreboard
from evals.routers import compared
from evals.running import model_digests, run_suite, setting_of
from evals.suites import SUITES, Suite
from evals.world import Setting, World
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


def test_the_page_has_each_runs_map_under_its_heading():
    told = page([run("11100")], scoreboard([run("11100")], "## Findings\n\n- **Bold** words\n  over two lines."))
    assert "<li><strong>Bold</strong> words\nover two lines.</li>" in told
    assert "<h2>questions-builtin</h2><figure><img alt='questions-builtin: share of rows right" in told


def test_no_country_spans_the_map():
    widths = _countries().explode().bounds.eval("maxx - minx")
    assert widths.max() < 180


def test_a_question_held_out_is_named_and_not_told():
    hidden = replace(
        run("01"), rows=tuple(replace(row, split="held_out", detail={"question": "where?"}) for row in rows("01"))
    )
    board = scoreboard([hidden])
    assert "`r00` (fr), held out" in board
    assert "where?" not in board


def test_a_run_that_was_ended_goes_on_where_it_stopped(tmp_path: Path):
    cases = [Case(f"r{at}", {"question": at}) for at in range(4)]
    asked: list[str] = []

    def measure(case: Case) -> Outcome:
        asked.append(case.id)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return Outcome({"result": 1}, covered=case.id != "r0")

    path = tmp_path / "partial" / "run.jsonl"
    first = Progress(path, 4)
    with pytest.raises(KeyboardInterrupt):
        [first.row(case, 1, measure) for case in cases]
    path.write_text(path.read_text(encoding="utf-8") + '{"id": "cut off', encoding="utf-8")
    changed = [cases[0], Case("r1", {"question": "another"}), *cases[2:]]
    made = [Progress(path, 4).row(case, 1, measure) for case in changed]
    assert asked == ["r0", "r1", "r2", "r0", "r1", "r2", "r3"]  # not covered, changed, and never measured
    assert [row.id for row in made] == ["r0", "r1", "r2", "r3"]
    asked.clear()
    known = Progress(None, 4, made)
    assert [known.row(case, 1, measure).id for case in changed] == ["r0", "r1", "r2", "r3"]
    assert asked == ["r0"]


def test_a_run_asks_only_the_rows_wanted(tmp_path: Path):
    cases = [Case("free-1", {}, kind="count", split="dev"), Case("free-2", {}, kind="rank", split="held_out"),
             Case("agent-1", {}, kind="count", split="dev")]  # fmt: skip
    suite = Suite("small", lambda world: cases, lambda case, world: Outcome({"result": 1}), ("result",), "result")

    def ids(**setting) -> list[str]:
        return [row.id for row in run_suite(suite, World(tmp_path, None, Setting(**setting))).rows]

    assert ids(split="dev") == ["free-1", "agent-1"]
    assert ids(only=("free-",)) == ["free-1", "free-2"]
    assert ids(only=("free-", "count"), split="dev") == ["free-1", "agent-1"]


def answered(wanted: str, router: str, invented: list[str]) -> dict:
    return {"wanted": wanted, "router": router, "invented": invented}


def test_routers_are_told_beside_the_rules_on_the_same_rows():
    rules = replace(
        run("1010"), rows=tuple(replace(r, detail=answered("answered", "builtin", [])) for r in rows("1010"))
    )
    own = [answered("answered", "schema:m", []), answered("answered", "builtin (after schema:m)", []),
           answered("refused", "schema:m", ["number 2019"])]  # fmt: skip
    made = tuple(replace(r, detail=d) for r, d in zip(rows("110"), own, strict=True))
    both = compared([replace(run("110", "schema"), rows=made), rules])
    assert [line["run"] for line in both] == ["questions-builtin", "questions-schema"]
    assert both[1]["single step: right result"].startswith("2 of 2, 100 %")
    assert both[1]["single step: right result"].endswith("; rules 1")
    assert both[1]["refused rightly"].startswith("0 of 1")
    assert (both[1]["own plan"], both[1]["invented"]) == ("2, right 1", 1)
    assert "rules" not in both[0]["single step: right result"]
    assert compared([rules]) == []


def test_a_run_names_its_model_by_file_and_digest_and_not_by_folder(tmp_path: Path):
    (tmp_path / "small.gguf").write_bytes(b"weights")
    setting = Setting("schema", f"embedded:{tmp_path / 'small.gguf'}", strategy="rag", only=("free-",))
    world = World(tmp_path, None, setting)
    assert model_digests(SUITES["questions"], world) == {"small.gguf": hashlib.sha256(b"weights").hexdigest()[:12]}
    assert setting_of(SUITES["questions"], world)["llm"] == "embedded:small.gguf"
    assert replace(run("1"), setting=setting_of(SUITES["questions"], world)).name.endswith("small.gguf-rag-free")
    assert model_digests(SUITES["questions"], World(tmp_path, None)) == {}


def test_wrong_use_is_one_line_and_exit_code_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["run", "nonsense"]) == 2
    assert main(["report", "--log-dir", str(tmp_path)]) == 2
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_a_position_lies_in_its_country():
    assert country_at([2.35, 12.5, 23.7, -30.0], [48.86, 41.9, 38.0, 45.0]) == ["FR", "IT", "EL", ""]


def test_a_scoreboard_keeps_what_it_tells_of_runs_that_are_not_at_hand():
    first = scoreboard([run("110"), run("10", "schema")], "## Findings in words\n\nOld words.")
    again = scoreboard([run("111")], "## Findings in words\n\nNew words.", first)
    assert "Old words." not in again
    assert again.count("New words.") == 1
    assert again.count("\n## questions-builtin\n") == again.count("\n## questions-schema\n") == 1
    assert "3 / 3" in again
    assert "2 / 3" not in again
    assert scoreboard([], "## Findings in words\n\nNew words.", again) == again
