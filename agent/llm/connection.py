"""An HTTP transport whose connections another thread can break: a stopped question must not wait for a slow model."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import httpcore
import httpx

LONGEST_REPLY = 8_000_000
"""Bytes of one reply: a stream of 512 tokens has a tenth of it."""


class Recorder(httpcore.NetworkBackend):
    """Opens connections as httpcore does, and remembers their sockets."""

    def __init__(self) -> None:
        self.opened: list[httpcore.NetworkStream] = []
        self.is_shut = False
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open one connection."""
        stream = self._plain.connect_tcp(host, port, timeout, local_address, socket_options)
        self.opened.append(stream)
        if self.is_shut:
            self.shut()
        return stream

    def shut(self) -> None:
        """End what is being read, and every connection still to come."""
        self.is_shut = True
        for stream in list(self.opened):
            raw = stream.get_extra_info("socket")
            if isinstance(raw, socket.socket):
                with suppress(OSError):
                    raw.shutdown(socket.SHUT_RDWR)


class Bounded(httpx.SyncByteStream):
    """A reply's bytes, as they come packed, up to `LONGEST_REPLY` of them."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        left = LONGEST_REPLY
        for block in self._stream:
            left -= len(block)
            if left < 0:
                raise httpx.ReadError(f"the reply is larger than {LONGEST_REPLY:,} bytes")
            yield block

    def close(self) -> None:
        """Let go of the connection."""
        self._stream.close()


class Breakable(httpx.HTTPTransport):
    """A transport for one question. `shut` ends what is being read, in whichever thread; the server sees it at once."""

    def __init__(self) -> None:
        super().__init__(verify=False)  # its pool is replaced by one that checks certificates by itself
        self._recorder = Recorder()
        self._pool = httpcore.ConnectionPool(network_backend=self._recorder)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its reply ends in an error once it is larger than any reply can be, or where it is packed."""
        request.headers["accept-encoding"] = "identity"
        response = super().handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise httpx.ReadError("the reply is packed, which was not asked for")
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = Bounded(response.stream)
        return response

    def shut(self) -> None:
        """Break every connection for good. Closing the client would not: a thread waiting in `recv` keeps it open."""
        self._recorder.shut()
