"""The questions of another author: their gold is pandas' own, and none is asked in the older sets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from evals.gold.questions_gold import RECORDS, SHARES
from evals.gold.statistics_gold import Shares
from evals.gold.survey_gold import read_cases, read_records
from evals.gold.unseen_gold import SAMPLES, with_gold
from retrieval.types import PAGE_LANGUAGES

OLDER = ("survey", "statistics", "questions")


def words(case: dict) -> tuple[str, ...]:
    return tuple(turn.casefold() for turn in case.get("turns") or [case["question"]])


def test_the_recorded_gold_of_the_unseen_questions_is_what_pandas_counts(shared_data: Path):
    records, shares = read_records(shared_data / RECORDS), Shares(shared_data / SHARES)
    for case in read_cases(SAMPLES):
        assert with_gold(case, records, shares) == case, case["id"]


def test_the_three_sets_have_their_sizes_splits_and_eight_languages():
    cases = read_cases(SAMPLES)
    assert len({case["id"] for case in cases}) == len(cases) == 200
    assert Counter((case["set"], case["split"]) for case in cases) == {
        ("figures", "held_out"): 40, ("agent", "held_out"): 60, ("free", "dev"): 50, ("free", "held_out"): 50,
    }  # fmt: skip
    assert set(Counter(case["kind"] for case in cases if case["set"] == "agent").values()) == {15}
    for name in ("figures", "agent", "free"):
        assert {case["language"] for case in cases if case["set"] == name} == set(PAGE_LANGUAGES)


def test_no_unseen_question_is_asked_in_the_older_sets_or_twice():
    older = {words(case) for name in OLDER for case in read_cases(SAMPLES.with_name(f"{name}.jsonl"))}
    unseen = [words(case) for case in read_cases(SAMPLES)]
    assert len(set(unseen)) == len(unseen)
    assert not older & set(unseen)


def test_a_step_of_each_is_asked_of_every_region_the_first_step_found():
    def record(point: int, country: str, land_cover: str) -> dict[str, object]:
        nuts = {f"nuts{level}": country + "1" * level for level in range(4)}
        return {"point_id": point, "year": 2018, **nuts, "lc1": land_cover, "lu1": "U111"}

    records = pd.DataFrame(
        [record(1, "XA", "B14"), record(2, "XB", "B14"), record(3, "XA", "B16"), record(4, "XC", "B16")]
    )
    rank = {"source": "survey", "asked": {"what": "rank_regions", "level": "country", "lc": ["B14"], "limit": 2}}
    share = {"source": "survey", "asked": {"what": "share", "lc": ["B14"]}, "each": True}
    made = with_gold({"steps": [rank, share]}, records, shares=None)["results"]
    assert [one["gold"] for one in made] == [{"rows": [["XA", 1], ["XB", 1]]}, {"value": 50.0}, {"value": 100.0}]
    assert [one["asked"].get("nuts") for one in made] == [None, ["XA"], ["XB"]]
