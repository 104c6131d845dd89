"""The tables in a zip file, unpacked each under a name of its own. Does not say what they hold."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from retrieval.errors import BadFile
from retrieval.file_kinds import BROKEN_ARCHIVE, HEAD, FileKind, kind_of_file, kind_of_head
from retrieval.tables import printable

LARGEST_MEMBER = 8 * 1024**3
"""Bytes a table may unpack to: fifteen times the largest there is."""
MOST_TOGETHER = 16 * 1024**3
"""Bytes all tables of one file may unpack to."""
TABLES = frozenset({"text", "gzip", "parquet"})
MAPS = frozenset({"shapefile", "geojson", "json", "geopackage", "flatgeobuf", "kml", "kmz"})
TOLD = 5
"""Names of members that a message has room for."""


def is_archive(file: Path) -> bool:
    """Return whether a file is a zip archive of files, whatever it is called."""
    return file.is_file() and kind_of_file(file).name == "zip"


def members(archive: Path) -> list[tuple[zipfile.ZipInfo, FileKind]]:
    """Return the files in an archive with what each is by its first bytes; without what systems put beside them.

    Raises:
        BadFile: It is damaged or locked.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            return [(member, _kind(opened, member)) for member in opened.infolist() if _is_meant(member)]
    except BROKEN_ARCHIVE as error:
        raise BadFile(f"{archive.name} is not a whole zip file: {_reason(error)}") from error


def unpack(archive: Path, folder: Path) -> list[Path]:
    """Write the tables of a zip file into a folder and return them; each is there whole, or not at all.

    Two of one name get those of their folders before it: `2015/points.csv` becomes `2015-points.csv`.

    Raises:
        BadFile: It is no whole zip file, has no table, or a member that cannot be meant.
    """
    held = members(archive)
    wanted = [member for member, kind in held if kind.name in TABLES]
    if not wanted:
        raise BadFile(f"{archive.name} has no table in it: {told([member.filename for member, _ in held])}")
    if sum(member.file_size for member in wanted) > MOST_TOGETHER:
        raise BadFile(f"{archive.name} would take over {MOST_TOGETHER / 1e9:.0f} GB unpacked")
    target = folder / f"{_slug(archive.stem)}-{_digest(wanted)}"
    names = _names(wanted)
    try:
        with zipfile.ZipFile(archive) as opened:
            return [_unpack_one(opened, member, target / name) for member, name in zip(wanted, names, strict=True)]
    except BROKEN_ARCHIVE as error:
        raise BadFile(f"{archive.name} is not a whole zip file: {_reason(error)}") from error


def told(names: Sequence[str]) -> str:
    """Return some names as a message lists them."""
    return printable(", ".join(names[:TOLD]) + (", …" if len(names) > TOLD else "")) or "it is empty"


def _is_meant(member: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    return not member.is_dir() and "__MACOSX" not in parts and bool(parts) and not parts[-1].startswith(".")


def _kind(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> FileKind:
    with opened.open(member) as stream:
        return kind_of_head(stream.read(HEAD))


def _names(wanted: Sequence[zipfile.ZipInfo]) -> list[str]:
    paths = [PurePosixPath(member.filename.replace("\\", "/")) for member in wanted]
    often = Counter(path.name.casefold() for path in paths)
    named = ["-".join(path.parts) if often[path.name.casefold()] > 1 else path.name for path in paths]
    again = Counter(name.casefold() for name in named)
    return [_slug(name if again[name.casefold()] == 1 else f"{at}-{name}") for at, name in enumerate(named)]


def _slug(name: str) -> str:
    return re.sub(r"[^\w.()-]+", "_", name).lstrip(".")[-100:] or "table"


def _digest(wanted: Sequence[zipfile.ZipInfo]) -> str:
    listed = [(member.filename, member.file_size, member.CRC) for member in wanted]
    return hashlib.sha256(repr(listed).encode()).hexdigest()[:12]


def _unpack_one(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> Path:
    if member.file_size > LARGEST_MEMBER:
        raise BadFile(f"{told([member.filename])} would take {member.file_size / 1e9:.0f} GB unpacked: not a table")
    if target.is_file() and target.stat().st_size == member.file_size:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.new")
    left = member.file_size
    try:
        with opened.open(member) as stream, fresh.open("wb") as out:
            while block := stream.read(1 << 20):
                left -= len(block)
                if left < 0:
                    raise BadFile(f"{told([member.filename])} is larger than its archive says")
                out.write(block)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return printable(lines[0])[:200] if lines else type(error).__name__
