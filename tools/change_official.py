"""How a class changed between survey years, by the published figures. Does not follow single survey points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from retrieval import statistics as meaning
from retrieval.errors import BadArgument
from retrieval.types import AreaUnit, Region, Table
from tools import official, official_caveats, official_maps, uncertainty
from tools.compare_official import apart_facts, ends_of, kingdom, rounding, told_of
from tools.context import Context
from tools.official import Cell, Figures
from tools.official_share import checked_unit
from tools.result import Caveat, Result


def change_official(
    context: Context,
    *,
    land_cover: Sequence[str],
    regions: Sequence[str] = (),
    year_from: int | None = None,
    year_to: int | None = None,
    unit: AreaUnit = "%",
) -> Result:
    """Give the change of a land cover's published share between two survey years, and the whole series.

    Use for "has … grown or shrunk since …", "trend", "over time". `value` is last − first in percentage points (or in
    the unit) with its 95 % interval: where that holds nothing, no change could be detected, and `least` is what could
    have been. Regions renamed by a new NUTS vintage are one series; years between surveys are not interpolated. No
    change is given across a change of the survey's method. Without years: first to last published.
    """
    checked_unit(unit)
    codes = official.classes(context, land_cover)
    asked = official.regions_of(context, regions)
    for year in (year_from, year_to):
        if year is not None:
            official.checked_year(context, year)
    if year_from is not None and year_to is not None and year_from >= year_to:
        raise BadArgument(f"a change from {year_from} to {year_to}: the first year must come before the last")
    figures = official.load(context, official.with_members(context, asked), codes)
    changes = [change(context, figures, region, codes, year_from, year_to, unit) for region in asked]
    cells = [c for each in changes for c in each["series"]]
    headline = changes[0] if len(changes) == 1 else None
    ends = [each[end] for each in changes for end in ("first", "last")]
    legend = official_maps.legend([each["last"].value(unit) for each in changes], unit)
    found: tuple[Caveat, ...] = (
        *rounding(any(each["no_change"] and official.within_rounding(each["first"], each["last"]) for each in changes)),
        *official_caveats.caveats(context, figures, cells, unit),
        *incomparable(changes),
        *editions(changes, codes),
        *kingdom(asked, [c.year for c in ends]),
    )
    return Result(
        tool="change_official",
        arguments=arguments(asked, codes, year_from, year_to, unit),
        provenance=official.provenance(context, figures.table),
        regions=asked,
        land_cover=codes,
        years=tuple(sorted({c.year for c in ends})),
        value=headline["change"] if headline else None,
        unit=official.PERCENTAGE_POINTS if unit == "%" else unit,
        **ends_of(headline["apart"] if headline else None, unit),
        table=Table(official.CELL_COLUMNS, tuple(official.cell_row(context, c, unit) for c in cells)),
        features=official_maps.choropleth(context, [each["last"] for each in changes], unit, legend["breaks"]),
        facts={
            **(facts(context, headline, unit) if headline else {}),
            "uncertainty": told_of(headline["apart"]) if headline else None,
            "changes": [facts(context, each, unit) for each in changes],
            "label": official.label(context, "+".join(codes)),
            "unit": unit,
            "survey_years": list(official.survey_years(context)),
            "legend": legend,
        },
        caveats=found,
    )


def change(
    context: Context,
    figures: Figures,
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
    published = official.published_years(context, figures, region, codes)
    for year in (year_from, year_to):
        if year is not None and year not in published and not quotable(context, figures, region, codes, year):
            raise official.not_published(context, figures, region, codes, year)
    first_year, last_year = span(figures, region, codes, published, year_from, year_to)
    if first_year is None or last_year is None:
        raise official.not_published(context, figures, region, codes, None)
    code = one_membership(figures, region, codes, first_year, last_year)
    first, last = (cell(context, figures, region, codes, y, code) for y in (first_year, last_year))
    years = [y for y in official.region_years(context, figures, region) if first_year <= y <= last_year]
    same_land = first.code == last.code or not unlike(region, first, last)
    broken = uncertainty.broken(codes, region.country, first_year, last_year)
    comparable = same_land and not broken
    apart = official.apart(first, last, unit, survey=True) if comparable else None
    return {
        "region": region,
        "first": first,
        "last": last,
        "change": official.difference(first, last, unit) if comparable else None,
        "apart": apart,
        "comparable": comparable,
        "same_land": same_land,
        "broken": broken,
        "no_change": comparable and (official.within_rounding(first, last) or (apart is not None and not apart.told)),
        "series": [cell(context, figures, region, codes, y, code) for y in years],
        "spans": spans(figures, region, codes, published) if region.level == "group" else [],
    }


def spans(figures: Figures, region: Region, codes: Sequence[str], published: Sequence[int]) -> list[dict[str, Any]]:
    """Return the longest change of each membership of the Union, so that like is compared with like."""
    found: list[dict[str, Any]] = []
    for groups in (("EU27_2020", "EU"), *((g,) for g in meaning.OTHER_EU)):
        own = [c for y in published for g in groups if (c := figures.cell(region, codes, y, g)).known]
        if len(own) > 1:
            first, last = own[0], own[-1]
            slots = {"members": official.members_of(first.code), "year_from": first.year, "year_to": last.year}
            found.append(slots | {"change": official.difference(first, last, "%")})
    return found


def span(
    figures: Figures,
    region: Region,
    codes: Sequence[str],
    published: Sequence[int],
    year_from: int | None,
    year_to: int | None,
) -> tuple[int | None, int | None]:
    """Return first and last year: those asked for, else the longest span of one membership that is published."""

    def like(one: int, other: int) -> bool:
        return region.level != "group" or same_members(figures, region, codes, one, other)

    if year_from is None and year_to is None:
        year_to = published[-1] if published else None
    if year_from is None:
        return next((y for y in published if year_to and y < year_to and like(y, year_to)), None), year_to
    later = [y for y in published if y > year_from]
    return year_from, year_to or next((y for y in reversed(later) if like(year_from, y)), later[-1] if later else None)


def same_members(figures: Figures, region: Region, codes: Sequence[str], one: int, other: int) -> bool:
    """Whether some aggregate of the Union has both years with the same members."""
    now = {official.members_of(figures.cell(region, codes, year).code) for year in (one, other)}
    return len(now) == 1 or one_membership(figures, region, codes, one, other) is not None


def cell(context: Context, figures: Figures, region: Region, codes: Sequence[str], year: int, code: str | None) -> Cell:
    """Return one year of a series; an aggregate fixed by `code` keeps its membership where it has the year."""
    if code:
        fixed = figures.cell(region, codes, year, code)
        if fixed.known:
            return fixed
    return official.grouped_cell(context, figures, region, codes, year)


def one_membership(
    figures: Figures, region: Region, codes: Sequence[str], first_year: int, last_year: int
) -> str | None:
    """Return the aggregate of the Union that has both years with the same members, where the present 27 have not."""
    if region.level != "group":
        return None
    now = {official.members_of(figures.cell(region, codes, year).code) for year in (first_year, last_year)}
    if len(now) == 1:
        return None
    return next(
        (
            group
            for group in meaning.OTHER_EU
            if all(figures.cell(region, codes, y, group).known for y in (first_year, last_year))
        ),
        None,
    )


def unlike(region: Region, first: Cell, last: Cell) -> bool:
    """Whether two figures speak of different land: another membership of the Union, or a redrawn region."""
    if region.level == "group":
        return official.members_of(first.code) != official.members_of(last.code)
    old, new = sorted((first, last), key=lambda c: c.year)
    return meaning.is_shifted(new.code, old.code)


def quotable(context: Context, figures: Figures, region: Region, codes: Sequence[str], year: int) -> bool:
    """Whether the table has a row for this year, be it one that is not significant."""
    return official.grouped_cell(context, figures, region, codes, year).status == "not_significant"


def incomparable(changes: Sequence[dict[str, Any]]) -> tuple[Caveat, ...]:
    """Return the caveat that two years are of different land, so that no change is given."""
    return tuple(
        ("not_comparable", {"region": c["region"].name, "first": c["first"].code, "last": c["last"].code})
        for c in changes
        if not c["same_land"]
    )


def editions(changes: Sequence[dict[str, Any]], codes: Sequence[str]) -> tuple[Caveat, ...]:
    """Return the caveats that the survey's method changed in between: so that no change is given, or part of it."""
    found: dict[tuple[str, int, int], str] = {}
    for c in changes:
        if years := c["broken"] or uncertainty.edition_break(codes, c["first"].year, c["last"].year):
            key = "method_changed" if c["broken"] else "edition_break"
            found.setdefault((key, years[0], years[1]), c["region"].name)
    return tuple((key, {"region": region, "first": str(a), "last": str(b)}) for (key, a, b), region in found.items())


def facts(context: Context, change: dict[str, Any], unit: str) -> dict[str, Any]:
    """Return one region's change as slots for a sentence."""
    first, last, apart = change["first"], change["last"], change["change"]
    direction = "none" if change["no_change"] else None if apart is None else "more" if apart > 0 else "less"
    return {
        "region": change["region"].name,
        "region_id": change["region"].id,
        "year_from": first.year,
        "year_to": last.year,
        "value_from": first.value(unit),
        "value_to": last.value(unit),
        "change": apart,
        "direction": direction,
        "no_change": change["no_change"],
        "comparable": change["comparable"],
        **apart_facts(change["apart"], unit),
        "spans": change["spans"],
        "series": [c.facts(context) for c in change["series"]],
    }


def arguments(
    regions: Sequence[Region], codes: Sequence[str], year_from: int | None, year_to: int | None, unit: str
) -> dict[str, object]:
    """Return the plan step's arguments in their canonical form, empty and usual ones left out."""
    every = {
        "land_cover": list(codes),
        "regions": [r.id for r in regions],
        "year_from": year_from,
        "year_to": year_to,
        "unit": unit if unit != "%" else None,
    }
    return {name: value for name, value in every.items() if value}
