"""From plan to result: the typed query over a store of the full survey's size, shape by shape.

Prints compile and run times of warm queries, p50 and p95, and for those that pandas can count in the same run, with its
tables already in memory, the ratio to it.

    python benchmarks/bench_query.py [--store PATH]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.bench_questions import full_size
from retrieval.query import Column, Condition, Expression, Filter, Group, Order, Query
from retrieval.store import Store
from tools.compile import compile_query
from tools.context import Context

ROUNDS = 5
POINTS, SURVEYED, SHARE = Column("points", "points"), Column("surveyed", "surveyed"), Column("share", "share")
Y18 = Filter("year", "in", (2018,))
PAIR = (Filter("year_from", "in", (2015,)), Filter("year_to", "in", (2018,)))


def cover(*codes: str) -> Filter:
    """Return a filter on land cover."""
    return Filter("land_cover", "in", codes)


def country(*codes: str) -> Filter:
    """Return a filter on countries."""
    return Filter("region", "in", tuple(f"country:{code}" for code in codes))


def survey(*where: Filter, **rest: Any) -> Query:
    """Return a query of surveyed points."""
    return Query("survey", (POINTS, SURVEYED), where, **rest)


MOST = (Order("points"),)
SHAPES: dict[str, Query] = {
    "a class in a region": survey(cover("B82"), Y18, Filter("region", "in", ("nuts:FRJ1",))),
    "a class everywhere": survey(cover("B16"), Y18),
    "by country": survey(cover("B16"), Y18, rows=(Group("region", "country"),), order=MOST),
    "by all NUTS 2": survey(cover("B16"), Y18, rows=(Group("region", "nuts2"),), order=MOST, limit=10),
    "by NUTS 2 of three countries": survey(
        cover("B16"), Y18, country("FR", "IT", "HU"), rows=(Group("region", "nuts2"),), order=MOST
    ),
    "at least twenty": survey(
        cover("B16"), Y18, rows=(Group("region", "nuts2"),), having=(Condition("points", ">=", 20),)
    ),
    "by main class": survey(Y18, country("DE"), rows=(Group("land_cover", "1"),), order=MOST),
    "above 700 m": survey(cover("B82"), Y18, Filter("elevation", "above", (700,))),
    "within 30 km": survey(cover("B82"), Y18, Filter("position", "near", (3.88, 43.61, 30))),
    "cover and use": survey(cover("E00"), Filter("land_use", "in", ("U110",)), Y18, country("ES")),
    "without a region": survey(cover("B81"), Y18, country("IT"), Filter("region", "not_in", ("nuts:ITG1",))),
    "the highest point": Query(
        "survey", (), (cover("B82"), Y18), (Group("point"),), order=(Order("elevation"),), limit=1
    ),
    "from what to what": Query(
        "revisits", (POINTS,), (*PAIR, country("ES")), (Group("land_cover_from", "1"), Group("land_cover_to", "1"))
    ),
    "which country lost most": Query(
        "revisits",
        (POINTS,),
        (*PAIR, Filter("land_cover_from", "in", ("B82",)), Filter("land_cover_to", "not_in", ("B82",))),
        (Group("region", "country"),),
        order=MOST,
    ),
    "published by all NUTS 2": Query(
        "published", (SHARE,), (cover("C00"), Y18), (Group("region", "nuts2"),), order=(Order("share"),), limit=10
    ),
    "published change by country": Query(
        "published",
        (
            Column("a", "share", (Filter("year", "in", (2009,)),)),
            Column("b", "share", (Filter("year", "in", (2018,)),)),
            Column("change", "", (), Expression("difference", "b", "a")),
        ),
        (cover("C00"),),
        (Group("region", "country"),),
        order=(Order("change"),),
    ),
}


def main() -> None:
    """Time every shape and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="a built store (default: one of the full survey's size is made)")
    given = parser.parse_args().store
    with tempfile.TemporaryDirectory() as folder:
        store = given or full_size(Path(folder))
        if store is None:
            print("skipped: the real survey records are not here (LANDASK_SHARED_DATA)")
            return
        with Store.open(store) as opened:
            report(Context.open(opened))


def report(context: Context) -> None:
    """Print compile and run times by shape, and the ratio to pandas."""
    every: list[float] = []
    compiled: list[float] = []
    for name, query in SHAPES.items():
        run(query, context)  # warm
        times = [timed(lambda query=query: run(query, context)) for _ in range(ROUNDS)]
        compiled += [timed(lambda query=query: compile_query(query, context)) for _ in range(ROUNDS)]
        every += times
        print(f"{name:<32} {1000 * statistics.median(times):8.1f} ms")
    print(f"compile p50 {1000 * statistics.median(compiled):.2f} ms, p95 {1000 * percentile(compiled, 95):.2f} ms")
    print(f"plan to result p50 {statistics.median(every):.3f} s, p95 {percentile(every, 95):.3f} s")
    print(f"by country beside pandas in memory: {beside_pandas(context):.1f} times as fast")


def run(query: Query, context: Context) -> None:
    """Compile and run one query."""
    compiled = compile_query(query, context)
    context.store.run(compiled.sql, compiled.parameters)


def beside_pandas(context: Context) -> float:
    """Return how many times faster a count by country is than pandas doing the same over records in memory."""
    import pandas as pd

    rows = context.store.run("SELECT year, lc1, nuts0 FROM records", {})
    records = pd.DataFrame(list(rows.rows), columns=list(rows.columns))

    def count() -> None:
        kept = records[(records["year"] == 2018) & (records["lc1"] == "B16")]
        kept.groupby("nuts0").size().sort_values(ascending=False)

    count()
    ours = statistics.median(timed(lambda: run(SHAPES["by country"], context)) for _ in range(ROUNDS))
    return statistics.median(timed(count) for _ in range(ROUNDS)) / ours


def timed(work: Callable[[], object]) -> float:
    """Return the seconds one call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def percentile(values: list[float], of: int) -> float:
    """Return a percentile of some values."""
    return statistics.quantiles(values, n=100, method="inclusive")[of - 1]


if __name__ == "__main__":
    main()
