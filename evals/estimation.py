"""Published sub-classes held out from the calibrated composition, and the factors that widen its intervals.

python -m evals estimation                     coverage in simulated surveys (evals/coverage.py)
python -m evals estimation --holdout           the calibrated composition against published sub-classes
python -m evals estimation --holdout --write   the same, and the factors of intervals (`FACTORS`) made anew

Each keeps its tables as the run `estimation`, which `python -m evals report` puts into the scoreboard.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evals import coverage
from evals.record import Run, file_hash, machine, read_run, today
from retrieval.estimated_points import FACTORS
from retrieval.statistics import UNNAMED_CROPS
from retrieval.statistics_files import read_region_areas, read_statistics
from tools import composition

# --- held-out sub-classes -------------------------------------------------------------------------------------------

SURVEY_POINTS_PER_KM2 = 0.078
"""Points of the survey of 2018: the published figure has an error of its own."""
SPLITS: Mapping[str, int] = {"B": 50, "C": 30, "E": 50}
"""Points of the main class from which on a region has a factor of its own."""


@dataclass(frozen=True)
class Cell:
    """One published sub-class of one region, and what the calibrated points make of it."""

    code: str
    country: str
    main: str
    land_cover: str
    n: int
    truth: float
    truth_se: float
    estimate: float
    se: float
    naive: float


def published(year: int) -> dict[tuple[str, str], tuple[float, float | None]]:
    """Return (code, class) → share and standard error, both 0 to 1."""
    from tools.estimation import published_error

    areas = read_region_areas().to_pandas().set_index("code")["area_km2"]
    table = read_statistics().to_pandas()
    rows = table[(table.year == year) & (table.unit == "PC")]
    return {
        (r.code, r.land_cover): (
            r.value / 100,
            published_error(r.value / 100, None if pd.isna(r.cv) else r.cv, areas.get(r.code), r.flag or ""),
        )
        for r in rows.itertuples()
        if "n" not in (r.flag or "")
    }


def named(figures: Mapping[tuple[str, str], tuple[float, float | None]], code: str, main: str) -> float:
    """Return the share of a main class whose parts are named: cropland told from photographs only is not."""
    whole = figures.get((code, f"{main}00"), (0.0, None))[0]
    unnamed = sum(figures.get((code, u), (0.0, None))[0] for u in UNNAMED_CROPS) if main == "B" else 0.0
    return max(whole - unnamed, 0.0)


def counted(points: pd.DataFrame, region: str) -> dict[tuple[str, str], int]:
    """Return (region code, class or main letter) → points, parents with their children."""
    found: dict[tuple[str, str], int] = {}
    for code, lc1 in points[[region, "lc1"]].dropna().itertuples(index=False):
        for name in {lc1[0], f"{lc1[:2]}0", lc1}:
            found[code, name] = found.get((code, name), 0) + 1
    return found


def held_out(points: pd.DataFrame, year: int, level: composition.Level) -> list[Cell]:
    """Return every published sub-class of the level with its estimate, its country's composition as the prior.

    A country has no prior: its points alone are taken, of which there are thirty at least.
    """
    areas = {r["code"]: r["area_km2"] for r in read_region_areas().to_pylist()}
    least = composition.LEAST_DIRECT if level == "country" else composition.LEAST_SHRUNK
    figures, column = published(year), {"country": "nuts0", "nuts2": "nuts2"}[level]
    length = {"country": 2, "nuts2": 4}[level]
    counts, of_all = counted(points, column), points.groupby(column).size().to_dict()
    wanted = [
        (code, k)
        for code, k in figures
        if len(code) == length and k[0] in composition.DEFENSIBLE and not k.endswith("_PI") and k[1:] != "00"
    ]
    cells: list[Cell] = []
    for k in sorted({k for _, k in wanted}):
        of_class = [code for code, each in wanted if each == k]
        n_k = np.array([counts.get((c, k), 0) for c in of_class], dtype=float)
        n_m = np.array([counts.get((c, k[0]), 0) for c in of_class], dtype=float)
        prior = np.array([prior_of(figures, c[:2], k) for c in of_class])
        country = np.array([c[:2] for c in of_class])
        strengths = {
            own: composition.concentration(n_k[country != own], n_m[country != own], prior[country != own])
            for own in set(country)
        }
        for at, code in enumerate(of_class):
            main = named(figures, code, k[0])
            if n_m[at] < least or main <= 0 or not (level == "country" or 0 < prior[at] < 1):
                continue
            strength = strengths[code[:2]] if level == "nuts2" else 1.0
            before = prior[at] if level == "nuts2" else 0.5 * (n_k[at] == 0)
            main_se = figures[code, f"{k[0]}00"][1] or 0.0
            found = composition.shrunk(int(n_k[at]), int(n_m[at]), before, strength, main, main_se, 1.0)
            truth = figures[code, k][0]
            error = float(np.sqrt(truth * (1 - truth) / (SURVEY_POINTS_PER_KM2 * areas[code])))
            naive = counts.get((code, k), 0) / of_all.get(code, 1)
            cells.append(Cell(code, code[:2], k[0], k, int(n_m[at]), truth, error, found.value, found.se, naive))
    return cells


def prior_of(figures: Mapping[tuple[str, str], tuple[float, float | None]], country: str, k: str) -> float:
    """Return the part of a class in its main class, as published for the country; 0 where it is not."""
    main = named(figures, country, k[0])
    return figures.get((country, k), (0.0, None))[0] / main if main else 0.0


def needed(cells: list[Cell]) -> np.ndarray:
    """Return, for each cell, the factor from which on its interval holds the truth, which has an error of its own."""
    p = np.clip([c.estimate for c in cells], 1e-4, 1 - 1e-4)
    t = np.clip([c.truth for c in cells], 2.5e-4, 1 - 2.5e-4)
    distance = np.abs(np.log(p / (1 - p)) - np.log(t / (1 - t))) / 1.96
    of_truth = np.array([c.truth_se for c in cells]) / (t * (1 - t))
    of_estimate = np.array([c.se for c in cells]) / (p * (1 - p))
    return np.sqrt(np.maximum(distance**2 - of_truth**2, 0.0)) / of_estimate


def factor_for(needs: np.ndarray, level: float = 0.95) -> float:
    """Return the least factor, in steps of 0.05 and 1 at least, that covers so many cells."""
    return max(float(np.ceil(np.quantile(needs, level, method="inverted_cdf") * 20 - 1e-9) / 20), 1.0)


def left_out(cells: list[Cell], needs: np.ndarray) -> float:
    """Return the coverage of each country by the factor of the others."""
    country = np.array([c.country for c in cells])
    inside = [needs[country == own] <= factor_for(needs[country != own]) for own in sorted(set(country))]
    return float(np.mean(np.concatenate(inside)))


def rmse(cells: list[Cell], of: str) -> float:
    """Return the root mean square error in percentage points."""
    return 100 * float(np.sqrt(np.mean([(getattr(c, of) - c.truth) ** 2 for c in cells])))


def holdout(points: Path) -> tuple[list[dict[str, Any]], dict[str, dict[str, list[list[float]]]]]:
    """Return the rows of the hold-out table and the factors made of it."""
    visits = pd.read_parquet(points)
    of_2018 = visits[visits.year == 2018]
    rows: list[dict[str, Any]] = []
    factors: dict[str, dict[str, list[list[float]]]] = {"country": {}, "nuts2": {}}
    for level in ("country", "nuts2"):
        cells = held_out(of_2018, 2018, level)
        for main in composition.DEFENSIBLE if level == "country" else composition.REGIONAL:
            own = [c for c in cells if c.main == main]
            needs, n = needed(own), np.array([c.n for c in own])
            least = composition.LEAST_DIRECT if level == "country" else composition.LEAST_SHRUNK
            steps = [least, SPLITS[main]] if level == "nuts2" else [least]
            ends = [*steps[1:], np.inf]
            factors[level][main] = [
                [at, factor_for(needs[(n >= at) & (n < end)])] for at, end in zip(steps, ends, strict=True)
            ]
            rows.append(
                {
                    "level": level,
                    "class": main,
                    "cells": len(own),
                    "rmse_points": round(rmse(own, "naive"), 2),
                    "rmse": round(rmse(own, "estimate"), 2),
                    "plain_coverage": round(float(np.mean(needs <= 1)), 3),
                    "factors": factors[level][main],
                    "left_out_coverage": round(left_out(own, needs), 3),
                }
            )
    return rows, factors


# --- the command ------------------------------------------------------------------------------------------------------

Tables = Mapping[str, list[dict[str, Any]]]
"""Title → rows."""

POINTS = Path(__file__).resolve().parents[1] / "retrieval" / "data" / "lucas" / "lucas_2015_2018.parquet"


def holdout_tables(points: Path, write: bool) -> Tables:
    """Return the hold-out table; with `write` put the factors where intervals are made of them."""
    rows, factors = holdout(points)
    if write:
        errors = {level: {r["class"]: r["rmse"] for r in rows if r["level"] == level} for level in factors}
        text = json.dumps({"factors": factors, "rmse": errors}, indent=1)
        FACTORS.write_text(text + "\n", encoding="utf-8")
    return {"Published sub-classes held out": rows}


def satellite_tables(store: Path) -> Tables:
    """Return coverage and width of survey and satellite map together, on the pixels of a store."""
    from retrieval.store import Store
    from tools.context import Context

    return {"Survey and satellite map": coverage.satellite(Context.open(Store.open(store)))}


def coverage_tables(grid: Path | None, stack: Path | None = None) -> Tables:
    """Return the coverage tables; those on real land where its grid, and its pixels, are at hand."""
    tables = {
        "Two phases on a 2 km grid, %": coverage.grids(),
        "Change with common points, %": coverage.changes(),
        "Published to one decimal, %": coverage.rounded(),
        "Rare classes by expected positives, %": coverage.rare(),
    }
    if grid:
        tables |= {"Full grid of Abruzzo 2012, %": coverage.full_grid(grid), "Regression": coverage.assisted(grid)}
    if stack:
        tables |= {"Survey and satellite map on every cell of a place near Liège": coverage.square(stack)}
    return tables


def keep(tables: Tables, folder: Path, points: Path) -> Run:
    """Keep tables as the run `estimation` of a folder, beside those that an earlier one measured there."""
    kept = folder / "estimation.json"
    before = dict(read_run(kept).tables) if kept.is_file() else {}
    about = {"date": today(), "machine": machine(), "samples": f"{points.name} {file_hash(points)[:12]}"}
    run = Run("estimation", {}, about, (), before | dict(tables))
    run.save(folder)
    return run


def as_text(tables: Tables) -> str:
    """Return tables in Markdown under their titles."""
    return "\n\n".join(f"### {title}\n\n{as_markdown(rows)}" for title, rows in tables.items())


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """Return rows as a Markdown table."""
    lines = ["| " + " | ".join(rows[0]) + " |", "| " + " | ".join("---" for _ in rows[0]) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(str(v) for v in row.values()) + " |" for row in rows)])
