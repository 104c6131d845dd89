"""`python -m agent train-router`: wordings, pairs, adapter, and how often its plan is the one wanted."""

from __future__ import annotations

import argparse
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.llm.training.pairs import Pair, pairs_of
from agent.llm.wordings import read_wordings
from retrieval.errors import BadArgument
from tools.context import Context


def train_router(options: argparse.Namespace, opened: Callable[[argparse.Namespace], Context]) -> int:
    """Make the adapter in a folder; what is done already is taken up again.

    Raises:
        BadArgument: what training needs is not installed.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for noisy in ("httpx", "gguf", "transformers"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    pairs = kept_pairs(out / "pairs.jsonl", options, opened)
    try:
        from agent.llm.training.adapter import Recipe, train
        from agent.llm.training.adapter import opened as opened_model
    except ImportError as error:
        raise BadArgument("training needs more packages: pip install -e .[train]") from error
    from agent.llm.embedded import shipped_weights

    recipe = Recipe(epochs=options.epochs, seed=options.seed)
    told = train(*opened_model(shipped_weights(), recipe), pairs, out, recipe)
    tested = [pair for pair in pairs if pair.is_tested][: options.test]
    told["tested"] = rates(tested, out / "router.gguf") if tested else {}
    (out / "training.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told["tested"]))
    print(f"made {out / 'router.gguf'}; in agent/llm/adapter/ it is used")
    return 0


def kept_pairs(file: Path, options: argparse.Namespace, opened: Callable[[argparse.Namespace], Context]) -> list[Pair]:
    """Return the pairs of a file, made first where it is missing or of other options."""
    wanted = {"seed": options.seed, "each": options.each}
    if file.is_file():
        head, *lines = file.read_text(encoding="utf-8").splitlines()
        if json.loads(head) == wanted:
            return [Pair(**json.loads(line)) for line in lines]
    from tqdm import tqdm

    wordings = read_wordings()
    pairs = list(pairs_of(tqdm(wordings, unit=" wordings"), options.each, opened(options), options.seed))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (wanted, *map(asdict, pairs)))
    part = file.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
    return pairs


def rates(pairs: Sequence[Pair], adapter: Path) -> dict[str, Any]:
    """Return how often the adapter's whole plan is the one wanted, for wordings it was not trained on."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for pair, plan in planned(pairs, adapter):
        hit = plan == json.loads(pair.reply)
        for kind in ("all", pair.language, pair.plan):
            asked[kind] += 1
            right[kind] += hit
    return {kind: [right[kind], asked[kind]] for kind in asked}


def planned(pairs: Sequence[Pair], adapter: Path) -> Iterator[tuple[Pair, Any]]:
    """Yield each pair with the plan the model writes for it, as it does in use but with no schema to hold it."""
    from langchain_core.messages import HumanMessage, SystemMessage
    from tqdm import tqdm

    from agent.llm.embedded import EmbeddedChat, shipped_weights

    chat = EmbeddedChat(weights=shipped_weights(), adapter=adapter)
    for pair in tqdm(pairs, unit=" tests"):
        said = chat.invoke([SystemMessage(pair.system), HumanMessage(pair.asked)])
        try:
            yield pair, json.loads(str(said.content))
        except ValueError:
            yield pair, None
