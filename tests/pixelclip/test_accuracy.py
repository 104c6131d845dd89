"""A map held against reference points: the literature's examples through the command, rasters, and what is refused."""

import json

import numpy as np
import pytest
import rasterio

from retrieval.errors import BadArgument, BadFile
from tools.pixelclip.__main__ import main
from tools.pixelclip.accuracy import assess, read_areas, read_references, rolled_up, run

OLOFSSON = {  # 2014, table 8: rows the map's classes, columns the reference's
    "deforestation": (66, 0, 5, 4),
    "forest gain": (0, 55, 8, 12),
    "stable forest": (1, 0, 153, 11),
    "stable non-forest": (2, 1, 9, 313),
}
PIXELS = (200_000, 150_000, 3_200_000, 6_450_000)


def written(path, lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def olofsson(folder):
    names = list(OLOFSSON)
    points = [
        f"{row},{column}" for row in names for column, n in zip(names, OLOFSSON[row], strict=True) for _ in range(n)
    ]
    reference = written(folder / "points.csv", ["map,land_cover", *points])
    areas = written(
        folder / "areas.csv", ["land_cover,ha", *(f"{n},{0.09 * p}" for n, p in zip(names, PIXELS, strict=True))]
    )
    return reference, areas


def test_the_command_gives_the_areas_and_accuracies_of_olofsson_and_others_2014(tmp_path, capsys):
    reference, areas = olofsson(tmp_path)
    assert main(["accuracy", "--reference", reference, "--areas", areas, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    loss = found["classes"][0]
    assert 100 * loss["area"] == pytest.approx(21_158, abs=1)  # ha
    assert 1.96 * 100 * loss["area_se"] == pytest.approx(6_158, abs=1)
    assert [round(c["users_accuracy"], 2) for c in found["classes"]] == [0.88, 0.73, 0.93, 0.96]
    assert [round(c["producers_accuracy"], 2) for c in found["classes"]] == [0.75, 0.85, 0.93, 0.96]
    assert (round(found["overall_accuracy"], 2), round(1.96 * found["overall_se"], 2)) == (0.95, 0.02)
    assert found["error_matrix"]["points"] == [list(row) for row in OLOFSSON.values()]
    assert main(["accuracy", "--reference", reference, "--areas", areas]) == 0
    assert "overall accuracy 94.7 % ± 0.9" in capsys.readouterr().out


def test_points_drawn_in_other_strata_give_the_example_of_stehman_2014():
    strata = [s for s in "ABCD" for _ in range(10)]
    mapped = [*"AAAAAAABBB", *"ABBBBBBBBB", *"BBCCCCCCBB", *"DDDDDDDDDD"]
    truth = [*"AAAAACBABC", *"ABBBBBAABB", *"CCCCCDDBBA", *"DDDDDDDCCB"]
    size = {"A": 40_000.0, "B": 30_000.0, "C": 20_000.0, "D": 10_000.0}
    found = assess(mapped, truth, dict.fromkeys("ABCD", 1.0), "share", strata, size).found
    assert found.share[[0, 2]] == pytest.approx([0.35, 0.20])
    assert found.share_se[[0, 2]] == pytest.approx([0.082, 0.064], abs=5e-4)
    assert (found.overall, found.overall_se) == (pytest.approx(0.63), pytest.approx(0.085, abs=5e-4))
    assert (found.users[1], found.producers[1]) == (pytest.approx(0.574, abs=5e-4), pytest.approx(0.794, abs=5e-4))
    assert (found.users_se[1], found.producers_se[1]) == pytest.approx((0.125, 0.117), abs=5e-4)
    assert found.proportions[1, 2] == pytest.approx(0.08)


@pytest.fixture
def raster(tmp_path):
    """200 × 100 cells of 10 m near Liège: class 1 in the west, 2 in the east, a strip of nothing in between."""
    values = np.full((100, 200), 1, dtype=np.uint8)
    values[:, 100:] = 2
    values[:, 95:100] = 255
    profile = {"driver": "GTiff", "width": 200, "height": 100, "count": 1, "dtype": "uint8", "crs": "EPSG:3035",
               "transform": rasterio.Affine(10, 0, 4_000_000, 0, -10, 3_100_000), "nodata": 255}  # fmt: skip
    with rasterio.open(tmp_path / "map.tif", "w", **profile) as file:
        file.write(values, 1)
        file.update_tags(land_cover_numbers=json.dumps({"B16": 1, "E00": 2}))
    return tmp_path / "map.tif"


def points_of(folder, places):
    from pyproj import Transformer

    degrees = Transformer.from_crs(3035, 4326, always_xy=True)
    rows = [(*degrees.transform(4_000_000 + x, 3_100_000 - y), code) for x, y, code in places]
    return written(folder / "points.csv", ["lon,lat,land_cover", *(f"{x:.8f},{y:.8f},{code}" for x, y, code in rows)])


def test_a_raster_is_looked_up_at_the_points_and_its_areas_are_counted_from_its_cells(raster, tmp_path):
    west, east = [(x, 500, "B16") for x in range(5, 900, 100)], [(x, 505, "E20") for x in range(1_005, 1_900, 100)]
    west[0] = (5, 500, "E10")
    places = [*west, *east, (975, 500, "B16"), (5_000, 500, "B16")]
    found = run(tmp_path / points_of(tmp_path, places), raster)
    assert found.classes == ("B16", "E00")
    assert found.km2 == pytest.approx((0.95, 1.0))
    assert found.counts.tolist() == [[8, 1], [0, 9]]
    assert found.outside == 2
    assert found.found.share[0] == pytest.approx(0.95 / 1.95 * 8 / 9)
    told = found.to_json()["classes"][0]
    assert told["interval"][0] < told["area"] < told["interval"][1]
    assert told["producers_accuracy"] == 1


def test_a_class_that_the_map_does_not_have_is_an_error_of_the_map(raster, tmp_path):
    west, east = [(x, 500, "B16") for x in range(5, 900, 100)], [(x, 505, "G11") for x in range(1_005, 1_900, 100)]
    found = run(tmp_path / points_of(tmp_path, [*west, *east]), raster)
    assert found.classes == ("B16", "E00", "G11")
    assert found.to_json()["classes"][2]["users_accuracy"] is None
    assert found.to_json()["classes"][2]["mapped"] == 0
    assert found.to_json()["classes"][2]["area"] == pytest.approx(1.0)
    assert "–" in found.as_text()


def test_a_class_of_one_point_is_joined_and_told():
    found = assess(["A", "A", "A", "B"], ["A", "A", "B", "B"], {"A": 3.0, "B": 1.0})
    assert found.joined == ("B",)
    assert "joined to the largest" in found.as_text()
    assert found.found.share[0] == pytest.approx(0.5)


def test_finer_codes_are_told_as_the_map_tells_them_and_names_that_are_no_codes_stay():
    assert rolled_up(["B75", "C21", "B11", "G10"], ["B70", "C00", "B11"]) == ("B70", "C00", "B11", "G10")
    assert rolled_up(["forestry"], ["forest"]) == ("forestry",)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("lon,lat\n1,2\n", "land_cover"),
        ("land_cover,note\nB16,x\n", "lon and lat"),
        ("lon,lat,land_cover\n400,2,B16\n", "degrees"),
        ("lon,lat,land_cover\n4,2,\n", "empty"),
    ],
)
def test_points_that_say_too_little_are_refused(tmp_path, text, match):
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(BadFile, match=match):
        read_references(tmp_path / "p.csv")


@pytest.mark.parametrize(
    "text", ["land_cover,colour\nA,1\n", "land_cover,km2\nA,x\n", "land_cover,km2\nA,1\nA,2\n", "km2,x\n1,2\n"]
)
def test_areas_that_say_too_little_are_refused(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(BadFile):
        read_areas(tmp_path / "a.csv")


def test_what_does_not_go_together_is_one_line_and_exit_code_two(raster, tmp_path, capsys):
    reference, areas = olofsson(tmp_path)
    assert main(["accuracy", "--reference", reference]) == 2
    assert main(["accuracy", "--reference", reference, "--map", str(raster)]) == 2
    assert main(["accuracy", "--reference", reference, "--areas", areas, "--strata", areas]) == 2
    (tmp_path / "none.tif").write_bytes(b"no raster")
    assert (
        main(["accuracy", "--reference", points_of(tmp_path, [(5, 5, "B16")]), "--map", str(tmp_path / "none.tif")])
        == 2
    )
    assert len(capsys.readouterr().err.splitlines()) == 4
    with pytest.raises(BadArgument, match="lie on the map"):
        run(tmp_path / points_of(tmp_path, [(5_000, 5, "B16")]), raster)
    with pytest.raises(BadArgument, match="no area is given for X"):
        assess(["A", "X"], ["A", "A"], {"A": 1.0})
