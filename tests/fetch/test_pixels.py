"""A year of Sentinel-2 becomes twelve medians a cell, the same as numpy's, whatever the scenes or the source lack."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from retrieval.errors import BadArgument, BadGeometry, SourceError
from retrieval.fetch import grid, pixels, raster
from retrieval.fetch.grid import Cells, blocks, cells_of_points, cells_within, to_crs
from retrieval.fetch.loopback import PATCH_BANDS, Acquisition, Fault, Loopback, flemish_patch, put_up, serve
from retrieval.fetch.pixels import Job, Request
from retrieval.fetch.secrets import Secrets
from retrieval.fetch.sources import StacSource, load_sources
from retrieval.fetch.stac import search, shift_of, signer

ROOT = Path(__file__).parents[2]
EARTH_SEARCH = load_sources().stac("earth-search")
WEST, NORTH, SIZE = 500_000, 5_600_000, 32  # EPSG:32631, pixels of 10 m
MASKED = (0, 1, 3, 8, 9, 10, 11)


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch):
    monkeypatch.setitem(raster.OPTIONS, "GDAL_HTTP_RETRY_DELAY", 0.05)
    monkeypatch.setattr(raster, "FIRST_WAIT_S", 0.01)


def as_is(address: str) -> str:
    return address


def square(west=WEST, north=NORTH, size=SIZE, margin=5) -> Cells:
    """The cells of a square of UTM pixels, a little inside it."""
    carry = pyproj.Transformer.from_crs(32631, 3035, always_xy=True)
    side = size * 10
    box = shapely.box(west + margin, north - side + margin, west + side - margin, north - margin)
    return cells_within(shapely.transform(box, lambda xy: np.column_stack(carry.transform(xy[:, 0], xy[:, 1]))))


def scene(day: str, value: int = 1000, scl: int | None = 4, tile="31UDS", west=WEST, size=SIZE, **more) -> Acquisition:
    """A scene of one value a band: `value` in B2, one more in each band after it."""
    bands = {name: np.full((size, size), value + n, np.uint16) for n, name in enumerate(PATCH_BANDS)}
    bands = {name: v if name in ("B02", "B03", "B04", "B08") else v[::2, ::2].copy() for name, v in bands.items()}
    quality = None if scl is None else np.full((size // 2, size // 2), scl, np.uint8)
    return Acquisition(f"S2_{tile}_{day}", f"{day}T10:50:00Z", 32631, west, NORTH, bands, quality, tile=tile, **more)


def run(world: Loopback, scenes, tmp_path: Path, cells: Cells | None = None, first=date(2021, 1, 1), **more):
    """Put scenes up and composite them; return the outcome and its rows by location."""
    source = put_up(world, more.pop("source", EARTH_SEARCH), scenes, overviews=more.pop("overviews", True))
    job = Job(Request(cells or square(), first, source), tmp_path / "pixels", Secrets({}), as_is, workers=4)
    outcome = job.run()
    return outcome, pq.read_table(outcome.file)


def values(table) -> np.ndarray:
    """(N, 12, 10) in the file's order."""
    return table["bands"].combine_chunks().flatten().to_numpy().reshape(-1, 12, 10)


# --- against numpy -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flemish(shared_data) -> Iterator[tuple[StacSource, dict[str, list[Acquisition]]]]:
    """Both Flemish patches, every acquisition of one year each, behind a STAC API."""
    years = {"00002806639B424A": ("2017-12", "2018-12"), "0000280849BAC91C": ("2018-12", "2019-12")}
    folder = shared_data / "s2_patches_belgium"
    patches = {
        name: [a for a in flemish_patch(folder, name) if first <= a.taken < last]
        for name, (first, last) in years.items()
    }
    with serve() as world:
        yield put_up(world, EARTH_SEARCH, [a for several in patches.values() for a in several]), patches


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "first"), [("00002806639B424A", date(2017, 12, 1)), ("0000280849BAC91C", date(2018, 12, 1))]
)
def test_composites_of_the_flemish_patches_equal_numpys(flemish, tmp_path, name, first):
    source, patches = flemish
    acquisitions = patches[name]
    cells = square(acquisitions[0].west, acquisitions[0].north, 64)
    job = Job(Request(cells, first, source), tmp_path, Secrets({}), as_is)
    estimate = job.estimate()
    outcome = job.run()
    table = pq.read_table(outcome.file)
    expected, masked = by_numpy(acquisitions, cells, first)
    row = {location: number for number, location in enumerate(table["location"].to_pylist())}
    order = [row[location] for location in cells.names()]
    assert estimate.scenes == outcome.scenes == len(acquisitions)
    assert outcome.rows == len(cells)
    np.testing.assert_array_equal(values(table)[order], expected)
    found = [set(months) for months in table["masked_months"].to_pylist()]
    assert [found[number] for number in order] == [set(np.flatnonzero(column)) for column in masked.T]


def by_numpy(acquisitions, cells: Cells, first: date) -> tuple[np.ndarray, np.ndarray]:
    """The same medians by numpy alone: (N, 12, 10) and the masked months (12, N), in the year's order."""
    x, y = to_crs(cells, "EPSG:32631")
    stacks = []
    for number, band in enumerate(PATCH_BANDS):
        raw = np.stack([a.bands[band] for a in acquisitions])
        step = 10 * 64 // raw.shape[1]
        row = ((acquisitions[0].north - y) // step).astype(int)
        column = ((x - acquisitions[0].west) // step).astype(int)
        stacks.append(raw[:, row, column].astype(float))
        assert number < 10
    stack = np.stack(stacks, axis=1)  # (A, 10, N)
    row = ((acquisitions[0].north - y) // 20).astype(int)
    column = ((x - acquisitions[0].west) // 20).astype(int)
    scl = np.stack([a.scl for a in acquisitions])[:, row, column]
    stack[np.isin(scl, MASKED)[:, None].repeat(10, axis=1) | (stack == 0)] = np.nan
    months = np.array([int(a.taken[5:7]) for a in acquisitions])
    year = [(first.month - 1 + k) % 12 + 1 for k in range(12)]
    result = np.empty((12, *stack.shape[1:]))
    masked = np.ones((12, stack.shape[2]), bool)
    for slot, month in enumerate(year):
        part = stack[months == month]
        masked[slot] = ~np.isfinite(part).any(axis=(0, 1))
        result[slot] = middle(part) if len(part) else np.nan
    gaps = np.isnan(result).any(axis=(0, 1))
    overall = middle(stack[:, :, gaps])
    result[:, :, gaps] = np.where(np.isnan(result[:, :, gaps]), overall, result[:, :, gaps])
    return np.rint(result).astype(np.uint16).transpose(2, 0, 1), masked


def middle(stack: np.ndarray) -> np.ndarray:
    """The median along the first axis without the gaps, by masked arrays: not the way the project does it."""
    return np.ma.median(np.ma.masked_invalid(stack), axis=0).filled(np.nan)


def test_two_clear_scenes_of_a_month_give_their_middle(world, tmp_path):
    scenes = [scene("2021-06-03", 1000), scene("2021-06-13", 2000), scene("2021-06-23", 9000, scl=9)]
    _, table = run(world, scenes, tmp_path)
    assert values(table)[0, 5].tolist() == [1500 + n for n in range(10)]


def test_the_year_may_begin_in_any_month(world, tmp_path):
    scenes = [scene("2020-12-05", 100), scene("2021-01-05", 200), scene("2021-11-05", 300), scene("2021-12-05", 999)]
    outcome, table = run(world, scenes, tmp_path, first=date(2020, 12, 1))
    first = values(table)[0, :, 0]
    assert (first[0], first[1], first[11]) == (100, 200, 300)
    assert outcome.scenes == 3
    assert table["first_month"][0].as_py() == date(2020, 12, 1)
    assert table["year"][0].as_py() == 2021


def test_a_month_without_scenes_is_masked_and_takes_the_years_median(world, tmp_path, fault):
    scenes = [scene("2021-03-05", 1000), scene("2021-07-05", 2000)]
    outcome, table = run(world, scenes, tmp_path)
    assert outcome.empty_months == [1, 2, 4, 5, 6, 8, 9, 10, 11, 12]
    assert table["masked_months"][0].as_py() == [0, 1, 3, 4, 5, 7, 8, 9, 10, 11]
    assert values(table)[0, :, 0].tolist() == [1500, 1500, 1000, 1500, 1500, 1500, 2000, *[1500] * 5]
    fault("month without scenes", "masked in the row and told; holds the median of the year")


def test_a_cell_never_seen_clear_is_left_out_and_counted(world, tmp_path):
    half = scene("2021-03-05")
    cloudy = np.full((16, 16), 4, np.uint8)
    cloudy[:, :8] = 9
    outcome, table = run(world, [replace(half, scl=cloudy)], tmp_path)
    assert 0.4 < outcome.never_clear / len(square()) < 0.6
    assert table.num_rows == outcome.rows == len(square()) - outcome.never_clear


# --- the baseline's offset ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("properties", "day", "shift"),
    [
        ({"s2:processing_baseline": "03.01"}, "2021-06-01", 0),
        ({"s2:processing_baseline": "04.00"}, "2022-02-01", -1000),
        ({"s2:processing_baseline": "05.00"}, "2018-06-01", -1000),  # reprocessed: the baseline counts, not the day
        ({"processing:version": "05.11"}, "2025-06-01", -1000),
        ({"s2:processing_baseline": "05.00", "earthsearch:boa_offset_applied": True}, "2022-06-01", 0),
        ({"s2:processing_baseline": "04.00", "earthsearch:boa_offset_applied": False}, "2022-06-01", -1000),
        ({"s2:processing_baseline": "02.14", "earthsearch:boa_offset_applied": False}, "2018-06-01", 0),
        ({}, "2022-01-24", 0),
        ({}, "2022-01-25", -1000),
    ],
)
def test_the_offset_of_2022_is_taken_out_where_it_is_in_the_file(properties, day, shift):
    assert shift_of(properties, datetime.fromisoformat(day).replace(tzinfo=UTC)) == shift


def test_scenes_on_both_sides_of_the_baseline_meet_on_one_scale(world, tmp_path):
    scenes = [
        scene("2022-01-10", 1500),
        scene("2022-02-10", 2500, baseline="04.00"),
        scene("2022-03-10", 900, baseline="04.00"),  # below the offset: as dark as can be, but measured
    ]
    _, table = run(world, scenes, tmp_path, first=date(2022, 1, 1))
    assert values(table)[0, :3, 0].tolist() == [1500, 1500, 1]


# --- tiles, cells, blocks ----------------------------------------------------------------------------------------


def test_two_tiles_of_one_day_are_one_observation(world, tmp_path):
    """Left tile 1000, right tile 3000, an overlap of eight pixels: the first in time order counts there."""
    left = scene("2021-06-03", 1000)
    right = scene("2021-06-03", 3000, tile="31UES", west=WEST + (SIZE - 8) * 10)
    other = scene("2021-06-08", 5000)
    cells = square(size=SIZE)
    _, table = run(world, [left, right, other], tmp_path, cells)
    june = values(table)[:, 5, 0]
    assert set(june.tolist()) == {3000}  # the middle of 1000 and 5000, everywhere in the left tile


def test_a_reprocessed_scene_takes_the_place_of_the_old_one(world, tmp_path):
    old, new = scene("2021-06-03", 1000), replace(scene("2021-06-03", 2000), id="S2_31UDS_2021-06-03_N0500")
    outcome, table = run(world, [old, new], tmp_path)
    assert outcome.scenes == 1
    assert values(table)[0, 5, 0] == 2000


def test_a_point_is_the_cell_it_lies_in(world, tmp_path):
    inside = square()
    x, y = inside.x[100] + 7.5, inside.y[100] + 0.1
    _, table = run(world, [scene("2021-06-03", 700)], tmp_path, cells_of_points([38303102], [x], [y]))
    assert table["location"].to_pylist() == ["38303102"]
    assert table["point_id"].to_pylist() == [38303102]
    assert values(table)[0, 5, 0] == 700


def test_cells_are_named_by_the_european_grid_and_shared_by_areas_that_overlap():
    whole = cells_within(shapely.box(4_000_003, 3_000_003, 4_000_103, 3_000_103))
    part = cells_within(shapely.box(4_000_048, 3_000_048, 4_000_103, 3_000_103))
    assert len(whole) == 100
    assert set(part.names()) < set(whole.names())
    assert "CRS3035RES10mN3000000E4000000" in whole.names()


def test_a_sampled_area_takes_one_cell_in_so_many_metres():
    assert len(cells_within(shapely.box(4_000_000, 3_000_000, 4_010_000, 3_010_000), every_m=500)) == 400
    with pytest.raises(BadArgument, match="multiple of 10"):
        cells_within(shapely.box(0, 0, 100, 100), every_m=15)


def test_an_area_smaller_than_a_cell_still_has_one():
    assert len(cells_within(shapely.box(4_000_001, 3_000_001, 4_000_002, 3_000_002))) == 1


def test_an_empty_or_endless_area_is_refused():
    with pytest.raises(BadGeometry, match="empty"):
        cells_within(shapely.Polygon())
    with pytest.raises(BadGeometry, match="km²"):
        cells_within(shapely.box(0, 0, 3_000_000, 3_000_000))
    with pytest.raises(BadArgument, match=r"100 million pixels are too many .* --every 20 or more"):
        cells_within(shapely.box(0, 0, 100_000, 100_000))


def test_blocks_hold_every_cell_once_and_have_a_largest_size(monkeypatch):
    monkeypatch.setattr(grid, "MOST_CELLS", 1000)
    cells = cells_within(shapely.box(4_000_000, 3_000_000, 4_001_000, 3_000_600))
    parts = list(blocks(cells, 500))
    assert sorted(name for _, part in parts for name in part.names()) == sorted(cells.names())
    assert max(len(part) for _, part in parts) <= 1000
    assert len({name for name, _ in parts}) == len(parts)


def test_nearest_neighbour_agrees_with_gdals_warp():
    import rasterio
    from rasterio.io import MemoryFile
    from rasterio.warp import Resampling, reproject

    cells = square(size=256)
    numbers = np.arange(256 * 256, dtype=np.float64).reshape(256, 256)
    place = rasterio.Affine(10, 0, WEST, 0, -10, NORTH)
    profile = {"width": 256, "height": 256, "count": 1, "dtype": "float64", "crs": "EPSG:32631", "transform": place}
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", **profile) as file:
            file.write(numbers, 1)
        ours = raster.CellReader(cells).read(memory.name)
    west, north = int(cells.x.min()), int(cells.y.max()) + 10
    shape = (int(north - cells.y.min()) // 10, int(cells.x.max() - west) // 10 + 1)
    theirs = np.full(shape, -1.0)
    reproject(
        numbers, theirs, src_transform=place, src_crs="EPSG:32631", dst_crs="EPSG:3035",
        dst_transform=rasterio.Affine(10, 0, west, 0, -10, north), resampling=Resampling.nearest, tolerance=0,
    )  # fmt: skip
    same = theirs[(north - 10 - cells.y) // 10, (cells.x - west) // 10] == ours
    assert same.mean() > 0.999  # the rest lies within a hair of the border of two pixels


def test_scattered_cells_are_read_block_by_block_with_the_same_values(world, tmp_path):
    big = scene("2021-06-03", size=256)
    ramp = np.arange(256 * 256, dtype=np.uint32).reshape(256, 256)
    bands = {n: (v if n != "B02" else (ramp % 60_000 + 1).astype(np.uint16)) for n, v in big.bands.items()}
    cells = square(size=256)
    few = cells.take(np.arange(0, len(cells), 3_979))
    every, table = run(world, [replace(big, bands=bands)], tmp_path / "all", cells)
    _, some = run(world, [replace(big, bands=bands)], tmp_path / "few", few)
    known = dict(zip(table["location"].to_pylist(), values(table)[:, 5, 0], strict=True))
    assert every.rows == len(cells)
    assert some.num_rows == len(few)
    assert [known[name] for name in some["location"].to_pylist()] == values(some)[:, 5, 0].tolist()


# --- what goes wrong ---------------------------------------------------------------------------------------------


def test_a_scene_without_classification_is_left_out_and_named(world, tmp_path, fault):
    outcome, table = run(world, [scene("2021-06-03", 1000), scene("2021-06-13", 9000, scl=None)], tmp_path)
    assert outcome.left_out == {"S2_31UDS_2021-06-13": "no scene classification (SCL)"}
    assert values(table)[0, 5, 0] == 1000
    fault("scene without SCL", "left out, named in the outcome")


def test_a_file_without_overviews_serves_as_well(world, tmp_path, fault):
    one = scene("2021-06-03", size=256)
    _, with_them = run(world, [one], tmp_path / "a", square())
    _, without = run(world, [replace(one, id="bare")], tmp_path / "b", square(), overviews=False)
    assert len(world.files[f"/cog/earth-search/{one.id}/blue.tif"]) > len(
        world.files["/cog/earth-search/bare/blue.tif"]
    )
    assert with_them["bands"].to_pylist() == without["bands"].to_pylist()
    fault("COG with a missing overview", "read at full resolution anyway: the same values")


@pytest.mark.parametrize("what", ["gone", "garbage", "cut"])
def test_a_broken_file_costs_its_scene_only(world, tmp_path, fault, what):
    scenes = [scene(f"2021-0{month}-03", 1000 * month) for month in range(1, 9)]
    source = put_up(world, EARTH_SEARCH, scenes)
    path = f"/cog/earth-search/{scenes[3].id}/red.tif"
    whole = world.files.pop(path)
    assert isinstance(whole, bytes)
    if what != "gone":
        world.files[path] = b"no TIFF at all" * 100 if what == "garbage" else whole[:400]
    job = Job(Request(square(), date(2021, 1, 1), source), tmp_path, Secrets({}), as_is)
    outcome = job.run()
    assert list(outcome.left_out) == [scenes[3].id]
    assert values(pq.read_table(outcome.file))[0, 2, 0] == 3000
    fault(f"COG {what}", "its scene is left out and named, the others serve")


def test_a_source_whose_files_are_all_broken_is_refused(world, tmp_path):
    scenes = [scene(f"2021-0{month}-03") for month in range(1, 9)]
    source = put_up(world, EARTH_SEARCH, scenes)
    for path in list(world.files):
        world.files[path] = b"maintenance"
    job = Job(Request(square(), date(2021, 1, 1), source), tmp_path, Secrets({}), as_is)
    with pytest.raises(SourceError, match="scenes cannot be read"):
        job.run()


def test_passing_server_errors_are_asked_again(world, tmp_path, fault):
    one = scene("2021-06-03")
    source = put_up(world, EARTH_SEARCH, [one])
    for band in ("blue", "swir22"):
        world.faults[f"/cog/earth-search/{one.id}/{band}.tif"] = [Fault(status=503), Fault(status=429)]
    outcome = Job(Request(square(), date(2021, 1, 1), source), tmp_path, Secrets({}), as_is).run()
    assert outcome.left_out == {}
    assert outcome.rows == len(square())
    fault("503 and 429 from the COGs' server", "asked again by GDAL, nothing lost")


def test_a_catalogue_with_other_band_names_stops_before_anything_is_read(world, tmp_path, fault):
    other = load_sources().stac("planetary-computer")
    source = put_up(world, replace(other, sign="none"), [scene("2021-06-03")])
    wrong = replace(source, bands=EARTH_SEARCH.bands)
    with pytest.raises(SourceError, match=r"have no asset 'blue' \(they have B02"):
        Job(Request(square(), date(2021, 1, 1), wrong), tmp_path, Secrets({}), as_is).run()
    assert world.sent("/cog") == 0
    fault("changed schema: STAC asset renamed", "stops with the missing asset's name, nothing read")


def test_no_scene_at_all_is_told(world, tmp_path):
    source = put_up(world, EARTH_SEARCH, [scene("2019-06-03")])
    with pytest.raises(SourceError, match="no scenes here from 2021-01-01 to 2021-12-31"):
        Job(Request(square(), date(2021, 1, 1), source), tmp_path, Secrets({}), as_is).run()


def test_a_search_of_several_pages_is_read_to_its_end(world):
    days = [f"2021-{month:02d}-05" for month in range(1, 13)]
    source = put_up(world, EARTH_SEARCH, [scene(day, size=2) for day in days])
    found = search(source, square(size=2, margin=1).bbox(), date(2021, 1, 1), date(2021, 12, 31), page=5)
    assert [s.day for s in found] == days
    assert len([r for r in world.log if r.path.endswith("/search")]) == 3


def test_a_token_signs_every_address_and_is_written_nowhere(world, tmp_path, make_downloader, caplog):
    caplog.set_level(logging.DEBUG)
    secrets = Secrets({})
    source = put_up(world, load_sources().stac("planetary-computer"), [scene("2021-06-03")])
    token = "sv=2021&sig=TOPSECRET%3D"
    world.tokens["/cog"] = token
    expiry = datetime.fromtimestamp(time.time() + 3600, UTC).isoformat()
    world.routes["/token/sentinel-2-l2a"] = lambda given: {"token": token, "msft:expiry": expiry}
    sign = signer(source, make_downloader(secrets=secrets), secrets)
    job = Job(Request(square(), date(2021, 1, 1), source), tmp_path, secrets, sign)
    assert job.estimate().most_bytes
    outcome = job.run()
    assert outcome.rows == len(square())
    assert sum(entry.path.startswith("/token") for entry in world.log) == 1
    kept = "".join(f.read_text(errors="replace") for f in tmp_path.rglob("*") if f.is_file())
    assert "TOPSECRET" not in kept + caplog.text


def test_the_estimate_is_an_upper_bound_of_what_is_read(world, tmp_path):
    scenes = [scene(f"2021-{month:02d}-03", scl=4 if month % 2 else 9, size=128) for month in range(1, 13)]
    source = put_up(world, EARTH_SEARCH, scenes)
    job = Job(Request(square(size=128), date(2021, 1, 1), source), tmp_path, Secrets({}), as_is)
    estimate = job.estimate()
    before = world.sent("/cog")
    job.run()
    assert estimate.most_bytes
    assert 0.2 * estimate.most_bytes < world.sent("/cog") - before < 1.2 * estimate.most_bytes


# --- starting again ----------------------------------------------------------------------------------------------

KILLED = """
import json, sys
from datetime import date
from pathlib import Path
import numpy as np
from retrieval.fetch import grid
from retrieval.fetch.grid import Cells
from retrieval.fetch.pixels import Job, Request
from retrieval.fetch.secrets import Secrets
from retrieval.fetch.sources import StacSource
given = json.loads(sys.argv[1])
grid.DENSE_BLOCK = grid.SPARSE_BLOCK = 160
source = StacSource(**{**given["source"], "bands": tuple(given["source"]["bands"])})
cells = Cells(np.array(given["x"]), np.array(given["y"]))
Job(Request(cells, date(2021, 1, 1), source), Path(given["folder"]), Secrets({}), lambda a: a, workers=2).run()
"""


def test_a_killed_job_goes_on_with_the_blocks_that_are_missing(world, tmp_path, fault, monkeypatch):
    monkeypatch.setattr(grid, "DENSE_BLOCK", 160)
    monkeypatch.setattr(grid, "SPARSE_BLOCK", 160)
    scenes = [scene(f"2021-{month:02d}-03", 1000 + month) for month in range(1, 5)]
    source = put_up(world, EARTH_SEARCH, scenes)
    cells = square()
    given = {"source": {**source.__dict__}, "x": cells.x.tolist(), "y": cells.y.tolist(), "folder": str(tmp_path / "k")}
    world.latency_s = 0.003
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, json.dumps(given)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    done = tmp_path / "k"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and len(list(done.rglob("blocks/*.parquet"))) < 2:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    world.latency_s = 0
    kept = {f.name: f.read_bytes() for f in done.rglob("blocks/*.parquet")}
    total = len(list(blocks(cells)))
    assert 2 <= len(kept) < total
    job = Job(Request(cells, date(2021, 1, 1), source), done, Secrets({}), as_is)
    assert not job.file.exists()
    searches = len([r for r in world.log if r.path.endswith("/search")])
    told: list[tuple[int, int]] = []
    outcome = job.run(lambda finished, of, left: told.append((finished, of)))
    assert told[0] == (len(kept) + 1, total)
    assert told[-1] == (total, total)
    assert len([r for r in world.log if r.path.endswith("/search")]) == searches  # the scenes were frozen
    for name, data in kept.items():
        assert next(done.rglob(f"blocks/{name}")).read_bytes() == data
    assert list(done.rglob("*.new")) == [] or all(f.stat().st_size for f in done.rglob("*.new"))
    whole = Job(Request(cells, date(2021, 1, 1), source), tmp_path / "at once", Secrets({}), as_is).run()
    assert pq.read_table(outcome.file).equals(pq.read_table(whole.file))
    fault(
        "kill -9 while compositing", f"{len(kept)} of {total} blocks kept, the rest made; the file as if made at once"
    )


def test_a_full_disk_keeps_the_blocks_that_are_done(world, tmp_path, fault, monkeypatch):
    source = put_up(world, EARTH_SEARCH, [scene("2021-06-03")])
    job = Job(Request(square(), date(2021, 1, 1), source), tmp_path, Secrets({}), as_is)
    job.scenes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # half a compiled module would be kept
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, hard))
        with pytest.raises(SourceError, match="no room for the pixels"):
            job.run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.rglob("*.parquet")) == []
    assert list(tmp_path.rglob("*.new")) == []
    assert job.run().rows == len(square())
    fault("disk full while compositing", "one line that says what to do; no half file; the second run finishes")


def test_what_is_written_is_the_stores_table(world, tmp_path):
    from retrieval.readers import read_pixels

    outcome, _ = run(world, [scene("2021-06-03", 700)], tmp_path)
    read = read_pixels(outcome.file)
    assert len(read.rows) == len(square())
    assert read.dataset.kind == "pixels"
    assert read.dataset.years == (2021,)
    assert pixels.MISSING == 65_535
