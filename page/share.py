"""A link that holds an answer's plan, so that anyone with the same data can see it again. Holds no result."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retrieval.errors import BadArgument
from retrieval.foreign import read_json, record
from tools.plan import plan_from_json

LONGEST_QUESTION = 2_000
LONGEST_LINK = 8_000
"""Characters: what every browser and proxy lets through."""
LONGEST_PLAN = 200_000
"""Bytes of JSON a link may unpack to: a guard against a link made to fill the memory."""


def link_of(question: str, plan: Mapping[str, Any], selection: Mapping[str, Any] | None = None) -> str | None:
    """Return the query string that brings an answer back, or None where its region is too detailed for a link."""
    value = {"q": question, "p": plan} | ({"s": selection} if selection else {})
    packed = zlib.compress(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(), 9)
    link = "?answer=" + base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return link if len(link) <= LONGEST_LINK else None


def read_link(text: str) -> tuple[str, dict[str, Any], dict[str, Any] | None]:
    """Return question, plan and selection of a link's `answer` parameter.

    Raises:
        BadArgument: it was not made by `link_of`.
    """
    try:
        packed = base64.urlsafe_b64decode(text[:LONGEST_LINK] + "=" * (-len(text) % 4))
        content = zlib.decompressobj().decompress(packed, LONGEST_PLAN)
        held = record(Shared, read_json(content, "the link", LONGEST_PLAN), "the link")
        plan_from_json(held.p)
    except (ValueError, zlib.error) as error:
        raise BadArgument("this link holds no answer: it was cut short or made elsewhere") from error
    except BadArgument as error:
        raise BadArgument(f"this link holds no answer: {error}") from error
    return held.q[:LONGEST_QUESTION], held.p, held.s


@dataclass(frozen=True)
class Shared:
    """What a link holds."""

    q: str
    """The question."""
    p: dict[str, Any]
    """The plan."""
    s: dict[str, Any] | None = None
    """The selection, GeoJSON."""
