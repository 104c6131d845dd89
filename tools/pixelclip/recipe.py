"""How our own model is made from the samples: which pixels, which words, which weights. Deterministic by seed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from retrieval.seasons import look_of, simulated_years
from tools.pixelclip.encoder import EncoderConfig
from tools.pixelclip.features import CHANNELS, month_features
from tools.pixelclip.prompts import Style, mean_vectors, prompts_of, read_prompts
from tools.pixelclip.samples import Samples
from tools.pixelclip.shipped import PixelTower, TextMap, TowerSizes
from tools.pixelclip.student import read_student
from tools.pixelclip.towers import TextTower
from tools.pixelclip.train import TextData, TextTask, TrainConfig, train

logger = logging.getLogger(__name__)

SMALL = EncoderConfig(dim=64, depth=2, heads=4, feedforward=128, dropout=0.2, bands=CHANNELS, out=384)


@dataclass(frozen=True)
class Recipe:
    """The choices behind our own model."""

    encoder: EncoderConfig = SMALL
    members: int = 3
    """Small encoders beside the kernel member; about a minute of training each."""
    members_share: float = 0.5
    """Weight of their mean vector beside the kernel member's."""
    epochs: int = 100
    batch: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    balance: float = 0.4
    """0: every pixel counts the same; 1: every class does."""
    simulated: int = 8
    """Synthetic pixel years a land cover."""
    simulated_weight: float = 0.3
    year_gamma: float = 1.0
    """Width of the kernel between years' own values: exp(−gamma · mean squared difference, standardised)."""
    student_gamma: float = 0.5
    """Width of the kernel between what the student says of the years."""
    student_axes: int = 128
    """Principal axes of the latter."""
    ridge: float = 0.3
    """Its regularisation."""
    seed: int = 0
    without: tuple[str, ...] = field(default=())
    """Classes left out altogether: neither pixels nor simulated pixels nor words."""

    def sizes(self, landmarks: int) -> TowerSizes:
        """Return the sizes of the tower that learns from so many years."""
        names = ("encoder", "members", "year_gamma", "student_gamma", "student_axes", "members_share")
        return TowerSizes(landmarks=landmarks, **{name: getattr(self, name) for name in names})

    def config(self, member: int) -> TrainConfig:
        """Return the training configuration of one member."""
        return TrainConfig(
            encoder=self.encoder,
            epochs=self.epochs,
            batch=self.batch,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            warmup_epochs=self.epochs / 10,
            seed=self.seed * 100 + member,
        )


def prompt_vectors(classes: Sequence[str], tower: TextTower) -> NDArray[np.float32]:
    """Return (K, P, dim): every prompt of every class, 0 where a class has fewer."""
    texts = [prompts_of(code, "all") for code in classes]
    flat = tower.encode([text for own in texts for text in own])
    out = np.zeros((len(classes), max(map(len, texts)), tower.dim), np.float32)
    start = 0
    for at, own in enumerate(texts):
        out[at, : len(own)] = flat[start : start + len(own)]
        start += len(own)
    return out


def text_centre(tower: TextTower) -> NDArray[np.float32]:
    """Return the mean of the tower's vectors over all our prompts: what every text about land has in common."""
    return tower.encode([text for entry in read_prompts().values() for text in entry["all"]]).mean(axis=0)


def text_data(samples: Samples, recipe: Recipe, tower: TextTower) -> TextData:
    """Return labelled real pixels and simulated ones with the prompts of all their classes."""
    known = [code for code in read_prompts() if code not in recipe.without]
    real = samples.take(np.isin(samples.land_cover, known))
    told = simulated_classes(recipe)
    made = simulated(told, recipe.simulated, recipe.seed)
    classes = tuple(sorted({*map(str, real.land_cover), *told}))
    at = {code: i for i, code in enumerate(classes)}
    label = np.array([at[str(code)] for code in real.land_cover], np.int64)
    count = np.bincount(label, minlength=len(classes)).clip(1).astype(float)
    weight = (1 / count**recipe.balance)[label]
    weight = weight / weight.mean()
    made_label = np.repeat([at[code] for code in told], recipe.simulated).astype(np.int64)
    return TextData(
        years=np.concatenate([real.years, made]).astype(np.float32),
        label=np.concatenate([label, made_label]),
        weight=np.concatenate([weight, np.full(len(made_label), recipe.simulated_weight)]).astype(np.float32),
        classes=classes,
        prompts=prompt_vectors(classes, tower),
        text_mean=text_centre(tower),
    )


def simulated_classes(recipe: Recipe) -> list[str]:
    """Return the classes whose simulated years are learnt from: those with a look, and prompts of their own."""
    if not recipe.simulated:
        return []
    return [code for code in read_prompts() if look_of(code) and not _related(code, recipe.without)]


def simulated(codes: Sequence[str], each: int, seed: int) -> NDArray[np.float32]:
    """Return (codes × each, 12, 10) synthetic years over Europe's latitudes, one class after the other."""
    random = np.random.default_rng(seed)
    cover = [code for code in codes for _ in range(each)]
    return simulated_years(cover, random.uniform(38, 56, len(cover)), random)


def make(
    samples: Samples,
    recipe: Recipe,
    tower: TextTower,
    folder: Path | None = None,
    progress: Callable[[int, int, float], None] | None = None,
) -> tuple[PixelTower, TextMap]:
    """Train the encoders, if any, then solve the kernel member, and return the pixel and the text side."""
    data = text_data(samples, recipe, tower)
    members = []
    for member in range(recipe.members):
        place = folder / f"member{member}" if folder else None
        members.append(train(TextTask(data), recipe.config(member), place, progress=progress))
        logger.info("member %d of %d is trained", member + 1, recipe.members)
    pixels = PixelTower(recipe.sizes(len(data.years)))
    text_map = TextMap.around(data.text_mean)
    pixels.student = read_student()
    for own, trained in zip(pixels.members, members, strict=True):
        own.load_state_dict(trained["encoder"].state_dict())
    _fit(pixels, text_map, data, recipe)
    return pixels.eval(), text_map.eval()


def class_vectors(
    classes: Sequence[str], text_map: TextMap, tower: TextTower, style: Style = "all"
) -> NDArray[np.float32]:
    """Return one unit vector a class in the shared space."""
    with torch.inference_mode():
        spoken = [text_map(torch.from_numpy(tower.encode(prompts_of(code, style)))).numpy() for code in classes]
    return mean_vectors(spoken)


def variant(recipe: Recipe, **changes: object) -> Recipe:
    """Return the recipe with some choices changed."""
    return replace(recipe, **changes)


@torch.inference_mode()
def _fit(pixels: PixelTower, text_map: TextMap, data: TextData, recipe: Recipe) -> None:
    """Solve the kernel member for the classes' mean text vectors, and set what the encoders' input is scaled by."""
    given = np.abs(data.prompts).sum(axis=2) > 0
    spoken = text_map(torch.from_numpy(data.prompts)).numpy()
    target = mean_vectors([spoken[at, given[at]] for at in range(len(data.classes))])[data.label]
    months = month_features(torch.from_numpy(data.years))
    pixels.standard.fit(months.flatten(0, 1))
    goal = torch.from_numpy(target), torch.from_numpy(data.weight)
    pixels.kernel.fit(pixels.views(months), *goal, recipe.ridge)


def _related(code: str, others: Sequence[str]) -> bool:
    return any(code.startswith(other) or other.startswith(code) for other in others)
