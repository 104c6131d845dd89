"""What was seen there: surveyed points by class. Shares of points, never of area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from retrieval.types import Table
from tools.context import Context
from tools.result import Result
from tools.survey import counted, provenance, question, survey_caveats, year_counts

MAIN_CLASSES: Mapping[str, tuple[str, ...]] = {
    "land_cover": ("A00", "B00", "C00", "D00", "E00", "F00", "G00", "H00"),
    "land_use": ("U100", "U200", "U300", "U400"),
}
"""The first level of the nomenclature."""


def share_points(
    context: Context,
    *,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    years: Sequence[int] = (),
    near: Mapping[str, Any] | None = None,
    theme: Literal["land_cover", "land_use"] = "land_cover",
) -> Result:
    """Break the surveyed points of an area down by class, in percent of its surveyed points.

    Use for "what land cover is there", "what share of the points". Percent of points, not of the area: for area use
    official_share or profile_region. With classes given, `value` is their percent of the points; without, the table
    lists the main classes of `theme`. Without years the latest survey of the area answers.
    """
    asked, counts = counted(
        question(context, regions=regions, land_cover=land_cover, land_use=land_use, years=years, near=near)
    )
    if len(asked.years) > 1:
        asked = asked.in_years(asked.years[-1])
    rows = context.store.query("survey_classes", **asked.inside, years=list(asked.years))
    by_year = year_counts(asked, counts)
    theme = "land_use" if asked.land_use and not asked.land_cover else theme
    column = "lc1" if theme == "land_cover" else "lu1"
    surveyed = by_year[0]["surveyed"]
    groups = asked.land_cover or asked.land_use or MAIN_CLASSES[theme]
    points = Counter()
    for code in groups:
        leaves = set(context.nomenclature.leaves([code]))
        points[code] = sum(row["points"] for row in rows.dicts() if row[column] in leaves)
    classified = by_year[0]["points"] if (asked.land_cover or asked.land_use) else None
    table = Table(
        (theme, f"{theme}_name", "points", "percent_of_points"),
        tuple(
            (code, context.nomenclature.label([code], context.language), n, percent(n, surveyed))
            for code, n in sorted(points.items(), key=lambda item: (-item[1], item[0]))
            if n or classified is not None
        ),
    )
    return Result(
        tool="share_points",
        arguments=asked.arguments | ({} if theme == "land_cover" else {"theme": theme}),
        provenance=provenance(context, asked.years, rows),
        regions=asked.regions,
        land_cover=asked.land_cover,
        land_use=asked.land_use,
        years=asked.years,
        value=percent(classified, surveyed) if classified is not None else None,
        unit="% of points",
        table=table,
        facts={"points": classified, "surveyed": surveyed, "counts": by_year, "near": asked.near, "theme": theme},
        caveats=(*survey_caveats(asked, by_year), ("points_not_area", {})),
    )


def percent(part: int, whole: int) -> float | None:
    """Return `part` in percent of `whole` to one decimal, None of nothing."""
    return round(100 * part / whole, 1) if whole else None
