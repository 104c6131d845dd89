"""One question to one answer: route, run each step, render, check. Opens no store and prints nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Event, Thread, get_ident
from time import perf_counter
from typing import Any

from agent.answer import Answer, Status, Step, Tokens
from agent.areas import selected_area, with_areas
from agent.check import unsupported
from agent.conversation import Conversation, known_language
from agent.deals.tongue import language_of as of_deals
from agent.language import detect
from agent.middleware import CAUGHT, bug_text, outcome_of
from agent.render import caveats_of, refusal_of, render
from agent.router import Builtin, Router
from agent.surface.digest import digest_of
from agent.voice import texts
from retrieval.deadline import WATCH, Cancelled, Deadline, check, until
from retrieval.errors import (
    BadArgument,
    DataError,
    InputError,
    LandaskError,
    NoRecords,
    NothingFound,
    NotPublished,
    QueryLimit,
)
from retrieval.types import Language
from tools.context import Context
from tools.deals import has_deals
from tools.plan import Note, Plan
from tools.plan import Step as PlanStep
from tools.result import Result
from tools.run import call, calls_of, detail_of_result

log = logging.getLogger(__name__)

LONGEST_S = 300.0
"""Seconds one question may take, its language model included."""
LONGEST_REPLY = 4
"""Words of an answer to what was asked back; more may be a new question, in another language."""
SHOWN_ROWS = 10
"""Rows of a result that a conversation remembers for a model."""
OnStep = Callable[[Step], None]


def ask(
    question: str,
    context: Context,
    *,
    router: str | Router = "auto",
    llm: Any = None,
    conversation: Conversation | None = None,
    selection: Any = None,
    on_step: OnStep | None = None,
    cancel: Event | None = None,
    debug: bool = False,
    longest_s: float = LONGEST_S,
) -> Answer:
    """Answer one question.

    Args:
        question: what was asked, in any official language of the European Union.
        context: the world it is asked of.
        router: `auto`, `builtin`, `schema`, `tools`, or a router itself.
        llm: `provider:model` for the language-model routers, or a `ModelChoice`.
        conversation: what was said before; it is brought up to date in place.
        selection: GeoJSON of a drawn area, for "this region".
        on_step: told each step as soon as it is done.
        cancel: set from another thread, it ends the model call and the query now running, at once.
        debug: let a bug be a traceback instead of an answer of status `error`.
        longest_s: seconds for the whole of it; one that takes longer is refused, saying so.

    Raises:
        Cancelled: `cancel` was set.
        StoreError: the store cannot be read.
    """
    question = question.encode("utf-8", errors="replace").decode()  # no half characters, which nothing can print
    with until(longest_s, cancel) as deadline, stoppable(context, deadline):
        run = Run(context, conversation or Conversation(), on_step, cancel, debug)
        return run.answer(question, router, llm, selection)


class Run:
    """One question on its way; `steps` gathers what was done."""

    def __init__(
        self,
        context: Context,
        conversation: Conversation,
        on_step: OnStep | None,
        cancel: Event | None,
        debug: bool,
    ) -> None:
        self.context, self.conversation = context, conversation
        self.on_step, self.cancel, self.debug = on_step, cancel, debug
        self.steps: list[Step] = []
        self.began = perf_counter()
        self.router_name = "builtin"
        self.tokens: Tokens | None = None
        self.trouble = ""
        self.plan: Plan | None = None
        self.left_out: list[Note] = []
        """What of the plan could not be answered, and why."""
        self.kept: Callable[[str, Any], tuple[Result, float | None] | None] = lambda tool, arguments: None

    def answer(self, question: str, router: str | Router, llm: Any, selection: Any) -> Answer:
        """Return the answer; known errors are answers too."""
        conversation = self.conversation
        language = self.language_of(question)
        self.context = self.context.in_language(language)
        conversation.tried = {}
        try:
            planner = router_of(router, llm)
            self.router_name = planner.name
            if selection is not None:
                id, geometry = selected_area(selection)
                conversation.areas.pop(id, None)  # the one chosen now is the last
                conversation.areas[id] = geometry
            self.context = with_areas(self.context, conversation.areas)
            plan = self.timed("plan", lambda: self.planned(planner, question), detail_of_plan)
            self.context = with_areas(self.context, conversation.areas)
            self.plan = plan
            answer = self.run(plan, language)
        except CAUGHT as error:
            if self.cancel and self.cancel.is_set():
                raise Cancelled from error
            answer = self.refused(in_time(error), question, language)
        except LandaskError:
            raise
        except Cancelled:
            raise
        except Exception:
            if self.debug:
                raise
            log.exception("a bug while answering")
            answer = self.finished("error", bug_text(language), language)
        conversation.turns.append(question[:2000])
        conversation.language = language
        return answer

    def planned(self, planner: Router, question: str) -> Plan:
        """Return a question's plan. A language model's part in it is noted also where it comes to no plan."""
        if (watch := getattr(planner, "watch", None)) is not None:
            watch(self.cancel, self.noted)
        try:
            return planner.plan(question, self.context, self.conversation)
        finally:
            self.router_name = getattr(planner, "used", planner.name)
            self.tokens = getattr(planner, "tokens", None)
            self.trouble = getattr(planner, "trouble", "")
            self.kept = getattr(planner, "kept", self.kept)

    def language_of(self, question: str) -> Language:
        """Return the question's language, the conversation's where it does not tell."""
        waiting = known_language(self.conversation.language)
        if self.conversation.pending and waiting and len(question.split()) <= LONGEST_REPLY:
            return waiting
        default = known_language(self.conversation.language) or known_language(self.context.language) or "en"
        detected = detect(question, self.context.nomenclature, default)
        try:
            return of_deals(question, detected) if has_deals(self.context.store) else detected
        except QueryLimit:
            return detected  # the next step ends the question, in this language

    def run(self, plan: Plan, language: Language) -> Answer:
        """Return the answer of a plan."""
        self.left_out += [self.of_a_part(error, language) for error in plan.left_out]
        done, results = self.results_of(plan, language)
        text = self.timed(
            "render", lambda: render(results, language, self.context, plan.told), lambda t: f"{len(t)} characters"
        )
        notes = (*plan.notes, *self.left_out)
        caveats = caveats_of(results, notes, language, self.context)
        if wrong := unsupported(text, results, language, self.context, notes):
            log.warning("unsupported in the text: %s in %r", wrong, text)
        self.conversation.turn_to(plan.frame)
        self.conversation.pending, self.conversation.open = None, ""
        if done:
            asked = plan.queries or queries_of(done, results)
            self.conversation.keep([step.to_json() for step in done], [dict(query) for query in asked])
        self.conversation.shown = [digest_of(f"earlier{n}", r, SHOWN_ROWS) for n, r in enumerate(results[:2], 1)]
        return self.finished(
            "answered",
            text,
            language,
            results=results,
            caveats=caveats,
            plan=replace(plan, steps=tuple(done)).to_json(),
        )

    def results_of(self, plan: Plan, language: Language) -> tuple[list[PlanStep], tuple[Result, ...]]:
        """Return the steps that were run, in canonical form, and their results."""
        done: list[PlanStep] = []
        results: list[Result] = []
        unpublished: NotPublished | None = None
        for at, step in enumerate(plan.steps):
            try:
                calls = calls_of(step, results)
            except NothingFound:
                break  # "in the regions with over 60 %": there are none, which is the answer
            for arguments in calls:
                if self.cancel and self.cancel.is_set():
                    raise Cancelled
                check()
                try:
                    result = self.known(step.tool, arguments) or self.timed(
                        step.tool, partial(call, step.tool, arguments, self.context), detail_of_result
                    )
                except (DataError, InputError) as error:
                    witness = step.tool == "compare_official" and any(one.optional for one in plan.steps[at + 1 :])
                    if isinstance(error, NotPublished) and witness:
                        unpublished = unpublished or error
                    elif not step.optional and not (step.later and results):
                        raise
                    log.info("left out %s: %s", step.tool, error)
                    if not step.optional:
                        self.left_out.append(self.of_a_part(error, language))
                    continue
                results.append(result)
                done.append(PlanStep(result.tool, result.arguments, step.optional))
        if unpublished and not results:
            raise unpublished
        return done, tuple(results)

    def of_a_part(self, error: LandaskError, language: Language) -> Note:
        """Return the note that a part of the question has no answer, and why."""
        return "part_left_out", {"why": refusal_of(error, language, self.context)}

    def known(self, tool: str, arguments: dict[str, Any]) -> Result | None:
        """Return the result of a step the planner has run already, noted as a step like any other."""
        if (kept := self.kept(tool, arguments)) is None:
            return None
        result, seconds = kept
        if seconds is not None:
            self.noted(Step(tool, round(seconds, 4), detail_of_result(result)))
        return result

    def refused(self, error: LandaskError, question: str, language: Language) -> Answer:
        """Return the answer that a known error is."""
        waiting = self.conversation.pending
        whole = waiting.question if waiting and waiting.kind != "offer" and self.steps == [] else question
        outcome = outcome_of(error, whole, self.conversation, self.context)
        self.conversation.turn_to_queries(outcome.queries)
        self.conversation.pending = outcome.pending
        if outcome.status != "clarify":
            self.conversation.open = ""
        answer = self.finished(outcome.status, outcome.text, language, choices=outcome.choices)
        minutes = job_of(error)
        return replace(answer, plan=self.plan.to_json(), job=minutes) if minutes and self.plan else answer

    def timed(self, name: str, work: Callable[[], Any], detail: Callable[[Any], str]) -> Any:
        """Do one thing and note how long it took."""
        start = perf_counter()
        value = work()
        self.noted(Step(name, round(perf_counter() - start, 4), detail(value)))
        return value

    def noted(self, step: Step) -> None:
        """Keep a step and tell of it."""
        self.steps.append(step)
        if self.on_step:
            self.on_step(step)

    def finished(
        self,
        status: Status,
        text: str,
        language: str,
        *,
        choices: Sequence[str] = (),
        results: Sequence[Result] = (),
        caveats: Sequence[str] = (),
        plan: dict[str, Any] | None = None,
    ) -> Answer:
        """Return the answer with everything that was done."""
        return Answer(
            status=status,
            text=text,
            router=self.router_name,
            seconds=round(perf_counter() - self.began, 4),
            choices=tuple(choices),
            results=tuple(results),
            caveats=(*caveats, *self.model_trouble(language)),
            steps=tuple(self.steps),
            tokens=self.tokens,
            language=language,
            plan=plan,
        )

    def model_trouble(self, language: str) -> tuple[str, ...]:
        """Return the line that says why a language model had no part in the answer."""
        return (texts(language)["caveat"]["model_unused"].format(why=self.trouble),) if self.trouble else ()


def job_of(error: LandaskError) -> int:
    """Return the minutes of the job that an error offers, 0 where it offers none."""
    if not (isinstance(error, NoRecords) and error.reason == "job_offered"):
        return 0
    from tools.pixelclip.stored import MOST_PIXELS

    return int(str(error.slots["minutes"])) if int(str(error.slots["pixels"])) <= MOST_PIXELS else 0


def queries_of(steps: Sequence[PlanStep], results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return the typed queries that the verbs of an answer mean, for a follow-up to edit; second witnesses aside."""
    told = [(step, result) for step, result in zip(steps, results, strict=True) if not step.optional]
    return [result.query.to_json() for _, result in told if result.query is not None]


@contextmanager
def stoppable(context: Context, deadline: Deadline) -> Generator[None]:
    """End this thread's query as soon as the question is stopped or its time is over."""
    asking, done = get_ident(), Event()

    def wait() -> None:
        while not done.wait(0.02 if deadline.cancel else max(deadline.left(), 0.02)):
            if deadline.over():
                context.store.interrupt(asking)

    Thread(target=wait, name=WATCH, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def in_time(error: LandaskError) -> LandaskError:
    """Return the error, or the one that says the question took too long, where that is why."""
    if isinstance(error, QueryLimit):
        try:
            check()
        except QueryLimit as late:
            return late
    return error


def run_plan(plan: Plan, context: Context, language: Language = "en", *, debug: bool = True) -> Answer:
    """Return the answer of a ready plan: replaying one needs no router.

    Raises:
        LandaskError: the plan cannot be run on this store.
    """
    run = Run(with_areas(context.in_language(language), plan.areas), Conversation(), None, None, debug)
    run.router_name = "replay"
    return run.run(plan, language)


def router_of(router: str | Router, llm: Any = None) -> Router:
    """Return the router of a name.

    Raises:
        BadArgument: there is none of this name.
    """
    if not isinstance(router, str):
        return router
    if router == "builtin":
        return Builtin()
    if router in ("auto", "schema", "tools"):
        return language_model_router(router, llm)
    raise BadArgument(f"no router {router!r}; there are auto, builtin, schema, tools")


def language_model_router(router: str, llm: Any) -> Router:
    """Return a router with a language model; `auto` where there is none is the builtin router."""
    from agent.llm.choose import router_for

    return router_for(router, llm)


def detail_of_plan(plan: Plan) -> str:
    """Return a plan's tools in a line."""
    return ", ".join(step.tool for step in plan.steps)
