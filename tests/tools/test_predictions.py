"""A classifier's map as one more source of queries: its cells in every region they lie in, counted, never as areas."""

import json
import shutil

import numpy as np
import pytest

from agent.__main__ import main as agent
from retrieval.errors import NoRecords, StoreError
from retrieval.mapped_cells import add_cells
from retrieval.store import Store
from retrieval.types import Dataset
from tools.context import Context
from tools.query import query

BOX = (8.5, 41.0, 20.0, 43.0)
MAP = Dataset("map-test-2022", "A map", "2022", "made", "made by hand", "0" * 64, 8, (2022,), BOX, False, "predictions")


def cells(vines=4, maize=2, at_sea=2):
    """Cells near Corte in Corsica, ten metres apart, and some in the sea far from any coast."""
    count = vines + maize + at_sea
    yield {
        "cell": np.arange(count, dtype=np.int64),
        "lon": np.r_[9.15 + np.arange(vines + maize) * 1e-4, np.full(at_sea, 5.5)],
        "lat": np.r_[np.full(vines + maize, 42.3), np.full(at_sea, 41.0)],
        "land_cover": np.array(["B82"] * vines + ["B16"] * maize + ["G00"] * at_sea, dtype=object),
        "probability": np.arange(50, 50 + count, dtype=np.uint8),
        "margin": np.full(count, 10, np.uint8),
        "far": np.arange(count) == 0,
    }


@pytest.fixture(scope="module")
def mapped(tmp_path_factory, demo_store):
    path = tmp_path_factory.mktemp("mapped") / "store.duckdb"
    shutil.copy(demo_store.path, path)
    assert add_cells(path, cells(), 2022, MAP) == 8
    assert add_cells(path, cells(), 2022, MAP) == 8  # again: in place of the earlier ones
    return path


def asked(store, where=(), **more):
    columns = [{"name": "cells", "measure": "cells"}]
    return query(Context.open(store), source="predictions", columns=columns, where=[YEAR, *where], **more)


def of(*codes):
    return {"dimension": "land_cover", "op": "in", "values": list(codes)}


YEAR = {"dimension": "year", "op": "in", "values": [2022]}
CORSICA = {"dimension": "region", "op": "in", "values": ["country:FR"]}


def test_cells_are_counted_in_their_regions_and_everywhere(mapped):
    with Store.open(mapped) as store:
        assert asked(store).value == 8
        assert asked(store, where=[CORSICA]).value == 6
        assert asked(store, where=[CORSICA, of("B82")]).value == 4
        assert asked(store, where=[of("B82", "G00")]).value == 6
        sure = {"dimension": "probability", "op": "above", "values": [52]}
        assert asked(store, where=[CORSICA, sure, of("B82")]).value == 1
        found = asked(store, rows=[{"dimension": "land_cover", "level": "3"}], where=[CORSICA])
        assert {row["land_cover"]: row["cells"] for row in found.table.dicts()} == {"B82": 4, "B16": 2}
        assert ("cells_not_area", {}) in found.caveats
        assert found.provenance.dataset == MAP.id


def test_a_plan_over_the_map_is_told_in_a_sentence(mapped, tmp_path, capsys):
    step = {"tool": "query", "arguments": {"source": "predictions", "where": [YEAR, CORSICA, of("B82")],
                                           "columns": [{"name": "cells", "measure": "cells"}]}}  # fmt: skip
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"steps": [step]}))
    assert agent(["replay", str(plan), "--store", str(mapped)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["results"][0]["value"] == 4
    assert "France" in told["text"]
    assert "no estimate of an area" in told["caveats"][0]


def test_a_store_without_a_map_says_so_and_what_is_no_store_is_refused(demo_store, tmp_path):
    with pytest.raises(NoRecords, match=r"tools\.pixelclip add"):
        asked(demo_store)
    with pytest.raises(StoreError, match="no store"):
        add_cells(tmp_path / "none.duckdb", cells(), 2022, MAP)
