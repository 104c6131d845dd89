"""What may stand in a call: ids once a reply of this conversation told them, years and numbers once they were said.

A model invents nothing because nothing else is taken. An outside client that brings ids of its own is not held to it:
for it what does not exist is an error all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agent.reading.mentions import mentions
from retrieval.errors import BadArgument
from retrieval.query import Filter, Query, Ref
from retrieval.sources import Source, source_of
from tools.context import Context

WORD = re.compile(r"[\w:.\-]*\w")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
THOUSANDS = re.compile(r"(?<=\d)[ ,.'\u00a0\u202f](?=\d{3}\b)")
ALWAYS = frozenset((0.0, 1.0, 100.0))
"""Numbers that need no source: nothing, one, the whole in percent."""
WAYS = {
    "year": "what_exists tells the years",
    "limit": "leave it out: all rows come back, and lead says which is asked about",
}
"""Kind of a number that nobody named → the way out."""


@dataclass
class Grounds:
    """What was said and told so far in one conversation."""

    ids: set[str] = field(default_factory=set)
    numbers: set[float] = field(default_factory=set)
    words: str = ""
    """The questions, in lower case: words of a source's open lists are copied from there."""

    def hear(self, question: str, context: Context) -> None:
        """Take a person's words: their numbers, in figures or in words; no id comes from there."""
        self.words += f" {question.lower()}"
        self.numbers |= numbers_in(question) | numbers_in(THOUSANDS.sub("", question))
        self.numbers |= numbers_in(re.sub(r"(?<=\d),(?=\d)", ".", question))
        for item in mentions(question, context.language, context).items:
            if item.type in ("NUM", "ORD", "FRACTION"):
                self.numbers.add(float(item.value))
            elif item.type == "QTY":
                self.numbers.add(float(item.value[0]))

    def told(self, text: str) -> None:
        """Take what a tool replied."""
        self.ids |= {part for word in WORD.findall(text) for part in (word, *word.split("+"))}
        self.numbers |= numbers_in(text)

    def need_id(self, value: Any, kind: str) -> None:
        """Hold an id or code against what was told.

        Raises:
            BadArgument: no reply has told it.
        """
        if str(value) not in self.ids:
            tool = "find_classes" if kind == "class" else "find_places"
            raise BadArgument(f"{str(value)[:60]!r} was not looked up here; ask {tool} first and copy its ids")

    def need_number(self, value: Any, kind: str = "number") -> None:
        """Hold a number against what was said and told, metres and kilometres alike, a fall like a rise.

        Raises:
            BadArgument: nobody named it.
        """
        if not isinstance(value, int | float):
            return
        size = abs(float(value))
        if not {float(value), size, size * 1000, size / 1000} & (self.numbers | ALWAYS):
            way = WAYS.get(kind, "take numbers from the question or from results")
            raise BadArgument(f"the {kind} {value:g} stands neither in the question nor in a reply; {way}")

    def need_query(self, query: Query) -> None:
        """Hold every place, class, year and number of a query against what was said and told.

        Raises:
            BadArgument: the first that comes from nowhere.
        """
        source = source_of(query.source)
        for one in query.every_filter:
            self._need_filter(one, source)
        for group in query.rows:
            if group.dimension in source.dimensions:
                self._need_values(source, group.dimension, (v for member in group.members for v in member))
        for condition in query.having:
            self.need_number(condition.value)
        if query.limit is not None:
            self.need_number(query.limit, "limit")

    def _need_filter(self, one: Filter, source: Source) -> None:
        if isinstance(one.values, Ref) or one.dimension not in source.dimensions:
            return
        if source.dimensions[one.dimension].kind == "position":
            for value in one.values[:3]:
                self.need_number(value)
        else:
            self._need_values(source, one.dimension, one.values)

    def _need_values(self, source: Source, name: str, values: Iterable[Any]) -> None:
        of = source.dimensions[name]
        listed = {*of.codes, *of.parents}
        for value in values:
            match of.kind:
                case "place" | "class":
                    self.need_id(value, of.kind)
                case "year" | "number" | "point":
                    self.need_number(value, of.kind)
                case "word" if listed or str(value) in self.ids or str(value).lower() in self.words:
                    pass
                case "word" if of.name in ("changed", "changed_main"):
                    pass
                case "word":
                    self.need_id(value, "word")


def numbers_in(text: str) -> set[float]:
    """Return the numbers a text has in figures, without their signs too."""
    found = {float(n) for n in NUMBER.findall(text)}
    return found | {abs(n) for n in found}
