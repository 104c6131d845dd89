"""Simulated seasons: what the classifier's words are taught with looks like the crops it is named after."""

from __future__ import annotations

import numpy as np

from retrieval.nomenclature import Nomenclature
from retrieval.seasons import SPECTRA, look_of, simulated_years


def test_every_class_has_a_look() -> None:
    classes = Nomenclature.load().classes
    leaves = [code for code, one in classes.items() if one.theme == "land_cover" and not one.children]
    for code in leaves:
        if not code.endswith("_PI") and code[:1] in "ABCDEFGH" and not code.startswith(("BX", "G3", "G4", "G5")):
            assert look_of(code), code
    assert all(len(values) == 10 for values in SPECTRA.values())


def year_of(code: str, lat: float = 46.0, count: int = 200) -> np.ndarray:
    """Return the mean year (12, 10) of many simulated pixels."""
    return simulated_years([code] * count, np.full(count, lat), np.random.default_rng(3)).mean(axis=0)


def ndvi(year: np.ndarray) -> np.ndarray:
    return (year[:, 6] - year[:, 2]) / (year[:, 6] + year[:, 2])


def test_the_seasons_are_those_of_the_crops() -> None:
    assert ndvi(year_of("B16")).argmax() in (6, 7)  # maize: July, August
    assert ndvi(year_of("B11")).argmax() in (3, 4, 5)  # winter wheat: April to June
    assert ndvi(year_of("B32")).argmax() in (2, 3, 4)  # rape earlier than wheat
    assert ndvi(year_of("B11"))[7] < ndvi(year_of("B16"))[7]  # August: stubble beside green maize


def test_needles_stay_green_and_leaves_do_not() -> None:
    pine, beech = ndvi(year_of("C20")), ndvi(year_of("C10"))
    assert np.ptp(pine) < 0.15
    assert np.ptp(beech) > 0.3


def test_vines_cover_less_of_their_soil_than_woods() -> None:
    assert ndvi(year_of("B82")).max() < ndvi(year_of("C10")).max()


def test_water_is_dark_in_the_infrared() -> None:
    water = year_of("G11")
    assert (water[:, 6] < water[:, 1]).all()
