"""TempCNN's way (Pelletier, Webb, Petitjean 2019, arXiv 1811.10166): convolutions along the months, then a dense layer.

Three convolutions of 64 filters over five steps, each with batch normalisation, ReLU and dropout, a dense layer of 256,
as in the article. Written from its text; input are the month features, so that all methods see the same.
"""

from __future__ import annotations

from torch import Tensor, nn

from tools.pixelclip.features import CHANNELS
from tools.pixelclip.learning import Network, Pixels

FILTERS, STEPS, DROPOUT = 64, 5, 0.5


class TempCnn(Network):
    """Months in order → 256 features."""

    name, dim = "tempcnn", 256

    def __init__(self, classes: int) -> None:
        super().__init__(classes)
        layers: list[nn.Module] = []
        for inputs in (CHANNELS, FILTERS, FILTERS):
            layers += [nn.Conv1d(inputs, FILTERS, STEPS, padding="same"), nn.BatchNorm1d(FILTERS), nn.ReLU()]
            layers += [nn.Dropout(DROPOUT)]
        self.convolutions = nn.Sequential(*layers, nn.Flatten())
        self.dense = nn.Sequential(
            nn.Linear(12 * FILTERS, self.dim), nn.BatchNorm1d(self.dim), nn.ReLU(), nn.Dropout(DROPOUT)
        )

    def forward(self, pixels: Pixels) -> Tensor:
        """Return (B, 256)."""
        return self.dense(self.convolutions(self.months(pixels).transpose(1, 2)))
