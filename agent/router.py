"""Routers turn a question into a plan; the builtin one does it by rules and retrieval, with no language model.

A router never takes a place, class or year from anywhere but the question, the gazetteer, the nomenclature and the
conversation. What cannot be planned raises the error that says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from agent.acts import act_plan
from agent.composed import composed_plan, leading_plan
from agent.conversation import Conversation, chosen
from agent.deals.planning import WITNESSES, deals_plan
from agent.doubt import told_of_doubt, without_doubt
from agent.estimates import estimate_plan
from agent.language import unread
from agent.letters import LONGEST_LETTER, asked_in, without_opening
from agent.lexicon import leaves
from agent.offers import plan_of_offer
from agent.qualifiers import with_widened
from agent.reading.asides import without_asides
from agent.reading.clauses import clauses_of, words_of
from agent.reading.read import read
from agent.refusals import refuse
from agent.satellite import satellite_plan
from agent.understand import LONGEST_QUESTION, find_country
from agent.words import flatten
from retrieval.errors import (
    LandaskError,
    NoSuchYear,
    NotPublished,
    NotUnderstood,
    TooFine,
    UnknownClass,
)
from retrieval.types import Region
from tools.context import Context
from tools.plan import MOST_STEPS, Plan

CLAUSE_FAILS = (NoSuchYear, NotPublished, NotUnderstood, TooFine, UnknownClass)
"""What a later clause may come to: it is named, and the clauses before it are answered."""


class Router(Protocol):
    """What plans a question."""

    @property
    def name(self) -> str:
        """What the answer calls it: `builtin`, `schema:ollama:qwen3:4b` …"""
        ...

    def plan(self, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan of a question; raise DataError or Ambiguous where there is none."""
        ...


@dataclass(frozen=True)
class Builtin:
    """The rule-based router: always there, needs no model and no network."""

    name: str = "builtin"
    aside: bool = True
    """Whether a word it does not know and that narrows nothing may be left aside by name; a model is asked first."""

    def plan(self, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan of a question; raise DataError or Ambiguous where there is none."""
        return with_widened(question, self.planned(question, context, conversation), context)

    def planned(self, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan of a question before it tells how its words were read."""
        picked = picked_choice(question, context, conversation)
        settled: dict[str, Any] = {}
        if picked is not None and conversation.pending:
            waiting, value = conversation.pending, conversation.pending.values[picked]
            if waiting.kind == "offer":
                return plan_of_offer(value, conversation.areas)
            if waiting.kind == "piece":
                conversation.open, question = waiting.question, str(value)
            else:
                settled = {**waiting.resolved, waiting.words: value}
                conversation.pending = replace(waiting, resolved=settled)
                question = waiting.question
        if not any(c.isalnum() for c in question):
            raise NotUnderstood((), "no_words")
        if (of_deals := deals_plan(question, context, conversation, settled)) is not None:
            return of_deals
        settled = {words: value for words, value in settled.items() if value not in WITNESSES}
        if len(question) > LONGEST_LETTER:
            raise NotUnderstood((), f"too_long:{len(question)}:{LONGEST_LETTER}")
        question = without_asides(asked_in(question, context), context)
        if len(question) > LONGEST_QUESTION:  # a letter in which nothing of these data is asked
            raise NotUnderstood((), "which_class")
        if (name := unread(question)) and name != "words":
            raise NotUnderstood((), f"unread_language:{name}")
        clauses = witnesses_apart(question, context)
        if len(clauses) > 1:
            return self.each(clauses, context, conversation)
        if (of_satellite := satellite_plan(question, context, conversation, settled)) is not None:
            return of_satellite
        if not settled and (act := act_plan(question, context, conversation)) is not None:
            return act
        certain = without_opening(without_doubt(question, context), context)
        try:
            plan = self.one(certain, context, conversation, settled)
        except NotUnderstood as error:
            first = leading_plan(certain, context, conversation, settled)
            if first is None:
                raise
            plan = replace(first, left_out=(*first.left_out, error))
        return told_of_doubt(question, plan, context, asked=certain != question)

    def one(self, question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any]) -> Plan:
        """Return the plan of a question that the survey's points, the published figures or an estimate answer."""
        if (estimated := estimate_plan(question, context, conversation, settled)) is not None:
            return estimated
        if (whole := composed_plan(question, context, conversation, settled)) is not None:
            return whole
        most = composed_plan(question, context, conversation, settled, aside=True) if self.aside else None
        if most is None:
            raise refuse(question, context, drawn=bool(conversation.areas), follows=bool(conversation.queries))
        return most

    def each(self, clauses: Sequence[str], context: Context, conversation: Conversation) -> Plan:
        """Return the plan of several clauses, each knowing what the one before was about.

        Raises:
            DataError: the first clause cannot be planned, or a later one is of what is never answered.
            Ambiguous: words of a clause have several meanings.
        """
        so_far = replace(conversation, pending=None, turns=list(conversation.turns), tried={})
        plans: list[Plan] = []
        left_out: list[LandaskError] = []
        for clause in clauses:
            try:
                plan = self.planned(clause, context, so_far)
            except CLAUSE_FAILS as error:
                if not plans:
                    raise
                left_out.append(error)
                continue
            so_far.turn_to(plan.frame)
            so_far.turns.append(clause)
            so_far.keep([step.to_json() for step in plan.steps], [dict(query) for query in plan.queries])
            plans.append(replace(plan, steps=tuple(replace(step, later=bool(plans)) for step in plan.steps)))
        conversation.tried = so_far.tried
        return Plan(
            steps=tuple(step for plan in plans for step in plan.steps)[:MOST_STEPS],
            notes=tuple(note for plan in plans for note in plan.notes),
            areas={id: area for plan in plans for id, area in plan.areas.items()},
            frame=so_far.frame,
            queries=plans[-1].queries,
            left_out=tuple(left_out),
        )


def witnesses_apart(question: str, context: Context) -> list[str]:
    """Return the clauses of a question of which only some are of the satellite, which is asked apart; else itself."""
    said = {leaf.key for leaf in leaves(question, context.language)}
    if "witness.satellite" not in said:
        return [question]
    reading = read(question, context.language, context)
    clauses = words_of(clauses_of(reading), reading) if reading.items else []
    seen = ["witness.satellite" in {leaf.key for leaf in leaves(clause, context.language)} for clause in clauses]
    return clauses if any(seen) and not all(seen) else [question]


def picked_choice(question: str, context: Context, conversation: Conversation) -> int | None:
    """Return which offered choice the words take, if any were offered."""
    pending = conversation.pending
    if pending is None or pending.kind == "words":
        return None
    number = chosen(question, pending.choices, context.language)
    if number is not None or pending.kind != "region" or len(question.split()) > 8:
        return number
    country = find_country(flatten(question))
    if country is None:
        named = [c for m in context.gazetteer.mentions(question, context.language) for c in m.candidates]
        country = next((c.country for c in named if isinstance(c, Region) and c.level == "country"), None)
    regions = [(at, id) for at, id in enumerate(pending.values) if not str(id).startswith("town:")]
    fitting = [at for at, id in regions if country and context.gazetteer.region(id).country == country]
    return fitting[0] if len(fitting) == 1 else None
