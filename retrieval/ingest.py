"""Builds a store from sources, whole or not at all. Does not answer questions and does not fetch.

The new store grows in a file beside the old one and takes its place in one step when it is complete: a build that is
killed, or finds the disk full, leaves the old store as it was. One build at a time; a second one is told so.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Container, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import filelock
import numpy as np
import pandas as pd

from retrieval.bundled import bundled_pixels, bundled_survey
from retrieval.errors import StoreError
from retrieval.estimated_points import weigh
from retrieval.membership import WHOLE_LEVELS, Land, agreement, assign_by_year, grouped, lands
from retrieval.places import PLACE_COLUMNS, PLACE_NAME_COLUMNS, PlaceSet, towns
from retrieval.published_cells import settle
from retrieval.readers import NUTS, RECORD_COLUMNS, Finding, Pixels, Survey, read_pixels, read_survey
from retrieval.region_files import read_regions
from retrieval.region_rows import NAME_COLUMNS, REGION_COLUMNS, RegionSet, code_id, merge_regions, read_rows
from retrieval.regions import bundled_regions
from retrieval.sources.survey import ELEVATION_DOMAIN
from retrieval.statistics_files import StatisticsFile, bundled_statistics, read_statistics_file
from retrieval.store import SCHEMA, OldStore, Store, default_store_path, extension_settings, load_spatial
from retrieval.types import NUTS_LEVELS, Dataset

if TYPE_CHECKING:
    from retrieval.deal_files import Deals
    from retrieval.kinds import Kind
    from retrieval.vine_files import VineAreas
    from retrieval.weight_files import SurveyWeights

Progress = Callable[[str], None]
"""Told the name of each stage as it begins."""

SCHEMA_FILE = Path(__file__).parent / "schema.sql"
STAGES = ("survey", "pixels", "regions", "statistics", "bundled data", "writing", "membership")
FILE_KINDS = ("lucas", "regions", "pixels", "statistics", "vine_areas", "deals", "weights")
BUILD_FOLDER = Path(__file__).parent / "build"
"""What a build does in SQL, one statement a file."""

FOREIGN = "SELECT country FROM regions WHERE level = 'foreign' AND country <> ''"
SAMPLE = 20_000
"""Points whose recorded codes are held against the outlines."""

_NUMBERS = {"point_id": "int32", "year": "int16", "lon": float, "lat": float, "x": float, "y": float}
_EMPTY = pd.DataFrame(columns=[*RECORD_COLUMNS, "dataset"]).astype(_NUMBERS)


@dataclass(frozen=True)
class Sources:
    """What a store is to be built from. Bundled regions, towns and statistics are always in it."""

    lucas: Sequence[Path] = ()
    regions: Sequence[Path] = ()
    pixels: Sequence[Path] = ()
    statistics: Sequence[Path] = ()
    vine_areas: Sequence[Path] = ()
    deals: Sequence[Path] = ()
    weights: Sequence[Path] = ()
    swapped: bool = False
    """Take the survey files' latitude and longitude the other way round."""
    bundled: bool = False
    """The bundled survey where none is given, and the bundled pixel years beside those given."""


def silent(stage: str) -> None:
    """Report no progress."""


def build(path: str | Path, sources: Sources, progress: Progress = silent, wait_s: float = 0) -> None:
    """Build the store at `path` from `sources`, replacing what is there only once it is complete.

    Args:
        path: The store's file.
        sources: Files to read; every one is checked before the old store is touched.
        progress: Called with each of `STAGES`.
        wait_s: How long to wait for another build of the same store.

    Raises:
        BadFile: A source cannot be read or fails a check; the old store is untouched.
        StoreError: Another build runs, or the disk is full; the old store is untouched.
    """
    path = Path(path)
    with _guarded(path), _lock(path, wait_s):
        _write_over(path, sources, progress)


def open_or_build_default(
    path: str | Path | None = None, progress: Progress = silent, threads: int | None = None
) -> Store:
    """Open the store at `path`, first building the bundled one where there is none; `threads` as `Store.open`.

    One of another version is built anew where nothing but bundled data is in it.
    """
    path = Path(path) if path else default_store_path()
    if path.exists():
        try:
            return Store.open(path, threads=threads)
        except OldStore:
            if not _is_bundled(path):
                raise
            build(path, Sources(bundled=True), progress, wait_s=120)
    else:
        _build_once(path, progress)
    return Store.open(path, threads=threads)


def _build_once(path: Path, progress: Progress) -> None:
    """Build the bundled store; where another process is at it, wait and use its."""
    with _guarded(path), _lock(path, wait_s=120):
        if not path.exists():
            _write_over(path, Sources(bundled=True), progress)


def _is_bundled(path: Path) -> bool:
    """Say whether a store, of whichever version, notes that it was built from no file of a person's own."""
    with duckdb.connect(str(path), read_only=True) as connection:
        noted = connection.execute("SELECT value FROM store_meta WHERE key = 'sources'").fetchall()
    note = json.loads(noted[0][0]) if noted else {"lucas": ["unknown"]}
    return not any(note.get(kind) for kind in FILE_KINDS)


def _note(sources: Sources) -> str:
    """Return the files a store is made of as JSON, so that one can be added later by building with all of them."""
    files = {kind: [str(Path(file).resolve()) for file in getattr(sources, kind)] for kind in FILE_KINDS}
    return json.dumps({**files, "swapped": sources.swapped, "bundled": sources.bundled})


@contextmanager
def _guarded(path: Path) -> Generator[None]:
    """Make one line of what the system or the database says against writing here."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, duckdb.Error) as error:
        raise _build_failure(path, error) from error


def _write_over(path: Path, sources: Sources, progress: Progress) -> None:
    """Build beside `path` and take its place in one step; whatever goes wrong, nothing is left beside it."""
    fresh = path.with_name(f"{path.name}.building")
    _discard(fresh)  # what a killed build left
    try:
        write_store(fresh, read(sources, progress), progress, sources)
        _sync(fresh)
        fresh.replace(path)
        _sync(path.parent)
    finally:
        _discard(fresh)


@contextmanager
def _lock(path: Path, wait_s: float) -> Generator[None]:
    """Hold the right to build at `path`; the system lets go of it when the process dies."""
    lock = filelock.FileLock(path.with_name(f"{path.name}.lock"), timeout=wait_s)
    try:
        with lock:
            yield
    except filelock.Timeout as error:
        raise StoreError(f"another build of {path} is running; the store is as it was") from error


@contextmanager
def _writer(path: Path) -> Generator[duckdb.DuckDBPyConnection]:
    config = {
        **extension_settings(),
        "temp_directory": f"{path}.tmp",
        "preserve_insertion_order": "true",
    }
    with duckdb.connect(str(path), config=config) as connection:
        load_spatial(connection)
        connection.execute(SCHEMA_FILE.read_text(encoding="utf-8"))
        yield connection
        connection.execute("CHECKPOINT")


def _build_failure(path: Path, error: Exception) -> StoreError:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    words = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if full or any(sign in str(error) for sign in ("No space left", "File too large", "quota exceeded")):
        return StoreError(f"no space left on the disk to build {path}; the store is as it was")
    return StoreError(f"{path} could not be built: {words}; the store is as it was")


def _discard(path: Path) -> None:
    for leftover in (path, path.with_name(f"{path.name}.wal")):
        leftover.unlink(missing_ok=True)
    shutil.rmtree(path.with_name(f"{path.name}.tmp"), ignore_errors=True)  # what DuckDB spilled


def _sync(path: Path) -> None:
    """Have the system write a file or a folder entry to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass
class _Loaded:
    """What the stages of one build hand on."""

    datasets: list[Dataset] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


STANDARD_ERRORS = """
UPDATE statistics AS s SET se = share_se(CASE s.unit WHEN 'PC' THEN s.value ELSE 100 * s.value / a.area_km2 END,
    s.cv, s.flag, a.area_km2)
FROM region_areas AS a WHERE a.code = s.code
"""

UNION_OF_2022 = """
UPDATE statistics AS s SET se = together.se
FROM (
    SELECT land_cover, sqrt(sum((a.area_km2 * coalesce(m.se, 0)) ** 2)) / max(eu.area_km2) AS se
    FROM statistics AS m JOIN region_areas AS a USING (code), region_areas AS eu
    WHERE m.unit = 'PC' AND m.year = 2022 AND length(m.code) = 2 AND m.code != 'EU' AND eu.code = 'EU'
    GROUP BY land_cover
    HAVING bool_and(m.se IS NOT NULL OR m.value = 0)
) AS together
WHERE s.code = 'EU' AND s.year = 2022 AND s.land_cover = together.land_cover AND s.se IS NOT NULL
"""
"""The Union of 2022 from its countries, drawn independently: its published coefficient of variation adds their errors
up as if they were one, which is about twice too wide. Kept where a country with a share lacks its error."""


@dataclass(frozen=True)
class Contents:
    """What goes into a store, read and checked."""

    statistics: StatisticsFile | None
    regions: Sequence[RegionSet]
    places: PlaceSet | None = None
    surveys: Sequence[Survey] = ()
    """Of a visit that several carry, the first one's record is kept."""
    pixels: Sequence[Pixels] = ()
    vine_areas: VineAreas | None = None
    deals: Deals | None = None
    weights: Sequence[SurveyWeights] = ()


def read(sources: Sources, progress: Progress = silent) -> Contents:
    """Read and check every source, those a person brings first: what is wrong is told before anything long begins."""
    progress("survey")
    with _unpacked(sources.lucas, "lucas") as files:
        surveys = [read_survey(file, sources.swapped) for file in files]
    progress("pixels")
    with _unpacked(sources.pixels, "pixels") as files:
        pixels = [read_pixels(file) for file in files]
    progress("regions")
    regions = [read_regions(file) for file in sources.regions]
    progress("statistics")
    with _unpacked(sources.statistics[-1:], "statistics") as files:
        statistics = read_statistics_file(files[-1]) if files else bundled_statistics()
    with _unpacked(sources.vine_areas[-1:], "vine_areas") as files:
        vine_areas = _vine_areas(files[-1]) if files else None
    deals = _deals(sources.deals[-1]) if sources.deals else None
    with _unpacked(sources.weights, "weights") as files:
        weights = _weights(files)
    progress("bundled data")
    regions = [bundled_regions(), *regions]
    places = towns()
    if sources.bundled:
        surveys = surveys or [bundled_survey()]
        pixels = [*pixels, _without(bundled_pixels(), pixels)]
    return Contents(statistics, regions, places, surveys, pixels, vine_areas, deals, weights)


@contextmanager
def _unpacked(files: Sequence[Path], kind: Kind) -> Generator[Sequence[Path]]:
    """Give files with zip files unpacked; without any, the recogniser of files is not loaded."""
    if not files:
        yield ()
        return
    from retrieval.kinds import unpacked

    with unpacked(files, kind) as tables:
        yield tables


def _weights(files: Sequence[Path]) -> list[SurveyWeights]:
    from retrieval.weight_files import read_weights

    return [read_weights(file) for file in files]


def _vine_areas(file: Path) -> VineAreas:
    from retrieval.vine_files import read_vine_areas

    return read_vine_areas(file)


def _deals(file: Path) -> Deals:
    from retrieval.deal_files import read_deals

    return read_deals(file)


def _without(bundled: Pixels, brought: Sequence[Pixels]) -> Pixels:
    """Return the bundled pixel years that no file brings as well."""
    there = {key for one in brought for key in zip(one.rows["location"], one.rows["year"], strict=True)}
    left = [key not in there for key in zip(bundled.rows["location"], bundled.rows["year"], strict=True)]
    rows = bundled.rows[left]
    return replace(bundled, rows=rows, dataset=replace(bundled.dataset, rows=len(rows)))


def write_store(path: Path, contents: Contents, progress: Progress = silent, sources: Sources | None = None) -> None:
    """Write a new store file, with a note of the files it is made of. Not atomic: `build` is."""
    with _writer(path) as connection:
        loaded = _Loaded()
        progress("writing")
        if contents.statistics:
            _load_statistics(connection, contents.statistics, loaded)
        if contents.vine_areas:
            _load_vine_areas(connection, contents.vine_areas, loaded)
        for file in contents.weights:
            _insert(connection, "survey_weights", file.weights, file.weights.schema.names, order="year, point_id")
            loaded.datasets.append(file.dataset)
        known = _load_regions(connection, contents.regions, loaded)
        if contents.deals:
            _load_deals(connection, contents.deals, loaded)
        if contents.places:
            _load_places(connection, contents.places, loaded)
        points, records = _merge(contents.surveys, loaded)
        _load_survey(connection, points, records)
        progress("membership")
        _load_membership(connection, points, records, known, loaded)
        settle(connection)
        weigh(connection)
        _load_pixels(connection, contents.pixels, loaded)
        _load_stamps(connection, loaded)
        if sources:
            connection.execute("INSERT INTO store_meta VALUES ('sources', ?)", [_note(sources)])


def _load_statistics(connection: duckdb.DuckDBPyConnection, file: StatisticsFile, loaded: _Loaded) -> None:
    shares, areas = file.shares, file.areas
    _insert(
        connection,
        "statistics",
        shares,
        ("code", "land_cover", "year", "unit", "value", "flag", "cv"),
        extra={"dataset": file.dataset.id},
        order="land_cover, code, year",
    )
    _insert(connection, "region_areas", areas, ("code", "year", "area_km2"), order="code, year")
    connection.execute(STANDARD_ERRORS)
    connection.execute(UNION_OF_2022)
    loaded.datasets.append(file.dataset)


def _load_vine_areas(connection: duckdb.DuckDBPyConnection, file: VineAreas, loaded: _Loaded) -> None:
    columns, extra = ("code", "year", "area_ha", "flag"), {"dataset": file.dataset.id}
    _insert(connection, "vine_areas", file.areas, columns, extra=extra, order="code, year")
    loaded.datasets.append(file.dataset)


def _load_deals(connection: duckdb.DuckDBPyConnection, file: Deals, loaded: _Loaded) -> None:
    """Write deals after the regions: a deal lies also in each region that holds one of its better known locations."""
    _insert(connection, "deals", file.deals, file.deals.column_names, "deal_id", {"dataset": file.dataset.id})
    for name, rows in (("history", file.history), ("locations", file.locations)):
        _insert(connection, f"deal_{name}", rows, rows.column_names, "deal_id")
    _insert(connection, "investors", file.investors, file.investors.column_names, "investor_id")
    connection.execute(
        """UPDATE deals SET places = list_concat(places, inside.ids)
        FROM (
            SELECT deal_id, list(DISTINCT id ORDER BY id) AS ids
            FROM deal_locations JOIN regions ON ST_Contains(geom, ST_Point(lon, lat))
            WHERE accuracy IS DISTINCT FROM 'COUNTRY' AND level NOT IN ('country', 'group')
            GROUP BY deal_id
        ) AS inside
        WHERE inside.deal_id = deals.deal_id"""
    )
    loaded.datasets.append(file.dataset)
    loaded.findings += file.findings


def _load_regions(connection: duckdb.DuckDBPyConnection, sets: Sequence[RegionSet], loaded: _Loaded) -> list[Land]:
    """Write regions and their names; return them with the several ids of one piece of land together."""
    merged = merge_regions(sets)
    regions = pd.DataFrame(list(merged.regions), columns=list(REGION_COLUMNS))
    names = pd.DataFrame(list(merged.names), columns=list(NAME_COLUMNS))
    connection.register("regions_in", regions)
    connection.execute(
        "INSERT INTO regions SELECT * EXCLUDE (wkb), ST_GeomFromWKB(wkb) FROM regions_in ORDER BY level, id"
    )
    connection.unregister("regions_in")
    _insert(connection, "region_names", names, NAME_COLUMNS, order="norm, region_id, language")
    for one in sets:
        loaded.datasets.append(_set_stamp(one, "regions", _boxes(one)))
        loaded.findings += [Finding(one.source, "outlines", 1, "repaired", note) for note in one.notes]
    return lands(merged.regions, merged.names)


def _set_stamp(one: RegionSet | PlaceSet, kind: str, boxes: Iterable[Sequence[float]]) -> Dataset:
    return Dataset(
        id=one.source,
        title=one.title,
        version=one.version,
        licence=one.licence,
        attribution=one.attribution,
        sha256=one.sha256,
        rows=len(one),
        years=(),
        bbox=_union(boxes),
        synthetic=False,
        kind=kind,
    )


def _boxes(one: RegionSet) -> Iterable[Sequence[float]]:
    for row in one.regions:
        if row["west"] is not None:
            yield row["west"], row["south"], row["east"], row["north"]


def _union(boxes: Iterable[Sequence[float]]) -> tuple[float, float, float, float] | None:
    corners = np.array(list(boxes), dtype=float).reshape(-1, 4)
    if not len(corners):
        return None
    west, south = corners[:, :2].min(axis=0)
    east, north = corners[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _load_places(connection: duckdb.DuckDBPyConnection, known: PlaceSet, loaded: _Loaded) -> None:
    _insert(connection, "places", pd.DataFrame(list(known.places)), PLACE_COLUMNS, order="id")
    _insert(connection, "place_names", pd.DataFrame(list(known.names)), PLACE_NAME_COLUMNS, order="norm, place_id")
    loaded.datasets.append(_set_stamp(known, "places", ((row["lon"], row["lat"]) * 2 for row in known.places)))


def _merge(surveys: Sequence[Survey], loaded: _Loaded) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return points and records of all surveys; of a visit that several carry, the first one's record is kept."""
    for survey in surveys:
        loaded.findings += survey.findings
    surveys = [_with_plausible_elevations(survey, loaded) for survey in surveys]
    if not surveys:
        return _EMPTY.copy(), _EMPTY.copy()
    together = pd.concat([one.records.assign(dataset=one.dataset.id) for one in surveys], ignore_index=True)
    again = together.duplicated(["point_id", "year"], keep="first")
    if len(surveys) > 1:
        for name, rows in together[again].groupby("dataset"):
            detail = "visits an earlier source already has"
            loaded.findings.append(Finding(str(name), "visits of several sources", len(rows), "dropped", detail))
    together = together[~again]
    loaded.datasets += [_counted(one.dataset, together) for one in surveys]
    latest = together.sort_values("year", kind="stable").drop_duplicates("point_id", keep="last")
    return latest, together


def _with_plausible_elevations(survey: Survey, loaded: _Loaded) -> Survey:
    """Return the survey with elevations that can be none set to missing, and a finding that says so."""
    low, high = ELEVATION_DOMAIN
    elevation = survey.records["elevation"]
    wrong = elevation.notna() & ~elevation.between(low, high)
    if not wrong.any():
        return survey
    examples = [str(int(e)) for e in elevation[wrong].head(3)]
    detail = f"outside {low:g} to {high:g} m"
    loaded.findings.append(
        Finding(survey.dataset.id, "elevation", int(wrong.sum()), "set to null", detail, tuple(examples))
    )
    return replace(survey, records=survey.records.assign(elevation=elevation.mask(wrong)))


def _counted(dataset: Dataset, records: pd.DataFrame) -> Dataset:
    rows = records[records["dataset"] == dataset.id]
    return replace(dataset, rows=len(rows), years=tuple(sorted({int(year) for year in rows["year"].unique()})))


def _load_survey(connection: duckdb.DuckDBPyConnection, points: pd.DataFrame, records: pd.DataFrame) -> None:
    """Write points and records along a Hilbert curve, so that neighbours lie together in the file."""
    connection.register("points_in", points[["point_id", "lon", "lat", "x", "y", "dataset"]])
    connection.execute(
        """CREATE TEMP TABLE ranked AS
        SELECT point_id, row_number() OVER (ORDER BY ST_Hilbert(lon, lat,
            {min_x: -180.0, min_y: -90.0, max_x: 180.0, max_y: 90.0}::BOX_2D), point_id) AS rank
        FROM points_in"""
    )
    connection.execute(
        """INSERT INTO points SELECT point_id, lon, lat, x, y, ST_Point(lon, lat), dataset
        FROM points_in JOIN ranked USING (point_id) ORDER BY rank"""
    )
    connection.register("records_in", records)
    connection.execute(
        """INSERT INTO records SELECT point_id, year, lc1, lc2, lu1, lu2, obs_type, obs_date::DATE, elevation,
            nuts0, nuts1, nuts2, nuts3, photos, dataset
        FROM records_in JOIN ranked USING (point_id) ORDER BY rank, year"""
    )
    connection.unregister("points_in")
    connection.unregister("records_in")


def read_build_step(name: str) -> str:
    """Return the text of one step of a build."""
    return (BUILD_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _load_membership(
    connection: duckdb.DuckDBPyConnection,
    points: pd.DataFrame,
    records: pd.DataFrame,
    known: Sequence[Land],
    loaded: _Loaded,
) -> None:
    by_level = [records[["point_id", "year", name]].rename(columns={name: "code"}) for name in NUTS]
    recorded = pd.concat(by_level).dropna().drop_duplicates()
    others = {row[0] for row in connection.execute(FOREIGN).fetchall()}
    everywhere = [*known, *_unlisted(recorded["code"].unique(), known, others)]
    table = assign_by_year(points, records[["point_id", "year"]], recorded, everywhere)
    members = {row["id"]: row["members"].split() for row in read_rows("groups")}
    connection.register("inside", table)
    connection.register("groups_in", grouped(table, members))
    connection.execute(
        """INSERT INTO point_regions
        SELECT region_id, point_id, how, only_year
        FROM (SELECT * FROM inside UNION ALL SELECT * FROM groups_in) ORDER BY region_id, point_id"""
    )
    connection.unregister("inside")
    connection.unregister("groups_in")
    pairs = [(group, member) for group, several in members.items() for member in several]
    _insert(
        connection, "region_groups", pd.DataFrame(pairs, columns=["group_id", "member"]), ("group_id", "member"), "1"
    )
    connection.execute(
        """INSERT INTO region_visits
        SELECT region_id, point_id, year, lon, lat, lc1, lu1, obs_date, dataset, by_coast, elevation
        FROM (
            SELECT region_id, point_id, only_year, how = 'nearest' AS by_coast
            FROM point_regions ANTI JOIN region_groups ON region_id = group_id
            UNION ALL
            SELECT '', point_id, NULL, false FROM points
        )
        JOIN points USING (point_id) JOIN ranked USING (point_id)
        JOIN (SELECT * EXCLUDE (dataset) FROM records) USING (point_id)
        WHERE coalesce(only_year, year) = year
        ORDER BY region_id, rank, year"""
    )
    connection.execute(read_build_step("revisits"))
    connection.execute(read_build_step("recorded"))
    loaded.findings += _placed(table, known, points, recorded, loaded)


def _unlisted(codes: Iterable[str], known: Sequence[Land], others: Container[str]) -> list[Land]:
    """Return lands for recorded codes that no region set lists: they can still be asked for by code.

    A code of one of the `others`, the countries outside the survey, is as good as listed: its points lie nowhere else.
    """
    listed = {code for land in known for code in land.codes}
    spare = sorted(set(codes) - listed)
    return [_bare(code, code in others) for code in spare if 2 <= len(code) <= 5]


def _bare(code: str, listed: bool) -> Land:
    level = NUTS_LEVELS[len(code) - 2]
    return Land(code_id(code), (code_id(code),), level, (level,), code[:2], (code,), None, listed)


def _placed(
    table: pd.DataFrame, known: Sequence[Land], points: pd.DataFrame, recorded: pd.DataFrame, loaded: _Loaded
) -> list[Finding]:
    """Say, for each level that tiles its countries, how the points came to their regions and how well codes fit."""
    found = []
    for level in WHOLE_LEVELS if len(points) else ():
        roots = {land.id for land in known if level in land.levels}
        rows = table[table["region_id"].isin(roots)].drop_duplicates("point_id")
        ways = rows["how"].astype(str).value_counts().sort_index()
        detail = "; ".join(f"{way} {count}" for way, count in ways.items() if count)
        lost = len(points) - len(rows)
        found.append(Finding("points", f"region at level {level}", lost, "kept" if lost else "none needed", detail))
        sample = points.iloc[:: max(1, len(points) // SAMPLE)]
        agree, compared = agreement(sample, recorded, known, level)
        if compared:
            detail = f"{agree / compared:.1%} of {compared} points lie in the outline of the region they name"
            check = f"code against outline at level {level}"
            found.append(Finding("points", check, compared - agree, "kept", detail))
    return found


def _load_pixels(connection: duckdb.DuckDBPyConnection, several: Sequence[Pixels], loaded: _Loaded) -> None:
    for pixels in several:
        connection.register("pixels_in", pixels.rows)
        connection.execute(
            """INSERT INTO pixels SELECT location, lon, lat, year, point_id, lc_label, bands, masked_months,
                missing_bands, first_month::DATE, source, source_label
            FROM pixels_in ORDER BY ST_Hilbert(lon, lat,
                {min_x: -180.0, min_y: -90.0, max_x: 180.0, max_y: 90.0}::BOX_2D), location, year"""
        )
        connection.unregister("pixels_in")
        loaded.datasets.append(pixels.dataset)
        loaded.findings += pixels.findings


def _load_stamps(connection: duckdb.DuckDBPyConnection, loaded: _Loaded) -> None:
    for one in loaded.datasets:
        west, south, east, north = one.bbox or (None, None, None, None)
        connection.execute(
            "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [one.id, one.title, one.version, one.licence, one.attribution, one.sha256, one.rows, list(one.years),
             west, south, east, north, one.synthetic, one.kind],
        )  # fmt: skip
    for found in loaded.findings:
        connection.execute(
            "INSERT INTO quality VALUES (?, ?, ?, ?, ?, ?)",
            [found.dataset, found.check, found.rows, found.action, found.detail, list(found.examples)],
        )
    connection.execute("INSERT INTO store_meta VALUES ('schema', ?)", [SCHEMA])


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rows: Any,
    columns: Sequence[str],
    order: str,
    extra: Mapping[str, str] | None = None,
) -> None:
    """Write these columns of a data frame or Arrow table, with constant columns after them."""
    connection.register("rows_in", rows)
    constants = "".join(f", '{value}'" for value in (extra or {}).values())
    named = ", ".join((*columns, *(extra or ())))
    connection.execute(
        f"INSERT INTO {table} ({named}) SELECT {', '.join(columns)}{constants} FROM rows_in ORDER BY {order}"
    )
    connection.unregister("rows_in")
