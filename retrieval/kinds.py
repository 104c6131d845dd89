"""What a file holds: survey records, pixels, statistics, vine areas, deals or regions. One recogniser for every door.

What a file is, its bytes tell (`retrieval.file_kinds`); what a table holds, its columns. Reads no rows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Literal

from retrieval.archives import MAPS, TABLES, is_archive, members, told, unpack
from retrieval.catalog import descriptors
from retrieval.deal_files import is_export
from retrieval.errors import BadFile
from retrieval.file_kinds import kind_of_file
from retrieval.map_files import shapefile_zipped
from retrieval.statistics_files import is_statistics
from retrieval.tables import Table, is_geoparquet, key_of, open_table
from retrieval.vine_files import is_vine_areas
from retrieval.weight_files import COLUMNS as WEIGHT_COLUMNS

Kind = Literal["lucas", "pixels", "statistics", "vine_areas", "deals", "regions", "weights"]

ENDINGS = (
    ".csv", ".tsv", ".gz", ".parquet", ".parq", ".geoparquet", ".zip", ".geojson", ".json", ".gpkg", ".shp",
    ".fgb", ".kml", ".kmz",
)  # fmt: skip
"""What of a folder is looked at; in a folder lie other things, too."""
STORE_PIXELS = frozenset({"location", "bands", "masked_months", "first_month"})
"""Columns of a file that already is the store's `pixels` table."""
OUTLINES = frozenset({"geometry", "geom", "the_geom", "wkb_geometry", "wkt", "wkt_geom"})


def kind_of(file: Path) -> Kind:
    """Return what a file holds.

    Raises:
        BadFile: It is none of the forms that are read; the message says what it is, or what its columns are.
    """
    if not file.is_file():
        raise BadFile(f"no file {file}")
    if kind_of_file(file).name in MAPS or _holds_maps(file) or _is_wide_json(file):
        return "regions"
    table = open_table(file)
    if table.columns.keys() >= STORE_PIXELS or _fits(table, "pixels"):
        return "pixels"
    if is_statistics(table):
        return "statistics"
    if _fits(table, "deals"):
        return "deals"
    if is_vine_areas(table):
        return "vine_areas"
    if _fits(table, "survey"):
        return "lucas"
    if all(table.columns.keys() & {*names} for names in WEIGHT_COLUMNS.values()):
        return "weights"
    if table.columns.keys() & OUTLINES or is_geoparquet(table):
        return "regions"
    names = table.names()
    raise BadFile(
        f"{file.name} is no file that is known: its columns are {', '.join(names[:10])}"
        f"{', …' if len(names) > 10 else ''}; read are LUCAS tables, NUTS and other outlines, Eurostat's land-cover "
        "table, the area under vines, deals and pixel series (docs/data.md)"
    )


def gather(paths: Sequence[Path], folder: Path, tell: Callable[[str], None]) -> list[tuple[Kind, Path]]:
    """Return every table and map among files, folders and zip files, with what it holds; zips unpack into `folder`.

    Args:
        paths: Files and folders.
        folder: Where the tables of zip files go.
        tell: Called with a line for each file in a zip that is none of these.
    """
    found: list[tuple[Kind, Path]] = []
    for path in paths:
        if is_export(path):
            found.append(("deals", path))
        elif path.is_dir():
            found += gather(sorted(p for p in path.iterdir() if _could_be(p)), folder, tell)
        elif not path.is_file():
            raise BadFile(f"no file {path}")
        elif is_archive(path):
            found += _in_archive(path, folder, tell)
        elif kind_of_file(path).name == "shapefile":
            found.append(("regions", shapefile_zipped(path, folder)))
        else:
            found.append((kind_of(path), path))
    return found


@contextmanager
def unpacked(files: Sequence[Path], kind: Kind) -> Generator[list[Path]]:
    """Give each file as it is, and of each zip file the tables of one kind, for as long as the block runs.

    Raises:
        BadFile: A zip file holds none of this kind.
    """
    with tempfile.TemporaryDirectory(prefix="landask-") as folder:
        tables: list[Path] = []
        for file in files:
            tables += _of_kind(file, kind, Path(folder)) if is_archive(file) else [file]
        yield tables


def _of_kind(archive: Path, kind: Kind, folder: Path) -> list[Path]:
    found = _in_archive(archive, folder, lambda line: None)
    tables = [path for held, path in found if held == kind]
    if not tables:
        raise BadFile(f"{archive} holds {', '.join(sorted({held for held, _ in found}))}, and was named for {kind}")
    return tables


def _in_archive(archive: Path, folder: Path, tell: Callable[[str], None]) -> list[tuple[Kind, Path]]:
    held = members(archive)
    found: list[tuple[Kind, Path]] = [("regions", archive)] if any(kind.name in MAPS for _, kind in held) else []
    faults = []
    for path in unpack(archive, folder) if any(kind.name in TABLES for _, kind in held) else ():
        try:
            found.append((kind_of(path), path))
        except BadFile as error:
            faults.append(str(error))
    if not found:
        inner = [member.filename for member, kind in held if kind.name == "zip"]
        why = f"unpack it, it holds the archive {told(inner)}" if inner else (faults or [told(_names(archive))])[0]
        raise BadFile(f"{archive.name} holds nothing that is read: {why}")
    parts = {PurePosixPath(member.filename).stem for member, kind in held if kind.name == "shapefile"}
    for fault in faults:
        if not any(fault.startswith(f"{stem}.") for stem in parts):
            tell(f"left out of {archive.name}: {fault}")
    return found


def _names(archive: Path) -> list[str]:
    return [member.filename for member, _ in members(archive)]


def _is_wide_json(file: Path) -> bool:
    """Whether a file is JSON in UTF-16, which the reader of maps takes; tables are not read so."""
    if kind_of_file(file).name != "utf-16":
        return False
    with file.open("rb") as stream:
        return stream.read(200).decode("utf-16", errors="ignore").lstrip().startswith("{")


def _holds_maps(file: Path) -> bool:
    return is_archive(file) and any(kind.name in MAPS for _, kind in members(file))


def _fits(table: Table, kind: str) -> bool:
    return any(
        d.kind == kind and d.signature and table.columns.keys() >= set(map(key_of, d.signature)) for d in descriptors()
    )


def _could_be(path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(ENDINGS) and not path.name.startswith(".")
