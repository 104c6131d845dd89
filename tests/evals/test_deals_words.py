"""What is right of an answer about land deals: its deals and number, its rows, or its plan."""

from __future__ import annotations

from typing import Any

import pytest

from evals.deals_words import is_right

TABLE = {"columns": ["deal_id"], "rows": [[17], [19]]}
ROWS = {"columns": ["country_id", "country", "deals"], "rows": [["foreign:KH", "Cambodia", 2]]}
STEP = {"tool": "deals", "arguments": {"act": "sum", "columns": [{"measure": "production"}],
        "where": [{"dimension": "place", "op": "in", "values": ["m49:002"]}]}}  # fmt: skip


def said(*results: Any, step: Any = STEP) -> dict[str, Any]:
    return {"status": "answered", "results": [{"value": v, "table": t} for v, t in results], "plan": {"steps": [step]}}


@pytest.mark.parametrize(
    ("answer", "row", "right"),
    [
        (said((2, TABLE)), {"deals": [17, 19], "value": 2}, True),
        (said((3, TABLE)), {"deals": [17, 19], "value": 2}, False),
        (said((2, TABLE)), {"deals": [17], "value": 1}, False),
        (said((2, ROWS), (2, TABLE)), {"deals": [17, 19], "by": "country", "rows": {"foreign:KH": 2}}, True),
        (said((2, ROWS), (2, TABLE)), {"deals": [17, 19], "by": "country", "rows": {"foreign:LA": 2}}, False),
        (said(), {"acts": ["sum"], "where": [["place", "in", ["m49:002"]]], "measure": "production"}, True),
        (said(), {"acts": ["sum"], "where": [["place", "in", ["m49:002"]]], "measure": "contract"}, False),
        ({"status": "refused"}, {"acts": ["sum"], "where": []}, False),
    ],
)
def test_an_answer_is_right_by_its_deals_or_its_plan(answer: Any, row: Any, right: bool) -> None:
    assert is_right(answer, row) is right
