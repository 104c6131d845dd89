"""Files of questions in the shapes people have them: the whole question is read, or the line named as faulty."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest

from agent.cases import Case, read_cases
from retrieval.errors import BadFile

SWEDEN = "how much of Sweden was woodland in 2018"
SPAIN = "how much of Spain, in 2022, was cropland"


def cases(tmp_path: Path, content: str | bytes, name: str = "questions.csv") -> list[Case]:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_cases(file))


def questions(found: list[Case]) -> list[str]:
    assert not [case.fault for case in found if case.fault]
    return [turn for case in found for turn in case.turns]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("heading", ["id,question", "ID,Question", " id , question ", "\ufeffid,question"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_way_of_writing_a_table_gives_the_same_questions(tmp_path, delimiter, heading, end) -> None:
    rows = [heading.replace(",", delimiter), f"1{delimiter} {SWEDEN}", f'2{delimiter}"{SPAIN}"']
    assert questions(cases(tmp_path, end.join(rows))) == [SWEDEN, SPAIN]


def test_a_line_that_tells_excel_the_delimiter_is_no_heading(tmp_path) -> None:
    assert questions(cases(tmp_path, f"sep=;\nid;question\n1;{SWEDEN}\n")) == [SWEDEN]


@pytest.mark.parametrize("before", ["Our questions\n\n", "# asked in 2026, by us\n", "Questions of May, 2026\n"])
def test_a_title_or_remark_before_the_heading_is_passed_over(tmp_path, before) -> None:
    assert questions(cases(tmp_path, f"{before}id;question\n1;{SPAIN}\n")) == [SPAIN]


def test_commas_of_an_unquoted_question_in_the_last_column_are_its_own(tmp_path) -> None:
    assert questions(cases(tmp_path, f"id,question\n1,{SPAIN}\n")) == [SPAIN]


def test_a_question_alone_needs_no_quotes(tmp_path) -> None:
    assert questions(cases(tmp_path, f"question\n{SPAIN}\n")) == [SPAIN]


def test_surplus_cells_before_other_columns_are_a_fault_with_the_line(tmp_path) -> None:
    found = cases(tmp_path, f"question,id\n{SWEDEN},1\n{SPAIN},2\n")
    assert [case.fault for case in found] == ["", "line 3 has 4 columns, its heading 2"]


def test_empty_cells_at_the_end_of_a_row_are_none(tmp_path) -> None:
    assert questions(cases(tmp_path, f"id,question\n1,{SWEDEN},,\n")) == [SWEDEN]


def test_unicode_line_separators_lie_within_a_question(tmp_path) -> None:
    text = "how much of Sweden\u2028 was woodland\u0085 in 2018"
    assert questions(cases(tmp_path, f"id,question\n1,{text}\n")) == [text]
    assert questions(cases(tmp_path, f'{{"id": "1", "question": "{text}"}}\n', "q.jsonl")) == [text]


def test_a_row_is_named_by_its_first_line_in_the_file(tmp_path) -> None:
    found = cases(tmp_path, 'id,question\n1,"vineyards\nin Greece"\n2,\n')
    assert [case.fault for case in found] == ["", 'line 4 has neither "question" nor "turns"']


def test_what_a_file_is_stands_in_it_and_not_in_its_name(tmp_path) -> None:
    assert questions(cases(tmp_path, f'{{"id": "1", "question": "{SWEDEN}"}}\n', "questions.csv")) == [SWEDEN]
    assert questions(cases(tmp_path, f"id;question\n1;{SWEDEN}\n", "questions.txt")) == [SWEDEN]


def test_a_json_list_holds_questions_or_objects(tmp_path) -> None:
    found = cases(tmp_path, json.dumps([SWEDEN, {"id": 7, "question": SPAIN}, {"text": "?"}], indent=2), "q.json")
    assert [(case.id, case.turns) for case in found] == [("entry-1", (SWEDEN,)), ("7", (SPAIN,)), ("entry-3", ())]
    assert found[2].fault == 'entry 3 has neither "question" nor "turns"'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"{SWEDEN}\n{SPAIN}\n", "no column 'question'"),
        (SWEDEN.encode("utf-16"), "not UTF-8"),
        ("id,question\n1,forêt".encode("latin-1"), "not UTF-8"),
        (gzip.compress(b"id,question", mtime=0), "is a gzip file, not UTF-8"),
        ('["a"', "is not JSON"),
        ("[]", "holds no question"),
        ("", "no column 'question'"),
        ("id,question\n", "holds no question"),
    ],
)
def test_what_holds_no_question_is_refused_in_one_line(tmp_path, content, said) -> None:
    with pytest.raises(BadFile, match=said) as told:
        cases(tmp_path, content)
    assert str(told.value).isprintable()


def test_a_quotation_without_end_is_named_by_its_line(tmp_path) -> None:
    first, second = cases(tmp_path, f'id,question\n1,{SWEDEN}\n2,"{SPAIN}\n3,{SWEDEN}\n')
    assert first.turns == (SWEDEN,)
    assert second.fault == "line 3 begins a quotation that does not end"


def test_a_line_without_end_is_named_and_passed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("agent.cases.LONGEST_CELL", 1_000)
    long = "x" * 2_500
    for content in (f'{{"question": "{long}"}}\n{{"question": "{SWEDEN}"}}\n', f"question\n{long}\n{SWEDEN}\n"):
        first, second = cases(tmp_path, content)
        assert "is longer than 1,000 characters" in first.fault
        assert second.turns == (SWEDEN,)


def test_cases_are_read_as_they_are_asked_for(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("agent.cases.BLOCK", 10_000)
    file = tmp_path / "many.csv"
    file.write_text("question\n" + f"{SWEDEN}\n" * 20_000)
    tracemalloc.start()
    try:
        assert sum(case.turns == (SWEDEN,) for case in read_cases(file)) == 20_000
        assert tracemalloc.get_traced_memory()[1] < file.stat().st_size / 4
    finally:
        tracemalloc.stop()
