"""What the survey's tools share: typed arguments made into query parameters, and results made of rows.

A *point* is a survey location, a *record* one visit in one year. Only the first land cover (LC1) and the first land
use (LU1) of a record are matched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely

from retrieval.catalog import is_representative
from retrieval.errors import BadArgument, NoSuchYear
from retrieval.foreign import checked
from retrieval.types import Dataset, Region, Table
from tools.compile import box_around
from tools.context import Context
from tools.result import Provenance

MOST_ROWS = 10_000
"""Rows drawn and listed at most; the count beside them is always of all."""

EVERYWHERE: dict[str, Any] = {
    "west": -180.0,
    "south": -90.0,
    "east": 180.0,
    "north": 90.0,
    "outline": None,
    "lon": None,
    "lat": None,
    "km": None,
}


@dataclass(frozen=True)
class Question:
    """The common arguments of the survey's tools, names resolved to regions and codes."""

    regions: tuple[Region, ...]
    land_cover: tuple[str, ...]
    land_use: tuple[str, ...]
    exclude: tuple[str, ...]
    years: tuple[int, ...]
    near: Mapping[str, Any] | None
    context: Context

    @property
    def arguments(self) -> dict[str, Any]:
        """The plan step's arguments in their canonical form, empty ones left out."""
        every = {
            "regions": [r.id for r in self.regions],
            "land_cover": list(self.land_cover),
            "land_use": list(self.land_use),
            "exclude": list(self.exclude),
            "years": list(self.years),
            "near": dict(self.near) if self.near else None,
        }
        return {name: value for name, value in every.items() if value}

    @property
    def shown(self) -> dict[str, list[str]]:
        """Parameters of the macro `shows`: parents expanded to every code beneath them."""
        leaves = self.context.nomenclature.leaves
        return {
            "land_cover": sorted(leaves(self.land_cover)) if self.land_cover else [],
            "land_use": sorted(leaves(self.land_use)) if self.land_use else [],
            "exclude": sorted(leaves(self.exclude)) if self.exclude else [],
        }

    @property
    def inside(self) -> dict[str, Any]:
        """Parameters of the macro `points_in`: where to look."""
        where: dict[str, Any] = {"regions": [], **EVERYWHERE}
        drawn = [r for r in self.regions if r.id in self.context.areas]
        if drawn and len(self.regions) > 1:
            raise BadArgument("a drawn area is asked about alone; ask once for each area")
        if drawn:
            outline = self.context.areas[drawn[0].id][1]
            west, south, east, north = outline.bounds
            where |= {"outline": shapely.to_wkb(outline), "west": west, "south": south, "east": east, "north": north}
        else:
            where["regions"] = [id for r in self.regions for id in members(self.context, r)]
        if self.near:
            where |= circle_around(self.near["lon"], self.near["lat"], self.near["km"])
        return where

    def in_years(self, *years: int) -> Question:
        """Return the same question of other years."""
        return replace(self, years=tuple(years))


def question(
    context: Context,
    *,
    regions: Sequence[str] = (),
    land_cover: Sequence[str] = (),
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    years: Sequence[int] = (),
    near: Mapping[str, Any] | None = None,
) -> Question:
    """Return the common arguments resolved and checked.

    Args:
        context: the world asked of.
        regions: region ids or names; none means everywhere surveyed.
        land_cover: LUCAS LC1 codes, parents allowed.
        land_use: LUCAS LU1 codes, parents allowed.
        exclude: codes left out, parents allowed.
        years: survey years; none means the latest with records there.
        near: `{"lon", "lat", "km", "name"}`, degrees EPSG:4326 and kilometres.

    Raises:
        UnknownRegion, AmbiguousRegion, UnknownClass: a name that is not one thing.
        NoSuchYear: a year without a survey.
        BadArgument: a radius outside 0..1000 km or a position off the globe.
    """
    surveyed = context.store.years()
    for year in years:
        if year not in surveyed:
            raise NoSuchYear(year, surveyed)
    for code in (*land_cover, *land_use, *exclude):
        context.nomenclature.get(code)
    if near:
        near = checked_near(near)
    return Question(
        regions=tuple(dict.fromkeys(context.region(words) for words in regions)),
        land_cover=tuple(land_cover),
        land_use=tuple(land_use),
        exclude=tuple(exclude),
        years=tuple(sorted(set(years))),
        near=near,
        context=context,
    )


def checked_near(near: Mapping[str, Any]) -> dict[str, Any]:
    """Return a position and radius that lie within their domains.

    Raises:
        BadArgument: they do not.
    """
    lon, lat, km = (float(checked(near.get(key), float, f"near.{key}")) for key in ("lon", "lat", "km"))
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadArgument(f"{lon}, {lat} is no position: longitude −180..180, latitude −90..90, in this order")
    if not 0 < km <= 1000:
        raise BadArgument(f"a radius of {km:g} km: between 0 and 1000 km can be asked for")
    return {"lon": lon, "lat": lat, "km": km, "name": str(near.get("name", f"{lat:.3f}, {lon:.3f}"))}


def circle_around(lon: float, lat: float, km: float) -> dict[str, float]:
    """Return the parameters of a circle and of a box in degrees that surely holds it."""
    west, south, east, north = box_around(lon, lat, km)
    return {"lon": lon, "lat": lat, "km": km, "west": west, "east": east, "south": south, "north": north}


def members(context: Context, region: Region) -> list[str]:
    """Return the ids to look points up by: a group's countries, else the region itself."""
    return list(context.gazetteer.members(region.id))


def counted(asked: Question) -> tuple[Question, Table]:
    """Return the question with its years fixed, and the counts of every survey year in the area."""
    counts = asked.context.store.query("survey_count", **asked.inside, **asked.shown)
    if asked.years:
        return asked, counts
    surveyed = [row["year"] for row in counts.dicts() if row["surveyed"]] or list(asked.context.store.years())
    return asked.in_years(max(surveyed)), counts


def year_counts(asked: Question, counts: Table) -> list[dict[str, int]]:
    """Return `points`, `surveyed` and `by_coast` of each asked year, zero where nothing was surveyed."""
    of_year = {row["year"]: row for row in counts.dicts()}
    return [
        {k: int(v) for k, v in of_year.get(y, {"year": y, "points": 0, "surveyed": 0, "by_coast": 0}).items()}
        for y in asked.years
    ]


def survey_caveats(asked: Question, counts: Iterable[Mapping[str, int]]) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return what a reader of a survey answer must know: soil sample, coast, empty areas."""
    rows = list(counts)
    caveats: list[tuple[str, dict[str, Any]]] = []
    for dataset in survey_datasets(asked.context, asked.years):
        if not is_representative(dataset.id):
            caveats.append(("soil_sample", {"dataset": dataset.title}))
    if by_coast := sum(row.get("by_coast", 0) for row in rows):
        caveats.append(("by_coast", {"points": by_coast}))
    if empty := [row["year"] for row in rows if not row["surveyed"]]:
        unplaced = [r.name for r in asked.regions if r.bbox is None and r.id not in asked.context.areas]
        known = ("unplaced", {"region": ", ".join(unplaced)}) if unplaced else ("nothing_surveyed", {"years": empty})
        caveats.append(known)
    return tuple(caveats)


def survey_datasets(context: Context, years: Sequence[int] = ()) -> list[Dataset]:
    """Return the survey datasets of the store that hold one of these years (none: of any year)."""
    return [
        d
        for d in context.store.datasets()
        if d.kind == "survey" and (not years or not d.years or {*years} & {*d.years})
    ]


def provenance(context: Context, years: Sequence[int], table: Table) -> Provenance:
    """Return where rows of the survey came from, with the query that brought them."""
    datasets = survey_datasets(context, years)
    return Provenance(
        dataset=" + ".join(d.id for d in datasets) or "none",
        version=" + ".join(d.version for d in datasets),
        licence=" + ".join(dict.fromkeys(d.licence for d in datasets)) or "none",
        sql=table.sql,
        parameters=readable(table.parameters),
        row_count=len(table),
        synthetic=any(d.synthetic for d in datasets),
        sha256=datasets[0].sha256 if len(datasets) == 1 else None,
        attribution="; ".join(dict.fromkeys(d.attribution for d in datasets)),
    )


def readable(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return query parameters as JSON values: an outline as WKT."""
    return {
        name: shapely.to_wkt(shapely.from_wkb(value), rounding_precision=-1) if isinstance(value, bytes) else value
        for name, value in parameters.items()
    }


def point_name(point_id: int) -> str:
    """Return a LUCAS point id as printed: EEEENNNN, easting and northing in km, EPSG:3035."""
    return f"{point_id:08d}"


def records_table(context: Context, rows: Table) -> Table:
    """Return records as a person reads them: ids as printed, codes with their names, ISO dates."""
    label = context.nomenclature.label
    names = {code: label([code], context.language) for code in {*rows.column("lc1"), *rows.column("lu1")} if code}
    distance = "km" in rows.columns
    return Table(
        (
            "point_id", "year", "land_cover", "land_cover_name", "land_use", "land_use_name", "lon", "lat", "observed",
            *(("km",) if distance else ()),
        ),
        tuple(
            (
                point_name(r["point_id"]), r["year"], r["lc1"], names.get(r["lc1"]), r["lu1"], names.get(r["lu1"]),
                r["lon"], r["lat"], r["obs_date"].isoformat() if r["obs_date"] else None,
                *((r["km"],) if distance else ()),
            )
            for r in rows.dicts()
        ),
    )  # fmt: skip


def point_features(table: Table) -> dict[str, Any]:
    """Return a table with `lon` and `lat` as a GeoJSON FeatureCollection of points (RFC 7946)."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
                "properties": {k: v for k, v in row.items() if k not in ("lon", "lat")},
            }
            for row in table.dicts()
        ],
    }
