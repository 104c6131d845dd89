"""A location prior: which classes are likely at a longitude and latitude, before any pixel is looked at.

Real spherical harmonics of the place into a network of sines (Siren), as SatCLIP (arXiv 2311.17179) does after Rußwurm
et al. 2024 (arXiv 2310.06743); GeoCLIP asks the same of random Fourier features. Taught on the labelled places alone.
It is switched on by evidence only: `earns_its_place` wants its lead above chance in most of the data sets left
out. It has not earned that here (docs/pixelclip.md), so no answer uses it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tools.pixelclip.learning import Lesson, descend, weighted

DEGREE = 12
"""Harmonics of degree 0 to 11: details of some 1,700 km and more; finer ones would name the data sets."""


PLACES = Lesson(300, 256, 1e-3, 0.1)
"""How places are taught."""


def harmonics(lon: NDArray, lat: NDArray, degree: int = DEGREE) -> NDArray[np.float64]:
    """Return (N, degree²) real spherical harmonics, orthonormal over the sphere, of places in degrees.

    Y_l^m by the usual recurrences of the associated Legendre functions, without the Condon-Shortley phase.
    """
    theta = np.radians(90 - np.asarray(lat, float))
    phi = np.radians(np.asarray(lon, float))
    x, sine = np.cos(theta), np.sin(theta)
    legendre: dict[tuple[int, int], NDArray] = {}
    for m in range(degree):
        diagonal = np.ones_like(x) if m == 0 else legendre[m - 1, m - 1] * (2 * m - 1) * sine
        legendre[m, m] = diagonal
        if m + 1 < degree:
            legendre[m + 1, m] = x * (2 * m + 1) * diagonal
        for n in range(m + 2, degree):
            legendre[n, m] = ((2 * n - 1) * x * legendre[n - 1, m] - (n + m - 1) * legendre[n - 2, m]) / (n - m)
    columns = []
    for n in range(degree):
        for m in range(-n, n + 1):
            size = abs(m)
            norm = math.sqrt((2 * n + 1) / (4 * math.pi) * math.factorial(n - size) / math.factorial(n + size))
            angle = 1.0 if m == 0 else math.sqrt(2) * (np.cos(m * phi) if m > 0 else np.sin(size * phi))
            columns.append(norm * legendre[n, size] * angle)
    return np.stack(columns, axis=1)


class Siren(nn.Module):
    """Harmonics → logits of the classes, through layers of sines (Sitzmann et al. 2020, w₀ = 30 in the first)."""

    def __init__(self, classes: int, degree: int = DEGREE, width: int = 64) -> None:
        super().__init__()
        self.degree = degree
        self.first, self.second = nn.Linear(degree * degree, width), nn.Linear(width, width)
        self.out = nn.Linear(width, classes)
        with torch.no_grad():
            self.first.weight.uniform_(-1 / degree**2, 1 / degree**2)
            bound = math.sqrt(6 / width) / 30
            self.second.weight.uniform_(-bound, bound)

    def forward(self, places: Tensor) -> Tensor:
        """Return (B, classes) for (B, degree²) harmonics."""
        hidden = torch.sin(30 * self.first(places))
        return self.out(torch.sin(30 * self.second(hidden)))

    def log_chances(self, lon: NDArray, lat: NDArray) -> NDArray[np.float64]:
        """Return (N, classes) logarithms of the prior's chances."""
        with torch.inference_mode():
            return self(_tensor(lon, lat, self.degree)).log_softmax(dim=1).double().numpy()


def teach_places(
    lon: NDArray, lat: NDArray, label: NDArray[np.int64], importance: NDArray, classes: int,
    lesson: Lesson = PLACES,
) -> Siren:  # fmt: skip
    """Return a prior taught on labelled places; the same for the same seed."""
    torch.manual_seed(lesson.seed)
    generator = torch.Generator().manual_seed(lesson.seed)
    prior = Siren(classes)
    places, target = _tensor(lon, lat, DEGREE), torch.from_numpy(label)
    weight = torch.from_numpy(importance).float()

    def loss() -> Tensor:
        at = torch.randint(len(places), (min(lesson.batch, len(places)),), generator=generator)
        return weighted(prior(places[at]), target[at], weight[at])

    descend(prior, loss, lesson)
    return prior


def with_prior(chances: NDArray, prior: NDArray, share: NDArray, strength: float = 0.5) -> NDArray[np.float64]:
    """Return chances (N, K) times what the place says beyond the classes' shares in training, to a power.

    `prior` are logarithms (N, K), `share` (K,) of the training pixels.
    """
    logits = np.log(chances + 1e-9) + strength * (prior - np.log(np.maximum(share, 1e-9)))
    out = np.exp(logits - logits.max(axis=1, keepdims=True))
    return out / out.sum(axis=1, keepdims=True)


def earns_its_place(low: Sequence[float]) -> bool:
    """Return whether a prior may be switched on: in most of the data sets left out its lead is above chance.

    `low`: the low ends of the leads' intervals, a data set each. A lead over all sets together is no evidence: one set
    whose places another set teaches can carry it.
    """
    return sum(one > 0 for one in low) > len(low) / 2


def _tensor(lon: NDArray, lat: NDArray, degree: int) -> Tensor:
    return torch.from_numpy(harmonics(lon, lat, degree)).float()
