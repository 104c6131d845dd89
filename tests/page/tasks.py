"""The thirty tasks of a first-time user, tried one by one: `python -m tests.page.tasks` prints task, test and result.

The table in `docs/page.md` names them; a browser's last look at each is kept in `tests/artifacts`.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \| (.*) \| `(\w+)` \|$", flags=re.MULTILINE)


def tasks() -> list[tuple[str, str, str]]:
    """Number, task and name of its test, as the document has them."""
    return ROW.findall((ROOT / "docs" / "page.md").read_text(encoding="utf-8"))


def file_of(test: str) -> Path | None:
    """The file a test stands in, None where there is none of this name."""
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    return next((file for file in files if f"def {test}(" in file.read_text(encoding="utf-8")), None)


class Kept:
    """How each test ended, and the seconds it took; of one with several cases the worst and their sum."""

    def __init__(self) -> None:
        self.ended: dict[str, set[str]] = defaultdict(set)
        self.took: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep one report of pytest."""
        name = report.nodeid.rpartition("::")[2].partition("[")[0]
        if report.when == "call" or report.outcome != "passed":
            self.ended[name].add(report.outcome)
        self.took[name] += report.duration

    def of(self, name: str) -> str:
        """`passed`, unless something else happened."""
        return next((end for end in ("failed", "skipped", "passed") if end in self.ended[name]), "not run")


def main() -> int:
    """Try all tasks and print the table; 1 where one failed."""
    named, kept = tasks(), Kept()
    there = [f"{file}::{test}" for _, _, test in named if (file := file_of(test))]
    pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *there], plugins=[kept])
    print("\n| # | task | test | result | s |\n| --- | --- | --- | --- | --- |")
    for number, task, test in named:
        print(f"| {number} | {task} | `{test}` | {kept.of(test)} | {kept.took[test]:.1f} |")
    passed = sum(kept.of(test) == "passed" for _, _, test in named)
    print(f"\n{passed} of {len(named)} tasks done")
    return passed != len(named)


if __name__ == "__main__":
    sys.exit(main())
