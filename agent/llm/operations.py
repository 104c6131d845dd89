"""The operations a model may choose among, and what each is for: one line for the model. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MOST_STEPS = 3
"""Steps of one plan at most."""
RANKED = "@1"
"""Label that stands for the regions of the first step's result."""

OPERATIONS: Mapping[str, str] = {
    "find_points": 'where is a class, show it on a map; any plain "where is" (survey points)',
    "count_points": "how many survey points or records",
    "share_points": "what percent of the survey points",
    "rank_points": "which regions have the most survey points of a class",
    "rank_classes": "which classes or crops are commonest in a region",
    "compare_years": "how survey points of a class changed between two years",
    "compare_regions": "survey points of a class in two or more regions",
    "nearest_records": "the survey point nearest to a place",
    "describe_data": "what data and years there are",
    "official_share": "how much, what share, percent or hectares of a region is a class (published figures)",
    "rank_official": "which regions have the largest share or area of a class",
    "compare_official": "share or area of a class in two or more regions",
    "change_official": "has the share or area of a class grown or shrunk, trend over the years",
    "profile_region": "what a region's land is made of",
    "classify_area": "where is a class, only if the question names satellite, images, model or classifier",
    "compare_with_survey": "where classifier and survey agree or disagree",
    "refuse": "nothing of this: prices, weather, people, forecasts, changing data",
}

NEEDS_A_CLASS = frozenset(
    ("share_points", "rank_points", "compare_years", "compare_regions", "official_share", "rank_official",
     "compare_official", "change_official", "classify_area", "compare_with_survey")
)  # fmt: skip
OF_POINTS = frozenset(("count_points", "share_points", "rank_points", "compare_regions", "compare_years"))
"""About survey points, not about areas."""
OF_LAND = frozenset(("official_share", "rank_official", "compare_official", "change_official", "profile_region"))
"""About areas, not about survey points."""
NEEDS_TWO_REGIONS = frozenset(("compare_regions", "compare_official"))
NEEDS_TWO_TIMES = frozenset(("compare_years", "change_official"))


def fitting(
    *,
    regions: int,
    classes: int,
    spots: int,
    years: Sequence[int],
    surveyed: Sequence[int],
    over_time: bool,
    satellite: bool,
    points: bool,
    land: bool,
) -> list[str]:
    """Return the operations that what a question names allows: a change needs two times, a comparison two regions.

    Args:
        regions: how many regions are offered.
        classes: how many classes.
        spots: how many towns or positions.
        years: the years the question names.
        surveyed: the years the store has a survey of.
        over_time: whether the question may be about two times, for all it says of years and of change.
        satellite: whether it speaks of the satellite or the classifier.
        points: whether it speaks of survey points.
        land: whether it speaks of an area, a share of it, or published figures.
    """
    ruled_out: set[str] = set()
    if not classes:
        ruled_out |= NEEDS_A_CLASS
    else:
        ruled_out.add("describe_data")
    if regions < 2:
        ruled_out |= NEEDS_TWO_REGIONS
    if not regions:
        ruled_out.add("profile_region")
    if not over_time:
        ruled_out |= NEEDS_TWO_TIMES
    if not {*years} <= {*surveyed}:
        ruled_out.add("compare_years")
    if not satellite:
        ruled_out |= {"classify_area", "compare_with_survey"}
    if points and not land:
        ruled_out |= OF_LAND
    if land and not points:
        ruled_out |= OF_POINTS
    if not points:
        ruled_out.add("share_points")
    if not spots:
        ruled_out.add("nearest_records")
    return [operation for operation in OPERATIONS if operation not in ruled_out]
