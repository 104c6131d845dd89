"""Which points lie in which regions. Does not read files or name regions.

A point belongs to a NUTS region by the code its record carries, where it carries one that is listed: outlines are
generalised, the recorded code is not. Otherwise by the outline; a point that generalised coast lines leave outside goes
to the nearest region within 2 km, and `how` says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from retrieval.region_rows import equal_area

COAST_M = 2_000
"""How far from an outline a point may lie and still be given to it, metres in EPSG:3035."""


WHOLE_LEVELS = ("country", "nuts2", "nuts1", "nuts3", "subdivision")
"""Levels whose regions are meant to tile their countries."""

TILED = 0.9
"""Where a level's outlines cover so much of a country, a point of it in none of them lies off the drawn coast, and not
in a neighbouring region of which there is no outline."""

LEVEL_ORDER = {name: at for at, name in enumerate(WHOLE_LEVELS)}
"""Lands are filled in the order of preference among ids, so that an alias' points are known before its level's turn."""


@dataclass(frozen=True)
class Land:
    """One piece of land under all the ids it goes by."""

    id: str
    """The preferred one."""
    ids: tuple[str, ...]
    level: str
    """The preferred id's."""
    levels: tuple[str, ...]
    """Those of all ids: Luxembourg is a country and a NUTS 2 region."""
    country: str
    codes: tuple[str, ...]
    """Recorded codes that mean this land: `FRJ1` and its older form `FR81`."""
    outline: shapely.Geometry | None
    listed: bool = True
    """Whether a set of regions has it: of a code that none has, points lie in the regions around them as well."""


def lands(regions: Iterable[Mapping[str, Any]], names: Iterable[Mapping[str, Any]]) -> list[Land]:
    """Gather rows of `regions` (with `wkb`) that are the same land; `names` give the codes a land goes by."""
    codes: dict[str, set[str]] = defaultdict(set)
    for name in names:
        if name["kind"] == "code":
            codes[name["region_id"]].add(name["name"])
    together: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in regions:
        if row["level"] != "foreign":
            together[row["same_as"]].append(row)
    return [_land(root, rows, codes) for root, rows in sorted(together.items())]


def _land(root: str, rows: Sequence[Mapping[str, Any]], codes: Mapping[str, set[str]]) -> Land:
    own_first = sorted(rows, key=lambda row: (row["id"] != root, row["id"]))
    ids = tuple(row["id"] for row in own_first)
    spelled = {one.split(":", 1)[1] for one in ids if one.startswith(("nuts:", "country:"))}
    spelled.update(*(codes.get(one, ()) for one in ids))
    drawn = next((row["wkb"] for row in own_first if row["wkb"] is not None), None)
    return Land(
        id=root,
        ids=ids,
        level=own_first[0]["level"],
        levels=tuple(sorted({row["level"] for row in rows})),
        country=own_first[0]["country"] or "",
        codes=tuple(sorted(spelled)),
        outline=shapely.from_wkb(drawn) if drawn is not None else None,
    )


def assign(points: pd.DataFrame, recorded: pd.DataFrame, known: Sequence[Land]) -> pd.DataFrame:
    """Return region_id, point_id, how for every point (point_id, lon, lat, x, y) and land.

    Args:
        points: One row a point.
        recorded: point_id and code, as the records carry them at any level.
        known: The lands; those without an outline are filled from recorded codes alone.
    """
    points = points.sort_values("lon", kind="stable").reset_index(drop=True)
    where = pd.Series(points.index, index=points["point_id"])
    by_code = _rows_by_code(recorded, where)
    country = np.full(len(points), "", dtype=object)
    held = {level: np.zeros(len(points), dtype=bool) for land in known for level in land.levels}
    size = _drawn_size(known)
    parts: list[tuple[tuple[str, ...], np.ndarray, str]] = []
    for level in sorted({land.level for land in known}, key=lambda name: (LEVEL_ORDER.get(name, 9), name)):
        of_level = [land for land in known if land.level == level]
        for land, rows, how in _assign_level(points, of_level, level, by_code, country, held[level], size):
            parts.append((land.ids, rows, how))
            if not land.listed:
                continue
            for name in land.levels:
                held[name][rows] = True
            if level == "country":
                country[rows] = land.country
    return _table(points["point_id"].to_numpy(), parts)


def assign_by_year(
    points: pd.DataFrame, visits: pd.DataFrame, recorded: pd.DataFrame, known: Sequence[Land]
) -> pd.DataFrame:
    """Return what `assign` does, with `only_year`: a year where the point lies in the region in that year alone.

    A few points carry another region's code in another survey. Each of their visits counts where it was recorded.

    Args:
        points: One row a point.
        visits: point_id and year of every record.
        recorded: point_id, year and code, as the records carry them at any level.
        known: The lands.
    """
    land_of = {code: land.id for land in known for code in land.codes}
    lands_of = recorded.assign(land=recorded["code"].map(land_of), level=recorded["code"].str.len())
    lands_of = lands_of[["point_id", "level", "land"]].drop_duplicates()
    moved = set(lands_of.loc[lands_of.duplicated(["point_id", "level"], keep=False), "point_id"])
    settled = assign(points[~points["point_id"].isin(moved)], recorded[["point_id", "code"]], known)
    parts = [settled.assign(only_year=pd.NA)]
    for year, of_year in visits[visits["point_id"].isin(moved)].groupby("year"):
        codes = recorded.loc[recorded["year"] == year, ["point_id", "code"]]
        there = points[points["point_id"].isin(of_year["point_id"])]
        parts.append(assign(there, codes, known).assign(only_year=year))
    return pd.concat([part.astype({"region_id": str, "how": str, "only_year": "Int16"}) for part in parts])


def grouped(table: pd.DataFrame, members: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the rows of groups of regions (the EU): each point of any member, by the member's own `how`."""
    parts = []
    for group, regions in members.items():
        rows = table[table["region_id"].isin(regions)].drop_duplicates(["point_id", "only_year"])
        parts.append(rows.assign(region_id=group))
    return pd.concat(parts, ignore_index=True) if parts else table.iloc[:0]


def agreement(points: pd.DataFrame, recorded: pd.DataFrame, known: Sequence[Land], level: str) -> tuple[int, int]:
    """Return how many points lie in the outline their record names at this level, and how many were compared."""
    drawn = [land for land in known if level in land.levels and land.outline is not None]
    number = {code: at for at, land in enumerate(drawn) for code in land.codes}
    named = recorded.assign(land=recorded["code"].map(number)).dropna(subset="land").drop_duplicates("point_id")
    spots = points.merge(named, on="point_id").sort_values("lon", kind="stable").reset_index(drop=True)
    wanted = spots["land"].to_numpy(dtype=np.int64)
    agree = 0
    outlines = [land.outline for land in drawn if land.outline is not None]
    for at, rows in enumerate(within_each(spots[["lon", "lat"]].to_numpy(), outlines)):
        agree += int((wanted[rows] == at).sum())
    return agree, len(spots)


def within_each(lonlat: np.ndarray, outlines: Sequence[shapely.Geometry]) -> Iterable[np.ndarray]:
    """Yield, for each outline, the rows of `lonlat` (n, 2; sorted by longitude) on it or on its border."""
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    for outline in outlines:
        west, south, east, north = shapely.bounds(outline)
        if np.isnan(west):
            yield np.empty(0, dtype=np.int64)
            continue
        first, last = np.searchsorted(lon, west, "left"), np.searchsorted(lon, east, "right")
        near = first + np.flatnonzero((lat[first:last] >= south) & (lat[first:last] <= north))
        shapely.prepare(outline)
        yield near[shapely.intersects_xy(outline, lon[near], lat[near])]


def _assign_level(
    points: pd.DataFrame,
    of_level: list[Land],
    level: str,
    by_code: Mapping[str, np.ndarray],
    country: np.ndarray,
    held: np.ndarray,
    size: Mapping[tuple[str, str], float],
) -> Iterable[tuple[Land, np.ndarray, str]]:
    """Yield (land, point rows, how) for the lands of one level; but for AOIs, each point in at most one drawn land.

    `held` marks the points that a land of this level has already, under a preferred id of another level.
    """
    free = ~held
    for land in of_level:
        rows = [by_code[code] for code in land.codes if code in by_code]
        if rows:
            held_by_code = np.unique(np.concatenate(rows)).astype(np.int64)
            if land.listed:
                np.put(free, held_by_code, False)
            yield land, held_by_code, "recorded"
    drawn = [(land, land.outline) for land in of_level if land.outline is not None]
    lonlat = points[["lon", "lat"]].to_numpy()
    for (land, _), found in zip(drawn, within_each(lonlat, [outline for _, outline in drawn]), strict=True):
        inside = found[free[found]]
        if level != "aoi":
            free[inside] = False
        yield land, inside, "within"
    if level != "aoi" and drawn:
        whole = {land.country for land, _ in drawn if _is_tiled(size, level, land.country)}
        left = np.flatnonzero(free & np.isin(country, ["", *whole]))
        yield from _nearest(points, drawn, left, country)


def _drawn_size(known: Sequence[Land]) -> Mapping[tuple[str, str], float]:
    """Return how much is drawn of each country at each level, in square degrees."""
    size: dict[tuple[str, str], float] = defaultdict(float)
    for land in known:
        for level in land.levels if land.outline is not None else ():
            size[level, land.country] += float(shapely.area(land.outline))
    return size


def _is_tiled(size: Mapping[tuple[str, str], float], level: str, country: str) -> bool:
    return size.get((level, country), 0.0) >= TILED * size.get(("country", country), 0.0)


def _nearest(
    points: pd.DataFrame,
    drawn: Sequence[tuple[Land, shapely.Geometry]],
    left: np.ndarray,
    country: np.ndarray,
) -> Iterable[tuple[Land, np.ndarray, str]]:
    """Give the points left over to the nearest land within `COAST_M`, never across a border the point is known by."""
    if not len(left):
        return
    edges, owner = _edges([equal_area(outline) for _, outline in drawn])
    spots = shapely.points(points["x"].to_numpy()[left], points["y"].to_numpy()[left])
    at, edge = shapely.STRtree(edges).query_nearest(spots, max_distance=COAST_M, all_matches=False)
    which = owner[edge]
    same = np.array([country[left[a]] in ("", drawn[w][0].country) for a, w in zip(at, which, strict=True)], dtype=bool)
    for index in np.unique(which[same]):
        yield drawn[index][0], left[at[same & (which == index)]], "nearest"


def _edges(outlines: Sequence[shapely.Geometry]) -> tuple[np.ndarray, np.ndarray]:
    """Return every edge of the outlines as a line, and the outline it is of: small things make a quick tree."""
    rings, owner = shapely.get_rings(outlines, return_index=True) if len(outlines) else (np.empty(0), np.empty(0, int))
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[:-1] == ring[1:]
    ends = np.stack([corners[:-1][joined], corners[1:][joined]], axis=1)  # (edges, 2 ends, 2)
    return shapely.linestrings(ends), owner[ring[:-1][joined]]


def _rows_by_code(recorded: pd.DataFrame, where: pd.Series) -> dict[str, np.ndarray]:
    recorded = recorded[recorded["point_id"].isin(where.index)].dropna().drop_duplicates()
    rows = where.reindex(recorded["point_id"]).to_numpy()
    codes, labels = pd.factorize(recorded["code"])
    order = np.argsort(codes, kind="stable")
    cuts = np.searchsorted(codes[order], np.arange(len(labels) + 1))
    return {label: rows[order[cuts[i] : cuts[i + 1]]].astype(np.int64) for i, label in enumerate(labels)}


def _table(point_ids: np.ndarray, parts: list[tuple[tuple[str, ...], np.ndarray, str]]) -> pd.DataFrame:
    names = sorted({i for ids, _, _ in parts for i in ids})
    number = {name: at for at, name in enumerate(names)}
    hows = ["nearest", "recorded", "within"]
    regions, rows, how = [], [], []
    for ids, inside, way in parts:
        for one in ids:
            regions.append(np.full(len(inside), number[one], dtype=np.int32))
            rows.append(inside)
            how.append(np.full(len(inside), hows.index(way), dtype=np.int8))
    if not regions:
        return pd.DataFrame({"region_id": [], "point_id": [], "how": []})
    return pd.DataFrame(
        {
            "region_id": pd.Categorical.from_codes(np.concatenate(regions), names),
            "point_id": point_ids[np.concatenate(rows)],
            "how": pd.Categorical.from_codes(np.concatenate(how), hows),
        }
    )
