"""Regions side by side by their published figures. Does not compare survey points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from retrieval.errors import BadArgument
from retrieval.types import AreaUnit, Region, Table
from tools import official, official_caveats, official_maps, uncertainty
from tools.context import Context
from tools.estimation import LEVEL
from tools.official import Cell, Figures
from tools.official_share import arguments, checked_unit, refusal
from tools.result import Caveat, Result
from tools.uncertainty import Apart


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
    asked = official.regions_of(context, regions)
    if len(asked) < 2:
        raise BadArgument("a comparison needs at least two regions")
    fixed = tuple(sorted({official.checked_year(context, year) for year in years}))
    figures = official.load(context, official.with_members(context, asked), codes)
    chosen = fixed or (latest_common(context, figures, asked, codes),)
    cells = [official.grouped_cell(context, figures, region, codes, year) for year in chosen for region in asked]
    now = [c for c in cells if c.year == chosen[-1]]
    known = [c for c in now if c.known]
    if not known:
        raise refusal(context, figures, now[0], codes)
    in_order = sorted(known, key=lambda c: -(c.value(unit) or 0))
    pair = now if len(now) == 2 else []
    difference = official.difference(pair[1], pair[0], unit) if pair else None
    apart = official.apart(pair[1], pair[0], unit) if pair else None
    equal = bool(pair) and difference is not None and unit == "%" and official.within_rounding(*pair)
    legend = official_maps.legend([c.value(unit) for c in now], unit)
    return Result(
        tool="compare_official",
        arguments=arguments(asked, codes, fixed, (), unit),
        provenance=official.provenance(context, figures.table),
        regions=asked,
        land_cover=codes,
        years=chosen,
        value=difference,
        **ends_of(apart, unit),
        unit=official.PERCENTAGE_POINTS if unit == "%" and pair else unit,
        table=Table(official.CELL_COLUMNS, tuple(official.cell_row(context, c, unit) for c in cells)),
        features=official_maps.choropleth(context, now, unit, legend["breaks"]),
        facts={
            "cells": [c.facts(context) for c in cells],
            "uncertainty": told_of(apart),
            "compared": [(c.region.name, c.value(unit)) for c in in_order],
            "label": official.label(context, "+".join(codes)),
            "year": chosen[-1],
            "unit": unit,
            "most": in_order[0].region.name,
            "difference": difference,
            "no_difference": equal,
            **lead(in_order, unit),
            "legend": legend,
        },
        caveats=(
            *rounding(equal),
            *official_caveats.caveats(context, figures, cells, unit),
            *kingdom(asked, chosen),
        ),
    )


def lead(in_order: Sequence[Cell], unit: str) -> dict[str, Any]:
    """Return how far the first is ahead of the second with its interval, and whether the survey can tell them apart."""
    if len(in_order) < 2:
        return {"next": None, "ahead": None, "low": None, "high": None, "least": None, "told": None}
    first, second = in_order[:2]
    ahead = official.difference(second, first, unit)
    return {"next": second.region.name, "ahead": ahead, **apart_facts(official.apart(second, first, unit), unit)}


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


def latest_common(context: Context, figures: Figures, regions: Sequence[Region], codes: Sequence[str]) -> int:
    """Return the last year with a figure for every region; where there is none, the last with one for any."""
    each = [set(official.published_years(context, figures, region, codes)) for region in regions]
    return max(set.intersection(*each) or set.union(*each) or official.survey_years(context))


def rounding(equal: bool) -> tuple[Caveat, ...]:
    """Return the caveat that a difference lies within the published rounding."""
    return (("rounding", {"points": official.meaning.NO_CHANGE}),) if equal else ()


def kingdom(regions: Sequence[Region], years: Sequence[int]) -> tuple[Caveat, ...]:
    """Return the caveat that the United Kingdom ends in 2018, where it decides the year."""
    asked = any(region.country == "UK" for region in regions)
    return (("uk_until_2018", {}),) if asked and max(years) <= official.meaning.UK_LAST_YEAR else ()
