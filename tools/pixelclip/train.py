"""Training on photos: one loop that can be killed at any moment and goes on to the same result.

All randomness of a step comes from (seed, step), so a checkpoint needs no random state: parameters, optimiser and the
step number are enough, and on a CPU the resumed run equals the straight one to the bit.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retrieval.errors import BadArgument, BadFile
from tools.pixelclip.augment import draw_steps
from tools.pixelclip.bands import normalise
from tools.pixelclip.contrastive import PhotoQueue, Temperature, info_nce
from tools.pixelclip.encoder import EncoderConfig, PixelEncoder
from tools.pixelclip.pooling import make_pooling


@dataclass(frozen=True)
class TrainConfig:
    """How to train. The defaults are TimeSenCLIP's (article, version 3) where it says."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    epochs: int = 200
    batch: int = 1024
    learning_rate: float = 1e-4
    weight_decay: float = 1e-6
    warmup_epochs: float = 10
    queue: int = 2048
    learn_temperature: bool = True
    temperature: float = 0.07
    pooling: str = "photo"
    augmentation: str = "TSMixAug"
    clip: float = 1.0
    """Largest norm of a gradient."""
    seed: int = 0
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16: mixed, parameters stay float32."""
    device: str = "cpu"
    checkpoint_steps: int = 200

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Task(Protocol):
    """What is learnt: the data, the modules, and the loss of some rows."""

    size: int

    def modules(self, config: TrainConfig) -> nn.ModuleDict:
        """Return everything that has parameters or state, the encoder under `encoder`."""
        ...

    def loss(self, modules: nn.ModuleDict, rows: Tensor, generator: torch.Generator, config: TrainConfig) -> Tensor:
        """Return the loss of these rows."""
        ...


class PhotoTask:
    """Pixels against photo embeddings computed once: InfoNCE with a queue."""

    def __init__(self, years: NDArray[np.float32], photos: NDArray[np.float32]) -> None:
        """Take (N, 12, 10) reflectance × 10 000, complete, and (N, photos, dim) embeddings of the same places."""
        if len(years) != len(photos) or photos.ndim != 3:
            raise BadArgument(f"{len(years)} pixel years and photo embeddings of shape {photos.shape} do not match")
        self.years, self.photos = torch.from_numpy(normalise(years)), torch.from_numpy(photos.astype(np.float32))
        self.size = len(years)

    def modules(self, config: TrainConfig) -> nn.ModuleDict:
        """Return encoder, photo pooling, temperature and queue."""
        dim = self.photos.shape[-1]
        if config.encoder.out != dim:
            raise BadArgument(f"the encoder's {config.encoder.out} dimensions are not the photos' {dim}")
        return nn.ModuleDict(
            {
                "encoder": PixelEncoder(config.encoder),
                "pooling": make_pooling(config.pooling, dim),
                "temperature": Temperature(config.temperature, config.learn_temperature),
                "queue": PhotoQueue(config.queue, dim, min(config.batch, self.size), config.seed),
            }
        )

    def loss(self, modules: nn.ModuleDict, rows: Tensor, generator: torch.Generator, config: TrainConfig) -> Tensor:
        """Return InfoNCE of these rows against their photos and the queue."""
        years, photos = self.years[rows].to(config.device), self.photos[rows].to(config.device)
        steps = draw_steps(config.augmentation, generator)
        if steps.bands is not None:
            kept = torch.zeros(years.shape[-1], device=years.device).index_fill(0, steps.bands.to(years.device), 1.0)
            years = years * kept
        keep = None if steps.keep is None else steps.keep.to(config.device)
        pixels = modules["encoder"](years, keep, steps.collapse)
        target = nn.functional.normalize(modules["pooling"](photos), dim=-1)
        queue = cast(PhotoQueue, modules["queue"])
        loss = info_nce(pixels, target, queue.negatives(), modules["temperature"]())
        queue.push(target)
        return loss


def train(
    task: Task,
    config: TrainConfig,
    folder: Path | None = None,
    resume: bool = True,
    progress: Callable[[int, int, float], None] | None = None,
) -> nn.ModuleDict:
    """Train and return the modules; with a folder, keep `checkpoint.pt` and `metrics.jsonl` there.

    Args:
        task: What is learnt.
        config: How.
        folder: Where checkpoints go; a checkpoint of the same configuration found there is gone on from.
        resume: Whether to look for one.
        progress: Called with step, steps and loss after each step.

    Raises:
        BadFile: the checkpoint is damaged or of another configuration.
    """
    torch.manual_seed(config.seed)
    modules = task.modules(config).to(config.device).train()
    optimiser = torch.optim.AdamW(
        [p for p in modules.parameters() if p.requires_grad],
        config.learning_rate,
        betas=(0.9, 0.999),
        weight_decay=config.weight_decay,
    )
    batch = min(config.batch, task.size)
    per_epoch = task.size // batch
    steps, warm = config.epochs * per_epoch, max(1, round(config.warmup_epochs * per_epoch))
    start = _resume(folder, config, modules, optimiser) if folder and resume else 0
    for step in range(start, steps):
        epoch, at = divmod(step, per_epoch)
        rows = _permutation(task.size, config.seed, epoch)[at * batch : (at + 1) * batch]
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * rate(step, steps, warm)
        loss = _step(task, modules, optimiser, rows, config, step)
        if progress:
            progress(step + 1, steps, loss)
        if folder and ((step + 1) % config.checkpoint_steps == 0 or step + 1 == steps):
            _note(folder, {"step": step + 1, "epoch": epoch, "loss": loss, "rate": optimiser.param_groups[0]["lr"]})
            _checkpoint(folder, config, modules, optimiser, step + 1)
    return modules.eval()


def rate(step: int, steps: int, warm: int) -> float:
    """Return the learning rate's share of its maximum: a linear warm-up, then a cosine to zero."""
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _step(
    task: Task, modules: nn.ModuleDict, optimiser: torch.optim.Optimizer, rows: Tensor, config: TrainConfig, step: int
) -> float:
    seed = config.seed * 1_000_003 + step
    torch.manual_seed(seed)  # dropout
    generator = torch.Generator().manual_seed(seed)
    kind = torch.device(config.device).type
    with torch.autocast(kind, dtype=torch.bfloat16, enabled=config.precision == "bfloat16"):
        loss = task.loss(modules, rows, generator, config)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(modules.parameters(), config.clip)
    optimiser.step()
    return float(loss.detach())


def _permutation(size: int, seed: int, epoch: int) -> Tensor:
    return torch.randperm(size, generator=torch.Generator().manual_seed(seed * 7919 + epoch))


def _checkpoint(
    folder: Path, config: TrainConfig, modules: nn.ModuleDict, optimiser: torch.optim.Optimizer, step: int
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "checkpoint.pt.part"
    state = {
        "step": step,
        "config": json.dumps(config.to_json(), sort_keys=True),
        "modules": modules.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    torch.save(state, part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(folder / "checkpoint.pt")


def _resume(folder: Path, config: TrainConfig, modules: nn.ModuleDict, optimiser: torch.optim.Optimizer) -> int:
    path = folder / "checkpoint.pt"
    if not path.is_file():
        return 0
    try:
        state = torch.load(path, map_location=config.device, weights_only=True)
        step, written = int(state["step"]), state["config"]
    except Exception as error:  # a damaged file raises a dozen kinds
        raise BadFile(f"{path} is damaged; remove it to start again") from error
    if written != json.dumps(config.to_json(), sort_keys=True):
        raise BadFile(f"{path} belongs to another configuration; choose another folder or remove it")
    modules.load_state_dict(state["modules"])
    optimiser.load_state_dict(state["optimiser"])
    _forget_after(folder / "metrics.jsonl", step)
    return step


def _note(folder: Path, line: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _forget_after(path: Path, step: int) -> None:
    """Drop lines a killed run wrote after its last checkpoint."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
    path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
