"""`python -m retrieval fetch|ingest|cache`: from an empty machine to an answered question, and what stops it."""

from __future__ import annotations

import csv
import functools
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pyproj
import pytest

from retrieval import ingest
from retrieval.__main__ import main
from retrieval.catalog import descriptor
from retrieval.errors import BadArgument, StoreError
from retrieval.fetch import library, lucas, photos
from retrieval.fetch.commands import codes_of, parse_size
from retrieval.fetch.loopback import PATCH_BANDS, Acquisition, Fault, Loopback, put_up
from retrieval.fetch.sources import load_sources, parse_bases
from retrieval.places import PlaceSet
from retrieval.statistics_files import read_statistics_file
from retrieval.store import Store
from tests import tiny

ROOT = Path(__file__).parents[2]
EU_2022 = "/documents/205002/17561401/EU_LUCAS_2022.zip"
NUTS = "/nuts/geojson/NUTS_RG_20M_{year}_4326.geojson"
TABLE = "/LAN_LCV_OVW?format=SDMX-CSV&compressed=true"
COLUMNS = (
    "POINT_ID", "POINT_NUTS0", "POINT_NUTS1", "POINT_NUTS2", "POINT_NUTS3", "POINT_LAT", "POINT_LONG",
    "SURVEY_DATE", "SURVEY_OBS_TYPE", "SURVEY_LC1", "SURVEY_LC2", "SURVEY_LU1", "SURVEY_LU2",
)  # fmt: skip
COVER = {3786: "B82", 3788: "B82", 3790: "C10", 3792: "E20", 3794: "B11"}
"""Easting in km → land cover of the three points there, northing 2298, 2300 and 2302 km: in Hérault."""


def survey_zip(columns=COLUMNS) -> bytes:
    """EU_LUCAS_2022.zip of fifteen points in Hérault and one in Spain."""
    back = pyproj.Transformer.from_crs(3035, 4326, always_xy=True)
    rows = []
    for x, cover in COVER.items():
        for y in (2298, 2300, 2302):
            lon, lat = back.transform(x * 1000, y * 1000)
            rows.append((f"{x}{y}", "FR", "FRJ", "FRJ1", "FRJ13", lat, lon, "14/06/22", 1, cover, 8, "U111", 8))
    lon, lat = back.transform(3_300_000, 2_000_000)
    rows.append(("33002000", "ES", "ES4", "ES42", "ES425", lat, lon, "14/06/22", 1, "B82", 8, "U111", 8))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([columns, *(row[: len(columns)] for row in rows)])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("EU_LUCAS_2022.csv", text.getvalue())
    return buffer.getvalue()


def nuts_geojson(fields=("NUTS_ID", "LEVL_CODE", "CNTR_CODE", "NAME_LATN")) -> bytes:
    """NUTS 2 and 3 regions round those points."""
    ring = [[2.9, 43.2], [4.0, 43.2], [4.0, 44.0], [2.9, 44.0], [2.9, 43.2]]
    regions = [("FRJ1", 2, "FR", "Languedoc-Roussillon"), ("FRJ13", 3, "FR", "Hérault")]
    features = [
        {
            "type": "Feature",
            "properties": {k: v for k, v in zip(("NUTS_ID", "LEVL_CODE", "CNTR_CODE", "NAME_LATN"), row, strict=True)
                           if k in fields},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for row in regions
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def statistics_gz(
    columns="DATAFLOW,LAST UPDATE,freq,unit,landcover,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS",
) -> bytes:
    """A small release: three figures, one of them changed since the bundled one."""
    stamp = "ESTAT:LAN_LCV_OVW(1.0),01/11/26 23:00:00,A"
    rows = [
        f"{stamp},PC,B82,FRJ1,2022,12.3,,",
        f"{stamp},PC,B82,FR,2022,1.5,,",
        f"{stamp},KM2,TOTAL,FRJ1,2022,27376,,",
        f"{stamp},CVA,B82,FRJ1,2022,4.2,,",
    ]
    return gzip.compress("\n".join([columns, *rows]).encode())


def whole_release() -> bytes:
    """The bundled table as Eurostat sends it, stamped later and with one figure changed."""
    stamp = "ESTAT:LAN_LCV_OVW(1.0),01/11/26 23:00:00,A"
    columns = "DATAFLOW,LAST UPDATE,freq,unit,landcover,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS"
    shares = read_statistics_file().shares.to_pylist()
    lines = [
        f"{stamp},{r['unit']},{r['land_cover']},{r['code']},{r['year']},"
        f"{12.3 if (r['code'], r['land_cover'], r['year']) == ('FRJ1', 'B82', 2022) else r['value']},{r['flag']},"
        for r in shares
    ]
    lines += [
        f"{stamp},CVA,{r['land_cover']},{r['code']},{r['year']},{r['cv']},,"
        for r in shares
        if r["unit"] == "PC" and r["cv"] is not None
    ]
    return gzip.compress("\n".join([columns, *lines]).encode(), compresslevel=1)


def bulk_tsv(release: bytes) -> bytes:
    """A release as Eurostat's bulk download has it: a row a series, a column a year, gzipped."""
    series: dict[str, dict[str, str]] = {}
    for line in gzip.decompress(release).decode().splitlines()[1:]:
        _, _, freq, unit, cover, code, year, value, flag, _ = line.split(",")
        series.setdefault(f"{freq},{unit},{cover},{code}", {})[year] = f"{value} {flag}"
    years = sorted({year for cells in series.values() for year in cells})
    lines = ["freq,unit,landcover,geo\\TIME_PERIOD\t" + "\t".join(f"{year} " for year in years)]
    lines += [f"{key}\t" + "\t".join(cells.get(year, ": ") for year in years) for key, cells in series.items()]
    return gzip.compress("\n".join(lines).encode(), compresslevel=1)


def scenes() -> list[Acquisition]:
    """A scene a month of 2022 over four of the vineyard points; the greener, the more it is summer."""
    forward = pyproj.Transformer.from_crs(3035, 32631, always_xy=True)
    x, y = forward.transform(3_787_000, 2_299_000)
    west, north, size = round((x - 1500) / 20) * 20, round((y + 1500) / 20) * 20, 300
    made = []
    for month in range(1, 13):
        green = 2000 + 1500 * np.sin(np.pi * month / 12)
        bands = {
            name: np.full((size, size), (green if name in ("B08", "B8A", "B07") else 700) + 1000, np.uint16)
            for name in PATCH_BANDS
        }
        bands = {n: v if n in ("B02", "B03", "B04", "B08") else v[::2, ::2].copy() for n, v in bands.items()}
        day = f"2022-{month:02d}-27T10:40:00Z"  # after 25 January: the offset is in the files
        scl = np.full((size // 2, size // 2), 4, np.uint8)
        name = f"S2B_31TEJ_{month}"
        made.append(Acquisition(name, day, 32631, west, north, bands, scl, baseline="04.00", tile="31TEJ"))
    return made


@pytest.fixture
def sources(world: Loopback) -> Loopback:
    """The public sources in small: survey, regions of two vintages, statistics."""
    world.files[EU_2022] = survey_zip()
    for year in (2016, 2021):
        world.files[NUTS.format(year=year)] = nuts_geojson()
    world.files[TABLE] = statistics_gz()
    return world


def no_towns() -> PlaceSet:
    """A list of one town."""
    place = {"id": "town:1", "name": "Agde", "lon": 3.47, "lat": 43.31, "country": "FR", "population": 1, "source": "t"}
    name = {"place_id": "town:1", "name": "Agde", "norm": "agde", "language": ""}
    return PlaceSet("t", "Town", "1", "CC0", "Nobody", "2" * 64, (place,), (name,))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Build on four polygons, one town and three figures: quick."""
    table = tmp_path / "small.csv.gz"
    table.write_bytes(statistics_gz())
    monkeypatch.setattr(ingest, "bundled_regions", tiny.regions)
    monkeypatch.setattr(ingest, "bundled_statistics", lambda: read_statistics_file(table))
    monkeypatch.setattr(ingest, "towns", no_towns)


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds of one test share the bundled regions and towns, whole and real, as they were read for the first."""
    monkeypatch.setattr(ingest, "bundled_regions", functools.cache(ingest.bundled_regions))
    monkeypatch.setattr(ingest, "towns", functools.cache(ingest.towns))


@pytest.fixture
def call(world: Loopback, tmp_path: Path):
    """Return a function that runs a command against the loopback sources, in a store and cache of the test's own."""

    def run(*arguments: str, yes: bool = True, sources: bool = True) -> int:
        bases = [
            f"--base={n}={world.url}"
            for n in ("lucas", "lucas_harmonised", "nuts", "lau", "statistics", "photos", "weights")
        ]
        bases.append(f"--base=earth-search={world.url}/stac/earth-search")
        own = ["--store", str(tmp_path / "store.duckdb"), "--cache", str(tmp_path / "cache")]
        return main([*arguments, *own, *(bases if sources else ()), *(["--yes"] if yes else [])])

    return run


def held(tmp_path: Path) -> dict[str, tuple[int, bool]]:
    with Store.open(tmp_path / "store.duckdb") as store:
        return {d.id: (d.rows, d.synthetic) for d in store.datasets()}


# --- the whole way -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_from_an_empty_machine_to_an_answered_question(sources, call, read_once, tmp_path, capsys):
    """Survey, regions and statistics in one command, pixels in another; then five questions, one of them in French."""
    put_up(sources, load_sources().stac("earth-search"), scenes(), overviews=False)
    sources.files[TABLE] = whole_release()
    assert call("fetch", "all") == 0
    said = capsys.readouterr().err
    assert "LUCAS 2022, NUTS 2016 and 2021" in said
    assert "EuroGeographics" in said
    assert "last update 2025-07-25 -> last update 2026-11-01: 1 figures changed" in said
    assert "FRJ1 B82 2022: 9.9 -> 12.3 %" in said
    assert call("fetch", "pixels", "--region", "nuts:FRJ1", "--year", "2022") == 0
    said = capsys.readouterr().err
    assert "15 pixels" in said
    assert "at most about" in said
    holds = held(tmp_path)
    assert holds["lucas_microdata_2022"] == (16, False)
    assert holds["sentinel2_pixels"] == (4, False)
    with Store.open(tmp_path / "store.duckdb") as store:
        assert store.years() == (2022,)
    vineyards = ask(tmp_path, "How many vineyard points are there in Languedoc-Roussillon in 2022?")
    assert (vineyards["status"], vineyards["results"][0]["value"]) == ("answered", 6)
    assert not vineyards["results"][0]["provenance"]["synthetic"]
    spain = ask(tmp_path, "How many vineyard points are there in Castilla-La Mancha in 2022?")
    assert spain["results"][0]["value"] == 1
    share = ask(tmp_path, "What share of Languedoc-Roussillon was vineyard in 2022?")
    assert (share["status"], share["results"][0]["value"]) == ("answered", 12.3)
    assert "2026-11-01" in share["results"][0]["provenance"]["version"]
    where = ask(tmp_path, "où sont les vignes dans l'Hérault en 2022 ?")
    assert len(where["results"][0]["features"]["features"]) == 6
    assert satellite_map(tmp_path) == holds["sentinel2_pixels"][0]


def satellite_map(tmp_path: Path) -> int:
    """Ask the pixel model for vineyard in the region; return how many of the fetched pixels it looked at."""
    from retrieval.gazetteer import Gazetteer
    from retrieval.nomenclature import Nomenclature
    from tools.classify_area import classify_area
    from tools.context import Context

    with Store.open(tmp_path / "store.duckdb") as store:
        context = Context(store, Gazetteer(store), Nomenclature.load())
        result = classify_area(context, land_cover=["B82"], regions=["nuts:FRJ1"], year=2022)
    assert result.features is not None
    return len(result.features["features"])


def ask(tmp_path: Path, question: str) -> dict:
    from agent.__main__ import main as agent_main

    out = io.StringIO()
    real, sys.stdout = sys.stdout, out
    try:
        assert agent_main(["ask", question, "--store", str(tmp_path / "store.duckdb"), "--json"]) in (0, 3)
    finally:
        sys.stdout = real
    return json.loads(out.getvalue())


# --- one source at a time ----------------------------------------------------------------------------------------


def test_one_country_is_cut_out_of_the_one_file_of_2022(sources, call, small, tmp_path):
    assert call("fetch", "lucas", "--year", "2022", "--country", "fr") == 0
    assert held(tmp_path)["lucas_microdata_2022"] == (15, False)


@pytest.mark.parametrize("countries", ["fr;gr", "FR, EL", " EL FR "])
def test_countries_are_listed_in_any_way_and_by_either_code(countries):
    assert sorted(codes_of(countries)) == ["EL", "FR"]


def test_each_source_adds_to_what_is_there(sources, call, small, tmp_path):
    assert call("fetch", "lucas") == 0
    assert call("fetch", "nuts", "--year", "2021") == 0
    assert call("fetch", "statistics") == 0
    holds = held(tmp_path)
    assert holds["lucas_microdata_2022"][0] == 16
    assert holds["lan_lcv_ovw"][0] == 2
    assert {"tiny_regions", "nuts_2016"} & set(holds) or any(name.startswith("nuts_") for name in holds)
    kept = sorted(f.name.partition(".")[0] for f in library.files_of(tmp_path / "store.duckdb").iterdir())
    assert kept == ["EU_LUCAS_2022", "NUTS_RG_20M_2021_4326", "statistics"]


def test_a_newer_release_takes_the_place_of_the_old_one(sources, call, small, tmp_path, capsys):
    assert call("fetch", "statistics") == 0
    sources.files[TABLE] = gzip.compress(
        gzip.decompress(statistics_gz()).replace(b",12.3,", b",9.9,").replace(b"01/11/26", b"02/12/26")
    )
    capsys.readouterr()
    assert call("fetch", "statistics", "--refresh") == 0
    said = capsys.readouterr().err
    assert "last update 2026-11-01 -> last update 2026-12-02: 1 figures changed, 0 new, 0 gone" in said
    assert "FRJ1 B82 2022: 12.3 -> 9.9 %" in said
    assert len(list(library.files_of(tmp_path / "store.duckdb").iterdir())) == 1


VINES = "/apro_cpsh1/A.W1000.AR.?format=SDMX-CSV&compressed=true"


def vines_gz(area="AR") -> bytes:
    """The area under vines of two countries, as Eurostat sends it."""
    head = "DATAFLOW,LAST UPDATE,freq,crops,strucpro,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS"
    stamp = f"ESTAT:APRO_CPSH1(1.0),01/11/26 23:00:00,A,W1000,{area}"
    rows = [f"{stamp},FR,2023,755.2,,", f"{stamp},ES,2023,914.5,,", f"{stamp},ES,2024,:,c,", f"{stamp},FR,2021,751,,"]
    return gzip.compress("\n".join([head, *rows]).encode())


@pytest.mark.slow
def test_the_coefficients_of_variation_come_the_same_by_fetch_by_bulk_tsv_and_with_the_bundle(
    sources, call, small, tmp_path
):
    bundled = {
        (r["code"], r["land_cover"], r["year"]): r["cv"]
        for r in read_statistics_file().shares.to_pylist()
        if r["unit"] == "PC"
    }
    assert sum(cv is not None for cv in bundled.values()) == 60_313
    sources.files[TABLE] = whole_release()
    assert call("fetch", "statistics") == 0
    [asked] = [one for one in sources.asked("/LAN_LCV_OVW") if one.sent]
    assert "unit" not in asked.query.lower()  # all units of the table: shares, areas and coefficients
    assert coefficients(tmp_path) == bundled
    (tmp_path / "estat_lan_lcv_ovw.tsv.gz").write_bytes(bulk_tsv(whole_release()))
    (tmp_path / "store.duckdb").unlink()
    assert call("ingest", str(tmp_path / "estat_lan_lcv_ovw.tsv.gz")) == 0
    assert coefficients(tmp_path) == bundled


def coefficients(tmp_path: Path) -> dict[tuple[str, str, int], float | None]:
    """Code, class and year → the coefficient of variation of its share, as the store has it."""
    with duckdb.connect(str(tmp_path / "store.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT code, land_cover, year, cv FROM statistics WHERE unit = 'PC'").fetchall()
    return {(code, cover, year): cv for code, cover, year, cv in rows}


def test_areas_under_vines_are_fetched_kept_and_told_beside_the_share(sources, call, small, tmp_path, capsys):
    sources.files[VINES] = vines_gz()
    cropland = b"\nESTAT:LAN_LCV_OVW(1.0),01/11/26 23:00:00,A,PC,B00,FR,2022,30.1,,"
    sources.files[TABLE] = gzip.compress(gzip.decompress(statistics_gz()) + cropland)
    assert call("fetch", "statistics", "--vineyards") == 0
    assert capsys.readouterr().out == "ES\t2023\t914500\nFR\t2023\t755200\n"
    assert call("fetch", "statistics", "--refresh") == 0  # a later build keeps them
    with Store.open(tmp_path / "store.duckdb") as store:
        stamp = store.dataset("vine_areas")
        assert (stamp.id, stamp.version, stamp.rows) == ("apro_cpsh1_vines", "last update 2026-11-01", 3)
        assert store.dataset("statistics").years == (2022,)
        assert not {2021, 2023} & set(store.years())
    kept = sorted(f.name.partition(".")[0] for f in library.files_of(tmp_path / "store.duckdb").iterdir())
    assert kept == ["statistics", "vine_areas"]
    answer = ask(tmp_path, "What share of France was vineyard in 2022?")
    assert (answer["status"], answer["results"][0]["value"]) == ("answered", 1.5)
    [told] = [text for text in answer["caveats"] if "APRO_CPSH1" in text]
    assert "755,200 ha for France in 2023" in told  # not stated for 2022: the later of two years as near
    assert "the two are not mixed" in told
    assert "755" not in answer["text"]


def test_a_changed_table_of_vines_leaves_the_store_as_it_was(sources, call, small, tmp_path, capsys):
    tiny.write(tmp_path / "store.duckdb", noted=True)
    before = (tmp_path / "store.duckdb").read_bytes()
    sources.files[VINES] = vines_gz(area="XX")
    assert call("fetch", "statistics", "--vineyards") == 2
    assert "holds no area under vines" in capsys.readouterr().err
    assert (tmp_path / "store.duckdb").read_bytes() == before


def test_communes_come_with_their_ids(sources, call, small, tmp_path):
    ring = [[3.3, 43.5], [3.5, 43.5], [3.5, 43.7], [3.3, 43.7], [3.3, 43.5]]
    communes = [("FR", "34172", "Montpellier"), ("DE", "09162000", "München")]
    features = [
        {"type": "Feature", "properties": {"CNTR_CODE": c, "LAU_ID": i, "LAU_NAME": n},
         "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for c, i, n in communes
    ]  # fmt: skip
    whole = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    sources.files["/lau/geojson/LAU_RG_01M_2021_4326.geojson"] = whole
    assert call("fetch", "nuts", "--year", "2021", "--communes", "fr") == 0
    with Store.open(tmp_path / "store.duckdb") as store:
        ids = set(store.query("gazetteer_regions").column("id"))
    assert "commune:34172" in ids
    assert not any("09162000" in i for i in ids)


def test_files_brought_on_a_disk_are_told_apart_and_added(call, small, tmp_path, capsys):
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "EU_LUCAS_2022.zip").write_bytes(survey_zip())
    (disk / "NUTS_RG_20M_2021_4326.geojson").write_bytes(nuts_geojson())
    (disk / "lan_lcv_ovw.csv.gz").write_bytes(statistics_gz())
    (disk / "README.txt").write_text("not data")
    assert call("ingest", str(disk), sources=False) == 0
    said = capsys.readouterr().err
    for line in (
        "EU_LUCAS_2022.csv: survey records",
        "NUTS_RG_20M_2021_4326.geojson: regions",
        "lan_lcv_ovw.csv.gz: statistics",
    ):
        assert line in said
    assert held(tmp_path)["lucas_microdata_2022"][0] == 16
    assert call("ingest", str(disk / "README.txt"), sources=False) == 2
    assert "is no file that is known" in capsys.readouterr().err


def test_an_area_without_a_name_is_called_by_its_file_and_not_by_what_the_store_keeps(call, small, tmp_path):
    ring = [[3.0, 43.4], [3.6, 43.4], [3.6, 43.9], [3.0, 43.4]]
    (tmp_path / "Meine Fläche.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    assert call("ingest", str(tmp_path / "Meine Fläche.geojson"), sources=False) == 0
    with Store.open(tmp_path / "store.duckdb") as store:
        [area] = store.run("SELECT name FROM regions WHERE level = 'aoi'", {}).dicts()
    assert area["name"] == "Meine Fläche"


def test_a_store_survives_a_cleared_cache_and_a_lost_disk(call, small, tmp_path):
    disk = tmp_path / "disk.zip"
    disk.write_bytes(survey_zip())
    assert call("ingest", str(disk), sources=False) == 0
    disk.unlink()
    assert call("cache", "clear", sources=False) == 0
    table = tmp_path / "t.csv.gz"
    table.write_bytes(statistics_gz())
    assert call("ingest", str(table), sources=False) == 0
    assert held(tmp_path)["lucas_microdata_2022"][0] == 16


def test_pixels_of_a_drawn_area_and_of_a_sampled_region(sources, call, small, tmp_path, capsys):
    put_up(sources, load_sources().stac("earth-search"), scenes()[:2], overviews=False)
    tiny.write(tmp_path / "store.duckdb")
    area = tmp_path / "field.geojson"
    area.write_text(json.dumps({"type": "Polygon", "coordinates": [
        [[3.3920, 43.5880], [3.3935, 43.5880], [3.3935, 43.5890], [3.3920, 43.5890], [3.3920, 43.5880]]]}))  # fmt: skip
    assert call("fetch", "pixels", "--area", str(area), "--year", "2022", "--no-ingest") == 0
    said = capsys.readouterr().err
    assert "no scene in month 3, 4, 5" in said
    assert "fetched; the store is as it was" in said
    assert call("fetch", "pixels", "--area", str(area), "--year", "2022", "--no-ingest", "--every", "50") == 0
    [every, sampled] = sorted(pq.read_metadata(f).num_rows
                              for f in (tmp_path / "cache").rglob("pixels.parquet"))[::-1]  # fmt: skip
    assert 100 < every < 200  # about 120 m by 110 m
    assert 3 < sampled < 10
    area.write_text("{}")
    assert call("fetch", "pixels", "--area", str(area), "--year", "2022") == 2
    assert "cannot be read as GeoJSON" in capsys.readouterr().err


def test_photos_of_vineyards_are_fetched_and_listed(sources, call, small, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(photos, "PAUSE_S", 0.0)
    disk = tmp_path / "EU_LUCAS_2022.zip"
    disk.write_bytes(survey_zip())
    assert call("ingest", str(disk), sources=False) == 0
    jpeg = b"\xff\xd8" + b"x" * 999 + b"\xff\xd9"
    sources.files["/2022/FR/378/622/202237862298LCLU_Point.jpg"] = jpeg
    assert call("fetch", "photos", "--year", "2022", "--land-cover", "B82") == 0
    told = capsys.readouterr()
    assert "7 photos, about" in told.err
    assert "1 photos, 6 not published" in told.err
    rows = list(csv.DictReader(io.StringIO(Path(told.out.strip()).read_text())))
    assert rows[0]["point_id"] == "37862298"
    assert Path(rows[0]["file"]).read_bytes() == jpeg
    assert call("cache", "show", sources=False) == 0
    assert "202237862298LCLU_Point.jpg" in capsys.readouterr().out
    assert call("fetch", "photos", "--year", "2018") == 3


# --- what stops, and before what ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "arguments", "missing"),
    [
        (EU_2022, survey_zip((*COLUMNS[:9], "LC1_NEW", *COLUMNS[10:])), ("lucas",), "no column 'survey_lc1'"),
        (NUTS.format(year=2021), nuts_geojson(("NUTS_ID", "CNTR_CODE")), ("nuts",), "no property 'LEVL_CODE'"),
        (TABLE, statistics_gz("DATAFLOW,LAST UPDATE,freq,unit,lc,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS"),
         ("statistics",), "no column 'landcover'"),
    ],
)  # fmt: skip
def test_a_changed_form_stops_with_the_missing_column_before_the_store_is_touched(
    sources, call, small, tmp_path, capsys, fault, path, body, arguments, missing
):
    tiny.write(tmp_path / "store.duckdb")
    before = (tmp_path / "store.duckdb").read_bytes()
    sources.files[path] = body
    assert call("fetch", *arguments) == 3
    said = capsys.readouterr().err
    assert missing in said
    assert "the store is as it was" in said
    assert (tmp_path / "store.duckdb").read_bytes() == before
    fault(f"changed schema: {arguments[0]}", f"stops with {missing!r}; the store is byte for byte as it was")


def test_a_broken_download_leaves_the_store_as_it_was(sources, call, small, tmp_path, capsys):
    tiny.write(tmp_path / "store.duckdb")
    before = (tmp_path / "store.duckdb").read_bytes()
    sources.every[EU_2022] = Fault(body=b"<html>moved</html>", kind="text/html")
    assert call("fetch", "lucas") == 3
    assert "web page" in capsys.readouterr().err
    assert (tmp_path / "store.duckdb").read_bytes() == before


def test_nothing_is_fetched_unasked(sources, call, capsys, monkeypatch):
    assert call("fetch", "lucas", yes=False) == 2
    said = capsys.readouterr().err
    assert "LUCAS 2022:" in said
    assert "EU_LUCAS_2022.zip" in said
    assert "say --yes" in said
    assert sources.sent(EU_2022) == 0


def test_offline_says_how_to_go_on(sources, call, capsys):
    assert call("fetch", "lucas", "--offline") == 3
    assert "bring the file on a disk" in capsys.readouterr().err
    assert sources.log == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("lucas", "--year", "2020"), "no LUCAS survey in 2020; surveys: 2006, 2009"),
        (("lucas", "--country", "XX"), "no country 'XX'"),
        (("lucas", "--year", "2022", "--harmonised"), "ends with 2018"),
        (("nuts", "--year", "2020"), "no NUTS vintage 2020"),
        (("nuts", "--scale", "5M"), "no scale '5M'"),
        (("weights", "nothing.pt"), "no weights 'nothing.pt'"),
        (("pixels", "--region", "nuts:FRJ1", "--year", "2022", "--source", "nasa"), "no STAC source 'nasa'"),
        (("pixels", "--region", "nuts:FRJ1"), "say which year"),
        (("lucas", "--base", "moon=http://x"), "no source 'moon'"),
        (("lucas", "--cache-limit", "much"), "a size is written as"),
    ],
)
def test_a_wrong_option_says_what_exists(call, small, tmp_path, capsys, arguments, message, monkeypatch):
    if arguments[0] == "pixels":
        tiny.write(tmp_path / "store.duckdb")
    assert call("fetch", *arguments) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_a_store_that_does_not_say_its_files_is_not_added_to(tmp_path):
    tiny.write(tmp_path / "store.duckdb")
    with pytest.raises(StoreError, match="does not say which files"):
        library.sources_of(tmp_path / "store.duckdb")
    assert library.sources_of(tmp_path / "none.duckdb").bundled


def test_a_store_of_another_version_is_built_anew_with_its_files(call, small, tmp_path):
    disk = tmp_path / "EU_LUCAS_2022.zip"
    disk.write_bytes(survey_zip())
    assert call("ingest", str(disk), sources=False) == 0
    with duckdb.connect(str(tmp_path / "store.duckdb")) as connection:
        connection.execute("UPDATE store_meta SET value = '0' WHERE key = 'schema'")
    table = tmp_path / "t.csv.gz"
    table.write_bytes(statistics_gz())
    assert call("ingest", str(table), sources=False) == 0
    assert held(tmp_path)["lucas_microdata_2022"][0] == 16


def test_a_store_whose_file_is_gone_says_which(call, small, tmp_path):
    file = tmp_path / "EU_LUCAS_2022.csv"
    with zipfile.ZipFile(io.BytesIO(survey_zip())) as archive:
        file.write_bytes(archive.read("EU_LUCAS_2022.csv"))
    ingest.build(tmp_path / "store.duckdb", ingest.Sources(lucas=(file,)))
    file.unlink()
    with pytest.raises(StoreError, match=r"EU_LUCAS_2022\.csv, which is gone"):
        library.sources_of(tmp_path / "store.duckdb")


KILLED = """
import sys, time
from pathlib import Path
from retrieval import ingest
from retrieval.__main__ import main
from retrieval.places import PlaceSet
from tests import tiny
ingest.bundled_regions = tiny.regions
place = {"id": "town:1", "name": "Agde", "lon": 3.47, "lat": 43.31, "country": "FR", "population": 1, "source": "t"}
name = {"place_id": "town:1", "name": "Agde", "norm": "agde", "language": ""}
ingest.towns = lambda: PlaceSet("t", "Town", "1", "CC0", "Nobody", "2" * 64, (place,), (name,))
table = sys.argv[2]
ingest.bundled_statistics = lambda: ingest.read_statistics_file(table)
def slow(*arguments):
    Path(sys.argv[1]).write_text("building")
    time.sleep(30)
ingest._load_membership = slow
main(sys.argv[3:])
"""


def test_a_killed_ingest_leaves_the_old_store_and_the_next_one_finishes(sources, call, small, tmp_path, fault):
    assert call("fetch", "nuts") == 0
    before = (tmp_path / "store.duckdb").read_bytes()
    disk = tmp_path / "EU_LUCAS_2022.zip"
    disk.write_bytes(survey_zip())
    flag = tmp_path / "flag"
    own = ["--store", str(tmp_path / "store.duckdb"), "--cache", str(tmp_path / "cache")]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(flag), str(tmp_path / "small.csv.gz"), "ingest", str(disk), *own, "--quiet"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not flag.exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert flag.exists()
    assert (tmp_path / "store.duckdb").read_bytes() == before
    assert "lucas_microdata_2022" not in held(tmp_path)
    assert call("ingest", str(disk), sources=False) == 0
    assert held(tmp_path)["lucas_microdata_2022"][0] == 16
    assert any(name.startswith("nuts_") for name in held(tmp_path))
    fault("kill -9 while the store is built", "the old store answers byte for byte as before; the second run finishes")


# --- small parts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"), [("500M", 500 * 1024**2), ("20G", 20 * 1024**3), ("17", 17), ("1.5 kB", 1536)]
)
def test_sizes_are_read_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("address", ["file:///etc", "http://[", "ftp://127.0.0.1/x", "/etc/passwd", "https://"])
def test_an_address_that_is_none_of_the_web_is_refused_before_anything_is_asked(address):
    with pytest.raises(BadArgument, match="given for statistics is none"):
        parse_bases([f"statistics={address}"], {})
    with pytest.raises(BadArgument, match="given for nuts is none"):
        parse_bases([], {"LANDASK_BASE_NUTS": address})


def test_every_survey_year_has_a_file_and_a_descriptor():
    sources = load_sources()
    for year in (2006, 2009, 2012, 2015, 2018, 2022):
        [whole] = lucas.remotes(sources, year)
        assert str(year) in whole.url
        assert lucas.expected(year, False) in ("lucas_microdata", "lucas_microdata_2022", "lucas_harmonised")
    names = [r.url.rpartition("/")[2] for r in lucas.remotes(sources, 2018, ["FR", "ES"])]
    assert names == ["FR_2018_20200213.CSV", "ES_2018_20200213.CSV"]


DESCRIBED = {
    "lucas": "lucas_microdata_2022", "lucas_harmonised": "lucas_harmonised", "nuts": "nuts_gisco", "lau": "lau_gisco",
    "statistics": "lan_lcv_ovw", "photos": "lucas_photos", "weights": "model_weights", "stac": "sentinel2_pixels",
    "landmatrix": "land_matrix",
}  # fmt: skip


def test_every_source_has_a_descriptor_with_licence_citation_coverage_and_known_problems():
    sources = load_sources()
    assert set(sources.table) == set(DESCRIBED)
    for name in DESCRIBED.values():
        known = descriptor(name)
        assert known.licence
        assert known.attribution
        assert known.url.startswith("https://")
        assert known.coverage
        assert known.known_problems


def test_environment_and_options_replace_addresses():
    from retrieval.fetch.sources import parse_bases

    bases = parse_bases(["nuts=http://b"], {"LANDASK_BASE_NUTS": "http://a", "LANDASK_BASE_EARTH_SEARCH": "http://s"})
    assert bases == {"nuts": "http://b", "earth-search": "http://s"}
    assert load_sources(bases).stac("earth-search").url == "http://s"
    assert load_sources({}).stac("http://my/stac").url == "http://my/stac"
    with pytest.raises(BadArgument, match="SOURCE=URL"):
        parse_bases(["nuts"], {})
