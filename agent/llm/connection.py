"""An HTTP transport whose connections another thread can break: a stopped question must not wait for a slow model."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore
import httpx


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


class Breakable(httpx.HTTPTransport):
    """A transport for one question. `shut` ends what is being read, in whichever thread; the server sees it at once."""

    def __init__(self) -> None:
        super().__init__(verify=False)  # its pool is replaced by one that checks certificates by itself
        self._recorder = Recorder()
        self._pool = httpcore.ConnectionPool(network_backend=self._recorder)

    def shut(self) -> None:
        """Break every connection for good. Closing the client would not: a thread waiting in `recv` keeps it open."""
        self._recorder.shut()
