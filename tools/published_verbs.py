"""The verbs of published figures: presets that fill the typed query and show its rows under the names plans use.

Each reads source `published` through `tools/official.py`; none has SQL of its own. They count no survey points. Where
no year is named the latest published one answers; nothing is interpolated or forecast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from retrieval import statistics as meaning
from retrieval.errors import BadArgument, NotPublished
from retrieval.query import Column, Expression, Filter, Order, Query
from retrieval.sources import unit_of_difference
from retrieval.types import PUBLISHED_LEVELS, AreaUnit, Region, Table
from tools import official, official_caveats, official_maps, uncertainty
from tools.context import Context
from tools.estimation import LEVEL
from tools.official import Cell, Cells
from tools.presets import MEASURES, WHOLE, preset
from tools.result import Caveat, Provenance, Result, Told, placed
from tools.uncertainty import Apart

UNION = ("group:EU", "group:EU27_2020", "group:europe")
"""Groups whose figures of some years are of other members."""


def official_share(
    context: Context,
    *,
    land_cover: Sequence[str],
    regions: Sequence[str] = (),
    years: Sequence[int] = (),
    exclude: Sequence[str] = (),
    unit: AreaUnit = "%",
) -> Result:
    """Give the published share or area of a land cover in regions of Europe, with its reliability flag.

    Use for "how much of … is …", "what share", "how many hectares". Percent of the region's total area, water
    included; km² and ha are the share times that area, labelled as computed. From the EU to NUTS 2, survey years only
    (2009, 2012, 2015, 2018, 2022): no commune, no other year, no forecast. Without years the latest published one.
    For change over time use change_official, for "which regions" rank_official.
    """
    checked_unit(unit)
    codes = official.classes(context, land_cover)
    left_out = official.classes(context, exclude) if exclude else ()
    asked = official.checked_regions(context, regions)
    fixed = checked_years(context, years)
    found = official.cells(context, asked, codes, fixed, left_out=left_out)
    cells = [found.get(r, year) for r in asked for year in fixed or (latest(context, found, r),)]
    if not any(cell.known or cell.status == "not_significant" for cell in cells):
        raise official.not_published(context, cells[0].region, codes, cells[0].year)
    headline = cells[-1] if len(asked) == 1 else None
    given = arguments(unit, land_cover=codes, regions=asked, years=fixed, exclude=left_out)
    query = preset("official_share", given, years_of(cells))
    if unit != "%" and len(cells) == 1:
        query = replace(query, columns=(*query.columns, Column("share", MEASURES["%"])))
    return result_of(
        context,
        "official_share",
        found,
        cells,
        unit,
        arguments=given,
        land_cover=codes,
        regions=asked,
        value=headline.value(unit) if headline else None,
        **official.interval_of(headline, unit),
        facts={"uncertainty": official.told_of(headline)},
        caveats=official_caveats.vine_areas(context, cells),
        told=(Told(query, [c.told(context, unit) for c in cells]),),
    )


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
    if level not in PUBLISHED_LEVELS:
        raise BadArgument(f"level {level!r}: published figures are ranked by {', '.join(PUBLISHED_LEVELS)}")
    if order not in ("most", "fewest") or not 1 <= limit <= 1000:
        raise BadArgument("order is most or fewest, and the first 1 to 1000 can be asked for")
    codes = official.classes(context, land_cover)
    asked = tuple(dict.fromkeys(context.region(word) for word in ([within] if isinstance(within, str) else within)))
    tried = checked_years(context, [year]) if year else sorted(official.survey_years(context), reverse=True)
    every = (of_level(context, level, asked, codes, [one]) for one in tried)
    found = next((one for one in every if years_with_rows(one)), None)
    if found is None:
        raise not_ranked(context, level, asked, codes, year)
    cells = list(found)
    year = cells[0].year
    known = [c for c in cells if c.known and c.status != "about_zero" and not suspect(c)]
    if not known:
        raise not_ranked(context, level, asked, codes, year)
    places = ranked(known, order, unit)
    shown = [(place, cell) for place, cell in places if place <= limit]
    between = rank_ranges(places, order, unit, len(shown))
    first = shown[0][1]
    rows = [(place, *official.cell_row(context, c, unit), *(between[c.row] or (None, None))) for place, c in shown]
    given = arguments(
        unit,
        land_cover=codes,
        level=level,
        within=asked,
        year=year,
        order=order if order != "most" else None,
        limit=limit,
    )
    query = preset("rank_official", given, (year,))
    named = tuple(r.id for r in asked)
    about = replace(query, where=(Filter("region", "in", named), *query.where)) if {*named} & WHOLE else query
    tied = len(shown) > 1 and shown[1][0] == shown[0][0]
    told = [{**c.told(context, unit), "rank": place} for place, c in shown]
    return result_of(
        context,
        "rank_official",
        found,
        cells,
        unit,
        arguments=given,
        land_cover=codes,
        regions=tuple(c.region for _, c in shown),
        value=first.value(unit),
        **official.interval_of(first, unit),
        table=Table(("rank", *official.CELL_COLUMNS, "rank_from", "rank_to"), tuple(rows)),
        facts={"uncertainty": official.told_of(first), "places": [r.name for r in asked]},
        before=unranked(shown, cells, year),
        noted=[c for _, c in shown],
        caveats=of_the_level(context, level, asked, cells, year),
        told=(Told(query, told, {"between": None if tied else between[first.row]}, about),),
    )


def of_level(
    context: Context, level: str, within: Sequence[Region], codes: Sequence[str], years: Sequence[int] = ()
) -> Cells:
    """Return the figures of every region of a level in some places; of the Union, of every country surveyed.

    Raises:
        TooFine: One of the places is too small for published figures.
        BadArgument: It holds no region of the level.
    """
    inside = [r for r in within if r.id not in WHOLE]
    for region in inside:
        official.published_codes(context, region)
        itself = region.level == level != "country"
        if itself and inside[1:]:
            continue  # some regions among one another
        if itself or not (
            context.gazetteer.children(region.id, level) or context.gazetteer.former_ids(level, region.id)
        ):
            raise BadArgument(f"{region.name} holds no regions of level {level}")
    return official.cells_of_level(context, level, [r.id for r in inside], codes, years)


def years_with_rows(found: Cells) -> set[int]:
    """Return the years in which the table has a row of any of some regions."""
    return {c.year for c in found if c.status not in ("not_published", "about_zero")}


def not_ranked(
    context: Context, level: str, within: Sequence[Region], codes: Sequence[str], year: int | None
) -> NotPublished:
    """Return why nothing can be ranked, and what can: other years, the class above, a larger level."""
    instead = [str(y) for y in sorted(years_with_rows(of_level(context, level, within, codes))) if y != year]
    above = meaning.published_parent(codes[0]) if len(codes) == 1 else None
    if above and year and year in years_with_rows(of_level(context, level, within, [above])):
        instead.insert(0, above)
    for larger in ("nuts1", "country")[PUBLISHED_LEVELS[::-1].index(level) :]:
        countries = tuple({r.id: r for w in within for r in countries_of(context, w)}.values())
        years = years_with_rows(of_level(context, larger, countries, codes))
        instead += [larger] if years and (not year or year in years) else []
    where = ", ".join(r.name for r in within) or official.ANYWHERE
    return NotPublished("+".join(codes), where, year, instead)


def countries_of(context: Context, region: Region) -> tuple[Region, ...]:
    """Return the countries that a place lies in or is made of."""
    if region.id in WHOLE:
        return (region,)
    members = official.members_of_group(context, region) if region.level == "group" else (region,)
    return tuple(context.named(f"country:{m.country}") for m in members)


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
    return {c.row: between for c, between in zip(cells, ranges, strict=False)}


def unranked(shown: Sequence[tuple[int, Cell]], cells: Sequence[Cell], year: int) -> tuple[Caveat, ...]:
    """Return who was not ranked and why, and who shares a place."""
    names, every = official_caveats.names, []
    for status in ("not_significant", "not_published", "about_zero"):
        if some := [c for c in cells if c.status == status]:
            slots = {"count": len(some), "region": names(c.region.name for c in some), "year": year}
            every.append((f"unranked_{status}", slots))
    if odd := [c for c in cells if suspect(c)]:
        every.append(("suspect", {"region": names(c.region.name for c in odd), "year": year}))
    counts = Counter(place for place, _ in shown)
    if ties := [cell for place, cell in shown if counts[place] > 1]:
        every.append(("ties", {"region": names(c.region.name for c in ties)}))
    return tuple(every)


def of_the_level(
    context: Context, level: str, within: Sequence[Region], cells: Sequence[Cell], year: int
) -> tuple[Caveat, ...]:
    """Return what a reader must know of the regions of a level: one alone, without an outline, the United Kingdom."""
    every: list[Caveat] = []
    ones = meaning.ONE_REGION_COUNTRIES.get(level, ())
    if len(within) == 1 and len(cells) == 1 and within[0].country in ones:
        every.append(("one_region_country", {"region": within[0].name, "level": level}))
    drawn = official_maps.outlines(context, [c.region.id for c in cells])
    if bare := [c for c in cells if c.region.id not in drawn]:
        names = official_caveats.names(c.region.name for c in bare)
        every.append(("no_outline", {"count": len(bare), "region": names}))
    kingdom = any(c.region.country == "UK" for c in cells)
    everywhere = all(r.id in WHOLE for r in within)
    if level != "country" and everywhere and not kingdom and year <= meaning.UK_LAST_YEAR:
        every.append(("uk_as_country", {"year": year}))
    if level == "country" and kingdom:
        every.append(("uk_until_2018", {}))
    return tuple(every)


def compare_official(
    context: Context,
    *,
    land_cover: Sequence[str],
    regions: Sequence[str],
    years: Sequence[int] = (),
    unit: AreaUnit = "%",
) -> Result:
    """Compare the published share or area of a land cover in two or more regions, a row each.

    Use for "is there more … in … or …", "compare … of … and …". `value` is the first region's figure less the
    second's in percentage points (or in the unit) with its 95 % interval, for two regions only. Where that holds
    nothing the two cannot be told apart. Without years: the latest year published for all of them.
    """
    checked_unit(unit)
    codes = official.classes(context, land_cover)
    if len(official.regions_of(context, regions)) < 2:
        raise BadArgument("a comparison needs at least two regions")
    asked = official.checked_regions(context, regions)
    fixed = checked_years(context, years)
    found = official.cells(context, asked, codes, fixed)
    chosen = fixed or (latest_common(context, found, asked),)
    cells = [found.get(region, year) for year in chosen for region in asked]
    now = [c for c in cells if c.year == chosen[-1]]
    in_order = sorted((c for c in now if c.known), key=lambda c: -(c.value(unit) or 0))
    if not in_order:
        raise official.not_published(context, now[0].region, codes, now[0].year)
    pair = now if len(now) == 2 else []
    difference = official.difference(pair[1], pair[0], unit) if pair else None
    apart = official.apart(pair[1], pair[0], unit) if pair else None
    equal = bool(pair) and difference is not None and unit == "%" and official.within_rounding(*pair)
    given = arguments(unit, land_cover=codes, regions=asked, years=fixed)
    query, rows = preset("official_share", given, chosen), [c.told(context, unit) for c in cells]
    if len(query.rows) == 1:
        query, rows = replace(query, order=(Order("value"),)), placed(rows, "value")
    return result_of(
        context,
        "compare_official",
        found,
        cells,
        unit,
        arguments=given,
        land_cover=codes,
        regions=asked,
        drawn=now,
        value=difference,
        unit=unit_of_difference(unit) if pair else unit,
        **ends_of(apart, unit),
        facts={"uncertainty": told_of(apart)},
        before=rounding(equal),
        caveats=kingdom(asked, chosen),
        told=(Told(query, rows, lead(in_order, unit, equal)),),
    )


def lead(in_order: Sequence[Cell], unit: str, equal: bool) -> dict[str, Any]:
    """Return how far the first is ahead of the second with its interval, and whether that may be nothing."""
    if len(in_order) < 2:
        return {}
    first, second = in_order[:2]
    ends = apart_facts(official.apart(second, first, unit), unit)
    known = {"margin": official.difference(second, first, unit), "margin_low": ends["low"], "margin_high": ends["high"]}
    return {**known, "margin_none": ends["told"] is False or equal}


def ends_of(apart: Apart | None, unit: str) -> dict[str, Any]:
    """Return `interval` and `level` of a result whose value is this difference."""
    if apart is None:
        return {}
    ends = apart_facts(apart, unit)
    return {"interval": (ends["low"], ends["high"]), "level": LEVEL}


def apart_facts(apart: Apart | None, unit: str) -> dict[str, Any]:
    """Return a difference's ends and the least one that could have been seen, in digits its error can carry."""
    if apart is None:
        return {"low": None, "high": None, "least": None, "told": None}
    digits = uncertainty.decimals(apart.se)

    def written(number: float) -> float:
        return round(number, digits) if unit == "%" else official.sensible(number)

    return {"low": written(apart.low), "high": written(apart.high), "least": written(apart.least), "told": apart.told}


def told_of(apart: Apart | None) -> dict[str, Any]:
    """Return what a result says of the error of a difference."""
    return uncertainty.told("published_cv", None, apart.se if apart else None, None, apart.least if apart else None)


def change_official(
    context: Context,
    *,
    land_cover: Sequence[str],
    regions: Sequence[str] = (),
    year_from: int | None = None,
    year_to: int | None = None,
    unit: AreaUnit = "%",
    expect: Literal["", "more", "less"] = "",
) -> Result:
    """Give the change of a land cover's published share between two survey years, and the whole series.

    Use for "has … grown or shrunk since …", "trend", "over time". `value` is last − first in percentage points (or in
    the unit) with its 95 % interval: where that holds nothing, no change could be detected, and `least` is what could
    have been. `expect`: a yes or no is asked, whether it is more or less now. Regions renamed by a new NUTS vintage are
    one series; years between surveys are not interpolated. No change is given across a change of the survey's method.
    Without years: first to last published.
    """
    checked_unit(unit)
    codes = official.classes(context, land_cover)
    checked_years(context, [y for y in (year_from, year_to) if y is not None])
    if year_from is not None and year_to is not None and year_from >= year_to:
        raise BadArgument(f"a change from {year_from} to {year_to}: the first year must come before the last")
    asked = official.checked_regions(context, regions)
    unions = official.unions(context) if any(r.id in UNION for r in asked) else ()
    found = official.cells(context, tuple({r.id: r for r in (*asked, *unions)}.values()), codes)
    changes = [change(context, found, region, codes, year_from, year_to, unit) for region in asked]
    headline = changes[0] if len(changes) == 1 else None
    ends = [each[end] for each in changes for end in ("first", "last")]
    alike = any(each["no_change"] and official.within_rounding(each["first"], each["last"]) for each in changes)
    given = arguments(unit, land_cover=codes, regions=asked, year_from=year_from, year_to=year_to, expect=expect)
    years = years_of(ends)
    return result_of(
        context,
        "change_official",
        found,
        [c for each in changes for c in each["series"]],
        unit,
        arguments=given,
        land_cover=codes,
        regions=asked,
        years=years,
        drawn=[each["last"] for each in changes],
        value=headline["change"] if headline else None,
        unit=unit_of_difference(unit),
        **ends_of(headline["apart"] if headline else None, unit),
        facts={
            "uncertainty": told_of(headline["apart"]) if headline else None,
            "changes": [{"region_id": each["region"].id, "change": each["change"]} for each in changes],
        },
        before=rounding(alike),
        caveats=(*incomparable(changes), *editions(changes, codes), *kingdom(asked, [c.year for c in ends])),
        told=tuple(change_told(preset("change_official", given, years), each, unit) for each in changes),
    )


def change_told(query: Query, change: Mapping[str, Any], unit: str) -> Told:
    """Return one region's change as it is told: its first and last year and those between, each a column."""
    series, measure = change["series"], MEASURES[unit]
    columns = [Column(str(c.year), measure, (Filter("year", "in", (c.year,)),)) for c in series]
    less = Column("change", expression=Expression("difference", columns[-1].name, columns[0].name))
    where = (Filter("region", "in", (change["region"].id,)), *query.filters("land_cover"))
    ends = {f"change_{end}": value for end, value in apart_facts(change["apart"], unit).items() if end != "told"}
    row = {key: value for c in series for key, value in c.figure(unit, str(c.year)).items()} | ends
    row |= {"change": change["change"], "change_none": change["no_change"]}
    return Told(Query("published", (*columns, less), where, having=query.having), [row])


def change(
    context: Context,
    found: Cells,
    region: Region,
    codes: Sequence[str],
    year_from: int | None,
    year_to: int | None,
    unit: str,
) -> dict[str, Any]:
    """Return first and last cell, their difference and the series of one region.

    Raises:
        NotPublished: There is no figure for an asked year, or for fewer than two years.
    """
    for year in (year_from, year_to):
        if year is not None and not (found.get(region, year).known or quotable(found.get(region, year))):
            raise official.not_published(context, region, codes, year)
    first_year, last_year = span(found, region, year_from, year_to)
    if first_year is None or last_year is None:
        raise official.not_published(context, region, codes, None)
    union = one_union(found, region, first_year, last_year)
    years = [y for y in official.years_of(context, region) if first_year <= y <= last_year]
    series = [of_union(found, region, y, union) for y in years]
    first, last = (of_union(found, region, y, union) for y in (first_year, last_year))
    broken = uncertainty.broken(codes, region.country, first_year, last_year)
    comparable = first.land == last.land and not broken
    apart = official.apart(first, last, unit, survey=True) if comparable else None
    return {
        "region": region,
        "first": first,
        "last": last,
        "change": official.difference(first, last, unit) if comparable else None,
        "apart": apart,
        "comparable": comparable,
        "broken": broken,
        "no_change": comparable and (official.within_rounding(first, last) or (apart is not None and not apart.told)),
        "series": series,
    }


def quotable(cell: Cell) -> bool:
    """Whether the table has a row, be it one that is not significant."""
    return cell.status == "not_significant"


def span(found: Cells, region: Region, year_from: int | None, year_to: int | None) -> tuple[int | None, int | None]:
    """Return first and last year: those asked for, else the longest span of one membership that is published."""
    published = found.known_years(region)

    def like(one: int, other: int) -> bool:
        same = found.get(region, one).land == found.get(region, other).land
        return region.level != "group" or same or one_union(found, region, one, other) is not None

    if year_from is None and year_to is None:
        year_to = published[-1] if published else None
    if year_from is None:
        return next((y for y in published if year_to and y < year_to and like(y, year_to)), None), year_to
    later = [y for y in published if y > year_from]
    return year_from, year_to or next((y for y in reversed(later) if like(year_from, y)), later[-1] if later else None)


def one_union(found: Cells, region: Region, first_year: int, last_year: int) -> str | None:
    """Return the aggregate of the Union that has both years with the same members, where the present 27 have not."""
    years = (first_year, last_year)
    if region.id not in UNION or found.get(region, first_year).land == found.get(region, last_year).land:
        return None
    rows = [f"group:{g}" for g in meaning.OTHER_EU if f"group:{g}" in found.regions]
    return next((row for row in rows if all(found.get(row, y).known for y in years)), None)


def of_union(found: Cells, region: Region, year: int, union: str | None) -> Cell:
    """Return one year of a series; an aggregate of the Union keeps its membership where it has the year."""
    own = found.get(region, year)
    fixed = found.get(union, year) if union else own
    return replace(fixed, region=region) if fixed.known else own


def incomparable(changes: Sequence[dict[str, Any]]) -> tuple[Caveat, ...]:
    """Return the caveat that two years are of different land, so that no change is given."""
    return tuple(
        ("not_comparable", {"region": c["region"].name, "first": c["first"].code, "last": c["last"].code})
        for c in changes
        if c["first"].land != c["last"].land
    )


def editions(changes: Sequence[dict[str, Any]], codes: Sequence[str]) -> tuple[Caveat, ...]:
    """Return the caveats that the survey's method changed in between: so that no change is given, or part of it."""
    found: dict[tuple[str, int, int], str] = {}
    for c in changes:
        if years := c["broken"] or uncertainty.edition_break(codes, c["first"].year, c["last"].year):
            key = "method_changed" if c["broken"] else "edition_break"
            found.setdefault((key, years[0], years[1]), c["region"].name)
    return tuple((key, {"region": region, "first": str(a), "last": str(b)}) for (key, a, b), region in found.items())


def profile_region(
    context: Context,
    *,
    regions: Sequence[str] = (),
    year: int | None = None,
    land_cover: Sequence[str] = (),
    unit: AreaUnit = "%",
) -> Result:
    """Give the published shares of all eight main land covers of a region, or of the parts of one class.

    Use for "what is the land cover of …", "describe …", "break … down", "which crops are the commonest in …" (with
    `land_cover` the class whose parts are wanted, as B00). Percent of the region's total area; the eight add up to
    100, or the caveat says by how much they do not. Without a year: the latest.
    """
    checked_unit(unit)
    whole = official.classes(context, land_cover) if land_cover else ()
    parts = tuple(p for code in whole for p in meaning.parts(code)) if whole else meaning.MAIN_CLASSES
    asked = official.checked_regions(context, regions)
    found = official.cells(context, asked, (*parts, *whole), checked_years(context, [year] if year else ()), each=True)
    profiles = [profile(context, found, region, parts, whole, year) for region in asked]
    cells = [c for each in profiles for c in each["cells"]]
    given = arguments(unit, land_cover=whole, regions=asked, year=year)
    query = preset("profile_region", given, years_of(cells))
    return result_of(
        context,
        "profile_region",
        found,
        cells,
        unit,
        arguments=given,
        land_cover=tuple(dict.fromkeys(c.land_cover for c in cells)),
        regions=asked,
        drawn=[each["cells"][0] for each in profiles],
        facts={"of": official.label(context, "+".join(whole)) if whole else None},
        before=sums(profiles, whole),
        without=("parts_do_not_sum",),
        told=tuple(profile_told(query, each, context, unit) for each in profiles),
    )


def profile_told(query: Query, profile: Mapping[str, Any], context: Context, unit: str) -> Told:
    """Return one region's classes as they are told, the largest first."""
    own = {"region": (profile["region"].id,), "year": (profile["year"],)}
    where = tuple(replace(f, values=own.get(f.dimension, f.values)) for f in query.where)
    return Told(replace(query, where=where), placed([c.told(context, unit) for c in profile["cells"]], "value"))


def profile(
    context: Context, found: Cells, region: Region, parts: Sequence[str], whole: Sequence[str], year: int | None
) -> dict[str, Any]:
    """Return the cells of one region, largest first, with their sum and what they should add up to.

    Raises:
        NotPublished: The region has no figures in that year.
    """
    named = {c.year for c in found.of(region) if c.land_cover in parts and c.known and c.status != "about_zero"}
    chosen = year or max(named or official.years_of(context, region), default=0)
    cells = [found.get(region, chosen, part) for part in parts]
    cells = [c for c in cells if c.status != "about_zero" or c.land_cover in meaning.MAIN_CLASSES]
    if not any(c.known for c in cells):
        raise official.not_published(context, region, whole or ("A00",), chosen)
    above = [found.get(region, chosen, code) for code in whole]
    return {
        "region": region,
        "year": chosen,
        "cells": sorted(cells, key=lambda c: (not c.known, -(c.percent or 0), c.land_cover)),
        "sum": round(sum(c.percent or 0 for c in cells if c.known), 1),
        "target": round(sum(c.percent or 0 for c in above), 1) if whole else 100.0,
    }


def sums(profiles: Sequence[dict[str, Any]], whole: Sequence[str]) -> tuple[Caveat, ...]:
    """Return the caveat that parts do not add up to their whole, by more than rounding explains."""
    key = "parts_do_not_sum" if whole else "main_classes_do_not_sum"
    return tuple(
        (key, {"region": p["region"].name, "year": p["year"], "sum": p["sum"], "whole": p["target"]})
        for p in profiles
        if abs(p["sum"] - p["target"]) > meaning.PARTS_TOLERANCE + 1e-9
    )


# --- what they share -------------------------------------------------------------------------------------------------


def result_of(
    context: Context,
    tool: str,
    found: Cells,
    cells: Sequence[Cell],
    of: str,
    *,
    drawn: Sequence[Cell] | None = None,
    facts: Mapping[str, Any],
    noted: Sequence[Cell] | None = None,
    before: Sequence[Caveat] = (),
    caveats: Sequence[Caveat] = (),
    without: Sequence[str] = (),
    **parts: Any,
) -> Result:
    """Return a result of some cells: the table of them, and a map of those `drawn`, unless `parts` says otherwise.

    Args:
        context: the world asked of.
        tool: the verb.
        found: the rows that the cells are of, for the provenance.
        cells: what is shown.
        of: the unit of the figures.
        drawn: the cells of the map; else all.
        facts: what is known besides.
        noted: the cells whose caveats hold; else all.
        before: caveats that come first.
        caveats: caveats that come last.
        without: keys of caveats that do not hold here.
        parts: fields of the result.
    """
    shown = cells if drawn is None else drawn
    legend = official_maps.legend([c.value(of) for c in shown], of)
    usual: dict[str, Any] = {
        "years": years_of(cells),
        "unit": of,
        "table": Table(official.CELL_COLUMNS, tuple(official.cell_row(context, c, of) for c in cells)),
    }
    held = official_caveats.caveats(context, cells if noted is None else noted, of)
    return Result(
        tool=tool,
        provenance=Provenance.of([context.store.dataset("statistics")], found.table),
        features=official_maps.choropleth(context, shown, of, legend["breaks"]),
        facts={**facts, "unit": of, "legend": legend},
        caveats=(*before, *(c for c in held if c[0] not in without), *caveats),
        **(usual | parts),
    )


def years_of(cells: Sequence[Cell]) -> tuple[int, ...]:
    """Return the years that some cells are of."""
    return tuple(sorted({c.year for c in cells}))


def checked_unit(unit: str) -> None:
    """Check that a unit is one the published figures are given in.

    Raises:
        BadArgument: It is not.
    """
    if unit not in official.UNITS:
        raise BadArgument(f"unit {unit!r}: published figures are given in {', '.join(official.UNITS)}")


def checked_years(context: Context, years: Sequence[int]) -> tuple[int, ...]:
    """Return years that the table has, each once.

    Raises:
        NoSuchYear: It has not; nothing is interpolated or forecast.
    """
    return tuple(sorted({official.checked_year(context, year) for year in years}))


def arguments(unit: str, **given: Any) -> dict[str, Any]:
    """Return the plan step's arguments in their canonical form: ids for regions, empty and usual ones left out."""
    every = {**given, "unit": unit if unit != "%" else None}
    listed = {k: [getattr(one, "id", one) for one in v] if isinstance(v, tuple) else v for k, v in every.items()}
    return {name: value for name, value in listed.items() if value}


def latest(context: Context, found: Cells, region: Region) -> int:
    """Return the last year with a figure of a region, else the last year the region has."""
    shown = [c.year for c in found.of(region) if c.known or quotable(c)]
    return max(shown or official.years_of(context, region) or official.survey_years(context))


def latest_common(context: Context, found: Cells, regions: Sequence[Region]) -> int:
    """Return the last year with a figure for every region; where there is none, the last with one for any."""
    each = [set(found.known_years(region)) for region in regions]
    return max(set.intersection(*each) or set.union(*each) or official.survey_years(context))


def rounding(equal: bool) -> tuple[Caveat, ...]:
    """Return the caveat that a difference lies within the published rounding."""
    return (("rounding", {"points": meaning.NO_CHANGE}),) if equal else ()


def kingdom(regions: Sequence[Region], years: Sequence[int]) -> tuple[Caveat, ...]:
    """Return the caveat that the United Kingdom ends in 2018, where it decides the year."""
    asked = any(region.country == "UK" for region in regions)
    return (("uk_until_2018", {}),) if asked and max(years) <= meaning.UK_LAST_YEAR else ()
