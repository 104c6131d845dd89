"""Runs a suite under inspect-ai, which keeps its log and viewer; or bare, for the gate. Judges nothing itself."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evals.record import Case, Outcome, Run, content_hash, file_hash, machine, row_of, today
from evals.suites import Suite
from evals.world import World
from retrieval.errors import LandaskError

logger = logging.getLogger(__name__)


def run_suite(suite: Suite, world: World, log_dir: Path | None = None) -> Run:
    """Measure every case of a suite, with inspect-ai's log where a folder for it is given."""
    cases = suite.cases(world)
    chosen = cases if suite.is_study else spread(cases, world.setting.limit)
    trials = 1 if world.setting.deterministic or not suite.uses_router else world.setting.trials
    if log_dir is None or suite.is_study:
        rows = [row_of(case, measured(suite, case, world), trial) for trial in range(1, trials + 1) for case in chosen]
    else:
        from evals.inspected import under_inspect

        rows = under_inspect(suite, chosen, world, trials, log_dir)
    setting = {"router": world.setting.router, "llm": world.setting.llm, "strategy": world.setting.strategy}
    kept = setting if suite.uses_router else {"llm": model_name(world) or suite.default_model} if suite.is_study else {}
    return Run(
        suite.name,
        {**kept, "trials": trials, "limit": world.setting.limit, "of": len(cases), "headline": suite.headline},
        about(suite, world, chosen),
        tuple(rows),
        suite.tables(rows, world),
    )


def about(suite: Suite, world: World, cases: Iterable[Case]) -> dict[str, Any]:
    """Return what was measured on what."""
    return {
        "date": today(),
        "machine": machine(),
        "samples": content_hash([content_hash(case.sample) for case in cases]),
        "data": world.data_hashes() if suite.uses_router else {},
        "models": model_digests(world) if suite.uses_router else {},
    }


def model_name(world: World) -> str:
    """Return the name of a study's model, without the folders it lies in."""
    kind, _, rest = world.setting.llm.partition(":")
    return f"{kind}:{Path(rest).name}" if "/" in rest else world.setting.llm


def model_digests(world: World) -> dict[str, str]:
    """Return the SHA-256 of the model files used, where they are files of this machine."""
    if world.setting.deterministic:
        return {}
    from agent.llm.choice import ADAPTER

    files = {"adapter": ADAPTER, "llm": Path(world.setting.llm.removeprefix("gguf:"))}
    return {name: file_hash(path)[:16] for name, path in files.items() if path.is_file()}


def spread(cases: list[Case], limit: int | None) -> list[Case]:
    """Return at most `limit` cases, evenly over the file, so that languages and kinds stay mixed."""
    if limit is None or limit >= len(cases):
        return cases
    return [cases[int(at * len(cases) / limit)] for at in range(limit)]


def measured(suite: Suite, case: Case, world: World) -> Outcome:
    """Return a case's outcome; where it cannot be measured the row is not covered."""
    try:
        return suite.measure(case, world)
    except LandaskError as error:
        logger.warning("%s could not be measured: %s", case.id, error)
        return Outcome(dict.fromkeys(suite.stages), detail={"why": str(error)}, covered=False)
