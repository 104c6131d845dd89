"""The suite of land deals: its gold says what the questions ask, and its scores tell a right answer from a near one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evals import landmatrix
from evals.world import World
from retrieval.fetch.landmatrix_world import current


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
