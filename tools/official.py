"""What the tools over the published figures share: cells, refusals, differences. Makes no figure up.

A *cell* is one class, or several together, in one region and year: a row of the typed query of source `published`, or
the reason why there is none. A figure made of several rows (a sum of classes, the members of a group) is marked so
wherever it goes. Its sampling error comes from the coefficient of variation published beside it; without one there is
no interval. What is said of errors is worked out in `tools/uncertainty.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval import statistics as meaning
from retrieval.errors import BadArgument, NoSuchYear, NotPublished, OutOfCoverage, TooFine
from retrieval.published_cells import codes_of
from retrieval.query import Column, Filter, Group, Query
from retrieval.types import Region, Table
from tools import uncertainty
from tools.context import Context
from tools.estimation import LEVEL
from tools.survey import read

UNITS = {"%": 1.0, "km2": 1.0, "ha": 100.0}
"""Unit → how many of it make one km² (for "%": unused)."""

KNOWN = ("published", "low_reliability", "about_zero")
"""Statuses of cells that carry a number."""

SPECIAL_CODES = {"BX1": "B10-50_PI", "BX2": "B70-80_PI"}
"""LUCAS record codes of unnamed crops → the table's own."""

ANYWHERE = "any region"
"""The region of a refusal that holds everywhere; worded per language."""

FIGURE = (Column("share", "share"),)


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
    change_se: float | None = None
    """The same for a change: the grid is that of the other year, so its error is shared; but for 2022."""
    published_cv: float | None = None
    """The coefficient of variation as published, percent; None also for a computed figure."""
    row: str = ""
    """Id of the region whose row it is: of a change of the Union another aggregate's, which has both years."""
    land: str = ""
    """What land it speaks of where that is not today's region; figures of two lands are no change."""

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

    def figure(self, unit: str, name: str = "value") -> dict[str, Any]:
        """Return the cells of a column of that name: the figure, the ends of its interval, and its status."""
        low, high = self.interval(unit) or (None, None)
        return {name: self.value(unit), f"{name}_low": low, f"{name}_high": high, f"{name}_status": self.status}

    def told(self, context: Context, unit: str) -> dict[str, Any]:
        """Return the row of its query that is told; an area with its share."""
        share = {} if unit == "%" else self.figure("%", "share")
        names = {"region_id": self.region.id, "region": self.region.name, "year": self.year}
        classes = {"land_cover": self.land_cover, "land_cover_name": label(context, self.land_cover)}
        return {**names, **classes, **share, **self.figure(unit)}


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


# --- reading: one query of the source `published` --------------------------------------------------------------------

Key = tuple[str, str, int]
"""Id of a region, classes joined by `+` (and `−` for those left out), year."""


def cells(
    context: Context,
    regions: Sequence[Region],
    land_cover: Sequence[str],
    years: Sequence[int] = (),
    *,
    left_out: Sequence[str] = (),
    each: bool = False,
) -> Cells:
    """Return the figures of some regions, by region and year: of all the classes together, or of `each`.

    Args:
        context: the world asked of.
        regions: the regions, groups as one.
        land_cover: published classes.
        years: survey years; none means all.
        left_out: classes taken away.
        each: a figure a class in place of their sum.
    """
    groups = (Group("region", members=tuple((r.id,) for r in regions)), Group("year"))
    groups += (Group("land_cover", members=tuple((c,) for c in land_cover)),) if each else ()
    where = (
        *((Filter("land_cover", "in", tuple(land_cover)),) if not each else ()),
        *((Filter("land_cover", "not_in", tuple(left_out)),) if left_out else ()),
        *((Filter("year", "in", tuple(years)),) if years else ()),
    )
    table = read(context, Query("published", FIGURE, where, groups), aside=True)
    name = "−".join(("+".join(land_cover), *left_out))
    return Cells(table, {r.id: r for r in regions}, name)


def cells_of_level(
    context: Context, level: str, within: Sequence[str], land_cover: Sequence[str], years: Sequence[int] = ()
) -> Cells:
    """Return the figures of every region of a level, in some places (none: everywhere), by region and year."""
    where = (
        Filter("land_cover", "in", tuple(land_cover)),
        *((Filter("year", "in", tuple(years)),) if years else ()),
        *((Filter("region", "in", tuple(within)),) if within else ()),
    )
    table = read(context, Query("published", FIGURE, where, (Group("region", level), Group("year"))), aside=True)
    regions = {id: context.named(id) for id in dict.fromkeys(table.column("region"))}
    return Cells(table, regions, "+".join(land_cover))


class Cells:
    """The rows of a query of figures, as cells."""

    def __init__(self, table: Table, regions: Mapping[str, Region], land_cover: str) -> None:
        """Read rows by region, year and, where they are split so, class; `land_cover` names what is not split."""
        self.table, self.regions, self.land_cover = table, regions, land_cover
        found = (cell_of(row, regions[row["region"]], land_cover) for row in table.dicts())
        self.by_key: dict[Key, Cell] = {(c.row, c.land_cover, c.year): c for c in found}

    def __iter__(self) -> Iterator[Cell]:
        """Every cell, in the table's order."""
        return iter(self.by_key.values())

    def get(self, region: Region | str, year: int, land_cover: str = "") -> Cell:
        """Return one cell; what the table has no row of is not published."""
        id, name = region if isinstance(region, str) else region.id, land_cover or self.land_cover
        return self.by_key.get((id, name, year)) or Cell(self.regions[id], name, year, "not_published", row=id)

    def of(self, region: Region) -> tuple[Cell, ...]:
        """Return a region's cells by year."""
        return tuple(sorted((c for c in self if c.row == region.id), key=lambda c: c.year))

    def known_years(self, region: Region) -> tuple[int, ...]:
        """Return the years for which a region has a number."""
        return tuple(c.year for c in self.of(region) if c.known)


def cell_of(row: Mapping[str, Any], region: Region, land_cover: str) -> Cell:
    """Return one row of a query of figures as a cell."""
    name = row.get("land_cover") or land_cover
    computed, code = row["share_computed"], row["share_code"] if row["share_status"] != "not_published" else ""
    several = bool(re.search(r"[+−]", name + code))
    return Cell(
        region=region,
        land_cover=name,
        year=row["year"],
        status=row["share_status"] or "not_published",
        code=code,
        flag=row["share_flag"] or "",
        percent=row["share"],
        km2=row["share_km2"],
        total_km2=row["share_area"],
        rounding=round(row["share_rounding"], 2) or meaning.SHARE_ROUNDING,
        percent_computed=several or "share" in computed,
        km2_computed=several or "area" in computed,
        missing=tuple(filter(None, (row["share_missing"] or "").split("+"))) if "+" in name else (),
        se=row["share_se"],
        change_se=row["share_change_se"],
        published_cv=row["share_cv"],
        row=row["region"],
        land=row["share_land"] or "",
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


def checked_regions(context: Context, regions: Sequence[str] | str) -> tuple[Region, ...]:
    """Return the regions of ids or names, each once, all of which the table speaks of.

    Raises:
        TooFine: A region is below NUTS 2.
        OutOfCoverage: A region is not in the table at all.
    """
    asked = regions_of(context, regions)
    for region in asked:
        own = published_codes(context, region)
        for one in (region,) if own or region.level != "group" else members_of_group(context, region):
            if (own or published_codes(context, one)) and not years_of(context, one):
                raise _not_in_table(context, one, region.name)
    return asked


def years_of(context: Context, region: Region) -> tuple[int, ...]:
    """Return the years in which a region, or every member of a group, has figures of any class."""
    if region.id in context.areas:
        return ()
    own = context.store.figure_years(region.id)
    if own or region.level != "group":
        return own
    each = [set(context.store.figure_years(id)) for id in context.gazetteer.members(region.id)]
    return tuple(sorted(set.intersection(*each)))


def not_published(context: Context, region: Region, land_cover: Sequence[str], year: int | None) -> NotPublished:
    """Return the refusal for one cell, `instead` naming what is published: a class above, years, `country`."""
    instead: list[str] = []
    if len(land_cover) == 1 and year is not None:
        above = list(ancestors(land_cover[0]))
        there = cells(context, [region], above, [year], each=True) if above else None
        instead += [c for c in above if there and there.get(region, year, c).known][:1]
    instead += [str(y) for y in cells(context, [region], land_cover).known_years(region)]
    instead += ["country"] if _country_has(context, region, land_cover, year) else []
    return NotPublished("+".join(land_cover), region.name, year, instead)


def ancestors(land_cover: str) -> Iterator[str]:
    """Yield the published classes above one, the nearest first."""
    above = meaning.published_parent(land_cover)
    while above:
        yield above
        above = meaning.published_parent(above)


def _country_has(context: Context, region: Region, land_cover: Sequence[str], year: int | None) -> bool:
    if region.level not in ("nuts1", "nuts2"):
        return False
    country = context.named(f"country:{region.country}")
    own = [c.year for c in cells(context, [country], land_cover).of(country) if c.status != "not_published"]
    return bool(own) and (year is None or year in own)


def _not_in_table(context: Context, region: Region, name: str) -> Exception:
    """Return why a region, or the group called `name` it is asked for, has no figures at all."""
    country = region.country
    if country == "UK":
        kingdom = context.gazetteer.region("country:UK", context.language)
        return TooFine(name, (kingdom.name,), "this table has the United Kingdom as one country only")
    if region.id.startswith("nuts:") and years_of(context, context.named(f"country:{country}")):
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


def members_of_group(context: Context, group: Region) -> tuple[Region, ...]:
    """Return the countries or regions a group is made of."""
    return tuple(context.gazetteer.region(id, context.language) for id in context.gazetteer.members(group.id))


def unions(context: Context) -> tuple[Region, ...]:
    """Return the aggregates of the Union, each of some members, that the store has."""
    there = context.gazetteer.ids_at_level("group")
    return tuple(context.named(id) for g in meaning.EU_GROUPS if g != "EU" and (id := f"group:{g}") in there)


def label(context: Context, land_cover: str) -> str:
    """Return the words for a class, or for several joined by `+` without those after `−`, in the context's language.

    Several that people have one word for are called by it.
    """
    whole, *left_out = land_cover.split("−")
    together = (whole.split("+"), left_out) if left_out else (whole.split("+"),)
    return " − ".join(context.nomenclature.label(codes, context.language) for codes in together)


def sensible(number: float) -> float:
    """Return an area without digits that its rounding cannot carry: whole numbers from 100 up, else one decimal."""
    return float(round(number)) if abs(number) >= 100 else round(number, 1)


def interval_of(cell: Cell | None, unit: str) -> dict[str, Any]:
    """Return `interval` and `level` of a result with this headline."""
    ends = cell.interval(unit) if cell else None
    return {"interval": ends, "level": LEVEL if ends else None}


def told_of(cell: Cell | None) -> dict[str, Any] | None:
    """Return what a result with this headline says of its error."""
    if cell is None:
        return None
    return uncertainty.told("published_cv", cell.percent, cell.se if cell.known else None, cell.published_cv)


def difference(first: Cell, second: Cell, unit: str) -> float | None:
    """Return second − first in percentage points or in the unit; None where one of them is no number."""
    before, after = first.value(unit), second.value(unit)
    if before is None or after is None:
        return None
    return round(after - before, 1) if unit == "%" else sensible(after - before)


def apart(first: Cell, second: Cell, unit: str, *, survey: bool = False) -> uncertainty.Apart | None:
    """Return second − first with its error (`survey`: of one region's years, on one grid); None where one has none."""
    value = None if first.percent is None or second.percent is None else second.percent - first.percent
    errors = [c.change_se if survey else c.se for c in (first, second)]
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
