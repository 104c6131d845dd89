"""What a constraint means by what stands beside it: "how often" counts points, "30 km" around a town is a circle.

Each function takes the constraints of a question and returns them, some of them read in another of their senses. None
knows a language; what is taken for read becomes a constraint that says nothing, so that no word is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from agent.reading.chart import is_small, is_town, near
from agent.reading.mentions import Item, Mentions, lies_in
from agent.understand import Cover
from retrieval.nomenclature import ClassMatch

ROWS = ("LEVEL", "INSIDE", "RANK", "MANY", "MANYIN", "SPLIT", "SPLITIN", "NONE", "RANKOF")
"""Types of rows of places."""
ENDS = ("END", "ENDOF", "MANYENDS")
CIRCLES = ("NEAR", "NEARS", "POSITION")
SILENT = "GROWS"
"""The type of what asks for nothing."""


def in_their_sense(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints, each in the sense that those beside it give it."""
    items = years_there_are(so_many_members(assumed(items, said), said), said)
    items = mean_and_whole(items)
    items = so_many_of_them(whether_found(counted_rows(beyond_the_circle(items, said)), said), said)
    items = of_that_kind(as_often(apart_from_its_number(items, said), said), said)
    items = in_a_circle(items, said)
    items = of_the_nearest(in_units_asked(items, said), said)
    items = with_its_members(added_up(there(items)), said)
    items = greater_shares(something_else(years_later(items), said), said)
    items = crops_alone(all_land(classes_ranked(as_more_there(ranked_among(items), said)), said))
    items = with_the_other_end(apart_at_both_ends(crops_of_places(items, said)), said)
    items = of_that_year(urbanised(items, said), said)
    return peak_year(least_of_so_many(as_changed(spread_over_classes(left_over(items))), said), said)


def peak_year(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the superlative inside a word for "when" as one of its own: "the peak year"."""
    whens = [i for i in items if (i.type, i.value) == ("ASK", "when")]
    if any(i.type == "SUP" for i in items):
        return items
    ends = {("SUP", "most"): "most", ("STAT", "most"): "most", ("SUP", "fewest"): "fewest", ("STAT", "least"): "fewest"}
    ways = [(when, ends[i.type, i.value]) for when in whens for i in said.items
            if i.type in ("SUP", "STAT") and (i.type, i.value) in ends and lies_in(i, when)]  # fmt: skip
    found = [Item(when.start, when.start, "SUP", way) for when, way in ways[:1]]
    return sorted([*items, *found], key=lambda i: (i.start, i.end))


def least_of_so_many(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "the bottom three" of no other superlative as those with the least."""
    first = next((i for i in items if i.type == "FIRST"), None)
    if first is None or any(i.type in ("SUP", "RANKCLASS", "END", "ENDOF") for i in items):
        return items
    ways = [i for i in said.items if i.type == "SUP"]
    least = next((i for i in ways if i.value == "fewest" and i.start == first.start), None)
    if least is None:
        return items
    if not any(i.type == "RANK" for i in items):
        return sorted([*items, replace(least, end=least.start)], key=lambda i: (i.start, i.end))
    plain = [i for i in items if i.type == "RANK" and not any(lies_in(way, i) for way in ways)]  # "rank the countries"
    return [replace(i, value=("fewest", *i.value[1:])) if i in plain else i for i in items]


def assumed(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with what is taken for known before a "but", and names, narrows and denies nothing, as
    read: "I know it is 90 %, but how much of Spain …"."""
    asks = [i for i in items if (i.type == "ASK" and i.value in LEADING) or (i.type, i.value) == ("MEASURE", "share")]
    named = [i.start for i in items if i.type not in ASSUMING] + [
        i.start for i in said.items if i.type in NARROWING and i.start not in said.soft
    ]
    for but in (i for i in said.items if i.type == "BUT" and i.end <= MOST_ASSUMED):
        parted = said.question[: said.tokens[but.start].start].rstrip()[-1:] in (",", ";", ".")
        if parted and any(close(but, ask, said) for ask in asks) and min(named, default=but.end) >= but.end:
            return [Item(0, but.end, SILENT, ""), *(i for i in items if i.start >= but.end)]
    return items


NARROWING = ("NO", "NOT", "OUTSIDE", "AFTER", "DIR", "FINE", "MEDIAN", "NEAREST")
LEADING = ("which", "how_many", "how_much", "where", "when")
ASSUMING = ("ASK", "MEASURE", SILENT, "UNSURE", "STAT", "EACH", "TOGETHER", "HERE")
"""Types that what is taken for known may hold."""
MOST_ASSUMED = 14
"""Words of what is taken for known at the most."""


def so_many_members(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the number of a union's countries that are asked for: "welche drei EU-Länder"."""
    if any(i.type in ("MANY", "RANK", "FIRST") for i in items):
        return items
    inside = [i for i in items if i.type == "INSIDE"]
    numbers = [n for n in free(("NUM",), items, said) if any(close(n, i, said) for i in inside)]
    many = [replace(n, type="MANY", value=(int(n.value), inside[0].value[1])) for n in numbers[:1] if n.value > 1]
    return sorted([*items, *many], key=lambda i: i.start)


def years_there_are(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "for which years is a figure available" as the figures of every year."""
    there = [i for i in free(("OTHER",), items, said) if i.value == "act.available"]
    asked = any(i.type == "ASK" and i.value == "when" for i in items) and any(i.type == "CLASS" for i in items)
    dated = any(i.type in ("YEAR", "SPAN", "SUP", "TREND") for i in items)
    if not asked or dated:
        return items
    return sorted([*items, *(replace(i, type="TREND", value="") for i in there)], key=lambda i: i.start)


def silent(item: Item) -> Item:
    """A constraint that asks for nothing, in the words of one."""
    return replace(item, type=SILENT, value="")


def free(types: Sequence[str], items: Sequence[Item], said: Mentions) -> list[Item]:
    """Return what is said of these types in words that no constraint took."""
    taken = {n for i in items for n in range(i.start, i.end)}
    return [i for i in said.items if i.type in types and not taken & set(range(i.start, i.end))]


def close(one: Item, other: Item, said: Mentions) -> bool:
    """Whether only small words stand between two, the first before the second."""
    return one.end <= other.start and all(n in said.soft for n in range(one.end, other.start))


def as_often(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "how many times" as how many points, where no two are compared: "wie oft"."""
    counts = {(i.start, i.end): i for i in said.items if i.type == "ASK" and i.value == "how_many"}
    ratios = [i for i in items if (i.type, i.value) == ("DIFF", "ratio") and (i.start, i.end) in counts]
    two = any(i.type in ("SPAN", "SINCEYEAR", "EACHONE", "EACHCLASS") for i in items)
    places, classes = ({str(i.value.text) for i in items if i.type == kind} for kind in ("PLACE", "CLASS"))
    codes = {i.value.match.codes for i in items if i.type == "CLASS"}
    years = {i.value for i in items if i.type == "YEAR"}
    named = [i for i in items if i.type in ("PLACE", "CLASS", "YEAR")]
    than = any(i.type == "COMPARED" for i in said.items)
    than = than or any(i.type == "THANWORD" and close(i, one, said) for i in said.items for one in named)
    if not ratios or two or than or not classes or max(map(len, (places, codes, years))) > 1:
        return items
    return [counts[i.start, i.end] if i in ratios else i for i in items]


def of_that_kind(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with one word for a kind of place before or behind a name as part of it: "provincie
    Drenthe", "County Kerry"; not where places of the kind are asked for."""
    asked = any(i.type in ("SUP", "RANKED", "EACH", "MANY", "RANK", "HAVING", "COUNT", "NTH") for i in items)
    if asked:
        return items
    single = {(i.start, i.end) for i in said.items if i.type == "ONELEVEL"}
    found = list(items)
    for n, level in enumerate(items):
        before = items[n - 1] if n else None
        wanted = before is not None and before.type == "ASK" and before.value in ("which", "how_many", "what")
        wanted = wanted and before is not None and close(before, level, said)
        if level.type == "INSIDE" and not wanted and any(e == level.end for _, e in single):
            found[found.index(level)] = replace(level, type="PLACE", value=level.value[0])  # "Occitanie region"
            continue
        if level.type != "LEVEL" or (level.start, level.end) not in single or wanted:
            continue
        for place in items[max(n - 1, 0) : n + 2]:
            first, second = sorted((level, place), key=lambda i: i.start)
            named = place.type == "PLACE" and any(r.level not in ("country", "group") for r in place.value.regions)
            if named and close(first, second, said):
                found[found.index(place)] = replace(place, start=first.start, end=second.end)
                found.remove(level)
                break
    return found


def in_a_circle(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with a distance that stands apart from the one town named as a circle around it: "Foggia,
    30 km radius", "maize near Toulouse, at most 25 km away"; the word for a town belongs to its name."""
    if any(i.type in ENDS for i in items):
        return items
    small = [i for i in items if i.type == "PLACE" and is_small(i.value)]
    towns = [i for i in small if is_town(i.value)] or small
    radii = [i for i in items if i.type == "RADIUS"]
    begins = any(i.type == "NEAREST" for i in items)
    if len(radii) == 1 and not any(i.type in CIRCLES for i in items) and len(towns) == 1 and not begins:
        town, radius = towns[0], radii[0]
        circle = near((radius.value, "km"), town.value, "near")
        items = [replace(i, type="NEAR", value=circle) if i is town else silent(i) if i is radius else i for i in items]
    elif not (begins and len(towns) == 1) and not any(i.type == "NEAR" for i in items):
        return items
    named = [i for i in items if i.type in ("NEAR", "PLACE", "RADIUS", SILENT)]
    words = [i for i in free(("FINE",), items, said)
             if any(close(i, one, said) or close(one, i, said) for one in named)]  # fmt: skip
    around = [i for i in free(("WITHIN", "NEARBY", "FAR"), items, said)
              if any(close(i, one, said) or close(one, i, said) for one in (*named, *words))]  # fmt: skip
    return sorted([*items, *map(silent, [*words, *around])], key=lambda i: i.start)


def there(items: list[Item]) -> list[Item]:
    """Return the constraints with "there" as the circle that is named: Dutch "hoeveel … lagen er binnen 50 km van"."""
    named = any(i.type in CIRCLES for i in items)
    return [silent(i) if i.type == "HERE" and named else i for i in items]


UNIT_OF = {"km": ("NEAREST",), "m": (*ENDS, "DIM", "NEAREST"), "deg": (*ENDS, "DIM")}
"""Unit that is asked for → what it is asked of."""


def in_units_asked(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the unit of what is asked for as read: "how many metres up", "the highest, in
    metres"."""
    asked = [*free(("UNIT",), items, said)]
    high = {i.start: i for i in said.items if i.type == "END" and i.value[0] == "elevation"}
    if any(unit.value == "m" for unit in asked):
        items = [high.get(i.start, i) if i.type == "SUP" else i for i in items]  # "the highest vineyard, in metres"
    of = {i.type for i in items}
    measured = {i.end for i in said.items if i.type in ("NUM", "QTY", "CMP")}
    units = [unit for unit in asked if of & {*UNIT_OF.get(unit.value, ())} and unit.start not in measured]
    return sorted([*items, *map(silent, units)], key=lambda i: i.start)


def apart_from_its_number(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with a verb that compares and stands apart from its number as one condition: German
    "in welchen Ländern überstieg der Waldanteil 55 %"."""
    signs = [i for i in free(("CMP",), items, said) if i.value in ("<", ">")]
    apart = [i for i in items if (i.type, i.value) != ("MEASURE", "share")]  # which the sign of percent says too
    sizes = [i for i in free(("QTY",), apart, said) if i.value[1] in ("%", "ha", "km2", "pp")]
    rows = any(i.type in ROWS or (i.type, i.value) == ("ASK", "is") for i in items)
    if len({i.start for i in signs}) != 1 or len(sizes) != 1 or not rows or signs[0].end > sizes[0].start:
        return items
    told = max(signs, key=lambda i: i.end)
    having = replace(sizes[0], type="HAVING", value=(told.value, *sizes[0].value))
    kept = [i for i in items if not having.start <= i.start < having.end]
    return sorted([*kept, silent(told), having], key=lambda i: i.start)


def whether_found(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the verb of finding behind what asks for yes or no as read: "did anyone find"; and
    with "the broadleaved part" that is left out as that class."""
    found = list(items)
    for n, (one, other) in enumerate(pairwise(items)):
        asks = n == 0 and (one.type, one.value, other.type, other.value) == ("ASK", "is", "ASK", "show")
        part = one.type == "NOTCLASS" and (other.type, other.value) == ("MEASURE", "share")
        if (asks or part) and close(one, other, said):
            found[n + 1] = silent(other)
    return found


def beyond_the_circle(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "and how many farther away", behind one circle, as what lies outside it: no
    difference and no farthest point."""
    circles = [i for i in items if i.type in CIRCLES]
    later = [i for i in items if circles and i.start >= circles[0].end and i.type not in ("YEAR", SILENT)]
    asks = [i for i in said.items if (i.type, i.value) == ("ASK", "how_many") and later and i.start == later[0].start]
    if len(circles) != 1 or circles[0].type != "NEAR" or circles[0].value[0] != "near" or not asks:
        return items
    beyond = (later[0].type == "DIFF" and len(later) == 1) or [(i.type, i.value) for i in later] == [
        ("ASK", "how_many"),
        ("NEAREST", "most"),
    ]
    if not beyond:
        return items
    other = Item(later[0].start, later[-1].end, "OTHERSIDE", ">")
    return sorted([*(i for i in items if i not in later), other], key=lambda i: i.start)


def mean_and_whole(items: list[Item]) -> list[Item]:
    """Return the constraints with "more" of a mean than of the whole, a place that is named twice and of no two years,
    as what the two figures tell: "does averaging the regions of Austria give more than Austria's own figure"."""
    places = [i.value for i in items if i.type == "PLACE"] + [i.value[0] for i in items if i.type == "INSIDE"]
    twice = len(places) == 2 and places[0].regions == places[1].regions
    means = any((i.type, i.value) == ("STAT", "mean") for i in items)
    timed = any(i.type in ("SPAN", "SINCEYEAR", "CHANGE", "TREND") for i in items)
    if not (twice and means) or timed:
        return items
    return [silent(i) if i.type in ("UP", "DOWN") else i for i in items]


def counted_rows(items: list[Item]) -> list[Item]:
    """Return the constraints with "more than 250 of them", of rows that are left out, as so many points."""
    less = any(i.type == "NOTROWS" for i in items)
    return [replace(i, type="COUNT", value=(*i.value[:2], "points")) if less and i.type == "BARE" else i for i in items]


def so_many_of_them(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints of a ranking with the number that stands at its end as how many rows are asked for: "the
    five biggest rises", "five at the top"."""
    ends = [i for i in items if i.type == "SUP"]
    rows = any(i.type in ROWS for i in items)
    numbered = any(i.type in ("FIRST", "MANY", "NTH", "RANKNTH") or (i.type == "RANK" and i.value[1]) for i in items)
    numbers = [n for n in free(("NUM",), items, said) if n.value > 1 and any(close(n, e, said) for e in ends)]
    if not rows or numbered or len(numbers) != 1:
        return items
    return sorted([*items, replace(numbers[0], type="FIRST", value=int(numbers[0].value))], key=lambda i: i.start)


def of_the_nearest(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints of the nearest point with how far off it is, and what grows there, as what is told of
    it anyway."""
    if not any(i.type == "NEAREST" for i in items):
        return items
    far = [*free(("FAR", "FROM"), items, said)]
    kept = [silent(i) if i.type in ("UP", "UNSURE") or (i.type, i.value) == ("DIFF", "difference") else i
            for i in items]  # fmt: skip
    return sorted([*kept, *map(silent, far)], key=lambda i: i.start)


def added_up(items: list[Item]) -> list[Item]:
    """Return the constraints with "add … together" as a sum, not as more of what was asked before."""
    summed = any(i.type == "TOGETHER" for i in items)
    return [silent(i) if summed and n == 0 and i.type == "ALSO" else i for n, i in enumerate(items)]


def with_its_members(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the number of a union's members as part of its name: "the EU-27"."""
    groups = [i for i in items if i.type == "PLACE" and any(r.level == "group" for r in i.value.regions)]
    taken = {n for i in items if i.type not in ("FIRST", "MANY") for n in range(i.start, i.end)}
    numbers = [i for i in said.items if i.type == "NUM" and i.value in UNIONS and i.start not in taken]
    glued = [n for n in numbers for g in groups if n.start == g.end]
    if not glued:
        return items
    at = {n.start for n in glued}
    kept = [i for i in items if i.type != "FIRST" or i.start not in at]
    return sorted([*kept, *map(silent, glued)], key=lambda i: i.start)


UNIONS = (15, 25, 27, 28)
"""How many countries the European Union was or is counted to have."""


def years_later(items: list[Item]) -> list[Item]:
    """Return the constraints with "three years later" beside one year as that later year."""
    years = [i for i in items if i.type == "YEAR"]
    later = [i for i in items if i.type == "LATER"]
    if len(years) != 1 or len(later) != 1 or later[0].start < years[0].end:
        return items
    return [replace(i, type="YEAR", value=years[0].value + i.value) if i is later[0] else i for i in items]


def something_else(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "something else" in a later year as the points that the class lost: "vines in 2015
    and something else in 2018"."""
    other = [i for i in free(("OTHER",), [i for i in items if i.type not in ("RANKCLASS", "CLASSES")], said)
             if i.value == "deixis.other"]  # fmt: skip
    codes = {i.value.match.codes for i in items if i.type == "CLASS"}
    years = {i.value for i in items if i.type == "YEAR"}
    dated = len(years) == 2 or any(i.type == "SPAN" for i in items)
    left = any(i.type in ("LOST", "FATE", "GAINED", "STAYED", "LEFTFOR", "NOTCLASS") for i in items)
    first = next((i for i in items if i.type == "CLASS"), None)
    if not other or len(codes) != 1 or not dated or first is None or other[0].start < first.end:
        return items
    gone = max(other, key=lambda i: i.end - i.start)
    behind = [i for i in items if i.type in ("RANKCLASS", "CLASSES") and i.start >= gone.start]
    kept = [i for i in items if i.type != "BECAME" and i not in behind]
    beside = [i for i in items if i not in kept]
    lost = silent(gone) if left else replace(gone, type="LOST", value="")
    return sorted([*kept, lost, *map(silent, beside)], key=lambda i: i.start)


def as_more_there(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "more" that says "also" too, between two places and of a number, as the difference of
    the two: Italian "quanti punti in più ha il Veneto rispetto a"."""
    also = [i for i in items if i.type == "ALSO"]
    places = [i for i in items if i.type == "PLACE"]
    asked = any(i.type == "ASK" and i.value in ("how_many", "how_much") for i in items)
    than = any(i.type in ("THANWORD", "THAN") and i.end <= places[-1].start for i in said.items) if places else False
    than = than or any((i.type, i.value) == ("DIFF", "ratio") for i in said.items)
    if len(also) != 1 or len(places) != 2 or not asked or not than or any(i.type == "SPAN" for i in items):
        return items
    kept = [i for i in items if (i.type, i.value) != ("DIFF", "ratio")]
    return [replace(i, type="DIFF", value="difference") if i is also[0] else i for i in kept]


ARTIFICIAL = "A00"


def urbanised(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with a word for building over beside the class that says so too as its growth: French
    "s'est-elle bétonnée … la part artificialisée"."""
    words = [i for i in free(("OTHER",), items, said) if i.value == "change.urbanisation"]
    became = {c for i in items if i.type == "FATE" and i.value[1] for c in i.value[1].match.codes}
    codes = {c for i in items if i.type == "CLASS" for c in i.value.match.codes}
    if not words or ARTIFICIAL not in codes | became or (codes != {ARTIFICIAL} and not became):
        return items
    moved = bool(became) or any(i.type in ("TREND", "CHANGE", "UP", "DOWN", "DIFF") for i in items)
    grown = [silent(i) if moved or n else replace(i, type="UP", value="") for n, i in enumerate(words)]
    return sorted([*items, *grown], key=lambda i: i.start)


def greater_shares(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "the greater share of", a class and no number behind it, as the most: Italian "la
    quota maggiore di"."""
    shares = [i for i in items if i.type == "MEASURE"]
    classes = [i for i in items if i.type == "CLASS"]
    found = list(items)
    for sign in (i for i in free(("CMP",), items, said) if i.value in ("<", ">")):
        if any(close(s, sign, said) for s in shares) and any(close(sign, c, said) for c in classes):
            most = replace(sign, type="SUP", value="most" if sign.value == ">" else "fewest")
            found.append(silent(sign) if any((i.type, i.value) == (most.type, most.value) for i in found) else most)
    return sorted(found, key=lambda i: i.start)


def ranked_among(items: list[Item]) -> list[Item]:
    """Return the constraints with "where does Poland come among the 27" as its place in the ranking: a country holds no
    countries, so that these are what it stands among."""
    places = [i for i in items if i.type == "PLACE"]
    levels = [i for i in items if i.type == "LEVEL"]
    where = any(i.type == "ASK" and i.value == "where" for i in items)
    ranked = any(i.type in ("RANKED", "SUP", "NTH", "RANK", "INSIDE", "EACH", "HAVING", "COUNT") for i in items)
    if not where or ranked or len(places) != 1 or len(levels) != 1 or levels[0].start < places[0].end:
        return items
    if not places[0].value.regions or places[0].value.regions[0].level != levels[0].value:
        return items
    among = Item(levels[0].start, levels[0].start, "RANKED", "")
    return sorted([*items, among], key=lambda i: (i.start, i.end))


def classes_ranked(items: list[Item]) -> list[Item]:
    """Return the constraints with "which two crops … most often" as a ranking of classes, where nothing else is
    ranked."""
    kinds = [i for i in items if i.type == "CLASSES" and i.value in ("crops", "land_cover", "land_use")]
    sups = [i for i in items if i.type == "SUP"]
    first = next((i for i in items if i.type == "FIRST"), None)
    others = (*ROWS, "CLASS", "EACHCLASS", "COUNTED", "DIFF", "CHANGE", "UP", "DOWN", "END")
    if len(kinds) != 1 or len(sups) != 1 or any(i.type in others for i in items) or sups[0].start < kinds[0].end:
        return items
    if not any(i.type == "ASK" and i.value in ("which", "what", "show") and i.end <= kinds[0].start for i in items):
        return items
    ranked = replace(kinds[0], type="RANKCLASS", value=(sups[0].value, first.value if first else None, kinds[0].value))
    return [ranked if i is kinds[0] else silent(i) if i in (sups[0], first) else i for i in items]


REMAINING = ("LOST", "GAINED", "FATE", "FATESPLIT", "BECAME", "CHANGE", "SPAN", "SINCEYEAR")


def left_over(items: list[Item]) -> list[Item]:
    """Return the constraints with "how many remain?", of one year and something left out, as how many there are: no
    question of what stayed."""
    out = any(i.type in ("NOTCLASS", "NOTPLACE", "NOTROWS", "NOTRANK") for i in items)
    timed = sum(i.type == "YEAR" for i in items) > 1 or any(i.type in REMAINING for i in items)
    return [replace(i, type=SILENT, value="") if i.type == "STAYED" and out and not timed else i for i in items]


def spread_over_classes(items: list[Item]) -> list[Item]:
    """Return the constraints with points that are spread over "the main classes", apart from the word that says so, as
    rows by class: German "Wie verteilen sich die … Punkte auf die Hauptklassen"."""
    kinds = [i.type for i in items]
    apart = "EACH" in kinds and "CLASSES" in kinds and not {*kinds} & {"CLASS", "SPLIT", "RANKCLASS", *REMAINING}
    if not apart or kinds.index("EACH") > kinds.index("CLASSES") or any(kind in ROWS for kind in kinds):
        return items
    kept = [i for i in items if i.type != "EACH"]
    return [replace(i, type="SPLIT", value=("classes", i.value)) if i.type == "CLASSES" else i for i in kept]


def of_that_year(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the year right behind a witness as its year, no first one: French "les chiffres
    publiés de 2018"."""
    begins = {i.start for i in said.items if i.type == "FROM"}
    witnesses = {i.end for i in items if i.type == "WITNESS"}
    return [replace(i, type="YEAR") if i.type == "SINCEYEAR" and i.start in begins & witnesses else i for i in items]


def with_the_other_end(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "… and which two least?", behind a ranking of a land cover, as its other end."""
    for n, (asks, sup) in enumerate(pairwise(items)):
        number = next((i for i in said.items if i.type == "NUM" and asks.end <= i.start and i.end <= sup.start), None)
        kinds = {i.type for i in items[:n]}
        if number and (asks.type, asks.value, sup.type) == ("ASK", "which", "SUP") and kinds >= {"RANK", "CLASS"}:
            other = Item(asks.start, sup.end, "OTHEREND", (sup.value, int(number.value)))
            return [*items[:n], other, *items[n + 2 :]]
    return items


def apart_at_both_ends(items: list[Item]) -> list[Item]:
    """Return the constraints with "the three most and the three least wooded countries" as its number, its two ends,
    its rows and its class."""
    found: list[Item] = []
    for one in items:
        if one.type != "BOTHENDS":
            found.append(one)
            continue
        number, first, last, level, place, *covers = one.value
        start, end = one.start, one.end
        found += [Item(start, start + 1, "FIRST", number), Item(start + 1, start + 2, "SUP", first)]
        found += [Item(start + 2, end - len(covers), "RANK", (last, number, level, place))]
        found += [Item(end - 1, end, "CLASS", cover) for cover in covers]
    return found


def crops_of_places(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with the largest share "of crops" that a place is asked for as a ranking of places by
    their cropland: Italian "quale paese ha la quota più grande di colture"."""
    kinds = [i.type for i in items]
    ranked = next((i for i in items if i.type == "RANKCLASS" and i.value[1:] == (None, "crops")), None)
    level = next((i for i in items if i.type == "LEVEL"), None)
    shares = any(i.type == "MEASURE" and i.value == "share" for i in items)
    if ranked is None or level is None or not shares or "CLASS" in kinds or level.end > ranked.start:
        return items
    start, end, _ = said.tokens[ranked.end - 1]
    words = said.question[start:end]
    crops = Cover(start, end, words, (ClassMatch("land_cover", ("B00",), words, ""),))
    found = [
        replace(i, type="RANK", value=(ranked.value[0], None, level.value, None)) if i is level else i for i in items
    ]
    return [Item(i.start, i.end, "CLASS", crops) if i is ranked else i for i in found]


def crops_alone(items: list[Item]) -> list[Item]:
    """Return the constraints of ranked crops with what says again that they are crops as read: "crops only, no grass or
    trees"."""
    if not any(i.type == "RANKCLASS" and i.value[2] == "crops" for i in items):
        return items
    found = []
    for i in items:
        gone = [code for cover in i.value for code in cover.match.codes] if i.type == "NOTCLASS" else []
        other = bool(gone) and not any(code.startswith("B") for code in gone)
        again = i.type == "CLASS" and i.value.match.codes == ("B00",)
        found.append(silent(i) if other or again else i)
    return found


MAIN_CLASSES = 2
"""Whole main classes, from which on "and the rest" makes them the parts of all land."""


def all_land(items: list[Item], said: Mentions) -> list[Item]:
    """Return the constraints with "forest, fields, grass and the rest" as the classes that all land is divided into."""
    classes = [i for i in items if i.type == "CLASS"]
    left = [i for i in items if i.type != "STAYED"]  # French "le reste"
    rest = [i for i in free(("OTHER",), left, said) if i.value == "deixis.other" and classes
            and i.start >= classes[-1].end]  # fmt: skip
    asked = any(i.type in ("DIFF", "SUP", "FATE", "LOST", "GAINED", "CHANGE", "UP", "DOWN", *ROWS[:-3]) for i in items)
    asked = asked or any(i.value in ("how_many", "points") for i in items if i.type in ("ASK", "MEASURE"))
    main = {code for i in classes for code in i.value.match.codes if code.endswith("00")}
    if len(main) < MAIN_CLASSES or not rest or asked:
        return items
    if any(len(i.value.choices) != 1 or i.value.match.theme != "land_cover" for i in classes):
        return items
    whole = Item(classes[0].start, rest[0].end, "SPLIT", ("classes", "land_cover"))
    kept = [i for i in items if i.end <= whole.start or i.start >= whole.end]
    return sorted([silent(i) if i.type == "EACH" else i for i in [*kept, whole]], key=lambda i: i.start)


def as_changed(items: list[Item]) -> list[Item]:
    """Return the constraints with "whose class differs between 2015 and 2018", of no class that is named, as points
    that changed."""
    of_classes = any(i.type in ("CLASSES", "RANKCLASS") for i in items)
    spans = any(i.type == "SPAN" for i in items) or len({i.value for i in items if i.type == "YEAR"}) == 2
    named = any(i.type in ("CLASS", *ROWS) for i in items)
    if not of_classes or not spans or named or sum(i.type == "PLACE" for i in items) > 1:
        return items
    return [replace(i, type="CHANGE", value="") if (i.type, i.value) == ("DIFF", "difference") else i for i in items]
