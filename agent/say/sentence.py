"""The sentence of a result: its first words answer, the frame says of what. Reads the query and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.voice import Voice, decimals_of
from retrieval.query import HOLDS, Column, Expression, Filter, Group, Query
from retrieval.sources import Source, source_of, unit_of, unit_of_difference
from tools.compile import is_of_points
from tools.context import Context
from tools.official import sensible
from tools.result import Result, Told
from tools.uncertainty import supported

COUNTED = ("stayed", "lost", "gained")
FATES = ("net", *COUNTED)
"""Columns of points visited twice, called by their names; all but the first are numbers of points."""
LAND = ("km2", "ha")
"""Units of estimated areas: said with no more digits than their interval supports."""
EARTH_KM = 20_000
"""A circle of this radius leaves nothing out."""
MOST_OTHERS = 4
"""Other columns shown behind the leading one in a list."""
LOOKED_AT = ("surveyed", "revisited", "mapped")
"""Measures of what was looked at in all: told behind the number."""


def sentence(result: Result, voice: Voice, context: Context) -> str:
    """Return the sentences of a result, one for each query that is told of."""
    told = (_Sentence(one, voice, context).whole() for one in result.told)
    return " ".join(text[:1].upper() + text[1:] + "." for text in told)


def frame_of(asked: Query, voice: Voice, context: Context) -> str:
    """Return of what a query speaks: places, years, classes and every other condition, in this order."""
    source = source_of(asked.source)
    order = ("place", "year", "class", "month", "number", "position", "word", "point")
    filters = sorted(asked.where, key=lambda f: order.index(source.dimensions[f.dimension].kind))
    phrases = (phrase(f, source, voice, context) for f in _pairs_of_years(filters, source))
    return ", ".join(filter(None, phrases)) or voice.filter("everywhere")


def _pairs_of_years(filters: Sequence[Filter], source: Source) -> Iterator[Filter]:
    """From-year and to-year stand together."""
    years = [f for f in filters if source.dimensions[f.dimension].kind == "year"]
    joined = False
    for one in filters:
        if one in years and len(years) == 2 and {f.op for f in years} == {"in"}:
            if not joined:
                first = sorted(years, key=lambda f: f.dimension)
                yield Filter("years", "in", tuple(v for f in first for v in f.listed))
            joined = True
        else:
            yield one


def phrase(one: Filter, source: Source, voice: Voice, context: Context) -> str:
    """Return one filter in words."""
    values = one.listed
    if one.dimension == "years":
        return "\N{EN DASH}".join(str(v) for v in values)
    of = source.dimensions[one.dimension]
    match of.kind:
        case "place":
            names = voice.both(context.named(str(v)).name for v in values[:8]) + (", …" if len(values) > 8 else "")
            return names if one.op == "in" else voice.filter("without", x=names)
        case "year":
            return _span(one, [None if v is None else str(v) for v in values], voice)
        case "class":
            return _classes(one, [str(v) for v in values], voice, context)
        case "month":
            return voice.filter("month", x=voice.both(voice.month(int(v)) for v in values if v is not None))
        case "position":
            if float(list(values)[2] or 0) >= EARTH_KM:
                return place_words(values, voice)  # a circle that holds every point: only where it is measured from
            km = voice.number(float(list(values)[2] or 0))
            return voice.filter(one.op, km=km, place=place_words(values, voice))
        case "number":
            unit = of.unit
            written = [None if v is None else voice.quantity(float(v), unit) for v in values]
            return voice.filter(one.dimension, x=_span(one, written, voice))
        case "point":
            return voice.filter("point", x=", ".join(f"{int(v):08d}" for v in values if v is not None))
    return ", ".join(voice.filter(str(v)) for v in values) if one.op == "in" else ""


def place_words(values: Sequence[Any], voice: Voice) -> str:
    """Return what a distance is measured from: its name where one was given, else latitude and longitude."""
    if len(values) > 3:
        return str(values[3])
    return f"{voice.number(round(float(values[1]), 3))}°, {voice.number(round(float(values[0]), 3))}°"


def _span(one: Filter, written: Sequence[str | None], voice: Voice) -> str:
    match one.op:
        case "above" | "below":
            return voice.filter(one.op, x=written[0])
        case "not_in":
            return voice.filter("without", x=", ".join(w for w in written if w))
        case "between" if written[0] is None:
            return f"≤ {written[1]}"
        case "between" if written[1] is None:
            return f"≥ {written[0]}"
        case "between":
            return voice.filter("between", low=written[0], high=written[1])
    return ", ".join(w for w in written if w)


def _classes(one: Filter, codes: Sequence[str], voice: Voice, context: Context) -> str:
    words = f"{context.nomenclature.label(list(codes), voice.language)} ({', '.join(codes)})"
    side = one.dimension.rpartition("_")[2]
    if side in ("from", "to"):
        return voice.filter(f"{'' if one.op == 'in' else 'not_'}{side}_class", x=words)
    if one.dimension == "land_use":
        return voice.filter("used" if one.op == "in" else "not_used", x=words)
    return words if one.op == "in" else voice.filter("without", x=words)


def undetected(row: Mapping[str, Any], name: str) -> bool | None:
    """Return whether the survey cannot tell a difference from none, None where it has no interval."""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    return row.get(f"{name}_none", None if low is None or high is None else low <= 0 <= high)


def told_apart(result: Result) -> bool | None:
    """Return whether the survey tells a result's difference from none; None where it has none, or no error of it."""
    if len(result.told) != 1 or result.told[0].query.lead:
        return None
    told = result.told[0]
    head = told.query.headline
    signed = len(told.rows) == 1 and head and head.expression and head.expression.op == "difference"
    row, name = (told.rows[0], head.name) if signed and head else (told.facts, "margin")
    return None if row.get(f"{name}_low") is None else not undetected(row, name)


MOST_ENDS = 5
"""Points of an order that a sentence names; of more only the first."""


class _Sentence:
    """One query and its rows on their way into words."""

    def __init__(self, told: Told, voice: Voice, context: Context) -> None:
        self.about, self.voice, self.context = told.about or told.query, voice, context
        self.query, self.rows, self.facts = told.query, told.rows, told.facts
        self.source = source_of(self.query.source)
        self.head = self.query.headline

    def whole(self) -> str:
        """Return the sentence that the shape of the rows asks for."""
        if is_of_points(self.query):
            return self.points()
        if self.query.fold:
            return self.folded()
        if not self.query.rows:
            return self.one_number()
        if not self.rows:
            unknown = self.query.source == "published" and not self.query.having
            return self.voice.say("not_published" if unknown else "none", frame=self.framed())
        if self.query.lead:
            return self.of_the_lead()
        if self.query.order:
            return self.ranked()
        if self.query.having:
            return self.kept()
        return self.listed()

    # --- words of a part ---

    def frame(self) -> str:
        """The conditions that all of it is about; years that rows stand for are told there."""
        asked = self.about
        if self.query.group("year"):
            asked = replace(asked, where=tuple(f for f in asked.where if (f.dimension, f.op) != ("year", "in")))
        return frame_of(asked, self.voice, self.context)

    def framed(self) -> str:
        """The frame, with what stands in a row and the conditions that kept it."""
        parts = [self.frame()] if self.query.where else []
        parts += [self.measure()] if self.measure() else []
        apart = ("point",) if self.query.order else ("point", "year")  # a list of years needs no word for it
        levels = [g for g in self.query.rows if g.dimension not in apart and not g.members]
        parts += [self.voice.noun("rows", self.row_noun(g)) for g in levels]
        parts += [self.condition(c.column, c.sign, c.value) for c in self.query.having if self.query.rows]
        return ", ".join(parts) or self.voice.filter("everywhere")

    def measure(self) -> str:
        """What the leading column is called."""
        return self.label(self.head) if self.head else ""

    def label(self, column: Column) -> str:
        """What a column is called: by its own filters, else by its measure."""
        if column.name in FATES:
            return self.voice.measure(column.name)
        if column.expression:
            return self.of_expression(column.expression)
        words = [phrase(f, self.source, self.voice, self.context) for f in column.where]
        return ", ".join(w for w in words if w) or self.voice.measure(column.measure)

    def of_expression(self, of: Expression) -> str:
        """What an expression is called."""
        left = self.query.column(of.left)
        if of.op == "part":
            return self.voice.say("part")
        right = self.query.column(of.right)
        match of.op:
            case "percent" if right.measure in LOOKED_AT and right.where:
                return self.label(left)
            case "percent":
                return self.voice.say("percent", left=self.label(left), right=self.label(right))
            case "sum":
                return self.voice.say("plus")
            case "ratio":
                return self.voice.say("ratio")
        return self.voice.measure("change") if self.of_years(of) else self.voice.say("difference")

    def of_years(self, of: Expression) -> bool:
        """Whether an expression holds two years against each other."""
        dimensions = {f.dimension for name in (of.left, of.right) for f in self.query.column(name).where}
        return bool(dimensions) and all(self.source.dimensions[d].kind == "year" for d in dimensions)

    def condition(self, name: str, sign: str, value: float) -> str:
        """A condition on a column, as a mathematician writes it."""
        column = self.query.column(name)
        written = {"<=": "≤", ">=": "≥", "<>": "≠"}.get(sign, sign)
        same = self.head is not None and name == self.head.name
        return f"{'' if same else self.label(column) + ' '}{written} {self.voice.quantity(value, self.unit(column))}"

    def row_noun(self, group: Group) -> str:
        """What a row is: the level of places, else the dimension."""
        if self.source.dimensions[group.dimension].kind == "place":
            return group.level or "region"
        return group.dimension.removesuffix("_from").removesuffix("_to")

    def unit(self, column: Column) -> str:
        """The unit of a column."""
        return unit_of(column, self.query)

    def cell(self, row: Mapping[str, Any], column: Column, *, leads: bool = False) -> str:
        """One number of a row with its unit and interval, where it `leads` with its level; a difference has a sign."""
        of = column.expression
        signed = bool(of and of.op == "difference" and column.name not in COUNTED)
        value, low, high = (row.get(f"{column.name}{end}") for end in ("", "_low", "_high"))
        if value is None:
            return self.voice.say(self.why_none(row, column))
        if self.unit(column) in LAND:
            said = (lambda n: self.supported(n, row, column)) if self.source.weighed else sensible
            value, low, high = (None if number is None else said(number) for number in (value, low, high))
        text = self.voice.quantity(value, self.unit(column), signed=signed)
        if not signed or of is None:
            if low is None or high is None:
                return text
            low, high = map(self.voice.number, (low, high))
            return f"{text} ({self.voice.say('interval', low=low, high=high) if leads and not of else f'{low}–{high}'})"
        if not undetected(row, column.name):
            return self.with_ends(text, low, high)
        if not self.of_years(of):
            return self.with_ends(text, low, high, self.voice.say("undetected"))
        least = row.get(f"{column.name}_least")
        unseen = (
            [] if least is None else [self.voice.say("unseen", least=self.voice.quantity(least, self.unit(column)))]
        )
        return self.voice.say("unchanged", change=self.with_ends(text, low, high, *unseen))

    def why_none(self, row: Mapping[str, Any], column: Column) -> str:
        """What stands in place of a number: not significant, of years that cannot be compared, or not there."""
        of = column.expression
        if of and self.of_years(of) and all(row.get(name) is not None for name in (of.left, of.right)):
            return "incomparable"
        return "not_significant" if row.get(f"{column.name}_status") == "not_significant" else "no_figure"

    def with_ends(self, text: str, low: float | None, high: float | None, *more: str) -> str:
        """A difference with the ends of its interval, both signed and with as many decimals, and what else is told."""
        aside = list(more)
        if low is not None and high is not None:
            decimals = max(decimals_of(low), decimals_of(high))
            ends = {name: self.voice.signed(end, decimals) for name, end in (("low", low), ("high", high))}
            aside.insert(0, self.voice.filter("between", **ends))
        return f"{text} ({'; '.join(aside)})" if aside else text

    def put(self, name: str, value: str) -> str:
        """A name before its value; after a name that ends in a digit there is a colon."""
        return self.voice.say("number", frame=name, value=value) if name[-1:].isdigit() else f"{name} {value}"

    def supported(self, number: float | None, row: Mapping[str, Any], column: Column) -> float | None:
        """A number of an estimated area with the digits its interval supports: its own, else the wider of its sides."""
        sides = [column.expression.left, column.expression.right] if column.expression else []
        ends = [(row.get(f"{name}_low"), row.get(f"{name}_high")) for name in (column.name, *sides)]
        known = [(low, high) for low, high in ends if low is not None and high is not None]
        if number is None or not known:
            return number
        own = known[0] if ends[0][0] is not None else max(known, key=lambda pair: pair[1] - pair[0])
        return supported(number, *own)

    def member(self, row: Mapping[str, Any]) -> str:
        """What a row stands for, in words."""
        return ", ".join(self.key(g, row) for g in self.query.rows)

    def keys_of(self, row: Mapping[str, Any]) -> list[str]:
        """What a row stands for, as ids and codes: not its figures, which may look alike."""
        return [str(row[group.dimension]) for group in self.query.rows]

    def key(self, group: Group, row: Mapping[str, Any]) -> str:
        of = self.source.dimensions[group.dimension]
        value = row[group.dimension]
        if of.kind == "class":
            name = str(row[f"{group.dimension}_name"])
            arrow = "\N{RIGHTWARDS ARROW} " if group.dimension.endswith("_to") and len(self.query.rows) > 1 else ""
            return f"{arrow}{name} ({value})"
        return self.voice.month(int(value)) if of.kind == "month" else str(value)

    def entry(self, row: Mapping[str, Any]) -> str:
        """One row: what it stands for, its leading number, and the columns that number is made of."""
        assert self.head
        text = self.put(self.member(row), self.cell(row, self.head))
        if self.facts.get("of_all") and (looked := self.looked_at(row)) is not None:
            text = self.of_all(text, looked)
        others = [c for c in self.query.columns if c.name in row and c.measure not in LOOKED_AT]
        others = [c for c in others if c.name != self.head.name][:MOST_OTHERS]
        if not others:
            return text
        shown = [self.cell(row, c) if self.is_plain(c) else self.put(self.label(c), self.cell(row, c)) for c in others]
        return self.voice.say("others", head=text, others="; ".join(shown))

    def broken(self) -> list[str]:
        """The rows whose two years cannot be compared, each with its two figures."""
        assert self.head
        without = [row for row in self.rows if row[self.head.name] is None]
        rows = [row for row in without if self.why_none(row, self.head) == "incomparable"]
        sides = [c for c in self.query.columns if c.measure and c.measure not in LOOKED_AT]
        return [
            self.voice.say(
                "others",
                head=self.member(row),
                others="; ".join(self.put(self.label(c), self.cell(row, c)) for c in sides[:MOST_OTHERS]),
            )
            for row in rows
        ]

    # --- shapes ---

    def looked_at(self, row: Mapping[str, Any]) -> float | None:
        """How much was looked at in all, where a column of the row tells it."""
        return next((row[c.name] for c in self.query.columns if c.measure in LOOKED_AT and c.name in row), None)

    def one_number(self) -> str:
        """A single row: one number, several beside one another, or a yes or no about it."""
        row, frame = self.rows[0], self.frame()
        looked = self.looked_at(row)
        shown = [c for c in self.query.columns if c.measure not in LOOKED_AT and c.name in row]
        if looked == 0:
            return self.voice.say("not_surveyed", frame=frame)
        if all(row[c.name] is None for c in shown if c.measure) and self.why_none(row, shown[0]) == "no_figure":
            return self.voice.say("not_published", frame=frame)
        if self.head in shown:
            shown.insert(0, shown.pop(shown.index(self.head)))
        alone = len(shown) == 1
        value = "; ".join(self.named(c, row, first=c is shown[0], alone=alone) for c in shown)
        if looked is not None:
            value = self.of_all(value, looked)
        text = self.voice.say("number", frame=frame, value=value)
        if not self.query.having or any(row[c.column] is None for c in self.query.having):
            return text
        holds = all(HOLDS[c.sign](row[c.column], c.value) for c in self.query.having)
        return self.voice.say("verdict", verdict=self.voice.say("yes" if holds else "no"), sentence=text)

    def of_all(self, value: str, looked: float) -> str:
        """What was found, of all that was looked at."""
        measures, number = {c.measure for c in self.query.columns}, self.voice.number(looked)
        if "revisited" in measures:
            return f"{value}; {self.voice.say('number', frame=self.voice.measure('revisited'), value=number)}"
        return self.voice.say("of_cells" if "mapped" in measures else "of", value=value, all=number)

    def named(self, column: Column, row: Mapping[str, Any], *, first: bool, alone: bool) -> str:
        """A number with what it is called, unless its unit or its own words say it; the first with its level."""
        text, of = self.cell(row, column, leads=first), column.expression
        share = alone and column.measure == "share"
        plain = self.is_plain(column) or (share and not column.where)
        change = bool(of and self.of_years(of) and (row[column.name] is None or undetected(row, column.name)))
        of_all = bool(of and of.op == "percent" and self.query.column(of.right).measure in LOOKED_AT)
        return text if plain or change or of_all else self.put(self.label(column), text)

    def is_plain(self, column: Column) -> bool:
        """Whether the unit says what a column is: so many points."""
        return self.unit(column) in ("points", "cells") and bool(column.measure) and not column.where

    def ranked(self) -> str:
        """The first and what follows; of two, the margin."""
        assert self.head
        rows, broken = [row for row in self.rows if row[self.head.name] is not None], self.broken()
        if not rows and broken:
            slots = {"count": self.voice.say("incomparable"), "entries": self.voice.entries(broken, len(broken))}
            return self.voice.say("several", **slots, frame=self.framed())
        if not rows:
            return self.voice.say("not_published", frame=self.framed())
        entries = [self.entry(row) for row in rows]
        values = [row[self.head.name] for row in rows]
        most = self.query.order[0].way == "most"
        if len(rows) == 2 and any(g.members for g in self.query.rows) and most:
            key = "apart" if undetected(self.facts, "margin") else "equal" if values[0] == values[1] else "against"
            head = self.voice.say(key, first=entries[0], second=entries[1], margin=self.margin(rows))
        else:
            leaders = [e for e, row in zip(entries, rows, strict=True) if row["rank"] == 1] or entries[:1]
            head = self.voice.say(self.superlative(most, values[0]), first="; ".join(leaders[:5]))
            rest = entries[len(leaders) :]
            head = self.voice.say("then", head=head, rest=self.voice.entries(rest, len(entries))) if rest else head
            if rest and (told := self.facts.get("margin_none")) is not None:
                first, second = (self.member(row) for row in rows[:2])
                slots = {"first": first, "second": second, "margin": self.margin(rows)}
                head = f"{head}; {self.voice.say('no_lead' if told else 'lead', **slots)}"
        head = self.beside_broken(head, broken)
        text = self.voice.say("about", head=head, frame=self.framed())
        return text + self.between(self.member(rows[0]))

    def between(self, name: str) -> str:
        """Between which ranks a row lies with sampling error, as a sentence of its own; '' where that is not known."""
        if not (between := self.facts.get("between")):
            return ""
        first, last = between
        told = self.voice.say("rank_sure" if first == last else "rank_between", name=name, first=first, last=last)
        return f". {told[:1].upper()}{told[1:]}"

    def margin(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """How far the first row is ahead of the second, with the ends of its interval."""
        assert self.head
        unit, margin = self.unit(self.head), self.facts.get("margin")
        if margin is not None and unit in LAND:
            end = f"{self.head.name}_high"
            widest = max(rows, key=lambda row: row.get(end) or 0)
            told = float(margin)
            margin = self.supported(told, widest, self.head) if self.source.weighed else sensible(told)
        text = self.voice.quantity(margin, unit_of_difference(unit))
        return self.with_ends(text, self.facts.get("margin_low"), self.facts.get("margin_high"))

    def superlative(self, most: bool, value: float | None) -> str:
        """The word before the first: of a change over time, whether it is an increase or a decrease."""
        assert self.head
        of = self.head.expression
        if not of or of.op != "difference" or value is None or self.of_expression(of) != self.voice.measure("change"):
            return "most" if most else "least"
        return "up" if value > 0 and most else "down" if value < 0 and not most else "most" if most else "least"

    def of_the_lead(self) -> str:
        """The row asked about, and where it stands."""
        assert self.head
        row = self.facts.get("lead")
        if not row or row.get(self.head.name) is None:
            return self.voice.say("not_published", frame=self.framed())
        name = (
            " + ".join(self.context.named(id).name for id in self.query.lead.split("+"))
            if ":" in self.query.lead
            else next(self.member(r) for r in self.rows if self.query.lead in self.keys_of(r))
        )
        value, rank = self.cell(row, self.head), row.get("rank")
        text = f"{name} {value}"
        if rank is not None:
            every = self.voice.counted(len(self.rows), "rows", self.row_noun(self.query.rows[0]))
            text = self.voice.say("rank", name=name, value=value, rank=rank, all=every)
            first = next((r for r in self.rows if r["rank"] == 1), None)
            if rank != 1 and first:
                text += f"; {self.entry(first)}"
        return self.voice.say("about", head=text, frame=self.framed()) + self.between(name)

    def kept(self) -> str:
        """How many rows meet the conditions, and which; of those whose years cannot be compared it is not known."""
        broken = self.broken() if self.head else []
        count = self.voice.counted(len(self.rows) - len(broken), "rows", self.row_noun(self.query.rows[0]))
        text = self.voice.say("several", count=count, entries=self.entries(), frame=self.framed())
        return self.beside_broken(text, broken)

    def beside_broken(self, text: str, broken: Sequence[str]) -> str:
        """What is told of rows as told of those whose years can be compared, with the others behind."""
        rest = self.voice.entries(broken, len(broken))
        return self.voice.say("comparable", head=text, rest=rest) if broken else text

    def entries(self) -> str:
        """The rows one after another; of every region of a level those with a figure, the caveats name the others."""
        rows = self.rows
        if self.head and any(g.level for g in self.query.rows):
            rows = [row for row in rows if row[self.head.name] is not None] or rows
        return self.voice.entries([self.entry(row) for row in rows], len(rows))

    def listed(self) -> str:
        """Every row; of years, the change from the first to the last as well."""
        entries = self.entries()
        change = self.facts.get("change")
        if change is not None and self.head:
            unit = self.unit(self.head)
            written = self.voice.quantity(change, unit_of_difference(unit), signed=True)
            years = [row[self.query.rows[0].dimension] for row in self.rows if row[self.head.name] is not None]
            slots = {"entries": entries, "first": years[0], "last": years[-1], "change": written}
            entries = self.voice.say("change_between", **slots)
        return self.voice.say("list", frame=self.framed(), entries=entries)

    def folded(self) -> str:
        """One number made of the rows."""
        assert self.query.fold
        rows = int(self.rows[0]["rows"]) if self.rows else 0
        count = self.voice.counted(rows, "rows", self.row_noun(self.query.rows[0]))
        if self.query.fold.op == "count":
            return self.voice.say("found", count=count, frame=self.framed())
        column = self.query.column(self.query.fold.column)
        found = self.rows[0][self.query.fold.op] if self.rows else None
        value = self.voice.quantity(found, self.unit(column))
        key = {"least": "least_of", "most": "most_of"}.get(self.query.fold.op, self.query.fold.op)
        return self.voice.say("number", frame=self.framed(), value=self.voice.say(key, count=count, value=value))

    def points(self) -> str:
        """How many points, or those at an end of an order."""
        frame = frame_of(self.query, self.voice, self.context)
        found = self.facts.get("found", 0)
        if not self.query.order or not self.rows:
            count = self.voice.counted(found, "unit", "points")
            return self.voice.say("found" if found else "none", count=count, frame=frame)
        shown = self.rows[: self.query.limit if (self.query.limit or 0) <= MOST_ENDS else 1]
        return "; ".join(self.end(row, frame) for row in shown[: self.query.limit or 1])

    def end(self, row: Mapping[str, Any], frame: str) -> str:
        """One point at an end of an order."""
        by = self.query.order[0].column
        unit = "km" if by == "km" else self.source.dimensions[by].unit if by in self.source.dimensions else ""
        value = self.voice.quantity(round(row[by], 3), unit) if row[by] is not None else self.voice.say("no_figure")
        cover = f"{row['land_cover_name']} ({row['land_cover']})" if row.get("land_cover_name") else ""
        lies = str(row.get("region") or "").split(", ")
        where = ", ".join(dict.fromkeys(filter(None, (cover, str(row.get("year", "")), *lies, *frame.split(", ")))))
        return self.voice.say(
            "extreme", measure=self.voice.measure(by), value=value, point=row["point_id"], frame=where
        )
