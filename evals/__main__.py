"""The command line of the evals: run a suite, compare two runs, write the report. The only reader of the environment.

python -m evals run questions places classes --router builtin
python -m evals run questions --router schema --llm ollama:qwen3:4b
python -m evals compare logs/evals/questions-builtin.json logs/evals/questions-schema-….json
python -m evals estimation --holdout
python -m evals encoders --write
python -m evals report --out docs/scoreboard.md --html out/evals.html
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from evals.compare import as_json, as_text, compare
from evals.gate import keep, losses
from evals.record import Run, counted, majority, name_of, read_run, stages_of
from evals.report import FINDINGS, page, scoreboard, write_json
from evals.running import run_suite, setting_of
from evals.statistics import wilson
from evals.suites import SUITES, Suite
from evals.world import Setting, World
from retrieval.errors import BadArgument, LandaskError

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "logs" / "evals"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        return options.command(options)
    except LandaskError as error:
        print(error, file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    whole = argparse.ArgumentParser(
        prog="python -m evals", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="measure suites")
    run.add_argument("suites", nargs="+", metavar="SUITE", help=f"of {', '.join(SUITES)}")
    run.add_argument("--router", default="builtin", help="builtin, auto, schema or tools")
    run.add_argument("--llm", default="", help="provider:model, as of python -m agent")
    run.add_argument("--strategy", default="", choices=("", "prompt", "rag", "agent"))
    run.add_argument("--trials", type=int, default=3, help="trials a row where a model is involved (3)")
    run.add_argument("--limit", type=int, help="at most this many rows, spread evenly over the samples")
    run.add_argument("--split", default="", choices=("", "dev", "held_out"), help="only these rows")
    run.add_argument("--only", nargs="+", default=(), metavar="START", help="only rows whose id or kind starts so")
    run.add_argument("--reuse", action="store_true", help="keep the rows of the run before whose sample is the same")
    run.add_argument("--log-dir", type=Path, default=LOGS)
    run.add_argument("--store", type=Path, help="measure on this store instead of one made from the real data")
    run.add_argument("--data", type=Path, default=default_data(), help="folder of the real data")
    run.add_argument("--bare", action="store_true", help="without inspect-ai's log")
    run.set_defaults(command=run_command)
    both = commands.add_parser("compare", help="say whether the second run is better, and how sure that is")
    both.add_argument("first", type=Path)
    both.add_argument("second", type=Path)
    both.add_argument("--json", action="store_true")
    both.set_defaults(command=compare_command)
    gate = commands.add_parser("gate", help="fail where a deterministic row that was right is wrong now")
    gate.add_argument("--write", action="store_true", help="keep what is right now instead")
    gate.add_argument("--log-dir", type=Path, default=LOGS)
    gate.add_argument("--data", type=Path, default=default_data(), help="folder of the real data")
    gate.set_defaults(command=gate_command)
    report = commands.add_parser("report", help="write the scoreboard, a page with maps of errors, and JSON")
    report.add_argument("--log-dir", type=Path, default=LOGS)
    report.add_argument("--out", type=Path, default=ROOT / "docs" / "scoreboard.md")
    report.add_argument("--html", type=Path)
    report.add_argument("--json", type=Path)
    report.add_argument("--bundle", type=Path, help="folder for inspect-ai's own static pages")
    report.set_defaults(command=report_command)
    of_areas = commands.add_parser("estimation", help="whether the intervals of areas hold: coverage, hold-out")
    of_areas.add_argument("--holdout", action="store_true", help="hold published sub-classes out instead")
    of_areas.add_argument("--satellite", type=Path, metavar="STORE", help="survey and map together, on its pixels")
    of_areas.add_argument("--write", action="store_true", help="with --holdout: make the factors of intervals anew")
    of_areas.add_argument("--points", type=Path, default=None, help="another file of survey points than the bundled")
    of_areas.add_argument("--data", type=Path, default=default_data(), help="folder of the real data")
    of_areas.add_argument("--log-dir", type=Path, default=LOGS)
    of_areas.set_defaults(command=estimation_command)
    others = commands.add_parser("encoders", help="what other encoders give in the classifier's folds")
    others.add_argument("--method", nargs="+", default=(), metavar="NAME", help="measure these alone")
    others.add_argument("--parts", default="all", choices=("all", "folds", "sources"))
    others.add_argument("--write", action="store_true", help="put the table into docs/pixelclip.md")
    others.add_argument("--log-dir", type=Path, default=LOGS)
    others.add_argument("--data", type=Path, default=default_data(), help="folder of the real data")
    others.set_defaults(command=encoders_command)
    return whole


def default_data() -> Path:
    """Return the folder of real data the environment names, else the one beside the checkout."""
    return Path(os.environ.get("LANDASK_SHARED_DATA", ROOT.parent / "shared" / "data"))


def run_command(options: argparse.Namespace) -> int:
    """Measure each suite and keep its run."""
    if unknown := [name for name in options.suites if name not in SUITES]:
        raise BadArgument(f"no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")
    if options.limit is not None and options.limit < 1:
        raise BadArgument(f"--limit {options.limit}: at least 1")
    setting = Setting(
        options.router, options.llm, options.strategy, max(1, options.trials), options.limit,
        options.split, tuple(options.only),
    )  # fmt: skip
    data = options.data if options.data.is_dir() else None
    world = World(options.log_dir / "stores", data, setting, options.store)
    for name in options.suites:
        run = measured_run(SUITES[name], world, options)
        path = run.save(options.log_dir)
        partial_of(SUITES[name], world, options.log_dir).unlink(missing_ok=True)
        print(summary(run))
        print(f"  kept in {path}")
    return 0


def estimation_command(options: argparse.Namespace) -> int:
    """Print and keep the tables of coverage, or of the hold-out."""
    from evals import estimation  # pandas and simulations: not for the other commands

    if options.write and not options.holdout:
        raise BadArgument("--write needs --holdout: the factors are made of held-out classes")
    grid = options.data / "lucas" / "lucas_abruzzo_2012.parquet"
    points = options.points or estimation.POINTS
    if not points.is_file():
        raise BadArgument(f"no file of survey points at {points}")
    if options.satellite:
        tables = estimation.satellite_tables(options.satellite)
    elif options.holdout:
        tables = estimation.holdout_tables(points, options.write)
    else:
        stack = options.data / "s2_stack_belgium"
        tables = estimation.coverage_tables(*(place if place.exists() else None for place in (grid, stack)))
    print(estimation.as_text(tables))
    estimation.keep(tables, options.log_dir, points)
    return 0


def encoders_command(options: argparse.Namespace) -> int:
    """Print the table of encoders."""
    from evals.pixel_encoders import run_encoders  # torch and training: not for the other commands

    folder = options.log_dir / "classifier"
    print(run_encoders(options.data, folder, options.method, options.parts, options.write))
    return 0


def measured_run(suite: Suite, world: World, options: argparse.Namespace) -> Run:
    """Return a suite's run, gone on with where an earlier one was ended."""
    partial = partial_of(suite, world, options.log_dir)
    if partial.exists():
        print(f"  going on with the rows of {partial}; remove it to begin anew", file=sys.stderr)
    before = options.log_dir / f"{partial.stem}.json"
    known = read_run(before).rows if options.reuse and before.exists() else ()
    quick = not suite.is_study and (world.setting.deterministic or not suite.uses_router)
    inspect = None if options.bare else options.log_dir / "inspect"
    return run_suite(suite, world, inspect, None if quick else partial, known)


def partial_of(suite: Suite, world: World, folder: Path) -> Path:
    """Return the file in which the rows of a run stand until it is whole."""
    return folder / "partial" / f"{name_of([suite.name, *setting_of(suite, world).values()])}.jsonl"


def summary(run: Run) -> str:
    """Return a run's rates, a line a stage."""
    rows = majority(run.rows)
    lines = [f"{run.name}: {len(rows)} rows"]
    for stage in stages_of(rows):
        passes, of = counted(rows, stage)
        if of:
            rate = wilson(passes, of)
            low, high = 100 * rate.low, 100 * rate.high
            lines.append(f"  {stage:10} {passes:4} / {of:<4} {100 * rate.value:5.1f} % [{low:.1f}, {high:.1f}]")
    return "\n".join(lines)


def compare_command(options: argparse.Namespace) -> int:
    """Compare two kept runs."""
    found = compare(read_run(options.first), read_run(options.second))
    print(json.dumps(as_json(found), ensure_ascii=False, indent=1) if options.json else as_text(found))
    return 0


def gate_command(options: argparse.Namespace) -> int:
    """Return 1 and name the rows where something that was right is wrong now."""
    world = World(options.log_dir / "stores", options.data if options.data.is_dir() else None)
    if options.write:
        print(f"{keep(world)} rows kept")
        return 0
    lost = losses(world)
    for loss in lost:
        print(loss)
    print(f"{len(lost)} rows lost")
    return 1 if lost else 0


def report_command(options: argparse.Namespace) -> int:
    """Write every run kept in a folder and the findings into the scoreboard; what it tells of other runs stays."""
    runs = kept_runs(options.log_dir)
    findings = FINDINGS.read_text(encoding="utf-8") if FINDINGS.is_file() else ""
    before = options.out.read_text(encoding="utf-8") if options.out.is_file() else ""
    board = scoreboard(runs, findings, before)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(board, encoding="utf-8")
    if options.html:
        options.html.parent.mkdir(parents=True, exist_ok=True)
        options.html.write_text(page(runs, board), encoding="utf-8")
    if options.json:
        write_json(runs, options.json)
    if options.bundle:
        from inspect_ai.log import bundle_log_dir

        bundle_log_dir(str(options.log_dir / "inspect"), str(options.bundle), overwrite=True)
    print(f"{len(runs)} runs in {options.out}")
    return 0


def kept_runs(folder: Path) -> list[Run]:
    """Return the runs of a folder, in the order of the suites.

    Raises:
        BadArgument: there is none.
    """
    runs = [read_run(path) for path in sorted(folder.glob("*.json"))]
    if not runs:
        raise BadArgument(f"no run in {folder}: python -m evals run questions places classes")
    order = {name: at for at, name in enumerate(SUITES)}
    return sorted(runs, key=lambda run: (order.get(run.suite, len(order)), run.name))


if __name__ == "__main__":
    sys.exit(main())
