"""Everyday questions about land deals: 535 in 24 languages by their plan, 58 in the benchmark's manner by their deals.

The 58 follow the published benchmark's shapes (a purpose, crop, mineral, state, year, size, region or investor); their
deals were told by plain pandas on the 40 real deals of the export sample. The others are asked of invented deals.

python -m evals.deals_words --log-dir /tmp/words
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.deals_apart import EXPORT
from evals.landmatrix import context_of, listed
from evals.record import SAMPLES, read_lines
from evals.statistics import quantile
from evals.world import Setting, answers
from retrieval.ingest import Sources, build
from retrieval.store import Store
from tools.context import Context

BOUGHT = ("nature", "in", ("OUTRIGHT_PURCHASE",))
"""What a word for buying may add: it is what deals are called, and one kind of them."""


def is_right(said: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Return whether an answer is of the deals, and of the number, or follows the plan, that a row asks for."""
    if said["status"] != "answered":
        return False
    if "deals" in row:
        return listed(said) == {*row["deals"]} and tells(said["results"][0], row)
    step = said["plan"]["steps"][0]["arguments"]
    rows = [group["dimension"] for group in step.get("rows", ())]
    measures = [column.get("measure") for column in step.get("columns", ())]
    return (
        filters_of(step.get("where", ())) - {BOUGHT} == filters_of(row["where"]) - {BOUGHT}
        and step.get("act") in row["acts"]
        and row.get("measure", "") in (*measures, "")
        and ("by" not in row or rows == [row["by"]])
        and ("limit" not in row or step.get("limit") == row["limit"])
    )


def tells(result: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Return whether a result's number, or its rows, are those that are asked for."""
    if "rows" not in row:
        return "value" not in row or abs((result["value"] or 0) - row["value"]) < 0.01
    columns = (result["table"] or {"columns": ()})["columns"]
    if "deals" not in columns:
        return not row["rows"]
    name, n = (columns.index(one) for one in (row["by"] if row["by"] == "investor" else f"{row['by']}_id", "deals"))
    return {cells[name]: cells[n] for cells in result["table"]["rows"]} == row["rows"]


def filters_of(where: Sequence[Any]) -> set[tuple[Any, ...]]:
    """Return conditions to be compared; of a circle only its radius, as towns are where the gazetteer has them."""
    found = set()
    for one in where:
        dimension, op, values = one.values() if isinstance(one, Mapping) else one
        found.add((dimension, op, tuple(values[2:3] if dimension == "position" else values)))
    return found


def main() -> int:
    """Ask them all, print what is not right and how many are."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--log-dir", type=Path, required=True, help="folder for the two stores")
    folder = options.parse_args().log_dir
    folder.mkdir(parents=True, exist_ok=True)
    if not (path := folder / "export-sample.duckdb").exists():
        build(path, Sources(bundled=True, deals=(EXPORT,)))
    worlds = {True: Context.open(Store.open(path)), False: context_of(folder)}
    for name in ("deals_words", "deals_benchmark"):
        rows = read_lines(SAMPLES / f"{name}.jsonl")
        spent, right = [], 0
        for row in rows:
            began = time.process_time()
            [said] = answers([row["question"]], worlds["deals" in row], Setting())
            spent.append(time.process_time() - began)
            right += (ok := is_right(said, row))
            if not ok:
                print(f"{row['id']} {row['language']} {row['question']}\n  {said['text'].splitlines()[0][:160]}")
        times = f"p50 {quantile(spent, 0.5):.3f} s, p95 {quantile(spent, 0.95):.3f} s of the processor"
        print(f"{name}: {right} of {len(rows)} right; {times}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
