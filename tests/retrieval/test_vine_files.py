"""Files of the area under vines: Eurostat's two forms and the plain one, told apart and read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from retrieval.errors import BadFile
from retrieval.ingest import Contents, write_store
from retrieval.kinds import kind_of
from retrieval.store import Store
from retrieval.vine_files import read_vine_areas
from tests import tiny

TSV = (
    "freq,crops,strucpro,geo\\TIME_PERIOD\t2017 \t2018 \n"
    "A,W1000,AR,ES\t933.8 \t: \n"
    "A,W1000,AR,FR\t: c\t750.5 e\n"
    "A,W1000,PR_HU_EU,FR\t5000 \t6000 \n"
    "A,C1100,AR,FR\t5.1 \t5.2 \n"
)
SDMX = (
    "DATAFLOW,LAST UPDATE,freq,crops,strucpro,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n"
    "ESTAT:APRO_CPSH1(1.0),01/11/26 23:00:00,A,W1000,AR,ES,2017,933.8,,\n"
    "ESTAT:APRO_CPSH1(1.0),01/11/26 23:00:00,A,W1000,AR,FR,2018,750.5,e,\n"
    "ESTAT:APRO_CPSH1(1.0),01/11/26 23:00:00,A,W1000,AR,FR,2017,:,c,\n"
)
PLAIN = "geo,level,year,vineyard_area_ha\nFR,country,2018,750500\nES,country,2017,933800\n"
ROWS = [("ES", 2017, 933_800, ""), ("FR", 2018, 750_500, "e")]


def written(folder: Path, text: str, packed: bool = False) -> Path:
    file = folder / ("vines.csv.gz" if packed else "vines.csv")
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return file


def rows(file: Path) -> list[tuple]:
    return [tuple(row.values()) for row in read_vine_areas(file).areas.to_pylist()]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("text", [TSV, SDMX])
def test_both_forms_of_eurostat_give_hectares_with_their_flags(tmp_path: Path, text: str, packed: bool) -> None:
    file = written(tmp_path, text, packed)
    assert kind_of(file) == "vine_areas"
    assert rows(file) == ROWS
    assert read_vine_areas(file).latest() == ROWS


def test_a_release_says_its_date_and_years(tmp_path: Path) -> None:
    dataset = read_vine_areas(written(tmp_path, SDMX)).dataset
    assert (dataset.version, dataset.years, dataset.rows) == ("last update 2026-11-01", (2017, 2018), 2)
    assert dataset.kind == "vine_areas"


def test_the_plain_form_takes_a_code_from_brackets(tmp_path: Path) -> None:
    file = written(tmp_path, PLAIN + "Castilla-La Mancha (ES42),NUTS2,2015,434000\n")
    assert kind_of(file) == "vine_areas"
    assert rows(file) == [("ES", 2017, 933_800, ""), ("ES42", 2015, 434_000, ""), ("FR", 2018, 750_500, "")]


def test_the_stated_areas_in_shared_data_are_read(shared_data: Path) -> None:
    read = read_vine_areas(shared_data / "reference_stats" / "eurostat_vineyard_area_ha.csv")
    assert ("ES", 2015, 941_000, "") in read.latest()
    assert read.dataset.id == "vine_areas_published"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN.replace("geo,", "land,"), "no column geo"),
        (SDMX.replace("strucpro", "structure"), "no column strucpro"),
        (SDMX.replace("W1000", "W2000"), "holds no area under vines"),
        (PLAIN + "FR,country,2018,1\n", "line 4: a second figure for FR 2018"),
        (PLAIN.replace("2018", "18"), "'18' is not a year"),
        (PLAIN.replace("FR,", "France,"), "'France' is not a country or region code"),
        (PLAIN.replace("750500", "much"), "'much' is not a figure"),
        (SDMX.replace("750.5", "750500"), "is no area under vines"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadFile, match=said):
        read_vine_areas(written(tmp_path, text))


def test_a_store_holds_them_in_a_table_of_their_own(tmp_path: Path) -> None:
    areas = read_vine_areas(written(tmp_path, SDMX))
    write_store(tmp_path / "s.duckdb", Contents(None, [tiny.regions()], surveys=[tiny.survey()], vine_areas=areas))
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store.query("vine_areas", codes=["FR", "DE"]).rows == (("FR", 2018, 750_500.0, "e", "apro_cpsh1_vines"),)
        assert store.dataset("vine_areas").id == "apro_cpsh1_vines"
        assert store.years() == tiny.survey().dataset.years
