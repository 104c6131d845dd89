"""What a model writes into a tool call, held against the question and the results so far. Calls no tool itself.

A region must be a candidate or stand in an earlier result; a class must be a candidate; years and numbers must be in
the question or in an earlier result. All else goes back to the model as an error that says what there is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.llm.candidates import Candidates
from agent.llm.errors import BadPlan
from agent.understand import NEAR_KM
from retrieval.gazetteer import normalise
from retrieval.types import AREA_UNITS, NUTS_LEVELS
from tools.plan import canonical
from tools.result import Result

ENUMS: Mapping[str, tuple[str, ...]] = {
    "level": NUTS_LEVELS,
    "order": ("most", "fewest"),
    "unit": AREA_UNITS,
    "by": ("regions", "classes"),
    "theme": ("land_cover", "land_use"),
}
REGIONS = ("regions", "within")
COVERS = ("land_cover", "land_use", "exclude")
YEAR = ("year", "year_from", "year_to")
SPOT = ("lon", "lat", "name")


@dataclass
class Results:
    """The results of one question, by the name the model knows them under. The model sees a digest, never these."""

    every: list[Result] = field(default_factory=list)
    seconds: list[float | None] = field(default_factory=list)
    asked: dict[str, Result] = field(default_factory=dict)
    """Call → result, for the arguments as they were given and as the tool completed them."""

    def add(self, result: Result, arguments: Any = None, seconds: float | None = None) -> str:
        """Keep a result and return its name."""
        self.every.append(result)
        self.seconds.append(seconds)
        self.asked[canonical([result.tool, result.arguments])] = result
        self.asked[canonical([result.tool, arguments])] = result
        return f"res{len(self.every)}"

    def of(self, tool: str, arguments: Any) -> Result | None:
        """Return the result of a call that was made before."""
        return self.asked.get(canonical([tool, arguments]))

    def seconds_of(self, result: Result) -> float | None:
        """Return what a result took, None where that was told already."""
        return next((seconds for r, seconds in zip(self.every, self.seconds, strict=True) if r is result), None)


def arguments_schema(function: Callable[..., Result], found: Candidates) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments: those that the question has something for."""
    names = [p for p in inspect.signature(function).parameters if p != "context"]
    needed = [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is inspect.Parameter.empty and p.name not in ("context", *SPOT)
    ]
    offered: dict[str, Any] = {}
    for name in names:
        if (form := form_of(name, found)) is not None:
            offered[name] = form
    if {"near", "lon"} & {*names} and found.places:
        offered["place"] = {"type": "string", "description": "a label like P1"}
    if "near" in names and found.places and found.numbers:
        offered["km"] = {"type": "number", "description": "the distance the question names"}
    required = [n for n in needed if n in offered] + [n for n in ("place",) if "lon" in names and n in offered]
    return {"type": "object", "properties": offered, "required": required}


def form_of(name: str, found: Candidates) -> dict[str, Any] | None:
    """Return the schema of one argument, None for one a model does not write."""
    texts = {"type": "array", "items": {"type": "string"}}
    if name in REGIONS:
        return {**texts, "description": "labels like R1, or regions of an earlier result"}
    if name in COVERS:
        return {**texts, "description": "labels like C1"}
    if not (found.numbers if name == "limit" else found.years or name not in ("years", *YEAR)):
        return None
    if name == "years":
        return {"type": "array", "items": {"type": "integer"}, "description": "only years the question names"}
    if name in (*YEAR, "limit"):
        return {"type": "integer", "description": "only if the question names it"}
    if name in ENUMS:
        return {"type": "string", "enum": list(ENUMS[name])}
    if name in ("text", "point_id"):
        return {"type": "string", "description": "copied from the question"}
    return None


def grounded(
    function: Callable[..., Result], written: Mapping[str, Any], found: Candidates, results: Sequence[Result]
) -> dict[str, Any]:
    """Return a call's arguments as ids, codes and numbers that stand in the question or in an earlier result.

    Raises:
        BadPlan: something in it comes from nowhere; the message says what there is.
    """
    names = inspect.signature(function).parameters
    made: dict[str, Any] = {}
    for name, value in written.items():
        if value in (None, "", [], {}) or name == "km":
            continue
        if name == "place":
            made |= placed(value, written.get("km"), found, "near" in names)
        elif name not in names or name == "context":
            raise BadPlan(f"there is no argument {str(name)[:40]!r}")
        else:
            made |= {name: one_argument(name, value, found, results)}
    return made | shared_theme(made, found)


def shared_theme(made: Mapping[str, Any], found: Candidates) -> dict[str, Any]:
    """Return land use codes written as land cover, or the other way round, under their own name."""
    cover, use = list(made.get("land_cover", ())), list(made.get("land_use", ()))
    mixed = [*cover, *use]
    if not mixed:
        return {}
    sorted_out = {
        "land_cover": [c for c in mixed if not c.startswith("U")],
        "land_use": [c for c in mixed if c.startswith("U")],
    }
    return {k: v for k, v in sorted_out.items() if v or k in made}


def one_argument(name: str, value: Any, found: Candidates, results: Sequence[Result]) -> Any:
    """Return one argument made things.

    Raises:
        BadPlan: it comes from nowhere.
    """
    if name in REGIONS:
        return list(dict.fromkeys(region_id(v, found, results) for v in as_list(value)))
    if name in COVERS:
        return list(dict.fromkeys(code for v in as_list(value) for code in codes_of(v, found)))
    if name == "years":
        return [year_of(v, found, results) for v in as_list(value)]
    if name in YEAR:
        return year_of(value, found, results)
    if name == "limit":
        if isinstance(value, bool) or not isinstance(value, int) or value not in found.numbers:
            raise BadPlan(f"the number {str(value)[:20]} is not in the question; leave limit out")
        return value
    if name in ENUMS:
        if value not in ENUMS[name]:
            raise BadPlan(f"{name} is one of {', '.join(ENUMS[name])}")
        return value
    if name in ("text", "point_id") and isinstance(value, str) and value.lower() in found.reading.question.lower():
        return value
    raise BadPlan(f"{name} {str(value)[:40]!r} is not in the question")


def as_list(value: Any) -> list[Any]:
    """Return a value as a list: models write one thing without brackets."""
    return list(value) if isinstance(value, list | tuple) else [value]


def region_id(written: Any, found: Candidates, results: Sequence[Result]) -> str:
    """Return the id of a region written as a label, a name or an id."""
    if isinstance(written, str) and written in found.regions:
        return found.regions[written].id
    there = {r.id: r for r in found.regions.values()} | {r.id: r for result in results for r in result.regions}
    for result in results:
        rows = list(result.table.dicts()) if result.table else []
        there |= {row["region_id"]: row for row in rows if row.get("region_id")}
    if isinstance(written, str):
        if written in there:
            return written
        for id, region in there.items():
            name = region.get("region", "") if isinstance(region, dict) else region.name
            if normalise(str(name)) == normalise(written) and normalise(written):
                return id
        for area in found.reading.areas:
            if normalise(area.text) == normalise(written) and len(area.regions) == 1:
                return area.regions[0].id
    close = "; ".join(f"{label} = {r.name}" for label, r in found.regions.items()) or "none"
    raise BadPlan(f"no region {str(written)[:40]!r} in the question; there are: {close}")


def codes_of(written: Any, found: Candidates) -> tuple[str, ...]:
    """Return the codes of a class written as a label, its name or a code."""
    if isinstance(written, str):
        if written in found.classes:
            return found.classes[written]
        for label, codes in found.classes.items():
            if written in codes or normalise(found.class_names[label]) == normalise(written):
                return (written,) if written in codes else codes
        for cover in found.reading.covers:
            if normalise(cover.text) == normalise(written) and len(cover.choices) == 1:
                return cover.match.codes
    close = "; ".join(f"{label} = {name}" for label, name in found.class_names.items()) or "none"
    raise BadPlan(f"no class {str(written)[:40]!r} in the question; there are: {close}")


def year_of(written: Any, found: Candidates, results: Sequence[Result]) -> int:
    """Return a year that the question or an earlier result names."""
    named = {*found.years, *(y for result in results for y in result.years)}
    if isinstance(written, bool) or not isinstance(written, int) or written not in named:
        there = ", ".join(map(str, sorted(named))) or "none"
        raise BadPlan(f"the year {str(written)[:20]} is not in the question; years there are: {there}; or leave it out")
    return written


def placed(label: Any, km: Any, found: Candidates, near: bool) -> dict[str, Any]:
    """Return the arguments of a spot: a circle around it, or the spot itself."""
    by_name = {normalise(spot["name"]): spot for spot in found.places.values()}
    spot = by_name.get(normalise(str(label))) or found.place(label)
    if not near:
        return dict(spot)
    if km is not None and (isinstance(km, bool) or not isinstance(km, int | float) or km not in found.numbers):
        raise BadPlan(f"the distance {str(km)[:20]} is not in the question; leave km out")
    return {"near": {**spot, "km": float(km) if km is not None else found.reading.km or NEAR_KM}}
