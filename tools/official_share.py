"""How much of a region is a class, as Eurostat published it. Does not count survey points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retrieval import statistics as meaning
from retrieval.errors import BadArgument, NotPublished
from retrieval.types import AreaUnit, Region, Table
from tools import official, official_caveats, official_maps
from tools.context import Context
from tools.official import Cell, Figures
from tools.result import Caveat, Result


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
    asked = official.regions_of(context, regions)
    fixed = tuple(sorted({official.checked_year(context, year) for year in years}))
    figures = official.load(context, official.with_members(context, asked), (*codes, *left_out))
    cells = [
        without(context, figures, region, codes, left_out, year)
        for region in asked
        for year in fixed or (latest(context, figures, region, codes),)
    ]
    if not any(cell.known or cell.status == "not_significant" for cell in cells):
        raise refusal(context, figures, cells[0], codes)
    headline = cells[-1] if len(asked) == 1 else None
    legend = official_maps.legend([c.value(unit) for c in cells], unit)
    return Result(
        tool="official_share",
        arguments=arguments(asked, codes, fixed, left_out, unit),
        provenance=official.provenance(context, figures.table),
        regions=asked,
        land_cover=codes,
        years=tuple(sorted({c.year for c in cells})),
        value=headline.value(unit) if headline else None,
        unit=unit,
        **official.interval_of(headline, unit),
        table=Table(official.CELL_COLUMNS, tuple(official.cell_row(context, c, unit) for c in cells)),
        features=official_maps.choropleth(context, cells, unit, legend["breaks"]),
        facts={
            **(headline.facts(context) if headline else {}),
            "uncertainty": official.told_of(headline),
            "unit": unit,
            "cells": [c.facts(context) for c in cells],
            "years_published": list(official.published_years(context, figures, asked[0], codes)),
            "legend": legend,
        },
        caveats=(*official_caveats.caveats(context, figures, cells, unit), *vine_areas(context, cells)),
    )


def checked_unit(unit: str) -> None:
    """Check that a unit is one the published figures are given in.

    Raises:
        BadArgument: It is not.
    """
    if unit not in official.UNITS:
        raise BadArgument(f"unit {unit!r}: published figures are given in {', '.join(official.UNITS)}")


def latest(context: Context, figures: Figures, region: Region, codes: Sequence[str]) -> int:
    """Return the last year with a figure for these classes in a region, else the last year the region has."""
    years = official.region_years(context, figures, region)
    known = official.published_years(context, figures, region, codes)
    cells = {y: official.grouped_cell(context, figures, region, codes, y) for y in years}
    shown = [y for y in years if y in known or cells[y].status == "not_significant"]
    return max(shown or years or official.survey_years(context))


def without(
    context: Context, figures: Figures, region: Region, codes: Sequence[str], left_out: Sequence[str], year: int
) -> Cell:
    """Return the cell of some classes less the classes left out; not published where one of these is not."""
    cell = official.grouped_cell(context, figures, region, codes, year)
    if not left_out or not cell.known:
        return cell
    less = official.grouped_cell(context, figures, region, left_out, year)
    name = "−".join(("+".join(codes), *left_out))
    if not less.known or less.missing or (less.percent or 0) > (cell.percent or 0):
        return replace(cell, land_cover=name, status="not_published", percent=None, km2=None)
    return replace(
        cell,
        land_cover=name,
        status="low_reliability" if "low_reliability" in (cell.status, less.status) else cell.status,
        percent=round((cell.percent or 0) - (less.percent or 0), 1),
        km2=None if cell.km2 is None or less.km2 is None else cell.km2 - less.km2,
        rounding=round(cell.rounding + less.rounding, 2),
        percent_computed=True,
        km2_computed=True,
        **official.errors_of([cell, less]),
    )


VINES = ("B82",)
"""The classes that are the land under vines."""


def vine_areas(context: Context, cells: Sequence[Cell]) -> list[Caveat]:
    """Return what the vineyard statistics state for the countries of some cells, as a second figure of its own.

    Of several years the last one's; of a year that is not stated the nearest, the later one of two as near.
    """
    held = {d.id: d for d in context.store.datasets() if d.kind == "vine_areas"}
    last = {c.region.id: c for c in cells if c.known and tuple(c.land_cover.split("+")) == VINES}
    found: list[Caveat] = []
    for cell in list(last.values())[: official_caveats.MOST_NAMES] if held else ():
        own, *same = official.published_codes(context, cell.region) if cell.region.level != "group" else ("",)
        codes = [own, *(code for code in same if not meaning.is_shifted(own, code))]
        rows = list(context.store.query("vine_areas", codes=codes).dicts())
        if rows:
            row = min(rows, key=lambda row: (abs(row["year"] - cell.year), -row["year"]))
            source = VINE_TABLES.get(row["dataset"], held[row["dataset"]].title)
            slots = {"region": cell.region.name, "year": row["year"], "ha": row["area_ha"], "source": source}
            found.append(("vine_area", slots))
            if outside(cell, row["area_ha"]):
                found.append(("vine_area_outside", {"region": cell.region.name, "year": row["year"]}))
    return found


def outside(cell: Cell, ha: float) -> bool:
    """Whether an area lies outside the interval of a published figure."""
    ends = cell.interval("ha")
    return ends is not None and not ends[0] <= ha <= ends[1]


VINE_TABLES = {"apro_cpsh1_vines": "APRO_CPSH1", "vine_areas_published": "Statistics Explained"}
"""Dataset → what its figures are named by in a sentence."""


def refusal(context: Context, figures: Figures, cell: Cell, codes: Sequence[str]) -> NotPublished:
    """Return why one cell cannot be given: what is published instead."""
    return official.not_published(context, figures, cell.region, codes, cell.year)


def arguments(
    regions: Sequence[Region], codes: Sequence[str], years: Sequence[int], left_out: Sequence[str] = (), unit: str = "%"
) -> dict[str, object]:
    """Return the plan step's arguments in their canonical form, empty and usual ones left out."""
    every = {
        "land_cover": list(codes),
        "regions": [r.id for r in regions],
        "years": list(years),
        "exclude": list(left_out),
        "unit": unit if unit != "%" else None,
    }
    return {name: value for name, value in every.items() if value}
