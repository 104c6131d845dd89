"""Stages are judged one by one, and each wrong answer fails where it is wrong."""

from __future__ import annotations

import pytest

from evals.scorers import STAGES, bare_code, distance_km, readings, score_question, unsupported_numbers

SAMPLE = {
    "asked": {"what": "points", "nuts": ["FRJ1"], "lc": ["B82"]},
    "gold": {"value": 2, "ids": ["37062262", "37242276"]},
}


def answer(text="In 2018 there were 2 points.", status="answered", **result):
    base = {
        "tool": "find_points", "arguments": {}, "regions": [{"id": "nuts:FRJ1", "name": "Languedoc-Roussillon"}],
        "land_cover": ["B82"], "land_use": [], "years": [2018], "value": 2, "unit": "points", "interval": None,
        "table": {"columns": ["point_id"], "rows": [["37062262"], ["37242276"]]},
    }  # fmt: skip
    return {"status": status, "text": text, "choices": [], "results": [base | result] if status == "answered" else []}


def test_the_right_answer_is_right_at_every_stage():
    stages, detail = score_question(SAMPLE, answer())
    assert stages == dict.fromkeys(STAGES, 1)
    assert detail["point_f1"] == 1.0


@pytest.mark.parametrize(
    ("wrong", "stage"),
    [
        ({"tool": "official_share"}, "operation"),
        ({"regions": [{"id": "nuts:ES42", "name": ""}]}, "place"),
        ({"land_cover": ["B81"]}, "class"),
        ({"years": [2015]}, "year"),
        ({"value": 3}, "value"),
        ({"table": {"columns": ["point_id"], "rows": [["37062262"]]}}, "geometry"),
        ({"text": "There were 77 points."}, "text"),
    ],
)
def test_a_wrong_answer_fails_at_its_stage(wrong, stage):
    stages, _ = score_question(SAMPLE, answer(**wrong))
    assert stages[stage] == 0


def test_refusing_what_can_be_answered_is_wrong_at_every_stage_but_text():
    stages, _ = score_question(SAMPLE, answer(status="refused", text="no"))
    assert {stage for stage, value in stages.items() if value == 0} == set(STAGES) - {"text"}
    assert stages["text"] is None


def test_a_refusal_that_was_wanted_has_no_place_class_or_value():
    sample = {"asked": {"what": "status", "status": "refused"}, "gold": {"status": "refused"}}
    stages, _ = score_question(sample, answer(status="refused", text="no"))
    assert {stage: value for stage, value in stages.items() if value is not None} == {"scope": 1, "result": 1}
    assert score_question(sample, answer())[0]["scope"] == 0


def test_an_only_child_is_its_parent():
    assert bare_code("nuts:LU00") == bare_code("country:LU") == "LU"
    assert bare_code("nuts:FRH0") == bare_code("nuts:FRH") != bare_code("nuts:FRI")


@pytest.mark.parametrize(
    ("said", "number"), [("1,234", 1234.0), ("1.234,5", 1234.5), ("31,9", 31.9), ("1\u202f077", 1077.0)]
)
def test_a_number_is_read_in_each_languages_way(said, number):
    assert number in [value for value, _ in readings(said)]


def test_numbers_of_the_text_must_stand_in_the_results():
    given = answer(text="31.9 % (B82) in 2018, 6 more than before: 1,234.", value=31.94)
    assert unsupported_numbers(given) == ["6", "1,234"]


def test_rome_lies_eleven_hundred_kilometres_from_paris():
    assert distance_km((2.35, 48.86), (12.5, 41.9)) == pytest.approx(1106, abs=5)
