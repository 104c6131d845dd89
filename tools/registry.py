"""Every tool by name: the one list a plan may choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tools.area_from_map import area_from_map
from tools.classify_area import classify_area
from tools.compare_with_survey import compare_with_survey
from tools.deals import deals
from tools.define_class import define_class
from tools.describe_data import describe_data
from tools.estimate_area import estimate_area
from tools.explain_interval import explain_interval
from tools.explain_point import explain_point
from tools.point_history import point_history
from tools.profile_pixels import profile_pixels
from tools.published_verbs import (
    change_official,
    compare_official,
    official_share,
    profile_region,
    rank_official,
)
from tools.query import query
from tools.result import Result
from tools.survey_verbs import (
    compare_regions,
    compare_years,
    count_points,
    find_points,
    nearest_records,
    rank_points,
    share_points,
)

TOOLS: Mapping[str, Callable[..., Result]] = {
    "query": query,
    "find_points": find_points,
    "count_points": count_points,
    "share_points": share_points,
    "rank_points": rank_points,
    "compare_years": compare_years,
    "compare_regions": compare_regions,
    "nearest_records": nearest_records,
    "point_history": point_history,
    "describe_data": describe_data,
    "define_class": define_class,
    "explain_interval": explain_interval,
    "official_share": official_share,
    "rank_official": rank_official,
    "compare_official": compare_official,
    "change_official": change_official,
    "profile_region": profile_region,
    "estimate_area": estimate_area,
    "area_from_map": area_from_map,
    "classify_area": classify_area,
    "profile_pixels": profile_pixels,
    "explain_point": explain_point,
    "compare_with_survey": compare_with_survey,
    "deals": deals,
}

WITNESSES = ("survey", "official", "satellite")
TWINS = (
    ("find_points", "official_share", "classify_area"),
    ("count_points", "official_share", "classify_area"),
    ("share_points", "official_share", "classify_area"),
    ("rank_points", "rank_official", "classify_area"),
    ("compare_years", "change_official", "classify_area"),
    ("compare_regions", "compare_official", "classify_area"),
)
"""The same question put to each witness, in the order of `WITNESSES`."""


LOOKING = ("classify_area", "profile_pixels", "explain_point", "compare_with_survey", "area_from_map")
"""Tools that ask the satellite's encoder."""


def witness_of(tool: str) -> str:
    """Return which of `WITNESSES` a tool asks; the surveyor's where it asks another."""
    if tool in ("profile_region", "profile_pixels", "explain_point", "compare_with_survey"):
        return "official" if tool == "profile_region" else "satellite"
    return next((WITNESSES[row.index(tool)] for row in TWINS if tool in row), "survey")
