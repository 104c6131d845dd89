"""Gradio's own warnings pass here as they do in the page's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.page.conftest import NOT_OURS, swept

__all__ = ["swept"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for rule in NOT_OURS:
                item.add_marker(pytest.mark.filterwarnings(rule))
