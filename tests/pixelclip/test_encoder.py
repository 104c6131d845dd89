"""The encoder to the letter, its loading of released weights, the poolings, and the quick pass beside it."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from retrieval.errors import BadArgument, BadFile
from tools.pixelclip.attention import short_attention, takes
from tools.pixelclip.encoder import EncoderConfig, PixelEncoder
from tools.pixelclip.fast import FastEncoder
from tools.pixelclip.pooling import DimensionAttention, PhotoAttention, make_pooling
from tools.pixelclip.weights import load_into, read_metadata, read_state, save

TINY = EncoderConfig(dim=32, depth=2, heads=4, feedforward=16, out=24)


def alive(encoder: PixelEncoder, seed: int = 0) -> PixelEncoder:
    """Positions and class token start at zero; give them values so that mistakes show."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        encoder.time_pos_encoding.normal_(std=0.5, generator=generator)
        encoder.time_token.normal_(std=0.5, generator=generator)
    return encoder.eval()


@pytest.fixture
def tiny() -> PixelEncoder:
    torch.manual_seed(0)
    return alive(PixelEncoder(TINY))


@pytest.mark.parametrize(("patch", "millions"), [(1, 8.17), (5, 8.29), (9, 8.58), (16, 9.48)])
def test_the_encoder_has_as_many_parameters_as_published(patch, millions):
    count = sum(numbers.numel() for numbers in PixelEncoder(EncoderConfig(patch=patch)).parameters())
    assert round(count / 1e6, 2) == millions
    if patch == 1:
        assert count == 8_169_472


def test_parameters_carry_the_released_names():
    names = set(PixelEncoder(TINY).state_dict())
    assert {"time_pos_encoding", "time_token", "spectral_embedding.1.weight", "mlp_head.0.weight"} <= names
    assert {"mlp_head.1.bias", "transformer.layers.1.self_attn.in_proj_weight"} <= names
    assert all(n.startswith(("time_", "spectral_embedding.1.", "transformer.layers.", "mlp_head.")) for n in names)


def test_the_encoder_is_post_norm_with_relu():
    layer = PixelEncoder().transformer.layers[0]
    assert not layer.norm_first
    assert layer.activation is torch.nn.functional.relu
    assert layer.linear1.out_features == 256
    assert layer.dropout.p == 0.2


@pytest.mark.parametrize("steps", [12, 4, 1])
def test_twelve_four_and_one_time_steps_are_read(tiny, steps):
    assert tiny(torch.rand(3, steps, 10, 1, 1)).shape == (3, 24)


@pytest.mark.parametrize("steps", [2, 6, 13])
def test_other_numbers_of_time_steps_are_refused(tiny, steps):
    with pytest.raises(BadArgument, match="12, 4 and 1"):
        tiny(torch.rand(3, steps, 10))


def test_one_time_step_stands_at_the_mean_position_or_in_january_as_released(tiny):
    table = tiny.time_pos_encoding
    torch.testing.assert_close(tiny.positions(1), table.mean(dim=1, keepdim=True))
    released = PixelEncoder(EncoderConfig(**{**TINY.to_json(), "single": "january"}))
    released.load_state_dict(tiny.state_dict())
    torch.testing.assert_close(released.positions(1), table[:, :1])


def test_four_time_steps_stand_at_medians_of_three_positions(tiny):
    table = tiny.time_pos_encoding[0]
    torch.testing.assert_close(tiny.positions(4)[0, 1], table[3:6].median(dim=0).values)


def test_kept_months_keep_their_own_position(tiny):
    x = torch.rand(2, 12, 10)
    keep = torch.tensor([0, 5, 11])
    tokens = tiny.month_tokens(x) + tiny.positions(12)
    first = tiny.time_token.expand(2, -1, -1)
    expected = tiny.mlp_head(tiny.transformer(torch.cat([first, tokens[:, keep]], dim=1))[:, 0])
    torch.testing.assert_close(tiny(x, keep=keep), expected)


@pytest.mark.parametrize("patch", [1, 5, 9, 16])
def test_patches_are_read_and_other_sizes_refused(patch):
    encoder = PixelEncoder(EncoderConfig(dim=16, depth=1, heads=2, feedforward=8, out=8, patch=patch)).eval()
    assert encoder(torch.rand(2, 12, 10, patch, patch)).shape == (2, 8)
    with pytest.raises(BadArgument, match="this encoder reads"):
        encoder(torch.rand(2, 12, 10, patch + 1, patch + 1))


def test_a_pixels_vector_does_not_depend_on_its_batch(tiny):
    x = torch.rand(5, 12, 10)
    torch.testing.assert_close(tiny(x)[2:3], tiny(x[2:3]), rtol=1e-5, atol=1e-6)


def test_the_encoder_overfits_ten_pixels():
    torch.manual_seed(0)
    encoder = PixelEncoder(EncoderConfig(dim=32, depth=1, heads=4, feedforward=16, out=10, dropout=0.0)).train()
    x, y = torch.rand(10, 12, 10), torch.arange(10)
    optimiser = torch.optim.Adam(encoder.parameters(), 1e-2)
    for _ in range(80):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(encoder(x), y).backward()
        optimiser.step()
    assert (encoder(x).argmax(dim=1) == y).all()


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_weights_come_back_as_they_were_saved(tiny, tmp_path, suffix):
    path = tmp_path / f"encoder{suffix}"
    if suffix == ".pt":
        torch.save(tiny.state_dict(), path)
    else:
        save(path, tiny.state_dict(), {"version": "1"})
        assert read_metadata(path) == {"version": "1"}
    other = PixelEncoder(TINY).eval()
    load_into(other, read_state(path), str(path))
    x = torch.rand(2, 12, 10)
    torch.testing.assert_close(other(x), tiny(x))


def test_older_released_files_load_class_token_wrapper_prefix_and_flat_tables(tiny):
    state = {f"module.{name}": tensor for name, tensor in tiny.state_dict().items()}
    state["module.class_token"] = state.pop("module.time_token").reshape(-1)
    state["module.time_pos_encoding"] = state["module.time_pos_encoding"][0]
    other = PixelEncoder(TINY).eval()
    load_into(other, state)
    torch.testing.assert_close(other.time_token, tiny.time_token)


def test_weights_that_do_not_fit_are_named(tiny):
    state = dict(tiny.state_dict())
    state["mlp_head.1.weight"] = torch.zeros(512, 32)
    state["colour"] = torch.zeros(1)
    del state["mlp_head.0.bias"]
    with pytest.raises(BadFile) as refused:
        load_into(PixelEncoder(TINY), state, "the file")
    message = str(refused.value)
    assert "missing: mlp_head.0.bias" in message
    assert "unknown: colour" in message
    assert "mlp_head.1.weight is (512, 32), expected (24, 32)" in message


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_corrupt_file_is_refused_in_one_line(tmp_path, suffix):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(b"not weights at all" * 40)
    with pytest.raises(BadFile, match="cannot be read as weights") as refused:
        read_state(path)
    assert "\n" not in str(refused.value)


def test_a_truncated_file_is_refused(tiny, tmp_path):
    path = tmp_path / "encoder.safetensors"
    save(path, tiny.state_dict())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadFile, match="cannot be read as weights"):
        read_state(path)


def test_code_inside_a_weights_file_is_never_run(tmp_path):
    class Danger:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",))

    torch.save({"weight": Danger()}, tmp_path / "bad.pt")
    with pytest.raises(BadFile):
        read_state(tmp_path / "bad.pt")
    assert not (tmp_path / "ran").exists()


def test_a_file_of_something_else_is_refused(tmp_path):
    torch.save([1, 2, 3], tmp_path / "list.pt")
    with pytest.raises(BadFile, match="no table of tensors"):
        read_state(tmp_path / "list.pt")


def test_average_pooling_is_the_mean():
    photos = torch.arange(24, dtype=torch.float32).reshape(2, 4, 3)
    torch.testing.assert_close(make_pooling("average", 3)(photos), photos.mean(dim=1))


def test_photo_attention_is_a_softmax_over_the_photos():
    pool = PhotoAttention(3)
    assert pool.score.bias is None
    torch.nn.init.zeros_(pool.score.weight)
    photos = torch.rand(2, 4, 3)
    torch.testing.assert_close(pool(photos), photos.mean(dim=1))  # equal scores: equal weights, their sum is one


@pytest.mark.parametrize("reduce", ["sum", "mean", "max"])
def test_dimension_attention_weighs_every_dimension_by_itself(reduce):
    pool = DimensionAttention(3, reduce)
    torch.nn.init.zeros_(pool.score.weight)
    torch.nn.init.zeros_(pool.score.bias)
    photos = torch.rand(2, 4, 3)
    weighted = photos / 4
    expected = {"sum": weighted.sum(1), "mean": weighted.mean(1), "max": weighted.amax(1)}[reduce]
    torch.testing.assert_close(pool(photos), expected)


def test_the_quick_pass_is_the_same_function():
    torch.manual_seed(1)
    encoder = alive(PixelEncoder(EncoderConfig(dim=64, depth=3, heads=4, feedforward=32, out=16)))
    x = torch.rand(70, 12, 10)
    with torch.inference_mode():
        expected = encoder(x)
    torch.testing.assert_close(FastEncoder(encoder, torch.float32)(x), expected, rtol=1e-4, atol=1e-5)
    assert cosine_similarity(FastEncoder(encoder)(x), expected).min() > 0.999


@pytest.mark.parametrize("depth", [1, 2])
def test_the_quick_pass_agrees_for_shallow_encoders(depth):
    torch.manual_seed(2)
    encoder = alive(PixelEncoder(EncoderConfig(dim=32, depth=depth, heads=4, feedforward=16, out=8)))
    x = torch.rand(3, 12, 10, 1, 1)
    with torch.inference_mode():
        torch.testing.assert_close(FastEncoder(encoder, torch.float32)(x), encoder(x), rtol=1e-4, atol=1e-5)


def test_the_quick_pass_of_the_full_encoder_keeps_the_cosine():
    torch.manual_seed(3)
    encoder = alive(PixelEncoder())
    x = torch.rand(64, 12, 10)
    with torch.inference_mode():
        assert cosine_similarity(FastEncoder(encoder)(x), encoder(x)).min() > 0.999


def test_the_kernel_for_few_tokens_is_not_used_where_it_does_not_fit():
    assert not takes(13, 8)
    assert not takes(13, 48)
    assert not takes(17, 64)
    assert not FastEncoder(PixelEncoder(EncoderConfig(dim=64, heads=4))).short_attention


@pytest.mark.gpu
@pytest.mark.skipif(not takes(13, 64), reason="no CUDA device with Triton here")
@pytest.mark.parametrize("width", [16, 64])
def test_the_kernel_for_few_tokens_is_attention(width):
    torch.manual_seed(4)
    qkv = torch.randn(50, 13, 3 * 2 * width, device="cuda", dtype=torch.bfloat16)
    split = qkv.view(50, 13, 3, 2, width).permute(2, 0, 3, 1, 4)
    expected = torch.nn.functional.scaled_dot_product_attention(*split).transpose(1, 2).reshape(50, 13, -1)
    torch.testing.assert_close(short_attention(qkv, 2), expected, rtol=0.02, atol=0.02)
