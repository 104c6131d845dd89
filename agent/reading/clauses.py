"""A question of several clauses: "how many … in Tuscany and how many in Apulia, and what is the difference?".

Each clause is read on its own and takes from the one before what it leaves out; one that asks only for the difference,
the percentage, the place in a ranking or the other way round is laid over the query before it. Words have been left
behind here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from agent.reading.complete import area_of, completed
from agent.reading.edit import edited, edits
from agent.reading.fill import PERCENT, Constraints
from agent.reading.mentions import Item, lies_in
from agent.reading.named import EVERYWHERE, Unfit
from agent.reading.pointing import change_of, points_at_those, points_with
from agent.reading.read import Reading, read
from agent.reading.shapes import shaped
from retrieval.query import Arithmetic, Column, Condition, Expression, Filter, Group, Order, Query
from tools.context import Context
from tools.presets import OF_SURVEYED
from tools.query import MOST_PLACED, answer

ASKING = ("how_many", "how_much", "which", "what", "where", "when")
CONTENT = (
    "CLASS",
    "MORETHAN",
    "PLACE",
    "FATE",
    "NOTCLASS",
    "INSIDE",
    "RANK",
    "COUNTED",
    "NUMCLASS",
    "LEVEL",
    "NEAR",
    "EACHCLASS",
    "ENDOF",
    "OTHEREND",
)
"""Types that make a clause of its own what would else be the beginning of the next."""
ROWS = ("LEVEL", "MANY", "SPLIT", "BOTH")
RANKING = ("RANK", "RANKOF", "RANKCLASS", "NUMCLASS", "SPLIT", "SUP", "EACH")
"""Types that make a first clause of what asks nothing: "take the five countries with most …: which of them …"."""
LEADING_IN = ("PLACE", "INSIDE", "LEVEL")
STOP = re.compile(r"[?!;](?:\s|$)")
PARTING = re.compile(r"[,;:.?!\N{EN DASH}\N{EM DASH}]")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "place": ("PLACE", "INSIDE", "SPLITIN", "NOTPLACE", "HERE"),
    "class": ("CLASS", "NOTCLASS", "NUMCLASS", "COUNTED", "EACHCLASS", "FATE", "FATESPLIT", "NONE", "CLASSES"),
    "time": ("YEAR", "SPAN", "SINCEYEAR", "LATEST", "EARLIEST"),
    "witness": ("WITNESS", "TWICE"),
    "circle": ("NEAR", "NEARS", "POSITION"),
    "limit": ("LIMIT", "MONTHS"),
    "measure": ("MEASURE",),
    "ask": ("ASK",),
}
"""What a clause takes from the one before, each where it says nothing of it itself."""
FRAME = ("place", "class", "time", "circle", "limit")
THEMES = ("land_cover", "land_use")
SAME_NAME = 3
"""Letters with which two forms of one name begin."""


def clauses_of(reading: Reading) -> list[tuple[Item, ...]]:
    """Return the clauses of a reading: a new one begins at what asks again, behind a comma, a full stop or "and"."""
    parts: list[list[Item]] = [[]]
    for n, item in enumerate(reading.items):
        ranked = [i.type for i in reading.items[n + 1 : n + 2]] == ["RANKED"]
        placed = item.type == "PLACE" and ranked  # "and where does France come"
        before = parts[-1]
        if len(parts) == 2 and {i.type for i in before} == {"ASK"}:
            before = [*parts[-2], *before]  # "the mean …: how much is it, and how much …"
        rest = {i.type for i in reading.items[n:]}
        if any(i.type == "ORIGIN" for i in before) and not rest & {"CLASS", "PLACE"}:
            before = []  # "where did … come from? I mean the main classes"
        asked = before and _opens(n, before, reading)
        if asked or (before and _begins(item, before, reading, asking=placed)):
            led = [parts[-1].pop()] if parts[-1][-1].type == "EACH" and parts[-1][1:] else []
            parts.append(led)  # "for each of them, how many …"
        parts[-1].append(item)
    ranks = any(i.type in RANKING for part in parts[:1] for i in part)
    if len(parts) > 1 and not ranks and not asks(parts[0], reading) and parts[1][0].type != "EACH":
        parts[:2] = [[*parts[0], *parts[1]]]  # "vineyard points west of Greenwich, how many are they?"
    return [tuple(part) for part in parts]


def asks(clause: Sequence[Item], reading: Reading) -> bool:
    """Whether a clause asks; "the regions where", "woodland that is not coniferous" only say of which."""
    before = [None, *clause]
    kinds = ("LEVEL", "INSIDE", "MANY", "RANK")
    named = [a is not None and a.type in kinds for a in before[:-1]]
    that = {i.end for i in reading.said.items if i.type == "THAT"}
    if any(i.type in ("DIM", "MEASURE") and holds_which(i, reading) for i in clause):
        return True  # "at what elevation", "what share"
    if any(i.type in MOVING for i in clause) and any(
        clause[0].start - 3 <= at < clause[-1].end for at in hows(reading)
    ):
        return True  # "how has it changed"
    return any(
        i.type == "ASK" and not (i.value == "where" and there) and not (i.value == "is" and i.start in that)
        for i, there in zip(clause, named, strict=True)
    )


def _opens(n: int, before: Sequence[Item], reading: Reading) -> bool:
    """Whether a sentence that asks opens with this constraint, behind one that named something: "…? For those, how"."""
    said, items = reading.said, reading.items
    gap = said.question[said.tokens[items[n - 1].end - 1].end : said.tokens[items[n].start].start]
    if not n or not ends_a_sentence(gap) or not {i.type for i in before} & {*CONTENT}:
        return False
    rest = items[n:]
    ends = [m for m, (a, b) in enumerate(pairwise(rest), 1)
            if ends_a_sentence(said.question[said.tokens[a.end - 1].end : said.tokens[b.start].start])]  # fmt: skip
    sentence = rest[: ends[0]] if ends else rest
    return any(i.type == "ASK" and i.value in ASKING for i in sentence)


def ends_a_sentence(gap: str) -> bool:
    """Whether what stands between two constraints ends a sentence: a full stop of "2018 r. w Polsce" does not."""
    behind = [rest.lstrip() for rest in gap.split(". ")[1:]]
    return bool(STOP.search(gap)) or any(not rest or rest[0].isupper() for rest in behind)


def holds_which(item: Item, reading: Reading) -> bool:
    """Whether a constraint's own words ask "which" or "what"."""
    return any(i.type == "ASK" and i.value in ("which", "what") and item.start <= i.start and i.end <= item.end
               for i in reading.said.items)  # fmt: skip


MOVING = ("CHANGE", "TREND", "UP", "DOWN", "LOST", "GAINED")


def hows(reading: Reading) -> list[int]:
    """Where "how" stands by itself: not in "how many"."""
    asks = [i for i in reading.said.items if i.type in ("ASK", "MEASURE", "DIM", "DIFF")]
    found = [i for i in reading.said.items if i.type == "HOW"]
    return [i.start for i in found if not any(lies_in(i, one) for one in asks)]


def _begins(item: Item, before: Sequence[Item], reading: Reading, *, asking: bool = False) -> bool:
    rest = [i for i in reading.items if i.start >= item.start][:3]
    verb = item.type == "ASK" and item.value == "is"
    comparing = verb and [i.value for i in rest[1:2]] == ["compare"]  # "and how does that compare with …"
    each = [i.type for i in rest[verb:]][:2] == ["EACH", "CHANGE"]  # "how did each change"
    counts = any(i.type == "ASK" and i.value in ("how_many", "how_much") for i in before)
    asked = any(i.type == "ASK" and i.value in ASKING for i in before)
    how = any(before[-1].end <= at < item.start for at in hows(reading))
    later = [i for i in reading.items if i.start >= item.start]
    until = next((n for n, i in enumerate(later) if n and i.type == "ASK" and i.value in ASKING), len(later))
    changed = asked and how and any(i.type in MOVING for i in later[:until])  # "how did … change"
    told_of = item.type in ("MEASURE", "SPLIT") and counts and holds_which(item, reading)  # "and what share of it"
    shown = [i.value for i in rest[1:2] if i.type == "ASK"]
    showing = item.type == "ASK" and item.value == "show" and shown in (["where"], ["which"], ["what"])
    asks = (
        asking
        or comparing
        or showing
        or changed
        or told_of
        or each
        or item.type in ("DIFF", "RANKED", "REVERSE", "OTHERSIDE", "OTHEREND", "DIM")
        or (item.type == "ASK" and item.value in ASKING)
    )
    spans = [(i.start, i.end) for i in reading.said.items if i.type == "ASK"]
    asks = asks or (item.type == "MEASURE" and (item.start, item.end) in spans)  # "and how large was the difference"
    said = {i.type for i in before}
    if not asks or not (said & {*CONTENT} or said >= {"EACH", "CHANGE"}):
        return False
    if not any(i.type == "ASK" or (i.type in CONTENT and i.type not in LEADING_IN) for i in before):
        return False  # "among the French regions, which …"
    if "SIZED" in said and "ASK" not in said:
        return False  # "of Italian regions over 20,000 km², which …"
    last, of = before[-1], reading.said
    parted = PARTING.search(of.question[of.tokens[last.end - 1].end : of.tokens[item.start].start])
    if last.type == "ASK" and last.value in ASKING and not (parted and item.type == "ASK"):
        return False  # "and what is the difference"; not "how much is it, and how much …"
    of_points = any(i.type == "MEASURE" and i.value == "points" for i in before)
    named = any(i.type in CONTENT and i.type not in LEADING_IN for i in before)
    if item.type == "ASK" and item.value == "which" and of_points and not named:
        return False  # "the points in Czechia which turned into …"
    every = reading.said
    gap = every.question[every.tokens[last.end - 1].end : every.tokens[item.start].start]
    joins = any(i.type in ("AND", "ALSO") and last.end <= i.start < item.start for i in every.items)
    return bool(PARTING.search(gap)) or joins or last.type == "ALSO"


def clause_queries(
    reading: Reading, context: Context, selection: Sequence[str], settled: Mapping[str, Any], *, apart: bool = False
) -> tuple[Query, ...] | None:
    """Return the queries of a question of several clauses, at least one of which says something of another's answer.

    None where it is one clause, or where each stands alone; `apart`: each may.

    Raises:
        Unfit: a clause makes no query, or none of the one before it.
        AmbiguousRegion, AmbiguousClass: a name is several things.
    """
    parts = clauses_of(reading)
    if len(parts) < 2:
        return None
    chain = _Chain(reading, context, selection, settled)
    chain.begin(_with_later(parts[0], parts[1:]))
    for part, words in zip(parts[1:], words_of(parts, reading)[1:], strict=True):
        chain.go_on(part, words)
    return tuple(chain.done) if chain.leaned or apart else None


def each_asks(parts: Sequence[Sequence[Item]], reading: Reading) -> bool:
    """Whether several clauses each ask for something of their own: the first of a land cover. Behind a colon stands
    what the clause before it means."""
    gaps = [reading.said.question[reading.said.tokens[a[-1].end - 1].end : reading.said.tokens[b[0].start].start]
            for a, b in pairwise(parts)]  # fmt: skip
    of_land = bool(parts) and any(i.type in ("CLASS", "COUNTED", "RANKCLASS", "ENDOF", "NUMCLASS") for i in parts[0])
    return len(parts) > 1 and of_land and not any(":" in gap for gap in gaps) and all(asks(p, reading) for p in parts)


def stand_alone(parts: Sequence[Sequence[Item]]) -> bool:
    """Whether clauses each name a land cover and a place of their own, one of them to tell how it changed: no table
    holds them all."""
    named = all(_of(part, "class") and _of(part, "place") for part in parts)
    moved = [any(i.type in MOVING for i in part) for part in parts]
    return named and any(moved) and not all(moved)


def words_of(parts: Sequence[Sequence[Item]], reading: Reading) -> list[str]:
    """Return the words of each clause: it begins behind the stop, the comma or the "and" that stands before it."""
    said, starts = reading.said, [0]
    for before, part in pairwise(parts):
        low, high = said.tokens[before[-1].end - 1].end, said.tokens[part[0].start].start
        stops = [low + stop.end() for stop in PARTING.finditer(said.question[low:high])]
        joins = [
            said.tokens[i.start].start
            for i in said.items
            if i.type in ("AND", "ALSO") and low <= said.tokens[i.start].start < high
        ]
        starts.append(min([*stops, *joins], default=high))
    return [said.question[start:end].strip() for start, end in pairwise([*starts, len(said.question)])]


def _with_later(first: tuple[Item, ...], rest: Sequence[tuple[Item, ...]]) -> tuple[Item, ...]:
    """Return the first clause with the year, and where it has none the place, that only a later one names."""
    rest = [part for part in rest if not only_dates(part)]
    rows = any(i.type in ("LEVEL", "RANK", "MANY", "SPLIT", "RANKNTH") for i in first)
    when = any(i.type == "ASK" and i.value == "when" for i in first)
    for name in ("time",) if rows else ("time", "place"):
        if not _of(first, name) and not (when and name == "time"):
            later = next((found for part in rest if (found := _of(part, name))), ())
            first = (*first, *later)
    return first


DATING = ("ASK", "MEASURE", "HERE", "RANK", "TREND", *GROUPS["time"])
"""Types of a clause that asks for the same at another time."""


def only_dates(part: Sequence[Item]) -> bool:
    """Whether a clause asks for the same in another year: "and what was it in 2009?", "and who led in 2009?"."""
    return bool(_of(part, "time")) and all(i.type in DATING for i in part)


def _of(items: Sequence[Item], group: str) -> tuple[Item, ...]:
    return tuple(i for i in items if i.type in GROUPS[group])


class _Chain:
    """Clauses on their way into queries; `done` are those made, `said` what the last one spoke of."""

    def __init__(
        self, reading: Reading, context: Context, selection: Sequence[str], settled: Mapping[str, Any]
    ) -> None:
        self.reading, self.context, self.selection, self.settled = reading, context, selection, settled
        self.done: list[Query] = []
        self.said: tuple[Item, ...] = ()
        self.leaned = False
        """Whether a clause was laid over another's query."""
        self.rows: Query | None = None
        """The ranking whose rows were asked about one by one: "they" are all of them."""

    def constraints(self, items: Sequence[Item]) -> Constraints:
        """The constraints of some items."""
        kept = replace(self.reading, items=tuple(items))
        return Constraints(kept, self.context, self.selection, self.settled)

    def queries(self, items: Sequence[Item]) -> tuple[Query, ...]:
        """The queries of some items: of a shape in which their order tells, else of the constraints alone."""
        kept = replace(self.reading, items=tuple(items))
        of_shape = shaped(kept, self.context, self.selection, self.settled)
        return of_shape if of_shape is not None else self.constraints(items).queries()

    def begin(self, items: tuple[Item, ...]) -> None:
        """Make the first clause's queries."""
        self.done += self.queries(items)
        self.said = items

    def inherited(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Return a clause with what it leaves out of what was spoken of."""
        before = next((i.value for i in self.said if i.type == "CLASS"), None)
        if before is not None:  # "how many were still maize, and how many had become wheat"
            items = tuple(replace(i, value=(before, i.value[1])) if is_into(i) else i for i in items)
        placed = any(i.type == "PLACE" for i in self.said)
        items = tuple(i for i in items if i.type != "HERE" or not placed)  # "and how many were there"
        own = [i for i in items if i.type != "ASK" or i.value in ASKING]
        taken = [i for name in GROUPS if not _of(own, name) for i in _of(self.said, name)]
        points, figures = ("points", "survey"), ("published",)
        told = {i.value for i in own if i.type in ("MEASURE", "WITNESS")}
        for mine, its in ((points, figures), (figures, points)):
            if told & {*mine}:  # "… published by Eurostat, and how many points"
                taken = [i for i in taken if i.type not in ("MEASURE", "WITNESS") or i.value not in its]
        high = any(i.type == "DIM" for i in own) and not any(i.type in ("STAT", "END", "SUP") for i in own)
        taken += [i for i in self.said if i.type == "STAT"] if high else []
        return (*taken, *items)

    def turned(self, items: tuple[Item, ...], turn: Reading) -> bool:
        """Whether a clause was laid over the queries before, as a follow-up is."""
        try:
            past = [self.rows] if self.rows else self.done
            found = edited(turn, past, self.context, self.selection, self.settled) if edits(turn) else None
        except Unfit:
            found = None
        if found is None and (whole := completed(turn, self.done[-1], self.context)) is not None:
            found = Constraints(whole, self.context, self.selection, self.settled).queries()[-1]
        if found is None or found == self.done[-1]:
            return False
        self.lay(found)
        self.said = self.inherited(items)
        return True

    def go_on(self, items: tuple[Item, ...], words: str) -> None:
        """Lay a clause over what there is, or make queries of its own."""
        types = {i.type for i in items}
        frame = [name for name in FRAME if any(self.is_new(i) for i in _of(items, name))]
        turn = read(words, self.context.language, self.context)
        few = ranks_places(self.done[-1]) and self.done[-1].limit
        if "EACH" in types and "place" not in frame and few:
            self.of_each(items)
            return
        if "CHANGE" in types and "DIFF" not in types and {*frame} <= {"time"} and self.ranks_one():
            self.done += self.constraints(self.of_the_first(items)).queries()  # "and how did they change since 2015"
            self.leaned = True
            return
        if turn.whole_in_talk and points_at_those(turn, same=True) and self.turned(items, which_of_them(turn)):
            return
        if self.lies_told(items):
            self.leaned = True
        elif "OTHERSIDE" in types:
            self.lay(self.other_side(items))
        elif not frame and types <= {"ASK", "MEASURE"} and "pp" in {i.value for i in items} and self.tells_change():
            self.leaned = True
        elif {"DIFF", "CHANGE"} <= types and types & {"SINCEYEAR", "SPAN"} and "time" in frame:
            self.done += self.constraints(self.inherited(of_change(items))).queries()  # "and by how much did it change"
        elif {*frame} <= {"time"} and self.asks_change(items):
            self.done += self.constraints(self.inherited(items)).queries()  # "and how has it changed since 2009?"
            self.leaned = True
        elif not frame and types <= {"ASK", "ORD", "ONE"} and self.done[-1].order and types & {"ORD", "ONE"}:
            number = max(i.value for i in items if i.type in ("ORD", "ONE"))
            if not self.done[-1].filters("region") and self.done[-1].rows[0].level != "country":
                raise Unfit("regions of which country?")
            self.done[-1] = replace(self.done[-1], limit=max(number, self.done[-1].limit or number))
            self.leaned = True
        elif not frame and (end := self.end_said(items)) is not None:
            self.lay(self.end_of_them(end))
        elif not frame and (high := self.height_of_it(items)) is not None:
            self.lay(high)
        elif (not frame and self.is_told(items)) or (not frame and "DIFF" in types and self.tells_difference(items)):
            self.leaned = True
        elif "REVERSE" in types:
            self.lay(self.reversed(items))
        elif "RANKED" in types and self.done[-1].rows:
            self.lay(self.place_of(items))
        elif "DIFF" in types:
            self.differ(items, frame)
        elif {*frame} - {"time"} and self.points_at_it(turn) and self.turned(items, turn):
            return  # "and how much cropland did it lose?"
        elif not frame and "WITNESS" in types and {*types} <= {"ASK", "MEASURE", "WITNESS", "HERE"}:
            self.ask_witness(items)
        elif self.asks_whole(items):
            self.lay(replace(self.done[-1], rows=(), fold=None, order=(), limit=None))
        elif self.asks_percent(items) and not frame and (own := self.share_of_the_first(items)) is not None:
            self.lay(own)
        elif self.asks_percent(items) and {*frame} <= {"place"} and ranks_places(self.done[-1]):
            self.lay(self.held_by_the_first(items))
        elif self.asks_percent(items) and not frame and _of(items, "class"):
            self.refuse_another_name(items)
            self.done[-1] = percent_of(self.done[-1], of_everywhere(self.done[-1]))
            self.leaned = True
        elif self.asks_percent(items) and not frame:
            self.done[-1] = percent_of_base(self.done[-1])
            self.leaned = True
        elif frame == ["class"] and is_percent(self.done[-1]):
            self.lay(self.other_part(items))
        elif self.asks_percent(items) and (whole := self.whole_around(items, frame)):
            self.done[-1] = whole
            self.leaned = True
        elif not frame and types & {"SPLIT", "SPLITIN", "BYMONTH"} and not self.done[-1].rows:
            counted = any(i.type == "ASK" and i.value == "how_many" for i in self.said)  # else: "Count by crop."
            self.done[len(self.done) - (not counted) :] = self.constraints(self.inherited(items)).queries()
            self.leaned = True
        elif not frame and types & {"CV", "UNSURE"} and types <= {"CV", "UNSURE", "ASK", "MEASURE"}:
            self.done[-1] = with_cv(self.done[-1])
            self.leaned = True
        elif not frame and "LEVEL" in types and not self.done[-1].rows and types <= {"ASK", "LEVEL", "MEASURE", "HERE"}:
            self.lay(self.by_level(items))  # "and in which countries?"
        elif not frame and (end := self.from_its_other_end(items)) is not None:
            self.lay(end)
        elif frame == ["time"] and only_dates(items) and not types & {"RANK", "TREND"} and self.ranks_one():
            self.lay(self.first_then(items))
        elif not frame and "EACH" in types and self.tells_points_of_each(items):
            self.leaned = True
        elif not frame and "EACH" in types and (apart := self.each_of_them()) is not None:
            self.lay(apart)
        elif not frame and "WITNESS" in types:
            self.ask_witness(items)
        elif not frame and types & {"STAYED", "LOST", "GAINED"} and self.done[-1].source == "revisits":
            self.done += self.constraints(self.inherited(items)).queries()  # "and how many stayed?"
            self.leaned = True
        elif not frame:
            land = any(i.type == "MEASURE" and i.value in ("area", "ha") for i in items)
            in_a_unit = land and not types & {"SUP", "RANK", "YEAR"} and turn.whole_in_talk
            if not in_a_unit or not self.turned(items, turn):
                raise Unfit("a clause of nothing")
        else:
            whole_items = self.inherited(items)
            framed = not self.done[-1].rows and any(_of(self.said, name) and not _of(items, name) for name in FRAME)
            of_rows = "NONE" in types or not _of(items, "class")
            then = frame == ["time"] and bool(types & {"RANK", "TREND"}) and not _of(self.said, "time")
            self.leaned = self.leaned or then or (self.reading.composed and (framed or of_rows))
            self.done += self.constraints(whole_items).queries()
            self.said = whole_items

    def asks_change(self, items: Sequence[Item]) -> bool:
        """Whether a clause asks how the one number before changed: over all years, or how much it grew over some."""
        types, last = {i.type for i in items}, self.done[-1]
        grew = types & {"UP", "DOWN"} and types & {"SINCEYEAR", "SPAN"}
        single = last.source in ("published", "survey") and bool(last.columns) and not (last.rows or last.fold)
        return single and bool("CHANGE" in types or grew) and not types & {"DIFF", "SUP", "RANK", "CLASSES", "RELATIVE"}

    def lies_told(self, items: Sequence[Item]) -> bool:
        """Whether a clause asks where the points before lie, which is told of a few: "and what country is it in"."""
        last, kinds = self.done[-1], {i.type for i in items}
        few = [g.dimension for g in last.rows] == ["point"] and bool(last.order) and (last.limit or 0) <= MOST_PLACED
        return few and "LEVEL" in kinds and kinds <= {"ASK", "LEVEL", "MEASURE", "HERE"}

    def first_then(self, items: tuple[Item, ...]) -> Query:
        """What the first of a ranking had in another year: "which country has the most …, and what was it in 2009?"."""
        dated = Filter("year", "in", self.constraints(items).years())
        first = self.first_of(self.done[-1])
        return replace(first, where=(*(f for f in first.where if f.dimension != "year"), dated))

    def by_level(self, items: tuple[Item, ...]) -> Query:
        """The number before, for the places of a level that have any."""
        last, level = self.done[-1], self.constraints(self.inherited(items)).level
        if last.fold or not last.columns or any(c.expression for c in last.columns) or not level:
            raise Unfit("of which places?")
        head = last.columns[0].name
        return replace(last, rows=(Group("region", level),), having=(Condition(head, ">", 0),), order=(Order(head),))

    def from_its_other_end(self, items: tuple[Item, ...]) -> Query | None:
        """The ranking before from the end that a clause names: "… at its greatest, and in which at its least"."""
        last, ways = self.done[-1], [(i.value, self.done[-1].limit) for i in items if i.type == "SUP"]
        ways += [i.value for i in items if i.type == "OTHEREND"]
        plain = {i.type for i in items} <= {"ASK", "SUP", "MEASURE", "BOTH", "OTHEREND"} and len(ways) == 1
        if not plain or not last.order or last.lead or ways[0][0] == last.order[0].way:
            return None
        way, limit = ways[0]
        return replace(last, order=(replace(last.order[0], way=way), *last.order[1:]), limit=limit)

    def each_of_them(self) -> Query | None:
        """Each of the places or classes that one number was told of: "and what does each one have?"."""
        last = self.done[-1]
        several = [n for n in ("region", *THEMES) for f in last.filters(n) if f.op == "in" and len(f.listed) > 1]
        if last.rows or last.fold or len(several) != 1:
            return None
        (name,) = several
        members = tuple((v,) for f in last.filters(name) if f.op == "in" for v in f.listed)
        where = tuple(f for f in last.where if f.dimension != name)
        order = (Order(last.columns[0].name),)
        return replace(last, where=where, rows=(Group(name, members=members),), order=order)

    def of_witness(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """A clause that asks another witness of the same: "and what did Eurostat publish for that country"."""
        own = tuple(i for i in items if i.type != "HERE")
        points = ("MEASURE",) if any(i.value == "published" for i in own if i.type == "WITNESS") else ()
        return tuple(i for i in self.inherited(own) if i.type not in points or i.value != "points")

    def ask_witness(self, items: tuple[Item, ...]) -> None:
        """Ask another witness of the same."""
        self.done += self.constraints(self.of_witness(items)).queries()
        self.leaned = True

    def points_at_it(self, turn: Reading) -> bool:
        """Whether "it" or "that" is said of rows, or of points that went from class to class."""
        return (
            bool(self.done[-1].rows or self.done[-1].source == "revisits")
            and turn.whole_in_talk
            and points_with(turn, "THAT")
        )

    def is_new(self, item: Item) -> bool:
        """Whether an item names what was not named before."""
        if item.type != "CLASS":
            return item not in self.said
        return all(item.value.match.codes != i.value.match.codes for i in self.said if i.type == "CLASS")

    def refuse_another_name(self, items: tuple[Item, ...]) -> None:
        """Refuse a part of a class by another name for the whole of it: "of the artificial land, how much is built-up".

        Raises:
            Unfit: the two names begin differently.
        """
        names = {i.value.text[:SAME_NAME].lower() for i in (*self.said, *items) if i.type == "CLASS"}
        if len(names) > 1:
            raise Unfit("one class by two names")

    def lay(self, query: Query) -> None:
        """Keep a query that was made of the one before."""
        self.done.append(query)
        self.leaned = True

    # --- clauses that lean on the one before ---

    def end_said(self, items: tuple[Item, ...]) -> Item | None:
        """The highest or northernmost of the points before that a clause asks for: "and how high is the highest"."""
        last, every = self.done[-1], self.reading.said.items
        high = any(i.type == "DIM" for i in items)
        ends = [i for i in every if i.type == "END" and items[0].start <= i.start < items[-1].end]
        of_points = last.source == "survey" and (not last.rows or last.rows[0].dimension == "point" or high)
        if len(ends) != 1 or not of_points or any(i.type in ("DIFF", "RANKED", "STAT", "LEVEL") for i in items):
            return None
        return ends[0] if high or ends[0].value[0] != "elevation" or not last.order else None

    def end_of_them(self, end: Item) -> Query:
        """The point at an end of those before."""
        kept = tuple(i for name in FRAME for i in _of(self.said, name))
        said = self.constraints((*kept, end))
        if not said.classes:
            raise Unfit("the highest of what?")
        return said.at_the_ends()[0]

    def height_of_it(self, items: tuple[Item, ...]) -> Query | None:
        """How high the one point before lies, that was found by its position: "the easternmost, and how high is it"."""
        last = self.done[-1]
        plain = {i.type for i in items} <= {"DIM", "ASK", "HERE"} and {"elevation"} == {
            i.value for i in items if i.type == "DIM"
        }
        if not plain or [g.dimension for g in last.rows] != ["point"] or last.limit != 1 or not last.order:
            return None
        if last.order[0].column == "elevation":
            return None
        table = answer(last, self.context).table
        found = tuple(int(row["point_id"]) for row in table.dicts()) if table else ()
        if len(found) != 1:
            return None
        where = (Filter("point", "in", found), *last.filters("year"))
        return Query("survey", (Column("elevation_m", "mean_elevation"),), where)

    def held_by_the_first(self, items: tuple[Item, ...]) -> Query:
        """What the first of a ranking hold of the whole: "which three have most, and what percentage is that"."""
        ranking = self.done[-1]
        said = [*(r[1] for r in self.constraints(self.said).reading.all("RANK")), *(n for n, _ in self.asked_many())]
        number = next((n for n in said if n), 1)
        found = [r.id for r in answer(ranking, self.context).regions][:number]
        places = self.constraints(tuple(i for i in items if i.type in ("PLACE", "MEASURE"))).place_filters()
        whole = places or ranking.filters("region") or of_everywhere(ranking).filters("region")
        where = tuple(f for f in ranking.where if f.dimension != "region")
        alone = replace(ranking, rows=(), order=(), limit=None, having=(), lead="", columns=ranking.columns[:1])
        part = replace(alone, where=(Filter("region", "in", tuple(found)), *where))
        return percent_of(part, replace(alone, where=(*whole, *where)))

    def share_of_the_first(self, items: tuple[Item, ...]) -> Query | None:
        """The share of the one place that is first by its points: published, "what percentage of its area did Eurostat
        publish", or of the points there, "what percentage of all points in that country"; None where neither is asked.
        """
        ranking, types = self.done[-1], {i.type for i in items}
        if not ranks_places(ranking) or ranking.source != "survey" or self.asked_many():
            return None
        published = any(i.value == "published" for i in items if i.type == "WITNESS")
        points = any((i.type, i.value) == ("MEASURE", "points") for i in items) and bool(types & {"LEVEL", "HERE"})
        found = [r.id for r in answer(ranking, self.context).regions][:1]
        if not (published or points) or not found:
            return None
        kept = tuple(f for f in ranking.where if f.dimension in ("year", *THEMES))
        where = (Filter("region", "in", tuple(found)), *kept)
        if published:
            return Query("published", (Column("share", "share"),), where)
        return Query("survey", (*ranking.columns, OF_SURVEYED), where)

    def asked_many(self) -> list[Any]:
        """How many rows were asked for, with their level."""
        return [i.value for i in self.said if i.type == "MANY"]

    def of_each(self, items: tuple[Item, ...]) -> None:
        """What is asked for each of the places that were ranked: "for each of them, how many points were lost"."""
        rows = (*GROUPS["place"], *ROWS, "SUP", "RANK", "RANKNTH")
        said = self.constraints([i for i in self.inherited(items) if i.type not in rows])
        said.level = ""
        self.rows = self.rows or self.done[-1]
        for region in answer(self.rows, self.context).regions:
            said.places = [region]
            self.done += said.queries()
        self.leaned = True

    def is_told(self, items: tuple[Item, ...]) -> bool:
        """Whether a clause asks for the number that the query before tells: "and how large is it", "and how high"."""
        last = self.done[-1]
        single = [g.dimension for g in last.rows] == ["point"] and last.limit == 1
        plain = all(i.type in ("ASK", "MEASURE", "DIM", "HERE", "LATEST") for i in items)
        if not plain or (any(i.value == "where" for i in items) and not single):
            return False
        heights = {i.value for i in items if i.type == "DIM"}
        by = {last.order[0].column} if last.order else set()
        if single and not heights <= by:
            return False  # of the northernmost how high it lies
        if single and not any(i.type == "MEASURE" and i.value != "points" for i in items):
            return True
        if heights:
            return heights <= by
        asked = {i.value for i in items if i.type == "MEASURE"}
        measures = {c.measure for c in last.columns}
        told = {"share": {"share"}, "points": {"points"}, "area": {"km2"}, "ha": {"ha"}}
        return all(told.get(name, set()) & measures for name in asked) and bool(last.rows)

    def tells_points_of_each(self, items: tuple[Item, ...]) -> bool:
        """Whether a clause asks how many points each row has, which is told: "and with how many points each"."""
        last = self.done[-1]
        plain = {(i.type, i.value) for i in items} <= {("ASK", "how_many"), ("MEASURE", "points"), ("EACH", "each")}
        return plain and bool(last.rows) and any(c.measure == "points" for c in last.columns)

    def asks_whole(self, items: tuple[Item, ...]) -> bool:
        """Whether the figure of the whole is asked behind a mean over its regions: "and for Germany as a whole"."""
        last = self.done[-1]
        said = {i.type for i in items}
        plain = said <= {"ASK", "MEASURE", "PLACE", "TOGETHER", "LEVEL", "HERE", "WITNESS"} and said & {
            "PLACE",
            "LEVEL",
        }
        mean = last.fold is not None and last.fold.op == "mean" and len(last.filters("region")) == 1
        named = [r.id for i in items if i.type == "PLACE" for r in i.value.regions]
        return bool(plain and mean) and {*named} <= {str(v) for v in last.filters("region")[0].listed}

    def tells_difference(self, items: tuple[Item, ...]) -> bool:
        """Whether the query before tells the difference or ratio that a clause asks for."""
        asked, last = {i.value for i in items if i.type == "DIFF"}, self.done[-1]
        if any(i.type in ("RANKCLASS", "CLASSES", "LEVEL", "NUMCLASS") for i in items):
            return False  # "which main class differs most"
        if asked == {"difference"} and len(last.rows) == 1 and len(last.rows[0].members) == 2 and last.order:
            return True  # the margin of the first over the second
        return any(c.expression and c.expression.op in asked for c in self.done[-1].columns)

    def ranks_one(self) -> bool:
        """Whether the query before ranks places for the one that is first."""
        return self.done[-1].limit == 1 and ranks_places(self.done[-1])

    def of_the_first(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """A clause asked of the first place of the ranking before."""
        first = answer(self.done[-1], self.context).regions[0]
        end = len(self.reading.said.tokens)
        kept = [i for i in self.inherited(items) if i.type not in ("RANK", "ASK")]
        if self.done[-1].source == "survey":  # what its points became
            kept = [replace(i, type="TREND") if i.type == "CHANGE" else i for i in kept]
        return (Item(end, end, "PLACE", area_of(first)), *kept)

    def tells_change(self) -> bool:
        """Whether the query before tells a change: by how many points is told with it."""
        last = self.done[-1]
        return any(column.expression and column.expression.op == "difference" for column in last.columns)

    def other_side(self, items: tuple[Item, ...]) -> Query:
        """The rest of a range: "how many above 400 m and how many below"."""
        limits = [i.value for i in self.said if i.type == "LIMIT"]
        last = self.done[-1]
        circles = last.filters("position")
        if not limits and [f.op for f in circles] == ["near"] and not any(_of(items, name) for name in FRAME):
            return replace(last, where=tuple(replace(f, op="not_near") if f in circles else f for f in last.where))
        if len(limits) != 1 or limits[0].op not in ("above", "below") or any(_of(items, name) for name in FRAME):
            raise Unfit("below what?")
        (number,) = limits[0].values
        low, high = (None, number) if limits[0].op == "above" else (number, None)
        rest = Filter(limits[0].dimension, "between", (low, high))
        return replace(last, where=tuple(rest if f == limits[0] else f for f in last.where))

    def reversed(self, items: tuple[Item, ...]) -> Query:
        """The other way: what became of the second class, into the first."""
        fate = next((i for i in self.said if i.type == "FATE" and None not in i.value), None)
        if fate is None or any(_of(items, name) for name in FRAME):
            raise Unfit("the other way of what?")
        self.said = tuple(replace(i, value=i.value[::-1]) if i is fate else i for i in self.said)
        return self.constraints(self.said).queries()[-1]

    def place_of(self, items: tuple[Item, ...]) -> Query:
        """Where one place stands in the ranking before."""
        said, ranking = self.constraints(items), self.done[-1]
        of_places = len(ranking.rows) == 1 and ranking.rows[0].dimension == "region" and ranking.order
        if not of_places or len(said.places) != 1 or ranking.fold or said.classes:
            raise Unfit("no ranking to stand in")
        kept = answer(replace(ranking, limit=None), self.context).regions if ranking.having else ()
        if ranking.having and said.places[0].id not in [r.id for r in kept]:
            raise Unfit("not among them")
        return replace(ranking, limit=None, lead=said.places[0].id)

    def differ(self, items: tuple[Item, ...], frame: Sequence[str]) -> None:
        """A difference or ratio: of the two sides before, or of what was before and what the clause names."""
        op: Arithmetic = next(i.value for i in items if i.type == "DIFF")
        last = self.done[-1]
        if any(i.type in ("ENDOF", "RANKCLASS") for i in items):
            raise Unfit("two ends, or of each class")
        number = next((i.value for i in items if i.type in ("ORD", "ONE")), 1)
        if last.lead and not frame and last.order:
            ids = [r.id for r in answer(last, self.context).regions]
            if number - 1 == (place := ids.index(last.lead)):
                raise Unfit("twice the same")
            self.done.append(beside(self.nth_of(last, number), self.nth_of(last, place + 1), op))
        elif last.rows and not frame and number > 1:
            shown = replace(last, limit=max(number, last.limit or 0))
            self.done[-1:] = [shown, beside(self.nth_of(last), self.nth_of(shown, number), op)]
        elif last.order and not frame and (end := self.other_end(items, last)) is not None:
            self.done[-1:] = [last, beside(self.nth_of(last), self.nth_of(end), op)]
        elif frame or self.names_level(items):
            other = self.compared_with(items)
            self.done[-1:] = [last] * bool(last.rows) + [beside(self.first_of(last), other, op)]
        elif len(self.done) > 1 and not last.rows and not self.done[-2].rows:
            self.done[-2:] = [beside(self.done[-2], last, op)]
        else:
            self.done[-1:] = self.constraints((*self.said, *items)).queries()
        self.leaned = True

    def names_level(self, items: tuple[Item, ...]) -> bool:
        """Whether the whole around the first of a ranking is meant: "the national average"."""
        return any(i.type in ("LEVEL", "STAT") for i in items) and bool(self.done[-1].rows)

    def compared_with(self, items: tuple[Item, ...]) -> Query:
        """The same number of what the clause names."""
        kept = tuple(i for i in items if i.type not in ("DIFF", "STAT", "LEVEL", "RANKED", "UP", "DOWN"))
        said, base = self.constraints(kept), self.first_of(self.done[-1])
        new = (*said.place_filters(), *said.class_filters(), *said.other_filters())
        years = said.years()
        new += (Filter("year", "in", years),) if len(years) == 1 else ()
        if not new:
            (first,) = [str(v) for f in base.filters("region") for v in f.listed]
            country = self.context.gazetteer.containing(first, "country")
            if country is None:
                raise Unfit("which whole?")
            new = (Filter("region", "in", (country.id,)),)
        kept_filters = tuple(f for f in base.where if f.dimension not in {n.dimension for n in new})
        return replace(base, where=(*kept_filters, *new))

    def other_end(self, items: tuple[Item, ...], ranking: Query) -> Query | None:
        """The ranking from its other end, where a clause names it: "above the lowest"."""
        ways = [i.value if i.type == "SUP" else i.value[0] for i in items if i.type in ("SUP", "RANK")]
        if not ways or ways[0] == ranking.order[0].way:
            return None
        return replace(ranking, order=(replace(ranking.order[0], way=ways[0]),), limit=None)

    def first_of(self, ranking: Query) -> Query:
        """One number: a ranking's first, or the query itself where it is one."""
        return self.nth_of(ranking)

    def nth_of(self, ranking: Query, number: int = 1) -> Query:
        """One number: that at a place of a ranking, or the query itself where it is one."""
        if not ranking.rows:
            return ranking
        if ranking.rows == (Group("year"),):
            table = answer(ranking, self.context).table
            years = [row["year"] for row in table.dicts()][number - 1 :] if table and ranking.order else []
            if not years:
                raise Unfit("no first year")
            dated = Filter("year", "in", (years[0],))
            return replace(ranking, where=(*ranking.where, dated), rows=(), order=(), limit=None)
        found = answer(ranking, self.context).regions[number - 1 :]
        if not found or ranking.rows[0].dimension != "region" or len(ranking.rows) > 1 or len(ranking.columns) > 2:
            raise Unfit("no first place")
        where = tuple(f for f in ranking.where if f.dimension != "region")
        where = (Filter("region", "in", (found[0].id,)), *where)
        return replace(ranking, where=where, rows=(), order=(), limit=None, having=(), lead="")

    def asks_percent(self, items: tuple[Item, ...]) -> bool:
        """Whether a percentage is asked."""
        return any(i.type == "MEASURE" and i.value == "share" for i in items)

    def other_part(self, items: tuple[Item, ...]) -> Query:
        """The percentage before, of another class in the same whole."""
        said, last = self.constraints(items), self.done[-1]
        part, *rest = last.columns
        if len(said.classes) != 1 or said.less:
            raise Unfit("which part?")
        own, where = (tuple(f for f in of if f.dimension not in THEMES) for of in (part.where, last.where))
        if not part.where:
            return replace(last, where=(*where, *said.class_filters()))
        return replace(last, columns=(replace(part, where=(*own, *said.class_filters())), *rest))

    def whole_around(self, items: tuple[Item, ...], frame: Sequence[str]) -> Query | None:
        """What was counted as a percentage of the same in a larger place, or of a wider class."""
        told = [i for i in items if i.type in (*GROUPS["class"], *GROUPS["place"]) or i.value == "is"]
        order = [i.type for i in told]
        said, last = self.constraints(self.inherited(items)), self.done[-1]
        if last.rows or last.fold or not {*frame} <= {"place", "class", "time"} or len(last.columns) > 2:
            return None
        if "CLASS" in order and "ASK" in order[: order.index("CLASS")] and "PLACE" in order:
            return None  # "what percentage of points in Europe is rye"
        regions = [str(v) for f in last.filters("region") for v in f.listed]
        held = len(regions) == 1 and len(said.places) == 1
        wider = held and said.nested(self.context.named(regions[0]), said.places[0])
        new = (*said.place_filters(), *said.class_filters())
        where = tuple(f for f in last.where if f.dimension not in {n.dimension for n in new})
        if not (wider and wider[1].id == said.places[0].id):
            return None
        return percent_of(last, replace(last, where=(*where, *new)))


def of_change(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """A clause that asks by how much something changed "there", as its change at the place before."""
    return tuple(i for i in items if i.type not in ("DIFF", "HERE"))


def which_of_them(turn: Reading) -> Reading:
    """A clause with "among them, where is … most frequent" as which of them."""
    if not turn.has("SUP") or (turn.has("ASK") and "where" not in turn.all("ASK")):
        return turn
    asked = (replace(i, value="which") if i.type == "ASK" and i.value == "where" else i for i in turn.items)
    return replace(turn, items=tuple(asked))


def is_into(item: Item) -> bool:
    """Whether points became of a class, and of which before is not said."""
    return item.type == "FATE" and item.value[0] is None


def is_percent(query: Query) -> bool:
    """Whether a query tells one number as a percentage of another."""
    told = query.columns[-1].expression if query.columns else None
    return told is not None and told.op == "percent"


def ranks_places(query: Query) -> bool:
    """Whether a query ranks places by one measure of its own."""
    rows = [g.dimension for g in query.rows] == ["region"] and bool(query.order) and not query.fold
    return rows and not query.references() and bool(query.columns[0].measure) and not query.columns[0].where


def of_everywhere(query: Query) -> Query:
    """Return a query asked of all places there are."""
    whole = Filter("region", "in", ("group:EU" if query.source == "published" else EVERYWHERE,))
    return replace(query, where=(whole, *(f for f in query.where if f.dimension != "region")))


def apart(one: Query, other: Query) -> tuple[tuple[Filter, ...], tuple[Filter, ...], tuple[Filter, ...]]:
    """Return what two queries share of their filters, and what each has for itself; those without an own one stay.

    Raises:
        Unfit: they are not one number each, of one measure.
    """
    if (one.source, one.columns[:1], one.rows, one.having) != (other.source, other.columns[:1], other.rows, ()):
        raise Unfit("two numbers of different kinds")
    if one.rows or one.fold or not one.columns or one.columns[0].expression:
        raise Unfit("no two numbers")
    names = {f.dimension for f in (*one.where, *other.where) if (f in one.where) != (f in other.where)}
    shared = tuple(f for f in one.where if f.dimension not in names)
    mine, its = (tuple(f for f in q.where if f.dimension in names) for q in (one, other))
    if not names:
        raise Unfit("twice the same")
    return shared, mine, its


def beside(one: Query, other: Query, op: Arithmetic) -> Query:
    """Return two numbers side by side, with their difference or ratio.

    Raises:
        Unfit: they are not two numbers of one kind.
    """
    shared, mine, its = apart(one, other)
    measure = one.columns[0].measure
    years = sorted(int(y) for f in (*mine, *its) if f.dimension == "year" for y in f.listed)
    if op == "difference" and len(years) == len(mine) + len(its) == 2:
        changed = change_of(replace(one, where=shared), (years[0], years[1]))
        if changed is not None:
            return changed  # from the earlier to the later, whichever was said first
    columns = (
        Column("a", measure, mine),
        Column("b", measure, its),
        Column(op, "", (), Expression(op, "a", "b")),
    )
    return Query(one.source, columns, shared)


def with_cv(query: Query) -> Query:
    """Return a query of published figures with their coefficient of variation.

    Raises:
        Unfit: it tells none.
    """
    if query.source != "published" or any(c.expression or c.where for c in query.columns):
        raise Unfit("no error is told")
    return replace(query, columns=(*query.columns, Column("cv", "cv")))


def percent_of(part: Query, whole: Query) -> Query:
    """Return one number as a percentage of another.

    Raises:
        Unfit: they are not two numbers of one kind.
    """
    shared, mine, its = apart(part, whole)
    measure = "km2" if part.columns[0].measure == "share" else part.columns[0].measure
    names = iter(PERCENT)
    columns = (
        Column(next(names), measure, mine),
        Column(next(names), measure, its),
        Column(next(names), "", (), Expression("percent", *PERCENT[:2])),
    )
    return Query(part.source, columns, shared)


def percent_of_base(counted: Query) -> Query:
    """Return a count as a percentage of what it was counted among: of points revisited those of the class before.

    Raises:
        Unfit: it is no count, or of everything.
    """
    focus = ("land_cover_to", "land_use_to") if counted.source == "revisits" else ("land_cover", "land_use")
    where = tuple(f for f in counted.where if f.dimension not in focus)
    if counted.columns[:1] != (Column("points", "points"),) or where == counted.where:
        raise Unfit("a percentage of what?")
    return percent_of(counted, replace(counted, where=where))
