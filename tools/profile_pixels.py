"""What the satellite's classifier makes of a place: every class it gives there, counted, with its chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retrieval.types import Table
from tools.classifier_facts import overall_rates
from tools.context import Context
from tools.result import Result
from tools.satellite import (
    MOST_PIXELS_SHOWN,
    checked_year,
    encoder_caveats,
    encoder_named,
    model_of,
    official_name,
    pixel_caveats,
    pixels_of,
    satellite_provenance,
    trained_on,
)
from tools.survey import checked_near, point_features


def profile_pixels(
    context: Context,
    *,
    regions: Sequence[str] = (),
    year: int | None = None,
    near: Mapping[str, Any] | None = None,
    encoder: str = "",
) -> Result:
    """Count an area's satellite pixels by the class that the classifier finds likeliest.

    Use for "what does the satellite see near …", where no class is named; `classify_area` maps one. Without a year each
    place's latest pixel year answers. `value` is how many pixels were told; the table has, a class, its pixels, their
    mean chance (0 to 1; None where chances were never held against labels), how many are likelier than a half, and
    the class's measured precision. Counts pixels the store holds, never an area: for shares use profile_region. `near`
    {lon, lat in degrees, km, name}: only pixels within the circle.

    Raises:
        BadArgument: no encoder of that name.
        NoRecords: no pixels there, or none of that year; too many of them, with the job that is offered.
    """
    from tools.pixelclip.known import to_official, words_of

    context, year = context.asking(encoder), checked_year(year)
    places = tuple(dict.fromkeys(context.region(words) for words in regions))
    around = checked_near(near) if near else None
    words = words_of(model_of(context))
    pixels = pixels_of(context, places, year, whole=True, near=around)
    at = np.flatnonzero(pixels.usable)
    chances = words.classify(pixels.vectors[at])
    likeliest, chance = chances.argmax(axis=1), chances.max(axis=1)
    classes: list[dict[str, Any]] = []
    for k in sorted(set(likeliest.tolist()), key=lambda k: -int((likeliest == k).sum())):
        own, scores = chance[likeliest == k], words.accuracy_of(words.known[k])
        classes.append(
            {
                "land_cover": to_official(words.known[k]),
                "land_cover_name": official_name(context, words.known[k]),
                "pixels": len(own),
                "probability": round(float(own.mean()), 3) if words.model.calibrated else None,
                "sure": int((own >= 0.5).sum()) if words.model.calibrated else None,
                "precision": scores["precision"] if scores else None,
            }
        )
    columns = ("land_cover", "land_cover_name", "pixels", "probability", "sure", "precision")
    caveats = [*encoder_caveats(context), *pixel_caveats(pixels)]
    if len(at) > MOST_PIXELS_SHOWN:
        caveats.append(("truncated", {"shown": MOST_PIXELS_SHOWN, "points": len(at)}))
    if taught := trained_on(context, pixels):
        caveats.append(("trained_on_pixels", {"pixels": taught}))
    return Result(
        tool="profile_pixels",
        arguments={
            **({"regions": [r.id for r in places]} if places else {}),
            **({"year": year} if year else {}),
            **({"near": around} if around else {}),
            **encoder_named(context, encoder),
        },
        provenance=satellite_provenance(context, pixels.rows),
        regions=places,
        land_cover=tuple(str(one["land_cover"]) for one in classes),
        years=tuple(sorted({int(y) for y in pixels.rows.column("year")})),
        value=len(at),
        unit="pixels",
        table=Table(columns, tuple(tuple(one[name] for name in columns) for one in classes)),
        features=point_features(_points(pixels.rows, at[:MOST_PIXELS_SHOWN], likeliest, chance, classes, words)),
        facts={
            **({"near": around} if around else {}),
            "pixels": len(at),
            "classes": [
                {**one, "percent": None if one["probability"] is None else round(100 * one["probability"])}
                for one in classes
            ],
            "embedded": pixels.embedded,
            "trained_on": taught,
            "accuracy": overall_rates(model_of(context).about),
        },
        caveats=tuple(caveats),
    )


def _points(
    rows: Table, at: Any, likeliest: Any, chance: Any, classes: Sequence[Mapping[str, Any]], words: Any
) -> Table:
    """The pixels drawn: each with its likeliest class and that one's chance."""
    from tools.pixelclip.known import to_official

    names = {one["land_cover"]: one["land_cover_name"] for one in classes}
    places = [rows.columns.index(name) for name in ("location", "year", "lon", "lat")]
    out = []
    for n, row in enumerate(at):
        location, year, lon, lat = (rows.rows[row][place] for place in places)
        code = to_official(words.known[likeliest[n]])
        out.append((location, year, code, names[code], round(float(chance[n]), 3), lon, lat))
    return Table(("location", "year", "land_cover", "land_cover_name", "probability", "lon", "lat"), tuple(out))
