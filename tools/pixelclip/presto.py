"""Presto's pixel encoder (arXiv 2304.14065), for comparison: its released weights, Sentinel-2 and NDVI tokens only.

Written from the article and the names in the weights file; radar, weather, terrain and land-cover tokens are left out
as the model allows. It sees longitude and latitude. Not part of our own model.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

from tools.pixelclip.weights import read_state

GROUPS: tuple[tuple[str, tuple[int, ...], int], ...] = (
    ("S2_RGB", (0, 1, 2), 1),
    ("S2_Red_Edge", (3, 4, 5), 2),
    ("S2_NIR_10m", (6,), 3),
    ("S2_NIR_20m", (7,), 4),
    ("S2_SWIR", (8, 9), 5),
    ("NDVI", (10,), 8),
)
"""Token group, its positions among the ten bands and NDVI, its row in the channel table."""

HEADS = 8


class Presto:
    """The encoder as a function of its weights: twelve months from January → 128 dimensions."""

    def __init__(self, path: str | Path) -> None:
        state = read_state(path)
        self._w = {name.removeprefix("encoder."): t for name, t in state.items() if name.startswith("encoder.")}

    @torch.inference_mode()
    def embed(
        self, years: NDArray[np.float32], gaps: NDArray[np.bool_], lon: NDArray, lat: NDArray
    ) -> NDArray[np.float32]:
        """Return (N, 128) for (N, 12, 10) reflectance × 10 000; tokens with a gap are left out."""
        tokens, missing = self._tokens(torch.from_numpy(np.where(gaps, np.nan, years).astype(np.float32)))
        place = linear(_cartesian(lon, lat), self._w["latlon_embed.weight"], self._w["latlon_embed.bias"])[:, None]
        tokens = torch.cat([place, tokens], dim=1)
        missing = torch.cat([torch.zeros(len(missing), 1, dtype=torch.bool), missing], dim=1)
        bias = torch.zeros(missing.shape).masked_fill(missing, -1e9)[:, None, None]
        for block in range(2):
            tokens = self._block(tokens, bias, f"blocks.{block}.")
        there = (~missing).float()[..., None]
        mean = (tokens * there).sum(dim=1) / there.sum(dim=1)
        return layer_norm(mean, (128,), self._w["norm.weight"], self._w["norm.bias"]).numpy()

    def _tokens(self, years: Tensor) -> tuple[Tensor, Tensor]:
        x = years / 1e4
        ndvi = (x[..., 6] - x[..., 2]) / (x[..., 6] + x[..., 2])
        x = torch.cat([x, ndvi[..., None]], dim=-1)
        month, position = self._w["month_embed.weight"][:12], self._w["pos_embed"][0, :12]
        tokens, missing = [], []
        for name, columns, row in GROUPS:
            value = x[..., list(columns)]
            gone = value.isnan().any(dim=-1)
            weight, bias = (self._w[f"eo_patch_embed.{name}.{part}"] for part in ("weight", "bias"))
            channel = self._w["channel_embed.weight"][row].expand(12, -1)
            tokens.append(linear(value.nan_to_num(), weight, bias) + torch.cat([month, channel, position], dim=-1))
            missing.append(gone)
        return torch.cat(tokens, dim=1), torch.cat(missing, dim=1)

    def _block(self, x: Tensor, bias: Tensor, at: str) -> Tensor:
        part = lambda name: (self._w[f"{at}{name}.weight"], self._w[f"{at}{name}.bias"])  # noqa: E731
        count = len(x)
        qkv = linear(layer_norm(x, (128,), *part("norm1")), *part("attn.qkv"))
        q, k, v = qkv.reshape(count, -1, 3, HEADS, 128 // HEADS).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(q, k, v, attn_mask=bias).transpose(1, 2).reshape(count, -1, 128)
        x = x + linear(mixed, *part("attn.proj"))
        hidden = gelu(linear(layer_norm(x, (128,), *part("norm2")), *part("mlp.fc1")))
        return x + linear(hidden, *part("mlp.fc2"))


def _cartesian(lon: NDArray, lat: NDArray) -> Tensor:
    lon, lat = np.asarray(lon) * math.pi / 180, np.asarray(lat) * math.pi / 180
    xyz = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    return torch.from_numpy(xyz.astype(np.float32))
