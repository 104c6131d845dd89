"""Which encoder a file of weights holds: one line a kind. Another encoder is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from tools.pixelclip.headed import KIND, read_headed
from tools.pixelclip.interface import Encoder
from tools.pixelclip.shipped import load
from tools.pixelclip.timesenclip import read_timesenclip
from tools.pixelclip.weights import read_metadata

READERS: Mapping[str, Callable[[Path], Encoder]] = {"landask-pixels": load, KIND: read_headed}
"""Kind a file says of itself → its reader. TimeSenCLIP's files say nothing."""


@lru_cache(maxsize=2)
def open_encoder(path: Path, tower: str | None = None) -> Encoder:
    """Return the encoder of a file: our own model, a backbone with a head, or TimeSenCLIP's weights in any form.

    Args:
        path: The file of weights.
        tower: Text tower of an encoder that names none, such as `open_clip:ViT-B-32:FILE`.

    Raises:
        BadFile: it holds none of them.
    """
    kind = read_metadata(path).get("kind") if path.suffix == ".safetensors" and path.is_file() else None
    if reader := READERS.get(str(kind)):
        return reader(path)
    return read_timesenclip(path, tower)
