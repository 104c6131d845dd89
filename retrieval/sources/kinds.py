"""What a source registers, in one file of its own: its dimensions, measures, units, years, domains and caveats.

The compiler, the schema shown to a language model, the page's form and the renderer read these records; none of them
knows a source by name. SQL fragments are plain text owned by the source: no value of a question is ever written into
one, every value is a bound parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from retrieval.query import Op

Kind = Literal["place", "class", "year", "month", "number", "word", "point", "position", "outline"]
"""`place`: region ids, rolled up by the gazetteer. `class`: codes of the nomenclature. `point`: single locations.
`position`: longitude and latitude, for distances. `outline`: areas drawn by the asker."""

OPS: Mapping[str, tuple[Op, ...]] = {
    "position": ("near", "not_near"),
    "number": ("between", "above", "below", "in", "not_in"),
    "year": ("in", "not_in", "between", "above", "below"),
    "month": ("in", "not_in", "between"),
}
"""Kind → how a dimension of it may be asked for; all others by their values alone."""
NUMERIC = ("number", "year", "month", "position", "point")
"""Kinds whose values are numbers."""


@dataclass(frozen=True)
class Dimension:
    """Something a source's rows can be filtered or grouped by."""

    name: str
    kind: Kind
    sql: str
    """Over the columns of the source's relation."""
    unit: str = ""
    focus: bool = False
    """Part of what is counted, not of where it is looked for: left out of what was looked at ("26 of 2,485")."""
    levels: Mapping[str, str] = field(default_factory=dict)
    """Level of a hierarchy → its SQL. Places are rolled up by the gazetteer instead."""
    stored: bool = False
    """Parents are rows of their own: never summed with their children, never expanded into them."""
    domain: tuple[float, float] | None = None
    """Outside it a value is no measurement: set to missing when the store is built."""
    sparse: bool = False
    """Not recorded in every year: asked of a year without it, it is refused, not counted as zero."""
    known: str = ""
    """SQL of the values that exist, where they are a closed list of words."""
    codes: tuple[str, ...] = ()
    """The values that exist, where the source itself lists them; any other is refused by name."""
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Value → the values it stands for: a group of purposes, of states."""
    many: bool = False
    """A row holds a list of values: asked for one it counts once, split by them it stands in each of their rows."""
    inside: str = ""
    """SQL around a `{test}` on a table beside the relation: the row holds where one of its parts there does."""


def ops_of(dimension: Dimension) -> tuple[Op, ...]:
    """Return how a dimension may be asked for."""
    return OPS.get(dimension.kind, ("in", "not_in"))


@dataclass(frozen=True)
class Measure:
    """A number over the rows of a group. `{filter}` stands where a FILTER clause goes, `{sign}` where classes taken
    away from their parent turn a summand round."""

    name: str
    sql: str
    unit: str
    one: tuple[str, ...] = ()
    """Never summed over these dimensions: each is filtered to one value, or split by it."""
    narrowed: bool = True
    """Whether the focus of the question narrows it; not so what was looked at in all."""
    low: str = ""
    high: str = ""
    """SQL of the ends of its interval, where the source has one."""
    level: float | None = None
    """Confidence level of the interval."""
    se: str = ""
    """SQL of its standard error, in its unit: intervals are made of it, also those of differences and ratios."""
    change_se: str = ""
    """The same for a difference of two years of the same places, where that is smaller."""
    whole: str = ""
    """SQL of what it is a part of, in its unit: its interval stays between nothing and that."""
    concept: str = "amount"
    """The same concept in another source is the second witness of the same thing."""
    status: str = ""
    """SQL of how the figure stands, where figures may be missing or unreliable."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Name → SQL over the rows of a group of what the figure is worked out of: read as `<column>_<name>`, for caveats
    too, and left out of a reader's table. The SQL of the figure, its status and error is then of these: `{name}`."""
    aside: tuple[str, ...] = ()
    """Parts that nothing of the above is made of: read only where they are asked for."""
    made_of: tuple[str, ...] = ()
    """Measures of the source that it is worked out of, each narrowed in its own way: read as `<column>_<measure>`. The
    SQL of the figure is then of these: `{measure}`."""
    digits: int = 0
    needs: tuple[str, ...] = ()
    """Sparse dimensions it is made of."""

    @property
    def worked_out_of(self) -> tuple[str, ...]:
        """Names of the parts and measures that its SQL is of, each read as a column of its own."""
        return (*self.parts, *self.made_of)


@dataclass(frozen=True)
class Source:
    """One witness: a table of the store and what may be asked of it."""

    name: str
    dataset: str
    """Kind of the datasets it stands on (`retrieval.types.Dataset.kind`)."""
    relation: str
    dimensions: Mapping[str, Dimension]
    measures: Mapping[str, Measure]
    about: str = ""
    """What a row is and what it says nothing of, in one line for who plans."""
    points: Mapping[str, str] = field(default_factory=dict)
    """Columns of a single location: name → SQL, for rows by `point`."""
    everywhere: str = ""
    """What must hold where no place is named, so that no row is counted once for each region it lies in."""
    one_row_per: tuple[str, ...] = ()
    """The key of what is counted, where overlapping regions would hold it several times."""
    first: str = ""
    """What such rows of one thing are ordered by, where they differ: the first is kept."""
    listed: str = ""
    """SQL of the rows that take part in a list of a level, where one land may stand under several names."""
    caveats: tuple[str, ...] = ()
    """Keys of what always holds for a reader of this source."""
    comes_by: str = ""
    """The command that brings its table into a store, where a store may lack it; else every store has it."""
    beside: tuple[str, ...] = ()
    """Kinds of further datasets that it is made of."""
    weighed: bool = False
    """Its rows stand for land, so that what they are a sample of does not matter."""
    comparable: bool = True
    """Whether figures of two years may be held against each other."""


def source(
    name: str,
    dataset: str,
    relation: str,
    dimensions: Sequence[Dimension],
    measures: Sequence[Measure],
    points: Mapping[str, str] | None = None,
    everywhere: str = "",
    one_row_per: tuple[str, ...] = (),
    first: str = "",
    listed: str = "",
    caveats: tuple[str, ...] = (),
    about: str = "",
    comes_by: str = "",
    beside: tuple[str, ...] = (),
    weighed: bool = False,
    comparable: bool = True,
) -> Source:
    """Return a source with its dimensions and measures by name."""
    return Source(
        name,
        dataset,
        relation,
        {d.name: d for d in dimensions},
        {m.name: m for m in measures},
        about,
        points or {},
        everywhere,
        one_row_per,
        first,
        listed,
        caveats,
        comes_by,
        beside,
        weighed,
        comparable,
    )


def land_cover(name: str, column: str, *, focus: bool = True, stored: bool = False) -> Dimension:
    """Return the dimension of a LUCAS land cover code at its three levels: main class, group, class."""
    levels = {"1": f"left({column}, 1) || '00'", "2": f"left({column}, 2) || '0'", "3": column}
    return Dimension(name, "class", column, focus=focus, levels=levels, stored=stored)


def land_use(name: str, column: str) -> Dimension:
    """Return the dimension of a LUCAS land use code at its three levels."""
    levels = {"1": f"left({column}, 2) || '00'", "2": f"left({column}, 3) || '0'", "3": column}
    return Dimension(name, "class", column, focus=True, levels=levels)
