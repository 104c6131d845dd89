"""Attention over a year's thirteen tokens on a CUDA device, as one small Triton kernel.

General kernels are made for long sequences and pad thirteen tokens to 64 or 128. Here one program takes one pixel and
one head, padded to 16, and reads queries, keys and values where the product before left them.
"""

import torch
from torch import Tensor

try:  # no dependency: comes with PyTorch's CUDA builds alone
    import triton  # ty: ignore[import-not-found]
    import triton.language as tl  # ty: ignore[import-not-found]
except ImportError:
    triton = None

PADDED = 16
"""Tokens a program holds; the least that Triton's matrix product takes."""


def takes(steps: int, width: int) -> bool:
    """Return whether so many tokens and heads so wide fit the kernel, and there are Triton and a CUDA device."""
    fits = steps <= PADDED and width >= PADDED and width & (width - 1) == 0
    return fits and triton is not None and torch.cuda.is_available()


def short_attention(qkv: Tensor, heads: int) -> Tensor:
    """Return (B, T, dim) from (B, T, 3·dim): softmax(q kᵀ / √width) v, by head; T ≤ 16, width a power of two ≥ 16."""
    batch, steps, triple = qkv.shape
    width = triple // 3 // heads
    out = torch.empty(batch, steps, triple // 3, device=qkv.device, dtype=qkv.dtype)
    _attend[(batch, heads)](qkv, out, width**-0.5, steps, heads, width, PADDED, num_warps=1)
    return out


if triton is not None:

    @triton.jit
    def _attend(qkv, out, scale, steps: tl.constexpr, heads: tl.constexpr, width: tl.constexpr, padded: tl.constexpr):
        pixel, head = tl.program_id(0).to(tl.int64), tl.program_id(1)
        row, column = tl.arange(0, padded), tl.arange(0, width)
        there = (row < steps)[:, None]
        start = qkv + pixel * steps * 3 * heads * width + head * width
        place = row[:, None] * (3 * heads * width) + column[None, :]
        q = tl.load(start + place, mask=there, other=0.0)
        k = tl.load(start + heads * width + place, mask=there, other=0.0)
        v = tl.load(start + 2 * heads * width + place, mask=there, other=0.0)
        score = tl.where((row < steps)[None, :], tl.dot(q, tl.trans(k)) * scale, -1e30)
        weight = tl.exp(score - tl.max(score, 1)[:, None])
        weight = weight / tl.sum(weight, 1)[:, None]
        mixed = tl.dot(weight.to(v.dtype), v)
        place = row[:, None] * (heads * width) + column[None, :]
        tl.store(out + pixel * steps * heads * width + head * width + place, mixed.to(v.dtype), mask=there)
