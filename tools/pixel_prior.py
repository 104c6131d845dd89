"""How much likelier each class is where pixels lie than among the labelled pixels: from the region's published shares.

An option that is told in the answer. Published are shares of a region's area (Eurostat LAN_LCV_OVW); labelled pixels
were taken where labels were at hand, not in proportion to area.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import BadArgument, DataError, NoRecords
from retrieval.types import Region
from tools import official
from tools.context import Context
from tools.published_verbs import latest

FURTHEST = 20.0
"""A class is made at most so many times likelier, or less likely: published shares are no certainty about pixels."""

NOTHING = 0.05
"""Percent that a published nothing, or less, counts as."""


@dataclass(frozen=True)
class Prior:
    """Weights of the classes, and where they come from."""

    weight: NDArray[np.float64]
    """(classes,) share in the region over share in training; 1 of all where it says nothing."""
    region: str
    year: int
    told: tuple[str, ...]
    """Official codes that have a published share; the others divide what is left as they do in training."""

    def to_json(self) -> dict[str, Any]:
        """Return what an answer says of it."""
        return {"region": self.region, "year": self.year, "classes": list(self.told)}


def published_prior(
    context: Context, regions: Sequence[Region], known: Sequence[str], labelled: Mapping[str, int], year: int | None
) -> Prior:
    """Return the prior of one region.

    Args:
        context: The world.
        regions: The regions asked about.
        known: Official codes of the classes that compete, in the classifier's order.
        labelled: Labelled pixels by official code.
        year: The year asked for; the published year nearest to it counts, without it the latest.

    Raises:
        BadArgument: not one region.
        NoRecords: no share is published for it.
    """
    if len(regions) != 1:
        raise BadArgument("published shares can weigh the classes of one region: name one")
    region = regions[0]
    percent: dict[str, float] = {}
    when = 0
    for code in known:
        try:
            codes = official.classes(context, [code])
            found = official.cells(context, official.checked_regions(context, [region.id]), codes)
            near = latest(context, found, region)
            cell = found.get(region, near)
        except DataError:
            continue
        if cell.known:
            percent[code], when = max(float(cell.value("%") or 0), NOTHING), near
    if len(percent) < 2:
        raise NoRecords(f"published shares of {region.name}", "leave the prior out", "no_published_prior")
    return Prior(_weights(known, labelled, percent), region.name, when, tuple(percent))


def _weights(known: Sequence[str], labelled: Mapping[str, int], percent: Mapping[str, float]) -> NDArray[np.float64]:
    """Return share in the region over share in training, for classes without a published share by what is left."""
    taught = np.array([max(labelled.get(code, 0), 1) for code in known], float)
    taught /= taught.sum()
    told = np.array([code in percent for code in known])
    share = np.array([percent.get(code, 0.0) / 100 for code in known])
    left = max(1 - share.sum(), NOTHING / 100)
    rest = taught[~told].sum()
    share[~told] = taught[~told] / rest * left if rest else 0
    return np.clip(share / taught, 1 / FURTHEST, FURTHEST)
