"""The quick forward pass: the same function as `PixelEncoder`, with less arithmetic and in bfloat16.

What makes it quick, and why the answer stays the same:
- Only the class token leaves the last layer, so its queries, output and feed-forward run for one token of thirteen.
  Its keys and values are never formed: q·(K h) = (Kᵀ q)·h and Σ a (V h) = V (Σ a h).
- The first layer's queries, keys and values are linear in the ten bands: three matrices become one of ten columns.
- bfloat16 products with float32 accumulation; pixels go in chunks whose activations stay in the core's cache, each
  core working on a chunk of its own.
The first two are exact algebra; bfloat16 rounds (cosine to the float32 module: measured by `bench`, at least 0.999).
Runs on any device; does not train.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear, scaled_dot_product_attention

from tools.pixelclip.attention import short_attention, takes
from tools.pixelclip.encoder import PixelEncoder
from tools.pixelclip.threads import side_by_side

CPU_CHUNK = 64
"""Pixels at once on a CPU: 64 × 13 tokens × 512 × 2 bytes is 0.85 MB, which a core's cache holds."""


@dataclass(frozen=True)
class _Layer:
    """One transformer layer's parameters, as read."""

    qkv: Tensor
    qkv_bias: Tensor
    out: Tensor
    out_bias: Tensor
    up: Tensor
    up_bias: Tensor
    down: Tensor
    down_bias: Tensor
    norm1: tuple[Tensor, Tensor]
    norm2: tuple[Tensor, Tensor]


class FastEncoder:
    """A `PixelEncoder` prepared for inference on twelve months of single pixels or patches."""

    def __init__(
        self, encoder: PixelEncoder, dtype: torch.dtype = torch.bfloat16, device: str | torch.device = "cpu"
    ) -> None:
        config = encoder.config
        self.config, self.dtype, self.device = config, dtype, torch.device(device)
        self.heads, self.width = config.heads, config.dim // config.heads
        self.short_attention = self.device.type == "cuda" and takes(config.months + 1, self.width)
        self.layers = [self._read(layer) for layer in encoder.transformer.layers]
        spectral = encoder.spectral_embedding[1]
        token = encoder.time_token.detach().double().reshape(1, -1)
        table = encoder.time_pos_encoding.detach().double().reshape(config.months, -1)
        # token t before the first layer is W x_t + offset_t; the class token has x = 0
        offset = torch.cat([token, table + spectral.get_parameter("bias").detach().double()])  # (13, dim)
        weight = spectral.get_parameter("weight").detach().double()  # (dim, C·H·W)
        self.embed, self.offset = self._ready(weight), self._ready(offset)
        first = encoder.transformer.layers[0].self_attn
        qkv, bias = first.in_proj_weight.detach().double(), first.in_proj_bias.detach().double()
        self.first_qkv, self.first_offset = self._ready(qkv @ weight), self._ready(offset @ qkv.T + bias)
        self.head = [self._ready(p) for p in encoder.mlp_head.parameters()]

    @torch.inference_mode()
    def __call__(self, years: Tensor) -> Tensor:
        """Return (B, out) float32 for normalised (B, 12, C) or (B, 12, C, H, W)."""
        years = years.reshape(len(years), self.config.months, -1)
        if not len(years):
            return torch.empty(0, self.config.out)
        if self.device.type != "cpu":
            return self.forward_device(years)
        return torch.cat(side_by_side(self.forward_device, years.split(CPU_CHUNK)))

    def forward_device(self, years: Tensor) -> Tensor:
        """Return (B, out) float32 of one batch, on this encoder's device."""
        x = years.to(self.device, self.dtype)  # (B, 12, C)
        x = torch.cat([x.new_zeros(len(x), 1, x.shape[2]), x], dim=1)  # (B, 13, C), nothing under the class token
        tokens = linear(x, self.embed) + self.offset
        qkv = linear(x, self.first_qkv) + self.first_offset
        for at, layer in enumerate(self.layers[:-1]):
            qkv = qkv if at == 0 else linear(tokens, layer.qkv, layer.qkv_bias)
            tokens = self._rest(layer, tokens, self._attend(qkv))
        last = self.layers[-1]
        token = tokens[:, 0]
        if len(self.layers) == 1:
            token = self._rest(last, token, self._attend(qkv)[:, 0])
        else:
            token = self._rest(last, token, self._attend_first(last, tokens))
        weight, bias, out, out_bias = self.head
        return linear(layer_norm(token, weight.shape, weight, bias), out, out_bias).float()

    def _attend(self, qkv: Tensor) -> Tensor:
        """Return (B, 13, dim) from (B, 13, 3·dim): softmax(q kᵀ) v, by head."""
        if self.short_attention:
            return short_attention(qkv, self.heads)
        batch, steps, _ = qkv.shape
        split = qkv.view(batch, steps, 3, self.heads, self.width).permute(2, 0, 3, 1, 4)
        if split.is_cuda:
            mixed = scaled_dot_product_attention(*split)
            return mixed.transpose(1, 2).reshape(batch, steps, -1)
        q, k, v = split.reshape(3, batch * self.heads, steps, self.width)  # on a CPU plain products are quicker
        scores = torch.baddbmm(q.new_empty(()), q, k.transpose(1, 2), beta=0, alpha=self.width**-0.5)
        mixed = torch.bmm(scores.softmax(dim=-1), v)
        return mixed.view(batch, self.heads, steps, self.width).transpose(1, 2).reshape(batch, steps, -1)

    def _attend_first(self, layer: _Layer, tokens: Tensor) -> Tensor:
        """Return (B, dim): what the class token gathers, without forming keys and values."""
        dim, batch = self.config.dim, len(tokens)
        q_weight, k_weight, v_weight = layer.qkv.split(dim)
        q_bias, _, v_bias = layer.qkv_bias.split(dim)  # a key's bias adds the same to every score of a query
        q = linear(tokens[:, 0], q_weight, q_bias) * self.width**-0.5
        q = q.view(batch, self.heads, self.width).transpose(0, 1)  # (heads, B, width)
        asked = torch.bmm(q, k_weight.view(self.heads, self.width, dim))  # (heads, B, dim)
        scores = torch.bmm(asked.transpose(0, 1), tokens.transpose(1, 2)).softmax(dim=-1)  # (B, heads, 13)
        gathered = torch.bmm(scores, tokens).transpose(0, 1)  # (heads, B, dim)
        values = torch.bmm(gathered, v_weight.view(self.heads, self.width, dim).transpose(1, 2))
        return values.transpose(0, 1).reshape(batch, dim) + v_bias

    def _rest(self, layer: _Layer, tokens: Tensor, mixed: Tensor) -> Tensor:
        """Return the layer's output: projection, two residuals, two norms, feed-forward."""
        shape = tokens.shape[-1:]
        tokens = layer_norm(tokens + linear(mixed, layer.out, layer.out_bias), shape, *layer.norm1)
        hidden = linear(tokens, layer.up, layer.up_bias).relu_()
        return layer_norm(tokens + linear(hidden, layer.down, layer.down_bias), shape, *layer.norm2)

    def _read(self, layer: nn.Module) -> _Layer:
        own = {name: self._ready(value) for name, value in layer.state_dict().items()}
        return _Layer(
            own["self_attn.in_proj_weight"],
            own["self_attn.in_proj_bias"],
            own["self_attn.out_proj.weight"],
            own["self_attn.out_proj.bias"],
            own["linear1.weight"],
            own["linear1.bias"],
            own["linear2.weight"],
            own["linear2.bias"],
            (own["norm1.weight"], own["norm1.bias"]),
            (own["norm2.weight"], own["norm2.bias"]),
        )

    def _ready(self, tensor: Tensor) -> Tensor:
        return tensor.detach().to(self.device, self.dtype).contiguous()
