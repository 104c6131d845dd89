"""Proves that a text says only what the results hold: every number, place and class code in it stands in a result.

The renderer's own fixed words ("2 km", "NUTS 2") are known and set aside; all else must be a cell, an argument, a
caveat's slot or a part of the provenance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from agent.render import caveat_parts
from agent.say.sentence import LAND
from agent.voice import strings, texts
from tools.context import Context
from tools.official import sensible
from tools.result import Result
from tools.uncertainty import supported_cells

NUMBER = re.compile(r"(?<!\w)[-−]?(?:\d{1,3}(?:[\u00a0\u202f ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,’']\d+)*)(?!\w)")
"""A number with its grouping: 1 234,5 or 1,234.5."""
CODE = re.compile(r"\b(?:[A-H]\d\d|U\d{2,3}|BX[12])\b")
SLOT = re.compile(r"\{\w+\}")


def unsupported(text: str, results: Sequence[Result], language: str, context: Context, notes: Any = ()) -> list[str]:
    """Return the numbers, codes and places of a text that no result holds; [] is the proof."""
    allowed = cells(results, notes)
    rest = without_fixed_words(text, language)
    return [*_codes(rest, allowed), *_numbers(rest, allowed, language), *_places(rest, results, allowed, context)]


def _codes(text: str, allowed: set[Any]) -> list[str]:
    known = {str(v) for v in allowed if isinstance(v, str)}
    joined = " ".join(known)
    return [code for code in CODE.findall(text) if not re.search(rf"\b{code}\b", joined)]


def _numbers(text: str, allowed: set[Any], language: str) -> list[str]:
    values = {round(abs(v), 3) for v in allowed if isinstance(v, int | float) and not isinstance(v, bool)}
    plain = CODE.sub(" | ", text)
    named = (v for v in allowed if isinstance(v, str) and v in plain and any(c.isdigit() for c in v))
    for name in sorted(named, key=len, reverse=True):
        plain = re.sub(rf"(?<![\w.,]){re.escape(name)}(?!\w|[.,]\d|[\u00a0\u202f]\d{{3}})", " | ", plain)
    return [number for number in NUMBER.findall(plain) if not readings(number, language) & values]


def readings(number: str, language: str) -> set[float]:
    """Return the values a written number may have: as its language groups digits, and as a program writes it."""
    from babel.numbers import get_decimal_symbol

    digits = re.sub(r"[\s\u00a0\u202f’'−-]", "", number)
    decimal = get_decimal_symbol(language)
    grouped = digits.replace("." if decimal == "," else ",", "").replace(decimal, ".")
    return {round(float(form), 3) for form in (grouped, digits) if re.fullmatch(r"\d+(?:\.\d+)?", form)}


def _places(text: str, results: Sequence[Result], allowed: set[Any], context: Context) -> list[str]:
    names = " ".join(str(v) for v in allowed if isinstance(v, str)).casefold()
    shown = [r for result in results for r in result.regions]
    names += " " + " ".join(r.name for r in shown).casefold()
    names += " " + " ".join(
        context.gazetteer.region(r.id, language).name.casefold()
        for r in shown
        for language in (context.language, "en")
        if not r.id.startswith("aoi:")
    )
    ids = {r.id for result in results for r in result.regions}
    rest = _without_whole(text, (*(v for v in allowed if isinstance(v, str)), *(r.name for r in shown)))
    return [
        m.text
        for m in context.gazetteer.mentions(rest, context.language, misspelt=False)
        if m.exact
        and m.text[:1].isupper()
        and m.text.casefold() not in names
        and ids.isdisjoint(getattr(c, "id", "") for c in m.candidates)
    ]


def _without_whole(text: str, named: Iterable[str]) -> str:
    """Return a text less the results' own words in it, which need no looking up; never a part of a longer name."""
    for name in sorted({one for one in named if one[:1].isupper() and one in text}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w)(?<!\w[ ’'-]){re.escape(name)}(?!\w|[ ’'-][^\W\d_])", " | ", text)
    return text


def cells(results: Iterable[Result], notes: Any = ()) -> set[Any]:
    """Return every value the results hold: cells, arguments, facts, years, caveats' slots, provenance."""
    found: set[Any] = set()
    for result in results:
        for value in (
            result.value, result.interval, result.level, result.arguments, result.facts, result.years,
            result.land_cover, result.land_use, result.table.rows if result.table else (),
            [r.name for r in result.regions], [caveat_parts(c)[1] for c in result.caveats],
            result.provenance.dataset, result.provenance.version,
        ):  # fmt: skip
            gather(value, found)
        for told in result.told:
            gather([told.rows, told.facts], found)
            found |= supported_cells(told.rows, told.facts.get("margin"))
            if any(column.measure in LAND for column in told.query.columns):
                rows = [*told.rows, told.facts]
                found |= {sensible(n) for row in rows for n in row.values() if isinstance(n, float)}
        if isinstance(result.value, float) and result.unit == "accuracy":
            found.add(round(100 * result.value, 1))
        found |= (
            {round(100 * v, 1) for v in result.facts.get("accuracy", {}).values() if isinstance(v, float)}
            if result.tool in ("describe_data", "profile_pixels")
            else set()
        )
    gather([caveat_parts(n)[1] for n in notes], found)
    return found


def gather(value: Any, found: set[Any]) -> None:
    """Add every plain value inside to the set."""
    if isinstance(value, Mapping):
        for item in value.values():
            gather(item, found)
    elif isinstance(value, list | tuple | set):
        for item in value:
            gather(item, found)
    elif value is not None and not isinstance(value, bool):  # True is 1 to a set
        found.add(value)


@lru_cache(maxsize=16)
def fixed_words(language: str) -> tuple[str, ...]:
    """Return the templates' own words that hold digits or names, longest first."""
    of = texts(language)
    parts: set[str] = set()
    for section in ("say", "phrase", "source", "caveat", "fact"):
        for template in of[section].values():
            parts |= {part.strip() for part in SLOT.split(template) if any(c.isdigit() or c.isupper() for c in part)}
    parts |= {words for words in _every_string(strings(language)) if any(c.isdigit() for c in words)}
    return tuple(sorted((p for p in parts if len(p) > 3), key=len, reverse=True))


def _every_string(value: Any) -> Iterable[str]:
    """Return every string of the renderer's own, cut at its slots."""
    if isinstance(value, Mapping):
        return [words for one in value.values() for words in _every_string(one)]
    return [part.strip() for part in SLOT.split(value)]


def without_fixed_words(text: str, language: str) -> str:
    """Return the text less the templates' own words."""
    for words in fixed_words(language):
        text = text.replace(words, " | ")
    return text
