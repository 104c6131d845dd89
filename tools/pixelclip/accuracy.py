"""How good a map is and what it says of areas, by reference points: a finished map or any raster of classes, or tables.

Areas are the reference's, corrected for the map's errors (Olofsson et al. 2014, Remote Sensing of Environment 148),
never the map's counted cells. Points drawn in strata other than the map's classes need these and their areas (Stehman
2014, International Journal of Remote Sensing 35). Knows no question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import BadArgument, BadFile
from retrieval.tables import open_table
from tools.estimation import MapAccuracy, collapsed, logit_interval, map_accuracy

KM2_OF = {"km2": 1.0, "area_km2": 1.0, "ha": 0.01, "area_ha": 0.01, "m2": 1e-6, "area_m2": 1e-6}
"""Columns of a table of areas → km² of one."""
WITHOUT_UNIT = ("pixels", "cells", "share", "proportion")
"""Columns that say how much of the whole, and not how much."""
POSITION = ("lon", "lat")
"""Columns of a point's place in degrees, EPSG:4326."""
CODE = re.compile(r"[A-HU][0-9X]{0,3}")
"""How a LUCAS code is written: only such belong to one another by how they begin."""
LEAST = 2
"""Points of a stratum below which its variance is not known: such strata are joined to the largest."""


@dataclass(frozen=True)
class Mapped:
    """What a map says: how much land each class has and, of a raster, the class at each reference point."""

    km2: Mapping[str, float]
    at: Sequence[str | None] = ()
    """Of each point; None outside the map. Empty for a table, whose points carry the map's class themselves."""
    unit: str = "km2"
    """`share` where areas are told without a unit."""


@dataclass(frozen=True)
class Assessed:
    """A map's accuracy with the names of its classes, and what was left out or joined."""

    classes: tuple[str, ...]
    km2: tuple[float, ...]
    """As the map has it."""
    unit: str
    counts: NDArray[np.int64]
    """(K, K) points: rows the map's classes, columns the reference's."""
    found: MapAccuracy
    outside: int
    """Points where there is no map."""
    joined: tuple[str, ...]
    """Strata of fewer than two points."""

    @property
    def total(self) -> float:
        """The land mapped, in `unit`."""
        return sum(self.km2)

    def to_json(self) -> dict[str, Any]:
        """The same as plain values; what is not known is null."""
        found, total = self.found, self.total
        areas = [self._area(at) for at in range(len(self.classes))]
        return {
            "unit": self.unit,
            "total": total,
            "points": int(self.counts.sum()),
            "points_outside": self.outside,
            "joined_strata": list(self.joined),
            "classes": [
                {
                    "land_cover": name,
                    "mapped": self.km2[at],
                    "area": total * float(found.share[at]),
                    "area_se": total * float(found.share_se[at]),
                    "interval": areas[at],
                    "level": 0.95,
                    "users_accuracy": _known(found.users[at]),
                    "users_se": _known(found.users_se[at]),
                    "producers_accuracy": _known(found.producers[at]),
                    "producers_se": _known(found.producers_se[at]),
                    "points_mapped": int(self.counts[at].sum()),
                    "points_reference": int(self.counts[:, at].sum()),
                }
                for at, name in enumerate(self.classes)
            ],
            "overall_accuracy": found.overall,
            "overall_se": found.overall_se,
            "error_matrix": {"rows": "map", "columns": "reference", "points": self.counts.tolist(),
                             "proportions": found.proportions.tolist()},
        }  # fmt: skip

    def _area(self, at: int) -> list[float] | None:
        share, se = float(self.found.share[at]), float(self.found.share_se[at])
        if not 0 < share < 1 or se == 0:
            return None
        return [self.total * end for end in logit_interval(share, se)]

    def as_text(self) -> str:
        """Two tables, the error matrix and the classes, and a line of what holds for them."""
        width = max(9, *(len(name) for name in self.classes)) + 1
        lines = ["error matrix, points (rows: the map; columns: the reference)"]
        lines.append("".join(name.rjust(width) for name in ("", *self.classes)))
        lines += [
            "".join(cell.rjust(width) for cell in (name, *map(str, row)))
            for name, row in zip(self.classes, self.counts.tolist(), strict=True)
        ]
        lines += ["", f"areas in {self.unit}, accuracies in percent, ± one standard error"]
        head = ("class", "mapped", "area", "±", "low", "high", "user's", "±", "producer's", "±")
        rows = [head, *(self._row(at) for at in range(len(self.classes)))]
        wide = [max(len(row[column]) for row in rows) + 2 for column in range(len(head))]
        lines += ["".join(cell.rjust(w) for cell, w in zip(row, wide, strict=True)) for row in rows]
        found = self.found
        lines += ["", f"overall accuracy {100 * found.overall:.1f} % ± {100 * found.overall_se:.1f}"]
        lines.append("low, high: 95 % interval of the area, symmetric on the logit")
        if self.joined:
            lines.append(f"fewer than {LEAST} points, joined to the largest stratum: {', '.join(self.joined)}")
        if self.outside:
            lines.append(f"{self.outside} points lie outside the map and are left out")
        return "\n".join(lines)

    def _row(self, at: int) -> tuple[str, ...]:
        found, area = self.found, self._area(at)
        figures = (self.km2[at], self.total * found.share[at], self.total * found.share_se[at], *(area or (None, None)))
        rates = (found.users, found.users_se, found.producers, found.producers_se)
        digits = 4 if self.unit == "share" else 1 if self.total < 10_000 else 0
        told = ["–" if one is None else f"{one:,.{digits}f}" for one in figures]
        return (self.classes[at], *told, *("–" if np.isnan(one[at]) else f"{100 * one[at]:.1f}" for one in rates))


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def assess(
    mapped: Sequence[str | None],
    reference: Sequence[str],
    areas: Mapping[str, float],
    unit: str = "km2",
    strata: Sequence[str] | None = None,
    stratum_areas: Mapping[str, float] | None = None,
) -> Assessed:
    """Return a map's accuracy and the areas that reference points give.

    Args:
        mapped: the map's class at each point; None where there is no map.
        reference: the class that is there.
        areas: the map's classes and how much land each has.
        unit: that of areas.
        strata: where each point was drawn, if not in the map's classes.
        stratum_areas: the strata and how much land each has, in the same unit.

    Raises:
        BadArgument: no point lies on the map, or a class or stratum of a point has no area.
    """
    kept = [at for at, name in enumerate(mapped) if name is not None]
    if len(kept) < LEAST:
        raise BadArgument(f"{len(kept)} reference points lie on the map; {LEAST} at least are needed")
    if not sum(areas.values()) > 0:
        raise BadArgument("the map has no land in any class")
    of_map, of_reference = [str(mapped[at]) for at in kept], [reference[at] for at in kept]
    drawn, sizes = (of_map, areas) if strata is None else ([strata[at] for at in kept], stratum_areas or {})
    if missing := sorted({*drawn} - {*sizes}):
        raise BadArgument(f"no area is given for {', '.join(missing)}")
    names = tuple(sorted({*areas, *of_map, *of_reference}))
    code = {name: at for at, name in enumerate(names)}
    numbers = [np.array([code[name] for name in each]) for each in (of_map, of_reference)]
    layers = [name for name, size in sizes.items() if size > 0]
    places = {name: at for at, name in enumerate(layers)}
    stratum = np.array([places[name] for name in drawn])
    few = np.bincount(stratum, minlength=len(layers)) < LEAST
    joined, share = collapsed(stratum, np.array([float(sizes[name]) for name in layers]))
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, (numbers[0], numbers[1]), 1)
    return Assessed(
        names,
        tuple(float(areas.get(name, 0.0)) for name in names),
        unit,
        counts,
        map_accuracy(numbers[0], numbers[1], joined, share, len(names)),
        len(mapped) - len(kept),
        tuple(name for name, lonely in zip(layers, few, strict=True) if lonely),
    )


# --- files ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class References:
    """Reference points of a file."""

    land_cover: tuple[str, ...]
    lon: NDArray[np.float64] | None = None
    lat: NDArray[np.float64] | None = None
    mapped: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()


def read_references(file: Path) -> References:
    """Return the points of a table: `land_cover` beside `lon`, `lat` in degrees or `map`, the map's class; `stratum`.

    Raises:
        BadFile: a column is missing, or a cell that is needed is empty.
    """
    table = open_table(file)
    reference = next((name for name in ("land_cover", "reference", "lc1") if name in table.columns), "")
    placed = {*POSITION} <= table.columns.keys()
    if not reference or not (placed or "map" in table.columns):
        raise BadFile(
            f"{file.name} needs land_cover, the class that is there, and lon and lat, or map, the map's class"
        )
    wanted = [name for name in (reference, *POSITION, "map", "stratum") if name in table.columns]
    rows = table.read(wanted)
    texts = {name: tuple(rows[name].astype("string").str.strip().fillna("")) for name in wanted if name not in POSITION}
    if empty := [name for name, cells in texts.items() if not all(cells)]:
        raise BadFile(f"{file.name}: a cell of {empty[0]} is empty")
    lon, lat = (rows[name].astype(float).to_numpy() if placed else None for name in POSITION)
    if lon is not None and lat is not None and not (np.all(np.abs(lon) <= 180) and np.all(np.abs(lat) <= 90)):
        raise BadFile(f"{file.name}: lon and lat are degrees, EPSG:4326")
    return References(texts[reference], lon, lat, texts.get("map", ()), texts.get("stratum", ()))


def read_areas(file: Path) -> tuple[dict[str, float], str]:
    """Return class or stratum → how much land, and its unit, of a table with `land_cover`, `class` or `stratum`.

    Raises:
        BadFile: no column of areas, a name twice, or an area that is none.
    """
    table = open_table(file)
    name = next((one for one in ("land_cover", "class", "stratum") if one in table.columns), "")
    size = next((one for one in (*KM2_OF, *WITHOUT_UNIT) if one in table.columns), "")
    if not name or not size:
        known = ", ".join((*KM2_OF, *WITHOUT_UNIT))
        raise BadFile(f"{file.name} needs land_cover or stratum, and one of {known}")
    found: dict[str, float] = {}
    for number, row in table.rows():
        try:
            area = float(row[size]) * KM2_OF.get(size, 1.0)
        except ValueError as error:
            raise BadFile(f"{file.name}: line {number}: {row[size]!r} is no area") from error
        if not 0 <= area < float("inf") or row[name] in found:
            raise BadFile(f"{file.name}: line {number}: {row[name]} twice, or an area below nothing")
        found[row[name]] = area
    return found, "km2" if size in KM2_OF else "share"


def read_map(path: Path, references: References, names: Mapping[int, str] | None = None) -> Mapped:
    """Return the areas of a raster of classes and its class at each point: a finished map's folder, or a GeoTIFF.

    The raster is in metres, best of an equal-area system as EPSG:3035. Numbers are named by `names`, by the tag
    `land_cover_numbers` of our own maps, or by themselves.

    Raises:
        BadFile: no raster, or one in degrees, whose cells have no one area.
        BadArgument: the points have no positions.
    """
    import rasterio
    from pyproj import Transformer

    if references.lon is None or references.lat is None:
        raise BadArgument("points need lon and lat to be looked up in a raster")
    own = path / "map.vrt" if path.is_dir() else path
    try:
        with rasterio.open(own, driver="VRT" if path.is_dir() else "GTiff") as raster:
            if raster.crs is None or not raster.crs.is_projected:
                raise BadFile(
                    f"{own.name} is in degrees or has no system; warp it to EPSG:3035, whose cells have one area"
                )
            manifest = path / "manifest.json"
            named = json.loads(manifest.read_text(encoding="utf-8")) if path.is_dir() else raster.tags()
            known = dict(names or _numbered(named.get("land_cover_numbers")))
            nothing = raster.nodata
            counts: dict[int, int] = {}
            for _, window in raster.block_windows(1):
                values, times = np.unique(raster.read(1, window=window), return_counts=True)
                for value, often in zip(values.tolist(), times.tolist(), strict=True):
                    counts[int(value)] = counts.get(int(value), 0) + often
            x, y = Transformer.from_crs(4326, raster.crs, always_xy=True).transform(references.lon, references.lat)
            inside = (x >= raster.bounds.left) & (x < raster.bounds.right)
            inside &= (y > raster.bounds.bottom) & (y <= raster.bounds.top)
            at = [int(value[0]) for value in raster.sample(np.column_stack([x, y]))]
            cell_km2 = abs(raster.transform.a * raster.transform.e) / 1e6
    except rasterio.errors.RasterioError as error:
        raise BadFile(f"{own} is no raster that is read: a GeoTIFF, or the folder of a finished map") from error
    name = {value: known.get(value, str(value)) for value in counts if value != nothing}
    km2: dict[str, float] = {}
    for value, code in name.items():
        km2[code] = km2.get(code, 0.0) + counts[value] * cell_km2
    return Mapped(km2, [name.get(value) if here else None for value, here in zip(at, inside, strict=True)])


def _numbered(tag: Any) -> dict[int, str]:
    numbers = json.loads(tag) if isinstance(tag, str) else tag or {}
    return {int(number): str(code) for code, number in numbers.items()}


def rolled_up(reference: Sequence[str], classes: Sequence[str]) -> tuple[str, ...]:
    """Return each class of the reference as the map tells it: itself, or the map's class that it belongs to.

    A class that the map does not tell at all stays as it is: the map is wrong there.
    """
    if not all(CODE.fullmatch(name) for name in classes):
        return tuple(reference)
    beginnings = {name.rstrip("0") or name: name for name in classes}
    return tuple(
        next((beginnings[code[:n]] for n in range(len(code), 0, -1) if code[:n] in beginnings), code)
        for code in reference
    )


def run(
    reference: Path,
    raster: Path | None = None,
    areas: Path | None = None,
    strata: Path | None = None,
    names: Path | None = None,
) -> Assessed:
    """Return the accuracy of a raster, or of a table of areas whose points carry the map's class.

    Raises:
        BadArgument: neither or both are given, or points lack what is needed.
    """
    if bool(raster) == bool(areas):
        raise BadArgument("give --map RASTER, or --areas TABLE with points that carry the map's class, one of the two")
    points = read_references(reference)
    if raster:
        mapped = read_map(raster, points, _names_of(names) if names else None)
    elif areas and points.mapped:
        km2, unit = read_areas(areas)
        mapped = Mapped(km2, points.mapped, unit)
    else:
        raise BadArgument(f"{reference.name} has no column map, the map's class at each point")
    if strata and not points.strata:
        raise BadArgument(f"{reference.name} has no column stratum")
    sizes = read_areas(strata)[0] if strata else None
    there = rolled_up(points.land_cover, [*mapped.km2])
    return assess(mapped.at, there, mapped.km2, mapped.unit, points.strata if strata else None, sizes)


def _names_of(file: Path) -> dict[int, str]:
    try:
        return {int(row["number"]): row["land_cover"] for _, row in open_table(file).rows()}
    except (KeyError, ValueError) as error:
        raise BadFile(f"{file.name} needs number and land_cover, a class a line") from error
