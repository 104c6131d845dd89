"""Words for what a query found: one renderer that reads the query and its rows, never the name of a tool."""

from __future__ import annotations

from agent.say.sentence import sentence, told_apart

__all__ = ["sentence", "told_apart"]
