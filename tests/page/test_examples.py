"""The page's example questions, asked of the demo store: what it offers, it can answer."""

from __future__ import annotations

from threading import Event

import pytest

from app import Agent
from page.asking import World
from page.view import examples_of
from page.words import PAGE_LANGUAGES
from retrieval.store import Store
from tools.context import Context


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_every_example_is_answered_in_its_own_language(demo_store: Store, language: str) -> None:
    context = Context.open(demo_store)
    agent = Agent(context, "builtin", None)
    examples = examples_of(World(context, agent), language)
    assert len(examples) >= 5
    for question in examples:
        answer, _ = agent.ask(question, memory=None, selection=None, on_step=lambda step: None, cancel=Event())
        assert (answer.status, answer.language) == ("answered", language), question
        assert answer.results[0].value not in (None, 0), question
