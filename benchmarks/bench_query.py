"""From plan to result: the typed query over a store of the full survey's size, shape by shape.

Prints compile and run times of warm queries, p50 and p95, and the ratio to pandas and geopandas doing the same in the
same run, their tables already in memory.

    python benchmarks/bench_query.py [--store PATH]
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.bench_questions import on_a_store
from retrieval.query import Column, Condition, Expression, Filter, Fold, Group, Order, Query
from retrieval.types import Table
from tools.compile import compile_query
from tools.context import Context
from tools.survey import read

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


def columns(**own: Filter) -> tuple[Column, ...]:
    """Return columns of points, each with a filter of its own."""
    return tuple(Column(name, "points", (one,)) for name, one in own.items())


def made(op: Any, left: str, right: str = "") -> Column:
    """Return a column made of others."""
    return Column("x", "", (), Expression(op, left, right))


def published(*where: Filter, **rest: Any) -> Query:
    """Return a query of published shares."""
    return Query("published", rest.pop("columns", (SHARE,)), where, **rest)


MOST, MOST_X = (Order("points"),), (Order("x"),)
BY_COUNTRY, BY_NUTS2 = (Group("region", "country"),), (Group("region", "nuts2"),)
POINT = (Group("point"),)
SICILY = ("nuts:ITG1",)
Y15, Y09 = Filter("year", "in", (2015,)), Filter("year", "in", (2009,))
NUTS2_500 = (Condition("points", ">=", 20),)
SPLIT = (Group("land_cover_from", "1"), Group("land_cover_to", "1"))
WAS, NOW = Filter("land_cover_from", "in", ("B82",)), Filter("land_cover_to", "in", ("B82",))
NOT_NOW, NOT_WAS = Filter("land_cover_to", "not_in", ("B82",)), Filter("land_cover_from", "not_in", ("B82",))
MOVED = Filter("changed_main", "in", ("changed",))
SHAPES: dict[str, Query] = {
    "1 by country": survey(cover("B16"), Y18, rows=BY_COUNTRY, order=MOST),
    "1 by all NUTS 2": survey(cover("B16"), Y18, rows=BY_NUTS2, order=MOST, limit=10),
    "1 by main class": survey(Y18, country("DE"), rows=(Group("land_cover", "1"),), order=MOST),
    "1 by month": survey(cover("B16"), Y18, rows=(Group("month"),)),
    "2 cover and use": survey(cover("E00"), Filter("land_use", "in", ("U110",)), Y18, country("ES")),
    "3 parent without child": survey(cover("B10"), Filter("land_cover", "not_in", ("B16",)), Y18),
    "4 above 700 m": survey(cover("B82"), Y18, Filter("elevation", "above", (700,))),
    "4 within 30 km": survey(cover("B82"), Y18, Filter("position", "near", (3.88, 43.61, 30))),
    "5 three countries as one": survey(cover("B16"), Y18, country("FR", "DE", "PL")),
    "6 a country without a region": survey(cover("B81"), Y18, country("IT"), Filter("region", "not_in", SICILY)),
    "7 regions with at least twenty": survey(cover("B16"), Y18, rows=BY_NUTS2, having=NUTS2_500),
    "8 how many have at least twenty": survey(cover("B16"), Y18, rows=BY_NUTS2, having=NUTS2_500, fold=Fold("count")),
    "9 the highest point": Query("survey", (), (cover("B82"), Y18), POINT, order=(Order("elevation"),), limit=1),
    "10 mean elevation by country": Query(
        "survey", (Column("m", "mean_elevation"),), (cover("B82"), Y18), BY_COUNTRY, order=(Order("m"),)
    ),
    "11 share of points in a region": Query(
        "survey",
        (Column("a", "points"), Column("b", "surveyed"), made("percent", "a", "b")),
        (cover("B82"), Y18, Filter("region", "in", ("nuts:FRJ1",))),
    ),
    "12 percent of the parent's area": published(
        Y18, country("IT"), columns=(Column("a", "share", (cover("B82"),)), Column("b", "share", (cover("B00"),)),
                                     made("percent", "a", "b"))),
    "13 all but woodland": survey(Filter("land_cover", "not_in", ("C00",)), Y18, country("AT")),
    "14 mean over regions": published(cover("C00"), Y18, country("IT"), rows=BY_NUTS2, fold=Fold("mean", "share")),
    "15 change of all countries, ranked": published(
        cover("C00"), rows=BY_COUNTRY, order=MOST_X,
        columns=(Column("a", "share", (Y09,)), Column("b", "share", (Y18,)), made("difference", "b", "a"))),
    "16 the year of the most": published(
        cover("C00"), country("SE"), rows=(Group("year"),), order=(Order("share"),), limit=1),
    "17 ratio of two years": Query("survey", (*columns(a=Y18, b=Y15), made("ratio", "a", "b")), (cover("B31"),)),
    "18 a region's part of a country": Query(
        "survey",
        (*columns(a=Filter("region", "in", SICILY), b=country("IT")), made("percent", "a", "b")),
        (cover("B82"), Y18),
    ),
    "19 the place of a named one": survey(cover("B16"), Y18, rows=BY_COUNTRY, order=MOST, lead="country:HU"),
    "20 which of two": survey(
        cover("B82"), Y18, rows=(Group("region", members=(("country:ES",), ("country:FR",))),), order=MOST
    ),
    "21 from what to what": Query("revisits", (POINTS,), (*PAIR, country("ES")), SPLIT),
    "21 from what to what, everywhere": Query("revisits", (POINTS,), PAIR, SPLIT),
    "21 kept, lost, gained by country": Query(
        "revisits",
        (Column("kept", "points", (WAS, NOW)), Column("lost", "points", (WAS, NOT_NOW)),
         Column("gained", "points", (NOW, NOT_WAS))),
        PAIR,
        BY_COUNTRY,
    ),
    "22 points that changed": Query("revisits", (), (*PAIR, country("PT"), MOVED), POINT),
    "23 in regions found before": survey(
        cover("B82"), Y18, Filter("region", "in", ("nuts:ES61", "nuts:ES42", "nuts:ES43"))),
    "24 classes where two differ most": Query(
        "survey", (*columns(a=country("ES"), b=country("PT")), made("gap", "a", "b")), (Y18,),
        (Group("land_cover", "1"),), order=MOST_X, limit=3),
    "25 in one and not in the other": Query(
        "survey", columns(a=country("ES"), b=country("PT")), (Y18,), (Group("land_cover", "3"),),
        (Condition("a", ">", 0), Condition("b", "=", 0))),
    "26 around a point": Query(
        "survey", (), (Y18, Filter("position", "near", (3.88, 43.61, 20))), POINT, order=(Order("km", "fewest"),)
    ),
    "27 published of the same rows": published(
        cover("B82"), Y18, rows=(Group("region", members=(("country:ES",), ("country:FR",))),)
    ),
    "28 years of classes of countries": published(
        rows=(Group("region", members=(("country:ES",), ("country:IT",))),
              Group("land_cover", members=(("B82",), ("C00",))), Group("year"))),
    "29 classes there are": survey(Y18, rows=(Group("land_cover", "3"),)),
    "30 nothing, and what was looked at": survey(cover("B17"), Y18, country("SE")),
    "published by all NUTS 2": published(cover("C00"), Y18, rows=BY_NUTS2, order=(Order("share"),), limit=10),
}  # fmt: skip
"""By the number of the shape in `docs/query.md`."""
GOALS = {"1 by all NUTS 2": 0.5, "published by all NUTS 2": 0.5, "21 from what to what": 0.3,
         "21 from what to what, everywhere": 0.3, "21 kept, lost, gained by country": 0.3}  # fmt: skip
"""Seconds that single shapes may take."""


def main() -> None:
    """Time every shape and print the table."""
    on_a_store(__doc__, report)


def report(context: Context) -> None:
    """Print compile and run times by shape, wall and processor, and the ratios to pandas and geopandas."""
    every: list[float] = []
    work: list[float] = []
    compiled: list[float] = []
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; milliseconds, medians of {ROUNDS}")
    for name, query in SHAPES.items():
        run(query, context)  # warm
        times = [timed(lambda query=query: run(query, context)) for _ in range(ROUNDS)]
        compiled += [timed(lambda query=query: compile_query(query, context))[0] for _ in range(ROUNDS)]
        every += [wall for wall, _ in times]
        work += [cpu for _, cpu in times]
        wall, cpu = (1000 * statistics.median(each) for each in zip(*times, strict=True))
        goal = f"  (goal {1000 * GOALS[name]:.0f})" if name in GOALS else ""
        print(f"{name:<36} {wall:8.1f} wall {cpu:8.1f} processor{goal}")
    p50, p95 = 1000 * statistics.median(compiled), 1000 * percentile(compiled, 95)
    print(f"compile p50 {p50:.2f} ms, p95 {p95:.2f} ms (goal 3)")
    for what, seconds in (("wall", every), ("processor", work)):
        p50, p95 = statistics.median(seconds), percentile(seconds, 95)
        print(f"plan to table, {what}: p50 {p50:.3f} s (goal 0.05), p95 {p95:.3f} s (goal 0.4), n = {len(seconds)}")
    beside(context)


def run(query: Query, context: Context) -> Table:
    """Compile and run one query."""
    return read(context, query)


def beside(context: Context) -> None:
    """Print how long pandas and geopandas take for the same, their tables already in memory."""
    import geopandas
    import pandas as pd

    rows = context.store.run(
        "SELECT point_id, year, lc1, nuts0, nuts2, lon, lat FROM records JOIN points USING (point_id)", {}
    )
    records = pd.DataFrame(list(rows.rows), columns=list(rows.columns))
    spots = geopandas.GeoSeries(geopandas.points_from_xy(records["lon"], records["lat"]), crs=4326)
    maize = ["1 by country", "1 by all NUTS 2"]

    def of(year: int, code: str) -> pd.DataFrame:
        return records[(records["year"] == year) & (records["lc1"] == code)]

    def classes(country: str) -> set[str]:
        return set(records[(records["year"] == 2018) & (records["nuts0"] == country)]["lc1"])

    def moved(code: str) -> pd.Series:
        one, other = (records[(records["year"] == y) & (records["nuts0"] == code)] for y in (2015, 2018))
        both = one.merge(other, on="point_id")
        return both.groupby([both["lc1_x"].str[0], both["lc1_y"].str[0]]).size()

    def near() -> int:
        disc = geopandas.GeoSeries.from_xy([3.88], [43.61], crs=4326).to_crs(3035).buffer(30_000).to_crs(4326)
        inside = spots.iloc[spots.sindex.query(disc.iloc[0], predicate="intersects")].index
        return int(((records.loc[inside, "year"] == 2018) & (records.loc[inside, "lc1"] == "B82")).sum())

    scripts: dict[str, Callable[[], object]] = {
        maize[0]: lambda: of(2018, "B16")["nuts0"].value_counts(),
        maize[1]: lambda: of(2018, "B16")["nuts2"].value_counts().head(10),
        "21 from what to what": lambda: moved("ES"),
        "25 in one and not in the other": lambda: classes("ES") - classes("PT"),
        "4 within 30 km": near,
    }
    for name, script in scripts.items():
        script()
        query = SHAPES[name]
        turns = [(timed(script), timed(lambda query=query: run(query, context))) for _ in range(ROUNDS)]
        theirs, ours = (statistics.median(turn[side][0] for turn in turns) for side in (0, 1))
        what = "geopandas" if name.startswith("4 ") else "pandas"
        print(f"{name:<36} {what} {1000 * theirs:8.1f} ms, the query {1000 * ours:8.1f} ms: ratio {theirs / ours:.1f}")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds one call takes: on the clock, and of processor time, all threads together."""
    start, busy = perf_counter(), process_time()
    work()
    return perf_counter() - start, process_time() - busy


def percentile(values: list[float], of: int) -> float:
    """Return a percentile of some values."""
    return statistics.quantiles(values, n=100, method="inclusive")[of - 1]


if __name__ == "__main__":
    main()
