"""The demo survey: synthetic microdata, so that a fresh clone answers before any real record is brought.

Points stand on the real LUCAS grid (EPSG:3035, thinned to one in 10 km) on real land. Their classes are drawn so that
each region's counts follow Eurostat's published shares of that region and year; which point carries which class is
chance. Pixel years are simulated (see `simulated_pixels`). Nothing here was ever observed: `synthetic` stands in the
dataset's stamp and every answer carries it. The same seed gives the same data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyproj

from retrieval.catalog import Descriptor, descriptor
from retrieval.membership import Land, within_each
from retrieval.readers import MISSING, RECORD_COLUMNS, Finding, Pixels, Survey
from retrieval.region_rows import read_rows
from retrieval.seasons import simulated_years
from retrieval.statistics_files import read_statistics
from retrieval.types import Dataset

SEED = 20_220_601
YEARS = (2015, 2018, 2022)
PIXEL_YEAR = 2022

STEP_KM = 10
"""The LUCAS grid is 2 km; every fifth point each way gives about 43,000 on land."""

OFFSET_KM = (2, 8)
"""Where the thinned grid begins within a step: even kilometres, so that its points are points of the 2 km grid."""

EXTENT_KM = (2_600, 6_600, 1_400, 5_500)
"""West, east, south, north of the EU in EPSG:3035."""

CROSSED = ("PT11", "PT16", "PT18")
"""NUTS 2 regions of which the subdivisions give a part only, others crossing their borders: no point is said to be in
them until their outlines are ingested."""

VISITED = 0.92
"""Share of the points visited in any one year: the real panel rotates too."""

ROTATION = 0.6
"""Share of arable points that take another crop between surveys; in the real extract 39 % of revisited points of all
classes have another three-digit code, most of them arable."""

PIXELS_EACH = 160
"""At most so many pixel years a class."""

OWN_SPLITS: Mapping[str, Mapping[str, float]] = {
    # Published without parts; fixed proportions, inland water bodies before rivers.
    "G00": {"G11": 0.65, "G21": 0.35},
}

ROTATING = ("B1", "B2", "B3", "B4", "B5")
"""Prefixes of arable land, whose crops change from year to year."""

LAND_USE: Mapping[str, Mapping[str, float]] = {
    # Land cover prefix → land uses found on it; the longest prefix counts. Plausible, not published.
    "A11": {"U370": 0.62, "U111": 0.12, "U341": 0.08, "U350": 0.06, "U317": 0.05, "U361": 0.04, "U224": 0.03},
    "A12": {"U370": 0.60, "U341": 0.20, "U350": 0.15, "U342": 0.05},
    "A13": {"U111": 0.90, "U113": 0.10},
    "A21": {"U370": 0.35, "U111": 0.20, "U341": 0.15, "U312": 0.15, "U317": 0.15},
    "A22": {"U312": 0.85, "U311": 0.10, "U313": 0.05},
    "A30": {"U321": 0.30, "U370": 0.30, "U319": 0.20, "U330": 0.20},
    "B": {"U111": 0.97, "U113": 0.03},
    "C": {"U120": 0.85, "U420": 0.10, "U361": 0.05},
    "D": {"U420": 0.60, "U111": 0.25, "U120": 0.15},
    "E10": {"U111": 0.80, "U420": 0.20},
    "E20": {"U111": 0.78, "U370": 0.08, "U361": 0.05, "U420": 0.09},
    "E30": {"U420": 0.50, "U112": 0.35, "U410": 0.15},
    "F40": {"U112": 0.60, "U140": 0.10, "U330": 0.10, "U420": 0.20},
    "F": {"U420": 0.85, "U140": 0.15},
    "G": {"U420": 0.60, "U321": 0.20, "U361": 0.10, "U130": 0.10},
    "H": {"U420": 0.95, "U140": 0.05},
}


def demo_survey(lands: Sequence[Land], seed: int = SEED) -> Survey:
    """Return the synthetic survey on these lands."""
    random = np.random.default_rng(seed)
    points = _on_land(lands)
    records = _visits(points, random)
    known = descriptor("demo_survey")
    finding = Finding(known.id, "synthetic", len(records), "kept", "drawn from published shares, not observed")
    return Survey(records[list(RECORD_COLUMNS)], _stamp(known, records, len(records), YEARS), (finding,))


def demo_pixels(survey: Survey, seed: int = SEED) -> Pixels:
    """Return simulated pixel years at some of the synthetic survey's points, rare classes kept whole."""
    random = np.random.default_rng(seed + 1)
    records = survey.records[survey.records["year"] == PIXEL_YEAR].sort_values("point_id")
    chosen = records.iloc[random.permutation(len(records))].groupby("lc1", sort=True).head(PIXELS_EACH)
    chosen = chosen.sort_values("point_id")
    bands, masked = simulated_pixels(chosen["lc1"].tolist(), chosen["lat"].to_numpy(), random)
    rows = pd.DataFrame(
        {
            "location": chosen["point_id"].astype(str).to_numpy(),
            "lon": chosen["lon"].to_numpy(),
            "lat": chosen["lat"].to_numpy(),
            "year": np.int16(PIXEL_YEAR),
            "point_id": chosen["point_id"].to_numpy(),
            "lc_label": chosen["lc1"].to_numpy(),
            "bands": list(bands.reshape(len(bands), 120)),
            "masked_months": [np.flatnonzero(row).astype(np.uint8) for row in masked],
            "missing_bands": [[] for _ in range(len(chosen))],
            "first_month": pd.Timestamp(PIXEL_YEAR, 1, 1),
            "source": "demo_pixels",
            "source_label": None,
        }
    )
    known = descriptor("demo_pixels")
    finding = Finding(known.id, "synthetic", len(rows), "kept", "simulated seasonal curves, not observed")
    return Pixels(rows, _stamp(known, chosen, len(rows), (PIXEL_YEAR,)), (finding,))


# --- where ---------------------------------------------------------------------------------------------------------


def _on_land(lands: Sequence[Land]) -> pd.DataFrame:
    """Return the thinned grid's points on land, each with the chain of codes published shares are looked up by."""
    west, east, south, north = EXTENT_KM
    x = np.arange(west + OFFSET_KM[0], east, STEP_KM)
    y = np.arange(south + OFFSET_KM[1], north, STEP_KM)
    east_km, north_km = (side.ravel() for side in np.meshgrid(x, y))
    to_lonlat = pyproj.Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(east_km * 1000.0, north_km * 1000.0)
    points = pd.DataFrame(
        {
            "point_id": (east_km * 10_000 + north_km).astype(np.int32),
            "lon": lon,
            "lat": lat,
            "x": east_km * 1000.0,
            "y": north_km * 1000.0,
        }
    )
    points = points.sort_values("lon", kind="stable").reset_index(drop=True)
    placed = {
        row["id"]: {**row, "nuts2": "" if row["nuts2"] in CROSSED else row["nuts2"]} for row in read_rows("concordance")
    }
    for name, level in (("nuts0", "country"), ("nuts1", "nuts1"), ("nuts2", "nuts2")):
        by_subdivision = {land: placed[id][level] for land in lands for id in land.ids if id in placed}
        by_outline = {land: land.id.split(":", 1)[1] for land in lands if land.level == level}
        points[name] = _codes(points, by_subdivision).fillna(_codes(points, by_outline))
    return points[points["nuts0"].notna()].sort_values("point_id").reset_index(drop=True)


def _codes(points: pd.DataFrame, code_of: Mapping[Land, str]) -> pd.Series:
    """Return the Eurostat code of the land each point lies in, null where it lies in none."""
    drawn = [(code, land.outline) for land, code in code_of.items() if code and land.outline is not None]
    codes = pd.Series(None, points.index, dtype=object)
    for (code, _), rows in zip(
        drawn, within_each(points[["lon", "lat"]].to_numpy(), [o for _, o in drawn]), strict=True
    ):
        codes.iloc[rows] = codes.iloc[rows].fillna(code)
    return codes


# --- what ----------------------------------------------------------------------------------------------------------


def _visits(points: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    shares = _Shares.load()
    nuts0, nuts1, nuts2 = (points[name].fillna("") for name in ("nuts0", "nuts1", "nuts2"))
    domain = nuts0 + "|" + nuts1 + "|" + nuts2
    cover = {year: np.empty(len(points), dtype=object) for year in YEARS}
    for name, rows in sorted(domain.groupby(domain).groups.items()):
        at = np.asarray(rows)
        before: np.ndarray | None = None
        for year in YEARS:
            wanted = _quotas(shares.distribution(name.split("|"), year), len(at), random)
            before = _changed(before, wanted, random)
            cover[year][at] = before
    visits = []
    for year in YEARS:
        seen = random.random(len(points)) < VISITED
        visit = points[seen].copy()
        visit["year"], visit["lc1"] = np.int16(year), cover[year][seen]
        visit["obs_date"] = pd.Timestamp(year, 5, 2) + pd.to_timedelta(random.integers(0, 140, len(visit)), unit="D")
        visits.append(visit)
    records = pd.concat(visits, ignore_index=True)
    records["lu1"] = _land_use(records["point_id"].to_numpy(), records["lc1"].to_numpy())
    records["obs_type"] = "Synthetic"
    for empty in ("lc2", "lu2", "nuts3", "photos", "elevation"):
        records[empty] = None
    return records


def _quotas(distribution: Mapping[str, float], count: int, random: np.random.Generator) -> np.ndarray:
    """Return `count` classes that follow the shares as closely as whole points can; remainders fall by chance."""
    classes = np.array(sorted(distribution), dtype=object)
    exact = np.array([distribution[code] for code in classes]) * count
    whole = np.floor(exact).astype(int)
    left = count - whole.sum()
    if left:
        rest = exact - whole
        whole[random.choice(len(classes), size=left, replace=False, p=rest / rest.sum())] += 1
    return np.repeat(classes, whole)


def _changed(before: np.ndarray | None, wanted: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Give the points the wanted classes so that as many as can keep theirs; then let arable crops rotate."""
    if before is None:
        return random.permutation(wanted)
    now = np.full(len(before), None, dtype=object)
    spare: list[str] = []
    for code in sorted(set(wanted) | set(before)):
        had = random.permutation(np.flatnonzero(before == code))
        want = int((wanted == code).sum())
        now[had[:want]] = code
        spare += [code] * max(0, want - len(had))
    now[np.array([one is None for one in now])] = random.permutation(np.array(spare, dtype=object))
    arable = np.flatnonzero([code.startswith(ROTATING) for code in now])
    turning = arable[random.random(len(arable)) < ROTATION]
    now[turning] = random.permutation(now[turning])
    return now


def _land_use(point_ids: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """Return a land use for each cover. A point keeps its use for as long as it keeps its cover."""
    luck = ((point_ids.astype(np.int64) * 2_654_435_761) % 2**32) / 2**32
    uses = np.empty(len(cover), dtype=object)
    for code in set(cover):
        prefix = max((one for one in LAND_USE if code.startswith(one)), key=len)
        names, weights = zip(*LAND_USE[prefix].items(), strict=True)
        steps = np.cumsum(weights) / np.sum(weights)
        rows = cover == code
        uses[rows] = np.array(names, dtype=object)[
            np.searchsorted(steps, luck[rows], side="right").clip(max=len(names) - 1)
        ]
    return uses


@dataclass(frozen=True)
class _Shares:
    """The published shares, asked from the finest level that has them."""

    figures: Mapping[tuple[str, int], Mapping[str, float]]
    """(region code, year) → class → percent, without figures flagged not significant."""
    parts: Mapping[str, tuple[str, ...]]
    """Class → its parts in the code book; '' → the eight main classes."""
    older: Mapping[str, tuple[str, ...]]
    """Code → the codes the same region had in earlier releases."""

    @classmethod
    def load(cls) -> _Shares:
        from retrieval.nomenclature import Nomenclature

        table = read_statistics().to_pandas()
        table = table[(table["unit"] == "PC") & (table["flag"] != "n")]
        figures = {
            key: dict(zip(rows["land_cover"], rows["value"], strict=True))
            for key, rows in table.groupby(["code", "year"])
        }
        parts: dict[str, list[str]] = {}
        for code, one in Nomenclature.load().classes.items():
            if one.theme == "land_cover" and not code.endswith("_PI"):
                parts.setdefault(one.parent or "", []).append(code)
        older: dict[str, list[str]] = {}
        for row in read_rows("vintages"):
            older.setdefault(row["code"], []).append(row["old_code"])
        return cls(figures, {k: tuple(v) for k, v in parts.items()}, {k: tuple(v) for k, v in older.items()})

    def distribution(self, chain: Sequence[str], year: int) -> dict[str, float]:
        """Return record-level class → probability for a country, NUTS 1, NUTS 2 chain of codes."""
        found: dict[str, float] = {}
        self._spread("", 1.0, self._sources(chain, year), found)
        return found

    def _sources(self, chain: Sequence[str], year: int) -> list[Mapping[str, float]]:
        """Return the tables to look in: the finest level first, this year before the nearest others."""
        years = sorted({y for _, y in self.figures}, key=lambda y: (abs(y - year), -y))
        codes = [code for code in reversed(chain) if code]
        levels = [(code, *self.older.get(code, ())) for code in codes]
        levels.append(("EU28", "EU27_2020", "EU"))
        now = [self.figures.get((code, year), {}) for same in levels for code in same]
        nearby = [self.figures.get((code, y), {}) for same in levels for y in years for code in same]
        return [table for table in (*now, *nearby) if table]

    def _spread(self, code: str, weight: float, tables: Sequence[Mapping[str, float]], found: dict[str, float]) -> None:
        if code in OWN_SPLITS:
            for part, share in OWN_SPLITS[code].items():
                found[part] = weight * share
            return
        parts = self.parts.get(code, ())
        for table in tables:
            shares = {part: table[part] for part in parts if table.get(part, 0) > 0}
            if shares:
                total = sum(shares.values())
                for part, share in shares.items():
                    self._spread(part, weight * share / total, tables, found)
                return
        found[code] = found.get(code, 0.0) + weight


def _stamp(known: Descriptor, rows: pd.DataFrame, count: int, years: Sequence[int]) -> Dataset:
    content = rows[["point_id", "lc1"]].to_csv(index=False).encode()
    return Dataset(
        id=known.id,
        title=known.title,
        version=f"{known.version}, seed {SEED}",
        licence=known.licence,
        attribution=known.attribution,
        sha256=hashlib.sha256(content).hexdigest(),
        rows=count,
        years=tuple(years),
        bbox=(
            float(rows["lon"].min()),
            float(rows["lat"].min()),
            float(rows["lon"].max()),
            float(rows["lat"].max()),
        ),
        synthetic=True,
        kind=known.kind,
    )


# --- how it looks from above ---------------------------------------------------------------------------------------

CLOUDED = (0.30, 0.24, 0.14, 0.08, 0.05, 0.03, 0.02, 0.02, 0.05, 0.10, 0.22, 0.30)
"""Chance that a month has no clear observation at 48° N, January first."""


def simulated_pixels(
    cover: Sequence[str], lat: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 12, 10) uint16 reflectance x 10 000 and the (N, 12) masked months of a year of each class.

    The year is `seasons.simulated_years`; cloudy months, likelier in winter and in the north, hold `MISSING`.
    """
    bands = simulated_years(cover, lat, random).round().astype(np.uint16)
    north = np.asarray(lat) - 48.0
    masked = random.random((len(bands), 12)) < np.array(CLOUDED) * (1 + 0.03 * north[:, None]).clip(0.2, 2)
    bands[masked] = MISSING
    return bands, masked
