"""Our own model: the mean of three closed-form members, and the map that brings words into their space.

Named as ours; it is no TimeSenCLIP, and every number in it was learnt here. A pixel's vector is the mean of the class
texts by the members' probabilities, of length one. The text side is the text tower's vector, centred.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from retrieval.errors import BadFile
from tools.pixelclip.bands import Years, read_years
from tools.pixelclip.features import (
    BAND_FEATURES,
    RADAR_FEATURES,
    YEAR_FEATURES,
    band_features,
    month_features,
    radar_features,
    year_features,
)
from tools.pixelclip.members import CENTRES, Kernel, Linear
from tools.pixelclip.student import SAID, Student
from tools.pixelclip.towers import TextTower, make_tower
from tools.pixelclip.weights import load_into, read_metadata, read_state, save
from tools.pixelclip.zeroshot import shares

KERNEL_SHARPNESS, RIDGE_SHARPNESS, DISCRIMINANT_SHARPNESS = 8.0, 10.0, 0.3
"""softmax(sharpness · score) are a member's probabilities, about as sure as it is right."""

WEIGHTS = Path(__file__).parent / "weights" / "landask-pixels.safetensors"


class TextMap(nn.Module):
    """The text tower's unit vectors → the shared space: less what every text about land has in common."""

    mean: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))

    @classmethod
    def around(cls, mean: NDArray[np.float32]) -> TextMap:
        """Return the map that takes this mean (dim,) away."""
        made = cls(len(mean))
        made.mean.copy_(torch.from_numpy(mean))
        return made

    def forward(self, vectors: Tensor) -> Tensor:
        """Return unit vectors (…, dim)."""
        return normalize(vectors - self.mean, dim=-1)


class Ensemble(nn.Module):
    """Three members over the same views of a year; their mean probability, raised to a power fitted at unseen places.

    Views: the year's features, the student's mean, bands and NDVI, and radar's where the head has it.
    """

    temperature: Tensor
    far_below: Tensor
    """Nearness below which a year is unlike the training years: two in a hundred of them are, at places left out."""

    def __init__(self, classes: int, views: Sequence[int], centres: int = CENTRES) -> None:
        super().__init__()
        year, said, bands, *radar = views
        widths = (1.0, 0.5, 0.5)
        self.kernel = Kernel((year, said, *radar), widths[: 2 + len(radar)], classes, centres)
        self.ridge = Linear(said + bands + sum(radar), classes)
        self.discriminant = Linear(year + said + sum(radar), classes)
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("far_below", torch.zeros(()))

    def far(self, views: Sequence[Tensor]) -> Tensor:
        """Return (B,) of bool: years unlike all training years."""
        return self.kernel.nearness(self.for_kernel(views)) < self.far_below

    def forward(self, views: Sequence[Tensor]) -> Tensor:
        """Return (B, classes) calibrated probabilities."""
        return (self.temperature * self.mean(views).log()).softmax(dim=1)

    def mean(self, views: Sequence[Tensor]) -> Tensor:
        """Return (B, classes): the mean of the members' probabilities."""
        scores = (
            KERNEL_SHARPNESS * self.kernel(self.for_kernel(views)),
            RIDGE_SHARPNESS * self.ridge(self.for_ridge(views)),
            DISCRIMINANT_SHARPNESS * self.discriminant(self.for_discriminant(views)),
        )
        return torch.stack([score.softmax(dim=1) for score in scores]).mean(dim=0)

    @staticmethod
    def for_kernel(views: Sequence[Tensor]) -> list[Tensor]:
        """Return the views the kernel member compares."""
        return [views[0], views[1], *views[3:]]

    @staticmethod
    def for_ridge(views: Sequence[Tensor]) -> list[Tensor]:
        """Return the views the ridge member learns from."""
        return [views[1], views[2], *views[3:]]

    @staticmethod
    def for_discriminant(views: Sequence[Tensor]) -> list[Tensor]:
        """Return the views the discriminant analysis learns from."""
        return [views[0], views[1], *views[3:]]


PLAIN = (YEAR_FEATURES, SAID, BAND_FEATURES)
"""Sizes of the views without radar."""


class PixelTower(nn.Module):
    """Reflectance years, with radar or without → class probabilities → unit vectors among the classes' texts.

    A pixel's vector is the mean of the class texts by their probabilities, of length one: nothing is lost, and any
    words can be held against it.
    """

    texts: Tensor
    has_radar: Tensor

    def __init__(self, class_texts: NDArray[np.float32], centres: int = CENTRES) -> None:
        super().__init__()
        self.student = Student()
        self.plain = Ensemble(len(class_texts), PLAIN, centres)
        self.radar = Ensemble(len(class_texts), (*PLAIN, RADAR_FEATURES), centres)
        self.register_buffer("texts", torch.from_numpy(np.array(class_texts, np.float32)))
        self.register_buffer("has_radar", torch.zeros((), dtype=torch.bool))

    def forward(self, years: Tensor, radar: Tensor | None = None) -> Tensor:
        """Return (B, dim) for (B, 12, 10) reflectance × 10 000, complete, and (B, 12, 2) dB, NaN where missing."""
        return normalize(self.probabilities(years, radar) @ self.texts, dim=-1)

    def probabilities(self, years: Tensor, radar: Tensor | None = None) -> Tensor:
        """Return (B, classes); pixels with any radar month by the head that learnt from radar too."""
        return self._chances(self.features(years), radar)

    def examine(self, years: Tensor, radar: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return vectors (B, dim), and (B,) of bool: which years are unlike all training years."""
        features = self.features(years)
        vectors = normalize(self._chances(features, radar) @ self.texts, dim=-1)
        return vectors, self.plain.far(plain_views(features))

    def _chances(self, features: list[Tensor], radar: Tensor | None) -> Tensor:
        out = self.plain(plain_views(features))
        if radar is not None and self.has_radar:
            seen = ~radar.isnan().all(dim=1).any(dim=1)
            if seen.any():
                out[seen] = self.radar(radar_views([f[seen] for f in features], radar[seen]))
        return out

    def features(self, years: Tensor) -> list[Tensor]:
        """Return the year's features (B, 288), what the student says of it on average (B, 128), its bands (B, 120)."""
        with torch.inference_mode():
            months = month_features(years)
            return [year_features(months), self.student.mean(months), band_features(years)]


def plain_views(features: Sequence[Tensor]) -> list[Tensor]:
    """Return the views of the head without radar."""
    return list(features)


def radar_views(features: Sequence[Tensor], radar: Tensor) -> list[Tensor]:
    """Return the views of the head with radar."""
    return [*features, radar_features(radar)]


@dataclass(frozen=True, eq=False)
class Shipped:
    """The loaded model with everything an answer needs: pixels, words, reference sample, calibration, scores."""

    pixels: PixelTower
    text_map: TextMap
    tower: TextTower
    about: dict[str, Any]
    """Metadata of the file: classes, scores, training ids."""
    reference: NDArray[np.float32]
    """(R, dim) vectors of the fixed reference sample that class means are taken over."""
    prototypes: NDArray[np.float32]
    """(K, 12, 10) mean year of each class in training, reflectance × 10 000, in the order of `about["known"]`."""
    class_texts: NDArray[np.float32]
    """(C, dim) vectors of every class there are prompts for, in the order of `about["text_codes"]`."""
    sha256: str

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return len(self.text_map.mean)

    @property
    def model_id(self) -> str:
        """Name and version, as it stands in provenance and beside stored vectors."""
        return f"{self.about['name']}-{self.about['version']}"

    def embed(
        self, years: ArrayLike | Years, batch: int = 4096, radar: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return (N, dim) unit vectors; rows of unusable pixels are 0. Memory is bounded by the batch.

        `radar`: (N, 12, 2) Sentinel-1 VV and VH in dB, NaN where missing.
        """
        years = years if isinstance(years, Years) else read_years(years)
        out = np.zeros((len(years), self.dim), np.float32)
        at = np.flatnonzero(years.usable)
        for rows in batches(at, batch):
            given = (years.values[rows],) if radar is None else (years.values[rows], radar[rows])
            out[rows] = embed_batch(self.pixels, *map(torch.from_numpy, given)).numpy()
        return out

    @property
    def calibrated(self) -> bool:
        """Its chances were fitted and measured at places it had not seen."""
        return True

    def classify(self, pixels: NDArray[np.float32], classes: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (N, K) probabilities: how much of each known class's text a vector is made of, exactly."""
        return shares(pixels, classes)

    def examine(
        self, years: Years, batch: int = 4096, radar: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the vectors, and which pixels' years are unlike all training years: there a map is a guess."""
        vectors, far = np.zeros((len(years), self.dim), np.float32), np.zeros(len(years), bool)
        with torch.inference_mode():
            for rows in batches(np.flatnonzero(years.usable), batch):
                given = (years.values[rows],) if radar is None else (years.values[rows], radar[rows])
                both = self.pixels.examine(*map(torch.from_numpy, given))
                vectors[rows], far[rows] = (one.numpy() for one in both)
        return vectors, far

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dim) unit vectors in the shared space."""
        with torch.inference_mode():
            return self.text_map(torch.from_numpy(self.tower.encode(texts))).numpy()


def batches(at: NDArray, size: int) -> list[NDArray]:
    """Return positions in runs of at most `size`."""
    return [at[start : start + size] for start in range(0, len(at), size)]


def embed_batch(model: nn.Module, *given: Tensor, smallest: int = 1) -> Tensor:
    """Return a model's vectors of one batch on the CPU; out of GPU memory, go on with halves.

    Raises:
        torch.OutOfMemoryError: even `smallest` pixels do not fit.
    """
    device = next(chain(model.parameters(), model.buffers())).device
    try:
        with torch.inference_mode():
            return model(*(one.to(device) for one in given)).float().cpu()
    except torch.OutOfMemoryError:
        if len(given[0]) <= smallest:
            raise
        if device.type == "cuda":
            torch.cuda.empty_cache()
    half = len(given[0]) // 2
    parts = [[one[:half] for one in given], [one[half:] for one in given]]
    return torch.cat([embed_batch(model, *part, smallest=smallest) for part in parts])


def write(
    path: Path,
    pixels: PixelTower,
    text_map: TextMap,
    about: dict[str, Any],
    reference: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    class_texts: NDArray[np.float32],
) -> None:
    """Write the model, float16, in one safetensors file."""
    tensors = {f"pixels.{name}": t for name, t in pixels.state_dict().items()}
    tensors |= {f"text_map.{name}": t for name, t in text_map.state_dict().items()}
    extra = {"reference": reference, "prototypes": prototypes, "class_texts": class_texts}
    tensors |= {name: torch.from_numpy(array) for name, array in extra.items()}
    save(path, {name: tensor.half() for name, tensor in tensors.items()}, about)


@lru_cache(maxsize=2)
def load(path: Path = WEIGHTS) -> Shipped:
    """Return the model of a file, ready to use.

    Raises:
        BadFile: the file is missing, corrupt or holds another kind of model.
    """
    state, about = read_state(path), read_metadata(path)
    if about.get("kind") != "landask-pixels":
        raise BadFile(f"{path} is no landask-pixels model")
    state = {name: tensor.float() for name, tensor in state.items()}
    pixels = PixelTower(state["pixels.texts"].numpy(), about["centres"])
    load_into(pixels, {n.removeprefix("pixels."): t for n, t in state.items() if n.startswith("pixels.")}, str(path))
    text_map = TextMap(state["pixels.texts"].shape[1])
    load_into(text_map, {n.removeprefix("text_map."): t for n, t in state.items() if n.startswith("text_map.")})
    return Shipped(
        pixels.eval(),
        text_map.eval(),
        make_tower(about["text_tower"]),
        about,
        state["reference"].numpy(),
        state["prototypes"].numpy(),
        state["class_texts"].numpy(),
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )
