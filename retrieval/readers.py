"""Survey and pixel files become canonical, checked rows. Does not know regions and does not write the store.

What a file's columns are called stands in its descriptor (`retrieval/catalog/*.toml`), not here. Every row is
checked; what was found is a `Finding`, what cannot stand is refused with the row numbers (row 1 follows the header).
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj

from retrieval.catalog import Descriptor, recognise
from retrieval.errors import BadFile
from retrieval.types import Dataset

RECORD_COLUMNS = (
    "point_id", "year", "lon", "lat", "x", "y", "lc1", "lc2", "lu1", "lu2", "obs_type", "obs_date", "elevation",
    "nuts0", "nuts1", "nuts2", "nuts3", "photos",
)  # fmt: skip
NUTS = ("nuts0", "nuts1", "nuts2", "nuts3")

GRID_TOLERANCE_M = 100
"""How far a position may lie from the grid point its id names: ids are whole kilometres, files round to about 1 m."""

MISPLACED_SHARE = 0.01
"""Above this share of rows off their grid point the file is refused; below it those rows are dropped and reported."""

YEARS = range(2001, 2101)
CODE = re.compile(r"[A-H][\dX]\d(?:_PI)?|B\d0-\d0_PI|U\d{3}")
"""The form of a LUCAS code; what has not this form is no code."""

BANDS = ("B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B11", "B12")
"""The order of bands within a month, surface reflectance x 10 000."""

MISSING = 65535
"""No value, in `pixels.bands`."""

MONTHS = 12
PIXEL_COLUMNS = (
    "location", "lon", "lat", "year", "point_id", "lc_label", "bands", "masked_months", "missing_bands", "first_month",
    "source", "source_label",
)  # fmt: skip

EUROPE = (-32.0, 27.0, 46.0, 72.5)
"""West, south, east, north of where LUCAS and its pixels can lie, outermost islands included; degrees, EPSG:4326."""

EXAMPLES = 5


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
    known = recognise(_header(file), "survey", file)
    records = _canonical(file, known)
    if swapped:
        records = records.rename(columns={"lon": "lat", "lat": "lon"})
    report = _Report(known.id)
    records = _numbered(records, known, report, file)
    records = _positioned(records, known, report, file)
    records = _coded(records, report)
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
        few = tuple(str(one) for one in list(examples)[:EXAMPLES])
        self.findings.append(Finding(self.dataset, check, int(rows), action if rows else "none needed", detail, few))


def _header(file: Path) -> list[str]:
    """Return a file's column names."""
    import pyarrow as pa
    import pyarrow.parquet

    try:
        if file.suffix == ".parquet":
            return pyarrow.parquet.read_schema(file).names
        line = _first_line(file)
    except FileNotFoundError as error:
        raise BadFile(f"no file {file}") from error
    except (OSError, pa.ArrowException) as error:
        raise BadFile(f"{file} cannot be read: {_words(error)}") from error
    return [name.strip().strip('"') for name in line.rstrip("\r\n").split(_delimiter(line))]


def _first_line(file: Path) -> str:
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8-sig", errors="replace") as stream:
        return stream.readline(100_000)


def _delimiter(line: str) -> str:
    return max((",", ";", "\t"), key=line.count)


def _read(file: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Return these columns of a file, as text where it is a CSV."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    try:
        if file.suffix == ".parquet":
            return pyarrow.parquet.read_table(file, columns=list(columns)).to_pandas()
        delimiter = _delimiter(_first_line(file))
        table = pyarrow.csv.read_csv(
            file,
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=list(columns), column_types=dict.fromkeys(columns, pa.string())
            ),
        )
    except (OSError, pa.ArrowException) as error:
        raise BadFile(f"{file} cannot be read: {_words(error)}") from error
    return table.to_pandas()


def _canonical(file: Path, known: Descriptor) -> pd.DataFrame:
    """Return the file's rows under our names, columns it has not being null; the index is the row number."""
    present = {name.lower(): name for name in _header(file)}
    taken = {ours: _present(theirs, present) for ours, theirs in known.columns.items()}
    raw = _read(file, sorted({name for names in taken.values() for name in names}))
    raw.index = pd.RangeIndex(1, len(raw) + 1)
    records = pd.DataFrame(index=raw.index)
    for ours in (*RECORD_COLUMNS, "hemisphere"):
        names = taken.get(ours, [])
        if ours == "photos":
            records[ours] = _lists(raw, names)
        else:
            records[ours] = raw[names[0]] if names else None
    return _cleaned(records, known, file)


def _present(theirs: str | Sequence[str], present: Mapping[str, str]) -> list[str]:
    wanted = [theirs] if isinstance(theirs, str) else theirs
    return [present[name.lower()] for name in wanted if name.lower() in present]


def _lists(raw: pd.DataFrame, names: Sequence[str]) -> pd.Series | None:
    if not names:
        return None
    rows = zip(*(raw[name] for name in names), strict=True)
    return pd.Series([[one for one in row if isinstance(one, str) and one] or None for row in rows], raw.index)


def _cleaned(records: pd.DataFrame, known: Descriptor, file: Path) -> pd.DataFrame:
    """Give each column its type; what stands for nothing in this source becomes null."""
    nothing = {*known.read.get("null_values", ()), ""}
    for name in ("lc1", "lc2", "lu1", "lu2", "obs_type", *NUTS):
        text = records[name].astype("string").str.strip()
        records[name] = text.mask(text.isin(nothing))
    records["obs_type"] = records["obs_type"].replace(known.read.get("obs_type", {}))
    records["obs_date"] = _dates(records["obs_date"], known.read.get("dates", ()))
    for name in ("lon", "lat", "elevation"):
        records[name] = pd.to_numeric(records[name], errors="coerce")
    west = records.pop("hemisphere").astype("string").str.upper().str.startswith("W").fillna(False)
    records["lon"] = records["lon"].mask(west & (records["lon"] > 0), -records["lon"])
    records["elevation"] = records["elevation"].mask(records["elevation"].isin([8888, 88888])).round().astype("Int32")
    records["year"] = _years(records, known, file)
    return records


def _dates(values: pd.Series, formats: Sequence[str]) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    found = pd.Series(pd.NaT, values.index, dtype="datetime64[s]")
    text = values.astype("string").str.strip()
    for form in formats:
        left = found.isna() & text.notna()
        if left.any():
            found[left] = pd.to_datetime(text[left], format=form, errors="coerce").astype("datetime64[s]")
    return found


def _years(records: pd.DataFrame, known: Descriptor, file: Path) -> pd.Series:
    """Return each row's survey year: the column's, the descriptor's, that of most dates, or that in the file name."""
    if records["year"].notna().any():
        return pd.to_numeric(records["year"], errors="coerce").astype("Int32")
    said = known.read.get("year")
    if isinstance(said, int):
        return pd.Series(said, records.index, dtype="Int32")
    dated = records["obs_date"].dropna().dt.year
    named = re.search(r"(?<!\d)20\d\d(?!\d)", file.stem)
    if dated.empty and not named:
        raise BadFile(f"{file}: no survey year in its columns, dates or name; put the year into the file name")
    year = int(named.group()) if named else int(dated.mode().iloc[0])
    return pd.Series(year, records.index, dtype="Int32")


def _numbered(records: pd.DataFrame, known: Descriptor, report: _Report, file: Path) -> pd.DataFrame:
    """Give every row its point id and year; rows without are dropped."""
    text = records["point_id"]
    if prefix := known.read.get("id_prefix"):
        text = text.astype("string").str.removeprefix(prefix)
    ids = pd.to_numeric(text, errors="coerce")
    if known.read.get("ids") == "own":
        ids = -ids
    good = ids.notna() & (ids.abs() < 10**8) & records["year"].isin(YEARS)
    report.add("id and year", (~good).sum(), "dropped", "rows need a point id and a year", records.index[~good])
    kept = records[good].copy()
    if kept.empty:
        raise BadFile(f"{file}: none of its {len(records)} rows has a point id and a year")
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


def _coded(records: pd.DataFrame, report: _Report) -> pd.DataFrame:
    """Unify the spelling of codes. What has not the form of a code becomes null; unknown codes are kept and told."""
    known = _known_classes()
    for name in ("lc1", "lc2", "lu1", "lu2"):
        codes = records[name].astype("string").str.upper()
        shaped = codes.str.fullmatch(CODE.pattern).fillna(False).astype(bool)
        odd = codes.notna() & ~shaped
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
    few = ", ".join(str(row) for row in rows[:EXAMPLES])
    return few + (", …" if len(rows) > EXAMPLES else "")


def _words(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__


def read_pixels(file: str | Path) -> Pixels:
    """Read and check one file of pixel years: monthly series, or a table of the store's own form.

    Of a longer series the latest full calendar year is taken, else its latest twelve months in a row.

    Raises:
        BadFile: It cannot be read, has no known form, or its positions are not in Europe.
    """
    file = Path(file)
    known = recognise(_header(file), "pixels", file)
    report = _Report(known.id)
    rows = _pixel_series(file, known, report) if known.columns else _pixel_table(file)
    _refuse_misplaced(rows, file)
    rows = rows.drop_duplicates(["location", "year", "source"]).reset_index(drop=True)
    lacking = rows["missing_bands"].map(len) > 0
    detail = "pixels whose source lacks a band: " + ", ".join(sorted({b for m in rows["missing_bands"] for b in m}))
    report.add("missing bands", lacking.sum(), "kept", detail, rows["location"][lacking])
    masked = rows["masked_months"].map(len)
    report.add("masked months", (masked > 0).sum(), "kept", f"{int(masked.sum())} months without an observation")
    stamp = stamped(known, file, rows)
    return Pixels(rows[list(PIXEL_COLUMNS)], stamp, tuple(report.findings))


def _pixel_table(file: Path) -> pd.DataFrame:
    rows = _read(file, [name for name in PIXEL_COLUMNS if name in _header(file)])
    for name in PIXEL_COLUMNS:
        if name not in rows:
            rows[name] = None
    lengths = rows["bands"].map(len)
    if (lengths != MONTHS * len(BANDS)).any():
        raise BadFile(f"{file}: `bands` must hold {MONTHS * len(BANDS)} values; rows {_some(_numbers(lengths != 120))}")
    rows["missing_bands"] = [[] if one is None else list(one) for one in rows["missing_bands"]]
    return rows


def _pixel_series(file: Path, known: Descriptor, report: _Report) -> pd.DataFrame:
    """Turn one row a pixel and month into one row a pixel and year."""
    present = {name.lower(): name for name in _header(file)}
    taken = {ours: _present(theirs, present) for ours, theirs in known.columns.items()}
    raw = _read(file, sorted({name for names in taken.values() for name in names}))
    middle = pd.to_datetime(raw[taken["month"][0]]) + pd.Timedelta(days=15)
    locations, labels = pd.factorize(raw[taken["location"][0]], sort=True)
    months = (middle.dt.year * MONTHS + middle.dt.month - 1).to_numpy()
    values = _band_values(raw, taken["bands"], known)
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
    return _pixel_rows(heads[good], labels[good], cube[good], first[good], taken)


def _band_values(raw: pd.DataFrame, names: Sequence[str], known: Descriptor) -> np.ndarray:
    """Return (rows, 10) uint16 in the order of `BANDS`; null, 0, no-data and absent bands are `MISSING`."""
    by_name = {name.lower(): raw[name] for name in names}
    columns = []
    for wanted in known.columns["bands"]:
        column = pd.to_numeric(by_name[wanted]).fillna(MISSING) if wanted in by_name else pd.Series(MISSING, raw.index)
        columns.append(column.to_numpy(dtype=np.int64))
    values = np.stack(columns, axis=1)
    return np.where((values <= 0) | (values >= MISSING), MISSING, values).astype(np.uint16)


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
    words = heads[list(taken["source_label"])].astype("string")
    middle = first + MONTHS // 2
    return pd.DataFrame(
        {
            "location": labels.astype(str),
            "lon": heads[taken["lon"][0]].to_numpy(float),
            "lat": heads[taken["lat"][0]].to_numpy(float),
            "year": (middle // MONTHS).astype(np.int16),
            "point_id": heads[taken["point_id"][0]].astype("Int32").to_numpy(),
            "lc_label": _label_codes(heads[taken["lc_label"][0]]).to_numpy(),
            "bands": list(cube.reshape(len(cube), -1)),
            "masked_months": [np.flatnonzero(row).astype(np.uint8) for row in blank],
            "missing_bands": [[band for band, gone in zip(BANDS, row, strict=True) if gone] for row in absent],
            "first_month": [
                pd.Timestamp(int(m // MONTHS), int(m % MONTHS) + 1, 1) for m in first.clip(min=MONTHS * 1970)
            ],
            "source": heads[taken["source"][0]].to_numpy(),
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
