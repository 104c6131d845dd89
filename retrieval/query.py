"""One typed query: what is read from a source, grouped by what, under which conditions, in which order.

Everything that plans fills this record: the rules, a language model, the page's form, another program, a replayed file.
It is plain values: frozen, equal by value, the same after a trip through JSON. It knows no source and no SQL; whether
its names exist is checked where it is compiled (`tools/compile.py`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, cast, get_args

from retrieval.errors import BadArgument

Value = str | int | float
Op = Literal["in", "not_in", "between", "above", "below", "near", "not_near"]
"""`between` includes its ends, either of which may be None; `above` and `below` leave theirs out; `near` and `not_near`
take longitude, latitude (degrees, EPSG:4326), kilometres and, to be read by a person, what the place is called."""
Arithmetic = Literal["difference", "gap", "ratio", "percent", "sum", "part"]
"""left − right; how far the two are apart, whichever is larger; left ÷ right; 100 × left ÷ right; left + right;
100 × left ÷ its total over all rows."""
Sign = Literal["<", "<=", "=", ">=", ">", "<>"]
HOLDS: Mapping[Sign, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt, "<>": operator.ne,
}  # fmt: skip
"""Sign → whether two values are so to each other."""
Way = Literal["most", "fewest"]
Folding = Literal["count", "sum", "mean", "least", "most"]

MOST_VALUES = 4_000
"""Values of one filter, members of one grouping: more than any question names, all NUTS 3 regions among them."""
MOST_PARTS = 24
"""Filters, columns, conditions, groupings or sort keys of one query."""
MOST_ROWS = 10_000
"""The largest limit."""
MOST_KM = 20_016
"""The largest radius: half-way round the Earth."""


@dataclass(frozen=True)
class Ref:
    """The members that result number `query` of the same plan found, counted from 1: "those regions"."""

    query: int


@dataclass(frozen=True)
class Filter:
    """One constraint on one dimension. The filters of a query hold together; the values of one are alternatives."""

    dimension: str
    op: Op = "in"
    values: tuple[Value | None, ...] | Ref = ()

    @property
    def listed(self) -> tuple[Any, ...]:
        """The values, none where they are the members of an earlier result."""
        return () if isinstance(self.values, Ref) else self.values


@dataclass(frozen=True)
class Group:
    """What a row stands for: a dimension at a level of its hierarchy, or some named members of it.

    Each member is one or several values taken as one (France and Italy as one pool; olives and vines as one class).
    """

    dimension: str
    level: str = ""
    members: tuple[tuple[Value, ...], ...] = ()


@dataclass(frozen=True)
class Expression:
    """Arithmetic over other columns of the same row, never over two sources."""

    op: Arithmetic
    left: str
    right: str = ""


@dataclass(frozen=True)
class Column:
    """One number a row: a measure of the source, or an expression of columns before it.

    A filter of the column takes the place of the query's own filters on the same dimension.
    """

    name: str
    measure: str = ""
    where: tuple[Filter, ...] = ()
    expression: Expression | None = None


@dataclass(frozen=True)
class Condition:
    """What must hold of a column for a row to stay. Without rows it is what a yes or no is about."""

    column: str
    sign: Sign
    value: float


@dataclass(frozen=True)
class Order:
    """Sort by a column."""

    column: str
    way: Way = "most"


@dataclass(frozen=True)
class Fold:
    """One number made of the rows: how many there are, or the sum, mean, least or most of a column."""

    op: Folding
    column: str = ""


@dataclass(frozen=True)
class Query:
    """One table of one source. Without `rows` it is one row; of `limit`, ties are kept."""

    source: str
    columns: tuple[Column, ...] = ()
    where: tuple[Filter, ...] = ()
    rows: tuple[Group, ...] = ()
    having: tuple[Condition, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    fold: Fold | None = None
    lead: str = ""
    """The member whose row is asked about: "where does France stand", "does Spain have more than Italy"."""

    def to_json(self) -> dict[str, Any]:
        """The query as JSON, what is empty left out."""
        return _to_json(self)

    @classmethod
    def from_json(cls, value: Any) -> Query:
        """Read a query and check its form.

        Raises:
            BadArgument: it is not one; the message names the first fault.
        """
        return _query(value)

    def filters(self, dimension: str) -> tuple[Filter, ...]:
        """Return the query's own filters on a dimension."""
        return tuple(f for f in self.where if f.dimension == dimension)

    @property
    def every_filter(self) -> tuple[Filter, ...]:
        """Its own filters and those of its columns."""
        return (*self.where, *(f for c in self.columns for f in c.where))

    def group(self, dimension: str) -> Group | None:
        """Return the grouping by a dimension, None where there is none."""
        return next((g for g in self.rows if g.dimension == dimension), None)

    def column(self, name: str) -> Column:
        """Return the column of a name.

        Raises:
            BadArgument: there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise BadArgument(f"no column {name!r}; there are {', '.join(c.name for c in self.columns) or 'none'}")

    @property
    def headline(self) -> Column | None:
        """The column the answer is about: the one sorted by, else the last expression, else the first."""
        if self.order and (named := [c for c in self.columns if c.name == self.order[0].column]):
            return named[0]
        computed = [c for c in self.columns if c.expression]
        return computed[-1] if computed else next(iter(self.columns), None)

    def references(self) -> tuple[int, ...]:
        """Return the numbers of the results that this query's filters refer to."""
        return tuple(sorted({f.values.query for f in self.every_filter if isinstance(f.values, Ref)}))


def _to_json(value: Any) -> Any:
    if is_dataclass(value):
        pairs = ((f.name, getattr(value, f.name)) for f in fields(value))
        return {name: _to_json(v) for name, v in pairs if v not in ((), "", None)}
    return [_to_json(v) for v in value] if isinstance(value, tuple) else value


# --- reading: every name and type is checked, nothing is run ----------------------------------------------------------


def _query(value: Any) -> Query:
    given = _object(value, "a query", Query)
    limit = given.get("limit")
    if limit is not None and not (_is_int(limit) and 1 <= limit <= MOST_ROWS):
        raise BadArgument(f"a limit of {limit!r}: a whole number from 1 to {MOST_ROWS}")
    columns = _several(given, "columns", _column)
    names = [c.name for c in columns]
    if again := next((n for n in names if names.count(n) > 1), None):
        raise BadArgument(f"two columns are named {again!r}")
    fold = given.get("fold")
    return Query(
        source=_text(given.get("source"), "source"),
        columns=columns,
        where=_several(given, "where", _filter),
        rows=_several(given, "rows", _group),
        having=_several(given, "having", _condition),
        order=_several(given, "order", _order),
        limit=limit,
        fold=None if fold is None else _fold(fold),
        lead=_text(given.get("lead", ""), "lead"),
    )


def _filter(value: Any) -> Filter:
    given = _object(value, "a filter", Filter)
    op = cast(Op, _one_of(given.get("op", "in"), Op, "comparison"))
    raw = given.get("values", ())
    if isinstance(raw, Mapping):
        number = raw.get("query")
        if set(raw) != {"query"} or not _is_int(number) or number < 1:
            raise BadArgument('the members of an earlier result are {"query": n}, n from 1')
        return Filter(_text(given.get("dimension"), "dimension"), op, Ref(number))
    values = _values(raw, "values", empty=op == "between")
    if op in ("near", "not_near"):
        _position(values[:3])
        if len(values) > 4 or any(not isinstance(v, str) for v in values[3:]):
            raise BadArgument("near takes longitude, latitude, kilometres and at most the name of the place")
    wanted = {"between": 2, "above": 1, "below": 1}.get(op)
    if wanted and (len(values) != wanted or any(isinstance(v, str) for v in values)):
        raise BadArgument(f"{op} takes {wanted} number{'s' if wanted > 1 else ''}, not {list(values)!r}")
    if not values:
        raise BadArgument(f"the filter on {given.get('dimension')!r} has no values")
    return Filter(_text(given.get("dimension"), "dimension"), op, values)


def _position(values: Sequence[Any]) -> None:
    if len(values) != 3 or any(isinstance(v, str) for v in values):
        raise BadArgument(f"near takes longitude, latitude and kilometres, not {list(values)!r}")
    lon, lat, km = values
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadArgument(f"{lon}, {lat} is no position: longitude −180..180, latitude −90..90, in this order")
    if not 0 < km <= MOST_KM:
        raise BadArgument(f"a radius of {km:g} km: between 0 and {MOST_KM} km can be asked for")


def _group(value: Any) -> Group:
    given = _object(value, "a grouping", Group)
    raw = given.get("members", ())
    if not isinstance(raw, list | tuple) or len(raw) > MOST_VALUES:
        raise BadArgument("the members of a grouping are a list of lists of values")
    members = tuple(cast("tuple[Value, ...]", _values(m, "members")) for m in raw)
    if any(not m for m in members):
        raise BadArgument("a member of a grouping is empty")
    return Group(_text(given.get("dimension"), "dimension"), _text(given.get("level", ""), "level"), members)


def _column(value: Any) -> Column:
    given = _object(value, "a column", Column)
    expression = given.get("expression")
    column = Column(
        name=_text(given.get("name"), "name"),
        measure=_text(given.get("measure", ""), "measure"),
        where=_several(given, "where", _filter),
        expression=None if expression is None else _expression(expression),
    )
    if not column.name.isidentifier() or len(column.name) > 40:
        raise BadArgument(f"{column.name!r} is no name of a column: letters, digits and _")
    if bool(column.measure) == bool(column.expression):
        raise BadArgument(f"column {column.name!r} is either a measure or an expression")
    return column


def _expression(value: Any) -> Expression:
    given = _object(value, "an expression", Expression)
    op = cast(Arithmetic, _one_of(given.get("op"), Arithmetic, "expression"))
    expression = Expression(op, _text(given.get("left"), "left"), _text(given.get("right", ""), "right"))
    if (op == "part") == bool(expression.right):
        raise BadArgument(f"{op} takes {'one column' if op == 'part' else 'two columns, left and right'}")
    return expression


def _condition(value: Any) -> Condition:
    given = _object(value, "a condition", Condition)
    number = given.get("value")
    if not _is_number(number):
        raise BadArgument(f"a condition compares with a number, not {number!r}")
    sign = cast(Sign, _one_of(given.get("sign"), Sign, "sign"))
    return Condition(_text(given.get("column"), "column"), sign, cast(float, number))


def _order(value: Any) -> Order:
    given = _object(value, "an order", Order)
    way = cast(Way, _one_of(given.get("way", "most"), Way, "order"))
    return Order(_text(given.get("column"), "column"), way)


def _fold(value: Any) -> Fold:
    given = _object(value, "a fold", Fold)
    op = cast(Folding, _one_of(given.get("op"), Folding, "fold"))
    fold = Fold(op, _text(given.get("column", ""), "column"))
    if (op == "count") == bool(fold.column):
        raise BadArgument("a fold count takes no column, it counts the rows; sum, mean, least and most fold one column")
    return fold


def _object(value: Any, what: str, form: Any) -> Mapping[str, Any]:
    known = [f.name for f in fields(form)]
    if not isinstance(value, Mapping):
        raise BadArgument(f"{what} is an object with {', '.join(known)}, not {value!r:.60}")
    for name in value:
        if name not in known:
            raise BadArgument(f"{what} has no {name!r}; it has {', '.join(known)}")
    return value


def _several(given: Mapping[str, Any], name: str, read: Any) -> tuple[Any, ...]:
    value = given.get(name, ())
    if not isinstance(value, list | tuple):
        raise BadArgument(f"{name} is a list, not {value!r:.60}")
    if len(value) > MOST_PARTS:
        raise BadArgument(f"{len(value)} {name}: at most {MOST_PARTS}")
    return tuple(read(one) for one in value)


def _values(value: Any, name: str, *, empty: bool = False) -> tuple[Value | None, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_VALUES:
        raise BadArgument(f"{name} is a list of at most {MOST_VALUES} values, not {value!r:.60}")
    for one in value:
        if not (isinstance(one, str) or _is_number(one) or (empty and one is None)):
            raise BadArgument(f"{name} holds {one!r:.60}, which is neither a word nor a number")
    return tuple(value)


def _one_of(value: Any, choices: Any, what: str) -> str:
    if value not in get_args(choices):
        raise BadArgument(f"no {what} {value!r:.60}; there are {', '.join(get_args(choices))}")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise BadArgument(f"{name} is a word, not {value!r:.60}")
    return value


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
