"""One file from the network, whole and checked, or an error that says what to do. Does not read what is inside.

A download goes to `<name>.part` with a note of what it is part of beside it. A cut connection, a busy server or a
killed process costs only what had not arrived: the next attempt asks for the rest (`Range`, guarded by `If-Range`).
"""

from __future__ import annotations

import email.utils
import errno
import gzip
import hashlib
import json
import logging
import os
import random
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

import httpx

from retrieval.errors import BadArgument, SourceError
from retrieval.fetch.cache import PART, Cache, Entry, write_atomically
from retrieval.fetch.secrets import Secrets, shown
from retrieval.file_kinds import BROKEN_ARCHIVE
from retrieval.foreign import read_json

log = logging.getLogger(__name__)

Form = Literal["csv", "zip", "gzip", "json", "jpeg", "any"]
OnBytes = Callable[[int, int | None], None]
"""Called with the bytes there are and the bytes there will be, None where the server does not say."""

AGENT = "landask (https://github.com/landask; polite: one connection a file, Range, Retry-After)"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP states that pass: asked again after a wait."""

LARGEST_DOCUMENT = 20_000_000
"""Bytes of a JSON document that is read whole."""
_HEAD = 512
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Remote:
    """A file as it is known before it is fetched."""

    url: str
    name: str
    """Path it gets in the cache."""
    form: Form = "any"
    size: int | None = None
    """Bytes it must have, where the source publishes that."""
    sha256: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """How patient a download is."""

    tries: int = 6
    """Attempts in a row that brought nothing new."""
    first_wait_s: float = 1.0
    """Doubles from attempt to attempt, with a third of it drawn at random."""
    longest_wait_s: float = 120.0
    """A server that asks for more (Retry-After) is given up, with its wish in the message."""
    timeout_s: float = 30.0
    slow_after_s: float = 30.0
    slow_bytes_s: float = 2048.0
    """Slower than this on average for `slow_after_s` counts as a stalled connection: it is made anew."""


class Passing(Exception):
    """A fault that may be gone at the next attempt. Never leaves this module."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class Downloader:
    """Fetches files into a cache. `sleep` is what waits between attempts."""

    def __init__(
        self,
        cache: Cache,
        secrets: Secrets,
        *,
        offline: bool = False,
        policy: Policy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.cache, self.secrets, self.offline = cache, secrets, offline
        self.policy = policy or Policy()
        self._sleep = sleep
        secrets.guard_logs()
        # trust_env: HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and .netrc count as everywhere else.
        self._client = httpx.Client(
            timeout=self.policy.timeout_s, follow_redirects=True, trust_env=True, headers={"User-Agent": AGENT}
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def __enter__(self) -> Downloader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def size(self, remote: Remote) -> int | None:
        """Return how many bytes are still to come: 0 for a file in the cache, None where nobody knows."""
        if self.cache.find(remote.name):
            return 0
        if remote.size is not None or self.offline:
            return remote.size
        try:
            answer = self._client.head(remote.url, headers=_headers(remote))
        except httpx.HTTPError:
            return None
        length = answer.headers.get("content-length")
        return int(length) if answer.is_success and length and length.isdigit() else None

    def get(self, remote: Remote, on_bytes: OnBytes | None = None, refresh: bool = False) -> Path:
        """Return the file, fetched where it is not in the cache; with `refresh`, where the source's has changed.

        Raises:
            SourceError: It cannot be had, or what came is not what was asked for. Nothing half-written is left
                under its name.
        """
        cached = self.cache.find(remote.name)
        if cached and (not refresh or self.offline):
            if remote.sha256 is None or remote.sha256 == cached.sha256:
                return self.cache.path(remote.name)
            self.cache.remove(remote.name)
        if self.offline:
            raise SourceError(
                f"offline, and {remote.name} is not in the cache; fetch it with the network, or bring the file on a "
                "disk and run `python -m retrieval ingest PATH`"
            )
        if cached and self._unchanged(remote, cached):
            return self.cache.path(remote.name)
        path = self.cache.path(remote.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(path):
            if not refresh and self.cache.find(remote.name):  # another process was quicker
                return path
            return self._fetch(remote, path, on_bytes)

    def read_json(self, url: str, headers: Mapping[str, str] | None = None) -> dict:
        """Return a small JSON document, asked for again where the server is busy. It is not cached."""
        if self.offline:
            raise SourceError(f"offline: {shown(url)} cannot be asked")
        failed = 0
        while True:
            try:
                with self._client.stream("GET", url, headers=dict(headers or {})) as answer:
                    _check_status(answer, url)
                    value = read_json(_bounded(answer, url), shown(url), LARGEST_DOCUMENT)
                if not isinstance(value, dict):
                    raise SourceError(f"{shown(url)} did not answer with a JSON object")
                return value
            except (httpx.TransportError, Passing) as fault:
                failed += 1
                self._wait(fault, failed, url)
            except BadArgument as error:
                raise SourceError(f"{shown(url)} did not answer with JSON: {error}") from error

    def _unchanged(self, remote: Remote, cached: Entry) -> bool:
        headers = _headers(remote)
        if cached.etag:
            headers["If-None-Match"] = cached.etag
        elif cached.last_modified:
            headers["If-Modified-Since"] = cached.last_modified
        else:
            return False
        try:
            with self._client.stream("GET", remote.url, headers=headers) as answer:
                return answer.status_code == httpx.codes.NOT_MODIFIED
        except httpx.TransportError as fault:
            log.warning(
                "%s: cannot be asked whether it changed (%s); the cached file is used", shown(remote.url), fault
            )
            return True

    def _fetch(self, remote: Remote, path: Path, on_bytes: OnBytes | None) -> Path:
        part, note = path.with_name(path.name + PART), path.with_name(f"{path.name}{PART}.json")
        failed, spoiled = 0, 0
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                entry = self._attempt(remote, part, note, on_bytes)
                _check_form(part, remote, entry)
                break
            except _Spoiled as fault:
                _forget(part, note)
                spoiled += 1
                if spoiled > 1:
                    raise SourceError(f"{shown(remote.url)}: {fault}; it was fetched twice") from fault
                log.warning("%s: %s; fetched again from its beginning", shown(remote.url), fault)
            except (httpx.TransportError, Passing) as fault:
                now = part.stat().st_size if part.exists() else 0
                failed = 1 if now - before >= _BLOCK else failed + 1
                self._wait(fault, failed, remote.url)
            except OSError as error:
                raise self._disk_error(error, remote, part) from error
        try:
            final = self.cache.put(part, entry)
        except OSError as error:
            raise self._disk_error(error, remote, part) from error
        note.unlink(missing_ok=True)
        return final

    def _attempt(self, remote: Remote, part: Path, note: Path, on_bytes: OnBytes | None) -> Entry:
        known = _read_note(note, remote.url)
        have = part.stat().st_size if part.exists() and known else 0
        if known and known.get("total") is not None and have == known["total"]:
            return _entry(remote, part, known)
        headers = _headers(remote)
        if have:
            headers["Range"] = f"bytes={have}-"
            if known["guard"]:
                headers["If-Range"] = known["guard"]
        with self._client.stream("GET", remote.url, headers=headers) as answer:
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                _forget(part, note)
                raise Passing("the file changed while it was fetched")
            _check_status(answer, remote.url)
            resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
            start, total = _extent(answer, have if resumed else 0)
            if resumed and (start != have or (known["total"] is not None and total not in (None, known["total"]))):
                _forget(part, note)
                raise Passing("the file changed while it was fetched")
            known = _new_note(answer, remote.url, total)
            _check_promise(remote, total, answer)
            _check_room(part, total, start)
            write_atomically(note, json.dumps(known).encode())
            self._save(answer, part, start, total, remote, on_bytes)
        if total is not None and part.stat().st_size != total:
            if part.stat().st_size > total:
                _forget(part, note)
            raise Passing(f"{part.stat().st_size if part.exists() else 'too many'} bytes came of {total}")
        known["total"] = part.stat().st_size
        return _entry(remote, part, known)

    def _save(
        self,
        answer: httpx.Response,
        part: Path,
        start: int,
        total: int | None,
        remote: Remote,
        on_bytes: OnBytes | None,
    ) -> None:
        began, came, head = time.monotonic(), 0, b""
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            for block in answer.iter_raw():
                if start == 0 and len(head) < _HEAD:
                    head += block[: _HEAD - len(head)]
                    _check_not_a_page(head, answer, remote)
                file.write(block)
                came += len(block)
                if on_bytes:
                    on_bytes(start + came, total)
                self._check_pace(came, time.monotonic() - began)
            file.flush()
            os.fsync(file.fileno())

    def _check_pace(self, came: int, seconds: float) -> None:
        policy = self.policy
        if seconds > policy.slow_after_s and came / seconds < policy.slow_bytes_s:
            raise Passing(f"only {came / seconds:.0f} bytes a second came")

    def _wait(self, fault: Exception, failed: int, url: str) -> None:
        policy = self.policy
        reason = self.secrets.clean(str(fault)) or type(fault).__name__
        if failed >= policy.tries:
            raise SourceError(
                f"{shown(url)} failed {failed} times in a row, last: {reason}; what has arrived is kept, run the same "
                "command again to go on"
            ) from fault
        wait = policy.first_wait_s * 2 ** (failed - 1) * (1 + random.random() / 3)
        wanted = fault.wait_s if isinstance(fault, Passing) else None
        if wanted is not None and wanted > policy.longest_wait_s:
            raise SourceError(f"{shown(url)} asks to come back in {wanted:.0f} s; what has arrived is kept") from fault
        wait = min(wait, policy.longest_wait_s) if wanted is None else wanted
        log.warning("%s: %s; again in %.1f s", shown(url), reason, wait)
        self._sleep(wait)

    def _disk_error(self, error: OSError, remote: Remote, part: Path) -> SourceError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return SourceError(
                f"no room for {remote.name} in {self.cache.root}: make room there or name another folder (--cache), "
                "then run the same command again; what has arrived is kept"
            )
        return SourceError(f"{remote.name} cannot be written in {self.cache.root}: {error.strerror}")


class _Spoiled(Exception):
    """What came is whole by its length, but broken."""


def _headers(remote: Remote) -> dict[str, str]:
    # identity: a range of a compressed transfer is not a range of the file
    return {**remote.headers, "Accept-Encoding": "identity"}


def _check_status(answer: httpx.Response, url: str) -> None:
    code = answer.status_code
    if code in PASSING:
        raise Passing(f"the server answered {code}", _retry_after(answer.headers.get("retry-after")))
    if code in (401, 403):
        raise SourceError(f"{shown(url)} does not let us in ({code}); check the keys of this source")
    if code == 404:
        raise SourceError(
            f"{shown(url)} does not exist (404): the source may have moved it; give the new address "
            "with --base, or bring the file on a disk and `ingest` it"
        )
    if not answer.is_success:
        raise SourceError(f"{shown(url)} answered {code}")


def _retry_after(value: str | None) -> float | None:
    """Seconds a Retry-After header asks for: a number, or a date."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _extent(answer: httpx.Response, expected: int) -> tuple[int, int | None]:
    """Where the body begins in the file, and how long the file is."""
    if answer.status_code == httpx.codes.PARTIAL_CONTENT:
        unit, _, rest = answer.headers.get("content-range", "").partition(" ")
        span, _, size = rest.partition("/")
        start = span.partition("-")[0]
        if unit != "bytes" or not start.isdigit():
            raise SourceError(f"{shown(str(answer.url))} answers a range without saying which")
        return int(start), int(size) if size.isdigit() else None
    length = answer.headers.get("content-length", "")
    return expected, int(length) if length.isdigit() else None


def _new_note(answer: httpx.Response, url: str, total: int | None) -> dict:
    etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    guard = etag if etag and not etag.startswith("W/") else modified
    return {"of": _address_digest(url), "total": total, "guard": guard, "etag": etag, "last_modified": modified}


def _read_note(note: Path, url: str) -> dict:
    try:
        known = read_json(note.read_bytes(), "a note of a download")
    except (OSError, BadArgument):
        return {}
    return known if isinstance(known, dict) and known.get("of") == _address_digest(url) else {}


def _address_digest(url: str) -> str:
    """Tell addresses apart without writing a query, which may hold a token, to the disk."""
    return hashlib.sha256(url.encode()).hexdigest()


def _entry(remote: Remote, part: Path, known: Mapping) -> Entry:
    digest = hashlib.sha256()
    with part.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return Entry(
        name=remote.name,
        url=shown(remote.url),
        size=part.stat().st_size,
        sha256=digest.hexdigest(),
        etag=known["etag"],
        last_modified=known["last_modified"],
        fetched=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _forget(part: Path, note: Path) -> None:
    part.unlink(missing_ok=True)
    note.unlink(missing_ok=True)


def _check_promise(remote: Remote, total: int | None, answer: httpx.Response) -> None:
    if remote.size is not None and total is not None and total != remote.size:
        raise SourceError(
            f"{shown(str(answer.url))} has {total} bytes where {remote.size} are published: another edition, or not "
            "the file itself"
        )


def _check_room(part: Path, total: int | None, start: int) -> None:
    if total is not None and shutil.disk_usage(part.parent).free < total - start:
        raise OSError(errno.ENOSPC, "no room")


def _check_not_a_page(head: bytes, answer: httpx.Response, remote: Remote) -> None:
    """A portal's error or consent page comes with status 200 like the file itself."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    page = text.startswith((b"<!doctype html", b"<html")) or (kind == "text/html" and remote.form != "any")
    notice = text.startswith(b"<?xml") and remote.form in ("csv", "zip", "gzip", "json", "jpeg")
    if page or notice:
        raise SourceError(
            f"{shown(remote.url)} sent a web page instead of the file: the source may be down for maintenance or has "
            "moved; open the address in a browser, or bring the file on a disk and `ingest` it"
        )


def _bounded(answer: httpx.Response, url: str) -> bytes:
    """Return the body of a small document."""
    content = b""
    for block in answer.iter_bytes():
        content += block
        if len(content) > LARGEST_DOCUMENT:
            raise SourceError(f"{shown(url)} answered with over {LARGEST_DOCUMENT:,} bytes")
    return content


def _check_form(part: Path, remote: Remote, entry: Entry) -> None:
    if remote.size is not None and entry.size != remote.size:
        raise _Spoiled(f"{entry.size} bytes came of {remote.size}")
    if remote.sha256 is not None and entry.sha256 != remote.sha256:
        raise _Spoiled("its SHA-256 is not the published one")
    fault = FORMS[remote.form](part)
    if fault:
        raise _Spoiled(fault)


def _zip_fault(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except BROKEN_ARCHIVE as error:
        return f"it is not a whole zip file ({error})"
    return f"its member {bad} is damaged" if bad else None


def _gzip_fault(path: Path) -> str | None:
    try:
        with gzip.open(path) as stream:
            while stream.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error) as error:
        return f"it is not a whole gzip file ({error})"
    return None


def _json_fault(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(64).lstrip()
        file.seek(max(0, path.stat().st_size - 64))
        tail = file.read().rstrip()
    return None if head[:1] in (b"{", b"[") and tail[-1:] in (b"}", b"]") else "it is not a whole JSON file"


def _jpeg_fault(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(2)
        file.seek(max(0, path.stat().st_size - 4096))
        tail = file.read()
    return None if head == b"\xff\xd8" and b"\xff\xd9" in tail else "it is not a whole JPEG file"


def _csv_fault(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.strip():
        return "it is empty"
    return "it holds zero bytes: not a text file" if b"\0" in head else None


FORMS: Mapping[Form, Callable[[Path], str | None]] = {
    "csv": _csv_fault,
    "zip": _zip_fault,
    "gzip": _gzip_fault,
    "json": _json_fault,
    "jpeg": _jpeg_fault,
    "any": lambda path: None,
}
"""What a whole file of each form looks like: a function that returns what is wrong with it."""


@contextmanager
def _only_one(path: Path) -> Generator[None]:
    """Hold the one place where this file is fetched; a killed process lets go of it by itself."""
    lock = path.with_name(f"{path.name}{PART}.lock")
    while True:
        with lock.open("wb") as file:
            _lock(file)
            if not lock.exists() or os.fstat(file.fileno()).st_ino != lock.stat().st_ino:
                continue  # the holder before us removed it: hold the new one
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
            return


def _lock(file: IO[bytes]) -> None:
    if os.name != "posix":
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX)
