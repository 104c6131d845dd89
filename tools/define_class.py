"""What a class is: its code, its name and what counts as it, from the nomenclature. Counts nothing."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.errors import BadArgument
from retrieval.types import Table
from tools.context import Context
from tools.result import Provenance, Result

DATASET = "lucas_nomenclature"
VERSION = "LUCAS 2018, technical reference document C3"
LICENCE = "CC BY 4.0"


def define_class(context: Context, *, codes: Sequence[str]) -> Result:
    """Say what some land cover or land use classes are: code, name, definition, the class above and those below.

    Use for "what does B55 mean", "what counts as shrubland", "how do two classes differ". Gives no figures.

    Raises:
        UnknownClass: there is no such code.
        BadArgument: no code was named.
    """
    if not codes:
        raise BadArgument("name a class")
    named = [context.nomenclature.get(code) for code in dict.fromkeys(codes)]
    label = context.nomenclature.label
    rows = tuple(
        (
            one.code,
            label([one.code], context.language),
            one.definition,
            one.parent or "",
            ", ".join(context.nomenclature.children(one.code)),
        )
        for one in named
    )
    themes = {one.code: context.nomenclature.theme([one.code]) for one in named}
    return Result(
        tool="define_class",
        arguments={"codes": [one.code for one in named]},
        provenance=Provenance(
            dataset=DATASET,
            version=VERSION,
            licence=LICENCE,
            sql=None,
            parameters={},
            row_count=len(rows),
            synthetic=False,
            attribution="Eurostat, LUCAS nomenclature",
        ),
        land_cover=tuple(code for code, theme in themes.items() if theme == "land_cover"),
        land_use=tuple(code for code, theme in themes.items() if theme == "land_use"),
        table=Table(("code", "name", "definition", "above", "below"), rows),
    )
