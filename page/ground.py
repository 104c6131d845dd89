"""What is recorded on the ground at a satellite answer's pixels, and how they look from above. Classifies nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.store import Store

BRIGHT = 2000.0
"""Reflectance x 10 000 drawn as white: ground without snow reflects less in red, green and blue."""
GAMMA = 0.7
"""The eye tells dark shades better than a screen's numbers do: below 1 they are drawn lighter."""


@dataclass(frozen=True)
class Look:
    """One pixel year."""

    land_cover: str = ""
    """LUCAS code seen by a surveyor at most two years apart, else the label the pixel came with; '' for neither."""
    colour: str = ""
    """`#rrggbb` of its median month in natural colour; '' where no month was seen."""


def looks_of(pixels: Sequence[Mapping[str, Any]], store: Store) -> list[Look]:
    """Return what is known of each of an answer's pixel features, in their order."""
    named = [(str(f["properties"]["location"]), int(f["properties"].get("year") or 0)) for f in pixels]
    rows = store.query("pixels_looks", locations=[at for at, _ in named], years=[year for _, year in named]).dicts()
    known = {
        (row["location"], row["year"]): Look(row["land_cover"] or "", colour(row["red"], row["green"], row["blue"]))
        for row in rows
    }
    return [known.get(one, Look()) for one in named]


def colour(*reflectances: float | None) -> str:
    """Return red, green and blue reflectance (x 10 000) as a colour of the screen.

    >>> colour(2000.0, 500.0, 0.0), colour(None, 1.0, 1.0)
    ('#ff6100', '')
    """
    if any(value is None for value in reflectances):
        return ""
    shades = (round(255 * min(1.0, (value or 0.0) / BRIGHT) ** GAMMA) for value in reflectances)
    return "#" + "".join(f"{shade:02x}" for shade in shades)
