"""What the routers with a language model share: retrieval first, the model in between, the builtin router behind."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from time import monotonic, perf_counter
from typing import Any

from langchain_core.messages import AIMessage

from agent.answer import Step, Tokens
from agent.conversation import Conversation
from agent.llm.candidates import Candidates, candidates_of
from agent.llm.errors import BadPlan, ModelFailed, ModelUnavailable, Unsure
from agent.llm.grounding import Results
from agent.llm.guard import guarded
from agent.llm.models import OpenModel
from agent.router import Builtin, in_parts, is_settled, picked_choice, questions_in, read, refuse_what_is_not_ours
from agent.understand import Understanding
from retrieval.errors import (
    Ambiguous,
    BadArgument,
    DataError,
    InputError,
    LandaskError,
    NotUnderstood,
)
from tools.context import Context
from tools.plan import Plan, plan_from_json
from tools.result import Result
from tools.run import call, calls_of

ALONE = ("point_history", "explain_point")
"""Asked for by a point's number alone: nothing to choose."""


@dataclass
class Spent:
    """What planning one question cost."""

    prompt: int = 0
    completion: int = 0
    calls: int = 0

    def add(self, reply: AIMessage) -> None:
        """Count one reply."""
        usage = reply.usage_metadata or {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
        self.prompt += usage["input_tokens"]
        self.completion += usage["output_tokens"]
        self.calls += 1


@dataclass
class ModelPlanner:
    """Plans one question with a language model; take a fresh one for each question."""

    open: Callable[[], OpenModel]
    """Opens the model when it is first needed."""
    label: str
    """Provider and model, for the answer's router line."""
    timeout_s: float = 120.0
    strategy: str = "rag"
    of_names_only: bool = False
    """A question that names nothing we hold is not asked of the model."""
    builtin: Builtin = field(default_factory=Builtin)
    spent: Spent = field(default_factory=Spent)
    trouble: str = ""
    """Why the model's plan was not taken: one line for the reader, '' where all went well."""
    by_model: bool = False
    rules: Plan | LandaskError | None = None
    """What the builtin router makes of the question."""
    ends: float = math.inf
    """When the time for the question is up, by the monotonic clock."""
    results: Results = field(default_factory=Results)
    """Results of steps that were run while planning: they are not run again."""
    cancel: Event | None = None
    on_step: Callable[[Step], None] | None = None

    kind = "schema"
    part_by_part = True
    """The model plans one question at a time; what the rules can plan of what follows on it is theirs. Measured:
    docs/language-models.md."""

    @property
    def name(self) -> str:
        """The router line of an answer the model planned."""
        name = f"{self.kind}:{self.label}" if self.label else self.kind
        return f"{name} (prompt)" if self.strategy == "prompt" else name

    @property
    def used(self) -> str:
        """What planned the question in the end."""
        if self.by_model:
            return self.name
        return f"builtin (after {self.name})" if self.trouble else "builtin"

    @property
    def tokens(self) -> Tokens | None:
        """What planning the question cost, None where no model was asked."""
        return Tokens(self.spent.prompt, self.spent.completion) if self.spent.calls else None

    def watch(self, cancel: Event | None, on_step: Callable[[Step], None]) -> None:
        """Take what stops the question, and who is told of the steps."""
        self.cancel, self.on_step = cancel, on_step

    def plan(self, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan of a question; raise DataError or Ambiguous where there is none."""
        if picked_choice(question, context, conversation) is not None:
            return self.builtin.plan(question, context, conversation)
        self.ends = monotonic() + self.timeout_s
        parts = questions_in(question, context) if self.part_by_part else [question]
        if len(parts) == 1:
            return self.one(question, context, conversation)
        return in_parts(parts, lambda part, so_far: self.one(part, context, so_far), context, conversation)

    def one(self, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan of one question; raise DataError or Ambiguous where there is none."""
        rules = attempt(self.builtin, question, context, conversation)
        if isinstance(rules, LandaskError) and is_settled(rules):
            raise rules
        if isinstance(rules, Plan):
            follows_up = self.part_by_part and bool(conversation.turns)
            if follows_up or rules.steps[0].tool in ALONE:
                return rules
        self.rules = rules
        reading = read(question, context)
        refuse_what_is_not_ours(reading)
        if self.of_names_only and isinstance(rules, NotUnderstood) and not names_anything(reading):
            raise rules
        tried = conversation.frame_tried
        try:
            plan = self.by_the_model(reading, rules, context, conversation)
        except Unsure:
            refusal = None
        except (ModelFailed, ModelUnavailable) as failure:
            self.trouble = " ".join(str(failure).split())
            refusal = failure.refusal if isinstance(failure, ModelFailed) else None
        else:
            self.by_model = True
            return plan
        conversation.frame_tried = tried
        if isinstance(rules, NotUnderstood) and refusal is not None:
            raise refusal
        if isinstance(rules, LandaskError):
            raise rules
        return rules

    def by_the_model(
        self, reading: Understanding, rules: Plan | LandaskError, context: Context, conversation: Conversation
    ) -> Plan:
        """Return the model's plan.

        Raises:
            ModelFailed, ModelUnavailable: there is none that can be run.
            Cancelled: the asker stopped the question.
        """
        from agent.llm.deals import is_of_deals

        model = self.open()
        of_deals = is_of_deals(reading.question, context)
        found = self.candidates(reading, rules, context, conversation)

        def give_up(thread: int | None) -> None:
            model.shut()
            context.store.interrupt(thread)

        def work() -> Plan:
            try:
                if of_deals:
                    return checked(self.asked_of_deals(model, reading.question, context))
                return checked(self.asked(model, found, context, conversation))
            finally:
                model.close()

        return guarded(
            work,
            seconds=max(self.ends - monotonic(), 0.1),
            cancel=self.cancel,
            give_up=give_up,
        )

    def candidates(
        self, reading: Understanding, rules: Plan | LandaskError, context: Context, conversation: Conversation
    ) -> Candidates:
        """Return what the model may choose among."""
        return candidates_of(reading, rules, context, conversation)

    def asked(self, model: OpenModel, found: Candidates, context: Context, conversation: Conversation) -> Plan:
        """Ask the model for its plan."""
        raise NotImplementedError

    def asked_of_deals(self, model: OpenModel, question: str, context: Context) -> Plan:
        """Ask the model for its plan of a question about land deals."""
        raise NotImplementedError

    def tried(self, plan: Plan, context: Context) -> Plan:
        """Return a plan whose steps ran; the results are kept. The rules' own plan need not prove itself.

        Raises:
            BadPlan: the data or a tool refuses a step.
        """
        if isinstance(self.rules, Plan) and plan.to_json() == self.rules.to_json():
            return plan
        done: list[Result] = []
        for step in plan.steps:
            for arguments in calls_of(step, done):
                try:
                    done.append(self.results.of(step.tool, arguments) or self.timed(step.tool, arguments, context))
                except (DataError, InputError) as error:
                    if step.optional:
                        continue
                    fault = BadPlan(f"{step.tool}: {error}")
                    fault.refusal = error if isinstance(error, DataError) else None
                    raise fault from error
        return plan

    def timed(self, tool: str, arguments: dict[str, Any], context: Context) -> Result:
        """Run one step and keep its result with the seconds it took."""
        start = perf_counter()
        result = call(tool, arguments, context)
        self.results.add(result, arguments, perf_counter() - start)
        return result

    def kept(self, tool: str, arguments: Any) -> tuple[Result, float | None] | None:
        """Return the result of a step that was run while planning and its seconds, None seconds if they were told."""
        result = self.results.of(tool, arguments)
        return (result, self.results.seconds_of(result)) if result else None


def attempt(router: Builtin, question: str, context: Context, conversation: Conversation) -> Plan | LandaskError:
    """Return the builtin router's plan, or the error it gave."""
    try:
        return router.plan(question, context, conversation)
    except (DataError, Ambiguous) as error:
        return error


def names_anything(reading: Understanding) -> bool:
    """Return whether a question names a place, a class or a time by itself."""
    at = reading.areas or reading.lonlat or reading.bbox or reading.country or reading.implied or reading.level
    return bool(at or reading.covers or reading.years or reading.since or reading.span or reading.point_id)


def checked(plan: Plan) -> Plan:
    """Return a plan that holds against the tools' own arguments.

    Raises:
        BadPlan: it does not.
    """
    try:
        plan_from_json(plan.to_json())
    except BadArgument as error:
        raise BadPlan(str(error)) from error
    return plan
