"""How well pixel years are classified by words at places never seen, beside what any simpler method does there.

Folds are by place: square blocks of 50 km, so that no test pixel has a neighbour in training; and once all of Corsica
is the test. Every method is trained and scored on the same pixels of the same folds. Classes are also left out of
training altogether (no pixels, no simulated pixels, no words), place and class both unseen: that is zero-shot.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from retrieval import seasons
from tools.pixelclip import augment, bands, contrastive, encoder, features, kernel, shipped, student, train, zeroshot
from tools.pixelclip import recipe as recipe_module
from tools.pixelclip.metrics import (
    accuracy,
    average_precision,
    balanced_accuracy,
    calibration_error,
    class_scores,
    confusion,
    recall_vs_area,
    roc_area,
)
from tools.pixelclip.presto import Presto
from tools.pixelclip.prompts import LUCAS, prompts_of, read_prompts
from tools.pixelclip.recipe import Recipe, class_vectors, make, text_centre, variant
from tools.pixelclip.samples import (
    SCORED,
    Samples,
    block_folds,
    blocks,
    in_corsica,
    joined,
    read_dekads,
    read_europe,
)
from tools.pixelclip.shipped import TextMap
from tools.pixelclip.towers import TextTower
from tools.pixelclip.zeroshot import decoders, fit_isotonic, fit_temperature, softmax

FOLDS = 5
CORSICA_FOLD = FOLDS
"""A further fold: train on everything else, test on the whole island."""

CELL_KM2 = 1e-4
"""A pixel stands for one cell of 10 m."""

Scores = NDArray[np.float64]
"""(test pixels, 15): higher is likelier."""


@dataclass(frozen=True)
class World:
    """The pixels, their place folds, and the features the baselines need."""

    samples: Samples
    """The European set."""
    extra: Samples
    """Western France 2023: only ever in training, and never from a test block."""
    fold: NDArray[np.int64]
    """(N,) 0 to 4, −1 for blocks without a scored pixel (always in training)."""
    extra_fold: NDArray[np.int64]
    label: NDArray[np.int64]
    """(N,) position in SCORED, −1 where the class is not scored."""
    raw: NDArray[np.float64]
    """(N, 120): nine bands and NDVI, twelve months."""
    presto: NDArray[np.float32] | None
    """(N, 128) with longitude and latitude, None without Presto's weights."""
    extra_label: NDArray[np.int64]
    extra_both: NDArray[np.float64] | None
    """(M, 248) Presto's and raw features of the extra pixels, for the baseline that learns from them too."""

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which pixels count."""
        return self.label >= 0

    def test(self, fold: int) -> NDArray[np.bool_]:
        """Return the test pixels of a fold, scored or not."""
        return in_corsica(self.samples) if fold == CORSICA_FOLD else self.fold == fold

    def train(self, fold: int) -> Samples:
        """Return everything our model may learn from in a fold."""
        far = np.ones(len(self.extra), bool) if fold == CORSICA_FOLD else self.extra_fold != fold
        return joined([self.samples.take(~self.test(fold)), self.extra.take(far)])


def read_world(shared: Path) -> World:
    """Return the world of `shared/data`."""
    samples = read_europe(shared / "s2_pixels" / "pixels_monthly_europe.parquet")
    extra = read_dekads(shared / "s2_pixels" / "raw" / "fra_west_2023_dekad.parquet")
    label, extra_label = (_labels(one) for one in (samples, extra))
    block, extra_block = blocks(samples), blocks(extra)
    folds = block_folds(block[label >= 0], FOLDS)
    weights = shared / "weights_presto" / "presto_default_model.pt"
    presto, extra_both = None, None
    if weights.is_file():
        network = Presto.read(weights)
        presto, far = (network.embed(one.years, one.gaps, one.lon, one.lat) for one in (samples, extra))
        extra_both = np.concatenate([far.astype(float), raw_features(extra.years)], axis=1)
    return World(
        samples,
        extra,
        np.array([folds.get(b, -1) for b in block], np.int64),
        np.array([folds.get(b, -1) for b in extra_block], np.int64),
        label,
        raw_features(samples.years),
        presto,
        extra_label,
        extra_both,
    )


def _labels(samples: Samples) -> NDArray[np.int64]:
    """Position in SCORED, −1 where the class is not scored."""
    return np.array([SCORED.index(c) if c in SCORED else -1 for c in samples.land_cover], np.int64)


def raw_features(years: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return nine bands (no B8A) and NDVI of twelve months: the baseline's features."""
    nine = np.delete(years, 7, axis=2) / 1e4
    ndvi = (years[..., 6] - years[..., 2]) / (years[..., 6] + years[..., 2] + 1)
    return np.concatenate([nine, ndvi[..., None]], axis=2).reshape(len(years), -1).astype(float)


def name_vectors(tower: TextTower) -> NDArray[np.float64]:
    """Return the centred, unit text vectors of the fifteen class names: what the ridge maps aim at."""
    vectors = tower.encode([prompts_of(code, "name")[0] for code in SCORED]).astype(float)
    vectors -= vectors.mean(axis=0)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ridge(
    feature: NDArray, world: World, fold: int, target: NDArray, more: NDArray | None = None, strength: float = 1.0
) -> Scores:
    """Return a ridge map's scores: standardised features → class-name vectors → cosine with each name.

    `more`: the extra pixels' features, to learn from those outside the fold's blocks too.
    """
    learn, test = world.scored & ~world.test(fold), world.scored & world.test(fold)
    known, label = feature[learn], world.label[learn]
    if more is not None:
        far = (world.extra_label >= 0) & (world.extra_fold != fold)
        known, label = np.concatenate([known, more[far]]), np.concatenate([label, world.extra_label[far]])
    mean, std = known.mean(axis=0), known.std(axis=0) + 1e-9
    x, z = (known - mean) / std, (feature[test] - mean) / std
    y = target[label]
    centre = y.mean(axis=0)
    weight = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ (y - centre))
    return (z @ weight + centre) @ target.T


def nearest(world: World, fold: int) -> Scores:
    """Return one-hot scores of the nearest training pixel in standardised raw features."""
    learn, test = world.scored & ~world.test(fold), world.scored & world.test(fold)
    mean, std = world.raw[learn].mean(axis=0), world.raw[learn].std(axis=0) + 1e-9
    x, z = (world.raw[learn] - mean) / std, (world.raw[test] - mean) / std
    distance = (z**2).sum(1)[:, None] - 2 * z @ x.T + (x**2).sum(1)[None]
    return np.eye(len(SCORED))[world.label[learn][distance.argmin(axis=1)]]


def majority(world: World, fold: int) -> Scores:
    """Return the training set's class shares for every test pixel."""
    learn, test = world.scored & ~world.test(fold), world.scored & world.test(fold)
    share = np.bincount(world.label[learn], minlength=len(SCORED)) / learn.sum()
    return np.repeat(share[None], test.sum(), axis=0)


def baselines(world: World, tower: TextTower) -> dict[str, Callable[[int], Scores]]:
    """Return method → scores of a fold."""
    target = name_vectors(tower)
    methods: dict[str, Callable[[int], Scores]] = {
        "majority class": lambda fold: majority(world, fold),
        "nearest pixel": lambda fold: nearest(world, fold),
        "ridge, bands + NDVI": lambda fold: ridge(world.raw, world, fold, target),
    }
    if world.presto is not None:
        presto = world.presto.astype(float)
        both = np.concatenate([presto, world.raw], axis=1)
        methods["ridge, Presto"] = lambda fold: ridge(presto, world, fold, target)
        methods["ridge, Presto + bands + NDVI"] = lambda fold: ridge(both, world, fold, target)
        methods["the same, also learning from western France"] = lambda fold: ridge(
            both, world, fold, target, world.extra_both
        )
    return methods


def ours(world: World, tower: TextTower, recipe: Recipe, fold: int) -> Scores:
    """Train our recipe without a fold's places and return how its scored pixels fit the classes.

    Known classes are decoded as answers do it; with classes left out, all are compared by their words alone.
    """
    pixels, text_map = make(world.train(fold), recipe, tower)
    vectors = class_vectors(SCORED, text_map, tower)
    if not recipe.without:
        vectors = decoders(vectors, class_vectors(list(read_prompts()), text_map, tower))
    test = world.samples.take(world.scored & world.test(fold))
    with torch.inference_mode():
        seen = pixels(torch.from_numpy(test.years))
    return (seen.numpy() @ vectors.T).astype(float)


@dataclass(frozen=True)
class Kept:
    """Scores that took minutes to make, in a folder, so that a run that was ended goes on where it stopped."""

    folder: Path | None
    """None keeps nothing."""

    def scores(self, name: str, make: Callable[[], Scores]) -> Scores:
        """Return what is kept under a name, else what `make` gives, kept from now on."""
        path = self.folder / f"{name}.npy" if self.folder else None
        if path and path.is_file():
            return np.load(path, allow_pickle=False)
        start = time.monotonic()
        made = make()
        print(f"  classifier {name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            with part.open("wb") as file:
                np.save(file, made)
            part.replace(path)
        return made


def recipe_key(world: World, recipe: Recipe) -> str:
    """Return a digest of everything a fold's scores depend on: recipe, pixels, prompts, and the code of the model."""
    digest = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    for part in (world.samples, world.extra):
        digest.update(part.years.tobytes() + "".join(part.land_cover).encode())
    digest.update(world.fold.tobytes() + LUCAS.read_bytes() + student.STUDENT.read_bytes())
    modules = (augment, bands, contrastive, encoder, features, kernel, recipe_module, seasons, shipped, student, train)
    for module in (*modules, zeroshot):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:12]


@dataclass
class FoldTable:
    """Scores by method and fold, and the truth of each fold."""

    truth: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    scores: dict[str, dict[int, Scores]] = field(default_factory=dict)

    def together(self, method: str, folds: Sequence[int]) -> tuple[NDArray[np.int64], Scores]:
        """Return truth and scores of some folds, one after the other."""
        return np.concatenate([self.truth[f] for f in folds]), np.concatenate([self.scores[method][f] for f in folds])

    def row(self, method: str, folds: Sequence[int]) -> dict[str, Any]:
        """Return a method's figures over some folds together, and its vineyard scores."""
        truth, scores = self.together(method, folds)
        said = scores.argmax(axis=1)
        one = class_scores(confusion(truth, said, len(SCORED)))
        there = np.unique(truth)
        vine = one[SCORED.index("B82")]
        five = np.argsort(-scores, axis=1)[:, :5]
        return {
            "method": method,
            "accuracy": round(accuracy(truth, said), 3),
            "top 5": round(float((five == truth[:, None]).any(axis=1).mean()), 3),
            "balanced": round(balanced_accuracy(truth, said), 3),
            "mean F1": round(float(np.mean([one[c].f1 for c in there])), 3),
            "mean AP": round(float(np.mean([average_precision(truth == c, scores[:, c]) for c in there])), 3),
            "mean recall-vs-area": round(float(np.mean([_area(truth == c, scores[:, c]) for c in there])), 3),
            "vineyard recall": round(vine.recall, 2),
            "vineyard precision": round(vine.precision, 2),
            "pixels": len(truth),
        }


def fold_table(world: World, tower: TextTower, recipe: Recipe, name: str, kept: Kept) -> FoldTable:
    """Run every method on the five block folds and on Corsica; our own is trained anew in each."""
    table = FoldTable()
    for fold in range(FOLDS + 1):
        table.truth[fold] = world.label[world.scored & world.test(fold)]
        for method, score in baselines(world, tower).items():
            table.scores.setdefault(method, {})[fold] = score(fold)
        own = kept.scores(f"fold-{fold}", lambda fold=fold: ours(world, tower, recipe, fold))
        table.scores.setdefault(name, {})[fold] = own
    return table


def confidences(table: FoldTable, method: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return how sure a method is of its first class, the scale fitted on the other folds, and whether it is right."""
    sure, right = [], []
    for fold in range(FOLDS):
        truth, scores = table.together(method, [f for f in range(FOLDS) if f != fold])
        scale = fit_temperature(scores, truth)
        own = table.scores[method][fold]
        sure.append(softmax(scale * own).max(axis=1))
        right.append(own.argmax(axis=1) == table.truth[fold])
    return np.concatenate(sure), np.concatenate(right)


def reliability(table: FoldTable, method: str, bins: int = 10) -> list[dict[str, float]]:
    """Return mean confidence, share right and pixels of each tenth of confidence that occurs."""
    sure, right = confidences(table, method)
    at = np.clip((sure * bins).astype(int), 0, bins - 1)
    return [
        {
            "confidence": round(float(sure[at == b].mean()), 3),
            "right": round(float(right[at == b].mean()), 3),
            "pixels": int((at == b).sum()),
        }
        for b in range(bins)
        if (at == b).any()
    ]


def calibration(table: FoldTable, method: str) -> dict[str, Any]:
    """Return the temperature, fitted and checked across folds, and each class's isotonic map from all folds."""
    truth, scores = table.together(method, range(FOLDS))
    before = softmax(14.3 * scores).max(axis=1)  # 1 / 0.07, where training started
    curves = {code: fit_isotonic(scores[:, at], truth == at) for at, code in enumerate(SCORED)}
    return {
        "scale": round(fit_temperature(scores, truth), 2),
        "error before": round(calibration_error(before, scores.argmax(axis=1) == truth), 3),
        "error after": round(calibration_error(*confidences(table, method)), 3),
        "curves": {code: {"score": c.score, "probability": c.probability} for code, c in curves.items()},
    }


def by_class(table: FoldTable, method: str) -> dict[str, dict[str, float]]:
    """Return each class's precision, recall, F1, average precision, normalised recall-vs-area and pixels."""
    truth, scores = table.together(method, range(FOLDS))
    out = {}
    for at, one in enumerate(class_scores(confusion(truth, scores.argmax(axis=1), len(SCORED)))):
        out[SCORED[at]] = {
            "precision": round(one.precision, 3),
            "recall": round(one.recall, 3),
            "f1": round(one.f1, 3),
            "average_precision": round(average_precision(truth == at, scores[:, at]), 3),
            "recall_vs_area": round(_area(truth == at, scores[:, at]), 3),
            "pixels": one.support,
        }
    return out


def island_map(table: FoldTable, method: str, code: str = "B82") -> dict[str, float]:
    """Return how well the map of one class ranks Corsica's labelled pixels, trained without Corsica.

    Each pixel stands for a 10 m cell; the region searched is the labelled pixels themselves.
    """
    score = table.scores[method][CORSICA_FOLD][:, SCORED.index(code)]
    truth = table.truth[CORSICA_FOLD] == SCORED.index(code)
    curve = recall_vs_area(score, CELL_KM2, np.flatnonzero(truth))
    return {
        "average_precision": round(average_precision(truth, score), 3),
        "chance": round(float(truth.mean()), 3),
        "recall_vs_area": round(curve.normalised_area, 3),
        "share_of_area_for_half": round(curve.needed(0.5) / curve.region_km2, 3),
        "share_of_area_for_90": round(curve.needed(0.9) / curve.region_km2, 3),
        "points": int(truth.sum()),
    }


def left_out_groups(world: World) -> tuple[tuple[str, ...], ...]:
    """Return five groups of three classes: each class in the place fold that holds most of its pixels, evenly."""
    count = np.array(
        [[((world.fold == f) & (world.label == c)).sum() for f in range(FOLDS)] for c in range(len(SCORED))]
    )
    groups: list[list[str]] = [[] for _ in range(FOLDS)]
    for c in np.argsort(count.sum(axis=1), kind="stable"):
        open_folds = [f for f in range(FOLDS) if len(groups[f]) < 3]
        groups[max(open_folds, key=lambda f: count[c, f])].append(SCORED[c])
    return tuple(tuple(group) for group in groups)


def left_out(world: World, tower: TextTower, recipe: Recipe, kept: Kept) -> dict[str, dict[str, float]]:
    """Return, for each class left out of training altogether, how well its words find it at unseen places."""
    out: dict[str, dict[str, float]] = {}
    for fold, group in enumerate(left_out_groups(world)):
        without = variant(recipe, without=group)
        scores = kept.scores(f"without-{'-'.join(group)}", lambda f=fold, r=without: ours(world, tower, r, f))
        truth = world.label[world.scored & world.test(fold)]
        for code in group:
            at = SCORED.index(code)
            out[code] = {
                "average_precision": round(average_precision(truth == at, scores[:, at]), 3),
                "chance": round(float((truth == at).mean()), 3),
                "roc_area": round(roc_area(truth == at, scores[:, at]), 3),
                "pixels": int((truth == at).sum()),
            }
    return out


def languages(
    tower: TextTower, text_map: TextMap, names: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict[str, float]:
    """Return, by language, the share of class names whose nearest English class vector is their own."""
    codes = [code for code in SCORED if code in names]
    english = class_vectors(codes, text_map, tower, "name")
    out = {}
    for language in sorted({lang for code in codes for lang in names[code]}):
        right = []
        for at, code in enumerate(codes):
            for name in names[code].get(language, ()):
                with torch.inference_mode():
                    vector = text_map(torch.from_numpy(tower.encode([name]))).numpy()[0]
                right.append(int((english @ vector).argmax()) == at)
        out[language] = round(float(np.mean(right)), 3)
    return out


def report_of(table: FoldTable, name: str, unseen: Mapping[str, Any], spoken: Mapping[str, float]) -> dict[str, Any]:
    """Return everything measured, as it stands in the model file and in docs/pixelclip.md."""
    every = range(FOLDS)
    return {
        "classes": list(SCORED),
        "folds": [table.row(method, [fold]) | {"fold": fold} for method in table.scores for fold in every],
        "together": [table.row(method, every) for method in table.scores],
        "corsica": [table.row(method, [CORSICA_FOLD]) for method in table.scores],
        "island_map": {method: island_map(table, method) for method in table.scores},
        "by_class": by_class(table, name),
        "left_out": dict(unseen),
        "languages": dict(spoken),
        "calibration": calibration(table, name),
    }


def spoken_names(tower: TextTower) -> dict[str, float]:
    """Return `languages` of the fifteen classes' names."""
    text_map = TextMap.around(text_centre(tower))
    prompts = json.loads(LUCAS.read_text(encoding="utf-8"))["classes"]
    return languages(tower, text_map, {code: prompts[code]["names"] for code in SCORED})


def _area(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Return the normalised area under recall against searched area; a random ranking has about 0.5."""
    return recall_vs_area(score, CELL_KM2, np.flatnonzero(truth)).normalised_area
