"""One text against many cached float16 vectors: a product that should cost no more than reading them once."""

from __future__ import annotations

import torch
from torch import Tensor


def scores(vectors: Tensor, texts: Tensor) -> Tensor:
    """Return float32 products of (N, D) float16 vectors with one (D,) or several (T, D) texts.

    Each text is one pass of a float16 matrix–vector product with float32 accumulation: on CPUs this reads the vectors
    at nearly the rate of memory, where a matrix product of few columns does not.
    """
    vectors = vectors if vectors.dtype == torch.float16 else vectors.half()
    with torch.inference_mode():
        if texts.ndim == 1:
            return torch.mv(vectors, texts.half()).float()
        return torch.stack([torch.mv(vectors, text.half()) for text in texts], dim=1).float()
