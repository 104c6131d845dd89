"""`python -m agent`: ask one question, many, or talk. Prints; decides nothing about the land.

Nothing heavy is imported before it is needed: a question on a built store answers within seconds of the start.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from retrieval.parts import need

if TYPE_CHECKING:
    from agent.answer import Answer
    from tools.context import Context

from retrieval.printing import one_line, plain_json, printable_streams

DESCRIPTION = """\
Ask about Europe's land in your own words, in English, French, German, Spanish, Italian, Portuguese, Dutch or Polish.

  python -m agent ask "where is vineyard in Hérault?"
  python -m agent ask "how much of Sweden was woodland in 2018" --json
  python -m agent ask "montre les oliviers en Corse" --save out/
  python -m agent batch questions.jsonl --out answers.jsonl --jobs 2
  python -m agent chat
  python -m agent replay out/plan.json
"""
EXITS = "Exit codes: 0 answered or asked back, 3 refused by the data, 2 bad input, 1 a fault in the program."
EXIT_OF = {"answered": 0, "clarify": 0, "refused": 3, "error": 1}
TABLE_ROWS = 10
ROUTERS = ("auto", "builtin", "schema", "tools")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    from retrieval.errors import DataError, InputError, LandaskError

    printable_streams()
    options = parser().parse_args(argv)
    options.llm = model_choice(options)
    try:
        return options.run(options)
    except DataError as error:
        return fail(error, 3)
    except InputError as error:
        return fail(error, 2)
    except LandaskError as error:
        return fail(error, 2)
    except BrokenPipeError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except OSError as error:
        named = [str(part) for part in (error.filename, error.strerror) if part]
        return fail(OSError(": ".join(named) or str(error)), 2)
    except Exception as error:
        if options.debug:
            raise
        print(f"error: a fault in the program ({type(error).__name__}); run again with --debug", file=sys.stderr)
        return 1


def fail(error: Exception, code: int) -> int:
    """Print one line on stderr and return the exit code."""
    print(f"error: {one_line(str(error))}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    form = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(prog="python -m agent", description=DESCRIPTION, epilog=EXITS, formatter_class=form)
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    one = commands.add_parser("ask", help="answer one question", epilog=EXITS)
    one.add_argument("question", help="the question, in quotes; - reads it from standard input")
    common(one)
    one.add_argument("--json", action="store_true", help="print the whole answer as one JSON object")
    one.add_argument("--save", type=Path, metavar="DIR", help="write GeoJSON, CSV, GeoParquet, a PNG map and the plan")
    one.add_argument("--selection", type=Path, metavar="FILE", help="a map file of the area that “this region” means")
    one.add_argument("--no-map", action="store_true", help="draw no map")
    one.add_argument(
        "--show", choices=("rest", "graphql"), help="land deals: also the plan as landmatrix.org writes it"
    )
    one.set_defaults(run=ask_one)

    many = commands.add_parser("batch", help="answer a file of questions", epilog=EXITS)
    many.add_argument(
        "input", type=Path, help='JSONL of {"id", "question"} or {"id", "turns"}, or CSV with id, question'
    )
    many.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSONL; goes on where it stopped")
    many.add_argument("--jobs", type=int, default=1, metavar="N", help="questions answered at once (default: 1)")
    many.add_argument("--quiet", action="store_true", help="no progress bar")
    common(many)
    many.set_defaults(run=answer_many)

    talk = commands.add_parser("chat", help="talk: questions follow on each other", epilog=EXITS)
    common(talk)
    kept = talk.add_mutually_exclusive_group()
    kept.add_argument("--resume", metavar="ID", help="go on with an earlier conversation; last takes the latest")
    kept.add_argument("--list", action="store_true", help="list the conversations kept on this computer")
    kept.add_argument("--delete", metavar="ID", help="delete one for good")
    kept.add_argument(
        "--forget", action="store_true", help="keep nothing (piped questions are kept only with --threads)"
    )
    talk.add_argument("--threads", type=Path, metavar="FILE", help="where conversations are kept (default: the user's)")
    talk.set_defaults(run=chat)

    again = commands.add_parser("replay", help="run a saved plan again; the same store gives the same bytes")
    again.add_argument("plan", type=Path, help="plan.json, as written by --save")
    common(again)
    again.set_defaults(run=replay)

    return top


def common(command: argparse.ArgumentParser) -> None:
    """Add the options every command has."""
    command.add_argument(
        "--store", type=Path, metavar="PATH", help="the store (default: $LANDASK_STORE, else the user's)"
    )
    command.add_argument(
        "--router", default="auto", choices=ROUTERS, help="who plans: rules, a language model, or the best there is"
    )
    command.add_argument("--llm", metavar="PROVIDER:MODEL", help="the language model of schema and tools")
    model = command.add_argument_group("language model", "see docs/language-models.md")
    model.add_argument("--strategy", choices=("prompt", "rag", "agent"), help="how the model is used, for comparison")
    model.add_argument("--base-url", default="", metavar="URL", help="the model's server (default: its usual address)")
    model.add_argument(
        "--prefer", default="", metavar="NAMES", help="Ollama's models in order of preference: qwen3,phi4"
    )
    model.add_argument("--timeout", type=float, metavar="S", help="seconds a model may plan (default: 120)")
    model.add_argument("--context", type=int, metavar="TOKENS", help="the model's context (default: 24576)")
    model.add_argument(
        "--strong", choices=("auto", "yes", "no"), help="whether the model gets the tools: by name and size, or as said"
    )
    command.add_argument(
        "--classifier", metavar="NAME|FILE",
        help="the satellite's encoder: one at hand (`tools.pixelclip encoders`), or a file of weights",
    )  # fmt: skip
    command.add_argument("--text-tower", metavar="NAME", help="its text tower, where the file names none")
    command.add_argument("--debug", action="store_true", help="show a fault as a traceback")


def model_choice(options: argparse.Namespace) -> Any:
    """Return which language model is wanted and how; just its name where nothing more was said."""
    from agent.llm.choice import CONTEXT_TOKENS, PREFERENCES, TIMEOUT_S, ModelChoice

    name = getattr(options, "llm", None)
    named = [getattr(options, n, None) for n in ("strategy", "base_url", "prefer", "timeout", "context", "strong")]
    if not any(named):
        return name
    return ModelChoice(
        name=name or "",
        base_url=options.base_url.rstrip("/"),
        prefer=tuple(p.strip() for p in options.prefer.split(",") if p.strip()) or PREFERENCES,
        strategy=options.strategy or "",
        timeout_s=options.timeout or TIMEOUT_S,
        context_tokens=options.context or CONTEXT_TOKENS,
        strong=options.strong or "auto",
    )


def opened(options: argparse.Namespace) -> Context:
    """Open the named store; the bundled one is built first where none was named and none is there."""
    from retrieval.store import OldStore, Store, default_store_path
    from tools.context import Context
    from tools.pixelclip.at_hand import at_hand

    bring_models(options)
    named = options.store or (Path(os.environ["LANDASK_STORE"]) if os.environ.get("LANDASK_STORE") else None)
    path = named or default_store_path()
    try:
        context = Context.open(Store.open(path)) if named or path.exists() else built(path)
    except OldStore:
        if named:
            raise
        context = built(path)
    context = replace(context, encoders=at_hand(), bring=need)
    return context.seen_by(options.classifier, options.text_tower)


def built(path: Path) -> Context:
    """Build the bundled store and open it."""
    from retrieval.ingest import open_or_build_default
    from tools.context import Context

    print("building the bundled store, once …", file=sys.stderr)
    return Context.open(open_or_build_default(path))


def bring_models(options: argparse.Namespace) -> None:
    """Bring what a language model needs where one is named, or a server offers one."""
    from agent.llm.choice import PREFERENCES
    from agent.llm.choose import best_served
    from agent.llm.status import ollama_url

    router = getattr(options, "router", "builtin")
    asked = getattr(options, "llm", None) or router in ("schema", "tools")
    if asked or (router == "auto" and best_served(ollama_url(), PREFERENCES)):
        need("models")


# --- ask -------------------------------------------------------------------------------------------------------------


def ask_one(options: argparse.Namespace) -> int:
    """Answer one question."""
    from agent.areas import with_areas
    from agent.ask import ask
    from agent.conversation import Conversation
    from retrieval.errors import BadArgument

    question = sys.stdin.read() if options.question == "-" else options.question
    if not question.strip():
        raise BadArgument("the question is empty")
    selection = read_selection(options.selection) if options.selection else None
    if selection is not None:
        need("files")
        from agent.areas import selected_area

        selected_area(selection)  # a bad file is bad input, told before anything else is done
    context, conversation = opened(options), Conversation()
    answer = ask(
        question,
        context,
        router=options.router,
        llm=options.llm,
        conversation=conversation,
        selection=selection,
        debug=options.debug,
    )
    context = with_areas(context.in_language(answer.language), conversation.areas)
    if options.save and answer.status == "answered":
        need("files")
        from agent.export import save

        saved = save(answer, options.save, context)
    else:
        saved = []
    if options.json:
        print(plain_json(json.dumps(answer.to_json(), ensure_ascii=False, default=str)))
    else:
        show(answer, context, saved, draw=not options.no_map)
        show_notation(answer, options.show)
    return EXIT_OF[answer.status]


def show_notation(answer: Answer, name: str | None) -> None:
    """Print the plan of land deals in another notation."""
    from agent.deals.notation import notations
    from agent.deals.saying import notation_text

    if name:
        found = [made for kind, made in notations(answer.plan) if kind == name]
        print("\n" + "\n".join(notation_text(name, made, answer.language) for made in found[:1] or [None]))


MOST_SELECTION_BYTES = 5_000_000


def read_selection(file: Path) -> dict[str, Any]:
    """Return the features of a map file that have a geometry, as GeoJSON in degrees.

    Raises:
        BadFile: it cannot be read, is too large, or is no map.
    """
    from retrieval.errors import BadFile
    from retrieval.map_files import STRANGER, read_map_file

    if file.is_file() and file.stat().st_size > MOST_SELECTION_BYTES:
        raise BadFile(f"{file} has over {MOST_SELECTION_BYTES // 1_000_000} MB; simplify the area first")
    drawn = read_map_file(file, STRANGER).features
    ids = drawn["id"] if "id" in drawn.columns else [None] * len(drawn)
    features = [
        {"type": "Feature", "properties": {"id": id} if isinstance(id, str) else {}, "geometry": _geojson_of(shape)}
        for id, shape in zip(ids, drawn.geometry, strict=True)
        if shape is not None and not shape.is_empty
    ]
    if not features:
        raise BadFile(f"{file}: there is no area in it")
    return {"type": "FeatureCollection", "features": features}


def _geojson_of(shape: Any) -> dict[str, Any]:
    import shapely

    return json.loads(shapely.to_geojson(shape))


def content_of(file: Path, most: int) -> bytes:
    """Return the bytes of a regular file, not more than so many.

    Raises:
        BadFile: it is none, cannot be read, or is larger.
    """
    from retrieval.errors import BadFile

    try:
        if file.exists() and not file.is_file():
            raise BadFile(f"{file} is no regular file")
        with file.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise BadFile(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > most:
        raise BadFile(f"{file} has over {most // 1_000_000} MB")
    return content


def show(answer: Answer, context: Context, saved: Sequence[Path], *, draw: bool) -> None:
    """Print an answer for a person: sentence, what to know, a small table, where the map is."""
    print(answer.text)
    for caveat in answer.caveats:
        print(f"  · {caveat}")
    if answer.job:
        print("  · docs/pixelclip.md, “Whole maps”, says how to start it.")
    for at, choice in enumerate(answer.choices, 1):
        print(f"  {at}) {choice}")
    if answer.results:
        print()
        print_table(answer.results[0])
    for file in saved:
        print(f"saved {file}")
    if draw and not saved and (file := quick_map(answer, context)):
        print(f"map: {file}")


def print_table(result: Any) -> None:
    """Print the first rows of a result's table."""
    if not result.table or not result.table.rows:
        return
    hidden = {"region_id", "land_use_name", "status", "flag"} if len(result.table.columns) > 7 else set()
    columns = [c for c in result.table.columns if c not in hidden]
    rows = [["" if row[c] is None else str(row[c])[:28] for c in columns] for row in result.table.dicts()]
    widths = [max(len(c), *(len(r[at]) for r in rows[:TABLE_ROWS])) for at, c in enumerate(columns)]
    for line in [columns, *rows[:TABLE_ROWS]]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    if len(rows) > TABLE_ROWS:
        print(f"  … {len(rows) - TABLE_ROWS} more rows (--json or --save DIR has them)")


def quick_map(answer: Answer, context: Context) -> Path | None:
    """Draw the first result's map as SVG beside the user's data, and return the file."""
    from agent.export import first_line, source_line
    from agent.maps import scene_of, svg_map
    from tools.result import digest

    for at, result in enumerate(answer.results):
        scene = scene_of(result, context, first_line(answer, at), source_line(result, answer.language))
        if scene is None:
            continue
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("landask", appauthor=False)) / "maps"
        file = folder / f"{digest([result.tool, result.arguments])[:12]}.svg"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(svg_map(scene), encoding="utf-8")
        except OSError:
            return None
        return file
    return None


# --- batch, chat, replay ---------------------------------------------------------------------------------------------


def answer_many(options: argparse.Namespace) -> int:
    """Answer a file of questions."""
    from agent.batch import run_batch

    return run_batch(options, opened)


def chat(options: argparse.Namespace) -> int:
    """Talk until an empty line's end of file."""
    from agent.ask import ask
    from agent.conversation import Conversation
    from agent.threads import Threads, default_path, new_id

    threads = Threads(options.threads or default_path())
    if options.list or options.delete:
        return tend(threads, options.delete)
    thread = options.resume or new_id()
    if thread == "last":
        thread = next((kept.id for kept in threads.every()), thread)
    conversation = threads.load(thread) if options.resume else Conversation()
    with suppress(ImportError):
        import readline  # noqa: F401 - gives input() a history
    context = opened(options)
    asked_from_terminal = sys.stdin.isatty()
    keep = not options.forget and bool(asked_from_terminal or options.resume or options.threads)
    if asked_from_terminal:
        print("Ask about Europe's land; /new forgets what was said, /quit ends.", file=sys.stderr)
    while True:
        try:
            question = input("> " if asked_from_terminal else "").strip()
        except EOFError:
            return 0
        if question in ("/quit", "/exit"):
            return 0
        if question == "/new":
            thread, conversation = new_id(), Conversation()
        elif question:
            answer = ask(
                question,
                context,
                router=options.router,
                llm=options.llm,
                conversation=conversation,
                debug=options.debug,
            )
            if keep:
                threads.save(thread, conversation)
            show(answer, context, [], draw=asked_from_terminal)


def tend(threads: Any, delete: str | None) -> int:
    """List the conversations that are kept, or delete one."""
    if delete:
        threads.delete(delete)
        print(f"deleted {delete}")
        return 0
    for kept in threads.every():
        print(f"{kept.id}  {kept.changed}  {kept.turns:>3} questions  {kept.title}")
    return 0


def replay(options: argparse.Namespace) -> int:
    """Run a saved plan again and print its results without what differs from run to run."""
    from agent.ask import run_plan
    from agent.conversation import known_language
    from retrieval.errors import BadFile
    from retrieval.foreign import read_json
    from tools.plan import canonical, plan_from_json

    value = read_json(content_of(options.plan, MOST_SELECTION_BYTES), str(options.plan), MOST_SELECTION_BYTES, BadFile)
    plan = plan_from_json(value)
    answer = run_plan(plan, opened(options), known_language(value.get("language")) or "en")
    lasting = {k: v for k, v in answer.to_json().items() if k not in ("seconds", "steps", "tokens", "router")}
    print(plain_json(canonical(lasting)))
    return 0


def end_when_told() -> None:
    """Let SIGTERM end a running question at once with a sentence, also while C code computes, which hears no signal."""
    from retrieval.deadline import WATCH

    told, tell = os.pipe()
    os.set_blocking(tell, False)

    def wait() -> None:
        while os.read(told, 1)[0] != signal.SIGTERM:
            pass
        with suppress(OSError, ValueError):
            print("stopped: the question was ended before its answer", file=sys.stderr, flush=True)
        os._exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(target=wait, name=WATCH, daemon=True).start()


def leave(code: int) -> NoReturn:
    """End the process with an exit code, once all is said: an interpreter taken apart can trip over C++ threads.

    What cannot be written at the last is told, with exit code 2.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except (OSError, ValueError) as error:
        code = code or fail(error, 2)
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    gc.set_threshold(100_000)  # tables of words are no garbage: to look for some in them costs a sixth of the start
    end_when_told()
    leave(main())
