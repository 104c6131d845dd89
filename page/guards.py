"""What stands between strangers and the page: whose name it answers to, how much it reads, how long it waits.

Knows no question and no answer. Order, outermost first: hosts, headers, login, bodies.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from page.limits import Limiter
from page.words import preferred_language, words
from retrieval.errors import BadArgument
from retrieval.file_kinds import kind_of_head
from retrieval.foreign import read_json

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_BODY = 2_000_000
"""Bytes of a request that is no upload: a question, a region, the conversations a browser keeps."""
BODY_S = 20.0
"""Seconds for a body to arrive."""
UPLOADS_PER_MINUTE = 12
UPLOAD_FOLDER_TIMES = 10
"""The folder of uploads holds at most so many of the largest file."""
MOST_SESSIONS = 10_000
UPLOADABLE = frozenset(
    ("geojson", "json", "geopackage", "zip", "kmz", "kml", "flatgeobuf", "text", "utf-16", "parquet")
)
"""What an upload may be, by its first bytes: what `retrieval.map_files` may read."""
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port",
             b"x-forwarded-prefix", b"x-forwarded-server", b"x-real-ip")  # fmt: skip
"""Headers by which a proxy says who asked; anybody can write them."""


class Hosts:
    """Serves only under the names it was given: a web site elsewhere cannot make its own name mean this machine.

    Args:
        app: what is behind.
        names: names or addresses, without port; `127.0.0.1`, `localhost` and `::1` need not be given, nor the address
            that a request came in at.
        proxied: whether a proxy is before it, whose headers are believed; without one they are taken off.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = (), proxied: bool = False) -> None:
        self.app, self.proxied = app, proxied
        self.names = {name.lower().strip("[]") for name in (*LOOPBACK, *names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request for one of the names on; answer any other with 421."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        host = hostname(Headers(scope=scope).get("host", ""))
        if host not in self.names and host != str((scope.get("server") or ("",))[0]):
            reply = PlainTextResponse("this server does not go by that name (--name HOST adds one)", 421)
            return await reply(scope, receive, send)
        if not self.proxied:
            kept = [pair for pair in scope["headers"] if pair[0].lower() not in FORWARDED]
            scope = {**scope, "headers": kept}
        try:
            return await self.app(scope, receive, send)
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            # Gradio says "404" in the middle of an event stream: of a session there is none of.
            log.info("a stream ended: %s", error.__cause__)
            return None


def hostname(header: str) -> str:
    """Return the name of a Host header, without its port.

    >>> hostname("Localhost:7860"), hostname("[::1]:7860"), hostname("a.example")
    ('localhost', '::1', 'a.example')
    """
    header = header.strip().lower()
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].rstrip(".")


class Bodies:
    """Reads a request's body before anything else does: within a size, within a time, JSON that is whole.

    Also binds a page's session to the login that began it, and holds uploads to a kind, a rate and a quota.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int, folder: Callable[[], Path] = lambda: upload_folder()) -> None:
        self.app, self.upload_bytes, self.folder = app, upload_bytes, folder
        self.uploads = Limiter(UPLOADS_PER_MINUTE)
        self.owners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a whole and sound request on; answer any other with what is wrong."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        reply, content = await self.looked_at(scope, receive)
        if reply is not None:
            return await reply(scope, receive, send)
        return await self.app(scope, replayed(content, receive), send)

    async def looked_at(self, scope: Scope, receive: Receive) -> tuple[Response | None, bytes]:
        """Return a refusal, or None and the body."""
        path, headers = scope["path"], Headers(scope=scope)
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("session_hash", [""])[0]
        if not self.owns(scope, asked or session_in(path)):
            return PlainTextResponse("this conversation is another person's", 403), b""
        if scope["method"] not in ("POST", "PUT", "PATCH", "DELETE"):
            return None, b""
        upload = path.rstrip("/").endswith("/upload")
        if upload and (refusal := self.no_upload(scope)):
            return refusal, b""
        most = self.upload_bytes + 100_000 if upload else MOST_BODY
        if (said := headers.get("content-length", "")) and (not said.isdecimal() or int(said) > most):
            return PlainTextResponse(f"at most {most:,} bytes are taken", 413), b""
        try:
            content = await asyncio.wait_for(body(receive, most), BODY_S)
        except TimeoutError:
            return PlainTextResponse("the request did not arrive in time", 408), b""
        if content is None:
            return PlainTextResponse(f"at most {most:,} bytes are taken", 413), b""
        if upload:
            return self.wrong_kind(content, headers.get("content-type", "")), content
        return self.wrong_json(scope, content, headers), content

    def wrong_json(self, scope: Scope, content: bytes, headers: Headers) -> Response | None:
        """Return the refusal of a JSON body that is not sound, or of one for another's session; else None."""
        if not content or "json" not in headers.get("content-type", "application/json"):
            return None
        try:
            value = read_json(content, "the request", MOST_BODY)
        except BadArgument as error:
            return Response(json.dumps({"detail": str(error)}), 422, media_type="application/json")
        session = value.get("session_hash") if isinstance(value, dict) else None
        if isinstance(session, str) and not self.owns(scope, session):
            return PlainTextResponse("this conversation is another person's", 403)
        return None

    def owns(self, scope: Scope, session: str) -> bool:
        """Whether this login may use this session; the first one to use it owns it."""
        login = scope.get("landask.login")
        if not session or login is None:
            return True
        owner = self.owners.setdefault(session, login)
        self.owners.move_to_end(session)
        if len(self.owners) > MOST_SESSIONS:
            self.owners.popitem(last=False)
        return owner == login

    def no_upload(self, scope: Scope) -> Response | None:
        """Return the refusal of an upload that comes too soon or finds no room; None where there is."""
        wait = self.uploads.wait(str((scope.get("client") or ("",))[0]))
        if wait:
            wished = preferred_language(Headers(scope=scope).get("accept-language", ""))
            text = words(wished)["too_fast"].format(seconds=int(wait) + 1)
            return PlainTextResponse(text, 429, {"Retry-After": str(int(wait) + 1)})
        held = sum(file.stat().st_size for file in self.folder().rglob("*") if file.is_file())
        if held > UPLOAD_FOLDER_TIMES * self.upload_bytes:
            return PlainTextResponse("no room for uploads now; try again later", 503, {"Retry-After": "60"})
        return None

    def wrong_kind(self, content: bytes, form: str) -> Response | None:
        """Return the refusal of an upload that holds anything but one file that could be a map."""
        _, _, boundary = form.partition("boundary=")
        mark = b"--" + boundary.strip('"; ').encode("latin-1", errors="replace")
        parts = [part.partition(b"\r\n\r\n")[2] for part in content.split(mark)[1:-1]] if boundary else []
        if not 1 <= len(parts) <= 2:
            return PlainTextResponse("one file at a time", 422)
        for part in parts:
            kind = kind_of_head(part.removesuffix(b"\r\n")[:4096])
            if kind.name not in UPLOADABLE and kind.name != "empty":
                return PlainTextResponse(f"it is {kind.says}, no map file", 415)
        return None


async def body(receive: Receive, most: int) -> bytes | None:
    """Return the whole body, or None where it is larger."""
    content = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(content)
        content += message.get("body", b"")
        if len(content) > most:
            return None
        if not message.get("more_body"):
            return bytes(content)


def replayed(content: bytes, receive: Receive) -> Receive:
    """Return what gives a body once more, and after it whatever else is said."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": content, "more_body": False}

    return again


def session_in(path: str) -> str:
    """Return the session that a path names, or ''."""
    _, _, rest = path.partition("/heartbeat/")
    return rest.split("/")[0]


def upload_folder() -> Path:
    """Return where uploads lie: as Gradio reads it."""
    import os

    return Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")


def clear_leftovers(parent: Path, prefix: str) -> None:
    """Delete folders of uploads that an earlier page, ended by force, left behind: those nobody holds."""
    for folder in parent.glob(f"{prefix}*"):
        mark = folder / "pid"
        try:
            pid = int(mark.read_text())
        except (OSError, ValueError):
            continue
        if not _alive(pid):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    import os

    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class Full(Exception):
    """Too many questions wait already."""


class Turns:
    """Lets some questions run at once and some wait, without holding a thread while they do.

    Args:
        at_once: questions that run.
        waiting: questions that may wait; one more is refused.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self.at_once, self.waiting = at_once, waiting
        self._turn = asyncio.Semaphore(at_once)
        self._here = 0

    async def take(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Return what the work comes to, once it is its turn.

        Raises:
            Full: too many wait.
        """
        if self._here >= self.at_once + self.waiting:
            raise Full
        self._here += 1
        try:
            async with self._turn:
                return await work()
        finally:
            self._here -= 1


def patient_protocol(seconds: float = 10.0) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol, made to close a connection whose request does not begin in time."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    base: Any = AutoHTTPProtocol

    class Patient(base):
        """Closes connections that say nothing, or never end their headers."""

        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            """Start the clock."""
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            """Start the clock with a request's first bytes, stop it at the end of its headers."""
            super().data_received(data)
            cycle = getattr(self, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                self._wait_no_more()
            elif self._late is None:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            """Stop the clock."""
            self._wait_no_more()
            super().connection_lost(exc)

        def _wait(self) -> None:
            self._late = self.loop.call_later(seconds, self._give_up)

        def _wait_no_more(self) -> None:
            if self._late:
                self._late.cancel()
                self._late = None

        def _give_up(self) -> None:
            self._late = None
            cycle = getattr(self, "cycle", None)
            if self.transport and (cycle is None or cycle.response_complete):
                self.transport.close()

    return Patient
