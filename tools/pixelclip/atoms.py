"""An encoder of scalars (the Atomizer's idea, arXiv 2506.09085): any bands at any dates, none of them required.

Every measured value is a token of its own: the value, the wavelength and width of its band, the day of its year. A few
latent vectors gather what the tokens say (cross-attention, as a Perceiver does), so that a pixel with four bands and
five dates is read by the same numbers as one with ten bands and twelve months, or with bands of another sensor. In
training whole bands and dates are left out at random. Written from the article's text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from tools.pixelclip.learning import Network, Pixels

WAVELENGTHS: dict[str, tuple[float, float]] = {
    "B2": (492, 66), "B3": (560, 36), "B4": (665, 31), "B5": (704, 15), "B6": (740, 15), "B7": (783, 20),
    "B8": (833, 106), "B8A": (865, 21), "B11": (1614, 91), "B12": (2202, 175),
}  # fmt: skip
"""Band → central wavelength and bandwidth, nm (Sentinel-2A, Copernicus user handbook)."""

YEAR_DAYS = 365.25
MIDDLE = tuple((month + 0.5) * YEAR_DAYS / 12 for month in range(12))
"""Day of the year a monthly composite stands for."""

TYPICAL, SPREAD = 7.2, 1.0
"""Mean and spread of the logarithm of reflectance × 10 000 over land, about."""

DIM, LATENTS, DEPTH, HEADS = 64, 8, 2, 4
DESCRIBED = 1 + 6 + 8 + 6
"""Numbers that describe a token: value; its Fourier features; wavelength; date."""


class Atoms(Network):
    """A set of scalars → 64 features."""

    name, dim = "atoms", DIM

    def __init__(self, classes: int) -> None:
        super().__init__(classes)
        self.token = nn.Sequential(nn.Linear(DESCRIBED, DIM), nn.GELU(), nn.Linear(DIM, DIM))
        self.latents = nn.Parameter(torch.randn(LATENTS, DIM) * 0.3)
        self.key_value = nn.Linear(DIM, 2 * DIM)
        layer = nn.TransformerEncoderLayer(DIM, HEADS, 2 * DIM, 0.1, "gelu", batch_first=True, norm_first=True)
        self.mix = nn.TransformerEncoder(layer, DEPTH, nn.LayerNorm(DIM), enable_nested_tensor=False)

    def prepare(self, pixels: Pixels) -> None:
        """Nothing is taken from training pixels: values of other bands could not be standardised by theirs."""

    def forward(self, pixels: Pixels) -> Tensor:
        """Return (B, 64) for years of the ten bands; filled values are left out."""
        bands = list(WAVELENGTHS.values())
        count = len(pixels)
        missing = pixels.gaps.reshape(count, -1).clone()
        if self.training:
            missing |= dropped(count, missing.device)
        missing[missing.all(dim=1)] = False  # a pixel always has something to say
        wave = torch.tensor(bands, dtype=torch.float32).repeat(12, 1)  # month by month, ten bands each
        day = torch.tensor(MIDDLE, dtype=torch.float32).repeat_interleave(len(bands))
        return self.of_scalars(pixels.years.reshape(count, -1), wave, day, missing)

    def of_scalars(self, value: Tensor, wave: Tensor, day: Tensor, missing: Tensor) -> Tensor:
        """Return (B, 64) for any scalars.

        Args:
            value: (B, S) reflectance × 10 000.
            wave: (S, 2) central wavelength and bandwidth, nm.
            day: (S,) day of the year.
            missing: (B, S) of bool, scalars that were not measured; at least one a row was.
        """
        tokens = self.token(described(value, wave, day))  # (B, S, DIM)
        key, val = self.key_value(tokens).chunk(2, dim=-1)
        split = lambda x: x.unflatten(-1, (HEADS, -1)).transpose(1, 2)  # noqa: E731
        query = self.latents.expand(len(value), -1, -1)
        mask = (~missing)[:, None, None]
        seen = scaled_dot_product_attention(split(query), split(key), split(val), attn_mask=mask)
        return self.mix(query + seen.transpose(1, 2).flatten(2)).mean(dim=1)


def described(value: Tensor, wave: Tensor, day: Tensor) -> Tensor:
    """Return (B, S, 21): what a token says of its scalar, its band and its date."""
    level = (value.clamp(min=1).log() - TYPICAL) / SPREAD
    waves = level[..., None] * torch.tensor([0.5, 1.0, 2.0]) * math.pi
    of_value = torch.cat([level[..., None], waves.sin(), waves.cos()], dim=-1)
    centre = (wave[:, :1] / 1000).log2()  # octaves around 1 µm
    spots = torch.linspace(-1.2, 1.3, 7)
    of_band = torch.cat([torch.exp(-(((centre - spots) / 0.3) ** 2)), wave[:, 1:].log() / 5], dim=-1)
    turn = 2 * math.pi * day[:, None] / YEAR_DAYS * torch.tensor([1.0, 2.0, 3.0])
    fixed = torch.cat([of_band, turn.sin(), turn.cos()], dim=-1)
    return torch.cat([of_value, fixed.expand(len(value), -1, -1)], dim=-1)


def dropped(count: int, device: torch.device | None = None) -> Tensor:
    """Return (B, 120) of bool: half the rows lose some whole bands and dates."""
    share = torch.rand(count, 1, 1, device=device) * 0.7 * (torch.rand(count, 1, 1, device=device) < 0.5)
    dates, bands = torch.rand(count, 12, 1, device=device) < share, torch.rand(count, 1, 10, device=device) < share
    return (dates | bands).flatten(1)


def only(bands: Sequence[str] = tuple(WAVELENGTHS), months: Sequence[int] = tuple(range(12))) -> Tensor:
    """Return (12, 10) of bool: what is missing where only these bands and months (0 is January) were measured."""
    missing = torch.ones(12, len(WAVELENGTHS), dtype=torch.bool)
    at = [list(WAVELENGTHS).index(band) for band in bands]
    missing[torch.tensor(list(months))[:, None], torch.tensor(at)] = False
    return missing
