"""The classes an encoder knows: LUCAS codes to its own, vectors to probabilities, words to classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.pixelclip.interface import Encoder
from tools.pixelclip.prompts import mean_vectors, prompts_of
from tools.pixelclip.zeroshot import Nearest, corrected, deepest, nearest_classes

GROUPS = {"B10": "B1", "B50": "B5", "B70": "B7"}
"""Official codes of the groups whose prompts stand under a shorter one."""


def overall(about: Mapping[str, Any], table: str = "together") -> dict[str, Any] | None:
    """Return an encoder's own line of what was measured at places it had not seen, None where nothing was.

    `table`: `together` of place folds, `sources_together` of whole data sets left out.
    """
    rows = about.get("scores", {}).get(table, ())
    return next((row for row in rows if row["method"] == about.get("name")), None)


def to_model(code: str) -> str:
    """Return the model's code of an official LUCAS code: `A00` is `A`, `B70` is `B7`, `B84` stays."""
    if code.endswith("00"):
        return code[0]
    return GROUPS.get(code, code)


def to_official(code: str) -> str:
    """Return the official LUCAS code of one of the model's: `A` is `A00`, `B7` is `B70`."""
    return code if len(code) == 3 else code.ljust(3, "0")


def parents(code: str) -> tuple[str, ...]:
    """Return the codes above one of the model's codes, nearest first: `B82` → `B8`, `B`."""
    short = code.rstrip("0") if len(code) == 3 and code[0] not in "A" else code
    return tuple(short[:n] for n in range(len(short) - 1, 0, -1))


def related(code: str, other: str) -> bool:
    """Return whether one of two model codes holds the other: `B` and `B82`, `C` and `C10`."""
    first, second = (c.rstrip("0") if len(c) == 3 else c for c in (code, other))
    return first.startswith(second) or second.startswith(first)


@dataclass(frozen=True)
class Asked:
    """What pixels are compared with: the words or class asked for, and the rivals it has to beat."""

    text: str
    """The words, or the official codes joined by +."""
    vectors: NDArray[np.float32]
    """(texts, dim) one for free words, one a class else."""
    codes: tuple[str, ...]
    """Model codes, empty for free words."""
    rivals: tuple[str, ...]
    rival_vectors: NDArray[np.float32]
    nearest: Nearest
    """Known classes nearest in words."""
    uncertain: bool
    """Whether no labelled pixel of it was ever seen: the map has no ground truth."""


class Words:
    """The text side of an encoder: its classes' vectors, and scores from them."""

    def __init__(self, model: Encoder) -> None:
        self.model = model
        self.known: tuple[str, ...] = tuple(model.about["known"])
        """Model codes that compete in a classification."""
        self.codes: tuple[str, ...] = tuple(model.about["text_codes"])
        self.vectors = model.class_texts
        self.seen = frozenset(model.about["labelled"])
        """Model codes with any labelled pixel in training."""

    def class_vector(self, code: str) -> NDArray[np.float32]:
        """Return the vector of a model code."""
        if code in self.codes:
            return self.vectors[self.codes.index(code)]
        return mean_vectors([self.model.texts(prompts_of(code, "all"))])[0]

    def ask_classes(self, official: Sequence[str]) -> Asked:
        """Return what one or several LUCAS classes are compared with."""
        codes = tuple(dict.fromkeys(map(to_model, official)))
        members = tuple(dict.fromkeys(k for code in codes for k in self._inside(code)))
        vectors = np.stack([self.class_vector(code) for code in members])
        rivals = tuple(k for k in self.known if k not in members and not any(related(k, c) for c in codes))
        return Asked(
            "+".join(official),
            vectors,
            members,
            rivals,
            self._of(rivals),
            self._nearest(vectors.mean(axis=0)),
            not any(code in self.seen for code in members),
        )

    def ask_text(self, text: str) -> Asked:
        """Return what free words are compared with: every known class but the one they may mean.

        Words that mean a known class are taken for it, in whatever language.
        """
        vector = self.model.texts([text])[0]
        nearest = self._nearest(vector)
        if nearest.same in self.known:
            return replace(self.ask_classes([to_official(nearest.same)]), text=text, nearest=nearest)
        rivals = tuple(k for k in self.known if nearest.same is None or not related(k, nearest.same))
        return Asked(text, vector[None], (), rivals, self._of(rivals), nearest, nearest.same not in self.seen)

    def score(
        self, pixels: NDArray[np.float32], asked: Asked, prior: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return each pixel's score for what is asked, and which of (asked, *rivals) it fits best: 0 is the asked.

        Known classes are scored by their probability (several together by its sum) and a pixel fits the one that is
        likeliest; other words by their cosine, less its mean over a fixed reference sample. `prior` as in `classify`.
        """
        if asked.codes and set(asked.codes) <= set(self.known):
            every = self.classify(pixels, prior)
            own, others = (every[:, [self.known.index(c) for c in codes]] for codes in (asked.codes, asked.rivals))
            table = np.concatenate([own.max(axis=1, keepdims=True), others], axis=1)
            return own.sum(axis=1), table.argmax(axis=1)
        # words lie nearer to all pixels or farther than the known classes' do: compare corrected
        own, others = (corrected(pixels, v, self.model.reference) for v in (asked.vectors, asked.rival_vectors))
        best = own.max(axis=1)
        table = np.concatenate([best[:, None], others], axis=1)
        return best.astype(float), table.argmax(axis=1)

    def probability(self, score: NDArray, asked: Asked) -> NDArray[np.float64] | None:
        """Return the calibrated probability of what is asked; None where there is none."""
        known = bool(asked.codes) and set(asked.codes) <= set(self.known)
        return score if known and self.model.calibrated else None

    def classify(self, pixels: NDArray[np.float32], prior: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return (N, known) probabilities over the known classes.

        `prior`: (known,) how much likelier each class is where the pixels lie than in the training sample, as shares
        there over shares in training; 1 everywhere without it.
        """
        chance = self.model.classify(pixels, self._of(self.known))
        if prior is not None:
            chance = chance * prior
            chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1e-12)
        return chance

    def deepest(self, chance: NDArray[np.float64], threshold: float = 0.5) -> list[str | None]:
        """Return, a pixel, the model code of the deepest class that is likelier than the threshold, or None."""
        return deepest(chance, self.known, parents, threshold)

    def accuracy_of(self, code: str) -> dict[str, Any] | None:
        """Return the measured scores of a model code at unseen places, None where they were not measured."""
        return self.model.about.get("scores", {}).get("by_class", {}).get(code)

    def zero_shot(self) -> dict[str, list[str]] | None:
        """Return which classes, left out of training, were ranked above chance by their words alone, and which not.

        Official codes; above chance where the whole 95 % interval of the ROC area is. None where it was not measured.
        """
        measured = self.model.about.get("scores", {}).get("left_out")
        if not measured:
            return None
        above = [to_official(code) for code, one in measured.items() if one["low"] > 0.5]
        return {"above_chance": above, "not": [to_official(c) for c in measured if to_official(c) not in above]}

    def nearest_measured(self, asked: Asked) -> str | None:
        """Return the model code with measured scores whose words lie nearest to what is asked, None where none has."""
        measured = tuple(code for code in self.known if self.accuracy_of(code))
        if not measured:
            return None
        vector = asked.vectors.mean(axis=0)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        return nearest_classes(unit, measured, self._of(measured), 1).codes[0]

    def _inside(self, code: str) -> tuple[str, ...]:
        """The known classes a code holds, itself included, or itself alone."""
        below = tuple(k for k in self.known if k == code or (len(code) < 3 and k.startswith(code)))
        return below or (code,)

    def _of(self, codes: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.class_vector(code) for code in codes])

    def _nearest(self, vector: NDArray[np.float32]) -> Nearest:
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        return nearest_classes(unit, self.codes, self.vectors)


@lru_cache(maxsize=2)
def words_of(model: Encoder) -> Words:
    """Return the text side of a model, made once."""
    return Words(model)
