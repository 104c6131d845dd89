"""A result drawn as a small static map: outlines, points or shades, legend, scale bar and source. Not for clicks.

`svg_map` needs nothing but the standard library, so that a terminal answer stays quick; `png_map` draws the same scene
with matplotlib, imported when it is called.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from agent.voice import Voice
from retrieval.deal_terms import terms
from retrieval.types import LonLat
from tools import official_maps
from tools.context import Context
from tools.result import Result

Ring = Sequence[LonLat]

WIDTH, HEIGHT, MARGIN = 900, 640, 24
LEGEND_WIDTH = 230
SOURCE_LETTERS = 150
"""Letters of a line of the source."""
ACCURACY_COLOURS = {
    "COORDINATES": "#0b6e4f",
    "EXACT_LOCATION": "#0b6e4f",
    "APPROXIMATE_LOCATION": "#6fb59b",
    "ADMINISTRATIVE_REGION": "#b9dccf",
    "COUNTRY": "#9a9a9a",
}
"""How well the place of a land deal is known → its colour: the paler, the less; grey where it is no place at all."""
POINT_COLOURS = ("#0b6e4f", "#c8553d", "#3d5a98", "#e0a526", "#7b4b94", "#4f4f4f")
SHADES = ("#edf3ec", "#c5dfc4", "#94c594", "#58a15f", "#24733a", "#0b4a22")
NO_FIGURE = "#dddddd"
HATCHED = "hatched"
"""Legend key of figures of low reliability."""
DISC = "disc"
"""Legend key of regions without an outline."""
CHANGE_COLOURS = {"stayed": "#3d5a98", "lost": "#c8553d", "gained": "#0b6e4f"}
MOST_POINTS = 10_000


@dataclass(frozen=True)
class Scene:
    """What is drawn, in degrees EPSG:4326; every list in drawing order."""

    title: str
    source: str
    land: tuple[tuple[Ring, ...], ...]
    """Polygons beneath the rest: countries around regions that have no outline."""
    outlines: tuple[tuple[Ring, ...], ...]
    """Polygons drawn as lines only."""
    areas: tuple[tuple[tuple[Ring, ...], str, bool], ...]
    """Polygons, their colour, and whether the figure is of low reliability (hatched)."""
    points: tuple[tuple[LonLat, str], ...]
    legend: tuple[tuple[str, str], ...]
    """Colour and words."""
    bounds: tuple[float, float, float, float]


def scene_of(result: Result, context: Context, title: str, source: str) -> Scene | None:
    """Return what a result looks like on a map, None where it has no place."""
    found = (result.features or {}).get("features", [])
    bare = [f["properties"]["id"] for f in found if official_maps.is_marker(f)]
    features = official_maps.with_discs(found)
    points = [f for f in features if f["geometry"] and f["geometry"]["type"] == "Point"]
    shapes = [f for f in features if f["geometry"] and f["geometry"]["type"] in ("Polygon", "MultiPolygon")]
    around = outlines_around(result, context, drawn=bool(shapes))
    if not points and not shapes and not around:
        return None
    coloured, legend = point_colours(points)
    shaded, shade_legend = shades(shapes, result, Voice(context.language))
    land = land_around([*bare, *(r.id for r in result.regions if not around and not shapes)], context)
    everywhere = [*(p for p, _ in coloured), *corners([*land, *around, *(rings for rings, _, _ in shaded)])]
    words = [*legend, *shade_legend, *([(DISC, Voice(context.language).phrase("disc"))] if bare else [])]
    return Scene(
        title, source, tuple(land), tuple(around), tuple(shaded), tuple(coloured), tuple(words), bounds_of(everywhere)
    )


def land_around(ids: Sequence[str], context: Context) -> list[tuple[Ring, ...]]:
    """Return the countries that regions without an outline lie in; for a country without one its subdivisions."""
    surveyed = {region.id for region in context.gazetteer.at_level("country")}
    countries = sorted({f"country:{context.region(id).country}" for id in ids} & surveyed)
    drawn = {f["id"]: f["geometry"] for f in context.gazetteer.geojson(countries, 0.02)["features"]}
    parts = [r.id for id, shape in drawn.items() if not shape for r in context.gazetteer.children(id, "subdivision")]
    shapes = [*drawn.values(), *(f["geometry"] for f in context.gazetteer.geojson(parts, 0.02)["features"])]
    return [rings for shape in shapes for rings in polygons_of(shape)]


def outlines_around(result: Result, context: Context, *, drawn: bool) -> list[tuple[Ring, ...]]:
    """Return the outlines of the regions asked about; of the countries where none was."""
    ids = [r.id for r in result.regions if r.level not in ("aoi", "group")] if not drawn else []
    polygons = [p for r in result.regions if r.id in context.areas for p in polygons_of(_drawn(context, r.id))]
    wide = not ids and not polygons and not drawn
    if wide and result.tool not in ("nearest_records", "point_history"):
        ids = [r.id for r in context.gazetteer.at_level("country")]
    for feature in context.gazetteer.geojson(ids[:40], 0.03 if len(ids) > 3 else 0.005)["features"]:
        polygons += polygons_of(feature["geometry"])
    return polygons


def _drawn(context: Context, id: str) -> Mapping[str, Any]:
    return context.areas[id][1].__geo_interface__


def polygons_of(geometry: Mapping[str, Any] | None) -> list[tuple[Ring, ...]]:
    """Return a GeoJSON geometry's polygons as rings."""
    match geometry:
        case {"type": "Polygon", "coordinates": rings}:
            return [tuple(rings)]
        case {"type": "MultiPolygon", "coordinates": polygons}:
            return [tuple(rings) for rings in polygons]
    return []


def point_colours(
    features: Sequence[Mapping[str, Any]],
) -> tuple[list[tuple[LonLat, str]], list[tuple[str, str]]]:
    """Return points with their colours, and the legend: by kind of change, else by the five commonest classes."""
    if not features:
        return [], []
    if "change" in features[0]["properties"]:
        names = {k: k for k in CHANGE_COLOURS}
        colours: dict[str, str] = dict(CHANGE_COLOURS)
        keys = [f["properties"]["change"] for f in features]
    else:
        keys = [str(f["properties"].get("land_cover") or "") for f in features]
        if "accuracy" in features[0]["properties"]:
            return accuracy_colours(features)
        names = {
            key: f"{f['properties'].get('land_cover_name') or key} ({key})"
            for key, f in zip(keys, features, strict=True)
        }
        common = sorted(set(keys), key=lambda k: (-keys.count(k), k))
        colours = {key: POINT_COLOURS[min(at, len(POINT_COLOURS) - 1)] for at, key in enumerate(common)}
    drawn = [
        (tuple(f["geometry"]["coordinates"][:2]), colours.get(key, NO_FIGURE))
        for f, key in zip(features[:MOST_POINTS], keys, strict=False)
    ]
    drawn.reverse()  # what a result tells first, the satellite's hits, lies on top
    shown = sorted(set(keys), key=lambda k: -keys.count(k))[: len(POINT_COLOURS)]
    legend = [(colours.get(k, NO_FIGURE), f"{names.get(k, k)}: {keys.count(k)}") for k in shown if k]
    return drawn, legend


def accuracy_colours(
    features: Sequence[Mapping[str, Any]],
) -> tuple[list[tuple[LonLat, str]], list[tuple[str, str]]]:
    """Return the places of deals by how well they are known, the paler the less, and the legend."""
    found = [str(f["properties"]["accuracy"] or "APPROXIMATE_LOCATION") for f in features]
    spots = [tuple(f["geometry"]["coordinates"][:2]) for f in features]
    drawn = [(spot, ACCURACY_COLOURS[one]) for spot, one in zip(spots, found, strict=True)][:MOST_POINTS]
    present = [one for one in ACCURACY_COLOURS if one in found]
    return drawn, [(ACCURACY_COLOURS[one], f"{terms()['accuracy'][one].label}: {found.count(one)}") for one in present]


def shades(
    features: Sequence[Mapping[str, Any]], result: Result, voice: Voice
) -> tuple[list[tuple[tuple[Ring, ...], str, bool]], list[tuple[str, str]]]:
    """Return shaded polygons and their legend, by the breaks the tool chose, else by even fifths."""
    if not features:
        return [], []
    values = [f["properties"].get("value", f["properties"].get("points")) for f in features]
    numbers = [v for v in values if isinstance(v, int | float)]
    legend = result.facts.get("legend") or {}
    breaks = [float(b) for b in (legend.get("breaks") or ())[1:-1]] or even(numbers)  # the outer two are the ends
    drawn = []
    for feature, value in zip(features, values, strict=True):
        uncertain = "u" in str(feature["properties"].get("flag") or "")
        colour = NO_FIGURE if not isinstance(value, int | float) else SHADES[shade(value, breaks)]
        drawn += [(rings, colour, uncertain) for rings in polygons_of(feature["geometry"])]
    words = []
    unit = str(legend.get("unit") or result.unit or "")
    inner = [b for b in breaks if numbers and min(numbers) < b <= max(numbers)]
    edges = [min(numbers), *inner] if numbers else []
    for at, low in enumerate(edges):
        high = edges[at + 1] if at + 1 < len(edges) else max(numbers)
        words.append((SHADES[shade(low, breaks)], f"{low:g} {unit}" if low == high else f"{low:g} – {high:g} {unit}"))
    if any(not isinstance(v, int | float) for v in values):
        words.append((NO_FIGURE, voice.say("no_figure")))
    if any(uncertain for _, _, uncertain in drawn):
        words.append((HATCHED, voice.phrase("low")))
    return drawn, words


def even(numbers: Sequence[float]) -> list[float]:
    """Return four breaks that part a range evenly."""
    if not numbers or min(numbers) == max(numbers):
        return []
    step = (max(numbers) - min(numbers)) / 5
    return [min(numbers) + step * at for at in range(1, 5)]


def shade(value: float, breaks: Sequence[float]) -> int:
    """Return which shade a value has."""
    return min(sum(value >= b for b in breaks), len(SHADES) - 1)


def corners(polygons: Iterable[Sequence[Ring]]) -> list[LonLat]:
    """Return every corner of the outer rings."""
    return [(p[0], p[1]) for rings in polygons for p in (rings[0] if rings else ())]


def bounds_of(places: Sequence[LonLat]) -> tuple[float, float, float, float]:
    """Return west, south, east, north of all, a little widened; far overseas parts of Europe left aside."""
    near = [p for p in places if -32 <= p[0] <= 46 and 27 <= p[1] <= 72] or list(places)
    west, east = min(p[0] for p in near), max(p[0] for p in near)
    south, north = min(p[1] for p in near), max(p[1] for p in near)
    dx, dy = max((east - west) * 0.04, 0.02), max((north - south) * 0.04, 0.02)
    return west - dx, south - dy, east + dx, north + dy


@dataclass(frozen=True)
class Frame:
    """From degrees to pixels: equirectangular, true to scale at the middle latitude."""

    bounds: tuple[float, float, float, float]

    @property
    def squeeze(self) -> float:
        """How much shorter a degree of longitude is than one of latitude."""
        return math.cos(math.radians((self.bounds[1] + self.bounds[3]) / 2))

    @property
    def scale(self) -> float:
        """Pixels a degree of latitude."""
        west, south, east, north = self.bounds
        across = (WIDTH - LEGEND_WIDTH - 2 * MARGIN) / ((east - west) * self.squeeze)
        return min(across, (HEIGHT - 4 * MARGIN) / (north - south))

    def place(self, lonlat: Sequence[float]) -> tuple[float, float]:
        """Return x to the right and y downwards in pixels."""
        west, _, _, north = self.bounds
        return (
            round(MARGIN + (lonlat[0] - west) * self.squeeze * self.scale, 1),
            round(2 * MARGIN + (north - lonlat[1]) * self.scale, 1),
        )

    @property
    def bar_km(self) -> float:
        """Length of a round scale bar, about a quarter of the width."""
        width_km = (WIDTH - LEGEND_WIDTH) / self.scale * 111.2
        power = 10 ** math.floor(math.log10(width_km / 4))
        return max(step * power for step in (1, 2, 5) if step * power <= width_km / 4)


def svg_map(scene: Scene) -> str:
    """Return the scene as an SVG document."""
    frame = Frame(scene.bounds)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{escape(scene.title)}" font-family="sans-serif" font-size="13">',
        '<defs><pattern id="u" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line x1="0" y1="0" x2="0" y2="6" stroke="#555" stroke-width="1"/></pattern></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{MARGIN}" y="28" font-size="16">{escape(scene.title)}</text>',
    ]
    parts += [
        f'<path d="{path(rings, frame)}" fill="#f4f2ec" stroke="#bbb" stroke-width="0.6" fill-rule="evenodd"/>'
        for rings in scene.land
    ]
    for rings, colour, uncertain in scene.areas:
        d = path(rings, frame)
        parts.append(f'<path d="{d}" fill="{colour}" stroke="#888" stroke-width="0.6" fill-rule="evenodd"/>')
        if uncertain:
            parts.append(f'<path d="{d}" fill="url(#u)" stroke="none"/>')
    parts += [
        f'<path d="{path(rings, frame)}" fill="#f4f2ec" stroke="#777" stroke-width="0.8" fill-rule="evenodd"/>'
        for rings in scene.outlines
    ]
    for lonlat, colour in scene.points:
        x, y = frame.place(lonlat)
        parts.append(f'<circle cx="{x}" cy="{y}" r="3.2" fill="{colour}" stroke="white" stroke-width="0.6"/>')
    for at, (colour, words) in enumerate(scene.legend):
        y = 60 + 22 * at
        left = WIDTH - LEGEND_WIDTH
        fill = {HATCHED: "url(#u)", DISC: "white"}.get(colour, colour)
        round_ = ' rx="7"' if colour == DISC else ""
        parts.append(f'<rect x="{left}" y="{y - 11}" width="14" height="14"{round_} fill="{fill}" stroke="#888"/>')
        parts.append(f'<text x="{left + 20}" y="{y}">{escape(words[:34])}</text>')
    length = frame.bar_km / 111.2 * frame.scale
    y = HEIGHT - 17 - 13 * len(source_lines(scene))
    parts.append(f'<path d="M{MARGIN} {y}h{length:.1f}" stroke="black" stroke-width="3"/>')
    parts.append(f'<text x="{MARGIN}" y="{y - 7}">{frame.bar_km:g} km</text>')
    for at, line in enumerate(reversed(source_lines(scene))):
        y = HEIGHT - 8 - 13 * at
        parts.append(f'<text x="{MARGIN}" y="{y}" font-size="11" fill="#444">{escape(line)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def source_lines(scene: Scene) -> list[str]:
    """Return the source in lines that fit below the map."""
    return textwrap.wrap(scene.source, SOURCE_LETTERS)


def path(rings: Sequence[Ring], frame: Frame) -> str:
    """Return rings as an SVG path."""
    parts = []
    for ring in rings:
        places = [frame.place(p) for p in ring]
        parts.append("M" + "L".join(f"{x} {y}" for x, y in places) + "Z")
    return "".join(parts)


def png_map(scene: Scene, file: Path) -> None:
    """Draw the scene into a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, PathPatch
    from matplotlib.path import Path as Outline

    frame = Frame(scene.bounds)
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=150)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.07, 0.72, 0.85))

    def patch(rings: Sequence[Ring]) -> Outline:
        corners_, codes = [], []
        for ring in rings:
            corners_ += [(p[0], p[1]) for p in ring]
            codes += [Outline.MOVETO, *[Outline.LINETO] * (len(ring) - 2), Outline.CLOSEPOLY]
        return Outline(corners_, codes)

    for rings in scene.land:
        axes.add_patch(PathPatch(patch(rings), facecolor="#f4f2ec", edgecolor="#bbbbbb", linewidth=0.4))
    for rings in scene.outlines:
        axes.add_patch(PathPatch(patch(rings), facecolor="#f4f2ec", edgecolor="#777777", linewidth=0.6))
    for rings, colour, uncertain in scene.areas:
        hatch = "////" if uncertain else None
        axes.add_patch(PathPatch(patch(rings), facecolor=colour, edgecolor="#888888", linewidth=0.4, hatch=hatch))
    if scene.points:
        axes.scatter(
            [p[0] for p, _ in scene.points],
            [p[1] for p, _ in scene.points],
            c=[c for _, c in scene.points],
            s=12,
            linewidths=0.3,
            edgecolors="white",
            zorder=3,
        )
    west, south, east, north = scene.bounds
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect(1 / frame.squeeze)
    axes.set_axis_off()
    degrees = frame.bar_km / (111.2 * frame.squeeze)
    at = south + (north - south) * 0.02
    axes.plot([west, west + degrees], [at, at], color="black", linewidth=2)
    axes.text(west, at + (north - south) * 0.015, f"{frame.bar_km:g} km", fontsize=7)
    figure.text(0.02, 0.95, scene.title, fontsize=9)
    figure.text(0.02, 0.02, "\n".join(source_lines(scene)), fontsize=6, color="#444444")
    if scene.legend:
        handles = [
            Patch(facecolor="white", edgecolor="#888888", hatch="////", label=words)
            if colour == HATCHED
            else Line2D(
                [], [], marker="o", linestyle="", markerfacecolor="white", markeredgecolor="#888888", label=words
            )
            if colour == DISC
            else Patch(facecolor=colour, edgecolor="#888888", label=words)
            for colour, words in scene.legend
        ]
        figure.legend(handles=handles, loc="upper right", fontsize=6.5, frameon=False)
    figure.savefig(file, metadata={"Software": "landask"})
