"""Place names in people's words: found in a text, linked to the right region, asked back when several fit.

Distances and overlaps are measured against the NUTS polygons, which are read by geopandas, apart from the store; where
they are not at hand those stages are not asked.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

from evals.record import SAMPLES, Case, Outcome, Stages, read_lines
from evals.scorers import bare_code, distance_km
from evals.world import NUTS, World
from retrieval.errors import AmbiguousRegion, OutOfCoverage, UnknownRegion
from retrieval.gazetteer import Gazetteer

STAGES = ("mention", "linked", "in_text", "asked", "distance", "area")
ENOUGH_OVERLAP = 0.8
NEAR_KM = 25.0


def cases(world: World) -> list[Case]:
    """Return every place sample."""
    return [
        Case(
            line["id"], line, language=line["language"], region=_country(line["expected"]), kind=line["kind"],
            group="+".join(line["expected"]) if isinstance(line["expected"], list) else line["text"].casefold(),
            split=line.get("split", ""),
        )
        for line in read_lines(SAMPLES / "places.jsonl")
    ]  # fmt: skip


def measure(case: Case, world: World) -> Outcome:
    """Resolve the words by themselves and find them in the text, on the store of a fresh clone."""
    gazetteer, wanted = world.bundled.gazetteer, case.sample["expected"]
    text, language = case.sample["text"], case.sample["language"]
    start = perf_counter()
    linked = resolved(gazetteer, text, language)
    seconds = perf_counter() - start
    found = mentioned(gazetteer, text, language)
    stages: Stages = {
        "mention": int(bool(found)),
        "linked": int(linked == wanted),
        "in_text": int(found == wanted),
        "asked": int(linked == "ask") if wanted == "ask" else int(linked != "ask"),
        "distance": None,
        "area": None,
    }
    detail: dict[str, Any] = {"text": text, "wanted": wanted, "linked": linked, "in_text": found}
    if isinstance(wanted, list) and len(wanted) == 1 and world.data:
        detail |= overlap(gazetteer, wanted[0], linked, world.data)
        if "km" in detail:
            stages |= {"distance": int(detail["km"] <= NEAR_KM), "area": int(detail["iou"] >= ENOUGH_OVERLAP)}
    return Outcome(stages, seconds, None, detail)


def resolved(gazetteer: Gazetteer, text: str, language: str) -> list[str] | str:
    """Return the region of some words: its id, `ask`, `foreign` or `unknown`."""
    try:
        return [gazetteer.resolve(text, language).id]
    except AmbiguousRegion:
        return "ask"
    except OutOfCoverage:
        return "foreign"
    except UnknownRegion:
        return "unknown"


def mentioned(gazetteer: Gazetteer, text: str, language: str) -> list[str] | str:
    """Return what is found in a text."""
    mentions = gazetteer.mentions(text, language)
    if len(mentions) == 1 and mentions[0].kind == "foreign":
        return "foreign"
    if len(mentions) == 1 and len(mentions[0].candidates) > 1:
        return "ask"
    return [one.id for mention in mentions for one in mention.candidates]


def overlap(gazetteer: Gazetteer, wanted: str, linked: list[str] | str, data: Path) -> dict[str, Any]:
    """Return kilometres between the middles and intersection over union of the land meant and the land taken.

    {} where the land meant is no NUTS region or no region was taken.
    """
    meant = reference_outline(data, bare_code(wanted))
    taken = None if isinstance(linked, str) else gazetteer.outline(linked[0])
    if meant is None or taken is None:
        return {}
    a, b = (_equal_area(shape) for shape in (meant, taken))
    middle, other = (_middle(shape) for shape in (a, b))
    iou = a.intersection(b).area / a.union(b).area
    return {"km": round(distance_km(middle, other), 1), "iou": round(iou, 4), "at": middle, "taken": other}


@lru_cache(maxsize=1)
def _outlines(data: Path) -> dict[str, Any]:
    import geopandas

    table = geopandas.read_parquet(data / NUTS)
    code = next(c for c in ("NUTS_ID", "nuts_id", "id", "geo") if c in table.columns)
    found: dict[str, Any] = {}
    for identifier, shape in zip(table[code], table.to_crs(4326).geometry, strict=True):
        found.setdefault(bare_code(str(identifier)), shape)
    return found


def reference_outline(data: Path, code: str) -> Any:
    """Return a NUTS region's published polygon, None where there is none of this code."""
    return _outlines(data).get(code) if (data / NUTS).is_file() else None


@lru_cache(maxsize=512)
def _equal_area(shape: Any) -> Any:
    import geopandas

    return geopandas.GeoSeries([shape], crs=4326).to_crs(3035).make_valid().iloc[0]


def _middle(shape: Any) -> tuple[float, float]:
    """Return the lon/lat of the centre of mass of a shape in EPSG:3035."""
    import geopandas

    point = geopandas.GeoSeries([shape.centroid], crs=3035).to_crs(4326).iloc[0]
    return round(point.x, 4), round(point.y, 4)


def _country(expected: list[str] | str) -> str:
    if isinstance(expected, str):
        return ""
    countries = {identifier.partition(":")[2][:2] for identifier in expected if not identifier.startswith("group:")}
    return countries.pop() if len(countries) == 1 else ""
