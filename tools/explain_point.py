"""Why the satellite says what it says of a point: its year, the classes' years, look-alikes, months that matter."""

from __future__ import annotations

from typing import Any

import numpy as np

from retrieval.errors import BadArgument, NoRecords
from retrieval.types import Table
from tools.context import Context
from tools.result import Result
from tools.satellite import encoder_caveats, encoder_named, model_of, official_name, satellite_provenance
from tools.survey import point_features, point_name

LOOK_ALIKES = 5
TOP_CLASSES = 5
MOST_LABELLED = 20_000


def explain_point(context: Context, *, point_id: int | str, encoder: str = "") -> Result:
    """Say what the satellite classifier makes of one point or pixel, and why.

    Use when a point is named or clicked and the question is why. Gives the surveyor's records, the pixel's yearly
    NDVI beside the usual years of the likeliest classes (`facts["curves"]`), the most similar class names, the most
    similar surveyed pixels, and how much each month moved the decision. `value` is the likeliest class. `encoder` names
    another encoder at hand.

    Raises:
        BadArgument: no point or pixel name; no encoder of that name.
        NoRecords: the store has no pixel there, or one that was never clear.
    """
    from tools.pixelclip.known import to_official, words_of

    context, name = context.asking(encoder), str(point_id).strip()
    if not name or len(name) > 60:
        raise BadArgument(f"{point_id!r} is no point: eight digits, or the name of a pixel")
    number = int(name) if name.isdigit() and len(name) <= 9 else None
    rows = context.store.query("pixels_of_point", point_id=number, location=name)
    if not len(rows):
        raise NoRecords(
            f"satellite pixel for point {name}",
            "fetch pixels for it, or ask point_history what was surveyed",
            "no_pixel_of_point",
            point=name,
        )
    from tools.pixelclip.stored import years_of

    row = next(rows.dicts())
    years = years_of(Table(rows.columns, rows.rows[:1]))
    if not years.usable[0]:
        what = f"clear satellite month for point {name} in {row['year']}"
        raise NoRecords(what, "ask for another year", "no_clear_month", point=name, year=row["year"])
    model = model_of(context)
    words = words_of(model)
    vector = model.embed(years)
    chance = words.classify(vector)[0]
    order = np.argsort(-chance)[:TOP_CLASSES]
    best, rolled = words.known[order[0]], _rolled_up(context, words, chance)
    similar = [
        {
            "land_cover": to_official(words.known[i]),
            "name": official_name(context, words.known[i]),
            "similarity": round(float(vector[0] @ words.class_vector(words.known[i])), 3),
            "probability": round(float(chance[i]), 3),
        }
        for i in order
    ]
    visits = _visits(context, row["point_id"])
    alike = _look_alikes(context, model, vector[0], str(row["location"]))
    table = Table(
        ("land_cover", "land_cover_name", "similarity", "probability"),
        tuple((s["land_cover"], s["name"], s["similarity"], s["probability"]) for s in similar),
    )
    fit = (to_official(best), official_name(context, best), similar[0]["probability"])
    drawn = Table(
        ("location", "year", "land_cover", "land_cover_name", "probability", "lon", "lat"),
        ((row["location"], row["year"], *fit, row["lon"], row["lat"]),),
    )
    trained = model.about["training_ids"]
    taught = row["location"] in trained["locations"] or row["point_id"] in trained["points"]
    caveats = encoder_caveats(context)
    if taught:
        caveats.append(("seen_in_training", {"point": name}))
    if lost := len(row["masked_months"] or ()):
        caveats.append(("masked_months", {"months": lost}))
    return Result(
        tool="explain_point",
        arguments={"point_id": name, **encoder_named(context, encoder)},
        provenance=satellite_provenance(context, rows),
        land_cover=(to_official(best),),
        years=(int(row["year"]),),
        value=to_official(best),
        unit="land cover",
        table=table,
        features=point_features(drawn),
        facts={
            "point_id": name,
            "name": official_name(context, best),
            "probability": similar[0]["probability"],
            "rolled_up": rolled,
            "surveyed": visits,
            "label": row["lc_label"],
            "similar": similar,
            "look_alikes": alike,
            "curves": _curves(context, model, words.known, order[:3], years),
            "months": _months_that_mattered(model, words, years, best),
            "lon": row["lon"],
            "lat": row["lat"],
        },
        caveats=tuple(caveats),
    )


def _rolled_up(context: Context, words: Any, chance: Any) -> dict[str, Any] | None:
    """The deepest class whose probability, its children's included, passes a half."""
    from tools.pixelclip.known import parents, to_official

    [code] = words.deepest(chance[None])
    if code is None:
        return None
    inside = [p for known, p in zip(words.known, chance, strict=True) if code in (known, *parents(known))]
    return {
        "land_cover": to_official(code),
        "name": official_name(context, code),
        "probability": round(float(sum(inside)), 3),
    }


def _visits(context: Context, point_id: int | None) -> list[dict[str, Any]]:
    if point_id is None:
        return []
    label = context.nomenclature.label
    return [
        {
            "point_id": point_name(row["point_id"]),
            "year": row["year"],
            "land_cover": row["lc1"],
            "name": label([row["lc1"]], context.language) if row["lc1"] else None,
        }
        for row in context.store.query("pixels_visits", points=[point_id]).dicts()
    ]


def _look_alikes(context: Context, model: Any, vector: Any, location: str) -> list[dict[str, Any]]:
    """The labelled pixels whose vectors lie nearest."""
    from tools.pixelclip.stored import vectors_of

    rows = context.store.query("pixels_labelled", limit=MOST_LABELLED)
    if not len(rows):
        return []
    vectors = vectors_of(context.store, model, rows)
    similarity = vectors @ vector
    out = []
    for at in np.argsort(-similarity):
        row = dict(zip(rows.columns, rows.rows[at], strict=True))
        if row["location"] == location:
            continue
        name = context.nomenclature.label([row["land_cover"]], context.language)
        out.append(
            {
                "location": row["location"], "year": row["year"], "land_cover": row["land_cover"], "name": name,
                "witness": row["witness"], "similarity": round(float(similarity[at]), 3),
                "lon": row["lon"], "lat": row["lat"],
            }
        )  # fmt: skip
        if len(out) == LOOK_ALIKES:
            break
    return out


def _curves(
    context: Context, model: Any, known: tuple[str, ...], order: Any, years: Any
) -> dict[str, list[float | None]]:
    """The pixel's NDVI by month, January first, gaps where masked, and the usual NDVI of the likeliest classes."""
    own = [
        None if gone else round(float(v), 3) for v, gone in zip(_ndvi(years.values[0]), years.masked[0], strict=True)
    ]
    curves: dict[str, list[float | None]] = {"NDVI": own}
    for at in order:
        curves[official_name(context, known[at])] = [round(float(v), 3) for v in _ndvi(model.prototypes[at])]
    return curves


def _months_that_mattered(model: Any, words: Any, years: Any, best: str) -> list[dict[str, Any]]:
    """How much the likeliest class's lead falls when a month is replaced by the year's median; January is 1."""
    from tools.pixelclip.bands import Years

    values = np.repeat(years.values, 13, axis=0)
    for month in range(12):
        values[month, month] = np.median(years.values[0], axis=0)
    every = Years(values, np.repeat(years.masked, 13, 0), np.repeat(years.missing_bands, 13, 0), np.ones(13, bool))
    fit = words.classify(model.embed(every))
    at = words.known.index(best)
    lead = fit[:, at] - np.delete(fit, at, axis=1).max(axis=1)
    fall = lead[12] - lead[:12]
    return [{"month": int(m) + 1, "weight": round(float(fall[m]), 4)} for m in np.argsort(-fall)]


def _ndvi(year: Any) -> Any:
    return (year[:, 6] - year[:, 2]) / (year[:, 6] + year[:, 2] + 1e-6)
