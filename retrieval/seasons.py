"""How land looks from above through a year: simulated pixel years of each class. Synthetic, never a record.

A class is a share of green that follows the season, over a ground; a year is drawn around it. Typical shapes from the
textbook, not measurements. The years that teach the classifier which words go with which season are made here, where no
labelled real pixel exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

SPECTRA: Mapping[str, tuple[float, ...]] = {
    # Surface reflectance of pure covers at B2 B3 B4 B5 B6 B7 B8 B8A B11 B12. Shapes everyone knows from the textbook:
    # chlorophyll absorbs blue and red and leaves a red edge; water in leaves darkens B11, B12; soils rise steadily;
    # open water falls to nothing in the infrared; roofs and asphalt are flat.
    "crop": (0.030, 0.060, 0.035, 0.105, 0.300, 0.380, 0.410, 0.430, 0.210, 0.105),
    "grass": (0.038, 0.075, 0.050, 0.120, 0.265, 0.320, 0.345, 0.365, 0.250, 0.140),
    "broadleaf": (0.024, 0.050, 0.030, 0.080, 0.240, 0.300, 0.330, 0.350, 0.180, 0.085),
    "needle": (0.020, 0.035, 0.026, 0.050, 0.125, 0.155, 0.175, 0.190, 0.090, 0.045),
    "shrub": (0.032, 0.052, 0.048, 0.085, 0.160, 0.190, 0.210, 0.225, 0.190, 0.115),
    "evergreen": (0.030, 0.050, 0.042, 0.080, 0.170, 0.205, 0.225, 0.240, 0.160, 0.085),
    "dry": (0.075, 0.105, 0.135, 0.170, 0.200, 0.220, 0.250, 0.270, 0.340, 0.260),
    "twigs": (0.045, 0.060, 0.075, 0.095, 0.120, 0.135, 0.155, 0.170, 0.200, 0.145),
    "soil": (0.080, 0.110, 0.150, 0.180, 0.200, 0.220, 0.240, 0.255, 0.330, 0.280),
    "rock": (0.160, 0.195, 0.230, 0.250, 0.260, 0.270, 0.285, 0.295, 0.370, 0.350),
    "roof": (0.125, 0.135, 0.150, 0.160, 0.165, 0.175, 0.185, 0.190, 0.215, 0.195),
    "asphalt": (0.085, 0.092, 0.100, 0.106, 0.110, 0.115, 0.120, 0.125, 0.140, 0.130),
    "water": (0.050, 0.042, 0.026, 0.020, 0.015, 0.014, 0.012, 0.010, 0.006, 0.004),
    "peat": (0.040, 0.060, 0.065, 0.090, 0.130, 0.150, 0.170, 0.180, 0.170, 0.100),
    "sand": (0.170, 0.220, 0.270, 0.295, 0.310, 0.320, 0.330, 0.340, 0.400, 0.370),
    "plastic": (0.280, 0.300, 0.305, 0.320, 0.340, 0.350, 0.360, 0.370, 0.320, 0.270),
    "bloom": (0.042, 0.135, 0.125, 0.150, 0.270, 0.330, 0.360, 0.370, 0.190, 0.100),
}


@dataclass(frozen=True)
class Look:
    """What a class is made of: a share of green that follows the season, over a ground."""

    green: str
    ground: str
    rise: float
    """Month (0 = January) in which half the green is out, at 48° N."""
    fall: float
    """Month in which half of it is gone again."""
    most: float
    """Share of green at the height of the season."""
    least: float = 0.0
    """Share of green out of season."""
    pace: float = 0.55
    """Months a rise or fall takes: cereals ripen at once, trees turn slowly."""
    bloom: float | None = None
    """Month in which yellow flowers stand over the green."""


LOOKS: Mapping[str, Look] = {
    # Winter crops are green over winter and ripen in July; summer crops close their rows in June and are gone by
    # October; permanent crops never cover their soil; grass browns little, needles not at all.
    "A1": Look("grass", "roof", 3.0, 9.5, 0.22, 0.10),
    "A2": Look("grass", "asphalt", 3.0, 9.5, 0.14, 0.06),
    "A3": Look("grass", "asphalt", 3.0, 9.5, 0.20, 0.10),
    "B11": Look("crop", "dry", 2.2, 6.0, 0.92, 0.30),
    "B12": Look("crop", "dry", 1.6, 5.0, 0.85, 0.25),
    "B13": Look("crop", "dry", 2.2, 5.5, 0.90, 0.25),
    "B14": Look("crop", "dry", 2.0, 5.9, 0.90, 0.30),
    "B15": Look("crop", "dry", 3.3, 6.5, 0.88, 0.08),
    "B16": Look("crop", "soil", 5.1, 8.8, 0.95, 0.04),
    "B17": Look("crop", "water", 5.0, 8.7, 0.92, 0.02),
    "B18": Look("crop", "dry", 2.1, 6.1, 0.90, 0.28),
    "B19": Look("crop", "soil", 5.3, 8.7, 0.82, 0.05),
    "B1": Look("crop", "dry", 2.4, 6.0, 0.90, 0.25),
    "B21": Look("crop", "soil", 4.9, 7.9, 0.90, 0.03),
    "B22": Look("crop", "soil", 5.0, 9.8, 0.95, 0.04),
    "B23": Look("crop", "soil", 5.0, 9.5, 0.92, 0.05),
    "B31": Look("crop", "soil", 5.0, 7.8, 0.90, 0.03, bloom=6.6),
    "B32": Look("crop", "dry", 1.8, 5.6, 0.97, 0.45, bloom=3.9),
    "B33": Look("crop", "soil", 5.3, 8.3, 0.92, 0.03),
    "B34": Look("crop", "soil", 5.2, 8.6, 0.80, 0.02),
    "B35": Look("crop", "dry", 3.7, 6.2, 0.85, 0.06),
    "B36": Look("crop", "soil", 5.2, 7.8, 0.85, 0.04),
    "B37": Look("shrub", "soil", 3.4, 7.2, 0.60, 0.25),
    "B3": Look("crop", "soil", 4.6, 7.8, 0.85, 0.05),
    "B41": Look("crop", "soil", 3.8, 6.3, 0.85, 0.06),
    "B42": Look("crop", "soil", 4.9, 7.9, 0.75, 0.03),
    "B43": Look("crop", "soil", 4.2, 9.2, 0.60, 0.25),
    "B44": Look("crop", "plastic", 3.8, 8.8, 0.45, 0.15),
    "B45": Look("crop", "plastic", 3.0, 7.5, 0.50, 0.15),
    "B4": Look("crop", "soil", 4.6, 8.6, 0.70, 0.10),
    "B51": Look("crop", "soil", 2.6, 9.6, 0.90, 0.55),
    "B52": Look("crop", "soil", 2.8, 9.6, 0.85, 0.35),
    "B55": Look("grass", "soil", 2.2, 10.2, 0.97, 0.75),
    "B5": Look("grass", "soil", 2.6, 9.6, 0.92, 0.45),
    "B74": Look("broadleaf", "dry", 3.7, 9.4, 0.70, 0.20),
    "B75": Look("broadleaf", "soil", 3.5, 9.0, 0.68, 0.25),
    "B76": Look("evergreen", "soil", 2.5, 10.5, 0.68, 0.60),
    "B77": Look("evergreen", "soil", 2.5, 10.5, 0.66, 0.58),
    "B7": Look("broadleaf", "grass", 3.4, 9.4, 0.55, 0.03),
    "B81": Look("evergreen", "soil", 2.0, 10.8, 0.42, 0.36),
    "B82": Look("broadleaf", "soil", 4.2, 9.3, 0.55, 0.03),
    "B84": Look("shrub", "soil", 3.6, 7.6, 0.65, 0.38),
    "B8": Look("broadleaf", "soil", 3.8, 9.5, 0.60, 0.10),
    "C10": Look("broadleaf", "twigs", 3.6, 9.4, 0.95, 0.04),
    "C2": Look("needle", "twigs", 3.5, 9.5, 0.93, 0.86),
    "C3": Look("broadleaf", "needle", 3.6, 9.4, 0.50, 0.02),
    "D": Look("shrub", "dry", 3.0, 9.5, 0.75, 0.50),
    "E1": Look("grass", "dry", 2.6, 7.6, 0.80, 0.40, 0.9),
    "E2": Look("grass", "dry", 2.4, 9.8, 0.92, 0.55, 0.9),
    "E3": Look("grass", "dry", 3.2, 8.6, 0.70, 0.30, 0.9),
    "F2": Look("grass", "sand", 4.0, 8.5, 0.06, 0.02),
    "F1": Look("grass", "rock", 4.0, 8.5, 0.12, 0.03),
    "F": Look("grass", "soil", 3.2, 8.6, 0.15, 0.04),
    "G": Look("grass", "water", 4.0, 9.0, 0.02, 0.0),
    "H1": Look("grass", "peat", 4.0, 9.2, 0.60, 0.15),
    "H2": Look("grass", "water", 4.2, 9.2, 0.40, 0.10),
    "U112": Look("grass", "dry", 2.0, 7.4, 0.55, 0.20, 0.9),
}

SEASON_PER_DEGREE = 0.055
"""Months spring comes later for each degree north of 48° N; autumn comes earlier by half of it."""


def look_of(code: str) -> Look | None:
    """Return how a LUCAS code looks: by the longest beginning there is a look for; None without one."""
    known = [one for one in LOOKS if code.startswith(one)]
    return LOOKS[max(known, key=len)] if known else None


def simulated_years(cover: Sequence[str], lat: ArrayLike, random: np.random.Generator) -> NDArray[np.float32]:
    """Return (N, 12, 10) synthetic pixel years of LUCAS codes, reflectance × 10 000, January first, without clouds.

    Each pixel mixes the spectra of its class's green part and of its ground by a double logistic season that shifts
    with latitude (degrees north, one a pixel or one for all); pixel, month and band vary by chance. The same state of
    `random` gives the same years.

    Raises:
        KeyError: a code without a look.
    """
    looks = [_look(code) for code in cover]
    count = len(looks)
    north = np.broadcast_to(np.asarray(lat, float) - 48.0, count)
    rise = np.array([look.rise for look in looks]) + SEASON_PER_DEGREE * north + random.normal(0, 0.25, count)
    fall = np.array([look.fall for look in looks]) - SEASON_PER_DEGREE / 2 * north + random.normal(0, 0.25, count)
    pace = np.array([look.pace for look in looks])[:, None]
    month = np.arange(12) + 0.5
    season = 1 / (1 + np.exp(-(month - rise[:, None]) / pace)) - 1 / (1 + np.exp(-(month - fall[:, None]) / pace))
    most = np.array([look.most for look in looks]) * random.normal(1, 0.06, count)
    least = np.array([look.least for look in looks])
    share = (least[:, None] + (most - least)[:, None] * season.clip(0, 1)).clip(0, 1)  # (N, 12)
    green = np.array([SPECTRA[look.green] for look in looks])[:, None, :]  # (N, 1, 10)
    ground = np.array([SPECTRA[look.ground] for look in looks])[:, None, :]
    mixed = share[:, :, None] * green + (1 - share[:, :, None]) * ground  # (N, 12, 10)
    bloom = np.array([np.inf if look.bloom is None else look.bloom for look in looks]) + SEASON_PER_DEGREE * north
    flowers = 0.6 * (1 - abs(month - bloom[:, None])).clip(0, 1)[:, :, None]  # (N, 12, 1)
    mixed = (1 - flowers) * mixed + flowers * np.array(SPECTRA["bloom"])
    mixed *= random.normal(1, 0.05, (count, 1, 10)) * random.normal(1, 0.04, (count, 12, 1))
    mixed *= random.normal(1, 0.02, (count, 12, 10))
    return (mixed * 10_000).clip(1, 12_000).astype(np.float32)


def _look(code: str) -> Look:
    look = look_of(code)
    if look is None:
        raise KeyError(f"no look for {code!r}")
    return look
