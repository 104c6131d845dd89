"""A question in any of the 24 official languages is answered or refused in it, and breaks nothing."""

import pytest

from agent.ask import ask
from retrieval.store import Store
from retrieval.types import PAGE_LANGUAGES
from tests.agent.test_language import SENTENCES
from tools.context import Context

FIRST = {language: text for language, text, _ in reversed(SENTENCES) if language not in PAGE_LANGUAGES}


@pytest.fixture(scope="module")
def context(demo_store: Store) -> Context:
    return Context.open(demo_store)


@pytest.mark.parametrize("language", FIRST)
def test_a_question_is_taken_in_its_language(language: str, context: Context):
    answer = ask(FIRST[language], context, router="builtin", debug=True)
    assert answer.language == language
    assert answer.status in ("answered", "ambiguous", "refused")
