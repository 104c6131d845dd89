"""The surveyor: LUCAS visits, one row a point and year. Counts points; says nothing of shares of area.

Elevation is metres above sea level as the surveyor's device or the point file gave it. Its domain ends at Europe's
highest summit (Mont Blanc, 4,806 m) and begins below its lowest dry land (Lammefjord and Zuidplaspolder, −7 m), with
room for the vertical error of a hand-held receiver: what lies outside is no elevation (8888 stands for none).
"""

from __future__ import annotations

from retrieval.sources.kinds import Dimension, Measure, land_cover, land_use, source

ELEVATION_DOMAIN = (-60.0, 4_810.0)
"""Metres. See the head of this file."""

POSITION = "km_between($lon, $lat, lon, lat)"
"""Kilometres from the position asked about; the compiler binds longitude and latitude."""

SURVEY = source(
    name="survey",
    about="LUCAS points as a surveyor saw them, one row a point and year; counts points and elevations, never areas.",
    dataset="survey",
    relation="region_visits",
    dimensions=[
        Dimension("region", "place", "region_id"),
        Dimension("year", "year", "year"),
        Dimension("month", "month", "month(obs_date)", sparse=True),
        land_cover("land_cover", "lc1"),
        land_use("land_use", "lu1"),
        Dimension("elevation", "number", "elevation", "m", domain=ELEVATION_DOMAIN, sparse=True),
        Dimension("lon", "number", "lon", "°"),
        Dimension("lat", "number", "lat", "°"),
        Dimension("position", "position", POSITION, "km"),
        Dimension("point", "point", "point_id"),
    ],
    measures=[
        Measure("points", "count(*){filter}", "points", one=("year",)),
        Measure("surveyed", "count(*){filter}", "points", one=("year",), narrowed=False, concept="looked at"),
        Measure(
            "share_of_points",
            "round(100.0 * {points} / nullif({surveyed}, 0), 1)",
            "%",
            one=("year",),
            concept="share of points",
            made_of=("points", "surveyed"),
            digits=1,
        ),
        Measure(
            "by_coast", "count(CASE WHEN by_coast THEN 1 END){filter}", "points", one=("year",), concept="by coast"
        ),
        Measure("mean_elevation", "round(avg(elevation){filter}, 1)", "m", concept="elevation", needs=("elevation",)),
        Measure("mean_lat", "round(avg(lat){filter}, 2)", "°", concept="latitude", digits=2),
        Measure("mean_lon", "round(avg(lon){filter}, 2)", "°", concept="longitude", digits=2),
        Measure("least_elevation", "min(elevation){filter}", "m", concept="elevation", needs=("elevation",)),
        Measure("greatest_elevation", "max(elevation){filter}", "m", concept="elevation", needs=("elevation",)),
        Measure("least_lat", "round(min(lat){filter}, 2)", "°", concept="latitude", digits=2),
        Measure("greatest_lat", "round(max(lat){filter}, 2)", "°", concept="latitude", digits=2),
        Measure("least_lon", "round(min(lon){filter}, 2)", "°", concept="longitude", digits=2),
        Measure("greatest_lon", "round(max(lon){filter}, 2)", "°", concept="longitude", digits=2),
    ],
    points={
        "point_id": "point_id",
        "year": "year",
        "lon": "lon",
        "lat": "lat",
        "lc1": "lc1",
        "lu1": "lu1",
        "elevation": "elevation",
        "observed": "obs_date",
        "dataset": "dataset",
    },
    everywhere="region_id = ''",
    one_row_per=("point_id", "year"),
    first="by_coast",
    caveats=("points_not_area",),
)
