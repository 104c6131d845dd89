"""Teaches the student: unlabelled years, mingled and varied without end, and what the teacher says of their months.

The loss is the mean squared error of the standardised monthly values, and thrice that of their mean over the year.
Knowledge distillation with strong augmentation, as in Beyer et al. 2022 (arXiv 2106.05237): a patient teacher that sees
the very input the student sees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retrieval.errors import BadFile
from tools.pixelclip.augment import mingle
from tools.pixelclip.features import Standard, month_features
from tools.pixelclip.presto import Presto
from tools.pixelclip.student import SAID, Student
from tools.pixelclip.train import rate


@dataclass(frozen=True)
class DistilConfig:
    """How the student is taught."""

    steps: int = 3000
    batch: int = 4096
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    clip: float = 1.0
    seed: int = 0
    device: str = "cpu"


class Unlabelled:
    """Draws years: every source as often as the others, whatever its size."""

    def __init__(self, sources: Mapping[str, NDArray[np.float32]]) -> None:
        self.sources = [torch.from_numpy(years) for years in sources.values()]

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return (count, 12, 10) years as they are, sources at random."""
        which = torch.randint(len(self.sources), (count,), generator=generator)
        parts = []
        for at, years in enumerate(self.sources):
            wanted = int((which == at).sum())
            parts.append(years[torch.randint(len(years), (wanted,), generator=generator)])
        return torch.cat(parts)


def distil(
    sources: Mapping[str, NDArray[np.float32]],
    teacher: Presto,
    config: DistilConfig,
    progress: Callable[[int, int, float], None] | None = None,
) -> Student:
    """Return the student after so many steps; the same for the same seed and device."""
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    pool, device = Unlabelled(sources), config.device
    student, teacher = Student().to(device).train(), teacher.to(device)
    said = Standard(SAID).to(device)
    sample = mingle(pool.draw(2 * config.batch, generator), generator).to(device)
    student.standard.fit(month_features(sample).flatten(0, 1))
    said.fit(_told(teacher, sample).flatten(0, 1))
    optimiser = torch.optim.AdamW(student.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    for step in range(config.steps):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * rate(step, config.steps, max(1, config.steps // 15))
        years = mingle(pool.draw(config.batch, generator), generator).to(device)
        loss = _loss(student(month_features(years)), said(_told(teacher, years)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), config.clip)
        optimiser.step()
        if progress:
            progress(step + 1, config.steps, float(loss.detach()))
    return student.cpu().eval()


def explained(student: Student, teacher: Presto, years: NDArray[np.float32]) -> tuple[float, float]:
    """Return the share of the teacher's variance over these years that the student explains: by month, of the mean.

    Both are standardised over these years first, and the student's scale is its own.
    """
    with torch.inference_mode():
        x = torch.from_numpy(years)
        told, own = teacher.cpu().months(x), student(month_features(x))
        standard = Standard(SAID)
        standard.fit(told.flatten(0, 1))
        goal = standard(told)
        standard.fit(own.flatten(0, 1))
        own = standard(own)
    of = lambda a, b: float(1 - (a - b).square().mean() / b.var(dim=0).mean())  # noqa: E731
    return of(own, goal), of(own.mean(dim=1), goal.mean(dim=1))


def read_sources(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the sources of an NPZ file that `pool` wrote.

    Raises:
        BadFile: it is none.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            sources = {name: data[name].astype(np.float32) for name in data.files}
    except (OSError, ValueError) as error:
        raise BadFile(f"{path} is no file of pixel years: {error}") from error
    wrong = [name for name, years in sources.items() if years.shape[1:] != (12, 10)]
    if wrong or not sources:
        raise BadFile(f"{path} holds no (N, 12, 10) years{': ' + ', '.join(wrong) if wrong else ''}")
    return sources


def _told(teacher: Presto, years: Tensor) -> Tensor:
    with torch.inference_mode(), torch.autocast(years.device.type, torch.bfloat16, enabled=years.is_cuda):
        return teacher.months(years).float()


def _loss(said: Tensor, told: Tensor) -> Tensor:
    return (said - told).square().mean() + 3 * (said.mean(dim=1) - told.mean(dim=1)).square().mean()
