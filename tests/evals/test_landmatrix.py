"""The suite of land deals: its gold says what the questions ask, and its scores tell a right answer from a near one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.llm import choose
from evals import landmatrix
from evals.running import run_suite
from evals.suites import SUITES
from evals.world import Setting, World
from retrieval.fetch.landmatrix_world import current
from tests.llm.ollama_protocol import Reply, serving


def samples() -> dict[str, dict[str, Any]]:
    return {case.id: dict(case.sample) for case in landmatrix.cases(World(Path("unused"), None))}


def test_there_are_sixty_questions_in_eight_languages_and_gold_for_nearly_all() -> None:
    every = samples()
    assert len(every) == 60
    assert len({one["language"] for one in every.values()}) == 8
    assert sum(landmatrix.gold_deals(one).empty for one in every.values()) <= 6  # none there is an answer, too


def test_gold_is_what_was_invented() -> None:
    question = samples()["lm-001"]  # Ethiopia, maize
    gold = set(landmatrix.gold_deals(question)["deal_id"])
    assert gold == {d.id for d in landmatrix.invented() if d.country == 231 and "CRN" in current(d.crops)}


def test_an_answer_with_one_deal_too_few_is_wrong() -> None:
    question = samples()["lm-002"]  # how many in Africa
    inside = landmatrix.gold_deals(question)
    right = {"results": [{"value": len(inside), "table": None}]}
    assert landmatrix.answer_is_right(right, question, inside)
    assert not landmatrix.answer_is_right({"results": [{"value": len(inside) - 1}]}, question, inside)
    assert landmatrix.listed(right) != landmatrix.wanted_deals(question, inside)


# --- language models beside the rules ----------------------------------------------------------------------------

ASKED = ("lm-002", "lm-003", "lm-008")
"""Questions whose whole plan is codes and a measure: what a scripted model can write from the gold."""
STRATEGIES = (
    ("builtin", "", "right"),
    ("schema", "prompt", "right"),
    ("schema", "rag", "right"),
    ("tools", "agent", "right"),
    ("schema", "rag", "never"),
)


def model(questions: dict[str, dict[str, Any]], kind: str):
    """A model that writes the gold as its plan, or one that never writes a plan."""

    def brain(body: dict[str, Any]) -> Reply:
        if kind == "never":
            return Reply(pieces=["I think", " there are many."])
        messages = body["messages"]
        if any(message["role"] == "tool" for message in messages):
            return Reply(pieces=["done"])
        asked = next(one for text, one in questions.items() if text in str(messages))
        act, _, measure = asked["want"].partition(":")
        plan = {"act": {"deals": "list"}.get(act, act), "where": dict(asked["where"]), "measure": measure or "deals"}
        if body.get("tools"):
            return Reply(tool_calls=[{"name": "deals", "arguments": plan}])
        return Reply(pieces=[json.dumps(plan)])

    return brain


def test_the_strategies_stand_side_by_side_each_with_its_own_plans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = {one["question"]: one for id, one in samples().items() if id in ASKED}
    landmatrix.context_of(tmp_path)
    store = next(tmp_path.glob("*.duckdb"))
    for router, strategy, kind in STRATEGIES:
        choose.best_served.cache_clear()
        with serving(model(questions, kind)) as server:
            monkeypatch.setenv("OLLAMA_HOST", server.url)
            llm = "" if router == "builtin" else "ollama:qwen3:4b"
            world = World(tmp_path, None, Setting(router, llm, strategy, only=ASKED), store)
            run_suite(SUITES["landmatrix"], world).save(tmp_path / "logs" / kind)
    assert landmatrix.main(["--log-dir", str(tmp_path / "logs" / "right")]) == 0
    kept = [landmatrix.read_run(path) for path in sorted((tmp_path / "logs").glob("*/landmatrix-*.json"))]
    lines = {(line["strategy"], line["own_plan"]): line for line in landmatrix.by_strategy(kept)}
    n = len(ASKED)
    assert {name.split()[0] for name, _ in lines} == {"rules", "prompt", "rag", "agent"}
    assert {own for _, own in lines} == {"–", f"{n} of {n}", f"0 of {n}"}  # the rules answer for a model with no plan
    assert all(line["result"] == f"{n} of {n}" for line in lines.values())
    table = landmatrix.as_table(landmatrix.by_strategy(kept)).splitlines()
    assert len(table) == 2 + len(STRATEGIES)
