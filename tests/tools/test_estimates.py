"""The source of estimates: its SQL is held to the estimators in Python on the real points, and composed questions carry
intervals where a rule for them exists."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agent.render import caveats_of, refusal_of, render
from retrieval import statistics as meaning
from retrieval.errors import NoRecords, TooFine
from retrieval.query import Column, Expression, Filter, Group, Order, Query
from retrieval.store import Store
from tools import composition, official
from tools.context import Context
from tools.estimate_area import estimate_area
from tools.query import answer

KM2, SHARE = Column("km2", "km2"), Column("share", "share")
Y2018 = Filter("year", "in", (2018,))


@pytest.fixture(scope="module")
def world(demo_store: Store) -> Context:
    return Context.open(demo_store)


def of(region: str, *codes: str, year: int = 2018) -> tuple[Filter, ...]:
    return Filter("region", "in", (region,)), Filter("year", "in", (year,)), Filter("land_cover", "in", codes)


@pytest.mark.parametrize("region", ["country:ES", "country:PL", "nuts:FRJ1", "nuts:DE2", "nuts:ES42", "nuts:PL9"])
@pytest.mark.parametrize("code", ["B82", "B11", "E10", "C10"])
@pytest.mark.parametrize("year", [2015, 2018])
def test_sql_and_python_estimate_the_same(world: Context, region: str, code: str, year: int):
    row = world.store.run(
        "SELECT any_value(cell) AS cell, any_value(points) AS n FROM estimated_points "
        "WHERE region_id = $region AND year = $year AND land_cover = $code",
        {"region": region, "year": year, "code": code},
    ).dicts().__next__()  # fmt: skip
    if row["cell"] is None:
        pytest.skip("no point of the class")
    where = world.named(region)
    main = official.cells(world, (where,), (f"{code[0]}00",)).get(where, year)
    share, se = (main.percent or 0) / 100, (main.se or 0) / 100
    own = [r for r in world.store.query("composition_points", year=year).dicts() if r["lc1"][0] == code[0]]
    level: composition.Level = "country" if where.level == "country" else "nuts2"
    prior, strength, wider = (
        (0.0, 1.0, 1.0) if level == "country" else calibration(world, own, code, year, where.country)
    )
    here = [r for r in world.store.run(
        "SELECT lc1 FROM region_visits WHERE region_id = $r AND year = $y AND lc1 IS NOT NULL", {"r": region, "y": year}
    ).column("lc1") if r[0] == code[0]]  # fmt: skip
    factor = (composition.factor_of(level, code[0], len(here)) or 1.0) * wider
    found = composition.shrunk(here.count(code), len(here), prior, strength, share, se, factor)
    assert row["n"] == len(here)
    assert row["cell"]["km2"] == pytest.approx(found.value * (main.total_km2 or 0), rel=1e-6)
    assert math.sqrt(row["cell"]["variance"]) == pytest.approx(factor * found.se * (main.total_km2 or 0), rel=1e-6)


def calibration(world: Context, rows: list[dict], code: str, year: int, own: str) -> tuple[float, float, float]:
    """Prior of a country, concentration by the regions of the others, and by how much its interval is widened."""
    priors: dict[str, float] = {}
    of_points: set[str] = set()
    countries = {c: world.named(f"country:{c}") for c in {r["nuts0"] for r in rows}}
    wanted = (code, f"{code[0]}00", *meaning.UNNAMED_CROPS)
    figures = official.cells(world, tuple(countries.values()), wanted, [year], each=True)
    for country, at in countries.items():
        cell, whole = figures.get(at, year, code), figures.get(at, year, f"{code[0]}00")
        unnamed = sum(figures.get(at, year, u).percent or 0 for u in meaning.UNNAMED_CROPS) if code[0] == "B" else 0
        named = (whole.percent or 0) - unnamed
        seen = [r["lc1"] == code for r in rows if r["nuts0"] == country]
        known = cell.known and cell.percent is not None and named > 0
        priors[country] = min((cell.percent or 0) / named, 1) if known else (sum(seen) + 0.5) / (len(seen) + 1)
        of_points |= set() if known else {country}
    counts = world.store.run(
        "SELECT w.country, count(*) FILTER (WHERE v.lc1 = $code) AS k, count(*) AS n FROM region_visits AS v "
        "JOIN (SELECT DISTINCT region_id, country FROM published_cells WHERE level = 'nuts2' AND listed "
        "AND percent > 0 AND year = $year AND land_cover = $main) AS w USING (region_id) "
        "WHERE v.year = $year AND left(v.lc1, 1) = left($code, 1) GROUP BY v.region_id, w.country",
        {"code": code, "year": year, "main": f"{code[0]}00"},
    ).dicts()  # fmt: skip
    others = [(r["k"], r["n"], priors[r["country"]]) for r in counts if r["country"] != own and r["country"] in priors]
    n_k, n_m, pi = (np.array(each, dtype=float) for each in zip(*others, strict=True))
    return priors[own], composition.concentration(n_k, n_m, pi), 1.3 if own in of_points else 1.0


def test_a_class_is_told_as_the_verb_tells_it(world: Context):
    asked = answer(Query("estimates", (SHARE,), of("nuts:FRJ1", "B82", year=2015)), world)
    verb = estimate_area(world, land_cover=["B82"], regions=["nuts:FRJ1"], year=2015)
    assert asked.value == pytest.approx(verb.value, abs=0.06)
    assert asked.interval == pytest.approx(verb.interval, abs=0.11)
    assert asked.level == 0.95
    assert "permanent_crops_before_2022" in {key for key, _ in asked.caveats}
    assert "not official" in render([asked], "en", world)


def test_a_part_of_a_class_by_elevation_is_a_percentage_with_its_interval(world: Context):
    high = Column("high", "km2", (Filter("elevation", "above", (500,)),))
    columns = (high, KM2, Column("part", "", (), Expression("percent", "high", "km2")))
    found = answer(Query("estimates", columns, of("country:IT", "B82")), world)
    verb = estimate_area(world, land_cover=["B82"], regions=["country:IT"], year=2018, above=500)
    assert found.value == pytest.approx(verb.value, abs=0.1)
    assert found.interval
    assert found.interval[0] < float(found.value or 0) < found.interval[1]
    assert "untested_split" in {key for key, _ in found.caveats}


def test_parts_by_use_add_up_to_the_class(world: Context):
    farmed = Column("farmed", "km2", (Filter("land_use", "in", ("U110",)),))
    rest = Column("rest", "km2", (Filter("land_use", "not_in", ("U110",)),))
    both = Column("both", "", (), Expression("sum", "farmed", "rest"))
    [row] = rows_of(Query("estimates", (farmed, rest, KM2, both), of("country:FR", "E00")), world)
    assert row["farmed"] + row["rest"] == pytest.approx(row["km2"], abs=0.2)
    assert row["both_low"] < row["both"] < row["both_high"]


def rows_of(asked: Query, world: Context) -> list[dict]:
    table = answer(asked, world).table
    return list(table.dicts()) if table else []


def test_a_difference_of_two_regions_has_the_errors_of_both(world: Context):
    sides = [Column(n, "km2", (Filter("region", "in", (r,)),)) for n, r in (("a", "nuts:DE2"), ("b", "nuts:DED"))]
    columns = (*sides, Column("d", "", (), Expression("difference", "a", "b")))
    where = (Filter("year", "in", (2015,)), Filter("land_cover", "in", ("B11",)))
    [row] = rows_of(Query("estimates", columns, where), world)
    widths = [(row[f"{n}_high"] - row[f"{n}_low"]) / 2 for n in ("a", "b", "d")]
    assert widths[2] == pytest.approx(math.hypot(*widths[:2]), rel=0.05)


def test_regions_are_ranked_and_those_of_too_few_points_are_named(world: Context):
    places = Filter("region", "in", ("country:IT", "country:AT", "country:BE"))
    high = (places, Y2018, Filter("land_cover", "in", ("E00",)), Filter("elevation", "above", (1000,)))
    found = answer(Query("estimates", (KM2,), high, (Group("region", "country"),), order=(Order("km2"),)), world)
    assert found.table
    assert found.table.column("region_id")[:2] == ["country:IT", "country:AT"]
    assert "Belgium" in dict(found.caveats)["estimates_too_few"]["region"]
    assert all(caveats_of([found], (), language, world) for language in ("en", "fi", "bg"))


def test_a_class_by_countries_of_a_group_is_the_sum_of_its_countries(world: Context):
    whole = answer(Query("estimates", (KM2,), of("group:EU", "B82")), world)
    each = rows_of(Query("estimates", (KM2,), of("group:EU", "B82"), (Group("region", "country"),)), world)
    assert whole.value == pytest.approx(sum(row["km2"] or 0 for row in each), rel=1e-4)


def test_a_change_is_refused(world: Context):
    years = [Column(n, "km2", (Filter("year", "in", (y,)),)) for n, y in (("a", 2015), ("b", 2018))]
    columns = (*years, Column("d", "", (), Expression("difference", "b", "a")))
    place, _, cover = of("country:ES", "B82")
    with pytest.raises(NoRecords) as refused:
        answer(Query("estimates", columns, (place, cover)), world)
    assert all("1" not in refusal_of(refused.value, language, world) for language in ("en", "pl", "et"))


@pytest.mark.parametrize("code", ["A00", "F00", "G10", "H11"])
def test_what_points_cannot_be_calibrated_for_is_refused_by_name(world: Context, code: str):
    with pytest.raises(NoRecords, match="published share"):
        answer(Query("estimates", (KM2,), of("country:IT", code)), world)


def test_a_part_of_fewer_than_thirty_points_is_refused_with_the_country(world: Context):
    with pytest.raises(TooFine) as refused:
        answer(Query("estimates", (KM2,), (*of("nuts:FRJ1", "B82"), Filter("elevation", "above", (100,)))), world)
    assert refused.value.containing == ("France",)


def test_a_map_of_estimates_says_how_reliable_each_is(world: Context):
    where = (
        Filter("region", "in", ("country:ES",)),
        Filter("year", "in", (2015,)),
        Filter("land_cover", "in", ("B82",)),
    )
    found = answer(Query("estimates", (SHARE,), where, (Group("region", "nuts2"),), order=(Order("share"),)), world)
    assert found.features
    words = {f["properties"]["id"]: f["properties"].get("reliability") for f in found.features["features"]}
    assert words["nuts:ES42"] == "usable"
    assert words["nuts:ES41"] == "low"
    assert words["nuts:ES30"] == "order_of_magnitude"


def test_a_country_without_any_row_is_named_as_one_of_too_few_points(world: Context):
    where = (Filter("region", "in", ("group:benelux",)), Y2018, Filter("land_cover", "in", ("E00",)),
             Filter("land_use", "in", ("U110",)))  # fmt: skip
    found = answer(Query("estimates", (KM2,), where, (Group("region", "country"),), order=(Order("km2"),)), world)
    assert dict(found.caveats)["estimates_too_few"]["region"] == "Belgium, Luxembourg"
