"""Rows of mentions become constraints: rules over types, which know no language, and the reading that covers most.

A rule is a row of types and what they make; small words may stand between them, not before a type with a plus, and no
"and" before one with a tilde. Every reading of every run of words is built; the one that reads most words with the
fewest and cheapest constraints is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from agent.reading.mentions import FIRST_YEAR, LAST_YEAR, Item, Mentions
from agent.understand import NEAR_KM, POINT_COMPOUND
from retrieval.query import Filter
from retrieval.types import Place

KM_OF_MILE = 1.609344
MOST_DEGREES = 180
MOST_SMALL = 3
"""Small words that may stand between two parts of a constraint."""
MOST_ROUNDS = 4
MOST_ROWS = 1000
"""A number from here on is no number of rows."""


def span(sign: str, number: float, dimension: str) -> Filter:
    """Return a filter of one number."""
    match sign:
        case ">":
            return Filter(dimension, "above", (number,))
        case "<":
            return Filter(dimension, "below", (number,))
        case ">=":
            return Filter(dimension, "between", (number, None))
    return Filter(dimension, "between", (None, number) if sign == "<=" else (number, number))


def limit(sign: str, quantity: tuple[float, str], dimension: str = "") -> Filter | None:
    """Return a limit in metres on an elevation, or in degrees on a latitude or longitude."""
    number, unit = quantity
    if unit == "m" and dimension in ("", "elevation"):
        return span(sign, number, "elevation")
    return span(sign, number, dimension) if unit == "deg" and dimension in ("lat", "lon") else None


def beyond(way: tuple[str, str], quantity: tuple[float, str], side: tuple[str, str] | None = None) -> Filter | None:
    """Return a limit in a direction: "west of 5° W"; degrees said to be west or south count downwards from zero."""
    number, unit = quantity
    if side and side[0] != way[0]:
        return None
    return limit(way[1], (-number if side and side[1] == "<" else number, unit), way[0])


def threshold(sign: str, quantity: tuple[float, str]) -> tuple[str, float, str] | None:
    """Return a condition on a share, an area or a change."""
    number, unit = quantity
    return (sign, number, unit) if unit in ("%", "ha", "km2", "pp") else None


def ends(low: float, high: float, dimension: str) -> Filter:
    """Return a filter of two numbers, the smaller first."""
    return Filter(dimension, "between", (min(low, high), max(low, high)))


def is_year(number: float) -> bool:
    """Whether a number may be a year."""
    return FIRST_YEAR <= number <= LAST_YEAR


def at_least_so_many(sign: str, number: float, measure: str) -> tuple[str, float, str] | None:
    """Return a condition on a number of points; "until 2018" is none: Spanish "hasta 2018 los puntos"."""
    return None if measure != "points" or (sign == "<=" and is_year(number)) else (sign, number, "points")


def rank(way: str, number: float | None, level: str, place: Any = None) -> tuple[str, int | None, str, Any] | None:
    """Return a ranking; a year is no number of rows."""
    return (
        None
        if number is not None and number >= MOST_ROWS
        else (way, None if number is None else int(number), level, place)
    )


def both_ends(ranking: tuple[Any, ...], again: float, last: str) -> tuple[Any, ...] | None:
    """Return so many rows at either end of a ranking of places, which may name its class: "the three most and the three
    least wooded countries", "the three countries with most and the three with least"."""
    way, number, level, place, *cover = ranking
    same = number == again < MOST_ROWS and way != last
    return (int(number), way, last, level, place, *cover) if same else None


def holds(place: Any, level: str) -> bool:
    """Whether a place may have rows of a level: a country holds no countries."""
    return level != "country" or not place.regions or any(r.level == "group" for r in place.regions)


def has_states(place: Any, level: str) -> bool:
    """Whether a country's states are called countries: German "deutsche Länder"."""
    return level == "country" and any(r.id in ("country:DE", "country:AT") for r in place.regions)


def counts(low: float, high: float, measure: str) -> tuple[str, tuple[float, float], str] | None:
    """Return a condition on a number of points between two numbers that are no years."""
    return ("between", (low, high), measure) if measure == "points" and not is_year(low) else None


def counted(low: float, high: float, cover: Any) -> tuple[Any, Any] | None:
    """Return a class with a condition on its number of points: "between 5 and 15 rye points"."""
    return None if is_year(low) else (("between", (low, high), "points"), cover)


def margin(asked: str, measure: str, sign: str) -> str | None:
    """Return a difference that is asked for: "how many points above", "how much below"."""
    counted = asked in ("how_much", "how_many") and measure in ("pp", "points", "share")
    return "difference" if counted and sign in ("<", ">") else None


def near(quantity: tuple[float, str], place: Any, op: str) -> tuple[str, float, Any] | None:
    """Return a circle in kilometres."""
    number, unit = quantity
    if unit not in ("km", "m"):
        return None
    return op, number if unit == "km" else number / 1000, place


def ring(least: float, circle: tuple[str, float, Any]) -> tuple[str, tuple[float, float], Any] | None:
    """Return what lies in a circle but not within some kilometres of its centre."""
    op, km, place = circle
    return ("ring", (least, km), place) if op == "near" and 0 < least < km else None


def is_town(area: Any) -> bool:
    """Whether a name is that of a town: "Lyon, within 40 km", not "Ireland within 5 km of a motorway"."""
    return any(isinstance(candidate, Place) for candidate in area.candidates)


def is_small(area: Any) -> bool:
    """Whether a name is of no country and no group of countries: a distance may be measured from it."""
    return not any(r.level in ("country", "group") for r in area.regions)


def far(sign: str, quantity: tuple[float, str], place: Any) -> tuple[str, float, Any] | None:
    """Return a circle in kilometres, or what lies outside it."""
    return near(quantity, place, "not_near" if ">" in sign else "near") if quantity[1] == "km" else None


def is_general(cover: Any) -> bool:
    """Whether a class holds others: cereals, woodland, not rye."""
    return any(code.endswith("0") for code in cover.match.codes) or len(cover.match.codes) > 1


def pooled(one: Any, other: Any) -> Any:
    """Return two classes as one, where they are of one main class: "fields and other crops"."""
    if len({code[0] for code in (*one.match.codes, *other.match.codes)}) > 1 or len(one.choices + other.choices) > 2:
        return None
    codes = tuple(dict.fromkeys((*one.match.codes, *other.match.codes)))
    return replace(other, start=one.start, choices=(replace(other.match, codes=codes),))


LEVELS_OF_CONFIDENCE = (90.0, 95.0, 99.0)
OTHER_CROPS = ("deixis.other", "crops")


def with_all_crops(cover: Any) -> Any:
    """Return a class of crops as all cropland: "fields and other crops"."""
    crops = all(code.startswith("B") for code in cover.match.codes)
    return replace(cover, choices=(replace(cover.match, codes=("B00",)),)) if crops else None


def into_crops(cover: Any) -> tuple[Any, Any] | None:
    """Return what a class of cover became, where that is said as crops: "from meadow to crops"."""
    crops = replace(cover, choices=(replace(cover.match, codes=("B00",)),))
    return (cover, crops) if cover.match.theme == "land_cover" else None


Rule = tuple[str, str, Callable[..., Any]]
RULES: list[Rule] = [
    # numbers with units
    ("NUM UNIT", "QTY", lambda n, u: (round(n * KM_OF_MILE, 3), "km") if u == "mi" else (n, u)),
    ("FRACTION", "QTY", lambda f: (f, "%")),
    ("QTY FROM", "QTY", lambda q, f: q if q[1] == "km" else None),
    ("NUM TIMES", "NUM", lambda a, b: a * b if a < b else None),
    # limits on elevation, latitude and longitude
    ("NO NO", "NOTONE", lambda a, b: a),  # "няма нито една", "nėra nė vieno"
    ("LEVEL NOTONE CLASS", "NONE", lambda level, n, c: (level, c)),
    ("LEVEL NOTONE MEASURE CLASS", "NONE", lambda level, n, m, c: (level, c) if m == "points" else None),
    ("CMP QTY DIM", "LIMIT", lambda c, q, d: limit(c, q, d)),
    ("QTY DIM +CMP", "LIMIT", lambda q, d, c: limit(c, q, d)),
    ("DIM CMP QTY", "LIMIT", lambda d, c, q: limit(c, q, d)),
    ("DIM CMP NUM", "LIMIT", lambda d, c, n: span(c, n, d)),
    ("CMP NUM DIM", "LIMIT", lambda c, n, d: None if is_year(n) else span(c, n, d)),
    ("CMP QTY", "LIMIT", lambda c, q: limit(c, q) if q[1] == "m" else None),
    ("QTY +CMP", "LIMIT", lambda q, c: limit(c, q) if q[1] == "m" and c in (">=", "<=", ">", "<") else None),
    ("QTY +CMP DIM", "LIMIT", lambda q, c, d: limit(c, q, d)),
    ("LIMIT DIM", "LIMIT", lambda f, d: f if f.dimension == d else None),
    ("LEVEL ~LEVEL", "LEVEL", lambda a, b: b if a in ("nuts3", "region") and b.startswith("nuts") else None),
    ("MEASURE ~MEASURE", "MEASURE", lambda a, b: a if (a, b) == ("share", "area") else None),
    ("DIM LIMIT", "LIMIT", lambda d, f: f if f.dimension == d else None),
    ("BETWEEN NUM TO QTY", "LIMIT", lambda b, x, t, q: ends(x, q[0], "elevation") if q[1] == "m" else None),
    ("BETWEEN QTY TO QTY", "LIMIT", lambda b, p, t, q: ends(p[0], q[0], "elevation") if q[1] == "m" == p[1] else None),
    ("NUM TO QTY", "LIMIT", lambda x, t, q: None if is_year(x) or q[1] != "m" else ends(x, q[0], "elevation")),
    ("QTY TO QTY", "LIMIT", lambda p, t, q: ends(p[0], q[0], "elevation") if q[1] == "m" == p[1] else None),
    ("NUMS UNIT", "LIMIT", lambda x, u: ends(*x, "elevation") if u == "m" else None),
    ("NUMS UNIT", "HAVING", lambda x, u: ("between", x, u) if u == "%" else None),
    ("FROM NUM TO QTY", "LIMIT", lambda b, x, t, q: ends(x, q[0], "elevation") if q[1] == "m" else None),
    ("CMP QTY DIR", "LIMIT", lambda c, q, d: limit(c, q, d[0])),
    ("DIM CMP QTY DIR", "LIMIT", lambda a, c, q, d: limit(c, q, a) if d[0] == a else None),
    ("DIR QTY", "LIMIT", lambda d, q: beyond(d, q)),
    ("DIR QTY DIR", "LIMIT", lambda d, q, e: beyond(d, q, e)),
    ("DIR DIM QTY", "LIMIT", lambda d, a, q: beyond(d, q) if d[0] == a else None),
    ("DIR DIM QTY DIR", "LIMIT", lambda d, a, q, e: beyond(d, q, e) if d[0] == a else None),
    ("DIR DIM NUM", "LIMIT", lambda d, a, n: span(d[1], n, a) if d[0] == a and n <= MOST_DEGREES else None),
    ("DIR NUM DIM", "LIMIT", lambda d, n, a: span(d[1], n, a) if d[0] == a and n <= MOST_DEGREES else None),
    ("NUM DIM +DIR", "LIMIT", lambda n, a, d: span(d[1], n, a) if d[0] == a and n <= MOST_DEGREES else None),
    ("DIR ORD DIM", "LIMIT", lambda d, n, a: span(d[1], float(n), a) if d[0] == a else None),
    ("BETWEEN NUM TO QTY DIR", "LIMIT", lambda b, x, t, q, d: ends(x, q[0], d[0]) if q[1] == "deg" else None),
    ("BETWEEN QTY TO QTY DIR", "LIMIT", lambda b, p, t, q, d: ends(p[0], q[0], d[0]) if q[1] == "deg" else None),
    ("BETWEEN NUM TO NUM DIR", "LIMIT", lambda b, x, t, y, d: None if is_year(x) and is_year(y) else ends(x, y, d[0])),
    ("DIM BETWEEN NUM TO NUM", "LIMIT", lambda d, b, x, t, y: ends(x, y, d)),
    # distances: they need words of distance
    ("NEARBY PLACE", "NEAR", lambda w, p: ("near", NEAR_KM, p) if w == "before" else None),
    ("PLACE NEARBY", "NEAR", lambda p, w: ("near", NEAR_KM, p) if w == "after" else None),
    ("NEARBY POSITION", "NEAR", lambda w, p: ("near", NEAR_KM, p) if w == "before" else None),
    ("WITHIN QTY PLACE", "NEAR", lambda w, q, p: near(q, p, "near")),
    ("QTY WITHIN PLACE", "NEAR", lambda q, w, p: near(q, p, "near")),
    ("PLACE QTY WITHIN", "NEAR", lambda p, q, w: near(q, p, "near") if w == "after" else None),
    ("PLACE CMP QTY WITHIN", "NEAR", lambda p, c, q, w: far(c, q, p) if w == "after" else None),
    ("OFFPLACE CMP QTY", "NEAR", lambda p, c, q: far(c, q, p)),
    ("OFFPLACE QTY", "NEAR", lambda p, q: near(q, p, "near") if q[1] == "km" else None),
    ("OFFPLACE CMP QTY FAR", "NEAR", lambda p, c, q, f: far(c, q, p)),
    ("OFFPLACE QTY CMP FAR", "NEAR", lambda p, q, c, f: far(c, q, p)),
    ("OFFPLACE QTY FAR", "NEAR", lambda p, q, f: near(q, p, "near") if q[1] == "km" else None),
    ("OFFPLACE QTY WITHIN", "NEAR", lambda p, q, w: near(q, p, "near") if q[1] == "km" else None),
    ("NEAR QTY WITHIN", "NEAR", lambda x, q, w: near(q, x[2], x[0])),
    ("NEAR WITHIN QTY WITHIN", "NEAR", lambda x, v, q, w: near(q, x[2], x[0])),
    ("QTY WITHIN FROM PLACE", "NEAR", lambda q, w, f, p: near(q, p, "near")),
    ("NEARBY PLACE WITHIN QTY", "NEAR", lambda n, p, w, q: near(q, p, "near") if n == "before" else None),
    ("NEARBY PLACE CMP QTY", "NEAR", lambda n, p, c, q: far(c, q, p) if n == "before" else None),
    ("NEARBY PLACE CMP QTY FAR", "NEAR", lambda n, p, c, q, f: far(c, q, p) if n == "before" else None),
    ("NEARBY PLACE QTY FAR", "NEAR", lambda n, p, q, f: near(q, p, "near") if n == "before" else None),
    ("NEARBY PLACE QTY WITHIN", "NEAR", lambda n, p, q, w: near(q, p, "near") if n == "before" else None),
    ("QTY NEARBY PLACE", "NEAR", lambda q, w, p: near(q, p, "near") if q[1] == "km" else None),
    ("WITHIN QTY NEARBY PLACE", "NEAR", lambda w, q, n, p: near(q, p, "near")),
    ("QTY WITHIN NEARBY PLACE", "NEAR", lambda q, w, n, p: near(q, p, "near")),
    ("QTY WITHIN PLACE NEARBY", "NEAR", lambda q, w, p, n: near(q, p, "near") if n == "after" else None),
    ("CMP QTY PLACE", "NEAR", lambda c, q, p: far(c, q, p)),
    ("CMP QTY FAR PLACE", "NEAR", lambda c, q, f, p: near(q, p, "not_near" if ">" in c else "near")),
    ("WITHIN QTY FAR PLACE", "NEAR", lambda w, q, f, p: near(q, p, "near")),
    ("FAR CMP QTY PLACE", "NEAR", lambda f, c, q, p: near(q, p, "not_near" if ">" in c else "near")),
    ("QTY PLACE", "NEAR", lambda q, p: near(q, p, "near") if q[1] == "km" else None),
    ("WITHIN QTY POSITION", "NEAR", lambda w, q, p: near(q, p, "near")),
    ("WITHIN QTY FAR POSITION", "NEAR", lambda w, q, f, p: near(q, p, "near")),
    ("CMP QTY FAR POSITION", "NEAR", lambda c, q, f, p: near(q, p, "not_near" if ">" in c else "near")),
    ("CMP QTY POSITION", "NEAR", lambda c, q, p: near(q, p, "not_near" if ">" in c else "near")),
    ("PLACE +WITHIN QTY", "NEAR", lambda p, w, q: near(q, p, "near") if is_town(p) else None),
    ("QTY POSITION", "NEAR", lambda q, p: near(q, p, "near") if q[1] == "km" else None),
    ("NO NEAR", "NEAR", lambda n, x: ("not_near" if x[0] == "near" else "near", x[1], x[2])),
    ("NOT NEAR", "NEAR", lambda n, x: ("not_near" if x[0] == "near" else "near", x[1], x[2])),
    ("NEAR AND +PLACE", "NEARS", lambda x, a, p: (x, (*x[:2], p))),
    ("NEAR OR PLACE", "NEARS", lambda x, a, p: (x, (*x[:2], p)) if is_small(p) else None),
    ("NEAR OR NEAR", "NEARS", lambda x, a, y: (x, y)),
    ("PLACE OR NEAR", "NEARS", lambda p, o, x: ((*x[:2], p), x) if is_small(p) else None),  # Hungarian
    ("PLACE AND NEAR", "NEARS", lambda p, a, x: ((*x[:2], p), x) if is_small(p) else None),
    ("NEARS AND +PLACE", "NEARS", lambda n, a, p: (*n, (*n[-1][:2], p))),
    ("NEARS OR +PLACE", "NEARS", lambda n, a, p: (*n, (*n[-1][:2], p))),
    ("OUTSIDE NEAR", "NEAR", lambda n, x: ("not_near", x[1], x[2])),
    ("BETWEEN NUM TO NEAR", "NEAR", lambda b, n, t, x: ring(n, x)),
    ("BETWEEN QTY TO NEAR", "NEAR", lambda b, q, t, x: ring(q[0], x) if q[1] == "km" else None),
    ("NUM TO NEAR", "NEAR", lambda n, t, x: ring(n, x) if t == "to" else None),
    # thresholds
    ("CMP NUM MEASURE", "COUNT", lambda c, n, m: at_least_so_many(c, n, m)),
    ("NUM CMP MEASURE", "COUNT", lambda n, c, m: (c, n, "points") if m == "points" and not is_year(n) else None),
    ("ASK +CMP", "DIFF", lambda a, c: margin(a, "pp", c) if a == "how_much" else None),
    ("ASK MEASURE +CMP", "DIFF", lambda a, m, c: margin(a, m, c)),
    ("CMP NUM MEASURE", "HAVING", lambda c, n, m: (c, n, "%") if m == "share" and not is_year(n) else None),
    ("CMP NUM", "BARE", lambda c, n: None if is_year(n) else (c, n, "")),
    ("NUM CMP", "BARE", lambda n, c: None if is_year(n) else (c, n, "")),
    ("CMP NUM CLASS", "COUNTED", lambda c, n, k: ((c, n, "points"), k)),
    ("NUM CMP CLASS", "COUNTED", lambda n, c, k: None if is_year(n) else ((c, n, "points"), k)),
    ("CMP QTY", "HAVING", lambda c, q: threshold(c, q)),
    ("QTY +CMP", "HAVING", lambda q, c: threshold(c, q)),
    ("BETWEEN NUM TO QTY", "HAVING", lambda b, x, t, q: ("between", (x, q[0]), q[1]) if q[1] == "%" else None),
    ("BETWEEN QTY TO QTY", "HAVING", lambda b, p, t, q: ("between", (p[0], q[0]), q[1]) if q[1] == "%" else None),
    ("BETWEEN NUM TO NUM MEASURE", "COUNT", lambda b, x, t, y, m: counts(x, y, m)),
    ("FROM NUM TO NUM MEASURE", "COUNT", lambda f, x, t, y, m: counts(x, y, m)),
    ("NUM TO NUM MEASURE", "COUNT", lambda x, t, y, m: counts(x, y, m) if t == "to" else None),
    ("NUMS MEASURE", "COUNT", lambda x, m: counts(*x, m)),
    ("COUNT CLASS", "COUNTED", lambda c, k: (c, k) if c[0] == "between" else None),
    ("NUM MEASURE CLASS +CMP", "COUNTED", lambda n, m, k, c: ((c, n, "points"), k) if m == "points" else None),
    ("NUM CLASS MEASURE +CMP", "COUNTED", lambda n, k, m, c: ((c, n, "points"), k) if m == "points" else None),
    ("BETWEEN NUM TO NUM CLASS", "COUNTED", lambda b, x, t, y, k: counted(x, y, k)),
    ("FROM NUM TO NUM CLASS", "COUNTED", lambda f, x, t, y, k: counted(x, y, k)),
    ("NUM TO NUM CLASS", "COUNTED", lambda x, t, y, k: counted(x, y, k) if t == "to" else None),
    ("NUMS CLASS", "COUNTED", lambda x, k: counted(*x, k)),
    ("NUM TO NUM BETWEEN CLASS", "COUNTED", lambda x, t, y, b, k: counted(x, y, k)),
    ("NUM TO NUM BETWEEN MEASURE", "COUNT", lambda x, t, y, b, m: counts(x, y, m)),
    # times
    ("SINCE YEAR", "SINCEYEAR", lambda s, y: y),
    ("FROM YEAR", "FROMYEAR", lambda f, y: y),
    ("NUM SHIFT", "LATER", lambda n, s: int(n) * s if not is_year(n) else None),
    ("BETWEEN YEAR TO YEAR", "SPAN", lambda b, x, t, y: (min(x, y), max(x, y))),
    ("FROM YEAR TO YEAR", "SPAN", lambda b, x, t, y: (min(x, y), max(x, y))),
    ("YEAR TO YEAR", "SPAN", lambda x, t, y: (min(x, y), max(x, y)) if x != y else None),
    ("BETWEEN SPAN", "SPAN", lambda b, s: s),
    ("FROM SPAN", "SPAN", lambda b, s: s),
    ("MONTH TO MONTH", "MONTHS", lambda a, t, b: tuple(range(a, b + 1)) if a < b else None),
    ("MONTH", "MONTHS", lambda a: (a,)),
    ("SEASON", "MONTHS", lambda s: s),
    # what is left out
    ("NOT PLACE", "NOTPLACE", lambda n, p: (p,)),
    ("OUTSIDE PLACE", "NOTPLACE", lambda n, p: (p,)),
    ("NO PLACE", "NOTPLACE", lambda n, p: (p,)),
    ("PLACE AFTER", "NOTPLACE", lambda p, a: (p,)),
    ("PLACE AND PLACE AFTER", "NOTPLACE", lambda p, a, q, b: (p, q)),
    ("AFTER +PLACE", "NOTPLACE", lambda a, p: (p,)),
    ("CLASS AFTER", "NOTCLASS", lambda c, a: (c,)),
    ("CLASS AND CLASS AFTER", "NOTCLASS", lambda c, a, d, b: (c, d)),
    ("OTHER PLACE AFTER", "NOTPLACE", lambda o, p, a: (p,) if o == "time.ago" else None),
    ("OTHER CLASS AFTER", "NOTCLASS", lambda o, c, a: (c,) if o == "time.ago" else None),  # "once X are taken out"
    ("THAT PLACE NO", "NOTPLACE", lambda t, p, n: (p,)),
    ("NO YEAR", "NOTYEAR", lambda n, y: (y,)),
    ("NOT YEAR", "NOTYEAR", lambda n, y: (y,)),
    ("YEAR AFTER", "NOTYEAR", lambda y, a: (y,)),
    ("NOTYEAR AND YEAR", "NOTYEAR", lambda n, a, y: (*n, y)),
    ("NOTPLACE AND PLACE", "NOTPLACE", lambda n, a, p: (*n, p)),
    ("NOT CLASS", "NOTCLASS", lambda n, c: (c,)),
    ("NO CLASS", "NOTCLASS", lambda n, c: (c,)),
    ("NO MEASURE CLASS", "NOTCLASS", lambda n, m, c: (c,) if m == "points" else None),
    ("NOTCLASS OR CLASS", "NOTCLASS", lambda n, o, c: (*n, c)),
    ("NOTCLASS AND CLASS", "NOTCLASS", lambda n, a, c: (*n, c)),
    ("LEVEL NOT CLASS", "NONE", lambda level, n, c: (level, c)),
    ("LEVEL NO CLASS", "NONE", lambda level, n, c: (level, c)),
    ("LEVEL NO MEASURE CLASS", "NONE", lambda level, n, m, c: (level, c) if m == "points" else None),
    # rows
    ("EACH LEVEL", "SPLIT", lambda e, level: ("region", level)),
    ("LEVEL EACH +LEVEL", "SPLIT", lambda a, e, b: ("region", a) if a == b else None),
    ("LEVEL EACH", "SPLIT", lambda level, e: ("region", level) if e != "each" else None),
    ("EACH PLACE LEVEL", "SPLITIN", lambda e, p, level: (p, level)),
    ("EACH LEVEL PLACE", "SPLITIN", lambda e, level, p: (p, level)),
    ("PLACE LEVEL", "INSIDE", lambda p, level: (p, level) if holds(p, level) else None),
    ("PLACE +LEVEL", "INSIDE", lambda p, level: (p, "nuts1") if has_states(p, level) else None),
    ("EACH CLASSES", "SPLIT", lambda e, theme: ("classes", theme)),
    ("ASK CLASSES", "SPLIT", lambda a, theme: ("classes", theme) if a in ("which", "what", "show") else None),
    ("SUP NUM CLASSES", "RANKCLASS", lambda s, n, t: (s, int(n), t) if n < MOST_ROWS else None),
    ("NUM SUP AND NUM SUP +CLASS +LEVEL", "BOTHENDS", lambda m, a, j, n, b, c, k: both_ends((a, m, k, None, c), n, b)),
    ("RANK AND NUM SUP", "BOTHENDS", lambda r, j, n, b: both_ends(r, n, b)),
    ("RANKOF AND NUM SUP", "BOTHENDS", lambda r, j, n, b: both_ends(r, n, b)),
    ("NUM SUP CLASSES", "RANKCLASS", lambda n, s, t: (s, int(n), t) if n < MOST_ROWS else None),
    ("SUP CLASSES", "RANKCLASS", lambda s, t: (s, None, t)),
    ("CLASSES SUP", "RANKCLASS", lambda t, s: (s, None, t)),
    ("END CLASS MEASURE", "ENDOF", lambda e, c, m: (e, c) if m == "points" else None),
    ("END CLASS", "ENDOF", lambda e, c: (e, c) if POINT_COMPOUND.search(c.text) else None),
    ("NUM MEASURE CLASS END", "MANYENDS", lambda n, m, c, e: (int(n), (e, c)) if m == "points" else None),
    ("NUM ENDOF", "MANYENDS", lambda n, e: (int(n), e) if n < MOST_ROWS else None),
    ("NUM CLASSES", "NUMCLASSES", lambda n, t: (int(n), t) if 1 < n < MOST_ROWS else None),
    ("NUM CLASSES SUP", "RANKCLASS", lambda n, t, s: (s, int(n), t) if 1 < n < MOST_ROWS else None),
    ("END +MEASURE", "ENDOF", lambda e, m: (e, None) if m == "points" else None),
    ("EACH BYMONTH", "SPLIT", lambda e, m: ("month", "")),
    ("EACH CLASS", "EACHCLASS", lambda e, c: c if e == "each" else None),
    ("CLASS AND OTHER CLASS", "CLASS", lambda a, _, o, b: pooled(a, b) if o == "deixis.other" else None),
    ("CLASS OR OTHER CLASS", "CLASS", lambda a, _, o, b: pooled(a, b) if o == "deixis.other" else None),
    ("CLASS AND OTHER CLASSES", "CLASS", lambda a, _, o, t: with_all_crops(a) if (o, t) == OTHER_CROPS else None),
    ("LEVEL NO ASK LEVEL", "LEVEL", lambda a, n, w, b: b if w == "which" else None),
    ("QTY UNSURE", "UNSURE", lambda q, u: "" if q[1] == "%" else None),
    ("UNSURE QTY", "UNSURE", lambda u, q: "" if q[1] == "%" and q[0] in LEVELS_OF_CONFIDENCE else None),
    ("ASK +CMP", "OTHERSIDE", lambda a, c: c if a == "how_many" and c in ("<", ">") else None),
    ("EACH +CLASS MEASURE", "EACHONE", lambda e, c, m: c if m == "points" and e != "behind" else None),
    ("EACH NUM CLASS MEASURE", "EACHONE", lambda e, n, c, m: c if m == "points" and n == 1 else None),
    ("NUM +CLASS", "NUMCLASS", lambda n, c: (int(n), c) if 1 < n < MOST_ROWS and is_general(c) else None),
    ("CLASS THAN CLASS", "MORETHAN", lambda a, c, b: (a, c, b) if c in ("<", ">") else None),
    ("UP MORETHAN", "MORETHAN", lambda _, both: both),
    ("DOWN MORETHAN", "MORETHAN", lambda _, both: both),
    ("MORE MORETHAN", "MORETHAN", lambda _, both: both),
    ("SUP MORETHAN", "MORETHAN", lambda _, both: both),
    # rankings
    ("SUP NUM LEVEL", "RANK", lambda s, n, level: rank(s, n, level)),
    ("SUP NUM LEVEL EACH", "RANK", lambda s, n, level, e: rank(s, n, level) if e == "per" else None),  # "bottom 3 by"
    ("NUM LEVEL SUP", "RANK", lambda n, level, s: rank(s, n, level)),
    ("NUM LEVEL", "MANY", lambda n, level: (int(n), level) if n < MOST_ROWS else None),
    ("WITHIN QTY CLASS", "NEARCLASS", lambda w, q, c: c if q[1] in ("km", "m") else None),
    ("CMP QTY CLASS", "NEARCLASS", lambda w, q, c: c if q[1] == "km" else None),
    ("NUM INSIDE", "MANYIN", lambda n, i: (int(n), i[1], i[0]) if n < MOST_ROWS else None),
    ("NUM INSIDE SUP", "RANK", lambda n, i, s: rank(s, n, i[1], i[0])),
    ("SUP NUM INSIDE", "RANK", lambda s, n, i: rank(s, n, i[1], i[0])),
    ("CMP RANK", "RANK", lambda c, r: r if c == "<" and r[1] else None),  # German "unter den fünf Ländern mit …"
    ("INSIDE SUP", "RANK", lambda i, s: (s, None, i[1], i[0])),
    ("SUP INSIDE", "RANK", lambda s, i: (s, None, i[1], i[0])),
    ("SUP LEVEL", "RANK", lambda s, level: (s, None, level, None)),
    ("LEVEL SUP", "RANK", lambda level, s: (s, None, level, None)),
    ("RANK SUP", "RANK", lambda r, s: (s, *r[1:])),
    ("RANKED LEVEL", "RANK", lambda s, level: ("most", None, level, None)),
    ("RANKED NUM LEVEL", "RANK", lambda s, n, level: rank("most", n, level)),
    ("RANKED INSIDE", "RANK", lambda s, i: ("most", None, i[1], i[0])),
    ("MEDIAN OR STAT", "STAT", lambda m, o, s: s),  # "the median, or failing that the mean"
    ("ORD NUM", "FIRST", lambda o, n: int(n) if o == 1 and n < MOST_ROWS else None),
    ("NUM ORD", "FIRST", lambda n, o: int(n) if o == 1 and n < MOST_ROWS else None),
    ("SUP NUM", "FIRST", lambda s, n: int(n) if 1 < n < MOST_ROWS else None),  # "in which one", too
    ("NOT SPLIT", "NOTROWS", lambda n, s: s[1] if s[0] == "region" else None),
    ("NOT LEVEL", "NOTROWS", lambda n, level: level),
    ("NOT ASK LEVEL", "NOTROWS", lambda n, a, level: level if a == "which" else None),
    ("NOT RANK", "NOTRANK", lambda n, r: r if r[2] != "country" or r[1] else None),
    ("OUTSIDE RANK", "NOTRANK", lambda n, r: r if r[2] != "country" or r[1] else None),
    ("NOT ASK RANK", "NOTRANK", lambda n, a, r: r if a == "which" else None),  # "whichever region had most"
    ("NOT RANKOF", "NOTRANK", lambda n, r: r[:4]),
    ("OUTSIDE RANKOF", "NOTRANK", lambda n, r: r[:4]),
    ("NUM SUP LEVEL", "RANK", lambda n, s, level: rank(s, n, level)),  # French "le trio de tête des pays"
    ("NUM SUP +CLASS +LEVEL", "RANKOF", lambda n, s, k, level: (s, int(n), level, None, k) if n < MOST_ROWS else None),
    ("SUP +CLASS +LEVEL", "RANKOF", lambda s, k, level: (s, None, level, None, k)),
    ("NUM SUP +CLASS +INSIDE", "RANKOF", lambda n, s, k, i: (s, int(n), i[1], i[0], k) if n < MOST_ROWS else None),
    ("SUP +CLASS +INSIDE", "RANKOF", lambda s, k, i: (s, None, i[1], i[0], k)),
    ("QTY", "RADIUS", lambda q: q[0] if q[1] == "km" else None),
    ("CMP QTY", "RADIUS", lambda c, q: q[0] if q[1] == "km" and c in ("<", "<=") else None),
    ("WITHIN QTY", "RADIUS", lambda w, q: {"km": q[0], "m": q[0] / 1000}.get(q[1])),
    ("QTY WITHIN", "RADIUS", lambda q, w: q[0] if q[1] == "km" else None),
    ("NOT DIM", "DROP", lambda n, d: d),
    ("NOT LIMIT", "DROP", lambda n, f: f.dimension),
    ("ORD SUP", "NTH", lambda n, s: (s, n)),
    ("SUP ORD", "NTH", lambda s, n: (s, n) if n > 1 else None),
    ("ORD RANKED", "NTH", lambda n, r: ("most", n)),
    ("RANKED ORD", "NTH", lambda r, n: ("most", n)),
    ("LEVEL NTH", "RANKNTH", lambda level, n: (*n, level)),
    ("NTH LEVEL", "RANKNTH", lambda n, level: (*n, level)),
    ("INSIDE NTH", "RANKNTH", lambda i, n: (*n, i[1], i[0])),
    ("NTH INSIDE", "RANKNTH", lambda n, i: (*n, i[1], i[0])),
    # what became of what
    ("FROM CLASS TO CLASS", "FATE", lambda f, a, t, b: (a, b) if t == "to" else None),
    ("OFFCLASS ONCLASS", "FATE", lambda a, b: (a, b)),  # "gyepről szántóra"
    ("CLASS BECAME CLASS", "FATE", lambda a, b, c: (a, c) if not b else None),
    ("FROM YEAR +ONWARD", "SINCEYEAR", lambda f, y, o: y),
    ("SINCEYEAR +ONWARD", "SINCEYEAR", lambda y, o: y),
    ("FROM +TO", "CHANGE", lambda f, t: "" if t == "to" else None),
    (
        "FROM NUM CLASSES TO OTHER",
        "CHANGE",
        lambda f, n, k, t, o: "" if (n, t, o) == (1, "to", "deixis.other") else None,
    ),
    ("CHANGE CHANGE", "CHANGE", lambda a, b: a),
    ("CHANGE CLASS TO CLASSES", "FATE", lambda c, a, t, b: into_crops(a) if (t, b) == ("to", "crops") else None),
    ("FROM CLASS TO CLASSES", "FATE", lambda f, a, t, b: into_crops(a) if (t, b) == ("to", "crops") else None),
    ("CHANGE CLASS TO CLASS", "FATE", lambda c, a, t, b: (a, b) if t == "to" else None),
    ("BECAME CLASS", "FATE", lambda b, c: (None, c) if not b else None),
    ("CLASS BECAME", "FATE", lambda a, b: (a, None) if not b else None),
    ("TO CLASS BECAME", "FATE", lambda t, a, b: (None, a) if t == "to" else None),
    ("CLASS BECAMEOF", "FATE", lambda a, b: (a, None)),
    ("BECAMEOF CLASS", "FATE", lambda b, c: (c, None)),
    ("CLASS BECAMEOF CLASS", "FATE", lambda a, b, c: (c, a)),
    ("BECAMEOF MEASURE CLASS", "FATE", lambda b, m, c: (c, None) if m == "points" else None),
    ("FROM CLASS TO OTHER", "LEFTFOR", lambda f, a, t, o: a if (t, o) == ("to", "deixis.other") else None),
    ("BECAME CLASS OTHER", "LEFTFOR", lambda b, a, o: a if o == "deixis.other" else None),
    ("CLASS BECAME OTHER", "LEFTFOR", lambda a, b, o: a if o == "deixis.other" else None),
    ("CLASS REPLACED CLASS", "FATE", lambda a, r, b: (b, a)),
    ("CLASSES REPLACED CLASS", "FATESPLIT", lambda t, r, b: (b, t)),
    ("REPLACED CLASS", "FATE", lambda r, b: (b, None)),
]

KEPT = frozenset({
    "BARE", "MORE", "LATER", "MOSTLY", "FROMYEAR", "ALSO", "BACK", "SHIFT", "ONE", "BOTH", "FIRST", "DROP",
    "MORETHAN",
        "MANY",
        "RANKCLASS",
        "ENDOF", "POSITION", "NEAR", "PLACE", "CLASS", "NOTPLACE", "NOTCLASS", "NONE", "YEAR", "SPAN",
    "SINCEYEAR", "LIMIT", "HAVING", "COUNT", "COUNTED", "RANK", "RANKNTH", "NTH", "SPLIT", "SPLITIN", "INSIDE",
    "EACHCLASS", "FATE", "FATESPLIT", "MONTHS", "POINT", "END", "LEVEL", "SUP", "ORD", "MEASURE", "STAT",
    "DIFF", "CHANGE", "UP", "DOWN", "LOST", "GAINED", "STAYED", "BECAME", "ASK", "WITNESS", "CLASSES", "TREND",
    "LATEST", "EARLIEST", "TOGETHER", "CV", "UNSURE", "EACH", "RANKED", "DIM", "HERE", "BYMONTH", "REVERSE", "TWICE",
    "NUMCLASS", "EACHONE", "NEAREST", "OTHERSIDE", "LEFTFOR", "NOTRANK", "RANKOF", "RADIUS", "NOTYEAR", "BECAMEOF",
    "MANYIN", "GROWS", "MANYENDS", "BOTHENDS", "NUMCLASSES", "NEARS", "RELATIVE", "NOTROWS",
})  # fmt: skip
"""Types that a reading may be made of."""
MUST = frozenset({
    "NUM", "QTY", "UNIT", "CMP", "NOT", "NO", "OUTSIDE", "DIR", "BETWEEN", "FRACTION", "NEAREST", "FINE",
    "MEDIAN", "BEYOND", "OTHER", "AFTER", "RELATIVE", "UNFARMED", "UNUSED",
})  # fmt: skip
"""Types that change what is asked: left over, they forbid an answer."""


def chart(said: Mentions, rules: Sequence[Rule] = RULES) -> list[Item]:
    """Return every reading of every run of words by the rules, those of the land where no others are given."""
    reach, within = _reach(said), _reach(said, {i.start for i in said.items if i.type == "AND"})
    known: dict[tuple[int, int, str, str], Item] = {_key(i): i for i in said.items}
    for _ in range(MOST_ROUNDS):
        by_start: dict[int, list[Item]] = {}
        for item in known.values():
            by_start.setdefault(item.start, []).append(item)
        new: dict[tuple[int, int, str, str], Item] = {}
        for pattern, made, build in rules:
            for row in _rows(pattern.split(), by_start, within if "~" in pattern else reach):
                value = build(*(i.value for i in row))
                item = Item(row[0].start, row[-1].end, made, value, sum(i.cost for i in row))
                if value is not None and _key(item) not in known:
                    new[_key(item)] = item
        if not new:
            break
        known |= new
    return list(known.values())


def _key(item: Item) -> tuple[int, int, str, str]:
    return item.start, item.end, item.type, repr(item.value)


def _reach(said: Mentions, stops: Collection[int] = frozenset()) -> dict[int, tuple[int, ...]]:
    """Word → the words that may follow it directly, small ones passed over but for those that stop."""
    reach: dict[int, tuple[int, ...]] = {}
    for at in range(len(said.tokens) + 1):
        after = [at]
        while len(after) <= MOST_SMALL and after[-1] in said.soft and after[-1] not in stops:
            after.append(after[-1] + 1)
        reach[at] = tuple(after)
    return reach


def _rows(
    types: Sequence[str], by_start: dict[int, list[Item]], reach: dict[int, tuple[int, ...]]
) -> Iterator[list[Item]]:
    for items in by_start.values():
        for first in items:
            if first.type == types[0]:
                yield from _continued([first], types, by_start, reach)


def _continued(
    row: list[Item], types: Sequence[str], by_start: dict[int, list[Item]], reach: dict[int, tuple[int, ...]]
) -> Iterator[list[Item]]:
    if len(row) == len(types):
        yield row
        return
    wanted = types[len(row)]
    for start in reach.get(row[-1].end, ())[: 1 if wanted.startswith("+") else None]:
        for item in by_start.get(start, ()):
            if item.type == wanted.lstrip("+~"):
                yield from _continued([*row, item], types, by_start, reach)


def best(every: Sequence[Item], said: Mentions, kept: Collection[str] = KEPT) -> list[Item]:
    """Return the reading that covers most words with the fewest and cheapest constraints, in order.

    Args:
        every: the readings to choose among.
        said: the question.
        kept: types that the reading may be made of.
    """
    count = len(said.tokens)
    ending: dict[int, list[Item]] = {}
    for item in every:
        if item.type in kept:
            ending.setdefault(item.end, []).append(item)
    scores: list[tuple[float, tuple[Item, ...]]] = [(0.0, ())]
    numbers = {i.start for i in said.items if i.type == "NUM" and not is_year(i.value)}
    for at in range(1, count + 1):
        left, taken = scores[at - 1]
        candidates = [(left - (LEFT_NUMBER if at - 1 in numbers else 0.0), taken)]
        for item in ending.get(at, ()):
            before, taken = scores[item.start]
            solid = sum(1 for n in range(item.start, item.end) if n not in said.soft)
            worth = solid + 0.6 * (item.end - item.start - solid) - 0.45 - item.cost + PREFERRED.get(item.type, 0.0)
            candidates.append((before + worth, (*taken, item)))
        scores.append(max(candidates, key=lambda c: c[0]))
    return list(scores[-1][1])


def first_of(rules: Sequence[tuple[str, str, int]], every: Sequence[Item], said: Mentions) -> dict[Any, str]:
    """Return what each of several things is by the first rule that fits it, things being the values of an item.

    Args:
        rules: types in a row, what they make of something, and which of the row's items has it.
        every: the readings.
        said: the question.
    """
    by_start: dict[int, list[Item]] = {}
    for item in every:
        by_start.setdefault(item.start, []).append(item)
    reach, found = _reach(said), dict[Any, str]()
    for pattern, made, at in rules:
        for row in _rows(pattern.split(), by_start, reach):
            for one in row[at].value:
                found.setdefault(one, made)
    return found


LEFT_NUMBER = 0.3
"""What it costs to leave a number unread."""
PREFERRED = {
    "BARE": -0.3,
    "MORE": -0.3,
    "NONE": -0.1,
    "SPLIT": 0.1,
    "FIRST": 0.1,
    "ONE": -0.1,
    "GROWS": -0.1,
    "PLACE": 0.2,
    "CLASS": 0.2,
    "YEAR": 0.2,
    "TREND": 0.3,
    "END": -0.05,
    "SUP": 0.05,
    "ASK": -0.1,
    "LATEST": -0.1,
    "OTHERSIDE": -0.6,
    "RANKNTH": 0.1,
    "RADIUS": -0.3,
    "BECAMEOF": -0.2,
    "RELATIVE": 0.1,
}
"""What breaks a tie."""
