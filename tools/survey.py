"""What the survey's tools share: typed arguments made into query parameters, and results made of rows.

A *point* is a survey location, a *record* one visit in one year. Only the first land cover (LC1) and the first land
use (LU1) of a record are matched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from retrieval.catalog import is_representative
from retrieval.errors import BadArgument, NoRecords, NoSuchYear
from retrieval.foreign import checked
from retrieval.query import Column, Group, Query
from retrieval.types import Dataset, Region, Table
from tools.compile import compile_query
from tools.context import Context
from tools.presets import preset
from tools.result import Provenance

BY_COAST = Column("by_coast", "by_coast")
"""Points that surveyors saw from the shore, told of as a caveat."""


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

    def query(self, tool: str, **more: Any) -> Query:
        """Return the typed query that a verb asks with these arguments and `more`.

        Raises:
            BadArgument: a drawn area is asked about together with another place.
        """
        if any(r.id in self.context.areas for r in self.regions) and len(self.regions) > 1:
            raise BadArgument("a drawn area is asked about alone; ask once for each area")
        return preset(tool, {**self.arguments, **more}, self.years)

    def in_years(self, *years: int) -> Question:
        """Return the same question of other years."""
        return replace(self, years=tuple(years))

    def latest(self) -> Question:
        """Return the same question of the last of its years, of the last survey where it names none."""
        return self.in_years(max(self.years or survey_years(self.context)))


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


def read(context: Context, asked: Query, *, aside: bool = False) -> Table:
    """Return the rows of a query, as its source has them; `aside`: with all that it tells beside a figure."""
    compiled = compile_query(asked, context, aside=aside)
    return context.store.run(compiled.sql, compiled.parameters)


def survey_years(context: Context) -> tuple[int, ...]:
    """Return the years of the store's surveys.

    Raises:
        NoRecords: no survey is in the store.
    """
    if not (years := tuple(context.store.years())):
        raise NoRecords("surveyed points in this store", "Bring a survey: python -m retrieval fetch lucas")
    return years


def counted(asked: Question) -> tuple[Question, Table]:
    """Return the question with its years fixed, and the counts of every survey year in the area."""
    every = asked.in_years(*survey_years(asked.context)).query("count_points")
    counts = read(asked.context, replace(every, columns=(*every.columns, BY_COAST), rows=(Group("year"),)))
    if asked.years:
        return asked, counts
    surveyed = [row["year"] for row in counts.dicts() if row["surveyed"]] or survey_years(asked.context)
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
    return Provenance.of(survey_datasets(context, years), table)


def point_name(point_id: int) -> str:
    """Return a LUCAS point id as printed: EEEENNNN, easting and northing in km, EPSG:3035."""
    return f"{point_id:08d}"


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
