"""What was read of a question about land deals becomes typed queries. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from agent.conversation import Conversation
from agent.deals.reading import NOTHING, Asked, read
from agent.deals.topic import goes_on, means_deals, names_deals, points_back
from agent.reading.mentions import mentions
from retrieval.deal_terms import expanded
from retrieval.deal_words import words
from retrieval.errors import AmbiguousSource, NoRecords, NotUnderstood
from retrieval.query import Column, Condition, Expression, Filter, Fold, Group, Order, Query
from retrieval.sources.deals import SIZES, STATES
from tools.context import Context
from tools.deals import SUMMED, has_deals, known
from tools.plan import Note, Plan, Step

MAXIMUM = 10_000
MOST_WORDS = 8
"""Words of a question that can only be what follows on another."""
WITNESSES = (DEALS, LAND) = ("deals", "land")
"""What a question that fits both may be about."""


def deals_plan(
    question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any] = NOTHING
) -> Plan | None:
    """Return the plan of a question about land deals, None where its words are not of them.

    Args:
        question: what is asked.
        context: the store, and in which language.
        conversation: what was asked before.
        settled: words that had several meanings → the one that the asker chose.

    Raises:
        AmbiguousSource: its words fit land cover as well, and the asker has not chosen.
        NoRecords: it is about them, and the store holds none.
        NotUnderstood: words of it have no place in the plan.
        AmbiguousRegion: a name is several countries.
    """
    if not has_deals(context.store):
        if names_deals(question, context.language):
            raise NoRecords("land deals", "fetch landmatrix", "deals_missing")
        return None
    of_land = conversation.frame and "deals" not in conversation.frame
    if LAND in settled.values() or (of_land and points_back(question, context.language)):
        return None
    if (plan := _of_those(question, context, conversation)) is not None:
        return plan
    said = means_deals(question, context)
    if said == "perhaps" and DEALS not in settled.values():
        said = _decided(question, context)
    if said:
        return plan_of(read(question, context, known(context.store), settled))
    return _following(question, context, conversation)


def _decided(question: str, context: Context) -> str:
    """Return whether words that deals are spoken of in are meant of them: not where the land itself fits alone.

    Raises:
        AmbiguousSource: both fit.
    """
    said = mentions(question, context.language, context).items
    covers = [i.value for i in said if i.type == "CLASS"]
    regions = [region for i in said if i.type == "PLACE" and i.value.exact for region in i.value.regions]
    surveyed = [region for region in regions if region.level != "foreign"]
    if not covers or (regions and not surveyed):
        return "deals"
    if surveyed and not any(known(context.store).targets.get(f"country:{region.country}") for region in surveyed):
        return ""
    of = words(context.language)["say"]
    named = " ".join(dict.fromkeys(cover.text for cover in covers))
    raise AmbiguousSource(named, (of["deals"], of["the_land"]), WITNESSES)


def _of_those(question: str, context: Context, conversation: Conversation) -> Plan | None:
    """Return the plan of "which of those are starting up?", "and how many hectares?": of the deals before, no others.

    Raises:
        NotUnderstood: it speaks of those deals, and words of it have no place in the plan.
    """
    before = conversation.frame.get("deals")
    back = points_back(question, context.language)
    if not before or not (back or goes_on(question, context.language)):
        return None
    try:
        asked = read(question, context, known(context.store))
    except NotUnderstood:
        if back and means_deals(question, context):
            raise
        return None
    if not back and asked.filters:
        return None
    older = _asked_from(before)
    placed = {f.dimension for f in asked.filters if f.dimension in ("place", "position", "area")}
    kept = [one for one in older.filters if one.dimension not in placed]
    return plan_of(replace(asked, filters=list(dict.fromkeys([*kept, *asked.filters])), europe=older.europe))


def _following(question: str, context: Context, conversation: Conversation) -> Plan | None:
    """Return the plan of "and in Ghana?" after a question about deals: what it names replaces its own kind."""
    before = conversation.frame.get("deals")
    if not before or len(question.split()) > MOST_WORDS:
        return None
    try:
        asked = read(question, context, known(context.store))
    except NotUnderstood:
        return None
    if not asked.filters and asked.act not in ("count", "sum", "rows"):
        return None
    older = _asked_from(before)
    named = {one.dimension for one in asked.filters}
    kept = [one for one in older.filters if one.dimension not in named]
    changed = replace(older, filters=[*kept, *asked.filters], europe=asked.europe, beside="")
    if asked.act != "list" or asked.way:
        changed = replace(asked, filters=changed.filters)
    return plan_of(replace(changed, members=[], by="" if changed.by == "place" else changed.by))


def _asked_from(plain: Mapping[str, Any]) -> Asked:
    """Return what was read, from the plain values that a conversation keeps of it."""
    made: dict[str, Any] = {**plain, "members": [tuple(member) for member in plain["members"]]}
    made["having"] = tuple(plain["having"]) if plain["having"] else None
    for name in ("filters", "part"):
        made[name] = [Filter(one["dimension"], one["op"], tuple(one["values"])) for one in plain[name]]
    return Asked(**made)


def plan_of(asked: Asked) -> Plan:
    """Return the steps of what was read: the query that leads, and the deals behind it."""
    queries = [(query, act) for query, act in _queries(asked)]
    steps = [Step("deals", {**{k: v for k, v in q.to_json().items() if k != "source"}, "act": a}) for q, a in queries]
    if asked.beside:
        places = [v for f in asked.filters if f.dimension == "place" and isinstance(f.values, tuple) for v in f.values]
        surveyed = [str(v) for v in places if str(v).startswith(("country:", "nuts:"))]
        if surveyed:
            steps.insert(1, Step("official_share", {"regions": surveyed, "land_cover": [asked.beside], "unit": "ha"},
                                 optional=True))  # fmt: skip
    return Plan(tuple(steps), tuple(_notes(asked)), frame={"operation": "deals", "deals": asdict(asked)})


def _notes(asked: Asked) -> list[Note]:
    notes: list[Note] = []
    if asked.europe:
        notes.append(("deals_europe", {}))
    if any(f.dimension == "year" for f in asked.filters) or asked.measure == "year":
        notes.append(("deals_since_initiation", {}))
    if asked.beside:
        notes.append(("deals_side_by_side", {}))
    return notes


def _queries(asked: Asked) -> list[tuple[Query, str]]:
    """Return the query that leads, the deals behind it, and how many there are by the year of a state itself."""
    where = tuple(asked.filters)
    queries = _leading(asked, where)
    if asked.act in ("count", "list") and not asked.way and (dated := _by_state(where)):
        queries.append((_one(dated, "deals"), "count"))
    return queries


def _by_state(where: Sequence[Filter]) -> tuple[Filter, ...]:
    """Return the filters of "concluded since 2015" with the year of the conclusion; () where no state is dated."""
    named = [(f.dimension, {*expanded(f.dimension, map(str, f.values))}) for f in where
             if f.op == "in" and isinstance(f.values, tuple)]  # fmt: skip
    dated = next((name for one, codes in named for name, (field, of) in STATES.items()
                  if one == field and codes <= {*of}), "")  # fmt: skip
    if not dated or not any(f.dimension == "year" for f in where):
        return ()
    return tuple(replace(f, dimension=dated) if f.dimension == "year" else f for f in where)


def _leading(asked: Asked, where: tuple[Filter, ...]) -> list[tuple[Query, str]]:
    listed = (_list(where), "behind")
    match asked.act:
        case "deal":
            return [(_list((Filter("deal", "in", (asked.deal or 0,)),)), "deal")]
        case "count" if asked.counted:
            return [(_counted(asked, where), "counted"), listed]
        case "count":
            return [(_one(where, "deals"), "count"), listed]
        case "sum":
            if asked.operating:
                running = (*where, Filter("implementation", "in", ("IN_OPERATION",)))
                return [(_one(where, asked.measure), "sum"), (_list(running), "behind")]
            return [(_one(where, asked.measure), "sum"), listed]
        case "share":
            return [(_share(asked), "share"), (_list((*where, *asked.part)), "behind")]
        case "when":
            return [(_when(where), "when"), listed]
        case "rows":
            return [(_rows(asked, where), "verdict" if asked.by == "place" else "rows"), listed]
    if asked.way:
        act = "dated" if asked.measure == "year" else "biggest" if asked.way == "most" else "smallest"
        return [(_biggest(asked, where), act)]
    return [(_list(where), "exist" if asked.yes_no else "list")]


def _list(where: Sequence[Filter]) -> Query:
    return Query("deals", where=tuple(where), rows=(Group("point"),), order=(Order("deal_id", "fewest"),),
                 limit=MAXIMUM)  # fmt: skip


def _biggest(asked: Asked, where: Sequence[Filter]) -> Query:
    columns = {measure: column for column, measure in SIZES.items()} | {"year": "year"}
    by = columns.get(asked.measure, "size_ha")
    way: Any = asked.way
    order = (Order(by, way), Order("deal_id", "fewest"))
    return Query("deals", where=tuple(where), rows=(Group("point"),), order=order, limit=asked.limit or 10)


def _one(where: Sequence[Filter], measure: str) -> Query:
    columns = (Column(measure, measure),) if measure != "deals" else (Column("deals", "deals"),)
    return Query("deals", columns=columns, where=tuple(where))


def _when(where: Sequence[Filter]) -> Query:
    names = ("first_year", "last_year", "year_known")
    return Query("deals", columns=tuple(Column(n, n) for n in names), where=tuple(where))


def _group(asked: Asked) -> tuple[Group, ...]:
    return (Group(asked.by, members=tuple(map(tuple, asked.members))),)


def _rows(asked: Asked, where: Sequence[Filter]) -> Query:
    """One row a value; countries and regions of the world that are named side by side, one row each."""
    measure = asked.measure if asked.measure in SUMMED else "hectares"
    lead, second = ("deals", measure) if asked.measure in ("deals", "year") else (measure, "deals")
    way: Any = asked.way or "most"
    order = () if asked.by == "year" and not asked.limit else (Order(lead, way), Order(second, way))
    having = (Condition("deals", asked.having[0], asked.having[1]),) if asked.having else ()  # ty: ignore[invalid-argument-type]
    return Query("deals", columns=(Column("deals", "deals"), Column(measure, measure)), where=tuple(where),
                 rows=_group(asked), having=having, order=order, limit=asked.limit if order else None,
                 lead=asked.lead)  # fmt: skip


def _counted(asked: Asked, where: Sequence[Filter]) -> Query:
    return Query("deals", columns=(Column("deals", "deals"),), where=tuple(where), rows=_group(asked),
                 fold=Fold("count"))  # fmt: skip


def _share(asked: Asked) -> Query:
    part = Column("part", "deals", tuple(asked.part))
    return Query("deals", columns=(part, Column("deals", "deals"),
                                   Column("percent", expression=Expression("percent", "part", "deals"))),
                 where=tuple(asked.filters))  # fmt: skip
