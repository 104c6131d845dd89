"""The chat page: reads the options, opens the store, serves. The page itself is in `page/`, the answers in `agent/`."""

from __future__ import annotations

import argparse
import atexit
import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Timer
from types import FrameType
from typing import TYPE_CHECKING, Any

from retrieval.errors import InputError, LandaskError

if TYPE_CHECKING:
    from agent.answer import Answer
    from page.asking import OnStep, World
    from page.handlers import Handlers
    from tools.context import Context

ONLINE = {
    "tiles": "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
    "attribution": "© OpenStreetMap contributors (ODbL)",
}
IDLE_S = 10.0
"""Seconds after the start in which the first page is loaded: what can wait comes then."""
BY_RULES = ("auto", "builtin")
"""Routers that ask no language model about the page's examples."""
LEAVE_S = 2.0
"""Seconds from being told to end to having ended."""


@dataclass(frozen=True)
class Agent:
    """`agent.ask` as the page asks it: a conversation's memory travels as plain JSON."""

    context: Context
    router: str
    llm: str | None
    longest_s: float = 300.0
    """Seconds one question may take."""

    def ask(
        self,
        question: str,
        *,
        memory: Any,
        selection: Mapping[str, Any] | None,
        on_step: OnStep,
        cancel: Event,
        encoder: str = "",
    ) -> tuple[Answer, Any]:
        """Answer a question and return the conversation's new memory."""
        from agent.ask import ask
        from agent.conversation import Conversation

        conversation = Conversation.from_json(memory) if memory else Conversation()
        answer = ask(
            question, self.context.asking(encoder), router=self.router, llm=self.llm, conversation=conversation,
            selection=selection, on_step=on_step, cancel=cancel, longest_s=self.longest_s,
        )  # fmt: skip
        return answer, conversation.to_json()

    def replay(
        self,
        plan: Mapping[str, Any],
        *,
        question: str,
        selection: Mapping[str, Any] | None,
        language: str = "en",
        patience: Callable[[int, int], None] | None = None,
    ) -> Answer:
        """Run a plan again, with no model; with `patience` as a job that takes as long as it takes."""
        from dataclasses import replace

        from agent.ask import run_plan
        from retrieval.types import LANGUAGES
        from tools.plan import plan_from_json

        tongue = next((known for known in LANGUAGES if known == language), "en")
        return run_plan(plan_from_json(dict(plan)), replace(self.context, patience=patience), tongue)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python app.py", description="The chat page of landask.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on; anything but loopback needs --auth or --open")
    add("--port", type=int, default=7860)
    add(
        "--store",
        type=Path,
        default=None,
        help="the store (default: $LANDASK_STORE, else the user's own, built where there is none)",
    )
    add("--router", default="auto", help="auto, builtin, schema or tools")
    add("--llm", default=None, help="PROVIDER:MODEL for the language-model routers")
    add(
        "--classifier",
        default=None,
        metavar="NAME|FILE",
        help="the satellite's encoder unless another is chosen: one at hand (`tools.pixelclip encoders`), or a file",
    )
    add("--text-tower", default=None, metavar="NAME", help="its text tower, where the file names none")
    add("--auth", type=Path, default=None, metavar="FILE", help="names and password hashes; see docs/page.md")
    add("--add-user", default=None, metavar="NAME", help="ask for a password, add it to the --auth file and end")
    add("--open", action="store_true", help="let anyone in on an address that is not loopback")
    add("--root-path", default="", metavar="PATH", help="where a proxy serves the page, as /land")
    add("--name", action="append", default=[], metavar="HOST", help="a host name the page answers to; may be repeated")
    add("--behind-proxy", action="store_true", help="believe what a proxy on this machine says of who asks")
    add("--max-concurrent", type=int, default=4, metavar="N", help="questions answered at once; the others wait")
    add("--per-minute", type=int, default=30, metavar="N", help="questions of one person in a minute; 0: no limit")
    add("--longest", type=float, default=120.0, metavar="S", help="seconds one question may take")
    add("--upload-mb", type=int, default=10, metavar="MB", help="largest region file")
    add("--mcp", action="store_true", help="serve the tools over MCP on standard input and output, not the page")
    add("--online-map", action="store_true", help="a base map from OpenStreetMap: tells it what you look at")
    return parser.parse_args(argv)


def private_folder() -> Path:
    """Make the folder uploads pass through: this user's alone, gone when the page ends, or when the next one begins."""
    from page.guards import clear_leftovers

    clear_leftovers(Path(tempfile.gettempdir()), "landask-page-")
    folder = Path(tempfile.mkdtemp(prefix="landask-page-"))
    (folder / "pid").write_text(str(os.getpid()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    return folder


def photo_folder() -> Path:
    """Where `python -m retrieval fetch photos` puts the surveyors' photos."""
    from retrieval.fetch.cache import default_cache_folder

    named = os.environ.get("LANDASK_CACHE")
    return (Path(named) if named else default_cache_folder()) / "photos"


def checked(options: argparse.Namespace) -> argparse.Namespace:
    """Refuse options that would open the page by mistake.

    Raises:
        BadArgument: listening beyond this machine with neither --auth nor --open.
    """
    from page.guards import LOOPBACK
    from retrieval.errors import BadArgument

    if options.host not in LOOPBACK and not options.auth and not options.open:
        raise BadArgument(f"--host {options.host} lets others in: give --auth FILE, or --open to let anyone in")
    if options.add_user and not options.auth:
        raise BadArgument("--add-user needs --auth FILE")
    return options


def threads_each(at_once: int) -> int:
    """How many of the processors one of so many questions at once gets: what a query shares out costs it more work."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, here // at_once)


@contextmanager
def opened_world(options: argparse.Namespace) -> Generator[World]:
    """The store opened, built first where there is none, and the agent that answers from it."""
    from page.asking import World
    from retrieval.ingest import open_or_build_default
    from tools.context import Context
    from tools.pixelclip.at_hand import at_hand

    named = options.store or (Path(os.environ["LANDASK_STORE"]) if os.environ.get("LANDASK_STORE") else None)
    threads = threads_each(options.max_concurrent)
    store = open_or_build_default(named, lambda line: print(line, file=sys.stderr), threads)
    try:
        context = Context.open(store, at_hand()).seen_by(options.classifier, options.text_tower)
        yield World(context, Agent(context, options.router, options.llm, options.longest), options.router)
    finally:
        store.close()


def serve_mcp(options: argparse.Namespace) -> None:
    """Serve the tools to a program that speaks the Model Context Protocol."""
    from retrieval.parts import need

    need("mcp")
    import anyio

    from page.mcp_server import over_stdio

    with opened_world(options) as world:
        anyio.run(over_stdio, world)


def serve(options: argparse.Namespace) -> None:
    """Serve the page until it is stopped."""
    folder = private_folder()
    # uvicorn passes the signal on when it has ended the page.
    signal.signal(signal.SIGTERM, lambda *_: leave(folder))

    import uvicorn

    from page.guards import patient_protocol
    from page.handlers import Handlers, Options
    from page.logins import Logins
    from page.serve import application

    logins = Logins.read(options.auth) if options.auth else None
    how = Options(
        max_concurrent=options.max_concurrent,
        per_minute=options.per_minute,
        upload_mb=options.upload_mb,
        longest_s=options.longest,
        photos=photo_folder(),
        online=ONLINE if options.online_map else None,
    )
    with opened_world(options) as world:
        page = Handlers(world, how)
        proxied = options.behind_proxy or bool(options.root_path)
        app = application(page, options.root_path, logins, (options.host, *options.name), proxied)

        class Server(uvicorn.Server):
            """Tells the questions on their way when it is being ended."""

            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                """End them first, and all of it soon, whatever still runs."""
                page.end()
                leave_in(LEAVE_S, folder)
                super().handle_exit(sig, frame)

        page.welcome("en")  # the first map is made before somebody waits for it
        if options.router in BY_RULES:
            later = Timer(IDLE_S, ask_examples, (page,))
            later.daemon = True
            later.start()
        # What is there by now stays: to look for garbage in it, over and over, costs a twentieth of the work.
        gc.collect()
        gc.freeze()
        print(f"landask: http://{options.host}:{options.port}{options.root_path}/", file=sys.stderr)
        config = uvicorn.Config(
            app,
            host=options.host,
            port=options.port,
            root_path=options.root_path,
            log_level="warning",
            timeout_graceful_shutdown=2,
            server_header=False,
            proxy_headers=proxied,
            http=patient_protocol(),
            limit_concurrency=1_000,
        )
        Server(config).run()


def ask_examples(page: Handlers) -> None:
    """Ask the page's examples once, unseen: word lists, tables and the classifier are then at hand for everybody."""
    for question in page.examples("en"):
        with suppress(LandaskError, ImportError):
            page.asked(question, None, None)


def leave(folder: Path) -> None:
    """End this process at once: nothing is left to be written, and to take an interpreter apart takes seconds."""
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def leave_in(seconds: float, folder: Path) -> None:
    """End this process after some seconds if it has not ended by then: C code that computes hears no signal."""
    late = Timer(seconds, leave, (folder,))
    late.daemon = True
    late.start()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the page; 2 for a bad option or store, said in one line."""
    options = arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        checked(options)
        if options.add_user:
            from page.logins import add_user

            add_user(options.auth, options.add_user)
        elif options.mcp:
            serve_mcp(options)
        else:
            serve(options)
    except (InputError, LandaskError) as error:
        print(f"landask: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
