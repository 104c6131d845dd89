"""Chat models by name: `ollama:qwen3:4b`, anything `init_chat_model` knows. Plans nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from langchain_core.language_models import BaseChatModel

from agent.llm.choice import ModelChoice
from agent.llm.connection import Breakable
from agent.llm.errors import ModelUnavailable
from agent.llm.status import longest_context, ollama_url

REPLY_TOKENS = 1024
"""Tokens of one reply: the longest query of the oracle set has 420."""
PACKAGES = {
    "ollama": "langchain-ollama",
    "openai": "langchain-openai",
    "anthropic": "langchain-anthropic",
    "mistralai": "langchain-mistralai",
}
"""Provider → what brings it."""
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


def open_model(choice: ModelChoice) -> OpenModel:
    """Return the chat model of a choice, checked to be there where its server can tell.

    Raises:
        ModelUnavailable: no such model or provider here; the message says how to get it.
    """
    provider, _, model = choice.name.partition(":")
    if not model:
        raise ModelUnavailable(f"{choice.name!r} is no model: write provider:model, for instance ollama:qwen3:4b")
    try:
        return open_ollama(choice, model) if provider == "ollama" else open_other(choice)
    except ImportError as error:
        package = PACKAGES.get(provider, f"langchain-{provider}")
        raise ModelUnavailable(f"{choice.name!r} needs the package {package}: pip install {package}") from error


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

    options: dict[str, Any] = {
        "temperature": 0,
        "max_tokens": REPLY_TOKENS,
        "timeout": math.ceil(choice.timeout_s),
        "max_retries": 1,
    }
    shut = close = nothing
    if choice.base_url:
        options["base_url"] = choice.base_url
    if choice.base_url and choice.name.startswith("openai:"):
        transport = Breakable()
        shut, close = transport.shut, transport.close
        options |= {"http_client": httpx.Client(transport=transport), "stream_usage": True}
    try:
        chat = init_chat_model(choice.name, **options)
    except ImportError:
        raise
    except Exception as error:  # each provider's package raises its own: no key, no such option
        raise ModelUnavailable(f"{choice.name!r} cannot be opened: {str(error).splitlines()[0][:200]}") from error
    return OpenModel(choice.name, chat, choice.context_tokens, REPLY_TOKENS, shut, close)


def nothing() -> None:
    """Break nothing off: such a call is left behind, and its reply is thrown away."""
