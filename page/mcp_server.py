"""The same question as a tool of the Model Context Protocol, over standard input and output. Needs `mcp`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from page.asking import World
from retrieval.errors import BadArgument
from retrieval.foreign import plain_fault

if TYPE_CHECKING:
    from mcp.server import MCPServer

LONGEST_QUESTION = 2_000


def mcp_server(world: World) -> MCPServer:
    """Return the server with its one tool.

    Raises:
        BadArgument: the `mcp` package is not installed.
    """
    try:
        from mcp.server import MCPServer
    except ImportError as error:
        raise BadArgument("the mcp package is missing: pip install 'mcp>=2'") from error
    server = MCPServer(
        "landask", instructions="Ask about Europe's land cover and land use; figures carry their source."
    )

    def ask(question: str, selection: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask about land cover and land use in Europe: how much, where, how it changed.

        Answers from the LUCAS survey, Eurostat's published shares and a satellite classifier. Give the question in
        plain words, in English, French, German, Spanish, Italian, Portuguese, Dutch or Polish. `selection` is a
        GeoJSON polygon (longitude first, EPSG:4326) for "this region". Status `clarify` brings choices: ask again
        with one of them; `refused` says why. Every number in `text` is a cell of `results`.
        """
        if fault := plain_fault([question, selection]):
            raise BadArgument(f"the question {fault}")
        if not question.strip() or len(question) > LONGEST_QUESTION:
            raise BadArgument(f"a question has 1 to {LONGEST_QUESTION} characters")
        answer, _ = world.asker.ask(
            question, memory=None, selection=selection, on_step=lambda step: None, cancel=threading.Event()
        )
        return answer.to_json()

    server.tool(name="ask")(ask)
    return server
