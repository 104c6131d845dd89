"""Rows of a run as they are measured, so that a long run that was ended goes on where it stopped. Measures nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

from evals.record import Case, Outcome, Row, content_hash, row_from_json, row_of

QUIET_S = 15.0
"""Seconds between two lines on stderr."""


class Progress:
    """The rows measured so far, each written to a file at once where there is one."""

    def __init__(self, path: Path | None, total: int, known: Iterable[Row] = ()) -> None:
        """Take up the rows of `path`, and `known` ones of an earlier run, whose samples are still the same."""
        self.path, self.total, self.done = path, total, 0
        self._told = monotonic()
        self._known = {(row.id, row.trial): row for row in [*known, *(_kept(path) if path else ())]}

    def row(self, case: Case, trial: int, measure: Callable[[Case], Outcome]) -> Row:
        """Return the row of a case and trial: as it was kept, else measured now and kept."""
        row = self._known.get((case.id, trial))
        if row is None or row.hash != content_hash(case.sample) or not row.covered:
            row = row_of(case, measure(case), trial)
            self._keep(row)
        self.done += 1
        self._tell(row)
        return row

    def _keep(self, row: Row) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row), ensure_ascii=False, default=str) + "\n")

    def _tell(self, row: Row) -> None:
        if monotonic() - self._told < QUIET_S:
            return
        self._told = monotonic()
        print(f"  {self.done} of {self.total}: {row.id}, {row.seconds:.1f} s", file=sys.stderr, flush=True)


def _kept(path: Path) -> Iterable[Row]:
    """Yield the whole lines of a file; the last may have been cut off."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            value: Mapping[str, Any] = json.loads(line)
        except ValueError:
            continue
        yield row_from_json(value)
