"""A question becomes typed queries where every word of it that matters was read; else nothing does.

What the rules of `fill.py` make of the constraints is a plan's steps; what they cannot is left to the router behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any

from agent.lexicon import lexicon
from agent.reading.chart import MUST, best, chart, is_general
from agent.reading.mentions import Item, Mentions, lies_in, mentions
from agent.reading.senses import in_their_sense
from agent.reading.whether import asked_whether, of_two_sides
from agent.understand import NEAR_KM, POINT_COMPOUND
from retrieval.nomenclature import ClassMatch
from tools.context import Context

COMPOSED = frozenset({
    "NEAR", "NOTPLACE", "NOTCLASS", "NONE", "LIMIT", "HAVING", "COUNT", "COUNTED", "RANKNTH", "NTH", "SPLIT",
    "SPLITIN", "EACHCLASS", "FATE", "FATESPLIT", "MONTHS", "END", "STAT", "DIFF", "LOST", "GAINED", "STAYED",
    "BYMONTH", "BECAME", "MORETHAN", "TWICE", "REVERSE", "NUMCLASS", "EACHONE", "DIM", "OTHERSIDE", "CV",
    "RANKCLASS", "ENDOF", "NOTYEAR", "THANPLACE", "SIZED", "NEARS", "RELATIVE", "AROUND", "ORIGIN", "NOTROWS",
})  # fmt: skip
"""Constraints that only a typed query can hold."""


@dataclass(frozen=True)
class Reading:
    """A question's constraints in order, and the words that no constraint took."""

    said: Mentions
    items: tuple[Item, ...]
    unread: tuple[str, ...]
    """Words that no constraint took and that are no small words of the language."""
    open_words: tuple[int, ...]
    """Where those words stand."""
    made: tuple[Item, ...]
    """Every reading of every run of words, those not taken too."""
    forbidden: tuple[str, ...]
    """Those among all words that narrow, compare or negate, and were not read."""
    leaning: tuple[str, ...] = ()
    """Words that only a query before makes sense of: "over 20" of its figure, "more" of its two rows."""

    def all(self, *types: str) -> list[Any]:
        """Return the values of constraints of these types, in order."""
        return [i.value for i in self.items if i.type in types]

    def has(self, *types: str) -> bool:
        """Return whether there is a constraint of one of these types."""
        return any(i.type in types for i in self.items)

    @property
    def years(self) -> frozenset[int]:
        """Every year that is named, alone or as the end of a span."""
        return frozenset(self.all("YEAR", "SINCEYEAR")) | {year for span in self.all("SPAN") for year in span}

    def word(self, n: int) -> str:
        """Return a word as it was written."""
        return _word(self.said, n)

    @property
    def whole(self) -> bool:
        """Whether no word was left that may matter."""
        return not self.unread and not self.forbidden and not self.leaning

    @property
    def whole_in_talk(self) -> bool:
        """Whether no word was left that may matter beside a query before."""
        return not self.unread and not self.forbidden

    @property
    def composed(self) -> bool:
        """Whether it holds what only a typed query can."""
        return self.has(*COMPOSED)


def read(question: str, language: str, context: Context) -> Reading:
    """Return a question taken apart and put together again."""
    said = mentions(question, language, context)
    made = tuple(chart(said))
    items = asked_whether(best(made, said), said)
    items = dated(said, as_growing(as_amount(than_one(items, said), said), said))
    items = of_two_sides(as_shares(mostly(items), said, context), said)
    items = as_differences(as_most(as_ends(as_ranked(items), said), said), said)
    items = as_compared(as_rivals(as_proportions(items), said), said)
    items = as_plain(said, without(as_the_least(items, said), said))
    items = around_an_end(highest_there(placed(items), said), said)
    items = in_a_year_without(with_place_left_out(of_one_place(with_none(items, said)), said))
    items = of_the_whole(as_use(items, said, context), said)
    items = in_both_years([one for i in items for one in not_inside(i, said)], said)
    items = not_at_last(of_so_many(as_heights(items, said), said, context), said)
    items = as_part(appeared(at_both_ends(items, said), said), context)
    items = than_that(which_more(which_two(of_their_size(items, said), said), said), said)
    items = in_their_sense(items, said)
    items = tuple(those_counted(with_origin(with_the_last(items, said), said), said))
    covered = {n for i in items for n in range(i.start, i.end)}
    open_words = [n for n in range(len(said.tokens)) if n not in covered]
    weak = weak_words(said, open_words) | lead_words(said, items) | repeated_no(said, items)
    dated_work = {n for i in said.items if i.type == "SOWN" for n in range(i.start, i.end)}
    dated_work = dated_work if any(i.type == "MONTHS" for i in items) else set()  # months are those of the visit
    must = dated_work | growers(said, items)
    left = tuple(n for n in open_words if n in must or (n not in said.soft and n not in weak))
    unread = tuple(_word(said, n) for n in left)
    hard = [i for i in said.items if i.type in MUST and any(n in open_words for n in range(i.start, i.end))]
    forbidden = dict.fromkeys(
        said.words(i)
        for i in hard
        if not all(n in said.soft or n in covered or n in weak for n in range(i.start, i.end))
    )
    leaning = tuple(said.words(i) for i in items if i.type in LEANING)
    return Reading(said, items, unread, left, made, tuple(forbidden), leaning)


LEANING = ("BARE", "MORE", "LATER", "RADIUS", "THANTHAT")
"""Types that say nothing without a query before."""


MOVED = ("CHANGE", "UP", "DOWN", "LOST", "GAINED", "TREND", "FATE", "FATESPLIT", "BECAME", "STAYED", "DIFF")


def not_inside(item: Item, said: Mentions) -> list[Item]:
    """Return a place and the kind of place asked for behind it as two: "… in Europe and what country is it in"."""
    inner = [i for i in said.items if item.start < i.start and i.end <= item.end]
    asked = next((i for i in inner if i.type == "ASK" and i.value in ("which", "what")), None)
    if item.type != "INSIDE" or asked is None:
        return [item]
    level = next((i for i in inner if i.type == "LEVEL" and i.start >= asked.end), None)
    place = next((i for i in said.items if i.type == "PLACE" and i.start == item.start), None)
    return [item] if level is None or place is None else [place, asked, level]


OF_PLACES = ("LEVEL", "INSIDE", "RANK", "MANY", "MANYIN")
LAND = ("km2", "ha")


def of_their_size(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with an area said of places, before any land cover, as the size of those places: "among
    countries larger than 100,000 km², which has most woodland"; not "countries with over 1,000 km² of woodland"."""
    order = sorted(items, key=lambda i: i.start)
    named = next((i.start for i in order if i.type in ("CLASS", "EACHCLASS", "CLASSES")), -1)
    found = []
    for n, item in enumerate(order):
        before = [i for i in order[:n] if i.type != "PLACE"][-1:]  # Italian "regioni italiane con più di …"
        near = [i for i in (*before, *order[n + 1 : n + 2]) if i.type == "PLACE" or _beside(i, item, said)]
        near = near if not order[:n] or order[n - 1].type != "PLACE" else [*before, *near]
        of_land = item.type == "HAVING" and item.value[-1] in LAND and item.end <= named
        placed = any(i.type in OF_PLACES for i in near) and not any(i.type == "CLASS" for i in near)
        found.append(replace(item, type="SIZED") if of_land and placed else item)
    return found


def which_two(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints of a follow-up with the number of those it asks for: "and which two least?"."""
    if any(i.type in ("LEVEL", "RANK", "CLASS", "CLASSES", "INSIDE", "MANY", "BOTH") for i in items):
        return items
    asks = {i.end for i in items if i.type == "ASK" and i.value == "which"}
    ends = {i.start for i in items if i.type == "SUP"}
    many = [i for i in said.items if i.type == "NUM" and i.start in asks and i.end in ends and i.value > 1]
    return sorted([*items, *(replace(i, type="FIRST", value=int(i.value)) for i in many[:1])], key=lambda i: i.start)


def which_more(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints of a follow-up with which of the two has more, or is higher, as the one with the most."""
    taken = {n for i in items for n in range(i.start, i.end)}
    signs = [i for i in said.items if i.type == "COMPARED" and i.start not in taken]
    numbers = any(i.type in ("NUM", "QTY", "THANWORD") for i in said.items if i.start not in taken)
    bare = {i.type for i in items} <= {"ASK", "LEVEL", "BOTH"} and any(i.value == "which" for i in items)
    if not bare or not signs or numbers:
        return items
    most = replace(signs[0], type="SUP", value="most" if signs[0].value == ">" else "fewest")
    return sorted([*(i for i in items if i.type != "LEVEL"), most], key=lambda i: i.start)


def than_that(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints of "is that more than in Portugal?" with the comparison as one with the answer before."""
    points = [i for i in said.items if i.type == "THAT"]
    signs = [i for i in said.items if i.type == "CMP" and i.end - i.start > 1]
    named = [i for i in items if i.type in ("PLACE", "CLASS")]
    kinds = {i.type for i in items}
    if not (points and signs and len(named) == 1 and kinds <= {"ASK", "UP", "DOWN", "PLACE", "CLASS", "YEAR"}):
        return items
    sign = signs[0]
    if {*(i.value for i in items if i.type == "ASK")} != {"is"} or not points[0].end <= sign.start < named[0].start:
        return items
    kept = [i for i in items if i.type not in ("UP", "DOWN")]
    return sorted([*kept, replace(sign, type="THANTHAT")], key=lambda i: i.start)


def in_both_years(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints of points that were a class "in both 2015 and 2018" as those that stayed it."""
    order = [
        i for i in items if i.type in ("ASK", "MEASURE", "CLASS", "BOTH", "SPAN", "FATE", "STAYED", "DIFF", "LEVEL")
    ]
    points = [n for n, i in enumerate(order) if i.type == "MEASURE" and i.value == "points"]
    kinds = [i.type for i in order[points[0] + 1 :][:4]] if points else []
    if kinds != ["ASK", "CLASS", "BOTH", "SPAN"] or not any(i.value == "how_many" for i in order[: points[0]]):
        return items
    return [replace(i, type="STAYED") if i.type == "BOTH" else i for i in items]


def as_part(items: list[Item], context: Context) -> list[Item]:
    """Return the constraints with the percentage that falls "from" a class "to" one of its own, of no two years, as the
    part of it: French "quel pourcentage des points de céréales revenait au seigle"."""
    shares = any(i.type == "MEASURE" and i.value == "share" for i in items)
    fate = next((i for i in items if i.type == "FATE" and None not in i.value), None)
    years = sum(i.type == "YEAR" for i in items)
    if (
        fate is None
        or not shares
        or years > 1
        or any(i.type in ("SPAN", "SINCEYEAR", "BECAME", "CHANGE") for i in items)
    ):
        return items
    whole, part = fate.value
    leaves = context.nomenclature.leaves
    if not {*leaves(part.match.codes)} < {*leaves(whole.match.codes)}:
        return items
    both = [replace(fate, type="CLASS", value=whole, end=fate.end - 1), Item(fate.end - 1, fate.end, "CLASS", part)]
    return [one for i in items for one in (both if i is fate else [i])]


def appeared(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "where did no vines appear", "at how many points did maize appear", of one year, as
    what is found there: nothing is gained."""
    timed = any(i.type in ("SPAN", "SINCEYEAR", "LOST", "STAYED", "CHANGE", "FATE", "TWICE") for i in items)
    if timed or sum(i.type == "YEAR" for i in items) > 1:
        return items
    none = any(i.type == "NONE" for i in items)
    return [replace(i, type="GROWS") if i.type == "GAINED" and (none or i.start in said.soft) else i for i in items]


def at_both_ends(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the highest, beside "and the lowest point", as an end too."""
    ends = {(i.start, i.end): i for i in said.items if i.type == "END"}
    placed = any(i.type in ("END", "ENDOF") for i in items)
    joins = {i.start for i in said.items if i.type in ("AND", "OR")}
    rows = any(i.type in ("LEVEL", "INSIDE", "STAT", "RANK") for i in items)
    if not placed or rows:
        return items
    return [
        ends[i.start, i.end] if i.type == "SUP" and (i.start, i.end) in ends and i.end in joins else i for i in items
    ]


HIGH = ("DIM", "LIMIT")
AREAL = ("share", "area", "ha", "pp")


def as_heights(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the highest or lowest on average, of no share, as a ranking by mean elevation: "which
    region has its grassland highest up on average"."""
    shares = any(i.type == "MEASURE" and i.value in AREAL for i in items)
    mean = any(i.type == "STAT" and i.value == "mean" for i in items)
    if not mean or shares or any(i.type in HIGH for i in items):
        return items
    ends = [i for i in said.items if i.type == "END" and i.value[0] == "elevation"]
    counted = [i for i in said.items if i.type == "CLASS" and POINT_COMPOUND.search(i.value.text)]
    of_points = bool(counted) or any(i.type == "MEASURE" and i.value == "points" for i in said.items)
    found: list[Item] = []
    for one in items:
        end = next((e for e in ends if one.start <= e.start and e.end <= one.end), None)
        lies = end is not None and (end.end - end.start > 1 or of_points)
        if end and lies and one.type in ("SUP", "RANK", "RANKCLASS", "END", "ENDOF"):
            named = next((i for i in said.items if i.type == "CLASS" and lies_in(i, one)), None)
            until = named.start if named and one.type == "ENDOF" else one.end
            high = Item(one.start, one.start, "DIM", "elevation")
            found += [high, Item(one.start, until, "SUP", end.value[1]) if one.type in ("END", "ENDOF") else one]
            found += [replace(named, end=one.end)] if named and one.type == "ENDOF" else []
        else:
            found.append(one)
    return found


def not_at_last(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the class that "was not", or "never was", is said of, where nothing stands behind it,
    as left out: "where soya was found but sugar beet was not"."""
    for n, (cover, verb) in enumerate(pairwise(items)):
        beside = [
            i for i in said.items if i.type == "NO" and (i.start == verb.end or cover.end <= i.start < verb.start)
        ]
        if not beside or cover.type != "CLASS" or (verb.type, verb.value) != ("ASK", "is") or n == 0:
            continue
        end = max(verb.end, beside[0].end)
        behind = said.question[said.tokens[end - 1].end :].lstrip()
        if not behind or behind[0] in ".,;?!":
            gone = replace(cover, end=end, type="NOTCLASS", value=(cover.value,))
            return [*items[:n], gone, *items[n + 2 :]]
    return items


def of_so_many(items: list[Item], said: Mentions, context: Context) -> list[Item]:
    """Return the constraints with the number of a group's countries as part of its name, "the three Baltic states", or
    as said again: "of each of the four"."""
    found = list(items)
    covered = {n for i in items for n in range(i.start, i.end)}
    places = [r for i in items if i.type == "PLACE" for r in i.value.regions]
    many = [len(context.gazetteer.members(r.id)) for r in places if r.level == "group"] or [len(places)]
    again = [i for i in said.items if i.type == "NUM" and i.start not in covered and many == [i.value] != [1]]
    found += [replace(i, type="GROWS", value="") for i in again]
    apart = [i for i in found if i.type == "EACH" and any(_beside(i, n, said) for n in again if n.start >= i.end)]
    found = [replace(i, value="each") if i in apart else i for i in found]  # "for each of the three"
    for n, place in enumerate(items):
        groups = [r for r in place.value.regions if r.level == "group"] if place.type == "PLACE" else []
        number = next((i for i in said.items if i.type == "NUM" and i.end == place.start), None)
        if groups and number and not any(i.start <= number.start < i.end for i in found):
            found[n] = replace(place, start=number.start)
    return sorted(found, key=lambda i: i.start)


def of_the_whole(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the average of a group of countries as the figure of the whole group: "the EU
    average", of no rows and no height."""
    rows = any(i.type in ("LEVEL", "INSIDE", "SPLIT", "RANK", "DIM", "MANY", "EACH") for i in items)
    if rows or any(i.type == "MEASURE" and i.value == "points" for i in items):
        return items
    found, shares = list(items), [i for i in items if i.type == "MEASURE" and i.value == "share"]
    for mean in (i for i in items if i.type == "STAT" and i.value == "mean"):
        for n, place in enumerate(found):
            group = place.type == "PLACE" and any(r.level == "group" for r in place.value.regions)
            if group and (_beside(mean, place, said) or any(_beside(mean, i, said) for i in shares)):
                start, end = min(mean.start, place.start), max(mean.end, place.end)
                whole = replace(place, start=start, end=end)
                signs = [i for i in said.items if i.type == "CMP" and i.value in "<>" and _beside(i, whole, said)]
                found[n] = whole
                found = [i for i in found if i is not mean]
                found += [replace(i, type="UP" if i.value == ">" else "DOWN") for i in signs[:1]]
                break
    return sorted(found, key=lambda i: i.start)


def _beside(one: Item, other: Item, said: Mentions) -> bool:
    """Whether only small words stand between two constraints."""
    first, second = sorted((one, other), key=lambda i: i.start)
    return all(n in said.soft for n in range(first.end, second.start))


def those_counted(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "those five", whose number no other took, and "those five countries" as so many of
    the rows before."""
    covered = {n for i in items for n in range(i.start, i.end)}
    free = [i for i in said.items if i.start not in covered]
    those = [i for i in free if i.type in ("THOSE", "THAT")]
    found = [
        replace(i, type="THOSEN", value=i.value[0])
        if i.type == "MANY" and any(t.end <= i.start and _beside(t, i, said) for t in those)
        else i
        for i in items
    ]
    for one, number in product(those, free):
        between = range(one.end, number.start)
        if one.type == "THOSE" and number.type == "NUM" and all(n in said.soft for n in between):
            few = one.end <= number.start and 1 < number.value < MOST_COUNTED
            found += [Item(one.start, number.end, "THOSEN", int(number.value))] if few else []
    return sorted({(i.start, i.type): i for i in found}.values(), key=lambda i: i.start)


MOST_COUNTED = 61
"""A number from here on counts no rows that "those" may mean."""


def growers(said: Mentions, items: Sequence[Item]) -> frozenset[int]:
    """Return the words of what is counted by what it grows, of which these data have none: "how many farmers grow"."""
    told = {n for i in said.items for n in range(i.start, i.end)}
    pairs = [(a, b) for a, b in pairwise(items) if a.value == "how_many" and b.type == "GROWS"]
    return frozenset(n for a, b in pairs for n in range(a.end, b.start) if n not in told)


def dated(said: Mentions, items: list[Item]) -> list[Item]:
    """Return the constraints with "from 2015" as what it is: the start of a change, else the year of the records; "less
    now than in 2012" is a change from then on."""
    moved = any(i.type in MOVED or i.type == "YEAR" for i in items)
    kind = "SINCEYEAR" if moved else "YEAR"
    at_end = any(i.type in ("END", "ENDOF") for i in items)
    begins = {i.start for i in said.items if i.type == "FROM"} if at_end else set[int]()
    open_ = [i for i in items if i.type == "FROMYEAR" or (i.type == "SINCEYEAR" and i.start in begins)]
    items = [replace(i, type=kind) if i in open_ else i for i in items]
    kinds = [i.type for i in items]
    now = kinds.count("LATEST") == 1 and kinds.count("YEAR") == 1 and {"UP", "DOWN", "CHANGE"} & {*kinds}
    if not now or {"SPAN", "SINCEYEAR"} & {*kinds}:
        return items
    return [replace(i, type="SINCEYEAR") if i.type == "YEAR" else i for i in items if i.type != "LATEST"]


def as_growing(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the growing of a plant, of no two times, as no change: "where is maize grown"."""
    plants = [code for i in items if i.type == "CLASS" for code in i.value.match.codes]
    timed = [i for i in items if i.type in ("SPAN", "SINCEYEAR", "FROMYEAR", "CHANGE", "TREND", "DIFF", "SUP", "YEAR")]
    two = sum(i.type == "YEAR" for i in timed) > 1 or any(i.type != "YEAR" for i in timed)
    crops = any((i.type, i.value) == ("SPLIT", ("classes", "crops")) for i in items)  # "which crops are grown in …"
    if two or not (plants or crops) or not all(code[0] in "BC" and code[1:] != "00" for code in plants):
        return items
    grows = {(i.start, i.end) for i in said.items if i.type == "GROWS"}
    return [replace(i, type="GROWS") if i.type == "UP" and (i.start, i.end) in grows else i for i in items]


def as_amount(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the one word for how much and how many, Czech "kolik", as how much where it stands
    with a class and a place alone: "kolik je lesa v Česku"."""
    both = {(i.start, i.end) for i in said.items if i.type == "ASK" and i.value == "how_much"}
    plain = all(i.type in ("ASK", "CLASS", "PLACE", "YEAR", "LATEST", "EACH") for i in items)
    if not plain or not {"CLASS", "PLACE"} <= {i.type for i in items}:
        return items
    return [replace(i, value="how_much") if i.type == "ASK" and (i.start, i.end) in both else i for i in items]


ROWS = ("LEVEL", "RANK", "NONE", "INSIDE")
"""Constraints whose rows are places."""


def than_one(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with a place behind "than" as what the rows of its kind are compared with: "which
    countries have more woodland than Latvia"; the words that compare are taken for it."""
    signs, rows = compared(said), [i for i in items if i.type in ROWS]
    ends = [i.end for i in said.items if i.type in ("THANWORD", "THAN")]
    found = [
        (i, end)
        for i in items
        for end in ends
        if i.type == "PLACE" and end <= i.start and all(n in said.soft for n in range(end, i.start))
        and any(one.start < i.start for one in signs) and any(one.start < i.start for one in rows)
    ]  # fmt: skip
    if len({i.start for i, _ in found}) != 1:
        return items
    than, at = found[-1]
    first = max((one for one in signs if one.start < at), key=lambda one: one.start)
    start = min(at - 1, first.start) if first.end >= at else at - 1
    kept = [i for item in items for i in _beside_than(item, signs) if not (i.start <= at - 1 < i.end)]
    kept = [i for i in kept if i is not than and not (start <= i.start < at)]
    kept.append(replace(than, start=start, type="THANPLACE", value=(first.value, than.value)))
    free = [one for one in signs if not any(i.start < one.end and one.start < i.end for i in kept)]
    return sorted([*kept, *(Item(one.start, one.end, "GROWS") for one in free)], key=lambda i: i.start)


def compared(said: Mentions) -> list[Item]:
    """Return the words that say more or less, each once."""
    words = [i for i in said.items if i.type == "COMPARED"]
    signs = [i for i in said.items if i.type == "CMP" and i.value in ("<", ">")]
    return [*words, *(i for i in signs if not any(i.start < w.end and w.start < i.end for w in words))]


def _beside_than(item: Item, signs: Sequence[Item]) -> list[Item]:
    """A constraint less the word that compares: of "countries have more" the countries."""
    if not any(item.start < one.end and one.start < item.end for one in signs):
        return [item]
    if item.type == "RANK":
        _, _, level, place = item.value
        inside = [replace(item, type="INSIDE", value=(place, level))] if place else []
        return inside or [replace(item, type="LEVEL", value=level)]
    if item.type == "NONE":
        level, cover = item.value
        rows, last = replace(item, end=item.end - 1, type="LEVEL", value=level), item.end - 1
        return [rows, replace(item, start=last, type="CLASS", value=cover)]
    return [replace(item, type="GROWS")] if item.type in ("UP", "DOWN", "MORE", "SUP", "DIFF") else [item]


def mostly(items: list[Item]) -> list[Item]:
    """Return the constraints with "mostly cropland" as more than half of the area, "covered mostly by" as the most."""
    named = any(i.type in ("CLASS", "EACHCLASS") for i in items)
    half, most = ("HAVING", (">", 50.0, "%")), ("SUP", "most")
    kind, value = half if named else most
    return [replace(i, type=kind, value=value) if i.type == "MOSTLY" else i for i in items]


def as_plain(said: Mentions, items: list[Item]) -> list[Item]:
    """Return the constraints with those of two classes that stand beside no other as those of one: "the most wooded
    regions" is a ranking of a class, "by olive points" names one, "Italy by region" is rows of its regions."""
    named = any(i.type in ("CLASS", "COUNTED", "NUMCLASS", "EACHCLASS") for i in items)
    items = [replace(i, type="INSIDE", value=(i.value, "country")) if asks_members(n, items, said) else i
             for n, i in enumerate(items)]  # fmt: skip
    per = [i for i in said.items if i.type == "EACH"]
    found: list[Item] = []
    items = of_two_rows(items, said)
    items = [
        replace(i, type="SPLITIN") if i.type == "INSIDE" and any(i.start < e.start < i.end for e in per) else i
        for i in items
    ]
    for i in items:
        placed = bool(found) and found[-1].type in ("ORD", "ONE") and found[-1].value > 1 and found[-1].end == i.start
        asked = any(one.type == "ASK" and one.value in ("what", "which") for one in found)
        if i.type == "CLASS" and placed and asked and is_general(i.value):
            place = found.pop()
            found += [replace(place, type="NTH", value=("most", place.value)), i]
        elif i.type in ("RANKCLASS", "CLASSES") and placed:
            place = found.pop()
            way, theme = (i.value[0], i.value[2]) if i.type == "RANKCLASS" else ("most", i.value)
            found += [replace(place, end=i.end - 1, type="NTH", value=(way, place.value))]
            found += [replace(i, start=i.end - 1, type="CLASSES", value=theme)]
        elif i.type == "RANKNTH" and found and found[-1].type in ("ORD", "ONE") and 1 < found[-1].value < i.value[1]:
            found[-1] = replace(i, start=found[-1].start, type="RANK", value=(*i.value, None)[:4])
        elif i.type in ("MANYENDS", "NUMCLASSES"):
            kind = "ENDOF" if i.type == "MANYENDS" else "CLASSES"
            found += [replace(i, end=i.start + 1, type="FIRST", value=i.value[0])]
            found += [replace(i, start=i.start + 1, type=kind, value=i.value[1])]
        elif i.type != "MANYIN" and (named or i.type not in ("RANKOF", "EACHONE")):
            found.append(i)
        elif i.type == "MANYIN":
            number, level, place = i.value
            found += [replace(i, type="MANY", value=(number, level)), replace(i, type="INSIDE", value=(place, level))]
        elif i.type == "RANKOF" and found and found[-1].type == "ORD" and found[-1].value > 1:
            before = found[-2].value if found[-2:-1] and found[-2].type in ("ORD", "ONE") else 0
            both = 1 < before < found[-1].value  # "the second and third most wooded"
            kind = "RANK" if both else "RANKNTH"
            found[-1 - both :] = [
                replace(i, start=found[-1].start, type=kind, value=(i.value[0], found[-1].value, *i.value[2:4]))
            ]
            found.append(replace(i, start=i.end - 1, type="CLASS", value=i.value[4]))
        elif i.type == "EACHONE":
            found += [replace(i, type="CLASS"), replace(i, start=i.end - 1, type="MEASURE", value="points")]
        else:
            found += [
                replace(i, type="RANK", value=i.value[:4]),
                replace(i, start=min(i.end, len(said.tokens) - 1), type="CLASS", value=i.value[4]),
            ]
    return found


def of_two_rows(items: Sequence[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "the two regions with most" as two of them, "as três regiões" as three."""
    ranked = any(i.type == "SUP" for i in items)
    two = [b for a, b in pairwise(items) if ranked and (a.type, b.type) == ("BOTH", "LEVEL")]
    if not two:
        return list(items)
    both = next(a for a, b in pairwise(items) if b is two[0])
    many = next((int(i.value) for i in said.items if i.type == "NUM" and lies_in(i, both)), 2)
    return [replace(i, type="MANY", value=(many, i.value)) if i is two[0] else i for i in items]


def asks_members(n: int, items: Sequence[Item], said: Mentions) -> bool:
    """Whether which or how many countries of a group are asked: German "in wie vielen EU-Ländern"."""
    item, before = items[n], items[n - 1] if n else None
    if item.type != "PLACE" or before is None or before.type != "ASK" or before.value not in ("which", "how_many"):
        return False
    last = said.tokens[item.end - 1].norm
    of_countries = any(phrase.split()[-1].rstrip("*") == last for phrase in lexicon(said.language)["level.country"])
    return of_countries and item.end > item.start + 1 and all(r.level == "group" for r in item.value.regions)


def as_shares(items: list[Item], said: Mentions, context: Context) -> list[Item]:
    """Return the constraints with a word for a height that is one for a share too, Italian "quota", as a share where no
    mean or end of heights is asked, or in a year without a survey."""
    unsurveyed = {i.value for i in items if i.type == "YEAR"} - {*context.store.years()}
    points = any(i.type == "MEASURE" and i.value == "points" for i in items)
    heights = [i for i in items if i.type == "DIM"]
    after = {n for i in said.items if i.type == "ASK" and i.value in ("which", "what") for n in (i.end, i.end + 1)}
    of_rows = any(i.type in ("LEVEL", "INSIDE", "SPLITIN") for i in items) and any(i.type == "STAT" for i in items)
    of_shares = of_rows and not points and not any(i.start in after for i in heights)
    if any(i.type in ("STAT", "END") for i in items) and not (unsurveyed or of_shares):
        return items
    shares = {(i.start, i.end): i for i in said.items if i.type == "MEASURE" and i.value == "share"}
    return [shares.get((i.start, i.end), i) if i.type == "DIM" else i for i in items]


def as_ranked(items: list[Item]) -> list[Item]:
    """Return the constraints with "by almond points" as a class and its points, where nothing is counted for each."""
    if any(i.type in ("CLASS", "COUNTED", "NUMCLASS") for i in items):
        return items
    ones = [i for i in items if i.type == "EACHONE"]
    split = [x for i in ones for x in (replace(i, type="CLASS"), Item(i.end - 1, i.end, "MEASURE", "points"))]
    return sorted([*(i for i in items if i not in ones), *split], key=lambda i: i.start)


def as_ends(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the "highest" of a class's points, where no places are ranked, as the end of them."""
    kinds = {i.type for i in items}
    points = any(i.type == "MEASURE" and i.value == "points" for i in items)
    points = points or any(i.type == "CLASS" and POINT_COMPOUND.search(i.value.text) for i in items)
    ends = {(i.start, i.end): i for i in said.items if i.type == "END" and i.value[0] == "elevation"}
    if points and kinds & {"SPLIT", "SPLITIN"}:  # "the highest point in each country"
        at = next((n for n, i in enumerate(items) if i.type not in ("ASK", "WITNESS", "EACH")), 0)
        behind = [i for i in items[at + 1 : at + 3] if i.type != "WITNESS"][:1]
        of_points = items[at].type == "SUP" and [i.value for i in behind if i.type == "MEASURE"] == ["points"]
        return [ends.get((i.start, i.end), i) if of_points and i is items[at] else i for i in items]
    if not points or kinds & {"LEVEL", "RANK", "RANKCLASS", "INSIDE", "MANY", "CLASSES", "EACH"}:
        return items
    return [ends.get((i.start, i.end), i) if i.type == "SUP" else i for i in items]


def as_most(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "more" of two places or classes that "or" stands between as the most of them."""
    kinds = [i.type for i in items]
    two = kinds.count("PLACE") == 2 or kinds.count("CLASS") == 2
    codes = [i.value.match.codes for i in items if i.type == "CLASS"]
    alike = len(codes) == 2 and codes[0] == codes[1]  # oak and beech: one class
    if not two or alike or "DIFF" in kinds or all(i.type != "OR" for i in said.items):
        return items
    return [replace(i, type="SUP", value="most") if i.type == "MORE" else i for i in items]


def as_differences(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "percentage points more" or "higher than", of two places or classes, as a
    difference."""
    kinds = [i.type for i in items]
    two = kinds.count("PLACE") > 1 or kinds.count("CLASS") > 1
    if kinds.count("ENDOF") == 2:  # "and how much higher is it than the highest spruce point"
        return [replace(i, type="DIFF", value="difference") if i.type == "MORE" else i for i in items]
    points = any(i.type == "MEASURE" and i.value == "pp" for i in items)
    if not points or not two or {"DIFF", "SPAN", "SINCEYEAR", "CHANGE"} & {*kinds}:
        return [replace(i, type="UP") if i.type == "MORE" and "DIFF" in kinds else i for i in items]
    more = [i for i in said.items if i.type in ("MORE", "UP", "CMP")]
    if not more:
        return items
    kept = [i for i in items if i.type not in ("MORE", "UP") and not (i.start < more[0].end and more[0].start < i.end)]
    return sorted([*kept, Item(more[0].start, more[0].end, "DIFF", "difference")], key=lambda i: i.start)


def as_proportions(items: list[Item]) -> list[Item]:
    """Return the constraints with "in relative terms" as a share where nothing grows or shrinks."""
    if any(i.type in ("UP", "DOWN", "CHANGE", "LOST", "GAINED") for i in items):
        return items
    return [replace(i, type="MEASURE", value="share") if i.type == "RELATIVE" else i for i in items]


def as_rivals(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "more arable land than grassland" as the places that have more of the one, where rows
    of places are asked for."""
    named = [i for i in items if i.type in ("CLASS", "EACHCLASS")]
    rows = [i for i in items if i.type in ("LEVEL", "INSIDE", "MANY")]
    if len(named) != 2 or not rows or rows[0].start > named[0].start or any(i.type in ONE_OF_EACH for i in items):
        return items
    one, other = named
    than = any(i.type == "THANWORD" and one.end <= i.start and i.end <= other.start for i in said.items)
    signs = [i for i in said.items if i.type in MORE_OF and rows[0].end <= i.start < other.start]
    less = {i.type == "DOWN" or i.value == "fewest" for i in signs}
    asked = any(i.type == "ASK" and i.value != "is" and one.end <= i.start < other.start for i in items)
    if not than or asked or len(less) != 1 or other.start - one.end > 4:
        return items
    more = Item(one.start, other.end, "MORETHAN", (one.value, "<" if less.pop() else ">", other.value))
    words = {n for i in signs for n in range(i.start, i.end)}
    kept = [i for i in items if i not in (one, other) and (i.type not in MORE_OF or i.start not in words)]
    return sorted([*kept, more], key=lambda i: i.start)


def as_compared(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with what stands behind "than" as compared with: Irish "níos mó ná in 2009"."""
    than = {i.start for i in said.items if i.type == "THANWORD"}
    more = [one.end for one in said.items if one.type in (*MORE_OF, "DIFF", "CMP")]
    found = []
    for i in items:
        compared = any(end in (i.start, i.start - 1) for end in more)
        kind = i.type.removeprefix("NOT")
        if i.type in ("NOTYEAR", "NOTPLACE", "NOTCLASS") and i.start in than and compared and len(i.value) == 1:
            i = Item(i.start + 1, i.end, kind, i.value[0])
        found.append(i)
    return found


ONE_OF_EACH = ("HAVING", "COUNT", "COUNTED", "RANK", "CHANGE", "SPAN", "SINCEYEAR", "FATE")
MORE_OF = ("UP", "MORE", "SUP", "DOWN")


def as_the_least(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the one class asked of places that a word leaves out which says the least too as the
    least: Spanish "qué país tiene menos bosque"."""
    gone = next((i for i in items if i.type == "NONE" or (i.type == "NOTCLASS" and len(i.value) == 1)), None)
    level = next((i for i in items if i.type in ("LEVEL", "MANY", "INSIDE", "NONE")), None)
    if gone is None or level is None or level.start > gone.start or any(i.type in COMPARED for i in items):
        return items
    inside = [i for i in said.items if gone.start <= i.start and i.end <= gone.end]
    least = next((i for i in inside if i.type == "SUP" and i.value == "fewest"), None)
    if least is None or any(i.type == "NO" for i in inside):
        return items
    there = [Item(gone.start, least.start, "LEVEL", gone.value[0])] if gone.type == "NONE" else []
    apart = [*there, least, Item(least.end, gone.end, "CLASS", gone.value[-1])]
    return [one for i in items for one in (apart if i is gone else [i])]


def without(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "in which countries was no maize found", of no other class, as places without it."""
    level = next((i for i in items if i.type in ("LEVEL", "MANY", "INSIDE")), None)
    gone = next((i for i in items if i.type == "NOTCLASS" and len(i.value) == 1), None)
    if level is None or gone is None or level.start > gone.start or any(i.type in COMPARED for i in items):
        return items
    refused = any(i.type == "NO" and i.start == gone.start for i in said.items)
    asked = any(i.type == "ASK" and i.value in ("is", "which") for i in items)
    if not refused and (not asked or any(i.type in ("SUP", "RANK", "MEASURE", "HAVING", "RANKED") for i in items)):
        return items
    rows = level.value if level.type == "LEVEL" else level.value[1]
    return [replace(i, type="NONE", value=(rows, gone.value[0])) if i is gone else i for i in items]


COMPARED = ("CLASS", "UP", "DOWN", "CHANGE", "DIFF")
"""Types beside which a class left out narrows what is asked of others."""


def placed(items: list[Item]) -> list[Item]:
    """Return the constraints with "which country comes second", of no superlative, as the second of the most."""
    asked = any(i.type == "ASK" and i.value in ("which", "who") for i in items)
    asked = asked and any(i.type in ("LEVEL", "INSIDE") for i in items)
    if not asked or any(i.type in ("SUP", "NTH", "RANKNTH", "RANK", "END") for i in items):
        return items
    named = any(i.type == "CLASS" for i in items)
    kinds = ("ORD", "ONE") if named else ("ORD",)
    return [replace(i, type="NTH", value=("most", i.value)) if i.type in kinds and i.value > 1 else i for i in items]


def repeated_no(said: Mentions, items: Sequence[Item]) -> frozenset[int]:
    """Return the negations said a second time of a class left out, as Czech does: "nebyla nalezena žádná kukuřice"."""
    gone = [i for i in items if i.type in ("NONE", "NOTCLASS")]
    no = [i for i in said.items if i.type == "NO"]
    said_there = any(g.start <= i.start and i.end <= g.end for i in no for g in gone)
    return frozenset(n for i in no for n in range(i.start, i.end)) if said_there else frozenset()


def highest_there(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "where is the highest vineyard" as its highest point, not the largest share."""
    wide = any(i.type in ("LEVEL", "RANK", "MANY", "INSIDE", "UP", "DOWN", "RANKED", "NTH", "ENDOF") for i in items)
    share = any(i.type == "TREND" or (i.type == "MEASURE" and i.value != "points") for i in items)
    if wide or share or not any(i.type == "ASK" and i.value == "where" for i in items):
        return items
    ends = {(i.start, i.end): i for i in said.items if i.type == "END"}
    return [ends.get((i.start, i.end), i) if i.type == "SUP" else i for i in items]


def with_the_last(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "the first and the last region" as both ends of a ranking, "which comes last" as the
    least."""
    rows = any(i.type in ("LEVEL", "INSIDE") for i in items) and any(i.type == "CLASS" for i in items)
    if not rows or any(i.type in ("SUP", "RANK", "NTH", "RANKNTH", "SPAN", "SINCEYEAR", "END") for i in items):
        return items
    rank = {i.start for i in items if i.type in ("LEVEL", "INSIDE")} | {
        i.start for i in said.items if i.type == "RANKED"
    }
    last = [i for i in said.items if i.type == "LAST" and (i.end in rank or i.end + 1 in rank or i.start - 1 in rank)]
    if not last:
        return items
    kept = [i for i in items if i.type not in ("ORD", "ONE", "LATEST") or i.end not in (last[0].end, last[0].start - 1)]
    first = [i for i in items if i.type in ("ORD", "ONE") and i.value == 1]
    kept = [i for i in kept if i not in first]
    ends = [
        *(replace(i, type="SUP", value="most") for i in first),
        replace(last[0], type="SUP", value="fewest"),
        replace(last[0], type="LAST"),
    ]
    return sorted([*kept, *ends], key=lambda i: i.start)


def with_origin(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "where did … come from", of points gained or of two years, as what was before."""
    came = [i for i in said.items if i.type == "CAMEFROM"]
    classes = {i.value.match.codes for i in items if i.type == "CLASS"}
    classes |= {k.match.codes for i in items if i.type == "NOTCLASS" for k in i.value}
    asked = any(i.type == "ASK" and i.value in ("where", "what", "which") for i in said.items)
    if not (came and asked) or len(classes) != 1 or any(i.type in ("LEVEL", "RANK") for i in items):
        return items
    kept = [i for i in items if i.end <= came[0].start or i.start >= came[0].end]
    return sorted([*kept, replace(came[0], type="ORIGIN")], key=lambda i: i.start)


def around_an_end(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with a distance from the highest or northernmost of a class's points as a circle around
    it: "what lies within 8 km of the highest vineyard point"."""
    ends = {(i.start, i.end): i for i in said.items if i.type == "END"}
    tops = {i.start for i in items if i.type in ("END", "ENDOF") or (i.type == "SUP" and (i.start, i.end) in ends)}
    items = [
        one
        for i in items
        for one in (_around_its_end(i) if i.type == "NEAR" and _next(i, said) in tops and i.value[0] == "near" else [i])
    ]
    circles = [i for i in items if i.type == "RADIUS"]
    near = [i for i in said.items if i.type == "NEARBY" and not any(k.start <= i.start < k.end for k in items)]
    wide = any(i.type in ("NEAR", "NEARS", "POSITION", "LEVEL", "RANK", "MANY", "INSIDE", "STAT") for i in items)
    if wide or len(circles) > 1 or not (circles or near) or not any(i.type in ("CLASS", "ENDOF") for i in items):
        return items
    placed = [ends.get((i.start, i.end), i) if i.type == "SUP" else i for i in items]
    if sum(i.type in ("END", "ENDOF") for i in placed) != 1:
        return items
    if not circles:
        return sorted([*placed, replace(near[0], type="AROUND", value=NEAR_KM)], key=lambda i: i.start)
    kinds = {"RADIUS": "AROUND", "SINCEYEAR": "YEAR"}
    return [replace(i, type=kinds.get(i.type, i.type)) for i in placed]


def _next(item: Item, said: Mentions) -> int:
    """Where the next word stands, the small ones behind a constraint passed over: of "Portugal's" the s."""
    return next((n for n in range(item.end, len(said.tokens)) if n not in said.soft), item.end)


def _around_its_end(near: Item) -> list[Item]:
    """Of "within 10 km of Italy's" the distance and the country, where its highest point stands behind."""
    _, km, area = near.value
    if not area.regions:
        return [near]
    return [
        replace(near, end=near.end - 1, type="RADIUS", value=km),
        replace(near, start=near.end - 1, type="PLACE", value=area),
    ]


def in_a_year_without(items: list[Item]) -> list[Item]:
    """Return the constraints with the one year behind a "not" as the year asked about, where classes are denied too:
    the verb's own "not", Czech "nebylo v roce 2022 ani les"."""
    denied = any(i.type in ("NOTCLASS", "NONE") for i in items)
    if not denied or any(i.type in ("YEAR", "SPAN", "SINCEYEAR") for i in items):
        return items
    return [replace(i, type="YEAR", value=i.value[0]) if i.type == "NOTYEAR" and len(i.value) == 1 else i
            for i in items]  # fmt: skip


def with_place_left_out(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the second of two places as left out, where "not" stands behind it: Hungarian "de
    Ausztriában nem", of classes that the first has."""
    places = [i for i in items if i.type == "PLACE"]
    no = [i for i in said.items if i.type == "NO" and len(places) > 1 and i.start == places[-1].end]
    crops = any(i.type in ("SPLIT", "CLASSES", "RANKCLASS") for i in items)
    if (
        not no
        or not crops
        or any(i.type in ("NOTPLACE", "NOTCLASS", "CLASS") and i.start <= no[0].start < i.end for i in items)
    ):
        return items
    found = []
    for i in items:
        if i is places[-1]:
            i = replace(i, end=no[0].end, type="NOTPLACE", value=(i.value,))
        elif i.type == "NOTYEAR" and i.start == no[0].start and len(i.value) == 1:
            i = replace(i, start=no[0].end, type="YEAR", value=i.value[0])
        found.append(i)
    return found


def as_use(items: list[Item], said: Mentions, context: Context) -> list[Item]:
    """Return the constraints with the land that a use is said by as that use: "whose use was not forestry" of the word
    for wooded."""
    found = list(items)
    for n, item in enumerate(items):
        uses = [i for i in items[:n] if i.type == "CLASSES" and i.value == "land_use"]
        between = items[items.index(uses[-1]) + 1 : n] if uses else []
        covers = item.value if item.type == "NOTCLASS" else (item.value,) if item.type == "CLASS" else ()
        codes = {code for cover in covers for code in cover.match.codes}
        use = USE_OF.get("".join(sorted({code[0] for code in codes if code.endswith("00")})))
        if not uses or use is None or len(covers) != 1 or any(i.type != "ASK" for i in between):
            continue
        label = context.nomenclature.label((use,), said.language)
        cover = replace(covers[0], choices=(ClassMatch("land_use", (use,), label, label),))
        found[n] = replace(item, value=(cover,) if item.type == "NOTCLASS" else cover)
        found[found.index(uses[-1])] = replace(uses[-1], type="GROWS")
    return found


USE_OF = {"C": "U120", "B": "U110", "BE": "U110"}
"""Main classes of cover → the use that their word means behind "use"."""


def with_none(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with a later "and how many have none" as rows that hold nothing of the class before."""
    asks = [i for i in items if i.type == "ASK" and i.value in ("how_many", "which")]
    rows = [i for i in items if i.type in ("LEVEL", "INSIDE")]
    named = [i for i in items if i.type in ("CLASS", "COUNTED")]
    if len(asks) < 2 or len(rows) != 1 or len(named) != 1 or named[0].start > asks[-1].start:
        return items
    no = [i for i in said.items if i.type == "NO" and i.start >= asks[-1].end
          and not any(k.start < i.end and i.start < k.end for k in items)]  # fmt: skip
    if not no or any(i.start >= asks[-1].end and i.type not in ("ASK", "MEASURE") for i in items):
        return items
    level = rows[0].value if rows[0].type == "LEVEL" else rows[0].value[1]
    cover = named[0].value if named[0].type == "CLASS" else named[0].value[1]
    return sorted([*items, replace(no[0], type="NONE", value=(level, cover))], key=lambda i: i.start)


def of_one_place(items: list[Item]) -> list[Item]:
    """Return the constraints with a second distance as one from the same place: "within 25 km of Lyon or 50"."""
    circles = [i for i in items if i.type == "NEAR"]
    bare = [i for i in items if i.type == "RADIUS"]
    if len(circles) != 1 or len(bare) != 1:
        return items
    (first,), (second,) = circles, bare
    low, high = sorted((first.end, second.end))
    apart = any(i.type == "ASK" and low <= i.start < high for i in items)
    another = (first.value[0], second.value, first.value[2])
    if apart:
        return [replace(i, type="NEAR", value=another) if i is second else i for i in items]
    both = sorted((another, first.value), key=lambda one: one[1])
    return [replace(i, type="NEARS", value=tuple(both)) if i is first else i for i in items if i is not second]


LEADING = ("which", "how_many", "how_much", "where", "when", "compare", "show")
EMPTY = ("ASK", "ALSO", "BACK", "BOTH", "MEASURE", "EACH", "STAT", "HERE")
"""Types that a polite beginning may hold."""


def lead_words(said: Mentions, items: Sequence[Item]) -> frozenset[int]:
    """Return the words before the first that asks, where nothing is named there: "I should be glad to know which"."""
    asks = next((i for i in items if i.type == "ASK" and i.value in LEADING), None)
    if asks is None or any(i.start < asks.start and i.type not in EMPTY for i in items):
        return frozenset()
    hard = {n for i in said.items if i.type in MUST for n in range(i.start, i.end)}
    unknown = [n for n in range(asks.start) if n not in said.soft]
    named = any(n and _word(said, n)[0].isupper() for n in unknown)
    if named or 2 * len(unknown) > asks.start:
        return frozenset()  # "Az Alföldön mennyi …": what stands there is no politeness
    return frozenset(n for n in range(asks.start) if n not in hard)


WEAK = ("CMP", "WITHIN", "FROM", "TO", "BETWEEN", "SINCE", "UNTIL", "BEFORE")


def weak_words(said: Mentions, open_words: list[int]) -> frozenset[int]:
    """Return words that compare only beside a number, where no number was left: single ones ("over the regions"), of a
    difference all ("how many points greater than")."""
    left = set(open_words)
    if any(i.type in ("NUM", "QTY") and left & set(range(i.start, i.end)) for i in said.items):
        return frozenset()
    differs = any(i.type == "DIFF" for i in said.items)
    weak = [i for i in said.items if i.type in WEAK and (i.end == i.start + 1 or (differs and i.type == "CMP"))]
    return frozenset(n for i in weak for n in range(i.start, i.end))


def _word(said: Mentions, n: int) -> str:
    return said.question[said.tokens[n].start : said.tokens[n].end]
