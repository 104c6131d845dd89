"""Texts against many cached vectors: a product that should cost no more than reading the vectors once.

Vectors are multiplied as they are stored, float16, by PyTorch's matrix-vector product, which widens in registers and
adds up in float32: measured, it reads memory at nearly its full rate, where products in bfloat16 reach a third of it.
A cosine is right to about 0.0001.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tools.pixelclip.threads import side_by_side

SMALL = 20_000
"""Vectors below which one core is quicker than two."""

SHARE = 65_536
"""Vectors a core takes at a time."""

BLOCK = 8192
"""Of these, vectors that stay in the cache while one text after the other is compared with them."""


def resident(vectors: Tensor) -> Tensor:
    """Return (N, D) vectors as they are kept for queries: float16, in one piece."""
    return vectors.to(torch.float16).contiguous()


def scores(vectors: Tensor, texts: Tensor) -> Tensor:
    """Return float32 products of (N, D) vectors with one (D,) or several (T, D) texts: (N,) or (N, T).

    Vectors that are not `resident` are made so first, which costs more than the query.
    """
    vectors = resident(vectors)
    if texts.ndim == 1:
        return scores(vectors, texts[None])[:, 0]
    texts = resident(texts)
    shares = vectors.split(SHARE) if len(vectors) > SMALL else (vectors,)
    return torch.cat(side_by_side(lambda share: _products(share, texts), shares), dim=1).T.float()


def _products(vectors: Tensor, texts: Tensor) -> Tensor:
    """Return (T, N)."""
    out = vectors.new_empty(len(texts), len(vectors))
    for start in range(0, len(vectors), BLOCK):
        block = slice(start, start + BLOCK)
        for at, text in enumerate(texts):
            torch.mv(vectors[block], text, out=out[at, block])
    return out
