"""What changed on the ground: points gained, lost and kept between two surveys. Says nothing of areas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from retrieval.errors import BadArgument, NoRecords
from retrieval.types import Table
from tools.context import Context
from tools.result import Result
from tools.survey import (
    MOST_ROWS,
    counted,
    point_features,
    point_name,
    provenance,
    question,
    survey_caveats,
    year_counts,
)


def compare_years(
    context: Context,
    *,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    year_from: int | None = None,
    year_to: int | None = None,
    near: Mapping[str, Any] | None = None,
) -> Result:
    """Compare two surveys at the points visited in both: how many stayed, were lost, were gained.

    Use for "how did … points change between 2015 and 2018". Only revisited points are compared, because each survey
    visits a sample of its own; `value` is gained minus lost. For change of area use change_official. Without years
    the first and the last survey of the area are compared.
    """
    if not (land_cover or land_use):
        raise BadArgument("a comparison of years needs a land cover or land use class")
    years = [y for y in (year_from, year_to) if y]
    asked, counts = counted(
        question(context, regions=regions, land_cover=land_cover, land_use=land_use, years=years, near=near)
    )
    there = [row["year"] for row in counts.dicts() if row["surveyed"]]
    last = year_to or max(there, default=None)
    first = year_from or min((y for y in there if last is None or y < last), default=None)
    if first is None or last is None or first == last:
        known = ", ".join(map(str, there)) or "–"
        what = "second survey here to compare with"
        raise NoRecords(what, f"surveyed years here: {known}", "no_second_survey", years=known)
    asked = asked.in_years(first, last)
    span = {"year_from": min(first, last), "year_to": max(first, last)}
    rows = context.store.query("survey_revisits", **asked.inside, **asked.shown, **span)
    revisited = context.store.query("survey_revisited", **asked.inside, **span).rows[0][0]
    by_year = year_counts(asked, counts)
    change = Counter({"stayed": 0, "lost": 0, "gained": 0}) + Counter(rows.column("change"))
    stayed, lost, gained = change["stayed"], change["lost"], change["gained"]
    table = Table(
        ("what", "points"),
        (
            (f"points in {span['year_from']}", by_year[0]["points"]),
            (f"points in {span['year_to']}", by_year[1]["points"]),
            ("visited in both years", revisited),
            ("stayed", stayed),
            ("lost", lost),
            ("gained", gained),
        ),
    )
    drawn = Table(
        ("point_id", "change", "land_cover_from", "land_cover_to", "land_use_from", "land_use_to", "lon", "lat"),
        tuple(
            (
                point_name(r["point_id"]),
                r["change"],
                r["lc1_from"],
                r["lc1_to"],
                r["lu1_from"],
                r["lu1_to"],
                r["lon"],
                r["lat"],
            )
            for r in list(rows.dicts())[:MOST_ROWS]
        ),
    )
    common = asked.arguments
    common.pop("years")
    return Result(
        tool="compare_years",
        arguments=common | span,
        provenance=provenance(context, asked.years, rows),
        regions=asked.regions,
        land_cover=asked.land_cover,
        land_use=asked.land_use,
        years=asked.years,
        value=gained - lost,
        unit="points",
        table=table,
        features=point_features(drawn),
        facts={
            **span,
            "stayed": stayed,
            "lost": lost,
            "gained": gained,
            "net": gained - lost,
            "revisited": revisited,
            "counts": by_year,
            "near": asked.near,
        },
        caveats=survey_caveats(asked, by_year),
    )
