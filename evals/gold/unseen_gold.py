"""Gold of `evals/samples/unseen.jsonl`, by the same plain pandas as the older sets; never through our own code.

An author who had not read the planner's word lists nor run the product wrote the questions. Their `set` is `figures`
(published figures), `agent` (several steps, follow-ups, ambiguous, unanswerable) or `free` (single steps in free
wordings, half of them `dev`). A line of several steps has `steps`: what each asks for, in order; a step with `each` is
asked once of every region the first step found. Its `results` are the answers, each with its `asked` and `gold` or its
`ask` and `expected`, as a line of one step has them. `python -m evals.gold.unseen_gold` writes all answers anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evals.gold.questions_gold import rewrite
from evals.gold.questions_gold import with_gold as single
from evals.gold.statistics_gold import Shares

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "evals" / "samples" / "unseen.jsonl"


def with_gold(case: Mapping[str, Any], records: pd.DataFrame, shares: Shares) -> dict[str, Any]:
    """Return a line with its answer, or with the answers of all its steps."""
    if "steps" not in case:
        return single(case, records, shares)
    results: list[dict[str, Any]] = []
    for step in case["steps"]:
        each = [step_of(step, code) for code in found(results[0])] if step.get("each") else [step]
        results += [single(one, records, shares) for one in each]
    return {**case, "results": results}


def found(result: Mapping[str, Any]) -> list[str]:
    """Return the codes of the regions a ranking found, in its order."""
    if "gold" in result:
        return [code for code, _ in result["gold"]["rows"]]
    return list(result["expected"]["rankings"][0]["codes"])


def step_of(step: Mapping[str, Any], code: str) -> dict[str, Any]:
    """Return a step of each region as the step of one."""
    if step["source"] == "survey":
        return {"source": "survey", "asked": {**step["asked"], "nuts": [code]}}
    ids = [f"country:{code}"] if len(code) == 2 else [f"nuts:{code}", f"nuts:{code}0"]
    return {"source": "statistics", "ask": {**step["ask"], "ids": ids, "codes": [code]}}


def main(arguments: Sequence[str] | None = None) -> None:
    """Recompute the gold of every line."""
    rewrite(SAMPLES, with_gold, arguments)


if __name__ == "__main__":
    main()
