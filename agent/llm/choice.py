"""Which language model is wanted and how it is asked. Opens none, and imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STRATEGIES = ("prompt", "rag", "agent")
"""The three adaptations that can be compared: the whole code book in the prompt; what retrieval found; a tool loop."""
ADAPTER = Path(__file__).parent / "adapter" / "router.gguf"
"""Our LoRA adapter for the embedded model, where it was made."""
CONTEXT_TOKENS = 8192
"""Asked of a server explicitly: Ollama's own default silently cuts longer prompts."""
TIMEOUT_S = 120.0
PREFERENCES = ("qwen3", "qwen2.5-coder", "qwen2.5", "mistral", "llama3", "gemma3", "phi4", "qwen", "llama", "gemma")
"""Families of Ollama's models in the order `auto` takes them; `--prefer` replaces the list."""


@dataclass(frozen=True)
class ModelChoice:
    """Which model is wanted and how it is asked: what `--llm` and its fellow options say."""

    name: str = ""
    """`provider:model` or `embedded`; '' for the best that is there."""
    base_url: str = ""
    """The server, where it is not the provider's usual one."""
    prefer: tuple[str, ...] = PREFERENCES
    strategy: str = ""
    """`prompt`, `rag` or `agent`; '' for what the router does by itself."""
    timeout_s: float = TIMEOUT_S
    """Seconds after which planning with the model is given up, all its calls together."""
    context_tokens: int = CONTEXT_TOKENS
