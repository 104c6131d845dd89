"""The page in a real browser: every promise of the map, the conversation and the downloads, seen from outside."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from tests.page.served import CHROMIUM, Served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: .ci/browser installs one on Debian"),
]

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
            self.page.locator(".la-welcome").wait_for()
        if self.page.locator(".la-set").count():
            self.page.locator("#selection-clear").click()
            self.page.locator(".la-set").wait_for(state="detached")
        return self.tab("table")

    def unfolded(self) -> Page:
        """The page with its list of conversations open."""
        if not self.page.locator("#new").is_visible():
            self.page.locator("#talks-fold button").first.click()
            self.page.locator("#new").wait_for()
        return self.page

    def ask(self, question: str) -> Seen:
        turns = self.page.locator(".la-turn").count()
        self.page.locator("#box textarea").fill(question)
        self.page.locator("#box textarea").press("Enter")
        self.page.locator(f".la-turn >> nth={turns}").wait_for()
        self.page.locator(".la-turn .la-working").wait_for(state="detached")
        return self

    def map_settles(self) -> dict[str, Any]:
        """Wait until the newest answer is drawn; what is drawn of it."""
        self.page.wait_for_function(
            """() => {
                const { ready, drawing, root, map } = landask.view;
                return ready && drawing.key && root.dataset.drawn === drawing.key && !map.isMoving();
            }"""
        )
        return self.page.evaluate(
            "landask.view.drawing.layers.map(({kind, marks, features}) => ({kind, marks, features}))"
        )

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


@pytest.fixture(scope="module")
def one_page(browser: Browser, served: Served) -> Iterator[Seen]:
    """One loaded page for all tests that need no page of their own."""
    with window(browser, served.url) as page:
        yield page


@pytest.fixture
def seen(one_page: Seen) -> Iterator[Seen]:
    with one_page.watched():
        yield one_page


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def test_a_question_brings_sentence_map_and_table(seen: Seen, artifacts: Path) -> None:
    seen.open()
    seen.page.screenshot(path=str(artifacts / "small-first-visit.png"))
    seen.ask("Where is vineyard in Hérault?")
    expect(seen.page.locator(".la-answer")).to_contain_text("4 points of vineyard")
    layers = seen.map_settles()
    assert [layer["kind"] for layer in layers] == ["outline", "points"]
    expect(seen.page.locator("#rows tbody tr")).to_have_count(4)
    expect(seen.page.locator(".la-demo")).to_contain_text("synthetic")
    for at, feature in enumerate(layers[-1]["features"]):
        mark = layers[-1]["marks"][feature["properties"]["_m"]]
        assert seen.colour_at(seen.spot(at)) == rgb(mark["colour"])


def test_the_legend_equals_what_is_drawn(seen: Seen) -> None:
    seen.open().ask("woodland")
    (layer,) = seen.map_settles()
    lines = seen.page.locator(".la-legend li")
    assert lines.count() == len(layer["marks"])
    for at, mark in enumerate(layer["marks"]):
        expect(lines.nth(at)).to_contain_text(mark["label"])
        drawn = [f for f in layer["features"] if f["properties"]["_m"] == at]
        assert len(drawn) == mark["count"]
    assert seen.colour_at(seen.spot(0)) == rgb(layer["marks"][0]["colour"])
    swatch = seen.page.locator(".la-legend .la-swatch").first.evaluate("node => getComputedStyle(node).backgroundColor")
    assert swatch == "rgb({}, {}, {})".format(*rgb(layer["marks"][0]["colour"]))


def test_no_data_is_hatched_and_never_a_low_value(seen: Seen) -> None:
    seen.open().ask("woodland")
    (layer,) = seen.map_settles()
    assert [mark["pattern"] for mark in layer["marks"]] == ["", "hatch"]
    middle = seen.spot(1)
    colours = {seen.colour_at({"x": middle["x"] + dx, "y": middle["y"] + dx}) for dx in range(12)}
    assert len(colours) > 1, "a hatch has more than one colour"
    assert rgb(layer["marks"][0]["colour"]) not in colours
    expect(seen.page.locator(".la-legend li").nth(1)).to_contain_text("not zero")


def test_a_click_on_a_point_tells_what_it_is(seen: Seen) -> None:
    seen.open().ask("vineyard")
    seen.map_settles()
    spot = seen.spot(3)
    seen.page.mouse.click(spot["x"], spot["y"])
    popup = seen.page.locator(".la-popup")
    expect(popup).to_contain_text("38482258")
    expect(popup).to_contain_text("Olive groves")
    expect(seen.page.locator("#point")).to_be_visible()
    expect(seen.page.locator("#point")).to_contain_text("Seen as vineyard in 2018.")
    photo = seen.page.locator("#point img")
    expect(photo).to_have_attribute("alt", "Point 38482258, 2018: looking north")
    photo.scroll_into_view_if_needed()
    seen.page.wait_for_function("document.querySelector('#point img').naturalWidth === 8")


def test_hover_links_row_and_feature_both_ways(seen: Seen) -> None:
    seen.open().ask("vineyard")
    seen.map_settles()
    seen.page.locator("#rows tr[data-f='1']").hover()
    assert seen.page.evaluate("landask.view.highlight") == 1
    spot = seen.spot(2)
    seen.page.mouse.move(spot["x"] - 60, spot["y"] - 60)
    seen.page.mouse.move(spot["x"], spot["y"], steps=4)
    expect(seen.page.locator("#rows tr[data-f='2']")).to_have_class(re.compile("la-here"))


def test_a_drawn_polygon_is_this_region(seen: Seen) -> None:
    seen.open()
    seen.page.locator("[data-tool=draw_polygon]").click()
    box = seen.page.locator(".la-canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((0, 0), (90, 0), (90, 70), (0, 70)):
        seen.page.mouse.click(x + dx, y + dy)
    seen.page.locator("[data-tool=draw_done]").click()
    expect(seen.page.locator(".la-chosen")).to_contain_text("drawn by hand")
    seen.ask("vineyard in this region")
    expect(seen.page.locator(".la-answer")).to_contain_text("Asked about drawn by hand")
    seen.page.locator("#selection-clear").click()
    expect(seen.page.locator(".la-chosen")).to_contain_text("No region chosen")


def test_a_rectangle_the_view_and_a_clicked_region_are_regions_too(seen: Seen) -> None:
    seen.open()
    seen.page.locator("[data-tool=draw_rectangle]").click()
    box = seen.page.locator(".la-canvas").bounding_box()
    assert box
    seen.page.mouse.click(box["x"] + 300, box["y"] + 150)
    seen.page.mouse.click(box["x"] + 380, box["y"] + 220)
    expect(seen.page.locator(".la-chosen")).to_contain_text("drawn by hand")
    seen.page.locator("[data-tool=this_view]").click()
    expect(seen.page.locator(".la-chosen")).to_contain_text("current view")
    seen.ask("woodland")
    seen.map_settles()
    spot = seen.spot(1, layer=0)
    seen.page.mouse.click(spot["x"], spot["y"])
    seen.page.locator(".la-popup button").click()
    expect(seen.page.locator(".la-chosen")).to_contain_text("Bayern")


def test_an_uploaded_region_is_this_region_and_a_bad_file_is_refused(seen: Seen, tmp_path: Path) -> None:
    seen.open()
    ring = [[3, 43], [4, 43], [4, 44], [3, 44], [3, 43]]
    good, bad = tmp_path / "plot.geojson", tmp_path / "bad.geojson"
    good.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    bad.write_text('{"type": "Point", "coordinates": [3, 43]}')
    seen.page.locator("input[type=file]").set_input_files(bad)
    expect(seen.page.locator("#chosen")).to_contain_text("holds no polygon")
    seen.page.locator("input[type=file]").set_input_files(good)
    expect(seen.page.locator(".la-chosen")).to_contain_text("plot.geojson")


def test_a_clarification_is_answered_by_a_click(seen: Seen) -> None:
    seen.open().ask("Where is it in Paris?")
    expect(seen.page.locator(".la-choice")).to_have_count(2)
    seen.page.locator(".la-choice").nth(1).click()
    expect(seen.page.locator(".la-turn").nth(1)).to_contain_text("4 points of vineyard")
    expect(seen.page.locator(".la-choice").first).to_be_disabled()


def test_stop_ends_a_running_question_and_steps_are_streamed(seen: Seen) -> None:
    seen.open()
    seen.page.locator("#box textarea").fill("a slow question")
    seen.page.locator("#box textarea").press("Enter")
    expect(seen.page.locator(".la-running .la-steps li").first).to_be_visible()
    seen.page.locator("#stop").click()
    expect(seen.page.locator(".la-stopped")).to_contain_text("Stopped before", timeout=4_000)
    seen.ask("vineyard")
    expect(seen.page.locator(".la-turn").nth(1)).to_contain_text("4 points")


def test_a_new_conversation_lets_a_running_question_go(seen: Seen) -> None:
    seen.open()
    seen.unfolded().locator("#box textarea").fill("another slow question")
    seen.page.locator("#box textarea").press("Enter")
    expect(seen.page.locator(".la-running .la-steps li").first).to_be_visible()
    seen.page.locator("#new").click()
    expect(seen.page.locator(".la-welcome")).to_be_visible()
    expect(seen.page.locator("#ask")).to_be_enabled()
    seen.page.wait_for_timeout(500)
    expect(seen.page.locator(".la-turn")).to_have_count(0)


def test_a_bug_is_told_by_a_code_and_shows_no_path(seen: Seen) -> None:
    seen.open().ask("a bug please")
    expect(seen.page.locator(".la-error")).to_contain_text("server's log under")
    assert "/secret" not in seen.page.content()


def test_downloads_are_opened_and_read_back(seen: Seen) -> None:
    seen.open().ask("vineyard")
    seen.map_settles()
    seen.tab("take")
    files = {}
    for link in seen.page.locator("#take a").all():
        with seen.page.expect_download() as download:
            link.click()
        name = download.value.suggested_filename
        assert "synthetic" in name
        files[Path(name).suffix] = download.value.path().read_bytes()
    assert set(files) == {".zip", ".csv", ".geojson", ".parquet", ".png", ".json"}
    assert files[".csv"].decode("utf-8-sig").splitlines()[1].startswith("38362246,2018,B82,Vineyards")
    assert len(json.loads(files[".geojson"])["features"]) == 4
    assert Image.open(io.BytesIO(files[".png"])).size == (1430, 962)
    assert {"plan.json", "notebook.ipynb", "SHA256SUMS"} <= set(zipfile.ZipFile(io.BytesIO(files[".zip"])).namelist())


def test_the_plan_is_changed_and_run_again_without_a_model(seen: Seen) -> None:
    seen.open().ask("vineyard")
    seen.map_settles()
    seen.tab("plan")
    expect(seen.page.locator("#plan-regions textarea, #plan-regions input").first).to_have_value("Hérault")
    seen.page.locator("#plan-witness input").click()
    seen.page.get_by_role("option", name=re.compile("Eurostat")).click()
    seen.page.locator("#plan-run").click()
    expect(seen.page.locator(".la-turn").nth(1)).to_contain_text("Woodland: 21.5 %")


def test_asking_in_other_words_says_whether_the_answer_agrees(seen: Seen) -> None:
    seen.open().ask("vineyard in Hérault")
    seen.page.locator("[data-act=reword]").click()
    expect(seen.page.locator(".la-agreed")).to_contain_text("the same answer")


def test_conversations_are_kept_renamed_brought_back_and_deleted(seen: Seen) -> None:
    seen.open().ask("vineyard")
    seen.unfolded().locator("#talk-name textarea, #talk-name input").first.fill("My wine")
    seen.page.locator("button#rename").click()
    expect(seen.page.locator("#talks input")).to_have_value("My wine")
    seen.page.locator("#new").click()
    expect(seen.page.locator(".la-welcome")).to_be_visible()
    seen.load()
    seen.unfolded().locator("#talks input").click()
    seen.page.get_by_role("option", name="My wine").click()
    expect(seen.page.locator(".la-turn")).to_contain_text("4 points of vineyard")
    assert seen.map_settles()[-1]["kind"] == "points"
    seen.page.locator("#delete").click()
    expect(seen.page.locator(".la-welcome")).to_be_visible()
    seen.page.locator("#talks input").click()
    expect(seen.page.get_by_role("option", name="My wine")).to_have_count(0)
    seen.page.keyboard.press("Escape")


def test_a_link_brings_the_answer_back(seen: Seen) -> None:
    seen.open().ask("vineyard in Hérault")
    link = seen.page.locator("[data-act=copy]").get_attribute("data-value")
    seen.load("/" + str(link))
    expect(seen.page.locator(".la-turn")).to_contain_text("4 points of vineyard")
    assert seen.map_settles()[-1]["kind"] == "points"


def test_the_language_is_the_browsers_and_can_be_switched(seen: Seen, browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="fr-FR")
    french = Seen(context.new_page(), served.url).load()
    expect(french.page.locator("#ask")).to_have_text("Demander")
    assert french.page.evaluate("document.documentElement.lang") == "fr"
    context.close()
    seen.open().ask("vineyard")
    for name, word in (("Deutsch", "Fragen"), ("Español", "Preguntar"), ("Italiano", "Chiedi")):
        seen.page.locator("#language input").click()
        seen.page.get_by_role("option", name=name).click()
        expect(seen.page.locator("#ask")).to_have_text(word)
    expect(seen.page.locator(".la-toolbar")).to_contain_text("Disegna un poligono")
    expect(seen.page.locator("#rows th").first).to_contain_text("Punto")
    seen.page.locator("#language input").click()
    seen.page.get_by_role("option", name="English").click()
    expect(seen.page.locator("#ask")).to_have_text("Ask")


def test_a_phone_stacks_the_panes(seen: Seen, artifacts: Path) -> None:
    seen.page.set_viewport_size({"width": 390, "height": 844})
    seen.open().ask("vineyard")
    seen.map_settles()
    chat, drawn = seen.page.locator("#chat").bounding_box(), seen.page.locator(".la-frame").bounding_box()
    assert chat
    assert drawn
    assert drawn["y"] > chat["y"] + chat["height"] / 2
    assert drawn["width"] <= 390
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.page.screenshot(path=str(artifacts / "small-phone.png"), full_page=True)
    seen.page.set_viewport_size({"width": 1400, "height": 900})


def test_dark_mode_redraws_map_and_keeps_the_legend_true(seen: Seen, artifacts: Path) -> None:
    seen.open().ask("vineyard")
    layers = seen.map_settles()
    sea = {"x": seen.spot(0)["x"] + 25, "y": seen.spot(0)["y"]}
    light = seen.colour_at(sea)
    seen.page.locator("#theme").click()
    seen.page.wait_for_function("document.body.classList.contains('dark') && landask.view.ready")
    seen.page.wait_for_timeout(600)
    assert sum(seen.colour_at(sea)) < sum(light) / 2
    assert seen.colour_at(seen.spot(0)) == rgb(layers[-1]["marks"][0]["colour"])
    seen.page.screenshot(path=str(artifacts / "small-dark.png"))
    seen.page.locator("#theme").click()
    seen.page.wait_for_function("!document.body.classList.contains('dark')")


def test_results_outside_the_view_are_told_and_zoomed_back_to(seen: Seen) -> None:
    seen.open().ask("vineyard")
    seen.map_settles()
    seen.page.evaluate("landask.view.map.jumpTo({center: [20, 60], zoom: 6})")
    expect(seen.page.locator(".la-off")).to_contain_text("4 of 4 results lie outside this view")
    seen.page.locator("[data-tool=zoom_result]").click()
    expect(seen.page.locator(".la-off")).to_be_hidden()


def test_a_person_can_do_it_all_from_the_keyboard(seen: Seen) -> None:
    seen.open()
    seen.page.locator("#box textarea").focus()
    seen.page.keyboard.type("where is Paris")
    seen.page.keyboard.press("Enter")
    seen.page.locator(".la-choice").nth(1).focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator(".la-turn").nth(1)).to_contain_text("4 points")
    row = seen.page.locator("#rows tr[data-f='0']")
    row.focus()
    assert seen.page.evaluate("landask.view.highlight") == 0
    seen.page.locator("#rows th button").first.focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator("#rows th").first).to_have_attribute("aria-sort", "ascending")


def test_a_page_whose_script_comes_late_is_whole_all_the_same(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="fr-FR", color_scheme="light")
    page = context.new_page()
    page.add_init_script("localStorage.setItem('landask-theme', 'dark')")

    def late(route: Route) -> None:
        time.sleep(3)
        route.continue_()

    page.route("**/files/maplibre/maplibre-gl.js", late)
    Seen(page, served.url).load()
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.evaluate("document.body.classList.contains('dark')")
    context.close()


def test_a_map_whose_graphics_are_lost_is_drawn_again_where_it_was(seen: Seen) -> None:
    seen.open().ask("vineyard")
    layers = seen.map_settles()
    seen.page.evaluate("landask.view.map.jumpTo({center: [3.5, 43.6], zoom: 9})")
    seen.page.evaluate(
        "landask.view.map.getCanvas().getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    seen.page.wait_for_function("landask.view.lost === 1 && landask.view.map && landask.view.ready")
    seen.page.wait_for_timeout(600)
    assert seen.page.evaluate("landask.view.map.getZoom()") == 9
    assert seen.colour_at(seen.spot(0)) == rgb(layers[-1]["marks"][0]["colour"])
    seen.errors.clear()


def test_without_webgl_the_page_says_so_and_shows_the_map_as_a_picture(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    seen = Seen(page, served.url).load().ask("vineyard")
    expect(page.locator(".la-nomap")).to_contain_text("WebGL is off")
    page.wait_for_function("document.querySelector('.la-picture')?.naturalWidth > 1000")
    expect(page.locator("[data-tool]")).to_have_count(0)
    expect(page.locator("#rows tbody tr")).to_have_count(4)
    assert seen.errors == []
    context.close()


def test_of_several_shaded_maps_one_is_drawn_and_the_legend_chooses(seen: Seen) -> None:
    seen.open().ask("woodland")
    seen.map_settles()
    seen.page.evaluate(
        """() => {
            const value = JSON.parse(JSON.stringify(landask.view.drawing)), [one] = value.layers;
            const other = JSON.parse(JSON.stringify(one));
            other.title = "second";
            other.marks[0].colour = "#aa0000";
            const lines = { kind: "flags", of: one.title, title: "", unit: "", source: "", attribution: "",
              fields: [], labels: {}, features: one.features,
              marks: [{ colour: "#888888", label: "low reliability", count: 1, pattern: "lines" }] };
            landask.show({ ...value, key: "two", words: landask.view.words, layers: [one, other, lines] });
        }"""
    )
    seen.page.wait_for_function("landask.view.root.dataset.drawn === 'two'")
    themes = seen.page.locator(".la-theme")
    expect(themes).to_have_count(2)
    assert seen.colour_at(seen.spot(0, layer=0)) != (170, 0, 0)
    drawn = seen.page.evaluate("landask.view.drawn")
    themes.nth(1).click()
    expect(themes.nth(1)).to_have_attribute("aria-pressed", "true")
    seen.page.wait_for_function("drawn => landask.view.drawn > drawn", arg=drawn)
    assert seen.colour_at(seen.spot(0, layer=0)) == (170, 0, 0), "the flags of the other map are not drawn"
    expect(seen.page.locator(".la-legend li")).to_have_count(2)
