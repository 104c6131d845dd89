"""The page with the real agent on the store of a fresh clone: what broke once, done again as a person would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from page.handlers import Handlers
from page.talk import Talk
from page.words import PAGE_LANGUAGES, words
from tests.page.seen import Seen
from tests.page.served import CHROMIUM, Served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: .ci/browser installs one on Debian"),
]
LANGUEDOC = (2.6, 43.0, 4.6, 44.2)
"""West, south, east, north of a box with vineyards in it."""


def look_at(page: Page, west: float, south: float, east: float, north: float) -> None:
    """Move the map to a box, at once, and wait until it is drawn there."""
    page.evaluate(
        "box => void landask.view.map.fitBounds([[box[0], box[1]], [box[2], box[3]]], {duration: 0})",
        [west, south, east, north],
    )
    page.wait_for_function("landask.view.map.loaded()")


def on_screen(page: Page, lon: float, lat: float) -> tuple[float, float]:
    at: dict[str, float] = page.evaluate(
        """at => {
            const spot = landask.view.map.project(at), box = landask.view.map.getCanvas().getBoundingClientRect();
            return { x: box.x + spot.x, y: box.y + spot.y };
        }""",
        [lon, lat],
    )
    return at["x"], at["y"]


def test_an_empty_question_leaves_the_page_as_it_is(seen: Seen) -> None:
    seen.open().ask("How much of Sweden was woodland in 2018?")
    before = seen.page.locator(".la-turn").inner_text()
    for send in (lambda: seen.page.locator("#box textarea").press("Enter"), seen.page.locator("#ask").click):
        send()
        seen.page.wait_for_timeout(800)
        assert seen.page.locator(".la-turn").inner_text() == before
        expect(seen.page.locator(".la-head h1")).to_have_text("landask")
        expect(seen.page.locator("#ask")).to_have_text("Ask")
        assert seen.page.locator("#rows tbody tr").count() >= 1


@pytest.mark.parametrize("how", ["drawn", "view", "file"])
def test_this_region_is_answered_and_drawn_however_it_was_chosen(seen: Seen, how: str, tmp_path: Path) -> None:
    page = seen.open().page
    west, south, east, north = LANGUEDOC
    look_at(page, *LANGUEDOC)
    if how == "drawn":
        page.locator("[data-tool=draw_polygon]").click()
        for lon, lat in ((3.0, 43.3), (4.2, 43.5), (4.2, 44.0), (3.0, 43.9)):
            page.mouse.click(*on_screen(page, lon, lat))
        page.locator("[data-tool=draw_done]").click()
        name = "drawn by hand"
    elif how == "view":
        page.locator("[data-tool=this_view]").click()
        name = "current view"
    else:
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        (tmp_path / "valley.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
        page.locator("input[type=file]").set_input_files(tmp_path / "valley.geojson")
        name = "valley"
    expect(page.locator("#chosen")).to_contain_text(name)
    seen.ask("Where is vineyard in this region?")
    expect(page.locator(".la-turn.la-answered")).to_have_count(1)
    layers = seen.map_settles()
    assert [layer["kind"] for layer in layers] == ["outline", "points"]
    assert layers[0]["marks"][0]["label"] == name
    assert layers[1]["features"]


AT_SEA = {"type": "Polygon", "coordinates": [[[-30, 50], [-28, 50], [-28, 52], [-30, 52], [-30, 50]]]}


def drag(page: Page, at: tuple[float, float], *files: Path, let_go: bool = True) -> None:
    """Drag files from outside the browser onto a spot of its window, as the system's file manager would."""
    wire = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    for step in ("dragEnter", "dragOver", *(["drop"] if let_go else [])):
        wire.send("Input.dispatchDragEvent", {"type": step, "x": at[0], "y": at[1], "data": data})
    wire.detach()


ANYWHERE = (".la-canvas", "#chat", "#box textarea", ".la-head", "#drawer")


def test_a_file_may_be_dropped_anywhere(seen: Seen, tmp_path: Path) -> None:
    west, south, east, north = LANGUEDOC
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    page = seen.open().ask("Which regions of Spain have the largest share of cropland?").page
    seen.map_settles()
    address = page.url
    for nth, part in enumerate(ANYWHERE):
        valley = tmp_path / f"My valley {nth}.geojson"
        valley.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
        box = page.locator(part).bounding_box()
        assert box
        at = (box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 150))
        drag(page, at, valley, let_go=False)
        expect(page.locator(".la-dropping")).to_have_count(1)
        expect(page.locator(".la-dropping")).to_have_count(0)  # given up: nothing stays lit
        drag(page, at, valley)
        expect(page.locator(".la-set")).to_contain_text(f"My valley {nth}")
        assert page.url == address, "the browser went to the file instead"
    seen.ask("Where is vineyard in this region?")
    expect(page.locator(".la-verdict").last).to_contain_text("My valley 4, 2018, vineyards:")


def test_what_is_dropped_and_is_no_region_says_so_and_leaves_none(seen: Seen, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "sea.geojson").write_text(json.dumps(AT_SEA))
    page = seen.open().page
    drag(page, (900, 300), tmp_path / "notes.txt")
    expect(page.locator("#chosen")).to_contain_text("notes.txt")
    drag(page, (900, 300), tmp_path / "sea.geojson")
    expect(page.locator("#chosen")).to_contain_text("outside the surveyed countries")
    expect(page.locator(".la-set")).to_have_count(0)


def test_a_file_that_is_no_region_is_refused_in_the_readers_language(handlers: Handlers, tmp_path: Path) -> None:
    for language in PAGE_LANGUAGES:
        (tmp_path / "notes.txt").write_text("hello")
        line = handlers.upload(str(tmp_path / "notes.txt"), Talk(), language)["chosen_line"]
        assert "notes.txt" in line
        assert ("cannot be read" in line) == (language == "en")
        bad = {"kind": "drawn", "geometry": {"type": "Polygon", "coordinates": [[[3, 43], [3, 43], [3, 43], [3, 43]]]}}
        assert words(language)["region_refused"] in handlers.on_region(bad, Talk(), language)["chosen_line"] or (
            language == "en"
        )


def test_areas_drawn_one_after_another_are_all_in_the_list_and_each_is_meant_when_chosen(seen: Seen) -> None:
    page = seen.open().page
    page.evaluate("localStorage.removeItem('landask-areas')")
    for at, (lon, lat) in enumerate(((3.0, 43.3), (-1.0, 44.5)), start=1):
        seen.jump(lon + 0.4, lat + 0.4, 8)
        page.locator("[data-tool=draw_rectangle]").click()
        (x, y), (right, low) = on_screen(page, lon, lat + 0.8), on_screen(page, lon + 0.8, lat)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(right, low, steps=4)
        page.mouse.up()
        expect(page.locator(".la-set")).to_contain_text("drawn by hand" if at == 1 else "drawn by hand 2")
    seen.ask("Where is vineyard in this region?")
    second = page.locator(".la-verdict").last.inner_text()
    told = []
    for name in ("drawn by hand (", "drawn by hand 2 ("):
        page.locator("#areas-fold > summary").click()
        page.locator("[data-area]", has_text=name).click()
        expect(page.locator(".la-set")).to_contain_text(name.removesuffix("("))
        seen.ask("Where is vineyard in this region?")
        told.append(page.locator(".la-verdict").last.inner_text())
    assert told[1] == second != told[0]


def test_a_rectangle_is_drawn_by_dragging_and_the_next_click_is_a_click(seen: Seen) -> None:
    page = seen.open().ask("Which regions of Spain have the largest share of cropland?").page
    seen.map_settles()
    page.evaluate("localStorage.removeItem('landask-areas')")
    before = page.evaluate("landask.view.map.getCenter().toArray()")
    page.locator("[data-tool=draw_rectangle]").click()
    (x, y), (right, low) = on_screen(page, -4.5, 42.0), on_screen(page, -3.5, 41.0)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(right, low, steps=4)
    expect(page.locator(".la-say")).to_contain_text("km²")
    expect(page.locator(".la-tip")).to_be_hidden()
    expect(page.locator(".la-legend")).to_be_hidden()
    assert page.evaluate("landask.view.map.getCenter().toArray()") == before
    page.mouse.up()
    expect(page.locator(".la-set")).to_contain_text("drawn by hand (9,")
    look_at(page, -9.5, 36.0, 3.5, 44.0)
    page.mouse.click(*on_screen(page, -5.5, 37.5))
    expect(page.locator(".la-popup")).to_contain_text("Andalusia")


def test_a_failed_upload_leaves_no_region_behind(seen: Seen, tmp_path: Path) -> None:
    page = seen.open().page
    look_at(page, *LANGUEDOC)
    page.locator("[data-tool=this_view]").click()
    expect(page.locator(".la-set")).to_contain_text("current view")
    seen.ask("Where is vineyard in this region?")
    (tmp_path / "notes.geojson").write_text("no map at all")
    page.locator("input[type=file]").set_input_files(tmp_path / "notes.geojson")
    expect(page.locator("#chosen")).to_contain_text("cannot be read")
    expect(page.locator(".la-set")).to_have_count(0)
    seen.ask("Where is maize in this region?")
    expect(page.locator(".la-turn").nth(1)).to_have_class("la-turn la-clarify")


def test_a_fields_area_is_never_no_area(seen: Seen) -> None:
    page = seen.open().page
    field = [[3.5, 43.6], [3.501, 43.6], [3.501, 43.6005], [3.5, 43.6]]
    drawn = {"kind": "drawn", "name": "Field", "geometry": {"type": "Polygon", "coordinates": [field]}}
    page.evaluate("drawn => landask.view.send('input', drawn)", drawn)
    expect(page.locator(".la-set")).to_contain_text("Field (2,240 m²)")
    page.locator("#areas-fold > summary").click()
    expect(page.locator("#areas-fold [data-area='0']")).to_have_text("Field (2,240 m²)")
    page.locator("#areas-fold > summary").click()


def test_a_popup_does_not_lie_on_the_region_it_speaks_of(seen: Seen) -> None:
    page = seen.open().ask("How much of Sweden was woodland in 2018?").page
    seen.map_settles()
    page.mouse.click(*on_screen(page, 15.5, 60.2))
    page.locator(".la-popup").wait_for()
    page.wait_for_timeout(400)
    popup = page.locator(".maplibregl-popup").bounding_box()
    assert popup
    for lon, lat in ((15.5, 60.2), (13.5, 56.0), (21.0, 67.5), (14.5, 63.5)):
        x, y = on_screen(page, lon, lat)
        inside = popup["x"] < x < popup["x"] + popup["width"] and popup["y"] < y < popup["y"] + popup["height"]
        assert not inside, (lon, lat)
    expect(page.locator(".la-popup")).to_contain_text("Woodland, countries, 2018")
    expect(page.locator(".la-tip")).to_be_hidden()


def test_a_tables_rows_are_its_points_from_the_first_on_though_outlines_are_numbered_too(seen: Seen) -> None:
    page = seen.open().ask("Where is vineyard in Languedoc-Roussillon in 2018?").page
    seen.map_settles()
    for at in (0, 1):
        seen.tab("table")
        row = page.locator("#rows tbody tr[data-f]").nth(at)
        point = row.locator("td, th").first.inner_text()
        row.focus()
        row.press("Enter")
        expect(page.locator(".la-popup")).to_contain_text(point)
        expect(page.locator("#point .la-point")).to_contain_text(point)


def test_list_boxes_are_worked_from_the_keyboard(seen: Seen) -> None:
    page = seen.open().ask("How much of Sweden was woodland in 2018?").page
    page.locator("#language select").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#ask")).to_have_text("Demander")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#ask")).to_have_text("Ask")
    seen.tab("plan")
    page.locator("#plan-witness input:checked").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#plan-witness input[value=survey]")).to_be_checked()


def test_everything_seen_switches_with_the_language(seen: Seen) -> None:
    page = seen.open().ask("Which regions of Spain have the largest share of cropland?").page
    seen.map_settles()
    page.locator("#language select").select_option("pl")
    expect(page.locator("#ask")).to_have_text("Zapytaj")
    seen.map_settles()
    expect(page.locator(".la-verdict")).to_contain_text("Andaluzja")
    expect(page.locator(".la-ranked")).to_contain_text("Katalonia")
    expect(page.locator(".la-legend")).to_contain_text("Grunty uprawne, regiony, 2022")
    expect(page.locator(".la-chip").first).to_contain_text("Kastylia-La Mancha")
    seen.tab("table")
    expect(page.locator("#rows caption")).to_contain_text("Kolejność")
    page.wait_for_function("landask.view.map.listImages().some(id => id.includes('Sewilla'))")
    page.locator("#language select").select_option("en")
    expect(page.locator("#ask")).to_have_text("Ask")


def test_all_regions_of_a_ranking_stand_in_a_table_and_a_file_with_every_year(seen: Seen) -> None:
    page = seen.open().ask("Rank all NUTS 2 regions by their share of woodland in 2018").page
    seen.map_settles()
    fold = page.locator(".la-figures")
    fold.locator("summary").click()
    regions = len(seen.read("Object.keys(landask.view.drawing.layers[0].indicator.regions)"))
    assert regions > 200
    expect(fold.locator("tbody tr")).to_have_count(regions)
    expect(fold.locator("thead")).to_contain_text("2009")
    with page.expect_download() as saved:
        fold.locator("[data-figures=csv]").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
    years = len(seen.read("landask.view.drawing.layers[0].indicator.years"))
    assert len(text.strip().splitlines()) == 1 + regions * years + 1
    assert "Eurostat" in text.splitlines()[-1]
    assert saved.value.suggested_filename == "landask-woodland-regions.csv"


def test_the_legend_names_whose_outlines_they_are(seen: Seen) -> None:
    page = seen.open().ask("Which regions of Spain have the largest share of cropland?").page
    seen.map_settles()
    page.locator(".la-legend .la-info summary").first.click()
    credit = seen.read("landask.view.drawing.layers[0].attribution").split(" | ")[-1]
    expect(page.locator(".la-legend .la-source").first).to_contain_text(credit)


def test_a_region_that_was_not_asked_about_is_not_said_to_be(seen: Seen) -> None:
    page = seen.open().page
    look_at(page, *LANGUEDOC)
    page.locator("[data-tool=this_view]").click()
    expect(page.locator("#chosen")).to_contain_text("current view")
    seen.ask("Which regions of Spain have the largest share of cropland?")
    seen.map_settles()
    expect(page.locator(".la-legend")).not_to_contain_text("current view")


def test_a_forgotten_region_is_forgotten_in_the_conversation_too(seen: Seen) -> None:
    page = seen.open().page
    look_at(page, *LANGUEDOC)
    page.locator("[data-tool=this_view]").click()
    expect(page.locator("#chosen")).to_contain_text("current view")
    seen.ask("Where is vineyard in this region?")
    page.locator("#selection-clear").click()
    expect(page.locator(".la-set")).to_have_count(0)
    seen.ask("Where is maize in this region?")
    expect(page.locator(".la-turn").nth(1)).not_to_have_class("la-turn la-answered")


def test_all_of_europe_is_in_the_picture_as_far_south_as_crete(seen: Seen) -> None:
    page = seen.open().ask("Compare the share of woodland in all countries in 2018").page
    seen.map_settles()
    box: list[float] = page.evaluate(
        "(b => [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()])(landask.view.map.getBounds())"
    )
    assert box[1] < 35
    assert box[3] > 66
    expect(page.locator(".la-off")).to_be_hidden()


def test_a_clicked_region_tells_its_figure_and_asks_nothing_of_the_point_tab(seen: Seen) -> None:
    page = seen.open().ask("Which regions of Spain have the largest share of cropland?").page
    seen.map_settles()
    notice: str = page.evaluate("landask.view.drawing.layers[0].attribution")
    assert any(word in notice for word in ("EuroGeographics", "Natural Earth"))
    spot = seen.spot(0, layer=0)
    page.mouse.click(spot["x"], spot["y"])
    expect(page.locator(".la-popup table")).to_be_visible()
    expect(page.locator(".la-explore")).to_be_visible()


def test_a_popup_is_whole_even_of_a_point_at_the_edge_and_the_next_answer_leaves_its_tab(seen: Seen) -> None:
    page = seen.open().ask("Where is vineyard in Languedoc-Roussillon?").page
    seen.map_settles()
    lon, lat = page.evaluate("landask.view.drawing.layers.at(-1).features[0].geometry.coordinates")
    page.evaluate(
        """([lon, lat]) => {
            const { map } = landask.view, { clientHeight, clientWidth } = map.getContainer();
            map.jumpTo({ center: [lon, lat], zoom: 9 });
            map.panBy([0, -clientHeight / 2 + 12], { duration: 0 });
        }""",
        [lon, lat],
    )
    page.mouse.click(*on_screen(page, lon, lat))
    page.locator(".la-popup").wait_for()
    page.wait_for_timeout(400)
    popup, frame = page.locator(".maplibregl-popup").bounding_box(), page.locator(".la-canvas").bounding_box()
    assert popup
    assert frame
    assert popup["y"] >= frame["y"]
    assert popup["y"] + popup["height"] <= frame["y"] + frame["height"]
    expect(page.locator("#point")).to_be_visible()
    seen.ask("How much of Sweden was woodland in 2018?")
    expect(page.locator(".la-explore")).to_be_visible()
    seen.map_settles()
    assert seen.read("landask.view.highlight") is None, "what was pointed at is gone with its answer"


def test_a_dark_choice_is_whole_after_a_reload(seen: Seen) -> None:
    page = seen.open().page
    page.evaluate("localStorage.setItem('landask-theme', 'dark')")
    seen.load()
    page.wait_for_function(
        "landask.view.ready && landask.view.map.getPaintProperty('sea', 'background-color') === '#16202b'"
    )
    page.evaluate("localStorage.setItem('landask-theme', 'light')")
    seen.load()
    assert page.evaluate("landask.view.map.getPaintProperty('sea', 'background-color')") == "#dfe9f0"


def test_eight_tabs_of_one_browser_all_answer(browser: Browser, served: Served) -> None:
    context = browser.new_context(viewport={"width": 1000, "height": 700}, locale="en-GB")
    pages = [context.new_page() for _ in range(8)]
    for page in pages:
        page.goto(served.url)
        page.wait_for_function("document.body.dataset.landask", timeout=60_000)
    for page in (pages[0], pages[-1]):
        page.bring_to_front()
        Seen(page, served.url).ask("How much of Sweden was woodland in 2018?")
        expect(page.locator(".la-answer")).to_contain_text("Sweden")
    context.close()


def test_a_map_that_does_not_start_is_shown_as_a_picture(browser: Browser, served: Served) -> None:
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.clock.install()
    page.route("**/files/base/**", lambda route: None)
    page.goto(served.url)
    page.wait_for_function("document.body.dataset.landask")
    Seen(page, served.url).ask("Which regions of Spain have the largest share of cropland?")
    page.clock.fast_forward(25_000)
    expect(page.locator(".la-nomap")).to_contain_text("did not start")
    page.wait_for_function("document.querySelector('.la-picture')?.naturalWidth > 1000")
    page.unroute("**/files/base/**")
    page.clock.resume()
    Seen(page, served.url).ask("How much of Sweden was woodland in 2018?").map_settles()  # the next answer tries again
    expect(page.locator(".la-nomap")).to_have_count(0)
    context.close()


def test_the_first_load_is_light(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: dict[str, float] = {}
    wire.on("Network.responseReceived", lambda event: urls.update({event["requestId"]: event["response"]["url"]}))
    wire.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    Seen(page, served.url).load()
    whole = sum(sizes.values())
    later = ("/files/base/", "/take/", "/files/cards/")  # the cards' pictures wait until the map is drawn
    of_the_map = sum(n for id, n in sizes.items() if any(part in urls.get(id, "") for part in later))
    assert whole - of_the_map <= 600_000, "bytes on the wire before the map is drawn, its library with them"
    assert of_the_map <= 200_000
    zooms = {url.partition("/relief/")[2].partition("/")[0] for url in urls.values() if "/relief/" in url}
    assert len(zooms) == 1, "the land is fetched for one view, the one that is shown"
    context.close()


def test_a_satellites_pixels_are_cells_from_near_by(seen: Seen) -> None:
    page = seen.open().ask("Where does the satellite see maize in the province of Liège?").page
    layers = seen.map_settles()
    at = next(at for at, layer in enumerate(layers) if layer["kind"] == "points")
    assert page.evaluate(f"landask.view.drawing.layers[{at}].cell") == 10
    page.wait_for_function("landask.view.map.getZoom() > 11 && landask.view.map.loaded()")
    drawn = f"landask.view.map.queryRenderedFeatures({{layers: ['result-{at}-cells']}}).length"
    page.wait_for_function(f"{drawn} > 1000")
    lon, lat = layers[at]["features"][0]["geometry"]["coordinates"]
    seen.jump(lon, lat, 16)
    page.mouse.click(*on_screen(page, lon + 0.00003, lat + 0.00002))  # 3 m from its middle
    expect(page.locator(".la-popup")).to_contain_text("Maize", ignore_case=True)
    expect(page.locator(".la-turn")).to_contain_text("A pixel is a square of 10 m")
    seen.tab("table")
    expect(page.locator("#rows thead th:visible").first).to_have_text("Latitude")
    page.locator("[data-tool=swipe]").click()
    page.wait_for_function("document.querySelector('.la-swiped')?.dataset.drawn === 'Seen from above'")
    page.locator("[data-tool=swipe]").click()


def test_thousands_of_points_are_hexagons_from_afar_that_hold_each_point_once(seen: Seen) -> None:
    page = seen.open().ask("Where was woodland surveyed in Spain in 2018?").page
    layers = seen.map_settles()
    at, points = next((at, layer) for at, layer in enumerate(layers) if layer["kind"] == "points")
    assert len(points["features"]) > 600
    drawn = f"landask.view.map.queryRenderedFeatures({{layers: ['result-{at}-hex']}}).length"
    page.wait_for_function(f"{drawn} > 30")
    made = seen.read(f"landask.view.map.getStyle().sources['result-{at}-hex'].data.features.map(f => f.properties)")
    assert sum(hexagon["n"] for hexagon in made) == len(points["features"])
    assert all(hexagon["of"] <= hexagon["n"] for hexagon in made)
    expect(page.locator(".la-hexagons")).to_be_visible()
    lon, lat = points["features"][0]["geometry"]["coordinates"]
    seen.jump(lon, lat, 9)
    expect(page.locator(".la-hexagons")).to_be_hidden()
    page.wait_for_function(f"landask.view.map.queryRenderedFeatures({{layers: ['result-{at}']}}).length > 0")


def test_this_region_outlasts_a_reload_of_the_page_until_it_is_forgotten(seen: Seen) -> None:
    page = seen.open().page
    page.locator("[data-tool=this_view]").click()
    page.locator(".la-set").wait_for()
    seen.load(page.url.removeprefix(seen.url))
    expect(page.locator(".la-set")).to_contain_text("current view")
    page.locator("#selection-clear").click()
    page.locator(".la-set").wait_for(state="detached")
    seen.load()
    expect(page.locator(".la-set")).to_have_count(0)


def test_while_an_area_is_drawn_the_map_has_a_phone_to_itself(seen: Seen) -> None:
    page = seen.open().page
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("[data-tool=draw_polygon]").click()
    expect(page.locator("#chat")).to_be_hidden()
    box = page.locator(".la-canvas").bounding_box()
    assert box
    assert box["height"] > 844 * 0.7
    page.locator("[data-tool=draw_cancel]").click()
    expect(page.locator("#chat")).to_be_visible()
    page.set_viewport_size({"width": 1400, "height": 900})


def test_on_a_phone_all_of_europe_is_in_sight_beneath_a_toolbar_of_long_words(seen: Seen) -> None:
    page = seen.open().page
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#language select").select_option("bg")
    seen.ask("колко от България беше гора през 2018?").map_settles()
    page.wait_for_function("!landask.view.map.isMoving()")
    expect(page.locator(".la-off")).to_be_hidden()
    page.locator("#language select").select_option("en")
    expect(page.locator("#ask")).to_have_text("Ask")
    page.set_viewport_size({"width": 1400, "height": 900})


def test_the_first_look_has_its_names_in_the_readers_language(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="pl-PL", viewport={"width": 1000, "height": 700})
    context.set_default_timeout(90_000)
    page = Seen(context.new_page(), served.url).load().page
    page.wait_for_function("JSON.stringify(landask.view.map.getStyle()).includes('name_pl')")
    context.close()
