"""Each suite on a small sample; the gate on everything that needs no model: nothing that was right is wrong now."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from evals.classes import tables as class_tables
from evals.gate import KEPT, losses
from evals.gold.questions_gold import RECORDS, SAMPLES, SHARES, with_gold
from evals.gold.statistics_gold import Shares
from evals.gold.survey_gold import read_cases, read_records
from evals.questions import cases as question_cases
from evals.record import Case, Outcome, counted, row_of
from evals.robustness import kept, shut
from evals.running import run_suite, spread
from evals.suites import SUITES
from evals.world import Setting, World
from retrieval.store import Store
from retrieval.types import PAGE_LANGUAGES
from tests.conftest import shared_data_folder
from tools.context import Context


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, demo_store: Store) -> World:
    """The evals' world on the stores the other tests have made; only bundled data where there is no other."""
    folder = shared_data_folder()
    made = World(tmp_path_factory.mktemp("evals"), folder if folder.is_dir() else None, Setting())
    made.__dict__["bundled"] = Context.open(demo_store)
    store = request.getfixturevalue("real_store") if folder.is_dir() else demo_store
    made.__dict__["context"] = Context.open(store)
    return made


def test_the_recorded_gold_of_the_questions_is_what_pandas_counts(shared_data: Path):
    records, shares = read_records(shared_data / RECORDS), Shares(shared_data / SHARES)
    for case in read_cases(SAMPLES):
        assert with_gold(case, records, shares) == case, case["id"]


def test_there_are_four_hundred_questions_in_eight_languages_with_groups_of_five(world: World):
    found = question_cases(world)
    assert len({case.id for case in found}) == len(found) >= 400
    assert {case.language for case in found} == set(PAGE_LANGUAGES)
    groups = [case.group for case in found if case.kind == "paraphrase"]
    assert all(groups.count(group) == 5 for group in groups)
    assert sum(case.split == "held_out" for case in found) >= 100


def test_a_limit_keeps_languages_and_kinds_mixed():
    cases = [Case(str(at), {}) for at in range(100)]
    assert [case.id for case in spread(cases, 4)] == ["0", "25", "50", "75"]
    assert spread(cases, None) is cases


@pytest.mark.slow
@pytest.mark.parametrize("suite", ["places", "classes", "questions", "robustness"])
def test_nothing_that_was_right_is_wrong_now(world: World, suite: str):
    lost = losses(world, [suite])
    assert not lost, "\n".join(map(str, lost))


def test_the_gate_sees_a_loss(tmp_path: Path, demo_store: Store):
    few = World(tmp_path, None, Setting(limit=60))
    few.__dict__["context"] = few.__dict__["bundled"] = Context.open(demo_store)
    book = json.loads(KEPT.read_text(encoding="utf-8"))
    failing = next(row.id for row in run_suite(SUITES["classes"], few).rows if not row.stages["right"])
    assert "right" not in book["classes"][failing]["right"]
    book["classes"][failing]["right"].append("right")
    (tmp_path / "gate.json").write_text(json.dumps(book), encoding="utf-8")
    assert [loss.id for loss in losses(few, ["classes"], tmp_path / "gate.json")] == [failing]


def test_a_question_without_its_data_is_not_covered_and_not_passed(tmp_path: Path, demo_store: Store):
    bare = World(tmp_path, None, Setting(limit=10))
    bare.__dict__["context"] = Context.open(demo_store)
    rows = run_suite(SUITES["questions"], bare).rows
    assert not rows[0].covered
    assert counted(rows[:1], "result") == (0, 1)


def test_the_network_is_shut_and_opened_again():
    with shut() as tried, socket.socket() as one, pytest.raises(OSError, match="no network"):
        one.connect(("192.0.2.1", 80))
    assert tried == ["192.0.2.1"]
    assert socket.socket.connect.__name__ == "connect"


def test_classes_are_told_by_language_and_level(world: World):
    cases = [Case(f"c{at}", {}, language="en", classes=(code,)) for at, code in enumerate(("B00", "B82", "B82"))]
    made = [row_of(case, Outcome({"codes": at % 2})) for at, case in enumerate(cases)]
    assert class_tables(made, world) == {
        "By language and level of the code meant": [{"language": "en", "level 1": "0 of 1", "level 3": "1 of 2"}]
    }


@pytest.mark.parametrize(("second", "stands"), [(12, 1), (40, 0)])
def test_a_disputed_number_must_not_change(second: int, stands: int):
    said = [{"status": "answered", "results": [{"value": value}]} for value in (12, second)]
    assert kept({"dispute": True}, said) == stands
    assert kept({"dispute": True}, [said[0], {"status": "refused", "results": []}]) == 1
    assert kept({}, said) is None
