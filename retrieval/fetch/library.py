"""The files a store is made of, kept beside it, and adding to them. Does not fetch.

A store is built whole from its files, so adding one means building anew with one file more: the old store answers
until the new one takes its place. Files are kept in `<store>.files/`, so that a cleared cache or an unplugged disk
takes nothing away; which of them a store consists of is noted inside the store, so that the two cannot disagree.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from retrieval.errors import LandaskError, SourceError, StoreError
from retrieval.fetch.cache import sha256_of
from retrieval.ingest import Progress, Sources, build, silent
from retrieval.kinds import Kind

KINDS: tuple[Kind, ...] = ("lucas", "regions", "pixels", "statistics", "vine_areas", "deals", "weights")


@dataclass(frozen=True)
class Addition:
    """One file to be added."""

    kind: Kind
    path: Path
    slot: str
    """Files of one slot replace each other: a newer release, the same request fetched again."""
    ours: bool = False
    """The file is in the cache, where nobody edits it: it can be linked instead of copied."""


def files_of(store: Path) -> Path:
    """Return the folder of a store's files."""
    return store.with_name(f"{store.name}.files")


def sources_of(store: Path) -> Sources:
    """Return what a store is made of; of the bundled data only where there is no store yet.

    Raises:
        StoreError: The store does not say, or one of its files is gone.
    """
    if not store.is_file():
        return Sources(bundled=True)
    note, real = _look_into(store)
    if note:
        return _parse(json.loads(note), store)
    if not real:
        return Sources(bundled=True)
    raise StoreError(
        f"{store} does not say which files it was built from; build it again with `python -m retrieval build` and all "
        "its files, then add to it"
    )


def _look_into(store: Path) -> tuple[str | None, bool]:
    """Return the note of a store and whether it holds somebody's files; also of one that another version made."""
    try:
        with duckdb.connect(str(store), read_only=True) as connection:
            noted = connection.execute("SELECT value FROM store_meta WHERE key = 'sources'").fetchone()
            real = connection.execute("SELECT count(*) FROM datasets WHERE kind IN ('survey', 'pixels')").fetchone()
    except duckdb.Error as error:
        raise StoreError(f"{store} cannot be read: {str(error).splitlines()[0]}") from error
    return (noted[0] if noted else None), bool(real and real[0])


def add(store: Path, additions: Sequence[Addition], progress: Progress = silent) -> Sources:
    """Build the store anew with these files in it and return all it is now made of. Atomic.

    Raises:
        BadFile: A file fails a check; the store is as it was.
        StoreError: Another build runs, or the disk is full; the store is as it was.
    """
    known = sources_of(store)
    kept = [_keep(addition, files_of(store)) for addition in additions]
    sources = known
    for addition, path in zip(additions, kept, strict=True):
        others = [p for p in getattr(sources, addition.kind) if _slot(p) != addition.slot and p != path]
        sources = replace(sources, **{addition.kind: _ordered(addition.kind, path, others)})
    try:
        build(store, sources, progress)
    except BaseException as error:
        _tidy(store, known)
        if isinstance(error, LandaskError):
            error.args = (_as_brought(str(error), additions, kept),)
        raise
    _tidy(store, sources)
    return sources


def _as_brought(text: str, additions: Sequence[Addition], kept: Sequence[Path]) -> str:
    """Return a message with the files called as the person called them, and not as the store keeps them."""
    for addition, path in zip(additions, kept, strict=True):
        text = text.replace(str(path), str(addition.path)).replace(path.name, addition.path.name)
    return text


def _parse(note: Mapping[str, object], store: Path) -> Sources:
    own = files_of(store)
    found: dict[str, tuple[Path, ...]] = {}
    for kind in KINDS:
        listed = note.get(kind)
        paths = [Path(str(p)) for p in listed] if isinstance(listed, list) else []
        # a store that was moved brings its files' folder along
        paths = [own / p.name if p.parent.name == own.name and not p.exists() else p for p in paths]
        gone = [p for p in paths if not p.exists()]
        if gone:
            raise StoreError(f"{store} was built from {gone[0]}, which is gone: bring it back, or build the store anew")
        found[kind] = tuple(paths)
    return Sources(**found, swapped=bool(note.get("swapped")), bundled=bool(note.get("bundled", note.get("demo"))))


def _keep(addition: Addition, folder: Path) -> Path:
    """Have the file in the store's folder under a name that says slot and content."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = "".join(addition.path.suffixes[-2:]) if addition.path.suffix == ".gz" else addition.path.suffix
    target = folder / f"{addition.slot}.{sha256_of(addition.path)[:12]}{suffix.lower()}"
    if target.is_file() and target.stat().st_size == addition.path.stat().st_size:
        return target
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        _put(addition, fresh)
        fresh.replace(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise SourceError(f"no room for {addition.path.name} in {folder}; the store is as it was") from error
        raise
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _put(addition: Addition, target: Path) -> None:
    if addition.ours:
        try:
            os.link(addition.path, target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(addition.path, target)
    else:
        shutil.copyfile(addition.path, target)


def _ordered(kind: Kind, new: Path, others: Sequence[Path]) -> tuple[Path, ...]:
    """Survey records and pixels: the newest file first, its rows win. Regions: the latest vintage last, it wins."""
    if kind == "regions":
        return tuple(sorted((*others, new), key=lambda path: (_year_in(path), path.name)))
    return (new, *others)


def _year_in(path: Path) -> str:
    years = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", _slot(path))
    return years[0] if years else "9999"  # a person's own areas come after the published ones


def _tidy(store: Path, sources: Sources) -> None:
    """Remove files that the store no longer consists of."""
    folder = files_of(store)
    used = {Path(p).resolve() for kind in KINDS for p in getattr(sources, kind)}
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.is_file() and file.resolve() not in used:
            file.unlink(missing_ok=True)


def _slot(path: Path) -> str:
    return path.name.partition(".")[0]
