"""What every encoder of pixel years offers: vectors of pixels and of words, and the classes it tells apart.

An encoder is one file: a class with these members, and a line in `encoders.py` that says how it is made from a file.
`embed`, `predict`, the answers and the page know nothing else of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tools.pixelclip.bands import Years


class Encoder(Protocol):
    """Pixel years and texts → unit vectors of one space."""

    @property
    def about(self) -> dict[str, Any]:
        """Return what is known of it.

        `known`: model codes that compete; `text_codes`: codes of `class_texts`; `labelled`: pixels taught, by code;
        `training_ids`: `locations` and `points` it was taught on; `scores`: what was measured of it.
        """
        ...

    @property
    def reference(self) -> NDArray[np.float32]:
        """(R, dim) vectors of a fixed sample of pixels, never the ones asked about."""
        ...

    @property
    def class_texts(self) -> NDArray[np.float32]:
        """(C, dim) unit vectors of `about["text_codes"]`."""
        ...

    @property
    def prototypes(self) -> NDArray[np.float32]:
        """(known, 12, 10) mean year of each known class, reflectance × 10 000."""
        ...

    @property
    def calibrated(self) -> bool:
        """Whether `classify` gives probabilities that were held against labels."""
        ...

    @property
    def sha256(self) -> str:
        """Digest of the file of weights."""
        ...

    @property
    def model_id(self) -> str:
        """Name and version, as it stands in provenance and beside stored vectors."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    def __hash__(self) -> int: ...

    def embed(self, years: ArrayLike | Years, batch: int = 4096) -> NDArray[np.float32]:
        """Return (N, dim) unit vectors of (N, 12, 10) calendar years, reflectance × 10 000; unusable pixels are 0."""
        ...

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dim) unit vectors."""
        ...

    def classify(self, pixels: NDArray[np.float32], classes: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (N, K) chances, rows summing to one, of pixel vectors for the known classes' text vectors."""
        ...

    def examine(
        self, years: Years, batch: int = 4096, radar: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
        """Return what `embed` does, and which pixels are unlike what it was taught on, None where it cannot tell.

        `radar`: (N, 12, 2) VV and VH in dB, NaN where missing; an encoder without use for it leaves it.
        """
        ...
