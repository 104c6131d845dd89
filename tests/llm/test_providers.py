"""Each provider's faults end in one line that names the cause, and the rules answer. See `failures.py`."""

from __future__ import annotations

import pytest

from tests.llm.failures import FAULTS, MODELS, line_of
from tools.context import Context

SAID = {
    "wrong key": "the key was refused",
    "no quota": "the quota or the rate limit is used up",
    "context overflow": "the model's context is too small",
    "timeout": "within 0.4 s",
    "broken stream": "the connection to the model broke",
    "missing package": "pip install langchain-",
    "no server": "erver answers",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("provider", MODELS)
def test_a_fault_is_one_line_and_the_rules_answer(provider: str, fault: str, demo: Context) -> None:
    if provider != "ollama":
        pytest.importorskip({"mistral": "langchain_mistralai"}.get(provider, f"langchain_{provider}"))
    router, why = line_of(provider, fault, demo)
    if fault == "no json_schema":
        assert (router, why) == (f"schema:{MODELS[provider]}", ""), (
            "asked again without a schema, and its form is taken"
        )
        return
    assert router == f"builtin (after schema:{MODELS[provider]})"
    assert SAID[fault] in why
    assert "\n" not in why
    assert len(why) < 260
