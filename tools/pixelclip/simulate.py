"""Simulated pixel years: a few cover fractions through the year, mixed from surface spectra. Synthetic, never a record.

Each land cover is a small story (how green when, over which ground); a year is drawn around it. They teach the model
which words go with which season where no labelled real pixel exists. Typical shapes, not measurements.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SPECTRA: dict[str, tuple[int, ...]] = {
    "crop": (250, 550, 260, 900, 3000, 4000, 4300, 4400, 1800, 820),
    "grass": (300, 640, 400, 1050, 2700, 3300, 3500, 3650, 2100, 1100),
    "broadleaf": (190, 420, 220, 750, 2200, 2900, 3100, 3250, 1550, 680),
    "conifer": (150, 280, 180, 450, 1200, 1500, 1600, 1720, 820, 390),
    "shrub": (260, 420, 360, 680, 1400, 1700, 1850, 1980, 1650, 920),
    "olive": (420, 640, 680, 1000, 1650, 1900, 2050, 2200, 2000, 1350),
    "straw": (700, 1000, 1400, 1700, 1900, 2100, 2300, 2450, 3000, 2150),
    "soil": (620, 860, 1150, 1350, 1500, 1620, 1750, 1870, 2350, 1950),
    "bright_soil": (950, 1350, 1850, 2150, 2350, 2450, 2600, 2700, 3300, 2850),
    "water": (380, 330, 210, 170, 130, 120, 100, 90, 60, 40),
    "roof": (1050, 1200, 1320, 1450, 1550, 1650, 1750, 1800, 1950, 1750),
    "plastic": (2800, 3000, 3050, 3200, 3400, 3500, 3600, 3700, 3200, 2700),
    "sand": (1700, 2200, 2700, 2950, 3100, 3200, 3300, 3400, 4000, 3700),
    "rock": (1100, 1350, 1600, 1750, 1850, 1950, 2050, 2100, 2500, 2300),
    "yellow": (420, 1350, 1250, 1500, 2700, 3300, 3600, 3700, 1900, 1000),
}
"""Reflectance × 10 000 of pure surfaces, ten bands: rounded typical values."""


@dataclass(frozen=True)
class Story:
    """How one land cover's year goes. Months are 1 to 12, fractions of the ground 0 to 1."""

    green: str
    low: float
    """Green fraction outside the season."""
    high: float
    start: float
    peak: float
    end: float
    ground: str = "soil"
    after: str | None = None
    """What covers the ground for two months after the season, e.g. straw."""
    flower: tuple[float, str] | None = None
    """A month and the surface that shows in it."""


def _winter_cereal(peak: float, end: float, ground: str = "soil") -> Story:
    return Story("crop", 0.12, 0.88, -1.0, peak, end, ground, "straw")


STORIES: dict[str, Story] = {
    "A10": Story("grass", 0.12, 0.2, 3, 6, 11, "roof"),
    "A20": Story("grass", 0.04, 0.08, 3, 6, 11, "roof"),
    "A30": Story("grass", 0.03, 0.06, 3, 6, 11, "plastic"),
    "B11": _winter_cereal(5, 7.3),
    "B12": _winter_cereal(3.8, 6.0, "bright_soil"),
    "B13": _winter_cereal(4.6, 6.6),
    "B14": _winter_cereal(4.6, 7.2, "bright_soil"),
    "B15": Story("crop", 0.08, 0.85, 3.2, 6.1, 8.0, "soil", "straw"),
    "B16": Story("crop", 0.04, 0.92, 5.0, 7.8, 10.3),
    "B17": Story("crop", 0.02, 0.92, 5.6, 7.8, 9.8, "water", "straw"),
    "B18": _winter_cereal(5, 7.4),
    "B19": Story("crop", 0.05, 0.8, 5.6, 8.0, 10.0),
    "B21": Story("crop", 0.05, 0.9, 4.8, 6.9, 9.0),
    "B22": Story("crop", 0.05, 0.95, 4.6, 7.8, 11.6),
    "B23": Story("crop", 0.06, 0.85, 5.0, 8.5, 11.5),
    "B31": Story("crop", 0.05, 0.85, 4.8, 6.9, 9.0, "bright_soil", "straw", (7.3, "yellow")),
    "B32": Story("crop", 0.45, 0.92, 0.5, 4.4, 7.0, "soil", "straw", (4.7, "yellow")),
    "B33": Story("crop", 0.04, 0.93, 5.4, 8.0, 9.8),
    "B34": Story("crop", 0.03, 0.75, 5.3, 8.0, 10.3, "bright_soil", "straw"),
    "B35": Story("crop", 0.06, 0.85, 3.6, 5.9, 7.8, "soil", "straw"),
    "B36": Story("crop", 0.04, 0.85, 5.3, 7.6, 9.2),
    "B37": Story("crop", 0.2, 0.6, 3.5, 6.0, 9.0, "bright_soil"),
    "B41": Story("crop", 0.08, 0.85, 3.0, 5.5, 7.2, "soil", "straw"),
    "B42": Story("crop", 0.03, 0.75, 4.9, 7.0, 8.9, "bright_soil"),
    "B43": Story("crop", 0.25, 0.6, 4.0, 7.5, 10.8),
    "B51": Story("crop", 0.55, 0.9, 3.0, 6.0, 11.0),
    "B52": Story("crop", 0.45, 0.85, 2.8, 6.0, 11.3),
    "B55": Story("grass", 0.75, 0.98, 2.5, 5.0, 11.5),
    "B71": Story("broadleaf", 0.35, 0.78, 3.8, 6.5, 11.0),
    "B73": Story("broadleaf", 0.3, 0.72, 3.6, 6.2, 10.8),
    "B74": Story("broadleaf", 0.2, 0.7, 4.0, 6.8, 11.0, "straw"),
    "B75": Story("broadleaf", 0.3, 0.7, 3.9, 6.6, 10.5),
    "B77": Story("broadleaf", 0.55, 0.65, 3.0, 6.0, 11.0, "bright_soil"),
    "B81": Story("olive", 0.5, 0.58, 9.0, 13.5, 17.5, "bright_soil"),
    "B82": Story("broadleaf", 0.08, 0.55, 4.3, 7.2, 10.8, "bright_soil"),
    "B84": Story("shrub", 0.4, 0.65, 4.0, 6.5, 8.5, "bright_soil"),
    "U112": Story("grass", 0.15, 0.5, 1.5, 4.8, 8.5, "soil", "straw"),
    "C10": Story("broadleaf", 0.25, 0.98, 4.2, 6.3, 11.0, "soil"),
    "C20": Story("conifer", 0.88, 0.95, 3.0, 6.5, 10.5, "shrub"),
    "C30": Story("broadleaf", 0.2, 0.55, 4.2, 6.3, 10.9, "conifer"),
    "D10": Story("shrub", 0.75, 0.85, 1.0, 5.0, 9.0, "conifer"),
    "D20": Story("shrub", 0.7, 0.85, 2.0, 5.5, 9.5, "bright_soil"),
    "E10": Story("grass", 0.4, 0.6, 2.0, 5.0, 9.5, "shrub"),
    "E20": Story("grass", 0.6, 0.93, 2.5, 5.3, 11.3, "straw"),
    "E30": Story("grass", 0.35, 0.65, 2.5, 5.5, 9.5, "straw"),
    "F10": Story("grass", 0.03, 0.08, 4.0, 6.0, 9.0, "rock"),
    "F20": Story("grass", 0.02, 0.06, 4.0, 6.0, 9.0, "sand"),
    "F40": Story("grass", 0.04, 0.12, 3.0, 5.5, 9.0, "soil"),
    "G10": Story("grass", 0.0, 0.03, 4.0, 7.0, 10.0, "water"),
    "G20": Story("grass", 0.03, 0.1, 4.0, 7.0, 10.0, "water"),
    "G30": Story("grass", 0.0, 0.01, 4.0, 7.0, 10.0, "water"),
    "H10": Story("grass", 0.15, 0.6, 4.2, 7.0, 10.2, "water"),
    "H20": Story("grass", 0.1, 0.35, 4.5, 7.5, 10.5, "water"),
}


def simulate(land_cover: str, count: int, seed: int) -> NDArray[np.float32]:
    """Return (count, 12, 10) synthetic pixel years of a land cover, reflectance × 10 000; deterministic by seed."""
    story = STORIES[land_cover]
    rng = np.random.default_rng([seed, *land_cover.encode()])
    month = np.arange(1, 13, dtype=float)[None]  # (1, 12)
    shift = rng.normal(0, 0.35, (count, 1))
    start, peak, end = (story.start + shift, story.peak + shift, story.end + shift + rng.normal(0, 0.3, (count, 1)))
    level = np.maximum.reduce([_season(month + wrap, start, peak, end) for wrap in (-12, 0, 12)])
    low = np.clip(story.low + rng.normal(0, 0.05, (count, 1)), 0, 1)
    high = np.clip(story.high + rng.normal(0, 0.08, (count, 1)), 0, 1)
    green = low + (high - low) * level  # (N, 12)
    spectra = {name: np.array(values, float) for name, values in SPECTRA.items()}
    ground = spectra[story.ground] * np.exp(rng.normal(0, 0.12, (count, 1)))
    ground = np.broadcast_to(ground[:, None], (count, 12, 10))
    if story.after:
        cut = np.clip(1 - np.abs(month - end - 0.8) / 1.6, 0, 1)[..., None]
        ground = ground * (1 - cut) + spectra[story.after] * cut
    years = green[..., None] * spectra[story.green] + (1 - green[..., None]) * ground
    if story.flower:
        at, surface = story.flower
        share = (np.clip(1 - np.abs(month - at - shift), 0, 1) * 0.6)[..., None]
        years = years * (1 - share) + spectra[surface] * share
    years = years * np.exp(rng.normal(0, 0.08, (count, 1, 1)) + rng.normal(0, 0.05, (count, 1, 10)))
    years = years * np.exp(rng.normal(0, 0.05, (count, 12, 1)) + rng.normal(0, 0.03, (count, 12, 10)))
    return np.clip(years + rng.normal(0, 15, years.shape), 1, 15_000).astype(np.float32)


def _season(month: NDArray, start: NDArray, peak: NDArray, end: NDArray) -> NDArray:
    """A smooth hump: 0 at the start and the end of the season, 1 at its peak."""
    rise = np.clip((month - start) / np.maximum(peak - start, 0.5), 0, 1)
    fall = np.clip((end - month) / np.maximum(end - peak, 0.5), 0, 1)
    hump = np.minimum(rise, fall)
    return hump * hump * (3 - 2 * hump)
