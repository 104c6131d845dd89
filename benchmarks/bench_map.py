"""Panning and zooming a score map of a million cells in Chromium: how long a frame takes beside an empty map's.

Run `python benchmarks/bench_map.py [--cells 1000000] [--seconds 5]`. Bar: the 95th frame
of 100 takes at most twice the empty map's.
Needs Chromium and the packages of the tests.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from page.handlers import Handlers, Options  # noqa: E402
from page.map import Drawing, Layer, Mark, marked  # noqa: E402
from page.raster import picture  # noqa: E402
from page.serve import application  # noqa: E402
from page.shelf import Held  # noqa: E402
from page.words import words  # noqa: E402
from tests.page.served import CHROMIUM, FLAGS, Served  # noqa: E402
from tests.page.small_world import answer, small_world  # noqa: E402

BAR = 2.0
MOVE = """async (seconds) => {
    const map = landask.view.map, frames = [], start = performance.now();
    let last = start;
    while (performance.now() - start < 1000 * seconds) {
        const turn = (performance.now() - start) / 500;
        const center = [3.5 + 0.3 * Math.sin(turn), 43.5 + 0.2 * Math.cos(turn)];
        map.jumpTo({ center, zoom: 8.5 + Math.sin(turn / 3) });
        await new Promise(requestAnimationFrame);
        frames.push(performance.now() - last);
        last = performance.now();
    }
    return frames;
}"""
"""Moves the map in circles, in and out, and returns the milliseconds of each frame."""


def score_map(cells: int) -> Drawing:
    """A square of scored cells around Montpellier, as one picture."""
    side = round(cells**0.5)
    lon, lat = np.meshgrid(np.linspace(3.0, 4.0, side), np.linspace(43.2, 43.9, side))
    mark = np.random.default_rng(0).integers(0, 5, size=side * side)
    marks = tuple(Mark(c, c) for c in ("#fde725", "#5ec962", "#21918c", "#3b528b", "#440154"))
    features = tuple(
        marked({"geometry": {"type": "Point", "coordinates": [float(x), float(y)]}, "properties": {}}, int(m), at)
        for at, (x, y, m) in enumerate(zip(lon.ravel(), lat.ravel(), mark, strict=True))
    )
    image, corners = picture(features, marks)
    layer = Layer("image", "score", marks, "", image=image, corners=corners)
    return Drawing((layer,), (3.0, 43.2, 4.0, 43.9))


def frames(page: Page, seconds: float) -> np.ndarray:
    """Milliseconds of each frame while the map moves."""
    return np.array(page.evaluate(MOVE, seconds))


def main() -> int:
    """Measure and print; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    handlers = Handlers(small_world(), Options(per_minute=0))
    began = time.perf_counter()
    drawing = score_map(options.cells)
    made = time.perf_counter() - began
    key = handlers.shelf.put(Held("score map", answer("vineyard"), drawing))
    with Served(application(handlers)) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(served.url, timeout=120_000)
        page.wait_for_function("document.body.dataset.landask && landask.view.drawn > 0")
        empty = frames(page, options.seconds)
        began = time.perf_counter()
        page.evaluate("value => landask.show(value)", drawing.to_json(key, words("en")))
        page.wait_for_function("key => landask.view.root.dataset.drawn === key", arg=key)
        shown = time.perf_counter() - began
        full = frames(page, options.seconds)
        browser.close()
    cells = round(options.cells**0.5) ** 2
    print(f"{cells:,} cells: features and picture made in {made:.1f} s, {len(drawing.layers[0].image) / 1e6:.2f} MB, "
          f"drawn {shown:.2f} s after the answer")  # fmt: skip
    for name, each in (("empty map", empty), ("score map", full)):
        median, slow = np.median(each), np.percentile(each, 95)
        print(f"{name}: {1000 / median:.0f} frames/s, 95 % of frames <= {slow:.0f} ms, longest {each.max():.0f} ms")
    ratio = float(np.percentile(full, 95) / np.percentile(empty, 95))
    print(f"95th frame, score map / empty map: {ratio:.2f} (bar {BAR})")
    return 0 if ratio <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
