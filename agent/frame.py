"""What a question is about once its words are ids and codes; the part a follow-up question keeps. Plans no tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, NotRequired, TypedDict

from retrieval.foreign import record
from retrieval.query import Query
from tools.plan import Step

SUBJECT = ("land_cover", "land_use", "exclude", "each", "words")
PLACE = ("regions", "near", "spot")
TIME = ("years", "since", "span", "when")

ORDERS = ("most", "fewest", "both")
"""Which end of a ranking comes first; `both` is a ranking from each."""


class Spot(TypedDict):
    """A place without an outline, and how far around it: degrees and kilometres."""

    lon: float
    lat: float
    km: NotRequired[float]
    name: NotRequired[str]


@dataclass(frozen=True)
class Frame:
    """An operation with its typed objects. Empty fields were not said."""

    operation: str = ""
    regions: tuple[str, ...] = ()
    near: Spot | None = None
    """`{"lon", "lat", "km", "name"}`."""
    spot: Spot | None = None
    """`{"lon", "lat", "name"}` for what is nearest."""
    land_cover: tuple[str, ...] = ()
    land_use: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    each: tuple[tuple[str, ...], ...] = ()
    """Codes by class named, where several classes are asked for side by side."""
    words: str = ""
    """The free text of a satellite question."""
    years: tuple[int, ...] = ()
    since: int | None = None
    span: tuple[int, int] | None = None
    when: str = ""
    """`latest`, `earliest` or `all`, where said."""
    level: str = ""
    limit: int | None = None
    order: str = "most"
    """One of `ORDERS`."""
    by: str = "regions"
    theme: str = "land_cover"
    unit: str = ""
    source: str = ""
    """`survey`, `official` or `satellite`, where said."""
    together: bool = False
    point_id: str = ""
    undrawn: bool = False
    """Whether it is of "this region" where none is drawn: what follows on it has no place either."""

    def to_json(self) -> dict[str, Any]:
        """The frame as plain JSON values, what was not said left out."""
        empty = Frame()
        return {k: v for k, v in asdict(self).items() if v != getattr(empty, k)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Frame:
        """Return the frame `to_json` wrote.

        Raises:
            BadArgument: it is not one.
        """
        return record(cls, value, "frame")

    def says(self, names: tuple[str, ...]) -> bool:
        """Return whether any of these fields was said."""
        empty = Frame()
        return any(getattr(self, name) != getattr(empty, name) for name in names if hasattr(self, name))

    def taking(self, older: Frame, names: tuple[str, ...]) -> Frame:
        """Return this frame with these fields of an older one."""
        return replace(self, **{name: getattr(older, name) for name in names if hasattr(self, name)})


def remembered(query: Query, step: Step, years: Iterable[int]) -> dict[str, Any]:
    """Return what the rules behind the chart remember of a query and its first tool call; it goes with them."""

    def named(*dimensions: str) -> tuple[Any, ...]:
        return tuple(v for d in dimensions for f in query.filters(d) if f.op == "in" for v in f.listed)

    frame = Frame(
        regions=named("region"),
        land_cover=named("land_cover", "land_cover_from"),
        land_use=named("land_use", "land_use_from"),
        years=tuple(years),
        source="official" if query.source == "published" else "survey",
    )
    if step.tool != "query":
        given = step.arguments
        own = {name: given[name] for name in ("unit", "limit", "level") if name in given}
        regions = tuple(given.get("regions") or given.get("within") or frame.regions)
        frame = replace(frame, operation=step.tool, source="", regions=regions, **own)
    return frame.to_json()
