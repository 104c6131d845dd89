"""Every file of a folder of hostile ones through every door of a checkout, and two checkouts side by side.

    python -m tests.files.doors ../shared/hostile --data ../shared/data > now.jsonl
    python tests/files/doors.py ../shared/hostile --data ../shared/data --code ../before > before.jsonl
    python -m tests.files.doors --table before.jsonl now.jsonl     # the table of docs/hostile-files.md

Doors: `build` and `ingest` of `python -m retrieval`, `batch` and `ask --selection` of `python -m agent`, the page's
upload. Each try is a process of its own, forked once the checkout is imported; the stores are real, those of survey
files hold their 80 records alone. Knows a checkout by its commands and its store's tables only.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb

LIMIT_S = 240
"""A try that takes longer has no end."""
ASKED = "how many points with vineyards are in this region in 2018?"
OPTIONS = {"survey": "--lucas", "regions": "--regions", "stats": "--statistics", "pixels": "--pixels"}
HELD = {
    "survey": """SELECT count(DISTINCT (point_id, year)) || ' visits; EL olive ' || count(DISTINCT point_id) FILTER
        (region_id = 'country:EL' AND lc1 = 'B81') || ', UK grass ' || count(DISTINCT point_id) FILTER
        (region_id = 'country:UK' AND lc1[1] = 'E') || ', FRJ1 vine ' || count(DISTINCT point_id) FILTER
        (region_id = 'nuts:FRJ1' AND lc1 = 'B82') FROM region_visits""",
    "regions": """SELECT coalesce(string_agg(r.name || ' ' || format('{:,.1f}', r.area_km2), '; ' ORDER BY r.id),
        'none') FROM regions AS r LEFT JOIN base.regions AS b ON b.id = r.id
        WHERE b.id IS NULL OR abs(r.area_km2 - b.area_km2) > 0.05""",
    "stats": """SELECT count(*) || ' figures; ' || coalesce(string_agg(code || ' ' || year || ' ' || value || flag, ', '
        ORDER BY code, year) FILTER (land_cover = 'B82' AND unit = 'PC' AND code IN ('FR', 'ES', 'EL')), '')
        FROM statistics""",
    "pixels": """SELECT count(*) || ' pixel years' FROM pixels WHERE location NOT IN
        (SELECT location FROM base.pixels)""",
}  # fmt: skip
"""What a file of each kind brought into a store."""


def fork(work: Callable[[], str]) -> str:
    """Return what work says in a process of its own, or what became of it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LIMIT_S)
        try:
            said = work()
        except BaseException as error:
            said = f"fault: {type(error).__name__}: {error}"
        os.write(writing, said.encode(errors="backslashreplace")[:60_000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    ended = "no end" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM else f"ended: {status}"
    return said or f"fault: {ended}"


def run(main: Callable[[list[str]], int], *arguments: object) -> tuple[int, str, str]:
    """Run a command in this process: its exit code, what it printed, and what it said beside."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(one) for one in arguments])
    return code, out.getvalue(), err.getvalue()


def refusal(code: int, err: str) -> str:
    """Return a refusal's line, or why it is none."""
    lines = [line for line in err.splitlines() if line.startswith("error:") or "Traceback" in line]
    told = (lines or err.splitlines() or [""])[-1].removeprefix("error: ")
    plain = code in (2, 3) and "Traceback" not in err and told.isprintable()
    return f"refused: {told}" if plain and code == 2 else f"fault: exit {code}: {told!a}"


class Doors:
    """The doors of one checkout."""

    def __init__(self, data: Path, folder: Path) -> None:
        from agent.__main__ import main as ask
        from page.uploads import region_from_file
        from retrieval import ingest
        from retrieval.__main__ import main as hold

        import_module("retrieval.fetch.commands")  # once, before forking
        self.ask, self.hold, self.upload_door, self.folder = ask, hold, region_from_file, folder
        for name in ("bundled_regions", "bundled_pixels", "bundled_survey", "bundled_statistics"):
            if read := getattr(ingest, name, None):
                kept = functools.cache(read)
                with contextlib.suppress(TypeError):
                    kept()
                    setattr(ingest, name, kept)
        towns = ingest.towns()
        some = {place["id"] for place in towns.places[:200]}
        few = replace(towns, places=towns.places[:200], names=tuple(n for n in towns.names if n["place_id"] in some))
        ingest.towns = lambda: few  # ty: ignore[invalid-assignment]  # what a build of a hundred files spends a third of its time on
        self.lucas = data / "lucas" / "lucas_points_2015_2018.parquet"
        self.small = data.parent / "hostile" / "survey" / "FR_2018_plain.csv"
        self.base = {"small": folder / "small.duckdb", "real": folder / "real.duckdb"}
        for name, file in (("small", self.small), ("real", self.lucas)):
            made = fork(lambda name=name, file=file: str(
                run(self.hold, "build", "--quiet", "--store", self.base[name], "--lucas", file)))  # fmt: skip
            assert self.base[name].is_file(), made

    def held(self, store: Path, kind: str) -> str:
        """Return what of a file is in a store."""
        from retrieval.store import load_spatial

        with duckdb.connect() as connection:
            load_spatial(connection)
            connection.execute(
                f"ATTACH '{store}' AS fresh (READ_ONLY); ATTACH '{self.base['small']}' AS base (READ_ONLY)"
            )
            connection.execute("USE fresh")
            return str(connection.execute(HELD[kind]).fetchone()[0])  # ty: ignore[not-subscriptable]

    def build(self, kind: str, file: Path, alone: bool = False) -> str:
        """`python -m retrieval build`, beside 80 records of the survey but for a survey's own."""
        store = self.folder / f"{os.getpid()}" / "s.duckdb"
        survey = [] if kind == "survey" or alone else ["--lucas", self.small]
        code, _, err = run(self.hold, "build", "--quiet", "--store", store, OPTIONS[kind], file, *survey)
        return self._held(store, kind, code, err)

    def ingest(self, kind: str, file: Path) -> str:
        """`python -m retrieval ingest`: of a survey into no store yet, of others into one of 80 records."""
        store = self.folder / f"{os.getpid()}" / "s.duckdb"
        store.parent.mkdir()
        if kind != "survey":
            shutil.copy(self.base["small"], store)
        before = store.read_bytes() if store.exists() else None
        cache = ["--cache", store.parent / "cache", "--quiet"]
        code, _, err = run(self.hold, "ingest", "--store", store, *cache, file)
        if code and before is not None and store.read_bytes() != before:
            return "fault: the store is not as it was"
        return self._held(store, kind, code, err)

    def _held(self, store: Path, kind: str, code: int, err: str) -> str:
        try:
            return self.held(store, kind) if code == 0 else refusal(code, err)
        finally:
            shutil.rmtree(store.parent, ignore_errors=True)

    def upload(self, kind: str, file: Path) -> str:
        """The page's upload."""
        from retrieval.errors import LandaskError

        copy = self.folder / f"{os.getpid()}-{file.name}"
        shutil.copy(file, copy)
        try:
            return f"{self.upload_door(copy, file.name, 10 << 20).km2:,.1f} km²"
        except LandaskError as error:
            return f"refused: {error}" if str(error).isprintable() else f"fault: {error!a}"

    def selection(self, kind: str, file: Path) -> str:
        """`python -m agent ask --selection`, of the whole extract."""
        code, out, err = run(self.ask, "ask", "--store", self.base["real"], "--router", "builtin", "--no-map",
                             "--selection", file, ASKED)  # fmt: skip
        found = re.search(r": (\d[\d,]*) [^.]*?, of (\d[\d,]*) visited", out) or re.search(r": (no|\d+) [^.]*\.", out)
        if code == 0:
            return " of ".join(found.groups()) if found else out.splitlines()[0]
        return f"refused: {out.splitlines()[0]}" if code == 3 and out else refusal(code, err)

    def batch(self, kind: str, file: Path) -> str:
        """`python -m agent batch`: what each case came to."""
        out = self.folder / f"{os.getpid()}.jsonl"
        code, _, err = run(self.ask, "batch", "--quiet", "--store", self.base["real"], "--router", "builtin", file,
                           "--out", out)  # fmt: skip
        if not out.exists() or not out.stat().st_size:
            return refusal(code, err)
        told = []
        for line in out.read_text(encoding="utf-8").strip("\n").split("\n"):
            record = json.loads(line)
            answers = [turn["answer"] for turn in record.get("turns") or []]
            told.append("; ".join(_told(one) for one in answers) or f"fault of the line: {record.get('error', '')}")
        return f"{len(told)}: " + " | ".join(told)


def _told(answer: Mapping[str, Any]) -> str:
    figure = re.search(r"[\d,.]+ %|: \d+ [^.,]*point", answer["text"])
    return figure[0].strip(": ") if figure else f"{answer['status']}: {answer['text'].splitlines()[0][:90]}"


def tries(doors: Doors, folder: Path) -> Iterator[tuple[str, str, Callable[[], str]]]:
    """Yield file, door and the try."""
    for kind in ("batch", "stats", "pixels", "regions", "survey"):
        for file in sorted((folder / kind).iterdir()):
            ways = {"batch": ["batch"], "regions": ["build", "ingest", "upload", "selection"]}
            for door in ways.get(kind, ["build", "ingest"]):
                yield f"{kind}/{file.name}", door, lambda k=kind, f=file, d=door: getattr(doors, d)(k, f)
    for kind, name in (("regions", "ok.parquet"), ("pixels", "plain.parquet")):
        file = folder / kind / name
        yield f"{kind}/{name}, without a survey", "build", lambda k=kind, f=file: doors.build(k, f, alone=True)


def table(before: Path, now: Sequence[Path]) -> str:
    """Return what came of each file, now and before, as Markdown; of several outputs the last one counts."""
    was, is_now = outcomes([before]), outcomes(now)
    lines = ["| file | now | before |", "| --- | --- | --- |"]
    for file, doors in sorted(is_now.items()):
        told = was.get(file, {})
        other = {door: said for door, said in told.items() if said != doors.get(door)}
        lines.append(f"| {file} | {_cell(doors)} | {_cell(other) if other else 'the same' if told else '—'} |")
    return "\n".join(lines)


def outcomes(files: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Return file → door → what came of it."""
    found: dict[str, dict[str, str]] = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").strip("\n").split("\n"):
            one = json.loads(line)
            found.setdefault(one["file"], {})[one["door"]] = one["said"]
    return found


def _cell(doors: Mapping[str, str]) -> str:
    """What several doors said, those that said the same together."""
    by_outcome: dict[str, list[str]] = {}
    for door, said in doors.items():
        plain = re.sub(r"(…/)?\b(batch|stats|pixels|regions|survey)/", "", said).replace("|", "/")
        by_outcome.setdefault(plain if len(plain) < 130 else f"{plain[:128]} …", []).append(door)
    if len(by_outcome) == 1 and len(doors) > 1:
        return next(iter(by_outcome))
    return "; ".join(f"*{', '.join(names)}*: {said}" for said, names in by_outcome.items())


def main() -> int:
    """Try all and print a line of JSON each, or print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--code", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--only", default="", help="files whose name this pattern is found in")
    parser.add_argument("--doors", default="build,ingest,upload,selection,batch", help="those that are tried")
    parser.add_argument("--done", type=Path, help="an output: what is in it is not tried again")
    parser.add_argument("--table", type=Path, nargs="+", help="outputs, that of before first: print them as a table")
    options = parser.parse_args()
    if options.table:
        print(table(options.table[0], options.table[1:]))
        return 0
    sys.path.insert(0, str(options.code.resolve()))
    os.chdir(options.code)
    folder = options.folder.resolve()
    before = map(json.loads, options.done.read_text(encoding="utf-8").splitlines()) if options.done else ()
    done = {(one["file"], one["door"]) for one in before}
    with tempfile.TemporaryDirectory(prefix="landask-doors-") as place:
        doors = Doors(options.data.resolve(), Path(place))
        for file, door, work in tries(doors, folder):
            if re.search(options.only, file) and door in options.doors and (file, door) not in done:
                said = fork(work).replace(str(folder), "…").replace(place, "…")
                print(json.dumps({"file": file, "door": door, "said": said}, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
