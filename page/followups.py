"""Questions a reader may ask next, worded from the answer by the page's own templates. Asks none of them."""

from __future__ import annotations

from collections.abc import Mapping

from agent.answer import Answer
from page.reword import cover_of
from page.words import PAGE_LANGUAGES, own_words, words
from retrieval.errors import LandaskError
from retrieval.types import Region
from tools import official
from tools.context import Context
from tools.registry import TOOLS
from tools.result import Result

MOST = 3
NEXT: Mapping[str, tuple[str, ...]] = {
    "official_share": ("change_official", "rank_official", "find_points"),
    "compare_official": ("change_official", "rank_official"),
    "change_official": ("rank_official", "profile_region", "find_points"),
    "rank_official": ("change_official", "profile_region", "find_points"),
    "profile_region": ("official_share", "find_points"),
    "find_points": ("official_share", "compare_years", "classify_area"),
    "count_points": ("official_share", "find_points", "compare_years"),
    "share_points": ("official_share", "find_points"),
    "compare_years": ("change_official", "find_points"),
    "classify_area": ("find_points", "compare_with_survey", "official_share"),
    "query": ("change_official", "rank_official", "find_points"),
}
"""Tool of an answer → tools whose questions go on from it, worded by `reword_…`."""
OFFICIAL = {"official_share", "change_official", "rank_official", "profile_region"}
PUBLISHED = {"country", "nuts1", "nuts2"}
"""Levels the statistic is published for; a smaller region's question goes to the one it lies in."""
SATELLITE = {"classify_area", "compare_with_survey"}
OF_ONE = {"official_share", "change_official"}
"""Of these there must be figures of the very region and class."""
MOST_CLASSES = 3
"""Of more classes a question would be a list, and its answer everything."""
CODE_COLUMNS = ("land_cover", "land_use", "class", "code")
OVER_YEARS = {"change_official", "compare_years"}


def followups(answer: Answer, context: Context) -> tuple[str, ...]:
    """Return up to three questions that go on from the first result, in the answer's language."""
    if answer.status != "answered" or not answer.results or answer.language not in PAGE_LANGUAGES:
        return ()
    result, language = answer.results[0], answer.language
    context = context.in_language(language)
    tools = [tool for tool in NEXT.get(result.tool, ()) if tool in TOOLS and f"reword_{tool}" in own_words(language)]
    asked = (answerable(tool, result, context, language) for tool in tools)
    return tuple(dict.fromkeys(filter(None, asked)))[:MOST]


def answerable(tool: str, result: Result, context: Context, language: str) -> str:
    """Return the question a tool answers about what a result is about; '' where it has no answer."""
    try:
        return question(tool, result, context, language)
    except LandaskError:
        return ""


def question(tool: str, result: Result, context: Context, language: str) -> str:
    """Return the question a tool answers about what a result is about; '' where it has none.

    Raises:
        LandaskError: the region or class is not one the data knows.
    """
    said, cover, region = words(language), classes_of(result, context, language), region_of(result)
    needed = "statistics" if tool in OFFICIAL else "pixels" if tool in SATELLITE else "survey"
    there = {dataset.kind for dataset in context.store.datasets() if dataset.rows}
    if needed not in there or not region or not (cover or tool == "profile_region"):
        return ""
    named, level = context.gazetteer.region(region, language), said["level_regions"]
    if tool in OFFICIAL and named.level not in PUBLISHED:
        around = context.gazetteer.containing(region, "nuts2")
        if around is None:
            return ""
        named = context.gazetteer.region(around.id, language)
    if tool in SATELLITE and not has_pixels(context, region):
        return ""
    if tool == "rank_official":
        everywhere = named.level == "country"
        level = said["level_country"] if everywhere else level
        name = "" if everywhere else context.gazetteer.region(f"country:{named.country}", language).name
    else:
        name = named.name
    if tool in OF_ONE:
        years = published_years(named, result, context)
    else:
        years = official.survey_years(context) if tool in OFFICIAL else context.store.years()
    last = next((year for year in reversed(result.years) if year in years), years[-1] if years else None)
    if last is None or (tool in OVER_YEARS and last == years[0]):
        return ""
    where = said["where_in"].format(names=name) if name else ""
    filled = {"cover": cover, "where": where, "year": last, "first": years[0], "level": level}
    text = " ".join(said[f"reword_{tool}"].format(**filled).split()).lstrip(": ")  # where no place is named
    return text[:1].upper() + text[1:]


def published_years(region: Region, result: Result, context: Context) -> tuple[int, ...]:
    """The years a figure of a result's classes is published in for a region.

    Raises:
        LandaskError: no such figures are published at all.
    """
    classes = official.classes(context, [*result.land_cover, *result.land_use])
    if len(classes) == 1 and context.gazetteer.members(region.id) == (region.id,):  # its own rows tell, at once
        rows = context.store.query("known_years", region=region.id, land_cover=classes[0]).rows
        return tuple(year for (year,) in rows)
    return official.cells(context, [region], classes).known_years(region)


def has_pixels(context: Context, region: str) -> bool:
    """Whether pixel years are stored in a region; of one without an outline that is not known."""
    outline = context.gazetteer.outline(region)
    if outline is None:
        return False
    west, south, east, north = outline.bounds
    box = {"west": west, "south": south, "east": east, "north": north}
    return bool(context.store.query("pixels_count", **box, year=None, outline=outline.wkb).rows[0][0])


def classes_of(result: Result, context: Context, language: str) -> str:
    """What a result is about, in words; of many classes the one its table begins with."""
    codes = [*result.land_cover, *result.land_use]
    if len(codes) > MOST_CLASSES:
        first = next(result.table.dicts(), {}) if result.table is not None else {}
        found = (first.get(column) for column in CODE_COLUMNS)
        return context.nomenclature.label([next((code for code in found if code in codes), codes[0])], language)
    return cover_of(result, context, language) or (context.nomenclature.label(codes, language) if codes else "")


def region_of(result: Result) -> str:
    """The region to go on with: the one asked about, else the first of the table; '' for an area somebody drew."""
    if len(result.regions) == 1:
        id = result.regions[0].id
    elif result.table is not None and "region_id" in result.table.columns and len(result.table):
        id = str(result.table.column("region_id")[0])
    else:
        return ""
    return "" if id.startswith("aoi:") else id
