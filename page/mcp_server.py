"""The data for other programs over the Model Context Protocol: the tools of `agent/surface/`, and `ask`. Needs `mcp`.

A reply's text is the sentence, the table as CSV, the caveats and the source; geometry is only linked. `conversation`
joins calls: results are numbered in it, `{"query": n}` takes what result n found, and `ask` goes on where it was.
"""

from __future__ import annotations

import json
import secrets
import threading
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.answer import Answer
from agent.render import caveats_of, render
from agent.surface.digest import MOST_ROWS, csv_of, rows_of
from agent.surface.lookups import what_exists
from agent.surface.session import Session
from agent.surface.tools import FINAL, Spec, an_object, specs
from page.asking import World
from retrieval.deadline import until
from retrieval.errors import BadArgument, LandaskError
from retrieval.foreign import plain_fault
from tools.result import Result, digest

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

LONGEST_QUESTION = 2_000
LONGEST_S = 60.0
"""Seconds of one call of a tool; `ask` has the page's own limit."""
MOST_BYTES = 3_300
"""Of a reply's text: under 1,500 tokens at the 2.4 bytes a token that o200k needs for CSV and names."""
MOST_KEPT = 200
"""Conversations, and geometries, kept for clients; the oldest goes first."""
MOST_RESULTS = 60
"""Results of one conversation."""
GEOJSON = "application/geo+json"
INSTRUCTIONS = (
    "Europe's land: LUCAS survey points, Eurostat's published shares, a satellite classifier. `ask` answers a question "
    "in words; the other tools give exact control. Copy ids from find_places and find_classes, years from what_exists. "
    'Every reply carries a `conversation`: send it again so that {"query": n} means its result n. Each figure has its '
    "source; quote it."
)
ASK = (
    "Answer a question about Europe's land in plain words, in any EU language: how much, where, how it changed. Status "
    '"clarify" brings choices: ask again with one, in the same conversation. `selection` is a GeoJSON polygon, '
    'longitude first, EPSG:4326, for "this region". Example: "How much of Greece was woodland in 2018?"'
)
ANALYST = (
    "Answer about Europe's land with the tools of landask. Look up places, classes and years before you query; put "
    "filters, differences, ratios and rankings into one query, and take rows that an earlier query found by "
    '{"query": n}. Say the figure, its unit, year, interval where there is one, caveats and source. Survey points say '
    "where and how many, published shares how much land; do not mix them. If the data cannot say it, say so."
)
RESOURCES: Mapping[str, tuple[str, str, str]] = {
    "landask://sources": ("Sources", "measures, dimensions, years, licences, what is missing", "text/plain"),
    "landask://classes": ("Classes", "land covers and land uses of LUCAS: code, name, theme, parent", "text/csv"),
    "landask://years": ("Years", "the years of each data set", "text/csv"),
}


@dataclass
class Talk:
    """One conversation of a client."""

    session: Session
    memory: Any = None
    """What `ask` remembers, as plain JSON."""
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Told:
    """What a call came to."""

    text: str
    structured: dict[str, Any]
    links: tuple[tuple[str, str], ...] = ()
    """Address and name of what can be fetched."""


class Desk:
    """Answers clients: their conversations and the geometries they may fetch."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.talks: OrderedDict[str, Talk] = OrderedDict()
        self.kept: OrderedDict[str, str] = OrderedDict()
        self.lock = threading.Lock()

    def tools(self) -> list[Spec]:
        """The tools a client may call, each with a conversation's id beside its arguments."""
        offered = [s for s in specs(self.world.context) if s.name not in FINAL]
        conversation = {"conversation": {"type": "string", "description": "id of an earlier reply, to go on from it"}}
        asked = an_object({"question": {"type": "string"}, "selection": {"type": "object"}}, "question")
        every = [Spec("ask", ASK, asked), *offered]
        return [
            Spec(s.name, s.description, {**s.parameters, "properties": {**s.parameters["properties"], **conversation}})
            for s in every
        ]

    def call(self, name: str, arguments: Mapping[str, Any], cancel: threading.Event) -> Told:
        """Call a tool.

        Raises:
            LandaskError: it cannot be called so, or the data does not answer it; the message says why.
        """
        given = dict(arguments)
        id, talk = self.talk(given.pop("conversation", None))
        with talk.lock:
            if name == "ask":
                return self.ask(id, talk, given, cancel)
            offered = [spec.name for spec in self.tools()]
            if name not in offered:
                raise BadArgument(f"no tool {name[:40]!r}; there are {', '.join(offered)}")
            if len(talk.session.results) >= MOST_RESULTS:
                raise BadArgument(f"{MOST_RESULTS} results in one conversation: begin another")
            with until(LONGEST_S, cancel):
                reply = talk.session.do(name, given)
        if reply.result is None:
            return Told(reply.text, {"conversation": id})
        return self.told(id, len(talk.session.results), reply.result)

    def talk(self, id: Any) -> tuple[str, Talk]:
        """Return the conversation of an id, a new one where none is given.

        Raises:
            BadArgument: there is none of this id.
        """
        with self.lock:
            if id in (None, ""):
                id = secrets.token_urlsafe(9)
                self.talks[id] = Talk(Session(self.world.context, grounds=None))
                while len(self.talks) > MOST_KEPT:
                    self.talks.popitem(last=False)
            elif not isinstance(id, str) or id not in self.talks:
                raise BadArgument("there is no such conversation, or it is over: leave `conversation` out to begin one")
            self.talks.move_to_end(id)
            return id, self.talks[id]

    def ask(self, id: str, talk: Talk, given: Mapping[str, Any], cancel: threading.Event) -> Told:
        """Answer a question in words."""
        question, selection = given.get("question"), given.get("selection")
        if unknown := [k for k in given if k not in ("question", "selection")]:
            raise BadArgument(f"ask has no {unknown[0]!r}; it has question, selection, conversation")
        if fault := plain_fault([question, selection]):
            raise BadArgument(f"the question {fault}")
        if not isinstance(question, str) or not question.strip() or len(question) > LONGEST_QUESTION:
            raise BadArgument(f"a question has 1 to {LONGEST_QUESTION} characters")
        answer, talk.memory = self.world.asker.ask(
            question, memory=talk.memory, selection=selection, on_step=lambda step: None, cancel=cancel
        )
        first = len(talk.session.results) + 1
        talk.session.results += answer.results[: MOST_RESULTS - len(talk.session.results)]
        links = tuple(link for r in answer.results if (link := self.link(r)))
        structured = {"conversation": id, "status": answer.status, "choices": list(answer.choices)}
        structured["results"] = [about(first + at, r) for at, r in enumerate(answer.results)]
        return Told(fitted(lambda most: text_of(answer, first, most)), structured, links)

    def told(self, id: str, number: int, result: Result) -> Told:
        """Return a result as a client reads it."""
        context = self.world.context
        sentence, caveats = render([result], "en", context), caveats_of([result], (), "en", context)

        def text(most: int) -> str:
            table = csv_of(result, most)
            return "\n\n".join(p for p in (sentence, f"res{number}:\n{table}" if table else "", *noted(caveats)) if p)

        link = self.link(result)
        return Told(fitted(text), {"conversation": id, "result": about(number, result)}, (link,) if link else ())

    def link(self, result: Result) -> tuple[str, str] | None:
        """Keep a result's geometry and return its address and name, None where it has none."""
        if not result.features or not result.features.get("features"):
            return None
        content = json.dumps(result.features, ensure_ascii=False, separators=(",", ":"), default=str)
        uri = f"landask://result/{digest(result.features)[:24]}.geojson"
        with self.lock:
            self.kept[uri] = content
            self.kept.move_to_end(uri)
            while len(self.kept) > MOST_KEPT:
                self.kept.popitem(last=False)
        return uri, f"{len(result.features['features'])} features"

    def read(self, uri: str) -> tuple[str, str]:
        """Return a resource's text and media type.

        Raises:
            BadArgument: there is none of this address, or no longer.
        """
        context = self.world.context
        if uri in self.kept:
            return self.kept[uri], GEOJSON
        if uri == "landask://sources":
            return what_exists(context), "text/plain"
        if uri == "landask://classes":
            rows = [(c.code, c.name, c.theme, c.parent or "") for c in context.nomenclature.classes.values()]
            return rows_of(("code", "name", "theme", "part_of"), rows, len(rows)), "text/csv"
        if uri == "landask://years":
            held = [(d.id, d.kind, " ".join(map(str, d.years)), d.licence) for d in context.store.datasets() if d.years]
            return rows_of(("dataset", "kind", "years", "licence"), held, len(held)), "text/csv"
        raise BadArgument(
            f"no resource {uri[:80]}; there are {', '.join(RESOURCES)} and the addresses that replies link"
        )


def about(number: int, result: Result) -> dict[str, Any]:
    """Return what a program wants of a result beside its text."""
    rows = len(result.table) if result.table else 0
    source = result.provenance
    return {
        "number": number, "value": result.value, "unit": result.unit,
        "interval": list(result.interval) if result.interval else None, "rows": rows,
        "dataset": source.dataset, "version": source.version, "licence": source.licence,
    }  # fmt: skip


def text_of(answer: Answer, first: int, most: int) -> str:
    """Return an answer in words, with its tables of more than one row."""
    tables = [
        f"res{at}:\n{csv_of(r, most)}" for at, r in enumerate(answer.results, first) if r.table and len(r.table) > 1
    ]
    choices = f"choices: {'; '.join(answer.choices)}" if answer.choices else ""
    return "\n\n".join(p for p in (answer.text, *tables, choices, *noted(answer.caveats)) if p)


def noted(caveats: tuple[str, ...]) -> list[str]:
    """Return caveats as one paragraph, none where there are none."""
    return [f"Note: {' '.join(caveats)}"] if caveats else []


def fitted(text: Callable[[int], str]) -> str:
    """Return a text with as many rows of its tables as its length allows, `MOST_ROWS` at most."""
    most = MOST_ROWS
    while most > 1 and len(text(most).encode()) > MOST_BYTES:
        most = most * 3 // 4
    whole = text(most)
    return whole if len(whole.encode()) <= MOST_BYTES else f"{whole.encode()[:MOST_BYTES].decode(errors='ignore')} …"


def version() -> str:
    """Return the program's own version."""
    project = Path(__file__).resolve().parents[1] / "pyproject.toml"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def mcp_server(world: World, at_once: int = 4) -> Server[Any]:
    """Return the server; `at_once` calls are worked on, the others wait.

    Raises:
        BadArgument: the `mcp` package is not installed.
    """
    try:
        import anyio
        import mcp_types as types
        from mcp.server.lowlevel import Server
    except ImportError as error:
        raise BadArgument("the mcp package is missing: python -m retrieval.parts mcp") from error
    desk, limiter = Desk(world), anyio.CapacityLimiter(at_once)
    reads = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

    async def in_thread(work: Callable[[threading.Event], Any]) -> Any:
        cancel = threading.Event()
        try:
            return await anyio.to_thread.run_sync(work, cancel, limiter=limiter, abandon_on_cancel=True)
        finally:
            cancel.set()

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        every = [types.Tool(name=s.name, description=s.description, input_schema=s.parameters, annotations=reads)
                 for s in desk.tools()]  # fmt: skip
        return types.ListToolsResult(tools=every)

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            told: Told = await in_thread(lambda cancel: desk.call(params.name, params.arguments or {}, cancel))
        except LandaskError as error:
            return types.CallToolResult(content=[types.TextContent(type="text", text=f"error: {error}")], is_error=True)
        links = [types.ResourceLink(type="resource_link", uri=uri, name=name, mime_type=GEOJSON)
                 for uri, name in told.links]  # fmt: skip
        content = [types.TextContent(type="text", text=told.text), *links]
        return types.CallToolResult(content=content, structured_content=told.structured)

    async def list_resources(context: Any, params: Any) -> types.ListResourcesResult:
        every = [types.Resource(uri=uri, name=name, description=what, mime_type=kind)
                 for uri, (name, what, kind) in RESOURCES.items()]  # fmt: skip
        return types.ListResourcesResult(resources=every)

    async def list_templates(context: Any, params: Any) -> types.ListResourceTemplatesResult:
        one = types.ResourceTemplate(uri_template="landask://result/{sha}.geojson", name="geometry of a result",
                                     mime_type=GEOJSON)  # fmt: skip
        return types.ListResourceTemplatesResult(resource_templates=[one])

    async def read_resource(context: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        from mcp.shared.exceptions import MCPError

        try:
            text, kind = await in_thread(lambda cancel: desk.read(str(params.uri)))
        except LandaskError as error:
            raise MCPError(-32002, str(error)) from error
        content = types.TextResourceContents(uri=str(params.uri), text=text, mime_type=kind)
        return types.ReadResourceResult(contents=[content])

    async def list_prompts(context: Any, params: Any) -> types.ListPromptsResult:
        asks = types.PromptArgument(name="question", description="what to find out", required=False)
        one = types.Prompt(name="land-analyst", description="how to answer with these tools", arguments=[asks])
        return types.ListPromptsResult(prompts=[one])

    async def get_prompt(context: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        question = (params.arguments or {}).get("question", "")
        text = f"{ANALYST}\n\nThe question: {question[:LONGEST_QUESTION]}" if question else ANALYST
        message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
        return types.GetPromptResult(messages=[message])

    return Server(
        "landask",
        version=version(),
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


async def over_stdio(world: World) -> None:
    """Serve one client over standard input and output until it leaves."""
    server = mcp_server(world)
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
