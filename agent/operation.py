"""Which operation a question asks for, by its phrases."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.understand import Area, Understanding, hit, spans_of
from agent.words import concept


def operation_of(reading: Understanding, regions: int, has_class: bool) -> str:
    """Return the tool's verb a question asks for, '' where nothing tells (a follow-up, perhaps).

    Args:
        reading: the question taken apart.
        regions: how many regions it names.
        has_class: whether it names a land cover or land use.
    """
    for decide in (_about_points, _about_data, _about_satellite, _about_classes, _about_rank, _about_change):
        if verb := decide(reading, regions, has_class):
            return verb
    for decide in (_about_comparison, _about_nearest, _about_amount, _about_place, _about_profile):
        if verb := decide(reading, regions, has_class):
            return verb
    return ""


def _about_points(reading: Understanding, regions: int, has_class: bool) -> str:
    if not reading.point_id:
        return ""
    return "explain_point" if reading.has("satellite", "why") else "point_history"


def _about_data(reading: Understanding, regions: int, has_class: bool) -> str:
    if reading.has("describe") and not has_class and not (regions and reading.has("profile", "points")):
        return "describe_data"
    return ""


def _about_satellite(reading: Understanding, regions: int, has_class: bool) -> str:
    if not reading.has("satellite"):
        return ""
    amount = reading.has("howmuch", "share", "area") and has_class and regions == 1 and not reading.has("points")
    if amount and reading.has("survey") and not reading.has("agree", "compare", "where"):
        return "area_from_map"
    if reading.has("weighed"):
        return "classify_weighed"
    return "compare_with_survey" if reading.has("agree", "compare", "survey") else "classify_area"


def _about_rank(reading: Understanding, regions: int, has_class: bool) -> str:
    superlative = reading.has("most", "least")
    levels = reading.has("level0", "level1", "level2", "level3")
    by_points = reading.has("points", "survey") and not reading.has("official")
    asking = reading.has("which", "where", "show") or (levels and reading.limit is not None) or names_a_winner(reading)
    ranking = reading.has("rankwords") or (superlative and asking)
    if ranking and levels and (has_class or reading.has("rankwords") or by_points):
        official = reading.has("share", "area", "official") and not reading.has("points")
        return "rank_points" if by_points and not official else "rank_official"
    plain = not (levels or speaks_of_change(reading) or reading.has("count", "share"))
    if reading.has("crops") and reading.has("which") and plain:
        return "rank_classes"
    if reading.has("classes", "crops") and (superlative or reading.has("main", "rankwords")) and not levels:
        return (
            "rank_classes" if has_class or by_points or reading.has("crops") or reading.about_use else "profile_region"
        )
    if reading.has("main") and reading.has("which") and plain and regions < 2 and asks_of_a_group(reading):
        return "rank_classes"
    if ranking and has_class and reading.has("where", "which") and superlative and not reading.has("count", "points"):
        return "rank_official" if not reading.has("nearest") and not reading.has("latest") else ""
    return ""


def asks_of_a_group(reading: Understanding) -> bool:
    """Return whether the one class named holds others: "the two most common cereals"."""
    codes = [cover.match.codes for cover in reading.wanted]
    return len(codes) == 1 and (len(codes[0]) > 1 or codes[0][0].endswith("0"))


def _about_classes(reading: Understanding, regions: int, has_class: bool) -> str:
    """Which of several classes there is more of at one place: "is there more wheat or maize in Bavaria"."""
    several = len(reading.wanted) > 1 and regions < 2 and not reading.has("where", "together", "nearest")
    if not several or reading.has("level0", "level1", "level2", "level3") or speaks_of_change(reading):
        return ""
    over_time = reading.span or reading.since or len(reading.years) > 1
    superlative = reading.has("most", "least", "main") and reading.has("which")
    asking = reading.has("sidebyside") or superlative or (reading.has("compare") and not over_time)
    return "compare_classes" if asking else ""


GROWING = re.compile(
    r"\b(?:grown?|growing|grows|groei(?:t|en)|cresce|crescem|crescono|crece|crecen|wachst|wachsen|croit|croissent)\b"
)
"""Plants grow where they are: alone these words tell of no change."""
PERFECT = re.compile(r"\b(?:has|have|had)\b")


def speaks_of_change(reading: Understanding) -> bool:
    """Return whether the question is about more or less than before."""
    if reading.has("moved"):
        return True
    if not reading.has("change"):
        return False
    timed = reading.span or reading.since or len(reading.years) > 1 or PERFECT.search(reading.masked)
    return bool(timed) or hit("change", GROWING.sub(" ", reading.masked), reading.language)


def order_of(reading: Understanding) -> str:
    """Return the ends of a ranking asked for, one of `ORDERS`: "la plus petite" holds "la plus" and is the least."""
    least = concept(reading.language, "least")
    if least is None or not least.search(reading.masked):
        return "most"
    return "both" if hit("most", least.sub(" ", reading.masked), reading.language) else "fewest"


def names_a_winner(reading: Understanding) -> bool:
    """Return whether a level and a superlative stand together: "the region with most forest"."""
    text = with_gaps(reading.masked, reading.areas)
    levels = [m for n in range(4) for m in spans_of(f"level{n}", text, reading.language)]
    tops = [m for name in ("most", "least") for m in spans_of(name, text, reading.language)]
    gaps = [text[one.end() : top.start()] for one in levels for top in tops if one.end() <= top.start()]
    return any("\x00" not in gap and len(gap.split()) <= 3 for gap in gaps)


def asks_for_one(reading: Understanding) -> bool:
    """Return whether the one region at the top is asked for: "which country has most", not "which countries"."""
    one = spans_of("onelevel", reading.masked, reading.language)
    levels = [m.span() for n in range(4) for m in spans_of(f"level{n}", reading.masked, reading.language)]
    if not one or any(not any(s.start() <= start and end <= s.end() for s in one) for start, end in levels):
        return False
    led = [WORD_OR_NAME.findall(reading.masked[: noun.start()])[-3:] for noun in one]
    if any(hit("whichone", " ".join(before), reading.language) for before in led):
        return True
    if any(hit(name, " ".join(before[-1:]), reading.language) for before in led for name in ("most", "least")):
        return True
    return not reading.has("which") and names_a_winner(reading)


WORD_OR_NAME = re.compile(r"\w+|\x00+")


def with_gaps(text: str, areas: Sequence[Area]) -> str:
    """Return the text with places blank, letter for letter: "the region of Spain with most" names a winner."""
    for area in areas:
        text = text[: area.start] + " " * (area.end - area.start) + text[area.end :]
    return text


def _about_change(reading: Understanding, regions: int, has_class: bool) -> str:
    changing = speaks_of_change(reading)
    over_time = reading.span or reading.since or len(reading.years) > 1
    if reading.has("where") and not over_time:
        return ""
    if not changing and not (reading.has("compare") and (reading.span or len(reading.years) > 1) and regions < 2):
        return ""
    if not has_class and not (reading.span or reading.since or reading.years) and reading.has("compare"):
        return ""
    if reading.has("official", "share") and not reading.has("points"):
        return "change_official"
    if reading.has("moved") and (reading.has("points", "survey") or not reading.has("change")):
        return "compare_years"
    return "compare_years" if reading.has("points", "survey") else "change_official"


def _about_comparison(reading: Understanding, regions: int, has_class: bool) -> str:
    several = regions > 1
    if not several or not (reading.has("compare") or reading.has("most", "least")):
        return ""
    return "compare_regions" if reading.has("points", "survey", "count") else "compare_official"


def _about_nearest(reading: Understanding, regions: int, has_class: bool) -> str:
    if reading.has("nearest") or (reading.lonlat and not reading.km and not reading.has("count", "near")):
        return "nearest_records"
    return ""


def _about_amount(reading: Understanding, regions: int, has_class: bool) -> str:
    if not has_class and reading.has("profile") and not reading.has("points", "survey", "count"):
        return ""
    if reading.has("points_share"):
        return "share_points"
    if reading.has("share") or reading.unit == "%":
        return "share_points" if reading.has("points") and not reading.has("official") else "official_share"
    if reading.unit in ("ha", "km2"):
        return "official_share"
    if reading.has("points") and reading.has("count", "howmuch"):
        return "find_points" if reading.has("where") else "count_points"
    if reading.has("howmuch", "area") and not reading.has("count"):
        return "official_share"
    if reading.has("count"):
        return "count_points" if counts_things(reading) else "official_share"
    return ""


def counts_things(reading: Understanding) -> bool:
    """Return whether "combien de", "ile", "hoeveel" asks for a number of things rather than for an amount of land."""
    if not reading.has("howmuch"):
        return True
    if not reading.covers or not reading.areas:
        return bool(reading.covers)
    return reading.covers[0].start < reading.areas[0].start


def _about_place(reading: Understanding, regions: int, has_class: bool) -> str:
    if reading.has("where"):
        return "find_points"
    if reading.has("show") and (has_class or reading.has("points")):
        return "find_points"
    if (reading.km or reading.has("near")) and (has_class or reading.has("points")):
        return "find_points"
    return ""


def _about_profile(reading: Understanding, regions: int, has_class: bool) -> str:
    if has_class:
        return ""
    if reading.has("profile", "classes"):
        if reading.about_use or reading.has("points", "survey"):
            return "share_points"
        return "profile_region"
    return ""
