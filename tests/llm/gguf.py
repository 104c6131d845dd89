"""`python -m tests.llm.gguf FILE`: a GGUF file behind Ollama's protocol, for the evals and for `--llm ollama:…`.

llama.cpp runs in this process and does what it is asked: tools and JSON schemas as they come. Not part of the test
suite: it needs a model and time.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.llm.ollama_protocol import Brain, OllamaServer, Reply

ONE_AT_A_TIME = threading.Lock()


def engine_of(weights: Path, context: int, threads: int) -> Any:
    """Return llama.cpp's engine on some weights."""
    engine: Any = importlib.import_module("xllamacpp")
    params = engine.CommonParams()
    params.model.path = str(weights)
    params.n_ctx, params.n_parallel, params.verbosity = context, 1, -1
    params.use_jinja = True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    return engine.Server(params)


def brain_of(engine: Any, most_tokens: int) -> Brain:
    """Return an engine as what speaks behind the protocol."""

    def brain(body: dict[str, Any]) -> Reply:
        request = {"messages": [message_of(m) for m in body["messages"]], "temperature": 0, "seed": 1}
        request |= {"max_tokens": most_tokens, "cache_prompt": True}
        if schema := body.get("format"):
            request["response_format"] = {"type": "json_schema", "json_schema": {"name": "form", "schema": schema}}
        if tools := body.get("tools"):
            request["tools"] = tools
        with ONE_AT_A_TIME:
            told = engine.handle_chat_completions(request)
        if "choices" not in told:
            return Reply(status=400, error=str(told.get("error", told)))
        said, usage = told["choices"][0]["message"], told["usage"]
        spent = {"prompt_eval_count": usage["prompt_tokens"], "eval_count": usage["completion_tokens"]}
        calls = [c["function"] for c in said.get("tool_calls") or ()]
        called = [{"name": c["name"], "arguments": json.loads(c["arguments"] or "{}")} for c in calls]
        return Reply(pieces=[said.get("content") or ""], tool_calls=called, spent=spent)

    return brain


def message_of(message: dict[str, Any]) -> dict[str, Any]:
    """Return one of Ollama's messages as llama.cpp takes it."""
    calls = message.get("tool_calls")
    if not calls:
        return {"role": message["role"], "content": message.get("content") or ""}
    made = [{"type": "function", "id": f"c{at}", "function": {"name": c["function"]["name"],
             "arguments": json.dumps(c["function"]["arguments"])}} for at, c in enumerate(calls)]  # fmt: skip
    return {"role": message["role"], "content": message.get("content") or "", "tool_calls": made}


def main() -> None:
    """Serve a model under its file's name until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.llm.gguf", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--port", type=int, default=11434)
    parser.add_argument("--context", type=int, default=8192)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=320, help="of one reply at most")
    options = parser.parse_args()
    with options.model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    brain = brain_of(engine_of(options.model, options.context, options.threads), options.tokens)
    name = options.model.stem.lower()
    with OllamaServer(brain, models=(name,), port=options.port, digest=digest) as server:
        print(f"OLLAMA_HOST={server.url} --llm ollama:{name}", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
