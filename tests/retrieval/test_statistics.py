"""What the published table means, held against its own figures; and the files it comes in."""

from __future__ import annotations

import gzip
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from retrieval import statistics as meaning
from retrieval.errors import BadFile
from retrieval.statistics_files import read_region_areas, read_statistics, read_statistics_file

TSV = """\
freq,unit,landcover,geo\\TIME_PERIOD\t2009 \t2018 \t2022 
A,PC,C00,SE\t64.7 \t62.4 u\t61.7 
A,PC,B82,SE\t: \t0.0 n\t:u
A,PC,TOTAL,SE\t100.0 \t100.0 \t100.0 
A,KM2,TOTAL,SE\t: \t447423 \t447424 
A,KM2,C00,SE\t: \t279193 \t: 
A,CVA,C00,SE\t: \t: \t1.2 
"""  # noqa: W291

SDMX = """\
DATAFLOW,LAST UPDATE,freq,unit,landcover,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS
ESTAT:LAN_LCV_OVW(1.0),25/07/25 23:00:00,A,PC,C00,SE,2018,62.4,u,
ESTAT:LAN_LCV_OVW(1.0),25/07/25 23:00:00,A,PC,C00,SE,2022,,u,
ESTAT:LAN_LCV_OVW(1.0),25/07/25 23:00:00,A,KM2,C00,SE,2018,279193,,
ESTAT:LAN_LCV_OVW(1.0),25/07/25 23:00:00,A,CVA,C00,SE,2018,2.4,,
"""


@pytest.fixture(scope="module")
def shares() -> pd.DataFrame:
    """The bundled figures, percent only."""
    return read_statistics().to_pandas()


@pytest.fixture(scope="module")
def wide(shares: pd.DataFrame) -> pd.DataFrame:
    """Code and year → a column a class."""
    return shares.pivot_table(index=["code", "year"], columns="land_cover", values="value")


def rows(table: pa.Table) -> set[tuple]:
    return {tuple(row.values()) for row in table.to_pylist()}


def written(folder: Path, text: str, name: str = "table.tsv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_tsv_gives_figures_with_flags_and_leaves_colons_out(tmp_path):
    table = read_statistics(written(tmp_path, TSV))
    assert rows(table) == {
        ("SE", "C00", 2009, "PC", 64.7, "", None),
        ("SE", "C00", 2018, "PC", 62.4, "u", None),
        ("SE", "C00", 2022, "PC", 61.7, "", 1.2),
        ("SE", "B82", 2018, "PC", 0.0, "n", None),
        ("SE", "C00", 2018, "KM2", 279193.0, "", None),
    }


def test_total_in_square_kilometres_is_the_regions_area_of_the_latest_year(tmp_path):
    assert rows(read_region_areas(written(tmp_path, TSV))) == {("SE", 2022, 447424.0)}


def test_dimensions_may_stand_in_another_order_and_frequency_may_lack(tmp_path):
    older = "unit,geo,landcover\\time\t2022\t2018\nPC,SE,C00\t61.7 \t62.4 u\n"
    assert rows(read_statistics(written(tmp_path, older))) == {
        ("SE", "C00", 2022, "PC", 61.7, "", None),
        ("SE", "C00", 2018, "PC", 62.4, "u", None),
    }


def test_sdmx_csv_gives_the_same_rows_and_its_stamp(tmp_path):
    file = read_statistics_file(written(tmp_path, SDMX, "lan_lcv_ovw.csv"))
    assert rows(file.shares) == {
        ("SE", "C00", 2018, "PC", 62.4, "u", 2.4),
        ("SE", "C00", 2018, "KM2", 279193.0, "", 2.4),
    }
    assert file.dataset.version == "last update 2025-07-25"
    assert file.dataset.years == (2018,)
    assert not file.dataset.synthetic


def test_gzipped_and_plain_files_give_the_same_rows(tmp_path):
    (tmp_path / "table.tsv.gz").write_bytes(gzip.compress(TSV.encode()))
    assert read_statistics(tmp_path / "table.tsv.gz").equals(read_statistics(written(tmp_path, TSV)))


def test_the_coefficients_of_variation_of_a_plain_csv_may_stand_in_a_file_beside_it(tmp_path):
    plain = written(tmp_path, "unit,class,region,year,value,flag\nPC,B82,ES61,2022,0.3,u\n", "shares.csv")
    assert rows(read_statistics(plain)) == {("ES61", "B82", 2022, "PC", 0.3, "u", None)}
    written(tmp_path, "class,region,year,cv\nB82,ES61,2022,42.7\nB82,ES62,2022,10.0\n", "lan_lcv_ovw_cv.csv")
    assert rows(read_statistics(plain)) == {("ES61", "B82", 2022, "PC", 0.3, "u", 42.7)}
    written(tmp_path, "class,region,year,error\n", "lan_lcv_ovw_cv.csv")
    assert read_statistics(plain).column("cv").null_count == 1
    written(tmp_path, "class,region,year,cv\nB82,ES61,2022,much\n", "lan_lcv_ovw_cv.csv")
    with pytest.raises(BadFile, match="class, region, year, cv"):
        read_statistics(plain)


def test_a_second_coefficient_of_variation_of_one_figure_is_refused(tmp_path):
    text = "unit,class,region,year,value,flag\nPC,C00,SE,2022,61.7,\nCVA,C00,SE,2022,1.2,\nCVA,C00,SE,2022,1.3,\n"
    with pytest.raises(BadFile, match="a second figure for SE C00 2022 CVA"):
        read_statistics(written(tmp_path, text, "shares.csv"))


CVS = {
    ("ES61", "B82"): {2022: 42.7},
    ("FRJ1", "B82"): {2018: 26.2, 2022: 4.7},
    ("DE2", "E00"): {2009: 2.4, 2012: 2.2, 2015: 2.2, 2018: 3.1, 2022: 0.9},
    ("AT", "A00"): {2009: 5.4, 2012: 4.7, 2015: 4.6, 2018: 4.9, 2022: 2.5},
    ("EU", "B82"): {2022: 5.6},
    ("EU27_2020", "B82"): {2018: 8.1},
}


@pytest.mark.parametrize(("cell", "by_year"), CVS.items())
def test_the_bundled_coefficients_of_variation_are_the_published_ones(shares, cell, by_year):
    rows = shares[(shares.code == cell[0]) & (shares.land_cover == cell[1])].set_index("year")
    assert {year: rows.cv[year] for year in by_year} == by_year


def test_how_many_figures_have_a_coefficient_of_variation(shares):
    assert (shares.cv.notna().sum(), shares.cv.isna().sum()) == (60_313, 2_154)


EXCEPTIONS = {2009: (196, 0), 2012: (189, 0), 2015: (199, 0), 2018: (535, 288), 2022: (0, 0)}
"""Year → how many figures are flagged `u` without a coefficient above the limit, and above it without the flag."""


@pytest.mark.parametrize("year", EXCEPTIONS)
def test_low_reliability_is_a_coefficient_above_50_until_2018_and_above_30_in_2022(shares, year):
    known = shares[(shares.year == year) & shares.cv.notna() & (shares.flag != "n")]
    flagged, above = known.flag.str.contains("u"), known.cv > (30 if year == 2022 else 50)
    assert ((flagged & ~above).sum(), (above & ~flagged).sum()) == EXCEPTIONS[year]


def test_a_file_without_areas_falls_back_on_the_bundled_ones(tmp_path):
    assert ("SE", 2022, 447424.0) in rows(read_region_areas(written(tmp_path, SDMX, "x.csv")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unit,landuse,geo\\TIME_PERIOD\t2022\nPC,U110,SE\t3.0\n", "not LAN_LCV_OVW"),
        ("unit,landcover,geo\\TIME_PERIOD\t2022\nPC,C00,SE\t3,0\n", "line 2: '3,0' is not a figure"),
        ("unit,landcover,geo\\TIME_PERIOD\t2022\nPC,C00,SE\tabc\n", "line 2: 'abc' is not a figure"),
        ("unit,landcover,geo\\TIME_PERIOD\t2022\nPC,C00,SE\t130.0\n", "130 PC is no share"),
        ("unit,landcover,geo\\TIME_PERIOD\t2022\nPC,C00,SE\t1.0\nPC,C00,SE\t2.0\n", "a second figure for SE C00 2022"),
        ("unit,landcover,geo\\TIME_PERIOD\tlater\nPC,C00,SE\t1.0\n", "'later' is not a year"),
        ("unit,landcover,geo\\TIME_PERIOD\t2022\nPC,C00,se\t1.0\n", "'se' is not a region code"),
        ("unit,landcover,geo\\TIME_PERIOD\t2022\nPC,C00,SE\t: \n", "holds no figure"),
        ("a,b\n1,2\n", "no column"),
        ("", "no column"),
        ("unit,class,region,year,value,flag\nPC,C00,SE,2022\n", "line 2 has 4 columns, its heading 6"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_reason(tmp_path, text, words):
    with pytest.raises(BadFile, match=words.replace(".", r"\.")):
        read_statistics(written(tmp_path, text))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "x.tsv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(BadFile, match="UTF-8"):
        read_statistics(tmp_path / "x.tsv")
    with pytest.raises(BadFile, match="cannot read"):
        read_statistics(tmp_path / "absent.tsv")


def test_the_whole_bundled_table_survives_a_trip_through_eurostats_tsv(tmp_path, shares):
    cells: dict[tuple[str, str, str], dict[int, str]] = defaultdict(dict)
    for row in shares.itertuples():
        cells["PC", row.land_cover, row.code][row.year] = f"{row.value} {row.flag}"
        if not pd.isna(row.cv):
            cells["CVA", row.land_cover, row.code][row.year] = f"{row.cv} "
    years = sorted(shares.year.unique())
    lines = ["unit,landcover,geo\\TIME_PERIOD\t" + "\t".join(f"{y} " for y in years)]
    lines += [
        f"{unit},{land_cover},{code}\t" + "\t".join(of_year.get(y, ": ") for y in years)
        for (unit, land_cover, code), of_year in cells.items()
    ]
    assert rows(read_statistics(written(tmp_path, "\n".join(lines) + "\n"))) == rows(read_statistics())


def test_the_bundled_table_is_the_published_one_row_for_row(shared_data):
    published = read_statistics_file(shared_data / "official_shares" / "lan_lcv_ovw_shares.csv")
    bundled = read_statistics_file()
    assert bundled.shares.num_rows == 62_467
    assert rows(bundled.shares) == rows(published.shares)
    assert rows(bundled.areas) == rows(published.areas)


def test_the_classes_known_here_are_the_classes_of_the_table(shares):
    assert set(shares.land_cover) == set(meaning.PUBLISHED_CLASSES)
    assert len(meaning.PUBLISHED_CLASSES) == 91
    for code in meaning.PUBLISHED_CLASSES:
        assert meaning.published_parent(code) == meaning.parent(code)


def test_every_code_of_the_table_is_of_one_series(shares):
    known = set(shares.code)
    grouped = [code for group in meaning.SAME_LAND for code in group]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) <= known
    assert {*meaning.SHIFTED, *meaning.SHIFTED.values()} <= known
    assert {*meaning.DISSOLVED, *(c for new in meaning.DISSOLVED.values() for c in new)} <= known


def test_codes_of_the_same_land_have_the_same_area_and_the_same_figures(wide):
    areas = {row["code"]: row["area_km2"] for row in read_region_areas().to_pylist()}
    for group in meaning.SAME_LAND:
        assert max(areas[c] for c in group) <= 1.006 * min(areas[c] for c in group), group  # LT: restated since
        for one, other in pairwise(group):
            a, b = (wide.loc[code, list(meaning.MAIN_CLASSES)] for code in (one, other))
            both = a.index.intersection(b.index)
            assert a.loc[both].equals(b.loc[both]), (one, other)


def test_redrawn_regions_have_no_year_in_common_and_another_area(wide):
    areas = {row["code"]: row["area_km2"] for row in read_region_areas().to_pylist()}
    for new, old in meaning.SHIFTED.items():
        assert not set(wide.loc[new].index) & set(wide.loc[old].index)
        assert abs(areas[new] / areas[old] - 1) > 0.03


def test_parts_of_dissolved_regions_cover_them():
    areas = {row["code"]: row["area_km2"] for row in read_region_areas().to_pylist()}
    for old, new in meaning.DISSOLVED.items():
        assert sum(areas[code] for code in new) == pytest.approx(areas[old], rel=0.006), old


@pytest.mark.parametrize(
    ("group", "year", "without"),
    [
        ("EU_V", 2009, "BG CY MT RO HR"),
        ("EU_V", 2018, "BG CY MT RO HR"),
        ("EU27_2007", 2012, "HR"),
        ("EU27_2007", 2018, "HR"),
        ("EU28", 2018, ""),
        ("EU27_2020", 2015, "UK"),
        ("EU27_2020", 2018, "UK"),
        ("EU", 2022, ""),
    ],
)
def test_each_aggregate_of_the_union_has_the_members_told_of(wide, group, year, without):
    areas = {row["code"]: row["area_km2"] for row in read_region_areas().to_pylist()}
    there = {code for code, y in wide.index if y == year and len(code) == 2 and code != "EU"}
    members = sorted(there - set(without.split()))
    for land_cover in ("C00", "E00", "B00"):
        weighted = sum(wide.loc[(c, year), land_cover] * areas[c] for c in members) / sum(areas[c] for c in members)
        assert wide.loc[(group, year), land_cover] == pytest.approx(weighted, abs=0.06), land_cover


def test_main_classes_without_a_row_are_about_zero_because_the_others_add_up(wide):
    countries = wide[[len(code) == 2 for code, _ in wide.index]]
    sums = countries[list(meaning.MAIN_CLASSES)].fillna(0).sum(axis=1)
    assert countries[list(meaning.MAIN_CLASSES)].isna().any(axis=None)
    assert (sums - 100).abs().max() <= 0.41


def test_cropland_is_its_named_crops_and_the_unnamed_ones(wide):
    countries = wide[[len(code) == 2 for code, _ in wide.index]]
    parts = countries[list(meaning.parts("B00"))].fillna(0).sum(axis=1)
    assert (countries["B00"] - parts).abs().max() <= 0.41
    assert countries["B00_PI"].groupby("year").mean().idxmax() == meaning.CROP_BREAK_YEAR


def test_countries_that_are_one_region_have_one_code_of_that_level(shares):
    for level, length in (("nuts1", 3), ("nuts2", 4)):
        for country in meaning.ONE_REGION_COUNTRIES[level]:
            for year in (2015, 2018, 2022):
                codes = {c for c in shares[shares.year == year].code if c[:2] == country and len(c) == length}
                assert len(codes) <= 1, (country, level, year, codes)


@pytest.mark.parametrize(
    ("code", "codes"),
    [
        ("FRJ1", ("FRJ1", "FR81")),
        ("FR81", ("FR81", "FRJ1")),
        ("DE30", ("DE30", "DE3")),
        ("NL35", ("NL35", "NL31")),
        ("SE", ("SE",)),
        ("EU", ("EU27_2020", "EU")),
        ("EU28", ("EU28",)),
    ],
)
def test_a_region_is_one_series_under_all_its_codes(code, codes):
    assert meaning.series_codes(code) == codes


def test_another_vintage_is_told_from_another_level_and_from_a_redrawn_region():
    assert meaning.is_renamed("FRJ1", "FR81")
    assert not meaning.is_renamed("DE30", "DE3")
    assert meaning.is_shifted("NL35", "NL31")
    assert not meaning.is_shifted("FRJ1", "FR81")


@pytest.mark.parametrize(
    ("codes", "fewest"),
    [
        (["B81", "B82", "B83", "B84"], ("B80",)),
        (["B11", "B12"], ("B11", "B12")),
        (["C00", "C10"], ("C00",)),
        (["C10", "C20", "C30"], ("C00",)),
        (["B10", "B20", "B30", "B40", "B50", "B70", "B80"], ("B00",)),
        (["H11", "H12", "H21", "H22", "H23"], ("H00",)),
    ],
)
def test_classes_fold_into_the_fewest_that_say_the_same(codes, fewest):
    assert meaning.fold(codes) == fewest


def test_a_class_the_table_lacks_has_a_parent_it_has():
    assert meaning.published_parent("G11") == "G00"
    assert meaning.published_parent("B82") == "B80"
    assert meaning.published_parent("A00") is None
    assert meaning.published_parent("U111") is None


@pytest.mark.parametrize(("flag", "status"), [("", "published"), ("u", "low_reliability"), ("n", "not_significant")])
def test_a_flag_tells_how_a_figure_stands(flag, status):
    assert meaning.status(flag) == status
