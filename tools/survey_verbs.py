"""The survey's verbs: presets that fill the typed query and show its rows under the names plans have always used.

Each reads `survey` or `revisits` through `tools/compile.py`; none has SQL of its own. Where the years are not named the
latest survey of the area answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from retrieval.errors import BadArgument, NoRecords
from retrieval.query import MOST_KM, MOST_ROWS, Column, Expression, Filter, Group, Order, Query
from retrieval.types import Region, Table
from tools.context import Context
from tools.result import Result
from tools.survey import (
    BY_COAST,
    POINTS,
    SURVEYED,
    Question,
    checked_near,
    counted,
    point_features,
    point_name,
    provenance,
    question,
    read,
    records_table,
    survey_caveats,
    year_counts,
)

Theme = Literal["land_cover", "land_use"]
NOT_AREA = ("points_not_area", {})


def find_points(
    context: Context,
    *,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
    near: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> Result:
    """Show where surveyors saw some land cover or land use, as points on a map.

    Use for "where is …", "show me …". Counts points, not hectares; for area shares use official_share. Without years
    the latest survey of the area answers. `value` is the number of points (null for several years: a row each is in
    `facts["counts"]`), also when the map and table hold fewer (`limit`, at most 10,000).
    """
    asked, counts = counted(
        question(
            context, regions=regions, land_cover=land_cover, land_use=land_use, exclude=exclude, years=years, near=near
        )
    )
    by_year = year_counts(asked, counts)
    points = sum(row["points"] for row in by_year)
    rows = points_of(asked, limit or MOST_ROWS)
    table = records_table(context, rows)
    truncated = (("truncated", {"shown": len(rows), "points": points}),) if len(rows) < points else ()
    return result_of(
        "find_points",
        asked,
        rows,
        table,
        points if len(asked.years) == 1 else None,
        arguments={**asked.arguments, **({"limit": limit} if limit else {})},
        features=point_features(table),
        facts={"shown": len(rows), **counts_told(asked, by_year)},
        caveats=(*survey_caveats(asked, by_year), *truncated),
    )


def count_points(
    context: Context,
    *,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
    near: Mapping[str, Any] | None = None,
) -> Result:
    """Count survey points of some land cover or land use in an area and year.

    Use for "how many points / records …". Counts points, not hectares; for area shares use official_share. Without
    years the latest survey of the area answers; with several, a row each and no single `value`.
    """
    asked, counts = counted(
        question(
            context, regions=regions, land_cover=land_cover, land_use=land_use, exclude=exclude, years=years, near=near
        )
    )
    by_year = year_counts(asked, counts)
    return result_of(
        "count_points",
        asked,
        counts,
        Table(("year", "points", "surveyed"), tuple((r["year"], r["points"], r["surveyed"]) for r in by_year)),
        by_year[0]["points"] if len(by_year) == 1 else None,
        facts=counts_told(asked, by_year),
        caveats=survey_caveats(asked, by_year),
    )


def share_points(
    context: Context,
    *,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    years: Sequence[int] = (),
    near: Mapping[str, Any] | None = None,
    theme: Theme = "land_cover",
) -> Result:
    """Break the surveyed points of an area down by class, in percent of its surveyed points.

    Use for "what land cover is there", "what share of the points". Percent of points, not of the area: for area use
    official_share or profile_region. With classes given, `value` is their percent of the points; without, the table
    lists the main classes of `theme`. Without years the latest survey of the area answers.
    """
    asked, counts = counted(
        question(context, regions=regions, land_cover=land_cover, land_use=land_use, years=years, near=near)
    )
    asked = asked.latest()
    [counts_then] = year_counts(asked, counts)
    surveyed, named = counts_then["surveyed"], bool(asked.land_cover or asked.land_use)
    theme = "land_use" if asked.land_use and not asked.land_cover else theme
    asked_for = asked.land_cover or asked.land_use
    group = Group(theme, members=tuple((code,) for code in asked_for)) if named else Group(theme, "1")
    rows = read(context, Query("survey", (POINTS,), (*asked.place, asked.in_its_years, *asked.classes()), (group,)))
    points = dict.fromkeys(asked_for, 0) | {str(row[theme]): row["points"] for row in rows.dicts()}
    classified = counts_then["points"] if named else None
    return result_of(
        "share_points",
        asked,
        rows,
        Table(
            (theme, f"{theme}_name", "points", "percent_of_points"),
            tuple(
                (code, context.nomenclature.label([code], context.language), n, percent(n, surveyed))
                for code, n in sorted(points.items(), key=lambda item: (-item[1], item[0]))
            ),
        ),
        percent(classified, surveyed) if classified is not None else None,
        unit="% of points",
        arguments=asked.arguments | ({} if theme == "land_cover" else {"theme": theme}),
        facts={"points": classified, "surveyed": surveyed, "counts": [counts_then], "near": asked.near, "theme": theme},
        caveats=(*survey_caveats(asked, [counts_then]), NOT_AREA),
    )


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
    theme: Theme = "land_cover",
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
    asked = asked.latest()
    every = asked.arguments
    common = {("within" if k == "regions" else k): v for k, v in every.items()} | {"limit": limit}
    common |= {} if order == "most" else {"order": order}
    caveats = (*survey_caveats(asked, year_counts(asked, counts)), NOT_AREA)
    if by == "regions":
        return rank_regions(asked, level_there(asked, level), order, limit, common, caveats)
    theme = "land_use" if asked.land_use and not asked.land_cover else theme
    surveyed = year_counts(asked, counts)[0]["surveyed"]
    return rank_classes(asked, theme, order, limit, common, caveats, surveyed)


def rank_regions(
    asked: Question, level: str, order: Any, limit: int, common: Mapping[str, Any], caveats: tuple[Any, ...]
) -> Result:
    """Return the regions of one level in the order of their points, those with the same number by name."""
    context = asked.context
    rows = in_order(asked, Group("region", level), order, (POINTS, SURVEYED))
    named = [(context.named(row["region"]), row) for row in rows.dicts() if row["points"] or order == "fewest"]
    shown = sorted((pair for pair in named if pair[1]["rank"] <= limit), key=lambda p: (p[1]["rank"], p[0].name))
    table = Table(
        ("rank", "region_id", "region", "points", "surveyed"),
        tuple((row["rank"], r.id, r.name, row["points"], row["surveyed"]) for r, row in shown),
    )
    regions = tuple(r for r, _ in shown)
    return result_of(
        "rank_points",
        asked,
        rows,
        table,
        shown[0][1]["points"] if shown else 0,
        regions=regions,
        arguments=dict(common) | {"by": "regions", "level": level},
        features=drawn(context, regions, table),
        facts={
            "within": [r.name for r in asked.regions],
            "level": level,
            "order": order,
            "ranked": len(rows),
            "first": [(r.name, row["points"]) for r, row in shown],
            "legend": {"unit": "points", "by": "points"},
            **({"near": asked.near} if asked.near else {}),
        },
        caveats=caveats,
    )


def rank_classes(
    asked: Question,
    theme: Theme,
    order: Any,
    limit: int,
    common: Mapping[str, Any],
    caveats: tuple[Any, ...],
    surveyed: int,
) -> Result:
    """Return the record-level classes of an area in the order of their points, within the asked parents if any."""
    context = asked.context
    rows = in_order(asked, Group(theme, "3"), order, (POINTS,))
    shown = [row for row in rows.dicts() if row["rank"] <= limit]
    codes = tuple(row[theme] for row in shown)
    label = context.nomenclature.label
    table = Table(
        ("rank", "class", "class_name", "points"),
        tuple((row["rank"], row[theme], label([row[theme]], context.language), row["points"]) for row in shown),
    )
    return result_of(
        "rank_points",
        asked,
        rows,
        table,
        shown[0]["points"] if shown else 0,
        land_cover=codes if theme == "land_cover" else (),
        land_use=codes if theme == "land_use" else (),
        arguments=dict(common) | {"by": "classes", "theme": theme},
        facts={
            "first": [(row["class_name"], row["points"]) for row in table.dicts()],
            "order": order,
            "ranked": len(rows),
            "near": asked.near,
            "surveyed": surveyed,
        },
        caveats=caveats,
    )


def compare_regions(
    context: Context,
    *,
    regions: Sequence[str],
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
) -> Result:
    """Compare the surveyed points of some classes in two or more regions, a row each.

    Use for "compare vineyards in … and …", "are there more … points in … or …". `percent_of_points` is of the points
    surveyed there, not of the area; for areas use compare_official. Without years the latest survey answers.
    """
    asked = question(context, regions=regions, land_cover=land_cover, land_use=land_use, exclude=exclude, years=years)
    if len(asked.regions) < 2:
        raise BadArgument("a comparison needs at least two regions")
    asked = asked if asked.years else asked.latest()
    members = Group("region", members=tuple((r.id,) for r in asked.regions))
    columns = (POINTS, SURVEYED, BY_COAST)
    rows = read(context, Query("survey", columns, (asked.in_its_years, *asked.classes()), (members, Group("year"))))
    found = {(row["region"], row["year"]): row for row in rows.dicts()}
    nothing = {"points": 0, "surveyed": 0, "by_coast": 0}
    counts = [(r, {"year": y} | nothing | found.get((r.id, y), {})) for r in asked.regions for y in asked.years]
    latest = [(r.name, n["points"], n["surveyed"]) for r, n in counts if n["year"] == asked.years[-1]]
    first, second, *_ = sorted((points for _, points, _ in latest), reverse=True)
    return result_of(
        "compare_regions",
        asked,
        rows,
        Table(
            ("region_id", "region", "year", "points", "surveyed", "percent_of_points"),
            tuple(
                (r.id, r.name, n["year"], n["points"], n["surveyed"], percent(n["points"], n["surveyed"]))
                for r, n in counts
            ),
        ),
        first,
        features=point_features(records_table(context, points_of(asked))),
        facts={"compared": latest, "most": max(latest, key=lambda item: item[1])[0], "ahead": first - second},
        caveats=(*survey_caveats(asked, [n for _, n in counts]), NOT_AREA),
    )


def compare_years(
    context: Context,
    *,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    year_from: int | None = None,
    year_to: int | None = None,
    near: Mapping[str, Any] | None = None,
) -> Result:
    """Compare two surveys at the points visited in both: how many stayed, were lost, were gained.

    Use for "how did … points change between 2015 and 2018". Only revisited points are compared, because each survey
    visits a sample of its own; `value` is gained minus lost. For change of area use change_official. Without years
    the first and the last survey of the area are compared.
    """
    if not (land_cover or land_use):
        raise BadArgument("a comparison of years needs a land cover or land use class")
    years = [y for y in (year_from, year_to) if y]
    asked, counts = counted(
        question(context, regions=regions, land_cover=land_cover, land_use=land_use, years=years, near=near)
    )
    there = [row["year"] for row in counts.dicts() if row["surveyed"]]
    last = year_to or max(there, default=None)
    first = year_from or min((y for y in there if last is None or y < last), default=None)
    if first is None or last is None or first == last:
        known = ", ".join(map(str, there)) or "–"
        what = "second survey here to compare with"
        raise NoRecords(what, f"surveyed years here: {known}", "no_second_survey", years=known)
    span = {"year_from": min(first, last), "year_to": max(first, last)}
    asked = asked.in_years(*span.values())
    by_year = year_counts(asked, counts)
    both = (*asked.place, *(Filter(name, "in", (year,)) for name, year in span.items()))
    before, after = asked.classes("_from"), asked.classes("_to")
    rows = read(
        context,
        Query(
            "revisits",
            (
                Column("before", "points", before),
                Column("after", "points", after),
                Column("stayed", "points", (*before, *after)),
                Column("revisited", "revisited"),
                Column("lost", expression=Expression("difference", "before", "stayed")),
                Column("gained", expression=Expression("difference", "after", "stayed")),
            ),
            both,
        ),
    )
    [change] = rows.dicts()
    told = {name: int(change[name]) for name in ("stayed", "lost", "gained")}
    named = {"visited in both years": int(change["revisited"]), **told}
    of_years = tuple((f"points in {row['year']}", row["points"]) for row in by_year)
    common = asked.arguments
    common.pop("years")
    return result_of(
        "compare_years",
        asked,
        rows,
        Table(("what", "points"), (*of_years, *named.items())),
        told["gained"] - told["lost"],
        arguments=common | span,
        features=point_features(changed(context, both, before, after)),
        facts={
            **span,
            **told,
            "net": told["gained"] - told["lost"],
            "revisited": int(change["revisited"]),
            "counts": by_year,
            "near": asked.near,
        },
        caveats=survey_caveats(asked, by_year),
    )


def changed(context: Context, both: tuple[Filter, ...], before: tuple[Filter, ...], after: tuple[Filter, ...]) -> Table:
    """Return the points of some classes in either of two years, each with whether it stayed, was lost or gained."""
    single = (Group("point"),)
    sides = [read(context, Query("revisits", (), (*both, *side), single)).dicts() for side in (before, after)]
    was, now = ({row["point_id"]: row for row in side} for side in sides)
    named = {id: "stayed" if id in was and id in now else "lost" if id in was else "gained" for id in was | now}
    in_rows = sorted((named[id], id, row) for id, row in (was | now).items())[:MOST_ROWS]
    return Table(
        ("point_id", "change", "land_cover_from", "land_cover_to", "land_use_from", "land_use_to", "lon", "lat"),
        tuple(
            (point_name(id), change, r["lc_from"], r["lc_to"], r["lu_from"], r["lu_to"], r["lon"], r["lat"])
            for change, id, r in in_rows
        ),
    )


def nearest_records(
    context: Context,
    *,
    lon: float,
    lat: float,
    name: str | None = None,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
    limit: int = 10,
) -> Result:
    """List the survey records closest to a position, with their great-circle distance in km.

    Use for "what is the nearest vineyard to …", "survey points close to …". `value` is the distance of the closest.
    Without regions those of all, without years the latest survey answers.
    """
    if not 1 <= limit <= 1000:
        raise BadArgument(f"the nearest {limit}: between 1 and 1000 can be asked for")
    spot = checked_near({"lon": lon, "lat": lat, "km": 1.0, **({"name": name} if name else {})})
    asked = question(context, regions=regions, land_cover=land_cover, land_use=land_use, exclude=exclude, years=years)
    asked = asked if asked.years else asked.latest()
    where = (*asked.place, Filter("position", "near", (lon, lat, MOST_KM)), asked.in_its_years, *asked.classes())
    found = read(context, Query("survey", (), where, (Group("point"),), order=(Order("km", "fewest"),), limit=limit))
    rows = Table(found.columns, found.rows[:limit], found.sql, found.parameters)
    table = records_table(context, rows, distance=True)
    distances = rows.column("km")
    return result_of(
        "nearest_records",
        asked,
        rows,
        table,
        distances[0] if distances else None,
        unit="km",
        arguments=asked.arguments | {"lon": lon, "lat": lat, "name": spot["name"], "limit": limit},
        features=point_features(table),
        facts={
            "name": spot["name"],
            "nearest_km": distances[0] if distances else None,
            "nearest": next(table.dicts(), None),
            "shown": len(rows),
        },
        caveats=survey_caveats(asked, []),
    )


# --- what they share -------------------------------------------------------------------------------------------------


def result_of(tool: str, asked: Question, rows: Table, table: Table, value: float | None, **parts: Any) -> Result:
    """Return a result of survey points: what was asked stands in it unless `parts` says otherwise."""
    usual: dict[str, Any] = {
        "arguments": asked.arguments,
        "regions": asked.regions,
        "land_cover": asked.land_cover,
        "land_use": asked.land_use,
        "unit": "points",
    }
    from_where = provenance(asked.context, asked.years, rows)
    return Result(tool=tool, provenance=from_where, years=asked.years, value=value, table=table, **(usual | parts))


def counts_told(asked: Question, by_year: list[dict[str, int]]) -> dict[str, Any]:
    """Return the facts of a count: a row a year, their sums and where else than in regions was looked."""
    sums = {what: sum(row[what] for row in by_year) for what in ("points", "surveyed")}
    return {**sums, "counts": by_year, "near": asked.near, "exclude": list(asked.exclude)}


def points_of(asked: Question, most: int = MOST_ROWS) -> Table:
    """Return the records of a question, the latest first."""
    where = (*asked.place, asked.in_its_years, *asked.classes())
    rows = read(asked.context, Query("survey", (), where, (Group("point"),), order=(Order("year"),)))
    return Table(rows.columns, rows.rows[:most], rows.sql, rows.parameters)


def in_order(asked: Question, group: Group, order: Any, columns: tuple[Column, ...]) -> Table:
    """Return every row of a ranking with its place, equal numbers sharing one (1, 2, 2, 4)."""
    where = (*asked.place, asked.in_its_years, *asked.classes())
    return read(asked.context, Query("survey", columns, where, (group,), order=(Order("points", order),)))


def level_there(asked: Question, level: str) -> str:
    """Return the level, that of provinces and departments where the store holds no NUTS 3 regions of these places."""
    gazetteer = asked.context.gazetteer
    inside = [gazetteer.children(region.id, level) for region in asked.regions] or [gazetteer.at_level(level)]
    if not any(inside) and level != "nuts3":
        raise BadArgument(
            f"{asked.regions[0].name if asked.regions else 'the store'} holds no regions of level {level!r}"
        )
    return level if any(inside) else "subdivision"


def drawn(context: Context, regions: Sequence[Region], table: Table) -> dict[str, Any]:
    """Return the outlines of regions, each with its row of the table."""
    features = context.gazetteer.geojson([r.id for r in regions])
    by_id = {row["region_id"]: row for row in table.dicts()}
    for feature in features["features"]:
        feature["properties"] |= by_id.get(feature["properties"].get("id"), {})
    return features


def percent(part: int, whole: int) -> float | None:
    """Return `part` in percent of `whole` to one decimal, None of nothing."""
    return round(100 * part / whole, 1) if whole else None
