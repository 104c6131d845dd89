"""The survey's verbs: presets that fill the typed query and show its rows under the names plans have always used.

Each reads `survey` or `revisits` through `tools/compile.py`; none has SQL of its own. Where the years are not named the
latest survey of the area answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from retrieval.errors import BadArgument, NoRecords
from retrieval.query import MOST_ROWS, Group, Order, Query
from retrieval.types import Region, Table
from tools.context import Context
from tools.query import table_of
from tools.result import Result, Told, placed
from tools.survey import (
    BY_COAST,
    Question,
    checked_near,
    counted,
    point_features,
    point_name,
    provenance,
    question,
    read,
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
    table = points_of(asked, limit or MOST_ROWS)
    truncated = (("truncated", {"shown": len(table), "points": points}),) if len(table) < points else ()
    return result_of(
        "find_points",
        asked,
        table,
        table,
        points if len(asked.years) == 1 else None,
        arguments={**asked.arguments, **({"limit": limit} if limit else {})},
        features=point_features(table),
        facts={"shown": len(table), "points": points},
        caveats=(*survey_caveats(asked, by_year), *truncated),
        told=(count_told(asked, by_year),),
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
        caveats=survey_caveats(asked, by_year),
        told=(count_told(asked, by_year),),
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
    arguments = asked.arguments | ({} if theme == "land_cover" else {"theme": theme})
    query = asked.query("share_points", **arguments)
    group = Group(theme, members=tuple((code,) for code in asked_for)) if named else Group(theme, "1")
    rows = read(context, replace(query, columns=query.columns[:1], rows=(group,)))
    points = dict.fromkeys(asked_for, 0) | {str(row[theme]): row["points"] for row in rows.dicts()}
    value = percent(counts_then["points"], surveyed) if named else None
    table = Table(
        (theme, f"{theme}_name", "points", "percent_of_points"),
        tuple(
            (code, context.nomenclature.label([code], context.language), n, percent(n, surveyed))
            for code, n in sorted(points.items(), key=lambda item: (-item[1], item[0]))
        ),
    )
    if named or not surveyed:
        told = Told(replace(query, rows=()), [{**counts_then, "percent": value}])
    else:
        parts = [{**row, "percent": row["percent_of_points"], "surveyed": surveyed} for row in table.dicts()]
        told = Told(query, parts)
    return result_of(
        "share_points",
        asked,
        rows,
        table,
        value,
        unit="% of points",
        arguments=arguments,
        caveats=(*survey_caveats(asked, [counts_then]), NOT_AREA),
        told=(told,),
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
    arguments = {("within" if k == "regions" else k): v for k, v in asked.arguments.items()} | {"limit": limit}
    arguments |= {"by": by} | ({} if order == "most" else {"order": order})
    if by == "regions":
        key, arguments["level"] = "region", level_there(asked, level)
    else:
        key = arguments["theme"] = "land_use" if asked.land_use and not asked.land_cover else theme
    query = asked.query("rank_points", **arguments)
    told = replace(query, columns=query.columns[:1])
    found = table_of(replace(query if by == "regions" else told, limit=None), context)
    rows = [row for row in found.dicts() if row["rank"] <= limit and (row["points"] or order == "fewest")]
    rows.sort(key=lambda row: (row["rank"], row[key]))
    names = found.columns if by == "regions" else ("rank", "class", "class_name", "points")
    table = replace(found, columns=names, rows=tuple(tuple(row.values()) for row in rows))
    return result_of(
        "rank_points",
        asked,
        found,
        table,
        rows[0]["points"] if rows else 0,
        arguments=arguments,
        caveats=(*survey_caveats(asked, year_counts(asked, counts)), NOT_AREA),
        told=(Told(told, rows),),
        **(ranked_regions(asked, table) if by == "regions" else ranked_classes(table, key)),
    )


def ranked_regions(asked: Question, table: Table) -> dict[str, Any]:
    """Return what a ranking is about and its map, for regions."""
    regions = tuple(map(asked.context.named, table.column("region_id")))
    facts = {"places": [r.name for r in asked.regions], "legend": {"unit": "points", "by": "points"}}
    return {"regions": regions, "features": drawn(asked.context, regions, table), "facts": facts}


def ranked_classes(table: Table, theme: str) -> dict[str, Any]:
    """Return what a ranking is about, for classes."""
    return {"land_cover": (), "land_use": ()} | {theme: tuple(table.column("class"))}


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
    query = asked.query("compare_regions")
    by_year = replace(query, columns=(*query.columns, BY_COAST), rows=(query.rows[0], Group("year")), order=())
    rows = read(context, by_year)
    found = {(row["region"], row["year"]): row for row in rows.dicts()}
    nothing = {"points": 0, "surveyed": 0, "by_coast": 0}
    counts = [(r, {"year": y} | nothing | found.get((r.id, y), {})) for r in asked.regions for y in asked.years]
    table = Table(
        ("region_id", "region", "year", "points", "surveyed", "percent_of_points"),
        tuple(
            (r.id, r.name, n["year"], n["points"], n["surveyed"], percent(n["points"], n["surveyed"]))
            for r, n in counts
        ),
    )
    first, second, *_ = sorted((n["points"] for _, n in counts if n["year"] == asked.years[-1]), reverse=True)
    told = placed(list(table.dicts()), "points") if query.order else list(table.dicts())
    return result_of(
        "compare_regions",
        asked,
        rows,
        table,
        first,
        features=point_features(points_of(asked)),
        caveats=(*survey_caveats(asked, [n for _, n in counts]), NOT_AREA),
        told=(
            Told(query, placed(told, "points") if query.order else told, {"margin": first - second, "of_all": True}),
        ),
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
    common = asked.arguments
    common.pop("years")
    query = asked.query("compare_years", **span)
    rows = read(context, query)
    [change] = rows.dicts()
    named = {"visited in both years": int(change["revisited"]), **{n: int(change[n]) for n in FATES}}
    of_years = tuple((f"points in {row['year']}", row["points"]) for row in by_year)
    about = asked.query("count_points")
    fates = {name: int(change[name]) for name in ("net", *FATES, "revisited")}
    return result_of(
        "compare_years",
        asked,
        rows,
        Table(("what", "points"), (*of_years, *named.items())),
        int(change["net"]),
        arguments=common | span,
        features=point_features(changed(context, query)),
        caveats=survey_caveats(asked, by_year),
        told=(
            Told(query, [fates], about=about),
            Told(about, by_year),
        ),
    )


FATES = ("stayed", "lost", "gained")


def changed(context: Context, query: Query) -> Table:
    """Return the points of some classes in either of two years, each with whether it stayed, was lost or gained."""
    was, now = (
        {row["point_id"]: row for row in read(context, replace(query, columns=(), where=both, rows=BY_POINT)).dicts()}
        for both in ((*query.where, *query.column(side).where) for side in ("before", "after"))
    )
    named = {id: "stayed" if id in was and id in now else "lost" if id in was else "gained" for id in was | now}
    in_rows = sorted((named[id], id, row) for id, row in (was | now).items())[:MOST_ROWS]
    return Table(
        ("point_id", "change", "land_cover_from", "land_cover_to", "land_use_from", "land_use_to", "lon", "lat"),
        tuple(
            (point_name(id), change, r["lc_from"], r["lc_to"], r["lu_from"], r["lu_to"], r["lon"], r["lat"])
            for change, id, r in in_rows
        ),
    )


BY_POINT = (Group("point"),)


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
    spot |= {"limit": limit}
    del spot["km"]
    query = asked.query("nearest_records", **spot)
    table = first_of(table_of(query, context), limit)
    distances = table.column("km")
    return result_of(
        "nearest_records",
        asked,
        table,
        table,
        distances[0] if distances else None,
        unit="km",
        arguments=asked.arguments | {"lon": lon, "lat": lat, "name": spot["name"], "limit": limit},
        features=point_features(table),
        caveats=survey_caveats(asked, []),
        told=(Told(query, list(table.dicts()), {"found": len(table)}),),
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


def count_told(asked: Question, by_year: list[dict[str, int]]) -> Told:
    """Return points by year, with those visited where a class was looked for."""
    query = asked.query("count_points")
    named = asked.land_cover or asked.land_use or asked.exclude
    return Told(query if named else replace(query, columns=query.columns[:1]), by_year)


def points_of(asked: Question, most: int = MOST_ROWS) -> Table:
    """Return the records of a question, the latest first."""
    return first_of(table_of(replace(asked.query("find_points"), order=(Order("year"),)), asked.context), most)


def first_of(table: Table, most: int) -> Table:
    """Return the first rows of a table, ties with the last one cut."""
    return replace(table, rows=table.rows[:most])


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
