"""Yes or no, by the mood of a sentence: a question mark and a verb, and nothing that asks for the thing itself.

Says which two things are compared. Knows no language; the verdict is told by `agent/render.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from agent.reading.mentions import Item, Mentions, lies_in
from retrieval.query import Query

QUESTION_MARKS: dict[str, str] = {"el": "?;\N{GREEK QUESTION MARK}"}
"""Language → the signs that end its questions, where these are not "?" alone."""
SUFFIXES: dict[str, tuple[str, ...]] = {"fi": ("ko",), "hu": ("-e",)}
"""Language → what its first word, or its verb, ends in where yes or no is asked, folded."""
WHETHER = ("ASK", "is")
COMPARING = ("COMPARED", "CMP", "SUP", "UP", "DOWN", "MORE", "THAN", "DIFF", "CHANGE", "RANKED", "MOSTLY", "NTH")
"""Types of words beside which it is not asked whether something is there at all."""
SIDES = ("PLACE", "CLASS", "YEAR")
BESIDE_SIDES = (
    "ASK", "PLACE", "NOTPLACE", "CLASS", "NOTCLASS", "YEAR", "NOTYEAR", "LATEST", "SUP", "MORE", "UP", "DOWN",
    "MEASURE", "GROWS", "AND", "WITNESS", "BECAME", "FROMYEAR", "SINCEYEAR",
)  # fmt: skip
"""Types that a comparison of two sides may hold."""


def asked_whether(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with what asks for yes or no before the others, where the mood of the sentence does."""
    rows = bool(items) and items[0].type in ROWS
    if not is_whether(said) or (rows and min(verbs(said)) > items[0].start):
        return items  # "regions of Spain that had olives?"
    asks = [i for i in items if i.type == "ASK" and not {*range(i.start, i.end)} <= said.soft]
    rest = [i for i in items if i.type != "ASK"] + [replace(i, type="GROWS", value="") for i in asks]
    return [Item(0, 0, *WHETHER), *sorted(rest, key=lambda i: i.start)]


ROWS = ("LEVEL", "INSIDE", "RANK", "MANY", "FIRST")
"""Types of rows of places; a sentence that opens with them names them."""


def verbs(said: Mentions) -> list[int]:
    """Where the verbs of a sentence stand, and what asks for yes or no."""
    found = [i.start for i in said.items if i.type == "VERB" or (i.type, i.value) == WHETHER]
    first = said.tokens[:1] if said.language in SUFFIXES else ()
    return found + [0 for word in first if word.norm.endswith(SUFFIXES[said.language])]


def is_whether(said: Mentions) -> bool:
    """Whether the sentence asks for yes or no: it has a verb and a question mark, and asks for nothing by name."""
    marks = QUESTION_MARKS.get(said.language, "?")
    if not verbs(said) or said.question.rstrip(" \"'»”)")[-1:] not in marks:
        return False
    return not any(asks_for_it(i, said) for i in said.items)


def asks_for_it(item: Item, said: Mentions) -> bool:
    """Whether words ask for the thing itself: "which", "how many", "show", "could you"; not "the country in which"."""
    if item.type == "MAY":
        return True
    if item.type not in ("ASK", "HOW", "INTO") or (item.type, item.value) == WHETHER:
        return False
    signs = [i.start for i in said.items if i.type in ("COMPARED", "CMP")]
    than = [o for o in said.items if o.type in ("THANWORD", "THAN") and any(at < o.start for at in signs)]
    if any(lies_in(item, o) for o in said.items if o.type in ("ASK", "CMP", "COMPARED")):
        return False
    if any(o.start <= item.start < o.end for o in [*than, *(i for i in said.items if i.type == "VERB")]):
        return False
    return not any(o.type == "LEVEL" and 0 <= item.start - o.end < 2 for o in said.items)


def of_two_sides(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints of a yes or no with "more … than" between two places, classes or years as more of the
    first of the two; what stands behind "than" may be read as left out, Irish "ná"."""
    asks = [i.type == "DIFF" or (i.type == "ASK" and i.value != "is") for i in items]
    later = next((n for n, again in enumerate(asks) if n and again), None)
    if later and (items[0].type, items[0].value) == WHETHER and not any(i.type in SIDES for i in items[later:]):
        return [*of_two_sides(items[:later], said), *items[later:]]  # "…, and what is the gap?"
    joins = [i for i in said.items if i.type in ("THANWORD", "THAN")]
    whole, items = items, [one for i in items for one in as_said(i, joins, said)]
    if {i.value for i in items if i.type == "ASK"} - {"is"} or not all(i.type in BESIDE_SIDES for i in items):
        return whole
    signs = [i for i in said.items if i.type == "COMPARED"] or [
        i for i in said.items if i.type == "CMP" and i.value in ("<", ">")
    ]
    if len({sign.value for sign in signs}) != 1:
        return whole
    for kind in SIDES:
        named = [i for i in items if i.type == kind]
        between = [i for i in joins if lies_between(i, named)]
        either = any(i.type == "OR" and lies_between(i, named) for i in said.items)
        others = max(sum(i.type == k for i in items) for k in SIDES if k != kind)
        if len(named) == 2 and between and not either and others < 2:
            return as_more(items, kind, signs[0], max(between, key=lambda i: i.end - i.start))
    return whole


def lies_between(item: Item, named: Sequence[Item]) -> bool:
    """Whether a word stands between two constraints."""
    return any(one.end <= item.start < other.start for one, other in pairwise(named))


def as_said(item: Item, joins: Sequence[Item], said: Mentions) -> list[Item]:
    """What stands behind "than" as what it is, where it was read as left out, as a beginning or as the end of a span;
    the words of "than" ask for nothing."""
    than = {n for i in joins for n in range(i.start, i.end)}
    if item.type in ("NOTPLACE", "NOTCLASS", "NOTYEAR") and item.start in than and len(item.value) == 1:
        return [replace(item, start=item.start + 1, type=item.type.removeprefix("NOT"), value=item.value[0])]
    if item.type == "SPAN" and than & {*range(item.start, item.end)}:
        return [i for i in said.items if i.type == "YEAR" and item.start <= i.start < item.end]
    if item.type in ("ASK", "EACH") and item.start in than | said.soft and item.value in ("which", "what", "per"):
        return []
    land = [i for i in said.items if i.type == "ONELEVEL" and item.start <= i.start < item.end]
    if land and (item.type, item.value) in (("LEVEL", "country"), ("SPLIT", ("region", "country"))):
        return [replace(item, type="GROWS", value="")]  # Czech "podíl země" is of the land
    if item.type in ("FROMYEAR", "SINCEYEAR", "YEAR") and item.start in than:
        return [replace(item, start=item.end - 1, type="YEAR")]
    return [item]


def as_more(items: Sequence[Item], kind: str, sign: Item, than: Item) -> list[Item]:
    """The constraints with one word that compares; of years, whether it became more from the earlier to the later."""
    sides = [i.value for i in items if i.type == kind]
    backwards = kind == "YEAR" and sides[0] < sides[1]
    way = "UP" if (sign.value == ">") != backwards else "DOWN"
    kept = [i for i in items if i.type not in ("SUP", "MORE", "UP", "DOWN", "BECAME")]
    words = [Item(sign.start, sign.end, way, ""), Item(max(sign.end, than.start), than.end, "GROWS", "")]
    return sorted([*kept, *words], key=lambda i: i.start)


def told_whether(items: Sequence[Item], said: Mentions, asked: Query) -> tuple[str, ...]:
    """Return the line that says yes or no before what was found: of what is there at all, of the first of a ranking, of
    rows that meet a condition. A single number under a condition says it in its own sentence.

    Args:
        items: the constraints of a question.
        said: what it mentions.
        asked: the query that answers it.
    """
    types, values = {i.type for i in items}, {(i.type, i.value) for i in items if isinstance(i.value, str)}
    if not (items and (items[0].type, items[0].value) == WHETHER) or types & {"NTH", "ORD"}:
        return ()
    if {i.value for i in items if i.type == "ASK"} != {"is"} or any(asks_for_it(i, said) for i in said.items):
        return ()  # "wie sind …", "do you have …"
    there = not types & {*COMPARING} and not any(i.type in COMPARING for i in said.items)
    if not (asked.lead or (asked.rows and asked.having) or (there and types & {"CLASS", "NOTCLASS"})):
        return ()
    seen = values & {("MEASURE", "points"), ("WITNESS", "survey")}
    return ("whether_seen",) if seen else ("whether",)
