"""The area under vines, told beside a published share and nowhere mixed with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from agent.ask import ask
from agent.check import unsupported
from agent.render import caveats_of
from retrieval.ingest import Contents, write_store
from retrieval.statistics_files import read_statistics_file
from retrieval.store import Store
from retrieval.types import PAGE_LANGUAGES
from retrieval.vine_files import read_vine_areas
from tests import tiny
from tools.context import Context
from tools.published_verbs import change_official, official_share

STATED = "geo,level,year,vineyard_area_ha\nFR,country,2015,803000\nFR,country,2021,751000\nIT,country,2010,610000\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vines")
    (folder / "vines.csv").write_text(STATED)
    vines = read_vine_areas(folder / "vines.csv")
    contents = Contents(read_statistics_file(), (tiny.regions(),), None, (tiny.survey(),), vine_areas=vines)
    write_store(folder / "store.duckdb", contents)
    return folder / "store.duckdb"


@pytest.fixture(scope="module")
def world(store: Path) -> Iterator[Context]:
    with Store.open(store) as opened:
        yield Context.open(opened)


def told(result) -> list[dict]:
    return [dict(slots) for key, slots in result.caveats if key == "vine_area"]


@pytest.mark.parametrize(
    ("asked", "stated", "ha"),
    [(2009, 2015, 803_000), (2015, 2015, 803_000), (2018, 2021, 751_000), (2022, 2021, 751_000)],
)
@pytest.mark.parametrize("unit", ["%", "ha", "km2"])
def test_a_country_gets_the_stated_area_of_the_nearest_year(world, asked, stated, ha, unit):
    result = official_share(world, land_cover=["B82"], regions=["country:FR"], years=[asked], unit=unit)
    [slots] = told(result)
    assert (slots["region"], slots["year"], slots["ha"]) == ("France", stated, ha)
    assert ha not in (result.value, *(row.get("value") for row in result.told[0].rows))


def test_of_several_years_the_last_one_is_told_beside(world):
    result = official_share(world, land_cover=["B82"], regions=["country:FR"], years=[2009, 2015])
    assert [slots["year"] for slots in told(result)] == [2015]


@pytest.mark.parametrize(
    "arguments",
    [
        {"land_cover": ["B80"], "regions": ["country:FR"]},
        {"land_cover": ["B82", "B81"], "regions": ["country:FR"]},
        {"land_cover": ["C00"], "regions": ["country:FR"]},
        {"land_cover": ["B82"], "regions": ["nuts:FRJ1"]},
    ],
)
def test_other_classes_and_regions_without_a_stated_area_get_none(world, arguments):
    assert not told(official_share(world, **arguments, years=[2018]))


def test_only_the_share_tells_it(world):
    result = change_official(world, land_cover=["B82"], regions=["country:FR"], year_from=2015, year_to=2018)
    assert not told(result)


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_it_is_worded_in_every_language_with_nothing_that_no_cell_holds(world, language):
    result = official_share(world, land_cover=["B82"], regions=["country:FR"], years=[2018])
    [sentence] = [text for text in caveats_of([result], (), language, world) if "Eurostat" in text]
    assert "751" in sentence
    assert unsupported(sentence, [result], language, world) == []


def test_a_question_is_answered_with_the_second_figure_named(world):
    answer = ask("How many hectares of France were vineyards in 2018?", world, router="builtin", debug=True)
    assert answer.status == "answered"
    assert any("751,000 ha for France in 2021" in caveat for caveat in answer.caveats)
    assert "751" not in answer.text


def test_a_store_made_before_this_table_still_answers(store, tmp_path):
    old = tmp_path / "old.duckdb"
    old.write_bytes(store.read_bytes())
    with duckdb.connect(str(old)) as connection:
        connection.execute("DROP TABLE vine_areas")
        connection.execute("DELETE FROM datasets WHERE kind = 'vine_areas'")
    with Store.open(old) as opened:
        result = official_share(Context.open(opened), land_cover=["B82"], regions=["country:FR"], years=[2018])
    assert result.value
    assert not told(result)
