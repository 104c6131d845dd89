"""One language: its strings, and how it writes numbers, plurals and lists. English where a language has no strings."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import get_month_names
from babel.numbers import format_decimal

FOLDER = Path(__file__).parent / "strings"
MOST_LISTED = 10
"""Entries of a list in a sentence; the table has the rest."""
MINUS = "\N{MINUS SIGN}"


@lru_cache(maxsize=32)
def strings(language: str) -> dict[str, Any]:
    """Return one language's strings; those of English where it has none."""
    file = FOLDER / f"{language}.toml"
    return tomllib.loads((file if file.is_file() else FOLDER / "en.toml").read_text(encoding="utf-8"))


def languages() -> tuple[str, ...]:
    """Return the languages that have strings."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.toml")))


@dataclass(frozen=True)
class Voice:
    """How one language puts what was found."""

    language: str

    @property
    def locale(self) -> Locale:
        """The locale of numbers and months: English's where the strings are English."""
        return Locale.parse(self.language if (FOLDER / f"{self.language}.toml").is_file() else "en")

    def say(self, key: str, **slots: Any) -> str:
        """Return a part of a sentence."""
        return strings(self.language)["say"][key].format(**slots)

    def filter(self, key: str, **slots: Any) -> str:
        """Return a condition."""
        return strings(self.language)["filter"][key].format(**slots)

    def measure(self, name: str) -> str:
        """Return what a measure is called."""
        return strings(self.language)["measure"].get(name, name.replace("_", " "))

    def number(self, value: float, *, signed: bool = False) -> str:
        """Return a number as the language writes it, with the decimals it has, at most three."""
        decimals = 0 if float(value).is_integer() else len(f"{value:.3f}".rstrip("0").split(".")[1])
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        text = format_decimal(abs(value), format=pattern, locale=self.locale)
        sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
        return sign + text

    def counted(self, value: float, section: str, key: str) -> str:
        """Return a number with the form of its noun: 1 point, 2 points."""
        forms = strings(self.language)[section].get(key, {"other": key})
        form = forms.get(self.locale.plural_form(abs(value)), forms["other"])
        return f"{self.number(value)} {form}"

    def noun(self, section: str, key: str) -> str:
        """Return a noun in its general plural."""
        return strings(self.language)[section].get(key, {"other": key})["other"]

    def quantity(self, value: float | None, unit: str, *, signed: bool = False) -> str:
        """Return a value with its unit; what has no figure says so."""
        if value is None:
            return self.say("no_figure")
        if unit == "°":
            return f"{self.number(value)}°"
        sign = "+" if signed and value > 0 else ""
        return sign + self.counted(value, "unit", unit).replace("-", MINUS)

    def month(self, number: int) -> str:
        """Return the name of a month as it stands alone."""
        return get_month_names("wide", context="stand-alone", locale=self.locale)[number]

    def both(self, words: Iterable[str]) -> str:
        """Return words as a list with "and"."""
        every = list(words)
        return f"{', '.join(every[:-1])} {self.say('and')} {every[-1]}" if len(every) > 1 else "".join(every)

    def entries(self, parts: Sequence[str], all: int | None = None) -> str:
        """Return entries separated by semicolons; where some are left to the table, how many there are in all."""
        shown = "; ".join(parts[:MOST_LISTED])
        if len(parts) <= MOST_LISTED:
            return shown
        return self.say("more_rows", entries=shown, count=self.number(all or len(parts)))
