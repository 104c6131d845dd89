"""How fast, and how near the floors of arithmetic and memory: `python -m tools.pixelclip bench`.

Every rate is the best of several repeats; floors are not taken from data sheets but measured here: the rate of a large
matrix product in the precision used, and the rate at which memory is read.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, linear

from tools.pixelclip.bands import HIGH, LOW
from tools.pixelclip.compact import DIM, integer_products
from tools.pixelclip.encoder import EncoderConfig, PixelEncoder
from tools.pixelclip.fast import FastEncoder
from tools.pixelclip.search import resident, scores
from tools.pixelclip.threads import side_by_side

BYTES_PER_PIXEL = 12 * 10 * 2
"""uint16 in host memory."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Rate:
    """A measured rate beside its floor."""

    per_second: float
    floor: float

    @property
    def share(self) -> float:
        """Share of the floor reached."""
        return self.per_second / self.floor


def operations_per_pixel(config: EncoderConfig, pruned: bool) -> float:
    """Return floating-point operations (two a multiply-add) of one pixel year's forward pass.

    `pruned`: as `FastEncoder` does it, else as written in `PixelEncoder`.
    """
    dim, tokens = config.dim, config.months + 1
    attention = 2 * 2 * tokens * tokens * dim
    rest = tokens * (2 * dim * dim + 4 * dim * config.feedforward)
    layer = tokens * 6 * dim * dim + attention + rest
    embed, head = config.months * 2 * config.bands * config.patch**2 * dim, 2 * dim * config.out
    if not pruned or config.depth < 2:
        return config.depth * layer + embed + head
    first = tokens * 2 * config.bands * config.patch**2 * 3 * dim + attention + rest
    last = 4 * dim * dim + 2 * dim * dim + 2 * 2 * tokens * dim * config.heads + rest / tokens
    return first + (config.depth - 2) * layer + last + embed + head


def best_of(run: Callable[[], object], repeats: int = 5, seconds: float = 20.0, warm: bool = True) -> float:
    """Return the least seconds a call took, after one to warm up."""
    if warm:
        run()
    best, spent = float("inf"), 0.0
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
        spent += best
        if spent > seconds:
            break
    return best


def race(
    runs: Sequence[Callable[[], object]],
    rounds: int = 6,
    seconds: float = 90.0,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Return the least seconds of each call, the calls taking turns, so that a busy machine slows all of them."""
    best, start = [float("inf")] * len(runs), time.perf_counter()
    for run in runs:
        run()
    for _ in range(rounds):
        for at, run in enumerate(runs):
            began = clock()
            run()
            best[at] = min(best[at], clock() - began)
        if time.perf_counter() - start > seconds:
            break
    return best


def matrix_rate(dtype: torch.dtype, device: str) -> float:
    """Return operations a second of a large matrix product: the arithmetic ceiling of this device."""
    rows, inner = 8192 * 4, 4096
    a, b = torch.randn(rows, inner, device=device).to(dtype), torch.randn(inner * 2, inner, device=device).to(dtype)

    def run() -> None:
        for _ in range(8):
            linear(a, b)
        _wait(device)

    return 8 * 2 * rows * inner * inner * 2 / best_of(run)


def encoder_on_cpu(say: Say, pixels: int = 1024) -> dict[str, float]:
    """Measure the 8.17 M-parameter encoder: the plain eager float32 module, and the quick pass."""
    torch.manual_seed(0)
    encoder = PixelEncoder().eval()
    with torch.no_grad():  # as after training: positions and token are not zero
        encoder.time_pos_encoding.normal_(std=0.5)
        encoder.time_token.normal_(std=0.5)
    quick = FastEncoder(encoder)
    years = torch.rand(pixels, 12, 10)
    with torch.inference_mode():

        def unfused_pass() -> None:
            torch.backends.mha.set_fastpath_enabled(False)
            encoder(years)
            torch.backends.mha.set_fastpath_enabled(True)

        a, b = (torch.randn(rows, 512).bfloat16() for rows in (3328, 1536))
        operations = 2 * len(a) * len(b) * 512
        x = torch.ones(64_000_000)
        runs = [lambda: encoder(years), unfused_pass, lambda: quick(years)]
        times = race([*runs, lambda: [linear(a, b) for _ in range(8)], lambda: x.sum()])
        plain, unfused, fast = (pixels / seconds for seconds in times[:3])
        ceiling, memory = 8 * operations / times[3], x.numel() * 4 / times[4]
        cosine = float(cosine_similarity(quick(years), encoder(years)).min())
    whole, pruned = (operations_per_pixel(encoder.config, p) for p in (False, True))
    eager = max(plain, unfused)
    arithmetic = Rate(fast, ceiling / pruned)
    say(f"encoder, 8.17 M parameters, CPU, {torch.get_num_threads()} threads, batches of {pixels} pixels")
    say(f"  plain eager float32 module   {plain:10,.0f} pixels/s (fused path), {unfused:,.0f} without it")
    say(f"  quick pass, bfloat16         {fast:10,.0f} pixels/s = {fast / eager:.2f} × the quicker of the two")
    say(f"  least cosine to eager        {cosine:10.5f}")
    say(f"  operations a pixel           {whole / 1e6:10.1f} M as written, {pruned / 1e6:.1f} M as done")
    say(f"  arithmetic floor             {ceiling / pruned:10,.0f} pixels/s at {ceiling / 1e9:,.0f} G operations/s")
    say(f"  share of it reached          {arithmetic.share:10.0%}")
    floor = memory / BYTES_PER_PIXEL
    say(f"  memory floor                 {floor:10,.0f} pixels/s at {memory / 1e9:.1f} GB/s; share {fast / floor:.2%}")
    return {"eager": eager, "fast": fast, "ratio": fast / eager, "cosine": cosine, "share": arithmetic.share}


def text_query(say: Say, vectors: int = 400_000, dim: int = 512) -> dict[str, float]:
    """Measure texts against cached vectors as they are kept for queries, beside the rate memory is read at here."""
    cached = resident(torch.randn(8192, dim)).repeat(-(-vectors // 8192), 1)[:vectors]
    query, pair = torch.randn(dim), torch.randn(2, dim)
    x = torch.ones(cached.numel() // 2)  # as many bytes
    size = cached.numel() * 2
    reads = [lambda: x.sum(), lambda: x.max(), lambda: side_by_side(torch.sum, x.chunk(8))]
    times = race([lambda: scores(cached, query), lambda: scores(cached, pair), *reads], rounds=10)
    rate, bandwidth = size / times[0], size / min(times[2:])
    say(f"text query over {vectors:,} cached float16 vectors of {dim}, CPU, {torch.get_num_threads()} threads")
    say(f"  {rate / dim / 2 / 1e6:.1f} million pixels/s, {rate / 1e9:.1f} GB/s of {bandwidth / 1e9:.1f} GB/s measured")
    say(f"  share of memory bandwidth    {rate / bandwidth:10.0%}")
    say(f"  two texts in one pass        {times[1] / times[0]:10.2f} × the time of one")
    return {"rate": rate, "bandwidth": bandwidth, "share": rate / bandwidth}


def compact_query(say: Say, vectors: int = 2_000_000) -> dict[str, float]:
    """Measure one text against packed vectors of 64 bytes, beside the rate memory is read at.

    On one thread by its CPU time, fair on a busy machine; on all cores by the clock on the wall, beside the load.
    """
    threads = torch.get_num_threads()
    packed, query = (torch.randint(-127, 128, shape, dtype=torch.int8) for shape in ((vectors, DIM), (DIM,)))
    x = torch.ones(packed.numel() // 4)  # as many bytes
    runs = [lambda: integer_products(packed, query), lambda: x.sum(), lambda: x.max()]
    say(f"text query over {vectors:,} packed vectors of {DIM} bytes")
    shares = {}
    for count, clock, named in ((1, time.thread_time, "CPU time"), (os.cpu_count() or 1, time.perf_counter, _load())):
        torch.set_num_threads(count)
        reads = [*runs[1:], lambda: side_by_side(torch.sum, x.chunk(8))] if count > 1 else runs[1:]
        times = race([runs[0], *reads], 100, 30, clock)
        rate, bandwidth = packed.numel() / times[0], packed.numel() / min(times[1:])
        shares[count] = rate / bandwidth
        say(
            f"  {count} thread{'s' * (count > 1)}: {rate / DIM / 1e6:.1f} million pixels/s, {rate / 1e9:.1f} GB/s of "
            f"{bandwidth / 1e9:.1f} GB/s measured, {rate / bandwidth:.0%} of memory bandwidth ({named})"
        )
    torch.set_num_threads(threads)
    return {"share": shares[max(shares)]}


def _load() -> str:
    return f"wall clock, load of the machine {os.getloadavg()[0]:.1f}"


def own_model(say: Say, pixels: int = 4096) -> float:
    """Measure our own model, filled years to vectors and the far mask, and return one thread's rate by its CPU time.

    The rate of all cores is by the clock on the wall, so it stands beside the load of the machine.
    """
    from tools.pixelclip.shipped import load

    threads, model = torch.get_num_threads(), load()
    torch.set_num_threads(1)
    years = _some_years(pixels).float()
    with torch.inference_mode():
        spent = race([lambda: model.pixels.examine(years)], 3, clock=time.thread_time)[0]
    say(f"our own model, one thread, CPU time: {1e6 * spent / pixels:.0f} µs a pixel, {pixels / spent:,.0f} pixels/s")
    torch.set_num_threads(os.cpu_count() or 1)
    with torch.inference_mode():
        wall = race([lambda: model.pixels.examine(years)], 6)[0]
    say(f"  {torch.get_num_threads()} threads: {pixels / wall:,.0f} pixels/s ({_load()})")
    torch.set_num_threads(threads)
    return pixels / spent


AREAS = (
    ("a tile of the map, 5.12 km", 512**2),
    ("Corsica (FRM0, NUTS 2), 8,726 km²", 8_726 * 10**4),
    ("the EU, 4.2 million km²", 42 * 10**9),
)
"""Area and its pixels of 10 m."""

ON_GPU = 1.75e6
"""Pixels a second of TimeSenCLIP's encoder on one H200, end to end (docs/gpu.md)."""


def extrapolated(say: Say, per_core: float) -> None:
    """Print what areas cost at a measured rate a core (pixels a second): the cost of a pixel is flat."""
    say(
        "| area | pixels | our model, core-hours | TimeSenCLIP, H200-hours | years read | vectors, 512 × float16 "
        "| in 64 bytes | map, 5 bands |"
    )
    say("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, pixels in AREAS:
        hours = _short(pixels / per_core / 3600), _short(pixels / ON_GPU / 3600)
        sizes = [_bytes(pixels * each) for each in (BYTES_PER_PIXEL, 1024, DIM, 5)]
        say(f"| {name} | {pixels:,} | {' | '.join((*hours, *sizes))} |")


def _short(hours: float) -> str:
    return f"{hours:,.0f}" if hours >= 10 else f"{hours:.2g}"


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def flatness(say: Say, sizes: Sequence[int], device: str = "cpu") -> dict[int, float]:
    """Measure the cost of a pixel over growing inputs, from host uint16 to vectors, and how the memory grows.

    On a CPU a small encoder stands in, so that ten million pixels are minutes and not hours. Small inputs are the best
    of several repeats, as they end before the machine has settled.
    """
    config = EncoderConfig() if device != "cpu" else EncoderConfig(dim=32, depth=2, heads=4, feedforward=32, out=32)
    encoder = FastEncoder(PixelEncoder(config).eval(), torch.bfloat16 if device != "cpu" else torch.float32, device)
    batch = 8192 if device == "cpu" else 65536
    block = _some_years(batch)

    def sweep(size: int) -> None:
        for at in range(0, size, batch):
            encoder(from_host(block[: min(batch, size - at)], device))
        _wait(device)

    cost = {}
    what = f"full encoder on {device}" if device != "cpu" else "small encoder on the CPU"
    say(f"cost of a pixel, {what}, batches of {batch}")
    sweep(batch)
    for size in sizes:
        memory = _peak()
        cost[size] = best_of(lambda size=size: sweep(size), 3, seconds=5.0, warm=size <= 10**5) / size
        say(f"  {size:12,} pixels  {cost[size] * 1e6:8.2f} µs a pixel   peak memory +{_peak() - memory:.0f} MB")
    return cost


def from_host(years: Tensor, device: str) -> Tensor:
    """Return normalised years on the device from 16-bit integers in host memory: 240 bytes a pixel cross over."""
    return _normalised(years.to(device, non_blocking=True), *_table(device))


def _normalised(years: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return ((years.float() - low) / high).clamp(0, 1)


def _table(device: str) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(LOW).to(device), torch.from_numpy(HIGH).to(device)


def _some_years(pixels: int) -> Tensor:
    """Random years as 16-bit integers: no reflectance reaches 2¹⁵, so that the sign bit of int16 is never needed."""
    return torch.from_numpy(np.random.default_rng(0).integers(100, 5000, (pixels, 12, 10), dtype=np.int16))


@dataclass(frozen=True)
class Way:
    """One way to run the encoder on a CUDA device."""

    attention: str
    """`short`: the kernel for thirteen tokens; `general`: PyTorch's own."""
    chunk: int
    """Pixels computed at once."""


WAYS = (Way("general", 16_384), Way("short", 2048), Way("short", 16_384), Way("short", 32_768), Way("short", 65_536))


def encoder_on_gpu(say: Say, pixels: int = 4_000_000, batch: int = 65_536) -> dict[str, float]:
    """Measure the full encoder on a CUDA device, end to end from pinned host memory to pinned host memory.

    Three streams: while one batch is computed the next comes up and the last goes down. A batch is one captured graph
    of compiled chunks. The best way counts.
    """
    torch.manual_seed(0)
    encoder = PixelEncoder().eval().cuda()
    with torch.no_grad():
        encoder.time_pos_encoding.normal_(std=0.5)
        encoder.time_token.normal_(std=0.5)
    ceiling, host = matrix_rate(torch.bfloat16, "cuda"), _some_years(batch).pin_memory()
    whole, pruned = (operations_per_pixel(encoder.config, p) for p in (False, True))
    say(f"encoder, 8.17 M parameters, {torch.cuda.get_device_name()}, bfloat16, from host memory, batches of {batch:,}")
    rate, cosine = 0.0, 0.0
    for way in WAYS:
        run = _compiled(encoder, way)
        with torch.inference_mode():
            exact = encoder(_normalised(host[:4096].cuda(), *_table("cuda")))
            near = float(cosine_similarity(_in_chunks(run, host[:4096].cuda(), way.chunk).float(), exact).min())
        count = max(2, pixels // batch)
        own = count * batch / best_of(_sweep(run, host, way.chunk, count, encoder.config.out), repeats=3, seconds=30)
        say(f"  attention {way.attention:8} chunks of {way.chunk:6,}: {own:12,.0f} pixels/s, least cosine {near:.5f}")
        if own > rate:
            rate, cosine = own, near
    link = host.numel() * 2 / best_of(lambda: (host.to("cuda", non_blocking=True), _wait("cuda")))
    say(f"  best {rate:,.0f} pixels/s; wanted 1,500,000; least cosine to the float32 module {cosine:.5f}")
    say(
        f"  arithmetic floor {ceiling / pruned:,.0f} pixels/s "
        f"({pruned / 1e6:.0f} M operations at {ceiling / 1e12:.0f} T/s measured); share {rate * pruned / ceiling:.0%}"
    )
    say(f"  floor of the arithmetic as written ({whole / 1e6:.0f} M): {ceiling / whole:,.0f} pixels/s")
    say(
        f"  memory floor {link / BYTES_PER_PIXEL:,.0f} pixels/s over the link at {link / 1e9:.1f} GB/s; "
        f"share {rate * BYTES_PER_PIXEL / link:.1%}"
    )
    say(f"  peak device memory {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")
    return {"rate": rate, "cosine": cosine, "share": rate * pruned / ceiling}


def _compiled(encoder: PixelEncoder, way: Way) -> Callable[[Tensor], Tensor]:
    """Return 16-bit years on the device → float16 vectors there."""
    quick, (low, high) = FastEncoder(encoder, torch.bfloat16, "cuda"), _table("cuda")
    quick.short_attention = way.attention == "short"

    def whole(years: Tensor) -> Tensor:
        return quick.forward_device(_normalised(years, low, high)).half()

    torch.compiler.reset()
    return torch.compile(whole, dynamic=False)


def _in_chunks(run: Callable[[Tensor], Tensor], years: Tensor, chunk: int) -> Tensor:
    """Compute any number of years with a run that takes whole chunks."""
    total = -(-len(years) // chunk) * chunk
    whole = years.repeat(-(-total // len(years)), 1, 1)[:total]
    return torch.cat([run(part) for part in whole.split(chunk)])[: len(years)]


class _Lane:
    """One of two buffers on the device: years come up into it, a captured graph computes them, vectors go down."""

    def __init__(self, run: Callable[[Tensor], Tensor], host: Tensor, chunk: int, dim: int) -> None:
        self.years = host.to("cuda")
        self.vectors = torch.empty(len(host), dim, dtype=torch.float16, device="cuda")
        self.down = torch.empty(len(host), dim, dtype=torch.float16).pin_memory()
        self.arrived, self.computed, self.gone = (torch.cuda.Event() for _ in range(3))

        def compute() -> None:
            for years, vectors in zip(self.years.split(chunk), self.vectors.split(chunk), strict=True):
                vectors.copy_(run(years))

        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            compute()
        torch.cuda.current_stream().wait_stream(aside)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            compute()


def _sweep(run: Callable[[Tensor], Tensor], host: Tensor, chunk: int, count: int, dim: int) -> Callable[[], None]:
    """Return a call that brings `count` batches up from pinned memory, computes them, and brings the vectors down."""
    up, down, now = torch.cuda.Stream(), torch.cuda.Stream(), torch.cuda.current_stream()
    with torch.inference_mode():
        lanes = [_Lane(run, host, chunk, dim) for _ in range(2)]

    def sweep() -> None:
        with torch.inference_mode():
            for at in range(count):
                lane = lanes[at % 2]
                with torch.cuda.stream(up):
                    up.wait_event(lane.computed)
                    lane.years.copy_(host, non_blocking=True)
                    lane.arrived.record(up)
                now.wait_event(lane.arrived)
                now.wait_event(lane.gone)
                lane.graph.replay()
                lane.computed.record(now)
                with torch.cuda.stream(down):
                    down.wait_event(lane.computed)
                    lane.down.copy_(lane.vectors, non_blocking=True)
                    lane.gone.record(down)
            _wait("cuda")

    return sweep


PARTS = ("encoder", "query", "packed", "own", "flat")
"""TimeSenCLIP's encoder; a text over cached vectors; over packed ones; our own model and what areas cost; flatness."""


def run(say: Say, device: str = "cpu", most: int = 1_000_000, only: Sequence[str] = PARTS) -> None:
    """Run every benchmark a device allows, or some of `PARTS`."""
    if "encoder" in only:
        encoder_on_gpu(say) if device == "cuda" else encoder_on_cpu(say)
    if "query" in only and device == "cpu":
        text_query(say)
    if "packed" in only and device == "cpu":
        compact_query(say)
    if "own" in only and device == "cpu":
        extrapolated(say, own_model(say))
    if "flat" in only:
        flatness(say, [size for size in (10**3, 10**4, 10**5, 10**6, 10**7) if size <= most], device)


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
