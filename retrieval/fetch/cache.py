"""Downloaded files on disk, with a size limit. Does not download.

A file counts only together with its `.meta.json`, which is written before the file gets its final name: whatever is
cut off in between is taken up or thrown away by the next run, never mistaken for a whole file.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from retrieval.errors import BadArgument
from retrieval.foreign import read_json, record

META = ".meta.json"
PART = ".part"
DEFAULT_LIMIT = 20 * 1024**3
"""Bytes: a year of LUCAS (0.5 GB), NUTS, statistics and the pixels of a few regions."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One whole file in the cache."""

    name: str
    """Path inside the cache: `lucas/EU_LUCAS_2022.zip`."""
    url: str
    size: int
    sha256: str
    etag: str = ""
    last_modified: str = ""
    fetched: str = ""
    """When, UTC, ISO 8601."""


class Cache:
    """A folder of downloaded files, the least recently used of which give way."""

    def __init__(self, root: str | Path, limit: int = DEFAULT_LIMIT) -> None:
        self.root, self.limit = Path(root), limit
        self._kept: set[str] = set()

    def path(self, name: str) -> Path:
        """Return where a file of this name lies or will lie."""
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise BadArgument(f"a cached file cannot be called {name!r}")
        return path

    def find(self, name: str) -> Entry | None:
        """Return the whole file of this name, or None. It will not be removed by this run."""
        path = self.path(name)
        entry = _read_meta(path)
        if entry is None or not path.is_file() or path.stat().st_size != entry.size:
            return None
        os.utime(_meta(path))
        self._kept.add(name)
        return entry

    def put(self, part: Path, entry: Entry) -> Path:
        """Give a finished download its place. Atomic: the file is there whole, or not at all."""
        path = self.path(entry.name)
        write_atomically(_meta(path), json.dumps(asdict(entry), indent=1).encode())
        part.replace(path)
        _sync_folder(path.parent)
        self._kept.add(entry.name)
        self.trim()
        return path

    def entries(self) -> Iterator[tuple[Entry, float]]:
        """Every whole file with the time of its last use, least recently used first."""
        found = []
        for meta in self.root.rglob(f"*{META}") if self.root.is_dir() else ():
            entry = _read_meta(meta.with_name(meta.name.removesuffix(META)))
            if entry is not None and self.path(entry.name).is_file():
                found.append((entry, meta.stat().st_mtime))
        yield from sorted(found, key=lambda pair: pair[1])

    def size(self) -> int:
        """Return the bytes the folder takes, unfinished downloads included."""
        return sum(f.stat().st_size for f in self.root.rglob("*") if f.is_file()) if self.root.is_dir() else 0

    def trim(self) -> list[str]:
        """Remove the least recently used files until the limit holds; never one that this run has touched."""
        removed, size = [], self.size()
        for entry, _ in self.entries():
            if size <= self.limit:
                break
            if entry.name in self._kept:
                continue
            self.remove(entry.name)
            removed.append(entry.name)
            size -= entry.size
        return removed

    def remove(self, name: str) -> None:
        """Remove one file with all that belongs to it."""
        path = self.path(name)
        for file in (path, _meta(path), *path.parent.glob(f"{path.name}{PART}*")):
            file.unlink(missing_ok=True)

    def clear(self, source: str | None = None, older_than_days: float | None = None) -> tuple[int, int]:
        """Remove everything, or what one source left, or what is old. Return the number of files and bytes."""
        root = self.path(source) if source else self.root
        files = [f for f in root.rglob("*") if f.is_file()] if root.is_dir() else []
        if older_than_days is not None:
            born = time.time() - older_than_days * 86_400
            files = [f for f in files if f.stat().st_mtime < born]
        size = sum(f.stat().st_size for f in files)
        for file in files:
            file.unlink(missing_ok=True)
        for folder in sorted((d for d in root.rglob("*") if d.is_dir()), reverse=True) if root.is_dir() else ():
            if not any(folder.iterdir()):
                folder.rmdir()
        return len(files), size


def default_cache_folder() -> Path:
    """Return where downloads lie when no folder is given."""
    return Path(platformdirs.user_cache_dir("landask", appauthor=False)) / "downloads"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a small file so that it is there whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _meta(path: Path) -> Path:
    return path.with_name(path.name + META)


def _read_meta(path: Path) -> Entry | None:
    try:
        return record(Entry, read_json(_meta(path).read_bytes(), "a note of the cache"), "a note of the cache")
    except (OSError, BadArgument):
        return None


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
