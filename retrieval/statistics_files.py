"""Files of Eurostat's table LAN_LCV_OVW become canonical rows: `code, land_cover, year, unit, value, flag, cv`.

Reads the bundled Parquet, Eurostat's TSV (`unit,landcover,geo\\TIME_PERIOD`, flags and colons), its SDMX-CSV, and
the plain CSV `unit,class,region,year,value,flag`, each also gzipped. Unit CVA, the coefficient of variation, becomes
the column `cv` of the figure it belongs to; a plain CSV may have it in a file beside it. Figures stay as published:
nothing is computed, filled in or rounded. What the rows mean stands in `retrieval/statistics.py`.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval import parquet
from retrieval.errors import BadFile
from retrieval.region_rows import EUROSTAT_CODE
from retrieval.tables import Table, open_table, printable
from retrieval.types import Dataset

if TYPE_CHECKING:
    import pyarrow as pa

DATASET_ID = "lan_lcv_ovw"
TITLE = "Land cover overview by NUTS 2 region (Eurostat LAN_LCV_OVW)"
LICENCE = "CC BY 4.0"
ATTRIBUTION = "Source: Eurostat (LAN_LCV_OVW), licence CC BY 4.0"
BUNDLED_VERSION = "last update 2025-07-25"
"""Eurostat's own stamp of the bundled table."""

BUNDLED = Path(__file__).parent / "data" / "official_shares"
SHARES_FILE = "shares.parquet"
AREAS_FILE = "areas.parquet"
CV_BESIDE = "lan_lcv_ovw_cv.csv"
"""The coefficients of variation of a plain CSV that has none itself, next to it: class, region, year, cv."""

SHARES_COLUMNS = ("code", "land_cover", "year", "unit", "value", "flag", "cv")
AREAS_COLUMNS = ("code", "year", "area_km2")

UNITS = ("PC", "KM2")
"""Units of figures; rows of others than these and CV_UNIT are passed over."""

CV_UNIT = "CVA"
"""The unit of a figure's coefficient of variation, percent."""

_COLUMNS = {
    "code": ("geo", "region", "code"),
    "land_cover": ("landcover", "land_cover", "class"),
    "year": ("time_period", "time", "year"),
    "unit": ("unit",),
    "value": ("obs_value", "value", "values"),
    "flag": ("obs_flag", "flag"),
}
_DIMENSIONS = ("geo", "landcover", "unit", "freq")
_YEAR = re.compile(r"(19|20)\d\d")
_CODE = re.compile(r"[A-Z]{2}[A-Z0-9_]{0,10}")
_CLASS = re.compile(r"[A-H]\d\d(-\d\d)?(_PI)?")
_FIRST_DAY = re.compile(r"-01-01$")
"""What R writes behind a year."""
_CELL = re.compile(r"(?:(?P<value>:|NA|NaN|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(?P<flag>[a-z]*))?")
_NOT_PUBLISHED = (None, ":", "NA", "NaN")

Row = tuple[str, str, int, str, float, str]
Cell = tuple[str, str, int]
"""Code, land cover, year: what a coefficient of variation belongs to."""


@cache
def shares_schema() -> pa.Schema:
    """Return the types of `SHARES_COLUMNS`."""
    import pyarrow as pa

    return pa.schema(
        [
            ("code", pa.string()),
            ("land_cover", pa.string()),
            ("year", pa.int16()),
            ("unit", pa.string()),  # PC: percent of the region's total area; KM2: square kilometres
            ("value", pa.float64()),
            ("flag", pa.string()),  # as published: '', 'u' low reliability, 'n' not significant, …
            ("cv", pa.float64()),  # coefficient of variation, percent of the figure; null where none is published
        ]
    )


@cache
def areas_schema() -> pa.Schema:
    """Return the types of `AREAS_COLUMNS`."""
    import pyarrow as pa

    return pa.schema([("code", pa.string()), ("year", pa.int16()), ("area_km2", pa.float64())])


@dataclass(frozen=True)
class StatisticsFile:
    """One release of the table: figures, each region's total area, and the stamp."""

    shares: Any
    """An Arrow table, or a data frame of the bundled one: `SHARES_COLUMNS`, one row a published figure."""
    areas: Any
    """Likewise, `AREAS_COLUMNS`: the table's TOTAL in km², the latest year given for each code."""
    dataset: Dataset


def bundled_statistics() -> StatisticsFile:
    """Return the bundled table, for the store of a fresh clone: read without Arrow."""
    file = BUNDLED / SHARES_FILE
    shares, areas = parquet.frame(file), parquet.frame(BUNDLED / AREAS_FILE)
    years = tuple(sorted({int(year) for year in shares["year"].unique()}))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return StatisticsFile(shares, areas, _stamp(len(shares), years, BUNDLED_VERSION, sha256))


def read_statistics(path: str | Path | None = None) -> pa.Table:
    """Return the figures of one file, or the bundled ones."""
    return read_statistics_file(path).shares


def read_region_areas(path: str | Path | None = None) -> pa.Table:
    """Return each code's total area in km²; the bundled areas where the file has none."""
    return read_statistics_file(path).areas


def read_statistics_file(path: str | Path | None = None) -> StatisticsFile:
    """Return figures, areas and stamp of one file; the bundled table when no path is given.

    Raises:
        BadFile: The file is unreadable, of another form, or has rows that fail a check.
    """
    path = Path(path) if path else BUNDLED / SHARES_FILE
    data, content = read_content(path)
    if content[:4] == b"PAR1":
        shares, areas, version = _read_parquet(path, content)
    else:
        shares, areas, version = _read_text(path, content)
    sha256 = hashlib.sha256(data).hexdigest()
    return StatisticsFile(shares, areas, _dataset(shares, version or f"file {sha256[:12]}", sha256))


def read_content(path: Path) -> tuple[bytes, bytes]:
    """Return a file's bytes as they are, and unpacked where it is gzipped.

    Raises:
        BadFile: It cannot be read.
    """
    try:
        data = path.read_bytes()
        return data, gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError, zlib.error) as error:
        raise BadFile(f"cannot read {path.name}: {error}") from error


def release(text: str) -> str:
    """Return Eurostat's own stamp of a table in SDMX-CSV, '' where it has none."""
    stamp = re.search(r"\b(\d\d)/(\d\d)/(\d\d) \d\d:\d\d:\d\d", text[:2000])
    return f"last update 20{stamp[3]}-{stamp[2]}-{stamp[1]}" if stamp else ""


def _dataset(shares: pa.Table, version: str, sha256: str) -> Dataset:
    years = tuple(sorted(set(shares.column("year").to_pylist())))
    return _stamp(shares.num_rows, years, version, sha256)


def _stamp(rows: int, years: tuple[int, ...], version: str, sha256: str) -> Dataset:
    return Dataset(
        id=DATASET_ID,
        title=TITLE,
        version=version,
        licence=LICENCE,
        attribution=ATTRIBUTION,
        sha256=sha256,
        rows=rows,
        years=years,
        bbox=None,
        synthetic=False,
        kind="statistics",
    )


def _read_parquet(path: Path, content: bytes) -> tuple[pa.Table, pa.Table, str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(content))
        if "cv" not in table.column_names:
            table = table.append_column("cv", pa.nulls(table.num_rows, pa.float64()))
        shares = table.select(SHARES_COLUMNS).cast(shares_schema())
    except (pa.ArrowException, KeyError) as error:
        raise BadFile(f"{path.name} has not the columns {', '.join(SHARES_COLUMNS)}: {error}") from error
    stamp = (table.schema.metadata or {}).get(b"version", b"").decode()
    beside = path.with_name(AREAS_FILE)
    return shares, pq.read_table(beside if beside.is_file() else BUNDLED / AREAS_FILE).cast(areas_schema()), stamp


def is_statistics(table: Table) -> bool:
    """Return whether a table has the columns of LAN_LCV_OVW, in any of the forms that are read."""
    names = dimensions(table)
    return {"geo", "landcover", "unit"} <= set(names) if names else not _missing(table)


def _missing(table: Table) -> list[str]:
    """Return the columns, by their first name, that a table of one row a figure would need, too."""
    needed = {ours: names for ours, names in _COLUMNS.items() if ours != "flag"}
    return [names[0] for names in needed.values() if not any(name in table.columns for name in names)]


def _read_text(path: Path, content: bytes) -> tuple[pa.Table, pa.Table, str]:
    table = open_table(path)
    shares, areas = _sorted_out(path, _wide_rows(table) if dimensions(table) else _long_rows(table))
    return shares, areas, release(content[:2000].decode(errors="replace"))


def dimensions(table: Table) -> tuple[str, ...]:
    r"""Return the dimensions that Eurostat's TSV joins in its first column; none of any other table.

    `freq,unit,landcover,geo\TIME_PERIOD` names freq, unit, landcover and geo.
    """
    first = next(iter(table.columns), "")
    return tuple(name.strip("_ ") for name in first.partition("\\")[0].split(",")) if "\\" in first else ()


def wide_figures(table: Table) -> Iterator[tuple[int, dict[str, str], str, float, str]]:
    """Yield line number, dimensions, year, value and flag of each figure in Eurostat's TSV: one column a year."""
    names = dimensions(table)
    for number, row in table.rows(short=True):
        joined, *cells = row.values()
        parts = [part.strip() for part in joined.split(",")]
        if len(parts) != len(names):
            raise BadFile(f"{table.path.name}: line {number} has not the columns of its heading")
        for year, cell in zip(list(row)[1:], cells, strict=True):
            if figure := figure_in(table.path, number, cell):
                yield number, dict(zip(names, parts, strict=True)), year, *figure


def _wide_rows(table: Table) -> Iterator[tuple[int, Row]]:
    names = dimensions(table)
    if set(names) - set(_DIMENSIONS) or not {"geo", "landcover", "unit"} <= set(names):
        raise BadFile(f"{table.path.name} is not LAN_LCV_OVW: its dimensions are {printable(', '.join(names))}")
    for number, key, year, value, flag in wide_figures(table):
        yield number, _row(table.path, number, key["geo"], key["landcover"], year, key["unit"], value, flag)


def _long_rows(table: Table) -> Iterator[tuple[int, Row]]:
    """Yield line number and row of SDMX-CSV or of the plain CSV, by the names of their columns."""
    if missing := _missing(table):
        raise BadFile(f"{table.path.name} is not a table of LAN_LCV_OVW: it has no column {', '.join(missing)}")
    at = {ours: next((name for name in names if name in table.columns), "") for ours, names in _COLUMNS.items()}
    for number, row in table.rows():
        cell = {ours: row.get(name, "") for ours, name in at.items()}
        if table.delimiter == ";":  # only there a comma can be nothing but the decimal point
            cell["value"] = cell["value"].replace(",", ".")
        if cell["value"] and (
            figure := figure_in(table.path, number, f"{cell['value']} {cell['flag'].replace(' ', '')}")
        ):
            code, land_cover, unit = (cell[name].partition(":")[0] for name in ("code", "land_cover", "unit"))
            year = _FIRST_DAY.sub("", cell["year"])
            yield number, _row(table.path, number, code, land_cover, year, unit, *figure)


def figure_in(path: Path, number: int, cell: str) -> tuple[float, str] | None:
    """Return value and flag of one cell; None where it says that nothing is published, whatever its flag."""
    match = _CELL.fullmatch(cell.strip())
    if not match:
        raise BadFile(f"{path.name}: line {number}: {printable(cell.strip())!r} is not a figure")
    if match["value"] in _NOT_PUBLISHED:
        return None
    return float(match["value"]), match["flag"]


def _row(path: Path, number: int, code: str, land_cover: str, year: str, unit: str, value: float, flag: str) -> Row:
    if not _YEAR.fullmatch(year):
        raise BadFile(f"{path.name}: line {number}: {year!r} is not a year")
    if not _CODE.fullmatch(code):
        raise BadFile(f"{path.name}: line {number}: {code!r} is not a region code")
    code = EUROSTAT_CODE.get(code[:2], code[:2]) + code[2:]
    if value < 0 or (unit == "PC" and value > 100.05):
        raise BadFile(f"{path.name}: line {number}: {value:g} {unit} is no share or area")
    return code, land_cover, int(year), unit, value, flag


def _sorted_out(path: Path, rows: Iterable[tuple[int, Row]]) -> tuple[pa.Table, pa.Table]:
    """Return figures and areas: the class TOTAL in km² is a region's area, in percent it says nothing."""
    import pyarrow as pa

    figures: dict[tuple[str, str, int, str], Row] = {}
    areas: dict[str, tuple[int, float]] = {}
    errors: dict[Cell, float] = {}
    for number, row in rows:
        code, land_cover, year, unit, value, _ = row
        if unit == CV_UNIT and land_cover != "TOTAL":
            if row[:3] in errors:
                raise BadFile(f"{path.name}: line {number}: a second figure for {code} {land_cover} {year} {unit}")
            errors[row[:3]] = value
        if unit not in UNITS:
            continue
        if land_cover == "TOTAL":
            if unit == "KM2" and year >= areas.get(code, (0, 0.0))[0]:
                areas[code] = (year, value)
            continue
        if row[:4] in figures:
            raise BadFile(f"{path.name}: line {number}: a second figure for {code} {land_cover} {year} {unit}")
        figures[row[:4]] = row
    if not figures:
        raise BadFile(f"{path.name} holds no figure in percent or km²")
    if not any(_CLASS.fullmatch(land_cover) for _, land_cover, *_ in figures):
        few = ", ".join(sorted({printable(land_cover) for _, land_cover, *_ in figures})[:3])
        raise BadFile(f"{path.name}: none of its classes is one of LAN_LCV_OVW's, as A00 or B82: {few}")
    errors = errors or _cv_beside(path)
    columns = zip(*((*row, errors.get(row[:3])) for row in figures.values()), strict=True)
    schema = shares_schema()
    shares = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    return shares, _areas_table(areas) if areas else _areas_beside(path)


def _cv_beside(path: Path) -> dict[Cell, float]:
    """Return the coefficients of variation of `CV_BESIDE` next to a file, none where it is not there."""
    beside = path.with_name(CV_BESIDE)
    if not beside.is_file():
        return {}
    try:
        with beside.open(encoding="utf-8", newline="") as file:
            return {(r["region"], r["class"], int(r["year"])): float(r["cv"]) for r in csv.DictReader(file)}
    except (OSError, KeyError, ValueError) as error:
        raise BadFile(f"{beside.name} is not a table of class, region, year, cv: {error}") from error


def _areas_table(areas: dict[str, tuple[int, float]]) -> pa.Table:
    import pyarrow as pa

    rows = [(code, year, area) for code, (year, area) in sorted(areas.items())]
    return pa.table(
        [pa.array(c, f.type) for c, f in zip(zip(*rows, strict=True), areas_schema(), strict=True)], areas_schema()
    )


def _areas_beside(path: Path) -> pa.Table:
    """Return the areas of `region_area_km2.csv` next to a file, or the bundled ones."""
    import pyarrow.parquet as pq

    beside = path.with_name("region_area_km2.csv")
    return _areas_csv(beside) if beside.is_file() else pq.read_table(BUNDLED / AREAS_FILE).cast(areas_schema())


def _areas_csv(path: Path) -> pa.Table:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return _areas_table({r["region"]: (int(r["year"]), float(r["area_km2"])) for r in csv.DictReader(file)})
    except (OSError, KeyError, ValueError) as error:
        raise BadFile(f"{path.name} is not a table of region, year, area_km2: {error}") from error
