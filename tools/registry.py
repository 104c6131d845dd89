"""Every tool by name: the one list a plan may choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tools.compare_regions import compare_regions
from tools.compare_years import compare_years
from tools.count_points import count_points
from tools.describe_data import describe_data
from tools.find_points import find_points
from tools.nearest_records import nearest_records
from tools.point_history import point_history
from tools.rank_points import rank_points
from tools.result import Result
from tools.share_points import share_points

TOOLS: Mapping[str, Callable[..., Result]] = {
    "find_points": find_points,
    "count_points": count_points,
    "share_points": share_points,
    "rank_points": rank_points,
    "compare_years": compare_years,
    "compare_regions": compare_regions,
    "nearest_records": nearest_records,
    "point_history": point_history,
    "describe_data": describe_data,
}
