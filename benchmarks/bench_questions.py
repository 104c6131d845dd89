"""How long a person waits: whole questions, words to sentence, over a store of the full survey's size.

Prints p50 and p95 of warm questions, the peak memory of the process that answers, and for the countable ones the ratio
to a geopandas script that does the same count in the same run, its tables already in memory.

    python benchmarks/bench_questions.py [--store PATH]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent.ask import ask
from retrieval.store import Store
from tools.context import Context

QUESTIONS = (
    "where is vineyard in Languedoc-Roussillon",
    "how many maize points are there in Romania in 2018",
    "which Spanish regions have the most olive grove points",
    "how did vineyard points change in La Rioja between 2015 and 2018",
    "compare vineyard points in Sicily and Castilla-La Mancha",
    "olive groves within 30 km of Siena",
    "what share of the points in Sweden is woodland",
    "Wie viele Weizenpunkte gibt es in Bayern 2018?",
    "montre-moi les vignes en Bourgogne",
    "dónde hay olivares en Jaén",
    "quanti punti di riso ci sono in Piemonte",
    "ile punktów kukurydzy jest w Mazowieckiem",
    "where is woodland in Germany",
    "how much of Sweden was woodland in 2018",
    "which regions of France have the largest share of vineyards",
    "has cropland shrunk in Bavaria since 2009",
    "how many vineyard points in the European Union",
    "where is grassland in Europe in 2018",
)
ROUNDS = 5


def main() -> None:
    """Time the questions and print the table."""
    on_a_store(__doc__, report)


def on_a_store(about: str | None, report: Callable[[Context], None]) -> None:
    """Run a benchmark on the store of `--store`, or on one of the full survey's size, which is made."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="a built store (default: one of the full survey's size is made)")
    given = parser.parse_args().store
    with tempfile.TemporaryDirectory() as folder:
        store = given or full_size(Path(folder))
        if store is None:
            print("skipped: the real survey records are not here (LANDASK_SHARED_DATA)")
            return
        with Store.open(store) as opened:
            report(Context.open(opened))


def full_size(folder: Path) -> Path | None:
    """Return a store of 1.35 million records, made in a process of its own so that its memory is not ours."""
    code = (
        "import sys; from pathlib import Path; from benchmarks.bench_store import full_size_store; "
        "print(full_size_store(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1], file=sys.stderr)
        return None
    return Path(done.stdout.strip().splitlines()[-1])


def report(context: Context) -> None:
    """Print the figures of one store."""
    store = context.store
    records = sum(d.rows for d in store.datasets() if d.kind == "survey")
    regions = sum(d.rows for d in store.datasets() if d.kind == "regions")
    print(f"{records:,} records, {regions:,} regions")
    began = perf_counter()
    ask(QUESTIONS[0], context)
    print(f"first question, everything cold but the interpreter: {perf_counter() - began:.2f} s")
    for words in QUESTIONS:
        ask(words, context)
    seconds: list[float] = []
    for words in QUESTIONS:
        own = [timed(lambda q=words: ask(q, context)) for _ in range(ROUNDS)]
        seconds += own
        print(f"  {statistics.median(own):6.3f} s  {words}")
    cuts = statistics.quantiles(seconds, n=100)
    print(f"warm question: p50 {cuts[49]:.3f} s (target 0.5), p95 {cuts[94]:.3f} s (target 1.5), n = {len(seconds)}")
    print(f"peak memory of this process: {peak_mb():.0f} MB (target 1000)")
    against_geopandas(context)


def against_geopandas(context: Context) -> None:
    """Print the ratio of a whole question to the same count by a geopandas script over tables in memory."""
    import geopandas
    import shapely

    region = context.region("nuts:FRJ1")
    year = max(context.store.years())
    text = "SELECT lon, lat, lc1 FROM region_visits WHERE region_id = '' AND year = $year"
    visits = context.store.run(text, {"year": year})
    frame = geopandas.GeoDataFrame(
        {"lc1": visits.column("lc1")},
        geometry=shapely.points(visits.column("lon"), visits.column("lat")),
        crs="EPSG:4326",
    )
    outline = geopandas.GeoDataFrame(geometry=[context.outline(region)], crs="EPSG:4326")

    def plain() -> int:
        frame.geometry.values._sindex = None  # a script asked once has no index from the question before
        return int((geopandas.sjoin(frame, outline, predicate="within").lc1 == "B82").sum())

    words = f"how many vineyard points are there in {region.name} in {year}"
    ours = statistics.median(timed(lambda: ask(words, context)) for _ in range(ROUNDS))
    theirs = statistics.median(timed(plain) for _ in range(3))
    print(
        f"whole question, words to sentence, {ours * 1000:.0f} ms; geopandas sjoin and count alone, its "
        f"{len(visits):,} rows in memory, {theirs * 1000:.0f} ms: ratio {theirs / ours:.1f}"
    )


def timed(work: Callable[[], object]) -> float:
    """Return the wall seconds of one call."""
    began = perf_counter()
    work()
    return perf_counter() - began


def peak_mb() -> float:
    """Return the peak resident memory of this process in MB (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
