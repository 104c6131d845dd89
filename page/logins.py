"""Who may see the page: names with salted password hashes in a file. Asks by HTTP Basic: put TLS before it."""

from __future__ import annotations

import asyncio
import base64
import getpass
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from page.limits import Limiter
from retrieval.errors import BadArgument, BadFile

TRIES_PER_MINUTE = 10
"""Wrong passwords from one address, and for one name."""
MOST_WAITING = 8
"""Passwords that wait to be hashed; one more is told to come again."""
LONGEST_HEADER = 1_000
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
    """Keyed digest of a name and password that were right once → name: scrypt is run once a person, not a request."""
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

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

    def known(self, login: tuple[str, str]) -> str | None:
        """The name of a login that was right before, or None: costs nothing."""
        return self._known.get(self._mark(login))

    def name_of(self, login: tuple[str, str]) -> str | None:
        """The name of a login that is right, or None. Slow on purpose: call it away from the event loop."""
        name, password = login
        salt, hash = self.users.get(name, (b"nobody", b""))
        if not hmac.compare_digest(hashed(password, salt), hash):
            return None
        self._known[self._mark(login)] = name
        return name

    def _mark(self, login: tuple[str, str]) -> bytes:
        return hmac.digest(self._key, "\0".join(login).encode(errors="replace"), "sha256")


def login_of(header: str) -> tuple[str, str] | None:
    """Return name and password of an Authorization header, or None where it is no Basic one.

    >>> login_of("Basic YWRhOnBhc3M="), login_of("Basic é"), login_of("Bearer x")
    (('ada', 'pass'), None, None)
    """
    scheme, _, code = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > LONGEST_HEADER:
        return None
    try:
        name, colon, password = base64.b64decode(code.strip(), validate=True).decode().partition(":")
    except ValueError:  # not ASCII, not base64, not UTF-8
        return None
    return (name, password) if colon else None


class Gate:
    """Lets only known people to the application behind it; `/health` stays open.

    Whoever was wrong too often is refused before anything is hashed, right or wrong, by address and by name; a person
    whose login was right before is not held up by others' guesses.
    """

    def __init__(self, app: ASGIApp, logins: Logins) -> None:
        self.app, self.logins = app, logins
        self.tries = Limiter(TRIES_PER_MINUTE)
        self._hashing = ThreadPoolExecutor(1, "hashing")
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a known person on; ask anyone else who they are."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in OPEN_PATHS:
            return await self.app(scope, receive, send)
        login = login_of(Headers(scope=scope).get("authorization", ""))
        name = self.logins.known(login) if login else None
        if login and not name:
            name, wait = await self.tried(login, str((scope.get("client") or ("",))[0]))
            if wait:
                late = PlainTextResponse("too many tries", 429, headers={"Retry-After": str(int(wait) + 1)})
                return await late(scope, receive, send)
        if name:
            return await self.app({**scope, "landask.login": name}, receive, send)
        ask = {"WWW-Authenticate": 'Basic realm="landask", charset="UTF-8"'}
        return await PlainTextResponse("who are you?", 401, headers=ask)(scope, receive, send)

    async def tried(self, login: tuple[str, str], address: str) -> tuple[str | None, float]:
        """Return the name of a login, None where it is wrong, and the seconds to wait where it is not looked at."""
        people = (f"from {address}", f"for {login[0][:100]}")
        if wait := max(map(self.tries.blocked, people)):
            return None, wait
        if self._waiting >= MOST_WAITING:
            return None, 1.0
        self._waiting += 1
        try:
            name = await asyncio.get_running_loop().run_in_executor(self._hashing, self.logins.name_of, login)
        finally:
            self._waiting -= 1
        if name is None:
            for person in people:
                self.tries.wait(person)
        return name, 0.0
