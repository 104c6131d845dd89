"""What an Ollama server says of itself: whether it is there, which models it has, how long their contexts are.

Uses the standard library alone, because every question under `--router auto` may come through here.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from agent.llm.choice import CONTEXT_TOKENS, PREFERENCES
from agent.llm.errors import ModelUnavailable
from retrieval.errors import BadArgument
from retrieval.foreign import read_json

PROBE_S = 0.04
"""How long `auto` waits for a server to take a connection, once a process."""
STATUS_S = 3.0
"""How long a server that took the connection may think about which models it has."""
LONGEST_STATUS = 1_000_000
"""Bytes of what a server says of itself."""
MOST_MODELS, LONGEST_NAME = 1_000, 200
NOT_FOR_CHAT = ("embed", "bge-", "minilm", "rerank")


def ollama_url() -> str:
    """Return where Ollama listens: its own variable OLLAMA_HOST, else its usual port."""
    host = os.environ.get("OLLAMA_HOST", "").strip() or "127.0.0.1:11434"
    url = host if "//" in host else f"http://{host}"
    try:
        return (url if urlsplit(url).port else f"{url}:11434").replace("//0.0.0.0", "//127.0.0.1")
    except ValueError:
        return url  # no address: nobody answers there


@lru_cache(maxsize=64)
def longest_context(base_url: str, model: str) -> int:
    """Return the longest context a model was made for.

    Raises:
        ModelUnavailable: no server answers, or it has no such model.
    """
    reply = status(base_url, "/api/show", {"model": model})
    if reply is None:
        raise ModelUnavailable(f"no Ollama server answers at {base_url}; start it with `ollama serve`")
    if "error" in reply:
        there = ", ".join(installed(base_url) or ()) or "none"
        raise ModelUnavailable(f"Ollama has no model {model!r} (it has: {there}); get it with `ollama pull {model}`")
    told = reply.get("model_info")
    lengths = [v for k, v in told.items() if k.endswith(".context_length")] if isinstance(told, dict) else []
    return next((n for n in lengths if isinstance(n, int) and n > 0), CONTEXT_TOKENS)


@lru_cache(maxsize=64)
def parameters(base_url: str, model: str) -> float:
    """Return a model's parameters in billions as its server tells them (`"7.6B"`), 0 where it does not."""
    told = ((status(base_url, "/api/show", {"model": model}) or {}).get("details") or {}).get("parameter_size")
    match = re.fullmatch(r"(\d{1,4}(?:\.\d+)?)([BM])", told) if isinstance(told, str) else None
    return float(match[1]) / (1 if match[2] == "B" else 1000) if match else 0.0


def installed(base_url: str) -> tuple[str, ...] | None:
    """Return the names of a server's chat models, or None where no server answers."""
    reply = status(base_url, "/api/tags")
    models = reply.get("models") if reply else None
    if not isinstance(models, list):
        return None
    names = [m["name"] for m in models[:MOST_MODELS] if isinstance(m, dict) and isinstance(m.get("name"), str)]
    fitting = (n for n in names if n.isprintable() and len(n) <= LONGEST_NAME)
    return tuple(n for n in fitting if n and not any(word in n for word in NOT_FOR_CHAT))


def status(base_url: str, path: str, body: Any = None) -> dict[str, Any] | None:
    """Ask a server about itself; None where nobody listens, or none that makes sense.

    Costs no more than a refused connection where nobody is, and never more than `STATUS_S` and `LONGEST_STATUS` bytes.
    """
    try:
        address = urlsplit(base_url)
        secure = address.scheme == "https"
        port = address.port or (443 if secure else 80)
    except ValueError:
        return None
    ends = time.monotonic() + STATUS_S
    host = address.hostname or "127.0.0.1"
    connection = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(host, port, timeout=STATUS_S)
    try:
        if not secure:
            connection.sock = socket.create_connection((host, port), timeout=PROBE_S if is_here(host) else STATUS_S)
            connection.sock.settimeout(STATUS_S)
        else:
            connection.connect()
        raw = connection.sock  # http.client lets go of it as soon as the reply begins
        connection.request("POST" if body else "GET", address.path + path, json.dumps(body) if body else None)
        late = threading.Timer(max(0.0, ends - time.monotonic()), shut, (raw,))
        late.daemon = True
        late.start()
        try:
            reply = read_json(connection.getresponse().read(LONGEST_STATUS + 1), "the server's status", LONGEST_STATUS)
        finally:
            late.cancel()
        return reply if isinstance(reply, dict) else None
    except (OSError, ValueError, AttributeError, BadArgument, http.client.HTTPException):
        return None
    finally:
        connection.close()


def shut(raw: socket.socket) -> None:
    """End a reply that comes too slowly: whoever reads it reads its end."""
    with suppress(OSError):
        raw.shutdown(socket.SHUT_RDWR)


def is_here(host: str) -> bool:
    """Return whether a host is this machine, where a connection is taken or refused at once."""
    return host in ("localhost", "::1") or host.startswith("127.")


def preferred(names: Sequence[str], preferences: Sequence[str] = PREFERENCES) -> str | None:
    """Return the model that stands first in the preferences, the largest of its family; None where none is there."""
    for family in preferences:
        if fitting := [name for name in names if name.split("/")[-1].startswith(family)]:
            return max(fitting, key=lambda name: (billions(name), name))
    return None


def billions(name: str) -> float:
    """Return a model's size as its name says it (`qwen3:4b`), 0 where it does not; too large ones count as none."""
    digits = "".join(c for c in name.rpartition(":")[2].split("-")[0] if c in "0123456789.")[:8]
    size = float(digits) if digits.count(".") < 2 and digits.strip(".") else 0.0
    return size if size <= LARGEST else 0.0


LARGEST = 14.0
"""Billions of parameters up to which `auto` takes the larger of a family; beyond, an answer takes minutes."""
