"""Whether land deals in a store leave every other answer as it was: whole answers, with and without them.

Only of places that lie outside the survey and that deals are held of may the registry say more than "outside the data".

python -m evals.deals_apart --log-dir /tmp/apart       # the samples' questions of land, except those held out
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.record import SAMPLES, read_lines
from evals.world import Setting, World, answers
from retrieval.deal_files import read_deals
from retrieval.ingest import Sources, build
from retrieval.store import Store
from tools.context import Context

FILES = ("questions", "statistics", "survey", "unseen", "robustness", "qualifiers", "strangers", "strangers_second",
         "strangers_third")  # fmt: skip
EXPORT = Path(__file__).parents[1] / "tests" / "data" / "landmatrix" / "export_sample"
OF_THE_RUN = ("seconds", "steps", "tokens")
"""Parts of an answer that are no answer: how long it took."""


def talks(files: Sequence[str] = FILES) -> list[list[str]]:
    """Return the turns of every question of the samples that is not held out."""
    lines = [line for name in files for line in read_lines(SAMPLES / f"{name}.jsonl")]
    return [line.get("turns") or [line["question"]] for line in lines if line.get("split") != "held_out"]


def whole(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without what differs from run to run."""
    return {key: value for key, value in said.items() if key not in OF_THE_RUN}


def differing(several: Sequence[list[str]], without: Context, beside: Context) -> list[tuple[list[str], str, str]]:
    """Return the talks whose answers are not the same in both stores, with what was said in each."""
    found = []
    for turns in several:
        first, second = (list(map(whole, answers(turns, one, Setting()))) for one in (without, beside))
        if first != second:
            found.append((turns, _said(first), _said(second)))
    return found


def is_abroad(question: str, context: Context) -> bool:
    """Return whether the registry answers a question, and all its places lie outside the survey."""
    [said] = answers([question], context, Setting())
    steps = (said.get("plan") or {}).get("steps") or []
    places = [str(v) for step in steps if step["tool"] == "deals" for one in step["arguments"].get("where", ())
              if one["dimension"] == "place" for v in one["values"]]  # fmt: skip
    return bool(places) and all(place.startswith(("foreign:", "m49:")) for place in places)


def _said(several: Sequence[Mapping[str, Any]]) -> str:
    return " | ".join(str(one["text"])[:160].replace("\n", " / ") for one in several)


def main() -> int:
    """Compare and print every difference; 1 where there is one."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--log-dir", type=Path, required=True, help="folder for the two stores")
    given = options.parse_args()
    world = World(given.log_dir, None)
    path = given.log_dir / "with-deals.duckdb"
    build(path, Sources(bundled=True, deals=(EXPORT,)))
    several, beside = talks(), Context.open(Store.open(path))
    found = differing(several, world.bundled, beside)
    for turns, first, second in found:
        print(f"{' → '.join(turns)}\n  without: {first}\n  with:    {second}")
    abroad = [turns for turns, _, _ in found if is_abroad(turns[-1], beside)]
    same, deals = len(several) - len(found), len(read_deals(EXPORT).deals)
    print(f"{same} of {len(several)} talks are answered the same with and without {deals} land deals; "
          f"{len(abroad)} are of places outside the survey that deals may be held of")  # fmt: skip
    return 1 if len(found) > len(abroad) else 0


if __name__ == "__main__":
    sys.exit(main())
