"""What was surveyed closest to a place. Does not speak of what lies between."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.errors import BadArgument
from tools.context import Context
from tools.result import Result
from tools.survey import checked_near, point_features, provenance, question, records_table, survey_caveats


def nearest_records(
    context: Context,
    *,
    lon: float,
    lat: float,
    name: str | None = None,
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
    limit: int = 10,
) -> Result:
    """List the survey records closest to a position, with their great-circle distance in km.

    Use for "what is the nearest vineyard to …", "survey points close to …". `value` is the distance of the closest.
    Without years the latest survey answers.
    """
    if not 1 <= limit <= 1000:
        raise BadArgument(f"the nearest {limit}: between 1 and 1000 can be asked for")
    spot = checked_near({"lon": lon, "lat": lat, "km": 1.0, **({"name": name} if name else {})})
    asked = question(context, land_cover=land_cover, land_use=land_use, exclude=exclude, years=years)
    if not asked.years:
        asked = asked.in_years(max(context.store.years()))
    rows = context.store.query("survey_nearest", lon=lon, lat=lat, **asked.shown, years=list(asked.years), limit=limit)
    table = records_table(context, rows)
    distances = rows.column("km")
    return Result(
        tool="nearest_records",
        arguments=asked.arguments | {"lon": lon, "lat": lat, "name": spot["name"], "limit": limit},
        provenance=provenance(context, asked.years, rows),
        land_cover=asked.land_cover,
        land_use=asked.land_use,
        years=asked.years,
        value=distances[0] if distances else None,
        unit="km",
        table=table,
        features=point_features(table),
        facts={
            "name": spot["name"],
            "nearest_km": distances[0] if distances else None,
            "nearest": next(table.dicts(), None),
            "shown": len(rows),
        },
        caveats=survey_caveats(asked, []),
    )
