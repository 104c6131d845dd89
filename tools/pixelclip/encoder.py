"""The network: a pixel's year → one vector. Twelve monthly tokens of ten bands and a class token, post-norm.

What is particular about TimeSenCLIP's encoder, kept here to the letter so that its released weights load:
- one token a month, all bands of it through one linear layer (`spectral_embedding.1`; a patch is flattened C·H·W);
- a learnt month table (`time_pos_encoding`), and a class token (`time_token`, older `class_token`) without a position;
- `torch.nn.TransformerEncoderLayer` as it comes: post-norm, ReLU, feed-forward half as wide as the tokens;
- LayerNorm and one linear layer on the class token (`mlp_head`); the L2 norm is taken outside.
8,169,472 parameters for one pixel, ten bands.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from retrieval.errors import BadArgument


@dataclass(frozen=True)
class EncoderConfig:
    """The encoder's sizes; the defaults are TimeSenCLIP's."""

    dim: int = 512
    depth: int = 6
    heads: int = 8
    feedforward: int = 256
    dropout: float = 0.2
    bands: int = 10
    """Values a pixel and month: ten bands; our own model adds indices."""
    patch: int = 1
    """Side of the square patch in pixels: 1, 5, 9 or 16."""
    months: int = 12
    out: int = 512
    """Dimensions of the space shared with text."""
    single: Literal["mean", "january"] = "mean"
    """Position of a lone time step: the table's mean, or its first row as the released inference code has it."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a file."""
        return asdict(self)


class PixelEncoder(nn.Module):
    """A pixel's (or a small patch's) year → a vector in the shared space, not normalised."""

    def __init__(self, config: EncoderConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or EncoderConfig()
        flat = config.bands * config.patch * config.patch
        self.spectral_embedding = nn.Sequential(nn.Flatten(start_dim=2), nn.Linear(flat, config.dim))
        self.time_pos_encoding = nn.Parameter(torch.zeros(1, config.months, config.dim))
        self.time_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        layer = nn.TransformerEncoderLayer(
            config.dim, config.heads, config.feedforward, config.dropout, batch_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, config.depth, enable_nested_tensor=False)
        self.mlp_head = nn.Sequential(nn.LayerNorm(config.dim), nn.Linear(config.dim, config.out))

    def forward(self, years: Tensor, keep: Tensor | None = None, collapse: bool = False) -> Tensor:
        """Return (B, out) for (B, T, C, H, W) or (B, T, C); T is 12, 4 or 1.

        Args:
            years: Normalised reflectance.
            keep: Indices of the time steps to use; each keeps its own month's position.
            collapse: Use the median token of the year in place of the months (TSMixAug).
        """
        return self.mlp_head(self.class_vector(years, keep, collapse))

    def class_vector(self, years: Tensor, keep: Tensor | None = None, collapse: bool = False) -> Tensor:
        """Return (B, dim): the class token after the last layer."""
        tokens = self.month_tokens(years)
        if collapse:
            tokens = tokens.median(dim=1, keepdim=True).values
        tokens = tokens + self.positions(tokens.shape[1])
        if keep is not None:
            tokens = tokens[:, keep]
        first = self.time_token.expand(len(tokens), -1, -1).to(tokens.dtype)
        return self.transformer(torch.cat([first, tokens], dim=1))[:, 0]

    def month_tokens(self, years: Tensor) -> Tensor:
        """Return (B, T, dim) before positions are added."""
        if years.ndim == 3:
            years = years[..., None, None]
        patch = self.config.patch
        if years.ndim != 5 or years.shape[2:] != (self.config.bands, patch, patch):
            expected = f"(B, T, {self.config.bands}, {patch}, {patch})"
            raise BadArgument(f"pixel years of shape {tuple(years.shape)}; this encoder reads {expected}")
        return self.spectral_embedding(years)

    def positions(self, steps: int) -> Tensor:
        """Return (1, T, dim) for T = 12, 4 (medians of three months) or 1."""
        table = self.time_pos_encoding
        if steps == self.config.months:
            return table
        if steps == 4:
            return table.view(1, 4, self.config.months // 4, -1).median(dim=2).values
        if steps == 1:
            return table[:, :1] if self.config.single == "january" else table.mean(dim=1, keepdim=True)
        raise BadArgument(f"{steps} time steps: only 12, 4 and 1 are supported")
