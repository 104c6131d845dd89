"""Which language model is wanted and how it is asked. Opens none, and imports nothing heavy."""

from __future__ import annotations

import re
from dataclasses import dataclass

STRATEGIES = ("prompt", "rag", "agent")
"""The three adaptations that can be compared: the whole code book in the prompt; what was looked up; the tools."""
CONTEXT_TOKENS = 24_576
"""Asked of a server explicitly: Ollama's own default silently cuts longer prompts."""
TIMEOUT_S = 120.0
PREFERENCES = ("qwen3", "qwen2.5-coder", "qwen2.5", "mistral", "llama3", "gemma3", "phi4", "qwen", "llama", "gemma")
"""Families of Ollama's models in the order `auto` takes them; `--prefer` replaces the list."""
STRONG_BILLIONS = 7.0
"""Parameters from which on a model counts as strong, where its name or server tells its size."""
SMALL_NAMES = ("nano", "tiny", "haiku-3", "ministral", "flash-lite")
"""What makes a hosted model small, in its name."""
SIZE = re.compile(r"(?<![\d.a-z])(\d{1,4}(?:\.\d{1,2})?)b(?![a-z])")


@dataclass(frozen=True)
class ModelChoice:
    """Which model is wanted and how it is asked: what `--llm` and its fellow options say."""

    name: str = ""
    """`provider:model`; '' for the best that is there."""
    base_url: str = ""
    """The server, where it is not the provider's usual one."""
    prefer: tuple[str, ...] = PREFERENCES
    strategy: str = ""
    """`prompt`, `rag` or `agent`; '' for what the router does by itself."""
    timeout_s: float = TIMEOUT_S
    """Seconds after which planning with the model is given up, all its calls together."""
    context_tokens: int = CONTEXT_TOKENS
    strong: str = "auto"
    """`yes` or `no`, or `auto` for what its name and size say."""


def billions_in(name: str) -> float:
    """Return a model's parameters in billions as its name tells them (`qwen3:4b`, `llama-70b`), else 0."""
    sizes = SIZE.findall(name.lower())
    return float(sizes[-1]) if sizes else 0.0


def is_strong(choice: ModelChoice, told_billions: float = 0.0) -> bool:
    """Return whether a model gets the tools and the whole question, and its refusal stands.

    By the setting, else by the size in its name, else by the size its server tells; a hosted model that tells no size
    is strong unless its name says that it is small, one of this machine is not.

    Args:
        choice: the model.
        told_billions: parameters in billions as its server tells them, 0 where it does not.
    """
    if choice.strong in ("yes", "no"):
        return choice.strong == "yes"
    if size := billions_in(choice.name) or told_billions:
        return size >= STRONG_BILLIONS
    provider, _, model = choice.name.partition(":")
    hosted = provider not in ("ollama", "") and not choice.base_url.startswith(("http://127.", "http://localhost"))
    return hosted and not any(small in model.lower() for small in SMALL_NAMES)
