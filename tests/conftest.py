"""Fixtures all tests share: where the real data lies, and three stores: tiny, bundled and real. Built once a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores: one thread of numbers each, also in what they start
    os.environ.setdefault("OMP_NUM_THREADS", "1")
if sys.dont_write_bytecode:  # else each process that a test starts compiles Gradio, pandas and torch anew
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import filelock
import pytest

from retrieval.ingest import Sources, build
from retrieval.store import Store
from tests import tiny

ROOT = Path(__file__).resolve().parents[1]


def shared_data_folder() -> Path:
    """Return where the real data would lie: LANDASK_SHARED_DATA, else beside the checkout."""
    return Path(os.environ.get("LANDASK_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; the test is skipped where there is none."""
    folder = shared_data_folder()
    if not folder.is_dir():
        pytest.skip(f"no real data: set LANDASK_SHARED_DATA (looked in {folder})")
    return folder


@pytest.fixture(scope="session")
def built_stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for this run's stores, the same for every worker, so that each store is built once."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "stores"
    folder.mkdir(exist_ok=True)
    return folder


def build_once(path: Path, sources: Sources) -> Path:
    """Build the store where no other worker has; wait for one that is at it."""
    with filelock.FileLock(f"{path}.once"):
        if not path.exists():
            build(path, sources)
    return path


@pytest.fixture(scope="session")
def demo_store(built_stores: Path) -> Iterator[Store]:
    """The bundled store of a fresh clone: published shares, Natural Earth, LUCAS records and pixel years."""
    with Store.open(build_once(built_stores / "demo.duckdb", Sources(bundled=True))) as store:
        yield store


@pytest.fixture(scope="session")
def real_store(built_stores: Path, shared_data: Path) -> Iterator[Store]:
    """A store of real records (2015, 2018), NUTS 2016, French regions and departments, and real pixels."""
    sources = Sources(
        lucas=(shared_data / "lucas" / "lucas_points_2015_2018.parquet",),
        regions=(
            shared_data / "nuts_2016" / "nuts_2016_20m.parquet",
            *sorted((shared_data / "france_admin").glob("*.geojson")),
        ),
        pixels=(shared_data / "s2_pixels" / "pixels_monthly_europe.parquet",),
    )
    with Store.open(build_once(built_stores / "real.duckdb", sources)) as store:
        yield store


@pytest.fixture(scope="session")
def tiny_store(built_stores: Path) -> Iterator[Store]:
    """Thirty points and four polygons that can be counted by hand: see `tests/tiny.py`."""
    path = built_stores / "tiny.duckdb"
    with filelock.FileLock(f"{path}.once"):
        if not path.exists():
            tiny.write(path)
    with Store.open(path) as store:
        yield store


@pytest.fixture(scope="session", autouse=True)
def no_model_by_accident() -> Iterator[None]:
    """Let no test, and no command a test starts, find an Ollama server of this machine: port 9 takes no connection."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OLLAMA_HOST", "127.0.0.1:9")
        yield
