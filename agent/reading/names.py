"""Towns, which have no outline, and what was assumed of the names of places: read as a circle, a part or a misspelling.

Counts nothing and knows no language: only what the chart made of the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.partial import beside, whole
from agent.reading.mentions import Item
from agent.reading.read import Reading
from agent.understand import NEAR_KM, TOWN_KM, Area
from retrieval.errors import AmbiguousRegion
from retrieval.query import Filter, Group, Query, Ref
from retrieval.types import Place, Region
from tools.context import Context
from tools.plan import Note
from tools.query import answer

FROM_A_TOWN = ("NEAREST", "AROUND", "NEAR", "NEARS", "DIM", "END")
"""Types beside which a town is where a distance or position begins, as the chart has it."""


def with_towns(reading: Reading, context: Context, settled: Mapping[str, Any]) -> Reading:
    """Return a reading with a town asked about as if it were a region as the circle around it.

    Raises:
        AmbiguousRegion: a name may be a town or regions, or several towns, and nothing was chosen.
    """
    if reading.has(*FROM_A_TOWN):
        return reading
    weak, tokens = beside(context.language), reading.said.tokens
    near = {
        i.start for i in reading.items if i.start > 0 and i.start < len(tokens) and tokens[i.start - 1].norm in weak
    }
    return replace(reading, items=tuple(_as_circle(i, context, settled, i.start in near) for i in reading.items))


def _as_circle(item: Item, context: Context, settled: Mapping[str, Any], near: bool) -> Item:
    if item.type != "PLACE" or item.value.foreign or not item.value.candidates:
        return item
    area = whole(item.value, context)
    if area.exact and area.regions:
        return item
    chosen = settled.get(item.value.text)
    if chosen is not None:
        area = replace(area, candidates=tuple(c for c in area.candidates if c.id == chosen) or area.candidates)
    if area.places and len(area.candidates) > 1:
        choices = context.gazetteer.choices(area.candidates, context.language)
        raise AmbiguousRegion(area.text, choices, [c.id for c in area.candidates])
    if area.places:
        return replace(item, type="NEAR", value=("near", NEAR_KM if near else TOWN_KM, area))
    return replace(item, value=area) if len(area.candidates) == 1 else item


def around_a_point(reading: Reading, context: Context) -> Reading:
    """Return a reading with a distance from one survey point as a circle around where it lies: "within 28 km of it".

    What a clause before says of the point is taken for known; "other" points are those without it.
    """
    points, circles = ([i for i in reading.items if i.type == kind] for kind in ("POINT", "RADIUS"))
    if len(points) != 1 or len(circles) != 1 or reading.has("NEAR", "POSITION", "END", "ENDOF"):
        return reading
    asks = [i.start for i in reading.items if i.type == "ASK" and i.value in ("how_many", "which", "where", "show")]
    begins = max((at for at in asks if points[0].end <= at <= circles[0].start), default=0)
    id, circle = points[0].value, circles[0]
    table = answer(Query("survey", (), (Filter("point", "in", (id,)),), (Group("point"),)), context).table
    row = next(table.dicts(), None) if table else None
    if row is None:
        return reading
    spot = Place(f"point:{id}", str(id), (row["lon"], row["lat"]), "", None, "")
    near = Item(circle.start, circle.end, "NEAR", ("near", circle.value, Area(0, 0, str(id), (spot,))))
    asked = [i for i in reading.items if i.start >= begins and i is not points[0] and i.type != "MORE"]
    items = [near if i is circle else i for i in asked]
    others = [i for i in reading.said.items if i.value == "deixis.other"]
    others += [i for i in reading.items if i.type == "MORE"]
    if any(i.start >= begins for i in others):
        items.append(replace(circle, type="LIMIT", value=Filter("point", "not_in", (id,))))
    leaning = {reading.said.words(i) for i in reading.items if i is circle or i.type == "MORE"}
    return replace(reading, items=tuple(items), leaning=tuple(w for w in reading.leaning if w not in leaning))


def refuse_unknown_spot(reading: Reading, context: Context) -> None:
    """Refuse to measure from a name that no list has: "which are closest to Xyzzyham?".

    Raises:
        UnknownRegion: naming it, with close names.
    """
    if not reading.has("NEAREST") or reading.has("PLACE", "POSITION"):
        return
    known = {n for i in reading.said.items for n in range(i.start, i.end)}
    for n in reading.open_words:
        if n > 0 and n not in known and reading.word(n)[0].isupper():
            context.gazetteer.resolve(reading.word(n), context.language)


def notes_on_names(reading: Reading, asked: Sequence[Query], context: Context) -> tuple[Note, ...]:
    """Return what was assumed of the names in a reading whose queries were made."""
    named = {str(v) for q in asked for v in values_of(q)}
    sizes = [i.start for i in reading.said.items if i.type in ("QTY", "RADIUS")]
    found: list[Note] = []
    for item in reading.items:
        if item.type == "PLACE" and not item.value.exact:
            ids = [r.id for r in whole(item.value, context).regions if r.id in named]
            found += [("read_as", {"words": item.value.text, "name": context.named(id).name}) for id in ids[:1]]
        elif item.type == "NEAR" and not any(item.start <= n < item.end for n in sizes):
            op, km, area = item.value
            note = "town_radius" if km == TOWN_KM else "near_default"
            towns = [c.name for c in area.candidates if not isinstance(c, Region)] or [area.text]
            found += [(note, {"km": km, "name": towns[0]})] if op == "near" else []
    return tuple(found)


def values_of(query: Query) -> list[Any]:
    """Return every place that a query names, in its filters, columns and rows."""
    filters = [f for f in query.every_filter if f.dimension == "region"]
    members = [v for g in query.rows if g.dimension == "region" for member in g.members for v in member]
    return [*(v for f in filters if not isinstance(f.values, Ref) for v in f.listed), *members]
