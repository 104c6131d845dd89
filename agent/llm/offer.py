"""What is looked up for a small model before it is asked: labels for places, classes and towns, years and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.conversation import Conversation
from agent.llm.form import ROWS, Offer
from agent.surface.grounds import Grounds
from agent.surface.lookups import named, there
from retrieval.errors import LandaskError
from retrieval.query_schema import PLACE_LEVELS
from retrieval.types import Place, Region
from tools.context import Context

MOST = 8
"""Labels of one kind."""
LONGEST_NAME = 4
"""Words of a place's name, where any words of the question may be one."""


def offer_of(question: str, context: Context, conversation: Conversation) -> Offer:
    """Return what a question names, with what the question before was about."""
    places: list[Region | Place] = []
    for mention in context.gazetteer.mentions(question, context.language):
        exact = [p for p in mention.candidates if mention.exact] or named(context, mention.text)
        places += [p for p in exact if getattr(p, "level", "") != "foreign"][:3]
    regions = [p for p in places if isinstance(p, Region)]
    before = [step["arguments"] for step in conversation.steps]
    ids = [id for given in before for id in named_in(given, "regions", "within", "region")]
    regions += [context.named(id) for id in (*dict.fromkeys(ids), *context.areas)]
    towns = [p for p in places if isinstance(p, Place)]
    towns += [p for r in regions if (p := town_of(r, context))]
    groups = [m.codes for x in context.nomenclature.mentions(question, context.language) for m in x.choices]
    groups += [codes for given in before for key in ("land_cover", "land_use") if (codes := named_in(given, key))]
    return offered(question, regions, groups, towns, context)


def named_in(given: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """Return what a tool call names: in arguments of its own, or in filters of a typed query."""
    filters = [f for f in given.get("where", ()) if f.get("dimension") in names and f.get("op") == "in"]
    found = [*(given.get(name, ()) for name in names), *(f["values"] for f in filters)]
    return tuple(dict.fromkeys(str(value) for values in found if isinstance(values, list | tuple) for value in values))


def whole_book(question: str, context: Context) -> Offer:
    """Return the whole code book, and as places all runs of the question's words that a region goes by."""
    words = [w.strip("?!.,;:()\"'“”") for w in question.split()][:40]
    runs = [
        " ".join(words[at : at + size]) for size in range(LONGEST_NAME, 0, -1) for at in range(len(words) - size + 1)
    ]
    regions = [r for run in dict.fromkeys(runs) if run for r in context.gazetteer.find(run, context.language)]
    book = context.nomenclature.classes
    offer = offered(question, [r for r in regions if r.level != "foreign"], [], [], context)
    names = {**offer.names, **{code: land_class.name for code, land_class in book.items()}}
    return replace(offer, classes={code: (code,) for code in book}, towns={}, names=names)


def offered(
    question: str,
    regions: Sequence[Region],
    groups: Sequence[tuple[str, ...]],
    towns: Sequence[Place],
    context: Context,
) -> Offer:
    """Return things under labels, and the numbers and years there are."""
    grounds = Grounds()
    grounds.hear(question, context)
    unique = list({r.id: r for r in regions}.values())[:MOST]
    classes = list(dict.fromkeys(groups))[:MOST]
    spots = list({t.id: t for t in towns}.values())[:MOST]
    held = {d.kind: d.years for d in context.store.datasets() if d.years}
    kinds = {"published": "statistics", "survey": "survey", "revisits": "survey"}
    all_years = {y for years in held.values() for y in years}
    said = sorted(int(n) for n in grounds.numbers if n == int(n) and 1900 <= n <= 2100)
    years = {s: tuple(dict.fromkeys((*held[kinds[s]], *said))) for s in there(context) if s in ROWS}
    numbers = sorted(n for n in grounds.numbers if n >= 0 and n not in all_years and n not in said)[:MOST]
    names = {f"R{at}": f"{r.name} ({r.level} {r.country})".replace(" )", ")") for at, r in enumerate(unique, 1)}
    names |= {f"C{at}": context.nomenclature.label(codes, "en") for at, codes in enumerate(classes, 1)}
    names |= {f"P{at}": f"{t.name} (town)" for at, t in enumerate(spots, 1)}
    return Offer(
        places={f"R{at}": r.id for at, r in enumerate(unique, 1)},
        classes={f"C{at}": codes for at, codes in enumerate(classes, 1)},
        towns={f"P{at}": (*t.lonlat, t.name) for at, t in enumerate(spots, 1)},
        numbers=tuple(numbers),
        years=years,
        levels=tuple(level for level in PLACE_LEVELS if context.gazetteer.ids_at_level(level)),
        names=names,
    )


def town_of(region: Region, context: Context) -> Place | None:
    """Return the town of a region's name, for a circle around it."""
    try:
        return context.gazetteer.place(region.name, region.country or None)
    except LandaskError:
        return None
