"""Every verb is a preset: the query of its arguments gives its figures. Real records and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from retrieval.query import Query
from retrieval.store import Store
from tools.context import Context
from tools.presets import PRESETS, query_of
from tools.query import answer
from tools.registry import TOOLS

pytestmark = pytest.mark.real

NEAR = {"lon": 3.88, "lat": 43.61, "km": 40.0, "name": "Montpellier"}
ES, FR, IT, SE = "country:ES", "country:FR", "country:IT", "country:SE"
STEPS: list[tuple[str, Mapping[str, Any], str, str]] = [
    ("count_points", {"regions": ["nuts:ITG1"], "land_cover": ["B82"], "years": [2018]}, "points", "points"),
    ("count_points", {"regions": [FR], "land_cover": ["E00"], "land_use": ["U110"]}, "points", "points"),
    ("count_points", {"near": NEAR, "land_cover": ["B00"], "exclude": ["B82"], "years": [2018]}, "points", "points"),
    ("count_points", {"regions": [ES], "land_cover": ["B82"], "years": [2015, 2018]}, "points", "points"),
    ("share_points", {"regions": [IT], "land_cover": ["B82"], "years": [2018]}, "percent_of_points", "percent"),
    ("share_points", {"regions": [SE], "years": [2018]}, "points", "points"),
    ("rank_points", {"land_cover": ["B16"], "level": "country", "years": [2018], "limit": 5}, "points", "points"),
    ("rank_points", {"by": "classes", "within": [FR], "land_cover": ["B00"], "years": [2018]}, "points", "points"),
    ("rank_points", {"by": "classes", "theme": "land_use", "within": [IT], "limit": 3}, "points", "points"),
    ("compare_regions", {"regions": [ES, IT, FR], "land_cover": ["B81"], "years": [2018]}, "points", "points"),
    ("official_share", {"regions": [SE], "land_cover": ["C00"], "years": [2018]}, "value", "value"),
    ("official_share", {"land_cover": ["B00"], "exclude": ["B10"], "regions": [FR], "years": [2018]}, "value", "value"),
    ("official_share", {"land_cover": ["B11", "B13"], "regions": [FR, ES], "years": [2018, 2022]}, "value", "value"),
    ("official_share", {"land_cover": ["C00"], "unit": "ha", "regions": ["nuts:SE33"]}, "value", "value"),
    ("rank_official", {"land_cover": ["C00"], "year": 2018, "limit": 7}, "value", "value"),
    ("rank_official", {"land_cover": ["E00"], "level": "country", "order": "fewest", "limit": 3}, "value", "value"),
    ("rank_official", {"land_cover": ["B82"], "within": [FR], "unit": "km2", "limit": 3}, "value", "value"),
    ("profile_region", {"regions": [IT], "year": 2018}, "value", "value"),
    ("profile_region", {"regions": [FR], "land_cover": ["B00"], "year": 2018}, "value", "value"),
]  # fmt: skip
HEADLINES: list[tuple[str, Mapping[str, Any]]] = [
    ("find_points", {"regions": ["nuts:FRJ1"], "land_cover": ["B82"], "years": [2018]}),
    ("nearest_records", {"lon": 3.88, "lat": 43.61, "name": "Montpellier", "land_cover": ["B82"], "limit": 3}),
    ("compare_years", {"regions": [ES], "land_cover": ["B82"]}),
    ("compare_official", {"regions": [ES, IT], "land_cover": ["C00"], "years": [2018]}),
    ("change_official", {"regions": [SE], "land_cover": ["C00"], "year_from": 2009, "year_to": 2018}),
    ("change_official", {"regions": [FR], "land_cover": ["B82"], "year_from": 2015, "year_to": 2022}),
]


@pytest.fixture(scope="module")
def context(real_store: Store) -> Context:
    return Context.open(real_store)


def both(tool: str, arguments: Mapping[str, Any], context: Context) -> tuple[Any, Any]:
    """The verb's own result, and that of the query which its arguments and years mean."""
    result = TOOLS[tool](context, **arguments)
    query = query_of(tool, result.arguments, result.years)
    assert query
    assert Query.from_json(query.to_json()) == query
    return result, answer(query, context)


@pytest.mark.parametrize(("tool", "arguments", "theirs", "ours"), STEPS, ids=range(len(STEPS)))
def test_a_preset_has_the_verbs_rows(
    tool: str, arguments: Mapping[str, Any], theirs: str, ours: str, context: Context
) -> None:
    result, preset = both(tool, arguments, context)
    wanted = sorted(round(v, 0 if v >= 100 else 1) for v in result.table.column(theirs) if v)
    found = sorted(round(v, 0 if v >= 100 else 1) for v in preset.table.column(ours) if v)
    assert wanted
    assert found == pytest.approx(wanted, abs=0.051)


@pytest.mark.parametrize(("tool", "arguments"), HEADLINES, ids=range(len(HEADLINES)))
def test_a_preset_has_the_verbs_headline(tool: str, arguments: Mapping[str, Any], context: Context) -> None:
    result, preset = both(tool, arguments, context)
    assert (
        preset.value == result.value if result.value is None else preset.value == pytest.approx(result.value, abs=0.051)
    )


def test_a_verb_that_asks_no_table_has_no_query() -> None:
    assert query_of("define_class", {"land_cover": "B82"}) is None
    assert set(PRESETS) < set(TOOLS)
