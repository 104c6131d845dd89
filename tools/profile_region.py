"""What a region is made of: the published shares of its main classes. Does not count survey points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from retrieval import statistics as meaning
from retrieval.types import AreaUnit, Region, Table
from tools import official, official_caveats, official_maps
from tools.context import Context
from tools.official import Cell, Figures
from tools.official_share import arguments, checked_unit
from tools.result import Caveat, Result


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
    asked = official.regions_of(context, regions)
    if year is not None:
        official.checked_year(context, year)
    figures = official.load(context, official.with_members(context, asked), (*parts, *whole))
    profiles = [profile(context, figures, region, parts, whole, year) for region in asked]
    cells = [c for each in profiles for c in each["cells"]]
    legend = official_maps.legend([c.value(unit) for c in cells], unit)
    largest = [each["cells"][0] for each in profiles]
    return Result(
        tool="profile_region",
        arguments=arguments(asked, whole, (), (), unit) | ({"year": year} if year else {}),
        provenance=official.provenance(context, figures.table),
        regions=asked,
        land_cover=tuple(dict.fromkeys(c.land_cover for c in cells)),
        years=tuple(sorted({each["year"] for each in profiles})),
        value=None,
        unit=unit,
        table=Table(official.CELL_COLUMNS, tuple(official.cell_row(context, c, unit) for c in cells)),
        features=official_maps.choropleth(context, largest, unit, legend["breaks"]),
        facts={
            **facts(context, profiles[0], unit),
            "profiles": [facts(context, each, unit) for each in profiles],
            "of": official.label(context, "+".join(whole)) if whole else None,
            "unit": unit,
            "legend": legend,
        },
        caveats=(
            *sums(profiles, whole),
            *(c for c in official_caveats.caveats(context, figures, cells, unit) if c[0] != "parts_do_not_sum"),
        ),
    )


def profile(
    context: Context, figures: Figures, region: Region, parts: Sequence[str], whole: Sequence[str], year: int | None
) -> dict[str, Any]:
    """Return the cells of one region, largest first, with their sum and what they should add up to.

    Raises:
        NotPublished: The region has no figures in that year.
    """
    years = official.region_years(context, figures, region)
    chosen = year or max((y for y in years if known(context, figures, region, parts, y)), default=max(years, default=0))
    cells = [official.grouped_cell(context, figures, region, [part], chosen) for part in parts]
    cells = [c for c in cells if c.status != "about_zero" or c.land_cover in meaning.MAIN_CLASSES]
    if not any(c.known for c in cells):
        raise official.not_published(context, figures, region, whole or ("A00",), chosen)
    above = [official.grouped_cell(context, figures, region, [code], chosen) for code in whole]
    target = 100.0 if not whole else round(sum(c.percent or 0 for c in above), 1)
    return {
        "region": region,
        "year": chosen,
        "cells": sorted(cells, key=lambda c: (not c.known, -(c.percent or 0), c.land_cover)),
        "sum": round(sum(c.percent or 0 for c in cells if c.known), 1),
        "target": target,
    }


def known(context: Context, figures: Figures, region: Region, parts: Sequence[str], year: int) -> bool:
    """Whether any part has a published number in a year."""
    return any(
        (c := official.grouped_cell(context, figures, region, [part], year)).known and c.status != "about_zero"
        for part in parts
    )


def sums(profiles: Sequence[dict[str, Any]], whole: Sequence[str]) -> tuple[Caveat, ...]:
    """Return the caveat that parts do not add up to their whole, by more than rounding explains."""
    key = "parts_do_not_sum" if whole else "main_classes_do_not_sum"
    return tuple(
        (key, {"region": p["region"].name, "year": p["year"], "sum": p["sum"], "whole": p["target"]})
        for p in profiles
        if abs(p["sum"] - p["target"]) > meaning.PARTS_TOLERANCE + 1e-9
    )


def facts(context: Context, profile: dict[str, Any], unit: str) -> dict[str, Any]:
    """Return one region's profile as slots for a sentence."""
    cells: list[Cell] = profile["cells"]
    return {
        "region": profile["region"].name,
        "region_id": profile["region"].id,
        "year": profile["year"],
        "sum": profile["sum"],
        "whole": profile["target"],
        "adds_up": abs(profile["sum"] - profile["target"]) <= meaning.PARTS_TOLERANCE + 1e-9,
        "largest": cells[0].facts(context),
        "classes": [c.facts(context) | {"value": c.value(unit)} for c in cells],
    }
