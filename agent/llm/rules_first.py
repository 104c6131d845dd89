"""The rules, and a language model behind them, loaded only for a question the rules have no plan for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agent.conversation import Conversation
from agent.router import Builtin, Router, is_settled
from retrieval.errors import Ambiguous, DataError
from tools.context import Context
from tools.plan import Plan


@dataclass
class RulesFirst:
    """Plans one question by the rules, else by the router behind them, and then speaks with its voice."""

    behind: Callable[[], Router]
    """Makes the router with the language model."""
    model: Router | None = None
    watching: tuple[Any, ...] = field(default=())

    @property
    def name(self) -> str:
        """The router line of its answers."""
        return self.model.name if self.model else "builtin"

    def watch(self, *watching: Any) -> None:
        """Keep what stops the question, and who is told of the steps, for the model."""
        self.watching = watching

    def plan(self, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan of a question; raise DataError or Ambiguous where there is none."""
        try:
            return Builtin().plan(question, context, conversation)
        except (DataError, Ambiguous) as error:
            if is_settled(error):
                raise
        self.model = self.behind()
        if (watch := getattr(self.model, "watch", None)) is not None:
            watch(*self.watching)
        return self.model.plan(question, context, conversation)

    def __getattr__(self, attribute: str) -> Any:
        """Return what the model's router tells of the question (`used`, `tokens`, `trouble`, `kept`), if it had it."""
        if attribute.startswith("__") or self.__dict__.get("model") is None:
            raise AttributeError(attribute)
        return getattr(self.model, attribute)
