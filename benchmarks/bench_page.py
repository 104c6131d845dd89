"""Twenty people asking the page at once, through its queue: seconds until each has an answer. Bar: p95 ≤ 2 s, no error.

Run `python benchmarks/bench_page.py [--store PATH] [--people 20] [--rounds 3]`; the bundled store by default.
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
from pathlib import Path

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


def asked(client: httpx.Client, url: str, question: str) -> dict[str, object]:
    """One question through Gradio's queue, as the page's own asking goes."""
    event = client.post(f"{url}/gradio_api/call/ask", json={"data": [question, None, None]}).raise_for_status().json()
    text = client.get(f"{url}/gradio_api/call/ask/{event['event_id']}").raise_for_status().text
    if "event: complete" not in text:
        raise RuntimeError(text[-300:])
    return json.loads(text.split("data: ", 1)[1])[0]


def person(
    number: int, url: str, rounds: int, start: threading.Barrier, seconds: list[float], errors: list[str]
) -> None:
    """One person: ask, wait for the answer, ask again."""
    with httpx.Client(timeout=120) as client:
        start.wait()
        for turn in range(rounds):
            question = QUESTIONS[(number + turn) % len(QUESTIONS)]
            began = time.perf_counter()
            try:
                answer = asked(client, url, question)
                if answer["status"] not in ("answered", "clarify"):
                    errors.append(f"{question}: {answer['status']}")
            except (httpx.HTTPError, RuntimeError) as error:
                errors.append(f"{question}: {error}")
            seconds.append(time.perf_counter() - began)


def main() -> int:
    """Measure and print; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", default="")
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
            with httpx.Client(timeout=120) as client:
                for question in QUESTIONS:  # the first of each kind reads its tables; people come to a page that is up
                    asked(client, url, question)
            seconds: list[float] = []
            errors: list[str] = []
            start = threading.Barrier(options.people)
            people = [
                threading.Thread(target=person, args=(n, url, options.rounds, start, seconds, errors))
                for n in range(options.people)
            ]
            began = time.perf_counter()
            for each in people:
                each.start()
            for each in people:
                each.join()
            took = time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(timeout=30)
    p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[18]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"{options.people} people, {len(seconds)} questions, {len(errors)} errors, {len(seconds) / took:.1f} answers/s"
    )
    print(f"p50 {p50:.2f} s, p95 {p95:.2f} s, worst {max(seconds):.2f} s; p95 / bar {p95 / BAR_S:.2f}; load {load:.1f}")
    for error in errors[:5]:
        print("  ", error)
    return 1 if errors or p95 > BAR_S else 0


if __name__ == "__main__":
    sys.exit(main())
