"""`python -m retrieval`: build a store and look at it. Exit code 2 for bad input, with one line on stderr."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from retrieval.errors import InputError, LandaskError, StoreError
from retrieval.ingest import STAGES, Sources, build
from retrieval.parts import need
from retrieval.printing import one_line, printable_streams
from retrieval.store import Store, default_store_path
from retrieval.types import Dataset, Table

BUILD_HELP = """\
Build the store, whole or not at all: until it is complete the old one stays in place.

The published shares, Natural Earth's regions and a list of towns are always in it. Survey records given take the place
of the bundled ones; pixel years stand beside them.

Files are told apart by their columns; see docs/store.md for the forms that are read.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    printable_streams()
    try:
        need("files")
        arguments = _parser().parse_args(argv)
        code = arguments.run(arguments)
        sys.stdout.flush()  # here, where a reader that has gone can still be met
        return code
    except (InputError, StoreError) as error:
        return _fail(error, 2)
    except LandaskError as error:
        return _fail(error, 3)
    except BrokenPipeError:  # `status | head`: who reads has seen enough
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("stopped; the store is as it was", file=sys.stderr)
        return 130
    except (OSError, MemoryError) as error:
        return _fail(error, 2)
    except Exception as error:  # the edge: a bug is a line for the person, a traceback for who asks for one
        if os.environ.get("LANDASK_DEBUG"):
            raise
        fault = f"a fault in the program ({type(error).__name__}); set LANDASK_DEBUG=1 to see where"
        print(f"error: {fault}", file=sys.stderr)
        return 1


def _fail(error: BaseException, code: int) -> int:
    print(f"error: {one_line(str(error) or type(error).__name__)}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m retrieval", description="The store of what is known.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_build(commands)
    _add_status(commands)
    from retrieval.fetch.commands import add_subcommands

    add_subcommands(commands)
    return parser


def _add_build(commands: argparse._SubParsersAction) -> None:
    form = argparse.RawDescriptionHelpFormatter
    one = commands.add_parser("build", help="build a store", description=BUILD_HELP, formatter_class=form)
    _add_store(one)
    many = {"action": "append", "type": Path, "metavar": "FILE", "default": []}
    one.add_argument("--lucas", **many, help="survey records, Parquet or CSV; may be given several times")
    one.add_argument("--regions", **many, help="NUTS or French regions, or areas of your own; GeoParquet or GeoJSON")
    one.add_argument("--pixels", **many, help="monthly Sentinel-2 pixel series, Parquet")
    one.add_argument("--statistics", **many, help="a newer LAN_LCV_OVW table from Eurostat, TSV or CSV")
    one.add_argument("--vine-areas", **many, help="area under vines by country, Eurostat's APRO_CPSH1, TSV or CSV")
    one.add_argument("--deals", **many, help="Land Matrix' export: the zip, a folder of its files, or deals.csv")
    one.add_argument("--weights", **many, help="sampling weights and strata of a survey, as Eurostat's of 2022; CSV")
    one.add_argument("--swapped", action="store_true", help="take latitude and longitude of the survey files swapped")
    one.add_argument("--places", action="store_true", help="accepted; the towns are always in the store")
    one.add_argument("--quiet", action="store_true", help="no progress, no summary")
    one.set_defaults(run=_build)


def _add_status(commands: argparse._SubParsersAction) -> None:
    one = commands.add_parser("status", help="what a store holds and what its build found")
    _add_store(one)
    one.add_argument("--quality", action="store_true", help="also every finding of the checks")
    one.set_defaults(run=_status)


def _add_store(parser: argparse.ArgumentParser) -> None:
    default = Path(os.environ["LANDASK_STORE"]) if os.environ.get("LANDASK_STORE") else default_store_path()
    parser.add_argument(
        "--store", type=Path, default=default, metavar="PATH", help="the store's file (default: %(default)s)"
    )


def _build(arguments: argparse.Namespace) -> int:
    sources = Sources(
        lucas=tuple(arguments.lucas),
        regions=tuple(arguments.regions),
        pixels=tuple(arguments.pixels),
        statistics=tuple(arguments.statistics),
        vine_areas=tuple(arguments.vine_areas),
        deals=tuple(arguments.deals),
        weights=tuple(arguments.weights),
        swapped=arguments.swapped,
        bundled=True,
    )
    with tqdm(total=len(STAGES), desc="build", unit="stage", disable=arguments.quiet or None, leave=False) as bar:

        def tell(stage: str) -> None:
            bar.set_postfix_str(stage)
            bar.update(int(stage != STAGES[0]))

        build(arguments.store, sources, tell)
    return 0 if arguments.quiet else _status(arguments)


def _status(arguments: argparse.Namespace) -> int:
    with Store.open(arguments.store) as store:
        print(f"{store.path} ({store.path.stat().st_size / 1e6:.1f} MB)")
        for dataset in store.datasets():
            print(_line(dataset))
        findings = store.query("quality")
        _print_findings(findings, everything=getattr(arguments, "quality", False))
    return 0


def _line(dataset: Dataset) -> str:
    years = f", {dataset.years[0]}–{dataset.years[-1]}" if dataset.years else ""
    return (
        f"  {dataset.kind:<10} {dataset.id}: {dataset.rows:,} rows{years}; "
        f"version {dataset.version}; {dataset.licence}; sha256 {dataset.sha256[:12]}"
    )


def _print_findings(findings: Table, everything: bool) -> None:
    shown = [row for row in findings.dicts() if everything or row["action"] != "none needed"]
    if shown:
        print("checks:")
    for row in shown:
        examples = f" ({', '.join(row['examples'])})" if row["examples"] else ""
        print(f"  {row['dataset']}: {row['check']}: {row['rows']:,} {row['action']}; {row['detail']}{examples}")


if __name__ == "__main__":
    sys.exit(main())
