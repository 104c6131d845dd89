"""What a strong model is told of a question before it calls anything: the words, what was looked up in them, what was
answered before, and the rules' plan as one suggestion. Asks no model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from agent.conversation import Conversation
from agent.surface.lookups import named, told_regions
from retrieval.errors import LandaskError
from retrieval.types import Place, Region
from tools.context import Context
from tools.plan import Plan, Step
from tools.presets import query_of

LONGEST_SUGGESTION = 700
"""Characters of the rules' plan: their longest plans are of several steps."""
MOST_NAMED = 6


def opening(question: str, rules: Plan | LandaskError, context: Context, conversation: Conversation) -> str:
    """Return the first message of a question."""
    blocks = [f"Question: {question}"]
    if before := told_before(conversation):
        blocks.append(before)
    if there := looked_up(question, context):
        blocks.append(f"Looked up:\n{there}")
    blocks.append(suggested(rules))
    return "\n\n".join(blocks)


def told_before(conversation: Conversation) -> str:
    """Return the question before with its queries and results, '' at the start."""
    if not conversation.turns:
        return ""
    asked = f"The question before: {conversation.turns[-1][:300]}"
    queries = [f"query {json.dumps(q, ensure_ascii=False, separators=(',', ':'))}" for q in conversation.queries[-2:]]
    return "\n".join([asked, *queries, *conversation.shown])


def looked_up(question: str, context: Context) -> str:
    """Return the regions, towns and classes that a question names, and the years there are."""
    places: list[Region | Place] = []
    for mention in context.gazetteer.mentions(question, context.language):
        exact = [p for p in mention.candidates if mention.exact]
        places += exact[:MOST_NAMED] or named(context, mention.text)[:MOST_NAMED]
    unique = {p.id: p for p in places if getattr(p, "level", "") != "foreign"}.values()
    regions = [p for p in unique if isinstance(p, Region)][:MOST_NAMED]
    towns = [p for p in unique if isinstance(p, Place)][:MOST_NAMED]
    codes = [c for m in context.nomenclature.mentions(question, context.language) for x in m.choices for c in x.codes]
    lines = [told_regions(context, regions)] if regions else []
    lines += [f"town {t.name} ({t.country}) at lon {t.lonlat[0]}, lat {t.lonlat[1]}" for t in towns]
    lines += [f"drawn area {id}" for id in context.areas]
    lines += [f"{c} {context.nomenclature.label(c, 'en')}" for c in dict.fromkeys(codes)]
    years = {d.kind: ", ".join(map(str, d.years)) for d in context.store.datasets() if d.years}
    told = {"statistics": "published", "survey": "survey and revisits", "deals": "deals"}
    lines += [f"years of {told[kind]}: {listed}" for kind, listed in years.items() if kind in told]
    return "\n".join(lines)


def suggested(rules: Plan | LandaskError) -> str:
    """Return the rules' plan, labelled as what it is."""
    if isinstance(rules, LandaskError):
        return f"The rules have no plan ({' '.join(str(rules).split())[:200]})."
    asked = [as_query(step) for step in rules.steps if not step.optional]
    written = json.dumps(asked, ensure_ascii=False, separators=(",", ":"), default=str)
    if len(written) > LONGEST_SUGGESTION or None in asked:
        return "The rules have a plan of their own that is no query."
    return f"The rules, unsure, would ask by query: {written}"


def as_query(step: Step) -> dict[str, Any] | None:
    """Return a step as the arguments of the tool `query`, None where no query of its own says it."""
    if step.tool == "query":
        return dict(step.arguments)
    if step.each or any(str(v).startswith("@") for v in _flat(step.arguments.values())):
        return None
    with suppress(ValueError, KeyError):
        if query := query_of(step.tool, step.arguments):
            return query.to_json()
    return None


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, list | tuple) else (value,)
