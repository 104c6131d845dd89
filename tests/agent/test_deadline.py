"""A question ends when its time is over or when it is stopped, whatever step it is at."""

from __future__ import annotations

import time
from threading import Event, Timer

import pytest

from agent.ask import ask
from retrieval import deadline
from retrieval.deadline import Cancelled
from retrieval.errors import QueryLimit
from retrieval.store import Store
from tools.context import Context
from tools.plan import Plan, Step

ENDLESS = "SELECT count(*) FROM range(100000000000) AS a(n), range(1000) AS b(m) WHERE hash(n, m) = 1"


class Planner:
    """Plans nothing but time: `work` is what it does meanwhile."""

    name = "planner"

    def __init__(self, work: object) -> None:
        self.work = work

    def plan(self, question: str, context: Context, conversation: object) -> Plan:
        self.work(context)  # type: ignore[operator]
        return Plan((Step("describe_data", {}),))


def test_a_query_without_end_ends_with_the_questions_time(demo_store: Store) -> None:
    context = Context.open(demo_store)
    began = time.perf_counter()
    planner = Planner(lambda context: context.store.run(ENDLESS, {}))
    answer = ask("how long?", context, router=planner, longest_s=0.3)
    assert time.perf_counter() - began < demo_store.timeout_s / 2, (
        "it ended with the query's own limit, not the question's"
    )
    assert answer.status == "refused"


def test_python_without_end_ends_at_its_next_look(demo_store: Store) -> None:
    def work(context: Context) -> None:
        while True:
            context.store.query("datasets")

    assert ask("how long?", Context.open(demo_store), router=Planner(work), longest_s=0.3).status == "refused"


def test_cancel_reaches_the_step_at_work(demo_store: Store) -> None:
    cancel = Event()
    timer = Timer(0.2, cancel.set)
    timer.start()
    with pytest.raises(Cancelled):
        ask(
            "how long?",
            Context.open(demo_store),
            router=Planner(lambda c: c.store.run(ENDLESS, {})),
            cancel=cancel,
        )
    timer.join()


def test_outside_a_question_there_is_no_deadline() -> None:
    deadline.check()
    with deadline.until(0.0), pytest.raises(QueryLimit, match="more than 0 s"):
        deadline.check()
    deadline.check()
