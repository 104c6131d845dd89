"""Our own model: a closed-form member, a few small encoders, and the map that brings words into their space.

Named as ours; it is no TimeSenCLIP, and every number in it was learnt here. A pixel's vector is the kernel member's
plus a share of the encoders' mean, of length one. The text side is the text tower's vector, centred.
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
from tools.pixelclip.encoder import EncoderConfig, PixelEncoder
from tools.pixelclip.features import CHANNELS, YEAR_FEATURES, Standard, month_features, year_features
from tools.pixelclip.kernel import KernelMember, ViewSizes
from tools.pixelclip.student import SAID, Student
from tools.pixelclip.towers import TextTower, make_tower
from tools.pixelclip.weights import load_into, read_metadata, read_state, save

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


@dataclass(frozen=True)
class TowerSizes:
    """What a pixel tower is made of."""

    encoder: EncoderConfig
    members: int
    landmarks: int
    """Training years of the kernel member."""
    year_gamma: float
    student_gamma: float
    student_axes: int
    members_share: float
    """Weight of the encoders' mean vector beside the kernel member's."""


class PixelTower(nn.Module):
    """Reflectance years → unit vectors: the kernel member's and the small encoders' mean."""

    def __init__(self, sizes: TowerSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.standard = Standard(CHANNELS)
        self.student = Student()
        self.members = nn.ModuleList(PixelEncoder(sizes.encoder) for _ in range(sizes.members))
        year = ViewSizes(YEAR_FEATURES, sizes.year_gamma)
        said = ViewSizes(12 * SAID, sizes.student_gamma, sizes.student_axes)
        self.kernel = KernelMember((year, said), sizes.landmarks, sizes.encoder.out)

    def forward(self, years: Tensor) -> Tensor:
        """Return (B, dim) for (B, 12, 10) reflectance × 10 000, complete."""
        months = month_features(years)
        vector = self.kernel(self.views(months))
        if self.members:
            x = self.standard(months)
            mean = torch.stack([normalize(member(x), dim=-1) for member in self.members]).mean(dim=0)
            vector = vector + self.sizes.members_share * normalize(mean, dim=-1)
        return normalize(vector, dim=-1)

    def views(self, months: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the kernel member compares, for (B, 12, 16): the year's values, and the student's."""
        return year_features(months), self.student(months).flatten(1)


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
        out = np.zeros((len(years), len(self.text_map.mean)), np.float32)
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
    sizes = about["sizes"]
    pixels = PixelTower(TowerSizes(**sizes | {"encoder": EncoderConfig(**sizes["encoder"])}))
    load_into(pixels, {n.removeprefix("pixels."): t for n, t in state.items() if n.startswith("pixels.")}, str(path))
    text_map = TextMap(sizes["encoder"]["out"])
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
