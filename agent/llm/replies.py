"""What a model wrote, as JSON: the first whole object in it, whatever stands around it."""

from __future__ import annotations

import json
import re
from typing import Any

THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.S | re.I)
LONGEST = 20_000
"""Characters of a reply that are looked through."""


def first_object(text: str) -> dict[str, Any] | None:
    """Return the first whole JSON object of a reply, None where there is none.

    Thoughts (`<think>`), fences, prose around it, stray signs before it and a trailing comma in it do not matter.
    """
    said = THOUGHT.sub(" ", text[:LONGEST])
    decoder = json.JSONDecoder()
    for candidate in (said, re.sub(r",\s*([}\]])", r"\1", said)):
        for match in re.finditer(r"\{", candidate):
            try:
                value, _ = decoder.raw_decode(candidate, match.start())
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                return value
    return None
