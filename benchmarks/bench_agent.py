"""What the agent adds to a language model's own time: retrieval, prompt, HTTP, check of the plan, query and text.

A server speaks Ollama's protocol and answers each question at once with a plan that fits the schema it was sent, so
that the model itself takes no time and all seconds are ours. Prints them beside the builtin router's on the same
questions, and their ratio.

    python benchmarks/bench_agent.py [--questions N] [--store PATH]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent.answer import Answer
from agent.ask import ask
from agent.llm.choice import ModelChoice
from retrieval.ingest import Sources, build
from retrieval.store import Store
from tests.llm.ollama_protocol import Reply, serving
from tools.context import Context

QUESTIONS = Path(__file__).resolve().parents[1] / "evals/samples/survey.jsonl"


def main() -> None:
    """Time both routers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=100, metavar="N", help="how many questions (100)")
    parser.add_argument("--store", type=Path, help="a built store (default: the demo's)")
    given = parser.parse_args()
    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()
    asked = [line["question"] for line in map(json.loads, lines) if "question" in line][: given.questions]
    with tempfile.TemporaryDirectory() as folder:
        store = given.store or Path(folder) / "demo.duckdb"
        if given.store is None:
            build(store, Sources(bundled=True))
        with Store.open(store) as opened, serving(brain) as server:
            context = Context.open(opened)
            choice = ModelChoice("ollama:qwen3:4b", server.url, strategy="rag")  # asked of every question
            print(f"{len(asked)} questions, each asked once after a first round")
            rules, _ = timed(asked, lambda question: ask(question, context, router="builtin"))
            agent, answers = timed(asked, lambda question: ask(question, context, router="schema", llm=choice))
    by_model = sum(answer.router.startswith("schema:") for answer in answers)
    print(f"rules alone       p50 {told(rules, 50)}   p95 {told(rules, 95)}")
    print(f"schema, no model  p50 {told(agent, 50)}   p95 {told(agent, 95)}   planned by the model {by_model}")
    print(f"ratio of medians  {statistics.median(agent) / statistics.median(rules):.2f}")


def timed(questions: list[str], answer: Callable[[str], Answer]) -> tuple[list[float], list[Answer]]:
    """Return the seconds of each question and the answers, the first round not counted."""
    for question in questions:
        answer(question)
    seconds, answers = [], []
    for question in questions:
        start = perf_counter()
        answers.append(answer(question))
        seconds.append(perf_counter() - start)
    return seconds, answers


def brain(body: dict[str, Any]) -> Reply:
    """Return the form that takes the first of everything offered and asks for one number."""
    form = next(f["properties"] for f in body["format"]["anyOf"] if f["properties"]["source"]["const"] == "survey")
    first = {name: part["items"]["enum"][:1] for name, part in form.items() if part.get("type") == "array"}
    chosen = {name: part.get("const") or part["enum"][0] for name, part in form.items() if "type" not in part}
    return Reply(pieces=[json.dumps({**chosen, **{k: v for k, v in first.items() if v != ["none"]}})])


def told(seconds: list[float], percent: int) -> str:
    """Return a percentile in milliseconds."""
    return f"{1000 * statistics.quantiles(seconds, n=100)[percent - 1]:6.1f} ms"


if __name__ == "__main__":
    main()
