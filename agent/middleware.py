"""The one place where errors become answers. What is not a known error is a bug, and stays one under `--debug`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent.answer import Status
from agent.conversation import Conversation, Pending
from agent.missing import CLASS, PLACE
from agent.offers import offers_of
from agent.render import refusal_of
from agent.voice import texts
from retrieval.errors import (
    Ambiguous,
    AmbiguousClass,
    AmbiguousRegion,
    AmbiguousSource,
    AskedBackInWords,
    DataError,
    InputError,
    LandaskError,
    NoSuchYear,
    NotPublished,
    NotUnderstood,
    QueryLimit,
    TooFine,
)
from retrieval.statistics import MAIN_CLASSES
from tools.context import Context

CAUGHT = (DataError, Ambiguous, InputError, QueryLimit)
"""Errors that are answers; StoreError and SourceError end the command instead."""
PIECES = (CLASS, PLACE)
"""What a question may leave out that no answer is honest without: it is asked for."""


@dataclass(frozen=True)
class Outcome:
    """What an error came to."""

    status: Status
    text: str
    choices: tuple[str, ...] = ()
    pending: Pending | None = None
    queries: list[dict[str, Any]] = field(default_factory=list)
    """Typed queries of what was asked and has no answer: the next question is read as what follows on them."""


def outcome_of(error: LandaskError, question: str, conversation: Conversation, context: Context) -> Outcome:
    """Return status, text and choices of an error, and what the conversation now waits for."""
    text = refusal_of(error, context.language, context)
    waiting = conversation.pending
    resolved: dict[str, Any] = {}
    if waiting and waiting.kind != "offer" and isinstance(error, Ambiguous) and error.words != waiting.words:
        resolved = dict(waiting.resolved)
    match error:
        case AmbiguousRegion():
            pending = Pending("region", question, error.words, error.choices, error.ids, resolved)
            return Outcome("clarify", text, error.choices, pending)
        case AmbiguousClass():
            codes = tuple(list(c) for c in error.codes)
            pending = Pending("class", question, error.words, error.choices, codes, resolved)
            return Outcome("clarify", text, error.choices, pending)
        case AmbiguousSource():
            pending = Pending("source", question, error.words, error.choices, error.sources, resolved)
            return Outcome("clarify", text, error.choices, pending)
        case AskedBackInWords():
            pending = Pending("words", question, error.words, error.choices, error.choices)
            return Outcome("clarify", text, error.choices, pending)
        case Ambiguous():
            return Outcome("clarify", text, error.choices)
    if isinstance(error, NotUnderstood) and error.reason == CLASS and conversation.open:
        pending = main_classes(conversation.open, context)
        return Outcome("clarify", text, pending.choices, pending)
    offers = offers_of(error, conversation.tried.get("steps", ()), context)
    choices = tuple(name for name, _ in offers)
    pending = Pending("offer", question, "", choices, tuple(steps for _, steps in offers)) if offers else None
    if isinstance(error, NotUnderstood) and (error.reason in PIECES or nothing_was_read(error)):
        return Outcome("clarify", text, choices, pending)
    return Outcome("refused", text, choices, pending, queries_left(error, conversation, context))


def main_classes(question: str, context: Context) -> Pending:
    """Return the classes of the first level as what a question that names none may be of."""
    label = context.nomenclature.label
    choices = tuple(f"{label(code, context.language)} ({code})" for code in MAIN_CLASSES)
    return Pending("piece", question, "", choices, tuple(MAIN_CLASSES))


def nothing_was_read(error: NotUnderstood) -> bool:
    """Whether a question names no place and no class, and nothing of it could be used: "where is it nicest?"."""
    return error.reason.startswith("unread:") and not error.understood


def queries_left(error: LandaskError, conversation: Conversation, context: Context) -> list[dict[str, Any]]:
    """Return the typed queries that "and in Alsace?" follows on after a refusal: those refused, of the latest survey
    where theirs had none."""
    queries = [dict(query) for query in conversation.tried.get("queries", ())]
    match error:
        case NoSuchYear():
            latest = {"dimension": "year", "op": "in", "values": list(context.store.years()[-1:])}
            found = [query for query in queries if query["source"] == "survey" and latest["values"]]
            return [{**q, "where": [*(f for f in q["where"] if f["dimension"] != "year"), latest]} for q in found]
        case TooFine() | NotPublished():
            return queries
    return []


def bug_text(language: str) -> str:
    """Return what a person reads when the program failed."""
    return texts(language)["refusal"]["error"]
