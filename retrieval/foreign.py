"""JSON and records from outside: read within bounds, checked against the types that are declared. Knows no meaning.

`read_json` is the one caller of `json.loads` on text that somebody else wrote; `checked` holds a value against a type,
`record` against a dataclass and `arguments` against a function's signature. Each refuses in one line that names the
place of the fault, as `plan.steps[0].arguments.year is text, not a whole number`.
"""

from __future__ import annotations

import inspect
import json
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union

from retrieval.errors import BadArgument, InputError
from retrieval.printing import one_line

T = TypeVar("T")

MOST_BYTES = 5_000_000
MOST_DEPTH = 40
"""Levels of lists and objects: a GeoJSON collection of collections has a dozen."""
LARGEST_WHOLE = 2**53
"""The largest whole number that JSON readers agree on."""


def read_json(content: bytes | str, what: str, most: int = MOST_BYTES, error: type[InputError] = BadArgument) -> Any:
    """Return the value of JSON text, nothing in it that later code could stumble over.

    Args:
        content: UTF-8, with or without a byte-order mark.
        what: what errors call it.
        most: bytes (or characters) taken.
        error: what is raised.

    Raises:
        InputError: `error`: too long, not JSON, nested too deep, with a number that is none, or with half a character.
    """
    if len(content) > most:
        raise error(f"{what} is larger than {most:,} bytes")
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise error(f"{what} is nested deeper than {MOST_DEPTH} levels") from None
    except json.JSONDecodeError as fault:
        raise error(f"{what} is not JSON: {fault.msg} (line {fault.lineno}, column {fault.colno})") from None
    except ValueError as fault:  # not UTF-8, NaN, a number of thousands of digits
        raise error(f"{what} is not JSON: {str(fault).splitlines()[0][:120]}") from None
    if fault := plain_fault(value):
        raise error(f"{what} {fault}")
    return value


def plain_fault(value: Any) -> str:
    """Return what is wrong with a JSON value for all that it is JSON, or '': depth, infinite numbers, half characters.

    >>> plain_fault({"a": [1, "é"]}), plain_fault(["\\ud800"])
    ('', 'holds half a character (a lone surrogate)')
    """
    level: list[Any] = [value]
    for _ in range(MOST_DEPTH):
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                if not one.isascii() and any("\ud800" <= letter <= "\udfff" for letter in one):
                    return "holds half a character (a lone surrogate)"
            elif isinstance(one, float):
                if not math.isfinite(one):
                    return "holds a number too large to write"
            elif isinstance(one, Mapping):
                below += one.keys()
                below += one.values()
            elif isinstance(one, list | tuple):
                below += one
            elif isinstance(one, int) and abs(one) > 10**30:
                return "holds a number of too many digits"
        if not below:
            return ""
        level = below
    return f"is nested deeper than {MOST_DEPTH} levels"


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def checked(value: Any, kind: Any, where: str) -> Any:
    """Return a JSON value as a declared type has it: lists become tuples where the type says so.

    Raises:
        BadArgument: It is not of this type; the message says where and what was expected.
    """
    return _checked(value, kind, where)


def record(kind: type[T], value: Any, where: str, *, strict: bool = False) -> T:
    """Return a dataclass from a JSON object; its fields' types are checked, missing ones keep their defaults.

    Args:
        kind: a dataclass.
        value: what should be an object of its fields.
        where: how errors name it.
        strict: refuse members that are no fields; otherwise they are left aside.

    Raises:
        BadArgument: no object, a field of another type, or one that is missing and has no default.
    """
    if not isinstance(value, Mapping):
        raise BadArgument(f"{where} is {_called(value)}, not an object")
    hints = _hints(kind)
    known = {one.name: one for one in fields(kind) if one.init}  # ty: ignore[invalid-argument-type]
    if strict and (unknown := [name for name in value if name not in known]):
        raise BadArgument(f"{where} has no {unknown[0]!r}; it has {', '.join(known)}")
    missing = [
        n for n, one in known.items() if n not in value and one.default is MISSING and one.default_factory is MISSING
    ]
    if missing:
        raise BadArgument(f"{where} lacks {missing[0]!r}")
    return kind(**{n: _checked(value[n], hints[n], f"{where}.{n}") for n in known if n in value})


def arguments(function: Callable[..., Any], value: Any, where: str, leave: Sequence[str] = ("context",)) -> None:
    """Hold an object of arguments against a function's signature.

    Args:
        function: annotated; parameters in `leave` are not looked at.
        value: name → JSON value.
        where: how errors name it.
        leave: parameters that others give.

    Raises:
        BadArgument: an argument that it does not have, lacks, or has of another type.
    """
    if not isinstance(value, Mapping):
        raise BadArgument(f"{where} is {_called(value)}, not an object")
    tool = getattr(function, "__name__", "it")
    known = {n: p for n, p in inspect.signature(function).parameters.items() if n not in leave}
    for name in value:
        if name not in known:
            raise BadArgument(f"{where}: {tool} has no argument {name!r}; it has {', '.join(known) or 'none'}")
    for name, one in known.items():
        if one.default is inspect.Parameter.empty and name not in value:
            raise BadArgument(f"{where}: {tool} lacks its argument {name!r}")
    hints = _hints(function)
    for name in value:
        _checked(value[name], hints.get(name, Any), f"{where}.{name}")


@cache
def _hints(of: Any) -> dict[str, Any]:
    return typing.get_type_hints(of)


_NAMES: Mapping[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
}
"""Type → what a person is told it is."""


def _checked(value: Any, kind: Any, where: str) -> Any:
    if kind is Any or kind is object:
        return value
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _checked(value, inner[0], where)
    if origin is Literal:
        if not isinstance(value, str | int | bool) or value not in inner:
            raise BadArgument(f"{where} is {_called(value)}; it is one of {', '.join(map(str, inner))}")
        return value
    if origin in (Union, types.UnionType):
        return _one_of(value, inner, where)
    if kind is None or kind is type(None):
        return _plain(value, type(None), "nothing", where)
    if typing.is_typeddict(kind):
        return _typed_dict(value, kind, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return value if isinstance(value, kind) else record(kind, value, where)
    base = origin or kind
    if isinstance(base, type) and base is not str:
        if issubclass(base, Mapping):
            return _mapping(value, inner, where)
        if issubclass(base, Sequence | AbstractSet):
            return _several(value, base, inner, where)
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadArgument(f"{where} is {_called(value)}, not a number")
        return value
    if kind is int:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_WHOLE:
            raise BadArgument(f"{where} is {_called(value)}, not a whole number")
        return value
    if kind in (str, bool):
        return _plain(value, kind, _NAMES[kind], where)
    return value  # a type that JSON has no form for: its own code reads it


def _plain(value: Any, kind: type, name: str, where: str) -> Any:
    if not isinstance(value, kind):
        raise BadArgument(f"{where} is {_called(value)}, not {name}")
    return value


def _one_of(value: Any, kinds: Sequence[Any], where: str) -> Any:
    faults = []
    for kind in kinds:
        try:
            return _checked(value, kind, where)
        except BadArgument as fault:
            faults.append(fault)
    # The fault that lies deepest is of the kind that was meant.
    raise max(faults, key=lambda fault: len(str(fault).partition(" is ")[0]))


def _within(where: str, name: Any) -> str:
    """Name a member by a name of the sender's, in a line."""
    return f"{where}.{one_line(str(name)[:LONGEST_NAME])}"


LONGEST_NAME = 60
"""Characters of a member's name that an error repeats."""


def _mapping(value: Any, inner: Sequence[Any], where: str) -> Any:
    if not isinstance(value, Mapping):
        raise BadArgument(f"{where} is {_called(value)}, not an object")
    of = inner[1] if len(inner) == 2 else Any
    if of is Any:
        return value
    return {name: _checked(one, of, _within(where, name)) for name, one in value.items()}


def _typed_dict(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise BadArgument(f"{where} is {_called(value)}, not an object")
    if missing := sorted(kind.__required_keys__ - value.keys()):
        raise BadArgument(f"{where} lacks {missing[0]!r}")
    hints = _hints(kind)
    return {name: _checked(one, hints.get(name, Any), _within(where, name)) for name, one in value.items()}


def _several(value: Any, base: type, inner: Sequence[Any], where: str) -> Any:
    if not isinstance(value, list | tuple):
        raise BadArgument(f"{where} is {_called(value)}, not a list")
    if base is tuple and inner and inner[-1] is not Ellipsis:
        if len(value) != len(inner):
            raise BadArgument(f"{where} has {len(value)} members, not {len(inner)}")
        return tuple(
            _checked(one, kind, f"{where}[{at}]") for at, (one, kind) in enumerate(zip(value, inner, strict=True))
        )
    of = inner[0] if inner else Any
    read = [_checked(one, of, f"{where}[{at}]") for at, one in enumerate(value)]
    return read if base is list else frozenset(read) if issubclass(base, AbstractSet) else tuple(read)


def _called(value: Any) -> str:
    """Return what a JSON value is, to stand after "is"."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {value[:30]!r}"
        case int() | float():
            shown = f"{value:.17g}" if isinstance(value, float) else str(value) if abs(value) < 10**30 else "very large"
            return f"the number {shown}"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "an object"
    return f"of type {type(value).__name__}"
