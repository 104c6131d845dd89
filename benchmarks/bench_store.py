"""The store at the size of the whole LUCAS history: build, one region's count, and memory, against plain geopandas.

The real extract is copied onto neighbouring points of the 2 km grid until it has 1.35 million records, the size of
LUCAS 2006 to 2022; its NUTS codes are taken away, so that every point must be placed by its outline, in the 2,016
regions of NUTS 2016 and all bundled ones. Both ways run in this process, in turn, on the same files; each question is
asked in a process of its own where its memory is measured. Needs the real data (LANDASK_SHARED_DATA).

    python benchmarks/bench_store.py [--records 1350000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import platformdirs

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from retrieval.ingest import Sources, build  # noqa: E402
from retrieval.query import Column, Filter, Group, Query  # noqa: E402
from retrieval.store import Store  # noqa: E402
from tools.context import Context  # noqa: E402
from tools.survey import read  # noqa: E402

RECORDS = 1_350_000
SHIFTS = sorted(((dx, dy) for dx in range(-4, 5) for dy in range(-4, 5)), key=lambda s: (s[0] ** 2 + s[1] ** 2, s))
"""Steps of 2 km, the nearest first: copies stay in or near the region of their original."""

REGIONS = ("nuts:FRJ1", "nuts:ES42", "nuts:SE33", "nuts:ITG1", "nuts:PL92", "nuts:DE21", "nuts:EL43", "nuts:IE06")
POINTS, SURVEYED = Column("points", "points"), Column("surveyed", "surveyed")
VINEYARD, Y2018 = Filter("land_cover", "in", ("B82",)), Filter("year", "in", (2018,))
ASKED = {
    "count": Query("survey", (POINTS, SURVEYED), (VINEYARD,), (Group("year"),)),
    "points": Query("survey", (), (VINEYARD, Y2018), (Group("point"),)),
    "classes": Query("survey", (POINTS,), (Y2018,), (Group("land_cover", "3"),)),
}


def shared_data() -> Path:
    """Return the folder of real data."""
    folder = Path(os.environ.get("LANDASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        sys.exit(f"skipped: no real data in {folder}; set LANDASK_SHARED_DATA")
    return folder


def default_folder() -> Path:
    """Return where the large files are kept between runs."""
    return Path(platformdirs.user_cache_dir("landask", appauthor=False)) / "bench"


def full_size_records(folder: Path, records: int = RECORDS) -> Path:
    """Write the replicated extract as Parquet, once, and return it."""
    file = folder / f"lucas_{records}.parquet"
    if file.is_file():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    original = pd.read_parquet(shared_data() / "lucas" / "lucas_points_2015_2018.parquet")
    copies = []
    for dx, dy in SHIFTS:
        copy = original.copy()
        copy["point_id"] += dx * 2 * 10_000 + dy * 2
        copies.append(copy)
    table = pd.concat(copies, ignore_index=True).drop_duplicates(["point_id", "year"]).head(records)
    for name in ("nuts0", "nuts1", "nuts2", "nuts3"):
        table[name] = None
    table["th_lat"] = table["th_long"] = np.nan  # the position follows from the id
    table.to_parquet(file)
    return file


def full_size_sources(folder: Path, records: int = RECORDS) -> Sources:
    """Return what the full-size store is built from: 1.35 million records, NUTS 2016 and the bundled regions."""
    return Sources(
        lucas=(full_size_records(folder, records),),
        regions=(shared_data() / "nuts_2016" / "nuts_2016_20m.parquet",),
    )


def full_size_store(folder: Path | None = None, records: int = RECORDS) -> Path:
    """Build the full-size store where it is missing or older than the code that builds it, and return its path."""
    folder = folder or default_folder()
    path = folder / f"store_{records}.duckdb"
    code = max(file.stat().st_mtime for file in (ROOT / "retrieval").glob("*.*"))
    if not path.is_file() or path.stat().st_mtime < code:
        build(path, full_size_sources(folder, records))
    return path


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--records", type=int, default=RECORDS)
    options.add_argument("--folder", type=Path, default=default_folder())
    options.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.ask:
        print(json.dumps(_questions(asked.ask)))
        return
    print(f"{'what':<58} {'store':>12} {'geopandas':>12} {'ratio':>8}")
    points = bench_membership(asked.folder, asked.records)
    path = bench_build(asked.folder, asked.records)
    bench_count(path, points)
    bench_memory(path)


def bench_membership(folder: Path, records: int) -> pd.DataFrame:
    """Place every record in every region: our join against geopandas' on the same outlines."""
    import geopandas

    from retrieval.membership import assign, lands
    from retrieval.readers import read_survey
    from retrieval.region_rows import merge_regions
    from retrieval.regions import bundled_regions, read_regions

    survey, read_s = _timed(lambda: read_survey(full_size_records(folder, records)))
    visits = survey.records
    _line(f"read and check {len(visits):,} records", f"{len(visits) / read_s:,.0f}/s")
    points = visits.drop_duplicates("point_id")[["point_id", "lon", "lat", "x", "y"]]
    merged = merge_regions([bundled_regions(), read_regions(shared_data() / "nuts_2016" / "nuts_2016_20m.parquet")])
    known = lands(merged.regions, merged.names)
    nobody = pd.DataFrame({"point_id": pd.Series(dtype="int32"), "code": pd.Series(dtype=object)})
    table, ours_s = _timed(lambda: assign(points, nobody, known))
    drawn = [land for land in known if land.outline is not None]
    shapes = geopandas.GeoDataFrame({"id": [land.id for land in drawn]}, geometry=[land.outline for land in drawn])
    spots = geopandas.GeoDataFrame(points[["point_id"]], geometry=geopandas.points_from_xy(points.lon, points.lat))
    joined, theirs_s = _timed(lambda: geopandas.sjoin(spots, shapes, predicate="intersects"))
    own = {land.id for land in drawn}
    inside = table[(table["how"] == "within") & table["region_id"].isin(own)]
    print(
        f"  {len(points):,} points of {len(visits):,} records in {len(drawn):,} outlines of {len(merged.regions):,} "
        f"regions; same pairs: {len(inside):,} of {len(joined):,} (a border point counts once a level)"
    )
    _line("place the records in the regions, nearest coast included", f"{len(visits) / ours_s:,.0f}/s",
          f"{len(visits) / theirs_s:,.0f}/s", theirs_s / ours_s)  # fmt: skip
    return visits


def bench_build(folder: Path, records: int) -> Path:
    """Build the whole store."""
    path = folder / f"store_{records}.duckdb"
    _, seconds = _timed(lambda: build(path, full_size_sources(folder, records)))
    _line("build the whole store, all checks", f"{seconds:.1f} s")
    print(f"  {records / seconds:,.0f} records/s; {path.stat().st_size / 1e6:.0f} MB")
    return path


def bench_count(path: Path, visits: pd.DataFrame) -> None:
    """Count a class in a NUTS 2 region: the store's question against a spatial join of the records."""
    import geopandas
    import shapely

    spots = geopandas.GeoDataFrame(
        visits[["point_id", "year", "lc1"]], geometry=geopandas.points_from_xy(visits.lon, visits.lat), crs=4326
    )
    with Store.open(path) as store:
        wkb = dict(
            store._connection.cursor()
            .execute("SELECT id, ST_AsWKB(geom)::BLOB FROM regions WHERE id IN (SELECT unnest($ids))", {"ids": REGIONS})
            .fetchall()
        )
        times: dict[str, list[float]] = {"store": [], "sjoin": [], "indexed": [], "filtered": []}
        context = Context.open(store)
        _count(context, REGIONS[0])  # warm
        for region in REGIONS:
            one = geopandas.GeoDataFrame(geometry=[shapely.from_wkb(bytes(wkb[region]))], crs=4326)
            wanted = spots[(spots.year == 2018) & (spots.lc1 == "B82")]
            spots.geometry.values._sindex = None  # a script that asks one question has no index yet
            expected = _timed_into(times["sjoin"], lambda one=one: _sjoin_count(spots, one))
            _timed_into(times["indexed"], lambda one=one: _sjoin_count(spots, one))
            _timed_into(times["filtered"], lambda one=one, wanted=wanted: _sjoin_count(wanted, one))
            counted = _timed_into(times["store"], lambda region=region: _count(context, region))
            _check(region, counted, expected)
    middle = {way: statistics.median(seconds) for way, seconds in times.items()}
    for way, what in (
        ("sjoin", "count vineyard of 2018 in a NUTS 2 region, sjoin"),
        ("indexed", "  the same, its spatial index already in memory"),
        ("filtered", "  the same, year and class already filtered"),
    ):
        _line(what, _ms(middle["store"]), _ms(middle[way]), middle[way] / middle["store"])


def bench_memory(path: Path) -> None:
    """Ask questions in a fresh process and say the most memory it took."""
    command = [sys.executable, __file__, "--ask", str(path)]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    _line("open the store (fresh process)", _ms(said["open_s"]))
    _line(f"questions, p50 of {said['count']}", _ms(said["p50_s"]))
    _line(f"questions, p95 of {said['count']}", _ms(said["p95_s"]))
    _line("peak memory of that process", f"{said['peak_mb']:.0f} MB")


def _questions(path: Path) -> dict[str, float]:
    store, open_s = _timed(lambda: Store.open(path))
    context, times = Context.open(store), []
    for region in (*REGIONS, "country:FR", "country:SE", "group:EU28"):
        times += [_timed(lambda q=query, r=region: _ask(context, q, r))[1] for query in ASKED.values()]
    return {
        "open_s": open_s,
        "count": len(times),
        "p50_s": float(np.percentile(times, 50)),
        "p95_s": float(np.percentile(times, 95)),
        "peak_mb": _peak_mb(),
    }


def _ask(context: Context, query: Query, region: str) -> Any:
    return read(context, replace(query, where=(*query.where, Filter("region", "in", (region,)))))


def _count(context: Context, region: str) -> int:
    return next((row["points"] for row in _ask(context, ASKED["count"], region).dicts() if row["year"] == 2018), 0)


def _sjoin_count(spots: Any, region: Any) -> int:
    import geopandas

    inside = geopandas.sjoin(spots, region, predicate="within")
    return int(((inside["year"] == 2018) & (inside["lc1"] == "B82")).sum())


def _check(region: str, counted: int, expected: int) -> None:
    """Ours may be higher by the points on a coast that the outline leaves outside."""
    if not expected <= counted <= expected + max(20, expected // 10):
        sys.exit(f"{region}: the store counts {counted}, geopandas {expected}")


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    value = work()
    return value, time.perf_counter() - begun


def _timed_into(times: list[float], work: Callable[[], Any]) -> Any:
    value, seconds = _timed(work)
    times.append(seconds)
    return value


def _peak_mb() -> float:
    """Return the most memory this process held, resident. Not `ru_maxrss`: that counts the parent's before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _line(what: str, store: str, other: str = "", ratio: float | None = None) -> None:
    print(f"{what:<58} {store:>12} {other:>12} {f'{ratio:.1f}x' if ratio else '':>8}", flush=True)


if __name__ == "__main__":
    main()
