"""TimeSenCLIP's released weights as an encoder: a pixel's year, and CLIP's words.

The file may be the bare parameters, a safetensors file, or the checkpoint of a training run. Nothing in it is executed.
Its classes are ours, by their words alone: what it says was held against no label here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from retrieval.errors import BadArgument, BadFile
from tools.pixelclip.bands import BANDS, MONTHS, Years, normalise, read_years
from tools.pixelclip.encoder import EncoderConfig, PixelEncoder
from tools.pixelclip.fast import FastEncoder
from tools.pixelclip.prompts import mean_vectors, prompts_of, read_prompts, select_prompts
from tools.pixelclip.shipped import batches, load
from tools.pixelclip.towers import TextTower, make_tower
from tools.pixelclip.weights import encoder_state, load_into, read_state, temperature_of
from tools.pixelclip.zeroshot import corrected, softmax

TOWER = "open_clip:ViT-B-32:openai"
"""The text tower TimeSenCLIP was trained towards."""

HEADS = 8
"""Not told by the parameters' shapes."""

KEPT = 6
"""Prompts of a known class that are kept."""

SCALE = 100.0
"""Of the cosines, where the file has no temperature of its own: CLIP's."""


@dataclass(frozen=True, eq=False)
class TimeSenClip:
    """An `Encoder` of released weights."""

    network: PixelEncoder
    tower: TextTower
    scale: float
    sha256: str
    about: dict[str, Any]
    reference: NDArray[np.float32]
    class_texts: NDArray[np.float32]
    prototypes: NDArray[np.float32]
    calibrated: bool = False

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.network.config.out

    @property
    def model_id(self) -> str:
        """Name and the file's digest: releases carry no version."""
        return f"timesenclip-{self.sha256[:12]}"

    def embed(self, years: ArrayLike | Years, batch: int = 4096) -> NDArray[np.float32]:
        """Return (N, dim) unit vectors; unusable pixels are 0."""
        years = years if isinstance(years, Years) else read_years(years)
        out, at = np.zeros((len(years), self.dim), np.float32), np.flatnonzero(years.usable)
        run = FastEncoder(self.network)
        with torch.inference_mode():
            for rows in batches(at, batch):
                out[rows] = _unit(run(torch.from_numpy(normalise(years.values[rows]))).float().numpy())
        return out

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dim) unit vectors."""
        return self.tower.encode(texts)

    def classify(self, pixels: NDArray[np.float32], classes: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (N, K): softmax of the corrected cosines. Chances by words, never fitted to labels."""
        return softmax(self.scale * corrected(pixels, classes, self.reference).astype(float))

    def examine(
        self, years: Years, batch: int = 4096, radar: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], None]:
        """Return the vectors alone: what it was trained on is not in the file. Radar is left."""
        del radar
        return self.embed(years, batch), None


def read_timesenclip(path: Path, tower: str | None = None) -> TimeSenClip:
    """Return the encoder of a file of weights.

    Args:
        path: `.pt`, `.ckpt` or `.safetensors`.
        tower: Name of the text tower, as `make_tower` takes it.

    Raises:
        BadFile: the file holds no such encoder.
        BadArgument: it reads patches, or the tower's vectors are of another length.
    """
    state = read_state(path)
    own = encoder_state(state)
    config = config_of(own, str(path))
    if config.patch != 1:
        raise BadArgument(
            f"{path} reads patches of {config.patch} × {config.patch} pixels; single pixels are kept here"
        )
    network = PixelEncoder(config)
    load_into(network, own, str(path))
    text = make_tower(tower or TOWER)
    if text.dim != config.out:
        raise BadArgument(
            f"{path} speaks {config.out} numbers, {text.name} {text.dim}: name its tower with --text-tower"
        )
    known, codes = load(), list(read_prompts())
    about = {
        "known": list(known.about["known"]),
        "text_codes": codes,
        "labelled": {},
        "training_ids": {"locations": [], "points": []},
        "scores": {},
    }
    made = TimeSenClip(
        network.eval(),
        text,
        temperature_of(state) or SCALE,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        about,
        np.zeros((1, config.out), np.float32),
        mean_vectors([text.encode(prompts_of(code, "name")) for code in codes]),
        known.prototypes,
    )
    # the reference sample: the mean years of the classes known here, so that no class weighs more than another
    made = replace(made, reference=made.embed(read_years(known.prototypes, check_order=False)))
    return replace(made, class_texts=_with_selected_prompts(made))


def config_of(state: Mapping[str, Tensor], source: str) -> EncoderConfig:
    """Return the sizes that parameters' shapes tell.

    Raises:
        BadFile: they are not TimeSenCLIP's.
    """
    try:
        months = state["time_pos_encoding"].shape[-2]
        dim, inputs = state["spectral_embedding.1.weight"].shape
        depth = sum(name.endswith(".linear1.weight") for name in state)
        feedforward = state["transformer.layers.0.linear1.weight"].shape[0]
        out = state["mlp_head.1.weight"].shape[0]
    except (KeyError, ValueError, IndexError) as error:
        raise BadFile(f"{source} holds no TimeSenCLIP encoder: {error} is missing") from error
    patch = round((inputs / len(BANDS)) ** 0.5)
    if patch * patch * len(BANDS) != inputs or months != MONTHS:
        raise BadFile(f"{source} reads {inputs} values of {months} months; ten bands of twelve months are needed")
    return EncoderConfig(dim=dim, depth=depth, heads=HEADS, feedforward=feedforward, out=out, patch=patch)


def _with_selected_prompts(made: TimeSenClip) -> NDArray[np.float32]:
    """Return the class texts, those of the known classes from the prompts that SenCLIP's selection keeps."""
    known = made.about["known"]
    spoken = [made.tower.encode(prompts_of(code, "template")) for code in known]
    chosen = select_prompts(spoken, made.reference, KEPT)
    texts = made.class_texts.copy()
    for code, vectors, at in zip(known, spoken, chosen, strict=True):
        texts[made.about["text_codes"].index(code)] = mean_vectors([vectors[at]])[0]
    return texts


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
