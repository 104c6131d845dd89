"""Where is it according to the satellite: any words or LUCAS classes as a map of an area's pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from retrieval.errors import BadArgument
from retrieval.types import Region, Table
from tools.context import Context
from tools.pixel_prior import Prior, published_prior
from tools.result import Result
from tools.satellite import (
    accuracy_caveat,
    checked_year,
    encoder_caveats,
    encoder_named,
    model_of,
    most_shown,
    official_name,
    pixel_caveats,
    pixels_of,
    satellite_provenance,
    trained_on,
)
from tools.survey import checked_near, point_features


def classify_area(
    context: Context,
    *,
    text: str | None = None,
    land_cover: Sequence[str] = (),
    regions: Sequence[str] = (),
    year: int | None = None,
    limit: int | None = None,
    prior: Literal["", "published"] = "",
    encoder: str = "",
    near: Mapping[str, Any] | None = None,
) -> Result:
    """Map any words, or LUCAS land-cover classes, over an area's satellite pixels.

    Use for "where is … according to the satellite", and for words no class stands for ("lavender"). Give `text` or
    `land_cover`, not both. Without a year each place's latest pixel year answers. Counts pixels the store holds, never
    an area: for shares use official_share. `value` is how many pixels fit the words better than any other known
    class; every pixel comes with its score, its calibrated probability (`facts["sure"]` of them above a half) and the
    deepest class that is likelier than a half. The measured accuracy of the nearest known class stands beside it, or
    the plain statement that there is none, with what was measured of words alone (`facts["zero_shot"]`). With
    `prior="published"` the chances are weighed by the region's published shares, which the answer says. An area with
    more pixels than an answer reads is not cut: the whole map of it is offered as a job. `encoder` names another
    encoder at hand. `near` {lon, lat in degrees, km, name}: only pixels within the circle.

    Raises:
        BadArgument: neither words nor classes, both, or words that are empty or an essay; no encoder of that name.
        NoRecords: no pixels there, or none of that year; too many of them, with the job that is offered; no published
            shares to weigh by.
    """
    if prior not in ("", "published"):
        raise BadArgument(f"no prior {prior!r}: leave it out, or published")
    if bool(text and text.strip()) == bool(land_cover):
        raise BadArgument("give words (text) or land-cover codes, one of the two")
    context, year = context.asking(encoder), checked_year(year)
    for code in land_cover:
        context.nomenclature.get(code)
    places = tuple(dict.fromkeys(context.region(words) for words in regions))
    from tools.pixelclip.known import words_of
    from tools.pixelclip.towers import check_texts

    if text:
        check_texts([text])
    words = words_of(model_of(context))
    asked = words.ask_classes(land_cover) if land_cover else _asked_in_words(context, words, str(text))
    weighed = _prior(context, places, words, year) if prior else None
    weight = weighed.weight if weighed else None
    around = checked_near(near) if near else None
    pixels = pixels_of(context, places, year, whole=True, near=around)
    score, best = words.score(pixels.vectors, asked, weight)
    probability = words.probability(score, asked)
    hit = (best == 0) & pixels.usable
    chance = words.classify(pixels.vectors, weight)
    most = most_shown(context)
    shown = min(limit or most, most)
    rows = _rows(context, pixels, score, probability, hit, best, asked, words.deepest(chance), shown)
    caveats = [*encoder_caveats(context), *pixel_caveats(pixels)]
    if weighed:
        caveats.append(("published_prior", {"region": weighed.region, "year": weighed.year}))
    truth = _truth(context, words, asked)
    caveats += truth["caveats"]
    if len(rows) < len(pixels.rows):
        caveats.append(("truncated", {"shown": len(rows), "points": len(pixels.rows)}))
    if taught := trained_on(context, pixels):
        caveats.append(("trained_on_pixels", {"pixels": taught}))
    years = tuple(sorted({int(y) for y in pixels.rows.column("year")}))
    return Result(
        tool="classify_area",
        arguments={
            **({"text": text} if text else {"land_cover": list(land_cover)}),
            **({"regions": [r.id for r in places]} if places else {}),
            **({"year": year} if year else {}),
            **({"limit": limit} if limit else {}),
            **({"prior": prior} if prior else {}),
            **({"near": around} if around else {}),
            **encoder_named(context, encoder),
        },
        provenance=satellite_provenance(context, pixels.rows),
        regions=places,
        land_cover=tuple(land_cover),
        years=years,
        value=int(hit.sum()),
        unit="pixels",
        table=rows,
        features=point_features(rows),
        facts={
            "text": text,
            **({"near": around} if around else {}),
            "pixels": int(pixels.usable.sum()),
            "hits": int(hit.sum()),
            "shown": len(rows),
            "embedded": pixels.embedded,
            "trained_on": taught,
            "compared_with": [official_name(context, code) for code in asked.rivals],
            "nearest": truth["nearest"],
            "accuracy": truth["accuracy"],
            "ground_truth": truth["accuracy"] is not None,
            "sure": int((probability[hit] >= 0.5).sum()) if probability is not None else None,
            "prior": weighed.to_json() if weighed else None,
            "zero_shot": None if asked.codes else words.zero_shot(),
        },
        caveats=tuple(caveats),
    )


def _prior(context: Context, places: Sequence[Region], words: Any, year: int | None) -> Prior:
    """Return the weights of the known classes where the pixels lie."""
    from tools.pixelclip.known import to_official

    labelled = {to_official(code): count for code, count in words.model.about["labelled"].items()}
    return published_prior(context, places, [to_official(code) for code in words.known], labelled, year)


def _asked_in_words(context: Context, words: Any, text: str) -> Any:
    """Return what free words are compared with: a class the code book calls so, where its pixels are known."""
    from tools.pixelclip.known import to_model

    for mention in context.nomenclature.mentions(text):
        whole = (mention.start, mention.end) == (0, len(text)) and mention.exact and not mention.ambiguous
        if whole and {to_model(code) for code in mention.match.codes} <= {*words.known}:
            return replace(words.ask_classes(mention.match.codes), text=text)
    return words.ask_text(text)


def _rows(
    context: Context, pixels: Any, score: Any, probability: Any, hit: Any, best: Any, asked: Any, sure: Any, most: int
) -> Table:
    """The pixels, hits first and by score, with what they fit best, and the deepest class that is sure."""
    from tools.pixelclip.known import to_official

    own = asked.codes[0] if len(asked.codes) == 1 else None
    rivals = [to_official(code) for code in asked.rivals]
    names = {code: context.nomenclature.label([code], context.language) for code in rivals}
    mine = (to_official(own), official_name(context, own)) if own else (asked.text, asked.text)
    order = sorted((at for at in range(len(score)) if pixels.usable[at]), key=lambda at: (not hit[at], -score[at]))
    rows = []
    every = list(pixels.rows.dicts()) if len(pixels.rows) <= most * 4 else None
    for at in order[:most]:
        row = every[at] if every else dict(zip(pixels.rows.columns, pixels.rows.rows[at], strict=True))
        code, name = mine if hit[at] else (rivals[best[at] - 1], names[rivals[best[at] - 1]])
        chance = None if probability is None else round(float(probability[at]), 3)
        deepest = to_official(sure[at]) if sure[at] else None
        fit = (code, name, round(float(score[at]), 4), chance, bool(hit[at]), deepest)
        rows.append((row["location"], row["year"], *fit, row["lon"], row["lat"]))
    fits = ("land_cover", "land_cover_name", "score", "probability", "hit", "sure_land_cover")
    return Table(("location", "year", *fits, "lon", "lat"), tuple(rows))


def _truth(context: Context, words: Any, asked: Any) -> dict[str, Any]:
    """What is known of the map's accuracy, and what must be said where nothing is."""
    nearest = [
        {"land_cover": code, "name": official_name(context, code), "similarity": similarity}
        for code, similarity in zip(asked.nearest.codes, asked.nearest.similarity, strict=True)
    ]
    code = asked.codes[0] if len(asked.codes) == 1 else asked.nearest.same
    scores = words.accuracy_of(code) if code else None
    caveats: list[tuple[str, dict[str, Any]]] = []
    if scores and code:
        caveats.append(accuracy_caveat(code, official_name(context, code), scores))
    elif asked.codes and nearest[0]["land_cover"] in asked.text.split("+"):
        caveats.append(("not_measured", {"text": nearest[0]["name"]}))
    elif asked.nearest.far and not asked.codes:
        caveats.append(("far_from_known", {"text": asked.text, "nearest": nearest[0]["name"]}))
    else:
        kind = "no_ground_truth" if asked.uncertain else "accuracy_not_measured"
        label = asked.text if not asked.codes else context.nomenclature.label(asked.text.split("+"), context.language)
        caveats.append((kind, {"text": label, "nearest": nearest[0]["name"]}))
    if not asked.codes and (alone := words.zero_shot()):
        above, not_so = alone["above_chance"], alone["not"]
        names = ", ".join(context.nomenclature.label([one], context.language) for one in not_so)
        caveats.append(("by_words_alone", {"above": len(above), "count": len(above) + len(not_so), "names": names}))
    if not scores and (like := words.nearest_measured(asked)):
        caveats.append(accuracy_caveat(like, official_name(context, like), words.accuracy_of(like)))
    return {"nearest": nearest, "accuracy": scores, "caveats": caveats}
