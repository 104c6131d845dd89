"""Which router plans a question when a language model may: by name, or the best that is there. Plans nothing itself."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from agent.llm.choice import PREFERENCES, STRATEGIES, ModelChoice, billions_in, is_strong
from agent.llm.errors import ModelUnavailable
from agent.llm.status import installed, ollama_url, parameters, preferred
from agent.router import Builtin, Router
from retrieval.errors import BadArgument
from retrieval.parts import is_there

if TYPE_CHECKING:
    from agent.llm.models import OpenModel


def router_for(router: str, llm: Any) -> Router:
    """Return the router of a name with the model wanted; each question takes a fresh one.

    Args:
        router: `auto`, `schema` or `tools`.
        llm: `provider:model`, a ModelChoice, or None for the best that is there.

    Raises:
        BadArgument: a strategy or strength there is none of.
    """
    choice = llm if isinstance(llm, ModelChoice) else ModelChoice(name=llm or "")
    if choice.strategy not in ("", *STRATEGIES):
        raise BadArgument(f"no strategy {choice.strategy!r}; there are {', '.join(STRATEGIES)}")
    if choice.strong not in ("auto", "yes", "no"):
        raise BadArgument(f"strong is auto, yes or no, not {choice.strong!r}")
    if not choice.name:
        choice = replace(choice, name=best_there(choice.base_url, choice.prefer))
    if router == "auto" and not (choice.name and is_there("models")):
        return Builtin()
    return planner_of(choice.strategy or strategy_of(router, choice), choice)


def strategy_of(router: str, choice: ModelChoice) -> str:
    """Return how a model is used: the tools for a strong one, a form for a small one, or as the router's name says."""
    if router in ("schema", "tools"):
        return {"schema": "rag", "tools": "agent"}[router]
    return "agent" if is_strong_there(choice) else "rag"


def is_strong_there(choice: ModelChoice) -> bool:
    """Whether a model is strong, by what its server tells where the choice and its name do not."""
    told = 0.0
    if choice.strong == "auto" and choice.name.startswith("ollama:") and not billions_in(choice.name):
        told = parameters(choice.base_url or ollama_url(), choice.name.partition(":")[2])
    return is_strong(choice, told)


def planner_of(strategy: str, choice: ModelChoice) -> Router:
    """Return the router of a strategy; its model is opened when it is first asked."""
    opener, always = partial(opened, choice), bool(choice.strategy)
    if strategy == "agent":
        from agent.llm.tools_router import ToolsRouter

        stands = always or is_strong_there(choice)
        return ToolsRouter(opener, choice.name, timeout_s=choice.timeout_s, always=always, strong=stands)
    from agent.llm.schema_router import SchemaRouter

    return SchemaRouter(opener, choice.name, timeout_s=choice.timeout_s, strategy=strategy, always=always)


def opened(choice: ModelChoice) -> OpenModel:
    """Return the model of a choice.

    Raises:
        ModelUnavailable: it is not there; the message says how to get it.
    """
    from agent.llm.models import open_model

    if not choice.name:
        raise ModelUnavailable(
            f"no Ollama server with a fitting model answers at {choice.base_url or ollama_url()}; "
            "start it with `ollama serve`, get one with `ollama pull qwen3:4b`, or name a model by --llm"
        )
    return open_model(choice)


def best_there(base_url: str = "", prefer: tuple[str, ...] = PREFERENCES) -> str:
    """Return the best model at hand, an Ollama server's, else ''."""
    name = best_served(base_url or ollama_url(), prefer)
    return f"ollama:{name}" if name else ""


@lru_cache(maxsize=16)
def best_served(base_url: str, prefer: tuple[str, ...]) -> str:
    """Return the preferred model of a server, asked once a process: without one, a question pays one refusal."""
    return preferred(installed(base_url) or (), prefer) or ""
