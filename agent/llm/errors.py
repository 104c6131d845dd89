"""What can go wrong with a language model. Each is one line with the way out; none of them ends an answer, because the
builtin router takes over."""

from __future__ import annotations

from retrieval.errors import LandaskError


class ModelUnavailable(LandaskError):
    """No such model, server or file; says how to get it."""


class ModelFailed(LandaskError):
    """The model answered with nothing that can be used, or not in time. Asking it again would not help."""

    refusal: LandaskError | None = None
    """What the data said to the model's plan, where that is why it could not be run."""


class BadPlan(ModelFailed):
    """The model's plan cannot be run; the message tells the model what to mend."""


class Unsure(ModelFailed):
    """The small model is not sure enough of its plan to be preferred to the rules', which stand without a word."""


class Declined(ModelFailed):
    """The model says that nothing of what can be done answers the question."""

    def __init__(self) -> None:
        super().__init__("the model found nothing that answers this")


class ContextOverflow(ModelFailed):
    """The prompt is longer than the model's context: nothing is cut off in silence."""

    def __init__(self, tokens: int, context: int) -> None:
        super().__init__(
            f"the prompt needs about {tokens} tokens and the model's context is {context}; "
            "take a larger context or --strategy rag"
        )
        self.tokens, self.context = tokens, context
