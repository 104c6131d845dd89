"""Which words of a question some results say nothing of: told to a model once, and to the reader where they stay so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.qualifiers import hard_words, is_told, numbers_of, qualifiers
from agent.reading.read import read
from retrieval.types import Region
from tools.context import Context
from tools.plan import Plan, Step
from tools.result import Result

LONGEST_NEGATION = 9
STEM = 6
"""Letters two forms of one word share: "revisited" and the source `revisits`."""
NUMERIC = ("NUM", "QTY")
CODE = re.compile(r"'([A-HU]\w{2,3})'")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def missing_in(question: str, results: Sequence[Result], context: Context) -> list[str]:
    """Return the places, classes, years, numbers and narrowing words of a question that no result is about."""
    plan = Plan(tuple(Step(r.tool, r.arguments) for r in results))
    reading = read(question, context.language, context)
    said = str([[r.arguments, r.years, [x.id for x in r.regions]] for r in results])
    places = context.gazetteer.mentions(question, context.language)
    classes = context.nomenclature.mentions(question, context.language)
    gaps = [m.text for m in places
            if m.exact and not any(is_there(p, said, results, context) for p in m.candidates)]  # fmt: skip
    gaps += [m.text for m in classes
             if m.exact and not any(is_covered(x.codes, said, results, context) for x in m.choices)]  # fmt: skip
    gaps += [year for year in YEAR.findall(question) if year not in said]
    numbers = {str(n) for r in results if r.table for row in r.table.rows[:40] for n in row}
    words = [w for w in hard_words(reading, plan) if w not in numbers]
    if not negates(said):
        words += [reading.said.words(i) for i in reading.items if i.type in ("NONE", "NOTCLASS", "NOTPLACE")]
    there = {*numbers_of(plan), *(float(n) for n in numbers if n.replace(".", "", 1).isdigit())}
    said_numbers = {float(i.value if i.type == "NUM" else i.value[0]) for i in reading.said.items if i.type in NUMERIC}
    words += [f"{n:g}" for n in sorted(said_numbers) if not {n, n / 1000, n * 1000} & there and f"{n:g}" not in gaps]
    words += [w for w in reading.unread if w[:1].isupper() and not question.startswith(w)]  # a name nobody knows
    words += [w for w in qualifiers(reading, context.language) if not is_told(w, plan, context)]
    named = [m.text.lower() for m in (*places, *classes)] + [x.name.lower() for r in results for x in r.regions]
    named += [label.lower() for label in labels_of(said, context)]
    gaps += [w for w in words if not is_said(w.lower(), said.lower(), named)]
    return list(dict.fromkeys(gaps))


def is_said(word: str, said: str, named: Sequence[str]) -> bool:
    """Whether a word has its part in the calls: of a name that was looked at, a negation beside one, a measure."""
    negated = not word.isdigit() and negates(said)
    if any(word in name for name in named) or (word == "100" and "percent" in said):
        return True
    return (negated and len(word) < LONGEST_NEGATION) or (len(word) > STEM and word[:STEM] in said)


def negates(said: str) -> bool:
    """Whether some calls leave something out, keep rows of none or less of it, or tell one from another."""
    return any(part in said for part in ("'sign': '=', 'value': 0", "'not_", "'<'", "'difference'"))


def labels_of(said: str, context: Context) -> list[str]:
    """Return what the classes of some calls are called in the question's language: "without trees or shrubs"."""
    book = context.nomenclature
    return [book.label(code, context.language) for code in dict.fromkeys(CODE.findall(said)) if code in book.classes]


def is_there(place: object, said: str, results: Sequence[Result], context: Context) -> bool:
    """Whether results are about a place, a member of it or a region inside it; of a town, about a circle."""
    if not isinstance(place, Region):
        return "near" in said or any(f.op == "near" for r in results for told in r.told for f in told.query.where)
    ids = {place.id, *context.gazetteer.members(place.id)}
    if any(f"'{id}'" in said for id in ids) or (place.level == "group" and place.id.startswith("group:EU")):
        return True
    around = {f"country:{r.country}" for result in results for r in result.regions}
    around |= {r.parent for result in results for r in result.regions if r.parent}
    return bool(ids & around) or "near" in said


def is_covered(codes: Sequence[str], said: str, results: Sequence[Result], context: Context) -> bool:
    """Whether results are about some classes, about a part of them, or split by class."""
    book = context.nomenclature
    if any(f"'{code}'" in said for code in book.leaves(codes)):
        return True
    split = any(g.get("dimension", "").startswith("land_") for r in results for g in r.arguments.get("rows", ()))
    parents = {p for code in codes if (p := book.get(code).parent)}
    return split or any(f"'{p}'" in said for p in parents)
