"""Calls that cannot hang: a language model's work with a deadline, a stop, and an end to endless replies."""

from __future__ import annotations

import json
import logging
import queue
import re
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from agent.llm.errors import ContextOverflow, ModelFailed, ModelUnavailable, NoSchema
from retrieval.deadline import Cancelled

log = logging.getLogger(__name__)

T = TypeVar("T")
LOOK_S = 0.02
"""How often a wait looks whether it was stopped."""
LONGEST_REPLY = 24_000
"""Characters of one reply: the longest call has under 2,000; a model may think aloud before it."""
REPEATED = 240
"""Characters of one short pattern over and over after which a reply is given up."""
LONGEST_PATTERN = 40


def guarded(
    work: Callable[[], T],
    *,
    seconds: float,
    cancel: threading.Event | None = None,
    give_up: Callable[[int | None], None] = lambda thread: None,
) -> T:
    """Do some work in a thread of its own; leave it behind when time is up or the asker stopped.

    Args:
        work: what is done.
        seconds: how long it may take, by the clock.
        cancel: set from another thread, it ends the wait at once.
        give_up: called with the thread's id before it is left behind: breaks its connection, interrupts its query.

    Raises:
        ModelFailed: time is up.
        Cancelled: `cancel` was set.
    """
    done: queue.Queue[tuple[bool, Any]] = queue.Queue()

    def run() -> None:
        try:
            done.put((True, work()))
        except BaseException as error:
            done.put((False, error))

    thread = threading.Thread(target=run, name="model", daemon=True)
    end = monotonic() + seconds
    thread.start()
    while True:
        try:
            fine, value = done.get(timeout=LOOK_S)
        except queue.Empty:
            stopped = cancel is not None and cancel.is_set()
            if not stopped and monotonic() < end:
                continue
            give_up(thread.ident)
            if stopped:
                raise Cancelled from None
            raise ModelFailed(f"the model gave no answer within {round(seconds, 1):g} s (--timeout)") from None
        if fine:
            return value
        raise value


def gather(model: Any, messages: Sequence[BaseMessage]) -> AIMessage:
    """Return a model's streamed reply whole.

    Raises:
        ModelFailed: it is empty, endless or cut off, or the call failed.
    """
    whole: AIMessageChunk | None = None
    try:
        for chunk in model.stream(list(messages)):
            whole = chunk if whole is None else whole + chunk
            refuse_endless(text_of(whole))
    except Exception as error:
        raise failure_of(error) from error
    if whole is None or not (text_of(whole).strip() or whole.tool_calls or whole.invalid_tool_calls):
        raise ModelFailed("the model's reply is empty")
    if (whole.response_metadata.get("done_reason") or whole.response_metadata.get("finish_reason")) in (
        "length",
        "max_tokens",
    ) and not (is_json(text_of(whole)) or whole.tool_calls):
        raise ModelFailed("the model's reply was cut off before its end")
    return AIMessage(
        whole.content,
        usage_metadata=usage_of(whole),
        tool_calls=whole.tool_calls,
        invalid_tool_calls=whole.invalid_tool_calls,
        id=whole.id,
        response_metadata=whole.response_metadata,
    )


def usage_of(reply: AIMessageChunk) -> UsageMetadata | None:
    """Return the tokens of a reply, wherever its provider tells them."""
    told = reply.response_metadata.get("token_usage")
    if reply.usage_metadata or not isinstance(told, dict):
        return reply.usage_metadata
    spent, said = int(told.get("prompt_tokens") or 0), int(told.get("completion_tokens") or 0)
    return {"input_tokens": spent, "output_tokens": said, "total_tokens": spent + said}


def is_json(text: str) -> bool:
    """Return whether a text is one whole JSON value, blanks around it left aside."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def refuse_endless(text: str) -> None:
    """Stop a reply that does not end by itself.

    Raises:
        ModelFailed: it is too long, or says the same over and over.
    """
    if len(text) > LONGEST_REPLY:
        raise ModelFailed("the model's reply has no end")
    tail = text[-REPEATED:]
    if len(tail) == REPEATED and any(tail == (tail[:n] * REPEATED)[:REPEATED] for n in range(1, LONGEST_PATTERN)):
        raise ModelFailed("the model says the same over and over")


STATUS_TOLD = {
    401: "the key was refused; check the provider's own variable for it",
    402: "the account has no credit left",
    403: "the key may not use this model",
    404: "there is no such model or address",
    408: "the server gave up waiting",
    413: "the model's context is too small for the question",
    429: "the quota or the rate limit is used up; try again later",
    500: "the model server failed",
    502: "the model server failed",
    503: "the model server is overloaded",
    529: "the model server is overloaded",
}
"""What a status means to a person, whichever package reports it."""
TOO_LONG = re.compile(r"context|too long|maximum.{0,20}token|prompt is too|token limit", re.I)
NO_SCHEMA = re.compile(r"response_format|json_schema|output_config|structured output|grammar", re.I)
BROKEN = ("RemoteProtocolError", "ReadError", "APIConnectionError", "IncompleteRead", "ChunkedEncodingError")
LATE = ("APITimeoutError", "ReadTimeout", "ConnectTimeout", "TimeoutException")


def failure_of(error: Exception) -> Exception:
    """Return what a failed call means to a person: whatever a model or its server does, the rules can still answer.

    Providers' packages raise errors of their own; the status of the reply is looked for in all of them, and in what
    they were raised from.
    """
    if isinstance(error, ModelFailed | ModelUnavailable | Cancelled):
        return error
    line = " ".join(str(error).split())[:200]
    chain = causes(error)
    names = {cls.__name__ for one in chain for cls in type(one).__mro__}
    status = next((code for one in chain if (code := status_of(one))), 0)
    if status:
        return of_status(status, line, error)
    if names & {*LATE} or isinstance(error, TimeoutError):
        return ModelFailed("the model did not answer in time")
    refused = names & {"ConnectError", "ConnectionRefusedError"} or (
        "ConnectionError" in names and not names & {"ConnectionResetError", "BrokenPipeError", *BROKEN}
    )
    if refused:
        return ModelUnavailable("no model server answers; start it with `ollama serve`, or name another by --base-url")
    if names & {*BROKEN, "HTTPError", "OSError"}:
        return ModelFailed(f"the connection to the model broke: {line or type(error).__name__}")
    if "ResponseError" in names:  # an Ollama stream that ends in an error
        return of_status(400, line, error) if TOO_LONG.search(line) else ModelFailed(f"the model server failed: {line}")
    if isinstance(error, ImportError):
        return ModelUnavailable(f"a package of the provider is missing: {line}")
    if isinstance(error, ValueError):
        return ModelFailed("the model server's reply cannot be read")
    log.warning("a model's call failed", exc_info=error)
    return ModelFailed(f"the model's call failed ({type(error).__name__}: {line})")


def causes(error: BaseException) -> list[BaseException]:
    """Return an error and what it was raised from, nearest first."""
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found and len(found) < 8:
        found.append(one)
        one = one.__cause__ or one.__context__
    return found


def status_of(error: BaseException) -> int:
    """Return the HTTP status an error tells, wherever its package keeps it, 0 where it tells none."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "http_status", "status", "code"):
            value = getattr(holder, name, None)
            if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
                return value
    return 0


def of_status(status: int, line: str, error: Exception) -> Exception:
    """Return what a reply of some status means."""
    if status == 404 and "not found" in line:
        return ModelUnavailable(f"{line}; get it with `ollama pull`, or name another by --llm")
    if status in (401, 403, 404):
        return ModelUnavailable(f"{STATUS_TOLD[status]} ({status})")
    if status in (400, 422) and NO_SCHEMA.search(line):
        return NoSchema(f"the server takes no JSON schema ({status})")
    if status in (400, 413, 422) and TOO_LONG.search(line):
        return ModelFailed(f"{STATUS_TOLD[413]} ({status})")
    told = STATUS_TOLD.get(status, "the model server failed" if status >= 500 else f"the server refused: {line}")
    return ModelFailed(f"{told} ({status})")


def fits(messages: Sequence[BaseMessage], context_tokens: int, reply_tokens: int) -> None:
    """Check that a prompt and its reply fit the model's context.

    Raises:
        ContextOverflow: they do not; servers would cut the prompt in silence.
    """
    needed = sum(tokens_of(text_of(m)) for m in messages) + reply_tokens
    if needed > context_tokens:
        raise ContextOverflow(needed, context_tokens)


BYTES_A_TOKEN = 2.4
"""Measured with o200k: 2.42 bytes for JSON and CSV of ours, 4.35 for English; a tokenizer made for English needs more
for other languages, which are a small part of a prompt."""
FRAME_TOKENS = 8


def tokens_of(text: str) -> int:
    """Return about how many tokens a text has, rather too many: no tokenizer is at hand for every model."""
    return int(len(text.encode()) / BYTES_A_TOKEN) + FRAME_TOKENS


def text_of(message: BaseMessage) -> str:
    """Return a message's text: of content in blocks, its texts."""
    if isinstance(message.content, str):
        return message.content
    blocks = [b if isinstance(b, str) else str(b.get("text", "")) for b in message.content if b]
    return "".join(blocks)
