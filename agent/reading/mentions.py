"""The smallest things a question says, each with its words: places, classes, years, numbers and closed words.

Spans are counted in words (`agent.lexicon.tokens`). A word may be said by several mentions; which of them is meant is
for the chart to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from agent.lexicon import Leaf, Token, leaves, lexicon, tokens
from agent.partial import named_inside
from agent.understand import Area, Cover, find_bbox, find_lonlat, find_point_id, named_codes, settle
from agent.words import fillers, flatten, fold, words
from retrieval.errors import AmbiguousRegion, DataError
from retrieval.nomenclature import ABROAD_COST, FORM_COST, ClassMatch
from retrieval.query import Filter
from retrieval.types import NUTS_LEVELS, Place
from retrieval.word_forms import is_everyday
from tools.context import Context

FIRST_YEAR, LAST_YEAR = 1950, 2199
POSTPOSITIONS = frozenset({"et", "fi", "hu"})
"""Languages that say nearness behind a place: "Pécs környékén"."""
FROM_CASES: Mapping[str, tuple[str, ...]] = {"et": ("st",), "fi": ("sta", "lta"), "hu": ("rol", "bol", "tol")}
"""Language → how a word ends that says "from", folded."""
TO_CASES: Mapping[str, tuple[str, ...]] = {
    "et": ("ks", "sse"),
    "fi": ("ksi",),
    "hu": ("ra", "re", "ba", "be", "va", "ve"),
}
"""Language → how a word ends that says "to" or "into"."""
INEXACT, INEXACT_BESIDE_EXACT = 0.4, 1.0
"""What reading a misspelt name costs, in words: beside an exact one it must explain more words than that."""


@dataclass(frozen=True)
class Item:
    """Words `start` to `end` (not included) of a question, read as something."""

    start: int
    end: int
    type: str
    value: Any = None
    cost: float = 0.0


CLASSIFIER = ("sees", "uses", "encoder", "training", "input", "confused", "good", "agree", "weighed", "corrected")
"""Keys that say something beside the satellite only."""
KEYS: Mapping[str, tuple[tuple[str, Any], ...]] = {
    "comparison.above": (("CMP", ">"),),
    "comparison.at_least": (("CMP", ">="),),
    "comparison.below": (("CMP", "<"),),
    "comparison.at_most": (("CMP", "<="),),
    "comparison.exactly": (("CMP", "="), ("SOFT", "")),
    "comparison.about": (("SOFT", ""),),
    "comparison.more": (("COMPARED", ">"),),
    "comparison.less": (("COMPARED", "<"),),
    "comparison.than": (("THANWORD", ""),),
    "range.between": (("BETWEEN", ""),),
    "range.from": (("FROM", ""),),
    "range.to": (("TO", "to"),),
    "range.within": (("WITHIN", ""),),
    "range.near": (("NEARBY", "before"),),
    "negation.not": (("NO", ""),),
    "negation.except": (("NOT", ""),),
    "negation.outside": (("OUTSIDE", ""),),
    "parted.except": (("NOT", ""),),
    "parted.decrease": (("DOWN", ""),),
    "parted.increase": (("UP", ""),),
    "parted.apart": (("EACH", "each"),),
    "parted.most": (("SUP", "most"),),
    "parted.met": (("GROWS", ""),),
    "parted.lost": (("LOST", ""),),
    "negation.after": (("AFTER", ""),),
    "conjunction.and": (("AND", ""), ("TO", "and"), ("SOFT", "")),
    "conjunction.or": (("OR", ""), ("SOFT", "")),
    "conjunction.but": (("BUT", ""), ("SOFT", "")),
    "unit.m": (("UNIT", "m"),),
    "unit.km": (("UNIT", "km"),),
    "unit.mile": (("UNIT", "mi"),),
    "unit.percent": (("UNIT", "%"), ("MEASURE", "share")),
    "unit.percentage_points": (("UNIT", "pp"), ("MEASURE", "pp")),
    "unit.ha": (("UNIT", "ha"), ("MEASURE", "ha")),
    "unit.km2": (("UNIT", "km2"), ("MEASURE", "area")),
    "unit.degree": (("UNIT", "deg"),),
    "direction.north": (("DIR", ("lat", ">")),),
    "direction.south": (("DIR", ("lat", "<")),),
    "direction.east": (("DIR", ("lon", ">")),),
    "direction.west": (("DIR", ("lon", "<")),),
    "direction.northernmost": (("END", ("lat", "most")),),
    "direction.southernmost": (("END", ("lat", "fewest")),),
    "direction.easternmost": (("END", ("lon", "most")),),
    "direction.westernmost": (("END", ("lon", "fewest")),),
    "dimension.elevation": (("DIM", "elevation"),),
    "dimension.below_sea": (("LIMIT", Filter("elevation", "below", (0.0,))),),
    "dimension.latitude": (("DIM", "lat"),),
    "dimension.longitude": (("DIM", "lon"),),
    "dimension.prime_meridian": (("QTY", (0.0, "deg")),),
    "dimension.distance": (("FAR", ""), ("SOFT", "")),
    "level.country": (("LEVEL", "country"),),
    "level.nuts1": (("LEVEL", "nuts1"),),
    "level.nuts2": (("LEVEL", "nuts2"),),
    "level.nuts3": (("LEVEL", "nuts3"),),
    "level.region": (("LEVEL", "region"),),
    "level.province": (("LEVEL", "nuts3"),),
    "level.municipality": (("FINE", ""),),
    "level.one": (("ONELEVEL", ""),),
    "superlative.most": (("SUP", "most"),),
    "superlative.least": (("SUP", "fewest"),),
    "superlative.highest": (("SUP", "most"), ("END", ("elevation", "most"))),
    "superlative.lowest": (("SUP", "fewest"), ("END", ("elevation", "fewest"))),
    "superlative.largest": (("SUP", "most"),),
    "superlative.smallest": (("SUP", "fewest"),),
    "superlative.mostly": (("MOSTLY", ""),),
    "superlative.nearest": (("NEAREST", "fewest"),),
    "superlative.farthest": (("NEAREST", "most"),),
    "ordinal.first": (("ORD", 1),),
    "ordinal.second": (("ORD", 2),),
    "ordinal.third": (("ORD", 3),),
    "ordinal.fourth": (("ORD", 4),),
    "ordinal.fifth": (("ORD", 5),),
    "ordinal.last": (("LAST", ""), ("SOFT", "")),
    "fraction.half": (("FRACTION", 50.0),),
    "fraction.third": (("FRACTION", 33.333),),
    "fraction.quarter": (("FRACTION", 25.0),),
    "fraction.fifth": (("FRACTION", 20.0),),
    "fraction.tenth": (("FRACTION", 10.0),),
    "each.each": (("EACH", "each"),),
    "each.per": (("EACH", "per"), ("SOFT", "")),
    "each.together": (("TOGETHER", ""),),
    "each.rank": (("RANKED", ""),),
    "measure.points": (("MEASURE", "points"),),
    "measure.share": (("MEASURE", "share"),),
    "measure.area": (("MEASURE", "area"),),
    "measure.cv": (("CV", ""),),
    "measure.uncertainty": (("UNSURE", ""), ("SOFT", "")),
    "measure.mean": (("STAT", "mean"),),
    "measure.minimum": (("STAT", "least"),),
    "measure.maximum": (("STAT", "most"),),
    "measure.median": (("MEDIAN", ""),),
    "measure.total": (("TOGETHER", ""),),
    "measure.change": (("CHANGE", ""),),
    "measure.difference": (("DIFF", "difference"),),
    "measure.ratio": (("DIFF", "ratio"),),
    "ask.where": (("ASK", "where"),),
    "ask.how_many": (("ASK", "how_many"),),
    "ask.how_much": (("ASK", "how_much"),),
    "ask.which": (("ASK", "which"),),
    "ask.is": (("ASK", "is"), ("SOFT", "")),
    "ask.what": (("ASK", "what"), ("SOFT", "")),
    "ask.into": (("INTO", ""), ("SOFT", "")),
    "ask.show": (("ASK", "show"), ("SOFT", "")),
    "ask.compare": (("ASK", "compare"),),
    "ask.when": (("ASK", "when"),),
    "ask.who": (("ASK", "who"),),
    "ask.verb": (("VERB", ""),),
    "ask.may": (("MAY", ""),),
    "time.since": (("SINCE", ""),),
    "time.before": (("BEFORE", ""),),
    "time.until": (("UNTIL", ""), ("TO", "to")),
    "time.in": (("SOFT", ""),),
    "time.year": (("SOFT", ""),),
    "time.month": (("BYMONTH", ""),),
    "time.trend": (("TREND", ""),),
    "time.all": (("TREND", ""),),
    "time.latest": (("LATEST", ""), ("SOFT", "")),
    "time.earliest": (("EARLIEST", ""),),
    "time.twice": (("TWICE", ""),),
    "change.changed": (("CHANGE", ""),),
    "change.became": (("BECAME", ""),),
    "change.came_from": (("CAMEFROM", ""),),
    "change.became_of": (("BECAMEOF", ""), ("BECAME", "of")),
    "change.replaced": (("REPLACED", ""),),
    "change.lost": (("LOST", ""),),
    "change.gained": (("GAINED", ""),),
    "change.stayed": (("STAYED", ""),),
    "change.reverse": (("REVERSE", ""),),
    "change.increase": (("UP", ""),),
    "change.decrease": (("DOWN", ""),),
    "change.relative": (("RELATIVE", ""),),
    "witness.survey": (("WITNESS", "survey"),),
    "witness.published": (("WITNESS", "published"),),
    "witness.estimates": (("WITNESS", "estimates"),),
    "witness.map": (("WITNESS", "predictions"),),
    "witness.satellite": (("BEYOND", "satellite"),),
    "witness.deals": (("BEYOND", "deals"),),
    **{f"classifier.{name}": () for name in CLASSIFIER},
    "classes.land_cover": (("CLASSES", "land_cover"), ("SOFT", "")),
    "classes.land_use": (("CLASSES", "land_use"),),
    "classes.crops": (("CLASSES", "crops"),),
    "classes.classes": (("CLASSES", "land_cover"),),
    "classes.composition": (("CLASSES", "land_cover"),),
    "deixis.here": (("HERE", ""),),
    "deixis.this": (("HERE", ""),),
    "deixis.those": (("THOSE", ""), ("SOFT", "")),
    "deixis.that": (("THAT", ""), ("SOFT", "")),
    "deixis.same": (("SOFT", ""),),
    "edit.only": (("SOFT", ""),),
    "edit.also": (("ALSO", ""), ("SOFT", "")),
    "edit.drop": (("NOT", ""), ("SOFT", "")),
    "edit.more": (("MORE", ""),),
    "edit.back": (("BACK", ""), ("SOFT", "")),
    "edit.instead": (("SOFT", ""),),
    "time.previous": (("SHIFT", -1),),
    "time.next": (("SHIFT", 1),),
    "deixis.first_one": (("ONE", 1),),
    "deixis.second_one": (("ONE", 2),),
    "deixis.both": (("BOTH", ""), ("SOFT", "")),
    "edit.what_about": (("SOFT", ""),),
    "act.map": (("SOFT", ""),),
    "act.table": (("TABLE", ""), ("SOFT", "")),
    "act.chart": (("SOFT", ""),),
    "act.thanks": (("SOFT", ""),),
    "act.hello": (("SOFT", ""),),
    "act.bye": (("SOFT", ""),),
    "act.percent": (("MEASURE", "share"), ("INPERCENT", "")),
    "act.hectares": (("MEASURE", "ha"),),
    "act.differ": (("DIFF", "difference"),),
    "act.true": (("ASK", "is"),),
    "act.yes": (("SOFT", ""),),
    "act.meant": (("SOFT", ""),),
    "act.threshold": (),
    "act.interval": (),
    "ask.how": (("HOW", ""), ("SOFT", "")),
    "ask.any": (("ASK", "is"), ("SOFT", "")),
    "time.onward": (("ONWARD", ""),),
    "act.dispute": (),
    **{f"degree.{name}": () for name in ("more_wooded", "most_wooded", "how_wooded", "how_marshy", "how_built_up")},
    "degree.most_grassy": (),
    **{f"month.{n}": (("MONTH", n),) for n in range(1, 13)},
    "season.spring": (("SEASON", (3, 4, 5)),),
    "season.summer": (("SEASON", (6, 7, 8)),),
    "season.autumn": (("SEASON", (9, 10, 11)),),
    "season.winter": (("SEASON", (12, 1, 2)),),
    "function.words": (("SOFT", ""),),
    "function.sown": (("SOWN", ""), ("SOFT", "")),
    "function.grows": (("GROWS", ""),),
    "function.unfarmed": (("UNFARMED", ""),),
    "function.unused": (("UNUSED", ""),),
    "function.cultivated": (("SOFT", ""),),
}
"""Key of the lexicon → what the chart may read it as. A key that is missing here has no part in a typed query."""


DEGREES: Mapping[str, tuple[tuple[str, Any], ...]] = {
    "degree.more_wooded": (("MORE", ""), ("UP", ""), ("COMPARED", ">")),
    "degree.most_wooded": (("SUP", "most"),),
    "degree.most_grassy": (("SUP", "most"),),
    "degree.how_wooded": (("ASK", "how_much"),),
    "degree.how_marshy": (("ASK", "how_much"),),
    "degree.how_built_up": (("ASK", "how_much"),),
}
"""Key of the lexicon → what a word says beside its class: Czech "lesnatější" is more, and wooded."""
CLASS_OF_DEGREE: Mapping[str, str] = {
    "degree.how_marshy": "H00",
    "degree.how_built_up": "A00",
    "degree.most_grassy": "E00",
}
"""Key of the lexicon → the class that its last word says, where that is not woodland."""


@dataclass(frozen=True)
class Mentions:
    """A question taken apart."""

    question: str
    tokens: tuple[Token, ...]
    items: tuple[Item, ...]
    soft: frozenset[int]
    """Words that may stand between others: they change nothing."""
    language: str = "en"

    def words(self, item: Item) -> str:
        """Return the question's own words that an item was read from; '' where its mood says it."""
        if item.start == item.end:
            return ""
        return self.question[self.tokens[item.start].start : self.tokens[item.end - 1].end]


def mentions(question: str, language: str, context: Context) -> Mentions:
    """Return everything a question mentions, overlapping readings too."""
    every_leaf = leaves(question, language)
    degrees = _longest_leaves([leaf for leaf in every_leaf if leaf.key in DEGREES])
    every = _with_degrees(tokens(question), degrees)
    at = _Places(every)
    areas, covers = _names(question, language, context)
    covers = [c for c in covers if not any(d.start < c.end and c.start < d.end for d in degrees)]
    covers += [_wooded(question, at, d) for d in degrees]
    soils = [(leaf.start, leaf.end) for leaf in every_leaf if leaf.key == "topic.condition"]
    covers = [c for c in covers if not any(s <= c.start and c.end <= e and (c.cost or (s, e) != (c.start, c.end))
                                           for s, e in soils)]  # fmt: skip
    guess = INEXACT_BESIDE_EXACT if any(cover.exact and cover.cost < ABROAD_COST for cover in covers) else INEXACT
    items = [at.item(a.start, a.end, "PLACE", a, 0 if a.exact else INEXACT) for a in areas]
    items += [at.item(c.start, c.end, "CLASS", c, c.cost if c.exact else guess) for c in covers]
    items = _apart_from_degrees(items, at, degrees)
    if not covers and (tilled := [leaf for leaf in every_leaf if leaf.key == "function.cultivated"]):
        start, end, _ = tilled[0]
        match = ClassMatch("land_cover", ("B00",), question[start:end], "")
        items.append(at.item(start, end, "CLASS", Cover(start, end, question[start:end], (match,))))
    box, around = find_bbox(question)
    lonlat, span = (None, None) if box else find_lonlat(question, language)
    if box and around:
        start, end = at.span(*around)
        items.append(Item(start, end - 2, "LIMIT", Filter("lon", "between", (box[0], box[2]))))
        items.append(Item(end - 2, end, "LIMIT", Filter("lat", "between", (box[1], box[3]))))
    if lonlat and span:
        text = f"{lonlat[1]:g}, {lonlat[0]:g}"
        spot = Place(f"position:{text}", text, lonlat, "", None, "")
        items.append(at.item(*span, "POSITION", Area(*span, text, (spot,))))
    items += numbers(every, question)
    if found := find_point_id(question):
        start = question.index(found)
        items.append(at.item(start, start + len(found), "POINT", int(found)))
    taken = [(i.start, i.end) for i in items if i.type in ("PLACE", "CLASS") and i.cost <= FORM_COST]
    soft = {n for n, token in enumerate(every) if token.norm in _small(language) or _is_clipped(question, token)}
    soft |= {n for n, token in enumerate(every) if _is_a_form(token.norm, language)}
    soft -= {n for start, end in taken for n in range(start, end)}
    known = {n for i in items for n in range(i.start, i.end)} | soft
    known |= {n for leaf in every_leaf for n in range(*at.span(leaf.start, leaf.end))}
    unlisted = named_inside(question, every, known, context)
    items += [at.item(a.start, a.end, "PLACE", a, INEXACT) for a in unlisted]
    polite = [at.span(leaf.start, leaf.end) for leaf in every_leaf if leaf.key == "function.words"]
    shares = [at.span(leaf.start, leaf.end) for leaf in every_leaf if leaf.key == "unit.percent"]
    shares = [(start, end) for start, end in shares if start and _after_number(every, start)]
    soft -= {n for start, end in shares for n in range(start, end)}
    topics = {at.span(leaf.start, leaf.end)[0] for leaf in every_leaf if leaf.key.startswith("topic.")}
    soft -= {n for n in topics if every[n].norm not in _small(language)}
    either = {leaf.start for leaf in every_leaf if leaf.key == "conjunction.or"}
    being = {leaf.start for leaf in every_leaf if leaf.key in ("ask.is", "ask.verb")}
    compares = {"comparison.more", "comparison.less"} & {leaf.key for leaf in every_leaf}
    moves = {leaf.start for leaf in every_leaf if leaf.key.startswith(("change.", "comparison."))}
    soft |= {n for leaf in every_leaf if leaf.key == "ask.verb" and leaf.start not in moves
             for n in range(*at.span(leaf.start, leaf.end))}  # fmt: skip
    falls = {leaf.start for leaf in every_leaf if leaf.key == "change.decrease"}
    firsts = [leaf.end for leaf in every_leaf if leaf.key == "ordinal.first" and not question[: leaf.start].strip()]
    shows = [leaf.start for leaf in every_leaf if leaf.key == "ask.show"]
    drawn = {leaf.start for leaf in every_leaf if leaf.key == "act.map"}
    leads_on = next((end for end in firsts if any(0 < start - end < 3 for start in shows)), -1)
    first_asked = min((leaf.start for leaf in every_leaf if leaf.key.startswith("ask.")), default=len(question))
    for leaf in every_leaf:
        if leaf.key == "ask.where" and leaf.start in either and leaf.start > 0:
            continue  # French "ou" without its accent
        if leaf.key == "ask.any" and not _opens(question, leaf.start):
            continue  # "any olive groves among the points?"
        if leaf.key == "ask.where" and leaf.start in being and (leaf.start > 0 or (compares and being == {leaf.start})):
            continue  # Swedish "var" is "was" too
        if leaf.key == "deixis.here" and shows and leaf.start in drawn:
            continue  # "put … on the map" is how, not where
        if leaf.key == "measure.points" and leaf.start in shows and _opens(question, leaf.start):
            continue  # "Plot the trend of …"
        if leaf.key in ("negation.not", "act.no") and _begins(question, leaf.start, leaf.end):
            soft.add(at.span(leaf.start, leaf.end)[0])  # "no, the other one"
            continue
        start, end = at.span(leaf.start, leaf.end)
        if leaf.key == "ordinal.first" and leaf.end == leads_on:
            soft.add(start)  # "first find …, then tell me"
            continue
        if leaf.key == "edit.drop" and leaf.start in falls and first_asked < leaf.start:
            continue  # "was there a drop" is no order to leave out
        if any(s <= start and end <= e and (s, e) != (start, end) for s, e in polite):
            continue  # Italian "sono stati" is no state
        inside = any(s <= start and end <= e and (s, e) != (start, end) for s, e in taken)
        if leaf.key.startswith("unit.") and end - start == 1 and len(every[start].norm) <= 2:
            inside = inside or not _after_number(every, start) or _after_year(every, start, language)
        for type, value in () if inside else KEYS.get(leaf.key, (("OTHER", leaf.key),)):
            if type in ("NEARBY", "WITHIN") and language in POSTPOSITIONS:
                value = "after"
            if type == "EACH" and value == "per" and language in POSTPOSITIONS:
                value = "behind"
            if type == "SOFT":
                soft.update(n for n in range(start, end) if not any(s <= n < e for s, e in taken))
            else:
                items.append(Item(start, end, type, value))
        if not inside and not any(s <= start < e for s, e in shares):  # Italian "per cento"
            items += number_said(leaf.key, start, end)
    parted, leading = _parted(every, question, language)
    alone = {i.start for i in parted if i.type in ("MET", "LOST", "UP", "DOWN")}  # Dutch "kwamen … tegen" is no against
    items = [i for i in items if i.start not in alone] + [i for i in parted if i.type != "MET"]
    soft |= leading | {i.start for i in parted if i.type == "MET"}
    soft -= {n for i in items if i.type in WHOLE and i.end - i.start > 1 for n in range(i.start, i.end)}
    soft -= {n for i in items if i.type == "SEASON" for n in range(i.start, i.end)}  # French "été" is "been" too
    items += _places_beside(items, soft, every, question, language, context)
    items = _longest(_with_cases(items, every, language))
    items += [Item(i.start, i.end, "THAN", i.value) for i in items if i.type == "CMP" and i.end - i.start > 1]
    items += _apart(items, every, language)
    measured = {n for i in items if i.type == "UNIT" for n in range(i.start, i.end) if _after_number(every, i.start)}
    ends = {i.start for i in items if i.type in ("SUP", "LEVEL", "END", "CLASSES")}
    nth = {n for i in items if i.type == "ORD" and i.value > 1 and i.end in ends for n in range(i.start, i.end)}
    soft -= measured | nth  # "the second most" is not "the most"
    soft |= _than_a_place(items, soft)
    under = _below_a_class(items)
    soft |= {i.start for i in under}
    items = _in_their_place([i for i in items if i not in under], every, question, language)
    items = _with_their_units(items)
    split = {(i.start, i.end) for i in items if i.type == "EACH"}
    items += [
        Item(i.start, i.end, "SPLIT", ("region", i.value))
        for i in items
        if i.type == "LEVEL" and (i.start, i.end) in split
    ]
    return Mentions(question, every, tuple(dict.fromkeys(items)), frozenset(soft), language)


def _with_their_units(items: list[Item]) -> list[Item]:
    """Return the items with each number before a unit as a quantity alone: "the top 5 %" is no five rows."""
    units = [i for i in items if i.type == "UNIT" and i.value != "mi"]
    starts = {i.start for i in units}
    numbers = [i for i in items if i.type == "NUM" and i.end in starts and not FIRST_YEAR <= i.value <= LAST_YEAR]
    pairs = [(n, u) for n in numbers for u in units if u.start == n.end]  # Hungarian "km" and "km-en"
    both = [replace(n, end=u.end, type="QTY", value=(n.value, u.value)) for n, u in pairs]
    return [*(i for i in items if i not in numbers), *both]


SAME_BEGINNING, LONG_NAME = 4, 6
"""Letters that a region's name and an adjective made of it begin with, and of the shortest such adjective."""


def _places_beside(
    items: Sequence[Item], soft: set[int], every: Sequence[Token], question: str, language: str, context: Context
) -> list[Item]:
    """Return the regions that unknown words name, where only a region's name or its adjective may stand: at a word for
    a kind of place, "provincia aragonesa", or in a list of places, "Norte, Algarve and Centro"."""
    known = {n for i in items for n in range(i.start, i.end)} | soft
    levels = [i for i in items if i.type == "LEVEL"]
    places = [i for i in items if i.type == "PLACE"]
    found = [town for i in items if i.type == "FINE" for town in _town_behind(i, known, every, question, context)]
    known |= {n for i in found for n in range(i.start, i.end)}
    for n, token in enumerate(every):
        word = question[token.start : token.end]
        if n in known or not word.isalpha() or is_everyday(token.norm, language):
            continue
        of_a_kind = len(word) >= LONG_NAME and any(n in (i.end, i.start - 1) for i in levels)
        before = any(i.start == n + 1 and question[token.end : every[i.start].start].strip() == "," for i in places)
        after = any(i.end == n and question[every[i.end - 1].end : token.start].strip() == "," for i in places)
        listed = word[0].isupper() and (before or after)
        if not (of_a_kind or listed):
            continue
        try:
            region = context.gazetteer.resolve(word, language)
        except (DataError, AmbiguousRegion):
            continue
        name = fold(region.name)
        like = name[:SAME_BEGINNING] == token.norm[:SAME_BEGINNING] and region.level in NUTS_LEVELS
        if (listed and name == token.norm) or (of_a_kind and like):
            area = Area(token.start, token.end, word, (region,), exact=False)
            found.append(Item(n, n + 1, "PLACE", area, INEXACT))
    return found


LONGEST_TOWN = 3
"""Words in the longest name of a town that is looked for."""


def _town_behind(
    word: Item, known: set[int], every: Sequence[Token], question: str, context: Context
) -> Iterator[Item]:
    """The town whose name in no list of names stands behind a word for a town: "der Stadt Augsburg"."""
    last = word.end
    while (
        last < min(word.end + LONGEST_TOWN, len(every)) and last not in known and question[every[last].start].isupper()
    ):
        last += 1
    for end in range(last, word.end, -1):
        start, stop = every[word.end].start, every[end - 1].end
        try:
            town = context.gazetteer.place(question[start:stop])
        except (DataError, AmbiguousRegion):
            continue
        yield Item(word.end, end, "PLACE", Area(start, stop, question[start:stop], (town,)))
        return


WHOLE = ("BECAME", "BECAMEOF", "REPLACED", "CHANGE")
"""Types whose words are not passed over, small as each may be: "turned into"."""
PARTED: Mapping[str, tuple[str, Any]] = {
    "parted.except": ("AFTER", ""),
    "parted.decrease": ("DOWN", ""),
    "parted.increase": ("UP", ""),
    "parted.apart": ("EACH", "each"),
    "parted.most": ("SUP", "most"),
    "parted.met": ("MET", ""),
    "parted.lost": ("LOST", ""),
}
"""Key of a verb and its particle → what they mean where something stands between: "set Spain aside", "nahm … ab"."""
FARTHEST_PARTICLE = 14
"""Words between a verb and its particle at the most."""
FARTHEST = {"parted.lost": 5}
"""Those of a key whose two words are common ones: French "ne l'étaient plus"."""
SENTENCE_END = re.compile(r"[?!;]|(?<!\d)\.\s")


def _parted(every: Sequence[Token], question: str, language: str) -> tuple[list[Item], set[int]]:
    """Return what verbs say with a particle that stands apart from them, and where those verbs stand."""
    items, verbs = [], set()
    for key, (type, value) in PARTED.items():
        for verb, particle in (pair.split() for pair in lexicon(language).get(key, ())):
            for n in (n for n, token in enumerate(every) if token.norm == verb):
                for at in range(n + 2, min(n + FARTHEST.get(key, FARTHEST_PARTICLE), len(every))):
                    if every[at].norm == particle and not SENTENCE_END.search(question[every[n].end : every[at].start]):
                        items.append(Item(at, at + 1, type, value))
                        verbs.add(n)
                        break
    return items, verbs


def _longest_leaves(found: Sequence[Leaf]) -> list[Leaf]:
    """Return the phrases that lie in no longer one: "the most wooded" holds no "more wooded"."""
    return [one for one in found if not any(o.start <= one.start and one.end <= o.end
            and (o.end - o.start, o.key) > (one.end - one.start, one.key) for o in found)]  # fmt: skip


def _with_degrees(every: Sequence[Token], degrees: Sequence[Leaf]) -> tuple[Token, ...]:
    """Return the words, one that says a degree and its class at once as two: "lesnatější"."""
    both = {(leaf.start, leaf.end) for leaf in degrees}
    return tuple(t for token in every for t in [token] * (1 + ((token.start, token.end) in both)))


def _wooded(question: str, at: _Places, degree: Leaf) -> Cover:
    """Return the class that a word of degree names: its last word."""
    _, last = at.span(degree.start, degree.end)
    start = at.starts[last - 1]
    code = CLASS_OF_DEGREE.get(degree.key, "C00")
    match = ClassMatch("land_cover", (code,), question[start : degree.end], "")
    return Cover(start, degree.end, question[start : degree.end], (match,))


def _apart_from_degrees(items: Sequence[Item], at: _Places, degrees: Sequence[Leaf]) -> list[Item]:
    """Return the items with each word of degree as its degree and, at its last word, its class."""
    found = list(items)
    for degree in degrees:
        first, last = at.span(degree.start, degree.end)
        found = [replace(i, start=last - 1) if i.type == "CLASS" and i.end == last else i for i in found]
        found += [Item(first, last - 1, type, value) for type, value in DEGREES[degree.key]]
    return found


def _apart(items: list[Item], every: Sequence[Token], language: str) -> list[Item]:
    """Return "more" and "than" of comparisons whose words stand around a class: "more cropland than woodland"."""
    classes = [i for i in items if i.type == "CLASS"]
    starts, either = {i.start for i in classes}, {i.end for i in items if i.type == "OR"}
    found = []
    for one in classes:
        for at in (one.end, one.end + 1):
            inside = any(i.start <= at < i.end for i in classes) or at in either  # "more wheat or maize"
            if at >= len(every) or inside or not {at + 1, at + 2} & starts:
                continue
            for n in range(max(one.start - 2, 0), one.start):
                if sign := than(language).get((every[n].norm, every[at].norm)):
                    found += [Item(n, n + 1, "MORE", ""), Item(at, at + 1, "THAN", sign)]
    return found


@lru_cache(maxsize=32)
def than(language: str) -> Mapping[tuple[str, str], str]:
    """Return the last two words of a language's comparisons, "more" and "than", with their signs."""
    signs = (("comparison.above", ">"), ("comparison.below", "<"))
    phrases = [(tuple(phrase.split()[-2:]), sign) for key, sign in signs for phrase in lexicon(language)[key]]
    return {(words[0], words[1]): sign for words, sign in phrases if len(words) > 1}


def _with_cases(items: list[Item], every: Sequence[Token], language: str) -> list[Item]:
    """Return the items, places and classes also as what they are by their case: from it, or to it."""
    cased = []
    for way, cases in (("OFF", FROM_CASES), ("ON", TO_CASES)):
        endings = cases.get(language, ())
        named = [i for i in items if i.type in ("PLACE", "CLASS") and every[i.end - 1].norm.endswith(endings)]
        cased += [replace(i, type=way + i.type) for i in named]
    return [*items, *cased]


WITHIN_LONGER: Mapping[str, tuple[str, ...]] = {
    "CMP": ("DIM", "NEAREST"), "NEARBY": ("DIM", "NEAREST"), "BECAME": ("BECAMEOF",), "UP": ("EACH",),
    "LOST": ("STAYED", "CMP", "WITHIN"), "NO": ("LOST",), "MEASURE": ("RELATIVE",), "NUM": ("LEVEL", "TOGETHER"),
    "LEVEL": ("TOGETHER",), "THANWORD": ("TOGETHER",), "EACH": ("TREND",),
}  # fmt: skip
"""Type → the types whose longer phrases hold its words for themselves."""


def _longest(items: list[Item]) -> list[Item]:
    """Return the items without those of words that a longer phrase of another type has taken."""
    nearest = {n for i in items if i.type == "NEAREST" for n in range(i.start, i.end)}
    kept = [
        i
        for i in items
        if not any(o.type in WITHIN_LONGER.get(i.type, ()) and lies_in(i, o) for o in items)
        and not (i.type == "NEARBY" and i.start in nearest)  # "най-близо до"
    ]
    when = [i for i in kept if (i.type, i.value) == ("ASK", "when")]
    kept = [i for i in kept if i.type != "ASK" or not any(lies_in(i, o) for o in when)]  # "which years"
    signs = [i for i in kept if i.type == "CMP"]
    return [i for i in kept if i.type != "SUP" or not any(lies_in(i, sign) for sign in signs)]


DEFINITE: Mapping[str, tuple[str, ...]] = {"en": ("the",), "de": ("die", "den", "der"), "nl": ("de",)}
"""Language → its definite articles, before which a word such as "over" compares with no number."""


def _in_their_place(items: list[Item], every: Sequence[Token], question: str, language: str) -> list[Item]:
    """Return the items without readings that what stands beside their words rules out."""
    counted = {i.end for i in items if i.type == "NUM"} & {i.start for i in items if i.type == "PLACE"}
    numbers = {i.start for i in items if i.type == "NUM"}
    minimal = {(i.start, i.end) for i in items if i.type == "CMP" and i.end in numbers}
    named = {i.end for i in items if i.type in ("PLACE", "CLASS")}
    behind = {(i.start, i.end) for i in items if i.type == "AFTER" and i.start in named
              and question[every[i.end - 1].end :].lstrip()[:1] in (",", ";")}  # fmt: skip
    joins = {
        (i.start, i.end) for i in items if i.type in ("AND", "OR", "ALSO") and _opens(question, every[i.start].start)
    }
    over = {(i.start, i.end) for i in items if i.type == "CMP" and i.end == i.start + 1 and i.end + 1 in numbers
            and every[i.end].norm in DEFINITE.get(language, ())}  # fmt: skip
    published = {i.end for i in items if (i.type, i.value) == ("WITNESS", "published")}
    sizes = {(i.start, i.end) for i in items if (i.type, i.value) == ("MEASURE", "area") and i.start in published}
    percents = [i for i in items if (i.type, i.value) == ("MEASURE", "pp")]
    ruled_out = {
        "LEVEL": lambda i: (i.start, i.end) in sizes,  # "published areas" are no regions
        "DIFF": lambda i: any(p.start < i.end < p.end for p in percents),  # "cu câte puncte procentuale"
        "CMP": lambda i: (i.start, i.end) in over,  # "mean over the six regions"
        "PLACE": lambda i: (i.start, i.end) in joins,  # Swedish "… skog? Och …", no town
        "BOTH": lambda i: i.end in counted,  # "the two Italian regions"
        "SUP": lambda i: (i.start, i.end) in minimal,  # Danish "mindst 25"
        "NOT": lambda i: (i.start, i.end) in behind,  # "Puglia esclusa, …"
    }
    return [i for i in items if i.type not in ruled_out or not ruled_out[i.type](i)]


def _than_a_place(items: Sequence[Item], soft: set[int]) -> set[int]:
    """Where "than" stands between a word that compares and a place: Lithuanian "už" says other things too."""
    places, compared = {i.start for i in items if i.type == "PLACE"}, [i.end for i in items if i.type == "COMPARED"]
    than = [i for i in items if i.type == "THANWORD" and any(end <= i.start for end in compared)]
    return {i.start for i in than if i.end in places or (i.end in soft and i.end + 1 in places)}


def _below_a_class(items: Sequence[Item]) -> list[Item]:
    """Return what says "below" right before a class, of no number: "points under olives" are points of olives."""
    classes, numbers = {i.start for i in items if i.type == "CLASS"}, {i.end for i in items if i.type == "NUM"}
    signs = [i for i in items if i.type == "CMP" and i.value == "<" and i.end == i.start + 1]
    return [i for i in signs if i.end in classes and i.start not in numbers]


def lies_in(one: Item, other: Item) -> bool:
    """Whether a reading is of some of another's words: "least" in "at least" is no superlative."""
    return other.start <= one.start and one.end <= other.end and one.end - one.start < other.end - other.start


def _begins(question: str, start: int, end: int) -> bool:
    """Whether a word is what a question begins with, a comma behind it."""
    return not question[:start].strip(" ¡¿") and "," in question[end:][:2]


def _opens(question: str, start: int) -> bool:
    """Whether a sentence begins here."""
    return question[:start].rstrip(" ¡¿\n")[-1:] in ("", ".", "?", "!", ";", ":")


class _Places:
    """From characters to words."""

    def __init__(self, every: Sequence[Token]) -> None:
        self.starts = [t.start for t in every]
        self.ends = [t.end for t in every]

    def span(self, start: int, end: int) -> tuple[int, int]:
        first = next((n for n, e in enumerate(self.ends) if e > start), len(self.ends))
        last = next((n for n in range(len(self.starts) - 1, -1, -1) if self.starts[n] < end), first)
        return first, max(last + 1, first + 1)

    def item(self, start: int, end: int, type: str, value: Any, cost: float = 0.0) -> Item:
        return Item(*self.span(start, end), type, value, cost)


def _after_number(every: Sequence[Token], at: int) -> bool:
    """Whether a short sign of a unit stands behind a number, or is the % sign: Spanish "ha" is a verb too."""
    return every[at].norm in "%°" or (at > 0 and bool(re.search(r"\d", every[at - 1].norm)))


def _after_year(every: Sequence[Token], at: int, language: str) -> bool:
    """Whether a sign of a unit is short for "year", Lithuanian "2018 m.", or a verb: Italian "nel 2018 ha trovato"."""
    year = at > 0 and re.fullmatch(r"(?:19|20)\d\d", every[at - 1].norm)
    short, before = every[at].norm, every[at - 2].norm if at > 1 else ""
    verb = short in _small(language) and before in lexicon(language)["time.in"]
    return bool(year) and (verb or short in lexicon(language)["time.year"])


def _is_clipped(question: str, token: Token) -> bool:
    """Whether a word is only a letter or two at an apostrophe: l'Italie, Spain's."""
    before, after = question[token.start - 1 : token.start], question[token.end : token.end + 1]
    if before == ":" and question[token.start - 2 : token.start - 1].isdigit():
        return len(token.norm) <= LONGEST_OF_A_NUMBER and token.norm.isalpha()  # Swedish "65:e", Finnish "2018:ssa"
    return len(token.norm) <= 2 and token.norm.isalpha() and bool({before, after} & {"'", "’", "-"})


LONGEST_OF_A_NUMBER = 4
"""Letters of the longest ending that is written behind a number and a colon."""


def _names(question: str, language: str, context: Context) -> tuple[list[Area], list[Cover]]:
    named = context.gazetteer.mentions(question, language)
    areas = [Area(m.start, m.end, m.text, tuple(m.candidates), m.kind == "foreign", m.exact) for m in named]
    classes = context.nomenclature.mentions(question, language)
    codes = named_codes(question, context.nomenclature)
    return settle(question, flatten(question), language, areas, classes, codes)


def number_said(key: str, start: int, end: int) -> list[Item]:
    """Return the number that a closed word says, and what it multiplies the one before it by: "20 thousand"."""
    if not (number := re.fullmatch(r"number\.(\d+)", key)):
        return []
    value = float(number.group(1))
    times = [Item(start, end, "TIMES", value)] if value in (100, 1000, 1_000_000) else []
    return [Item(start, end, "NUM", value), *times]


def numbers(every: Sequence[Token], question: str) -> list[Item]:
    """Return numbers as written: 4.5 and 4,5 are one, 1 000 and 1,000 are a thousand; a year is four digits alone."""
    items: list[Item] = []
    gaps: list[tuple[int, int, tuple[int, int]]] = []
    pairs: list[Item] = []
    skip = -1
    for n, token in enumerate(every):
        if n <= skip or not re.fullmatch(r"\d+", token.norm):
            glued = re.fullmatch(r"(\d+)(km|m|ha|km2)", token.norm)
            if thousand := re.fullmatch(r"(\d+)k", token.norm):
                items.append(Item(n, n + 1, "NUM", float(thousand.group(1)) * 1000))
            elif token.norm in MILLION and n and every[n - 1].norm.isdigit():
                items.append(Item(n, n + 1, "TIMES", 1e6))
            elif glued:
                items.append(Item(n, n + 1, "QTY", (float(glued.group(1)), glued.group(2))))
            elif nth := re.fullmatch(rf"(\d+)(?:{ORDINALS})", token.norm):
                items.append(Item(n, n + 1, "ORD", int(nth.group(1))))
            continue
        digits, end = token.norm, n
        while (more := _continued(every, end, digits, question)) is not None:
            digits, end = more, end + 1
        skip = end
        value = float(digits)
        short = len(token.norm) == 2 and end == n and question[token.start - 1 : token.start] in ("'", "’", "‘")
        value += 2000 if short and token.start else 0  # "in '15"
        year = len(token.norm) in (2, 4) and end == n and FIRST_YEAR <= value <= LAST_YEAR
        items.append(Item(n, end + 1, "NUM", value))
        if (before := _dashed(items, n, question, every)) is not None and before.value < value and not year:
            pairs.append(Item(before.start, end + 1, "NUMS", (before.value, value)))
        if year:
            items.append(Item(n, n + 1, "YEAR", int(value)))
            last = items[-3] if len(items) > 2 and items[-3].type == "YEAR" and items[-3].end == n else None
            if last and every[n].start - every[n - 1].end <= 3 and last.value < value:  # 2009–2018
                gaps.append((n - 1, n + 1, (last.value, int(value))))
    return [*items, *pairs, *(Item(start, end, "SPAN", years) for start, end, years in gaps)]


def _dashed(items: Sequence[Item], n: int, question: str, every: Sequence[Token]) -> Item | None:
    """Return the number before this one, where only a dash stands between: 500–1000."""
    before = next((i for i in reversed(items[:-1]) if i.type == "NUM" and i.end == n), None)
    gap = question[every[n - 1].end : every[n].start].strip() if before else ""
    return before if gap in ("-", "\u2010", "\u2013", "\u2014") else None


ORDINALS = "st|nd|rd|th|e|eme|er|u|o|a|os|οσ|ο|ου|η|ησ"
"""Endings, folded, that a number takes where it stands for its place in a row: English 65th, Irish 65ú, Greek 65ου."""
MILLION = ("mio", "mln")
"""What is written for a million in many languages."""
GROUPS = ".,'’ \u00a0\u202f"
"""What stands between two parts of one number."""


def _continued(every: Sequence[Token], at: int, digits: str, question: str) -> str | None:
    """Return the digits with the next word's, where both are one number."""
    if at + 1 >= len(every) or not re.fullmatch(r"\d+", every[at + 1].norm):
        return None
    gap, following = question[every[at].end : every[at + 1].start], every[at + 1].norm
    if len(gap) != 1 or gap not in GROUPS:
        return None
    if len(following) == 3 and len(digits) <= 3 and "." not in digits and digits != "0":
        return digits + following
    return f"{digits}.{following}" if "." not in digits and len(following) <= 6 and gap in ".," else None


@lru_cache(maxsize=32)
def _small(language: str) -> frozenset[str]:
    """The words of a language that change nothing."""
    stop = {flatten(word).strip() for word in words(language)["stop"]} if _has_words(language) else set()
    own = {word for word in lexicon(language).get("function.words", ()) if " " not in word}
    return frozenset(stop | fillers() | own)


LONG_STEM, ENDING = 5, 3
"""Letters that two forms of an everyday word share at the least, and that may follow them."""


@lru_cache(maxsize=20_000)
def _is_a_form(word: str, language: str) -> bool:
    """Whether a word is another form of an everyday word of its language: one beginning, other endings."""
    if len(word) < LONG_STEM:
        return False
    stem = word[: max(LONG_STEM, len(word) - ENDING)]
    return any(len(other) <= len(stem) + ENDING for other in _beginning(language).get(stem, ()))


@lru_cache(maxsize=32)
def _beginning(language: str) -> Mapping[str, tuple[str, ...]]:
    """Beginning → the everyday words that begin so."""
    found: dict[str, list[str]] = {}
    for word in _small(language):
        for end in range(LONG_STEM, len(word) + 1):
            found.setdefault(word[:end], []).append(word)
    return {stem: tuple(words) for stem, words in found.items()}


def _has_words(language: str) -> bool:
    try:
        return bool(words(language)["stop"])
    except (FileNotFoundError, KeyError):
        return False
