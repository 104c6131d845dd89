"""A page in a browser as a person uses it: load it, ask, wait until what was asked for is drawn."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page
from playwright.sync_api import TimeoutError as TooLate

LEFT_MID_STREAM = ("AbortError", "Unexpected error Connection errored out")
"""What Gradio's script says of a stream that ended because its page was left."""


class Seen:
    """An open page that keeps what should not happen: requests that leave the machine, errors in the console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.watch(request.url))
        page.on("console", lambda message: self.hear(message))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")

    def watch(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:", "chrome-error:")):
            self.outside.append(url)

    def load(self, path: str = "/") -> Seen:
        """Load the page and wait until its map is drawn.

        A page left in the middle of a stream ends it, and Gradio says so on the console: no fault of the new page.
        """
        before = len(self.errors)
        self.page.goto(self.url + path)
        self.errors[before:] = [error for error in self.errors[before:] if not error.startswith(LEFT_MID_STREAM)]
        self.page.wait_for_function("document.body.dataset.landask && landask.view.drawn > 0", timeout=90_000)
        return self

    def open(self) -> Seen:
        """Begin afresh: a new conversation in the page that is loaded already, which is quicker than loading it."""
        if not self.page.url.startswith(self.url):
            return self.load()
        if self.page.locator(".la-welcome").count() == 0:
            self.unfolded().locator("#new").click()
            try:
                self.page.locator(".la-welcome").wait_for()
            except TooLate:  # whether a click is enough is for the tests of conversations to say
                return self.load()
        if self.page.locator(".la-set").count():
            self.page.locator("#selection-clear").click()
            self.page.locator(".la-set").wait_for(state="detached")
        self.page.locator("#box textarea").fill("")
        return self

    def unfolded(self) -> Page:
        """The page with its list of conversations open."""
        if not self.page.locator("#new").is_visible():
            self.page.locator("#talks-fold > summary").click()
            self.page.locator("#new").wait_for()
        return self.page

    def ask(self, question: str) -> Seen:
        turns = self.page.locator(".la-turn").count()
        self.page.locator("#box textarea").fill(question)
        self.page.locator("#box textarea").press("Enter")
        self.page.locator(f".la-turn >> nth={turns}").wait_for()
        self.page.locator(".la-turn .la-working").wait_for(state="detached")
        return self

    def map_settles(self) -> list[dict[str, Any]]:
        """Wait until the newest answer is drawn; what is drawn of it."""
        self.page.wait_for_function(
            """() => {
                const { ready, drawing, root, map, wanted } = landask.view;
                const drawn = drawing.key === wanted && !drawing.welcome && root.dataset.drawn === wanted;
                return ready && drawn && !map.isMoving();
            }"""
        )
        return self.read("landask.view.drawing.layers.map(({kind, marks, features}) => ({kind, marks, features}))")

    def read(self, expression: str) -> Any:
        """What an expression comes to, as JSON: an object, or a map, is taken apart by Playwright part by part."""
        return json.loads(self.page.evaluate(f"JSON.stringify({expression})"))

    def jump(self, lon: float, lat: float, zoom: float) -> None:
        """Move the map, at once, and wait until it is drawn there."""
        self.page.evaluate(f"void landask.view.map.jumpTo({{center: [{lon}, {lat}], zoom: {zoom}}})")
        self.page.wait_for_function("landask.view.map.loaded()")

    def tab(self, name: str) -> Seen:
        self.page.locator(f"#tab-{name}-button, button[role=tab][aria-controls=tab-{name}]").first.click()
        return self

    def spot(self, feature: int, layer: int = -1) -> dict[str, float]:
        """Where a point feature stands on the screen."""
        return self.page.evaluate(
            """([layer, f]) => {
                const { geometry, properties } = landask.view.drawing.layers.at(layer).features[f];
                const at = landask.view.map.project(geometry.type === "Point" ? geometry.coordinates : properties._at);
                const box = landask.view.map.getCanvas().getBoundingClientRect();
                return { x: box.x + at.x, y: box.y + at.y };
            }""",
            [layer, feature],
        )

    def colour_at(self, spot: dict[str, float]) -> tuple[int, int, int]:
        """The colour on the screen."""
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        red, green, blue = np.asarray(image)[int(spot["y"]), int(spot["x"])]
        return int(red), int(green), int(blue)

    @contextmanager
    def watched(self) -> Iterator[Seen]:
        """One test's look at the page."""
        self.outside.clear()
        self.errors.clear()
        yield self
        assert self.outside == [], "a request left the machine"
        assert self.errors == [], "the console holds errors"


@contextmanager
def window(browser: Browser, url: str, height: int = 900) -> Iterator[Seen]:
    """A browser window on the page of a served application."""
    context = browser.new_context(viewport={"width": 1400, "height": height}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(30_000)
    context.set_default_navigation_timeout(90_000)
    yield Seen(context.new_page(), url)
    context.close()
