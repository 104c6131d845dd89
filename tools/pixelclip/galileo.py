"""Galileo's pixel encoder (arXiv 2502.09356; nano weights MIT): Sentinel-2, NDVI, radar → 128 values of a year.

Written from the article, the names in the weights file and the released code's behaviour. Galileo reads patches in
space as well; here a patch is one pixel: its 8 × 8 kernels are resized to one as FlexiViT does (`one_pixel`). Weather,
terrain, land-cover maps and the place are left out, as the model allows: tokens that are missing take no part.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, layer_norm, linear, scaled_dot_product_attention

from tools.pixelclip.weights import load_into, read_state

MEAN = (-11.7287, -18.8556, 1395.34, 1338.40, 1343.10, 1543.86, 2186.20, 2525.09, 2410.34, 2750.29, 2234.91, 1474.53)
STD = (4.88715, 5.73027, 917.704, 913.299, 1092.68, 1047.22, 1048.01, 1143.69, 1098.98, 1204.47, 1145.98, 980.243)
"""VV, VH in dB and the ten bands, reflectance × 10 000, over its training data: values less mean − 2 std, in units of
4 std; NDVI stays as it is."""

GROUPS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("S1", (0, 1)),
    ("S2_RGB", (2, 3, 4)),
    ("S2_Red_Edge", (5, 6, 7)),
    ("S2_NIR_10m", (8,)),
    ("S2_NIR_20m", (9,)),
    ("S2_SWIR", (10, 11)),
    ("NDVI", (12,)),
)
"""Token group in the order of the channel table, and its positions among VV, VH, the ten bands and NDVI."""

DIM, DEPTH, HEADS = 128, 4, 8
CORNER = (0.0, 1.0)
"""Sine and cosine of a lone patch's position, 0, in both directions of space."""


def _shapes() -> dict[str, tuple[int, ...]]:
    """Every parameter used, by its released name."""
    shapes: dict[str, tuple[int, ...]] = {
        "pos_embed": (24, 32), "s_t_channel_embed": (7, 32), "month_embed.weight": (12, 32),
        "norm.weight": (DIM,), "norm.bias": (DIM,),
    }  # fmt: skip
    for name, columns in GROUPS:
        shapes |= {f"space_time_embed.{name}.proj.weight": (DIM, len(columns), 8, 8)}
        shapes |= {f"space_time_embed.{name}.proj.bias": (DIM,)}
    for block in range(DEPTH):
        at = f"blocks.{block}."
        sizes = {"attn.q": (DIM, DIM), "attn.k": (DIM, DIM), "attn.v": (DIM, DIM), "attn.proj": (DIM, DIM)}
        sizes |= {"mlp.fc1": (4 * DIM, DIM), "mlp.fc2": (DIM, 4 * DIM)}
        for name, size in sizes.items():
            shapes |= {f"{at}{name}.weight": size, f"{at}{name}.bias": size[:1]}
        shapes |= {f"{at}{norm}.{part}": (DIM,) for norm in ("norm1", "norm2") for part in ("weight", "bias")}
    return shapes


class Galileo(nn.Module):
    """The frozen encoder: twelve months from January, with gaps, with radar or without → 128 values."""

    name, dim = "galileo", DIM

    def __init__(self) -> None:
        super().__init__()
        for name, shape in _shapes().items():
            self.register_buffer(_flat(name), torch.zeros(shape))

    @classmethod
    def read(cls, path: str | Path) -> Galileo:
        """Return the encoder of a released weights file, `encoder.pt`.

        Raises:
            BadFile: it lacks one of the parameters used.
        """
        state, module = read_state(path), cls()
        load_into(module, {_flat(name): state[name] for name in _shapes() if name in state}, str(path))
        return module.eval()

    def embed(
        self, years: NDArray[np.float32], gaps: NDArray[np.bool_], radar: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return (N, 128) for (N, 12, 10) reflectance × 10 000; tokens with a gap are left out.

        `radar`: (N, 12, 2) VV and VH in dB, NaN where missing.
        """
        seen = np.full((len(years), 12, 2), np.nan, np.float32) if radar is None else radar
        with torch.inference_mode():
            return self(*(torch.from_numpy(one) for one in (years, gaps, seen))).numpy()

    def forward(self, years: Tensor, gaps: Tensor, radar: Tensor) -> Tensor:
        """Return (B, 128): the mean of the tokens that are there, after the final norm."""
        tokens, missing = self._tokens(years, gaps, radar)
        mask = (~missing)[:, None, None]
        for block in range(DEPTH):
            tokens = self._block(tokens, mask, f"blocks.{block}.")
        tokens = layer_norm(tokens, (DIM,), *self._pair("norm"))
        there = (~missing).to(tokens)[..., None]
        return (tokens * there).sum(dim=1) / there.sum(dim=1)

    def _tokens(self, years: Tensor, gaps: Tensor, radar: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, 84, 128) tokens, month by month, and which are missing."""
        ndvi = (years[..., 6] - years[..., 2]) / (years[..., 6] + years[..., 2]).clamp(min=1e-6)
        low = torch.tensor(MEAN) - 2 * torch.tensor(STD)
        scaled = (torch.cat([radar.nan_to_num(0.0), years], dim=-1) - low) / (4 * torch.tensor(STD))
        x = torch.cat([scaled, ndvi[..., None]], dim=-1)  # (B, 12, 13)
        gone = torch.cat([radar.isnan(), gaps, (gaps[..., 6] | gaps[..., 2])[..., None]], dim=-1)
        place = torch.tensor([CORNER[0]] * 8 + [CORNER[1]] * 8).repeat(2)  # sines, then cosines, of two directions
        when = torch.cat([self._w("pos_embed")[:12], self._w("month_embed.weight")], dim=-1)  # (12, 64)
        tokens, missing = [], []
        for at, (name, columns) in enumerate(GROUPS):
            weight, bias = (self._w(f"space_time_embed.{name}.proj.{part}") for part in ("weight", "bias"))
            value = linear(x[..., list(columns)], (weight * one_pixel()).sum(dim=(2, 3)), bias)
            channel = self._w("s_t_channel_embed")[at].expand(12, -1)
            tokens.append(value + torch.cat([channel, when, place.expand(12, -1)], dim=-1))
            missing.append(gone[..., list(columns)].any(dim=-1))
        return torch.stack(tokens, dim=2).flatten(1, 2), torch.stack(missing, dim=2).flatten(1)

    def _block(self, x: Tensor, mask: Tensor, at: str) -> Tensor:
        inside = layer_norm(x, (DIM,), *self._pair(f"{at}norm1"))
        q, k, v = (
            linear(inside, *self._pair(f"{at}attn.{part}")).unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in "qkv"
        )
        mixed = scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
        x = x + linear(mixed, *self._pair(f"{at}attn.proj"))
        hidden = gelu(linear(layer_norm(x, (DIM,), *self._pair(f"{at}norm2")), *self._pair(f"{at}mlp.fc1")))
        return x + linear(hidden, *self._pair(f"{at}mlp.fc2"))

    def _pair(self, name: str) -> tuple[Tensor, Tensor]:
        return self._w(f"{name}.weight"), self._w(f"{name}.bias")

    def _w(self, name: str) -> Tensor:
        return self.get_buffer(_flat(name))


@lru_cache(maxsize=1)
def one_pixel() -> Tensor:
    """Return (8, 8) weights under which a kernel over 8 × 8 pixels is summed to one pixel's.

    FlexiViT's resizing (arXiv 2212.08013): the pseudo-inverse of the bicubic resampling of 8 × 8 values to one.
    """
    each = torch.eye(64).reshape(64, 1, 8, 8)
    made_of = interpolate(each, (1, 1), mode="bicubic", antialias=True).reshape(64)
    return (made_of / made_of.square().sum()).reshape(8, 8)


def _flat(name: str) -> str:
    return name.replace(".", "__")
