"""Which model `auto` takes, what looking for one costs, and that nothing heavy is loaded for a question without one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.__main__ import model_choice, parser
from agent.ask import ask
from agent.llm import choose
from agent.llm.choice import ModelChoice, is_strong
from agent.llm.choose import best_there, router_for
from agent.llm.errors import ModelUnavailable
from agent.llm.models import open_model
from agent.llm.status import installed, ollama_url, preferred
from agent.router import Builtin
from retrieval.errors import BadArgument
from tests.llm.ollama_protocol import OllamaServer, script
from tools.context import Context

Served = Callable[..., OllamaServer]
ROOT = Path(__file__).resolve().parents[2]
QUESTION = "woodland exceeding 40 %: tick the countries"
"""The rules do not read it, and a form can hold it."""
PLAN = {"source": "published", "measure": "share", "rows": "country", "places": [], "classes": ["C1"], "years": [],
        "column": "value", "having": ">", "number": 40, "order": "most", "answer": "rows"}  # fmt: skip


def test_without_a_server_auto_is_the_builtin_router() -> None:
    assert isinstance(router_for("auto", None), Builtin)


def test_looking_for_a_server_that_is_not_there_takes_under_50_ms_and_happens_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    start = time.perf_counter()
    assert best_there() == ""
    assert time.perf_counter() - start < 0.05
    monkeypatch.setattr(choose, "installed", lambda url: pytest.fail("looked again"))
    assert best_there() == ""


def test_auto_takes_a_servers_preferred_model_and_looks_once(
    served: Served, demo: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = served(script(PLAN), models=("nomic-embed-text:latest", "mistral:7b", "qwen3:4b"))
    monkeypatch.setenv("OLLAMA_HOST", server.url.removeprefix("http://"))
    for _ in range(2):
        answer = ask(QUESTION, demo, debug=True)
        assert answer.router == "schema:ollama:qwen3:4b"
    assert server.hits.count("/api/tags") == 1
    assert server.hits.count("/api/show") == 1


def test_a_question_whose_every_word_the_rules_read_is_put_to_no_model(served: Served, asked: Callable) -> None:
    server = served(script(PLAN))
    answer = asked("how many vineyard points are there in Spain in 2018?", server, router="tools")
    assert answer.router == "builtin"
    assert server.chats == []


@pytest.mark.parametrize(
    ("name", "strong"),
    [
        ("ollama:qwen3:4b", False),
        ("ollama:qwen3:8b", True),
        ("ollama:qwen2.5-coder-1.5b-instruct-q4_k_m", False),
        ("ollama:llama-3.1-70b-instruct", True),
        ("ollama:mistral", False),
        ("anthropic:claude-sonnet-5", True),
        ("openai:gpt-5-nano", False),
        ("openai:gpt-5", True),
        ("mistralai:ministral-latest", False),
    ],
)
def test_which_models_are_strong_by_name_and_size(name: str, strong: bool) -> None:
    assert is_strong(ModelChoice(name)) is strong
    assert is_strong(ModelChoice(name, strong="no" if strong else "yes")) is not strong


def test_a_server_that_tells_a_models_size_makes_it_strong(served: Served) -> None:
    server = served(script(PLAN), models=("mistral:latest",), parameters="7.2B")
    assert router_for("auto", ModelChoice("ollama:mistral:latest", server.url)).name.startswith("tools:")
    assert is_strong(ModelChoice("ollama:mistral"), 7.2)
    assert not is_strong(ModelChoice("ollama:mistral"), 3.8)


def test_the_preference_list_is_the_askers(served: Served) -> None:
    server = served(script(PLAN), models=("mistral:7b", "qwen3:4b"))
    choice = ModelChoice(base_url=server.url, prefer=("mistral",))
    assert router_for("auto", choice).name == "tools:ollama:mistral:7b"


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["llama3.1:8b", "qwen3:4b"], "qwen3:4b"),
        (["qwen3:0.6b", "qwen3:8b", "qwen3:4b"], "qwen3:8b"),
        (["qwen3:235b", "qwen3:4b"], "qwen3:4b"),
        (["qwen3:235b"], "qwen3:235b"),
        (["user/qwen3:4b"], "user/qwen3:4b"),
        (["gemma3:12b-it-qat", "phi4:14b"], "gemma3:12b-it-qat"),
        (["starcoder:1b"], None),
        ([], None),
    ],
)
def test_the_best_of_what_is_installed(names: list[str], best: str | None) -> None:
    assert preferred(names) == best


def test_embedding_models_are_not_asked_to_plan(served: Served) -> None:
    server = served(script(PLAN), models=("qwen3-embedding:0.6b", "bge-m3", "qwen3:4b"))
    assert installed(server.url) == ("qwen3:4b",)


def test_something_else_on_the_port_is_no_ollama(served: Served) -> None:
    server = served(script(PLAN))
    assert installed(server.url + "/elsewhere") is None


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("box.example:8080", "http://box.example:8080"),
        ("https://box.example:443", "https://box.example:443"),
    ],
)
def test_ollamas_own_variable_says_where_it_listens(variable: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", variable)
    assert ollama_url() == url


@pytest.mark.parametrize("name", ["qwen3", "nosuchprovider:model", "openai:gpt-x"])
def test_a_model_that_cannot_be_opened_says_why(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelUnavailable, match=name.partition(":")[0]):
        open_model(ModelChoice(name=name))


def test_an_openai_compatible_server_plans_too(served: Served, demo: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    server = served(script(PLAN))
    choice = ModelChoice(name="openai:local", base_url=f"{server.url}/v1")
    answer = ask(QUESTION, demo, router="schema", llm=choice, debug=True)
    assert answer.router == "schema:openai:local", answer.caveats
    assert answer.tokens is not None
    assert answer.tokens.prompt == 100
    form = server.chats[0]["response_format"]
    assert form["type"] == "json_schema"
    assert "anyOf" in form["json_schema"]["schema"]


def test_an_unknown_strategy_is_named_with_those_there_are() -> None:
    with pytest.raises(BadArgument, match="prompt, rag, agent"):
        router_for("schema", ModelChoice(strategy="luck"))


def test_the_command_line_says_which_model_and_how() -> None:
    options = parser().parse_args(
        ["ask", "q", "--llm", "ollama:phi4", "--strategy", "prompt", "--base-url", "http://x:1/", "--prefer", "a, b"]
    )
    choice = model_choice(options)
    assert choice == ModelChoice("ollama:phi4", "http://x:1", ("a", "b"), "prompt")
    assert model_choice(parser().parse_args(["ask", "q", "--llm", "ollama:phi4"])) == "ollama:phi4"
    assert model_choice(parser().parse_args(["ask", "q"])) is None


def test_looking_for_a_model_loads_nothing_heavy() -> None:
    code = (
        "import sys; from agent.llm.choose import router_for; router_for('auto', None); "
        "heavy = {'langchain', 'langchain_core', 'ollama', 'httpx', 'torch'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    environment = {"OLLAMA_HOST": "127.0.0.1:9", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("strategy", ["prompt", "rag", "agent"])
def test_each_strategy_is_checked_against_the_models_context(strategy: str, served: Served, asked: Callable) -> None:
    server = served(script(PLAN), context=700)
    answer = asked("how many vineyard points are there in Spain?", server, strategy=strategy)
    assert server.chats == []
    assert "the model's context is 700" in answer.caveats[-1]


def test_the_whole_code_book_goes_with_the_prompt_strategy(served: Served, asked: Callable) -> None:
    server = served(script({**PLAN, "classes": ["C00"]}))
    answer = asked(QUESTION, server, strategy="prompt")
    assert answer.router == "schema:ollama:qwen3:4b (prompt)", answer.caveats
    assert "A11 = " in server.chats[0]["messages"][1]["content"]


@pytest.mark.parametrize("strategy", ["prompt", "rag", "agent"])
def test_with_a_strategy_named_the_model_plans_what_the_rules_could_too(
    strategy: str, served: Served, asked: Callable
) -> None:
    server = served(script("nothing of use"))
    answer = asked("how many vineyard points are there in Spain in 2018?", server, strategy=strategy)
    assert server.chats
    assert answer.router.startswith("builtin (after ")
