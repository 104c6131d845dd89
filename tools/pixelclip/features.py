"""What is computed of a year before anything is learnt: logarithms, normalised differences, order statistics."""

from __future__ import annotations

import torch
from torch import Tensor, nn

INDICES: tuple[tuple[str, int, int], ...] = (
    ("NDVI", 6, 2), ("NDMI", 6, 8), ("NBR2", 8, 9), ("NDWI", 1, 6), ("red edge", 4, 3), ("red-blue", 2, 0),
)  # fmt: skip
"""Normalised differences added to the ten bands: name, positions of the two bands."""

CHANNELS = 10 + len(INDICES)

YEAR_FEATURES = CHANNELS * (12 + 6)
"""Values of a whole year: twelve months, mean, spread and four order statistics of each channel."""

BAND_FEATURES, RADAR_FEATURES = 120, 42

DARKEST = 30.0
"""Reflectance × 10 000 below which a band's logarithm says nothing more: shadow and open water in the infrared."""


def month_features(years: Tensor) -> Tensor:
    """Return (B, 12, 16) for (B, 12, 10) reflectance × 10 000: logarithms of ten bands, six normalised differences.

    Logarithms, because light and slope multiply a spectrum: what tells covers apart is the ratio of bands.
    """
    bands = (years.clamp(min=DARKEST) / 10_000).log()
    pairs = [(years[..., i] - years[..., j]) / (years[..., i] + years[..., j] + 10) for _, i, j in INDICES]
    return torch.cat([bands, torch.stack(pairs, dim=-1)], dim=-1)


def year_features(months: Tensor) -> Tensor:
    """Return (B, 288): the months, their mean and spread, and the 1st, 4th, 9th and 12th of them in order of value."""
    ordered = months.sort(dim=1).values[:, [0, 3, 8, 11]]
    return torch.cat([months.flatten(1), months.mean(dim=1), months.std(dim=1), ordered.flatten(1)], dim=1)


def band_features(years: Tensor) -> Tensor:
    """Return (B, 120): nine bands as reflectance 0..1 (no B8A, which may stand in for B8) and NDVI, month by month."""
    nine = torch.cat([years[..., :7], years[..., 8:]], dim=-1) / 10_000
    ndvi = (years[..., 6] - years[..., 2]) / (years[..., 6] + years[..., 2] + 1)
    return torch.cat([nine, ndvi[..., None]], dim=-1).flatten(1)


def radar_features(radar: Tensor) -> Tensor:
    """Return (B, 42) for (B, 12, 2) Sentinel-1 VV and VH in dB: months of VV, VH and VH − VV, their mean and spread.

    A missing month takes its pixel's median; a pixel without any gives NaN.
    """
    filled = torch.where(radar.isnan(), radar.nanmedian(dim=1, keepdim=True).values, radar)
    three = torch.cat([filled, (filled[..., 1] - filled[..., 0])[..., None]], dim=-1)
    return torch.cat([three.flatten(1), three.mean(dim=1), three.std(dim=1, correction=0)], dim=1)


class Standard(nn.Module):
    """Values less their mean over training data, in units of their spread there."""

    mean: Tensor
    std: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("std", torch.ones(count))

    def forward(self, values: Tensor) -> Tensor:
        """Return (…, count)."""
        return (values - self.mean) / self.std

    def fit(self, values: Tensor, least: float = 1e-3) -> None:
        """Set mean and spread from (N, count) training values; a spread below `least` counts as that."""
        self.mean.copy_(values.mean(dim=0))
        self.std.copy_(values.std(dim=0).clamp(min=least))
