"""A board of pinned answers, made again from their plans each time it is opened. Keeps none: the browser does."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from page.charts import chart_html
from page.chat import also_html, verdict_html, without_codes
from page.exports import offers
from page.share import LONGEST_LINK, LONGEST_PLAN, link_of
from page.shelf import Held
from retrieval.errors import BadArgument
from retrieval.foreign import read_json

MOST_PINS = 12
LONGEST_NAME = 80
Words = Mapping[str, str]


@dataclass(frozen=True)
class Pin:
    """One pinned question with the plan that answers it."""

    question: str
    plan: Mapping[str, Any]
    selection: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Board:
    """Pinned answers under a name."""

    name: str = ""
    pins: tuple[Pin, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What the browser keeps and a link holds."""
        pins = [
            {"q": pin.question, "p": pin.plan} | ({"s": pin.selection} if pin.selection else {}) for pin in self.pins
        ]
        return {"name": self.name, "pins": pins}


def read_board(value: Any) -> Board:
    """A board from what a browser kept or a link held; what is no pin is left out, for anyone can write there."""
    if not isinstance(value, dict) or not isinstance(value.get("pins"), list):
        return Board()
    pins = [read_pin(pin) for pin in value["pins"][:MOST_PINS]]
    return Board(str(value.get("name") or "")[:LONGEST_NAME], tuple(pin for pin in pins if pin))


def read_pin(value: Any) -> Pin | None:
    """One pin, or None for what is none."""
    if not isinstance(value, dict) or not isinstance(value.get("p"), dict):
        return None
    selection = value.get("s")
    return Pin(str(value.get("q") or "")[:2_000], value["p"], selection if isinstance(selection, dict) else None)


def board_link(board: Board) -> str | None:
    """The query string that opens a board, or None where it is too long for a link."""
    packed = zlib.compress(json.dumps(board.to_json(), separators=(",", ":"), ensure_ascii=False).encode(), 9)
    link = "?board=" + base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return link if len(link) <= LONGEST_LINK else None


def read_board_link(text: str) -> Board:
    """The board of a link's `board` parameter.

    Raises:
        BadArgument: it was not made by `board_link`.
    """
    try:
        packed = base64.urlsafe_b64decode(text[:LONGEST_LINK] + "=" * (-len(text) % 4))
        value = read_json(zlib.decompressobj().decompress(packed, LONGEST_PLAN), "the link", LONGEST_PLAN)
    except (ValueError, zlib.error) as error:
        raise BadArgument("this link holds no board: it was cut short or made elsewhere") from error
    return read_board(value)


def board_html(board: Board, hold: Callable[[Pin], tuple[Held, str]], words: Words) -> str:
    """The board: a card for each pin, made again from its plan by `hold`."""
    cards = "".join(card_html(pin, at, *hold(pin), words) for at, pin in enumerate(board.pins))
    link = board_link(board) if board.pins else None
    share = (
        f'<button type="button" class="la-button" data-board="copy" data-value="{escape(link)}" '
        f'data-done="{escape(words["copied"])}">{escape(words["board_link"])}</button>'
        if link
        else ""
    )
    empty = "" if cards else f'<p class="la-empty">{escape(words["board_empty"])}</p>'
    told = f'<p class="la-source">{escape(words["board_made"])}</p>' if cards else ""
    kept = escape(json.dumps(board.to_json(), separators=(",", ":"), ensure_ascii=False))
    return (
        f'<section class="la-board" aria-label="{escape(words["board"])}" data-kept="{kept}"><header>'
        f'<input class="la-board-name" aria-label="{escape(words["name"])}" maxlength="{LONGEST_NAME}" '
        f'placeholder="{escape(words["board"])}" value="{escape(board.name)}">{share}'
        f'<button type="button" class="la-button" data-board="close">{escape(words["board_close"])}</button></header>'
        f'{empty}<div class="la-cards">{cards}</div>{told}</section>'
    )


def card_html(pin: Pin, at: int, held: Held, key: str, words: Words) -> str:
    """One pinned answer: its sentences, its chart or map, and the way back to it."""
    first, *rest = without_codes(held.answer.text).splitlines() or [""]
    kinds = dict(offers(held))
    picture = ""
    asked = [chart for chart in held.charts if not chart.beside]
    if asked and asked[0].lines:
        picture = chart_html(asked[0])
    elif "png" in kinds:
        picture = f'<img loading="lazy" alt="{escape(words["map_picture"])}" src="take/{key}/{kinds["png"]}">'
    link = link_of(pin.question, pin.plan, pin.selection)
    opened = f'<a class="la-deed" href="{escape(link)}">{escape(words["board_open"])}</a>' if link else ""
    also = "".join(also_html(line, words) for line in rest)
    return (
        f'<article class="la-card" data-pin="{at}"><h2>{escape(pin.question)}</h2>{verdict_html(first, words)}{also}'
        f'{picture}<div class="la-deeds">{opened}'
        f'<button type="button" class="la-deed" data-board="unpin" data-at="{at}">{escape(words["unpin"])}</button>'
        "</div></article>"
    )
