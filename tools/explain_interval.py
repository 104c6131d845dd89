"""What an interval of a figure says and what it leaves out. Looks at no data."""

from __future__ import annotations

from retrieval.types import Table
from tools.context import Context
from tools.estimation import LEVEL
from tools.result import Provenance, Result


def explain_interval(context: Context) -> Result:
    """Say in two sentences what the interval beside a figure means ("19 times in 20", "the survey allows 110 to 627").

    Use for "what does this interval mean", "how do I read the margin". Gives no figure of any land cover.
    """
    every = 100
    return Result(
        tool="explain_interval",
        arguments={},
        provenance=Provenance(
            dataset="intervals",
            version="docs/estimation.md",
            licence="facts",
            sql=None,
            parameters={},
            row_count=1,
            synthetic=False,
            attribution="landask",
        ),
        table=Table(("surveys", "hold_the_true_figure"), ((every, round(LEVEL * every)),)),
        level=LEVEL,
    )
