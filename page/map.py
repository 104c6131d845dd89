"""What the map shows, as data: layers, each feature bearing one mark of its layer's legend. Draws nothing itself.

The browser colours a layer by `marks` and prints the legend from the same `marks`, so they cannot come apart.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import shapely

from agent.answer import Answer
from agent.maps import ACCURACY_COLOURS
from page.colours import (
    AGREEMENT,
    CATEGORIES,
    CHANGE,
    DIVERGING,
    GREYS,
    MAIN_CLASSES,
    NO_DATA,
    OTHER,
    OTHER_CLASS,
    OUTLINE,
    RAMP,
)
from page.colours import class_colours as colours_of
from page.figure import Figure
from page.ground import Look
from page.indicator import Change, Indicator, indicator_json
from page.numbers import number
from retrieval.deal_words import label
from retrieval.statistics import NO_CHANGE
from retrieval.types import BBox, Region
from tools import official_maps
from tools.result import Provenance, Result

MOST_DOTS = 20_000
"""Points drawn one by one; more become one picture, so that a million cells stay fluid."""
PIXEL_M = 10.0
"""Metres across a pixel of the satellite."""
CELLS_IN = 5
"""Cells of a place so many times smaller than the region asked about are gone to by themselves."""
AROUND_A_DISC = 6.0
"""Degrees of longitude shown around a region that is marked, not outlined, so that a reader sees where it is."""
CLASSES = 5
"""Classes a legend of a number has, one more or less."""
EUROPE = (-10.5, 34.5, 32.0, 70.5)
"""West, south, east, north of what is shown before any question."""
MOST_OUTLINED = 4
"""As many regions asked about are outlined upon the map of all; more are a ranking."""
TABLE_WORDS = ("table", "take_csv", "column_region")
"""What the table of a share's figures says, beside the map's own words."""
HIDDEN = {
    "lon", "lat", "id", "region_id", "geometry", "class_break", "code", "unit", "flag", "status", "location", "hit",
    "sure", "sure_land_cover", "dataset", "source", "level", "country_id", "nuts2_id",
}  # fmt: skip
"""Properties a popup leaves out: they are drawn, or are names for the machine."""

Feature = dict[str, Any]
Words = Mapping[str, str]


@dataclass(frozen=True)
class Mark:
    """One line of the legend: a colour or a hatch, what it means, and how many features bear it."""

    colour: str
    label: str
    count: int | None = None
    pattern: Literal["", "hatch", "dots", "lines", "natural"] = ""
    """Hatch: no figure, so that it is never read as a low value. Dots: not significant. Lines: low reliability.
    Natural: each feature in its own colour, `_c`."""


@dataclass(frozen=True)
class Layer:
    """One layer of the map with its legend."""

    kind: Literal["points", "areas", "flags", "outline", "image"]
    title: str
    marks: tuple[Mark, ...]
    source: str
    """Dataset, resolution, date and licence, as printed under the legend."""
    attribution: str = ""
    unit: str = ""
    features: tuple[Feature, ...] = ()
    """Each with `_m` (its mark), `_f` (its number in the result, or region id) and, for areas, `_at` (lon, lat)."""
    fields: tuple[tuple[str, str], ...] = ()
    """Property and its heading, for the popup."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Code → name, for the popup."""
    image: bytes = b""
    """PNG, EPSG:3857, for `image` layers."""
    corners: tuple[tuple[float, float], ...] = ()
    """Lon/lat of the image's corners from the north-west, clockwise."""
    of: str = ""
    """Title of the map that `flags` or an outline are set upon; of a map of change that of the share that changed."""
    cell: float = 0.0
    """Metres across the square of EPSG:3035's grid that each point is the middle of; 0 where it is a point."""
    on: bool = True
    """Whether it is drawn at first; a second witness's points wait in the list of layers."""
    indicator: Mapping[str, Any] = field(default_factory=dict)
    """Of a published share: its figures over the years (`page.indicator`); features then bear `_m2018` … as well."""

    @property
    def dated(self) -> str:
        """Its title with the year it shows, where it can show several."""
        return f"{self.title}, {self.indicator['year']}" if self.indicator else self.title


@dataclass(frozen=True)
class Drawing:
    """All the map shows for one answer."""

    layers: tuple[Layer, ...] = ()
    bounds: BBox | None = None
    notes: tuple[str, ...] = ()
    welcome: bool = False
    """Whether it stands there before any question."""

    def shaded(self) -> list[int]:
        """Return the places of the shaded maps: one of them is drawn at a time, for each would hide the one below."""
        return [at for at, layer in enumerate(self.layers) if layer.kind == "areas"]

    def showing(self, chosen: int | None = None) -> Drawing:
        """Return the drawing with one of its shaded maps, the first where none is chosen, and the flags upon it."""
        places = self.shaded()
        if len(places) < 2:
            return replace(self, layers=tuple(layer for layer in self.layers if layer.on))
        kept = self.layers[chosen if chosen in places else places[0]]
        hidden = {self.layers[at].title for at in places} - {kept.title}

        def beside(layer: Layer) -> bool:
            shown = layer.of not in hidden or (layer.kind == "outline" and layer.of == kept.of)
            return layer.kind != "areas" and layer.on and shown

        return replace(self, layers=tuple(layer for layer in self.layers if layer is kept or beside(layer)))

    def to_json(self, key: str, words: Words, online: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The map component's value; features stay on the server, to be fetched by `url`."""
        return {
            "key": key,
            "layers": [layer_json(layer, at, key) for at, layer in enumerate(self.layers)],
            "bounds": self.bounds,
            "notes": list(self.notes),
            "welcome": self.welcome,
            "words": {name.removeprefix("map_"): text for name, text in words.items() if name.startswith("map_")}
            | {name: words[name] for name in TABLE_WORDS},
            "online": online,
        }


def layer_json(layer: Layer, at: int, key: str) -> dict[str, Any]:
    """One layer as the browser gets it."""
    return {
        "kind": layer.kind,
        "title": layer.title,
        "unit": layer.unit,
        "source": layer.source,
        "attribution": layer.attribution,
        "marks": [vars(mark) for mark in layer.marks],
        "fields": layer.fields,
        "labels": layer.labels,
        "corners": layer.corners,
        "of": layer.of,
        "cell": layer.cell,
        "on": layer.on,
        "indicator": {name: value for name, value in layer.indicator.items() if name != "regions"},
        "url": f"take/{key}/layer-{at}.{'png' if layer.kind == 'image' else 'geojson'}",
    }


@dataclass(frozen=True)
class Names:
    """What the drawing needs to know of names and outlines; the page fills it from the context."""

    label: Callable[[str], str]
    """A LUCAS code's name in the page's language."""
    outlines: Callable[[Sequence[str]], Mapping[str, Any]]
    """Region ids → GeoJSON FeatureCollection."""
    words: Words
    language: str = "en"
    called: Mapping[str, str] = field(default_factory=dict)
    """Id of an area a person drew → what they call it."""
    credits: Callable[[Sequence[str]], list[str]] = lambda ids: []
    """Region ids → whose outlines they are, once each."""
    indicators: Callable[[Result], Sequence[Indicator]] = lambda result: ()
    """The shares a result is about, among their like."""
    looks: Callable[[Sequence[Feature]], Sequence[Look]] = lambda pixels: ()
    """Of each pixel what is recorded on the ground and its colour from above."""


def drawing_of(answer: Answer, names: Names) -> Drawing:
    """Return what the map shows for an answer: only what its results are about."""
    layers: list[Layer] = []
    notes: list[str] = []
    for result in answer.results:
        of_result = result_layers(result, names)
        layers += waiting(of_result, {layer.kind for layer in layers if layer.on})
        notes += result_notes(result, names)
    layers = once_each(layers)
    if any(layer.kind != "outline" for layer in layers):  # of a part that found nothing its sentence tells
        notes = [note for note in notes if note != names.words["note_nothing"]]
    if any(layer.kind in ("points", "image") and layer.on for layer in layers):
        layers = [as_outline(layer) if len(layer.features) == 1 else layer for layer in layers]
    layers.sort(key=lambda layer: ("image", "areas", "flags", "outline", "points").index(layer.kind))
    least = AROUND_A_DISC if names.words["note_discs"] in notes else 0.0
    shown = [la for la in layers if la.on]
    whole, cells = bounds_of(shown, least), bounds_of([la for la in shown if la.cell], air=0.0)
    if whole and cells and cells[2] - cells[0] < (whole[2] - whole[0]) / CELLS_IN:
        whole = cells  # a square kilometre of cells would be a dot in its province
    return Drawing(tuple(layers), whole, tuple(dict.fromkeys(notes)))


def once_each(layers: Sequence[Layer]) -> list[Layer]:
    """The layers without those that two results share; what stands by itself needs no copy upon a map."""
    each = {(layer.kind, layer.title, layer.marks, layer.of): layer for layer in layers}
    return [la for (*what, of), la in each.items() if not of or (*what, "") not in each]


def waiting(layers: list[Layer], drawn: set[str]) -> list[Layer]:
    """A second witness's layers: beside points shades wait to be asked for, beside shades points do."""
    waits = {"points", "image"} if "areas" in drawn else {"areas", "flags"} if drawn & {"points", "image"} else set()
    return [replace(layer, on=False) if layer.kind in waits else layer for layer in layers]


def result_layers(result: Result, names: Names) -> list[Layer]:
    """The layers of one result: what was found, and the outline of where it was looked for."""
    layers = []
    features = official_maps.with_discs((result.features or {}).get("features", ()))
    dots = [f for f in features if (f.get("geometry") or {}).get("type") == "Point"]
    areas = [f for f in features if (f.get("geometry") or {}).get("type") in ("Polygon", "MultiPolygon")]
    near = result.arguments.get("near")
    if near:
        layers.append(circle_layer(near, names))
    for at, found in enumerate(names.indicators(result)):
        layers += [replace(layer, on=not at) for layer in indicator_layers(result, found, names)]
    if any(layer.indicator for layer in layers):
        return layers
    if not areas and result.regions:
        found = names.outlines([region.id for region in result.regions[:40]])["features"]
        if outlines := [f for f in found if f["geometry"]]:
            layers.append(outline_layer(result, outlines, names))
    if areas:
        layers += area_layers(result, areas, names)
    if dots:
        drawn = point_layer(result, dots, names)
        layers += [drawn, *(pixel_layers(drawn, dots, names) if drawn.cell and drawn.kind == "points" else ())]
    return layers


def result_notes(result: Result, names: Names) -> list[str]:
    """What a reader of the map must be told in words."""
    notes = []
    shown, of = result.facts.get("shown"), result.facts.get("points")
    if isinstance(shown, int) and isinstance(of, int) and shown < of:
        notes.append(names.words["note_truncated"].format(shown=shown, all=of))
    if result.features is not None and not result.features.get("features"):
        notes.append(names.words["note_nothing"])
    if any(official_maps.is_marker(f) for f in (result.features or {}).get("features", ())):
        notes.append(names.words["note_discs"])
    return notes


# ---- layers ----------------------------------------------------------------------------------------------------


def point_layer(result: Result, dots: list[Feature], names: Names) -> Layer:
    """Points coloured by what they are: change, agreement, score or class."""
    keys, marks = point_marks(result, dots, names)
    scored = isinstance(dots[0]["properties"].get("score"), int | float)
    layer = Layer(
        kind="points",
        title=title_of(result, names),
        unit=names.words["column_score"] if scored else "",
        marks=marks,
        source=source_of(result, names),
        attribution=credit_of(result.provenance),
        features=painted([marked(f, m, at) for at, (f, m) in enumerate(zip(dots, keys, strict=True))], marks),
        fields=fields_of(dots, names),
        labels=labels_of(dots, names),
        cell=PIXEL_M if "location" in dots[0]["properties"] else 0.0,
    )
    if len(dots) <= MOST_DOTS:
        return layer
    from page.raster import picture

    image, corners = picture(layer.features, marks)
    return replace(layer, kind="image", image=image, corners=corners)


def pixel_layers(drawn: Layer, dots: Sequence[Feature], names: Names) -> list[Layer]:
    """What else is known of an answer's pixels, to be laid beside it: recorded and predicted classes, colours."""
    looks = names.looks(dots)
    recorded = [look.land_cover for look in looks]
    predicted = [str(f["properties"].get("classified") or "") for f in dots]
    said = [("recorded", recorded), ("predicted", predicted)]
    layers = [coded(drawn, names.words[f"beside_{name}"], codes, dots, names) for name, codes in said if any(codes)]
    coloured = [(at, f, look.colour) for at, (f, look) in enumerate(zip(dots, looks, strict=True)) if look.colour]
    if coloured:
        mark = Mark(coloured[0][2], names.words["natural_colour"], len(coloured), "natural")
        features = [marked(bare(f, _c=colour), 0, at) for at, f, colour in coloured]
        layers.append(beside(drawn, names.words["beside_above"], (mark,), features))
    return layers


def coded(drawn: Layer, title: str, codes: Sequence[str], dots: Sequence[Feature], names: Names) -> Layer:
    """Those of an answer's pixels that have a class, in its colour."""
    there = [at for at, code in enumerate(codes) if code]
    keys, marks = by_code([codes[at] for at in there], names)
    named = {code: names.label(code) for code in set(codes) if code}
    own = [bare(dots[at], land_cover_name=named[codes[at]]) for at in there]
    return beside(drawn, title, marks, [marked(f, m, at) for f, m, at in zip(own, keys, there, strict=True)])


def bare(pixel: Feature, **told: str) -> Feature:
    """A pixel with its place and name, and what is told of it, instead of what the answer tells."""
    kept = {name: pixel["properties"][name] for name in ("location", "year") if name in pixel["properties"]}
    return {"geometry": pixel["geometry"], "properties": {**kept, **told}}


def beside(drawn: Layer, title: str, marks: tuple[Mark, ...], features: Sequence[Feature]) -> Layer:
    """A layer of the same pixels that waits in the list of layers."""
    return replace(drawn, title=title, unit="", marks=marks, features=painted(features, marks), on=False)


def painted(features: Sequence[Feature], marks: Sequence[Mark]) -> tuple[Feature, ...]:
    """The points in the order they are painted: the grey ones first, so that they hide none that matters."""
    return tuple(sorted(features, key=lambda f: marks[f["properties"]["_m"]].colour not in GREYS))


def point_marks(result: Result, dots: list[Feature], names: Names) -> tuple[list[int], tuple[Mark, ...]]:
    """Each point's mark, and the marks."""
    sample = dots[0]["properties"]
    if "change" in sample:
        return by_category(dots, "change", CHANGE, names, "change_")
    if "agrees" in sample:
        compared = [with_agreement(f, result.arguments.get("land_cover") or ()) for f in dots]
        return by_category(compared, "agreement", AGREEMENT, names, "agreement_")
    if "accuracy" in sample:
        return by_accuracy(dots, names)
    if isinstance(sample.get("score"), int | float):
        scores = [f["properties"].get("score") for f in dots]
        gaps = [score_gap(f["properties"]) for f in dots]
        return by_value(scores, gaps, edges_of(result, scores, gaps), names)
    theme = "land_use" if result.land_use and not result.land_cover else "land_cover"
    codes = [str(f["properties"].get(theme) or "") for f in dots]
    return by_code(codes, names)


def by_accuracy(dots: list[Feature], names: Names) -> tuple[list[int], tuple[Mark, ...]]:
    """How well the place of a deal is known: the paler, the less."""
    found = [str(f["properties"]["accuracy"] or "APPROXIMATE_LOCATION") for f in dots]
    present = [one for one in ACCURACY_COLOURS if one in found]
    marks = tuple(Mark(ACCURACY_COLOURS[one], label("accuracy", one, names.language)) for one in present)
    return [present.index(one) for one in found], marks


def with_agreement(feature: Feature, asked: Sequence[str]) -> Feature:
    """The point with which of surveyor and model says the asked class; without one, whether they say the same."""
    properties = feature["properties"]
    if not asked:
        return {**feature, "properties": {**properties, "agreement": "agree" if properties["agrees"] else "differ"}}
    stems = tuple(code.rstrip("0") for code in asked)
    seen, said = (str(properties[key]).startswith(stems) for key in ("land_cover", "classified"))
    word = {(True, True): "agree", (False, True): "model_only", (True, False): "survey_only"}.get(
        (seen, said), "neither"
    )
    return {**feature, "properties": {**properties, "agreement": word}}


def score_gap(properties: Mapping[str, Any]) -> str:
    """Why a pixel's score is not shaded: another class fits it better, or it has none."""
    if properties.get("hit") is False:
        return "other_class"
    return "" if isinstance(properties.get("score"), int | float) else "no_data"


def by_category(
    features: list[Feature], key: str, colours: Mapping[str, str], names: Names, prefix: str
) -> tuple[list[int], tuple[Mark, ...]]:
    """Marks of a closed list of outcomes, in its own order."""
    values = [str(f["properties"].get(key)) for f in features]
    counts = Counter(values)
    order = [value for value in colours if value in counts] + sorted(set(counts) - set(colours))
    marks = tuple(
        Mark(colours.get(value, OTHER), names.words.get(prefix + value, value), counts[value]) for value in order
    )
    return [order.index(value) for value in values], marks


def by_code(codes: list[str], names: Names) -> tuple[list[int], tuple[Mark, ...]]:
    """Marks of LUCAS codes: a colour each where eight suffice, else one per main class."""
    counts = Counter(codes)
    if len(counts) > len(CATEGORIES) or len({code[:1] for code in counts}) > 1:
        codes = [code[:1] for code in codes]
        counts = Counter(codes)
        order = sorted(counts)
        colours = {
            letter: MAIN_CLASSES.get(letter, CATEGORIES[at % len(CATEGORIES)]) for at, letter in enumerate(order)
        }
    else:
        order = sorted(counts, key=lambda code: (-counts[code], code))
        colours = colours_of(order)
    marks = tuple(Mark(colours[code], code_label(code, names), counts[code]) for code in order)
    place = {code: at for at, code in enumerate(order)}
    return [place[code] for code in codes], marks


def code_label(code: str, names: Names) -> str:
    """`Vineyards`, or the page's word for a record without a code; a code that has no name as it is."""
    name = names.label(code) if code else names.words["no_code"]
    return name[:1].upper() + name[1:] if name else code


LONGEST_TITLE = 40
"""Characters."""


def classes_label(codes: Sequence[str], names: Names) -> str:
    """`Vineyards`, `Arable land`, of many classes without a name the first three: what a map or a chart is called."""
    if len(codes) > 1 and len(together := code_label("+".join(codes), names)) <= LONGEST_TITLE:
        return together
    return ", ".join(code_label(code, names) for code in codes[:3]) + (" …" if len(codes) > 3 else "")


def area_layers(result: Result, areas: list[Feature], names: Names) -> list[Layer]:
    """Regions shaded by their value, patterned where there is none, and lined where it is of low reliability."""
    areas = [with_change(named(f), result) for f in areas]
    key = value_key(result, areas)
    if key and len(areas) == 1:
        keys, marks = [0], (only_mark(areas[0]["properties"], key, result, names),)
    elif key:
        values = [f["properties"].get(key) for f in areas]
        gaps = [gap_of(f["properties"], value) for f, value in zip(areas, values, strict=True)]
        keys, marks = by_value(values, gaps, edges_of(result, values, gaps), names)
    else:
        label = ", ".join(f["properties"]["_t"] for f in areas[:3]) + (" …" if len(areas) > 3 else "")
        keys, marks = [0] * len(areas), (Mark(OUTLINE, label),)
    shaded = Layer(
        kind="areas" if key else "outline",
        title=title_of(result, names),
        unit=unit_of(result, names),
        marks=marks,
        source=source_of(result, names),
        attribution=" | ".join([credit_of(result.provenance), *names.credits(regions_of(areas))]),
        features=tuple(marked(f, m, at, place_of(f)) for at, (f, m) in enumerate(zip(areas, keys, strict=True))),
        fields=fields_of(areas, names),
        labels=labels_of(areas, names),
    )
    return [shaded, *(layer for pattern, word in DOUBTS if (layer := doubtful(shaded, pattern, word, names)))]


DOUBTS: tuple[tuple[Literal["lines", "dots"], str], ...] = (("lines", "low_reliability"), ("dots", "magnitude_only"))
"""Patterns over figures with a large error, and what they say; what that means is said with `_why`."""


def doubtful(shaded: Layer, pattern: Literal["lines", "dots"], word: str, names: Names) -> Layer | None:
    """The pattern over those figures whose error asks for it, where there are some."""
    unsure = [f for f in shaded.features if doubt_of(f["properties"]) == pattern]
    if not unsure:
        return None
    mark = Mark(NO_DATA, names.words[word], len(unsure), pattern=pattern)
    features = tuple(marked(f, 0, f["properties"]["_f"]) for f in unsure)
    return Layer("flags", "", (mark,), names.words[f"{word}_why"], features=features, of=shaded.title)


def doubt_of(properties: Mapping[str, Any]) -> str:
    """Dots from a coefficient of variation of 50 % up, lines from 30 % up and where Eurostat flags the figure."""
    word = properties.get("reliability")
    flagged = word == "low" or "u" in str(properties.get("flag") or "")
    return "dots" if word == "order_of_magnitude" else "lines" if flagged else ""


def indicator_layers(result: Result, indicator: Indicator, names: Names) -> list[Layer]:
    """The change asked about, if one was; the share by year; and which regions were asked about."""
    base = base_layer(indicator, source_of(result, names), credit_of(result.provenance), names)
    places = spots_in(indicator)
    layers = [change_layer(base, indicator, names, places)] if indicator.span else []
    layers += share_layers(base, indicator, names, places)
    if len(indicator.asked) < MOST_OUTLINED and len(indicator.asked) < len(indicator.members):
        features = [
            {"geometry": indicator.members[id].shape, "properties": {"region": id, "_t": indicator.members[id].name}}
            for id in indicator.asked
        ]
        label = ", ".join(indicator.members[id].name for id in indicator.asked)
        asked = tuple(marked(f, 0, id, places[id]) for f, id in zip(features, indicator.asked, strict=True))
        marks = (Mark(OUTLINE, label),)
        layers.append(Layer("outline", names.words["asked_region"], marks, "", features=asked, of=base.title))
    return layers


def base_layer(indicator: Indicator, source: str, credit: str, names: Names) -> Layer:
    """What the maps of one share have in common."""
    level = names.words["level_country" if indicator.level == "country" else "level_regions"]
    return Layer(
        "areas",
        f"{what_of(indicator, names)}, {level}",
        (),
        source,
        " | ".join([credit, *names.credits(list(indicator.members))]),
        unit_of_share(indicator, names),
    )


def what_of(indicator: Indicator, names: Names) -> str:
    """`Vineyards`; what is a hundred percent beside it where that is not all the land: `Vineyards (Italy = 100 %)`."""
    share = indicator.share
    if share is None:
        return classes_label(indicator.land_cover.split("+"), names)
    what = share.what[:1].upper() + share.what[1:]
    return f"{what} ({share.of} = {number(100, names.language)} %)" if share.of else what


def unit_of_share(indicator: Indicator, names: Names) -> str:
    """Percent of what: of the area, of the points, or of what the title names."""
    share = indicator.share
    if share is None or not (share.of or share.of_points):
        return names.words["unit_%"]
    return names.words["column_percent_of_points"] if share.of_points and not share.of else "%"


def spots_in(indicator: Indicator) -> dict[str, tuple[float, float]]:
    """A spot inside each region."""
    return {id: member.place.spot for id, member in indicator.members.items()}


def welcome_drawing(indicator: Indicator, credit: str, names: Names) -> Drawing:
    """The map that stands there before any question: one share all over Europe."""
    indicator = replace(indicator, asked=())
    layers = share_layers(base_layer(indicator, credit, credit, names), indicator, names, spots_in(indicator))
    return Drawing(tuple(layers), EUROPE, welcome=True)


def change_layer(base: Layer, indicator: Indicator, names: Names, places: Mapping[str, Any]) -> Layer:
    """All regions shaded by their change between the years asked about; what the survey could not see is no change."""
    first, last = indicator.span or (indicator.years[0], indicator.years[-1])
    # A region that another edition had in its place at first has no change, which is shown; else the map had a hole.
    there = (id for id in indicator.members if last not in indicator.replaced.get(id, frozenset()))
    changes = {id: indicator.members[id].change(indicator.land_cover, first, last) for id in there}
    edges = change_steps([change.value for change in changes.values() if change.value is not None])
    found = {id: class_of_change(change, edges) for id, change in changes.items()}
    marks, order = all_marks(list(found.values()), edges, names)
    features = [
        marked(
            {
                "geometry": indicator.members[id].shape,
                "properties": {"region": id, "_t": indicator.members[id].name, "change": change.value},
            },
            order[found[id]],
            id,
            places[id],
        )
        for id, change in changes.items()
    ]
    return replace(
        base,
        title=names.words["change_title"].format(what=base.title, first=first, last=last),
        of=base.title,
        unit=names.words["unit_percentage points"],
        marks=counted(marks, features),
        fields=(("change", heading("change", names.words)),),
        features=tuple(features),
    )


def class_of_change(change: Change, edges: Sequence[float]) -> int | str:
    """The class a change falls into: the middle one where it may be none, or why it falls into none."""
    if change.value is None:
        return change.why if change.why in GAP_ORDER else gap_of({"status": change.why}, None)
    if change.why == "no_change":
        return len(edges) // 2 - 1
    return bisect.bisect_right(list(edges[1:-1]), change.value)


NOT_DRAWN = -1
"""The mark of a feature that is not drawn: there is none of this number."""


def share_layers(base: Layer, indicator: Indicator, names: Names, places: Mapping[str, Any]) -> list[Layer]:
    """All regions shaded by their share, in the same classes every year; and which figures are unsure."""
    edges = steps(indicator.values())
    found = {
        (id, year): class_of_share(member.figure(year), edges)
        for id, member in indicator.members.items()
        for year in indicator.years
        if year not in indicator.replaced.get(id, ())
    }
    marks, order = all_marks(list(found.values()), edges, names)
    features = []
    for id, member in indicator.members.items():
        gone = indicator.replaced.get(id, frozenset())
        by_year = {f"_m{year}": NOT_DRAWN if year in gone else order[found[id, year]] for year in indicator.years}
        doubts = {f"_u{year}": unsure for year in indicator.years if (unsure := member.figure(year).doubt)}
        value = member.figure(indicator.year).value
        properties = {"region": id, "_t": member.name, "value": value, **by_year, **doubts}
        shape = {"geometry": member.shape, "properties": properties}
        features.append(marked(shape, by_year[f"_m{indicator.year}"], id, places[id]))
    share = replace(
        base,
        marks=counted(marks, features),
        features=tuple(features),
        fields=(("value", heading("share", names.words)),),
        indicator=indicator_json(indicator),
    )
    flags = (doubts_by_year(share, indicator, pattern, word, names) for pattern, word in DOUBTS)
    return [share, *(layer for layer in flags if layer)]


def counted(marks: Sequence[Mark], features: Sequence[Feature]) -> tuple[Mark, ...]:
    """The marks with how many features bear each."""
    bearing = Counter(f["properties"]["_m"] for f in features)
    return tuple(replace(mark, count=bearing[at]) for at, mark in enumerate(marks))


def doubts_by_year(
    share: Layer, indicator: Indicator, pattern: Literal["lines", "dots"], word: str, names: Names
) -> Layer | None:
    """The pattern over the figures that are unsure, of any year; those of the year shown bear the mark."""
    unsure = [f for f in share.features if any(f["properties"].get(f"_u{year}") == pattern for year in indicator.years)]
    if not unsure:
        return None
    now = f"_u{indicator.year}"
    features = [
        {**f, "properties": {**f["properties"], "_m": 0 if f["properties"].get(now) == pattern else -1}} for f in unsure
    ]
    marks = counted((Mark(NO_DATA, names.words[word], 0, pattern),), features)
    return Layer("flags", "", marks, names.words[f"{word}_why"], features=tuple(features), of=share.title)


def class_of_share(figure: Figure, edges: Sequence[float]) -> int | str:
    """The class a figure falls into, or why it falls into none."""
    gap = gap_of({"status": figure.status}, figure.value)
    return gap or bisect.bisect_right(list(edges[1:-1]), float(figure.value or 0))


def all_marks(
    found: Sequence[int | str], edges: Sequence[float], names: Names
) -> tuple[tuple[Mark, ...], dict[int | str, int]]:
    """Every class from the lowest to the highest that occurs and each gap, and the place of each in the legend."""
    there = set(found)
    colours = DIVERGING if edges[0] < 0 < edges[-1] else RAMP
    marks: dict[int | str, Mark] = {
        at: Mark(spread(colours, at, len(edges) - 1), class_label(edges, at, names))
        for at in range(len(edges) - 1)
        if at in there
    }
    if colours is DIVERGING and (middle := len(edges) // 2 - 1) in marks:
        marks[middle] = replace(marks[middle], label=names.words["no_change"])
    marks |= {gap: gap_mark(gap, names) for gap in GAP_ORDER if gap in there}
    return tuple(marks.values()), {at: position for position, at in enumerate(marks)}


def regions_of(areas: Sequence[Feature]) -> list[str]:
    """Ids of the known regions drawn, for their outlines' notice."""
    return [str(f["properties"]["region"]) for f in areas if f["properties"].get("region")]


def with_change(feature: Feature, result: Result) -> Feature:
    """The region feature with its change, where the result is one of change: that is what its map shades."""
    for change in result.facts.get("changes") or ():
        if change.get("region_id") == feature["properties"].get("region"):
            return {**feature, "properties": {**feature["properties"], "change": change.get("change")}}
    return feature


def only_mark(properties: Mapping[str, Any], key: str, result: Result, names: Names) -> Mark:
    """The mark of a region drawn alone: its name and its very figure, for there is nothing to shade it against."""
    value = properties.get(key)
    gap = gap_of(properties, value)
    if gap or not isinstance(value, int | float):
        return replace(GAPS.get(gap, Mark(NO_DATA, "", pattern="hatch")), label=names.words[gap])
    sign = "+" if key == "change" and value > 0 else ""
    unit = unit_of(result, names).removesuffix(names.words["unit_%"].removeprefix("%"))
    return Mark(RAMP[2], f"{properties.get('_t', '')}: {sign}{number(value, names.language)} {unit}".strip())


def as_outline(layer: Layer) -> Layer:
    """A region shaded alone, as an outline: beside points its fill would only hide them."""
    if layer.kind != "areas" or layer.marks[0].pattern:
        return layer
    return replace(layer, kind="outline", unit="", marks=(replace(layer.marks[0], colour="#7b3fa0", count=None),))


def circle_layer(near: Mapping[str, Any], names: Names) -> Layer:
    """The circle that was asked about."""
    feature = {"geometry": official_maps.disc((near["lon"], near["lat"]), near["km"]), "properties": {}}
    label = f"{near.get('name', '')}, {number(near['km'], names.language)} km".strip(", ")
    return Layer("outline", names.words["asked_region"], (Mark(OUTLINE, label),), "", features=(marked(feature, 0, 0),))


def value_key(result: Result, areas: list[Feature]) -> str | None:
    """The property regions are shaded by; none for a profile, whose one value would stand for eight."""
    if result.tool == "profile_region":
        return None
    legend = result.facts.get("legend") or {}
    for key in (legend.get("by"), "change", "value", "share", "points", "score"):
        if key and any(isinstance(f["properties"].get(key), int | float) for f in areas):
            return str(key)
    return None


def gap_of(properties: Mapping[str, Any], value: Any) -> str:
    """Why a region has no shade: `zero`, `not_significant`, `too_few` or `no_data`; empty where it has one."""
    status = properties.get("status")
    if status == "zero" or value == 0:
        return "zero"
    if isinstance(value, int | float):
        return ""
    return str(status) if status in ("not_significant", "too_few") else "no_data"


def edges_of(result: Result, values: Sequence[Any], gaps: Sequence[str]) -> list[float]:
    """Class limits from the lowest to the highest; what may be negative is a change."""
    known = [
        float(v) for v, gap in zip(values, gaps, strict=True) if isinstance(v, int | float) and gap in ("", "zero")
    ]
    return change_steps(known) if min(known, default=0.0) < 0 else steps(known)


GAP_ORDER = ("other_class", "zero", "not_significant", "not_comparable", "too_few", "no_data")
GAPS = {
    "other_class": Mark(OTHER_CLASS, ""),
    "zero": Mark("#ffffff", ""),
    "not_significant": Mark(NO_DATA, "", pattern="dots"),
}


def by_value(
    values: Sequence[Any], gaps: Sequence[str], edges: Sequence[float], names: Names
) -> tuple[list[int], tuple[Mark, ...]]:
    """Marks of a number: its classes, then zero, not significant and no data, each where it occurs."""
    inner = list(edges[1:-1])
    colours = DIVERGING if edges[0] < 0 < edges[-1] else RAMP
    places: list[int | str] = [gap or bisect.bisect_right(inner, float(v)) for v, gap in zip(values, gaps, strict=True)]
    counts = Counter(places)
    marks: dict[int | str, Mark] = {
        at: Mark(spread(colours, at, len(inner) + 1), class_label(edges, at, names), counts[at])
        for at in range(len(inner) + 1)
        if counts[at]
    }
    if colours is DIVERGING and (middle := len(inner) // 2) in marks:
        marks[middle] = replace(marks[middle], label=names.words["no_change"])
    marks |= {gap: replace(gap_mark(gap, names), count=counts[gap]) for gap in GAP_ORDER if counts[gap]}
    order = {at: position for position, at in enumerate(marks)}
    return [order[at] for at in places], tuple(marks.values())


def gap_mark(gap: str, names: Names) -> Mark:
    """How the legend shows what has no shade."""
    return replace(GAPS.get(gap, Mark(NO_DATA, "", pattern="hatch")), label=names.words[gap])


def steps(values: Sequence[float]) -> list[float]:
    """Limits of about five classes of equal, round width; what lies far above nineteen in twenty is a class apart.

    >>> steps([0, 12, 24, 36, 48])
    [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    >>> steps([*range(1, 21), 70.0])
    [0.0, 5.0, 10.0, 15.0, 20.0, 70.0]
    """
    if len(set(values)) < 2:
        return [min(values, default=0.0), max(values, default=0.0)]
    most, usual = max(values), float(np.quantile(values, 0.95))
    least = min(values) if min(values) > usual / 2 else 0.0
    step = round_step(((usual if most > 1.5 * usual else most) - least) / CLASSES)
    start = math.floor(least / step + 1e-9)
    end = math.ceil((usual if most > 1.5 * usual else most) / step - 1e-9)
    edges = [round(at * step, 10) for at in range(start, max(end, start + 1) + 1)]
    return edges if most <= edges[-1] else [*edges, most]


def change_steps(values: Sequence[float]) -> list[float]:
    """Limits of classes of change, as wide below as above; the middle one is no change that could be told.

    >>> change_steps([-4.5, 1.2])
    [-6.0, -4.0, -2.0, -0.1, 0.1, 2.0, 4.0, 6.0]
    """
    reach = max((abs(v) for v in values), default=0.0)
    step = max(round_step(reach / 3), 2 * NO_CHANGE)
    above = [NO_CHANGE, *(round(step * at, 10) for at in (1, 2, 3))]
    return [*(-v for v in reversed(above)), *above]


def round_step(raw: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below a number.

    >>> round_step(4.2), round_step(0.023), round_step(21)
    (5.0, 0.025, 25.0)
    """
    if raw <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return float(next(round(n * power, 12) for n in (1, 2, 2.5, 5, 10) if n * power >= raw - 1e-12))


def spread(colours: Sequence[str], at: int, count: int) -> str:
    """The colour of class `at` of `count`, spread evenly over the whole ramp, between its colours where there are more.

    >>> spread(("#000000", "#ffffff"), 1, 3)
    '#808080'
    """
    place = at * (len(colours) - 1) / max(count - 1, 1)
    low = min(int(place), len(colours) - 2)
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours[low : low + 2]]
    return "#" + "".join(f"{round(a + (b - a) * (place - low)):02x}" for a, b in zip(*ends, strict=True))


def class_label(edges: Sequence[float], at: int, names: Names) -> str:
    """`10 – 20`; the class of what lies far above the rest says so, and up to where it goes."""
    apart = at == len(edges) - 2 and at > 1 and edges[-1] - edges[-2] > 1.01 * (edges[1] - edges[0])
    if not apart:
        return span(edges[at], edges[at + 1], names)
    return names.words["over"].format(low=number(edges[at], names.language), high=number(edges[-1], names.language))


def span(low: float, high: float, names: Names) -> str:
    """`1.2 – 3.4`, `−3.4 … −1.2`, in the page's language."""
    ends = [number(low, names.language), number(high, names.language)]
    return ends[0] if ends[0] == ends[1] else (" … " if low < 0 else " – ").join(ends)


def outline_layer(result: Result, outlines: list[Feature], names: Names) -> Layer:
    """The outline of the regions asked about."""
    titles = [names.called.get(region.id, region.name) for region in result.regions]
    asked = ", ".join(titles[:3]) + (" …" if len(titles) > 3 else "")
    return Layer(
        kind="outline",
        title=names.words["asked_region"],
        marks=(Mark(OUTLINE, asked),),
        source="; ".join(dict.fromkeys(outline_credit(region) for region in result.regions[:3])),
        attribution=" | ".join(dict.fromkeys(outline_credit(region) for region in result.regions)),
        features=tuple(marked(f, 0, at, place_of(f)) for at, f in enumerate(outlines)),
    )


def outline_credit(region: Region) -> str:
    """Whose outline it is, of which year, and its licence, once each."""
    name = region.source.replace("_", " ").title().replace("Nuts", "NUTS")
    vintage = region.vintage.partition(";")[0]
    vintage = "" if vintage in name else vintage
    name = vintage if vintage.startswith(name) else f"{name} {vintage}".strip()
    return f"{name}, {region.licence}" if region.licence else name


# ---- parts -----------------------------------------------------------------------------------------------------


def marked(feature: Feature, mark: int, at: int | str, place: Sequence[float] | None = None) -> Feature:
    """The feature with its mark and its number or region id, and for areas where its middle is."""
    extra = {"_m": mark, "_f": at} | ({"_at": list(place)} if place else {})
    return {"type": "Feature", "geometry": feature["geometry"], "properties": {**feature["properties"], **extra}}


def named(feature: Feature) -> Feature:
    """The region feature with its title and id where the map looks for them."""
    properties = feature["properties"]
    region = str(feature.get("id") or properties.get("id") or properties.get("region_id") or "")
    title = str(properties.get("name") or properties.get("region") or region)
    hidden = {k: v for k, v in properties.items() if k != "region"}
    return {**feature, "properties": {**hidden, "_t": title} | ({"region": region} if ":" in region else {})}


def place_of(feature: Feature) -> tuple[float, float]:
    """Longitude, latitude of a spot inside an area."""
    point = shapely.point_on_surface(shapely.geometry.shape(feature["geometry"]))
    return round(point.x, 4), round(point.y, 4)


def bounds_of(layers: Iterable[Layer], least: float = 0.0, air: float = 0.02) -> BBox | None:
    """West, south, east, north of all that is drawn, with a little air and at least so many degrees across."""
    drawn = [f["geometry"] for layer in layers for f in layer.features]
    if not drawn:
        return None
    spots = np.array([one["coordinates"][:2] for one in drawn if one["type"] == "Point"], dtype=float).reshape(-1, 2)
    boxes = np.array([box_of(one) for one in drawn if one["type"] != "Point"], dtype=float).reshape(-1, 4)
    west, south = (float(v) for v in np.vstack([spots, boxes[:, :2]]).min(axis=0))
    east, north = (float(v) for v in np.vstack([spots, boxes[:, 2:]]).max(axis=0))
    air = max(air + 0.03 * (east - west), (least - (east - west)) / 2)
    return west - air, max(south - air, -85.0), east + air, min(north + air, 85.0)


def box_of(geometry: Mapping[str, Any]) -> Sequence[float]:
    """West, south, east, north of a GeoJSON geometry, as it says itself or from its corners."""
    return geometry.get("bbox") or shapely.geometry.shape(geometry).bounds


def title_of(result: Result, names: Names) -> str:
    """`Vineyards, 2018`."""
    codes = [*result.land_cover, *result.land_use]
    what = classes_label(codes, names)
    if result.tool == "profile_pixels":
        what = names.words["beside_predicted"]
    what = what or str(result.arguments.get("text") or names.words.get("tool_" + result.tool, result.tool))
    when = "–".join(dict.fromkeys(str(year) for year in (result.years[:1] + result.years[-1:])))
    return f"{what}, {when}" if when else what


def source_of(result: Result, names: Names) -> str:
    """Dataset, resolution and licence."""
    made = result.provenance
    kind = result.facts.get("resolution") or names.words.get("resolution_" + resolution_of(result), "")
    parts = [credit_of(made), kind]
    if made.model:
        parts.insert(1, made.model)
    return " · ".join(part for part in parts if part)


def credit_of(made: Provenance) -> str:
    """Who is to be named: the attribution as the source wants it, with the licence unless it says that already."""
    attribution = (made.attribution or made.dataset).removeprefix("Source: ")
    return attribution if made.licence in attribution else f"{attribution}, {made.licence}"


def resolution_of(result: Result) -> str:
    """Which words say how fine the drawn things are."""
    if result.provenance.model:
        return "pixel"
    features = (result.features or {}).get("features") or [{}]
    return "point" if (features[0].get("geometry") or {}).get("type") == "Point" else "region"


def unit_of(result: Result, names: Names) -> str:
    """The unit of a shaded map in words."""
    legend = result.facts.get("legend") or {}
    changes = "changes" in result.facts
    unit = str((result.unit if changes else legend.get("unit") or result.unit) or "")
    return names.words.get("unit_" + unit, unit)


def fields_of(features: list[Feature], names: Names) -> tuple[tuple[str, str], ...]:
    """Properties the popup shows, with their headings."""
    keys = dict.fromkeys(
        key
        for f in features[:50]
        for key, value in f["properties"].items()
        if not key.startswith("_") and key not in HIDDEN and not isinstance(value, dict | list)
    )
    return tuple(
        (key, heading(of_asked(key, keys), names.words))
        for key in keys
        if f"{key}_name" not in keys and key not in ("region", "name")
    )


def of_asked(key: str, beside: Collection[str]) -> str:
    """The column as it is to be named: a probability beside a score is that of the class asked about, of no other.

    What has a code and a name is called by what it is, and the code by that it is one.
    """
    if key == "probability" and "score" in beside:
        return "probability_asked"
    if key in CODED and f"{key}_name" in beside:
        return f"{key}_code"
    return key.removesuffix("_name") if key.removesuffix("_name") in CODED else key


CODED = ("land_cover", "land_use")
"""Columns of codes that have a column of names beside them."""


AREAS = {"km2": "km²", "ha": "ha"}
"""Column of an area → its unit, which names it in every language."""


def heading(key: str, words: Words) -> str:
    """A column's or property's heading; `value (%)` keeps its unit."""
    name, _, unit = key.partition(" ")
    if name.removesuffix("_code") in CODED and name not in CODED:
        return f"{heading(name.removesuffix('_code'), words)} ({words['column_class'].lower()})"
    area, _, end = name.rpartition("_")
    if area in AREAS and f"column_{end}" in words:
        return f"{words[f'column_{end}']} ({AREAS[area]})"
    return f"{words.get('column_' + name, AREAS.get(name, name.replace('_', ' ')))} {unit}".strip()


def labels_of(features: list[Feature], names: Names) -> dict[str, str]:
    """Names of the codes that occur without a name beside them."""
    keys = (
        "land_cover_from",
        "land_cover_to",
        "land_use_from",
        "land_use_to",
        "lc1",
        "lu1",
        "predicted",
        "surveyed_as",
    )
    codes = {str(f["properties"][key]) for f in features for key in keys if f["properties"].get(key)}
    return {code: names.label(code) for code in sorted(codes)}
