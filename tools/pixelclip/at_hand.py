"""The encoders a person may choose among, by name: the shipped one and the files of the user's folder. Opens none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import platformdirs

from retrieval.errors import BadFile

SHIPPED = "landask-pixels"
ENDINGS = (".safetensors", ".pt", ".pth", ".ckpt")


def encoder_folder() -> Path:
    """Return where files of weights are at hand: `encoders` in the user's data directory, beside the store."""
    return Path(platformdirs.user_data_dir("landask", appauthor=False)) / "encoders"


def at_hand(folder: Path | None = None) -> dict[str, Path]:
    """Return name → file of the encoders in the folder."""
    folder = folder or encoder_folder()
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {name_of(file): file for file in files if file.suffix in ENDINGS}


def name_of(file: Path) -> str:
    """Return what a file of weights goes by: its name without ending, unless the shipped encoder is called so."""
    return file.stem if file.stem != SHIPPED else str(file)


def file_of(named: str | Path, known: Mapping[str, Path]) -> Path | None:
    """Return the file of an encoder's name or path; None is the shipped one.

    Raises:
        BadFile: no such name is known and no such file is there.
    """
    if str(named) == SHIPPED:
        return None
    path = known.get(str(named), Path(named))
    if not path.is_file():
        raise BadFile(f"no encoder {str(named)!r}: there are {', '.join((SHIPPED, *known))}, or name a file")
    return path
