"""Questions of the survey and the published figures as typed queries, their verbs and the witness beside them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

from agent.conversation import Conversation, of_land
from agent.lexicon import languages, leaves
from agent.missing import ask_for_a_class, ask_for_a_place, with_reply
from agent.offers import to_json
from agent.qualifiers import prepositions, qualifiers, unread_behind
from agent.reading.asides import without_order
from agent.reading.beside import compared
from agent.reading.clauses import ASKING, asks, clause_queries, clauses_of, each_asks, stand_alone, words_of
from agent.reading.complete import completed
from agent.reading.edit import edited, edits
from agent.reading.fill import queries
from agent.reading.held import dropped, in_each_year, in_other_years, over_the_years
from agent.reading.mentions import Item
from agent.reading.named import Unfit
from agent.reading.names import around_a_point, notes_on_names, refuse_unknown_spot, with_towns
from agent.reading.pointing import joined, points_at_those, points_with, values, words_pointing
from agent.reading.read import COMPOSED, Reading, read
from agent.reading.shapes import shaped
from agent.reading.whether import told_whether
from agent.refusals import not_used, refuse_the_future
from agent.witnesses import OFFICIAL_LEVELS, around, published_same, witnesses
from retrieval.errors import NoSuchYear, NotUnderstood, TooFine
from retrieval.query import Filter, Query, Ref
from tools.compile import is_of_points
from tools.context import Context
from tools.plan import Plan, Step
from tools.presets import verb_of
from tools.registry import TOOLS, witness_of


def composed_plan(
    question: str,
    context: Context,
    conversation: Conversation,
    settled: Mapping[str, Any],
    *,
    aside: bool = False,
) -> Plan | None:
    """Return the plan of a question whose every word was read into typed queries; None where it is not that.

    Args:
        question: what is asked.
        context: the world it is asked of.
        conversation: what was said before.
        settled: words → what the asker chose among several meanings.
        aside: words that it does not know and that narrow nothing are left aside, and named.

    Raises:
        AmbiguousRegion, AmbiguousClass: a name is several things.
        DataError: the query cannot be asked of these data.
    """
    if context.language not in languages():
        return None
    orders_data = any(leaf.key == "write.orders" for leaf in leaves(question, context.language))
    question, orders = without_order(question, context.language)
    reading = read(question, context.language, context)
    reading = around_a_point(with_towns(reading, context, settled), context)
    refuse_unknown_spot(reading, context)
    unknown = unknown_words(reading, context.language) if aside else ()
    if unknown:
        asks_why = any(i.value == "act.why" for i in reading.said.items)
        items = (i for i in reading.items if not (asks_why and (i.type, i.value) == ("ASK", "is")))
        reading = replace(reading, unread=(), forbidden=(), items=tuple(items))  # "why did it decline" is no yes or no
    refuse_the_future(reading)
    if orders_data:
        raise NotUnderstood((), "read_only")
    if not reading.whole_in_talk or any(i.value == "write.injection" for i in reading.said.items):
        return None
    if (at := reading.all("POINT")) and not reading.has("CLASS", "PLACE", "LEVEL", "DIM"):
        return Plan((Step("point_history", {"point_id": str(at[0])}),), frame=of_land())
    drawn = tuple(conversation.areas)[-1:]
    alone = not conversation.queries and not conversation.frame
    bare = {i.type for i in reading.items} <= {"ASK", "MEASURE", "PLACE", "YEAR"}
    points = points_at_those(reading, same=True) and not reading.has("PLACE")
    named = reading.has("CLASS", "RANK", "COUNTED", "ENDOF", "NUMCLASS", "FATE", "NONE", "MORETHAN")
    if alone and reading.has("THANTHAT"):
        raise NotUnderstood((), f"unread:{words_pointing(reading)}")
    if alone and (points or (bare and points_with(reading, "THAT"))) and not named:
        raise NotUnderstood((), f"unread:{words_pointing(reading)}")
    (text, whole), past = with_reply(question, reading, conversation, context), queries_before(conversation)
    if past:
        try:
            if (both := compared(reading, selections(conversation))) is not None:
                plan = plan_of(both, reading, context, conversation)
                return replace(plan, steps=tuple(sorted(plan.steps, key=lambda step: step.optional)))
            found = edited(reading, past, context, drawn, settled) if edits(reading) else None
        except Unfit:
            found = None
        if found is not None:
            told = {witness_of(str(step["tool"])) for step in conversation.steps}
            return plan_of((found,), reading, context, conversation, beside=len(told) > 1)
        whole = completed(reading, past[-1], context)
    ask_for_a_place(text, whole or reading, conversation, drawn=bool(drawn))
    if not reading.whole or (reading.has("HERE") and not drawn and not reading.has("PLACE")):
        return None
    if not past and reading.items and reading.items[0].type == "ALSO":
        return None  # "add a point" with nothing before to add to
    leaning = of_clauses(reading, context, drawn, settled) if whole is None else None
    if leaning is not None and (dropped(leaning, reading, context) or len({*leaning}) < len(leaning)):
        leaning = None  # a clause whose answer is that of another was not read
    clauses = clauses_of(reading)
    several = each_asks(clauses, reading)
    unanswered = leaning is None and whole is None and asks(clauses[0], reading)
    loose = next((c for c in clauses[1:] if unanswered and leans(c)), None)
    if leaning is None and whole is None and several and stand_alone(clauses):
        leaning = of_clauses(reading, context, drawn, settled, apart=True)
    if leaning is None and whole is None:
        leaning = shaped(reading, context, drawn, settled, several=several)
    alone, reading = leaning is None and whole is None, whole or reading
    try:
        asked = leaning if leaning is not None else around_each(reading, context, drawn, settled)
    except Unfit:
        asked = ()
    if alone and several and is_one(asked, reading):
        asked = of_clauses(reading, context, drawn, settled, apart=True) or ()
        leaning = asked
    if not asked:
        ask_for_a_class(text, reading, conversation, context)
        return None
    missing = [year for year in reading.years if year not in context.store.years()]
    if missing and any(query.source == "revisits" for query in asked):
        raise NoSuchYear(missing[0], context.store.years())
    asked = over_the_years(in_each_year(in_other_years(asked, reading, context), reading), reading, context)
    if gone := dropped(asked, reading, context):
        if words := [w for w in dict.fromkeys(gone) if w.casefold() in question.casefold()]:
            raise not_used(reading, words)
        return None
    if loose and len(asked) < len(clauses) and not tells_count(asked[-1], loose):
        raise NotUnderstood((), f"unread:{words_of(clauses, reading)[clauses.index(loose)]}")
    one = leaning is None or len(asked) == 1  # what leans on an answer stays with its witness
    plan = plan_of(asked, reading, context, conversation, beside=one)
    if left := (*([orders] if orders else []), *unknown):
        plan = replace(plan, notes=(*plan.notes, ("left_aside", {"words": ", ".join(map(quoted, left))})))
    refuse_too_small(asked, context)
    after_none = bool(conversation.turns) and not conversation.frame and not past
    if after_none and all(step.tool == "profile_region" for step in plan.steps) and goes_on(question, context):
        raise NotUnderstood((), "which_class")
    return plan


def is_one(asked: Sequence[Query], reading: Reading) -> bool:
    """Whether what several clauses ask came to one table, or none, that does not hold what became of what."""
    if len(asked) > 1 or reading.has("SIZED"):
        return False
    whole = bool(asked) and (tells_all(asked[0], reading) or (asked[0].source == "revisits" and not verb_of(asked[0])))
    return not whole


def unknown_words(reading: Reading, language: str) -> tuple[str, ...]:
    """Return the words no constraint took, where none of them narrows, compares, negates or is a name; else none."""
    why = {reading.said.words(i) for i in reading.said.items if i.value == "act.why"}
    plain = not (reading.composed or why)
    told = 0 in reading.open_words and reading.unread and not reading.has("ASK")  # "Set the land cover of … to"
    plain = plain and (language not in prepositions() or bool(told) or bool(unread_behind(reading, language)))
    if {*reading.forbidden} - why or plain or {*qualifiers(reading, language)} - why:
        return ()
    said = {n for i in reading.said.items if i.type != "OTHER" for n in range(i.start, i.end)}
    named = any(n in said or (n > 0 and reading.word(n)[:1].isupper()) for n in reading.open_words)
    return () if named else reading.unread


INNER_MARKS = r"[\"“”„«»'‘’]"


def quoted(words: str) -> str:
    """Return the asker's words in quotation marks, with none inside, so that what is quoted ends where it seems to."""
    return f"“{re.sub(INNER_MARKS, '', words)}”"


def leans(clause: Sequence[Item]) -> bool:
    """Whether a clause asks and names nothing of its own: what it asks is of the answer before."""
    asking = any(i.type == "ASK" and i.value in ASKING for i in clause)
    told = any(i.value == "pp" for i in clause)  # "how many percentage points", of a change
    return asking and not told and {i.type for i in clause} <= {"ASK", "MEASURE", "EACH", "HERE", "WITNESS", "FIRST"}


def tells_count(query: Query, clause: Sequence[Item]) -> bool:
    """Whether a clause asks how many points there are, and a query tells it already: "… and if so at how many"."""
    of_points = {(i.type, i.value) for i in clause if i.type != "HERE"} <= COUNTING
    told = is_of_points(query) and query.limit is None
    return of_points and (told or (not query.rows and any(c.measure == "points" for c in query.columns)))


COUNTING = {("ASK", "how_many"), ("ASK", "is"), ("ASK", "show"), ("MEASURE", "points")}
"""What a clause that asks how many there are may hold."""


def tells_all(query: Query, reading: Reading) -> bool:
    """Whether one query answers every part: what is kept, lost and gained, or how many metres up or kilometres off a
    single point is."""
    ways = sum(reading.has(kind) for kind in ("LOST", "GAINED", "STAYED"))
    measured = reading.has("NEAREST") or any((i.type, i.value) == ("UNIT", "m") for i in reading.said.items)
    single = query.limit == 1 and any(g.dimension == "point" for g in query.rows)
    return (query.source == "revisits" and ways > 1) or (single and measured)


def goes_on(question: str, context: Context) -> bool:
    """Whether a question opens as one that goes on from another: "and in Spain?"."""
    return "edit.what_about" in {leaf.key for leaf in leaves(question, context.language)}


def leading_plan(
    question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any]
) -> Plan | None:
    """Return the plan of the first clauses of a question, as many as are read whole; None where not even the first is.

    A clause begins behind "and" or the end of a sentence; what stands behind is for the caller to name.
    """
    if context.language not in languages():
        return None
    reading = read(question, context.language, context)
    for later in clauses_of(reading)[:0:-1]:
        said, start = reading.said, later[0].start
        joining = [i.start for i in said.items if i.type in ("AND", "ALSO") and i.end == start]
        before = said.question[: said.tokens[min(joining, default=start)].start].rstrip()
        first = read(before, context.language, context)
        parted = later[0].type != "ASK" or joining or before[-1:] in "?;."
        asked = first.whole and first.has("CLASS") and first.has("ASK", "RANK", "LEVEL", "MEASURE", "DIFF")
        if not parted or not asked:
            continue
        if (plan := composed_plan(before, context, conversation, settled)) is not None:
            return plan
    return None


def refuse_too_small(asked: Sequence[Query], context: Context) -> None:
    """Refuse published figures of places below NUTS 2, offering the region around.

    Raises:
        TooFine: with what lies around and has figures.
    """
    ids = dict.fromkeys(str(id) for q in asked if q.source == "published" for id in values(q, "region"))
    named = [context.named(id) for id in ids]
    small = [r for r in named if r.level not in OFFICIAL_LEVELS and published_same(r, context) is None]
    if small and len(small) == len(named):
        raise TooFine(small[0].name, around(small[0], context), "below_nuts2")


def around_each(
    reading: Reading, context: Context, drawn: Sequence[str], settled: Mapping[str, Any]
) -> tuple[Query, ...]:
    """Return a reading's queries, those of each circle where several are named: "near Split and Zadar"."""
    if not (circles := reading.all("NEARS")):
        return queries(reading, context, drawn, settled)
    found: list[Query] = []
    for circle in circles[0]:
        items = tuple(replace(i, type="NEAR", value=circle) if i.type == "NEARS" else i for i in reading.items)
        found += queries(replace(reading, items=items), context, drawn, settled)
    return tuple(found)


def of_clauses(
    reading: Reading, context: Context, drawn: Sequence[str], settled: Mapping[str, Any], *, apart: bool = False
) -> tuple[Query, ...] | None:
    """Return the queries of a question whose clauses say something of one another's answers, None where it is none;
    `apart`: of clauses that each stand alone too."""
    try:
        return clause_queries(reading, context, drawn, settled, apart=apart)
    except Unfit:
        return None


def queries_before(conversation: Conversation) -> list[Query]:
    """Return the last query of each answer of a conversation, the last answer's as one; none where that had none."""
    if not conversation.queries:
        return []
    past = [Query.from_json(query) for query in conversation.past]
    return [*past, joined([Query.from_json(query) for query in conversation.queries])]


def selections(conversation: Conversation) -> list[Query]:
    """Return the queries of a conversation with each of the last answer's where these cannot be one."""
    return [Query.from_json(query) for query in (*conversation.past, *conversation.queries)]


def plan_of(
    asked: tuple[Query, ...], reading: Reading, context: Context, conversation: Conversation, *, beside: bool = True
) -> Plan:
    """Return the plan of some queries, with what a follow-up keeps of the last one; `beside`: with second witnesses."""
    used = {str(v) for q in asked for f in q.filters("region") if not isinstance(f.values, Ref) for v in f.values}
    areas = {id: geometry for id, geometry in conversation.areas.items() if id in used and id in context.areas}
    said = {*reading.years, *conversation.years}
    shifted = reading.has("SHIFT", "LATER", "BACK", "NOTYEAR")
    said |= {int(year) for q in asked if shifted or q.group("year") for year in values(q, "year")}
    steps = [
        replace(step, later=n > 0) for n, query in enumerate(asked) for step in steps_for(query, reading, context, said)
    ]
    steps = tuple({repr(step): step for step in steps if beside or not step.optional}.values())
    conversation.tried = {"steps": to_json(steps), "queries": [query.to_json() for query in asked]}
    alone = len(asked) == 1 and not asked[0].rows and len(values(asked[0], "region")) < 2
    alone = alone and not any(c.where or c.expression for c in asked[0].columns)
    both = [reading.said.words(i) for i in reading.items if alone and i.type == "BOTH"]
    notes = tuple(("left_aside", {"words": f"“{word}”"}) for word in both)
    notes = (*notes_on_names(reading, asked, context), *notes)
    named = said & {int(year) for year in values(asked[-1], "year")}
    queries = tuple(query.to_json() for query in asked)
    told = told_whether(reading.items, reading.said, asked[-1])
    return Plan(steps, notes, told=told, areas=areas, frame=of_land(sorted(named)), queries=queries)


def steps_for(query: Query, reading: Reading, context: Context, said: Collection[int]) -> list[Step]:
    """Return the tool calls of a query: of the verb that fills it, with its second witness, else its own."""
    verb = None if query.references() or query.lead else verb_of(query)
    if verb is None:
        return list(of_each_class(query, reading, context, said)) or [Step("query", query.to_json())]
    tool, given = verb
    if tool.startswith("compare") and reading.has("DIFF", "RANKED") and not reading.has("LOST", "GAINED", "STAYED"):
        return [Step("query", query.to_json())]  # which number is asked for, not a comparison of all
    usual = signature(TOOLS[tool]).parameters
    if any(p.default is p.empty and name not in given for name, p in usual.items() if name != "context"):
        return [Step("query", query.to_json())]
    given = {k: v for k, v in given.items() if k in usual and v != usual[k].default and is_said(k, v, said)}
    first = [Step(tool, given)]
    named = [w for w in reading.all("WITNESS") if w in SOURCES]
    points = ["survey"] if "points" in reading.all("MEASURE") else []
    source = SOURCES[(named or points or ["both"])[0]]
    return first if reading.has(*COMPOSED - BESIDE, "TOGETHER") else [*first, *witnesses(first, context, source)]


def of_each_class(query: Query, reading: Reading, context: Context, said: Collection[int]) -> Iterator[Step]:
    """The tool calls of a query whose rows are classes in no order: a verb for each."""
    group = query.rows[0] if len(query.rows) == 1 and not (query.order or query.having or query.fold) else None
    if group is None or group.dimension not in ("land_cover", "land_use"):
        return
    for codes in group.members:
        one = replace(query, rows=(), where=(*query.where, Filter(group.dimension, "in", codes)))
        yield from steps_for(one, reading, context, said)


BESIDE = {"NEAR", "NOTCLASS", "LOST", "GAINED", "STAYED"}
"""Constraints of the typed query beside which the other witness has its say too."""
SOURCES = {"survey": "survey", "published": "official", "both": ""}


def is_said(name: str, value: Any, said: Collection[int]) -> bool:
    """Whether an argument is no year that only stands for the latest: a verb finds that itself, and says so."""
    if name == "years":
        return bool({*value} & {*said})
    return value in said if name.startswith("year") else True
