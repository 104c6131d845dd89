"""Servers that answer without end, files cut short, terminals, spreadsheets, two writers: each ends in a line."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agent.batch import alone, finished_ids
from agent.export import defused, whole
from agent.llm.status import billions, installed, longest_context, ollama_url, preferred, status
from retrieval.archives import unpack
from retrieval.errors import BadFile, SourceError
from retrieval.fetch.weights import check
from retrieval.printing import one_line, plain_json, without_controls

ROOT = Path(__file__).parents[2]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


@contextmanager
def server(say: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says what it is told to."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(2)
                try:
                    head, _, body = caller.recv(10_000).partition(b"\r\n\r\n")
                    told = re.search(rb"(?i)content-length: *(\d+)", head)
                    while told and len(body) < int(told[1]):  # what is left unread would reset the connection
                        body += caller.recv(10_000)
                    say(caller)
                except OSError:
                    pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(3)


def dripping(caller: socket.socket) -> None:
    caller.sendall(OK)
    for _ in range(200):
        caller.sendall(b" ")
        time.sleep(0.1)


REPLIES: dict[str, bytes] = {
    "deep": OK + b"[" * 200_000,
    "no JSON": OK + b"<html>",
    "a list": OK + b"[1, 2]",
    "models that are text": OK + b'{"models": "x"}',
    "models of every kind": OK + b'{"models": [1, null, {}, {"name": 5}, {"name": "a\\u001b[2Jb"}]}',
    "half a character": OK + b'{"models": [{"name": "\\ud800"}]}',
    "larger than any": OK + b" " * 1_500_000 + b"{}",
    "nothing": b"",
    "no HTTP": b"\x00\x01\x02",
    "elsewhere": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_model_server_that_talks_nonsense_is_one_without_models(name: str) -> None:
    with server(lambda caller: caller.sendall(REPLIES[name])) as url:
        assert not installed(url)


def test_a_model_server_that_drips_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.llm.status.STATUS_S", 0.4)
    with server(dripping) as url:
        began = time.perf_counter()
        assert status(url, "/api/tags") is None
        assert time.perf_counter() - began < 2


def test_what_a_model_is_called_and_says_of_itself_may_be_odd(monkeypatch: pytest.MonkeyPatch) -> None:
    assert billions("qwen3:²b") == 0
    assert billions("qwen3:" + "9" * 5_000) == 0
    assert billions("qwen3:4b") == 4
    assert preferred(("qwen3:²b",), ("qwen3",)) == "qwen3:²b"
    for told in (b'{"model_info": [1]}', b'{"model_info": {"a.context_length": "x"}}'):
        longest_context.cache_clear()
        with server(lambda caller, told=told: caller.sendall(OK + told)) as url:
            assert longest_context(url, "m") > 0
    for host in (":::::::", "[::", "http://[::", "http://:x"):
        monkeypatch.setenv("OLLAMA_HOST", host)
        assert status(ollama_url(), "/api/tags") is None


# --- files ---------------------------------------------------------------------------------------------------------


def archive(compression: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as opened:
        opened.writestr("a.csv", b"point_id,year\n" * 3_000)
    return target.getvalue()


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_STORED])
def test_a_zip_damaged_anywhere_is_refused_or_read(compression: int, tmp_path: Path) -> None:
    sound = archive(compression)
    for at in range(0, len(sound), max(1, len(sound) // 60)):
        file = tmp_path / "a.zip"
        file.write_bytes(sound[:at] + bytes([sound[at] ^ 0xFF]) + sound[at + 1 :])
        with suppress(BadFile):
            unpack(file, tmp_path / "out")


@pytest.mark.parametrize(
    "header",
    [b"[" * 100_000, b"[1]", b'{"a": 5}', b'{"a": {"data_offsets": [0, "x"]}}', b'{"a": {"data_offsets": 5}}', b"{"],
)
def test_a_safetensors_header_that_is_none_is_refused(header: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    with pytest.raises(BadFile):
        check(file)


@pytest.mark.parametrize(
    "listing",
    [
        {"siblings": 5}, {"siblings": [5]}, {"siblings": [{"rfilename": 5}]},
        {"siblings": [{"rfilename": "a.pt", "size": "x"}]},
        {"siblings": [{"rfilename": "a.pt"}], "sha": "../../../x"}, {"siblings": [{"rfilename": "../a.pt"}]},
        {"siblings": [{"rfilename": "\x00.pt"}]}, {"siblings": [{"rfilename": "a" * 5_000 + ".pt"}]}, {"sha": []},
    ],
)  # fmt: skip
def test_a_hub_that_lists_nonsense_is_a_source_that_failed(listing: object) -> None:
    from retrieval.fetch.secrets import Secrets
    from retrieval.fetch.sources import load_sources
    from retrieval.fetch.weights import hub_remote

    class Hub:
        def read_json(self, url: str, headers: object) -> object:
            return listing

    with pytest.raises(SourceError) as refused:
        hub_remote("owner/repository", load_sources(), Hub(), Secrets({}))  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_what_is_saved_is_whole_or_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text("before")

    def write() -> None:
        with whole(file) as fresh:
            fresh.write_text("half")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write()
    assert [one.name for one in tmp_path.iterdir()] == ["answer.json"]
    assert file.read_text() == "before"


# --- batch ---------------------------------------------------------------------------------------------------------


def test_a_batch_told_to_end_says_so_at_once_and_leaves_whole_lines(demo_store, tmp_path: Path) -> None:
    questions, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    questions.write_text("question\n" + "how much of Sweden was woodland in 2018?\n" * 5_000)
    command = [sys.executable, "-m", "agent", "batch", str(questions), "--out", str(out), "--quiet"]
    command += ["--store", str(demo_store.path), "--router", "builtin"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as run:
        while run.poll() is None and not (out.exists() and out.stat().st_size):
            time.sleep(0.02)
        run.terminate()
        _, said = run.communicate(timeout=20)
    assert (run.returncode, said) == (143, "stopped: the question was ended before its answer\n")
    assert finished_ids(out)


def test_a_second_writer_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with alone(out), pytest.raises(BadFile, match="another run"), alone(out):
        pass
    with alone(out):
        pass


def test_only_regular_files_are_written_and_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for out in (Path("/dev/full"), Path("/dev/zero"), tmp_path / "pipe", tmp_path):
        with pytest.raises(BadFile, match="no regular file"), alone(out):
            pass


def test_answers_there_already_are_counted_and_a_cut_line_is_taken_off(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_bytes(b'{"id": "a"}\n{"id": "b"}\n{"id": "c')
    assert finished_ids(out) == {"a", "b"}
    assert out.read_bytes() == b'{"id": "a"}\n{"id": "b"}\n'
    for other in (b"[" * 100_000 + b"\n", b"5\n", b"{}\n", b"\xff\n"):
        out.write_bytes(other)
        with pytest.raises(BadFile, match="something else"):
            finished_ids(out)


# --- what is printed -----------------------------------------------------------------------------------------------


def test_no_control_character_reaches_a_terminal() -> None:
    assert without_controls("a\x1b]0;owned\x07b\x9b2J\u202ec\n") == "a\ufffd]0;owned\ufffdb\ufffd2Jc\n"
    assert one_line(" a\nb\x00 ") == "a b\ufffd"
    value = {"a": "\x9b\u202e\x7fé"}
    assert json.loads(plain_json(json.dumps(value, ensure_ascii=False))) == value
    assert plain_json(json.dumps(value, ensure_ascii=False)).isprintable()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1+cmd", "@x", "\t=1", " =1", "\r=1"])
def test_a_cell_is_no_formula(cell: str) -> None:
    assert str(defused(cell)).startswith("'")
    assert defused("Hérault") == "Hérault"
    assert defused(-5) == -5


def test_an_ascii_locale_prints(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "POSIX", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "retrieval", "status", "--store", str(tmp_path / "Hérault\x1b[2J.duckdb")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stderr
