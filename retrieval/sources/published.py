"""The statistic: shares of area as Eurostat published them (LAN_LCV_OVW). Parents are rows of their own.

The cells are settled when the store is built (`retrieval/published_cells.py`): vintages of regions, dissolved regions,
members of the Union by year, zeros of main classes, what is not published, areas and intervals.
"""

from __future__ import annotations

from retrieval.sources.kinds import Dimension, Measure, land_cover, source


def _joined(what: str) -> str:
    """Return SQL of some words, each once, joined by `+`; empty ones left out."""
    return f"array_to_string(list_sort(list_distinct(list(nullif({what}, '')){{filter}})), '+')"


def _error(se: str) -> str:
    """Return SQL of the standard error in km² of a sum of independent figures; NULL where one of them has none.

    Of classes of one region, which exclude each other, it is rather too large.
    """
    return f"""CASE WHEN bool_and({se} IS NOT NULL OR coalesce(percent, 0) = 0){{filter}}
        THEN sqrt(sum(({se} * total_km2 / 100) ** 2){{filter}}) END"""


PARTS = {
    "regions": "len(list_distinct(list(region_id){filter}))",
    "told": "len(list_distinct(list(CASE WHEN percent IS NOT NULL THEN region_id END){filter}))",
    "less": "coalesce(bool_or({sign}1 < 0 AND percent IS NULL){filter}, false)",
    "percent": "sum({sign}percent){filter}",
    "km2": "sum({sign}km2){filter}",
    "area": "list_sum(list_transform(list_distinct("
    "list({{'r': region_id, 'y': year, 'a': total_km2}}){filter}), x -> x.a))",
    "worst": "max(status){filter}",
    "zero": "bool_and(status = 'about_zero'){filter}",
    "doubtful": "bool_or(status = 'low_reliability'){filter}",
    "error": _error("se"),
    "change_error": _error("change_se"),
    "code": _joined("CASE WHEN percent IS NOT NULL OR status = 'not_significant' THEN code END"),
    "land": _joined("land"),
    "flag": "CASE WHEN count(*){filter} = 1 THEN max(flag){filter}"
    " WHEN bool_or(flag LIKE '%u%' AND percent IS NOT NULL){filter} THEN 'u' ELSE '' END",
    "missing": _joined("CASE WHEN percent IS NULL THEN land_cover END"),
    "cv": "CASE WHEN count(*){filter} = 1 THEN max(cv){filter} END",
    "rounding": "CASE WHEN min(region_id){filter} = max(region_id){filter} THEN sum(rounding){filter} ELSE 0.05"
    " + 0.05 * len(list_distinct(list(CASE WHEN rounding > 0 THEN land_cover END){filter})) END",
    "computed": "concat(CASE WHEN bool_or(share_computed){filter} THEN 'share' END,"
    " CASE WHEN bool_or(area_computed){filter} THEN 'area' END)",
}
"""What a figure is worked out of, and what is told beside it. Of the rows: how many regions there are and how many have
a figure; whether a class that is taken away has none; the sums; the total area in km² of the regions, each once; how
the rows stand; the codes they are published under, the land they speak of, their flag, the classes missing from a sum,
the published coefficient of variation, half the width of the last digits, and which of share and area is computed."""

WHOLE = "({told} = {regions} AND NOT {less} AND coalesce({percent}, 0) >= 0)"
"""Whether there is a figure: every region has one, and so has every class that is taken away. A class that is missing
from a sum of several leaves the rest of them, told as `missing`."""

STATUS = f"""CASE WHEN {{percent}} IS NULL AND {{regions}} = 1 THEN {{worst}}
    WHEN {{percent}} IS NULL THEN 'not_published'
    WHEN NOT {WHOLE} THEN 'not_published' WHEN {{zero}} THEN 'about_zero'
    WHEN {{doubtful}} THEN 'low_reliability' ELSE 'published' END"""


def _figure(name: str, unit: str, sql: str, *, se: str, whole: str, digits: int = 0) -> Measure:
    """Return a published figure in a unit; `se`: SQL of its error, with <error> for that in km²."""
    return Measure(
        name,
        f"CASE WHEN {WHOLE} THEN {sql} END",
        unit,
        one=("year",),
        parts=PARTS,
        aside=("flag", "cv", "rounding", "computed"),
        status=STATUS,
        digits=digits,
        se=se.replace("<error>", "{error}"),
        change_se=se.replace("<error>", "{change_error}"),
        whole=whole,
        level=0.95,
    )


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
        _figure(
            "share",
            "%",
            "CASE WHEN {regions} = 1 THEN round({percent}, 1) ELSE round(100 * {km2} / {area}, 1) END",
            se="100 * <error> / {area}",
            whole="100",
            digits=1,
        ),
        _figure("km2", "km2", "{km2}", se="<error>", whole="{area}"),
        _figure("ha", "ha", "100 * {km2}", se="100 * <error>", whole="100 * {area}"),
        # Eurostat's unit CVA: the standard error of the area in percent of it; of one region and one class alone
        Measure(
            "cv",
            f"CASE WHEN {WHOLE} THEN {{cv}} END",
            "%",
            one=("year",),
            parts=PARTS,
            aside=("flag", "rounding", "computed"),
            status=STATUS,
            digits=1,
            concept="error",
        ),
    ],
    listed="listed",
)
