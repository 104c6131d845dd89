"""One text against many cached float16 vectors: a product that should cost no more than reading them once."""

from __future__ import annotations

import torch
from torch import Tensor

from tools.pixelclip.threads import side_by_side

SMALL = 20_000
"""Vectors below which one core is quicker than two."""

BLOCK = 8192
"""Vectors a core takes at a time: measured quicker than one long run."""


def scores(vectors: Tensor, texts: Tensor) -> Tensor:
    """Return float32 products of (N, D) float16 vectors with one (D,) or several (T, D) texts.

    Each text is one pass of a float16 matrix–vector product with float32 accumulation: on CPUs this reads the vectors
    at nearly the rate of memory, where a matrix product of few columns does not.
    """
    vectors = vectors if vectors.dtype == torch.float16 else vectors.half()
    with torch.inference_mode():
        if texts.ndim == 1:
            return torch.cat(side_by_side(lambda part: torch.mv(part, texts.half()), _shares(vectors))).float()
        return torch.stack([scores(vectors, text) for text in texts], dim=1)


def _shares(vectors: Tensor) -> tuple[Tensor, ...]:
    """Split into blocks that the cores take in turn; a small table stays whole."""
    return vectors.split(BLOCK) if len(vectors) > SMALL else (vectors,)
