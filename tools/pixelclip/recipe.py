"""How our own model is made from labelled pixel years: seconds, in closed form, deterministic by seed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from retrieval.errors import BadArgument
from retrieval.seasons import look_of, simulated_years
from tools.pixelclip.members import CENTRES, importance_of
from tools.pixelclip.prompts import Style, mean_vectors, prompts_of, read_prompts
from tools.pixelclip.samples import Samples, blocks
from tools.pixelclip.shipped import Ensemble, PixelTower, TextMap, plain_views, radar_views
from tools.pixelclip.student import read_student
from tools.pixelclip.towers import TextTower
from tools.pixelclip.zeroshot import fit_temperature

INNER_FOLDS = 3
"""Place folds inside the training pixels, over which the temperature is fitted."""

WATER = "G"

FAR = 0.02
"""Share of pixels at places left out that count as unlike the training years."""


@dataclass(frozen=True)
class Recipe:
    """The choices behind our own model, made on other partitions than those reported (decision 10)."""

    balance: float = 0.4
    """0: every pixel counts the same; 1: every class does."""
    ridge: float = 30.0
    """Strength of the ridge member."""
    kernel_ridge: float = 0.3
    centres: int = CENTRES
    """Centres of the kernel member at most."""
    enough: int = 10
    """Labelled pixels that make a class one of those that compete. Others teach nothing."""
    seed: int = 0
    without: tuple[str, ...] = ()
    """Classes left out altogether."""


def competing(samples: Samples, recipe: Recipe, taught: Collection[str] = ()) -> tuple[str, ...]:
    """Return the classes that compete: those with enough labelled pixels, and those taught otherwise.

    Raises:
        BadArgument: fewer than two.
    """
    codes, counts = np.unique(samples.land_cover[samples.land_cover != ""], return_counts=True)
    enough = {str(c) for c, n in zip(codes, counts, strict=True) if n >= recipe.enough}
    known = tuple(sorted((enough | set(taught)) - set(recipe.without)))
    if len(known) < 2:
        raise BadArgument(f"{len(known)} classes with {recipe.enough} labelled pixels or more; two at least are needed")
    return known


def textbook_water(each: int = 12, seed: int = 0) -> Samples:
    """Return simulated years of water: no real labelled pixel of it is at hand, and a map without it calls lakes roofs.

    Radar as calm water has it: VV about −20 dB, VH about −27 dB. They stand in one block of western France, left out
    with the others of its place fold.
    """
    codes = ("G10", "G20")
    years, random = simulated(codes, each, seed), np.random.default_rng(seed)
    count = len(years)
    radar = random.normal((-20.0, -27.0), 1.5, (count, 12, 2)).astype(np.float32)
    named = np.array([f"textbook-water-{at}" for at in range(count)])
    source = np.array(["textbook"] * count)
    told = np.repeat(codes, each)
    lon, lat = np.zeros(count), np.full(count, 45.0)
    year, cover = np.full(count, 2020), np.full(count, WATER)
    return Samples(years, np.zeros(years.shape, bool), named, source, lon, lat, year, cover, told, radar)


def make(
    samples: Samples,
    known: Sequence[str],
    recipe: Recipe,
    class_texts: NDArray[np.float32],
    calibrated: bool = True,
) -> PixelTower:
    """Fit the members on the labelled pixels of the known classes, and the temperature over places left out.

    Args:
        samples: Labelled pixel years, with radar where there is any.
        known: The classes that compete, in the order of `class_texts`.
        recipe: The choices.
        class_texts: (K, dim) unit text vectors of the known classes.
        calibrated: Fit the temperature too; most of the time goes there.
    """
    used = samples.take(np.isin(samples.land_cover, list(known)))
    label = np.array([list(known).index(str(code)) for code in used.land_cover], np.int64)
    tower = PixelTower(class_texts, recipe.centres)
    tower.student = read_student()
    features = tower.features(torch.from_numpy(used.years))
    seen = np.isfinite(used.radar).any(axis=(1, 2))
    heads = {"plain": (tower.plain, plain_views(features), np.ones(len(used), bool))}
    if seen.sum() >= len(used) / 2:  # radar is worth a head where most pixels have it
        heads["radar"] = (tower.radar, radar_views(features, torch.from_numpy(used.radar)), seen)
    place = blocks(used)
    for head, views, rows in heads.values():
        own = [view[torch.from_numpy(rows)] for view in views]
        if calibrated:
            temperature, far_below = _at_places_left_out(own, label[rows], place[rows], len(known), recipe)
            head.temperature.fill_(temperature)
            head.far_below.fill_(far_below)
        _fit(head, own, label[rows], recipe)
    tower.has_radar.fill_("radar" in heads)
    return tower.eval()


def class_vectors(
    classes: Sequence[str], text_map: TextMap, tower: TextTower, style: Style = "all"
) -> NDArray[np.float32]:
    """Return one unit vector a class in the shared space."""
    with torch.inference_mode():
        spoken = [text_map(torch.from_numpy(tower.encode(prompts_of(code, style)))).numpy() for code in classes]
    return mean_vectors(spoken)


def text_centre(tower: TextTower) -> NDArray[np.float32]:
    """Return the mean of the tower's vectors over all our prompts: what every text about land has in common."""
    return tower.encode([text for entry in read_prompts().values() for text in entry["all"]]).mean(axis=0)


def variant(recipe: Recipe, **changes: object) -> Recipe:
    """Return the recipe with some choices changed."""
    return replace(recipe, **changes)


def simulated_classes() -> list[str]:
    """Return the classes that have a simulated look, and prompts of their own."""
    return [code for code in read_prompts() if look_of(code)]


def simulated(codes: Sequence[str], each: int, seed: int) -> NDArray[np.float32]:
    """Return (codes × each, 12, 10) synthetic years over Europe's latitudes, one class after the other."""
    random = np.random.default_rng(seed)
    cover = [code for code in codes for _ in range(each)]
    return simulated_years(cover, random.uniform(38, 56, len(cover)), random)


def _fit(head: Ensemble, views: Sequence[torch.Tensor], label: NDArray[np.int64], recipe: Recipe) -> None:
    importance = importance_of(label, recipe.balance)
    with torch.inference_mode():
        head.kernel.fit(head.for_kernel(views), label, importance, recipe.kernel_ridge, recipe.seed)
        head.ridge.fit_ridge(head.for_ridge(views), label, importance, recipe.ridge)
        head.discriminant.fit_discriminant(head.for_discriminant(views), label)


def _at_places_left_out(
    views: Sequence[torch.Tensor], label: NDArray[np.int64], place: NDArray[np.str_], classes: int, recipe: Recipe
) -> tuple[float, float]:
    """Return what is fitted at places the members were not: the likeliest power on the mean probability, and the
    nearness to training years that all but two in a hundred pixels have."""
    names = np.random.default_rng(0).permutation(np.unique(place))
    fold = {str(name): at % INNER_FOLDS for at, name in enumerate(names)}
    own = np.array([fold[str(name)] for name in place])
    scores, truth, near = [], [], []
    for test in range(INNER_FOLDS):
        learn = own != test
        if learn.all() or not learn.any():
            continue
        trial = Ensemble(classes, [view.shape[1] for view in views], recipe.centres)
        _fit(trial, [view[torch.from_numpy(learn)] for view in views], label[learn], recipe)
        left = [view[torch.from_numpy(~learn)] for view in views]
        with torch.inference_mode():
            scores.append(trial.mean(left).log().numpy())
            near.append(trial.kernel.nearness(trial.for_kernel(left)).numpy())
        truth.append(label[~learn])
    if not scores:
        return 1.0, 0.0
    power = fit_temperature(np.concatenate(scores), np.concatenate(truth), least=0.25)
    return power, float(np.quantile(np.concatenate(near), FAR))
