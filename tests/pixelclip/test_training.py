"""Losses by hand, augmentations, and a run that is killed and comes out the same."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from retrieval.errors import BadArgument, BadFile
from tools.pixelclip.__main__ import main
from tools.pixelclip.augment import draw_steps, vary
from tools.pixelclip.contrastive import PhotoQueue, Temperature, info_nce
from tools.pixelclip.encoder import EncoderConfig
from tools.pixelclip.recipe import simulated
from tools.pixelclip.train import PhotoTask, TrainConfig, rate, train
from tools.pixelclip.weights import read_state

SMALL = EncoderConfig(dim=16, depth=1, heads=2, feedforward=8, dropout=0.0, out=8)


def photos_and_years(count=24):
    codes = ("B16", "C10", "B11")
    years = np.concatenate([simulated([code], count // 3, 1) for code in codes])
    rng = np.random.default_rng(0)
    photos = np.repeat(rng.normal(size=(3, 1, 8)), count // 3, axis=0) + rng.normal(0, 0.1, (count, 4, 8))
    return years, photos.astype(np.float32)


def config(**changes):
    return TrainConfig(
        **{
            "encoder": SMALL, "epochs": 6, "batch": 8, "queue": 16, "learning_rate": 5e-3, "warmup_epochs": 1.0,
            "checkpoint_steps": 4, **changes,
        }
    )  # fmt: skip


def test_info_nce_is_the_cross_entropy_of_the_own_photo_against_the_queue():
    pixel, own, other = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    loss = info_nce(pixel, own, other, torch.tensor(3.0))
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-3)), abs=1e-6)


def test_the_temperature_starts_at_its_value_learns_and_stops_at_a_hundred():
    temperature = Temperature(0.07)
    assert float(temperature().detach()) == pytest.approx(1 / 0.07, rel=1e-5)
    with torch.no_grad():
        temperature.log_scale.fill_(9.0)
    assert float(temperature().detach()) == pytest.approx(100, rel=1e-4)
    assert not Temperature(0.07, learnable=False).log_scale.requires_grad


def test_the_queue_is_first_in_first_out_and_a_multiple_of_the_batch():
    queue = PhotoQueue(4, 2, batch=2)
    for value in (1.0, 2.0, 3.0):
        queue.push(torch.full((2, 2), value))
    assert queue.negatives()[:, 0].tolist() == [3, 3, 2, 2]
    with pytest.raises(BadArgument, match="no multiple"):
        PhotoQueue(5, 2, batch=2)


def test_before_the_queue_is_full_only_real_photos_are_negatives():
    queue = PhotoQueue(4, 2, batch=2)
    queue.push(torch.ones(2, 2))
    assert queue.negatives().shape == (2, 2)


@pytest.mark.parametrize("name", ["TSMixAug", "RandomTS", "TSMS", "paper"])
def test_half_the_batches_stay_whole_and_the_others_lose_months(name):
    drawn = [draw_steps(name, torch.Generator().manual_seed(seed)) for seed in range(300)]
    whole = [d for d in drawn if d.keep is None and not d.collapse]
    assert 0.4 < len(whole) / len(drawn) < 0.6
    kept = {len(d.keep) for d in drawn if d.keep is not None}
    assert kept == ({9} if name == "TSMixAug" else kept)
    assert all(1 <= count <= 11 for count in kept)
    if name == "TSMS":
        assert all(d.bands[:3].tolist() == [0, 1, 2] for d in drawn if d.bands is not None)


def test_tsmixaug_drops_three_months_in_a_row_or_collapses_the_year():
    drawn = [draw_steps("TSMixAug", torch.Generator().manual_seed(seed)) for seed in range(200)]
    assert any(d.collapse for d in drawn)
    for d in drawn:
        if d.keep is not None:
            lost = sorted(set(range(12)) - set(d.keep.tolist()))
            assert lost == list(range(lost[0], lost[0] + 3))


def test_an_unknown_augmentation_is_refused():
    with pytest.raises(BadArgument, match="TSMixAug"):
        draw_steps("mixup", torch.Generator())


def test_varied_years_stay_near_and_are_the_same_for_a_seed():
    years = torch.from_numpy(simulated(["B16"], 40, 0))
    first, again = (vary(years, torch.Generator().manual_seed(5)) for _ in range(2))
    torch.testing.assert_close(first, again)
    assert not torch.equal(first, years)
    assert 0.7 < float(first.mean() / years.mean()) < 1.4


def test_the_rate_warms_up_linearly_and_falls_as_a_cosine():
    assert rate(0, 100, 10) == pytest.approx(0.1)
    assert rate(10, 100, 10) == pytest.approx(1.0)
    assert rate(55, 100, 10) == pytest.approx(0.5)
    assert rate(99, 100, 10) < 0.001


@pytest.mark.parametrize("pooling", ["average", "photo", "dimension"])
def test_training_brings_pixels_to_their_photos(pooling):
    years, photos = photos_and_years()
    task = PhotoTask(years, photos)
    losses = []
    modules = train(
        task,
        config(epochs=60, learning_rate=1e-2, pooling=pooling, augmentation="none"),
        progress=lambda s, n, x: losses.append(x),
    )
    with torch.inference_mode():
        pixels = torch.nn.functional.normalize(modules["encoder"](task.years), dim=-1)
        target = torch.nn.functional.normalize(modules["pooling"](task.photos), dim=-1)
    near = (pixels @ target.T).argmax(dim=1) // 8
    assert (near == torch.arange(24) // 8).float().mean() > 0.7


def test_mixed_precision_trains():
    years, photos = photos_and_years()
    losses = []
    train(PhotoTask(years, photos), config(epochs=2, precision="bfloat16"), progress=lambda s, n, x: losses.append(x))
    assert np.isfinite(losses).all()


def test_a_run_stopped_anywhere_goes_on_to_the_same_parameters(tmp_path):
    years, photos = photos_and_years()
    task = PhotoTask(years, photos)
    straight = train(task, config(), tmp_path / "straight").state_dict()

    class Killed(Exception):
        pass

    def stop(step, steps, loss):
        if step == 11:  # between two checkpoints
            raise Killed

    with pytest.raises(Killed):
        train(task, config(), tmp_path / "killed", progress=stop)
    resumed = train(task, config(), tmp_path / "killed").state_dict()
    assert straight.keys() == resumed.keys()
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
    lines = [json.loads(line) for line in (tmp_path / "killed" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [4, 8, 12, 16, 18]


def test_a_damaged_or_foreign_checkpoint_is_refused(tmp_path):
    years, photos = photos_and_years()
    task = PhotoTask(years, photos)
    train(task, config(epochs=1), tmp_path)
    with pytest.raises(BadFile, match="another configuration"):
        train(task, config(epochs=2), tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"cut short")
    with pytest.raises(BadFile, match="damaged"):
        train(task, config(epochs=1), tmp_path)


def test_years_and_photos_have_to_match():
    years, photos = photos_and_years()
    with pytest.raises(BadArgument, match="do not match"):
        PhotoTask(years, photos[:-1])
    with pytest.raises(BadArgument, match="not the photos'"):
        train(PhotoTask(years, photos), config(encoder=EncoderConfig(dim=16, depth=1, heads=2, feedforward=8, out=9)))


@pytest.mark.slow
def test_a_run_killed_with_sigkill_resumes_to_the_same_bytes(tmp_path):
    years, photos = photos_and_years(48)
    np.savez(tmp_path / "data.npz", years=years, photos=photos)
    command = [
        sys.executable, "-m", "tools.pixelclip", "train", "--data", str(tmp_path / "data.npz"), "--epochs", "150",
        "--batch", "16", "--queue", "32", "--dim", "16", "--depth", "1", "--heads", "2", "--feedforward", "8",
        "--checkpoint-steps", "5", "--quiet",
    ]  # fmt: skip
    root, quiet = Path(__file__).parents[2], {**os.environ, "OMP_NUM_THREADS": "1"}
    killed = subprocess.Popen([*command, "--out", str(tmp_path / "a")], cwd=root, env=quiet)
    deadline = time.monotonic() + 60
    while not (tmp_path / "a" / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "a" / "encoder.safetensors").exists()
    torch.set_num_threads(1)
    for place in ("a", "b"):
        assert main([*command[3:], "--out", str(tmp_path / place)]) == 0
    first, second = (read_state(tmp_path / place / "encoder.safetensors") for place in ("a", "b"))
    assert all(torch.equal(first[name], second[name]) for name in second)


def test_train_needs_one_kind_of_data(tmp_path, capsys):
    assert main(["train", "--out", str(tmp_path)]) == 2
    assert "--data FILE.npz" in capsys.readouterr().err


def test_a_file_that_is_no_training_data_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "data.npz").write_bytes(b"nothing")
    assert main(["train", "--data", str(tmp_path / "data.npz"), "--out", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
