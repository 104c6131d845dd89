"""The page's bars. First load: question box ≤ 2 s, ≤ 0.6 MB before the map. Twenty people at once: p95 ≤ 2 s, no error.

A load is by a new browser that has nothing kept, its map drawn in software beside the server; the first, of a server
just started, is told and not counted. Each person asks as the browser does: the question through the page's queue, then
what is drawn of its answer.

Run `PYTHONPATH=. python benchmarks/bench_page.py [--store PATH] [--loads 5] [--people 20] [--rounds 3]`; the bundled
store by default. Honest on an idle machine only: the load average before each part is printed with it.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = (
    "Where is vineyard in Hérault?",
    "How much of Sweden was woodland in 2018?",
    "Which regions of Spain have the largest share of cropland?",
    "How did artificial land change in Portugal between 2012 and 2018?",
    "Wie viel von Bayern war 2018 Wald?",
    "maize within 50 km of Toulouse",
    "Where is vineyard in Valencia?",
)
BAR_S = 2.0
BAR_MB = 0.6
LATER = ("/files/base/", "/take/", "/files/cards/")
"""What is fetched for the map, or after it is drawn."""


def served(store: str, port: int, folder: str) -> subprocess.Popen[bytes]:
    """Start the page as a person would, on two cores where the system lets us choose."""
    command = [sys.executable, "-W", "ignore", str(ROOT / "app.py"), "--port", str(port), "--per-minute", "0"]
    process = subprocess.Popen([*command, "--store", store], cwd=ROOT, env={**os.environ, "TMPDIR": folder})
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:2])
    return process


def wait_for(url: str, seconds: float = 300) -> None:
    """Wait until the page answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError("the page did not start")


@dataclass(frozen=True)
class Box:
    """The page's question box, as its configuration has it: which event it sends, and where the answer is put."""

    event: int
    inputs: int
    chat: int
    map: int

    @classmethod
    def of(cls, config: dict[str, Any]) -> Box:
        """Find it by the names of the page's parts."""
        named = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
        sent = next(each for each in config["dependencies"] if [named["box"], "submit"] in each["targets"])
        chat, shown = (sent["outputs"].index(named[name]) for name in ("chat", "map"))
        return cls(sent["id"], len(sent["inputs"]), chat, shown)


class Person:
    """One person at a page of their own."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, uuid.uuid4().hex
        self.client = httpx.Client(timeout=120)
        self.box = Box.of(self.client.get(f"{url}/config").raise_for_status().json())

    def ask(self, question: str) -> str:
        """Ask, fetch what the map draws, and return how the page marks the answer."""
        data = [question, *[None] * (self.box.inputs - 1)]
        data[3] = "en"
        sent = {"data": data, "fn_index": self.box.event, "session_hash": self.session}
        self.client.post(f"{self.url}/gradio_api/queue/join", json=sent).raise_for_status()
        chat, shown = self.last()
        for layer in shown["layers"]:
            if layer["kind"] != "points" or layer["on"]:
                self.client.get(f"{self.url}/{layer['url']}").raise_for_status()
        return str(chat).rpartition("la-turn la-")[2].partition('"')[0]

    def last(self) -> tuple[Any, Any]:
        """The conversation and the map as they stand when the page has heard all."""
        path = f"{self.url}/gradio_api/queue/data"
        with self.client.stream("GET", path, params={"session_hash": self.session}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data: ") or "{}")
                if message.get("msg") == "process_completed":
                    if not message["success"]:
                        break
                    shown = message["output"]["data"]
                    return shown[self.box.chat], shown[self.box.map]
        raise RuntimeError("the page ended the question")


def person(
    number: int, url: str, rounds: int, start: threading.Barrier, seconds: list[float], errors: list[str]
) -> None:
    """One person: ask, wait for the answer, ask again."""
    at_page = Person(url)
    start.wait()
    for turn in range(rounds):
        question = QUESTIONS[(number + turn) % len(QUESTIONS)]
        began = time.perf_counter()
        try:
            ended = at_page.ask(question)
            if ended not in ("answered", "clarify"):
                errors.append(f"{question}: {ended}")
        except (httpx.HTTPError, RuntimeError) as error:
            errors.append(f"{question}: {error}")
        seconds.append(time.perf_counter() - began)


def cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor time a process has used; 0 where the system does not tell."""
    told = Path(f"/proc/{process.pid}/stat")
    if not told.exists():
        return 0.0
    user, system = told.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """One first load: seconds until the question can be typed and until the map is drawn, and MB before the map."""

    box_s: float
    map_s: float
    megabytes: float


def first_load(url: str) -> Load:
    """Load the page in a new browser."""
    from playwright.sync_api import sync_playwright

    from tests.page.served import CHROMIUM, FLAGS

    urls: dict[str, str] = {}
    sizes: dict[str, float] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.responseReceived", lambda event: urls.update({event["requestId"]: event["response"]["url"]}))
        wire.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
        began = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.locator("#box textarea").wait_for(timeout=60_000)
        box = time.perf_counter() - began
        page.wait_for_function("window.landask?.view.drawn > 0", timeout=60_000)
        drawn = time.perf_counter() - began
        before = sum(size for id, size in sizes.items() if not any(part in urls.get(id, "") for part in LATER))
        browser.close()
    return Load(box, drawn, before / 1e6)


def loads_kept(url: str, loads: int) -> bool:
    """Measure first loads and print them; whether they are within the bars."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    cold, *found = [first_load(url) for _ in range(loads + 1)]
    box, drawn = (statistics.median(values) for values in zip(*((one.box_s, one.map_s) for one in found), strict=True))
    most, heaviest = max(one.box_s for one in found), max(one.megabytes for one in found)
    print(
        f"first load, {loads} browsers: box {box:.2f} s (worst {most:.2f}), map {drawn:.2f} s, "
        f"{heaviest:.3f} MB before the map; just started: {cold.box_s:.2f} s, {cold.map_s:.2f} s; load {load:.1f}"
    )
    return most <= BAR_S and heaviest <= BAR_MB


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", default="")
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        process = served(options.store or str(Path(folder) / "store.duckdb"), port, folder)
        try:
            wait_for(url)
            light = not options.loads or loads_kept(url, options.loads)
            load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
            first = Person(url)
            for question in QUESTIONS:  # the first of each kind reads its tables; people come to a page that is up
                first.ask(question)
            seconds: list[float] = []
            errors: list[str] = []
            start = threading.Barrier(options.people)
            people = [
                threading.Thread(target=person, args=(n, url, options.rounds, start, seconds, errors))
                for n in range(options.people)
            ]
            began, used = time.perf_counter(), cpu_s(process)
            for each in people:
                each.start()
            for each in people:
                each.join()
            took, used = time.perf_counter() - began, cpu_s(process) - used
        finally:
            process.terminate()
            process.wait(timeout=30)
    p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[18]
    print(
        f"{options.people} people, {len(seconds)} questions, {len(errors)} errors, {len(seconds) / took:.1f} a second, "
        f"{used / len(seconds):.2f} s of processor time each"
    )
    print(f"p50 {p50:.2f} s, p95 {p95:.2f} s, worst {max(seconds):.2f} s; p95 / bar {p95 / BAR_S:.2f}; load {load:.1f}")
    for error in errors[:5]:
        print("  ", error)
    return 1 if errors or p95 > BAR_S or not light else 0


if __name__ == "__main__":
    sys.exit(main())
