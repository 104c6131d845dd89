"""DuPLO's way (Interdonato et al. 2019, arXiv 1809.07589): a convolutional and a recurrent view of the same series.

The article reads small patches; a single pixel has no neighbourhood, so the convolutional branch runs along the months.
Kept: two branches whose features are put side by side, attention over the recurrent states, and an auxiliary classifier
on each branch (weight 0.3) so that neither rests on the other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tools.pixelclip.features import CHANNELS
from tools.pixelclip.learning import Network, Pixels, weighted

AUXILIARY = 0.3
"""Weight of each branch's own classifier in the loss, as in the article."""

HALF = 64


class Duplo(Network):
    """Two views of the months → 128 features."""

    name, dim = "duplo", 2 * HALF

    def __init__(self, classes: int) -> None:
        super().__init__(classes)
        self.convolutions = nn.Sequential(
            nn.Conv1d(CHANNELS, HALF, 3, padding="same"), nn.BatchNorm1d(HALF), nn.ReLU(), nn.Dropout(0.4),
            nn.Conv1d(HALF, HALF, 3, padding="same"), nn.BatchNorm1d(HALF), nn.ReLU(), nn.Dropout(0.4),
            nn.AdaptiveMaxPool1d(1), nn.Flatten(),
        )  # fmt: skip
        self.embed = nn.Sequential(nn.Linear(CHANNELS, HALF), nn.ReLU())
        self.recurrent = nn.GRU(HALF, HALF, batch_first=True)
        self.attention = nn.Sequential(nn.Linear(HALF, HALF), nn.Tanh(), nn.Linear(HALF, 1, bias=False))
        self.dropout = nn.Dropout(0.4)
        self.auxiliary = nn.ModuleList(nn.Linear(HALF, classes) for _ in range(2))

    def forward(self, pixels: Pixels) -> Tensor:
        """Return (B, 128)."""
        return torch.cat(self.branches(pixels), dim=1)

    def branches(self, pixels: Pixels) -> list[Tensor]:
        """Return the convolutional and the recurrent features, (B, 64) each."""
        months = self.months(pixels)
        states, _ = self.recurrent(self.embed(months))
        weight = self.attention(states).softmax(dim=1)  # (B, 12, 1)
        return [self.convolutions(months.transpose(1, 2)), self.dropout((weight * states).sum(dim=1))]

    def loss(self, pixels: Pixels, label: Tensor, importance: Tensor) -> Tensor:
        """Return the loss of both branches together, and of each by itself."""
        both = self.branches(pixels)
        whole = weighted(self.classifier(torch.cat(both, dim=1)), label, importance)
        own = [weighted(head(one), label, importance) for head, one in zip(self.auxiliary, both, strict=True)]
        return whole + AUXILIARY * sum(own, torch.zeros(()))
