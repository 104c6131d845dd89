"""The look-ups: which places, classes, years and measures there are. What they return is what may be asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from agent.surface.digest import rows_of
from retrieval.errors import Ambiguous, AmbiguousClass, BadArgument, DataError
from retrieval.query_schema import ALL_LEVELS, described
from retrieval.sources import SOURCES, source_of
from retrieval.types import LANGUAGES, Place, Region
from tools.context import Context

MOST_PLACES = 8
"""Candidates of one name."""
MOST_OPENED = 4
"""Classes of one word up to which those below them are told too."""
WATER = re.compile(
    r"\b(lakes?|rivers?|lac|fleuve|rivière|see|fluss|lago|rio|río|fiume|rivier|meer|jezioro|rzeka|valley|mountains?|alps)\b",
    re.I,
)
NOT_HERE = "lakes, rivers, valleys and mountains are not in the gazetteer: name a region, or a town and a distance"
PLACE_HEADER = ("id", "name", "level", "inside", "figures", "survey")


def find_places(context: Context, text: str = "", level: str = "", within: str = "") -> str:
    """Return the places a name may mean, or the regions of a level inside a region or group, as CSV.

    A region's row tells the region around it, the years of its published figures and of its survey points; a town's
    its longitude and latitude, EPSG:4326.
    """
    if level and level not in ALL_LEVELS:
        raise BadArgument(f"no level {level!r}; there are {', '.join(ALL_LEVELS)}")
    if not text:
        return regions_inside(context, within, level)
    found = list(context.gazetteer.find(text, context.language)) if WATER.search(text) else named(context, text)
    if level:
        found = [p for p in found if isinstance(p, Region) and p.level == level] or found
    if within:
        around = context.named(within).id
        found = [p for p in found if is_inside(context, p, around)] or found
    regions = [p for p in found if isinstance(p, Region)][:MOST_PLACES]
    towns = [p for p in found if isinstance(p, Place)][:MOST_PLACES]
    if not found:
        close = ", ".join(context.gazetteer.close_names(text, context.language)) or "none"
        return f"nothing is named {text!r}; {NOT_HERE if WATER.search(text) else f'close names: {close}'}"
    lines = [told_regions(context, regions)] if regions else []
    for region in regions:
        if (members := context.gazetteer.members(region.id)) not in ((), (region.id,)):
            lines.append(f"members of {region.id}: {' '.join(members)}")
    lines += [f"town {t.name} ({t.country}) at lon {t.lonlat[0]}, lat {t.lonlat[1]}" for t in towns]
    return "\n".join(lines)


def named(context: Context, text: str) -> list[Region | Place]:
    """Return the regions and the towns of a name, in any language."""
    found: list[Region | Place] = []
    for language in dict.fromkeys((context.language, "en")):
        try:
            found.append(context.gazetteer.resolve(text, language))
        except Ambiguous as error:
            found += [context.named(id) for id in getattr(error, "ids", ())]
        except DataError:
            continue
    if not found:
        for language in LANGUAGES:
            found += [p for m in context.gazetteer.mentions(text, language) for p in m.candidates]
            if found:
                break
    with suppress(Ambiguous, DataError):
        found.append(context.gazetteer.place(text))
    return [p for p in {p.id: p for p in found}.values() if getattr(p, "level", "") != "foreign"]


def is_inside(context: Context, place: Region | Place, around: str) -> bool:
    """Whether a place lies in a region or in a member of a group."""
    if around in (place.id, f"country:{place.country}") or f"country:{place.country}" in context.gazetteer.members(
        around
    ):
        return True
    return isinstance(place, Region) and around in chain_of(context, place)


def chain_of(context: Context, region: Region) -> list[str]:
    """Return the ids of the regions around a region, the nearest first."""
    found: list[str] = []
    while region.parent and region.parent not in found:
        found.append(region.parent)
        try:
            region = context.named(region.parent)
        except DataError:
            break
    return found


def regions_inside(context: Context, within: str, level: str) -> str:
    """Return the regions of a level inside a region or group, or all of that level."""
    if not level:
        raise BadArgument("give a name in `text`, or a `level` with or without `within`")
    found = inside(context, within, level)
    if not found:
        there = ", ".join(one for one in ALL_LEVELS if inside(context, within, one)) or "none"
        return f"no regions of level {level} {f'in {within}' if within else 'here'}; there are {there}"
    return told_regions(context, found)


def inside(context: Context, within: str, level: str) -> list[Region]:
    """Return the regions of a level inside a region or group, all of that level where none is named."""
    if not within:
        return list(context.gazetteer.at_level(level, context.language))
    region = context.named(within)
    parents = context.gazetteer.members(region.id) or (region.id,)
    if level == "country":
        return [context.named(id) for id in parents]
    return [r for id in parents for r in context.gazetteer.children(id, level)]


def told_regions(context: Context, regions: Sequence[Region]) -> str:
    """Return regions as rows."""
    points = surveyed_years(context, regions)
    rows = []
    for region in regions:
        inside = next((id for id in chain_of(context, region) if id.count(":")), "")
        figured = any(context.store.figure_years(id) for id in (region.id, *context.gazetteer.members(region.id)))
        surveyed = sorted({y for id in (region.id, *context.gazetteer.members(region.id)) for y in points.get(id, ())})
        rows.append(
            (region.id, region.name, region.level, inside, "yes" if figured else "no", " ".join(map(str, surveyed)))
        )
    return rows_of(PLACE_HEADER, rows)


def surveyed_years(context: Context, regions: Iterable[Region]) -> dict[str, list[int]]:
    """Return region id → years in which points were visited there."""
    ids = [id for r in regions for id in (r.id, *context.gazetteer.members(r.id))]
    found: dict[str, list[int]] = {}
    for row in context.store.query("places_with_points", ids=ids).dicts():
        found.setdefault(row["region_id"], []).append(row["year"])
    return found


def find_classes(context: Context, text: str, language: str = "") -> str:
    """Return the land covers and land uses that words may mean, in any language, with what is below them, as CSV."""
    book = context.nomenclature
    readings = readings_of(context, text, language)
    if not readings:
        tops = ", ".join(f"{c.code} {c.name}" for c in book.classes.values() if c.level == 1)
        return f"no class is named {text!r}; main classes: {tops}"
    codes = list(dict.fromkeys(code for group in readings for code in group))
    below = [child for code in codes for child in book.children(code)] if len(codes) < MOST_OPENED else []
    published = set(context.store.query("classes_with_figures").column("land_cover"))
    header = ("code", "name", "theme", "part_of", "figures")
    rows = [
        (c, book.label(c, "en"), book.get(c).theme, book.get(c).parent or "", "yes" if c in published else "no")
        for c in dict.fromkeys([*codes, *below])
    ]
    several = [f"{text!r} as one class: {' '.join(group)}" for group in readings if len(group) > 1]
    return "\n".join([*several, rows_of(header, rows)])


def readings_of(context: Context, text: str, language: str = "") -> list[tuple[str, ...]]:
    """Return the groups of codes that words may mean, of the first language that knows them."""
    book = context.nomenclature
    for tongue in dict.fromkeys((language or context.language, context.language, "en", *LANGUAGES)):
        if found := [m.codes for mention in book.mentions(text, tongue) for m in mention.choices]:
            return list(dict.fromkeys(found))
    try:
        return [book.parse(text, context.language).codes]
    except AmbiguousClass as error:
        return list(error.codes)
    except DataError:
        return []


def what_exists(context: Context, source: str = "") -> str:
    """Return each source's measures, dimensions, years and licence, with what is known to be missing."""
    chosen = [source_of(source)] if source else [SOURCES[name] for name in there(context)]
    lines = []
    for one in chosen:
        held = [d for d in context.store.datasets() if d.kind == one.dataset]
        lines.append(described(one))
        lines += [f"  {d.id}: {', '.join(map(str, d.years)) or 'no years'}; {d.rows:,} rows; {d.licence}" for d in held]
        if not held:
            lines.append("  not in this store")
    if not source:
        lines.append("not in the data: people, prices, yields, owners, farms, soil, weather, carbon, forecasts")
    return "\n".join(lines)


def there(context: Context) -> list[str]:
    """Return the names of the sources that this store holds data of."""
    kinds = {d.kind for d in context.store.datasets()}
    return [name for name, source in SOURCES.items() if source.dataset in kinds]
