"""What is learnt without labels: the pool of years, the teacher's months, the student, and the kernels it serves."""

import math

import numpy as np
import pytest
import torch

from retrieval.errors import BadFile, NoRecords
from tools.pixelclip.__main__ import main
from tools.pixelclip.augment import mingle
from tools.pixelclip.bench import Way, _in_chunks
from tools.pixelclip.distil import DistilConfig, Unlabelled, distil, explained, read_sources
from tools.pixelclip.features import CHANNELS, YEAR_FEATURES, Standard, month_features, year_features
from tools.pixelclip.presto import Presto
from tools.pixelclip.recipe import simulated
from tools.pixelclip.samples import read_europe
from tools.pixelclip.student import STUDENT, Student, read_student
from tools.pixelclip.unlabelled import read_unlabelled
from tools.pixelclip.weights import read_metadata, read_state, save


def years(count=6, seed=1):
    return simulated(["B16", "C10", "E20"], count // 3, seed)


def teacher(seed=0):
    """A Presto of the right shapes with random numbers."""
    generator, made = torch.Generator().manual_seed(seed), Presto()
    for name, value in made.named_buffers():
        value.copy_(torch.randn(value.shape, generator=generator) * (0.1 if value.ndim > 1 else 0.02))
        if name.endswith(("norm1__weight", "norm2__weight", "norm__weight")):
            value.fill_(1.0)
    return made.eval()


def test_month_and_year_features_are_what_they_say():
    one = torch.full((1, 12, 10), 1000.0)
    months = month_features(one)
    assert months.shape == (1, 12, CHANNELS)
    assert float(months[0, 0, 0]) == pytest.approx(math.log(0.1))
    assert float(months[0, 0, 10]) == 0.0
    assert year_features(months).shape == (1, YEAR_FEATURES)


def test_light_on_a_slope_moves_logarithms_alone_and_by_the_same():
    one = torch.from_numpy(years(3))
    bright, plain = month_features(one * 1.2), month_features(one)
    moved = (bright - plain)[..., :10]
    assert torch.allclose(moved, torch.full_like(moved, math.log(1.2)), atol=1e-4)
    assert (bright - plain)[..., 10:].abs().max() < 0.02


def test_a_spread_of_nothing_does_not_divide_by_it():
    standard = Standard(2)
    standard.fit(torch.tensor([[1.0, 5.0], [3.0, 5.0]]))
    assert torch.isfinite(standard(torch.tensor([[2.0, 5.0]]))).all()
    assert float(standard(torch.tensor([[2.0, 5.0]]))[0, 0]) == 0.0


def test_mingled_years_are_years_repeatable_and_other_than_they_were():
    plain = torch.from_numpy(years(60))
    one, again = (mingle(plain, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, again)
    assert one.shape == plain.shape
    assert torch.isfinite(one).all()
    assert ((one >= 1) & (one <= 16_000)).all()
    assert (one != plain).float().mean() > 0.9


def test_every_source_is_drawn_as_often_whatever_its_size():
    pool = Unlabelled({"few": np.full((2, 12, 10), 1, np.float32), "many": np.full((500, 12, 10), 2, np.float32)})
    drawn = pool.draw(4000, torch.Generator().manual_seed(0))
    assert float((drawn[:, 0, 0] == 1).float().mean()) == pytest.approx(0.5, abs=0.04)


def test_the_teachers_months_average_to_its_years_mean_token():
    made, x = teacher(), torch.from_numpy(years(3))
    with torch.inference_mode():
        months = made.months(x)
    assert months.shape == (3, 12, 128)
    assert not torch.allclose(months[:, 0], months[:, 6])


def test_a_taught_student_repeats_the_teacher_better_than_an_untaught_one_and_the_same_twice():
    sources, made = {"all": years(60)}, teacher()
    config = DistilConfig(steps=60, batch=32)
    taught, again = distil(sources, made, config), distil(sources, made, config)
    for one, other in zip(taught.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    untaught = Student().eval()
    untaught.standard.fit(month_features(torch.from_numpy(sources["all"])).flatten(0, 1))
    fresh = years(30, seed=5)
    assert explained(taught, made, fresh)[0] > explained(untaught, made, fresh)[0] + 0.3


def test_the_student_that_ships_is_small_and_says_whom_it_repeats():
    assert STUDENT.stat().st_size < 400_000
    about = read_metadata(STUDENT)
    assert "Presto" in about["teacher"]
    assert about["explained"]["mean"] > 0.95
    assert read_student()(month_features(torch.from_numpy(years(3)))).shape == (3, 12, 128)


@pytest.mark.real
def test_the_student_holds_none_of_its_teachers_numbers_and_repeats_it_on_pixels_neither_was_shown(shared_data):
    weights = shared_data / "weights_presto" / "presto_default_model.pt"
    if not weights.is_file():
        pytest.skip("no weights of Presto in the folder of real data")
    own = {value.shape: value.float() for value in read_state(STUDENT).values()}
    for value in read_state(weights).values():
        if value.shape in own and value.ndim > 1:
            assert not torch.allclose(value.float(), own[value.shape], atol=1e-2)
    pixels = read_europe(shared_data / "s2_pixels" / "pixels_monthly_europe.parquet").years[::10]
    months, mean = explained(read_student(), Presto.read(weights), pixels)
    assert months > 0.94
    assert mean > 0.96


@pytest.mark.real
def test_no_unlabelled_year_is_one_of_the_labelled_set(shared_data):
    sources = read_unlabelled(shared_data)
    assert {"western France", "world"} <= sources.keys()
    labelled = {one.tobytes() for one in read_europe(shared_data / "s2_pixels" / "pixels_monthly_europe.parquet").years}
    for name, one in sources.items():
        assert one.shape[1:] == (12, 10), name
        assert np.isfinite(one).all(), name
        assert not labelled & {year.tobytes() for year in one}, name


def test_an_empty_folder_and_a_foreign_file_are_refused(tmp_path, capsys):
    with pytest.raises(NoRecords, match="unlabelled"):
        read_unlabelled(tmp_path)
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, years=np.zeros((3, 4)))
    with pytest.raises(BadFile, match="years"):
        read_sources(wrong)
    (tmp_path / "text.npz").write_text("no")
    assert main(["distil", "--pool", str(tmp_path / "text.npz"), "--teacher", str(tmp_path / "none.pt")]) == 2
    assert "none.pt" in capsys.readouterr().err


def test_the_command_teaches_and_writes_a_student(tmp_path, capsys):
    pool, weights, out = tmp_path / "pool.npz", tmp_path / "teacher.safetensors", tmp_path / "student.safetensors"
    np.savez(pool, simulated=years(30))
    state = {f"encoder.{name.replace('__', '.')}": value for name, value in teacher().named_buffers()}
    save(weights, state)
    arguments = ["--pool", str(pool), "--teacher", str(weights), "--out", str(out), "--steps", "3", "--batch", "16"]
    assert main(["distil", *arguments]) == 0
    assert str(out) in capsys.readouterr().out
    assert read_student(out)(month_features(torch.from_numpy(years(3)))).isfinite().all()


def test_a_run_of_whole_chunks_computes_any_number_of_years():
    some = torch.arange(10.0)[:, None, None].expand(10, 12, 10)

    def run(part):
        assert len(part) == way.chunk
        return part.mean(dim=(1, 2))

    for way in (Way("general", 3), Way("general", 5), Way("general", 16)):
        assert torch.equal(_in_chunks(run, some, way.chunk), torch.arange(10.0))
