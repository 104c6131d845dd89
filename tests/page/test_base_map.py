"""The base map: PMTiles files as their specification has them, and single tiles read and sent out of them."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Compression, TileType

from page.base import write_pmtiles
from page.tiles import BASE_TILES, RELIEF_TILES, Tiles
from tests.page.served import Served


@pytest.mark.parametrize(
    ("file", "kind", "packed", "zooms"),
    [
        (BASE_TILES, TileType.MVT, Compression.GZIP, (0, 7)),
        (RELIEF_TILES, TileType.WEBP, Compression.NONE, (2, 5)),
    ],
)
def test_every_tile_of_a_bundled_file_is_found_where_another_reader_finds_it(
    file: Path, kind: TileType, packed: Compression, zooms: tuple[int, int]
) -> None:
    with file.open("rb") as opened:
        source = MmapSource(opened)
    header = Reader(source).header()
    assert (header["version"], header["tile_type"], header["tile_compression"]) == (3, kind, packed)
    assert (header["min_zoom"], header["max_zoom"]) == zooms
    ours, theirs = Tiles(file), list(all_tiles(source))
    assert len(theirs) == header["addressed_tiles_count"]
    assert all(ours.tile(*at) == data for at, data in theirs)


def test_the_tiles_have_every_layer_that_the_page_draws() -> None:
    far, near = (gzip.decompress(Tiles().tile(*at) or b"") for at in ((2, 2, 1), (7, 63, 42)))
    assert all(layer in far for layer in (b"land", b"sea", b"borders", b"countries"))
    assert all(layer in near for layer in (b"land", b"rivers", b"towns", b"name_fr"))


@pytest.mark.parametrize(
    ("at", "names"),
    [
        ((4, 8, 5), ["München", "Múnich", "Monachium", "Mnichov"]),
        ((7, 67, 45), ["Milano", "Mailand", "Milán", "Милано"]),
    ],
)
def test_large_towns_have_their_names_in_the_readers_languages(at: tuple[int, int, int], names: list[str]) -> None:
    tile = gzip.decompress(Tiles().tile(*at) or b"")
    assert [name for name in names if name.encode() not in tile] == []


@pytest.mark.parametrize("at", [(8, 0, 0), (31, 5, 5), (-1, 0, 0), (3, 8, 0), (3, 0, -1), (7, 0, 0)])
def test_a_tile_that_is_not_there_is_none(at: tuple[int, int, int]) -> None:
    assert Tiles().tile(*at) is None


def test_a_file_with_directories_below_directories_is_read_too(tmp_path: Path) -> None:
    tiles = {(9, x, y): b"%d %d" % (x, y) for x in range(0, 512, 3) for y in range(0, 512, 3)}
    write_pmtiles(tiles, tmp_path / "many.pmtiles", TileType.MVT, Compression.NONE, {})
    many = Tiles(tmp_path / "many.pmtiles")
    assert all(many.tile(*at) == data for at, data in tiles.items())
    assert many.tile(9, 1, 1) is None


def test_a_tile_is_sent_packed_as_it_lies_and_kept_by_the_browser(served: Served) -> None:
    reply = httpx.get(f"{served.url}/files/base/5/16/11.pbf")
    assert (reply.status_code, reply.headers["content-encoding"]) == (200, "gzip")
    assert "max-age" in reply.headers["cache-control"]
    assert reply.content == gzip.decompress(Tiles().tile(5, 16, 11) or b"")
    assert httpx.get(f"{served.url}/files/base/relief/5/16/11.webp").headers["content-type"] == "image/webp"
    assert httpx.get(f"{served.url}/files/base/relief/5/0/0.webp").status_code == 204
