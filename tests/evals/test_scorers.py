"""Stages are judged one by one, and each wrong answer fails where it is wrong."""

from __future__ import annotations

import pytest

from evals.questions import case_of
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


def test_codes_and_levels_are_no_numbers_of_the_text():
    assert unsupported_numbers(answer(text="NUTS 2 regions: B10-50_PI 31.9 %", value=31.94)) == []


def test_rome_lies_eleven_hundred_kilometres_from_paris():
    assert distance_km((2.35, 48.86), (12.5, 41.9)) == pytest.approx(1106, abs=5)


# --- several steps ---------------------------------------------------------------------------------------------------


def counted(region: str, points: int, **changed) -> dict:
    table = {"columns": ["year", "points"], "rows": [[2018, points]]}
    base = {"tool": "count_points", "arguments": {}, "regions": [{"id": region, "name": region}], "land_cover": ["B33"]}
    return base | {"land_use": [], "years": [2018], "value": points, "unit": "points", "table": table} | changed


def shares(tool: str, cells: list[tuple[str, int, float]], value: float | None, unit: str = "%") -> dict:
    columns = ["region_id", "code", "land_cover", "year", "value", "unit", "flag"]
    rows = [[f"country:{code}", code, "C00", year, share, "%", ""] for code, year, share in cells]
    regions = [{"id": f"country:{code}", "name": code} for code in dict.fromkeys(code for code, _, _ in cells)]
    years = sorted({year for _, year, _ in cells})
    base = {"tool": tool, "arguments": {}, "regions": regions, "land_cover": ["C00"], "land_use": [], "years": years}
    return base | {"value": value, "unit": unit, "table": {"columns": columns, "rows": rows}}


def said(text: str, *results: dict) -> dict:
    return {"status": "answered", "text": text, "choices": [], "results": list(results)}


RANKED = {"columns": ["region_id", "points"], "rows": [["country:IT", 21], ["country:ES", 20]]}
RANK = counted("country:IT", 21, tool="rank_points", regions=[], table=RANKED)
FIRST_THEN_COUNT = {
    "results": [
        {"asked": {"what": "rank_regions", "lc": ["B33"], "level": "country"}, "gold": {"rows": [["IT", 21]]}},
        {"asked": {"what": "count", "lc": ["B33"], "years": [2015], "nuts": ["IT"]}, "gold": {"value": 33}},
    ]
}
OLDER = counted("country:IT", 33, years=[2015])


def test_all_steps_right_are_right_in_any_order():
    for results in ((RANK, OLDER), (OLDER, RANK)):
        stages, detail = score_question(FIRST_THEN_COUNT, said("Italy: 21; in 2015 33.", *results))
        assert {stage for stage, value in stages.items() if value == 0} == set()
        assert (stages["result"], stages["value"], stages["geometry"]) == (1, 1, None)
        assert detail["steps_right"] == "2 of 2"


@pytest.mark.parametrize(
    ("results", "wrong"),
    [
        ((RANK, OLDER | {"value": 32}), {"value", "result"}),
        ((RANK, OLDER | {"years": [2018]}), {"year", "result"}),
        ((RANK, OLDER | {"regions": [{"id": "country:ES", "name": ""}]}), {"place", "result"}),
        ((RANK,), {"operation", "place", "year", "value", "result"}),
        ((OLDER,), {"operation", "year", "value", "result"}),
    ],
)
def test_one_wrong_value_or_a_missing_step_is_wrong(results, wrong):
    stages, _ = score_question(FIRST_THEN_COUNT, said("Italy.", *results))
    assert {stage for stage, value in stages.items() if value == 0} == wrong


def test_refusing_several_steps_fails_every_stage_they_have():
    stages, detail = score_question(FIRST_THEN_COUNT, answer(status="refused", text="no"))
    assert {stages[s] for s in ("scope", "operation", "place", "class", "year", "value", "result")} == {0}
    assert detail["steps_right"] == "0 of 2"


def test_a_number_no_result_holds_spoils_the_text_of_all_steps():
    stages, _ = score_question(FIRST_THEN_COUNT, said("Italy: 21; in 2015 33, later 77.", RANK, OLDER))
    assert (stages["text"], stages["result"]) == (0, 1)


def change(code: str, first: float, last: float) -> dict:
    wanted = {
        "status": "answered",
        "tool": ["change_official"],
        "regions": [[f"country:{code}"]],
        "land_cover": ["C00"],
    }
    return {"expected": wanted | {"years": [2015, 2022], "value": round(last - first, 1), "unit": "percentage points"}}


TWO_CHANGES = {"results": [change("SI", 61.1, 61.3), change("HR", 45.7, 47.8)]}
CELLS = [("SI", 2015, 61.1), ("SI", 2022, 61.3), ("HR", 2015, 45.7), ("HR", 2022, 47.8)]
TEXT = "2015 to 2022: Slovenia 0.2, Croatia 2.1 points."


def test_a_change_of_two_countries_may_be_one_call_or_two():
    points = "percentage points"
    one = [shares("change_official", CELLS, None, points)]
    two = [shares("change_official", CELLS[:2], 0.2, points), shares("change_official", CELLS[2:], 2.1, points)]
    for results in (one, two):
        stages, _ = score_question(TWO_CHANGES, said(TEXT, *results))
        assert (stages["result"], stages["value"], stages["place"]) == (1, 1, 1)
    stages, _ = score_question(TWO_CHANGES, said(TEXT, two[0]))
    assert (stages["result"], stages["place"]) == (0, 0)
    swapped = [("HR", *CELLS[0][1:]), ("HR", *CELLS[1][1:]), ("SI", *CELLS[2][1:]), ("SI", *CELLS[3][1:])]
    assert score_question(TWO_CHANGES, said(TEXT, shares("change_official", swapped, None, points)))[0]["result"] == 0


COMPARED = {
    "expected": {
        "status": "answered", "tool": ["compare_official"], "regions": [["country:SI"], ["country:HR"]],
        "land_cover": ["C00"], "years": [2022], "values": [61.3, 47.8], "unit": "percentage points",
    }
}  # fmt: skip


def test_a_published_comparison_may_be_said_as_its_two_shares_and_not_as_one():
    two = [shares("official_share", CELLS[1:2], 61.3), shares("official_share", CELLS[3:], 47.8)]
    whole = shares("compare_official", [CELLS[1], CELLS[3]], 13.5, "percentage points")
    for results in (two, [whole]):
        assert score_question(COMPARED, said("2022: 61.3 % and 47.8 %.", *results))[0]["result"] == 1
    assert score_question(COMPARED, said("2022: 61.3 %.", two[0]))[0]["result"] == 0
    other = two[1] | {"land_cover": ["E00"]}
    assert score_question(COMPARED, said("2022: 61.3 % and 47.8 %.", two[0], other))[0]["result"] == 0


SIDE_BY_SIDE = {
    "asked": {"what": "counts", "lc": ["B33"], "parts": [{"nuts": ["LT"]}, {"nuts": ["LV"]}]},
    "gold": {"values": [23, 10]},
}


@pytest.mark.parametrize(
    ("lithuania", "latvia", "right"), [("country:LT", "country:LV", 1), ("country:LV", "country:LT", 0)]
)
def test_counts_side_by_side_belong_to_their_regions_in_any_order(lithuania, latvia, right):
    two = [counted(latvia, 10), counted(lithuania, 23)]
    rows = {"columns": ["region_id", "points"], "rows": [[latvia, 10], [lithuania, 23]]}
    regions = [two[0]["regions"][0], two[1]["regions"][0]]
    one = [counted("", 23, tool="compare_regions", regions=regions, table=rows)]
    for results in (two, one):
        assert score_question(SIDE_BY_SIDE, said("23 and 10.", *results))[0]["result"] == right


def test_a_question_of_several_steps_is_of_the_land_and_classes_of_its_steps():
    line = FIRST_THEN_COUNT | {"id": "x", "language": "en", "kind": "several_steps", "split": "held_out"}
    case = case_of(line, "unseen")
    assert (case.region, case.classes, case.split) == ("IT", ("B33",), "held_out")
    two = {**line, "results": [{"ask": {"codes": ["SI"], "land_cover": ["C00"]}}, {"ask": {"codes": ["HR"]}}]}
    assert (case_of(two, "unseen").region, case_of(two, "unseen").classes) == ("", ("C00",))


def test_a_tools_own_default_is_no_number_of_a_plan():
    from evals.questions import _numbers

    plan = [{"tool": "rank_points", "arguments": {"limit": limit, "years": [2018]}} for limit in (10, 3)]
    assert _numbers(plan[:1]) == {2018.0}
    assert _numbers(plan) == {2018.0, 3.0}
