"""What a file is, told by its first bytes and never by its name. Reads nothing more of it; uses no library.

One recogniser for every door: region files, tables, archives. Each kind says in a few words what it is, for the one
line a person reads when it is not what was asked for.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

BROKEN_ARCHIVE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, NotImplementedError, ValueError,
)  # fmt: skip
"""What reading an archive raises that is cut, damaged, encrypted, or packed in a way Python does not know."""
HEAD = 4096
"""Bytes looked at."""


@dataclass(frozen=True)
class FileKind:
    """What a file is."""

    name: str
    """A short name for code: `geojson`, `json`, `parquet`, `zip`, …"""
    says: str
    """What a person is told it is, to stand after "is"."""


_MAGIC: tuple[tuple[int, bytes, FileKind], ...] = (
    (0, b"PAR1", FileKind("parquet", "a Parquet file")),
    (0, b"ARROW1", FileKind("arrow", "an Arrow (Feather) file")),
    (0, b"fgb\x03", FileKind("flatgeobuf", "a FlatGeobuf file")),
    (0, b"\x1f\x8b", FileKind("gzip", "a gzip file")),
    (0, b"BZh", FileKind("bzip2", "a bzip2 file")),
    (0, b"\xfd7zXZ\x00", FileKind("xz", "an xz file")),
    (0, b"7z\xbc\xaf\x27\x1c", FileKind("7z", "a 7-Zip archive")),
    (0, b"\x28\xb5\x2f\xfd", FileKind("zstd", "a Zstandard file")),
    (0, b"Rar!", FileKind("rar", "a RAR archive")),
    (0, b"%PDF", FileKind("pdf", "a PDF document")),
    (0, b"\x89HDF", FileKind("hdf5", "an HDF5 or NetCDF file")),
    (0, b"CDF", FileKind("netcdf", "a NetCDF file")),
    (0, b"II*\x00", FileKind("tiff", "a TIFF image")),
    (0, b"MM\x00*", FileKind("tiff", "a TIFF image")),
    (0, b"\x89PNG", FileKind("png", "a PNG image")),
    (0, b"\xff\xd8\xff", FileKind("jpeg", "a JPEG image")),
    (0, b"GGUF", FileKind("gguf", "a GGUF model")),
    (0, b"\x7fELF", FileKind("program", "a program")),
    (0, b"MZ", FileKind("program", "a program")),
    (0, b"\xd0\xcf\x11\xe0", FileKind("ole", "an old Office document")),
    (0, b"\x93NUMPY", FileKind("numpy", "a NumPy array")),
    (257, b"ustar", FileKind("tar", "a tar archive")),
    (8, b"DUCK", FileKind("duckdb", "a DuckDB database")),
)
_SHAPE = FileKind("shapefile", "a shapefile")
_GEOPACKAGE = FileKind("geopackage", "a GeoPackage")
_SQLITE = FileKind("sqlite", "an SQLite database, but no GeoPackage")
_ZIP = FileKind("zip", "a zip archive")
_KMZ = FileKind("kmz", "a KMZ file")
_XLSX = FileKind("xlsx", "an Excel workbook")
_DOCUMENT = FileKind("document", "an Office document")
_TORCH = FileKind("torch", "a PyTorch checkpoint")
_EMPTY = FileKind("empty", "empty")
_JSON = FileKind("json", "a JSON file")
_GEOJSON = FileKind("geojson", "a GeoJSON file")
_HTML = FileKind("html", "a web page")
_KML = FileKind("kml", "a KML file")
_XML = FileKind("xml", "an XML file")
_TEXT = FileKind("text", "a text file")
_UTF16 = FileKind("utf-16", "a text file in UTF-16")
_BINARY = FileKind("binary", "a binary file of no form that is known")

_GEOJSON_MARK = re.compile(
    r'"type"\s*:\s*"(FeatureCollection|Feature|(Multi)?(Point|LineString|Polygon)|GeometryCollection)"|"coordinates"\s*:'
)


def kind_of_file(path: Path) -> FileKind:
    """Return what a regular file is.

    Raises:
        OSError: It cannot be opened.
    """
    with path.open("rb") as stream:
        return kind_of_stream(stream)


def kind_of_stream(stream: BinaryIO) -> FileKind:
    """Return what an open, seekable stream holds; it stands at its beginning afterwards."""
    stream.seek(0)
    head = stream.read(HEAD)
    kind = kind_of_head(head)
    if kind is _ZIP:
        kind = _kind_of_zip(stream)
    stream.seek(0)
    return kind


def kind_of_bytes(content: bytes) -> FileKind:
    """Return what some bytes are."""
    kind = kind_of_head(content[:HEAD])
    return _kind_of_zip(io.BytesIO(content)) if kind is _ZIP else kind


def kind_of_head(head: bytes) -> FileKind:
    """Return what a file is by its first bytes; an archive is a `zip` whatever lies in it.

    >>> kind_of_head(b'{"type": "FeatureCollection", "features": [').name, kind_of_head(b"<OGRVRTDataSource>").name
    ('geojson', 'xml')
    >>> kind_of_head(b"PAR1").says, kind_of_head(b"").says
    ('a Parquet file', 'empty')
    """
    if not head:
        return _EMPTY
    if head.startswith(b"SQLite format 3\0"):
        return _GEOPACKAGE if head[68:72] in (b"GPKG", b"GP10", b"GP11") else _SQLITE
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _ZIP
    if head.startswith(b"\x00\x00\x27\x0a"):  # file code 9994, big-endian
        return _SHAPE
    for at, magic, kind in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return kind
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _UTF16
    return _kind_of_text(head)


def _kind_of_text(head: bytes) -> FileKind:
    if b"\0" in head:
        return _BINARY
    text = head.decode("utf-8-sig", errors="replace").lstrip("\ufeff \t\r\n\x1e")
    if not text:
        return _EMPTY
    if text.startswith(("{", "[")):
        return _GEOJSON if text.startswith("{") and _GEOJSON_MARK.search(text) else _JSON
    lower = text.lower()
    if lower.startswith(("<!doctype html", "<html")):
        return _HTML
    if lower.startswith("<"):
        return _KML if "<kml" in lower else _XML
    odd = sum(ord(letter) < 32 and letter not in "\t\r\n\f" for letter in text)
    return _BINARY if odd > len(text) / 50 else _TEXT


def _kind_of_zip(stream: BinaryIO) -> FileKind:
    try:
        with zipfile.ZipFile(stream) as archive:
            names = [name.lower() for name in archive.namelist()[:10_000]]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return _ZIP
    if "[content_types].xml" in names:
        return _XLSX if any(name.startswith("xl/") for name in names) else _DOCUMENT
    if any(name.endswith("/data.pkl") for name in names):
        return _TORCH
    if "doc.kml" in names:
        return _KMZ
    return _ZIP
