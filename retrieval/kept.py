"""Tables worked out of the program's own files, kept in the user's cache. Never of questions, or of others' files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import platformdirs

T = TypeVar("T")
MOST_KEPT = 8
"""Tables of one name that are kept: of versions of the program that are used side by side."""


def kept(name: str, sources: Iterable[Path | str], make: Callable[[], T]) -> T:
    """Return what `make` returns, as it was kept where its sources are the same to the byte.

    Where nothing can be kept or what is kept cannot be read, it is made anew: the cache may go at any time.

    Args:
        name: of the table; the oldest of this name are removed.
        sources: all it is made of: files, the code too, by their bytes; versions of libraries as text.
        make: returns JSON's own types only: names are text, and there are no tuples.
    """
    digest = sha256()
    for source in sources:
        digest.update(source.read_bytes() if isinstance(source, Path) else source.encode())
        digest.update(b"\0")
    folder = Path(platformdirs.user_cache_dir("landask", appauthor=False)) / "tables"
    file = folder / f"{name}-{digest.hexdigest()[:24]}.json"
    with suppress(OSError, ValueError, RecursionError):
        return json.loads(file.read_bytes())
    made = make()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(f".{os.getpid()}.new")
        aside.write_text(json.dumps(made, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        aside.replace(file)
        for older in sorted(folder.glob(f"{name}-*.json"), key=_written)[:-MOST_KEPT]:
            older.unlink(missing_ok=True)
    return made


def _written(file: Path) -> float:
    """Return when a file was written, in seconds; 0 where it is gone."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
