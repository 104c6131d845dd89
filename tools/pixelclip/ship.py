"""Makes the file that ships: trains by the recipe on the labelled samples, adds reference sample, prototypes, scores.

One place fold (the first of five, with Corsican and Flemish blocks in it) is kept out of the shipped model for good, so
that `compare_with_survey` has labelled pixels it never saw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tools.pixelclip.prompts import LUCAS, read_prompts
from tools.pixelclip.recipe import Recipe, class_vectors, make
from tools.pixelclip.samples import SCORED, Samples, block_folds, blocks, joined, read_dekads, read_europe
from tools.pixelclip.shipped import WEIGHTS, write
from tools.pixelclip.towers import TextTower

NAME, VERSION = "landask-pixels", "3"
HELD_OUT = 0
"""The place fold that never enters training."""
REFERENCE = 400
"""Pixels in the fixed reference sample."""
ENOUGH = 7
"""Labelled pixels that make a class one of those competing in a classification."""

Progress = Callable[[int, int, float], None]


def training_samples(europe: Path, western_france: Path | None) -> Samples:
    """Return the labelled samples outside the held-out fold."""
    samples = read_europe(europe)
    folds = block_folds(blocks(samples)[np.isin(samples.land_cover, SCORED)])
    parts = [samples] if western_france is None else [samples, read_dekads(western_france)]
    kept = [part.take(_outside(part, folds)) for part in parts]
    every = joined(kept)
    return every.take(every.land_cover != "")


def make_file(
    samples: Samples,
    point_ids: Mapping[str, int],
    recipe: Recipe,
    tower: TextTower,
    path: Path = WEIGHTS,
    report: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Train and write the model; `report` is what `evals/classifier.py` measured of the same recipe."""
    pixels, text_map = make(samples, recipe, tower, folder, progress)
    classes = sorted({str(code) for code in samples.land_cover})
    count = {code: int((samples.land_cover == code).sum()) for code in classes}
    prototypes = np.stack([samples.years[samples.land_cover == code].mean(axis=0) for code in classes])
    chosen = np.linspace(0, len(samples) - 1, REFERENCE).astype(int)
    with torch.inference_mode():
        reference = pixels(torch.from_numpy(samples.years[chosen])).numpy()
    report = report or {}
    about = {
        "kind": "landask-pixels",
        "name": NAME,
        "version": VERSION,
        "text_tower": tower.name,
        "prompts_sha256": hashlib.sha256(LUCAS.read_bytes()).hexdigest(),
        "sizes": asdict(pixels.sizes),
        "recipe": {k: v for k, v in asdict(recipe).items() if k != "encoder"},
        "classes": classes,
        "known": [code for code in classes if count[code] >= ENOUGH],
        "labelled": count,
        "training_ids": {
            "locations": sorted(map(str, samples.ids)),
            "points": sorted({point_ids[str(i)] for i in samples.ids if str(i) in point_ids}),
        },
        "calibration": report.get("calibration", {}),
        "scores": {k: v for k, v in report.items() if k != "calibration"},
    }
    codes = list(read_prompts())
    texts = class_vectors(codes, text_map, tower)
    write(path, pixels, text_map, about | {"text_codes": codes}, reference, prototypes, texts)


def rewrite_report(path: Path, report: Mapping[str, Any]) -> None:
    """Put newly measured scores and calibration into a model file, its parameters untouched."""
    from tools.pixelclip.weights import read_metadata, read_state, save

    state, about = read_state(path), read_metadata(path)
    about["calibration"] = report["calibration"]
    about["scores"] = {k: v for k, v in report.items() if k != "calibration"}
    save(path, state, about)


def lucas_points(europe: Path) -> dict[str, int]:
    """Return sample id → LUCAS point id of the samples that are survey points."""
    import pandas as pd

    table = pd.read_parquet(europe, columns=["sample_id", "lucas_point_id"]).dropna().drop_duplicates("sample_id")
    return {str(i): int(p) for i, p in zip(table["sample_id"], table["lucas_point_id"], strict=True)}


def read_report(path: Path | None) -> dict[str, Any]:
    """Return a report written by `evals/classifier.py`, {} for none."""
    return json.loads(path.read_text(encoding="utf-8")) if path else {}


def _outside(samples: Samples, folds: Mapping[str, int]) -> Any:
    return np.array([folds.get(str(block), -1) != HELD_OUT for block in blocks(samples)])
