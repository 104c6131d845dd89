"""Our own questions over the real extract, gold by plain pandas: see evals/gold/survey_gold.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.ask import ask
from agent.conversation import Conversation
from evals.gold.survey_gold import gold, read_cases, read_records, right
from tools.context import Context


def test_the_recorded_gold_is_what_pandas_counts(shared_data: Path) -> None:
    records = read_records(shared_data / "lucas" / "lucas_points_2015_2018.parquet")
    cases = read_cases()
    assert len(cases) >= 200
    assert sum(case["split"] == "held_out" for case in cases) == 50
    for case in cases:
        assert gold(records, case["asked"]) == case["gold"], case["id"]


@pytest.mark.parametrize("split", ["dev", "held_out"])
def test_at_least_nineteen_in_twenty_are_right(real: Context, split: str) -> None:
    cases = [case for case in read_cases() if case["split"] == split]
    wrong = []
    for case in cases:
        conversation = Conversation()
        for question in case.get("turns") or [case["question"]]:
            answer = ask(question, real, router="builtin", conversation=conversation, debug=True)
        if not right(case, answer.to_json()):
            wrong.append(case["id"])
    assert len(wrong) <= 0.05 * len(cases), wrong
