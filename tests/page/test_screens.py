"""States of the page at three sizes in light and dark: kept as pictures to look at, checked by what is in sight."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.page.conftest import VINEYARDS
from tests.page.seen import Seen
from tests.page.served import CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: .ci/browser installs one on Debian"),
]
SIZES = {"desk": (1440, 900), "small": (1024, 768), "phone": (390, 844)}
STATES = {
    "first-visit": "",
    "where": VINEYARDS,
    "ranking": "Which regions of Spain have the largest share of cropland?",
    "change": "How did artificial land change in Portugal between 2009 and 2018?",
    "choice": "Where is vineyard in Valencia?",
}


DRAWN = """() => { const { ready, root, drawing } = landask.view;
    return ready && (!drawing || !(drawing.layers ?? []).length || root.dataset.drawn === drawing.key) }"""
"""What was answered is on the map; a question asked back draws nothing."""


UNDER_THE_LEGEND = """() => {
    const { map, drawing, root } = landask.view, box = root.querySelector(".la-legend").getBoundingClientRect();
    const frame = map.getContainer().getBoundingClientRect();
    const drawn = (drawing.layers ?? []).filter(({ kind, on }) => ["areas", "points"].includes(kind) && on !== false);
    const spots = drawn.flatMap(({ features }) => features ?? []).map(({ geometry, properties }) =>
        geometry.type === "Point" ? geometry.coordinates : properties._at);
    return spots.filter((spot) => spot).map((spot) => map.project(spot)).filter(({ x, y }) =>
        frame.x + x > box.left && frame.x + x < box.right && frame.y + y > box.top && frame.y + y < box.bottom).length;
}"""
"""How many results lie beneath the legend."""


@pytest.mark.parametrize("state", STATES)
def test_each_state_shows_what_it_should_at_every_size_in_both_themes(seen: Seen, artifacts: Path, state: str) -> None:
    page = seen.open().page
    if STATES[state]:
        seen.ask(STATES[state])
        page.wait_for_function(DRAWN)
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(150)
        page.evaluate("void landask.view.map.resize(), void landask.fit()")
        page.wait_for_function("landask.view.map.loaded() && !landask.view.map.isMoving()")
        for theme in ("light", "dark"):
            page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
            page.wait_for_function("landask.view.ready && landask.view.map.loaded()")
            page.screenshot(path=str(artifacts / f"{state}-{size}-{theme}.png"))
        page.evaluate("document.body.classList.remove('dark')")
        in_sight(seen, width, height)
        assert page.evaluate(UNDER_THE_LEGEND) == 0
    page.set_viewport_size({"width": 1400, "height": 900})


def in_sight(seen: Seen, width: int, height: int) -> None:
    """The box and the map are in the window, no result lies outside the view, and nothing scrolls but what should."""
    for part in ("#box textarea", "#ask", ".la-canvas"):
        box = seen.page.locator(part).bounding_box()
        assert box, part
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= width, part
        assert box["y"] + box["height"] <= height, part
    expect(seen.page.locator(".la-off")).to_be_hidden()
    assert seen.page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_at_twice_the_size_answer_and_box_are_still_there(seen: Seen) -> None:
    seen.page.set_viewport_size({"width": 720, "height": 450})
    seen.open().ask(VINEYARDS)
    seen.map_settles()
    for part in (".la-verdict", "#box textarea"):
        expect(seen.page.locator(part).first).to_be_in_viewport()
    seen.page.set_viewport_size({"width": 1400, "height": 900})


def test_offline_the_question_stays_in_the_box(seen: Seen) -> None:
    seen.open()
    seen.page.context.set_offline(True)
    seen.page.locator("#box textarea").fill(VINEYARDS)
    seen.page.locator("#box textarea").press("Enter")
    seen.page.wait_for_timeout(500)
    expect(seen.page.locator("#box textarea")).to_have_value(VINEYARDS)
    seen.page.context.set_offline(False)
    seen.errors.clear()
