"""Kernel ridge regression from what is known of a year to the text vector of its class, solved in closed form.

f(x) = c + Σ_i k(x, x_i) a_i over the training years x_i; k is the mean of one Gaussian kernel a view. Views err
differently: one compares the year's own values, another what the student makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from tools.pixelclip.features import Standard


@dataclass(frozen=True)
class ViewSizes:
    """What one kernel compares."""

    features: int
    gamma: float
    """Width: exp(−gamma · mean squared difference of the standardised features)."""
    axes: int = 0
    """Principal axes of the training years that are compared; 0: the features themselves."""


class View(nn.Module):
    """One Gaussian kernel between standardised features and those of the training years."""

    landmarks: Tensor
    axes: Tensor

    def __init__(self, sizes: ViewSizes, landmarks: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.standard = Standard(sizes.features)
        self.register_buffer("axes", torch.zeros(sizes.features if sizes.axes else 0, sizes.axes))
        self.register_buffer("landmarks", torch.zeros(landmarks, sizes.axes or sizes.features))

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, landmarks) for (B, features)."""
        return self._between(self._place(features))

    def fit(self, features: Tensor) -> Tensor:
        """Take the training years as landmarks and return their kernel matrix (N, N)."""
        self.standard.fit(features, 1e-6)
        if self.sizes.axes:
            values = self.standard(features).double()
            self.axes.copy_(torch.linalg.eigh(values.T @ values).eigenvectors[:, -self.sizes.axes :].float())
        self.landmarks.copy_(self._place(features))
        return self._between(self.landmarks)

    def _place(self, features: Tensor) -> Tensor:
        values = self.standard(features)
        return values @ self.axes if self.sizes.axes else values

    def _between(self, x: Tensor) -> Tensor:
        distance = x.square().sum(dim=1)[:, None] - 2 * x @ self.landmarks.T + self.landmarks.square().sum(dim=1)
        return torch.exp(-self.sizes.gamma / self.sizes.features * distance.clamp(min=0))


class KernelMember(nn.Module):
    """The regression: good where data are few."""

    coefficients: Tensor
    centre: Tensor

    def __init__(self, views: Sequence[ViewSizes], landmarks: int, dim: int) -> None:
        super().__init__()
        self.views = nn.ModuleList(View(sizes, landmarks) for sizes in views)
        self.register_buffer("coefficients", torch.zeros(landmarks, dim))
        self.register_buffer("centre", torch.zeros(dim))

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return (B, dim) unit vectors for one (B, features) a view."""
        kernels = [view(values) for view, values in zip(self.views, features, strict=True)]
        return normalize(torch.stack(kernels).mean(dim=0) @ self.coefficients + self.centre, dim=-1)

    def fit(self, features: Sequence[Tensor], target: Tensor, weight: Tensor, ridge: float) -> None:
        """Solve for targets (N, dim) with importance (N,): (K + ridge · diag(1 / weight)) a = target − centre."""
        self.centre.copy_((target * weight[:, None]).sum(dim=0) / weight.sum())
        kernels = [cast(View, view).fit(values) for view, values in zip(self.views, features, strict=True)]
        kernel = torch.stack(kernels).mean(dim=0).double() + ridge * torch.diag(1 / weight.double())
        self.coefficients.copy_(torch.linalg.solve(kernel, (target - self.centre).double()).float())
