"""What became of the points visited twice: one row a point and pair of years. Says nothing of points visited once."""

from __future__ import annotations

from retrieval.sources.kinds import Dimension, Measure, land_cover, land_use, source
from retrieval.sources.survey import ELEVATION_DOMAIN, POSITION

REVISITS = source(
    name="revisits",
    about="LUCAS points visited in two years, one row a point and pair of years: from what to what.",
    dataset="survey",
    relation="revisits",
    dimensions=[
        Dimension("region", "place", "region_id"),
        Dimension("year_from", "year", "year_from"),
        Dimension("year_to", "year", "year_to"),
        land_cover("land_cover_from", "lc_from"),
        land_cover("land_cover_to", "lc_to"),
        land_use("land_use_from", "lu_from"),
        land_use("land_use_to", "lu_to"),
        Dimension("elevation", "number", "elevation", "m", domain=ELEVATION_DOMAIN),
        Dimension("lon", "number", "lon", "°"),
        Dimension("lat", "number", "lat", "°"),
        Dimension("position", "position", POSITION, "km"),
        Dimension("changed", "word", "CASE WHEN lc_from = lc_to THEN 'same' ELSE 'changed' END", focus=True),
        Dimension(
            "changed_main",
            "word",
            "CASE WHEN left(lc_from, 1) = left(lc_to, 1) THEN 'same' ELSE 'changed' END",
            focus=True,
        ),
        Dimension("point", "point", "point_id"),
    ],
    measures=[
        Measure("points", "count(*){filter}", "points", one=("year_from", "year_to"), concept="transition"),
        Measure(
            "revisited", "count(*){filter}", "points", one=("year_from", "year_to"), narrowed=False, concept="looked at"
        ),
    ],
    points={
        "point_id": "point_id",
        "year_from": "year_from",
        "year_to": "year_to",
        "lon": "lon",
        "lat": "lat",
        "lc_from": "lc_from",
        "lc_to": "lc_to",
        "lu_from": "lu_from",
        "lu_to": "lu_to",
    },
    everywhere="region_id = ''",
    one_row_per=("point_id", "year_from", "year_to"),
    caveats=("revisited_only",),
)
