"""One share as an object to look around in: all regions like those asked about, over all survey years.

Published shares of the area are read here, every other percentage by `page.alike`; computed is no more than the
difference of two published ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from page.alike import Share, figures_of, shares_of
from page.figure import Figure, Regional
from retrieval.errors import LandaskError
from retrieval.gazetteer import Gazetteer
from retrieval.region_rows import markers
from retrieval.statistics import DATASET_ID
from retrieval.types import PUBLISHED_LEVELS, Region, Table
from tools import official, official_maps, uncertainty
from tools.context import Context
from tools.published_verbs import of_level, suspect
from tools.result import Result

SHARES = {"value", "share", "change"}
"""Columns that may hold the share, or its change between the years a result is about."""
MOST_COUNTRIES = 6
"""Countries whose regions are shown beside each other; a result about more is shown with all of Europe."""
MOST_ASKED = 5
"""Regions that are followed over the years at first."""


MOST_ALIKE = 0.8
"""Part of the regions of an answer that are of the level it is shown at: a former region may be of another."""


@dataclass(frozen=True)
class Change:
    """How a share changed, or the reason why that cannot be said."""

    value: float | None
    """Percentage points; None where it cannot be said."""
    why: str = ""
    """`no_change` within the survey's error, `not_comparable` across a change of method, or a figure's own gap."""


@dataclass(frozen=True)
class Place:
    """Where a region lies, EPSG:4326."""

    shape: Mapping[str, Any]
    """GeoJSON geometry with its bounding box."""
    outline: BaseGeometry
    spot: tuple[float, float]
    """Longitude, latitude of a point inside."""

    @classmethod
    def of(cls, outline: BaseGeometry) -> Place:
        """The place of an outline, its corners to about 10 m."""
        rounded = shapely.transform(outline, lambda corners: corners.round(4))
        inner = shapely.point_on_surface(outline)
        shape = {**rounded.__geo_interface__, "bbox": [round(end, 4) for end in outline.bounds]}
        return cls(shape, outline, (round(inner.x, 4), round(inner.y, 4)))


NOT_PUBLISHED = Figure(None, "not_published")


@dataclass(frozen=True)
class Member:
    """One of the regions."""

    region: Region
    place: Place
    figures: Mapping[int, Figure] = field(default_factory=dict)
    """By survey year."""

    @property
    def shape(self) -> Mapping[str, Any]:
        """Its outline as it is drawn: GeoJSON geometry, EPSG:4326."""
        return self.place.shape

    @property
    def name(self) -> str:
        """The region's name in the reader's language."""
        return self.region.name

    def figure(self, year: int) -> Figure:
        """Its share in a year."""
        return self.figures.get(year, NOT_PUBLISHED)

    def change(self, land_cover: str, first: int, last: int) -> Change:
        """The change between two years."""
        one, two = (self.figure(year).cell for year in (first, last))
        if one is None or two is None or not one.known or not two.known:
            gaps = (self.figure(year).status for year in (last, first))
            return Change(None, next((gap for gap in gaps if gap != "published"), "not_published"))
        if uncertainty.broken(land_cover.split("+"), self.region.country, first, last):
            return Change(None, "not_comparable")
        apart = official.apart(one, two, "%", survey=True)
        same = official.within_rounding(one, two) or (apart is not None and not apart.told)
        return Change(official.difference(one, two, "%"), "no_change" if same else "")


@dataclass(frozen=True)
class Indicator:
    """A class's share of the area or of something else, for all regions of a level in some countries or in Europe."""

    land_cover: str
    """A code, or several that are one share together, joined by "+"."""
    level: str
    years: tuple[int, ...]
    """Survey years with a figure of any of the regions, and those asked about."""
    year: int
    """The year asked about, the last where several were."""
    members: Mapping[str, Member]
    asked: tuple[str, ...]
    """Ids of the regions asked about, in the answer's order."""
    span: tuple[int, int] | None = None
    """First and last year of the change asked about."""
    replaced: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Region → years in which regions of another NUTS edition stand in its place: it is not drawn over them."""
    share: Share | None = None
    """What it is a percentage of, where that is not the area."""

    def values(self) -> list[float]:
        """Every figure there is, of all years."""
        return [f.value for m in self.members.values() for f in m.figures.values() if f.value is not None]

    def breaks(self) -> list[int]:
        """Survey years since which the class was told in another way than before."""
        pairs = zip(self.years, self.years[1:], strict=False)
        return [
            later for earlier, later in pairs if uncertainty.edition_break(self.land_cover.split("+"), earlier, later)
        ]


def indicators_of(result: Result, context: Context) -> list[Indicator]:
    """Return the shares a result is about among their like, one for each of its classes; none for other results."""
    for look in (published_in, alike_in):
        with suppress(LandaskError):  # it has classes or regions that are not of the published table, say
            if found := look(result, context):
                return found
    return []


def published_in(result: Result, context: Context) -> list[Indicator]:
    """The published shares of the area in a result, whose rows are regions."""
    table = result.table
    if table is None or not len(table) or result.provenance.dataset != DATASET_ID:
        return []
    if "region_id" not in table.columns or not SHARES & set(table.columns):
        return []
    if result.unit not in ("%", "percentage points"):
        return []
    rows = dict.fromkeys(str(id) for id in table.column("region_id"))
    named = list(dict.fromkeys(id for row in rows for id in context.gazetteer.members(row)))  # of a group its countries
    drawn = [str(f["properties"].get("id") or "") for f in (result.features or {}).get("features", ())]
    drawn = [id for id in drawn if id not in rows or id in named]
    shown, years = [*named, *filter(None, drawn)], years_of(result)
    found = (
        read(context, cover, named, shown, years, everywhere=of_all(result)) for cover in classes_of(result, table)
    )
    return [indicator for indicator in found if indicator]


def alike_in(result: Result, context: Context) -> list[Indicator]:
    """The other percentages in a result."""
    found = (alike(share, years_of(result), context) for share in shares_of(result, context))
    return [indicator for indicator in found if indicator]


def alike(share: Share, years: Sequence[int], context: Context) -> Indicator | None:
    """A percentage that is no published share of the area, among its like."""
    named = [id for region in share.regions for id in context.gazetteer.members(region)]

    def members(level: str, within: tuple[str, ...]) -> Mapping[str, Member]:
        figures = figures_of(Regional(context, context.store, context.language, share, level, within))
        places = places_of(context.gazetteer, tuple(figures))
        return {id: Member(context.named(id), places[id], own) for id, own in figures.items() if id in places}

    found = among(context, members, named, named, years, share.levels)
    return replace(found, land_cover="+".join(share.codes), share=share, span=None) if found else None


def classes_of(result: Result, table: Table) -> list[str]:
    """The classes a result is about, each as it is one share: a code, or several together, joined by "+"."""
    if "land_cover" in table.columns:
        return list(dict.fromkeys(str(code) for code in table.column("land_cover")))[:MOST_CLASSES]
    columns, where = (result.arguments.get(name) or () for name in ("columns", "where"))
    every = [one for filters in (where, *(column.get("where") or () for column in columns)) for one in filters]
    named = [one for one in every if one["dimension"] == "land_cover"]
    together = len(named) == 1 and named[0] in where and named[0]["op"] == "in"
    return ["+".join(result.land_cover)] if together or len(result.land_cover) == 1 else []


MOST_CLASSES = 8
"""Classes of which each gets a map of its own: the main ones are as many."""


def of_all(result: Result) -> bool:
    """Whether a composed question is about all regions of a level, wherever they lie."""
    rows, where = (result.arguments.get(name) or () for name in ("rows", "where"))
    regions = [axis for axis in rows if axis["dimension"] == "region" and "members" not in axis]
    return bool(regions) and not any(one["dimension"] == "region" for one in where)


def everywhere(context: Context, land_cover: str, level: str) -> Indicator | None:
    """A share for all regions of a level in Europe, in the last survey year; None where nothing is published.

    Raises:
        LandaskError: the store has no such figures.
    """
    year = max(official.survey_years(context), default=0)
    cells = of_level(context, level, (), official.classes(context, land_cover.split("+")), [year])
    ids = [cell.region.id for cell in sorted(cells, key=lambda c: -(c.value("%") or 0))]
    return read(context, land_cover, ids[:MOST_ASKED], ids, [year]) if ids else None


def years_of(result: Result) -> tuple[int, ...]:
    """The years a result is about, rising."""
    table = result.table
    years = table.column("year") if table is not None and "year" in table.columns else result.years
    return tuple(sorted({int(year) for year in years if year}))


def read(
    context: Context,
    land_cover: str,
    named: Sequence[str],
    shown: Sequence[str],
    years: Sequence[int],
    *,
    everywhere: bool = False,
) -> Indicator | None:
    """Read the published figures of all regions like those shown, of their countries or from `everywhere`.

    Raises:
        LandaskError: one of them is not of the published table.
    """

    def members(level: str, within: tuple[str, ...]) -> Mapping[str, Member]:
        return members_of(Regional(context, context.store, context.language, land_cover, level, within))

    found = among(context, members, named, shown, years, PUBLISHED_LEVELS, everywhere=everywhere)
    return replace(found, land_cover=land_cover) if found else None


def among(
    context: Context,
    members_of: Callable[[str, tuple[str, ...]], Mapping[str, Member]],
    named: Sequence[str],
    shown: Sequence[str],
    years: Sequence[int],
    levels: Sequence[str],
    *,
    everywhere: bool = False,
) -> Indicator | None:
    """A share of all regions like those shown, of their countries or from `everywhere`, without its class.

    Args:
        context: the regions the data knows.
        members_of: level and places → regions with their figures.
        named: ids of the regions asked about.
        shown: ids of the regions the answer is about.
        years: asked about.
        levels: those the share is known for.
        everywhere: whether all of Europe is shown however few countries are.
    """
    regions = {id: context.named(id) for id in dict.fromkeys(shown)}
    of_level = Counter(region.level for region in regions.values())
    level = max(of_level, key=lambda one: of_level[one], default="")
    if level not in levels or of_level[level] < MOST_ALIKE * len(regions):
        return None
    regions = {id: region for id, region in regions.items() if region.level == level}
    countries = dict.fromkeys(region.country for region in regions.values())
    everywhere = everywhere or level == "country" or len(countries) > MOST_COUNTRIES
    within = () if everywhere else tuple(f"country:{code}" for code in countries)
    members = members_of(level, within)
    asked = tuple(id for id in named if id in members)[:MOST_ASKED]
    if not asked or len(members) < 2:
        return None
    known = {year for member in members.values() for year, figure in member.figures.items() if figure.known}
    surveys = official.survey_years(context)
    every = [year for year in surveys if year in {*known, *years}] or surveys
    span = (years[0], years[-1]) if len(years) > 1 else None
    year = years[-1] if years else every[-1]
    return Indicator("", level, tuple(every), year, members, asked, span, replaced_in(members, every))


@lru_cache(maxsize=48)
def members_of(published: Regional[str]) -> Mapping[str, Member]:
    """The regions with their figures of every year; the same ones are often asked for, and an opened store stays.

    Raises:
        LandaskError: one of the places holds no region of the level, or has no published figures.
    """
    context = published.context
    within = [context.named(id) for id in published.within]
    found: dict[str, dict[int, Figure]] = {}
    regions: dict[str, Region] = {}
    for cell in of_level(context, published.level, within, official.classes(context, published.what.split("+"))):
        if not suspect(cell):
            regions[cell.region.id] = cell.region
            found.setdefault(cell.region.id, {})[cell.year] = Figure.of(cell)
    places = places_of(context.gazetteer, tuple(found))
    return {id: Member(regions[id], places[id], figures) for id, figures in found.items() if id in places}


def replaced_in(members: Mapping[str, Member], years: Sequence[int]) -> dict[str, frozenset[int]]:
    """Regions of a former or later NUTS edition, with the years whose figures are those of others in their place.

    Two regions stand in one place where one holds a point inside the other.
    """
    found: dict[str, frozenset[int]] = {}
    for id, member in members.items():
        without = {year for year in years if year not in member.figures}
        others = (o for o, other in members.items() if o != id and other.region.country == member.region.country)
        same = [o for o in others if without & {*members[o].figures} and meet(member.place, members[o].place)]
        if gone := without & {year for o in same for year in members[o].figures}:
            found[id] = frozenset(gone)
    return found


def meet(one: Place, other: Place) -> bool:
    """Whether one of two places holds the other's inner point."""
    return bool(shapely.contains_xy(one.outline, *other.spot) or shapely.contains_xy(other.outline, *one.spot))


@lru_cache(maxsize=24)
def places_of(gazetteer: Gazetteer, ids: tuple[str, ...]) -> Mapping[str, Place]:
    """Where regions lie, by id; a disc where only a spot in the region is known. The same ones are often asked for."""
    found = gazetteer.geojson(ids, detail_of(ids))["features"]
    drawn = {str(f["id"]): f["geometry"] for f in found if f["geometry"]}
    spots = {id: markers()[id] for id in ids if id not in drawn and id in markers()}
    discs = {id: official_maps.disc(spot, DISC_KM) for id, spot in spots.items()}
    return {id: Place.of(shapely.geometry.shape(geometry)) for id, geometry in {**drawn, **discs}.items()}


DISC_KM = 20.0
"""Radius of the disc that stands for a region without an outline."""


def detail_of(ids: Sequence[str]) -> float:
    """Degrees to which outlines are made simpler: about 500 m, of countries 1.5 km, of many regions of Europe 3 km."""
    if len(ids) > MANY:
        return 0.03
    return 0.015 if all(id.startswith("country:") for id in ids) else 0.005


MANY = 60


def figure_json(figure: Figure) -> list[Any]:
    """A share as the browser gets it: value, status, doubt, and the ends of its 95 % interval."""
    return [figure.value, figure.status, figure.doubt, figure.low, figure.high]


REPLACED = "replaced"
"""How the figure of a year is marked that regions of another NUTS edition have in a region's place."""


def indicator_json(indicator: Indicator) -> dict[str, Any]:
    """The indicator as the browser gets it: figures by region and year, no shapes."""
    return {
        "years": indicator.years,
        "year": indicator.year,
        "asked": indicator.asked,
        "span": indicator.span,
        "breaks": indicator.breaks(),
        "regions": {
            id: {
                "name": member.name,
                "figures": {
                    str(year): figure_json(member.figure(year))
                    if year not in indicator.replaced.get(id, ())
                    else [None, REPLACED, "", None, None]
                    for year in indicator.years
                },
            }
            for id, member in indicator.members.items()
        },
    }
