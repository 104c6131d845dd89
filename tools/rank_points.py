"""Which regions or classes have the most surveyed points. Ranks counts, not areas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from retrieval.errors import BadArgument
from retrieval.types import Region, Table
from tools.context import Context
from tools.result import Result
from tools.survey import Question, counted, provenance, question, survey_caveats, year_counts


def rank_points(
    context: Context,
    *,
    by: Literal["regions", "classes"] = "regions",
    level: str = "nuts2",
    within: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
    near: Mapping[str, Any] | None = None,
    theme: Literal["land_cover", "land_use"] = "land_cover",
    order: Literal["most", "fewest"] = "most",
    limit: int = 10,
) -> Result:
    """Rank regions by their points of some classes, or the classes of an area by their points.

    Use for "which regions have the most … points", "what are the commonest crops in …". Ranks surveyed points; for
    shares of area use rank_official. `level`: country, nuts1, nuts2, nuts3, subdivision; where the store
    holds no NUTS 3 regions, provinces and departments are ranked in their place, and the result says so. Ties share
    their place and none of them is cut off.
    """
    if by not in ("regions", "classes"):
        raise BadArgument(f"rank by {by!r}: by regions or by classes")
    if not 1 <= limit <= 1000:
        raise BadArgument(f"the first {limit}: between 1 and 1000 can be asked for")
    asked, counts = counted(
        question(
            context, regions=within, land_cover=land_cover, land_use=land_use, exclude=exclude, years=years, near=near
        )
    )
    if len(asked.years) > 1:
        asked = asked.in_years(asked.years[-1])
    rank = rank_regions if by == "regions" else rank_classes
    return rank(asked, year_counts(asked, counts), level=level, theme=theme, order=order, limit=limit)


def rank_regions(
    asked: Question, counts: list[dict[str, int]], *, level: str, theme: str, order: str, limit: int
) -> Result:
    """Return the regions of one level in the order of their points."""
    context = asked.context
    level = level_there(asked, level)
    candidates = {r.id: r for r in regions_at(asked, level)}
    rows = context.store.query("survey_by_region", regions=list(candidates), **asked.shown, years=list(asked.years))
    found = {row["region_id"]: row for row in rows.dicts()}
    scored = [(found[id]["points"], found[id]["surveyed"], r) for id, r in candidates.items() if id in found]
    sign = -1 if order == "most" else 1
    scored.sort(key=lambda item: (sign * item[0], item[2].name))
    if order == "most":
        scored = [item for item in scored if item[0]]
    kept = with_ties([item[0] for item in scored], limit)
    scored = scored[:kept]
    places = ranks([points for points, _, _ in scored])
    table = Table(
        ("rank", "region_id", "region", "points", "surveyed"),
        tuple((p, r.id, r.name, n, surveyed) for p, (n, surveyed, r) in zip(places, scored, strict=True)),
    )
    features = context.gazetteer.geojson([r.id for _, _, r in scored])
    by_id = {row["region_id"]: row for row in table.dicts()}
    for feature in features["features"]:
        feature["properties"] |= by_id.get(feature["properties"].get("id"), {})
    return Result(
        tool="rank_points",
        arguments=arguments(asked) | {"by": "regions", "level": level, "limit": limit} | order_argument(order),
        provenance=provenance(context, asked.years, rows),
        regions=tuple(r for _, _, r in scored),
        land_cover=asked.land_cover,
        land_use=asked.land_use,
        years=asked.years,
        value=scored[0][0] if scored else 0,
        unit="points",
        table=table,
        features=features,
        facts={
            "within": [r.name for r in asked.regions],
            "level": level,
            "order": order,
            "ranked": len(found),
            "first": [(r.name, n) for n, _, r in scored],
            "legend": {"unit": "points", "by": "points"},
        },
        caveats=(*survey_caveats(asked, counts), ("points_not_area", {})),
    )


def rank_classes(
    asked: Question, counts: list[dict[str, int]], *, level: str, theme: str, order: str, limit: int
) -> Result:
    """Return the record-level classes of an area in the order of their points, within the asked parents if any."""
    context = asked.context
    rows = context.store.query("survey_classes", **asked.inside, years=list(asked.years))
    column = "lu1" if theme == "land_use" or (asked.land_use and not asked.land_cover) else "lc1"
    shown = asked.shown
    allowed = set(shown["land_use"] if column == "lu1" else shown["land_cover"])
    points: Counter[str] = Counter()
    for row in rows.dicts():
        code = row[column]
        if code and (not allowed or code in allowed) and code not in shown["exclude"]:
            points[code] += row["points"]
    sign = -1 if order == "most" else 1
    scored = sorted(points.items(), key=lambda item: (sign * item[1], item[0]))
    scored = scored[: with_ties([n for _, n in scored], limit)]
    label = context.nomenclature.label
    table = Table(
        ("rank", "class", "class_name", "points"),
        tuple(
            (p, code, label([code], context.language), n)
            for p, (code, n) in zip(ranks([n for _, n in scored]), scored, strict=True)
        ),
    )
    codes = tuple(code for code, _ in scored)
    return Result(
        tool="rank_points",
        arguments=arguments(asked) | {"by": "classes", "theme": theme, "limit": limit} | order_argument(order),
        provenance=provenance(context, asked.years, rows),
        regions=asked.regions,
        land_cover=codes if column == "lc1" else (),
        land_use=codes if column == "lu1" else (),
        years=asked.years,
        value=scored[0][1] if scored else 0,
        unit="points",
        table=table,
        facts={
            "first": [(row["class_name"], row["points"]) for row in table.dicts()],
            "order": order,
            "ranked": len(points),
            "near": asked.near,
            "surveyed": counts[0]["surveyed"],
        },
        caveats=(*survey_caveats(asked, counts), ("points_not_area", {})),
    )


def level_there(asked: Question, level: str) -> str:
    """Return the level, that of provinces and departments where the store holds no NUTS 3 regions of these places."""
    gazetteer = asked.context.gazetteer
    inside = [gazetteer.children(region.id, level) for region in asked.regions] or [gazetteer.at_level(level)]
    return "subdivision" if level == "nuts3" and not any(inside) else level


def regions_at(asked: Question, level: str) -> list[Region]:
    """Return the regions of one level inside the asked ones, or of the whole survey."""
    gazetteer = asked.context.gazetteer
    if not asked.regions:
        return list(gazetteer.at_level(level, asked.context.language))
    inside = [r for region in asked.regions for r in gazetteer.children(region.id, level)]
    if not inside:
        raise BadArgument(f"{asked.regions[0].name} holds no regions of level {level!r}")
    return list({r.id: gazetteer.region(r.id, asked.context.language) for r in inside}.values())


def arguments(asked: Question) -> dict[str, Any]:
    """Return the common arguments under this tool's name for the area."""
    every = asked.arguments
    within = every.pop("regions", [])
    return every | ({"within": within} if within else {})


def order_argument(order: str) -> dict[str, str]:
    """Return the order where it is not the usual one."""
    return {} if order == "most" else {"order": order}


def with_ties(values: Sequence[int], limit: int) -> int:
    """Return how many of the sorted values to keep so that none equal to the last kept one is cut off."""
    kept = min(limit, len(values))
    while 0 < kept < len(values) and values[kept] == values[kept - 1]:
        kept += 1
    return kept


def ranks(values: Sequence[int]) -> list[int]:
    """Return the place of each of the sorted values, equal values sharing a place (1, 2, 2, 4)."""
    places: list[int] = []
    for at, value in enumerate(values):
        places.append(places[-1] if at and value == values[at - 1] else at + 1)
    return places
