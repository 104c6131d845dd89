"""What our own model learnt without labels: a small network that says of a pixel's months what a larger one says.

The teacher is Presto (arXiv 2304.14065), a network trained on the whole world; the student is ours, 77,248 numbers
learnt by `distil.py` from unlabelled years. It is told neither place nor class.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from tools.pixelclip.features import CHANNELS, Standard
from tools.pixelclip.weights import load_into, read_state

STUDENT = Path(__file__).parent / "weights" / "year-student.safetensors"

SAID = 128
"""Values a month, as many as the teacher's."""


class Student(nn.Module):
    """Sixteen values a month → 128 standardised values a month, each month seen beside the others."""

    def __init__(self, dim: int = 64, depth: int = 2, heads: int = 4, feedforward: int = 128) -> None:
        super().__init__()
        self.standard = Standard(CHANNELS)
        self.embed = nn.Linear(CHANNELS, dim)
        self.position = nn.Parameter(torch.randn(12, dim) * 0.3)
        layer = nn.TransformerEncoderLayer(
            dim, heads, feedforward, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, depth, nn.LayerNorm(dim), enable_nested_tensor=False)
        self.head = nn.Linear(dim, SAID)

    def mean(self, months: Tensor) -> Tensor:
        """Return (B, 128): the mean over the year of what `forward` says of its months."""
        return self.head(self.layers(self.embed(self.standard(months)) + self.position).mean(dim=1))

    def forward(self, months: Tensor) -> Tensor:
        """Return (B, 12, 128) for (B, 12, 16) month features."""
        return self.head(self.layers(self.embed(self.standard(months)) + self.position))


@lru_cache(maxsize=1)
def read_student(path: Path = STUDENT) -> Student:
    """Return the student that is kept beside the model.

    Raises:
        BadFile: the file is missing or holds something else.
    """
    student = Student()
    load_into(student, {name: tensor.float() for name, tensor in read_state(path).items()}, str(path))
    return student.eval().requires_grad_(False)
