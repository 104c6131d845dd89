"""A download is whole or an error, whatever the server, the network, the disk or a kill does to it."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from email.utils import formatdate
from pathlib import Path

import pytest

from retrieval.errors import BadArgument, SourceError
from retrieval.fetch.cache import Cache
from retrieval.fetch.download import Remote
from retrieval.fetch.loopback import Fault
from retrieval.fetch.secrets import Secrets, shown

ROOT = Path(__file__).parents[2]
DATA = b"".join(f"{number},row {number}\n".encode() for number in range(100_000))  # 1.4 MB
ETAG = hashlib.md5(DATA, usedforsecurity=False).hexdigest()


def zipped(data: bytes = DATA, name: str = "table.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def remote(world, path="/table.csv", form="csv", **more) -> Remote:
    return Remote(world.url + path, f"lucas{path}", form, **more)


def leftovers(folder: Path) -> list[str]:
    return sorted(f.name for f in folder.rglob("*") if ".part" in f.name or f.name.endswith(".new"))


def test_a_file_arrives_whole_with_its_stamp(world, make_downloader):
    world.files["/table.csv"] = DATA
    seen: list[tuple[int, int | None]] = []
    downloader = make_downloader()
    path = downloader.get(remote(world), lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    entry = downloader.cache.find("lucas/table.csv")
    assert entry is not None
    assert (entry.size, entry.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert leftovers(downloader.cache.root) == []


def test_a_cached_file_is_not_asked_for_again(world, make_downloader):
    world.files["/table.csv"] = DATA
    make_downloader().get(remote(world))
    asked = len(world.log)
    make_downloader().get(remote(world))
    assert len(world.log) == asked


def test_a_refreshed_file_is_only_sent_when_it_changed(world, make_downloader):
    world.files["/table.csv"] = DATA
    make_downloader().get(remote(world))
    sent = world.sent()
    make_downloader().get(remote(world), refresh=True)
    assert world.log[-1].status == 304
    assert world.sent() == sent
    world.files["/table.csv"] = DATA + b"100000,new\n"
    assert make_downloader().get(remote(world), refresh=True).read_bytes().endswith(b"new\n")


def test_the_size_is_told_beforehand(world, make_downloader):
    world.files["/table.csv"] = DATA
    downloader = make_downloader()
    assert downloader.size(remote(world)) == len(DATA)
    downloader.get(remote(world))
    assert downloader.size(remote(world)) == 0
    assert downloader.size(remote(world, "/nowhere.csv")) is None


def test_a_cut_connection_costs_only_what_had_not_arrived(world, make_downloader, fault):
    world.files["/table.csv"] = DATA
    world.faults["/table.csv"] = [Fault(cut_after=600_000), Fault(cut_after=300_000)]
    path = make_downloader().get(remote(world))
    assert path.read_bytes() == DATA
    ranges = [entry.headers.get("range") for entry in world.log]
    assert ranges[0] is None
    assert all(asked and asked.startswith("bytes=") for asked in ranges[1:])
    assert world.sent() < len(DATA) + 600_000
    fault("connection cut mid-file (twice)", f"3 requests, the last two by Range; {world.sent()} bytes for {len(DATA)}")


def test_a_file_that_changes_while_it_comes_is_fetched_anew(world, make_downloader, fault):
    world.files["/table.csv"] = DATA
    world.faults["/table.csv"] = [Fault(cut_after=600_000)]
    downloader = make_downloader()
    real = downloader._wait

    def change_then_wait(*arguments):
        world.files["/table.csv"] = DATA[::-1]
        real(*arguments)

    downloader._wait = change_then_wait
    assert downloader.get(remote(world)).read_bytes() == DATA[::-1]
    fault("file changed between two parts", "If-Range: the new file from its beginning, never a mixture")


def test_a_server_without_ranges_or_validators_still_delivers(world, make_downloader):
    world.files["/table.csv"] = DATA
    world.validators = False
    world.faults["/table.csv"] = [Fault(cut_after=600_000), Fault(forget_range=True)]
    assert make_downloader().get(remote(world)).read_bytes() == DATA


def test_a_body_shorter_than_its_length_is_not_taken(world, make_downloader, fault):
    world.files["/table.csv"] = DATA
    world.faults["/table.csv"] = [Fault(length=len(DATA) + 1000)]
    assert make_downloader().get(remote(world)).read_bytes() == DATA
    fault("wrong length (more promised than sent)", "noticed, asked again, whole")


def test_another_length_than_published_is_refused(world, make_downloader, fault):
    world.files["/table.csv"] = DATA
    downloader = make_downloader()
    with pytest.raises(SourceError, match=f"{len(DATA)} bytes where 17 are published"):
        downloader.get(remote(world, size=17))
    assert downloader.cache.find("lucas/table.csv") is None
    fault("wrong length (another than published)", "refused before the body is read")


def test_another_content_than_published_is_refused(world, make_downloader, fault):
    world.files["/table.csv"] = DATA
    downloader = make_downloader()
    with pytest.raises(SourceError, match="SHA-256 is not the published one; it was fetched twice"):
        downloader.get(remote(world, sha256="0" * 64))
    assert not downloader.cache.path("lucas/table.csv").exists()
    assert leftovers(downloader.cache.root) == []
    fault("wrong checksum", "fetched a second time, then refused; nothing left")


def test_retry_after_in_seconds_is_waited_for(world, make_downloader, waits, fault):
    world.files["/table.csv"] = DATA
    world.faults["/table.csv"] = [Fault(status=429, headers={"Retry-After": "7"})]
    make_downloader().get(remote(world))
    assert waits == [7.0]
    fault("429 with Retry-After: 7", "waited 7 s, then whole")


def test_retry_after_as_a_date_is_waited_for(world, make_downloader, waits):
    world.files["/table.csv"] = DATA
    world.faults["/table.csv"] = [Fault(status=503, headers={"Retry-After": formatdate(time.time() + 20, usegmt=True)})]
    make_downloader().get(remote(world))
    assert 15 < waits[0] <= 20


def test_a_wait_beyond_patience_is_told_instead(world, make_downloader, fault):
    world.faults["/table.csv"] = [Fault(status=429, headers={"Retry-After": "3600"})]
    with pytest.raises(SourceError, match="asks to come back in 3600 s"):
        make_downloader().get(remote(world))
    fault("429 with Retry-After: 3600", "an error that names the wait; the part is kept")


def test_server_errors_are_asked_again_with_growing_waits(world, make_downloader, waits, fault):
    world.files["/table.csv"] = DATA
    world.faults["/table.csv"] = [Fault(status=500), Fault(status=502), Fault(status=503)]
    make_downloader().get(remote(world))
    assert len(waits) == 3
    assert waits[0] < waits[1] < waits[2]
    fault("500, 502, 503", "three tries with doubling waits, then whole")


def test_a_server_that_stays_broken_is_given_up_in_one_line(world, make_downloader, fault):
    world.every["/table.csv"] = Fault(status=500)
    with pytest.raises(SourceError, match="failed 4 times in a row, last: the server answered 500") as caught:
        make_downloader().get(remote(world))
    assert "\n" not in str(caught.value)
    fault("500 for ever", "given up after the tries in a row, in one line")


def test_a_missing_file_is_not_asked_for_again(world, make_downloader, waits):
    with pytest.raises(SourceError, match=r"does not exist \(404\)"):
        make_downloader().get(remote(world))
    assert waits == []


def test_a_slow_drip_is_cut_and_taken_up_elsewhere(world, make_downloader, fault):
    world.files["/table.csv"] = DATA
    world.faults["/table.csv"] = [Fault(drip=(500, 0.05))]
    began = time.monotonic()
    assert make_downloader().get(remote(world)).read_bytes() == DATA
    assert time.monotonic() - began < 5  # the drip alone would take over two minutes
    fault("slow drip (10 kB/s)", "connection made anew below the pace, the rest by Range")


def test_a_web_page_in_place_of_a_table_is_named_as_such(world, make_downloader, fault):
    world.every["/table.csv"] = Fault(body=b"<!DOCTYPE html><html>maintenance</html>", kind="text/html")
    downloader = make_downloader()
    with pytest.raises(SourceError, match="sent a web page instead of the file"):
        downloader.get(remote(world))
    assert downloader.cache.find("lucas/table.csv") is None
    fault("HTML in place of CSV, state 200", "refused by its first bytes; nothing cached")


def test_a_truncated_zip_is_fetched_again_then_refused(world, make_downloader, fault):
    world.every["/eu.zip"] = Fault(body=zipped()[:-2000])
    downloader = make_downloader()
    with pytest.raises(SourceError, match=r"not a whole zip file .* fetched twice"):
        downloader.get(remote(world, "/eu.zip", "zip"))
    assert leftovers(downloader.cache.root) == []
    fault("truncated zip, length as promised", "tested, fetched a second time, then refused")


def test_a_zip_damaged_once_is_whole_at_the_second_try(world, make_downloader):
    whole = zipped()
    world.files["/eu.zip"] = whole
    broken = bytearray(whole)
    broken[200:260] = bytes(60)
    world.faults["/eu.zip"] = [Fault(body=bytes(broken))]
    assert make_downloader().get(remote(world, "/eu.zip", "zip")).read_bytes() == whole


def test_a_truncated_gzip_and_json_are_refused(world, make_downloader):
    world.every["/a.gz"] = Fault(body=gzip.compress(DATA)[:-50])
    world.every["/a.json"] = Fault(body=b'{"type": "FeatureCollection", "features": [')
    with pytest.raises(SourceError, match="not a whole gzip file"):
        make_downloader().get(remote(world, "/a.gz", "gzip"))
    with pytest.raises(SourceError, match="not a whole JSON file"):
        make_downloader().get(remote(world, "/a.json", "json"))


def test_a_full_disk_keeps_what_has_arrived(world, make_downloader, fault, monkeypatch):
    world.files["/table.csv"] = DATA
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    downloader = make_downloader()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # half a compiled module would be kept
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, hard))
        with pytest.raises(SourceError, match=r"no room for lucas/table\.csv"):
            downloader.get(remote(world))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert downloader.cache.find("lucas/table.csv") is None
    sent = world.sent()
    assert make_downloader().get(remote(world)).read_bytes() == DATA
    assert world.sent() - sent < len(DATA)
    fault("disk full (RLIMIT_FSIZE)", "one line that says what to do; the second run goes on where it stopped")


def test_offline_gives_the_cached_file_or_says_how_to_bring_it(world, make_downloader):
    world.files["/table.csv"] = DATA
    with pytest.raises(SourceError, match=r"offline, and lucas/table.csv is not in the cache; .* ingest PATH"):
        make_downloader(offline=True).get(remote(world))
    make_downloader().get(remote(world))
    asked = len(world.log)
    assert make_downloader(offline=True).get(remote(world), refresh=True).read_bytes() == DATA
    assert len(world.log) == asked


KILLED = """
import sys
from retrieval.fetch.cache import Cache
from retrieval.fetch.download import Downloader, Remote
from retrieval.fetch.secrets import Secrets
Downloader(Cache(sys.argv[1]), Secrets({})).get(Remote(sys.argv[2], "lucas/table.csv", "csv"))
"""


def test_a_killed_download_goes_on_where_it_was(world, make_downloader, fault):
    world.files["/table.csv"] = DATA
    world.faults["/table.csv"] = [Fault(drip=(200_000, 0.4))]
    downloader = make_downloader()
    part = downloader.cache.path("lucas/table.csv.part")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(downloader.cache.root), world.url + "/table.csv"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (part.exists() and part.stat().st_size >= 200_000):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    have = part.stat().st_size
    assert 200_000 <= have < len(DATA)
    assert downloader.cache.find("lucas/table.csv") is None
    assert make_downloader().get(remote(world)).read_bytes() == DATA
    assert world.log[-1].headers["range"] == f"bytes={have}-"
    assert leftovers(downloader.cache.root) == []
    fault("kill -9 while downloading", f"second run asks from byte {have} on; whole, nothing left over")


def test_a_kill_between_the_last_byte_and_the_name_costs_nothing(world, make_downloader, monkeypatch):
    """The part is whole and noted; only the renaming is missing."""
    world.files["/table.csv"] = DATA
    downloader = make_downloader()

    def die(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(Cache, "put", die)
    with pytest.raises(KeyboardInterrupt):
        downloader.get(remote(world))
    monkeypatch.undo()
    sent = world.sent()
    assert make_downloader().get(remote(world)).read_bytes() == DATA
    assert world.sent() == sent  # asked for bytes=<end>-, answered 416 or nothing


def test_the_cache_lets_the_least_recently_used_go(world, make_downloader):
    for name in "abcd":
        world.files[f"/{name}.csv"] = DATA
    old = make_downloader()
    for number, name in enumerate("abc"):
        old.get(remote(world, f"/{name}.csv"))
        os.utime(old.cache.path(f"lucas/{name}.csv.meta.json"), (number, number))
    now = make_downloader()
    now.cache.limit = 3 * len(DATA)
    now.get(remote(world, "/a.csv"))  # used again: no longer the oldest
    now.get(remote(world, "/d.csv"))
    kept = {entry.name for entry, _ in now.cache.entries()}
    assert kept == {"lucas/a.csv", "lucas/d.csv"}


def test_the_cache_is_cleared_wholly_or_in_part(world, make_downloader):
    world.files["/table.csv"] = DATA
    downloader = make_downloader()
    downloader.get(remote(world))
    downloader.get(Remote(world.url + "/table.csv", "photos/x.csv", "csv"))
    files, size = downloader.cache.clear("photos")
    assert (files, size > len(DATA)) == (2, True)
    assert downloader.cache.find("lucas/table.csv")
    downloader.cache.clear()
    assert downloader.cache.size() == 0


def test_a_cached_name_cannot_leave_the_cache(make_downloader):
    with pytest.raises(BadArgument):
        make_downloader().cache.path("../../etc/passwd")


def test_secrets_never_reach_the_logs(world, make_downloader, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    secret, token = "s3cr3t-key-4711", "sig=abc%2Fdef&se=2030"
    secrets = Secrets({"HF_TOKEN": secret})
    value = secrets.get("HF_TOKEN")
    world.files["/table.csv"] = DATA
    world.tokens["/table.csv"] = "sig="
    world.faults["/table.csv"] = [Fault(status=500)]
    downloader = make_downloader(secrets=secrets)
    secrets.learn("abc%2Fdef")
    headers = {"Authorization": f"Bearer {value}"}
    target = Remote(f"{world.url}/table.csv?{token}", "lucas/table.csv", "csv", headers=headers)
    downloader.get(target)
    assert world.log[-1].headers["authorization"] == f"Bearer {secret}"
    assert "table.csv" in caplog.text
    world.every["/t2.csv"] = Fault(status=500)
    with pytest.raises(SourceError) as caught:
        downloader.get(Remote(f"{world.url}/t2.csv?{token}&key={secret}", "t2.csv", "csv"))
    written = "".join(f.read_text() for f in downloader.cache.root.rglob("*.json"))
    for text in (caplog.text, str(caught.value), written):
        assert secret not in text
        assert "abc%2Fdef" not in text


def test_a_secret_is_looked_for_in_the_environment_then_in_the_keyring(monkeypatch):
    class Keyring:
        errors = type("errors", (), {"KeyringError": RuntimeError})

        @staticmethod
        def get_password(service, name):
            return {"CDSE_S3_SECRET_KEY": "from-keyring"}.get(name) if service == "landask" else None

    monkeypatch.setitem(sys.modules, "keyring", Keyring)
    secrets = Secrets({"CDSE_S3_ACCESS_KEY": "from-environment"})
    assert secrets.get("CDSE_S3_ACCESS_KEY") == "from-environment"
    assert secrets.require("CDSE_S3_SECRET_KEY", "cdse") == "from-keyring"
    with pytest.raises(
        SourceError, match="cdse needs OTHER: set it in the environment, or `keyring set landask OTHER`"
    ):
        secrets.require("OTHER", "cdse")
    assert secrets.clean("key from-keyring at http://me:pw@host/") == "key ••• at http://•••@host/"


def test_an_address_is_shown_without_user_and_query():
    assert shown("https://user:pw@host.example:8443/a/b.tif?sig=1") == "https://host.example:8443/a/b.tif"
