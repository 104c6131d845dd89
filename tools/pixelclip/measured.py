"""What an encoder that is made here gives at places it did not see: its accuracy, written into its own file.

Five folds of 50 km blocks, as `evals/classifier.py` has them; where most places lie outside of its settled blocks,
folds are dealt anew. Everything is fitted without the fold that is scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.pixelclip.metrics import class_figures, figures
from tools.pixelclip.samples import block_folds, blocks_of, settled_folds
from tools.pixelclip.zeroshot import fit_temperature, softmax

Chances = Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float64]]
"""(which to learn from, which to say something of) → (tests, classes) chances."""


def place_folds(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return each place's fold, −1 where it is always learnt from."""
    block = blocks_of(lon, lat)
    folds = settled_folds()
    if np.mean([name in folds for name in block]) < 0.5:
        folds = block_folds(block)
    return np.array([folds.get(str(name), -1) for name in block], np.int64)


def at_places_left_out(
    name: str,
    fold: NDArray[np.int64],
    label: NDArray[np.int64],
    known: Sequence[str],
    chances: Chances,
    scored: NDArray[np.bool_] | None = None,
) -> tuple[dict[str, Any], float]:
    """Return the scores of an encoder's decision at places left out, and the power that makes its chances honest.

    Args:
        name: The encoder's, as in its file.
        fold: (N,) from `place_folds`.
        label: (N,) positions in `known`.
        known: The classes that compete.
        chances: Fits on some pixels and says of others.
        scored: (N,) which pixels count; the others only teach. None: all.

    Returns:
        `together` and `by_class` as a model's file has them, {} where the places make no two folds; and the power.
    """
    counted = np.ones(len(fold), bool) if scored is None else scored
    folds = np.unique(fold[(fold >= 0) & counted])
    if len(folds) < 2:
        return {}, 1.0
    tests = [(fold == one) & counted for one in folds]
    truth = np.concatenate([label[test] for test in tests])
    said = [chances(fold != one, test) for one, test in zip(folds, tests, strict=True)]
    logarithm = np.log(np.concatenate(said) + 1e-12)
    power = fit_temperature(logarithm, truth, least=0.25)
    scores = softmax(power * logarithm)
    row = {key: round(value, 3) for key, value in figures(truth, scores, known).items()}
    return {"together": [{"method": name, **row}], "by_class": class_figures(truth, scores, known)}, power
