"""Several regions side by side: surveyed points of some classes. Counts points, not areas."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from retrieval.errors import BadArgument
from retrieval.types import Table
from tools.context import Context
from tools.find_points import find_points
from tools.result import Result
from tools.share_points import percent
from tools.survey import members, provenance, question, survey_caveats


def compare_regions(
    context: Context,
    *,
    regions: Sequence[str],
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
) -> Result:
    """Compare the surveyed points of some classes in two or more regions, a row each.

    Use for "compare vineyards in … and …", "are there more … points in … or …". `percent_of_points` is of the points
    surveyed there, not of the area; for areas use compare_official. Without years the latest survey answers.
    """
    asked = question(context, regions=regions, land_cover=land_cover, land_use=land_use, exclude=exclude, years=years)
    if len(asked.regions) < 2:
        raise BadArgument("a comparison needs at least two regions")
    if not asked.years:
        asked = asked.in_years(max(context.store.years()))
    of_region = {r.id: members(context, r) for r in asked.regions}
    rows = context.store.query(
        "survey_by_region",
        regions=[id for ids in of_region.values() for id in ids],
        **asked.shown,
        years=list(asked.years),
    )
    counts = [(region, tally(rows, of_region[region.id], year)) for region in asked.regions for year in asked.years]
    table = Table(
        ("region_id", "region", "year", "points", "surveyed", "percent_of_points"),
        tuple(
            (region.id, region.name, n["year"], n["points"], n["surveyed"], percent(n["points"], n["surveyed"]))
            for region, n in counts
        ),
    )
    seen = find_points(context, **asked.arguments)
    latest = [(region.name, n["points"], n["surveyed"]) for region, n in counts if n["year"] == asked.years[-1]]
    return Result(
        tool="compare_regions",
        arguments=asked.arguments,
        provenance=provenance(context, asked.years, rows),
        regions=asked.regions,
        land_cover=asked.land_cover,
        land_use=asked.land_use,
        years=asked.years,
        value=max(points for _, points, _ in latest),
        unit="points",
        table=table,
        features=seen.features,
        facts={"compared": latest, "most": max(latest, key=lambda item: item[1])[0]},
        caveats=(*survey_caveats(asked, [n for _, n in counts]), ("points_not_area", {})),
    )


def tally(rows: Table, ids: Collection[str], year: int) -> dict[str, int]:
    """Return the points of some regions in one year, added up."""
    here = [row for row in rows.dicts() if row["region_id"] in ids and row["year"] == year]
    return {"year": year} | {what: sum(row[what] for row in here) for what in ("points", "surveyed", "by_coast")}
