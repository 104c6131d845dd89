"""The hundred questions of the published figures: their gold is the file's, and scoring tells right from wrong."""

from __future__ import annotations

import copy

import pytest

from evals.gold.statistics_gold import Shares, expected, read_samples, score
from retrieval.types import PAGE_LANGUAGES


def answer(**result) -> dict:
    base = {
        "tool": "official_share", "regions": [{"id": "country:SE", "name": "Sweden"}], "land_cover": ["C00"],
        "years": [2018], "value": 62.4, "unit": "%",
        "table": {"columns": ["code", "year", "value", "flag"], "rows": [["SE", 2018, 62.4, ""]]},
    }  # fmt: skip
    return {"status": "answered", "text": "In 2018 62.4 % of Sweden was woodland.", "results": [base | result]}


def test_there_are_a_hundred_questions_in_eight_languages_forty_of_them_held_out():
    samples = read_samples()
    assert len({s["id"] for s in samples}) == 100
    assert len({s["question"] for s in samples}) == 100
    assert {s["language"] for s in samples} == set(PAGE_LANGUAGES)
    assert [s["split"] for s in samples] == ["built"] * 60 + ["held_out"] * 40


def test_the_gold_is_what_pandas_reads_in_the_published_file(shared_data):
    shares = Shares(shared_data / "official_shares")
    for sample in read_samples():
        assert sample["expected"] == expected(sample["ask"], shares), sample["question"]


def test_the_right_answer_scores_on_every_stage():
    sample = read_samples()[0]
    assert 0 not in score(sample, answer()).values()


@pytest.mark.parametrize(
    ("wrong", "stage"),
    [
        ({"value": 62.6}, "value"),
        ({"unit": "km2"}, "unit"),
        ({"years": [2022]}, "year"),
        ({"land_cover": ["C10"]}, "land_cover"),
        ({"regions": [{"id": "country:FI", "name": "Finland"}]}, "region"),
        ({"tool": "rank_official"}, "tool"),
    ],
)
def test_a_wrong_answer_fails_at_its_stage(wrong, stage):
    stages = score(read_samples()[0], answer(**wrong))
    assert stages[stage] == 0
    assert stages["right"] == 0


def test_a_refusal_must_say_the_way_out():
    sample = next(s for s in read_samples() if "2017" in s["question"])
    refused = {"status": "refused", "text": "No survey in 2017; nearest: 2015, 2018.", "results": []}
    assert score(sample, refused)["right"] == 1
    vague = copy.deepcopy(refused) | {"text": "No survey in 2017."}
    assert score(sample, vague)["right"] == 0
    assert score(sample, answer())["right"] == 0
