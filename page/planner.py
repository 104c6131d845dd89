"""The plan as a few fields, and a plan made of changed fields. Runs nothing and asks no model."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from retrieval.errors import BadArgument, LandaskError
from retrieval.foreign import read_json
from retrieval.nomenclature import ClassMatch
from tools.context import Context
from tools.registry import LOOKING, TOOLS, TWINS, WITNESSES

T = TypeVar("T")


@dataclass(frozen=True)
class Fields:
    """What a person can change of a plan's first step, in words."""

    regions: str = ""
    """Names, separated by semicolons."""
    cover: str = ""
    """Land cover or land use, in words or codes, separated by semicolons."""
    years: str = ""
    witness: str = ""
    """One of `WITNESSES`, or empty where the step's tool has no twin."""
    encoder: str = ""
    """The satellite's encoder, by its name at hand; empty where the step's tool asks none."""


def fields_of(plan: Mapping[str, Any], context: Context, language: str) -> Fields:
    """Return the fields of a plan's first step."""
    step = plan["steps"][0]
    arguments = step["arguments"]
    ids = listed(arguments.get("regions") or arguments.get("within"))
    codes = [*listed(arguments.get("land_cover")), *listed(arguments.get("land_use"))]
    return Fields(
        regions="; ".join(region_name(id, context, language) for id in ids),
        cover="; ".join(class_name(code, context, language) for code in codes),
        years=", ".join(map(str, years_of(arguments))),
        witness=witness_of(step["tool"]),
        encoder=str(arguments.get("encoder") or (context.encoder if step["tool"] in LOOKING else "")),
    )


def edited(plan: Mapping[str, Any], before: Fields, now: Fields, context: Context, language: str) -> dict[str, Any]:
    """Return the plan with its first step changed as the fields were.

    Raises:
        DataError, Ambiguous: a name that is not one thing.
        BadArgument: years that are no years, or a witness this question cannot be put to.
    """
    step = plan["steps"][0]
    tool = step["tool"] if now.witness in ("", before.witness) else twin(step["tool"], now.witness)
    arguments = dict(step["arguments"]) if tool == step["tool"] else {}
    taken = inspect.signature(TOOLS[tool]).parameters
    if now.regions != before.regions or tool != step["tool"]:
        ids = each_of(now.regions, lambda name: named_region(name, context, language))
        place(arguments, taken, ("regions", "within"), ids, step["arguments"].get("regions") or [])
    if now.cover != before.cover or tool != step["tool"]:
        found = each_of(now.cover, lambda text: context.nomenclature.parse(text, language))
        place_cover(arguments, taken, found)
    if now.years != before.years or tool != step["tool"]:
        place_years(arguments, taken, read_years(now.years))
    if "encoder" in taken and now.encoder not in ("", before.encoder or context.encoder):
        arguments["encoder"] = now.encoder
    rest = {k: v for k, v in plan.items() if k != "steps"}
    return {**rest, "steps": [{"tool": tool, "arguments": arguments}]}


def twin(tool: str, witness: str) -> str:
    """Return the tool that puts the same question to another witness.

    Raises:
        BadArgument: there is none.
    """
    row = next((row for row in TWINS if tool in row), None)
    other = row[WITNESSES.index(witness)] if row and witness in WITNESSES else None
    if other not in TOOLS:
        raise BadArgument("this question cannot be put to that witness")
    return str(other)


def witness_of(tool: str) -> str:
    """Which witness a tool asks, or '' where it has no twin."""
    return next((WITNESSES[row.index(tool)] for row in TWINS if tool in row), "")


def place(
    arguments: dict[str, Any], taken: Mapping[str, Any], names: Sequence[str], ids: list[str], drawn: Sequence[str]
) -> None:
    """Write region ids under the name this tool takes them by; a drawn area has no name and stays."""
    name = next((name for name in names if name in taken), None)
    if name:
        arguments[name] = ids or [id for id in drawn if id.startswith("aoi:")]


def place_cover(arguments: dict[str, Any], taken: Mapping[str, Any], found: Sequence[ClassMatch]) -> None:
    """Write classes under land cover or land use, whichever was meant and the tool takes."""
    for theme in ("land_cover", "land_use"):
        arguments.pop(theme, None)
    for match in found:
        if match.theme not in taken:
            raise BadArgument(f"this witness knows no {match.theme.replace('_', ' ')}: {', '.join(match.codes)}")
        arguments[match.theme] = [*arguments.get(match.theme, []), *match.codes]


def place_years(arguments: dict[str, Any], taken: Mapping[str, Any], years: list[int]) -> None:
    """Write years the way the tool takes them: a list, one, or first and last."""
    for name in ("years", "year", "year_from", "year_to"):
        arguments.pop(name, None)
    if not years:
        return
    if "years" in taken:
        arguments["years"] = years
    elif "year" in taken:
        arguments["year"] = years[-1]
    elif "year_from" in taken:
        arguments |= {"year_from": years[0], "year_to": years[-1]} if len(years) > 1 else {"year_to": years[0]}


def years_of(arguments: Mapping[str, Any]) -> list[int]:
    """The years of a step, however its tool takes them."""
    single = [arguments[name] for name in ("year", "year_from", "year_to") if arguments.get(name)]
    return sorted({*listed(arguments.get("years")), *single})


def read_years(text: str) -> list[int]:
    """Years from `2015, 2018`.

    Raises:
        BadArgument: something else stands there.
    """
    words = text.replace(",", " ").replace(";", " ").replace("–", " ").replace("-", " ").split()
    if not all(word.isdigit() and len(word) == 4 for word in words):
        raise BadArgument(f"{text!r} are no years: write them as 2015, 2018")
    return sorted({int(word) for word in words})


def named_region(name: str, context: Context, language: str) -> str:
    """The id of a name or an id."""
    return name if name.startswith("@") else context.gazetteer.resolve(name, language=language).id


def region_name(id: str, context: Context, language: str) -> str:
    """A region's name, or the id where it has none that is found again."""
    if id.startswith(("@", "aoi:")):
        return "" if id.startswith("aoi:") else id
    region = context.gazetteer.region(id, language)
    found = context.gazetteer.find(region.name, language)
    return region.name if [r.id for r in found] == [region.id] else id


def listed(value: Any) -> list[Any]:
    """A list of a list, of one value, or of nothing."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def class_name(code: str, context: Context, language: str) -> str:
    """A class's name, or its code where the name would be read as something else."""
    name = context.nomenclature.label([code], language)
    try:
        same = tuple(context.nomenclature.parse(name, language).codes) == (code,)
    except LandaskError:
        same = False
    return name if same else code


def each_of(text: str, read: Callable[[str], T]) -> list[T]:
    """What is read of each name: parted by semicolons, and by commas where the whole is no name.

    Raises:
        LandaskError: a name is none.
    """
    found: list[T] = []
    for part in parts_of(text):
        try:
            found.append(read(part))
        except LandaskError:
            if "," not in part:
                raise
            found += [read(name.strip()) for name in part.split(",") if name.strip()]
    return found


def parts_of(text: str) -> list[str]:
    """Names separated by semicolons."""
    return [part.strip() for part in text.split(";") if part.strip()]


def plan_text(plan: Mapping[str, Any] | None) -> str:
    """A plan as a person may edit it."""
    return json.dumps(plan, indent=1, ensure_ascii=False) if plan else ""


def read_plan(text: str) -> dict[str, Any]:
    """A plan from a person's text.

    Raises:
        BadArgument: it is no JSON object.
    """
    plan = read_json(text, "the plan")
    if not isinstance(plan, dict):
        raise BadArgument("the plan is not a JSON object")
    return plan
