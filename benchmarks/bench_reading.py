"""How long a question is read, by language, in seconds of the processor: taken apart and put together, nothing run.

Questions are those of `evals/samples/strangers.jsonl`, each read once after a first round; then texts that are no
questions, of which the slowest is told.

    python benchmarks/bench_reading.py [--store PATH] [--fuzz N]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent.letters import asked_in
from agent.lexicon import lexicon
from agent.reading.read import read
from agent.understand import LONGEST_QUESTION
from evals.statistics import quantile
from retrieval.ingest import Sources, build
from retrieval.store import Store
from retrieval.types import LANGUAGES
from tools.context import Context

QUESTIONS = Path(__file__).resolve().parents[1] / "evals" / "samples" / "strangers.jsonl"


def main() -> None:
    """Print the table of languages, and the slowest of some fuzzed texts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="a built store (default: the demo's)")
    parser.add_argument("--fuzz", type=int, default=1000, metavar="N", help="how many fuzzed texts (1000)")
    given = parser.parse_args()
    lines = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        store = given.store or Path(folder) / "demo.duckdb"
        if given.store is None:
            build(store, Sources(bundled=True))
        with Store.open(store) as opened:
            context = Context.open(opened)
            print("| language | questions | p50 ms | p95 ms | longest ms |\n| --- | --- | --- | --- | --- |")
            for language in LANGUAGES:
                turns = [turn for line in lines if line["language"] == language for turn in line["turns"]]
                taken = sorted(seconds(turns, language, context))
                told = [1000 * quantile(taken, q) for q in (0.5, 0.95, 1.0)]
                print(f"| {language} | {len(turns)} | " + " | ".join(f"{ms:.0f}" for ms in told) + " |")
            slowest = max(fuzzed(given.fuzz, context))
            print(f"{given.fuzz} fuzzed texts: the slowest took {slowest[0]:.2f} s ({slowest[1]!r})")


def seconds(turns: list[str], language: str, context: Context) -> list[float]:
    """Return how long each question is read, after a first round that loads the words of its language."""
    own = context.in_language(language)
    taken = []
    for round in (1, 2):
        for turn in turns:
            start = process_time()
            read(asked_in(turn, own), language, own)
            taken += [process_time() - start] if round == 2 else []
    return taken


def fuzzed(number: int, context: Context) -> list[tuple[float, str]]:
    """Return how long texts of closed words, numbers and letters at random are read, none longer than a question."""
    chance, found = random.Random(0), []
    for _ in range(number):
        language = chance.choice(LANGUAGES)
        every = [word for phrases in lexicon(language).values() for word in phrases]
        others = [str(chance.randrange(3000)), "Spain", "maize", ",", "x" * 9, *chance.sample(every, 5)]
        words = chance.choices(others, k=chance.choice([3, 8, 20, 60, 300]))
        text, own = " ".join(words)[:LONGEST_QUESTION], context.in_language(language)
        start = process_time()
        read(asked_in(text, own), language, own)
        found.append((process_time() - start, f"{language}: {text[:60]}"))
    return found


if __name__ == "__main__":
    main()
