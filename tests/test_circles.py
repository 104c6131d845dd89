"""No circle of modules: what a file imports, directly or through others, never imports that file."""

from __future__ import annotations

from collections.abc import Mapping, Set
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

PACKAGES = ("agent", "tools", "retrieval", "evals", "page")


def circle(imports: Mapping[str, Set[str]]) -> list[str]:
    """Modules of which each is imported by the next and the last is the first; none where there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_a_circle_is_found_where_there_is_one():
    assert {*circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})} == {"a", "b", "c"}
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_module_imports_itself_through_others(imports: dict[str, set[str]]):
    assert len(imports) > 200
    assert circle(imports) == []


def test_plans_and_queries_stand_below_the_agent(imports: dict[str, set[str]]):
    for module in ("tools.plan", "tools.run", "retrieval.query", "retrieval.query_schema"):
        above = {other for other in imports[module] if other.partition(".")[0] in ("agent", "page", "evals")}
        assert not above, f"{module} imports {above}"
