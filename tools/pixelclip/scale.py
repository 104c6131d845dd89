"""A map's tiles on several processes, or on Daft: the same function of a tile; none is left out and none repeated.

Daft starts workers on this machine as it comes, and on a Ray cluster where `DAFT_RUNNER=ray` says so; the folder that
is written to, and the source, have to be reachable from every machine. A worker that dies loses its tile alone: the
tiles without a note are dealt out again.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from retrieval.errors import BadArgument, LandaskError
from tools.pixelclip.cells import Tile
from tools.pixelclip.maps import MapJob, Runner, is_done, map_tile, note_of, one_after_another


class WorkersDied(Exception):
    """Workers, or what deals tiles out to them, ended before all tiles were there."""


RETRIES = 3
"""How often workers are started anew after one of them died."""


def in_processes(workers: int) -> Runner:
    """Return a runner of several processes; of one, in this process."""
    return (
        one_after_another if workers == 1 else _again(lambda job, tiles: _pool(job, tiles, workers), BrokenProcessPool)
    )


def with_daft(workers: int) -> Runner:
    """Return a runner on Daft, a worker process each.

    Raises:
        BadArgument: Daft is not installed.
    """
    _daft()
    return _again(lambda job, tiles: _apart(job, tiles, workers), WorkersDied)


RUNNERS: dict[str, Callable[[int], Runner]] = {"processes": in_processes, "daft": with_daft}


def _again(run: Runner, died: type[Exception] | tuple[type[Exception], ...]) -> Runner:
    """Return a runner that deals the unfinished tiles out again when workers died."""

    def runner(job: MapJob, tiles: Sequence[Tile]) -> Iterable[dict[str, Any]]:
        left = list(tiles)
        for _ in range(RETRIES + 1):
            told = set()
            try:
                for note in run(job, left):
                    told.add(note["name"])
                    yield note
                return
            except died as error:
                cause = error
            finished = [tile for tile in left if is_done(job.out, tile)]
            yield from (note_of(job.out, tile) for tile in finished if tile.name not in told)
            left = [tile for tile in left if tile not in finished]
            if not left:
                return
        raise LandaskError(f"workers died {RETRIES + 1} times, {len(left)} tiles are left: {cause}") from None

    return runner


def _pool(job: MapJob, tiles: Sequence[Tile], workers: int) -> Iterable[dict[str, Any]]:
    with ProcessPoolExecutor(workers, get_context("spawn"), _one_thread) as pool:
        for future in as_completed([pool.submit(map_tile, job, tile) for tile in tiles]):
            yield future.result()


def _daft() -> Any:
    try:
        return importlib.import_module("daft")
    except ImportError as error:
        raise BadArgument("this engine needs Daft: install the extra `scale`") from error


def _apart(job: MapJob, tiles: Sequence[Tile], workers: int) -> Iterable[dict[str, Any]]:
    """Run Daft in a process of its own, which a worker that dies may take with it, and tell of tiles as they appear.

    Raises:
        WorkersDied: it ended before all tiles were there.
    """
    context = get_context("spawn")
    heard, said = context.Pipe(duplex=False)
    daft = context.Process(target=_on_daft, args=(job, tiles, workers, said))
    daft.start()
    said.close()
    left = list(tiles)
    try:
        runs = True
        while runs:
            daft.join(0.2)
            runs = daft.is_alive()
            done = [tile for tile in left if is_done(job.out, tile)]
            left = [tile for tile in left if tile not in done]
            yield from (note_of(job.out, tile) for tile in done)
    finally:
        daft.kill()
        daft.join()
    if left:
        raise WorkersDied(_last_words(heard) or f"Daft ended with {daft.exitcode}")


def _last_words(heard: Connection) -> str:
    try:
        return str(heard.recv()) if heard.poll() else ""
    except EOFError:
        return ""


def _on_daft(job: MapJob, tiles: Sequence[Tile], workers: int, said: Connection) -> None:
    """Map tiles on Daft; where that fails, say why in a line and end."""
    daft = _daft()
    by_name = {tile.name: tile for tile in tiles}

    @daft.cls(max_concurrency=workers, use_process=True)
    class Mapper:
        def __init__(self, job: MapJob, tiles: dict[str, Tile]) -> None:
            _one_thread()
            self.job, self.tiles = job, tiles

        @daft.method.batch(return_dtype=daft.DataType.string(), batch_size=1)
        def __call__(self, names: Any) -> list[str]:
            return [map_tile(self.job, self.tiles[name])["name"] for name in names.to_pylist()]

    frame = daft.from_pydict({"tile": list(by_name)})
    if daft.get_or_create_runner().name == "ray":
        frame = frame.into_partitions(len(by_name))
    done = frame.with_column("done", Mapper(job, by_name)(daft.col("tile")))
    try:
        for _ in done.select("done").iter_rows():
            pass
    except Exception as error:  # the edge of another program: whatever it was, the tiles that are left are dealt again
        said.send(str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__)
        sys.exit(1)


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
