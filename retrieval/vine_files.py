"""Files of the area under vines become canonical rows: `code, year, area_ha, flag`. Does not read land cover.

Reads Eurostat's APRO_CPSH1 (crop W1000, area in thousand hectares) as TSV or SDMX-CSV, whole or cut to vines, and the
plain CSV `geo,level,year,vineyard_area_ha`, each also gzipped. These are farm statistics: another survey with another
definition than LUCAS, told beside its figures and never mixed with them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from retrieval.catalog import descriptor
from retrieval.errors import BadFile
from retrieval.statistics_files import dimensions, figure_in, read_content, release, wide_figures
from retrieval.tables import Table, open_table
from retrieval.types import Dataset

KIND = "vine_areas"
VINES, AREA = "W1000", "AR"
"""Crop and structure of production: vineyards, area in thousand hectares."""

SCHEMA = pa.schema([("code", pa.string()), ("year", pa.int16()), ("area_ha", pa.float64()), ("flag", pa.string())])
SDMX_COLUMNS = ("crops", "strucpro", "geo", "time_period", "obs_value")
PLAIN_COLUMNS = ("geo", "level", "year", "vineyard_area_ha")
MOST_HA = 10_000_000
"""More than the world has: a larger figure is in another unit."""

Row = tuple[str, int, float, str]

_CODE = re.compile(r"[A-Z]{2}[A-Z0-9_]{0,10}")
_BRACKETED = re.compile(r".+\(([A-Z]{2}[A-Z0-9]{1,3})\)")


@dataclass(frozen=True)
class VineAreas:
    """One release of the area under vines, and its stamp."""

    areas: pa.Table
    """Columns of `SCHEMA`, one row a stated figure."""
    dataset: Dataset

    def latest(self) -> list[Row]:
        """Return each code's latest row, the largest area first."""
        last = {row["code"]: row for row in sorted(self.areas.to_pylist(), key=lambda row: row["year"])}
        return sorted((tuple(row.values()) for row in last.values()), key=lambda row: -row[2])


def read_vine_areas(path: Path) -> VineAreas:
    """Return areas and stamp of one file.

    Raises:
        BadFile: The file is unreadable, of another form, or has rows that fail a check.
    """
    data, content = read_content(path)
    table = open_table(path)
    identifier = "apro_cpsh1_vines"
    if dimensions(table):
        rows = _wide_rows(table)
    elif "vineyard_area_ha" in table.columns:
        rows, identifier = _plain_rows(table), "vine_areas_published"
    else:
        rows = _sdmx_rows(table)
    areas = _table(path, rows)
    sha256 = hashlib.sha256(data).hexdigest()
    stamp = release(content[:2000].decode(errors="replace"))
    return VineAreas(areas, _dataset(identifier, areas, stamp or f"file {sha256[:12]}", sha256))


def is_vine_areas(table: Table) -> bool:
    """Return whether a table has the columns of the area under vines, in any of the forms that are read."""
    present = set(dimensions(table) or table.columns)
    return present >= {"crops", "strucpro", "geo"} or present >= set(PLAIN_COLUMNS)


def _dataset(identifier: str, areas: pa.Table, version: str, sha256: str) -> Dataset:
    known = descriptor(identifier)
    return Dataset(
        id=known.id,
        title=known.title,
        version=version,
        licence=known.licence,
        attribution=known.attribution,
        sha256=sha256,
        rows=areas.num_rows,
        years=tuple(sorted(set(areas.column("year").to_pylist()))),
        bbox=None,
        synthetic=False,
        kind=KIND,
    )


def _wide_rows(table: Table) -> Iterator[tuple[int, Row]]:
    """Yield line number and row of Eurostat's TSV: dimensions joined by commas, then one column a year."""
    _check(table.path, ("crops", "strucpro", "geo"), dimensions(table))
    for number, key, year, value, flag in wide_figures(table):
        if (key["crops"], key["strucpro"]) == (VINES, AREA):
            yield number, _row(table.path, number, key["geo"], year, 1000 * value, flag)


def _sdmx_rows(table: Table) -> Iterator[tuple[int, Row]]:
    _check(table.path, SDMX_COLUMNS, table.columns)
    for number, row in table.rows():
        cell = {name: row[name].partition(":")[0].strip() for name in SDMX_COLUMNS[:4]}
        if (cell["crops"], cell["strucpro"]) != (VINES, AREA):
            continue
        stated = f"{row['obs_value']} {row.get('obs_flag', '')}"
        if row["obs_value"] and (figure := figure_in(table.path, number, stated)):
            yield number, _row(table.path, number, cell["geo"], cell["time_period"], 1000 * figure[0], figure[1])


def _plain_rows(table: Table) -> Iterator[tuple[int, Row]]:
    """Yield line number and row of the plain CSV; a region's code may stand in brackets behind its name."""
    _check(table.path, PLAIN_COLUMNS, table.columns)
    for number, row in table.rows():
        named = _BRACKETED.fullmatch(row["geo"])
        if figure := figure_in(table.path, number, row["vineyard_area_ha"]):
            yield number, _row(table.path, number, named[1] if named else row["geo"], row["year"], *figure)


def _check(path: Path, wanted: Iterable[str], present: Iterable[str]) -> None:
    missing = [name for name in wanted if name not in set(present)]
    if missing:
        raise BadFile(f"{path.name} is no table of the area under vines: it has no column {', '.join(missing)}")


def _row(path: Path, number: int, code: str, year: str, area_ha: float, flag: str) -> Row:
    if not _CODE.fullmatch(code):
        raise BadFile(f"{path.name}: line {number}: {code!r} is not a country or region code")
    if not re.fullmatch(r"(19|20)\d\d", year):
        raise BadFile(f"{path.name}: line {number}: {year!r} is not a year")
    if not 0 <= area_ha <= MOST_HA:
        raise BadFile(f"{path.name}: line {number}: {area_ha:g} ha is no area under vines")
    return code, int(year), round(area_ha), flag


def _table(path: Path, rows: Iterator[tuple[int, Row]]) -> pa.Table:
    figures: dict[tuple[str, int], Row] = {}
    for number, row in rows:
        if row[:2] in figures:
            raise BadFile(f"{path.name}: line {number}: a second figure for {row[0]} {row[1]}")
        figures[row[:2]] = row
    if not figures:
        raise BadFile(f"{path.name} holds no area under vines (crop {VINES}, {AREA})")
    columns = zip(*sorted(figures.values()), strict=True)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)
