"""The agent's worlds: the bundled demo store and, where the data is, the real one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agent.answer import Answer
from agent.ask import ask
from agent.conversation import Conversation
from retrieval.store import Store
from tools.context import Context

Asker = Callable[..., Answer]


@pytest.fixture(scope="session")
def demo(demo_store: Store) -> Context:
    return Context.open(demo_store)


@pytest.fixture(scope="session")
def real(real_store: Store) -> Context:
    return Context.open(real_store)


@pytest.fixture(scope="session")
def asked(demo: Context) -> Asker:
    """Ask the demo world; a bug is a traceback."""

    def one(question: str, conversation: Conversation | None = None, **more: object) -> Answer:
        return ask(question, demo, router="builtin", conversation=conversation, debug=True, **more)  # type: ignore[arg-type]

    return one
