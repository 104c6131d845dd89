"""The map as a picture to print: layers, legend, scale, north and sources, drawn from the page's own drawing."""

from __future__ import annotations

import io
import json
import math
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.path import Path as Outline

from page.colours import GREYS
from page.map import Drawing, Layer, Mark
from retrieval.types import BBox

BASE = Path(__file__).parent / "static" / "base.geojson"
HATCHES = {"hatch": "////", "dots": "...", "lines": "//"}
FRAME = (11 * 0.66) / (7.4 * 0.76)
"""Width of the map's frame by its height."""
SEA, LAND, BORDER = "#dfe9f0", "#f7f5f0", "#a9a49a"


@cache
def base_rings() -> list[Any]:
    """The outlines of the base map's countries as arrays of lon/lat."""
    features = json.loads(BASE.read_text(encoding="utf-8"))["features"]
    parts = [p for f in features for p in shapely.get_parts(shapely.geometry.shape(f["geometry"]))]
    return [shapely.get_coordinates(part.exterior) for part in parts]


def map_png(drawing: Drawing, title: str) -> bytes:
    """Return the map as a PNG with the legend beside it and every source under it."""
    figure = Figure(figsize=(11, 7.4), dpi=130, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.03, 0.14, 0.66, 0.76), facecolor=SEA)
    axes.add_collection(PolyCollection(base_rings(), facecolors=LAND, edgecolors=BORDER, linewidths=0.6))
    for layer in drawing.layers:
        draw_layer(axes, layer)
    west, south, east, north = window(drawing.bounds or (-11, 35, 32, 70))
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_xticks([])
    axes.set_yticks([])
    figure.suptitle("\n".join(textwrap.wrap(title, 90)[:2]), x=0.03, ha="left", fontsize=13, fontweight="bold")
    add_legends(figure, drawing)
    add_scale(axes)
    credits = " | ".join(dict.fromkeys([*credits_of(drawing), "Natural Earth (public domain)"]))
    lines = [*drawing.notes, *textwrap.wrap(credits, 170)]
    figure.text(0.03, 0.105, "\n".join(lines[:6]), fontsize=7.5, va="top")
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def credits_of(drawing: Drawing) -> list[str]:
    """What stands under the picture: each layer's source, and the notice of what it is drawn with beyond that."""
    credits = []
    for layer in drawing.layers:
        credits += [layer.source] if layer.source and layer.kind != "flags" else []
        credits += [notice for notice in layer.attribution.split(" | ") if notice not in "".join(credits)]
    return credits


def window(bounds: BBox) -> BBox:
    """Bounds widened to the frame's shape, so that a kilometre is as long eastward as northward in the middle."""
    west, south, east, north = bounds
    shrink = math.cos(math.radians((south + north) / 2))
    wide, high = (east - west) * shrink, north - south
    more_wide, more_high = max(0.0, high * FRAME - wide) / shrink / 2, max(0.0, wide / FRAME - high) / 2
    return west - more_wide, south - more_high, east + more_wide, north + more_high


def draw_layer(axes: Any, layer: Layer) -> None:
    """Draw one layer, every feature as its mark says."""
    if layer.kind == "image":
        from PIL import Image

        (west, north), _, (east, south), _ = layer.corners
        axes.imshow(
            Image.open(io.BytesIO(layer.image)), extent=(west, east, south, north), interpolation="nearest", zorder=2
        )
        return
    for at, mark in sorted(enumerate(layer.marks), key=lambda each: each[1].colour not in GREYS):
        shapes = [shapely.geometry.shape(f["geometry"]) for f in layer.features if f["properties"]["_m"] == at]
        if layer.kind == "points":
            axes.scatter(
                [s.x for s in shapes],
                [s.y for s in shapes],
                s=16,
                c=mark.colour,
                edgecolors="white",
                linewidths=0.4,
                zorder=4,
            )
        elif shapes:
            axes.add_collection(PathCollection([path_of(shape) for shape in shapes], **look(layer, mark), zorder=2))


def look(layer: Layer, mark: Mark) -> dict[str, Any]:
    """How areas of a mark are filled and edged."""
    if layer.kind == "outline":
        return {"facecolors": "none", "edgecolors": mark.colour, "linewidths": 1.6}
    if mark.pattern:
        face = "none" if layer.kind == "flags" else "white"
        return {"facecolors": face, "edgecolors": "#666666", "hatch": HATCHES[mark.pattern], "linewidths": 0.3}
    return {"facecolors": mark.colour, "edgecolors": "#4a4a4a", "linewidths": 0.3}


def path_of(shape: Any) -> Outline:
    """A polygon with its holes as one path."""
    rings = [r for part in shapely.get_parts(shape) for r in (part.exterior, *part.interiors)]
    return Outline.make_compound_path(*(Outline(shapely.get_coordinates(ring), closed=True) for ring in rings))


def add_legends(figure: Figure, drawing: Drawing) -> None:
    """Each layer's legend from its marks, one under the other."""
    top = 0.9
    for layer in drawing.layers:
        handles = [handle(layer, mark) for mark in layer.marks]
        heading = "\n".join(textwrap.wrap(" · ".join(filter(None, (layer.dated, layer.unit))), 38))
        legend = figure.legend(
            handles=handles, title=heading, loc="upper left", bbox_to_anchor=(0.705, top), fontsize=8.5,
            title_fontsize=9, frameon=False, alignment="left",
        )  # fmt: skip
        legend.get_title().set_fontweight("bold")
        top -= 0.055 + 0.031 * len(handles) + 0.024 * heading.count("\n")


def handle(layer: Layer, mark: Mark) -> Any:
    """One legend entry, looking as its features do."""
    text = "\n".join(textwrap.wrap(mark.label, 38)) + (f"  ({mark.count})" if mark.count is not None else "")
    if layer.kind == "points":
        return Line2D(
            [], [], marker="o", linestyle="", markerfacecolor=mark.colour, markeredgecolor="white", label=text
        )
    if layer.kind == "outline":
        return Line2D([], [], color=mark.colour, linewidth=1.8, label=text)
    face = "white" if mark.pattern else mark.colour
    return Patch(facecolor=face, edgecolor="#555555", hatch=HATCHES.get(mark.pattern), label=text)


def add_scale(axes: Any) -> None:
    """A scale bar of a round length and an arrow to the north."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    km_per_degree = 111.32 * math.cos(math.radians((south + north) / 2))
    wanted = (east - west) * km_per_degree / 5
    length = next(n * 10**p for p in range(4, -3, -1) for n in (5, 2, 1) if n * 10**p <= wanted)
    x, y = west + (east - west) * 0.03, south + (north - south) * 0.04
    axes.plot([x, x + length / km_per_degree], [y, y], color="black", linewidth=2.5, zorder=6)
    axes.text(x, y, f"{length:g} km", va="bottom", fontsize=8, zorder=6)
    axes.annotate(
        "N", xy=(0.97, 0.97), xytext=(0.97, 0.89), xycoords="axes fraction", ha="center", va="center", fontsize=9,
        arrowprops={"arrowstyle": "-|>", "color": "black"}, zorder=6,
    )  # fmt: skip
