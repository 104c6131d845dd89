"""The tools by name: what each is for, in words a model reads, and the JSON schema of its arguments. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from agent.surface.lookups import there
from retrieval.query_schema import ALL_LEVELS
from retrieval.sources import SOURCES
from retrieval.sources.kinds import Source
from tools.context import Context

Schema = dict[str, Any]

REASONS = ("not_land", "no_such_year", "too_fine", "no_such_measure", "place_outside", "not_expressible")
FINAL = ("ask_back", "refuse", "answer")
"""Tools that end a question; an outside client has no use for them."""


@dataclass(frozen=True)
class Spec:
    """One tool as a model or client sees it."""

    name: str
    description: str
    parameters: Schema

    def function(self) -> Schema:
        """The tool in the form chat models take."""
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": self.parameters},
        }


def listed(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def an_object(properties: Schema, *required: str) -> Schema:
    """Return the schema of an object with just these properties."""
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


NAME, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
OBJECT = {"type": "object"}
TEXTS, OBJECTS = listed(NAME), listed(OBJECT)
QUERY = {"columns": OBJECTS, "where": OBJECTS, "rows": OBJECTS, "having": OBJECTS, "order": OBJECTS, "limit": WHOLE,
         "fold": OBJECT, "lead": NAME}  # fmt: skip
"""A typed query in few tokens: the exact form stands in the description, and errors tell the rest. The whole schema is
`retrieval.query_schema.query_schema`, 4,000 tokens."""
HOW_TO_QUERY = Path(__file__).parent / "query.txt"
"""What a query is, with an example; `SOURCES` stands where those of the store are told."""


@cache
def how_to_query() -> str:
    """Return the description of the tool `query`."""
    return HOW_TO_QUERY.read_text(encoding="utf-8").strip()


def specs(context: Context) -> list[Spec]:
    """Return the tools that this store has something for."""
    sources = there(context)
    shown = "\n".join(brief(SOURCES[name]) for name in sources)
    classes = {"land_cover": TEXTS, "land_use": TEXTS}
    return [
        Spec("find_places", "Ids of places by name, any language: regions, groups with members, towns with lon, "
             "lat; or the regions of a level within one. No lakes, rivers, mountains.",
             an_object({"text": NAME, "level": {"enum": list(ALL_LEVELS)}, "within": NAME})),
        Spec("find_classes", 'Codes of land covers and uses by words, any language: "olive groves" -> B81; the '
             "narrower ones too.", an_object({"text": NAME}, "text")),
        Spec("what_exists", "Sources: measures, units, years, licences, what is missing.",
             an_object({"source": {"enum": sources}})),
        Spec("query", how_to_query().replace("SOURCES", shown),
             an_object({"source": {"enum": sources}, **QUERY}, "source")),
        Spec("points", "Single survey points for a map: codes, elevation in m; `changed` {from, to}: those whose land "
             "cover changed. where as in query.",
             an_object({"where": OBJECTS, "changed": OBJECT, "limit": WHOLE}, "where")),
        Spec("transitions", "Revisited points counted by what they were and became. level 1 main classes, 2, 3.",
             an_object({"regions": TEXTS, "land_cover_from": TEXTS, "land_cover_to": TEXTS, "year_from": WHOLE,
                        "year_to": WHOLE, "level": {"enum": ["1", "2", "3"]}})),
        Spec("nearest", "Survey points nearest to lon, lat in degrees, with km.",
             an_object({"lon": NUMBER, "lat": NUMBER, "name": NAME, **classes, "year": WHOLE, "limit": WHOLE},
                       "lon", "lat")),
        Spec("classify", "Where words or land covers are by satellite: pixels, no area.",
             an_object({"regions": TEXTS, "text": NAME, "land_cover": TEXTS, "year": WHOLE}, "regions")),
        Spec("explain_point", "Why the classifier says what it says of a point.",
             an_object({"point_id": NAME}, "point_id")),
        Spec("ask_back", "Ends: asks what was meant, only where readings differ in their answer.",
             an_object({"question": NAME, "choices": TEXTS}, "question", "choices")),
        Spec("refuse", "Ends: nothing here answers it; words say why in the question's language.",
             an_object({"reason": {"enum": list(REASONS)}, "words": NAME}, "reason", "words")),
        Spec("answer", "Ends: numbers of the results that answer, the leading one first; lead {row: its id or key as "
             "text, column}: the cell asked about, either alone too.",
             an_object({"results": listed(WHOLE), "lead": OBJECT}, "results")),
    ]  # fmt: skip


def brief(source: Source) -> str:
    """Return what a source holds in few tokens: each measure with its unit, each dimension."""
    measures = ", ".join(f"{m.name} {m.unit}".strip() for m in source.measures.values())
    one = sorted({d for m in source.measures.values() for d in m.one})
    many = len(source.dimensions) > 20
    dimensions = "told by what_exists" if many else " ".join(d for d in source.dimensions if d not in ("lon", "lat"))
    about = source.about.partition(";")[0].rstrip(".")
    split = f"; one {' and '.join(one)}, or rows by it" if one else ""
    measured = "told by what_exists" if many else measures
    return f"- {source.name}: {about}. Measures {measured}{split}. Dimensions {dimensions}."


def by_name(context: Context) -> Mapping[str, Spec]:
    """Return the tools by name."""
    return {spec.name: spec for spec in specs(context)}
