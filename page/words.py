"""What the page says in its own voice, in five languages. Does not word answers: `agent/texts` does."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "strings"
PAGE_LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "fr": "Français",
    "de": "Deutsch",
    "es": "Español",
    "it": "Italiano",
}


@cache
def words(language: str) -> Mapping[str, str]:
    """Return the page's strings in one of `PAGE_LANGUAGES`; English for any other."""
    code = language if language in PAGE_LANGUAGES else "en"
    return tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))


def preferred_language(accept_language: str) -> str:
    """Return the page language a browser's Accept-Language header likes best.

    >>> preferred_language("pt-PT,fr;q=0.8,en;q=0.5")
    'fr'
    """
    wishes = []
    for part in accept_language.split(","):
        tag, _, weight = part.strip().partition(";q=")
        code = tag.split("-")[0].strip().lower()
        if code in PAGE_LANGUAGES:
            wishes.append((-_number(weight), len(wishes), code))
    return min(wishes)[2] if wishes else "en"


def _number(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
