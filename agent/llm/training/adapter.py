"""Trains the embedded model's LoRA adapter on pairs of question and plan, and writes it as GGUF for llama.cpp.

LoRA after Hu and others 2021 (https://arxiv.org/abs/2106.09685): the base model stays frozen; each of its linear maps
W (out, in) gets B A with A (r, in) and B (out, r), scaled by alpha / r. Plans nothing; used by hand, never in use.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agent.llm.training.pairs import Pair

logger = logging.getLogger(__name__)

MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
GGUF_NAMES = {
    "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
    "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down",
}  # fmt: skip
"""llama.cpp's names of a Llama block's linear maps."""
IGNORED = -100
"""Label of tokens that are not learned: all but the reply's."""


@dataclass(frozen=True)
class Recipe:
    """How the adapter is trained."""

    rank: int = 16
    alpha: int = 32
    first_block: int = 8
    """Blocks below it stay as they are: a third less to compute."""
    rate: float = 1.5e-3
    """Peak learning rate; linear warm-up, then a cosine to nothing."""
    warm_up: float = 0.05
    batch: int = 16
    """Pairs a step."""
    epochs: int = 1
    seed: int = 1
    threads: int = 2


def train(
    model: Any, tokenizer: Any, pairs: Sequence[Pair], out: Path, recipe: Recipe, every: int = 50
) -> dict[str, Any]:
    """Train on the pairs, write `router.gguf` and `training.json` into a folder, and return what the file says.

    Every `every` steps the state is kept in `checkpoint.pt`; a run that was stopped goes on from there.

    Args:
        model: the base model with its fresh adapter, from `opened`.
        tokenizer: its tokenizer.
        pairs: what is learned; pairs that are kept for the test are left out.
        out: the folder; made where it is missing.
        recipe: how.
        every: steps between two checkpoints.
    """
    torch.manual_seed(recipe.seed)
    learned = [encoded(pair, tokenizer) for pair in pairs if not pair.is_tested]
    batches = batches_of(learned, recipe)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: pace(step, len(batches), recipe))
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    step, losses = resumed(checkpoint, model, optimiser, schedule, recipe, len(batches))
    logger.info("%d pairs, %d steps, from step %d", len(learned), len(batches), step)
    for at in range(step, len(batches)):
        loss = loss_of(model, batches[at], tokenizer.pad_token_id or 0)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
        losses.append(float(loss.detach()))
        if (at + 1) % every == 0 or at + 1 == len(batches):
            keep(checkpoint, at + 1, losses, model, optimiser, schedule, recipe, len(batches))
            logger.info("step %d of %d, loss %.4f", at + 1, len(batches), sum(losses[-every:]) / len(losses[-every:]))
    write_gguf(lora_state(model), out / "router.gguf", recipe.alpha, model.config)
    told = {
        "recipe": asdict(recipe),
        "pairs": len(learned),
        "tokens": sum(len(ids) for ids, _ in learned) * recipe.epochs,
        "steps": len(batches),
        "loss_first": round(losses[0], 4),
        "loss_last": round(sum(losses[-20:]) / len(losses[-20:]), 4),
    }
    (out / "training.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return told


def opened(weights: Path, recipe: Recipe) -> tuple[Any, Any]:
    """Return the base model of a GGUF file, a Llama, in bfloat16 with a fresh adapter in float32, and its tokenizer."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    from tools.pixelclip.shim import ensure_torchvision

    ensure_torchvision()
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    folder, file = weights.parent, weights.name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    base = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=file, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    lora = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        target_modules=list(MODULES),
        layers_to_transform=list(range(recipe.first_block, base.config.num_hidden_layers)),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base, lora), tokenizer


def encoded(pair: Pair, tokenizer: Any) -> tuple[list[int], int]:
    """Return a pair's tokens, and how many of them are the prompt: the model's own chat form, as in use."""
    asked = [{"role": "system", "content": pair.system}, {"role": "user", "content": pair.asked}]
    prompt = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    head = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    tail = tokenizer(pair.reply + "<|im_end|>", add_special_tokens=False)["input_ids"]
    return head + tail, len(head)


def batches_of(learned: Sequence[tuple[list[int], int]], recipe: Recipe) -> list[list[tuple[list[int], int]]]:
    """Return the batches of all epochs: pairs of like length together, in an order drawn by the seed."""
    chance = random.Random(recipe.seed)
    batches = []
    for _ in range(recipe.epochs):
        order = list(learned)
        chance.shuffle(order)
        pool = recipe.batch * 32
        mine = []
        for start in range(0, len(order), pool):
            alike = sorted(order[start : start + pool], key=lambda pair: len(pair[0]))
            mine += [alike[at : at + recipe.batch] for at in range(0, len(alike), recipe.batch)]
        chance.shuffle(mine)
        batches += mine
    return batches


def loss_of(model: Any, batch: Sequence[tuple[list[int], int]], pad: int) -> torch.Tensor:
    """Return the mean cross-entropy of the replies' tokens.

    Padding stands on the right, so that causal attention needs no mask; the vocabulary's product, the dearest one, is
    taken at the replies' tokens alone.
    """
    longest = max(len(ids) for ids, _ in batch)
    tokens = torch.full((len(batch), longest), pad)
    labels = torch.full((len(batch), longest), IGNORED)
    for row, (ids, prompt) in enumerate(batch):
        tokens[row, : len(ids)] = torch.tensor(ids)
        labels[row, prompt : len(ids)] = torch.tensor(ids[prompt:])
    inner = model.base_model.model
    with torch.autocast("cpu", torch.bfloat16):
        hidden = inner.model(input_ids=tokens).last_hidden_state[:, :-1]  # (B, T - 1, D)
        wanted = labels[:, 1:]
        logits = inner.lm_head(hidden[wanted != IGNORED])  # (N, V)
    return torch.nn.functional.cross_entropy(logits.float(), wanted[wanted != IGNORED])


def pace(step: int, steps: int, recipe: Recipe) -> float:
    """Return the share of the peak learning rate at a step."""
    warm = max(1, int(steps * recipe.warm_up))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + float(np.cos(np.pi * (step - warm) / max(1, steps - warm))))


# what is kept


def lora_state(model: Any) -> dict[str, torch.Tensor]:
    """Return the adapter's tensors by name."""
    return {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}


def keep(
    file: Path, step: int, losses: list[float], model: Any, optimiser: Any, schedule: Any, recipe: Recipe, steps: int
) -> None:
    """Write the state of training whole or not at all."""
    state = {
        "step": step, "steps": steps, "losses": losses, "recipe": asdict(recipe), "lora": lora_state(model),
        "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict(),
    }  # fmt: skip
    part = file.with_suffix(".part")
    torch.save(state, part)
    part.replace(file)


def resumed(
    file: Path, model: Any, optimiser: Any, schedule: Any, recipe: Recipe, steps: int
) -> tuple[int, list[float]]:
    """Take up the state of an earlier run of the same recipe and data; return its step and losses, 0 and [] if none."""
    if not file.is_file():
        return 0, []
    state = torch.load(file, weights_only=True)
    if state["recipe"] != asdict(recipe) or state["steps"] != steps:
        logger.info("%s is of another recipe or other pairs: started anew", file.name)
        return 0, []
    own = lora_state(model)
    for name, value in state["lora"].items():
        own[name].copy_(value)
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    return int(state["step"]), list(state["losses"])


def write_gguf(state: dict[str, torch.Tensor], file: Path, alpha: int, config: Any) -> None:
    """Write an adapter as llama.cpp reads it: float16, query and key rows in the order its rotary embedding wants."""
    import gguf

    writer = gguf.GGUFWriter(str(file), "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("general.name", "landask router")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(alpha))
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for name, block, module, part in adapted(state):
        tensor = state[name].float().numpy()
        if part == "b" and module in heads:
            tensor = for_rotary(tensor, heads[module])
        writer.add_tensor(f"blk.{block}.{GGUF_NAMES[module]}.weight.lora_{part}", tensor.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def adapted(state: dict[str, torch.Tensor]) -> Iterator[tuple[str, int, str, str]]:
    """Yield each tensor's name with its block, its linear map, and `a` or `b`."""
    for name in state:
        parts = name.split(".")
        block = parts.index("layers")
        module = next(part for part in parts if part in GGUF_NAMES)
        yield name, int(parts[block + 1]), module, "a" if "lora_A" in parts else "b"


def for_rotary(rows: np.ndarray, heads: int) -> np.ndarray:
    """Return rows (out, r) in llama.cpp's order: the two halves of each head interleaved, as its converter does."""
    out = rows.shape[0]
    return rows.reshape(heads, 2, out // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)
