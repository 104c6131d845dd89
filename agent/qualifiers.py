"""Words that may narrow what is asked and that no constraint took, and which of a plan's words and numbers it tells."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from agent.lexicon import languages, lexicon
from agent.partial import tables
from agent.reading.mentions import Item
from agent.reading.read import LEANING, Reading, read
from agent.understand import CLASS_CODE, Cover
from agent.words import fold
from tools.context import Context
from tools.plan import Plan

SIDES = ("UNIT", "FROM", "BETWEEN", "CMP", "OUTSIDE", "DIR")
"""Types that narrow nothing by themselves: only beside a number, which is looked at on its own."""
NEAREST_TOOLS = ("nearest_records", "point_history", "explain_point")


COLLECTIVE = re.compile(r":|such as|\bother\b|of the trees are", re.IGNORECASE)
"""How the code book describes a class of several crops or trees: "Nut trees: walnut, hazel, almond"."""
LIKE = 4
"""Letters that a word shares with its class's name where it means the whole class."""


def with_widened(question: str, plan: Plan, context: Context) -> Plan:
    """Return a plan that tells which words were read as a class that holds more than they say, or not as written."""
    if not plan.steps or context.language not in languages():
        return plan
    asked = str([step.arguments for step in plan.steps])
    if not CLASS_CODE.search(asked):  # no class is asked for, so none is read into a word
        return plan
    told = {slots.get("words") for key, slots in plan.notes if key in ("class_read_as", "narrower")}
    notes = []
    for item in read(question, context.language, context).said.items:
        if item.type != "CLASS" or len(item.value.choices) != 1 or item.value.text in told:
            continue
        codes = list(item.value.match.codes)
        if all(f"'{code}'" in asked for code in codes) and is_widened(item.value, context):
            key = "narrower" if item.value.exact else "class_read_as"
            notes.append((key, {"words": item.value.text, "codes": codes}))
    return replace(plan, notes=(*plan.notes, *notes)) if notes else plan


def is_widened(cover: Cover, context: Context) -> bool:
    """Whether a word names a part of its class: an almond is a nut tree, winter wheat a wheat; a misspelt word too."""
    if CLASS_CODE.fullmatch(cover.text):
        return False
    if not cover.exact:
        return True
    if context.nomenclature.is_narrower(cover.text, cover.match.codes, context.language):
        return True
    code, *others = cover.match.codes
    if others or not COLLECTIVE.search(context.nomenclature.get(code).definition):
        return False
    label = [fold(word) for word in context.nomenclature.label(code, context.language).split()]
    said = [fold(word) for word in re.findall(r"\w{3,}", cover.text)]
    return not any(word[:LIKE] == other[:LIKE] for word in said for other in label)


def unread_behind(reading: Reading, language: str) -> list[str]:
    """Return the words not read that stand two and more in a row behind the first class or place, or right behind a
    class: "vineyard points owned by foreigners". One alone may be a verb of the asker's: "where did you bump into"."""
    if language not in prepositions():
        return []
    named = [i for i in reading.items if i.type in NAMING]
    known = {n for i in reading.said.items if i.type in ("CLASS", "PLACE") for n in range(i.start, i.end)}
    known |= {n for i in reading.said.items if i.value == "act.why" for n in range(i.start, i.end)}
    first = min((i.start for i in named), default=0)
    left = [n for n in reading.open_words if n >= first and n not in known]
    in_a_row = {n for n in left if n - 1 in left or n + 1 in left}
    classes = {i.end for i in named if i.type not in ("PLACE", "INSIDE") and i.cost == 0}  # not "olvie groves"
    right_behind = set() if language in VERBS_LAST else {*left} & classes
    points = {i.end for i in reading.items if (i.type, i.value) == ("MEASURE", "points")}
    starts = {i.start for i in named if i.type not in ("PLACE", "INSIDE")}
    right_behind |= {n for n in {*left} & points if {n + 1, n + 2} & starts}  # French "points bretons de maïs"
    return [reading.word(n) for n in sorted(in_a_row | right_behind)]


NAMING = ("CLASS", "PLACE", "COUNTED", "EACHCLASS", "ENDOF", "INSIDE")
"""Types that name what is asked about."""


def is_told(word: str, plan: Plan, context: Context) -> bool:
    """Whether a word has its part in a plan all the same: of a region's name, or of what a note says."""
    ids = {str(v) for step in plan.steps for key in ("regions", "within") for v in step.arguments.get(key, ())}
    names = [context.named(id).name for id in ids if not id.startswith("@")]
    told = [str(value) for key, slots in plan.notes if key != "left_aside" for value in slots.values()]
    return any(fold(word) in fold(text) for text in (*names, *told))


SHORT = 4
"""Letters up to which a word is a short one."""


def numbers_of(plan: Plan) -> set[float]:
    """Return every number that stands in a plan's arguments."""
    return {
        float(n)
        for n in re.findall(r"(?:(?<![\w.])|(?<=nuts))\d+(?:\.\d+)?(?!\w)", str([s.arguments for s in plan.steps]))
    }


def hard_words(reading: Reading, plan: Plan) -> list[str]:
    """Return numbers and negations that no constraint took and that do not stand in the plan."""
    numbers = numbers_of(plan)
    covered = {n for i in reading.items if i.type not in LEANING for n in range(i.start, i.end)}
    nearest = any(step.tool in NEAREST_TOOLS for step in plan.steps)
    said = [i for i in [*reading.said.items, *reading.made] if i.type == "QTY" and i.value[1] == "%"]
    numbers |= {100.0} if any(step.tool == "share_points" for step in plan.steps) else set()
    found = []
    for item in reading.said.items:
        span = range(item.start, item.end)
        if item.type == "DIR" and item.end in sides_of(reading) and item.start not in covered:
            found.append(reading.said.words(item))  # "the south-east region" is not the whole
        if any(n in covered or n in reading.said.soft for n in span):
            continue
        if item.type == "DIR" and beside_a_place(reading, item):
            found.append(reading.said.words(item))
        if item.type in SIDES:
            continue
        if any(item.start >= one.start and item.end <= one.end for one in said):
            continue  # a share that is said, not asked for
        if item.type in ("NUM", "QTY"):
            value = item.value if item.type == "NUM" else item.value[0]
            if value not in numbers and value / 1000 not in numbers:
                found.append(reading.said.words(item))
        elif item.type == "NO" and (item.start == 0 or reading.said.tokens[item.start].norm == "ne"):
            continue  # "no, the other one"; Italian "ne", French "ne … pas", where the second word tells
        elif (
            (item.type == "DIM" and item.value in ("lat", "lon"))
            or item.type in ("NO", "NOT", "MEDIAN")
            or (item.type == "NEAREST" and not nearest)
        ):
            found.append(reading.said.words(item))
    return found


def sides_of(reading: Reading) -> set[int]:
    """Return where regions begin, and the directions before them: "south-east region"."""
    begin = {i.start for i in reading.items if i.type in ("LEVEL", "SPLIT")}
    return begin | {i.start for i in reading.said.items if i.type == "DIR" and i.end in begin}


def beside_a_place(reading: Reading, item: Item) -> bool:
    """Whether only small words stand between a direction and the place behind it: "the north of Italy"."""
    places = [i.start for i in reading.items if i.type in ("PLACE", "INSIDE", "SPLITIN") and i.start >= item.end]
    gap = range(item.end, min(places, default=0))
    return bool(places) and len(gap) < NEAR_A_PLACE and all(n in reading.said.soft for n in gap)


NEAR_A_PLACE = 3
"""So many words and no more part a direction from the place that it narrows."""


def qualifiers(reading: Reading, language: str) -> list[str]:
    """Return unknown words that stand at a class or say what was done: "irrigated maize", "forest that was felled"."""
    named = [i for i in reading.items if i.type in ("CLASS", "COUNTED", "ENDOF", "EACHCLASS", "MEASURE")]
    narrow = [i for i in reading.said.items if str(i.value).startswith("topic.") or i.type in ("UNFARMED", "UNUSED")]
    topics = {n for i in narrow for n in range(i.start, i.end)}
    known = {n for i in reading.said.items for n in range(i.start, i.end)} - topics
    unread = set(reading.open_words) - known
    classes = [i for i in named if i.type != "MEASURE"]
    before = {
        i.start - 1 for i in classes if touches(reading, i.start) and ends(reading, i.start - 1, "before", language)
    }
    rows = [i for i in reading.items if i.type in ROWS_OF]
    ahead = [i.start - 1 for i in rows if not asks_so(reading, i.start - 1)]
    before |= {n for n in ahead if ends(reading, n, "before", language)}
    before |= {i.end for i in classes if ends(reading, i.end, "after", language)}
    before |= {i.end for i in rows if ends(reading, i.end, "of_places", language)}
    after = {n for i in named for n in after_preposition(reading, i.end, language)}
    after |= {i.end for i in reading.items if i.type == "EACH" and i.value == "per"}
    after |= {i.end for i in reading.said.items if i.type == "ASK" and i.value == "is" and i.start > 0
              and ends(reading, i.end, "done", language)}  # fmt: skip
    after |= counted_things(reading)
    covered = {n for i in reading.items for n in range(i.start, i.end)}
    gone = [i.end for i in reading.said.items if i.type in ("NOT", "OUTSIDE") and i.start not in covered]
    after |= {n for end in gone for n in range(end, end + FAR_FROM_A_NEGATION)}  # "without the re-vegetated ones"
    told = (unread & (before | after)) | (set(reading.open_words) & topics) | last_words(reading, unread, language)
    return [reading.word(n) for n in sorted(told) if len(reading.word(n)) > 2]


ROWS_OF = ("LEVEL", "RANK", "INSIDE", "MANY")
"""Types of the places that rows are asked of: "which landlocked country"."""


FAR_FROM_A_NEGATION = 4
"""Words behind one that leaves out: an unknown one of them is what it leaves out."""


def asks_so(reading: Reading, n: int) -> bool:
    """Whether a word begins as one that asks: "whichever"."""
    asking = tuple(word for word in lexicon(reading.said.language)["ask.which"] if len(word) > SHORT)
    return 0 <= n < len(reading.said.tokens) and reading.said.tokens[n].norm.startswith(asking)


def counted_things(reading: Reading) -> set[int]:
    """Where the word behind "how many" stands, one small word passed over, where no points are: "how many farms"."""
    if "points" in reading.all("MEASURE"):
        return set()
    small = reading.said.soft - {*reading.open_words}
    ends = [i.end for i in reading.items if i.type == "ASK" and i.value == "how_many"]
    return {n + 1 if n in small else n for n in ends}


VERBS_LAST = ("de", "nl", "hu")
"""Languages whose sentences may end in a verb."""


def last_words(reading: Reading, unread: set[int], language: str) -> set[int]:
    """Return the unknown words a question ends in, "… on clay soils?"; where verbs end it, the nouns before them."""
    tokens = reading.said.tokens
    n, found = len(tokens) - 1, set()
    if n > 0 and tokens[n - 1].norm.isdigit():
        return set()  # "… 2022 rokiem"
    while n in unread:
        found.add(n)
        n -= 1
    if language not in VERBS_LAST:
        return found
    return {at for at in found if at > 0 and tokens[at - 1].norm in prepositions().get(language, ())}


def ends(reading: Reading, n: int, where: str, language: str) -> bool:
    """Whether a word ends as one that narrows a class does at this side of it."""
    if not 0 <= n < len(reading.said.tokens):
        return False
    return reading.word(n).lower().endswith(tuple(tables()[where].get(language, ())) or ("\0",))


def touches(reading: Reading, start: int) -> bool:
    """Whether only a space or a hyphen stands before a word."""
    tokens = reading.said.tokens
    if not 0 < start < len(tokens):
        return False  # a class that a word of the ranking says: "the most wooded"
    return not reading.said.question[tokens[start - 1].end : tokens[start].start].strip(" -\u2010\u2011")


def after_preposition(reading: Reading, end: int, language: str) -> tuple[int, ...]:
    """Return the word after a class and a preposition, where there is one."""
    tokens = reading.said.tokens
    there = end + 1 < len(tokens) and tokens[end].norm in prepositions().get(language, ())
    return (end + 1,) if there else ()


@lru_cache(maxsize=1)
def prepositions() -> dict[str, frozenset[str]]:
    """Return language → its prepositions, folded."""
    lists = tables()["prepositions"]
    return {language: frozenset(fold(word) for word in words) for language, words in lists.items()}
