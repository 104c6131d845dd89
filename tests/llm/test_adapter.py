"""Training the adapter, on a Llama of two blocks: what is learned, that a stopped run goes on, the file it makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from agent.llm.training.adapter import (
    GGUF_NAMES,
    IGNORED,
    MODULES,
    Recipe,
    batches_of,
    encoded,
    for_rotary,
    lora_state,
    loss_of,
    pace,
    train,
)
from agent.llm.training.pairs import Pair

RECIPE = Recipe(rank=2, alpha=4, first_block=0, rate=5e-3, batch=2, epochs=3, threads=1)
PAIRS = [Pair("en", "Plan.", f"how many C1 in R{n}", f'{{"steps":[{n}]}}', "count_points", n == 5) for n in range(6)]


class Letters:
    """A tokenizer of single letters, with a chat form."""

    pad_token_id = 0

    def apply_chat_template(self, messages: list[dict[str, str]], **options: Any) -> str:
        return "".join(f"<{m['role']}>{m['content']}" for m in messages) + "<assistant>"

    def __call__(self, text: str, **options: Any) -> dict[str, list[int]]:
        return {"input_ids": [ord(c) % 128 for c in text]}


def small(seed: int = 3) -> Any:
    """A Llama of two blocks with a fresh adapter on all its linear maps."""
    from tools.pixelclip.shim import ensure_torchvision

    ensure_torchvision()
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=128,
        tie_word_embeddings=True,
    )
    lora = LoraConfig(r=2, lora_alpha=4, target_modules=list(MODULES), task_type="CAUSAL_LM")
    return get_peft_model(LlamaForCausalLM(config), lora)


pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


def test_only_the_reply_is_learned() -> None:
    ids, prompt = encoded(PAIRS[0], Letters())
    text = "".join(chr(i) for i in ids)
    assert text[prompt:] == '{"steps":[0]}<|im_end|>'
    assert text[:prompt].endswith("<assistant>")


def test_padding_changes_no_loss() -> None:
    model = small().eval()
    pair = encoded(PAIRS[0], Letters())
    longer = (pair[0] + [7] * 9, len(pair[0]) + 9)  # nothing of it is learned
    with torch.no_grad():
        alone, padded = loss_of(model, [pair], 0), loss_of(model, [pair, longer], 0)
    assert float(padded) == pytest.approx(float(alone), abs=2e-2), "bfloat16"
    assert IGNORED < 0


def test_batches_hold_every_pair_once_an_epoch_and_are_the_same_again() -> None:
    learned = [encoded(pair, Letters()) for pair in PAIRS]
    batches = batches_of(learned, RECIPE)
    assert sum(len(b) for b in batches) == 3 * len(PAIRS)
    assert batches == batches_of(learned, RECIPE)


def test_the_rate_warms_up_and_ends_near_nothing() -> None:
    rates = [pace(step, 100, Recipe()) for step in range(100)]
    assert rates[0] < 0.3
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] < 0.01


def test_training_learns_and_a_stopped_run_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = small()
    told = train(whole, Letters(), PAIRS, tmp_path / "whole", RECIPE, every=2)
    assert told["pairs"] == 5, "one is kept for the test"
    assert told["loss_last"] < told["loss_first"]

    from agent.llm.training import adapter

    keep, kept = adapter.keep, []

    def stopping(*arguments: Any) -> None:
        keep(*arguments)
        kept.append(arguments[1])
        if len(kept) == 2:
            raise KeyboardInterrupt

    cut = small()
    with monkeypatch.context() as patch:
        patch.setattr(adapter, "keep", stopping)
        with pytest.raises(KeyboardInterrupt):
            train(cut, Letters(), PAIRS, tmp_path / "cut", RECIPE, every=2)
    again = small()
    train(again, Letters(), PAIRS, tmp_path / "cut", RECIPE, every=2)
    for name, value in lora_state(whole).items():
        assert torch.equal(value, lora_state(again)[name]), name


def test_the_file_holds_each_map_under_llama_cpps_name_and_shape(tmp_path: Path) -> None:
    import gguf

    train(small(), Letters(), PAIRS, tmp_path, RECIPE)
    reader = gguf.GGUFReader(tmp_path / "router.gguf")
    shapes = {t.name: tuple(int(n) for n in t.shape) for t in reader.tensors}  # fastest axis first
    assert len(shapes) == 2 * 2 * len(GGUF_NAMES)
    assert shapes["blk.0.attn_q.weight.lora_a"] == (16, 2)
    assert shapes["blk.1.ffn_down.weight.lora_b"] == (2, 16)
    assert bytes(reader.fields["adapter.type"].parts[-1]) == b"lora"


def test_rows_of_a_head_are_interleaved_for_the_rotary_embedding() -> None:
    rows = np.arange(8).reshape(8, 1)
    assert for_rotary(rows, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
