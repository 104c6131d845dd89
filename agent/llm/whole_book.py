"""The `prompt` strategy: the whole code book in the prompt instead of what retrieval found. For comparison.

Classes are any of the code book; places are words of the question, which the gazetteer then resolves. So a model may
choose a wrong class, never one that does not exist, and no place the question does not name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from agent.llm.candidates import Candidates
from agent.llm.errors import BadPlan
from retrieval.errors import DataError
from retrieval.types import Region
from tools.context import Context

LONGEST_NAME = 4
"""Words of a place's name at most."""
MOST_WORDS = 40
"""Words of a question whose parts are offered as places."""


@dataclass(frozen=True)
class WholeBook(Candidates):
    """Every class by its code; every run of the question's words as a place."""

    context: Context | None = None

    @property
    def region_labels(self) -> tuple[str, ...]:
        """The runs of one to four words of the question."""
        words = [w.strip("?!.,;:()\"'“”") for w in self.reading.question.split()][:MOST_WORDS]
        runs = [
            " ".join(words[at : at + size])
            for size in range(LONGEST_NAME, 0, -1)
            for at in range(len(words) - size + 1)
            if words[at][:1].isupper() or self.reading.question.islower()
        ]
        return tuple(dict.fromkeys(r for r in runs if any(c.isalpha() for c in r)))

    def region(self, label: str) -> Region:
        """Return the region some words of the question name.

        Raises:
            BadPlan: they are not in the question, or no region goes by them.
            AmbiguousRegion: several do.
        """
        if label not in self.region_labels:
            raise BadPlan(f"{str(label)[:40]!r} is not in the question; regions are copied from it")
        context = cast("Context", self.context)
        try:
            return context.gazetteer.resolve(label, context.language)
        except DataError as error:
            raise BadPlan(str(error)) from error

    def book(self) -> list[str]:
        """Return the whole code book."""
        return ["classes by code:", *(f"{code} {name}" for code, name in self.class_names.items())]

    def lines(self) -> list[str]:
        """Return how places are named, and the years."""
        years = [f"years: {', '.join(map(str, self.years))}"] if self.years else []
        return ["regions: words of the question that name a place", *years]


def whole_book(found: Candidates, context: Context) -> WholeBook:
    """Return the whole code book instead of what retrieval found; years and numbers stay those of the question."""
    book = context.nomenclature.classes
    return WholeBook(
        reading=found.reading,
        base=found.base,
        classes={code: (code,) for code in book},
        class_names={code: land_class.name for code, land_class in book.items()},
        places=found.places,
        years=found.years,
        numbers=found.numbers,
        context=context,
    )
