"""Which biogeographical region a place lies in, roughly. Twelve regions; boxes of our own, not the official map.

The names are those of the European Environment Agency's map "Biogeographical regions, Europe 2016". That map is not at
hand: `samples/bioregions.csv` holds rectangles drawn for this project from what is public about it (which regions each
country has, where the Alps, the Pyrenees, the Carpathians and the Mediterranean lie). Near a border it may be wrong.
"""

from __future__ import annotations

import csv
from functools import lru_cache

from evals.record import SAMPLES

REGIONS = (
    "Alpine", "Anatolian", "Arctic", "Atlantic", "Black Sea", "Boreal", "Continental", "Macaronesian", "Mediterranean",
    "Outside Europe", "Pannonian", "Steppic",
)  # fmt: skip

Box = tuple[float, float, float, float]


def bioregion_at(country: str, lon: float, lat: float) -> str:
    """Return the biogeographical region of a place in a country (ISO code), by the first box that holds it."""
    for region, (west, south, east, north) in _boxes().get(country, ()):
        if west <= lon < east and south <= lat < north:
            return region
    return "Outside Europe"


@lru_cache(maxsize=1)
def _boxes() -> dict[str, tuple[tuple[str, Box], ...]]:
    """Country → its boxes in the order they are asked, degrees: west, south, east, north."""
    boxes: dict[str, tuple[tuple[str, Box], ...]] = {}
    with (SAMPLES / "bioregions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            west, south, east, north = (float(row[side]) for side in ("west", "south", "east", "north"))
            boxes[row["country"]] = (*boxes.get(row["country"], ()), (row["region"], (west, south, east, north)))
    return boxes
