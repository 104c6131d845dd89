"""Class → prompts: names in five languages, templates, descriptions written for this project. Selects among them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import BadArgument, BadFile

Style = Literal["name", "template", "aerial", "ground", "described", "all"]
STYLES: tuple[Style, ...] = ("name", "template", "aerial", "ground", "described", "all")
LANGUAGES = ("en", "fr", "de", "es", "it")
LUCAS = Path(__file__).parent / "prompts" / "lucas.json"


@lru_cache(maxsize=4)
def read_prompts(path: Path = LUCAS) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Return class → style → prompts; English names under `name`, all languages under `names`.

    Raises:
        BadFile: not a file of prompts.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        templates, classes = data["templates"], data["classes"]
        return {code: _by_style(entry, templates) for code, entry in classes.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadFile(f"{path} is no file of prompts: {error}") from error


def prompts_of(land_cover: str, style: Style = "all", path: Path = LUCAS) -> tuple[str, ...]:
    """Return the prompts of a LUCAS code, of its parent where it has none of its own."""
    if style not in STYLES:
        raise BadArgument(f"no prompt style {style!r}: {', '.join(STYLES)}")
    table = read_prompts(path)
    code = land_cover
    while code and code not in table:
        code = code[:-1].rstrip("0")
    if not code:
        raise BadArgument(f"no prompts for {land_cover!r}")
    return tuple(table[code][style])


def mean_vectors(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return one unit vector a class: the mean of its prompts' unit vectors."""
    means = np.stack([v.mean(axis=0) for v in vectors])
    return (means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def select_prompts(
    prompts: Sequence[NDArray[np.float32]], pixels: NDArray[np.float32], keep: int
) -> list[NDArray[np.int64]]:
    """Return, per class, the positions of its `keep` best prompts, best first: SenCLIP's selection.

    A prompt's profile is how it responds to a sample of pixels (its column of cosines, length one). α is its mean
    similarity to the profiles of its own class, β to those of all classes; the largest α/β stay.
    """
    owner = np.repeat(np.arange(len(prompts)), [len(p) for p in prompts])
    profile = pixels @ np.concatenate(prompts).T + 1.0  # (R, P); cosines + 1, so that profiles stay positive
    profile = profile / np.linalg.norm(profile, axis=0, keepdims=True)
    similar = profile.T @ profile  # (P, P)
    alpha = np.array([similar[at, owner == owner[at]].mean() for at in range(len(owner))])
    score = alpha / similar.mean(axis=1)
    chosen = []
    for land_cover in range(len(prompts)):
        own = np.flatnonzero(owner == land_cover)
        order = np.argsort(-score[own], kind="stable")[:keep]
        chosen.append(order.astype(np.int64))
    return chosen


def _by_style(entry: Mapping, templates: Sequence[str]) -> dict[str, tuple[str, ...]]:
    english = tuple(entry["names"]["en"])
    names = tuple(name for language in LANGUAGES for name in entry["names"].get(language, ()))
    aerial, ground = tuple(entry["aerial"]), tuple(entry["ground"])
    return {
        "name": english,
        "names": names,
        "template": tuple(template.format(name) for name in english for template in templates),
        "aerial": aerial,
        "ground": ground,
        "described": aerial + ground,
        "all": names + aerial + ground,
    }
