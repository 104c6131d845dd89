"""Kinds of questions that each language says its own way: highest on average, north of a parallel, a part of what lies
around, soils that the data do not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.ask import ask
from agent.conversation import Conversation
from tools.context import Context

ROWS = [
    line.split("|")
    for line in (Path(__file__).parent / "kinds.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
"""What the last answer holds, "refused" where it is none, and the turns."""


@pytest.mark.parametrize(("expected", "turns"), ROWS)
def test_a_kind_is_read_in_every_language(expected: str, turns: str, demo: Context) -> None:
    conversation = Conversation()
    told = [ask(turn, demo, router="builtin", conversation=conversation, debug=True) for turn in turns.split(" / ")][-1]
    if expected == "refused":
        assert told.status == "refused", told.text
    else:
        assert expected in told.text
