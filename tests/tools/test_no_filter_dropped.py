"""No filter is ever dropped: for every source, dimension and comparison there is a small world in which it must tell.

The filters are made of the sources' records and of what stands in the world, so that a new dimension is tested by being
there. Each is laid over every shape of its source and has to change the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from retrieval.deal_files import read_deals
from retrieval.errors import BadArgument, TooFine
from retrieval.fetch.landmatrix_world import drawn, export_zip
from retrieval.ingest import Contents, write_store
from retrieval.mapped_cells import add_cells
from retrieval.query import Column, Filter, Group, Op, Query
from retrieval.readers import Survey
from retrieval.sources import SOURCES, Dimension, Source
from retrieval.sources.kinds import ops_of
from retrieval.statistics_files import read_statistics_file
from retrieval.store import Store
from retrieval.types import Dataset
from retrieval.weight_files import SurveyWeights
from tests import tiny
from tests.deal_places import world
from tools.context import Context
from tools.query import answer

N = Column("n", "points")
Y2018 = Filter("year", "in", (2018,))
PAIR = (Filter("year_from", "in", (2018,)), Filter("year_to", "in", (2022,)))
CROPS = (Filter("land_cover", "in", ("B00",)), Y2018)
SHARE, DEALS, CELLS, KM2 = (Column("n", name) for name in ("share", "deals", "cells", "km2"))
IN_FRANCE = (Y2018, Filter("region", "in", ("country:FR",)))
MAP = Dataset("map-tiny", "A map", "1", "made", "made", "0" * 64, 30, (2018,), None, True, "predictions")
PLACE = (Group("region", "nuts2"),)
SHAPES: dict[str, dict[str, Query]] = {
    "survey": {
        "one number": Query("survey", (N,), (Y2018,)),
        "by region": Query("survey", (N,), (Y2018,), PLACE),
        "by class": Query("survey", (N,), (Y2018,), (Group("land_cover", "3"),)),
        "by members": Query("survey", (N,), (Y2018,), (Group("land_use", members=(("U111",), ("U120",), ("U370",))),)),
        "single points": Query("survey", (), (Y2018,), (Group("point"),)),
        "two columns": Query("survey", (N, Column("v", "points", (Filter("land_cover", "in", ("B82",)),))), (Y2018,)),
    },
    "revisits": {
        "one number": Query("revisits", (N,), PAIR),
        "by region": Query("revisits", (N,), PAIR, PLACE),
        "from what to what": Query(
            "revisits", (N,), PAIR, (Group("land_cover_from", "3"), Group("land_cover_to", "3"))
        ),
        "single points": Query("revisits", (), PAIR, (Group("point"),)),
    },
    "published": {
        "one number": Query("published", (SHARE,), (*CROPS, Filter("region", "in", ("country:FR",)))),
        "by region": Query("published", (SHARE,), CROPS, PLACE),
        "by class": Query(
            "published", (SHARE,), (Y2018, Filter("region", "in", ("country:FR",))), (Group("land_cover", "1"),)
        ),
    },
    "estimates": {
        "one number": Query("estimates", (KM2,), IN_FRANCE),
        "by region": Query("estimates", (KM2,), (Y2018,), PLACE),
        "by class": Query("estimates", (KM2,), IN_FRANCE, (Group("land_cover", "3"),)),
        "two columns": Query(
            "estimates", (KM2, Column("v", "km2", (Filter("land_cover", "in", ("B82",)),))), IN_FRANCE
        ),
    },
    "deals": {
        "one number": Query("deals", (DEALS,)),
        "hectares": Query("deals", (Column("n", "hectares"),)),
        "by country": Query("deals", (DEALS,), (), (Group("country"),)),
        "by purpose": Query("deals", (DEALS,), (), (Group("intention"),)),
        "single deals": Query("deals", (), (), (Group("point"),)),
    },
    "predictions": {
        "one number": Query("predictions", (CELLS,), (Y2018,)),
        "by region": Query("predictions", (CELLS,), (Y2018,), PLACE),
        "by class": Query("predictions", (CELLS,), (Y2018,), (Group("land_cover", "3"),)),
        "single cells": Query("predictions", (), (Y2018,), (Group("point"),)),
    },
}
CASES = [
    (name, of.name, op) for name, source in SOURCES.items() for of in source.dimensions.values() for op in ops_of(of)
]
CORNER = tiny.TO_LONLAT.transform(3_800_000, 2_300_000)
NOT_INVENTED = ("former_use", "former_owner")
"""Dimensions of deals that no invented deal has: nothing can be left out by them."""


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The tiny world with points between its points, elevations and weights in 2018, published figures, 250 invented
    deals, and a map of a cell a point."""
    folder: Path = tmp_path_factory.mktemp("filters")
    visits = denser(tiny.survey())
    metres = [id % 10_000 - 2300 if year == 2018 else None for id, year in
              zip(visits.records["point_id"], visits.records["year"], strict=True)]  # fmt: skip
    visits = replace(visits, records=visits.records.assign(elevation=pd.array(metres, dtype="Int32")))
    (folder / "export.zip").write_bytes(export_zip(drawn(250)))
    regions = (tiny.regions(), world())
    read = read_deals(folder / "export.zip")
    contents = Contents(read_statistics_file(), regions, None, (visits,), deals=read, weights=(weighed(visits),))
    write_store(folder / "s.duckdb", contents)
    add_cells(folder / "s.duckdb", iter([mapped(visits.records)]), 2018, MAP)
    with Store.open(folder / "s.duckdb") as store:
        opened = Context.open(store)
        lon, lat = located(opened)
        area = replace(opened.region("country:FR"), id="aoi:x", level="aoi")
        yield opened.with_area(area, shapely.Point(lon, lat).buffer(5.0))


def denser(visits: Survey) -> Survey:
    """The same with a point 1 km east, north and both of every other: enough of them to be told with weights."""
    every = [visits.records]
    for east, north in ((1, 0), (0, 1), (1, 1)):
        near = visits.records[(visits.records["x"] % 6_000 != 4_000) & (visits.records["y"] < 2_308_000)].copy()
        near["point_id"] += east * 10_000 + north
        near["x"], near["y"] = near["x"] + 1_000 * east, near["y"] + 1_000 * north
        near["lon"], near["lat"] = tiny.TO_LONLAT.transform(near["x"], near["y"])
        every.append(near)
    return replace(visits, records=pd.concat(every, ignore_index=True))


def weighed(visits: Survey) -> SurveyWeights:
    """Weights of 2018 in two strata, arable land and the rest."""
    own = visits.records[visits.records["year"] == 2018]
    arable = own["lc1"].str.startswith("B").to_numpy()
    columns = {"point_id": own["point_id"], "year": own["year"], "stratum": np.where(arable, "1", "2")}
    table = pa.Table.from_pydict({**columns, "weight": np.where(arable, 2.0, 3.0)})
    return SurveyWeights(table, replace(visits.dataset, id="tiny_weights", kind="survey_weights", years=(2018,)))


def mapped(records: pd.DataFrame) -> dict[str, Any]:
    """A cell at every point of 2018, as a map would have it."""
    own = records[records["year"] == 2018]
    rising = np.arange(len(own), dtype=np.uint8)
    named = {name: own[name].to_numpy() for name in ("lon", "lat")}
    cover, cell = own["lc1"].to_numpy(dtype=object), own["point_id"].to_numpy(np.int64)
    rest = {"land_cover": cover, "probability": 40 + rising, "margin": rising, "far": rising % 2 == 0}
    return {"cell": cell, **named, **rest}


def located(context: Context) -> tuple[float, float]:
    """Longitude and latitude of one deal that is near somewhere."""
    [row, *_] = context.store.run(
        "SELECT lon, lat FROM deal_locations WHERE accuracy <> 'COUNTRY' ORDER BY deal_id, lon LIMIT 1", {}
    ).rows
    return row


def values(source: Source, of: Dimension, op: Op, context: Context) -> tuple[Any, ...]:
    """What to ask a dimension for so that something of what the shapes count is left out."""
    match of.kind:
        case "place":
            return ("nuts:FRJ1",)
        case "outline":
            return ("aoi:x",)
        case "position":
            return (*located(context), 300) if source.name == "deals" else (*CORNER, 3)
        case "class" if of.stored:
            return ("B10",)
        case "year" if source.name != "deals":
            shown = 2022 if of.name == "year_to" else 2018
            return (shown + 1, None) if op == "between" else (2009,) if op == "in" else (shown,)
    each = f"SELECT {f'unnest({of.sql})' if of.many else of.sql} AS v FROM {source.relation}"
    rows = context.store.run(
        f"SELECT v, count(*) FROM ({each}) WHERE v IS NOT NULL GROUP BY v ORDER BY 2 DESC, v", {}
    ).rows
    there = [v for v, _ in rows]
    if op in ("in", "not_in"):
        if len(there) < 2 and op == "in":
            return (next(code for code in (*of.codes, 2) if code not in there),)
        return tuple(there[: max(1, len(there) // 2)]) if of.kind in ("number", "point") else tuple(there[:1])
    ordered = sorted(there)
    middle = ordered[len(ordered) // 2]
    end = {"above": (middle,), "below": (middle,), "between": (middle, None)}[op]
    return end if len(there) > 1 else {"between": (middle + 1, None)}.get(op, end)


@pytest.mark.parametrize(("name", "dimension", "op"), CASES)
def test_every_filter_of_every_source_tells_in_every_shape(name: str, dimension: str, op: Op, context: Context) -> None:
    source = SOURCES[name]
    of = source.dimensions[dimension]
    asked = values(source, of, op, context)
    if not asked:
        assert dimension in NOT_INVENTED
        return
    narrowing = Filter(dimension, op, asked)
    for shape, plain in SHAPES[name].items():
        before, after = (rows_or_refusal(q, context) for q in (plain, replace(plain, where=(*plain.where, narrowing))))
        assert before != after, f"{narrowing} changes nothing of {shape}"
        assert not isinstance(after, str) or str(asked[0]) in after, (
            f"{narrowing} of {shape} is refused for another reason"
        )


def rows_or_refusal(query: Query, context: Context) -> object:
    try:
        table = answer(query, context).table
    except (BadArgument, TooFine) as refused:  # an estimate of a year without points is refused, naming the year
        return str(refused)
    return table.rows if table else ()


def test_a_number_among_several_of_a_deal_is_compared_as_a_number(context: Context) -> None:
    """Of a deal with several investors one is enough."""
    listed = context.store.run("SELECT investor_ids FROM deals", {}).rows
    ids = [{*(found or ())} for (found,) in listed]
    edge = sorted(id for each in ids for id in each)[len(ids) // 2]
    for op, asked, holds in (
        ("above", (edge,), lambda id: id > edge),
        ("below", (edge,), lambda id: id < edge),
        ("between", (edge, edge + 9), lambda id: edge <= id <= edge + 9),
        ("between", (None, edge), lambda id: id <= edge),
    ):
        query = Query("deals", (DEALS,), (Filter("investor_id", op, asked),))
        assert answer(query, context).value == sum(any(holds(id) for id in each) for each in ids)


def test_every_source_has_shapes() -> None:
    assert SHAPES.keys() == SOURCES.keys()
    assert len(CASES) > 100
