"""Whole maps: every cell, its uncertainty, tiles that are finished once, a job that is killed, and what is refused."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio

from benchmarks.bench_whole_map import filled, four_kilometres_square, made, predict, told_same, wait_until
from retrieval.errors import BadArgument
from tools.pixelclip.__main__ import main
from tools.pixelclip.bands import read_years
from tools.pixelclip.cells import TILE, CellYears, RasterCells, StoreCells, Tile
from tools.pixelclip.maps import MapJob, Progress, make_map, one_after_another
from tools.pixelclip.scale import _again, in_processes
from tools.pixelclip.shipped import load

WEST, SOUTH = 3_957_760, 3_087_360
"""Corner of a tile in eastern Belgium, EPSG:3035: multiples of 5,120."""


class FieldCells:
    """A square field over four tiles: maize in the west, vines in the east, one lost."""

    def __init__(self, side=40):
        self.side = side
        offset = TILE - 10 * self.side // 2
        self.x, self.y = (v.ravel() for v in np.meshgrid(np.arange(self.side), np.arange(self.side)))
        self.x, self.y = self.x * 10 + WEST + offset, self.y * 10 + SOUTH + offset
        model = load()
        self.kinds = model.prototypes[[model.about["known"].index(code) for code in ("B16", "B82")]]

    def tiles(self):
        corners = sorted(
            {(x // TILE * TILE, y // TILE * TILE) for x, y in zip(self.x.tolist(), self.y.tolist(), strict=True)}
        )
        return [Tile(x, y, self.side**2 // 4) for x, y in corners]

    def read(self, tile):
        keep = (self.x // TILE * TILE == tile.x) & (self.y // TILE * TILE == tile.y)
        x, y = self.x[keep], self.y[keep]
        years = self.kinds[(x >= WEST + TILE).astype(int)].copy()
        years[(x == self.x[0]) & (y == self.y[0])] = np.nan
        return CellYears(x, y, read_years(years, check_order=False))

    def to_json(self):
        return {"field": "made"}


def test_every_cell_of_two_by_two_kilometres_is_filled_and_says_how_sure_it_is(tmp_path):
    seen = []
    manifest = json.loads(
        make_map(MapJob(FieldCells(200), tmp_path / "map", per_class=True), say=seen.append).read_text()
    )
    assert manifest["cells"] == 40_000
    assert manifest["usable"] == 39_999
    assert sum(manifest["cells_by_class"].values()) == 39_999
    numbers = manifest["land_cover_numbers"]
    filled = 0
    for tile in manifest["tiles"]:
        with rasterio.open(tmp_path / "map" / "tiles" / tile["file"]) as raster:
            assert raster.crs.to_epsg() == 3035
            assert raster.res == (10, 10)
            assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert raster.descriptions[:5] == (
                "land_cover", "probability", "margin", "sure_land_cover", "far_from_training",
            )  # fmt: skip
            cover, chance, margin = (raster.read(k) for k in (1, 2, 3))
            there = cover != 255
            filled += there.sum()
            each = raster.read(list(range(6, raster.count + 1)))[:, there].astype(int)
            assert (abs(each.sum(axis=0) - 100) <= 10).all(), "rounded percents of every class"
            assert (each.max(axis=0) == chance[there]).all()
            assert (margin[there] <= chance[there]).all()
            west = raster.bounds.left == WEST
            assert set(np.unique(cover[there])) == {numbers["B16" if west else "B82"]}
    assert filled == 39_999
    assert str(seen[-1]).startswith("tile 4 of 4, 40,000 cells, ")
    with rasterio.open(tmp_path / "map" / "map.vrt") as mosaic:
        assert (mosaic.read(1) != 255).sum() == 39_999


def test_a_finished_tile_is_left_alone_and_a_broken_one_is_made_again(tmp_path):
    job = MapJob(FieldCells(), tmp_path / "map")
    first = json.loads(make_map(job).read_text())
    whole, broken = (tmp_path / "map" / "tiles" / tile["file"] for tile in first["tiles"][:2])
    before = whole.stat().st_mtime_ns
    broken.write_bytes(broken.read_bytes()[:100])
    done = []

    def spy(job, tiles):
        done.extend(tiles)
        return one_after_another(job, tiles)

    again = json.loads(make_map(job, spy).read_text())
    assert [tile.name for tile in done] == [broken.stem]
    assert whole.stat().st_mtime_ns == before
    assert [t["sha256"] for t in again["tiles"]] == [t["sha256"] for t in first["tiles"]]


def test_another_map_is_not_written_over(tmp_path):
    make_map(MapJob(FieldCells(), tmp_path / "map"))
    with pytest.raises(BadArgument, match="another map"):
        make_map(MapJob(FieldCells(), tmp_path / "map", per_class=True))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(BadArgument, match="not empty"):
        make_map(MapJob(FieldCells(), tmp_path / "mine"))


class Died(Exception):
    """Stands for a worker that was killed."""


def test_the_tiles_of_a_worker_that_dies_are_dealt_out_again_each_once(tmp_path):
    job, calls = MapJob(FieldCells(), tmp_path / "map"), []

    def dying(job, tiles):
        calls.append([tile.name for tile in tiles])
        for at, note in enumerate(one_after_another(job, tiles)):
            if len(calls) == 1 and at == 2:
                raise Died  # the third tile is finished, but nobody was told
            yield note

    manifest = json.loads(make_map(job, _again(dying, Died)).read_text())
    names = [tile["name"] for tile in manifest["tiles"]]
    assert calls == [names, names[3:]]
    assert len(set(names)) == 4
    assert manifest["cells"] == 1600


def test_a_tile_knows_its_box_in_degrees():
    west, south, east, north = Tile(WEST, SOUTH).box()
    assert (round(west, 1), round(east, 1)) == (4.8, 4.9)
    assert north - south == pytest.approx(5120 / 111_200, rel=0.1)


def test_progress_says_the_rate_and_what_is_left():
    assert str(Progress(4, 1, 1000, 2.0, 600.0)) == "tile 1 of 4, 1,000 cells, 500 a second, about 10 min left"


@pytest.mark.real
@pytest.mark.parametrize(("wide", "finished"), [(False, 0), (True, 1)], ids=["the Belgian stack", "2 × 2 km"])
def test_a_map_killed_in_the_middle_and_gone_on_with_is_the_unbroken_one_to_the_byte(
    wide, finished, tmp_path, shared_data
):
    stack = shared_data / "s2_stack_belgium" / "worldcereal_preprocessed_inputs_2020-11_2021-10.nc"
    raster = four_kilometres_square(stack, tmp_path / "wide.nc") if wide else stack
    tiles = RasterCells(str(raster)).tiles()
    assert len(tiles) == (4 if wide else 1)
    assert sum(tile.cells for tile in tiles) == pytest.approx(40_000 if wide else 10_000, abs=60)
    asked, whole, broken = ["--raster", str(raster)], tmp_path / "whole", tmp_path / "broken"
    assert main([*predict(asked, whole)[3:]]) == 0
    run = subprocess.Popen(predict(asked, broken), cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
    wait_until(lambda: (broken / "tiles").is_dir() and len(made(broken)) >= finished, run)
    run.kill()
    assert run.wait() == -signal.SIGKILL, "it was killed, not ended"
    before = made(broken)
    assert finished <= len(before) < len(tiles)
    assert main([*predict(asked, broken)[3:]]) == 0
    assert {name: made(broken)[name] for name in before} == before, "finished tiles are left alone"
    assert told_same(whole, broken)
    assert len(list((broken / "tiles").iterdir())) == 2 * len(tiles), "a raster and a note each, nothing half written"
    manifest = json.loads((broken / "manifest.json").read_text())
    assert filled(broken) == manifest["usable"] == sum(tile.cells for tile in tiles)
    cereals = {manifest["land_cover_numbers"][code] for code in ("B11", "B13", "B16", "B21", "B22")}
    with rasterio.open(broken / "map.vrt") as mosaic:
        cover = mosaic.read(1)
    assert np.isin(cover[cover != 255], list(cereals)).mean() > 0.3, "arable land of the Hesbaye"


def test_a_store_is_mapped_inside_a_region_as_the_tools_count_it(tmp_path, demo_store, capsys):
    out = tmp_path / "map"
    store = str(shutil.copy(demo_store.path, tmp_path))  # the other one is open here, with other settings
    asked = ["predict", "--store", store, "--region", "nuts:BE33", "--text", "woodland"]
    assert main([*asked, "--save", str(out)]) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["synthetic"] is False
    assert "WorldCereal" in manifest["source"]
    assert 0 < manifest["usable"] <= manifest["cells"]
    tile = manifest["tiles"][0]
    with rasterio.open(out / "tiles" / f"{tile['name']}-scores.tif") as scores:
        assert scores.descriptions == ("woodland",)
        assert np.isfinite(scores.read(1)).sum() == tile["usable"]
    assert main(["predict", "--store", store, "--raster", "x.nc", "--save", str(out)]) == 2
    assert "one of the two" in capsys.readouterr().err


def test_what_is_no_raster_and_no_place_to_write_is_one_line(tmp_path, capsys):
    (tmp_path / "x.nc").write_text("no")
    assert main(["predict", "--raster", str(tmp_path / "x.nc"), "--save", str(tmp_path / "map")]) == 2
    assert "no raster of monthly bands" in capsys.readouterr().err
    assert main(["predict", "--raster", str(tmp_path / "x.nc")]) == 2
    assert "--save DIR" in capsys.readouterr().err


def test_one_worker_is_this_process():
    assert in_processes(1) is one_after_another
    assert StoreCells("s.duckdb").to_json()["store"] == "s.duckdb"


def test_words_are_asked_of_a_finished_map_without_its_pixels(tmp_path, capsys):
    out = tmp_path / "map"
    make_map(MapJob(FieldCells(), out, compact=True))
    assert main(["ask", "--map", str(out), "--text", "a vineyard with rows of vines"]) == 0
    assert "1,599 cells scored" in capsys.readouterr().err
    with rasterio.open(out / "asked.vrt") as raster:
        score = raster.read(1, masked=True)
    assert score.count() == 1599
    column = np.nonzero(~score.mask.all(axis=0))[0]
    west, east = score[:, column[:20]].mean(), score[:, column[20:]].mean()
    assert east > west + 0.2  # the vines stand in the east
    assert main(["ask", "--map", str(tmp_path), "--text", "maize"]) == 2
    plain = tmp_path / "plain"
    make_map(MapJob(FieldCells(4), plain))
    assert main(["ask", "--map", str(plain), "--text", "maize"]) == 2
    assert "--compact" in capsys.readouterr().err
