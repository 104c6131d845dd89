"""What a table of the data can say, a plan can say: thirty shapes on the real records, gold by plain pandas.

The number in a test's name is that of the shape in `docs/query.md`; shapes without one stand in `NUMBERS` and `TABLES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from retrieval.errors import BadArgument, NoRecords
from retrieval.query import Column, Condition, Expression, Filter, Fold, Group, Order, Query, Ref
from retrieval.store import Store
from tests.conftest import shared_data_folder
from tools.context import Context
from tools.describe_data import describe_data
from tools.query import answer, filled

pytestmark = pytest.mark.real

F, G, C, E, By = Filter, Group, Column, Expression, Order
N, LOOKED, SHARE = C("n", "points"), C("looked", "surveyed"), C("n", "share")
Y15, Y18 = F("year", "in", (2015,)), F("year", "in", (2018,))
Frame = pd.DataFrame


@pytest.fixture(scope="session")
def context(real_store: Store) -> Context:
    return Context.open(real_store)


@pytest.fixture(scope="session")
def records() -> Frame:
    """The plain records, an implausible elevation set to missing."""
    frame = pd.read_parquet(shared_data_folder() / "lucas" / "lucas_points_2015_2018.parquet")
    frame["elev"] = frame["elev"].astype("Float64").where(frame["elev"].between(-60, 4810))
    return frame.rename(columns={"th_lat": "lat"})


def cover(*codes: str) -> Filter:
    return F("land_cover", "in", codes)


def inside(*ids: str) -> Filter:
    return F("region", "in", ids)


def country(*codes: str) -> Filter:
    return inside(*(f"country:{code}" for code in codes))


def survey(*where: Filter, **rest: Any) -> Query:
    return Query("survey", rest.pop("columns", (N,)), where, **rest)


def of(frame: Frame, year: int, prefix: str = "", code: str = "") -> Frame:
    """The visits of a year, of a class by the beginning of its code, of a country."""
    kept = frame[(frame["year"] == year) & frame["lc1"].fillna("").str.startswith(prefix)]
    return kept[kept["nuts0"] == code] if code else kept


BY_COUNTRY, BY_NUTS2 = (G("region", "country"),), (G("region", "nuts2"),)
NUMBERS: list[tuple[str, Query, Callable[[Frame], float]]] = [
    ("a class in a country", survey(cover("B82"), Y18, country("IT")), lambda d: len(of(d, 2018, "B82", "IT"))),
    ("cover and use together", survey(cover("E00"), F("land_use", "in", ("U110",)), Y18, country("ES")),
     lambda d: of(d, 2018, "E", "ES")["lu1"].fillna("").str.startswith("U11").sum()),
    ("parent without child", survey(cover("B10"), F("land_cover", "not_in", ("B16",)), Y18),
     lambda d: len(of(d, 2018, "B1")) - len(of(d, 2018, "B16"))),
    ("several countries as one pool", survey(cover("B16"), Y18, country("FR", "DE", "PL")),
     lambda d: of(d, 2018, "B16")["nuts0"].isin(["FR", "DE", "PL"]).sum()),
    ("a place out of its parent", survey(cover("B81"), Y18, country("IT"), F("region", "not_in", ("nuts:ITG1",))),
     lambda d: (of(d, 2018, "B81", "IT")["nuts2"] != "ITG1").sum()),
    ("all but woodland", survey(F("land_cover", "not_in", ("C00",)), Y18, country("AT")),
     lambda d: len(of(d, 2018, "", "AT")) - len(of(d, 2018, "C", "AT"))),
    ("elevation above", survey(cover("B82"), Y18, F("elevation", "above", (700,))),
     lambda d: (of(d, 2018, "B82")["elev"] > 700).sum()),
    ("elevation between", survey(cover("B82"), Y18, F("elevation", "between", (200, 400))),
     lambda d: of(d, 2018, "B82")["elev"].between(200, 400).sum()),
    ("mean elevation of a class", survey(cover("B82"), Y18, country("IT"), columns=(C("n", "mean_elevation"),)),
     lambda d: round(of(d, 2018, "B82", "IT")["elev"].mean(), 1)),
    ("share of points", survey(Y18, country("IT"), columns=(C("a", "points", (cover("B82"),)), C("b", "points"),
                               C("n", "", (), E("percent", "a", "b")))),
     lambda d: round(100 * len(of(d, 2018, "B82", "IT")) / len(of(d, 2018, "", "IT")), 1)),
    ("percent of its parent", survey(Y18, columns=(C("a", "points", (cover("B82"),)), C("b", "points", (cover("B80"),)),
                                     C("n", "", (), E("percent", "a", "b")))),
     lambda d: round(100 * len(of(d, 2018, "B82")) / len(of(d, 2018, "B8")), 1)),
    ("difference of two years", survey(cover("B82"), country("ES"), columns=(
        C("a", "points", (Y15,)), C("b", "points", (Y18,)), C("n", "", (), E("difference", "b", "a")))),
     lambda d: len(of(d, 2018, "B82", "ES")) - len(of(d, 2015, "B82", "ES"))),
    ("ratio of two countries", survey(cover("B16"), Y18, columns=(
        C("a", "points", (country("FR"),)), C("b", "points", (country("DE"),)), C("n", "", (), E("ratio", "a", "b")))),
     lambda d: round(len(of(d, 2018, "B16", "FR")) / len(of(d, 2018, "B16", "DE")), 2)),
    ("how many countries have at least 20", survey(cover("B82"), Y18, rows=BY_COUNTRY,
                                                   having=(Condition("n", ">=", 20),), fold=Fold("count")),
     lambda d: (of(d, 2018, "B82").groupby("nuts0").size() >= 20).sum()),
    ("the northernmost point of a class", survey(cover("B11"), Y18, columns=(), rows=(G("point"),), order=(By("lat"),),
                                                 limit=1),
     lambda d: of(d, 2018, "B11")["lat"].max()),
    ("the highest point of a class", survey(cover("B82"), Y18, columns=(), rows=(G("point"),),
                                            order=(By("elevation"),), limit=1),
     lambda d: of(d, 2018, "B82")["elev"].max()),
    ("the highest point of all, no elevation above the highest summit", survey(
        Y18, columns=(), rows=(G("point"),), order=(By("elevation"),), limit=1), lambda d: of(d, 2018)["elev"].max()),
    ("mean elevation of all, without implausible ones", survey(Y18, columns=(C("n", "mean_elevation"),)),
     lambda d: round(of(d, 2018)["elev"].mean(), 1)),
    ("north of a latitude", survey(cover("B16"), Y18, F("lat", "above", (50,))),
     lambda d: (of(d, 2018, "B16")["lat"] > 50).sum()),
]  # fmt: skip
TABLES: list[tuple[str, Query, str, Callable[[Frame], Any]]] = [
    ("by country", survey(cover("B82"), Y18, rows=BY_COUNTRY, having=(Condition("n", ">", 0),)), "nuts0",
     lambda d: of(d, 2018, "B82").groupby("nuts0").size()),
    ("by NUTS 2 of two countries", survey(cover("B16"), Y18, country("FR", "IT"), rows=BY_NUTS2,
                                          having=(Condition("n", ">", 0),)), "nuts2",
     lambda d: (s := of(d, 2018, "B16"))[s["nuts0"].isin(["FR", "IT"])].groupby("nuts2").size()),
    ("by land use", survey(cover("D00"), Y18, country("SE"), rows=(G("land_use", "3"),)), "lu1",
     lambda d: of(d, 2018, "D", "SE").groupby("lu1").size()),
    ("by main class", survey(Y18, country("HU"), rows=(G("land_cover", "1"),)), "main",
     lambda d: (s := of(d, 2018, "", "HU")).groupby(s["lc1"].str[:1] + "00").size()),
    ("between twenty and thirty", survey(cover("B16"), Y18, rows=BY_NUTS2, having=(
        Condition("n", ">=", 20), Condition("n", "<=", 30))), "nuts2",
     lambda d: (s := of(d, 2018, "B16").groupby("nuts2").size())[s.between(20, 30)]),
    ("the first two, who are three with the tie", survey(cover("B74"), Y18, rows=BY_COUNTRY, order=(By("n"),), limit=2),
     "nuts0", lambda d: of(d, 2018, "B74").groupby("nuts0").size().nlargest(2, keep="all")),
    ("years beside one another", survey(cover("B82"), country("ES"), rows=(G("year"),)), "year",
     lambda d: d[(d["nuts0"] == "ES") & (d["lc1"] == "B82")].groupby("year").size()),
]  # fmt: skip


# --- further shapes, a test each ------------------------------------------------------------------------------------


def rows(query: Query, context: Context) -> list[dict[str, Any]]:
    table = answer(query, context).table
    assert table
    return list(table.dicts())


def by_key(query: Query, context: Context, column: str = "n") -> dict[str, Any]:
    """First key → a column, places and classes without what stands before their code."""
    found = rows(query, context)
    key = next(name for name in found[0] if name != "rank") if found else ""
    return {str(row[key]).rpartition(":")[2]: row[column] for row in found}


@pytest.fixture(scope="session")
def figures() -> Frame:
    """The figures as published, without those that are not significant."""
    frame = pd.read_csv(shared_data_folder() / "official_shares" / "lan_lcv_ovw_shares.csv")
    return frame[~frame["flag"].fillna("").str.contains("n")]


def share(figures: Frame, code: str, year: int) -> Any:
    """Country or region → published share of a class in a year."""
    one = figures[(figures["class"] == code) & (figures["year"] == year)]
    return one.set_index("region")["value"]


def km_from(lon: float, lat: float, frame: Frame) -> Any:
    """Great-circle distance in km, sphere of 6371.0088 km."""
    a, b = np.radians(lat), np.radians(frame["lat"])
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(frame["th_long"] - lon) / 2) ** 2
    return 2 * 6371.0088 * np.arcsin(np.sqrt(h))


def test_1_by_month_of_visit(context: Context, records: Frame) -> None:
    gold = of(records, 2018, "B82").groupby(of(records, 2018, "B82")["survey_date"].dt.month).size()
    query = survey(cover("B82"), Y18, rows=(G("month"),), having=(Condition("n", ">", 0),))
    assert by_key(query, context) == {str(int(k)): v for k, v in gold.items()}


def test_1_by_month_of_a_year_without_dates_is_refused(context: Context) -> None:
    with pytest.raises(NoRecords, match="month in 2015"):
        answer(survey(cover("B82"), Y15, rows=(G("month"),)), context)


@pytest.mark.parametrize(("op", "inside"), [("near", True), ("not_near", False)])
def test_4_within_a_distance_of_a_town_and_beyond_it(op: Any, inside: bool, context: Context, records: Frame) -> None:
    query = survey(cover("B82"), Y18, country("FR"), F("position", op, (3.88, 43.61, 60, "Montpellier")))
    vines = of(records, 2018, "B82", "FR")
    assert answer(query, context).value == ((km_from(3.88, 43.61, vines) <= 60) == inside).sum()


@pytest.mark.parametrize(("op", "inside"), [("in", True), ("not_in", False)])
def test_4_in_a_drawn_area_and_outside_it(op: Any, inside: bool, context: Context, records: Frame) -> None:
    outline = shapely.Polygon([(2.0, 42.5), (4.5, 42.5), (4.5, 44.5), (3.0, 45.5), (2.0, 44.0)])
    drawn = context.with_area(
        replace(context.region("country:FR"), id="aoi:x", level="aoi", bbox=outline.bounds), outline
    )
    vines = of(records, 2018, "B82")
    gold = (shapely.contains_xy(outline, vines["th_long"], vines["lat"]) == inside).sum()
    assert answer(survey(cover("B82"), Y18, F("region", op, ("aoi:x",))), drawn).value == gold


def test_4_east_of_a_meridian(context: Context, records: Frame) -> None:
    query = survey(cover("B16"), Y18, F("lon", "between", (10, 20)))
    assert answer(query, context).value == of(records, 2018, "B16")["th_long"].between(10, 20).sum()


def test_5_countries_each_a_row(context: Context, records: Frame) -> None:
    members = G("region", members=(("country:FR",), ("country:IT",), ("country:ES", "country:PT")))
    gold = of(records, 2018, "B81").groupby("nuts0").size()
    found = {r["region_id"]: r["n"] for r in rows(survey(cover("B81"), Y18, rows=(members,)), context)}
    assert found == {"country:FR": gold["FR"], "country:IT": gold["IT"],
                     "country:ES+country:PT": gold["ES"] + gold["PT"]}  # fmt: skip


def test_7_regions_with_none(context: Context, records: Frame) -> None:
    query = survey(cover("B82"), Y18, country("ES"), rows=BY_NUTS2, having=(Condition("n", "=", 0),))
    spain = of(records, 2018, "", "ES")
    gold = set(spain["nuts2"].dropna()) - set(of(spain, 2018, "B82")["nuts2"])
    assert {k for k, n in by_key(query, context).items() if n == 0} == gold


def test_9_the_lowest_point_of_a_class(context: Context, records: Frame) -> None:
    query = survey(cover("B17"), Y18, columns=(), rows=(G("point"),), order=(By("elevation", "fewest"),), limit=1)
    assert answer(query, context).value == of(records, 2018, "B17")["elev"].min()


def test_10_mean_least_and_greatest_elevation_by_country(context: Context, records: Frame) -> None:
    measures = ("mean_elevation", "least_elevation", "greatest_elevation")
    query = survey(cover("B82"), Y18, columns=(N, *(C(m, m) for m in measures)), rows=BY_COUNTRY,
                   having=(Condition("n", ">", 0),))  # fmt: skip
    gold = of(records, 2018, "B82").groupby("nuts0")["elev"].agg(["mean", "min", "max"])
    for row in rows(query, context):
        mean, least, most = gold.loc[row["region_id"].rpartition(":")[2]]
        assert row["mean_elevation"] == pytest.approx(mean, abs=0.051)
        assert (row["least_elevation"], row["greatest_elevation"]) == (least, most)


def test_11_published_share_of_a_class_in_a_region(context: Context, figures: Frame) -> None:
    query = Query("published", (SHARE,), (cover("C00"), Y18, inside("nuts:SE33")))
    assert answer(query, context).value == share(figures, "C00", 2018)["SE33"]


def test_12_a_class_as_percent_of_its_parents_area(context: Context, figures: Frame) -> None:
    a, b = C("a", "share", (cover("B82"),)), C("b", "share", (cover("B00"),))
    query = Query("published", (a, b, C("n", "", (), E("percent", "a", "b"))), (Y18, country("IT")))
    gold = 100 * share(figures, "B82", 2018)["IT"] / share(figures, "B00", 2018)["IT"]
    assert answer(query, context).value == round(gold, 1)


def test_13_sum_of_classes_and_complement(context: Context, figures: Frame) -> None:
    where = (Y18, country("FR"))
    both = answer(Query("published", (SHARE,), (cover("C00", "E00"), *where)), context).value
    rest = answer(Query("published", (SHARE,), (F("land_cover", "not_in", ("C00",)), *where)), context).value
    one = {code: share(figures, code, 2018)["FR"] for code in ("A00", "B00", "C00", "D00", "E00", "F00", "G00", "H00")}
    assert both == pytest.approx(one["C00"] + one["E00"], abs=0.051)
    assert rest == pytest.approx(sum(one.values()) - one["C00"], abs=0.051)


def test_14_mean_over_regions_beside_the_share_of_the_whole(context: Context, figures: Frame) -> None:
    mean = Query("published", (SHARE,), (cover("C00"), Y18, country("IT")), BY_NUTS2, fold=Fold("mean", "n"))
    whole = Query("published", (SHARE,), (cover("C00"), Y18, country("IT")))
    of_regions = share(figures, "C00", 2018)
    gold = of_regions[of_regions.index.str.match("^IT[A-Z].$")]
    assert answer(mean, context).value == round(gold.mean(), 2)
    assert answer(whole, context).value == of_regions["IT"]
    assert answer(mean, context).value != answer(whole, context).value


CHANGE = (
    C("a", "share", (F("year", "in", (2009,)),)),
    C("b", "share", (Y18,)),
    C("n", "", (), E("difference", "b", "a")),
)


def test_15_change_of_many_regions_ranked_gains_only(context: Context, figures: Frame) -> None:
    gained = Query("published", CHANGE, (cover("C00"),), BY_COUNTRY, (Condition("n", ">", 0),), (By("n"),), 3)
    change = (share(figures, "C00", 2018) - share(figures, "C00", 2009)).dropna().round(1)
    change = change[change.index.str.match("^(?!EU)[A-Z][A-Z]$")]
    assert by_key(gained, context) == change[change > 0].nlargest(3, keep="all").to_dict()


def test_16_the_year_of_the_greatest(context: Context, figures: Frame) -> None:
    query = Query("published", (SHARE,), (cover("C00"), country("SE")), (G("year"),), order=(By("n"),), limit=1)
    one = figures[(figures["class"] == "C00") & (figures["region"] == "SE")].set_index("year")["value"]
    assert by_key(query, context) == {str(y): v for y, v in one.nlargest(1, keep="all").items()}


def test_17_difference_and_how_many_times_of_two_years(context: Context, records: Frame) -> None:
    a, b = (C(name, "points", (year,)) for name, year in (("a", Y18), ("b", Y15)))
    query = survey(cover("B31"), columns=(a, b, C("less", "", (), E("difference", "a", "b")),
                                          C("times", "", (), E("ratio", "a", "b"))))  # fmt: skip
    [row] = rows(query, context)
    now, before = len(of(records, 2018, "B31")), len(of(records, 2015, "B31"))
    assert (row["less"], row["times"]) == (now - before, round(now / before, 2))


def test_18_of_a_countrys_vineyards_what_a_region_holds(context: Context, records: Frame) -> None:
    a, b = C("a", "points", (inside("nuts:ITG1"),)), C("b", "points", (country("IT"),))
    query = survey(cover("B82"), Y18, columns=(a, b, C("n", "", (), E("percent", "a", "b"))))
    vines = of(records, 2018, "B82", "IT")
    assert answer(query, context).value == round(100 * (vines["nuts2"] == "ITG1").sum() / len(vines), 1)


def test_18_each_countrys_part_of_all(context: Context, records: Frame) -> None:
    query = survey(cover("B82"), Y18, columns=(N, C("part", "", (), E("part", "n"))), rows=BY_COUNTRY,
                   having=(Condition("n", ">", 0),))  # fmt: skip
    gold = of(records, 2018, "B82").groupby("nuts0").size()
    assert by_key(query, context, "part") == (100 * gold / gold.sum()).round(1).to_dict()


def test_19_the_nth_the_place_of_a_named_one_and_both_ends(context: Context, records: Frame) -> None:
    ranked = survey(cover("B16"), Y18, rows=BY_COUNTRY, order=(By("n"),), having=(Condition("n", ">", 0),))
    gold = of(records, 2018, "B16").groupby("nuts0").size()
    places = gold.rank(ascending=False, method="min").astype(int)
    assert by_key(ranked, context, "rank") == places.to_dict()
    led = answer(replace(ranked, lead="country:HU"), context)
    assert (led.value, led.facts["lead"]["rank"]) == (gold["HU"], places["HU"])
    fewest = replace(ranked, order=(By("n", "fewest"),), limit=1)
    assert by_key(fewest, context) == gold[gold == gold.min()].to_dict()


def test_20_which_of_two_with_the_margin(context: Context, records: Frame) -> None:
    two = G("region", members=(("country:ES",), ("country:FR",)))
    result = answer(survey(cover("B82"), Y18, rows=(two,), order=(By("n"),)), context)
    gold = of(records, 2018, "B82").groupby("nuts0").size()
    assert result.value == max(gold["ES"], gold["FR"])
    assert result.facts["margin"] == abs(gold["ES"] - gold["FR"])


PAIR = (F("year_from", "in", (2015,)), F("year_to", "in", (2018,)))


def revisited(records: Frame, code: str = "") -> Frame:
    both = of(records, 2015, "", code).merge(of(records, 2018), on="point_id")
    return both.assign(was=both["lc1_x"].str[:1] + "00", now=both["lc1_y"].str[:1] + "00")


def test_21_the_largest_transition_of_all(context: Context, records: Frame) -> None:
    moved = (*PAIR, F("changed_main", "in", ("changed",)))
    query = Query("revisits", (N,), moved, (G("land_cover_from", "1"), G("land_cover_to", "1")), (), (By("n"),), 1)
    both = revisited(records)
    gold = both[both["was"] != both["now"]].groupby(["was", "now"]).size()
    [row] = rows(query, context)
    assert ((row["land_cover_from"], row["land_cover_to"]), row["n"]) == (gold.idxmax(), gold.max())


def test_21_where_did_it_come_from(context: Context, records: Frame) -> None:
    query = Query("revisits", (N,), (*PAIR, F("land_cover_to", "in", ("B16",))), (G("land_cover_from", "1"),))
    both = revisited(records)
    assert by_key(query, context) == both[both["lc1_y"] == "B16"].groupby("was").size().to_dict()


def test_21_stayed_lost_gained_by_country(context: Context, records: Frame) -> None:
    was, now = F("land_cover_from", "in", ("B82",)), F("land_cover_to", "in", ("B82",))
    columns = (C("stayed", "points", (was, now)), C("lost", "points", (was, replace(now, op="not_in"))),
               C("gained", "points", (now, replace(was, op="not_in"))))  # fmt: skip
    both = revisited(records)
    a, b = both["lc1_x"] == "B82", both["lc1_y"] == "B82"
    gold = pd.DataFrame({"stayed": a & b, "lost": a & ~b, "gained": b & ~a}).groupby(both["nuts0_x"]).sum()
    found = {r["region_id"].rpartition(":")[2]: r for r in rows(Query("revisits", columns, PAIR, BY_COUNTRY), context)}
    assert {k: tuple(r[c] for c in gold.columns) for k, r in found.items()} == {
        k: tuple(v) for k, v in gold.iterrows() if k in found
    }
    assert gold.loc[~gold.index.isin([*found])].to_numpy().sum() == 0


def test_22_points_that_changed_as_a_map(context: Context, records: Frame) -> None:
    query = Query("revisits", (), (*PAIR, country("PT"), F("changed_main", "in", ("changed",))), (G("point"),))
    both = revisited(records, "PT")
    gold = set(both[both["was"] != both["now"]]["point_id"])
    features = answer(query, context).features
    assert features
    assert {int(f["properties"]["point_id"]) for f in features["features"]} == gold
    assert all(f["geometry"]["type"] == "Point" for f in features["features"])


@pytest.mark.parametrize("op", ["in", "not_in"])
def test_23_the_regions_that_one_query_found(op: Any, context: Context, records: Frame) -> None:
    first = survey(cover("B81"), Y18, country("ES"), rows=BY_NUTS2, having=(Condition("n", ">=", 10),))
    then = survey(cover("B82"), Y18, country("ES"), F("region", op, Ref(1)))
    spain = of(records, 2018, "", "ES")
    olives = of(spain, 2018, "B81").groupby("nuts2").size()
    there = of(spain, 2018, "B82")["nuts2"].isin(olives[olives >= 10].index)
    found = answer(filled(then, [answer(first, context)]), context)
    assert found.value == (there if op == "in" else ~there).sum()


def apart_columns(*more: Column) -> tuple[Column, ...]:
    return C("a", "points", (country("ES"),)), C("b", "points", (country("PT"),)), *more


def test_24_classes_where_two_countries_differ_most(context: Context, records: Frame) -> None:
    columns = (*apart_columns(), C("all_a", "surveyed", (country("ES"),)), C("all_b", "surveyed", (country("PT"),)),
               C("x", "", (), E("percent", "a", "all_a")), C("y", "", (), E("percent", "b", "all_b")),
               C("n", "", (), E("gap", "x", "y")))  # fmt: skip
    query = survey(Y18, columns=columns, rows=(G("land_cover", "1"),), order=(By("n"),), limit=3)
    shares = {}
    for code in ("ES", "PT"):
        there = of(records, 2018, "", code)
        counts = there.groupby(there["lc1"].str[:1] + "00").size()
        shares[code] = (100 * counts / len(there)).round(1)
    gold = (shares["ES"] - shares["PT"]).abs().round(1).nlargest(3, keep="all")
    assert by_key(query, context) == gold.to_dict()


@pytest.mark.parametrize(("sign", "both"), [(">", True), ("=", False)])
def test_25_common_to_two_countries_and_in_one_only(sign: Any, both: bool, context: Context, records: Frame) -> None:
    having = (Condition("a", ">", 0), Condition("b", sign, 0))
    query = survey(Y18, columns=apart_columns(), rows=(G("land_cover", "3"),), having=having)
    spain, portugal = (set(of(records, 2018, "", code)["lc1"].dropna()) for code in ("ES", "PT"))
    assert set(by_key(query, context, "a")) == (spain & portugal if both else spain - portugal)


def test_26_a_point_and_what_lies_within_some_km_of_it(context: Context, records: Frame) -> None:
    [spot] = of(records, 2018, "B82", "FR").head(1).to_dict("records")
    near = F("position", "near", (spot["th_long"], spot["lat"], 20))
    found = rows(survey(Y18, near, columns=(), rows=(G("point"),), order=(By("km", "fewest"),)), context)
    around = of(records, 2018)
    gold = around[km_from(spot["th_long"], spot["lat"], around) <= 20]
    assert int(found[0]["point_id"]) == spot["point_id"]
    assert {int(r["point_id"]) for r in found} == set(gold["point_id"])


def test_27_the_witnesses_of_the_same_rows_stand_apart(context: Context, records: Frame, figures: Frame) -> None:
    members = G("region", members=(("country:ES",), ("country:IT",)))
    where = (cover("B82"), Y18)
    said, seen = Query("published", (SHARE,), where, (members,)), survey(*where, rows=(members,))
    published, counted = share(figures, "B82", 2018), of(records, 2018, "B82").groupby("nuts0").size()
    assert by_key(said, context) == {code: published[code] for code in ("ES", "IT")}
    assert by_key(seen, context) == {code: counted[code] for code in ("ES", "IT")}
    assert answer(said, context).provenance.dataset != answer(seen, context).provenance.dataset
    with pytest.raises(BadArgument, match="survey has no measure 'share'"):
        answer(survey(*where, columns=(N, C("s", "share")), rows=(members,)), context)


def test_28_all_years_of_several_classes_of_several_countries(context: Context, figures: Frame) -> None:
    by = (
        G("region", members=(("country:ES",), ("country:IT",))),
        G("land_cover", members=(("B82",), ("C00",))),
        G("year"),
    )
    found = {
        (r["region_id"].rpartition(":")[2], r["land_cover"], r["year"]): r["n"]
        for r in rows(Query("published", (SHARE,), (), by), context)
        if r["n"] is not None
    }
    wanted = figures[figures["region"].isin(["ES", "IT"]) & figures["class"].isin(["B82", "C00"])]
    gold = {(r.region, r["class"], r.year): r.value for _, r in wanted.iterrows()}
    assert found == gold


def test_29_what_a_source_has(context: Context, records: Frame) -> None:
    table = describe_data(context).table
    assert table
    [held] = [row for row in table.dicts() if row["kind"] == "survey"]
    assert (held["years"], held["licence"]) == ("2015, 2018", "CC BY 4.0")
    assert held["rows"] == len(records.drop_duplicates(["point_id", "year"]))
    by_level = survey(Y18, rows=(G("land_cover", "1"),))
    assert set(by_key(by_level, context)) == set(records[records["year"] == 2018]["lc1"].dropna().str[:1] + "00")


def test_30_a_zero_is_told_from_not_surveyed_and_not_significant(context: Context, records: Frame) -> None:
    none = rows(survey(cover("B17"), Y18, country("SE"), columns=(N, LOOKED)), context)
    assert none == [{"n": 0, "looked": len(of(records, 2018, "", "SE"))}]
    seen = by_key(survey(Y18, rows=BY_NUTS2), context)
    [nowhere, *_] = [id for id in context.gazetteer.ids_at_level("nuts2") if id.partition(":")[2] not in seen]
    assert rows(survey(cover("B17"), Y18, inside(nowhere), columns=(N, LOOKED)), context) == [{"n": 0, "looked": 0}]
    said = {
        r["region_id"].rpartition(":")[2]: r
        for r in rows(Query("published", (SHARE,), (cover("B82"), Y18), BY_NUTS2), context)
    }
    every = pd.read_csv(shared_data_folder() / "official_shares" / "lan_lcv_ovw_shares.csv")
    one = every[(every["class"] == "B82") & (every["year"] == 2018)].set_index("region")["flag"].fillna("")
    weak = [code for code in one.index if "n" in one[code] and code in said]
    assert weak
    assert all((said[code]["n"], said[code]["n_status"]) == (None, "not_significant") for code in weak)
    assert all(row["n_status"] != "not_significant" for code, row in said.items() if code not in weak)


@pytest.mark.parametrize(("name", "query", "gold"), NUMBERS, ids=[n for n, _, _ in NUMBERS])
def test_one_number(name: str, query: Query, gold: Callable[[Frame], float], context: Context, records: Frame) -> None:
    assert answer(query, context).value == pytest.approx(gold(records), abs=1e-9)


@pytest.mark.parametrize(("name", "query", "key", "gold"), TABLES, ids=[n for n, *_ in TABLES])
def test_one_table(
    name: str, query: Query, key: str, gold: Callable[[Frame], Any], context: Context, records: Frame
) -> None:
    table = answer(query, context).table
    assert table is not None
    first = next(c for c in table.columns if c not in ("rank",))
    found = {str(k).rpartition(":")[2]: n for k, n in zip(table.column(first), table.column("n"), strict=True)}
    wanted = {str(k): int(n) for k, n in gold(records).items()}
    assert found == wanted


def test_from_what_to_what(context: Context, records: Frame) -> None:
    pair = (F("year_from", "in", (2015,)), F("year_to", "in", (2018,)), country("DE"))
    rows = (G("land_cover_from", "1"), G("land_cover_to", "1"))
    table = answer(Query("revisits", (N,), pair, rows), context).table
    both = of(records, 2015, "", "DE").merge(of(records, 2018, "", "DE"), on="point_id")
    gold = both.groupby([both["lc1_x"].str[:1] + "00", both["lc1_y"].str[:1] + "00"]).size()
    assert table
    found = {(r["land_cover_from"], r["land_cover_to"]): r["n"] for r in table.dicts()}
    assert found == {k: int(v) for k, v in gold.items()}


def test_published_figures_over_a_threshold(context: Context) -> None:
    figures = pd.read_csv(shared_data_folder() / "official_shares" / "lan_lcv_ovw_shares.csv")
    one = figures[(figures["unit"] == "PC") & (figures["class"] == "C00") & (figures["year"] == 2018)]
    gold = one[(one["region"].str.len() == 2) & (one["region"] != "EU") & (one["value"] > 50)]
    table = answer(
        Query("published", (SHARE,), (cover("C00"), Y18), BY_COUNTRY, (Condition("n", ">", 50),)), context
    ).table
    assert table
    found = {
        region.rpartition(":")[2]: n for region, n in zip(table.column("region_id"), table.column("n"), strict=True)
    }
    assert found == dict(zip(gold["region"], gold["value"], strict=True))
