"""The gate for continuous integration: deterministic suites against the rows kept as right. Needs no model.

`python -m evals gate --write` keeps what is right now. A row that was right and is wrong fails the gate by name, so
that a loss is never averaged away by a gain; a row kept as wrong may stay wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.record import majority
from evals.running import run_suite
from evals.suites import SUITES
from evals.world import World

GUARDED = ("places", "classes", "questions", "robustness")
KEPT = Path(__file__).parent / "gate.json"


@dataclass(frozen=True)
class Loss:
    """A row that was right and is not any more."""

    suite: str
    id: str
    asked: str
    stages: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.suite} {self.id} ({self.asked!r}): lost {', '.join(self.stages)}"


def losses(world: World, suites: Sequence[str] = GUARDED, kept: Path = KEPT) -> list[Loss]:
    """Return every stage of every row that is kept as right and is wrong now; rows not covered here are left out."""
    wanted = json.loads(kept.read_text(encoding="utf-8"))
    lost = []
    for name in suites:
        for row in majority(run_suite(SUITES[name], world).rows):
            was = wanted.get(name, {}).get(row.id, {})
            if not row.covered or was.get("hash") != row.hash:
                continue
            gone = tuple(stage for stage in was["right"] if row.stages.get(stage) == 0)
            if gone:
                asked = str(row.detail.get("question") or row.detail.get("text") or "")
                lost.append(Loss(name, row.id, asked, gone))
    return lost


def keep(world: World, path: Path = KEPT) -> int:
    """Write what is right now, and return how many rows."""
    book: dict[str, dict[str, dict[str, object]]] = {}
    for name in GUARDED:
        rows = [row for row in majority(run_suite(SUITES[name], world).rows) if row.covered]
        steady = {row.id: [s for s, v in row.stages.items() if v and s not in ("in_time", "text")] for row in rows}
        book[name] = {row.id: {"hash": row.hash, "right": steady[row.id]} for row in rows}
    lines = [
        f"{json.dumps(name)}: {{\n" + ",\n".join(f" {json.dumps(i)}: {json.dumps(v)}" for i, v in rows.items()) + "\n}"
        for name, rows in book.items()
    ]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return sum(map(len, book.values()))
