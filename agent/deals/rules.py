"""Rows of mentions in a question about land deals → constraints, read by the shared chart. Knows no language.

Numbers with units, spans of years and distances are the chart's own rules; what stands here is what a number, a year,
a negation or a place is of in the registry.
"""

from __future__ import annotations

from agent.reading.chart import RULES, Rule, ends, is_year, span
from retrieval.query import Filter

HECTARES = {"ha": 1.0, "km2": 100.0, "acre": 0.40468564}
SIZE_OF = {"production": "production_size", "contract": "contract_size", "hectares": "size", "intended": "size"}
MOST_TOP = 100
"""Rows that a list of the largest has at the most."""
FAR = 4
"""Words before a kind of thing among which one asks for it."""
SHARED = ("QTY", "NEAR")
"""Types that the rules of the land make, taken as they are."""


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def size(sign: str, quantity: tuple[float, str]) -> Filter | None:
    """Return a condition on the size of a deal, `=` where it is that very size."""
    number, unit = quantity
    if unit not in HECTARES:
        return None
    hectares = _whole(number * HECTARES[unit])
    return Filter("size", "in", (hectares,)) if sign == "=" else span(sign, hectares, "size")


def bare(sign: str, number: float) -> Filter | None:
    """Return a condition on the size of a deal in a number without a unit."""
    return size(sign, (number, "ha"))


def between(low: float, high: tuple[float, str]) -> Filter | None:
    """Return a size between two, both in the unit of the second."""
    number, unit = high
    return ends(low * HECTARES[unit], number * HECTARES[unit], "size") if unit in HECTARES else None


def when(sign: str, year: int) -> Filter:
    """Return a condition on the year of a deal."""
    return Filter("year", "in", (year,)) if sign == "=" else span(sign, year, "year")


def years(one: int, other: int) -> Filter:
    """Return a span of years."""
    return Filter("year", "between", (min(one, other), max(one, other)))


def either(dated: Filter, year: int) -> Filter | None:
    """Return a condition on years, one of which is another year: "in 2010 and 2012"."""
    return Filter("year", "in", (*dated.values, year)) if dated.op == "in" and isinstance(dated.values, tuple) else None


def top(number: float) -> int | None:
    """Return how many rows are asked for."""
    return int(number) if float(number).is_integer() and 1 <= number <= MOST_TOP else None


OWN: list[Rule] = [
    # years
    ("YEARWORD YEAR", "YEAR", lambda w, y: y),
    ("YEAR YEARWORD", "YEAR", lambda y, w: y),  # Latvian "2012. gada"
    ("YEARWORD SPAN", "SPAN", lambda w, s: s),
    ("IN YEAR", "WHEN", lambda i, y: when("=", y)),
    ("TIME YEAR", "WHEN", lambda t, y: when(t, y)),
    ("YEAR ONWARD", "WHEN", lambda y, o: when(">=", y)),
    ("TIME YEAR ONWARD", "WHEN", lambda t, y, o: when(">=", y)),
    ("IN YEAR ONWARD", "WHEN", lambda i, y, o: when(">=", y)),
    ("YEAR LATETIME", "WHEN", lambda y, t: when(t, y)),  # "2010 óta"
    ("IN YEAR LATETIME", "WHEN", lambda i, y, t: when(t, y)),
    ("YEAR", "WHEN", lambda y: when("=", y)),
    ("WHEN AND YEAR", "WHEN", lambda w, a, y: either(w, y)),
    ("WHEN OR YEAR", "WHEN", lambda w, o, y: either(w, y)),
    ("BETWEEN YEAR TO YEAR", "WHEN", lambda b, x, t, y: years(x, y)),
    ("YEAR TO YEAR BETWEEN", "WHEN", lambda x, t, y, b: years(x, y)),
    ("BETWEEN SPAN", "WHEN", lambda b, s: years(*s)),
    ("SPAN", "WHEN", lambda s: years(*s)),
    # how many rows, one deal, how many deals
    ("SUP NUM", "TOP", lambda s, n: None if s else top(n)),
    ("SUP NUM DEAL", "TOP", lambda s, n, d: None if s else top(n)),
    ("SUP NUM COUNTED", "TOP", lambda s, n, c: None if s else top(n)),
    ("NUM SUP", "TOP", lambda n, s: top(n)),
    ("NUM DEAL SUP", "TOP", lambda n, d, s: top(n)),
    ("NUM DEAL DEAL SUP", "TOP", lambda n, d, e, s: top(n)),
    ("DEALNO NUM", "DEALIS", lambda d, n: int(n)),
    ("DEAL DEALNO NUM", "DEALIS", lambda e, d, n: int(n)),
    ("CMP NUM DEAL", "SEVERAL", lambda c, n, d: None if is_year(n) else (c, n)),
    ("NUM +COUNTED", "COUNTING", lambda n, c: n),
    ("CMP NUM +COUNTED", "COUNTING", lambda c, n, k: n),
    # sizes
    ("NUM TIMES", "NUM", lambda a, b: a * b if a < b else None),
    ("CMP QTY", "SIZE", lambda c, q: size(c, q)),
    ("QTY CMP", "SIZE", lambda q, c: size(c, q)),
    ("CMP QTY CMP", "SIZE", lambda c, q, d: size(d, q) if d in (">=", "<=") else None),
    ("ABOUT QTY", "SIZE", lambda a, q: size("=", q)),
    ("IN QTY", "SIZE", lambda i, q: size("=", q)),
    ("TIME QTY", "SIZE", lambda i, q: size("=", q)),
    ("MOST QTY", "SIZE", lambda m, q: size(">", q)),  # "which top 5,000 ha"
    ("QTY", "SIZE", lambda q: size("=", q)),
    ("CMP NUM", "SIZE", lambda c, n: bare(c, n)),
    ("NUM CMP", "SIZE", lambda n, c: bare(c, n)),
    ("ABOUT NUM", "SIZE", lambda a, n: bare("=", n)),
    ("BETWEEN NUM TO NUM", "SIZE",
     lambda b, x, t, y: None if is_year(x) and is_year(y) else between(x, (y, "ha"))),
    ("BETWEEN NUM TO QTY", "SIZE", lambda b, x, t, q: between(x, q)),
    ("NUM TO QTY BETWEEN", "SIZE", lambda x, t, q, b: between(x, q)),
    ("BETWEEN QTY TO QTY", "SIZE", lambda b, p, t, q: between(p[0], q)),
    ("NUMS", "SIZE", lambda x: between(x[0], (x[1], "ha"))),
    ("BETWEEN NUMS", "SIZE", lambda b, x: between(x[0], (x[1], "ha"))),
    ("NUMS UNIT", "SIZE", lambda x, u: between(x[0], (x[1], u))),
    ("BETWEEN NUMS UNIT", "SIZE", lambda b, x, u: between(x[0], (x[1], u))),
    ("SIZE RUNNING", "SIZE", lambda f, m: Filter(SIZE_OF[m], f.op, f.values)),
    # places beside one another, and what is left out
    ("NATION AND NATION", "NATION", lambda p, a, q: (*p, *q)),
    ("NATION OR NATION", "NATION", lambda p, o, q: (*p, *q)),
    ("NATION +NATION", "NATION", lambda p, q: (*p, *q)),
    ("NO PASSED", "NO", lambda n, p: n),
    ("NO NATION", "LEFTOUT", lambda n, p: (n, p)),
    ("NO TERM", "LEFTOUT", lambda n, t: (n, t)),
    ("TERM AND TERM", "ALSO", lambda a, n, b: (*a, *b)),
    ("TERM OR TERM", "EITHER", lambda a, o, b: (*a, *b)),
    # what is asked for, adjectives before it
    ("ADJECTIVE +AXIS", "AXIS", lambda a, x: x if x[0] - a[0] < FAR else None),
    ("ADJECTIVE +YEARS", "YEARS", lambda a, x: x if x[0] - a[0] < FAR else None),
    ("ADJECTIVE +INVESTORS", "INVESTORS", lambda a, x: x if x[0] - a[0] < FAR else None),
]  # fmt: skip
"""Types in a row, what they make, and how."""
DEAL_RULES = [*(rule for rule in RULES if rule[1] in SHARED), *OWN]
KEPT = frozenset({"WHEN", "SIZE", "TOP", "DEALIS", "SEVERAL", "COUNTING", "NEAR"})
"""Constraints that a reading is made of."""
ROLES: list[tuple[str, str, int]] = [
    ("INSIDE", "target", 0),
    ("HYPHENED", "home", 0),  # "Luxembourg-based"
    ("NATION +INVESTOR", "home", 0),
    ("INVESTOR +NATION", "home", 1),
    ("DEAL +COUNTRY", "unclear", 1),
    ("INVESTOR ORIGIN NATION", "home", 2),
    ("INVESTOR NO ORIGIN NATION", "home", 3),
    ("BY NATION", "home", 1),
    ("DEALING OFFSINCE NATION", "unclear", 2),
    ("OFF NATION", "target", 1),
    ("IN NATION", "target", 1),
    ("GROWN NATION INVESTS", "target", 1),
    ("NATION INVESTS", "home", 0),
    ("NATION +DEAL", "unclear", 0),
    ("OWNER IN NATION", "home", 0),  # "what do the Chinese own in Africa"
]
"""Types in a row and what a place in it is: where the land lies, where the investor is from, or either; the first that
fits tells, and a place that none fits is where the land lies."""
ASKED: list[tuple[str, str, int]] = [
    ("ASKSITSELF", "asked", 0),  # "pa valstīm"
    ("WHICH +KIND +DEAL", "told", 1),
    ("WHICH +KIND", "asked", 1),  # "which pension funds hold land"
    ("DEAL +INVESTORS", "told", 1),  # "which deals do companies have"
    ("RELATIVE +AXIS", "told", 1),
    ("SHOW +YEARS", "told", 1),
    ("NATURE +PER +FLAG +AXIS", "told", 3),  # "leased by foreign investors"
    ("INVESTS +PER +AXIS", "told", 2),
    ("DEALING +PER +NATION +INVESTORS", "told", 3),
    ("DEALING +PER +INVESTORS +ORIGIN", "told", 2),
    ("ASKS +AXIS", "asked", 1),
    ("SHOW +AXIS", "asked", 1),
    ("UTMOST +AXIS", "asked", 1),
    ("OPENING", "asked", 0),
]
"""Types in a row and whether a kind of thing in it is asked for, as rows of an answer, or told of; the first fits."""
MUCH: list[tuple[str, str, int]] = [
    ("OPENSMUCH", "much", 0),
    ("LEADS HOWMUCH", "much", 1),  # "the total area"; no other "area" or "size" asks for hectares
    ("COUNT HECTARES", "many", 0),
]
"""Types in a row and whether a word in it asks for hectares."""
