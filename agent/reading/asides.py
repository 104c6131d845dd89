"""What stands in parentheses and says again what was said: "37.77 N, 3.79 W (Jaén)", "regions (the thirteen)".

An aside is taken out only where it changes nothing, or put in place of the words that it explains; any other stays and
is read with the rest.
"""

from __future__ import annotations

import re

from agent.lexicon import leaves
from agent.reading.mentions import Item
from agent.reading.read import Reading, read
from agent.understand import Cover, is_order, without_orders
from retrieval.types import NUTS_LEVELS, Place
from tools.compile import box_around
from tools.context import Context

ASIDE = re.compile(r"\s*\(([^()]{1,80})\)")
LABEL_KM = 60
"""How far a town may lie from the position that it names."""


def without_asides(question: str, context: Context) -> str:
    """Return a question less the parentheses that say again what stands before them."""
    for aside in [*ASIDE.finditer(question)][::-1]:
        before, after = question[: aside.start()], question[aside.end() :]
        if (told := _told(before, aside.group(1), context)) is not None:
            question = told + after
    return question


def without_order(question: str, language: str) -> tuple[str, str]:
    """Return a question with what tells the answerer to act otherwise made blank, letter for letter, and these words:
    a sentence of its own, or what a colon parts from the question behind it."""
    question, orders = without_orders(question)
    head, colon, asked = question.partition(":")
    injected = any(leaf.key == "write.injection" for leaf in leaves(head, language))
    if orders or not colon or not asked.strip() or not (injected or is_order(head)):
        return question, orders
    return f"{' ' * (len(head) + 1)}{asked}", head.strip()


def _told(before: str, aside: str, context: Context) -> str | None:
    """Return the words before an aside as it leaves them, None where it says more."""
    outer, inner = read(before, context.language, context), read(aside, context.language, context)
    last = outer.items[-1] if outer.items and outer.items[-1].end == len(outer.said.tokens) else None
    kinds = [i.type for i in inner.items if i.type != "LATEST"]
    numbers = [i.value for i in inner.said.items if i.type == "NUM"]
    if len(numbers) == 1 and not inner.items and _is_alone(inner, "NUM"):
        return before if _is_count(outer, int(numbers[0]), context) else None
    if inner.unread:
        return before if last and last.type == "CLASS" and _repeats(inner, last.value.text) else None
    if kinds == ["PLACE"] and last and _is_position(last):
        return before if _is_there(inner.items[0], last, context) else None
    if kinds == ["LEVEL"] and last and last.type == "LEVEL":
        return before[: outer.said.tokens[last.start].start] + aside
    if kinds == ["PLACE"] and _is_of_the_name(before, aside, context):
        return None  # "Centro (Portugal)" is a region's name
    if kinds == ["PLACE"] and (told := _of_place(before, outer, inner.all("PLACE")[0].text)):
        return told
    if {*kinds} == {"PLACE"} and len(kinds) > 1 and _is_all_of_it(outer, inner, context):
        return before
    if {*kinds} == {"PLACE"} and len(kinds) > 1 and (told := _of_members(before, outer, aside)):
        return told
    if kinds == ["CLASS"]:
        return _of_class(before, outer, last, inner.all("CLASS")[0])
    return before if not inner.items and not inner.forbidden and inner.said.tokens else None


def _is_of_the_name(before: str, aside: str, context: Context) -> bool:
    """Whether a region's name goes on into the parenthesis."""
    named = context.gazetteer.mentions(f"{before} ({aside})", context.language)
    return any(m.start < len(before) < m.end for m in named)


def _is_alone(inner: Reading, kind: str) -> bool:
    """Whether nothing but one thing of a kind and small words stands there."""
    held = {n for i in inner.said.items if i.type == kind for n in range(i.start, i.end)}
    return all(n in held or n in inner.said.soft for n in range(len(inner.said.tokens)))


def _is_count(outer: Reading, number: int, context: Context) -> bool:
    """Whether a place has so many regions of the level asked for."""
    inside = outer.all("INSIDE")
    if not inside or len(inside[-1][0].regions) != 1:
        return False
    level = "nuts2" if inside[-1][1] == "region" else inside[-1][1]
    return level in NUTS_LEVELS and len(context.gazetteer.children(inside[-1][0].regions[0].id, level)) == number


def _repeats(inner: Reading, text: str) -> bool:
    """Whether every word of an aside is a small one or one of the class before it."""
    said = {word.lower() for word in re.findall(r"\w+", text)}
    return all(n in inner.said.soft or inner.word(n).lower() in said for n in range(len(inner.said.tokens)))


def _is_position(last: Item) -> bool:
    """Whether a position, or a circle around one, was said last."""
    area = last.value[2] if last.type == "NEAR" else last.value
    return last.type in ("NEAR", "POSITION") and area.candidates[0].id.startswith("position:")


def _is_there(named: Item, last: Item, context: Context) -> bool:
    """Whether a place of this name lies where the position is."""
    area = last.value[2] if last.type == "NEAR" else last.value
    lonlat = area.candidates[0].lonlat
    spots = [c.lonlat for c in named.value.candidates if isinstance(c, Place)]
    boxes = [*(r.bbox for r in named.value.regions), *(box_around(*spot, LABEL_KM) for spot in spots)]
    return any(w <= lonlat[0] <= e and s <= lonlat[1] <= n for w, s, e, n in boxes)


def _of_place(before: str, outer: Reading, text: str) -> str | None:
    """Return the words with the place that an aside names in place of an unknown name: "Trás-os-Montes (Norte)"."""
    start = tail = len(outer.said.tokens)
    unknown = {n for n in outer.open_words if not any(i.start <= n < i.end for i in outer.said.items)}
    while start > 0 and (start - 1 in unknown or (start < tail and start - 1 in outer.said.soft)):
        start -= 1
    while start < tail and not outer.word(start)[0].isupper():
        start += 1
    return f"{before[: outer.said.tokens[start].start]}{text}" if start < tail else None


def _is_all_of_it(outer: Reading, inner: Reading, context: Context) -> bool:
    """Whether places are the members of the group that is named last: "the Benelux countries (Belgium, …)"."""
    groups = [r for area in outer.all("PLACE") for r in area.regions if r.level == "group"][-1:]
    named = {r.id for area in inner.all("PLACE") for r in area.regions}
    return any({*context.gazetteer.members(group.id)} == named for group in groups)


def _of_members(before: str, outer: Reading, places: str) -> str | None:
    """Return the words with places in place of the unknown name that they are listed behind, and of the group that it
    stands at: "the EU's Nordic members (Denmark, Finland, Sweden)"."""
    said = outer.said
    unknown = {n for n in outer.open_words if not any(i.start <= n < i.end for i in said.items)}
    end = max((n + 1 for n in range(len(said.tokens)) if n not in said.soft), default=0)
    start = end
    while start > 0 and start - 1 in unknown and outer.word(start - 1)[0].isupper():
        start -= 1
    if start == end:
        return None
    groups = [i for i in outer.items if i.type == "PLACE" and i.end <= start and start - i.end < NEAR_A_NAME
              and any(r.level == "group" for r in i.value.regions)]  # fmt: skip
    return f"{before[: said.tokens[groups[-1].start if groups else start].start]}{places}"


NEAR_A_NAME = 2
"""So many words and no more part a group of places from the name behind it."""


def _of_class(before: str, outer: Reading, last: Item | None, cover: Cover) -> str | None:
    """Return the words with the class that an aside names in place of words it explains; None where it adds one."""
    text, codes = cover.text, cover.match.codes
    if last and last.type == "CLASS":
        return before if {*last.value.match.codes} == {*codes} else None
    tail = len(outer.said.tokens)
    start = tail
    while start > 0 and start - 1 in outer.open_words:
        start -= 1
    if start == tail or outer.has("CLASS"):
        return None
    return f"{before[: outer.said.tokens[start].start]}{text}"
