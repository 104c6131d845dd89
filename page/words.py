"""What the page says in its own voice, in 24 languages. Does not word answers: `agent/texts` does."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "strings"
PAGE_LANGUAGES: Mapping[str, str] = {
    "en": "English", "fr": "Français", "de": "Deutsch", "es": "Español", "it": "Italiano", "bg": "Български",
    "cs": "Čeština", "da": "Dansk", "et": "Eesti", "el": "Ελληνικά", "ga": "Gaeilge", "hr": "Hrvatski",
    "lv": "Latviešu", "lt": "Lietuvių", "hu": "Magyar", "mt": "Malti", "nl": "Nederlands", "pl": "Polski",
    "pt": "Português", "ro": "Română", "sk": "Slovenčina", "sl": "Slovenščina", "fi": "Suomi", "sv": "Svenska",
}  # fmt: skip
"""Code → what its speakers call it."""


@cache
def words(language: str) -> Mapping[str, str]:
    """Return the page's strings in one of `PAGE_LANGUAGES`; what is missing there is in English."""
    return {**own_words("en"), **(own_words(language) if language in PAGE_LANGUAGES else {})}


@cache
def own_words(language: str) -> Mapping[str, str]:
    """Return the strings a language has itself."""
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def spoken(code: Any) -> str:
    """Return the page's language of this code, English where it is none of them: anyone can send one.

    >>> spoken("pl"), spoken("xx"), spoken(["pl"])
    ('pl', 'en', 'en')
    """
    return code if isinstance(code, str) and code in PAGE_LANGUAGES else "en"


def preferred_language(accept_language: str) -> str:
    """Return the page language a browser's Accept-Language header likes best.

    >>> preferred_language("ja-JP,fr;q=0.8,en;q=0.5")
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
