"""What the tools over the published figures share: cells, caveats, maps. Reads figures, never makes one up.

A *cell* is one class in one region and year, as Eurostat's table has it or does not have it. A figure made from
several cells (a sum of classes, the members of a group) is marked `computed` wherever it goes. Its sampling error comes
from the coefficient of variation published beside it; without one there is no interval. What is said of errors is
worked out in `tools/uncertainty.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from retrieval import statistics as meaning
from retrieval.errors import BadArgument, NoSuchYear, NotPublished, OutOfCoverage, TooFine
from retrieval.published_cells import codes_of
from retrieval.types import Region, Table
from tools import uncertainty
from tools.context import Context
from tools.estimation import LEVEL, published_error
from tools.estimation import together as root_of_squares
from tools.result import Provenance

UNITS = {"%": 1.0, "km2": 1.0, "ha": 100.0}
"""Unit → how many of it make one km² (for "%": unused)."""

PERCENTAGE_POINTS = "percentage points"
KNOWN = ("published", "low_reliability", "about_zero")
"""Statuses of cells that carry a number."""

CONDITIONAL_YEARS = (2022,)
"""Years whose coefficients of variation hold the grid and the main classes' estimates for known, and are too small."""

SPECIAL_CODES = {"BX1": "B10-50_PI", "BX2": "B70-80_PI"}
"""LUCAS record codes of unnamed crops → the table's own."""

CONTEXT_CLASSES = (*meaning.MAIN_CLASSES, "B10", "B70", *meaning.UNNAMED_CROPS)
"""Read along with every question: which years a region has, and how many crops stay unnamed."""

ANYWHERE = "any region"
"""The region of a refusal that holds everywhere; worded per language."""


@dataclass(frozen=True)
class Cell:
    """One class in one region and year: a figure, or the reason why there is none."""

    region: Region
    land_cover: str
    """The class's code; several joined by `+` (and `-` for classes left out) where the figure is computed of them."""
    year: int
    status: meaning.Status
    code: str = ""
    """The region code it is published under; several joined by `+`; '' where there is no row."""
    flag: str = ""
    percent: float | None = None
    km2: float | None = None
    total_km2: float | None = None
    """The region's total area, inland water included."""
    rounding: float = meaning.SHARE_ROUNDING
    """Half the width in percentage points of what the published digits stand for."""
    percent_computed: bool = False
    km2_computed: bool = True
    missing: tuple[str, ...] = ()
    """Parts of a computed figure that are not published: the figure is at least this."""
    se: float | None = None
    """Standard error in percentage points, survey and grid; None where no sampling error is published."""
    survey_se: float | None = None
    """The same for a change: the grid is that of the other year, so its error is shared; but for 2022 (see below)."""
    published_cv: float | None = None
    """The coefficient of variation as published, percent; None also for a computed figure."""

    @property
    def known(self) -> bool:
        """Whether it carries a number."""
        return self.status in KNOWN

    def value(self, unit: str) -> float | None:
        """Return the number in a unit, None where there is none."""
        if not self.known or unit == "%":
            return self.percent if self.known else None
        return None if self.km2 is None else sensible(self.km2 * UNITS[unit])

    def interval(self, unit: str) -> tuple[float, float] | None:
        """Return the ends of the 95 % interval in a unit, with no finer digits than the error can carry."""
        ends = uncertainty.share_interval(self.percent, self.se) if self.known and self.percent else None
        if ends is None or self.se is None:
            return None
        if unit == "%":
            return round(ends[0], digits := uncertainty.decimals(self.se)), round(ends[1], digits)
        if self.total_km2 is None:
            return None
        scale = self.total_km2 / 100 * UNITS[unit]
        return sensible(ends[0] * scale), sensible(ends[1] * scale)

    @property
    def cv(self) -> float | None:
        """The coefficient of variation in percent of the whole error, grid and rounding with it."""
        return uncertainty.variation(self.percent, self.se) if self.known else None

    def bounds(self, unit: str) -> tuple[float, float] | None:
        """Return the lowest and highest number that the published digits stand for. Not a confidence interval."""
        if not self.known or self.percent is None:
            return None
        low, high = max(self.percent - self.rounding, 0.0), self.percent + self.rounding
        if unit == "%":
            return round(low, 2), round(high, 2)
        if self.total_km2 is None:
            return None
        scale = self.total_km2 / 100 * UNITS[unit]
        return sensible(low * scale), sensible(high * scale)

    def facts(self, context: Context) -> dict[str, Any]:
        """Return the cell's slots for a sentence."""
        (low, high), (low_km2, high_km2), (low_ha, high_ha) = (self.interval(u) or (None, None) for u in UNITS)
        return {
            "region": self.region.name,
            "region_id": self.region.id,
            "code": self.code,
            "land_cover": self.land_cover,
            "label": label(context, self.land_cover),
            "year": self.year,
            "status": self.status,
            "flag": self.flag,
            "percent": self.value("%"),
            "km2": self.value("km2"),
            "ha": self.value("ha"),
            "total_km2": self.total_km2,
            "low": low,
            "high": high,
            "low_km2": low_km2,
            "high_km2": high_km2,
            "low_ha": low_ha,
            "high_ha": high_ha,
            "level": LEVEL if low is not None else None,
            "cv": self.cv,
            "reliability": uncertainty.reliability(self.cv),
            "missing": list(self.missing),
        }


CELL_COLUMNS = (
    "region_id", "region", "code", "land_cover", "land_cover_name", "year", "value", "unit", "flag", "status",
    "low", "high", "cv", "reliability", "km2", "total_km2",
)  # fmt: skip


def cell_row(context: Context, cell: Cell, unit: str) -> tuple[Any, ...]:
    """Return a cell as a row of `CELL_COLUMNS`; `low` and `high` are the ends of its 95 % interval, in the unit."""
    return (
        cell.region.id,
        cell.region.name,
        cell.code,
        cell.land_cover,
        label(context, cell.land_cover),
        cell.year,
        cell.value(unit),
        unit,
        cell.flag,
        cell.status,
        *(cell.interval(unit) or (None, None)),
        cell.cv,
        uncertainty.reliability(cell.cv),
        cell.value("km2"),
        cell.total_km2,
    )


class Figures:
    """The published rows that a question needs, as cells."""

    def __init__(self, table: Table, codes: Mapping[str, tuple[str, ...]]) -> None:
        """Index rows of `statistics_cells.sql`; `codes` are the region ids' codes."""
        self.table, self._codes = table, codes
        self._rows = {(r["code"], r["land_cover"], r["year"], r["unit"]): r for r in table.dicts() if r["land_cover"]}
        self._areas = {r["code"]: r["area_km2"] for r in table.dicts()}

    def area(self, code: str) -> float | None:
        """Return the total area of a region code in km², None where it is not given."""
        return self._areas.get(code)

    @cached_property
    def _active(self) -> dict[int, tuple[frozenset[str], frozenset[str]]]:
        """Year → the codes that have figures of main classes, and those that have any: a table may be an extract."""
        main: dict[int, set[str]] = {}
        every: dict[int, set[str]] = {}
        for code, land_cover, year, _ in self._rows:
            every.setdefault(year, set()).add(code)
            if land_cover in meaning.MAIN_CLASSES:
                main.setdefault(year, set()).add(code)
        return {year: (frozenset(main.get(year, ())), frozenset(codes)) for year, codes in every.items()}

    def is_whole(self, code: str, year: int) -> bool:
        """Whether the main classes that a region code has in a year leave nothing for those without a row."""
        area, found = self._areas.get(code), 0.0
        for main in meaning.MAIN_CLASSES:
            percent, km2 = (self._rows.get((code, main, year, unit)) for unit in meaning.UNITS)
            found += percent["value"] if percent else 100 * km2["value"] / area if km2 and area else 0.0
        return found >= meaning.WHOLE

    def codes(self, region: Region, year: int) -> tuple[str, ...]:
        """Return the codes under which a region stands in the table in one year, the preferred one first."""
        own = self._codes.get(region.id, ())
        codes = next(filter(None, (tuple(c for c in own if c in there) for there in self._active.get(year, ()))), ())
        return codes[:1] if region.level == "group" else codes

    def own_code(self, region: Region) -> str:
        """Return the code a region is asked by, '' for a group without an aggregate."""
        return next(iter(self._codes.get(region.id, ())), "")

    def has(self, year: int, code: str) -> bool:
        """Whether a region code has figures in a year."""
        return year in self._active and code in self._active[year][1]

    def split_into(self, region: Region, year: int) -> tuple[str, ...]:
        """Return the codes of the parts a dissolved region consists of in a year, none where it has its own figures."""
        if self.codes(region, year):
            return ()
        parts = meaning.DISSOLVED.get(self.own_code(region), ())
        return parts if all(self.has(year, code) for code in parts) else ()

    def years(self, region: Region) -> tuple[int, ...]:
        """Return the years in which a region has figures."""
        return tuple(sorted(y for y in self._active if self.codes(region, y) or self.split_into(region, y)))

    def cell(self, region: Region, land_cover: str | Sequence[str], year: int, code: str | None = None) -> Cell:
        """Return one class, or the sum of several, in one region and year; `code` fixes the region's code."""
        if code is None and (split := self.split_into(region, year)):
            return together(region, [self.cell(region, land_cover, year, part) for part in split])
        codes = self.codes(region, year) if code is None else (code,) if self.has(year, code) else ()
        if isinstance(land_cover, str):
            return self._cell(region, land_cover, year, codes)
        if len(land_cover) == 1:
            return self._cell(region, land_cover[0], year, codes)
        return total(land_cover, [self._cell(region, c, year, codes) for c in land_cover])

    def _cell(self, region: Region, land_cover: str, year: int, codes: Sequence[str]) -> Cell:
        for code in codes:
            percent, km2 = (self._rows.get((code, land_cover, year, unit)) for unit in meaning.UNITS)
            if percent or km2:
                return self._published(region, land_cover, year, code, percent, km2)
        empty = land_cover in meaning.MAIN_CLASSES and any(self.is_whole(code, year) for code in codes)
        status: meaning.Status = "about_zero" if empty else "not_published"
        if land_cover in meaning.UNNAMED_CROPS or land_cover == "B00_PI":
            # A line of the table like the crops beside it: where they are published and it is not, there is none.
            beside = "B70" if land_cover == "B70-80_PI" else "B10"
            seen = any((code, beside, year, unit) in self._rows for code in codes for unit in meaning.UNITS)
            status = "about_zero" if seen else "not_published"
        zero = 0.0 if status == "about_zero" else None
        area = self._areas.get(codes[0]) if codes else None
        return Cell(region, land_cover, year, status, codes[0] if zero is not None else "", "", zero, zero, area)

    def _published(
        self, region: Region, land_cover: str, year: int, code: str, percent: Mapping | None, km2: Mapping | None
    ) -> Cell:
        row = percent or km2 or {}
        area = row["area_km2"]
        status = meaning.status(row["flag"])
        share = percent["value"] if percent else (round(100 * km2["value"] / area, 1) if km2 and area else None)
        square_km = km2["value"] if km2 else (share * area / 100 if area and share is not None else None)
        cv, se = row.get("cv"), row.get("se")
        of_survey = published_error((share or 0) / 100, cv, None, row["flag"] or "")
        return Cell(
            region=region,
            land_cover=land_cover,
            year=year,
            status=status,
            code=code,
            flag=row["flag"] or "",
            percent=share,
            km2=square_km,
            total_km2=area,
            percent_computed=percent is None,
            km2_computed=km2 is None,
            se=se,
            survey_se=se if year in CONDITIONAL_YEARS else None if of_survey is None else 100 * of_survey,
            published_cv=cv,
        )


def total(land_cover: Sequence[str], cells: Sequence[Cell]) -> Cell:
    """Return the sum of several classes of one region and year, as far as they are published."""
    known = [c for c in cells if c.known]
    first = known[0] if known else cells[0]
    joined = "+".join(land_cover)
    if not known:
        status = "not_significant" if any(c.status == "not_significant" for c in cells) else "not_published"
        return replace(first, land_cover=joined, status=status, missing=tuple(c.land_cover for c in cells))
    return replace(
        first,
        land_cover=joined,
        status="low_reliability" if any(c.status == "low_reliability" for c in known) else "published",
        flag="u" if any("u" in c.flag for c in known) else "",
        percent=round(sum(c.percent or 0 for c in known), 1),
        km2=None if any(c.km2 is None for c in known) else sum(c.km2 or 0 for c in known),
        rounding=round(sum(c.rounding for c in known if c.status != "about_zero"), 2),
        percent_computed=True,
        km2_computed=True,
        missing=tuple(c.land_cover for c in cells if not c.known),
        **errors_of(known),
    )


def errors_of(cells: Sequence[Cell], weights: Sequence[float] | None = None) -> dict[str, float | None]:
    """Return the errors of a sum of cells, as if they were independent; None where one with a figure has none.

    Classes of one region exclude each other, so the error of their sum is smaller than this.
    """
    weights = weights or [1.0] * len(cells)
    counted = [(w, c) for w, c in zip(weights, cells, strict=True) if c.percent]

    def root(errors: Sequence[float | None]) -> float | None:
        known = [e for e in errors if e is not None]
        return root_of_squares(known, [w for w, _ in counted]) if counted and len(known) == len(counted) else None

    return {
        "se": root([c.se for _, c in counted]),
        "survey_se": root([c.survey_se for _, c in counted]),
        "published_cv": cells[0].published_cv if len(cells) == 1 else None,
    }


def together(group: Region, cells: Sequence[Cell]) -> Cell:
    """Return several regions as one: shares weighted by total area. Known only where every one is."""
    first = cells[0]
    code = "+".join(c.code for c in cells)
    if not all(c.known and c.total_km2 and c.percent is not None for c in cells):
        return replace(first, region=group, status="not_published", code="", percent=None, km2=None)
    area = sum(c.total_km2 or 0 for c in cells)
    km2 = sum((c.percent or 0) / 100 * (c.total_km2 or 0) for c in cells)
    errors = errors_of(cells, [(c.total_km2 or 0) / area for c in cells])
    return replace(
        first,
        region=group,
        code=code,
        status="low_reliability" if any(c.status == "low_reliability" for c in cells) else "published",
        flag="u" if any("u" in c.flag for c in cells) else "",
        percent=round(100 * km2 / area, 1),
        km2=km2,
        total_km2=area,
        rounding=round(max(c.rounding for c in cells) + meaning.SHARE_ROUNDING, 2),
        percent_computed=True,
        km2_computed=True,
        **errors,
    )


def classes(context: Context, land_cover: Sequence[str] | str) -> tuple[str, ...]:
    """Return the fewest published classes that say what was asked.

    Raises:
        BadArgument: No class was named.
        UnknownClass, AmbiguousClass: Words that are not one class.
        NotPublished: The table has no such class; its parent is named.
    """
    words = [land_cover] if isinstance(land_cover, str) else list(land_cover)
    if not words:
        raise BadArgument("name a land cover class: the published figures are by class")
    found = [code for word in words for code in _codes(context, word)]
    for code in found:
        if code not in meaning.PUBLISHED_CLASSES:
            above = meaning.published_parent(code)
            raise NotPublished(code, ANYWHERE, None, (above,) if above else ())
    return meaning.fold(found)


def _codes(context: Context, word: str) -> tuple[str, ...]:
    if re.fullmatch(r"[A-H]", word):
        return (f"{word}00",)
    if word in SPECIAL_CODES or word in meaning.PUBLISHED_CLASSES:
        return (SPECIAL_CODES.get(word, word),)
    if re.fullmatch(r"[A-HU]\w\w\w?", word):
        return (context.nomenclature.get(word).code,)
    return tuple(SPECIAL_CODES.get(c, c) for c in context.nomenclature.parse(word, theme="land_cover").codes)


def regions_of(context: Context, regions: Sequence[str] | str) -> tuple[Region, ...]:
    """Return the regions of ids or names, each once; the European Union where none is given."""
    words = [regions] if isinstance(regions, str) else list(regions) or ["group:EU"]
    return tuple({r.id: r for r in (context.region(word) for word in words)}.values())


def published_codes(context: Context, region: Region) -> tuple[str, ...]:
    """Return the codes a region may stand under in the table; none for a group without an aggregate of its own.

    Raises:
        TooFine: The region is below NUTS 2; the containing region is offered.
    """
    codes = () if region.id in context.areas else codes_of(context.gazetteer, region.id, region.level)
    if codes or region.level == "group":
        return codes
    containing = _containing(context, region)
    reason = "the official table is published down to NUTS 2 regions"
    raise TooFine(region.name, (containing.name,) if containing else (), reason)


def _containing(context: Context, region: Region) -> Region | None:
    """Return the NUTS 2 region a smaller one lies in, or in which the middle of a drawn area lies."""
    if region.id not in context.areas:
        found = context.gazetteer.containing(region.id, "nuts2")
        return context.gazetteer.region(found.id, context.language) if found else None
    middle = context.areas[region.id][1].representative_point()
    rows = context.store.query("statistics_containing", lon=middle.x, lat=middle.y).rows
    return context.gazetteer.region(rows[0][0], context.language) if rows else None


def load(
    context: Context, regions: Sequence[Region], land_cover: Sequence[str], context_classes: Sequence[str] = ()
) -> Figures:
    """Return the figures of some classes in some regions, all years, with the classes that explain them.

    Raises:
        TooFine: A region is below NUTS 2.
        NotPublished: The table, an extract, has other classes of a region alone.
        OutOfCoverage: A region is not in the table at all.
    """
    codes = {r.id: published_codes(context, r) for r in regions}
    wanted = sorted({*land_cover, *CONTEXT_CLASSES, *context_classes, *explaining(land_cover)})
    every = {c for each in codes.values() for c in each}
    parts = {part for code in every for part in meaning.DISSOLVED.get(code, ())}
    table = context.store.query("statistics_cells", codes=sorted(every | parts), land_cover=wanted)
    figures = Figures(table, codes)
    for region in regions:
        if codes[region.id] and not figures.years(region):
            group = next(
                (r for r in regions if r is not region and region.id in context.gazetteer.members(r.id)), region
            )
            if context.store.query(
                "statistics_cells", codes=codes[region.id], land_cover=meaning.PUBLISHED_CLASSES
            ).rows:
                raise NotPublished("+".join(land_cover), region.name, None)
            raise _not_in_table(context, region, group.name)
    return figures


def explaining(land_cover: Iterable[str]) -> set[str]:
    """Return the classes read along: the one above each, and its parts."""
    above = {a for c in land_cover if (a := meaning.published_parent(c))}
    return (
        above | {part for a in above for part in meaning.parts(a)} | {p for c in land_cover for p in meaning.parts(c)}
    )


def _not_in_table(context: Context, region: Region, name: str) -> Exception:
    """Return why a region, or the group called `name` it is asked for, has no figures at all."""
    country = region.country
    if country == "UK":
        kingdom = context.gazetteer.region("country:UK", context.language)
        return TooFine(name, (kingdom.name,), "this table has the United Kingdom as one country only")
    if (
        region.id.startswith("nuts:")
        and context.store.query("statistics_cells", codes=[country], land_cover=["C00"]).rows
    ):
        return OutOfCoverage(name, f"{TERRITORY_NOTE} of {country}")
    return OutOfCoverage(name, "the countries of the European Union, and the United Kingdom until 2018")


TERRITORY_NOTE = "the surveyed territory, without overseas and outlying parts,"


def survey_years(context: Context) -> tuple[int, ...]:
    """Return the years the table has."""
    return context.store.dataset("statistics").years


def checked_year(context: Context, year: int) -> int:
    """Return a year that the table has.

    Raises:
        NoSuchYear: It has not; nothing is interpolated or forecast.
    """
    years = survey_years(context)
    if year not in years:
        raise NoSuchYear(year, years)
    return year


def members(context: Context, figures: Figures, region: Region) -> tuple[Region, ...]:
    """Return a group's members where the table has no aggregate for it, else the region alone."""
    if region.level != "group" or figures.years(region):
        return (region,)
    return members_of_group(context, region)


def members_of_group(context: Context, group: Region) -> tuple[Region, ...]:
    """Return the countries or regions a group is made of."""
    return tuple(context.gazetteer.region(id, context.language) for id in context.gazetteer.members(group.id))


def with_members(context: Context, regions: Sequence[Region]) -> tuple[Region, ...]:
    """Return the regions and, for groups without published aggregates, their members."""
    extra = [m for r in regions if r.level == "group" and not published_codes(context, r)
             for m in members_of_group(context, r)]  # fmt: skip
    return tuple({r.id: r for r in (*regions, *extra)}.values())


def grouped_cell(context: Context, figures: Figures, region: Region, land_cover: Sequence[str], year: int) -> Cell:
    """Return a region's cell; a group without an aggregate of its own is computed of its countries."""
    inside = members(context, figures, region)
    if inside == (region,):
        return figures.cell(region, land_cover, year)
    return together(region, [figures.cell(m, land_cover, year) for m in inside])


def region_years(context: Context, figures: Figures, region: Region) -> tuple[int, ...]:
    """Return the years in which a region, or every member of a group, has figures."""
    each = [set(figures.years(m)) for m in members(context, figures, region)]
    return tuple(sorted(set.intersection(*each))) if each else ()


def published_years(context: Context, figures: Figures, region: Region, land_cover: Sequence[str]) -> tuple[int, ...]:
    """Return the years for which a number can be given."""
    years = region_years(context, figures, region)
    return tuple(y for y in years if grouped_cell(context, figures, region, land_cover, y).known)


def not_published(
    context: Context, figures: Figures, region: Region, land_cover: Sequence[str], year: int | None
) -> NotPublished:
    """Return the refusal for one cell, `instead` naming what is published: a class above, years, `country`."""
    instead: list[str] = []
    if len(land_cover) == 1 and year is not None:
        above = meaning.published_parent(land_cover[0])
        while above and not grouped_cell(context, figures, region, [above], year).known:
            above = meaning.published_parent(above)
        instead += [above] if above else []
    instead += [str(y) for y in published_years(context, figures, region, land_cover)]
    instead += ["country"] if _country_has(context, region, land_cover, year) else []
    return NotPublished("+".join(land_cover), region.name, year, instead)


def _country_has(context: Context, region: Region, land_cover: Sequence[str], year: int | None) -> bool:
    if region.level not in ("nuts1", "nuts2"):
        return False
    table = context.store.query("statistics_years", length=2, countries=[region.country], land_cover=list(land_cover))
    return bool(table.rows) and (year is None or year in table.column("year"))


def label(context: Context, land_cover: str) -> str:
    """Return the words for a class, or for several joined by `+` and `-`, in the context's language."""
    words = [context.nomenclature.label([c], context.language) for c in re.split(r"[+−]", land_cover)]
    return " + ".join(words) if "−" not in land_cover else " − ".join(words)


def sensible(number: float) -> float:
    """Return an area without digits that its rounding cannot carry: whole numbers from 100 up, else one decimal."""
    return float(round(number)) if abs(number) >= 100 else round(number, 1)


def provenance(context: Context, table: Table) -> Provenance:
    """Return where published figures came from, with the query that brought them."""
    return Provenance.of([context.store.dataset("statistics")], table)


def interval_of(cell: Cell | None, unit: str) -> dict[str, Any]:
    """Return `interval` and `level` of a result with this headline."""
    ends = cell.interval(unit) if cell else None
    return {"interval": ends, "level": LEVEL if ends else None}


def told_of(cell: Cell | None) -> dict[str, Any] | None:
    """Return what a result with this headline says of its error."""
    if cell is None:
        return None
    return uncertainty.told("published_cv", cell.percent, cell.se if cell.known else None, cell.published_cv)


def members_of(code: str) -> str:
    """Return a short name of an aggregate's membership: `27`, `28`, `27 (2007)`, `23`."""
    return {"EU": "27", "EU27_2020": "27", "EU28": "28", "EU27_2007": "27 (2007)", "EU_V": "23"}.get(code, code)


def difference(first: Cell, second: Cell, unit: str) -> float | None:
    """Return second − first in percentage points or in the unit; None where one of them is no number."""
    before, after = first.value(unit), second.value(unit)
    if before is None or after is None:
        return None
    return round(after - before, 1) if unit == "%" else sensible(after - before)


def apart(first: Cell, second: Cell, unit: str, *, survey: bool = False) -> uncertainty.Apart | None:
    """Return second − first with its error (`survey`: of one region's years, on one grid); None where one has none."""
    value = None if first.percent is None or second.percent is None else second.percent - first.percent
    errors = [c.survey_se if survey else c.se for c in (first, second)]
    if unit != "%":
        value = None if first.km2 is None or second.km2 is None else (second.km2 - first.km2) * UNITS[unit]
        areas = [c.total_km2 for c in (first, second)]
        errors = [
            None if e is None or a is None else e / 100 * a * UNITS[unit] for e, a in zip(errors, areas, strict=True)
        ]
    return None if value is None or not first.known or not second.known else uncertainty.apart(value, errors)


def within_rounding(first: Cell, second: Cell) -> bool:
    """Whether two shares may be the same share: no further apart than the published digits can show."""
    if first.percent is None or second.percent is None:
        return False
    allowed = max(meaning.NO_CHANGE, first.rounding + second.rounding)
    return abs(second.percent - first.percent) <= allowed + 1e-9
