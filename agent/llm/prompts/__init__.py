"""What models are told, a file a prompt. Says nothing itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def told(name: str) -> str:
    """Return a prompt: `strong` for a model with the tools, `small` for one that fills in a form."""
    return (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8").strip()
