"""Self-supervised pretraining on unlabelled pixels: hidden months are told from the others, before any label is seen.

A small transformer over months. Hidden months are replaced by a learnt token and reconstructed (as masked autoencoders
and Presto do); then the same network is taught on labels. `python -m evals encoders` measures it with and without.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tools.pixelclip.augment import vary
from tools.pixelclip.distil import Unlabelled
from tools.pixelclip.features import CHANNELS, month_features
from tools.pixelclip.learning import Lesson, Network, Pixels, descend

DIM = 64
HIDDEN = 0.6
"""Share of months that are hidden."""


UNLABELLED = Lesson(600, 256, 2e-3)


class Months(Network):
    """Twelve months, each seen beside the others → 64 features."""

    name, dim = "months", DIM

    def __init__(self, classes: int) -> None:
        super().__init__(classes)
        self.embed = nn.Linear(CHANNELS, DIM)
        self.position = nn.Parameter(torch.randn(12, DIM) * 0.3)
        self.hidden = nn.Parameter(torch.randn(DIM) * 0.1)
        layer = nn.TransformerEncoderLayer(DIM, 4, 2 * DIM, 0.1, "gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, nn.LayerNorm(DIM), enable_nested_tensor=False)
        self.said = nn.Linear(DIM, CHANNELS)
        self.is_pretrained = False

    def prepare(self, pixels: Pixels) -> None:
        """A pretrained network keeps the mean and spread it was pretrained with."""
        if not self.is_pretrained:
            super().prepare(pixels)

    def forward(self, pixels: Pixels) -> Tensor:
        """Return (B, 64): the mean over the months."""
        return self.tokens(self.months(pixels)).mean(dim=1)

    def tokens(self, months: Tensor, hidden: Tensor | None = None) -> Tensor:
        """Return (B, 12, 64); (B, 12) of bool says which months are not shown."""
        tokens = self.embed(months)
        if hidden is not None:
            tokens = torch.where(hidden[..., None], self.hidden, tokens)
        return self.layers(tokens + self.position)

    def reconstruction(self, years: Tensor, hidden: Tensor) -> Tensor:
        """Return the mean squared error, in standard deviations, of hidden months told from the others."""
        months = self.standard(month_features(years))
        return (self.said(self.tokens(months, hidden)) - months)[hidden].square().mean()


def pretrain(sources: Mapping[str, NDArray[np.float32]], classes: int, lesson: Lesson = UNLABELLED) -> Months:
    """Return a network that learnt from unlabelled (N, 12, 10) years alone; its classifier is still untaught."""
    torch.manual_seed(lesson.seed)
    generator = torch.Generator().manual_seed(lesson.seed)
    network, pool = Months(classes), Unlabelled(sources)
    network.standard.fit(month_features(pool.draw(4096, generator)).flatten(0, 1))

    def loss() -> Tensor:
        years = vary(pool.draw(lesson.batch, generator), generator).clamp(1, 16_000)
        hidden = torch.rand(lesson.batch, 12, generator=generator) < HIDDEN
        return network.reconstruction(years, hidden)

    descend(network, loss, lesson)
    network.is_pretrained = True
    return network
