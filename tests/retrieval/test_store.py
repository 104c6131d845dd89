from __future__ import annotations

import concurrent.futures
import threading
import time
from pathlib import Path

import duckdb
import pytest

from retrieval import store as store_module
from retrieval.errors import QueryLimit, StoreError
from retrieval.store import Store, read_query


@pytest.fixture
def queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of queries of our own, instead of the project's."""
    read_query.cache_clear()
    monkeypatch.setattr(store_module, "SQL_FOLDER", tmp_path)
    yield tmp_path
    read_query.cache_clear()


def write_query(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.sql").write_text(text)


def test_a_named_query_returns_its_rows_with_the_sql_and_the_parameters(tiny_store: Store, queries: Path) -> None:
    write_query(queries, "count", "SELECT count(*) AS points FROM records WHERE lc1 = $code AND year = $year")
    table = tiny_store.query("count", code="B82", year=2018)
    assert table.columns == ("points",)
    assert table.rows == ((6,),)
    assert table.sql.startswith("SELECT count(*)")
    assert table.parameters == {"code": "B82", "year": 2018}


def test_a_list_is_one_parameter_and_may_be_empty(tiny_store: Store, queries: Path) -> None:
    write_query(queries, "of", "SELECT count(*) FROM records WHERE lc1 IN (SELECT unnest($codes))")
    assert tiny_store.query("of", codes=["B82", "B16"]).rows == ((6 + 5 + 7,),)
    assert tiny_store.query("of", codes=[]).rows == ((0,),)


def test_sql_in_a_parameter_is_only_a_word(tiny_store: Store, queries: Path) -> None:
    write_query(queries, "count", "SELECT count(*) FROM records WHERE lc1 = $code")
    assert tiny_store.query("count", code="B82'; DROP TABLE records; --").rows == ((0,),)
    assert tiny_store.query("count", code="B82").rows == ((11,),)


@pytest.mark.parametrize("name", ["no_such", "../schema", "Records", "", "datasets;"])
def test_a_query_that_is_not_ours_by_name_is_refused(tiny_store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="no query named"):
        tiny_store.query(name)


@pytest.mark.parametrize("text", ["DELETE FROM records", "SELECT 1; SELECT 2", "CREATE TABLE t (a INTEGER)"])
def test_a_query_file_must_be_one_select(tiny_store: Store, queries: Path, text: str) -> None:
    write_query(queries, "bad", text)
    with pytest.raises(StoreError, match="not one SELECT"):
        tiny_store.query("bad")


def test_every_query_of_the_project_is_one_select() -> None:
    names = sorted(file.stem for file in store_module.SQL_FOLDER.glob("*.sql"))
    assert "datasets" in names
    for name in names:
        assert read_query(name)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/tmp/other.parquet'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM ST_Read('/tmp/other.geojson')",
    ],
)
def test_a_locked_store_reads_no_file(tiny_store: Store, queries: Path, text: str) -> None:
    write_query(queries, "reach", text)
    with pytest.raises((duckdb.PermissionException, StoreError)):
        tiny_store.query("reach")


@pytest.mark.parametrize(
    "text",
    [
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "COPY records TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TABLE t (a INTEGER)",
        "DROP TABLE records",
        "DELETE FROM records",
    ],
)
def test_even_raw_sql_on_the_connection_cannot_leave_the_store_or_change_it(tiny_store: Store, text: str) -> None:
    with pytest.raises(duckdb.Error):
        tiny_store._connection.cursor().execute(text)
    assert tiny_store.query("datasets").rows


def test_the_spatial_functions_keep_working_with_longitude_first(tiny_store: Store, queries: Path) -> None:
    write_query(queries, "move", "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(geom, 'EPSG:4326', 'EPSG:3035') p "
                "FROM points WHERE point_id = 38002300)")  # fmt: skip
    ((x, y),) = tiny_store.query("move").rows
    assert (x, y) == pytest.approx((3_800_000, 2_300_000), abs=0.01)


def test_an_area_in_the_store_agrees_with_the_ellipsoid(tiny_store: Store, queries: Path) -> None:
    write_query(queries, "area", """SELECT area_km2, ST_Area_Spheroid(geom) / 1e6,
        ST_Area(ST_Transform(geom, 'EPSG:4326', 'EPSG:3035', always_xy := true)) / 1e6
        FROM regions WHERE id = 'country:FR'""")  # fmt: skip
    ((stored, ellipsoid, equal_area),) = tiny_store.query("area").rows
    assert stored == pytest.approx(120, rel=1e-6)  # 12 km by 10 km
    assert equal_area == pytest.approx(stored, rel=1e-6)
    assert ellipsoid == pytest.approx(equal_area, rel=1e-5)


def test_a_query_over_its_time_is_stopped_and_the_next_one_runs(tiny_store: Store, queries: Path) -> None:
    write_query(queries, "forever", "SELECT count(*) FROM range(10000000000) a WHERE hash(a.range) = $seed")
    write_query(queries, "quick", "SELECT 1")
    with Store.open(tiny_store.path, timeout_s=0.3) as store:
        begun = time.perf_counter()
        with pytest.raises(QueryLimit, match=r"more than 0\.3 s"):
            store.query("forever", seed=1)
        assert time.perf_counter() - begun < 5
        assert store.query("quick").rows == ((1,),)


def test_late_queries_are_stopped_beside_quick_ones_and_nobody_watches_an_idle_store(
    tiny_store: Store, queries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_query(queries, "forever", "SELECT count(*) FROM range(10000000000) a WHERE hash(a.range) = $seed")
    write_query(queries, "echo", "SELECT $n")
    monkeypatch.setattr(store_module, "IDLE_S", 0.1)
    with Store.open(tiny_store.path, timeout_s=1) as store, concurrent.futures.ThreadPoolExecutor(3) as pool:
        late = [pool.submit(store.query, "forever", seed=seed) for seed in (1, 2)]
        while not all(each.done() for each in late):
            assert store.query("echo", n=1).rows == ((1,),)
        assert all(isinstance(each.exception(), QueryLimit) for each in late)
        end = time.monotonic() + 10
        while store._watch is not None and time.monotonic() < end:
            time.sleep(0.05)
        assert store._watch is None
        assert store.query("echo", n=2).rows == ((2,),)


def test_a_store_asks_with_as_many_threads_as_it_is_given(tiny_store: Store, queries: Path) -> None:
    copy = queries / "copy.duckdb"
    copy.write_bytes(tiny_store.path.read_bytes())
    write_query(queries, "threads", "SELECT current_setting('threads')")
    with Store.open(copy, threads=3) as store:
        assert store.query("threads").rows == ((3,),)


def test_a_query_over_its_memory_is_refused_in_one_line(tiny_store: Store, queries: Path) -> None:
    # The same file may be open but once a process with one configuration.
    copy = queries / "copy.duckdb"
    copy.write_bytes(tiny_store.path.read_bytes())
    write_query(queries, "large", "SELECT list(range::VARCHAR || repeat('x', 100)) FROM range(5000000)")
    with Store.open(copy, memory_limit="50MB") as store, pytest.raises(QueryLimit, match="memory"):
        store.query("large")


def test_interrupt_stops_a_query_in_another_thread(tiny_store: Store, queries: Path) -> None:
    write_query(queries, "forever", "SELECT count(*) FROM range(10000000000) a WHERE hash(a.range) = $seed")
    timer = threading.Timer(0.3, tiny_store.interrupt)
    timer.start()
    with pytest.raises(QueryLimit, match="interrupted"):
        tiny_store.query("forever", seed=1)
    timer.join()


def test_threads_ask_at_once_and_each_gets_its_own_answer(tiny_store: Store, queries: Path) -> None:
    write_query(queries, "echo", "SELECT $n + count(*) FROM records")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: tiny_store.query("echo", n=n).rows[0][0], range(100)))
    assert answers == [n + 54 for n in range(100)]


def test_another_process_may_read_at_the_same_time(tiny_store: Store) -> None:
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        assert pool.submit(years_of, tiny_store.path).result(timeout=60) == (2018, 2022)


def years_of(path: Path) -> tuple[int, ...]:
    with Store.open(path) as store:
        return store.years()


def test_a_missing_store_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="python -m retrieval build"):
        Store.open(tmp_path / "none.duckdb")


def test_a_file_that_is_no_store_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "junk.duckdb"
    file.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        Store.open(file)
    assert "\n" not in str(caught.value)


def test_a_database_without_our_tables_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.duckdb"
    duckdb.connect(str(file)).close()
    with pytest.raises(StoreError, match="not a landask store"):
        Store.open(file)


@pytest.mark.parametrize("table", ["datasets", "regions"])
def test_a_store_that_lacks_a_table_says_so_in_one_line(tiny_store: Store, tmp_path: Path, table: str) -> None:
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(tiny_store.path.read_bytes())
    with duckdb.connect(str(broken)) as connection:
        connection.execute(f"DROP TABLE {table}")
    with Store.open(broken) as store, pytest.raises(StoreError, match=f"is not whole: .*{table}.* build") as refused:
        store.run(f"SELECT * FROM {table}", {})
    assert "\n" not in str(refused.value)


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "old.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE store_meta AS SELECT 'schema' AS key, '0' AS value")
    with pytest.raises(StoreError, match="another version"):
        Store.open(file)


def test_a_store_cut_short_is_refused_or_says_it_cannot_be_read(tiny_store: Store, tmp_path: Path) -> None:
    file = tmp_path / "short.duckdb"
    whole = tiny_store.path.read_bytes()
    file.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(StoreError), Store.open(file) as store:
        store.datasets()


def test_the_datasets_say_what_was_loaded(tiny_store: Store) -> None:
    assert [d.id for d in tiny_store.datasets()] == ["lan_lcv_ovw", "tiny_regions", "tiny_survey"]
    survey = tiny_store.dataset("survey")
    assert (survey.rows, survey.years, survey.synthetic) == (54, (2018, 2022), True)
    assert tiny_store.years() == (2018, 2022)
    with pytest.raises(StoreError, match="holds no pixels"):
        tiny_store.dataset("pixels")
