"""`python -m retrieval fetch landmatrix`, against a server that plays landmatrix.org over invented deals."""

from __future__ import annotations

import functools
import io
import json
import urllib.request
import zipfile
from pathlib import Path

import pytest

from agent.deals.notation import to_graphql, to_rest
from retrieval import ingest
from retrieval.__main__ import main
from retrieval.fetch import landmatrix
from retrieval.fetch.landmatrix_world import drawn, passing, put_up
from retrieval.fetch.loopback import Fault, Loopback
from retrieval.fetch.sources import load_sources
from retrieval.query import Filter, Query
from retrieval.store import Store
from tests import tiny
from tests.deal_places import town

DEALS = drawn(120)
PIXELS = functools.cache(ingest.bundled_pixels)


@pytest.fixture
def site(world: Loopback) -> Loopback:
    put_up(world, DEALS)
    return world


@pytest.fixture
def call(site: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command against the site, in a store and cache of the test's own, built on four polygons and a town."""
    monkeypatch.setattr(ingest, "bundled_regions", tiny.regions)
    monkeypatch.setattr(ingest, "towns", town)
    monkeypatch.setattr(ingest, "bundled_survey", tiny.survey)
    monkeypatch.setattr(ingest, "bundled_pixels", PIXELS)
    monkeypatch.setattr(ingest, "bundled_statistics", lambda: None)
    contents = ingest.Contents(None, (tiny.regions(),), None, (tiny.survey(),))
    ingest.write_store(tmp_path / "store.duckdb", contents, sources=ingest.Sources(bundled=True))

    def run(*arguments: str) -> int:
        own = ["--store", str(tmp_path / "store.duckdb"), "--cache", str(tmp_path / "cache"), "--yes"]
        return main([*arguments, *own, f"--base=landmatrix={site.url}"])

    return run


def export(site: Loopback, *, filtered: bool = False) -> str:
    """The target under which the export is served."""
    return landmatrix.remote(load_sources({"landmatrix": site.url}), filtered=filtered).url.removeprefix(site.url)


def held(tmp_path: Path) -> dict[str, int]:
    with Store.open(tmp_path / "store.duckdb") as store:
        return {d.id: d.rows for d in store.datasets()}


def test_all_public_deals_come_in_one_zip(call, tmp_path, capsys) -> None:
    assert call("fetch", "landmatrix") == 0
    assert "120 deals" in capsys.readouterr().err
    assert held(tmp_path)["land_matrix"] == 120


def test_the_default_filter_is_the_site_s(call, tmp_path) -> None:
    assert call("fetch", "landmatrix", "--default-filter") == 0
    from urllib.parse import urlencode

    shown = passing(DEALS, urlencode(landmatrix.default_filter()))
    assert 0 < len(shown) < 120
    assert held(tmp_path)["land_matrix"] == len(shown)
    with Store.open(tmp_path / "store.duckdb") as store:
        assert "default filter" in store.dataset("deals").version


def test_a_cut_connection_costs_only_what_had_not_arrived(call, site, tmp_path, fault, monkeypatch) -> None:
    monkeypatch.setattr("retrieval.fetch.download.Policy.first_wait_s", 0.01)
    size = len(site.files[export(site)])
    site.faults["/legacy_export/"] = [Fault(cut_after=size // 2)]
    assert call("fetch", "landmatrix") == 0
    assert any("range" in entry.headers for entry in site.asked("/legacy_export/"))
    assert held(tmp_path)["land_matrix"] == 120
    fault("land deals: connection cut", "the rest is asked for; the store holds all deals")


def changed(old: str, new: str, site: Loopback) -> bytes:
    """The export with a column renamed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(site.files[export(site)])) as before, zipfile.ZipFile(buffer, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).decode().replace(old, new, 1))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "why"),
    [("page", "web page"), ("column", "no column 'deal size'"), ("gone", "does not exist"), ("cut", "zip")],
)
def test_what_is_no_export_leaves_the_store_as_it_was(name, why, call, site, tmp_path, capsys, fault) -> None:
    before = (tmp_path / "store.duckdb").read_bytes()
    if name == "page":
        site.every["/legacy_export/"] = Fault(body=b"<html>moved</html>", kind="text/html")
    elif name == "column":
        site.files[export(site)] = changed("Deal size", "Size of the deal", site)
    elif name == "gone":
        site.every["/legacy_export/"] = Fault(status=404)
    else:
        site.files[export(site)] = site.files[export(site)][:-400]
    assert call("fetch", "landmatrix") == 3
    assert why in capsys.readouterr().err
    assert (tmp_path / "store.duckdb").read_bytes() == before
    fault(f"land deals: {name}", f"stops with {why!r}; the store is byte for byte as it was")


def test_values_that_are_new_are_told(call, site, capsys) -> None:
    site.routes["/field_choices/"] = lambda given: {"crops": [{"value": "WHT"}, {"value": "QUI", "label": "Quinoa"}]}
    assert call("fetch", "landmatrix", "--no-ingest") == 0
    assert "new to us, dropped where a deal has them: crops QUI" in capsys.readouterr().err


def test_a_zip_from_a_disk_is_told_by_what_is_in_it(call, site, tmp_path) -> None:
    file = tmp_path / "from_a_colleague.zip"
    file.write_bytes(site.files[export(site)])
    assert call("ingest", str(file)) == 0
    assert held(tmp_path)["land_matrix"] == 120


def test_an_address_and_a_graphql_query_of_a_plan_are_answered_by_the_site(site) -> None:
    where = (Filter("place", "in", ("foreign:UA", "country:RO")), Filter("size", "between", (1000, None)))
    query = Query("deals", where=where)
    found: set[int] = set()
    for address in to_rest(query).texts:
        with urllib.request.urlopen(site.url + "/deals/?" + address.split("?")[1]) as answer:
            found |= {deal["id"] for deal in json.load(answer)}
    data = json.dumps({"query": to_graphql(query).texts[0]}).encode()
    with urllib.request.urlopen(urllib.request.Request(site.url + "/graphql/", data)) as answer:
        said = json.load(answer)
    gold = {d.id for d in DEALS if d.country in (804, 642) and (d.size or 0) >= 1000}
    assert found == {deal["id"] for deal in said["data"]["deals"]} == gold
    both = site.url + "/deals/?country_id=804&country_id=642"  # of a repeated single parameter the last counts
    with urllib.request.urlopen(both) as answer:
        assert {deal["country_id"] for deal in json.load(answer)} == {642}
    with urllib.request.urlopen(site.url + "/deals/?current_crops=WHT") as answer:  # unknown: passed over in silence
        assert len(json.load(answer)) == 120
