"""One figure of a region in a year as maps, lines and bars draw it, however it came about. Computes none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from retrieval.store import Store
from tools import official_maps, uncertainty
from tools.context import Context
from tools.official import Cell

What = TypeVar("What")

Doubt = Literal["", "lines", "dots"]


@dataclass(frozen=True)
class Figure:
    """A share, or the reason why there is none."""

    value: float | None
    """Percent."""
    status: str = "published"
    """`published`, `zero`, `not_significant`, `too_few` points to say, or `not_published`."""
    doubt: Doubt = ""
    """The pattern over a figure with a large error."""
    low: float | None = None
    high: float | None = None
    """The ends of its 95 % interval, percent."""
    cell: Cell | None = None
    """The published cell it was read from: what its change is told from."""

    @classmethod
    def of(cls, cell: Cell) -> Figure:
        """A published cell as it is drawn."""
        low, high = cell.interval("%") or (None, None)
        unsure = doubt(cell.cv, flagged="u" in cell.flag) if cell.known else ""
        return cls(cell.value("%"), official_maps.map_status(cell), unsure, low, high, cell)

    @property
    def known(self) -> bool:
        """Whether there is a number, a zero among them."""
        return self.value is not None or bool(self.cell and self.cell.known)


@dataclass(frozen=True)
class Regional(Generic[What]):
    """Which figures: of what, of all regions of a level, in some places or everywhere; equal where they are."""

    context: Context = field(compare=False)
    store: Store
    language: str
    what: What
    level: str
    within: tuple[str, ...]


def doubt(cv: float | None, *, flagged: bool) -> Doubt:
    """Dots from a coefficient of variation of 50 % up, lines from 30 % up and where the figure is flagged as unsure."""
    word = uncertainty.reliability(cv)
    return "dots" if word == "order_of_magnitude" else "lines" if word == "low" or flagged else ""
