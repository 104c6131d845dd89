"""What there is to ask about: the store's datasets, their years, levels, licences, and how each is made and cited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from retrieval.catalog import descriptors
from retrieval.errors import BadArgument, NoRecords
from retrieval.types import Dataset, DataTopic, Table
from tools.context import Context
from tools.result import Caveat, Provenance, Result
from tools.satellite import accuracy_caveat, encoder_caveats, encoder_named, model_of, official_name
from tools.survey import question, survey_caveats

WITNESSES = ("survey", "statistics", "pixels")
"""Kinds of data that answers speak from; the others are outlines and names."""
LEVELS: Mapping[str, tuple[str, ...]] = {
    "survey": ("point", "country", "nuts1", "nuts2", "nuts3", "subdivision"),
    "statistics": ("country", "nuts1", "nuts2"),
    "pixels": ("point",),
}
"""Kind of data → the levels of place that it is told by."""


def describe_data(context: Context, *, about: str = "", land_cover: Sequence[str] = (), encoder: str = "") -> Result:
    """List the datasets at hand: title, kind, years, rows and licence; or say one thing about them.

    Use for "what data do you have", "which years", "where does this come from", "how do I cite this". `about` is '',
    years, levels, licence, citation, method, accuracy (of the satellite's classifier, of one class where `land_cover`
    names it; `encoder` asks of another encoder at hand), nuts or themes. `value` is the number of datasets.

    Raises:
        BadArgument: nothing is known about that; no encoder of that name.
        UnknownClass: there is no such class.
        NoRecords: the accuracy of the encoder that answers was not measured.
    """
    if about not in ("", *get_args(DataTopic)):
        raise BadArgument(f"nothing is told about {about!r}: one of {', '.join(get_args(DataTopic))}")
    datasets = [d for d in context.store.datasets() if not about or d.kind in WITNESSES]
    citations = {d.id: d.citation or d.attribution for d in descriptors()}
    rows = context.store.query("survey_years")
    table = Table(
        ("dataset", "title", "kind", "version", "years", "rows", "licence"),
        tuple((d.id, d.title, d.kind, d.version, ", ".join(map(str, d.years)), d.rows, d.licence) for d in datasets),
    )
    context = context.asking(encoder)
    scores, caveats = accuracy(context, land_cover) if about == "accuracy" else ({}, ())
    named = encoder_named(context, encoder) if about == "accuracy" else {}
    return Result(
        tool="describe_data",
        arguments={
            **({"about": about} if about else {}),
            **({"land_cover": list(land_cover)} if land_cover else {}),
            **named,
        },
        provenance=Provenance.of(datasets, rows),
        land_cover=tuple(land_cover),
        years=tuple(context.store.years()),
        value=len(datasets),
        unit="datasets",
        table=table,
        facts={
            "about": about,
            "datasets": [_told(d, citations.get(d.id, d.attribution)) for d in datasets],
            "surveys": list(rows.dicts()),
            **scores,
        },
        caveats=caveats if about else survey_caveats(question(context), []),
    )


def _told(dataset: Dataset, citation: str) -> dict[str, Any]:
    return {
        "title": dataset.title,
        "kind": dataset.kind,
        "years": list(dataset.years),
        "rows": dataset.rows,
        "licence": dataset.licence,
        "citation": citation.replace("<date>", dataset.version),
        "levels": list(LEVELS.get(dataset.kind, ())),
    }


def accuracy(context: Context, land_cover: Sequence[str]) -> tuple[dict[str, Any], tuple[Caveat, ...]]:
    """Return how often the satellite's classifier was right at places it had not seen, and the scores of each class."""
    from tools.pixelclip.known import overall, to_model

    model = model_of(context).about
    measured = overall(model)
    if measured is None:
        raise NoRecords(
            f"measured accuracy of {context.encoder}",
            "ask how it agrees with the survey",
            "no_accuracy",
            encoder=context.encoder,
        )
    scores, found = model["scores"], encoder_caveats(context)
    for code in land_cover:
        context.nomenclature.get(code)
        model_code = to_model(code)
        own = [c for c in scores["by_class"] if c == model_code or model_code.startswith(c) or c.startswith(model_code)]
        found += [accuracy_caveat(c, official_name(context, c), scores["by_class"][c]) for c in own]
    numbers = {"pixels": measured["pixels"], "right": measured["accuracy"], "mean": measured["balanced"]}
    if apart := overall(model, "sources_together"):
        numbers["elsewhere"] = apart["accuracy"]
    return {"accuracy": numbers}, tuple(found)
