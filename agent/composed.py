"""Questions that only the typed query can hold: read whole or left to the rules behind. Asks nothing of a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from agent.conversation import Conversation
from agent.frame import Frame
from agent.lexicon import languages
from agent.reading.clauses import clause_queries, clauses_of
from agent.reading.complete import completed
from agent.reading.edit import edited, edits
from agent.reading.fill import Unfit, asked_of_the_first, lies_there, queries
from agent.reading.held import dropped, in_each_year, in_other_years
from agent.reading.mentions import Item
from agent.reading.pointing import joined, points_at_those, rows_of, values, words_pointing
from agent.reading.read import COMPOSED, Reading, read
from agent.reading.shapes import shaped
from agent.steps import around
from retrieval.errors import NoSuchYear, NotUnderstood, OutOfCoverage, TooFine
from retrieval.query import Query, Ref
from retrieval.types import PAGE_LANGUAGES
from tools.context import Context
from tools.plan import Plan, Step


def composed_plan(
    question: str,
    context: Context,
    conversation: Conversation,
    settled: Mapping[str, Any],
    *,
    in_parts: bool = False,
    plain: bool = False,
) -> Plan | None:
    """Return the plan of a question whose every word was read into typed queries; None where it is not that.

    Args:
        question: what is asked.
        context: the world it is asked of.
        conversation: what was said before.
        settled: words → what the asker chose among several meanings.
        in_parts: it has several parts, which ask for more than one table can say unless it holds what became of what.
        plain: it is taken although the rules behind have a way of their own for it.

    Raises:
        AmbiguousRegion, AmbiguousClass: a name is several things.
        DataError: the query cannot be asked of these data.
    """
    if context.language not in languages():
        return None
    reading = read(question, context.language, context)
    if future := [year for year in reading.all("YEAR") if year > datetime.now(UTC).year]:
        raise OutOfCoverage("forecast", str(future[0]))
    if not reading.whole_in_talk or any(str(i.value).startswith("write.") for i in reading.said.items):
        return None
    drawn = tuple(conversation.areas)[-1:]
    alone = not conversation.queries and not conversation.frame
    if alone and points_at_those(reading, same=True) and not reading.has("CLASS", "PLACE", "RANK"):
        raise NotUnderstood((), f"unread:{words_pointing(reading)}")
    whole = None
    if past := queries_before(conversation):
        laying = asked_of_a_table(conversation) or is_an_edit(reading, str(conversation.steps[-1]["tool"]))
        try:
            found = edited(reading, past, context, drawn, settled, laying=laying) if edits(reading) else None
        except Unfit:
            found = None
        if found is not None:
            return plan_of((found,), reading, context, conversation)
        of_a_table = asked_of_a_table(conversation) or leaves_the_rules_behind(reading)
        whole = completed(reading, past[-1], context) if of_a_table else None
    if not reading.whole or (reading.has("HERE") and not drawn and not reading.has("PLACE")):
        return None
    if not past and reading.items and reading.items[0].type == "ALSO":
        return None  # "add a point" with nothing before to add to
    of_published = "how_many" in reading.all("ASK") and only_published(reading, context) and not reading.has("MEASURE")
    of_published = of_published or changes_of_published(reading, context)
    # of a language without rules behind, plain questions are the chart's too
    sided = reading.has("SINCEYEAR") and not reading.has("UP", "DOWN")
    plain = plain and reading.has("CLASS") and not reading.has("SPAN", "TREND", "CHANGE") and not sided
    plain = plain or (context.language not in PAGE_LANGUAGES and reading.has("CLASS", "SPLIT", "PLACE"))
    leaning = of_clauses(reading, context, drawn, settled) if whole is None else None
    if leaning is not None and dropped(leaning, reading, context):
        leaning = None
    clauses = clauses_of(reading)
    one_clause = len(clauses) == 1 or not asks(clauses[0])  # "of the five …: what is …"
    of_each = reading.has("CHANGE", "UP", "DOWN") or (len(clauses) == 1 and reading.has("EACH"))
    if leaning is None and whole is None and (not in_parts or (one_clause and not of_each)):
        leaning = shaped(reading, context, drawn, settled)
    elif leaning is None and whole is None:
        leaning = shaped(reading, context, drawn, settled, several=True)
    if leaning is None and whole is None and not (is_ours(reading) or of_published or plain):
        return None
    reading = whole or reading
    try:
        asked = leaning if leaning is not None else around_each(reading, context, drawn, settled)
    except Unfit:
        return None
    missing = [year for year in reading.years if year not in context.store.years()]
    if missing and any(query.source == "revisits" for query in asked):
        raise NoSuchYear(missing[0], context.store.years())
    asked = in_each_year(in_other_years(asked, reading, context), reading)
    if dropped(asked, reading, context):
        return None
    refuse_too_small(asked, context)
    several = in_parts and not (reading.has("BOTH") and len(clauses) == 1)
    if several and leaning is None and len(asked) == 1 and asked[0].source != "revisits":
        return None
    return plan_of(asked, reading, context, conversation)


def asks(clause: Sequence[Item]) -> bool:
    """Whether a clause asks; "the regions where" only says of which."""
    before = [None, *clause]
    kinds = ("LEVEL", "INSIDE", "MANY", "RANK")
    named = [a is not None and a.type in kinds for a in before[:-1]]
    return any(i.type == "ASK" and not (i.value == "where" and there) for i, there in zip(clause, named, strict=True))


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
        if (plan := composed_plan(before, context, conversation, settled, plain=True)) is not None:
            return plan
    return None


def refuse_too_small(asked: Sequence[Query], context: Context) -> None:
    """Refuse published figures of places below NUTS 2, offering the region around.

    Raises:
        TooFine: with what lies around and has figures.
    """
    named = [context.named(str(id)) for q in asked if q.source == "published" for id in values(q, "region")]
    if named and all(region.level in ("nuts3", "subdivision") for region in named):
        raise TooFine(named[0].name, around(named[0], context), "below_nuts2")


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
    reading: Reading, context: Context, drawn: Sequence[str], settled: Mapping[str, Any]
) -> tuple[Query, ...] | None:
    """Return the queries of a question whose clauses say something of one another's answers, None where it is none."""
    try:
        return clause_queries(reading, context, drawn, settled)
    except Unfit:
        return None


def only_published(reading: Reading, context: Context) -> bool:
    """Whether a class is asked about in years that only published figures are there for, and no points is said."""
    published = bool(reading.years) and reading.years <= context.store.years_published_only()
    return published and reading.has("CLASS") and "points" not in reading.all("MEASURE")


def changes_of_published(reading: Reading, context: Context) -> bool:
    """Whether by how many points a class changed is asked for from or to a year that no survey points are there of."""
    years = reading.years & context.store.years_published_only()
    said = {i.value for i in reading.said.items if i.type in ("MEASURE", "UNIT")}
    counted = "points" in said and "pp" not in said
    return bool(years) and counted and reading.has("CHANGE", "UP", "DOWN") and reading.has("CLASS")


def leaves_the_rules_behind(reading: Reading) -> bool:
    """Whether a follow-up without a class asks for what the rules behind have no place for."""
    ranked = reading.has("LEVEL", "RANK", "MANY") and reading.has("UP", "DOWN", "CHANGE", "LOST", "GAINED")
    highest = {(i.start, i.end) for i in reading.made if i.type == "END"}
    end = any(i.type == "SUP" and (i.start, i.end) in highest for i in reading.items) and not reading.has("LEVEL")
    ranked = ranked or (reading.has("SUP", "CLASS") and reading.has("LOST", "GAINED") and not reading.has("PLACE"))
    return ranked or end or reading.has("STAT", "END", "NONE") or (reading.has("DIFF") and reading.has("PLACE"))


def queries_before(conversation: Conversation) -> list[Query]:
    """Return the last query of each answer of a conversation, the last answer's as one; none where that had none."""
    if not conversation.queries:
        return []
    past = [Query.from_json(query) for query in conversation.past]
    return [*past, joined([Query.from_json(query) for query in conversation.queries])]


def asked_of_a_table(conversation: Conversation) -> bool:
    """Whether the last answer was the typed query's own: what a follow-up names is laid over it."""
    return bool(conversation.steps) and conversation.steps[-1]["tool"] == "query"


def refuse_what_was_pointed_at(question: str, plan: Plan, context: Context, conversation: Conversation) -> None:
    """Refuse a plan of the rules behind that left out "those": the places or the points of the answer before.

    Raises:
        NotUnderstood: naming the words.
    """
    if context.language not in languages() or not (past := queries_before(conversation)):
        return
    reading = read(question, context.language, context)
    if reading.has("PLACE") or not points_at_those(reading, same=False, here=not conversation.areas):
        return
    base, asked = past[-1], [step.arguments for step in plan.steps if not step.optional]
    named = {str(id) for one in asked for key in ("regions", "within") for id in one.get(key, ())}
    codes = {code for one in asked for key in ("land_cover", "land_use") for code in one.get(key, ())}
    group = base.group("region")
    other_places = group is not None and not base.fold and not named & {*rows_of(base, context)}
    other_points = base.source == "survey" and group is None and bool(codes) and bool(codes - {*classes_of(base)})
    if other_places or (other_points and classes_of(base)):
        raise NotUnderstood((), f"unread:{words_pointing(reading)}")


def classes_of(query: Query) -> tuple[str, ...]:
    """Return the codes that a query's own filters ask for."""
    return tuple(str(code) for theme in ("land_cover", "land_use") for code in values(query, theme))


COMPARED = ("compare_official", "compare_regions")
"""Tools that take one more place themselves."""


def is_an_edit(reading: Reading, tool: str) -> bool:
    """Whether a follow-up of an answer by the rules behind, a tool's, changes what they have no place for."""
    if reading.has("CLASS") or (tool in COMPARED and reading.has("ALSO")):
        return False
    level = reading.has("LEVEL") and not reading.has("SUP", "RANK", "ASK")
    return (
        level or is_ours(reading) or reading.has("NOTPLACE", "LIMIT", "ALSO", "ONE", "SHIFT", "LATER", "FIRST", "BACK")
    )


def is_ours(reading: Reading) -> bool:
    """Whether a reading holds what the rules behind cannot: a condition, a grouping, a comparison of columns."""
    if {"estimates", "predictions"} & set(reading.all("WITNESS")):
        return True
    ranks = reading.has("RANKED") or any(i.type == "RANKED" for i in reading.said.items)
    asked = bool({"where", "what"} & {*reading.all("ASK")}) or reading.has("UNSURE")
    placed = ranks and reading.has("PLACE") and reading.has("CLASS") and asked
    if placed:
        return True
    if is_for_the_rules_behind(reading):
        return False
    placed = reading.has("RANKED") and reading.has("PLACE") and reading.has("CLASS")
    years = len(set(reading.all("YEAR", "SINCEYEAR"))) > 1 and not reading.has("CHANGE", "UP", "DOWN", "TREND")
    themes = {k.match.theme for k in reading.all("CLASS")}
    moved = reading.has("CHANGE") and reading.has("CLASSES") and not reading.has("CLASS")
    sided = "compare" in reading.all("ASK") or reading.has("SUP", "UP", "DOWN") or "where" in reading.all("ASK")
    sided = sided or (reading.all("ASK")[:1] == ["is"] and "what" not in reading.all("ASK"))
    shares = "share" in reading.all("MEASURE") and len(reading.all("PLACE", "CLASS")) > 2 and not sided
    whenever = "when" in reading.all("ASK") and reading.has("SUP")
    ranked_change = reading.has("LEVEL", "MANY", "INSIDE", "RANK") and reading.has(
        "UP", "DOWN", "CHANGE", "LOST", "GAINED"
    )
    if ranked_change and reading.has("SPAN", "SINCEYEAR"):
        return True
    each = "each" in reading.all("EACH") and reading.has("CHANGE", "UP", "DOWN")
    asked = "which" in reading.all("ASK") or reading.has("BOTH")
    both = len(reading.all("CLASS")) > 1 and asked and reading.has("LEVEL")
    ranked = reading.has("RANKED", "RANK") and reading.has("INSIDE", "LEVEL", "RANK") and "is" not in reading.all("ASK")
    if lies_there(reading):
        return True
    asks = {*reading.all("ASK")}
    spread = reading.has("LEVEL") and reading.has("CLASS") and {"where", "how_many"} <= asks
    spread = spread and not reading.has("RANK", "SUP", "MANY", "INSIDE")
    shown = next((i.end for i in reading.items if i.type == "ASK" and i.value == "show"), None)
    listed = any(i.type == "LEVEL" and shown is not None and i.start - shown < 2 for i in reading.items)
    listed = listed and reading.has("CLASS") and reading.has("MEASURE")
    ranking = ranked and reading.has("RANKED")
    if any((moved, shares, whenever, each, both, ranking, placed, spread, listed, is_of_the_other_survey(reading))):
        return True
    return reading.composed or years or len(themes) > 1 or is_two_steps(reading)


def is_of_the_other_survey(reading: Reading) -> bool:
    """Whether points of one class are asked about in another survey: "how many sunflower points were wheat in 2015"."""
    classes = [i for i in reading.items if i.type == "CLASS"]
    asks = reading.all("ASK")
    if len(classes) != 2 or len(reading.all("YEAR")) != 1 or asks.count("how_many") != 1:
        return False
    if "points" not in reading.all("MEASURE") or reading.has("OR", "SUP", "UP", "DOWN", "MORE"):
        return False
    between = [i for i in (*reading.items, *reading.said.items) if classes[0].end <= i.start < classes[1].start]
    linked = any(i.type == "ASK" and i.value == "is" and i in reading.items for i in between)
    return linked and not any(i.type == "AND" for i in between)


def is_for_the_rules_behind(reading: Reading) -> bool:
    """Whether all that is composed in a reading is what they have a way of their own for: a circle, a class left out,
    points gained and lost side by side, all classes of a place."""
    composed = {i.type for i in reading.items if i.type in COMPOSED}
    moved = {"LOST", "GAINED", "STAYED"} & composed
    dated = reading.has("SPAN", "SINCEYEAR") or len(set(reading.all("YEAR"))) > 1
    rows = reading.has("LEVEL", "RANK", "MANY", "INSIDE", "SUP")
    if composed and composed <= moved and not rows and (not dated or "points" not in reading.all("MEASURE")):
        return True
    ranked_classes = (
        composed == {"SPLIT"} and reading.has("SUP") and {w for w, _ in reading.all("SPLIT")} == {"classes"}
    )
    if (composed == {"RANKCLASS"} or ranked_classes) and ("points" in reading.all("MEASURE") or reading.has("WITNESS")):
        return True
    in_points = {"points", "share"} <= set(reading.all("MEASURE"))
    alone = len(reading.all("PLACE")) < 2 and len(reading.all("CLASS")) < 2
    one_change = dated and alone and not rows and not in_points
    first = reading.items[0] if reading.items else None
    in_proportion = first is not None and first.type == "ASK" and first.value == "is"
    if composed == {"DIFF"} and (one_change or (in_proportion and "ratio" in reading.all("DIFF") and not rows)):
        return "how_many" not in reading.all("ASK")
    if len(moved) > 1 or (composed <= moved and "where" in reading.all("ASK") and not dated):
        return True
    if reading.has("RANK", "MANY") and reading.has("YEAR") and reading.has("SPAN") and reading.has("CHANGE"):
        return True
    outside = any(op != "near" for op, _, _ in reading.all("NEAR"))
    profile = composed == {"SPLIT"} and reading.all("SPLIT") == [("classes", "land_cover")] and not reading.has("CLASS")
    circles = bool(composed) and composed <= {"NEAR", "NOTCLASS"} and len(set(reading.all("YEAR"))) < 2
    circles = circles and not reading.has("CLASSES")
    of_classes = bool(composed) and composed <= {"RANKCLASS", "SPLIT"} and not reading.has("LEVEL")
    if of_classes and len(reading.all("CLASS")) > 1:
        return True
    return profile or (circles and not outside and not reading.has("LEVEL", "RANK", "SUP"))


def is_two_steps(reading: Reading) -> bool:
    """Whether those that are first in one thing are asked about another."""
    ranks = [i for i in reading.items if i.type in ("RANK", "SUP")]
    later = [i for i in reading.items if i.type == "ASK" and ranks and i.start > ranks[0].start]
    first = bool(ranks) and asked_of_the_first(reading.items, ranks[0])
    return bool(ranks) and len(reading.all("CLASS")) == 2 and (len(ranks) > 1 or bool(later) or first)


def plan_of(asked: tuple[Query, ...], reading: Reading, context: Context, conversation: Conversation) -> Plan:
    """Return the plan of some queries, with what a follow-up keeps of the last one."""
    used = {str(v) for q in asked for f in q.filters("region") if not isinstance(f.values, Ref) for v in f.values}
    areas = {id: geometry for id, geometry in conversation.areas.items() if id in used and id in context.areas}
    steps = tuple(Step("query", query.to_json()) for query in asked)
    said = {*reading.all("YEAR"), *(year for span in reading.all("SPAN") for year in span)}
    frame = frame_of(asked[-1], said).to_json()
    return Plan(steps, areas=areas, frame=frame, queries=tuple(query.to_json() for query in asked))


def frame_of(query: Query, years: Collection[int]) -> Frame:
    """Return what a query is about, as the rules behind remember it; of its years those that were said."""

    def named(*dimensions: str) -> tuple[Any, ...]:
        return tuple(value for name in dimensions for value in values(query, name))

    return Frame(
        regions=named("region"),
        land_cover=named("land_cover", "land_cover_from"),
        land_use=named("land_use", "land_use_from"),
        years=tuple(year for year in named("year") if year in years),
        source="official" if query.source == "published" else "survey",
    )
