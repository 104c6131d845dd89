"""The results of one question, so that what was run while planning is not run again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tools.plan import canonical
from tools.result import Result


@dataclass
class Results:
    """Results by their calls."""

    every: list[Result] = field(default_factory=list)
    seconds: list[float | None] = field(default_factory=list)
    asked: dict[str, Result] = field(default_factory=dict)
    """Call → result, for the arguments as they were given and as the tool completed them."""

    def add(self, result: Result, arguments: Any = None, seconds: float | None = None) -> None:
        """Keep a result."""
        self.every.append(result)
        self.seconds.append(seconds)
        self.asked[canonical([result.tool, result.arguments])] = result
        self.asked[canonical([result.tool, arguments])] = result

    def of(self, tool: str, arguments: Any) -> Result | None:
        """Return the result of a call that was made before."""
        return self.asked.get(canonical([tool, arguments]))

    def seconds_of(self, result: Result) -> float | None:
        """Return what a result took, None where that was told already."""
        return next((seconds for r, seconds in zip(self.every, self.seconds, strict=True) if r is result), None)
