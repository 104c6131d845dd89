"""Co-learning: radar teaches, and is not needed afterwards (Gbodjo et al. 2021, multi-source co-learning).

Two encoders of months, one of Sentinel-2 and one of Sentinel-1, are taught together: each names the class by itself,
both name it together, and the optical one also repeats what the two said together (generalised distillation, Lopez-Paz
et al. 2016). What is kept is the optical encoder alone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, softmax

from tools.pixelclip.features import Standard
from tools.pixelclip.learning import Pixels, weighted
from tools.pixelclip.tempcnn import TempCnn

REPEATED, TEMPERATURE = 0.5, 2.0
"""Weight and temperature of what the optical encoder repeats."""


class CoLearnt(TempCnn):
    """TempCNN, taught with a radar branch beside it that is left at inference."""

    name = "colearnt"

    def __init__(self, classes: int, radar: bool = True) -> None:
        super().__init__(classes)
        self.with_radar = radar
        self.radar_standard = Standard(3)
        self.radar_branch = nn.Sequential(
            nn.Conv1d(3, 32, 3, padding="same"), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3),
            nn.Conv1d(32, 32, 3, padding="same"), nn.BatchNorm1d(32), nn.ReLU(), nn.Flatten(),
            nn.Linear(12 * 32, 64), nn.ReLU(), nn.Dropout(0.3),
        )  # fmt: skip
        self.radar_classifier = nn.Linear(64, classes)
        self.both_classifier = nn.Linear(self.dim + 64, classes)

    def prepare(self, pixels: Pixels) -> None:
        """Standardise optical months, and radar months where there are any."""
        super().prepare(pixels)
        seen = ~pixels.radar.isnan().any(dim=2)
        if seen.any():
            self.radar_standard.fit(_three(pixels.radar[seen]))

    def loss(self, pixels: Pixels, label: Tensor, importance: Tensor) -> Tensor:
        """Return the optical loss; of pixels with radar also radar's, both's, and what is repeated."""
        optical = self(pixels)
        own = self.classifier(optical)
        total = weighted(own, label, importance)
        seen = ~pixels.radar.isnan().all(dim=2).all(dim=1)
        if not (self.with_radar and seen.sum() > 1):
            return total
        label, weight = label[seen], importance[seen]
        radar = self.radar_branch(self._months_of_radar(pixels.radar[seen]))
        both = self.both_classifier(torch.cat([optical[seen], radar], dim=1))
        told = softmax(both.detach() / TEMPERATURE, dim=1)
        repeated = -(told * log_softmax(own[seen] / TEMPERATURE, dim=1)).sum(dim=1)
        return (
            total
            + 0.5 * weighted(self.radar_classifier(radar), label, weight)
            + weighted(both, label, weight)
            + REPEATED * (repeated * weight).mean()
        )

    def _months_of_radar(self, radar: Tensor) -> Tensor:
        """(B, 3, 12): VV, VH and their difference, standardised; a missing month is 0, the mean."""
        return self.radar_standard(_three(radar)).nan_to_num(0.0).transpose(1, 2)


def _three(radar: Tensor) -> Tensor:
    return torch.cat([radar, radar[..., 1:] - radar[..., :1]], dim=-1)
