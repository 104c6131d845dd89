"""Many questions from a file, their answers a line each. One bad line does not stop the rest; a stopped run goes on."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from agent.answer import Answer
from agent.ask import ask
from agent.cases import Case, read_cases
from agent.conversation import Conversation
from retrieval.errors import BadArgument, BadFile, InputError, LandaskError
from retrieval.foreign import read_json
from tools.context import Context

MOST_JOBS = 64
LONGEST_LINE = 200_000_000
"""Bytes of one answer's line."""
UNREAD = "in lines that could not be read"


def run_batch(options: argparse.Namespace, opened: Callable[[argparse.Namespace], Context]) -> int:
    """Answer every case not yet answered and return the exit code: 1 if there was a bug, 2 if no line could be read.

    Raises:
        BadFile: the input cannot be read at all.
        BadArgument: a number of jobs that makes no sense.
    """
    if not 1 <= options.jobs <= MOST_JOBS:
        raise BadArgument(f"--jobs {options.jobs}: between 1 and {MOST_JOBS}")
    cases = unique(read_cases(options.input))
    with alone(options.out):
        return answer_all(options, cases, opened)


def answer_all(
    options: argparse.Namespace, cases: Iterable[Case], opened: Callable[[argparse.Namespace], Context]
) -> int:
    """Answer the cases that the output lacks and return the exit code."""
    done = finished_ids(options.out)
    left = (case for case in cases if case.id not in done)
    context = opened(options)
    tally = {"answered": 0, "clarify": 0, "refused": 0, "error": 0, UNREAD: 0}
    answer_one = partial(answered, context=context, router=options.router, llm=options.llm, debug=options.debug)
    with options.out.open("a", encoding="utf-8") as out, bar(options) as progress:
        for case, line in in_order(lambda case: (case, answer_one(case)), left, options.jobs):
            out.write(printable(json.dumps(line, ensure_ascii=False, default=str)) + "\n")
            out.flush()
            tally[UNREAD if case.fault else line["turns"][-1]["answer"]["status"]] += 1
            progress.update()
    total = sum(tally.values())
    told = ", ".join(f"{n} {status}" for status, n in tally.items() if n) or "nothing left to do"
    print(f"{total} cases: {told}", file=sys.stderr)
    if total and tally[UNREAD] == total:
        return 2
    return 1 if tally["error"] else 0


@contextmanager
def alone(out: Path) -> Generator[None]:
    """Be the only one who writes into a file.

    Raises:
        BadFile: it is no regular file, or another run is at it.
    """
    if out.exists() and not out.is_file():
        raise BadFile(f"{out} is no regular file")
    out.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out.with_name(f".{out.name}.lock"), timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise BadFile(f"another run is writing into {out}; wait for it, or name another file") from None
    finally:
        if not lock.is_locked:
            Path(lock.lock_file).unlink(missing_ok=True)


def printable(text: str) -> str:
    """Return a text that UTF-8 can write: half characters, which a name from elsewhere may hold, become marks."""
    return text.encode("utf-8", errors="replace").decode()


def bar(options: argparse.Namespace) -> Any:
    """Return a progress bar on stderr, silent where nobody watches."""
    from tqdm import tqdm

    return tqdm(unit="case", disable=options.quiet or None)


def in_order(work: Callable[[Case], Any], cases: Iterable[Case], jobs: int) -> Iterator[Any]:
    """Return each case's outcome in the order of the cases, some ahead of others being worked on."""
    if jobs == 1:
        yield from map(work, cases)
        return
    with ThreadPoolExecutor(jobs) as pool:
        waiting = iter(cases)
        running = [pool.submit(work, case) for case in islice(waiting, jobs * 4)]
        while running:
            yield running.pop(0).result()
            running += [pool.submit(work, case) for case in islice(waiting, 1)]


def answered(case: Case, *, context: Context, router: str, llm: Any, debug: bool) -> dict[str, Any]:
    """Return a case's line: every turn with its answer."""
    if case.fault:
        return {"id": case.id, "turns": [{"question": "", "answer": faulty(case.fault).to_json()}]}
    conversation, turns = Conversation(), []
    for question in case.turns:
        try:
            answer = ask(
                question,
                context,
                router=router,
                llm=llm,
                conversation=conversation,
                selection=case.selection,
                debug=debug,
            )
        except LandaskError as error:
            answer = faulty(str(error))
        turns.append({"question": question, "answer": answer.to_json()})
    return {"id": case.id, "turns": turns}


def faulty(why: str) -> Answer:
    """Return the answer of a case that could not be asked."""
    return Answer(status="error", text=why, router="none", seconds=0.0)


def unique(cases: Iterable[Case]) -> Iterator[Case]:
    """Yield the cases with their ids made different where a file uses one twice."""
    seen: dict[str, int] = {}
    for case in cases:
        seen[case.id] = seen.get(case.id, 0) + 1
        id = case.id if seen[case.id] == 1 else f"{case.id}#{seen[case.id]}"
        yield Case(id, case.turns, case.selection, case.fault)


def finished_ids(file: Path) -> set[str]:
    """Return the ids already answered; a last line cut short by a stop is taken off the file.

    Raises:
        BadFile: the file holds something else than answers.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        return set()
    whole, ids = 0, set()
    with file.open("rb") as lines:
        while raw := lines.readline(LONGEST_LINE):
            if not raw.endswith(b"\n") and len(raw) < LONGEST_LINE:
                break
            try:
                ids.add(str(read_json(raw, "a line", LONGEST_LINE)["id"]))
            except (InputError, KeyError, TypeError, IndexError) as error:
                raise BadFile(f"{file} is there and holds something else than answers; name another file") from error
            whole += len(raw)
    if whole != file.stat().st_size:
        with file.open("r+b") as out:
            out.truncate(whole)
    return ids
