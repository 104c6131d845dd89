"""Texts against many cached vectors: a product that should cost no more than reading the vectors once.

Vectors are stored as float16, which the cores at hand widen before they multiply. Kept as bfloat16 they are multiplied
as they lie, two texts at a time: measured, a product with two columns reads memory at nearly its full rate, with one
column at half of it. bfloat16 rounds: a cosine is right to about 0.002, enough to rank and draw a map.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tools.pixelclip.threads import side_by_side

SMALL = 20_000
"""Vectors below which one core is quicker than two."""

BLOCK = 65_536
"""Vectors a core takes at a time."""


def resident(vectors: Tensor) -> Tensor:
    """Return (N, D) vectors as they are kept for queries: bfloat16, in one piece. Half as many bytes as float32."""
    return vectors.to(torch.bfloat16).contiguous()


def scores(vectors: Tensor, texts: Tensor) -> Tensor:
    """Return float32 products of (N, D) vectors with one (D,) or several (T, D) texts: (N,) or (N, T).

    Vectors that are not `resident` are made so first, which costs more than the query.
    """
    vectors = vectors if vectors.dtype == torch.bfloat16 else resident(vectors)
    if texts.ndim == 1:
        return scores(vectors, texts[None])[:, 0]
    columns = texts.to(torch.bfloat16).T  # (D, T)
    pairs = [_pair(columns[:, at : at + 2]) for at in range(0, columns.shape[1], 2)]
    parts = [torch.cat(side_by_side(lambda part, pair=pair: part @ pair, _shares(vectors))) for pair in pairs]
    return torch.cat(parts, dim=1)[:, : len(texts)].float()


def _pair(columns: Tensor) -> Tensor:
    return columns.contiguous() if columns.shape[1] == 2 else columns.repeat(1, 2)


def _shares(vectors: Tensor) -> tuple[Tensor, ...]:
    """Split into blocks that the cores take in turn; a small table stays whole."""
    return vectors.split(BLOCK) if len(vectors) > SMALL else (vectors,)
