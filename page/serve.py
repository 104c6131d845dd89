"""The page as a web application: its files, downloads, health, headers. Listens on loopback unless told otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import re
import threading
import unicodedata
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr
import orjson
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.answer import Answer
from page.exports import TYPES, file_of
from page.guards import Bodies, Full, Hosts, Turns
from page.handlers import LONGEST_QUESTION, Handlers
from page.layout import STATIC, Layout
from page.logins import Gate, Logins
from page.mcp_server import mcp_server
from page.packed import Packed
from page.parts import EARLY
from page.photos import photos_at
from page.picture import map_png
from page.tiles import RELIEF_TILES, Tiles
from retrieval.errors import LandaskError
from retrieval.parts import is_there

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

T = TypeVar("T")

THEME = gr.themes.Base(
    primary_hue="green",
    font=["system-ui", "Noto Sans", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
).set(
    button_primary_background_fill="#14532d",
    button_primary_background_fill_dark="#14532d",
    button_primary_background_fill_hover="#0b3d20",
    button_primary_background_fill_hover_dark="#1b6b3b",
    button_primary_text_color="#ffffff",
    button_primary_text_color_dark="#ffffff",
)
"""Dark green on white and white on dark green: contrast AA in light and dark."""
MOST_WAITING = 60
"""Questions of programs that wait for their turn."""
FULL = "too many questions wait already; try again in a while"
ENDED = "the page is being ended; ask again in a moment"
GRACE_S = 5.0
"""Seconds after its deadline that a question's own refusal is waited for."""
SMALLEST_ZIPPED = 1_000
"""Bytes; what is smaller goes as it is."""


def application(
    page: Handlers, root_path: str = "", logins: Logins | None = None, names: Sequence[str] = (), proxied: bool = False
) -> FastAPI:
    """Return the whole application, ready to be served.

    Args:
        page: the page's state.
        root_path: where a proxy serves it.
        logins: who may see it; anyone without.
        names: host names it answers to beside loopback's.
        proxied: whether a proxy stands before it, whose forwarded headers are believed.
    """
    tools = mcp_server(page.world, page.options.max_concurrent) if is_there("mcp") else None
    app = FastAPI(
        title="landask", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=serving(tools)
    )
    turns = Turns(page.options.max_concurrent, MOST_WAITING)
    app.add_middleware(Packed)
    app.add_middleware(Bodies, upload_bytes=page.options.upload_mb * 1024 * 1024)
    if logins:
        app.add_middleware(Gate, logins=logins)
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_ZIPPED)
    app.add_middleware(Headers, tiles=(page.options.online or {}).get("tiles", ""))
    app.add_middleware(Hosts, names=tuple(names), proxied=proxied or bool(root_path))
    datasets = len(page.world.context.store.datasets())

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Whether the page answers; the store did when it was opened."""
        return {"status": "ok", "datasets": datasets}

    @app.post(
        "/api/ask", responses={429: {"description": "too many questions in a minute"}, 503: {"description": FULL}}
    )
    async def ask(asked: Asked, request: Request) -> dict[str, Any]:
        """Ask about land cover and land use in Europe; the reply is the answer's JSON contract.

        `conversation` of the reply, sent with the next question, makes that a follow-up.
        """
        return await asked_by_program(page, asked, request, turns)

    @app.get("/take/{key}/{name}", include_in_schema=False)
    def take(key: str, name: str, request: Request) -> Response:
        return taken(page, key, name, request)

    @app.get("/job/{key}", include_in_schema=False)
    def job(key: str) -> Response:
        held = page.jobs.get(key)
        return JSONResponse(held.to_json() if held else {"status": "gone"}, headers={"Cache-Control": "no-store"})

    @app.get("/photo/{point_id}/{at}", include_in_schema=False)
    def photo(point_id: str, at: int) -> Response:
        photos = photos_at(page.options.photos, point_id)
        if not 0 <= at < len(photos):
            return PlainTextResponse("no such photo here", 404)
        return FileResponse(photos[at].file, media_type="image/jpeg")

    if tools:
        app.mount("/mcp", AtMostSoOften(over_http(tools), page))
    base, relief = Tiles(), Tiles(RELIEF_TILES)

    @app.get("/files/base/{zoom}/{x}/{y}.pbf", include_in_schema=False)
    def tile(zoom: int, x: int, y: int) -> Response:
        return tile_of(base, zoom, x, y)

    @app.get("/files/base/relief/{zoom}/{x}/{y}.webp", include_in_schema=False)
    def slopes(zoom: int, x: int, y: int) -> Response:
        content = relief.tile(zoom, x, y)
        return Response(content or b"", 200 if content else 204, FRESH, "image/webp")

    styles = without_unused((map_library() / "maplibre-gl.css").read_text(encoding="utf-8"))
    script = without_comments((STATIC / "page.js").read_text(encoding="utf-8"))

    @app.get("/files/maplibre/maplibre-gl.css", include_in_schema=False)
    def map_styles() -> Response:
        return Response(styles, media_type="text/css")

    @app.get("/files/page.js", include_in_schema=False)
    def page_script() -> Response:
        return Response(script, media_type="text/javascript")

    @app.get("/static/js/iframeResizer.contentWindow.min.js", include_in_schema=False)
    def no_frames() -> Response:
        """Gradio's script for pages that others frame; this one may not be framed."""
        return Response("", media_type="text/javascript", headers=FRESH)

    app.mount("/files/maplibre", StaticFiles(directory=map_library()))
    app.mount("/files", StaticFiles(directory=STATIC))
    blocks = Layout(page).blocks()
    blocks.queue(default_concurrency_limit=page.options.max_concurrent, max_size=200)
    served = gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=root_path or None,
        allowed_paths=[],
        show_error=False,
        max_file_size=page.options.upload_mb * 1024 * 1024,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        theme=THEME,
        css_paths=[STATIC / "page.css"],
    )
    # A browser opens six connections to a host, and each page would hold one for good: the seventh would hang.
    blocks.config["connect_heartbeat"] = False
    return served


FRESH = {"Cache-Control": "max-age=86400"}


UNUSED = re.compile(r"[^{}]*(?:geolocate|fullscreen|shrink|terrain|globe|-logo|compass-[a-z]*heading)[^{}]*\{[^{}]*\}")
"""Rules for controls that the page's map has not."""


def without_unused(styles: str) -> str:
    """The map library's style sheet without its unused controls, which are most of it.

    >>> without_unused(".a{b:c}.maplibregl-ctrl-globe{d:e}@media x{.maplibregl-ctrl-logo{f:g}}.h{i:j}")
    '.a{b:c}@media x{}.h{i:j}'
    """
    return UNUSED.sub("", styles)


def without_comments(script: str) -> str:
    """The page's script without lines of comment and without indents.

    >>> without_comments("a();\\n  // why\\n  b();")
    'a();\\nb();'
    """
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


class AtMostSoOften:
    """Lets one address through as often in a minute as the options allow."""

    def __init__(self, app: ASGIApp, page: Handlers) -> None:
        self.app, self.page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it came too soon."""
        wait = 0.0
        if scope["type"] == "http" and scope["method"] == "POST":
            wait = self.page.by_address.wait((scope.get("client") or ("",))[0])
        if wait:
            headers = {"Retry-After": str(int(wait) + 1)}
            await PlainTextResponse("too many questions", 429, headers)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def over_http(tools: Server[Any]) -> ASGIApp:
    """Return the tools over streamable HTTP; which hosts may ask is the page's own matter (`Hosts`)."""
    from mcp.server.transport_security import TransportSecuritySettings

    hosts = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    return tools.streamable_http_app(streamable_http_path="/", json_response=True, transport_security=hosts)


def serving(tools: Server[Any] | None) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    """Return what runs as long as the application does: the tools' sessions."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        if tools is None:
            yield
            return
        async with tools.session_manager.run():
            yield

    return lifespan


def tile_of(base: Tiles, zoom: int, x: int, y: int) -> Response:
    """A tile of the base map as it lies in its file; where there is none, an empty one."""
    content = base.tile(zoom, x, y)
    headers = FRESH | ({"Content-Encoding": "gzip"} if content else {})
    return Response(content or b"", media_type="application/x-protobuf", headers=headers)


class Asked(BaseModel):
    """A program's question."""

    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    selection: dict[str, Any] | None = Field(None, description='GeoJSON of "this region", lon/lat, EPSG:4326')
    conversation: dict[str, Any] | None = Field(None, description="from the answer before, for a follow-up")


async def asked_by_program(page: Handlers, asked: Asked, request: Request, turns: Turns) -> dict[str, Any]:
    """Answer a program, as often and as many at once as the options allow; no thread is held by one that waits."""
    wait = page.by_address.wait(request.client.host if request.client else "")
    if wait:
        raise HTTPException(429, "too many questions", {"Retry-After": str(int(wait) + 1)})

    async def work() -> tuple[Answer, Any]:
        return await in_thread(
            page, lambda cancel: page.asked(asked.question, asked.conversation, asked.selection, cancel)
        )

    try:
        answer, memory = await turns.take(work)
    except Full:
        raise HTTPException(503, FULL, {"Retry-After": "5"}) from None
    except Ended:
        raise HTTPException(503, ENDED, {"Retry-After": "10"}) from None
    except TimeoutError:
        raise HTTPException(503, f"the question took more than {page.options.longest_s:g} s") from None
    except LandaskError as error:
        raise HTTPException(422, str(error)) from None
    return {**answer.to_json(), "conversation": memory}


class Ended(Exception):
    """The page is being ended."""


async def in_thread(page: Handlers, work: Callable[[threading.Event], T]) -> T:
    """Return what work comes to that is done in a thread of its own.

    Nobody waits for the thread longer than a question may take, or than the page lives.

    Raises:
        TimeoutError: it took longer; the thread is told to stop.
        Ended: the page is being ended.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    cancel = threading.Event()

    def tell(setter: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            setter(value)

    def run() -> None:
        try:
            value = work(cancel)
        except Exception as error:
            say(done.set_exception, error)
        else:
            say(done.set_result, value)

    def say(setter: Callable[[Any], None], value: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            loop.call_soon_threadsafe(tell, setter, value)

    def end() -> None:
        cancel.set()
        say(done.set_exception, Ended())

    if page.ending:
        raise Ended
    page.at_end.add(end)
    threading.Thread(target=run, name="asking", daemon=True).start()
    try:
        return await asyncio.wait_for(done, page.options.longest_s + GRACE_S)
    finally:
        cancel.set()
        page.at_end.discard(end)


def map_library() -> Path:
    """Where the `maplibre` package keeps MapLibre's script; found without running the package."""
    spec = find_spec("maplibre")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the maplibre package is missing: install the project's dependencies")
    return Path(spec.origin).parent / "srcjs"


def taken(page: Handlers, key: str, name: str, request: Request) -> Response:
    """A layer for the map, or a file to take away."""
    held = page.shelf.get(key) or page.welcomes.get(key.removeprefix("welcome-"))
    if held is None:
        return PlainTextResponse("this answer is no longer held: ask again", 404)
    stem, _, ending = name.rpartition(".")
    if stem.startswith("layer-") and stem[6:].isdigit() and int(stem[6:]) < len(held.drawing.layers):
        layer = held.drawing.layers[int(stem[6:])]
        if ending == "png":
            return Response(layer.image, media_type="image/png")
        collection = {"type": "FeatureCollection", "features": layer.features}
        return zipped(collection | ({"indicator": layer.indicator} if layer.indicator else {}), request)
    if stem.startswith("map-") and stem[4:].isdigit() and int(stem[4:]) in held.drawing.shaded():
        content, name = map_png(held.drawing.showing(int(stem[4:])), held.question), "map.png"
    else:
        content = file_of(held, name)
    if content is None:
        return PlainTextResponse("this answer has no such file", 404)
    saved_as = f"landask-{slug(held.question)}-{Path(name).name}"
    return Response(
        content, media_type=TYPES[name], headers={"Content-Disposition": f'attachment; filename="{saved_as}"'}
    )


def slug(question: str) -> str:
    """A question as a part of a file's name: a few words in plain letters.

    >>> slug("Wie viel Wald hat Österreich, 2018?")
    'wie-viel-wald-hat-osterreich-2018'
    """
    plain = unicodedata.normalize("NFKD", question.lower()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain)[:8])[:60] or "answer"


def zipped(value: Any, request: Request) -> Response:
    """JSON, packed where the browser takes it so."""
    content = orjson.dumps(value, default=plain, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(content, media_type="application/geo+json")
    return Response(packed(content), media_type="application/geo+json", headers={"Content-Encoding": "gzip"})


@lru_cache(maxsize=40)
def packed(content: bytes) -> bytes:
    """What is drawn, packed; the first map and what many ask for once for all."""
    return gzip.compress(content, 5)


def plain(value: Any) -> Any:
    """What JSON has no word for: a read-only mapping as a mapping, all else as text."""
    return dict(value) if isinstance(value, Mapping) else str(value)


class Headers:
    """Adds headers that keep the page to itself: no other host is asked, no other site may frame it."""

    def __init__(self, app: ASGIApp, tiles: str = "") -> None:
        host = " " + "/".join(tiles.split("/")[:3]) if tiles else ""
        policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
            "style-src 'self' 'unsafe-inline'; font-src 'self' data:; worker-src 'self' blob:; "
            f"img-src 'self' data: blob:{host}; connect-src 'self' blob: data:{host}; "
            "frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"
        )
        self.app = app
        self.headers = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to the reply's first message."""

        first = scope.get("path") == "/"

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if first:
                    headers["link"] = EARLY
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, adding)
