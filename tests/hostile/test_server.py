"""Strangers at the door of the page: other names, forged headers, guessed passwords, others' sessions, odd bodies."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse

from agent.answer import Answer
from page.guards import MOST_BODY, Bodies, Full, Hosts, Turns, clear_leftovers, hostname, patient_protocol
from page.handlers import Handlers, Options
from page.logins import TRIES_PER_MINUTE, Gate, Logins, line_of
from page.serve import application
from tests.hostile.traps import geojson, vrt
from tests.page.served import Served
from tests.page.small_world import small_world
from tests.page.test_serving import free_port, wait_for

ROOT = Path(__file__).parents[2]
HERE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    page = application(Handlers(small_world(), Options(per_minute=0)))
    with TestClient(page, base_url=HERE, raise_server_exceptions=False) as one:
        yield one


@pytest.fixture
def gated(tmp_path: Path) -> TestClient:
    """The door alone, with an application behind it that lets everything pass."""
    file = tmp_path / "logins"
    file.write_text(line_of("ada", "right") + "\n" + line_of("bob", "also") + "\n")
    door = Hosts(Gate(Bodies(PlainTextResponse("in"), 10 << 20), Logins.read(file)))
    return TestClient(door, base_url=HERE, raise_server_exceptions=False)


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7860", 200), ("localhost", 200), ("[::1]:80", 200), ("LOCALHOST.", 200),
        ("evil.example.com", 421), ("127.0.0.1.evil.com", 421), ("localhost.evil.com", 421), ("", 421),
        ("evil.com:127.0.0.1", 421), ("[::1", 200), ("xn--localhost", 421), ("127.0.0.1@evil.com", 421),
    ],
)  # fmt: skip
def test_only_the_names_of_this_machine_are_served(client: TestClient, host: str, status: int) -> None:
    for path in ("/health", "/", "/gradio_api/info"):
        assert client.get(path, headers={"host": host}).status_code == status


def test_declared_names_are_served_and_no_others() -> None:
    page = application(Handlers(small_world()), names=("land.example",))
    with TestClient(page, base_url="http://land.example:8000") as one:
        assert one.get("/health").status_code == 200
        assert one.get("/health", headers={"host": "other.example"}).status_code == 421
    assert hostname("[2001:db8::1]:80") == "2001:db8::1"


def test_forwarded_headers_are_believed_only_of_a_declared_proxy(client: TestClient) -> None:
    said = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}
    assert "evil.example" not in client.get("/config", headers=said).text
    with TestClient(application(Handlers(small_world()), proxied=True), base_url=HERE) as proxied:
        assert "evil.example" in proxied.get("/config", headers=said).text


# --- logins --------------------------------------------------------------------------------------------------------


def test_a_right_password_is_refused_too_while_guesses_are_locked_out(gated: TestClient) -> None:
    codes = [gated.get("/", auth=("ada", f"wrong{n}")).status_code for n in range(TRIES_PER_MINUTE + 3)]
    assert codes == [401] * TRIES_PER_MINUTE + [429] * 3
    assert gated.get("/", auth=("ada", "right")).status_code == 429
    assert gated.get("/", auth=("bob", "also")).status_code == 429  # the same address


def test_who_was_let_in_before_is_not_locked_out_by_others(gated: TestClient) -> None:
    assert gated.get("/", auth=("ada", "right")).status_code == 200
    for n in range(TRIES_PER_MINUTE + 3):
        gated.get("/", auth=("ada", f"wrong{n}"))
    assert gated.get("/", auth=("ada", "right")).status_code == 200


def test_a_forged_address_gives_no_more_tries(gated: TestClient) -> None:
    codes = [
        gated.get("/", auth=(f"eve{n}", "x"), headers={"x-forwarded-for": f"10.0.0.{n}"}).status_code for n in range(15)
    ]
    assert codes.count(401) == TRIES_PER_MINUTE


@pytest.mark.parametrize(
    "header",
    [
        b"Basic \xe9", b"Basic", b"Basic " + b"A" * 100_000, b"Bearer x", b"Basic " + base64.b64encode(b"\xff\xfe:x"),
        b"Basic " + base64.b64encode(b"nocolon"), b"Basic ====", b"Basic " + base64.b64encode(b"ada:\x00right"),
    ],
)  # fmt: skip
def test_a_login_that_is_none_is_a_401(gated: TestClient, header: bytes) -> None:
    assert gated.get("/", headers={b"authorization": header}).status_code == 401


@pytest.mark.parametrize("path", ["//health", "/health/", "/health;x", "/HEALTH", "/health/../", "/./", "/%68ealth/x"])
def test_no_path_goes_round_the_gate(gated: TestClient, path: str) -> None:
    assert gated.get(path).status_code == 401


def test_a_session_belongs_to_the_login_that_began_it(gated: TestClient) -> None:
    body = {"data": [], "fn_index": 0, "session_hash": "abc"}
    first = gated.post("/gradio_api/queue/join", json=body, auth=("ada", "right"))
    assert first.status_code != 403
    assert gated.post("/gradio_api/queue/join", json=body, auth=("bob", "also")).status_code == 403
    for path in ("/gradio_api/queue/data?session_hash=abc", "/gradio_api/heartbeat/abc"):
        assert gated.get(path, auth=("bob", "also")).status_code == 403


def test_guessers_do_not_hold_up_the_page(tmp_path: Path) -> None:
    file = tmp_path / "logins"
    file.write_text(line_of("ada", "right") + "\n")
    with Served(Gate(PlainTextResponse("in"), Logins.read(file))) as served:

        def guess(n: int) -> None:
            for m in range(6):
                httpx.get(served.url + "/", auth=(f"user{n}", f"{m}"), timeout=30)

        with ThreadPoolExecutor(12) as guessers:
            running = [guessers.submit(guess, n) for n in range(12)]
            spent = health(served.url, running)
    assert statistics.median(spent) < 0.05


def health(url: str, running: list[Any]) -> list[float]:
    """Seconds that each look at `/health` took while others were at work."""
    spent = []
    with httpx.Client() as own:
        while not all(one.done() for one in running):
            began = time.perf_counter()
            assert own.get(url + "/health").status_code == 200
            spent.append(time.perf_counter() - began)
            time.sleep(0.01)
    return spent


# --- bodies --------------------------------------------------------------------------------------------------------

BODIES: dict[str, bytes] = {
    "deep": b"[" * 200_000,
    "deep and whole": b'{"question": "x", "conversation": ' + b'{"a":' * 500 + b"1" + b"}" * 501,
    "half a character": b'{"question": "\\ud800 Sweden"}',
    "a number of many digits": b'{"question": "x", "conversation": {"frame": ' + b"9" * 5_000 + b"}}",
    "NaN": b'{"question": "x", "conversation": {"frame": NaN}}',
    "not UTF-8": b'{"question": "\xff"}',
    "not JSON": b"question=x",
    "nothing": b"",
    "a list": b"[1]",
    "a number": b"5",
    "no question": b'{"q": "x"}',
    "a question that is a list": b'{"question": ["x"]}',
    "a question of blanks": b'{"question": " "}',
    "too long": json.dumps({"question": "x" * 2_001}).encode(),
    "a selection that is text": b'{"question": "x", "selection": "y"}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_unsound_is_refused_in_a_line(client: TestClient, name: str) -> None:
    reply = client.post("/api/ask", content=BODIES[name], headers={"content-type": "application/json"})
    assert reply.status_code in (200, 422), reply.text
    if reply.status_code == 200:
        assert reply.json()["status"] in ("refused", "clarify", "answered")
    assert "Traceback" not in reply.text


def test_a_body_that_is_too_large_is_not_read(client: TestClient) -> None:
    assert client.post("/api/ask", content=b" " * (MOST_BODY + 1)).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(50):
            yield b" " * 100_000

    assert client.post("/api/ask", content=endless()).status_code == 413


def test_an_upload_is_one_map_file_and_not_too_many(client: TestClient) -> None:
    def put(content: bytes, name: str = "a.geojson", **more: Any) -> int:
        return client.post("/gradio_api/upload", files={"files": (name, content)}, **more).status_code

    assert put(geojson()) == 200
    assert put(b"\x7fELF" + bytes(200), "libx.so") == 415
    assert put(vrt("CSV:/etc/passwd")) == 415
    assert put(b"%PDF-1.7") == 415
    assert put(b"x" * (12 << 20)) == 413
    two = [("files", (f"{n}.geojson", geojson())) for n in range(3)]
    assert client.post("/gradio_api/upload", files=two).status_code == 422
    assert 429 in [put(geojson()) for _ in range(12)]


# --- many and slow -------------------------------------------------------------------------------------------------


def test_one_more_than_may_wait_is_refused_and_the_others_have_their_turn() -> None:
    async def run() -> tuple[int, int]:
        turns, gate = Turns(2, 3), asyncio.Event()

        async def work() -> str:
            await gate.wait()
            return "done"

        waiting = [asyncio.create_task(turns.take(work)) for _ in range(8)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gate.set()
        came = await asyncio.gather(*waiting, return_exceptions=True)
        return came.count("done"), sum(isinstance(one, Full) for one in came)

    assert asyncio.run(run()) == (5, 3)


class Slow:
    """Answers nobody until it is let."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def ask(self, question: str, **_: Any) -> tuple[Answer, Any]:
        self.gate.wait(30)
        return Answer("answered", question, "builtin", 0.0), {}


def test_a_hundred_waiting_hold_no_thread_and_leave_health_quick() -> None:
    slow = Slow()
    page = application(Handlers(replace(small_world(), asker=slow), Options(per_minute=0)))
    with Served(page) as served, ThreadPoolExecutor(100) as askers:
        before = threading.active_count()
        body = {"question": "vineyard"}
        asked = [askers.submit(httpx.post, served.url + "/api/ask", json=body, timeout=60) for _ in range(100)]
        while sum(one.done() for one in asked) < 36:  # four run, sixty wait, the others are told to come again
            time.sleep(0.05)
        assert threading.active_count() - before <= 100 + 4 + 5
        seen = ThreadPoolExecutor(1).submit(time.sleep, 0.5)
        spent = health(served.url, [seen])
        slow.gate.set()
        codes = [one.result().status_code for one in asked]
    assert statistics.median(spent) < 0.05
    assert codes.count(200) == 64
    assert codes.count(503) == 36


def test_a_connection_that_says_nothing_is_closed() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    port = free_port()
    config = uvicorn.Config(app, port=port, log_level="error", lifespan="off", http=patient_protocol(0.4))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        for said in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET"):
            with socket.create_connection(("127.0.0.1", port)) as half:
                half.sendall(said)
                half.settimeout(5)
                assert b"200" not in half.recv(100)
    finally:
        server.should_exit = True
        thread.join(5)


def test_folders_that_a_killed_page_left_are_cleared_and_a_living_ones_kept(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name, pid in (("landask-page-dead", ended.pid), ("landask-page-living", os.getpid())):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pid").write_text(str(pid))
        (tmp_path / name / "upload").write_text("x")
    clear_leftovers(tmp_path, "landask-page-")
    assert [folder.name for folder in tmp_path.iterdir()] == ["landask-page-living"]


def test_who_waits_while_the_page_is_ended_is_told_so_at_once() -> None:
    slow = Slow()
    page = Handlers(replace(small_world(), asker=slow), Options(per_minute=0, max_concurrent=2))
    with Served(application(page)) as served, ThreadPoolExecutor(4) as askers:
        asked = [
            askers.submit(httpx.post, served.url + "/api/ask", json={"question": "x"}, timeout=60) for _ in range(4)
        ]
        while len(page.at_end) < 2:
            time.sleep(0.02)
        began = time.perf_counter()
        page.end()
        replies = [one.result() for one in asked]
        assert time.perf_counter() - began < 1
        slow.gate.set()
    assert [reply.status_code for reply in replies] == [503] * 4
    assert all("being ended" in reply.text for reply in replies)


def test_a_question_that_hears_nothing_is_given_up_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("page.serve.GRACE_S", 0.1)
    slow = Slow()
    page = Handlers(replace(small_world(), asker=slow), Options(per_minute=0, longest_s=0.2))
    with TestClient(application(page), base_url=HERE) as one:
        reply = one.post("/api/ask", json={"question": "x"})
    slow.gate.set()
    assert reply.status_code == 503
    assert "took more than 0.2 s" in reply.text
