"""Presto's pixel encoder (arXiv 2304.14065; weights MIT): Sentinel-2 and NDVI tokens → 128 values of a pixel's year.

Written from the article and the names in the weights file; radar, weather, terrain and land-cover tokens are left out
as the model allows. The teacher of `distil.py` and a baseline of the evaluation: no file that ships holds its numbers.
As a baseline it is given longitude and latitude, which our own model is not.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

from tools.pixelclip.weights import load_into, read_state

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


def _shapes() -> dict[str, tuple[int, ...]]:
    """Every parameter used, by its released name."""
    linear_of = {f"eo_patch_embed.{name}": (128, len(columns)) for name, columns, _ in GROUPS}
    linear_of |= {"latlon_embed": (128, 3)}
    norms = ["norm"]
    for block in range(2):
        at = f"blocks.{block}"
        linear_of |= {f"{at}.attn.qkv": (384, 128), f"{at}.attn.proj": (128, 128)}
        linear_of |= {f"{at}.mlp.fc1": (512, 128), f"{at}.mlp.fc2": (128, 512)}
        norms += [f"{at}.norm1", f"{at}.norm2"]
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": shape for name, shape in linear_of.items()}
    shapes |= {f"{name}.bias": shape[:1] for name, shape in linear_of.items()}
    shapes |= {f"{name}.{part}": (128,) for name in norms for part in ("weight", "bias")}
    return shapes | {"month_embed.weight": (12, 32), "channel_embed.weight": (10, 32), "pos_embed": (1, 24, 64)}


class Presto(nn.Module):
    """The frozen encoder: twelve months from January, with gaps → 128 values."""

    def __init__(self) -> None:
        super().__init__()
        for name, shape in _shapes().items():
            self.register_buffer(_flat(name), torch.zeros(shape))

    @classmethod
    def read(cls, path: str | Path) -> Presto:
        """Return the encoder of a released weights file.

        Raises:
            BadFile: it lacks one of the parameters used.
        """
        state, module = read_state(path), cls()
        own = {_flat(name): state[f"encoder.{name}"] for name in _shapes() if f"encoder.{name}" in state}
        load_into(module, own, str(path))
        return module.eval()

    def embed(
        self, years: NDArray[np.float32], gaps: NDArray[np.bool_], lon: NDArray, lat: NDArray
    ) -> NDArray[np.float32]:
        """Return (N, 128) for (N, 12, 10) reflectance × 10 000 and places; tokens with a gap are left out."""
        with torch.inference_mode():
            return self(torch.from_numpy(years), torch.from_numpy(gaps), _cartesian(lon, lat)).numpy()

    def forward(self, years: Tensor, gaps: Tensor, place: Tensor) -> Tensor:
        """Return (B, 128) for (B, 12, 10) reflectance × 10 000.

        Args:
            years: Complete years.
            gaps: (B, 12, 10) of bool, values that were filled: their tokens are left out.
            place: (B, 3) unit vectors from the Earth's centre.
        """
        tokens, missing = self._contextual(years, gaps, place)
        there = (~missing).to(years)[..., None]
        mean = (tokens * there).sum(dim=1) / there.sum(dim=1)
        return layer_norm(mean, (128,), self._w("norm.weight"), self._w("norm.bias"))

    def months(self, years: Tensor) -> Tensor:
        """Return (B, 12, 128): the mean of each month's six tokens after the last block, before the final norm.

        Every year is complete and placed in the middle of western Europe, so that nothing but reflectance tells.
        """
        place = _cartesian(np.full(1, 5.0), np.full(1, 47.0)).to(years).expand(len(years), 3)
        tokens, _ = self._contextual(years, torch.zeros_like(years, dtype=torch.bool), place)
        return tokens[:, 1:].reshape(len(years), len(GROUPS), 12, -1).mean(dim=1)

    def _contextual(self, years: Tensor, gaps: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
        """Return the tokens (B, 73, 128) after the last block, the place's first, and which are left out."""
        tokens, missing = self._tokens(years, gaps)
        first = linear(place, self._w("latlon_embed.weight"), self._w("latlon_embed.bias"))[:, None]
        tokens = torch.cat([first, tokens], dim=1)
        missing = torch.cat([missing.new_zeros(len(missing), 1), missing], dim=1)
        bias = torch.zeros(missing.shape).to(years).masked_fill(missing, -1e9)[:, None, None]
        for block in range(2):
            tokens = self._block(tokens, bias, f"blocks.{block}.")
        return tokens, missing

    def _tokens(self, years: Tensor, gaps: Tensor) -> tuple[Tensor, Tensor]:
        x = years / 1e4
        ndvi = (x[..., 6] - x[..., 2]) / (x[..., 6] + x[..., 2]).clamp(min=1e-6)
        x = torch.cat([x, ndvi[..., None]], dim=-1)
        gone = torch.cat([gaps, (gaps[..., 6] | gaps[..., 2])[..., None]], dim=-1)
        month, position = self._w("month_embed.weight"), self._w("pos_embed")[0, :12]
        tokens, missing = [], []
        for name, columns, row in GROUPS:
            weight, bias = (self._w(f"eo_patch_embed.{name}.{part}") for part in ("weight", "bias"))
            channel = self._w("channel_embed.weight")[row].expand(12, -1)
            value = linear(x[..., list(columns)], weight, bias)
            tokens.append(value + torch.cat([month, channel, position], dim=-1))
            missing.append(gone[..., list(columns)].any(dim=-1))
        return torch.cat(tokens, dim=1), torch.cat(missing, dim=1)

    def _block(self, x: Tensor, bias: Tensor, at: str) -> Tensor:
        part = lambda name: (self._w(f"{at}{name}.weight"), self._w(f"{at}{name}.bias"))  # noqa: E731
        count = len(x)
        qkv = linear(layer_norm(x, (128,), *part("norm1")), *part("attn.qkv"))
        q, k, v = qkv.reshape(count, -1, 3, HEADS, 128 // HEADS).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(q, k, v, attn_mask=bias).transpose(1, 2).reshape(count, -1, 128)
        x = x + linear(mixed, *part("attn.proj"))
        hidden = gelu(linear(layer_norm(x, (128,), *part("norm2")), *part("mlp.fc1")))
        return x + linear(hidden, *part("mlp.fc2"))

    def _w(self, name: str) -> Tensor:
        return self.get_buffer(_flat(name))


def _flat(name: str) -> str:
    return name.replace(".", "__")


def _cartesian(lon: NDArray, lat: NDArray) -> Tensor:
    lon, lat = np.asarray(lon) * math.pi / 180, np.asarray(lat) * math.pi / 180
    xyz = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    return torch.from_numpy(xyz.astype(np.float32))
