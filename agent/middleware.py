"""The one place where errors become answers. What is not a known error is a bug, and stays one under `--debug`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent.answer import Status
from agent.conversation import Conversation, Pending
from agent.frame import TIME
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
PIECES = ("which_class", "which_region")
"""What a question may leave out that no answer is honest without: it is asked for."""


@dataclass(frozen=True)
class Outcome:
    """What an error came to."""

    status: Status
    text: str
    choices: tuple[str, ...] = ()
    pending: Pending | None = None
    frame: dict[str, Any] = field(default_factory=dict)
    """What was asked that has no answer, or misses a piece: the next question is read as what follows on it."""


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
    frames = offered_frames(error, conversation.frame_tried, context)
    choices = tuple(name for name, _ in frames)
    pending = Pending("offer", question, "", choices, tuple(f for _, f in frames)) if frames else None
    if isinstance(error, NotUnderstood) and (error.reason in PIECES or nothing_was_read(error)):
        return Outcome("clarify", text, choices, pending, conversation.frame_tried)
    return Outcome("refused", text, choices, pending, what_stays(error, conversation.frame_tried))


def nothing_was_read(error: NotUnderstood) -> bool:
    """Whether a question names no place and no class, and nothing of it could be used: "where is it nicest?"."""
    return error.reason.startswith("unread:") and not error.understood


def what_stays(error: LandaskError, tried: dict[str, Any]) -> dict[str, Any]:
    """Return what "and in Alsace?" is about after a refusal: the question refused, less a year without a survey."""
    match error:
        case NoSuchYear():
            return {name: value for name, value in tried.items() if name not in TIME}
        case TooFine() | NotPublished():
            return tried
    return {}


def offered_frames(error: LandaskError, tried: dict[str, Any], context: Context) -> list[tuple[str, dict[str, Any]]]:
    """Return what a refusal offers instead: label → the question it would be."""
    if not tried:
        return []
    match error:
        case TooFine() if error.containing:
            offers = []
            for name in error.containing:
                try:
                    region = context.region(name)
                except LandaskError:
                    continue
                offers.append((region.name, {**tried, "regions": [region.id], "near": None}))
            return offers
        case NoSuchYear():
            return [(str(y), {**tried, "years": [y], "since": None, "span": None}) for y in error.near]
        case NotUnderstood() if error.reason == "which_class":
            return [offer for code in MAIN_CLASSES if (offer := _instead(code, tried, context))]
        case NotPublished():
            return [offer for word in error.instead[:4] if (offer := _instead(word, tried, context))]
    return []


def _instead(word: str, tried: dict[str, Any], context: Context) -> tuple[str, dict[str, Any]] | None:
    if word.isdigit():
        return word, {**tried, "years": [int(word)], "since": None, "span": None}
    if word not in context.nomenclature.classes:
        return None
    label = f"{context.nomenclature.label(word, context.language)} ({word})"
    return label, {**tried, "land_cover": [word], "land_use": [], "each": [[word]]}


def bug_text(language: str) -> str:
    """Return what a person reads when the program failed."""
    return texts(language)["refusal"]["error"]
