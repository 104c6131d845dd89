"""The page in a real browser: every promise of the map, the conversation and the downloads, seen from outside."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from page.chat import without_codes
from page.handlers import Handlers
from tests.page.conftest import VINEYARDS, first_point
from tests.page.seen import Seen
from tests.page.served import CHROMIUM, Served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: .ci/browser installs one on Debian"),
]


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


# ---- the answer --------------------------------------------------------------------------------------------------

SHARES = "Which regions of Spain have the largest share of cropland?"


def points_layer(layers: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """The points drawn, and their place among the layers."""
    return next((at, layer) for at, layer in enumerate(layers) if layer["kind"] == "points")


def test_a_question_brings_sentence_map_and_table(seen: Seen, handlers: Handlers, artifacts: Path) -> None:
    answer, _ = handlers.asked(VINEYARDS, None, None)
    seen.open()
    seen.page.screenshot(path=str(artifacts / "first-visit.png"))
    seen.ask(VINEYARDS)
    expect(seen.page.locator(".la-verdict")).to_contain_text(without_codes(answer.text.splitlines()[0]))
    place, points = points_layer(seen.map_settles())
    assert len(points["features"]) == answer.results[0].value
    table = answer.results[0].table
    assert table
    seen.tab("table")
    expect(seen.page.locator("#rows table").first.locator("tbody tr")).to_have_count(len(table))
    feature = points["features"][0]
    assert seen.colour_at(seen.spot(0, place)) == rgb(points["marks"][feature["properties"]["_m"]]["colour"])


def test_the_legend_equals_what_is_drawn_filters_it_and_hides_layers(seen: Seen) -> None:
    seen.open().ask(SHARES)
    layer = seen.map_settles()[0]
    lines = seen.page.locator(".la-legend section").first.locator("li")
    assert lines.count() == len(layer["marks"])
    for at, mark in enumerate(layer["marks"]):
        expect(lines.nth(at)).to_contain_text(mark["label"])
        bearing = [f for f in layer["features"] if f["properties"]["_m"] == at]
        expect(lines.nth(at).locator(".la-count")).to_have_text(str(len(bearing)))
    swatch = seen.page.locator(".la-legend .la-swatch").first.evaluate("node => getComputedStyle(node).backgroundColor")
    assert swatch == "rgb({}, {}, {})".format(*rgb(layer["marks"][0]["colour"]))
    marks = "landask.view.map.queryRenderedFeatures({layers: ['result-0']}).map(f => f.properties._m)"
    first = seen.page.locator(".la-legend button.la-mark").first
    assert 0 in seen.page.evaluate(marks)
    first.click()
    expect(first).to_have_attribute("aria-pressed", "false")
    seen.page.wait_for_function(f"landask.view.ready && !{marks}.includes(0)")
    first.click()
    seen.page.locator(".la-eye").first.click()
    seen.page.wait_for_function("!landask.view.map.getLayer('result-0')")
    seen.page.locator(".la-eye").first.click()
    seen.page.wait_for_function("Boolean(landask.view.map.getLayer('result-0'))")


def drawn_in_order(seen: Seen) -> list[str]:
    """The results' layers from the lowest to the highest, what is pointed at left out."""
    ids = seen.read("landask.view.map.getStyle().layers.map(({ id }) => id)")
    return [id for id in ids if re.fullmatch(r"result-\d+", id)]


def test_layers_are_put_in_order_by_button_keyboard_and_mouse_and_stay_so_after_a_reload(seen: Seen) -> None:
    page = seen.open().ask(VINEYARDS).page
    seen.map_settles()
    rows = page.locator(".la-legend [data-row]")
    *_, outline, points = (f"result-{at}" for at in seen.read("landask.view.order"))
    assert drawn_in_order(seen) == [outline, points]
    expect(rows.first.locator("h2")).to_contain_text("Vineyards")
    rows.first.locator("[data-move=layer_down]").click()
    expect(rows.nth(1).locator("h2")).to_contain_text("Vineyards")
    expect(rows.nth(1).locator("[data-move=layer_down]")).to_be_focused()
    assert drawn_in_order(seen) == [points, outline]
    rows.nth(1).locator(".la-eye").focus()
    page.keyboard.press("ArrowUp")
    assert drawn_in_order(seen) == [outline, points]
    expect(rows.first.locator(".la-eye")).to_be_focused()
    rows.first.locator("h2").drag_to(rows.nth(1).locator("h2"))
    assert drawn_in_order(seen) == [points, outline]
    rows.first.locator(".la-eye").click()
    seen.load("/" + page.evaluate("location.search"))
    seen.map_settles()
    expect(rows.nth(1).locator("h2")).to_contain_text("Vineyards")
    assert drawn_in_order(seen) == [points], "the outline is hidden as it was left"


def test_a_layers_paint_is_as_opaque_as_its_slider_says_and_stays_so_after_a_reload(seen: Seen) -> None:
    page = seen.open().ask(VINEYARDS).page
    seen.map_settles()
    place = points_layer(seen.read("landask.view.drawing.layers"))[0]
    paint = f"landask.view.map.getPaintProperty('result-{place}', 'circle-opacity')"
    own = page.locator(".la-legend [data-row]", has_text="Vineyards").first
    slider = own.locator("input[type=range]")
    assert seen.read(paint) == 1
    own.locator(".la-info > summary").click()
    slider.press("Home")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(slider).to_have_value("0.3")
    page.wait_for_function(f"{paint} === 0.3")
    seen.load("/" + page.evaluate("location.search"))
    seen.map_settles()
    assert seen.read(paint) == 0.3
    expect(slider).to_have_value("0.3")
    if not slider.is_visible():
        own.locator(".la-info > summary").click()
    slider.press("End")  # the tab is shared, and keeps it
    page.wait_for_function(f"{paint} === 1")


def test_a_profiles_classes_are_fetched_when_they_are_chosen(seen: Seen) -> None:
    page = seen.open().ask("What is the land cover of Rhône-Alpes?").page
    seen.map_settles()
    there = "landask.view.drawing.layers.filter(({ kind, features }) => kind === 'areas' && features).length"
    assert seen.read(there) == 1
    page.locator(".la-theme", has_text="Cropland").click()
    expect(page.locator(".la-years")).to_contain_text("Cropland, regions")
    expect(page.locator(".la-ranked button")).to_have_count(22)
    assert seen.read(there) == 2
    page.locator("[data-tool=swipe]").click()
    page.wait_for_function("document.querySelector('.la-swiped')?.dataset.drawn === 'Grassland, regions, 2022'")
    page.locator("[data-tool=swipe]").click()


def test_a_share_is_looked_through_by_year_and_region(seen: Seen) -> None:
    page = seen.open().ask(SHARES).page
    seen.map_settles()
    box = page.locator(".la-explore")
    shares = seen.read("Object.entries(landask.view.drawing.layers[0].indicator.regions)")
    known = [(id, region) for id, region in shares if region["figures"]["2012"][0] is not None]
    most = max(region["figures"]["2012"][0] for _, region in known)
    box.locator("input[type=range]").fill("1")
    expect(box.locator("output")).to_have_text("2012")
    expect(box.locator(".la-ranked button").first.locator(".la-figure")).to_have_text(f"{most:g}")
    assert box.locator(".la-ranked button").count() == len(shares)
    other = box.locator(".la-ranked button[aria-pressed=false]").first
    name = other.locator(".la-name").inner_text()
    before = page.evaluate("landask.view.compared.length")
    other.click()
    assert page.evaluate("landask.view.compared.length") == before + 1
    assert name in str(box.locator(".la-lines svg").get_attribute("aria-label"))


def test_a_click_on_a_point_tells_what_it_is(seen: Seen, handlers: Handlers) -> None:
    answer, _ = handlers.asked(VINEYARDS, None, None)
    point = first_point(answer)
    seen.open().ask(VINEYARDS)
    place, points = points_layer(seen.map_settles())
    at = next(n for n, f in enumerate(points["features"]) if f["properties"]["point_id"] == point)
    lon, lat = points["features"][at]["geometry"]["coordinates"]
    seen.jump(lon, lat, 10)
    spot = seen.spot(at, place)
    seen.page.mouse.click(spot["x"], spot["y"])
    expect(seen.page.locator(".la-popup")).to_contain_text(point)
    expect(seen.page.locator(".la-popup")).not_to_contain_text(re.compile("B82|lucas_"))
    expect(seen.page.locator(".la-popup")).to_contain_text("Elevation (m)")
    expect(seen.page.locator("#point")).to_contain_text(point, timeout=30_000)
    photo = seen.page.locator("#point img")
    expect(photo).to_have_attribute("alt", f"Point {point}, 2018: looking north")
    photo.scroll_into_view_if_needed()
    seen.page.wait_for_function("document.querySelector('#point img').naturalWidth === 8")


def test_a_table_shows_few_columns_and_hover_links_row_and_feature_both_ways(seen: Seen) -> None:
    seen.open().ask(SHARES)
    seen.map_settles()
    seen.tab("table")
    row = seen.page.locator("#rows tr[data-f]").first
    row.hover()
    region = row.get_attribute("data-f")
    assert seen.page.evaluate("landask.view.highlight") == region
    at = seen.page.evaluate(
        f"landask.view.drawing.layers[0].features.findIndex(f => f.properties.region === '{region}')"
    )
    spot = seen.spot(at, 0)
    seen.page.mouse.move(spot["x"] - 30, spot["y"] - 30)
    seen.page.mouse.move(spot["x"], spot["y"], steps=4)
    expect(row).to_have_class(re.compile("la-here"))
    expect(seen.page.locator(".la-tip")).to_be_visible()
    headings = seen.page.locator("#rows table").first.locator("th:visible")
    assert 3 <= headings.count() <= 5
    seen.page.locator("[data-columns]").first.click()
    assert headings.count() > 8


# ---- regions of one's own ----------------------------------------------------------------------------------------


def test_a_corner_can_be_moved_while_an_area_is_drawn_and_its_size_is_told(seen: Seen) -> None:
    page = seen.open().page
    page.locator("[data-tool=draw_polygon]").click()
    box = page.locator(".la-canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((0, 0), (90, 0), (90, 70)):
        page.mouse.click(x + dx, y + dy)
    told = page.locator(".la-say").inner_text()
    assert "km²" in told
    page.mouse.move(x + 90, y + 70)
    page.mouse.down()
    page.mouse.move(x + 120, y + 120, steps=4)
    page.mouse.up()
    expect(page.locator(".la-say")).not_to_have_text(told)
    page.locator("[data-tool=draw_done]").click()
    expect(page.locator(".la-chosen")).to_contain_text("drawn by hand")
    page.locator("#selection-clear").click()
    expect(page.locator(".la-set")).to_have_count(0)


def test_a_clicked_region_is_a_region_too_and_a_bad_file_is_refused(seen: Seen, tmp_path: Path) -> None:
    seen.open().ask(SHARES)
    layer = seen.map_settles()[0]
    spot = seen.spot(0, layer=0)
    seen.page.mouse.click(spot["x"], spot["y"])
    seen.page.locator(".la-popup [data-use]").click()
    expect(seen.page.locator(".la-chosen")).to_contain_text(layer["features"][0]["properties"]["_t"])
    bad = tmp_path / "bad.geojson"
    bad.write_text('{"type": "Point", "coordinates": [3, 43]}')
    seen.page.locator("input[type=file]").set_input_files(bad)
    expect(seen.page.locator("#chosen")).to_contain_text("polygon")


def test_an_area_is_kept_corrected_and_chosen_again(seen: Seen) -> None:
    page = seen.open().page
    page.evaluate("localStorage.removeItem('landask-areas')")
    seen.jump(3.5, 43.6, 9)
    page.evaluate("landask.view.send('input', {kind: 'drawn', name: 'My valley', geometry: {type: 'Polygon', "
                  "coordinates: [[[3.3, 43.5], [3.4, 43.5], [3.4, 43.55], [3.3, 43.5]]]}})")  # fmt: skip
    expect(page.locator(".la-set")).to_contain_text("My valley")
    expect(page.locator(".la-small")).to_contain_text("few survey points")
    before = page.locator(".la-set").inner_text()
    page.wait_for_function("landask.view.corners.length === 3 && !landask.view.map.isMoving()")
    x, y = page.evaluate(
        """() => {
            const spot = landask.view.map.project(landask.view.corners[1]);
            const box = landask.view.map.getCanvas().getBoundingClientRect();
            return [box.x + spot.x, box.y + spot.y];
        }"""
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 40, steps=3)
    page.mouse.up()
    expect(page.locator(".la-set")).not_to_have_text(before)
    page.locator(".la-small [data-use]").click()
    expect(page.locator(".la-set")).to_contain_text("Languedoc-Roussillon")
    page.locator("#areas-fold > summary").click()
    page.locator("[data-area]", has_text="My valley").click()
    expect(page.locator(".la-set")).to_contain_text("My valley")


# ---- the conversation --------------------------------------------------------------------------------------------


def test_a_clarification_is_answered_by_a_click(seen: Seen) -> None:
    seen.open().ask("Where is vineyard in Valencia?")
    expect(seen.page.locator(".la-choice")).to_have_count(2)
    seen.page.locator(".la-choice").first.click()
    expect(seen.page.locator(".la-turn .la-answer").nth(1)).to_contain_text("Valencia")
    expect(seen.page.locator(".la-choice").first).to_be_disabled()


def test_stop_ends_a_running_question_and_a_second_one_waits_in_the_box(seen: Seen) -> None:
    seen.open()
    seen.page.locator("#box textarea").fill("a slow question")
    seen.page.locator("#box textarea").press("Enter")
    expect(seen.page.locator(".la-running .la-steps li").first).to_be_attached()
    expect(seen.page.locator(".la-clock")).to_have_text(re.compile(r"\d+ s"))
    seen.page.locator("#box textarea").fill("How much of Sweden was woodland in 2018?")
    seen.page.locator("#box textarea").press("Enter")
    expect(seen.page.locator(".la-notice")).to_contain_text("One question at a time")
    expect(seen.page.locator("#box textarea")).to_have_value("How much of Sweden was woodland in 2018?")
    seen.page.locator("#stop").click()
    expect(seen.page.locator(".la-stopped")).to_contain_text("Stopped before", timeout=4_000)
    seen.page.locator("#box textarea").press("Enter")
    expect(seen.page.locator(".la-turn").nth(1)).to_contain_text("Sweden")


def test_a_new_conversation_lets_a_running_question_go(seen: Seen) -> None:
    seen.open()
    seen.page.locator("#box textarea").fill("another slow question")
    seen.page.locator("#box textarea").press("Enter")
    expect(seen.page.locator(".la-running .la-steps li").first).to_be_attached()
    seen.unfolded().locator("#new").click()
    expect(seen.page.locator(".la-welcome")).to_be_visible()
    expect(seen.page.locator("#ask")).to_be_enabled()
    seen.page.wait_for_timeout(500)
    expect(seen.page.locator(".la-turn")).to_have_count(0)


def test_a_bug_is_told_by_a_code_and_shows_no_path(seen: Seen) -> None:
    seen.open().ask("a bug please")
    expect(seen.page.locator(".la-error")).to_contain_text("server's log under")
    assert "/secret" not in seen.page.content()


def test_downloads_are_opened_and_read_back(seen: Seen, handlers: Handlers) -> None:
    answer, _ = handlers.asked(VINEYARDS, None, None)
    table = answer.results[0].table
    assert table
    seen.open().ask(VINEYARDS)
    seen.map_settles()
    seen.tab("take")
    files = {}
    for link in seen.page.locator("#take a").all():
        with seen.page.expect_download() as download:
            link.click()
        assert "where-is-vineyard-in-languedoc-roussillon" in download.value.suggested_filename
        files[Path(download.value.suggested_filename).suffix] = download.value.path().read_bytes()
    assert set(files) >= {".zip", ".csv", ".geojson", ".parquet", ".png", ".json"}
    assert files[".csv"].decode("utf-8-sig").splitlines()[1].startswith(first_point(answer))
    assert json.loads(files[".json"])["text"] == answer.text
    assert Image.open(io.BytesIO(files[".png"])).size == (1430, 962)
    assert {"plan.json", "notebook.ipynb", "SHA256SUMS"} <= set(zipfile.ZipFile(io.BytesIO(files[".zip"])).namelist())


def test_what_is_copied_is_the_citation_with_source_year_and_licence_and_the_chart_as_a_picture(seen: Seen) -> None:
    question = "How much of Sweden was woodland in 2018?"
    page = seen.open().ask(question).page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    seen.map_settles()
    seen.tab("take")
    page.locator("#take [data-text]").click()
    expect(page.locator("#take [data-text]")).to_have_text("Copied")
    cited = page.evaluate("navigator.clipboard.readText()")
    for told in (question, "Source: Eurostat (LAN_LCV_OVW)", "LUCAS microdata 2015 and 2018", "Licence: CC BY 4.0."):
        assert told in cited
    seen.tab("chart")
    page.locator("#chart [data-chart]").first.click()
    expect(page.locator("#chart [data-chart]").first).to_have_text("Copied")
    copied = page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            return [...new Uint8Array(await (await item.getType("image/png")).arrayBuffer())];
        }"""
    )
    picture = Image.open(io.BytesIO(bytes(copied)))
    drawn = seen.read("(({ width, height }) => [width, height])(document.querySelector('#chart svg').viewBox.baseVal)")
    assert picture.format == "PNG"
    assert list(picture.size) == [int(2 * side) for side in drawn]
    assert len(picture.convert("RGB").getcolors(picture.width * picture.height) or []) > 2, "bars and words on paper"


BADGES = {
    "How much of Sweden was woodland in 2018?": ("statistics", "Statistic", "official_share", "lan_lcv_ovw"),
    VINEYARDS: ("survey", "Survey", "find_points", "lucas_bundled"),
    "Where does the satellite see maize in the province of Liège?": (
        "pixels",
        "Satellite",
        "classify_area",
        "landask-pixels",
    ),
}
"""A question for each witness: its badge, what that says, what was run, and on which data."""


def test_each_badge_opens_how_its_answer_came_about_with_its_witness_in_it(seen: Seen) -> None:
    page = seen.open().page
    for question in BADGES:
        seen.ask(question)
    for nth, (badge, name, *evidence) in enumerate(BADGES.values()):
        own = page.locator(".la-turn").nth(nth).locator(f".la-badge.la-{badge}")
        expect(own).to_have_text(name)
        seen.tab("table")
        own.click()
        expect(page.locator("#how")).to_be_visible()
        for named in evidence:
            expect(page.locator("#how")).to_contain_text(named)


def test_the_plan_is_changed_and_run_again_without_a_model(seen: Seen) -> None:
    seen.open().ask(VINEYARDS)
    seen.map_settles()
    seen.tab("plan")
    years = seen.page.locator("#plan-years textarea, #plan-years input").first
    expect(years).to_have_value("2018")
    years.fill("2015")
    seen.page.locator("#plan-run").click()
    expect(seen.page.locator(".la-turn").nth(1)).to_contain_text("2015")


def test_asking_in_other_words_says_whether_the_answer_agrees(seen: Seen) -> None:
    seen.open().ask("Which regions of Spain have the largest share of woodland in 2018?")
    seen.page.locator("[data-act=reword]").click()
    expect(seen.page.locator(".la-agreed")).to_contain_text("Asked again as")
    seen.page.locator("#language select").select_option("fr")
    expect(seen.page.locator(".la-agreed")).to_contain_text("Redemandé")
    seen.page.locator("#language select").select_option("en")
    expect(seen.page.locator(".la-agreed")).to_contain_text("Asked again as")


def test_conversations_are_kept_renamed_brought_back_deleted_and_undone(seen: Seen) -> None:
    page = seen.open().ask("How much of Sweden was woodland in 2018?").page
    seen.unfolded().locator("#talk-name").fill("My woods")
    page.locator("#rename").click()
    expect(page.locator(".la-talk[aria-current=true]")).to_have_text("My woods")
    page.locator("#new").click()
    expect(page.locator(".la-welcome")).to_be_visible()
    seen.unfolded().locator(".la-talk", has_text="My woods").click()
    expect(page.locator(".la-turn")).to_contain_text("Sweden")
    assert seen.map_settles()[0]["kind"] == "areas"
    seen.unfolded().locator("[data-delete]", has_text="×").first.click()
    expect(page.locator(".la-welcome")).to_be_visible()
    expect(page.locator(".la-talk", has_text="My woods")).to_have_count(0)
    seen.unfolded().locator("#undo").click()
    expect(page.locator(".la-talk", has_text="My woods")).to_have_count(1)


def test_a_conversation_has_an_address_that_reload_and_back_know(seen: Seen) -> None:
    page = seen.open().ask("How much of Sweden was woodland in 2018?").page
    page.wait_for_function("location.search.startsWith('?talk=')")
    seen.load("/" + page.evaluate("location.search"))
    expect(page.locator(".la-turn")).to_contain_text("Sweden")
    seen.unfolded().locator("#new").click()
    expect(page.locator(".la-welcome")).to_be_visible()
    page.wait_for_function("location.search === ''")
    page.go_back()
    expect(page.locator(".la-turn")).to_contain_text("Sweden")


def test_two_pages_of_one_browser_keep_each_others_conversations(seen: Seen) -> None:
    page = seen.open().ask("How much of Sweden was woodland in 2018?").page
    other = Seen(page.context.new_page(), seen.url).load().ask("How much of Spain was cropland in 2018?")
    seen.ask("and in 2012?")
    kept = {talk.inner_text() for talk in other.unfolded().locator(".la-talk").all()}
    assert {"How much of Sweden was woodland in 2018?", "How much of Spain was cropland in 2018?"} <= kept
    other.page.close()


def test_answers_are_pinned_to_a_board_that_a_link_makes_again(seen: Seen) -> None:
    page = seen.open().page
    page.evaluate("localStorage.removeItem('landask-board')")
    seen.ask("How much of Sweden was woodland in 2018?").ask("How did artificial land change in Portugal?")
    for button in page.locator("[data-act=pin]").all():
        button.click()
    page.locator("#board-open").click()
    expect(page.locator(".la-card")).to_have_count(2)
    expect(page.locator(".la-card").first).to_contain_text("Sweden, 2018, woodland")
    expect(page.locator(".la-card svg")).to_have_count(1)
    link = str(page.locator("[data-board=copy]").get_attribute("data-value"))
    page.locator("[data-board=unpin]").first.click()
    expect(page.locator(".la-card")).to_have_count(1)
    page.locator("[data-board=close]").click()
    expect(page.locator("#board-open")).to_have_text("Board (1)")
    seen.load("/" + link)
    expect(page.locator(".la-card")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".la-board")).to_have_count(0)


def test_an_answer_is_rated_in_this_browser_and_goes_on_by_a_click(seen: Seen) -> None:
    page = seen.open().ask("How much of Sweden was woodland in 2018?").page
    page.evaluate("localStorage.removeItem('landask-ratings')")
    good = page.locator("[data-act=rate][data-value=good]")
    for told, pressed in ((re.compile("noted"), "true"), ("", "false"), (re.compile("noted"), "true")):
        good.click()
        expect(page.locator(".la-rated")).to_have_text(told)
        expect(good).to_have_attribute("aria-pressed", pressed)
    seen.unfolded()
    with page.expect_download() as download:
        page.locator("#ratings").click()
    (rating,) = json.loads(download.value.path().read_text())
    assert (rating["rating"], rating["question"]) == ("good", "How much of Sweden was woodland in 2018?")
    page.locator("#talks-fold > summary").click()
    chip = page.locator(".la-chip").first
    asked = chip.inner_text()
    chip.click()
    expect(page.locator(".la-question").nth(1)).to_contain_text(asked)
    expect(page.locator(".la-turn.la-answered")).to_have_count(2)


def test_a_link_brings_the_answer_back(seen: Seen) -> None:
    seen.open().ask(VINEYARDS)
    text = seen.page.locator(".la-verdict").inner_text()
    link = seen.page.locator("[data-act=copy]").get_attribute("data-value")
    seen.load("/" + str(link))
    expect(seen.page.locator(".la-verdict")).to_have_text(text)
    assert points_layer(seen.map_settles())[1]["features"]


def test_the_language_is_the_browsers_and_answers_switch_with_it(seen: Seen, browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="fr-FR")
    french = Seen(context.new_page(), served.url).load()
    expect(french.page.locator("#ask")).to_have_text("Demander")
    assert french.page.evaluate("document.documentElement.lang") == "fr"
    context.close()
    seen.open().ask("How much of Sweden was woodland in 2018?")
    seen.map_settles()
    for name, word, country in (
        ("Deutsch", "Fragen", "Schweden"),
        ("Italiano", "Chiedi", "Svezia"),
        ("English", "Ask", "Sweden"),
    ):
        seen.page.locator("#language select").select_option(label=name)
        expect(seen.page.locator("#ask")).to_have_text(word)
        expect(seen.page.locator(".la-verdict")).to_contain_text(country)


# ---- looks -------------------------------------------------------------------------------------------------------


def test_on_a_phone_map_answer_and_box_are_seen_together(seen: Seen) -> None:
    seen.page.set_viewport_size({"width": 390, "height": 844})
    seen.open().ask(VINEYARDS)
    seen.map_settles()
    for part in (".la-canvas", ".la-verdict", "#box textarea", "#ask"):
        box = seen.page.locator(part).first.bounding_box()
        assert box, part
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= 390, part
        assert 0 <= box["y"] <= 844 - 24, part
    assert seen.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
        390,
        844,
    ]
    seen.page.set_viewport_size({"width": 1400, "height": 900})


def test_dark_mode_redraws_map_and_keeps_the_legend_true(seen: Seen) -> None:
    seen.open().ask(VINEYARDS)
    place, points = points_layer(seen.map_settles())
    land = {"x": seen.spot(0, place)["x"] + 25, "y": seen.spot(0, place)["y"] + 25}
    light = seen.colour_at(land)
    seen.page.locator("#theme").click()
    seen.page.wait_for_function("document.body.classList.contains('dark') && landask.view.ready")
    seen.page.wait_for_timeout(600)
    assert sum(seen.colour_at(land)) < sum(light)
    assert seen.colour_at(seen.spot(0, place)) == rgb(points["marks"][0]["colour"])
    seen.page.locator("#theme").click()
    seen.page.wait_for_function("!document.body.classList.contains('dark')")


def test_results_outside_the_view_are_told_and_zoomed_back_to(seen: Seen) -> None:
    seen.open().ask(VINEYARDS)
    seen.map_settles()
    seen.jump(20, 60, 6)
    expect(seen.page.locator(".la-off")).to_contain_text("results lie outside this view")
    seen.page.locator("[data-tool=zoom_result]").click()
    expect(seen.page.locator(".la-off")).to_be_hidden()


def test_a_person_can_do_it_all_from_the_keyboard(seen: Seen) -> None:
    page = seen.open().page
    page.locator("#box textarea").focus()
    page.keyboard.type("Where is vineyard in Valencia?")
    page.keyboard.press("Enter")
    page.locator(".la-choice").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".la-turn .la-answer").nth(1)).to_contain_text("Valencia")
    seen.ask(SHARES)
    seen.map_settles()
    bar = page.locator(".la-ranked button").nth(2)
    bar.focus()
    assert page.evaluate("landask.view.highlight") == bar.get_attribute("data-f")
    page.locator(".la-keys").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".la-say")).to_contain_text("1 / ")
    page.keyboard.press("Enter")
    expect(page.locator(".la-popup")).to_be_visible()
    seen.tab("table")
    row = page.locator("#rows tr[data-f]").first
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".la-popup")).to_be_visible()
    page.locator("#rows th button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#rows th").first).to_have_attribute("aria-sort", "ascending")


def test_a_page_whose_script_comes_late_is_whole_all_the_same(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="fr-FR", color_scheme="light")
    page = context.new_page()
    page.add_init_script("localStorage.setItem('landask-theme', 'dark')")

    def late(route: Route) -> None:
        time.sleep(2)
        route.continue_()

    page.route("**/files/maplibre/maplibre-gl.js", late)
    Seen(page, served.url).load()
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.evaluate("document.body.classList.contains('dark')")
    context.close()


def test_a_map_whose_graphics_are_lost_is_drawn_again_where_it_was(seen: Seen) -> None:
    seen.open().ask(VINEYARDS)
    place, points = points_layer(seen.map_settles())
    lon, lat = points["features"][0]["geometry"]["coordinates"]
    seen.jump(lon, lat, 9)
    seen.page.evaluate(
        "landask.view.map.getCanvas().getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    seen.page.wait_for_function("landask.view.lost === 1 && landask.view.map && landask.view.ready")
    seen.page.wait_for_timeout(800)
    assert seen.page.evaluate("landask.view.map.getZoom()") == 9
    assert seen.colour_at(seen.spot(0, place)) == rgb(points["marks"][0]["colour"])
    seen.errors.clear()


def test_without_webgl_the_page_says_so_and_shows_the_map_as_a_picture(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    seen = Seen(page, served.url).load().ask(VINEYARDS)
    expect(page.locator(".la-nomap")).to_contain_text("WebGL is off")
    page.wait_for_function("document.querySelector('.la-picture')?.naturalWidth > 1000")
    expect(page.locator("[data-tool]")).to_have_count(0)
    assert seen.errors == []
    context.close()


def test_of_several_shaded_maps_one_is_drawn_and_the_legend_chooses(seen: Seen) -> None:
    seen.open().ask("How did cropland change in Bavaria between 2009 and 2018?")
    layers = seen.map_settles()
    assert [layer["kind"] for layer in layers[:2]] == ["areas", "areas"]
    themes = seen.page.locator(".la-theme")
    expect(themes).to_have_count(2)
    expect(themes.first).to_have_attribute("aria-pressed", "true")
    themes.nth(1).click()
    expect(themes.nth(1)).to_have_attribute("aria-pressed", "true")
    seen.page.wait_for_function("landask.view.map.getLayer('result-1') && !landask.view.map.getLayer('result-0')")
    seen.page.locator("[data-tool=swipe]").click()
    seen.page.wait_for_function("document.querySelector('.la-swiped')?.dataset.drawn")
    seen.page.locator(".la-swipe").fill("10")
    assert "10%" in seen.page.locator(".la-swiped").evaluate("node => node.style.clipPath")
    choice = seen.page.locator(".la-swipe-told select")
    year = choice.locator("option").last.inner_text()
    choice.select_option(label=year)
    seen.page.wait_for_function("year => document.querySelector('.la-swiped').dataset.drawn === year", arg=year)
    expect(seen.page.locator(".la-swipe-told li").first).to_be_visible()
    seen.page.locator("[data-tool=swipe]").click()
    expect(seen.page.locator(".la-swiped")).to_have_count(0)


LONG = (
    "How much woodland is there in Sweden in 2018, how did cropland change in Poland between 2009 and 2022, "
    "and which regions of France have the most vineyards?"
)


def test_every_part_of_a_long_question_has_its_chart_its_map_and_its_look_around(seen: Seen) -> None:
    page = seen.open().ask(LONG).page
    seen.map_settles()
    expect(page.locator(".la-notes")).to_be_hidden()
    expect(page.locator(".la-turn.la-answered")).to_contain_text("change −2.8 percentage points")
    expect(page.locator(".la-years")).to_contain_text("Woodland, countries")
    expect(page.locator(".la-legend")).to_contain_text("Sweden")
    expect(page.locator(".la-legend")).not_to_contain_text("Poland")
    page.locator(".la-theme", has_text="change").click()
    expect(page.locator(".la-years")).to_contain_text("Cropland, countries")
    expect(page.locator(".la-legend")).to_contain_text("Poland")
    page.locator(".la-theme", has_text="Vineyards").click()
    expect(page.locator(".la-years output")).to_have_text("2022")
    expect(page.locator(".la-ranked [aria-pressed=true]").first).to_contain_text("Languedoc-Roussillon")
    page.wait_for_function("landask.view.map.getBounds().getNorth() < 58 && !landask.view.map.isMoving()")
    seen.tab("chart")
    expect(page.locator("#chart figcaption b")).to_have_text(
        ["Woodland, 2009–2022", "Cropland, 2009–2022", "Vineyards, 2022"]
    )
