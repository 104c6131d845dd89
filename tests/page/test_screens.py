"""Six states of the real page, bundled store and builtin router, looked at by pixel and kept as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app import Agent
from page.asking import World
from page.handlers import Handlers, Options
from page.serve import application
from retrieval.store import Store
from tests.page.served import CHROMIUM, Served
from tests.page.test_browser import Seen, rgb, window
from tools.context import Context
from tools.registry import TOOLS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: .ci/browser installs one on Debian"),
]


@pytest.fixture(scope="module")
def real_page(demo_store: Store, browser: Any) -> Iterator[Seen]:
    context = Context.open(demo_store)
    world = World(context, Agent(context, "auto", None))
    real = application(Handlers(world, Options(per_minute=0)))
    with Served(real) as server, window(browser, server.url, height=1000) as page:
        yield page


@pytest.fixture
def seen(real_page: Seen) -> Iterator[Seen]:
    with real_page.watched():
        yield real_page


def legend_is_true(seen: Seen) -> list[dict[str, Any]]:
    """Every mark of the legend is on the map as often as it says."""
    layers = seen.map_settles()
    for layer in layers:
        bearing = [f["properties"]["_m"] for f in layer["features"] or ()]
        for at, mark in enumerate(layer["marks"]):
            if mark["count"] is not None and layer["features"]:
                assert bearing.count(at) == mark["count"]
    return layers


def test_the_first_visit_says_which_data_and_offers_questions(seen: Seen, artifacts: Path) -> None:
    seen.load()
    expect(seen.page.locator(".la-head")).to_contain_text("fixed rules (no language model)")
    expect(seen.page.locator(".la-head")).to_contain_text("LUCAS survey records 2015 and 2018")
    assert seen.page.locator(".la-example").count() >= 3
    seen.page.wait_for_timeout(500)
    seen.page.screenshot(path=str(artifacts / "1-first-visit.png"))


def test_a_where_question_draws_points_in_their_region(seen: Seen, artifacts: Path) -> None:
    seen.open().ask("Where is vineyard in Hérault?")
    layers = legend_is_true(seen)
    points = layers[-1]
    assert points["kind"] == "points"
    assert seen.colour_at(seen.spot(0)) == rgb(points["marks"][0]["colour"])
    expect(seen.page.locator(".la-answer").last).to_contain_text("Hérault")
    seen.page.wait_for_timeout(500)
    seen.page.screenshot(path=str(artifacts / "2-where-answer.png"))


def test_an_ambiguous_name_is_asked_back(seen: Seen, artifacts: Path) -> None:
    seen.open().ask("Where is vineyard in Valencia?")
    expect(seen.page.locator(".la-choice")).to_have_count(2)
    seen.page.screenshot(path=str(artifacts / "3-clarification.png"))
    seen.page.locator(".la-choice").first.click()
    expect(seen.page.locator(".la-turn .la-answer").nth(1)).to_contain_text("Valencian Community")


@pytest.mark.skipif("compare_with_survey" not in TOOLS, reason="the satellite tools are not registered yet")
def test_the_classifiers_map_shows_where_it_disagrees_with_the_survey(seen: Seen, artifacts: Path) -> None:
    seen.open().ask("Where do satellite and survey agree on common wheat in France?")
    layers = legend_is_true(seen)
    labels = {mark["label"] for mark in layers[-1]["marks"]}
    assert labels & {"surveyor and model agree", "only the model says so", "only the surveyor says so"}
    seen.page.wait_for_timeout(500)
    seen.page.screenshot(path=str(artifacts / "4-classifier-disagreement.png"))


def test_change_is_shown_with_intervals(seen: Seen, artifacts: Path) -> None:
    seen.open().ask("How did artificial land change in Portugal between 2009 and 2018?")
    legend_is_true(seen)
    seen.tab("chart")
    seen.page.locator("#chart .errorbars, #chart .errorbar").first.wait_for(state="attached")
    seen.page.wait_for_timeout(500)
    seen.page.screenshot(path=str(artifacts / "5-change-with-intervals.png"), full_page=True)


def test_a_phone_shows_it_all_one_under_the_other(seen: Seen, artifacts: Path) -> None:
    seen.page.set_viewport_size({"width": 390, "height": 844})
    seen.open().ask("Which regions of Spain have the largest share of cropland?")
    legend_is_true(seen)
    for part in ("#chat", "#ask", ".la-frame", "#rows", ".la-legend"):
        box = seen.page.locator(part).bounding_box()
        assert box
        assert box["x"] + box["width"] <= 390, part
    seen.page.wait_for_timeout(500)
    seen.page.screenshot(path=str(artifacts / "6-phone.png"), full_page=True)
