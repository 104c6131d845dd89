"""Estimates: areas that nobody publishes, from survey points each of which stands for some land of its region.

The points are calibrated to the published main classes or have sampling weights (`retrieval/estimated_points.py`). One
row a point and region it lies in; where a region has no point of a class, a row without one holds what its country's
composition gives it. Cropland, woodland, shrubland and grassland only, but where there are weights; never a change.
"""

from __future__ import annotations

from retrieval.sources.kinds import Dimension, Measure, land_cover, land_use, source
from retrieval.sources.survey import ELEVATION_DOMAIN

AREA = "list_sum(list_transform(map_keys(histogram({{'r': region_id, 'y': year, 'a': total_km2}}){filter}), x -> x.a))"
"""Total area in km² of the regions of a group, each once."""

CELLS = "map_entries(histogram(cell){filter})"
"""What the points of a group share their error by, each with how many of its points are in the group."""

PART = "least(e.value / e.key.n, 1)"

VARIANCE = (
    f"list_sum(list_transform({CELLS}, e -> e.key.km2 ** 2 * {PART} * (1 - {PART}) / e.key.n * e.key.times"
    f" + {PART} ** 2 * e.key.variance)) + coalesce(max(cell.grid){{filter}}, 0) * sum(km2){{filter}}"
    f" * greatest(1 - sum(km2){{filter}} / {AREA}, 0)"
)
"""Variance in km⁴ of the land of a group of points: what part of each cell they are, what the cell's land is known by
and, of points with weights, the grid of the first phase. Cells are independent."""

SPLIT = f"coalesce(list_bool_or(list_transform({CELLS}, e -> e.value < e.key.n AND e.key.grid = 0)), false)"
"""Whether less than all points of a class of a region are in the group: a part by use, elevation or place."""

ENOUGH = f"(NOT {SPLIT} OR list_sum(list_transform({CELLS}, e -> e.key.n)) >= 30)"
"""A part of classes is told of thirty of their points or more."""

KM2 = f"CASE WHEN {ENOUGH} THEN sum(km2){{filter}} END"
SE = f"CASE WHEN {ENOUGH} THEN sqrt({VARIANCE}) END"
STATUS = f"CASE WHEN count(*){{filter}} > 0 AND {ENOUGH} THEN 'estimated' ELSE 'too_few_points' END"

WHOLE_REGIONS = f"(NOT {SPLIT} OR count(DISTINCT region_id){{filter}} = 1)"
"""Regions together without a point of a part are not among its rows: their area is not known here."""


def measure(name: str, unit: str, before: str, after: str, whole: str, digits: int) -> Measure:
    """Return the land of a group of points in a unit: km² with SQL before and after it."""
    end = f" END{after}" if unit == "%" else after
    begin = f"{before}CASE WHEN {WHOLE_REGIONS} THEN " if unit == "%" else before
    return Measure(
        name,
        f"round({begin}{KM2}{end}, {digits})",
        unit,
        one=("year",),
        status=STATUS,
        digits=digits,
        se=f"{begin}{SE}{end}",
        whole=whole,
        level=0.95,
    )


ESTIMATES = source(
    name="estimates",
    about="Areas estimated from survey points calibrated to published figures: classes without a figure, parts by use"
    " or elevation; with intervals, not official, never a change.",
    dataset="survey",
    relation="estimated_points",
    dimensions=[
        Dimension("region", "place", "region_id"),
        Dimension("year", "year", "year"),
        land_cover("land_cover", "land_cover"),
        land_use("land_use", "land_use"),
        Dimension("elevation", "number", "elevation", "m", focus=True, domain=ELEVATION_DOMAIN, sparse=True),
    ],
    measures=[
        measure("share", "%", "100 * ", f" / {AREA}", "100", 2),
        measure("km2", "km2", "", "", AREA, 1),
        measure("ha", "ha", "100 * ", "", f"100 * {AREA}", 0),
        Measure(
            "points", "count(CASE WHEN point_id > 0 THEN 1 END){filter}", "points", one=("year",), concept="points"
        ),
    ],
    one_row_per=("point_id", "year"),
    listed="listed",
    beside=("statistics", "survey_weights"),
    weighed=True,
    comparable=False,
)
