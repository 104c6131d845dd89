"""The classifier's maps: cells of 10 m as `predict --save` wrote them, one row a cell and year. Counts cells, estimates
no area: what a map counts is biased by the map's errors.

A store has them once a finished map was added (`python -m tools.pixelclip add`). The cells of a region stand together,
along a Hilbert curve within it, so that one region is one short scan.
"""

from __future__ import annotations

from retrieval.sources.kinds import Dimension, Measure, land_cover, source
from retrieval.sources.survey import POSITION

PREDICTIONS = source(
    name="predictions",
    about="Cells of 10 m of a classifier's map, one row a cell and year: its likeliest class; counts cells, not areas.",
    dataset="predictions",
    relation="mapped_cells",
    dimensions=[
        Dimension("region", "place", "region_id"),
        Dimension("year", "year", "year"),
        land_cover("land_cover", "land_cover"),
        Dimension("probability", "number", "probability", "%", domain=(0, 100)),
        Dimension("margin", "number", "margin", "%", domain=(0, 100)),
        Dimension("far", "word", "CASE WHEN far THEN 'yes' ELSE 'no' END", codes=("yes", "no")),
        Dimension("lon", "number", "lon", "°"),
        Dimension("lat", "number", "lat", "°"),
        Dimension("position", "position", POSITION, "km"),
        Dimension("point", "point", "cell"),
    ],
    measures=[
        Measure("cells", "count(*){filter}", "cells", one=("year",)),
        Measure("mapped", "count(*){filter}", "cells", one=("year",), narrowed=False, concept="looked at"),
        Measure("mean_probability", "round(avg(probability){filter}, 1)", "%", concept="probability", digits=1),
    ],
    points={
        "cell": "cell",
        "year": "year",
        "lon": "lon",
        "lat": "lat",
        "land_cover": "land_cover",
        "probability": "probability",
        "margin": "margin",
        "dataset": "dataset",
    },
    everywhere="region_id = ''",
    one_row_per=("cell", "year"),
    caveats=("cells_not_area",),
    comes_by="python -m tools.pixelclip add --map DIR --store STORE --year YEAR",
)
