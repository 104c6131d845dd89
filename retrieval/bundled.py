"""The real records and pixel years that come with the checkout. Reads them; `bundling.py` made them."""

from __future__ import annotations

from pathlib import Path

from retrieval.catalog import descriptor
from retrieval.readers import Pixels, Survey, read_pixels, read_survey

SURVEY = Path(__file__).parent / "data" / "lucas" / "lucas_2015_2018.parquet"
PIXELS = Path(__file__).parent / "data" / "pixels" / "pixel_years.parquet"


def bundled_survey() -> Survey:
    """Return the LUCAS visits of 2015 and 2018 to the points of the soil module."""
    return read_survey(SURVEY, known=descriptor("lucas_bundled"))


def bundled_pixels() -> Pixels:
    """Return the pixel years of Corsica, western France, Flanders and a square kilometre of Liège."""
    return read_pixels(PIXELS, known=descriptor("pixels_bundled"))
