"""Who decides: the rules where they are sure of every word, else a language model, and the rules where it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from langchain_core.messages import AIMessage

from agent.answer import Step, Tokens
from agent.conversation import Conversation, of_land
from agent.llm.errors import BadPlan, ModelFailed, ModelUnavailable
from agent.llm.guard import guarded
from agent.llm.models import OpenModel
from agent.llm.results import Results
from agent.offers import to_json
from agent.reading.read import read
from agent.router import Builtin, picked_choice
from agent.surface.session import AskedBack, Chosen, Outcome, Refusal
from retrieval.errors import Ambiguous, AskedBackInWords, DataError, Declined, InputError, LandaskError, NotUnderstood
from tools.context import Context
from tools.plan import MOST_STEPS, Note, Plan
from tools.plan import Step as PlanStep
from tools.result import Result
from tools.run import call, calls_of

ACTS = ("define_class", "describe_data", "explain_interval")
"""Tools of questions that ask for no table: what the rules hear in them names no number."""
ENDS_IT = ("read_only", "too_long", "no_words")
"""Refusals that no model is asked about: a wish to change data, instructions, no question at all."""


@dataclass
class Spent:
    """What planning one question cost, as the server counted it."""

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
    """Plans one question; take a fresh one for each."""

    open: Callable[[], OpenModel]
    """Opens the model when it is first needed."""
    label: str
    """Provider and model, for the answer's router line."""
    timeout_s: float = 120.0
    strategy: str = ""
    always: bool = False
    """Whether the model is asked also where the rules are sure: to compare models and strategies."""
    strong: bool = True
    """Whether its refusal and its question back stand where the rules have a plan, or a choice to offer."""
    builtin: Builtin = field(default_factory=lambda: Builtin(aside=False))
    spent: Spent = field(default_factory=Spent)
    trouble: str = ""
    """Why the model's plan was not taken: one line for the reader, '' where all went well."""
    by_model: bool = False
    results: Results = field(default_factory=Results)
    """Results of steps that were run while planning: they are not run again."""
    cancel: Event | None = None
    on_step: Callable[[Step], None] | None = None

    kind = "model"

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
        waiting = conversation.pending
        asked_back = waiting is not None and waiting.kind == "words"
        if not asked_back and picked_choice(question, context, conversation) is not None:
            return self.builtin.plan(question, context, conversation)
        rules = attempt(self.builtin, question, context, conversation)
        if isinstance(rules, NotUnderstood) and rules.reason.split(":")[0] in ENDS_IT:
            raise rules
        if not (asked_back or self.always):
            if isinstance(rules, Plan) and is_sure(rules, question, context, conversation):
                return rules
            if not self.wanted(rules, question, context):
                return self.without_it(rules, question, context, conversation)
        whole = question
        if waiting is not None and asked_back:
            whole = f"{waiting.question}\n(You asked back: {waiting.words} Reply: {question})"
        tried = dict(conversation.tried)
        try:
            outcome = self.by_the_model(whole, rules, context, conversation)
        except (ModelFailed, ModelUnavailable) as failure:
            self.trouble = " ".join(str(failure).split())
            conversation.tried = tried
            return self.without_it(rules, question, context, conversation)
        if not self.strong and not isinstance(outcome, Chosen):
            if isinstance(rules, NotUnderstood):
                rules = attempt(Builtin(), question, context, conversation)
            if isinstance(rules, Plan | Ambiguous):
                self.trouble = "the model is small, and would not answer what the rules have a plan or a choice for"
                return taken(rules)
        self.by_model = True
        return self.ended(outcome, whole, context, conversation)

    def without_it(
        self, rules: Plan | LandaskError, question: str, context: Context, conversation: Conversation
    ) -> Plan:
        """Return the rules' plan where no model has a part: words that narrow nothing may be left aside by name."""
        again = isinstance(rules, NotUnderstood)
        return taken(attempt(Builtin(), question, context, conversation) if again else rules)

    def wanted(self, rules: Plan | LandaskError, question: str, context: Context) -> bool:
        """Whether the model is to be asked at all of what the rules are not sure of."""
        return True

    def by_the_model(
        self, question: str, rules: Plan | LandaskError, context: Context, conversation: Conversation
    ) -> Outcome:
        """Return what the model came to; its time begins once its library and connection are there.

        Raises:
            ModelFailed, ModelUnavailable: it came to nothing.
            Cancelled: the asker stopped the question.
        """
        model = self.open()

        def give_up(thread: int | None) -> None:
            model.shut()
            context.store.interrupt(thread)

        def work() -> Outcome:
            try:
                return self.asked(model, question, rules, context, conversation)
            finally:
                model.close()

        return guarded(work, seconds=self.timeout_s, cancel=self.cancel, give_up=give_up)

    def asked(
        self, model: OpenModel, question: str, rules: Plan | LandaskError, context: Context, conversation: Conversation
    ) -> Outcome:
        """Ask the model."""
        raise NotImplementedError

    def ended(self, outcome: Outcome, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan that the model's results are.

        Raises:
            Ambiguous, DataError: it asked back, or refused: that stands.
        """
        match outcome:
            case AskedBack(question=words, choices=choices):
                raise AskedBackInWords(words, choices)
            case Refusal(reason=reason, words=words):
                raise Declined(reason, words)
            case Chosen(results=results, left_out=left_out):
                for result in results:
                    if self.results.of(result.tool, result.arguments) is None:
                        self.results.add(result, result.arguments, None)
                return plan_of(results, left_out, context, conversation)

    def run_deals(self, plan: Plan, context: Context) -> Chosen:
        """Return the results of a plan about land deals.

        Raises:
            BadPlan: the data refuses a step.
        """
        done: list[Result] = []
        try:
            for step in plan.steps:
                done += [self.timed(step.tool, arguments, context) for arguments in calls_of(step, done)]
        except (DataError, InputError) as error:
            raise BadPlan(str(error)) from error
        return Chosen(tuple(done))

    def timed(self, tool: str, arguments: dict[str, Any], context: Context) -> Result:
        """Run one step and keep its result."""
        result = call(tool, arguments, context)
        self.results.add(result, arguments, None)
        return result

    def kept(self, tool: str, arguments: Any) -> tuple[Result, float | None] | None:
        """Return the result of a step that was run while planning and its seconds, None seconds if they were told."""
        result = self.results.of(tool, arguments)
        return (result, self.results.seconds_of(result)) if result else None


def plan_of(
    results: tuple[Result, ...], left_out: tuple[str, ...], context: Context, conversation: Conversation
) -> Plan:
    """Return the plan of results: their calls, what a follow-up keeps of them, and what they leave out."""
    steps = tuple(PlanStep(r.tool, dict(r.arguments)) for r in results)[:MOST_STEPS]
    queries = tuple(dict(r.arguments) for r in results if r.tool == "query")
    conversation.tried = {"steps": to_json(steps), "queries": [dict(query) for query in queries]}
    notes: tuple[Note, ...] = (("left_aside", {"words": ", ".join(left_out)}),) if left_out else ()
    wanted = {r.id for result in results for r in result.regions}
    areas = {id: geometry for id, geometry in conversation.areas.items() if id in wanted and id in context.areas}
    return Plan(steps, notes, areas, of_land(results[0].years), queries=queries)


def attempt(router: Builtin, question: str, context: Context, conversation: Conversation) -> Plan | LandaskError:
    """Return the builtin router's plan, or the error it gave."""
    try:
        return router.plan(question, context, conversation)
    except (DataError, Ambiguous) as error:
        return error


def taken(rules: Plan | LandaskError) -> Plan:
    """Return the rules' plan, or raise the error they gave."""
    if isinstance(rules, LandaskError):
        raise rules
    return rules


def is_sure(plan: Plan, question: str, context: Context, conversation: Conversation) -> bool:
    """Whether the rules read every word of a question, beside what was said before: then no model is asked."""
    if any(key == "left_aside" for key, _ in plan.notes) or plan.left_out:
        return False
    if plan.steps and all(step.tool in ACTS for step in plan.steps):
        return True
    reading = read(question, context.language, context)
    return reading.whole_in_talk if conversation.queries else reading.whole
