"""One language's templates, and how it writes numbers and lists. Knows no result."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "texts"
MOST_LISTED = 12
"""Entries of a list in a sentence; the table has the rest."""


@lru_cache(maxsize=32)
def own_texts(language: str) -> dict[str, Any]:
    """Return the templates that stand in one language's file."""
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=32)
def texts(language: str) -> dict[str, Any]:
    """Return one language's templates; what it lacks (lines of tools that its questions do not come to) is English."""
    own, english = own_texts(language), own_texts("en")
    return {
        section: {**lines, **own.get(section, {})} if isinstance(lines, dict) else own.get(section, lines)
        for section, lines in english.items()
    }


def decimals_of(value: float) -> int:
    """Return how many decimals a number has, three at most."""
    return 0 if float(value).is_integer() else min(3, len(f"{value:.3f}".rstrip("0").split(".")[1]))


@dataclass(frozen=True)
class Voice:
    """One language: its templates, and how it writes numbers and lists."""

    language: str

    @property
    def of(self) -> dict[str, Any]:
        """The templates."""
        return texts(self.language)

    def say(self, key: str, **slots: Any) -> str:
        """Return a sentence."""
        return self.of["say"][key].format(**slots)

    def phrase(self, key: str, **slots: Any) -> str:
        """Return a part of a sentence."""
        return self.of["phrase"][key].format(**slots)

    def number(self, value: float | None) -> str:
        """Return a number as the language writes it, with the decimals it has."""
        if value is None:
            return self.phrase("not_published")
        return self.fixed(value, decimals_of(value))

    def fixed(self, value: float, decimals: int) -> str:
        """Return a number with this many decimals."""
        from babel.numbers import format_decimal

        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(value, format=pattern, locale=self.of["locale"])

    def plural(self, word: str, number: float) -> str:
        """Return a word in the form its number asks for."""
        from babel import Locale

        forms = self.of["plural"][word]
        return forms.get(Locale.parse(self.of["locale"]).plural_form(number), forms["other"])

    def both(self, words: Iterable[str]) -> str:
        """Return words as a list with "and"."""
        every = list(words)
        if len(every) < 2:
            return "".join(every)
        return f"{', '.join(every[:-1])} {self.phrase('and')} {every[-1]}"

    def entries(self, parts: Sequence[str]) -> str:
        """Return list entries separated by semicolons, the rest as an ellipsis."""
        return "; ".join(parts[:MOST_LISTED]) + ("; …" if len(parts) > MOST_LISTED else "")
