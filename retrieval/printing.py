"""Text for a terminal: nothing in it that moves the cursor or renames the window, and nothing a locale cannot print."""

from __future__ import annotations

import contextlib
import sys
from typing import Any


class Clean:
    """A stream that takes control characters out of what is written to it; the rest is the stream itself."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, its control characters shown as what they are not."""
        self._stream.write(without_controls(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


KEPT = "\n\r\t"
"""Control characters that a text needs; a progress bar needs the carriage return."""
_CONTROLS = {n: "\N{REPLACEMENT CHARACTER}" for n in (*range(32), *range(127, 160)) if chr(n) not in KEPT}
_TURNS = dict.fromkeys((*range(8234, 8239), *range(8294, 8298), 8206, 8207))
"""Marks that turn the direction of writing: a name could make a line read as another."""


def without_controls(text: str) -> str:
    """Return a text without C0 and C1 control characters and without marks of direction.

    >>> without_controls("a\\x1b]0;owned\\x07b")
    'a\ufffd]0;owned\ufffdb'
    """
    return text.translate(_CONTROLS).translate(_TURNS)


def one_line(text: str) -> str:
    """Return a text as one clean line."""
    return " ".join(without_controls(text).split())


def printable_streams() -> None:
    """Let standard output and error print any text in any locale, and no control character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, Clean) or stream is None:
            continue
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")
        setattr(sys, name, Clean(stream))


def plain_json(text: str) -> str:
    """Return JSON text with every character written out that a terminal could act on: the same value."""
    odd = {n: f"\\u{n:04x}" for n in (*range(127, 160), *_TURNS)}
    return text.translate(odd)
