"""Every source there is: the one list a query may choose from."""

from __future__ import annotations

from collections.abc import Mapping

from retrieval.errors import BadArgument
from retrieval.query import Column, Query
from retrieval.sources.deals import DEALS
from retrieval.sources.estimates import ESTIMATES
from retrieval.sources.kinds import Dimension, Measure, Source
from retrieval.sources.predictions import PREDICTIONS
from retrieval.sources.published import PUBLISHED
from retrieval.sources.revisits import REVISITS
from retrieval.sources.survey import SURVEY

__all__ = ["SOURCES", "Dimension", "Measure", "Source", "source_of", "unit_of", "unit_of_difference"]

EVERY = (SURVEY, REVISITS, PUBLISHED, ESTIMATES, DEALS, PREDICTIONS)
SOURCES: Mapping[str, Source] = {source.name: source for source in EVERY}


def source_of(name: str) -> Source:
    """Return the source of a name.

    Raises:
        BadArgument: there is none.
    """
    if name not in SOURCES:
        raise BadArgument(f"no source {name!r}; there are {', '.join(SOURCES)}")
    return SOURCES[name]


MADE = {"percent": "%", "part": "%", "ratio": "times"}
"""Expression → the unit it has whatever its columns are in."""


def unit_of(column: Column, query: Query) -> str:
    """Return the unit of a column of a query: its measure's, else what its expression makes of its left side's."""
    of = column.expression
    if of is None:
        return source_of(query.source).measures[column.measure].unit
    left = unit_of(query.column(of.left), query)
    return unit_of_difference(left) if of.op in ("difference", "gap") else MADE.get(of.op, left)


def unit_of_difference(unit: str) -> str:
    """Return the unit of a difference of two figures: of percentages it is percentage points."""
    return "percentage points" if unit == "%" else unit
