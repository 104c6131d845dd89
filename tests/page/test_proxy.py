"""The page behind a proxy that serves it under a path, and with an online base map from a server of our own."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from PIL import Image
from playwright.sync_api import Browser
from starlette.background import BackgroundTask

from page.handlers import Handlers, Options
from page.serve import application
from tests.page.seen import Seen, window
from tests.page.served import CHROMIUM, Served
from tests.page.small_world import small_world

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: .ci/browser installs one on Debian"),
]


def proxy(behind: str, path: str) -> FastAPI:
    """A reverse proxy as nginx is set up for it: takes the path off, streams, and says how it was asked."""
    app, client = FastAPI(), httpx.AsyncClient(base_url=behind, timeout=None)

    @app.get("/favicon.ico")
    def icon() -> Response:
        """The site's own: browsers ask for it beside the path."""
        return Response(status_code=204)

    @app.api_route(path + "/{rest:path}", methods=["GET", "POST", "HEAD"])
    async def pass_on(rest: str, request: Request) -> Response:
        headers = {**request.headers, "x-forwarded-proto": "http", "x-forwarded-host": request.headers["host"]}
        url = httpx.URL(path="/" + rest, query=request.url.query.encode())
        asked = client.build_request(request.method, url, headers=headers, content=await request.body())
        reply = await client.send(asked, stream=True)
        return StreamingResponse(
            reply.aiter_raw(), reply.status_code, dict(reply.headers), background=BackgroundTask(reply.aclose)
        )

    return app


@pytest.fixture(scope="module")
def proxied() -> Iterator[str]:
    behind = application(Handlers(small_world(), Options(per_minute=0)), "/land")
    with Served(behind) as page, Served(proxy(page.url, "/land")) as front:
        yield front.url + "/land"


def test_under_a_path_everything_works(browser: Browser, proxied: str) -> None:
    with window(browser, proxied) as seen, seen.watched():
        seen.load().ask("vineyard in Hérault")
        assert seen.map_settles()[-1]["kind"] == "points"
        seen.tab("take")
        with seen.page.expect_download() as download:
            seen.page.locator("#take a[href$='table.csv']").click()
        assert download.value.path().read_text("utf-8-sig").splitlines()[1].startswith("38362246")
        link = seen.page.locator("[data-act=copy]").get_attribute("data-value")
        seen.load("/" + str(link))
        assert "4 points of vineyard" in seen.page.locator(".la-turn").inner_text()
    reply = httpx.post(proxied + "/api/ask", json={"question": "vineyard"})
    assert reply.json()["status"] == "answered"
    assert httpx.get(proxied + "/health").json()["status"] == "ok"


def test_an_online_base_map_asks_its_own_server_and_no_other(browser: Browser) -> None:
    asked: list[str] = []
    tiles = FastAPI()
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), (10, 200, 30)).save(picture, "PNG")

    @tiles.get("/{z}/{x}/{y}.png")
    def tile(z: int, x: int, y: int) -> Response:
        asked.append(f"{z}/{x}/{y}")
        return Response(picture.getvalue(), media_type="image/png", headers={"access-control-allow-origin": "*"})

    with Served(tiles) as server:
        online = {"tiles": server.url + "/{z}/{x}/{y}.png", "attribution": "tiles of this test"}
        ours = application(Handlers(small_world(), Options(per_minute=0, online=online)))
        with Served(ours) as page, window(browser, page.url) as seen:
            seen.load()
            assert {url.split("/")[2] for url in seen.outside} == {server.url.split("/")[2]}
            assert seen.errors == []
            assert asked
            assert colour_in_the_sea(seen) == (10, 200, 30)
            assert "tiles of this test" in seen.page.locator(".maplibregl-ctrl-attrib").inner_text()


def colour_in_the_sea(seen: Seen) -> tuple[int, int, int]:
    """The colour of the map where no border runs, west of Brittany."""
    at = seen.page.evaluate("landask.view.map.project([-9, 47])")
    canvas = seen.page.locator(".maplibregl-canvas").bounding_box()
    assert canvas
    return seen.colour_at({"x": canvas["x"] + at["x"], "y": canvas["y"] + at["y"]})
