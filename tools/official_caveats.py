"""What a reader of published figures must know: flags, vintages, breaks, rounding. Keys and slots, worded elsewhere.

The keys and their slots are listed in `docs/statistics.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from retrieval import statistics as meaning
from retrieval.types import Region, Table
from tools import uncertainty
from tools.context import Context
from tools.official import UNITS, Cell, Cells, label, published_codes, sensible
from tools.official import cells as cells_of_rows
from tools.result import Caveat

TERRITORY = {"ES": "Canarias, Ceuta, Melilla", "PT": "Açores, Madeira"}
"""Country → what its figures leave out."""

MOST_NAMES = 5
"""Names listed in a caveat before the rest is counted."""


def caveats(context: Context, cells: Sequence[Cell], unit: str = "%") -> tuple[Caveat, ...]:
    """Return every caveat of some cells, each key once (vintages: once a region), the gravest first."""
    around = _around(context, cells)
    every: list[Caveat] = []
    for status in ("not_significant", "not_published", "low_reliability", "about_zero"):
        some = [c for c in cells if c.status == status]
        every += [(status, _who(context, some))] if some else []
    every += _suspect(cells)
    every += _without_error(context, cells)
    every += [("union_error", {})] if any(c.code == "EU" and c.known and c.se is not None for c in cells) else []
    every += _undercounted(context, cells)
    every += _crop_break(context, around, cells)
    every += _vintages(context, cells)
    every += _boundary_shifts(context, cells)
    every += _memberships(cells)
    every += _computed(context, cells, unit)
    every += _parts(context, around, cells)
    every += _territory(cells)
    return tuple(every)


def _without_error(context: Context, cells: Sequence[Cell]) -> list[Caveat]:
    """Return the figures for which no sampling error is published, or none that would make an interval."""
    some = [c for c in cells if c.known and c.percent and c.se is None]
    return [("no_interval", _who(context, some))] if some else []


def _undercounted(context: Context, cells: Sequence[Cell]) -> list[Caveat]:
    """Return the figures of permanent crops that their sampling error says too little about."""
    some = [c for c in cells if c.known and uncertainty.undercounted(re.split(r"[+−]", c.land_cover), c.year)]
    return [("permanent_crops_before_2022", _who(context, some))] if some else []


def _who(context: Context, cells: Sequence[Cell]) -> dict[str, Any]:
    """Return whom a caveat is about: regions, classes and years in words, and how many cells."""
    return {
        "region": names(c.region.name for c in cells),
        "year": names(str(c.year) for c in sorted(cells, key=lambda c: c.year)),
        "land_cover": names(label(context, c.land_cover) for c in cells),
        "count": len(cells),
    }


def names(words: Iterable[str]) -> str:
    """Return the words, each once, joined by commas; after five the rest is an ellipsis."""
    once = list(dict.fromkeys(words))
    return ", ".join(once[:MOST_NAMES]) + (", …" if len(once) > MOST_NAMES else "")


def _suspect(cells: Sequence[Cell]) -> list[Caveat]:
    return [
        ("suspect", {"region": c.region.name, "year": c.year})
        for c in cells
        if any((code, c.year) in meaning.SUSPECT for code in c.code.split("+"))
    ]


def _around(context: Context, cells: Sequence[Cell]) -> Cells:
    """Return the figures beside some cells that explain them: unnamed crops, the classes above and their parts."""
    shown = [c for c in cells if c.code and "+" not in c.code]
    wanted = {code for c in shown for code in _unnamed(c)}
    wanted |= {code for c in shown for whole in _wholes(c.land_cover) for code in (whole, *meaning.parts(whole))}
    if not wanted:
        return Cells(Table((), ()), {}, "")
    regions = {c.row: replace(c.region, id=c.row) for c in shown}
    return cells_of_rows(context, tuple(regions.values()), sorted(wanted), sorted({c.year for c in shown}), each=True)


def _unnamed(cell: Cell) -> set[str]:
    """Return the classes of unnamed crops that some of a cell's classes may hide in."""
    return {u for c in re.split(r"[+−]", cell.land_cover) if (u := meaning.unnamed_crops(c))}


def _crop_break(context: Context, around: Cells, cells: Sequence[Cell]) -> list[Caveat]:
    """Return how much cropland stayed unnamed, where one of the cells is a crop that may hide in it."""
    worst: dict[str, tuple[str, dict[str, Any]]] = {}
    for cell in cells:
        for code in _unnamed(cell) if cell.code and "+" not in cell.code else ():
            share = around.get(cell.row, cell.year, code)
            key = "crop_break_2018" if cell.year == meaning.CROP_BREAK_YEAR else "unnamed_crops"
            enough = 0.1 if key == "crop_break_2018" else 0.5
            if share.known and (share.percent or 0) >= enough:
                slots = {"region": cell.region.name, "year": cell.year, "percent": share.percent,
                         "land_cover": label(context, code)}  # fmt: skip
                if key not in worst or slots["percent"] > worst[key][1]["percent"]:
                    worst[key] = (key, slots)
    return list(worst.values())


def _vintages(context: Context, cells: Sequence[Cell]) -> list[Caveat]:
    """Return the codes of regions published under another NUTS vintage than the one they are asked by."""
    found: list[Caveat] = []
    for region in {c.region.id: c.region for c in cells if c.region.level != "group"}.values():
        own = _own_code(context, region)
        of_code: dict[str, set[int]] = {}
        for c in cells:
            if c.region.id == region.id and c.code and "+" not in c.code:
                of_code.setdefault(c.code, set()).add(c.year)
        if any(code != own and meaning.is_renamed(own, code) and not meaning.land_of(code) for code in of_code):
            spans = sorted((min(years), code, years) for code, years in of_code.items())
            codes = "; ".join(f"{code}: {', '.join(map(str, sorted(years)))}" for _, code, years in spans)
            found.append(("vintage", {"region": region.name, "codes": codes}))
    return found


def _own_code(context: Context, region: Region) -> str:
    """Return the code a region is asked by, '' for a group without an aggregate."""
    return next(iter(published_codes(context, region)), "")


def _boundary_shifts(context: Context, cells: Sequence[Cell]) -> list[Caveat]:
    """Return the figures of regions as they were before they were redrawn."""
    found: dict[str, Caveat] = {}
    for c in cells:
        if c.land and c.region.level != "group":
            now = cells_of_rows(context, [c.region], [meaning.MAIN_CLASSES[0]]).of(c.region)
            slots = {"region": c.region.name, "code": c.code, "year": c.year, "area_km2": c.total_km2,
                     "now_km2": next((one.total_km2 for one in reversed(now) if not one.land), None)}  # fmt: skip
            found[c.region.id] = ("boundary_shift", slots)
    return list(found.values())


def _memberships(cells: Sequence[Cell]) -> list[Caveat]:
    """Return which aggregate of the Union each year's figure is of, unless all are of the present 27."""
    of_code: dict[str, set[int]] = {}
    for c in cells:
        if c.region.level == "group" and c.code and "+" not in c.code:
            of_code.setdefault(c.code, set()).add(c.year)
    if not of_code:
        return []
    codes = "; ".join(f"{code}: {', '.join(map(str, sorted(years)))}" for code, years in sorted(of_code.items()))
    same = set(of_code) <= {"EU", "EU27_2020"}
    groups = [meaning.members_of(code) for code in sorted(of_code)]
    return [("eu_members_27" if same else "eu_membership", {"codes": codes, "groups": groups})]


def _computed(context: Context, cells: Sequence[Cell], unit: str) -> list[Caveat]:
    known = [c for c in cells if c.known]
    every: list[Caveat] = []
    if sums := [c for c in known if re.search(r"[+−]", c.land_cover)]:
        every.append(("computed_sum", {"land_cover": label(context, sums[0].land_cover)}))
    if missing := {m for c in sums for m in c.missing}:
        every.append(("incomplete_sum", {"land_cover": names(label(context, m) for m in sorted(missing))}))
    if groups := [c for c in known if "+" in c.code]:
        every.append(("computed_group", {"region": groups[0].region.name, "codes": groups[0].code}))
    if unit != "%" and (areas := [c for c in known if c.km2_computed and c.total_km2]):
        cell = max(areas, key=lambda c: c.total_km2 or 0)  # the coarsest of several
        half = cell.rounding / 100 * (cell.total_km2 or 0) * UNITS[unit]
        low, high = cell.bounds(unit) or (None, None)
        slots = {"unit": unit, "share_rounding_km2": sensible(half / UNITS[unit]), "rounding": sensible(half),
                 "low": low, "high": high, "percent": cell.percent, "total_km2": cell.total_km2,
                 "region": cell.region.name, "year": cell.year, "count": len(areas)}  # fmt: skip
        every.append(("computed_area", slots))
    if unit == "%" and any(c.percent_computed and not re.search(r"[+−]", c.land_cover + c.code) for c in known):
        every.append(("computed_share", {}))
    return every


def _parts(context: Context, around: Cells, cells: Sequence[Cell]) -> list[Caveat]:
    """Return where a class and its siblings do not add up to the class above, beyond what rounding explains."""
    worst: tuple[float, dict[str, Any]] | None = None
    asked = {
        (above, c.year, c.row): c for c in cells if c.known and "+" not in c.code for above in _wholes(c.land_cover)
    }
    for (above, year, row), c in asked.items():
        gap = parts_gap(around, row, above, year)
        if gap and (worst is None or abs(gap[0] - gap[1]) > worst[0]):
            slots = {"region": c.region.name, "year": year, "land_cover": label(context, above), "sum": gap[0],
                     "whole": gap[1]}  # fmt: skip
            worst = (abs(gap[0] - gap[1]), slots)
    return [("parts_do_not_sum", worst[1])] if worst else []


def _wholes(land_cover: str) -> set[str]:
    """Return the classes right above one class, or above each of several joined by `+` and `−`."""
    return {above for c in re.split(r"[+−]", land_cover) if (above := meaning.published_parent(c))}


def parts_gap(around: Cells, row: str, whole: str, year: int) -> tuple[float, float] | None:
    """Return the sum of a class's parts and the class, where they are further apart than rounding explains.

    Parts that are not published count as nothing, so a sum below the whole is told of only where all are published.
    """
    top = around.get(row, year, whole)
    parts = [around.get(row, year, part) for part in meaning.parts(whole)]
    named = [p for p in parts if p.known]
    if not top.known or not named:
        return None
    added, published = round(sum(p.percent or 0 for p in named), 1), top.percent or 0
    tolerance = max(meaning.PARTS_TOLERANCE, meaning.SHARE_ROUNDING * (len(named) + 1)) + 1e-9
    complete = all(p.known or p.status == "not_significant" for p in parts)
    apart = added - published > tolerance or (complete and published - added > tolerance)
    return (added, published) if apart else None


def _territory(cells: Sequence[Cell]) -> list[Caveat]:
    return [
        ("territory", {"region": region.name, "without": TERRITORY[region.country]})
        for region in {c.region.id: c.region for c in cells}.values()
        if region.level == "country" and region.country in TERRITORY
    ]


VINES = ("B82",)
"""The classes that are the land under vines."""


def vine_areas(context: Context, cells: Sequence[Cell]) -> list[Caveat]:
    """Return what the vineyard statistics state for the countries of some cells, as a second figure of its own.

    Of several years the last one's; of a year that is not stated the nearest, the later one of two as near.
    """
    held = {d.id: d for d in context.store.datasets() if d.kind == "vine_areas"}
    last = {c.region.id: c for c in cells if c.known and tuple(c.land_cover.split("+")) == VINES}
    found: list[Caveat] = []
    for cell in list(last.values())[:MOST_NAMES] if held else ():
        own, *same = published_codes(context, cell.region) if cell.region.level != "group" else ("",)
        codes = [own, *(code for code in same if not meaning.is_shifted(own, code))]
        rows = list(context.store.query("vine_areas", codes=codes).dicts())
        if rows:
            row = min(rows, key=lambda row: (abs(row["year"] - cell.year), -row["year"]))
            source = VINE_TABLES.get(row["dataset"], held[row["dataset"]].title)
            slots = {"region": cell.region.name, "year": row["year"], "ha": row["area_ha"], "source": source}
            found.append(("vine_area", slots))
            if outside(cell, row["area_ha"]):
                found.append(("vine_area_outside", {"region": cell.region.name, "year": row["year"]}))
    return found


def outside(cell: Cell, ha: float) -> bool:
    """Whether an area lies outside the interval of a published figure."""
    ends = cell.interval("ha")
    return ends is not None and not ends[0] <= ha <= ends[1]


VINE_TABLES = {"apro_cpsh1_vines": "APRO_CPSH1", "vine_areas_published": "Statistics Explained"}
"""Dataset → what its figures are named by in a sentence."""
