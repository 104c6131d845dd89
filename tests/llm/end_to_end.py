"""`make llm-test MODEL=path.gguf`: the end-to-end set against a real model behind Ollama's protocol.

Any GGUF file is served by llama.cpp in this process; `ChatOllama` talks to it over HTTP as it would to Ollama. Prints
what was planned by the model itself, what the rules had to answer in its place, and what that took. Not part of the
test suite: it needs a model and time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.answer import Answer
from agent.ask import ask
from agent.llm.choice import STRATEGIES, ModelChoice
from agent.llm.embedded import EmbeddedChat, shipped_weights
from agent.llm.errors import ContextOverflow, ModelFailed
from retrieval.store import Store
from tests.llm.ollama_protocol import Brain, OllamaServer, Reply, serving
from tools.context import Context

FILE = Path(__file__).parent / "end_to_end.jsonl"
ROLES = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage, "tool": HumanMessage}


def brain_of(weights: Path, context: int, threads: int) -> Brain:
    """Return a GGUF model as what speaks behind the protocol."""

    def brain(body: dict[str, Any]) -> Reply:
        chat = EmbeddedChat(weights=weights, context_tokens=context, threads=threads, most_tokens=256)
        messages: list[BaseMessage] = [ROLES[m["role"]](said_by(m)) for m in body["messages"]]
        if tools := body.get("tools"):
            messages.insert(0, SystemMessage("Tools: " + json.dumps([t["function"] for t in tools])))
            return called(chat, messages, tools)
        asks: Any = chat.with_schema(body["format"]) if body.get("format") else chat
        reply = Reply()
        chunks = asks.stream(messages)
        try:
            first = next(chunks)
        except (ContextOverflow, ModelFailed) as error:
            return Reply(status=400, error=str(error))
        reply.pieces = told(chain([first], chunks), reply)
        return reply

    return brain


def said_by(message: dict[str, Any]) -> str:
    """Return a message's text, its calls as JSON."""
    calls = message.get("tool_calls")
    return json.dumps([c["function"] for c in calls]) if calls else message["content"]


def told(chunks: Iterator[Any], reply: Reply) -> Iterator[str]:
    """Yield a reply's pieces, and note what they cost at its end."""
    for chunk in chunks:
        if usage := chunk.usage_metadata:
            reply.spent |= {"prompt_eval_count": usage["input_tokens"], "eval_count": usage["output_tokens"]}
        if chunk.content:
            yield chunk.content


def called(chat: EmbeddedChat, messages: list[BaseMessage], tools: list[dict[str, Any]]) -> Reply:
    """Return a reply that calls a tool or, once there is a result, ends: a schema makes small models call."""
    calls = [
        {
            "type": "object",
            "properties": {"name": {"const": t["function"]["name"]}, "arguments": t["function"]["parameters"]},
            "required": ["name", "arguments"],
        }
        for t in tools
    ]
    done = {"type": "object", "properties": {"reply": {"type": "string"}}, "required": ["reply"]}
    ends = [done] if any(m.content.startswith('{"result"') for m in messages) else []
    message = chat.with_schema({"anyOf": [*calls, *ends]}).invoke(messages)
    usage = message.usage_metadata or {"input_tokens": 0, "output_tokens": 0}
    spent = {"prompt_eval_count": usage["input_tokens"], "eval_count": usage["output_tokens"]}
    try:
        value = json.loads(message.content)
    except ValueError:
        return Reply(pieces=[message.content], spent=spent)
    return Reply(tool_calls=[value], spent=spent) if "name" in value else Reply(pieces=[value["reply"]], spent=spent)


@dataclass(frozen=True)
class Line:
    """One question's outcome."""

    question: str
    answer: Answer
    right: bool

    @property
    def by_model(self) -> bool:
        """Whether the model's own plan was run."""
        return not self.answer.router.startswith("builtin")


def is_right(answer: Answer, wanted: dict[str, Any]) -> bool:
    """Return whether an answer's first step is the one wanted, on the regions, classes and years wanted."""
    if not answer.results:
        return False
    first = answer.results[0]
    regions = [r.id for r in first.regions] if wanted["regions"] else []
    return (
        first.tool == wanted["tool"]
        and sorted(regions) == sorted(wanted["regions"])
        and [*first.arguments.get("land_cover", ())] == wanted["land_cover"]
        and ("years" not in wanted or [*first.years] == wanted["years"])
    )


def run(options: argparse.Namespace, store: Path) -> list[Line]:
    """Ask the set, and tell of each question as it is answered."""
    cases = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()][: options.questions]
    weights = Path(options.model) if options.model else shipped_weights()
    lines = []
    with (
        Store.open(store) as opened,
        serving(brain_of(weights, options.context, options.threads), models=("model",)) as server,
    ):
        context = Context.open(opened)
        choice = ModelChoice("ollama:model", server.url, strategy=options.strategy, timeout_s=options.timeout,
                             context_tokens=options.context)  # fmt: skip
        for case in cases:
            answer = ask(case["question"], context, router="schema", llm=choice)
            line = Line(case["question"], answer, is_right(answer, case))
            why = next((c for c in answer.caveats if "model" in c and not line.by_model), "")
            print(f"{'right' if line.right else 'WRONG':5} {answer.seconds:7.2f} s  {answer.router:40} {line.question}")
            if why:
                print(f"      {why[:200]}")
            lines.append(line)
    return lines


def serve(options: argparse.Namespace) -> int:
    """Serve a model under its file's name until the process is ended, for the evals and for `--llm ollama:…`."""
    weights = Path(options.model) if options.model else shipped_weights()
    brain = brain_of(weights, options.context, options.threads)
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with OllamaServer(brain, models=(weights.stem.lower(),), port=options.port, digest=digest) as server:
        print(f"OLLAMA_HOST={server.url} --llm ollama:{server.models[0]}", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


def report(lines: list[Line], name: str) -> None:
    """Print what came out, the rules' part told apart."""
    own = [line for line in lines if line.by_model]
    seconds = sorted(line.answer.seconds for line in lines)
    prompt = sum(line.answer.tokens.prompt for line in lines if line.answer.tokens)
    completion = sum(line.answer.tokens.completion for line in lines if line.answer.tokens)
    print(f"\n{name}: {len(lines)} questions")
    print(f"  right answers, rules behind the model:  {sum(line.right for line in lines)}")
    print(f"  planned by the model itself:            {len(own)}, of them right {sum(line.right for line in own)}")
    print(f"  seconds p50 {statistics.median(seconds):.1f}, longest {seconds[-1]:.1f}")
    print(f"  tokens: {prompt} prompt, {completion} completion")


def main() -> int:
    """Run the set with one model."""
    parser = argparse.ArgumentParser(prog="python -m tests.llm.end_to_end", description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="", help="a GGUF file (default: the model that ships)")
    parser.add_argument("--store", type=Path, help="the store (default: the demo's, built for the run)")
    parser.add_argument("--strategy", choices=STRATEGIES, default="rag")
    parser.add_argument("--questions", type=int, default=99, metavar="N", help="only the first N")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--context", type=int, default=8192, metavar="TOKENS")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="S", help="seconds a question may be planned")
    parser.add_argument("--serve", action="store_true", help="only serve the model, until this is ended")
    parser.add_argument("--port", type=int, default=11434, help="where it is served (11434, as Ollama)")
    options = parser.parse_args()
    if options.model and not Path(options.model).is_file():
        print(f"error: no model file {options.model}", file=sys.stderr)
        return 2
    if options.serve:
        return serve(options)
    with tempfile.TemporaryDirectory() as folder:
        store = options.store
        if store is None:
            from retrieval.ingest import Sources, build

            store = Path(folder) / "demo.duckdb"
            build(store, Sources(bundled=True))
        report(run(options, store), Path(options.model).name if options.model else "the model that ships, no adapter")
    return 0


if __name__ == "__main__":
    sys.exit(main())
