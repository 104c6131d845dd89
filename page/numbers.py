"""Numbers as a reader of one language writes them. Does not compute any."""

from __future__ import annotations

from typing import Any

from babel.numbers import format_decimal


def number(value: float, language: str) -> str:
    """A number with at most four figures after its first, grouped and pointed as in the language, with a printed minus.

    >>> number(1234.5, "en"), number(1234.5, "de"), number(0.0312, "fr"), number(-2, "en")
    ('1,234.5', '1.234,5', '0,0312', '−2')
    """
    digits = 0 if value == int(value) else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 4
    return format_decimal(value, format="#,##0." + "#" * digits, locale=language).replace("-", "−")


def area(km2: float, language: str) -> str:
    """An area with three figures, in m² where it is a field's.

    >>> area(1234.5, "en"), area(0.0345, "en"), area(0.00123, "en")
    ('1,230 km²', '0.0345 km²', '1,230 m²')
    """
    value, unit = (km2, "km²") if km2 >= 0.01 else (km2 * 1e6, "m²")
    return f"{number(float(f'{value:.3g}'), language)} {unit}"


def cell(value: Any, column: str, language: str) -> str:
    """A table cell: years and ids as they are, numbers in the language, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if column in ("lon", "lat"):
        return f"{value:.5f}"
    if "year" in column or column.endswith("_id"):
        return str(value)
    return number(value, language)
