"""What a table of the data can say, a plan can say: shape after shape on the real records, gold by plain pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from retrieval.query import Column, Condition, Expression, Filter, Fold, Group, Order, Query
from retrieval.store import Store
from tests.conftest import shared_data_folder
from tools.context import Context
from tools.query import answer

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
    ("the first three, ties kept", survey(cover("B81"), Y18, rows=BY_COUNTRY, order=(By("n"),), limit=3), "nuts0",
     lambda d: of(d, 2018, "B81").groupby("nuts0").size().nlargest(3, keep="all")),
    ("years beside one another", survey(cover("B82"), country("ES"), rows=(G("year"),)), "year",
     lambda d: d[(d["nuts0"] == "ES") & (d["lc1"] == "B82")].groupby("year").size()),
]  # fmt: skip


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
