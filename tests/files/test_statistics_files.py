"""Eurostat's table in the shapes people have it: the same figures from each."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.errors import BadFile
from retrieval.kinds import kind_of
from retrieval.statistics_files import read_statistics

SHAPES = {
    "SDMX-CSV": "unit,landcover,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\nPC,B82,EL,2022,1.5,u\nPC,B82,ES,2022,2.5,bu\n",
    "semicolons and decimal commas": "unit;landcover;geo;TIME_PERIOD;OBS_VALUE;OBS_FLAG\n"
    "PC;B82;EL;2022;1,5;u\nPC;B82;ES;2022;2,5;b u\n",
    "labels": "unit: Unit,landcover: Cover,geo: Geo,TIME_PERIOD: Time,OBS_VALUE: Value,OBS_FLAG: Flag\n"
    "PC: Percent,B82: Vineyards,EL: Greece,2022,1.5,u\nPC: Percent,B82: Vineyards,ES: Spain,2022,2.5,bu\n",
    "of R": "unit,landcover,geo,time,values,flag\nPC,B82,EL,2022-01-01,1.5,u\nPC,B82,ES,2022-01-01,2.5,bu\n"
    "PC,B82,FR,2022-01-01,NA,\n",
    "TSV": "unit,landcover,geo\\time\t2022 \t2018 \nPC,B82,EL\t1.5 u\t: z\nPC,B82,ES\t2.5 bu\t:c\n",
    "TSV in quotes": '"unit,landcover,geo\\TIME_PERIOD"\t"2022 "\n"PC,B82,EL"\t"1.5 u"\n"PC,B82,ES"\t"2.5 bu"\n',
    "TSV whose rows end early": "unit,landcover,geo\\time\t2022\t2018\nPC,B82,EL\t1.5 u\nPC,B82,ES\t2.5 bu\n",
    "the geographic code of Greece": "unit,class,region,year,value,flag\nPC,B82,GR,2022,1.5,u\nPC,B82,ES,2022,2.5,bu\n",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["table.csv", "table.txt"])
def test_every_way_of_writing_the_table_gives_the_same_figures(tmp_path: Path, shape: str, name: str) -> None:
    file = tmp_path / name
    file.write_text(SHAPES[shape])
    assert kind_of(file) == "statistics"
    assert {(row["code"], row["year"], row["value"], row["flag"]) for row in read_statistics(file).to_pylist()} == {
        ("EL", 2022, 1.5, "u"),
        ("ES", 2022, 2.5, "bu"),
    }


def test_a_table_of_other_classes_is_refused_with_their_names(tmp_path: Path) -> None:
    file = tmp_path / "shares.csv"
    file.write_text("geo,landcover,unit,TIME_PERIOD,OBS_VALUE\nFR,LCA,PC,2018,5.9\n")
    with pytest.raises(BadFile, match="none of its classes is one of LAN_LCV_OVW's, as A00 or B82: LCA"):
        read_statistics(file)
