"""How many: surveyed points of some classes, a row a year. Does not list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retrieval.types import Table
from tools.context import Context
from tools.result import Result
from tools.survey import counted, provenance, question, survey_caveats, year_counts


def count_points(
    context: Context,
    *,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
    near: Mapping[str, Any] | None = None,
) -> Result:
    """Count survey points of some land cover or land use in an area and year.

    Use for "how many points / records …". Counts points, not hectares; for area shares use official_share. Without
    years the latest survey of the area answers; with several, a row each and no single `value`.
    """
    asked, counts = counted(
        question(
            context, regions=regions, land_cover=land_cover, land_use=land_use, exclude=exclude, years=years, near=near
        )
    )
    by_year = year_counts(asked, counts)
    return Result(
        tool="count_points",
        arguments=asked.arguments,
        provenance=provenance(context, asked.years, counts),
        regions=asked.regions,
        land_cover=asked.land_cover,
        land_use=asked.land_use,
        years=asked.years,
        value=by_year[0]["points"] if len(by_year) == 1 else None,
        unit="points",
        table=Table(("year", "points", "surveyed"), tuple((r["year"], r["points"], r["surveyed"]) for r in by_year)),
        facts={
            "points": sum(r["points"] for r in by_year),
            "counts": by_year,
            "surveyed": sum(r["surveyed"] for r in by_year),
            "near": asked.near,
            "exclude": list(asked.exclude),
        },
        caveats=survey_caveats(asked, by_year),
    )
