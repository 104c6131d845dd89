"""Compositing a year of Sentinel-2 against the plain odc-stac recipe: time, memory, bytes, and the same medians.

Both read the same files from a server on this machine: every acquisition of one Flemish patch, ten bands and the
scene classification. Each way runs in a process of its own, several times, in turn; the figures are ratios of medians.

The recipe is the one in odc-stac's own notebooks: load everything onto the EPSG:3035 grid, lazily in chunks, mask by
SCL, resample by month, take the median. It needs dask, which comes with odc-stac.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from retrieval.fetch import loopback  # noqa: E402
from retrieval.fetch.grid import Cells, cells_within  # noqa: E402
from retrieval.fetch.sources import BANDS, StacSource, load_sources  # noqa: E402

FIRST = date(2017, 12, 1)
MASKED = (0, 1, 3, 8, 9, 10, 11)
GROW = 4
"""The patch is laid side by side 4 x 4 times, so that there is something to do: 2.56 km a side."""


def main() -> None:
    """Run both ways in turn and print the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--latency-ms", type=float, default=0.0, help="wait before each answer, as a far server does")
    options.add_argument("--one", choices=("ours", "recipe"), help=argparse.SUPPRESS)
    options.add_argument("--api", help=argparse.SUPPRESS)
    options.add_argument("--save", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        run_one(given.one, given.api, given.save)
        return
    folder = Path(os.environ.get("LANDASK_SHARED_DATA", ROOT.parent / "shared" / "data")) / "s2_patches_belgium"
    if not folder.is_dir():
        print("skipped: the Flemish patches are not here (LANDASK_SHARED_DATA)")
        return
    compare(folder, given.repeat, given.latency_ms / 1000)


def compare(folder: Path, repeat: int, latency_s: float) -> None:
    """Put the scenes up, time both, and hold the results against each other."""
    scenes = [grown(s) for s in loopback.flemish_patch(folder, "00002806639B424A") if "2017-12" <= s.taken < "2018-12"]
    with loopback.serve() as world, tempfile.TemporaryDirectory() as place:
        source = loopback.put_up(world, load_sources().stac("earth-search"), scenes)
        world.latency_s = latency_s
        figures: dict[str, list[dict[str, float]]] = {"ours": [], "recipe": []}
        for turn in range(repeat):
            for way in ("ours", "recipe") if turn % 2 == 0 else ("recipe", "ours"):
                before = world.sent("/cog")
                measured = in_a_process(way, source.url, Path(place) / f"{way}.npz")
                figures[way].append({**measured, "megabytes": (world.sent("/cog") - before) / 1e6})
        report(figures, Path(place), len(scenes))


def report(figures: dict[str, list[dict[str, float]]], place: Path, scenes: int) -> None:
    """Print medians, ratios and the agreement."""
    cells = len(area())
    print(f"{scenes} scenes, {cells} cells of 10 m, 10 bands, 12 months")
    for name, unit in (("seconds", "s"), ("memory", "MB above the imports"), ("megabytes", "MB read")):
        middle = {way: statistics.median(run[name] for run in runs) for way, runs in figures.items()}
        spread = "; ".join(f"{way} {min(r[name] for r in runs):.2f}..{max(r[name] for r in runs):.2f}"
                           for way, runs in figures.items())  # fmt: skip
        ratio = middle["recipe"] / middle["ours"]
        print(f"{name:10} ours {middle['ours']:.2f}, recipe {middle['recipe']:.2f} {unit}: {ratio:.2f} x   ({spread})")
    ours, recipe = np.load(place / "ours.npz"), np.load(place / "recipe.npz")
    same = ours["bands"] == recipe["bands"]
    print(f"medians equal: {same.mean():.4%} of {same.size} values, in {same.all(axis=(1, 2)).mean():.4%} of cells")


def in_a_process(way: str, api: str, save: Path) -> dict[str, float]:
    """Run one way in a fresh process and return its figures."""
    command = [sys.executable, __file__, "--one", way, "--api", api, "--save", str(save)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return json.loads(done.stdout.strip().splitlines()[-1])


def run_one(way: str, api: str, save: Path) -> None:
    """Composite once and print seconds and memory; imports are not counted."""
    source = StacSource("earth-search", api, "sentinel-2-l2a", load_sources().stac("earth-search").bands, "scl")
    prepare = {"ours": ours, "recipe": recipe}[way]
    work = prepare(source)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    bands = work()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.savez(save, bands=bands)
    print(json.dumps({"seconds": seconds, "memory": (peak - before) / 1024}))


def ours(source: StacSource) -> Any:
    """This project's way."""
    import pyarrow.parquet as pq

    from retrieval.fetch.pixels import Job, Request
    from retrieval.fetch.secrets import Secrets

    cells = area()

    def work() -> np.ndarray:
        with tempfile.TemporaryDirectory() as folder:
            job = Job(Request(cells, FIRST, source), Path(folder), Secrets({}), lambda address: address)
            table = pq.read_table(job.run().file, columns=["location", "bands"])
        row = {name: number for number, name in enumerate(table["location"].to_pylist())}
        found = table["bands"].combine_chunks().flatten().to_numpy().reshape(-1, 12, 10)
        return found[[row[name] for name in cells.names()]]

    import pystac_client  # noqa: F401
    import rasterio  # noqa: F401

    return work


def recipe(source: StacSource) -> Any:
    """The plain odc-stac recipe, its result taken at the same cells and brought into the same form."""
    import dask
    import odc.stac
    import pystac_client
    import rasterio  # noqa: F401
    import xarray as xr
    from odc.geo.geobox import GeoBox

    cells = area()
    west, south = int(cells.x.min()), int(cells.y.min())
    east, north = int(cells.x.max()) + 10, int(cells.y.max()) + 10
    box = GeoBox.from_bbox((west, south, east, north), crs="EPSG:3035", resolution=10)

    def work() -> np.ndarray:
        client = pystac_client.Client.open(source.url)
        found = client.search(
            collections=[source.collection], bbox=cells.bbox(), datetime="2017-12-01/2018-11-30T23:59:59Z"
        )
        data = odc.stac.load(
            found.item_collection(), bands=[*source.bands, source.scl], geobox=box, groupby="solar_day",
            chunks={"x": 256, "y": 256},
        )  # fmt: skip
        clear = ~data[source.scl].isin(MASKED)
        kept = data[list(source.bands)].where(clear & (data[list(source.bands)] > 0))
        year = kept.median("time", skipna=True)
        monthly = kept.resample(time="1MS").median("time", skipna=True).fillna(year)
        with dask.config.set(scheduler="threads", num_workers=8):
            values = xr.concat([monthly[band] for band in source.bands], "band").transpose("y", "x", "time", "band")
            values = values.compute().values
        rows, columns = (north - 10 - cells.y) // 10, (cells.x - west) // 10
        return np.where(np.isnan(values), 65_535, np.rint(np.nan_to_num(values))).astype(np.uint16)[rows, columns]

    return work


def grown(scene: loopback.Acquisition) -> loopback.Acquisition:
    """Return the scene with its patch laid side by side."""
    from dataclasses import replace

    bands = {name: np.tile(values, (GROW, GROW)) for name, values in scene.bands.items()}
    return replace(scene, bands=bands, scl=np.tile(scene.scl, (GROW, GROW)) if scene.scl is not None else None)


def area() -> Cells:
    """Return the cells of the area, a square well inside the grown patch."""
    import pyproj
    import shapely

    step = 640 * GROW
    carry = pyproj.Transformer.from_crs(32631, 3035, always_xy=True)
    patch = shapely.box(501_360 + 20, 5_629_680 - step + 20, 501_360 + step - 20, 5_629_680 - 20)
    return cells_within(shapely.transform(patch, lambda xy: np.column_stack(carry.transform(xy[:, 0], xy[:, 1]))))


assert len(BANDS) == 10

if __name__ == "__main__":
    main()
