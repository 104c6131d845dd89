"""How well the decision that answers make does at places and in data sets never seen, beside simpler methods.

The classes that compete are those that compete in answers. Every method learns from the same pixels with the same class
weights, and is scored on the same ones. Three ways to be unseen, the hardest first: a whole data set left out (another
country's register, another year, another preprocessing); square blocks of 50 km, five folds; all of Corsica.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tools.pixelclip import features, members, samples, shipped, student, zeroshot
from tools.pixelclip import recipe as recipe_module
from tools.pixelclip.known import parents
from tools.pixelclip.members import Kernel, Linear, importance_of
from tools.pixelclip.metrics import (
    CELL_KM2,
    average_precision,
    calibration_error,
    class_figures,
    figures,
    recall_vs_area,
    roc_area,
    three_means,
)
from tools.pixelclip.presto import Presto
from tools.pixelclip.prompts import LUCAS, read_prompts
from tools.pixelclip.recipe import Recipe, class_vectors, competing, make, text_centre, variant
from tools.pixelclip.samples import LABELS, Samples, block_folds, blocks, fold_of, in_corsica, joined
from tools.pixelclip.ship import TAUGHT, read_samples
from tools.pixelclip.shipped import KERNEL_SHARPNESS, RIDGE_SHARPNESS, PixelTower, TextMap
from tools.pixelclip.student import read_student
from tools.pixelclip.towers import TextTower

FOLDS = 5
CORSICA_FOLD = FOLDS
"""A further fold: learn from everything else, test on the whole island."""

DRAWS = 1000
"""Resamples of whole blocks in a bootstrap."""

Scores = NDArray[np.float64]
"""(test pixels, classes): probabilities, or whatever is higher where likelier."""

Method = Callable[["Split"], Scores]


@dataclass(frozen=True)
class World:
    """The pixels, the classes that compete, and what the methods learn from."""

    samples: Samples
    """The European set."""
    extra: Samples
    """Western France 2023: only ever in training, and never from a test block."""
    known: tuple[str, ...]
    fold: NDArray[np.int64]
    """(N,) 0 to 4, −1 for blocks that are always in training."""
    extra_fold: NDArray[np.int64]
    views: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
    """Name → features of the European and of the further pixels."""

    @property
    def label(self) -> NDArray[np.int64]:
        """(N,) position in `known`, −1 where the class does not compete or nothing is labelled."""
        return labels_of(self.samples, self.known)

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which pixels count."""
        return self.label >= 0

    def test(self, fold: int) -> NDArray[np.bool_]:
        """Return the test pixels of a fold, scored or not."""
        return in_corsica(self.samples) if fold == CORSICA_FOLD else self.fold == fold

    def split(self, fold: int, known: Sequence[str] | None = None) -> Split:
        """Return what may be learnt and what is tested in a fold."""
        far = np.ones(len(self.extra), bool) if fold == CORSICA_FOLD else self.extra_fold != fold
        return Split(self, self.test(fold), far, tuple(known or self.known))

    def without_source(self, source: str) -> Split:
        """Return what may be learnt and what is tested when a whole data set is left out."""
        return Split(self, self.samples.source == source, np.ones(len(self.extra), bool), self.known)


@dataclass(frozen=True, eq=False)
class Split:
    """Pixels to learn from and pixels to test on."""

    world: World
    test: NDArray[np.bool_]
    far: NDArray[np.bool_]
    """Which further pixels may be learnt from."""
    known: tuple[str, ...]
    """Classes that are taught."""

    @property
    def tested(self) -> NDArray[np.bool_]:
        """Which European pixels are scored here: of any competing class, taught or not."""
        return self.test & self.world.scored

    @property
    def truth(self) -> NDArray[np.int64]:
        """Positions in the world's known classes."""
        return self.world.label[self.tested]

    def learnt(self) -> Samples:
        """Return the pixels to learn from."""
        return joined([self.world.samples.take(~self.test), self.world.extra.take(self.far)])

    def taught(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
        """Return which European and which further pixels teach, and their labels, one after the other."""
        own, more = (labels_of(one, self.known) for one in (self.world.samples, self.world.extra))
        first, second = ~self.test & (own >= 0), self.far & (more >= 0)
        return first, second, np.concatenate([own[first], more[second]])

    def view(self, *names: str) -> tuple[list[torch.Tensor], list[torch.Tensor], NDArray[np.int64]]:
        """Return the named features to learn from and to test on, and the labels learnt."""
        first, second, label = self.taught()
        learn, test = [], []
        for name in names:
            own, more = self.world.views[name]
            learn.append(torch.from_numpy(np.concatenate([own[first], more[second]])))
            test.append(torch.from_numpy(own[self.tested]))
        return learn, test, label


def labels_of(these: Samples, known: Sequence[str]) -> NDArray[np.int64]:
    """Return positions in `known`, −1 elsewhere."""
    at = {code: i for i, code in enumerate(known)}
    return np.array([at.get(str(code), -1) for code in these.land_cover], np.int64)


def read_world(shared: Path, recipe: Recipe | None = None) -> World:
    """Return the world of `shared/data`."""
    own, extra = read_samples(
        shared / "s2_pixels" / "pixels_monthly_europe.parquet",
        shared / "s2_pixels" / "raw" / "fra_west_2023_dekad.parquet",
    )
    return World(
        own,
        extra,
        competing(own, recipe or Recipe(), TAUGHT),
        fold_of(own),
        fold_of(extra),
        _views(own, extra, shared / "weights_presto" / "presto_default_model.pt"),
    )


def turned(world: World, seed: int) -> World:
    """Return the world in another partition: the 50 km grid turned and moved by chance. Recipes are chosen on these."""
    random = np.random.default_rng(seed)
    angle, (east, north) = float(random.uniform(0, np.pi / 2)), random.uniform(0, 50_000, 2)
    own, more = (blocks(one, turned=angle, shift=(east, north)) for one in (world.samples, world.extra))
    folds = block_folds(own[world.scored], FOLDS)
    fold, extra_fold = (np.array([folds.get(str(b), -1) for b in block], np.int64) for block in (own, more))
    return World(world.samples, world.extra, world.known, fold, extra_fold, world.views)


def _views(own: Samples, extra: Samples, weights: Path) -> dict[str, tuple[NDArray, NDArray]]:
    tower = PixelTower(np.zeros((2, 2), np.float32), 1)
    tower.student = read_student()
    made = [[view.numpy() for view in tower.features(torch.from_numpy(one.years))] for one in (own, extra)]
    views = {name: (made[0][at], made[1][at]) for at, name in enumerate(("year", "said", "bands"))}
    if weights.is_file():
        presto = Presto.read(weights)

        def said(one: Samples, lon: NDArray, lat: NDArray) -> NDArray[np.float32]:
            return presto.embed(one.years, one.gaps, lon, lat)

        still = [(one, np.full(len(one), 5.0), np.full(len(one), 47.0)) for one in (own, extra)]
        views["presto"] = said(*still[0]), said(*still[1])
        views["presto placed"] = said(own, own.lon, own.lat), said(extra, extra.lon, extra.lat)
    return views


# Methods


def ridge(*names: str, strength: float = 30.0, balance: float = Recipe.balance) -> Method:
    """Return the method of a class-weighted ridge regression to the classes."""

    def run(split: Split) -> Scores:
        learn, test, label = split.view(*names)
        model = Linear(sum(view.shape[1] for view in learn), len(split.known))
        model.fit_ridge(learn, label, importance_of(label, balance), strength)
        return _chances(RIDGE_SHARPNESS * model(test))

    return run


def discriminant(*names: str) -> Method:
    """Return the method of a linear discriminant analysis with Ledoit-Wolf shrinkage."""

    def run(split: Split) -> Scores:
        learn, test, label = split.view(*names)
        model = Linear(sum(view.shape[1] for view in learn), len(split.known))
        model.fit_discriminant(learn, label)
        return _chances(model(test))

    return run


def kernel(split: Split) -> Scores:
    """The kernel member alone."""
    learn, test, label = split.view("year", "said")
    model = Kernel([view.shape[1] for view in learn], (1.0, 0.5), len(split.known))
    model.fit(learn, label, importance_of(label, Recipe.balance), Recipe.kernel_ridge, 0)
    return _chances(KERNEL_SHARPNESS * model(test))


def nearest(split: Split) -> Scores:
    """One-hot scores of the nearest training pixel in standardised bands."""
    (learn,), (test,), label = split.view("bands")
    mean, spread = learn.mean(dim=0), learn.std(dim=0) + 1e-9
    distance = torch.cdist((test - mean) / spread, (learn - mean) / spread)
    return np.eye(len(split.known))[label[distance.argmin(dim=1).numpy()]]


def majority(split: Split) -> Scores:
    """The training set's class shares for every test pixel."""
    label = split.taught()[2]
    share = np.bincount(label, minlength=len(split.known)) / len(label)
    return np.repeat(share[None], split.tested.sum(), axis=0)


def forest(split: Split) -> Scores:
    """Extremely randomised trees, classes balanced, on the year's features."""
    from sklearn.ensemble import ExtraTreesClassifier

    learn, test, label = split.view("year")
    model = ExtraTreesClassifier(300, class_weight="balanced", random_state=0).fit(learn[0].numpy(), label)
    out = np.zeros((len(test[0]), len(split.known)))
    out[:, model.classes_] = model.predict_proba(test[0].numpy())
    return out


def ours(tower: TextTower, recipe: Recipe, calibrated: bool = True) -> tuple[Method, Method]:
    """Return our recipe fitted anew, without and with radar, deciding as answers do: chances of the known classes."""
    texts = text_vectors(tower)

    @lru_cache(maxsize=1)
    def fitted(split: Split) -> PixelTower:
        return make(split.learnt(), split.known, recipe, np.stack([texts[code] for code in split.known]), calibrated)

    def run(split: Split, radar: bool) -> Scores:
        test = split.world.samples.take(split.tested)
        seen = torch.from_numpy(test.radar) if radar else None
        with torch.inference_mode():
            return fitted(split).probabilities(torch.from_numpy(test.years), seen).numpy().astype(float)

    return partial(run, radar=False), partial(run, radar=True)


def baselines(world: World) -> dict[str, Method]:
    """Return name → simpler method, class-weighted as ours is where it can be."""
    methods: dict[str, Method] = {
        "majority class": majority,
        "nearest pixel": nearest,
        "ridge, bands + NDVI": ridge("bands"),
        "discriminant, year features": discriminant("year"),
        "extra trees, year features": forest,
    }
    if "presto" in world.views:
        methods["ridge, Presto + bands (strength 1)"] = ridge("presto", "bands", strength=1.0)
        methods["ridge, Presto + bands (strength 30)"] = ridge("presto", "bands")
        methods["ridge, Presto with longitude and latitude + bands"] = ridge("presto placed", "bands")
        methods["discriminant, year features + Presto"] = discriminant("year", "presto")
    return methods


def text_vectors(tower: TextTower) -> dict[str, NDArray[np.float32]]:
    """Return class → unit text vector."""
    codes = list(read_prompts())
    vectors = class_vectors(codes, TextMap.around(text_centre(tower)), tower)
    return dict(zip(codes, vectors, strict=True))


# What is kept, and tables


@dataclass(frozen=True)
class Kept:
    """Scores that took long to make, in a folder, so that a run that was ended goes on where it stopped."""

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
    """Return a digest of everything the scores depend on: recipe, pixels, labels, words and the code that fits."""
    parts = [json.dumps(asdict(recipe), sort_keys=True, default=str).encode()]
    parts += [np.ascontiguousarray(one.years).tobytes() for one in (world.samples, world.extra)]
    parts += ["".join(one.land_cover.tolist()).encode() for one in (world.samples, world.extra)]
    parts += [LUCAS.read_bytes(), LABELS.read_bytes(), student.STUDENT.read_bytes()]
    modules = (features, members, samples, shipped, student, zeroshot, recipe_module)
    parts += [Path(str(module.__file__)).read_bytes() for module in modules]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


@dataclass
class FoldTable:
    """Scores of every method on every part: folds by number, data sets by name."""

    known: tuple[str, ...]
    truth: dict[int | str, NDArray[np.int64]] = field(default_factory=dict)
    scores: dict[str, dict[int | str, Scores]] = field(default_factory=dict)
    block: dict[int | str, NDArray[np.str_]] = field(default_factory=dict)

    def together(self, method: str, parts: Sequence[int | str]) -> tuple[NDArray[np.int64], Scores]:
        """Return truth and scores of some parts, one after the other."""
        return np.concatenate([self.truth[f] for f in parts]), np.concatenate([self.scores[method][f] for f in parts])

    def row(self, method: str, parts: Sequence[int | str]) -> dict[str, Any]:
        """Return a method's figures over some parts together."""
        truth, scores = self.together(method, parts)
        return {"method": method} | {k: round(v, 3) for k, v in figures(truth, scores, self.known).items()}

    def against(self, method: str, other: str, parts: Sequence[int | str]) -> dict[str, Any]:
        """Return a method's lead over another, with the 95 % interval of whole blocks resampled."""
        truth, mine = self.together(method, parts)
        theirs = self.together(other, parts)[1]
        block = np.concatenate([self.block[f] for f in parts])
        places = [np.flatnonzero(block == name) for name in np.unique(block)]
        random = np.random.default_rng(0)
        lead = []
        for draw in range(DRAWS + 1):
            at = np.concatenate([places[i] for i in random.integers(0, len(places), len(places))])
            at = np.arange(len(truth)) if draw == 0 else at
            lead.append(
                [
                    a - b
                    for a, b in zip(three_means(truth[at], mine[at]), three_means(truth[at], theirs[at]), strict=True)
                ]
            )
        low, high = np.percentile(lead[1:], [2.5, 97.5], axis=0)
        names = ("accuracy", "mean class recall", "mean F1")
        return {"over": other} | {
            name: f"{100 * lead[0][k]:+.1f} [{100 * low[k]:+.1f}, {100 * high[k]:+.1f}]" for k, name in enumerate(names)
        }


def fold_table(world: World, tower: TextTower, recipe: Recipe, name: str, kept: Kept) -> FoldTable:
    """Run every method on the five folds, on Corsica, and on every data set left out; ours is fitted anew in each."""
    table = FoldTable(world.known)
    block = blocks(world.samples)
    splits: dict[int | str, Split] = {fold: world.split(fold) for fold in range(FOLDS + 1)}
    splits |= {source: world.without_source(source) for source in sources(world)}
    plain, radar = ours(tower, recipe)
    methods = baselines(world) | {"kernel member": kernel, name: plain, f"{name} with Sentinel-1": radar}
    for part, split in splits.items():
        table.truth[part], table.block[part] = split.truth, block[split.tested]
        for method, run in methods.items():
            file = hashlib.sha256(f"{part} {method}".encode()).hexdigest()[:12]
            scores = kept.scores(file, lambda run=run, split=split: run(split))
            table.scores.setdefault(method, {})[part] = scores
    return table


def sources(world: World) -> list[str]:
    """Return the data sets that hold scored pixels."""
    return sorted({str(name) for name in world.samples.source[world.scored]})


def reliability(table: FoldTable, method: str, bins: int = 10) -> list[dict[str, float]]:
    """Return mean confidence, share right and pixels of each tenth of confidence that occurs, over the folds."""
    truth, scores = table.together(method, range(FOLDS))
    sure, right = scores.max(axis=1), scores.argmax(axis=1) == truth
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


def calibration(table: FoldTable, method: str) -> list[dict[str, Any]]:
    """Return expected calibration error and Brier skill, over the folds and for each data set left out.

    The probabilities are those of models that never saw the places they are judged at, their temperature included.
    """
    lines = []
    for name, parts in {
        "five folds": list(range(FOLDS)),
        **{s: [s] for s in table.truth if isinstance(s, str)},
    }.items():
        truth, scores = table.together(method, parts)
        hit = np.eye(scores.shape[1])[truth]
        share = hit.mean(axis=0)
        skill = 1 - ((scores - hit) ** 2).sum() / ((share - hit) ** 2).sum() if len(np.unique(truth)) > 1 else None
        sure, right = scores.max(axis=1), scores.argmax(axis=1) == truth
        lines.append(
            {
                "": name,
                "said": round(float(sure.mean()), 3),
                "right": round(float(right.mean()), 3),
                "ECE": round(calibration_error(sure, right), 3),
                "Brier skill": None if skill is None else round(float(skill), 3),
                "pixels": len(truth),
            }
        )
    return lines


def by_class(table: FoldTable, method: str, parts: Sequence[int | str]) -> dict[str, dict[str, Any]]:
    """Return the scores of each class that has pixels, over some parts together."""
    return class_figures(*table.together(method, parts), table.known)


def sure_levels(table: FoldTable, method: str, threshold: float = 0.5) -> list[dict[str, Any]]:
    """Return how deep the decision is reported and how often it is right there: a level as deep as it is sure."""
    truth, scores = table.together(method, range(FOLDS))
    said = zeroshot.deepest(scores, table.known, parents, threshold)
    lines = []
    for depth, name in ((0, "not even level 1"), (1, "level 1"), (2, "level 2"), (3, "level 3")):
        at = [i for i, code in enumerate(said) if _depth(code) == depth]
        right = [_holds(said[i], table.known[truth[i]]) for i in at]
        lines.append(
            {"reported": name, "pixels": len(at), "right": round(float(np.mean(right)), 3) if at and depth else None}
        )
    return lines


def _depth(code: str | None) -> int:
    return 0 if code is None else len(code.rstrip("0"))


def _holds(code: str | None, truth: str) -> bool:
    return code is not None and truth.startswith(code.rstrip("0"))


def island_map(table: FoldTable, method: str, code: str = "B82") -> dict[str, float]:
    """Return how well the map of one class ranks Corsica's labelled pixels, learnt without Corsica.

    Each pixel stands for a 10 m cell; the region searched is the labelled pixels themselves.
    """
    at = table.known.index(code)
    score, truth = table.scores[method][CORSICA_FOLD][:, at], table.truth[CORSICA_FOLD] == at
    curve = recall_vs_area(score, CELL_KM2, np.flatnonzero(truth))
    return {
        "average_precision": round(average_precision(truth, score), 3),
        "chance": round(float(truth.mean()), 3),
        "recall_vs_area": round(curve.normalised_area, 3),
        "share_of_area_for_half": round(curve.needed(0.5) / curve.region_km2, 3),
        "share_of_area_for_90": round(curve.needed(0.9) / curve.region_km2, 3),
        "points": int(truth.sum()),
    }


def left_out_groups(known: Sequence[str], size: int = 3) -> tuple[tuple[str, ...], ...]:
    """Return the classes in groups of a few, unlike ones together."""
    count = -(-len(known) // size)
    return tuple(tuple(known[at::count]) for at in range(count))


def left_out(world: World, tower: TextTower, recipe: Recipe, kept: Kept) -> dict[str, dict[str, Any]]:
    """Return, for each class left out of training altogether, how well its words find it at unseen places.

    All five folds; ROC area with the 95 % interval of whole blocks resampled. Chance is 0.5.
    """
    texts, block = text_vectors(tower), blocks(world.samples)
    out: dict[str, dict[str, Any]] = {}
    scored = tuple(code for at, code in enumerate(world.known) if (world.label == at).any())
    for group in left_out_groups(scored):
        rest = tuple(code for code in world.known if code not in group)
        score, truth, place = [], [], []
        for fold in range(FOLDS):
            split = world.split(fold, rest)
            fit, _ = ours(tower, variant(recipe, without=group), calibrated=False)
            name = hashlib.sha256(f"without {group} {fold}".encode()).hexdigest()[:12]
            chance = kept.scores(name, lambda fit=fit, split=split: fit(split))
            vector = chance @ np.stack([texts[code] for code in rest])
            vector /= np.linalg.norm(vector, axis=1, keepdims=True)
            score.append(vector @ np.stack([texts[code] for code in group]).T)
            truth.append(split.truth)
            place.append(block[split.tested])
        every, right, where = np.concatenate(score), np.concatenate(truth), np.concatenate(place)
        for at, code in enumerate(group):
            mine = right == world.known.index(code)
            low, high = _roc_interval(mine, every[:, at], where)
            out[code] = {
                "roc_area": round(roc_area(mine, every[:, at]), 3),
                "low": low,
                "high": high,
                "average_precision": round(average_precision(mine, every[:, at]), 3),
                "chance": round(float(mine.mean()), 3),
                "pixels": int(mine.sum()),
            }
    return {code: out[code] for code in scored}


def _roc_interval(truth: NDArray[np.bool_], score: NDArray, block: NDArray[np.str_]) -> tuple[float, float]:
    places, random = [np.flatnonzero(block == name) for name in np.unique(block)], np.random.default_rng(0)
    areas = []
    for _ in range(300):
        at = np.concatenate([places[i] for i in random.integers(0, len(places), len(places))])
        areas.append(roc_area(truth[at], score[at]))
    low, high = np.nanpercentile(areas, [2.5, 97.5])
    return round(float(low), 3), round(float(high), 3)


def languages(tower: TextTower, known: Sequence[str]) -> dict[str, float]:
    """Return, by language, the share of class names whose nearest English class vector is their own."""
    names = json.loads(LUCAS.read_text(encoding="utf-8"))["classes"]
    text_map = TextMap.around(text_centre(tower))
    english = class_vectors(known, text_map, tower, "name")
    out = {}
    for language in sorted({lang for code in known for lang in names[code]["names"]}):
        right = []
        for at, code in enumerate(known):
            for name in names[code]["names"].get(language, ()):
                with torch.inference_mode():
                    vector = text_map(torch.from_numpy(tower.encode([name]))).numpy()[0]
                right.append(int((english @ vector).argmax()) == at)
        out[language] = round(float(np.mean(right)), 3)
    return out


def report_of(table: FoldTable, name: str, unseen: Mapping[str, Any], spoken: Mapping[str, float]) -> dict[str, Any]:
    """Return everything measured, as it stands in the model file and in docs/pixelclip.md."""
    every, apart = list(range(FOLDS)), [part for part in table.truth if isinstance(part, str)]
    others = [method for method in table.scores if method not in (name, "majority class", "nearest pixel")]
    return {
        "classes": list(table.known),
        "left_out_source": {part: [table.row(method, [part]) for method in table.scores] for part in apart},
        "sources_together": [table.row(method, apart) for method in table.scores],
        "together": [table.row(method, every) for method in table.scores],
        "folds": [table.row(method, [fold]) | {"fold": fold} for method in table.scores for fold in every],
        "lead": [table.against(name, method, every) for method in others],
        "lead_sources": [table.against(name, method, apart) for method in others],
        "corsica": [table.row(method, [CORSICA_FOLD]) for method in table.scores],
        "island_map": {method: island_map(table, method) for method in table.scores},
        "by_class": by_class(table, name, every),
        "by_class_elsewhere": by_class(table, name, apart),
        "sure_levels": sure_levels(table, name),
        "left_out": dict(unseen),
        "languages": dict(spoken),
        "calibration": calibration(table, name),
    }


def _chances(scores: torch.Tensor) -> Scores:
    return scores.softmax(dim=1).double().numpy()
