"""Which encoder a file of weights holds: one line a kind. Another encoder is one file and one line here."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tools.pixelclip.interface import Encoder
from tools.pixelclip.shipped import load
from tools.pixelclip.timesenclip import read_timesenclip
from tools.pixelclip.weights import read_metadata


@lru_cache(maxsize=2)
def open_encoder(path: Path, tower: str | None = None) -> Encoder:
    """Return the encoder of a file: our own model, or TimeSenCLIP's weights in any form they come in.

    Args:
        path: The file of weights.
        tower: Text tower of an encoder that names none, such as `open_clip:ViT-B-32:FILE`.

    Raises:
        BadFile: it holds neither.
    """
    if path.suffix == ".safetensors" and path.is_file() and read_metadata(path).get("kind") == "landask-pixels":
        return load(path)
    return read_timesenclip(path, tower)
