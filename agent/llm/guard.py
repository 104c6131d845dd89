"""Calls that cannot hang: a language model's work with a deadline, a stop, and an end to endless replies."""

from __future__ import annotations

import json
import logging
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from agent.llm.errors import ContextOverflow, ModelFailed, ModelUnavailable
from retrieval.deadline import Cancelled

log = logging.getLogger(__name__)

T = TypeVar("T")
LOOK_S = 0.02
"""How often a wait looks whether it was stopped."""
LONGEST_REPLY = 6_000
"""Characters of one reply: the longest plan has under 1,000."""
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
    if whole is None or not (text_of(whole).strip() or whole.tool_calls):
        raise ModelFailed("the model's reply is empty")
    if (
        whole.response_metadata.get("done_reason") or whole.response_metadata.get("finish_reason")
    ) == "length" and not is_json(text_of(whole)):
        raise ModelFailed("the model's reply was cut off before its end")
    return AIMessage(
        whole.content,
        usage_metadata=usage_of(whole),
        tool_calls=whole.tool_calls,
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


def failure_of(error: Exception) -> Exception:
    """Return what a failed call means to a person: whatever a model or its server does, the rules can still answer."""
    import httpx
    import ollama

    line = " ".join(str(error).split())[:200]
    if isinstance(error, ModelFailed | ModelUnavailable | Cancelled):
        return error
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return ModelFailed("the model did not answer in time")
    if isinstance(error, httpx.ConnectError | ConnectionError) and not isinstance(error, ConnectionResetError):
        return ModelUnavailable("no model server answers; start it with `ollama serve`, or name another by --base-url")
    if isinstance(error, ollama.ResponseError):
        if error.status_code == 404 and "not found" in line:
            return ModelUnavailable(f"{line}; get it with `ollama pull`")
        if "context" in line:
            return ModelFailed(f"the model's context is too small: {line}")
        return ModelFailed(f"the model server failed: {line}")
    if isinstance(error, httpx.HTTPError | OSError):
        return ModelFailed(f"the connection to the model broke: {line or type(error).__name__}")
    if isinstance(error, ValueError):
        return ModelFailed("the model server's reply cannot be read")
    if (openai := sys.modules.get("openai")) is not None and isinstance(error, openai.OpenAIError):
        return ModelFailed(f"the model server failed: {line}")
    log.warning("a model's call failed", exc_info=error)
    return ModelFailed(f"the model's call failed ({type(error).__name__})")


def fits(messages: Sequence[BaseMessage], context_tokens: int, reply_tokens: int) -> None:
    """Check that a prompt and its reply fit the model's context.

    Raises:
        ContextOverflow: they do not; servers would cut the prompt in silence.
    """
    needed = sum(tokens_of(m) for m in messages) + reply_tokens
    if needed > context_tokens:
        raise ContextOverflow(needed, context_tokens)


BYTES_A_TOKEN = {"human": 1.5, "tool": 2.0}
"""Fewer than measured: 2.7 and more for our English text, 1.6 for Polish in a tokenizer made for English."""
ENGLISH = 3.0
FRAME_TOKENS = 8


def tokens_of(message: BaseMessage) -> int:
    """Return about how many tokens a message has, rather too many: no tokenizer is at hand for every model."""
    size = len(text_of(message).encode())
    return int(size / BYTES_A_TOKEN.get(message.type, ENGLISH)) + FRAME_TOKENS


def text_of(message: BaseMessage) -> str:
    """Return a message's text."""
    return message.content if isinstance(message.content, str) else json.dumps(message.content)
