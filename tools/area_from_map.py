"""How much of a region a class covers, by a survey with weights and the satellite map of every cell together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrieval.errors import BadArgument, NoRecords, TooFine
from retrieval.types import Region, Table
from tools import official, uncertainty
from tools.assisted import assisted_share
from tools.context import Context
from tools.estimate_area import lies_in, weighted_years
from tools.estimation import GRID_KM2, LEVEL
from tools.result import Result
from tools.satellite import encoder_caveats, encoder_named, model_of, pixels_of, satellite_provenance

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
        year = max(known, default=0)
    if year not in known:
        raise NoRecords(f"sampling weights of {year}", "Bring them in with build --weights", "no_weights")
    pixels = pixels_of(context, (region,), year)
    _refuse_holes(region, int(pixels.usable.sum()))
    from tools.pixelclip.known import words_of

    words = words_of(model_of(context))
    score, _ = words.score(pixels.vectors, words.ask_classes(codes))
    leaves = set(context.nomenclature.leaves(list(codes)))
    visits = {
        row["point_id"]: row
        for row in context.store.query("weighted_points", year=year).dicts()
        if lies_in(context, row, region)
    }
    cells = pixels.rows.column("point_id")
    found = [(at, visits[id]) for at, id in enumerate(cells) if id in visits and pixels.usable[at]]
    if len(found) < COVERED * len(visits):
        raise NoRecords(
            f"pixels of the points surveyed in {region.name} in {year}",
            "Fetch them with fetch pixels",
            "no_whole_map",
            region=region.name,
            cells=len(found),
            wanted=len(visits),
        )
    y = np.array([row["lc1"] in leaves for _, row in found], dtype=float)
    places = np.array([at for at, _ in found], dtype=int)
    weight = np.array([row["weight"] for _, row in found], dtype=float)
    strata = [row["stratum"] for _, row in found]
    share = assisted_share(y, score[places, None], score[pixels.usable, None], strata, weight)
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


def _refuse_holes(region: Region, cells: int) -> None:
    """Refuse a region whose cells are not all known: a mean of those that happen to be is not the region's.

    Raises:
        NoRecords: fewer cells than the region has points of the 2 km grid.
    """
    wanted = (region.area_km2 or 0.0) / GRID_KM2
    if cells < COVERED * wanted:
        raise NoRecords(
            f"a map of every cell of {region.name} ({cells} of {wanted:.0f} known)",
            "Fetch its pixel tiles",
            "no_whole_map",
            region=region.name,
            cells=cells,
            wanted=round(wanted),
        )
