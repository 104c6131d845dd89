"""One language: its words, and how it writes numbers, plurals and lists. Knows no result.

`texts/` holds what answers say around the figures (caveats, refusals, facts, sentences of operations), `say/strings/`
what the sentence of a query is put together from: measures, units, rows, conditions.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from babel import Locale

FOLDER = Path(__file__).parent / "texts"
STRINGS = Path(__file__).parent / "say" / "strings"
MOST_LISTED = 12
"""Entries of a list in a sentence; the table has the rest."""
MINUS = "\N{MINUS SIGN}"


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


@lru_cache(maxsize=32)
def strings(language: str) -> dict[str, Any]:
    """Return what one language's sentences are put together from."""
    return tomllib.loads((STRINGS / f"{language}.toml").read_text(encoding="utf-8"))


def languages() -> tuple[str, ...]:
    """Return the languages that have strings."""
    return tuple(sorted(file.stem for file in STRINGS.glob("*.toml")))


def decimals_of(value: float) -> int:
    """Return how many decimals a number has, three at most."""
    return 0 if float(value).is_integer() else min(3, len(f"{value:.3f}".rstrip("0").split(".")[1]))


@dataclass(frozen=True)
class Voice:
    """How one language puts what was found."""

    language: str

    @property
    def of(self) -> dict[str, Any]:
        """The templates."""
        return texts(self.language)

    @property
    def locale(self) -> Locale:
        """The locale of numbers and months."""
        from babel import Locale

        return Locale.parse(self.of["locale"])

    def say(self, key: str, **slots: Any) -> str:
        """Return a sentence, or a part of one."""
        own = strings(self.language)["say"]
        return (own[key] if key in own else self.of["say"][key]).format(**slots)

    def phrase(self, key: str, **slots: Any) -> str:
        """Return a part of a sentence."""
        return self.of["phrase"][key].format(**slots)

    def filter(self, key: str, **slots: Any) -> str:
        """Return a condition."""
        return strings(self.language)["filter"][key].format(**slots)

    def measure(self, name: str) -> str:
        """Return what a measure is called."""
        return strings(self.language)["measure"].get(name, name.replace("_", " "))

    def number(self, value: float | None, *, signed: bool = False) -> str:
        """Return a number as the language writes it, with the decimals it has; what is none is not published."""
        if value is None:
            return self.say("no_figure")
        return ("+" if signed and value > 0 else "") + self.fixed(value, decimals_of(value))

    def fixed(self, value: float, decimals: int) -> str:
        """Return a number with this many decimals."""
        from babel.numbers import format_decimal

        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return (MINUS if value < 0 else "") + format_decimal(abs(value), format=pattern, locale=self.locale)

    def signed(self, value: float, decimals: int) -> str:
        """Return a number with its sign and this many decimals."""
        return ("+" if value > 0 else "") + self.fixed(value, decimals)

    def counted(self, value: float, section: str, key: str) -> str:
        """Return a number with the form of its noun: 1 point, 2 points."""
        forms = strings(self.language)[section].get(key, {"other": key})
        return f"{self.number(value)} {self._form(forms, abs(value))}"

    def _form(self, forms: dict[str, str], number: float) -> str:
        return forms.get(self.locale.plural_form(number), forms["other"])

    def noun(self, section: str, key: str) -> str:
        """Return a noun in its general plural."""
        return strings(self.language)[section].get(key, {"other": key})["other"]

    def quantity(self, value: float | None, unit: str, *, signed: bool = False) -> str:
        """Return a value with its unit; what has no figure says so."""
        if value is None:
            return self.say("no_figure")
        if unit == "°":
            return f"{self.number(value)}°"
        return ("+" if signed and value > 0 else "") + self.counted(value, "unit", unit)

    def month(self, number: int) -> str:
        """Return the name of a month as it stands alone."""
        from babel.dates import get_month_names

        return get_month_names("wide", context="stand-alone", locale=self.locale)[number]

    def both(self, words: Iterable[str]) -> str:
        """Return words as a list with "and"."""
        every = list(words)
        return f"{', '.join(every[:-1])} {self.say('and')} {every[-1]}" if len(every) > 1 else "".join(every)

    def entries(self, parts: Sequence[str], all: int | None = None) -> str:
        """Return entries separated by semicolons, the rest as an ellipsis; `all`: of how many rows, to be told."""
        shown = "; ".join(parts[:MOST_LISTED])
        if len(parts) <= MOST_LISTED:
            return shown
        return f"{shown}; …" if all is None else self.say("more_rows", entries=shown, count=self.number(all))
