"""Tricks upon a served page that are not of the first list: bodies, headers, files, sessions, events, other programs.

Each takes the page's address and a folder, and says whether the page took it calmly, with what it said.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import re
import socket
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.fuzz import ODD
from tests.hostile.traps import SQUARE, geojson, geopackage, shapefile, zipped

Trick = Callable[[httpx.Client, Path], tuple[bool, str]]

CALM = (200, 400, 401, 403, 404, 405, 406, 411, 413, 415, 421, 422, 426, 429, 431, 501, 503)
"""What a calm server says to what it does not want; 500 is none of it."""
NEVER = ("Traceback", "/site-packages/", "<svg/onload", "<img src=x", "\\u001b")
"""What no reply may hold: a trace of the machine, a tag of a stranger's, a terminal's escape."""
MCP = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def calm(reply: httpx.Response) -> tuple[bool, str]:
    """Whether a reply is an answer or a refusal without a trace of the machine."""
    said = reply.text[:100_000]
    leaked = re.search(r"Traceback|/site-packages/|root:x:|/home/|/root/", said)
    wrong = reply.status_code == 200 and reply.headers.get("content-type", "").startswith("application/json")
    wrong = wrong and isinstance(told := _json(said), dict) and told.get("status") == "error"
    return reply.status_code in CALM and not leaked and not wrong, f"{reply.status_code} {said[:150]}"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def asking(**body: Any) -> Trick:
    """A question to the interface."""
    return lambda page, _: calm(page.post("/api/ask", json=body))


def getting(path: str, **headers: str) -> Trick:
    """A page asked for."""
    return lambda page, _: calm(page.get(path, headers=headers))


def uploading(name: str, content: Callable[[Path], bytes], kept: bool = True) -> Trick:
    """The upload, and where it is taken the event that reads it."""

    def do(page: httpx.Client, folder: Path) -> tuple[bool, str]:
        data = content(folder)
        reply = page.post("/gradio_api/upload", files={"files": (name, data)})
        fine, said = calm(reply)
        if not fine or reply.status_code != 200:
            return fine, said
        [path] = reply.json()
        outcome = happens(page, "upload", [{"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": name}])
        return outcome[0], outcome[1]

    return do


def events(page: httpx.Client) -> list[dict[str, Any]]:
    """Return the page's events as its configuration lists them."""
    return page.get("/config").json()["dependencies"]


def happens(page: httpx.Client, name: str, first: list[Any], seconds: float = 40) -> tuple[bool, str]:
    """Whether an event ends, its first values given; the event is named by its function."""
    for event in events(page):
        if event["api_name"] == name or event.get("targets", [[0, ""]])[0][1] == name:
            return joined(page, event, first + [None] * (len(event["inputs"]) - len(first)), None, seconds)
    return False, f"the page has no event {name}"


def joined(
    page: httpx.Client, event: dict[str, Any], data: list[Any], given: Any, seconds: float = 40
) -> tuple[bool, str]:
    """Whether an event of odd values ends within its time."""
    session = f"{random.random()}"[2:13]
    body = {"fn_index": event["id"], "data": data, "session_hash": session, "event_data": given, "trigger_id": None}
    reply = page.post("/gradio_api/queue/join", json=body)
    if reply.status_code != 200:
        return calm(reply)
    until = time.monotonic() + seconds
    with page.stream("GET", f"/gradio_api/queue/data?session_hash={session}", timeout=seconds) as stream:
        for line in stream.iter_lines():
            if '"process_completed"' in line or '"close_stream"' in line:
                return not any(evil in line for evil in NEVER), line[:150]
            if time.monotonic() > until:
                break
    return False, "no end"


def raw(content: bytes, wait: float = 6) -> Trick:
    """Bytes as they are; the page closes or answers."""

    def do(page: httpx.Client, _: Path) -> tuple[bool, str]:
        heard = b""
        with socket.create_connection(("127.0.0.1", page.base_url.port or 80), 5) as own:
            own.settimeout(wait)
            try:
                own.sendall(content)
                while part := own.recv(65_536):
                    heard += part
                    if len(heard) > 2_000_000:
                        break
            except OSError:
                pass
        codes = {int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3})", heard)}
        return codes <= {*CALM} and b"root:" not in heard, f"{sorted(codes)}"

    return do


def tool(method: str, parameters: Any, number: Any = 1) -> Trick:
    """A message to the tools for other programs, in a session of its own."""

    def do(page: httpx.Client, _: Path) -> tuple[bool, str]:
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        begun = page.post("/mcp/", headers=MCP, json=message("initialize", hello, 0))
        session = {"mcp-session-id": begun.headers.get("mcp-session-id", "")}
        content = json.dumps(message(method, parameters, number)) if not isinstance(parameters, bytes) else parameters
        return calm(page.post("/mcp/", headers=MCP | session, content=content))

    return do


def message(method: str, parameters: Any, number: Any) -> dict[str, Any]:
    """A message of JSON-RPC."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}


def lying_dbf(folder: Path) -> bytes:
    """A shapefile whose table says it has two thousand million records of 60,000 bytes."""
    parts = shapefile(folder)
    parts[".dbf"] = parts[".dbf"][:4] + struct.pack("<IHH", 2**31, 65, 60_000) + parts[".dbf"][12:]
    return zipped({f"a{ending}": content for ending, content in parts.items()})


def swollen_parquet(folder: Path) -> bytes:
    """A few kilobytes that say sixty million rows of one outline."""
    file = folder / "swollen.parquet"
    outline = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000_000, pa.int8()), pa.array([b"\x01\x03"]))
    geo = {
        "version": "1.0.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}},
    }
    table = pa.table({"geometry": outline}).replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(table, file, compression="zstd")
    return file.read_bytes()


def triggered(folder: Path) -> bytes:
    """A GeoPackage with triggers, a virtual table and an extension that is asked for."""
    return geopackage(
        folder,
        "CREATE TRIGGER evil AFTER INSERT ON gpkg_contents BEGIN SELECT load_extension('/tmp/evil.so'); END",
        "CREATE VIRTUAL TABLE words USING fts5(a)",
        "INSERT INTO words VALUES (zeroblob(1000000))",
    )


def polyglot(_: Path) -> bytes:
    """GeoJSON in front, an archive of a VRT behind it."""
    return geojson() + zipped({"a.vrt": b"<OGRVRTDataSource/>", "doc.kml": b"<kml/>"})


def named(name: str) -> Callable[[Path], bytes]:
    """A GeoJSON of which features, columns and values are called so."""
    feature = {"type": "Feature", "properties": {"name": name, name: name},
               "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}  # fmt: skip
    return lambda _: json.dumps({"type": "FeatureCollection", "name": name, "features": [feature] * 2}).encode()


def of_many(number: int) -> Callable[[Path], bytes]:
    """A zip of so many empty members."""

    def make(_: Path) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for at in range(number):
                archive.writestr(f"{at}.shp", b"")
        return target.getvalue()

    return make


def link(value: Any, size: int = 0) -> str:
    """A link's answer, with so many blanks behind it."""
    content = json.dumps(value).encode() + b" " * size
    return base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")


def deep_query(depth: int) -> dict[str, Any]:
    """A plan whose one column is a sum of sums of sums."""
    column: Any = {"name": "n", "measure": "points"}
    for _ in range(depth):
        column = {"name": "n", "op": "+", "of": [column, column if depth < 12 else {"name": "m", "measure": "points"}]}
    return {"steps": [{"tool": "query", "arguments": {"source": "survey", "columns": [column]}}]}


BOX = {"type": "Polygon", "coordinates": [SQUARE]}
Q = "how many points are in this region?"
GZIPPED = gzip.compress(b'{"question": "' + b" " * 50_000_000 + b'"}')
HERE = b"Host: 127.0.0.1\r\n"

TRICKS: dict[str, Trick] = {
    "a body zipped to a thousandth": lambda page, _: calm(page.post(
        "/api/ask", content=GZIPPED, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})),
    "a question of marks that words lean on": asking(question="in of the and " * 140),
    "a question of years": asking(question="woodland " + "2018-2009, " * 170),
    "a question of halves of halves": asking(question="how much is " + "half of " * 240 + "Sweden"),
    "a question of joiners and directions": asking(question="wo\u200dod\u202eland\u2066 in Swe\ufeffden\u0301" * 40),
    "a question of brackets": asking(question="(" * 990 + "vineyard" + ")" * 990),
    "an area over both ends of the world": asking(question=Q, selection={
        "type": "Polygon", "coordinates": [[[179, 0], [-179, 0], [-179, 10], [179, 10], [179, 0]]]}),
    "an area of heights and measures": asking(question=Q, selection={
        "type": "Polygon", "coordinates": [[[*xy, 1e308, -1e308, 7] for xy in SQUARE]]}),
    "an area in areas": asking(question=Q, selection={"type": "GeometryCollection", "geometries": [
        {"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection", "geometries": [BOX]}]}] * 50}),
    "an area that names a region of the data": asking(question=Q, selection={
        "type": "Feature", "properties": {"id": "nuts:' OR 1=1 --"}, "geometry": BOX}),
    "ten thousand areas remembered": asking(question=Q, conversation={
        "areas": {f"aoi:{n}": BOX for n in range(10_000)}}),
    "a conversation that names files": asking(question="and in France?", conversation={
        "frame": {"regions": ["../../etc/passwd"], "years": [2018]}, "language": "../../etc/passwd"}),
    "keys of a prototype": asking(question=Q, __proto__={"admin": True}, constructor={"prototype": {}}),
    "languages without end": getting("/", **{"Accept-Language": "zh;q=1e309, ../../etc/passwd;q=0.9," + "x-" * 2_000}),
    "another address in the headers": getting("/gradio_api/info", **{
        "X-Original-URL": "/etc/passwd", "X-Rewrite-URL": "/admin", "X-HTTP-Method-Override": "DELETE",
        "X-Forwarded-Proto": "javascript", "Forwarded": "for=evil;host=evil.example"}),
    "a range of the whole memory": getting("/files/page.js", Range="bytes=0-18446744073709551615,-1,5-2"),
    "over-long dots": getting("/files/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd"),
    "dots of another system": getting("/files/..%5c..%5c..%5cwindows%5cwin.ini"),
    "half a character in a path": getting("/take/%ED%A0%80/%ED%BF%BF"),
    "a tile of no map": getting("/files/base/99999999999999999999/-1/NaN.pbf"),
    "a link that swells": getting("/?answer=" + link({"q": "x", "p": {"steps": []}}, 5_000_000)),
    "a link with a query in a query": getting("/?answer=" + link({"q": "x", "p": deep_query(30)})),
    "two lengths": raw(b"POST /api/ask HTTP/1.1\r\n" + HERE + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}"),
    "a length and pieces": raw(b"POST /api/ask HTTP/1.1\r\n" + HERE + b"Transfer-Encoding: xchunked, chunked\r\n"
                               b"Content-Length: 3\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n"),
    "a thousand requests at once in one connection": raw((b"GET /health HTTP/1.1\r\n" + HERE + b"\r\n") * 1_000, 3),
    "a header without an end": raw(b"GET / HTTP/1.1\r\n" + HERE + b"A: " + b"b" * 3_000_000),
    "a line folded": raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n evil.example\r\n\r\n"),
    "a socket of the web": raw(b"GET /gradio_api/queue/data HTTP/1.1\r\n" + HERE + b"Upgrade: websocket\r\n"
                               b"Connection: Upgrade\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
    "another site asks the tools": lambda page, _: calm(page.post("/mcp/", headers=MCP | {
        "Origin": "http://evil.example", "Host": "evil.example"}, json=message("initialize", {}, 0))),
    "ten thousand messages in one": tool("tools/list", json.dumps(
        [message("tools/list", {}, n) for n in range(10_000)]).encode()),
    "a message deep": tool("tools/call", b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + b"[" * 100_000),
    "a number of no size": tool("tools/call", b'{"jsonrpc":"2.0","id":1e999,"method":"tools/list"}'),
    "half a character for a tool": tool("tools/call", b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
                                        b'{"name":"ask","arguments":{"question":"\\ud800 Sweden"}}}'),
    "a tool of the language": tool("tools/call", {"name": "__import__", "arguments": {"name": "os"}}),
    "a tool with odd arguments": tool("tools/call", {"name": "query", "arguments": {
        "query": {"source": "survey'; DROP TABLE records; --", "columns": [{"name": "n", "measure": {"a": []}}]}}}),
    "a resource that is a file": tool("resources/read", {"uri": "file:///etc/passwd"}),
    "a session of nobody": lambda page, _: calm(page.post("/mcp/", headers=MCP | {"mcp-session-id": "x" * 5_000},
                                                          json=message("tools/list", {}, 1))),
    "a shapefile whose table lies": uploading("a.zip", lying_dbf),
    "a table of one outline twenty million times": uploading("a.parquet", swollen_parquet),
    "a GeoPackage that acts": uploading("a.gpkg", triggered),
    "two files in one": uploading("a.geojson", polyglot),
    "names that are tags": uploading("<img src=x onerror=alert(1)>.geojson", named("<svg/onload=alert(1)>")),
    "names that are formulas and escapes": uploading("=cmd|' /C calc'!A0.geojson", named("=HYPERLINK(1)\x1b]0;x\x07")),
    "a name of folders": uploading("../../../../tmp/evil.geojson", lambda _: geojson()),
    "a zip of twenty thousand": uploading("a.zip", of_many(20_000)),
    "coordinates as text": uploading("a.geojson", lambda _: json.dumps(
        {"type": "Polygon", "coordinates": [[[str(x), str(y)] for x, y in SQUARE]]}).encode()),
    "the same key twice": uploading("a.geojson", lambda _: b'{"type":"Polygon","type":"Topology","coordinates":[],'
                                    b'"coordinates":' + json.dumps([SQUARE]).encode() + b"}"),
}  # fmt: skip


TOLD = ("key", "feature", "point_id", "lon", "lat", "kind", "id", "name", "geometry", "talk", "board", "value", "year")
ACTS = ("open", "rename", "new", "ask", "choose", "show", "evidence", "reword")


def odd_events(page: httpx.Client, each: int, draw: random.Random) -> Iterator[tuple[str, bool, str]]:
    """Yield what became of every event of the page with odd values in the place of its own.

    Now and then a list has one of its own choices, so that the event itself meets the odd values beside it.
    """
    parts = {part["id"]: part for part in page.get("/config").json()["components"]}
    for event in events(page):
        for _ in range(each):
            data = [_one_of(parts[at], draw) for at in event["inputs"]]
            name = f"{event['id']} {event['api_name'] or event['targets'][:1]}"
            try:
                told = {key: draw.choice(ODD) for key in draw.sample(TOLD, 4)} | {"turn": 0, "act": draw.choice(ACTS)}
                yield name, *joined(page, event, data, draw.choice([draw.choice(ODD), told]))
            except httpx.HTTPError as error:
                yield name, False, repr(error)
            except (ValueError, UnicodeError):  # the client would not send it
                continue


def _one_of(part: dict[str, Any], draw: random.Random) -> Any:
    choices = part["props"].get("choices")
    if choices and draw.random() < 0.8:
        return draw.choice(choices)[1]
    if part["type"] == "state":
        return None
    return draw.choice(ODD)
