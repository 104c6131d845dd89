from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from retrieval import ingest
from retrieval.errors import BadFile, BadGeometry, StoreError
from retrieval.ingest import Contents, Sources, build, open_or_build_default, write_store
from retrieval.membership import Land, assign
from retrieval.query import Column, Filter, Group, Query
from retrieval.readers import NUTS, Survey
from retrieval.region_rows import RegionSet, region_row
from retrieval.store import Store
from tests import tiny
from tools.context import Context
from tools.survey import read

ROOT = Path(__file__).resolve().parents[2]
FRANCE, WEST, EAST, HERAULT = "country:FR", "nuts:FRJ1", "nuts:FRJ2", "iso:FR-34"


@pytest.fixture
def connection(tiny_store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tiny store's tables for SQL of the test's own."""
    with tiny_store._connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds read the tiny world instead of the bundled one: a build takes a moment."""
    monkeypatch.setattr(ingest, "read", lambda sources, progress: tiny_contents())


def tiny_contents() -> Contents:
    return Contents(None, (tiny.regions(),), None, (tiny.survey(),))


def points_in(connection: duckdb.DuckDBPyConnection, region: str) -> dict[str, int]:
    rows = connection.execute("SELECT how, count(*) FROM point_regions WHERE region_id = ? GROUP BY how", [region])
    return dict(rows.fetchall())


# --- what a build makes --------------------------------------------------------------------------------------------


def test_a_point_is_in_the_region_its_record_names_else_in_the_outline_it_lies_in(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert points_in(connection, FRANCE) == {"recorded": 25, "within": 5}
    assert points_in(connection, WEST) == {"recorded": 15}
    assert points_in(connection, EAST) == {"recorded": 10, "within": 5}
    assert points_in(connection, HERAULT) == {"within": 6}


def test_a_group_holds_the_points_of_its_members(connection: duckdb.DuckDBPyConnection) -> None:
    assert points_in(connection, "group:EU28") == {"recorded": 25, "within": 5}


def counted(store: Store, *regions: str) -> dict[int, tuple[int, int]]:
    """Return year → vineyard points and all points, as a question counts them."""
    where = (Filter("land_cover", "in", ("B82",)), *((Filter("region", "in", regions),) if regions else ()))
    columns = (Column("points", "points"), Column("surveyed", "surveyed"))
    table = read(Context.open(store), Query("survey", columns, where, (Group("year"),)))
    return {row["year"]: (row["points"], row["surveyed"]) for row in table.dicts()}


def test_a_visit_in_several_of_the_regions_asked_for_counts_once(tiny_store: Store) -> None:
    assert counted(tiny_store, WEST) == {2018: (3, 15), 2022: (3, 12)}
    assert counted(tiny_store, WEST, EAST) == {2018: (6, 30), 2022: (5, 24)}
    assert counted(tiny_store, FRANCE, WEST, HERAULT) == {2018: (6, 30), 2022: (5, 24)}
    assert counted(tiny_store) == {2018: (6, 30), 2022: (5, 24)}


def test_the_members_of_a_group_do_not_overlap(demo_store: Store) -> None:
    with demo_store._connection.cursor() as cursor:
        twice = cursor.execute(
            """SELECT group_id, point_id, year FROM region_groups JOIN region_visits ON region_id = member
            GROUP BY ALL HAVING count(*) > 1 LIMIT 5"""
        ).fetchall()
    assert twice == []
    assert counted(demo_store, "group:EU", "country:FR") == counted(demo_store, "group:EU") != {}


def test_records_count_as_by_hand(connection: duckdb.DuckDBPyConnection) -> None:
    counted = connection.execute(
        """SELECT region_id, year, count(*) FROM point_regions JOIN records USING (point_id)
        WHERE lc1 = 'B82' AND NOT starts_with(region_id, 'group') GROUP BY ALL"""
    ).fetchall()
    assert {(region, year): count for region, year, count in counted} == {
        (FRANCE, 2018): 6, (FRANCE, 2022): 5, (WEST, 2018): 3, (WEST, 2022): 3,
        (EAST, 2018): 3, (EAST, 2022): 2, (HERAULT, 2018): 2, (HERAULT, 2022): 2,
        ("nuts:FRJ", 2018): 5, ("nuts:FRJ", 2022): 5,  # recorded, in no region set: column 3810 has no code
    }  # fmt: skip


def test_one_regions_points_lie_together_in_the_file(connection: duckdb.DuckDBPyConnection) -> None:
    regions = [row[0] for row in connection.execute("SELECT region_id FROM point_regions ORDER BY rowid").fetchall()]
    assert regions == sorted(regions)


def test_every_source_is_stamped(tiny_store: Store) -> None:
    for dataset in tiny_store.datasets():
        assert dataset.licence
        assert len(dataset.sha256) == 64


def test_building_twice_gives_the_same_rows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_store(tmp_path / name, tiny_contents())
    with duckdb.connect(str(tmp_path / "a")) as one, duckdb.connect(str(tmp_path / "b")) as two:
        for table in ("points", "records", "point_regions", "region_names", "datasets", "quality"):
            columns = "* EXCLUDE (geom)" if table == "points" else "*"
            assert one.execute(f"SELECT {columns} FROM {table}").fetchall() == (
                two.execute(f"SELECT {columns} FROM {table}").fetchall()
            )


def test_of_a_visit_two_sources_carry_the_first_source_counts(tmp_path: Path) -> None:
    first, second = tiny.survey(), tiny.survey()
    other = second.records.assign(
        lc1="H11", point_id=second.records["point_id"].where(second.records["year"] == 2018, 1)
    )
    two = Survey(other.drop_duplicates(["point_id", "year"]), replace_id(second, "other"), ())
    write_store(tmp_path / "s", Contents(None, (tiny.regions(),), None, (first, two)))
    with Store.open(tmp_path / "s") as store:
        assert {d.id: d.rows for d in store.datasets() if d.kind == "survey"} == {"tiny_survey": 54, "other": 1}
        dropped = next(row for row in store.query("quality").dicts() if row["check"] == "visits of several sources")
        assert (dropped["dataset"], dropped["rows"], dropped["action"]) == ("other", 30, "dropped")


def replace_id(survey: Survey, identifier: str):
    import dataclasses

    return dataclasses.replace(survey.dataset, id=identifier)


def test_the_store_notes_the_files_it_is_made_of(tmp_path: Path, quick: None) -> None:
    build(tmp_path / "s", Sources(lucas=(tmp_path / "a.parquet",), bundled=True))
    with duckdb.connect(str(tmp_path / "s"), read_only=True) as connection:
        ((note,),) = connection.execute("SELECT value FROM store_meta WHERE key = 'sources'").fetchall()
    assert json.loads(note)["lucas"] == [str(tmp_path / "a.parquet")]


# --- membership ----------------------------------------------------------------------------------------------------

NOBODY = pd.DataFrame({"point_id": pd.Series(dtype="int32"), "code": pd.Series(dtype=object)})


def spots(*metres: tuple[float, float]) -> pd.DataFrame:
    x, y = np.array(metres, dtype=float).T
    lon, lat = pyproj.Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True).transform(x, y)
    return pd.DataFrame({"point_id": np.arange(len(x), dtype=np.int32), "lon": lon, "lat": lat, "x": x, "y": y})


def land(identifier: str, outline: shapely.Geometry, level: str = "nuts2", country: str = "FR") -> Land:
    return Land(identifier, (identifier,), level, (level,), country, (identifier.split(":")[1],), outline)


def held(table: pd.DataFrame) -> list[tuple[str, int, str]]:
    return sorted(zip(table["region_id"].astype(str), table["point_id"], table["how"].astype(str), strict=True))


def test_a_point_on_a_shared_border_is_counted_once() -> None:
    points = pd.DataFrame({"point_id": [0], "lon": [5.0], "lat": [45.0], "x": [0.0], "y": [0.0]})
    left, right = shapely.box(4, 44, 5, 46), shapely.box(5, 44, 6, 46)
    assert held(assign(points, NOBODY, [land("nuts:A", left), land("nuts:B", right)])) == [("nuts:A", 0, "within")]


def test_a_point_off_the_coast_goes_to_the_nearest_region_within_two_kilometres() -> None:
    coast = [land("nuts:A", tiny.block(3799, 2299, 3805, 2309)), land("nuts:B", tiny.block(3805, 2299, 3811, 2309))]
    near, far = (3_812_900, 2_304_000), (3_813_100, 2_304_000)
    assert held(assign(spots(near, far), NOBODY, coast)) == [("nuts:B", 0, "nearest")]


def test_a_point_is_never_given_to_another_countrys_coast() -> None:
    spain = land("country:ES", tiny.block(3812, 2299, 3820, 2309), "country", "ES")
    france = land("nuts:FRJ2", tiny.block(3805, 2299, 3811, 2309))
    assert held(assign(spots((3_812_500, 2_304_000)), NOBODY, [spain, france])) == [("country:ES", 0, "within")]


def test_a_point_beside_a_commune_on_land_is_not_the_communes() -> None:
    france = land("country:FR", tiny.block(3799, 2299, 3811, 2309), "country")
    commune = land("commune:34172", tiny.block(3799, 2299, 3805, 2309), "commune")
    assert held(assign(spots((3_805_500, 2_304_000)), NOBODY, [france, commune])) == [("country:FR", 0, "within")]


def test_areas_of_ones_own_may_overlap_and_take_no_neighbours() -> None:
    areas = [land("aoi:a", tiny.block(0, 0, 2, 2), "aoi", ""), land("aoi:b", tiny.block(1, 0, 3, 2), "aoi", "")]
    inside, beside = (1_500, 1_000), (3_100, 1_000)
    assert held(assign(spots(inside, beside), NOBODY, areas)) == [("aoi:a", 0, "within"), ("aoi:b", 0, "within")]


def test_an_alias_has_the_points_of_the_land_it_names() -> None:
    both = Land("country:LU", ("country:LU", "nuts:LU00"), "country", ("country", "nuts2"), "LU", ("LU", "LU00"), None)
    recorded = pd.DataFrame({"point_id": [0], "code": ["LU00"]})
    table = assign(spots((4_000_000, 3_000_000)), recorded, [both])
    assert held(table) == [("country:LU", 0, "recorded"), ("nuts:LU00", 0, "recorded")]


def test_duckdb_and_the_membership_agree_on_the_bundled_records(demo_store: Store) -> None:
    with demo_store._connection.cursor() as cursor:
        by_outline = cursor.execute(
            """SELECT region_id, count(*) FROM point_regions JOIN regions ON region_id = id
            WHERE level = 'subdivision' AND how = 'within' AND only_year IS NULL GROUP BY ALL ORDER BY 2 DESC LIMIT 3"""
        ).fetchall()
        for region, mine in by_outline:
            ((theirs,),) = cursor.execute(
                """SELECT count(*) FROM points JOIN regions ON ST_Within(points.geom, regions.geom)
                WHERE id = $id AND point_id NOT IN (
                    SELECT point_id FROM point_regions JOIN regions ON region_id = id
                    WHERE level = 'subdivision' AND how = 'recorded')""",
                {"id": region},
            ).fetchall()
            assert mine == theirs > 30


# --- atomic, one at a time -----------------------------------------------------------------------------------------


def old_store(path: Path) -> bytes:
    write_store(path, tiny_contents())
    return path.read_bytes()


def no_leftovers(folder: Path) -> bool:
    return not [file for file in folder.iterdir() if ".building" in file.name]


def test_a_source_that_fails_leaves_the_old_store_whole(tmp_path: Path) -> None:
    store = tmp_path / "s.duckdb"
    before = old_store(store)
    with pytest.raises(BadFile):
        build(store, Sources(lucas=(tmp_path / "none.csv",)))
    assert store.read_bytes() == before
    assert no_leftovers(tmp_path)


def test_two_builds_at_once_end_in_one_line_for_the_second(tmp_path: Path, quick: None) -> None:
    store = tmp_path / "s.duckdb"
    with ingest._lock(store, 0), pytest.raises(StoreError, match="another build"):
        build(store, Sources(bundled=True))
    build(store, Sources(bundled=True))


def test_two_first_questions_build_the_store_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    monkeypatch.setattr(ingest, "read", lambda sources, progress: built.append(1) or tiny_contents())
    for _ in range(2):
        open_or_build_default(tmp_path / "new" / "s.duckdb").close()
    assert built == [1]


def made_by_another_version(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE store_meta SET value = '0' WHERE key = 'schema'")


def test_a_bundled_store_of_another_version_is_built_anew(tmp_path: Path, quick: None) -> None:
    path = tmp_path / "s.duckdb"
    build(path, Sources(bundled=True))
    made_by_another_version(path)
    with open_or_build_default(path) as store:
        assert store.years() == (2018, 2022)


def test_a_store_of_a_persons_own_files_is_never_built_over(tmp_path: Path, quick: None) -> None:
    path = tmp_path / "s.duckdb"
    build(path, Sources(lucas=(tmp_path / "mine.csv",)))
    made_by_another_version(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another version"):
        open_or_build_default(path)
    assert path.read_bytes() == before


def build_slowly(path: str) -> None:
    """Build the tiny store, but stop for a long time once half of it is written."""
    ingest.read = lambda sources, progress: tiny_contents()
    ingest._load_membership = lambda *rest: (Path(f"{path}.half").touch(), time.sleep(60))
    build(path, Sources(bundled=True))


def test_a_killed_build_leaves_the_old_store_whole_and_the_next_build_works(tmp_path: Path, quick: None) -> None:
    store = tmp_path / "s.duckdb"
    before = old_store(store)
    process = multiprocessing.get_context("spawn").Process(target=build_slowly, args=(str(store),))
    process.start()
    waited = time.monotonic() + 60
    while not Path(f"{store}.half").exists() and time.monotonic() < waited:
        time.sleep(0.05)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert store.read_bytes() == before
    assert not no_leftovers(tmp_path)
    build(store, Sources(bundled=True))
    assert no_leftovers(tmp_path)
    with Store.open(store) as opened:
        assert opened.years() == (2018, 2022)


def build_with_little_room(path: str, room: int, words: str) -> None:
    """Build where no file may grow beyond `room` bytes, as on a full disk, and write down what was said."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sys.dont_write_bytecode = True  # half a compiled module would be kept for the next process
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    ingest.read = lambda sources, progress: tiny_contents()
    try:
        build(path, Sources(bundled=True))
    except StoreError as error:
        Path(words).write_text(str(error))


@pytest.mark.parametrize("room", [50_000, 300_000, 700_000])
def test_a_full_disk_is_one_line_and_the_old_store_is_whole(tmp_path: Path, room: int) -> None:
    store, words = tmp_path / "s.duckdb", tmp_path / "words"
    before = old_store(store)
    process = multiprocessing.get_context("spawn").Process(
        target=build_with_little_room, args=(str(store), room, str(words))
    )
    process.start()
    process.join()
    assert process.exitcode == 0
    said = words.read_text()
    assert "the store is as it was" in said
    assert "\n" not in said
    assert store.read_bytes() == before
    assert no_leftovers(tmp_path)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, quick: None) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not be built"):
        build(tmp_path / "file" / "s.duckdb", Sources(bundled=True))


def test_a_store_stays_readable_while_the_next_one_is_built(tmp_path: Path, quick: None) -> None:
    path = tmp_path / "s.duckdb"
    old_store(path)
    with Store.open(path) as store:
        build(path, Sources(bundled=True))
        assert store.years() == (2018, 2022)


# --- outlines that cannot serve ------------------------------------------------------------------------------------


def region_file(folder: Path, geometry: dict[str, object], **members: object) -> Path:
    file = folder / "area.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature], **members}))
    return file


def ring(*corners: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": []},
        ring((170, 50), (-170, 50), (-170, 60), (170, 60)),
        ring((3_800_000, 2_300_000), (3_810_000, 2_300_000), (3_810_000, 2_310_000)),
        ring((48.0, 200.0), (49.0, 200.0), (49.0, 201.0)),
        {"type": "Point", "coordinates": [3.8, 43.6]},
    ],
    ids=["empty", "over the antimeridian", "metres, not degrees", "no such latitude", "a point"],
)
def test_an_outline_that_cannot_serve_is_refused_in_one_line(tmp_path: Path, geometry: dict[str, object]) -> None:
    store = tmp_path / "s.duckdb"
    before = old_store(store)
    with pytest.raises((BadFile, BadGeometry)) as caught:
        build(store, Sources(regions=(region_file(tmp_path, geometry),)))
    assert "\n" not in str(caught.value)
    assert store.read_bytes() == before


def test_a_self_crossing_outline_is_repaired_and_said_to_be(tmp_path: Path) -> None:
    from retrieval.region_files import read_regions

    bow = ring((3.0, 43.0), (4.0, 44.0), (4.0, 43.0), (3.0, 44.0))
    read = read_regions(region_file(tmp_path, bow))
    assert read.notes
    assert shapely.from_wkb(read.regions[0]["wkb"]).is_valid


def test_a_hundred_megabytes_of_geojson_are_refused_quickly_in_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "large.geojson"
    point = ",[3.123456789,43.123456789]"
    with file.open("w") as stream:
        stream.write('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":')
        stream.write('{"type":"Polygon","coordinates":[[[3,43]')
        for _ in range(110):
            stream.write(point * (1_000_000 // len(point)))
        stream.write(",[3,43]]]}}]}")
    assert file.stat().st_size > 100_000_000
    begun = time.perf_counter()
    with pytest.raises((BadFile, BadGeometry)) as caught:
        build(tmp_path / "s.duckdb", Sources(regions=(file,)))
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - begun < 30


# --- real ----------------------------------------------------------------------------------------------------------


@pytest.mark.real
def test_real_vineyard_counts_by_recorded_nuts2_code(real_store: Store) -> None:
    with real_store._connection.cursor() as cursor:
        counted = cursor.execute(
            """SELECT region_id, count(*) FROM point_regions JOIN records USING (point_id)
            WHERE year = 2018 AND lc1 = 'B82' AND coalesce(only_year, year) = year
              AND region_id IN ('nuts:ES42', 'nuts:FRJ1', 'nuts:ES23', 'nuts:ITG1') GROUP BY region_id"""
        ).fetchall()
    assert dict(counted) == {"nuts:ES42": 57, "nuts:FRJ1": 25, "nuts:ES23": 12, "nuts:ITG1": 12}


@pytest.mark.real
def test_real_counts_by_region_equal_plain_pandas(real_store: Store, shared_data: Path) -> None:
    table = pd.read_parquet(shared_data / "lucas" / "lucas_points_2015_2018.parquet")
    # Eight rows carry their codes one level off; what counts is the region a code names.
    codes = pd.concat([table[["point_id", "year", name]].set_axis(["point", "year", "code"], axis=1) for name in NUTS])
    plain = codes[codes["code"].str.len() == 4].drop_duplicates().groupby("code").size().drop(["UKN0", "UKN1"])
    with real_store._connection.cursor() as cursor:
        counted = dict(
            cursor.execute(
                """SELECT region_id, count(*) FROM point_regions JOIN records USING (point_id)
                WHERE region_id LIKE 'nuts:____' AND coalesce(only_year, year) = year GROUP BY region_id"""
            ).fetchall()
        )
    assert len(plain) > 200
    assert {code: counted.get(f"nuts:{code}") for code in plain.index} == plain.to_dict()
    assert counted["nuts:UKN0"] == 70  # Northern Ireland, one region under the codes UKN, UKN0 and UKN1


@pytest.mark.real
def test_the_quality_report_says_how_codes_and_outlines_agree(real_store: Store) -> None:
    rows = {row["check"]: row for row in real_store.query("quality").dicts()}
    detail = rows["code against outline at level nuts2"]["detail"]
    assert detail.startswith("98.")


def test_the_build_command_does_not_import_the_models() -> None:
    code = "import sys, retrieval.ingest; print([m for m in ('torch', 'langchain', 'gradio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_regions_without_an_outline_are_filled_from_recorded_codes(tmp_path: Path) -> None:
    source = {"id": "bare", "vintage": "1", "licence": "CC0"}
    rows = (region_row("nuts:FRJ1", "Languedoc-Roussillon", "nuts2", "FR", None, None, source),)
    bare = RegionSet("bare", "Bare", "1", "CC0", "Nobody", "2" * 64, rows, ())
    write_store(tmp_path / "s", Contents(None, (bare,), None, (tiny.survey(),)))
    with duckdb.connect(str(tmp_path / "s")) as connection:
        assert points_in(connection, "nuts:FRJ1") == {"recorded": 15}
        assert points_in(connection, "nuts:FRJ2") == {"recorded": 10}  # in no region set, but asked for by code


def test_a_store_needs_no_survey(tmp_path: Path) -> None:
    outline = shapely.box(3, 43.4, 3.6, 43.9)
    rows = (region_row("aoi:own", "own", "aoi", "", None, outline, {"id": "own", "vintage": "1", "licence": "own"}),)
    write_store(tmp_path / "own.duckdb", Contents(None, [RegionSet("own", "own", "1", "own", "own", "0", rows, ())]))
    with Store.open(tmp_path / "own.duckdb") as store:
        assert [(d.kind, d.rows) for d in store.datasets()] == [("regions", 1)]


def test_points_whose_code_nobody_lists_lie_where_their_position_is(tmp_path: Path) -> None:
    survey = tiny.survey()
    strange = survey.records.assign(nuts2=survey.records["nuts2"].replace({"FRJ1": "FR_1"}))
    write_store(tmp_path / "s.duckdb", Contents(None, [tiny.regions()], surveys=[replace(survey, records=strange)]))
    with Store.open(tmp_path / "s.duckdb") as store:
        assert visits_held(store) == {WEST: 27, EAST: 27, FRANCE: 54}


def test_points_in_a_country_outside_the_survey_are_not_its_neighbours(tmp_path: Path) -> None:
    regions = tiny.regions()
    swiss = region_row("foreign:CH", "Switzerland", "foreign", "CH", None, None, regions.regions[0] | {"id": "tiny"})
    survey = tiny.survey()
    moved = survey.records.assign(nuts0=survey.records["nuts0"].fillna("CH"))
    with_swiss = replace(regions, regions=(*regions.regions, swiss))
    write_store(tmp_path / "s.duckdb", Contents(None, [with_swiss], surveys=[replace(survey, records=moved)]))
    with Store.open(tmp_path / "s.duckdb") as store:
        assert visits_held(store)[FRANCE] == 45  # column 3810, 5 visits of 2018 and 4 of 2022, is recorded as Swiss


def visits_held(store: Store) -> dict[str, int]:
    """Return how many visits each region holds."""
    with store._connection.cursor() as cursor:
        counts = cursor.execute("SELECT region_id, count(*) FROM region_visits GROUP BY ALL").fetchall()
    return {region: count for region, count in counts if region in (WEST, EAST, FRANCE)}
