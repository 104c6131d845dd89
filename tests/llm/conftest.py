"""The language-model tests' world: a demo store, scripted Ollama servers, and a guard against real models."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agent.answer import Answer
from agent.ask import ask
from agent.llm import choose, status
from agent.llm.choice import ModelChoice
from retrieval.store import Store
from tests.llm.ollama_protocol import OllamaServer, serving
from tools.context import Context

REAL_PORTS = {11434, 443, 80}


@pytest.fixture(autouse=True)
def no_real_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test reach a model by accident: no Ollama of this machine, no provider."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and (address[1] in REAL_PORTS or not str(address[0]).startswith("127.")):
            raise ConnectionRefusedError(f"tests reach no model: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


@pytest.fixture(autouse=True)
def fresh_probes() -> Iterator[None]:
    """Forget what an earlier test's server said of itself, of this folder or another."""
    choose.best_served.cache_clear()
    yield
    choose.best_served.cache_clear()
    status.longest_context.cache_clear()


@pytest.fixture(scope="session")
def demo(demo_store: Store) -> Context:
    return Context.open(demo_store)


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[Callable[..., OllamaServer]]:
    """Start Ollama servers that a test scripts; all end with it."""
    started = []

    def start(brain: Any, **more: Any) -> OllamaServer:
        context = serving(brain, **more)
        started.append(context)
        return context.__enter__()

    yield start
    for context in started:
        context.__exit__(None, None, None)


@pytest.fixture
def asked(demo: Context) -> Callable[..., Answer]:
    """Ask the demo world through a server's model; a bug is a traceback."""

    def one(question: str, server: OllamaServer | None, router: str = "schema", **more: Any) -> Answer:
        options = {k: more.pop(k) for k in ("name", "strategy", "timeout_s", "context_tokens") if k in more}
        url = server.url if server else "http://127.0.0.1:9"
        choice = ModelChoice(**{"name": "ollama:qwen3:4b", "base_url": url, "timeout_s": 20.0, **options})
        return ask(question, demo, router=router, llm=choice, debug=True, **more)

    return one
