"""`python -m tests.llm.failures`: what each provider's faults come to, against loopback servers, as a table.

Every line is what a reader sees beside the rules' answer. The servers answer as the real ones document their errors;
none of them is reached.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

from agent.ask import ask
from agent.llm import status
from agent.llm.choice import ModelChoice
from tools.context import Context

QUESTION = "woodland exceeding 40 %: tick the countries"
"""The rules do not read it, and a form can hold it."""
MODELS = {
    "ollama": "ollama:qwen3:4b",
    "openai": "openai:some-model",
    "anthropic": "anthropic:claude-some",
    "mistral": "mistralai:mistral-some",
}
PACKAGES = {"ollama": "langchain_ollama", "openai": "langchain_openai", "anthropic": "langchain_anthropic",
            "mistral": "langchain_mistralai"}  # fmt: skip
KEYS = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "MISTRAL_API_KEY": "k"}
FAULTS = ("wrong key", "no quota", "context overflow", "timeout", "broken stream", "no json_schema", "missing package",
          "no server")  # fmt: skip
FORM = {"source": "published", "measure": "share", "rows": "country", "places": [], "classes": ["C1"], "years": [],
        "without": [], "column": "value", "having": ">", "number": 40, "limit": 0, "order": "most",
        "answer": "rows"}  # fmt: skip
ERRORS: dict[str, tuple[int, str, str]] = {
    "wrong key": (401, "authentication_error", "invalid x-api-key"),
    "no quota": (429, "rate_limit_error", "You exceeded your current quota"),
    "context overflow": (400, "invalid_request_error", "prompt is too long: 9000 tokens > 4096 maximum context length"),
    "no json_schema": (400, "invalid_request_error", "response_format json_schema is not supported by this model"),
}


class Faulty(ThreadingHTTPServer):
    """A server of any provider with one fault."""

    daemon_threads = True

    def __init__(self, fault: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fault, self.asked = fault, list[dict[str, Any]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Faulty
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on stderr."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if self.path == "/api/show":
            return self.send(200, {"model_info": {"q.context_length": 40_960}, "details": {}})
        self.server.asked.append(body)
        fault = self.server.fault
        if fault == "timeout":
            time.sleep(0.9)
            self.close_connection = True
            return None
        if fault == "broken stream":
            return self.broken()
        held = any(key in body for key in ("response_format", "format", "output_config"))
        if fault == "no json_schema" and not held:
            return self.told()
        code, kind, message = ERRORS[fault]
        error: Any = message if self.path == "/api/chat" else {"type": kind, "message": message, "code": kind}
        return self.send(code, {"type": "error", "error": error, "message": message})

    def send(self, code: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def broken(self) -> None:
        """Begin a stream and hang up in the middle."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson" if self.path == "/api/chat" else "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        ollama = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "done": False,
                  "message": {"role": "assistant", "content": "{"}}  # fmt: skip
        start = json.dumps(ollama) + "\n" if self.path == "/api/chat" else ": begins\n\n"
        self.wfile.write(f"{len(start):x}\r\n{start}\r\n".encode())
        self.wfile.flush()
        self.connection.shutdown(2)
        self.close_connection = True

    def told(self) -> None:
        """Stream one good form, in the words of the provider whose path was asked."""
        text = f"Sure:\n```json\n{json.dumps(FORM)}\n```"
        if self.path == "/api/chat":
            spent = {"prompt_eval_count": 9, "eval_count": 9}
            last = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "done": True, "done_reason": "stop",
                    "message": {"role": "assistant", "content": text}, **spent}  # fmt: skip
            lines, kind = json.dumps(last) + "\n", "application/x-ndjson"
        elif self.path.endswith("/messages"):
            usage = {"input_tokens": 9, "output_tokens": 9}
            start = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "m", "usage": usage}
            events: list[dict[str, Any]] = [
                {"type": "message_start", "message": start},
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
                {"type": "content_block_stop", "index": 0},
                {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
                {"type": "message_stop"},
            ]
            lines = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events)
            kind = "text/event-stream"
        else:
            frame = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            said = {"delta": {"role": "assistant", "content": text}, "index": 0, "finish_reason": None}
            end = {"delta": {"content": ""}, "index": 0, "finish_reason": "stop"}
            usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
            parts = [{**frame, "choices": [said]}, {**frame, "choices": [end], "usage": usage}]
            lines = "".join(f"data: {json.dumps(p)}\n\n" for p in parts) + "data: [DONE]\n\n"
            kind = "text/event-stream"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(lines.encode())))
        self.end_headers()
        self.wfile.write(lines.encode())


@contextmanager
def faulty(fault: str) -> Iterator[Faulty]:
    """Serve one fault for a while."""
    server = Faulty(fault)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def without(package: str) -> Iterator[None]:
    """Let a package be as if it were not installed."""
    from langchain.chat_models import base

    known = sys.modules.get(package)
    base._get_chat_model_creator.cache_clear()
    if package:
        sys.modules[package] = None  # ty: ignore[invalid-assignment]
    try:
        yield
    finally:
        base._get_chat_model_creator.cache_clear()
        if package:
            sys.modules.pop(package)
        if package and known:
            sys.modules[package] = known


def line_of(provider: str, fault: str, context: Context) -> tuple[str, str]:
    """Return what planned a question asked of a provider with a fault, and the line that says why."""
    status.longest_context.cache_clear()
    with faulty(fault) as server, mock.patch.dict(os.environ, KEYS):
        url = "http://127.0.0.1:9" if fault == "no server" else server.url
        path = "/v1" if provider in ("openai", "mistral") else ""
        seconds = 0.4 if fault == "timeout" else 60.0
        choice = ModelChoice(MODELS[provider], url + path, timeout_s=seconds)
        with without(PACKAGES[provider] if fault == "missing package" else ""):
            answer = ask(QUESTION, context, router="schema", llm=choice, debug=True)
    why = next((c for c in answer.caveats if "language model" in c), "")
    return answer.router, why.removeprefix("The language model had no part in this answer: ").rstrip(".")


def table(context: Context, line: Callable[[str, str, Context], tuple[str, str]] = line_of) -> str:
    """Return the table as Markdown."""
    lines = ["| provider | fault | what the reader is told | what planned |", "| --- | --- | --- | --- |"]
    for provider in MODELS:
        for fault in FAULTS:
            router, why = line(provider, fault, context)
            lines.append(f"| {provider} | {fault} | {why or '(nothing: the model planned)'} | {router.split(' ')[0]} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, asked of the user's own store."""
    from retrieval.ingest import open_or_build_default

    with open_or_build_default(None) as store:
        print(table(Context.open(store)))


if __name__ == "__main__":
    main()
