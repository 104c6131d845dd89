"""One survey point's story: every visit to it. Does not predict."""

from __future__ import annotations

from retrieval.errors import BadArgument, NoRecords
from retrieval.types import Table
from tools.context import Context
from tools.result import Result
from tools.survey import point_features, point_name, provenance, question, survey_caveats


def point_history(context: Context, *, point_id: str | int) -> Result:
    """Show every recorded visit to one survey point: year, land cover, land use, photos.

    Use when a point id of eight digits is named or a point on the map was clicked. `value` is the number of visits.

    Raises:
        BadArgument: no LUCAS point id.
        NoRecords: the store has no such point.
    """
    text = str(point_id).strip()
    if not (text.isdigit() and len(text) <= 8):
        raise BadArgument(f"{point_id!r} is no LUCAS point id: eight digits, easting and northing in km")
    rows = context.store.query("survey_history", point_id=int(text))
    if not rows:
        way_out = "ask describe_data what it holds, or click a point on the map"
        raise NoRecords(f"point {text} in this store", way_out, "no_point", point=text)
    label = context.nomenclature.label
    years = tuple(sorted(set(rows.column("year"))))
    table = Table(
        ("point_id", "year", "land_cover", "land_cover_name", "land_use", "land_use_name", "observed", "photos"),
        tuple(
            (
                point_name(r["point_id"]),
                r["year"],
                r["lc1"],
                label([r["lc1"]], context.language) if r["lc1"] else None,
                r["lu1"],
                label([r["lu1"]], context.language) if r["lu1"] else None,
                r["obs_date"].isoformat() if r["obs_date"] else None,
                " ".join(r["photos"] or ()),
            )
            for r in rows.dicts()
        ),
    )
    first = next(rows.dicts())
    asked = question(context, years=[])
    drawn = Table(
        ("point_id", "year", "land_cover", "land_cover_name", "lon", "lat"),
        tuple(
            (t["point_id"], t["year"], t["land_cover"], t["land_cover_name"], r["lon"], r["lat"])
            for t, r in zip(table.dicts(), rows.dicts(), strict=True)
        ),
    )
    return Result(
        tool="point_history",
        arguments={"point_id": point_name(first["point_id"])},
        provenance=provenance(context, years, rows),
        land_cover=tuple(dict.fromkeys(c for c in rows.column("lc1") if c)),
        land_use=tuple(dict.fromkeys(c for c in rows.column("lu1") if c)),
        years=years,
        value=len(rows),
        unit="visits",
        table=table,
        features=point_features(drawn),
        facts={
            "point_id": point_name(first["point_id"]),
            "visits": list(table.dicts()),
            "lon": first["lon"],
            "lat": first["lat"],
            "elevation": first["elevation"],
        },
        caveats=survey_caveats(asked.in_years(*years), []),
    )
