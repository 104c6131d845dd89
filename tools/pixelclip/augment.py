"""What training does to a pixel's year so that the model forgets place, sky and sensor. Nothing here is used later.

Two kinds: on tokens, as TimeSenCLIP has them (`draw_steps`), and on reflectance (`vary`), for our own small data.
All randomness comes from the generator given.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from retrieval.errors import BadArgument

TOKEN_AUGMENTATIONS = ("none", "TSMixAug", "RandomTS", "TSMS", "paper")
"""`paper` is the article's mix of the three: median of the year, a lost quarter, random months, with equal chance."""


@dataclass(frozen=True)
class Steps:
    """Which time steps one batch keeps, and whether they fall together into their median."""

    keep: Tensor | None = None
    """Indices of months, or None for all. Kept months keep their own month's position."""
    collapse: bool = False
    bands: Tensor | None = None
    """Bands that stay, or None for all (TSMS sets the others to zero)."""


def draw_steps(name: str, generator: torch.Generator, months: int = 12, bands: int = 10) -> Steps:
    """Return one batch's temporal augmentation; half of all batches stay whole."""
    if name not in TOKEN_AUGMENTATIONS:
        raise BadArgument(f"no augmentation {name!r}: {', '.join(TOKEN_AUGMENTATIONS)}")
    if name == "none" or _uniform(generator) < 0.5:
        return Steps()
    if name == "TSMixAug":
        return Steps(collapse=True) if _uniform(generator) < 0.5 else Steps(keep=_without_quarter(months, generator))
    if name == "paper":
        kind = _integer(3, generator)
        if kind == 0:
            return Steps(collapse=True)
        return Steps(keep=(_without_quarter, _random_months)[kind - 1](months, generator))
    keep = _random_months(months, generator)
    return Steps(keep=keep, bands=_some_bands(bands, generator) if name == "TSMS" else None)


def vary(years: Tensor, generator: torch.Generator) -> Tensor:
    """Return (B, 12, 10) reflectance × 10 000 as it might have been elsewhere: other season, light, sensor, clouds."""
    count = len(years)
    uniform = lambda *shape: torch.rand(*shape, generator=generator)  # noqa: E731
    normal = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    shift = (uniform(count, 1, 1) * 2 - 1) * 0.8  # months earlier or later
    moved = torch.where(shift > 0, years.roll(1, 1), years.roll(-1, 1))
    years = years * (1 - shift.abs()) + moved * shift.abs()
    light = normal(count, 1, 1) * 0.10 + normal(count, 12, 1) * 0.06  # slope and haze
    sensor = normal(count, 1, 10) * 0.04 + normal(count, 12, 10) * 0.03
    years = years * torch.exp(light + sensor)
    cloudy = uniform(count, 12, 1) < uniform(count, 1, 1) * 0.4
    years = torch.where(cloudy, years.median(dim=1, keepdim=True).values, years)
    narrow = torch.where(
        (uniform(count) < 0.5)[:, None], years[:, :, 6], years[:, :, 7]
    )  # half without a B8A of its own
    return torch.cat([years[:, :, :7], narrow[:, :, None], years[:, :, 8:]], dim=2)


def mingle(years: Tensor, generator: torch.Generator) -> Tensor:
    """Return (B, 12, 10) years such as no one place has: mixtures of two, months of another, other sensors and seasons.

    For learning without labels, where any year that could be is worth asking the teacher about.
    """
    count = len(years)
    uniform = lambda *shape: torch.rand(*shape, generator=generator)  # noqa: E731
    other = years[torch.randperm(count, generator=generator)]
    share, kind = uniform(count, 1, 1), uniform(count, 1, 1)
    mixed = torch.where(kind < 0.35, share * years + (1 - share) * other, years)
    swapped = (kind >= 0.35) & (kind < 0.5) & (uniform(count, 12, 1) >= share)
    mixed = vary(torch.where(swapped, other, mixed), generator)
    gain = torch.randn(count, 1, 10, generator=generator) * 0.12 * (uniform(count, 1, 1) < 0.5)
    turned = torch.randint(12, (count, 1), generator=generator) * (uniform(count, 1) < 0.2)
    months = (torch.arange(12) + turned) % 12
    return (mixed * gain.exp()).gather(1, months[:, :, None].expand(-1, -1, 10)).clamp(1, 16_000)


def _without_quarter(months: int, generator: torch.Generator) -> Tensor:
    start = _integer(months - 2, generator)
    return torch.tensor([month for month in range(months) if not start <= month < start + 3])


def _random_months(months: int, generator: torch.Generator) -> Tensor:
    count = 1 + _integer(months - 1, generator)
    return torch.randperm(months, generator=generator)[:count].sort().values


def _some_bands(bands: int, generator: torch.Generator) -> Tensor:
    extra = torch.randperm(bands - 3, generator=generator)[: _integer(bands - 2, generator)] + 3
    return torch.cat([torch.arange(3), extra.sort().values])


def _uniform(generator: torch.Generator) -> float:
    return float(torch.rand(1, generator=generator))


def _integer(below: int, generator: torch.Generator) -> int:
    return int(torch.randint(below, (1,), generator=generator))
