"""Areas that Eurostat does not publish, estimated from calibrated points. Published figures are official_share's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retrieval import statistics as meaning
from retrieval.errors import BadArgument, NoRecords, TooFine
from retrieval.types import Region, Table
from retrieval.weight_files import KIND as WEIGHTS
from tools import composition, official, uncertainty, weighted
from tools.composition import Composed, Level
from tools.context import Context
from tools.estimation import LEVEL
from tools.published_verbs import official_share
from tools.result import Caveat, Result
from tools.survey import provenance

COLUMNS = ("region_id", "region", "land_cover", "land_cover_name", "year", "value", "unit", "low", "high", "points",
           "of_points")  # fmt: skip
PRIOR_OF_POINTS = 1.3
"""By how much more the interval is widened where the country publishes no such class and its points stand in."""

Rows = list[dict[str, Any]]


def estimate_area(
    context: Context,
    *,
    land_cover: Sequence[str],
    regions: Sequence[str] = (),
    year: int | None = None,
    land_use: Sequence[str] = (),
    exclude: Sequence[str] = (),
    above: float | None = None,
    below: float | None = None,
) -> Result:
    """Estimate what Eurostat does not publish: a class in a region and year without a figure, or a part of a class.

    Use for "how much grassland is not farmed" (`exclude` U110), "what part of Italy's vineyards lies above 500 m"
    (`above` 500, metres), "wheat in Bavaria in 2015". With a use or an elevation `value` is percent of the class's
    area, without percent of the region's. From points calibrated to the published main classes: an estimate with a 95 %
    interval, not official. Cropland, grassland, shrubland and woodland only; no place below NUTS 2; never a change.
    """
    codes = official.classes(context, land_cover)
    uses, without = list(land_use), list(exclude)
    if above is not None and below is not None and above >= below:
        raise BadArgument(f"no land lies above {above:g} and below {below:g} m")
    asked = official.regions_of(context, regions)
    if len(asked) != 1:
        raise BadArgument("estimates are made of one region at a time")
    [region] = asked
    years = [y for y in context.store.years() if y in official.survey_years(context)]
    chosen = year or max(years, default=0)
    if chosen not in years:
        raise official.NoSuchYear(chosen, years)
    points = context.store.query("composition_points", year=chosen)
    part = _Part(uses, without, above, below)
    if not part.is_split:
        published = official.cells(context, official.checked_regions(context, regions), codes)
        if published.get(region, chosen).known:
            return official_share(context, land_cover=codes, regions=[region.id], years=[chosen])
    if chosen in weighted_years(context):
        return _weighted(context, region, chosen, codes, part)
    _refuse_uncalibrated(context, codes, [*uses, *without])
    rows: Rows = [row for row in points.dicts() if row["nuts0"] != "UK" or region.country == "UK"]
    if (above is not None or below is not None) and not any(row["elevation"] is not None for row in rows):
        raise NoRecords(f"elevations of {chosen}", "Ask about 2018", "no_elevation", year=chosen)
    leaves = set(context.nomenclature.leaves(codes))
    found, level, caveats = (
        _split(context, region, chosen, rows, leaves, _keep(context, uses, without, above, below))
        if part.is_split
        else _area(context, region, chosen, rows, codes, leaves)
    )
    tested = composition.tested_error(level, codes[0][0])
    told = uncertainty.told("calibrated_eb", 100 * found.value, 100 * found.se * found.factor, None)
    told |= {"source_se": "soil points", "phases": ["survey"], "factor": found.factor}
    return _result(
        context,
        region,
        chosen,
        codes,
        part,
        points,
        found,
        facts={"tested_error": tested, "uncertainty": told | {"n": found.n, "n_class": found.positives}},
        caveats=(("estimate_not_official", {"points": found.n, "error": tested}), *caveats),
    )


def _result(
    context: Context,
    region: Region,
    year: int,
    codes: Sequence[str],
    part: _Part,
    source: Table,
    found: Composed | weighted.Weighted,
    *,
    facts: Mapping[str, Any],
    caveats: tuple[Caveat, ...],
) -> Result:
    """Return an estimate as a result, of whichever points it was made; `source`: the query that gave them."""
    ends = tuple(round(100 * end, 1) for end in found.interval)
    value, unit = round(100 * found.value, 1), "% of the class" if part.is_split else "%"
    label = official.label(context, "+".join(codes))
    row = (region.id, region.name, "+".join(codes), label, year, value, unit, *ends, found.positives, found.n)
    arguments = {
        "land_cover": list(codes), "regions": [region.id], "year": year, "land_use": list(part.uses),
        "exclude": list(part.without), "above": part.above, "below": part.below,
    }  # fmt: skip
    return Result(
        tool="estimate_area",
        arguments={name: given for name, given in arguments.items() if given not in (None, [])},
        provenance=provenance(context, [year], source),
        regions=(region,),
        land_cover=tuple(codes),
        land_use=tuple(part.uses),
        years=(year,),
        value=value,
        unit=unit,
        interval=(ends[0], ends[1]),
        level=LEVEL,
        table=Table(COLUMNS, (row,)),
        facts={
            "label": label,
            "split": part.is_split,
            "above": part.above,
            "below": part.below,
            "not_used": list(part.without),
            "points": found.positives,
            "of_points": found.n,
            **facts,
        },
        caveats=caveats,
    )


@dataclass(frozen=True)
class _Part:
    """What of a class is asked for: its use, its elevation in metres."""

    uses: Sequence[str]
    without: Sequence[str]
    above: float | None
    below: float | None

    @property
    def is_split(self) -> bool:
        return bool(self.uses or self.without or self.above is not None or self.below is not None)


def weighted_years(context: Context) -> tuple[int, ...]:
    """Return the survey years whose points have sampling weights in the store."""
    return tuple(year for d in context.store.datasets() if d.kind == WEIGHTS for year in d.years)


def _refuse_uncalibrated(context: Context, codes: Sequence[str], uses: Sequence[str]) -> None:
    """Refuse what points without weights cannot be calibrated for.

    Raises:
        NoRecords: main classes and uses that the soil module's points say nothing of.
    """
    if refused := sorted(composition.mains_of(codes) - set(composition.DEFENSIBLE)):
        words = ", ".join(context.nomenclature.label([f"{m}00"], context.language) for m in refused)
        raise NoRecords(words, "Ask for a published share of it", "not_calibrated", of=words)
    if other := composition.refused_use(uses):
        words = context.nomenclature.label(list(other), context.language)
        raise NoRecords(words, "Ask about agriculture, forestry or no use", "not_calibrated", of=words)


def _weighted(context: Context, region: Region, year: int, codes: Sequence[str], part: _Part) -> Result:
    """Return the share of a class, or of a part of it, from points with their weights: any class, any use.

    Raises:
        TooFine: fewer than thirty points lie there.
    """
    found = context.store.query("weighted_points", year=year)
    leaves = set(context.nomenclature.leaves(list(codes)))
    keep = _keep(context, part.uses, part.without, part.above, part.below)
    members = official.members_of_group(context, region) if region.level == "group" else (region,)
    rows = [row for row in found.dicts() if not part.is_split or row["lc1"] not in leaves or keep(row) is not None]
    lies = np.array([any(lies_in(context, row, m) for m in members) for row in rows])
    touched = {row["stratum"] for row, here in zip(rows, lies, strict=True) if here}
    near = [(row, here) for row, here in zip(rows, lies, strict=True) if row["stratum"] in touched]
    of_class = np.array([here and row["lc1"] in leaves for row, here in near], dtype=float)
    inside = of_class if part.is_split else np.array([here for _, here in near], dtype=float)
    has = np.array([c and bool(keep(row)) for c, (row, _) in zip(of_class, near, strict=True)], dtype=float)
    weight = np.array([row["weight"] for row, _ in near], dtype=float)
    share = weighted.share_of(has, inside, [row["stratum"] for row, _ in near], weight)
    if share is None:
        raise _too_few(context, region, int(inside.sum()))
    told = uncertainty.told(share.estimator, 100 * share.value, 100 * share.se, None)
    told |= {"source_se": "microdata", "phases": ["grid", "survey"], "n": share.n, "n_class": share.positives}
    return _result(
        context,
        region,
        year,
        codes,
        part,
        found,
        share,
        facts={"uncertainty": told | {"n_effective": round(share.n_effective, 1)}},
        caveats=(("estimate_of_weights", {"points": share.n, "year": str(year)}),),
    )


def _keep(
    context: Context, uses: Sequence[str], without: Sequence[str], above: float | None, below: float | None
) -> Any:
    """Return a test of one record; None where it cannot be told, its elevation being unknown."""
    kept, left_out = (set(context.nomenclature.leaves(list(c))) if c else set() for c in (uses, without))

    def keep(row: Mapping[str, Any]) -> bool | None:
        height = row["elevation"]
        if (above is not None or below is not None) and height is None:
            return None
        inside = (above is None or height > above) and (below is None or height < below)
        return inside and (not uses or row["lu1"] in kept) and row["lu1"] not in left_out

    return keep


def _split(
    context: Context, region: Region, year: int, rows: Rows, leaves: set[str], keep: Any
) -> tuple[Composed, Level, list[Caveat]]:
    """Return what part of a class has a use or an elevation: points weighted to the published main classes.

    Raises:
        TooFine: Too few points of the class lie there; the country is offered.
    """
    members = official.members_of_group(context, region) if region.level == "group" else (region,)
    shares = _mains(context, members, year)
    inside = [(at, row) for row in rows for at, m in enumerate(members) if lies_in(context, row, m)]
    known = [(at, row, keep(row)) for at, row in inside if shares.get((at, row["lc1"][0]), 0.0) > 0]
    known = [(at, row, has) for at, row, has in known if has is not None or row["lc1"] not in leaves]
    strata = {key: i for i, key in enumerate(sorted({(at, row["lc1"][0]) for at, row, _ in known}))}
    whole = np.array([row["lc1"] in leaves for _, row, _ in known], dtype=float)
    if whole.sum() < composition.LEAST_DIRECT:
        raise _too_few(context, region, int(whole.sum()))
    has = np.array([bool(h) for _, _, h in known], dtype=float)
    stratum = np.array([strata[at, row["lc1"][0]] for at, row, _ in known])
    area = np.array([shares[key] for key in strata])
    mains = composition.mains_of(leaves)
    widest = max(composition.factor_of("country", m, composition.LEAST_DIRECT) or 1.0 for m in mains)
    found = composition.part_of(has, whole, stratum, area, widest)
    assert found
    return found, "country", [("untested_split", {})]


def _area(
    context: Context, region: Region, year: int, rows: Rows, codes: Sequence[str], leaves: set[str]
) -> tuple[Composed, Level, list[Caveat]]:
    """Return the share of a class in a region: its country's own points, or shrunk to what its country publishes."""
    main = codes[0][0]
    if len(composition.mains_of(codes)) > 1:
        raise BadArgument("estimates are made of classes of one main class")
    of_main = [row for row in rows if row["lc1"][0] == main]
    inside = [row for row in of_main if lies_in(context, row, region)]
    n_k, n_m = sum(row["lc1"] in leaves for row in inside), len(inside)
    level: Level = "nuts2" if region.level.startswith("nuts") else "country"
    least = composition.LEAST_SHRUNK if level == "nuts2" else composition.LEAST_DIRECT
    factor = composition.factor_of(level, main, n_m)
    if region.level == "group" or n_m < least or factor is None:
        raise _too_few(context, region, n_m)
    cell = official.cells(context, (region,), (f"{main}00",)).get(region, year)
    share, se = (cell.percent or 0.0) / 100, (cell.se or 0.0) / 100
    if level == "country":
        return composition.shrunk(n_k, n_m, 0.5 * (n_k == 0), 1.0, share, se, factor), level, []
    priors, of_points = _priors(context, year, codes, of_main, leaves)
    others = _by_region(of_main, leaves, region.country, priors)
    strength = composition.concentration(*others)
    wider = PRIOR_OF_POINTS if region.country in of_points else 1.0
    prior = priors.get(region.country, 0.0)
    found = composition.shrunk(n_k, n_m, prior, strength, share, se, factor * wider)
    caveats: list[Caveat] = [("prior_of_points", {"region": region.name})] if wider > 1 else []
    if uncertainty.undercounted(codes, year):
        slots = {"land_cover": official.label(context, "+".join(codes)), "year": str(year)}
        caveats.append(("permanent_crops_before_2022", slots))
    return found, level, caveats


def _priors(
    context: Context, year: int, codes: Sequence[str], of_main: Rows, leaves: set[str]
) -> tuple[dict[str, float], set[str]]:
    """Return country → the part of the class in its main class, as published, and where its points stand in."""
    main, countries = codes[0][0], sorted({row["nuts0"] for row in of_main})
    regions = [context.gazetteer.region(f"country:{c}", context.language) for c in countries]
    of_class = official.cells(context, regions, codes, [year])
    beside = official.cells(context, regions, (f"{main}00", *meaning.UNNAMED_CROPS), [year], each=True)
    priors: dict[str, float] = {}
    of_points: set[str] = set()
    for country, region in zip(countries, regions, strict=True):
        cell, whole = of_class.get(region, year), beside.get(region, year, f"{main}00")
        unnamed = sum(beside.get(region, year, u).percent or 0.0 for u in meaning.UNNAMED_CROPS) if main == "B" else 0
        named = (whole.percent or 0.0) - unnamed
        own = [row["lc1"] in leaves for row in of_main if row["nuts0"] == country]
        if cell.known and cell.percent is not None and named > 0:
            priors[country] = min(cell.percent / named, 1.0)
        else:
            priors[country] = (sum(own) + 0.5) / (len(own) + 1)
            of_points.add(country)
    return priors, of_points


def _by_region(
    of_main: Rows, leaves: set[str], country: str, priors: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points of the class, of its main class, and the prior, of every NUTS 2 region of other countries."""
    counts: dict[str, list[int]] = {}
    for row in of_main:
        if row["nuts0"] != country and row["nuts2"]:
            both = counts.setdefault(row["nuts2"], [0, 0])
            both[0] += row["lc1"] in leaves
            both[1] += 1
    n_k, n_m = (np.array([both[i] for both in counts.values()], dtype=float) for i in (0, 1))
    return n_k, n_m, np.array([priors[code[:2]] for code in counts])


def _mains(context: Context, members: Sequence[Region], year: int) -> dict[tuple[int, str], float]:
    """Return (member, main class letter) → published area in km²."""
    found = official.cells(context, members, meaning.MAIN_CLASSES, [year], each=True)
    cells = {(at, k[0]): found.get(m, year, k) for at, m in enumerate(members) for k in meaning.MAIN_CLASSES}
    return {key: cell.km2 or 0.0 for key, cell in cells.items() if cell.known}


def lies_in(context: Context, row: Mapping[str, Any], region: Region) -> bool:
    """Whether a record's own codes lie in a region."""
    if region.level == "country":
        return row["nuts0"] == region.country
    codes = official.published_codes(context, region)
    return row["nuts2"] in codes or row["nuts1"] in codes


def _too_few(context: Context, region: Region, points: int) -> TooFine:
    above = context.gazetteer.region(f"country:{region.country}", context.language) if region.country else None
    larger = (above.name,) if above and above.id != region.id else ()
    return TooFine(region.name, larger, "too_few_points")
