"""What is known of the satellite's classifier itself: what it is, what it looks at, how often it is right, what it
confuses. Everything is read from the encoder's own file; nothing is measured here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from retrieval.errors import NoRecords
from tools.context import Context
from tools.pixelclip.at_hand import SHIPPED
from tools.result import Caveat
from tools.satellite import accuracy_caveat, encoder_caveats, model_of, official_name

Told = tuple[dict[str, Any], tuple[Caveat, ...]]
MOST_CONFUSED = 6
"""Classes named as taken for one another."""


def overall_rates(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return how often an encoder was right at places it had not seen, shares of 1; {} where it was not measured.

    `right` of `pixels` pixels in folds of 50 km blocks, `mean` over the classes; `elsewhere` with whole data sets left
    out, those `sets`.
    """
    from tools.pixelclip.known import overall

    measured = overall(about)
    if measured is None:
        return {}
    rates = {"pixels": measured["pixels"], "right": measured["accuracy"], "mean": measured["balanced"]}
    if apart := overall(about, "sources_together"):
        rates |= {"elsewhere": apart["accuracy"], "sets": sorted(about["scores"].get("left_out_source", {}))}
    return rates


def accuracy(context: Context, land_cover: Sequence[str]) -> Told:
    """Return how often the classifier was right at places it had not seen, and what was measured of each class, in
    `of_classes` as lines with their slots.

    Raises:
        NoRecords: nothing was.
    """
    from tools.pixelclip.known import to_official

    about = model_of(context).about
    rates = overall_rates(about)
    if not rates:
        raise _not_measured(context)
    scores = about["scores"]
    found: list[tuple[str, Any]] = []
    for code in land_cover:
        own = _scored(code, scores["by_class"])
        for one in own:
            name = official_name(context, one)
            found.append(accuracy_caveat(one, name, scores["by_class"][one]))
            if apart := scores.get("by_class_elsewhere", {}).get(one):
                key, slots = accuracy_caveat(one, name, apart)
                found.append((f"{key}_elsewhere", slots))
            words = scores.get("left_out", {}).get(one)
            if words and words["low"] <= 0.5:
                found.append(("no_better_by_words", {"land_cover": to_official(one), "name": name}))
        if not own:
            found.append(("not_measured", {"text": context.nomenclature.label([code], context.language)}))
    return {"accuracy": rates, "of_classes": found}, tuple(encoder_caveats(context))


def confusions(context: Context, land_cover: Sequence[str]) -> Told:
    """Return which classes are taken for one another at places not seen: of some classes, or the commonest mistakes.

    Raises:
        NoRecords: it was not measured.
    """
    about = model_of(context).about
    by_class = about.get("scores", {}).get("by_class", {})
    called = {code: one["called"] for code, one in by_class.items() if "called" in one}
    if not called:
        raise _not_measured(context)

    def listed(counts: Mapping[str, int]) -> list[dict[str, Any]]:
        most = sorted(counts.items(), key=lambda one: -one[1])[:MOST_CONFUSED]
        return [{"name": official_name(context, code), "pixels": count} for code, count in most]

    classes, caveats = [], encoder_caveats(context)
    for code in land_cover:
        if not (own := _scored(code, by_class)):
            caveats.append(("not_measured", {"text": context.nomenclature.label([code], context.language)}))
        for one in own:
            taken = {other: row[one] for other, row in called.items() if other != one and one in row}
            classes.append(
                {
                    "name": official_name(context, one),
                    "pixels": sum(called[one].values()),
                    "right": called[one].get(one, 0),
                    "called": listed({other: n for other, n in called[one].items() if other != one}),
                    "named": called[one].get(one, 0) + sum(taken.values()),
                    "taken": listed(taken),
                }
            )
    pairs = sorted(((n, a, b) for a, row in called.items() for b, n in row.items() if a != b), reverse=True)
    commonest = [
        {"name": f"{official_name(context, a)} → {official_name(context, b)}", "pixels": n}
        for n, a, b in pairs[:MOST_CONFUSED]
    ]
    return {"confused": classes, "commonest": [] if classes else commonest}, tuple(caveats)


def encoder(context: Context, land_cover: Sequence[str]) -> Told:
    """Return which encoder answers, what it was taught on, and the classes that compete."""
    from tools.pixelclip.known import to_official

    model = model_of(context)
    labelled = model.about["labelled"]
    return {
        "encoder": {
            "name": context.encoder,
            "model": f"{model.model_id}, SHA-256 {model.sha256[:12]}",
            "shipped": context.encoder == SHIPPED,
            "pixels": sum(labelled.values()),
            "count": len(model.about["known"]),
            "classes": [
                {"name": f"{official_name(context, code)} ({to_official(code)})", "pixels": labelled.get(code, 0)}
                for code in model.about["known"]
            ],
        }
    }, tuple(encoder_caveats(context))


def seen(context: Context, land_cover: Sequence[str]) -> Told:
    """Return what the classifier looks at: which bands of which months of how large a pixel."""
    from tools.pixelclip.bands import BANDS, MONTHS
    from tools.pixelclip.grid import CELL

    return {"input": {"metres": CELL, "months": MONTHS, "count": len(BANDS), "bands": list(BANDS)}}, ()


TOLD: Mapping[str, Callable[[Context, Sequence[str]], Told]] = {
    "accuracy": accuracy,
    "confusions": confusions,
    "encoder": encoder,
    "input": seen,
}
"""What can be told about the classifier."""


def _scored(code: str, by_class: Mapping[str, Any]) -> list[str]:
    """The model's scored codes that a LUCAS code holds or is held by."""
    from tools.pixelclip.known import related, to_model

    return [one for one in by_class if related(to_model(code), one)]


def _not_measured(context: Context) -> NoRecords:
    what, way_out = f"measured accuracy of {context.encoder}", "ask how it agrees with the survey"
    return NoRecords(what, way_out, "no_accuracy", encoder=context.encoder)
