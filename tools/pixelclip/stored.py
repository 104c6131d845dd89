"""Pixel years of a store → vectors of an encoder. Reads through named queries; never opens a database itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from retrieval.errors import NoRecords
from retrieval.store import Store
from retrieval.types import Table
from tools.pixelclip.bands import BANDS, MONTHS, Years, read_years, to_calendar
from tools.pixelclip.interface import Encoder

BUDGET = 20_000
"""Pixel years embedded on demand for one question; a larger area is embedded beforehand with `embed`."""

MOST_PIXELS = 500_000
"""Pixel years read for one question."""

SECONDS_A_PIXEL = 1.1e-4
"""What a pixel costs our own model on one core, measured (`bench`)."""

BATCH = 4096

_KEPT = 200_000
_memory: OrderedDict[tuple[str, str, str, int], NDArray[np.float16]] = OrderedDict()


@dataclass(frozen=True)
class AreaPixels:
    """The pixels of an area with their vectors."""

    rows: Table
    vectors: NDArray[np.float32]
    """(N, dim); 0 where a pixel could not be read."""
    usable: NDArray[np.bool_]
    embedded: int
    """How many were embedded for this question."""
    left: int
    """How many were left out because the budget was spent, or because the area holds more than are read at once."""
    masked: NDArray[np.int64]
    """(N,) months without an observation."""


def years_of(rows: Table) -> Years:
    """Return stored reflectances as calendar years, January first."""
    bands = np.array([row if row is not None else [65535] * (MONTHS * len(BANDS)) for row in rows.column("bands")])
    years = bands.reshape(-1, MONTHS, len(BANDS)).astype(np.float32)
    for at, first in enumerate(rows.column("first_month")):
        if isinstance(first, date) and first.month != 1:
            years[at] = to_calendar(years[at], first.month)
    return read_years(years) if len(years) else Years(*_nothing())


def area_pixels(
    store: Store,
    model: Encoder,
    outline: BaseGeometry | None,
    level: str,
    year: int | None,
    budget: int | None = None,
    whole: bool = False,
    patience: Callable[[int, int], None] | None = None,
) -> AreaPixels:
    """Return the pixels inside an outline (None: everywhere), each location's latest year or the year asked for.

    Args:
        store: The store.
        model: The encoder.
        outline: EPSG:4326.
        level: Of the region, for the query.
        year: The year asked for.
        budget: Pixel years embedded now at most; None: `BUDGET`.
        whole: Refuse an area that the budget does not cover, with what mapping all of it takes, in place of cutting it.
        patience: No budget holds; told how many pixel years of how many are embedded, and what it raises ends it.

    Raises:
        NoRecords: the store has no pixels there, or none of that year; or, with `whole`, more than the budget.
    """
    west, south, east, north = outline.bounds if outline is not None else (-180.0, -90.0, 180.0, 90.0)
    where = {
        "west": west - 0.03,
        "south": south - 0.03,
        "east": east + 0.03,
        "north": north + 0.03,
        "outline": shapely.to_wkb(outline) if outline is not None else None,
        "level": level,
        "model": model.model_id,
        "limit": MOST_PIXELS,
    }
    rows = store.query("pixels_in", **where, year=year)
    if not len(rows):
        known = store.query("pixels_years").column("year") if year is not None else ()
        if there := ", ".join(str(y) for y in known if len(store.query("pixels_in", **{**where, "limit": 1}, year=y))):
            what, way_out = f"satellite pixels of {year} there", f"there are some of {there}"
            raise NoRecords(what, way_out, "no_pixel_year", year=year, years=there)
        way_out = "fetch some with `python -m retrieval fetch pixels …` and build the store with --pixels"
        raise NoRecords("satellite pixels there", way_out, "no_pixels")
    over = 0
    if len(rows) == MOST_PIXELS:
        box = {name: where[name] for name in ("west", "south", "east", "north", "outline")}
        over = store.query("pixels_count", **box, year=year).rows[0][0] - MOST_PIXELS
    budget = len(rows) if patience else BUDGET if budget is None else budget
    return _with_vectors(store, model, rows, budget, max(0, over), whole, patience)


def vectors_of(store: Store, model: Encoder, rows: Table) -> NDArray[np.float32]:
    """Return the vectors of rows with `location`, `year`, `bands`, `first_month`; remembered for the next question."""
    keys = [
        (str(store.path), model.model_id, str(location), int(year))
        for location, year in zip(rows.column("location"), rows.column("year"), strict=True)
    ]
    new = [at for at, key in enumerate(keys) if key not in _memory]
    for start in range(0, len(new), BATCH):
        at = new[start : start + BATCH]
        vectors = model.embed(years_of(Table(rows.columns, tuple(rows.rows[i] for i in at))))
        for i, vector in zip(at, vectors.astype(np.float16), strict=True):
            _memory[keys[i]] = vector
    out = np.stack([_memory[key] for key in keys]).astype(np.float32)
    while len(_memory) > _KEPT:
        _memory.popitem(last=False)
    return out


def masked_months(rows: Table) -> NDArray[np.int64]:
    """Return how many months of each row had no observation."""
    return np.array([len(months or ()) for months in rows.column("masked_months")], np.int64)


def as_bytes(vectors: NDArray[np.float32]) -> list[bytes]:
    """Return vectors as the store keeps them: float16."""
    return [row.tobytes() for row in vectors.astype(np.float16)]


def _with_vectors(
    store: Store,
    model: Encoder,
    rows: Table,
    budget: int,
    over: int,
    whole: bool = False,
    patience: Callable[[int, int], None] | None = None,
) -> AreaPixels:
    dim = model.dim
    vectors, usable = np.zeros((len(rows), dim), np.float32), np.zeros(len(rows), bool)
    keys = [
        (str(store.path), model.model_id, str(location), int(year))
        for location, year in zip(rows.column("location"), rows.column("year"), strict=True)
    ]
    missing = []
    for at, blob in enumerate(rows.column("vector")):
        kept = np.frombuffer(blob, np.float16) if blob else _memory.get(keys[at])
        if blob is None and kept is None:
            missing.append(at)
        elif kept is not None and len(kept) == dim:
            vectors[at], usable[at] = kept, True
    now, left = missing[:budget], max(0, len(missing) - budget)
    if whole and left + over:
        minutes = max(1, round((len(missing) + over) * SECONDS_A_PIXEL / 60))
        way_out = f"map it as a job of about {minutes} min (`predict --save`), or ask about a smaller area"
        total = len(rows) + over
        raise NoRecords(f"answer about {total:,} pixels at once", way_out, "job_offered", pixels=total, minutes=minutes)
    for start in range(0, len(now), BATCH):
        if patience:
            patience(start, len(now))
        at = now[start : start + BATCH]
        new, good = _embed(store, model, [keys[i][2] for i in at], [keys[i][3] for i in at])
        vectors[at], usable[at] = new, good
        for i, vector in zip(at, new.astype(np.float16), strict=True):
            _memory[keys[i]] = vector
    while len(_memory) > _KEPT:
        _memory.popitem(last=False)
    return AreaPixels(rows, vectors, usable, len(now), left + over, masked_months(rows))


def _embed(
    store: Store, model: Encoder, locations: list[str], years: list[int]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the vectors of some pixel years in the order asked."""
    rows = store.query("pixels_bands", locations=locations, years=years)
    place = {(row["location"], row["year"]): at for at, row in enumerate(rows.dicts())}
    order = [place[key] for key in zip(locations, years, strict=True)]
    read = years_of(Table(rows.columns, tuple(rows.rows[at] for at in order)))
    return model.embed(read), read.usable


def _nothing() -> tuple[Any, ...]:
    empty = np.zeros((0, MONTHS, len(BANDS)), np.float32)
    return empty, np.zeros((0, MONTHS), bool), np.zeros((0, len(BANDS)), bool), np.zeros(0, bool)
