"""Models whose picture of the world is measured: sentence encoders, and chat models in the process or on a server.

`e5` ships; `minilm:FOLDER` is a sentence-transformers folder; `embedded:FILE` runs llama.cpp in the process;
`ollama:MODEL` and other `provider:model` names go through LangChain. Loads nothing until it is asked.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.embeddings import SmallE5
from retrieval.errors import BadArgument

SCHEMA = {"type": "object", "properties": {"country": {"type": "string", "maxLength": 40}}, "required": ["country"]}


class WorldModel(Protocol):
    """A model that turns names into vectors and may be asked for a country."""

    name: str
    pooling: str
    """How a name becomes one vector, for the report."""
    chats: bool

    def encode(self, names: Sequence[str]) -> NDArray[np.float32]:
        """(names, dimensions)."""
        ...

    def tokens(self, name: str) -> int | None:
        """How many tokens a name is cut into, special tokens aside; None where that cannot be known."""
        ...

    def country(self, prompt: str) -> str:
        """The country the model names."""
        ...


class E5:
    """The encoder that ships."""

    name, pooling, chats = SmallE5.model, "the model's own, with the prefix `query:`", False

    def __init__(self) -> None:
        self._encoder = SmallE5()
        self._around = self._encoder._engine.token_count("")

    def encode(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of names."""
        return self._encoder.encode(names)

    def tokens(self, name: str) -> int | None:
        """SentencePiece tokens, the mark of a word's beginning belonging to the first."""
        return self._encoder._engine.token_count(name) - self._around

    def country(self, prompt: str) -> str:
        """It does not chat."""
        raise NotImplementedError


class Sentences:
    """A sentence-transformers folder."""

    chats = False

    def __init__(self, folder: Path) -> None:
        from tools.pixelclip.shim import ensure_torchvision

        ensure_torchvision()
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(folder), device="cpu")
        self.name, self.pooling = folder.parent.name if folder.name == "model" else folder.name, "the model's own"

    def encode(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of names."""
        return np.asarray(self._model.encode(list(names), batch_size=64, show_progress_bar=False), np.float32)

    def tokens(self, name: str) -> int | None:
        """Tokens of the model's own vocabulary."""
        return len(self._model.tokenizer.tokenize(name))

    def country(self, prompt: str) -> str:
        """It does not chat."""
        raise NotImplementedError


class Llama:
    """A GGUF model in the process; vectors are the mean over all tokens of the last layer."""

    chats, pooling = True, "mean over all tokens of the last layer"

    def __init__(self, weights: Path, threads: int = 1) -> None:
        self._engine: Any = importlib.import_module("xllamacpp")
        self.name, self._weights, self._threads = weights.stem, weights, threads
        self._vectors, self._chat = self._server(embedding=True), None
        self._counts: dict[str, int] = {}

    def _server(self, *, embedding: bool) -> Any:
        params = self._engine.CommonParams()
        params.model.path = str(self._weights)
        params.n_ctx, params.n_parallel, params.verbosity = 512, 1, -1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._threads
        if embedding:
            params.embedding = True
            params.pooling_type = self._engine.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        return self._engine.Server(params)

    def encode(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of names; how many tokens each took is kept."""
        rows = []
        for name in names:
            reply = self._vectors.handle_embeddings({"input": [name]})
            self._counts[name] = reply["usage"]["prompt_tokens"]
            rows.append(reply["data"][0]["embedding"])
        return np.asarray(rows, np.float32)

    def tokens(self, name: str) -> int | None:
        """Tokens the engine reports for the bare name, without the mark of a word's beginning."""
        return self._counts.get(name)

    def country(self, prompt: str) -> str:
        """The country the model names, decoded under a schema at temperature 0."""
        self._chat = self._chat or self._server(embedding=False)
        form = {"type": "json_schema", "json_schema": {"name": "country", "schema": SCHEMA}}
        messages = [{"role": "user", "content": prompt}]
        request = {"messages": messages, "temperature": 0, "seed": 1, "max_tokens": 32, "response_format": form}
        return _country_in(self._chat.handle_chat_completions(request)["choices"][0]["message"]["content"])


@dataclass
class Served:
    """A chat and embedding model of a server, by LangChain's name for it."""

    name: str
    pooling = "the server's own, which may differ from the chat model's layers"
    chats = True

    def encode(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of names."""
        from langchain.embeddings import init_embeddings

        model: Any = init_embeddings(self.name)
        return np.asarray(model.embed_documents(list(names)), np.float32)

    def tokens(self, name: str) -> int | None:
        """A server tells no tokens."""
        return None

    def country(self, prompt: str) -> str:
        """The country the model names."""
        from langchain.chat_models import init_chat_model

        chat: Any = init_chat_model(self.name, temperature=0).with_structured_output(SCHEMA)
        return str(chat.invoke(prompt)["country"])


def world_model(name: str) -> WorldModel:
    """Return the model of a name.

    Raises:
        BadArgument: its file or folder is missing.
    """
    kind, _, rest = name.partition(":")
    if kind in ("", "e5"):
        return E5()
    if kind in ("embedded", "minilm"):
        path = Path(rest)
        if not path.exists():
            raise BadArgument(f"there is no {path}")
        return Llama(path) if kind == "embedded" else Sentences(path)
    return Served(name)


def _country_in(reply: str) -> str:
    try:
        return str(json.loads(reply).get("country", ""))
    except (ValueError, AttributeError):
        return ""
