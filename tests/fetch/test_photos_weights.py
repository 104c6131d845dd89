"""Photos by their addresses, and weights that are whole before anybody loads them."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import pytest

from retrieval.errors import BadArgument, BadFile, SourceError
from retrieval.fetch import photos, weights
from retrieval.fetch.loopback import Fault
from retrieval.fetch.secrets import Secrets
from retrieval.fetch.sources import load_sources

JPEG = b"\xff\xd8" + b"x" * 2000 + b"\xff\xd9"


def safetensors(values: bytes = bytes(16)) -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    return struct.pack("<Q", len(header)) + header + values


def pytorch() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("year", "view", "url"),
    [
        (2018, "point", "https://gisco-services.ec.europa.eu/lucas/photos/2018/FR/316/036/31603628P.jpg"),
        (2006, "west", "https://gisco-services.ec.europa.eu/lucas/photos/2006/FR/316/036/31603628W.jpg"),
        (2022, "north", "https://gisco-services.ec.europa.eu/lucas/photos/2022/FR/316/036/202231603628LCLU_North.jpg"),
        (2022, "crop", "https://gisco-services.ec.europa.eu/lucas/photos/2022/FR/316/036/202231603628LCLU_CropLC1.jpg"),
    ],
)
def test_photo_addresses_follow_the_rule_of_their_year(year, view, url):
    assert photos.address(load_sources(), 31603628, year, "FR", view) == url


def test_the_address_a_record_names_wins_over_the_rule():
    known = ["https://gisco-services.ec.europa.eu/lucas/photos/2009/IT/472/820/odd_47282098P.jpg"]
    [photo] = photos.photos_of(load_sources(), 47282098, 2009, "IT", known)
    assert photo.remote.url == known[0]
    with pytest.raises(BadArgument, match="no view 'up'"):
        photos.photos_of(load_sources(), 47282098, 2009, "IT", views=["up"])


def test_photos_come_one_by_one_and_those_not_published_are_counted(world, make_downloader):
    sources = load_sources({"photos": world.url})
    wanted = [photos.photos_of(sources, 31603628 + n, 2018, "UK", views=["point"])[0] for n in range(4)]
    for photo in wanted[:3]:
        world.files[photo.remote.url.removeprefix(world.url)] = JPEG
    pauses: list[float] = []
    had, missing = photos.fetch(wanted, make_downloader(), sleep=pauses.append)
    assert (len(had), len(missing)) == (3, 1)
    assert pauses == [photos.PAUSE_S] * 4
    asked = len(world.log)
    had, missing = photos.fetch(wanted[:3], make_downloader(), sleep=pauses.append)
    assert (len(had), len(world.log)) == (3, asked)  # nothing is asked for twice


def test_a_photo_cut_off_is_fetched_again_and_a_broken_source_stops(world, make_downloader):
    sources = load_sources({"photos": world.url})
    [photo] = photos.photos_of(sources, 31603628, 2018, "UK")
    path = photo.remote.url.removeprefix(world.url)
    world.files[path] = JPEG
    world.faults[path] = [Fault(body=JPEG[:500])]
    had, _ = photos.fetch([photo], make_downloader(), sleep=lambda s: None)
    assert had == [photo]
    [other] = photos.photos_of(sources, 31603629, 2018, "UK")
    world.every[other.remote.url.removeprefix(world.url)] = Fault(status=500)
    with pytest.raises(SourceError, match="4 times in a row"):
        photos.fetch([other], make_downloader(), sleep=lambda s: None)


@pytest.mark.parametrize(("name", "data"), [("a.safetensors", safetensors()), ("b.pt", pytorch())])
def test_whole_weights_pass(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    weights.check(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.safetensors", safetensors(bytes(7)), "cut off"),
        ("a.safetensors", safetensors()[:20], "header is cut off"),
        ("a.safetensors", b"", "header is cut off"),
        ("b.pt", pytorch()[:-30], "not a whole file"),
        ("c.pt", b"\x80\x02}q\x00.", "an old pickle is not opened"),
        ("d.txt", b"hello", "no weights file"),
    ],
)
def test_weights_that_are_not_whole_are_refused(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadFile, match=message):
        weights.check(tmp_path / name)


def hub(world, files: dict[str, bytes], token: str | None = None) -> None:
    world.routes["/api/models/lab/senclip"] = lambda given: {
        "sha": "abc123", "siblings": [{"rfilename": name, "size": len(data)} for name, data in files.items()],
    }  # fmt: skip
    for name, data in files.items():
        world.files[f"/lab/senclip/resolve/abc123/{name}"] = data


def test_weights_of_a_hub_id_are_fetched_checked_and_kept(world, make_downloader):
    hub(world, {"model.safetensors": safetensors(), "README.md": b"hi"})
    sources, secrets = load_sources({"weights": world.url}), Secrets({"HF_TOKEN": "hf_xyz"})
    path = weights.fetch("hf:lab/senclip", sources, make_downloader(), secrets)
    assert path.read_bytes() == safetensors()
    assert world.log[-1].headers["authorization"] == "Bearer hf_xyz"
    assert "hf_xyz" not in path.with_name(path.name + ".meta.json").read_text()


def test_a_hub_id_with_several_files_asks_which(world, make_downloader):
    hub(world, {"a.safetensors": safetensors(), "b.safetensors": safetensors()})
    sources = load_sources({"weights": world.url})
    with pytest.raises(BadArgument, match=r"name one: a\.safetensors, b\.safetensors"):
        weights.fetch("hf:lab/senclip", sources, make_downloader(), Secrets({}))
    path = weights.fetch("hf:lab/senclip:b.safetensors", sources, make_downloader(), Secrets({}))
    assert path.name == "b.safetensors"
    with pytest.raises(SourceError, match=r"no file 'c\.pt'"):
        weights.fetch("hf:lab/senclip:c.pt", sources, make_downloader(), Secrets({}))
