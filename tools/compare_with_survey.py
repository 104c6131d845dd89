"""Where the satellite's map agrees with what is recorded on the ground, at points the model was never trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retrieval.errors import NoRecords
from retrieval.types import Table
from tools.context import Context
from tools.result import Result
from tools.satellite import (
    checked_year,
    encoder_caveats,
    encoder_named,
    model_of,
    official_name,
    pixel_caveats,
    pixels_of,
    satellite_provenance,
)
from tools.survey import checked_near, point_features

DECLARED = "LPIS"
"""In the name of a source of pixels: its labels are what farmers declared of their parcels, not what a surveyor saw."""


def compare_with_survey(
    context: Context,
    *,
    land_cover: Sequence[str] = (),
    regions: Sequence[str] = (),
    year: int | None = None,
    encoder: str = "",
    near: Mapping[str, Any] | None = None,
) -> Result:
    """Hold the satellite's classes against what was seen on the ground, pixel by pixel.

    Use for "where do satellite and survey agree", "how good is the map of …". Truth is a survey visit at most two years
    from the pixel's, else the label the pixel came with, mostly a farmer's declaration, which is said. Pixels the model
    was trained on never count. `value` is the share that is right (accuracy, 0 to 1); with one class also its
    precision, recall, F1, average precision and the area under Recall-vs-Area (0.5 is chance). Agreement at points, not
    an area. `encoder` names another encoder at hand. `near` {lon, lat in degrees, km, name}: only pixels in the circle.

    Raises:
        BadArgument: no encoder of that name.
        NoRecords: no labelled pixel there but those of the training, or no pixel of that year.
    """
    from tools.pixelclip.known import to_model, to_official, words_of
    from tools.pixelclip.metrics import CELL_KM2, accuracy, average_precision, class_scores, confusion, recall_vs_area

    context = context.asking(encoder)
    for code in land_cover:
        context.nomenclature.get(code)
    year = checked_year(year)
    places = tuple(dict.fromkeys(context.region(words) for words in regions))
    model = model_of(context)
    words = words_of(model)
    around = checked_near(near) if near else None
    pixels = pixels_of(context, places, year, near=around)
    seen = {
        (row["location"], row["year"]): row
        for row in context.store.query("pixels_labelled", limit=len(pixels.rows) + 1_000_000).dicts()
    }
    trained = model.about["training_ids"]
    taught = frozenset(trained["locations"]) | frozenset(map(str, trained["points"]))
    kept, truth, witnesses, skipped = [], [], [], 0
    for at, row in enumerate(pixels.rows.dicts()):
        witness = seen.get((row["location"], row["year"]))
        code = _known(str(witness["land_cover"]), words.known) if witness and pixels.usable[at] else None
        if witness is None or code is None:
            continue
        if row["location"] in taught or (row["point_id"] is not None and str(row["point_id"]) in taught):
            skipped += 1
            continue
        kept.append(at)
        truth.append(words.known.index(code))
        witnesses.append(str(witness["witness"]))
    if not kept:
        reason = f"all {skipped} were used in training" if skipped else "none is labelled there"
        raise NoRecords(
            "surveyed pixels to compare with",
            f"{reason}; see the model card for its cross-validated scores",
            "none_to_compare",
            skipped=skipped,
        )
    at, right = np.array(kept), np.array(truth)
    probability = words.classify(pixels.vectors[at])
    said = probability.argmax(axis=1)
    matrix = confusion(right, said, len(words.known))
    asked = [code for code in words.known if any(_inside(code, to_model(c)) for c in land_cover)]
    table = _table(context, words.known, matrix, asked)
    facts: dict[str, Any] = {
        **({"near": around} if around else {}),
        "pixels": len(kept),
        "right": int((right == said).sum()),
        "accuracy": round(accuracy(right, said), 3),
        **_levels(words.known, right, probability),
        "left_out_of_training": True,
        "skipped_as_trained_on": skipped,
        "declared": sum(DECLARED in each for each in witnesses),
        "confusion": _confusions(context, words.known, matrix),
    }
    if asked:
        member = np.isin(right, [words.known.index(c) for c in asked])
        score = probability[:, [words.known.index(c) for c in asked]].sum(axis=1)
        pair = class_scores(
            confusion(member.astype(int), np.isin(said, [words.known.index(c) for c in asked]).astype(int), 2)
        )[1]
        curve = recall_vs_area(score, CELL_KM2, np.flatnonzero(member)) if member.any() else None
        facts |= {
            "precision": round(pair.precision, 3),
            "recall": round(pair.recall, 3),
            "f1": round(pair.f1, 3),
            "support": pair.support,
            "average_precision": round(average_precision(member, score), 3) if member.any() else None,
            "recall_vs_area": round(curve.normalised_area, 3) if curve else None,
        }
    drawn = _points(context, pixels, at, words.known, right, said)
    return Result(
        tool="compare_with_survey",
        arguments={
            **({"land_cover": list(land_cover)} if land_cover else {}),
            **({"regions": [r.id for r in places]} if places else {}),
            **({"year": year} if year else {}),
            **({"near": around} if around else {}),
            **encoder_named(context, encoder),
        },
        provenance=satellite_provenance(context, pixels.rows),
        regions=places,
        land_cover=tuple(land_cover) or tuple(to_official(c) for c in sorted({words.known[i] for i in right})),
        years=tuple(sorted({int(pixels.rows.column("year")[i]) for i in kept})),
        value=facts["accuracy"],
        unit="accuracy",
        table=table,
        features=point_features(drawn),
        facts=facts,
        caveats=(
            *encoder_caveats(context),
            *pixel_caveats(pixels),
            ("agreement_at_points", {"pixels": len(kept), "skipped": skipped}),
            *((("declared_by_farmers", {"pixels": len(kept), "declared": n}),) if (n := facts["declared"]) else ()),
        ),
    )


def _levels(known: Sequence[str], right: Any, probability: Any) -> dict[str, float]:
    """The share right at LUCAS levels 1 and 2, the chances of the classes below added up."""
    out = {}
    for depth in (1, 2):
        names, at = np.unique([code[:depth] for code in known], return_inverse=True)
        summed = np.stack([probability[:, at == k].sum(axis=1) for k in range(len(names))], axis=1)
        out[f"accuracy_level_{depth}"] = round(float((summed.argmax(axis=1) == at[right]).mean()), 3)
    return out


def _known(official: str, known: Sequence[str]) -> str | None:
    """The known class that holds a recorded LUCAS code: the nearest above it, or itself."""
    from tools.pixelclip.known import parents, to_model

    code = to_model(official)
    return next((c for c in (code, *parents(code)) if c in known), None)


def _inside(code: str, asked: str) -> bool:
    return code == asked or code.startswith(asked)


def _table(context: Context, known: Sequence[str], matrix: Any, asked: Sequence[str]) -> Table:
    """One row a class that occurs or was said: its scores."""
    from tools.pixelclip.known import to_official
    from tools.pixelclip.metrics import class_scores

    rows = []
    for at, one in enumerate(class_scores(matrix)):
        if (one.support or matrix[:, at].sum()) and (not asked or known[at] in asked):
            rows.append(
                (
                    to_official(known[at]),
                    official_name(context, known[at]),
                    one.support,
                    int(matrix[:, at].sum()),
                    round(one.precision, 3),
                    round(one.recall, 3),
                    round(one.f1, 3),
                )
            )
    columns = ("land_cover", "land_cover_name", "surveyed", "classified", "precision", "recall", "f1")
    return Table(columns, tuple(sorted(rows, key=lambda row: -row[2])))


def _confusions(context: Context, known: Sequence[str], matrix: Any, most: int = 8) -> list[dict[str, Any]]:
    """The commonest mistakes."""
    wrong = [(int(matrix[i, j]), i, j) for i in range(len(known)) for j in range(len(known)) if i != j and matrix[i, j]]
    return [
        {"surveyed": official_name(context, known[i]), "classified": official_name(context, known[j]), "pixels": count}
        for count, i, j in sorted(wrong, reverse=True)[:most]
    ]


def _points(context: Context, pixels: Any, at: Any, known: Sequence[str], right: Any, said: Any) -> Table:
    from tools.pixelclip.known import to_official

    rows, columns = pixels.rows.rows, pixels.rows.columns
    places = {name: columns.index(name) for name in ("location", "year", "lon", "lat")}
    out = []
    for i, true, guess in zip(at, right, said, strict=True):
        row = rows[i]
        out.append(
            (
                row[places["location"]],
                row[places["year"]],
                to_official(known[true]),
                official_name(context, known[true]),
                to_official(known[guess]),
                bool(true == guess),
                row[places["lon"]],
                row[places["lat"]],
            )
        )
    return Table(
        ("location", "year", "land_cover", "land_cover_name", "classified", "agrees", "lon", "lat"), tuple(out)
    )
