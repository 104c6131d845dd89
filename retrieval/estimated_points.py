"""Gives, when a store is built, every survey point the land it stands for, calibrated to the table or by weights.

The soil module's points may stand for the composition of a main class within a country, as `tools/composition.py`
says and `python -m evals estimation --holdout` tests; it makes the factors that widen the intervals.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

FACTORS = Path(__file__).parent / "data" / "estimation" / "composition_factors.json"
"""By how much an interval is widened, by level, main class and points, and the errors on held-out classes: written by
`python -m evals estimation --holdout --write`, never by hand."""
STEP = Path(__file__).parent / "build" / "estimated_points.sql"


@lru_cache(maxsize=1)
def held_out() -> dict[str, Any]:
    """Return `factors`: level → main class → [[from so many points, factor], …], and `rmse`: level → main class."""
    return json.loads(FACTORS.read_text(encoding="utf-8"))


def weigh(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `estimated_points` of a store in the making, from its visits, published cells and weights."""
    import pandas as pd  # a question reads this module too, and has no use for it

    rows = [(rule, main, *step) for rule, of in held_out()["factors"].items() for main, s in of.items() for step in s]
    connection.register("factors_in", pd.DataFrame(rows, columns=["rule", "main", "least", "factor"]))
    connection.execute(STEP.read_text(encoding="utf-8"))
    connection.unregister("factors_in")
