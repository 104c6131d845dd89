"""Our own model: a closed-form member, small encoders if wanted, and the map that brings words into their space.

Named as ours; it is no TimeSenCLIP, and every number in it was learnt here. A pixel's vector is the kernel member's
plus the mean of the encoders', of length one. The text side is the text tower's vector, centred, and turned by one
matrix where encoders were trained with it.
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
from torch.nn.functional import linear, normalize

from retrieval.errors import BadFile
from tools.pixelclip.bands import Years, read_years
from tools.pixelclip.encoder import EncoderConfig, PixelEncoder
from tools.pixelclip.towers import TextTower, make_tower
from tools.pixelclip.weights import load_into, read_metadata, read_state, save

WEIGHTS = Path(__file__).parent / "weights" / "landask-pixels.safetensors"

INDICES: tuple[tuple[str, int, int], ...] = (
    ("NDVI", 6, 2), ("NDMI", 6, 8), ("NBR2", 8, 9), ("NDWI", 1, 6), ("red edge", 4, 3), ("red-blue", 2, 0),
)  # fmt: skip
"""Normalised differences added to the ten bands: name, positions of the two bands."""

CHANNELS = 10 + len(INDICES)

YEAR_FEATURES = CHANNELS * (12 + 6)
"""Values of a whole year: twelve months, mean, spread and four order statistics of each channel."""


DARKEST = 30.0
"""Reflectance × 10 000 below which a band's logarithm says nothing more: shadow and open water in the infrared."""


class MonthFeatures(nn.Module):
    """Reflectance × 10 000 → 16 standardised values a month: logarithms of ten bands, six normalised differences.

    Logarithms, because light and slope multiply a spectrum: what tells covers apart is the ratio of bands.
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("std", torch.ones(CHANNELS))

    def raw(self, years: Tensor) -> Tensor:
        """Return (B, 12, 16) before standardising."""
        bands = (years.clamp(min=DARKEST) / 10_000).log()
        pairs = [(years[..., i] - years[..., j]) / (years[..., i] + years[..., j] + 10) for _, i, j in INDICES]
        return torch.cat([bands, torch.stack(pairs, dim=-1)], dim=-1)

    def forward(self, years: Tensor) -> Tensor:
        """Return (B, 12, 16)."""
        return (self.raw(years) - self.mean) / self.std

    def fit(self, years: Tensor) -> None:
        """Set mean and spread from training years."""
        values = self.raw(years).flatten(0, 1)
        self.mean.copy_(values.mean(dim=0))
        self.std.copy_(values.std(dim=0).clamp(min=1e-3))


class TextMap(nn.Module):
    """The text tower's unit vectors → the shared space: centred, one matrix that starts as the identity."""

    mean: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.weight = nn.Parameter(torch.eye(dim))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return unit vectors (…, dim)."""
        return normalize(linear(normalize(vectors - self.mean, dim=-1), self.weight), dim=-1)


class KernelMember(nn.Module):
    """Kernel ridge regression from a year's features to the text vector of its class, solved in closed form.

    f(x) = c + Σ_i exp(−γ |x − x_i|²) a_i over the training years x_i. Good where data are few; the small encoders and
    this one err differently.
    """

    landmarks: Tensor
    coefficients: Tensor
    centre: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self, landmarks: int, features: int, dim: int, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma / features
        for name, shape in {
            "landmarks": (landmarks, features),
            "coefficients": (landmarks, dim),
            "centre": (dim,),
            "mean": (features,),
            "std": (features,),
        }.items():
            self.register_buffer(name, torch.zeros(shape))

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, dim) unit vectors for (B, features)."""
        return normalize(self._kernel((features - self.mean) / self.std) @ self.coefficients + self.centre, dim=-1)

    def fit(self, features: Tensor, target: Tensor, weight: Tensor, ridge: float) -> None:
        """Solve for targets (N, dim) with importance (N,): (K + ridge · diag(1 / weight)) a = target − centre."""
        self.mean.copy_(features.mean(dim=0))
        self.std.copy_(features.std(dim=0).clamp(min=1e-6))
        self.landmarks.copy_((features - self.mean) / self.std)
        self.centre.copy_((target * weight[:, None]).sum(dim=0) / weight.sum())
        kernel = self._kernel(self.landmarks).double() + ridge * torch.diag(1 / weight.double())
        self.coefficients.copy_(torch.linalg.solve(kernel, (target - self.centre).double()).float())

    def _kernel(self, x: Tensor) -> Tensor:
        distance = x.square().sum(dim=1)[:, None] - 2 * x @ self.landmarks.T + self.landmarks.square().sum(dim=1)
        return torch.exp(-self.gamma * distance.clamp(min=0))


@dataclass(frozen=True)
class TowerSizes:
    """What a pixel tower is made of."""

    encoder: EncoderConfig
    members: int
    landmarks: int = 0
    """Training years of the kernel member; 0: none."""
    gamma: float = 0.5


class PixelTower(nn.Module):
    """Reflectance years → unit vectors: the small encoders' mean and the kernel member's."""

    def __init__(self, sizes: TowerSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.features = MonthFeatures()
        self.members = nn.ModuleList(PixelEncoder(sizes.encoder) for _ in range(sizes.members))
        count, dim = sizes.landmarks, sizes.encoder.out
        self.kernel = KernelMember(count, YEAR_FEATURES, dim, sizes.gamma) if count else None

    def forward(self, years: Tensor) -> Tensor:
        """Return (B, dim) for (B, 12, 10) reflectance × 10 000, complete."""
        raw = self.features.raw(years)
        x = (raw - self.features.mean) / self.features.std
        parts = [normalize(member(x), dim=-1) / len(self.members) for member in self.members]
        if self.kernel is not None:
            parts.append(self.kernel(year_features(raw)))
        return normalize(torch.stack(parts).sum(dim=0), dim=-1)


def year_features(months: Tensor) -> Tensor:
    """Return (B, 288): the months, their mean and spread, and the 1st, 4th, 9th and 12th of them in order of value."""
    ordered = months.sort(dim=1).values[:, [0, 3, 8, 11]]
    return torch.cat([months.flatten(1), months.mean(dim=1), months.std(dim=1), ordered.flatten(1)], dim=1)


@dataclass(frozen=True, eq=False)
class Shipped:
    """The loaded model with everything an answer needs: pixels, words, reference sample, calibration, scores."""

    pixels: PixelTower
    text_map: TextMap
    tower: TextTower
    about: dict[str, Any]
    """Metadata of the file: classes, calibration, scores, training ids."""
    reference: NDArray[np.float32]
    """(R, dim) vectors of the fixed reference sample that class means are taken over."""
    prototypes: NDArray[np.float32]
    """(K, 12, 10) mean year of each class in training, reflectance × 10 000, in the order of `about["classes"]`."""
    class_texts: NDArray[np.float32]
    """(C, dim) vectors of every class there are prompts for, in the order of `about["text_codes"]`."""
    sha256: str

    @property
    def model_id(self) -> str:
        """Name and version, as it stands in provenance and beside stored vectors."""
        return f"{self.about['name']}-{self.about['version']}"

    def embed(self, years: ArrayLike | Years, batch: int = 4096) -> NDArray[np.float32]:
        """Return (N, dim) unit vectors; rows of unusable pixels are 0. Memory is bounded by the batch."""
        years = years if isinstance(years, Years) else read_years(years)
        out = np.zeros((len(years), self.text_map.weight.shape[0]), np.float32)
        at = np.flatnonzero(years.usable)
        for rows in batches(at, batch):
            out[rows] = embed_batch(self.pixels, torch.from_numpy(years.values[rows])).numpy()
        return out

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dim) unit vectors in the shared space."""
        with torch.inference_mode():
            return self.text_map(torch.from_numpy(self.tower.encode(texts))).numpy()


def batches(at: NDArray, size: int) -> list[NDArray]:
    """Return positions in runs of at most `size`."""
    return [at[start : start + size] for start in range(0, len(at), size)]


def embed_batch(model: nn.Module, years: Tensor, smallest: int = 1) -> Tensor:
    """Return a model's vectors of one batch on the CPU; out of GPU memory, go on with halves.

    Raises:
        torch.OutOfMemoryError: even `smallest` pixels do not fit.
    """
    device = next(chain(model.parameters(), model.buffers())).device
    try:
        with torch.inference_mode():
            return model(years.to(device)).float().cpu()
    except torch.OutOfMemoryError:
        if len(years) <= smallest:
            raise
        if device.type == "cuda":
            torch.cuda.empty_cache()
    half = len(years) // 2
    return torch.cat([embed_batch(model, part, smallest) for part in (years[:half], years[half:])])


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
    landmarks = len(state.get("pixels.kernel.landmarks", ()))
    encoder = EncoderConfig(**about["encoder"])
    pixels = PixelTower(TowerSizes(encoder, about["members"], landmarks, about["gamma"]))
    load_into(pixels, {n.removeprefix("pixels."): t for n, t in state.items() if n.startswith("pixels.")}, str(path))
    text_map = TextMap(about["encoder"]["out"])
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
