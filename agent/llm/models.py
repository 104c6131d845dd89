"""Chat models by name: `embedded`, `ollama:qwen3:4b`, anything `init_chat_model` knows. Plans nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from langchain_core.language_models import BaseChatModel

from agent.llm.choice import ADAPTER, ModelChoice
from agent.llm.connection import Breakable
from agent.llm.errors import ModelUnavailable
from agent.llm.status import longest_context, ollama_url

REPLY_TOKENS = 512
GRACE_S = 5.0
"""What a connection may be silent beyond the time planning has: the guard ends it first."""


@dataclass(frozen=True)
class OpenModel:
    """A chat model ready for one question."""

    label: str
    chat: BaseChatModel
    context_tokens: int
    reply_tokens: int
    shut: Callable[[], None]
    """Breaks off what the model is doing, from another thread."""
    close: Callable[[], None] = lambda: None
    """Lets go of its connections once it is done."""
    tuned: bool = False
    """Whether it was trained to plan: it then reads marked questions (`marked.py`) and needs no instruction."""


def open_model(choice: ModelChoice) -> OpenModel:
    """Return the chat model of a choice, checked to be there where its server can tell.

    Raises:
        ModelUnavailable: no such model or provider here; the message says how to get it.
    """
    provider, _, model = choice.name.partition(":")
    if provider == "embedded":
        return open_embedded(choice, model)
    if not model:
        raise ModelUnavailable(
            f"{choice.name!r} is no model: write provider:model, for instance ollama:qwen3:4b, or embedded"
        )
    return open_ollama(choice, model) if provider == "ollama" else open_other(choice)


def open_embedded(choice: ModelChoice, file: str) -> OpenModel:
    """Return the model inside this process: the one that ships, or a GGUF file."""
    from agent.llm.embedded import CONTEXT_TOKENS, MOST_TOKENS, EmbeddedChat, shipped_weights

    adapter = ADAPTER if not file and ADAPTER.is_file() else None
    context = min(choice.context_tokens, 4 * CONTEXT_TOKENS) if file else CONTEXT_TOKENS
    chat = EmbeddedChat(weights=Path(file) if file else shipped_weights(), adapter=adapter, context_tokens=context)
    label = f"embedded:{Path(file).stem}" if file else "embedded"
    return OpenModel(label, chat, context, MOST_TOKENS, chat.shut, tuned=adapter is not None)


def open_ollama(choice: ModelChoice, model: str) -> OpenModel:
    """Return one of an Ollama server's models."""
    from langchain_ollama import ChatOllama

    base_url = choice.base_url or ollama_url()
    context = min(choice.context_tokens, longest_context(base_url, model))
    transport = Breakable()
    chat = ChatOllama(
        model=model,
        base_url=base_url,
        temperature=0,
        seed=1,
        num_ctx=context,
        num_predict=REPLY_TOKENS,
        reasoning=False,
        client_kwargs={"timeout": choice.timeout_s + GRACE_S, "trust_env": False},
        sync_client_kwargs={"transport": transport},
        async_client_kwargs={"verify": False},
    )
    return OpenModel(f"ollama:{model}", chat, context, REPLY_TOKENS, transport.shut, transport.close)


def open_other(choice: ModelChoice) -> OpenModel:
    """Return a model of another provider; its key comes from the provider's own environment variable."""
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {"temperature": 0, "timeout": choice.timeout_s, "max_retries": 1}
    shut = close = nothing
    if choice.base_url:
        options["base_url"] = choice.base_url
    if choice.base_url and choice.name.startswith("openai:"):
        transport = Breakable()
        shut, close = transport.shut, transport.close
        options |= {"http_client": httpx.Client(transport=transport), "stream_usage": True}
    try:
        chat = init_chat_model(choice.name, **options)
    except Exception as error:  # each provider's package raises its own: no key, no such option, not installed
        raise ModelUnavailable(f"{choice.name!r} cannot be opened: {str(error).splitlines()[0]}") from error
    return OpenModel(choice.name, chat, choice.context_tokens, REPLY_TOKENS, shut, close)


def nothing() -> None:
    """Break nothing off: such a call is left behind, and its reply is thrown away."""
