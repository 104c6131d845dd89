"""Every source there is: the one list a query may choose from."""

from __future__ import annotations

from collections.abc import Mapping

from retrieval.errors import BadArgument
from retrieval.sources.deals import DEALS
from retrieval.sources.estimates import ESTIMATES
from retrieval.sources.kinds import Dimension, Measure, Source
from retrieval.sources.predictions import PREDICTIONS
from retrieval.sources.published import PUBLISHED
from retrieval.sources.revisits import REVISITS
from retrieval.sources.survey import SURVEY

__all__ = ["SOURCES", "Dimension", "Measure", "Source", "source_of"]

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
