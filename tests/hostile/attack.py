"""The long attack: everything hostile at once, against a page of its own on loopback; writes a table of what survived.

    make attack                                             all of it, about half an hour on two cores
    python -m tests.hostile.attack --share 0.05 --only http     a twentieth of the fuzz; some parts only

A try is survived where it was answered, refused in a line or with a 4xx (503 for too many at once), within its time,
and nothing was run, read, written or fetched. A fault is a traceback, an HTTP 500, status `error`, no end, or any of
those.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from playwright.sync_api import sync_playwright

from agent.ask import ask, run_plan
from page.logins import line_of
from retrieval.errors import BadFile, LandaskError
from retrieval.ingest import Sources, build
from retrieval.map_files import STRANGER, read_map_area
from retrieval.store import Store
from tests.hostile.fuzz import GOOD_PLANS, ODD, strings, tampered
from tests.hostile.test_map_files import TRICKS
from tests.hostile.traps import geojson, listening
from tests.hostile.tricks import TRICKS as TRICKS_MORE
from tests.hostile.tricks import odd_events
from tests.page.served import CHROMIUM, FLAGS
from tools.context import Context
from tools.plan import plan_from_json

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- attack: begin -->", "<!-- attack: end -->"


@dataclass
class Row:
    """What one kind of attack came to."""

    target: str
    tried: int = 0
    survived: int = 0
    faults: list[str] = field(default_factory=list)
    note: str = ""

    def count(self, survived: bool, what: object = "") -> None:
        """Count one try; a fault is kept to be told."""
        self.tried += 1
        self.survived += survived
        if not survived:
            self.faults.append(str(what)[:200])


@dataclass
class Yard:
    """Where the attack happens."""

    folder: Path
    store: Path
    share: float
    draw: random.Random

    parts: tuple[int, int] = (1, 1)
    """Which part of how many is tried of what can be cut."""
    told: bool = False
    """Whether what became of each trick is printed."""

    def some(self, whole: int) -> int:
        """Return this run's share of a number."""
        return max(1, round(whole * self.share))

    def part(self, many: Iterable[str]) -> Iterator[str]:
        """Yield the n-th of every so many: all parts together are the whole, in any order and any processes."""
        at, of = self.parts
        return islice(many, at - 1, None, of)


@contextmanager
def page(yard: Yard, *more: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The page on a port of its own; what it says of faults lies in `page.log`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "app.py", "--port", str(port), "--store", str(yard.store), *more]
    with (yard.folder / "page.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TMPDIR": str(yard.folder)}, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(url + "/health")
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield url, process
    finally:
        process.terminate()
        process.wait(20)


def tracebacks(yard: Yard) -> int:
    """Return how many tracebacks pages have written since this was last asked."""
    log = yard.folder / "page.log"
    said = log.read_text(errors="replace") if log.exists() else ""
    log.write_bytes(b"")
    for one in said.split("Traceback")[1:]:
        ended = next((at for at, line in enumerate(one.splitlines()) if at and line[:1].strip()), 0)
        print("  traceback:", *one.splitlines()[max(0, ended - 12) : ended + 1], sep="\n    ", flush=True)
    return said.count("Traceback")


# --- the attacks ---------------------------------------------------------------------------------------------------


def map_files(yard: Yard) -> Row:
    """Every trick through the reader and over HTTP, with a listener and a marker."""
    row = Row("region files: reader and upload")
    with listening() as listener, page(yard, "--per-minute", "0") as (url, _):
        for name, trick in TRICKS.items():
            marker, file = yard.folder / "marker", yard.folder / "region.geojson"
            file.write_bytes(trick(listener, marker))
            began = spent()
            try:
                read_map_area(file, STRANGER)
                refused = False
            except BadFile as error:
                refused = "\n" not in str(error)
            calm = refused and not listener.heard and not marker.exists() and spent() - began < 2.5
            row.count(calm, name)
        for content in (geojson(), b"\x7fELF", TRICKS["a VRT that loads a library"](listener, marker)):
            reply = httpx.post(url + "/gradio_api/upload", files={"files": ("a.geojson", content)})
            row.count(reply.status_code == (200 if content == geojson() else 415), reply.status_code)
    row.note = f"the listener heard {len(listener.heard)} requests; tracebacks {tracebacks(yard)}"
    return row


def plans(yard: Yard) -> Row:
    """Sound plans with one value made odd, run."""
    row = Row("plans tampered with")
    with Store.open(yard.store) as store:
        context = Context.open(store)
        for at, good in enumerate(GOOD_PLANS):
            for plan in tampered(good, yard.some(400), seed=at):
                row.count(*is_answered(lambda plan=plan: run_plan(plan_from_json(plan), context)))
    return row


def texts(yard: Yard) -> Row:
    """Strings in many languages and none, asked."""
    row = Row("questions of any letters")
    worst = 0.0
    with Store.open(yard.store) as store:
        context = Context.open(store)
        for text in yard.part(strings(yard.some(20_000), random.Random(7))):
            began = time.process_time()
            answer = ask(text, context, router="builtin")
            cost = time.process_time() - began
            if cost > 2:
                print(f"  {cost:.1f} s of CPU: {text[:200]!r}", flush=True)
            worst = max(worst, cost)
            row.count(answer.status != "error", text)
    row.note = f"slowest {worst:.1f} s of CPU"
    return row


def growth(yard: Yard) -> Row:
    """The same process asked again and again."""
    row = Row("questions without growth")
    good = ("where is vineyard in Hérault?", "how much of Sweden was woodland in 2018?", "rank countries by cropland")
    with Store.open(yard.store) as store:
        context = Context.open(store)
        total, sizes = yard.some(2_000), []
        for at in range(total):
            row.count(ask(good[at % 3], context, router="builtin").status != "error", at)
            if at in (total // 4, total - 1):
                sizes.append(resident_mb())
    row.note = f"memory {sizes[0]:.0f} MB after a quarter, {sizes[-1]:.0f} MB at the end"
    row.survived = row.survived if sizes[-1] < sizes[0] + 60 else 0
    return row


def api(yard: Yard) -> Row:
    """Bodies of every kind to `/api/ask`."""
    row = Row("bodies to /api/ask")
    with page(yard, "--per-minute", "0") as (url, _), httpx.Client(timeout=60) as client:

        def sent(**request: Any) -> tuple[bool, str]:
            survived, said = fine(lambda: client.post(url + "/api/ask", **request))
            return survived, f"{said} to {str(request)[:150]}"

        sent(json={"question": "how much of Sweden was woodland in 2018?"})
        for member in ("question", "selection", "conversation"):
            for odd in ODD:
                body = {"question": "and in France?", member: odd}
                row.count(*sent(json=body))
        for name in ("frame", "pending", "turns", "areas", "language", "tried", "open", "queries", "steps"):
            for odd in yard.draw.sample(ODD, yard.some(len(ODD))):
                body = {"question": "and in France?", "conversation": {name: odd}}
                row.count(*sent(json=body))
        for raw in (
            b"[" * 10**6,
            b'{"question":"\\ud800"}',
            b"\xff",
            b'{"question":"x","selection":{"type":"Polygon"}}',
        ):
            row.count(*sent(content=raw))
    row.note = f"tracebacks {tracebacks(yard)}"
    return row


HERE = b"Host: 127.0.0.1\r\n"
TWO = b"Content-Length: 2\r\n\r\n"
RAW: tuple[bytes, ...] = (
    b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /files/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /gradio_api/file=/proc/self/environ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\n" + HERE + b"Content-Type: application/json; charset=utf-7\r\n" + TWO + b"{}",
    b"TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /take/../take/x/table.csv HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /photo/..%2f..%2fetc/0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /photo/1/99999999999999999999999 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /?answer=" + b"A" * 7_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=0-,0-,0-,0-\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: " + b"a-b;q=9," * 500 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + b"a=b;" * 5_000 + b"\r\n\r\n",
    b"GET /gradio_api/heartbeat/x HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET /gradio_api/queue/data?session_hash=" + b"x" * 5_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"POST /gradio_api/queue/join HTTP/1.1\r\n" + HERE + b"Content-Type: application/json\r\n" + TWO + b"[]",
    b"POST /gradio_api/queue/join HTTP/1.1\r\n" + HERE + b"Content-Length: 25\r\n\r\n"
    b'{"fn_index":-1,"data":[]}',
    b"POST /gradio_api/upload HTTP/1.1\r\n" + HERE + b"Content-Type: multipart/form-data\r\n" + TWO + b"xx",
    b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=\r\n"
    b"Content-Length: 4\r\n\r\n----",
    b"GET /gradio_api/proxy=http://evil.example HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /static/../../app.py HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"DELETE /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
)  # fmt: skip
"""Requests as no client would write them."""


def http(yard: Yard) -> Row:
    """Raw requests: no 500, no file of the machine, and the page answers after each."""
    row = Row("raw requests")
    with page(yard, "--per-minute", "0") as (url, _):
        port = int(url.rpartition(":")[2])
        for sent in RAW:
            heard = raw(port, sent)
            status = int(found[1]) if (found := re.match(rb"HTTP/1\.[01] (\d+)", heard)) else 0
            leaked = b"root:" in heard or b"PATH=" in heard or b"def main" in heard
            evil = b"Host: evil" in sent and status == 200
            row.count(status < 500 and not leaked and not evil and is_up(url), (status, sent[:80]))
    row.note = f"tracebacks {tracebacks(yard)}"
    return row


def load(yard: Yard) -> Row:
    """Three loads, and `/health` under each."""
    row = Row("load: 200 asks, 45 crossing outlines, 300 half-open connections, 12 guessers")
    star = np.random.default_rng(1).random((150, 2)) + np.array([4, 44])
    outline = {"type": "Polygon", "coordinates": [[*star.tolist(), star[0].tolist()]]}
    notes = []
    with page(yard, "--per-minute", "0") as (url, _):
        until = time.monotonic() + 3
        notes.append(f"alone: {told(watched(url, lambda: time.monotonic() > until))}")
        question = {"question": "how much of Sweden was woodland in 2018?"}
        for name, bodies in (
            ("200 asks", [question] * 200),
            ("45 crossing outlines", [{"question": "how many points are in this region?", "selection": outline}] * 45),
        ):
            with ThreadPoolExecutor(len(bodies)) as askers, client() as asking:
                asked = [askers.submit(asking.post, url + "/api/ask", json=body) for body in bodies]
                times = watched(url, lambda asked=asked: all(one.done() for one in asked))
            for one in asked:
                row.count(one.exception() is None and one.result().status_code in (200, 503), one)
            notes.append(f"{name}: {told(times)}")
        port = int(url.rpartition(":")[2])
        half = [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]
        for one in half:
            one.sendall(b"GET / HTTP/1.1\r\nHost:")
        until = time.monotonic() + 14
        times = watched(url, lambda: time.monotonic() > until)
        for one in half:
            one.settimeout(0.2)
            row.count(is_closed(one), "half-open connection still open after 14 s")
            one.close()
        notes.append(f"300 half-open: {told(times)}")
    logins = yard.folder / "logins"
    logins.write_text(line_of("ada", "right") + "\n")
    with page(yard, "--auth", str(logins)) as (url, _):

        def guess(n: int) -> list[int]:
            return [asking.get(url + "/", auth=(f"u{n}", str(m))).status_code for m in range(8)]

        with ThreadPoolExecutor(12) as guessers, client() as asking:
            guessed = [guessers.submit(guess, n) for n in range(12)]
            times = watched(url, lambda: all(one.done() for one in guessed))
        for one in guessed:
            for code in one.result():
                row.count(code in (401, 429), code)
        notes.append(f"12 guessers: {told(times)}")
    row.note = "`/health`: " + "; ".join(notes) + f"; tracebacks {tracebacks(yard)}"
    return row


def endings(yard: Yard) -> Row:
    """SIGTERM while questions run, five times: each asker is told, and the page has ended in 3 s."""
    row = Row("SIGTERM while 20 questions run")
    times = []
    body = {"question": "where is vineyard in France, and how much cropland has each country of the EU?"}
    for _ in range(5):
        with page(yard, "--per-minute", "0") as (url, process), ThreadPoolExecutor(20) as askers, client() as asking:
            asked = [askers.submit(asking.post, url + "/api/ask", json=body) for _ in range(20)]
            time.sleep(2)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            times.append(time.monotonic() - began)
            said = [f"{one.exception() or one.result().status_code}" for one in asked]
            row.count(times[-1] < 3 and {*said} <= {"200", "503"}, f"{times[-1]:.1f} s, {sorted({*said})}")
    row.note = f"ended after {min(times):.1f} to {max(times):.1f} s; tracebacks {tracebacks(yard)}"
    return row


def full_disk(yard: Yard) -> Row:
    """Building, a batch, saving, a conversation on a disk that is full: one line, exit code 2, no half files."""
    row = Row("a full disk")
    disk, questions = yard.folder / "disk", yard.folder / "many.csv"
    disk.mkdir()
    asked = "where is vineyard in Hérault?"
    questions.write_text("question\n" + f"{asked}\n" * 300)
    store = ["--store", str(yard.store), "--router", "builtin"]
    small = ("2m", ["retrieval", "build", "--quiet", "--store", str(disk / "s.duckdb")])
    larger = ("12m", small[1])
    batch = ("64k", ["agent", "batch", str(questions), "--out", str(disk / "out.jsonl"), "--quiet", *store])
    save = ("4k", ["agent", "ask", asked, "--save", str(disk / "out"), *store])
    talk = ("4k", ["agent", "chat", "--threads", str(disk / "t.sqlite"), *store])
    for size, module in (small, larger, batch, save, talk):
        mounted = f'mount -t tmpfs -o size={size} none {disk} && exec "$@"; exit 99'
        command = ["unshare", "-rm", "sh", "-c", mounted, "x", sys.executable, "-m", *module]
        done = subprocess.run(command, cwd=ROOT, input=asked, capture_output=True, text=True)
        if done.returncode == 99:
            row.note = "no disk of its own can be made here"
            break
        row.count(done.returncode == 2 and done.stderr.count("\n") == 1, f"{done.returncode} {done.stderr}")
    return row


def tabs(yard: Yard) -> Row:
    """Eight tabs of one browser, each with a question of its own."""
    row = Row("eight tabs of one browser")
    if CHROMIUM is None:
        row.note = "no browser here"
        return row
    with page(yard, "--per-minute", "0") as (url, _), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(locale="en-GB")
        pages = [context.new_page() for _ in range(8)]
        for one in pages:
            one.goto(url, timeout=120_000)
        for one, country in zip(pages, COUNTRIES, strict=True):
            one.wait_for_function("document.body.dataset.landask", timeout=120_000)
            one.bring_to_front()
            one.locator("#box textarea").fill(f"how much of {country} was woodland in 2018?")
            one.locator("#box textarea").press("Enter")
        for one, country in zip(pages, COUNTRIES, strict=True):
            one.bring_to_front()
            answer = one.locator(".la-answer")
            answer.wait_for(timeout=120_000)
            row.count(country in answer.inner_text(), country)
        browser.close()
    row.note = f"tracebacks {tracebacks(yard)}"
    return row


COUNTRIES = ("Sweden", "France", "Spain", "Italy", "Poland", "Austria", "Finland", "Greece")


def kills(yard: Yard) -> Row:
    """kill -9 while a store is built and while a batch writes: afterwards both go on as if nothing had been."""
    row = Row("kill -9 while building and in a batch")
    before = yard.store.read_bytes()
    build_it = [sys.executable, "-m", "retrieval", "build", "--store", str(yard.store), "--quiet"]
    for at in range(yard.some(10)):
        process = subprocess.Popen(build_it, cwd=ROOT, stderr=subprocess.DEVNULL)
        time.sleep(1 + at)
        process.kill()
        process.wait()
        row.count(yard.store.read_bytes() == before or process.returncode == 0, f"killed after {1 + at} s")
    questions, out = yard.folder / "in.jsonl", yard.folder / "out.jsonl"
    lines = [{"id": f"q{n}", "question": "how much of Sweden was woodland in 2018?"} for n in range(60)]
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [sys.executable, "-m", "agent", "batch", str(questions), "--out", str(out), "--store", str(yard.store)]
    command += ["--router", "builtin", "--quiet"]
    for at in range(5):
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        time.sleep(2 + at / 2)
        process.kill()
        process.wait()
    two = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) for _ in range(2)]
    codes = sorted(one.wait(300) for one in two)
    ids = [json.loads(line)["id"] for line in out.read_text().splitlines()]
    row.count(ids == [line["id"] for line in lines], f"{len(ids)} lines")
    row.count(codes in ([0, 2], [0, 0]), codes)
    return row


def tricks(yard: Yard) -> Row:
    """Tricks of another list upon bodies, headers, links, files, the tools: each answered or refused, none felt."""
    row = Row("tricks of a second list: bodies, links, headers, files, the tools of other programs")
    with page(yard, "--per-minute", "0") as (url, process), httpx.Client(base_url=url, timeout=60) as client:
        worst = 0.0
        for name, trick in TRICKS_MORE.items():
            began = time.monotonic()
            try:
                calm, said = trick(client, yard.folder)
            except (httpx.HTTPError, OSError) as error:
                calm, said = isinstance(error, httpx.RemoteProtocolError), repr(error)
            worst = max(worst, time.monotonic() - began)
            row.count(calm and is_up(url), f"{name}: {said}")
            if yard.told:
                print(f"  {name}: {said}", flush=True)
        row.note = f"slowest {worst:.1f} s; the page at its end {resident_mb(process.pid):.0f} MB; "
    row.note += f"tracebacks {tracebacks(yard)}"
    return row


def events(yard: Yard) -> Row:
    """Every event of the page with odd values in the place of its own."""
    row = Row("events of the page with odd values")
    with page(yard, "--per-minute", "0") as (url, _), httpx.Client(base_url=url, timeout=60) as client:
        for name, calm, said in odd_events(client, yard.some(6), yard.draw):
            row.count(calm and is_up(url), f"{name}: {said}")
    row.note = f"tracebacks {tracebacks(yard)}"
    return row


ATTACKS: dict[str, Callable[[Yard], Row]] = {
    "files": map_files, "plans": plans, "texts": texts, "growth": growth, "api": api, "http": http, "load": load,
    "endings": endings, "kills": kills, "disk": full_disk, "tabs": tabs, "tricks": tricks, "events": events,
}  # fmt: skip


# --- their parts ---------------------------------------------------------------------------------------------------


def is_answered(work: Callable[[], Any]) -> tuple[bool, str]:
    """Whether work comes to an answer or to an error that is one."""
    try:
        work()
    except LandaskError as error:
        return "\n" not in str(error), str(error)
    except Exception as error:
        return False, f"{type(error).__name__}: {error}"
    return True, ""


def fine(work: Callable[[], httpx.Response]) -> tuple[bool, str]:
    """Whether a reply is an answer or a refusal."""
    try:
        reply = work()
    except (httpx.HTTPError, ValueError, UnicodeError) as error:
        return isinstance(error, ValueError | UnicodeError), repr(error)  # a ValueError: the client would not send it
    if reply.status_code == 200:
        return reply.json()["status"] != "error", reply.text
    return 400 <= reply.status_code < 500, f"{reply.status_code} {reply.text}"


def client() -> httpx.Client:
    """A client that costs little itself: one for all askers, which loads no certificates."""
    return httpx.Client(verify=False, timeout=300, limits=httpx.Limits(max_connections=None))


def raw(port: int, sent: bytes) -> bytes:
    """Return the beginning of what is said to some bytes."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as own:
            own.settimeout(5)
            own.sendall(sent)
            return own.recv(20_000)
    except OSError:
        return b""


def is_up(url: str) -> bool:
    """Whether the page still answers."""
    try:
        return httpx.get(url + "/health", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def is_closed(half: socket.socket) -> bool:
    """Whether the other side has hung up."""
    try:
        return half.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def watched(url: str, done: Callable[[], bool]) -> list[float]:
    """Return the seconds of each look at `/health` until it is done."""

    async def look() -> list[float]:
        times = []
        async with httpx.AsyncClient(timeout=30) as client:
            while not done():
                began = time.perf_counter()
                await client.get(url + "/health")
                times.append(time.perf_counter() - began)
                await asyncio.sleep(0.05)
        return times

    return asyncio.run(look())


def told(times: list[float]) -> str:
    """Return median and worst in milliseconds."""
    return f"median {1000 * statistics.median(times):.0f} ms, worst {1000 * max(times):.0f} ms" if times else "not seen"


def spent() -> float:
    """Seconds of CPU of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def resident_mb(process: int | str = "self") -> float:
    """MB of memory a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


HEAD = ["| attacked | tried | survived | seen |", "| --- | --- | --- | --- |"]


def table(rows: list[Row], before: str = "") -> str:
    """Return the rows as Markdown, with those of a table before that were not attacked anew."""
    lines = {line.split(" | ")[0]: line for line in before.strip().splitlines()[2:]}
    lines |= {f"| {row.target}": f"| {row.target} | {row.tried:,} | {row.survived:,} | {row.note} |" for row in rows}
    return "\n".join([*HEAD, *lines.values()])


def written(rows: list[Row]) -> None:
    """Put the rows into the table of the document."""
    text = TABLE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    before, _, tail = rest.partition(END)
    TABLE.write_text(f"{head}{BEGIN}\n{table(rows, before)}\n{END}{tail}", encoding="utf-8")


def main() -> int:
    """Attack, and say what came of it; 1 where anything did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="share of the fuzz that is tried")
    parser.add_argument("--part", default="1/1", help="2/5: the second fifth of the strings, so that a run can be cut")
    parser.add_argument("--tell", action="store_true", help="print what became of each trick of the second list")
    parser.add_argument("--only", action="append", choices=list(ATTACKS), help="one kind of attack; may be repeated")
    parser.add_argument("--write", action="store_true", help=f"put the table into {TABLE.name}")
    options = parser.parse_args()
    threading.excepthook = lambda _: None
    rows = []
    with tempfile.TemporaryDirectory(prefix="landask-attack-") as folder:
        yard = Yard(Path(folder), Path(folder) / "store.duckdb", options.share, random.Random(7))
        at, _, of = options.part.partition("/")
        yard.parts, yard.told = (int(at), int(of)), options.tell
        build(yard.store, Sources(bundled=True))
        for name in options.only or ATTACKS:
            row = ATTACKS[name](yard)
            rows.append(row)
            print(f"{row.target}: {row.survived} of {row.tried} survived; {row.note}", flush=True)
            for fault in list(dict.fromkeys(row.faults))[:8]:
                print(f"  fault: {fault!r}", flush=True)
    if options.write:
        written(rows)
    return int(any(row.survived < row.tried for row in rows))


if __name__ == "__main__":
    sys.exit(main())
