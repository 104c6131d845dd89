"""Where is it: the surveyed points of some classes. Does not estimate area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tools.context import Context
from tools.result import Result
from tools.survey import (
    MOST_ROWS,
    counted,
    point_features,
    provenance,
    question,
    records_table,
    survey_caveats,
    year_counts,
)


def find_points(
    context: Context,
    *,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
    near: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> Result:
    """Show where surveyors saw some land cover or land use, as points on a map.

    Use for "where is …", "show me …". Counts points, not hectares; for area shares use official_share. Without years
    the latest survey of the area answers. `value` is the number of points (null for several years: a row each is in
    `facts["counts"]`), also when the map and table hold fewer (`limit`, at most 10,000).
    """
    asked, counts = counted(
        question(
            context, regions=regions, land_cover=land_cover, land_use=land_use, exclude=exclude, years=years, near=near
        )
    )
    most = min(limit or MOST_ROWS, MOST_ROWS)
    rows = context.store.query("survey_points", **asked.inside, **asked.shown, years=list(asked.years), limit=most)
    by_year = year_counts(asked, counts)
    points = sum(row["points"] for row in by_year)
    table = records_table(context, rows)
    truncated = (("truncated", {"shown": len(rows), "points": points}),) if len(rows) < points else ()
    return Result(
        tool="find_points",
        arguments={**asked.arguments, **({"limit": limit} if limit else {})},
        provenance=provenance(context, asked.years, rows),
        regions=asked.regions,
        land_cover=asked.land_cover,
        land_use=asked.land_use,
        years=asked.years,
        value=points if len(asked.years) == 1 else None,
        unit="points",
        table=table,
        features=point_features(table),
        facts={
            "points": points,
            "shown": len(rows),
            "counts": by_year,
            "surveyed": sum(row["surveyed"] for row in by_year),
            "near": asked.near,
            "exclude": list(asked.exclude),
        },
        caveats=(*survey_caveats(asked, by_year), *truncated),
    )
