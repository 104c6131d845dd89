"""What the encoders that are trained here on labels have in common: one short, seeded loop, and what it needs to know.

Small networks for a thousand labelled pixels: minutes on one core. They are held against the closed forms of
`members.py` in the same folds (`python -m evals encoders`); the table in docs/pixelclip.md says what each gave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tools.pixelclip.augment import vary
from tools.pixelclip.features import CHANNELS, Standard, month_features
from tools.pixelclip.train import rate


@dataclass(frozen=True)
class Pixels:
    """Pixel years as tensors, with what a network may use of them."""

    years: Tensor
    """(B, 12, 10) reflectance × 10 000, complete."""
    gaps: Tensor
    """(B, 12, 10) of bool: values that were filled."""
    radar: Tensor
    """(B, 12, 2) VV and VH in dB, NaN where missing."""

    def __len__(self) -> int:
        return len(self.years)

    def take(self, at: Tensor) -> Pixels:
        """Return these rows."""
        return Pixels(self.years[at], self.gaps[at], self.radar[at])


def pixels_of(
    years: NDArray[np.float32], gaps: NDArray[np.bool_] | None = None, radar: NDArray[np.float32] | None = None
) -> Pixels:
    """Return arrays as `Pixels`; without gaps every value was measured, without radar none was."""
    count = len(years)
    gaps = np.zeros(years.shape, bool) if gaps is None else gaps
    radar = np.full((count, 12, 2), np.nan, np.float32) if radar is None else radar
    return Pixels(*(torch.from_numpy(np.ascontiguousarray(one)) for one in (years, gaps, radar)))


class Network(nn.Module):
    """A network from a pixel's year to features, and a linear layer from those to the classes."""

    name = ""
    dim = 64
    """Length of its features."""

    def __init__(self, classes: int, inputs: int = CHANNELS) -> None:
        super().__init__()
        self.standard = Standard(inputs)
        self.classifier = nn.Linear(self.dim, classes)

    def prepare(self, pixels: Pixels) -> None:
        """Set what is taken from training pixels before learning: here mean and spread of the month features."""
        self.standard.fit(month_features(pixels.years).flatten(0, 1))

    def months(self, pixels: Pixels) -> Tensor:
        """Return (B, 12, 16) standardised month features."""
        return self.standard(month_features(pixels.years))

    def forward(self, pixels: Pixels) -> Tensor:
        """Return (B, dim) features."""
        raise NotImplementedError

    def loss(self, pixels: Pixels, label: Tensor, importance: Tensor) -> Tensor:
        """Return what is made small: the weighted cross-entropy of the classes."""
        return weighted(self.classifier(self(pixels)), label, importance)


@dataclass(frozen=True)
class Lesson:
    """How a network is taught."""

    steps: int = 300
    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    varied: bool = True
    """Other light, sensors and seasons in every batch (`augment.vary`)."""
    clip: float = 1.0
    seed: int = 0


def teach(
    make: Callable[[], Network], pixels: Pixels, label: NDArray[np.int64], importance: NDArray, lesson: Lesson
) -> Network:
    """Return a network taught on labelled pixels; the same for the same seed.

    Args:
        make: Makes the network, after the seed was set.
        pixels: What it learns from.
        label: (N,) positions of the classes.
        importance: (N,) weight of each pixel, mean 1.
        lesson: How.
    """
    torch.manual_seed(lesson.seed)
    generator = torch.Generator().manual_seed(lesson.seed)
    network = make()
    network.prepare(pixels)
    target, weight = torch.from_numpy(label), torch.from_numpy(importance).float()

    def loss() -> Tensor:
        at = torch.randint(len(pixels), (min(lesson.batch, len(pixels)),), generator=generator)
        batch = pixels.take(at)
        if lesson.varied:
            batch = Pixels(vary(batch.years, generator).clamp(1, 16_000), batch.gaps, batch.radar)
        return network.loss(batch, target[at], weight[at])

    descend(network, loss, lesson)
    return network


def descend(network: nn.Module, loss: Callable[[], Tensor], lesson: Lesson) -> None:
    """Make a loss small by AdamW with warm-up and cosine; leaves the network ready to use."""
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lesson.learning_rate, weight_decay=lesson.weight_decay)
    for step in range(lesson.steps):
        for group in optimiser.param_groups:
            group["lr"] = lesson.learning_rate * rate(step, lesson.steps, max(1, lesson.steps // 15))
        optimiser.zero_grad(set_to_none=True)
        loss().backward()
        nn.utils.clip_grad_norm_(network.parameters(), lesson.clip)
        optimiser.step()
    network.eval()


def features_of(network: Network, pixels: Pixels, batch: int = 2048) -> Tensor:
    """Return (N, dim) features of any number of pixels."""
    with torch.inference_mode():
        parts = [network(pixels.take(at)) for at in torch.arange(len(pixels)).split(batch)]
    return torch.cat(parts) if parts else torch.zeros(0, network.dim)


def weighted(logits: Tensor, label: Tensor, importance: Tensor) -> Tensor:
    """Return the cross-entropy of a batch, each pixel by its weight."""
    return (cross_entropy(logits, label, reduction="none") * importance).mean()
