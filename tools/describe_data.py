"""What there is to ask about: the store's datasets, their years, levels, licences, and how each is made and cited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from retrieval.catalog import descriptors, title_in
from retrieval.errors import BadArgument
from retrieval.query import Column, Filter, Group, Query
from retrieval.types import Dataset, DataTopic, Region, Table
from tools.classifier_facts import TOLD
from tools.context import Context
from tools.official import years_of
from tools.query import answer
from tools.result import Provenance, Result
from tools.satellite import encoder_named, satellite_provenance
from tools.survey import question, survey_caveats

WITNESSES = ("survey", "statistics", "pixels")
"""Kinds of data that answers speak from; the others are outlines and names."""
LEVELS: Mapping[str, tuple[str, ...]] = {
    "survey": ("point", "country", "nuts1", "nuts2", "nuts3", "subdivision"),
    "statistics": ("country", "nuts1", "nuts2"),
    "pixels": ("point",),
}
"""Kind of data → the levels of place that it is told by."""


def describe_data(
    context: Context,
    *,
    about: str = "",
    land_cover: Sequence[str] = (),
    encoder: str = "",
    regions: Sequence[str] = (),
) -> Result:
    """List the datasets at hand: title, kind, years, rows and licence; or say one thing about them.

    Use for "what data do you have", "which years", "where does this come from", "how do I cite this". `about` is '',
    years, levels, licence, citation, method, nuts or themes; or of the satellite's classifier: accuracy and confusions
    (of one class where `land_cover` names it), encoder (which one it is, what it was taught), input (which bands and
    months it looks at); `encoder` asks of another encoder at hand; `regions` narrows the years to those that there is
    anything of one place for. `value` is the number of datasets, or the share of 1 that the classifier named rightly.

    Raises:
        BadArgument: nothing is known about that; no encoder of that name.
        UnknownRegion: there is no such place.
        UnknownClass: there is no such class.
        NoRecords: the accuracy, or the confusions, of the encoder that answers were not measured.
    """
    if about not in ("", *get_args(DataTopic)):
        raise BadArgument(f"nothing is told about {about!r}: one of {', '.join(get_args(DataTopic))}")
    datasets = [replace(d, title=title_in(context.language, d.id, d.title)) for d in context.store.datasets()
                if not about or d.kind in WITNESSES]  # fmt: skip
    places = [context.named(id) for id in regions]
    for place in places:
        datasets = [there for d in datasets if (there := _of_place(d, place, context)).years]
    citations = {d.id: d.citation or d.attribution for d in descriptors()}
    rows = context.store.query("survey_years")
    table = Table(
        ("dataset", "title", "kind", "version", "years", "rows", "licence"),
        tuple((d.id, d.title, d.kind, d.version, ", ".join(map(str, d.years)), d.rows, d.licence) for d in datasets),
    )
    context = context.asking(encoder)
    for code in land_cover:
        context.nomenclature.get(code)
    told = TOLD.get(about)
    scores, caveats = told(context, land_cover) if told else ({}, ())
    rates = scores.get("accuracy", {})
    named = encoder_named(context, encoder) if told else {}
    return Result(
        tool="describe_data",
        arguments={
            **({"about": about} if about else {}),
            **({"land_cover": list(land_cover)} if land_cover else {}),
            **({"regions": list(regions)} if regions else {}),
            **named,
        },
        provenance=satellite_provenance(context, rows) if told else Provenance.of(datasets, rows),
        regions=tuple(places),
        land_cover=tuple(land_cover),
        years=tuple(context.store.years()),
        value=rates.get("right") if told else len(datasets),
        unit=("accuracy" if rates else "") if told else "datasets",
        table=table,
        facts={
            "about": about,
            "datasets": [_told(d, citations.get(d.id, d.attribution)) for d in datasets],
            "surveys": list(rows.dicts()),
            **scores,
        },
        caveats=caveats if about else survey_caveats(question(context), []),
    )


def _of_place(dataset: Dataset, place: Region, context: Context) -> Dataset:
    """Return a dataset with the years that it has anything of one place for; none where it tells no years of places."""
    if dataset.kind == "statistics":
        return replace(dataset, years=years_of(context, place))
    if dataset.kind != "survey":
        return replace(dataset, years=())
    counted = Query("survey", (Column("points", "points"),), (Filter("region", "in", (place.id,)),), (Group("year"),))
    table = answer(counted, context).table
    return replace(dataset, years=tuple(row["year"] for row in (table.dicts() if table else ()) if row["points"]))


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
