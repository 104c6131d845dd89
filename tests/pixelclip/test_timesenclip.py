"""Released weights in every form they come in, from the file to a map, with random numbers: small, and of full size."""

import argparse
import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import torch
from safetensors.torch import save_file

from retrieval.errors import BadArgument, BadFile
from retrieval.store import Store
from tools.classify_area import classify_area
from tools.context import Context
from tools.explain_point import explain_point
from tools.pixelclip.__main__ import main
from tools.pixelclip.bands import normalise, read_years
from tools.pixelclip.encoder import EncoderConfig, PixelEncoder
from tools.pixelclip.encoders import open_encoder
from tools.pixelclip.recipe import simulated
from tools.pixelclip.shipped import WEIGHTS, load
from tools.pixelclip.timesenclip import SCALE, read_timesenclip
from tools.pixelclip.weights import encoder_state

SMALL = EncoderConfig(dim=32, depth=2, heads=8, feedforward=16, out=384)
TOWER = "quick"


class QuickTower:
    """Stands for a text tower: a fixed vector a text, in no time."""

    name, dim = "quick", 384

    def encode(self, texts):
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") for text in texts]
        vectors = np.stack([np.random.default_rng(seed).normal(size=384) for seed in seeds])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(autouse=True)
def quick_tower(monkeypatch):
    monkeypatch.setattr("tools.pixelclip.timesenclip.make_tower", lambda name: QuickTower())


def parameters(config=SMALL, seed=0):
    torch.manual_seed(seed)
    encoder = PixelEncoder(config)
    with torch.no_grad():
        encoder.time_pos_encoding.normal_(std=0.5)
        encoder.time_token.normal_(std=0.5)
    return {name: value.clone() for name, value in encoder.state_dict().items()}


def under(prefix, state):
    return {prefix + name: value for name, value in state.items()}


def lightning(state):
    """What `trainer.save_checkpoint` leaves: two copies of the encoder, the queue, a pooling, hyper-parameters."""
    inside = under("learner.ts_encoder.", state) | under("TS_ViT.", parameters(seed=9))
    inside |= {
        "learner.queue": torch.randn(8, 4), "learner.queue_ptr": torch.zeros(1, dtype=torch.long),
        "learner.logit_scale": torch.tensor(3.0), "pooling.attention.weight": torch.randn(4, 4),
    }  # fmt: skip
    options = argparse.Namespace(lr=1e-4, batch_size=1024, name="TSMixAug", patch=1)
    return {
        "state_dict": inside, "hyper_parameters": {"args": options}, "epoch": 12, "global_step": 34,
        "pytorch-lightning_version": "2.4.0", "callbacks": {}, "optimizer_states": [], "lr_schedulers": [],
    }  # fmt: skip


FORMS = {
    "bare.pt": lambda state: state,
    "older.pt": lambda state: {("class_token" if n == "time_token" else n): v for n, v in state.items()},
    "half.pt": lambda state: {name: value.half() for name, value in state.items()},
    "module.pt": lambda state: under("module.", state),
    "ts_encoder.pt": lambda state: under("ts_encoder.", state),
    "learner.pt": lambda state: under("learner.ts_encoder.", state),
    "vit.pt": lambda state: {"state_dict": under("TS_ViT.", state)},
    "learner_vit.pt": lambda state: {"model": under("learner.TS_ViT.", state)},
    "parallel.pt": lambda state: under("module.learner.ts_encoder.", state),
    "TimeSenCLIP_1x1.ckpt": lightning,
    "bare.safetensors": lambda state: state,
}


def written(path, state):
    if path.suffix == ".safetensors":
        save_file(state, str(path))
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_released_file_gives_the_encoders_vectors(form, tmp_path):
    state = parameters()
    model = open_encoder(written(tmp_path / form, FORMS[form](state)), TOWER)
    years = simulated(["B16", "C10"], 3, 1)
    own = PixelEncoder(SMALL).eval()
    own.load_state_dict(state)
    with torch.inference_mode():
        exact = torch.nn.functional.normalize(own(torch.from_numpy(normalise(years))), dim=-1).numpy()
    found = model.embed(years)
    assert ((found * exact).sum(axis=1) > 0.999).all()
    assert model.model_id.startswith("timesenclip-")
    assert model.dim == 384


def test_a_checkpoints_own_temperature_counts_and_others_take_clips(tmp_path):
    kept = read_timesenclip(written(tmp_path / "a.ckpt", lightning(parameters())), TOWER)
    assert kept.scale == pytest.approx(np.exp(3.0), rel=1e-4)
    assert read_timesenclip(written(tmp_path / "b.pt", parameters()), TOWER).scale == SCALE


def test_the_first_of_two_copies_counts_and_the_rest_of_a_checkpoint_is_left():
    state = parameters()
    found = encoder_state(lightning(state)["state_dict"])
    assert set(found) == set(state)
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_the_full_size_is_read_with_its_eight_heads(tmp_path):
    full = parameters(EncoderConfig())
    with pytest.raises(BadArgument, match="512 numbers, quick 384"):
        read_timesenclip(written(tmp_path / "full.pt", full), TOWER)


def test_patches_other_months_other_files_and_code_are_refused_in_one_line(tmp_path):
    with pytest.raises(BadArgument, match="patches of 5"):
        read_timesenclip(
            written(tmp_path / "p.pt", parameters(EncoderConfig(**{**SMALL.to_json(), "patch": 5}))), TOWER
        )
    with pytest.raises(BadFile, match="no TimeSenCLIP encoder"):
        read_timesenclip(written(tmp_path / "o.pt", {"weight": torch.zeros(2)}), TOWER)

    class Code:
        def __reduce__(self):
            return print, ("run",)

    torch.save({"state_dict": Code()}, tmp_path / "code.ckpt")
    with pytest.raises(BadFile) as refused:
        read_timesenclip(tmp_path / "code.ckpt", TOWER)
    assert "\x1b" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_our_own_file_is_told_from_it():
    assert open_encoder(WEIGHTS) is load(WEIGHTS)


def test_from_the_released_file_to_vectors_an_answer_and_a_map(tmp_path, demo_store, capsys):
    weights = written(tmp_path / "TimeSenCLIP_1x1.ckpt", lightning(parameters()))
    encoder = ["--weights", str(weights), "--text-tower", TOWER]
    stack = tmp_path / "stack.nc"
    raster_of(stack)
    assert main(["predict", "--raster", str(stack), "--save", str(tmp_path / "map"), *encoder]) == 0
    manifest = json.loads((tmp_path / "map" / "manifest.json").read_text())
    assert manifest["job"]["model"].startswith("timesenclip-")
    assert "far_from_training" not in manifest["bands"]
    with rasterio.open(tmp_path / "map" / "map.vrt") as raster:
        assert (raster.read(1) != 255).sum() == manifest["usable"] > 0
    with Store.open(demo_store.path) as store:
        context = replace(Context.open(store), classifier=open_encoder(weights, TOWER))
        result = classify_area(context, text="lavender fields", regions=["country:BE"], limit=5)
        point = next(iter(result.table.dicts()))["location"]
        told = explain_point(context, point_id=point)
    assert "timesenclip-" in result.provenance.model
    assert result.facts["accuracy"] is None
    assert {key for key, _ in result.caveats} & {"no_ground_truth", "far_from_known"}
    assert "timesenclip-" in told.provenance.model
    capsys.readouterr()


def raster_of(path):
    """Twelve months of 12 × 12 cells in UTM zone 31."""
    import xarray as xr
    from pyproj import CRS

    years = simulated(["B16"], 144, 2).reshape(12, 12, 12, 10).transpose(2, 3, 0, 1).round().astype(np.uint16)
    names = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
    data = {name: (("t", "y", "x"), years[:, at]) for at, name in enumerate(names)}
    when = np.array([f"2021-{month:02d}-15" for month in range(1, 13)], "datetime64[ns]")
    axes = {"t": when, "x": 664_005.0 + 10 * np.arange(12), "y": 5_612_115.0 - 10 * np.arange(12)}
    made = xr.Dataset(data, axes)
    made["crs"] = ((), b"", {"crs_wkt": CRS.from_epsg(32631).to_wkt()})
    made.to_netcdf(path, engine="h5netcdf")


def test_unusable_pixels_have_no_vector(tmp_path):
    model = open_encoder(written(tmp_path / "b.pt", parameters()), TOWER)
    years = simulated(["B16"], 3, 2)
    years[1] = np.nan
    vectors, far = model.examine(read_years(years, check_order=False))
    assert far is None
    assert not vectors[1].any()
    assert vectors[0].any()
