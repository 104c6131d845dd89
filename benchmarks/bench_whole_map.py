"""Whole maps that are killed: are they, gone on with, the same to the byte? And where a worker is killed?

    python -m benchmarks.bench_whole_map STACK.nc [--store STORE --region Corsica]

STACK.nc holds monthly rasters (one square kilometre of eastern Belgium is what this was run on). Mapped are the stack
itself; its values over 2 × 2 km on a corner of four tiles, by the command once unbroken, once killed with `kill -9`
and given again; and with a store its pixels in a region by a plain loop, and by two processes and by Daft (where it is
installed) of which one worker is killed. What is compared: the SHA-256 of every tile, what rasterio reads of the
mosaic, and which tiles were made again. Linux: workers are found in /proc.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr

CORNER = 3_988_480, 3_066_880
"""A corner of four tiles in eastern Belgium, EPSG:3035."""
METRES = 1_000
"""From the corner to the edges of the larger area."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything and return 1 where any map differs from the unbroken one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stack", type=Path, metavar="STACK.nc")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--region", default="Corsica")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wide = four_kilometres_square(options.stack, folder / "wide.nc")
        same = [
            killed_and_given_again(["--raster", str(options.stack)], folder / "stack", after=0),
            killed_and_given_again(["--raster", str(wide)], folder / "wide", after=1),
        ]
        if options.store:
            same += workers_killed(["--store", str(options.store), "--region", options.region], folder / "region")
    print("all maps are those of the unbroken runs" if all(same) else "a map differs")
    return 0 if all(same) else 1


def four_kilometres_square(stack: Path, path: Path) -> Path:
    """Write the stack's values four times over 2 × 2 km (4 km²) around a corner of tiles."""
    with xr.open_dataset(stack, mask_and_scale=False) as data:
        rows, columns = data.sizes["y"], data.sizes["x"]
        wide = xr.concat([xr.concat([data] * 2, "x", data_vars="minimal")] * 2, "y", data_vars="minimal")
        wide = wide.isel(y=slice(0, 2 * rows), x=slice(0, 2 * columns)).load()
    size = 2 * METRES / (2 * columns)
    steps = (np.arange(2 * columns) + 0.5) * size - METRES
    wide = wide.assign_coords(x=CORNER[0] + steps, y=CORNER[1] - steps)
    for variable in wide.variables.values():
        if "crs_wkt" in variable.attrs:
            variable.attrs["crs_wkt"] = rasterio.crs.CRS.from_epsg(3035).to_wkt()
    wide.to_netcdf(path)
    return path


def killed_and_given_again(asked: Sequence[str], folder: Path, after: int) -> bool:
    """Map an area unbroken, then killed once so many tiles are there and given again; whether both are the same."""
    whole, broken = folder / "whole", folder / "broken"
    seconds = timed(predict(asked, whole))
    job = subprocess.Popen(predict(asked, broken), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: (broken / "tiles").is_dir() and len(notes(broken)) >= after, job)
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    before = made(broken)
    again = timed(predict(asked, broken))
    kept = sum(made(broken)[name] == at for name, at in before.items())
    total = len(digests(whole))
    print(f"{folder.name}: {total} tiles, {filled(whole):,} cells; unbroken in {seconds:.0f} s")
    print(f"  killed with {len(before)} of {total} tiles, given again: {again:.0f} s, {kept} kept as they were")
    return told_same(whole, broken)


def workers_killed(asked: Sequence[str], folder: Path) -> list[bool]:
    """Map an area by a plain loop, and by engines of which one worker is killed in the middle."""
    plain = folder / "plain"
    seconds, same = timed(predict(asked, plain)), []
    total = len(digests(plain))
    print(f"{folder.name}: {total} tiles, {filled(plain):,} cells; the plain loop in {seconds:.0f} s")
    for engine in ("processes", *(["daft"] if find_spec("daft") else [])):
        out = folder / engine
        start = time.monotonic()
        command = [*predict(asked, out), "--engine", engine, "--workers", "2"]
        job = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_until(lambda out=out: len(notes(out)) >= total // 4, job)
        victim, before = largest_below(job.pid), made(out)
        os.kill(victim, signal.SIGKILL)
        error = job.communicate()[1]
        kept = sum(made(out).get(name) == at for name, at in before.items())
        print(f"{engine}, 2 workers: worker {victim} killed with {len(before)} of {total} tiles; ", end="")
        print(f"ended with {job.returncode} in {time.monotonic() - start:.0f} s, {kept} of those not made again")
        if job.returncode:
            print(error.strip().splitlines()[-1] if error.strip() else "no message")
        same.append(job.returncode == 0 and told_same(plain, out))
    return same


def predict(asked: Sequence[str], out: Path) -> list[str]:
    """Return the command that maps an area into a folder."""
    return [sys.executable, "-m", "tools.pixelclip", "predict", *asked, "--save", str(out), "--quiet"]


def timed(command: Sequence[str]) -> float:
    """Run a command and return its seconds."""
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def wait_until(there, job: subprocess.Popen) -> None:
    """Wait until something is there, or the job ended before."""
    while not there() and job.poll() is None:
        time.sleep(0.002)


def notes(out: Path) -> list[Path]:
    """Return the notes of finished tiles."""
    return list((out / "tiles").glob("*.json")) if (out / "tiles").is_dir() else []


def made(out: Path) -> dict[str, int]:
    """Return finished tile → when its raster was written, nanoseconds."""
    return {note.stem: note.with_suffix(".tif").stat().st_mtime_ns for note in notes(out)}


def digests(out: Path) -> dict[str, str]:
    """Return tile → SHA-256."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((out / "tiles").glob("*.tif"))}


def filled(out: Path) -> int:
    """Return how many cells of the mosaic hold a class."""
    with rasterio.open(out / "map.vrt") as mosaic:
        return int((mosaic.read(1) != mosaic.nodata).sum())


def told_same(whole: Path, other: Path) -> bool:
    """Say whether two maps are the same to the byte, and to rasterio."""
    with rasterio.open(whole / "map.vrt") as one, rasterio.open(other / "map.vrt") as two:
        values = one.transform == two.transform and all(
            np.array_equal(one.read(band), two.read(band)) for band in range(1, one.count + 1)
        )
    same = digests(whole) == digests(other)
    print(f"  tiles equal to the byte: {same}; every band of the mosaic equal: {values}")
    return same and values


def largest_below(pid: int) -> int:
    """Return the process with most memory among those that a process started: a worker with the model in it."""
    parent, memory = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parent[int(stat.parent.name)], memory[int(stat.parent.name)] = int(fields[1]), int(fields[21])
    below = {pid}
    while more := {child for child, above in parent.items() if above in below} - below:
        below |= more
    return max(below - {pid}, key=lambda child: memory[child])


if __name__ == "__main__":
    sys.exit(main())
