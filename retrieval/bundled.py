"""The real records and pixel years that come with the checkout: checked when `bundling.py` made them, so only read."""

from __future__ import annotations

from pathlib import Path

from retrieval import parquet
from retrieval.catalog import descriptor
from retrieval.readers import PIXEL_COLUMNS, RECORD_COLUMNS, Pixels, Survey, grid_position, stamped

SURVEY = Path(__file__).parent / "data" / "lucas" / "lucas_2015_2018.parquet"
PIXELS = Path(__file__).parent / "data" / "pixels" / "pixel_years.parquet"


def bundled_survey() -> Survey:
    """Return the LUCAS visits of 2015 and 2018 to the points of the soil module."""
    records = parquet.frame(SURVEY)
    records["x"], records["y"] = grid_position(records["point_id"].to_numpy())
    return Survey(records[list(RECORD_COLUMNS)], stamped(descriptor("lucas_bundled"), SURVEY, records), ())


def bundled_pixels() -> Pixels:
    """Return the pixel years of Corsica, western France, Flanders and a square kilometre of Liège."""
    rows = parquet.frame(PIXELS)[list(PIXEL_COLUMNS)]
    return Pixels(rows, stamped(descriptor("pixels_bundled"), PIXELS, rows), ())
