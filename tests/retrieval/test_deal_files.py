"""Land Matrix' export: 40 real deals, and invented ones that have what the real ones lack."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from pathlib import Path

import pytest

from retrieval.deal_files import Deals, read_deals
from retrieval.deal_terms import codes_in, country_named, expanded, terms, world_regions
from retrieval.errors import BadFile
from retrieval.fetch.landmatrix_world import area, current, drawn, export_zip
from retrieval.ingest import Contents, write_store
from retrieval.store import Store
from tests import tiny

SAMPLE = Path(__file__).parents[1] / "data" / "landmatrix" / "export_sample"


@pytest.fixture(scope="module")
def sample() -> Deals:
    return read_deals(SAMPLE)


def row(read: Deals, deal_id: int) -> dict:
    return next(one for one in read.deals.to_pylist() if one["deal_id"] == deal_id)


def changed(folder: Path, deal: str, **cells: str) -> Path:
    """Write the sample with some cells of one deal changed."""
    with (SAMPLE / "deals.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    for one in rows:
        if one["Deal ID"] == deal:
            one |= {name.replace("_", " "): value for name, value in cells.items()}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "deals.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def test_a_real_deal_is_read_whole(sample: Deals) -> None:
    deal = row(sample, 17)
    assert (deal["country"], deal["country_number"], deal["region_number"]) == ("foreign:KH", 116, 142)
    assert {"foreign:KH", "m49:035", "m49:142"} == set(deal["places"])
    assert (deal["size_ha"], deal["contract_ha"], deal["production_ha"]) == (6523.0, 6523.0, None)
    assert (deal["negotiation"], deal["implementation"], deal["year"]) == ("CONTRACT_SIGNED", "PROJECT_ABANDONED", 2008)
    assert (deal["intentions"], deal["crops"]) == (["BIOFUELS", "FOOD_CROPS"], ["SUC"])
    assert (deal["investors"], deal["investor_countries"]) == (["Mitr Phol Group"], ["foreign:TH"])
    assert deal["impacts"][:2] == ["ENVIRONMENTAL_DEGRADATION", "SOCIO_ECONOMIC"]


def test_what_is_not_current_is_history_and_no_crop_of_today(sample: Deals) -> None:
    assert row(sample, 1230)["crops"] == ["BAN", "COT"]
    older = [
        e for e in sample.history.to_pylist() if e["deal_id"] == 1230 and e["field"] == "crop" and not e["current"]
    ]
    assert [e["code"] for e in older] == ["CRN", "JTR", "OPL", "SOY", "SUC"]
    assert {e["year"] for e in older} == {None}


def test_a_state_that_an_older_enumeration_lacks_is_read(sample: Deals) -> None:
    states = [e["code"] for e in sample.history.to_pylist() if (e["deal_id"], e["field"]) == (11898, "implementation")]
    assert states == ["STARTUP_PHASE", "IN_OPERATION", "ON_HOLD", "IN_OPERATION"]


def test_of_the_real_rows_nothing_is_unknown(sample: Deals) -> None:
    assert [(one.rows, one.action) for one in sample.findings] == [(0, "none needed")]
    assert sample.dataset.version == "export up to 2026-07-02, the site's default filter"


def test_neither_contacts_nor_comments_are_read(sample: Deals) -> None:
    names = {*sample.deals.column_names, *sample.investors.column_names, *sample.locations.column_names}
    assert not [name for name in names if any(bad in name for bad in ("mail", "phone", "comment", "homepage"))]


def test_invented_deals_are_read_as_they_were_invented(tmp_path: Path) -> None:
    made = drawn(150)
    path = tmp_path / "export.zip"
    path.write_bytes(export_zip(made))
    read = read_deals(path)
    for deal in made:
        found = row(read, deal.id)
        assert (found["size_ha"], found["year"], found["contract_ha"]) == (deal.size, deal.year, area(deal.contract))
        assert (found["crops"], found["animals"], found["minerals"]) == tuple(
            current(entries) for entries in (deal.crops, deal.animals, deal.minerals)
        )
        assert (found["country_number"], found["natures"]) == (deal.country, list(deal.natures))
        assert found["forest_concession"] == deal.forest_concession
    assert read.locations.num_rows == sum(len(deal.locations) for deal in made)
    spot = read.locations.to_pylist()[0]
    assert 24 <= spot["lon"] <= 29
    assert 43 <= spot["lat"] <= 47
    assert "filter" not in read.dataset.version


def test_a_label_is_never_split_at_its_own_comma() -> None:
    for field, table in terms().items():
        for code, term in table.items():
            assert codes_in(field, term.label) == ([code], [])
    both = ", ".join(term.label for term in terms()["mineral"].values())
    assert codes_in("mineral", both) == (list(terms()["mineral"]), [])


def test_groups_stand_for_the_codes_below_them() -> None:
    assert len(expanded("intention", ["AGRICULTURE"])) == 7
    assert len(expanded("intention", ["FORESTRY"])) == 5
    assert expanded("negotiation", ["FAILED"]) == ("NEGOTIATIONS_FAILED", "CONTRACT_CANCELED")


def test_every_spelling_of_the_export_is_one_country() -> None:
    for names in (("Türkiye", "Turkey"), ("Lao PDR", "Laos"), ("Congo, Dem. Rep.", "Congo - Kinshasa")):
        assert len({country_named(name).number for name in names if country_named(name)}) == 1
    assert country_named("Atlantis") is None
    assert len(world_regions()["m49:035"]) == 11


def test_an_unknown_label_date_or_size_is_told_and_not_guessed(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "17",
        Target_country="Atlantis",
        Deal_size="-5",
        Implementation_status="20x8#current#Startup phase (no production)|2015#current#On the moon",
    )
    read = read_deals(path)
    deal = row(read, 17)
    assert (deal["country"], deal["places"], deal["size_ha"]) == (None, [], None)
    told = {(one.check, one.action) for one in read.findings}
    assert {("country", "kept"), ("hectares", "set to null"), ("date", "set to null")} < told
    assert ("label of implementation", "dropped") in told


def test_a_zip_a_folder_and_the_file_alone_are_the_same_deals(tmp_path: Path, sample: Deals) -> None:
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        for file in SAMPLE.glob("*.csv"):
            archive.write(file, f"export/{file.name}")
    shutil.copy(SAMPLE / "deals.csv", tmp_path / "deals.csv")
    assert read_deals(tmp_path / "e.zip").deals == sample.deals
    alone = read_deals(tmp_path / "deals.csv").deals
    assert alone.drop_columns(["investor_kinds"]) == sample.deals.drop_columns(["investor_kinds"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Deal ID;Deal scope;Target country\r\n1;domestic;Laos\r\n", "no column 'deal size'"),
        ("Deal ID;Deal scope;Deal size;Target country\r\n", "it has no rows"),
        ("Deal ID;Deal scope;Deal size;Target country\r\nx;domestic;1;Laos\r\n", "'x' is no deal id"),
        ("Deal ID;Deal scope;Deal size;Target country\r\n1;;;Laos\r\n1;;;Laos\r\n", "deal 1 stands in it twice"),
        ("<!doctype html><p>login</p>", "is a web page"),
    ],
)
def test_what_is_no_export_says_so_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "deals.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(BadFile, match=why):
        read_deals(path)


def test_a_folder_without_deals_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"holds no deals\.csv"):
        read_deals(tmp_path)


def test_a_store_holds_the_deals_and_the_regions_their_locations_lie_in(tmp_path: Path) -> None:
    zipped = tmp_path / "export.zip"
    zipped.write_bytes(export_zip(drawn(60)))
    path = tmp_path / "s.duckdb"
    write_store(path, Contents(None, (tiny.regions(),), None, (tiny.survey(),), deals=read_deals(zipped)))
    with Store.open(path) as store:
        assert store.dataset("deals").rows == 60
        counted = store._run("SELECT count(*), count(DISTINCT deal_id) FROM deals", {})
        assert counted.rows == ((60, 60),)
        lists = store._run("SELECT count(*) FROM deals WHERE list_has_any(places, ['m49:002'])", {})
        africa = set(world_regions()["m49:002"])
        by_country = store._run("SELECT country FROM deals", {}).column("country")
        assert lists.rows == ((sum(c in africa for c in by_country),),)
