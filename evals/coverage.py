"""How often an interval holds the truth, in surveys simulated on real and made land. Random, with fixed seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from tools.estimation import (
    Estimate,
    Interval,
    Sample,
    Z,
    change,
    clopper_pearson,
    count_interval,
    effective_size,
    greg,
    is_assisted,
    logit_interval,
    published_error,
    stratified,
    two_phase,
    wilson,
)

if TYPE_CHECKING:
    from tools.context import Context

SURVEYS = 1_000
BANDS = ((0, 0.2), (0.2, 1), (1, 5), (5, 20), (20, 100))
"""Shares in percent told together."""

Row = dict[str, Any]


def wald(estimate: Estimate, positives: int) -> Interval:
    """Return the textbook's interval, which is not used: it fails for rare classes."""
    return estimate.value - Z * estimate.se, estimate.value + Z * estimate.se


def by_wilson(estimate: Estimate, positives: int) -> Interval:
    """Return Wilson's interval on the effective size, whatever was seen."""
    return wilson(min(max(estimate.value, 0.0), 1.0), effective_size(estimate))


def exact(estimate: Estimate, positives: int) -> Interval:
    """Return Clopper and Pearson's interval on the effective size."""
    return clopper_pearson(min(max(estimate.value, 0.0), 1.0), effective_size(estimate))


METHODS: dict[str, Callable[[Estimate, int], Interval]] = {
    "Wald": wald, "Wilson": by_wilson, "exact": exact, "ours": count_interval,
}  # fmt: skip


def held(truth: float, estimate: Estimate, positives: int) -> dict[str, bool]:
    """Return which method's interval holds the truth."""
    ends = {name: of(estimate, positives) for name, of in METHODS.items()}
    return {name: low - 1e-12 <= truth <= high + 1e-12 for name, (low, high) in ends.items()}


def banded(design: str, found: Iterator[tuple[float, float, dict[str, bool]]]) -> list[Row]:
    """Return coverage in percent by share, of (truth, weight, methods that held it)."""
    sums: dict[tuple[float, float], dict[str, float]] = {}
    for truth, weight, inside in found:
        band = next(b for b in BANDS if b[0] <= 100 * truth < b[1])
        into = sums.setdefault(band, dict.fromkeys(("weight", *METHODS), 0.0))
        into["weight"] += weight
        for name, was in inside.items():
            into[name] += weight * was
    return [
        {"design": design, "share %": f"{low:g} to {high:g}"}
        | {name: round(100 * into[name] / into["weight"], 1) for name in METHODS}
        for (low, high), into in sorted(sums.items())
    ]


def full_grid(file: Path) -> list[Row]:
    """Return the coverage of surveys of Abruzzo's full grid of 2012, classes of two or more expected points."""
    points = pd.read_parquet(file)
    total, rows = len(points), []
    counts = points["lc1"].value_counts()
    for part in (3, 9):
        n, random = total // part, np.random.default_rng(part)
        rows += banded(f"simple random 1/{part}", simple_random(counts[counts / part >= 2], total, n, random))
    rows += banded("one of 2 × 2", blocks(points, counts[counts >= 8], np.random.default_rng(4)))
    return rows


def simple_random(
    counts: pd.Series, total: int, n: int, random: np.random.Generator
) -> Iterator[tuple[float, float, dict[str, bool]]]:
    """Yield every class and number of positives drawn, weighted by how often."""
    for positive in counts:
        drawn, times = np.unique(random.hypergeometric(positive, total - positive, n, SURVEYS), return_counts=True)
        for k, often in zip(drawn, times, strict=True):
            p = k / n
            variance = (1 - n / total) * p * (1 - p) / (n - 1)
            yield positive / total, float(often), held(positive / total, Estimate(p, variance, n), int(k))


RARE = (2, 5, 10, 20, 60)
"""Expected positives of a rare class."""


def rare(total: int = 20_000, n: int = 2_000, surveys: int = 600) -> list[Row]:
    """Return coverage of rare classes by the positives to be expected: of each method over all samples there may be,
    and of the regression estimate with a fair score, which is taken from 50 expected positives on."""
    rows = []
    for expected in RARE:
        positive, random = expected * total // n, np.random.default_rng(expected)
        count = hypergeom(total, positive, n)
        seen = np.arange(*(int(end) for end in count.interval(1 - 1e-9)), dtype=int)
        inside = dict.fromkeys(METHODS, 0.0)
        for k in (*seen, int(seen[-1]) + 1):
            p = k / n
            of = Estimate(p, (1 - n / total) * p * (1 - p) / (n - 1), n)
            for name, was in held(positive / total, of, int(k)).items():
                inside[name] += float(count.pmf(k)) * was
        y = np.zeros(total)
        y[:positive] = 1
        score = y + random.normal(0, np.sqrt(y.var()), total)
        of_map = {"regression": regressed(y, score, n, surveys, random)}
        r2 = float(np.corrcoef(y, score)[0, 1] ** 2)
        rows.append(
            {"expected positives": expected, "share %": round(100 * positive / total, 2)}
            | {name: round(float(100 * value), 1) for name, value in inside.items()}
            | of_map
            | {"R²": round(r2, 2), "regression is taken": "yes" if is_assisted(n, positive / total, r2) else "no"}
        )
    return rows


def regressed(y: np.ndarray, score: np.ndarray, n: int, surveys: int, random: np.random.Generator) -> float:
    """Return the coverage in percent of the regression estimate's logit interval at random points."""
    whole, inside = np.array([1.0, score.mean()]), []
    stratum, size = np.zeros(n, dtype=int), np.array([float(len(y))])
    for _ in range(surveys):
        at = random.choice(len(y), n, replace=False)
        found = greg(y[at], np.column_stack([np.ones(n), score[at]]), whole, stratum, size)
        low, high = logit_interval(found.value, found.se) if 0 < found.value < 1 and found.se > 0 else (0.0, 0.0)
        inside.append(low <= y.mean() <= high)
    return round(100 * float(np.mean(inside)), 1)


def blocks(
    points: pd.DataFrame, counts: pd.Series, random: np.random.Generator
) -> Iterator[tuple[float, float, dict[str, bool]]]:
    """Yield one point of every block of 4 km, told as if drawn at random from all."""
    block = (points["x_epsg3003"] // 4_000) * 10_000 + points["y_epsg3003"] // 4_000
    order = np.unique(block, return_inverse=True)[1]
    labels, total = points["lc1"].to_numpy(), len(points)
    for _ in range(200):
        shuffled = random.permutation(total)
        _, first = np.unique(order[shuffled], return_index=True)
        seen, n = labels[shuffled[first]], len(first)
        for name, positive in counts.items():
            k = int((seen == name).sum())
            variance = (1 - n / total) * (k / n) * (1 - k / n) / (n - 1)
            yield positive / total, 1.0, held(positive / total, Estimate(k / n, variance, n), k)


def assisted(file: Path, surveys: int = 500, n: int = 400) -> list[Row]:
    """Return coverage and width of the regression estimate with useless, fair and good scores, at random points."""
    points = pd.read_parquet(file)
    total, rows = len(points), []
    for name, start in (("C", "C"), ("E20", "E20")):
        y = points["lc1"].str.startswith(start).to_numpy(dtype=float)
        for quality in (0.0, 0.7, 0.92):
            random = np.random.default_rng(int(100 * quality))
            noise = np.sqrt(y.var() * max(1 - quality**2, 0.0)) / max(quality, 0.3)
            score = quality * y + random.normal(0, noise, total)
            inside, widths = [], []
            for _ in range(surveys):
                at = random.choice(total, n, replace=False)
                stratum, size = np.zeros(n, dtype=int), np.array([float(total)])
                x = np.column_stack([np.ones(n), score[at]])
                found = greg(y[at], x, np.array([1.0, score.mean()]), stratum, size)
                plain = stratified(y[at], stratum, size)
                low, high = logit_interval(found.value, found.se)
                inside.append(low <= y.mean() <= high)
                widths.append(found.se / plain.se)
            rows.append(
                {
                    "class": name,
                    "R²": round(float(np.corrcoef(y, score)[0, 1] ** 2), 2),
                    "coverage": round(100 * float(np.mean(inside)), 1),
                    "width against the design alone": round(float(np.mean(widths)), 2),
                }
            )
    return rows


def satellite(context: Context, surveys: int = 300) -> list[Row]:
    """Return coverage and width of survey and real satellite map together, the store's labelled pixels being the land.

    The scores are pixel-CLIP's, which saw some of these pixels when it was made; the estimate fits them anew on points
    each time and judges them by points left out.
    """
    from tools.assisted import assisted_share
    from tools.pixelclip.known import words_of
    from tools.satellite import model_of, pixels_of

    pixels, words = pixels_of(context, (), None), words_of(model_of(context))
    labels = np.array([str(label or "") for label in pixels.rows.column("lc_label")])
    kept = pixels.usable & (labels != "")
    labels, vectors = labels[kept], pixels.vectors[kept]
    total, rows = len(labels), []
    n = total // 3
    for code, start in (("B00", "B"), ("E00", "E"), ("B80", "B8")):
        y = np.char.startswith(labels, start).astype(float)
        score, _ = words.score(vectors, words.ask_classes([code]))
        random = np.random.default_rng(11)
        found = []
        for _ in range(surveys):
            at = random.choice(total, n, replace=False)
            one = assisted_share(y[at], score[at, None], score[:, None], ["1"] * n, np.full(n, total / n))
            if one is not None:
                found.append(one)
        inside = np.mean([one.interval[0] <= y.mean() <= one.interval[1] for one in found])
        helped = [one for one in found if one.estimate]
        rows.append(
            {
                "class": code,
                "share %": round(100 * y.mean(), 1),
                "R² left out": round(float(np.mean([one.r2 for one in found])), 2),
                "expected positives": round(float(np.mean([one.expected for one in found]))),
                "map taken %": round(100 * len(helped) / len(found), 1),
                "coverage": round(100 * float(inside), 1),
                "width": round(float(np.mean([one.se / one.design.se for one in helped])), 2) if helped else "–",
            }
        )
    return rows


PUBLISHED: tuple[tuple[str, float, float, float], ...] = (
    ("ES, vineyards, 2015", 0.5, 5.6, 498_502),
    ("ES61, vineyards, 2022", 0.3, 42.7, 87_600),
    ("FRJ1, vineyards, 2018", 2.3, 26.2, 27_643),
    ("FRJ1, vineyards, 2022", 9.9, 4.7, 27_643),
    ("DE2, grassland, 2015", 22.7, 2.2, 70_543),
)
"""Published figures: name, share in percent, coefficient of variation in percent, area in km²."""


def rounded(surveys: int = 20_000) -> list[Row]:
    """Return the coverage of a share published to one decimal, with the variance of its rounding and without.

    The truth is anything near the published figure; each survey errs by its coefficient of variation and the grid, and
    is rounded as Eurostat rounds.
    """
    rows = []
    for name, percent, cv, km2 in PUBLISHED:
        random = np.random.default_rng(int(10 * percent + cv))
        spread = published_error(percent / 100, cv, km2, rounding=0.0) or 0.0
        near = percent / 100 + np.array([-1, 1]) * 0.001
        truth = np.clip(random.uniform(*near, surveys), 5e-4, None)
        seen = truth * np.exp(random.normal(0, spread / (percent / 100), surveys))
        shown = np.round(seen, 3)
        covered = {}
        for way, digit in (("with rounding", None), ("without", 0.0)):
            inside = []
            for p, t in zip(shown, truth, strict=True):
                se = published_error(p, cv, km2) if digit is None else published_error(p, cv, km2, rounding=digit)
                low, high = logit_interval(p, se) if se else (0.0, 1.0)
                inside.append(low <= t <= high)
            covered[way] = round(100 * float(np.mean(inside)), 1)
        rows.append({"published": name, "share %": percent, "cv %": cv} | covered)
    return rows


STACK = "worldcereal_preprocessed_inputs_2020-11_2021-10.nc"
REFERENCE = "worldcereal_inputs_belgium_2020-08_2022-03.nc"
SQUARE: tuple[tuple[tuple[str, ...], str], ...] = (
    (("B00",), "WORLDCEREAL_TEMPORARYCROPS_2021"),
    (("B11", "B12", "B13", "B14", "B18"), "WORLDCEREAL_WINTERCEREALS_2021"),
)
"""Classes → the product of WorldCereal (2021) that is taken for the truth."""
IS = 100
"""What it says of a cell that is of the class; 0 and 254 (no temporary crop) are none."""


def square(folder: Path, surveys: int = 300, n: int = 400) -> list[Row]:
    """Return survey and satellite map together on every cell of a real place: half a square kilometre near Liège.

    The land is 10 m cells with a real year of Sentinel-2; the truth is WorldCereal's product of the same year, another
    model's word and no survey: what is measured is the estimate, not the map. `n` cells are visited at random.
    """
    import xarray
    from pyproj import Transformer

    from tools.assisted import assisted_share
    from tools.pixelclip.cells import raster_cells
    from tools.pixelclip.grid import CELL
    from tools.pixelclip.known import words_of
    from tools.pixelclip.shipped import load

    model, source = load(), raster_cells(str(folder / STACK))
    words = words_of(model)
    read = [source.read(tile) for tile in source.tiles()]
    x, y, usable = (np.concatenate([getattr(one, name) for one in read]) for name in ("x", "y", "usable"))
    vectors = np.concatenate([one.seen_by(model)[0] for one in read])
    product = xarray.open_dataset(folder / REFERENCE, engine="h5netcdf")
    east, north = Transformer.from_crs(3035, 32631, always_xy=True).transform(x + CELL / 2, y + CELL / 2)
    column, row = (np.rint((at - axis[0]) / (axis[1] - axis[0])).astype(int) for at, axis in
                   ((east, product.x.values), (north, product.y.values)))  # fmt: skip
    there = usable & (column >= 0) & (column < len(product.x)) & (row >= 0) & (row < len(product.y))
    rows = []
    for codes, name in SQUARE:
        truth = (product[name].values[row[there], column[there]] == IS).astype(float)
        score, _ = words.score(vectors[there], words.ask_classes(codes))
        random, total = np.random.default_rng(11), int(there.sum())
        found = []
        for _ in range(surveys):
            seen = random.choice(total, n, replace=False)
            one = assisted_share(truth[seen], score[seen, None], score[:, None], ["1"] * n, np.full(n, total / n))
            found += [one] if one else []
        held_ = [one.interval[0] <= truth.mean() <= one.interval[1] for one in found]
        helped = [one for one in found if one.estimate]
        rows.append(
            {
                "class": "+".join(codes),
                "cells": total,
                "truth %": round(100 * float(truth.mean()), 1),
                "map's own count %": round(100 * float(np.mean(score > 0.5)), 1),
                "estimate, mean %": round(100 * float(np.mean([one.value for one in found])), 1),
                "R² left out": round(float(np.mean([one.r2 for one in found])), 2),
                "map taken %": round(100 * len(helped) / len(found), 1),
                "coverage": round(100 * float(np.mean(held_)), 1),
                "width": round(float(np.mean([one.se / one.design.se for one in helped])), 2) if helped else "–",
            }
        )
    return rows


def changes(surveys: int = 1_000, total: int = 20_000, n: int = 2_000, common: float = 0.6) -> list[Row]:
    """Return the coverage of a change between two samples that share points, with their covariance and without."""
    rows = []
    for share in (0.2, 0.02):
        random = np.random.default_rng(int(1_000 * share))
        first = (random.random(total) < share).astype(float)
        turned = random.random(total) < 0.1
        second = np.where(turned, (random.random(total) < share).astype(float), first)
        truth, size = second.mean() - first.mean(), np.array([float(total)])
        inside, apart = [], []
        for _ in range(surveys):
            a = random.choice(total, n, replace=False)
            rest = np.setdiff1d(np.arange(total), a)
            b = np.concatenate([a[: int(common * n)], random.choice(rest, n - int(common * n), replace=False)])
            zeros = np.zeros(n, dtype=int)
            found = change(Sample(a, first[a], zeros), Sample(b, second[b], zeros), size)
            alone = sum(stratified(y, zeros, size).variance for y in (first[a], second[b]))
            inside.append(abs(found.value - truth) <= Z * found.se)
            apart.append(abs(found.value - truth) <= Z * np.sqrt(alone))
        rows.append(
            {
                "share %": 100 * share,
                "with covariance": round(100 * float(np.mean(inside)), 1),
                "as if independent": round(100 * float(np.mean(apart)), 1),
            }
        )
    return rows


def grids(draws: int = 10, side: int = 48) -> list[Row]:
    """Return the coverage of the land's share by two-phase surveys of a 2 km grid, on fields of three textures.

    A square of side × side grid points; each stands for 16 cells of 500 m, of which the grid's place chooses one. Phase
    2 is drawn at 25, 40 and 65 % from three strata of an imperfect photo-interpretation.
    """
    rows = []
    for texture, km in (("smooth, 40 km", 40.0), ("clustered, 5 km", 5.0), ("patchy, 1 km", 1.0)):
        for share in (0.01, 0.1, 0.6):
            random = np.random.default_rng(int(1_000 * share + km))
            cells = field(side * 4, 0.5, km, random)
            land = (cells < np.quantile(cells, share)).astype(float)
            both, survey_only = [], []
            for offset in range(16):
                grid = land[offset // 4 :: 4, offset % 4 :: 4].ravel()
                looked = grid + random.normal(0, 0.6, len(grid))
                stratum = np.digitize(looked, np.quantile(looked, [0.5, 0.8]))
                size = np.bincount(stratum, minlength=3).astype(float)
                for _ in range(draws):
                    kept = random.random(len(grid)) < np.array([0.25, 0.4, 0.65])[stratum]
                    y, h = grid[kept], stratum[kept]
                    for found, into in ((two_phase(y, h, size), both), (stratified(y, h, size), survey_only)):
                        low, high = count_interval(found, int(y.sum()))
                        into.append(low <= land.mean() <= high)
            rows.append(
                {
                    "land": texture,
                    "share %": 100 * share,
                    "both phases": round(100 * float(np.mean(both)), 1),
                    "survey only": round(100 * float(np.mean(survey_only)), 1),
                }
            )
    return rows


def field(cells: int, cell_km: float, range_km: float, random: np.random.Generator) -> np.ndarray:
    """Return a (cells, cells) smooth random field: 80 random waves of about this length."""
    at = np.arange(cells) * cell_km
    total = np.zeros((cells, cells))
    for frequency, phase in zip(random.normal(0, 1 / range_km, (80, 2)), random.uniform(0, 2 * np.pi, 80), strict=True):
        total += np.cos(2 * np.pi * (frequency[0] * at[:, None] + frequency[1] * at[None, :]) / 2 + phase)
    return total
