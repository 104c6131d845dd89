"""The same question in other words, made from the plan by a template: a right answer does not hang on wording."""

from __future__ import annotations

from collections.abc import Mapping

from agent.answer import Answer
from page.words import PAGE_LANGUAGES, words
from tools.context import Context
from tools.result import digest


def reworded(answer: Answer, context: Context) -> str | None:
    """Return the answer's question in the template's words, or None where its plan has no template."""
    language = answer.language if answer.language in PAGE_LANGUAGES else "en"
    result = answer.results[0] if answer.results else None
    if result is None:
        return None
    template = words(language).get("reword_" + result.tool)
    codes = [*result.land_cover, *result.land_use]
    arguments = result.arguments
    if template is None or not codes or not result.regions or arguments.get("near") or arguments.get("exclude"):
        return None
    asked = arguments.get("regions") or arguments.get("within") or []
    names = [region.name for region in result.regions if region.id in asked]
    if len(names) != 1 or str(asked[0]).startswith("aoi:"):
        return None
    return template.format(
        cover=context.nomenclature.label(
            list(arguments.get("land_cover") or arguments.get("land_use") or codes), language
        ),
        region=names[0],
        year=result.years[-1] if result.years else "",
        first=result.years[0] if result.years else "",
    )


def same(one: Answer, other: Answer) -> bool:
    """Whether two answers hold the same figures: equal values and equal tables, step by step."""
    return essence(one) == essence(other)


def essence(answer: Answer) -> str:
    """A digest of what an answer's results say."""
    return digest(
        [
            {"value": r.value, "unit": r.unit, "interval": r.interval, "rows": r.table.rows if r.table else None}
            for r in answer.results
        ]
    )


def verdict(question: str, before: Answer, after: Answer, said: Mapping[str, str]) -> str:
    """What asking again came to, in one sentence."""
    found = said["reworded_same"] if same(before, after) else said["reworded_differs"].format(text=after.text)
    return said["reworded"].format(question=question, verdict=found)
