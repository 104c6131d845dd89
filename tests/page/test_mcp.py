"""The tools over the Model Context Protocol, by the `mcp` package's own client through both transports."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")
import anyio
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

from app import Agent
from page.asking import World
from page.handlers import Handlers
from page.mcp_server import mcp_server
from page.serve import application
from retrieval.store import Store
from tests.page.served import Served
from tests.tokens import tokens
from tools.context import Context

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ["ask", "find_places", "find_classes", "what_exists", "query", "points", "transitions", "nearest", "classify",
         "explain_point"]  # fmt: skip
VINES = {"source": "survey", "columns": [{"name": "points", "measure": "points"}],
         "where": [{"dimension": "land_cover", "values": ["B82"]}, {"dimension": "year", "values": [2018]}],
         "rows": [{"dimension": "region", "level": "nuts2"}], "order": [{"column": "points", "way": "most"}],
         "limit": 5}  # fmt: skip
WOODED = {"source": "published", "columns": [{"name": "share", "measure": "share"}],
          "where": [{"dimension": "land_cover", "values": ["C00"]}, {"dimension": "year", "values": [2022]},
                    {"dimension": "region", "values": {"query": 1}}],
          "rows": [{"dimension": "region", "level": "nuts2"}],
          "order": [{"column": "share", "way": "most"}]}  # fmt: skip


@pytest.fixture(scope="module")
def world(demo_store: Store) -> World:
    context = Context.open(demo_store)
    return World(context, Agent(context, "builtin", None))


def through(server: Any, talk: Callable[[Client], Awaitable[Any]]) -> Any:
    """What a client comes to that is connected to a server, an address or a command."""

    async def run() -> Any:
        async with Client(server) as client:
            return await talk(client)

    return anyio.run(run)


async def most_wooded(client: Client) -> tuple[list[str], str, str]:
    """Answer "of the five regions with most vineyard points, which has most woodland" by tools alone."""
    names = [tool.name for tool in (await client.list_tools()).tools]
    first = await client.call_tool("query", VINES)
    conversation = first.structured_content["conversation"]
    second = await client.call_tool("query", {**WOODED, "conversation": conversation})
    link = next(part for part in second.content if part.type == "resource_link")
    outlines = (await client.read_resource(link.uri)).contents[0]
    return names, second.content[0].text, f"{outlines.mime_type} {outlines.text[:30]}"


def answered(found: tuple[list[str], str, str]) -> None:
    names, text, outlines = found
    assert names == TOOLS
    assert text.startswith("Most: Languedoc-Roussillon 47.2 %")
    assert "\nnuts:FRJ1,Languedoc-Roussillon,47.2\n" in text
    assert "Source: Eurostat" in text
    assert outlines.startswith('application/geo+json {"type":"FeatureCollection"')


def test_a_client_over_streamable_http_beside_the_page_answers_by_tools_alone(world: World) -> None:
    with Served(application(Handlers(world))) as served:
        answered(through(f"{served.url}/mcp/", most_wooded))


def test_a_client_over_standard_input_and_output_answers_by_tools_alone(world: World) -> None:
    command = [str(ROOT / "app.py"), "--mcp", "--router", "builtin", "--store", str(world.context.store.path)]
    answered(through(StdioServerParameters(command=sys.executable, args=command, cwd=ROOT), most_wooded))


def test_the_server_says_its_version_and_that_every_tool_only_reads(world: World) -> None:
    async def talk(client: Client) -> Any:
        return client.server_info, client.instructions, (await client.list_tools()).tools

    info, instructions, tools = through(mcp_server(world), talk)
    assert (info.name, info.version) == ("landask", "0.1.0")
    assert "conversation" in instructions
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools)
    assert all("conversation" in tool.input_schema["properties"] for tool in tools)


def test_ask_goes_on_in_its_conversation_and_its_text_is_short(world: World) -> None:
    async def talk(client: Client) -> Any:
        first = await client.call_tool("ask", {"question": "how much of Sweden was woodland in 2018?"})
        more = {"question": "and in 2015?", "conversation": first.structured_content["conversation"]}
        return first, await client.call_tool("ask", more)

    first, second = through(mcp_server(world), talk)
    assert "Sweden, 2018, woodland (C00): 62.4 %" in first.content[0].text
    assert "Sweden, 2015" in second.content[0].text
    assert second.structured_content["results"][0]["number"] > 1
    assert "FeatureCollection" not in first.content[0].text
    assert "FeatureCollection" not in str(first.structured_content)


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("ask", {"question": "where are vineyards in France?"}),
        ("ask", {"question": "share of woodland in every NUTS 2 region in 2018"}),
        ("query", {**VINES, "limit": 200}),
        ("points", {"where": VINES["where"]}),
        ("what_exists", {}),
    ],
)
def test_a_replys_text_is_under_1500_tokens(question: str, arguments: dict[str, Any], world: World) -> None:
    reply = through(mcp_server(world), lambda client: client.call_tool(question, arguments))
    assert not reply.is_error
    assert tokens(reply.content[0].text) < 1_500


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("ask", {"question": ""}, "a question has 1 to 2000 characters"),
        ("ask", {"question": "x" * 2001}, "a question has 1 to 2000 characters"),
        ("ask", {"question": "x", "conversation": "nope"}, "no such conversation"),
        ("query", {"source": "nope"}, "no source 'nope'"),
        ("answer", {"results": [1]}, "no tool 'answer'"),
        ("query", {**VINES, "where": [{"dimension": "land_cover", "values": ["B99"]}, VINES["where"][1]]}, "B99"),
    ],
)
def test_an_error_tells_its_reason(name: str, arguments: dict[str, Any], reason: str, world: World) -> None:
    reply = through(mcp_server(world), lambda client: client.call_tool(name, arguments))
    assert reply.is_error
    assert reason in reply.content[0].text


def test_resources_and_the_prompt_can_be_read_and_a_missing_one_is_named(world: World) -> None:
    async def talk(client: Client) -> Any:
        names = [str(r.uri) for r in (await client.list_resources()).resources]
        texts = [(await client.read_resource(name)).contents[0].text for name in names]
        prompt = await client.get_prompt("land-analyst", {"question": "how much woodland?"})
        with pytest.raises(MCPError, match="no resource landask://nope"):
            await client.read_resource("landask://nope")
        return names, texts, prompt.messages[0].content.text

    names, texts, prompt = through(mcp_server(world), talk)
    assert names == ["landask://sources", "landask://classes", "landask://years"]
    assert "CC BY 4.0" in texts[0]
    assert "\nB82,Vineyards," in texts[1]
    assert ",survey,2015 2018" in texts[2]
    assert prompt.endswith("The question: how much woodland?")
