"""What the rules behind the chart may answer: nothing that leaves out a word which narrows, compares or negates."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from agent.lexicon import languages, lexicon
from agent.reading.held import classes_left_out
from agent.reading.mentions import Item
from agent.reading.read import LEANING, Reading, read
from agent.understand import CLASS_CODE, Cover
from agent.words import fold
from retrieval.errors import NotUnderstood
from retrieval.types import PAGE_LANGUAGES
from tools.context import Context
from tools.plan import Plan
from tools.registry import witness_of

ONLY_COMPOSED = (
    "LIMIT",
    "HAVING",
    "COUNT",
    "COUNTED",
    "NONE",
    "MORETHAN",
    "MONTHS",
    "BYMONTH",
    "END",
    "ENDOF",
    "STAT",
    "RANKNTH",
    "NTH",
    "OTHERSIDE",
    "CV",
    "NOTYEAR",
    "THANPLACE",
    "RELATIVE",
    "SIZED",
)
"""Constraints that no tool but the typed query can hold."""
SIDES = ("UNIT", "FROM", "BETWEEN", "CMP", "OUTSIDE", "DIR")
"""Types that narrow nothing by themselves: only beside a number, which is looked at on its own."""
PREPOSITIONS = Path(__file__).parent / "reading" / "prepositions.toml"
NEAREST_TOOLS = ("nearest_records", "point_history", "explain_point")


def refuse_what_was_dropped(question: str, plan: Plan, context: Context, *, follows: bool = False) -> None:
    """Refuse a plan that was made without some of the question's words.

    `follows`: of a conversation, where a number alone disputes what was said ("it is 99") and asks for nothing.

    Raises:
        NotUnderstood: naming the words.
    """
    if context.language not in languages() or any(step.tool == "define_class" for step in plan.steps):
        return
    reading = read(question, context.language, context)
    aside = follows and not reading.has("CLASS", "PLACE")
    each = any(step.each for step in plan.steps)
    dropped = [*([] if each else composed_words(reading, plan)), *([] if aside else hard_words(reading, plan))]
    dropped += changes_and_years(reading, plan)
    dropped += compared_words(reading, plan)
    dropped += shares_of_counts(reading, plan)
    dropped += witnesses_left_out(reading, plan)
    told = json.dumps([step.arguments for step in plan.steps], default=str)
    gone = [] if each or follows else classes_left_out(reading, told, context)
    dropped += [cover.text for cover in gone if cover.text not in told]  # what the satellite maps is told in words
    dropped += [] if each else [*excluded_words(reading, plan), *asked_rows(reading, plan)]
    aside_words = " ".join(str(slots.get("words", "")) for key, slots in plan.notes if key == "left_aside")
    unused = [w for w in qualifiers(reading, context.language) if w in aside_words or len(w) < SHORT]
    unused += [] if aside else [w for w in unread_behind(reading, context.language) if w in aside_words]
    dropped += [w for w in unused if not is_told(w, plan, context)]
    if dropped:
        understood = dict.fromkeys(i.value.text for i in reading.items if i.type in ("PLACE", "CLASS"))
        raise NotUnderstood(
            tuple(understood), ":".join(["unread", *dict.fromkeys(w.replace(":", " ") for w in dropped)])
        )


def refuse_what_no_rule_behind_reads(question: str, context: Context) -> None:
    """Refuse, in a language that the rules behind have no words of, a question with words the chart did not read.

    Raises:
        NotUnderstood: naming them.
    """
    if context.language in PAGE_LANGUAGES or context.language not in languages():
        return
    reading = read(question, context.language, context)
    if reading.unread or reading.leaning:
        understood = dict.fromkeys(i.value.text for i in reading.items if i.type in ("PLACE", "CLASS"))
        raise NotUnderstood(
            tuple(understood), ":".join(["unread", *dict.fromkeys((*reading.unread, *reading.leaning))])
        )


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
    told = {slots.get("words") for key, slots in plan.notes if key == "class_read_as"}
    notes = []
    for item in read(question, context.language, context).said.items:
        if item.type != "CLASS" or len(item.value.choices) != 1 or item.value.text in told:
            continue
        codes = list(item.value.match.codes)
        if all(f"'{code}'" in asked for code in codes) and is_widened(item.value, context):
            notes.append(("class_read_as", {"words": item.value.text, "codes": codes}))
    return replace(plan, notes=(*plan.notes, *notes)) if notes else plan


def is_widened(cover: Cover, context: Context) -> bool:
    """Whether a word names one of several things that its class holds: an almond is a nut tree; a misspelt word too."""
    if CLASS_CODE.fullmatch(cover.text):
        return False
    if not cover.exact:
        return True
    code, *others = cover.match.codes
    if others or not COLLECTIVE.search(context.nomenclature.get(code).definition):
        return False
    label = [fold(word) for word in context.nomenclature.label(code, context.language).split()]
    said = [fold(word) for word in re.findall(r"\w{3,}", cover.text)]
    return not any(word[:LIKE] == other[:LIKE] for word in said for other in label)


OF_SOMETHING = ("RANK", "SUP", "LEVEL", "MANY", "MEASURE", "UP", "DOWN", "CHANGE", "HERE", "BOTH")
"""Types of what is asked of a land cover: a question of them alone left out which."""


def names_nothing(question: str, context: Context) -> bool:
    """Whether every word of a question was read and none names a land cover, use or place: "which has the most?"."""
    if context.language not in languages():
        return False
    reading = read(question, context.language, context)
    return reading.whole and reading.has(*OF_SOMETHING) and not reading.has("CLASS", "PLACE", "POINT", "POSITION")


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
    return [reading.word(n) for n in sorted(in_a_row | right_behind)]


NAMING = ("CLASS", "PLACE", "COUNTED", "EACHCLASS", "ENDOF", "INSIDE")
"""Types that name what is asked about."""


def is_told(word: str, plan: Plan, context: Context) -> bool:
    """Whether a word has its part in a plan all the same: of a region's name, or of what a note says."""
    ids = {str(v) for step in plan.steps for key in ("regions", "within") for v in step.arguments.get(key, ())}
    names = [context.named(id).name for id in ids if not id.startswith("@")]
    told = [str(value) for key, slots in plan.notes if key != "left_aside" for value in slots.values()]
    return any(fold(word) in fold(text) for text in (*names, *told))


def composed_words(reading: Reading, plan: Plan) -> list[str]:
    """Return the words of constraints that the rules behind have no place for."""
    found = [reading.said.words(i) for i in reading.items if i.type in ONLY_COMPOSED]
    circled = any("near" in step.arguments or step.tool in NEAREST_TOOLS for step in plan.steps)
    wrong = ("not_near",) if circled else ("near", "not_near")
    far = [reading.said.words(i) for i in reading.items if i.type == "NEAR" and i.value[0] in wrong]
    nearest = any(step.tool in NEAREST_TOOLS for step in plan.steps)
    far += [] if nearest else [reading.said.words(i) for i in reading.items if i.type == "NEAREST"]
    rows = [reading.said.words(i) for i in reading.items if i.type == "SPLIT" and i.value[0] in ("region", "month")]
    rows += [reading.said.words(i) for i in reading.items if i.type == "DIM" and reading.has("RANKED")]
    ranked = all(step.tool in ("rank_points", "rank_official") for step in plan.steps)
    ranked = ranked and not any(step.arguments.get("by") == "classes" for step in plan.steps)
    rows += [reading.said.words(i) for i in reading.items if ranked and i.type == "SPLIT" and i.value[0] == "classes"]
    return [*found, *far, *rows]


def excluded_words(reading: Reading, plan: Plan) -> list[str]:
    """Return the words of classes and places left out that no step leaves out: "what share is not cropland"."""
    gone = {code for step in plan.steps for code in step.arguments.get("exclude", ())}
    kept = any("exclude" in step.arguments or step.tool == "query" for step in plan.steps)
    but = {i.start for i in reading.said.items if i.type == "NOT"}
    apart = any(step.tool == "query" for step in plan.steps)
    found = [] if apart else [reading.said.words(i) for i in reading.items if i.type == "NOTPLACE"]
    for item in (i for i in reading.items if i.type == "NOTCLASS"):
        sure = any(len(cover.choices) == 1 for cover in item.value)
        missed = sure and not gone & {code for cover in item.value for code in cover.match.codes}
        if missed or (not kept and item.start in but):
            found.append(reading.said.words(item))
    return found


CHANGING_TOOLS = ("change_official", "compare_years", "query", "estimate_area")
COMPARING_TOOLS = (*CHANGING_TOOLS, "compare_regions", "compare_with_survey", "rank_points", "rank_official")
ROWS = (*COMPARING_TOOLS, "deals", "describe_data", "estimate_area")


def asked_rows(reading: Reading, plan: Plan) -> list[str]:
    """Return the words of places that are asked for, "in which countries", where a plan tells of none."""
    if any(step.tool in ROWS and step.tool not in ("change_official", "compare_years") for step in plan.steps):
        return []
    pairs = list(zip(reading.items, reading.items[1:], strict=False))
    which = [b for a, b in pairs if a.type == "ASK" and a.value in ("which", "is") and b.type in ("LEVEL", "INSIDE")]
    return [reading.said.words(i) for i in which if reading.has("CLASS")]


COUNTS = ("compare_years", "find_points")


def witnesses_left_out(reading: Reading, plan: Plan) -> list[str]:
    """Return the words of one of two witnesses that were both asked for, where a plan asks only the other."""
    named = {i.value: reading.said.words(i) for i in reading.items if i.type == "WITNESS"}
    told = {witness_of(step.tool) for step in plan.steps}
    both = {"survey": "survey", "published": "official"}
    if not {*both} <= {*named} or any(step.tool in ("compare_with_survey", "deals", "query") for step in plan.steps):
        return []
    return [words for name, words in named.items() if name in both and both[name] not in told]


def shares_of_counts(reading: Reading, plan: Plan) -> list[str]:
    """Return "share" where points alone are told: "how has our grassland share evolved"."""
    share = [reading.said.words(i) for i in reading.items if i.type == "MEASURE" and i.value == "share"]
    points = "points" in reading.all("MEASURE") or "survey" in reading.all("WITNESS")
    return share if share and not points and {step.tool for step in plan.steps} <= {*COUNTS} else []


SHORT = 4
"""Letters from which on the rules behind tell the words they left aside."""


def changes_and_years(reading: Reading, plan: Plan) -> list[str]:
    """Return words of a change between two years, and of a year, that a plan has no part of."""
    tools = {step.tool for step in plan.steps}
    numbers = numbers_of(plan)
    dated = [i for i in reading.items if i.type in ("SPAN", "SINCEYEAR")]
    moved = [i for i in reading.items if i.type in ("UP", "DOWN", "LOST", "GAINED", "CHANGE")]
    ranked = reading.has("LEVEL", "RANK", "SUP", "MANY", "INSIDE", "UP", "DOWN")
    dropped = bool(dated and moved and ranked) and not tools & {*CHANGING_TOOLS}
    lost = [reading.said.words(i) for i in (*moved, *dated)] if dropped else []
    near = [reading.said.words(i) for i in reading.made if i.type == "NEARCLASS"]
    fates = [i for i in reading.items if i.type in ("FATESPLIT", "LEFTFOR")]
    lost += [] if tools & {*CHANGING_TOOLS} else [reading.said.words(i) for i in fates]
    since = [i for i in dated if i.type == "SINCEYEAR" and float(i.value) not in numbers and not moved]
    return [*lost, *near, *(reading.said.words(i) for i in since)]


def compared_words(reading: Reading, plan: Plan) -> list[str]:
    """Return words of a difference, with those not read beside them, where a plan compares nothing."""
    told = [reading.said.words(i) for i in reading.items if i.type == "DIFF" and i.value == "difference"]
    compares = len(plan.steps) > 1 or any(step.tool in COMPARING_TOOLS for step in plan.steps)
    return [*told, *reading.unread] if told and reading.unread and not compares else []


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
    told = (unread & (before | after)) | (set(reading.open_words) & topics) | last_words(reading, unread, language)
    return [reading.word(n) for n in sorted(told) if len(reading.word(n)) > 2]


ROWS_OF = ("LEVEL", "RANK", "INSIDE", "MANY")
"""Types of the places that rows are asked of: "which landlocked country"."""


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


@lru_cache(maxsize=1)
def tables() -> dict[str, dict[str, list[str]]]:
    """Return the tables of words and endings that narrow what stands beside them."""
    return tomllib.loads(PREPOSITIONS.read_text(encoding="utf-8"))
