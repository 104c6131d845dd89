"""One vector for a place from its four ground photos (north, east, south, west): SenCLIP's three ways."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from retrieval.errors import BadArgument


class AveragePool(nn.Module):
    """The mean of the photos."""

    def forward(self, photos: Tensor) -> Tensor:
        """Return (B, D) for (B, photos, D)."""
        return photos.mean(dim=1)


class PhotoAttention(nn.Module):
    """One weight a photo: a bias-free linear score, a softmax over the photos, the weighted sum."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.score = nn.Linear(dim, 1, bias=False)

    def forward(self, photos: Tensor) -> Tensor:
        """Return (B, D) for (B, photos, D)."""
        return (self.score(photos).softmax(dim=1) * photos).sum(dim=1)


class DimensionAttention(nn.Module):
    """One weight a photo and dimension: a softmax over the photos, for every dimension by itself."""

    def __init__(self, dim: int, reduce: Literal["sum", "mean", "max"] = "sum") -> None:
        super().__init__()
        self.score = nn.Linear(dim, dim)
        self.reduce = reduce

    def forward(self, photos: Tensor) -> Tensor:
        """Return (B, D) for (B, photos, D)."""
        weighted = self.score(photos).softmax(dim=1) * photos
        if self.reduce == "max":
            return weighted.amax(dim=1)
        return weighted.mean(dim=1) if self.reduce == "mean" else weighted.sum(dim=1)


def make_pooling(name: str, dim: int) -> nn.Module:
    """Return the pooling called `average`, `photo` or `dimension`."""
    match name:
        case "average":
            return AveragePool()
        case "photo":
            return PhotoAttention(dim)
        case "dimension":
            return DimensionAttention(dim)
    raise BadArgument(f"no pooling {name!r}: average, photo or dimension")


def normalised(vectors: Tensor) -> Tensor:
    """Return vectors of length one."""
    return torch.nn.functional.normalize(vectors, dim=-1)
