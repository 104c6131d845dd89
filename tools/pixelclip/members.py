"""The members of our model: three classifiers solved in closed form, whose probabilities are averaged.

A ridge regression to the classes, a linear discriminant analysis, and a kernel ridge regression over centres of the
training years. They err differently; each is seconds to fit. Every pixel counts by its class's share to a power
(`balance`), in all three alike. The centres are means of several training years: no pixel's year is kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tools.pixelclip.features import Standard

CENTRES = 600
"""Centres of the kernel member."""


class Linear(nn.Module):
    """Scores that are linear in the standardised features of all views together."""

    weight: Tensor
    bias: Tensor

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.standard = Standard(features)
        self.register_buffer("weight", torch.zeros(features, classes))
        self.register_buffer("bias", torch.zeros(classes))

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return (B, classes)."""
        return self.standard(torch.cat(list(features), dim=1)) @ self.weight + self.bias

    def fit_ridge(
        self, features: Sequence[Tensor], label: NDArray[np.int64], importance: NDArray, strength: float
    ) -> None:
        """Solve for one-hot targets: Σ w (x·W + c − y)² + strength · |W|², with c the targets' weighted mean."""
        x = self._standardised(features)
        target = np.eye(len(self.bias))[label]
        centre = (target * importance[:, None]).sum(axis=0) / importance.sum()
        left = (x * importance[:, None]).T @ x + strength * np.eye(x.shape[1])
        weight = np.linalg.solve(left, (x * importance[:, None]).T @ (target - centre))
        self._keep(weight, centre)

    def fit_discriminant(self, features: Sequence[Tensor], label: NDArray[np.int64]) -> None:
        """Fit a linear discriminant analysis with Ledoit-Wolf shrinkage; scores are log probabilities plus a constant.

        A class without a pixel scores far below all others.
        """
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Only one sample available", UserWarning)  # of a class: its mean counts
            model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(self._standardised(features), label)
        weight, bias = np.zeros(tuple(self.weight.shape)), np.full(len(self.bias), -1e3)
        if len(model.classes_) == 2:  # scikit-learn gives the second one's log odds alone
            model.coef_ = np.concatenate([np.zeros_like(model.coef_), model.coef_])
            model.intercept_ = np.array([0.0, float(model.intercept_[0])])
        weight[:, model.classes_], bias[model.classes_] = model.coef_.T, model.intercept_
        self._keep(weight, bias)

    def _standardised(self, features: Sequence[Tensor]) -> NDArray[np.float64]:
        every = torch.cat(list(features), dim=1)
        self.standard.fit(every, 1e-6)
        return self.standard(every).double().numpy()

    def _keep(self, weight: NDArray, bias: NDArray) -> None:
        self.weight.copy_(torch.from_numpy(weight))
        self.bias.copy_(torch.from_numpy(bias))


class Kernel(nn.Module):
    """Kernel ridge regression over centres: the mean over views of exp(−width · mean squared difference)."""

    centres: Tensor
    coefficients: Tensor
    bias: Tensor
    used: Tensor
    """How many of the centres were placed."""

    def __init__(self, views: Sequence[int], widths: Sequence[float], classes: int, centres: int = CENTRES) -> None:
        super().__init__()
        self.sizes, self.widths = tuple(views), tuple(widths)
        self.standards = nn.ModuleList(Standard(size) for size in views)
        self.register_buffer("centres", torch.zeros(centres, sum(views)))
        self.register_buffer("coefficients", torch.zeros(centres, classes))
        self.register_buffer("bias", torch.zeros(classes))
        self.register_buffer("used", torch.zeros(()))

    def nearness(self, features: Sequence[Tensor]) -> Tensor:
        """Return (B,): the kernel with the nearest centre, 1 at a centre, 0 far from all training years."""
        return self._between(self._placed(features), self.centres[: int(self.used)]).amax(dim=1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return (B, classes)."""
        return self._between(self._placed(features), self.centres) @ self.coefficients + self.bias

    def fit(
        self, features: Sequence[Tensor], label: NDArray[np.int64], importance: NDArray, ridge: float, seed: int
    ) -> None:
        """Place the centres by k-means and solve for one-hot targets."""
        for standard, values in zip(self.standards, features, strict=True):
            cast(Standard, standard).fit(values, 1e-6)
        placed = self._placed(features)
        centres = _means_of_several(placed, len(self.centres), seed)
        count = len(centres)
        target = np.eye(len(self.bias))[label]
        middle = (target * importance[:, None]).sum(axis=0) / importance.sum()
        own = self._between(centres, centres).double().numpy() + 1e-6 * np.eye(count)
        seen = self._between(placed, centres).double().numpy()
        left = (seen * importance[:, None]).T @ seen + ridge * own
        solved = np.linalg.solve(left, (seen * importance[:, None]).T @ (target - middle))
        self.used.fill_(count)
        self.centres[:count], self.coefficients[:count] = centres, torch.from_numpy(solved).float()
        self.bias.copy_(torch.from_numpy(middle))

    def _placed(self, features: Sequence[Tensor]) -> Tensor:
        """Standardised features of all views, scaled so that squared distances are the kernels' exponents."""
        scale = [(width / size) ** 0.5 for width, size in zip(self.widths, self.sizes, strict=True)]
        return torch.cat([s(x) * k for s, x, k in zip(self.standards, features, scale, strict=True)], dim=1)

    def _between(self, one: Tensor, other: Tensor) -> Tensor:
        pairs = zip(one.split(self.sizes, 1), other.split(self.sizes, 1), strict=True)
        kernels = [torch.exp(-_squared(a, b)) for a, b in pairs]
        return torch.stack(kernels).mean(dim=0)


def importance_of(label: NDArray[np.int64], balance: float) -> NDArray[np.float64]:
    """Return each pixel's weight, mean 1: its class's count to the power −balance (0: all pixels count alike)."""
    weight = (1.0 / np.maximum(np.bincount(label), 1) ** balance)[label]
    return weight / weight.mean()


def _means_of_several(values: Tensor, most: int, seed: int) -> Tensor:
    """Return the k-means centres that are means of two rows or more."""
    from sklearn.cluster import KMeans

    count = min(most, max(1, len(values) // 2))
    model = KMeans(count, init="random", n_init=1, max_iter=10, random_state=seed)
    cluster = model.fit_predict(values.numpy())
    several = np.bincount(cluster, minlength=count) > 1
    return torch.from_numpy(np.ascontiguousarray(model.cluster_centers_[several])).float()


def _squared(a: Tensor, b: Tensor) -> Tensor:
    return (a.square().sum(dim=1)[:, None] - 2 * a @ b.T + b.square().sum(dim=1)[None]).clamp(min=0)
