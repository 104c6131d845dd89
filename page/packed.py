"""Scripts and styles of the page, packed once and kept: what is the same for everybody is not packed for each anew."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT = (".js", ".css")
MOST_KEPT = 400
"""Files; the page has some seventy."""
PACKS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": partial(brotli.compress, quality=5),
    "gzip": partial(gzip.compress, compresslevel=6),
}
"""Ways to pack, the smallest first. Whoever comes first waits for it: Brotli's step 9 takes ten times as long (0.4 s
for all that a first load asks for) and makes 2 % less of it.
"""


@dataclass(frozen=True)
class Whole:
    """A reply that came whole."""

    headers: Headers
    body: bytes

    def reply(self, asked: Headers) -> Response:
        """The reply to one more who asks, who may have it already."""
        etag = self.headers.get("etag")
        if etag and asked.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(self.body, headers=dict(self.headers))


class Packed:
    """Answers for scripts and styles from memory, as they were sent first."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[tuple[str, str], Whole] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reply from memory, else pass the request on and keep what comes."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].endswith(KEPT):
            return await self.app(scope, receive, send)
        asked = Headers(scope=scope)
        taken = [part.partition(";")[0].strip() for part in asked.get("accept-encoding", "").split(",")]
        way = next((way for way in PACKS if way in taken), "")
        if not way or "range" in asked:
            return await self.app(scope, receive, send)
        known = (str(scope["path"]), way)
        if known not in self.kept:
            whole = await self.fetched(way, scope, receive, send)
            if whole is None:
                return None
            self.kept[known] = whole
        return await self.kept[known].reply(asked)(scope, receive, send)

    async def fetched(self, way: str, scope: Scope, receive: Receive, send: Send) -> Whole | None:
        """The reply of the page itself, packed; None where it is none to keep, and was sent."""
        plain = {b"accept-encoding", b"if-none-match", b"if-modified-since"}
        unpacked = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in plain]}
        said: list[Message] = []

        async def keeping(message: Message) -> None:
            said.append(message)

        await self.app(unpacked, receive, keeping)
        start, parts = said[0], said[1:]
        if start["status"] != 200 or len(self.kept) >= MOST_KEPT:
            for message in said:
                await send(message)
            return None
        body = b"".join(part.get("body", b"") for part in parts)
        headers = MutableHeaders(raw=list(start["headers"]))
        body = await asyncio.to_thread(PACKS[way], body)
        headers["content-encoding"], headers["content-length"] = way, str(len(body))
        headers["vary"] = "Accept-Encoding"
        return Whole(headers, body)
