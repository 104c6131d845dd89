"""Which regions have the largest or smallest published share of a class. Does not rank survey points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from retrieval import statistics as meaning
from retrieval.errors import BadArgument, NotPublished
from retrieval.types import AreaUnit, Region, Table
from tools import official, official_caveats, official_maps, uncertainty
from tools.context import Context
from tools.official import Cell, Figures
from tools.official_share import checked_unit
from tools.result import Caveat, Result

CODE_LENGTH = {"country": 2, "nuts1": 3, "nuts2": 4}
COLUMNS = ("rank", *official.CELL_COLUMNS, "rank_from", "rank_to")


@dataclass(frozen=True)
class Field:
    """Who takes part: the regions of one level, in some countries or inside some regions, in one year."""

    level: str
    within: tuple[Region, ...]
    countries: tuple[str, ...]
    """Codes of countries; none for all."""
    inside: tuple[str, ...]
    """Beginnings of codes inside a region below country level; none for all of the countries."""


def rank_official(
    context: Context,
    *,
    land_cover: Sequence[str],
    level: Literal["country", "nuts1", "nuts2"] = "nuts2",
    within: Sequence[str] | str = (),
    year: int | None = None,
    order: Literal["most", "fewest"] = "most",
    limit: int = 10,
    unit: AreaUnit = "%",
) -> Result:
    """Rank the regions of a level by the published share (or area) of a land cover in one survey year.

    Use for "which regions have the largest share of …", "where is most …, by area". `level`: country, nuts1 or nuts2;
    `within`: countries, a region or the EU, by default all. Regions without a figure, or with one that is not
    significant, are not ranked but counted. Equal figures share their place and none of them is cut off. Without a
    year: the latest in which the class is published at this level.
    """
    checked_unit(unit)
    if level not in CODE_LENGTH:
        raise BadArgument(f"level {level!r}: published figures are ranked by {', '.join(CODE_LENGTH)}")
    if order not in ("most", "fewest") or not 1 <= limit <= 1000:
        raise BadArgument("order is most or fewest, and the first 1 to 1000 can be asked for")
    codes = official.classes(context, land_cover)
    field = field_of(context, level, [within] if isinstance(within, str) else within)
    year = official.checked_year(context, year) if year else latest(context, field, codes)
    figures, cells = read(context, field, codes, year)
    known = [c for c in cells if c.known and c.status != "about_zero" and not suspect(c)]
    if not known:
        raise refusal(context, field, codes, year, cells)
    places = ranked(known, order, unit)
    shown = places[: with_ties(places, limit)]
    between = rank_ranges(places, order, unit, len(shown))
    legend = official_maps.legend([c.value(unit) for c in cells], unit)
    first = shown[0][1]
    return Result(
        tool="rank_official",
        arguments=arguments(codes, field, year, order, limit, unit),
        provenance=official.provenance(context, figures.table),
        regions=tuple(c.region for _, c in shown),
        land_cover=codes,
        years=(year,),
        value=first.value(unit),
        unit=unit,
        **official.interval_of(first, unit),
        table=Table(
            COLUMNS,
            tuple(
                (place, *official.cell_row(context, c, unit), *(between[c.region.id] or (None, None)))
                for place, c in shown
            ),
        ),
        features=official_maps.choropleth(context, cells, unit, legend["breaks"]),
        facts={
            "uncertainty": official.told_of(first),
            "ranking": [
                {"rank": place, **c.facts(context), "value": c.value(unit), "between": between[c.region.id]}
                for place, c in shown
            ],
            "first_between": between[first.region.id],
            "first": [(c.region.name, c.value(unit)) for _, c in shown],
            "label": official.label(context, "+".join(codes)),
            "level": level,
            "within": [r.name for r in field.within],
            "year": year,
            "order": order,
            "unit": unit,
            "ranked": len(known),
            "ties": len({p for p, _ in shown}) < len(shown),
            "first_is_tied": len(shown) > 1 and shown[1][0] == shown[0][0],
            "legend": legend,
        },
        caveats=caveats(context, figures, field, shown, cells, year, unit),
    )


def field_of(context: Context, level: str, within: Sequence[str]) -> Field:
    """Return who takes part in a ranking.

    Raises:
        BadArgument: Regions are to be ranked inside one that holds none of the level.
    """
    asked = tuple(dict.fromkeys(context.region(word) for word in within))
    countries: list[str] = []
    inside: list[str] = []
    for region in asked:
        whole = region.level == "group" and region.id.partition(":")[2].lower() in ("eu", "eu28", "europe")
        members = official.members_of_group(context, region) if region.level == "group" and not whole else (region,)
        for member in () if whole else members:
            codes = [c for c in official.published_codes(context, member) if len(c) <= CODE_LENGTH[level]]
            if member.level == "country":
                countries.append(member.country)
            elif codes and (member is not region or len(codes[0]) < CODE_LENGTH[level]):
                inside += codes
            else:
                raise BadArgument(f"{region.name} holds no regions of level {level}")
    return Field(level, asked, tuple(dict.fromkeys([*countries, *(c[:2] for c in inside)])), tuple(inside))


def read(context: Context, field: Field, codes: Sequence[str], year: int) -> tuple[Figures, list[Cell]]:
    """Return the figures of one level and year, and a cell for every region that takes part."""
    wanted = sorted({*codes, *official.CONTEXT_CLASSES, *official.explaining(codes)})
    table = context.store.query(
        "statistics_level",
        year=year,
        length=CODE_LENGTH[field.level],
        countries=list(field.countries),
        land_cover=wanted,
    )
    found = [code for code in dict.fromkeys(table.column("code")) if belongs(field, code)]
    regions = {code: region_of(context, code) for code in found}
    figures = Figures(table, {region.id: (code,) for code, region in regions.items()})
    return figures, [figures.cell(region, codes, year) for region in regions.values()]


def belongs(field: Field, code: str) -> bool:
    """Whether a region code lies inside the asked regions, under any code it ever had."""
    return not field.inside or any(c.startswith(field.inside) for c in meaning.series_codes(code))


def region_of(context: Context, code: str) -> Region:
    """Return the region of a code of the table."""
    identifier = f"country:{code}" if len(code) == 2 else f"nuts:{code}"
    return context.gazetteer.region(identifier, context.language)


def latest(context: Context, field: Field, codes: Sequence[str]) -> int:
    """Return the last year in which most regions of the level have a figure for these classes.

    Raises:
        NotPublished: No year has one; where the class is published by country, it says so.
    """
    years = figures_by_year(context, field.level, field, codes)
    if not years:
        raise refusal(context, field, codes, None, [])
    return max(years)


def figures_by_year(context: Context, level: str, field: Field, codes: Sequence[str]) -> dict[int, int]:
    """Return year → how many regions of a level have figures for these classes."""
    table = context.store.query(
        "statistics_years", length=CODE_LENGTH[level], countries=list(field.countries), land_cover=list(codes)
    )
    return {row["year"]: row["regions"] for row in table.dicts()}


def refusal(context: Context, field: Field, codes: Sequence[str], year: int | None, cells: Sequence[Cell]) -> Exception:
    """Return why nothing can be ranked, and what can: other years, the class above, a larger level."""
    instead = [str(y) for y in figures_by_year(context, field.level, field, codes) if y != year]
    above = meaning.published_parent(codes[0]) if len(codes) == 1 else None
    if above and year and year in figures_by_year(context, field.level, field, [above]):
        instead.insert(0, above)
    larger = [level for level in ("nuts1", "country") if CODE_LENGTH[level] < CODE_LENGTH[field.level]]
    instead += [lv for lv in larger if (ys := figures_by_year(context, lv, field, codes)) and (not year or year in ys)]
    where = ", ".join(r.name for r in field.within) or official.ANYWHERE
    return NotPublished("+".join(codes), where, year, instead)


def suspect(cell: Cell) -> bool:
    """Whether a published figure cannot be: left out of rankings, and said."""
    return any((code, cell.year) in meaning.SUSPECT for code in cell.code.split("+"))


def ranked(cells: Sequence[Cell], order: str, unit: str) -> list[tuple[int, Cell]]:
    """Return cells with their places, equal values sharing one (1, 2, 2, 4)."""
    sign = -1 if order == "most" else 1
    in_order = sorted(cells, key=lambda c: (sign * (c.value(unit) or 0), c.region.name))
    places: list[tuple[int, Cell]] = []
    for at, cell in enumerate(in_order):
        tied = places and places[-1][1].value(unit) == cell.value(unit)
        places.append((places[-1][0] if tied else at + 1, cell))
    return places


def rank_ranges(
    places: Sequence[tuple[int, Cell]], order: str, unit: str, first: int
) -> dict[str, tuple[int, int] | None]:
    """Return id → between which ranks each of the first lies when sampling error is allowed for; None without one."""
    cells = [c for _, c in places]
    of_unit = [1.0 if unit == "%" else (c.total_km2 or 0.0) / 100 * official.UNITS[unit] for c in cells]
    errors = [None if c.se is None else c.se * scale for c, scale in zip(cells, of_unit, strict=True)]
    values = [c.value(unit) or 0.0 for c in cells]
    ranges = uncertainty.rank_ranges(values, errors, order == "most", first)
    return {c.region.id: between for c, between in zip(cells, ranges, strict=False)}


def with_ties(places: Sequence[tuple[int, Cell]], limit: int) -> int:
    """Return how many places to keep so that none equal to the last kept one is cut off."""
    kept = min(limit, len(places))
    while 0 < kept < len(places) and places[kept][0] == places[kept - 1][0]:
        kept += 1
    return kept


def caveats(
    context: Context,
    figures: Figures,
    field: Field,
    shown: Sequence[tuple[int, Cell]],
    cells: Sequence[Cell],
    year: int,
    unit: str,
) -> tuple[Caveat, ...]:
    """Return who was not ranked and why, ties, and what holds for the figures shown."""
    every: list[Caveat] = []
    for status in ("not_significant", "not_published", "about_zero"):
        if some := [c for c in cells if c.status == status]:
            slots = {"count": len(some), "region": official_caveats.names(c.region.name for c in some), "year": year}
            every.append((f"unranked_{status}", slots))
    if odd := [c for c in cells if suspect(c)]:
        every.append(("suspect", {"region": official_caveats.names(c.region.name for c in odd), "year": year}))
    if ties := tied(shown, unit):
        every.append(("ties", {"region": official_caveats.names(c.region.name for c in ties)}))
    every += official_caveats.caveats(context, figures, [c for _, c in shown], unit)
    every += one_region(context, field, cells)
    drawn = official_maps.outlines(context, [c.region.id for c in cells])
    if bare := [c for c in cells if c.region.id not in drawn]:
        every.append(
            ("no_outline", {"count": len(bare), "region": official_caveats.names(c.region.name for c in bare)})
        )
    kingdom = any(c.region.country == "UK" for c in cells)
    if field.level != "country" and not field.countries and not kingdom and year <= meaning.UK_LAST_YEAR:
        every.append(("uk_as_country", {"year": year}))
    if field.level == "country" and kingdom:
        every.append(("uk_until_2018", {}))
    return tuple(every)


def tied(shown: Sequence[tuple[int, Cell]], unit: str) -> list[Cell]:
    """Return the cells that share a place with another."""
    counts: Mapping[int, int] = {place: sum(p == place for p, _ in shown) for place, _ in shown}
    return [cell for place, cell in shown if counts[place] > 1]


def one_region(context: Context, field: Field, cells: Sequence[Cell]) -> list[Caveat]:
    """Return the caveat that a country asked about is a single region of this level."""
    ones = meaning.ONE_REGION_COUNTRIES.get(field.level, ())
    if len(field.within) == 1 and len(cells) == 1 and field.within[0].country in ones:
        return [("one_region_country", {"region": field.within[0].name, "level": field.level})]
    return []


def arguments(codes: Sequence[str], field: Field, year: int, order: str, limit: int, unit: str) -> dict[str, Any]:
    """Return the plan step's arguments in their canonical form, empty and usual ones left out."""
    every = {
        "land_cover": list(codes),
        "level": field.level,
        "within": [r.id for r in field.within],
        "year": year,
        "order": order if order != "most" else None,
        "limit": limit,
        "unit": unit if unit != "%" else None,
    }
    return {name: value for name, value in every.items() if value}
