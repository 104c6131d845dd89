"""From words to scores: class-mean correction, temperature, the deepest sure class, and what can be said of free text.

The correction subtracts each text's mean cosine over a *fixed* reference sample that ships with the model, never over
the pixels being asked about: the answer for one pixel does not depend on its neighbours in a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def shares(pixels: NDArray[np.float32], classes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (N, K) how much of each class's text a vector is made of, rows summing to one: what it was mixed by."""
    share = np.clip(pixels.astype(float) @ np.linalg.pinv(classes.astype(float)), 0, None)
    return share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)


def softmax(logits: NDArray) -> NDArray:
    """Return probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def fit_temperature(scores: NDArray, truth: NDArray[np.int64], least: float = 1.0) -> float:
    """Return the scale (inverse temperature), `least` to 200 times it, that makes softmax(scale · scores) likeliest."""
    scales = np.geomspace(least, 200 * least, 160)
    rows = np.arange(len(truth))
    loss = [-np.log(softmax(scale * scores)[rows, truth] + 1e-12).mean() for scale in scales]
    return float(scales[int(np.argmin(loss))])


def deepest(
    probability: NDArray, known: Sequence[str], parents: Callable[[str], tuple[str, ...]], threshold: float = 0.5
) -> list[str | None]:
    """Return, a pixel, the deepest class that is likelier than the threshold, its descendants' chances added up.

    `probability` is (N, known). None where not even an uppermost class reaches the threshold.
    """
    members: dict[str, list[int]] = {}
    for at, code in enumerate(known):
        for own in (code, *parents(code)):
            members.setdefault(own, []).append(at)
    names = sorted(members, key=lambda code: -len(code.rstrip("0")))
    total = np.stack([probability[:, members[code]].sum(axis=1) for code in names], axis=1)
    passing = total >= threshold
    first = np.where(passing.any(axis=1), passing.argmax(axis=1), -1)
    return [names[at] if at >= 0 else None for at in first]


def nearest_classes(
    text: NDArray[np.float32], classes: Sequence[str], vectors: NDArray[np.float32], count: int = 5
) -> Nearest:
    """Return the classes whose text vectors lie nearest to one text's."""
    similarity = vectors @ text
    order = np.argsort(-similarity, kind="stable")[:count]
    return Nearest(tuple(classes[i] for i in order), tuple(round(float(similarity[i]), 3) for i in order))
