"""Any backbone as an encoder: its features, a linear head over the classes, and the text side of our own model.

A pixel's vector is the mean of the class texts by the head's probabilities, of length one, so that classes and free
words are asked of it exactly as of `landask-pixels`. One file holds everything: backbone, head, texts, and what
was measured of it at places left out. Made by `python -m tools.pixelclip head`.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from retrieval.errors import BadArgument, BadFile
from tools.pixelclip.backbones import Backbone, backbone_of
from tools.pixelclip.bands import Years, read_years
from tools.pixelclip.known import to_model
from tools.pixelclip.learning import Lesson, Network, Pixels, pixels_of, teach
from tools.pixelclip.measured import at_places_left_out, place_folds
from tools.pixelclip.members import Linear, importance_of
from tools.pixelclip.precomputed import Embeddings, open_embeddings
from tools.pixelclip.prompts import LUCAS, read_prompts
from tools.pixelclip.recipe import WATER, Recipe, class_vectors, competing, text_centre
from tools.pixelclip.samples import Samples, joined
from tools.pixelclip.shipped import RIDGE_SHARPNESS, TextMap, batches, load
from tools.pixelclip.towers import TextTower, make_tower
from tools.pixelclip.weights import load_into, read_metadata, read_state, save
from tools.pixelclip.zeroshot import shares

KIND = "landask-headed"

REFERENCE = 400


@dataclass(frozen=True, eq=False)
class Headed:
    """An `Encoder` made of a backbone and a head."""

    backbone: Backbone
    network: nn.Module
    head: Linear
    text_map: TextMap
    tower: TextTower
    about: dict[str, Any]
    reference: NDArray[np.float32]
    prototypes: NDArray[np.float32]
    class_texts: NDArray[np.float32]
    sha256: str

    @property
    def calibrated(self) -> bool:
        """Whether its chances were fitted and measured at places left out."""
        return bool(self.about["scores"])

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.class_texts.shape[1]

    @property
    def model_id(self) -> str:
        """The backbone and the file's digest."""
        return f"{self.backbone.name}-head-{self.sha256[:12]}"

    def embed(self, years: ArrayLike | Years, batch: int = 4096) -> NDArray[np.float32]:
        """Return (N, dim) unit vectors; unusable pixels are 0."""
        return self.examine(years if isinstance(years, Years) else read_years(years), batch)[0]

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dim) unit vectors in the shared space."""
        with torch.inference_mode():
            return self.text_map(torch.from_numpy(self.tower.encode(texts))).numpy()

    def classify(self, pixels: NDArray[np.float32], classes: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (N, K) probabilities: how much of each known class's text a vector is made of, exactly."""
        return shares(pixels, classes)

    def examine(
        self, years: Years, batch: int = 4096, radar: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], None]:
        """Return the vectors; which years are far from training is not known of these."""
        out, gaps = np.zeros((len(years), self.dim), np.float32), _gaps(years)
        for rows in batches(np.flatnonzero(years.usable), batch):
            seen = None if radar is None else radar[rows]
            with torch.inference_mode():
                given = pixels_of(years.values[rows], gaps[rows], seen)
                out[rows] = self.of_features(self.backbone.features(self.network, given))
        return out, None

    def of_features(self, features: Tensor | NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, dim) unit vectors of the backbone's features (N, features)."""
        with torch.inference_mode():
            values = torch.from_numpy(features) if isinstance(features, np.ndarray) else features
            chance = (self.about["sharpness"] * self.head([values])).softmax(dim=1)
            known = torch.from_numpy(self.class_texts[[self.about["text_codes"].index(c) for c in self.about["known"]]])
            return normalize(chance @ known, dim=-1).numpy()


def make_headed(
    name: str,
    samples: Samples,
    path: Path,
    tower: TextTower,
    weights: Path | None = None,
    recipe: Recipe | None = None,
    further: Samples | None = None,
    held_out: int | None = None,
    begin: Callable[[int], Network] | None = None,
) -> tuple[str, ...]:
    """Fit a backbone's head on labelled pixel years, measure it, write the file and return the classes that compete.

    Args:
        name: The backbone's.
        samples: Labelled pixels: their classes compete, and they are what it is measured on.
        path: File to write.
        tower: Text tower.
        weights: The file of a frozen backbone.
        recipe: How many labels a class needs, weights, seed.
        further: What is only learnt from.
        held_out: The place fold that the file never learns from; None learns from all.
        begin: Makes a taught backbone for so many classes that learnt without labels before (`contrasting.begun`).

    Raises:
        BadArgument: no such backbone, or a frozen one without its file of weights.
    """
    backbone, recipe = backbone_of(name), recipe or Recipe()
    both = samples if further is None else joined([samples, further])
    known = competing(samples, recipe, {WATER} & {str(code) for code in both.land_cover})
    used = np.isin(both.land_cover, known)
    own, learnt = np.flatnonzero(used) < len(samples), both.take(used)
    label = np.array([known.index(str(code)) for code in learnt.land_cover], np.int64)
    making = _Making(
        replace(backbone, make=begin) if begin else backbone,
        pixels_of(learnt.years, learnt.gaps, learnt.radar),
        label,
        known,
        recipe,
        weights,
    )
    fold = place_folds(learnt.lon, learnt.lat)
    scores, power = at_places_left_out(f"{name}-head", fold, label, known, making.chances, own)
    at = np.ones(len(fold), bool) if held_out is None else fold != held_out
    network, head = making.fit(at)
    features, cover = making.features(network, at), learnt.land_cover[at]
    prototypes = np.stack([learnt.years[at][cover == code].mean(axis=0) for code in known])
    taught = {"locations": sorted(map(str, learnt.ids[at])), "points": []}
    sharpness = power * making.sharpness
    _write(path, making.backbone, network, head, sharpness, known, cover, features, prototypes, taught, scores, tower)
    return known


class _Making:
    """A backbone and its head, fitted on any part of the labelled pixels: a frozen network's features are made once."""

    def __init__(
        self, backbone: Backbone, pixels: Pixels, label: NDArray[np.int64], known: Sequence[str], recipe: Recipe,
        weights: Path | None,
    ) -> None:  # fmt: skip
        self.backbone, self.pixels, self.label, self.known, self.recipe = backbone, pixels, label, known, recipe
        self.sharpness = 1.0 if backbone.kind == "taught" else RIDGE_SHARPNESS
        if backbone.kind == "taught":
            return
        if backbone.read is None or weights is None:
            raise BadArgument(f"{backbone.name} needs its file of weights: --backbone-weights FILE")
        self.frozen = backbone.read(weights)
        with torch.inference_mode():
            self.said = torch.cat([backbone.features(self.frozen, pixels.take(at)) for at in _runs(len(pixels))])

    def fit(self, at: NDArray[np.bool_]) -> tuple[nn.Module, Linear]:
        """Return the network and the head learnt from some of the pixels."""
        label, count, rows = self.label[at], len(self.known), torch.from_numpy(at)
        weight = importance_of(label, self.recipe.balance)
        if self.backbone.kind == "taught":
            make = lambda: cast(Network, self.backbone.make(count))  # noqa: E731
            network = teach(make, self.pixels.take(rows), label, weight, Lesson(seed=self.recipe.seed))
            return network, _own_head(network, self.backbone.dim, count)
        return self.frozen, _ridge(self.said[rows], label, weight, count, self.recipe)

    def features(self, network: nn.Module, at: NDArray[np.bool_]) -> Tensor:
        """Return the features of some of the pixels."""
        rows = torch.from_numpy(at)
        if self.backbone.kind != "taught":
            return self.said[rows]
        with torch.inference_mode():
            return self.backbone.features(network, self.pixels.take(rows))

    def chances(self, learn: NDArray[np.bool_], test: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return what the head says of some pixels after it learnt from others."""
        network, head = self.fit(learn)
        with torch.inference_mode():
            return (self.sharpness * head([self.features(network, test)])).softmax(dim=1).double().numpy()


def make_headed_on_rasters(
    rasters: Sequence[Path], labels: Path, path: Path, tower: TextTower, recipe: Recipe | None = None
) -> tuple[str, ...]:
    """Fit a head on published embeddings at labelled places and return the classes that compete.

    Args:
        rasters: Files of one published form.
        labels: CSV with columns `lon`, `lat` (degrees) and `land_cover` (LUCAS codes).
        path: File to write.
        tower: Text tower.
        recipe: How many labels a class needs, and weights.

    Raises:
        BadFile: no table of labels; embeddings of several forms; no label lies on them.
    """
    recipe = recipe or Recipe()
    opened = [open_embeddings(str(one)) for one in rasters]
    if len({one.form.name for one in opened}) != 1:
        raise BadFile("give embeddings of one form: " + ", ".join(sorted({one.form.name for one in opened})))
    lon, lat, cover = _places(labels)
    features, there = _at(opened, lon, lat)
    codes, counts = np.unique(cover[there], return_counts=True)
    known = tuple(str(c) for c, n in zip(codes, counts, strict=True) if n >= recipe.enough)
    if len(known) < 2:
        raise BadFile(f"{int(there.sum())} labels lie on the embeddings; two classes with {recipe.enough} are needed")
    keep = there & np.isin(cover, known)
    label = np.array([known.index(str(code)) for code in cover[keep]], np.int64)
    given, fold = torch.from_numpy(features[keep]), place_folds(lon[keep], lat[keep])

    def fit(at: NDArray[np.bool_]) -> Linear:
        weight = importance_of(label[at], recipe.balance)
        return _ridge(given[torch.from_numpy(at)], label[at], weight, len(known), recipe)

    def chances(learn: NDArray[np.bool_], test: NDArray[np.bool_]) -> NDArray[np.float64]:
        with torch.inference_mode():
            return (RIDGE_SHARPNESS * fit(learn)([given[torch.from_numpy(test)]])).softmax(dim=1).double().numpy()

    backbone = backbone_of(opened[0].form.name)
    scores, power = at_places_left_out(f"{backbone.name}-head", fold, label, known, chances)
    head = fit(np.ones(len(fold), bool))
    none = np.zeros((len(known), 12, 10), np.float32)
    taught: dict[str, list] = {"locations": [], "points": []}
    sharpness, network = power * RIDGE_SHARPNESS, nn.Identity()
    _write(path, backbone, network, head, sharpness, known, cover[keep], given, none, taught, scores, tower)
    return known


def read_headed(path: Path) -> Headed:
    """Return the encoder of a file that `head` wrote.

    Raises:
        BadFile: it is none.
    """
    state, about = read_state(path), read_metadata(path)
    if about.get("kind") != KIND:
        raise BadFile(f"{path} is no backbone with a head")
    parts = {part: _under(state, part) for part in ("network", "head", "text_map")}
    backbone = backbone_of(about["backbone"])
    network, head = backbone.make(len(about["known"])), Linear(backbone.dim, len(about["known"]))
    text_map = TextMap(state["class_texts"].shape[1])
    for module, own in ((network, parts["network"]), (head, parts["head"]), (text_map, parts["text_map"])):
        load_into(module, own, str(path))
    arrays = {name: state[name].numpy() for name in ("reference", "prototypes", "class_texts")}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Headed(
        backbone, network.eval(), head, text_map, make_tower(about["text_tower"]), about, sha256=digest, **arrays
    )


def _write(
    path: Path, backbone: Backbone, network: nn.Module, head: Linear, sharpness: float, known: Sequence[str],
    cover: NDArray[np.str_], features: Tensor, prototypes: NDArray[np.float32], taught: Mapping[str, list],
    scores: Mapping[str, Any], tower: TextTower,
) -> None:  # fmt: skip
    codes, text_map, texts = _texts(tower)
    about: dict[str, Any] = {
        "kind": KIND, "name": f"{backbone.name}-head", "backbone": backbone.name,
        "sharpness": sharpness, "text_tower": tower.name, "known": list(known),
        "text_codes": codes, "labelled": {code: int((cover == code).sum()) for code in known},
        "training_ids": dict(taught), "scores": dict(scores),
    }  # fmt: skip
    chosen = torch.from_numpy(np.linspace(0, len(features) - 1, min(REFERENCE, len(features))).astype(int))
    made = Headed(
        backbone, network, head, text_map, tower, about, np.zeros((0, 1), np.float32), prototypes, texts, "made"
    )
    arrays = {"reference": made.of_features(features[chosen]), "prototypes": prototypes, "class_texts": texts}
    tensors = {name: torch.from_numpy(np.array(array, np.float32)) for name, array in arrays.items()}
    for part, module in (("network", network), ("head", head), ("text_map", text_map)):
        tensors |= {f"{part}.{name}": tensor for name, tensor in module.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, tensors, about)


def _texts(tower: TextTower) -> tuple[list[str], TextMap, NDArray[np.float32]]:
    """Return the classes with prompts, the text map and their vectors; the shipped model's where they fit."""
    ours = load()
    prompts = hashlib.sha256(LUCAS.read_bytes()).hexdigest()
    if ours.about["text_tower"] == tower.name and ours.about["prompts_sha256"] == prompts:
        return list(ours.about["text_codes"]), ours.text_map, ours.class_texts
    codes, text_map = list(read_prompts()), TextMap.around(text_centre(tower))
    return codes, text_map, class_vectors(codes, text_map, tower)


def _ridge(features: Tensor, label: NDArray[np.int64], weight: NDArray, classes: int, recipe: Recipe) -> Linear:
    head = Linear(features.shape[1], classes)
    head.fit_ridge([features], label, weight, recipe.ridge)
    return head


def _own_head(network: Any, dim: int, classes: int) -> Linear:
    """Return a taught network's own last layer as a head."""
    head = Linear(dim, classes)
    head.weight.copy_(network.classifier.weight.detach().T)
    head.bias.copy_(network.classifier.bias.detach())
    return head


def _under(state: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}."): tensor for name, tensor in state.items() if name.startswith(f"{part}.")}


def _gaps(years: Years) -> NDArray[np.bool_]:
    return years.masked[:, :, None] | years.missing_bands[:, None, :]


def _runs(count: int, size: int = 1024) -> Sequence[Tensor]:
    return torch.arange(count).split(size)


def _places(labels: Path) -> tuple[NDArray, NDArray, NDArray[np.str_]]:
    try:
        with labels.open(encoding="utf-8", newline="") as file:
            rows = [(float(r["lon"]), float(r["lat"]), r["land_cover"].strip().upper()) for r in csv.DictReader(file)]
    except (OSError, KeyError, ValueError, AttributeError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"{labels} is no table of labels: columns lon, lat and land_cover are needed") from error
    cover = np.array([to_model(code) for _, _, code in rows])
    if unknown := sorted({str(code) for code in cover if str(code) not in read_prompts()}):
        raise BadFile(f"{labels} names classes that are no LUCAS land cover: {', '.join(unknown[:6])}")
    return np.array([r[0] for r in rows]), np.array([r[1] for r in rows]), cover


def _at(opened: Sequence[Embeddings], lon: NDArray, lat: NDArray) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return features at places from the first file that holds each."""
    out, there = np.zeros((len(lon), opened[0].form.dim), np.float32), np.zeros(len(lon), bool)
    for one in opened:
        left = np.flatnonzero(~there)
        out[left], there[left] = one.at(lon[left], lat[left])
    return out, there
