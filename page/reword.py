"""The same question in other words, made from the plan by a template: a right answer does not hang on wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.answer import Answer
from page.numbers import number
from page.words import WHOLE_LANGUAGES, words
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
    """Return the question of the answer's first result in a template's words, or None where none can say all of it."""
    if not answer.results or answer.results[0].tool in COMPOSED:
        return None
    language = answer.language if answer.language in WHOLE_LANGUAGES else "en"
    result, said = answer.results[0], words(language)
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
    template = said.get("_".join(["reword", result.tool, *sides(result)]), said["reword_any"])
    if result.tool == "nearest_records" and not said_of_it["name"]:
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
    """Whether the first result of an answer is found in the other: the same value, unit, interval and rows."""
    return essence(one.results[0]) in [essence(result) for result in other.results] if one.results else False


def essence(result: Result) -> str:
    """A digest of what a result says."""
    rows = result.table.rows if result.table else None
    return digest({"value": result.value, "unit": result.unit, "interval": result.interval, "rows": rows})


def verdict(question: str, before: Answer, after: Answer, said: Words) -> str:
    """What asking again came to, in one sentence."""
    found = said["reworded_same"] if same(before, after) else said["reworded_differs"].format(text=after.text)
    return said["reworded"].format(question=question, verdict=found)
