"""What there is to ask about: the store's datasets, years and extent."""

from __future__ import annotations

from retrieval.types import Table
from tools.context import Context
from tools.result import Provenance, Result
from tools.survey import question, survey_caveats


def describe_data(context: Context) -> Result:
    """List the datasets at hand: title, kind, years, rows and licence.

    Use for "what data do you have", "which years", "where does this come from". `value` is the number of datasets.
    """
    datasets = context.store.datasets()
    rows = context.store.query("survey_years")
    table = Table(
        ("dataset", "title", "kind", "version", "years", "rows", "licence"),
        tuple((d.id, d.title, d.kind, d.version, ", ".join(map(str, d.years)), d.rows, d.licence) for d in datasets),
    )
    years = tuple(context.store.years())
    return Result(
        tool="describe_data",
        arguments={},
        provenance=Provenance.of(datasets, rows),
        years=years,
        value=len(datasets),
        unit="datasets",
        table=table,
        facts={
            "datasets": [{"title": d.title, "kind": d.kind, "years": list(d.years), "rows": d.rows} for d in datasets],
            "surveys": list(rows.dicts()),
        },
        caveats=survey_caveats(question(context), []),
    )
