"""The statistic: shares of area as Eurostat published them (LAN_LCV_OVW). Parents are rows of their own.

The cells are settled when the store is built (`retrieval/published_cells.py`): vintages of regions, dissolved regions,
members of the Union by year, zeros of main classes, areas and intervals.
"""

from __future__ import annotations

from retrieval.sources.kinds import Dimension, Measure, land_cover, source

AREA = "list_sum(list_transform(list_distinct(list({{'r': region_id, 'y': year, 'a': total_km2}}){filter}), x -> x.a))"
"""Total area in km² of the regions of a group, each once."""

STATUS = """CASE
    WHEN count(percent){filter} = 0 THEN coalesce(max(status){filter}, 'not_published')
    WHEN bool_or(status = 'low_reliability'){filter} THEN 'low_reliability'
    ELSE 'published' END"""

ERROR = """CASE WHEN bool_and(coalesce({se} IS NOT NULL OR percent = 0, false)){{filter}}
    THEN sqrt(sum(({se} * total_km2 / 100) ** 2){{filter}}) END"""
"""Standard error in km² of a sum of independent figures; of classes of one region, which exclude each other, it is
rather too large. NULL where one of them has none."""

SE, CHANGE_SE = ERROR.format(se="se"), ERROR.format(se="change_se")

PUBLISHED = source(
    name="published",
    about="Eurostat's published shares and areas of land cover by region and year; no single points, no land use.",
    dataset="statistics",
    relation="published_cells",
    dimensions=[
        Dimension("region", "place", "region_id", stored=True),
        Dimension("year", "year", "year"),
        land_cover("land_cover", "land_cover", stored=True),
    ],
    measures=[
        Measure(
            "share",
            "CASE WHEN count(DISTINCT region_id){filter} = 1 THEN round(sum({sign}percent){filter}, 1)"
            " ELSE round(100 * sum({sign}km2){filter} / " + AREA + ", 1) END",
            "%",
            one=("year",),
            concept="amount",
            status=STATUS,
            digits=1,
            se=f"100 * {SE} / {AREA}",
            change_se=f"100 * {CHANGE_SE} / {AREA}",
            whole="100",
            level=0.95,
        ),
        Measure(
            "km2",
            "sum({sign}km2){filter}",
            "km2",
            one=("year",),
            status=STATUS,
            se=SE,
            change_se=CHANGE_SE,
            whole=AREA,
            level=0.95,
        ),
        Measure(
            "ha",
            "100 * sum({sign}km2){filter}",
            "ha",
            one=("year",),
            status=STATUS,
            se=f"100 * {SE}",
            change_se=f"100 * {CHANGE_SE}",
            whole=f"100 * {AREA}",
            level=0.95,
        ),
    ],
    listed="listed",
)
