"""What a file is, told by its columns: survey, pixels, statistics, vine areas or regions. Does not read rows."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from retrieval.catalog import descriptors
from retrieval.deal_files import is_export
from retrieval.errors import BadFile
from retrieval.fetch.lucas import unpack
from retrieval.vine_files import PLAIN_COLUMNS, SDMX_COLUMNS

Kind = Literal["lucas", "pixels", "statistics", "vine_areas", "deals", "regions"]

OUTLINES = (".geojson", ".json", ".gpkg", ".shp", ".fgb")
STORE_PIXELS = frozenset({"location", "bands", "masked_months", "first_month"})
"""Columns of a file that already is the store's `pixels` table."""

_STATISTICS = (
    frozenset({"landcover", "geo", "obs_value"}),
    frozenset({"unit", "class", "region", "year", "value"}),
    frozenset({"code", "land_cover", "year", "unit", "value"}),
)
_TSV = ("landcover", "geo\\time_period")
_VINES = (frozenset(SDMX_COLUMNS), frozenset(PLAIN_COLUMNS))
_VINES_TSV = ("crops", "strucpro", "geo\\time_period")


def kind_of(file: Path) -> Kind:
    """Return what a file is.

    Raises:
        BadFile: It is none of the forms that are read; the message says what its columns are.
    """
    if file.suffix.lower() in OUTLINES:
        return "regions"
    columns = columns_of(file)
    present = {name.lower() for name in columns}
    if present >= STORE_PIXELS or _fits(present, "pixels"):
        return "pixels"
    if any(present >= form for form in _STATISTICS) or _is_eurostat_tsv(columns, _TSV):
        return "statistics"
    if _fits(present, "deals"):
        return "deals"
    if any(present >= form for form in _VINES) or _is_eurostat_tsv(columns, _VINES_TSV):
        return "vine_areas"
    if _fits(present, "survey"):
        return "lucas"
    if "geometry" in present or "geom" in present:
        return "regions"
    raise BadFile(
        f"{file.name} is no file that is known: its columns are {', '.join(columns[:10])}"
        f"{', …' if len(columns) > 10 else ''}; read are LUCAS tables, NUTS and other outlines, Eurostat's land-cover "
        "table, the area under vines, and pixel series (docs/data.md)"
    )


def gather(paths: Sequence[Path], folder: Path) -> list[tuple[Kind, Path]]:
    """Return every table among files, folders and zip files, with what it is; zips are unpacked into `folder`."""
    found: list[tuple[Kind, Path]] = []
    for path in paths:
        if path.is_dir():
            found += gather(sorted(p for p in path.iterdir() if _could_be(p)), folder)
        elif not path.is_file():
            raise BadFile(f"no file {path}")
        elif is_export(path):
            found.append(("deals", path))
        elif path.suffix.lower() == ".zip":
            found += [(kind_of(member), member) for member in unpack(path, folder)]
        else:
            found.append((kind_of(path), path))
    return found


def columns_of(file: Path) -> list[str]:
    """Return a table's column names."""
    with file.open("rb") as stream:
        head = stream.read(4)
    try:
        if head == b"PAR1":
            return pq.read_schema(file).names
        with gzip.open(file) if head[:2] == b"\x1f\x8b" else file.open("rb") as stream:
            line = stream.readline(200_000).decode("utf-8-sig", errors="replace")
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise BadFile(f"{file.name} cannot be read: {str(error).splitlines()[0]}") from error
    if line.lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
        raise BadFile(f"{file.name} is a web page, not a table: download it again")
    delimiter = "\t" if "\t" in line else max((",", ";"), key=line.count)  # a TSV of Eurostat's has commas, too
    return [name.strip().strip('"') for name in line.rstrip("\r\n").split(delimiter)]


def _fits(present: set[str], kind: str) -> bool:
    return any(d.kind == kind and d.signature and present.issuperset(d.signature) for d in descriptors())


def _is_eurostat_tsv(columns: Sequence[str], parts: Sequence[str]) -> bool:
    first = columns[0].lower() if columns else ""
    return all(part in first for part in parts)


def _could_be(path: Path) -> bool:
    suffixes = (".csv", ".tsv", ".gz", ".parquet", ".zip", *OUTLINES)
    return path.is_file() and path.name.lower().endswith(suffixes) and not path.name.startswith(".")
