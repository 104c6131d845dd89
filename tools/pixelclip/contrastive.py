"""The objective: pixels against the photos of their place."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from retrieval.errors import BadArgument

WARMEST = math.log(100.0)
"""Largest log scale: logits are cosines times at most 100."""


class Temperature(nn.Module):
    """The learnt scale of the cosines, exp of a logarithm kept in 0 … ln 100; starts at 1 / 0.07."""

    def __init__(self, temperature: float = 0.07, learnable: bool = True) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / temperature)), requires_grad=learnable)

    def forward(self) -> Tensor:
        """Return the scale."""
        return self.log_scale.clamp(0, WARMEST).exp()


class PhotoQueue(nn.Module):
    """The latest photo embeddings, as negatives: first in, first out, a whole batch at a time."""

    vectors: Tensor
    filled: Tensor

    def __init__(self, size: int, dim: int, batch: int, seed: int = 0) -> None:
        super().__init__()
        if size % batch:
            raise BadArgument(f"a queue of {size} is no multiple of the batch of {batch}")
        start = torch.randn(size, dim, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("vectors", normalize(start, dim=-1))
        self.register_buffer("filled", torch.zeros((), dtype=torch.long))

    def push(self, batch: Tensor) -> None:
        """Put a batch in; the oldest leaves."""
        size = len(self.vectors)
        at = int(self.filled) % size
        self.vectors[at : at + len(batch)] = batch.detach()
        self.filled += len(batch)

    def negatives(self) -> Tensor:
        """Return (queue, dim): real photos once there are any."""
        count = int(self.filled)
        return (self.vectors[:count] if 0 < count < len(self.vectors) else self.vectors).clone()


def info_nce(pixels: Tensor, photos: Tensor, negatives: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each pixel's own photo (index 0) against the queue's.

    logits_i = scale · [s_i·g_i, s_i·Q], with s, g and Q of length one.
    """
    pixels, photos = normalize(pixels, dim=-1), normalize(photos, dim=-1)
    own = (pixels * photos).sum(dim=-1, keepdim=True)  # (B, 1)
    logits = scale * torch.cat([own, pixels @ negatives.T], dim=1)
    return cross_entropy(logits, torch.zeros(len(pixels), dtype=torch.long, device=pixels.device))
