"""Gold of `evals/samples/questions.jsonl`, by the same plain pandas as the older two sets; never through our own code.

A line has `asked` (a question of the survey's records) or `ask` (of the published figures). `python -m
evals.gold.questions_gold` writes `gold` or `expected` of every line anew.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evals.gold.statistics_gold import Shares
from evals.gold.statistics_gold import expected as published
from evals.gold.survey_gold import gold, read_cases, read_records

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "evals" / "samples" / "questions.jsonl"
RECORDS = Path("lucas") / "lucas_points_2015_2018.parquet"
SHARES = Path("official_shares")


def with_gold(case: Mapping[str, Any], records: pd.DataFrame, shares: Shares) -> dict[str, Any]:
    """Return a line with its answer, computed from its `asked` or `ask`."""
    if case["source"] == "statistics":
        return {**case, "expected": published(case["ask"], shares)}
    found = {**case, "gold": gold(records, case["asked"])}
    if also := case.get("also"):
        codes = [code for code, _ in found["gold"]["rows"]]
        each = {code: gold(records, {**also, "nuts": [code]}) for code in codes}
        found["gold"] = {**found["gold"], "also": each}
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Recompute the gold of every line."""
    rewrite(SAMPLES, with_gold, arguments)


def rewrite(samples: Path, gold: Callable[..., dict[str, Any]], arguments: Sequence[str] | None = None) -> None:
    """Write a file of samples with the gold of every line computed anew from the real data."""
    default = os.environ.get("LANDASK_SHARED_DATA", ROOT.parent / "shared" / "data")
    parser = argparse.ArgumentParser(description=rewrite.__doc__)
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of the real data")
    data = parser.parse_args(arguments).data
    records, shares = read_records(data / RECORDS), Shares(data / SHARES)
    lines = [json.dumps(gold(case, records, shares), ensure_ascii=False) for case in read_cases(samples)]
    samples.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
