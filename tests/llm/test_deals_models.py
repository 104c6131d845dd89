"""Land deals put to a model in three ways: what it is offered, what it may not write, and who planned in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.answer import Answer
from agent.ask import ask
from agent.llm.choice import ModelChoice
from agent.llm.deals import offered, plan_from
from agent.llm.errors import BadPlan
from retrieval.deal_files import read_deals
from retrieval.ingest import Contents, write_store
from retrieval.store import Store
from tests.deal_places import town, world
from tests.llm.ollama_protocol import OllamaServer, Reply, script
from tools.context import Context

SAMPLE = Path(__file__).parents[1] / "data" / "landmatrix" / "export_sample"
QUESTION = "How many deals in Romania grow sunflower?"
RIGHT: dict[str, Any] = {"act": "count", "where": {"place": ["country:RO"], "crop": ["SUN"]}}
Served = Callable[..., OllamaServer]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    path = tmp_path_factory.mktemp("deals") / "s.duckdb"
    write_store(path, Contents(None, (world(),), town(), (), deals=read_deals(SAMPLE)))
    with Store.open(path) as store:
        yield Context.open(store)


def asked(server: OllamaServer, context: Context, router: str = "schema", strategy: str = "rag") -> Answer:
    llm = ModelChoice(name="ollama:qwen3:4b", base_url=server.url, timeout_s=60.0, strategy=strategy,
                      context_tokens=16_384)  # fmt: skip
    return ask(QUESTION, context, router=router, llm=llm, debug=True)


@pytest.mark.parametrize("strategy", ["rag", "prompt"])
def test_a_model_writes_labels_and_the_same_writer_makes_the_query(
    strategy: str, served: Served, context: Context
) -> None:
    server = served(script(RIGHT))
    answer = asked(server, context, strategy=strategy)
    assert "builtin" not in answer.router
    assert answer.results[0].value == 2
    where = server.chats[0]["format"]["properties"]["where"]["properties"]
    crops = where["crop"]["items"]["enum"]
    assert (len(crops) > 80) is (strategy == "prompt")
    assert "SUN" in crops


def test_the_loop_calls_the_registry_and_its_last_call_is_the_plan(served: Served, context: Context) -> None:
    wrong = {"act": "count", "where": {"place": ["country:RO"], "crop": ["WHEAT"]}}
    calls = [Reply(tool_calls=[{"name": "deals", "arguments": one}]) for one in (wrong, RIGHT)]
    server = served(script(*calls, "res1"))
    answer = asked(server, context, router="tools", strategy="agent")
    assert "builtin" not in answer.router
    assert answer.results[0].value == 2
    assert "was not offered" in str(server.chats[1]["messages"])


def test_a_faulty_plan_goes_back_and_after_that_the_rules_answer(served: Served, context: Context) -> None:
    server = served(script({"act": "count", "where": {"crop": ["SUN"]}}, RIGHT))
    assert "builtin" not in asked(server, context).router
    assert "country:RO" in str(server.chats[1]["messages"])
    never = served(script("sunflower!"))
    answer = asked(never, context)
    assert answer.router.startswith("builtin")
    assert answer.results[0].value == 2


@pytest.mark.parametrize(
    "reply",
    [
        "no json",
        {"act": "forecast", "where": {}},
        {"act": "count", "where": {"crop": ["OPL"], "place": ["country:RO"]}},
        {"act": "count", "where": {"crop": [["SUN"]], "place": ["country:RO"]}},
        {"act": "count", "where": "Romania"},
        {"act": "list", "where": {"place": ["country:RO"]}, "limit": 7},
        {"act": "list", "where": {"place": ["country:RO"]}, "year_from": 1999},
        {"act": "rows", "where": {"place": ["country:RO"]}},
        {"act": "rows", "by": "owner", "where": {"place": ["country:RO"]}},
    ],
)
def test_nothing_that_was_not_offered_comes_into_a_plan(reply: Any, context: Context) -> None:
    with pytest.raises(BadPlan):
        plan_from(reply, offered(QUESTION, context, whole=False))


def test_what_is_offered_from_the_whole_book_has_groups_and_sizes_that_look_like_years(context: Context) -> None:
    question = "concluded deals between 500 and 2000 hectares before 2008"
    for whole in (True, False):
        found = offered(question, context, whole=whole)
        assert (found.years, found.numbers) == ((2008,), (500.0, 2000.0))
        assert "CONCLUDED" in found.codes["negotiation"]
    plan = plan_from({"act": "list", "where": {}, "year_below": 2008, "size_from": 500, "size_to": 2000}, found)
    where = plan.steps[0].arguments["where"]
    assert [(one["dimension"], one["op"], one["values"]) for one in where] == [
        ("year", "below", [2008]),
        ("size", "between", [500, 2000]),
    ]
