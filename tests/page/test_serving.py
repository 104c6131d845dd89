"""The page as a server: health, headers, paths, logins, limits, endpoints for programs, options."""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import brotli
import gradio as gr
import httpx
import pytest
from fastapi.testclient import TestClient
from gradio.state_holder import SessionState

import app
from agent.answer import Answer
from page.asking import World
from page.handlers import Handlers, Options
from page.layout import Layout
from page.logins import Logins, line_of
from page.serve import application
from retrieval.errors import BadArgument, BadFile
from retrieval.store import Store
from tests.page.served import Served
from tests.page.small_world import small_world
from tools.context import Context

ROOT = Path(__file__).parents[2]
HERE = "http://127.0.0.1"
"""The name the page goes by."""


def test_health_answers_and_every_reply_keeps_the_page_to_itself(served: Served) -> None:
    reply = httpx.get(served.url + "/health")
    assert reply.json()["status"] == "ok"
    policy = reply.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/files/../app.py",
        "/files/..%2f..%2fapp.py",
        "/files/maplibre/../../../../../../etc/passwd",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=app.py",
        "/take/guess/table.csv",
        "/take/guess/../../app.py",
    ],
)
def test_no_other_file_of_the_machine_is_served(served: Served, path: str) -> None:
    reply = httpx.get(served.url + path)
    assert reply.status_code in (403, 404)
    assert "root:" not in reply.text
    assert str(ROOT) not in reply.text


def test_the_pages_configuration_names_no_path_of_the_machine(served: Served) -> None:
    for path in ("/", "/config", "/gradio_api/info"):
        reply = httpx.get(served.url + path)
        assert str(ROOT) not in reply.text, path
        assert str(Path.home()) + "/" not in reply.text, path
    assert httpx.get(served.url + "/config").json()["analytics_enabled"] is False


def test_a_step_of_an_answer_makes_no_part_of_the_page_anew_that_it_leaves_as_it_is(handlers: Handlers) -> None:
    layout = Layout(handlers)
    page, (chat, ask) = layout.blocks(), (layout.parts["chat"], layout.parts["ask"])
    asking = next(event for event in page.fns.values() if chat in event.outputs)
    step = {chat: "<p>counted</p>", ask: gr.update(interactive=False)}
    told = asyncio.run(page.postprocess_data(asking, step, SessionState(page)))
    changed = {part: value for part, value in zip(asking.outputs, told, strict=True) if value != gr.skip()}
    assert changed == {chat: "<p>counted</p>", ask: {"interactive": False, "__type__": "update"}}


@pytest.mark.parametrize(("taken", "way"), [("gzip", "gzip"), ("gzip, deflate, br, zstd", "br")])
def test_scripts_and_styles_are_packed_once_and_sent_from_memory(served: Served, taken: str, way: str) -> None:
    path = served.url + "/files/maplibre/maplibre-gl.js"
    replies = []
    for _ in range(2):
        with httpx.stream("GET", path, headers={"accept-encoding": taken}) as reply:
            replies.append((reply, b"".join(reply.iter_raw())))
    (_, first), (second, again) = replies
    assert first == again
    assert second.headers["content-encoding"] == way
    unpacked = gzip.decompress(first) if way == "gzip" else brotli.decompress(first)
    assert len(first) == int(second.headers["content-length"]) < 300_000
    assert unpacked == httpx.get(path, headers={"accept-encoding": "identity"}).content
    assert "default-src 'self'" in second.headers["content-security-policy"]
    known = {"accept-encoding": taken, "if-none-match": second.headers["etag"]}
    assert httpx.get(path, headers=known).status_code == 304
    assert httpx.get(served.url + "/files/none.js", headers={"accept-encoding": "gzip"}).status_code == 404


def test_the_examples_asked_at_the_start_are_answered_and_leave_no_trace(demo_store: Store) -> None:
    asked: list[tuple[str, str]] = []
    context = Context.open(demo_store)

    class Heard(app.Agent):
        def ask(self, question: str, **more: Any) -> tuple[Answer, Any]:
            answer, memory = super().ask(question, **more)
            asked.append((question, answer.status))
            return answer, memory

    page = Handlers(World(context, Heard(context, "builtin", None), "builtin"), Options())
    app.ask_examples(page)
    assert asked == [(question, "answered") for question in page.examples("en")]
    assert not page.shelf._held


def test_the_browser_is_told_at_once_which_scripts_will_be_asked_for(served: Served) -> None:
    told = re.findall(r"<([^>]+)>; rel=preload", httpx.get(served.url + "/").headers["link"])
    assert told
    assert all(httpx.get(f"{served.url}/{path}").status_code == 200 for path in told)


def test_each_person_has_their_own_description_of_the_page(handlers: Handlers) -> None:
    layout = Layout(handlers)
    page, chat = layout.blocks(), layout.parts["chat"]
    one, other = SessionState(page), SessionState(page)
    one._update_value_in_config(chat._id, "<p>mine</p>")
    assert one.config_values[chat._id]["props"]["value"] == "<p>mine</p>"
    assert other.config_values[chat._id]["props"]["value"] != "<p>mine</p>"
    assert other.config_values.keys() == page.blocks.keys()


def test_a_program_asks_over_http_and_reads_the_description(served: Served) -> None:
    form = httpx.get(served.url + "/api/openapi.json").json()
    assert "question" in form["components"]["schemas"]["Asked"]["required"]
    question = "How much of Sweden was woodland in 2018?"
    first = httpx.post(served.url + "/api/ask", json={"question": question}).json()
    assert first["status"] == "answered"
    assert first["results"][0]["regions"] == [{"id": "country:SE", "name": "Sweden"}]
    second = httpx.post(
        served.url + "/api/ask", json={"question": "and in 2012?", "conversation": first["conversation"]}
    ).json()
    assert second["results"][0]["years"] == [2012]
    assert second["conversation"]["turns"] == [question, "and in 2012?"]
    assert httpx.post(served.url + "/api/ask", json={"question": ""}).status_code == 422
    assert httpx.post(served.url + "/api/ask", json={"question": "x" * 3000}).status_code == 422


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_gradio_client_of_the_docs_works(served: Served) -> None:
    from gradio_client import Client

    client = Client(served.url, verbose=False, analytics_enabled=False)
    answer = client.predict(question="Where is vineyard in Hérault?", api_name="/ask")
    assert "Hérault" in answer["text"]
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/ask"]


def test_who_asks_too_often_waits_and_is_told_how_long() -> None:
    limited = application(Handlers(small_world(), Options(per_minute=1)))
    with TestClient(limited, base_url=HERE) as client:
        replies = [client.post("/api/ask", json={"question": "vineyard"}) for _ in range(11)]
    assert [reply.status_code for reply in replies] == [200] * 10 + [429]
    assert 0 < int(replies[-1].headers["retry-after"]) <= 61


def test_a_login_opens_everything_and_without_one_only_health_answers(tmp_path: Path) -> None:
    file = tmp_path / "logins"
    file.write_text(line_of("ada", "pass:word") + "\n")
    gated = application(Handlers(small_world()), logins=Logins.read(file))
    with TestClient(gated, base_url=HERE) as client:
        assert client.get("/health").status_code == 200
        for path in ("/", "/config", "/take/x/table.csv", "/files/page.js", "/gradio_api/info", "/api/openapi.json"):
            assert client.get(path).status_code == 401, path
        assert client.get("/", auth=("ada", "pass:word")).status_code == 200
        assert client.get("/", auth=("ada", "wrong")).status_code == 401
        broken = {"Authorization": "Basic " + base64.b64encode(b"\xff").decode()}
        assert client.get("/", headers=broken).status_code == 401
        tries = [client.get("/", auth=("eve", str(n))).status_code for n in range(11)]
        assert tries[-1] == 429
    assert "pass" not in file.read_text().replace("ada", "")


def test_a_file_of_logins_that_is_none_is_refused(tmp_path: Path) -> None:
    for content in ("", "ada:secret\n", "a:b:c\n"):
        (tmp_path / "logins").write_text(content)
        with pytest.raises(BadFile):
            Logins.read(tmp_path / "logins")


def test_the_page_opens_to_others_only_when_told_so() -> None:
    for argv in (["--host", "0.0.0.0"], ["--host", "192.0.2.1"], ["--add-user", "ada"]):
        with pytest.raises(BadArgument):
            app.checked(app.arguments(argv))
    assert app.checked(app.arguments([])).host == "127.0.0.1"
    assert app.checked(app.arguments(["--host", "0.0.0.0", "--open"])).open
    assert app.checked(app.arguments(["--host", "0.0.0.0", "--auth", "f"])).auth == Path("f")


def test_an_online_map_is_the_only_host_the_policy_lets_in() -> None:
    with TestClient(application(Handlers(small_world(), Options(online=app.ONLINE))), base_url=HERE) as client:
        policy = client.get("/health").headers["content-security-policy"]
    assert policy.count("https://") == 2
    assert "https://tile.openstreetmap.org" in policy


def test_behind_a_proxy_the_page_stays_under_its_path() -> None:
    with TestClient(application(Handlers(small_world()), "/land"), root_path="/land", base_url=HERE) as client:
        assert client.get("/land/health").status_code == 200
        assert client.get("/land/config").json()["root"].endswith("/land")
        assert client.get("/land/files/page.js").status_code == 200
        home = client.get("/land/").text
    assert 'src="/files' not in home
    assert "landask" in home


def test_bad_options_end_in_one_line_and_code_2() -> None:
    done = subprocess.run(
        [sys.executable, "app.py", "--host", "0.0.0.0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_real_page_starts_answers_and_ends_leaving_no_upload_folder(demo_store: object, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-W", "ignore", "app.py", "--port", str(port), "--store", str(demo_store.path)]  # type: ignore[attr-defined]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, stderr=subprocess.PIPE)
    try:
        wait_for(f"http://127.0.0.1:{port}/health")
        (folder,) = tmp_path.glob("landask-page-*")
        assert folder.stat().st_mode & 0o077 == 0
        reply = httpx.post(
            f"http://127.0.0.1:{port}/api/ask",
            json={"question": "How much of Sweden was woodland in 2018?"},
            timeout=60,
        )
        assert reply.json()["status"] == "answered"
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert b"Traceback" not in errors
    assert list(tmp_path.glob("landask-page-*")) == []


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(url)
