"""The page's parts without a browser: legends, colours, plans, links, limits, words, files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import string
import zipfile
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image

from agent.answer import Answer, Step
from agent.render import caveats_of
from page.charts import bars_svg, chart_html, chart_of, svg_file
from page.chat import also_html, caveats_html, chat_html, doing, verdict_html
from page.chosen import from_geometry
from page.colours import AGREEMENT, CATEGORIES, CHANGE, MAIN_CLASSES, RAMP
from page.exports import csv_bytes, file_of, geotiff_bytes, offers
from page.ground import colour
from page.how import how_html
from page.layout import person
from page.limits import Limiter
from page.map import Drawing, Names, change_steps, drawing_of, edges_of, heading, of_asked, steps
from page.map import fields_of as fields_of_features
from page.numbers import cell as shown
from page.photos import photos_at, photos_html
from page.picture import BASE
from page.planner import Fields, edited, fields_of, read_plan
from page.point import place_of, point_html, point_plans
from page.raster import picture
from page.reword import COMPOSED, agree, reworded, same
from page.share import LONGEST_PLAN, link_of, read_link
from page.shelf import Held, Shelf
from page.table import feature_links, table_html, told_columns
from page.talk import Talk, Turn, answered, read_talk
from page.uploads import region_from_file
from page.view import draw, head_html, names_of
from page.words import FOLDER, PAGE_LANGUAGES, own_words, preferred_language, words
from retrieval.errors import BadArgument, BadFile, BadGeometry, DataError
from retrieval.types import Table
from tests.page.small_world import PLAN, answer, points_result, shares_result, small_world
from tools.registry import TOOLS
from tools.result import Result

MB = 1024 * 1024
BOX = shapely.geometry.mapping(shapely.box(3, 43, 4, 44))


@pytest.fixture(scope="module")
def world() -> Any:
    return small_world()


@pytest.fixture(scope="module")
def names(world: Any) -> Names:
    return names_of(world.context, "en")


def held_of(world: Any, question: str) -> Held:
    made = answer(question)
    return Held(question, made, *draw(made, world.context, "en"))


# ---- the map ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["vineyard", "woodland"])
def test_every_feature_bears_a_mark_of_the_legend_and_every_mark_counts_its_features(world: Any, question: str) -> None:
    for layer in held_of(world, question).drawing.layers:
        bearing = [f["properties"]["_m"] for f in layer.features]
        assert set(bearing) == set(range(len(layer.marks)))
        assert [m.count for m in layer.marks if m.count is not None] == [
            bearing.count(at) for at, m in enumerate(layer.marks) if m.count is not None
        ]


def scored(scores: list[float | None], hits: list[bool] | None = None) -> Result:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [3 + 0.01 * at, 43.5]},
            "properties": {"location": f"c{at}", "score": score} | ({"hit": hits[at]} if hits else {}),
        }
        for at, score in enumerate(scores)
    ]
    return replace(points_result(), tool="classify_area", features={"type": "FeatureCollection", "features": features})


def drawn(result: Result, names: Names) -> Drawing:
    return drawing_of(replace(answer("vineyard"), results=(result,)), names)


def test_a_pixel_is_called_by_its_place_not_by_its_file() -> None:
    said, file = words("de"), "2022_FRA_LPIS_POLY_110_7417115"
    assert place_of("37062262", (9.2, 41.4), said, "de") == "37062262"
    called = place_of(file, (9.20361, 41.39613), said, "de")
    assert called == "Breite 41,3961, Länge 9,2036"
    shown = point_html([Answer("answered", f"Point {file}: vineyards.", "", 0.0)], file, said, "de", called)
    assert file not in shown
    assert f"Point {called}: vineyards." in shown


def test_the_step_that_is_named_is_the_one_being_done() -> None:
    said = words("en")
    plan, counted = Step("plan", 0.1, "count_points, classify_area"), Step("count_points", 0.2, "12 rows")
    told = [doing(Turn("?", steps=steps), said) for steps in ((), (plan,), (plan, counted))]
    assert told == [said["reading"], said["tool_count_points"], said["tool_classify_area"]]
    last = (plan, counted, Step("classify_area", 3.0, "3 pixels"))
    assert doing(Turn("?", steps=last), said) == said["step_render"]


@pytest.mark.parametrize(
    ("router", "told"),
    [
        ("builtin", "answered by fixed rules (no language model)"),
        ("auto", "for what they cannot read, a language model"),
    ],
)
def test_the_head_says_truly_what_answers(world: Any, router: str, told: str) -> None:
    assert told.lower() in head_html(replace(world, router=router), "en").lower()


def test_a_class_has_one_name_and_its_code_another_and_a_probability_says_of_what() -> None:
    said = words("en")
    beside = ("land_cover", "land_cover_name", "score", "probability")
    assert [heading(of_asked(key, beside), said) for key in beside] == [
        "Land cover (code)", "Land cover", "Score", "Probability of what was asked",
    ]  # fmt: skip
    assert heading(of_asked("probability", ("probability",)), said) == "Probability among all classes"


def test_pixels_that_fit_another_class_better_are_grey_and_not_part_of_the_ramp(names: Names) -> None:
    layer = drawn(scored([0.1, 0.2, 0.3, 0.9], [False, True, True, True]), names).layers[-1]
    assert layer.marks[-1].label == "another class fits better"
    assert layer.marks[-1].count == 1
    assert sum(mark.count or 0 for mark in layer.marks) == 4
    assert layer.marks[0].label.startswith("0.2")


def test_a_satellite_answers_pixels_wait_beside_what_is_recorded_and_what_they_look_like(names: Names) -> None:
    result = scored([0.9, 0.2], [True, True])
    seen = result.features["features"][0]  # ty: ignore[not-subscriptable]
    seen["properties"] |= {"location": "seen", "year": 2018}
    layers = [layer for layer in drawn(result, names).layers if layer.kind == "points"]
    assert [(layer.title, layer.on, len(layer.features)) for layer in layers[1:]] == [
        ("Recorded on the ground", False, 1),
        ("Seen from above", False, 1),
    ]
    assert layers[-1].features[0]["properties"]["_c"] == colour(900.0, 700.0, 500.0)
    for feature in result.features["features"]:  # ty: ignore[not-subscriptable]
        feature["properties"] |= {"land_cover": "B82", "classified": "C10", "agrees": False}
    titles = [layer.title for layer in drawn(result, names).layers]
    assert "The satellite’s class" in titles


def test_a_ranking_by_decrease_is_shaded_as_a_change() -> None:
    values = [-17.0, -10.9, -0.5]
    edges = edges_of(points_result(), values, ["", "", ""])
    assert edges[0] < -17 < 0 < edges[-1]


def test_what_was_not_asked_for_is_painted_under_what_was(names: Names) -> None:
    layer = drawn(scored([0.9, 0.8, 0.1], [True, True, False]), names).layers[-1]
    assert [f["properties"]["_f"] for f in layer.features] == [2, 0, 1]


@pytest.mark.parametrize(
    ("seen", "said", "word"),
    [
        ("B82", "B82", "surveyor and model agree"),
        ("B81", "B82", "only the model says so"),
        ("B82", "C10", "only the surveyor says so"),
        ("C10", "C10", "neither"),
    ],
)
def test_survey_and_prediction_are_told_apart_point_by_point(names: Names, seen: str, said: str, word: str) -> None:
    properties = {"land_cover": seen, "classified": said, "agrees": seen == said}
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [3, 43]}, "properties": properties}
    result = replace(
        points_result(),
        arguments={"land_cover": ["B82"]},
        features={"type": "FeatureCollection", "features": [feature]},
    )
    assert [mark.label for mark in drawn(result, names).layers[-1].marks] == [word]


def test_a_published_zero_is_neither_a_gap_nor_a_shade(names: Names) -> None:
    result = shares_result()
    features = [
        {**f, "properties": {**f["properties"], "value": value, "status": status}}
        for f, value, status in zip(
            [*(result.features or {})["features"]] * 2,
            [0.0, 5.0, None, None],
            ["zero", "published", "not_significant", "not_published"],
            strict=True,
        )
    ]
    layer = drawn(replace(result, features={"type": "FeatureCollection", "features": features}), names).layers[0]
    looks = {mark.label: (mark.colour, mark.pattern) for mark in layer.marks}
    assert looks["zero"] == ("#ffffff", "")
    assert looks["not significant"][1] == "dots"
    assert looks["no figure published (not zero)"][1] == "hatch"
    assert len(set(looks.values())) == 4


def test_figures_of_low_reliability_are_lined_over(names: Names) -> None:
    result = shares_result()
    first, second = (result.features or {})["features"]
    unsure = {**first, "properties": {**first["properties"], "flag": "u"}}
    layers = drawn(replace(result, features={"type": "FeatureCollection", "features": [unsure, second]}), names).layers
    assert [(layer.kind, layer.marks[0].pattern) for layer in layers] == [("areas", ""), ("flags", "lines")]


def test_figures_that_tell_only_the_order_of_magnitude_are_dotted_over(names: Names) -> None:
    result = shares_result()
    first, second = (result.features or {})["features"]
    unsure = {**first, "properties": {**first["properties"], "flag": "u", "reliability": "order_of_magnitude"}}
    layers = drawn(replace(result, features={"type": "FeatureCollection", "features": [unsure, second]}), names).layers
    assert [(layer.kind, layer.marks[0].pattern) for layer in layers] == [("areas", ""), ("flags", "dots")]


def test_of_several_shaded_maps_one_is_shown_with_its_own_flags(names: Names) -> None:
    result = shares_result()
    first, second = (result.features or {})["features"]
    unsure = {**first, "properties": {**first["properties"], "flag": "u"}}
    flagged = replace(result, features={"type": "FeatureCollection", "features": [unsure, second]})
    other = replace(result, years=(2009,))
    drawing = drawing_of(replace(answer("vineyard"), results=(flagged, other)), names)
    assert [layer.kind for layer in drawing.layers] == ["areas", "areas", "flags"]
    assert drawing.shaded() == [0, 1]
    assert [layer.kind for layer in drawing.showing().layers] == ["areas", "flags"]
    assert [layer.title for layer in drawing.showing(1).layers] == [drawing.layers[1].title]


def test_of_a_part_that_found_nothing_the_map_of_the_others_says_nothing(names: Names) -> None:
    nothing = replace(points_result(), features={"type": "FeatureCollection", "features": []})
    alone = drawing_of(replace(answer("vineyard"), results=(nothing,)), names)
    assert alone.notes == (names.words["note_nothing"],)
    beside = drawing_of(replace(answer("vineyard"), results=(shares_result(), nothing)), names)
    assert beside.notes == ()


def test_a_truncated_result_is_told_in_words(names: Names) -> None:
    drawing = drawn(replace(points_result(), facts={"points": 90, "shown": 4}), names)
    assert "4 of 90 points are drawn; the count is of all of them." in drawing.notes


def test_the_attribution_stands_in_the_source_line_under_the_map(names: Names) -> None:
    drawing = drawn(points_result(), names)
    assert "landask tests" in drawing.layers[-1].source


def test_the_circle_of_a_search_is_drawn_at_its_radius(names: Names) -> None:
    near = {"lon": 3.0, "lat": 43.0, "km": 50.0, "name": "Narbonne"}
    drawing = drawn(replace(points_result(), arguments={"near": near}), names)
    circle = next(layer for layer in drawing.layers if "Narbonne" in layer.marks[0].label)
    ring = shapely.geometry.shape(circle.features[0]["geometry"])
    west, south, east, north = ring.bounds
    assert (north - south) / 2 * 111.1 == pytest.approx(50, rel=0.01)
    assert (east - west) / 2 * 111.3 * np.cos(np.radians(43)) == pytest.approx(50, rel=0.01)


def test_a_million_cells_are_one_picture_made_within_seconds() -> None:
    at = np.arange(1_000_000)
    corners_of = np.column_stack([3 + (at % 1000) * 0.001, 43 + (at // 1000) * 0.001]).tolist()
    alike = [{"_m": 0}, {"_m": 1}]
    features = [{"geometry": {"coordinates": c}, "properties": alike[n % 2]} for n, c in enumerate(corners_of)]
    marks = [type("M", (), {"colour": colour})() for colour in ("#ff0000", "#0000ff")]
    image, corners = picture(features, marks)
    size = Image.open(io.BytesIO(image)).size
    assert max(size) <= 4096
    assert corners[0][0] < 3 < corners[1][0]
    assert len(image) < 8 * MB


def test_classes_are_equal_round_steps_and_an_outlier_is_a_class_apart() -> None:
    assert steps([0, 12, 24, 36, 48]) == [0, 10, 20, 30, 40, 50]
    assert steps([*range(1, 21), 70]) == [0, 5, 10, 15, 20, 70]
    assert steps([61, 63, 69]) == [60, 62, 64, 66, 68, 70]
    assert steps([7, 7, 7]) == [7, 7]


def test_classes_of_change_are_as_wide_below_as_above_around_no_detectable_change(names: Names) -> None:
    assert change_steps([-4.5, 1.2]) == [-6, -4, -2, -0.1, 0.1, 2, 4, 6]
    features = [
        {"type": "Feature", "geometry": BOX, "properties": {"id": f"X{at}", "change": change}}
        for at, change in enumerate((-4.5, 0.05, 1.2))
    ]
    layer = drawn(replace(shares_result(), features={"type": "FeatureCollection", "features": features}), names).layers[
        0
    ]
    assert [mark.label for mark in layer.marks] == ["−6 … −4", "no detectable change", "0.1 – 2"]
    assert layer.marks[1].colour == "#e6e6e6"


# ---- colours ---------------------------------------------------------------------------------------------------

MACHADO = {
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
"""Machado, Oliveira and Fernandes 2009, full severity, on linear RGB."""


def lab(colour: str, eye: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(MACHADO[eye]) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen
    f = np.cbrt(xyz / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", list(MACHADO))
@pytest.mark.parametrize(
    "colours",
    [tuple(MAIN_CLASSES.values()), RAMP, CATEGORIES, tuple(CHANGE.values()), tuple(AGREEMENT.values())],
    ids=["main classes", "ramp", "categories", "change", "agreement"],
)
def test_no_two_colours_of_a_legend_look_alike_to_the_colour_blind(colours: tuple[str, ...], eye: str) -> None:
    seen = [lab(colour, eye) for colour in colours]
    least = min(float(np.linalg.norm(a - b)) for i, a in enumerate(seen) for b in seen[i + 1 :])
    assert least > 9, f"{least:.1f}"


# ---- table and chart -------------------------------------------------------------------------------------------


def test_rows_and_features_are_linked_by_what_they_are_not_by_order() -> None:
    result = points_result()
    table = result.table
    assert table
    turned = replace(result, table=Table(table.columns, tuple(reversed(table.rows))))
    assert feature_links(turned) == [3, 2, 1, 0]


def test_a_table_escapes_what_it_shows() -> None:
    result = replace(points_result(), table=Table(("name",), (("<script>alert(1)</script>",),)), features=None)
    html = table_html(result, words("en"), "en")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_an_interval_wide_enough_to_be_seen_becomes_a_whisker(names: Names) -> None:
    chart = chart_of(shares_result(), names)
    assert chart is not None
    assert [(bar.name, bar.y, bar.low, bar.high) for bar in chart.bars] == [
        ("Hérault", 21.5, 19.5, 23.5),
        ("Bayern", None, None, None),
    ]
    assert chart.source.startswith("Eurostat")
    assert bars_svg(chart).count("la-whisker") == 1
    narrow = replace(chart, bars=(replace(chart.bars[0], low=21.45, high=21.55),))
    assert "la-whisker" not in bars_svg(narrow)


def test_bars_are_as_long_as_their_figures_and_carry_them(names: Names) -> None:
    table = Table(("name", "value"), (("a", 10.0), ("b", 40.0)))
    chart = chart_of(replace(shares_result(), table=table), names)
    assert chart
    drawn_bars = bars_svg(chart)
    widths = [
        float(part.split('"', 1)[0]) for part in drawn_bars.split("<rect ")[1:] for part in [part.split('width="')[1]]
    ]
    assert widths[1] == pytest.approx(4 * widths[0], rel=0.01)
    assert ">10</text>" in drawn_bars


def test_a_line_has_the_band_of_its_intervals_and_stops_where_the_method_changed(names: Names) -> None:
    columns = ("region", "land_cover", "year", "value", "low", "high")
    rows = tuple(("Spain", "B81", year, v, v - 1.0, v + 1.0) for year, v in ((2012, 2.3), (2015, 1.8), (2018, 3.1)))
    chart = chart_of(replace(shares_result(), land_cover=("B81",), table=Table(columns, rows)), names)
    assert chart is not None
    (line,) = chart.lines.values()
    assert [(value.y, value.broken) for value in line] == [(2.3, False), (1.8, False), (3.1, True)]
    (band,) = [part.split('"', 1)[0] for part in chart_html(chart).split('<polygon points="')[1:]]
    xs = [float(corner.split(",")[0]) for corner in band.split()]
    assert xs[0] == xs[3]
    assert xs[1] == xs[2]
    (path,) = [part.split('"', 1)[0] for part in chart_html(chart).split('<path d="')[1:]]
    assert [path.count("M"), path.count("L")] == [2, 1]


def test_a_series_keeps_a_gap_where_nothing_is_published(names: Names) -> None:
    rows = (("Hérault", 2012, 5.0), ("Hérault", 2015, None), ("Hérault", 2018, 6.0))
    chart = chart_of(replace(shares_result(), table=Table(("region", "year", "value"), rows)), names)
    assert chart is not None
    assert [value.y for value in chart.lines["Hérault"]] == [5.0, None, 6.0]
    (path,) = [part.split('"', 1)[0] for part in chart_html(chart).split('<path d="')[1:]]
    assert path.count("M") == 2
    assert "L" not in path


def test_a_chart_to_take_away_names_its_source_and_stands_alone(names: Names) -> None:
    chart = chart_of(shares_result(), names)
    assert chart
    root = ElementTree.fromstring(svg_file([chart]))
    assert root.tag.endswith("svg")
    assert "Eurostat" in "".join(root.itertext())


# ---- conversation, links, words --------------------------------------------------------------------------------


def test_a_list_is_folded_only_where_that_saves_lines_and_a_further_part_shows_its_first_entries() -> None:
    said, years = words("en"), "2009: 29 %; 2012: 28 %; 2015: 27 %; 2018: 26 %; 2022: 25 %"
    shown = verdict_html(f"Bavaria, cropland: change −4; {years}.", said)
    assert "2022: 25 %" in shown
    assert "<details" not in shown
    further = also_html(f"LUCAS survey: Bavaria, maize: change −4; {years}.", said)
    assert further.startswith('<div class="la-also"><p>LUCAS survey: Bavaria, maize:</p><ul><li>change −4</li>')
    assert "3 more" in further


def test_the_conversation_escapes_questions_and_answers() -> None:
    talk = Talk().add(Turn("<img src=x onerror=alert(1)>", status="answered", text="<b>5</b>"))
    html = chat_html(talk, words("en"), "en")
    assert "<img" not in html
    assert "<b>5</b>" not in html


def test_the_caveat_that_changes_the_reading_stands_in_the_card_and_the_others_are_folded(world: Any) -> None:
    result = replace(points_result(), caveats=("cells_not_area", "estimates_of_weights", ("truncated", {"shown": 2})))
    caveats = caveats_of([result], (), "en", world.context)
    assert len(caveats) == 3
    card, _, folded = caveats_html(Turn("vineyard", caveats=caveats), words("en")).partition("<details")
    assert re.findall(r'<p class="la-caveat">(.*?)</p>', card) == [escape(caveats[0])]
    assert "are listed and drawn" in card
    assert re.findall(r"<li>(.*?)</li>", folded) == [escape(caveat) for caveat in caveats[1:]]
    assert words("en")["to_know"].format(count=2) in folded


def test_a_conversation_survives_the_browsers_keeping(world: Any) -> None:
    made = answer("vineyard")
    talk = replace(Talk().add(answered(Turn("vineyard"), made, "key")), memory={"turns": ["vineyard"]})
    back = read_talk(json.loads(json.dumps(talk.to_json())))
    assert back
    assert back.turns[0].text == made.text
    assert back.turns[0].plan == PLAN
    assert back.memory == {"turns": ["vineyard"]}
    assert back.turns[0].key == ""


@pytest.mark.parametrize("junk", [None, 5, "x", [], {"id": 1}, {"id": "a", "turns": 3}, {"a": 1}])
def test_junk_in_the_browsers_keeping_is_no_conversation(junk: Any) -> None:
    assert read_talk(junk) is None


def test_a_link_brings_question_and_plan_back() -> None:
    link = link_of("où est la vigne ?", PLAN)
    assert link
    assert read_link(link.removeprefix("?answer=")) == ("où est la vigne ?", PLAN, None)


@pytest.mark.parametrize("link", ["", "x", "AAAA", "eJwDAAAAAAE", "é" * 10])
def test_a_broken_link_is_refused(link: str) -> None:
    with pytest.raises(BadArgument):
        read_link(link)


def test_a_link_made_to_fill_the_memory_is_refused() -> None:
    import base64
    import zlib

    bomb = zlib.compress(b'{"q":"' + b"a" * (LONGEST_PLAN * 20) + b'"}', 9)
    with pytest.raises(BadArgument):
        read_link(base64.urlsafe_b64encode(bomb).decode())


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


COMPLETE = ("en", "fr", "de", "es", "it")
"""Languages with a second wording of every question; the others have those that are read as they are meant."""


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_every_language_says_everything_with_the_same_slots(language: str) -> None:
    english, own = words("en"), own_words(language)
    missing = set(english) - set(own)
    assert set(own) <= set(english)
    assert {name for name in missing if not name.startswith(("reword_", "example_"))} == set()
    assert language not in COMPLETE or not missing
    assert {k: slots(v) for k, v in own.items()} == {k: slots(english[k]) for k in own}
    assert all(text.strip() for text in own.values())
    assert language == "en" or sum(own[k] == english[k] for k in own) < len(english) / 6


def test_every_language_has_a_file_and_every_file_a_language() -> None:
    assert {file.stem for file in FOLDER.glob("*.toml")} == set(PAGE_LANGUAGES)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-CH,de;q=0.9", "fr"),
        ("ja,de;q=0.5", "de"),
        ("", "en"),
        ("zh", "en"),
        ("en;q=0.2,it;q=0.8", "it"),
        (";;q", "en"),
    ],
)
def test_the_browsers_language_is_spoken(header: str, language: str) -> None:
    assert preferred_language(header) == language


# ---- limits ----------------------------------------------------------------------------------------------------


def test_a_person_may_ask_so_often_in_a_minute_and_another_is_not_held_up() -> None:
    now = [0.0]
    limiter = Limiter(2, clock=lambda: now[0])
    assert [limiter.wait("a") for _ in range(2)] == [0, 0]
    assert limiter.wait("a") == 60
    assert limiter.wait("b") == 0
    now[0] = 60.0
    assert limiter.wait("a") == 0


def test_the_shelf_lets_the_oldest_answers_go(world: Any) -> None:
    shelf = Shelf(most=2)
    keys = [shelf.put(held_of(world, "vineyard")) for _ in range(3)]
    assert shelf.get(keys[0]) is None
    assert shelf.get(keys[2]) is not None
    assert len(set(keys)) == 3
    assert shelf.get("guess") is None


# ---- the plan --------------------------------------------------------------------------------------------------


def test_a_plan_becomes_fields_and_fields_a_plan(world: Any) -> None:
    before = fields_of(PLAN, world.context, "en")
    assert before == Fields("Hérault", "other permanent crops", "2018", "survey")
    now = replace(before, regions="Bayern", cover="woodland", years="2015")
    (step,) = edited(PLAN, before, now, world.context, "en")["steps"]
    assert step["tool"] == "find_points"
    assert step["arguments"]["regions"] == ["nuts:DE2"]
    assert step["arguments"]["land_cover"][0].startswith("C")
    assert step["arguments"]["years"] == [2015]


def test_the_same_question_is_put_to_another_witness(world: Any) -> None:
    before = fields_of(PLAN, world.context, "en")
    (step,) = edited(PLAN, before, replace(before, witness="official"), world.context, "en")["steps"]
    assert step == {
        "tool": "official_share",
        "arguments": {"regions": ["nuts:FRJ13"], "land_cover": ["B80"], "years": [2018]},
    }


def test_a_plan_of_the_satellite_is_put_to_the_encoder_chosen(world: Any) -> None:
    plan = {"steps": [{"tool": "classify_area", "arguments": {"land_cover": ["B82"], "regions": ["nuts:FRJ13"]}}]}
    before = fields_of(plan, world.context, "en")
    assert before.encoder == "landask-pixels"
    (step,) = edited(plan, before, replace(before, encoder="mine"), world.context, "en")["steps"]
    assert step["arguments"] == {"land_cover": ["B82"], "regions": ["nuts:FRJ13"], "encoder": "mine"}
    (same,) = edited(plan, before, before, world.context, "en")["steps"]
    assert same == plan["steps"][0]
    assert fields_of({"steps": [step]}, world.context, "en").encoder == "mine"
    of_points = fields_of(PLAN, world.context, "en")
    assert of_points.encoder == ""
    chosen = replace(of_points, witness="satellite", encoder="mine")
    assert edited(PLAN, of_points, chosen, world.context, "en")["steps"][0]["arguments"]["encoder"] == "mine"
    assert [p["steps"][0]["arguments"] for p in point_plans("7", "mine")] == [
        {"point_id": "7"},
        {"point_id": "7", "encoder": "mine"},
    ]


def test_a_name_nobody_knows_and_years_that_are_none_are_refused(world: Any) -> None:
    before = fields_of(PLAN, world.context, "en")
    with pytest.raises(DataError):
        edited(PLAN, before, replace(before, regions="Atlantis"), world.context, "en")
    with pytest.raises(BadArgument):
        edited(PLAN, before, replace(before, years="last year"), world.context, "en")
    with pytest.raises(BadArgument):
        read_plan("{")


def test_the_question_in_other_words_names_the_same_things(world: Any) -> None:
    again = reworded(
        replace(answer("vineyard"), results=(replace(points_result(), land_cover=("B80",)),)), world.context
    )
    assert again is not None
    assert "Hérault" in again
    assert "2018" in again
    assert same(answer("vineyard"), answer("vineyard in other words"))
    assert not same(answer("vineyard"), answer("woodland"))


def test_answers_of_two_tools_agree_where_each_says_the_same_of_each_place() -> None:
    def told(*rows: tuple[str, float], columns: tuple[str, str] = ("region_id", "points")) -> Any:
        return replace(points_result(), value=rows[0][1], unit=columns[1], table=Table(columns, list(rows)))

    ranked = told(("nuts:ES61", 156), ("nuts:ES42", 41))
    assert agree(ranked, told(("nuts:ES61", 156), ("nuts:ES42", 41), ("nuts:ES11", 0), columns=("region_id", "part")))
    assert not agree(ranked, told(("nuts:ES61", 156), ("nuts:ES42", 40), columns=("region_id", "part")))
    assert not agree(ranked, told(("nuts:ES61", 156), ("nuts:ES43", 41), columns=("region_id", "part")))


ABOUT = ("Hérault", "38362246", "Toulouse")


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_a_second_wording_is_in_the_answers_language_or_there_is_none(world: Any, language: str) -> None:
    said = own_words(language)
    told = [tool for tool in TOOLS if tool not in COMPOSED]
    lacking = [tool for tool in told if "reword_" + tool not in said]
    assert language not in COMPLETE or not lacking
    for tool in told:
        asked = replace(points_result(), tool=tool, arguments={"regions": ["nuts:FRJ13"], "land_cover": ["B82"]})
        if tool in ("point_history", "explain_point", "nearest_records"):
            asked = replace(asked, arguments={"point_id": "38362246", "name": "Toulouse"})
        if tool == "define_class":
            asked = replace(asked, arguments={"codes": ["B82"]})
        again = reworded(replace(answer("vineyard"), language=language, results=(asked,)), world.context)
        if tool in lacking:
            assert again is None
            continue
        assert again, tool
        assert "{" not in again
        about = (world.context.nomenclature.label(["B82"], language),) if tool == "define_class" else ABOUT
        assert tool in ("describe_data", "explain_interval") or any(name in again for name in about), again


def test_a_question_words_cannot_say_whole_has_no_second_wording(world: Any) -> None:
    narrowed = replace(points_result(), arguments={"land_cover": ["B80"], "exclude": ["B82"]})
    assert reworded(replace(answer("vineyard"), results=(narrowed,)), world.context) is None
    composed = replace(points_result(), tool="query", arguments={"land_cover": ["B82"]})
    assert reworded(replace(answer("vineyard"), results=(composed,)), world.context) is None


def test_photos_of_a_point_are_shown_with_what_they_show_and_whose_they_are(tmp_path: Path) -> None:
    for name in (
        "2018/UK/31603628N.jpg",
        "2018/UK/31603628P.jpg",
        "2018/UK/31603629P.jpg",
        "2009_IT_472_47282098P.jpg",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    photos = photos_at(tmp_path, "31603628")
    assert [(photo.year, photo.view) for photo in photos] == [(2018, "P"), (2018, "N")]
    html = photos_html(photos, "31603628", words("en"))
    assert 'alt="Point 31603628, 2018: looking north"' in html
    assert "CC BY 4.0" in html
    assert [photo.year for photo in photos_at(tmp_path, "47282098")] == [2009]
    assert photos_at(tmp_path, "../*") == photos_at(None, "31603628") == photos_at(tmp_path / "none", "1") == []


# ---- files -----------------------------------------------------------------------------------------------------


def test_the_csv_names_the_source_in_each_row_and_defuses_formulas() -> None:
    result = replace(points_result(), table=Table(("name", "n"), (("=cmd|x", 1), ("Hérault", -2))))
    rows = list(csv.reader(io.StringIO(csv_bytes([result]).decode("utf-8-sig"))))
    assert rows[0] == ["name", "n", "source"]
    assert rows[1][0] == "'=cmd|x"
    assert rows[2][1] == "-2"
    assert all("landask tests" in row[2] for row in rows[1:])


def test_geoparquet_and_geojson_hold_the_same_features(world: Any) -> None:
    held = held_of(world, "vineyard")
    parquet, geojson = file_of(held, "map.parquet"), file_of(held, "map.geojson")
    assert parquet
    assert geojson
    frame = geopandas.read_parquet(io.BytesIO(parquet))
    assert frame.crs == 4326
    assert list(frame["point_id"]) == [f["properties"]["point_id"] for f in json.loads(geojson)["features"]]
    assert "landask tests" in json.loads(geojson)["source"]
    assert not [key for key in frame.columns if key.startswith("_")]


def test_a_score_map_is_a_geotiff_in_equal_area_metres() -> None:
    content = geotiff_bytes(scored([0.25, 0.5, None, 1.0]))
    with rasterio.MemoryFile(content) as memory, memory.open() as raster:
        assert raster.crs.to_epsg() == 3035
        grid = raster.read(1)
        assert sorted(grid[~np.isnan(grid)].tolist()) == [0.25, 0.5, 1.0]
        assert "landask tests" in raster.tags()["source"]


def test_the_packet_holds_what_it_takes_to_make_the_answer_again(world: Any) -> None:
    held = held_of(world, "vineyard")
    content = file_of(held, "answer.zip")
    assert content
    assert content == file_of(held, "answer.zip")
    packet = zipfile.ZipFile(io.BytesIO(content))
    sums = dict(reversed(line.split("  ")) for line in packet.read("SHA256SUMS").decode().splitlines())
    assert set(sums) == set(packet.namelist()) - {"SHA256SUMS"}
    assert all(hashlib.sha256(packet.read(name)).hexdigest() == sum for name, sum in sums.items())
    assert json.loads(packet.read("plan.json")) == PLAN
    assert packet.read("sql/1-find_points.sql") == b"SELECT 1"
    assert "landask tests" in packet.read("CITATION.txt").decode()
    code = [
        cell["source"] for cell in json.loads(packet.read("notebook.ipynb"))["cells"] if cell["cell_type"] == "code"
    ]
    for cell in code:
        compile(cell, "notebook", "exec")


def test_an_answer_without_a_map_offers_no_map_files(world: Any) -> None:
    held = Held("q", answer("brazil"), Drawing())
    assert [kind for kind, _ in offers(held)] == ["packet", "json"]
    assert file_of(held, "map.geojson") is None
    assert file_of(held, "../secret") is None


def test_how_an_answer_came_about_says_what_its_interval_means() -> None:
    with_interval = replace(answer("woodland"), results=(replace(shares_result(), interval=(1.0, 2.0), level=0.95),))
    assert "95 of 100 such ranges" in how_html(with_interval, words("en"), "en")
    assert "95 of 100" not in how_html(answer("vineyard"), words("en"), "en")


def test_the_account_shows_query_version_and_hash() -> None:
    html = how_html(answer("vineyard"), words("en"), "en")
    for part in ("SELECT 1", "0" * 64, "CC0", "find_points", "landask tests"):
        assert part in html


# ---- regions people bring --------------------------------------------------------------------------------------

SQUARE = shapely.box(3, 43, 4, 44)


def frame(shapes: list[Any], crs: int | None = 4326) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame({"n": range(len(shapes))}, geometry=shapes, crs=crs)


def zipped_shapefile(tmp_path: Path, made: geopandas.GeoDataFrame, name: str = "plot") -> Path:
    folder = tmp_path / "shp"
    folder.mkdir()
    made.to_file(folder / f"{name}.shp", engine="pyogrio")
    target = tmp_path / "plot.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"inside/{file.name}")
    return target


def test_the_three_file_forms_bring_the_same_region_and_are_deleted(tmp_path: Path) -> None:
    flat = frame([SQUARE]).to_crs(3035)
    flat.to_file(tmp_path / "a.gpkg", driver="GPKG", engine="pyogrio")
    frame([SQUARE]).to_file(tmp_path / "a.geojson", driver="GeoJSON", engine="pyogrio")
    shapefile = zipped_shapefile(tmp_path, flat)
    for file in (tmp_path / "a.gpkg", tmp_path / "a.geojson", shapefile):
        chosen = region_from_file(file, file.name, 10 * MB)
        assert chosen.km2 == pytest.approx(9_000, rel=0.02)
        assert shapely.geometry.shape(chosen.feature["geometry"]).symmetric_difference(SQUARE).area < 1e-6
        assert not file.exists()


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_files_that_are_no_region_are_refused_and_deleted(tmp_path: Path) -> None:
    bad = {
        "points.geojson": '{"type": "Point", "coordinates": [3, 43]}',
        "broken.geojson": '{"type": "Poly',
        "empty.gpkg": b"",
        "text.txt": "hello",
        "no.zip": b"PK",
    }
    for name, content in bad.items():
        file = write(tmp_path / name, content)
        with pytest.raises((BadFile, BadGeometry)) as refused:
            region_from_file(file, name, 10 * MB)
        assert str(tmp_path) not in str(refused.value)
        assert not file.exists()


def test_a_file_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="larger than 1 MB"):
        region_from_file(write(tmp_path / "big.geojson", b" " * (2 * MB)), "big.geojson", MB)
    many = frame([SQUARE] * 2_001)
    many.to_file(tmp_path / "many.gpkg", driver="GPKG", engine="pyogrio")
    with pytest.raises(BadFile, match="more than 2000 features"):
        region_from_file(tmp_path / "many.gpkg", "many.gpkg", 10 * MB)


def test_a_zip_that_swells_or_climbs_out_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", b"\0" * (101 * MB))
    with pytest.raises(BadFile, match="unpacks to more"):
        region_from_file(bomb, "bomb.zip", 10 * MB)
    climber = tmp_path / "climb.zip"
    with zipfile.ZipFile(climber, "w") as archive:
        archive.writestr("../../evil.shp", b"x")
    with pytest.raises(BadFile):
        region_from_file(climber, "climb.zip", 10 * MB)
    assert not (tmp_path.parent.parent / "evil.shp").exists()


def test_a_region_larger_than_any_view_of_europe_is_refused() -> None:
    globe = shapely.geometry.mapping(shapely.box(-170, -60, 5, 80))
    with pytest.raises(BadGeometry):
        from_geometry(globe, "globe")


@pytest.mark.parametrize(
    ("at", "country"),
    [
        ((38.5, 65.9), None),
        ((43.0, 70.0), None),
        ((35.0, 67.5), "Russia"),
        ((41.0, 64.9), "Russia"),
        ((26.0, 67.0), "Finland"),
    ],
)
def test_the_base_map_has_land_and_sea_where_they_are(at: tuple[float, float], country: str | None) -> None:
    features = json.loads(BASE.read_text(encoding="utf-8"))["features"]
    there = [f for f in features if shapely.geometry.shape(f["geometry"]).contains(shapely.Point(at))]
    assert [f["properties"]["name"] for f in there] == ([country] if country else [])


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_every_tool_has_a_title(language: str) -> None:
    assert not {f"tool_{tool}" for tool in TOOLS} - {*words(language)}


def test_the_number_of_a_deal_is_a_name_and_its_hectares_a_number() -> None:
    assert (shown(90045, "deal_id", "en"), shown(8397, "size_ha", "en")) == ("90045", "8,397")


def test_a_table_of_areas_shows_them_with_their_ends() -> None:
    columns = ("rank", "region_id", "region", "km2", "km2_status", "km2_low", "km2_high")
    rows = ((1, "country:FR", "France", 17057.7, "estimated", 11465.0, 25250.0),
            (2, "country:IT", "Italy", 10276.1, "estimated", 6367.0, 16451.0))  # fmt: skip
    table = Table(columns, rows)
    assert {columns[at] for at in told_columns(table)} == {"rank", "region", "km2", "km2_low", "km2_high"}
    assert [heading(name, words("cs")) for name in ("km2", "km2_low", "ha_high")] == ["km²", "Od (km²)", "Do (ha)"]


@pytest.mark.parametrize("sent", ["xx", "../../etc", ["fr"], {"a": 1}, None, 7])
def test_a_language_that_is_none_of_the_pages_is_taken_for_english(sent: Any) -> None:
    request: Any = None
    assert person((Talk(), None, sent, ""), request).language == "en"
    assert person((Talk(), None, "fr", ""), request).language == "fr"


@pytest.mark.parametrize(("language", "told"), [("en", "Share of area, cropland, 2009"), ("pl", "Udział powierzchni")])
def test_the_columns_of_a_composed_question_are_named_by_what_they_hold(language: str, told: str) -> None:
    where = [
        {"dimension": "land_cover", "op": "in", "values": ["B00"]},
        {"dimension": "year", "op": "in", "values": [2009]},
    ]
    columns = [
        {"name": "before", "measure": "share", "where": where},
        {"name": "ratio", "expression": {"op": "ratio", "left": "before", "right": "before"}},
    ]
    rows = [("nuts:DE2", "Bavaria", 20.0, 19.0, 1.0), ("nuts:ES61", "Andalusia", 30.0, 29.0, 1.5)]
    table = Table(("region_id", "region", "before", "before_low", "ratio"), rows)
    asked = replace(points_result(), tool="query", arguments={"columns": columns}, table=table, features=None)
    html = table_html(asked, words(language), language)
    assert told in html
    assert "before" not in html
    assert [table.columns[at] for at in told_columns(table)] == ["region", "before", "ratio"]


@pytest.mark.parametrize(
    ("language", "elevation"), [("en", "Elevation (m)"), ("de", "Höhe (m)"), ("el", "Υψόμετρο (m)")]
)
def test_a_popup_tells_how_high_a_point_lies_and_no_name_of_the_machine(language: str, elevation: str) -> None:
    row = {"point_id": "36842354", "elevation": 192, "dataset": "lucas_points", "nuts2_id": "nuts:FRJ1"}
    features = [{"geometry": {"type": "Point", "coordinates": [3.1, 43.2]}, "properties": row}]
    told = fields_of_features(features, Names(str, dict, words(language), language))  # ty: ignore[invalid-argument-type]
    assert [key for key, _ in told] == ["point_id", "elevation"]
    assert dict(told)["elevation"] == elevation
