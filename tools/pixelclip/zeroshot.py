"""From words to scores: class-mean correction, calibrated probabilities, roll-up, and what can be said of free text.

The correction subtracts each text's mean cosine over a *fixed* reference sample that ships with the model, never over
the pixels being asked about: the answer for one pixel does not depend on its neighbours in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FAR = 0.25
"""Cosine in the shared space below which words lie far from every class there are prompts for."""

SURE, LIKELY, MARGIN = 0.5, 0.3, 0.15
"""Words mean a class from the first cosine on, or from the second where the next class is so much farther."""


@dataclass(frozen=True)
class Nearest:
    """The known classes nearest to some words, best first, and what follows."""

    codes: tuple[str, ...]
    similarity: tuple[float, ...]

    @property
    def far(self) -> bool:
        """Whether the words lie far from anything the model has seen."""
        return self.similarity[0] < FAR

    @property
    def same(self) -> str | None:
        """The known class these words mean, if one."""
        first, second = (*self.similarity, 0.0)[:2]
        sure = first >= SURE or (first >= LIKELY and first - second >= MARGIN)
        return self.codes[0] if sure else None


def corrected(
    pixels: NDArray[np.float32], texts: NDArray[np.float32], reference: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (N, T) cosines less each text's mean cosine over the reference sample."""
    return pixels @ texts.T - (reference @ texts.T).mean(axis=0)


def decoders(classes: NDArray[np.float32], every: NDArray[np.float32], strength: float = 0.3) -> NDArray[np.float32]:
    """Return (K, dim): one vector a known class, whose product with a pixel says how much of the class is in it.

    A pixel's vector is a mixture of class texts, and texts of like classes share most of theirs; a plain cosine adds up
    what they share. With M = (S + strength · mean eigenvalue · I)⁻¹ and S the second moment of `every` class text, the
    decoder M c / (c·M c) is 1 at its own text c and near 0 at the others'. Only for classes with labelled pixels: other
    words are compared by their cosine.
    """
    dim = every.shape[1]
    moment = every.T.astype(float) @ every / len(every)
    metric = np.linalg.inv(moment + strength * np.trace(moment) / dim * np.eye(dim))
    turned = classes @ metric
    return (turned / (turned * classes).sum(axis=1, keepdims=True)).astype(np.float32)


def softmax(logits: NDArray) -> NDArray:
    """Return probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def fit_temperature(scores: NDArray, truth: NDArray[np.int64]) -> float:
    """Return the scale (inverse temperature) that makes softmax(scale · scores) most likely."""
    scales = np.geomspace(1, 200, 160)
    rows = np.arange(len(truth))
    loss = [-np.log(softmax(scale * scores)[rows, truth] + 1e-12).mean() for scale in scales]
    return float(scales[int(np.argmin(loss))])


@dataclass(frozen=True)
class Isotonic:
    """A rising step-wise linear map from score to probability, for one text against everything else."""

    score: tuple[float, ...]
    probability: tuple[float, ...]

    def __call__(self, score: NDArray) -> NDArray[np.float64]:
        """Return probabilities."""
        return np.interp(score, self.score, self.probability)


def fit_isotonic(score: NDArray, truth: NDArray, knots: int = 24) -> Isotonic:
    """Return the best rising fit of truth on score (pool adjacent violators), thinned to a few knots."""
    order = np.argsort(score, kind="stable")
    blocks: list[list[float]] = []  # mean, weight, sum of scores
    for s, t in zip(np.asarray(score, float)[order], np.asarray(truth, float)[order], strict=True):
        blocks.append([float(t), 1.0, float(s)])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            mean, weight, total = blocks.pop()
            before = blocks[-1]
            before[0] = (before[0] * before[1] + mean * weight) / (before[1] + weight)
            before[1], before[2] = before[1] + weight, before[2] + total
    at = np.unique(np.linspace(0, len(blocks) - 1, min(knots, len(blocks))).round().astype(int))
    points = [(blocks[i][2] / blocks[i][1], blocks[i][0]) for i in at]
    return Isotonic(tuple(round(p[0], 5) for p in points), tuple(round(p[1], 5) for p in points))


def roll_up(
    probability: Mapping[str, float], parents: Mapping[str, str | None], threshold: float = 0.5
) -> tuple[str | None, float]:
    """Return the deepest class whose probability, its descendants' included, reaches the threshold.

    Returns (None, 0.0) where not even one of the uppermost classes does.
    """
    total: dict[str, float] = {}
    for code, p in probability.items():
        at: str | None = code
        while at is not None:
            total[at] = total.get(at, 0.0) + p
            at = parents.get(at)
    passing = [code for code, p in total.items() if p >= threshold]
    if not passing:
        return None, 0.0
    best = max(passing, key=lambda code: (_depth(code, parents), total[code]))
    return best, total[best]


def nearest_classes(
    text: NDArray[np.float32], classes: Sequence[str], vectors: NDArray[np.float32], count: int = 5
) -> Nearest:
    """Return the classes whose text vectors lie nearest to one text's."""
    similarity = vectors @ text
    order = np.argsort(-similarity, kind="stable")[:count]
    return Nearest(tuple(classes[i] for i in order), tuple(round(float(similarity[i]), 3) for i in order))


def _depth(code: str, parents: Mapping[str, str | None]) -> int:
    depth, at = 0, parents.get(code)
    while at is not None:
        depth, at = depth + 1, parents.get(at)
    return depth
