"""How much of a region a class covers, by a survey with weights and the satellite map of every cell together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely

from retrieval.errors import BadArgument, NoRecords, TooFine
from retrieval.types import Region, Table
from tools import official, uncertainty
from tools.assisted import assisted_share
from tools.context import Context
from tools.estimate_area import lies_in, weighted_years
from tools.estimation import GRID_KM2, LEVEL
from tools.result import Result
from tools.satellite import encoder_caveats, encoder_named, model_of, outline_of, pixels_of, satellite_provenance

if TYPE_CHECKING:
    from tools.pixelclip.stored import AreaPixels

COVERED = 0.95
"""The part of a region's 2 km grid that must have a cell: of a sample of cells the mean score is not known."""
COLUMNS = ("region_id", "region", "land_cover", "land_cover_name", "year", "estimator", "value", "unit", "low", "high",
           "points", "of_points")  # fmt: skip


def area_from_map(
    context: Context,
    *,
    land_cover: Sequence[str],
    regions: Sequence[str] = (),
    year: int | None = None,
    encoder: str = "",
) -> Result:
    """Estimate a class's share of a region from surveyed points with weights and the satellite map of all its cells.

    Use for "how much of … is vineyard, by survey and satellite together". The map assists only where it expects 50
    positives among the points and tells more than nothing about them, which is settled before the survey is looked at;
    the estimate of the survey alone always stands beside it, as a row of its own. Needs `build --weights` and pixels of
    at least every cell of the 2 km grid. One region, one year: by default the last with weights. `encoder` names
    another encoder at hand.

    Raises:
        BadArgument: several regions; no encoder of that name.
        NoRecords: no weights of that year, or not every cell has a pixel.
        TooFine: fewer than thirty points.
    """
    context = context.asking(encoder)
    codes = official.classes(context, land_cover)
    asked = official.regions_of(context, regions)
    if len(asked) != 1:
        raise BadArgument("estimates are made of one region at a time")
    [region] = asked
    known = weighted_years(context)
    if year is None:
        year = max(known, default=WEIGHTED)
    if year not in known:
        raise lacking("no_weights", context, region, year, _cells_there(context, region, year))
    pixels = pixels_of(context, (region,), year)
    cells = grid_of(pixels)
    if len(cells) < COVERED * _cells_of(region):
        raise lacking("no_whole_map", context, region, year, len(cells))
    from tools.pixelclip.known import words_of

    words = words_of(model_of(context))
    score, _ = words.score(pixels.vectors, words.ask_classes(codes))
    leaves = set(context.nomenclature.leaves(list(codes)))
    visits = {
        row["point_id"]: row
        for row in context.store.query("weighted_points", year=year).dicts()
        if lies_in(context, row, region)
    }
    found = [(at, visits[id]) for id, at in cells.items() if id in visits]
    if len(found) < COVERED * len(visits):
        raise lacking("no_whole_map", context, region, year, len(found), len(visits))
    y = np.array([row["lc1"] in leaves for _, row in found], dtype=float)
    places = np.array([at for at, _ in found], dtype=int)
    weight = np.array([row["weight"] for _, row in found], dtype=float)
    strata = [row["stratum"] for _, row in found]
    share = assisted_share(y, score[places, None], score[list(cells.values()), None], strata, weight)
    if share is None:
        raise TooFine(region.name, (), "too_few_points")
    label, code = official.label(context, "+".join(codes)), "+".join(codes)
    named = (region.id, region.name, code, label, year)
    ways = [("greg", share.value, share.interval)] if share.estimate else []
    ways.append(("survey_alone", share.design.value, share.design.interval))
    rows = tuple(
        (
            *named,
            way,
            round(100 * value, 1),
            "%",
            *(round(100 * end, 1) for end in ends),
            share.design.positives,
            len(y),
        )
        for way, value, ends in ways
    )
    low, high = (round(100 * end, 1) for end in share.interval)
    told = uncertainty.told(
        "greg" if share.estimate else share.design.estimator, 100 * share.value, 100 * share.se, None
    )
    slots = {"points": len(y), "expected": round(share.expected), "r2": round(share.r2, 2), "year": str(year),
             "alone": round(100 * share.design.value, 1), "low": round(100 * share.design.interval[0], 1),
             "high": round(100 * share.design.interval[1], 1)}  # fmt: skip
    return Result(
        tool="area_from_map",
        arguments={
            "land_cover": list(codes), "regions": [region.id], "year": year, **encoder_named(context, encoder)
        },
        provenance=satellite_provenance(context, pixels.rows),
        regions=asked,
        land_cover=codes,
        years=(year,),
        value=round(100 * share.value, 1),
        unit="%",
        interval=(low, high),
        level=LEVEL,
        table=Table(COLUMNS, rows),
        facts={
            "label": label, "split": False, "above": None, "below": None, "not_used": [],
            "points": share.design.positives, "of_points": len(y),
            "uncertainty": told | {"source_se": "microdata", "phases": ["grid", "survey"], "n": len(y),
                                   "n_class": share.design.positives, "r2_cv": round(share.r2, 3),
                                   "expected_positives": round(share.expected, 1)},
        },
        caveats=(*encoder_caveats(context), ("map_assisted" if share.estimate else "map_not_assisted", slots)),
    )  # fmt: skip


WEIGHTED = 2022
"""The survey whose weights are handed out."""
GRID_CELL = re.compile(r"CRS3035RES10mN(\d+)E(\d+)")
GRID_M = 2_000


def grid_of(pixels: AreaPixels) -> dict[int, int]:
    """Return survey point → row of its pixel, of the usable cells of the survey's grid, each once.

    A cell that was fetched without its point's id is told by its name in the European 10 m grid. Cells between those of
    the grid, and a cell that is there twice, would make the mean another than the grid's.
    """
    rows = pixels.rows
    names = rows.column("location") if "location" in rows.columns else [""] * len(rows)
    of_grid: dict[int, int] = {}
    for at, (id, name) in enumerate(zip(rows.column("point_id"), names, strict=True)):
        point = id if id is not None else grid_point(str(name))
        if point is not None and pixels.usable[at]:
            of_grid.setdefault(point, at)
    return of_grid


def grid_point(location: str) -> int | None:
    """Return the survey's point EEEENNNN in a cell's south-west corner, by the cell's name; None off the 2 km grid.

    >>> grid_point("CRS3035RES10mN3100000E3960000"), grid_point("CRS3035RES10mN3100010E3960000")
    (39603100, None)
    """
    if not (found := GRID_CELL.fullmatch(location)):
        return None
    north, east = map(int, found.groups())
    return None if north % GRID_M or east % GRID_M else east // 1000 * 10_000 + north // 1000


def _cells_of(region: Region) -> float:
    """Return how many points of the 2 km grid a region has."""
    return (region.area_km2 or 0.0) / GRID_KM2


def _cells_there(context: Context, region: Region, year: int) -> int:
    """Return how many cells of the survey's grid in a region have a pixel of a year."""
    outline = outline_of(context, (region,))
    if outline is None:
        return 0
    west, south, east, north = outline.bounds
    box = {"west": west, "south": south, "east": east, "north": north, "outline": shapely.to_wkb(outline)}
    return int(context.store.query("pixels_grid", **box, year=year).rows[0][0])


def lacking(
    reason: str, context: Context, region: Region, year: int, cells: int, wanted: int | None = None
) -> NoRecords:
    """Return the refusal that says what is missing for an estimate of a region, and the commands that bring it."""
    fetch = f"python -m retrieval fetch pixels --region {region.id} --every {GRID_M} --year {year}"
    build = f"python -m retrieval build --lucas EU_LUCAS_{year}.csv --weights sample_LUCAS_{year}.csv"
    wanted = round(_cells_of(region)) if wanted is None else wanted
    what = f"a map of every cell of {region.name} ({cells} of {wanted} known)"
    ways = {
        "no_weights": (f"sampling weights of {year}, nor {what}", f"{build}; {fetch}"),
        "no_whole_map": (what, fetch),
    }
    slots = {"region": region.name, "cells": cells, "wanted": wanted, "year": year, "build": build, "fetch": fetch}
    return NoRecords(*ways[reason], reason, **slots)
