"""Pixel vectors in 64 bytes: projected to 64 dimensions, a byte each. For caches the size of a continent.

The projection keeps what texts can tell apart: the span of the class texts first, then the largest spread of a
reference sample and of further texts. A number is an int8 in units of one step for all dimensions, so that a query's
products need no scale of their own. Texts are projected alike; a likeness of a text and a pixel is one product of 64
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tools.pixelclip.interface import Encoder

DIM = 64
"""Dimensions, and bytes, of a pixel."""

LARGEST = 127


@dataclass(frozen=True)
class Compact:
    """A projection and its step."""

    basis: NDArray[np.float32]
    """(64, dim) orthonormal rows."""
    step: float
    """What one unit of an int8 stands for."""

    @classmethod
    def of(cls, basis: NDArray[np.float32]) -> Compact:
        """Return the form of a basis: unit vectors reach no further than 1 in any direction."""
        return cls(basis, 1.0 / LARGEST)

    def pack(self, vectors: NDArray[np.float32]) -> NDArray[np.int8]:
        """Return (N, 64) bytes of (N, dim) unit vectors."""
        return np.clip(np.round(vectors @ self.basis.T / self.step), -LARGEST, LARGEST).astype(np.int8)

    def restore(self, packed: NDArray[np.int8]) -> NDArray[np.float32]:
        """Return (N, dim) vectors, of length one where there is anything."""
        vectors = packed.astype(np.float32) * np.float32(self.step) @ self.basis
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def query(self, text: NDArray[np.float32]) -> NDArray[np.int8]:
        """Return the (64,) bytes of a text's vector (dim,): the largest of its numbers takes the whole range."""
        own = self.basis @ text
        return np.round(own / max(float(np.abs(own).max()), 1e-12) * LARGEST).astype(np.int8)

    def scores(self, packed: Tensor, text: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N,) products of (N, 64) packed pixels with a text's vector (dim,): cosines, right to about 0.01.

        Integers of 8 bits, added up in 32: memory is read once, at about the rate it can be read.
        """
        own = self.basis @ text
        unit = max(float(np.abs(own).max()), 1e-12) / LARGEST * self.step
        return integer_products(packed, torch.from_numpy(self.query(text))).float().numpy() * np.float32(unit)


def integer_products(packed: Tensor, query: Tensor) -> Tensor:
    """Return (N,) int32 products of (N, 64) int8 with (64,) int8, exact."""
    if len(packed) > 16:
        return torch._int_mm(packed, query[:, None]).squeeze(1)
    return (packed.int() * query.int()).sum(dim=1, dtype=torch.int32)


def compact_of(model: Encoder) -> Compact:
    """Return the form for an encoder's vectors: what tells its known classes apart is kept first."""
    codes = list(model.about["text_codes"])
    known = model.class_texts[[codes.index(code) for code in model.about["known"]]]
    return Compact.of(text_basis(known, np.concatenate([model.class_texts, model.reference])))


def text_basis(texts: NDArray[np.float32], sample: NDArray[np.float32], dim: int = DIM) -> NDArray[np.float32]:
    """Return (dim, D) orthonormal rows: the span of the texts, then the directions of most spread in the sample.

    With more texts than `dim` rows their largest directions count. Rows nothing calls for are 0.
    """
    first = _directions(texts, dim)
    rest = sample - sample @ first.T @ first
    out = np.concatenate([first, _directions(rest, dim - len(first))])
    return np.pad(out, ((0, dim - len(out)), (0, 0))).astype(np.float32)


def _directions(vectors: NDArray, most: int) -> NDArray:
    if most <= 0 or not len(vectors):
        return np.zeros((0, vectors.shape[1]))
    _, size, rows = np.linalg.svd(vectors.astype(float), full_matrices=False)
    return rows[: min(most, int((size > 1e-4 * max(size[0], 1e-12)).sum() if size[0] > 1e-6 else 0))]
