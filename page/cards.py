"""Makes the small pictures of the example questions: each is its real answer's map or chart, without its frame.

    python -m page.cards STORE

Not needed to serve the page.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from PIL import Image

from agent.ask import ask
from page.charts import Chart
from page.colours import CATEGORIES
from page.map import Drawing
from page.picture import BORDER, LAND, SEA, base_rings, draw_layer
from page.view import draw
from page.words import words
from retrieval.store import Store
from tools.context import Context

FOLDER = Path(__file__).parent / "static" / "cards"
WIDE, HIGH = 320, 192
"""Pixels, twice the size they are shown at."""
CHARTED = {"example_statistics_3"}
"""Examples shown by their chart: a change over the years."""


def map_card(drawing: Drawing) -> Figure:
    """The map alone, filling the card."""
    figure = Figure(figsize=(WIDE / 100, HIGH / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1), facecolor=SEA)
    axes.add_collection(PolyCollection(base_rings(), facecolors=LAND, edgecolors=BORDER, linewidths=0.5))
    for layer in drawing.showing().layers:
        draw_layer(axes, layer)
    west, south, east, north = drawing.bounds or (-11, 35, 32, 70)
    middle, half = (west + east) / 2, max(east - west, (north - south) * 2.6) / 2
    axes.set_xlim(middle - half, middle + half)
    axes.set_ylim(south, north)
    axes.set_axis_off()
    figure.patch.set_facecolor(SEA)
    return figure


def line_card(chart: Chart) -> Figure:
    """The lines of a chart with their intervals, no words."""
    figure = Figure(figsize=(WIDE / 100, HIGH / 100), dpi=100, facecolor="#fbfaf7")
    axes = figure.add_axes((0.06, 0.1, 0.88, 0.8))
    for colour, values in zip(CATEGORIES, chart.lines.values(), strict=False):
        known = [v for v in values if v.y is not None]
        axes.plot([v.x for v in known], [v.y for v in known], color=colour, linewidth=3, marker="o", markersize=7)
        sure = [v for v in known if v.low is not None and v.high is not None]
        axes.vlines([v.x for v in sure], [v.low for v in sure], [v.high for v in sure], color="#555555", linewidth=1.5)
    axes.set_ylim(bottom=0)
    axes.margins(x=0.06, y=0.2)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure


def main(store: Path) -> None:
    """Ask every example and keep its picture."""
    context = Context.open(Store.open(store))
    said = words("en")
    FOLDER.mkdir(exist_ok=True)
    for name in sorted(name for name in said if name.startswith("example_")):
        answer = ask(said[name], context, router="builtin")
        drawing, charts = draw(answer, context, "en")
        lines = next((chart for chart in charts if chart.lines), None)
        figure = line_card(lines) if name in CHARTED and lines else map_card(drawing)
        FigureCanvasAgg(figure)
        out = io.BytesIO()
        figure.savefig(out, format="png")
        Image.open(out).convert("RGB").save(FOLDER / f"{name}.webp", quality=80, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
