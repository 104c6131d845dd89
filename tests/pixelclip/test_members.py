"""The closed-form members by hand, the tower's vectors, radar or none, labels, folds, and fitting with own labels."""

import csv
import math

import numpy as np
import pytest
import torch

from retrieval.errors import BadArgument, BadFile
from tools.pixelclip.__main__ import main
from tools.pixelclip.features import RADAR_FEATURES, radar_features
from tools.pixelclip.members import Kernel, Linear, _means_of_several, importance_of
from tools.pixelclip.radar import decibel
from tools.pixelclip.recipe import Recipe, competing, make, simulated, textbook_water
from tools.pixelclip.samples import Samples, fold_of, read_europe, read_labels, settled_folds
from tools.pixelclip.ship import HELD_OUT, read_samples, relabelled
from tools.pixelclip.shipped import load


def two_groups(count=40):
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], count // 2)
    x = rng.normal(0, 0.3, (count, 3)) + np.where(label[:, None] == 0, -1.0, 1.0)
    return torch.from_numpy(x).float(), label


def some_samples(codes=("B16", "C", "E20"), each=14):
    """Simulated years at places 100 km apart, in as many blocks as pixels."""
    look = {"B16": "B16", "C": "C10", "E20": "E2"}
    years = np.concatenate([simulated([look[code]], each, 3) for code in codes])
    count = len(years)
    radar = np.full((count, 12, 2), np.nan, np.float32)
    radar[:, :, 0], radar[:, :, 1] = -10, np.repeat([-15.0, -16.0, -17.0][: len(codes)], each)[:, None]
    place = np.arange(count)
    return Samples(
        years, np.zeros(years.shape, bool), np.array([f"p{i}" for i in place]), np.array(["made"] * count),
        2.0 + place % 10, 44.0 + place // 10, np.full(count, 2020), np.repeat(codes, each), np.array([""] * count),
        radar,
    )  # fmt: skip


def unit(count, dim=6, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(count, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_the_weight_of_a_pixel_is_its_classs_count_to_a_power():
    weight = importance_of(np.array([0, 0, 0, 0, 1]), 0.5)
    assert weight[4] / weight[0] == pytest.approx(2.0)
    assert weight.mean() == pytest.approx(1.0)
    assert importance_of(np.array([0, 0, 1]), 0.0).tolist() == [1, 1, 1]


def test_a_strong_ridge_says_the_weighted_share_of_each_class():
    x, label = two_groups()
    model = Linear(3, 2)
    model.fit_ridge([x], label, np.where(label == 0, 1.5, 0.5), 1e12)
    torch.testing.assert_close(model([x[:1]])[0], torch.tensor([0.75, 0.25]), atol=1e-4, rtol=0)


def test_every_member_tells_two_groups_apart():
    x, label = two_groups()
    ridge, discriminant, kernel = Linear(3, 2), Linear(3, 2), Kernel([3], [1.0], 2, 10)
    ridge.fit_ridge([x], label, np.ones(40), 1.0)
    discriminant.fit_discriminant([x], label)
    kernel.fit([x], label, np.ones(40), 0.3, 0)
    for model in (ridge, discriminant, kernel):
        assert (model([x]).argmax(dim=1).numpy() == label).all()


def test_a_class_nobody_taught_is_never_said():
    x, label = two_groups()
    model = Linear(3, 3)
    model.fit_discriminant([x], label)
    assert (model([x]).argmax(dim=1) < 2).all()


def test_the_kernel_keeps_means_of_several_years_and_never_one():
    values = torch.tensor([[0.0], [0.1], [5.0], [5.2], [90.0]])
    centres = _means_of_several(values, 3, 0)
    assert 90.0 not in centres.flatten().tolist()
    assert not set(values.flatten().tolist()) & set(centres.flatten().tolist())


def test_radar_features_fill_a_missing_month_with_the_pixels_median():
    radar = torch.full((1, 12, 2), -10.0)
    radar[..., 1] = -16.0
    radar[0, 3] = torch.nan
    found = radar_features(radar)
    assert found.shape == (1, RADAR_FEATURES)
    assert torch.isfinite(found).all()
    assert found[0, 36:39].tolist() == [-10.0, -16.0, -6.0]
    assert found[0, 39:].tolist() == [0.0, 0.0, 0.0]


def test_digital_numbers_become_decibels_and_no_data_is_none():
    assert decibel(np.array([10_000.0]))[0] == pytest.approx(20 * 4 - 83)
    assert np.isnan(decibel(np.array([0.0, 65535.0]))).all()


def test_a_vector_holds_the_probabilities_and_float16_loses_nothing_that_matters():
    model, years = load(), simulated(["B16", "C10", "E2"], 4, 1)
    texts = np.stack([model.class_texts[model.about["text_codes"].index(c)] for c in model.about["known"]])
    with torch.inference_mode():
        told = model.pixels.probabilities(torch.from_numpy(years)).numpy()
    kept = model.embed(years).astype(np.float16).astype(np.float32)
    np.testing.assert_allclose(model.classify(kept, texts), told, atol=2e-3)
    np.testing.assert_allclose(told.sum(axis=1), 1, atol=1e-5)


def test_radar_counts_where_it_is_given_and_pixels_without_it_are_answered_all_the_same():
    samples = some_samples()
    tower = make(samples, ("B16", "C", "E20"), Recipe(), unit(3))
    years = torch.from_numpy(samples.years[[0, 20]])
    radar = torch.from_numpy(samples.radar[[0, 20]]).clone()
    radar[1] = torch.nan
    with torch.inference_mode():
        plain, mixed = tower.probabilities(years), tower.probabilities(years, radar)
    assert bool(tower.has_radar)
    assert not torch.equal(plain[0], mixed[0]), "the head with radar answers"
    torch.testing.assert_close(plain[1], mixed[1])


def test_textbook_water_is_dark_in_the_infrared_and_never_in_the_fold_that_is_held_out():
    water = textbook_water()
    assert water.years[..., 6].mean() < water.years[..., 1].mean()
    assert HELD_OUT not in fold_of(water)
    assert set(water.land_cover) == {"G"}


def test_the_same_pixels_and_seed_make_the_same_model():
    samples = some_samples()
    first, second = (make(samples, ("B16", "C", "E20"), Recipe(), unit(3)).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_rare_classes_do_not_compete_and_one_class_is_refused():
    samples = some_samples(each=12)
    rare = np.where(np.arange(36) < 5, "B31", samples.land_cover)
    few = Samples(**{**{n: getattr(samples, n) for n in samples.__dataclass_fields__}, "land_cover": rare})
    assert competing(few, Recipe()) == ("C", "E20")
    assert competing(few, Recipe(), ("G",)) == ("C", "E20", "G")
    with pytest.raises(BadArgument, match="two at least"):
        competing(samples.take(samples.land_cover == "C"), Recipe())


LISTED = {
    "A": {"built_up", "greenhouse_foil_film_indoor"},
    "B5": {"alfalfa_lucerne", "clover", "fodder_mixtures", "grass_fodder_crops", "lolium_ryegrass", "temporary_grass",
           "temporary_meadows"},
    "B7": {"almond", "apples", "avocado", "berries", "cherry_cherries", "citrus_fruit", "fruit_nuts", "hazelnuts_hazel",
           "nuts", "peach_nectarines", "pears", "pears_quinces", "plums", "raspberry_raspberries", "sweet_chestnuts",
           "tangerines_mandarins_clementines"},
    "B81": {"olive"},
    "B82": {"vineyards_wine_vine_rebland_grapes"},
    "C": {"oak", "trees_unspecified"},
    "E10": {"grassland_with_tree_shrub"},
    "E20": {"longterm_meadows"},
}  # fmt: skip
"""What each class of more than one meaning is made of."""


def test_each_class_is_made_of_these_source_labels_and_no_others():
    made = {}
    for label, code in read_labels().items():
        made.setdefault(code, set()).add(label)
    for code, labels in LISTED.items():
        assert made[code] == labels - {"built_up"}, code
    assert {"cloves", "permanent_crops", "permanent_tree_shrub_flowers", "not_cultivated_fallow"} <= made[""]
    assert not [code for code in made if code.startswith("U")], "land use is no land cover"


@pytest.mark.real
def test_every_crop_label_of_the_real_pixels_is_listed(shared_data):
    samples = read_europe(shared_data / "s2_pixels" / "pixels_monthly_europe.parquet")
    told = {str(label) for label in samples.told} - {"", "unknown"}
    lucas = {"A", "B11", "B5x", "B7x", "C", "D", "E20", "F", "G"}  # where the source gives a land cover alone
    assert told - lucas <= set(read_labels())
    assert (samples.land_cover[samples.told == "cloves"] == "").all()
    assert not (samples.land_cover == "G").sum(), "what the source calls open water is green all summer"
    assert (samples.land_cover == "B7").sum() == 104
    assert len(np.unique(fold_of(samples))) == 6


def test_the_settled_folds_are_five_and_each_block_is_in_one():
    folds = settled_folds()
    assert set(folds.values()) == {0, 1, 2, 3, 4}
    assert len(folds) == 143


def test_own_labels_stand_above_the_sources_and_nonsense_is_refused(tmp_path):
    samples = some_samples()
    table = tmp_path / "mine.csv"
    table.write_text("sample_id,land_cover\np0,B82\np1,a00\n")
    found = relabelled(samples, table)
    assert found.land_cover[:3].tolist() == ["B82", "A", "B16"]
    table.write_text("sample_id,land_cover\np0,Q77\n")
    with pytest.raises(BadFile, match="Q77"):
        relabelled(samples, table)
    table.write_text("id,code\n1,2\n")
    with pytest.raises(BadFile, match="sample_id"):
        relabelled(samples, table)


@pytest.mark.real
@pytest.mark.slow
def test_users_refit_the_model_with_labels_of_their_own(tmp_path, shared_data, capsys):
    pixels = shared_data / "s2_pixels" / "pixels_monthly_europe.parquet"
    samples = read_europe(pixels)
    maize = samples.ids[samples.land_cover == "B16"]
    mine = tmp_path / "mine.csv"
    with mine.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("sample_id", "land_cover"))
        writer.writerows((id, "B17") for id in maize)  # as if it were rice
    assert main(["train", "--pixels", str(pixels), "--labels", str(mine), "--out", str(tmp_path), "--everything"]) == 0
    out = capsys.readouterr()
    model = load(tmp_path / "landask-pixels.safetensors")
    assert str(tmp_path / "landask-pixels.safetensors") in out.out
    assert "B17" in out.err
    assert "B16" not in model.about["known"]
    assert model.about["labelled"]["B17"] == len(maize)
    assert not math.isnan(float(model.embed(samples.years[:4]).sum()))


@pytest.mark.real
def test_radar_is_found_for_nearly_all_labelled_pixels(shared_data):
    own, none = read_samples(shared_data / "s2_pixels" / "pixels_monthly_europe.parquet", None)
    seen = np.isfinite(own.radar).any(axis=(1, 2))
    assert seen.mean() > 0.95
    assert -25 < np.nanmedian(own.radar[..., 1]) < np.nanmedian(own.radar[..., 0]) < -5
    assert set(none.source) == {"textbook"}, "water alone, where western France is not given"
