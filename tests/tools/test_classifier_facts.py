"""What is told of the satellite's classifier itself, and of all it sees at a place, on the bundled pixels."""

import pytest

from retrieval.errors import NoRecords
from tools.context import Context
from tools.describe_data import describe_data
from tools.pixelclip.bands import BANDS
from tools.pixelclip.shipped import load
from tools.profile_pixels import profile_pixels

ALERIA = {"lon": 9.51265, "lat": 42.10431, "km": 20, "name": "Aléria"}


@pytest.fixture(scope="module")
def demo(demo_store):
    return Context.open(demo_store)


def test_every_pixel_is_counted_under_one_class_with_its_chance(demo):
    result = profile_pixels(demo, regions=["Corsica"])
    assert sum(result.table.column("pixels")) == result.value == 498
    assert result.table.column("pixels") == sorted(result.table.column("pixels"), reverse=True)
    for row in result.table.dicts():
        assert 1 / 19 < row["probability"] <= 1
        assert row["sure"] <= row["pixels"]
    drawn = [f["properties"]["land_cover"] for f in result.features["features"]]
    assert {code: drawn.count(code) for code in set(drawn)} == {
        row["land_cover"]: row["pixels"] for row in result.table.dicts()
    }


def test_a_circle_holds_fewer_and_another_year_is_refused_with_those_there_are(demo):
    inside = profile_pixels(demo, near=ALERIA)
    assert 0 < inside.value < 498
    with pytest.raises(NoRecords) as refused:
        profile_pixels(demo, near=ALERIA, year=2018)
    assert refused.value.slots == {"year": 2018, "years": "2022"}


def test_confusions_add_up_to_the_pixels_that_were_scored(demo):
    by_class = load().about["scores"]["by_class"]
    [vineyard] = describe_data(demo, about="confusions", land_cover=["B82"]).facts["confused"]
    assert sum(by_class["B82"]["called"].values()) == by_class["B82"]["pixels"] == vineyard["pixels"]
    assert vineyard["right"] / vineyard["pixels"] == pytest.approx(by_class["B82"]["recall"], abs=1e-3)
    assert vineyard["right"] / vineyard["named"] == pytest.approx(by_class["B82"]["precision"], abs=1e-3)
    commonest = describe_data(demo, about="confusions").facts["commonest"]
    assert [one["pixels"] for one in commonest] == sorted((one["pixels"] for one in commonest), reverse=True)


def test_a_class_that_words_alone_do_not_find_is_told_so(demo):
    told = dict(describe_data(demo, about="accuracy", land_cover=["D10"]).facts["of_classes"])
    assert {"classifier_accuracy", "classifier_accuracy_elsewhere", "no_better_by_words"} <= set(told)
    found = [key for key, _ in describe_data(demo, about="accuracy", land_cover=["B11"]).facts["of_classes"]]
    assert "no_better_by_words" not in found
    [(key, slots)] = describe_data(demo, about="accuracy", land_cover=["B84"]).facts["of_classes"]
    assert (key, slots["text"]) == ("not_measured", "permanent industrial crops")


def test_the_encoder_and_its_input_are_told_from_its_own_file(demo):
    encoder = describe_data(demo, about="encoder").facts["encoder"]
    assert encoder["pixels"] == sum(load().about["labelled"].values())
    assert encoder["count"] == len(encoder["classes"]) == len(load().about["known"])
    assert describe_data(demo, about="input").facts["input"]["bands"] == list(BANDS)
