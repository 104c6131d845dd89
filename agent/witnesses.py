"""What is said beside a step: the other witness's word of the same, left out where it has none. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from retrieval.types import PUBLISHED_LEVELS, Region
from tools.context import Context
from tools.plan import Step

OFFICIAL_LEVELS = ("group", *PUBLISHED_LEVELS)
SURVEYED = {"official_share": "count_points", "change_official": "compare_years", "compare_official": "compare_regions"}
"""What the survey says beside a published figure."""


def witnesses(steps: Sequence[Step], context: Context, source: str) -> list[Step]:
    """Return the second witnesses of steps; `source`: the one that was asked for alone, '' where none was."""
    return [step for first in steps for step in _beside(first, context, source)]


def _beside(first: Step, context: Context, source: str) -> Iterator[Step]:
    given = first.arguments
    covers = given.get("land_cover")
    if not covers:
        return
    if first.tool == "find_points" and "near" not in given:
        yield from _published_beneath(given, context)
    elif first.tool == "rank_points" and given.get("by") == "classes" and source != "survey":
        if given.get("within") and not {"near", "land_use"} & {*given}:
            where = {"regions": given["within"], "land_cover": covers, **_year(given, context)}
            yield Step("profile_region", where, optional=True)
    elif first.tool in SURVEYED and source != "official" and given.get("regions"):
        yield from _surveyed(first.tool, given, context)


def _surveyed(tool: str, given: Mapping[str, Any], context: Context) -> Iterator[Step]:
    names = ("years", "year_from", "year_to")
    there, asked = context.store.years(), {name: given[name] for name in names if name in given}
    if "years" in asked:
        asked["years"] = [year for year in asked["years"] if year in there]
    missing = not asked.get("years", there) or any(asked.get(name, there[0]) not in there for name in names[1:])
    if not there or missing or (tool == "change_official" and len(given["regions"]) > 1):
        return
    kept = {name: given[name] for name in ("regions", "land_cover", "exclude") if name in given}
    yield Step(SURVEYED[tool], kept | asked, optional=True)


def _published_beneath(given: Mapping[str, Any], context: Context) -> Iterator[Step]:
    """The published shares of the regions a map of points shows: how much of them it is."""
    regions = [context.region(id) for id in given.get("regions", ())]
    if any(r.level in ("aoi", "commune") for r in regions):
        return
    of, year = {"land_cover": given["land_cover"]}, _year(given, context)
    ids = list(dict.fromkeys(published_id(r, context) for r in regions))
    share = of | ({"regions": ids} if ids else {}) | ({"years": [year["year"]]} if year else {})
    yield Step("official_share", share, optional=True)
    if len(regions) == 1 and regions[0].level in ("country", "nuts1"):
        yield Step("rank_official", {**of, "within": ids, **year, "level": "nuts2"}, optional=True)


def _year(given: Mapping[str, Any], context: Context) -> dict[str, int]:
    """The one published year that stands for the years asked for."""
    return {"year": given["years"][-1]} if given.get("years") else {}


def published_id(region: Region, context: Context) -> str:
    """Return the region itself, or the smallest one around it that figures are published for."""
    if region.level in OFFICIAL_LEVELS:
        return region.id
    for level in ("nuts2", "nuts1", "country"):
        if found := context.gazetteer.containing(region.id, level):
            return found.id
    return region.id


def around(region: Region, context: Context) -> list[str]:
    """Return the name of the smallest region around this one that figures are published for; of a drawn area, of the
    one its middle lies in."""
    if region.level == "aoi" and (outline := context.outline(region)) is not None:
        middle = outline.representative_point()
        return around_spot({"lon": middle.x, "lat": middle.y}, context)
    id = published_id(region, context)
    return [context.region(id).name] if id != region.id else []


def around_spot(near: Mapping[str, Any], context: Context) -> list[str]:
    """Return the name of the region with figures that a spot lies in: by its outline, else by its subdivision's."""
    from shapely import Point, box

    spot = Point(near["lon"], near["lat"])
    for level in ("nuts2", "subdivision"):
        for region in context.gazetteer.at_level(level, context.language):
            if region.bbox is None or not box(*region.bbox).contains(spot):
                continue
            outline = context.gazetteer.outline(region.id)
            if outline is not None and outline.contains(spot):
                above = [context.gazetteer.containing(region.id, each) for each in ("nuts2", "nuts1")]
                return [context.region(found.id).name for found in above if found][:1]
    return []


def published_same(region: Region, context: Context) -> str | None:
    """Return the id of this same land that figures are published for: a department that is a region of its own."""
    for code in context.gazetteer.vintages(region.id):
        if len(code) <= 4:
            return region.id
    return None
