"""The same question in other words, made from the plan by a template: a right answer does not hang on wording."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.answer import Answer
from page.numbers import number
from page.words import own_words, words
from tools.context import Context
from tools.result import Result, digest

SIDES = {"rank_points": ("by", "order"), "rank_official": ("order",), "share_points": ("theme",)}
"""Arguments that change what is asked: each of their values has a template of its own, but for the usual one."""
USUAL = ("regions", "most", "land_cover")
MOST_NAMES = 3
Words = Mapping[str, str]


COMPOSED = ("query", "deals")
"""Tools whose questions have any number of parts: no template says them whole."""


def reworded(answer: Answer, context: Context) -> str | None:
    """Return the question of the answer's first result in a template's words, or None where none can say all of it.

    A language has a template where what it makes is read as it is meant.
    """
    if not answer.results or answer.results[0].tool in COMPOSED:
        return None
    result, language = answer.results[0], answer.language
    said = words(language)
    arguments = result.arguments
    where = where_of(result, context, said, language)
    if arguments.get("exclude") or where is None:
        return None
    said_of_it = {
        "cover": cover_of(result, context, language),
        "where": where,
        "year": str(result.years[-1]) if result.years else "",
        "first": str(result.years[0]) if result.years else "",
        "point": str(arguments.get("point_id", "")),
        "name": str(arguments.get("name") or ""),
        "level": said["level_country" if arguments.get("level") == "country" else "level_regions"],
    }
    template = own_words(language).get("_".join(["reword", result.tool, *sides(result)]))
    if template is None or (result.tool == "nearest_records" and not said_of_it["name"]):
        return None
    return " ".join(template.format(**said_of_it).split()) or None


def sides(result: Result) -> list[str]:
    """The unusual values of the arguments that change what is asked."""
    values = [str(result.arguments.get(name) or USUAL[0]) for name in SIDES.get(result.tool, ())]
    return [value for value in values if value not in USUAL]


def cover_of(result: Result, context: Context, language: str) -> str:
    """What was looked for, in words: free text as it was typed, else the names of the classes."""
    codes = next(filter(None, map(result.arguments.get, ("land_cover", "land_use", "codes"))), None)
    if codes:
        return context.nomenclature.label(list(codes), language)
    return str(result.arguments.get("text") or "")


def where_of(result: Result, context: Context, said: Words, language: str) -> str | None:
    """Where it was looked for, in words; '' for everywhere, None where words cannot say it."""
    near = result.arguments.get("near")
    if near:
        name = near.get("name")
        return said["where_near"].format(km=number(near["km"], language), name=name) if name else None
    ids = listed(result.arguments.get("regions") or result.arguments.get("within"))
    if any(id.startswith("aoi:") for id in ids):
        return said["where_this"]
    if len(ids) > MOST_NAMES:
        return None
    names = [context.gazetteer.region(id, language).name for id in ids]
    return said["where_in"].format(names=f" {said['and']} ".join(names)) if names else ""


def listed(ids: Any) -> Sequence[str]:
    """One id or several, as several."""
    return [ids] if isinstance(ids, str) else list(ids or ())


def same(one: Answer, other: Answer) -> bool:
    """Whether the first result of an answer is found in the other, by the same tool or by another."""
    return bool(one.results) and any(agree(one.results[0], result) for result in other.results)


def agree(one: Result, other: Result) -> bool:
    """Whether two results say the same, or one says of each of its places, or of the whole, what the other says."""
    if essence(one) == essence(other):
        return True
    few, many = sorted((figures(one), figures(other)), key=len)
    if len(few) == len(many) == 1:
        return one.value == other.value and bool(set(*few.values()) & set(*many.values()))
    return bool(few) and all(few[place] & many.get(place, set()) for place in few)


PLACES = ("region_id", "point_id")
NO_FIGURES = re.compile(r"rank.*|year|lon|lat|cv|elevation|surveyed|.*km2|(.*_)?(low|high)")
"""Columns of numbers that are no answer by themselves."""


def figures(result: Result) -> dict[str, set[float]]:
    """Id of a region or point, or '' where the rows name none, and the numbers told of it."""
    found: dict[str, set[float]] = {}
    for row in result.table.dicts() if result.table else ():
        place = next((str(row[column]) for column in PLACES if column in row), "")
        numbers = {float(v) for k, v in row.items() if isinstance(v, int | float) and not NO_FIGURES.fullmatch(k)}
        found.setdefault(place, set()).update(numbers)
    return found


def essence(result: Result) -> str:
    """A digest of what a result says."""
    rows = result.table.rows if result.table else None
    return digest({"value": result.value, "unit": result.unit, "interval": result.interval, "rows": rows})


def verdict(question: str, before: Answer, after: Answer, said: Words) -> str:
    """What asking again came to, in one sentence."""
    found = said["reworded_same"] if same(before, after) else said["reworded_differs"].format(text=after.text)
    return said["reworded"].format(question=question, verdict=found)
