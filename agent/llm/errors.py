"""What can go wrong with a language model. Each is one line with the way out; none of them ends an answer, because the
builtin router takes over."""

from __future__ import annotations

from retrieval.errors import LandaskError


class ModelUnavailable(LandaskError):
    """No such model, server, key or package; says how to get it."""


class ModelFailed(LandaskError):
    """The model answered with nothing that can be used, or not in time. Asking it again would not help."""


class BadPlan(ModelFailed):
    """The model's plan cannot be run; the message tells the model what to mend."""


class NoSchema(ModelFailed):
    """The server does not take a JSON schema with a request: it is asked again without one."""


class ContextOverflow(ModelFailed):
    """The prompt is longer than the model's context: nothing is cut off in silence."""

    def __init__(self, tokens: int, context: int) -> None:
        super().__init__(
            f"the prompt needs about {tokens} tokens and the model's context is {context}; take a larger --context"
        )
        self.tokens, self.context = tokens, context
