"""Makes the file that ships: fits the recipe on the labelled samples, adds reference sample, prototypes, scores.

One place fold (the first of five, with Corsican and Flemish blocks in it) is kept out of the shipped model for good, so
that `compare_with_survey` has labelled pixels it never saw.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from retrieval.errors import BadFile
from tools.pixelclip.known import to_model
from tools.pixelclip.measured import at_places_left_out, place_folds
from tools.pixelclip.prompts import LUCAS, read_prompts
from tools.pixelclip.radar import with_radar
from tools.pixelclip.recipe import WATER, Recipe, class_vectors, competing, make, text_centre, textbook_water
from tools.pixelclip.samples import Samples, fold_of, joined, read_dekads, read_europe
from tools.pixelclip.shipped import WEIGHTS, TextMap, write
from tools.pixelclip.towers import TextTower

NAME, VERSION = "landask-pixels", "4"
HELD_OUT = 0
"""The place fold that never enters training."""
TAUGHT = (WATER,)
"""Classes that compete without a labelled pixel to score them by."""
REFERENCE = 400
"""Pixels in the fixed reference sample."""


def read_samples(europe: Path, western_france: Path | None, labels: Path | None = None) -> tuple[Samples, Samples]:
    """Return the labelled European samples, and what is only learnt from: western France, where given, and water.

    `labels`: a CSV `sample_id,land_cover` (any LUCAS code) that stands above the sources' own labels.
    """
    raw = europe.parent / "raw"
    main = read_europe(europe)
    more = read_dekads(western_france) if western_france else main.take(np.zeros(len(main), bool))
    first, second = (with_radar(relabelled(one, labels), raw) for one in (main, more))
    return first, joined([second, textbook_water()])


def relabelled(samples: Samples, labels: Path | None) -> Samples:
    """Return the samples with a user's own labels where the file has any.

    Raises:
        BadFile: the file lacks the columns, or names a class without prompts.
    """
    if labels is None:
        return samples
    try:
        with labels.open(encoding="utf-8", newline="") as file:
            own = {row["sample_id"]: to_model(row["land_cover"].strip().upper()) for row in csv.DictReader(file)}
    except (OSError, KeyError, AttributeError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"{labels} is no table of labels: columns sample_id and land_cover are needed") from error
    if unknown := sorted({code for code in own.values() if code and code not in read_prompts()}):
        raise BadFile(f"{labels} names classes that are no LUCAS land cover: {', '.join(unknown[:6])}")
    code = [own.get(str(id), str(told)) for id, told in zip(samples.ids, samples.land_cover, strict=True)]
    return replace(samples, land_cover=np.array(code))


def make_file(
    samples: Samples,
    more: Samples,
    point_ids: Mapping[str, int],
    recipe: Recipe,
    tower: TextTower,
    path: Path = WEIGHTS,
    report: Mapping[str, Any] | None = None,
    held_out: int | None = HELD_OUT,
) -> tuple[str, ...]:
    """Fit and write the model and return the classes that compete; `report` is what `evals/classifier.py` measured.

    The classes that compete are those with enough pixels among `samples`, the ones that can be held out and scored.
    """
    known = competing(samples, recipe, TAUGHT)
    parts = [one if held_out is None else one.take(fold_of(one) != held_out) for one in (samples, more)]
    learnt = joined(parts)
    learnt = learnt.take(np.isin(learnt.land_cover, known))
    codes, text_map = list(read_prompts()), TextMap.around(text_centre(tower))
    texts = class_vectors(codes, text_map, tower)
    pixels = make(learnt, known, recipe, texts[[codes.index(code) for code in known]])
    prototypes = np.stack([learnt.years[learnt.land_cover == code].mean(axis=0) for code in known])
    chosen = np.linspace(0, len(learnt) - 1, min(REFERENCE, len(learnt))).astype(int)
    with torch.inference_mode():
        reference = pixels(torch.from_numpy(learnt.years[chosen])).numpy()
    about = {
        "kind": "landask-pixels",
        "name": NAME,
        "version": VERSION,
        "text_tower": tower.name,
        "prompts_sha256": hashlib.sha256(LUCAS.read_bytes()).hexdigest(),
        "centres": recipe.centres,
        "recipe": asdict(recipe),
        "known": list(known),
        "labelled": {code: int((learnt.land_cover == code).sum()) for code in known},
        "training_ids": {
            "locations": sorted(map(str, learnt.ids)),
            "points": sorted({point_ids[str(i)] for i in learnt.ids if str(i) in point_ids}),
        },
        "scores": dict(report or {}),
        "text_codes": codes,
    }
    write(path, pixels, text_map, about, reference, prototypes, texts)
    return known


def scores_of(samples: Samples, more: Samples, recipe: Recipe, tower: TextTower) -> dict[str, Any]:
    """Return what the recipe gives at places left out, fitted anew without each of five folds."""
    known = competing(samples, recipe, TAUGHT)
    both = joined([samples, more])
    used = np.isin(both.land_cover, known)
    own, both = np.flatnonzero(used) < len(samples), both.take(used)
    label = np.array([known.index(str(code)) for code in both.land_cover], np.int64)
    texts = class_vectors(known, TextMap.around(text_centre(tower)), tower)

    def chances(learn: NDArray[np.bool_], test: NDArray[np.bool_]) -> NDArray[np.float64]:
        model = make(both.take(learn), known, recipe, texts)
        with torch.inference_mode():
            return model.probabilities(torch.from_numpy(both.years[test])).double().numpy()

    return at_places_left_out(NAME, place_folds(both.lon, both.lat), label, known, chances, own)[0]


def lucas_points(europe: Path) -> dict[str, int]:
    """Return sample id → LUCAS point id of the samples that are survey points."""
    import pandas as pd

    table = pd.read_parquet(europe, columns=["sample_id", "lucas_point_id"]).dropna().drop_duplicates("sample_id")
    return {str(i): int(p) for i, p in zip(table["sample_id"], table["lucas_point_id"], strict=True)}


def read_report(path: Path) -> dict[str, Any]:
    """Return a report written by `evals/classifier.py`."""
    return json.loads(path.read_text(encoding="utf-8"))
