"""Settles, when a store is built, which published figure speaks of which region in which year.

A region may stand under another code in another year (FR81, FRJ1), as the parts it was split into, or as a group whose
membership changed; a main class without a row is zero where the others make the whole, else it is not published, as any
other class. All of that is decided here, once, so that a question reads
`published_cells` and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval import statistics as meaning
from retrieval.errors import UnknownRegion
from retrieval.gazetteer import Gazetteer
from retrieval.store import Store
from retrieval.types import PUBLISHED_LEVELS

if TYPE_CHECKING:
    import duckdb

EUROPE = ("EU28", "EU", "EU27_2007", "EU_V")
"""What stands for all surveyed countries together, by year."""

STEP = Path(__file__).parent / "build" / "published_cells.sql"


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `published_cells` of a store in the making, from its `statistics`, `region_areas` and `regions`."""
    import pandas as pd  # a question reads this module too, and has no use for it

    store = Store(Path(), connection, timeout_s=120)
    gazetteer = Gazetteer(store)
    active = _active(connection)
    codes = pd.DataFrame(_region_codes(gazetteer, store, active), columns=list(REGION_CODES))
    if codes.empty:
        return  # a table without any region, whose empty columns DuckDB would take for numbers
    classes = pd.DataFrame(_zeros(), columns=["land_cover", "beside"])
    connection.register("region_codes_in", codes)
    connection.register("zeros_in", classes)
    connection.execute(STEP.read_text(encoding="utf-8"))
    connection.unregister("region_codes_in")
    connection.unregister("zeros_in")


REGION_CODES = ("region_id", "level", "country", "year", "code", "part", "rank", "listed", "land")


def _active(connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[frozenset[str], frozenset[str]]]:
    """Return year → the codes that have figures of main classes, and those that have any: a table may be an extract."""
    rows = connection.execute(
        "SELECT year, list(DISTINCT code) FILTER (WHERE land_cover LIKE '_00'), list(DISTINCT code) "
        "FROM statistics GROUP BY year ORDER BY year"
    ).fetchall()
    return {int(year): (frozenset(main or ()), frozenset(every)) for year, main, every in rows}


def _region_codes(
    gazetteer: Gazetteer, store: Store, active: dict[int, tuple[frozenset[str], frozenset[str]]]
) -> Iterator[tuple]:
    """Yield, for each region and year, the codes it is read under, the preferred one first; or those of its parts."""
    for row in store.query("region_codes").dicts():
        codes = codes_of(gazetteer, row["id"], row["level"])
        for year, (main, present) in active.items():
            there = [code for code in codes if code in main] or [code for code in codes if code in present]
            there = there[:1] if row["level"] == "group" else there
            whole = bool(there)
            if not there and (parts := meaning.DISSOLVED.get(next(iter(codes), ""), ())):
                there = list(parts) if all(part in present for part in parts) else []
            for rank, code in enumerate(there):
                of_its_level = whole and rank == 0 and meaning.level_of(code) == row["level"]
                listed = of_its_level and _is_listed(gazetteer, row["id"], code)
                of = (year, code, not whole, rank, listed, meaning.land_of(code))
                yield row["id"], meaning.level_of(code), row["country"], *of
    for level in ("nuts1", "nuts2"):
        for old in gazetteer.former_ids(level):
            code = old.partition(":")[2]
            for year in (y for y, (_, present) in active.items() if code in present):
                yield old, level, gazetteer.region(old).country, year, code, False, 0, True, meaning.land_of(code)


def codes_of(gazetteer: Gazetteer, identifier: str, level: str) -> tuple[str, ...]:
    """Return the codes a region may stand under in the table, its own first; none for what has no row of its own."""
    kind, _, code = identifier.partition(":")
    if level == "group":
        if code.lower() == "europe":
            return EUROPE
        own = meaning.series_codes(code) if code in meaning.EU_GROUPS else ()
        return (*own, *(c for c in meaning.OTHER_EU if c not in own)) if code in ("EU", "EU27_2020") else own
    own = (code,) if kind in ("country", "nuts") else ()
    same = (*own, *gazetteer.vintages(identifier))
    kept = [c for c in same if meaning.level_of(c) in PUBLISHED_LEVELS]
    return tuple(dict.fromkeys(c for one in kept for c in meaning.series_codes(one)))


def _is_listed(gazetteer: Gazetteer, identifier: str, code: str) -> bool:
    """Whether this is the one region that a code of the table stands for in the list of its level."""
    written = f"country:{code}" if len(code) == 2 else f"nuts:{code}"
    try:
        return gazetteer.region(written).id == identifier
    except UnknownRegion:
        return False


def _zeros() -> Sequence[tuple[str, str]]:
    """Return classes that are zero where they have no row and another one, beside them, has."""
    main = [(code, "") for code in meaning.MAIN_CLASSES]
    return [*main, ("B10-50_PI", "B10"), ("B00_PI", "B10"), ("B70-80_PI", "B70")]
