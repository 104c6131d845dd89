"""Tokens of o200k, exactly: prompts and replies are budgeted."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import pytest


@cache
def _encoding() -> Any:
    bpe_openai = pytest.importorskip("bpe_openai")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the way it opens its own files
        return bpe_openai.get_encoding("o200k_base")


def tokens(text: str) -> int:
    """How many tokens a text has; skips the test where the tokenizer is not installed."""
    return len(_encoding().encode(text))
