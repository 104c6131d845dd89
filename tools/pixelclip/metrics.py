"""How well a map or a classification did. Plain numpy; positions of classes, scores, areas. Does not predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

CELL_KM2 = 1e-4
"""A pixel stands for one cell of 10 m."""


@dataclass(frozen=True)
class ClassScores:
    """One class's precision, recall and F1, and how many were truly of it."""

    precision: float
    recall: float
    f1: float
    support: int


def confusion(truth: ArrayLike, predicted: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Return (classes, classes): rows are the truth, columns the prediction."""
    pair = np.asarray(truth) * classes + np.asarray(predicted)
    return np.bincount(pair, minlength=classes * classes).reshape(classes, classes)


def accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the share that is right."""
    return float((np.asarray(truth) == np.asarray(predicted)).mean())


def balanced_accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean of the recalls of the classes that occur in the truth."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    return float(np.mean([(predicted[truth == c] == c).mean() for c in np.unique(truth)]))


def class_scores(matrix: NDArray[np.int64]) -> list[ClassScores]:
    """Return each class's scores from a confusion matrix; 0 where nothing was predicted or true."""
    right, rows, columns = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    out = []
    for hit, true, said in zip(right, rows, columns, strict=True):
        precision, recall = (float(hit / said) if said else 0.0), (float(hit / true) if true else 0.0)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        out.append(ClassScores(precision, recall, f1, int(true)))
    return out


def average_precision(truth: ArrayLike, score: ArrayLike) -> float:
    """Return Σ (R_n − R_{n−1}) P_n over the ranking; tied scores enter together. NaN where nothing is true."""
    truth, score = np.asarray(truth, bool), np.asarray(score, float)
    if not truth.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    truth, score = truth[order], score[order]
    last = np.flatnonzero(np.append(np.diff(score) != 0, True))  # last of each tie group
    hits = np.cumsum(truth)[last]
    precision, recall = hits / (last + 1), hits / truth.sum()
    return float((np.diff(np.append(0.0, recall)) * precision).sum())


def roc_area(truth: ArrayLike, score: ArrayLike) -> float:
    """Return the chance that a true one scores above a false one, ties counting half. NaN where one kind is missing."""
    truth, score = np.asarray(truth, bool), np.asarray(score, float)
    yes, no = np.sort(score[truth]), np.sort(score[~truth])
    if not len(yes) or not len(no):
        return float("nan")
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    return float(below.sum() / 2 / len(yes) / len(no))


def calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = 10) -> float:
    """Return the expected calibration error: |accuracy − confidence| over equal-width bins, weighted by their size."""
    confidence, right = np.asarray(confidence, float), np.asarray(right, float)
    at = np.clip((confidence * bins).astype(int), 0, bins - 1)
    error = 0.0
    for b in range(bins):
        inside = at == b
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


@dataclass(frozen=True)
class RecallArea:
    """Recall against searched area, the best cells first; the whole tie group of a cell counts (pessimistic)."""

    area_km2: NDArray[np.float64]
    """Area searched until each truth point is found, ascending; infinite where no cell holds it."""
    region_km2: float

    def recall(self, budget_km2: float) -> float:
        """Return the share of truth points found within this area."""
        return float((self.area_km2 <= budget_km2).mean())

    def needed(self, recall: float) -> float:
        """Return the km² needed to find this share of the truth points; infinite where it is never reached."""
        at = int(np.ceil(recall * len(self.area_km2))) - 1
        return float(self.area_km2[max(at, 0)])

    @property
    def normalised_area(self) -> float:
        """Area under recall over share of the region searched, 0 to 1; a random ranking has about 0.5."""
        share = np.minimum(self.area_km2 / self.region_km2, 1.0)
        return float((1 - share).mean())


def recall_vs_area(score: ArrayLike, area_km2: ArrayLike, truth_cell: ArrayLike) -> RecallArea:
    """Return how much area, in order of score, holds the truth points.

    Args:
        score: (cells,) the map.
        area_km2: (cells,) each cell's area, equal-area.
        truth_cell: (points,) the cell each truth point lies in, −1 where none does.
    """
    score, area = np.asarray(score, float), np.broadcast_to(np.asarray(area_km2, float), np.shape(score))
    truth_cell = np.asarray(truth_cell, int)
    order = np.argsort(-score, kind="stable")
    total = np.cumsum(area[order])
    ordered = -score[order]
    upto = np.searchsorted(ordered, -score, "right") - 1  # last cell with at least this score
    needed = np.where(truth_cell >= 0, total[upto[np.maximum(truth_cell, 0)]], np.inf)
    return RecallArea(np.sort(needed), float(area.sum()))


def figures(truth: NDArray[np.int64], scores: NDArray[np.float64], known: Sequence[str]) -> dict[str, float]:
    """Return accuracy at full depth and at LUCAS levels 1 and 2, top five, and means over the classes that occur.

    Args:
        truth: (N,) positions in `known`.
        scores: (N, known) chances, or whatever is higher where likelier.
        known: The classes' codes.
    """
    said = scores.argmax(axis=1)
    five = np.argsort(-scores, axis=1)[:, :5]
    first, second = (np.array([code[:depth] for code in known]) for depth in (1, 2))
    there = np.unique(truth)
    right, recall, f1 = three_means(truth, scores)
    return {
        "accuracy": right,
        "balanced": recall,
        "mean F1": f1,
        "top 5": float((five == truth[:, None]).any(axis=1).mean()),
        "level 1": _at_level(first, truth, scores),
        "level 2": _at_level(second, truth, scores),
        "mean AP": float(np.mean([average_precision(truth == c, scores[:, c]) for c in there])),
        "mean recall-vs-area": float(np.mean([_found_early(truth == c, scores[:, c]) for c in there])),
        "pixels": len(said),
    }


def three_means(truth: NDArray[np.int64], scores: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return accuracy, and recall and F1 in the mean over the classes that occur."""
    said, count = scores.argmax(axis=1), scores.shape[1]
    one = class_scores(confusion(truth, said, count))
    there = np.unique(truth)
    return accuracy(truth, said), balanced_accuracy(truth, said), float(np.mean([one[c].f1 for c in there]))


def class_figures(
    truth: NDArray[np.int64], scores: NDArray[np.float64], known: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return the scores of each class that occurs: precision, recall, F1, average precision, recall-vs-area, and in
    `called` how many of its pixels were called what."""
    matrix, out = confusion(truth, scores.argmax(axis=1), len(known)), {}
    for at, one in enumerate(class_scores(matrix)):
        if not one.support:
            continue
        out[known[at]] = {
            "precision": round(one.precision, 3),
            "recall": round(one.recall, 3),
            "f1": round(one.f1, 3),
            "average_precision": round(average_precision(truth == at, scores[:, at]), 3),
            "recall_vs_area": round(_found_early(truth == at, scores[:, at]), 3),
            "pixels": one.support,
            "called": {known[k]: int(n) for k, n in enumerate(matrix[at]) if n},
        }
    return out


def _at_level(names: NDArray[np.str_], truth: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Share right when the scores of the classes under one name are added up."""
    groups, at = np.unique(names, return_inverse=True)
    summed = np.stack([scores[:, at == g].sum(axis=1) for g in range(len(groups))], axis=1)
    return float((summed.argmax(axis=1) == at[truth]).mean())


def _found_early(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Return the normalised area under recall against searched area; a random ranking has about 0.5."""
    return recall_vs_area(score, CELL_KM2, np.flatnonzero(truth)).normalised_area
