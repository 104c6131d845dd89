"""Questions about land deals in eight languages, on invented deals, with gold by plain pandas.

The published benchmark of Land Matrix questions scores filters alone: is the set of fields right, are the values right.
Both are kept as stages; beside them stand the deals that the answer is about and the number, list or winner asked for.
The invented deals come through the export's own form, the gold straight from what was invented.

python -m evals run landmatrix                                                        # the rules
python -m evals run landmatrix --router schema --strategy rag --llm ollama:qwen3:4b   # or prompt; --router tools: agent
python -m evals.landmatrix                                                            # the kept runs side by side
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import filelock
import pandas as pd

from evals.record import SAMPLES, Case, Outcome, Row, Run, Stages, counted, majority, read_lines, read_run
from evals.statistics import quantile, wilson
from evals.world import World, answers
from retrieval.deal_files import read_deals
from retrieval.deal_terms import by_number, expanded, places_of
from retrieval.fetch.landmatrix_world import Deal, area, current, drawn, export_zip
from retrieval.ingest import Contents, write_store
from retrieval.places import towns
from retrieval.regions import bundled_regions
from retrieval.store import Store
from tools.context import Context

STAGES = ("fields", "values", "deals", "answer", "result", "own_plan")
DEALS, SEED = 900, 22
LISTS = ("crop", "animal", "mineral", "intention", "nature", "investor_country", "place")
TOLERANCE = 0.005
"""Of a sum: what rounding to two decimals may come to."""


def cases(world: World) -> list[Case]:
    """Return every question."""
    return [
        Case(line["id"], line, language=line["language"], kind=f"deals:{line['want'].split(':')[0]}",
             split=line["split"])
        for line in read_lines(SAMPLES / "landmatrix.jsonl")
    ]  # fmt: skip


def measure(case: Case, world: World) -> Outcome:
    """Ask one question of the invented deals and judge plan, deals and answer."""
    [said] = answers([case.sample["question"]], context_of(world.folder), world.setting)
    inside = gold_deals(case.sample)
    stages: Stages = dict.fromkeys(STAGES)
    plan = (said.get("plan") or {}).get("steps") or []
    own = [step for step in plan if step["tool"] == "deals"]
    stages["fields"] = int(bool(own) and fields_of(own[0], case.sample) == wanted_fields(case.sample))
    stages["values"] = int(bool(own) and values_of(own[0], case.sample) == wanted_values(case.sample))
    stages["deals"] = int(listed(said) == wanted_deals(case.sample, inside))
    stages["answer"] = int(said["status"] == "answered" and answer_is_right(said, case.sample, inside))
    stages["result"] = int(bool(stages["deals"] and stages["answer"]))
    if not world.setting.deterministic:
        stages["own_plan"] = int("builtin" not in said["router"])
    tokens = said["tokens"]
    detail = {"question": case.sample["question"], "said": said["text"][:300], "status": said["status"], "plan": plan}
    return Outcome(stages, said["seconds"], sum(tokens.values()) if tokens else None, detail)


def tables(rows: Sequence[Row], world: World) -> dict[str, Any]:
    """Return each language's rate, and how long the slowest answers took."""
    told = []
    for language in sorted({row.language for row in rows}):
        passes, of = counted([row for row in majority(rows) if row.language == language], "result")
        rate = wilson(passes, of)
        told.append({"language": language, "right": f"{passes} of {of}",
                     "%": f"{100 * rate.value:.0f} [{100 * rate.low:.0f}, {100 * rate.high:.0f}]"})  # fmt: skip
    seconds = sorted(row.seconds for row in rows)
    slow = [{"p50 s": round(seconds[len(seconds) // 2], 3), "p95 s": round(seconds[int(0.95 * len(seconds))], 3)}]
    return {"By language": told, "Seconds": slow}


# --- the invented deals ------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def invented() -> list[Deal]:
    """Return the deals that the questions are asked of."""
    return drawn(DEALS, SEED)


@lru_cache(maxsize=2)
def context_of(folder: Path) -> Context:
    """Return a store of the invented deals with the world's places, made once."""
    folder.mkdir(parents=True, exist_ok=True)
    data = export_zip(invented())
    path = folder / f"deals-{DEALS}-{SEED}.duckdb"
    with filelock.FileLock(f"{path}.once"):
        if not path.exists():
            export = folder / f"deals-{DEALS}-{SEED}.zip"
            export.write_bytes(data)
            fresh = path.with_suffix(".building")
            fresh.unlink(missing_ok=True)
            write_store(fresh, Contents(None, (bundled_regions(),), towns(), (), deals=read_deals(export)))
            fresh.replace(path)
    return Context.open(Store.open(path))


@lru_cache(maxsize=1)
def table() -> pd.DataFrame:
    """Return the invented deals, one row each, straight from what was invented."""
    return pd.DataFrame(
        {
            "deal_id": deal.id,
            "country": by_number()[deal.country].place,
            "place": places_of(by_number()[deal.country]),
            "size": deal.size,
            "production": area(deal.production),
            "contract": area(deal.contract),
            "year": deal.year,
            "negotiation": (current(deal.negotiation) or [None])[0],
            "implementation": (current(deal.implementation) or [None])[0],
            "intention": current(deal.intentions),
            "crop": current(deal.crops),
            "animal": current(deal.animals),
            "mineral": current(deal.minerals),
            "nature": list(deal.natures),
            "investor_country": [
                by_number()[one.country].place for one in deal.parents or filter(None, [deal.operating])
            ],
        }
        for deal in invented()
    )


def gold_deals(sample: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows that pass a question's conditions."""
    rows = table()
    for name, value in sample["where"]:
        rows = rows[_holds(rows, name, value)]
    return rows


def _holds(rows: pd.DataFrame, name: str, value: Any) -> pd.Series:
    if name.startswith("not:"):
        return ~_holds(rows, name[4:], value)
    if name.startswith("group:"):
        field = name[6:]
        return _holds(rows, field, list(expanded(field, [value])))
    for sign in (">=", "<=", ">", "<"):
        if name.endswith(sign):
            column = rows[name.removesuffix(sign)].astype(float)
            return {">=": column >= value, "<=": column <= value, ">": column > value, "<": column < value}[sign]
    if name in LISTS:
        return rows[name].map(lambda has: bool(set(has) & set(value)))
    return rows[name].isin(value)


# --- judging -----------------------------------------------------------------------------------------------------


def listed(said: Mapping[str, Any]) -> set[int]:
    """Return the deals of the answer: those its tables list."""
    found: set[int] = set()
    for result in said["results"]:
        if result["table"] and "deal_id" in result["table"]["columns"]:
            at = result["table"]["columns"].index("deal_id")
            found |= {row[at] for row in result["table"]["rows"]}
    return found


def wanted_deals(sample: Mapping[str, Any], inside: pd.DataFrame) -> set[int]:
    """Return the deals an answer must be about; of hectares in operation those of the state of that name."""
    want = sample["want"].split(":")
    if want[0] == "top":
        return set(inside.sort_values(["size", "deal_id"], ascending=[False, True])["deal_id"][: int(want[1])])
    if want[:2] == ["sum", "production"]:
        return set(inside[inside["implementation"] == "IN_OPERATION"]["deal_id"])
    if want[0] == "share":
        return set(inside[inside[want[1]] == want[2]]["deal_id"])
    return set(inside["deal_id"])


def answer_is_right(said: Mapping[str, Any], sample: Mapping[str, Any], inside: pd.DataFrame) -> bool:
    """Return whether the number, the list or the rows asked for are the gold's."""
    first, want = said["results"][0], sample["want"].split(":")
    match want[0]:
        case "count":
            return first["value"] == len(inside)
        case "sum":
            gold = inside[want[1]].sum()
            return abs((first["value"] or 0) - gold) <= max(TOLERANCE, TOLERANCE * gold / 100)
        case "share":
            gold = 100 * (inside[want[1]] == want[2]).mean()
            return abs(first["value"] - gold) <= 0.05 + 1e-9
        case "rows":
            gold_rows = inside.explode(want[1])[want[1]].value_counts()
            columns = first["table"]["columns"]
            if f"{want[1]}_id" not in columns:
                return False
            key, n = columns.index(f"{want[1]}_id"), columns.index("deals")
            return {row[key]: row[n] for row in first["table"]["rows"]} == gold_rows.to_dict()
        case "top":
            columns = first["table"]["columns"]
            order = inside.sort_values(["size", "deal_id"], ascending=[False, True])["deal_id"]
            return [row[columns.index("deal_id")] for row in first["table"]["rows"]] == list(order)[: int(want[1])]
    return first["value"] == len(inside)


def wanted_fields(sample: Mapping[str, Any]) -> set[str]:
    """Return the dimensions that a plan must filter by: the benchmark's own score."""
    return {_dimension(name) for name, _ in sample["where"]}


def fields_of(step: Mapping[str, Any], sample: Mapping[str, Any]) -> set[str]:
    """Return the dimensions that a plan filters by."""
    return {one["dimension"] for one in step["arguments"].get("where", [])}


def wanted_values(sample: Mapping[str, Any]) -> set[str]:
    """Return the values that a plan must name, groups as they are."""
    return {str(v) for _, value in sample["where"] for v in (value if isinstance(value, list) else [value])}


def values_of(step: Mapping[str, Any], sample: Mapping[str, Any]) -> set[str]:
    """Return the values that a plan names, open ends left out, whole numbers without a fraction."""
    named = [v for one in step["arguments"].get("where", []) for v in one["values"] if v is not None]
    return {f"{v:g}" if isinstance(v, float) else str(v) for v in named}


def _dimension(name: str) -> str:
    return name.removeprefix("not:").removeprefix("group:").rstrip("<>=")


# --- strategies side by side --------------------------------------------------------------------------------------


def by_strategy(runs: Sequence[Run]) -> list[dict[str, str]]:
    """Return a line for each run of the suite: who planned, each stage's rate, its own plans, and cost."""
    return [_line_of(run) for run in runs if run.suite == "landmatrix"]


def _line_of(run: Run) -> dict[str, str]:
    rows = [row for row in majority(run.rows) if row.covered]
    rates = {stage: counted(rows, stage) for stage in STAGES}
    seconds, tokens = [row.seconds for row in rows], [row.tokens for row in rows if row.tokens is not None]
    named = [run.setting.get(key, "") for key in ("strategy", "llm")]
    return {
        "strategy": " ".join(filter(None, named)) or "rules",
        **{stage: f"{passes} of {of}" if of else "–" for stage, (passes, of) in rates.items()},
        "seconds p50 / p95": f"{quantile(seconds, 0.5):.2f} / {quantile(seconds, 0.95):.2f}" if rows else "–",
        "tokens p50": f"{quantile(tokens, 0.5):.0f}" if tokens else "–",
    }


def as_table(lines: Sequence[Mapping[str, str]]) -> str:
    """Return lines as a Markdown table."""
    if not lines:
        return "no run of the suite is kept: python -m evals run landmatrix"
    head = list(lines[0])
    rows = [head, ["---"] * len(head), *([line[name] for name in head] for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of kept runs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--log-dir", type=Path, default=SAMPLES.parents[1] / "logs" / "evals")
    kept = sorted(options.parse_args(arguments).log_dir.glob("landmatrix-*.json"))
    print(as_table(by_strategy([read_run(path) for path in kept])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
