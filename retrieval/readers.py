"""Survey and pixel files become canonical, checked rows. Does not know regions and does not write the store.

What a file's columns are called stands in its descriptor (`retrieval/catalog/*.toml`), not here. Every row is
checked; what was found is a `Finding`, what cannot stand is refused with the row numbers (row 1 follows the header).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj

from retrieval.catalog import Descriptor, recognise
from retrieval.errors import BadFile
from retrieval.region_rows import eurostat_code
from retrieval.tables import Table, open_table, printable
from retrieval.types import Dataset

RECORD_COLUMNS = (
    "point_id", "year", "lon", "lat", "x", "y", "lc1", "lc2", "lu1", "lu2", "obs_type", "obs_date", "elevation",
    "nuts0", "nuts1", "nuts2", "nuts3", "photos",
)  # fmt: skip
NUTS = ("nuts0", "nuts1", "nuts2", "nuts3")

GRID_TOLERANCE_M = 100
"""How far a position may lie from the grid point its id names: ids are whole kilometres, files round to about 1 m."""

MISPLACED_SHARE = 0.01
"""Above this share of rows off their grid point, or with something else for a code, the file is refused; below it those
rows are dropped, or the codes set to null, and reported."""
WHAT = {"lc1": "land cover", "lu1": "land use"}
"""The columns of codes that a record is kept for."""

YEARS = range(2001, 2101)
STRAY_SHARE = 0.05
"""Up to this share of a file's dates is of visits before or after the year of the survey."""
PLACEHOLDERS = frozenset(
    "88.888888 8888 88888 -9999 -999 -99 -9 -1 NA N/A NaN nan NULL null None none . - ?".split()  # noqa: SIM905
)
"""What stands for nothing, in whichever column, in LUCAS files and in what the tools they pass through write."""
PLACEHOLDER_NUMBERS = (88.888888, 8888.0, 88888.0, -9999.0, -99999.0)
"""Of these what can be no position and no elevation: one degree west and one metre below the sea can be."""
DAY_FIRST = ("%d/%m/%y", "%d/%m/%Y", "%d-%m-%Y", "%d-%m-%y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S")
MONTH_FIRST = ("%m/%d/%y", "%m/%d/%Y", "%m-%d-%Y", "%m-%d-%y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S")
DATE_FORMS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y/%m/%d", "%Y%m%d",
    "%d.%m.%Y", "%d.%m.%y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y",
)  # fmt: skip
"""Forms of a date that can be meant in one way only."""
MONTH_FORMS = ("%Y-%m", "%Y/%m", "%Y%m", *DATE_FORMS)
FRACTION_AND_ZONE = r"(?<=\d\d:\d\d)(?:\.\d+)?\s*(?:Z|[+-]\d\d(?::?\d\d)?)?$"
"""What a day does not need of a time: fractions of a second, and the zone."""
CODE = re.compile(r"[A-H][\dX]\d(?:_PI)?|B\d0-\d0_PI|U\d{3}")
"""The form of a LUCAS code; what has not this form is no code."""
LABELLED = re.compile(r"([A-H][\dX]\d(?:_PI)?|B\d0-\d0_PI|U\d{3})\s*[-–—:;,.=(|/\s]\s*\D.*", re.DOTALL)
"""A code with its label behind it: `B82 - Vineyards`."""
SPACED = re.compile(r"([A-H]|U)[\s.]+([\dX]\d|\d{3})")
"""A code with a gap after its letter: `B 82`."""
KEPT_NAME = re.compile(r"\.[0-9a-f]{12}(?=\.)")
"""What a file's name gets beside a store: the beginning of its digest, in which no year stands."""

BANDS = ("B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B11", "B12")
"""The order of bands within a month, surface reflectance x 10 000."""

MISSING = 65535
"""No value, in `pixels.bands`."""

MOST_REFLECTANCE = 2.0
"""No surface reflects more, but for glints: values that end here are not yet multiplied by 10,000."""

MONTHS = 12
PIXEL_COLUMNS = (
    "location", "lon", "lat", "year", "point_id", "lc_label", "bands", "masked_months", "missing_bands", "first_month",
    "source", "source_label",
)  # fmt: skip

EUROPE = (-32.0, 27.0, 46.0, 72.5)
"""West, south, east, north of where LUCAS and its pixels can lie, outermost islands included; degrees, EPSG:4326."""

EXAMPLES = 5
LONGEST_EXAMPLE = 60
"""Characters of a cell that is told."""


@dataclass(frozen=True)
class Finding:
    """What one check of one source found."""

    dataset: str
    check: str
    rows: int
    action: str
    """`kept`, `set to null`, `dropped` or `none needed`."""
    detail: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Survey:
    """The records of one source, with `RECORD_COLUMNS`, and its stamp."""

    records: pd.DataFrame
    dataset: Dataset
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Pixels:
    """The pixel years of one source, as rows of the store's table, and its stamp."""

    rows: pd.DataFrame
    dataset: Dataset
    findings: tuple[Finding, ...]


def read_survey(file: str | Path, swapped: bool = False) -> Survey:
    """Read and check one survey file of any known form.

    Args:
        file: Parquet or CSV.
        swapped: The file's latitude and longitude are known to be swapped: take them the other way round.

    Raises:
        BadFile: It cannot be read, has no known form, or its axes are swapped and `swapped` was not said.
    """
    file = Path(file)
    table = open_table(file)
    known = recognise(table.columns, "survey", file)
    report = _Report(known.id)
    records = _canonical(table, known, report)
    if swapped:
        records = records.rename(columns={"lon": "lat", "lat": "lon"})
    records = _numbered(records, known, report, table)
    records = _positioned(records, known, report, file)
    records = _coded(records, report, file)
    records = _once(records, report)
    return Survey(records[list(RECORD_COLUMNS)], stamped(known, file, records), tuple(report.findings))


def sha256(file: Path) -> str:
    """Return a file's SHA-256."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Report:
    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        self.findings: list[Finding] = []

    def add(self, check: str, rows: int, action: str, detail: str, examples: Iterable[Any] = ()) -> None:
        few = tuple(printable(str(one)[:LONGEST_EXAMPLE]) for one in list(examples)[:EXAMPLES])
        self.findings.append(Finding(self.dataset, check, int(rows), action if rows else "none needed", detail, few))


def _canonical(table: Table, known: Descriptor, report: _Report) -> pd.DataFrame:
    """Return the file's rows under our names, columns it has not being null; the index is the row number."""
    taken = {ours: _present(theirs, table) for ours, theirs in known.columns.items()}
    raw = table.read(sorted({name for names in taken.values() for name in names}))
    raw.index = pd.RangeIndex(1, len(raw) + 1)
    records = pd.DataFrame(index=raw.index)
    for ours in (*RECORD_COLUMNS, "hemisphere"):
        names = taken.get(ours, [])
        if ours == "photos":
            records[ours] = _lists(raw, names)
        else:
            records[ours] = raw[names[0]] if names else None
    return _cleaned(records, known, table, report)


def _present(theirs: str | Sequence[str], table: Table) -> list[str]:
    wanted = [theirs] if isinstance(theirs, str) else theirs
    return [name for name in wanted if name in table.columns]


def _lists(raw: pd.DataFrame, names: Sequence[str]) -> pd.Series | None:
    if not names:
        return None
    rows = zip(*(raw[name] for name in names), strict=True)
    return pd.Series([[one for one in row if isinstance(one, str) and one] or None for row in rows], raw.index)


def _cleaned(records: pd.DataFrame, known: Descriptor, table: Table, report: _Report) -> pd.DataFrame:
    """Give each column its type; what stands for nothing in this source becomes null."""
    nothing = {*known.read.get("null_values", ()), *PLACEHOLDERS, ""}
    for name in ("lc1", "lc2", "lu1", "lu2", "obs_type", *NUTS):
        text = _text(records[name])
        records[name] = text.mask(text.isin(nothing))
    for name in NUTS:
        records[name] = _mapped(records[name], eurostat_code)
    records["obs_type"] = records["obs_type"].replace(known.read.get("obs_type", {}))
    records["obs_date"] = _dates(records["obs_date"], known.read.get("dates", ()), nothing, report)
    for name in ("lon", "lat", "elevation"):
        records[name] = _numbers_of(records[name], thousands=table.delimiter == ",")
        records[name] = records[name].mask(records[name].isin(PLACEHOLDER_NUMBERS))
    west = records.pop("hemisphere").astype("string").str.upper().str.startswith("W").fillna(False)
    records["lon"] = records["lon"].mask(west & (records["lon"] > 0), -records["lon"])
    records["elevation"] = _whole(records["elevation"])
    records["year"] = _years(records, known, table.path)
    return records


def _text(values: pd.Series) -> pd.Series:
    """Return values as text without the space around them; whole numbers written as fractions (8.0) as whole."""
    return values.astype("string").str.strip().str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)


def _mapped(text: pd.Series, spelled: Callable[[str], str]) -> pd.Series:
    """Return each text as `spelled` writes it; what occurs often is worked out once."""
    return text.map({one: spelled(one) for one in text.dropna().unique()}).astype("string")


def _numbers_of(values: pd.Series, thousands: bool) -> pd.Series:
    """Return the numbers of a column of text or numbers; with a comma for the decimal point or, if said, thousands."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float).replace([np.inf, -np.inf], np.nan)
    text = values.astype("string").str.strip()
    if text.str.contains(",", regex=False).any():
        grouped = text.str.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?").fillna(False) & thousands
        text = text.mask(grouped, text.str.replace(",", "", regex=False)).str.replace(",", ".", regex=False)
    return pd.to_numeric(text, errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)


def _whole(values: pd.Series) -> pd.Series:
    """Return numbers as whole ones; null what 32 bits cannot hold."""
    return values.where(values.abs() < 2**31).round().astype("Int32")


def _dates(values: pd.Series, formats: Sequence[str], nothing: set[str], report: _Report) -> pd.Series:
    """Return dates in whichever of the known forms they are; those that are in none become null, and are told.

    The day comes before the month, unless more dates can be read with the month first: 12/31/18 says how all of a file
    are meant.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.tz_localize(None)
    text = values.astype("string").str.strip()
    text = text.mask(text.isin(nothing))
    found = _parsed(text, (*formats, *DAY_FIRST, *DATE_FORMS))
    if found.isna().sum() > text.isna().sum():
        turned = _parsed(text, (*MONTH_FIRST, *DATE_FORMS))
        found = turned if turned.notna().sum() > found.notna().sum() else found
    unread = text.notna() & found.isna()
    report.add("observation date", unread.sum(), "set to null", "in no form that is read", text[unread].unique())
    return found


def _parsed(text: pd.Series, forms: Iterable[str]) -> pd.Series:
    text = text.str.replace(FRACTION_AND_ZONE, "", regex=True)
    found = pd.Series(pd.NaT, text.index, dtype="datetime64[s]")
    for form in dict.fromkeys(forms):
        left = found.isna() & text.notna()
        if not left.any():
            break
        read = pd.to_datetime(text[left], format=form, errors="coerce")
        found[left] = read.where(read.dt.year.isin(YEARS)).dt.normalize().astype("datetime64[s]")
    return found


def _years(records: pd.DataFrame, known: Descriptor, file: Path) -> pd.Series:
    """Return each row's survey year: the column's, the descriptor's, the one in the file's name, or that of its date.

    Dates of several years in one file say which row is of which survey, whatever the file is called.
    """
    stated = _whole(_numbers_of(records["year"], thousands=False))
    if stated.notna().any():
        return stated
    said = known.read.get("year")
    if isinstance(said, int):
        return pd.Series(said, records.index, dtype="Int32")
    dated = records["obs_date"].dt.year.astype("Int32")
    surveys = _survey_years(dated)
    if len(surveys) > 1:
        nearest = {year: min(surveys, key=lambda survey: abs(survey - year)) for year in dated.dropna().unique()}
        return dated.map(nearest).astype("Int32")
    named = {int(year) for year in re.findall(r"(?<!\d)20\d\d(?!\d)", KEPT_NAME.sub("", file.name))}
    if len(named) != 1 and not surveys:
        many = f"its name says {', '.join(map(str, sorted(named)))}" if named else "put the year into the file name"
        raise BadFile(f"{file}: no survey year in its columns, dates or name; {many}")
    return pd.Series(named.pop() if len(named) == 1 else surveys[0], records.index, dtype="Int32")


def _survey_years(dated: pd.Series) -> list[int]:
    """Return the years of the surveys that dates are of. A survey may go on into the next year; no two are so near."""
    counts = dated.value_counts()
    surveys: list[int] = []
    for year in counts.index[counts > STRAY_SHARE * counts.sum()]:
        if all(abs(int(year) - other) > 1 for other in surveys):
            surveys.append(int(year))
    return surveys


def _numbered(records: pd.DataFrame, known: Descriptor, report: _Report, table: Table) -> pd.DataFrame:
    """Give every row its point id and year; rows without are dropped."""
    text = records["point_id"]
    if prefix := known.read.get("id_prefix"):
        text = text.astype("string").str.removeprefix(prefix)
    ids = _numbers_of(text, thousands=table.delimiter == ",")
    ids = ids.mask(ids.isin(PLACEHOLDER_NUMBERS))
    if known.read.get("ids") == "own":
        ids = -ids
    good = ids.notna() & (ids.abs() < 10**8) & records["year"].isin(YEARS)
    report.add("id and year", (~good).sum(), "dropped", "rows need a point id and a year", records.index[~good])
    kept = records[good].copy()
    if kept.empty:
        raise BadFile(f"{table.path}: none of its {len(records)} rows has a point id and a year")
    kept["point_id"] = ids[good].astype(np.int32)
    kept["year"] = kept["year"].astype(np.int16)
    if names := known.read.get("names"):
        kept["lc1"] = _codes_of_names(kept["lc1"], names)
    return kept


def _codes_of_names(names: pd.Series, theme: str) -> pd.Series:
    """Return the LUCAS codes of official English class names; names that are none become null."""
    by_name = {one.name.casefold(): code for code, one in _known_classes().items() if one.theme == theme}
    return names.astype("string").str.strip().str.casefold().map(by_name).astype("string")


def _positioned(records: pd.DataFrame, known: Descriptor, report: _Report, file: Path) -> pd.DataFrame:
    """Check positions against ids; fill a missing position from its id; add x, y in EPSG:3035."""
    if known.read.get("ids") == "own":
        return _located(records, report)
    x, y = grid_position(records["point_id"].to_numpy())
    absent = records["lon"].isna() | records["lat"].isna()
    if absent.any():
        lon, lat = _to_lonlat(x[absent.to_numpy()], y[absent.to_numpy()])
        records.loc[absent, "lon"], records.loc[absent, "lat"] = lon, lat
    report.add("position", absent.sum(), "kept", "rows without a position take it from their id", records.index[absent])
    off = _distance(records["lon"], records["lat"], x, y)
    wrong = off > GRID_TOLERANCE_M
    _refuse_swapped(records, wrong, x, y, file)
    if wrong.mean() > MISPLACED_SHARE:
        raise BadFile(
            f"{file}: {wrong.sum()} of {len(records)} rows lie over {GRID_TOLERANCE_M} m from the grid point of their "
            f"id (EPSG:3035 km): wrong coordinate system or wrong ids? rows {_some(records.index[wrong])}"
        )
    furthest = off[~wrong].max() if (~wrong).any() else 0.0
    detail = f"id against position in EPSG:3035, tolerance {GRID_TOLERANCE_M} m; furthest kept {furthest:.3g} m"
    report.add("id against position", wrong.sum(), "dropped", detail, records["point_id"][wrong])
    kept = records[~wrong].copy()
    kept["x"], kept["y"] = x[~wrong], y[~wrong]
    return kept


def _located(records: pd.DataFrame, report: _Report) -> pd.DataFrame:
    absent = records["lon"].isna() | records["lat"].isna()
    report.add("position", absent.sum(), "dropped", "rows without a position, whose id does not name one")
    kept = records[~absent].copy()
    x, y = _to_metres(kept["lon"].to_numpy(), kept["lat"].to_numpy())
    kept["x"], kept["y"] = x, y
    return kept


def _refuse_swapped(records: pd.DataFrame, wrong: np.ndarray, x: np.ndarray, y: np.ndarray, file: Path) -> None:
    at = np.flatnonzero(wrong)
    if not len(at):
        return
    rows = records.iloc[at]
    swapped = at[_distance(rows["lat"], rows["lon"], x[at], y[at]) <= GRID_TOLERANCE_M]
    if len(swapped):
        raise BadFile(
            f"{file}: latitude and longitude are swapped in {len(swapped)} of {len(records)} rows: rows "
            f"{_some(records.index[swapped])}; if they are so throughout, build with --swapped"
        )


def grid_position(point_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the EPSG:3035 metres a LUCAS id EEEENNNN names: easting and northing in whole kilometres."""
    return (point_ids // 10_000) * 1000.0, (point_ids % 10_000) * 1000.0


@lru_cache(maxsize=2)
def _transformer(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def _to_metres(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _transformer("EPSG:4326", "EPSG:3035").transform(lon, lat)


def _to_lonlat(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _transformer("EPSG:3035", "EPSG:4326").transform(x, y)


def _distance(lon: pd.Series, lat: pd.Series, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return metres between positions and grid points; infinite where a position is none on Earth."""
    east, north = _to_metres(lon.to_numpy(float), lat.to_numpy(float))
    away = np.hypot(east - x, north - y)
    return np.where(np.isfinite(away), away, np.inf)


def _coded(records: pd.DataFrame, report: _Report, file: Path) -> pd.DataFrame:
    """Unify the spelling of codes. What has not the form of a code becomes null; unknown codes are kept and told.

    Raises:
        BadFile: So many rows have something else for their land cover or use that the column is of another kind.
    """
    known = _known_classes()
    for name in ("lc1", "lc2", "lu1", "lu2"):
        codes = _mapped(records[name], _code_in)
        shaped = codes.str.fullmatch(CODE.pattern).fillna(False).astype(bool)
        odd = codes.notna() & ~shaped
        if name in WHAT and odd.mean() > MISPLACED_SHARE:
            raise BadFile(
                f"{file}: no usable {WHAT[name]} in {odd.sum()} of {len(records)} rows: {_some(codes[odd].unique())} "
                f"({name}) are no LUCAS codes, which are written as B82 or U111"
            )
        report.add(f"{name}: form", odd.sum(), "set to null", "not the form of a LUCAS code", codes[odd].unique())
        codes = codes.mask(odd)
        strange = codes.notna() & ~codes.isin(known.keys())
        report.add(
            f"{name}: code", strange.sum(), "kept", "in no LUCAS code book of 2006 to 2022", codes[strange].unique()
        )
        records[name] = codes
    for level, name in enumerate(NUTS):
        length = records[name].str.len()
        shifted = length.notna() & (length != level + 2)
        detail = "codes of another level; taken for the region they name"
        report.add(f"{name}: level", shifted.sum(), "kept", detail, records[name][shifted].unique())
    empty = records["lc1"].isna()
    report.add("lc1: missing", empty.sum(), "kept", "records without land cover", records["point_id"][empty])
    return records


def _code_in(text: str) -> str:
    """Return the code of a cell in the usual spelling; a cell without one as it is, in capitals.

    >>> _code_in("b82 - Vineyards"), _code_in("B 82"), _code_in("u111"), _code_in("Vineyards")
    ('B82', 'B82', 'U111', 'VINEYARDS')
    """
    upper = text.strip().upper()
    if labelled := LABELLED.fullmatch(upper):
        return labelled[1]
    return "".join(spaced.groups()) if (spaced := SPACED.fullmatch(upper)) else upper


def _once(records: pd.DataFrame, report: _Report) -> pd.DataFrame:
    """Keep one record a point and year, the first."""
    again = records.duplicated(["point_id", "year"], keep="first")
    report.add(
        "duplicate visits", again.sum(), "dropped", "the first row of a point and year is kept",
        (records["point_id"].astype(str) + " " + records["year"].astype(str))[again],
    )  # fmt: skip
    return records[~again]


def stamped(known: Descriptor, file: Path, records: pd.DataFrame) -> Dataset:
    """Return the stamp of what was read from a file."""
    if records.empty:
        raise BadFile(f"{file}: none of its rows can be used")
    west, south, east, north = (float(records[axis].agg(edge)) for edge in ("min", "max") for axis in ("lon", "lat"))
    bbox = (west, south, east, north)
    return Dataset(
        id=known.id,
        title=known.title,
        version=known.version,
        licence=known.licence,
        attribution=known.attribution,
        sha256=sha256(file),
        rows=len(records),
        years=tuple(sorted({int(year) for year in records["year"].unique()})),
        bbox=bbox,
        synthetic=False,
        kind=known.kind,
    )


def _known_classes() -> Mapping[str, Any]:
    """Return code → class, of every code book."""
    from retrieval.nomenclature import Nomenclature

    return Nomenclature.load().classes


def _some(rows: Iterable[Any]) -> str:
    rows = list(rows)
    few = printable(", ".join(str(row)[:LONGEST_EXAMPLE] for row in rows[:EXAMPLES]))
    return few + (", …" if len(rows) > EXAMPLES else "")


def read_pixels(file: str | Path) -> Pixels:
    """Read and check one file of pixel years: monthly series, or a table of the store's own form.

    Of a longer series the latest full calendar year is taken, else its latest twelve months in a row.

    Raises:
        BadFile: It cannot be read, has no known form, or its positions are not in Europe.
    """
    file = Path(file)
    table = open_table(file)
    known = recognise(table.columns, "pixels", file)
    report = _Report(known.id)
    rows = _pixel_series(table, known, report) if known.columns else _pixel_table(table)
    _refuse_misplaced(rows, file)
    rows = rows.drop_duplicates(["location", "year", "source"]).reset_index(drop=True)
    lacking = rows["missing_bands"].map(len) > 0
    detail = "pixels whose source lacks a band: " + ", ".join(sorted({b for m in rows["missing_bands"] for b in m}))
    report.add("missing bands", lacking.sum(), "kept", detail, rows["location"][lacking])
    masked = rows["masked_months"].map(len)
    report.add("masked months", (masked > 0).sum(), "kept", f"{int(masked.sum())} months without an observation")
    stamp = stamped(known, file, rows)
    return Pixels(rows[list(PIXEL_COLUMNS)], stamp, tuple(report.findings))


def _pixel_table(table: Table) -> pd.DataFrame:
    file, rows = table.path, table.read(PIXEL_COLUMNS)
    for name in PIXEL_COLUMNS:
        if name not in rows:
            rows[name] = None
    lengths = rows["bands"].map(np.size)
    if (lengths != MONTHS * len(BANDS)).any():
        raise BadFile(f"{file}: `bands` must hold {MONTHS * len(BANDS)} values; rows {_some(_numbers(lengths != 120))}")
    if rows.empty:
        raise BadFile(f"{file}: it has no rows")
    rows["bands"] = list(_digital_numbers(np.stack(rows["bands"].to_list()), file))
    for name in ("lon", "lat", "year"):
        rows[name] = _numbers_of(rows[name], thousands=False)
    rows["first_month"] = _months(rows["first_month"])
    unfit = rows[["location", "lon", "lat", "first_month"]].isna().any(axis=1) | ~rows["year"].isin(YEARS)
    if unfit.any():
        raise BadFile(
            f"{file}: a pixel needs a location, position, year and first month; rows {_some(_numbers(unfit))}"
        )
    rows["location"], rows["year"] = rows["location"].astype(str), rows["year"].astype(np.int16)
    for name in ("masked_months", "missing_bands"):
        rows[name] = [one if isinstance(one, Sequence | np.ndarray) else [] for one in rows[name]]
    rows["point_id"] = _whole(_numbers_of(rows["point_id"], thousands=False))
    return rows


def _pixel_series(table: Table, known: Descriptor, report: _Report) -> pd.DataFrame:
    """Turn one row a pixel and month into one row a pixel and year."""
    taken = {ours: _present(theirs, table) for ours, theirs in known.columns.items()}
    raw = table.read(sorted({name for names in taken.values() for name in names}))
    begun = _months(raw[taken["month"][0]])
    placed = begun.notna() & raw[taken["location"][0]].notna()
    report.add("month", (~placed).sum(), "dropped", "rows without a pixel or a month", _numbers(~placed))
    if not placed.any():
        raise BadFile(f"{table.path}: none of its {len(raw)} rows has a pixel and a month in {taken['month'][0]}")
    raw, begun = raw[placed].reset_index(drop=True), begun[placed]
    middle = begun + pd.Timedelta(days=15)
    locations, labels = pd.factorize(raw[taken["location"][0]], sort=True)
    months = (middle.dt.year * MONTHS + middle.dt.month - 1).to_numpy()
    values = _band_values(raw, taken["bands"], known, table.path)
    seen = np.asarray((values < MISSING).any(axis=1))
    first, found, kept = _windows(locations, months, seen, len(labels))
    report.add("year", (~kept).sum(), "dropped", "pixels without twelve months in a row", labels[~kept])
    slot = months - first[locations]
    inside = kept[locations] & (slot >= 0) & (slot < MONTHS)
    cube = np.full((len(labels), MONTHS, len(BANDS)), MISSING, dtype=np.uint16)  # (pixels, months, bands)
    cube[locations[inside][::-1], slot[inside][::-1]] = values[inside][::-1]  # of two in a month, the first
    heads = raw.drop_duplicates(taken["location"][0]).set_index(taken["location"][0]).loc[labels]
    report.add(
        "observation", (kept & ~found).sum(), "dropped", "pixels never seen in their year", labels[kept & ~found]
    )
    good = kept & found
    if not good.any():
        why = "twelve months in a row" if not kept.any() else "an observation in its year"
        raise BadFile(f"{table.path}: none of its {len(labels)} pixels has {why}")
    return _pixel_rows(heads[good], labels[good], cube[good], first[good], taken)


def _months(values: pd.Series) -> pd.Series:
    """Return the months that dates, texts or numbers (201710) name; null where they name none."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.tz_localize(None)
    return _parsed(_text(values), MONTH_FORMS)


def _band_values(raw: pd.DataFrame, names: Sequence[str], known: Descriptor, file: Path) -> np.ndarray:
    """Return (rows, 10) uint16 in the order of `BANDS`; null, 0, no-data and absent bands are `MISSING`."""
    columns = []
    for wanted in known.columns["bands"]:
        column = _numbers_of(raw[wanted], thousands=False) if wanted in names else pd.Series(np.nan, raw.index)
        if wanted in names and column.isna().all() and raw[wanted].notna().any():
            raise BadFile(f"{file}: what stands in {wanted} are no numbers: {_some(raw[wanted].dropna().head(2))}")
        columns.append(column.to_numpy(dtype=float))
    return _digital_numbers(np.stack(columns, axis=1), file)


def _digital_numbers(values: np.ndarray, file: Path) -> np.ndarray:
    """Return reflectance x 10 000 as uint16 of the same shape; what is null, 0 or no-data is `MISSING`.

    Raises:
        BadFile: The values are of another scale.
    """
    values = values.astype(float)
    seen = np.isfinite(values) & (values > 0) & (values < MISSING)
    if seen.any() and values[seen].max() <= MOST_REFLECTANCE:
        raise BadFile(
            f"{file}: its values end at {values[seen].max():.3g}: they seem to be reflectances from 0 to 1; "
            "multiply them by 10,000"
        )
    return np.where(seen & (values >= 1), values, MISSING).astype(np.uint16)


def _windows(
    locations: np.ndarray, months: np.ndarray, seen: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each location, the first month of its window, whether anything was seen in it, whether it has one."""
    first, found, kept = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    order = np.argsort(locations, kind="stable")
    cuts = np.searchsorted(locations[order], np.arange(count + 1))
    for at in range(count):
        own = order[cuts[at] : cuts[at + 1]]
        there: set[int] = set(months[own].tolist())
        starts = [m for m in there if all(m + k in there for k in range(MONTHS))]
        if not starts:
            continue
        january = [m for m in starts if m % MONTHS == 0]
        first[at] = max(january or starts)
        window = (months[own] >= first[at]) & (months[own] < first[at] + MONTHS)
        kept[at], found[at] = True, bool(seen[own][window].any())
    return first, found, kept


def _pixel_rows(
    heads: pd.DataFrame, labels: pd.Index, cube: np.ndarray, first: np.ndarray, taken: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    absent = (cube == MISSING).all(axis=1)  # (pixels, bands)
    blank = (cube == MISSING).all(axis=2)  # (pixels, months)
    words = heads[list(taken["source_label"])].assign(none=None).astype("string")
    middle = first + MONTHS // 2

    def column(ours: str) -> pd.Series:
        return heads[taken[ours][0]] if taken[ours] else pd.Series(None, heads.index, dtype=object)

    return pd.DataFrame(
        {
            "location": labels.astype(str),
            "lon": _numbers_of(column("lon"), thousands=False).to_numpy(),
            "lat": _numbers_of(column("lat"), thousands=False).to_numpy(),
            "year": (middle // MONTHS).astype(np.int16),
            "point_id": _whole(_numbers_of(column("point_id"), thousands=False)).to_numpy(),
            "lc_label": _label_codes(column("lc_label")).to_numpy(),
            "bands": list(cube.reshape(len(cube), -1)),
            "masked_months": [np.flatnonzero(row).astype(np.uint8) for row in blank],
            "missing_bands": [[band for band, gone in zip(BANDS, row, strict=True) if gone] for row in absent],
            "first_month": [
                pd.Timestamp(int(m // MONTHS), int(m % MONTHS) + 1, 1) for m in first.clip(min=MONTHS * 1970)
            ],
            "source": column("source").astype("string").to_numpy(),
            "source_label": words.bfill(axis=1).iloc[:, 0].to_numpy(),
        }
    )


def _label_codes(labels: pd.Series) -> pd.Series:
    """Return LUCAS codes of labels that stop at a level: `A` is A00, `B7x` is B70."""
    codes = labels.astype("string").str.strip().str.replace("x", "0").str.pad(3, side="right", fillchar="0")
    return codes.where(codes.isin(_known_classes().keys()))


def _refuse_misplaced(rows: pd.DataFrame, file: Path) -> None:
    west, south, east, north = EUROPE
    away = ~(rows["lon"].between(west, east) & rows["lat"].between(south, north))
    if away.any():
        turned = rows["lat"].between(west, east) & rows["lon"].between(south, north)
        why = "latitude and longitude are swapped" if turned[away].all() else f"positions outside Europe {EUROPE}"
        raise BadFile(f"{file}: {why}: {int(away.sum())} of {len(rows)} pixels: {_some(rows['location'][away])}")


def _numbers(mask: pd.Series) -> list[int]:
    """Return row numbers, row 1 following the header."""
    return (np.flatnonzero(mask.to_numpy()) + 1).tolist()
