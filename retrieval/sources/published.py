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

PUBLISHED = source(
    name="published",
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
        ),
        Measure("km2", "sum({sign}km2){filter}", "km2", one=("year",), status=STATUS),
        Measure("ha", "100 * sum({sign}km2){filter}", "ha", one=("year",), status=STATUS),
    ],
    listed="listed",
)
