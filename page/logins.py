"""Who may see the page: names with salted password hashes in a file. Asks by HTTP Basic: put TLS before it."""

from __future__ import annotations

import base64
import binascii
import getpass
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from page.limits import Limiter
from retrieval.errors import BadArgument, BadFile

TRIES_PER_MINUTE = 10
"""Wrong passwords from one address."""
OPEN_PATHS = ("/health",)


def hashed(password: str, salt: bytes) -> bytes:
    """The password's hash: scrypt, slow on purpose."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def line_of(name: str, password: str) -> str:
    """A line of the file: `name:salt:hash`, both in hex."""
    salt = secrets.token_bytes(16)
    return f"{name}:{salt.hex()}:{hashed(password, salt).hex()}"


def add_user(file: Path, name: str) -> None:
    """Ask for a password on the terminal and write it, hashed, into the file.

    Raises:
        BadArgument: a name with a colon, or an empty password.
    """
    password = getpass.getpass(f"password for {name}: ")
    if ":" in name or not password:
        raise BadArgument("a name holds no colon and a password is not empty")
    kept = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    lines = [line for line in kept if line.split(":")[0] != name] + [line_of(name, password)]
    file.touch(mode=0o600, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass
class Logins:
    """Names and their password hashes."""

    users: Mapping[str, tuple[bytes, bytes]]
    """Name → salt, hash."""
    _known: dict[bytes, str] = field(default_factory=dict, repr=False)
    """Digest of a header that was right once → name: scrypt is run once a person, not once a request."""

    @classmethod
    def read(cls, file: Path) -> Logins:
        """Read the file that `--add-user` writes.

        Raises:
            BadFile: it cannot be read or a line is not `name:salt:hash`.
        """
        users = {}
        try:
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.strip():
                    name, salt, hash = line.strip().split(":")
                    users[name] = (bytes.fromhex(salt), bytes.fromhex(hash))
        except (OSError, ValueError) as error:
            raise BadFile(f"{file.name}: not a file of logins; make one with --add-user NAME") from error
        if not users:
            raise BadFile(f"{file.name}: no login in it; add one with --add-user NAME")
        return cls(users)

    def name_of(self, header: str) -> str | None:
        """The name of an Authorization header, or None where it opens nothing."""
        mark = hashlib.sha256(header.encode()).digest()
        if mark in self._known:
            return self._known[mark]
        scheme, _, code = header.partition(" ")
        try:
            name, _, password = base64.b64decode(code, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        salt, hash = self.users.get(name, (b"nobody", b""))
        right = hmac.compare_digest(hashed(password, salt), hash)
        if scheme.lower() != "basic" or not right:
            return None
        self._known[mark] = name
        return name


class Gate:
    """Lets only known people to the application behind it; `/health` stays open."""

    def __init__(self, app: ASGIApp, logins: Logins) -> None:
        self.app, self.logins = app, logins
        self.tries = Limiter(TRIES_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a known person on; ask anyone else who they are."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in OPEN_PATHS:
            return await self.app(scope, receive, send)
        header = Headers(scope=scope).get("authorization", "")
        if header and self.logins.name_of(header):
            return await self.app(scope, receive, send)
        address = (scope.get("client") or ("",))[0]
        status = 429 if header and self.tries.wait(address) else 401
        ask = {"WWW-Authenticate": 'Basic realm="landask", charset="UTF-8"'} if status == 401 else {}
        reply = PlainTextResponse("who are you?" if status == 401 else "too many tries", status, headers=ask)
        return await reply(scope, receive, send)
