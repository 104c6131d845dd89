"""The registry as a source of the typed query: against the interface of the site, over the same invented deals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.deals.notation import from_rest, to_graphql, to_rest
from retrieval.deal_files import read_deals
from retrieval.deal_terms import PARENTS, expanded, terms
from retrieval.errors import BadArgument
from retrieval.fetch.landmatrix_world import DRAWN, answered, current, drawn, export_zip, graphql
from retrieval.ingest import Contents, write_store
from retrieval.query import Column, Filter, Group, Order, Query
from retrieval.store import Store
from tests import tiny
from tests.deal_places import world
from tools.context import Context
from tools.deals import deals
from tools.query import answer

WORLD = drawn(250)
COUNTRIES = [f"{'country' if c in ('RO', 'BG', 'LT') else 'foreign'}:{c}" for c in DRAWN]
MINERAL = next(code for deal in WORLD for code in current(deal.minerals))
PARENT = next(one.name for deal in WORLD for one in deal.parents)
SIZE = next(deal.size for deal in WORLD if deal.size)
REGIONS = ["m49:002", "m49:142", "m49:150", "m49:419", "m49:035"]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    folder = tmp_path_factory.mktemp("registry")
    (folder / "export.zip").write_bytes(export_zip(WORLD))
    read = read_deals(folder / "export.zip")
    write_store(folder / "s.duckdb", Contents(None, (tiny.regions(), world()), None, (tiny.survey(),), deals=read))
    with Store.open(folder / "s.duckdb") as store:
        yield Context.open(store)


def found(filters, context: Context) -> set[int]:
    where = [{"dimension": f.dimension, "op": f.op, "values": list(f.values)} for f in filters]
    return set(deals(context, where=where, rows=[{"dimension": "point"}]).table.column("deal_id"))


def listed(query: Query, context: Context) -> Query:
    return Query("deals", where=query.where, rows=(Group("point"),), order=(Order("deal_id", "fewest"),), limit=10_000)


def codes(field: str) -> st.SearchStrategy[Filter]:
    groups = [p for p in PARENTS if expanded(field, [p])]
    return st.lists(st.sampled_from([*terms()[field], *groups]), min_size=1, max_size=3, unique=True).map(
        lambda some: Filter(field, "in", tuple(some))
    )


ONE = {
    "place": st.one_of(
        st.lists(st.sampled_from(COUNTRIES), min_size=1, max_size=3, unique=True),
        st.sampled_from(REGIONS).map(lambda one: [one]),
    ).map(lambda some: Filter("place", "in", tuple(some))),
    "size": st.tuples(st.integers(0, 9000), st.integers(9000, 90_000)).map(lambda p: Filter("size", "between", p)),
    "year": st.one_of(
        st.integers(2000, 2024).map(lambda y: Filter("year", "between", (y, None))),
        st.integers(2000, 2024).map(lambda y: Filter("year", "above", (y,))),
    ),
    **{field: codes(field) for field in ("negotiation", "intention", "crop", "animal", "mineral")},
    "implementation": codes("implementation"),
    "transnational": st.sampled_from([("yes",), ("no",)]).map(lambda v: Filter("transnational", "in", v)),
}
FILTERS = st.lists(st.sampled_from(sorted(ONE)), min_size=0, max_size=3, unique=True).flatmap(
    lambda names: st.tuples(*(ONE[name] for name in names))
)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(FILTERS)
def test_the_store_rest_and_graphql_hold_the_same_deals(context: Context, filters) -> None:
    query = Query("deals", where=tuple(filters))
    own = found(filters, context)
    rest = to_rest(query)
    asked = [answered(WORLD, address.split("?")[1]) for address in rest.texts]
    assert rest.left_out == ()
    assert {deal["id"] for some in asked for deal in some} == own
    said = graphql(WORLD, to_graphql(query).texts[0])
    assert "errors" not in said
    assert {deal["id"] for deal in said["data"]["deals"]} == own


@FEW
@given(FILTERS)
def test_an_address_read_back_is_the_same_deals(context: Context, filters) -> None:
    addresses = to_rest(Query("deals", where=tuple(filters))).texts
    again = [found(from_rest(address).where, context) for address in addresses]
    assert set().union(*again) == found(filters, context)


@FEW
@given(FILTERS, st.sampled_from(sorted(ONE)).flatmap(lambda name: ONE[name]))
def test_a_filter_more_never_adds_a_deal(context: Context, filters, more) -> None:
    assert found((*filters, more), context) <= found(filters, context)


@pytest.mark.parametrize(
    ("dimension", "values"),
    [
        ("place", ["m49:002"]), ("country", ["foreign:UA"]), ("region", ["m49:142"]), ("year", [2010]),
        ("size", [SIZE]), ("negotiation", ["FAILED"]), ("implementation", ["UNKNOWN"]),
        ("intention", ["MINING"]), ("crop", ["WHT"]), ("animal", ["CTL"]), ("mineral", [MINERAL]),
        ("nature", ["LEASE"]),
        ("former_cover", ["CROPLAND"]), ("impact", ["EVICTION"]), ("investor_kind", ["GOVERNMENT"]),
        ("investor", [PARENT]), ("investor_country", ["foreign:CN"]), ("transnational", ["no"]),
        ("forest_concession", ["yes"]),
    ],
)  # fmt: skip
def test_no_filter_is_dropped(dimension: str, values: list, context: Context) -> None:
    every, inside = found((), context), found((Filter(dimension, "in", tuple(values)),), context)
    outside = found((Filter(dimension, "not_in", tuple(values)),), context)
    assert 0 < len(inside) < len(every)
    assert inside | outside == every
    assert not inside & outside


def test_near_is_by_locations_better_known_than_the_country(context: Context) -> None:
    spot = (27.97, 45.27, 80)
    inside = found((Filter("position", "near", spot),), context)
    assert 0 < len(inside) < 250
    known = {d.id for d in WORLD if any(a != "COUNTRY" for _, _, a, _ in d.locations)}
    assert inside <= known
    assert found((Filter("position", "not_near", spot),), context) == {d.id for d in WORLD} - inside


def test_rows_of_a_list_count_a_deal_in_each_and_totals_once(context: Context) -> None:
    by_crop = answer(Query("deals", (Column("deals", "deals"),), rows=(Group("crop"),)), context).table
    gold: dict[str, int] = {}
    for deal in WORLD:
        for code in current(deal.crops):
            gold[code] = gold.get(code, 0) + 1
    assert dict(zip(by_crop.column("crop"), by_crop.column("deals"), strict=True)) == gold
    two = (Filter("crop", "in", tuple(gold)),)
    total = answer(Query("deals", (Column("deals", "deals"),), where=two), context).value
    assert total == sum(bool(current(deal.crops)) for deal in WORLD) < sum(gold.values())


def test_a_code_that_does_not_exist_is_refused_by_name(context: Context) -> None:
    with pytest.raises(BadArgument, match="no crop 'XYZ'"):
        found((Filter("crop", "in", ("XYZ",)),), context)
