"""The page served from a small world, and the browser it is looked at with."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

from agent.answer import Answer
from page.asking import World
from page.handlers import Handlers, Options
from page.serve import application
from retrieval.store import Store
from tests.page.patient import Patient
from tests.page.seen import Seen, window
from tests.page.served import CHROMIUM, FLAGS, Served
from tools.context import Context

NOT_OURS = (
    "ignore::pandas.errors.Pandas4Warning",
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
"""Gradio sums up its queue with options pandas is about to drop, and leaves event loops open: not ours to mend."""
expect.set_options(timeout=30_000)
"""Milliseconds: as patient as every other wait, for a busy machine is no fault of the page."""
VINEYARDS = "Where is vineyard in Languedoc-Roussillon in 2018?"
ARTIFACTS = Path(__file__).parents[1] / "artifacts"


@pytest.fixture(scope="session")
def handlers(demo_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Handlers:
    """The page's handlers before the real agent, on the store of a fresh clone, with one photo of a real point."""
    photos = tmp_path_factory.mktemp("photos")
    context = Context.open(demo_store)
    world = World(context, Patient(context, "builtin", None), "auto")
    handlers = Handlers(world, Options(per_minute=0, photos=photos))
    answer, _ = handlers.asked(VINEYARDS, None, None)
    Image.new("RGB", (8, 6), "green").save(photos / f"2018_FR_{first_point(answer)}N.jpg")
    return handlers


def first_point(answer: Answer) -> str:
    """The first point an answer is about."""
    table = answer.results[0].table
    assert table
    return str(table.column("point_id")[0])


@pytest.fixture(scope="session")
def served(handlers: Handlers) -> Iterator[Served]:
    with Served(application(handlers)) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for one file: Playwright keeps an event loop running, which other files' own loops would trip over."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def artifacts() -> Path:
    (ARTIFACTS / "looks").mkdir(parents=True, exist_ok=True)
    return ARTIFACTS


@pytest.fixture(scope="module")
def one_page(browser: Browser, served: Served) -> Iterator[Seen]:
    """One loaded page for all tests of a file that need no page of their own."""
    with window(browser, served.url) as page:
        yield page


@pytest.fixture
def seen(one_page: Seen, artifacts: Path, request: pytest.FixtureRequest) -> Iterator[Seen]:
    """The page of this file; what a test saw last is kept as a picture."""
    with one_page.watched():
        try:
            yield one_page
        finally:
            name = re.sub(r"\W+", "-", request.node.name).strip("-")
            with suppress(TooLate):  # a busy machine may miss a picture; no promise hangs on it
                one_page.page.screenshot(path=artifacts / "looks" / f"{name}.png", timeout=10_000)


@pytest.fixture(autouse=True, scope="module")
def swept() -> Iterator[None]:
    """Gradio's open loops are collected while their warnings still pass, not in another folder's test."""
    yield
    gc.collect()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let Gradio's own warnings pass in this folder's tests."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for rule in NOT_OURS:
                item.add_marker(pytest.mark.filterwarnings(rule))
