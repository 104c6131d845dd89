"""Ten pictures of the page, three sizes and both themes among them: `python -m tests.page.ten [FOLDER]`.

Made with the real agent on the store that asking uses, into `tests/artifacts/ten` unless another folder is named, and
meant to be looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from app import Agent
from page.asking import World
from page.handlers import Handlers, Options
from page.serve import application
from retrieval.ingest import open_or_build_default
from tests.page.seen import Seen
from tests.page.served import CHROMIUM, FLAGS, Served
from tools.context import Context
from tools.pixelclip.at_hand import at_hand

DESK, SMALL, PHONE = (1440, 900), (1024, 768), (390, 844)
FOLDER = Path(__file__).parents[1] / "artifacts" / "ten"


def as_it_is(page: Page) -> None:
    """Do nothing more."""


def swiped(page: Page) -> None:
    """Lay what is recorded on the ground over the right half."""
    page.locator("[data-tool=swipe]").click()
    page.wait_for_function("document.querySelector('.la-swiped')?.dataset.drawn", timeout=60_000)


def point_told(page: Page) -> None:
    """Ask what is known of a point, from its row."""
    page.locator("#tab-table-button").click()
    row = page.locator("#rows tbody tr[data-f]").first
    row.focus()
    row.press("Enter")
    page.locator("#point .la-point").wait_for()


def own_area(page: Page) -> None:
    """Draw a rectangle by the mouse and ask about it."""
    page.evaluate("void landask.view.map.jumpTo({center: [3.6, 43.6], zoom: 8})")
    page.wait_for_function("landask.view.map.loaded()")
    page.locator("[data-tool=draw_rectangle]").click()
    frame = page.locator(".la-canvas").bounding_box()
    assert frame
    x, y = frame["x"] + frame["width"] * 0.45, frame["y"] + frame["height"] * 0.25
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + frame["width"] * 0.3, y + frame["height"] * 0.4, steps=5)
    page.mouse.up()
    page.locator(".la-set").wait_for()
    page.locator("#box textarea").fill("Where is vineyard in this region?")
    page.locator("#box textarea").press("Enter")
    page.locator(".la-turn.la-answered").wait_for()


def pinned(page: Page) -> None:
    """Pin the answer and open the board."""
    page.locator("[data-act=pin]").first.click()
    page.locator("#board-open").click()
    page.locator(".la-board svg, .la-board img").first.wait_for()


@dataclass(frozen=True)
class Shot:
    """One picture: what it is named and shows."""

    name: str
    question: str
    size: tuple[int, int] = DESK
    dark: bool = False
    locale: str = "en-GB"
    then: Callable[[Page], None] = as_it_is


SHOTS = (
    Shot("01-first-visit", ""),
    Shot("02-share-among-its-like", "How much of Sweden was woodland in 2018?"),
    Shot("03-ranking", "Which regions of Spain have the largest share of cropland?", SMALL, dark=True),
    Shot("04-change", "How did woodland change between 2009 and 2018 in the regions of Poland?", dark=True),
    Shot("05-points", "Où se trouvent les vignes dans l'Hérault ?", SMALL, locale="fr-FR"),
    Shot("06-point-told", "Where is vineyard in Languedoc-Roussillon in 2018?", then=point_told),
    Shot("07-satellite-swiped", "Where does the satellite see vineyard in Corsica?", then=swiped),
    Shot("08-own-area", "", then=own_area),
    Shot("09-phone", "Wie viel von Bayern war 2018 Wald?", PHONE, dark=True, locale="de-DE"),
    Shot("10-board", "How did artificial land change in Portugal between 2012 and 2018?", SMALL, then=pinned),
)


def main(folder: Path = FOLDER) -> None:
    """Make the pictures and say where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    store = open_or_build_default(None, print)
    context = Context.open(store, at_hand())
    page = Handlers(World(context, Agent(context, "builtin", None), "auto"), Options(per_minute=0))
    with Served(application(page)) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for shot in SHOTS:
            taken(shot, served, browser.new_page, folder)
        browser.close()


def taken(shot: Shot, served: Served, new_page: Callable[..., Page], folder: Path) -> None:
    """Make one picture."""
    width, height = shot.size
    page = new_page(viewport={"width": width, "height": height}, locale=shot.locale, reduced_motion="reduce")
    page.set_default_timeout(90_000)
    seen = Seen(page, served.url).load()
    if shot.dark:
        page.locator("#theme").click()
    if shot.question:
        seen.ask(shot.question)
        seen.map_settles()
    shot.then(page)
    page.wait_for_timeout(1500)
    page.screenshot(path=str(folder / f"{shot.name}.png"))
    print(f"{folder / shot.name}.png: {width} × {height}, {'dark' if shot.dark else 'light'}, {shot.locale[:2]}")
    assert seen.outside == [], "a request left the machine"
    assert seen.errors == [], "the console holds errors"
    page.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
