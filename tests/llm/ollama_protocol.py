"""A small HTTP server that speaks Ollama's protocol: /api/chat (streaming too), /api/tags, /api/show, /api/version and
/api/embed. What it says is a `Brain`'s: scripted in tests, a real GGUF model in `gguf.py`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any


class Gone(Exception):
    """The client hung up."""


@dataclass
class Reply:
    """One reply of a model: pieces of text or tool calls, and how they are told."""

    pieces: Iterator[str] | Sequence[str] = ()
    tool_calls: Sequence[dict[str, Any]] = ()
    prompt_tokens: int = 100
    done_reason: str = "stop"
    status: int = 200
    error: str = ""
    raw: bytes | None = None
    """Sent instead of a reply, as it is."""
    before_s: float = 0.0
    """Seconds of silence before the first piece: a large model reading its prompt."""
    spent: dict[str, int] = field(default_factory=dict)
    """Filled by a real model while its pieces are taken."""


Brain = Callable[[dict[str, Any]], Reply]


class OllamaServer(ThreadingHTTPServer):
    """The server with its models, its brain, and all that it was asked."""

    daemon_threads = True

    def __init__(
        self,
        brain: Brain,
        models: Sequence[str] = ("qwen3:4b",),
        context: int = 40_960,
        port: int = 0,
        digest: str = "",
        parameters: str = "",
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.brain, self.models, self.context, self.digest = brain, tuple(models), context, digest
        self.parameters = parameters
        """How many a model has, as Ollama tells it: `7.2B`."""
        self.chats: list[dict[str, Any]] = []
        self.hits: list[str] = []
        self.hung_up = threading.Event()
        """Set when a client broke a chat off."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: OllamaServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on stderr."""

    def do_GET(self) -> None:
        """Version and tags."""
        self.server.hits.append(self.path)
        if self.path == "/api/version":
            return self.tell({"version": "0.9.0"})
        if self.path == "/api/tags":
            told = {"size": 1, **({"digest": self.server.digest} if self.server.digest else {})}
            return self.tell({"models": [{"name": n, "model": n, **told} for n in self.server.models]})
        return self.tell({"error": "404 page not found"}, 404)

    def do_POST(self) -> None:
        """Chat, show and embed."""
        self.server.hits.append(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        model = body.get("model", "")
        if self.path == "/v1/chat/completions":
            self.server.chats.append(body)
            return self.as_openai(self.server.brain(body))
        if model not in self.server.models:
            return self.tell({"error": f"model '{model}' not found"}, 404)
        if self.path == "/api/show":
            info = {"general.architecture": "qwen3", "qwen3.context_length": self.server.context}
            return self.tell(
                {
                    "model_info": info,
                    "capabilities": ["completion", "tools"],
                    "details": {"parameter_size": self.server.parameters},
                }
            )
        if self.path == "/api/embed":
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            return self.tell({"model": model, "embeddings": [[float(len(t)), 1.0] for t in texts]})
        if self.path != "/api/chat":
            return self.tell({"error": "404 page not found"}, 404)
        self.server.chats.append(body)
        try:
            self.chat(body, self.server.brain(body))
        except (Gone, BrokenPipeError, ConnectionResetError):
            self.server.hung_up.set()
            self.close_connection = True
        return None

    def chat(self, body: dict[str, Any], reply: Reply) -> None:
        """Send one reply: a line a piece, or all at once where no stream was asked for."""
        self.wait(reply.before_s)
        if reply.raw is not None or reply.error:
            data = reply.raw if reply.raw is not None else json.dumps({"error": reply.error}).encode()
            return self.send(data, reply.status)
        last = {"model": body["model"], "created_at": "2026-01-01T00:00:00Z", "done": True}
        said, count = "", 0
        if body.get("stream", True):
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in reply.pieces:
                count += 1
                self.line({**last, "done": False, "message": {"role": "assistant", "content": piece}})
        else:
            for piece in reply.pieces:
                said, count = said + piece, count + 1
        message: dict[str, Any] = {"role": "assistant", "content": said}
        if reply.tool_calls:
            message["tool_calls"] = [{"function": call} for call in reply.tool_calls]
        usage = {"prompt_eval_count": reply.prompt_tokens, "eval_count": count, **reply.spent}
        last |= {"done_reason": reply.done_reason, "message": message, "total_duration": 1, **usage}
        if not body.get("stream", True):
            return self.tell(last)
        self.line(last)
        self.wfile.write(b"0\r\n\r\n")
        return None

    def as_openai(self, reply: Reply) -> None:
        """Send one reply as an OpenAI-compatible server streams it."""
        self.send_response(reply.status)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        frame = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        deltas = [
            {"delta": {"role": "assistant", "content": piece}, "index": 0, "finish_reason": None}
            for piece in reply.pieces
        ]
        usage = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": len(deltas), "total_tokens": 0}
        end = [{"delta": {}, "index": 0, "finish_reason": "stop"}]
        events = [{**frame, "choices": [delta]} for delta in deltas] + [{**frame, "choices": end}]
        for event in [*events, {**frame, "choices": [], "usage": usage}]:
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def wait(self, seconds: float) -> None:
        """Be silent, but notice a client that hangs up."""
        self.connection.settimeout(0.02)
        with suppress(TimeoutError):
            for _ in range(round(seconds / 0.02)):
                with suppress(TimeoutError):
                    if self.connection.recv(1) == b"":
                        raise Gone
        self.connection.settimeout(None)

    def line(self, value: Any) -> None:
        """Send one line of a stream."""
        data = json.dumps(value).encode() + b"\n"
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def tell(self, value: Any, status: int = 200) -> None:
        """Send one JSON value."""
        self.send(json.dumps(value).encode(), status)

    def send(self, data: bytes, status: int = 200) -> None:
        """Send some bytes."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving(brain: Brain, **more: Any) -> Iterator[OllamaServer]:
    """Serve for a while on a free port of this machine."""
    server = OllamaServer(brain, **more)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def script(*replies: Reply | str | dict[str, Any]) -> Brain:
    """Return a brain that gives these replies in turn, the last one for ever; a dict is told as JSON."""
    turn = iter(range(10_000))

    def brain(body: dict[str, Any]) -> Reply:
        reply = replies[min(next(turn), len(replies) - 1)]
        if isinstance(reply, Reply):
            return reply
        text = reply if isinstance(reply, str) else json.dumps(reply)
        return Reply(pieces=[text[at : at + 7] for at in range(0, len(text), 7)])

    return brain


def endless(text: str, pause_s: float = 0.0) -> Iterator[str]:
    """Say the same for ever."""
    while True:
        yield text
        sleep(pause_s)
