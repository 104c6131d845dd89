"""Every network or published embedding that a text head can stand on: one line each.

A frozen one comes from a file of weights; a taught one is trained on the labels given; a precomputed one has no
network: its features are read from rasters (`precomputed.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from retrieval.errors import BadArgument
from tools.pixelclip.atoms import Atoms
from tools.pixelclip.colearning import CoLearnt
from tools.pixelclip.duplo import Duplo
from tools.pixelclip.galileo import Galileo
from tools.pixelclip.learning import Network, Pixels
from tools.pixelclip.precomputed import FORMS
from tools.pixelclip.presto import Presto
from tools.pixelclip.pretraining import Months
from tools.pixelclip.tempcnn import TempCnn

STILL = (0.6794, 0.0594, 0.7314)
"""Unit vector of 5° E, 47° N: a network that asks for a place is told the same one of every pixel."""


@dataclass(frozen=True)
class Backbone:
    """How features come about."""

    name: str
    kind: Literal["frozen", "taught", "precomputed"]
    dim: int
    make: Callable[[int], nn.Module]
    """The network for so many classes, its parameters still to be set."""
    features: Callable[[Any, Pixels], Tensor]
    """(network, pixels) → (B, dim)."""
    read: Callable[[Path], nn.Module] | None = None
    """From a file of weights, where it is frozen."""


def _presto(network: Presto, pixels: Pixels) -> Tensor:
    return network(pixels.years, pixels.gaps, torch.tensor(STILL).expand(len(pixels), 3))


def _galileo(network: Galileo, pixels: Pixels) -> Tensor:
    """Radar is left, as the pixels of answers come without it: a head fitted with its tokens is off without them."""
    return network(pixels.years, pixels.gaps, torch.full_like(pixels.radar, float("nan")))


def _of_rasters(network: nn.Module, pixels: Pixels) -> Tensor:
    raise BadArgument(
        "these embeddings were computed elsewhere: give the raster that holds them, predict --raster FILE"
    )


def _taught(network: type[Network]) -> Backbone:
    return Backbone(network.name, "taught", network.dim, network, lambda one, pixels: one(pixels))


BACKBONES: Mapping[str, Backbone] = {
    one.name: one
    for one in (
        Backbone("presto", "frozen", 128, lambda _: Presto(), _presto, Presto.read),
        Backbone("galileo", "frozen", 128, lambda _: Galileo(), _galileo, Galileo.read),
        *map(_taught, (TempCnn, Duplo, Atoms, Months, CoLearnt)),
        *(Backbone(f.name, "precomputed", f.dim, lambda _: nn.Identity(), _of_rasters) for f in FORMS.values()),
    )
}


def backbone_of(name: str) -> Backbone:
    """Return the backbone of a name.

    Raises:
        BadArgument: there is none.
    """
    if name not in BACKBONES:
        raise BadArgument(f"no backbone {name!r}; there are {', '.join(BACKBONES)}")
    return BACKBONES[name]
