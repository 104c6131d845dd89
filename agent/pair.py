"""The last two selections of a conversation as one question: "compare them", "how many of both". Plans no tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.frame import PLACE, SUBJECT, TIME, Frame
from agent.operation import speaks_of_change
from agent.understand import Understanding

LEVELS = ("level0", "level1", "level2", "level3")
COMPARED = {
    "find_points": "compare_regions", "count_points": "compare_regions", "compare_regions": "compare_regions",
    "official_share": "compare_official", "compare_official": "compare_official",
    "share_points": "share_points", "change_official": "change_official", "compare_years": "compare_years",
    "compare_classes": "compare_official", "profile_region": "profile_region",
}  # fmt: skip
"""What was asked of one place → how two are compared."""
OF_SURVEY = ("compare_regions", "share_points", "compare_years")


def paired(reading: Understanding, frame: Frame, older: Frame, before: Frame) -> Frame | None:
    """Return the question about the last two places, classes or years together, None where it is no such question.

    Args:
        reading: the question taken apart.
        frame: what it says by itself.
        older: what the question before was about.
        before: … and the one before that.
    """
    here = reading.has("here") and frame.regions == older.regions  # "both on the map" names no place
    said = (frame.says(SUBJECT), frame.says(PLACE) and not here)
    comparing = wants_comparison(reading)
    if all(said) or not (says_both(reading) or (comparing and not any(said))):
        return None
    if older.operation not in COMPARED or older.near or before.near or older.spot or before.spot:
        return None
    if speaks_of_change(reading) and not said[1]:  # "which of the two has gained more forest since 2009"
        survey = COMPARED[older.operation] in OF_SURVEY
        frame, comparing = replace(frame, operation="compare_years" if survey else "change_official"), False
    if reading.has("show", "where") and not frame.operation:
        frame = replace(frame, operation="find_points")
    if said[0]:
        return of_places(frame, older, before, comparing=comparing)
    if said[1]:
        classes = of_classes(frame, older, before, comparing=comparing)
        return classes or (with_a_third(frame, older, before) if comparing else None)
    places = of_places(frame, older, before, comparing=comparing)
    classes = of_classes(frame, older, before, comparing=comparing)
    anew = older.regions == before.regions and len(older.each) < 2 and not same_subject(older, before)
    several = (classes or places) if anew else (places or classes)
    return several or (of_years(older, before) if comparing and not frame.says(TIME) else None)


def says_both(reading: Understanding) -> bool:
    """Return whether the question says "both"; "the two largest regions" says it of others."""
    levels = reading.has(*LEVELS)
    return (reading.has("both") and not (levels and reading.wanted)) or (reading.has("thetwo") and not levels)


def wants_comparison(reading: Understanding) -> bool:
    """Return whether it compares things it does not name: "compare them", "which has more?"."""
    superlative = reading.has("compare", "most", "least", "main")
    if says_both(reading):
        return superlative or reading.has("sidebyside")
    if reading.has(*LEVELS) or reading.years or reading.has("where", "show", "classes", "crops", "add"):
        return False
    return reading.has("sidebyside") or (
        reading.has("which") and superlative and len(reading.flat.split()) <= MOST_WORDS
    )


MOST_WORDS = 8
"""Words of "which of them has more of it then?"; longer questions say what they are about."""


def of_places(frame: Frame, older: Frame, before: Frame, *, comparing: bool) -> Frame | None:
    """Return the question about the last two places: those of the question before, or of the last two questions."""
    sources = (older,) if len(older.regions) > 1 else (before, older)
    alike = frame.says(SUBJECT) or same_subject(older, before)
    if len(sources) > 1 and not (alike and before.operation in COMPARED):
        return None
    places = tuple(dict.fromkeys(id for one in sources for id in one.regions))
    if len(places) < 2 or not all(one.regions for one in sources):
        return None
    operation = COMPARED[older.operation] if comparing else frame.operation or older.operation
    return replace(completed(frame, sources), regions=places, operation=operation)


def with_a_third(frame: Frame, older: Frame, before: Frame) -> Frame | None:
    """Return the comparison of the last two places with the one named: "compare both with Spain"."""
    both = of_places(replace(frame, regions=()), older, before, comparing=True)
    return both and replace(both, regions=tuple(dict.fromkeys((*both.regions, *frame.regions))))


def of_classes(frame: Frame, older: Frame, before: Frame, *, comparing: bool) -> Frame | None:
    """Return the question about the last two classes, side by side."""
    sources = (older,) if len(older.each) > 1 else (before, older)
    alike = frame.says(PLACE) or older.regions == before.regions
    if len(sources) > 1 and not (alike and before.operation in COMPARED):
        return None
    groups = tuple(dict.fromkeys(group for one in sources for group in groups_of(one)))
    if len(groups) < 2 or any(one.exclude or not groups_of(one) for one in sources):
        return None
    both = replace(
        completed(frame, sources),
        each=groups,
        land_cover=tuple(dict.fromkeys(code for one in sources for code in one.land_cover)),
        land_use=tuple(dict.fromkeys(code for one in sources for code in one.land_use)),
        operation=frame.operation or older.operation,
    )
    if not comparing:
        return both
    survey = COMPARED[older.operation] in OF_SURVEY
    return replace(both, operation="compare_classes", source="survey" if survey else both.source)


def of_years(older: Frame, before: Frame) -> Frame | None:
    """Return the change between the years of the last two questions, which were the same but for these."""
    alike = older.regions == before.regions and same_subject(older, before) and older.operation == before.operation
    if not alike or len(older.years) != 1 or len(before.years) != 1 or older.years == before.years:
        return None
    first, last = sorted((*older.years, *before.years))
    operation = "compare_years" if COMPARED[older.operation] in OF_SURVEY else "change_official"
    return replace(older, operation=operation, years=(first, last), span=(first, last))


def completed(frame: Frame, sources: Sequence[Frame]) -> Frame:
    """Return the frame with what it leaves unsaid taken from the questions it is about, the newest last."""
    newest = sources[-1]
    unsaid = [names for names in (SUBJECT, PLACE, TIME, *UNSAID) if not frame.says(names)]
    whole = frame.taking(newest, tuple(name for names in unsaid for name in names))
    if TIME in unsaid and not (newest.since or newest.span):
        whole = replace(whole, years=tuple(sorted({year for one in sources for year in one.years})))
    return replace(whole, limit=None)


UNSAID = (("unit",), ("source",), ("theme",))


def groups_of(frame: Frame) -> tuple[tuple[str, ...], ...]:
    """Return the codes of each class a question is about."""
    whole = frame.land_cover or frame.land_use
    return frame.each or ((whole,) if whole else ())


def same_subject(one: Frame, other: Frame) -> bool:
    """Return whether two questions are about the same class."""
    return all(getattr(one, name) == getattr(other, name) for name in ("land_cover", "land_use", "exclude"))
