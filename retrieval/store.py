"""The store as questions see it: one file, read-only and locked down, asked by named queries. Does not build it.

The SQL stands in `retrieval/sql/<name>.sql`, each file one SELECT with `$name` parameters; no other SQL is run.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import platformdirs

from retrieval import deadline
from retrieval.errors import BadArgument, QueryLimit, StoreError
from retrieval.types import Dataset, Table

SCHEMA = "7"
"""Version of `schema.sql`; a store of another version is refused, not migrated: building it again is quick."""

SQL_FOLDER = Path(__file__).parent / "sql"
QUERY_NAME = re.compile(r"[a-z][a-z0-9_]*")
OPENING = threading.Lock()
"""One opening at a time: two of one file share a database, whose settings the first one locks."""

REBUILD = "make it again with `python -m retrieval build`"
IDLE_S = 1.0
"""Seconds without a query after which nobody looks at the clock any more."""


def default_store_path() -> Path:
    """Return where the store lies when no path is given: in the user's data directory."""
    return Path(platformdirs.user_data_dir("landask", appauthor=False)) / "store.duckdb"


@lru_cache(maxsize=1)
def spatial_extension() -> Path | None:
    """Return the packaged spatial extension, or None where the package is not installed."""
    try:
        import duckdb_extension_spatial
    except ImportError:
        return None
    folder = Path(str(duckdb_extension_spatial.__file__)).parent
    return next(folder.rglob("spatial.duckdb_extension"), None)


def extension_settings() -> dict[str, str | bool | int | float | list[str]]:
    """Return how a database is opened that is to load the spatial extension, and none other.

    The packaged one is loaded unsigned: to check its signature means to read 81 MB, a third of a second at each start,
    and it lies beside DuckDB's own library, which came the same way and is checked by nobody either.
    """
    return {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_unsigned_extensions": spatial_extension() is not None,
    }


def load_spatial(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the spatial extension from its package; only without that package ask DuckDB's own server for it.

    The database must have been opened with `extension_settings`.
    """
    extension = spatial_extension()
    try:
        if extension:
            connection.execute(f"LOAD '{_quoted(extension)}'")
        else:
            connection.execute("INSTALL spatial; LOAD spatial;")
    except duckdb.Error as error:
        raise StoreError(f"DuckDB's spatial extension cannot be loaded: {_first_line(error)}") from error
    connection.execute("SET GLOBAL geometry_always_xy = true")


@lru_cache(maxsize=256)
def read_query(name: str) -> str:
    """Return the text of one named query."""
    file = SQL_FOLDER / f"{name}.sql"
    if not QUERY_NAME.fullmatch(name) or not file.is_file():
        raise StoreError(f"no query named {name!r}")
    text = file.read_text(encoding="utf-8").strip()
    statements = duckdb.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise StoreError(f"query {name!r} is not one SELECT")
    return text


class OldStore(StoreError):
    """The store was made by another version of this program."""


@dataclass(frozen=True)
class _Running:
    """A query on its way: whose it is, when it must end, and whether it was ended for that."""

    owner: int
    ends: float
    """Time of the monotonic clock."""
    expired: threading.Event = field(default_factory=threading.Event)


class Store:
    """A built store, opened for questions. Safe to share between threads: each has its own cursor.

    Attributes:
        path: The file.
        timeout_s: Seconds after which a query is stopped.
    """

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, timeout_s: float) -> None:
        self.path, self.timeout_s = path, timeout_s
        self._connection = connection
        self._local = threading.local()
        self._running: dict[duckdb.DuckDBPyConnection, _Running] = {}
        self._lock = threading.Condition()
        self._watch: threading.Thread | None = None
        self._wakes = 0.0
        self._datasets: tuple[Dataset, ...] | None = None
        self._recorded: dict[str, tuple[int, ...]] | None = None
        self._figure_years: dict[str, tuple[int, ...]] | None = None

    @classmethod
    def open(
        cls, path: str | Path, memory_limit: str = "800MB", timeout_s: float = 20, threads: int | None = None
    ) -> Store:
        """Open a store for questions: read-only, without access to files or network, its settings locked.

        `threads` are those that all queries share; as many as there are processors without it.
        """
        path = Path(path)
        if not path.is_file():
            raise StoreError(f"no store at {path}; make one with `python -m retrieval build --store {path}`")
        with OPENING:
            connection = _connect(path, memory_limit, threads)
        store = cls(path, connection, timeout_s)
        try:
            store._check_version()
        except BaseException:
            store.close()
            raise
        return store

    def query(self, name: str, **parameters: Any) -> Table:
        """Run the query in `retrieval/sql/<name>.sql` with these parameters and return all its rows.

        Raises:
            QueryLimit: It ran over the time or memory limit, or was interrupted.
            StoreError: There is no such query, or the store cannot serve it.
        """
        return self._run(read_query(name), parameters)

    def run(self, sql: str, parameters: Mapping[str, Any]) -> Table:
        """Run one SELECT that `tools/compile.py` put together of a source's fragments, every value a parameter.

        Raises:
            QueryLimit: It ran over the time or memory limit, or was interrupted.
            StoreError: The store cannot serve it.
        """
        return self._run(sql, parameters)

    def interrupt(self, thread: int | None = None) -> None:
        """Stop every query now running, or those of one thread (`threading.get_ident()`)."""
        with self._lock:
            for cursor, running in self._running.items():
                if thread is None or running.owner == thread:
                    cursor.interrupt()

    def datasets(self) -> tuple[Dataset, ...]:
        """Return what was loaded, in the order of loading."""
        if self._datasets is None:
            self._datasets = tuple(_dataset(row) for row in self.query("datasets").dicts())
        return self._datasets

    def dataset(self, kind: str) -> Dataset:
        """Return the first dataset of a kind: `survey`, `statistics`, `vine_areas`, `deals`, `regions`, `places`, …"""
        for dataset in self.datasets():
            if dataset.kind == kind:
                return dataset
        raise StoreError(f"the store holds no {kind}; {REBUILD}")

    def published_years(self) -> tuple[int, ...]:
        """Return the years that figures were published for, earliest first."""
        return tuple(sorted({y for d in self.datasets() if d.kind == "statistics" for y in d.years}))

    def years(self) -> tuple[int, ...]:
        """Return the survey years, earliest first."""
        return tuple(sorted({year for d in self.datasets() if d.kind == "survey" for year in d.years}))

    def years_published_only(self) -> frozenset[int]:
        """Return the years that figures were published for and no point was surveyed in."""
        return frozenset(self.published_years()) - {*self.years()}

    def recorded(self, dimension: str) -> tuple[int, ...]:
        """Return the survey years in which a dimension that some lack was recorded at all, earliest first."""
        if self._recorded is None:
            found: dict[str, set[int]] = {}
            for row in self.query("recorded").dicts():
                found.setdefault(row["dimension"], set()).add(int(row["year"]))
            self._recorded = {name: tuple(sorted(years)) for name, years in found.items()}
        return self._recorded.get(dimension, ())

    def figure_years(self, region_id: str) -> tuple[int, ...]:
        """Return the years in which a region has published figures of any class, earliest first."""
        if self._figure_years is None:
            found: dict[str, list[int]] = {}
            for id, year in self.query("places_with_figures").rows:
                found.setdefault(id, []).append(year)
            self._figure_years = {id: tuple(years) for id, years in found.items()}
        return self._figure_years.get(region_id, ())

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _run(self, sql: str, parameters: Mapping[str, Any]) -> Table:
        deadline.check()
        cursor = self._cursor()
        try:
            with self._limited(cursor) as expired, _without_pandas():
                cursor.execute(sql, dict(parameters))
                columns = tuple(column[0] for column in cursor.description or ())
                rows = tuple(cursor.fetchall())
        except duckdb.InterruptException as error:
            why = f"took more than {self.timeout_s:g} s" if expired.is_set() else "was interrupted"
            raise QueryLimit(f"the query {why}; ask about fewer regions or years") from error
        except duckdb.OutOfMemoryException as error:
            raise QueryLimit("the query needs more memory than allowed; ask about fewer regions or years") from error
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            raise BadArgument(f"the store cannot be asked for that: {_first_line(error)}") from error
        except duckdb.CatalogException as error:
            raise StoreError(f"the store {self.path} is not whole: {_first_line(error)}; {REBUILD}") from error
        except (duckdb.IOException, duckdb.FatalException, duckdb.SerializationException) as error:
            raise StoreError(f"the store {self.path} cannot be read: {_first_line(error)}; {REBUILD}") from error
        return Table(columns, rows, sql, dict(parameters))

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if not hasattr(self._local, "cursor"):
            self._local.cursor = self._connection.cursor()
        return self._local.cursor

    @contextmanager
    def _limited(self, cursor: duckdb.DuckDBPyConnection) -> Generator[threading.Event]:
        """Interrupt the cursor when its time is over. DuckDB has no statement timeout of its own."""
        running = _Running(threading.get_ident(), time.monotonic() + self.timeout_s)
        with self._lock:
            self._running[cursor] = running
            if self._watch is None or not self._watch.is_alive():
                self._watch = threading.Thread(target=self._end_late_ones, name=deadline.WATCH, daemon=True)
                self._watch.start()
            elif running.ends < self._wakes:
                self._lock.notify()
        try:
            yield running.expired
        finally:
            with self._lock:  # nothing is interrupted but under it: a late one would hit this cursor's next query
                self._running.pop(cursor, None)

    def _end_late_ones(self) -> None:
        """Interrupt each query when its time is over: one thread for all, for to start one costs as much as a query."""
        with self._lock:
            while True:
                now = time.monotonic()
                for cursor, running in self._running.items():
                    if running.ends <= now and not running.expired.is_set():
                        running.expired.set()
                        with suppress(duckdb.Error):  # it is closed already
                            cursor.interrupt()
                ends = [running.ends for running in self._running.values() if not running.expired.is_set()]
                self._wakes = min(ends, default=now + IDLE_S)
                told = self._lock.wait(self._wakes - now)
                if not (ends or told or self._running):
                    self._watch = None
                    return

    def _check_version(self) -> None:
        try:
            table = self._run("SELECT value FROM store_meta WHERE key = 'schema'", {})
        except (duckdb.Error, StoreError) as error:
            if isinstance(error.__cause__, duckdb.IOException | duckdb.FatalException | duckdb.SerializationException):
                raise
            raise StoreError(f"{self.path} is not a landask store; {REBUILD}") from error
        if table.rows != ((SCHEMA,),):
            raise OldStore(f"the store {self.path} was made by another version; {REBUILD}")


@contextmanager
def _without_pandas() -> Generator[None]:
    """Keep DuckDB from importing pandas, a second or two, only to see whether a parameter is a `pandas.NaT`.

    Done while no thread but this one and those that end late questions run: no other import can be disturbed.
    """
    others = [thread for thread in threading.enumerate() if thread.name != deadline.WATCH]
    alone = threading.current_thread() is threading.main_thread() and len(others) <= 1
    if "pandas" in sys.modules or not alone:
        yield
        return
    sys.modules["pandas"] = None  # ty: ignore[invalid-assignment]
    try:
        yield
    finally:
        sys.modules.pop("pandas", None)


def _connect(path: Path, memory_limit: str, threads: int | None) -> duckdb.DuckDBPyConnection:
    config = {
        **extension_settings(),
        "memory_limit": memory_limit,
        "temp_directory": "",  # a question that does not fit in memory is refused, not spilled to disk
    }
    try:
        connection = duckdb.connect(str(path), read_only=True, config=config)
    except duckdb.Error as error:
        raise StoreError(f"the store {path} cannot be opened: {_first_line(error)}; {REBUILD}") from error
    try:
        _lock_down(connection, threads)
    except BaseException:
        connection.close()
        raise
    return connection


def _lock_down(connection: duckdb.DuckDBPyConnection, threads: int | None) -> None:
    # A second opening in one process shares the first one's database, which is locked by then.
    if connection.execute("SELECT current_setting('lock_configuration')").fetchall() == [(True,)]:
        return
    load_spatial(connection)
    if threads:
        connection.execute(f"SET threads = {int(threads)}")
    # In this order: once settings are locked nothing can be loaded.
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _dataset(row: Mapping[str, Any]) -> Dataset:
    bounds = (row["west"], row["south"], row["east"], row["north"])
    return Dataset(
        id=row["id"],
        title=row["title"],
        version=row["version"],
        licence=row["licence"],
        attribution=row["attribution"],
        sha256=row["sha256"],
        rows=row["rows"],
        years=tuple(row["years"] or ()),
        bbox=None if row["west"] is None else bounds,
        synthetic=row["synthetic"],
        kind=row["kind"],
    )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
